//! Regions and availability zones.

use crate::world::World;
use expect_test::expect;

#[test]
fn regions_are_listed_by_name() {
    let mut world = World::new();
    world.check(
        "DescribeRegions",
        "RegionName.1=eu-west-1",
        expect![[r#"
        <regionInfo>
          <item>
            <optInStatus>opt-in-not-required</optInStatus>
            <regionName>eu-west-1</regionName>
            <regionEndpoint>ec2.eu-west-1.amazonaws.com</regionEndpoint>
          </item>
        </regionInfo>
    "#]],
    );
    world.check(
        "DescribeRegions",
        "Filter.1.Name=region-name&Filter.1.Value.1=us-west-*",
        expect![[r#"
        <regionInfo>
          <item>
            <optInStatus>opt-in-not-required</optInStatus>
            <regionName>us-west-1</regionName>
            <regionEndpoint>ec2.us-west-1.amazonaws.com</regionEndpoint>
          </item>
          <item>
            <optInStatus>opt-in-not-required</optInStatus>
            <regionName>us-west-2</regionName>
            <regionEndpoint>ec2.us-west-2.amazonaws.com</regionEndpoint>
          </item>
        </regionInfo>
    "#]],
    );
    world.check(
        "DescribeRegions",
        "RegionName.1=nowhere-1",
        expect!["400 InvalidParameterValue: Invalid region names: ['nowhere-1']"],
    );
}

#[test]
fn zones_are_those_of_the_callers_region() {
    let mut world = World { region: "eu-central-1", ..World::new() };
    world.check(
        "DescribeAvailabilityZones",
        "ZoneName.1=eu-central-1b",
        expect![[r#"
        <availabilityZoneInfo>
          <item>
            <zoneState>available</zoneState>
            <optInStatus>opt-in-not-required</optInStatus>
            <messageSet/>
            <regionName>eu-central-1</regionName>
            <zoneName>eu-central-1b</zoneName>
            <zoneId>euc1-az2</zoneId>
            <groupName>eu-central-1-zg-1</groupName>
            <networkBorderGroup>eu-central-1</networkBorderGroup>
            <zoneType>availability-zone</zoneType>
          </item>
        </availabilityZoneInfo>
    "#]],
    );
    world.check(
        "DescribeAvailabilityZones",
        "ZoneName.1=us-east-1a",
        expect!["400 InvalidParameterValue: Invalid availability zone: [us-east-1a]"],
    );
    world.check(
        "DescribeAvailabilityZones",
        "ZoneId.1=euc1-az9",
        expect!["400 InvalidParameterValue: Invalid availability zone: [euc1-az9]"],
    );
    world.check(
        "DescribeAvailabilityZones",
        "Filter.1.Name=colour&Filter.1.Value.1=red",
        expect!["400 InvalidParameterValue: The filter 'colour' is invalid"],
    );
    assert_eq!(world.ec2("DescribeAvailabilityZones", "").matches("<zoneName>").count(), 3);
}

#[test]
fn dry_run_is_an_error_that_says_it_would_succeed() {
    let mut world = World::new();
    world.check(
        "DescribeRegions",
        "DryRun=true",
        expect!["412 DryRunOperation: Request would have succeeded, but DryRun flag is set."],
    );
    world.check("DescribeRegions", "DryRun=maybe", expect!["400 InvalidParameterValue: Value ( maybe ) for parameter dryRun is invalid. Expecting true or false."]);
    world.check(
        "DescribeRegions",
        "DryRun=true&Colour=red",
        expect!["400 UnknownParameter: The parameter Colour is not recognized"],
    );
}

#[test]
fn regions_and_zones_are_found_by_filter() {
    let mut world = World::new();
    let regions = [
        ("endpoint", "ec2.eu-west-1.amazonaws.com", 1),
        ("opt-in-status", "opt-in-not-required", 17),
        ("opt-in-status", "opted-in", 0),
        ("region-name", "eu-*", 5),
    ];
    for (name, value, count) in regions {
        let found = world.all("DescribeRegions", &filter(name, value), "regionName");
        assert_eq!(found.len(), count, "{name}={value}");
    }
    let zones = [
        ("group-long-name", "*", 0),
        ("group-name", "us-east-1-zg-1", 3),
        ("message", "*", 0),
        ("opt-in-status", "opt-in-not-required", 3),
        ("parent-zone-id", "*", 0),
        ("parent-zone-name", "*", 0),
        ("region-name", "us-east-1", 3),
        ("state", "available", 3),
        ("zone-id", "use1-az2", 1),
        ("zone-name", "us-east-1[bc]", 0),
        ("zone-name", "us-east-1c", 1),
        ("zone-type", "availability-zone", 3),
    ];
    for (name, value, count) in zones {
        let found = world.all("DescribeAvailabilityZones", &filter(name, value), "zoneName");
        assert_eq!(found.len(), count, "{name}={value}");
    }
}

fn filter(name: &str, value: &str) -> String {
    format!("Filter.1.Name={name}&Filter.1.Value.1={value}")
}
