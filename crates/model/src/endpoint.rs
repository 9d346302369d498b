//! VPC endpoints: private ways from a VPC to services of AWS.
//!
//! A gateway endpoint is a target of routes for the service's prefix list, which it puts into route tables itself; nobody
//! else can remove them. An interface endpoint has a network interface in each of its subnets, at most one for each zone,
//! and names that lead there ([`names`]). Either lets pass what its [`policy`] allows. Which services there are is in [`service`].
//! Making and deleting take no time here.
//! Source: AWS PrivateLink Guide, "Gateway endpoints" and "Access an AWS service using an interface VPC endpoint"; EC2 API
//! Reference, CreateVpcEndpoint.

mod change;
pub mod names;
mod options;
pub mod policy;
pub mod service;
#[cfg(test)]
mod tests;

use crate::interface::{AddressChoice, Attachment, Interface, InterfaceKind, Ipv6Choice, NewInterface};
use crate::prefix_list::aws;
use crate::route::{Destination, Origin, Route, RouteTable, Target};
use crate::subnet::Subnet;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    Cx, GroupId, InterfaceId, Limit, Network, PrefixListId, Refused, RouteTableId, Scope, SubnetId, Tags,
    VpcEndpointId, VpcId, ZoneName, tags,
};
pub use change::EndpointChange;
pub use options::{AddressOptions, DnsRecordIpType, IpAddressType};
use policy::check_policy;
use serde::{Deserialize, Serialize};
use service::EndpointService;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Its id.
    pub id: VpcEndpointId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// The service it leads to, as names of services end: `s3`.
    pub service: String,
    /// What it is.
    pub kind: EndpointKind,
    /// The policy given; `None` allows everything.
    pub policy: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted, in the state of earlier versions, where it was seen for a moment longer; it is gone at the next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Its tags.
    pub tags: Tags,
}

/// What an endpoint is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// A target of routes. Which tables it is in is not stored: they have the routes.
    Gateway,
    /// Interfaces in subnets.
    Interface(InterfaceEndpoint),
}

/// What an interface endpoint has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterfaceEndpoint {
    /// Its interfaces, one for each subnet, in the order of the subnets given.
    pub interfaces: Vec<InterfaceId>,
    /// The groups of all of them.
    pub groups: Vec<GroupId>,
    /// Whether the service's own name leads to it inside the VPC.
    pub private_dns: bool,
    /// Eight characters that make its names hard to guess.
    pub label: String,
    /// The families of its addresses.
    #[serde(default)]
    pub ip_address_type: IpAddressType,
    /// The families of addresses that its names lead to.
    #[serde(default)]
    pub dns_record_ip_type: DnsRecordIpType,
    /// Whether the service's own name leads to it only for those who ask from outside the VPC, through an inbound resolver
    /// endpoint; inside, it leads to the gateway endpoint.
    #[serde(default)]
    pub private_dns_only_for_inbound: bool,
}

