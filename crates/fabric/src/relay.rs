//! What VPC endpoints lead to: services that are not here. Their requests are handed out, and the answers carried back.
//!
//! An interface endpoint is a host with the addresses of its interfaces; each address of the service that a gateway endpoint
//! leads to is a host that comes into being when first asked. All accept connections on ports 80 and 443 and read one HTTP
//! request from each, in plain text on both: there is no TLS here. Whoever knows the services takes the requests
//! ([`Fabric::take_service_requests`]) and answers them ([`Fabric::answer_service`]).
//! Source: AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint" and "Gateway endpoints".

use crate::fabric::{Fabric, host_prefix};
use crate::host::{HostName, Identity};
use crate::hosts::HostKey;
use crate::http::{self, Parsed, Request};
use crate::service::{Kind, Service};
use crate::stack::{self, Shape};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use weir_model::endpoint::VpcEndpoint;
use weir_model::{Network, VpcEndpointId};
use weir_pipeline::{Compiled, EndpointIdx};

/// The largest packet of a host behind an endpoint (AWS PrivateLink Guide: 8500 bytes), and the TTL it has left on arrival
/// (58 was measured from S3 through a gateway endpoint; batfish lab-validation, 2020).
pub(crate) const SERVICE_SHAPE: Shape = Shape { mtu: 8500, ttl: 58 };

/// The ports that services behind endpoints listen on, in plain text on both.
const PORTS: [u16; 2] = [80, 443];

/// A request of an instance to a service behind an endpoint.
#[derive(Clone, Debug)]
pub struct ServiceRequest {
    host: HostKey,
    handle: SocketHandle,
    /// The endpoint that it came through.
    pub endpoint: VpcEndpointId,
    /// Where it came from, if the connection is still there.
    pub source: Option<IpAddr>,
    /// Whether it came to the port for TLS. Services behind endpoints speak in plain text there, too.
    pub is_secure: bool,
    /// The method.
    pub method: String,
    /// What the request line asks for, with its query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The answer of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// The status.
    pub status: u16,
    /// Names and values, without length and connection.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ServiceAnswer {
    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, http::reason(self.status));
        for (name, value) in &self.headers {
            // A string takes anything.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// A connection whose request is answered elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    received: Vec<u8>,
    pending: Vec<u8>,
    has_asked: bool,
    has_answer: bool,
}

impl Carried {
    /// Reads and writes as far as the socket goes; gives the request once it is there.
    pub(crate) fn serve(&mut self, socket: &mut tcp::Socket<'static>) -> Option<Request> {
        stack::drain(socket, &mut self.received, usize::MAX);
        let asked = if self.has_asked { None } else { self.request() };
        let sent = socket.send_slice(&self.pending).unwrap_or(0);
        self.pending.drain(..sent);
        let gives_up = !self.has_asked && socket.state() == tcp::State::CloseWait;
        if (self.has_answer && self.pending.is_empty()) || gives_up {
            socket.close();
        }
        asked
    }

    fn request(&mut self) -> Option<Request> {
        match Request::parse(&self.received) {
            Parsed::Partial => None,
            Parsed::Whole(request, _) => {
                self.has_asked = true;
                self.received.clear();
                Some(request)
            }
            Parsed::Bad => {
                self.has_asked = true;
                let answer = ServiceAnswer { status: 400, headers: Vec::new(), body: Vec::new() };
                self.answer(&answer);
                None
            }
        }
    }

    /// What is to be sent back.
    pub(crate) fn answer(&mut self, answer: &ServiceAnswer) {
        self.pending = answer.bytes();
        self.has_answer = true;
    }
}

/// The interface endpoints of a network as hosts.
pub(crate) fn identities(network: &Network, compiled: &Compiled) -> Vec<Identity> {
    network.endpoints.iter().filter_map(|endpoint| identity(network, compiled, endpoint)).collect()
}

