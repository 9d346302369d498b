//! Transit gateways. Expectations: Amazon VPC Transit Gateways guide; EC2 API Reference; error texts as clients report them.

use crate::world::World;
use expect_test::expect;

const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";
const SEEN_MS: i64 = 2 * 3_600_000;

fn world() -> World {
    World { access_key: OURS, ..World::new() }
}

fn gateway(world: &mut World) -> String {
    world.id("CreateTransitGateway", "", "transitGatewayId")
}

fn wait(world: &mut World, ms: i64) {
    world.now = world.now.plus_ms(ms);
    world.cloud.step(world.now.into());
}

/// The table that new attachments of a gateway are associated with.
fn default_table(world: &mut World, gateway: &str) -> String {
    let params = format!("TransitGatewayIds.1={gateway}");
    world.id("DescribeTransitGateways", &params, "associationDefaultRouteTableId")
}

/// A VPC `10.N.0.0/16` with a subnet in each of the zones a and b.
fn vpc(world: &mut World, n: u8) -> (String, [String; 2]) {
    let vpc = world.id("CreateVpc", &format!("CidrBlock=10.{n}.0.0/16"), "vpcId");
    let mut subnet = |zone: char, third: u8| {
        let region = world.region;
        let params = format!("VpcId={vpc}&CidrBlock=10.{n}.{third}.0/24&AvailabilityZone={region}{zone}");
        world.id("CreateSubnet", &params, "subnetId")
    };
    let subnets = [subnet('a', 1), subnet('b', 2)];
    (vpc, subnets)
}

fn attach(world: &mut World, gateway: &str, (vpc, subnets): &(String, [String; 2])) -> String {
    let params = format!(
        "TransitGatewayId={gateway}&VpcId={vpc}&SubnetIds.1={}&SubnetIds.2={}",
        subnets[0], subnets[1]
    );
    world.id("CreateTransitGatewayVpcAttachment", &params, "transitGatewayAttachmentId")
}

fn table(world: &mut World, gateway: &str) -> String {
    let params = format!("TransitGatewayId={gateway}");
    world.id("CreateTransitGatewayRouteTable", &params, "transitGatewayRouteTableId")
}

/// The routes of a table: block, type and state of each.
fn routes(world: &mut World, table: &str) -> Vec<String> {
    let params = format!("TransitGatewayRouteTableId={table}&Filter.1.Name=type&Filter.1.Value.1=*");
    let blocks = world.all("SearchTransitGatewayRoutes", &params, "destinationCidrBlock");
    let types = world.all("SearchTransitGatewayRoutes", &params, "type");
    let states = world.all("SearchTransitGatewayRoutes", &params, "state");
    let rows = blocks.into_iter().zip(types).zip(states);
    rows.map(|((block, kind), state)| format!("{block} {kind} {state}")).collect()
}

