//! Regional NAT gateways: one gateway for all zones of a VPC, in none of its subnets, with elastic IP addresses for each zone.
//!
//! Packets are translated in the zone they were sent in, at the gate there: to one of that zone's elastic addresses, as a gate
//! has no private one. They go on by the gateway's own route table, which is made with a route to the internet gateway; no
//! network ACL is asked, as those are of subnets. Public connectivity only. An automatic gateway has a gate wherever the VPC has
//! an interface, with an address that AWS allocates. A manual gateway works in the zones that it is given addresses for, and nowhere
//! else.
//!
//! AWS opens a new zone within an hour; here it is open at once. An automatic gateway leaves a zone where the VPC has no subnet
//! any more. Assumption: it stays as long as there is one, even without interfaces. One whose VPC has no interface begins in
//! the first zone with a subnet. The first open zone stands in for others.
//! Where an automatic gateway has no port left for a destination it gets a further address (`autoScalingIps`). Assumption: at
//! once, one at a time, and for good. Packets that the gateway's table leads into the VPC again keep the public source.
//! Source: VPC User Guide, "Regional NAT gateways for automatic multi-AZ expansion"; EC2 API Reference, CreateNatGateway,
//! NatGateway (autoProvisionZones, autoScalingIps), AvailabilityZoneAddress; Networking & Content Delivery blog, "Introducing Amazon VPC
//! Regional NAT Gateway" (expansion); AWS CDK API Reference, RegionalNatGatewayProviderProps (zones that are not listed).

use super::{
    Availability, Connectivity, NatAddress, NatFailure, NatGateway, NatRefusal, NatState, SecondaryChoice,
    made,
};
use crate::address::{Address, AddressAssociation, AddressRefusal, draw};
use crate::route::{Destination, Origin, Route, RouteTable, Target};
use crate::subnet::check_zone;
use crate::time::Timestamp;
use crate::{
    AllocationId, Cidr, Cx, Ids, InterfaceId, Limit, NatGatewayId, Network, Refused, RouteTableId, Scope,
    Tags, VpcId, ZoneName, tags,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The most addresses that an automatic gateway has in a zone (VPC User Guide, "Regional NAT gateways for automatic multi-AZ
/// expansion").
pub const ZONE_ADDRESSES_MAX: usize = 32;

/// What a regional gateway has that a zonal one has not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regional {
    /// Its own route table, by which packets go on; `None` once it has failed or is deleted.
    pub route_table: Option<RouteTableId>,
    /// Whether AWS chooses its zones and allocates its addresses (`autoProvisionZones`, `autoScalingIps`).
    pub is_automatic: bool,
    /// The zones that it works in.
    pub gates: Vec<Gate>,
}

/// A regional gateway in one zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// The zone.
    pub zone: ZoneName,
    /// The interface there. AWS shows it to nobody; here flows are told apart by it.
    pub interface: InterfaceId,
    /// Whether packets pass it.
    pub state: GateState,
}

/// Whether packets pass a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateState {
    /// Not yet: it is being made since then. Earlier versions left it there for a moment; it is open at the next step.
    Opening(Timestamp),
    /// They do.
    Open,
}

/// The elastic IP addresses of a manual gateway for one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneAddresses {
    /// The zone.
    pub zone: ZoneName,
    /// The addresses; at least one.
    pub allocations: Vec<AllocationId>,
}

/// What CreateNatGateway asks for if the gateway is to be regional.
#[derive(Clone, Debug)]
pub struct NewRegionalNatGateway {
    /// The VPC.
    pub vpc: VpcId,
    /// The addresses for each zone of a manual gateway; an automatic one has none.
    pub zones: Vec<ZoneAddresses>,
    /// Its tags.
    pub tags: Tags,
}

