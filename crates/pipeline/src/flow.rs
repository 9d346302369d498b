//! A flow in the form that tables are keyed by, and its way back.
//!
//! TCP and UDP flows differ by their ports, ICMP flows by type, code and the identifier of queries, others by protocol
//! alone.
//! Source: RFC 792 and RFC 4443 for which ICMP type answers which.

use crate::address::Address;
use crate::packet::{Packet, Tuple};
use weir_model::Protocol;

/// Addresses, protocol, and what else tells flows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow<A> {
    pub source: A,
    pub destination: A,
    /// The source port, or ICMP type and code in one number.
    source_number: u16,
    /// The destination port; for ICMP the identifier of a query, or 1 in the reverse of a message that has no answer.
    destination_number: u16,
    protocol: u8,
}

/// The ICMP types of requests and their answers (RFC 792, RFC 1256).
const ANSWERS: &[(u8, u8)] = &[(8, 0), (13, 14), (15, 16), (17, 18), (10, 9)];
/// The ICMPv6 types of requests and their answers (RFC 4443).
const ANSWERS_V6: &[(u8, u8)] = &[(128, 129)];

impl<A: Address> Flow<A> {
    /// The flow of `packet`, if both its addresses are of family `A`.
    #[inline]
    pub fn of(packet: &Packet) -> Option<Flow<A>> {
        let protocol = packet.protocol;
        let icmp = u16::from_be_bytes([packet.icmp.0, packet.icmp.1]);
        let (source_number, destination_number) = match protocol.is_icmp() {
            true => (icmp, packet.identifier),
            false => (packet.source_port, packet.destination_port),
        };
        let (source, destination) = (A::from_ip(packet.source)?, A::from_ip(packet.destination)?);
        Some(Flow { source, destination, source_number, destination_number, protocol: protocol.0 })
    }

    /// The flow of a packet that an ICMP error quotes. Of ICMP packets only echo requests are answered with errors.
    pub fn quoted(tuple: Tuple) -> Option<Flow<A>> {
        let icmp = match tuple.protocol {
            Protocol::ICMP => (8, 0),
            Protocol::ICMPV6 => (128, 0),
            _ => (0, 0),
        };
        let identifier = if tuple.protocol.is_icmp() { tuple.source_port } else { 0 };
        Flow::of(&Packet { icmp, identifier, ..Packet::new(tuple, 0) })
    }

    /// The flow of the answers.
    pub fn reversed(self) -> Flow<A> {
        let (source, destination) = (self.destination, self.source);
        if !Protocol(self.protocol).is_icmp() {
            let (source_number, destination_number) = (self.destination_number, self.source_number);
            return Flow { source, destination, source_number, destination_number, ..self };
        }
        match answer(self.protocol, self.source_number) {
            Some(source_number) => Flow { source, destination, source_number, ..self },
            None => Flow { source, destination, destination_number: self.destination_number ^ 1, ..self },
        }
    }

    /// What tells connections between the same ends apart: the source port, or the identifier of an ICMP query. `None` if
    /// nothing does.
    pub fn number(&self) -> Option<u16> {
        let protocol = self.protocol();
        match protocol.is_icmp() {
            true => answer(self.protocol, self.source_number).map(|_| self.destination_number),
            false => protocol.has_ports().then_some(self.source_number),
        }
    }

    /// The flow from another source, with another [`number`](Self::number).
    pub fn with_source(self, source: A, number: u16) -> Flow<A> {
        match self.protocol().is_icmp() {
            true => Flow { source, destination_number: number, ..self },
            false => Flow { source, source_number: number, ..self },
        }
    }

    /// Whether it may open a connection: an ICMP message must be a query, not an answer.
    pub fn may_open(&self) -> bool {
        let [kind, _] = self.source_number.to_be_bytes();
        let queries = if self.protocol() == Protocol::ICMP { ANSWERS } else { ANSWERS_V6 };
        !self.protocol().is_icmp() || queries.iter().any(|(query, _)| *query == kind)
    }

    /// Source and destination port as a receiver finds them in a packet of this flow; of an ICMP query the identifier and 0.
    #[inline]
    pub fn ports(&self) -> (u16, u16) {
        match self.protocol().is_icmp() {
            true => (self.destination_number, 0),
            false => (self.source_number, self.destination_number),
        }
    }

    /// The 5-tuple as flow logs show it.
    pub fn tuple(&self) -> Tuple {
        let has_ports = !Protocol(self.protocol).is_icmp();
        Tuple {
            source: self.source.ip(),
            destination: self.destination.ip(),
            protocol: self.protocol(),
            source_port: if has_ports { self.source_number } else { 0 },
            destination_port: if has_ports { self.destination_number } else { 0 },
        }
    }

    /// Whether the flows differ in nothing but their addresses.
    #[inline]
    pub fn is_alike(&self, other: &Flow<A>) -> bool {
        (self.numbers() == other.numbers()) & (self.protocol == other.protocol)
    }

    /// Everything but the addresses and the upper half of `port` in one number.
    #[inline]
    pub fn digest(&self, port: u32) -> u64 {
        (u64::from(port) << 32 | u64::from(self.numbers())) ^ (u64::from(self.protocol) << 56)
    }

    #[inline]
    fn numbers(&self) -> u32 {
        u32::from(self.source_number) | u32::from(self.destination_number) << 16
    }

    /// The protocol.
    pub fn protocol(&self) -> Protocol {
        Protocol(self.protocol)
    }
}

/// Type and code of the ICMP message that answers, or is answered by, type and code `number`.
fn answer(protocol: u8, number: u16) -> Option<u16> {
    let [kind, code] = number.to_be_bytes();
    let pairs = if Protocol(protocol) == Protocol::ICMP { ANSWERS } else { ANSWERS_V6 };
    pairs.iter().find_map(|(request, reply)| match kind {
        kind if kind == *request => Some(u16::from_be_bytes([*reply, code])),
        kind if kind == *reply => Some(u16::from_be_bytes([*request, code])),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(packet: Packet) -> Flow<u32> {
        Flow::of(&packet).unwrap()
    }

    fn icmp(from: u8, to: u8, kind: u8) -> Flow<u32> {
        flow(Packet::icmp([10, 0, 0, from].into(), [10, 0, 0, to].into(), (kind, 0), 84))
    }

    #[test]
    fn an_echo_reply_is_the_reverse_of_an_echo_request() {
        assert_eq!(icmp(1, 2, 8).reversed(), icmp(2, 1, 0));
        assert_eq!(icmp(2, 1, 0).reversed(), icmp(1, 2, 8));
    }

    #[test]
    fn nothing_answers_an_icmp_error() {
        let error = icmp(1, 2, 3);
        assert_ne!(error.reversed(), icmp(2, 1, 3));
        assert_eq!(error.reversed().reversed(), error);
    }

    #[test]
    fn ports_swap_and_icmp_shows_none() {
        let tuple = Tuple {
            source: [10, 0, 0, 1].into(),
            destination: [10, 0, 0, 2].into(),
            protocol: Protocol::TCP,
            source_port: 40000,
            destination_port: 22,
        };
        assert_eq!(flow(Packet::new(tuple, 40)).reversed().tuple(), tuple.reversed());
        let ports = icmp(1, 2, 8).tuple();
        assert_eq!((ports.source_port, ports.destination_port), (0, 0));
    }
}
