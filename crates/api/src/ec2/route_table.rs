//! Route tables: making, listing, associating and deleting them. Their routes are in [`super::route`].
//!
//! Source: EC2 API Reference, CreateRouteTable, DescribeRouteTables, AssociateRouteTable, DisassociateRouteTable,
//! ReplaceRouteTableAssociation, DeleteRouteTable.

use super::route::Route;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::Selection;
use crate::token::ClientToken;
use weir_model::route::{Associated, RouteAssociation};
use weir_model::{
    AccountId, InternetGatewayId, RouteAssociationId, RouteTableId, SubnetId, Tags, VpcId, VpnGatewayId,
};
use weir_wire::{
    Bounds, FilterTable, Kind, Param, Params, Return, TagSpecification, Token, WireError, Xml, specified_tags,
};

const BOUNDS: Bounds = 5..=100;

/// Makes a route table.
#[derive(Param)]
pub struct CreateRouteTable {
    vpc_id: VpcId,
    client_token: ClientToken,
    tag_specifications: Vec<TagSpecification>,
}

/// The table that was made.
#[derive(Xml)]
pub struct CreateRouteTableResponse {
    route_table: RouteTable,
    client_token: ClientToken,
}

impl Operation for CreateRouteTable {
    type Response = CreateRouteTableResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "route-table")?;
        let id = cx.command(|network, cx| network.create_route_table(cx, self.vpc_id, tags))?;
        let made = cx.network.route_tables.find(cx.scope, &id)?;
        let route_table = RouteTable::of(cx.seen(), made);
        Ok(CreateRouteTableResponse { route_table, client_token: self.client_token })
    }
}

/// Deletes a route table without associations.
#[derive(Param)]
pub struct DeleteRouteTable {
    route_table_id: RouteTableId,
}

impl Operation for DeleteRouteTable {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_route_table(cx, self.route_table_id))?;
        Ok(Return)
    }
}

/// Lists route tables, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeRouteTables {
    route_table_ids: Vec<RouteTableId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The tables found.
#[derive(Xml)]
pub struct DescribeRouteTablesResponse {
    route_tables: Vec<RouteTable>,
    next_token: Option<Token>,
}

impl Operation for DescribeRouteTables {
    type Response = DescribeRouteTablesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&cx.network.route_tables, &self.route_table_ids)?;
        let views = rows.into_iter().map(|table| RouteTable::of(seen, table));
        let (route_tables, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |table| table.route_table_id)?;
        Ok(DescribeRouteTablesResponse { route_tables, next_token })
    }
}

/// A gateway as associations name it: an internet or virtual private gateway.
#[derive(Clone, Copy)]
pub struct EdgeGateway(Associated);

impl Param for EdgeGateway {
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<EdgeGateway, WireError> {
        let with = match params.text(at)?.starts_with("vgw-") {
            true => Associated::VpnGateway(VpnGatewayId::read(params, at)?),
            false => Associated::InternetGateway(InternetGatewayId::read(params, at)?),
        };
        Ok(EdgeGateway(with))
    }
}

/// Associates a table with a subnet or gateway.
#[derive(Param)]
pub struct AssociateRouteTable {
    route_table_id: RouteTableId,
    subnet_id: Option<SubnetId>,
    gateway_id: Option<EdgeGateway>,
}

/// The association that was made.
#[derive(Xml)]
pub struct AssociateRouteTableResponse {
    association_id: RouteAssociationId,
    association_state: AssociationState,
}

impl Operation for AssociateRouteTable {
    type Response = AssociateRouteTableResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let with = match (self.subnet_id, self.gateway_id) {
            (Some(subnet), None) => Associated::Subnet(subnet),
            (None, Some(EdgeGateway(gateway))) => gateway,
            (None, None) => {
                let message = "The request must contain exactly one of subnetId, gatewayId";
                return Err(Error::new("MissingParameter", message));
            }
            (Some(_), Some(_)) => {
                let message = "The parameters subnetId and gatewayId cannot be used together";
                return Err(Error::new("InvalidParameterCombination", message));
            }
        };
        let table = self.route_table_id;
        let association_id = cx.command(|network, cx| network.associate_route_table(cx, table, with))?;
        Ok(AssociateRouteTableResponse { association_id, association_state: ASSOCIATED })
    }
}

/// Ends an explicit association.
#[derive(Param)]
pub struct DisassociateRouteTable {
    association_id: RouteAssociationId,
}

impl Operation for DisassociateRouteTable {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.disassociate_route_table(cx, self.association_id))?;
        Ok(Return)
    }
}

/// Gives a subnet, a gateway or a VPC (its main association) another table.
#[derive(Param)]
pub struct ReplaceRouteTableAssociation {
    association_id: RouteAssociationId,
    route_table_id: RouteTableId,
}

/// The association that took the place of the old one.
#[derive(Xml)]
pub struct ReplaceRouteTableAssociationResponse {
    new_association_id: RouteAssociationId,
    association_state: AssociationState,
}

impl Operation for ReplaceRouteTableAssociation {
    type Response = ReplaceRouteTableAssociationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (old, table) = (self.association_id, self.route_table_id);
        let new = cx.command(|network, cx| network.replace_route_table_association(cx, old, table))?;
        Ok(ReplaceRouteTableAssociationResponse { new_association_id: new, association_state: ASSOCIATED })
    }
}

