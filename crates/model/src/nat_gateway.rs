//! NAT gateways: instances of private subnets reach out through them and cannot be reached.
//!
//! A zonal gateway lives in one subnet, with an interface that AWS manages; a regional one in the zones of a VPC and in none of
//! its subnets (see `regional.rs`). A public one stands on the internet with an elastic IP address and needs the VPC's internet
//! gateway; a private one has private addresses only. Creation itself succeeds where nothing can come of it: the gateway is
//! then `failed` and says why. What has failed or is deleted is seen for an hour. Deletion takes the interface away and frees
//! the elastic addresses, which stay allocated. Making and deleting take no time here.
//! Source: VPC User Guide, "NAT gateways" (basics, troubleshooting); EC2 API Reference, CreateNatGateway, NatGateway.

mod addresses;
mod regional;
#[cfg(test)]
mod tests;

pub use addresses::{DRAIN_S, SecondaryChoice};
pub use regional::{Gate, GateState, NewRegionalNatGateway, Regional, ZoneAddresses};

use crate::address::AddressAssociation;
use crate::interface::{
    AddressChoice, Attachment, Interface, InterfaceKind, InterfaceRefusal, PrivateAddress, PublicAddress,
};
use crate::subnet::Subnet;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    AllocationId, Cx, InterfaceId, Limit, Missing, NatGatewayId, Network, Refused, Scope, SubnetId, Tags,
    VpcId, ZoneName, tags,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;

/// How long a gateway that has failed or is deleted is seen: about an hour.
pub const SEEN_MS: i64 = 3_600_000;

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// Its id.
    pub id: NatGatewayId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is in.
    pub vpc: VpcId,
    /// Where in the VPC it works, and by which interfaces.
    #[serde(flatten)]
    pub availability: Availability,
    /// Whether it reaches the internet.
    pub connectivity: Connectivity,
    /// Where it stands.
    pub state: NatState,
    /// Since when it stands there.
    pub state_since: Timestamp,
    /// When it was made.
    pub created: Timestamp,
    /// Its addresses, the primary one of a zonal gateway first; they stay to be shown when it has gone.
    pub addresses: Vec<NatAddress>,
    /// Its tags.
    pub tags: Tags,
}

/// Where a NAT gateway works (`availabilityMode`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Availability {
    /// In one subnet.
    Zonal {
        /// The subnet, whose route table its packets follow.
        subnet: SubnetId,
        /// Its interface; `None` once it has failed or is deleted.
        interface: Option<InterfaceId>,
    },
    /// In zones of its VPC.
    Regional(Regional),
}

/// What a NAT gateway leads to (`connectivityType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connectivity {
    /// The internet: each of its addresses has an elastic IP address.
    #[default]
    Public,
    /// Other networks: it has private addresses only.
    Private,
}

/// The state of a NAT gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NatState {
    /// It is being made; with the reason if it will fail. Earlier versions left it there for a moment; it ends with the next step.
    Pending(Option<NatFailure>),
    /// It works.
    Available,
    /// It never worked.
    Failed(NatFailure),
    /// It is being deleted, and forwards nothing. Earlier versions left it there for a moment, as above.
    Deleting,
    /// It is deleted, and only still seen.
    Deleted,
}

impl NatState {
    /// AWS's word for it.
    pub fn word(self) -> &'static str {
        match self {
            NatState::Pending(_) => "pending",
            NatState::Available => "available",
            NatState::Failed(_) => "failed",
            NatState::Deleting => "deleting",
            NatState::Deleted => "deleted",
        }
    }

    /// Whether a route may lead to it: it works, or will.
    pub fn is_open(self) -> bool {
        matches!(self, NatState::Pending(None) | NatState::Available)
    }
}

/// Why a NAT gateway failed (`failureCode`). Displays as AWS's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NatFailure {
    /// The subnet has not enough free addresses.
    SubnetFull,
    /// The VPC of a public gateway has no internet gateway.
    NoInternetGateway(VpcId),
    /// There is no such elastic IP address.
    NoSuchAllocation(AllocationId),
    /// The elastic IP address stands for something else.
    AlreadyAssociated(AllocationId),
}

