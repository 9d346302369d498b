//! An endpoint as answers show it.
//!
//! Default policies are written as recorded answers of 2020 have them: on one line for gateway endpoints, indented for
//! interface endpoints. Assumption: ids of hosted zones are the recorded one, and drawn from the endpoint's id.
//! Source: EC2 API Reference, VpcEndpoint.

use crate::ec2::security_group::GroupIdentifier;
use crate::operation::Seen;
use weir_model::endpoint::names::EndpointName;
use weir_model::endpoint::{InterfaceEndpoint, VpcEndpoint, service};
use weir_model::{
    AccountId, InterfaceId, RegionName, RouteTableId, SubnetId, Tags, Timestamp, VpcEndpointId, VpcId,
};
use weir_wire::{FilterTable, Xml};

/// The default policy of gateway endpoints.
const OPEN_GATEWAY: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
/// The default policy of interface endpoints.
const OPEN_INTERFACE: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";
/// The hosted zone of the names of endpoints.
const ZONE: &str = "Z7HUB22UULQXV";

/// An endpoint.
#[derive(Xml)]
pub struct EndpointView {
    vpc_endpoint_id: VpcEndpointId,
    vpc_endpoint_type: &'static str,
    vpc_id: VpcId,
    service_name: String,
    state: &'static str,
    policy_document: String,
    route_table_ids: Vec<RouteTableId>,
    subnet_ids: Vec<SubnetId>,
    groups: Vec<GroupIdentifier>,
    ip_address_type: &'static str,
    dns_options: Option<DnsOptions>,
    private_dns_enabled: bool,
    requester_managed: bool,
    network_interface_ids: Vec<InterfaceId>,
    dns_entries: Vec<DnsEntry>,
    creation_timestamp: Timestamp,
    tags: Tags,
    owner_id: AccountId,
    service_region: RegionName,
}

#[derive(Xml)]
struct DnsOptions {
    dns_record_ip_type: &'static str,
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

#[derive(Xml)]
struct DnsEntry {
    dns_name: String,
    hosted_zone_id: String,
}

impl EndpointView {
    /// An endpoint that has just been made: interface endpoints say `pending`.
    pub fn made(seen: Seen<'_>, endpoint: &VpcEndpoint) -> EndpointView {
        let state = if endpoint.interface_endpoint().is_some() { "pending" } else { "available" };
        EndpointView { state, ..EndpointView::of(seen, endpoint) }
    }

    /// An endpoint as `seen`.
    pub fn of(seen: Seen<'_>, endpoint: &VpcEndpoint) -> EndpointView {
        let own = endpoint.interface_endpoint();
        let interfaces = own.map(|own| own.interfaces.clone()).unwrap_or_default();
        let rows = interfaces.iter().filter_map(|id| seen.network.interfaces.get(id));
        let open = if own.is_some() { OPEN_INTERFACE } else { OPEN_GATEWAY };
        let names = seen.network.endpoint_names(endpoint);
        EndpointView {
            vpc_endpoint_id: endpoint.id,
            vpc_endpoint_type: endpoint.type_name(),
            vpc_id: endpoint.vpc,
            service_name: endpoint.service_name(),
            state: "available",
            policy_document: endpoint.policy.clone().unwrap_or_else(|| open.to_owned()),
            route_table_ids: seen.network.endpoint_tables(endpoint.id).collect(),
            subnet_ids: rows.map(|interface| interface.subnet).collect(),
            groups: own.map(|own| GroupIdentifier::all(seen, &own.groups)).unwrap_or_default(),
            ip_address_type: own.map_or("ipv4", |own| own.ip_address_type.word()),
            dns_options: own.map(|own| DnsOptions::of(endpoint, own)),
            private_dns_enabled: own.is_some_and(|own| own.private_dns),
            requester_managed: false,
            network_interface_ids: interfaces,
            dns_entries: names.into_iter().map(|name| DnsEntry::of(endpoint.id, name)).collect(),
            creation_timestamp: endpoint.created,
            tags: endpoint.tags.clone(),
            owner_id: endpoint.scope.account,
            service_region: endpoint.scope.region,
        }
    }

    /// Its id.
    pub fn id(&self) -> VpcEndpointId {
        self.vpc_endpoint_id
    }
}

impl DnsOptions {
    /// Assumption: of services without gateway endpoints nothing is said of inbound resolver endpoints.
    fn of(endpoint: &VpcEndpoint, own: &InterfaceEndpoint) -> DnsOptions {
        let has_both = service::named(&endpoint.service, service::GATEWAY).is_some();
        DnsOptions {
            dns_record_ip_type: own.dns_record_ip_type.word(),
            private_dns_only_for_inbound_resolver_endpoint: has_both
                .then_some(own.private_dns_only_for_inbound),
        }
    }
}

impl DnsEntry {
    fn of(id: VpcEndpointId, name: EndpointName) -> DnsEntry {
        let own_zone = || format!("Z{}", id.to_string().replace("vpce-", "").to_uppercase());
        let hosted_zone_id = if name.is_private { own_zone() } else { ZONE.to_owned() };
        DnsEntry { dns_name: name.name, hosted_zone_id }
    }
}

pub(super) const FILTERS: FilterTable<EndpointView> = FilterTable {
    rows: &[
        ("ip-address-type", |view| vec![view.ip_address_type.to_owned()]),
        ("service-name", |view| vec![view.service_name.clone()]),
        ("service-region", |view| vec![view.service_region.to_string()]),
        ("vpc-id", |view| vec![view.vpc_id.to_string()]),
        ("vpc-endpoint-id", |view| vec![view.vpc_endpoint_id.to_string()]),
        ("vpc-endpoint-state", |view| vec![view.state.to_owned()]),
        ("vpc-endpoint-type", |view| vec![view.vpc_endpoint_type.to_owned()]),
    ],
    tags: Some(|view| &view.tags),
};
