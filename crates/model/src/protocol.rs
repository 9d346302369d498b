//! IP protocols and port ranges, as groups and ACLs name them.
//!
//! Source: IANA protocol numbers; EC2 API Reference, IpPermission and NetworkAclEntry.

use serde::{Deserialize, Serialize};

/// An IP protocol number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Protocol = Protocol(1);
    /// TCP.
    pub const TCP: Protocol = Protocol(6);
    /// UDP.
    pub const UDP: Protocol = Protocol(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Protocol = Protocol(58);

    /// The name that groups show it by: `tcp`, `udp`, `icmp`, `icmpv6`, any other as its number.
    pub fn name(self) -> String {
        match self {
            Protocol::ICMP => "icmp".to_owned(),
            Protocol::TCP => "tcp".to_owned(),
            Protocol::UDP => "udp".to_owned(),
            Protocol::ICMPV6 => "icmpv6".to_owned(),
            Protocol(number) => number.to_string(),
        }
    }

    /// Whether packets of the protocol carry ports.
    pub fn has_ports(self) -> bool {
        matches!(self, Protocol::TCP | Protocol::UDP)
    }

    /// Whether it is ICMP of either family.
    pub fn is_icmp(self) -> bool {
        matches!(self, Protocol::ICMP | Protocol::ICMPV6)
    }
}

/// An inclusive range of ports, first not above last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange { first: 0, last: u16::MAX };

    /// The range, or `None` if `first` is above `last`.
    pub fn new(first: u16, last: u16) -> Option<PortRange> {
        (first <= last).then_some(PortRange { first, last })
    }

    /// The first port.
    pub fn first(self) -> u16 {
        self.first
    }

    /// The last port, inclusive.
    pub fn last(self) -> u16 {
        self.last
    }

    /// Whether `port` is in the range.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// What a group rule or ACL entry says about the protocol and its ports or ICMP types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Traffic {
    /// Every protocol and port (`-1`).
    All,
    /// TCP or UDP to a range of destination ports.
    Ports(Protocol, PortRange),
    /// ICMP or ICMPv6 of a type and code; `None` is any (`-1`).
    Icmp {
        /// ICMP or ICMPv6.
        protocol: Protocol,
        /// The ICMP type, or any.
        kind: Option<u8>,
        /// The ICMP code, or any.
        code: Option<u8>,
    },
    /// Any other protocol, whole.
    Protocol(Protocol),
}

impl Traffic {
    /// Whether a packet of `protocol` with `destination_port` (or, for ICMP, `icmp` type and code) is meant.
    pub fn matches(self, protocol: Protocol, destination_port: u16, icmp: (u8, u8)) -> bool {
        match self {
            Traffic::All => true,
            Traffic::Ports(wanted, ports) => wanted == protocol && ports.contains(destination_port),
            Traffic::Icmp { protocol: wanted, kind, code } => {
                wanted == protocol
                    && kind.is_none_or(|kind| kind == icmp.0)
                    && code.is_none_or(|code| code == icmp.1)
            }
            Traffic::Protocol(wanted) => wanted == protocol,
        }
    }
}
