//! DNS host names of addresses and instances: making and reading them.
//!
//! Source: Amazon VPC User Guide, "DNS attributes for your VPC" (DNS hostnames); EC2 User Guide, "EC2 instance hostnames and
//! domains" (resource names).

use crate::{InstanceId, RegionName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The region whose names lack it.
const FIRST_REGION: &str = "us-east-1";

/// The domain of a region's private names: `ec2.internal`, `eu-west-1.compute.internal`.
pub fn internal_domain(region: RegionName) -> String {
    match region.as_str() == FIRST_REGION {
        true => "ec2.internal".to_owned(),
        false => format!("{region}.compute.internal"),
    }
}

/// The domain of a region's public names: `compute-1.amazonaws.com`, `eu-west-1.compute.amazonaws.com`.
pub fn public_domain(region: RegionName) -> String {
    match region.as_str() == FIRST_REGION {
        true => "compute-1.amazonaws.com".to_owned(),
        false => format!("{region}.compute.amazonaws.com"),
    }
}

/// The private name of an address: `ip-10-0-0-5.ec2.internal`, `ip-10-0-0-5.eu-west-1.compute.internal`.
pub fn private(region: RegionName, address: Ipv4Addr) -> String {
    format!("ip-{}.{}", dashed(address), internal_domain(region))
}

/// The resource name of an instance: `i-0123456789abcdef0.ec2.internal`.
pub fn resource(region: RegionName, instance: InstanceId) -> String {
    format!("{instance}.{}", internal_domain(region))
}

/// The public name of an address: `ec2-54-208-0-5.compute-1.amazonaws.com`.
pub fn public(region: RegionName, address: Ipv4Addr) -> String {
    format!("ec2-{}.{}", dashed(address), public_domain(region))
}

/// What the name of an address or instance says, whether or not there is such a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostName<'a> {
    /// `ip-10-0-0-5`, and the domain.
    Private(Ipv4Addr, &'a str),
    /// `ec2-54-208-0-5`, and the domain.
    Public(Ipv4Addr, &'a str),
    /// `i-0123456789abcdef0`, and the domain.
    Resource(InstanceId, &'a str),
}

impl HostName<'_> {
    /// Reads a name in lower case, without a dot at the end; `None` for one that means no address or instance.
    pub fn parse(name: &str) -> Option<HostName<'_>> {
        let (host, domain) = name.split_once('.')?;
        if let Some(rest) = host.strip_prefix("ip-") {
            return undashed(rest).map(|address| HostName::Private(address, domain));
        }
        if let Some(rest) = host.strip_prefix("ec2-") {
            return undashed(rest).map(|address| HostName::Public(address, domain));
        }
        host.parse().ok().map(|id| HostName::Resource(id, domain))
    }
}

/// The address that a name for reverse look-ups asks for: `5.0.0.10.in-addr.arpa` and nibbles under `ip6.arpa`.
pub fn reversed(name: &str) -> Option<IpAddr> {
    if let Some(labels) = name.strip_suffix(".in-addr.arpa") {
        let forward: Vec<&str> = labels.rsplit('.').collect();
        return forward.join(".").parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    }
    let nibbles: Vec<&str> = name.strip_suffix(".ip6.arpa")?.rsplit('.').collect();
    if nibbles.len() != 32 || nibbles.iter().any(|nibble| nibble.len() != 1) {
        return None;
    }
    u128::from_str_radix(&nibbles.concat(), 16).ok().map(|bits| IpAddr::V6(Ipv6Addr::from(bits)))
}

/// The name for the reverse look-up of an address.
pub fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let nibbles = format!("{:032x}", u128::from(address));
            let reversed: Vec<String> = nibbles.chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa", reversed.join("."))
        }
    }
}

fn dashed(address: Ipv4Addr) -> String {
    address.octets().map(|octet| octet.to_string()).join("-")
}

fn undashed(text: &str) -> Option<Ipv4Addr> {
    text.replace('-', ".").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // As recorded from AWS in us-east-1 and us-west-1.
    #[test]
    fn names_have_the_region_but_for_the_first() {
        let region = |name: &str| name.parse::<RegionName>().expect("a region");
        let (inside, outside) = (Ipv4Addr::new(10, 3, 1, 100), Ipv4Addr::new(52, 53, 227, 31));
        assert_eq!(private(region("us-east-1"), inside), "ip-10-3-1-100.ec2.internal");
        assert_eq!(private(region("us-west-1"), inside), "ip-10-3-1-100.us-west-1.compute.internal");
        assert_eq!(public(region("us-east-1"), outside), "ec2-52-53-227-31.compute-1.amazonaws.com");
        assert_eq!(public(region("us-west-1"), outside), "ec2-52-53-227-31.us-west-1.compute.amazonaws.com");
    }

    #[test]
    fn names_are_read_back() {
        let inside = Ipv4Addr::new(10, 0, 0, 5);
        assert_eq!(
            HostName::parse("ip-10-0-0-5.ec2.internal"),
            Some(HostName::Private(inside, "ec2.internal"))
        );
        assert_eq!(HostName::parse("ec2-10-0-0-5.x"), Some(HostName::Public(inside, "x")));
        let id = "i-0123456789abcdef0".parse().expect("an id");
        assert_eq!(HostName::parse("i-0123456789abcdef0.x"), Some(HostName::Resource(id, "x")));
        for name in ["", "ip-10-0-0-5", "ip-10-0-0.x", "ip-10-0-0-500.x", "i-xyz.x", "web.x", "ip-10.0.0.5"] {
            assert_eq!(HostName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn reverse_names_are_read_back() {
        for address in ["10.0.0.5", "2001:db8::1"].map(|text| text.parse::<IpAddr>().expect("an address")) {
            assert_eq!(reversed(&reverse(address)), Some(address));
        }
        for name in ["10.in-addr.arpa", "1.2.3.4.5.in-addr.arpa", "1.ip6.arpa", "in-addr.arpa", "x"] {
            assert_eq!(reversed(name), None, "{name}");
        }
    }
}
