//! What a network says about the hosts that run in it.
//!
//! Source: EC2 User Guide, "Amazon EC2 instance hostnames and domains"; Amazon VPC User Guide, "DNS attributes".

use crate::host::{HostName, Identity, Lease};
use crate::program::Link;
use crate::service::Service;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::dhcp::{AMAZON_PROVIDED_DNS, DhcpOptions};
use weir_model::dns::name;
use weir_model::instance::{Instance, InstanceState};
use weir_model::interface::Interface;
use weir_model::{InstanceId, Network};
use weir_pipeline::Compiled;

/// The name of a host's network device, counted from 0: `ens5` is the first one on Nitro, `ens6` the next.
pub fn device_name(number: usize) -> String {
    const FIRST: usize = 5;
    format!("ens{}", FIRST + number)
}

/// The running instances of a network as hosts.
pub(crate) fn identities(network: &Network, compiled: &Compiled) -> Vec<(InstanceId, Identity)> {
    let running = |instance: &&Instance| instance.state == InstanceState::Running;
    let instances = network.instances.iter().filter(running);
    instances.map(|instance| (instance.id, identity(network, compiled, instance))).collect()
}

/// The first public IPv4 address of a running instance.
pub(crate) fn public_address(network: &Network, instance: InstanceId) -> Option<Ipv4Addr> {
    let instance = network.instances.get(&instance)?;
    let interfaces = instance.interfaces.iter().filter_map(|id| network.interfaces.get(id));
    let mut addresses = interfaces.flat_map(|interface| &interface.addresses);
    addresses.find_map(|address| address.public.as_ref()).map(|public| public.address())
}

/// Every public IPv4 address that is in the network: of an interface, or allocated to an account.
pub(crate) fn public_addresses(network: &Network) -> BTreeSet<Ipv4Addr> {
    let addresses = network.interfaces.iter().flat_map(|interface| &interface.addresses);
    let lent = addresses.filter_map(|address| address.public.as_ref()).map(|public| public.address());
    lent.chain(network.addresses.iter().map(|address| address.public)).collect()
}

fn identity(network: &Network, compiled: &Compiled, instance: &Instance) -> Identity {
    let interfaces: Vec<&Interface> =
        instance.interfaces.iter().filter_map(|id| network.interfaces.get(id)).collect();
    let mut addresses = Vec::new();
    for interface in &interfaces {
        let index = compiled.index_of(interface.id);
        addresses.extend(own_addresses(interface).map(|address| (address, index)));
    }
    let leases: Vec<Lease> = interfaces.iter().filter_map(|interface| lease(network, interface)).collect();
    let (services, boot_log) = Service::of_user_data(instance.user_data.as_deref());
    Identity {
        name: HostName::Instance(instance.id),
        hostname: hostname(instance, leases.first()),
        resolvers: resolvers(leases.first()),
        search: leases.first().map(search).unwrap_or_default(),
        addresses,
        links: interfaces.iter().map(|interface| link(network, interface)).collect(),
        leases,
        services,
        boot_log,
        gateway: None,
    }
}

fn own_addresses(interface: &Interface) -> impl Iterator<Item = IpAddr> {
    let ipv4 = interface.addresses.iter().map(|address| IpAddr::V4(address.private));
    ipv4.chain(interface.ipv6_addresses.iter().copied().map(IpAddr::V6))
}

fn link(network: &Network, interface: &Interface) -> Link {
    let cidr = network.subnets.get(&interface.subnet).and_then(|subnet| subnet.cidr);
    let prefix = |address: &IpAddr| match address {
        IpAddr::V4(_) => cidr.map_or(32, |cidr| cidr.prefix()),
        IpAddr::V6(_) => 128,
    };
    own_addresses(interface).map(|address| (address, prefix(&address))).collect()
}

/// What DHCP tells an interface; `None` for one without an IPv4 address.
fn lease(network: &Network, interface: &Interface) -> Option<Lease> {
    let address = interface.primary()?;
    let vpc = network.vpcs.get(&interface.vpc)?;
    let cidr = network.subnets.get(&interface.subnet)?.cidr?;
    let options = vpc.dhcp_options.and_then(|id| network.dhcp_options.get(&id));
    let resolver = |text: &str| match text {
        AMAZON_PROVIDED_DNS => vpc.cidr().nth(2).map(IpAddr::V4),
        address => address.parse().ok(),
    };
    let addresses = |name: &str| values(options, name).filter_map(|text| text.parse().ok()).collect();
    Some(Lease {
        mac: interface.mac,
        address,
        prefix: cidr.prefix(),
        router: cidr.nth(1)?,
        resolvers: values(options, "domain-name-servers").filter_map(resolver).collect(),
        hostname: match network.resource_name_of(interface) {
            Some(name) => name.split('.').next().unwrap_or_default().to_owned(),
            None => format!("ip-{}", address.to_string().replace('.', "-")),
        },
        domain: values(options, "domain-name").next().unwrap_or_default().to_owned(),
        time_servers: addresses("ntp-servers"),
        netbios_servers: addresses("netbios-name-servers"),
        netbios_node: values(options, "netbios-node-type").find_map(|text| text.parse().ok()),
    })
}

/// The name servers of /etc/resolv.conf. An instance with IPv6 alone has the VPC's resolver at its IPv6 address.
fn resolvers(lease: Option<&Lease>) -> Vec<IpAddr> {
    const IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253);
    lease.map_or_else(|| vec![IpAddr::V6(IPV6)], |lease| lease.resolvers.clone())
}

/// The search list of /etc/resolv.conf.
fn search(lease: &Lease) -> Vec<String> {
    lease.domain.split_whitespace().map(str::to_owned).collect()
}

/// The values of an option of a DHCP options set.
fn values<'a>(options: Option<&'a DhcpOptions>, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let found = options.and_then(|set| set.options.iter().find(|(known, _)| known == name));
    found.into_iter().flat_map(|(_, values)| values).map(String::as_str)
}

/// The private name: by the primary address or the instance id, as the instance was launched, and the domain name of the DHCP
/// options; by the instance id without an address.
///
/// Assumption: of several domain names the first counts, and without one the name has the region's.
fn hostname(instance: &Instance, lease: Option<&Lease>) -> String {
    let internal = name::internal_domain(instance.scope.region);
    let Some(lease) = lease else { return format!("{}.{internal}", instance.id) };
    let domain = lease.domain.split(' ').next().filter(|domain| !domain.is_empty()).unwrap_or(&internal);
    format!("{}.{domain}", lease.hostname)
}
