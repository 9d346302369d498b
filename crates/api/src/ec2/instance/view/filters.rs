//! The filters of DescribeInstances. What Weir does not model has no value, so that a filter for it finds nothing.
//!
//! Source: EC2 API Reference, DescribeInstances.

use super::{InstanceInterfaceView, InstancePrivate, InstanceView};
use crate::ec2::instance::device::DeviceView;
use crate::ec2::security_group::GroupIdentifier;
use weir_wire::{FilterTable, Iso};

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn interfaces<T: ToString>(
    view: &InstanceView,
    text: impl Fn(&InstanceInterfaceView) -> Option<T>,
) -> Vec<String> {
    texts(view.network_interfaces.iter().filter_map(text))
}

fn privates<T: ToString>(view: &InstanceView, text: impl Fn(&InstancePrivate) -> Option<T>) -> Vec<String> {
    let all = view.network_interfaces.iter().flat_map(|interface| &interface.private_ip_addresses);
    texts(all.filter_map(text))
}

fn group_texts<T: ToString>(view: &InstanceView, text: impl Fn(&GroupIdentifier) -> T) -> Vec<String> {
    texts(view.network_interfaces.iter().flat_map(|interface| &interface.groups).map(text))
}

fn devices<T: ToString>(view: &InstanceView, text: impl Fn(&DeviceView) -> T) -> Vec<String> {
    texts(view.block_device_mappings.iter().map(text))
}

fn ipv6(view: &InstanceView) -> Vec<String> {
    let all = view.network_interfaces.iter().flat_map(|one| &one.ipv6_addresses);
    texts(all.map(|own| own.ipv6_address))
}

