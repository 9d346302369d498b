//! Which protocol and ports a rule is about, as a range of numbers.

use crate::address::Address;
use crate::flow::Flow;
use crate::packet::Packet;
use weir_model::Protocol;
use weir_model::protocol::Traffic;

/// What rules look at beside addresses: the protocol and its destination port, or ICMP type and code in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selected {
    /// The protocol's number.
    pub protocol: u8,
    /// Destination port, or `type * 256 + code`.
    pub number: u16,
}

impl Selected {
    /// What rules look at in `packet`.
    pub fn of(packet: &Packet) -> Selected {
        let (kind, code) = packet.icmp;
        let icmp = u16::from_be_bytes([kind, code]);
        let number = if packet.protocol.is_icmp() { icmp } else { packet.destination_port };
        Selected { protocol: packet.protocol.0, number }
    }

    /// The same of a packet whose flow has been translated to `flow`: the port it goes to now, the ICMP type and code it has.
    #[inline]
    pub fn translated<A: Address>(self, flow: Flow<A>) -> Selected {
        let number = if flow.protocol().has_ports() { flow.ports().1 } else { self.number };
        Selected { number, ..self }
    }

    /// Both in one number, which is in [`Selector::range`] if it is meant.
    #[inline]
    pub fn number(self) -> u32 {
        join(self.protocol, self.number)
    }
}

/// The bits of an ICMP code.
const CODE: u16 = 0xff;
/// The bits of a [`Selected::number`].
const ALL_NUMBERS: u32 = 0xff_ffff;

fn join(protocol: u8, number: u16) -> u32 {
    u32::from(protocol) << 16 | u32::from(number)
}

/// A [`Traffic`] in the form that is quick to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    protocol: u8,
    protocol_mask: u8,
    number_mask: u16,
    first: u16,
    span: u16,
}

impl Selector {
    const ALL: Selector = Selector { protocol: 0, protocol_mask: 0, number_mask: 0, first: 0, span: 0 };

    /// The selector that matches what `traffic` matches.
    pub fn new(traffic: Traffic) -> Selector {
        match traffic {
            Traffic::All => Selector::ALL,
            Traffic::Protocol(protocol) => Selector::whole(protocol),
            Traffic::Ports(protocol, ports) => Selector {
                number_mask: u16::MAX,
                first: ports.first(),
                span: ports.last() - ports.first(),
                ..Selector::whole(protocol)
            },
            Traffic::Icmp { protocol, kind, code } => Selector {
                number_mask: u16::from_be_bytes([mask(kind), mask(code)]),
                first: u16::from_be_bytes([kind.unwrap_or(0), code.unwrap_or(0)]),
                span: 0,
                ..Selector::whole(protocol)
            },
        }
    }

    fn whole(protocol: Protocol) -> Selector {
        Selector { protocol: protocol.0, protocol_mask: u8::MAX, ..Selector::ALL }
    }

    /// The first and the last [`Selected::number`] that may be meant. All between them are, but for those that differ in what
    /// [`bits`](Self::bits) asks.
    pub fn range(self) -> (u32, u32) {
        let (mask, first) = (join(self.protocol_mask, self.number_mask), join(self.protocol, self.first));
        (first, (first | (ALL_NUMBERS & !mask)) + u32::from(self.span))
    }

    /// A mask, and what a number in the range must be under it: something only for an ICMP code of any type, which is no
    /// range of numbers.
    pub fn bits(self) -> (u32, u32) {
        let is_of_any_type = self.number_mask == CODE;
        let mask = if is_of_any_type { u32::from(CODE) } else { 0 };
        (mask, mask & u32::from(self.first))
    }

    /// Whether every packet of `protocol`, a protocol with ports, is meant.
    pub fn covers(self, protocol: Protocol) -> bool {
        let whole = self.number_mask == 0 || (self.first == 0 && self.span == u16::MAX);
        protocol.0 & self.protocol_mask == self.protocol && whole
    }
}

fn mask(wanted: Option<u8>) -> u8 {
    if wanted.is_some() { u8::MAX } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::PortRange;

    fn all_traffic() -> Vec<Traffic> {
        let ports = |first, last| PortRange::new(first, last).unwrap();
        let icmp = |kind, code| Traffic::Icmp { protocol: Protocol::ICMP, kind, code };
        vec![
            Traffic::All,
            Traffic::Protocol(Protocol(47)),
            Traffic::Protocol(Protocol::TCP),
            Traffic::Ports(Protocol::TCP, PortRange::ALL),
            Traffic::Ports(Protocol::TCP, ports(22, 22)),
            Traffic::Ports(Protocol::UDP, ports(1024, 65535)),
            Traffic::Ports(Protocol::TCP, ports(65535, 65535)),
            icmp(None, None),
            icmp(Some(8), None),
            icmp(Some(3), Some(4)),
            icmp(None, Some(0)),
        ]
    }

    #[test]
    fn selectors_match_what_the_model_says() {
        let packets =
            [(6, 22, (0, 0)), (6, 0, (0, 0)), (17, 1024, (0, 0)), (17, 65535, (0, 0)), (17, 22, (0, 0))];
        let icmps = [
            (1, 0, (8, 0)),
            (1, 0, (8, 1)),
            (1, 0, (3, 4)),
            (1, 0, (0, 0)),
            (58, 0, (8, 0)),
            (47, 0, (0, 0)),
            (7, 0, (0, 0)),
            (5, 65535, (0, 0)),
        ];
        for traffic in all_traffic() {
            for (protocol, port, icmp) in packets.into_iter().chain(icmps) {
                let number = if icmp == (0, 0) { port } else { u16::from_be_bytes([icmp.0, icmp.1]) };
                let expected = traffic.matches(Protocol(protocol), port, icmp);
                let selector = Selector::new(traffic);
                let ((first, last), (mask, bits)) = (selector.range(), selector.bits());
                let selected = Selected { protocol, number }.number();
                let found = (first..=last).contains(&selected) && selected & mask == bits;
                assert_eq!(found, expected, "{traffic:?} {protocol} {port} {icmp:?}");
            }
        }
    }

    #[test]
    fn only_all_ports_cover_a_protocol() {
        let covering: Vec<Traffic> = all_traffic()
            .into_iter()
            .filter(|traffic| Selector::new(*traffic).covers(Protocol::TCP))
            .collect();
        let expected =
            [Traffic::All, Traffic::Protocol(Protocol::TCP), Traffic::Ports(Protocol::TCP, PortRange::ALL)];
        assert_eq!(covering, expected);
    }
}
