//! Packets in parts: splitting what is too big, and putting parts together.
//!
//! Both ends and gateways split; only the receiver puts together. What is incomplete is bounded in number, bytes and time.
//! Source: RFC 791, section 3.2; RFC 8200, section 4.5; RFC 5722 (overlapping fragments make the packet void). Limits:
//! Linux, net/ipv4/inet_fragment.c (4 MiB, 30 s; 60 s for IPv6 as in RFC 8200).

use crate::frame::{self, FRAGMENT_HEADER, Header, IPV4_HEADER, IPV6_HEADER, PACKET_BYTES_MAX};
use std::collections::BTreeMap;
use std::net::IpAddr;
use weir_model::{Nanos, Protocol};

/// Most bytes that a host keeps of incomplete packets.
pub const FRAGMENT_BYTES_MAX: usize = 4 << 20;
/// Most parts that a host keeps of one packet: enough for the smallest parts of IPv6's least MTU.
const PARTS_MAX: usize = 1024;
/// How long a host waits for the rest of an IPv4 packet.
const WAIT_NS: u64 = 30_000_000_000;
/// The same for IPv6.
const WAIT_V6_NS: u64 = 60_000_000_000;

/// Splits a packet into parts of at most `mtu` bytes; parts of a part keep its place. `id` is the identification of a packet
/// that has none. `None` if that cannot be done: `mtu` has no room, or it is IPv6 with extension headers.
///
/// IPv4 options are kept in every part.
pub(crate) fn split(bytes: &[u8], mtu: usize, id: u32) -> Option<Vec<Vec<u8>>> {
    let header = Header::parse(bytes).ok()?;
    if !header.is_ipv4 && header.length > IPV6_HEADER {
        return None;
    }
    let overhead = header.length + if header.is_ipv4 { 0 } else { FRAGMENT_HEADER };
    let room = mtu.checked_sub(overhead)? / 8 * 8;
    if room == 0 {
        return None;
    }
    let payload = &bytes[header.length..header.total];
    let count = payload.len().div_ceil(room);
    let (base, was_last) = header.part.map_or((0, true), |part| (part.offset, part.is_last));
    let part = |(number, chunk): (usize, &[u8])| {
        let place = Place { offset: base + number * room, is_last: number + 1 == count && was_last };
        if header.is_ipv4 {
            part_ipv4(&bytes[..header.length], place, id as u16, chunk)
        } else {
            part_ipv6(&bytes[..IPV6_HEADER], place, id, chunk)
        }
    };
    Some(payload.chunks(room).enumerate().map(part).collect())
}

/// Where a part belongs.
#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    is_last: bool,
}

fn part_ipv4(header: &[u8], place: Place, id: u16, chunk: &[u8]) -> Vec<u8> {
    let mut part = [header, chunk].concat();
    let total = part.len() as u16;
    part[2..4].copy_from_slice(&total.to_be_bytes());
    if part[4..6] == [0, 0] {
        part[4..6].copy_from_slice(&id.to_be_bytes());
    }
    let more = if place.is_last { 0 } else { 0x2000 };
    let flags = (place.offset / 8) as u16 | more;
    part[6..8].copy_from_slice(&flags.to_be_bytes());
    frame::fill_checksums(&mut part);
    part
}

fn part_ipv6(header: &[u8], place: Place, id: u32, chunk: &[u8]) -> Vec<u8> {
    let mut part = header.to_vec();
    let next = std::mem::replace(&mut part[6], FRAGMENT_PROTOCOL);
    let length = (FRAGMENT_HEADER + chunk.len()) as u16;
    part[4..6].copy_from_slice(&length.to_be_bytes());
    let flags = place.offset as u16 | u16::from(!place.is_last);
    part.extend([next, 0]);
    part.extend(flags.to_be_bytes());
    part.extend(id.to_be_bytes());
    part.extend(chunk);
    part
}

/// The protocol number of the fragment header.
const FRAGMENT_PROTOCOL: u8 = 44;

/// Why parts do not become a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Incomplete {
    /// They overlap, or do not agree where the packet ends.
    Overlap,
    /// The host keeps too many.
    TooMany,
    /// The rest did not come in time.
    TimedOut,
}

/// What the parts of a packet share.
type Key = (IpAddr, IpAddr, u8, u32);

/// The incomplete packets of a host.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    packets: BTreeMap<Key, Parts>,
    bytes: usize,
}

/// The parts of a packet, by where they belong.
#[derive(Debug)]
struct Parts {
    since: Nanos,
    /// The headers in front of the payload, from the first part.
    headers: Option<Vec<u8>>,
    payload: BTreeMap<usize, Vec<u8>>,
    bytes: usize,
    /// The length of the whole payload, once the last part has come.
    end: Option<usize>,
}