impl NatFailure {
    /// AWS's code for it.
    pub fn code(self) -> &'static str {
        match self {
            NatFailure::SubnetFull => "InsufficientFreeAddressesInSubnet",
            NatFailure::NoInternetGateway(_) => "Gateway.NotAttached",
            NatFailure::NoSuchAllocation(_) => "InvalidAllocationID.NotFound",
            NatFailure::AlreadyAssociated(_) => "Resource.AlreadyAssociated",
        }
    }
}

impl fmt::Display for NatFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NatFailure::SubnetFull => {
                f.write_str("Subnet has insufficient free addresses to create this NAT gateway")
            }
            NatFailure::NoInternetGateway(vpc) => {
                write!(f, "Network {vpc} has no Internet gateway attached")
            }
            NatFailure::NoSuchAllocation(id) => {
                write!(f, "Elastic IP address {id} could not be associated with this NAT gateway")
            }
            NatFailure::AlreadyAssociated(id) => write!(f, "Elastic IP address {id} is already associated"),
        }
    }
}

/// An address of a NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NatAddress {
    /// The zone whose packets it is for; of a zonal gateway `None`.
    #[serde(default)]
    pub zone: Option<ZoneName>,
    /// The private address; `None` if the gateway is regional, or failed before it had one.
    pub private: Option<Ipv4Addr>,
    /// The elastic IP address that stands for it, and its allocation.
    pub elastic: Option<(Ipv4Addr, AllocationId)>,
    /// The allocation that was asked for, if it could not be had.
    pub wanted: Option<AllocationId>,
    /// When it goes, if it has been taken off: until then connections that use it live on.
    pub draining_until: Option<Timestamp>,
}

/// What CreateNatGateway asks for.
#[derive(Clone, Debug)]
pub struct NewNatGateway {
    /// The subnet.
    pub subnet: SubnetId,
    /// Public or private.
    pub connectivity: Connectivity,
    /// The elastic IP address of a public one.
    pub allocation: Option<AllocationId>,
    /// The primary private address; `None` is any free one.
    pub private: Option<Ipv4Addr>,
    /// Further addresses.
    pub secondary: SecondaryChoice,
    /// Its tags.
    pub tags: Tags,
}

/// Why a command about a NAT gateway is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NatRefusal {
    /// A public gateway needs an elastic IP address.
    NoAllocation,
    /// A private gateway has no elastic IP address.
    AllocationForPrivate,
    /// The command is for gateways of the other connectivity.
    WrongConnectivity(NatGatewayId, Connectivity),
    /// The gateway is not available.
    NotAvailable(NatGatewayId, NatState),
    /// The elastic IP address stands for something else.
    AlreadyAssociated(AllocationId),
    /// The address is the gateway's primary one, which stays.
    Primary(Ipv4Addr),
    /// The gateway does not have this address.
    NotAssigned(NatGatewayId, Ipv4Addr),
    /// As many private addresses as elastic ones must be named.
    UnevenAddresses,
    /// A regional gateway has no private addresses.
    PrivateForRegional,
    /// A zone of a regional gateway needs an elastic IP address.
    ZoneWithoutAddress(ZoneName),
    /// The zone is named twice.
    ZoneTwice(ZoneName),
    /// The zone must be named: the gateway is regional.
    NoZone(NatGatewayId),
    /// The gateway is zonal, and has no zone to choose.
    ZoneForZonal(NatGatewayId),
    /// AWS chooses the zones and addresses of the gateway.
    Automatic(NatGatewayId),
}

impl NatGateway {
    /// The subnet of a zonal gateway.
    pub fn subnet(&self) -> Option<SubnetId> {
        match self.availability {
            Availability::Zonal { subnet, .. } => Some(subnet),
            Availability::Regional(_) => None,
        }
    }

    /// The interface of a zonal gateway, while it has one.
    pub fn interface(&self) -> Option<InterfaceId> {
        match self.availability {
            Availability::Zonal { interface, .. } => interface,
            Availability::Regional(_) => None,
        }
    }

