//! Machine images and instance types: the catalogues of the model.
//!
//! Source: EC2 API Reference, DescribeImages, DescribeInstanceTypes, DescribeInstanceTypeOfferings.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::image::{Architecture, CATALOGUE, Image};
use weir_model::instance_type::InstanceType;
use weir_model::{ImageId, RegionName, Tags, ZoneName};
use weir_wire::{Accepted, Bounds, FilterTable, Param, Token, Xml};

/// The bounds of `MaxResults` of DescribeInstanceTypes.
const TYPE_BOUNDS: Bounds = 5..=100;

/// Lists images: all, by id, by owner.
#[derive(Param)]
pub struct DescribeImages {
    image_ids: Vec<ImageId>,
    owners: Vec<String>,
    #[wire(request = "ExecutableBy")]
    executable_users: Vec<String>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_deprecated: Accepted<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_disabled: Accepted<bool>,
    #[wire(flatten)]
    selection: Selection,
}

/// The images found.
#[derive(Xml)]
pub struct DescribeImagesResponse {
    next_token: Option<Token>,
    #[wire(response = "imagesSet")]
    images: Vec<ImageView>,
}

impl Operation for DescribeImages {
    type Response = DescribeImagesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let region = cx.scope.region;
        if let Some(unknown) = self.image_ids.iter().find(|id| Image::find(region, **id).is_none()) {
            return Err(weir_model::Refused::NotFound((*unknown).into()).into());
        }
        let mut views: Vec<ImageView> = CATALOGUE.iter().map(|image| ImageView::of(image, region)).collect();
        views.retain(|view| {
            let by_id = self.image_ids.is_empty() || self.image_ids.contains(&view.image_id);
            let by_owner = self.owners.is_empty() || self.owners.iter().any(|owner| view.is_owned_by(owner));
            // Every image is public: no account is permitted by name, and none is the caller's own.
            let by_user =
                self.executable_users.is_empty() || self.executable_users.iter().any(|user| user == "all");
            by_id && by_owner && by_user
        });
        views.sort_by_key(|view| view.image_id);
        let (images, next_token) =
            self.selection.narrow(views.into_iter(), &IMAGES, BOUNDS, |view| view.image_id)?;
        Ok(DescribeImagesResponse { next_token, images })
    }
}

/// An image.
#[derive(Xml)]
struct ImageView {
    platform_details: &'static str,
    usage_operation: &'static str,
    #[wire(response = "blockDeviceMapping")]
    block_device_mappings: Vec<DeviceView>,
    description: &'static str,
    ena_support: bool,
    hypervisor: &'static str,
    image_owner_alias: Option<&'static str>,
    name: &'static str,
    root_device_name: &'static str,
    root_device_type: &'static str,
    sriov_net_support: &'static str,
    virtualization_type: &'static str,
    boot_mode: &'static str,
    image_id: ImageId,
    image_location: String,
    #[wire(response = "imageState")]
    state: &'static str,
    #[wire(response = "imageOwnerId")]
    owner_id: &'static str,
    creation_date: &'static str,
    #[wire(response = "isPublic")]
    public: bool,
    architecture: &'static str,
    image_type: &'static str,
    platform: Option<&'static str>,
    #[wire(flatten)]
    parameters: Parameters,
}

/// The parameters of Systems Manager that name an image, which filters know and answers do not show.
struct Parameters(&'static [&'static str]);

impl Xml for Parameters {
    const KIND: weir_wire::Kind = weir_wire::Kind::Structure(&[]);

    fn write(&self, _: &mut weir_wire::Writer) {}
}

#[derive(Xml)]
struct DeviceView {
    device_name: &'static str,
    ebs: DiskView,
}

#[derive(Xml)]
struct DiskView {
    delete_on_termination: bool,
    snapshot_id: String,
    volume_size: u32,
    volume_type: &'static str,
    encrypted: bool,
}

