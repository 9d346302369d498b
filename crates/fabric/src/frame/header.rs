//! IP headers of both versions: IPv4 with options, IPv6 with extension headers, fragments of both.
//!
//! Source: RFC 791, section 3.1; RFC 8200, sections 4 and 8.1; RFC 6946 (atomic fragments); RFC 1858 and 3128 (tiny ones).

use super::{Malformed, byte, sum, word};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::Protocol;
use weir_pipeline::{Fragment, Tuple};

/// Bytes of an IPv4 header without options.
pub(crate) const IPV4_HEADER: usize = 20;
/// Bytes of an IPv6 header without extensions.
pub(crate) const IPV6_HEADER: usize = 40;
/// Bytes of the fragment header of IPv6.
pub(crate) const FRAGMENT_HEADER: usize = 8;
/// The most bytes that fragments can add up to.
pub(crate) const PACKET_BYTES_MAX: usize = 65535;

/// Most extension headers of one packet; RFC 8504, section 5.3, lets hosts set such limits.
const EXTENSIONS_MAX: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;

/// An IP header of either version.
pub(crate) struct Header {
    pub(crate) is_ipv4: bool,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// What follows all headers.
    pub(crate) protocol: Protocol,
    pub(crate) ttl: u8,
    /// Bytes of the header with options and extensions: where the payload begins.
    pub(crate) length: usize,
    /// Bytes of the packet.
    pub(crate) total: usize,
    pub(crate) dont_fragment: bool,
    pub(crate) part: Option<Part>,
}

/// Which part of a packet a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) id: u32,
    /// Where its payload belongs, in bytes.
    pub(crate) offset: usize,
    pub(crate) is_last: bool,
    /// Where in an IPv6 packet the fragment header begins; 0 in IPv4.
    pub(crate) header_at: usize,
    /// Where in an IPv6 packet the number of the fragment header stands; 0 in IPv4.
    pub(crate) named_at: usize,
}

