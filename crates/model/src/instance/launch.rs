//! Launching instances: RunInstances, from what was asked to interfaces in subnets.
//!
//! Every instance is planned whole before the first one exists. Where a subnet has room for fewer than the most that were
//! asked for, as many as fit are launched, if that is at least the least asked for.
//! Source: EC2 API Reference, RunInstances; EC2 User Guide, "Launch your instance" and "Public IPv4 addresses".

use super::options::check_processor;
use super::{
    BadInterfaces, HostNameChange, Instance, InstanceRefusal, InstanceSettings, InstanceState, ProfileLink,
    Tenancy,
};
use crate::address;
use crate::image::Image;
use crate::instance_type::InstanceType;
use crate::interface::{Attachment, Interface, InterfaceRefusal, NewInterface, PublicAddress, Taken};
use crate::subnet::Subnet;
use crate::tags;
use crate::volume::{LaunchDevice, PlannedVolume, Volume, plan_volumes};
use crate::{
    Cx, ImageId, InstanceId, InterfaceId, Limit, Missing, Network, Refused, RegionName, ReservationId, Scope,
    SubnetId, Tags, ZoneName,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Longest user data in bytes, before base64.
pub const USER_DATA_BYTES_MAX: usize = 16_384;

/// What RunInstances asks for.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The fewest instances that will do; at least 1.
    pub min: u32,
    /// The most that are wanted; at least `min`.
    pub max: u32,
    /// The image.
    pub image: ImageId,
    /// The type.
    pub instance_type: String,
    /// The zone, for picking a default subnet.
    pub zone: Option<ZoneName>,
    /// The interfaces of each instance; one must have device index 0.
    pub interfaces: Vec<LaunchInterface>,
    /// The name of a key pair.
    pub key_name: Option<String>,
    /// User data, decoded.
    pub user_data: Option<Vec<u8>>,
    /// Whether termination is refused.
    pub termination_protected: bool,
    /// The instance profile.
    pub instance_profile: Option<ProfileLink>,
    /// How each instance is named, as far as that is said.
    pub host_names: HostNameChange,
    /// The block devices of each instance, beside those of the image.
    pub devices: Vec<LaunchDevice>,
    /// Tags of each volume.
    pub volume_tags: Tags,
    /// What else.
    pub settings: InstanceSettings,
    /// Tags of each instance.
    pub tags: Tags,
}

/// An interface that a launch names.
#[derive(Clone, Debug)]
pub struct LaunchInterface {
    /// Its device index.
    pub device_index: u16,
    /// Whether it goes with the instance; by default a new one does, and one that exists does not.
    pub delete_on_termination: Option<bool>,
    /// Where it comes from.
    pub source: LaunchSource,
}

/// Where an interface of a launch comes from.
#[derive(Clone, Debug)]
pub enum LaunchSource {
    /// It exists and is free.
    Existing(InterfaceId),
    /// It is made with the instance.
    New {
        /// In which subnet; `None` is a default subnet.
        subnet: Option<SubnetId>,
        /// With what.
        new: NewInterface,
        /// Whether it is lent a public address; `None` is as the subnet says.
        public: Option<bool>,
    },
}

/// An interface of a launch with its subnet found.
struct Placed {
    subnet: SubnetId,
    zone: ZoneName,
    asked: LaunchInterface,
}

impl Placed {
    fn names(&self, id: InterfaceId) -> bool {
        matches!(self.asked.source, LaunchSource::Existing(existing) if existing == id)
    }
}

