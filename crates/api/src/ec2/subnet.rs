//! Subnets, their IPv6 blocks and attributes.
//!
//! Source: EC2 API Reference, CreateSubnet, CreateDefaultSubnet, DescribeSubnets, ModifySubnetAttribute,
//! AssociateSubnetCidrBlock, DisassociateSubnetCidrBlock, DeleteSubnet.

use super::vpc::{BlockPublicAccessStates, BlockState, only_one};
use crate::ec2::Off;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use weir_model::subnet::{HostNames, NewSubnet, SubnetAttribute};
use weir_model::{AccountId, Cidr4, Cidr6, SubnetCidrAssociationId, SubnetId, Tags, VpcId, ZoneName};
use weir_wire::{AttributeValue, FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// Makes a subnet.
#[derive(Param)]
pub struct CreateSubnet {
    vpc_id: VpcId,
    cidr_block: Option<Cidr4>,
    ipv6_cidr_block: Option<Cidr6>,
    ipv6_native: Option<bool>,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

/// The subnet that was made.
#[derive(Xml)]
pub struct CreateSubnetResponse {
    subnet: Subnet,
}

impl Operation for CreateSubnet {
    type Response = CreateSubnetResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.check_families()?;
        let named = (self.availability_zone.as_deref(), self.availability_zone_id.as_deref());
        let zone = zone_of(cx, named, "Subnets")?;
        let tags = specified_tags(&self.tag_specifications, "subnet")?;
        let new = NewSubnet {
            vpc: self.vpc_id,
            zone,
            cidr: self.cidr_block,
            ipv6_cidr: self.ipv6_cidr_block,
            tags,
        };
        let id = cx.command(|network, cx| network.create_subnet(cx, new))?;
        Ok(CreateSubnetResponse { subnet: Subnet::made(cx.seen(), id) })
    }
}

impl CreateSubnet {
    /// An IPv6-only subnet has just an IPv6 block, any other at least an IPv4 block.
    fn check_families(&self) -> Result<(), Error> {
        let missing = |message| Err(Error::new("MissingParameter", message));
        match self.ipv6_native.unwrap_or(false) {
            true if self.cidr_block.is_some() => Err(Error::new(
                "InvalidParameterCombination",
                "The parameter cidrBlock cannot be used with an IPv6-only subnet",
            )),
            true if self.ipv6_cidr_block.is_none() => {
                missing("Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
            }
            false if self.cidr_block.is_none() => {
                missing("Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
            }
            _ => Ok(()),
        }
    }
}

/// The zone that a request names, by name or by id, for some of `what`; the region must have it.
pub(super) fn zone_of(
    cx: &Context<'_>,
    (name, id): (Option<&str>, Option<&str>),
    what: &str,
) -> Result<Option<ZoneName>, Error> {
    let refusal = |given: String| {
        let parameter = if name.is_some() { "availabilityZone" } else { "availabilityZoneId" };
        let known: Vec<String> = zones(cx).iter().map(ZoneName::to_string).collect();
        let known = known.join(", ");
        Error::new(
            "InvalidParameterValue",
            format!(
                "Value ({given}) for parameter {parameter} is invalid. {what} can currently only be created in the following availability zones: {known}.",
            ),
        )
    };
    named_zone(cx, (name, id))?.transpose().map_err(refusal)
}

/// The zone that a request names, by name or by id; what it says, or its beginning, if the region has no such zone.
pub(super) fn named_zone(
    cx: &Context<'_>,
    (name, id): (Option<&str>, Option<&str>),
) -> Result<Option<Result<ZoneName, String>>, Error> {
    let Some(given) = name.or(id) else { return Ok(None) };
    if name.is_some() && id.is_some() {
        return Err(Error::new(
            "InvalidParameterCombination",
            "The parameters availabilityZone and availabilityZoneId cannot be used together",
        ));
    }
    let is_named = |zone: &ZoneName| match name {
        Some(name) => zone.to_string() == name,
        None => zone.zone_id() == given,
    };
    let zone = zones(cx).into_iter().find(is_named);
    Ok(Some(zone.ok_or_else(|| given.chars().take(weir_model::tags::VALUE_CHARS_MAX).collect())))
}

fn zones(cx: &Context<'_>) -> Vec<ZoneName> {
    let zones = ZoneName::LETTERS.iter().filter_map(|letter| ZoneName::new(cx.scope.region, *letter));
    zones.collect()
}

/// Makes the default subnet of a zone again.
#[derive(Param)]
pub struct CreateDefaultSubnet {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
}

impl Operation for CreateDefaultSubnet {
    type Response = CreateSubnetResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let named = (self.availability_zone.as_deref(), self.availability_zone_id.as_deref());
        let zone = zone_of(cx, named, "Subnets")?;
        let missing =
            || Error::new("MissingParameter", "The request must contain the parameter AvailabilityZone");
        let zone = zone.ok_or_else(missing)?;
        let id = cx.command(|network, cx| network.create_default_subnet(cx, zone))?;
        Ok(CreateSubnetResponse { subnet: Subnet::made(cx.seen(), id) })
    }
}

/// Deletes a subnet without interfaces.
#[derive(Param)]
pub struct DeleteSubnet {
    subnet_id: SubnetId,
}

impl Operation for DeleteSubnet {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_subnet(cx, self.subnet_id))?;
        Ok(Return)
    }
}