impl Header {
    /// The header of a packet that is all there.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Header, Malformed> {
        Header::read(bytes)
    }

    /// [`parse`](Self::parse) as part of its caller: for what is done to every packet.
    #[inline(always)]
    pub(super) fn read(bytes: &[u8]) -> Result<Header, Malformed> {
        let header = Header::read_quoted(bytes)?;
        if header.total > bytes.len() {
            return Err(Malformed::Truncated);
        }
        if let Some(part) = header.part {
            header.check_part(part)?;
        }
        Ok(header)
    }

    /// The header of a packet that may be cut off after it.
    pub(crate) fn parse_quoted(bytes: &[u8]) -> Result<Header, Malformed> {
        Header::read_quoted(bytes)
    }

    #[inline(always)]
    fn read_quoted(bytes: &[u8]) -> Result<Header, Malformed> {
        match byte(bytes, 0)? >> 4 {
            4 => Header::read_ipv4(bytes),
            6 => Header::parse_ipv6(bytes),
            _ => Err(Malformed::Header),
        }
    }

    #[inline(always)]
    fn read_ipv4(bytes: &[u8]) -> Result<Header, Malformed> {
        let fixed: &[u8; IPV4_HEADER] = bytes.first_chunk().ok_or(Malformed::Truncated)?;
        let word = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let length = usize::from(fixed[0] & 15) * 4;
        let total = usize::from(word(2));
        if length < IPV4_HEADER || total < length {
            return Err(Malformed::Header);
        }
        if length > bytes.len() {
            return Err(Malformed::Truncated);
        }
        let flags = word(6);
        let (offset, is_last) = (usize::from(flags & 0x1fff) * 8, flags & 0x2000 == 0);
        let id = u32::from(word(4));
        let part = Part { id, offset, is_last, header_at: 0, named_at: 0 };
        let address =
            |at: usize| IpAddr::V4(Ipv4Addr::new(fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]));
        Ok(Header {
            is_ipv4: true,
            source: address(12),
            destination: address(16),
            protocol: Protocol(fixed[9]),
            ttl: fixed[8],
            length,
            total,
            dont_fragment: flags & 0x4000 != 0,
            part: (offset > 0 || !is_last).then_some(part),
        })
    }

    #[inline(never)]
    fn parse_ipv6(bytes: &[u8]) -> Result<Header, Malformed> {
        if bytes.len() < IPV6_HEADER {
            return Err(Malformed::Truncated);
        }
        let address = |at: usize| {
            let mut octets = [0; 16];
            octets.copy_from_slice(&bytes[at..at + 16]);
            IpAddr::V6(Ipv6Addr::from(octets))
        };
        let mut header = Header {
            is_ipv4: false,
            source: address(8),
            destination: address(24),
            protocol: Protocol(bytes[6]),
            ttl: bytes[7],
            length: IPV6_HEADER,
            total: IPV6_HEADER + usize::from(word(bytes, 4)?),
            dont_fragment: true,
            part: None,
        };
        header.skip_extensions(bytes)?;
        Ok(header)
    }

    /// Steps over extension headers; those behind the fragment header of a later fragment are not there.
    fn skip_extensions(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut named_at = 6;
        for count in 0..=EXTENSIONS_MAX {
            let at = self.length;
            let length = match self.protocol.0 {
                HOP_BY_HOP if count > 0 => return Err(Malformed::Extension),
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => {
                    8 + usize::from(self.extension(bytes, at + 1)?) * 8
                }
                FRAGMENT if self.part.is_some() => return Err(Malformed::Extension),
                FRAGMENT => FRAGMENT_HEADER,
                _ => return Ok(()),
            };
            if at + length > self.total {
                return Err(Malformed::Extension);
            }
            if self.protocol.0 == FRAGMENT {
                self.part = part_ipv6(bytes, at, named_at)?;
            }
            self.protocol = Protocol(self.extension(bytes, at)?);
            (self.length, named_at) = (at + length, at);
            if self.part.is_some_and(|part| part.offset > 0) {
                return Ok(());
            }
        }
        Err(Malformed::Extension)
    }

    fn extension(&self, bytes: &[u8], at: usize) -> Result<u8, Malformed> {
        if at < self.total { byte(bytes, at) } else { Err(Malformed::Extension) }
    }

    /// A fragment has a payload that goes in eights unless it is the last, ends within what a packet can have, and if it is
    /// the first has the whole transport header.
    #[cold]
    fn check_part(&self, part: Part) -> Result<(), Malformed> {
        let payload = self.total - self.length;
        let in_eights = part.is_last || payload.is_multiple_of(8);
        let fits = part.offset + payload <= PACKET_BYTES_MAX - IPV4_HEADER;
        let least = match self.protocol {
            Protocol::TCP if part.offset == 0 => 20,
            Protocol::TCP if part.offset < 20 => return Err(Malformed::Fragment),
            Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6 if part.offset == 0 => 8,
            _ => 1,
        };
        if in_eights && fits && payload >= least { Ok(()) } else { Err(Malformed::Fragment) }
    }

    /// Which part of a packet it is.
    pub(crate) fn fragment(&self) -> Fragment {
        match self.part {
            None => Fragment::Whole,
            Some(Part { id, offset: 0, .. }) => Fragment::First { id },
            Some(Part { id, .. }) => Fragment::Later { id },
        }
    }

    /// Whether the payload begins with a transport header.
    #[inline]
    pub(crate) fn has_transport(&self) -> bool {
        self.part.is_none_or(|part| part.offset == 0)
    }

    #[inline]
    pub(crate) fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.length..self.total.min(bytes.len())).unwrap_or(&[])
    }

    /// The flow; without ports in a later fragment.
    #[inline]
    pub(crate) fn tuple(&self, payload: &[u8]) -> Result<Tuple, Malformed> {
        let has_ports = self.protocol.has_ports() && self.has_transport();
        let (source_port, destination_port) =
            if has_ports { (word(payload, 0)?, word(payload, 2)?) } else { (0, 0) };
        Ok(Tuple {
            source: self.source,
            destination: self.destination,
            protocol: self.protocol,
            source_port,
            destination_port,
        })
    }

    /// Where in the packet the checksum stands that also covers the addresses; `None` if it is in another fragment.
    pub(crate) fn payload_checksum(&self) -> Option<usize> {
        match self.protocol {
            _ if !self.has_transport() => None,
            Protocol::TCP => Some(self.length + 16),
            Protocol::UDP => Some(self.length + 6),
            Protocol::ICMPV6 => Some(self.length + 2),
            _ => None,
        }
    }

    /// The sum over the pseudo-header (RFC 9293, section 3.1; RFC 8200, section 8.1).
    pub(crate) fn pseudo(&self, length: usize) -> u32 {
        let addresses = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                u32::from(sum(0, &source.octets())) + u32::from(sum(0, &destination.octets()))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                u32::from(sum(0, &source.octets())) + u32::from(sum(0, &destination.octets()))
            }
            _ => 0,
        };
        addresses + u32::from(self.protocol.0) + length as u32
    }
}

/// The fragment header at `at`, which the byte at `named_at` announces; `None` if the packet is whole all the same.
fn part_ipv6(bytes: &[u8], at: usize, named_at: usize) -> Result<Option<Part>, Malformed> {
    let flags = word(bytes, at + 2)?;
    let (offset, is_last) = (usize::from(flags & 0xfff8), flags & 1 == 0);
    let id = u32::from(word(bytes, at + 4)?) << 16 | u32::from(word(bytes, at + 6)?);
    let part = Part { id, offset, is_last, header_at: at, named_at };
    Ok((offset > 0 || !is_last).then_some(part))
}