impl Network {
    /// Launches instances, all in one reservation.
    ///
    /// # Errors
    /// The image, type, key pair, a subnet, group or interface is unknown; the interfaces do not fit together
    /// ([`BadInterfaces`]) or into their subnets; the subnets have no room for the fewest wanted; a quota; a tag breaks a rule.
    pub fn run_instances(
        &mut self,
        cx: &mut Cx,
        launch: Launch,
    ) -> Result<(ReservationId, Vec<InstanceId>), Refused> {
        let disks = self.check_launch(cx.scope, &launch)?;
        let placed = self.place_interfaces(cx.scope, &launch)?;
        let launch = self.with_place(launch, &placed)?;
        let lends = self.lends_public(&placed)?;
        let reservation = cx.ids.fresh();
        let mut room = Room { public: self.public_in_use(), taken: BTreeMap::new() };
        let mut planned = Vec::new();
        for index in 0..launch.max {
            match self.plan_instance(cx, &launch, (&placed, lends), &mut room) {
                Ok((mut instance, interfaces)) => {
                    (instance.reservation, instance.launch_index) = (reservation, index);
                    let volumes = volumes(cx, &mut instance, &disks, &launch.volume_tags);
                    planned.push((instance, interfaces, volumes));
                }
                Err(Refused::Interface(InterfaceRefusal::SubnetFull(_))) if index >= launch.min => break,
                Err(refused) => return Err(refused),
            }
        }
        let added = planned.iter().map(|(_, interfaces, _)| interfaces.len()).sum();
        self.check_interface_count(cx.scope, added)?;
        let ids = planned.iter().map(|(instance, ..)| instance.id).collect();
        for (instance, interfaces, volumes) in planned {
            volumes.into_iter().for_each(|volume| self.volumes.insert(volume));
            interfaces.into_iter().for_each(|interface| self.interfaces.insert(interface));
            self.instances.insert(instance);
        }
        Ok((reservation, ids))
    }

    /// Checks what can be checked without looking at subnets; gives the volumes of each instance.
    fn check_launch(&self, scope: Scope, launch: &Launch) -> Result<Vec<PlannedVolume>, Refused> {
        tags::check(&launch.tags)?;
        tags::check(&launch.volume_tags)?;
        let row = check_type(scope.region, launch.image, &launch.instance_type)?;
        check_processor(row, launch.settings.credits, launch.settings.cpu)?;
        let image = Image::find(scope.region, launch.image).ok_or(Missing::Image(launch.image))?;
        let disks = plan_volumes(image, scope, &launch.devices).map_err(InstanceRefusal::Device)?;
        if let Some(name) = launch.key_name.as_ref().filter(|name| self.key_pair_named(scope, name).is_none())
        {
            return Err(InstanceRefusal::NoSuchKeyPair(name.clone()).into());
        }
        check_user_data(launch.user_data.as_deref().unwrap_or_default())?;
        let count = launch.interfaces.len();
        if count > row.interfaces_max {
            return Err(InstanceRefusal::TooManyInterfaces { count, instance_type: &row.name }.into());
        }
        let is_alive = |instance: &&Instance| instance.state != InstanceState::Terminated;
        let wanted = self.instances.of(scope).filter(is_alive).count() + launch.max as usize;
        match wanted > self.limits.instances {
            true => Err(Limit::Instances(wanted, self.limits.instances).into()),
            false => check_interfaces(launch)
                .map(|()| disks)
                .map_err(|bad| InstanceRefusal::Interfaces(bad).into()),
        }
    }

    /// The launch with what its subnet and VPC decide: the zone must be the subnet's, names are as they say for good, and a VPC
    /// for dedicated hardware has no other.
    fn with_place(&self, launch: Launch, placed: &[Placed]) -> Result<Launch, Refused> {
        let primary = placed.first().and_then(|place| self.subnets.get(&place.subnet));
        let Some(subnet) = primary else { return Ok(launch) };
        if let Some(zone) = launch.zone.filter(|zone| *zone != subnet.zone) {
            return Err(InstanceRefusal::OtherZone { zone, subnet: subnet.id, own: subnet.zone }.into());
        }
        let host_names = Some(launch.host_names.at_launch(subnet)?);
        let is_dedicated = self.vpcs.get(&subnet.vpc).is_some_and(|vpc| vpc.tenancy == "dedicated");
        let tenancy = if is_dedicated { Tenancy::Dedicated } else { launch.settings.tenancy };
        let settings = InstanceSettings { host_names, tenancy, ..launch.settings.clone() };
        Ok(Launch { settings, ..launch })
    }