    /// What a regional gateway has that a zonal one has not.
    pub fn regional(&self) -> Option<&Regional> {
        match &self.availability {
            Availability::Zonal { .. } => None,
            Availability::Regional(regional) => Some(regional),
        }
    }

    /// The addresses of its own that new connections of `zone`, which is `None` if the gateway is zonal, may use.
    pub fn usable(&self, zone: Option<ZoneName>) -> impl Iterator<Item = Ipv4Addr> {
        let is_usable = move |own: &&NatAddress| own.zone == zone && own.draining_until.is_none();
        self.addresses.iter().filter(is_usable).filter_map(NatAddress::own)
    }

    /// When time alone changes it next: its state, or an address that is drained.
    pub(crate) fn next_step(&self) -> Option<Timestamp> {
        let state = match self.state {
            NatState::Pending(_) | NatState::Deleting => Some(self.state_since),
            NatState::Available => None,
            NatState::Failed(_) | NatState::Deleted => Some(self.state_since.plus_ms(SEEN_MS)),
        };
        let drained = self.addresses.iter().filter_map(|address| address.draining_until);
        let opening = self.regional().into_iter().flat_map(Regional::openings);
        state.into_iter().chain(drained).chain(opening).min()
    }
}

/// Where a gateway stands that has just been made.
fn made(failure: Option<NatFailure>) -> NatState {
    failure.map_or(NatState::Available, NatState::Failed)
}

impl Network {
    /// Makes a NAT gateway. What cannot work becomes a gateway that fails; see the module's header.
    ///
    /// # Errors
    /// The subnet is unknown; a public gateway without an elastic IP address, or a private one with it; a private address that
    /// the subnet does not have, keeps or has lent; [`Limit::NatGateways`], [`Limit::NatAddresses`]; a tag breaks a rule.
    pub fn create_nat_gateway(&mut self, cx: &mut Cx, new: NewNatGateway) -> Result<NatGatewayId, Refused> {
        tags::check(&new.tags)?;
        let subnet = self.subnets.find(cx.scope, &new.subnet)?.clone();
        match (new.connectivity, new.allocation) {
            (Connectivity::Public, None) => return Err(NatRefusal::NoAllocation.into()),
            (Connectivity::Private, Some(_)) => return Err(NatRefusal::AllocationForPrivate.into()),
            _ => {}
        }
        self.check_nat_count(cx.scope, subnet.zone)?;
        self.check_interface_count(cx.scope, 1)?;
        new.secondary.check(new.connectivity, self.limits.addresses_per_nat_gateway)?;
        let allocations: Vec<AllocationId> =
            new.allocation.into_iter().chain(new.secondary.allocations.iter().copied()).collect();
        let private = self.nat_addresses(&subnet, &new)?;
        let failure = match &private {
            None => Some(NatFailure::SubnetFull),
            Some(_) => self.nat_failure(cx.scope, subnet.vpc, new.connectivity, &allocations),
        };
        let id = cx.ids.fresh();
        let (interface, addresses) = match (failure, private) {
            (None, Some(private)) => {
                let interface = self.add_nat_interface(cx, &subnet, id, &private);
                (Some(interface), self.seat_nat_addresses(cx, interface, &private, &allocations))
            }
            _ => (None, allocations.into_iter().map(|id| NatAddress::unseated(None, id)).collect()),
        };
        self.nat_gateways.insert(NatGateway {
            id,
            scope: cx.scope,
            vpc: subnet.vpc,
            availability: Availability::Zonal { subnet: subnet.id, interface },
            connectivity: new.connectivity,
            state: made(failure),
            state_since: cx.now,
            created: cx.now,
            addresses,
            tags: new.tags,
        });
        Ok(id)
    }

