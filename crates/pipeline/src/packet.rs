//! A packet as the network sees it: addresses, ports and sizes; no payload.
//!
//! Source: RFC 791 and 8200 (IP), RFC 792 and 4443 (ICMP), RFC 9293 (TCP), RFC 1191 and 8201 (path MTU).

use std::fmt;
use std::net::IpAddr;
use weir_model::Protocol;

/// The FIN flag of TCP.
pub const FIN: u8 = 1;
/// The SYN flag of TCP.
pub const SYN: u8 = 2;
/// The RST flag of TCP.
pub const RST: u8 = 4;
/// The PSH flag of TCP.
pub const PSH: u8 = 8;
/// The ACK flag of TCP.
pub const ACK: u8 = 16;

/// The TTL that Amazon Linux gives its packets, and that [`Packet::new`] starts from.
pub const TTL: u8 = 255;

/// A packet, or a super-packet of several segments that share their header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The source address.
    pub source: IpAddr,
    /// The destination address.
    pub destination: IpAddr,
    /// The IP protocol.
    pub protocol: Protocol,
    /// The source port; 0 if the protocol has none.
    pub source_port: u16,
    /// The destination port; 0 if the protocol has none.
    pub destination_port: u16,
    /// ICMP type and code; 0, 0 for other protocols.
    pub icmp: (u8, u8),
    /// The identifier of an ICMP query or its answer (RFC 792, RFC 4443); 0 for other messages and protocols.
    pub identifier: u16,
    /// TCP flags ([`FIN`], [`SYN`], …); 0 for other protocols.
    pub tcp_flags: u8,
    /// Bytes with IP headers, of all segments together.
    pub bytes: u32,
    /// How many packets this stands for: 1, or the segments of a super-packet.
    pub segments: u32,
    /// Bytes of its largest segment with IP header: what an MTU is compared with. [`Packet::bytes`] if it is one segment.
    pub segment_bytes: u32,
    /// Bytes of the IP header with its options, which each part repeats if it is split.
    pub header_bytes: u8,
    /// Whether it may not be split on its way: the flag of IPv4; IPv6 packets never are (RFC 8200, section 4.5).
    pub dont_fragment: bool,
    /// Which part of a packet it is.
    pub fragment: Fragment,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// The flow of the packet that an ICMP error quotes, as the sender of the error saw it arrive. Of an ICMP query the
    /// source port is the identifier.
    pub quoted: Option<Tuple>,
}

impl Packet {
    /// A whole packet of `tuple` with `bytes`, one segment, TTL 255, no flags and ICMP type 0. It may be split if it is IPv4.
    pub fn new(tuple: Tuple, bytes: u32) -> Packet {
        Packet {
            source: tuple.source,
            destination: tuple.destination,
            protocol: tuple.protocol,
            source_port: tuple.source_port,
            destination_port: tuple.destination_port,
            icmp: (0, 0),
            identifier: 0,
            tcp_flags: 0,
            bytes,
            segments: 1,
            segment_bytes: bytes,
            header_bytes: if tuple.source.is_ipv4() { 20 } else { 40 },
            dont_fragment: tuple.source.is_ipv6(),
            fragment: Fragment::Whole,
            ttl: TTL,
            quoted: None,
        }
    }

    /// An ICMP packet (ICMPv6 between IPv6 addresses) of the given type and code.
    pub fn icmp(source: IpAddr, destination: IpAddr, icmp: (u8, u8), bytes: u32) -> Packet {
        let protocol = if source.is_ipv4() { Protocol::ICMP } else { Protocol::ICMPV6 };
        let tuple = Tuple { source, destination, protocol, source_port: 0, destination_port: 0 };
        Packet { icmp, ..Packet::new(tuple, bytes) }
    }

    /// Whether it is an ICMP error: nothing is said about those (RFC 1122, section 3.2.2; RFC 4443, section 2.4).
    pub fn is_icmp_error(&self) -> bool {
        match self.protocol {
            Protocol::ICMP => matches!(self.icmp.0, 3..=5 | 11 | 12),
            Protocol::ICMPV6 => self.icmp.0 < 128,
            _ => false,
        }
    }