impl Regional {
    /// The gate in `zone`.
    pub fn gate(&self, zone: ZoneName) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.zone == zone)
    }

    /// The gate that packets sent in `zone` pass: the one there, or, if the gateway is automatic and has not come so far, the
    /// first that is open.
    pub fn serving(&self, zone: ZoneName) -> Option<&Gate> {
        let own = self.gate(zone).filter(|gate| gate.state == GateState::Open);
        let first = || self.gates.iter().find(|gate| gate.state == GateState::Open);
        own.or_else(|| first().filter(|_| self.is_automatic))
    }

    /// When its gates open that are not open.
    pub(super) fn openings(&self) -> impl Iterator<Item = Timestamp> {
        self.gates.iter().filter_map(|gate| gate.state.opens())
    }
}

impl GateState {
    fn opens(self) -> Option<Timestamp> {
        match self {
            GateState::Opening(since) => Some(since),
            GateState::Open => None,
        }
    }
}

impl NatGateway {
    fn regional_mut(&mut self) -> Option<&mut Regional> {
        match &mut self.availability {
            Availability::Zonal { .. } => None,
            Availability::Regional(regional) => Some(regional),
        }
    }
}

impl Network {
    /// Makes a regional NAT gateway. What cannot work becomes a gateway that fails; see the module's header.
    ///
    /// # Errors
    /// The VPC or a zone is unknown; a zone is named twice or without addresses; [`Limit::NatGateways`],
    /// [`Limit::NatAddresses`]; the pool of addresses is empty; a tag breaks a rule.
    pub fn create_regional_nat_gateway(
        &mut self,
        cx: &mut Cx,
        new: NewRegionalNatGateway,
    ) -> Result<NatGatewayId, Refused> {
        tags::check(&new.tags)?;
        self.vpcs.find(cx.scope, &new.vpc)?;
        self.check_zone_addresses(cx.scope, &new.zones)?;
        let is_automatic = new.zones.is_empty();
        let automatic = if is_automatic { self.zones_at_first(new.vpc) } else { Vec::new() };
        let zones = new.zones.iter().map(|named| named.zone).chain(automatic.iter().copied());
        zones.into_iter().try_for_each(|zone| self.check_nat_count(cx.scope, zone))?;
        let failure = self.regional_failure(cx.scope, &new);
        let publics = match failure {
            None => self.draw_publics(cx.ids, automatic.len())?,
            Some(_) => Vec::new(),
        };
        let mut nat = NatGateway {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc: new.vpc,
            availability: Availability::Regional(Regional {
                route_table: None,
                is_automatic,
                gates: Vec::new(),
            }),
            connectivity: Connectivity::Public,
            state: made(failure),
            state_since: cx.now,
            created: cx.now,
            addresses: Vec::new(),
            tags: new.tags,
        };
        if failure.is_none() {
            let table = self.add_nat_table(cx, new.vpc);
            nat.regional_mut().into_iter().for_each(|regional| regional.route_table = Some(table));
            for (zone, public) in automatic.into_iter().zip(publics) {
                let allocation = self.allocate_managed(cx.ids, cx.scope, public);
                self.seat_in_zone(cx.ids, &mut nat, zone, &[allocation]);
            }
            for ZoneAddresses { zone, allocations } in &new.zones {
                self.seat_in_zone(cx.ids, &mut nat, *zone, allocations);
            }
        } else {
            for ZoneAddresses { zone, allocations } in new.zones {
                let unseated = allocations.into_iter().map(|id| NatAddress::unseated(Some(zone), id));
                nat.addresses.extend(unseated);
            }
        }
        let id = nat.id;
        self.nat_gateways.insert(nat);
        Ok(id)
    }