/// A route table.
#[derive(Xml)]
pub struct RouteTable {
    route_table_id: RouteTableId,
    vpc_id: VpcId,
    owner_id: AccountId,
    routes: Vec<Route>,
    associations: Vec<Association>,
    propagating_vgws: Vec<PropagatingVgw>,
    tags: Tags,
}

/// The association of a table: explicit, or as its VPC's main table.
#[derive(Xml)]
struct Association {
    route_table_association_id: RouteAssociationId,
    route_table_id: RouteTableId,
    subnet_id: Option<SubnetId>,
    gateway_id: Option<String>,
    main: bool,
    association_state: AssociationState,
}

/// How far an association is.
#[derive(Clone, Copy, Xml)]
pub struct AssociationState {
    state: &'static str,
}

const ASSOCIATED: AssociationState = AssociationState { state: "associated" };

/// A virtual private gateway that puts routes into the table. Weir has none.
#[derive(Xml)]
struct PropagatingVgw {
    gateway_id: VpnGatewayId,
}

impl RouteTable {
    fn of(seen: Seen<'_>, table: &weir_model::route::RouteTable) -> RouteTable {
        let routes = seen.network.routes(table);
        let main = table.main.map(|id| Association::main(table.id, id));
        let explicit = table.associations.iter().map(|association| Association::of(table.id, association));
        RouteTable {
            route_table_id: table.id,
            vpc_id: table.vpc,
            owner_id: table.scope.account,
            routes: routes.iter().map(|route| Route::of(seen, table.vpc, route)).collect(),
            associations: main.into_iter().chain(explicit).collect(),
            propagating_vgws: vec![],
            tags: table.tags.clone(),
        }
    }

    fn associations(&self, text: fn(&Association) -> Option<String>) -> Vec<String> {
        self.associations.iter().filter_map(text).collect()
    }

    fn routes(&self, text: fn(&Route) -> Option<String>) -> Vec<String> {
        self.routes.iter().filter_map(text).collect()
    }
}

impl Association {
    fn main(route_table_id: RouteTableId, id: RouteAssociationId) -> Association {
        Association {
            route_table_association_id: id,
            route_table_id,
            subnet_id: None,
            gateway_id: None,
            main: true,
            association_state: ASSOCIATED,
        }
    }

    fn of(table: RouteTableId, association: &RouteAssociation) -> Association {
        let (subnet_id, gateway_id) = match association.with {
            Associated::Subnet(id) => (Some(id), None),
            Associated::InternetGateway(id) => (None, Some(id.to_string())),
            Associated::VpnGateway(id) => (None, Some(id.to_string())),
        };
        Association { subnet_id, gateway_id, main: false, ..Association::main(table, association.id) }
    }
}

const FILTERS: FilterTable<RouteTable> = FilterTable {
    rows: &[
        ("association.gateway-id", |table| table.associations(|held| held.gateway_id.clone())),
        ("association.route-table-association-id", |table| {
            table.associations(|held| Some(held.route_table_association_id.to_string()))
        }),
        ("association.route-table-id", |table| {
            table.associations(|held| Some(held.route_table_id.to_string()))
        }),
        ("association.subnet-id", |table| table.associations(|held| held.subnet_id.map(|id| id.to_string()))),
        ("association.main", |table| table.associations(|held| Some(held.main.to_string()))),
        ("owner-id", |table| vec![table.owner_id.to_string()]),
        ("route-table-id", |table| vec![table.route_table_id.to_string()]),
        ("route.destination-cidr-block", |table| {
            table.routes(|route| route.destination_cidr_block.map(|cidr| cidr.to_string()))
        }),
        ("route.destination-ipv6-cidr-block", |table| {
            table.routes(|route| route.destination_ipv6_cidr_block.map(|cidr| cidr.to_string()))
        }),
        ("route.destination-prefix-list-id", |table| {
            table.routes(|route| route.destination_prefix_list_id.map(|id| id.to_string()))
        }),
        ("route.egress-only-internet-gateway-id", |table| {
            table.routes(|route| route.egress_only_internet_gateway_id.map(|id| id.to_string()))
        }),
        ("route.gateway-id", |table| table.routes(|route| route.gateway_id.clone())),
        ("route.instance-id", |table| table.routes(|route| route.instance_id.map(|id| id.to_string()))),
        ("route.nat-gateway-id", |table| table.routes(|route| route.nat_gateway_id.map(|id| id.to_string()))),
        ("route.transit-gateway-id", |table| {
            table.routes(|route| route.transit_gateway_id.map(|id| id.to_string()))
        }),
        ("route.origin", |table| table.routes(|route| Some(route.origin.to_owned()))),
        ("route.state", |table| table.routes(|route| Some(route.state.to_owned()))),
        ("route.vpc-peering-connection-id", |table| {
            table.routes(|route| route.vpc_peering_connection_id.map(|id| id.to_string()))
        }),
        ("vpc-id", |table| vec![table.vpc_id.to_string()]),
    ],
    tags: Some(|table| &table.tags),
};
