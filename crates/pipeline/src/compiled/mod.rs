//! A network in the form that packets need: dense numbers instead of ids, rules united, routes flattened.
//!
//! Built from nothing but the network, in time linear in it; a network that changed is compiled again.
//! What the network refers to but does not have (a missing subnet, ACL or target) never stops the build: the interface
//! is left out, the ACL denies, the route is a blackhole.

pub(crate) mod acl;
mod conditions;
pub(crate) mod group;
mod nat;
pub mod nitro;
pub(crate) mod place;
pub(crate) mod route;
pub(crate) mod search;
pub(crate) mod selector;
mod target;
pub(crate) mod transit;

pub(crate) use acl::CompiledAcl;
pub(crate) use nat::{CompiledNat, CompiledRegional};

use crate::packet::{EndpointIdx, InterfaceIdx};
use crate::track::Timeouts;
use group::{Members, Policies, Policy};
use nat::Nats;
use place::{Place, Places};
use route::RoutingTable;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use target::Targets;
use transit::{Gateways, Transit};
use weir_model::endpoint::{EndpointKind, VpcEndpoint};
use weir_model::instance::InstanceState;
use weir_model::interface::{Interface, InterfaceKind};
use weir_model::nat_gateway::NatGateway;
use weir_model::route::{Associated, Destination, Target};
use weir_model::subnet::Subnet;
use weir_model::vpc::Vpc;
use weir_model::{
    Cidr4, Cidr6, EgressOnlyGatewayId, InstanceId, InterfaceId, InternetGatewayId, Network, NetworkAclId,
    Scope, SubnetId, VpcEndpointId, VpcId, ZoneName,
};

/// A network, compiled.
#[derive(Clone, Debug)]
pub struct Compiled {
    generation: u64,
    /// By ascending id.
    interfaces: Vec<CompiledInterface>,
    /// By ascending id.
    gateways: Vec<CompiledGateway>,
    vpcs: Vec<CompiledVpc>,
    subnets: Vec<CompiledSubnet>,
    tables: Vec<RoutingTable>,
    acls: Vec<CompiledAcl>,
    policies: Vec<Policy>,
    pub(crate) members: Vec<Members>,
    nats: Nats,
    pub(crate) transit: Transit,
    pub(crate) places4: Places<u32>,
    pub(crate) places6: Places<u128>,
}

/// An interface, as packets meet it.
#[derive(Clone, Debug)]
pub struct CompiledInterface {
    /// Its id.
    pub id: InterfaceId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is in.
    pub vpc: VpcId,
    /// The subnet it is in; `None` if it is a regional NAT gateway's, which is in none.
    pub subnet: Option<SubnetId>,
    /// The availability zone it is in.
    pub zone: ZoneName,
    /// The instance it is attached to, if any.
    pub instance: Option<InstanceId>,
    /// The primary private IPv4 address; `None` in IPv6-only subnets.
    pub primary: Option<Ipv4Addr>,
    /// Whether a running host is behind it.
    pub is_running: bool,
    /// Whether packets must have one of its own addresses as source (leaving) or destination (arriving).
    pub source_dest_check: bool,
    pub(crate) is_nitro: bool,
    /// Whether it is a transit gateway's: what leaves it was not sent in its VPC.
    pub(crate) is_door: bool,
    /// Whether it is an interface endpoint's.
    pub(crate) is_endpoint: bool,
    pub(crate) timeouts: Timeouts,
    pub(crate) own4: Vec<u32>,
    pub(crate) own6: Vec<u128>,
    pub(crate) vpc_idx: u32,
    pub(crate) subnet_idx: u32,
    policy: u32,
    /// The NAT gateway whose interface it is, by its index.
    pub(crate) nat: Option<u32>,
}

/// A gateway endpoint, as packets meet it.
#[derive(Clone, Debug)]
pub(crate) struct CompiledGateway {
    pub id: VpcEndpointId,
    pub vpc_idx: u32,
}

