//! Route tables of transit gateways, their associations and propagations.
//!
//! Source: EC2 API Reference, CreateTransitGatewayRouteTable, DescribeTransitGatewayRouteTables,
//! DeleteTransitGatewayRouteTable, AssociateTransitGatewayRouteTable, EnableTransitGatewayRouteTablePropagation,
//! GetTransitGatewayRouteTableAssociations, GetTransitGatewayRouteTablePropagations.

use super::texts;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::transit_gateway::{TransitEnd, TransitTable};
use weir_model::{Tags, Timestamp, TransitAttachmentId, TransitGatewayId, TransitTableId};
use weir_wire::{FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Makes a route table.
#[derive(Param)]
pub struct CreateTransitGatewayRouteTable {
    transit_gateway_id: TransitGatewayId,
    #[wire(request = "TagSpecifications")]
    tag_specifications: Vec<TagSpecification>,
}

/// One table.
#[derive(Xml)]
pub struct OneTransitTable {
    transit_gateway_route_table: TransitTableView,
}

impl OneTransitTable {
    fn of(seen: Seen<'_>, id: TransitTableId, state: &'static str) -> Result<OneTransitTable, Error> {
        let found = seen.network.transit_tables.find(seen.scope, &id)?;
        let view = TransitTableView { state, ..TransitTableView::of(seen, found) };
        Ok(OneTransitTable { transit_gateway_route_table: view })
    }
}

impl Operation for CreateTransitGatewayRouteTable {
    type Response = OneTransitTable;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitTable, Error> {
        let tags = specified_tags(&self.tag_specifications, "transit-gateway-route-table")?;
        let gateway = self.transit_gateway_id;
        let id = cx.command(|network, cx| network.create_transit_table(cx, gateway, tags))?;
        OneTransitTable::of(cx.seen(), id, "pending")
    }
}

/// Deletes a route table.
#[derive(Param)]
pub struct DeleteTransitGatewayRouteTable {
    transit_gateway_route_table_id: TransitTableId,
}

impl Operation for DeleteTransitGatewayRouteTable {
    type Response = OneTransitTable;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitTable, Error> {
        let id = self.transit_gateway_route_table_id;
        cx.command(|network, cx| network.delete_transit_table(cx, id))?;
        OneTransitTable::of(cx.seen(), id, "deleting")
    }
}

/// Lists route tables, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeTransitGatewayRouteTables {
    #[wire(request = "TransitGatewayRouteTableIds")]
    transit_gateway_route_table_ids: Vec<TransitTableId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The tables found.
#[derive(Xml)]
pub struct DescribeTransitGatewayRouteTablesResponse {
    #[wire(response = "transitGatewayRouteTables")]
    transit_gateway_route_tables: Vec<TransitTableView>,
    next_token: Option<Token>,
}

impl Operation for DescribeTransitGatewayRouteTables {
    type Response = DescribeTransitGatewayRouteTablesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&cx.network.transit_tables, &self.transit_gateway_route_table_ids)?;
        let views = rows.into_iter().map(|table| TransitTableView::of(seen, table));
        let (transit_gateway_route_tables, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.transit_gateway_route_table_id)?;
        Ok(DescribeTransitGatewayRouteTablesResponse { transit_gateway_route_tables, next_token })
    }
}

/// A route table.
#[derive(Xml)]
struct TransitTableView {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_id: TransitGatewayId,
    state: &'static str,
    default_association_route_table: bool,
    default_propagation_route_table: bool,
    creation_time: Timestamp,
    tags: Tags,
}

impl TransitTableView {
    fn of(seen: Seen<'_>, table: &TransitTable) -> TransitTableView {
        let options = seen.network.transit_gateways.get(&table.gateway).map(|gateway| &gateway.options);
        TransitTableView {
            transit_gateway_route_table_id: table.id,
            transit_gateway_id: table.gateway,
            state: if table.deleted.is_some() { "deleted" } else { "available" },
            default_association_route_table: options
                .is_some_and(|options| options.association_table == Some(table.id)),
            default_propagation_route_table: options
                .is_some_and(|options| options.propagation_table == Some(table.id)),
            creation_time: table.created,
            tags: table.tags.clone(),
        }
    }
}

