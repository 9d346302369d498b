//! Route tables and routes.
//!
//! Local routes are not stored: every table has one for each CIDR block of its VPC. Only where ReplaceRoute has given
//! one another target is a route for the whole block stored, in place of the local one.
//! Whether a route is `active` or `blackhole` is not stored either: it follows from its target.
//! Commands on tables and routes are in [`change`], associations in [`association`].
//! Source: Amazon VPC User Guide, "Route tables" and "Route priority".

pub mod association;
pub mod change;
#[cfg(test)]
mod tests;

use crate::endpoint::EndpointKind;
use crate::instance::InstanceState;
use crate::peering::PeeringStatus;
use crate::subnet::Subnet;
use crate::table::Resource;
use crate::{
    Cidr, EgressOnlyGatewayId, InstanceId, InterfaceId, InternetGatewayId, NatGatewayId, Network, PeeringId,
    PrefixListId, RouteAssociationId, RouteTableId, Scope, SubnetId, Tags, TransitGatewayId, VpcEndpointId,
    VpcId, VpnGatewayId,
};
use serde::{Deserialize, Serialize};

/// A route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// Routes in the order they were made, local ones left out; one for each destination.
    pub routes: Vec<Route>,
    /// The id of the association that makes it the VPC's main table, if it is.
    pub main: Option<RouteAssociationId>,
    /// Explicit associations.
    pub associations: Vec<RouteAssociation>,
    /// Its tags.
    pub tags: Tags,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Which packets it is for.
    pub destination: Destination,
    /// Where they go.
    pub target: Target,
    /// How it came into the table.
    pub origin: Origin,
}

/// The destination of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Destination {
    /// A CIDR block.
    Cidr(Cidr),
    /// The CIDR blocks of a prefix list.
    PrefixList(PrefixListId),
}

/// Where a route leads. A target that has gone or is not usable makes the route a blackhole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Inside the VPC; only in the implied local routes.
    Local,
    /// An internet gateway.
    InternetGateway(InternetGatewayId),
    /// A VPC peering connection.
    Peering(PeeringId),
    /// A network interface.
    Interface(InterfaceId),
    /// An instance with exactly one interface, and that interface.
    Instance(InstanceId, InterfaceId),
    /// An egress-only internet gateway.
    EgressOnlyGateway(EgressOnlyGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// A VPC endpoint.
    VpcEndpoint(VpcEndpointId),
    /// A transit gateway.
    TransitGateway(TransitGatewayId),
    /// A virtual private gateway.
    VpnGateway(VpnGatewayId),
}

/// How a route came into its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// With the table: the local routes.
    CreateRouteTable,
    /// By CreateRoute: static.
    CreateRoute,
    /// Propagated by a virtual private gateway.
    EnableVgwRoutePropagation,
}

/// The explicit association of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteAssociation {
    /// Its id.
    pub id: RouteAssociationId,
    /// With what.
    pub with: Associated,
}

/// What a route table is associated with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Associated {
    /// A subnet: its outgoing packets use the table.
    Subnet(SubnetId),
    /// An internet gateway: packets entering through it use the table.
    InternetGateway(InternetGatewayId),
    /// A virtual private gateway: packets entering through it use the table.
    VpnGateway(VpnGatewayId),
}

/// Whether packets can take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteState {
    /// They can.
    Active,
    /// Its target has gone or is not usable: they are dropped.
    Blackhole,
}

impl RouteTable {
    /// The stored route for exactly this destination.
    pub fn route(&self, destination: Destination) -> Option<&Route> {
        self.routes.iter().find(|route| route.destination == destination)
    }

    /// Whether the table decides about packets that enter through a gateway.
    pub fn is_of_gateway(&self) -> bool {
        self.associations.iter().any(|association| !matches!(association.with, Associated::Subnet(_)))
    }
}

impl Network {
    /// Every route of a table: one for each block of its VPC, local unless replaced, then the others as they were made.
    pub fn routes(&self, table: &RouteTable) -> Vec<Route> {
        let local = |block| {
            let destination = Destination::Cidr(block);
            let implied = Route { destination, target: Target::Local, origin: Origin::CreateRouteTable };
            table.route(destination).cloned().unwrap_or(implied)
        };
        let blocks = self.blocks(table.vpc);
        let others = table.routes.iter().filter(|route| match route.destination {
            Destination::Cidr(cidr) => !blocks.contains(&cidr),
            Destination::PrefixList(_) => true,
        });
        blocks.iter().copied().map(local).chain(others.cloned()).collect()
    }

    /// The blocks of a VPC, IPv4 before IPv6.
    pub fn blocks(&self, vpc: VpcId) -> Vec<Cidr> {
        let Some(vpc) = self.vpcs.get(&vpc) else { return Vec::new() };
        let ipv4 = vpc.cidrs.iter().map(|held| Cidr::V4(held.cidr));
        ipv4.chain(vpc.ipv6_cidrs.iter().map(|held| Cidr::V6(held.cidr))).collect()
    }

    /// Whether packets can take a route of a table of `vpc`.
    ///
    /// An interface must be attached; an instance must run too. A peering connection must be active, a gateway attached, a NAT
    /// gateway available or pending.
    /// Assumption: a stopped instance is a blackhole where the route names the instance, not where it names the interface.
    pub fn route_state(&self, vpc: VpcId, route: &Route) -> RouteState {
        let is_attached =
            |id| self.interfaces.get(&id).is_some_and(|interface| interface.attachment.is_some());
        let is_usable = match route.target {
            Target::Local => true,
            Target::InternetGateway(id) => {
                self.internet_gateways.get(&id).is_some_and(|igw| igw.vpc == Some(vpc))
            }
            Target::Peering(id) => {
                self.peerings.get(&id).is_some_and(|peering| peering.status == PeeringStatus::Active)
            }
            Target::Interface(id) => is_attached(id),
            Target::Instance(id, interface) => {
                let instance = self.instances.get(&id);
                let runs = instance.is_some_and(|instance| instance.state == InstanceState::Running);
                runs && is_attached(interface)
            }
            Target::EgressOnlyGateway(id) => {
                self.egress_only_gateways.get(&id).is_some_and(|gateway| gateway.vpc == vpc)
            }
            Target::NatGateway(id) => self.nat_gateways.get(&id).is_some_and(|nat| nat.state.is_open()),
            Target::TransitGateway(id) => self.transit_attachment_of(vpc, id).is_some(),
            Target::VpcEndpoint(id) => self
                .endpoints
                .get(&id)
                .is_some_and(|endpoint| endpoint.vpc == vpc && endpoint.kind == EndpointKind::Gateway),
            // Weir has none of these, so nothing behind them can be reached.
            Target::VpnGateway(_) => false,
        };
        if is_usable { RouteState::Active } else { RouteState::Blackhole }
    }

    /// The table that packets leaving a subnet use: its own, or else the VPC's main one.
    pub fn table_of_subnet(&self, subnet: &Subnet) -> Option<&RouteTable> {
        let own = self.association_with(Associated::Subnet(subnet.id)).map(|(table, _)| table);
        own.or_else(|| self.main_table(subnet.vpc))
    }

    /// The explicit association with a subnet or gateway, and its table.
    pub fn association_with(&self, with: Associated) -> Option<(&RouteTable, &RouteAssociation)> {
        self.route_tables.iter().find_map(|table| {
            table.associations.iter().find(|held| held.with == with).map(|association| (table, association))
        })
    }
}

impl Resource for RouteTable {
    type Key = RouteTableId;
    const KIND: &'static str = "route-table";
    fn key(&self) -> RouteTableId {
        self.id
    }
}
