//! The prefix lists that AWS keeps itself: the same for every account of a region.
//!
//! Their ids are those of AWS in three regions, and drawn from region and name in the others; ids of AWS are unique in a
//! region only. Assumption: the drawn ids, and [the blocks](crate::service_range).
//! Source: Amazon VPC User Guide, "AWS-managed prefix lists" (names and weights); answers of DescribePrefixLists recorded
//! in 2020 (batfish lab-validation).

use crate::service_range::{self, DYNAMODB, EC2_INSTANCE_CONNECT, S3};
use crate::{Cidr4, Digits, Id, PrefixListId, RegionName};

/// A prefix list that AWS manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsList {
    /// Its id in its region.
    pub id: PrefixListId,
    /// Its region.
    pub region: RegionName,
    /// The service, as names of lists and endpoints end: `s3`.
    pub service: &'static str,
    /// Its blocks.
    pub cidrs: Vec<Cidr4>,
    /// How many rules or routes it counts for.
    pub weight: usize,
}

impl AwsList {
    /// Its name: `com.amazonaws.us-east-1.s3`.
    pub fn name(&self) -> String {
        format!("com.amazonaws.{}.{}", self.region, self.service)
    }
}

/// The services that have a list: the end of its name, their name in address ranges, and the weight of the list.
const SERVICES: [(&str, &str, usize); 3] =
    [("dynamodb", DYNAMODB, 1), ("ec2-instance-connect", EC2_INSTANCE_CONNECT, 2), ("s3", S3, 1)];

/// Ids that are known: region, service, digits.
const IDS: [(&str, &str, &str); 6] = [
    ("us-east-1", "s3", "63a5400a"),
    ("us-east-1", "dynamodb", "02cd2c6b"),
    ("us-east-2", "s3", "7ba54012"),
    ("us-east-2", "dynamodb", "4ca54025"),
    ("us-west-1", "s3", "6ba54002"),
    ("us-west-1", "dynamodb", "6ea54007"),
];

/// The lists of a region, by name; a service without addresses there has none.
pub fn lists(region: RegionName) -> Vec<AwsList> {
    let of = |(service, range, weight): (&'static str, &str, usize)| AwsList {
        id: id(region, service),
        region,
        service,
        cidrs: service_range::blocks_of(range, region),
        weight,
    };
    SERVICES.into_iter().map(of).filter(|list| !list.cidrs.is_empty()).collect()
}

/// The list of a service in a region.
pub fn of_service(region: RegionName, service: &str) -> Option<AwsList> {
    lists(region).into_iter().find(|list| list.service == service)
}

/// The list that `id` names in a region.
pub fn find(region: RegionName, id: PrefixListId) -> Option<AwsList> {
    lists(region).into_iter().find(|list| list.id == id)
}

fn id(region: RegionName, service: &str) -> PrefixListId {
    let known = IDS.iter().find(|(place, name, _)| *place == region.as_str() && *name == service);
    let digits = match known {
        Some((.., digits)) => (*digits).to_owned(),
        None => {
            let hash = service_range::name_hash(&format!("{region}.{service}"));
            format!("{:08x}", (hash >> 32) as u32)
        }
    };
    PrefixListId::from_digits(Digits::parse(&digits).expect("eight digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lists_are_found_by_the_ids_of_their_region() {
        let us_east_1 = "us-east-1".parse().expect("a region");
        let found = find(us_east_1, "pl-63a5400a".parse().expect("an id")).expect("the list of S3");
        assert_eq!(found.name(), "com.amazonaws.us-east-1.s3");
        assert_eq!(found.cidrs[0].to_string(), "54.231.0.0/17");
        let elsewhere = "eu-west-1".parse().expect("a region");
        assert_eq!(find(elsewhere, found.id), None);
    }

    #[test]
    fn the_lists_of_a_region_have_ids_of_their_own() {
        for region in ["us-east-1", "eu-west-1", "ap-southeast-2", "xx-nowhere-1"] {
            let lists = lists(region.parse().expect("a region"));
            let ids: BTreeSet<_> = lists.iter().map(|list| list.id).collect();
            assert_eq!(ids.len(), lists.len(), "{region}");
            assert_eq!(lists, super::lists(region.parse().expect("a region")));
        }
        assert_eq!(lists("xx-nowhere-1".parse().expect("a region")).len(), 2);
    }
}