impl ImageView {
    fn of(image: &Image, region: RegionName) -> ImageView {
        let ebs = DiskView {
            delete_on_termination: true,
            snapshot_id: image.snapshot(region).to_string(),
            volume_size: image.root_gib,
            volume_type: image.root_type.as_str(),
            encrypted: false,
        };
        ImageView {
            platform_details: image.platform.details(),
            usage_operation: image.platform.usage_operation(),
            block_device_mappings: vec![DeviceView { device_name: image.root_device, ebs }],
            description: image.description,
            ena_support: true,
            hypervisor: "xen",
            image_owner_alias: image.owner_alias,
            name: image.name,
            root_device_name: image.root_device,
            root_device_type: "ebs",
            sriov_net_support: "simple",
            virtualization_type: "hvm",
            boot_mode: boot_mode(image.architecture),
            image_id: image.id(region),
            image_location: format!("{}/{}", image.owner_alias.unwrap_or(image.owner), image.name),
            state: "available",
            owner_id: image.owner,
            creation_date: image.created,
            public: true,
            architecture: image.architecture.as_str(),
            image_type: "machine",
            platform: image.platform.word(),
            parameters: Parameters(image.parameters),
        }
    }

    fn disks<T: ToString>(&self, text: fn(&DiskView) -> T) -> Vec<String> {
        self.block_device_mappings.iter().map(|device| text(&device.ebs).to_string()).collect()
    }

    fn is_owned_by(&self, owner: &str) -> bool {
        owner == self.owner_id || Some(owner) == self.image_owner_alias
    }
}

/// How a processor's images boot.
pub fn boot_mode(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86 => "uefi-preferred",
        Architecture::Arm => "uefi",
    }
}

/// The tags of an image: public ones show none.
static NO_TAGS: Tags = Tags::new();

/// What Weir does not model has no value.
const IMAGES: FilterTable<ImageView> = FilterTable {
    rows: &[
        ("architecture", |view| vec![view.architecture.to_owned()]),
        ("block-device-mapping.delete-on-termination", |_| vec!["true".to_owned()]),
        ("block-device-mapping.device-name", |view| vec![view.root_device_name.to_owned()]),
        ("block-device-mapping.snapshot-id", |view| view.disks(|disk| disk.snapshot_id.clone())),
        ("block-device-mapping.volume-size", |view| view.disks(|disk| disk.volume_size)),
        ("block-device-mapping.volume-type", |view| view.disks(|disk| disk.volume_type)),
        ("block-device-mapping.encrypted", |_| vec!["false".to_owned()]),
        ("boot-mode", |view| vec![view.boot_mode.to_owned()]),
        ("creation-date", |view| vec![view.creation_date.to_owned()]),
        ("description", |view| vec![view.description.to_owned()]),
        ("ena-support", |view| vec![view.ena_support.to_string()]),
        ("hypervisor", |view| vec![view.hypervisor.to_owned()]),
        ("image-allowed", |_| vec!["true".to_owned()]),
        ("image-id", |view| vec![view.image_id.to_string()]),
        ("image-type", |view| vec![view.image_type.to_owned()]),
        ("image-watermark.source-image-creation-time", |_| vec![]),
        ("image-watermark.source-image-id", |_| vec![]),
        ("image-watermark.source-image-region", |_| vec![]),
        ("image-watermark.watermark-creation-time", |_| vec![]),
        ("image-watermark.watermark-key", |_| vec![]),
        ("instance-type-specification.supported-instance-type", |_| vec![]),
        ("instance-type-specification.unsupported-instance-type", |_| vec![]),
        ("free-tier-eligible", |_| vec!["true".to_owned()]),
        ("kernel-id", |_| vec![]),
        ("platform", |view| view.platform.iter().map(|word| word.to_lowercase()).collect()),
        ("product-code", |_| vec![]),
        ("product-code.type", |_| vec![]),
        ("public-ssm-parameter-name", |view| {
            view.parameters.0.iter().map(|name| (*name).to_owned()).collect()
        }),
        ("ramdisk-id", |_| vec![]),
        ("scan-result.critical-fix-available-since", |_| vec![]),
        ("scan-result.finding-scan-date", |_| vec![]),
        ("scan-result.high-fix-available-since", |_| vec![]),
        ("scan-result.highest-finding-severity-label", |_| vec![]),
        ("scan-result.informational-fix-available-since", |_| vec![]),
        ("scan-result.low-fix-available-since", |_| vec![]),
        ("scan-result.medium-fix-available-since", |_| vec![]),
        ("source-image-id", |_| vec![]),
        ("source-image-region", |_| vec![]),
        ("source-instance-id", |_| vec![]),
        ("state-reason-code", |_| vec![]),
        ("state-reason-message", |_| vec![]),
        ("is-public", |view| vec![view.public.to_string()]),
        ("manifest-location", |view| vec![view.image_location.clone()]),
        ("name", |view| vec![view.name.to_owned()]),
        ("owner-alias", |view| view.image_owner_alias.iter().map(|alias| (*alias).to_owned()).collect()),
        ("owner-id", |view| vec![view.owner_id.to_owned()]),
        ("root-device-name", |view| vec![view.root_device_name.to_owned()]),
        ("root-device-type", |view| vec![view.root_device_type.to_owned()]),
        ("state", |view| vec![view.state.to_owned()]),
        ("sriov-net-support", |view| vec![view.sriov_net_support.to_owned()]),
        ("virtualization-type", |view| vec![view.virtualization_type.to_owned()]),
    ],
    tags: Some(|_| &NO_TAGS),
};