/// Lists subnets, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeSubnets {
    subnet_ids: Vec<SubnetId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The subnets found.
#[derive(Xml)]
pub struct DescribeSubnetsResponse {
    subnets: Vec<Subnet>,
    next_token: Option<Token>,
}

impl Operation for DescribeSubnets {
    type Response = DescribeSubnetsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&cx.network.subnets, &self.subnet_ids)?;
        let views = rows.into_iter().map(|subnet| Subnet::of(seen, subnet));
        let (subnets, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |subnet| subnet.subnet_id)?;
        Ok(DescribeSubnetsResponse { subnets, next_token })
    }
}

/// A subnet.
#[derive(Xml)]
pub struct Subnet {
    subnet_id: SubnetId,
    subnet_arn: String,
    state: &'static str,
    owner_id: AccountId,
    vpc_id: VpcId,
    cidr_block: Option<Cidr4>,
    ipv6_cidr_block_association_set: Vec<Ipv6Block>,
    available_ip_address_count: u32,
    availability_zone: ZoneName,
    availability_zone_id: String,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
    map_customer_owned_ip_on_launch: bool,
    assign_ipv6_address_on_creation: bool,
    tags: Tags,
    enable_dns64: bool,
    ipv6_native: bool,
    private_dns_name_options_on_launch: PrivateDnsNameOptions,
    block_public_access_states: BlockPublicAccessStates,
}

/// The IPv6 block of a subnet.
#[derive(Clone, Debug, Xml)]
pub struct Ipv6Block {
    association_id: SubnetCidrAssociationId,
    ipv6_cidr_block: Cidr6,
    ipv6_cidr_block_state: BlockState,
    ipv6_address_attribute: &'static str,
    ip_source: &'static str,
}

/// How instances launched in a subnet are named.
#[derive(Clone, Copy, Debug, Xml)]
struct PrivateDnsNameOptions {
    hostname_type: &'static str,
    enable_resource_name_dns_a_record: bool,
    #[wire(response = "enableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

impl Subnet {
    fn made(seen: Seen<'_>, id: SubnetId) -> Subnet {
        Subnet::of(seen, seen.network.subnets.get(&id).expect("the subnet was just made"))
    }

    fn of(seen: Seen<'_>, subnet: &weir_model::subnet::Subnet) -> Subnet {
        let (id, scope) = (subnet.id, subnet.scope);
        let block = subnet.ipv6_cidr.as_ref();
        Subnet {
            subnet_id: id,
            subnet_arn: format!("arn:aws:ec2:{}:{}:subnet/{id}", scope.region, scope.account),
            state: "available",
            owner_id: scope.account,
            vpc_id: subnet.vpc,
            cidr_block: subnet.cidr,
            ipv6_cidr_block_association_set: block
                .map(|held| Ipv6Block::of(held.id, held.cidr, BlockState::ASSOCIATED))
                .into_iter()
                .collect(),
            available_ip_address_count: seen.network.available_addresses(subnet),
            availability_zone: subnet.zone,
            availability_zone_id: subnet.zone.zone_id(),
            default_for_az: subnet.is_default,
            map_public_ip_on_launch: subnet.map_public_ip,
            map_customer_owned_ip_on_launch: false,
            assign_ipv6_address_on_creation: subnet.assign_ipv6,
            tags: subnet.tags.clone(),
            enable_dns64: subnet.dns64,
            ipv6_native: subnet.cidr.is_none(),
            private_dns_name_options_on_launch: PrivateDnsNameOptions::of(subnet.host_names),
            block_public_access_states: BlockPublicAccessStates::OFF,
        }
    }

