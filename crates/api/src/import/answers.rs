//! The shapes of Describe answers, as far as they are read.

use super::{File, ImportError, transit};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::AccountId;

macro_rules! answers {
    ($($field:ident: $shape:ty = $name:literal,)*) => {
        /// The answers of one region.
        #[derive(Default)]
        pub(super) struct Answers {
            $(pub $field: Vec<$shape>,)*
            /// Resources that are not read, by the name of their answer.
            pub left_out: BTreeMap<String, usize>,
        }

        impl Answers {
            /// Reads the files of one region: an answer is known by its member, whatever its file is called.
            pub(super) fn read(files: &[&File]) -> Result<Answers, ImportError> {
                let mut answers = Answers::default();
                for file in files {
                    for (name, list) in parse(file)? {
                        match name.as_str() {
                            $($name => answers.$field.append(&mut items(file, list)?),)*
                            _ => answers.leave_out(name, &list),
                        }
                    }
                }
                Ok(answers)
            }
        }
    };
}

answers! {
    vpcs: Vpc = "Vpcs",
    subnets: Subnet = "Subnets",
    interfaces: Interface = "NetworkInterfaces",
    reservations: Reservation = "Reservations",
    groups: Group = "SecurityGroups",
    acls: Acl = "NetworkAcls",
    route_tables: RouteTable = "RouteTables",
    internet_gateways: InternetGateway = "InternetGateways",
    nat_gateways: NatGateway = "NatGateways",
    egress_only_gateways: EgressOnlyGateway = "EgressOnlyInternetGateways",
    peerings: Peering = "VpcPeeringConnections",
    addresses: Address = "Addresses",
    transit_gateways: transit::Gateway = "TransitGateways",
    transit_tables: transit::RouteTable = "TransitGatewayRouteTables",
    transit_vpc_attachments: transit::VpcAttachment = "TransitGatewayVpcAttachments",
    transit_peerings: transit::PeeringAttachment = "TransitGatewayPeeringAttachments",
    transit_attachments: transit::Attachment = "TransitGatewayAttachments",
    transit_propagations: transit::Propagations = "TransitGatewayPropagations",
    transit_routes: transit::StaticRoutes = "TransitGatewayStaticRoutes",
    endpoints: VpcEndpoint = "VpcEndpoints",
}

/// Answers that describe AWS and not the user's network: nothing is missed without them.
const NOT_RESOURCES: [&str; 3] = ["AvailabilityZones", "PrefixLists", "VpcEndpointServices"];

impl Answers {
    /// The owner that VPCs, subnets, groups and interfaces name, if all name the same.
    pub(super) fn owner(&self) -> Option<AccountId> {
        let vpcs = self.vpcs.iter().map(|vpc| &vpc.owner_id);
        let subnets = self.subnets.iter().map(|subnet| &subnet.owner_id);
        let groups = self.groups.iter().map(|group| &group.owner_id);
        let interfaces = self.interfaces.iter().map(|interface| &interface.owner_id);
        let all: BTreeSet<&str> =
            vpcs.chain(subnets).chain(groups).chain(interfaces).filter_map(Option::as_deref).collect();
        let only = all.first().filter(|_| all.len() == 1)?;
        only.parse().ok()
    }

    fn leave_out(&mut self, name: String, list: &Value) {
        let count = list.as_array().map_or(0, Vec::len);
        if count > 0 && !NOT_RESOURCES.contains(&name.as_str()) {
            *self.left_out.entry(name).or_default() += count;
        }
    }
}

fn parse(file: &File) -> Result<Map<String, Value>, ImportError> {
    serde_json::from_str(&file.text).map_err(|error| malformed(file, &error))
}

fn items<T: DeserializeOwned>(file: &File, list: Value) -> Result<Vec<T>, ImportError> {
    serde_json::from_value(list).map_err(|error| malformed(file, &error))
}

fn malformed(file: &File, reason: &dyn std::fmt::Display) -> ImportError {
    ImportError::Malformed { path: file.path.clone(), reason: reason.to_string() }
}