    fn check_zone_addresses(&self, scope: Scope, zones: &[ZoneAddresses]) -> Result<(), Refused> {
        for (place, ZoneAddresses { zone, allocations }) in zones.iter().enumerate() {
            check_zone(scope, *zone)?;
            if zones[..place].iter().any(|before| before.zone == *zone) {
                return Err(NatRefusal::ZoneTwice(*zone).into());
            }
            if allocations.is_empty() {
                return Err(NatRefusal::ZoneWithoutAddress(*zone).into());
            }
            if allocations.len() > self.limits.addresses_per_nat_gateway {
                return Err(Limit::NatAddresses.into());
            }
        }
        Ok(())
    }

    /// Why a new gateway would fail. An address that is named twice stands for something else the second time.
    fn regional_failure(&self, scope: Scope, new: &NewRegionalNatGateway) -> Option<NatFailure> {
        let named: Vec<AllocationId> =
            new.zones.iter().flat_map(|zone| zone.allocations.iter().copied()).collect();
        let twice = repeated(&named).map(NatFailure::AlreadyAssociated);
        self.nat_failure(scope, new.vpc, Connectivity::Public, &named).or(twice)
    }

    /// The zones where a VPC has interfaces.
    fn busy_zones(&self, vpc: VpcId) -> BTreeSet<ZoneName> {
        let interfaces = self.interfaces.iter().filter(|interface| interface.vpc == vpc);
        let subnets = interfaces.filter_map(|interface| self.subnets.get(&interface.subnet));
        subnets.map(|subnet| subnet.zone).collect()
    }

    fn zones_at_first(&self, vpc: VpcId) -> Vec<ZoneName> {
        let busy = self.busy_zones(vpc);
        match busy.is_empty() {
            true => self.subnets_of(vpc).map(|subnet| subnet.zone).min().into_iter().collect(),
            false => busy.into_iter().collect(),
        }
    }

    fn draw_publics(&self, ids: &mut Ids, count: usize) -> Result<Vec<Ipv4Addr>, Refused> {
        let (mut used, mut drawn) = (self.public_in_use(), Vec::with_capacity(count));
        for _ in 0..count {
            let public = draw(ids, &used).ok_or(AddressRefusal::PoolEmpty)?;
            used.insert(public);
            drawn.push(public);
        }
        Ok(drawn)
    }

    /// The route table of a new gateway: local routes, and one to the internet gateway.
    ///
    /// Assumption: AWS associates it with nothing that DescribeRouteTables shows.
    fn add_nat_table(&mut self, cx: &mut Cx, vpc: VpcId) -> RouteTableId {
        let everything = Cidr::V4(crate::Cidr4::new(Ipv4Addr::UNSPECIFIED, 0).expect("0 is a prefix length"));
        let gateway = self.internet_gateway_of(vpc).map(|gateway| Target::InternetGateway(gateway.id));
        let route = |target| Route {
            destination: Destination::Cidr(everything),
            target,
            origin: Origin::CreateRouteTable,
        };
        let table = RouteTable {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc,
            routes: gateway.into_iter().map(route).collect(),
            main: None,
            associations: Vec::new(),
            tags: Tags::new(),
        };
        let id = table.id;
        self.route_tables.insert(table);
        id
    }

    fn allocate_managed(&mut self, ids: &mut Ids, scope: Scope, public: Ipv4Addr) -> AllocationId {
        let id = ids.fresh();
        let tags = Tags::new();
        self.addresses.insert(Address { id, scope, public, association: None, is_managed: true, tags });
        id
    }

    /// Lets elastic IP addresses, all free, work in a zone, where the gateway has a gate or gets one.
    fn seat_in_zone(
        &mut self,
        ids: &mut Ids,
        nat: &mut NatGateway,
        zone: ZoneName,
        allocations: &[AllocationId],
    ) {
        let Some(regional) = nat.regional_mut() else { return };
        let interface = match regional.gate(zone) {
            Some(gate) => gate.interface,
            None => {
                let interface = ids.fresh();
                regional.gates.push(Gate { zone, interface, state: GateState::Open });
                interface
            }
        };
        for id in allocations {
            let Some(address) = self.addresses.get_mut(id) else { continue };
            let private = address.public;
            address.association = Some(AddressAssociation { id: ids.fresh(), interface, private });
            let elastic = Some((address.public, *id));
            nat.addresses.push(NatAddress { zone: Some(zone), elastic, ..NatAddress::default() });
        }
    }

