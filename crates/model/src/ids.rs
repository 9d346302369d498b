//! Resource ids: a prefix and 17 hexadecimal digits, or 8 in the old form; each kind its own type.
//!
//! Ids are unique over all accounts and regions. Fresh ones come from [`Ids`], a seeded generator.
//! Source: EC2 User Guide, "Resource IDs" (longer ids).

use serde::{Deserialize, Serialize};
use std::fmt;

const LONG_DIGITS: usize = 17;
const SHORT_DIGITS: usize = 8;
const SHORT_FORM: u128 = 1 << 127;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// The digits of an id, with its form (8 or 17 digits), without its prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(u128);

impl Digits {
    /// The digits of `text`: exactly 8 or 17 lower-case hexadecimal digits, else `None`.
    pub fn parse(text: &str) -> Option<Digits> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let form = match text.len() {
            LONG_DIGITS => 0,
            SHORT_DIGITS => SHORT_FORM,
            _ => return None,
        };
        text.bytes().all(is_digit).then_some(())?;
        u128::from_str_radix(text, 16).ok().map(|value| Digits(value | form))
    }
}

impl fmt::Display for Digits {
    /// By hand and at once: answers are full of ids, and formatting a `u128` costs several times as much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.0 & SHORT_FORM == 0 { LONG_DIGITS } else { SHORT_DIGITS };
        let mut text = [b'0'; LONG_DIGITS];
        // 17 digits are 68 bits: the low 16 digits, and the first.
        let (first, mut rest) = ((self.0 & !SHORT_FORM) >> 64, self.0 as u64);
        text[0] = HEX[(first & 0xf) as usize];
        for digit in text[1..].iter_mut().rev() {
            *digit = HEX[(rest & 0xf) as usize];
            rest >>= 4;
        }
        f.write_str(std::str::from_utf8(&text[LONG_DIGITS - width..]).expect("hexadecimal digits are ASCII"))
    }
}

/// A text that is not an id of the expected kind: AWS answers `Invalid id: "X" (expecting "vpc-...")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedId {
    /// What was given.
    pub given: String,
    /// The prefix that was expected, without the hyphen.
    pub prefix: &'static str,
}

impl fmt::Display for MalformedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid id: \"{}\" (expecting \"{}-...\")", self.given, self.prefix)
    }
}

impl std::error::Error for MalformedId {}

/// A kind of id: what all id types have in common.
pub trait Id: Copy + Ord + fmt::Display + std::str::FromStr<Err = MalformedId> {
    /// The prefix, without the hyphen.
    const PREFIX: &'static str;
    /// The id with these digits.
    fn from_digits(digits: Digits) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Digits);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_digits(digits: Digits) -> Self { $name(digits) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "-"))?;
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl std::str::FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                text.strip_prefix(concat!($prefix, "-")).and_then(Digits::parse).map($name)
                    .ok_or_else(|| MalformedId { given: text.to_owned(), prefix: $prefix })
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*

    /// Every id prefix that Weir knows, for telling an unknown kind from a missing resource.
    pub const PREFIXES: &[&str] = &[$($prefix),*];
    };
}

ids! {
    /// A network ACL.
    NetworkAclId = "acl",
    /// The association of a network ACL with a subnet.
    AclAssociationId = "aclassoc",
    /// A machine image.
    ImageId = "ami",
    /// A DHCP options set.
    DhcpOptionsId = "dopt",
    /// The allocation of an elastic IP address.
    AllocationId = "eipalloc",
    /// The association of an elastic IP address.
    AddressAssociationId = "eipassoc",
    /// An egress-only internet gateway.
    EgressOnlyGatewayId = "eigw",
    /// A network interface.
    InterfaceId = "eni",
    /// The attachment of a network interface to an instance.
    AttachmentId = "eni-attach",
    /// A VPC flow log.
    FlowLogId = "fl",
    /// An instance.
    InstanceId = "i",
    /// The association of an instance profile with an instance.
    ProfileAssociationId = "iip-assoc",
    /// An internet gateway.
    InternetGatewayId = "igw",
    /// A key pair.
    KeyPairId = "key",
    /// A NAT gateway.
    NatGatewayId = "nat",
    /// A VPC peering connection.
    PeeringId = "pcx",
    /// A prefix list.
    PrefixListId = "pl",
    /// A reservation: one RunInstances call.
    ReservationId = "r",
    /// A route table.
    RouteTableId = "rtb",
    /// The association of a route table with a subnet or gateway, or as main table.
    RouteAssociationId = "rtbassoc",
    /// A security group.
    GroupId = "sg",
    /// A security group rule.
    GroupRuleId = "sgr",
    /// A snapshot of a volume.
    SnapshotId = "snap",
    /// A subnet.
    SubnetId = "subnet",
    /// The association of an IPv6 CIDR block with a subnet.
    SubnetCidrAssociationId = "subnet-cidr-assoc",
    /// A transit gateway.
    TransitGatewayId = "tgw",
    /// The attachment of a VPC or another gateway to a transit gateway.
    TransitAttachmentId = "tgw-attach",
    /// A route table of a transit gateway.
    TransitTableId = "tgw-rtb",
    /// A virtual private gateway.
    VpnGatewayId = "vgw",
    /// A VPC.
    VpcId = "vpc",
    /// The association of a CIDR block with a VPC.
    VpcCidrAssociationId = "vpc-cidr-assoc",
    /// A VPC endpoint.
    VpcEndpointId = "vpce",
    /// An EBS volume.
    VolumeId = "vol",
}

/// A seeded source of fresh ids and other identifiers: the same seed gives the same sequence.
#[derive(Clone, Debug)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// A source whose sequence is a function of `seed` alone.
    pub fn new(seed: u64) -> Ids {
        Ids { state: seed }
    }

    /// A fresh id in the 17-digit form, beginning with `0` as AWS's do.
    pub fn fresh<I: Id>(&mut self) -> I {
        I::from_digits(Digits(u128::from(self.bits())))
    }

    /// 64 well-mixed bits (SplitMix64, Steele, Lea and Flood 2014).
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; `bound` must not be zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A version 4 UUID, as AWS uses for request ids and client tokens (RFC 9562 section 5.4).
    pub fn uuid(&mut self) -> String {
        let high = (self.bits() & !0xf000) | 0x4000;
        let low = (self.bits() & (u64::MAX >> 2)) | (1 << 63);
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_the_form_they_were_given() {
        for text in ["vpc-0f44fae3468d2b998", "vpc-1a2b3c4d"] {
            assert_eq!(text.parse::<VpcId>().map(|id| id.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn malformed_ids_name_the_expected_prefix() {
        for text in
            ["", "vpc-", "vpc-12", "subnet-1a2b3c4d", "vpc-1A2B3C4D", "vpc-0f44fae3468d2b99g", "vpc-+1a2b3c4"]
        {
            let error = text.parse::<VpcId>().expect_err(text);
            assert_eq!(error.to_string(), format!("Invalid id: \"{text}\" (expecting \"vpc-...\")"));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut two) = (Ids::new(7), Ids::new(7));
        assert_eq!(one.fresh::<VpcId>(), two.fresh::<VpcId>());
        assert_ne!(one.fresh::<VpcId>(), one.fresh::<VpcId>());
        assert_eq!(one.fresh::<VpcId>().to_string().len(), "vpc-".len() + LONG_DIGITS);
    }

    #[test]
    fn uuids_are_version_4_variant_1() {
        let uuid = Ids::new(1).uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
    }
}