const FILTERS: FilterTable<TransitTableView> = FilterTable {
    rows: &[
        ("default-association-route-table", |view| texts([view.default_association_route_table])),
        ("default-propagation-route-table", |view| texts([view.default_propagation_route_table])),
        ("state", |view| texts([view.state])),
        ("transit-gateway-id", |view| texts([view.transit_gateway_id])),
        ("transit-gateway-route-table-id", |view| texts([view.transit_gateway_route_table_id])),
    ],
    tags: Some(|view| &view.tags),
};

/// Lets a table decide about packets from an attachment.
#[derive(Param)]
pub struct AssociateTransitGatewayRouteTable {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: TransitAttachmentId,
}

/// The association as it comes or goes.
#[derive(Xml)]
pub struct OneAssociation {
    association: AssociationView,
}

#[derive(Xml)]
struct AssociationView {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: TransitAttachmentId,
    resource_id: String,
    resource_type: &'static str,
    state: &'static str,
}

impl OneAssociation {
    fn of(
        seen: Seen<'_>,
        (table, attachment): (TransitTableId, TransitAttachmentId),
        state: &'static str,
    ) -> Result<OneAssociation, Error> {
        let end = seen.network.transit_end(seen.scope, attachment)?;
        Ok(OneAssociation {
            association: AssociationView {
                transit_gateway_route_table_id: table,
                transit_gateway_attachment_id: attachment,
                resource_id: end.resource_id(),
                resource_type: end.resource_type(),
                state,
            },
        })
    }
}

impl Operation for AssociateTransitGatewayRouteTable {
    type Response = OneAssociation;

    fn run(self, cx: &mut Context<'_>) -> Result<OneAssociation, Error> {
        let pair = (self.transit_gateway_route_table_id, self.transit_gateway_attachment_id);
        cx.command(|network, cx| network.associate_transit_table(cx, pair.0, pair.1))?;
        OneAssociation::of(cx.seen(), pair, "associating")
    }
}

/// Ends an association.
#[derive(Param)]
pub struct DisassociateTransitGatewayRouteTable {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: TransitAttachmentId,
}

impl Operation for DisassociateTransitGatewayRouteTable {
    type Response = OneAssociation;

    fn run(self, cx: &mut Context<'_>) -> Result<OneAssociation, Error> {
        let pair = (self.transit_gateway_route_table_id, self.transit_gateway_attachment_id);
        cx.command(|network, cx| network.disassociate_transit_table(cx, pair.0, pair.1))?;
        OneAssociation::of(cx.seen(), pair, "disassociating")
    }
}

/// Lets the blocks of an attached VPC be routes of a table.
#[derive(Param)]
pub struct EnableTransitGatewayRouteTablePropagation {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: Option<TransitAttachmentId>,
}

/// The propagation as it comes or goes.
#[derive(Xml)]
pub struct OnePropagation {
    propagation: PropagationView,
}

#[derive(Xml)]
struct PropagationView {
    transit_gateway_attachment_id: TransitAttachmentId,
    resource_id: String,
    resource_type: &'static str,
    transit_gateway_route_table_id: TransitTableId,
    state: &'static str,
}

impl OnePropagation {
    fn of(
        seen: Seen<'_>,
        (table, attachment): (TransitTableId, TransitAttachmentId),
        state: &'static str,
    ) -> Result<OnePropagation, Error> {
        let end = seen.network.transit_end(seen.scope, attachment)?;
        Ok(OnePropagation {
            propagation: PropagationView {
                transit_gateway_attachment_id: attachment,
                resource_id: end.resource_id(),
                resource_type: end.resource_type(),
                transit_gateway_route_table_id: table,
                state,
            },
        })
    }
}

/// The attachment, which a request may leave out in favour of a policy table's announcement; Weir has none of those.
fn required(attachment: Option<TransitAttachmentId>) -> Result<TransitAttachmentId, Error> {
    let message = "The request must contain the parameter TransitGatewayAttachmentId";
    attachment.ok_or_else(|| Error::new("MissingParameter", message))
}

impl Operation for EnableTransitGatewayRouteTablePropagation {
    type Response = OnePropagation;

