//! Every filter that AWS documents for DescribeInstances and DescribeInstanceStatus is known; what is not modelled finds nothing.

use crate::launch::{lab, run};
use crate::world::World;
use weir_wire::Service;

/// How many instances a filter `name=value` leaves.
fn found(world: &mut World, action: &str, filter: &str) -> usize {
    let (name, value) = filter.split_once('=').expect("name=value");
    let answer = world.does(action, &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"));
    answer.matches("<instanceId>").count()
}

const FINDING: &[&str] = &[
    "block-device-mapping.attach-time=2024-01-02T03:04:05.000Z",
    "block-device-mapping.delete-on-termination=true",
    "block-device-mapping.device-name=/dev/xvda",
    "block-device-mapping.status=attached",
    "block-device-mapping.volume-id=vol-*",
    "boot-mode=uefi-preferred",
    "current-instance-boot-mode=legacy-bios",
    "enclave-options.enabled=false",
    "hibernation-options.configured=false",
    "iam-instance-profile.id=AIPA*",
    "maintenance-options.auto-recovery=default",
    "metadata-options.http-protocol-ipv4=enabled",
    "metadata-options.http-protocol-ipv6=disabled",
    "metadata-options.instance-metadata-tags=disabled",
    "network-interface.addresses.association.allocation-id=eipalloc-*",
    "network-interface.addresses.association.association-id=eipassoc-*",
    "network-interface.addresses.association.public-dns-name=ec2-*",
    "network-interface.addresses.private-dns-name=ip-10-0-1-4.ec2.internal",
    "network-interface.association.allocation-id=eipalloc-*",
    "network-interface.association.association-id=eipassoc-*",
    "network-interface.association.public-dns-name=ec2-*",
    "network-interface.attachment.attach-time=2024-01-02T03:04:05.000Z",
    "network-interface.attachment.instance-id=i-*",
    "network-interface.attachment.instance-owner-id=000000000000",
    "network-interface.attachment.network-card-index=0",
    "network-interface.attachment.status=attached",
    "network-interface.deny-all-igw-traffic=false",
    "network-interface.ipv6-native=false",
    "network-interface.operator.managed=false",
    "network-interface.public-dns-name=ec2-*",
    "network-interface.requester-managed=false",
    "network-interface.tag-key=of",
    "network-interface.tag-value=web",
    "network-performance-options.bandwidth-weighting=default",
    "operator.managed=false",
    "private-dns-name-options.enable-resource-name-dns-a-record=true",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record=false",
    "private-dns-name-options.hostname-type=ip-name",
    "usage-operation=RunInstances",
    "usage-operation-update-time=2024-01-02T03:04:05.000Z",
];

const WITHOUT_VALUE: &[&str] = &[
    "affinity=*",
    "capacity-reservation-id=*",
    "capacity-reservation-specification.capacity-reservation-preference=*",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id=*",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn=*",
    "host-id=*",
    "instance-lifecycle=*",
    "kernel-id=*",
    "network-interface.addresses.association.carrier-ip=*",
    "network-interface.addresses.association.customer-owned-ip=*",
    "network-interface.association.carrier-ip=*",
    "network-interface.association.customer-owned-ip=*",
    "network-interface.ipv4-prefixes.ipv4-prefix=*",
    "network-interface.ipv6-address=*",
    "network-interface.ipv6-addresses.is-primary-ipv6=*",
    "network-interface.ipv6-prefixes.ipv6-prefix=*",
    "network-interface.operator.principal=*",
    "network-interface.outpost-arn=*",
    "network-interface.requester-id=*",
    "operator.principal=*",
    "outpost-arn=*",
    "placement-partition-number=*",
    "platform=*",
    "product-code=*",
    "product-code.type=*",
    "ramdisk-id=*",
    "requester-id=*",
    "spot-instance-request-id=*",
    "tpm-support=*",
];

#[test]
fn filters_find_by_what_an_instance_has() {
    let (mut world, vpc, subnet) = lab();
    world.returns("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    world.form(Service::Iam, "CreateInstanceProfile", "InstanceProfileName=web");
    let tags = "TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=of&TagSpecification.1.Tag.1.Value=web";
    let names = "PrivateDnsNameOptions.EnableResourceNameDnsARecord=true";
    let id = run(&mut world, &format!("SubnetId={subnet}&IamInstanceProfile.Name=web&{tags}&{names}"));
    let elastic = world.id("AllocateAddress", "", "allocationId");
    world.does("AssociateAddress", &format!("InstanceId={id}&AllocationId={elastic}"));
    for filter in FINDING {
        assert!(found(&mut world, "DescribeInstances", filter) > 0, "{filter} finds nothing");
        let (name, _) = filter.split_once('=').expect("name=value");
        assert_eq!(found(&mut world, "DescribeInstances", &format!("{name}=none")), 0, "{name} finds all");
    }
    for filter in WITHOUT_VALUE {
        assert_eq!(found(&mut world, "DescribeInstances", filter), 0, "{filter}");
    }
    let associations = "DescribeIamInstanceProfileAssociations";
    assert_eq!(found(&mut world, associations, "state=associated"), 1);
    assert_eq!(found(&mut world, associations, "state=associating"), 0);
}

#[test]
fn filters_find_by_the_health_of_an_instance() {
    let (mut world, _, subnet) = lab();
    run(&mut world, &format!("SubnetId={subnet}"));
    let status = |world: &mut World, filter: &str| found(world, "DescribeInstanceStatus", filter);
    for filter in ["attached-ebs-status.status=ok", "operator.managed=false"] {
        assert_eq!(status(&mut world, filter), 1, "{filter}");
    }
    for filter in [
        "application-status.status=*",
        "attached-ebs-status.status=impaired",
        "event.code=*",
        "event.description=*",
        "event.instance-event-id=*",
        "event.not-after=*",
        "event.not-before=*",
        "event.not-before-deadline=*",
        "operator.principal=*",
    ] {
        assert_eq!(status(&mut world, filter), 0, "{filter}");
    }
}
