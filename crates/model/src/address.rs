//! Public IPv4 addresses: elastic ones, which an account keeps, and those lent to a running instance.
//!
//! Both come from one pool for all accounts and regions, [`POOL`], a part of Amazon's own space: it looks like AWS, and no
//! host of the simulated internet is in it. An address is drawn from the seeded ids, so that a freed one does not come back
//! at once. A private address has at most one public one; an instance that loses an elastic one is lent another.
//! Source: EC2 User Guide, "Elastic IP addresses" and "Public IPv4 addresses"; EC2 API Reference, AssociateAddress.

use crate::instance::{InstanceRefusal, InstanceState};
use crate::interface::{Interface, InterfaceRefusal, PublicAddress};
use crate::table::Resource;
use crate::tags;
use crate::{
    AddressAssociationId, AllocationId, Cidr4, Cx, Ids, InstanceId, InterfaceId, Limit, Missing, Network,
    Refused, Scope, Tags,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// The first address of the pool, 54.208.0.0 (of EC2 in us-east-1, AWS IP address ranges); it has 131,070 addresses.
const POOL_FIRST: Ipv4Addr = Ipv4Addr::new(54, 208, 0, 0);
const POOL_PREFIX: u8 = 15;

/// The block that public addresses come from.
pub fn pool() -> Cidr4 {
    Cidr4::new(POOL_FIRST, POOL_PREFIX).expect("15 is a prefix length")
}

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
    /// Whether AWS has allocated it for a regional NAT gateway, and takes it back (`serviceManaged`).
    #[serde(default)]
    pub is_managed: bool,
    /// Its tags.
    pub tags: Tags,
}

/// The association of an elastic IP address with a private one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressAssociation {
    /// Its id.
    pub id: AddressAssociationId,
    /// The interface. That of a regional NAT gateway is none of the network's interfaces.
    pub interface: InterfaceId,
    /// Which of the interface's private addresses; at a regional NAT gateway, which has none, the public address itself.
    pub private: Ipv4Addr,
}

/// Why a command about an elastic IP address is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// The account has no such public address.
    NoSuchPublic(Ipv4Addr),
    /// The address asked for is not in the pool, or somebody has it.
    NotAvailable(Ipv4Addr),
    /// The pool is used up.
    PoolEmpty,
    /// The VPC of the interface has no internet gateway.
    NoGateway(crate::VpcId),
    /// The elastic address, or the private one, is associated already and the call forbids moving it.
    AlreadyAssociated(AllocationId),
    /// The address is associated, so it cannot be released.
    InUse(Ipv4Addr),
}

/// What an elastic IP address is to stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressTarget {
    /// An instance with one interface.
    Instance(InstanceId),
    /// An interface.
    Interface(InterfaceId),
}

impl Network {
    /// Allocates an elastic IP address: the one asked for, or any.
    ///
    /// Assumption: the quota does not count addresses that AWS allocates for its services.
    ///
    /// # Errors
    /// [`Limit::Addresses`]; the address asked for is not to be had; the pool is empty; a tag breaks a rule.
    pub fn allocate_address(
        &mut self,
        cx: &mut Cx,
        wanted: Option<Ipv4Addr>,
        tags: Tags,
    ) -> Result<AllocationId, Refused> {
        tags::check(&tags)?;
        if self.addresses.of(cx.scope).filter(|own| !own.is_managed).count() >= self.limits.addresses {
            return Err(Limit::Addresses.into());
        }
        let used = self.public_in_use();
        let public = match wanted {
            Some(address) if !pool().contains(address) || used.contains(&address) => {
                return Err(AddressRefusal::NotAvailable(address).into());
            }
            Some(address) => address,
            None => draw(cx.ids, &used).ok_or(AddressRefusal::PoolEmpty)?,
        };
        let id = cx.ids.fresh();
        let (scope, is_managed) = (cx.scope, false);
        self.addresses.insert(Address { id, scope, public, association: None, is_managed, tags });
        Ok(id)
    }

