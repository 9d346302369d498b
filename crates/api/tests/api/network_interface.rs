//! Network interfaces. Expectations: EC2 API Reference; EC2 User Guide, "Elastic network interfaces".

use crate::launch::{lab, launch};
use crate::shown::{between, named};
use crate::world::World;
use expect_test::expect;

#[test]
fn an_interface_is_made_and_described() {
    let (mut world, _, subnet) = lab();
    let params = format!(
        "SubnetId={subnet}&Description=spare&SecondaryPrivateIpAddressCount=1&ClientToken=t\
         &TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"
    );
    world.shows(
        "CreateNetworkInterface",
        &params,
        expect![[r#"
        <networkInterface>
          <availabilityZone>us-east-1a</availabilityZone>
          <availabilityZoneId>use1-az1</availabilityZoneId>
          <description>spare</description>
          <groupSet>
            <item>
              <groupId>sg-1</groupId>
              <groupName>default</groupName>
            </item>
          </groupSet>
          <interfaceType>interface</interfaceType>
          <ipv6AddressesSet/>
          <macAddress>02:dc:a0:c7:49:60</macAddress>
          <networkInterfaceId>eni-2</networkInterfaceId>
          <ownerId>000000000000</ownerId>
          <privateIpAddress>10.0.1.4</privateIpAddress>
          <privateIpAddressesSet>
            <item>
              <primary>true</primary>
              <privateIpAddress>10.0.1.4</privateIpAddress>
            </item>
            <item>
              <primary>false</primary>
              <privateIpAddress>10.0.1.5</privateIpAddress>
            </item>
          </privateIpAddressesSet>
          <requesterManaged>false</requesterManaged>
          <sourceDestCheck>true</sourceDestCheck>
          <status>available</status>
          <subnetId>subnet-3</subnetId>
          <tagSet>
            <item>
              <key>a</key>
              <value>b</value>
            </item>
          </tagSet>
          <vpcId>vpc-4</vpcId>
        </networkInterface>
        <clientToken>t</clientToken>
    "#]],
    );
    let found = world.does(
        "DescribeNetworkInterfaces",
        "Filter.1.Name=addresses.private-ip-address&Filter.1.Value.1=10.0.1.5",
    );
    assert_eq!(found.matches("<networkInterfaceId>").count(), 1, "{found}");
}

#[test]
fn interfaces_are_refused_in_aws_words() {
    let (mut world, _, subnet) = lab();
    let id = world.id(
        "CreateNetworkInterface",
        &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.10"),
        "networkInterfaceId",
    );
    let mut refused =
        |params: &str| named(&world.ec2("CreateNetworkInterface", &format!("SubnetId={subnet}&{params}")));
    expect!["400 InvalidIPAddress.InUse: Address 10.0.1.10 is in use."]
        .assert_eq(&refused("PrivateIpAddress=10.0.1.10"));
    expect!["400 InvalidParameterValue: Address 10.0.1.255 is in subnet's reserved address range"]
        .assert_eq(&refused("PrivateIpAddress=10.0.1.255"));
    expect!["400 InvalidParameterValue: Address 10.1.0.1 does not fall within the subnet's address range"]
        .assert_eq(&refused("PrivateIpAddress=10.1.0.1"));
    expect!["400 InvalidParameterValue: Value ( ten ) for parameter privateIpAddress is invalid. Expecting an IPv4 address."].assert_eq(&refused("PrivateIpAddress=ten"));
    expect![
        "400 InvalidParameterValue: The subnet subnet-1 does not have an IPv6 CIDR block associated with it."
    ]
    .assert_eq(&refused("Ipv6AddressCount=1"));
    expect!["400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"]
        .assert_eq(&refused("SecurityGroupId.1=sg-00000000"));
    expect!["400 PrivateIpAddressLimitExceeded: Number of private addresses will exceed limit."]
        .assert_eq(&refused("SecondaryPrivateIpAddressCount=50"));
    expect!["400 InvalidParameterValue: Value ( efa ) for parameter interfaceType is invalid. Expecting one of interface."]
        .assert_eq(&refused("InterfaceType=efa"));
    world.shows(
        "CreateNetworkInterface",
        "SubnetId=subnet-00000000",
        expect!["400 InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000' does not exist"],
    );
    world.shows(
        "DeleteNetworkInterface",
        "NetworkInterfaceId=eni-00000000",
        expect![
            "400 InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-00000000' does not exist"
        ],
    );
    world.shows("DescribeNetworkInterfaces", "NetworkInterfaceId.1=eni-1", expect!["400 InvalidNetworkInterfaceId.Malformed: Invalid id: &quot;eni-1&quot; (expecting &quot;eni-...&quot;)"]);
    world.returns("DeleteNetworkInterface", &format!("NetworkInterfaceId={id}"));
}

#[test]
fn an_interface_is_attached_and_detached() {
    let (mut world, _, subnet) = lab();
    let instance = world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId");
    let id = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let attach = |index: u16| format!("NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex={index}");
    world.shows(
        "AttachNetworkInterface",
        &attach(0),
        expect![
            "400 InvalidParameterValue: Instance 'i-1' already has an interface attached at device index '0'."
        ],
    );
    let attachment = world.id("AttachNetworkInterface", &attach(1), "attachmentId");
    world.shows(
        "AttachNetworkInterface",
        &attach(2),
        expect!["400 InvalidNetworkInterface.InUse: Network interface 'eni-1' is currently in use."],
    );
    world.shows(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={id}"),
        expect!["400 InvalidNetworkInterface.InUse: Network interface 'eni-1' is currently in use."],
    );
    let third = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let over = format!("NetworkInterfaceId={third}&InstanceId={instance}&DeviceIndex=2");
    world.shows(
        "AttachNetworkInterface",
        &over,
        expect!["400 AttachmentLimitExceeded: Interface count 3 exceeds the limit for t2.micro"],
    );
    let goes = format!(
        "NetworkInterfaceId={id}&Attachment.AttachmentId={attachment}&Attachment.DeleteOnTermination=true"
    );
    world.returns("ModifyNetworkInterfaceAttribute", &goes);
    world.shows(
        "DescribeNetworkInterfaceAttribute",
        &format!("NetworkInterfaceId={id}&Attribute=attachment"),
        expect![[r#"
            <attachment>
              <attachTime>2024-01-02T03:04:05.000Z</attachTime>
              <attachmentId>eni-attach-1</attachmentId>
              <deleteOnTermination>true</deleteOnTermination>
              <deviceIndex>1</deviceIndex>
              <networkCardIndex>0</networkCardIndex>
              <instanceId>i-2</instanceId>
              <instanceOwnerId>000000000000</instanceOwnerId>
              <status>attached</status>
            </attachment>
            <networkInterfaceId>eni-3</networkInterfaceId>
        "#]],
    );
    world.returns("DetachNetworkInterface", &format!("AttachmentId={attachment}"));
    let waited = world.does(
        "DescribeNetworkInterfaces",
        &format!("Filter.1.Name=attachment.attachment-id&Filter.1.Value.1={attachment}"),
    );
    assert!(
        waited.contains("<status>detached</status>") && waited.contains("<status>available</status>"),
        "{waited}"
    );
    world.shows("DetachNetworkInterface", &format!("AttachmentId={attachment}"), expect!["400 InvalidAttachmentID.NotFound: The network interface attachment ID 'eni-attach-1' does not exist"]);
    let primary = world.id(
        "DescribeNetworkInterfaces",
        "Filter.1.Name=attachment.device-index&Filter.1.Value.1=0",
        "attachmentId",
    );
    world.shows("DetachNetworkInterface", &format!("AttachmentId={primary}"), expect!["400 OperationNotPermitted: The network interface at device index 0 and networkCard index 0 cannot be detached."]);
}

#[test]
fn another_zone_cannot_attach() {
    let (mut world, vpc, subnet) = lab();
    let instance = world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId");
    let far = world.id(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.0.9.0/24&AvailabilityZone=us-east-1b"),
        "subnetId",
    );
    let id = world.id("CreateNetworkInterface", &format!("SubnetId={far}"), "networkInterfaceId");
    let attach = format!("NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex=1");
    world.shows("AttachNetworkInterface", &attach, expect!["400 InvalidParameterCombination: You may not attach a network interface to an instance if they are not in the same availability zone"]);
}

#[test]
fn attributes_are_changed_one_at_a_time() {
    let (mut world, vpc, subnet) = lab();
    let id = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let group =
        world.id("CreateSecurityGroup", &format!("GroupName=web&GroupDescription=d&VpcId={vpc}"), "groupId");
    let change = |what: &str| format!("NetworkInterfaceId={id}&{what}");
    world.returns("ModifyNetworkInterfaceAttribute", &change("Description.Value=gateway"));
    world.returns("ModifyNetworkInterfaceAttribute", &change("SourceDestCheck.Value=false"));
    world.returns("ModifyNetworkInterfaceAttribute", &change(&format!("SecurityGroupId.1={group}")));
    world.shows(
        "ModifyNetworkInterfaceAttribute",
        &format!("NetworkInterfaceId={id}"),
        expect!["400 InvalidParameterCombination: No attributes specified."],
    );
    world.shows(
        "ModifyNetworkInterfaceAttribute",
        &change("Description.Value=a&SourceDestCheck.Value=true"),
        expect!["400 InvalidParameterCombination: Fields for multiple attribute types specified: only one attribute can be modified at a time"],
    );
    world.shows(
        "ModifyNetworkInterfaceAttribute",
        &change("Attachment.AttachmentId=eni-attach-00000000&Attachment.DeleteOnTermination=true"),
        expect!["400 InvalidAttachmentID.NotFound: The attachment 'eni-attach-00000000' is not an attachment of the network interface 'eni-1'"],
    );
    let tell = |attribute: &str| format!("NetworkInterfaceId={id}&Attribute={attribute}");
    world.shows(
        "DescribeNetworkInterfaceAttribute",
        &tell("description"),
        expect![[r#"
        <description>
          <value>gateway</value>
        </description>
        <networkInterfaceId>eni-1</networkInterfaceId>
    "#]],
    );
    world.shows(
        "DescribeNetworkInterfaceAttribute",
        &tell("sourceDestCheck"),
        expect![[r#"
        <networkInterfaceId>eni-1</networkInterfaceId>
        <sourceDestCheck>
          <value>false</value>
        </sourceDestCheck>
    "#]],
    );
    world.shows(
        "DescribeNetworkInterfaceAttribute",
        &tell("groupSet"),
        expect![[r#"
        <groupSet>
          <item>
            <groupId>sg-1</groupId>
            <groupName>web</groupName>
          </item>
        </groupSet>
        <networkInterfaceId>eni-2</networkInterfaceId>
    "#]],
    );
    world.shows(
        "DescribeNetworkInterfaceAttribute",
        &format!("NetworkInterfaceId={id}"),
        expect!["400 MissingParameter: The request must contain the parameter attribute"],
    );
    world.shows(
        "DeleteSecurityGroup",
        &format!("GroupId={group}"),
        expect!["400 DependencyViolation: resource sg-1 has a dependent object"],
    );
}

#[test]
fn secondary_addresses_come_move_and_go() {
    let (mut world, _, subnet) = lab();
    let make = |world: &mut World| {
        world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId")
    };
    let (one, other) = (make(&mut world), make(&mut world));
    world.shows(
        "AssignPrivateIpAddresses",
        &format!("NetworkInterfaceId={one}&PrivateIpAddress.1=10.0.1.99"),
        expect![[r#"
            <networkInterfaceId>eni-1</networkInterfaceId>
            <assignedPrivateIpAddressesSet>
              <item>
                <privateIpAddress>10.0.1.99</privateIpAddress>
              </item>
            </assignedPrivateIpAddressesSet>
        "#]],
    );
    let take = format!("NetworkInterfaceId={other}&PrivateIpAddress.1=10.0.1.99");
    world.shows(
        "AssignPrivateIpAddresses",
        &take,
        expect!["400 InvalidIPAddress.InUse: Address 10.0.1.99 is in use."],
    );
    world.does("AssignPrivateIpAddresses", &format!("{take}&AllowReassignment=true"));
    world.shows(
        "UnassignPrivateIpAddresses",
        &format!("NetworkInterfaceId={one}&PrivateIpAddress.1=10.0.1.99"),
        expect!["400 InvalidParameterValue: The address 10.0.1.99 is not assigned to interface eni-1"],
    );
    world.returns("UnassignPrivateIpAddresses", &take);
    world.shows(
        "UnassignPrivateIpAddresses",
        &format!("NetworkInterfaceId={one}&PrivateIpAddress.1=10.0.1.4"),
        expect!["400 InvalidParameterValue: The primary private IP address 10.0.1.4 of an interface cannot be unassigned"],
    );
    world.shows("AssignPrivateIpAddresses", &format!("NetworkInterfaceId={one}"), expect!["400 MissingParameter: The request must contain the parameter privateIpAddress or secondaryPrivateIpAddressCount"]);
}

#[test]
fn ipv6_addresses_come_and_go() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    let block = world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "ipv6CidrBlock").replace("/56", "/64");
    let subnet = world.id(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}"),
        "subnetId",
    );
    let id = world.id(
        "CreateNetworkInterface",
        &format!("SubnetId={subnet}&Ipv6AddressCount=1"),
        "networkInterfaceId",
    );
    let assigned = world.does("AssignIpv6Addresses", &format!("NetworkInterfaceId={id}&Ipv6AddressCount=1"));
    let address = between(&assigned, "item").expect("an address").to_owned();
    assert!(address.ends_with("::5"), "the lowest free one: {assigned}");
    let off = format!("NetworkInterfaceId={id}&Ipv6Addresses.1={address}");
    assert!(world.does("UnassignIpv6Addresses", &off).contains(&address));
    world.refuses(
        "UnassignIpv6Addresses",
        &off,
        &format!("InvalidParameterValue: The address {address} is not assigned to interface {id}"),
    );
    world.shows(
        "AssignIpv6Addresses",
        &format!("NetworkInterfaceId={id}"),
        expect![
            "400 MissingParameter: The request must contain the parameter ipv6Addresses or ipv6AddressCount"
        ],
    );
}

/// Source: EC2 User Guide, "Idle connection tracking timeout": the ranges; EC2 API Reference for where it is shown.
#[test]
fn idle_timeouts_of_tracking_are_set_within_their_ranges_and_shown() {
    let (mut world, _, subnet) = lab();
    let id = world.id(
        "CreateNetworkInterface",
        &format!("SubnetId={subnet}&ConnectionTrackingSpecification.UdpTimeout=45"),
        "networkInterfaceId",
    );
    let change = |member: &str| format!("NetworkInterfaceId={id}&ConnectionTrackingSpecification.{member}");
    for (member, range) in [
        ("TcpEstablishedTimeout=59", "between 60 and 432000"),
        ("TcpEstablishedTimeout=432001", "between 60 and 432000"),
        ("UdpTimeout=29", "between 30 and 60"),
        ("UdpTimeout=61", "between 30 and 60"),
        ("UdpStreamTimeout=59", "between 60 and 180"),
        ("UdpStreamTimeout=181", "between 60 and 180"),
    ] {
        let (name, given) = member.split_once('=').expect("a pair");
        world.refuses(
            "ModifyNetworkInterfaceAttribute",
            &change(member),
            &format!(
                "InvalidParameterValue: Value ({given}) for parameter {name} is invalid. Value must be {range}."
            ),
        );
    }
    world.returns("ModifyNetworkInterfaceAttribute", &change("TcpEstablishedTimeout=60"));
    let shown = world.does("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={id}"));
    let shown = between(&shown, "connectionTrackingConfiguration").expect("it was set");
    assert_eq!(
        shown.split_whitespace().collect::<String>(),
        "<tcpEstablishedTimeout>60</tcpEstablishedTimeout><udpTimeout>45</udpTimeout>"
    );
}

/// What asks for what is so in any case is accepted; what is not here is refused.
#[test]
fn members_that_change_nothing_are_accepted() {
    let mut world = World::new();
    let subnet = world.id("DescribeSubnets", "", "subnetId");
    let of = format!("SubnetId={subnet}");
    world.does("CreateNetworkInterface", &format!("{of}&InterfaceType=interface&EnablePrimaryIpv6=false"));
    let invalid = |value: &str, name: &str, wanted: &str| {
        format!(
            "InvalidParameterValue: Value ( {value} ) for parameter {name} is invalid. Expecting {wanted}."
        )
    };
    let rows = [
        ("InterfaceType=efa", invalid("efa", "interfaceType", "one of interface")),
        ("EnablePrimaryIpv6=true", invalid("true", "enablePrimaryIpv6", "false")),
        (
            &format!("ClientToken={}", "a".repeat(65)),
            invalid(&"a".repeat(65), "clientToken", "at most 64 ASCII characters"),
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateNetworkInterface", &format!("{of}&{params}"), &refusal);
    }
    world.returns("ModifySubnetAttribute", &format!("{of}&MapCustomerOwnedIpOnLaunch.Value=false"));
    world.refuses(
        "ModifySubnetAttribute",
        &format!("{of}&MapCustomerOwnedIpOnLaunch.Value=true"),
        &invalid("true", "mapCustomerOwnedIpOnLaunch.Value", "false"),
    );
}

#[test]
fn filters_about_what_is_not_here_find_what_is_so() {
    let mut world = World::new();
    let subnet = world.id("DescribeSubnets", "", "subnetId");
    world.does("CreateNetworkInterface", &format!("SubnetId={subnet}"));
    let mut found = |name: &str, value: &str| {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        world.all("DescribeNetworkInterfaces", &filter, "networkInterfaceId").len()
    };
    let rows = [
        ("operator.managed", "false", 1),
        ("operator.managed", "true", 0),
        ("operator.principal", "*", 0),
        ("requester-id", "*", 0),
    ];
    for (name, value, count) in rows {
        assert_eq!(found(name, value), count, "{name}={value}");
    }
}

/// ResetNetworkInterfaceAttribute: "Resets the value to `true`".
#[test]
fn the_source_destination_check_is_reset() {
    let mut world = World::new();
    let subnet = world.id("DescribeSubnets", "", "subnetId");
    let id = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let of = format!("NetworkInterfaceId={id}");
    world.returns("ModifyNetworkInterfaceAttribute", &format!("{of}&SourceDestCheck.Value=false"));
    assert_eq!(world.all("DescribeNetworkInterfaces", "", "sourceDestCheck"), ["false"]);
    world.refuses(
        "ResetNetworkInterfaceAttribute",
        &of,
        "InvalidParameterCombination: No attributes specified.",
    );
    world.returns("ResetNetworkInterfaceAttribute", &format!("{of}&SourceDestCheck=sourceDestCheck"));
    assert_eq!(world.all("DescribeNetworkInterfaces", "", "sourceDestCheck"), ["true"]);
    world.refuses(
        "ResetNetworkInterfaceAttribute",
        "NetworkInterfaceId=eni-12345678&SourceDestCheck=true",
        "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-12345678' does not exist",
    );
}
