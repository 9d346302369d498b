//! Addresses as numbers, so that IPv4 costs what 32 bits cost and one code serves both families.

use crate::compiled::acl::AclEntries;
use crate::compiled::group::{Members, Policy, Rules};
use crate::compiled::place::Places;
use crate::compiled::route::{Ranges, RoutingTable};
use crate::compiled::transit::TransitRoutes;
use crate::compiled::{Compiled, CompiledAcl, CompiledInterface, CompiledNat};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::{Cidr, Cidr4, Cidr6};

/// The address of one family as a number: `u32` or `u128`. The lower half says where a [`Compiled`] keeps what is
/// of this family.
pub(crate) trait Address: Copy + Ord + Hash + Default + std::fmt::Debug + 'static {
    /// The number in a form whose order is the quickest to tell.
    type Rank: Copy + Ord + std::fmt::Debug;
    /// Two numbers in the form that is the quickest to compare.
    type Pair: Eq + Hash;

    /// The number of `address`, if it is of this family.
    fn from_ip(address: IpAddr) -> Option<Self>;
    /// The address.
    fn ip(self) -> IpAddr;
    /// First address and mask of `cidr`, if it is of this family.
    fn block(cidr: Cidr) -> Option<(Self, Self)>;
    /// The bits that both have.
    fn and(self, mask: Self) -> Self;
    /// The bits that either has.
    fn or_not(self, mask: Self) -> Self;
    /// The number as what is ordered as it is.
    fn rank(self) -> Self::Rank;
    /// The next address, or `None` after the last.
    fn next(self) -> Option<Self>;
    /// What kind of address it is.
    fn kind(self) -> Kind;
    /// Whether one host of a network can have it: neither multicast, broadcast, loopback nor "this network".
    fn is_of_a_host(self) -> bool;
    /// Two numbers as one value.
    fn pair(one: Self, other: Self) -> Self::Pair;

    /// The interface's own addresses.
    fn own(interface: &CompiledInterface) -> &[Self];
    /// The rules of a policy.
    fn rules(policy: &Policy) -> &Rules<Self>;
    /// The members of a group.
    fn members(members: &Members) -> &[Self];
    /// The entries of an ACL.
    fn entries(acl: &CompiledAcl) -> &AclEntries<Self>;
    /// The ranges of a route table.
    fn ranges(table: &RoutingTable) -> &Ranges<Self>;
    /// The ranges of a route table of a transit gateway.
    fn transit_ranges(table: &TransitRoutes) -> &Ranges<Self>;
    /// Who has which address.
    fn places(compiled: &Compiled) -> &Places<Self>;
    /// The own addresses of a NAT gateway that new connections go out from.
    fn translations(nat: &CompiledNat) -> &[Self];
}

/// What an address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It may exist on the internet.
    Global,
    /// It exists in private networks only (RFC 1918, RFC 6598, RFC 4193), or nowhere (reserved, loopback).
    Private,
    /// It exists on one link only (RFC 3927, RFC 4291).
    LinkLocal,
    /// It stands for many hosts.
    Multicast,
}

impl Address for u32 {
    /// Processors compare many signed numbers at a time, but not all of them unsigned ones.
    type Rank = i32;
    type Pair = u64;

    #[inline]
    fn rank(self) -> i32 {
        (self ^ 1 << 31) as i32
    }

    fn from_ip(address: IpAddr) -> Option<u32> {
        match address {
            IpAddr::V4(address) => Some(address.into()),
            IpAddr::V6(_) => None,
        }
    }

    fn ip(self) -> IpAddr {
        IpAddr::V4(self.into())
    }

    fn block(cidr: Cidr) -> Option<(u32, u32)> {
        let Cidr::V4(cidr) = cidr else { return None };
        Some((cidr.network().into(), mask4(cidr)))
    }

    fn and(self, mask: u32) -> u32 {
        self & mask
    }

    fn or_not(self, mask: u32) -> u32 {
        self | !mask
    }

    fn next(self) -> Option<u32> {
        self.checked_add(1)
    }

    fn kind(self) -> Kind {
        let address = Ipv4Addr::from(self);
        match address.octets() {
            [224..=239, ..] | [255, 255, 255, 255] => Kind::Multicast,
            [169, 254, ..] => Kind::LinkLocal,
            [0 | 10 | 127 | 240..=255, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..] => {
                Kind::Private
            }
            _ => Kind::Global,
        }
    }

    fn is_of_a_host(self) -> bool {
        !matches!(self.to_be_bytes()[0], 0 | 127 | 224..)
    }

    #[inline]
    fn pair(one: u32, other: u32) -> u64 {
        u64::from(one) | u64::from(other) << 32
    }

    fn own(interface: &CompiledInterface) -> &[u32] {
        &interface.own4
    }