/// Why a command about an endpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointRefusal {
    /// No such service, or none that an endpoint can lead to.
    NoSuchService(String),
    /// The service has endpoints of the other type only.
    WrongType {
        /// The type that was asked for.
        given: &'static str,
        /// The types that there are.
        available: Vec<&'static str>,
    },
    /// A member that endpoints of this type do not have.
    NotOfType {
        /// The member.
        member: &'static str,
        /// The type.
        given: &'static str,
    },
    /// The table has a route for the service's prefix list.
    TableHasRoute(RouteTableId, PrefixListId),
    /// The table has no route to the endpoint.
    NotInTable(VpcEndpointId, RouteTableId),
    /// The table, subnet or group is of another VPC.
    OtherNetwork {
        /// What it is of.
        vpc: VpcId,
        /// The resource.
        resource: String,
    },
    /// The endpoint has an interface in the zone of this subnet already.
    SameZone(SubnetId),
    /// The endpoint has no interface in the subnet.
    NotInSubnet(VpcEndpointId, SubnetId),
    /// The endpoint does not have the group.
    WithoutGroup(VpcEndpointId, GroupId),
    /// Private names need DNS support and host names in the VPC.
    PrivateDnsNeedsAttributes(VpcId),
    /// Another endpoint of the VPC has the private name.
    PrivateDnsTaken {
        /// The VPC.
        vpc: VpcId,
        /// The name.
        name: String,
    },
    /// The service has no private name.
    NoPrivateName(String),
    /// Names for outside only need a gateway endpoint for those inside.
    NeedsGatewayEndpoint(VpcId),
    /// This interface endpoint leaves the service's name to the gateway endpoint.
    NameLeftToGateway(VpcEndpointId),
    /// Names for outside only are of interface endpoints.
    OnlyForInbound,
    /// The service has no gateway endpoints, so its names are not for outside only.
    WithoutGatewayType(String),
    /// The names cannot lead to addresses that the endpoint does not have.
    RecordsWithoutAddresses(DnsRecordIpType, IpAddressType),
    /// The subnet does not have the blocks that the addresses need: of both families, or of IPv6 only.
    SubnetAddressType(SubnetId, IpAddressType),
    /// An endpoint has at least one group.
    LastGroup(VpcEndpointId),
    /// The policy is not JSON, or too long.
    Policy,
    /// The policy breaks the grammar of policies, so.
    PolicyGrammar(String),
    /// A condition of the policy asks for a key that calls through endpoints do not have here.
    PolicyKey(String),
    /// No route can be made to lead to the endpoint.
    NotATarget(VpcEndpointId),
    /// Routes of gateway endpoints are the endpoint's own.
    OwnRoute(RouteTableId, PrefixListId),
}

/// What CreateVpcEndpoint asks for.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// The VPC.
    pub vpc: VpcId,
    /// The service's whole name.
    pub service: String,
    /// What it is to be.
    pub kind: NewKind,
    /// The policy, if it is not to allow everything.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// What a new endpoint is to be.
#[derive(Clone, Debug)]
pub enum NewKind {
    /// A gateway endpoint in these tables.
    Gateway(Vec<RouteTableId>),
    /// An interface endpoint.
    Interface {
        /// The subnets, each with the address wanted there, if any.
        subnets: Vec<(SubnetId, Option<Ipv4Addr>)>,
        /// The groups; none is the VPC's default one.
        groups: Vec<GroupId>,
        /// Its addresses and names.
        options: AddressOptions,
    },
}

impl NewKind {
    fn name(&self) -> &'static str {
        match self {
            NewKind::Gateway(_) => service::GATEWAY,
            NewKind::Interface { .. } => service::INTERFACE,
        }
    }
}

impl VpcEndpoint {
    /// The type that it is of.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            EndpointKind::Gateway => service::GATEWAY,
            EndpointKind::Interface(_) => service::INTERFACE,
        }
    }

    /// The service that it leads to; `None` if an import named one that is not in [`service::SERVICES`].
    pub fn endpoint_service(&self) -> Option<EndpointService> {
        service::named(&self.service, self.type_name())
    }

    /// The service's whole name: `com.amazonaws.us-east-1.s3`.
    pub fn service_name(&self) -> String {
        service::full_name(self.scope.region, &self.service)
    }

    /// What it has if it is an interface endpoint.
    pub fn interface_endpoint(&self) -> Option<&InterfaceEndpoint> {
        match &self.kind {
            EndpointKind::Interface(found) => Some(found),
            EndpointKind::Gateway => None,
        }
    }

    /// The prefix list that it routes, if it is a gateway endpoint.
    pub fn prefix_list(&self) -> Option<PrefixListId> {
        match self.kind {
            EndpointKind::Gateway => aws::of_service(self.scope.region, &self.service).map(|list| list.id),
            EndpointKind::Interface(_) => None,
        }
    }
}

