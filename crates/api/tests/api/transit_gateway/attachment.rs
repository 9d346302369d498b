//! Attachments of VPCs and of other gateways.
//! Expectations: Amazon VPC Transit Gateways guide; EC2 API Reference.

use super::*;

#[test]
fn an_attachment_has_an_interface_in_each_subnet() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let params = format!(
        "TransitGatewayId={id}&VpcId={}&SubnetIds.1={}&SubnetIds.2={}&Options.ApplianceModeSupport=enable\
         &TagSpecifications.1.ResourceType=transit-gateway-attachment&TagSpecifications.1.Tag.1.Key=Name\
         &TagSpecifications.1.Tag.1.Value=home",
        home.0, home.1[0], home.1[1]
    );
    world.shows(
        "CreateTransitGatewayVpcAttachment",
        &params,
        expect![[r#"
        <transitGatewayVpcAttachment>
          <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
          <transitGatewayId>tgw-2</transitGatewayId>
          <vpcId>vpc-3</vpcId>
          <vpcOwnerId>111111111111</vpcOwnerId>
          <state>pending</state>
          <subnetIds>
            <item>subnet-4</item>
            <item>subnet-5</item>
          </subnetIds>
          <creationTime>2024-01-02T03:04:05.000Z</creationTime>
          <options>
            <dnsSupport>enable</dnsSupport>
            <securityGroupReferencingSupport>enable</securityGroupReferencingSupport>
            <ipv6Support>disable</ipv6Support>
            <applianceModeSupport>enable</applianceModeSupport>
          </options>
          <tagSet>
            <item>
              <key>Name</key>
              <value>home</value>
            </item>
          </tagSet>
        </transitGatewayVpcAttachment>
    "#]],
    );
    assert_eq!(world.all("DescribeTransitGatewayVpcAttachments", "", "state"), ["available"]);
    let attachment = world.id("DescribeTransitGatewayVpcAttachments", "", "transitGatewayAttachmentId");
    let interfaces = "Filter.1.Name=interface-type&Filter.1.Value.1=transit_gateway";
    let show = |world: &mut World, element: &str| world.all("DescribeNetworkInterfaces", interfaces, element);
    assert_eq!(show(&mut world, "subnetId").len(), 2);
    let description = format!("Network Interface for Transit Gateway Attachment {attachment}");
    assert_eq!(show(&mut world, "description"), [description.as_str(), description.as_str()]);
    assert_eq!(show(&mut world, "sourceDestCheck"), ["false", "false"]);
    assert_eq!(show(&mut world, "requesterManaged"), ["true", "true"]);
    assert!(show(&mut world, "groupId").is_empty());
}

#[test]
fn what_depends_on_an_attachment_stays() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    attach(&mut world, &id, &home);
    let subnet = &home.1[0];
    world.refuses(
        "DeleteSubnet",
        &format!("SubnetId={subnet}"),
        &format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted."),
    );
    world.refuses(
        "DeleteVpc",
        &format!("VpcId={}", home.0),
        &format!("DependencyViolation: The vpc '{}' has dependencies and cannot be deleted.", home.0),
    );
    let interface = world.id("DescribeNetworkInterfaces", "", "networkInterfaceId");
    let managed = format!(
        "OperationNotPermitted: You do not have permission to manage the network interface '{interface}': it is managed by AWS."
    );
    world.refuses("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}"), &managed);
}

