//! Interfaces as answers show them.
//!
//! Source: EC2 API Reference, NetworkInterface, NetworkInterfaceAssociation, NetworkInterfaceAttachment.

use super::TrackingView;
use crate::ec2::security_group::GroupIdentifier;
use crate::operation::Seen;
use std::net::{Ipv4Addr, Ipv6Addr};
use weir_model::dns::name;
use weir_model::interface::{Attachment, Detachment, Interface, InterfaceKind, PublicAddress};
use weir_model::{
    AccountId, AddressAssociationId, AllocationId, AttachmentId, InstanceId, InterfaceId, SubnetId, Tags,
    Timestamp, VpcId, ZoneName,
};
use weir_wire::{FilterTable, Iso, Xml};

/// The owner that answers name for addresses of Amazon's pool.
const AMAZON: &str = "amazon";
/// The owner that answers name for what a managed interface is attached to.
const AMAZON_AWS: &str = "amazon-aws";

/// An interface.
#[derive(Xml)]
pub struct InterfaceView {
    association: Option<AssociationView>,
    pub(super) attachment: Option<AttachmentView>,
    availability_zone: Option<ZoneName>,
    availability_zone_id: Option<String>,
    connection_tracking_configuration: Option<TrackingView>,
    pub(super) description: String,
    #[wire(response = "groupSet")]
    pub(super) groups: Vec<GroupIdentifier>,
    interface_type: &'static str,
    #[wire(response = "ipv6AddressesSet")]
    ipv6_addresses: Vec<Ipv6View>,
    mac_address: String,
    network_interface_id: InterfaceId,
    owner_id: AccountId,
    private_dns_name: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[wire(response = "privateIpAddressesSet")]
    private_ip_addresses: Vec<PrivateView>,
    ipv6_address: Option<Ipv6Addr>,
    requester_managed: bool,
    pub(super) source_dest_check: bool,
    status: &'static str,
    subnet_id: SubnetId,
    #[wire(response = "tagSet")]
    tag_set: Tags,
    vpc_id: VpcId,
}

/// A public address in use.
#[derive(Clone, Debug, Xml)]
pub struct AssociationView {
    allocation_id: Option<AllocationId>,
    association_id: Option<AddressAssociationId>,
    ip_owner_id: String,
    /// The public DNS name, empty where the VPC gives none.
    pub public_dns_name: String,
    /// The address.
    pub public_ip: Ipv4Addr,
}

/// An attachment to an instance, or to something that AWS manages.
#[derive(Xml)]
pub struct AttachmentView {
    attach_time: Timestamp,
    attachment_id: AttachmentId,
    delete_on_termination: bool,
    device_index: u16,
    network_card_index: u16,
    instance_id: Option<InstanceId>,
    instance_owner_id: String,
    status: &'static str,
}

#[derive(Xml)]
struct Ipv6View {
    ipv6_address: Ipv6Addr,
    is_primary_ipv6: bool,
}

#[derive(Xml)]
struct PrivateView {
    association: Option<AssociationView>,
    primary: bool,
    private_dns_name: Option<String>,
    private_ip_address: Ipv4Addr,
}

impl AssociationView {
    /// The association of a public address of `interface`.
    pub fn of(seen: Seen<'_>, interface: &Interface, public: &PublicAddress) -> AssociationView {
        let allocation = match public {
            PublicAddress::Elastic(_, id) => seen.network.addresses.get(id),
            PublicAddress::AutoAssigned(_) => None,
        };
        let is_named =
            seen.network.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
        let name = || name::public(interface.scope.region, public.address());
        AssociationView {
            allocation_id: allocation.map(|address| address.id),
            association_id: allocation
                .and_then(|address| address.association.as_ref())
                .map(|present| present.id),
            ip_owner_id: allocation.map_or(AMAZON.to_owned(), |address| address.scope.account.to_string()),
            public_dns_name: if is_named { name() } else { String::new() },
            public_ip: public.address(),
        }
    }
}