    fn rules(policy: &Policy) -> &Rules<u32> {
        &policy.v4
    }

    fn members(members: &Members) -> &[u32] {
        &members.v4
    }

    fn entries(acl: &CompiledAcl) -> &AclEntries<u32> {
        &acl.v4
    }

    fn ranges(table: &RoutingTable) -> &Ranges<u32> {
        &table.v4
    }

    fn transit_ranges(table: &TransitRoutes) -> &Ranges<u32> {
        &table.v4
    }

    fn places(compiled: &Compiled) -> &Places<u32> {
        &compiled.places4
    }

    fn translations(nat: &CompiledNat) -> &[u32] {
        &nat.addresses
    }
}

impl Address for u128 {
    type Rank = u128;
    type Pair = (u128, u128);

    #[inline]
    fn rank(self) -> u128 {
        self
    }

    fn from_ip(address: IpAddr) -> Option<u128> {
        match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(address.into()),
        }
    }

    fn ip(self) -> IpAddr {
        IpAddr::V6(self.into())
    }

    fn block(cidr: Cidr) -> Option<(u128, u128)> {
        let Cidr::V6(cidr) = cidr else { return None };
        Some((cidr.network().into(), mask6(cidr)))
    }

    fn and(self, mask: u128) -> u128 {
        self & mask
    }

    fn or_not(self, mask: u128) -> u128 {
        self | !mask
    }

    fn next(self) -> Option<u128> {
        self.checked_add(1)
    }

    fn kind(self) -> Kind {
        match Ipv6Addr::from(self).segments() {
            [0xff00..=0xffff, ..] => Kind::Multicast,
            [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
            [0x2000..=0x3fff, ..] => Kind::Global,
            _ => Kind::Private,
        }
    }

    fn is_of_a_host(self) -> bool {
        let address = Ipv6Addr::from(self);
        !(address.is_unspecified() || address.is_loopback() || address.is_multicast())
    }

    #[inline]
    fn pair(one: u128, other: u128) -> (u128, u128) {
        (one, other)
    }

    fn own(interface: &CompiledInterface) -> &[u128] {
        &interface.own6
    }

    fn rules(policy: &Policy) -> &Rules<u128> {
        &policy.v6
    }

    fn members(members: &Members) -> &[u128] {
        &members.v6
    }

    fn entries(acl: &CompiledAcl) -> &AclEntries<u128> {
        &acl.v6
    }

    fn ranges(table: &RoutingTable) -> &Ranges<u128> {
        &table.v6
    }

    fn transit_ranges(table: &TransitRoutes) -> &Ranges<u128> {
        &table.v6
    }

    fn places(compiled: &Compiled) -> &Places<u128> {
        &compiled.places6
    }

    fn translations(_: &CompiledNat) -> &[u128] {
        &[]
    }
}

fn mask4(cidr: Cidr4) -> u32 {
    !(u32::from(cidr.network()) ^ u32::from(cidr.last()))
}

fn mask6(cidr: Cidr6) -> u128 {
    !(u128::from(cidr.network()) ^ u128::from(cidr.last()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_do_not_exist_on_the_internet_are_known() {
        let rows = [
            ("8.8.8.8", Kind::Global),
            ("203.0.113.9", Kind::Global),
            ("172.15.255.255", Kind::Global),
            ("172.16.0.1", Kind::Private),
            ("172.32.0.0", Kind::Global),
            ("192.168.1.1", Kind::Private),
            ("10.255.0.1", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("100.128.0.1", Kind::Global),
            ("127.0.0.1", Kind::Private),
            ("0.0.0.0", Kind::Private),
            ("250.0.0.1", Kind::Private),
            ("169.254.1.1", Kind::LinkLocal),
            ("224.0.0.251", Kind::Multicast),
            ("255.255.255.255", Kind::Multicast),
            ("2600:1f18::1", Kind::Global),
            ("fd00:ec2::253", Kind::Private),
            ("fe80::1", Kind::LinkLocal),
            ("ff02::1", Kind::Multicast),
        ];
        for (address, kind) in rows {
            let ip: IpAddr = address.parse().unwrap();
            let found = u32::from_ip(ip).map(Address::kind).or(u128::from_ip(ip).map(Address::kind));
            assert_eq!(found, Some(kind), "{address}");
        }
    }

    #[test]
    fn masks_follow_the_prefix() {
        let block = |text: &str| u32::block(text.parse().unwrap());
        assert_eq!(block("0.0.0.0/0"), Some((0, 0)));
        assert_eq!(block("10.1.0.0/16"), Some((0x0a01_0000, 0xffff_0000)));
        assert_eq!(block("10.1.2.3/32"), Some((0x0a01_0203, 0xffff_ffff)));
        assert_eq!(block("::/0"), None);
    }
}
