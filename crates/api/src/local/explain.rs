//! Explaining: what becomes of a packet, stage by stage, from the function that moves packets.

use super::{Failure, host};
use crate::cloud::Cloud;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use weir_fabric::{HostName, INTERNET_HOST, INTERNET_HOST_V6};
use weir_model::interface::Interface;
use weir_model::{InstanceId, Network, Protocol};
use weir_pipeline::packet::{SYN, Tuple};
use weir_pipeline::{Delivery, Packet, Port, Verdict};

/// The source port of a packet whose caller does not care.
const SOURCE_PORT: u16 = 49_152;
/// Bytes of a TCP segment without data, with IP header.
const SYN_BYTES: u32 = 60;
/// Bytes of an echo request as ping sends it, with IP header.
const ECHO_BYTES: u32 = 84;
const ECHO_REQUEST: (u8, u8) = (8, 0);
const ECHO_REQUEST_V6: (u8, u8) = (128, 0);

/// A packet to be explained.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The sender: an instance, or a host on the internet.
    from: String,
    /// The destination: an address, or an instance, which stands for its primary private address; asked from the internet,
    /// for its public one if it has one.
    to: String,
    /// `tcp`, `udp`, `icmp` or a number; `icmp` if left out, or `tcp` with a port.
    protocol: Option<String>,
    /// The destination port.
    port: Option<u16>,
}

/// Explains what would become of a packet now.
pub fn explain(cloud: &Cloud, asked: &Asked) -> Result<Value, Failure> {
    let destination = destination(&cloud.network, &asked.from, &asked.to)?;
    let (port, source) = sender(cloud, &asked.from, destination)?;
    if source.is_ipv4() != destination.is_ipv4() {
        return Err(Failure::wrong(format!("{source} and {destination} are not of one family")));
    }
    let packet = packet(asked, source, destination)?;
    let explanation = cloud.plane.fabric.pipeline().explain(port, &packet, cloud.plane.fabric.now());
    let trace: Vec<String> = explanation.steps.iter().map(ToString::to_string).collect();
    let (delivered, verdict) = match explanation.verdict {
        Verdict::Deliver(delivery) => (true, delivered(cloud, &delivery)),
        Verdict::Service(service) => (true, format!("answered by the platform: {service}")),
        Verdict::Drop(reason) => (false, format!("dropped: {reason}")),
    };
    Ok(
        json!({ "packet": packet.tuple().to_string(), "delivered": delivered, "verdict": verdict, "trace": trace }),
    )
}

/// Where a packet arrives that is delivered. To an interface that does not have its destination it comes by a route: whether
/// it goes on is up to the host there.
fn delivered(cloud: &Cloud, delivery: &Delivery) -> String {
    let Delivery { to, destination, way, .. } = *delivery;
    let interface = match to {
        Port::Interface(index) => cloud.plane.fabric.pipeline().compiled().get(index).map(|found| found.id),
        Port::Internet | Port::Endpoint(_) => None,
    };
    let interface = interface.and_then(|id| cloud.network.interfaces.get(&id));
    match interface.filter(|interface| !interface.owns(destination)) {
        Some(Interface { id, .. }) => {
            format!(
                "delivered to {id}, {way}: not its address, so it goes on only if the host there forwards"
            )
        }
        None => format!("delivered, {way}"),
    }
}

fn destination(network: &Network, from: &str, to: &str) -> Result<IpAddr, Failure> {
    if let Ok(address) = to.parse() {
        return Ok(address);
    }
    let instance = host::instance(network, to)?;
    let is_outside = matches!(host::named(network, from)?, HostName::Internet(_));
    let public = public_address(network, instance.id).filter(|_| is_outside);
    let address = public.or_else(|| addresses(network, instance.id).next().map(|(_, address)| address));
    address.ok_or_else(|| Failure::wrong(format!("{to} has no address")))
}

/// The address that an instance has on the internet.
fn public_address(network: &Network, instance: InstanceId) -> Option<IpAddr> {
    let interfaces = &network.instances.get(&instance)?.interfaces;
    let interfaces = interfaces.iter().filter_map(|id| network.interfaces.get(id));
    let publics =
        interfaces.flat_map(|interface| &interface.addresses).filter_map(|address| address.public.as_ref());
    publics.map(|public| IpAddr::V4(public.address())).next()
}

/// The addresses of an instance and the interfaces they belong to, the primary one first.
fn addresses(
    network: &Network,
    instance: InstanceId,
) -> impl Iterator<Item = (weir_model::InterfaceId, IpAddr)> {
    let interfaces = network.instances.get(&instance).into_iter().flat_map(|instance| &instance.interfaces);
    interfaces.filter_map(|id| network.interfaces.get(id)).flat_map(|interface| {
        let private = interface.addresses.iter().map(|address| IpAddr::V4(address.private));
        let ipv6 = interface.ipv6_addresses.iter().copied().map(IpAddr::V6);
        private.chain(ipv6).map(|address| (interface.id, address))
    })
}

/// Where the packet enters, and its source address.
fn sender(cloud: &Cloud, from: &str, destination: IpAddr) -> Result<(Port, IpAddr), Failure> {
    let id = match host::named(&cloud.network, from)? {
        HostName::Internet(address) if address == INTERNET_HOST && destination.is_ipv6() => {
            return Ok((Port::Internet, INTERNET_HOST_V6.into()));
        }
        HostName::Internet(address) => return Ok((Port::Internet, address)),
        HostName::Instance(id) => id,
        HostName::Endpoint(_) | HostName::Service(..) => {
            return Err(Failure::wrong(format!("{from} is no instance and no address on the internet")));
        }
    };
    let is_of_family = |(_, address): &(_, IpAddr)| address.is_ipv4() == destination.is_ipv4();
    let own = addresses(&cloud.network, id).find(is_of_family);
    let (interface, source) =
        own.ok_or_else(|| Failure::wrong(format!("{from} has no address of that family")))?;
    let index = cloud.plane.fabric.pipeline().compiled().index_of(interface);
    let index = index.ok_or_else(|| Failure::not_found(format!("{from} is not on the network")))?;
    Ok((Port::Interface(index), source))
}

fn packet(asked: &Asked, source: IpAddr, destination: IpAddr) -> Result<Packet, Failure> {
    let default = if asked.port.is_some() { "tcp" } else { "icmp" };
    let protocol = match asked.protocol.as_deref().unwrap_or(default) {
        "icmp" | "icmpv6" | "ping" => {
            let kind = if source.is_ipv4() { ECHO_REQUEST } else { ECHO_REQUEST_V6 };
            return Ok(Packet::icmp(source, destination, kind, ECHO_BYTES));
        }
        "tcp" => Protocol::TCP,
        "udp" => Protocol::UDP,
        number => Protocol(number.parse().map_err(|_| Failure::wrong(format!("{number} is no protocol")))?),
    };
    let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
    let destination_port = match (has_ports, asked.port) {
        (true, None) => return Err(Failure::wrong("tcp and udp need a port")),
        (true, Some(port)) => port,
        (false, _) => 0,
    };
    let source_port = if has_ports { SOURCE_PORT } else { 0 };
    let tuple = Tuple { source, destination, protocol, source_port, destination_port };
    let tcp_flags = if protocol == Protocol::TCP { SYN } else { 0 };
    Ok(Packet { tcp_flags, ..Packet::new(tuple, SYN_BYTES) })
}
