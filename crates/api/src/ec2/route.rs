//! Routes of route tables.
//!
//! Source: EC2 API Reference, CreateRoute, ReplaceRoute, DeleteRoute, Route.

use crate::operation::{Context, Error, Operation, Seen};
use weir_model::route::{Destination, Origin, RouteState, Target};
use weir_model::{
    AccountId, Cidr, Cidr4, Cidr6, EgressOnlyGatewayId, InstanceId, InterfaceId, NatGatewayId, PeeringId,
    PrefixListId, RouteTableId, TransitGatewayId, VpcEndpointId, VpcId,
};
use weir_wire::{Kind, Param, Params, Return, WireError, Xml};

/// The destination of a route: exactly one of these.
#[derive(Param)]
pub struct To {
    destination_cidr_block: Option<Cidr4>,
    destination_ipv6_cidr_block: Option<Cidr6>,
    destination_prefix_list_id: Option<PrefixListId>,
}

impl To {
    fn destination(&self) -> Result<Destination, Error> {
        let names = "destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId";
        exactly_one(
            names,
            [
                self.destination_cidr_block.map(|cidr| Destination::Cidr(Cidr::V4(cidr))),
                self.destination_ipv6_cidr_block.map(|cidr| Destination::Cidr(Cidr::V6(cidr))),
                self.destination_prefix_list_id.map(Destination::PrefixList),
            ],
        )
    }
}

/// The one that is given.
///
/// Assumption: AWS's sentences are not documented.
fn exactly_one<T, const N: usize>(names: &str, given: [Option<T>; N]) -> Result<T, Error> {
    let mut given = given.into_iter().flatten();
    let message = format!("The request must contain exactly one of {names}");
    match (given.next(), given.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::new("MissingParameter", message)),
        (Some(_), Some(_)) => Err(Error::new("InvalidParameterCombination", message)),
    }
}

/// The target of a route: exactly one of these.
#[derive(Param)]
pub struct Via {
    gateway_id: Option<Gateway>,
    instance_id: Option<InstanceId>,
    network_interface_id: Option<InterfaceId>,
    vpc_peering_connection_id: Option<PeeringId>,
    nat_gateway_id: Option<NatGatewayId>,
    egress_only_internet_gateway_id: Option<EgressOnlyGatewayId>,
    transit_gateway_id: Option<TransitGatewayId>,
    vpc_endpoint_id: Option<VpcEndpointId>,
}

/// A target that only AWS's `GatewayId` names: an internet or virtual private gateway.
#[derive(Clone, Copy)]
pub struct Gateway(Target);

impl Param for Gateway {
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<Gateway, WireError> {
        let text = params.text(at)?;
        let target = match text.split_once('-') {
            Some(("igw", _)) => text.parse().map(Target::InternetGateway),
            Some(("vgw", _)) => text.parse().map(Target::VpnGateway),
            Some(("vpce", _)) => text.parse().map(Target::VpcEndpoint),
            _ => Err(weir_model::ids::MalformedId { given: String::new(), prefix: "igw" }),
        };
        target.map(Gateway).map_err(|_| {
            let given: String = text.chars().take(weir_model::tags::VALUE_CHARS_MAX).collect();
            WireError::new("InvalidGatewayID.NotFound", format!("The gateway ID '{given}' does not exist"))
        })
    }
}

/// A target as the request names it; an instance stands for its interface.
enum Named {
    Target(Target),
    Instance(InstanceId),
}

impl Via {
    fn named(&self) -> [Option<Named>; 8] {
        [
            self.gateway_id.map(|Gateway(target)| Named::Target(target)),
            self.instance_id.map(Named::Instance),
            self.network_interface_id.map(|id| Named::Target(Target::Interface(id))),
            self.vpc_peering_connection_id.map(|id| Named::Target(Target::Peering(id))),
            self.nat_gateway_id.map(|id| Named::Target(Target::NatGateway(id))),
            self.egress_only_internet_gateway_id.map(|id| Named::Target(Target::EgressOnlyGateway(id))),
            self.transit_gateway_id.map(|id| Named::Target(Target::TransitGateway(id))),
            self.vpc_endpoint_id.map(|id| Named::Target(Target::VpcEndpoint(id))),
        ]
    }
}

const TARGETS: &str = "gatewayId, instanceId, networkInterfaceId, vpcPeeringConnectionId, natGatewayId, egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId";

fn resolve(cx: &Context<'_>, named: Named) -> Result<Target, Error> {
    match named {
        Named::Target(target) => Ok(target),
        Named::Instance(id) => Ok(cx.network.instance_target(cx.scope, id)?),
    }
}

/// Adds a route to a table.
#[derive(Param)]
pub struct CreateRoute {
    route_table_id: RouteTableId,
    #[wire(flatten)]
    to: To,
    #[wire(flatten)]
    via: Via,
}

