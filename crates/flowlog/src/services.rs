//! Address ranges of AWS services, as far as Weir's simulated internet has them.
//!
//! Source: AWS General Reference, "AWS IP address ranges" (ip-ranges.json, read 2025): rows of EC2_INSTANCE_CONNECT.

use std::net::{IpAddr, Ipv4Addr};
use weir_model::{Cidr4, RegionName};

/// A range of public addresses that a service uses in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceRange {
    /// The service, as `pkt-src-aws-service` names it.
    pub service: &'static str,
    /// The region.
    pub region: &'static str,
    /// The first address.
    pub network: Ipv4Addr,
    /// The length of the prefix.
    pub prefix: u8,
}

/// The name of EC2 Instance Connect in records.
pub const EC2_INSTANCE_CONNECT: &str = "EC2_INSTANCE_CONNECT";

const fn connect(region: &'static str, octets: [u8; 4], prefix: u8) -> ServiceRange {
    let [a, b, c, d] = octets;
    ServiceRange { service: EC2_INSTANCE_CONNECT, region, network: Ipv4Addr::new(a, b, c, d), prefix }
}

/// The ranges, by region.
pub const SERVICE_RANGES: &[ServiceRange] = &[
    connect("ap-northeast-1", [3, 112, 23, 0], 29),
    connect("ap-northeast-2", [13, 209, 1, 56], 29),
    connect("ap-south-1", [13, 233, 177, 0], 29),
    connect("ap-southeast-1", [3, 0, 5, 32], 29),
    connect("ap-southeast-2", [13, 239, 158, 0], 29),
    connect("ca-central-1", [35, 183, 92, 176], 29),
    connect("eu-central-1", [3, 120, 181, 40], 29),
    connect("eu-north-1", [13, 48, 4, 200], 30),
    connect("eu-west-1", [18, 202, 216, 48], 29),
    connect("eu-west-2", [3, 8, 37, 24], 29),
    connect("eu-west-3", [35, 180, 112, 80], 29),
    connect("sa-east-1", [18, 228, 70, 32], 29),
    connect("us-east-1", [18, 206, 107, 24], 29),
    connect("us-east-2", [3, 16, 146, 0], 29),
    connect("us-west-1", [13, 52, 6, 112], 29),
    connect("us-west-2", [18, 237, 140, 160], 29),
];

impl ServiceRange {
    /// The range as a block.
    pub fn block(&self) -> Option<Cidr4> {
        Cidr4::new(self.network, self.prefix)
    }
}

/// The service whose range holds `address`, or `None`.
pub fn service_of(address: IpAddr) -> Option<&'static str> {
    let IpAddr::V4(address) = address else { return None };
    let holds = |range: &&ServiceRange| range.block().is_some_and(|block| block.contains(address));
    SERVICE_RANGES.iter().find(holds).map(|range| range.service)
}

/// The range that EC2 Instance Connect uses in `region`, or `None` if the table lacks the region.
pub fn instance_connect(region: RegionName) -> Option<ServiceRange> {
    let of_region =
        |range: &&ServiceRange| range.service == EC2_INSTANCE_CONNECT && range.region == region.as_str();
    SERVICE_RANGES.iter().find(of_region).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_range_name_their_service() {
        let rows = [
            ("18.206.107.24", Some(EC2_INSTANCE_CONNECT)),
            ("18.206.107.31", Some(EC2_INSTANCE_CONNECT)),
            ("18.206.107.32", None),
            ("2001:db8::1", None),
        ];
        for (address, service) in rows {
            assert_eq!(service_of(address.parse().expect(address)), service, "{address}");
        }
    }

    #[test]
    fn each_region_has_a_range_of_its_own() {
        let range =
            |region: &str| instance_connect(region.parse().expect(region)).and_then(|range| range.block());
        assert_eq!(range("us-east-1").map(|block| block.to_string()).as_deref(), Some("18.206.107.24/29"));
        assert_eq!(range("eu-west-1").map(|block| block.to_string()).as_deref(), Some("18.202.216.48/29"));
        assert_eq!(range("xx-nowhere-1"), None);
    }
}
