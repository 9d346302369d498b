//! Functions of addresses. What is no address is in no subnet and of no kind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Call, Function, takes, text_of};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "isValidIp",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the value is an IPv4 or IPv6 address.",
        examples: &[("isValidIp(\"10.0.0.1\")", Some("true")), ("isValidIp(\"10.0.0\")", Some("false"))],
        call: Call::Values(|a| check(a, |_| true)),
    },
    Function {
        name: "isValidIpV4",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the value is an IPv4 address.",
        examples: &[("isValidIpV4(\"10.0.0.1\")", Some("true")), ("isValidIpV4(\"::1\")", Some("false"))],
        call: Call::Values(|a| check(a, |address| address.is_ipv4())),
    },
    Function {
        name: "isValidIpV6",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the value is an IPv6 address.",
        examples: &[("isValidIpV6(\"::1\")", Some("true"))],
        call: Call::Values(|a| check(a, |address| address.is_ipv6())),
    },
    Function {
        name: "isIpInSubnet",
        aliases: &[],
        parameters: takes(2, 2, "an address and a subnet"),
        result: Type::Bool,
        summary: "Whether the address lies in the subnet.",
        examples: &[
            ("isIpInSubnet(\"10.1.2.3\", \"10.1.0.0/16\")", Some("true")),
            ("isIpInSubnet(\"2001:db8::1\", \"2001:db8::/32\")", Some("true")),
            ("isIpInSubnet(\"-\", \"10.1.0.0/16\")", Some("false")),
        ],
        call: Call::Values(|a| in_subnet(a, |_| true)),
    },
    Function {
        name: "isIpv4InSubnet",
        aliases: &[],
        parameters: takes(2, 2, "an address and a subnet"),
        result: Type::Bool,
        summary: "Whether the IPv4 address lies in the subnet.",
        examples: &[
            ("isIpv4InSubnet(\"192.0.2.77\", \"192.0.2.0/24\")", Some("true")),
            ("isIpv4InSubnet(\"192.0.3.77\", \"192.0.2.0/24\")", Some("false")),
        ],
        call: Call::Values(|a| in_subnet(a, |subnet| subnet.address.is_ipv4())),
    },
    Function {
        name: "isIpv6InSubnet",
        aliases: &[],
        parameters: takes(2, 2, "an address and a subnet"),
        result: Type::Bool,
        summary: "Whether the IPv6 address lies in the subnet.",
        examples: &[("isIpv6InSubnet(\"fe80::1\", \"fe80::/10\")", Some("true"))],
        call: Call::Values(|a| in_subnet(a, |subnet| subnet.address.is_ipv6())),
    },
    Function {
        name: "ipv4ToNumber",
        aliases: &[],
        parameters: takes(1, 1, "an IPv4 address"),
        result: Type::Int,
        summary: "The address as a number.",
        examples: &[("ipv4ToNumber(\"10.0.0.1\")", Some("167772161")), ("ipv4ToNumber(\"-\")", None)],
        call: Call::Values(|a| match address(a) {
            Some(IpAddr::V4(address)) => Value::Int(i64::from(u32::from(address))),
            _ => Value::Null,
        }),
    },
    Function {
        name: "isPrivateIP",
        aliases: &[],
        parameters: takes(1, 1, "an address"),
        result: Type::Bool,
        summary: "Whether the address is for private networks (RFC 1918, RFC 4193).",
        examples: &[
            ("isPrivateIP(\"172.31.9.69\")", Some("true")),
            ("isPrivateIP(\"172.32.0.1\")", Some("false")),
        ],
        call: Call::Values(|a| check(a, is_private)),
    },
    Function {
        name: "isReservedIP",
        aliases: &[],
        parameters: takes(1, 1, "an address"),
        result: Type::Bool,
        summary: "Whether the address is set aside for a special use other than private networks (RFC 6890).",
        examples: &[
            ("isReservedIP(\"169.254.169.254\")", Some("true")),
            ("isReservedIP(\"8.8.8.8\")", Some("false")),
        ],
        call: Call::Values(|a| check(a, is_reserved)),
    },
    Function {
        name: "isPublicIP",
        aliases: &[],
        parameters: takes(1, 1, "an address"),
        result: Type::Bool,
        summary: "Whether the address is neither private nor reserved.",
        examples: &[("isPublicIP(\"8.8.8.8\")", Some("true")), ("isPublicIP(\"10.0.0.1\")", Some("false"))],
        call: Call::Values(|a| check(a, |address| !is_private(address) && !is_reserved(address))),
    },
];

/// IANA IPv4 Special-Purpose Address Registry, without the private networks.
const RESERVED_4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// IANA IPv6 Special-Purpose Address Registry, without the unique local addresses, and multicast.
const RESERVED_6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// An address and the number of its leading bits that count.
struct Subnet {
    address: IpAddr,
    bits: u8,
}

impl Subnet {
    /// Reads `10.0.0.0/8`; bits behind the prefix are ignored, an address alone is a subnet of one.
    fn parse(text: &str) -> Option<Subnet> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = if bits.is_empty() { width } else { bits.parse().ok()? };
        (bits <= width).then_some(Subnet { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(subnet), IpAddr::V4(address)) => {
                same_prefix(u32::from(subnet).into(), u32::from(address).into(), 32 - u32::from(self.bits))
            }
            (IpAddr::V6(subnet), IpAddr::V6(address)) => {
                same_prefix(subnet.into(), address.into(), 128 - u32::from(self.bits))
            }
            _ => false,
        }
    }
}

/// True if two addresses agree in all but their last `host_bits` bits.
fn same_prefix(left: u128, right: u128, host_bits: u32) -> bool {
    (left ^ right).checked_shr(host_bits).unwrap_or(0) == 0
}

fn address(arguments: &[Value]) -> Option<IpAddr> {
    text_of(arguments, 0)?.parse().ok()
}

fn check(arguments: &[Value], is_so: fn(IpAddr) -> bool) -> Value {
    Value::Bool(address(arguments).is_some_and(is_so))
}

fn in_subnet(arguments: &[Value], is_kind: fn(&Subnet) -> bool) -> Value {
    let subnet = text_of(arguments, 1).and_then(|text| Subnet::parse(&text)).filter(is_kind);
    let is_inside = subnet.zip(address(arguments)).is_some_and(|(subnet, address)| subnet.contains(address));
    Value::Bool(is_inside)
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

fn is_reserved(address: IpAddr) -> bool {
    let four = RESERVED_4.iter().map(|(subnet, bits)| Subnet { address: (*subnet).into(), bits: *bits });
    let six = RESERVED_6.iter().map(|(subnet, bits)| Subnet { address: (*subnet).into(), bits: *bits });
    four.chain(six).any(|subnet| subnet.contains(address))
}
