//! Elastic network interfaces: an instance's (or a managed gateway's) place in a subnet.
//!
//! An interface keeps its primary address, subnet and VPC for life. It has a group at all times: the VPC's default one if
//! none is named. One at device index 0 lives and goes with its instance; others can be moved between instances of a zone.
//! Source: EC2 User Guide, "Elastic network interfaces"; EC2 API Reference, CreateNetworkInterface.

use crate::subnet::Subnet;
use crate::table::Resource;
use crate::tags;
use crate::{
    AttachmentId, Cx, GroupId, InstanceId, InterfaceId, Limit, Network, Refused, Scope, SubnetId, Tags, VpcId,
};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod addresses;
mod attachment;
mod tracking;

pub(crate) use addresses::Taken;
pub use addresses::{AddressChoice, AssignedAddresses, Ipv6Choice};
pub use attachment::{Attachment, Detachment};
pub use tracking::{TCP_ESTABLISHED_S, TrackingTimeouts, UDP_S, UDP_STREAM_S};

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
    /// How long idle connections are tracked.
    #[serde(default)]
    pub tracking: TrackingTimeouts,
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

/// Why a command about a network interface is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceRefusal {
    /// The address is not in the subnet's block.
    OutsideSubnet(IpAddr),
    /// The address is one of those that AWS keeps in every subnet.
    ReservedAddress(IpAddr),
    /// Another interface of the subnet has the address.
    AddressInUse(IpAddr),
    /// The subnet has not enough free addresses.
    SubnetFull(SubnetId),
    /// The subnet has no block of the family.
    NoBlock {
        /// The subnet.
        subnet: SubnetId,
        /// Whether IPv6 was meant, and not IPv4.
        ipv6: bool,
    },
    /// The group is of another VPC than the subnet.
    OtherNetwork {
        /// The group.
        group: GroupId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// The interface is attached.
    InUse(InterfaceId),
    /// AWS manages the interface for a service.
    Managed(InterfaceId),
    /// The interface at device index 0 cannot be detached.
    IsPrimary(AttachmentId),
    /// Instance and interface are in different zones.
    OtherZone(InterfaceId, InstanceId),
    /// The instance has an interface at this device index.
    DeviceIndexInUse(InstanceId, u16),
    /// The attachment is not this interface's.
    OtherAttachment(InterfaceId, AttachmentId),
    /// The primary private address cannot be taken off.
    IsPrimaryAddress(IpAddr),
    /// An idle time-out is out of its range, in seconds.
    TrackingTimeout {
        /// AWS's name of the time-out.
        member: &'static str,
        /// What was asked for.
        given: u32,
        /// The least it may be.
        least: u32,
        /// The most it may be.
        most: u32,
    },
    /// The interface does not have this address.
    NotAssigned(InterfaceId, IpAddr),
}

/// What CreateNetworkInterface asks for.
#[derive(Clone, Debug, Default)]
pub struct NewInterface {
    /// Private IPv4 addresses.
    pub addresses: AddressChoice,
    /// IPv6 addresses.
    pub ipv6: Ipv6Choice,
    /// Security groups; empty means the VPC's default group.
    pub groups: Vec<GroupId>,
    /// How long idle connections are tracked.
    pub tracking: TrackingTimeouts,
    /// The description.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

/// A change of one attribute of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceChange {
    /// Another description.
    Description(String),
    /// Other groups; at least one.
    Groups(Vec<GroupId>),
    /// Check source and destination, or not.
    SourceDestCheck(bool),
    /// Whether the interface goes with the instance it is attached to by this attachment.
    DeleteOnTermination(AttachmentId, bool),
    /// How long idle connections are tracked; what is `None` stays as it is.
    Tracking(TrackingTimeouts),
}

impl Network {
    /// Makes a free interface in a subnet.
    ///
    /// # Errors
    /// The subnet or a group is unknown; [`InterfaceRefusal`]: an address or group does not fit; [`Limit::Interfaces`],
    /// [`Limit::GroupsPerInterface`], [`Limit::AddressesPerInterface`]; a time-out or tag breaks a rule.
    pub fn create_interface(
        &mut self,
        cx: &mut Cx,
        subnet: SubnetId,
        new: NewInterface,
    ) -> Result<InterfaceId, Refused> {
        let subnet = self.subnets.find(cx.scope, &subnet)?.clone();
        self.check_interface_count(cx.scope, 1)?;
        let mut taken = self.taken_in(&subnet);
        let interface = self.plan_interface(cx, &subnet, new, &mut taken)?;
        let id = interface.id;
        self.interfaces.insert(interface);
        Ok(id)
    }

    pub(crate) fn check_interface_count(&self, scope: Scope, added: usize) -> Result<(), Refused> {
        let is_over = self.interfaces.of(scope).count() + added > self.limits.interfaces;
        if is_over { Err(Limit::Interfaces.into()) } else { Ok(()) }
    }

    /// The interface as it would be; its addresses are marked in `taken`, nothing else changes.
    pub(crate) fn plan_interface(
        &self,
        cx: &mut Cx,
        subnet: &Subnet,
        new: NewInterface,
        taken: &mut Taken,
    ) -> Result<Interface, Refused> {
        tags::check(&new.tags)?;
        let tracking = new.tracking.checked()?;
        let groups = self.groups_for(subnet, new.groups, cx.scope)?;
        let addresses = self.choose_addresses(subnet, &new.addresses, taken)?;
        let ipv6_addresses = self.choose_ipv6(subnet, &new.ipv6, taken)?;
        Ok(Interface {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc: subnet.vpc,
            subnet: subnet.id,
            addresses: addresses
                .into_iter()
                .map(|private| PrivateAddress { private, public: None })
                .collect(),
            ipv6_addresses,
            groups,
            source_dest_check: true,
            tracking,
            attachment: None,
            kind: InterfaceKind::Interface,
            description: new.description,
            mac: fresh_mac(cx),
            tags: new.tags,
        })
    }