#[test]
fn attachments_are_refused_that_do_not_fit() {
    let mut world = world();
    let id = gateway(&mut world);
    let (home, far) = (vpc(&mut world, 1), vpc(&mut world, 2));
    let beside = format!("VpcId={}&CidrBlock=10.1.3.0/24&AvailabilityZone=us-east-1a", home.0);
    let beside = world.id("CreateSubnet", &beside, "subnetId");
    let request = |subnets: &[&String]| {
        let subnets = subnets.iter().zip(1..).map(|(subnet, n)| format!("&SubnetIds.{n}={subnet}"));
        format!("TransitGatewayId={id}&VpcId={}{}", home.0, subnets.collect::<String>())
    };
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &request(&[&home.1[0], &beside]),
        "DuplicateSubnetsInSameZone: Duplicate Subnets for same AZ",
    );
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &request(&[&far.1[0]]),
        &format!("InvalidParameterValue: The subnet '{}' is not in the VPC '{}'.", far.1[0], home.0),
    );
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &request(&[&"subnet-12345678".to_owned()]),
        "InvalidSubnetID.NotFound: The subnet ID 'subnet-12345678' does not exist",
    );
    attach(&mut world, &id, &home);
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &request(&[&home.1[0]]),
        &format!("DuplicateTransitGatewayAttachment: {id} has non-deleted Transit Gateway Attachments with same VPC ID."),
    );
    let other = format!("TransitGatewayId=tgw-12345678&VpcId={}&SubnetIds.1={}", home.0, home.1[0]);
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &other,
        "InvalidTransitGatewayID.NotFound: Transit Gateway tgw-12345678 was deleted or does not exist.",
    );
}

// Weir has no resource sharing, so a gateway is of use to its own account only.
#[test]
fn others_gateways_are_unknown() {
    let mut world = world();
    let id = gateway(&mut world);
    world.access_key = THEIRS;
    let far = vpc(&mut world, 2);
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &format!("TransitGatewayId={id}&VpcId={}&SubnetIds.1={}", far.0, far.1[0]),
        &format!("InvalidTransitGatewayID.NotFound: Transit Gateway {id} was deleted or does not exist."),
    );
    assert!(world.all("DescribeTransitGateways", "", "state").is_empty());
}

#[test]
fn an_ipv6_only_subnet_is_no_door() {
    let mut world = world();
    let id = gateway(&mut world);
    let params = "CidrBlock=10.1.0.0/16&AmazonProvidedIpv6CidrBlock=true";
    let vpc = world.id("CreateVpc", params, "vpcId");
    let block = world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "ipv6CidrBlock").replace("/56", "/64");
    let params = format!("VpcId={vpc}&Ipv6CidrBlock={block}&Ipv6Native=true");
    let subnet = world.id("CreateSubnet", &params, "subnetId");
    world.refuses(
        "CreateTransitGatewayVpcAttachment",
        &format!("TransitGatewayId={id}&VpcId={vpc}&SubnetIds.1={subnet}"),
        &format!("InvalidParameterValue: The subnet '{subnet}' is IPv6-only. A transit gateway attachment needs subnets with IPv4 addresses."),
    );
}

