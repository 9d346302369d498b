//! VPCs, their CIDR blocks and attributes.
//!
//! Source: EC2 API Reference, CreateVpc, CreateDefaultVpc, DescribeVpcs, DescribeVpcAttribute, ModifyVpcAttribute,
//! AssociateVpcCidrBlock, DisassociateVpcCidrBlock, DeleteVpc.

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::vpc::{NewVpc, VpcAttribute};
use weir_model::{AccountId, Cidr, Cidr4, Cidr6, RegionName, Tags, VpcCidrAssociationId, VpcId};
use weir_wire::{AttributeValue, FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// The tenancy of the instances of a VPC.
#[derive(Clone, Copy, Param)]
pub enum Tenancy {
    /// They share hosts with others.
    Default,
    /// They have hosts of their own.
    Dedicated,
}

impl Tenancy {
    fn name(self) -> &'static str {
        match self {
            Tenancy::Default => "default",
            Tenancy::Dedicated => "dedicated",
        }
    }
}

/// Makes a VPC.
#[derive(Param)]
pub struct CreateVpc {
    cidr_block: Option<Cidr4>,
    amazon_provided_ipv6_cidr_block: Option<bool>,
    ipv6_cidr_block_network_border_group: Option<RegionName>,
    instance_tenancy: Option<Tenancy>,
    tag_specifications: Vec<TagSpecification>,
}

/// The VPC that was made.
#[derive(Xml)]
pub struct CreateVpcResponse {
    vpc: Vpc,
}

impl Operation for CreateVpc {
    type Response = CreateVpcResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let missing =
            || Error::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
        check_border_group(cx, self.ipv6_cidr_block_network_border_group)?;
        let new = NewVpc {
            cidr: self.cidr_block.ok_or_else(missing)?,
            ipv6: self.amazon_provided_ipv6_cidr_block.unwrap_or(false),
            tenancy: self.instance_tenancy.unwrap_or(Tenancy::Default).name().to_owned(),
            tags: specified_tags(&self.tag_specifications, "vpc")?,
        };
        let id = cx.command(|network, cx| network.create_vpc(cx, new))?;
        Ok(CreateVpcResponse { vpc: Vpc::made(cx.seen(), id) })
    }
}

/// Every region is one network border group: Weir has no local zones.
fn check_border_group(cx: &Context<'_>, group: Option<RegionName>) -> Result<(), Error> {
    match group {
        Some(group) if group != cx.scope.region => Err(Error::new(
            "InvalidParameterValue",
            format!("Value ({group}) for parameter ipv6CidrBlockNetworkBorderGroup is invalid."),
        )),
        _ => Ok(()),
    }
}

/// Makes the region's default VPC again.
#[derive(Param)]
pub struct CreateDefaultVpc {}

impl Operation for CreateDefaultVpc {
    type Response = CreateVpcResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = cx.command(|network, cx| network.create_default_vpc(cx))?;
        Ok(CreateVpcResponse { vpc: Vpc::made(cx.seen(), id) })
    }
}

/// Deletes a VPC that holds nothing but what came with it.
#[derive(Param)]
pub struct DeleteVpc {
    vpc_id: VpcId,
}

impl Operation for DeleteVpc {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_vpc(cx, self.vpc_id))?;
        Ok(Return)
    }
}

/// Lists VPCs, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeVpcs {
    vpc_ids: Vec<VpcId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The VPCs found.
#[derive(Xml)]
pub struct DescribeVpcsResponse {
    vpcs: Vec<Vpc>,
    next_token: Option<Token>,
}

impl Operation for DescribeVpcs {
    type Response = DescribeVpcsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let rows = cx.seen().rows(&cx.network.vpcs, &self.vpc_ids)?;
        let views = rows.into_iter().map(|vpc| Vpc::of(vpc, "available"));
        let (vpcs, next_token) = self.selection.narrow(views, &FILTERS, BOUNDS, |vpc| vpc.vpc_id)?;
        Ok(DescribeVpcsResponse { vpcs, next_token })
    }
}

