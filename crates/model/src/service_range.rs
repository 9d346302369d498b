//! Address ranges of AWS services, as far as Weir's simulated internet has them.
//!
//! None of them overlaps the pool of public addresses ([`crate::address::pool`]) or the addresses of simulated hosts.
//! Assumption: Amazon S3 and DynamoDB have, in regions without a row, a range drawn by the region's name from a block of
//! theirs: 52.218.0.0/16 and 52.119.240.0/21 belong to them, but not these parts to these regions.
//! Source: AWS General Reference, "AWS IP address ranges" (ip-ranges.json, read 2025): rows of EC2_INSTANCE_CONNECT;
//! answers of DescribePrefixLists recorded in 2020 (batfish lab-validation): rows of S3 and DYNAMODB.

use crate::{Cidr4, RegionName};
use std::net::{IpAddr, Ipv4Addr};

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

/// The name of Amazon S3 in records.
pub const S3: &str = "S3";
/// The name of DynamoDB in records.
pub const DYNAMODB: &str = "DYNAMODB";

const fn range(
    service: &'static str,
    region: &'static str,
    [a, b, c, d]: [u8; 4],
    prefix: u8,
) -> ServiceRange {
    ServiceRange { service, region, network: Ipv4Addr::new(a, b, c, d), prefix }
}

const fn connect(region: &'static str, octets: [u8; 4], prefix: u8) -> ServiceRange {
    range(EC2_INSTANCE_CONNECT, region, octets, prefix)
}

const fn s3(region: &'static str, octets: [u8; 4], prefix: u8) -> ServiceRange {
    range(S3, region, octets, prefix)
}

const fn dynamodb(region: &'static str, octets: [u8; 4], prefix: u8) -> ServiceRange {
    range(DYNAMODB, region, octets, prefix)
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
    s3("us-east-1", [54, 231, 0, 0], 17),
    s3("us-east-1", [52, 216, 0, 0], 15),
    s3("us-east-1", [3, 5, 16, 0], 21),
    s3("us-east-1", [3, 5, 0, 0], 20),
    s3("us-east-2", [52, 219, 80, 0], 20),
    s3("us-east-2", [3, 5, 128, 0], 22),
    s3("us-east-2", [3, 5, 132, 0], 23),
    s3("us-east-2", [52, 219, 96, 0], 20),
    s3("us-west-1", [52, 219, 20, 0], 22),
    s3("us-west-1", [54, 231, 232, 0], 21),
    s3("us-west-1", [52, 219, 120, 0], 22),
    s3("us-west-1", [52, 219, 24, 0], 21),
    s3("us-west-1", [52, 219, 112, 0], 21),
    s3("us-west-1", [52, 92, 48, 0], 22),
    dynamodb("us-east-1", [52, 94, 0, 0], 22),
    dynamodb("us-east-1", [52, 119, 224, 0], 20),
    dynamodb("us-east-2", [52, 94, 4, 0], 24),
    dynamodb("us-west-1", [52, 94, 12, 0], 24),
];

/// What regions without a row draw their range from: the service, the block, and how long a range's prefix is.
const DRAWN: [(&str, Ipv4Addr, u8); 2] =
    [(S3, Ipv4Addr::new(52, 218, 0, 0), 22), (DYNAMODB, Ipv4Addr::new(52, 119, 240, 0), 27)];
/// How many ranges each of those blocks holds.
const DRAWN_COUNT: u32 = 64;

/// The blocks that a service uses in `region`; none if the table lacks a region that draws none.
pub fn blocks_of(service: &str, region: RegionName) -> Vec<Cidr4> {
    let is_meant = |range: &&ServiceRange| range.service == service && range.region == region.as_str();
    let listed: Vec<Cidr4> = SERVICE_RANGES.iter().filter(is_meant).filter_map(ServiceRange::block).collect();
    if !listed.is_empty() {
        return listed;
    }
    let drawn = DRAWN.iter().find(|(name, ..)| *name == service);
    drawn.and_then(|(_, first, prefix)| drawn_block(*first, *prefix, region)).into_iter().collect()
}

fn drawn_block(first: Ipv4Addr, prefix: u8, region: RegionName) -> Option<Cidr4> {
    let place = (name_hash(region.as_str()) % u64::from(DRAWN_COUNT)) as u32;
    Cidr4::new(Ipv4Addr::from(u32::from(first) + (place << (32 - prefix))), prefix)
}

/// FNV-1a of 64 bits: what is drawn by name is the same in every run.
pub(crate) fn name_hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

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
    let listed = SERVICE_RANGES.iter().find(holds).map(|range| range.service);
    listed.or_else(|| DRAWN.iter().find(|drawn| is_drawn(drawn, address)).map(|(name, ..)| *name))
}

fn is_drawn((_, first, prefix): &(&str, Ipv4Addr, u8), address: Ipv4Addr) -> bool {
    let size = DRAWN_COUNT << (32 - *prefix);
    u32::from(address).checked_sub(u32::from(*first)).is_some_and(|offset| offset < size)
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
            ("52.216.65.67", Some(S3)),
            ("52.94.0.1", Some(DYNAMODB)),
            ("52.218.255.255", Some(S3)),
            ("52.119.247.255", Some(DYNAMODB)),
            ("52.119.248.0", None),
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

    #[test]
    fn a_service_has_blocks_of_its_own_in_every_region() {
        let blocks = |service, region: &str| blocks_of(service, region.parse().expect(region));
        assert_eq!(blocks(S3, "us-west-1").len(), 6);
        for region in ["eu-west-1", "xx-nowhere-1", "us-east-1"] {
            for service in [S3, DYNAMODB] {
                let own = blocks(service, region);
                assert!(!own.is_empty(), "{service} in {region}");
                for block in own {
                    assert_eq!(service_of(block.network().into()), Some(service), "{block}");
                    assert_eq!(service_of(block.last().into()), Some(service), "{block}");
                    assert!(!block.overlaps(crate::address::pool()), "{block}");
                }
            }
        }
    }
}
