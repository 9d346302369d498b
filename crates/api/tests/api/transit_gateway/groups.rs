//! Security groups that name groups of other VPCs by way of a transit gateway.
//! Expectations: Amazon VPC Transit Gateways guide, "Security group referencing" (off by default at the gateway, on at
//! attachments; rules of ingress); EC2 API Reference, SecurityGroupReference, DescribeStaleSecurityGroups.

use super::*;

#[test]
fn references_by_way_of_a_gateway_are_told_and_go_stale() {
    let mut world = world();
    let id = gateway(&mut world);
    let (one, other) = (vpc(&mut world, 1), vpc(&mut world, 2));
    let attached = [attach(&mut world, &id, &one), attach(&mut world, &id, &other)];
    let mut make = |vpc: &str| {
        world.id("CreateSecurityGroup", &format!("GroupName=g&GroupDescription=g&VpcId={vpc}"), "groupId")
    };
    let (web, db) = (make(&one.0), make(&other.0));
    let rule = format!("GroupId={db}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={web}");
    let refused =
        "InvalidGroup.NotFound: You have specified two resources that belong to different networks.";
    world.refuses("AuthorizeSecurityGroupIngress", &rule, refused);
    let option = |on: &str| format!("TransitGatewayId={id}&Options.SecurityGroupReferencingSupport={on}");
    world.does("ModifyTransitGateway", &option("enable"));
    world.refuses("AuthorizeSecurityGroupEgress", &rule, refused);
    world.does("AuthorizeSecurityGroupIngress", &rule);

    let references = format!("GroupId.1={web}");
    world.shows(
        "DescribeSecurityGroupReferences",
        &references,
        expect![[r#"
        <securityGroupReferenceSet>
          <item>
            <groupId>sg-1</groupId>
            <referencingVpcId>vpc-2</referencingVpcId>
            <transitGatewayId>tgw-3</transitGatewayId>
          </item>
        </securityGroupReferenceSet>
    "#]],
    );
    let stale = format!("VpcId={}", other.0);
    assert_eq!(world.all("DescribeStaleSecurityGroups", &stale, "groupName"), [""; 0]);

    let both = |on: &str| {
        let attachment = &attached[0];
        format!("TransitGatewayAttachmentId={attachment}&Options.SecurityGroupReferencingSupport={on}")
    };
    for (action, off, on) in [
        ("ModifyTransitGateway", option("disable"), option("enable")),
        ("ModifyTransitGatewayVpcAttachment", both("disable"), both("enable")),
    ] {
        world.does(action, &off);
        assert_eq!(
            world.all("DescribeSecurityGroupReferences", &references, "transitGatewayId"),
            [""; 0],
            "{off}"
        );
        assert_eq!(world.all("DescribeStaleSecurityGroups", &stale, "groupName"), ["g"], "{off}");
        world.does(action, &on);
        assert_eq!(world.all("DescribeStaleSecurityGroups", &stale, "groupName"), [""; 0], "{on}");
    }
    // A reference from another VPC does not hold the group; its rule stays behind.
    world.does("DeleteSecurityGroup", &format!("GroupId={web}"));
    world.shows(
        "DescribeStaleSecurityGroups",
        &stale,
        expect![[r#"
        <staleSecurityGroupSet>
          <item>
            <description>g</description>
            <groupId>sg-1</groupId>
            <groupName>g</groupName>
            <staleIpPermissions>
              <item>
                <ipProtocol>-1</ipProtocol>
                <ipRanges/>
                <prefixListIds/>
                <groups>
                  <item>
                    <userId>111111111111</userId>
                    <groupId>sg-2</groupId>
                  </item>
                </groups>
              </item>
            </staleIpPermissions>
            <staleIpPermissionsEgress/>
            <vpcId>vpc-3</vpcId>
          </item>
        </staleSecurityGroupSet>
    "#]],
    );
}