    fn run(self, cx: &mut Context<'_>) -> Result<OnePropagation, Error> {
        let pair = (self.transit_gateway_route_table_id, required(self.transit_gateway_attachment_id)?);
        cx.command(|network, cx| network.enable_transit_propagation(cx, pair.0, pair.1))?;
        OnePropagation::of(cx.seen(), pair, "enabling")
    }
}

/// Takes the blocks of an attached VPC out of a table.
#[derive(Param)]
pub struct DisableTransitGatewayRouteTablePropagation {
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: Option<TransitAttachmentId>,
}

impl Operation for DisableTransitGatewayRouteTablePropagation {
    type Response = OnePropagation;

    fn run(self, cx: &mut Context<'_>) -> Result<OnePropagation, Error> {
        let pair = (self.transit_gateway_route_table_id, required(self.transit_gateway_attachment_id)?);
        cx.command(|network, cx| network.disable_transit_propagation(cx, pair.0, pair.1))?;
        OnePropagation::of(cx.seen(), pair, "disabling")
    }
}

/// Lists the attachments that a table decides for.
#[derive(Param)]
pub struct GetTransitGatewayRouteTableAssociations {
    transit_gateway_route_table_id: TransitTableId,
    #[wire(flatten)]
    selection: Selection,
}

/// The associations found.
#[derive(Xml)]
pub struct GetTransitGatewayRouteTableAssociationsResponse {
    #[wire(response = "associations")]
    associations: Vec<MemberView>,
    next_token: Option<Token>,
}

/// An attachment as a table knows it.
#[derive(Xml)]
struct MemberView {
    transit_gateway_attachment_id: TransitAttachmentId,
    resource_id: String,
    resource_type: &'static str,
    state: &'static str,
}

impl MemberView {
    fn of(end: TransitEnd<'_>, state: &'static str) -> MemberView {
        MemberView {
            transit_gateway_attachment_id: end.id(),
            resource_id: end.resource_id(),
            resource_type: end.resource_type(),
            state,
        }
    }
}

impl Operation for GetTransitGatewayRouteTableAssociations {
    type Response = GetTransitGatewayRouteTableAssociationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let table = cx.network.transit_table(cx.scope, self.transit_gateway_route_table_id)?;
        let ends = cx.network.transit_ends_of(table.gateway).into_iter();
        let held = ends.filter(|end| end.association() == Some(table.id));
        let views = held.map(|end| MemberView::of(end, "associated"));
        let (associations, next_token) = self
            .selection
            .narrow(views, &MEMBER_FILTERS, BOUNDS, |view| view.transit_gateway_attachment_id)?;
        Ok(GetTransitGatewayRouteTableAssociationsResponse { associations, next_token })
    }
}

/// Lists the attachments that propagate to a table.
#[derive(Param)]
pub struct GetTransitGatewayRouteTablePropagations {
    transit_gateway_route_table_id: TransitTableId,
    #[wire(flatten)]
    selection: Selection,
}

/// The propagations found.
#[derive(Xml)]
pub struct GetTransitGatewayRouteTablePropagationsResponse {
    #[wire(response = "transitGatewayRouteTablePropagations")]
    transit_gateway_route_table_propagations: Vec<MemberView>,
    next_token: Option<Token>,
}

impl Operation for GetTransitGatewayRouteTablePropagations {
    type Response = GetTransitGatewayRouteTablePropagationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let table = cx.network.transit_table(cx.scope, self.transit_gateway_route_table_id)?;
        let ends = cx.network.transit_ends_of(table.gateway).into_iter();
        let held = ends.filter(|end| table.propagations.contains(&end.id()));
        let views = held.map(|end| MemberView::of(end, "enabled"));
        let (transit_gateway_route_table_propagations, next_token) =
            self.selection
                .narrow(views, &MEMBER_FILTERS, BOUNDS, |view| view.transit_gateway_attachment_id)?;
        Ok(GetTransitGatewayRouteTablePropagationsResponse {
            transit_gateway_route_table_propagations,
            next_token,
        })
    }
}

const MEMBER_FILTERS: FilterTable<MemberView> = FilterTable {
    rows: &[
        ("resource-id", |view| vec![view.resource_id.clone()]),
        ("resource-type", |view| texts([view.resource_type])),
        ("transit-gateway-attachment-id", |view| texts([view.transit_gateway_attachment_id])),
    ],
    tags: None,
};
