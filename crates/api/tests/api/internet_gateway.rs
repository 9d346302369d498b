//! Internet gateways.

use crate::world::World;
use expect_test::expect;

#[test]
fn a_gateway_is_attached_detached_and_deleted() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    world.shows("CreateInternetGateway", "TagSpecification.1.ResourceType=internet-gateway&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=edge", expect![[r#"
        <internetGateway>
          <internetGatewayId>igw-1</internetGatewayId>
          <ownerId>000000000000</ownerId>
          <attachmentSet/>
          <tagSet>
            <item>
              <key>Name</key>
              <value>edge</value>
            </item>
          </tagSet>
        </internetGateway>
    "#]]);
    let gateway = world.id(
        "DescribeInternetGateways",
        "Filter.1.Name=tag:Name&Filter.1.Value.1=edge",
        "internetGatewayId",
    );
    let both = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    world.refuses(
        "DetachInternetGateway",
        &both,
        &format!("Gateway.NotAttached: resource {gateway} is not attached to network {vpc}"),
    );
    world.returns("AttachInternetGateway", &both);
    world.shows(
        "DescribeInternetGateways",
        &format!("InternetGatewayId.1={gateway}"),
        expect![[r#"
        <internetGatewaySet>
          <item>
            <internetGatewayId>igw-1</internetGatewayId>
            <ownerId>000000000000</ownerId>
            <attachmentSet>
              <item>
                <vpcId>vpc-2</vpcId>
                <state>available</state>
              </item>
            </attachmentSet>
            <tagSet>
              <item>
                <key>Name</key>
                <value>edge</value>
              </item>
            </tagSet>
          </item>
        </internetGatewaySet>
    "#]],
    );
    world.refuses(
        "AttachInternetGateway",
        &both,
        &format!("Resource.AlreadyAssociated: resource {gateway} is already attached to network {vpc}"),
    );
    let spare = world.id("CreateInternetGateway", "", "internetGatewayId");
    world.refuses(
        "AttachInternetGateway",
        &format!("InternetGatewayId={spare}&VpcId={vpc}"),
        &format!("InvalidParameterValue: Network {vpc} already has an internet gateway attached"),
    );
    world.refuses(
        "DeleteInternetGateway",
        &format!("InternetGatewayId={gateway}"),
        &format!(
            "DependencyViolation: The internetGateway '{gateway}' has dependencies and cannot be deleted."
        ),
    );
    world.returns("DetachInternetGateway", &both);
    world.returns("DeleteInternetGateway", &format!("InternetGatewayId={gateway}"));
    let missing =
        format!("InvalidInternetGatewayID.NotFound: The internetGateway ID '{gateway}' does not exist");
    world.refuses("DeleteInternetGateway", &format!("InternetGatewayId={gateway}"), &missing);
    world.refuses("AttachInternetGateway", &both, &missing);
    world.refuses("DescribeInternetGateways", &format!("InternetGatewayId.1={gateway}"), &missing);
    world.refuses(
        "AttachInternetGateway",
        &format!("InternetGatewayId={spare}&VpcId=vpc-12345678"),
        "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist",
    );
}

#[test]
fn gateways_are_found_by_filter() {
    let mut world = World::new();
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    let spare = world.id("CreateInternetGateway", "", "internetGatewayId");
    let rows = [
        ("attachment.state", "available", 1),
        ("attachment.vpc-id", vpc.as_str(), 1),
        ("internet-gateway-id", spare.as_str(), 1),
        ("owner-id", "000000000000", 2),
        ("tag-key", "*", 0),
    ];
    for (name, value, count) in rows {
        let found = world.all(
            "DescribeInternetGateways",
            &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"),
            "internetGatewayId",
        );
        assert_eq!(found.len(), count, "{name}={value}");
    }
}
