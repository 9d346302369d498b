//! The services of the platform that every VPC has: the resolver, time, DHCP and instance metadata.
//!
//! A packet that the pipeline gives to a service reaches it after [`ONE_WAY_NS`]; the answer takes as long to the host that
//! asked. Services over UDP are functions of a packet; one over TCP is a [`server::Server`] for each host that asks. No group,
//! ACL, route or flow log sees any of it.
//! Source: Amazon VPC User Guide, "DNS attributes for your VPC" (limit of packets); EC2 User Guide, "Instance metadata".

mod dhcp;
mod dns;
mod metadata;
mod server;
mod time;

use crate::datagram::Datagram;
use crate::fabric::{Event, Fabric};
use crate::frame;
use crate::host::{Host, HostName};
use crate::hosts::HostKey;
use crate::loss::Loss;
use crate::queue::Queue;
pub(crate) use dhcp::LEASE_S;
use metadata::Facts;
use server::Server;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use weir_model::dns::{Asker, Names};
use weir_model::{InstanceId, Nanos, Network, Protocol};
use weir_pipeline::{Packet, Port, Service};

/// Most packets a second that an interface can send to the resolver and the other services at link-local addresses; what
/// comes on top is lost. DHCP does not count.
///
/// Source: Amazon VPC User Guide, "Amazon DNS server" (DNS quotas).
pub const LINK_LOCAL_PACKETS_PER_S_MAX: u16 = 1024;

/// How long a packet takes to a service, and an answer back. Assumption: as long as within a subnet.
const ONE_WAY_NS: u64 = 100_000;

/// The services that are asked over TCP.
const OVER_TCP: [Service; 2] = [Service::Metadata, Service::Dns];

/// The TTL of answers over UDP.
const TTL: u8 = 255;

/// What the services know and hold.
#[derive(Default)]
pub(crate) struct Platform {
    allowance: Allowance,
    names: Names,
    facts: BTreeMap<InstanceId, Facts>,
    /// The servers over TCP of each host that has asked one and is not done. A host of the internet that is asked has one, too.
    servers: BTreeMap<(HostKey, Service), Server>,
}

/// How many packets the interfaces have sent to services in the current second.
#[derive(Default)]
struct Allowance {
    second: u64,
    spent: Vec<u16>,
}

impl Allowance {
    /// Whether `port` may send one more.
    fn take(&mut self, port: Port, now: Nanos) -> bool {
        let Port::Interface(interface) = port else { return true };
        if self.second != now.seconds() {
            self.second = now.seconds();
            self.spent.clear();
        }
        let at = interface.get();
        if self.spent.len() <= at {
            self.spent.resize(at + 1, 0);
        }
        let is_allowed = self.spent[at] < LINK_LOCAL_PACKETS_PER_S_MAX;
        self.spent[at] += u16::from(is_allowed);
        is_allowed
    }
}

impl Platform {
    /// Takes over the network as it now is.
    pub(crate) fn update(&mut self, network: &Network) {
        self.names = Names::of(network);
        self.facts = Facts::of(network, &self.facts);
    }

    /// The answer of a host on the internet to a question for its port 53: each is a resolver there.
    pub(crate) fn public_answer(&self, host: &Host, packet: &Packet, bytes: &[u8]) -> Option<Vec<u8>> {
        let asked = Datagram::read(packet, bytes)?;
        let payload = dns::answer(asked.payload, &self.names, Asker::Internet)?;
        let answer = Datagram { source: asked.destination, destination: asked.source, payload: &payload };
        let mut bytes = vec![0; answer.length()];
        answer.write(host.machine.ttl, &mut bytes);
        Some(bytes)
    }

    /// Forgets what it holds for a host that has stopped.
    pub(crate) fn forget(&mut self, host: HostKey) {
        for service in OVER_TCP {
            self.servers.remove(&(host, service));
        }
    }
}

impl Fabric {
    /// Puts a packet of a host on its way to a service.
    pub(crate) fn ask(&mut self, from: HostKey, port: Port, service: Service, bytes: Vec<u8>) {
        if service != Service::Dhcp && !self.platform.allowance.take(port, self.now) {
            return self.lose(Loss::Allowance, bytes);
        }
        self.queue.push(self.now.plus(ONE_WAY_NS), Event::Ask(from, service, bytes));
    }

    /// Lets a service answer a packet that has reached it.
    pub(crate) fn answer(&mut self, from: HostKey, service: Service, bytes: Vec<u8>) {
        let Ok(packet) = frame::parse(&bytes) else { return };
        match service {
            Service::Metadata if self.has_metadata(from, &packet) => {
                self.serve((from, service), &packet, bytes);
            }
            Service::Dns if is_for(&packet, Protocol::TCP, dns::PORT) => {
                self.serve((from, service), &packet, bytes);
            }
            Service::Metadata => self.lose(Loss::Service(service), bytes),
            Service::Dns | Service::Time | Service::Dhcp => {
                match self.datagram_for(from, service, &packet, &bytes) {
                    Some(answer) => {
                        self.outbox.recycle(bytes);
                        self.queue.push(self.now.plus(ONE_WAY_NS), Event::Arrive(from, answer.into()));
                    }
                    None => self.lose(Loss::Service(service), bytes),
                }
            }
        }
    }