fn identity(network: &Network, compiled: &Compiled, endpoint: &VpcEndpoint) -> Option<Identity> {
    let own = endpoint.interface_endpoint()?;
    let interfaces = own.interfaces.iter().filter_map(|id| network.interfaces.get(id));
    let addresses_of = |interface: &weir_model::interface::Interface| {
        let ipv4 = interface.primary().map(IpAddr::V4);
        let ipv6 = interface.ipv6_addresses.iter().copied().map(IpAddr::V6);
        let index = compiled.index_of(interface.id);
        ipv4.into_iter().chain(ipv6).map(move |address| (address, index)).collect::<Vec<_>>()
    };
    let addresses: Vec<_> = interfaces.flat_map(addresses_of).collect();
    let name = HostName::Endpoint(endpoint.id);
    Some(Identity { gateway: None, ..service_identity(name, addresses) })
}

fn service_identity(
    name: HostName,
    addresses: Vec<(IpAddr, Option<weir_pipeline::InterfaceIdx>)>,
) -> Identity {
    Identity {
        name,
        hostname: name.to_string(),
        links: addresses.iter().map(|(address, _)| vec![(*address, host_prefix(address))]).collect(),
        addresses,
        leases: Vec::new(),
        resolvers: Vec::new(),
        search: Vec::new(),
        services: PORTS.map(|port| Service::tcp(port, Kind::Relay)).to_vec(),
        boot_log: Vec::new(),
        gateway: None,
    }
}

impl Fabric {
    /// The host at an address of the service that a gateway endpoint leads to; it comes into being when first asked for.
    pub(crate) fn service_host(&mut self, gateway: EndpointIdx, address: IpAddr) -> Option<HostKey> {
        let IpAddr::V4(address) = address else { return None };
        let id = self.pipeline().compiled().gateways().find(|(index, _)| *index == gateway)?.1;
        let name = HostName::Service(id, address);
        if let Some(key) = self.hosts.named(name) {
            return Some(key);
        }
        if !self.hosts.make_room_on_internet() {
            return None;
        }
        let identity = service_identity(name, vec![(IpAddr::V4(address), None)]);
        Some(self.start(Identity { gateway: Some(gateway), ..identity }, SERVICE_SHAPE))
    }

    /// Stops the service hosts whose endpoint has gone, and tells the others its number in the network as it is.
    pub(crate) fn update_service_hosts(&mut self) {
        for (id, key) in self.hosts.services() {
            match self.pipeline().compiled().gateway_of(id) {
                None => self.stop(key),
                Some(gateway) => {
                    if let Some(host) = self.hosts.get_mut(key) {
                        host.machine.identity.gateway = Some(gateway);
                    }
                }
            }
        }
    }

    /// Moves the requests that a host has read to those that wait to be taken.
    pub(crate) fn collect_requests(&mut self, key: HostKey) {
        let Some(host) = self.hosts.get_mut(key) else { return };
        let endpoint = match host.machine.identity.name {
            HostName::Endpoint(id) | HostName::Service(id, _) => id,
            HostName::Instance(_) | HostName::Internet(_) => return,
        };
        for (handle, request) in std::mem::take(&mut host.machine.requests) {
            let Request { method, path, headers, body } = request;
            let (source, is_secure) = host.machine.ends(handle);
            let host = key;
            self.requests.push(ServiceRequest {
                host,
                handle,
                endpoint,
                source,
                is_secure,
                method,
                path,
                headers,
                body,
            });
        }
    }

    /// Whether requests to services wait to be taken.
    pub fn has_service_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Takes the requests to services that have come since the last call, in the order they came.
    pub fn take_service_requests(&mut self) -> Vec<ServiceRequest> {
        std::mem::take(&mut self.requests)
    }

    /// Sends the answer to a request. Nobody may wait for it any more; then it is forgotten.
    pub fn answer_service(&mut self, request: &ServiceRequest, answer: &ServiceAnswer) {
        let Some(host) = self.hosts.get_mut(request.host) else { return };
        if host.machine.answer(request.handle, answer) {
            self.run(request.host);
        }
    }
}

/// A name of a service's host.
pub(crate) fn name_text(id: VpcEndpointId, address: Ipv4Addr) -> String {
    format!("{address} through {id}")
}
