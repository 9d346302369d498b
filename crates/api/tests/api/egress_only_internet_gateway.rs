//! Egress-only internet gateways. Expectations: EC2 API Reference, CreateEgressOnlyInternetGateway and its kin.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_gateway_is_made_routed_to_and_deleted() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    let make = format!(
        "VpcId={vpc}&ClientToken=once&TagSpecification.1.ResourceType=egress-only-internet-gateway&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=out"
    );
    world.shows(
        "CreateEgressOnlyInternetGateway",
        &make,
        expect![[r#"
        <clientToken>once</clientToken>
        <egressOnlyInternetGateway>
          <attachmentSet>
            <item>
              <vpcId>vpc-1</vpcId>
              <state>attached</state>
            </item>
          </attachmentSet>
          <egressOnlyInternetGatewayId>eigw-2</egressOnlyInternetGatewayId>
          <tagSet>
            <item>
              <key>Name</key>
              <value>out</value>
            </item>
          </tagSet>
        </egressOnlyInternetGateway>
    "#]],
    );
    let by_tag = "Filter.1.Name=tag:Name&Filter.1.Value.1=out";
    let gateway = world.id("DescribeEgressOnlyInternetGateways", by_tag, "egressOnlyInternetGatewayId");
    assert_eq!(world.id("CreateEgressOnlyInternetGateway", &make, "egressOnlyInternetGatewayId"), gateway);
    world.refuses(
        "CreateEgressOnlyInternetGateway",
        &format!("VpcId={vpc}"),
        &format!("InvalidParameterValue: Network {vpc} already has an egress only internet gateway attached"),
    );
    let table = world.id(
        "DescribeRouteTables",
        &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"),
        "routeTableId",
    );
    let route = |to: &str| format!("RouteTableId={table}&{to}&EgressOnlyInternetGatewayId={gateway}");
    world.returns("CreateRoute", &route("DestinationIpv6CidrBlock=::/0"));
    world.refuses(
        "CreateRoute",
        &route("DestinationCidrBlock=0.0.0.0/0"),
        &format!("InvalidParameterValue: The destination 0.0.0.0/0 is not valid for a route with the target {gateway}."),
    );
    let shown = world.does("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    assert!(shown.contains(&format!("<egressOnlyInternetGatewayId>{gateway}<")), "{shown}");
    assert!(!shown.contains("blackhole"), "{shown}");
    let by_gateway =
        format!("Filter.1.Name=route.egress-only-internet-gateway-id&Filter.1.Value.1={gateway}");
    assert!(world.all("DescribeRouteTables", &by_gateway, "routeTableId").contains(&table));
    world.refuses(
        "DeleteVpc",
        &format!("VpcId={vpc}"),
        &format!("DependencyViolation: The vpc '{vpc}' has dependencies and cannot be deleted."),
    );
    let delete = format!("EgressOnlyInternetGatewayId={gateway}");
    world.shows(
        "DeleteEgressOnlyInternetGateway",
        &delete,
        expect![[r#"
        <returnCode>true</returnCode>
    "#]],
    );
    let shown = world.does("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    assert!(shown.contains("<state>blackhole</state>"), "{shown}");
    let missing = format!("InvalidGatewayID.NotFound: The eigw ID '{gateway}' does not exist");
    world.refuses("DeleteEgressOnlyInternetGateway", &delete, &missing);
    world.refuses(
        "DescribeEgressOnlyInternetGateways",
        &format!("EgressOnlyInternetGatewayId.1={gateway}"),
        &missing,
    );
    world.returns("DeleteVpc", &format!("VpcId={vpc}"));
}

#[test]
fn what_is_not_there_is_refused() {
    let mut world = World::new();
    let rows = [
        (
            "CreateEgressOnlyInternetGateway",
            "VpcId=vpc-12345678",
            "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist",
        ),
        (
            "DeleteEgressOnlyInternetGateway",
            "EgressOnlyInternetGatewayId=eigw-1",
            "InvalidEgressOnlyInternetGatewayId.Malformed: Invalid id: &quot;eigw-1&quot; (expecting &quot;eigw-...&quot;)",
        ),
    ];
    for (action, params, refusal) in rows {
        world.refuses(action, params, refusal);
    }
}

#[test]
fn gateways_of_other_vpcs_are_no_targets() {
    let mut world = World::new();
    let (one, other) = (
        world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId"),
        world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId"),
    );
    let gateway =
        world.id("CreateEgressOnlyInternetGateway", &format!("VpcId={one}"), "egressOnlyInternetGatewayId");
    let table = world.id("CreateRouteTable", &format!("VpcId={other}"), "routeTableId");
    world.refuses(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationIpv6CidrBlock=::/0&EgressOnlyInternetGatewayId={gateway}"),
        &format!("InvalidParameterValue: route table {table} and egress only internet gateway {gateway} belong to different networks"),
    );
}

#[test]
fn a_region_has_five_at_most() {
    let mut world = World::new();
    for block in 0..6 {
        let vpc = world.id("CreateVpc", &format!("CidrBlock=10.{block}.0.0/16"), "vpcId");
        match block {
            5 => world.refuses(
                "CreateEgressOnlyInternetGateway",
                &format!("VpcId={vpc}"),
                "EgressOnlyInternetGatewayLimitExceeded: The maximum number of egress only internet gateways has been reached.",
            ),
            _ => drop(world.does("CreateEgressOnlyInternetGateway", &format!("VpcId={vpc}"))),
        }
    }
}