    /// The packets, and the bytes of their headers, that it becomes more of where it is split to fit `mtu`: each segment is
    /// split by itself, into parts of a multiple of eight bytes, and each part repeats the header (RFC 791, section 3.2).
    pub(crate) fn growth(&self, mtu: u16) -> (u64, u64) {
        let (header, mtu) = (u64::from(self.header_bytes), u64::from(mtu));
        let room = (mtu.saturating_sub(header) / 8 * 8).max(8);
        let more = |bytes: u64| match bytes > mtu {
            true => bytes.saturating_sub(header).div_ceil(room).saturating_sub(1),
            false => 0,
        };
        let (full, size) = (u64::from(self.segments.max(1) - 1), u64::from(self.segment_bytes));
        let last = u64::from(self.bytes).saturating_sub(full * size);
        let count = full * more(size) + more(last);
        (count, count * header)
    }

    /// Addresses, protocol and ports; of ICMP and other protocols the ports are 0, as in a flow log.
    pub fn tuple(&self) -> Tuple {
        Tuple {
            source: self.source,
            destination: self.destination,
            protocol: self.protocol,
            source_port: self.source_port,
            destination_port: self.destination_port,
        }
    }
}

/// Which part of a packet a packet is (RFC 791, section 3.2; RFC 8200, section 4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fragment {
    /// All of it.
    #[default]
    Whole,
    /// The first part, which has the ports and the ICMP type.
    First {
        /// The identification that its parts share.
        id: u32,
    },
    /// A later part, which has neither ports nor ICMP type: they are 0.
    Later {
        /// The identification that its parts share.
        id: u32,
    },
}

/// What tells one flow from another: the 5-tuple of flow logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// The source address.
    pub source: IpAddr,
    /// The destination address.
    pub destination: IpAddr,
    /// The IP protocol.
    pub protocol: Protocol,
    /// The source port; 0 if the protocol has none.
    pub source_port: u16,
    /// The destination port; 0 if the protocol has none.
    pub destination_port: u16,
}

impl Tuple {
    /// A well-mixed number that both directions of a flow share (SplitMix64, Steele, Lea and Flood 2014).
    pub(crate) fn shared_digest(self) -> u64 {
        let ends = [(self.source, self.source_port), (self.destination, self.destination_port)];
        let [one, other] = ends.map(|(address, port)| {
            let number = match address {
                IpAddr::V4(address) => u128::from(u32::from(address)),
                IpAddr::V6(address) => u128::from(address),
            };
            mixed((number as u64) ^ mixed((number >> 64) as u64 ^ u64::from(port)))
        });
        mixed(one.wrapping_add(other) ^ u64::from(self.protocol.0))
    }

    /// The tuple of packets that go the other way.
    pub fn reversed(self) -> Tuple {
        Tuple {
            source: self.destination,
            destination: self.source,
            protocol: self.protocol,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}

fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The dense number of an interface in one [`crate::Compiled`]; means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceIdx(pub(crate) u32);

impl InterfaceIdx {
    /// The number, from 0.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// The dense number of a gateway endpoint in one [`crate::Compiled`]; means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointIdx(pub(crate) u32);

impl EndpointIdx {
    /// The number, from 0.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// Where a packet enters or leaves the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// From or to the host that an interface belongs to.
    Interface(InterfaceIdx),
    /// From or to the internet, outside every VPC.
    Internet,
    /// From or to the service that a gateway endpoint leads to.
    Endpoint(EndpointIdx),
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tuple { source, destination, protocol, source_port, destination_port } = self;
        match *protocol {
            Protocol::TCP => write!(f, "tcp {source}:{source_port} > {destination}:{destination_port}"),
            Protocol::UDP => write!(f, "udp {source}:{source_port} > {destination}:{destination_port}"),
            Protocol::ICMP | Protocol::ICMPV6 => write!(f, "icmp {source} > {destination}"),
            Protocol(number) => write!(f, "proto-{number} {source} > {destination}"),
        }
    }
}