impl Operation for CreateRoute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (table, to) = (self.route_table_id, self.to.destination()?);
        let named = exactly_one(TARGETS, self.via.named())?;
        cx.network.route_tables.find(cx.scope, &table)?;
        let target = resolve(cx, named)?;
        cx.command(|network, cx| network.create_route(cx, table, to, target))?;
        Ok(Return)
    }
}

/// Gives a route another target.
#[derive(Param)]
pub struct ReplaceRoute {
    route_table_id: RouteTableId,
    #[wire(flatten)]
    to: To,
    #[wire(flatten)]
    via: Via,
    local_target: Option<bool>,
}

impl Operation for ReplaceRoute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (table, to) = (self.route_table_id, self.to.destination()?);
        let local = self.local_target.filter(|local| *local).map(|_| Named::Target(Target::Local));
        let [a, b, c, d, e, f, g, h] = self.via.named();
        let named = exactly_one(&format!("{TARGETS}, localTarget"), [a, b, c, d, e, f, g, h, local])?;
        cx.network.route_tables.find(cx.scope, &table)?;
        let target = resolve(cx, named)?;
        cx.command(|network, cx| network.replace_route(cx, table, to, target))?;
        Ok(Return)
    }
}

/// Removes a route.
#[derive(Param)]
pub struct DeleteRoute {
    route_table_id: RouteTableId,
    #[wire(flatten)]
    to: To,
}

impl Operation for DeleteRoute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (table, to) = (self.route_table_id, self.to.destination()?);
        cx.command(|network, cx| network.delete_route(cx, table, to))?;
        Ok(Return)
    }
}

/// A route.
#[derive(Default, Xml)]
pub struct Route {
    pub(super) destination_cidr_block: Option<Cidr4>,
    pub(super) destination_ipv6_cidr_block: Option<Cidr6>,
    pub(super) destination_prefix_list_id: Option<PrefixListId>,
    pub(super) gateway_id: Option<String>,
    pub(super) instance_id: Option<InstanceId>,
    instance_owner_id: Option<AccountId>,
    network_interface_id: Option<InterfaceId>,
    pub(super) vpc_peering_connection_id: Option<PeeringId>,
    pub(super) nat_gateway_id: Option<NatGatewayId>,
    pub(super) egress_only_internet_gateway_id: Option<EgressOnlyGatewayId>,
    pub(super) transit_gateway_id: Option<TransitGatewayId>,
    pub(super) state: &'static str,
    pub(super) origin: &'static str,
}

impl Route {
    /// A route of a table of `vpc`.
    pub fn of(seen: Seen<'_>, vpc: VpcId, route: &weir_model::route::Route) -> Route {
        let mut view = Route {
            state: match seen.network.route_state(vpc, route) {
                RouteState::Active => "active",
                RouteState::Blackhole => "blackhole",
            },
            origin: match route.origin {
                Origin::CreateRouteTable => "CreateRouteTable",
                Origin::CreateRoute => "CreateRoute",
                Origin::EnableVgwRoutePropagation => "EnableVgwRoutePropagation",
            },
            ..Route::default()
        };
        match route.destination {
            Destination::Cidr(Cidr::V4(cidr)) => view.destination_cidr_block = Some(cidr),
            Destination::Cidr(Cidr::V6(cidr)) => view.destination_ipv6_cidr_block = Some(cidr),
            Destination::PrefixList(id) => view.destination_prefix_list_id = Some(id),
        }
        view.lead(seen, route.target);
        view
    }

    fn lead(&mut self, seen: Seen<'_>, target: Target) {
        match target {
            Target::Local => self.gateway_id = Some("local".to_owned()),
            Target::InternetGateway(id) => self.gateway_id = Some(id.to_string()),
            Target::VpnGateway(id) => self.gateway_id = Some(id.to_string()),
            Target::VpcEndpoint(id) => self.gateway_id = Some(id.to_string()),
            Target::Peering(id) => self.vpc_peering_connection_id = Some(id),
            Target::NatGateway(id) => self.nat_gateway_id = Some(id),
            Target::EgressOnlyGateway(id) => self.egress_only_internet_gateway_id = Some(id),
            Target::TransitGateway(id) => self.transit_gateway_id = Some(id),
            Target::Interface(id) | Target::Instance(_, id) => self.lead_to_interface(seen, id),
        }
    }

    /// AWS shows the instance that an interface is attached to, whichever of them the route was made for.
    fn lead_to_interface(&mut self, seen: Seen<'_>, id: InterfaceId) {
        self.network_interface_id = Some(id);
        let interface = seen.network.interfaces.get(&id);
        let attachment = interface.and_then(|interface| interface.attachment.as_ref());
        self.instance_id = attachment.and_then(|attachment| attachment.instance);
        let instance = self.instance_id.and_then(|id| seen.network.instances.get(&id));
        self.instance_owner_id = instance.map(|instance| instance.scope.account);
    }
}
