//! Transit gateways: making, changing, listing and deleting them.
//!
//! Attachments of VPCs are in [`vpc_attachment`], of other gateways in [`peering`], both listed in [`attachment`]; route
//! tables are in [`table`], their routes in [`route`] and, for prefix lists, in [`reference`]. Answers to commands show
//! the state that passes (`pending`, `modifying`, `deleting`); whoever looks next sees what follows.
//! Source: EC2 API Reference, CreateTransitGateway, DescribeTransitGateways, ModifyTransitGateway, DeleteTransitGateway.

mod attachment;
mod peering;
mod reference;
mod route;
mod table;
mod vpc_attachment;

pub use attachment::*;
pub use peering::*;
pub use reference::*;
pub use route::*;
pub use table::*;
pub use vpc_attachment::*;

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::transit_gateway::{DEFAULT_ASN, NewTransitGateway, TransitChange};
use weir_model::{AccountId, Cidr, Tags, Timestamp, TransitGatewayId, TransitTableId};
use weir_wire::{Accepted, FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Whether an option is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Param, Xml)]
pub enum Support {
    /// It is.
    Enable,
    /// It is not.
    Disable,
}

impl Support {
    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self == Support::Enable
    }

    fn word(self) -> &'static str {
        if self.is_on() { "enable" } else { "disable" }
    }
}

impl From<bool> for Support {
    fn from(on: bool) -> Support {
        if on { Support::Enable } else { Support::Disable }
    }
}

/// Whether an option is on, if the request says so, else as it is by default.
fn or(said: Option<Support>, default: bool) -> bool {
    said.map_or(default, Support::is_on)
}