/// A VPC.
#[derive(Xml)]
pub struct Vpc {
    vpc_id: VpcId,
    owner_id: AccountId,
    state: &'static str,
    cidr_block: Cidr4,
    cidr_block_association_set: Vec<Block>,
    ipv6_cidr_block_association_set: Vec<Ipv6Block>,
    dhcp_options_id: String,
    tags: Tags,
    instance_tenancy: String,
    is_default: bool,
    block_public_access_states: BlockPublicAccessStates,
}

/// An IPv4 block of a VPC.
#[derive(Clone, Debug, Xml)]
struct Block {
    association_id: VpcCidrAssociationId,
    cidr_block: Cidr4,
    cidr_block_state: BlockState,
}

/// An IPv6 block of a VPC.
#[derive(Clone, Debug, Xml)]
struct Ipv6Block {
    association_id: VpcCidrAssociationId,
    ipv6_cidr_block: Cidr6,
    ipv6_cidr_block_state: BlockState,
    network_border_group: RegionName,
    ipv6_pool: &'static str,
    ipv6_address_attribute: &'static str,
    ip_source: &'static str,
}

/// How far the association of a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Xml)]
pub struct BlockState {
    state: &'static str,
}

impl BlockState {
    /// The block is there.
    pub const ASSOCIATED: BlockState = BlockState { state: "associated" };
    /// The answer to adding it.
    pub const ASSOCIATING: BlockState = BlockState { state: "associating" };
    /// The answer to removing it.
    pub const DISASSOCIATING: BlockState = BlockState { state: "disassociating" };

    /// The word for it.
    pub fn name(self) -> &'static str {
        self.state
    }
}

/// Whether traffic through internet gateways is blocked for the whole account: never.
#[derive(Clone, Copy, Debug, Xml)]
pub struct BlockPublicAccessStates {
    internet_gateway_block_mode: &'static str,
}

impl BlockPublicAccessStates {
    /// Nothing is blocked.
    pub const OFF: BlockPublicAccessStates = BlockPublicAccessStates { internet_gateway_block_mode: "off" };
}

impl Vpc {
    /// The VPC that the command has just made, in the state that AWS's answer says.
    fn made(seen: Seen<'_>, id: VpcId) -> Vpc {
        Vpc::of(seen.network.vpcs.get(&id).expect("the VPC was just made"), "pending")
    }

    fn of(vpc: &weir_model::vpc::Vpc, state: &'static str) -> Vpc {
        let region = vpc.scope.region;
        let blocks = vpc.cidrs.iter().map(|held| Block::of(held.id, held.cidr, BlockState::ASSOCIATED));
        let ipv6 = vpc.ipv6_cidrs.iter();
        Vpc {
            vpc_id: vpc.id,
            owner_id: vpc.scope.account,
            state,
            cidr_block: vpc.cidr(),
            cidr_block_association_set: blocks.collect(),
            ipv6_cidr_block_association_set: ipv6
                .map(|held| Ipv6Block::of(held.id, held.cidr, BlockState::ASSOCIATED, region))
                .collect(),
            dhcp_options_id: vpc.dhcp_options.map_or_else(|| "default".to_owned(), |id| id.to_string()),
            tags: vpc.tags.clone(),
            instance_tenancy: vpc.tenancy.clone(),
            is_default: vpc.is_default,
            block_public_access_states: BlockPublicAccessStates::OFF,
        }
    }
}

impl Block {
    fn of(association_id: VpcCidrAssociationId, cidr_block: Cidr4, cidr_block_state: BlockState) -> Block {
        Block { association_id, cidr_block, cidr_block_state }
    }
}

impl Ipv6Block {
    fn of(
        association_id: VpcCidrAssociationId,
        ipv6_cidr_block: Cidr6,
        ipv6_cidr_block_state: BlockState,
        network_border_group: RegionName,
    ) -> Ipv6Block {
        Ipv6Block {
            association_id,
            ipv6_cidr_block,
            ipv6_cidr_block_state,
            network_border_group,
            ipv6_pool: "Amazon",
            ipv6_address_attribute: "public",
            ip_source: "amazon",
        }
    }
}

