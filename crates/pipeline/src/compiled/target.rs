//! What the targets of routes mean: usable, and how, or a blackhole.
//!
//! Source: EC2 API Reference, Route (`state`: "the blackhole state indicates that the route's target isn't available").

use super::nat::Nats;
use super::route::{CompiledRoute, Next, RoutingTable, local};
use super::transit::Transit;
use super::{CompiledGateway, CompiledInterface};
use crate::packet::{EndpointIdx, InterfaceIdx};
use std::collections::BTreeMap;
use weir_model::peering::PeeringStatus;
use weir_model::route::{Destination, RouteTable, Target};
use weir_model::{
    Cidr, EgressOnlyGatewayId, InterfaceId, InternetGatewayId, NatGatewayId, Network, PeeringId, RegionName,
    VpcEndpointId, VpcId,
};

/// What targets are looked up in.
pub(super) struct Targets<'a> {
    pub network: &'a Network,
    pub interfaces: &'a [CompiledInterface],
    pub nats: &'a Nats,
    pub gateways: &'a [CompiledGateway],
    pub vpc_idx: &'a BTreeMap<VpcId, u32>,
    pub transit: &'a Transit,
}

impl Targets<'_> {
    /// `table` with the local routes of its VPC.
    pub fn table(&self, table: &RouteTable) -> RoutingTable {
        let stored = table.routes.iter().map(|route| {
            let compiled = CompiledRoute {
                destination: route.destination,
                target: route.target,
                next: self.next(table.vpc, route.target),
                origin: route.origin,
            };
            (compiled, self.cidrs(table.scope.region, route.destination))
        });
        RoutingTable::new(Some(table.id), self.locals(table.vpc).chain(stored).collect())
    }

    /// The table that a VPC without a main table would have.
    pub fn local_only(&self, vpc: VpcId) -> RoutingTable {
        RoutingTable::new(None, self.locals(vpc).collect())
    }

    /// The blocks of a destination; of a prefix list those in force, and none if it has gone.
    fn cidrs(&self, region: RegionName, destination: Destination) -> Vec<Cidr> {
        match destination {
            Destination::Cidr(cidr) => vec![cidr],
            Destination::PrefixList(id) => {
                self.network.prefix_list(region, id).map(|list| list.cidrs()).unwrap_or_default()
            }
        }
    }

    fn locals(&self, vpc: VpcId) -> impl Iterator<Item = (CompiledRoute, Vec<Cidr>)> {
        let vpc = self.network.vpcs.get(&vpc);
        let v4 = vpc.into_iter().flat_map(|vpc| &vpc.cidrs).map(|association| Cidr::V4(association.cidr));
        let v6 =
            vpc.into_iter().flat_map(|vpc| &vpc.ipv6_cidrs).map(|association| Cidr::V6(association.cidr));
        v4.chain(v6).map(local)
    }

    /// What a route of `vpc` to `target` means. Targets of kinds that the network does not have lead nowhere.
    fn next(&self, vpc: VpcId, target: Target) -> Next {
        let next = match target {
            Target::Local => Some(Next::Local),
            Target::InternetGateway(id) => self.internet_gateway(vpc, id),
            Target::Peering(id) => self.peer(vpc, id),
            Target::Interface(id) => self.interface(vpc, id),
            Target::Instance(_, id) => self.instance(vpc, id),
            Target::NatGateway(id) => self.nat_gateway(vpc, id),
            Target::EgressOnlyGateway(id) => self.egress_only_gateway(vpc, id),
            Target::TransitGateway(id) => self.transit.end_of(vpc, id).map(Next::Transit),
            Target::VpcEndpoint(id) => self.endpoint(vpc, id),
            Target::VpnGateway(_) => None,
        };
        next.unwrap_or(Next::Blackhole)
    }

    fn endpoint(&self, vpc: VpcId, id: VpcEndpointId) -> Option<Next> {
        let place = self.gateways.binary_search_by_key(&id, |gateway| gateway.id).ok()?;
        let near = self.vpc_idx.get(&vpc).copied();
        (Some(self.gateways[place].vpc_idx) == near).then_some(Next::Endpoint(EndpointIdx(place as u32)))
    }

    fn internet_gateway(&self, vpc: VpcId, id: InternetGatewayId) -> Option<Next> {
        let gateway = self.network.internet_gateways.get(&id)?;
        (gateway.vpc == Some(vpc)).then_some(Next::InternetGateway)
    }

    fn nat_gateway(&self, vpc: VpcId, id: NatGatewayId) -> Option<Next> {
        let found = self.network.nat_gateways.get(&id)?;
        let (is_here, next) = match self.nats.regional.binary_search_by_key(&id, |nat| nat.id) {
            Ok(place) => (self.nats.regional[place].vpc == vpc, Next::RegionalNat(place as u32)),
            Err(_) => {
                let place = self.nats.gates.binary_search_by_key(&id, |nat| nat.id).ok()?;
                let interface = self.nats.gates[place].interface;
                (self.interfaces[interface.get()].vpc == vpc, Next::NatGateway(place as u32))
            }
        };
        (is_here && found.state.is_open()).then_some(next)
    }

    fn egress_only_gateway(&self, vpc: VpcId, id: EgressOnlyGatewayId) -> Option<Next> {
        let gateway = self.network.egress_only_gateways.get(&id)?;
        (gateway.vpc == vpc).then_some(Next::EgressOnlyGateway)
    }

    fn peer(&self, vpc: VpcId, id: PeeringId) -> Option<Next> {
        let peering = self.network.peerings.get(&id).filter(|found| found.status == PeeringStatus::Active)?;
        let (one, other) = (&peering.requester, &peering.accepter);
        let far = match vpc {
            vpc if vpc == one.vpc => other.vpc,
            vpc if vpc == other.vpc => one.vpc,
            _ => return None,
        };
        let same_region = one.scope.region == other.scope.region;
        Some(Next::Peer { vpc: *self.vpc_idx.get(&far)?, same_region })
    }

    fn interface(&self, vpc: VpcId, id: InterfaceId) -> Option<Next> {
        let place = self.interfaces.binary_search_by_key(&id, |interface| interface.id).ok()?;
        let attached = self.network.interfaces.get(&id)?.attachment.is_some();
        (attached && self.interfaces[place].vpc == vpc).then_some(Next::Interface(InterfaceIdx(place as u32)))
    }

    /// Assumption: a route to an instance is a blackhole while the instance is stopped; AWS says so of terminated ones.
    fn instance(&self, vpc: VpcId, id: InterfaceId) -> Option<Next> {
        let Next::Interface(index) = self.interface(vpc, id)? else { return None };
        self.interfaces[index.get()].is_running.then_some(Next::Interface(index))
    }
}