impl Network {
    /// Makes an endpoint: routes in the tables of a gateway endpoint, interfaces in the subnets of an interface endpoint.
    ///
    /// # Errors
    /// No such VPC, table, subnet or group; [`EndpointRefusal`]; [`Limit::GatewayEndpoints`], [`Limit::InterfaceEndpoints`];
    /// what refuses an interface; tags.
    pub fn create_endpoint(&mut self, cx: &mut Cx, new: NewEndpoint) -> Result<VpcEndpointId, Refused> {
        tags::check(&new.tags)?;
        self.vpcs.find(cx.scope, &new.vpc)?;
        let service = self.service_for(cx.scope, &new)?;
        check_policy(new.policy.as_deref())?;
        self.check_endpoint_count(cx, &new)?;
        let mut endpoint = VpcEndpoint {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc: new.vpc,
            service: service.name.to_owned(),
            kind: EndpointKind::Gateway,
            policy: new.policy,
            created: cx.now,
            deleted: None,
            tags: new.tags,
        };
        let id = endpoint.id;
        match new.kind {
            NewKind::Gateway(tables) => {
                self.check_tables_for(&endpoint, &tables)?;
                tables.iter().for_each(|table| self.put_endpoint_route(&endpoint, *table));
            }
            NewKind::Interface { subnets, groups, options } => {
                let groups = self.endpoint_groups(&endpoint, groups)?;
                let mut own = InterfaceEndpoint::new(groups);
                self.set_address_options(&endpoint, service, &mut own, options)?;
                let made = self.plan_endpoint_interfaces(cx, &endpoint, (&subnets, &own), &[])?;
                own.interfaces = made.iter().map(|interface| interface.id).collect();
                own.label = fresh_label(cx);
                made.into_iter().for_each(|interface| self.interfaces.insert(interface));
                endpoint.kind = EndpointKind::Interface(own);
            }
        }
        self.endpoints.insert(endpoint);
        Ok(id)
    }

    fn service_for(&self, scope: Scope, new: &NewEndpoint) -> Result<EndpointService, Refused> {
        let found: Vec<EndpointService> = service::find(scope.region, &new.service).collect();
        if found.is_empty() {
            return Err(EndpointRefusal::NoSuchService(new.service.clone()).into());
        }
        let given = new.kind.name();
        let available = found.iter().map(|service| service.kind).collect();
        let fitting = found.into_iter().find(|service| service.kind == given);
        fitting.ok_or_else(|| EndpointRefusal::WrongType { given, available }.into())
    }

    fn check_endpoint_count(&self, cx: &Cx, new: &NewEndpoint) -> Result<(), Refused> {
        let present = || self.endpoints.of(cx.scope);
        let is_gateway = |endpoint: &&VpcEndpoint| endpoint.kind == EndpointKind::Gateway;
        match new.kind {
            NewKind::Gateway(_) if present().filter(is_gateway).count() >= self.limits.gateway_endpoints => {
                Err(Limit::GatewayEndpoints.into())
            }
            NewKind::Interface { .. } => {
                let of_vpc = present().filter(|held| held.vpc == new.vpc && !is_gateway(held)).count();
                match of_vpc >= self.limits.interface_endpoints_per_vpc {
                    true => Err(Limit::InterfaceEndpoints.into()),
                    false => Ok(()),
                }
            }
            NewKind::Gateway(_) => Ok(()),
        }
    }

    /// Each table is of the VPC, is no gateway's, has room, and no route for the service yet.
    fn check_tables_for(&self, endpoint: &VpcEndpoint, tables: &[RouteTableId]) -> Result<(), Refused> {
        let Some(list) = endpoint.prefix_list() else { return Ok(()) };
        let mut seen = BTreeSet::new();
        for id in tables {
            let table = self.route_tables.find(endpoint.scope, id)?;
            check_vpc(endpoint.vpc, table.vpc, id)?;
            if table.route(Destination::PrefixList(list)).is_some() || !seen.insert(*id) {
                return Err(EndpointRefusal::TableHasRoute(*id, list).into());
            }
            if table.is_of_gateway() {
                return Err(Refused::ListInGatewayTable(*id, list));
            }
            self.check_room_for(table, Destination::PrefixList(list))?;
        }
        Ok(())
    }

    fn put_endpoint_route(&mut self, endpoint: &VpcEndpoint, table: RouteTableId) {
        let Some(list) = endpoint.prefix_list() else { return };
        let destination = Destination::PrefixList(list);
        let route =
            Route { destination, target: Target::VpcEndpoint(endpoint.id), origin: Origin::CreateRoute };
        if let Some(table) = self.route_tables.get_mut(&table) {
            table.routes.push(route);
        }
    }

