//! VPC peering connections. Expectations: VPC Peering Guide, "Lifecycle"; EC2 API Reference; error texts as clients report them.

use crate::shown::named;
use crate::world::World;
use expect_test::expect;

const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";
const DAY_MS: i64 = 86_400_000;

/// A world with a VPC of each of two accounts; the caller is the first.
fn two_vpcs() -> (World, String, String) {
    let mut world = World { access_key: THEIRS, ..World::new() };
    let theirs = world.id("CreateVpc", "CidrBlock=10.2.0.0/16", "vpcId");
    world.access_key = OURS;
    let ours = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    (world, ours, theirs)
}

fn request(world: &mut World, ours: &str, theirs: &str) -> String {
    let params = format!("VpcId={ours}&PeerVpcId={theirs}&PeerOwnerId={THEIRS}");
    world.id("CreateVpcPeeringConnection", &params, "vpcPeeringConnectionId")
}

fn status(world: &mut World, id: &str) -> String {
    let answer = world.ec2("DescribeVpcPeeringConnections", &format!("VpcPeeringConnectionId.1={id}"));
    match crate::shown::between(&answer, "code") {
        Some(code) => code.to_owned(),
        None => answer.split(':').next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn a_request_shows_the_requesters_blocks_and_not_the_accepters() {
    let (mut world, ours, theirs) = two_vpcs();
    let params = format!(
        "VpcId={ours}&PeerVpcId={theirs}&PeerOwnerId={THEIRS}\
         &TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=Name\
         &TagSpecification.1.Tag.1.Value=lab"
    );
    world.shows(
        "CreateVpcPeeringConnection",
        &params,
        expect![[r#"
        <vpcPeeringConnection>
          <accepterVpcInfo>
            <ownerId>222222222222</ownerId>
            <vpcId>vpc-1</vpcId>
            <region>us-east-1</region>
          </accepterVpcInfo>
          <expirationTime>2024-01-09T03:04:05.000Z</expirationTime>
          <requesterVpcInfo>
            <cidrBlock>10.1.0.0/16</cidrBlock>
            <cidrBlockSet>
              <item>
                <cidrBlock>10.1.0.0/16</cidrBlock>
              </item>
            </cidrBlockSet>
            <ownerId>111111111111</ownerId>
            <vpcId>vpc-2</vpcId>
            <region>us-east-1</region>
          </requesterVpcInfo>
          <status>
            <code>initiating-request</code>
            <message>Initiating Request to 222222222222</message>
          </status>
          <tagSet>
            <item>
              <key>Name</key>
              <value>lab</value>
            </item>
          </tagSet>
          <vpcPeeringConnectionId>pcx-3</vpcPeeringConnectionId>
        </vpcPeeringConnection>
    "#]],
    );
}

#[test]
fn the_accepter_accepts_and_both_see_it_active_with_its_own_tags_and_options() {
    let (mut world, ours, theirs) = two_vpcs();
    let id = request(&mut world, &ours, &theirs);
    assert_eq!(status(&mut world, &id), "pending-acceptance");
    let by_id = format!("VpcPeeringConnectionId={id}");
    world.shows(
        "AcceptVpcPeeringConnection",
        &by_id,
        expect!["400 OperationNotPermitted: User (111111111111) cannot accept peering pcx-1"],
    );
    world.access_key = THEIRS;
    world.ec2("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key=Side&Tag.1.Value=theirs"));
    let accepted = world.ec2("AcceptVpcPeeringConnection", &by_id);
    assert_eq!(crate::shown::between(&accepted, "code"), Some("provisioning"));
    world.shows(
        "DescribeVpcPeeringConnections",
        "",
        expect![[r#"
        <vpcPeeringConnectionSet>
          <item>
            <accepterVpcInfo>
              <cidrBlock>10.2.0.0/16</cidrBlock>
              <cidrBlockSet>
                <item>
                  <cidrBlock>10.2.0.0/16</cidrBlock>
                </item>
              </cidrBlockSet>
              <ownerId>222222222222</ownerId>
              <peeringOptions>
                <allowDnsResolutionFromRemoteVpc>false</allowDnsResolutionFromRemoteVpc>
                <allowEgressFromLocalClassicLinkToRemoteVpc>false</allowEgressFromLocalClassicLinkToRemoteVpc>
                <allowEgressFromLocalVpcToRemoteClassicLink>false</allowEgressFromLocalVpcToRemoteClassicLink>
              </peeringOptions>
              <vpcId>vpc-1</vpcId>
              <region>us-east-1</region>
            </accepterVpcInfo>
            <requesterVpcInfo>
              <cidrBlock>10.1.0.0/16</cidrBlock>
              <cidrBlockSet>
                <item>
                  <cidrBlock>10.1.0.0/16</cidrBlock>
                </item>
              </cidrBlockSet>
              <ownerId>111111111111</ownerId>
              <vpcId>vpc-2</vpcId>
              <region>us-east-1</region>
            </requesterVpcInfo>
            <status>
              <code>active</code>
              <message>Active</message>
            </status>
            <tagSet>
              <item>
                <key>Side</key>
                <value>theirs</value>
              </item>
            </tagSet>
            <vpcPeeringConnectionId>pcx-3</vpcPeeringConnectionId>
          </item>
        </vpcPeeringConnectionSet>
    "#]],
    );
    world.access_key = OURS;
    let seen =
        world.ec2("DescribeVpcPeeringConnections", "Filter.1.Name=status-code&Filter.1.Value.1=active");
    assert!(seen.contains("<tagSet/>") && seen.contains("<message>Active</message>"), "{seen}");
}

#[test]
fn a_request_is_rejected_deleted_or_lapses() {
    let (mut world, ours, theirs) = two_vpcs();
    let id = request(&mut world, &ours, &theirs);
    let by_id = format!("VpcPeeringConnectionId={id}");
    world.access_key = THEIRS;
    world.shows(
        "DeleteVpcPeeringConnection",
        &by_id,
        expect!["400 OperationNotPermitted: User (222222222222) cannot delete peering pcx-1"],
    );
    world.shows(
        "RejectVpcPeeringConnection",
        &by_id,
        expect![[r#"
        <return>true</return>
    "#]],
    );
    world.shows("AcceptVpcPeeringConnection", &by_id, expect!["400 InvalidStateTransition: Invalid state transition for pcx-1, attempted to transition from rejected to provisioning"]);
    world.access_key = OURS;
    world.shows(
        "RejectVpcPeeringConnection",
        &by_id,
        expect!["400 OperationNotPermitted: User (111111111111) cannot reject peering pcx-1"],
    );
    let second = request(&mut world, &ours, &theirs);
    assert_ne!(second, id);
    world.shows(
        "DeleteVpcPeeringConnection",
        &format!("VpcPeeringConnectionId={second}"),
        expect![[r#"
        <return>true</return>
    "#]],
    );
    assert_eq!(status(&mut world, &second), "deleted");
    let third = request(&mut world, &ours, &theirs);
    assert_eq!(request(&mut world, &ours, &theirs), third);
    world.now = world.now.plus_ms(7 * DAY_MS);
    assert_eq!(status(&mut world, &third), "expired");
    world.now = world.now.plus_ms(2 * DAY_MS);
    assert_eq!(status(&mut world, &third), "400 InvalidVpcPeeringConnectionID.NotFound");
}

#[test]
fn overlap_fails_without_an_error() {
    let (mut world, ours, theirs) = two_vpcs();
    world.access_key = THEIRS;
    let inside = world.id("CreateVpc", "CidrBlock=10.1.128.0/20", "vpcId");
    world.access_key = OURS;
    let id = request(&mut world, &ours, &inside);
    assert_eq!(status(&mut world, &id), "failed");
    world.shows("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={id}"), expect!["400 InvalidStateTransition: Invalid state transition for pcx-1, attempted to transition from failed to deleting"]);
    world.shows(
        "DescribeVpcPeeringConnections",
        "Filter.1.Name=status-message&Filter.1.Value.1=Failed*",
        expect![[r#"
            <vpcPeeringConnectionSet>
              <item>
                <accepterVpcInfo>
                  <ownerId>222222222222</ownerId>
                  <vpcId>vpc-1</vpcId>
                  <region>us-east-1</region>
                </accepterVpcInfo>
                <requesterVpcInfo>
                  <ownerId>111111111111</ownerId>
                  <vpcId>vpc-2</vpcId>
                  <region>us-east-1</region>
                </requesterVpcInfo>
                <status>
                  <code>failed</code>
                  <message>Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range</message>
                </status>
                <tagSet/>
                <vpcPeeringConnectionId>pcx-3</vpcPeeringConnectionId>
              </item>
            </vpcPeeringConnectionSet>
        "#]],
    );
    let missing = format!("VpcId={ours}&PeerVpcId={theirs}&PeerOwnerId=333333333333");
    let id = world.id("CreateVpcPeeringConnection", &missing, "vpcPeeringConnectionId");
    assert_eq!(status(&mut world, &id), "failed");
}

#[test]
fn another_region_is_named_by_the_error_and_accepts_there() {
    let mut world = World { region: "eu-west-1", ..World::new() };
    let theirs = world.id("CreateVpc", "CidrBlock=10.2.0.0/16", "vpcId");
    world.region = "us-east-1";
    let ours = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let params = format!("VpcId={ours}&PeerVpcId={theirs}&PeerRegion=eu-west-1");
    let id = world.id("CreateVpcPeeringConnection", &params, "vpcPeeringConnectionId");
    let by_id = format!("VpcPeeringConnectionId={id}");
    world.shows("AcceptVpcPeeringConnection", &by_id, expect!["400 OperationNotPermitted: Incorrect region (us-east-1) specified for this request. VPC peering connection pcx-1 must be accepted in region eu-west-1"]);
    world.shows("RejectVpcPeeringConnection", &by_id, expect!["400 OperationNotPermitted: Incorrect region (us-east-1) specified for this request. VPC peering connection pcx-1 must be accepted or rejected in region eu-west-1"]);
    world.region = "eu-west-1";
    assert!(world.ec2("AcceptVpcPeeringConnection", &by_id).contains("provisioning"));
}

#[test]
fn requests_are_refused_in_aws_words() {
    let (mut world, ours, theirs) = two_vpcs();
    let create = |world: &mut World, params: &str| named(&world.ec2("CreateVpcPeeringConnection", params));
    expect!["400 MissingParameter: The request must contain the parameter VpcId"]
        .assert_eq(&create(&mut world, &format!("PeerVpcId={theirs}")));
    expect!["400 InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist"]
        .assert_eq(&create(&mut world, &format!("VpcId={theirs}&PeerVpcId={ours}")));
    expect!["400 InvalidParameterValue: The requester and accepter VPC vpc-1 must be different."]
        .assert_eq(&create(&mut world, &format!("VpcId={ours}&PeerVpcId={ours}")));
    expect!["400 InvalidVpcID.Malformed: Invalid id: &quot;vpc&quot; (expecting &quot;vpc-...&quot;)"]
        .assert_eq(&create(&mut world, &format!("VpcId=vpc&PeerVpcId={theirs}")));
    expect!["400 UnknownParameter: The parameter RequesterPeeringConnectionOptions.AllowMultipathResilience is not recognized: not implemented by weir"].assert_eq(&create(
        &mut world,
        &format!(
            "VpcId={ours}&PeerVpcId={theirs}&RequesterPeeringConnectionOptions.AllowMultipathResilience=true"
        ),
    ));
    world.shows(
        "AcceptVpcPeeringConnection",
        "VpcPeeringConnectionId=pcx-0123456789abcdef0",
        expect![
            "400 InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID 'pcx-1' does not exist"
        ],
    );
    world.shows("DescribeVpcPeeringConnections", "VpcPeeringConnectionId.1=pcx-1", expect!["400 InvalidVpcPeeringConnectionId.Malformed: Invalid id: &quot;pcx-1&quot; (expecting &quot;pcx-...&quot;)"]);
    world.shows("DescribeVpcPeeringConnections", "MaxResults=4", expect!["400 InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5."]);
}

#[test]
fn the_dns_option_needs_an_active_connection_and_host_names() {
    let mut world = World::new();
    let one = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let other = world.id("CreateVpc", "CidrBlock=10.2.0.0/16", "vpcId");
    let params = format!("VpcId={one}&PeerVpcId={other}");
    let id = world.id("CreateVpcPeeringConnection", &params, "vpcPeeringConnectionId");
    let params = format!(
        "VpcPeeringConnectionId={id}&RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true"
    );
    world.shows(
        "ModifyVpcPeeringConnectionOptions",
        &format!("VpcPeeringConnectionId={id}"),
        expect!["400 MissingParameter: The request must contain the parameter RequesterPeeringConnectionOptions or AccepterPeeringConnectionOptions"],
    );
    world.shows("ModifyVpcPeeringConnectionOptions", &params, expect!["400 OperationNotPermitted: Peering pcx-1 is not active. Peering options can be added only to active peerings."]);
    world.ec2("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={id}"));
    world.shows("ModifyVpcPeeringConnectionOptions", &params, expect!["400 InvalidVpcPeeringConnectionState.DnsHostnamesDisabled: DNS hostname support must be enabled for vpc-1 to enable DNS resolution over the VPC peering connection."]);
    for vpc in [&one, &other] {
        world.ec2("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    }
    world.shows(
        "ModifyVpcPeeringConnectionOptions",
        &params,
        expect![[r#"
        <requesterPeeringConnectionOptions>
          <allowDnsResolutionFromRemoteVpc>true</allowDnsResolutionFromRemoteVpc>
          <allowEgressFromLocalClassicLinkToRemoteVpc>false</allowEgressFromLocalClassicLinkToRemoteVpc>
          <allowEgressFromLocalVpcToRemoteClassicLink>false</allowEgressFromLocalVpcToRemoteClassicLink>
        </requesterPeeringConnectionOptions>
    "#]],
    );
    let seen = world.ec2("DescribeVpcPeeringConnections", "");
    assert_eq!(seen.matches("<allowDnsResolutionFromRemoteVpc>true").count(), 1, "{seen}");
}

#[test]
fn a_region_that_does_not_exist_has_no_peers() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let with = |region: &str| format!("VpcId={vpc}&PeerVpcId=vpc-12345678&PeerRegion={region}");
    let refusal = "InvalidParameterValue: Value (us-east-9) for parameter PeerRegion is invalid. The region does not exist.";
    world.refuses("CreateVpcPeeringConnection", &with("us-east-9"), refusal);
    world.does("CreateVpcPeeringConnection", &with("eu-west-1"));
    // A region that is in use exists.
    world.region = "us-east-9";
    world.does("DescribeVpcs", "");
    world.does("CreateVpc", "CidrBlock=10.0.0.0/16");
    world.region = "us-east-1";
    world.does("CreateVpcPeeringConnection", &with("us-east-9"));
}