    fn ipv6_blocks(&self, text: fn(&Ipv6Block) -> String) -> Vec<String> {
        self.ipv6_cidr_block_association_set.iter().map(text).collect()
    }
}

impl Ipv6Block {
    fn of(id: SubnetCidrAssociationId, ipv6_cidr_block: Cidr6, state: BlockState) -> Ipv6Block {
        Ipv6Block {
            association_id: id,
            ipv6_cidr_block,
            ipv6_cidr_block_state: state,
            ipv6_address_attribute: "public",
            ip_source: "amazon",
        }
    }
}

impl PrivateDnsNameOptions {
    fn of(names: HostNames) -> PrivateDnsNameOptions {
        PrivateDnsNameOptions {
            hostname_type: if names.by_resource { "resource-name" } else { "ip-name" },
            enable_resource_name_dns_a_record: names.a_record,
            enable_resource_name_dns_aaaa_record: names.aaaa_record,
        }
    }
}

/// AWS documents several names for some filters.
const FILTERS: FilterTable<Subnet> = FilterTable {
    rows: &[
        ("availability-zone", |subnet| vec![subnet.availability_zone.to_string()]),
        ("availabilityZone", |subnet| vec![subnet.availability_zone.to_string()]),
        ("availability-zone-id", |subnet| vec![subnet.availability_zone_id.clone()]),
        ("availabilityZoneId", |subnet| vec![subnet.availability_zone_id.clone()]),
        ("available-ip-address-count", |subnet| vec![subnet.available_ip_address_count.to_string()]),
        ("cidr-block", |subnet| subnet.cidr_block.iter().map(Cidr4::to_string).collect()),
        ("cidr", |subnet| subnet.cidr_block.iter().map(Cidr4::to_string).collect()),
        ("cidrBlock", |subnet| subnet.cidr_block.iter().map(Cidr4::to_string).collect()),
        ("customer-owned-ipv4-pool", |_| vec![]),
        ("default-for-az", |subnet| vec![subnet.default_for_az.to_string()]),
        ("defaultForAz", |subnet| vec![subnet.default_for_az.to_string()]),
        ("enable-dns64", |subnet| vec![subnet.enable_dns64.to_string()]),
        ("enable-lni-at-device-index", |_| vec![]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |subnet| {
            subnet.ipv6_blocks(|block| block.ipv6_cidr_block.to_string())
        }),
        ("ipv6-cidr-block-association.association-id", |subnet| {
            subnet.ipv6_blocks(|block| block.association_id.to_string())
        }),
        ("ipv6-cidr-block-association.state", |subnet| {
            subnet.ipv6_blocks(|block| block.ipv6_cidr_block_state.name().to_owned())
        }),
        ("ipv6-native", |subnet| vec![subnet.ipv6_native.to_string()]),
        ("map-customer-owned-ip-on-launch", |subnet| {
            vec![subnet.map_customer_owned_ip_on_launch.to_string()]
        }),
        ("map-public-ip-on-launch", |subnet| vec![subnet.map_public_ip_on_launch.to_string()]),
        ("outpost-arn", |_| vec![]),
        ("owner-id", |subnet| vec![subnet.owner_id.to_string()]),
        ("private-dns-name-options-on-launch.hostname-type", |subnet| {
            vec![subnet.private_dns_name_options_on_launch.hostname_type.to_owned()]
        }),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |subnet| {
            vec![subnet.private_dns_name_options_on_launch.enable_resource_name_dns_a_record.to_string()]
        }),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |subnet| {
            vec![subnet.private_dns_name_options_on_launch.enable_resource_name_dns_aaaa_record.to_string()]
        }),
        ("state", |subnet| vec![subnet.state.to_owned()]),
        ("subnet-arn", |subnet| vec![subnet.subnet_arn.clone()]),
        ("subnet-id", |subnet| vec![subnet.subnet_id.to_string()]),
        ("vpc-id", |subnet| vec![subnet.vpc_id.to_string()]),
    ],
    tags: Some(|subnet| &subnet.tags),
};