    /// Assumption: a regional gateway counts in each of its zones.
    fn check_nat_count(&self, scope: Scope, zone: ZoneName) -> Result<(), Refused> {
        let counts = |nat: &&NatGateway| nat.state.is_open() || nat.state == NatState::Deleting;
        let in_zone = |nat: &&NatGateway| self.zones_of_nat(nat).contains(&zone);
        let count = self.nat_gateways.of(scope).filter(counts).filter(in_zone).count();
        if count >= self.limits.nat_gateways_per_zone { Err(Limit::NatGateways.into()) } else { Ok(()) }
    }

    fn zones_of_nat(&self, nat: &NatGateway) -> Vec<ZoneName> {
        match &nat.availability {
            Availability::Zonal { subnet, .. } => {
                self.subnets.get(subnet).into_iter().map(|subnet| subnet.zone).collect()
            }
            Availability::Regional(regional) => regional.gates.iter().map(|gate| gate.zone).collect(),
        }
    }

    /// The private addresses that a new gateway would have, the primary first; `None` if the subnet has not enough.
    fn nat_addresses(&self, subnet: &Subnet, new: &NewNatGateway) -> Result<Option<Vec<Ipv4Addr>>, Refused> {
        let choice = AddressChoice {
            primary: new.private,
            secondary: new.secondary.private.clone(),
            secondary_count: new.secondary.any_count(),
        };
        match self.choose_addresses(subnet, &choice, &mut self.taken_in(subnet)) {
            Ok(addresses) if addresses.is_empty() => {
                Err(InterfaceRefusal::NoBlock { subnet: subnet.id, ipv6: false }.into())
            }
            Ok(addresses) => Ok(Some(addresses)),
            Err(Refused::Interface(InterfaceRefusal::SubnetFull(_))) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    fn nat_failure(
        &self,
        scope: Scope,
        vpc: VpcId,
        connectivity: Connectivity,
        allocations: &[AllocationId],
    ) -> Option<NatFailure> {
        if connectivity == Connectivity::Public && self.internet_gateway_of(vpc).is_none() {
            return Some(NatFailure::NoInternetGateway(vpc));
        }
        allocations.iter().find_map(|id| match self.addresses.find(scope, id) {
            Err(_) => Some(NatFailure::NoSuchAllocation(*id)),
            Ok(address) if address.association.is_some() => Some(NatFailure::AlreadyAssociated(*id)),
            Ok(_) => None,
        })
    }

    fn add_nat_interface(
        &mut self,
        cx: &mut Cx,
        subnet: &Subnet,
        nat: NatGatewayId,
        private: &[Ipv4Addr],
    ) -> InterfaceId {
        let attachment = Attachment {
            id: cx.ids.fresh(),
            instance: None,
            device_index: 1,
            since: cx.now,
            delete_on_termination: false,
        };
        let interface = Interface {
            attachment: Some(attachment),
            kind: InterfaceKind::NatGateway,
            ..self.managed_interface(cx, subnet, private, format!("Interface for NAT Gateway {nat}"))
        };
        let id = interface.id;
        self.interfaces.insert(interface);
        id
    }

    /// Lets elastic IP addresses, all free, stand for private ones of a gateway's interface; those left over have none.
    fn seat_nat_addresses(
        &mut self,
        cx: &mut Cx,
        interface: InterfaceId,
        private: &[Ipv4Addr],
        allocations: &[AllocationId],
    ) -> Vec<NatAddress> {
        let mut seated = Vec::with_capacity(private.len());
        for (place, private) in private.iter().enumerate() {
            let allocation = allocations.get(place).copied();
            let elastic = allocation.and_then(|id| self.seat(cx, interface, *private, id));
            let private = Some(*private);
            seated.push(NatAddress { private, elastic, ..NatAddress::default() });
        }
        seated
    }

    /// Lets a free elastic IP address stand for a private one; the public address.
    fn seat(
        &mut self,
        cx: &mut Cx,
        interface: InterfaceId,
        private: Ipv4Addr,
        id: AllocationId,
    ) -> Option<(Ipv4Addr, AllocationId)> {
        let address = self.addresses.get_mut(&id)?;
        address.association = Some(AddressAssociation { id: cx.ids.fresh(), interface, private });
        let public = address.public;
        let found = self.interfaces.get_mut(&interface)?;
        let own: Option<&mut PrivateAddress> = found.addresses.iter_mut().find(|own| own.private == private);
        own?.public = Some(PublicAddress::Elastic(public, id));
        Some((public, id))
    }

    /// Deletes a NAT gateway: it forwards nothing from here on, routes to it become blackholes, its interface goes and its
    /// elastic IP addresses are free.
    ///
    /// # Errors
    /// No such gateway, or it is deleted.
    pub fn delete_nat_gateway(&mut self, cx: &Cx, id: NatGatewayId) -> Result<(), Refused> {
        let nat = self.nat_gateways.find(cx.scope, &id)?;
        if nat.state == NatState::Deleted {
            return Err(Missing::NatGateway(id).into());
        }
        self.vacate(id);
        let nat = self.nat_gateways.get_mut(&id).expect("the gateway was just found");
        (nat.state, nat.state_since) = (NatState::Deleted, cx.now);
        Ok(())
    }

    /// The gateway whose interface this is, or one of whose interfaces.
    pub fn nat_gateway_at(&self, interface: InterfaceId) -> Option<&NatGateway> {
        self.nat_gateways.iter().find(|nat| match &nat.availability {
            Availability::Zonal { interface: own, .. } => *own == Some(interface),
            Availability::Regional(regional) => regional.gates.iter().any(|gate| gate.interface == interface),
        })
    }

    /// Brings NAT gateways to `now`: addresses are drained, and what was kept only to be seen goes. Nothing changes if nothing is due.
    pub fn step_nat_gateways(&mut self, now: Timestamp) {
        let due = |nat: &&NatGateway| nat.next_step().is_some_and(|at| at <= now);
        let due: Vec<NatGatewayId> = self.nat_gateways.iter().filter(due).map(|nat| nat.id).collect();
        for id in due {
            self.step_nat_gateway(id, now);
        }
    }

    /// One gateway through all states whose time has passed.
    fn step_nat_gateway(&mut self, id: NatGatewayId, now: Timestamp) {
        self.end_drains(id, now);
        self.open_gates(id, now);
        let Some(nat) = self.nat_gateways.get(&id) else { return };
        let next = match nat.state {
            NatState::Pending(failure) => made(failure),
            NatState::Deleting => {
                self.vacate(id);
                NatState::Deleted
            }
            state => state,
        };
        let Some(nat) = self.nat_gateways.get_mut(&id) else { return };
        nat.state = next;
        let is_seen_only = matches!(next, NatState::Failed(_) | NatState::Deleted);
        if is_seen_only && now >= nat.state_since.plus_ms(SEEN_MS) {
            self.nat_gateways.remove(&id);
        }
    }

    /// Takes away what a gateway has: its interfaces, with the addresses on them, and its route table.
    fn vacate(&mut self, id: NatGatewayId) {
        let Some(nat) = self.nat_gateways.get_mut(&id) else { return };
        match &mut nat.availability {
            Availability::Zonal { interface, .. } => {
                let gone = interface.take();
                gone.into_iter().for_each(|interface| self.remove_interface(interface));
            }
            Availability::Regional(regional) => {
                let (table, gates) = (regional.route_table.take(), std::mem::take(&mut regional.gates));
                table.into_iter().for_each(|table| drop(self.route_tables.remove(&table)));
                gates.into_iter().for_each(|gate| self.free_gate(gate.interface));
            }
        }
    }
}

impl NatAddress {
    /// The gateway's own address: the private one, or that of a regional gateway, which has only a public one.
    pub fn own(&self) -> Option<Ipv4Addr> {
        self.private.or(self.elastic.map(|(public, _)| public))
    }

    /// An elastic IP address that never came to be used.
    fn unseated(zone: Option<ZoneName>, wanted: AllocationId) -> NatAddress {
        NatAddress { zone, wanted: Some(wanted), ..NatAddress::default() }
    }
}

impl Resource for NatGateway {
    type Key = NatGatewayId;
    const KIND: &'static str = "nat-gateway";
    fn key(&self) -> NatGatewayId {
        self.id
    }
}
