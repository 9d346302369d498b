//! Instances as answers show them.
//!
//! Source: EC2 API Reference, Instance, InstanceNetworkInterface, InstanceState, Reservation.

mod filters;

pub use filters::FILTERS;

use super::device::DeviceView;
use super::metadata::MetadataView;
use super::options::{HostNameView, MaintenanceView};
use super::profile::ProfileView;
use crate::ec2::image;
use crate::ec2::network_interface::{TrackingView, mac_text};
use crate::ec2::security_group::GroupIdentifier;
use crate::operation::Seen;
use std::net::{Ipv4Addr, Ipv6Addr};
use weir_model::dns::name;
use weir_model::image::{Architecture, Image, Platform};
use weir_model::instance::{Instance, InstanceState, Tenancy};
use weir_model::instance_type::InstanceType;
use weir_model::interface::{Attachment, Interface, PublicAddress};
use weir_model::{
    AccountId, AddressAssociationId, AllocationId, AttachmentId, ImageId, InstanceId, InterfaceId,
    ReservationId, SubnetId, Tags, Timestamp, VpcId, ZoneName,
};
use weir_wire::{Iso, Xml};

/// The instances of one RunInstances call.
#[derive(Xml)]
pub struct ReservationView {
    reservation_id: ReservationId,
    owner_id: AccountId,
    #[wire(response = "groupSet")]
    groups: Vec<GroupIdentifier>,
    #[wire(response = "instancesSet")]
    instances: Vec<InstanceView>,
}

impl ReservationView {
    /// A reservation without instances. Its groups are for EC2-Classic only and so none.
    pub fn new(reservation_id: ReservationId, owner_id: AccountId) -> ReservationView {
        ReservationView { reservation_id, owner_id, groups: Vec::new(), instances: Vec::new() }
    }

    /// Adds an instance.
    pub fn push(&mut self, instance: InstanceView) {
        self.instances.push(instance);
    }
}

/// A state by code and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Xml)]
pub struct StateView {
    pub(super) code: u16,
    pub(super) name: &'static str,
}

impl StateView {
    /// The state as it is.
    pub fn of(state: InstanceState) -> StateView {
        match state {
            InstanceState::Running => StateView { code: 16, name: "running" },
            InstanceState::Stopped => StateView { code: 80, name: "stopped" },
            InstanceState::Terminated => StateView { code: 48, name: "terminated" },
        }
    }

    /// The state that AWS passes through on the way to `state`.
    pub fn on_the_way_to(state: InstanceState) -> StateView {
        match state {
            InstanceState::Running => StateView { code: 0, name: "pending" },
            InstanceState::Stopped => StateView { code: 64, name: "stopping" },
            InstanceState::Terminated => StateView { code: 32, name: "shutting-down" },
        }
    }
}

/// An instance.
#[derive(Xml)]
pub struct InstanceView {
    architecture: &'static str,
    #[wire(response = "blockDeviceMapping")]
    block_device_mappings: Vec<DeviceView>,
    client_token: String,
    ebs_optimized: bool,
    ena_support: bool,
    hypervisor: &'static str,
    iam_instance_profile: Option<ProfileView>,
    #[wire(response = "networkInterfaceSet")]
    network_interfaces: Vec<InstanceInterfaceView>,
    root_device_name: &'static str,
    root_device_type: &'static str,
    #[wire(response = "groupSet")]
    security_groups: Vec<GroupIdentifier>,
    source_dest_check: Option<bool>,
    state_reason: Option<StateReason>,
    #[wire(flatten)]
    own: OwnMembers,
    virtualization_type: &'static str,
    cpu_options: CpuOptions,
    hibernation_options: Hibernation,
    metadata_options: MetadataView,
    enclave_options: Enclave,
    boot_mode: &'static str,
    platform: Option<&'static str>,
    platform_details: &'static str,
    usage_operation: &'static str,
    usage_operation_update_time: Timestamp,
    private_dns_name_options: HostNameView,
    maintenance_options: MaintenanceView,
    current_instance_boot_mode: &'static str,
    ipv6_address: Option<Ipv6Addr>,
    #[wire(response = "instanceState")]
    state: StateView,
    private_dns_name: String,
    #[wire(response = "dnsName")]
    public_dns_name: String,
    reason: String,
    placement: Placement,
    monitoring: Monitoring,
    subnet_id: Option<SubnetId>,
    vpc_id: Option<VpcId>,
    private_ip_address: Option<Ipv4Addr>,
    #[wire(response = "ipAddress")]
    public_ip_address: Option<Ipv4Addr>,
}

