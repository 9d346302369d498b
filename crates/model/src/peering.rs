//! VPC peering connections.
//!
//! Source: VPC Peering Guide, "VPC peering connection lifecycle" and "limitations".

use crate::table::Resource;
use crate::time::Timestamp;
use crate::{Cidr4, Cidr6, PeeringId, Scope, Tags, VpcId};
use serde::{Deserialize, Serialize};

/// A VPC peering connection, seen by both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peering {
    /// Its id.
    pub id: PeeringId,
    /// The side that asked.
    pub requester: Side,
    /// The side that was asked.
    pub accepter: Side,
    /// Where it stands.
    pub status: PeeringStatus,
    /// Since when it stands there.
    pub status_since: Timestamp,
}

/// One side of a peering connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Owner and region.
    pub scope: Scope,
    /// The VPC, as named in the request; on the accepter's side it may not exist.
    pub vpc: VpcId,
    /// The VPC's IPv4 blocks, kept so that they can still be shown after the VPC has gone.
    pub cidrs: Vec<Cidr4>,
    /// The VPC's IPv6 blocks, likewise.
    pub ipv6_cidrs: Vec<Cidr6>,
    /// Whether this side lets the other resolve its public host names to private addresses.
    pub dns_resolution: bool,
    /// The tags this side has put on it; one common set if both sides are of one account and region (the requester's).
    pub tags: Tags,
}

/// The status of a peering connection (`status.code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeeringStatus {
    /// Waits for the accepter; expires at the time given.
    PendingAcceptance {
        /// When the request lapses.
        expires: Timestamp,
    },
    /// Accepted: packets may pass.
    Active,
    /// Refused by the accepter.
    Rejected,
    /// Never possible: wrong VPC or account, or overlapping blocks.
    Failed,
    /// Seven days passed without an answer.
    Expired,
    /// Deleted by this account.
    Deleted {
        /// Who deleted it.
        by: crate::AccountId,
    },
}

impl Resource for Peering {
    type Key = PeeringId;
    const KIND: &'static str = "vpc-peering-connection";
    fn key(&self) -> PeeringId {
        self.id
    }
}