#[test]
fn an_attachment_is_changed() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let params = format!("TransitGatewayId={id}&VpcId={}&SubnetIds.1={}", home.0, home.1[0]);
    let attachment = world.id("CreateTransitGatewayVpcAttachment", &params, "transitGatewayAttachmentId");
    let modify = |change: &str| format!("TransitGatewayAttachmentId={attachment}&{change}");
    let (first, second) = (&home.1[0], &home.1[1]);
    let refusals = [
        (format!("RemoveSubnetIds.1={first}"), format!("{attachment} must have at least one subnet.")),
        (format!("AddSubnetIds.1={first}"), format!("The subnet '{first}' is already part of {attachment}.")),
        (
            format!("RemoveSubnetIds.1={second}"),
            format!("The subnet '{second}' is not part of {attachment}."),
        ),
    ];
    for (change, sentence) in refusals {
        let refusal = format!("InvalidParameterValue: {sentence}");
        world.refuses("ModifyTransitGatewayVpcAttachment", &modify(&change), &refusal);
    }
    let change = format!(
        "AddSubnetIds.1={second}&RemoveSubnetIds.1={first}&Options.DnsSupport=disable\
         &Options.ApplianceModeSupport=enable&Options.SecurityGroupReferencingSupport=disable"
    );
    world.shows(
        "ModifyTransitGatewayVpcAttachment",
        &modify(&change),
        expect![[r#"
        <transitGatewayVpcAttachment>
          <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
          <transitGatewayId>tgw-2</transitGatewayId>
          <vpcId>vpc-3</vpcId>
          <vpcOwnerId>111111111111</vpcOwnerId>
          <state>modifying</state>
          <subnetIds>
            <item>subnet-4</item>
          </subnetIds>
          <creationTime>2024-01-02T03:04:05.000Z</creationTime>
          <options>
            <dnsSupport>disable</dnsSupport>
            <securityGroupReferencingSupport>disable</securityGroupReferencingSupport>
            <ipv6Support>disable</ipv6Support>
            <applianceModeSupport>enable</applianceModeSupport>
          </options>
          <tagSet/>
        </transitGatewayVpcAttachment>
    "#]],
    );
    let subnets = world.all("DescribeNetworkInterfaces", "", "subnetId");
    assert_eq!(subnets, [second.as_str()]);
}

#[test]
fn a_deleted_attachment_takes_its_interfaces_with_it_and_leaves_blackholes() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let main = world.id(
        "DescribeRouteTables",
        "Filter.1.Name=association.main&Filter.1.Value.1=true",
        "routeTableId",
    );
    let to_gateway = format!("RouteTableId={main}&DestinationCidrBlock=10.0.0.0/8&TransitGatewayId={id}");
    world.returns("CreateRoute", &to_gateway);
    let default = default_table(&mut world, &id);
    let params = format!(
        "TransitGatewayRouteTableId={default}&DestinationCidrBlock=0.0.0.0/0&TransitGatewayAttachmentId={attachment}"
    );
    world.does("CreateTransitGatewayRoute", &params);
    assert_eq!(routes(&mut world, &default), ["0.0.0.0/0 static active", "10.1.0.0/16 propagated active"]);

    let by_id = format!("TransitGatewayAttachmentId={attachment}");
    assert_eq!(world.all("DeleteTransitGatewayVpcAttachment", &by_id, "state"), ["deleting"]);
    assert_eq!(world.all("DescribeTransitGatewayVpcAttachments", "", "state"), ["deleted"]);
    assert!(world.all("DescribeNetworkInterfaces", "", "subnetId").is_empty());
    assert_eq!(routes(&mut world, &default), ["0.0.0.0/0 static blackhole"]);
    let states = world.all("DescribeRouteTables", &format!("RouteTableId.1={main}"), "state");
    assert!(states.contains(&"blackhole".to_owned()), "{states:?}");
    let gone = format!(
        "InvalidTransitGatewayAttachmentID.NotFound: Transit Gateway VPC Attachment {attachment} was deleted or does not exist."
    );
    world.refuses("DeleteTransitGatewayVpcAttachment", &by_id, &gone);
    wait(&mut world, SEEN_MS);
    assert!(world.all("DescribeTransitGatewayVpcAttachments", "", "state").is_empty());
    world.refuses(
        "DescribeTransitGatewayAttachments",
        &format!("TransitGatewayAttachmentIds.1={attachment}"),
        &format!("InvalidTransitGatewayAttachmentID.NotFound: Transit Gateway Attachment {attachment} was deleted or does not exist."),
    );
    world.refuses(
        "DescribeTransitGatewayVpcAttachments",
        &format!("TransitGatewayAttachmentIds.1={attachment}"),
        &gone,
    );
}

#[test]
fn a_route_leads_to_a_gateway_that_the_vpc_is_attached_to() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let main = world.id(
        "DescribeRouteTables",
        &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={}", home.0),
        "routeTableId",
    );
    let route = format!("RouteTableId={main}&DestinationCidrBlock=10.0.0.0/8&TransitGatewayId={id}");
    let absent = format!("InvalidTransitGatewayID.NotFound: The transitGateway ID '{id}' does not exist");
    world.refuses("CreateRoute", &route, &absent);
    attach(&mut world, &id, &home);
    world.returns("CreateRoute", &route);
    let shown = world.all("DescribeRouteTables", &format!("RouteTableId.1={main}"), "transitGatewayId");
    assert_eq!(shown, [id]);
}

