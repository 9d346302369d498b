//! Subnets, their IPv6 blocks and attributes.

use crate::world::World;
use expect_test::expect;

fn world() -> (World, String) {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.1.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    (world, vpc)
}

/// The first /64 of the VPC's IPv6 block.
fn ipv6(world: &mut World, vpc: &str) -> String {
    let block = world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "ipv6CidrBlock");
    block.replace("/56", "/64")
}

#[test]
fn a_subnet_is_available_at_once() {
    let (mut world, vpc) = world();
    world.shows("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24&AvailabilityZone=us-east-1b&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web"), expect![[r#"
        <subnet>
          <subnetId>subnet-1</subnetId>
          <subnetArn>arn:aws:ec2:us-east-1:000000000000:subnet/subnet-1</subnetArn>
          <state>available</state>
          <ownerId>000000000000</ownerId>
          <vpcId>vpc-2</vpcId>
          <cidrBlock>10.1.1.0/24</cidrBlock>
          <ipv6CidrBlockAssociationSet/>
          <availableIpAddressCount>251</availableIpAddressCount>
          <availabilityZone>us-east-1b</availabilityZone>
          <availabilityZoneId>use1-az2</availabilityZoneId>
          <defaultForAz>false</defaultForAz>
          <mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>
          <mapCustomerOwnedIpOnLaunch>false</mapCustomerOwnedIpOnLaunch>
          <assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation>
          <tagSet>
            <item>
              <key>Name</key>
              <value>web</value>
            </item>
          </tagSet>
          <enableDns64>false</enableDns64>
          <ipv6Native>false</ipv6Native>
          <privateDnsNameOptionsOnLaunch>
            <hostnameType>ip-name</hostnameType>
            <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
            <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
          </privateDnsNameOptionsOnLaunch>
          <blockPublicAccessStates>
            <internetGatewayBlockMode>off</internetGatewayBlockMode>
          </blockPublicAccessStates>
        </subnet>
    "#]]);
    assert_eq!(
        world.all("DescribeSubnets", &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"), "state"),
        ["available"]
    );
    let by_id = world.id(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.1.2.0/24&AvailabilityZoneId=use1-az3"),
        "availabilityZone",
    );
    let by_default =
        world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.3.0/24"), "availabilityZone");
    assert_eq!((by_id.as_str(), by_default.as_str()), ("us-east-1c", "us-east-1a"));
}

#[test]
fn refused_subnets_say_why() {
    let (mut world, vpc) = world();
    world.does("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24"));
    let zones = "Subnets can currently only be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c.";
    let rows = [
        ("CidrBlock=10.2.0.0/24", "InvalidSubnet.Range: The CIDR '10.2.0.0/24' is invalid.".to_owned()),
        ("CidrBlock=10.1.0.0/29", "InvalidSubnet.Range: The CIDR '10.1.0.0/29' is invalid.".to_owned()),
        ("CidrBlock=10.1.1.128/25", "InvalidSubnet.Conflict: The CIDR '10.1.1.128/25' conflicts with another subnet".to_owned()),
        ("CidrBlock=10.1.2.0/24&AvailabilityZone=us-east-1f", format!("InvalidParameterValue: Value (us-east-1f) for parameter availabilityZone is invalid. {zones}")),
        ("CidrBlock=10.1.2.0/24&AvailabilityZoneId=use1-az9", format!("InvalidParameterValue: Value (use1-az9) for parameter availabilityZoneId is invalid. {zones}")),
        ("CidrBlock=10.1.2.0/24&AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1", "InvalidParameterCombination: The parameters availabilityZone and availabilityZoneId cannot be used together".to_owned()),
        ("", "MissingParameter: Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.".to_owned()),
        ("Ipv6Native=true", "MissingParameter: Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.".to_owned()),
        ("Ipv6Native=true&CidrBlock=10.1.2.0/24", "InvalidParameterCombination: The parameter cidrBlock cannot be used with an IPv6-only subnet".to_owned()),
        ("CidrBlock=10.1.2.0/24&Ipv6CidrBlock=2001:db8::/64", "InvalidSubnet.Range: The CIDR '2001:db8::/64' is invalid.".to_owned()),
        ("CidrBlock=10.1.2.0/24&OutpostArn=arn:aws:outposts:x", "UnknownParameter: The parameter OutpostArn is not recognized: not implemented by weir".to_owned()),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateSubnet", format!("VpcId={vpc}&{params}").trim_end_matches('&'), &refusal);
        assert!(world.changes.is_empty(), "{params}: {:?}", world.changes);
    }
    world.refuses(
        "CreateSubnet",
        "VpcId=vpc-12345678&CidrBlock=10.1.2.0/24",
        "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist",
    );
    world.refuses(
        "CreateSubnet",
        "CidrBlock=10.1.2.0/24",
        "MissingParameter: The request must contain the parameter VpcId",
    );
}

#[test]
fn subnets_are_found_by_filter() {
    let (mut world, vpc) = world();
    let ipv6 = ipv6(&mut world, &vpc);
    let one = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24&AvailabilityZone=us-east-1b&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web"), "subnetId");
    let two = world.id(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.1.2.0/25&Ipv6CidrBlock={ipv6}"),
        "subnetId",
    );
    world.does("ModifySubnetAttribute", &format!("SubnetId={one}&MapPublicIpOnLaunch.Value=true"));
    let both = [one.as_str(), two.as_str()];
    let rows: Vec<(&str, String, &[&str])> = vec![
        ("availability-zone", "us-east-1b".into(), &both[..1]),
        ("availabilityZone", "us-east-1a".into(), &both[1..]),
        ("availability-zone-id", "use1-az2".into(), &both[..1]),
        ("availabilityZoneId", "use1-az1".into(), &both[1..]),
        ("available-ip-address-count", "251".into(), &both[..1]),
        ("cidr-block", "10.1.2.0/25".into(), &both[1..]),
        ("cidr", "10.1.1.0/24".into(), &both[..1]),
        ("cidrBlock", "10.1.1.*".into(), &both[..1]),
        ("customer-owned-ipv4-pool", "*".into(), &[]),
        ("default-for-az", "false".into(), &both),
        ("defaultForAz", "false".into(), &both),
        ("enable-dns64", "false".into(), &both),
        ("enable-lni-at-device-index", "*".into(), &[]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", ipv6.clone(), &both[1..]),
        ("ipv6-cidr-block-association.association-id", "subnet-cidr-assoc-*".into(), &both[1..]),
        ("ipv6-cidr-block-association.state", "associated".into(), &both[1..]),
        ("ipv6-native", "false".into(), &both),
        ("map-customer-owned-ip-on-launch", "false".into(), &both),
        ("map-public-ip-on-launch", "true".into(), &both[..1]),
        ("outpost-arn", "*".into(), &[]),
        ("owner-id", "000000000000".into(), &both),
        ("private-dns-name-options-on-launch.hostname-type", "ip-name".into(), &both),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", "false".into(), &both),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", "false".into(), &both),
        ("state", "available".into(), &both),
        ("subnet-arn", format!("arn:aws:ec2:us-east-1:000000000000:subnet/{one}"), &both[..1]),
        ("subnet-id", two.clone(), &both[1..]),
        ("tag:Name", "web".into(), &both[..1]),
        ("tag-key", "Name".into(), &both[..1]),
    ];
    for (name, value, expected) in rows {
        let params = format!(
            "Filter.1.Name={name}&Filter.1.Value.1={value}&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
        );
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(world.all("DescribeSubnets", &params, "subnetId"), expected, "{name}={value}");
    }
    world.refuses(
        "DescribeSubnets",
        "SubnetId.1=subnet-12345678",
        "InvalidSubnetID.NotFound: The subnet ID 'subnet-12345678' does not exist",
    );
    world.refuses("DescribeSubnets", "MaxResults=1001", "InvalidParameterValue: Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000.");
}

#[test]
fn attributes_are_set_one_at_a_time() {
    let (mut world, vpc) = world();
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24"), "subnetId");
    let rows = [
        ("MapPublicIpOnLaunch.Value=true", "mapPublicIpOnLaunch", "true"),
        ("MapPublicIpOnLaunch.Value=false", "mapPublicIpOnLaunch", "false"),
        ("EnableDns64.Value=true", "enableDns64", "true"),
        ("PrivateDnsHostnameTypeOnLaunch=resource-name", "hostnameType", "resource-name"),
        ("PrivateDnsHostnameTypeOnLaunch=ip-name", "hostnameType", "ip-name"),
        ("EnableResourceNameDnsARecordOnLaunch.Value=true", "enableResourceNameDnsARecord", "true"),
        ("EnableResourceNameDnsAAAARecordOnLaunch.Value=true", "enableResourceNameDnsAAAARecord", "true"),
    ];
    for (params, element, value) in rows {
        world.returns("ModifySubnetAttribute", &format!("SubnetId={subnet}&{params}"));
        assert_eq!(world.id("DescribeSubnets", &format!("SubnetId.1={subnet}"), element), value, "{params}");
    }
    let refusals = [
        ("", "InvalidParameterCombination: No attributes specified.".to_owned()),
        ("&EnableDns64.Value=true&MapPublicIpOnLaunch.Value=true", "InvalidParameterCombination: Fields for multiple attribute types specified".to_owned()),
        ("&AssignIpv6AddressOnCreation.Value=true", format!("InvalidParameterValue: Subnet {subnet} does not have an IPv6 CIDR block associated with it.")),
        ("&PrivateDnsHostnameTypeOnLaunch=colour", "InvalidParameterValue: Value ( colour ) for parameter privateDnsHostnameTypeOnLaunch is invalid. Expecting one of ip-name, resource-name.".to_owned()),
        ("&MapCustomerOwnedIpOnLaunch.Value=true", "InvalidParameterValue: Value ( true ) for parameter mapCustomerOwnedIpOnLaunch.Value is invalid. Expecting false.".to_owned()),
    ];
    for (params, refusal) in refusals {
        world.refuses("ModifySubnetAttribute", &format!("SubnetId={subnet}{params}"), &refusal);
    }
}

#[test]
fn ipv6_blocks_come_and_go() {
    let (mut world, vpc) = world();
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24"), "subnetId");
    let block = ipv6(&mut world, &vpc);
    let add = format!("SubnetId={subnet}&Ipv6CidrBlock={block}");
    let answer = world.does("AssociateSubnetCidrBlock", &add);
    assert_eq!(crate::shown::between(&answer, "state"), Some("associating"));
    world.refuses(
        "AssociateSubnetCidrBlock",
        &add,
        &format!("InvalidSubnet.Conflict: Subnet {subnet} is already associated with an IPv6 CIDR block."),
    );
    world.refuses(
        "AssociateSubnetCidrBlock",
        &format!("SubnetId={subnet}"),
        "MissingParameter: Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.",
    );
    world.does("ModifySubnetAttribute", &format!("SubnetId={subnet}&AssignIpv6AddressOnCreation.Value=true"));
    let id = world.id("DescribeSubnets", &format!("SubnetId.1={subnet}"), "associationId");
    let answer = world.does("DisassociateSubnetCidrBlock", &format!("AssociationId={id}"));
    assert_eq!(crate::shown::between(&answer, "state"), Some("disassociating"));
    assert_eq!(
        world.id("DescribeSubnets", &format!("SubnetId.1={subnet}"), "assignIpv6AddressOnCreation"),
        "false"
    );
    world.refuses("DisassociateSubnetCidrBlock", &format!("AssociationId={id}"), &format!("InvalidSubnetCidrBlockAssociationID.NotFound: The subnet CIDR block association ID '{id}' does not exist"));
    let only =
        world.id("CreateSubnet", &format!("VpcId={vpc}&Ipv6Native=true&Ipv6CidrBlock={block}"), "subnetId");
    let id = world.id("DescribeSubnets", &format!("SubnetId.1={only}"), "associationId");
    world.refuses("DisassociateSubnetCidrBlock", &format!("AssociationId={id}"), &format!("OperationNotPermitted: The IPv6 CIDR block is the only one of the IPv6-only subnet {only} and may not be disassociated."));
}

#[test]
fn a_default_subnet_can_be_made_again() {
    let mut world = World::new();
    let held = world.id(
        "DescribeSubnets",
        "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a",
        "subnetId",
    );
    world.refuses("CreateDefaultSubnet", "AvailabilityZone=us-east-1a", &format!("DefaultSubnetAlreadyExistsInAvailabilityZone: '{held}' is already the default subnet in us-east-1a."));
    world.refuses(
        "CreateDefaultSubnet",
        "",
        "MissingParameter: The request must contain the parameter AvailabilityZone",
    );
    world.returns("DeleteSubnet", &format!("SubnetId={held}"));
    world.refuses(
        "DeleteSubnet",
        &format!("SubnetId={held}"),
        &format!("InvalidSubnetID.NotFound: The subnet ID '{held}' does not exist"),
    );
    world.shows(
        "CreateDefaultSubnet",
        "AvailabilityZone=us-east-1a",
        expect![[r#"
        <subnet>
          <subnetId>subnet-1</subnetId>
          <subnetArn>arn:aws:ec2:us-east-1:000000000000:subnet/subnet-1</subnetArn>
          <state>available</state>
          <ownerId>000000000000</ownerId>
          <vpcId>vpc-2</vpcId>
          <cidrBlock>172.31.0.0/20</cidrBlock>
          <ipv6CidrBlockAssociationSet/>
          <availableIpAddressCount>4091</availableIpAddressCount>
          <availabilityZone>us-east-1a</availabilityZone>
          <availabilityZoneId>use1-az1</availabilityZoneId>
          <defaultForAz>true</defaultForAz>
          <mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>
          <mapCustomerOwnedIpOnLaunch>false</mapCustomerOwnedIpOnLaunch>
          <assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation>
          <tagSet/>
          <enableDns64>false</enableDns64>
          <ipv6Native>false</ipv6Native>
          <privateDnsNameOptionsOnLaunch>
            <hostnameType>ip-name</hostnameType>
            <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
            <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
          </privateDnsNameOptionsOnLaunch>
          <blockPublicAccessStates>
            <internetGatewayBlockMode>off</internetGatewayBlockMode>
          </blockPublicAccessStates>
        </subnet>
    "#]],
    );
}

#[test]
fn a_default_subnet_needs_room() {
    let mut world = World::new();
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    for subnet in world.all("DescribeSubnets", "", "subnetId") {
        world.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    }
    world.does("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=172.31.0.0/16"));
    let refusal = format!(
        "InsufficientFreeCidrBlock: There is no available CIDR block in {vpc} for another default subnet."
    );
    world.refuses("CreateDefaultSubnet", "AvailabilityZone=us-east-1a", &refusal);
}