/// The filters.
pub const FILTERS: FilterTable<InstanceView> = FilterTable {
    rows: &[
        ("architecture", |view| texts([view.architecture])),
        ("availability-zone", |view| texts([view.placement.availability_zone])),
        ("availability-zone-id", |view| vec![view.placement.availability_zone.zone_id()]),
        ("client-token", |view| vec![view.client_token.clone()]),
        ("dns-name", |view| vec![view.public_dns_name.clone()]),
        ("ebs-optimized", |view| texts([view.ebs_optimized])),
        ("ena-support", |view| texts([view.ena_support])),
        ("hypervisor", |view| texts([view.hypervisor])),
        ("iam-instance-profile.arn", |view| {
            texts(view.iam_instance_profile.iter().map(|profile| &profile.arn))
        }),
        ("image-id", |view| texts([view.own.image_id])),
        ("instance-id", |view| texts([view.own.instance_id])),
        ("instance-state-code", |view| texts([view.state.code])),
        ("instance-state-name", |view| texts([view.state.name])),
        ("instance-type", |view| vec![view.own.instance_type.clone()]),
        ("instance.group-id", |view| group_texts(view, |group| group.group_id)),
        ("instance.group-name", |view| group_texts(view, |group| group.group_name.clone())),
        ("ip-address", |view| texts(view.public_ip_address)),
        ("ipv6-address", |view| texts(view.ipv6_address)),
        ("key-name", |view| texts(&view.own.key_name)),
        ("launch-index", |view| texts([view.own.ami_launch_index])),
        ("launch-time", |view| texts([Iso(view.own.launch_time.0)])),
        ("metadata-options.http-endpoint", |view| texts([view.metadata_options.http_endpoint])),
        ("metadata-options.http-put-response-hop-limit", |view| {
            texts([view.metadata_options.http_put_response_hop_limit])
        }),
        ("metadata-options.http-tokens", |view| texts([view.metadata_options.http_tokens])),
        ("metadata-options.state", |view| texts([view.metadata_options.state])),
        ("monitoring-state", |view| texts([view.monitoring.state])),
        ("network-interface.addresses.association.ip-owner-id", |view| {
            privates(view, |own| own.association.as_ref().map(|public| public.ip_owner_id.clone()))
        }),
        ("network-interface.addresses.association.public-ip", |view| {
            privates(view, |own| own.association.as_ref().map(|public| public.public_ip))
        }),
        ("network-interface.addresses.primary", |view| privates(view, |own| Some(own.primary))),
        ("network-interface.addresses.private-ip-address", |view| {
            privates(view, |own| Some(own.private_ip_address))
        }),
        ("network-interface.association.ip-owner-id", |view| {
            interfaces(view, |one| one.association.as_ref().map(|public| public.ip_owner_id.clone()))
        }),
        ("network-interface.association.public-ip", |view| {
            interfaces(view, |one| one.association.as_ref().map(|public| public.public_ip))
        }),
        ("network-interface.attachment.attachment-id", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| present.attachment_id))
        }),
        ("network-interface.attachment.delete-on-termination", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| present.delete_on_termination))
        }),
        ("network-interface.attachment.device-index", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| present.device_index))
        }),
        ("network-interface.availability-zone", |view| {
            interfaces(view, |_| Some(view.placement.availability_zone))
        }),
        ("network-interface.description", |view| interfaces(view, |one| Some(one.description.clone()))),
        ("network-interface.group-id", |view| group_texts(view, |group| group.group_id)),
        ("network-interface.group-name", |view| group_texts(view, |group| group.group_name.clone())),
        ("network-interface.ipv6-addresses.ipv6-address", |view| ipv6(view)),
        ("network-interface.mac-address", |view| interfaces(view, |one| Some(one.mac_address.clone()))),
        ("network-interface.network-interface-id", |view| {
            interfaces(view, |one| Some(one.network_interface_id))
        }),
        ("network-interface.owner-id", |view| interfaces(view, |one| Some(one.owner_id))),
        ("network-interface.private-dns-name", |view| interfaces(view, |one| one.private_dns_name.clone())),
        ("network-interface.private-ip-address", |view| interfaces(view, |one| one.private_ip_address)),
        ("network-interface.source-dest-check", |view| interfaces(view, |one| Some(one.source_dest_check))),
        ("network-interface.status", |view| interfaces(view, |one| Some(one.status))),
        ("network-interface.subnet-id", |view| interfaces(view, |one| Some(one.subnet_id))),
        ("network-interface.vpc-id", |view| interfaces(view, |one| Some(one.vpc_id))),
        ("owner-id", |view| interfaces(view, |one| Some(one.owner_id))),
        ("placement-group-name", |view| texts([view.placement.group_name])),
        ("platform-details", |view| texts([view.platform_details])),
        ("private-dns-name", |view| vec![view.private_dns_name.clone()]),
        ("private-ip-address", |view| texts(view.private_ip_address)),
        ("reason", |view| vec![view.reason.clone()]),
        ("reservation-id", |view| texts([view.reservation()])),
        ("root-device-name", |view| texts([view.root_device_name])),
        ("root-device-type", |view| texts([view.root_device_type])),
        ("source-dest-check", |view| texts(view.source_dest_check)),
        ("state-reason-code", |view| texts(view.state_reason.iter().map(|reason| reason.code))),
        ("state-reason-message", |view| texts(view.state_reason.iter().map(|reason| reason.message))),
        ("subnet-id", |view| texts(view.subnet_id)),
        ("tenancy", |view| texts([view.placement.tenancy])),
        ("virtualization-type", |view| texts([view.virtualization_type])),
        ("vpc-id", |view| texts(view.vpc_id)),
        ("affinity", |_| vec![]),
        ("block-device-mapping.attach-time", |view| devices(view, |one| Iso(one.ebs.attach_time.0))),
        ("block-device-mapping.delete-on-termination", |view| {
            devices(view, |one| one.ebs.delete_on_termination)
        }),
        ("block-device-mapping.device-name", |view| devices(view, |one| one.device_name.clone())),
        ("block-device-mapping.status", |view| devices(view, |one| one.ebs.status)),
        ("block-device-mapping.volume-id", |view| devices(view, |one| one.ebs.volume_id)),
        ("boot-mode", |view| texts([view.boot_mode])),
        ("capacity-reservation-id", |_| vec![]),
        ("capacity-reservation-specification.capacity-reservation-preference", |_| vec![]),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
            |_| vec![],
        ),
        (
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
            |_| vec![],
        ),
        ("current-instance-boot-mode", |view| texts([view.current_instance_boot_mode])),
        ("enclave-options.enabled", |view| texts([view.enclave_options.enabled])),
        ("hibernation-options.configured", |view| texts([view.hibernation_options.configured])),
        ("host-id", |_| vec![]),
        ("iam-instance-profile.id", |view| {
            texts(view.iam_instance_profile.iter().filter_map(|profile| profile.id.as_ref()))
        }),
        ("instance-lifecycle", |_| vec![]),
        ("kernel-id", |_| vec![]),
        ("maintenance-options.auto-recovery", |view| texts([view.maintenance_options.auto_recovery])),
        ("metadata-options.http-protocol-ipv4", |view| texts([view.metadata_options.http_endpoint])),
        ("metadata-options.http-protocol-ipv6", |view| texts([view.metadata_options.http_protocol_ipv6])),
        ("metadata-options.instance-metadata-tags", |view| {
            texts([view.metadata_options.instance_metadata_tags])
        }),
        ("network-interface.addresses.association.allocation-id", |view| {
            privates(view, |own| own.association.as_ref()?.ids.0.0)
        }),
        ("network-interface.addresses.association.association-id", |view| {
            privates(view, |own| own.association.as_ref()?.ids.0.1)
        }),
        ("network-interface.addresses.association.carrier-ip", |_| vec![]),
        ("network-interface.addresses.association.customer-owned-ip", |_| vec![]),
        ("network-interface.addresses.association.public-dns-name", |view| {
            privates(view, |own| own.association.as_ref().map(|public| public.public_dns_name.clone()))
        }),
        ("network-interface.addresses.private-dns-name", |view| {
            privates(view, |own| own.private_dns_name.clone())
        }),
        ("network-interface.association.allocation-id", |view| {
            interfaces(view, |one| one.association.as_ref()?.ids.0.0)
        }),
        ("network-interface.association.association-id", |view| {
            interfaces(view, |one| one.association.as_ref()?.ids.0.1)
        }),
        ("network-interface.association.carrier-ip", |_| vec![]),
        ("network-interface.association.customer-owned-ip", |_| vec![]),
        ("network-interface.association.public-dns-name", |view| {
            interfaces(view, |one| one.association.as_ref().map(|public| public.public_dns_name.clone()))
        }),
        ("network-interface.attachment.attach-time", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| Iso(present.attach_time.0)))
        }),
        ("network-interface.attachment.instance-id", |view| interfaces(view, |_| Some(view.own.instance_id))),
        ("network-interface.attachment.instance-owner-id", |view| interfaces(view, |one| Some(one.owner_id))),
        ("network-interface.attachment.network-card-index", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| present.network_card_index))
        }),
        ("network-interface.attachment.status", |view| {
            interfaces(view, |one| one.attachment.as_ref().map(|present| present.status))
        }),
        ("network-interface.deny-all-igw-traffic", |view| interfaces(view, |_| Some(false))),
        ("network-interface.ipv4-prefixes.ipv4-prefix", |_| vec![]),
        ("network-interface.ipv6-address", |view| ipv6(view)),
        ("network-interface.ipv6-addresses.is-primary-ipv6", |view| {
            texts(view.network_interfaces.iter().flat_map(|one| &one.ipv6_addresses).map(|_| false))
        }),
        ("network-interface.ipv6-native", |view| {
            interfaces(view, |one| Some(one.private_ip_address.is_none()))
        }),
        ("network-interface.ipv6-prefixes.ipv6-prefix", |_| vec![]),
        ("network-interface.operator.managed", |view| interfaces(view, |_| Some(false))),
        ("network-interface.operator.principal", |_| vec![]),
        ("network-interface.outpost-arn", |_| vec![]),
        ("network-interface.public-dns-name", |view| {
            interfaces(view, |one| one.association.as_ref().map(|public| public.public_dns_name.clone()))
        }),
        ("network-interface.requester-id", |_| vec![]),
        ("network-interface.requester-managed", |view| interfaces(view, |_| Some(false))),
        ("network-interface.tag-key", |view| {
            texts(view.network_interfaces.iter().flat_map(|one| one.tags.0.keys()))
        }),
        ("network-interface.tag-value", |view| {
            texts(view.network_interfaces.iter().flat_map(|one| one.tags.0.values()))
        }),
        ("network-performance-options.bandwidth-weighting", |_| vec!["default".to_owned()]),
        ("operator.managed", |_| vec!["false".to_owned()]),
        ("operator.principal", |_| vec![]),
        ("outpost-arn", |_| vec![]),
        ("placement-partition-number", |_| vec![]),
        ("platform", |view| texts(view.platform.map(str::to_lowercase))),
        ("private-dns-name-options.enable-resource-name-dns-a-record", |view| {
            texts([view.private_dns_name_options.enable_resource_name_dns_a_record])
        }),
        ("private-dns-name-options.enable-resource-name-dns-aaaa-record", |view| {
            texts([view.private_dns_name_options.enable_resource_name_dns_aaaa_record])
        }),
        ("private-dns-name-options.hostname-type", |view| {
            texts([view.private_dns_name_options.hostname_type])
        }),
        ("product-code", |_| vec![]),
        ("product-code.type", |_| vec![]),
        ("ramdisk-id", |_| vec![]),
        ("requester-id", |_| vec![]),
        ("spot-instance-request-id", |_| vec![]),
        ("tpm-support", |_| vec![]),
        ("usage-operation", |view| texts([view.usage_operation])),
        ("usage-operation-update-time", |view| texts([Iso(view.usage_operation_update_time.0)])),
    ],
    tags: Some(|view| &view.own.tags),
};
