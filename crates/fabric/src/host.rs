//! A simulated host: an instance, or a host on the internet.
//!
//! It has addresses, a TCP/IP stack, services and running commands, and does nothing unless a packet arrives or one of its
//! timers fires. What it sends leaves through an [`Outbox`]; where that goes is not its business.

use crate::datagram::Datagram;
use crate::fragment::{self, Reassembly};
use crate::http::Request;
use crate::identity::device_name;
use crate::iperf;
use crate::path::Paths;
use crate::program::{Link, News};
use crate::relay::{self, ServiceAnswer};
use crate::service::{Connection, Kind, Service};
use crate::shell::Shell;
use crate::stack::{Outbox, Shape, Stack};
use crate::task::Task;
use crate::trouble::{Complaint, Trouble};
use crate::udp::Ports;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use weir_model::{InstanceId, Nanos, Protocol, VpcEndpointId};
use weir_pipeline::packet::{ACK, SYN};
use weir_pipeline::{EndpointIdx, InterfaceIdx, Packet, Port};

/// How long a socket may take to close after its program has ended, in nanoseconds (Linux: tcp_fin_timeout).
const CLOSE_NS: u64 = 60_000_000_000;

/// Most packets that a host keeps to send again in smaller pieces; the stack repeats the others.
const REFUSED_MAX: usize = 64;

/// The exit code of a command that was killed.
const KILLED: i32 = 137;

/// The first of the ports that a host connects from (Linux: ip_local_port_range).
const EPHEMERAL_FIRST: u16 = 32768;
/// How many ports a host connects from.
const EPHEMERAL_COUNT: u16 = 28232;

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostName {
    /// An instance.
    Instance(InstanceId),
    /// The host on the internet that has this address.
    Internet(IpAddr),
    /// What answers at the interfaces of an interface endpoint.
    Endpoint(VpcEndpointId),
    /// What answers at an address of the service that a gateway endpoint leads to.
    Service(VpcEndpointId, Ipv4Addr),
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostName::Instance(id) => id.fmt(f),
            HostName::Internet(address) => address.fmt(f),
            HostName::Endpoint(id) => id.fmt(f),
            HostName::Service(id, address) => f.write_str(&relay::name_text(*id, *address)),
        }
    }
}

/// Packets and bytes with IP headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Packets.
    pub packets: u64,
    /// Bytes, IP headers included.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, packet: &Packet) {
        self.packets += u64::from(packet.segments);
        self.bytes += u64::from(packet.bytes);
    }
}

/// What a host has sent and received since it started; packets to itself do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// What it put on the wire, whatever became of it.
    pub sent: Count,
    /// What reached it.
    pub received: Count,
}

/// What DHCP tells an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The hardware address of the interface.
    pub(crate) mac: [u8; 6],
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: u8,
    pub(crate) router: Ipv4Addr,
    /// The resolvers: the VPC's own, or those that its DHCP options name.
    pub(crate) resolvers: Vec<IpAddr>,
    pub(crate) hostname: String,
    /// The domain name; several with spaces between, as some systems understand it; empty for none.
    pub(crate) domain: String,
    pub(crate) time_servers: Vec<IpAddr>,
    pub(crate) netbios_servers: Vec<IpAddr>,
    pub(crate) netbios_node: Option<u8>,
}

/// What a host is before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: HostName,
    pub(crate) hostname: String,
    /// Own addresses, the primary one of each family first, and the interface each belongs to.
    pub(crate) addresses: Vec<(IpAddr, Option<InterfaceIdx>)>,
    /// The addresses of each interface with the prefix lengths of their subnet.
    pub(crate) links: Vec<Link>,
    /// What its first boot has to say: what of its user data has no effect.
    pub(crate) boot_log: Vec<String>,
    /// What DHCP tells each interface that has an IPv4 address.
    pub(crate) leases: Vec<Lease>,
    /// The name servers and the domains of /etc/resolv.conf.
    pub(crate) resolvers: Vec<IpAddr>,
    pub(crate) search: Vec<String>,
    pub(crate) services: Vec<Service>,
    /// The gateway endpoint through which its packets come and go, if it is at the far end of one.
    pub(crate) gateway: Option<EndpointIdx>,
}

impl Identity {
    /// Where packets from an address of `interface` enter the network.
    pub(crate) fn port(&self, interface: Option<InterfaceIdx>) -> Port {
        match (interface, self.gateway) {
            (Some(interface), _) => Port::Interface(interface),
            (_, Some(gateway)) => Port::Endpoint(gateway),
            _ => Port::Internet,
        }
    }
}

