//! Private addresses of interfaces: which are free in a subnet, chosen, added and taken off.
//!
//! AWS keeps the first four addresses and the last of every block. Where AWS would pick a free address at random, the lowest
//! free one is taken here, so that the same calls give the same network.
//! Source: Amazon VPC User Guide, "Subnet sizing"; EC2 API Reference, AssignPrivateIpAddresses and AssignIpv6Addresses.

use super::{Interface, InterfaceRefusal, PrivateAddress};
use crate::instance::InstanceRefusal;
use crate::subnet::{RESERVED_FIRST, Subnet};
use crate::{Cidr4, Cidr6, Cx, InterfaceId, Limit, Network, Refused};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which private IPv4 addresses a new interface is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressChoice {
    /// The primary one; `None` is any free one.
    pub primary: Option<Ipv4Addr>,
    /// Secondary ones, by address.
    pub secondary: Vec<Ipv4Addr>,
    /// How many more secondary ones, any free ones.
    pub secondary_count: usize,
}

/// Which IPv6 addresses an interface is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ipv6Choice {
    /// As the subnet says: one if it assigns IPv6 addresses, else none.
    #[default]
    BySubnet,
    /// So many, any free ones.
    Count(usize),
    /// These.
    These(Vec<Ipv6Addr>),
}

/// Addresses that were added to an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignedAddresses(pub Vec<IpAddr>);

/// The addresses of a subnet that are in use, or about to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    v4: BTreeSet<Ipv4Addr>,
    v6: BTreeSet<Ipv6Addr>,
    /// Every address below this offset of the IPv4 block is in use: where the next search begins.
    searched: u32,
}

impl Taken {
    /// The lowest free address of `block`, which is taken by this.
    fn take_lowest(&mut self, block: Cidr4) -> Option<Ipv4Addr> {
        let from = self.searched.max(RESERVED_FIRST);
        let free = |offset: &u32| block.nth(*offset).is_none_or(|address| !self.v4.contains(&address));
        let offset = (from..=u32::MAX).find(free)?;
        let address = block.nth(offset).filter(|address| *address != block.last())?;
        self.searched = offset;
        self.v4.insert(address);
        Some(address)
    }

    fn take_lowest6(&mut self, block: Cidr6) -> Option<Ipv6Addr> {
        let free = |address: &Ipv6Addr| !self.v6.contains(address);
        let address = (u128::from(RESERVED_FIRST)..).map_while(|offset| block.nth(offset)).find(free)?;
        (address != block.last()).then(|| self.v6.insert(address)).map(|_| address)
    }
}

impl Network {
    pub(crate) fn taken_in(&self, subnet: &Subnet) -> Taken {
        let mut taken = Taken::default();
        for interface in self.interfaces.iter().filter(|interface| interface.subnet == subnet.id) {
            taken.v4.extend(interface.addresses.iter().map(|address| address.private));
            taken.v6.extend(&interface.ipv6_addresses);
        }
        taken
    }

    /// The private IPv4 addresses for `choice`, the primary first; none in an IPv6-only subnet unless one is asked for.
    pub(crate) fn choose_addresses(
        &self,
        subnet: &Subnet,
        choice: &AddressChoice,
        taken: &mut Taken,
    ) -> Result<Vec<Ipv4Addr>, Refused> {
        let named: Vec<Ipv4Addr> = choice.primary.iter().chain(&choice.secondary).copied().collect();
        let Some(block) = subnet.cidr else {
            return match named.is_empty() && choice.secondary_count == 0 {
                true => Ok(Vec::new()),
                false => Err(InterfaceRefusal::NoBlock { subnet: subnet.id, ipv6: false }.into()),
            };
        };
        let any_count = choice.secondary_count.saturating_add(usize::from(choice.primary.is_none()));
        if any_count.saturating_add(named.len()) > self.limits.addresses_per_interface {
            return Err(Limit::AddressesPerInterface.into());
        }
        named.iter().try_for_each(|address| take(block, *address, taken))?;
        let mut any = Vec::new();
        for _ in 0..any_count {
            any.push(taken.take_lowest(block).ok_or(InterfaceRefusal::SubnetFull(subnet.id))?);
        }
        // Without a primary one named, the first of those found is it, before the named secondary ones.
        let lead = usize::from(choice.primary.is_none());
        let (first, rest) = any.split_at(lead);
        Ok([first, &named, rest].concat())
    }

