//! Elastic IP addresses. Expectations: EC2 API Reference, AllocateAddress and its kin.

use crate::launch::{lab, launch};
use crate::shown::between;
use crate::world::World;
use expect_test::expect;

fn allocate(world: &mut World) -> (String, String) {
    let answer = world.does("AllocateAddress", "Domain=vpc");
    let text = |element: &str| between(&answer, element).expect("an element").to_owned();
    (text("allocationId"), text("publicIp"))
}

#[test]
fn an_address_is_allocated_associated_and_released() {
    let (mut world, _, subnet) = lab();
    world.shows("AllocateAddress", "TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b", expect![[r#"
        <allocationId>eipalloc-1</allocationId>
        <publicIpv4Pool>amazon</publicIpv4Pool>
        <networkBorderGroup>us-east-1</networkBorderGroup>
        <domain>vpc</domain>
        <publicIp>54.209.86.78</publicIp>
    "#]]);
    let id = world.id("DescribeAddresses", "", "allocationId");
    let instance = world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId");
    let lent = world.id("DescribeInstances", "", "ipAddress");
    let associate = format!("AllocationId={id}&InstanceId={instance}");
    let association = world.id("AssociateAddress", &associate, "associationId");
    assert_eq!(
        world.id("AssociateAddress", &associate, "associationId"),
        association,
        "repeating is no change"
    );
    assert_ne!(world.id("DescribeInstances", "", "ipAddress"), lent);
    world.shows(
        "DescribeAddresses",
        &format!("Filter.1.Name=instance-id&Filter.1.Value.1={instance}"),
        expect![[r#"
            <addressesSet>
              <item>
                <allocationId>eipalloc-1</allocationId>
                <associationId>eipassoc-2</associationId>
                <domain>vpc</domain>
                <networkInterfaceId>eni-3</networkInterfaceId>
                <networkInterfaceOwnerId>000000000000</networkInterfaceOwnerId>
                <privateIpAddress>10.0.1.4</privateIpAddress>
                <tagSet>
                  <item>
                    <key>a</key>
                    <value>b</value>
                  </item>
                </tagSet>
                <publicIpv4Pool>amazon</publicIpv4Pool>
                <networkBorderGroup>us-east-1</networkBorderGroup>
                <subnetId>subnet-4</subnetId>
                <instanceId>i-5</instanceId>
                <publicIp>54.209.86.78</publicIp>
              </item>
            </addressesSet>
        "#]],
    );
    world.shows(
        "ReleaseAddress",
        &format!("AllocationId={id}"),
        expect!["400 InvalidIPAddress.InUse: Address 54.209.86.78 is in use."],
    );
    let owner = world.id("DescribeNetworkInterfaces", "", "ipOwnerId");
    assert_eq!(owner, "000000000000");
    world.returns("DisassociateAddress", &format!("AssociationId={association}"));
    world.refuses(
        "DisassociateAddress",
        &format!("AssociationId={association}"),
        &format!("InvalidAssociationID.NotFound: The association ID '{association}' does not exist"),
    );
    world.returns("ReleaseAddress", &format!("AllocationId={id}"));
    world.shows(
        "DescribeAddresses",
        "",
        expect![[r#"
        <addressesSet/>
    "#]],
    );
}

#[test]
fn an_address_moves_unless_the_call_forbids_it() {
    let (mut world, _, subnet) = lab();
    let make = |world: &mut World| {
        world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId")
    };
    let (one, other) = (make(&mut world), make(&mut world));
    let (id, public) = allocate(&mut world);
    world.does("AssociateAddress", &format!("AllocationId={id}&NetworkInterfaceId={one}"));
    let away = format!("PublicIp={public}&NetworkInterfaceId={other}");
    world.shows(
        "AssociateAddress",
        &format!("{away}&AllowReassociation=false"),
        expect![
            "400 Resource.AlreadyAssociated: resource eipalloc-1 is already associated with another resource"
        ],
    );
    world.does("AssociateAddress", &away);
    assert_eq!(world.id("DescribeAddresses", "", "networkInterfaceId"), other);
    world.does("DeleteNetworkInterface", &format!("NetworkInterfaceId={other}"));
    assert!(!world.does("DescribeAddresses", "").contains("associationId"), "it outlives its interface");
    world.returns("DisassociateAddress", &format!("PublicIp={public}"));
}

#[test]
fn addresses_are_refused_in_aws_words() {
    let (mut world, _, subnet) = lab();
    let (id, _) = allocate(&mut world);
    world.refuses(
        "AssociateAddress",
        &format!("AllocationId={id}&InstanceId=i-12345678&NetworkInterfaceId=eni-12345678"),
        "InvalidParameterCombination: The parameter instanceId cannot be used with the parameter networkInterfaceId",
    );
    let bare = world.id("CreateVpc", "CidrBlock=10.7.0.0/16", "vpcId");
    let inside = world.id("CreateSubnet", &format!("VpcId={bare}&CidrBlock=10.7.0.0/24"), "subnetId");
    let interface = world.id("CreateNetworkInterface", &format!("SubnetId={inside}"), "networkInterfaceId");
    world.shows(
        "AssociateAddress",
        &format!("AllocationId={id}&NetworkInterfaceId={interface}"),
        expect!["400 Gateway.NotAttached: Network vpc-1 is not attached to any internet gateway"],
    );
    world.shows(
        "AssociateAddress",
        &format!("AllocationId={id}"),
        expect!["400 MissingParameter: Either InstanceId or NetworkInterfaceId must be specified"],
    );
    world.shows(
        "AssociateAddress",
        &format!("NetworkInterfaceId={interface}"),
        expect!["400 MissingParameter: Either PublicIp or AllocationId must be specified"],
    );
    world.shows(
        "AssociateAddress",
        &format!("AllocationId=eipalloc-00000000&NetworkInterfaceId={interface}"),
        expect!["400 InvalidAllocationID.NotFound: The allocation ID 'eipalloc-00000000' does not exist"],
    );
    world.shows(
        "AssociateAddress",
        "PublicIp=54.208.0.1&InstanceId=i-00000000",
        expect!["400 InvalidAddress.NotFound: Address '54.208.0.1' not found."],
    );
    world.shows(
        "AllocateAddress",
        "Address=8.8.8.8",
        expect!["400 InvalidAddress.NotFound: Address '8.8.8.8' is not available."],
    );
    world.shows(
        "AllocateAddress",
        "PublicIpv4Pool=ipv4pool-ec2-1",
        expect![
            "400 InvalidPublicIpv4PoolID.NotFound: The publicIpv4Pool ID 'ipv4pool-ec2-1' does not exist"
        ],
    );
    world.shows(
        "AllocateAddress",
        "NetworkBorderGroup=us-west-2",
        expect!["400 InvalidParameterValue: Value (us-west-2) for parameter networkBorderGroup is invalid."],
    );
    world.shows(
        "ReleaseAddress",
        "",
        expect!["400 MissingParameter: Either PublicIp or AllocationId must be specified"],
    );
    world.shows(
        "DescribeAddresses",
        "AllocationId.1=eipalloc-00000000",
        expect!["400 InvalidAllocationID.NotFound: The allocation ID 'eipalloc-00000000' does not exist"],
    );
    (0..4).for_each(|_| drop(allocate(&mut world)));
    world.shows(
        "AllocateAddress",
        "",
        expect!["400 AddressLimitExceeded: The maximum number of addresses has been reached."],
    );
    let second = format!("SubnetId={subnet}&SecondaryPrivateIpAddressCount=1");
    let interface = world.id("CreateNetworkInterface", &second, "networkInterfaceId");
    let wrong = format!("AllocationId={id}&NetworkInterfaceId={interface}&PrivateIpAddress=10.0.1.200");
    world.shows(
        "AssociateAddress",
        &wrong,
        expect!["400 InvalidParameterValue: The address 10.0.1.200 is not assigned to interface eni-1"],
    );
    let right = format!("AllocationId={id}&NetworkInterfaceId={interface}&PrivateIpAddress=10.0.1.5");
    world.does("AssociateAddress", &right);
    world.shows(
        "DescribeAddressesAttribute",
        &format!("AllocationId.1={id}&Attribute=domain-name"),
        expect![[r#"
            <addressSet>
              <item>
                <publicIp>54.209.86.78</publicIp>
                <allocationId>eipalloc-1</allocationId>
              </item>
            </addressSet>
        "#]],
    );
}
