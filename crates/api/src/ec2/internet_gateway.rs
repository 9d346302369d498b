//! Internet gateways.
//!
//! Source: EC2 API Reference, CreateInternetGateway, AttachInternetGateway, DescribeInternetGateways,
//! DetachInternetGateway, DeleteInternetGateway.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::{AccountId, InternetGatewayId, Tags, VpcId};
use weir_wire::{FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// Makes an internet gateway.
#[derive(Param)]
pub struct CreateInternetGateway {
    tag_specifications: Vec<TagSpecification>,
}

/// The gateway that was made.
#[derive(Xml)]
pub struct CreateInternetGatewayResponse {
    internet_gateway: InternetGateway,
}

impl Operation for CreateInternetGateway {
    type Response = CreateInternetGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "internet-gateway")?;
        let id = cx.command(|network, cx| network.create_internet_gateway(cx, tags))?;
        let made = cx.network.internet_gateways.find(cx.scope, &id)?;
        Ok(CreateInternetGatewayResponse { internet_gateway: InternetGateway::of(made) })
    }
}

/// Attaches a gateway to a VPC.
#[derive(Param)]
pub struct AttachInternetGateway {
    internet_gateway_id: InternetGatewayId,
    vpc_id: VpcId,
}

impl Operation for AttachInternetGateway {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (gateway, vpc) = (self.internet_gateway_id, self.vpc_id);
        cx.command(|network, cx| network.attach_internet_gateway(cx, gateway, vpc))?;
        Ok(Return)
    }
}

/// Detaches a gateway from its VPC.
#[derive(Param)]
pub struct DetachInternetGateway {
    internet_gateway_id: InternetGatewayId,
    vpc_id: VpcId,
}

impl Operation for DetachInternetGateway {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (gateway, vpc) = (self.internet_gateway_id, self.vpc_id);
        cx.command(|network, cx| network.detach_internet_gateway(cx, gateway, vpc))?;
        Ok(Return)
    }
}

/// Deletes a gateway that is not attached.
#[derive(Param)]
pub struct DeleteInternetGateway {
    internet_gateway_id: InternetGatewayId,
}

impl Operation for DeleteInternetGateway {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_internet_gateway(cx, self.internet_gateway_id))?;
        Ok(Return)
    }
}

/// Lists gateways, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeInternetGateways {
    internet_gateway_ids: Vec<InternetGatewayId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The gateways found.
#[derive(Xml)]
pub struct DescribeInternetGatewaysResponse {
    internet_gateways: Vec<InternetGateway>,
    next_token: Option<Token>,
}

impl Operation for DescribeInternetGateways {
    type Response = DescribeInternetGatewaysResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let rows = cx.seen().rows(&cx.network.internet_gateways, &self.internet_gateway_ids)?;
        let views = rows.into_iter().map(InternetGateway::of);
        let (internet_gateways, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |gateway| gateway.internet_gateway_id)?;
        Ok(DescribeInternetGatewaysResponse { internet_gateways, next_token })
    }
}

/// An internet gateway.
#[derive(Xml)]
pub struct InternetGateway {
    internet_gateway_id: InternetGatewayId,
    owner_id: AccountId,
    attachments: Vec<Attachment>,
    tags: Tags,
}

/// The attachment of a gateway to a VPC. Its state is `available`, which AWS's model does not list.
#[derive(Xml)]
struct Attachment {
    vpc_id: VpcId,
    state: &'static str,
}

impl InternetGateway {
    fn of(gateway: &weir_model::gateway::InternetGateway) -> InternetGateway {
        let attachment = |vpc_id| Attachment { vpc_id, state: "available" };
        InternetGateway {
            internet_gateway_id: gateway.id,
            owner_id: gateway.scope.account,
            attachments: gateway.vpc.map(attachment).into_iter().collect(),
            tags: gateway.tags.clone(),
        }
    }
}

const FILTERS: FilterTable<InternetGateway> = FilterTable {
    rows: &[
        ("attachment.state", |gateway| {
            gateway.attachments.iter().map(|attachment| attachment.state.to_owned()).collect()
        }),
        ("attachment.vpc-id", |gateway| {
            gateway.attachments.iter().map(|attachment| attachment.vpc_id.to_string()).collect()
        }),
        ("internet-gateway-id", |gateway| vec![gateway.internet_gateway_id.to_string()]),
        ("owner-id", |gateway| vec![gateway.owner_id.to_string()]),
    ],
    tags: Some(|gateway| &gateway.tags),
};