/// Lists instance types, all or by name.
#[derive(Param)]
pub struct DescribeInstanceTypes {
    #[wire(request = "InstanceType")]
    instance_types: Vec<String>,
    #[wire(flatten)]
    selection: Selection,
}

/// The types found.
#[derive(Xml)]
pub struct DescribeInstanceTypesResponse {
    instance_types: Vec<TypeView>,
    next_token: Option<Token>,
}

impl Operation for DescribeInstanceTypes {
    type Response = DescribeInstanceTypesResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        if let Some(unknown) = self.instance_types.iter().find(|name| InstanceType::find(name).is_none()) {
            let unknown: String = unknown.chars().take(100).collect();
            let message = match InstanceType::is_name(&unknown) {
                true => format!("The instance type [{unknown}] is not implemented by weir."),
                false => format!("The following supplied instance types do not exist: [{unknown}]"),
            };
            return Err(Error::new("InvalidInstanceType", message));
        }
        let named =
            |row: &&InstanceType| self.instance_types.is_empty() || self.instance_types.contains(&row.name);
        let views = InstanceType::all().iter().filter(named).map(TypeView::of);
        let (instance_types, next_token) =
            self.selection.narrow(views, &TYPE_FILTERS, TYPE_BOUNDS, |view| view.instance_type.to_owned())?;
        Ok(DescribeInstanceTypesResponse { instance_types, next_token })
    }
}

/// An instance type.
#[derive(Xml)]
struct TypeView {
    instance_type: &'static str,
    current_generation: bool,
    free_tier_eligible: bool,
    #[wire(response = "supportedUsageClasses")]
    supported_usage_classes: Vec<&'static str>,
    #[wire(response = "supportedRootDeviceTypes")]
    supported_root_device_types: Vec<&'static str>,
    #[wire(response = "supportedVirtualizationTypes")]
    supported_virtualization_types: Vec<&'static str>,
    bare_metal: bool,
    hypervisor: Option<&'static str>,
    processor_info: ProcessorInfo,
    #[wire(response = "vCpuInfo")]
    v_cpu_info: VCpuInfo,
    memory_info: MemoryInfo,
    instance_storage_supported: bool,
    ebs_info: EbsInfo,
    network_info: NetworkInfo,
    placement_group_info: PlacementGroupInfo,
    burstable_performance_supported: bool,
}