const FILTERS: FilterTable<Vpc> = FilterTable {
    rows: &[
        ("cidr", |vpc| vec![vpc.cidr_block.to_string()]),
        ("cidr-block-association.cidr-block", |vpc| vpc.blocks(|block| block.cidr_block.to_string())),
        ("cidr-block-association.association-id", |vpc| vpc.blocks(|block| block.association_id.to_string())),
        ("cidr-block-association.state", |vpc| vpc.blocks(|block| block.cidr_block_state.state.to_owned())),
        ("dhcp-options-id", |vpc| vec![vpc.dhcp_options_id.clone()]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |vpc| {
            vpc.ipv6_blocks(|block| block.ipv6_cidr_block.to_string())
        }),
        ("ipv6-cidr-block-association.ipv6-pool", |vpc| vpc.ipv6_blocks(|block| block.ipv6_pool.to_owned())),
        ("ipv6-cidr-block-association.association-id", |vpc| {
            vpc.ipv6_blocks(|block| block.association_id.to_string())
        }),
        ("ipv6-cidr-block-association.state", |vpc| {
            vpc.ipv6_blocks(|block| block.ipv6_cidr_block_state.state.to_owned())
        }),
        ("is-default", |vpc| vec![vpc.is_default.to_string()]),
        // Not documented any more, but in wide use.
        ("isDefault", |vpc| vec![vpc.is_default.to_string()]),
        ("owner-id", |vpc| vec![vpc.owner_id.to_string()]),
        ("state", |vpc| vec![vpc.state.to_owned()]),
        ("vpc-id", |vpc| vec![vpc.vpc_id.to_string()]),
    ],
    tags: Some(|vpc| &vpc.tags),
};

impl Vpc {
    fn blocks(&self, text: fn(&Block) -> String) -> Vec<String> {
        self.cidr_block_association_set.iter().map(text).collect()
    }

    fn ipv6_blocks(&self, text: fn(&Ipv6Block) -> String) -> Vec<String> {
        self.ipv6_cidr_block_association_set.iter().map(text).collect()
    }
}

/// An attribute of a VPC, as it is asked for.
#[derive(Clone, Copy, Param)]
pub enum Attribute {
    /// Whether the resolver answers.
    #[wire(name = "enableDnsSupport")]
    EnableDnsSupport,
    /// Whether instances get DNS host names.
    #[wire(name = "enableDnsHostnames")]
    EnableDnsHostnames,
    /// Whether address usage metrics are kept.
    #[wire(name = "enableNetworkAddressUsageMetrics")]
    EnableNetworkAddressUsageMetrics,
}

/// Tells one attribute of a VPC.
#[derive(Param)]
pub struct DescribeVpcAttribute {
    attribute: Attribute,
    vpc_id: VpcId,
}

/// The attribute asked for.
#[derive(Xml)]
pub struct DescribeVpcAttributeResponse {
    vpc_id: VpcId,
    enable_dns_hostnames: Option<AttributeValue<bool>>,
    enable_dns_support: Option<AttributeValue<bool>>,
    enable_network_address_usage_metrics: Option<AttributeValue<bool>>,
}

impl Operation for DescribeVpcAttribute {
    type Response = DescribeVpcAttributeResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let vpc = cx.network.vpcs.find(cx.scope, &self.vpc_id)?;
        let mut response = DescribeVpcAttributeResponse {
            vpc_id: vpc.id,
            enable_dns_hostnames: None,
            enable_dns_support: None,
            enable_network_address_usage_metrics: None,
        };
        match self.attribute {
            Attribute::EnableDnsSupport => response.enable_dns_support = Some(vpc.dns_support.into()),
            Attribute::EnableDnsHostnames => response.enable_dns_hostnames = Some(vpc.dns_hostnames.into()),
            Attribute::EnableNetworkAddressUsageMetrics => {
                response.enable_network_address_usage_metrics = Some(vpc.usage_metrics.into());
            }
        }
        Ok(response)
    }
}

/// Sets one attribute of a VPC.
#[derive(Param)]
pub struct ModifyVpcAttribute {
    vpc_id: VpcId,
    enable_dns_hostnames: Option<AttributeValue<bool>>,
    enable_dns_support: Option<AttributeValue<bool>>,
    enable_network_address_usage_metrics: Option<AttributeValue<bool>>,
}

