//! Launches. Expectations: EC2 API Reference, RunInstances; error texts as clients report them.

use crate::shown::{between, named};
use crate::world::World;
use expect_test::expect;

/// Amazon Linux 2023 on x86, through the parameter that names it.
pub const AL2023: &str = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// A world with a VPC, an attached internet gateway and a subnet that lends public addresses.
pub fn lab() -> (World, String, String) {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let gateway = world.id("CreateInternetGateway", "", "internetGatewayId");
    world.does("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}"));
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    world.does("ModifySubnetAttribute", &format!("SubnetId={subnet}&MapPublicIpOnLaunch.Value=true"));
    (world, vpc, subnet)
}

/// One t2.micro, with what `more` says.
pub fn launch(more: &str) -> String {
    format!("ImageId={AL2023}&InstanceType=t2.micro&MinCount=1&MaxCount=1&{more}")
}

/// Launches one, and gives its id.
pub fn run(world: &mut World, more: &str) -> String {
    world.id("RunInstances", &launch(more), "instanceId")
}

#[test]
fn a_launch_is_pending_and_then_runs_with_a_lent_address() {
    let (mut world, _, subnet) = lab();
    let tags = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web";
    world.shows(
        "RunInstances",
        &launch(&format!("SubnetId={subnet}&{tags}")),
        expect![[r#"
            <reservationId>r-1</reservationId>
            <ownerId>000000000000</ownerId>
            <groupSet/>
            <instancesSet>
              <item>
                <architecture>x86_64</architecture>
                <blockDeviceMapping/>
                <clientToken/>
                <ebsOptimized>false</ebsOptimized>
                <enaSupport>true</enaSupport>
                <hypervisor>xen</hypervisor>
                <networkInterfaceSet>
                  <item>
                    <attachment>
                      <attachTime>2024-01-02T03:04:05.000Z</attachTime>
                      <attachmentId>eni-attach-2</attachmentId>
                      <deleteOnTermination>true</deleteOnTermination>
                      <deviceIndex>0</deviceIndex>
                      <status>attaching</status>
                      <networkCardIndex>0</networkCardIndex>
                    </attachment>
                    <description/>
                    <groupSet>
                      <item>
                        <groupId>sg-3</groupId>
                        <groupName>default</groupName>
                      </item>
                    </groupSet>
                    <ipv6AddressesSet/>
                    <macAddress>02:3c:82:1f:bf:59</macAddress>
                    <networkInterfaceId>eni-4</networkInterfaceId>
                    <ownerId>000000000000</ownerId>
                    <privateIpAddress>10.0.1.4</privateIpAddress>
                    <privateIpAddressesSet>
                      <item>
                        <primary>true</primary>
                        <privateIpAddress>10.0.1.4</privateIpAddress>
                      </item>
                    </privateIpAddressesSet>
                    <sourceDestCheck>true</sourceDestCheck>
                    <status>in-use</status>
                    <subnetId>subnet-5</subnetId>
                    <vpcId>vpc-6</vpcId>
                    <interfaceType>interface</interfaceType>
                  </item>
                </networkInterfaceSet>
                <rootDeviceName>/dev/xvda</rootDeviceName>
                <rootDeviceType>ebs</rootDeviceType>
                <groupSet>
                  <item>
                    <groupId>sg-3</groupId>
                    <groupName>default</groupName>
                  </item>
                </groupSet>
                <sourceDestCheck>true</sourceDestCheck>
                <stateReason>
                  <code>pending</code>
                  <message>pending</message>
                </stateReason>
                <tagSet>
                  <item>
                    <key>Name</key>
                    <value>web</value>
                  </item>
                </tagSet>
                <instanceId>i-7</instanceId>
                <imageId>ami-8</imageId>
                <amiLaunchIndex>0</amiLaunchIndex>
                <instanceType>t2.micro</instanceType>
                <launchTime>2024-01-02T03:04:05.000Z</launchTime>
                <virtualizationType>hvm</virtualizationType>
                <cpuOptions>
                  <coreCount>1</coreCount>
                  <threadsPerCore>1</threadsPerCore>
                </cpuOptions>
                <hibernationOptions>
                  <configured>false</configured>
                </hibernationOptions>
                <metadataOptions>
                  <state>applied</state>
                  <httpTokens>required</httpTokens>
                  <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                  <httpEndpoint>enabled</httpEndpoint>
                  <httpProtocolIpv6>disabled</httpProtocolIpv6>
                  <instanceMetadataTags>disabled</instanceMetadataTags>
                </metadataOptions>
                <enclaveOptions>
                  <enabled>false</enabled>
                </enclaveOptions>
                <bootMode>uefi-preferred</bootMode>
                <platformDetails>Linux/UNIX</platformDetails>
                <usageOperation>RunInstances</usageOperation>
                <usageOperationUpdateTime>2024-01-02T03:04:05.000Z</usageOperationUpdateTime>
                <privateDnsNameOptions>
                  <hostnameType>ip-name</hostnameType>
                  <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
                  <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
                </privateDnsNameOptions>
                <maintenanceOptions>
                  <autoRecovery>default</autoRecovery>
                  <rebootMigration>default</rebootMigration>
                </maintenanceOptions>
                <currentInstanceBootMode>legacy-bios</currentInstanceBootMode>
                <instanceState>
                  <code>0</code>
                  <name>pending</name>
                </instanceState>
                <privateDnsName>ip-10-0-1-4.ec2.internal</privateDnsName>
                <dnsName/>
                <reason/>
                <placement>
                  <availabilityZoneId>use1-az1</availabilityZoneId>
                  <groupName/>
                  <tenancy>default</tenancy>
                  <availabilityZone>us-east-1a</availabilityZone>
                </placement>
                <monitoring>
                  <state>disabled</state>
                </monitoring>
                <subnetId>subnet-5</subnetId>
                <vpcId>vpc-6</vpcId>
                <privateIpAddress>10.0.1.4</privateIpAddress>
              </item>
            </instancesSet>
        "#]],
    );
    world.shows(
        "DescribeInstances",
        "Filter.1.Name=tag:Name&Filter.1.Value.1=web",
        expect![[r#"
            <reservationSet>
              <item>
                <reservationId>r-1</reservationId>
                <ownerId>000000000000</ownerId>
                <groupSet/>
                <instancesSet>
                  <item>
                    <architecture>x86_64</architecture>
                    <blockDeviceMapping>
                      <item>
                        <deviceName>/dev/xvda</deviceName>
                        <ebs>
                          <attachTime>2024-01-02T03:04:05.000Z</attachTime>
                          <deleteOnTermination>true</deleteOnTermination>
                          <status>attached</status>
                          <volumeId>vol-2</volumeId>
                        </ebs>
                      </item>
                    </blockDeviceMapping>
                    <clientToken/>
                    <ebsOptimized>false</ebsOptimized>
                    <enaSupport>true</enaSupport>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet>
                      <item>
                        <association>
                          <ipOwnerId>amazon</ipOwnerId>
                          <publicDnsName/>
                          <publicIp>54.209.188.224</publicIp>
                        </association>
                        <attachment>
                          <attachTime>2024-01-02T03:04:05.000Z</attachTime>
                          <attachmentId>eni-attach-3</attachmentId>
                          <deleteOnTermination>true</deleteOnTermination>
                          <deviceIndex>0</deviceIndex>
                          <status>attached</status>
                          <networkCardIndex>0</networkCardIndex>
                        </attachment>
                        <description/>
                        <groupSet>
                          <item>
                            <groupId>sg-4</groupId>
                            <groupName>default</groupName>
                          </item>
                        </groupSet>
                        <ipv6AddressesSet/>
                        <macAddress>02:3c:82:1f:bf:59</macAddress>
                        <networkInterfaceId>eni-5</networkInterfaceId>
                        <ownerId>000000000000</ownerId>
                        <privateIpAddress>10.0.1.4</privateIpAddress>
                        <privateIpAddressesSet>
                          <item>
                            <association>
                              <ipOwnerId>amazon</ipOwnerId>
                              <publicDnsName/>
                              <publicIp>54.209.188.224</publicIp>
                            </association>
                            <primary>true</primary>
                            <privateIpAddress>10.0.1.4</privateIpAddress>
                          </item>
                        </privateIpAddressesSet>
                        <sourceDestCheck>true</sourceDestCheck>
                        <status>in-use</status>
                        <subnetId>subnet-6</subnetId>
                        <vpcId>vpc-7</vpcId>
                        <interfaceType>interface</interfaceType>
                      </item>
                    </networkInterfaceSet>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <rootDeviceType>ebs</rootDeviceType>
                    <groupSet>
                      <item>
                        <groupId>sg-4</groupId>
                        <groupName>default</groupName>
                      </item>
                    </groupSet>
                    <sourceDestCheck>true</sourceDestCheck>
                    <tagSet>
                      <item>
                        <key>Name</key>
                        <value>web</value>
                      </item>
                    </tagSet>
                    <instanceId>i-8</instanceId>
                    <imageId>ami-9</imageId>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <instanceType>t2.micro</instanceType>
                    <launchTime>2024-01-02T03:04:05.000Z</launchTime>
                    <virtualizationType>hvm</virtualizationType>
                    <cpuOptions>
                      <coreCount>1</coreCount>
                      <threadsPerCore>1</threadsPerCore>
                    </cpuOptions>
                    <hibernationOptions>
                      <configured>false</configured>
                    </hibernationOptions>
                    <metadataOptions>
                      <state>applied</state>
                      <httpTokens>required</httpTokens>
                      <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                      <httpEndpoint>enabled</httpEndpoint>
                      <httpProtocolIpv6>disabled</httpProtocolIpv6>
                      <instanceMetadataTags>disabled</instanceMetadataTags>
                    </metadataOptions>
                    <enclaveOptions>
                      <enabled>false</enabled>
                    </enclaveOptions>
                    <bootMode>uefi-preferred</bootMode>
                    <platformDetails>Linux/UNIX</platformDetails>
                    <usageOperation>RunInstances</usageOperation>
                    <usageOperationUpdateTime>2024-01-02T03:04:05.000Z</usageOperationUpdateTime>
                    <privateDnsNameOptions>
                      <hostnameType>ip-name</hostnameType>
                      <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
                      <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
                    </privateDnsNameOptions>
                    <maintenanceOptions>
                      <autoRecovery>default</autoRecovery>
                      <rebootMigration>default</rebootMigration>
                    </maintenanceOptions>
                    <currentInstanceBootMode>legacy-bios</currentInstanceBootMode>
                    <instanceState>
                      <code>16</code>
                      <name>running</name>
                    </instanceState>
                    <privateDnsName>ip-10-0-1-4.ec2.internal</privateDnsName>
                    <dnsName/>
                    <reason/>
                    <placement>
                      <availabilityZoneId>use1-az1</availabilityZoneId>
                      <groupName/>
                      <tenancy>default</tenancy>
                      <availabilityZone>us-east-1a</availabilityZone>
                    </placement>
                    <monitoring>
                      <state>disabled</state>
                    </monitoring>
                    <subnetId>subnet-6</subnetId>
                    <vpcId>vpc-7</vpcId>
                    <privateIpAddress>10.0.1.4</privateIpAddress>
                    <ipAddress>54.209.188.224</ipAddress>
                  </item>
                </instancesSet>
              </item>
            </reservationSet>
        "#]],
    );
}

#[test]
fn launches_are_refused_in_aws_words() {
    let (mut world, vpc, subnet) = lab();
    let mut refused = |params: &str| named(&world.ec2("RunInstances", params));
    let base = |image: &str, kind: &str| {
        format!("ImageId={image}&InstanceType={kind}&MinCount=1&MaxCount=1&SubnetId={subnet}")
    };
    expect!["400 MissingParameter: The request must contain the parameter ImageId"]
        .assert_eq(&refused("InstanceType=t2.micro&MinCount=1&MaxCount=1"));
    expect!["400 InvalidAMIID.Malformed: Invalid id: &quot;ami-1&quot; (expecting &quot;ami-...&quot;)"]
        .assert_eq(&refused(&base("ami-1", "t2.micro")));
    expect!["400 InvalidAMIID.NotFound: The image id '[ami-1]' does not exist"]
        .assert_eq(&refused(&base("ami-0123456789abcdef0", "t2.micro")));
    expect![
        "400 InvalidParameterValue: The parameter 'resolve:ssm:/none' could not be resolved to an image."
    ]
    .assert_eq(&refused(&base("resolve:ssm:/none", "t2.micro")));
    expect!["400 InvalidParameterValue: Invalid value 't2.huge' for InstanceType."]
        .assert_eq(&refused(&base(AL2023, "t2.huge")));
    expect!["400 InvalidParameterValue: The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again."].assert_eq(&refused(&base(AL2023, "t4g.micro")));
    expect!["400 InvalidKeyPair.NotFound: The key pair 'none' does not exist"]
        .assert_eq(&refused(&format!("{}&KeyName=none", base(AL2023, "t2.micro"))));
    expect!["400 InvalidParameterValue: Invalid BASE64 encoding of user data."]
        .assert_eq(&refused(&format!("{}&UserData=***", base(AL2023, "t2.micro"))));
    expect!["400 InvalidParameterValue: Address 10.0.2.9 does not fall within the subnet's address range"]
        .assert_eq(&refused(&format!("{}&PrivateIpAddress=10.0.2.9", base(AL2023, "t2.micro"))));
    expect!["400 InvalidParameterValue: Address 10.0.1.3 is in subnet's reserved address range"]
        .assert_eq(&refused(&format!("{}&PrivateIpAddress=10.0.1.3", base(AL2023, "t2.micro"))));
    expect!["400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"]
        .assert_eq(&refused(&format!("{}&SecurityGroupId.1=sg-00000000", base(AL2023, "t2.micro"))));
    expect!["400 UnknownParameter: The parameter LaunchTemplate.LaunchTemplateName is not recognized: not implemented by weir"]
        .assert_eq(&refused(&format!("{}&LaunchTemplate.LaunchTemplateName=x", base(AL2023, "t2.micro"))));
    expect!["412 DryRunOperation: Request would have succeeded, but DryRun flag is set."]
        .assert_eq(&refused(&format!("{}&DryRun=true", base(AL2023, "t2.micro"))));
    let count = |min: u32, max: u32| {
        format!("ImageId={AL2023}&InstanceType=t2.micro&MinCount={min}&MaxCount={max}&SubnetId={subnet}")
    };
    expect!["400 InvalidParameterValue: Value (0) for parameter minCount is invalid. Expecting a value greater than 0."].assert_eq(&refused(&count(0, 1)));
    expect!["400 InvalidParameterValue: Value (1) for parameter maxCount is invalid. It must not be less than minCount (2)."].assert_eq(&refused(&count(2, 1)));
    expect!["400 InsufficientFreeAddressesInSubnet: The specified subnet subnet-1 does not have enough free addresses to satisfy the request."].assert_eq(&refused(&count(300, 300)));
    expect!["400 InstanceLimitExceeded: You have requested more instances (9000) than your current instance limit of 5000 allows for the specified instance type."].assert_eq(&refused(&count(9000, 9000)));
    let other = world.id("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId");
    let group =
        world.id("CreateSecurityGroup", &format!("GroupName=g&GroupDescription=g&VpcId={other}"), "groupId");
    let foreign = format!("{}&SecurityGroupId.1={group}", base(AL2023, "t2.micro"));
    world.shows(
        "RunInstances",
        &foreign,
        expect![
            "400 InvalidParameter: Security group sg-1 and subnet subnet-2 belong to different networks."
        ],
    );
    world.shows(
        "RunInstances",
        &format!(
            "{}&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a",
            base(AL2023, "t2.micro")
        ),
        expect!["400 InvalidParameterValue: 'vpc' is not a valid taggable resource type for this operation."],
    );
    assert!(vpc.starts_with("vpc-") && world.does("DescribeInstances", "") == "<reservationSet/>\n");
}

#[test]
fn as_many_are_launched_as_fit() {
    let (mut world, vpc, _) = lab();
    let small = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.2.0/28"), "subnetId");
    let params = format!("ImageId={AL2023}&InstanceType=t3.micro&MinCount=2&MaxCount=20&SubnetId={small}");
    let ids = world.all("RunInstances", &params, "instanceId");
    assert_eq!(ids.len(), 11, "a /28 has 11 addresses");
    let addresses = world.all("DescribeInstances", "", "amiLaunchIndex");
    assert_eq!(addresses.len(), 11);
    let page = world.does("DescribeInstances", "MaxResults=5");
    let token = between(&page, "nextToken").expect("more").to_owned();
    assert_eq!(
        world.all("DescribeInstances", &format!("MaxResults=10&NextToken={token}"), "amiLaunchIndex").len(),
        6
    );
    world.shows("DescribeInstances", &format!("MaxResults=5&InstanceId.1={}", ids[0]), expect!["400 InvalidParameterCombination: The parameter instancesSet cannot be used with the parameter maxResults"]);
    world.shows(
        "DescribeInstances",
        "InstanceId.1=i-00000000&InstanceId.2=i-11111111",
        expect!["400 InvalidInstanceID.NotFound: The instance IDs 'i-00000000, i-11111111' do not exist"],
    );
    world.shows(
        "DescribeInstances",
        "InstanceId.1=i-0",
        expect!["400 InvalidInstanceID.Malformed: Invalid id: &quot;i-0&quot; (expecting &quot;i-...&quot;)"],
    );
}

#[test]
fn the_default_vpc_is_where_a_bare_launch_goes() {
    let mut world = World::new();
    let id = run(&mut world, "SecurityGroup.1=default&Placement.AvailabilityZone=us-east-1b");
    let answer = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    assert_eq!(between(&answer, "availabilityZone"), Some("us-east-1b"));
    assert_eq!(between(&answer, "privateIpAddress"), Some("172.31.16.4"));
    assert!(answer.contains("<dnsName>ec2-54-"), "{answer}");
    world.shows(
        "RunInstances",
        &launch("Placement.AvailabilityZone=us-east-1d"),
        expect!["400 MissingInput: No subnets found for the default VPC 'vpc-1'. Please specify a subnet."],
    );
    // The provider of AWS for Terraform sends an empty name where none is asked for.
    let id = run(&mut world, "Placement.AvailabilityZone=");
    let answer = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    assert_eq!(between(&answer, "availabilityZone"), Some("us-east-1a"));
    world.refuses(
        "RunInstances",
        &launch("Placement.AvailabilityZone=here"),
        "InvalidParameterValue: Value ( here ) for parameter placement.AvailabilityZone is invalid. Expecting the name of an Availability Zone.",
    );
}

#[test]
fn interfaces_may_be_listed() {
    let (mut world, _, subnet) = lab();
    let interface = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let listed = |rest: &str| {
        launch(&format!("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId={subnet}{rest}"))
    };
    world.shows(
        "RunInstances",
        &listed("&NetworkInterface.1.AssociatePublicIpAddress=true&NetworkInterface.2.DeviceIndex=1"),
        expect!["400 InvalidParameterCombination: The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces."],
    );
    world.shows("RunInstances", &listed(&format!("&SubnetId={subnet}")), expect!["400 InvalidParameterCombination: Network interfaces and an instance-level subnet ID may not be specified on the same request"]);
    world.shows(
        "RunInstances",
        &listed("&NetworkInterface.2.DeviceIndex=0"),
        expect!["400 InvalidParameterValue: Duplicate device index '0' in network interfaces."],
    );
    let first_missing =
        launch(&format!("NetworkInterface.1.DeviceIndex=1&NetworkInterface.1.SubnetId={subnet}"));
    world.shows("RunInstances", &first_missing, expect!["400 InvalidParameterValue: When specifying network interfaces, you must include a device at index 0."]);
    let own = launch(&format!(
        "NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={interface}"
    ));
    let id = world.id("RunInstances", &own, "instanceId");
    world.shows(
        "RunInstances",
        &own,
        expect!["400 InvalidNetworkInterface.InUse: Network interface 'eni-1' is currently in use."],
    );
    world.does("TerminateInstances", &format!("InstanceId.1={id}"));
    let left = world.does("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}"));
    assert!(left.contains("<status>available</status>"), "an interface that was there before stays: {left}");
    let private = listed(
        "&NetworkInterface.1.AssociatePublicIpAddress=false&NetworkInterface.1.PrivateIpAddress=10.0.1.77",
    );
    let id = world.id("RunInstances", &private, "instanceId");
    let answer = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    assert_eq!(
        (between(&answer, "privateIpAddress"), between(&answer, "ipAddress")),
        (Some("10.0.1.77"), None)
    );
}

#[test]
fn a_client_token_launches_once() {
    let (mut world, _, subnet) = lab();
    let params = launch(&format!("SubnetId={subnet}&ClientToken=once"));
    assert_eq!(world.does("RunInstances", &params), world.does("RunInstances", &params));
    assert_eq!(world.all("DescribeInstances", "", "amiLaunchIndex").len(), 1);
}