    /// Every public address that somebody has.
    pub(crate) fn public_in_use(&self) -> BTreeSet<Ipv4Addr> {
        let elastic = self.addresses.iter().map(|address| address.public);
        let lent = self.interfaces.iter().flat_map(|interface| &interface.addresses);
        elastic.chain(lent.filter_map(|own| own.public.as_ref().map(PublicAddress::address))).collect()
    }

    /// The elastic IP address with this public address, if it is of `scope`.
    ///
    /// # Errors
    /// [`AddressRefusal::NoSuchPublic`].
    pub fn address_at(&self, scope: Scope, public: Ipv4Addr) -> Result<&Address, Refused> {
        let found = self.addresses.of(scope).find(|address| address.public == public);
        found.ok_or(AddressRefusal::NoSuchPublic(public).into())
    }

    /// The elastic IP address with this association, if it is of `scope`.
    ///
    /// # Errors
    /// [`Missing::AddressAssociation`].
    pub fn address_associated(&self, scope: Scope, id: AddressAssociationId) -> Result<&Address, Refused> {
        let is_it = |address: &&Address| address.association.as_ref().is_some_and(|present| present.id == id);
        let found = self.addresses.of(scope).find(is_it);
        found.ok_or(Missing::AddressAssociation(id).into())
    }

    /// Lets an elastic IP address stand for a private one: `private`, or the interface's primary one.
    ///
    /// What stood there before makes room: a lent address goes back, another elastic one is free again. With `may_move` false
    /// either an association of this address elsewhere or another elastic one in its place refuses the call. Repeating an
    /// association gives its id again.
    ///
    /// # Errors
    /// The allocation, instance or interface is unknown; the instance is terminated or has several interfaces; the private
    /// address is not the interface's; the VPC has no internet gateway; [`AddressRefusal::AlreadyAssociated`].
    pub fn associate_address(
        &mut self,
        cx: &mut Cx,
        id: AllocationId,
        (target, private): (AddressTarget, Option<Ipv4Addr>),
        may_move: bool,
    ) -> Result<AddressAssociationId, Refused> {
        let address = self.addresses.find(cx.scope, &id)?;
        self.check_movable(address)?;
        let interface = self.user_interface(cx.scope, self.address_interface(cx.scope, target)?.id)?;
        let (interface_id, place) = (interface.id, place_of(interface, private)?);
        let private = interface.addresses[place].private;
        let is_same =
            |present: &&AddressAssociation| present.interface == interface_id && present.private == private;
        if let Some(present) = address.association.as_ref().filter(is_same) {
            return Ok(present.id);
        }
        let there = &interface.addresses[place].public;
        let is_taken = matches!(there, Some(PublicAddress::Elastic(..)));
        if !may_move && (address.association.is_some() || is_taken) {
            return Err(AddressRefusal::AlreadyAssociated(id).into());
        }
        if !self.internet_gateways.iter().any(|gateway| gateway.vpc == Some(interface.vpc)) {
            return Err(AddressRefusal::NoGateway(interface.vpc).into());
        }
        let (public, there) = (address.public, there.clone());
        let left = address.association.as_ref().map(|present| present.interface);
        self.unmap(id);
        self.free_public(there);
        let association = AddressAssociation { id: cx.ids.fresh(), interface: interface_id, private };
        let association_id = association.id;
        if let (Some(address), Some(interface)) =
            (self.addresses.get_mut(&id), self.interfaces.get_mut(&interface_id))
        {
            address.association = Some(association);
            interface.addresses[place].public = Some(PublicAddress::Elastic(public, id));
        }
        left.into_iter().for_each(|interface| self.lend_again(cx, interface));
        Ok(association_id)
    }

