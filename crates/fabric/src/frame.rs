//! Packets as bytes: reading what the network looks at, and rewriting what it changes.
//!
//! Every read is checked against the length; a packet that does not parse is [`Malformed`], never a panic.
//! Source: RFC 791 (IPv4), 8200 (IPv6), 792 and 4443 (ICMP), 9293 (TCP), 768 (UDP), 1071 and 1624 (checksums).

use std::net::IpAddr;
use weir_model::Protocol;
use weir_pipeline::{Packet, Tuple};

mod header;

pub(crate) use header::{FRAGMENT_HEADER, Header, IPV4_HEADER, IPV6_HEADER, PACKET_BYTES_MAX};

/// Bytes of an ICMP header.
pub(crate) const ICMP_HEADER: usize = 8;
/// Bytes of a TCP header without options.
pub(crate) const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// Bytes of an ICMP message up to its checksum.
const ICMP_LEAST: usize = 4;
/// Where the checksum stands in an ICMP message, and the identifier in a query.
pub(crate) const ICMP_CHECKSUM_AT: usize = 2;
const IDENTIFIER_AT: usize = 4;
/// The flag of IPv4 that forbids to split a packet, beside the offset of fragments.
const DONT_FRAGMENT: u16 = 0x4000;

/// Why bytes are not a packet that the network carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    /// Shorter than its headers say.
    Truncated,
    /// Neither IPv4 nor IPv6, or a header length that cannot be.
    Header,
    /// A TCP, UDP or ICMP header that is cut off, or has a length that cannot be.
    Transport,
    /// A checksum is wrong.
    Checksum,
    /// A fragment that cannot be: empty, beyond the end of a packet, or without the whole transport header if it is the first.
    Fragment,
    /// Extension headers of IPv6 that are too many, too long, or not where they may be.
    Extension,
}

/// The parts of a packet that the network looks at. The payload is not checked.
///
/// # Errors
/// The headers are cut off or contradict each other.
#[inline(always)]
pub fn parse(bytes: &[u8]) -> Result<Packet, Malformed> {
    match Plain::read(bytes) {
        Some(plain) => Ok(plain.packet()),
        None => parse_any(bytes),
    }
}

/// What tells most packets apart: whole ones over IPv4 without options, of TCP, UDP or ICMP that is no error. Numbers alone,
/// so that it stays in registers until the packet is written.
#[derive(Clone, Copy)]
struct Plain {
    source: u32,
    destination: u32,
    protocol: u8,
    ttl: u8,
    tcp_flags: u8,
    dont_fragment: bool,
    icmp: (u8, u8),
    identifier: u16,
    ports: (u16, u16),
    total: u16,
}

impl Plain {
    /// What [`parse_any`] makes of such a packet, for a fraction of its work. `None` for others, and for what is wrong.
    #[inline(always)]
    fn read(bytes: &[u8]) -> Option<Plain> {
        const FRAGMENT_BITS: u16 = 0x3fff;
        let header: &[u8; IPV4_HEADER] = bytes.first_chunk()?;
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let address =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let total = word(2);
        let payload = bytes.get(IPV4_HEADER..usize::from(total))?;
        let transport: &[u8; ICMP_HEADER] = payload.first_chunk()?;
        if header[0] != 0x45 || word(6) & FRAGMENT_BITS != 0 {
            return None;
        }
        let half = |at: usize| u16::from_be_bytes([transport[at], transport[at + 1]]);
        let (mut ports, mut icmp, mut identifier, mut tcp_flags) = ((half(0), half(2)), (0, 0), 0, 0);
        match Protocol(header[9]) {
            Protocol::TCP => {
                let fixed: &[u8; TCP_HEADER] = payload.first_chunk()?;
                let length = usize::from(fixed[12] >> 4) * 4;
                tcp_flags = fixed[13];
                (TCP_HEADER..=payload.len()).contains(&length).then_some(())?;
            }
            Protocol::UDP => (UDP_HEADER..=payload.len()).contains(&usize::from(half(4))).then_some(())?,
            Protocol::ICMP => {
                (ports, icmp) = ((0, 0), (transport[0], transport[1]));
                identifier = matches!(icmp.0, 0 | 8).then(|| half(IDENTIFIER_AT))?;
            }
            _ => return None,
        }
        Some(Plain {
            source: address(12),
            destination: address(16),
            protocol: header[9],
            ttl: header[8],
            tcp_flags,
            dont_fragment: word(6) & DONT_FRAGMENT != 0,
            icmp,
            identifier,
            ports,
            total,
        })
    }