/// A running host.
pub(crate) struct Host {
    pub(crate) machine: Machine,
    tasks: Vec<Task>,
    shells: Vec<Shell>,
    /// The packets that have not all arrived.
    pub(crate) reassembly: Reassembly,
    /// When the queue will wake it, the next time last.
    pub(crate) wakes: Vec<Nanos>,
}

/// The part of a host that programs use.
pub(crate) struct Machine {
    pub(crate) identity: Identity,
    pub(crate) ttl: u8,
    pub(crate) stack: Stack,
    pub(crate) udp: Ports,
    iperf: iperf::Server,
    pub(crate) paths: Paths,
    /// TCP packets that were too big for their path, and where to.
    refused: VecDeque<(IpAddr, Vec<u8>)>,
    fragmented: u32,
    connections: Vec<Served>,
    next_port: u16,
    next_ident: u16,
    /// Requests for others to answer, and the sockets they came by.
    pub(crate) requests: Vec<(SocketHandle, Request)>,
}

/// A socket that a service, or nobody any more, looks after.
struct Served {
    handle: SocketHandle,
    connection: Connection,
    abort_at: Option<Nanos>,
}

impl Served {
    /// When it has something to do by itself.
    fn wake_at(&self) -> Option<Nanos> {
        [self.abort_at, self.connection.wake_at()].into_iter().flatten().min()
    }
}

impl Host {
    /// A host that has just started; `seed` chooses its ports and sequence numbers.
    pub(crate) fn new(identity: Identity, shape: Shape, seed: u64, now: Nanos) -> Host {
        let addresses: Vec<IpAddr> = identity.addresses.iter().map(|(address, _)| *address).collect();
        let machine = Machine {
            stack: Stack::new(&addresses, shape, seed, now),
            identity,
            ttl: shape.ttl,
            udp: Ports::default(),
            iperf: iperf::Server::default(),
            paths: Paths::new(u16::try_from(shape.mtu).unwrap_or(u16::MAX)),
            refused: VecDeque::new(),
            fragmented: seed as u32,
            connections: Vec::new(),
            next_port: EPHEMERAL_FIRST + (seed % u64::from(EPHEMERAL_COUNT)) as u16,
            next_ident: (seed >> 32) as u16,
            requests: Vec::new(),
        };
        Host {
            machine,
            tasks: Vec::new(),
            shells: Vec::new(),
            reassembly: Reassembly::default(),
            wakes: Vec::new(),
        }
    }

    /// Takes over what may have changed of a running host. Connections stay.
    pub(crate) fn refresh(&mut self, identity: Identity) {
        let old = std::mem::replace(&mut self.machine.identity, identity);
        let own = &self.machine.identity.addresses;
        if !old.addresses.iter().map(|(address, _)| address).eq(own.iter().map(|(address, _)| address)) {
            let addresses: Vec<IpAddr> = own.iter().map(|(address, _)| *address).collect();
            self.machine.stack.set_addresses(&addresses);
        }
    }

    /// Takes in a whole packet for one of its addresses. True if it may have to [`Host::run`] then.
    pub(crate) fn receive(&mut self, packet: &Packet, bytes: &[u8], now: Nanos, outbox: &mut Outbox) -> bool {
        let news = News::of(packet, bytes);
        let mut has_to_wake = false;
        if let Some(news) = &news {
            if let News::Trouble(trouble) = news
                && self.machine.learn(trouble, now)
            {
                outbox.packets.extend(self.machine.take_refused(trouble.about.destination));
            }
            has_to_wake = self.hear(news, now, outbox);
        }
        if matches!(news, Some(News::Reply(_))) {
            return has_to_wake;
        }
        let heard = self.machine.receive_udp(packet, bytes, now, outbox);
        if matches!(news, Some(News::Trouble(_))) {
            return self.tasks.iter().any(Task::is_running) || !self.shells.is_empty();
        }
        if let Some(has_news) = heard {
            return has_news;
        }
        self.shells.extend(self.machine.accept(packet).map(Shell::new));
        self.machine.stack.receive(bytes, now, outbox);
        !self.machine.stack.is_idle()
    }