/// Makes a transit gateway.
#[derive(Param)]
pub struct CreateTransitGateway {
    description: Option<String>,
    options: Option<OptionsRequest>,
    #[wire(request = "TagSpecification")]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Param)]
struct OptionsRequest {
    amazon_side_asn: Option<u64>,
    auto_accept_shared_attachments: Option<Support>,
    default_route_table_association: Option<Support>,
    default_route_table_propagation: Option<Support>,
    vpn_ecmp_support: Option<Support>,
    dns_support: Option<Support>,
    security_group_referencing_support: Option<Support>,
    multicast_support: Option<Support>,
    #[wire(request = "TransitGatewayCidrBlocks")]
    transit_gateway_cidr_blocks: Vec<Cidr>,
}

/// One gateway.
#[derive(Xml)]
pub struct OneTransitGateway {
    transit_gateway: TransitGatewayView,
}

impl OneTransitGateway {
    fn of(seen: Seen<'_>, id: TransitGatewayId, shown: &'static str) -> Result<OneTransitGateway, Error> {
        let found = seen.network.transit_gateways.find(seen.scope, &id)?;
        let view = TransitGatewayView::of(found);
        Ok(OneTransitGateway { transit_gateway: TransitGatewayView { state: shown, ..view } })
    }
}

impl OptionsRequest {
    /// Multicast is refused: Weir's gateways have no multicast domains.
    fn meaning(&self) -> Result<NewTransitGateway, Error> {
        if or(self.multicast_support, false) {
            return Err(Error::new(
                "UnsupportedOperation",
                "Multicast is not supported for transit gateways.",
            ));
        }
        Ok(NewTransitGateway {
            asn: self.amazon_side_asn.unwrap_or(DEFAULT_ASN),
            cidrs: self.transit_gateway_cidr_blocks.clone(),
            accepts_shared: or(self.auto_accept_shared_attachments, false),
            associates: or(self.default_route_table_association, true),
            propagates: or(self.default_route_table_propagation, true),
            dns_support: or(self.dns_support, true),
            vpn_ecmp: or(self.vpn_ecmp_support, true),
            group_references: or(self.security_group_referencing_support, false),
            ..NewTransitGateway::default()
        })
    }
}

impl Operation for CreateTransitGateway {
    type Response = OneTransitGateway;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitGateway, Error> {
        let meant = self.options.as_ref().map(OptionsRequest::meaning).transpose()?.unwrap_or_default();
        let tags = specified_tags(&self.tag_specifications, "transit-gateway")?;
        let new = NewTransitGateway { description: self.description.unwrap_or_default(), tags, ..meant };
        let id = cx.command(|network, cx| network.create_transit_gateway(cx, new))?;
        OneTransitGateway::of(cx.seen(), id, "pending")
    }
}

/// Changes a gateway.
#[derive(Param)]
pub struct ModifyTransitGateway {
    transit_gateway_id: TransitGatewayId,
    description: Option<String>,
    options: Option<OptionsChange>,
}

#[derive(Param)]
struct OptionsChange {
    #[wire(request = "AddTransitGatewayCidrBlocks")]
    add_transit_gateway_cidr_blocks: Vec<Cidr>,
    #[wire(request = "RemoveTransitGatewayCidrBlocks")]
    remove_transit_gateway_cidr_blocks: Vec<Cidr>,
    vpn_ecmp_support: Option<Support>,
    dns_support: Option<Support>,
    security_group_referencing_support: Option<Support>,
    auto_accept_shared_attachments: Option<Support>,
    default_route_table_association: Option<Support>,
    association_default_route_table_id: Option<TransitTableId>,
    default_route_table_propagation: Option<Support>,
    propagation_default_route_table_id: Option<TransitTableId>,
    amazon_side_asn: Option<u64>,
    #[expect(dead_code, reason = "accepted without effect")]
    encryption_support: Accepted<Support>,
}

impl OptionsChange {
    fn meaning(&self) -> Result<TransitChange, Error> {
        let on = |said: Option<Support>| said.map(Support::is_on);
        Ok(TransitChange {
            asn: self.amazon_side_asn,
            add_cidrs: self.add_transit_gateway_cidr_blocks.clone(),
            remove_cidrs: self.remove_transit_gateway_cidr_blocks.clone(),
            accepts_shared: on(self.auto_accept_shared_attachments),
            association_table: default_table(
                "AssociationDefaultRouteTableId",
                self.default_route_table_association,
                self.association_default_route_table_id,
            )?,
            propagation_table: default_table(
                "PropagationDefaultRouteTableId",
                self.default_route_table_propagation,
                self.propagation_default_route_table_id,
            )?,
            dns_support: on(self.dns_support),
            vpn_ecmp: on(self.vpn_ecmp_support),
            group_references: on(self.security_group_referencing_support),
            ..TransitChange::default()
        })
    }
}

/// The default table as a request changes it. Assumption: to switch one on, the table has to be named.
fn default_table(
    name: &str,
    said: Option<Support>,
    table: Option<TransitTableId>,
) -> Result<Option<Option<TransitTableId>>, Error> {
    match (said, table) {
        (None, None) => Ok(None),
        (Some(Support::Disable), None) => Ok(Some(None)),
        (Some(Support::Enable), None) => {
            Err(Error::new("MissingParameter", format!("The request must contain the parameter {name}")))
        }
        (Some(Support::Disable), Some(_)) => {
            let message = format!("The parameter {name} cannot be used with a default that is disabled");
            Err(Error::new("InvalidParameterCombination", message))
        }
        (_, Some(table)) => Ok(Some(Some(table))),
    }
}

impl Operation for ModifyTransitGateway {
    type Response = OneTransitGateway;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitGateway, Error> {
        let meant = self.options.as_ref().map(OptionsChange::meaning).transpose()?.unwrap_or_default();
        let change = TransitChange { description: self.description, ..meant };
        let id = self.transit_gateway_id;
        cx.command(|network, cx| network.modify_transit_gateway(cx, id, change))?;
        OneTransitGateway::of(cx.seen(), id, "modifying")
    }
}

/// Deletes a gateway without attachments.
#[derive(Param)]
pub struct DeleteTransitGateway {
    transit_gateway_id: TransitGatewayId,
}

impl Operation for DeleteTransitGateway {
    type Response = OneTransitGateway;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitGateway, Error> {
        let id = self.transit_gateway_id;
        cx.command(|network, cx| network.delete_transit_gateway(cx, id))?;
        OneTransitGateway::of(cx.seen(), id, "deleting")
    }
}

/// Lists gateways, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeTransitGateways {
    #[wire(request = "TransitGatewayIds")]
    transit_gateway_ids: Vec<TransitGatewayId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The gateways found.
#[derive(Xml)]
pub struct DescribeTransitGatewaysResponse {
    #[wire(response = "transitGatewaySet")]
    transit_gateways: Vec<TransitGatewayView>,
    next_token: Option<Token>,
}

impl Operation for DescribeTransitGateways {
    type Response = DescribeTransitGatewaysResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let rows = cx.seen().rows(&cx.network.transit_gateways, &self.transit_gateway_ids)?;
        let views = rows.into_iter().map(TransitGatewayView::of);
        let (transit_gateways, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.transit_gateway_id)?;
        Ok(DescribeTransitGatewaysResponse { transit_gateways, next_token })
    }
}

