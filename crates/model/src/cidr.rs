//! CIDR blocks: canonical by construction, so that equal networks are equal values.
//!
//! Source: RFC 4632; canonical form as the EC2 API returns it (CreateVpc: 100.68.0.18/18 becomes 100.68.0.0/18).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A text that is not a CIDR block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedCidr;

impl fmt::Display for MalformedCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not a valid CIDR block")
    }
}

impl std::error::Error for MalformedCidr {}

macro_rules! cidr {
    ($(#[$doc:meta])* $name:ident, $addr:ty, $bits:ty, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            network: $bits,
            prefix: u8,
        }

        impl $name {
            /// The block that holds every address.
            pub const ALL: $name = $name { network: 0, prefix: 0 };

            /// The block of `prefix` bits around `address`, host bits cleared; `None` if `prefix` is too long.
            pub fn new(address: $addr, prefix: u8) -> Option<$name> {
                (prefix <= $max).then(|| $name { network: <$bits>::from(address) & Self::mask(prefix), prefix })
            }

            fn mask(prefix: u8) -> $bits {
                <$bits>::MAX.checked_shl($max - u32::from(prefix)).unwrap_or(0)
            }

            /// The block of this one address.
            pub fn host(address: $addr) -> $name {
                $name { network: address.into(), prefix: $max }
            }

            /// The first address, host bits zero.
            pub fn network(self) -> $addr {
                self.network.into()
            }

            /// The last address, host bits one (in IPv4 the broadcast address).
            pub fn last(self) -> $addr {
                (self.network | !Self::mask(self.prefix)).into()
            }

            /// The number of leading bits that are fixed.
            pub fn prefix(self) -> u8 {
                self.prefix
            }

            /// Whether `address` lies in the block.
            pub fn contains(self, address: $addr) -> bool {
                <$bits>::from(address) & Self::mask(self.prefix) == self.network
            }

            /// Whether all of `other` lies in this block (also when they are equal).
            pub fn covers(self, other: $name) -> bool {
                self.prefix <= other.prefix && self.contains(other.network())
            }

            /// Whether the blocks share an address; for CIDR blocks that means one covers the other.
            pub fn overlaps(self, other: $name) -> bool {
                self.covers(other) || other.covers(self)
            }

            /// The address `offset` places after the first, or `None` outside the block.
            pub fn nth(self, offset: $bits) -> Option<$addr> {
                let address = self.network.checked_add(offset)?;
                (address & Self::mask(self.prefix) == self.network).then(|| address.into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedCidr;

            /// Reads `address/prefix`; host bits are cleared.
            fn from_str(text: &str) -> Result<$name, MalformedCidr> {
                let (address, prefix) = text.split_once('/').ok_or(MalformedCidr)?;
                let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
                let prefix = prefix.parse().ok().filter(|_| digits).ok_or(MalformedCidr)?;
                $name::new(address.parse().map_err(|_| MalformedCidr)?, prefix).ok_or(MalformedCidr)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

cidr! {
    /// An IPv4 CIDR block with its host bits cleared.
    Cidr4, Ipv4Addr, u32, 32
}
cidr! {
    /// An IPv6 CIDR block with its host bits cleared.
    Cidr6, Ipv6Addr, u128, 128
}

/// A CIDR block of either family. IPv4 blocks never contain or overlap IPv6 ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cidr {
    /// An IPv4 block.
    V4(Cidr4),
    /// An IPv6 block.
    V6(Cidr6),
}

impl Cidr {
    /// The block of this one address.
    pub fn host(address: IpAddr) -> Cidr {
        match address {
            IpAddr::V4(address) => Cidr::V4(Cidr4::host(address)),
            IpAddr::V6(address) => Cidr::V6(Cidr6::host(address)),
        }
    }

    /// Whether `address` is of the same family and lies in the block.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Cidr::V4(cidr), IpAddr::V4(address)) => cidr.contains(address),
            (Cidr::V6(cidr), IpAddr::V6(address)) => cidr.contains(address),
            _ => false,
        }
    }

    /// Whether all of `other` lies in this block.
    pub fn covers(self, other: Cidr) -> bool {
        match (self, other) {
            (Cidr::V4(one), Cidr::V4(other)) => one.covers(other),
            (Cidr::V6(one), Cidr::V6(other)) => one.covers(other),
            _ => false,
        }
    }

    /// Whether the blocks share an address.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The number of leading bits that are fixed.
    pub fn prefix(self) -> u8 {
        match self {
            Cidr::V4(cidr) => cidr.prefix(),
            Cidr::V6(cidr) => cidr.prefix(),
        }
    }
}

impl fmt::Display for Cidr4 {
    /// By hand and at once: answers are full of blocks, and formatting five numbers costs several times as much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; "255.255.255.255/32".len()];
        let mut length = 0;
        let mut put = |byte: u8| {
            text[length] = byte;
            length += 1;
        };
        let [a, b, c, d] = self.network.to_be_bytes();
        for (number, before) in
            [(a, None), (b, Some(b'.')), (c, Some(b'.')), (d, Some(b'.')), (self.prefix, Some(b'/'))]
        {
            before.into_iter().for_each(&mut put);
            let digits = [number / 100, number / 10 % 10, number % 10];
            let leading = digits[..2].iter().take_while(|digit| **digit == 0).count();
            digits[leading..].iter().for_each(|digit| put(b'0' + digit));
        }
        f.write_str(std::str::from_utf8(&text[..length]).expect("digits are ASCII"))
    }
}

impl fmt::Display for Cidr6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cidr::V4(cidr) => cidr.fmt(f),
            Cidr::V6(cidr) => cidr.fmt(f),
        }
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cidr {
    type Err = MalformedCidr;

    fn from_str(text: &str) -> Result<Cidr, MalformedCidr> {
        text.parse().map(Cidr::V4).or_else(|_| text.parse().map(Cidr::V6))
    }
}

impl From<Cidr4> for Cidr {
    fn from(cidr: Cidr4) -> Cidr {
        Cidr::V4(cidr)
    }
}

impl From<Cidr6> for Cidr {
    fn from(cidr: Cidr6) -> Cidr {
        Cidr::V6(cidr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_cleared() {
        let rows = [
            ("100.68.0.18/18", "100.68.0.0/18"),
            ("10.0.0.1/32", "10.0.0.1/32"),
            ("9.9.9.9/0", "0.0.0.0/0"),
            ("2600:1f18::1/56", "2600:1f18::/56"),
            ("::/0", "::/0"),
        ];
        for (given, canonical) in rows {
            assert_eq!(given.parse::<Cidr>().map(|cidr| cidr.to_string()).as_deref(), Ok(canonical));
        }
    }

    #[test]
    fn blocks_are_written_as_their_parts_are() {
        let addresses = [0, 1, 0x0a0b_6364, 0x6409_00c7, 0xac10_0a00, 0xc6c8_649a, u32::MAX];
        for (address, prefix) in addresses.into_iter().flat_map(|address| (0..=32).map(move |p| (address, p)))
        {
            let block = Cidr4::new(address.into(), prefix).expect("a prefix");
            assert_eq!(block.to_string(), format!("{}/{prefix}", block.network()));
        }
    }

    #[test]
    fn what_is_not_a_block_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0/8",
            "::/129",
            "/8",
            "a/8",
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(MalformedCidr), "{text}");
        }
    }

    #[test]
    fn families_never_meet() {
        let (all4, all6) = (Cidr::V4(Cidr4::ALL), Cidr::V6(Cidr6::ALL));
        assert!(!all4.overlaps(all6) && !all6.contains([10, 0, 0, 1].into()));
    }

    #[test]
    fn nth_stays_in_the_block() {
        let block: Cidr4 = "10.0.0.248/29".parse().expect("a block");
        assert_eq!(block.nth(7), Some([10, 0, 0, 255].into()));
        assert_eq!((block.nth(8), Cidr4::ALL.nth(u32::MAX)), (None, Some([255, 255, 255, 255].into())));
    }
}
