//! Route tables and routes.
//!
//! Local routes are not stored: every table has one for each CIDR block of its VPC.
//! Whether a route is `active` or `blackhole` is not stored either: it follows from its target.
//! Source: Amazon VPC User Guide, "Route tables" and "Route priority".

use crate::table::Resource;
use crate::{
    Cidr, InstanceId, InterfaceId, InternetGatewayId, NatGatewayId, PeeringId, PrefixListId,
    RouteAssociationId, RouteTableId, Scope, SubnetId, Tags, TransitGatewayId, VpcEndpointId, VpcId,
    VpnGatewayId,
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

impl Resource for RouteTable {
    type Key = RouteTableId;
    const KIND: &'static str = "route-table";
    fn key(&self) -> RouteTableId {
        self.id
    }
}
