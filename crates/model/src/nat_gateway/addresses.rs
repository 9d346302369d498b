//! Secondary addresses of NAT gateways: each carries as many connections to one destination as the primary one.
//!
//! One that is taken off is drained: no new connection uses it, and it goes after the time given. The addresses of a regional
//! gateway are all alike: none is a primary one, and with its last address the gateway leaves a zone.
//! Source: VPC User Guide, "Work with NAT gateways" (secondary addresses); EC2 API Reference, AssociateNatGatewayAddress,
//! DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress, UnassignPrivateNatGatewayAddress.

use super::{Connectivity, NatAddress, NatGateway, NatRefusal, NatState};
use crate::interface::{AddressChoice, PrivateAddress};
use crate::time::Timestamp;
use crate::{
    AddressAssociationId, AllocationId, Cx, Limit, Missing, NatGatewayId, Network, Refused, ZoneName,
};
use std::net::Ipv4Addr;

/// How many seconds an address is drained for if the call does not say.
pub const DRAIN_S: u32 = 350;

/// Further addresses for a NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondaryChoice {
    /// The zone they are for; of regional gateways.
    pub zone: Option<ZoneName>,
    /// Elastic IP addresses; of public gateways.
    pub allocations: Vec<AllocationId>,
    /// Private addresses, by address.
    pub private: Vec<Ipv4Addr>,
    /// How many private addresses, any free ones; of private gateways.
    pub count: usize,
}

impl SecondaryChoice {
    /// How many private addresses are to be any free ones.
    pub(super) fn any_count(&self) -> usize {
        self.count.max(self.allocations.len().saturating_sub(self.private.len()))
    }

    pub(super) fn check(&self, connectivity: Connectivity, addresses_max: usize) -> Result<(), Refused> {
        let named = !self.private.is_empty();
        match connectivity {
            Connectivity::Private if !self.allocations.is_empty() => {
                return Err(NatRefusal::AllocationForPrivate.into());
            }
            Connectivity::Public if named && self.private.len() != self.allocations.len() => {
                return Err(NatRefusal::UnevenAddresses.into());
            }
            Connectivity::Public if self.count > 0 => return Err(NatRefusal::UnevenAddresses.into()),
            _ => {}
        }
        let added = self.private.len().saturating_add(self.any_count());
        if added.saturating_add(1) > addresses_max { Err(Limit::NatAddresses.into()) } else { Ok(()) }
    }
}

impl Network {
    /// Adds elastic IP addresses to a public gateway, each with a private address, named or any free one; to a regional gateway
    /// for a zone, without private ones.
    ///
    /// # Errors
    /// No such gateway, private or not available; an elastic IP address is unknown or in use; a private address does not fit;
    /// a regional gateway and no zone, or the other way round; AWS chooses the addresses ([`NatRefusal::Automatic`]);
    /// [`Limit::NatAddresses`], [`Limit::NatGateways`].
    pub fn associate_nat_addresses(
        &mut self,
        cx: &mut Cx,
        id: NatGatewayId,
        choice: SecondaryChoice,
    ) -> Result<(), Refused> {
        for allocation in &choice.allocations {
            if self.addresses.find(cx.scope, allocation)?.association.is_some() {
                return Err(NatRefusal::AlreadyAssociated(*allocation).into());
            }
        }
        let is_regional = self.nat_gateways.find(cx.scope, &id)?.regional().is_some();
        match is_regional || choice.zone.is_some() {
            true => self.add_zone_addresses(cx, id, &choice),
            false => self.add_nat_addresses(cx, (id, Connectivity::Public), choice),
        }
    }

    /// Adds private addresses to a private gateway.
    ///
    /// # Errors
    /// No such gateway, public or not available; an address does not fit; [`Limit::NatAddresses`].
    pub fn assign_nat_addresses(
        &mut self,
        cx: &mut Cx,
        id: NatGatewayId,
        choice: SecondaryChoice,
    ) -> Result<(), Refused> {
        self.add_nat_addresses(cx, (id, Connectivity::Private), choice)
    }

