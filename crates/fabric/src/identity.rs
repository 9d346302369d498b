//! What a network says about the hosts that run in it.
//!
//! Source: EC2 User Guide, "Amazon EC2 instance hostnames and domains"; Amazon VPC User Guide, "DNS attributes".

use crate::host::{HostName, Identity};
use crate::program::Link;
use crate::service::Service;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use weir_model::instance::{Instance, InstanceState};
use weir_model::interface::Interface;
use weir_model::{InstanceId, Network, RegionName};
use weir_pipeline::Compiled;

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
    let primary = interfaces.iter().find_map(|interface| interface.primary());
    Identity {
        name: HostName::Instance(instance.id),
        hostname: hostname(instance, primary),
        addresses,
        links: interfaces.iter().map(|interface| link(network, interface)).collect(),
        services: Service::of_user_data(instance.user_data.as_deref()),
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

/// The private name: by the primary address, or by the instance id without one.
fn hostname(instance: &Instance, primary: Option<Ipv4Addr>) -> String {
    let domain = domain(instance.scope.region);
    match primary {
        Some(address) => format!("ip-{}.{domain}", address.to_string().replace('.', "-")),
        None => format!("{}.{domain}", instance.id),
    }
}

fn domain(region: RegionName) -> String {
    match region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    }
}