#[derive(Xml)]
struct ProcessorInfo {
    #[wire(response = "supportedArchitectures")]
    supported_architectures: Vec<&'static str>,
}

#[derive(Xml)]
struct VCpuInfo {
    #[wire(response = "defaultVCpus")]
    default_v_cpus: u32,
    default_cores: u32,
    default_threads_per_core: u32,
}

#[derive(Xml)]
struct MemoryInfo {
    #[wire(response = "sizeInMiB")]
    size_in_mi_b: u32,
}

#[derive(Xml)]
struct EbsInfo {
    ebs_optimized_support: &'static str,
    encryption_support: &'static str,
    nvme_support: &'static str,
}

#[derive(Xml)]
struct PlacementGroupInfo {
    #[wire(response = "supportedStrategies")]
    supported_strategies: Vec<&'static str>,
}

#[derive(Xml)]
struct NetworkInfo {
    maximum_network_interfaces: u32,
    maximum_network_cards: u32,
    default_network_card_index: u32,
    ipv4_addresses_per_interface: u32,
    ipv6_addresses_per_interface: u32,
    ipv6_supported: bool,
    ena_support: &'static str,
}

impl TypeView {
    fn of(row: &'static InstanceType) -> TypeView {
        TypeView {
            instance_type: &row.name,
            current_generation: true,
            free_tier_eligible: row.is_free_tier(),
            supported_usage_classes: vec!["on-demand"],
            supported_root_device_types: vec!["ebs"],
            supported_virtualization_types: vec!["hvm"],
            bare_metal: row.is_metal(),
            hypervisor: (!row.is_metal()).then_some(if row.is_nitro { "nitro" } else { "xen" }),
            processor_info: ProcessorInfo { supported_architectures: vec![row.architecture.as_str()] },
            v_cpu_info: VCpuInfo {
                default_v_cpus: row.vcpus,
                default_cores: row.cores(),
                default_threads_per_core: row.threads_per_core,
            },
            memory_info: MemoryInfo { size_in_mi_b: row.memory_mib },
            instance_storage_supported: row.has_disks,
            ebs_info: EbsInfo {
                ebs_optimized_support: if row.is_optimized_for_volumes() { "default" } else { "unsupported" },
                encryption_support: "supported",
                nvme_support: if row.is_nitro { "required" } else { "unsupported" },
            },
            network_info: NetworkInfo {
                maximum_network_interfaces: row.interfaces_max as u32,
                maximum_network_cards: 1,
                default_network_card_index: 0,
                ipv4_addresses_per_interface: row.addresses_max as u32,
                ipv6_addresses_per_interface: row.addresses_max as u32,
                ipv6_supported: true,
                ena_support: if row.is_nitro { "required" } else { "unsupported" },
            },
            placement_group_info: PlacementGroupInfo {
                supported_strategies: match row.is_in_clusters() {
                    true => vec!["cluster", "partition", "spread"],
                    false => vec!["partition", "spread"],
                },
            },
            burstable_performance_supported: row.is_burstable(),
        }
    }
}