    /// The route tables that lead to an endpoint.
    pub fn endpoint_tables(&self, id: VpcEndpointId) -> impl Iterator<Item = RouteTableId> {
        let leads = move |table: &&RouteTable| {
            table.routes.iter().any(|route| route.target == Target::VpcEndpoint(id))
        };
        self.route_tables.iter().filter(leads).map(|table| table.id)
    }

    fn remove_endpoint_routes(&mut self, id: VpcEndpointId, table: RouteTableId) {
        if let Some(table) = self.route_tables.get_mut(&table) {
            table.routes.retain(|route| route.target != Target::VpcEndpoint(id));
        }
    }

    /// Sets what is asked for of the addresses and names of an interface endpoint, which may be new; the rest stays.
    ///
    /// Assumption: without a word about private DNS, a new endpoint has it if its service has a private name.
    fn set_address_options(
        &self,
        endpoint: &VpcEndpoint,
        service: EndpointService,
        own: &mut InterfaceEndpoint,
        options: AddressOptions,
    ) -> Result<(), Refused> {
        let is_new = own.label.is_empty();
        let had_private_dns = own.private_dns;
        let records = match options.ip_address_type {
            Some(addresses) => {
                own.ip_address_type = addresses;
                Some(options.dns_record_ip_type.unwrap_or(addresses.records()))
            }
            None => options.dns_record_ip_type,
        };
        own.dns_record_ip_type = records.unwrap_or(own.dns_record_ip_type);
        if !own.dns_record_ip_type.fits(own.ip_address_type) {
            let (records, addresses) = (own.dns_record_ip_type, own.ip_address_type);
            return Err(EndpointRefusal::RecordsWithoutAddresses(records, addresses).into());
        }
        let private_dns = if is_new { service.has_private_name() } else { own.private_dns };
        own.private_dns = options.private_dns.unwrap_or(private_dns);
        if own.private_dns && !service.has_private_name() {
            return Err(EndpointRefusal::NoPrivateName(endpoint.service_name()).into());
        }
        let has_both = service::named(service.name, service::GATEWAY).is_some();
        let begins = own.private_dns && !had_private_dns;
        let by_default = match own.private_dns {
            true if begins => has_both,
            true => own.private_dns_only_for_inbound,
            false => false,
        };
        own.private_dns_only_for_inbound = options.private_dns_only_for_inbound.unwrap_or(by_default);
        let asks = options.private_dns_only_for_inbound == Some(true) || begins;
        if own.private_dns_only_for_inbound && asks {
            self.check_only_for_inbound(endpoint, has_both)?;
        }
        match own.private_dns && (is_new || options.private_dns.is_some()) {
            true => self.check_private_dns(endpoint, service, (!is_new).then_some(endpoint.id)),
            false => Ok(()),
        }
    }

    /// Whether the service's own name can be left to a gateway endpoint inside the VPC.
    fn check_only_for_inbound(&self, endpoint: &VpcEndpoint, has_both: bool) -> Result<(), Refused> {
        if !has_both {
            return Err(EndpointRefusal::WithoutGatewayType(endpoint.service_name()).into());
        }
        let is_gateway = |other: &VpcEndpoint| {
            (other.vpc, &other.service) == (endpoint.vpc, &endpoint.service)
                && other.kind == EndpointKind::Gateway
        };
        match self.endpoints.iter().any(is_gateway) {
            true => Ok(()),
            false => Err(EndpointRefusal::NeedsGatewayEndpoint(endpoint.vpc).into()),
        }
    }

    /// The groups of an endpoint's interfaces: those named, each once, or the VPC's default group.
    fn endpoint_groups(&self, endpoint: &VpcEndpoint, named: Vec<GroupId>) -> Result<Vec<GroupId>, Refused> {
        let mut groups: Vec<GroupId> = Vec::new();
        for id in named {
            check_vpc(endpoint.vpc, self.groups.find(endpoint.scope, &id)?.vpc, &id)?;
            if !groups.contains(&id) {
                groups.push(id);
            }
        }
        if groups.len() > self.limits.groups_per_interface {
            return Err(Limit::GroupsPerInterface.into());
        }
        if groups.is_empty() {
            groups.extend(self.default_group(endpoint.vpc).map(|group| group.id));
        }
        Ok(groups)
    }

