//! Peering attachments of transit gateways.
//!
//! Source: EC2 API Reference, CreateTransitGatewayPeeringAttachment, AcceptTransitGatewayPeeringAttachment,
//! RejectTransitGatewayPeeringAttachment, DeleteTransitGatewayPeeringAttachment, DescribeTransitGatewayPeeringAttachments.

use super::{Support, texts};
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::transit_gateway::peering::NewTransitPeering;
use weir_model::transit_gateway::{TransitPeering, TransitSide, TransitState};
use weir_model::{
    AccountId, Refused, RegionName, Scope, Tags, Timestamp, TransitAttachmentId, TransitGatewayId,
};
use weir_wire::{Accepted, FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Asks to peer two gateways.
#[derive(Param)]
pub struct CreateTransitGatewayPeeringAttachment {
    transit_gateway_id: TransitGatewayId,
    peer_transit_gateway_id: TransitGatewayId,
    peer_account_id: AccountId,
    peer_region: RegionName,
    #[expect(dead_code, reason = "accepted without effect")]
    options: Option<PeeringOptionsRequest>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Param)]
struct PeeringOptionsRequest {
    #[expect(dead_code, reason = "accepted without effect")]
    dynamic_routing: Accepted<Support>,
}

/// One peering attachment.
#[derive(Xml)]
pub struct OneTransitPeering {
    transit_gateway_peering_attachment: TransitPeeringView,
}

impl OneTransitPeering {
    fn of(seen: Seen<'_>, id: TransitAttachmentId, shown: &'static str) -> Result<OneTransitPeering, Error> {
        let mut peerings = seen.network.transit_peerings_in(seen.scope);
        let found = peerings
            .find(|peering| [&peering.requester, &peering.accepter].iter().any(|side| side.attachment == id));
        let found = found.ok_or(Refused::NotFound(id.into()))?;
        let view = TransitPeeringView::of(seen, found, Some(shown));
        Ok(OneTransitPeering { transit_gateway_peering_attachment: view })
    }
}

impl Operation for CreateTransitGatewayPeeringAttachment {
    type Response = OneTransitPeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitPeering, Error> {
        let new = NewTransitPeering {
            gateway: self.transit_gateway_id,
            peer_gateway: self.peer_transit_gateway_id,
            peer: Scope { account: self.peer_account_id, region: self.peer_region },
            tags: specified_tags(&self.tag_specifications, "transit-gateway-attachment")?,
        };
        let id = cx.command(|network, cx| network.request_transit_peering(cx, new))?;
        OneTransitPeering::of(cx.seen(), id, "initiatingRequest")
    }
}

/// Accepts a peering.
#[derive(Param)]
pub struct AcceptTransitGatewayPeeringAttachment {
    transit_gateway_attachment_id: TransitAttachmentId,
}

impl Operation for AcceptTransitGatewayPeeringAttachment {
    type Response = OneTransitPeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitPeering, Error> {
        let id = self.transit_gateway_attachment_id;
        cx.command(|network, cx| network.accept_transit_peering(cx, id))?;
        OneTransitPeering::of(cx.seen(), id, "pending")
    }
}

/// Refuses a peering.
#[derive(Param)]
pub struct RejectTransitGatewayPeeringAttachment {
    transit_gateway_attachment_id: TransitAttachmentId,
}

impl Operation for RejectTransitGatewayPeeringAttachment {
    type Response = OneTransitPeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitPeering, Error> {
        let id = self.transit_gateway_attachment_id;
        cx.command(|network, cx| network.reject_transit_peering(cx, id))?;
        OneTransitPeering::of(cx.seen(), id, "rejecting")
    }
}

/// Ends a peering.
#[derive(Param)]
pub struct DeleteTransitGatewayPeeringAttachment {
    transit_gateway_attachment_id: TransitAttachmentId,
}

impl Operation for DeleteTransitGatewayPeeringAttachment {
    type Response = OneTransitPeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitPeering, Error> {
        let id = self.transit_gateway_attachment_id;
        cx.command(|network, cx| network.delete_transit_peering(cx, id))?;
        OneTransitPeering::of(cx.seen(), id, "deleting")
    }
}

