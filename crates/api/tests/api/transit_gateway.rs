//! Transit gateways. Expectations: Amazon VPC Transit Gateways guide; EC2 API Reference; error texts as clients report them.

mod attachment;
mod groups;
mod reference;
mod table;

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