    /// Finds the subnet of every interface, in order of device index, and checks that they are of one zone.
    fn place_interfaces(&self, scope: Scope, launch: &Launch) -> Result<Vec<Placed>, Refused> {
        let mut placed = Vec::new();
        for asked in launch.interfaces.iter().cloned() {
            let subnet = match &asked.source {
                LaunchSource::Existing(id) => {
                    let interface = self.user_interface(scope, *id)?;
                    let is_named_before = placed.iter().any(|place: &Placed| place.names(*id));
                    if interface.attachment.is_some() || is_named_before {
                        return Err(InterfaceRefusal::InUse(*id).into());
                    }
                    self.subnets.find(scope, &interface.subnet)?
                }
                LaunchSource::New { subnet: Some(id), .. } => self.subnets.find(scope, id)?,
                LaunchSource::New { subnet: None, .. } => self.fallback_subnet(scope, launch.zone)?,
            };
            placed.push(Placed { subnet: subnet.id, zone: subnet.zone, asked });
        }
        placed.sort_by_key(|place| place.asked.device_index);
        match placed.windows(2).any(|pair| pair[0].zone != pair[1].zone) {
            true => Err(InstanceRefusal::Interfaces(BadInterfaces::SeveralZones).into()),
            false => Ok(placed),
        }
    }

    /// The default subnet in `zone`, or in the first zone that has one.
    fn fallback_subnet(&self, scope: Scope, zone: Option<ZoneName>) -> Result<&Subnet, Refused> {
        let vpc = self.default_vpc(scope).ok_or(InstanceRefusal::NoDefaultVpc)?;
        let zones = ZoneName::LETTERS.into_iter().filter_map(|letter| ZoneName::new(scope.region, letter));
        let found = zones.filter(|own| zone.is_none_or(|zone| zone == *own));
        let found = found.flat_map(|zone| self.default_subnet(scope, zone)).next();
        found.ok_or(InstanceRefusal::NoDefaultSubnet(vpc.id).into())
    }

    /// Whether the primary interface is lent a public address: as asked, or as its subnet says if it is the only one.
    fn lends_public(&self, placed: &[Placed]) -> Result<bool, Refused> {
        let asks = |place: &Placed| match &place.asked.source {
            LaunchSource::New { public, .. } => *public,
            LaunchSource::Existing(_) => None,
        };
        if placed.len() > 1 {
            return match placed.iter().any(|place| asks(place) == Some(true)) {
                true => Err(InstanceRefusal::Interfaces(BadInterfaces::PublicForSeveral).into()),
                false => Ok(false),
            };
        }
        let Some(only) = placed.first() else { return Ok(false) };
        match only.asked.source {
            LaunchSource::Existing(_) => Ok(false),
            LaunchSource::New { public: Some(public), .. } => Ok(public),
            LaunchSource::New { public: None, .. } => {
                Ok(self.subnets.get(&only.subnet).is_some_and(|subnet| subnet.map_public_ip))
            }
        }
    }

    fn plan_instance(
        &self,
        cx: &mut Cx,
        launch: &Launch,
        (placed, lends): (&[Placed], bool),
        room: &mut Room,
    ) -> Result<(Instance, Vec<Interface>), Refused> {
        let id: InstanceId = cx.ids.fresh();
        let mut interfaces = Vec::new();
        for place in placed {
            interfaces.push(self.plan_attached(cx, id, place, room)?);
        }
        let row = InstanceType::find(&launch.instance_type);
        let is_over = |row: &&InstanceType| {
            interfaces.iter().any(|interface| interface.addresses.len() > row.addresses_max)
        };
        if let Some(row) = row.filter(is_over) {
            return Err(InstanceRefusal::TooManyAddresses(&row.name).into());
        }
        let first = interfaces.first_mut().and_then(|interface| interface.addresses.first_mut());
        if let Some(own) = first.filter(|_| lends) {
            let public = address::draw(cx.ids, &room.public).ok_or(address::AddressRefusal::PoolEmpty)?;
            room.public.insert(public);
            own.public = Some(PublicAddress::AutoAssigned(public));
        }
        let zone = placed.first().map(|place| place.zone);
        let zone = zone.ok_or(InstanceRefusal::Interfaces(BadInterfaces::NoPrimary))?;
        let profile = launch.instance_profile.clone().map(|link| link.associated(cx));
        let instance = Instance {
            id,
            scope: cx.scope,
            reservation: cx.ids.fresh(),
            launch_index: 0,
            image: launch.image,
            instance_type: launch.instance_type.clone(),
            zone,
            key_name: launch.key_name.clone(),
            user_data: launch.user_data.clone(),
            interfaces: interfaces.iter().map(|interface| interface.id).collect(),
            state: InstanceState::Running,
            state_since: cx.now,
            launched: cx.now,
            termination_protected: launch.termination_protected,
            instance_profile: profile.as_ref().map(|association| association.arn.clone()),
            settings: InstanceSettings { lends_public: lends, profile, ..launch.settings.clone() },
            tags: launch.tags.clone(),
        };
        Ok((instance, interfaces))
    }