/// A VPC, as packets meet it.
#[derive(Clone, Debug)]
pub(crate) struct CompiledVpc {
    pub cidrs: Vec<Cidr4>,
    pub ipv6_cidrs: Vec<Cidr6>,
    /// Base plus two of the primary block.
    pub resolver: Option<Ipv4Addr>,
    pub dns_support: bool,
    /// The internet gateway attached to it.
    pub gateway: Option<InternetGatewayId>,
    /// Its egress-only internet gateway.
    pub egress_only: Option<EgressOnlyGatewayId>,
    /// The route table that packets entering through that gateway use, if it has one.
    gateway_table: Option<u32>,
}

/// A subnet, as packets meet it; or what stands for one where the interfaces of a regional NAT gateway are.
#[derive(Clone, Debug)]
pub(crate) struct CompiledSubnet {
    pub id: Option<SubnetId>,
    pub cidr: Option<Cidr4>,
    pub ipv6_cidr: Option<Cidr6>,
    /// Base plus one of the IPv4 block.
    pub router: Option<Ipv4Addr>,
    acl: Option<u32>,
    table: u32,
}

impl CompiledVpc {
    /// Whether `address` is in one of the VPC's blocks.
    pub fn has(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.cidrs.iter().any(|cidr| cidr.contains(address)),
            IpAddr::V6(address) => self.ipv6_cidrs.iter().any(|cidr| cidr.contains(address)),
        }
    }
}

impl CompiledSubnet {
    /// Whether `address` is in one of the subnet's blocks.
    pub fn has(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.cidr.is_some_and(|cidr| cidr.contains(address)),
            IpAddr::V6(address) => self.ipv6_cidr.is_some_and(|cidr| cidr.contains(address)),
        }
    }
}

impl Compiled {
    /// The network as it is, compiled.
    pub fn build(network: &Network) -> Compiled {
        Builder::new(network).build()
    }

    /// The [`Network::generation`] it was compiled from.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The number of the interface with this id, if the network has it.
    pub fn index_of(&self, id: InterfaceId) -> Option<InterfaceIdx> {
        let place = self.interfaces.binary_search_by_key(&id, |interface| interface.id).ok()?;
        Some(InterfaceIdx(place as u32))
    }

    /// The interface with this number.
    ///
    /// # Panics
    /// The number is of another `Compiled`, and larger than all of this one.
    pub fn interface(&self, index: InterfaceIdx) -> &CompiledInterface {
        &self.interfaces[index.get()]
    }

    /// The interface with this number, if it is one of this network.
    pub fn get(&self, index: InterfaceIdx) -> Option<&CompiledInterface> {
        self.interfaces.get(index.get())
    }

    /// All interfaces, by ascending id.
    pub fn interfaces(&self) -> impl Iterator<Item = (InterfaceIdx, &CompiledInterface)> {
        (0..).map(InterfaceIdx).zip(&self.interfaces)
    }

    /// The number of a gateway endpoint, if the network has it.
    pub fn gateway_of(&self, id: VpcEndpointId) -> Option<EndpointIdx> {
        let place = self.gateways.binary_search_by_key(&id, |gateway| gateway.id).ok()?;
        Some(EndpointIdx(place as u32))
    }

    /// All gateway endpoints, by ascending id.
    pub fn gateways(&self) -> impl Iterator<Item = (EndpointIdx, VpcEndpointId)> {
        (0..).map(EndpointIdx).zip(self.gateways.iter().map(|gateway| gateway.id))
    }

    pub(crate) fn gateway(&self, index: EndpointIdx) -> Option<&CompiledGateway> {
        self.gateways.get(index.get())
    }

    /// The table for packets that enter a VPC through its internet gateway; without one they go to the address itself.
    pub(crate) fn gateway_table(&self, vpc: &CompiledVpc) -> Option<&RoutingTable> {
        self.tables.get(vpc.gateway_table? as usize)
    }

    /// The most specific route for packets from `interface` to `destination`, in the table of its subnet; `None` if
    /// nothing matches. It says nothing of packets that stay in the subnet: those are not routed.
    pub fn route(&self, interface: InterfaceIdx, destination: IpAddr) -> Option<(&Destination, &Target)> {
        let table = self.table(self.subnet(self.get(interface)?));
        let route = match destination {
            IpAddr::V4(address) => table.find(u32::from(address)),
            IpAddr::V6(address) => table.find(u128::from(address)),
        };
        route.map(|route| (&route.destination, &route.target))
    }