impl Operation for ModifyVpcAttribute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let attribute = only_one([
            self.enable_dns_hostnames.map(|on| VpcAttribute::DnsHostnames(on.value)),
            self.enable_dns_support.map(|on| VpcAttribute::DnsSupport(on.value)),
            self.enable_network_address_usage_metrics.map(|on| VpcAttribute::UsageMetrics(on.value)),
        ])?;
        cx.command(|network, cx| network.modify_vpc(cx, self.vpc_id, attribute))?;
        Ok(Return)
    }
}

/// The only attribute that a request to modify one names.
///
/// # Errors
/// `InvalidParameterCombination` for none and for several.
pub fn only_one<T, const N: usize>(attributes: [Option<T>; N]) -> Result<T, Error> {
    let mut named = attributes.into_iter().flatten();
    let refused = |message| Error::new("InvalidParameterCombination", message);
    let first = named.next().ok_or_else(|| refused("No attributes specified."))?;
    match named.next() {
        Some(_) => Err(refused("Fields for multiple attribute types specified")),
        None => Ok(first),
    }
}

/// Adds a block to a VPC.
#[derive(Param)]
pub struct AssociateVpcCidrBlock {
    vpc_id: VpcId,
    cidr_block: Option<Cidr4>,
    amazon_provided_ipv6_cidr_block: Option<bool>,
    ipv6_cidr_block_network_border_group: Option<RegionName>,
}

/// The block that was added or removed.
#[derive(Xml)]
pub struct CidrBlockResponse {
    ipv6_cidr_block_association: Option<Ipv6Block>,
    cidr_block_association: Option<Block>,
    vpc_id: VpcId,
}

impl Operation for AssociateVpcCidrBlock {
    type Response = CidrBlockResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_border_group(cx, self.ipv6_cidr_block_network_border_group)?;
        let vpc_id = self.vpc_id;
        let (id, cidr) = match (self.cidr_block, self.amazon_provided_ipv6_cidr_block.unwrap_or(false)) {
            (Some(cidr), false) => {
                (cx.command(|network, cx| network.add_vpc_block(cx, vpc_id, cidr))?, Cidr::V4(cidr))
            }
            (None, true) => {
                let id = cx.command(|network, cx| network.add_vpc_ipv6_block(cx, vpc_id))?;
                let held =
                    cx.network.vpcs.find(cx.scope, &vpc_id)?.ipv6_cidrs.iter().find(|held| held.id == id);
                (id, Cidr::V6(held.expect("the block was just added").cidr))
            }
            (None, false) => {
                let message = "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.";
                return Err(Error::new("MissingParameter", message));
            }
            (Some(_), true) => {
                let message =
                    "The parameters cidrBlock and amazonProvidedIpv6CidrBlock cannot be used together";
                return Err(Error::new("InvalidParameterCombination", message));
            }
        };
        Ok(CidrBlockResponse::of(vpc_id, id, cidr, (BlockState::ASSOCIATING, cx.scope.region)))
    }
}

/// Takes a block from a VPC.
#[derive(Param)]
pub struct DisassociateVpcCidrBlock {
    association_id: VpcCidrAssociationId,
}

impl Operation for DisassociateVpcCidrBlock {
    type Response = CidrBlockResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let removed = cx.command(|network, cx| network.remove_vpc_block(cx, self.association_id))?;
        let state = (BlockState::DISASSOCIATING, cx.scope.region);
        Ok(CidrBlockResponse::of(removed.vpc, self.association_id, removed.cidr, state))
    }
}

impl CidrBlockResponse {
    fn of(
        vpc_id: VpcId,
        id: VpcCidrAssociationId,
        cidr: Cidr,
        (state, region): (BlockState, RegionName),
    ) -> CidrBlockResponse {
        let (ipv4, ipv6) = match cidr {
            Cidr::V4(cidr) => (Some(Block::of(id, cidr, state)), None),
            Cidr::V6(cidr) => (None, Some(Ipv6Block::of(id, cidr, state, region))),
        };
        CidrBlockResponse { ipv6_cidr_block_association: ipv6, cidr_block_association: ipv4, vpc_id }
    }
}