#[test]
fn attachments_of_both_kinds_are_listed() {
    let mut world = world();
    let (hub, other) = (gateway(&mut world), gateway(&mut world));
    let home = vpc(&mut world, 1);
    attach(&mut world, &hub, &home);
    let params = format!(
        "TransitGatewayId={hub}&PeerTransitGatewayId={other}&PeerAccountId={OURS}&PeerRegion=us-east-1"
    );
    world.does("CreateTransitGatewayPeeringAttachment", &params);
    world.shows(
        "DescribeTransitGatewayAttachments",
        "",
        expect![[r#"
        <transitGatewayAttachments>
          <item>
            <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
            <transitGatewayId>tgw-2</transitGatewayId>
            <transitGatewayOwnerId>111111111111</transitGatewayOwnerId>
            <resourceOwnerId>111111111111</resourceOwnerId>
            <resourceType>peering</resourceType>
            <resourceId>tgw-3</resourceId>
            <state>pendingAcceptance</state>
            <creationTime>2024-01-02T03:04:05.000Z</creationTime>
            <tagSet/>
          </item>
          <item>
            <transitGatewayAttachmentId>tgw-attach-4</transitGatewayAttachmentId>
            <transitGatewayId>tgw-3</transitGatewayId>
            <transitGatewayOwnerId>111111111111</transitGatewayOwnerId>
            <resourceOwnerId>111111111111</resourceOwnerId>
            <resourceType>vpc</resourceType>
            <resourceId>vpc-5</resourceId>
            <state>available</state>
            <association>
              <transitGatewayRouteTableId>tgw-rtb-6</transitGatewayRouteTableId>
              <state>associated</state>
            </association>
            <creationTime>2024-01-02T03:04:05.000Z</creationTime>
            <tagSet/>
          </item>
          <item>
            <transitGatewayAttachmentId>tgw-attach-7</transitGatewayAttachmentId>
            <transitGatewayId>tgw-3</transitGatewayId>
            <transitGatewayOwnerId>111111111111</transitGatewayOwnerId>
            <resourceOwnerId>111111111111</resourceOwnerId>
            <resourceType>peering</resourceType>
            <resourceId>tgw-2</resourceId>
            <state>pendingAcceptance</state>
            <creationTime>2024-01-02T03:04:05.000Z</creationTime>
            <tagSet/>
          </item>
        </transitGatewayAttachments>
    "#]],
    );
}

#[test]
fn the_accepter_accepts_a_peering() {
    let mut world = world();
    let (id, ours, theirs) = request(&mut world);
    let by_id = format!("TransitGatewayAttachmentId={id}");
    assert_eq!(world.all("DescribeTransitGatewayPeeringAttachments", "", "state"), ["pendingAcceptance"]);
    world.refuses(
        "AcceptTransitGatewayPeeringAttachment",
        &by_id,
        &format!("OperationNotPermitted: Only the owner of the accepter transit gateway can accept or reject {id}, in its region."),
    );
    let again = format!(
        "TransitGatewayId={ours}&PeerTransitGatewayId={theirs}&PeerAccountId={THEIRS}&PeerRegion=eu-west-1"
    );
    world.refuses(
        "CreateTransitGatewayPeeringAttachment",
        &again,
        &format!("DuplicateTransitGatewayAttachment: {ours} has non-deleted Transit Gateway Peering Attachments with same peer."),
    );
    as_them(&mut world);
    world.shows(
        "AcceptTransitGatewayPeeringAttachment",
        &by_id,
        expect![[r#"
        <transitGatewayPeeringAttachment>
          <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
          <requesterTgwInfo>
            <transitGatewayId>tgw-2</transitGatewayId>
            <ownerId>111111111111</ownerId>
            <region>us-east-1</region>
          </requesterTgwInfo>
          <accepterTgwInfo>
            <transitGatewayId>tgw-3</transitGatewayId>
            <ownerId>222222222222</ownerId>
            <region>eu-west-1</region>
          </accepterTgwInfo>
          <status>
            <code>pending</code>
            <message/>
          </status>
          <state>pending</state>
          <creationTime>2024-01-02T03:04:05.000Z</creationTime>
          <tagSet/>
        </transitGatewayPeeringAttachment>
    "#]],
    );
    world.shows(
        "DescribeTransitGatewayPeeringAttachments",
        &format!("TransitGatewayAttachmentIds.1={id}"),
        expect![[r#"
            <transitGatewayPeeringAttachments>
              <item>
                <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
                <requesterTgwInfo>
                  <transitGatewayId>tgw-2</transitGatewayId>
                  <ownerId>111111111111</ownerId>
                  <region>us-east-1</region>
                </requesterTgwInfo>
                <accepterTgwInfo>
                  <transitGatewayId>tgw-3</transitGatewayId>
                  <ownerId>222222222222</ownerId>
                  <region>eu-west-1</region>
                </accepterTgwInfo>
                <status>
                  <code>available</code>
                  <message>Available</message>
                </status>
                <state>available</state>
                <creationTime>2024-01-02T03:04:05.000Z</creationTime>
                <tagSet/>
              </item>
            </transitGatewayPeeringAttachments>
        "#]],
    );
    world.refuses(
        "AcceptTransitGatewayPeeringAttachment",
        &by_id,
        &format!("IncorrectState: {id} is in invalid state"),
    );
    world.refuses(
        "DeleteTransitGateway",
        &format!("TransitGatewayId={theirs}"),
        &format!(
            "IncorrectState: {theirs} has non-deleted Transit Gateway Cross Region Peering Attachments: {id}."
        ),
    );
    assert_eq!(world.all("DeleteTransitGatewayPeeringAttachment", &by_id, "state"), ["deleting"]);
    world.does("DeleteTransitGateway", &format!("TransitGatewayId={theirs}"));
    world.access_key = OURS;
    world.region = "us-east-1";
    assert_eq!(world.all("DescribeTransitGatewayPeeringAttachments", "", "state"), ["deleted"]);
    world.refuses(
        "DeleteTransitGatewayPeeringAttachment",
        &by_id,
        &format!("InvalidTransitGatewayAttachmentID.NotFound: Transit Gateway Attachment {id} was deleted or does not exist."),
    );
}

#[test]
fn a_peering_is_rejected_or_fails() {
    let mut world = world();
    let (id, ours, _) = request(&mut world);
    as_them(&mut world);
    let by_id = format!("TransitGatewayAttachmentId={id}");
    assert_eq!(world.all("RejectTransitGatewayPeeringAttachment", &by_id, "state"), ["rejecting"]);
    assert_eq!(world.all("DescribeTransitGatewayPeeringAttachments", "", "state"), ["rejected"]);
    world.access_key = OURS;
    world.region = "us-east-1";
    world.refuses(
        "DeleteTransitGatewayPeeringAttachment",
        &by_id,
        &format!("IncorrectState: {id} is in invalid state"),
    );
    let peer = |gateway: &str| {
        format!(
            "TransitGatewayId={ours}&PeerTransitGatewayId={gateway}&PeerAccountId={OURS}&PeerRegion=us-east-1"
        )
    };
    world.refuses(
        "CreateTransitGatewayPeeringAttachment",
        &peer(&ours),
        &format!("InvalidParameterValue: {ours} cannot be peered with itself."),
    );
    world.does("CreateTransitGatewayPeeringAttachment", &peer("tgw-12345678"));
    let mut states = world.all("DescribeTransitGatewayPeeringAttachments", "", "state");
    states.sort();
    assert_eq!(states, ["failed", "rejected"]);
    wait(&mut world, SEEN_MS);
    assert!(world.all("DescribeTransitGatewayPeeringAttachments", "", "state").is_empty());
}
