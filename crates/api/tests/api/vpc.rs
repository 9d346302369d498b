//! VPCs, their blocks and attributes.

use crate::world::World;
use expect_test::expect;

const NOWHERE: &str = "vpc-0123456789abcdef0";

#[test]
fn a_vpc_is_pending_when_made_and_available_when_asked_for() {
    let mut world = World::new();
    world.shows("CreateVpc", "CidrBlock=10.1.2.3/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=one", expect![[r#"
        <vpc>
          <vpcId>vpc-1</vpcId>
          <ownerId>000000000000</ownerId>
          <state>pending</state>
          <cidrBlock>10.1.0.0/16</cidrBlock>
          <cidrBlockAssociationSet>
            <item>
              <associationId>vpc-cidr-assoc-2</associationId>
              <cidrBlock>10.1.0.0/16</cidrBlock>
              <cidrBlockState>
                <state>associated</state>
              </cidrBlockState>
            </item>
          </cidrBlockAssociationSet>
          <ipv6CidrBlockAssociationSet/>
          <dhcpOptionsId>dopt-3</dhcpOptionsId>
          <tagSet>
            <item>
              <key>Name</key>
              <value>one</value>
            </item>
          </tagSet>
          <instanceTenancy>default</instanceTenancy>
          <isDefault>false</isDefault>
          <blockPublicAccessStates>
            <internetGatewayBlockMode>off</internetGatewayBlockMode>
          </blockPublicAccessStates>
        </vpc>
    "#]]);
    let id = world.id("CreateVpc", "CidrBlock=10.2.0.0/16&InstanceTenancy=dedicated", "vpcId");
    world.shows(
        "DescribeVpcs",
        &format!("VpcId.1={id}"),
        expect![[r#"
        <vpcSet>
          <item>
            <vpcId>vpc-1</vpcId>
            <ownerId>000000000000</ownerId>
            <state>available</state>
            <cidrBlock>10.2.0.0/16</cidrBlock>
            <cidrBlockAssociationSet>
              <item>
                <associationId>vpc-cidr-assoc-2</associationId>
                <cidrBlock>10.2.0.0/16</cidrBlock>
                <cidrBlockState>
                  <state>associated</state>
                </cidrBlockState>
              </item>
            </cidrBlockAssociationSet>
            <ipv6CidrBlockAssociationSet/>
            <dhcpOptionsId>dopt-3</dhcpOptionsId>
            <tagSet/>
            <instanceTenancy>dedicated</instanceTenancy>
            <isDefault>false</isDefault>
            <blockPublicAccessStates>
              <internetGatewayBlockMode>off</internetGatewayBlockMode>
            </blockPublicAccessStates>
          </item>
        </vpcSet>
    "#]],
    );
}

#[test]
fn an_ipv6_block_comes_from_amazons_pool() {
    let mut world = World::new();
    let id = world.id("CreateVpc", "CidrBlock=10.1.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    let answer = world.ec2("DescribeVpcs", &format!("VpcId.1={id}"));
    let block = crate::shown::between(&answer, "ipv6CidrBlock").expect("an IPv6 block").to_owned();
    assert!(block.ends_with("/56"), "{block}");
    let answer = world
        .ec2("DescribeVpcs", "Filter.1.Name=ipv6-cidr-block-association.ipv6-pool&Filter.1.Value.1=Amazon");
    let expected = expect![[r#"
        <vpcSet>
          <item>
            <vpcId>vpc-1</vpcId>
            <ownerId>000000000000</ownerId>
            <state>available</state>
            <cidrBlock>10.1.0.0/16</cidrBlock>
            <cidrBlockAssociationSet>
              <item>
                <associationId>vpc-cidr-assoc-2</associationId>
                <cidrBlock>10.1.0.0/16</cidrBlock>
                <cidrBlockState>
                  <state>associated</state>
                </cidrBlockState>
              </item>
            </cidrBlockAssociationSet>
            <ipv6CidrBlockAssociationSet>
              <item>
                <associationId>vpc-cidr-assoc-3</associationId>
                <ipv6CidrBlock>BLOCK</ipv6CidrBlock>
                <ipv6CidrBlockState>
                  <state>associated</state>
                </ipv6CidrBlockState>
                <networkBorderGroup>us-east-1</networkBorderGroup>
                <ipv6Pool>Amazon</ipv6Pool>
                <ipv6AddressAttribute>public</ipv6AddressAttribute>
                <ipSource>amazon</ipSource>
              </item>
            </ipv6CidrBlockAssociationSet>
            <dhcpOptionsId>dopt-4</dhcpOptionsId>
            <tagSet/>
            <instanceTenancy>default</instanceTenancy>
            <isDefault>false</isDefault>
            <blockPublicAccessStates>
              <internetGatewayBlockMode>off</internetGatewayBlockMode>
            </blockPublicAccessStates>
          </item>
        </vpcSet>
    "#]];
    expected.assert_eq(&crate::shown::named(&answer.replace(&block, "BLOCK")));
}

#[test]
fn refused_vpcs_say_why() {
    let mut world = World::new();
    let rows = [
        ("", "MissingParameter: Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."),
        ("CidrBlock=10.0.0.0/8", "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid."),
        ("CidrBlock=10.0.0.0/29", "InvalidVpc.Range: The CIDR '10.0.0.0/29' is invalid."),
        (
            "CidrBlock=ten",
            "InvalidParameterValue: Value (ten) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
        (
            "CidrBlock=10.0.0.0/16&InstanceTenancy=host",
            "InvalidParameterValue: Value ( host ) for parameter instanceTenancy is invalid. Expecting one of default, dedicated.",
        ),
        (
            "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=a",
            "InvalidParameterValue: 'subnet' is not a valid taggable resource type for this operation.",
        ),
        (
            "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc",
            "InvalidParameterValue: Tag specification must have at least one tag",
        ),
        (
            "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=aws:x",
            "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
        ),
        (
            "CidrBlock=10.0.0.0/16&Ipv6CidrBlockNetworkBorderGroup=us-west-2",
            "InvalidParameterValue: Value (us-west-2) for parameter ipv6CidrBlockNetworkBorderGroup is invalid.",
        ),
        (
            "CidrBlock=10.0.0.0/16&Ipv4IpamPoolId=ipam-pool-1",
            "UnknownParameter: The parameter Ipv4IpamPoolId is not recognized: not implemented by weir",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateVpc", params, refusal);
        assert!(world.changes.is_empty() || params.is_empty(), "{params}: {:?}", world.changes);
    }
}

#[test]
fn vpcs_are_found_by_filter() {
    let mut world = World::new();
    let one = world.id("CreateVpc", "CidrBlock=10.1.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=one", "vpcId");
    let two = world.id("CreateVpc", "CidrBlock=10.2.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    let default = world.id("DescribeVpcs", "Filter.1.Name=is-default&Filter.1.Value.1=true", "vpcId");
    let options = world.id("DescribeVpcs", "", "dhcpOptionsId");
    let association = world.id("DescribeVpcs", &format!("VpcId.1={one}"), "associationId");
    let rows: Vec<(&str, String, Vec<&str>)> = vec![
        ("cidr", "10.1.0.0/16".into(), vec![&one]),
        ("cidr-block-association.cidr-block", "10.2.*".into(), vec![&two]),
        ("cidr-block-association.association-id", association, vec![&one]),
        ("cidr-block-association.state", "associated".into(), vec![&one, &two, &default]),
        ("dhcp-options-id", options, vec![&one, &two, &default]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "2600:1f18:*".into(), vec![&two]),
        ("ipv6-cidr-block-association.association-id", "vpc-cidr-assoc-*".into(), vec![&two]),
        ("ipv6-cidr-block-association.state", "associated".into(), vec![&two]),
        ("isDefault", "false".into(), vec![&one, &two]),
        ("owner-id", "000000000000".into(), vec![&one, &two, &default]),
        ("state", "available".into(), vec![&one, &two, &default]),
        ("vpc-id", two.clone(), vec![&two]),
        ("tag:Name", "o?e".into(), vec![&one]),
        ("tag-key", "Name".into(), vec![&one]),
        ("cidr", "10.9.0.0/16".into(), vec![]),
    ];
    for (name, value, mut expected) in rows {
        let found =
            world.all("DescribeVpcs", &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"), "vpcId");
        expected.sort_unstable();
        assert_eq!(found, expected, "{name}={value}");
    }
    world.refuses(
        "DescribeVpcs",
        "Filter.1.Name=colour&Filter.1.Value.1=red",
        "InvalidParameterValue: The filter 'colour' is invalid",
    );
}

#[test]
fn vpcs_come_in_pages_and_by_id() {
    let mut world = World::new();
    for third in 0..6 {
        world.does("CreateVpc", &format!("CidrBlock=10.{third}.0.0/16"));
    }
    let all = world.all("DescribeVpcs", "", "vpcId");
    let answer = world.does("DescribeVpcs", "MaxResults=5");
    let token = crate::shown::between(&answer, "nextToken").expect("a token").to_owned();
    let rest = world.all("DescribeVpcs", &format!("MaxResults=5&NextToken={token}"), "vpcId");
    assert_eq!((all.len(), rest), (7, all[5..].to_vec()));
    world.refuses("DescribeVpcs", "MaxResults=4", "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.");
    world.refuses("DescribeVpcs", "NextToken=x", "InvalidNextToken: The specified token is invalid.");
    world.refuses(
        "DescribeVpcs",
        &format!("VpcId.1={}&VpcId.2={NOWHERE}", all[0]),
        &format!("InvalidVpcID.NotFound: The vpc ID '{NOWHERE}' does not exist"),
    );
    world.refuses(
        "DescribeVpcs",
        &format!("VpcId.1={NOWHERE}&VpcId.2=x"),
        "InvalidVpcID.Malformed: Invalid id: &quot;x&quot; (expecting &quot;vpc-...&quot;)",
    );
}

#[test]
fn each_account_and_region_has_its_own() {
    let mut world = World::new();
    let id = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let missing = format!("InvalidVpcID.NotFound: The vpc ID '{id}' does not exist");
    world.region = "eu-west-1";
    world.refuses("DeleteVpc", &format!("VpcId={id}"), &missing);
    (world.region, world.access_key) = ("us-east-1", "222222222222");
    world.refuses("DeleteVpc", &format!("VpcId={id}"), &missing);
    assert_eq!(world.all("DescribeVpcs", "", "cidrBlock")[0], "172.31.0.0/16");
    world.access_key = "test";
    world.does("DeleteVpc", &format!("VpcId={id}"));
}

#[test]
fn the_default_vpc_can_be_made_again() {
    let mut world = World::new();
    world.refuses(
        "CreateDefaultVpc",
        "",
        "DefaultVpcAlreadyExists: A Default VPC already exists for this account in this region.",
    );
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    let gateway = world.id("DescribeInternetGateways", "", "internetGatewayId");
    for subnet in world.all("DescribeSubnets", "", "subnetId") {
        world.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    }
    world.refuses(
        "DeleteVpc",
        &format!("VpcId={vpc}"),
        &format!("DependencyViolation: The vpc '{vpc}' has dependencies and cannot be deleted."),
    );
    world.does("DetachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
    world.returns("DeleteVpc", &format!("VpcId={vpc}"));
    assert_eq!(world.all("DescribeVpcs", "", "vpcId"), Vec::<String>::new());
    world.refuses(
        "CreateDefaultSubnet",
        "AvailabilityZone=us-east-1a",
        "DefaultVpcDoesNotExist: No default VPC exists for this account in this region.",
    );
    world.shows(
        "CreateDefaultVpc",
        "",
        expect![[r#"
        <vpc>
          <vpcId>vpc-1</vpcId>
          <ownerId>000000000000</ownerId>
          <state>pending</state>
          <cidrBlock>172.31.0.0/16</cidrBlock>
          <cidrBlockAssociationSet>
            <item>
              <associationId>vpc-cidr-assoc-2</associationId>
              <cidrBlock>172.31.0.0/16</cidrBlock>
              <cidrBlockState>
                <state>associated</state>
              </cidrBlockState>
            </item>
          </cidrBlockAssociationSet>
          <ipv6CidrBlockAssociationSet/>
          <dhcpOptionsId>dopt-3</dhcpOptionsId>
          <tagSet/>
          <instanceTenancy>default</instanceTenancy>
          <isDefault>true</isDefault>
          <blockPublicAccessStates>
            <internetGatewayBlockMode>off</internetGatewayBlockMode>
          </blockPublicAccessStates>
        </vpc>
    "#]],
    );
    assert_eq!(world.all("DescribeSubnets", "", "cidrBlock").len(), 3);
}

#[test]
fn attributes_are_set_one_at_a_time() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let ask = |attribute: &str| format!("VpcId={vpc}&Attribute={attribute}");
    world.shows(
        "DescribeVpcAttribute",
        &ask("enableDnsSupport"),
        expect![[r#"
        <vpcId>vpc-1</vpcId>
        <enableDnsSupport>
          <value>true</value>
        </enableDnsSupport>
    "#]],
    );
    world.shows(
        "DescribeVpcAttribute",
        &ask("enableDnsHostnames"),
        expect![[r#"
        <vpcId>vpc-1</vpcId>
        <enableDnsHostnames>
          <value>false</value>
        </enableDnsHostnames>
    "#]],
    );
    world.shows(
        "DescribeVpcAttribute",
        &ask("enableNetworkAddressUsageMetrics"),
        expect![[r#"
        <vpcId>vpc-1</vpcId>
        <enableNetworkAddressUsageMetrics>
          <value>false</value>
        </enableNetworkAddressUsageMetrics>
    "#]],
    );
    world.returns("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    world.does("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableNetworkAddressUsageMetrics.Value=true"));
    assert_eq!(world.all("DescribeVpcAttribute", &ask("enableDnsHostnames"), "value"), ["true"]);
    assert_eq!(
        world.all("DescribeVpcAttribute", &ask("enableNetworkAddressUsageMetrics"), "value"),
        ["true"]
    );
    world.does("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=false"));
    world.does("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsSupport.Value=false"));
    let rows = [
        ("", "InvalidParameterCombination: No attributes specified.".to_owned()),
        (
            "&EnableDnsHostnames.Value=true&EnableDnsSupport.Value=true",
            "InvalidParameterCombination: Fields for multiple attribute types specified".to_owned(),
        ),
        (
            "&EnableDnsHostnames.Value=true",
            format!(
                "InvalidParameterCombination: To enable DNS hostnames for {vpc}, DNS support must be enabled."
            ),
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("ModifyVpcAttribute", &format!("VpcId={vpc}{params}"), &refusal);
    }
    world.refuses("DescribeVpcAttribute", &ask("colour"), "InvalidParameterValue: Value ( colour ) for parameter attribute is invalid. Expecting one of enableDnsSupport, enableDnsHostnames, enableNetworkAddressUsageMetrics.");
    world.refuses(
        "DescribeVpcAttribute",
        &format!("VpcId={NOWHERE}&Attribute=enableDnsSupport"),
        &format!("InvalidVpcID.NotFound: The vpc ID '{NOWHERE}' does not exist"),
    );
}

#[test]
fn blocks_come_and_go() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let add = |params: &str| format!("VpcId={vpc}&{params}");
    world.shows(
        "AssociateVpcCidrBlock",
        &add("CidrBlock=10.2.0.0/16"),
        expect![[r#"
        <cidrBlockAssociation>
          <associationId>vpc-cidr-assoc-1</associationId>
          <cidrBlock>10.2.0.0/16</cidrBlock>
          <cidrBlockState>
            <state>associating</state>
          </cidrBlockState>
        </cidrBlockAssociation>
        <vpcId>vpc-2</vpcId>
    "#]],
    );
    let secondary = world.all("DescribeVpcs", &format!("VpcId.1={vpc}"), "associationId");
    world.does("AssociateVpcCidrBlock", &add("AmazonProvidedIpv6CidrBlock=true"));
    let ipv6 = world.all("DescribeVpcs", &format!("VpcId.1={vpc}"), "associationId");
    world.does("CreateSubnet", &add("CidrBlock=10.2.0.0/24"));
    let rows = [
        (
            "CidrBlock=10.2.5.0/24",
            "InvalidVpc.Range: The CIDR '10.2.5.0/24' conflicts with one of the CIDRs or routes of the network or its peers.",
        ),
        (
            "CidrBlock=192.168.0.0/16",
            "InvalidVpc.Range: The CIDR '192.168.0.0/16' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.",
        ),
        ("", "MissingParameter: Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided."),
        (
            "CidrBlock=10.3.0.0/16&AmazonProvidedIpv6CidrBlock=true",
            "InvalidParameterCombination: The parameters cidrBlock and amazonProvidedIpv6CidrBlock cannot be used together",
        ),
        (
            "Ipv6Pool=ipv6pool-ec2-1",
            "UnknownParameter: The parameter Ipv6Pool is not recognized: not implemented by weir",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("AssociateVpcCidrBlock", add(params).trim_end_matches('&'), refusal);
    }
    let of = |id: &str| format!("AssociationId={id}");
    world.refuses("DisassociateVpcCidrBlock", &of(&secondary[0]), &format!("OperationNotPermitted: The vpc CIDR block with association ID {} may not be disassociated. It is the primary IPv4 CIDR block of the VPC", secondary[0]));
    world.refuses(
        "DisassociateVpcCidrBlock",
        &of(&secondary[1]),
        &format!(
            "DependencyViolation: The vpc {vpc} has subnets in the CIDR block, which cannot be disassociated."
        ),
    );
    world.shows(
        "DisassociateVpcCidrBlock",
        &of(&ipv6[2]),
        expect![[r#"
        <ipv6CidrBlockAssociation>
          <associationId>vpc-cidr-assoc-1</associationId>
          <ipv6CidrBlock>2600:1f18:40d6:8200::/56</ipv6CidrBlock>
          <ipv6CidrBlockState>
            <state>disassociating</state>
          </ipv6CidrBlockState>
          <networkBorderGroup>us-east-1</networkBorderGroup>
          <ipv6Pool>Amazon</ipv6Pool>
          <ipv6AddressAttribute>public</ipv6AddressAttribute>
          <ipSource>amazon</ipSource>
        </ipv6CidrBlockAssociation>
        <vpcId>vpc-2</vpcId>
    "#]],
    );
    world.refuses("DisassociateVpcCidrBlock", &of(&ipv6[2]), &format!("InvalidVpcCidrBlockAssociationID.NotFound: The vpc CIDR block association ID '{}' does not exist", ipv6[2]));
    for third in 3..6 {
        world.does("AssociateVpcCidrBlock", &add(&format!("CidrBlock=10.{third}.0.0/16")));
    }
    world.refuses(
        "AssociateVpcCidrBlock",
        &add("CidrBlock=10.9.0.0/16"),
        &format!("CidrLimitExceeded: This network {vpc} has met its maximum number of allowed CIDRs: 5"),
    );
}

#[test]
fn a_dry_run_of_deletion_deletes_nothing() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    world.check(
        "DeleteVpc",
        &format!("VpcId={vpc}&DryRun=true"),
        expect!["412 DryRunOperation: Request would have succeeded, but DryRun flag is set."],
    );
    world.refuses(
        "DeleteVpc",
        "DryRun=true",
        "MissingParameter: The request must contain the parameter VpcId",
    );
    assert_eq!(world.all("DescribeVpcs", &format!("VpcId.1={vpc}"), "vpcId"), [vpc]);
}

/// Calls an operation with 0, 1, 2, … in place of `{}` until it is refused; gives how often it did it, and the refusal.
fn until_refused(world: &mut World, action: &str, params: impl Fn(usize) -> String) -> (usize, String) {
    for count in 0.. {
        let answer = world.ec2(action, &params(count));
        if !answer.starts_with('<') {
            return (count, answer);
        }
    }
    unreachable!("every resource has a quota")
}

// Amazon VPC User Guide, "Amazon VPC quotas"; VPCs and gateways have Weir's own, larger one.
#[test]
fn quotas_have_codes_of_their_own() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let gateway = world.id("CreateInternetGateway", "", "internetGatewayId");
    world.does("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
    let table = world.id("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let refused =
        |code: &str, what: &str| format!("400 {code}: The maximum number of {what} has been reached.");
    let made = until_refused(&mut world, "CreateSubnet", |n| format!("VpcId={vpc}&CidrBlock=10.0.{n}.0/24"));
    assert_eq!(made, (200, refused("SubnetLimitExceeded", "subnets")));
    let made = until_refused(&mut world, "CreateRouteTable", |_| format!("VpcId={vpc}"));
    assert_eq!(made, (198, refused("RouteTableLimitExceeded", "route tables")));
    let made = until_refused(&mut world, "CreateNetworkAcl", |_| format!("VpcId={vpc}"));
    assert_eq!(made, (199, refused("NetworkAclLimitExceeded", "network ACLs")));
    let made = until_refused(&mut world, "CreateRoute", |n| {
        format!(
            "RouteTableId={table}&GatewayId={gateway}&DestinationCidrBlock=54.{}.{}.0/24",
            n / 250,
            n % 250
        )
    });
    assert_eq!(made, (500, refused("RouteLimitExceeded", "routes")));
}

#[test]
fn two_thousand_vpcs_are_possible() {
    let mut world = World::new();
    let (made, refusal) = until_refused(&mut world, "CreateVpc", |_| "CidrBlock=10.0.0.0/16".to_owned());
    // One is the default VPC.
    assert_eq!(
        (made, refusal.as_str()),
        (1999, "400 VpcLimitExceeded: The maximum number of VPCs has been reached.")
    );
    let (made, refusal) = until_refused(&mut world, "CreateInternetGateway", |_| String::new());
    let expected =
        "400 InternetGatewayLimitExceeded: The maximum number of internet gateways has been reached.";
    assert_eq!((made, refusal.as_str()), (1999, expected));
}

#[test]
fn all_that_is_not_there_is_named() {
    let mut world = World::new();
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    world.refuses(
        "DescribeVpcs",
        &format!("VpcId.1=vpc-22222222&VpcId.2={vpc}&VpcId.3=vpc-11111111&VpcId.4=vpc-22222222"),
        "InvalidVpcID.NotFound: The vpc IDs 'vpc-22222222, vpc-11111111' do not exist",
    );
    let rows = [
        (
            "DescribeVpcPeeringConnections",
            "VpcPeeringConnectionId",
            "pcx",
            "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection IDs",
        ),
        (
            "DescribeSecurityGroupRules",
            "SecurityGroupRuleId",
            "sgr",
            "InvalidSecurityGroupRuleId.NotFound: The security group rule IDs",
        ),
        ("DescribeAddresses", "AllocationId", "eipalloc", "InvalidAllocationID.NotFound: The allocation IDs"),
        ("DescribeSecurityGroups", "GroupId", "sg", "InvalidGroup.NotFound: The security groups"),
        ("DescribeVpnGateways", "VpnGatewayId", "vgw", "InvalidVpnGatewayID.NotFound: The vpnGateway IDs"),
    ];
    for (action, member, prefix, what) in rows {
        let (one, two) = (format!("{prefix}-11111111"), format!("{prefix}-22222222"));
        world.refuses(
            action,
            &format!("{member}.1={one}&{member}.2={two}"),
            &format!("{what} '{one}, {two}' do not exist"),
        );
    }
    world.refuses(
        "DescribeNatGateways",
        "NatGatewayId.1=nat-11111111&NatGatewayId.2=nat-22222222",
        "NatGatewayNotFound: NAT gateway nat-11111111 was not found",
    );
    for key in ["VpcId", "VpcId.0"] {
        let refusal = format!("UnknownParameter: The parameter {key} is not recognized");
        world.refuses("DescribeVpcs", &format!("{key}={vpc}"), &refusal);
    }
    assert_eq!(world.all("DescribeVpcs", "MaxResults=5&NextToken=", "vpcId"), [vpc]);
}

/// 172.31.0.0/16 is restricted too, but it is the conflict that AWS tells.
#[test]
fn a_vpc_does_not_get_its_own_block_again() {
    let mut world = World::new();
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    world.refuses(
        "AssociateVpcCidrBlock",
        &format!("VpcId={vpc}&CidrBlock=172.31.0.0/16"),
        "InvalidVpc.Range: The CIDR '172.31.0.0/16' conflicts with one of the CIDRs or routes of the network or its peers.",
    );
}