/// What an instance is by itself, whatever becomes of it.
#[derive(Xml)]
struct OwnMembers {
    tags: Tags,
    instance_id: InstanceId,
    image_id: ImageId,
    key_name: Option<String>,
    ami_launch_index: u32,
    instance_type: String,
    launch_time: Timestamp,
    #[wire(flatten)]
    reservation: Hidden<ReservationId>,
}

/// What a view knows and does not show.
#[derive(Clone)]
struct Hidden<T>(T);

impl<T> Xml for Hidden<T> {
    const KIND: weir_wire::Kind = weir_wire::Kind::Structure(&[]);

    fn write(&self, _: &mut weir_wire::Writer) {}
}

#[derive(Xml)]
struct StateReason {
    code: &'static str,
    message: &'static str,
}

#[derive(Xml)]
struct CpuOptions {
    core_count: u32,
    threads_per_core: u32,
}

#[derive(Xml)]
struct Hibernation {
    configured: bool,
}

#[derive(Xml)]
struct Enclave {
    enabled: bool,
}

#[derive(Xml)]
struct Placement {
    availability_zone_id: String,
    group_name: &'static str,
    tenancy: &'static str,
    availability_zone: ZoneName,
}

#[derive(Xml)]
struct Monitoring {
    state: &'static str,
}

/// An interface as part of its instance.
#[derive(Xml)]
struct InstanceInterfaceView {
    association: Option<InstanceAssociation>,
    attachment: Option<InstanceAttachment>,
    connection_tracking_configuration: Option<TrackingView>,
    description: String,
    #[wire(response = "groupSet")]
    groups: Vec<GroupIdentifier>,
    #[wire(response = "ipv6AddressesSet")]
    ipv6_addresses: Vec<InstanceIpv6>,
    mac_address: String,
    network_interface_id: InterfaceId,
    owner_id: AccountId,
    private_dns_name: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[wire(response = "privateIpAddressesSet")]
    private_ip_addresses: Vec<InstancePrivate>,
    source_dest_check: bool,
    status: &'static str,
    subnet_id: SubnetId,
    vpc_id: VpcId,
    interface_type: &'static str,
    #[wire(flatten)]
    tags: Hidden<Tags>,
}

#[derive(Clone, Xml)]
struct InstanceAssociation {
    #[wire(flatten)]
    ids: Hidden<(Option<AllocationId>, Option<AddressAssociationId>)>,
    ip_owner_id: String,
    public_dns_name: String,
    public_ip: Ipv4Addr,
}

#[derive(Xml)]
struct InstanceAttachment {
    attach_time: Timestamp,
    attachment_id: AttachmentId,
    delete_on_termination: bool,
    device_index: u16,
    status: &'static str,
    network_card_index: u16,
}

#[derive(Xml)]
struct InstanceIpv6 {
    ipv6_address: Ipv6Addr,
}

#[derive(Xml)]
struct InstancePrivate {
    association: Option<InstanceAssociation>,
    primary: bool,
    private_dns_name: Option<String>,
    private_ip_address: Ipv4Addr,
}

impl InstanceAssociation {
    fn of(seen: Seen<'_>, interface: &Interface, public: &PublicAddress) -> InstanceAssociation {
        let shown = crate::ec2::network_interface::AssociationView::of(seen, interface, public);
        let ip_owner_id = match public {
            PublicAddress::AutoAssigned(_) => "amazon".to_owned(),
            PublicAddress::Elastic(..) => interface.scope.account.to_string(),
        };
        let elastic = match public {
            PublicAddress::Elastic(_, id) => seen.network.addresses.get(id),
            PublicAddress::AutoAssigned(_) => None,
        };
        let association = elastic.and_then(|address| address.association.as_ref());
        InstanceAssociation {
            ids: Hidden((elastic.map(|address| address.id), association.map(|present| present.id))),
            ip_owner_id,
            public_dns_name: shown.public_dns_name,
            public_ip: shown.public_ip,
        }
    }
}