#[test]
fn a_gateway_comes_with_a_default_table() {
    let mut world = world();
    world.shows(
        "CreateTransitGateway",
        "Description=hub&Options.AmazonSideAsn=64600&Options.TransitGatewayCidrBlocks.1=10.99.0.0/24\
         &TagSpecification.1.ResourceType=transit-gateway&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=hub",
        expect![[r#"
            <transitGateway>
              <transitGatewayId>tgw-1</transitGatewayId>
              <transitGatewayArn>arn:aws:ec2:us-east-1:111111111111:transit-gateway/tgw-1</transitGatewayArn>
              <state>pending</state>
              <ownerId>111111111111</ownerId>
              <description>hub</description>
              <creationTime>2024-01-02T03:04:05.000Z</creationTime>
              <options>
                <amazonSideAsn>64600</amazonSideAsn>
                <transitGatewayCidrBlocks>
                  <item>10.99.0.0/24</item>
                </transitGatewayCidrBlocks>
                <autoAcceptSharedAttachments>disable</autoAcceptSharedAttachments>
                <defaultRouteTableAssociation>enable</defaultRouteTableAssociation>
                <associationDefaultRouteTableId>tgw-rtb-2</associationDefaultRouteTableId>
                <defaultRouteTablePropagation>enable</defaultRouteTablePropagation>
                <propagationDefaultRouteTableId>tgw-rtb-2</propagationDefaultRouteTableId>
                <vpnEcmpSupport>enable</vpnEcmpSupport>
                <dnsSupport>enable</dnsSupport>
                <securityGroupReferencingSupport>disable</securityGroupReferencingSupport>
                <multicastSupport>disable</multicastSupport>
              </options>
              <tagSet>
                <item>
                  <key>Name</key>
                  <value>hub</value>
                </item>
              </tagSet>
            </transitGateway>
        "#]],
    );
    world.shows(
        "DescribeTransitGatewayRouteTables",
        "",
        expect![[r#"
        <transitGatewayRouteTables>
          <item>
            <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
            <transitGatewayId>tgw-2</transitGatewayId>
            <state>available</state>
            <defaultAssociationRouteTable>true</defaultAssociationRouteTable>
            <defaultPropagationRouteTable>true</defaultPropagationRouteTable>
            <creationTime>2024-01-02T03:04:05.000Z</creationTime>
            <tagSet/>
          </item>
        </transitGatewayRouteTables>
    "#]],
    );
    assert_eq!(world.all("DescribeTransitGateways", "", "state"), ["available"]);
}

#[test]
fn without_defaults_there_is_no_table() {
    let mut world = world();
    let params = "Options.DefaultRouteTableAssociation=disable&Options.DefaultRouteTablePropagation=disable";
    world.does("CreateTransitGateway", params);
    assert!(world.all("DescribeTransitGatewayRouteTables", "", "state").is_empty());
    assert_eq!(world.all("DescribeTransitGateways", "", "defaultRouteTableAssociation"), ["disable"]);
}

#[test]
fn options_are_checked() {
    let mut world = world();
    world.refuses(
        "CreateTransitGateway",
        "Options.AmazonSideAsn=1",
        "InvalidParameterValue: Value (1) for parameter AmazonSideAsn is invalid. It must be in the range 64512-65534 or 4200000000-4294967294.",
    );
    world.refuses(
        "CreateTransitGateway",
        "Options.MulticastSupport=enable",
        "UnsupportedOperation: Multicast is not supported for transit gateways.",
    );
    world.refuses(
        "CreateTransitGateway",
        "Options.TransitGatewayCidrBlocks.1=10.0.0.0/25",
        "InvalidParameterValue: Value (10.0.0.0/25) for parameter TransitGatewayCidrBlocks is invalid.",
    );
    for _ in 0..5 {
        gateway(&mut world);
    }
    world.refuses(
        "CreateTransitGateway",
        "",
        "TransitGatewayLimitExceeded: The maximum number of transit gateways has been reached.",
    );
}

#[test]
fn a_gateway_is_changed() {
    let mut world = world();
    let id = gateway(&mut world);
    let other = table(&mut world, &id);
    let params = format!(
        "TransitGatewayId={id}&Description=changed&Options.DnsSupport=disable&Options.VpnEcmpSupport=disable\
         &Options.AutoAcceptSharedAttachments=enable&Options.SecurityGroupReferencingSupport=enable\
         &Options.AmazonSideAsn=65000&Options.AddTransitGatewayCidrBlocks.1=10.98.0.0/23\
         &Options.AssociationDefaultRouteTableId={other}&Options.DefaultRouteTablePropagation=disable"
    );
    world.shows(
        "ModifyTransitGateway",
        &params,
        expect![[r#"
        <transitGateway>
          <transitGatewayId>tgw-1</transitGatewayId>
          <transitGatewayArn>arn:aws:ec2:us-east-1:111111111111:transit-gateway/tgw-1</transitGatewayArn>
          <state>modifying</state>
          <ownerId>111111111111</ownerId>
          <description>changed</description>
          <creationTime>2024-01-02T03:04:05.000Z</creationTime>
          <options>
            <amazonSideAsn>65000</amazonSideAsn>
            <transitGatewayCidrBlocks>
              <item>10.98.0.0/23</item>
            </transitGatewayCidrBlocks>
            <autoAcceptSharedAttachments>enable</autoAcceptSharedAttachments>
            <defaultRouteTableAssociation>enable</defaultRouteTableAssociation>
            <associationDefaultRouteTableId>tgw-rtb-2</associationDefaultRouteTableId>
            <defaultRouteTablePropagation>disable</defaultRouteTablePropagation>
            <vpnEcmpSupport>disable</vpnEcmpSupport>
            <dnsSupport>disable</dnsSupport>
            <securityGroupReferencingSupport>enable</securityGroupReferencingSupport>
            <multicastSupport>disable</multicastSupport>
          </options>
          <tagSet/>
        </transitGateway>
    "#]],
    );
    let modify = |options: &str| format!("TransitGatewayId={id}&{options}");
    world.refuses(
        "ModifyTransitGateway",
        &modify("Options.DefaultRouteTablePropagation=enable"),
        "MissingParameter: The request must contain the parameter PropagationDefaultRouteTableId",
    );
    world.refuses(
        "ModifyTransitGateway",
        &modify("Options.RemoveTransitGatewayCidrBlocks.1=10.97.0.0/24"),
        "InvalidParameterValue: Value (10.97.0.0/24) for parameter TransitGatewayCidrBlocks is invalid.",
    );
    let both = format!(
        "Options.DefaultRouteTableAssociation=disable&Options.AssociationDefaultRouteTableId={other}"
    );
    world.refuses(
        "ModifyTransitGateway",
        &modify(&both),
        "InvalidParameterCombination: The parameter AssociationDefaultRouteTableId cannot be used with a default that is disabled",
    );
    world.refuses(
        "ModifyTransitGateway",
        "TransitGatewayId=tgw-12345678",
        "InvalidTransitGatewayID.NotFound: Transit Gateway tgw-12345678 was deleted or does not exist.",
    );
}

#[test]
fn a_deleted_gateway_is_seen_for_two_hours() {
    let mut world = world();
    let id = gateway(&mut world);
    let by_id = format!("TransitGatewayId={id}");
    assert_eq!(world.all("DeleteTransitGateway", &by_id, "state"), ["deleting"]);
    assert_eq!(world.all("DescribeTransitGateways", "", "state"), ["deleted"]);
    assert_eq!(world.all("DescribeTransitGatewayRouteTables", "", "state"), ["deleted"]);
    let gone =
        format!("InvalidTransitGatewayID.NotFound: Transit Gateway {id} was deleted or does not exist.");
    world.refuses("DeleteTransitGateway", &by_id, &gone);
    world.refuses("CreateTransitGatewayRouteTable", &by_id, &gone);
    wait(&mut world, SEEN_MS);
    assert!(world.all("DescribeTransitGateways", "", "state").is_empty());
    assert!(world.all("DescribeTransitGatewayRouteTables", "", "state").is_empty());
    world.refuses("DescribeTransitGateways", &format!("TransitGatewayIds.1={id}"), &gone);
}

#[test]
fn a_gateway_with_attachments_or_tables_stays() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let by_id = format!("TransitGatewayId={id}");
    world.refuses(
        "DeleteTransitGateway",
        &by_id,
        &format!("IncorrectState: {id} has non-deleted VPC Attachments: {attachment}."),
    );
    world.does("DeleteTransitGatewayVpcAttachment", &format!("TransitGatewayAttachmentId={attachment}"));
    let table = table(&mut world, &id);
    world.refuses(
        "DeleteTransitGateway",
        &by_id,
        &format!("IncorrectState: {id} has non-deleted Transit Gateway Route Tables: {table}."),
    );
    world.does("DeleteTransitGatewayRouteTable", &format!("TransitGatewayRouteTableId={table}"));
    world.does("DeleteTransitGateway", &by_id);
}

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

/// A gateway of ours in us-east-1 and one of theirs in eu-west-1, and our request to peer them.
fn request(world: &mut World) -> (String, String, String) {
    world.access_key = THEIRS;
    world.region = "eu-west-1";
    let theirs = gateway(world);
    world.access_key = OURS;
    world.region = "us-east-1";
    let ours = gateway(world);
    let params = format!(
        "TransitGatewayId={ours}&PeerTransitGatewayId={theirs}&PeerAccountId={THEIRS}&PeerRegion=eu-west-1"
    );
    let id = world.id("CreateTransitGatewayPeeringAttachment", &params, "transitGatewayAttachmentId");
    (id, ours, theirs)
}

fn as_them(world: &mut World) {
    world.access_key = THEIRS;
    world.region = "eu-west-1";
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

#[test]
fn an_attachment_is_associated_with_one_table() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let (default, other) = (default_table(&mut world, &id), table(&mut world, &id));
    let with =
        |table: &str| format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={attachment}");
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        &format!("Resource.AlreadyAssociated: Transit Gateway Attachment {attachment} is already associated to a route table."),
    );
    world.refuses(
        "DisassociateTransitGatewayRouteTable",
        &with(&other),
        &format!("InvalidAssociation.NotFound: {attachment} is not associated with {other}."),
    );
    world.shows(
        "DisassociateTransitGatewayRouteTable",
        &with(&default),
        expect![[r#"
        <association>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
          <resourceId>vpc-3</resourceId>
          <resourceType>vpc</resourceType>
          <state>disassociating</state>
        </association>
    "#]],
    );
    world.shows(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        expect![[r#"
        <association>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
          <resourceId>vpc-3</resourceId>
          <resourceType>vpc</resourceType>
          <state>associating</state>
        </association>
    "#]],
    );
    let of_other = format!("TransitGatewayRouteTableId={other}");
    world.shows(
        "GetTransitGatewayRouteTableAssociations",
        &of_other,
        expect![[r#"
        <associations>
          <item>
            <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
            <resourceId>vpc-2</resourceId>
            <resourceType>vpc</resourceType>
            <state>associated</state>
          </item>
        </associations>
    "#]],
    );
    world.refuses(
        "DeleteTransitGatewayRouteTable",
        &of_other,
        &format!("IncorrectState: {other} has non-deleted associations."),
    );
    world.refuses(
        "DeleteTransitGatewayRouteTable",
        &format!("TransitGatewayRouteTableId={default}"),
        &format!(
            "IncorrectState: {default} is a default route table of its transit gateway and cannot be deleted."
        ),
    );
    world.does("DisassociateTransitGatewayRouteTable", &with(&other));
    assert_eq!(world.all("DeleteTransitGatewayRouteTable", &of_other, "state"), ["deleting"]);
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        &format!(
            "InvalidRouteTableID.NotFound: Transit Gateway Route Table {other} was deleted or does not exist."
        ),
    );
    let foreign = gateway(&mut world);
    let foreign = default_table(&mut world, &foreign);
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&foreign),
        &format!("InvalidParameterValue: {foreign} and {attachment} belong to different transit gateways."),
    );
}

#[test]
fn an_attachment_propagates_to_any_number_of_tables() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let other = table(&mut world, &id);
    let to =
        |table: &str| format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={attachment}");
    assert!(routes(&mut world, &other).is_empty());
    world.shows(
        "EnableTransitGatewayRouteTablePropagation",
        &to(&other),
        expect![[r#"
        <propagation>
          <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
          <resourceId>vpc-2</resourceId>
          <resourceType>vpc</resourceType>
          <transitGatewayRouteTableId>tgw-rtb-3</transitGatewayRouteTableId>
          <state>enabling</state>
        </propagation>
    "#]],
    );
    assert_eq!(routes(&mut world, &other), ["10.1.0.0/16 propagated active"]);
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &to(&other),
        &format!("TransitGatewayRouteTablePropagation.Duplicate: Propagation from {attachment} to {other} already exists."),
    );
    let of_attachment = format!("TransitGatewayAttachmentId={attachment}");
    assert_eq!(
        world.all("GetTransitGatewayAttachmentPropagations", &of_attachment, "state"),
        ["enabled", "enabled"]
    );
    let by_table =
        format!("{of_attachment}&Filter.1.Name=transit-gateway-route-table-id&Filter.1.Value.1={other}");
    world.shows(
        "GetTransitGatewayAttachmentPropagations",
        &by_table,
        expect![[r#"
        <transitGatewayAttachmentPropagations>
          <item>
            <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
            <state>enabled</state>
          </item>
        </transitGatewayAttachmentPropagations>
    "#]],
    );
    world.shows(
        "GetTransitGatewayRouteTablePropagations",
        &format!("TransitGatewayRouteTableId={other}"),
        expect![[r#"
            <transitGatewayRouteTablePropagations>
              <item>
                <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
                <resourceId>vpc-2</resourceId>
                <resourceType>vpc</resourceType>
                <state>enabled</state>
              </item>
            </transitGatewayRouteTablePropagations>
        "#]],
    );
    assert_eq!(world.all("DisableTransitGatewayRouteTablePropagation", &to(&other), "state"), ["disabling"]);
    assert!(routes(&mut world, &other).is_empty());
    world.refuses(
        "DisableTransitGatewayRouteTablePropagation",
        &to(&other),
        &format!("TransitGatewayRouteTablePropagation.NotFound: Propagation from {attachment} to {other} does not exist."),
    );
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &format!("TransitGatewayRouteTableId={other}"),
        "MissingParameter: The request must contain the parameter TransitGatewayAttachmentId",
    );
}

// "If you attach a VPC to a transit gateway and its CIDR is identical to, or overlaps with, the CIDR of another VPC that is
// already attached, the routes for the newly attached VPC aren't propagated" (VPC attachments).
#[test]
fn a_block_that_overlaps_an_attached_one_is_not_propagated() {
    let mut world = world();
    let id = gateway(&mut world);
    let first = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &first);
    world.now = world.now.plus_ms(1);
    let second = vpc(&mut world, 1);
    let shadowed = attach(&mut world, &id, &second);
    let default = default_table(&mut world, &id);
    let params =
        format!("TransitGatewayRouteTableId={default}&Filter.1.Name=type&Filter.1.Value.1=propagated");
    let shown = world.all("SearchTransitGatewayRoutes", &params, "transitGatewayAttachmentId");
    assert_eq!(shown, [attachment.as_str()]);
    world.does("DeleteTransitGatewayVpcAttachment", &format!("TransitGatewayAttachmentId={attachment}"));
    let shown = world.all("SearchTransitGatewayRoutes", &params, "transitGatewayAttachmentId");
    assert_eq!(shown, [shadowed]);
}

#[test]
fn routes_are_made_replaced_and_deleted() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let table = default_table(&mut world, &id);
    let route =
        |rest: &str| format!("TransitGatewayRouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&{rest}");
    let via = format!("TransitGatewayAttachmentId={attachment}");
    world.shows(
        "CreateTransitGatewayRoute",
        &route("Blackhole=true"),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <type>static</type>
          <state>blackhole</state>
        </route>
    "#]],
    );
    assert_eq!(routes(&mut world, &table), ["10.1.0.0/16 static blackhole"], "static before propagated");
    world.refuses(
        "CreateTransitGatewayRoute",
        &route(&via),
        "RouteAlreadyExists: Route 10.1.0.0/16 already exists in Transit Gateway Route Table.",
    );
    world.shows(
        "ReplaceTransitGatewayRoute",
        &route(&via),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <transitGatewayAttachments>
            <item>
              <resourceId>vpc-1</resourceId>
              <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
              <resourceType>vpc</resourceType>
            </item>
          </transitGatewayAttachments>
          <type>static</type>
          <state>active</state>
        </route>
    "#]],
    );
    world.shows(
        "DeleteTransitGatewayRoute",
        &route("").replace("16&", "16"),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <transitGatewayAttachments>
            <item>
              <resourceId>vpc-1</resourceId>
              <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
              <resourceType>vpc</resourceType>
            </item>
          </transitGatewayAttachments>
          <type>static</type>
          <state>deleted</state>
        </route>
    "#]],
    );
    assert_eq!(routes(&mut world, &table), ["10.1.0.0/16 propagated active"]);
    let absent = format!(
        "InvalidRoute.NotFound: no route with destination-cidr-block 10.1.0.0/16 in route table {table}"
    );
    world.refuses("DeleteTransitGatewayRoute", &route("").replace("16&", "16"), &absent);
    world.refuses("ReplaceTransitGatewayRoute", &route(&via), &absent);
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("Blackhole=false"),
        "MissingParameter: The request must contain exactly one of transitGatewayAttachmentId, blackhole",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route(&format!("{via}&Blackhole=true")),
        "InvalidParameterCombination: The parameters transitGatewayAttachmentId and blackhole cannot be used together",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("TransitGatewayAttachmentId=tgw-attach-12345678"),
        "InvalidTransitGatewayAttachmentID.NotFound: Transit Gateway Attachment tgw-attach-12345678 was deleted or does not exist.",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("TransitGatewayAttachmentId=nonsense"),
        "InvalidTransitGatewayAttachmentID.Malformed: Invalid id: &quot;nonsense&quot; (expecting &quot;tgw-attach-...&quot;)",
    );
}

#[test]
fn over_a_peering_nothing_is_propagated() {
    let mut world = world();
    let (id, ours, _) = request(&mut world);
    as_them(&mut world);
    world.does("AcceptTransitGatewayPeeringAttachment", &format!("TransitGatewayAttachmentId={id}"));
    world.access_key = OURS;
    world.region = "us-east-1";
    let table = default_table(&mut world, &ours);
    let pair = format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={id}");
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &pair,
        &format!("UnsupportedOperation: {id} is a peering attachment, over which no routes are propagated."),
    );
    world.does("CreateTransitGatewayRoute", &format!("{pair}&DestinationCidrBlock=10.2.0.0/16"));
    assert_eq!(routes(&mut world, &table), ["10.2.0.0/16 static active"]);
    let associated = format!("TransitGatewayRouteTableId={table}");
    assert_eq!(
        world.all("GetTransitGatewayRouteTableAssociations", &associated, "resourceType"),
        ["peering"]
    );
}

#[test]
fn routes_are_found_by_their_blocks() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let table = default_table(&mut world, &id);
    for block in ["10.0.0.0/8", "10.1.2.0/24", "0.0.0.0/0"] {
        let params =
            format!("TransitGatewayRouteTableId={table}&DestinationCidrBlock={block}&Blackhole=true");
        world.does("CreateTransitGatewayRoute", &params);
    }
    let rows = [
        ("route-search.exact-match", "10.1.2.0/24", "10.1.2.0/24"),
        ("route-search.longest-prefix-match", "10.1.2.9", "10.1.2.0/24"),
        ("route-search.longest-prefix-match", "10.1.3.0/24", "10.1.0.0/16"),
        ("route-search.subnet-of-match", "10.1.0.0/16", "10.1.0.0/16 10.1.2.0/24"),
        ("route-search.supernet-of-match", "10.1.0.0/16", "0.0.0.0/0 10.0.0.0/8 10.1.0.0/16"),
        ("attachment.transit-gateway-attachment-id", &attachment, "10.1.0.0/16"),
        ("attachment.resource-id", &home.0, "10.1.0.0/16"),
        ("attachment.resource-type", "vpc", "10.1.0.0/16"),
        ("prefix-list-id", "*", ""),
        ("state", "active", "10.1.0.0/16"),
        ("type", "propagated", "10.1.0.0/16"),
    ];
    for (filter, value, blocks) in rows {
        let params =
            format!("TransitGatewayRouteTableId={table}&Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = world.all("SearchTransitGatewayRoutes", &params, "destinationCidrBlock");
        assert_eq!(found.join(" "), blocks, "{filter} {value}");
    }
    let search = |rest: &str| format!("TransitGatewayRouteTableId={table}&{rest}");
    world.refuses(
        "SearchTransitGatewayRoutes",
        &search("Filter.1.Name=route-search.nearest&Filter.1.Value.1=10.0.0.0/8"),
        "InvalidParameterValue: The filter 'route-search.nearest' is invalid",
    );
    world.refuses(
        "SearchTransitGatewayRoutes",
        &search("Filter.1.Name=route-search.exact-match&Filter.1.Value.1=here"),
        "InvalidParameterValue: Value (here) for filter route-search.exact-match is invalid.",
    );
    world.refuses(
        "SearchTransitGatewayRoutes",
        &format!("TransitGatewayRouteTableId={table}"),
        "MissingParameter: The request must contain the parameter Filter",
    );
}

/// Each filter with a value that finds something and one that does not.
#[track_caller]
fn check_filters(world: &mut World, action: &str, base: &str, element: &str, rows: &[(&str, &str, usize)]) {
    for (filter, value, count) in rows {
        let filtered = |value: &str| format!("{base}Filter.1.Name={filter}&Filter.1.Value.1={value}");
        assert_eq!(world.all(action, &filtered(value), element).len(), *count, "{action} {filter}={value}");
        assert!(world.all(action, &filtered("nothing"), element).is_empty(), "{action} {filter}");
    }
}

#[test]
fn every_list_is_narrowed_by_its_filters() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let table = default_table(&mut world, &id);
    world.returns(
        "CreateTags",
        &format!(
            "ResourceId.1={id}&ResourceId.2={attachment}&ResourceId.3={table}&Tag.1.Key=Name&Tag.1.Value=x"
        ),
    );
    check_filters(
        &mut world,
        "DescribeTransitGateways",
        "",
        "transitGatewayArn",
        &[
            ("options.propagation-default-route-table-id", &table, 1),
            ("options.amazon-side-asn", "64512", 1),
            ("options.association-default-route-table-id", &table, 1),
            ("options.auto-accept-shared-attachments", "disable", 1),
            ("options.default-route-table-association", "enable", 1),
            ("options.default-route-table-propagation", "enable", 1),
            ("options.dns-support", "enable", 1),
            ("options.vpn-ecmp-support", "enable", 1),
            ("owner-id", OURS, 1),
            ("state", "available", 1),
            ("transit-gateway-id", &id, 1),
            ("tag:Name", "x", 1),
        ],
    );
    check_filters(
        &mut world,
        "DescribeTransitGatewayVpcAttachments",
        "",
        "transitGatewayAttachmentId",
        &[
            ("state", "available", 1),
            ("transit-gateway-attachment-id", &attachment, 1),
            ("transit-gateway-id", &id, 1),
            ("vpc-id", &home.0, 1),
            ("tag:Name", "x", 1),
        ],
    );
    check_filters(
        &mut world,
        "DescribeTransitGatewayAttachments",
        "",
        "transitGatewayAttachmentId",
        &[
            ("association.state", "associated", 1),
            ("association.transit-gateway-route-table-id", &table, 1),
            ("resource-id", &home.0, 1),
            ("resource-owner-id", OURS, 1),
            ("resource-type", "vpc", 1),
            ("state", "available", 1),
            ("transit-gateway-attachment-id", &attachment, 1),
            ("transit-gateway-id", &id, 1),
            ("transit-gateway-owner-id", OURS, 1),
            ("tag-key", "Name", 1),
        ],
    );
    check_filters(
        &mut world,
        "DescribeTransitGatewayRouteTables",
        "",
        "transitGatewayRouteTableId",
        &[
            ("default-association-route-table", "true", 1),
            ("default-propagation-route-table", "true", 1),
            ("state", "available", 1),
            ("transit-gateway-id", &id, 1),
            ("transit-gateway-route-table-id", &table, 1),
            ("tag:Name", "x", 1),
        ],
    );
    let of_table = format!("TransitGatewayRouteTableId={table}&");
    let members: &[(&str, &str, usize)] = &[
        ("resource-id", &home.0, 1),
        ("resource-type", "vpc", 1),
        ("transit-gateway-attachment-id", &attachment, 1),
    ];
    for action in ["GetTransitGatewayRouteTableAssociations", "GetTransitGatewayRouteTablePropagations"] {
        check_filters(&mut world, action, &of_table, "transitGatewayAttachmentId", members);
    }
}

#[test]
fn peerings_are_narrowed_by_their_filters() {
    let mut world = world();
    let (id, ours, theirs) = request(&mut world);
    check_filters(
        &mut world,
        "DescribeTransitGatewayPeeringAttachments",
        "",
        "transitGatewayAttachmentId",
        &[
            ("local-owner-id", OURS, 1),
            ("remote-owner-id", THEIRS, 1),
            ("state", "pendingAcceptance", 1),
            ("transit-gateway-attachment-id", &id, 1),
            ("transit-gateway-id", &ours, 1),
        ],
    );
    as_them(&mut world);
    check_filters(
        &mut world,
        "DescribeTransitGatewayPeeringAttachments",
        "",
        "transitGatewayAttachmentId",
        &[("local-owner-id", THEIRS, 1), ("remote-owner-id", OURS, 1), ("transit-gateway-id", &theirs, 1)],
    );
}

#[test]
fn a_gateway_has_so_many_tables() {
    let mut world = world();
    let id = gateway(&mut world);
    // The default table is the first.
    for _ in 1..20 {
        table(&mut world, &id);
    }
    world.refuses(
        "CreateTransitGatewayRouteTable",
        &format!("TransitGatewayId={id}"),
        "TransitGatewayRouteTableLimitExceeded: The maximum number of transit gateway route tables has been reached.",
    );
    let page = world.all("DescribeTransitGatewayRouteTables", "MaxResults=5", "transitGatewayRouteTableId");
    assert_eq!(page.len(), 5);
}

#[test]
fn transit_gateways_survive_a_restart() {
    let mut world = world();
    let (id, ours, _) = request(&mut world);
    let home = vpc(&mut world, 1);
    attach(&mut world, &ours, &home);
    let before = world.ec2("DescribeTransitGatewayAttachments", "");
    let mut world = world.restarted();
    assert_eq!(world.ec2("DescribeTransitGatewayAttachments", ""), before);
    assert_eq!(world.all("DescribeTransitGateways", "", "transitGatewayId"), [ours]);
    assert_eq!(world.all("DescribeTransitGatewayPeeringAttachments", "", "transitGatewayAttachmentId"), [id]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let mut world = world();
    let answer = world.ec2("CreateTransitGateway", "DryRun=true");
    assert!(answer.contains("DryRunOperation"), "{answer}");
    assert!(world.all("DescribeTransitGateways", "", "state").is_empty());
}