    /// The interfaces that an endpoint would have in `subnets`; `taken` are the zones where it has one.
    fn plan_endpoint_interfaces(
        &self,
        cx: &mut Cx,
        endpoint: &VpcEndpoint,
        (subnets, own): (&[(SubnetId, Option<Ipv4Addr>)], &InterfaceEndpoint),
        taken: &[ZoneName],
    ) -> Result<Vec<Interface>, Refused> {
        let mut zones: BTreeSet<ZoneName> = taken.iter().copied().collect();
        let mut planned = Vec::new();
        self.check_interface_count(cx.scope, subnets.len())?;
        for (id, address) in subnets {
            let subnet = self.subnets.find(endpoint.scope, id)?;
            check_vpc(endpoint.vpc, subnet.vpc, id)?;
            if !zones.insert(subnet.zone) {
                return Err(EndpointRefusal::SameZone(*id).into());
            }
            planned.push(self.plan_endpoint_interface(cx, endpoint, (subnet, *address), own)?);
        }
        Ok(planned)
    }

    fn plan_endpoint_interface(
        &self,
        cx: &mut Cx,
        endpoint: &VpcEndpoint,
        (subnet, address): (&Subnet, Option<Ipv4Addr>),
        own: &InterfaceEndpoint,
    ) -> Result<Interface, Refused> {
        own.check_subnet(subnet)?;
        let new = NewInterface {
            addresses: AddressChoice { primary: address, ..Default::default() },
            ipv6: Ipv6Choice::Count(usize::from(own.ip_address_type.has_ipv6())),
            groups: own.groups.clone(),
            description: format!("VPC Endpoint Interface {}", endpoint.id),
            tracking: Default::default(),
            tags: Tags::new(),
        };
        let planned = self.plan_interface(cx, subnet, new, &mut self.taken_in(subnet))?;
        let attachment = Attachment {
            id: cx.ids.fresh(),
            instance: None,
            device_index: 1,
            since: cx.now,
            delete_on_termination: false,
        };
        Ok(Interface { kind: InterfaceKind::VpcEndpoint, attachment: Some(attachment), ..planned })
    }

    /// Whether the service's own name may lead to `endpoint` inside its VPC.
    fn check_private_dns(
        &self,
        endpoint: &VpcEndpoint,
        service: EndpointService,
        own: Option<VpcEndpointId>,
    ) -> Result<(), Refused> {
        let vpc = self.vpcs.find(endpoint.scope, &endpoint.vpc)?;
        if !(vpc.dns_support && vpc.dns_hostnames) {
            return Err(EndpointRefusal::PrivateDnsNeedsAttributes(vpc.id).into());
        }
        let has_name = |other: &VpcEndpoint| {
            let is_other = Some(other.id) != own && other.vpc == vpc.id;
            is_other
                && other.service == endpoint.service
                && other.interface_endpoint().is_some_and(|other| other.private_dns)
        };
        match self.endpoints.iter().any(has_name) {
            true => {
                let names = service.private_names(endpoint.scope.region);
                let name = names.into_iter().next().unwrap_or_default();
                Err(EndpointRefusal::PrivateDnsTaken { vpc: vpc.id, name }.into())
            }
            false => Ok(()),
        }
    }

    /// Deletes an endpoint: a gateway endpoint with its routes, an interface endpoint with its interfaces.
    ///
    /// # Errors
    /// [`crate::Missing::VpcEndpoint`]; [`EndpointRefusal::NameLeftToGateway`].
    pub fn delete_endpoint(&mut self, cx: &Cx, id: VpcEndpointId) -> Result<(), Refused> {
        let endpoint = self.endpoints.find(cx.scope, &id)?;
        if let Some(other) = self.leaves_its_name_to(endpoint) {
            return Err(EndpointRefusal::NameLeftToGateway(other).into());
        }
        self.forget_endpoint(id);
        Ok(())
    }