    /// The packet that answers one, from a service over UDP.
    fn datagram_for(
        &mut self,
        from: HostKey,
        service: Service,
        packet: &Packet,
        bytes: &[u8],
    ) -> Option<Vec<u8>> {
        let asked = Datagram::read(packet, bytes)?;
        let (source, destination, payload) = match (service, asked.destination.port()) {
            (Service::Time, time::PORT) => {
                (asked.destination, asked.source, time::answer(asked.payload, self.now)?)
            }
            (Service::Dns, dns::PORT) => {
                let machine = &self.hosts.get(from)?.machine;
                let Port::Interface(interface) = machine.port_of(packet.source) else { return None };
                let asker = Asker::Vpc(self.pipeline().compiled().interface(interface).vpc);
                let payload = dns::answer(asked.payload, &self.platform.names, asker)?;
                (asked.destination, asked.source, payload)
            }
            (Service::Dhcp, dhcp::SERVER_PORT) => {
                let leases = &self.hosts.get(from)?.machine.identity.leases;
                let (to, payload) = dhcp::answer(asked.payload, leases)?;
                let router = leases.iter().find(|lease| to.ip() == lease.address)?.router;
                (SocketAddr::new(IpAddr::V4(router), dhcp::SERVER_PORT), to, payload)
            }
            _ => return None,
        };
        let answer = Datagram { source, destination, payload: &payload };
        let mut bytes = self.outbox.buffer(answer.length());
        answer.write(TTL, &mut bytes);
        Some(bytes)
    }

    /// Whether a packet is for a metadata server that answers at its address.
    fn has_metadata(&self, host: HostKey, packet: &Packet) -> bool {
        let facts = self.instance(host).and_then(|id| self.platform.facts.get(&id));
        is_for(packet, Protocol::TCP, metadata::PORT)
            && facts.is_some_and(|facts| packet.destination.is_ipv4() || facts.options.is_ipv6)
    }

    fn instance(&self, host: HostKey) -> Option<InstanceId> {
        match self.hosts.get(host)?.machine.identity.name {
            HostName::Instance(id) => Some(id),
            HostName::Internet(_) | HostName::Endpoint(_) | HostName::Service(..) => None,
        }
    }

    /// Lets a host of the internet answer what is asked of its port 53; gives back what is for something else.
    pub(crate) fn resolve(&mut self, host: HostKey, packet: &Packet, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let running = self.hosts.get(host)?;
        if packet.destination_port != dns::PORT || !is_on_internet(running) {
            return Some(bytes);
        }
        if packet.protocol == Protocol::TCP {
            self.serve((host, Service::Dns), packet, bytes);
            return None;
        }
        let Some(answer) = self.platform.public_answer(running, packet, &bytes) else { return Some(bytes) };
        self.outbox.recycle(bytes);
        self.transmit(host, answer);
        None
    }

    /// Hands a packet to a server of a host.
    fn serve(&mut self, (host, service): (HostKey, Service), packet: &Packet, bytes: Vec<u8>) {
        let now = self.now;
        let server = self.platform.servers.entry((host, service));
        let fresh = || match service {
            Service::Dns => Server::new(dns::PORT, &dns::ADDRESSES, self.random.bits(), now),
            _ => Server::new(metadata::PORT, &metadata::ADDRESSES, self.random.bits(), now),
        };
        let server = server.or_insert_with(fresh);
        server.receive(packet, &bytes, now, &mut self.outbox);
        self.outbox.recycle(bytes);
        self.tend_service(host, service);
    }

    /// Lets the servers of a host do what they can do now.
    pub(crate) fn tend(&mut self, host: HostKey) {
        for service in OVER_TCP {
            self.tend_service(host, service);
        }
    }

    fn tend_service(&mut self, host: HostKey, service: Service) {
        let Some(running) = self.hosts.get(host) else { return };
        let Platform { servers, facts, names, .. } = &mut self.platform;
        let Some(server) = servers.get_mut(&(host, service)) else { return };
        let is_public = is_on_internet(running);
        let identity = &running.machine.identity;
        let wanted = match (identity.name, service) {
            (HostName::Instance(id), Service::Metadata) => {
                let Some(facts) = facts.get(&id) else { return };
                let hostname = &identity.hostname;
                let pages = metadata::Server { facts, hostname, secret: facts.secret(), now: self.now };
                server.tend(self.now, |received| pages.hear(received), &mut self.outbox)
            }
            _ => {
                // All interfaces of an instance are in one VPC.
                let interface = identity.addresses.iter().find_map(|(_, interface)| *interface);
                let interface = interface.filter(|_| !is_public);
                let asker = interface.map_or(Asker::Internet, |interface| {
                    Asker::Vpc(self.pipeline.compiled().interface(interface).vpc)
                });
                server.tend(self.now, |received| dns::hear(received, names, asker), &mut self.outbox)
            }
        };
        tend_at(&mut self.queue, server, host, wanted, self.now);
        if server.is_idle() {
            self.platform.servers.remove(&(host, service));
        }
        for bytes in std::mem::take(&mut self.outbox.packets) {
            match is_public {
                true => self.transmit(host, bytes),
                false => self.queue.push(self.now.plus(ONE_WAY_NS), Event::Arrive(host, bytes.into())),
            }
        }
    }
}

fn is_on_internet(host: &Host) -> bool {
    matches!(host.machine.identity.name, HostName::Internet(_))
}

fn is_for(packet: &Packet, protocol: Protocol, port: u16) -> bool {
    packet.protocol == protocol && packet.destination_port == port
}

/// Has a server tended when it wants to be, unless it is before that anyway.
fn tend_at(queue: &mut Queue<Event>, server: &mut Server, host: HostKey, wanted: Option<Nanos>, now: Nanos) {
    let pending = server.wake.filter(|at| *at > now);
    server.wake = pending;
    // Never at this very instant again: time must go on.
    let Some(at) = wanted.map(|at| at.max(now.plus(1_000))) else { return };
    if pending.is_none_or(|pending| at < pending) {
        server.wake = Some(at);
        queue.push(at, Event::Tend(host));
    }
}