    /// Who has this public address: the interface and the private address it stands for.
    pub fn public(&self, address: Ipv4Addr) -> Option<(InterfaceIdx, Ipv4Addr)> {
        let (interface, private) = self.places4.public(address.into())?;
        Some((interface, private.into()))
    }

    pub(crate) fn vpc(&self, index: u32) -> &CompiledVpc {
        &self.vpcs[index as usize]
    }

    pub(crate) fn subnet(&self, interface: &CompiledInterface) -> &CompiledSubnet {
        &self.subnets[interface.subnet_idx as usize]
    }

    /// The ACL of a subnet; `None` where there is no subnet.
    pub(crate) fn acl(&self, subnet: &CompiledSubnet) -> Option<&CompiledAcl> {
        subnet.acl.map(|acl| &self.acls[acl as usize])
    }

    pub(crate) fn table(&self, subnet: &CompiledSubnet) -> &RoutingTable {
        &self.tables[subnet.table as usize]
    }

    pub(crate) fn nat(&self, index: u32) -> &CompiledNat {
        &self.nats.gates[index as usize]
    }

    pub(crate) fn regional_nat(&self, index: u32) -> &CompiledRegional {
        &self.nats.regional[index as usize]
    }

    pub(crate) fn policy(&self, interface: &CompiledInterface) -> &Policy {
        &self.policies[interface.policy as usize]
    }
}

/// What is known while compiling: the index of everything that others refer to.
struct Builder<'a> {
    network: &'a Network,
    vpc_idx: BTreeMap<VpcId, u32>,
    subnet_idx: BTreeMap<SubnetId, u32>,
    acl_idx: BTreeMap<NetworkAclId, u32>,
    acls: Vec<CompiledAcl>,
}