    pub(crate) fn choose_ipv6(
        &self,
        subnet: &Subnet,
        choice: &Ipv6Choice,
        taken: &mut Taken,
    ) -> Result<Vec<Ipv6Addr>, Refused> {
        let count = match choice {
            Ipv6Choice::BySubnet => usize::from(subnet.assign_ipv6),
            Ipv6Choice::Count(count) => *count,
            Ipv6Choice::These(addresses) => addresses.len(),
        };
        if count == 0 {
            return Ok(Vec::new());
        }
        if count > self.limits.addresses_per_interface {
            return Err(Limit::AddressesPerInterface.into());
        }
        let no_block = InterfaceRefusal::NoBlock { subnet: subnet.id, ipv6: true };
        let block = subnet.ipv6_cidr.as_ref().ok_or(no_block)?.cidr;
        match choice {
            Ipv6Choice::These(addresses) => {
                addresses.iter().try_for_each(|address| take6(block, *address, taken))?;
                Ok(addresses.clone())
            }
            _ => (0..count)
                .map(|_| taken.take_lowest6(block).ok_or(InterfaceRefusal::SubnetFull(subnet.id).into()))
                .collect(),
        }
    }

    /// Adds secondary private IPv4 addresses: those named and `count` more.
    ///
    /// With `reassign`, a named address moves here from another interface of the subnet that has it as a secondary one.
    ///
    /// # Errors
    /// The interface is unknown or AWS's to manage; an address does not fit or is in use; the subnet is full;
    /// [`Limit::AddressesPerInterface`].
    pub fn assign_addresses(
        &mut self,
        cx: &Cx,
        id: InterfaceId,
        choice: AddressChoice,
        reassign: bool,
    ) -> Result<AssignedAddresses, Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        let subnet = self.subnets.find(cx.scope, &interface.subnet)?;
        self.check_address_count(
            interface,
            choice.secondary_count.saturating_add(interface.addresses.len() + choice.secondary.len()),
        )?;
        let no_block = InterfaceRefusal::NoBlock { subnet: subnet.id, ipv6: false };
        let block = subnet.cidr.ok_or(no_block)?;
        let mut taken = self.taken_in(subnet);
        let moved = if reassign { self.movable(interface, &choice.secondary) } else { Vec::new() };
        taken.v4.retain(|address| !moved.iter().any(|(_, moved)| moved == address));
        choice.secondary.iter().try_for_each(|address| take(block, *address, &mut taken))?;
        let mut added = choice.secondary;
        for _ in 0..choice.secondary_count {
            added.push(taken.take_lowest(block).ok_or(InterfaceRefusal::SubnetFull(subnet.id))?);
        }
        moved.into_iter().for_each(|(from, address)| self.drop_address(from, address));
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface
                .addresses
                .extend(added.iter().map(|private| PrivateAddress { private: *private, public: None }));
        }
        Ok(AssignedAddresses(added.into_iter().map(IpAddr::V4).collect()))
    }

    /// Checks that an interface may have so many addresses of a family, by the type of its instance if it is attached.
    fn check_address_count(&self, interface: &Interface, count: usize) -> Result<(), Refused> {
        let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance);
        match instance.and_then(|instance| self.type_of(instance)) {
            Some(row) if count > row.addresses_max => {
                Err(InstanceRefusal::TooManyAddresses(&row.name).into())
            }
            _ if count > self.limits.addresses_per_interface => Err(Limit::AddressesPerInterface.into()),
            _ => Ok(()),
        }
    }

    /// Which of `addresses` other interfaces of the same subnet have as secondary ones.
    fn movable(&self, interface: &Interface, addresses: &[Ipv4Addr]) -> Vec<(InterfaceId, Ipv4Addr)> {
        let others = self
            .interfaces
            .iter()
            .filter(|other| other.subnet == interface.subnet && other.id != interface.id);
        let secondary = others
            .flat_map(|other| other.addresses.iter().skip(1).map(move |address| (other.id, address.private)));
        secondary.filter(|(_, address)| addresses.contains(address)).collect()
    }

    /// Takes secondary private IPv4 addresses off. An elastic IP address on one stays allocated.
    ///
    /// # Errors
    /// The interface is unknown or AWS's to manage; an address is the primary one or not the interface's.
    pub fn unassign_addresses(
        &mut self,
        cx: &Cx,
        id: InterfaceId,
        addresses: &[Ipv4Addr],
    ) -> Result<(), Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        for address in addresses {
            if interface.primary() == Some(*address) {
                return Err(InterfaceRefusal::IsPrimaryAddress(IpAddr::V4(*address)).into());
            }
            if !interface.owns(IpAddr::V4(*address)) {
                return Err(InterfaceRefusal::NotAssigned(id, IpAddr::V4(*address)).into());
            }
        }
        addresses.iter().for_each(|address| self.drop_address(id, *address));
        Ok(())
    }

    pub(crate) fn drop_address(&mut self, id: InterfaceId, address: Ipv4Addr) {
        let Some(interface) = self.interfaces.get_mut(&id) else { return };
        let Some(place) = interface.addresses.iter().position(|own| own.private == address) else { return };
        let dropped = interface.addresses.remove(place);
        self.free_public(dropped.public);
    }

    /// Adds IPv6 addresses.
    ///
    /// # Errors
    /// As [`Network::assign_addresses`]; the subnet has no IPv6 block.
    pub fn assign_ipv6(
        &mut self,
        cx: &Cx,
        id: InterfaceId,
        choice: Ipv6Choice,
    ) -> Result<AssignedAddresses, Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        let subnet = self.subnets.find(cx.scope, &interface.subnet)?;
        let mut taken = self.taken_in(subnet);
        let added = self.choose_ipv6(subnet, &choice, &mut taken)?;
        self.check_address_count(interface, interface.ipv6_addresses.len() + added.len())?;
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.ipv6_addresses.extend(&added);
        }
        Ok(AssignedAddresses(added.into_iter().map(IpAddr::V6).collect()))
    }

    /// Takes IPv6 addresses off.
    ///
    /// # Errors
    /// The interface is unknown or AWS's to manage; it does not have one of the addresses.
    pub fn unassign_ipv6(&mut self, cx: &Cx, id: InterfaceId, addresses: &[Ipv6Addr]) -> Result<(), Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        if let Some(address) = addresses.iter().find(|address| !interface.owns(IpAddr::V6(**address))) {
            return Err(InterfaceRefusal::NotAssigned(id, IpAddr::V6(*address)).into());
        }
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.ipv6_addresses.retain(|own| !addresses.contains(own));
        }
        Ok(())
    }
}

/// Takes a named address, if it is in the block, not kept by AWS and free.
fn take(block: Cidr4, address: Ipv4Addr, taken: &mut Taken) -> Result<(), InterfaceRefusal> {
    if !block.contains(address) {
        return Err(InterfaceRefusal::OutsideSubnet(address.into()));
    }
    let offset = u32::from(address) - u32::from(block.network());
    if offset < RESERVED_FIRST || address == block.last() {
        return Err(InterfaceRefusal::ReservedAddress(address.into()));
    }
    if taken.v4.insert(address) { Ok(()) } else { Err(InterfaceRefusal::AddressInUse(address.into())) }
}

fn take6(block: Cidr6, address: Ipv6Addr, taken: &mut Taken) -> Result<(), InterfaceRefusal> {
    if !block.contains(address) {
        return Err(InterfaceRefusal::OutsideSubnet(address.into()));
    }
    let offset = u128::from(address) - u128::from(block.network());
    if offset < u128::from(RESERVED_FIRST) || address == block.last() {
        return Err(InterfaceRefusal::ReservedAddress(address.into()));
    }
    if taken.v6.insert(address) { Ok(()) } else { Err(InterfaceRefusal::AddressInUse(address.into())) }
}
