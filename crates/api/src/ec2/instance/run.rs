//! RunInstances: from what the request says to a launch.
//!
//! Capacity and placement groups are accepted without effect; spot instances, launch templates and the like are refused as not
//! implemented.
//! Source: EC2 API Reference, RunInstances, InstanceNetworkInterfaceSpecification.

use super::attribute::ShutdownBehavior;
use super::device::DeviceRequest;
use super::metadata::MetadataRequest;
use super::options::{Automatic, HostNameRequest, credits};
use super::profile::ProfileRequest;
use super::view::{InstanceView, ReservationView};
use crate::ec2::network_interface::{AddressRequest, TrackingRequest, only_card};
use crate::operation::{Context, Error, Operation, Seen};
use crate::token::ClientToken;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::{Ipv4Addr, Ipv6Addr};
use weir_model::image::Image;
use weir_model::instance::{
    CpuOptions, InstanceSettings, Launch, LaunchInterface, LaunchSource, Maintenance, MetadataOptions,
    ProfileLink, Tenancy,
};
use weir_model::interface::{Ipv6Choice, NewInterface};
use weir_model::{GroupId, ImageId, InterfaceId, SubnetId, Tags, ZoneName};
use weir_wire::{Accepted, Given, Param, TagSpecification, specified_tags};

/// What an image id may begin with instead: a parameter of Systems Manager that holds it.
const PARAMETER_PREFIX: &str = "resolve:ssm:";

/// Launches instances.
#[derive(Param)]
pub struct RunInstances {
    client_token: ClientToken,
    image_id: String,
    instance_type: String,
    min_count: u32,
    max_count: u32,
    key_name: Option<String>,
    #[wire(request = "SecurityGroupId")]
    security_group_ids: Vec<GroupId>,
    #[wire(request = "SecurityGroup")]
    security_groups: Vec<String>,
    subnet_id: Option<SubnetId>,
    private_ip_address: Option<Ipv4Addr>,
    ipv6_address_count: Option<usize>,
    #[wire(request = "Ipv6Address")]
    ipv6_addresses: Vec<InstanceIpv6>,
    user_data: Option<String>,
    tag_specifications: Vec<TagSpecification>,
    placement: Option<PlacementRequest>,
    monitoring: Option<MonitoringRequest>,
    metadata_options: Option<MetadataRequest>,
    disable_api_termination: Option<bool>,
    disable_api_stop: Option<bool>,
    instance_initiated_shutdown_behavior: Option<ShutdownBehavior>,
    #[wire(request = "NetworkInterface")]
    network_interfaces: Vec<InterfaceRequest>,
    iam_instance_profile: Option<ProfileRequest>,
    ebs_optimized: Option<bool>,
    #[wire(request = "BlockDeviceMapping")]
    block_device_mappings: Vec<DeviceRequest>,
    credit_specification: Option<CreditRequest>,
    cpu_options: Option<CpuRequest>,
    hibernation_options: Option<Hibernation>,
    enclave_options: Option<EnclaveRequest>,
    maintenance_options: Option<MaintenanceRequest>,
    private_dns_name_options: Option<HostNameRequest>,
    enable_primary_ipv6: Option<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    capacity_reservation_specification: Accepted<CapacityRequest>,
    #[expect(dead_code, reason = "accepted without effect")]
    additional_info: Accepted<String>,
}

#[derive(Param)]
struct CreditRequest {
    cpu_credits: String,
}

#[derive(Param)]
struct CpuRequest {
    core_count: Option<u32>,
    threads_per_core: Option<u32>,
}

#[derive(Param)]
struct Hibernation {
    configured: Option<bool>,
}

#[derive(Param)]
struct EnclaveRequest {
    enabled: Option<bool>,
}

#[derive(Param)]
struct MaintenanceRequest {
    auto_recovery: Option<Automatic>,
}

#[derive(Clone, Debug, PartialEq, Eq, Param)]
struct CapacityRequest {
    capacity_reservation_preference: Accepted<CapacityPreference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Param)]
enum CapacityPreference {
    CapacityReservationsOnly,
    Open,
    None,
}

#[derive(Param)]
struct InstanceIpv6 {
    ipv6_address: Ipv6Addr,
    #[expect(dead_code, reason = "accepted without effect")]
    is_primary_ipv6: Accepted<bool>,
}

