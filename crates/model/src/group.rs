//! Security groups: stateful allow-lists on an interface. Rules are a union; their order never matters.
//!
//! Source: Amazon VPC User Guide, "Security groups" and "Security group rules".

use crate::protocol::Traffic;
use crate::table::Resource;
use crate::{AccountId, Cidr, GroupId, GroupRuleId, PeeringId, PrefixListId, Scope, Tags, VpcId};
use serde::{Deserialize, Serialize};

/// A security group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// Its name, unique in the VPC; `default` for the VPC's own.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its rules, in the order they were made.
    pub rules: Vec<GroupRule>,
    /// Its tags.
    pub tags: Tags,
}

/// One rule of a group: one protocol and port range, one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRule {
    /// Its id.
    pub id: GroupRuleId,
    /// Which packets, by direction relative to the interface.
    pub direction: Direction,
    /// Which protocol and ports.
    pub traffic: Traffic,
    /// The source of ingress, the destination of egress.
    pub peer: Peer,
    /// The description given, if any.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Into or out of an interface or subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Arriving.
    Ingress,
    /// Leaving.
    Egress,
}

/// The far side that a group rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// Addresses of a CIDR block.
    Cidr(Cidr),
    /// Private addresses of interfaces that carry a group, in the same VPC or across a peering.
    Group {
        /// The group.
        group: GroupId,
        /// Its owner.
        account: AccountId,
        /// The peering connection it is reached over, if it is of another VPC.
        peering: Option<PeeringId>,
    },
    /// Addresses of a prefix list.
    PrefixList(PrefixListId),
}

impl Resource for Group {
    type Key = GroupId;
    const KIND: &'static str = "security-group";
    fn key(&self) -> GroupId {
        self.id
    }
}
