//! DNS host names of addresses, as answers show them.
//!
//! Source: Amazon VPC User Guide, "DNS attributes for your VPC" (DNS hostnames).

use std::net::Ipv4Addr;
use weir_model::RegionName;

/// The region whose names lack it.
const FIRST_REGION: &str = "us-east-1";

/// The private name of an address: `ip-10-0-0-5.ec2.internal`, `ip-10-0-0-5.eu-west-1.compute.internal`.
pub fn private(region: RegionName, address: Ipv4Addr) -> String {
    let host = dashed(address);
    match region.as_str() == FIRST_REGION {
        true => format!("ip-{host}.ec2.internal"),
        false => format!("ip-{host}.{region}.compute.internal"),
    }
}

/// The public name of an address: `ec2-54-208-0-5.compute-1.amazonaws.com`.
pub fn public(region: RegionName, address: Ipv4Addr) -> String {
    let host = dashed(address);
    match region.as_str() == FIRST_REGION {
        true => format!("ec2-{host}.compute-1.amazonaws.com"),
        false => format!("ec2-{host}.{region}.compute.amazonaws.com"),
    }
}

fn dashed(address: Ipv4Addr) -> String {
    address.octets().map(|octet| octet.to_string()).join("-")
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
}
