//! DHCP options sets.

use crate::world::World;
use expect_test::expect;

const SERVERS: &str = "DhcpConfiguration.1.Key=domain-name-servers&DhcpConfiguration.1.Value.1=10.0.0.2&DhcpConfiguration.1.Value.2=AmazonProvidedDNS&DhcpConfiguration.2.Key=domain-name&DhcpConfiguration.2.Value.1=example.com";

#[test]
fn the_default_set_names_the_region() {
    let mut world = World { region: "eu-west-1", ..World::new() };
    world.shows(
        "DescribeDhcpOptions",
        "",
        expect![[r#"
        <dhcpOptionsSet>
          <item>
            <dhcpOptionsId>dopt-1</dhcpOptionsId>
            <ownerId>000000000000</ownerId>
            <dhcpConfigurationSet>
              <item>
                <key>domain-name</key>
                <valueSet>
                  <item>
                    <value>eu-west-1.compute.internal</value>
                  </item>
                </valueSet>
              </item>
              <item>
                <key>domain-name-servers</key>
                <valueSet>
                  <item>
                    <value>AmazonProvidedDNS</value>
                  </item>
                </valueSet>
              </item>
            </dhcpConfigurationSet>
            <tagSet/>
          </item>
        </dhcpOptionsSet>
    "#]],
    );
}

#[test]
fn a_set_is_made_used_and_deleted() {
    let mut world = World::new();
    world.shows("CreateDhcpOptions", &format!("{SERVERS}&TagSpecification.1.ResourceType=dhcp-options&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=own"), expect![[r#"
        <dhcpOptions>
          <dhcpOptionsId>dopt-1</dhcpOptionsId>
          <ownerId>000000000000</ownerId>
          <dhcpConfigurationSet>
            <item>
              <key>domain-name-servers</key>
              <valueSet>
                <item>
                  <value>10.0.0.2</value>
                </item>
                <item>
                  <value>AmazonProvidedDNS</value>
                </item>
              </valueSet>
            </item>
            <item>
              <key>domain-name</key>
              <valueSet>
                <item>
                  <value>example.com</value>
                </item>
              </valueSet>
            </item>
          </dhcpConfigurationSet>
          <tagSet>
            <item>
              <key>Name</key>
              <value>own</value>
            </item>
          </tagSet>
        </dhcpOptions>
    "#]]);
    let id = world.id("DescribeDhcpOptions", "Filter.1.Name=tag:Name&Filter.1.Value.1=own", "dhcpOptionsId");
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    world.returns("AssociateDhcpOptions", &format!("DhcpOptionsId={id}&VpcId={vpc}"));
    assert_eq!(world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "dhcpOptionsId"), id);
    world.refuses(
        "DeleteDhcpOptions",
        &format!("DhcpOptionsId={id}"),
        &format!("DependencyViolation: The dhcpOptions '{id}' has dependencies and cannot be deleted."),
    );
    world.does("AssociateDhcpOptions", &format!("DhcpOptionsId=default&VpcId={vpc}"));
    assert_eq!(world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "dhcpOptionsId"), "default");
    world.returns("DeleteDhcpOptions", &format!("DhcpOptionsId={id}"));
    let missing = format!("InvalidDhcpOptionsID.NotFound: The dhcpOption ID '{id}' does not exist");
    for (action, more) in [("DeleteDhcpOptions", ""), ("AssociateDhcpOptions", &*format!("&VpcId={vpc}"))] {
        world.refuses(action, &format!("DhcpOptionsId={id}{more}"), &missing);
    }
    world.refuses("DescribeDhcpOptions", &format!("DhcpOptionsId.1={id}"), &missing);
}

#[test]
fn sets_are_found_by_filter() {
    let mut world = World::new();
    let own = world.id("CreateDhcpOptions", SERVERS, "dhcpOptionsId");
    let rows = [
        ("dhcp-options-id", own.as_str(), 1),
        ("key", "domain-name", 2),
        ("key", "ntp-servers", 0),
        ("value", "example.com", 1),
        ("owner-id", "000000000000", 2),
        ("tag-key", "Name", 0),
    ];
    for (name, value, count) in rows {
        let found = world.all(
            "DescribeDhcpOptions",
            &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"),
            "dhcpOptionsId",
        );
        assert_eq!(found.len(), count, "{name}={value}");
    }
}

#[test]
fn refused_options_say_why() {
    let mut world = World::new();
    let rows = [
        ("", "MissingParameter: The request must contain the parameter DhcpConfiguration"),
        (
            "DhcpConfiguration.1.Key=routers&DhcpConfiguration.1.Value.1=10.0.0.1",
            "InvalidParameterValue: Value (routers) for parameter key is invalid. Unknown DHCP option",
        ),
        (
            "DhcpConfiguration.1.Key=ntp-servers&DhcpConfiguration.1.Value.1=time",
            "InvalidParameterValue: Value (time) for parameter ntp-servers is invalid.",
        ),
        (
            "DhcpConfiguration.1.Key=ntp-servers",
            "InvalidParameterValue: The number of values for DHCP option ntp-servers is invalid.",
        ),
        (
            "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=a&DhcpConfiguration.2.Key=domain-name&DhcpConfiguration.2.Value.1=b",
            "InvalidParameterValue: Duplicate DHCP option domain-name.",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateDhcpOptions", params, refusal);
    }
}