/// A key and a value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub key: String,
    pub value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vpc {
    pub vpc_id: String,
    pub owner_id: Option<String>,
    pub cidr_block: String,
    #[serde(default)]
    pub cidr_block_association_set: Vec<CidrAssociation>,
    #[serde(default)]
    pub ipv6_cidr_block_association_set: Vec<Ipv6CidrAssociation>,
    pub dhcp_options_id: Option<String>,
    #[serde(default)]
    pub is_default: bool,
    pub instance_tenancy: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CidrAssociation {
    pub association_id: String,
    pub cidr_block: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ipv6CidrAssociation {
    pub association_id: String,
    pub ipv6_cidr_block: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Subnet {
    pub subnet_id: String,
    pub vpc_id: String,
    pub owner_id: Option<String>,
    pub availability_zone: String,
    pub cidr_block: Option<String>,
    #[serde(default)]
    pub ipv6_cidr_block_association_set: Vec<Ipv6CidrAssociation>,
    #[serde(default)]
    pub default_for_az: bool,
    #[serde(default)]
    pub map_public_ip_on_launch: bool,
    #[serde(default)]
    pub assign_ipv6_address_on_creation: bool,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Interface {
    pub network_interface_id: String,
    pub owner_id: Option<String>,
    pub vpc_id: String,
    pub subnet_id: String,
    #[serde(default)]
    pub private_ip_addresses: Vec<PrivateAddress>,
    #[serde(default)]
    pub ipv6_addresses: Vec<Ipv6Address>,
    #[serde(default)]
    pub groups: Vec<GroupName>,
    #[serde(default)]
    pub source_dest_check: bool,
    pub attachment: Option<Attachment>,
    pub interface_type: Option<String>,
    #[serde(default)]
    pub requester_managed: bool,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub mac_address: String,
    #[serde(default)]
    pub tag_set: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PrivateAddress {
    pub private_ip_address: String,
    #[serde(default)]
    pub primary: bool,
    pub association: Option<PublicAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublicAddress {
    pub public_ip: Option<String>,
    pub allocation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ipv6Address {
    pub ipv6_address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupName {
    pub group_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment {
    pub attachment_id: Option<String>,
    pub instance_id: Option<String>,
    #[serde(default)]
    pub device_index: u16,
    #[serde(default)]
    pub delete_on_termination: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reservation {
    pub reservation_id: String,
    pub owner_id: Option<String>,
    #[serde(default)]
    pub instances: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instance {
    pub instance_id: String,
    #[serde(default)]
    pub ami_launch_index: u32,
    pub image_id: String,
    pub instance_type: String,
    pub key_name: Option<String>,
    pub state: InstanceState,
    pub placement: Placement,
    #[serde(default)]
    pub network_interfaces: Vec<InstanceInterface>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InstanceState {
    pub name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Placement {
    pub availability_zone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InstanceInterface {
    pub network_interface_id: String,
    pub attachment: Option<DeviceIndex>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeviceIndex {
    pub device_index: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Group {
    pub group_id: String,
    pub group_name: String,
    #[serde(default)]
    pub description: String,
    pub owner_id: Option<String>,
    pub vpc_id: Option<String>,
    #[serde(default)]
    pub ip_permissions: Vec<Permission>,
    #[serde(default)]
    pub ip_permissions_egress: Vec<Permission>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Permission {
    pub ip_protocol: String,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    #[serde(default)]
    pub ip_ranges: Vec<IpRange>,
    #[serde(default)]
    pub ipv6_ranges: Vec<Ipv6Range>,
    #[serde(default)]
    pub user_id_group_pairs: Vec<GroupPair>,
    #[serde(default)]
    pub prefix_list_ids: Vec<PrefixList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IpRange {
    pub cidr_ip: String,
    pub description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ipv6Range {
    pub cidr_ipv6: String,
    pub description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupPair {
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PrefixList {
    pub prefix_list_id: String,
    pub description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Acl {
    pub network_acl_id: String,
    pub owner_id: Option<String>,
    pub vpc_id: String,
    #[serde(default)]
    pub is_default: bool,
    #[serde(default)]
    pub associations: Vec<AclAssociation>,
    #[serde(default)]
    pub entries: Vec<AclEntry>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AclAssociation {
    pub network_acl_association_id: String,
    pub subnet_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AclEntry {
    pub rule_number: u16,
    pub egress: bool,
    pub protocol: String,
    pub rule_action: String,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub port_range: Option<Ports>,
    pub icmp_type_code: Option<IcmpTypeCode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ports {
    pub from: i32,
    pub to: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IcmpTypeCode {
    #[serde(rename = "Type")]
    pub kind: i32,
    pub code: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteTable {
    pub route_table_id: String,
    pub owner_id: Option<String>,
    pub vpc_id: String,
    #[serde(default)]
    pub associations: Vec<RouteAssociation>,
    #[serde(default)]
    pub routes: Vec<Route>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteAssociation {
    pub route_table_association_id: String,
    #[serde(default)]
    pub main: bool,
    pub subnet_id: Option<String>,
    pub gateway_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Route {
    pub destination_cidr_block: Option<String>,
    pub destination_ipv6_cidr_block: Option<String>,
    pub destination_prefix_list_id: Option<String>,
    pub gateway_id: Option<String>,
    pub instance_id: Option<String>,
    pub nat_gateway_id: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub origin: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InternetGateway {
    pub internet_gateway_id: String,
    pub owner_id: Option<String>,
    #[serde(default)]
    pub attachments: Vec<GatewayAttachment>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GatewayAttachment {
    pub vpc_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NatGateway {
    pub nat_gateway_id: String,
    pub vpc_id: String,
    pub subnet_id: Option<String>,
    pub state: String,
    pub create_time: Option<String>,
    pub connectivity_type: Option<String>,
    pub auto_provision_zones: Option<String>,
    pub route_table_id: Option<String>,
    #[serde(default)]
    pub nat_gateway_addresses: Vec<NatAddress>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NatAddress {
    pub allocation_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub private_ip: Option<String>,
    pub public_ip: Option<String>,
    #[serde(default)]
    pub is_primary: bool,
    pub availability_zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EgressOnlyGateway {
    pub egress_only_internet_gateway_id: String,
    #[serde(default)]
    pub attachments: Vec<GatewayAttachment>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Peering {
    pub vpc_peering_connection_id: String,
    pub requester_vpc_info: Side,
    pub accepter_vpc_info: Side,
    pub status: PeeringStatus,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Side {
    pub owner_id: String,
    pub vpc_id: String,
    pub region: Option<String>,
    #[serde(default)]
    pub cidr_block_set: Vec<CidrBlock>,
    #[serde(default)]
    pub ipv6_cidr_block_set: Vec<Ipv6CidrBlock>,
    pub peering_options: Option<PeeringOptions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CidrBlock {
    pub cidr_block: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ipv6CidrBlock {
    pub ipv6_cidr_block: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PeeringOptions {
    #[serde(default)]
    pub allow_dns_resolution_from_remote_vpc: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PeeringStatus {
    pub code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Address {
    pub allocation_id: Option<String>,
    pub public_ip: String,
    pub association_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub network_interface_owner_id: Option<String>,
    pub private_ip_address: Option<String>,
    pub service_managed: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VpcEndpoint {
    pub vpc_endpoint_id: String,
    pub vpc_endpoint_type: String,
    pub vpc_id: String,
    pub service_name: String,
    pub owner_id: Option<String>,
    pub policy_document: Option<String>,
    #[serde(default)]
    pub private_dns_enabled: bool,
    pub ip_address_type: Option<String>,
    pub dns_options: Option<DnsOptions>,
    #[serde(default)]
    pub network_interface_ids: Vec<String>,
    #[serde(default)]
    pub groups: Vec<EndpointGroup>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// How an endpoint's names are answered.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DnsOptions {
    pub dns_record_ip_type: Option<String>,
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EndpointGroup {
    pub group_id: String,
}
