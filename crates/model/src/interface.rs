//! Elastic network interfaces: an instance's (or a managed gateway's) place in a subnet.
//!
//! Source: EC2 User Guide, "Elastic network interfaces".

use crate::table::Resource;
use crate::time::Timestamp;
use crate::{AttachmentId, GroupId, InstanceId, InterfaceId, Scope, SubnetId, Tags, VpcId};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is in.
    pub vpc: VpcId,
    /// The subnet it is in.
    pub subnet: SubnetId,
    /// Private IPv4 addresses, the primary first; empty only in IPv6-only subnets.
    pub addresses: Vec<PrivateAddress>,
    /// IPv6 addresses.
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Its security groups: at least one, except where AWS attaches none (NAT gateways).
    pub groups: Vec<GroupId>,
    /// Whether packets must have one of its own addresses as source (leaving) or destination (arriving).
    pub source_dest_check: bool,
    /// What it is attached to.
    pub attachment: Option<Attachment>,
    /// What it is for.
    pub kind: InterfaceKind,
    /// The description given at creation.
    pub description: String,
    /// The hardware address, `02:…`.
    pub mac: [u8; 6],
    /// Its tags.
    pub tags: Tags,
}

impl Interface {
    /// The primary private IPv4 address.
    pub fn primary(&self) -> Option<Ipv4Addr> {
        self.addresses.first().map(|address| address.private)
    }

    /// Whether `address` is one of its own private IPv4 or IPv6 addresses.
    pub fn owns(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.addresses.iter().any(|own| own.private == address),
            IpAddr::V6(address) => self.ipv6_addresses.contains(&address),
        }
    }
}

/// A private IPv4 address of an interface, and the public one that stands for it on the internet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrivateAddress {
    /// The address inside the VPC.
    pub private: Ipv4Addr,
    /// The public address mapped to it by the internet gateway, if any.
    pub public: Option<PublicAddress>,
}

/// A public IPv4 address in use by an interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PublicAddress {
    /// From Amazon's pool: goes when the instance stops.
    AutoAssigned(Ipv4Addr),
    /// An elastic IP address; the allocation says more.
    Elastic(Ipv4Addr, crate::AllocationId),
}

impl PublicAddress {
    /// The address itself.
    pub fn address(&self) -> Ipv4Addr {
        match self {
            PublicAddress::AutoAssigned(address) | PublicAddress::Elastic(address, _) => *address,
        }
    }
}

/// What an interface is for (`interfaceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceKind {
    /// An ordinary interface, of an instance or free.
    Interface,
    /// The interface of a NAT gateway, managed by AWS.
    NatGateway,
    /// The interface of an interface endpoint, managed by AWS.
    VpcEndpoint,
    /// The interface of a transit gateway attachment, managed by AWS.
    TransitGateway,
    /// Another interface that AWS manages for a service: a load balancer, a database.
    Managed,
}

/// The attachment of an interface to an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The id of the attachment.
    pub id: AttachmentId,
    /// The instance, or `None` for one that AWS manages.
    pub instance: Option<InstanceId>,
    /// 0 for the primary interface.
    pub device_index: u16,
    /// Since when.
    pub since: Timestamp,
    /// Whether the interface goes with the instance.
    pub delete_on_termination: bool,
}

impl Resource for Interface {
    type Key = InterfaceId;
    const KIND: &'static str = "network-interface";
    fn key(&self) -> InterfaceId {
        self.id
    }
}
