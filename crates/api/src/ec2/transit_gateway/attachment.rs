//! Attachments of every kind, with their associations and propagations.
//!
//! Source: EC2 API Reference, DescribeTransitGatewayAttachments, GetTransitGatewayAttachmentPropagations.

use super::texts;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::transit_gateway::TransitEnd;
use weir_model::{
    AccountId, Missing, Refused, Tags, Timestamp, TransitAttachmentId, TransitGatewayId, TransitTableId,
};
use weir_wire::{FilterTable, Param, Token, Xml};

/// Lists attachments that the caller sees.
#[derive(Param)]
pub struct DescribeTransitGatewayAttachments {
    #[wire(request = "TransitGatewayAttachmentIds")]
    transit_gateway_attachment_ids: Vec<TransitAttachmentId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The attachments found.
#[derive(Xml)]
pub struct DescribeTransitGatewayAttachmentsResponse {
    #[wire(response = "transitGatewayAttachments")]
    transit_gateway_attachments: Vec<AttachmentView>,
    next_token: Option<Token>,
}

impl Operation for DescribeTransitGatewayAttachments {
    type Response = DescribeTransitGatewayAttachmentsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (seen, ids) = (cx.seen(), &self.transit_gateway_attachment_ids);
        let all = seen.network.transit_ends_in(seen.scope);
        if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|end| end.id() == **id)) {
            return Err(Refused::NotFound((*unknown).into()).into());
        }
        let named = all.into_iter().filter(|end| ids.is_empty() || ids.contains(&end.id()));
        let views = named.map(|end| AttachmentView::of(seen, end));
        let (transit_gateway_attachments, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.transit_gateway_attachment_id)?;
        Ok(DescribeTransitGatewayAttachmentsResponse { transit_gateway_attachments, next_token })
    }
}

/// An attachment of any kind.
#[derive(Xml)]
struct AttachmentView {
    transit_gateway_attachment_id: TransitAttachmentId,
    transit_gateway_id: TransitGatewayId,
    transit_gateway_owner_id: Option<AccountId>,
    resource_owner_id: AccountId,
    resource_type: &'static str,
    resource_id: String,
    state: &'static str,
    association: Option<AssociationView>,
    creation_time: Timestamp,
    tags: Tags,
}

#[derive(Xml)]
struct AssociationView {
    transit_gateway_route_table_id: TransitTableId,
    state: &'static str,
}

impl AttachmentView {
    fn of(seen: Seen<'_>, end: TransitEnd<'_>) -> AttachmentView {
        let gateway = seen.network.transit_gateways.get(&end.gateway());
        let association =
            |table| AssociationView { transit_gateway_route_table_id: table, state: "associated" };
        AttachmentView {
            transit_gateway_attachment_id: end.id(),
            transit_gateway_id: end.gateway(),
            transit_gateway_owner_id: gateway.map(|gateway| gateway.scope.account),
            resource_owner_id: end.resource_owner(),
            resource_type: end.resource_type(),
            resource_id: end.resource_id(),
            state: end.state().code(),
            association: end.association().map(association),
            creation_time: end.created(),
            tags: end.tags().clone(),
        }
    }

    fn association(&self) -> Option<&AssociationView> {
        self.association.as_ref()
    }
}

const FILTERS: FilterTable<AttachmentView> = FilterTable {
    rows: &[
        ("association.state", |view| texts(view.association().map(|held| held.state))),
        ("association.transit-gateway-route-table-id", |view| {
            texts(view.association().map(|held| held.transit_gateway_route_table_id))
        }),
        ("resource-id", |view| vec![view.resource_id.clone()]),
        ("resource-owner-id", |view| texts([view.resource_owner_id])),
        ("resource-type", |view| texts([view.resource_type])),
        ("state", |view| texts([view.state])),
        ("transit-gateway-attachment-id", |view| texts([view.transit_gateway_attachment_id])),
        ("transit-gateway-id", |view| texts([view.transit_gateway_id])),
        ("transit-gateway-owner-id", |view| texts(view.transit_gateway_owner_id)),
    ],
    tags: Some(|view| &view.tags),
};

/// Lists the tables that an attachment propagates to.
#[derive(Param)]
pub struct GetTransitGatewayAttachmentPropagations {
    transit_gateway_attachment_id: TransitAttachmentId,
    #[wire(flatten)]
    selection: Selection,
}

/// The tables found.
#[derive(Xml)]
pub struct GetTransitGatewayAttachmentPropagationsResponse {
    #[wire(response = "transitGatewayAttachmentPropagations")]
    transit_gateway_attachment_propagations: Vec<PropagationView>,
    next_token: Option<Token>,
}

/// One table that an attachment propagates to.
#[derive(Xml)]
struct PropagationView {
    transit_gateway_route_table_id: TransitTableId,
    state: &'static str,
}

impl Operation for GetTransitGatewayAttachmentPropagations {
    type Response = GetTransitGatewayAttachmentPropagationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.transit_gateway_attachment_id;
        let end = cx.network.transit_end(cx.scope, id)?;
        let gateway = cx.network.transit_gateway(cx.scope, end.gateway());
        gateway.map_err(|_| Refused::NotFound(Missing::TransitAttachment(id)))?;
        let tables = cx.network.transit_tables_of(end.gateway());
        let views = tables
            .filter(|table| table.propagations.contains(&id))
            .map(|table| PropagationView { transit_gateway_route_table_id: table.id, state: "enabled" });
        let (transit_gateway_attachment_propagations, next_token) =
            self.selection
                .narrow(views, &PROPAGATION_FILTERS, BOUNDS, |view| view.transit_gateway_route_table_id)?;
        Ok(GetTransitGatewayAttachmentPropagationsResponse {
            transit_gateway_attachment_propagations,
            next_token,
        })
    }
}

const PROPAGATION_FILTERS: FilterTable<PropagationView> = FilterTable {
    rows: &[("transit-gateway-route-table-id", |view| texts([view.transit_gateway_route_table_id]))],
    tags: None,
};