impl InstanceInterfaceView {
    fn of(seen: Seen<'_>, interface: &Interface) -> InstanceInterfaceView {
        let is_named =
            seen.network.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
        let name = |address: Ipv4Addr| is_named.then(|| name::private(interface.scope.region, address));
        let by_resource = is_named.then(|| seen.network.resource_name_of(interface)).flatten();
        let association = |public: &PublicAddress| InstanceAssociation::of(seen, interface, public);
        let private = |(place, own): (usize, &weir_model::interface::PrivateAddress)| InstancePrivate {
            association: own.public.as_ref().map(association),
            primary: place == 0,
            private_dns_name: name(own.private),
            private_ip_address: own.private,
        };
        let attachment = |attachment: &Attachment| InstanceAttachment {
            attach_time: attachment.since,
            attachment_id: attachment.id,
            delete_on_termination: attachment.delete_on_termination,
            device_index: attachment.device_index,
            status: "attached",
            network_card_index: 0,
        };
        let ipv6 = interface.ipv6_addresses.iter().map(|address| InstanceIpv6 { ipv6_address: *address });
        InstanceInterfaceView {
            association: interface.addresses.first().and_then(|own| own.public.as_ref()).map(association),
            attachment: interface.attachment.as_ref().map(attachment),
            connection_tracking_configuration: TrackingView::of(interface.tracking),
            description: interface.description.clone(),
            groups: GroupIdentifier::all(seen, &interface.groups),
            ipv6_addresses: ipv6.collect(),
            mac_address: mac_text(interface.mac),
            network_interface_id: interface.id,
            owner_id: interface.scope.account,
            private_dns_name: by_resource.or_else(|| interface.primary().and_then(name)),
            private_ip_address: interface.primary(),
            private_ip_addresses: interface.addresses.iter().enumerate().map(private).collect(),
            source_dest_check: interface.source_dest_check,
            status: "in-use",
            subnet_id: interface.subnet,
            vpc_id: interface.vpc,
            interface_type: "interface",
            tags: Hidden(interface.tags.clone()),
        }
    }
}