impl AttachmentView {
    fn of(attachment: &Attachment, owner: AccountId, status: &'static str) -> AttachmentView {
        AttachmentView {
            attach_time: attachment.since,
            attachment_id: attachment.id,
            delete_on_termination: attachment.delete_on_termination,
            device_index: attachment.device_index,
            network_card_index: 0,
            instance_id: attachment.instance,
            instance_owner_id: attachment.instance.map_or(AMAZON_AWS.to_owned(), |_| owner.to_string()),
            status,
        }
    }

    /// An attachment that has ended.
    pub fn of_ended(ended: &Detachment) -> AttachmentView {
        AttachmentView::of(&ended.was, ended.scope.account, "detached")
    }
}

impl InterfaceView {
    /// The interface as `seen`.
    pub fn of(seen: Seen<'_>, interface: &Interface) -> InterfaceView {
        let subnet = seen.network.subnets.get(&interface.subnet);
        let zone = subnet.map(|subnet| subnet.zone);
        let is_named =
            seen.network.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
        let name = |address: Ipv4Addr| is_named.then(|| name::private(interface.scope.region, address));
        let private = |(place, own): (usize, &weir_model::interface::PrivateAddress)| PrivateView {
            association: own.public.as_ref().map(|public| AssociationView::of(seen, interface, public)),
            primary: place == 0,
            private_dns_name: name(own.private),
            private_ip_address: own.private,
        };
        let private_ip_addresses: Vec<PrivateView> =
            interface.addresses.iter().enumerate().map(private).collect();
        let first = interface.addresses.first().and_then(|own| own.public.as_ref());
        let ipv6 = |(place, address): (usize, &Ipv6Addr)| Ipv6View {
            ipv6_address: *address,
            is_primary_ipv6: place == 0 && interface.addresses.is_empty(),
        };
        let owner = interface.scope.account;
        InterfaceView {
            association: first.map(|public| AssociationView::of(seen, interface, public)),
            attachment: interface
                .attachment
                .as_ref()
                .map(|present| AttachmentView::of(present, owner, "attached")),
            availability_zone: zone,
            availability_zone_id: zone.map(|zone| zone.zone_id()),
            connection_tracking_configuration: TrackingView::of(interface.tracking),
            description: interface.description.clone(),
            groups: GroupIdentifier::all(seen, &interface.groups),
            interface_type: type_word(interface.kind),
            ipv6_addresses: interface.ipv6_addresses.iter().enumerate().map(ipv6).collect(),
            mac_address: mac_text(interface.mac),
            network_interface_id: interface.id,
            owner_id: owner,
            private_dns_name: seen
                .network
                .resource_name_of(interface)
                .filter(|_| is_named)
                .or_else(|| interface.primary().and_then(name)),
            private_ip_address: interface.primary(),
            private_ip_addresses,
            ipv6_address: interface.ipv6_addresses.first().copied(),
            requester_managed: interface.kind != InterfaceKind::Interface,
            source_dest_check: interface.source_dest_check,
            status: if interface.attachment.is_some() { "in-use" } else { "available" },
            subnet_id: interface.subnet,
            tag_set: interface.tags.clone(),
            vpc_id: interface.vpc,
        }
    }

    /// Its id.
    pub fn id(&self) -> InterfaceId {
        self.network_interface_id
    }

    pub(super) fn with(self, attachment: AttachmentView) -> InterfaceView {
        InterfaceView { attachment: Some(attachment), ..self }
    }

    /// Whether its primary address is lent a public one by Amazon.
    pub(super) fn is_lent_public(&self) -> bool {
        self.association.as_ref().is_some_and(|association| association.ip_owner_id == AMAZON)
    }

    fn associations(&self) -> impl Iterator<Item = &AssociationView> {
        self.private_ip_addresses.iter().filter_map(|own| own.association.as_ref())
    }
}