/// How instances are named.
#[derive(Clone, Copy, PartialEq, Eq, Param)]
pub enum HostnameType {
    /// By their IPv4 address.
    IpName,
    /// By their id.
    ResourceName,
}

/// Sets one attribute of a subnet.
#[derive(Param)]
pub struct ModifySubnetAttribute {
    subnet_id: SubnetId,
    map_public_ip_on_launch: Option<AttributeValue<bool>>,
    map_customer_owned_ip_on_launch: Option<AttributeValue<Off>>,
    assign_ipv6_address_on_creation: Option<AttributeValue<bool>>,
    enable_dns64: Option<AttributeValue<bool>>,
    private_dns_hostname_type_on_launch: Option<HostnameType>,
    enable_resource_name_dns_a_record_on_launch: Option<AttributeValue<bool>>,
    #[wire(request = "EnableResourceNameDnsAAAARecordOnLaunch")]
    enable_resource_name_dns_aaaa_record_on_launch: Option<AttributeValue<bool>>,
}

impl Operation for ModifySubnetAttribute {
    type Response = Return;
    // It is described; names have no synthetic addresses, and NAT gateways translate none (NAT64).
    const WITHOUT_EFFECT: &'static [&'static str] = &["EnableDns64"];

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let by_resource = |kind| SubnetAttribute::NamedByResource(kind == HostnameType::ResourceName);
        let attribute = only_one([
            self.map_public_ip_on_launch.map(|on| Some(SubnetAttribute::MapPublicIp(on.value))),
            self.assign_ipv6_address_on_creation.map(|on| Some(SubnetAttribute::AssignIpv6(on.value))),
            self.enable_dns64.map(|on| Some(SubnetAttribute::Dns64(on.value))),
            self.private_dns_hostname_type_on_launch.map(|kind| Some(by_resource(kind))),
            self.enable_resource_name_dns_a_record_on_launch
                .map(|on| Some(SubnetAttribute::ARecord(on.value))),
            self.enable_resource_name_dns_aaaa_record_on_launch
                .map(|on| Some(SubnetAttribute::AaaaRecord(on.value))),
            self.map_customer_owned_ip_on_launch.map(|_| None),
        ])?;
        match attribute {
            Some(attribute) => {
                cx.command(|network, cx| network.modify_subnet(cx, self.subnet_id, attribute))?;
            }
            // It is off, as there are no customer-owned addresses.
            None => drop(cx.network.subnets.find(cx.scope, &self.subnet_id)?),
        }
        Ok(Return)
    }
}

/// Gives a subnet an IPv6 block.
#[derive(Param)]
pub struct AssociateSubnetCidrBlock {
    subnet_id: SubnetId,
    ipv6_cidr_block: Option<Cidr6>,
}

/// The block that was added or removed.
#[derive(Xml)]
pub struct SubnetCidrBlockResponse {
    ipv6_cidr_block_association: Ipv6Block,
    subnet_id: SubnetId,
}

impl Operation for AssociateSubnetCidrBlock {
    type Response = SubnetCidrBlockResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let message = "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.";
        let cidr = self.ipv6_cidr_block.ok_or_else(|| Error::new("MissingParameter", message))?;
        let subnet_id = self.subnet_id;
        let id = cx.command(|network, cx| network.add_subnet_block(cx, subnet_id, cidr))?;
        let ipv6_cidr_block_association = Ipv6Block::of(id, cidr, BlockState::ASSOCIATING);
        Ok(SubnetCidrBlockResponse { ipv6_cidr_block_association, subnet_id })
    }
}

/// Takes the IPv6 block from a subnet.
#[derive(Param)]
pub struct DisassociateSubnetCidrBlock {
    association_id: SubnetCidrAssociationId,
}

impl Operation for DisassociateSubnetCidrBlock {
    type Response = SubnetCidrBlockResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.association_id;
        let (subnet_id, cidr) = cx.command(|network, cx| network.remove_subnet_block(cx, id))?;
        let ipv6_cidr_block_association = Ipv6Block::of(id, cidr, BlockState::DISASSOCIATING);
        Ok(SubnetCidrBlockResponse { ipv6_cidr_block_association, subnet_id })
    }
}