#[derive(Param)]
struct PlacementRequest {
    availability_zone: Given<ZoneName>,
    #[expect(dead_code, reason = "accepted without effect")]
    group_name: Accepted<String>,
    tenancy: Option<TenancyWord>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum TenancyWord {
    Default,
    Dedicated,
    Host,
}

#[derive(Param)]
struct MonitoringRequest {
    enabled: bool,
}

/// An interface of each instance.
#[derive(Param)]
struct InterfaceRequest {
    device_index: Option<u16>,
    network_interface_id: Option<InterfaceId>,
    subnet_id: Option<SubnetId>,
    description: Option<String>,
    #[wire(request = "SecurityGroupId")]
    groups: Vec<GroupId>,
    associate_public_ip_address: Option<bool>,
    delete_on_termination: Option<bool>,
    #[wire(flatten)]
    addresses: AddressRequest,
    network_card_index: Option<u16>,
    primary_ipv6: Option<bool>,
    connection_tracking_specification: Option<TrackingRequest>,
    #[expect(dead_code, reason = "accepted without effect")]
    interface_type: Accepted<OrdinaryType>,
}

#[derive(Clone, Debug, PartialEq, Eq, Param)]
enum OrdinaryType {
    Interface,
}

impl Operation for RunInstances {
    type Response = ReservationView;

    fn run(self, cx: &mut Context<'_>) -> Result<ReservationView, Error> {
        let profile = self.iam_instance_profile.as_ref().map(|asked| asked.found(cx)).transpose()?;
        let launch = self.launch(cx.seen(), profile)?;
        let (reservation, ids) = cx.command(|network, cx| network.run_instances(cx, launch))?;
        let seen = cx.seen();
        let mut view = ReservationView::new(reservation, seen.scope.account);
        for id in ids {
            let instance = seen.network.instances.find(seen.scope, &id)?;
            view.push(InstanceView::of(seen, instance).pending());
        }
        Ok(view)
    }
}

impl RunInstances {
    fn launch(self, seen: Seen<'_>, instance_profile: Option<ProfileLink>) -> Result<Launch, Error> {
        let image = image(seen, &self.image_id)?;
        check_counts(self.min_count, self.max_count)?;
        let user_data = self.user_data.as_deref().map(user_data).transpose()?;
        let settings = self.settings()?;
        let zone = self.placement.as_ref().and_then(|placement| placement.availability_zone.0);
        without_primary_ipv6(self.enable_primary_ipv6)?;
        let LaunchTags { tags, interface_tags, volume_tags } = LaunchTags::of(&self.tag_specifications)?;
        let interfaces = self.interfaces(seen, interface_tags)?;
        Ok(Launch {
            min: self.min_count,
            max: self.max_count,
            image,
            instance_type: self.instance_type,
            zone,
            interfaces,
            key_name: self.key_name,
            user_data: user_data.filter(|data| !data.is_empty()),
            termination_protected: self.disable_api_termination.unwrap_or(false),
            instance_profile,
            host_names: self.private_dns_name_options.map(|asked| asked.change()).unwrap_or_default(),
            devices: self
                .block_device_mappings
                .into_iter()
                .map(DeviceRequest::device)
                .collect::<Result<_, _>>()?,
            volume_tags,
            settings,
            tags,
        })
    }

