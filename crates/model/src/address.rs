//! Elastic IP addresses.
//!
//! Source: EC2 User Guide, "Elastic IP addresses".

use crate::table::Resource;
use crate::{AddressAssociationId, AllocationId, InterfaceId, Scope, Tags};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// An elastic IP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// The id of its allocation.
    pub id: AllocationId,
    /// Owner and region.
    pub scope: Scope,
    /// The public address.
    pub public: Ipv4Addr,
    /// What it stands for, if anything.
    pub association: Option<AddressAssociation>,
    /// Its tags.
    pub tags: Tags,
}

/// The association of an elastic IP address with a private one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressAssociation {
    /// Its id.
    pub id: AddressAssociationId,
    /// The interface.
    pub interface: InterfaceId,
    /// Which of the interface's private addresses.
    pub private: Ipv4Addr,
}

impl Resource for Address {
    type Key = AllocationId;
    const KIND: &'static str = "elastic-ip";
    fn key(&self) -> AllocationId {
        self.id
    }
}
