//! The TCP/IP stack of a host: smoltcp, with its packets handed in and out one by one.
//!
//! The stack accepts every destination: the host has made sure that a packet is for it. A listening port has no socket
//! until a SYN arrives, so an idle host costs no buffers and has no backlog to fill.

use crate::frame;
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::{Socket, tcp};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;

/// Most sockets of one host; a SYN beyond them is dropped, as by a full backlog.
pub const SOCKETS_MAX: usize = 256;

/// The size of each of a socket's two buffers, in bytes.
pub const SOCKET_BUFFER_BYTES: usize = 16 * 1024;

/// How long a connection lives whose data nobody acknowledges (Linux: tcp_retries2 of 15).
const UNANSWERED: Duration = Duration::from_secs(924);

/// How long a connection waits for the ACK of its SYN-ACK: five repetitions, the last one waited for (Linux:
/// tcp_synack_retries).
const UNANSWERED_SYN_ACK: Duration = Duration::from_secs(63);

/// Most packets that a host sends at one instant; the rest waits for its next turn.
const BURST_MAX: usize = 256;

/// What smoltcp writes for a socket that has no TTL of its own.
const SMOLTCP_TTL: u8 = 64;

/// Most buffers of a size kept for reuse.
const POOL_MAX: usize = 4096;

/// What a buffer for a packet without data has room for; larger ones are kept apart, that they need not be cleared for it.
const SMALL_BYTES: usize = 128;

/// Packets on their way out of a host, and buffers to write more into.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) packets: Vec<Vec<u8>>,
    small: Vec<Vec<u8>>,
    large: Vec<Vec<u8>>,
}

impl Outbox {
    /// A buffer of `length` zeros.
    pub(crate) fn buffer(&mut self, length: usize) -> Vec<u8> {
        let mut buffer = self.used_buffer(length);
        buffer.fill(0);
        buffer
    }

    /// A buffer with a copy of `bytes`.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.any_buffer(bytes.len());
        buffer.clear();
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// A buffer of `length` bytes that have yet to be written.
    fn used_buffer(&mut self, length: usize) -> Vec<u8> {
        let mut buffer = self.any_buffer(length);
        buffer.resize(length, 0);
        buffer
    }

    /// A buffer that has room for `length` bytes, with whatever is in it.
    fn any_buffer(&mut self, length: usize) -> Vec<u8> {
        let pool = if length <= SMALL_BYTES { &mut self.small } else { &mut self.large };
        pool.pop().unwrap_or_else(|| Vec::with_capacity(length.max(SMALL_BYTES)))
    }

    /// Takes back a buffer that nobody needs any more.
    pub(crate) fn recycle(&mut self, buffer: Vec<u8>) {
        let is_small = buffer.capacity() <= SMALL_BYTES;
        let pool = if is_small { &mut self.small } else { &mut self.large };
        if pool.len() < POOL_MAX {
            pool.push(buffer);
        }
    }
}

/// The stack of one host.
pub(crate) struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    shape: Shape,
    count: usize,
}

/// What the packets of a host look like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The largest packet, in bytes.
    pub(crate) mtu: usize,
    /// The TTL it sends with.
    pub(crate) ttl: u8,
}

fn instant(now: Nanos) -> Instant {
    Instant::from_micros(i64::try_from(now.0 / 1000).unwrap_or(i64::MAX))
}

impl Stack {
    /// A stack with these addresses; `seed` chooses its sequence numbers.
    pub(crate) fn new(addresses: &[IpAddr], shape: Shape, seed: u64, now: Nanos) -> Stack {
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut nowhere = Outbox::default();
        let mut wire = Wire { incoming: None, out: &mut nowhere, shape };
        let mut interface = Interface::new(config, &mut wire, instant(now));
        interface.set_any_ip(true);
        let mut stack = Stack { interface, sockets: SocketSet::new(Vec::new()), shape, count: 0 };
        stack.set_addresses(addresses);
        stack
    }

    /// Gives the stack an address of each family to route by; it answers on any.
    pub(crate) fn set_addresses(&mut self, addresses: &[IpAddr]) {
        let ipv4 = addresses.iter().find_map(|address| match address {
            IpAddr::V4(address) => Some(*address),
            IpAddr::V6(_) => None,
        });
        let ipv6 = addresses.iter().find_map(|address| match address {
            IpAddr::V6(address) => Some(*address),
            IpAddr::V4(_) => None,
        });
        self.interface.update_ip_addrs(|known| {
            known.clear();
            let own = ipv4.map(IpAddr::V4).into_iter().chain(ipv6.map(IpAddr::V6));
            known.extend(own.map(|address| {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                IpCidr::new(IpAddress::from(address), bits)
            }));
        });
        let routes = self.interface.routes_mut();
        // Two default routes fit the table; were there no room, packets would find no way out.
        if let Some(address) = ipv4 {
            let _ = routes.add_default_ipv4_route(address);
        }
        if let Some(address) = ipv6 {
            let _ = routes.add_default_ipv6_route(address);
        }
    }

    /// Whether it has no sockets: then only packets can make it send.
    pub(crate) fn is_idle(&self) -> bool {
        self.count == 0
    }

    /// Takes in a packet; an immediate answer goes to `out`.
    pub(crate) fn receive(&mut self, packet: &[u8], now: Nanos, out: &mut Outbox) {
        let mut wire = Wire { incoming: Some(packet), out, shape: self.shape };
        self.interface.poll_ingress_single(instant(now), &mut wire, &mut self.sockets);
    }

