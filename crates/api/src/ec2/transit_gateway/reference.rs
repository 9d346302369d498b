//! References to prefix lists in transit gateways' tables.
//!
//! Source: EC2 API Reference, CreateTransitGatewayPrefixListReference, ModifyTransitGatewayPrefixListReference,
//! DeleteTransitGatewayPrefixListReference, GetTransitGatewayPrefixListReferences.

use super::route::{HopView, hop};
use super::texts;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::prefix_list::AnyList;
use weir_model::transit_gateway::{TransitHop, TransitReference};
use weir_model::{PrefixListId, TransitAttachmentId, TransitTableId};
use weir_wire::{FilterTable, Param, Token, Xml};

/// Adds a route for each block of a list.
#[derive(Param)]
pub struct CreateTransitGatewayPrefixListReference {
    transit_gateway_route_table_id: TransitTableId,
    prefix_list_id: PrefixListId,
    transit_gateway_attachment_id: Option<TransitAttachmentId>,
    blackhole: Option<bool>,
}

/// One reference.
#[derive(Xml)]
pub struct OneTransitReference {
    transit_gateway_prefix_list_reference: TransitReferenceView,
}

impl OneTransitReference {
    fn of(
        seen: Seen<'_>,
        (table, reference): (TransitTableId, TransitReference),
        state: &'static str,
    ) -> Result<OneTransitReference, Error> {
        let transit_gateway_prefix_list_reference =
            TransitReferenceView::of(seen, (table, &reference), state)?;
        Ok(OneTransitReference { transit_gateway_prefix_list_reference })
    }
}

impl Operation for CreateTransitGatewayPrefixListReference {
    type Response = OneTransitReference;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitReference, Error> {
        let (table, list) = (self.transit_gateway_route_table_id, self.prefix_list_id);
        let hop = hop(self.transit_gateway_attachment_id, self.blackhole)?;
        let reference = TransitReference { list, hop };
        cx.command(|network, cx| network.create_transit_reference(cx, table, reference))?;
        OneTransitReference::of(cx.seen(), (table, reference), "pending")
    }
}

/// Gives a reference another target.
#[derive(Param)]
pub struct ModifyTransitGatewayPrefixListReference {
    transit_gateway_route_table_id: TransitTableId,
    prefix_list_id: PrefixListId,
    transit_gateway_attachment_id: Option<TransitAttachmentId>,
    blackhole: Option<bool>,
}

impl Operation for ModifyTransitGatewayPrefixListReference {
    type Response = OneTransitReference;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitReference, Error> {
        let (table, list) = (self.transit_gateway_route_table_id, self.prefix_list_id);
        let hop = hop(self.transit_gateway_attachment_id, self.blackhole)?;
        let reference = TransitReference { list, hop };
        cx.command(|network, cx| network.modify_transit_reference(cx, table, reference))?;
        OneTransitReference::of(cx.seen(), (table, reference), "modifying")
    }
}

/// Removes a reference and its routes.
#[derive(Param)]
pub struct DeleteTransitGatewayPrefixListReference {
    transit_gateway_route_table_id: TransitTableId,
    prefix_list_id: PrefixListId,
}

impl Operation for DeleteTransitGatewayPrefixListReference {
    type Response = OneTransitReference;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitReference, Error> {
        let (table, list) = (self.transit_gateway_route_table_id, self.prefix_list_id);
        let was = cx.command(|network, cx| network.delete_transit_reference(cx, table, list))?;
        OneTransitReference::of(cx.seen(), (table, was), "deleting")
    }
}

/// A reference of a table.
#[derive(Xml)]
struct TransitReferenceView {
    transit_gateway_route_table_id: TransitTableId,
    prefix_list_id: PrefixListId,
    prefix_list_owner_id: String,
    state: &'static str,
    blackhole: bool,
    transit_gateway_attachment: Option<HopView>,
}

impl TransitReferenceView {
    fn of(
        seen: Seen<'_>,
        (table, reference): (TransitTableId, &TransitReference),
        state: &'static str,
    ) -> Result<TransitReferenceView, Error> {
        let table = seen.network.transit_table(seen.scope, table)?;
        let owner = match seen.network.any_list(seen.scope, reference.list)? {
            AnyList::Own(list) => list.scope.account.to_string(),
            AnyList::Aws(_) => "AWS".to_owned(),
        };
        Ok(TransitReferenceView {
            transit_gateway_route_table_id: table.id,
            prefix_list_id: reference.list,
            prefix_list_owner_id: owner,
            state,
            blackhole: reference.hop == TransitHop::Blackhole,
            transit_gateway_attachment: HopView::of(seen, table, reference.hop.attachment()),
        })
    }

    fn hops(&self) -> impl Iterator<Item = &HopView> {
        self.transit_gateway_attachment.iter()
    }
}

/// Lists the references of a table.
#[derive(Param)]
pub struct GetTransitGatewayPrefixListReferences {
    transit_gateway_route_table_id: TransitTableId,
    #[wire(flatten)]
    selection: Selection,
}

/// The references found.
#[derive(Xml)]
pub struct GetTransitGatewayPrefixListReferencesResponse {
    transit_gateway_prefix_list_references: Vec<TransitReferenceView>,
    next_token: Option<Token>,
}

impl Operation for GetTransitGatewayPrefixListReferences {
    type Response = GetTransitGatewayPrefixListReferencesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let table = cx.network.transit_table(cx.scope, self.transit_gateway_route_table_id)?;
        let mut held = table.references.clone();
        held.sort_by_key(|reference| reference.list);
        let views = held
            .iter()
            .map(|reference| TransitReferenceView::of(cx.seen(), (table.id, reference), "available"));
        let views = views.collect::<Result<Vec<_>, Error>>()?;
        let (transit_gateway_prefix_list_references, next_token) =
            self.selection.narrow(views.into_iter(), &FILTERS, BOUNDS, |view| view.prefix_list_id)?;
        Ok(GetTransitGatewayPrefixListReferencesResponse {
            transit_gateway_prefix_list_references,
            next_token,
        })
    }
}

const FILTERS: FilterTable<TransitReferenceView> = FilterTable {
    rows: &[
        ("attachment.resource-id", |view| texts(view.hops().map(|hop| &hop.resource_id))),
        ("attachment.resource-type", |view| texts(view.hops().map(|hop| hop.resource_type))),
        ("attachment.transit-gateway-attachment-id", |view| {
            texts(view.hops().map(|hop| hop.transit_gateway_attachment_id))
        }),
        ("is-blackhole", |view| texts([view.blackhole])),
        ("prefix-list-id", |view| texts([view.prefix_list_id])),
        ("prefix-list-owner-id", |view| texts([&view.prefix_list_owner_id])),
        ("state", |view| texts([view.state])),
    ],
    tags: None,
};
