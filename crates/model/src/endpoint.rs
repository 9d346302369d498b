//! VPC endpoints: private ways from a VPC to services of AWS.
//!
//! A gateway endpoint is a target of routes for the service's prefix list, which it puts into route tables itself; nobody
//! else can remove them. An interface endpoint has a network interface in each of its subnets, at most one for each zone,
//! and names that lead there ([`names`]). Either lets pass what its [`policy`] allows. Which services there are is in [`service`].
//! Source: AWS PrivateLink Guide, "Gateway endpoints" and "Access an AWS service using an interface VPC endpoint"; EC2 API
//! Reference, CreateVpcEndpoint.

mod change;
pub mod names;
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
    Cx, GroupId, InterfaceId, Limit, Missing, Network, PrefixListId, Refused, RouteTableId, Scope, SubnetId,
    Tags, VpcEndpointId, VpcId, ZoneName, tags,
};
pub use change::EndpointChange;
use policy::check_policy;
use serde::{Deserialize, Serialize};
use service::EndpointService;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// How long a new interface endpoint is `pending`, and a deleted one `deleting`. Here seconds; in AWS a minute or two.
pub const TRANSITION_MS: i64 = 2_000;

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
    /// When it was deleted.
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
}

/// Where an endpoint stands (`state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// Its interfaces are being made.
    Pending,
    /// It can be used.
    Available,
    /// It is on its way out.
    Deleting,
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
        /// The type that there is.
        available: &'static str,
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
    /// The endpoint is being deleted.
    Deleting(VpcEndpointId),
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
        /// Whether the service's own name is to lead to it.
        private_dns: bool,
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
    /// Where it stands at `now`. Gateway endpoints are available and gone at once.
    pub fn state_at(&self, now: Timestamp) -> EndpointState {
        let is_new = now < self.created.plus_ms(TRANSITION_MS);
        match (&self.kind, self.deleted) {
            (_, Some(_)) => EndpointState::Deleting,
            (EndpointKind::Interface(_), None) if is_new => EndpointState::Pending,
            _ => EndpointState::Available,
        }
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
            NewKind::Interface { subnets, groups, private_dns } => {
                if private_dns {
                    self.check_private_dns(&endpoint, None)?;
                }
                let groups = self.endpoint_groups(&endpoint, groups)?;
                let made = self.plan_endpoint_interfaces(cx, &endpoint, (&subnets, &groups), &[])?;
                let interfaces = made.iter().map(|interface| interface.id).collect();
                let label = fresh_label(cx);
                made.into_iter().for_each(|interface| self.interfaces.insert(interface));
                endpoint.kind =
                    EndpointKind::Interface(InterfaceEndpoint { interfaces, groups, private_dns, label });
            }
        }
        self.endpoints.insert(endpoint);
        Ok(id)
    }

    fn service_for(&self, scope: Scope, new: &NewEndpoint) -> Result<EndpointService, Refused> {
        let found = service::find(scope.region, &new.service);
        let found = found.ok_or_else(|| EndpointRefusal::NoSuchService(new.service.clone()))?;
        let (given, available) = (new.kind.name(), found.kind);
        match given == available {
            true => Ok(found),
            false => Err(EndpointRefusal::WrongType { given, available }.into()),
        }
    }

    fn check_endpoint_count(&self, cx: &Cx, new: &NewEndpoint) -> Result<(), Refused> {
        let present = || self.endpoints.of(cx.scope).filter(|endpoint| endpoint.deleted.is_none());
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
        (subnets, groups): (&[(SubnetId, Option<Ipv4Addr>)], &[GroupId]),
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
            planned.push(self.plan_endpoint_interface(cx, endpoint, (subnet, *address), groups)?);
        }
        Ok(planned)
    }

    fn plan_endpoint_interface(
        &self,
        cx: &mut Cx,
        endpoint: &VpcEndpoint,
        (subnet, address): (&Subnet, Option<Ipv4Addr>),
        groups: &[GroupId],
    ) -> Result<Interface, Refused> {
        let new = NewInterface {
            addresses: AddressChoice { primary: address, ..Default::default() },
            ipv6: Ipv6Choice::Count(0),
            groups: groups.to_vec(),
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
    fn check_private_dns(&self, endpoint: &VpcEndpoint, own: Option<VpcEndpointId>) -> Result<(), Refused> {
        let vpc = self.vpcs.find(endpoint.scope, &endpoint.vpc)?;
        if !(vpc.dns_support && vpc.dns_hostnames) {
            return Err(EndpointRefusal::PrivateDnsNeedsAttributes(vpc.id).into());
        }
        let has_name = |other: &VpcEndpoint| {
            let is_other = Some(other.id) != own && other.vpc == vpc.id && other.deleted.is_none();
            is_other
                && other.service == endpoint.service
                && other.interface_endpoint().is_some_and(|other| other.private_dns)
        };
        match self.endpoints.iter().any(has_name) {
            true => {
                let name = service::private_name(endpoint.scope.region, &endpoint.service);
                Err(EndpointRefusal::PrivateDnsTaken { vpc: vpc.id, name }.into())
            }
            false => Ok(()),
        }
    }

    /// Deletes an endpoint: a gateway endpoint at once, with its routes; an interface endpoint is `deleting` for a moment, and
    /// its interfaces stay as long. Deleting it again changes nothing.
    ///
    /// # Errors
    /// [`Missing::VpcEndpoint`].
    pub fn delete_endpoint(&mut self, cx: &Cx, id: VpcEndpointId) -> Result<(), Refused> {
        let endpoint = self.endpoints.find(cx.scope, &id)?;
        match endpoint.kind {
            EndpointKind::Gateway => {
                for table in self.endpoint_tables(id).collect::<Vec<_>>() {
                    self.remove_endpoint_routes(id, table);
                }
                self.endpoints.remove(&id);
            }
            EndpointKind::Interface(_) if endpoint.deleted.is_some() => {}
            EndpointKind::Interface(_) => {
                self.endpoints.get_mut(&id).ok_or(Missing::VpcEndpoint(id))?.deleted = Some(cx.now);
            }
        }
        Ok(())
    }

    /// Forgets the endpoints whose deletion is over, with their interfaces.
    pub fn step_endpoints(&mut self, now: Timestamp) {
        let is_over = |endpoint: &&VpcEndpoint| {
            endpoint.deleted.is_some_and(|deleted| deleted.plus_ms(TRANSITION_MS) <= now)
        };
        let over: Vec<VpcEndpointId> =
            self.endpoints.iter().filter(is_over).map(|endpoint| endpoint.id).collect();
        for id in over {
            let Some(endpoint) = self.endpoints.remove(&id) else { continue };
            let interfaces = endpoint.interface_endpoint().map(|found| found.interfaces.clone());
            interfaces.into_iter().flatten().for_each(|interface| self.remove_interface(interface));
        }
    }

    /// When the next deletion of an endpoint is over.
    pub fn next_endpoint_step(&self) -> Option<Timestamp> {
        self.endpoints
            .iter()
            .filter_map(|endpoint| endpoint.deleted)
            .map(|at| at.plus_ms(TRANSITION_MS))
            .min()
    }

    /// The endpoint whose interface this is.
    pub fn endpoint_of_interface(&self, id: InterfaceId) -> Option<&VpcEndpoint> {
        let has = |endpoint: &&VpcEndpoint| {
            endpoint.interface_endpoint().is_some_and(|found| found.interfaces.contains(&id))
        };
        self.endpoints.iter().find(has)
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
