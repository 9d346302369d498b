//! Lists of what cannot be made here. Expectations: EC2 API Reference, the page of each call.

use crate::world::World;
use expect_test::expect;

#[test]
fn what_cannot_be_made_is_listed_as_absent() {
    let mut world = World::new();
    let subnet = world.id("DescribeSubnets", "", "subnetId");
    let of_subnet = format!("SubnetId={subnet}");
    let rows = [
        ("DescribeVpnGateways", "", "vpnGatewaySet"),
        ("GetSubnetCidrReservations", of_subnet.as_str(), "subnetIpv4CidrReservationSet"),
        ("DescribeVpcEndpointAssociations", "", "vpcEndpointAssociationSet"),
        ("DescribeSecurityGroupVpcAssociations", "", "securityGroupVpcAssociationSet"),
    ];
    for (action, params, element) in rows {
        let said = world.does(action, params);
        assert!(said.contains(&format!("<{element}/>")), "{action}: {said}");
        let filter = format!("{params}&Filter.1.Name=colour&Filter.1.Value.1=x");
        let refusal = "InvalidParameterValue: The filter 'colour' is invalid";
        world.refuses(action, filter.trim_start_matches('&'), refusal);
    }
    let of_gateways = [
        "amazon-side-asn",
        "attachment.state",
        "attachment.vpc-id",
        "availability-zone",
        "state",
        "type",
        "vpn-gateway-id",
        "tag-key",
    ];
    for name in of_gateways {
        world.does("DescribeVpnGateways", &format!("Filter.1.Name={name}&Filter.1.Value.1=x"));
    }
    for name in ["reservationType", "subnet-id", "tag-key"] {
        let params = format!("{of_subnet}&Filter.1.Name={name}&Filter.1.Value.1=x");
        world.does("GetSubnetCidrReservations", &params);
    }
    world.refuses(
        "DescribeVpnGateways",
        "VpnGatewayId.1=vgw-12345678",
        "InvalidVpnGatewayID.NotFound: The vpnGateway ID 'vgw-12345678' does not exist",
    );
    world.refuses(
        "GetSubnetCidrReservations",
        "SubnetId=subnet-12345678",
        "InvalidSubnetID.NotFound: The subnet ID 'subnet-12345678' does not exist",
    );
    world.refuses(
        "DescribeVpcEndpointAssociations",
        "VpcEndpointId.1=vpce-12345678",
        "InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id 'vpce-12345678' does not exist",
    );
}

#[test]
fn public_access_is_not_blocked() {
    World::new().check(
        "DescribeVpcBlockPublicAccessOptions",
        "",
        expect![[r#"
            <vpcBlockPublicAccessOptions>
              <awsAccountId>000000000000</awsAccountId>
              <awsRegion>us-east-1</awsRegion>
              <state>default-state</state>
              <internetGatewayBlockMode>off</internetGatewayBlockMode>
              <managedBy>account</managedBy>
              <exclusionsAllowed>allowed</exclusionsAllowed>
            </vpcBlockPublicAccessOptions>
        "#]],
    );
}