/// AWS's word for a kind of interface.
fn type_word(kind: InterfaceKind) -> &'static str {
    match kind {
        InterfaceKind::Interface | InterfaceKind::Managed => "interface",
        InterfaceKind::NatGateway => "nat_gateway",
        InterfaceKind::VpcEndpoint => "vpc_endpoint",
        InterfaceKind::TransitGateway => "transit_gateway",
    }
}

/// A hardware address in text: `02:00:5e:10:00:01`.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

pub(super) const FILTERS: FilterTable<InterfaceView> = FilterTable {
    rows: &[
        ("association.allocation-id", |view| {
            texts(view.associations().filter_map(|found| found.allocation_id))
        }),
        ("association.association-id", |view| {
            texts(view.associations().filter_map(|found| found.association_id))
        }),
        ("addresses.association.owner-id", |view| texts(view.associations().map(|found| &found.ip_owner_id))),
        ("addresses.association.public-ip", |view| texts(view.associations().map(|found| found.public_ip))),
        ("addresses.primary", |view| texts(view.private_ip_addresses.iter().map(|own| own.primary))),
        ("addresses.private-ip-address", |view| {
            texts(view.private_ip_addresses.iter().map(|own| own.private_ip_address))
        }),
        ("association.ip-owner-id", |view| texts(view.associations().map(|found| &found.ip_owner_id))),
        ("association.public-ip", |view| texts(view.associations().map(|found| found.public_ip))),
        ("association.public-dns-name", |view| {
            texts(view.associations().map(|found| &found.public_dns_name))
        }),
        ("attachment.attach-time", |view| {
            texts(view.attachment.iter().map(|present| Iso(present.attach_time.0)))
        }),
        ("attachment.attachment-id", |view| {
            texts(view.attachment.iter().map(|present| present.attachment_id))
        }),
        ("attachment.delete-on-termination", |view| {
            texts(view.attachment.iter().map(|present| present.delete_on_termination))
        }),
        ("attachment.device-index", |view| texts(view.attachment.iter().map(|present| present.device_index))),
        ("attachment.instance-id", |view| {
            texts(view.attachment.iter().filter_map(|present| present.instance_id))
        }),
        ("attachment.instance-owner-id", |view| {
            texts(view.attachment.iter().map(|present| &present.instance_owner_id))
        }),
        ("attachment.status", |view| texts(view.attachment.iter().map(|present| present.status))),
        ("availability-zone", |view| texts(view.availability_zone)),
        ("availability-zone-id", |view| texts(&view.availability_zone_id)),
        ("description", |view| vec![view.description.clone()]),
        ("group-id", |view| texts(view.groups.iter().map(|group| group.group_id))),
        ("ipv6-addresses.ipv6-address", |view| texts(view.ipv6_addresses.iter().map(|own| own.ipv6_address))),
        ("interface-type", |view| texts([view.interface_type])),
        ("mac-address", |view| vec![view.mac_address.clone()]),
        ("network-interface-id", |view| texts([view.network_interface_id])),
        // Nothing here is managed by a service provider, and answers do not say who asked for an interface.
        ("operator.managed", |_| vec!["false".to_owned()]),
        ("operator.principal", |_| vec![]),
        ("owner-id", |view| texts([view.owner_id])),
        ("private-dns-name", |view| texts(&view.private_dns_name)),
        ("private-ip-address", |view| {
            texts(view.private_ip_addresses.iter().map(|own| own.private_ip_address))
        }),
        ("requester-id", |_| vec![]),
        ("requester-managed", |view| texts([view.requester_managed])),
        ("source-dest-check", |view| texts([view.source_dest_check])),
        ("status", |view| texts([view.status])),
        ("subnet-id", |view| texts([view.subnet_id])),
        ("vpc-id", |view| texts([view.vpc_id])),
    ],
    tags: Some(|view| &view.tag_set),
};
