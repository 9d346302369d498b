//! VPC endpoints.

use crate::launch::AL2023;
use crate::shown::between;
use crate::world::World;
use expect_test::expect;

const S3: &str = "ServiceName=com.amazonaws.us-east-1.s3";
const EC2: &str = "ServiceName=com.amazonaws.us-east-1.ec2&VpcEndpointType=Interface";

/// The region's default VPC, its first subnet and its main table.
fn default_vpc(world: &mut World) -> (String, String, String) {
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    let zone = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a";
    let subnet = world.id("DescribeSubnets", zone, "subnetId");
    let table = world.id("DescribeRouteTables", "", "routeTableId");
    (vpc, subnet, table)
}

#[test]
fn a_gateway_endpoint_is_a_route_to_a_prefix_list() {
    let mut world = World::new();
    let (vpc, _, table) = default_vpc(&mut world);
    let tags = "TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=x";
    world.shows(
        "CreateVpcEndpoint",
        &format!("VpcId={vpc}&{S3}&RouteTableId.1={table}&{tags}"),
        expect![[r#"
            <vpcEndpoint>
              <vpcEndpointId>vpce-1</vpcEndpointId>
              <vpcEndpointType>Gateway</vpcEndpointType>
              <vpcId>vpc-2</vpcId>
              <serviceName>com.amazonaws.us-east-1.s3</serviceName>
              <state>available</state>
              <policyDocument>{&quot;Version&quot;:&quot;2008-10-17&quot;,&quot;Statement&quot;:[{&quot;Effect&quot;:&quot;Allow&quot;,&quot;Principal&quot;:&quot;*&quot;,&quot;Action&quot;:&quot;*&quot;,&quot;Resource&quot;:&quot;*&quot;}]}</policyDocument>
              <routeTableIdSet>
                <item>rtb-3</item>
              </routeTableIdSet>
              <subnetIdSet/>
              <groupSet/>
              <ipAddressType>ipv4</ipAddressType>
              <privateDnsEnabled>false</privateDnsEnabled>
              <requesterManaged>false</requesterManaged>
              <networkInterfaceIdSet/>
              <dnsEntrySet/>
              <creationTimestamp>2024-01-02T03:04:05.000Z</creationTimestamp>
              <tagSet>
                <item>
                  <key>Name</key>
                  <value>x</value>
                </item>
              </tagSet>
              <ownerId>000000000000</ownerId>
              <serviceRegion>us-east-1</serviceRegion>
            </vpcEndpoint>
        "#]],
    );
    let id = world.id("DescribeVpcEndpoints", "", "vpcEndpointId");
    let of_table = format!("RouteTableId.1={table}");
    let gateways = world.all("DescribeRouteTables", &of_table, "gatewayId");
    assert!(gateways.contains(&id), "{gateways:?}");
    assert_eq!(world.all("DescribeRouteTables", &of_table, "destinationPrefixListId"), ["pl-63a5400a"]);
    assert_eq!(
        world
            .all("DescribeRouteTables", &of_table, "state")
            .iter()
            .filter(|state| *state == "active")
            .count(),
        3
    );
    let to_list = format!("RouteTableId={table}&DestinationPrefixListId=pl-63a5400a");
    world.refuses(
        "DeleteRoute",
        &to_list,
        &format!(
            "InvalidParameterValue: cannot remove VPC endpoint route pl-63a5400a in route table {table}"
        ),
    );
    world.refuses(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=1.0.0.0/8&GatewayId={id}"),
        &format!("InvalidParameterValue: The VPC endpoint {id} cannot be the target of a route."),
    );
    world.refuses(
        "CreateVpcEndpoint",
        &format!("VpcId={vpc}&{S3}&RouteTableId.1={table}"),
        &format!("RouteAlreadyExists: route table {table} already has a route with destination-prefix-list-id pl-63a5400a"),
    );
    world.refuses(
        "DeleteVpc",
        &format!("VpcId={vpc}"),
        &format!("DependencyViolation: The vpc '{vpc}' has dependencies and cannot be deleted."),
    );
    let mut world = world.restarted();
    world.returns("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&RemoveRouteTableId.1={table}"));
    assert_eq!(world.all("DescribeRouteTables", &of_table, "destinationPrefixListId"), Vec::<String>::new());
    world.refuses(
        "ModifyVpcEndpoint",
        &format!("VpcEndpointId={id}&RemoveRouteTableId.1={table}"),
        &format!("InvalidParameter: The route table {table} is not associated with the VPC endpoint {id}."),
    );
    world.returns("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&AddRouteTableId.1={table}"));
    world.check(
        "DeleteVpcEndpoints",
        &format!("VpcEndpointId.1={id}"),
        expect![[r#"
        <unsuccessful/>
    "#]],
    );
    assert_eq!(world.all("DescribeRouteTables", &of_table, "destinationPrefixListId"), Vec::<String>::new());
    let missing = format!("InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id '{id}' does not exist");
    world.refuses("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}"), &missing);
    world.refuses("ModifyVpcEndpoint", &format!("VpcEndpointId={id}"), &missing);
}

#[test]
fn an_interface_endpoint_has_interfaces_groups_and_names() {
    let mut world = World::new();
    let (vpc, subnet, _) = default_vpc(&mut world);
    let group = world.id("DescribeSecurityGroups", "", "groupId");
    world.shows(
        "CreateVpcEndpoint",
        &format!("VpcId={vpc}&{EC2}&SubnetId.1={subnet}&SecurityGroupId.1={group}&ClientToken=once"),
        expect![[r#"
            <vpcEndpoint>
              <vpcEndpointId>vpce-1</vpcEndpointId>
              <vpcEndpointType>Interface</vpcEndpointType>
              <vpcId>vpc-2</vpcId>
              <serviceName>com.amazonaws.us-east-1.ec2</serviceName>
              <state>pending</state>
              <policyDocument>{
              &quot;Statement&quot;: [
                {
                  &quot;Action&quot;: &quot;*&quot;, 
                  &quot;Effect&quot;: &quot;Allow&quot;, 
                  &quot;Principal&quot;: &quot;*&quot;, 
                  &quot;Resource&quot;: &quot;*&quot;
                }
              ]
            }</policyDocument>
              <routeTableIdSet/>
              <subnetIdSet>
                <item>subnet-3</item>
              </subnetIdSet>
              <groupSet>
                <item>
                  <groupId>sg-4</groupId>
                  <groupName>default</groupName>
                </item>
              </groupSet>
              <ipAddressType>ipv4</ipAddressType>
              <dnsOptions>
                <dnsRecordIpType>ipv4</dnsRecordIpType>
              </dnsOptions>
              <privateDnsEnabled>true</privateDnsEnabled>
              <requesterManaged>false</requesterManaged>
              <networkInterfaceIdSet>
                <item>eni-5</item>
              </networkInterfaceIdSet>
              <dnsEntrySet>
                <item>
                  <dnsName>vpce-1-vvopjtt0.ec2.us-east-1.vpce.amazonaws.com</dnsName>
                  <hostedZoneId>Z7HUB22UULQXV</hostedZoneId>
                </item>
                <item>
                  <dnsName>vpce-1-vvopjtt0-us-east-1a.ec2.us-east-1.vpce.amazonaws.com</dnsName>
                  <hostedZoneId>Z7HUB22UULQXV</hostedZoneId>
                </item>
                <item>
                  <dnsName>ec2.us-east-1.amazonaws.com</dnsName>
                  <hostedZoneId>Z083F91CA7864A7135</hostedZoneId>
                </item>
              </dnsEntrySet>
              <creationTimestamp>2024-01-02T03:04:05.000Z</creationTimestamp>
              <tagSet/>
              <ownerId>000000000000</ownerId>
              <serviceRegion>us-east-1</serviceRegion>
            </vpcEndpoint>
            <clientToken>once</clientToken>
        "#]],
    );
    let again = format!("VpcId={vpc}&{EC2}&SubnetId.1={subnet}&SecurityGroupId.1={group}&ClientToken=once");
    let id = world.id("CreateVpcEndpoint", &again, "vpcEndpointId");
    assert_eq!(world.all("DescribeVpcEndpoints", "", "vpcEndpointId"), [id.as_str()]);
    assert_eq!(world.all("DescribeVpcEndpoints", "", "state"), ["available"]);
    let managed = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let interface = world.id("DescribeNetworkInterfaces", managed, "networkInterfaceId");
    assert_eq!(world.all("DescribeNetworkInterfaces", managed, "requesterManaged"), ["true"]);
    assert_eq!(
        world.all("DescribeNetworkInterfaces", managed, "description"),
        [format!("VPC Endpoint Interface {id}")]
    );
    world.refuses(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={interface}"),
        &format!("OperationNotPermitted: You do not have permission to manage the network interface '{interface}': it is managed by AWS."),
    );
    world.refuses(
        "DeleteSubnet",
        &format!("SubnetId={subnet}"),
        &format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted."),
    );
    let of = format!("VpcEndpointId={id}");
    let own = world.id(
        "CreateSecurityGroup",
        &format!("VpcId={vpc}&GroupName=own&GroupDescription=own"),
        "groupId",
    );
    world.returns(
        "ModifyVpcEndpoint",
        &format!("{of}&AddSecurityGroupId.1={own}&RemoveSecurityGroupId.1={group}&PolicyDocument={OPEN}&PrivateDnsEnabled=false"),
    );
    assert_eq!(world.all("DescribeVpcEndpoints", "", "groupId"), [own.as_str()]);
    let shown = world.all("DescribeVpcEndpoints", "", "policyDocument");
    assert_eq!(shown, [OPEN.replace('"', "&quot;")]);
    assert_eq!(world.all("DescribeVpcEndpoints", "", "dnsName").len(), 2);
    world.returns("ModifyVpcEndpoint", &format!("{of}&ResetPolicy=true"));
    let rows = [
        (format!("{of}&ResetPolicy=true&PolicyDocument={{}}"), "InvalidParameterCombination: The parameters ResetPolicy and PolicyDocument cannot be used together".to_owned()),
        (format!("{of}&PolicyDocument={{\"Statement\":[]}}"), "InvalidPolicyDocument: Missing required field Statement cannot be empty!".to_owned()),
        (format!("{of}&PolicyDocument={}", OPEN.replace("Principal", "Sid")), "InvalidPolicyDocument: Missing required field Principal".to_owned()),
        (format!("{of}&PolicyDocument={}", OPEN.replace("}}", ",\"Condition\":{\"Bool\":{\"aws:ViaAWSService\":\"true\"}}}}")), "InvalidPolicyDocument: The condition key aws:ViaAWSService is not implemented by weir.".to_owned()),
        (format!("{of}&PolicyDocument=x"), "InvalidPolicyDocument: The specified policy document is not a valid JSON policy document.".to_owned()),
        (format!("{of}&AddRouteTableId.1=rtb-12345678"), "InvalidParameter: The parameter AddRouteTableIds is not supported for endpoints of type Interface.".to_owned()),
        (format!("{of}&RemoveSecurityGroupId.1={group}"), format!("InvalidParameter: The security group {group} is not associated with the VPC endpoint {id}.")),
        (format!("{of}&AddSubnetId.1={subnet}"), format!("DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {subnet}.")),
        (format!("{of}&IpAddressType=dualstack"), format!("InvalidParameter: The subnet {subnet} does not support the IP address type dualstack.")),
        (format!("{of}&RemoveSecurityGroupId.1={own}"), format!("InvalidParameter: The VPC endpoint {id} must have at least one security group.")),
        (format!("{of}&DnsOptions.DnsRecordIpType=ipv6"), "InvalidParameter: The DNS record IP type ipv6 is not compatible with the IP address type ipv4.".to_owned()),
        (format!("{of}&DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=true"), "InvalidParameter: PrivateDnsOnlyForInboundResolverEndpoint is not supported for the service com.amazonaws.us-east-1.ec2, which does not have Gateway endpoints.".to_owned()),
    ];
    for (params, refusal) in rows {
        let said = world.ec2("ModifyVpcEndpoint", &params);
        assert!(said.starts_with(&format!("400 {}", refusal.trim_end_matches('.'))), "{params}: {said}");
    }
    world.returns("ModifyVpcEndpoint", &format!("{of}&RemoveSubnetId.1={subnet}"));
    world.refuses(
        "ModifyVpcEndpoint",
        &format!("{of}&RemoveSubnetId.1={subnet}"),
        &format!("InvalidParameter: The VPC endpoint {id} is not in the subnet {subnet}."),
    );
    world.returns("ModifyVpcEndpoint", &format!("{of}&AddSubnetId.1={subnet}"));
    world.does("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}"));
    assert_eq!(world.all("DescribeVpcEndpoints", "", "state"), Vec::<String>::new());
    assert_eq!(world.all("DescribeNetworkInterfaces", managed, "status"), Vec::<String>::new());
    world.returns("DeleteSubnet", &format!("SubnetId={subnet}"));
}

#[test]
fn a_wrong_endpoint_is_refused() {
    let mut world = World::new();
    let (default, subnet, table) = default_vpc(&mut world);
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let of = format!("VpcId={vpc}");
    let rows = [
        (of.clone(), "MissingParameter: The request must contain the parameter ServiceName".to_owned()),
        (
            format!("{of}&ServiceName=com.amazonaws.us-east-1.teapot"),
            "InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.us-east-1.teapot' does not exist"
                .to_owned(),
        ),
        (
            format!("{of}&{S3}&ServiceRegion=eu-west-1"),
            "InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.us-east-1.s3' does not exist"
                .to_owned(),
        ),
        (
            format!("{of}&ServiceName=com.amazonaws.us-east-1.ec2"),
            "InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface])."
                .to_owned(),
        ),
        (
            format!("{of}&{S3}&SubnetId.1={subnet}"),
            "InvalidParameter: The parameter SubnetIds is not supported for endpoints of type Gateway."
                .to_owned(),
        ),
        (
            format!("{of}&{EC2}&RouteTableId.1={table}"),
            "InvalidParameter: The parameter RouteTableIds is not supported for endpoints of type Interface."
                .to_owned(),
        ),
        (
            format!("{of}&{S3}&RouteTableId.1={table}"),
            format!("InvalidParameter: The resource {table} does not belong to the VPC {vpc}."),
        ),
        (
            format!("{of}&{S3}&PolicyDocument=[]"),
            "InvalidPolicyDocument: The specified policy document is not a valid JSON policy document."
                .to_owned(),
        ),
        (
            format!("{of}&{EC2}"),
            format!(
                "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}"
            ),
        ),
        (
            format!("{of}&{EC2}&PrivateDnsEnabled=false&SubnetConfiguration.1.Ipv4=10.0.0.9"),
            "MissingParameter: The request must contain the parameter SubnetId".to_owned(),
        ),
        (
            format!("VpcId=vpc-12345678&{S3}"),
            "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist".to_owned(),
        ),
        (
            format!(
                "VpcId={default}&{EC2}&SubnetConfiguration.1.SubnetId={subnet}&SubnetConfiguration.1.Ipv4=10.0.0.9"
            ),
            "InvalidParameterValue: Address 10.0.0.9 does not fall within the subnet's address range"
                .to_owned(),
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateVpcEndpoint", &params, &refusal);
        assert!(world.changes.is_empty(), "{params}: {:?}", world.changes);
    }
    world.does("CreateVpcEndpoint", &format!("VpcId={default}&{EC2}"));
    world.refuses(
        "CreateVpcEndpoint",
        &format!("VpcId={default}&{EC2}"),
        &format!("InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for ec2.us-east-1.amazonaws.com in the VPC {default}"),
    );
    for _ in 0..20 {
        world.does("CreateVpcEndpoint", &format!("{of}&{S3}"));
    }
    world.refuses(
        "CreateVpcEndpoint",
        &format!("{of}&{S3}"),
        "VpcEndpointLimitExceeded: The maximum number of VPC endpoints has been reached.",
    );
    world.check(
        "DeleteVpcEndpoints",
        "VpcEndpointId.1=vpce-12345678",
        expect![[r#"
            <unsuccessful>
              <item>
                <error>
                  <code>InvalidVpcEndpointId.NotFound</code>
                  <message>The Vpc Endpoint Id 'vpce-12345678' does not exist</message>
                </error>
                <resourceId>vpce-12345678</resourceId>
              </item>
            </unsuccessful>
        "#]],
    );
}

/// Terraform provider issues 32407 and 46404; CreateVpcEndpoint, DnsOptionsSpecification.
#[test]
fn an_interface_endpoint_for_s3_says_who_its_names_are_for() {
    let mut world = World::new();
    let (vpc, subnet, _) = default_vpc(&mut world);
    let s3 = format!("VpcId={vpc}&VpcEndpointType=Interface&{S3}&SubnetId.1={subnet}");
    let refused = format!(
        "InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint for the service."
    );
    world.refuses("CreateVpcEndpoint", &s3, &refused);
    let option = "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint";
    let made =
        world.does("CreateVpcEndpoint", &format!("{s3}&{option}=false&DnsOptions.DnsRecordIpType=ipv4"));
    assert_eq!(between(&made, "privateDnsOnlyForInboundResolverEndpoint"), Some("false"));
    assert_eq!(between(&made, "dnsRecordIpType"), Some("ipv4"));
    let id = between(&made, "vpcEndpointId").expect("an id").to_owned();
    let names = world.all("DescribeVpcEndpoints", "", "dnsName");
    assert!(names[0].starts_with(&format!("*.{id}-")), "{names:?}");
    assert_eq!(names[2..4], ["s3.us-east-1.amazonaws.com", "*.s3.us-east-1.amazonaws.com"]);
    let modify = format!("VpcEndpointId={id}&{option}=true");
    world.refuses("ModifyVpcEndpoint", &modify, &refused);
    let of_gateway = "InvalidParameter: DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.";
    world.refuses("CreateVpcEndpoint", &format!("VpcId={vpc}&{S3}&{option}=false"), of_gateway);
    let gateway = world.id("CreateVpcEndpoint", &format!("VpcId={vpc}&{S3}"), "vpcEndpointId");
    world.returns("ModifyVpcEndpoint", &modify);
    // cloudposse/terraform-aws-vpc issue 153.
    let kept = world.does("DeleteVpcEndpoints", &format!("VpcEndpointId.1={gateway}"));
    let message = format!(
        "Gateway endpoint cannot be deleted while Interface endpoint {id} for the service has PrivateDnsOnlyForInboundResolverEndpoint set to true."
    );
    assert_eq!(between(&kept, "message"), Some(message.as_str()));
    let shown = world.does("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}"));
    assert_eq!(between(&shown, "privateDnsOnlyForInboundResolverEndpoint"), Some("true"));
    let dynamodb = format!("{}&PrivateDnsEnabled=true", s3.replace("s3", "dynamodb"));
    let refused = "InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.us-east-1.dynamodb does not provide a private DNS name.";
    world.refuses("CreateVpcEndpoint", &dynamodb, refused);
}

/// CreateVpcEndpoint, IpAddressType and SubnetConfiguration.
#[test]
fn a_dualstack_endpoint_has_addresses_of_both_families() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    for attribute in ["EnableDnsSupport", "EnableDnsHostnames"] {
        world.returns("ModifyVpcAttribute", &format!("VpcId={vpc}&{attribute}.Value=true"));
    }
    let block = world.id("DescribeVpcs", &format!("VpcId.1={vpc}"), "ipv6CidrBlock");
    let block = block.replace("/56", "/64");
    let both = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}");
    let subnet = world.id("CreateSubnet", &both, "subnetId");
    let make = format!("VpcId={vpc}&{EC2}&SubnetId.1={subnet}&IpAddressType=dualstack");
    let made = world.does("CreateVpcEndpoint", &make);
    assert_eq!(between(&made, "ipAddressType"), Some("dualstack"));
    assert_eq!(between(&made, "dnsRecordIpType"), Some("dualstack"));
    assert_eq!(world.all("DescribeNetworkInterfaces", "", "isPrimaryIpv6").len(), 1);
    // It answers at its IPv6 address, to which its names lead.
    let id = between(&made, "vpcEndpointId").expect("an id").to_owned();
    let group = world.id("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}"), "groupId");
    let anyone = "IpPermissions.1.IpProtocol=-1&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0";
    world.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{anyone}"));
    let run = format!(
        "ImageId={AL2023}&InstanceType=t3.micro&MinCount=1&MaxCount=1&SubnetId={subnet}&Ipv6AddressCount=1"
    );
    let instance = world.id("RunInstances", &run, "instanceId");
    let managed = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let address = world.id("DescribeNetworkInterfaces", managed, "ipv6Address");
    let name = "ec2.us-east-1.amazonaws.com";
    let found = world.shell("/_weir/exec", &instance, &format!("host -t AAAA {name}"));
    assert!(found.contains(&address), "{found} {address}");
    let asked = format!("curl -s http://[{address}]/?Action=DescribeVpcEndpoints&Version=2016-11-15");
    let said = world.shell("/_weir/exec", &instance, &asked);
    assert!(said.contains(&id), "{said}");
}

/// Endpoints of services that Weir does not speak are there, and nothing is behind them.
#[test]
fn a_service_that_is_not_spoken_is_not_implemented_behind_its_endpoint() {
    let mut world = World::new();
    let (vpc, subnet, instance) = private_instance(&mut world);
    world.returns("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    let kms = "ServiceName=com.amazonaws.us-east-1.kms&VpcEndpointType=Interface";
    let of = format!("VpcId={vpc}&{kms}&SubnetId.1={subnet}");
    let group = world.id("CreateVpcEndpoint", &of, "groupId");
    let anyone = "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";
    world.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{anyone}"));
    let asked = "curl -s -H x-amz-target:TrentService.ListKeys -d {} http://kms.us-east-1.amazonaws.com/";
    let said = world.shell("/_weir/exec", &instance, asked);
    assert!(said.contains("not implemented by weir"), "{said}");
}

#[test]
fn endpoints_are_found_by_filter() {
    let mut world = World::new();
    let (vpc, ..) = default_vpc(&mut world);
    let gateway = world.id("CreateVpcEndpoint", &format!("VpcId={vpc}&{S3}"), "vpcEndpointId");
    world.does("CreateVpcEndpoint", &format!("VpcId={vpc}&{EC2}"));
    let rows = [
        ("ip-address-type", "ipv4", 2),
        ("service-name", "com.amazonaws.us-east-1.s3", 1),
        ("service-region", "us-east-1", 2),
        ("vpc-id", vpc.as_str(), 2),
        ("vpc-endpoint-id", gateway.as_str(), 1),
        ("vpc-endpoint-state", "available", 2),
        ("vpc-endpoint-type", "Gateway", 1),
        ("tag-key", "*", 0),
    ];
    for (name, value, count) in rows {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        assert_eq!(
            world.all("DescribeVpcEndpoints", &filter, "vpcEndpointId").len(),
            count,
            "{name}={value}"
        );
    }
    let first = world.does("DescribeVpcEndpoints", "MaxResults=1");
    let token = between(&first, "nextToken").expect("a token").to_owned();
    let rest =
        world.all("DescribeVpcEndpoints", &format!("NextToken={token}&MaxResults=5000"), "vpcEndpointId");
    assert_eq!(rest.len(), 1);
}

/// A VPC 10.0.0.0/16 with one subnet of no way out, and an instance in it.
fn private_instance(world: &mut World) -> (String, String, String) {
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    let run = format!("ImageId={AL2023}&InstanceType=t3.micro&MinCount=1&MaxCount=1&SubnetId={subnet}");
    let instance = world.id("RunInstances", &run, "instanceId");
    (vpc, subnet, instance)
}

/// An instance with an interface endpoint for EC2 in its subnet: VPC, subnet, instance, endpoint and the endpoint's address.
fn endpoint_for_ec2(world: &mut World) -> [String; 5] {
    let (vpc, subnet, instance) = private_instance(world);
    let made = format!("VpcId={vpc}&{EC2}&PrivateDnsEnabled=false&SubnetId.1={subnet}");
    let id = world.id("CreateVpcEndpoint", &made, "vpcEndpointId");
    let managed = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let address = world.id("DescribeNetworkInterfaces", managed, "privateIpAddress");
    [vpc, subnet, instance, id, address]
}

#[test]
fn an_instance_asks_the_api_through_an_interface_endpoint() {
    let mut world = World::new();
    let [_, _, instance, id, address] = endpoint_for_ec2(&mut world);
    let asked = format!("curl -s http://{address}/?Action=DescribeVpcEndpoints&Version=2016-11-15");
    let said = world.shell("/_weir/exec", &instance, &asked);
    assert!(said.contains(&format!("<vpcEndpointId>{id}</vpcEndpointId>")), "{said}");
    assert!(said.ends_with("exit 0\n"), "{said}");
    let own = world.shell("/_weir/exec", &instance, &format!("curl -s http://{address}/_weir/status"));
    assert_eq!(own, "exit 0\n");
    let plain =
        world.shell("/_weir/exec", &instance, &format!("curl -s http://{address}:443/?Action=NoSuchAction"));
    assert!(plain.contains("MissingParameter") && plain.ends_with("exit 0\n"), "{plain}");
}

/// A policy that allows everything.
const OPEN: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

// IAM User Guide, "Troubleshoot access denied error messages", has the two texts.
#[test]
fn the_policy_of_an_endpoint_decides_what_passes_through_it() {
    let mut world = World::new();
    let [vpc, subnet, instance, id, address] = endpoint_for_ec2(&mut world);
    let own = world.id("DescribeInstances", "", "privateIpAddress");
    let user = "User: arn:aws:iam::000000000000:root is not authorized to perform:";
    let ec2 = "UnauthorizedOperation: You are not authorized to perform this operation. User";
    let ec2 = user.replace("User", ec2);
    let arn = |subnet: &str| format!("arn:aws:ec2:us-east-1:000000000000:subnet/{subnet}");
    let condition = |operator: &str, key: &str, value: &str| {
        let statement = r#"{"Effect":"Allow","Principal":"*","Action":"ec2:Describe*","Resource":"*","Condition":{"OP":{"KEY":"VALUE"}}}"#;
        statement.replace("OP", operator).replace("KEY", key).replace("VALUE", value)
    };
    let allow = |principal: &str, actions: &str, resource: &str| {
        format!(r#"{{"Effect":"Allow","Principal":{principal},{actions},"Resource":"{resource}"}}"#)
    };
    let all = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"ec2:DescribeVpcs","Resource":"*"}"#;
    let (vpcs, del) = ("Action=DescribeVpcs".to_owned(), format!("Action=DeleteSubnet&SubnetId={subnet}"));
    let in_use =
        format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted.");
    let implicit =
        format!("{ec2} ec2:DescribeVpcs because no VPC endpoint policy allows the ec2:DescribeVpcs action");
    let rows: Vec<(String, &String, String)> = vec![
        (all.to_owned(), &vpcs, "<vpcSet>".to_owned()),
        (
            format!("{all},{deny}"),
            &vpcs,
            format!("{ec2} ec2:DescribeVpcs with an explicit deny in a VPC endpoint policy"),
        ),
        (allow(r#""*""#, r#""Action":"ec2:DescribeSub*""#, "*"), &vpcs, implicit.clone()),
        (allow(r#""*""#, r#""NotAction":"ec2:Delete*""#, "*"), &vpcs, "<vpcSet>".to_owned()),
        (allow(r#"{"AWS":"000000000000"}"#, r#""Action":"*""#, "*"), &vpcs, "<vpcSet>".to_owned()),
        (allow(r#"{"AWS":"111111111111"}"#, r#""Action":"*""#, "*"), &vpcs, implicit.clone()),
        (allow(r#""*""#, r#""Action":"*""#, &arn("subnet-*")), &del, in_use),
        (
            allow(r#""*""#, r#""Action":"*""#, &arn("subnet-0")),
            &del,
            format!(
                "{ec2} ec2:DeleteSubnet on resource: {} because no VPC endpoint policy allows the ec2:DeleteSubnet action",
                arn(&subnet)
            ),
        ),
        (condition("StringEquals", "aws:SourceVpc", &vpc), &vpcs, "<vpcSet>".to_owned()),
        (condition("StringEquals", "aws:SourceVpce", "vpce-0"), &vpcs, implicit.clone()),
        (condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:root"), &vpcs, "<vpcSet>".to_owned()),
        (condition("IpAddress", "aws:VpcSourceIp", &own), &vpcs, "<vpcSet>".to_owned()),
        (condition("IpAddress", "aws:VpcSourceIp", "192.0.2.0/24"), &vpcs, implicit.clone()),
        (condition("Bool", "aws:SecureTransport", "true"), &vpcs, implicit),
    ];
    for (statements, asked, expected) in rows {
        let policy = format!(r#"{{"Statement":[{statements}]}}"#);
        world.returns("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&PolicyDocument={policy}"));
        let curl = format!("curl -s http://{address}/?{asked}&Version=2016-11-15");
        let said = world.shell("/_weir/exec", &instance, &curl);
        let said = said.replace("<Code>", "").replace("</Code><Message>", ": ").replace("&apos;", "'");
        assert!(said.contains(&expected), "{policy}\n{said}");
    }
}

// The form of the error is the service's: IAM has AccessDenied, JSON services AccessDeniedException.
#[test]
fn each_service_refuses_in_its_own_form() {
    let mut world = World::new();
    let (vpc, subnet, instance) = private_instance(&mut world);
    let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
    let made =
        format!("VpcId={vpc}&{EC2}&PrivateDnsEnabled=false&SubnetId.1={subnet}&PolicyDocument={policy}");
    world.does("CreateVpcEndpoint", &made);
    let managed = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let address = world.id("DescribeNetworkInterfaces", managed, "privateIpAddress");
    let role = world.shell(
        "/_weir/exec",
        &instance,
        &format!("curl -s http://{address}/?Action=GetRole&RoleName=r&Version=2010-05-08"),
    );
    let user = "User: arn:aws:iam::000000000000:root is not authorized to perform:";
    let denied = "with an explicit deny in a VPC endpoint policy";
    let of_role =
        format!("<Message>{user} iam:GetRole on resource: arn:aws:iam::000000000000:role/r {denied}");
    assert!(role.contains("<Code>AccessDenied</Code>") && role.contains(&of_role), "{role}");
    let group = world.shell(
        "/_weir/exec",
        &instance,
        &format!(
            "curl -s -H x-amz-target:Logs_20140328.DeleteLogGroup -d {{\"logGroupName\":\"app\"}} http://{address}/"
        ),
    );
    let of_group = format!(
        "{user} logs:DeleteLogGroup on resource: arn:aws:logs:us-east-1:000000000000:log-group:app:* {denied}"
    );
    assert!(group.contains("AccessDeniedException") && group.contains(&of_group), "{group}");
}

#[test]
fn an_instance_without_a_way_out_reaches_s3_through_a_gateway_endpoint() {
    let mut world = World::new();
    let (vpc, _, instance) = private_instance(&mut world);
    let table = world.id(
        "DescribeRouteTables",
        &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"),
        "routeTableId",
    );
    let ping = "ping -c 1 52.216.1.1";
    assert!(world.shell("/_weir/exec", &instance, ping).contains("100% packet loss"));
    world.does("CreateVpcEndpoint", &format!("VpcId={vpc}&{S3}&RouteTableId.1={table}"));
    let said = world.shell("/_weir/exec", &instance, ping);
    assert!(said.contains("64 bytes from 52.216.1.1: icmp_seq=1 ttl=58"), "{said}");
    let said = world.shell("/_weir/exec", &instance, "curl -s http://52.216.1.1/");
    assert!(said.contains("<") && said.ends_with("exit 0\n"), "{said}");
    let said = world.shell("/_weir/exec", &instance, "ping -c 1 203.0.113.9");
    assert!(said.contains("100% packet loss"), "{said}");
}

/// DescribeVpcEndpointAssociations, its filters.
#[test]
fn endpoints_for_services_have_no_associations() {
    let mut world = World::new();
    let documented = [
        "vpc-endpoint-id",
        "associated-resource-accessibility",
        "association-id",
        "associated-resource-id",
        "service-network-arn",
        "resource-configuration-group-arn",
    ];
    for name in documented {
        let found = world
            .does("DescribeVpcEndpointAssociations", &format!("Filter.1.Name={name}&Filter.1.Value.1=*"));
        assert!(!found.contains("<item>"), "{name}: {found}");
    }
}
