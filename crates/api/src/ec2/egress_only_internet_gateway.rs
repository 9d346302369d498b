//! Egress-only internet gateways.
//!
//! Source: EC2 API Reference, CreateEgressOnlyInternetGateway, DescribeEgressOnlyInternetGateways,
//! DeleteEgressOnlyInternetGateway.

use crate::operation::{Context, Error, Operation};
use crate::select::Selection;
use crate::token::ClientToken;
use weir_model::egress_only::EgressOnlyGateway;
use weir_model::{EgressOnlyGatewayId, Tags, VpcId};
use weir_wire::{Bounds, FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// The bounds of `MaxResults`.
const PAGE_BOUNDS: Bounds = 5..=255;

/// Makes an egress-only internet gateway for a VPC.
#[derive(Param)]
pub struct CreateEgressOnlyInternetGateway {
    client_token: ClientToken,
    vpc_id: VpcId,
    tag_specifications: Vec<TagSpecification>,
}

/// The gateway that was made.
#[derive(Xml)]
pub struct CreateEgressOnlyInternetGatewayResponse {
    client_token: ClientToken,
    egress_only_internet_gateway: EgressOnlyInternetGateway,
}

impl Operation for CreateEgressOnlyInternetGateway {
    type Response = CreateEgressOnlyInternetGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "egress-only-internet-gateway")?;
        let id = cx.command(|network, cx| network.create_egress_only_gateway(cx, self.vpc_id, tags))?;
        let made = cx.network.egress_only_gateways.find(cx.scope, &id)?;
        Ok(CreateEgressOnlyInternetGatewayResponse {
            client_token: self.client_token,
            egress_only_internet_gateway: EgressOnlyInternetGateway::of(made),
        })
    }
}

/// Deletes a gateway.
#[derive(Param)]
pub struct DeleteEgressOnlyInternetGateway {
    egress_only_internet_gateway_id: EgressOnlyGatewayId,
}

/// That it is done: this operation has an element of its own for it.
#[derive(Xml)]
pub struct DeleteEgressOnlyInternetGatewayResponse {
    return_code: bool,
}

impl Operation for DeleteEgressOnlyInternetGateway {
    type Response = DeleteEgressOnlyInternetGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.egress_only_internet_gateway_id;
        cx.command(|network, cx| network.delete_egress_only_gateway(cx, id))?;
        Ok(DeleteEgressOnlyInternetGatewayResponse { return_code: true })
    }
}

/// Lists gateways, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeEgressOnlyInternetGateways {
    egress_only_internet_gateway_ids: Vec<EgressOnlyGatewayId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The gateways found.
#[derive(Xml)]
pub struct DescribeEgressOnlyInternetGatewaysResponse {
    egress_only_internet_gateways: Vec<EgressOnlyInternetGateway>,
    next_token: Option<Token>,
}

impl Operation for DescribeEgressOnlyInternetGateways {
    type Response = DescribeEgressOnlyInternetGatewaysResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let ids = &self.egress_only_internet_gateway_ids;
        let rows = cx.seen().rows(&cx.network.egress_only_gateways, ids)?;
        let views = rows.into_iter().map(EgressOnlyInternetGateway::of);
        let (egress_only_internet_gateways, next_token) =
            self.selection
                .narrow(views, &FILTERS, PAGE_BOUNDS, |gateway| gateway.egress_only_internet_gateway_id)?;
        Ok(DescribeEgressOnlyInternetGatewaysResponse { egress_only_internet_gateways, next_token })
    }
}

/// An egress-only internet gateway.
#[derive(Xml)]
pub struct EgressOnlyInternetGateway {
    attachments: Vec<Attachment>,
    egress_only_internet_gateway_id: EgressOnlyGatewayId,
    tags: Tags,
}

/// The attachment of a gateway to its VPC.
#[derive(Xml)]
struct Attachment {
    vpc_id: VpcId,
    state: &'static str,
}

impl EgressOnlyInternetGateway {
    fn of(gateway: &EgressOnlyGateway) -> EgressOnlyInternetGateway {
        EgressOnlyInternetGateway {
            attachments: vec![Attachment { vpc_id: gateway.vpc, state: "attached" }],
            egress_only_internet_gateway_id: gateway.id,
            tags: gateway.tags.clone(),
        }
    }
}

const FILTERS: FilterTable<EgressOnlyInternetGateway> =
    FilterTable { rows: &[], tags: Some(|gateway| &gateway.tags) };