    /// An interface that AWS manages, as it would be: no groups, no source and destination check, attached to nothing.
    pub(crate) fn managed_interface(
        &self,
        cx: &mut Cx,
        subnet: &Subnet,
        private: &[Ipv4Addr],
        description: String,
    ) -> Interface {
        let free = |private: &Ipv4Addr| PrivateAddress { private: *private, public: None };
        Interface {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc: subnet.vpc,
            subnet: subnet.id,
            addresses: private.iter().map(free).collect(),
            ipv6_addresses: Vec::new(),
            groups: Vec::new(),
            source_dest_check: false,
            attachment: None,
            kind: InterfaceKind::Managed,
            description,
            mac: fresh_mac(cx),
            tracking: TrackingTimeouts::default(),
            tags: Tags::new(),
        }
    }

    /// The groups of an interface in `subnet`: those named, each once, or the VPC's default group.
    fn groups_for(
        &self,
        subnet: &Subnet,
        named: Vec<GroupId>,
        scope: Scope,
    ) -> Result<Vec<GroupId>, Refused> {
        let mut groups: Vec<GroupId> = Vec::new();
        for id in named {
            if self.groups.find(scope, &id)?.vpc != subnet.vpc {
                return Err(InterfaceRefusal::OtherNetwork { group: id, subnet: subnet.id }.into());
            }
            if !groups.contains(&id) {
                groups.push(id);
            }
        }
        if groups.len() > self.limits.groups_per_interface {
            return Err(Limit::GroupsPerInterface.into());
        }
        if groups.is_empty() {
            groups.extend(self.default_group(subnet.vpc).map(|group| group.id));
        }
        Ok(groups)
    }

    /// Deletes a free interface. Elastic IP addresses on it stay allocated.
    ///
    /// # Errors
    /// The interface is unknown, managed by AWS, or attached ([`InterfaceRefusal::InUse`]).
    pub fn delete_interface(&mut self, cx: &Cx, id: InterfaceId) -> Result<(), Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        if interface.attachment.is_some() {
            return Err(InterfaceRefusal::InUse(id).into());
        }
        self.remove_interface(id);
        Ok(())
    }

    /// Takes an interface out, and what pointed at it.
    pub(crate) fn remove_interface(&mut self, id: InterfaceId) {
        if let Some(interface) = self.interfaces.remove(&id) {
            interface.addresses.into_iter().for_each(|address| self.free_public(address.public));
        }
    }

    /// The interface, if it is of `scope` and not AWS's to manage.
    pub(crate) fn user_interface(&self, scope: Scope, id: InterfaceId) -> Result<&Interface, Refused> {
        if self.nat_gateway_at(id).is_some_and(|nat| nat.scope == scope) {
            return Err(InterfaceRefusal::Managed(id).into());
        }
        let interface = self.interfaces.find(scope, &id)?;
        match interface.kind {
            InterfaceKind::Interface => Ok(interface),
            _ => Err(InterfaceRefusal::Managed(id).into()),
        }
    }

    /// Changes one attribute.
    ///
    /// # Errors
    /// The interface or a group is unknown, or AWS manages the interface; a group is of another VPC or there are too many; the
    /// attachment is not this interface's; a time-out is out of its range.
    pub fn modify_interface(
        &mut self,
        cx: &Cx,
        id: InterfaceId,
        change: InterfaceChange,
    ) -> Result<(), Refused> {
        let mut changed = self.user_interface(cx.scope, id)?.clone();
        match change {
            InterfaceChange::Description(description) => changed.description = description,
            InterfaceChange::SourceDestCheck(check) => changed.source_dest_check = check,
            InterfaceChange::Groups(groups) => {
                let subnet = self.subnets.find(cx.scope, &changed.subnet)?;
                changed.groups = self.groups_for(subnet, groups, cx.scope)?;
            }
            InterfaceChange::Tracking(timeouts) => {
                let TrackingTimeouts { tcp_established_s, udp_s, udp_stream_s } = timeouts.checked()?;
                let held = &mut changed.tracking;
                held.tcp_established_s = tcp_established_s.or(held.tcp_established_s);
                held.udp_s = udp_s.or(held.udp_s);
                held.udp_stream_s = udp_stream_s.or(held.udp_stream_s);
            }
            InterfaceChange::DeleteOnTermination(attachment, delete) => match &mut changed.attachment {
                Some(present) if present.id == attachment => present.delete_on_termination = delete,
                _ => return Err(InterfaceRefusal::OtherAttachment(id, attachment).into()),
            },
        }
        self.interfaces.insert(changed);
        Ok(())
    }
}

/// A locally administered unicast address beginning `02`, as EC2's do.
fn fresh_mac(cx: &mut Cx) -> [u8; 6] {
    let [a, b, c, d, e, ..] = cx.ids.bits().to_be_bytes();
    [0x02, a, b, c, d, e]
}

impl Resource for Interface {
    type Key = InterfaceId;
    const KIND: &'static str = "network-interface";
    fn key(&self) -> InterfaceId {
        self.id
    }
}

#[cfg(test)]
mod tests;