impl Reassembly {
    /// Takes in a part. `Ok` holds the whole packet if it is complete with it.
    ///
    /// # Errors
    /// The part makes its packet void, or there is no room; the packet is forgotten.
    pub(crate) fn add(&mut self, bytes: &[u8], now: Nanos) -> Result<Option<Vec<u8>>, Incomplete> {
        let Ok(header) = Header::parse(bytes) else { return Ok(None) };
        let Some(part) = header.part else { return Ok(None) };
        // In IPv6 the identification and addresses suffice: later parts need not name the same protocol.
        let protocol = if header.is_ipv4 { header.protocol.0 } else { Protocol::ICMPV6.0 };
        let key = (header.source, header.destination, protocol, part.id);
        let payload_at = if header.is_ipv4 { header.length } else { part.header_at + FRAGMENT_HEADER };
        let payload = &bytes[payload_at..header.total];
        if self.bytes + payload.len() > FRAGMENT_BYTES_MAX {
            return Err(Incomplete::TooMany);
        }
        let fresh = || Parts { since: now, headers: None, payload: BTreeMap::new(), bytes: 0, end: None };
        let parts = self.packets.entry(key).or_insert_with(fresh);
        let before = parts.bytes;
        let added = parts.add((part.offset, part.is_last), payload);
        self.bytes += parts.bytes - before;
        if part.offset == 0 {
            parts.headers = Some(headers(bytes, &header));
        }
        match added.map(|()| parts.whole()) {
            Ok(None) => Ok(None),
            Ok(Some(whole)) => {
                self.forget(&key);
                Ok(Some(whole))
            }
            Err(incomplete) => {
                self.forget(&key);
                Err(incomplete)
            }
        }
    }

    /// Forgets what has waited too long; how many packets that was.
    pub(crate) fn expire(&mut self, now: Nanos) -> usize {
        let is_over = |(key, parts): &(&Key, &Parts)| {
            let wait_ns = if key.0.is_ipv4() { WAIT_NS } else { WAIT_V6_NS };
            now.0.saturating_sub(parts.since.0) > wait_ns
        };
        let over: Vec<Key> = self.packets.iter().filter(is_over).map(|(key, _)| *key).collect();
        over.iter().for_each(|key| self.forget(key));
        over.len()
    }

    fn forget(&mut self, key: &Key) {
        if let Some(parts) = self.packets.remove(key) {
            self.bytes -= parts.bytes;
        }
    }
}

impl Parts {
    fn add(&mut self, (offset, is_last): (usize, bool), payload: &[u8]) -> Result<(), Incomplete> {
        let end = offset + payload.len();
        if self.payload.get(&offset).is_some_and(|known| known == payload) {
            return Ok(());
        }
        let before = self.payload.range(..end).next_back();
        let overlaps = before.is_some_and(|(at, known)| at + known.len() > offset);
        let is_beyond = self.end.is_some_and(|known| end > known || (is_last && end != known));
        let is_short =
            is_last && self.payload.iter().next_back().is_some_and(|(at, known)| at + known.len() > end);
        if overlaps || is_beyond || is_short {
            return Err(Incomplete::Overlap);
        }
        if self.payload.len() >= PARTS_MAX {
            return Err(Incomplete::TooMany);
        }
        if is_last {
            self.end = Some(end);
        }
        self.bytes += payload.len();
        self.payload.insert(offset, payload.to_vec());
        Ok(())
    }

    /// The whole packet if all parts are there: parts do not overlap, so their lengths add up to the end.
    fn whole(&self) -> Option<Vec<u8>> {
        let headers = self.headers.as_ref().filter(|_| self.end == Some(self.bytes))?;
        let mut whole = headers.clone();
        self.payload.values().for_each(|part| whole.extend(part));
        let is_ipv4 = whole[0] >> 4 == 4;
        let length = if is_ipv4 { whole.len() } else { whole.len() - IPV6_HEADER };
        let length = u16::try_from(length).ok().filter(|_| whole.len() <= PACKET_BYTES_MAX)?;
        let at = if is_ipv4 { 2 } else { 4 };
        whole[at..at + 2].copy_from_slice(&length.to_be_bytes());
        if is_ipv4 {
            frame::fill_header_checksum(&mut whole);
        }
        Some(whole)
    }
}

