//! Attachments of VPCs.
//!
//! Source: EC2 API Reference, CreateTransitGatewayVpcAttachment, DescribeTransitGatewayVpcAttachments,
//! ModifyTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment.

use super::{Support, or, texts};
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::transit_gateway::attachment::{NewTransitAttachment, TransitAttachmentChange};
use weir_model::transit_gateway::{TransitAttachment, TransitAttachmentOptions};
use weir_model::{
    AccountId, Missing, Refused, SubnetId, Tags, Timestamp, TransitAttachmentId, TransitGatewayId, VpcId,
};
use weir_wire::{FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Attaches a VPC to a gateway.
#[derive(Param)]
pub struct CreateTransitGatewayVpcAttachment {
    transit_gateway_id: TransitGatewayId,
    vpc_id: VpcId,
    #[wire(request = "SubnetIds", required)]
    subnet_ids: Vec<SubnetId>,
    options: Option<VpcOptionsRequest>,
    #[wire(request = "TagSpecifications")]
    tag_specifications: Vec<TagSpecification>,
}

/// The options of an attachment as requests say them.
#[derive(Default, Param)]
struct VpcOptionsRequest {
    dns_support: Option<Support>,
    security_group_referencing_support: Option<Support>,
    ipv6_support: Option<Support>,
    appliance_mode_support: Option<Support>,
}

/// One attachment.
#[derive(Xml)]
pub struct OneVpcAttachment {
    transit_gateway_vpc_attachment: VpcAttachmentView,
}

impl OneVpcAttachment {
    fn of(seen: Seen<'_>, id: TransitAttachmentId, state: &'static str) -> Result<OneVpcAttachment, Error> {
        let found = seen.network.transit_attachments_in(seen.scope).find(|attachment| attachment.id == id);
        let found = found.ok_or(Refused::NotFound(Missing::TransitVpcAttachment(id)))?;
        let view = VpcAttachmentView { state, ..VpcAttachmentView::of(found) };
        Ok(OneVpcAttachment { transit_gateway_vpc_attachment: view })
    }
}

impl Operation for CreateTransitGatewayVpcAttachment {
    type Response = OneVpcAttachment;

    fn run(self, cx: &mut Context<'_>) -> Result<OneVpcAttachment, Error> {
        let (default, said) = (TransitAttachmentOptions::default(), self.options.unwrap_or_default());
        let new = NewTransitAttachment {
            gateway: self.transit_gateway_id,
            vpc: self.vpc_id,
            subnets: self.subnet_ids,
            options: TransitAttachmentOptions {
                dns_support: or(said.dns_support, default.dns_support),
                ipv6_support: or(said.ipv6_support, default.ipv6_support),
                appliance_mode: or(said.appliance_mode_support, default.appliance_mode),
                group_references: or(said.security_group_referencing_support, default.group_references),
            },
            tags: specified_tags(&self.tag_specifications, "transit-gateway-attachment")?,
        };
        let id = cx.command(|network, cx| network.create_transit_attachment(cx, new))?;
        OneVpcAttachment::of(cx.seen(), id, "pending")
    }
}

/// Changes an attachment's subnets and options.
#[derive(Param)]
pub struct ModifyTransitGatewayVpcAttachment {
    transit_gateway_attachment_id: TransitAttachmentId,
    #[wire(request = "AddSubnetIds")]
    add_subnet_ids: Vec<SubnetId>,
    #[wire(request = "RemoveSubnetIds")]
    remove_subnet_ids: Vec<SubnetId>,
    options: Option<VpcOptionsRequest>,
}

impl Operation for ModifyTransitGatewayVpcAttachment {
    type Response = OneVpcAttachment;

    fn run(self, cx: &mut Context<'_>) -> Result<OneVpcAttachment, Error> {
        let (id, said) = (self.transit_gateway_attachment_id, self.options.unwrap_or_default());
        let on = |said: Option<Support>| said.map(Support::is_on);
        let change = TransitAttachmentChange {
            add_subnets: self.add_subnet_ids,
            remove_subnets: self.remove_subnet_ids,
            dns_support: on(said.dns_support),
            ipv6_support: on(said.ipv6_support),
            appliance_mode: on(said.appliance_mode_support),
            group_references: on(said.security_group_referencing_support),
        };
        cx.command(|network, cx| network.modify_transit_attachment(cx, id, change))?;
        OneVpcAttachment::of(cx.seen(), id, "modifying")
    }
}

/// Deletes an attachment.
#[derive(Param)]
pub struct DeleteTransitGatewayVpcAttachment {
    transit_gateway_attachment_id: TransitAttachmentId,
}

impl Operation for DeleteTransitGatewayVpcAttachment {
    type Response = OneVpcAttachment;

    fn run(self, cx: &mut Context<'_>) -> Result<OneVpcAttachment, Error> {
        let id = self.transit_gateway_attachment_id;
        cx.command(|network, cx| network.delete_transit_attachment(cx, id))?;
        OneVpcAttachment::of(cx.seen(), id, "deleting")
    }
}

/// Lists attachments of VPCs that the caller sees.
#[derive(Param)]
pub struct DescribeTransitGatewayVpcAttachments {
    #[wire(request = "TransitGatewayAttachmentIds")]
    transit_gateway_attachment_ids: Vec<TransitAttachmentId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The attachments found.
#[derive(Xml)]
pub struct DescribeTransitGatewayVpcAttachmentsResponse {
    #[wire(response = "transitGatewayVpcAttachments")]
    transit_gateway_vpc_attachments: Vec<VpcAttachmentView>,
    next_token: Option<Token>,
}

impl Operation for DescribeTransitGatewayVpcAttachments {
    type Response = DescribeTransitGatewayVpcAttachmentsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (seen, ids) = (cx.seen(), &self.transit_gateway_attachment_ids);
        let all: Vec<&TransitAttachment> = seen.network.transit_attachments_in(seen.scope).collect();
        if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|attachment| attachment.id == **id)) {
            return Err(Refused::NotFound(Missing::TransitVpcAttachment(*unknown)).into());
        }
        let named = all.into_iter().filter(|attachment| ids.is_empty() || ids.contains(&attachment.id));
        let views = named.map(VpcAttachmentView::of);
        let (transit_gateway_vpc_attachments, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.transit_gateway_attachment_id)?;
        Ok(DescribeTransitGatewayVpcAttachmentsResponse { transit_gateway_vpc_attachments, next_token })
    }
}