    /// Sends what the sockets have to send.
    pub(crate) fn flush(&mut self, now: Nanos, out: &mut Outbox) {
        if self.is_idle() {
            return;
        }
        self.set_timeouts();
        let mut wire = Wire { incoming: None, out, shape: self.shape };
        for _ in 0..BURST_MAX {
            if self.interface.poll_egress(instant(now), &mut wire, &mut self.sockets) == PollResult::None {
                return;
            }
        }
    }

    /// Lets connections end that wait too long for an acknowledgement, of their SYN, their data or their FIN. smoltcp would
    /// end idle ones as well.
    fn set_timeouts(&mut self) {
        for (_, socket) in self.sockets.iter_mut() {
            if let Socket::Tcp(socket) = socket {
                socket.set_timeout(match socket.state() {
                    tcp::State::SynReceived => Some(UNANSWERED_SYN_ACK),
                    tcp::State::FinWait1 | tcp::State::Closing | tcp::State::LastAck => Some(UNANSWERED),
                    _ => (socket.send_queue() > 0).then_some(UNANSWERED),
                });
            }
        }
    }

    /// When the sockets next have something to do by themselves; not before `now`.
    pub(crate) fn wake_at(&mut self, now: Nanos) -> Option<Nanos> {
        if self.is_idle() {
            return None;
        }
        let at = self.interface.poll_at(instant(now), &self.sockets)?;
        let at = Nanos(u64::try_from(at.total_micros()).unwrap_or(0).saturating_mul(1000));
        Some(at.max(now))
    }

    /// A socket that waits for one connection to `port`; `None` if there are too many.
    pub(crate) fn listen(&mut self, port: u16) -> Option<SocketHandle> {
        let mut socket = self.fresh_socket()?;
        socket.listen(port).ok()?;
        Some(self.add(socket))
    }

    /// Whether a socket waits for connections to `port`.
    pub(crate) fn is_listening(&self, port: u16) -> bool {
        self.sockets.iter().any(|(_, socket)| match socket {
            Socket::Tcp(socket) => socket.is_listening() && socket.listen_endpoint().port == port,
            Socket::Udp(_) => false,
        })
    }

    /// A socket that connects `from` one of the host's addresses; `None` if there are too many or the ends do not fit.
    pub(crate) fn connect(&mut self, from: SocketAddr, to: SocketAddr) -> Option<SocketHandle> {
        let mut socket = self.fresh_socket()?;
        socket.connect(self.interface.context(), IpEndpoint::from(to), IpEndpoint::from(from)).ok()?;
        Some(self.add(socket))
    }

    fn fresh_socket(&self) -> Option<tcp::Socket<'static>> {
        let buffer = || tcp::SocketBuffer::new(vec![0; SOCKET_BUFFER_BYTES]);
        (self.count < SOCKETS_MAX).then(|| tcp::Socket::new(buffer(), buffer()))
    }

    fn add(&mut self, socket: tcp::Socket<'static>) -> SocketHandle {
        self.count += 1;
        self.sockets.add(socket)
    }

    /// The socket of a handle that has not been removed.
    pub(crate) fn socket(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(handle)
    }

    /// Takes away a socket, whatever its state.
    pub(crate) fn remove(&mut self, handle: SocketHandle) {
        self.sockets.remove(handle);
        self.count -= 1;
    }

    /// Whether a socket, open or closing, has this pair of ends.
    pub(crate) fn has_connection(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let (local, remote) = (Some(IpEndpoint::from(local)), Some(IpEndpoint::from(remote)));
        self.sockets.iter().any(|(_, socket)| match socket {
            Socket::Tcp(socket) => socket.local_endpoint() == local && socket.remote_endpoint() == remote,
            Socket::Udp(_) => false,
        })
    }
}

/// Moves what a socket has received to the end of `to`, as long as that has less than `limit` bytes.
pub(crate) fn drain(socket: &mut tcp::Socket<'static>, to: &mut Vec<u8>, limit: usize) {
    while socket.can_recv() && to.len() < limit {
        let taken = socket.recv(|bytes| {
            to.extend_from_slice(bytes);
            (bytes.len(), ())
        });
        if taken.is_err() {
            return;
        }
    }
}

/// Writes at most `limit` zeros, as many as the socket has room for, and says how many: what /dev/zero gives is copied from
/// nowhere.
pub(crate) fn send_zeros(socket: &mut tcp::Socket<'static>, limit: u64) -> u64 {
    let mut sent = 0;
    while sent < limit && socket.can_send() {
        let rest = usize::try_from(limit - sent).unwrap_or(usize::MAX);
        let taken = socket.send(|room| {
            let taken = room.len().min(rest);
            room[..taken].fill(0);
            (taken, taken as u64)
        });
        match taken {
            Ok(taken) => sent += taken,
            Err(_) => break,
        }
    }
    sent
}

/// The device of a host: at most one packet in, any number out.
struct Wire<'a> {
    incoming: Option<&'a [u8]>,
    out: &'a mut Outbox,
    shape: Shape,
}

impl Device for Wire<'_> {
    type RxToken<'a>
        = Incoming<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Outgoing<'a>
    where
        Self: 'a;

    fn receive(&mut self, _: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        let packet = self.incoming.take()?;
        Some((Incoming(packet), Outgoing { out: self.out, ttl: self.shape.ttl }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        Some(Outgoing { out: self.out, ttl: self.shape.ttl })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.shape.mtu;
        capabilities
    }
}

struct Incoming<'a>(&'a [u8]);

impl phy::RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

struct Outgoing<'a> {
    out: &'a mut Outbox,
    ttl: u8,
}

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        // The stack writes every byte.
        let mut buffer = self.out.used_buffer(length);
        let result = write(&mut buffer);
        if frame::ttl(&buffer) == SMOLTCP_TTL {
            frame::set_ttl(&mut buffer, self.ttl);
        }
        self.out.packets.push(buffer);
        result
    }
}