/// A transit gateway.
#[derive(Xml)]
struct TransitGatewayView {
    transit_gateway_id: TransitGatewayId,
    transit_gateway_arn: String,
    state: &'static str,
    owner_id: AccountId,
    description: String,
    creation_time: Timestamp,
    options: OptionsView,
    tags: Tags,
}

#[derive(Xml)]
struct OptionsView {
    amazon_side_asn: u64,
    #[wire(response = "transitGatewayCidrBlocks")]
    transit_gateway_cidr_blocks: Option<Vec<Cidr>>,
    auto_accept_shared_attachments: Support,
    default_route_table_association: Support,
    association_default_route_table_id: Option<TransitTableId>,
    default_route_table_propagation: Support,
    propagation_default_route_table_id: Option<TransitTableId>,
    vpn_ecmp_support: Support,
    dns_support: Support,
    security_group_referencing_support: Support,
    multicast_support: Support,
}

impl TransitGatewayView {
    fn of(gateway: &weir_model::transit_gateway::TransitGateway) -> TransitGatewayView {
        let (id, scope, options) = (gateway.id, gateway.scope, &gateway.options);
        TransitGatewayView {
            transit_gateway_id: id,
            transit_gateway_arn: format!(
                "arn:aws:ec2:{}:{}:transit-gateway/{id}",
                scope.region, scope.account
            ),
            state: if gateway.deleted.is_some() { "deleted" } else { "available" },
            owner_id: scope.account,
            description: gateway.description.clone(),
            creation_time: gateway.created,
            options: OptionsView {
                amazon_side_asn: options.asn,
                transit_gateway_cidr_blocks: Some(options.cidrs.clone()).filter(|cidrs| !cidrs.is_empty()),
                auto_accept_shared_attachments: options.accepts_shared.into(),
                default_route_table_association: options.association_table.is_some().into(),
                association_default_route_table_id: options.association_table,
                default_route_table_propagation: options.propagation_table.is_some().into(),
                propagation_default_route_table_id: options.propagation_table,
                vpn_ecmp_support: options.vpn_ecmp.into(),
                dns_support: options.dns_support.into(),
                security_group_referencing_support: options.group_references.into(),
                multicast_support: Support::Disable,
            },
            tags: gateway.tags.clone(),
        }
    }
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

const FILTERS: FilterTable<TransitGatewayView> = FilterTable {
    rows: &[
        ("options.propagation-default-route-table-id", |view| {
            texts(view.options.propagation_default_route_table_id)
        }),
        ("options.amazon-side-asn", |view| texts([view.options.amazon_side_asn])),
        ("options.association-default-route-table-id", |view| {
            texts(view.options.association_default_route_table_id)
        }),
        ("options.auto-accept-shared-attachments", |view| {
            texts([view.options.auto_accept_shared_attachments.word()])
        }),
        ("options.default-route-table-association", |view| {
            texts([view.options.default_route_table_association.word()])
        }),
        ("options.default-route-table-propagation", |view| {
            texts([view.options.default_route_table_propagation.word()])
        }),
        ("options.dns-support", |view| texts([view.options.dns_support.word()])),
        ("options.vpn-ecmp-support", |view| texts([view.options.vpn_ecmp_support.word()])),
        ("owner-id", |view| texts([view.owner_id])),
        ("state", |view| texts([view.state])),
        ("transit-gateway-id", |view| texts([view.transit_gateway_id])),
    ],
    tags: Some(|view| &view.tags),
};