impl InstanceView {
    /// The instance as `seen`.
    pub fn of(seen: Seen<'_>, instance: &Instance) -> InstanceView {
        let interfaces: Vec<&Interface> =
            instance.interfaces.iter().filter_map(|id| seen.network.interfaces.get(id)).collect();
        let primary = interfaces.first().copied();
        let image = Image::find(instance.scope.region, instance.image);
        let row = InstanceType::find(&instance.instance_type);
        let network_interfaces: Vec<InstanceInterfaceView> =
            interfaces.iter().map(|interface| InstanceInterfaceView::of(seen, interface)).collect();
        let association = network_interfaces.first().and_then(|view| view.association.clone());
        let private = primary.and_then(Interface::primary);
        let settings = &instance.settings;
        let usual = row.map_or((1, 1), |row| (row.cores(), row.threads_per_core));
        let (core_count, threads_per_core) =
            settings.cpu.map_or(usual, |said| (said.cores, said.threads_per_core));
        let platform = image.map_or(Platform::Linux, |image| image.platform);
        let architecture = row.map_or(Architecture::X86, |row| row.architecture);
        let names = seen.network.host_names_of(instance);
        let region = instance.scope.region;
        InstanceView {
            architecture: architecture.as_str(),
            block_device_mappings: DeviceView::all(seen, instance),
            client_token: settings.client_token.clone().unwrap_or_default(),
            ebs_optimized: settings.is_ebs_optimized,
            ena_support: true,
            hypervisor: "xen",
            iam_instance_profile: ProfileView::of(instance),
            root_device_name: image.map_or("/dev/xvda", |image| image.root_device),
            root_device_type: "ebs",
            security_groups: primary.map(|one| GroupIdentifier::all(seen, &one.groups)).unwrap_or_default(),
            source_dest_check: primary.map(|interface| interface.source_dest_check),
            state_reason: StateReason::of(instance.state),
            own: OwnMembers {
                tags: instance.tags.clone(),
                instance_id: instance.id,
                image_id: instance.image,
                key_name: instance.key_name.clone(),
                ami_launch_index: instance.launch_index,
                instance_type: instance.instance_type.clone(),
                launch_time: instance.launched,
                reservation: Hidden(instance.reservation),
            },
            virtualization_type: "hvm",
            cpu_options: CpuOptions { core_count, threads_per_core },
            hibernation_options: Hibernation { configured: settings.may_hibernate },
            metadata_options: MetadataView::of(&settings.metadata),
            enclave_options: Enclave { enabled: settings.has_enclaves },
            boot_mode: image::boot_mode(architecture),
            platform: platform.word(),
            platform_details: platform.details(),
            usage_operation: platform.usage_operation(),
            usage_operation_update_time: instance.launched,
            private_dns_name_options: HostNameView::of(names),
            maintenance_options: MaintenanceView::of(settings.maintenance),
            current_instance_boot_mode: if row.is_some_and(|row| row.is_nitro) {
                "uefi"
            } else {
                "legacy-bios"
            },
            ipv6_address: primary.and_then(|interface| interface.ipv6_addresses.first().copied()),
            state: StateView::of(instance.state),
            private_dns_name: match primary {
                None => String::new(),
                Some(_) if names.by_resource => name::resource(region, instance.id),
                Some(_) => private.map(|address| name::private(region, address)).unwrap_or_default(),
            },
            public_dns_name: association
                .as_ref()
                .map(|shown| shown.public_dns_name.clone())
                .unwrap_or_default(),
            reason: reason(instance),
            placement: Placement {
                availability_zone_id: instance.zone.zone_id(),
                group_name: "",
                tenancy: match settings.tenancy {
                    Tenancy::Default => "default",
                    Tenancy::Dedicated => "dedicated",
                },
                availability_zone: instance.zone,
            },
            monitoring: Monitoring { state: if settings.is_monitored { "enabled" } else { "disabled" } },
            subnet_id: primary.map(|interface| interface.subnet),
            vpc_id: primary.map(|interface| interface.vpc),
            private_ip_address: private,
            public_ip_address: association.map(|shown| shown.public_ip),
            network_interfaces,
        }
    }

    /// The same as RunInstances shows it: pending, and without its volumes and public address, which follow a moment later.
    pub fn pending(self) -> InstanceView {
        let mut view = InstanceView {
            state: StateView::on_the_way_to(InstanceState::Running),
            state_reason: Some(StateReason { code: "pending", message: "pending" }),
            public_dns_name: String::new(),
            public_ip_address: None,
            block_device_mappings: Vec::new(),
            ..self
        };
        for interface in &mut view.network_interfaces {
            interface.association = None;
            interface.private_ip_addresses.iter_mut().for_each(|own| own.association = None);
            interface.attachment.iter_mut().for_each(|attachment| attachment.status = "attaching");
        }
        view
    }

    /// Its id.
    pub fn id(&self) -> InstanceId {
        self.own.instance_id
    }

    /// The RunInstances call that made it.
    pub fn reservation(&self) -> ReservationId {
        self.own.reservation.0
    }
}

impl StateReason {
    fn of(state: InstanceState) -> Option<StateReason> {
        match state {
            InstanceState::Running => None,
            InstanceState::Stopped | InstanceState::Terminated => Some(StateReason {
                code: "Client.UserInitiatedShutdown",
                message: "Client.UserInitiatedShutdown: User initiated shutdown",
            }),
        }
    }
}

/// Why it is in its state: `User initiated (2024-01-02 03:04:05 GMT)`, nothing while it runs.
fn reason(instance: &Instance) -> String {
    if instance.state == InstanceState::Running {
        return String::new();
    }
    let iso = Iso(instance.state_since.0).to_string();
    let (date, time) = (iso.get(..10).unwrap_or_default(), iso.get(11..19).unwrap_or_default());
    format!("User initiated ({date} {time} GMT)")
}