    fn settings(&self) -> Result<InstanceSettings, Error> {
        let metadata = self.metadata_options.as_ref().map(MetadataRequest::change).transpose()?;
        let credits =
            self.credit_specification.as_ref().map(|asked| credits(&asked.cpu_credits)).transpose()?;
        let has_enclaves = self.enclave_options.as_ref().and_then(|asked| asked.enabled).unwrap_or(false);
        let may_hibernate =
            self.hibernation_options.as_ref().and_then(|asked| asked.configured).unwrap_or(false);
        if has_enclaves && may_hibernate {
            let message = "You can't enable hibernation and Nitro Enclaves on the same instance.";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        let recovery = self.maintenance_options.as_ref().and_then(|asked| asked.auto_recovery);
        Ok(InstanceSettings {
            client_token: self.client_token.0.clone(),
            lends_public: false,
            stop_protected: self.disable_api_stop.unwrap_or(false),
            terminates_on_shutdown: self.instance_initiated_shutdown_behavior
                == Some(ShutdownBehavior::Terminate),
            is_monitored: self.monitoring.as_ref().is_some_and(|monitoring| monitoring.enabled),
            is_ebs_optimized: self.ebs_optimized.unwrap_or(false),
            metadata: MetadataOptions::default().changed(metadata.unwrap_or_default()),
            credits,
            cpu: self.cpu_options.as_ref().map(CpuRequest::options).transpose()?,
            tenancy: self.tenancy()?,
            has_enclaves,
            may_hibernate,
            maintenance: Maintenance {
                recovery_disabled: recovery == Some(Automatic::Disabled),
                migration_disabled: false,
            },
            // The volumes, names and profile of each instance are the launch's to decide.
            ..InstanceSettings::default()
        })
    }

    /// The tenancy asked for. Nobody has dedicated hosts here, so there is no room on one.
    ///
    /// Assumption: AWS says so as it says that hosts are full.
    fn tenancy(&self) -> Result<Tenancy, Error> {
        match self.placement.as_ref().and_then(|placement| placement.tenancy) {
            None | Some(TenancyWord::Default) => Ok(Tenancy::Default),
            Some(TenancyWord::Dedicated) => Ok(Tenancy::Dedicated),
            Some(TenancyWord::Host) => Err(Error::new(
                "InsufficientHostCapacity",
                "There is not enough capacity to fulfill your Dedicated Host request.",
            )),
        }
    }

    /// The interfaces of each instance: those listed, or one in the subnet named, or one in a default subnet.
    fn interfaces(&self, seen: Seen<'_>, tags: Tags) -> Result<Vec<LaunchInterface>, Error> {
        if self.network_interfaces.is_empty() {
            return Ok(vec![self.only_interface(seen, tags)?]);
        }
        let alone = |what: &str| {
            let message = format!(
                "Network interfaces and an instance-level {what} may not be specified on the same request"
            );
            Err(Error::new("InvalidParameterCombination", message))
        };
        match () {
            () if self.subnet_id.is_some() => alone("subnet ID"),
            () if !self.security_group_ids.is_empty() || !self.security_groups.is_empty() => {
                alone("security groups")
            }
            () if self.private_ip_address.is_some() => alone("private address"),
            () if self.ipv6_address_count.is_some() || !self.ipv6_addresses.is_empty() => {
                alone("IPv6 address")
            }
            () => self.network_interfaces.iter().map(|request| request.interface(tags.clone())).collect(),
        }
    }

    fn only_interface(&self, seen: Seen<'_>, tags: Tags) -> Result<LaunchInterface, Error> {
        let mut groups = self.security_group_ids.clone();
        if !self.security_groups.is_empty() && self.subnet_id.is_some() {
            let message = "The parameter groupName cannot be used with the parameter subnet";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        for name in &self.security_groups {
            groups.push(seen.network.group_in_default_vpc(seen.scope, name)?.id);
        }
        let request = AddressRequest::of_primary(self.private_ip_address).with_ipv6(self.ipv6_address_count);
        let (addresses, any) = request.choice()?;
        let named: Vec<Ipv6Addr> = self.ipv6_addresses.iter().map(|listed| listed.ipv6_address).collect();
        let ipv6 = if named.is_empty() { any } else { Ipv6Choice::These(named) };
        let new = NewInterface { addresses, ipv6, groups, tags, ..NewInterface::default() };
        let source = LaunchSource::New { subnet: self.subnet_id, new, public: None };
        Ok(LaunchInterface { device_index: 0, delete_on_termination: None, source })
    }
}

impl InterfaceRequest {
    fn interface(&self, tags: Tags) -> Result<LaunchInterface, Error> {
        only_card(self.network_card_index)?;
        without_primary_ipv6(self.primary_ipv6)?;
        let device_index = self.device_index.ok_or_else(|| {
            Error::new("InvalidParameterValue", "Each network interface requires a device index.")
        })?;
        let source = match self.network_interface_id {
            Some(id) => self.existing(id)?,
            None => {
                let (addresses, ipv6) = self.addresses.choice()?;
                let description = self.description.clone().unwrap_or_default();
                let tracking = self.connection_tracking_specification.unwrap_or_default().timeouts();
                let groups = self.groups.clone();
                let new = NewInterface { addresses, ipv6, groups, tracking, description, tags };
                LaunchSource::New { subnet: self.subnet_id, new, public: self.associate_public_ip_address }
            }
        };
        Ok(LaunchInterface { device_index, delete_on_termination: self.delete_on_termination, source })
    }

    /// An interface that exists keeps what it has, so the request may say no more of it.
    fn existing(&self, id: InterfaceId) -> Result<LaunchSource, Error> {
        let combination = |message: &str| Err(Error::new("InvalidParameterCombination", message));
        match () {
            () if self.associate_public_ip_address.is_some() => combination(
                "The associatePublicIPAddress parameter cannot be specified for a network interface with an ID.",
            ),
            () if self.subnet_id.is_some() || !self.groups.is_empty() => combination(
                "A network interface ID and a subnet or security groups may not be specified together.",
            ),
            () if self.connection_tracking_specification.is_some() => combination(
                "A network interface ID and a connection tracking specification may not be specified together.",
            ),
            () => Ok(LaunchSource::Existing(id)),
        }
    }
}

impl CpuRequest {
    fn options(&self) -> Result<CpuOptions, Error> {
        match (self.core_count, self.threads_per_core) {
            (Some(cores), Some(threads_per_core)) => Ok(CpuOptions { cores, threads_per_core }),
            _ => Err(Error::new(
                "MissingParameter",
                "The request must contain the parameters coreCount and threadsPerCore",
            )),
        }
    }
}

/// Refuses a primary IPv6 address, which Weir does not have; not to want one is the default.
fn without_primary_ipv6(asked: Option<bool>) -> Result<(), Error> {
    match asked {
        Some(true) => {
            let message = "Primary IPv6 addresses are not implemented by weir.";
            Err(Error::new("UnsupportedOperation", message))
        }
        Some(false) | None => Ok(()),
    }
}

/// The image that a request names, by id or through a public parameter.
fn image(seen: Seen<'_>, text: &str) -> Result<ImageId, Error> {
    let shown: String = text.chars().take(200).collect();
    match text.strip_prefix(PARAMETER_PREFIX) {
        Some(name) => {
            let found = Image::by_parameter(name).map(|image| image.id(seen.scope.region));
            found.ok_or_else(|| {
                let message = format!("The parameter '{shown}' could not be resolved to an image.");
                Error::new("InvalidParameterValue", message)
            })
        }
        None => text.parse::<ImageId>().map_err(|_| {
            Error::new("InvalidAMIID.Malformed", format!("Invalid id: \"{shown}\" (expecting \"ami-...\")"))
        }),
    }
}

fn check_counts(min: u32, max: u32) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new("InvalidParameterValue", message));
    match () {
        () if min == 0 => invalid(
            "Value (0) for parameter minCount is invalid. Expecting a value greater than 0.".to_owned(),
        ),
        () if max < min => invalid(format!(
            "Value ({max}) for parameter maxCount is invalid. It must not be less than minCount ({min})."
        )),
        () => Ok(()),
    }
}

/// User data, decoded from base64, in which line breaks are allowed.
pub(super) fn user_data(text: &str) -> Result<Vec<u8>, Error> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(packed);
    decoded.map_err(|_| Error::new("InvalidParameterValue", "Invalid BASE64 encoding of user data."))
}

/// The tags of what a launch makes. Those of spot requests, which are not made, are read and checked.
struct LaunchTags {
    tags: Tags,
    interface_tags: Tags,
    volume_tags: Tags,
}

impl LaunchTags {
    fn of(specifications: &[TagSpecification]) -> Result<LaunchTags, Error> {
        let of = |kind: &str| -> Result<Tags, Error> {
            let own: Vec<TagSpecification> =
                specifications.iter().filter(|one| one.resource_type == kind).cloned().collect();
            Ok(specified_tags(&own, kind)?)
        };
        let known = ["instance", "network-interface", "volume", "spot-instances-request"];
        if let Some(unknown) = specifications.iter().find(|one| !known.contains(&one.resource_type.as_str()))
        {
            specified_tags(std::slice::from_ref(unknown), "instance")?;
        }
        of("spot-instances-request")?;
        let (tags, interface_tags) = (of("instance")?, of("network-interface")?);
        Ok(LaunchTags { tags, interface_tags, volume_tags: of("volume")? })
    }
}