/// Lists the peerings that the caller has a side of.
#[derive(Param)]
pub struct DescribeTransitGatewayPeeringAttachments {
    #[wire(request = "TransitGatewayAttachmentIds")]
    transit_gateway_attachment_ids: Vec<TransitAttachmentId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The peerings found.
#[derive(Xml)]
pub struct DescribeTransitGatewayPeeringAttachmentsResponse {
    #[wire(response = "transitGatewayPeeringAttachments")]
    transit_gateway_peering_attachments: Vec<TransitPeeringView>,
    next_token: Option<Token>,
}

impl Operation for DescribeTransitGatewayPeeringAttachments {
    type Response = DescribeTransitGatewayPeeringAttachmentsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (seen, ids) = (cx.seen(), &self.transit_gateway_attachment_ids);
        let all: Vec<&TransitPeering> = seen.network.transit_peerings_in(seen.scope).collect();
        let is_named = |peering: &TransitPeering, id: TransitAttachmentId| {
            [&peering.requester, &peering.accepter].iter().any(|side| side.attachment == id)
        };
        if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|peering| is_named(peering, **id))) {
            return Err(Refused::NotFound((*unknown).into()).into());
        }
        let named = all
            .into_iter()
            .filter(|peering| ids.is_empty() || ids.iter().any(|id| is_named(peering, *id)))
            .map(|peering| Found::of(seen, peering));
        let (found, next_token) = self
            .selection
            .narrow(named, &FILTERS, BOUNDS, |found| found.view.transit_gateway_attachment_id)?;
        let views = found.into_iter().map(|found| found.view).collect();
        Ok(DescribeTransitGatewayPeeringAttachmentsResponse {
            transit_gateway_peering_attachments: views,
            next_token,
        })
    }
}

/// A peering as one of its owners sees it.
#[derive(Xml)]
struct TransitPeeringView {
    transit_gateway_attachment_id: TransitAttachmentId,
    accepter_transit_gateway_attachment_id: Option<TransitAttachmentId>,
    requester_tgw_info: SideInfo,
    accepter_tgw_info: SideInfo,
    status: StatusView,
    state: &'static str,
    creation_time: Timestamp,
    tags: Tags,
}

#[derive(Xml)]
struct SideInfo {
    transit_gateway_id: TransitGatewayId,
    owner_id: AccountId,
    region: RegionName,
}

#[derive(Xml)]
struct StatusView {
    code: &'static str,
    message: &'static str,
}

impl TransitPeeringView {
    /// The peering as `seen`; `shown` is the state to show instead, one that passes by itself.
    fn of(seen: Seen<'_>, peering: &TransitPeering, shown: Option<&'static str>) -> TransitPeeringView {
        let (requester, accepter) = (&peering.requester, &peering.accepter);
        let state = shown.unwrap_or(peering.state.code());
        let own = [requester, accepter].into_iter().find(|side| side.scope == seen.scope);
        TransitPeeringView {
            transit_gateway_attachment_id: requester.attachment,
            accepter_transit_gateway_attachment_id: Some(accepter.attachment)
                .filter(|id| *id != requester.attachment),
            requester_tgw_info: SideInfo::of(requester),
            accepter_tgw_info: SideInfo::of(accepter),
            status: StatusView { code: state, message: message(peering.state, shown) },
            state,
            creation_time: peering.created,
            tags: own.map(|side| side.tags.clone()).unwrap_or_default(),
        }
    }
}

/// Assumption: AWS does not document its sentences.
fn message(state: TransitState, shown: Option<&str>) -> &'static str {
    match state {
        _ if shown.is_some() => "",
        TransitState::Available => "Available",
        TransitState::PendingAcceptance => "Waiting for the owner of the accepter transit gateway",
        TransitState::Rejected => "Rejected by the owner of the accepter transit gateway",
        TransitState::Failed => "There is no such accepter transit gateway",
        TransitState::Deleted => "Deleted",
    }
}

impl SideInfo {
    fn of(side: &TransitSide) -> SideInfo {
        let Scope { account, region } = side.scope;
        SideInfo { transit_gateway_id: side.gateway, owner_id: account, region }
    }
}

/// A peering, and which of its owners looks.
struct Found {
    view: TransitPeeringView,
    local: AccountId,
    remote: AccountId,
}

impl Found {
    fn of(seen: Seen<'_>, peering: &TransitPeering) -> Found {
        let (requester, accepter) = (peering.requester.scope, peering.accepter.scope);
        let remote = if requester == seen.scope { accepter } else { requester };
        let view = TransitPeeringView::of(seen, peering, None);
        Found { view, local: seen.scope.account, remote: remote.account }
    }
}

const FILTERS: FilterTable<Found> = FilterTable {
    rows: &[
        ("local-owner-id", |found| texts([found.local])),
        ("remote-owner-id", |found| texts([found.remote])),
        ("state", |found| texts([found.view.state])),
        ("transit-gateway-attachment-id", |found| texts([found.view.transit_gateway_attachment_id])),
        ("transit-gateway-id", |found| {
            let (requester, accepter) = (&found.view.requester_tgw_info, &found.view.accepter_tgw_info);
            texts([requester.transit_gateway_id, accepter.transit_gateway_id])
        }),
    ],
    tags: Some(|found| &found.view.tags),
};
