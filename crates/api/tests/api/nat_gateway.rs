//! NAT gateways. Expectations: EC2 API Reference, CreateNatGateway and its kin; the waiters of AWS's own clients.

use crate::launch::{lab, launch};
use crate::shown::between;
use crate::world::World;
use expect_test::expect;
use weir_model::nat_gateway::SEEN_MS;

pub fn wait(world: &mut World, ms: i64) {
    world.now = world.now.plus_ms(ms);
}

fn states(world: &mut World, params: &str) -> Vec<String> {
    world.all("DescribeNatGateways", params, "state")
}

#[test]
fn a_public_gateway_lives_and_goes() {
    let (mut world, vpc, subnet) = lab();
    let allocation = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let tag = "TagSpecification.1.ResourceType=natgateway&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=out";
    let make = format!("SubnetId={subnet}&AllocationId={allocation}&ClientToken=once&{tag}");
    let made = world.does("CreateNatGateway", &make);
    let nat = between(&made, "natGatewayId").expect("an id").to_owned();
    let again = world.id("CreateNatGateway", &make, "natGatewayId");
    assert_eq!(again, nat);
    assert_eq!(between(&made, "state"), Some("pending"));
    // NatGatewayAvailable waits for this, and finds it at once.
    world.shows(
        "DescribeNatGateways",
        &format!("NatGatewayId.1={nat}"),
        expect![[r#"
        <natGatewaySet>
          <item>
            <createTime>2024-01-02T03:04:05.000Z</createTime>
            <natGatewayAddressSet>
              <item>
                <allocationId>eipalloc-1</allocationId>
                <networkInterfaceId>eni-2</networkInterfaceId>
                <privateIp>10.0.1.4</privateIp>
                <publicIp>54.209.86.78</publicIp>
                <associationId>eipassoc-3</associationId>
                <isPrimary>true</isPrimary>
                <status>succeeded</status>
              </item>
            </natGatewayAddressSet>
            <natGatewayId>nat-4</natGatewayId>
            <state>available</state>
            <subnetId>subnet-5</subnetId>
            <vpcId>vpc-6</vpcId>
            <tagSet>
              <item>
                <key>Name</key>
                <value>out</value>
              </item>
            </tagSet>
            <connectivityType>public</connectivityType>
            <availabilityMode>zonal</availabilityMode>
          </item>
        </natGatewaySet>
    "#]],
    );
    world.shows(
        "DescribeNetworkInterfaces",
        "Filter.1.Name=interface-type&Filter.1.Value.1=nat_gateway",
        expect![[r#"
            <networkInterfaceSet>
              <item>
                <association>
                  <allocationId>eipalloc-1</allocationId>
                  <associationId>eipassoc-2</associationId>
                  <ipOwnerId>000000000000</ipOwnerId>
                  <publicDnsName/>
                  <publicIp>54.209.86.78</publicIp>
                </association>
                <attachment>
                  <attachTime>2024-01-02T03:04:05.000Z</attachTime>
                  <attachmentId>eni-attach-3</attachmentId>
                  <deleteOnTermination>false</deleteOnTermination>
                  <deviceIndex>1</deviceIndex>
                  <networkCardIndex>0</networkCardIndex>
                  <instanceOwnerId>amazon-aws</instanceOwnerId>
                  <status>attached</status>
                </attachment>
                <availabilityZone>us-east-1a</availabilityZone>
                <availabilityZoneId>use1-az1</availabilityZoneId>
                <description>Interface for NAT Gateway nat-4</description>
                <groupSet/>
                <interfaceType>nat_gateway</interfaceType>
                <ipv6AddressesSet/>
                <macAddress>02:53:0e:0e:61:18</macAddress>
                <networkInterfaceId>eni-5</networkInterfaceId>
                <ownerId>000000000000</ownerId>
                <privateIpAddress>10.0.1.4</privateIpAddress>
                <privateIpAddressesSet>
                  <item>
                    <association>
                      <allocationId>eipalloc-1</allocationId>
                      <associationId>eipassoc-2</associationId>
                      <ipOwnerId>000000000000</ipOwnerId>
                      <publicDnsName/>
                      <publicIp>54.209.86.78</publicIp>
                    </association>
                    <primary>true</primary>
                    <privateIpAddress>10.0.1.4</privateIpAddress>
                  </item>
                </privateIpAddressesSet>
                <requesterManaged>true</requesterManaged>
                <sourceDestCheck>false</sourceDestCheck>
                <status>in-use</status>
                <subnetId>subnet-6</subnetId>
                <tagSet/>
                <vpcId>vpc-7</vpcId>
              </item>
            </networkInterfaceSet>
        "#]],
    );
    let in_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = world.id("DescribeRouteTables", &in_vpc, "routeTableId");
    world.returns(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=198.18.0.0/15&NatGatewayId={nat}"),
    );
    let by = format!("RouteTableId.1={table}&Filter.1.Name=route.nat-gateway-id&Filter.1.Value.1={nat}");
    assert_eq!(world.all("DescribeRouteTables", &by, "natGatewayId"), [nat.as_str()]);
    let states_of_routes = |world: &mut World| world.all("DescribeRouteTables", &by, "state");
    assert!(!states_of_routes(&mut world).contains(&"blackhole".to_owned()));
    let held = format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted.");
    world.refuses("DeleteSubnet", &format!("SubnetId={subnet}"), &held);
    let public = world.id("DescribeAddresses", "", "publicIp");
    world.refuses(
        "ReleaseAddress",
        &format!("AllocationId={allocation}"),
        &format!("InvalidIPAddress.InUse: Address {public} is in use."),
    );
    world.shows(
        "DeleteNatGateway",
        &format!("NatGatewayId={nat}"),
        expect![[r#"
        <natGatewayId>nat-1</natGatewayId>
    "#]],
    );
    assert!(states_of_routes(&mut world).contains(&"blackhole".to_owned()));
    // NatGatewayDeleted waits for this, and finds it at once.
    assert_eq!(states(&mut world, &format!("NatGatewayId.1={nat}")), ["deleted"]);
    assert_eq!(
        world
            .all(
                "DescribeNetworkInterfaces",
                "Filter.1.Name=interface-type&Filter.1.Value.1=nat_gateway",
                "networkInterfaceId"
            )
            .len(),
        0
    );
    world.returns("ReleaseAddress", &format!("AllocationId={allocation}"));
    wait(&mut world, SEEN_MS);
    let gone = format!("NatGatewayNotFound: NAT gateway {nat} was not found");
    world.refuses("DescribeNatGateways", &format!("NatGatewayId.1={nat}"), &gone);
    world.refuses("DeleteNatGateway", &format!("NatGatewayId={nat}"), &gone);
    assert_eq!(states(&mut world, "").len(), 0);
}

#[test]
fn a_gateway_that_cannot_work_fails_and_says_why() {
    let (mut world, _, subnet) = lab();
    let made = world.does("CreateNatGateway", &format!("SubnetId={subnet}&AllocationId=eipalloc-12345678"));
    assert_eq!(between(&made, "state"), Some("pending"));
    let nat = between(&made, "natGatewayId").expect("an id").to_owned();
    let shown = world.does("DescribeNatGateways", &format!("NatGatewayId.1={nat}"));
    assert_eq!(between(&shown, "state"), Some("failed"));
    assert_eq!(between(&shown, "failureCode"), Some("InvalidAllocationID.NotFound"));
    let message = "Elastic IP address eipalloc-12345678 could not be associated with this NAT gateway";
    assert_eq!(between(&shown, "failureMessage"), Some(message));
}

#[test]
fn requests_that_mean_nothing_are_refused() {
    let (mut world, _, subnet) = lab();
    let allocation = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let rows = [
        (
            format!("SubnetId={subnet}"),
            "MissingParameter: The request must contain the parameter AllocationId",
        ),
        (
            format!("AllocationId={allocation}"),
            "MissingParameter: The request must contain the parameter SubnetId",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={allocation}&ConnectivityType=private"),
            "InvalidParameter: AllocationId can only be specified for a NAT gateway with connectivity type public",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={allocation}&SecondaryPrivateIpAddress.1=10.0.1.9"),
            "InvalidParameterCombination: The number of secondary private IP addresses must match the number of secondary allocation IDs",
        ),
        (
            format!("SubnetId={subnet}&ConnectivityType=private&SecondaryPrivateIpAddressCount=31"),
            "PrivateIpAddressLimitExceeded: The maximum number of addresses of a NAT gateway has been reached.",
        ),
        (
            "SubnetId=subnet-12345678&ConnectivityType=private".to_owned(),
            "InvalidSubnetID.NotFound: The subnet ID 'subnet-12345678' does not exist",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateNatGateway", &params, refusal);
    }
    world.refuses(
        "DescribeNatGateways",
        "NatGatewayId.1=nat-1",
        "NatGatewayMalformed: Invalid id: &quot;nat-1&quot; (expecting &quot;nat-...&quot;)",
    );
    for _ in 0..5 {
        world.does("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"));
    }
    world.refuses(
        "CreateNatGateway",
        &format!("SubnetId={subnet}&ConnectivityType=private"),
        "NatGatewayLimitExceeded: The maximum number of NAT gateways has been reached.",
    );
}

#[test]
fn gateways_are_found_by_filter_and_page() {
    let (mut world, vpc, subnet) = lab();
    let make = format!(
        "SubnetId={subnet}&ConnectivityType=private&TagSpecification.1.ResourceType=natgateway&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"
    );
    let nat = world.id("CreateNatGateway", &make, "natGatewayId");
    let rows = [
        ("nat-gateway-id", nat.as_str(), 1),
        ("state", "available", 1),
        ("state", "pending", 0),
        ("subnet-id", subnet.as_str(), 1),
        ("vpc-id", vpc.as_str(), 1),
        ("tag:a", "b", 1),
        ("tag-key", "c", 0),
    ];
    for (name, value, count) in rows {
        let found = states(&mut world, &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"));
        assert_eq!(found.len(), count, "{name}={value}");
    }
    assert_eq!(states(&mut world, "MaxResults=5").len(), 1);
}

#[test]
fn a_public_gateway_gets_and_loses_elastic_addresses() {
    let (mut world, _, subnet) = lab();
    let one = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let two = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let nat = world.id("CreateNatGateway", &format!("SubnetId={subnet}&AllocationId={one}"), "natGatewayId");
    let add = format!("NatGatewayId={nat}&AllocationId.1={two}&PrivateIpAddress.1=10.0.1.77");
    world.shows(
        "AssociateNatGatewayAddress",
        &add,
        expect![[r#"
        <natGatewayId>nat-1</natGatewayId>
        <natGatewayAddressSet>
          <item>
            <allocationId>eipalloc-2</allocationId>
            <networkInterfaceId>eni-3</networkInterfaceId>
            <privateIp>10.0.1.4</privateIp>
            <publicIp>54.209.86.78</publicIp>
            <associationId>eipassoc-4</associationId>
            <isPrimary>true</isPrimary>
            <status>succeeded</status>
          </item>
          <item>
            <allocationId>eipalloc-5</allocationId>
            <networkInterfaceId>eni-3</networkInterfaceId>
            <privateIp>10.0.1.77</privateIp>
            <publicIp>54.209.79.253</publicIp>
            <associationId>eipassoc-6</associationId>
            <isPrimary>false</isPrimary>
            <status>succeeded</status>
          </item>
        </natGatewayAddressSet>
    "#]],
    );
    world.refuses(
        "AssociateNatGatewayAddress",
        &add,
        &format!("Resource.AlreadyAssociated: Elastic IP address {two} is already associated"),
    );
    let association = |world: &mut World, id: &str| {
        world.id("DescribeAddresses", &format!("AllocationId.1={id}"), "associationId")
    };
    let (first, second) = (association(&mut world, &one), association(&mut world, &two));
    let primary = world.all("DescribeNatGateways", "", "privateIp").remove(0);
    world.refuses(
        "DisassociateNatGatewayAddress",
        &format!("NatGatewayId={nat}&AssociationId.1={first}"),
        &format!("InvalidParameter: The primary address {primary} of a NAT gateway cannot be removed"),
    );
    world.refuses(
        "DisassociateNatGatewayAddress",
        &format!("NatGatewayId={nat}&AssociationId.1={second}&MaxDrainDurationSeconds=5000"),
        "InvalidParameterValue: Value (5000) for parameter maxDrainDurationSeconds is invalid. Valid values are from 1 to 4000.",
    );
    let off = format!("NatGatewayId={nat}&AssociationId.1={second}&MaxDrainDurationSeconds=60");
    let answer = world.does("DisassociateNatGatewayAddress", &off);
    assert!(answer.contains("<status>disassociating</status>"), "{answer}");
    wait(&mut world, 60_000);
    assert_eq!(world.all("DescribeNatGateways", "", "privateIp"), [primary]);
    let assign = format!("NatGatewayId={nat}&PrivateIpAddressCount=1");
    world.refuses(
        "AssignPrivateNatGatewayAddress",
        &assign,
        &format!("InvalidParameter: NAT gateway {nat} has connectivity type public"),
    );
}

#[test]
fn a_private_gateway_gets_and_loses_private_addresses() {
    let (mut world, _, subnet) = lab();
    let nat = world.id(
        "CreateNatGateway",
        &format!("SubnetId={subnet}&ConnectivityType=private&PrivateIpAddress=10.0.1.50"),
        "natGatewayId",
    );
    world.refuses(
        "AssignPrivateNatGatewayAddress",
        &format!("NatGatewayId={nat}"),
        "MissingParameter: The request must contain the parameter PrivateIpAddresses or PrivateIpAddressCount",
    );
    let more = format!("NatGatewayId={nat}&PrivateIpAddress.1=10.0.1.60&PrivateIpAddressCount=1");
    let answer = world.does("AssignPrivateNatGatewayAddress", &more);
    assert_eq!(answer.matches("<privateIp>").count(), 3, "{answer}");
    assert!(answer.contains("<privateIp>10.0.1.50</privateIp>") && answer.contains("10.0.1.60"), "{answer}");
    let less = format!("NatGatewayId={nat}&PrivateIpAddress.1=10.0.1.60&MaxDrainDurationSeconds=1");
    let answer = world.does("UnassignPrivateNatGatewayAddress", &less);
    assert!(answer.contains("<status>unassigning</status>"), "{answer}");
    wait(&mut world, 1_000);
    world.refuses(
        "UnassignPrivateNatGatewayAddress",
        &less,
        &format!("InvalidParameterValue: The address 10.0.1.60 is not assigned to NAT gateway {nat}"),
    );
}

#[test]
fn routes_to_gateways_keep_to_their_family_and_vpc() {
    let (mut world, vpc, subnet) = lab();
    let nat =
        world.id("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"), "natGatewayId");
    let table = world.id("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let other = world.id("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId");
    let far = world.id("CreateRouteTable", &format!("VpcId={other}"), "routeTableId");
    world.refuses(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationIpv6CidrBlock=::/0&NatGatewayId={nat}"),
        &format!(
            "InvalidParameterValue: The destination ::/0 is not valid for a route with the target {nat}."
        ),
    );
    world.refuses(
        "CreateRoute",
        &format!("RouteTableId={far}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}"),
        &format!(
            "InvalidParameterValue: route table {far} and NAT gateway {nat} belong to different networks"
        ),
    );
}

#[test]
fn a_launched_instance_keeps_its_own_address_beside_a_gateway() {
    let (mut world, _, subnet) = lab();
    world.does("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"));
    let instance = world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId");
    let nat = world.id("DescribeNatGateways", "", "privateIp");
    let own = world.id("DescribeInstances", &format!("InstanceId.1={instance}"), "privateIpAddress");
    assert_ne!(nat, own);
}
