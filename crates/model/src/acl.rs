//! Network ACLs: stateless ordered lists at a subnet's border. First match wins; what matches nothing is denied.
//!
//! The final deny (32767 for IPv4, 32768 for IPv6) is implied, not stored.
//! Source: Amazon VPC User Guide, "Network ACLs" (basics and rules).

use crate::group::Direction;
use crate::protocol::Traffic;
use crate::table::Resource;
use crate::{Cidr, NetworkAclId, Scope, Tags, VpcId};
use serde::{Deserialize, Serialize};

/// A network ACL. Which subnets it is associated with is in [`crate::subnet::Subnet::acl`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// Whether it is the one that came with the VPC.
    pub is_default: bool,
    /// Entries in ascending order of (direction, number), each pair once.
    pub entries: Vec<AclEntry>,
    /// Its tags.
    pub tags: Tags,
}

/// One entry of an ACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AclEntry {
    /// The rule number, 1 to 32766; lower ones are looked at first.
    pub number: u16,
    /// Into or out of the subnet.
    pub direction: Direction,
    /// Which protocol and ports.
    pub traffic: Traffic,
    /// The source of ingress, the destination of egress.
    pub cidr: Cidr,
    /// Whether to allow or deny.
    pub allow: bool,
}

/// The highest rule number a user may give.
pub const RULE_NUMBER_MAX: u16 = 32766;

impl Resource for NetworkAcl {
    type Key = NetworkAclId;
    const KIND: &'static str = "network-acl";
    fn key(&self) -> NetworkAclId {
        self.id
    }
}
