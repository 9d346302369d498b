//! ICMP errors, as routers and hosts write and read them.
//!
//! Source: RFC 792 and RFC 4443, section 3 (messages); RFC 1191 and 8201 (path MTU).

use crate::frame::{self, Header, ICMP_HEADER, IPV4_HEADER, IPV6_HEADER};
use std::net::IpAddr;
use weir_model::Protocol;
use weir_pipeline::{Packet, Tuple};

/// What an ICMP error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// The packet does not fit the path.
    TooBig { mtu: u16 },
    /// Its TTL ran out.
    TimeExceeded,
    /// Nobody listens at the port.
    PortUnreachable,
    /// Something else about the destination, with the code.
    Unreachable(u8),
}

impl Complaint {
    /// Type, code, and the word with the MTU.
    fn numbers(self, is_ipv4: bool) -> (u8, u8, u32) {
        match (self, is_ipv4) {
            (Complaint::TooBig { mtu }, true) => (3, 4, u32::from(mtu)),
            (Complaint::TooBig { mtu }, false) => (2, 0, u32::from(mtu)),
            (Complaint::TimeExceeded, true) => (11, 0, 0),
            (Complaint::TimeExceeded, false) => (3, 0, 0),
            (Complaint::PortUnreachable, true) => (3, 3, 0),
            (Complaint::PortUnreachable, false) => (1, 4, 0),
            (Complaint::Unreachable(code), true) => (3, code, 0),
            (Complaint::Unreachable(code), false) => (1, code, 0),
        }
    }

    fn of(icmp: (u8, u8), word: [u8; 4], is_ipv4: bool) -> Option<Complaint> {
        let [_, _, high, low] = word;
        Some(match (is_ipv4, icmp) {
            (true, (3, 4)) => Complaint::TooBig { mtu: u16::from_be_bytes([high, low]) },
            (false, (2, _)) => {
                Complaint::TooBig { mtu: u16::try_from(u32::from_be_bytes(word)).unwrap_or(u16::MAX) }
            }
            (true, (11, 0)) | (false, (3, 0)) => Complaint::TimeExceeded,
            (true, (3, 3)) | (false, (1, 4)) => Complaint::PortUnreachable,
            (true, (3, code)) | (false, (1, code)) => Complaint::Unreachable(code),
            _ => return None,
        })
    }
}

/// Writes the error that `source` sends `destination` about the packet `about`, of at most `bytes_max` bytes; what is left
/// after the headers quotes the packet.
pub(crate) fn write(
    complaint: Complaint,
    (source, destination): (IpAddr, IpAddr),
    ttl: u8,
    (about, bytes_max): (&[u8], usize),
) -> Vec<u8> {
    let header = if source.is_ipv4() { IPV4_HEADER } else { IPV6_HEADER };
    let room = bytes_max.saturating_sub(header + ICMP_HEADER);
    let quoted = &about[..about.len().min(room)];
    let mut bytes = vec![0; header + ICMP_HEADER];
    bytes.extend(quoted);
    frame::write_header(&mut bytes, (source, destination), error_protocol(source), ttl);
    let (kind, code, word) = complaint.numbers(source.is_ipv4());
    bytes[header] = kind;
    bytes[header + 1] = code;
    bytes[header + 4..header + 8].copy_from_slice(&word.to_be_bytes());
    frame::fill_checksums(&mut bytes);
    bytes
}

fn error_protocol(source: IpAddr) -> Protocol {
    if source.is_ipv4() { Protocol::ICMP } else { Protocol::ICMPV6 }
}

/// An ICMP error that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub(crate) from: IpAddr,
    /// The TTL that the error arrived with.
    pub(crate) ttl: u8,
    pub(crate) complaint: Complaint,
    /// The flow that it is about.
    pub(crate) about: Tuple,
    /// Identifier and sequence number, if it is about an echo request.
    pub(crate) echo: Option<(u16, u16)>,
}

impl Trouble {
    /// The error in a packet that parsed as `packet`, if it is one and quotes enough.
    pub(crate) fn read(packet: &Packet, bytes: &[u8]) -> Option<Trouble> {
        let about = packet.quoted?;
        let start = Header::parse(bytes).ok()?.length;
        let word = bytes.get(start + 4..start + 8)?.try_into().ok()?;
        let complaint = Complaint::of(packet.icmp, word, packet.source.is_ipv4())?;
        let echo = echo(bytes.get(start + ICMP_HEADER..)?);
        Some(Trouble { from: packet.source, ttl: packet.ttl, complaint, about, echo })
    }
}

/// Identifier and sequence number of the echo request in a quoted packet.
fn echo(inner: &[u8]) -> Option<(u16, u16)> {
    let header = Header::parse_quoted(inner).ok()?;
    let message = inner.get(header.length..header.length + ICMP_HEADER)?;
    let is_request = matches!((header.protocol, message[0]), (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128));
    let word = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    is_request.then(|| (word(4), word(6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ends = |text: [&str; 2]| text.map(|address| address.parse::<IpAddr>().expect("an address"));
        for [from, to, other] in
            [["10.0.0.1", "10.0.0.9", "8.8.8.8"], ["2001:db8::1", "2001:db8::9", "2001:db8::8"]]
        {
            let [from, to] = ends([from, to]);
            let request = crate::echo::Request {
                source: to,
                destination: other.parse().expect("an address"),
                ttl: 1,
                ident: 7,
                sequence: 9,
                data: 2000,
                stamp: [0; 8],
                dont_fragment: true,
            };
            let mut about = vec![0; request.length()];
            request.write(&mut about);
            for complaint in [
                Complaint::TooBig { mtu: 1500 },
                Complaint::TimeExceeded,
                Complaint::PortUnreachable,
                Complaint::Unreachable(1),
            ] {
                let bytes = write(complaint, (from, to), 64, (&about, 576));
                assert_eq!(bytes.len(), 576);
                let packet = frame::parse_checked(&bytes).expect("a packet");
                let trouble = Trouble::read(&packet, &bytes).expect("an error");
                assert_eq!((trouble.complaint, trouble.from, trouble.echo), (complaint, from, Some((7, 9))));
                assert_eq!((trouble.about.source, trouble.about.destination), (to, request.destination));
            }
        }
    }
}
