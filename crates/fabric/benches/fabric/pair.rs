//! The peers: pairs of stacks of smoltcp that hand each other packets, with nothing between them.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpProtocol};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Ipv4Address, Ipv4Packet, Ipv4Repr};

const PORT: u16 = 9;
/// The socket buffers of simulated hosts.
const BUFFER_BYTES: usize = weir_fabric::SOCKET_BUFFER_BYTES;

/// A stack, its one socket, and the packets that wait for it.
struct End {
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    wire: Wire,
}

/// Moves `total` bytes from one end to the other.
pub fn transfer(mtu: usize, total: usize) {
    let (mut sender, mut receiver) = (End::new(1, mtu), End::new(2, mtu));
    receiver.socket().listen(PORT).expect("a port");
    let to = (IpAddress::v4(10, 0, 0, 2), PORT);
    let End { interface, sockets, handle, .. } = &mut sender;
    sockets.get_mut::<tcp::Socket>(*handle).connect(interface.context(), to, 50_000).expect("a connection");
    let (mut sent, mut received, mut now) = (0, 0, 0);
    while received < total {
        now += 100;
        while sent < total && sender.socket().can_send() {
            sent += sender.socket().send(|room| zeros(room, total - sent)).expect("an open socket");
        }
        sender.poll(now);
        receiver.wire.incoming.append(&mut sender.wire.outgoing);
        receiver.poll(now);
        while receiver.socket().can_recv() {
            received += receiver.socket().recv(|bytes| (bytes.len(), bytes.len())).expect("bytes");
        }
        receiver.poll(now);
        sender.wire.incoming.append(&mut receiver.wire.outgoing);
        // What one has read, the other may write into.
        sender.wire.pool.append(&mut receiver.wire.pool);
        receiver.wire.pool.extend(sender.wire.pool.pop());
    }
}

/// Writes zeros into the room that a socket has, as simulated hosts do.
fn zeros(room: &mut [u8], rest: usize) -> (usize, usize) {
    let taken = room.len().min(rest);
    room[..taken].fill(0);
    (taken, taken)
}

/// Lets `pairs` of stacks ping each other in turn, so that each has `rounds` replies: one end writes requests and reads
/// replies as a program with a raw socket does, the other's stack answers.
pub fn ping(pairs: usize, rounds: usize) {
    const DATA: [u8; 56] = [7; 56];
    let mut ends: Vec<End> = (0..pairs).map(|_| End::new(2, 9001)).collect();
    let (source, destination) = (Ipv4Address::new(10, 0, 0, 1), Ipv4Address::new(10, 0, 0, 2));
    let checksums = ChecksumCapabilities::default();
    for round in 0..rounds {
        for end in &mut ends {
            let request = Icmpv4Repr::EchoRequest { ident: 1, seq_no: round as u16, data: &DATA };
            let payload_len = request.buffer_len();
            let header = Ipv4Repr {
                src_addr: source,
                dst_addr: destination,
                next_header: IpProtocol::Icmp,
                payload_len,
                hop_limit: 64,
            };
            let mut buffer = end.wire.pool.pop().unwrap_or_default();
            buffer.resize(header.buffer_len() + payload_len, 0);
            let mut packet = Ipv4Packet::new_unchecked(&mut buffer);
            header.emit(&mut packet, &checksums);
            request.emit(&mut Icmpv4Packet::new_unchecked(packet.payload_mut()), &checksums);
            end.wire.incoming.push(buffer);
            end.poll(round as i64);
            let reply = end.wire.outgoing.pop().expect("a reply");
            let packet = Ipv4Packet::new_checked(&reply[..]).expect("a packet");
            Ipv4Repr::parse(&packet, &checksums).expect("a header");
            let message = Icmpv4Packet::new_checked(packet.payload()).expect("a message");
            let answer = Icmpv4Repr::parse(&message, &checksums).expect("right checksums");
            assert!(
                matches!(answer, Icmpv4Repr::EchoReply { seq_no, .. } if seq_no == round as u16),
                "{answer:?} answers {round}"
            );
            end.wire.pool.push(reply);
        }
    }
}

impl End {
    fn new(last: u8, mtu: usize) -> End {
        let mut wire = Wire { mtu, incoming: Vec::new(), next: 0, outgoing: Vec::new(), pool: Vec::new() };
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, last), 24)).expect("room for one");
        });
        interface.routes_mut().add_default_ipv4_route(Ipv4Address::new(10, 0, 0, 1)).expect("room for one");
        let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER_BYTES]);
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(tcp::Socket::new(buffer(), buffer()));
        End { interface, sockets, handle, wire }
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    fn poll(&mut self, now_us: i64) {
        self.interface.poll(Instant::from_micros(now_us), &mut self.wire, &mut self.sockets);
        self.wire.pool.append(&mut self.wire.incoming);
        self.wire.next = 0;
    }
}

struct Wire {
    mtu: usize,
    incoming: Vec<Vec<u8>>,
    /// Which of the incoming packets is next.
    next: usize,
    outgoing: Vec<Vec<u8>>,
    pool: Vec<Vec<u8>>,
}

impl Device for Wire {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        let Wire { incoming, next, outgoing, pool, .. } = self;
        let packet = incoming.get(*next)?;
        *next += 1;
        Some((Incoming(packet), Outgoing { outgoing, pool }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        let Wire { outgoing, pool, .. } = self;
        Some(Outgoing { outgoing, pool })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
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
    outgoing: &'a mut Vec<Vec<u8>>,
    pool: &'a mut Vec<Vec<u8>>,
}

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut buffer = self.pool.pop().unwrap_or_default();
        buffer.resize(length, 0);
        let result = write(&mut buffer);
        self.outgoing.push(buffer);
        result
    }
}
