//! VPC endpoints: making, changing, listing and deleting them. The services they lead to are in [`super::vpc_endpoint_service`].
//!
//! Source: EC2 API Reference, CreateVpcEndpoint, ModifyVpcEndpoint, DescribeVpcEndpoints, DeleteVpcEndpoints.

mod association;
mod view;

pub use association::DescribeVpcEndpointAssociations;

use super::flow_log::UnsuccessfulItem;
use crate::operation::{Context, Error, Operation};
use crate::select::Selection;
use crate::token::ClientToken;
use std::net::Ipv4Addr;
use view::{EndpointView, FILTERS};
use weir_model::endpoint::{
    AddressOptions, DnsRecordIpType, EndpointChange, EndpointRefusal, IpAddressType, NewEndpoint, NewKind,
};
use weir_model::{GroupId, Refused, RegionName, RouteTableId, SubnetId, VpcEndpointId, VpcId};
use weir_wire::{Bounds, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// Any size of page will do; more than a thousand are a thousand.
pub(super) const BOUNDS: Bounds = 1..=i64::MAX;

/// A type of endpoints that Weir has.
#[derive(Clone, Copy, PartialEq, Eq, Param)]
pub enum EndpointType {
    /// A target of routes.
    #[wire(name = "Gateway")]
    Gateway,
    /// Interfaces in subnets.
    #[wire(name = "Interface")]
    Interface,
}

/// The families of an endpoint's addresses.
#[derive(Clone, Copy, Param)]
pub enum AddressType {
    /// IPv4.
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6.
    Ipv6,
}

/// The families of addresses that an endpoint's names lead to.
#[derive(Clone, Copy, Param)]
pub enum RecordType {
    /// IPv4.
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6.
    Ipv6,
    /// What the service has.
    ServiceDefined,
}

/// How an endpoint's names are answered. Which private domains are, of services that AWS does not own, there is not here.
#[derive(Default, Param)]
pub struct DnsOptionsSpecification {
    dns_record_ip_type: Option<RecordType>,
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

/// What a request says of addresses and names.
fn address_options(
    address_type: Option<AddressType>,
    dns: &DnsOptionsSpecification,
    private_dns: Option<bool>,
) -> AddressOptions {
    AddressOptions {
        ip_address_type: address_type.map(|family| match family {
            AddressType::Ipv4 => IpAddressType::Ipv4,
            AddressType::Dualstack => IpAddressType::Dualstack,
            AddressType::Ipv6 => IpAddressType::Ipv6,
        }),
        dns_record_ip_type: dns.dns_record_ip_type.map(|records| match records {
            RecordType::Ipv4 => DnsRecordIpType::Ipv4,
            RecordType::Dualstack => DnsRecordIpType::Dualstack,
            RecordType::Ipv6 => DnsRecordIpType::Ipv6,
            RecordType::ServiceDefined => DnsRecordIpType::ServiceDefined,
        }),
        private_dns,
        private_dns_only_for_inbound: dns.private_dns_only_for_inbound_resolver_endpoint,
    }
}

/// A subnet of an endpoint with the address wanted there.
#[derive(Param)]
pub struct SubnetConfiguration {
    subnet_id: Option<SubnetId>,
    ipv4: Option<Ipv4Addr>,
}

/// The subnets that a request names, those of `ids` before those only configured.
fn subnets(
    ids: &[SubnetId],
    configured: &[SubnetConfiguration],
) -> Result<Vec<(SubnetId, Option<Ipv4Addr>)>, Error> {
    let mut subnets: Vec<(SubnetId, Option<Ipv4Addr>)> = ids.iter().map(|id| (*id, None)).collect();
    for row in configured {
        let missing = || Error::new("MissingParameter", "The request must contain the parameter SubnetId");
        let id = row.subnet_id.ok_or_else(missing)?;
        match subnets.iter_mut().find(|(held, _)| *held == id) {
            Some((_, address)) => *address = row.ipv4,
            None => subnets.push((id, row.ipv4)),
        }
    }
    Ok(subnets)
}

/// Makes an endpoint.
#[derive(Param)]
pub struct CreateVpcEndpoint {
    vpc_endpoint_type: Option<EndpointType>,
    vpc_id: VpcId,
    service_name: Option<String>,
    policy_document: Option<String>,
    route_table_ids: Vec<RouteTableId>,
    subnet_ids: Vec<SubnetId>,
    security_group_ids: Vec<GroupId>,
    ip_address_type: Option<AddressType>,
    dns_options: Option<DnsOptionsSpecification>,
    client_token: ClientToken,
    private_dns_enabled: Option<bool>,
    tag_specifications: Vec<TagSpecification>,
    subnet_configurations: Vec<SubnetConfiguration>,
    service_region: Option<RegionName>,
}

/// The endpoint that was made.
#[derive(Xml)]
pub struct CreateVpcEndpointResponse {
    vpc_endpoint: EndpointView,
    client_token: ClientToken,
}

impl CreateVpcEndpoint {
    /// What the endpoint is to be. Without a type it is a gateway endpoint.
    fn kind(&self) -> Result<NewKind, Error> {
        let foreign = |member: &'static str, given: &'static str, is_there: bool| match is_there {
            true => Err(Error::from(Refused::from(EndpointRefusal::NotOfType { member, given }))),
            false => Ok(()),
        };
        let unsaid = DnsOptionsSpecification::default();
        let dns = self.dns_options.as_ref().unwrap_or(&unsaid);
        let options = address_options(self.ip_address_type, dns, self.private_dns_enabled);
        if self.vpc_endpoint_type.unwrap_or(EndpointType::Gateway) == EndpointType::Interface {
            foreign("RouteTableIds", "Interface", !self.route_table_ids.is_empty())?;
            return Ok(NewKind::Interface {
                subnets: subnets(&self.subnet_ids, &self.subnet_configurations)?,
                groups: self.security_group_ids.clone(),
                options,
            });
        }
        options.check_for_gateway().map_err(Refused::from)?;
        let has_subnets = !self.subnet_ids.is_empty() || !self.subnet_configurations.is_empty();
        foreign("SubnetIds", "Gateway", has_subnets)?;
        foreign("SecurityGroupIds", "Gateway", !self.security_group_ids.is_empty())?;
        Ok(NewKind::Gateway(self.route_table_ids.clone()))
    }
}

impl Operation for CreateVpcEndpoint {
    type Response = CreateVpcEndpointResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let kind = self.kind()?;
        let missing = || Error::new("MissingParameter", "The request must contain the parameter ServiceName");
        let service = self.service_name.ok_or_else(missing)?;
        if self.service_region.is_some_and(|region| region != cx.scope.region) {
            return Err(Refused::from(EndpointRefusal::NoSuchService(service)).into());
        }
        let tags = specified_tags(&self.tag_specifications, "vpc-endpoint")?;
        let policy = self.policy_document.filter(|text| !text.is_empty());
        let new = NewEndpoint { vpc: self.vpc_id, service, kind, policy, tags };
        let id = cx.command(|network, cx| network.create_endpoint(cx, new))?;
        let made = cx.network.endpoints.find(cx.scope, &id)?;
        let vpc_endpoint = EndpointView::made(cx.seen(), made);
        Ok(CreateVpcEndpointResponse { vpc_endpoint, client_token: self.client_token })
    }
}

/// Changes an endpoint.
#[derive(Param)]
pub struct ModifyVpcEndpoint {
    vpc_endpoint_id: VpcEndpointId,
    reset_policy: Option<bool>,
    policy_document: Option<String>,
    add_route_table_ids: Vec<RouteTableId>,
    remove_route_table_ids: Vec<RouteTableId>,
    add_subnet_ids: Vec<SubnetId>,
    remove_subnet_ids: Vec<SubnetId>,
    add_security_group_ids: Vec<GroupId>,
    remove_security_group_ids: Vec<GroupId>,
    ip_address_type: Option<AddressType>,
    dns_options: Option<DnsOptionsSpecification>,
    private_dns_enabled: Option<bool>,
    subnet_configurations: Vec<SubnetConfiguration>,
}

impl Operation for ModifyVpcEndpoint {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let resets = self.reset_policy.unwrap_or(false);
        if resets && self.policy_document.is_some() {
            let message = "The parameters ResetPolicy and PolicyDocument cannot be used together";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        let dns = self.dns_options.unwrap_or_default();
        let change = EndpointChange {
            policy: if resets { Some(None) } else { self.policy_document.map(Some) },
            added_tables: self.add_route_table_ids,
            removed_tables: self.remove_route_table_ids,
            added_subnets: subnets(&self.add_subnet_ids, &self.subnet_configurations)?,
            removed_subnets: self.remove_subnet_ids,
            added_groups: self.add_security_group_ids,
            removed_groups: self.remove_security_group_ids,
            options: address_options(self.ip_address_type, &dns, self.private_dns_enabled),
        };
        cx.command(|network, cx| network.modify_endpoint(cx, self.vpc_endpoint_id, change))?;
        Ok(Return)
    }
}

/// Deletes endpoints, each by itself.
#[derive(Param)]
pub struct DeleteVpcEndpoints {
    #[wire(required)]
    vpc_endpoint_ids: Vec<VpcEndpointId>,
}

/// What was not deleted.
#[derive(Xml)]
pub struct DeleteVpcEndpointsResponse {
    #[wire(response = "unsuccessful")]
    unsuccessful: Vec<UnsuccessfulItem>,
}

impl Operation for DeleteVpcEndpoints {
    type Response = DeleteVpcEndpointsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let mut unsuccessful = Vec::new();
        for id in self.vpc_endpoint_ids {
            if let Err(error) = cx.command(|network, cx| network.delete_endpoint(cx, id)) {
                unsuccessful.push(UnsuccessfulItem::new(id.to_string(), error));
            }
        }
        Ok(DeleteVpcEndpointsResponse { unsuccessful })
    }
}

/// Lists endpoints, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeVpcEndpoints {
    vpc_endpoint_ids: Vec<VpcEndpointId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The endpoints found.
#[derive(Xml)]
pub struct DescribeVpcEndpointsResponse {
    vpc_endpoints: Vec<EndpointView>,
    next_token: Option<Token>,
}

impl Operation for DescribeVpcEndpoints {
    type Response = DescribeVpcEndpointsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&cx.network.endpoints, &self.vpc_endpoint_ids)?;
        let views = rows.into_iter().map(|endpoint| EndpointView::of(seen, endpoint));
        let (vpc_endpoints, next_token) = self.selection.narrow(views, &FILTERS, BOUNDS, EndpointView::id)?;
        Ok(DescribeVpcEndpointsResponse { vpc_endpoints, next_token })
    }
}