/// The headers of the whole packet: those of its first part, without what says that it is one.
fn headers(bytes: &[u8], header: &Header) -> Vec<u8> {
    let Some(part) = header.part.filter(|_| !header.is_ipv4) else {
        let mut headers = bytes[..header.length.max(IPV4_HEADER)].to_vec();
        headers[6..8].fill(0);
        return headers;
    };
    let mut headers = bytes[..part.header_at].to_vec();
    headers[part.named_at] = bytes[part.header_at];
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP packet with this many bytes of data.
    fn udp(source: &str, destination: &str, data: usize) -> Vec<u8> {
        let end = |address: &str, port| std::net::SocketAddr::new(address.parse().expect("an address"), port);
        let payload: Vec<u8> = (0..data).map(|number| number as u8).collect();
        let datagram = crate::datagram::Datagram {
            source: end(source, 7),
            destination: end(destination, 9),
            payload: &payload,
        };
        let mut bytes = vec![0; datagram.length()];
        datagram.write(64, &mut bytes);
        bytes
    }

    fn four(data: usize) -> Vec<u8> {
        let mut bytes = udp("10.0.0.1", "10.0.0.2", data);
        bytes[5] = 77;
        frame::fill_checksums(&mut bytes);
        bytes
    }

    fn six(data: usize) -> Vec<u8> {
        udp("2001:db8::1", "2001:db8::2", data)
    }

    #[test]
    fn what_was_split_is_put_together_in_any_order() {
        for (packet, mtu) in [(four(5000), 1500), (four(5000), 28), (six(5000), 1280), (four(65_000), 9001)] {
            let parts = split(&packet, mtu, 5).expect("it can be split");
            assert!(parts.iter().all(|part| part.len() <= mtu && frame::parse_checked(part).is_ok()));
            for turn in 0..parts.len().min(7) {
                let mut parts = parts.clone();
                parts.rotate_left(turn);
                let mut reassembly = Reassembly::default();
                let wholes: Vec<Vec<u8>> = parts
                    .iter()
                    .filter_map(|part| reassembly.add(part, Nanos(0)).expect("it fits"))
                    .collect();
                assert_eq!(wholes, std::slice::from_ref(&packet), "{mtu}");
                assert_eq!((reassembly.bytes, reassembly.packets.len()), (0, 0));
            }
        }
    }

    #[test]
    fn parts_can_be_split_again() {
        let packet = four(4000);
        let parts = split(&packet, 1500, 5).expect("it can be split");
        let smaller: Vec<Vec<u8>> =
            parts.iter().flat_map(|part| split(part, 600, 5).expect("it can be split")).collect();
        assert!(smaller.len() > parts.len());
        let mut reassembly = Reassembly::default();
        let wholes: Vec<Vec<u8>> =
            smaller.iter().filter_map(|part| reassembly.add(part, Nanos(0)).expect("it fits")).collect();
        assert_eq!(wholes, [packet]);
    }

    #[test]
    fn what_leaves_no_room_is_not_split() {
        assert_eq!(split(&four(100), 27, 5), None);
        assert_eq!(split(&six(100), 55, 5), None);
        assert_eq!(split(&[0x45, 0], 1500, 5), None);
    }

    #[test]
    fn overlaps_make_the_packet_void_and_repetitions_do_not() {
        let parts = split(&four(3000), 1500, 5).expect("it can be split");
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.add(&parts[0], Nanos(0)), Ok(None));
        assert_eq!(reassembly.add(&parts[0], Nanos(0)), Ok(None), "the same again");
        let mut other = parts[1].clone();
        let flags = 0x2000u16 | 100;
        other[6..8].copy_from_slice(&flags.to_be_bytes());
        frame::fill_checksums(&mut other);
        assert_eq!(reassembly.add(&other, Nanos(0)), Err(Incomplete::Overlap));
        assert_eq!((reassembly.bytes, reassembly.packets.len()), (0, 0));
        // Two parts that both say they are the last.
        let last = parts.last().expect("parts");
        let mut early = parts[0].clone();
        early[6] = 0;
        frame::fill_checksums(&mut early);
        let mut wrong = last.clone();
        wrong[6..8].copy_from_slice(&400u16.to_be_bytes());
        frame::fill_checksums(&mut wrong);
        assert_eq!(reassembly.add(last, Nanos(0)), Ok(None));
        assert_eq!(reassembly.add(&wrong, Nanos(0)), Err(Incomplete::Overlap));
    }

    #[test]
    fn what_is_kept_is_bounded_and_goes_after_a_while() {
        let mut reassembly = Reassembly::default();
        let part = split(&four(3000), 1500, 5).expect("it can be split")[0].clone();
        let mut count = 0;
        for id in 0..u16::MAX {
            let mut part = part.clone();
            part[4..6].copy_from_slice(&id.to_be_bytes());
            frame::fill_checksums(&mut part);
            match reassembly.add(&part, Nanos(0)) {
                Ok(_) => count += 1,
                Err(error) => {
                    assert_eq!(error, Incomplete::TooMany);
                    break;
                }
            }
        }
        assert_eq!(count, FRAGMENT_BYTES_MAX / 1480);
        assert_eq!(reassembly.expire(Nanos(WAIT_NS)), 0);
        assert_eq!(reassembly.expire(Nanos(WAIT_NS + 1)), count);
        assert_eq!(reassembly.bytes, 0);
    }
}