    /// Lets a further address that AWS allocates work in a zone, as [`Self::seat_in_zone`]; false if the pool is empty.
    fn seat_managed(&mut self, ids: &mut Ids, nat: &mut NatGateway, zone: ZoneName) -> bool {
        let Some(public) = draw(ids, &self.public_in_use()) else { return false };
        let allocation = self.allocate_managed(ids, nat.scope, public);
        self.seat_in_zone(ids, nat, zone, &[allocation]);
        true
    }

    /// Adds elastic IP addresses to a manual gateway in a zone, which may be a further one.
    pub(super) fn add_zone_addresses(
        &mut self,
        cx: &mut Cx,
        id: NatGatewayId,
        choice: &SecondaryChoice,
    ) -> Result<(), Refused> {
        let nat = self.nat_gateways.find(cx.scope, &id)?;
        let regional = nat.regional().ok_or(NatRefusal::ZoneForZonal(id))?;
        if regional.is_automatic {
            return Err(NatRefusal::Automatic(id).into());
        }
        let zone = choice.zone.ok_or(NatRefusal::NoZone(id))?;
        check_zone(cx.scope, zone)?;
        if !choice.private.is_empty() {
            return Err(NatRefusal::PrivateForRegional.into());
        }
        if nat.state != NatState::Available {
            return Err(NatRefusal::NotAvailable(id, nat.state).into());
        }
        if let Some(id) = repeated(&choice.allocations) {
            return Err(NatRefusal::AlreadyAssociated(id).into());
        }
        let held = nat.addresses.iter().filter(|own| own.zone == Some(zone)).count();
        if held + choice.allocations.len() > self.limits.addresses_per_nat_gateway {
            return Err(Limit::NatAddresses.into());
        }
        if regional.gate(zone).is_none() {
            self.check_nat_count(cx.scope, zone)?;
        }
        let mut nat = nat.clone();
        self.seat_in_zone(cx.ids, &mut nat, zone, &choice.allocations);
        self.nat_gateways.insert(nat);
        Ok(())
    }

    /// Has automatic gateways follow what their VPCs have become: they come to zones with a first interface, and leave those
    /// without a subnet. Nothing changes if there is nothing to follow. For after each command.
    pub fn expand_nat_gateways(&mut self, ids: &mut Ids) {
        let is_automatic = |nat: &&NatGateway| {
            nat.state.is_open() && nat.regional().is_some_and(|regional| regional.is_automatic)
        };
        let automatic: Vec<NatGateway> = self.nat_gateways.iter().filter(is_automatic).cloned().collect();
        for nat in automatic {
            self.expand_nat_gateway(nat, ids);
        }
    }

    fn expand_nat_gateway(&mut self, mut nat: NatGateway, ids: &mut Ids) {
        let before = nat.clone();
        let busy = self.busy_zones(nat.vpc);
        let present: BTreeSet<ZoneName> =
            nat.regional().into_iter().flat_map(|regional| &regional.gates).map(|gate| gate.zone).collect();
        for zone in busy.difference(&present) {
            self.seat_managed(ids, &mut nat, *zone);
        }
        let kept: BTreeSet<ZoneName> = self.subnets_of(nat.vpc).map(|subnet| subnet.zone).collect();
        for zone in present.difference(&kept) {
            self.leave_zone(&mut nat, *zone);
        }
        if nat != before {
            self.nat_gateways.insert(nat);
        }
    }