    #[inline(always)]
    fn packet(self) -> Packet {
        let tuple = Tuple {
            source: IpAddr::V4(self.source.into()),
            destination: IpAddr::V4(self.destination.into()),
            protocol: Protocol(self.protocol),
            source_port: self.ports.0,
            destination_port: self.ports.1,
        };
        Packet {
            icmp: self.icmp,
            identifier: self.identifier,
            tcp_flags: self.tcp_flags,
            dont_fragment: self.dont_fragment,
            ttl: self.ttl,
            ..Packet::new(tuple, self.total.into())
        }
    }
}

#[inline(never)]
fn parse_any(bytes: &[u8]) -> Result<Packet, Malformed> {
    let header = Header::parse(bytes)?;
    let payload = header.payload(bytes);
    check_transport(&header, payload)?;
    let mut packet = Packet::new(header.tuple(payload)?, header.total as u32);
    packet.ttl = header.ttl;
    packet.header_bytes = header.length as u8;
    packet.dont_fragment = header.dont_fragment;
    packet.fragment = header.fragment();
    if header.has_transport() {
        read_transport(&mut packet, payload)?;
    }
    Ok(packet)
}

fn read_transport(packet: &mut Packet, payload: &[u8]) -> Result<(), Malformed> {
    match packet.protocol {
        Protocol::TCP => packet.tcp_flags = byte(payload, 13)?,
        Protocol::ICMP | Protocol::ICMPV6 => {
            packet.icmp = (byte(payload, 0)?, byte(payload, 1)?);
            match packet.is_icmp_error() {
                true => packet.quoted = quoted(payload),
                false => packet.identifier = identifier(packet.protocol, payload).unwrap_or(0),
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether the TCP, UDP or ICMP header is all there, and as long as it says; later fragments have none.
fn check_transport(header: &Header, payload: &[u8]) -> Result<(), Malformed> {
    let is_whole = header.part.is_none();
    let (least, length) = match header.protocol {
        _ if !header.has_transport() => return Ok(()),
        Protocol::TCP => (TCP_HEADER, payload.get(12).map_or(0, |offset| usize::from(offset >> 4) * 4)),
        Protocol::UDP => (UDP_HEADER, UDP_HEADER),
        Protocol::ICMP | Protocol::ICMPV6 => (ICMP_LEAST, ICMP_LEAST),
        _ => return Ok(()),
    };
    let says_more = header.protocol == Protocol::UDP && is_whole && udp_length(payload).is_none();
    if payload.len() < least || length < least || (is_whole && length > payload.len()) || says_more {
        return Err(Malformed::Transport);
    }
    Ok(())
}

/// The length that a UDP header claims, if there is as much (RFC 768: header and data).
fn udp_length(payload: &[u8]) -> Option<usize> {
    let length = usize::from(word(payload, 4).ok()?);
    (UDP_HEADER..=payload.len()).contains(&length).then_some(length)
}

/// Like [`parse`], and the checksums are right. Of a fragment only the header's own can be checked.
///
/// # Errors
/// Those of [`parse`], or a checksum is wrong. UDP over IPv4 may come without (RFC 768), over IPv6 not (RFC 8200,
/// section 8.1).
pub fn parse_checked(bytes: &[u8]) -> Result<Packet, Malformed> {
    let packet = parse(bytes)?;
    let header = Header::parse(bytes)?;
    let own = header.is_ipv4.then(|| IPV4_HEADER.max(usize::from(bytes[0] & 15) * 4));
    let header_holds = own.is_none_or(|length| sum(0, &bytes[..length]) == 0xffff);
    let holds = header_holds && (header.part.is_some() || payload_holds(&header, header.payload(bytes)));
    if holds { Ok(packet) } else { Err(Malformed::Checksum) }
}

fn payload_holds(header: &Header, payload: &[u8]) -> bool {
    match header.protocol {
        Protocol::ICMP => sum(0, payload) == 0xffff,
        Protocol::UDP if payload.get(6..8) == Some(&[0, 0]) => header.is_ipv4,
        Protocol::UDP => {
            let length = udp_length(payload).unwrap_or(payload.len());
            sum(header.pseudo(length), &payload[..length]) == 0xffff
        }
        Protocol::TCP | Protocol::ICMPV6 => sum(header.pseudo(payload.len()), payload) == 0xffff,
        _ => true,
    }
}

/// What a delivery makes of a packet: new ends, and a TTL that has gone down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rewrite {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) hops: u8,
}

impl Rewrite {
    /// Whether `packet` gets other addresses, ports or another identifier.
    #[inline]
    fn changes(&self, packet: &Packet) -> bool {
        let is_icmp = packet.protocol.is_icmp();
        let source_port = if is_icmp { packet.identifier } else { packet.source_port };
        let destination_port = if is_icmp { 0 } else { packet.destination_port };
        self.source_port != source_port
            || self.destination_port != destination_port
            || self.source != packet.source
            || self.destination != packet.destination
    }
}

/// Rewrites a packet that parsed as `packet`; checksums stay right, and so does the packet that an ICMP error quotes.
#[inline]
pub(crate) fn rewrite(bytes: &mut [u8], packet: &Packet, to: &Rewrite) {
    lower_ttl(bytes, to.hops);
    if to.changes(packet) || packet.quoted.is_some() {
        rewrite_ends(bytes, packet, to);
    }
}

#[inline(never)]
fn rewrite_ends(bytes: &mut [u8], packet: &Packet, to: &Rewrite) {
    let Ok(header) = Header::read(bytes) else { return };
    if packet.source != to.source {
        replace_address(bytes, &header, Side::Source, to.source);
    }
    if packet.destination != to.destination {
        replace_address(bytes, &header, Side::Destination, to.destination);
    }
    if packet.protocol.has_ports() && header.has_transport() {
        let ports =
            [(0, packet.source_port, to.source_port), (2, packet.destination_port, to.destination_port)];
        for (at, _, new) in ports.into_iter().filter(|(_, old, new)| old != new) {
            replace_port(bytes, &header, at, new);
        }
    }
    let has_identifier = packet.protocol.is_icmp() && packet.quoted.is_none() && header.has_transport();
    if has_identifier && packet.identifier != to.source_port {
        let checksum = header.length + ICMP_CHECKSUM_AT;
        replace_word(bytes, header.length + IDENTIFIER_AT, (checksum, to.source_port));
    }
    if packet.quoted.is_some() {
        rewrite_quoted(bytes, packet, to);
        rewrite_quoted_ports(bytes, packet, to);
    }
}

/// The TTL or hop limit; 0 of what is no packet.
pub(crate) fn ttl(bytes: &[u8]) -> u8 {
    let is_ipv4 = bytes.first().is_some_and(|first| first >> 4 == 4);
    bytes.get(if is_ipv4 { 8 } else { 7 }).copied().unwrap_or(0)
}

/// Sets the TTL or hop limit.
pub(crate) fn set_ttl(bytes: &mut [u8], ttl: u8) {
    let is_ipv4 = bytes.first().is_some_and(|first| first >> 4 == 4);
    let at = if is_ipv4 { 8 } else { 7 };
    let Some(&old) = bytes.get(at) else { return };
    if is_ipv4 && bytes.len() >= IPV4_HEADER {
        let other = bytes[9];
        fix(bytes, 10, [old, other], [ttl, other]);
    }
    bytes[at] = ttl;
}

fn lower_ttl(bytes: &mut [u8], hops: u8) {
    if hops > 0 {
        set_ttl(bytes, ttl(bytes).saturating_sub(hops));
    }
}

/// Writes the IP header of a packet that fills `bytes`, without options, checksums and flags. Both ends are of one family.
pub(crate) fn write_header(bytes: &mut [u8], ends: (IpAddr, IpAddr), protocol: Protocol, ttl: u8) {
    let length = bytes.len();
    match ends {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            bytes[0] = 0x45;
            bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            bytes[8] = ttl;
            bytes[9] = protocol.0;
            bytes[12..16].copy_from_slice(&source.octets());
            bytes[16..20].copy_from_slice(&destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            bytes[0] = 0x60;
            bytes[4..6].copy_from_slice(&((length - IPV6_HEADER) as u16).to_be_bytes());
            bytes[6] = protocol.0;
            bytes[7] = ttl;
            bytes[8..24].copy_from_slice(&source.octets());
            bytes[24..40].copy_from_slice(&destination.octets());
        }
        _ => {}
    }
}

/// Makes the IPv4 header without options the one of an answer that fills `bytes`: the ends change places, and the rest is
/// as in [`write_header`], with its checksum. False if it is another header.
#[inline]
pub(crate) fn turn_plain(bytes: &mut [u8], ttl: u8) -> bool {
    let length = bytes.len() as u16;
    let Some(header) = bytes.first_chunk_mut::<IPV4_HEADER>().filter(|header| header[0] == 0x45) else {
        return false;
    };
    let [l0, l1] = length.to_be_bytes();
    let [.., protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header;
    *header = [0x45, 0, l0, l1, 0, 0, 0, 0, ttl, protocol, 0, 0, d0, d1, d2, d3, s0, s1, s2, s3];
    set_checksum(header, 10, 0..IPV4_HEADER, 0);
    true
}

/// Forbids that an IPv4 packet is split; IPv6 packets never are.
pub(crate) fn set_dont_fragment(bytes: &mut [u8]) {
    if bytes.first().is_some_and(|first| first >> 4 == 4) && bytes.len() >= IPV4_HEADER {
        bytes[6] |= 0x40;
        fill_header_checksum(bytes);
    }
}

/// Computes the checksum of an IPv4 header.
#[inline]
pub(crate) fn fill_header_checksum(bytes: &mut [u8]) {
    if let Some(header) = bytes.first_chunk_mut::<IPV4_HEADER>().filter(|header| header[0] == 0x45) {
        return set_checksum(header, 10, 0..IPV4_HEADER, 0);
    }
    let is_ipv4 = bytes.first().is_some_and(|first| first >> 4 == 4);
    let length = usize::from(bytes.first().map_or(0, |first| first & 15)) * 4;
    if is_ipv4 && (IPV4_HEADER..=bytes.len()).contains(&length) {
        set_checksum(bytes, 10, 0..length, 0);
    }
}

/// Computes the checksum of the ICMP message that begins at `at` and fills the rest of `bytes`; not that of ICMPv6.
pub(crate) fn fill_icmp_checksum(bytes: &mut [u8], at: usize) {
    set_checksum(bytes, at + ICMP_CHECKSUM_AT, at..bytes.len(), 0);
}

/// Computes the checksums of a packet whose other fields are all in place; of a fragment only that of the IP header. What
/// is no packet stays as it is.
pub fn fill_checksums(bytes: &mut [u8]) {
    let Ok(header) = Header::read(bytes) else { return };
    if header.is_ipv4 {
        set_checksum(bytes, 10, 0..header.length, 0);
    }
    if header.part.is_some() {
        return;
    }
    let payload = header.length..header.total;
    if header.protocol == Protocol::ICMP {
        set_checksum(bytes, header.length + 2, payload, 0);
    } else if let Some(at) = header.payload_checksum() {
        let pseudo = header.pseudo(payload.len());
        set_checksum(bytes, at, payload, pseudo);
        if header.protocol == Protocol::UDP && bytes.get(at..at + 2) == Some(&[0, 0]) {
            bytes[at..at + 2].fill(0xff);
        }
    }
}

/// Sets the TCP or UDP checksum to the sum over the pseudo-header, from which a network card goes on.
pub(crate) fn begin_checksum(bytes: &mut [u8]) {
    let Ok(header) = Header::parse(bytes) else { return };
    let Some(at) = header.payload_checksum().filter(|at| at + 2 <= header.total) else { return };
    let begun = fold(header.pseudo(header.total - header.length));
    bytes[at..at + 2].copy_from_slice(&begun.to_be_bytes());
}

/// How long the IP header is, if there is one.
pub(crate) fn header_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        // Most have no options.
        0x45 if bytes.len() >= IPV4_HEADER => Some(IPV4_HEADER),
        _ => Header::parse(bytes).ok().map(|header| header.length),
    }
}

#[inline]
fn set_checksum(bytes: &mut [u8], at: usize, over: std::ops::Range<usize>, start: u32) {
    if at + 2 <= over.end {
        bytes[at..at + 2].fill(0);
        let value = !sum(start, &bytes[over]);
        bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
}

/// Which end of a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Destination,
}

/// Replaces an address in the IP header and in the checksums that cover it.
fn replace_address(bytes: &mut [u8], header: &Header, side: Side, address: IpAddr) {
    match address {
        IpAddr::V4(address) if header.is_ipv4 => {
            let at = if side == Side::Source { 12 } else { 16 };
            replace_covered(bytes, header, at, &address.octets());
        }
        IpAddr::V6(address) if !header.is_ipv4 => {
            let at = if side == Side::Source { 8 } else { 24 };
            replace_covered(bytes, header, at, &address.octets());
        }
        _ => {}
    }
}

fn replace_covered(bytes: &mut [u8], header: &Header, at: usize, new: &[u8]) {
    let Some(old) = bytes.get_mut(at..at + new.len()) else { return };
    let change = change(old, new);
    old.copy_from_slice(new);
    if header.is_ipv4 {
        fix_by(bytes, 10, change);
    }
    if let Some(checksum) = header.payload_checksum() {
        fix_optional(bytes, checksum, change, header.protocol);
    }
}

/// Replaces a port, at an offset from the end of the IP header.
fn replace_port(bytes: &mut [u8], header: &Header, at: usize, port: u16) {
    let place = header.length + at;
    let Some(old) = bytes.get_mut(place..place + 2) else { return };
    let new = port.to_be_bytes();
    let change = change(old, &new);
    old.copy_from_slice(&new);
    if let Some(checksum) = header.payload_checksum() {
        fix_optional(bytes, checksum, change, header.protocol);
    }
}

/// Replaces type and code of the ICMP message at `at`.
pub(crate) fn replace_icmp(bytes: &mut [u8], at: usize, icmp: (u8, u8)) {
    replace_word(bytes, at, (at + ICMP_CHECKSUM_AT, u16::from_be_bytes([icmp.0, icmp.1])));
}

/// Replaces a word that the checksum at `checksum` covers.
fn replace_word(bytes: &mut [u8], at: usize, (checksum, word): (usize, u16)) {
    replace(bytes, at, (checksum, word.to_be_bytes()));
}

/// Replaces as many words as `new` is long, which the checksum at `checksum` covers.
#[inline]
pub(crate) fn replace<const N: usize>(bytes: &mut [u8], at: usize, (checksum, new): (usize, [u8; N])) {
    let Some(old) = bytes.get_mut(at..).and_then(|from| from.first_chunk_mut::<N>()) else { return };
    let change = change(old, &new);
    *old = new;
    fix_by(bytes, checksum, change);
}

/// Gives the quoted packet the ports, or the identifier, that its sender knows, and its own checksum over them if that much
/// is quoted (RFC 5508, section 4.2).
fn rewrite_quoted_ports(bytes: &mut [u8], packet: &Packet, to: &Rewrite) {
    let (Ok(header), Some(quoted)) = (Header::parse(bytes), packet.quoted) else { return };
    let start = header.length + ICMP_HEADER;
    let Some(inner) = bytes.get(start..).and_then(|inner| Header::parse_quoted(inner).ok()) else { return };
    let payload = start + inner.length;
    let own = match quoted.protocol {
        Protocol::ICMP | Protocol::ICMPV6 => Some(payload + ICMP_CHECKSUM_AT),
        _ => inner.payload_checksum().map(|at| start + at),
    };
    let outer = header.length + ICMP_CHECKSUM_AT;
    let mut replace = |at: usize, word: u16| {
        let Some(old) = bytes.get(at..at + 2).map(|old| [old[0], old[1]]) else { return };
        replace_word(bytes, at, (outer, word));
        let Some(own) = own else { return };
        let field = |bytes: &[u8]| bytes.get(own..own + 2).map(|field| [field[0], field[1]]);
        let Some(before) = field(bytes) else { return };
        fix_optional(bytes, own, change(&old, &word.to_be_bytes()), quoted.protocol);
        if let Some(after) = field(bytes) {
            fix(bytes, outer, before, after);
        }
    };
    if quoted.protocol.is_icmp() {
        replace(payload + IDENTIFIER_AT, to.source_port);
    } else if quoted.protocol.has_ports() {
        replace(payload, to.source_port);
        replace(payload + 2, to.destination_port);
    }
}

/// Gives the quoted packet the addresses that its sender knows, and its checksums too as far as they are quoted (RFC 5508,
/// section 4). A change of the quoted header does not change the sum over it, since its own checksum is fixed; a change of
/// the quoted transport checksum does.
fn rewrite_quoted(bytes: &mut [u8], packet: &Packet, to: &Rewrite) {
    let Ok(header) = Header::parse(bytes) else { return };
    let Some(quoted) = packet.quoted.filter(|_| header.is_ipv4) else { return };
    if quoted.destination == packet.source {
        replace_quoted(bytes, &header, Side::Destination, to.source);
    }
    if quoted.source == packet.destination {
        replace_quoted(bytes, &header, Side::Source, to.destination);
    }
}

/// Replaces an address in a quoted IPv4 header, whose packet may be cut off.
fn replace_quoted(bytes: &mut [u8], header: &Header, side: Side, address: IpAddr) {
    let IpAddr::V4(address) = address else { return };
    let start = header.length + ICMP_HEADER;
    let Some(inner) = bytes.get_mut(start..header.total).filter(|inner| inner.len() >= IPV4_HEADER) else {
        return;
    };
    let checksum = quoted_checksum(inner);
    let before = checksum.map(|at| [inner[at], inner[at + 1]]);
    let at = if side == Side::Source { 12 } else { 16 };
    let change = change(&inner[at..at + 4], &address.octets());
    inner[at..at + 4].copy_from_slice(&address.octets());
    fix_by(inner, 10, change);
    if let Some(checksum) = checksum {
        fix_optional(inner, checksum, change, Protocol(inner[9]));
    }
    if let (Some(at), Some(before)) = (checksum, before) {
        let after = [inner[at], inner[at + 1]];
        fix(bytes, header.length + 2, before, after);
    }
}

/// Where in a quoted IPv4 packet the checksum stands that covers its addresses, if it has one and that much is quoted.
fn quoted_checksum(inner: &[u8]) -> Option<usize> {
    let header = Header::parse_quoted(inner).ok()?;
    let at = header.payload_checksum()?;
    let field = inner.get(at..at + 2)?;
    let is_absent = header.protocol == Protocol::UDP && field == [0, 0];
    (!is_absent).then_some(at)
}

/// Corrects the checksum at `at` for a word that changes.
fn fix(bytes: &mut [u8], at: usize, old: [u8; 2], new: [u8; 2]) {
    fix_by(bytes, at, change(&old, &new));
}

/// By how much the sum over `old` changes if `new`, as many words, takes its place (RFC 1624, equation 3).
#[inline]
fn change(old: &[u8], new: &[u8]) -> u32 {
    let words = |bytes: &[u8]| -> u32 {
        bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum()
    };
    let count = (old.len() / 2) as u32;
    count * 0xffff - words(old) + words(new)
}

/// Corrects the checksum at `at` for a change of the sum (RFC 1624, equation 3).
fn fix_by(bytes: &mut [u8], at: usize, change: u32) {
    let Some(field) = bytes.get_mut(at..at + 2) else { return };
    let total = u32::from(!u16::from_be_bytes([field[0], field[1]])) + change;
    field.copy_from_slice(&(!fold(total)).to_be_bytes());
}

/// Like [`fix_by`], but a UDP checksum of zero means that there is none; one that comes out as zero is sent as its
/// complement.
fn fix_optional(bytes: &mut [u8], at: usize, change: u32, protocol: Protocol) {
    if protocol == Protocol::UDP && bytes.get(at..at + 2) == Some(&[0, 0]) {
        return;
    }
    fix_by(bytes, at, change);
    if protocol == Protocol::UDP && bytes.get(at..at + 2) == Some(&[0, 0]) {
        bytes[at..at + 2].fill(0xff);
    }
}

fn fold(mut total: u32) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// The one's-complement sum of `bytes` on top of `start` (RFC 1071); over bytes with a right checksum it is 0xffff.
#[inline]
fn sum(start: u32, bytes: &[u8]) -> u16 {
    // In the machine's order of bytes, which changes nothing but that of the result (RFC 1071, section 2, B); the halves of
    // four words at a time, none of which waits for another.
    let (rows, rest) = bytes.as_chunks::<32>();
    let mut halves = [[0u64; 2]; 4];
    for row in rows {
        for (word, [low, high]) in row.as_chunks::<8>().0.iter().zip(&mut halves) {
            let word = u64::from_ne_bytes(*word);
            *low += word & 0xffff_ffff;
            *high += word >> 32;
        }
    }
    let mut total: u64 = halves.as_flattened().iter().sum();
    let (words, rest) = rest.as_chunks::<4>();
    total += words.iter().map(|word| u64::from(u32::from_ne_bytes(*word))).sum::<u64>();
    if let [first, rest @ ..] = rest {
        let mut last = [*first, 0, 0, 0];
        last[1..=rest.len()].copy_from_slice(rest);
        total += u64::from(u32::from_ne_bytes(last));
    }
    let total = (total >> 32) + (total & 0xffff_ffff);
    let total = fold((total >> 32) as u32 + (total >> 16 & 0xffff) as u32 + (total & 0xffff) as u32);
    let total = start + u32::from(u16::from_be(total));
    fold(total)
}

fn byte(bytes: &[u8], at: usize) -> Result<u8, Malformed> {
    bytes.get(at).copied().ok_or(Malformed::Truncated)
}

fn word(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    Ok(u16::from_be_bytes([byte(bytes, at)?, byte(bytes, at + 1)?]))
}

/// The flow that an ICMP error with `payload` is about, if it quotes enough.
#[cold]
fn quoted(payload: &[u8]) -> Option<Tuple> {
    let inner = payload.get(ICMP_HEADER..)?;
    let header = Header::parse_quoted(inner).ok().filter(Header::has_transport)?;
    let tuple = header.tuple(header.payload(inner)).ok()?;
    let source_port = identifier(header.protocol, header.payload(inner)).unwrap_or(tuple.source_port);
    Some(Tuple { source_port, ..tuple })
}

/// The identifier of an ICMP query or its answer (RFC 792, RFC 4443).
fn identifier(protocol: Protocol, payload: &[u8]) -> Option<u16> {
    let kind = *payload.first()?;
    let has_one = match protocol {
        Protocol::ICMP => matches!(kind, 0 | 8 | 13..=18),
        Protocol::ICMPV6 => matches!(kind, 128 | 129),
        _ => false,
    };
    if has_one { word(payload, IDENTIFIER_AT).ok() } else { None }
}

/// The reset that answers a TCP packet over IPv4, from its destination to its source.
///
/// Source: RFC 9293, section 3.5.2: it continues the sequence that the packet acknowledges, or acknowledges the packet.
pub(crate) fn reset_for(bytes: &[u8], ttl: u8) -> Option<Vec<u8>> {
    const RST: u8 = 4;
    const ACK: u8 = 16;
    let header = Header::parse(bytes).ok().filter(|header| header.is_ipv4)?;
    let payload = header.payload(bytes);
    if header.protocol != Protocol::TCP || payload.len() < TCP_HEADER {
        return None;
    }
    let mut reset = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, ttl, Protocol::TCP.0, 0, 0];
    reset.extend_from_slice(&bytes[16..20]);
    reset.extend_from_slice(&bytes[12..16]);
    reset.extend_from_slice(&payload[2..4]);
    reset.extend_from_slice(&payload[..2]);
    let (sequence, acknowledged, flags) = match payload[13] & ACK {
        0 => {
            let data = payload.len().saturating_sub(usize::from(payload[12] >> 4) * 4);
            let number = u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]);
            ([0; 4], number.wrapping_add(data as u32).to_be_bytes(), RST | ACK)
        }
        _ => ([payload[8], payload[9], payload[10], payload[11]], [0; 4], RST),
    };
    reset.extend_from_slice(&sequence);
    reset.extend_from_slice(&acknowledged);
    reset.extend_from_slice(&[0x50, flags, 0, 0, 0, 0, 0, 0]);
    fill_checksums(&mut reset);
    Some(reset)
}

#[cfg(test)]
mod tests;
