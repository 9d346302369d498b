//! The services that endpoints can lead to.
//!
//! Source: EC2 API Reference, DescribeVpcEndpointServices.

use super::vpc_endpoint::BOUNDS;
use crate::operation::{Context, Error, Operation};
use crate::select::Selection;
use weir_model::endpoint::EndpointRefusal;
use weir_model::endpoint::service::{self, EndpointService, SERVICES};
use weir_model::{Refused, RegionName, Tags, ZoneName};
use weir_wire::{FilterTable, Param, Token, Xml};

/// Lists services, all or by name, narrowed by filters.
#[derive(Param)]
pub struct DescribeVpcEndpointServices {
    service_names: Vec<String>,
    service_regions: Vec<RegionName>,
    #[wire(flatten)]
    selection: Selection,
}

/// The services found.
#[derive(Xml)]
pub struct DescribeVpcEndpointServicesResponse {
    service_names: Vec<String>,
    service_details: Vec<ServiceView>,
    next_token: Option<Token>,
}

/// A service.
#[derive(Xml)]
pub struct ServiceView {
    service_name: String,
    service_id: String,
    #[wire(response = "serviceType")]
    service_type: Vec<ServiceType>,
    service_region: RegionName,
    availability_zones: Vec<ZoneName>,
    owner: &'static str,
    base_endpoint_dns_names: Vec<String>,
    private_dns_name: Option<String>,
    private_dns_names: Vec<PrivateDnsName>,
    vpc_endpoint_policy_supported: bool,
    acceptance_required: bool,
    manages_vpc_endpoints: bool,
    tags: Tags,
    private_dns_name_verification_state: Option<&'static str>,
    supported_ip_address_types: Vec<&'static str>,
}

#[derive(Xml)]
struct ServiceType {
    service_type: &'static str,
}

#[derive(Xml)]
struct PrivateDnsName {
    private_dns_name: String,
}

impl Operation for DescribeVpcEndpointServices {
    type Response = DescribeVpcEndpointServicesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let region = cx.scope.region;
        let is_unknown = |name: &&String| service::find(region, name).next().is_none();
        if let Some(name) = self.service_names.iter().find(is_unknown) {
            return Err(Refused::from(EndpointRefusal::NoSuchService(name.clone())).into());
        }
        let is_near = self.service_regions.is_empty() || self.service_regions.contains(&region);
        let views = SERVICES.iter().filter(|_| is_near).map(|service| ServiceView::of(region, service));
        let views = views
            .filter(|view| self.service_names.is_empty() || self.service_names.contains(&view.service_name));
        // A space comes before all that names have, so that the key's order is the table's.
        let key = |view: &ServiceView| {
            let kinds = view.service_type.iter().map(|row| row.service_type);
            format!("{} {}", view.service_name, kinds.collect::<String>())
        };
        let (service_details, next_token) = self.selection.narrow(views, &FILTERS, BOUNDS, key)?;
        let service_names = service_details.iter().map(|view| view.service_name.clone()).collect();
        Ok(DescribeVpcEndpointServicesResponse { service_names, service_details, next_token })
    }
}

impl ServiceView {
    fn of(region: RegionName, service: &EndpointService) -> ServiceView {
        let by_interface = service.kind == service::INTERFACE;
        let names = service.private_names(region);
        ServiceView {
            service_name: service::full_name(region, service.name),
            service_id: service.id(region),
            service_type: vec![ServiceType { service_type: service.kind }],
            service_region: region,
            availability_zones: ZoneName::LETTERS
                .iter()
                .filter_map(|letter| ZoneName::new(region, *letter))
                .collect(),
            owner: "amazon",
            base_endpoint_dns_names: vec![service.base_name(region)],
            private_dns_name_verification_state: (!names.is_empty()).then_some("verified"),
            private_dns_name: names.first().cloned(),
            private_dns_names: names
                .into_iter()
                .map(|private_dns_name| PrivateDnsName { private_dns_name })
                .collect(),
            vpc_endpoint_policy_supported: true,
            acceptance_required: false,
            manages_vpc_endpoints: false,
            tags: Tags::new(),
            supported_ip_address_types: if by_interface { vec!["ipv4", "ipv6"] } else { vec!["ipv4"] },
        }
    }
}

const FILTERS: FilterTable<ServiceView> = FilterTable {
    rows: &[
        ("owner", |view| vec![view.owner.to_owned()]),
        ("service-name", |view| vec![view.service_name.clone()]),
        ("service-region", |view| vec![view.service_region.to_string()]),
        ("service-type", |view| view.service_type.iter().map(|row| row.service_type.to_owned()).collect()),
        ("supported-ip-address-types", |view| {
            view.supported_ip_address_types.iter().map(|word| (*word).to_owned()).collect()
        }),
    ],
    tags: Some(|view| &view.tags),
};