impl<'a> Builder<'a> {
    fn new(network: &'a Network) -> Builder<'a> {
        let known = |subnet: &&Subnet| network.vpcs.has(&subnet.vpc);
        Builder {
            network,
            vpc_idx: network.vpcs.iter().map(|vpc| vpc.id).zip(0..).collect(),
            subnet_idx: network.subnets.iter().filter(known).map(|subnet| subnet.id).zip(0..).collect(),
            acl_idx: network.acls.iter().map(|acl| acl.id).zip(0..).collect(),
            acls: network.acls.iter().map(CompiledAcl::new).collect(),
        }
    }

    fn build(mut self) -> Compiled {
        let mut policies = Policies::new(self.network);
        let mut interfaces = self.interfaces(&mut policies);
        let nats = self.nats(&mut interfaces);
        let gateways = Gateways { network: self.network, interfaces: &interfaces, vpc_idx: &self.vpc_idx };
        let transit = gateways.build();
        let gateways = self.gateways();
        let (subnets, tables) = self.subnets(&interfaces, (&nats, &transit, &gateways));
        let (places4, places6) = self.places(&interfaces);
        Compiled {
            generation: self.network.generation(),
            vpcs: self.vpcs(),
            interfaces,
            gateways,
            subnets,
            tables,
            acls: self.acls,
            policies: policies.policies,
            members: policies.members,
            nats,
            transit,
            places4,
            places6,
        }
    }

    fn vpcs(&self) -> Vec<CompiledVpc> {
        let gateways: BTreeMap<VpcId, InternetGatewayId> = self
            .network
            .internet_gateways
            .iter()
            .filter_map(|gateway| Some((gateway.vpc?, gateway.id)))
            .collect();
        let egress_only: BTreeMap<VpcId, EgressOnlyGatewayId> =
            self.network.egress_only_gateways.iter().map(|gateway| (gateway.vpc, gateway.id)).collect();
        let tables = gateway_tables(self.network);
        let of = |vpc: &Vpc| {
            let gateway = gateways.get(&vpc.id).copied();
            CompiledVpc {
                gateway_table: gateway.and_then(|gateway| tables.get(&gateway).copied()),
                ..compiled_vpc(vpc, gateway, egress_only.get(&vpc.id).copied())
            }
        };
        self.network.vpcs.iter().map(of).collect()
    }

    fn gateways(&self) -> Vec<CompiledGateway> {
        let is_gateway = |endpoint: &&VpcEndpoint| endpoint.kind == EndpointKind::Gateway;
        let endpoints = self.network.endpoints.iter().filter(is_gateway);
        let compiled = |endpoint: &VpcEndpoint| {
            Some(CompiledGateway { id: endpoint.id, vpc_idx: *self.vpc_idx.get(&endpoint.vpc)? })
        };
        endpoints.filter_map(compiled).collect()
    }

    fn interfaces(&self, policies: &mut Policies) -> Vec<CompiledInterface> {
        let own = self.network.interfaces.iter();
        let mut interfaces: Vec<CompiledInterface> =
            own.filter_map(|interface| self.interface(interface, policies)).collect();
        let gates = self.gates(policies);
        if !gates.is_empty() {
            interfaces.extend(gates);
            interfaces.sort_by_key(|interface| interface.id);
        }
        interfaces
    }

    fn interface(&self, interface: &Interface, policies: &mut Policies) -> Option<CompiledInterface> {
        let subnet = self.network.subnets.get(&interface.subnet)?;
        let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance);
        let instance_type = instance.and_then(|id| self.network.instances.get(&id));
        Some(CompiledInterface {
            id: interface.id,
            scope: interface.scope,
            vpc: subnet.vpc,
            subnet: Some(subnet.id),
            zone: subnet.zone,
            instance,
            primary: interface.primary(),
            is_running: is_running(self.network, interface),
            source_dest_check: interface.source_dest_check,
            is_door: interface.kind == InterfaceKind::TransitGateway,
            is_endpoint: interface.kind == InterfaceKind::VpcEndpoint,
            is_nitro: instance_type.is_none_or(|instance| nitro::is_nitro(&instance.instance_type)),
            timeouts: Timeouts::of(interface.tracking),
            own4: interface.addresses.iter().map(|address| address.private.into()).collect(),
            own6: interface.ipv6_addresses.iter().map(|address| (*address).into()).collect(),
            vpc_idx: *self.vpc_idx.get(&subnet.vpc)?,
            subnet_idx: *self.subnet_idx.get(&subnet.id)?,
            policy: policies.of(&interface.groups),
            nat: None,
        })
    }

    fn places(&self, interfaces: &[CompiledInterface]) -> (Places<u32>, Places<u128>) {
        let (mut places4, mut places6) = (Places::with_capacity(interfaces.len()), Places::with_capacity(0));
        for (compiled, index) in interfaces.iter().zip(0..) {
            let interface = InterfaceIdx(index);
            for address in self.network.interfaces.get(&compiled.id).iter().flat_map(|found| &found.addresses)
            {
                let public = address.public.as_ref().map(|public| public.address().into());
                places4.add(compiled.vpc_idx, address.private.into(), Place { interface, public });
            }
            // What a regional NAT gateway has stands for itself.
            for address in compiled.own4.iter().filter(|_| compiled.subnet.is_none()) {
                places4.add(compiled.vpc_idx, *address, Place { interface, public: Some(*address) });
            }
            for address in &compiled.own6 {
                places6.add(compiled.vpc_idx, *address, Place { interface, public: Some(*address) });
            }
        }
        (places4, places6)
    }