const TYPE_FILTERS: FilterTable<TypeView> = FilterTable {
    rows: &[
        ("bare-metal", |view| vec![view.bare_metal.to_string()]),
        ("burstable-performance-supported", |view| vec![view.burstable_performance_supported.to_string()]),
        ("current-generation", |view| vec![view.current_generation.to_string()]),
        ("ebs-info.ebs-optimized-support", |view| vec![view.ebs_info.ebs_optimized_support.to_owned()]),
        ("ebs-info.encryption-support", |view| vec![view.ebs_info.encryption_support.to_owned()]),
        ("ebs-info.nvme-support", |view| vec![view.ebs_info.nvme_support.to_owned()]),
        ("free-tier-eligible", |view| vec![view.free_tier_eligible.to_string()]),
        ("hypervisor", |view| view.hypervisor.iter().map(|word| (*word).to_owned()).collect()),
        ("instance-storage-supported", |view| vec![view.instance_storage_supported.to_string()]),
        ("instance-type", |view| vec![view.instance_type.to_owned()]),
        ("memory-info.size-in-mib", |view| vec![view.memory_info.size_in_mi_b.to_string()]),
        ("network-info.maximum-network-interfaces", |view| {
            vec![view.network_info.maximum_network_interfaces.to_string()]
        }),
        ("network-info.ipv4-addresses-per-interface", |view| {
            vec![view.network_info.ipv4_addresses_per_interface.to_string()]
        }),
        ("placement-group-info.supported-strategies", |view| {
            view.placement_group_info.supported_strategies.iter().map(|word| (*word).to_owned()).collect()
        }),
        ("processor-info.supported-architecture", |view| {
            view.processor_info.supported_architectures.iter().map(|word| (*word).to_owned()).collect()
        }),
        ("supported-root-device-type", |_| vec!["ebs".to_owned()]),
        ("supported-usage-class", |_| vec!["on-demand".to_owned()]),
        ("supported-virtualization-type", |_| vec!["hvm".to_owned()]),
        ("vcpu-info.default-vcpus", |view| vec![view.v_cpu_info.default_v_cpus.to_string()]),
        ("vcpu-info.default-cores", |view| vec![view.v_cpu_info.default_cores.to_string()]),
    ],
    tags: None,
};

/// Lists where instance types are offered: every type everywhere.
#[derive(Param)]
pub struct DescribeInstanceTypeOfferings {
    location_type: Option<LocationType>,
    #[wire(flatten)]
    selection: Selection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param, Xml)]
enum LocationType {
    Region,
    AvailabilityZone,
    AvailabilityZoneId,
    Outpost,
}

/// The offers found.
#[derive(Xml)]
pub struct DescribeInstanceTypeOfferingsResponse {
    instance_type_offerings: Vec<Offering>,
    next_token: Option<Token>,
}

#[derive(Xml)]
struct Offering {
    instance_type: &'static str,
    location_type: LocationType,
    location: String,
}

impl Operation for DescribeInstanceTypeOfferings {
    type Response = DescribeInstanceTypeOfferingsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (region, location_type) = (cx.scope.region, self.location_type.unwrap_or(LocationType::Region));
        let zones = || ZoneName::LETTERS.into_iter().filter_map(|letter| ZoneName::new(region, letter));
        let locations: Vec<String> = match location_type {
            LocationType::Region => vec![region.to_string()],
            LocationType::AvailabilityZone => zones().map(|zone| zone.to_string()).collect(),
            LocationType::AvailabilityZoneId => zones().map(|zone| zone.zone_id()).collect(),
            LocationType::Outpost => Vec::new(),
        };
        let mut offers = Vec::new();
        for row in InstanceType::all() {
            offers.extend(locations.iter().map(|location| Offering {
                instance_type: &row.name,
                location_type,
                location: location.clone(),
            }));
        }
        offers.sort_by_key(Offering::place);
        let (instance_type_offerings, next_token) =
            self.selection.narrow(offers.into_iter(), &OFFERINGS, BOUNDS, Offering::place)?;
        Ok(DescribeInstanceTypeOfferingsResponse { instance_type_offerings, next_token })
    }
}

impl Offering {
    fn place(&self) -> String {
        format!("{}/{}", self.instance_type, self.location)
    }
}

const OFFERINGS: FilterTable<Offering> = FilterTable {
    rows: &[
        ("instance-type", |offer| vec![offer.instance_type.to_owned()]),
        ("location", |offer| vec![offer.location.clone()]),
    ],
    tags: None,
};