    /// Passes a packet to the commands, one of which may have asked for it. True if it has to [`Host::run`] for them.
    fn hear(&mut self, news: &News, now: Nanos, outbox: &mut Outbox) -> bool {
        let mut has_to_wake = !self.shells.is_empty();
        for task in &mut self.tasks {
            has_to_wake |= task.hear(news, now, &mut self.machine, outbox);
        }
        for shell in &mut self.shells {
            shell.hear(news, now, &mut self.machine, outbox);
        }
        has_to_wake
    }

    /// Takes on a command.
    pub(crate) fn start(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// A command, running or ended.
    pub(crate) fn task_mut(&mut self, id: u64) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id)
    }

    /// Ends a command, if it still runs.
    pub(crate) fn kill(&mut self, id: u64, code: i32, now: Nanos, outbox: &mut Outbox) {
        let machine = &mut self.machine;
        self.tasks
            .iter_mut()
            .filter(|task| task.id == id)
            .for_each(|task| task.kill(code, now, machine, outbox));
    }

    /// Forgets a command; if it still runs, it ends.
    pub(crate) fn forget(&mut self, id: u64, now: Nanos, outbox: &mut Outbox) {
        self.kill(id, KILLED, now, outbox);
        self.tasks.retain(|task| task.id != id);
    }

    /// Its commands with their output, as they end when the host stops.
    pub(crate) fn into_tasks(mut self) -> Vec<Task> {
        let mut nowhere = Outbox::default();
        for task in &mut self.tasks {
            task.kill(KILLED, Nanos(0), &mut self.machine, &mut nowhere);
        }
        self.tasks
    }

    /// Lets services, programs and sockets do what they can do now, and says when they want to again.
    pub(crate) fn run(&mut self, now: Nanos, outbox: &mut Outbox) -> Option<Nanos> {
        self.machine.stack.flush(now, outbox);
        self.machine.serve(now);
        self.run_shells(now, outbox);
        for task in &mut self.tasks {
            task.wake(now, &mut self.machine, outbox);
        }
        self.machine.stack.flush(now, outbox);
        self.machine.reap();
        let sockets = self.machine.stack.wake_at(now);
        let tasks = self.tasks.iter().filter_map(Task::wake_at);
        let closing = self.machine.connections.iter().filter_map(Served::wake_at);
        let shells = self.shells.iter().filter_map(Shell::wake_at);
        sockets.into_iter().chain(tasks).chain(closing).chain(shells).min()
    }

    /// Serves the sessions; those whose connection has closed end.
    fn run_shells(&mut self, now: Nanos, outbox: &mut Outbox) {
        let machine = &mut self.machine;
        self.shells.retain_mut(|shell| {
            shell.serve(now, machine, outbox);
            let is_open = machine.stack.socket(shell.handle).state() != tcp::State::Closed;
            if !is_open {
                shell.end(now, machine, outbox);
                machine.stack.remove(shell.handle);
            }
            is_open
        });
    }

    /// Whether nothing would be lost if it went away.
    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty() && self.machine.stack.is_idle()
    }
}

/// What a host does with a packet that it is about to send.
pub(crate) enum Fit {
    /// It goes as it is.
    Whole,
    /// It goes as TCP segments that make packets of at most so many bytes.
    Segments(u16),
    /// It goes in these parts.
    Parts(Vec<Vec<u8>>),
    /// It does not fit the interface, and may not be split.
    TooBig,
}

impl Machine {
    /// Makes a packet fit what is known of its path: TCP goes in smaller segments, other packets in fragments unless they
    /// forbid it. What forbids it and fits the interface goes as it is: somebody wants to know.
    pub(crate) fn fit(&mut self, packet: &Packet, bytes: &[u8], now: Nanos) -> Fit {
        let mtu = self.paths.to(packet.destination, now);
        if packet.bytes <= u32::from(mtu) {
            return Fit::Whole;
        }
        if packet.protocol == Protocol::TCP {
            return Fit::Segments(mtu);
        }
        if packet.dont_fragment && packet.source.is_ipv4() {
            let fits = packet.bytes <= u32::from(self.paths.own());
            return if fits { Fit::Whole } else { Fit::TooBig };
        }
        self.fragmented = self.fragmented.wrapping_add(1);
        // An identification of 0 means none.
        let id = self.fragmented % u32::from(u16::MAX) + 1;
        fragment::split(bytes, mtu.into(), id).map_or(Fit::TooBig, Fit::Parts)
    }