    /// The subnets by index, then what stands for those of regional NAT gateways, and the route tables they use: first those of
    /// the network, then for each VPC without a main table one that has nothing but local routes.
    fn subnets(
        &mut self,
        interfaces: &[CompiledInterface],
        (nats, transit, gateways): (&Nats, &Transit, &[CompiledGateway]),
    ) -> (Vec<CompiledSubnet>, Vec<RoutingTable>) {
        let (network, vpc_idx) = (self.network, &self.vpc_idx);
        let targets = Targets { network, interfaces, nats, gateways, vpc_idx, transit };
        let mut tables: Vec<RoutingTable> =
            self.network.route_tables.iter().map(|table| targets.table(table)).collect();
        let choice = TableChoice::new(self.network);
        let mut bare: BTreeMap<VpcId, u32> = BTreeMap::new();
        let mut bare_table = |vpc| {
            *bare.entry(vpc).or_insert_with(|| {
                tables.push(targets.local_only(vpc));
                tables.len() as u32 - 1
            })
        };
        let mut subnets = Vec::with_capacity(self.subnet_idx.len());
        for subnet in self.network.subnets.iter().filter(|subnet| self.subnet_idx.contains_key(&subnet.id)) {
            let table = choice.of(subnet).unwrap_or_else(|| bare_table(subnet.vpc));
            let acl = *self.acl_idx.entry(subnet.acl).or_insert_with(|| {
                self.acls.push(CompiledAcl::empty(subnet.acl));
                self.acls.len() as u32 - 1
            });
            subnets.push(compiled_subnet(subnet, acl, table));
        }
        subnets
            .extend(self.gate_subnets(|nat| own_table(network, nat).unwrap_or_else(|| bare_table(nat.vpc))));
        (subnets, tables)
    }
}

/// The route table of a regional NAT gateway, by its place.
fn own_table(network: &Network, nat: &NatGateway) -> Option<u32> {
    let id = nat.regional()?.route_table?;
    let mut places = network.route_tables.iter().zip(0..);
    places.find(|(table, _)| table.id == id).map(|(_, place)| place)
}

/// Which route table a subnet uses: the one it is associated with, else the VPC's main one.
struct TableChoice {
    explicit: BTreeMap<SubnetId, u32>,
    main: BTreeMap<VpcId, u32>,
}

impl TableChoice {
    fn new(network: &Network) -> TableChoice {
        let mut choice = TableChoice { explicit: BTreeMap::new(), main: BTreeMap::new() };
        for (table, index) in network.route_tables.iter().zip(0..) {
            if table.main.is_some() {
                choice.main.insert(table.vpc, index);
            }
            for association in &table.associations {
                if let Associated::Subnet(subnet) = association.with {
                    choice.explicit.insert(subnet, index);
                }
            }
        }
        choice
    }

    fn of(&self, subnet: &Subnet) -> Option<u32> {
        self.explicit.get(&subnet.id).or_else(|| self.main.get(&subnet.vpc)).copied()
    }
}

/// The route tables that internet gateways are associated with, by their place.
fn gateway_tables(network: &Network) -> BTreeMap<InternetGatewayId, u32> {
    let mut tables = BTreeMap::new();
    for (table, index) in network.route_tables.iter().zip(0..) {
        for association in &table.associations {
            if let Associated::InternetGateway(gateway) = association.with {
                tables.insert(gateway, index);
            }
        }
    }
    tables
}

fn compiled_vpc(
    vpc: &Vpc,
    gateway: Option<InternetGatewayId>,
    egress_only: Option<EgressOnlyGatewayId>,
) -> CompiledVpc {
    CompiledVpc {
        cidrs: vpc.cidrs.iter().map(|association| association.cidr).collect(),
        ipv6_cidrs: vpc.ipv6_cidrs.iter().map(|association| association.cidr).collect(),
        resolver: vpc.cidrs.first().and_then(|association| association.cidr.nth(2)),
        dns_support: vpc.dns_support,
        gateway,
        egress_only,
        gateway_table: None,
    }
}

fn compiled_subnet(subnet: &Subnet, acl: u32, table: u32) -> CompiledSubnet {
    CompiledSubnet {
        id: Some(subnet.id),
        cidr: subnet.cidr,
        ipv6_cidr: subnet.ipv6_cidr.as_ref().map(|association| association.cidr),
        router: subnet.cidr.and_then(|cidr| cidr.nth(1)),
        acl: Some(acl),
        table,
    }
}

/// Whether a host is behind the interface: it is attached, and if to an instance, to a running one. What AWS manages for
/// services that are no part of a VPC (load balancers, databases) answers nothing.
fn is_running(network: &Network, interface: &Interface) -> bool {
    let Some(attachment) = &interface.attachment else { return false };
    if interface.kind == InterfaceKind::Managed {
        return false;
    }
    attachment.instance.is_none_or(|instance| {
        network.instances.get(&instance).is_some_and(|instance| instance.state == InstanceState::Running)
    })
}