    fn plan_attached(
        &self,
        cx: &mut Cx,
        instance: InstanceId,
        place: &Placed,
        room: &mut Room,
    ) -> Result<Interface, Refused> {
        let (mut interface, goes) = match &place.asked.source {
            LaunchSource::Existing(id) => (self.user_interface(cx.scope, *id)?.clone(), false),
            LaunchSource::New { new, .. } => {
                let subnet = self.subnets.find(cx.scope, &place.subnet)?;
                let taken = room.taken.entry(subnet.id).or_insert_with(|| self.taken_in(subnet));
                (self.plan_interface(cx, subnet, new.clone(), taken)?, true)
            }
        };
        interface.attachment = Some(Attachment {
            id: cx.ids.fresh(),
            instance: Some(instance),
            device_index: place.asked.device_index,
            since: cx.now,
            delete_on_termination: place.asked.delete_on_termination.unwrap_or(goes),
        });
        Ok(interface)
    }
}

/// The volumes of an instance, which is told of them.
fn volumes(cx: &mut Cx, instance: &mut Instance, disks: &[PlannedVolume], tags: &Tags) -> Vec<Volume> {
    let (id, zone) = (instance.id, instance.zone);
    let volumes: Vec<Volume> = disks.iter().map(|disk| disk.made(cx, id, zone, tags.clone())).collect();
    instance.settings.volumes = volumes.iter().map(|volume| volume.id).collect();
    volumes
}

/// What is in use while a launch is planned.
struct Room {
    public: BTreeSet<Ipv4Addr>,
    taken: BTreeMap<SubnetId, Taken>,
}

/// The row of a type that can run an image.
pub(super) fn check_type(
    region: RegionName,
    image: ImageId,
    name: &str,
) -> Result<&'static InstanceType, Refused> {
    let image = Image::find(region, image).ok_or(Missing::Image(image))?;
    let row = InstanceType::find(name).ok_or_else(|| InstanceRefusal::NoSuchType(name.to_owned()))?;
    if image.architecture != row.architecture {
        let (image, instance_type) = (image.architecture.as_str(), row.architecture.as_str());
        return Err(InstanceRefusal::Architecture { image, instance_type }.into());
    }
    Ok(row)
}

pub(super) fn check_user_data(data: &[u8]) -> Result<(), Refused> {
    if data.len() > USER_DATA_BYTES_MAX { Err(InstanceRefusal::UserDataLength.into()) } else { Ok(()) }
}

/// Checks what can be checked of the interfaces without looking at the network.
fn check_interfaces(launch: &Launch) -> Result<(), BadInterfaces> {
    let mut indexes = BTreeSet::new();
    for asked in &launch.interfaces {
        if !indexes.insert(asked.device_index) {
            return Err(BadInterfaces::SameIndex(asked.device_index));
        }
        let is_named = match &asked.source {
            LaunchSource::Existing(_) => true,
            LaunchSource::New { new, .. } => {
                let named = &new.addresses;
                named.primary.is_some()
                    || !named.secondary.is_empty()
                    || matches!(new.ipv6, crate::interface::Ipv6Choice::These(_))
            }
        };
        if is_named && launch.max > 1 {
            return Err(BadInterfaces::NamedForSeveral);
        }
    }
    if indexes.contains(&0) { Ok(()) } else { Err(BadInterfaces::NoPrimary) }
}