    /// Gives an automatic gateway a further address where it has no port left: in the zone of its gate with this interface.
    /// Nothing changes if it is not automatic, not available, has [`ZONE_ADDRESSES_MAX`] there, or the pool is empty.
    pub fn scale_nat_gateway(&mut self, gate: InterfaceId, ids: &mut Ids) {
        let zone_of = |nat: &NatGateway| {
            let regional = nat.regional().filter(|regional| regional.is_automatic)?;
            regional.gates.iter().find(|own| own.interface == gate).map(|own| own.zone)
        };
        let found = self.nat_gateways.iter().find_map(|nat| Some((nat, zone_of(nat)?)));
        let Some((nat, zone)) = found else { return };
        let count = nat.addresses.iter().filter(|own| own.zone == Some(zone)).count();
        if nat.state != NatState::Available || count >= ZONE_ADDRESSES_MAX {
            return;
        }
        let mut nat = nat.clone();
        if self.seat_managed(ids, &mut nat, zone) {
            self.nat_gateways.insert(nat);
        }
    }

    fn leave_zone(&mut self, nat: &mut NatGateway, zone: ZoneName) {
        nat.addresses.retain(|own| own.zone != Some(zone));
        let Some(regional) = nat.regional_mut() else { return };
        let gone = regional.gate(zone).map(|gate| gate.interface);
        regional.gates.retain(|gate| gate.zone != zone);
        gone.into_iter().for_each(|interface| self.free_gate(interface));
    }

    /// Frees the elastic IP addresses at a gate; those that AWS had allocated go.
    pub(super) fn free_gate(&mut self, interface: InterfaceId) {
        let is_there = |address: &&Address| {
            address.association.as_ref().is_some_and(|present| present.interface == interface)
        };
        let there: Vec<AllocationId> = self.addresses.iter().filter(is_there).map(|own| own.id).collect();
        there.into_iter().for_each(|id| self.free_elastic(id));
    }

    fn free_elastic(&mut self, id: AllocationId) {
        match self.addresses.get(&id) {
            Some(address) if address.is_managed => drop(self.addresses.remove(&id)),
            Some(_) => self.unmap(id),
            None => {}
        }
    }

    /// Frees an address of a gateway that is drained, and leaves its zone if that was the last one there.
    pub(super) fn end_zone_drain(&mut self, id: NatGatewayId, drained: &NatAddress) {
        drained.elastic.into_iter().for_each(|(_, id)| self.free_elastic(id));
        let (Some(zone), Some(nat)) = (drained.zone, self.nat_gateways.get(&id)) else { return };
        if !nat.addresses.iter().any(|own| own.zone == Some(zone)) {
            let mut nat = nat.clone();
            self.leave_zone(&mut nat, zone);
            self.nat_gateways.insert(nat);
        }
    }

    /// Opens the gates of a gateway whose time has come.
    pub(super) fn open_gates(&mut self, id: NatGatewayId, now: Timestamp) {
        let is_due = |gate: &Gate| gate.state.opens().is_some_and(|at| at <= now);
        let gates = self.nat_gateways.get(&id).and_then(NatGateway::regional).map(|regional| &regional.gates);
        if !gates.is_some_and(|gates| gates.iter().any(is_due)) {
            return;
        }
        let regional = self.nat_gateways.get_mut(&id).and_then(NatGateway::regional_mut);
        let gates = regional.into_iter().flat_map(|regional| &mut regional.gates);
        gates.filter(|gate| is_due(gate)).for_each(|gate| gate.state = GateState::Open);
    }

    /// The regional gateway whose own route table this is.
    pub fn nat_gateway_of_table(&self, table: RouteTableId) -> Option<&NatGateway> {
        let has = |nat: &&NatGateway| nat.regional().is_some_and(|own| own.route_table == Some(table));
        self.nat_gateways.iter().find(has)
    }
}

/// The first that is there twice.
fn repeated(ids: &[AllocationId]) -> Option<AllocationId> {
    ids.iter().enumerate().find(|(place, id)| ids[..*place].contains(id)).map(|(_, id)| *id)
}