/// The attachment of a VPC.
#[derive(Xml)]
struct VpcAttachmentView {
    transit_gateway_attachment_id: TransitAttachmentId,
    transit_gateway_id: TransitGatewayId,
    vpc_id: VpcId,
    vpc_owner_id: AccountId,
    state: &'static str,
    #[wire(response = "subnetIds")]
    subnet_ids: Vec<SubnetId>,
    creation_time: Timestamp,
    options: VpcOptionsView,
    tags: Tags,
}

#[derive(Xml)]
struct VpcOptionsView {
    dns_support: Support,
    security_group_referencing_support: Support,
    ipv6_support: Support,
    appliance_mode_support: Support,
}

impl VpcAttachmentView {
    fn of(attachment: &TransitAttachment) -> VpcAttachmentView {
        let options = attachment.options;
        VpcAttachmentView {
            transit_gateway_attachment_id: attachment.id,
            transit_gateway_id: attachment.gateway,
            vpc_id: attachment.vpc,
            vpc_owner_id: attachment.scope.account,
            state: attachment.state.code(),
            subnet_ids: attachment.subnets.clone(),
            creation_time: attachment.created,
            options: VpcOptionsView {
                dns_support: options.dns_support.into(),
                security_group_referencing_support: options.group_references.into(),
                ipv6_support: options.ipv6_support.into(),
                appliance_mode_support: options.appliance_mode.into(),
            },
            tags: attachment.tags.clone(),
        }
    }
}

const FILTERS: FilterTable<VpcAttachmentView> = FilterTable {
    rows: &[
        ("state", |view| texts([view.state])),
        ("transit-gateway-attachment-id", |view| texts([view.transit_gateway_attachment_id])),
        ("transit-gateway-id", |view| texts([view.transit_gateway_id])),
        ("vpc-id", |view| texts([view.vpc_id])),
    ],
    tags: Some(|view| &view.tags),
};
