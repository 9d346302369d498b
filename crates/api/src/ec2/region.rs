//! Regions and availability zones.
//!
//! Weir accepts any region name; those listed are the ones that every AWS account has without opting in. Every region has
//! the same three zones, all available.
//! Source: EC2 API Reference, DescribeRegions and DescribeAvailabilityZones; AWS General Reference, "Regional endpoints".

use crate::operation::{Context, Error, Operation};
use weir_model::{RegionName, ZoneName};
use weir_wire::{Accepted, Filter, FilterTable, Param, Xml};

/// The regions that are enabled in every account, in order.
const ENABLED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether every account has the region.
pub(super) fn is_enabled(region: RegionName) -> bool {
    ENABLED.contains(&region.as_str())
}

/// Lists regions, all or by name.
#[derive(Param)]
pub struct DescribeRegions {
    region_names: Vec<String>,
    filters: Vec<Filter>,
    #[expect(dead_code, reason = "accepted without effect")]
    all_regions: Accepted<bool>,
}

/// The regions found.
#[derive(Xml)]
pub struct DescribeRegionsResponse {
    #[wire(response = "regionInfo")]
    regions: Vec<Region>,
}

/// A region.
#[derive(Xml)]
struct Region {
    opt_in_status: &'static str,
    region_name: String,
    region_endpoint: String,
}

const REGIONS: FilterTable<Region> = FilterTable {
    rows: &[
        ("endpoint", |region| vec![region.region_endpoint.clone()]),
        ("opt-in-status", |region| vec![region.opt_in_status.to_owned()]),
        ("region-name", |region| vec![region.region_name.clone()]),
    ],
    tags: None,
};

impl Operation for DescribeRegions {
    type Response = DescribeRegionsResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        if let Some(unknown) = self.region_names.iter().find(|name| !ENABLED.contains(&name.as_str())) {
            let message = format!("Invalid region names: ['{unknown}']");
            return Err(Error::new("InvalidParameterValue", message));
        }
        let named =
            |name: &&&str| self.region_names.is_empty() || self.region_names.iter().any(|own| own == **name);
        let regions =
            REGIONS.narrow(ENABLED.iter().filter(named).map(|name| Region::of(name)), &self.filters)?;
        Ok(DescribeRegionsResponse { regions })
    }
}

impl Region {
    fn of(name: &str) -> Region {
        Region {
            opt_in_status: "opt-in-not-required",
            region_name: name.to_owned(),
            region_endpoint: format!("ec2.{name}.amazonaws.com"),
        }
    }
}

/// Lists the availability zones of the caller's region, all or by name or id.
#[derive(Param)]
pub struct DescribeAvailabilityZones {
    zone_names: Vec<String>,
    zone_ids: Vec<String>,
    #[expect(dead_code, reason = "accepted without effect")]
    all_availability_zones: Accepted<bool>,
    filters: Vec<Filter>,
}

/// The zones found.
#[derive(Xml)]
pub struct DescribeAvailabilityZonesResponse {
    #[wire(response = "availabilityZoneInfo")]
    availability_zones: Vec<Zone>,
}

/// An availability zone.
#[derive(Xml)]
struct Zone {
    #[wire(response = "zoneState")]
    state: &'static str,
    opt_in_status: &'static str,
    #[wire(response = "messageSet")]
    messages: Vec<ZoneMessage>,
    region_name: RegionName,
    zone_name: ZoneName,
    zone_id: String,
    group_name: String,
    network_border_group: RegionName,
    zone_type: &'static str,
}

/// What there is to say of a zone's state: never anything.
#[derive(Xml)]
struct ZoneMessage {
    message: String,
}

const ZONES: FilterTable<Zone> = FilterTable {
    rows: &[
        // Only local and wavelength zones have a parent, and no zone here a long name.
        ("group-long-name", |_| vec![]),
        ("group-name", |zone| vec![zone.group_name.clone()]),
        ("message", |zone| zone.messages.iter().map(|message| message.message.clone()).collect()),
        ("opt-in-status", |zone| vec![zone.opt_in_status.to_owned()]),
        ("parent-zone-id", |_| vec![]),
        ("parent-zone-name", |_| vec![]),
        ("region-name", |zone| vec![zone.region_name.to_string()]),
        ("state", |zone| vec![zone.state.to_owned()]),
        ("zone-id", |zone| vec![zone.zone_id.clone()]),
        ("zone-name", |zone| vec![zone.zone_name.to_string()]),
        ("zone-type", |zone| vec![zone.zone_type.to_owned()]),
    ],
    tags: None,
};

impl Operation for DescribeAvailabilityZones {
    type Response = DescribeAvailabilityZonesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let region = cx.scope.region;
        let zones = ZoneName::LETTERS.iter().filter_map(|letter| ZoneName::new(region, *letter));
        let zones: Vec<Zone> = zones.map(Zone::of).collect();
        let has = |name: &String| zones.iter().any(|zone| zone.is(name));
        if let Some(unknown) = self.zone_names.iter().chain(&self.zone_ids).find(|name| !has(name)) {
            return Err(Error::new(
                "InvalidParameterValue",
                format!("Invalid availability zone: [{unknown}]"),
            ));
        }
        let everything = self.zone_names.is_empty() && self.zone_ids.is_empty();
        let named = |zone: &Zone| self.zone_names.iter().chain(&self.zone_ids).any(|name| zone.is(name));
        let zones = zones.into_iter().filter(|zone| everything || named(zone));
        Ok(DescribeAvailabilityZonesResponse { availability_zones: ZONES.narrow(zones, &self.filters)? })
    }
}

impl Zone {
    fn of(zone: ZoneName) -> Zone {
        Zone {
            state: "available",
            opt_in_status: "opt-in-not-required",
            messages: vec![],
            region_name: zone.region,
            zone_name: zone,
            zone_id: zone.zone_id(),
            group_name: format!("{}-zg-1", zone.region),
            network_border_group: zone.region,
            zone_type: "availability-zone",
        }
    }

    fn is(&self, name: &str) -> bool {
        self.zone_id == name || self.zone_name.to_string() == name
    }
}