    /// An elastic IP address of an interface that AWS manages is moved by commands on what it is managed for.
    fn check_movable(&self, address: &Address) -> Result<(), Refused> {
        match &address.association {
            Some(present) => self.user_interface(address.scope, present.interface).map(|_| ()),
            None => Ok(()),
        }
    }

    fn address_interface(&self, scope: Scope, target: AddressTarget) -> Result<&Interface, Refused> {
        match target {
            AddressTarget::Interface(id) => self.interfaces.find(scope, &id),
            AddressTarget::Instance(id) => {
                let instance = self.instances.find(scope, &id)?;
                match (instance.state, instance.interfaces.as_slice()) {
                    (InstanceState::Terminated, _) | (_, []) => Err(InstanceRefusal::NotUsable(id).into()),
                    (_, [interface]) => self.interfaces.find(scope, interface),
                    _ => Err(InstanceRefusal::SeveralInterfaces(id).into()),
                }
            }
        }
    }

    /// Frees an elastic IP address from what it stands for; it stays allocated. A running instance that is lent a public address
    /// gets one again, if it has no further interface.
    ///
    /// # Errors
    /// No such association.
    pub fn disassociate_address(&mut self, cx: &mut Cx, id: AddressAssociationId) -> Result<(), Refused> {
        let address = self.address_associated(cx.scope, id)?;
        self.check_movable(address)?;
        let (address, interface) =
            (address.id, address.association.as_ref().map(|present| present.interface));
        self.unmap(address);
        interface.into_iter().for_each(|interface| self.lend_again(cx, interface));
        Ok(())
    }

    /// Takes an elastic address off its interface.
    pub(crate) fn unmap(&mut self, id: AllocationId) {
        let Some(association) = self.addresses.get_mut(&id).and_then(|address| address.association.take())
        else {
            return;
        };
        if let Some(interface) = self.interfaces.get_mut(&association.interface) {
            let mapped = interface.addresses.iter_mut().find(|own| own.private == association.private);
            mapped.into_iter().for_each(|own| own.public = None);
        }
    }

    /// Gives back what stood for a private address that is going, or is to get another: an elastic one is free again.
    pub(crate) fn free_public(&mut self, public: Option<PublicAddress>) {
        if let Some(PublicAddress::Elastic(_, id)) = public {
            self.unmap(id);
        }
    }

    /// Gives an elastic IP address back to the pool.
    ///
    /// # Errors
    /// The allocation is unknown; it is associated ([`AddressRefusal::InUse`]).
    pub fn release_address(&mut self, cx: &Cx, id: AllocationId) -> Result<(), Refused> {
        let address = self.addresses.find(cx.scope, &id)?;
        if address.association.is_some() {
            return Err(AddressRefusal::InUse(address.public).into());
        }
        self.addresses.remove(&id);
        Ok(())
    }
}

/// Draws an address that is not in `used`: a random place, then the next free one. The first and last are never drawn.
pub(crate) fn draw(ids: &mut Ids, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    let size = (1u32 << (32 - POOL_PREFIX)) - 2;
    let start = ids.below(u64::from(size)) as u32;
    let nth = |step: u32| pool().nth(1 + (start + step) % size);
    (0..size).filter_map(nth).find(|address| !used.contains(address))
}

/// The place of `private`, or of the primary address, among the interface's.
fn place_of(interface: &Interface, private: Option<Ipv4Addr>) -> Result<usize, Refused> {
    let Some(private) = private.or(interface.primary()) else {
        return Err(InterfaceRefusal::NoBlock { subnet: interface.subnet, ipv6: false }.into());
    };
    let place = interface.addresses.iter().position(|own| own.private == private);
    place.ok_or(InterfaceRefusal::NotAssigned(interface.id, IpAddr::V4(private)).into())
}

impl Resource for Address {
    type Key = AllocationId;
    const KIND: &'static str = "elastic-ip";
    fn key(&self) -> AllocationId {
        self.id
    }
}

#[cfg(test)]
mod tests;