    /// Keeps a TCP packet that the network has just refused as too big until its error arrives: Linux then sends at once
    /// what was lost (RFC 1191, section 6.4), where the stack would wait for its timer.
    pub(crate) fn keep_refused(&mut self, destination: IpAddr, bytes: Vec<u8>) {
        if self.refused.len() >= REFUSED_MAX {
            self.refused.pop_front();
        }
        self.refused.push_back((destination, bytes));
    }

    /// The kept packets to `destination`, in order.
    fn take_refused(&mut self, destination: IpAddr) -> Vec<Vec<u8>> {
        let refused = std::mem::take(&mut self.refused);
        let (wanted, others): (VecDeque<_>, _) = refused.into_iter().partition(|(to, _)| *to == destination);
        self.refused = others;
        wanted.into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// Believes an error about one of its own packets that says how large they may be. Whether that is news.
    fn learn(&mut self, trouble: &Trouble, now: Nanos) -> bool {
        if let Complaint::TooBig { mtu } = trouble.complaint
            && self.owns(trouble.about.source)
        {
            return self.paths.learn(trouble.about.destination, mtu, now);
        }
        false
    }

    /// Whether `address` is one of its own, or loops back.
    pub(crate) fn owns(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.identity.addresses.iter().any(|(own, _)| *own == address)
    }

    /// Where packets from `source` enter the network.
    pub(crate) fn port_of(&self, source: IpAddr) -> Port {
        let addresses = &self.identity.addresses;
        let own = addresses.iter().find(|(own, _)| *own == source).or(addresses.first());
        self.identity.port(own.and_then(|(_, interface)| *interface))
    }

    /// The own address that packets to `destination` are sent from, or `None` without one of its family.
    pub(crate) fn source_for(&self, destination: IpAddr) -> Option<IpAddr> {
        if self.owns(destination) {
            return Some(destination);
        }
        let same_family = |(own, _): &&(IpAddr, Option<InterfaceIdx>)| own.is_ipv4() == destination.is_ipv4();
        self.identity.addresses.iter().find(same_family).map(|(own, _)| *own)
    }

    /// Takes in a datagram, or word that one was refused. `None` if the stack is to see it, else whether there is news.
    fn receive_udp(
        &mut self,
        packet: &Packet,
        bytes: &[u8],
        now: Nanos,
        outbox: &mut Outbox,
    ) -> Option<bool> {
        const PORT_UNREACHABLE: [(u8, u8); 2] = [(3, 3), (1, 4)];
        if let Some(quoted) = packet.quoted.filter(|quoted| quoted.protocol == Protocol::UDP) {
            let is_refusal = PORT_UNREACHABLE.contains(&packet.icmp);
            return (is_refusal && self.udp.refuse(quoted.source_port)).then_some(true);
        }
        let datagram = Datagram::read(packet, bytes)?;
        let port = datagram.destination.port();
        let mut services = self.identity.services.iter();
        if let Some(service) = services.find(|service| service.serves(Protocol::UDP, port)) {
            let welcome;
            let payload = match service.kind {
                Kind::Echo => Some(datagram.payload),
                Kind::Iperf3 => {
                    welcome = self.iperf.hear(&datagram, now);
                    welcome.as_ref().map(|welcome| &welcome[..])
                }
                _ => None,
            };
            let is_news = service.kind == Kind::Iperf3 && payload.is_some();
            if let Some(payload) = payload {
                let answer = Datagram { source: datagram.destination, destination: datagram.source, payload };
                let mut buffer = outbox.buffer(answer.length());
                answer.write(self.ttl, &mut buffer);
                outbox.packets.push(buffer);
            }
            return Some(is_news);
        }
        self.udp.deliver(&datagram).then_some(true)
    }

    /// An identifier for a new program's echo requests.
    pub(crate) fn fresh_ident(&mut self) -> u16 {
        self.next_ident = self.next_ident.wrapping_add(1);
        self.next_ident
    }

    /// The own address that `name` is, or the first one of the family that its device has.
    pub(crate) fn own_address(&self, name: &str, is_ipv6: bool) -> Option<IpAddr> {
        if let Ok(address) = name.parse() {
            return self.owns(address).then_some(address);
        }
        let number = (0..self.identity.links.len()).find(|number| device_name(*number) == name)?;
        let mut addresses = self.identity.links[number].iter().map(|(address, _)| *address);
        addresses.find(|address| address.is_ipv6() == is_ipv6)
    }

    /// Opens a connection from a fresh port, of `source` if that is given; `None` without an address of the family, or with
    /// too many sockets.
    pub(crate) fn connect(&mut self, source: Option<IpAddr>, to: SocketAddr) -> Option<SocketHandle> {
        let source = source.or_else(|| self.source_for(to.ip()))?;
        let port = self.fresh_port();
        self.stack.connect(SocketAddr::new(source, port), to)
    }

    /// Waits for one connection to a TCP port; `None` if a service or program has it, or there are too many sockets.
    pub(crate) fn listen(&mut self, port: u16) -> Option<SocketHandle> {
        let is_taken = self.identity.services.iter().any(|service| service.serves(Protocol::TCP, port));
        let is_free = !is_taken && !self.stack.is_listening(port);
        is_free.then(|| self.stack.listen(port)).flatten()
    }

    fn fresh_port(&mut self) -> u16 {
        let offset = self.next_port - EPHEMERAL_FIRST;
        self.next_port = EPHEMERAL_FIRST + (offset + 1) % EPHEMERAL_COUNT;
        self.next_port
    }

    /// Binds a fresh UDP port; `None` if all are taken.
    pub(crate) fn bind_fresh(&mut self) -> Option<u16> {
        for _ in 0..EPHEMERAL_COUNT {
            let port = self.fresh_port();
            if self.udp.bind(port) {
                return Some(port);
            }
        }
        None
    }

    /// Leaves a socket to close by itself; one that has had no answer yet just goes, as in Linux.
    pub(crate) fn release(&mut self, handle: SocketHandle, now: Nanos) {
        let socket = self.stack.socket(handle);
        if socket.state() == tcp::State::SynSent {
            return self.stack.remove(handle);
        }
        socket.close();
        let connection = Connection::new(Kind::Discard);
        self.connections.push(Served { handle, connection, abort_at: Some(now.plus(CLOSE_NS)) });
    }

    /// Gets a socket ready if `packet` opens a connection to a service; gives it back if it is for a shell.
    fn accept(&mut self, packet: &Packet) -> Option<SocketHandle> {
        if packet.protocol != Protocol::TCP || packet.tcp_flags & (SYN | ACK) != SYN {
            return None;
        }
        let service = self
            .identity
            .services
            .iter()
            .find(|service| service.serves(Protocol::TCP, packet.destination_port))?;
        let local = SocketAddr::new(packet.destination, packet.destination_port);
        let remote = SocketAddr::new(packet.source, packet.source_port);
        if self.stack.has_connection(local, remote) {
            return None;
        }
        let handle = self.stack.listen(service.port)?;
        if service.kind == Kind::Ssh {
            return Some(handle);
        }
        let connection = Connection::new(service.kind.clone());
        self.connections.push(Served { handle, connection, abort_at: None });
        None
    }

    fn serve(&mut self, now: Nanos) {
        // A second time for what one connection has learnt from another.
        let passes = if self.iperf.is_idle() { 1 } else { 2 };
        for _ in 0..passes {
            self.serve_once(now);
        }
    }

    fn serve_once(&mut self, now: Nanos) {
        for served in &mut self.connections {
            let socket = self.stack.socket(served.handle);
            let asked = served.connection.serve(socket, &mut self.iperf, now);
            self.requests.extend(asked.map(|request| (served.handle, request)));
            if served.abort_at.is_some_and(|at| at <= now) {
                socket.abort();
                served.abort_at = None;
            }
        }
    }

    /// Where a connection comes from, if it is there, and whether it came to the port for TLS.
    pub(crate) fn ends(&mut self, handle: SocketHandle) -> (Option<IpAddr>, bool) {
        const TLS: u16 = 443;
        let socket = self.stack.socket(handle);
        let (local, remote) = (socket.local_endpoint(), socket.remote_endpoint());
        (remote.map(|remote| remote.addr.into()), local.is_some_and(|local| local.port == TLS))
    }

    /// Gives the answer to a request that was handed out; false if its connection has gone.
    pub(crate) fn answer(&mut self, handle: SocketHandle, answer: &ServiceAnswer) -> bool {
        let served = self.connections.iter_mut().find(|served| served.handle == handle);
        served.map(|served| served.connection.take(answer)).is_some()
    }

    /// Takes away the sockets that have closed.
    fn reap(&mut self) {
        let stack = &mut self.stack;
        self.connections.retain(|served| {
            let is_open = stack.socket(served.handle).state() != tcp::State::Closed;
            if !is_open {
                stack.remove(served.handle);
                served.connection.end(&mut self.iperf);
            }
            is_open
        });
    }
}