    fn add_nat_addresses(
        &mut self,
        cx: &mut Cx,
        (id, connectivity): (NatGatewayId, Connectivity),
        choice: SecondaryChoice,
    ) -> Result<(), Refused> {
        let nat = self.working_nat(cx, id, connectivity)?;
        let interface = nat.interface().ok_or(NatRefusal::NotAvailable(id, nat.state))?;
        let most = (self.limits.addresses_per_nat_gateway + 1).saturating_sub(nat.addresses.len());
        choice.check(connectivity, most)?;
        let subnet = nat.subnet().ok_or(NatRefusal::NoZone(id))?;
        let subnet = self.subnets.find(cx.scope, &subnet)?;
        let mut taken = self.taken_in(subnet);
        let wanted = AddressChoice {
            primary: choice.private.first().copied(),
            secondary: choice.private.iter().skip(1).copied().collect(),
            // Without a primary address named, any free one is chosen for it.
            secondary_count: choice.any_count().saturating_sub(usize::from(choice.private.is_empty())),
        };
        let added = match choice.private.len() + choice.any_count() {
            0 => return Ok(()),
            _ => self.choose_addresses(subnet, &wanted, &mut taken)?,
        };
        if let Some(interface) = self.interfaces.get_mut(&interface) {
            let free = |private: &Ipv4Addr| PrivateAddress { private: *private, public: None };
            interface.addresses.extend(added.iter().map(free));
        }
        let seated = self.seat_nat_addresses(cx, interface, &added, &choice.allocations);
        if let Some(nat) = self.nat_gateways.get_mut(&id) {
            nat.addresses.extend(seated);
        }
        Ok(())
    }

    fn working_nat(
        &self,
        cx: &Cx,
        id: NatGatewayId,
        connectivity: Connectivity,
    ) -> Result<&NatGateway, Refused> {
        let nat = self.nat_gateways.find(cx.scope, &id)?;
        if nat.connectivity != connectivity {
            return Err(NatRefusal::WrongConnectivity(id, nat.connectivity).into());
        }
        match nat.state {
            NatState::Available => Ok(nat),
            state => Err(NatRefusal::NotAvailable(id, state).into()),
        }
    }

    /// Takes elastic IP addresses off a public gateway, by their associations, once they have drained for `drain_s` seconds.
    ///
    /// # Errors
    /// No such gateway, private or not available; no such association; the address is the primary one; AWS chooses the
    /// addresses ([`NatRefusal::Automatic`]).
    pub fn disassociate_nat_addresses(
        &mut self,
        cx: &Cx,
        id: NatGatewayId,
        associations: &[AddressAssociationId],
        drain_s: u32,
    ) -> Result<(), Refused> {
        let nat = self.working_nat(cx, id, Connectivity::Public)?;
        if nat.regional().is_some_and(|regional| regional.is_automatic) {
            return Err(NatRefusal::Automatic(id).into());
        }
        let mut private = Vec::with_capacity(associations.len());
        for association in associations {
            let address = self.address_associated(cx.scope, *association)?;
            let seat = address.association.as_ref().map(|seat| seat.private);
            private.push(seat.ok_or(Missing::AddressAssociation(*association))?);
        }
        self.drain_nat_addresses(cx, id, &private, drain_s)
    }

    /// Takes private addresses off a private gateway, once they have drained for `drain_s` seconds.
    ///
    /// # Errors
    /// No such gateway, public or not available; it does not have an address, or it is the primary one.
    pub fn unassign_nat_addresses(
        &mut self,
        cx: &Cx,
        id: NatGatewayId,
        private: &[Ipv4Addr],
        drain_s: u32,
    ) -> Result<(), Refused> {
        self.working_nat(cx, id, Connectivity::Private)?;
        self.drain_nat_addresses(cx, id, private, drain_s)
    }

    fn drain_nat_addresses(
        &mut self,
        cx: &Cx,
        id: NatGatewayId,
        own: &[Ipv4Addr],
        drain_s: u32,
    ) -> Result<(), Refused> {
        let nat = self.nat_gateways.find(cx.scope, &id)?;
        for address in own {
            match nat.addresses.iter().position(|own| own.own() == Some(*address)) {
                None => return Err(NatRefusal::NotAssigned(id, *address).into()),
                Some(0) if nat.regional().is_none() => return Err(NatRefusal::Primary(*address).into()),
                Some(_) => {}
            }
        }
        let until = cx.now.plus_ms(i64::from(drain_s) * 1000);
        let nat = self.nat_gateways.get_mut(&id).expect("the gateway was just found");
        let is_named = |held: &&mut NatAddress| held.own().is_some_and(|held| own.contains(&held));
        for address in nat.addresses.iter_mut().filter(is_named) {
            address.draining_until.get_or_insert(until);
        }
        Ok(())
    }

    /// Takes off the addresses of a gateway that are drained.
    pub(super) fn end_drains(&mut self, id: NatGatewayId, now: Timestamp) {
        let Some(nat) = self.nat_gateways.get(&id) else { return };
        let is_over = |own: &NatAddress| own.draining_until.is_some_and(|until| until <= now);
        let over: Vec<NatAddress> = nat.addresses.iter().filter(|own| is_over(own)).cloned().collect();
        let interface = nat.interface();
        if over.is_empty() {
            return;
        }
        if let Some(nat) = self.nat_gateways.get_mut(&id) {
            nat.addresses.retain(|own| !is_over(own));
        }
        for address in over {
            match (interface, address.private) {
                (Some(interface), Some(private)) => self.drop_address(interface, private),
                _ => self.end_zone_drain(id, &address),
            }
        }
    }
}