    /// The interface endpoint that leaves its service's name to `endpoint`, if that is the last gateway endpoint there.
    fn leaves_its_name_to(&self, endpoint: &VpcEndpoint) -> Option<VpcEndpointId> {
        let of_service = || {
            self.endpoints.iter().filter(|other| {
                (other.vpc, &other.service) == (endpoint.vpc, &endpoint.service) && other.id != endpoint.id
            })
        };
        if endpoint.kind != EndpointKind::Gateway
            || of_service().any(|other| other.kind == EndpointKind::Gateway)
        {
            return None;
        }
        let leaves = |other: &&VpcEndpoint| {
            let own = other.interface_endpoint();
            own.is_some_and(|own| own.private_dns && own.private_dns_only_for_inbound)
        };
        of_service().find(leaves).map(|other| other.id)
    }

    fn forget_endpoint(&mut self, id: VpcEndpointId) {
        for table in self.endpoint_tables(id).collect::<Vec<_>>() {
            self.remove_endpoint_routes(id, table);
        }
        let endpoint = self.endpoints.remove(&id);
        let own = endpoint.as_ref().and_then(VpcEndpoint::interface_endpoint);
        own.into_iter()
            .flat_map(|own| &own.interfaces)
            .for_each(|interface| self.remove_interface(*interface));
    }

    /// Forgets the endpoints that earlier versions had left for a moment.
    pub fn step_endpoints(&mut self) {
        let over = self.endpoints.iter().filter(|endpoint| endpoint.deleted.is_some());
        let over: Vec<VpcEndpointId> = over.map(|endpoint| endpoint.id).collect();
        over.into_iter().for_each(|id| self.forget_endpoint(id));
    }

    /// The endpoint whose interface this is.
    pub fn endpoint_of_interface(&self, id: InterfaceId) -> Option<&VpcEndpoint> {
        let has = |endpoint: &&VpcEndpoint| {
            endpoint.interface_endpoint().is_some_and(|found| found.interfaces.contains(&id))
        };
        self.endpoints.iter().find(has)
    }
}

impl InterfaceEndpoint {
    /// One with IPv4 addresses, and without interfaces and name.
    pub fn new(groups: Vec<GroupId>) -> InterfaceEndpoint {
        InterfaceEndpoint {
            interfaces: Vec::new(),
            groups,
            private_dns: false,
            label: String::new(),
            ip_address_type: IpAddressType::default(),
            dns_record_ip_type: DnsRecordIpType::default(),
            private_dns_only_for_inbound: false,
        }
    }

    /// Whether the subnet has the blocks for its addresses: both families need both, IPv6 alone a subnet of IPv6 only (AWS
    /// PrivateLink Guide, "Create a VPC endpoint").
    fn check_subnet(&self, subnet: &Subnet) -> Result<(), EndpointRefusal> {
        let has = (subnet.cidr.is_some(), subnet.ipv6_cidr.is_some());
        let fits = match self.ip_address_type {
            IpAddressType::Ipv4 => has.0,
            IpAddressType::Dualstack => has == (true, true),
            IpAddressType::Ipv6 => has == (false, true),
        };
        match fits {
            true => Ok(()),
            false => Err(EndpointRefusal::SubnetAddressType(subnet.id, self.ip_address_type)),
        }
    }
}

fn check_vpc(vpc: VpcId, other: VpcId, resource: &impl ToString) -> Result<(), EndpointRefusal> {
    match vpc == other {
        true => Ok(()),
        false => Err(EndpointRefusal::OtherNetwork { vpc, resource: resource.to_string() }),
    }
}

/// Eight lower-case letters and digits.
fn fresh_label(cx: &mut Cx) -> String {
    const MARKS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..8).map(|_| char::from(MARKS[cx.ids.below(36) as usize])).collect()
}

impl Resource for VpcEndpoint {
    type Key = VpcEndpointId;
    const KIND: &'static str = "vpc-endpoint";
    fn key(&self) -> VpcEndpointId {
        self.id
    }
}
