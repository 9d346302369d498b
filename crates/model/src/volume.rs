//! EBS volumes: what an instance's disks are, and whether they go with it.
//!
//! Nothing is stored on them. A launch makes a root volume as its image says, or as the mapping of the root device asks, and one
//! for every other mapping that asks for a volume. A volume that does not go with its instance becomes available, and can then be
//! deleted.
//! Source: EC2 User Guide, "Block device mappings for volumes on Amazon EC2 instances"; EBS User Guide, "Amazon EBS volume types".

mod attachment;
mod modification;

pub use modification::{NewForm, VolumeForm, VolumeModification, VolumeRefusal};

use crate::image::Image;
use crate::instance::InstanceRefusal;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{Cx, InstanceId, Network, Refused, Scope, Tags, VolumeId, ZoneName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most volumes of an instance: the least that every Nitro type takes besides interfaces and the like.
///
/// Source: EBS User Guide, "Amazon EBS volume limits for Amazon EC2 instances".
pub const VOLUMES_MAX: usize = 28;

/// A volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Owner and region.
    pub scope: Scope,
    /// The availability zone it is in.
    pub zone: ZoneName,
    /// Its size, type and speed.
    #[serde(flatten)]
    pub form: VolumeForm,
    /// Whether it is encrypted.
    pub is_encrypted: bool,
    /// The key that it is encrypted with, as given.
    pub kms_key: Option<String>,
    /// The snapshot it was made from, if any.
    pub snapshot: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// What it is attached to.
    pub attachment: Option<VolumeAttachment>,
    /// The last change of its form, if it was ever changed.
    #[serde(default)]
    pub modification: Option<VolumeModification>,
    /// Its tags.
    pub tags: Tags,
}

/// The attachment of a volume to an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolumeAttachment {
    /// The instance.
    pub instance: InstanceId,
    /// The device name.
    pub device: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: bool,
}

/// The type of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeType {
    /// Magnetic disks of the previous generation.
    Standard,
    /// Provisioned IOPS SSD.
    Io1,
    /// Provisioned IOPS SSD.
    Io2,
    /// General purpose SSD, as fast as it is large.
    Gp2,
    /// Cold hard disks.
    Sc1,
    /// Hard disks for throughput.
    St1,
    /// General purpose SSD.
    Gp3,
}

impl VolumeType {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            VolumeType::Standard => "standard",
            VolumeType::Io1 => "io1",
            VolumeType::Io2 => "io2",
            VolumeType::Gp2 => "gp2",
            VolumeType::Sc1 => "sc1",
            VolumeType::St1 => "st1",
            VolumeType::Gp3 => "gp3",
        }
    }

    /// The sizes in GiB that it comes in.
    fn sizes(self) -> (u32, u32) {
        match self {
            VolumeType::Standard => (1, 1_024),
            VolumeType::Io1 => (4, 16_384),
            VolumeType::Io2 => (4, 65_536),
            VolumeType::Gp2 => (1, 16_384),
            VolumeType::Sc1 | VolumeType::St1 => (125, 16_384),
            VolumeType::Gp3 => (1, 65_536),
        }
    }

    /// The operations per second that may be asked for, if any may.
    fn iops(self) -> Option<(u32, u32)> {
        match self {
            VolumeType::Io1 => Some((100, 64_000)),
            VolumeType::Io2 => Some((100, 256_000)),
            VolumeType::Gp3 => Some((3_000, 80_000)),
            VolumeType::Standard | VolumeType::Gp2 | VolumeType::Sc1 | VolumeType::St1 => None,
        }
    }
}

/// Least and most throughput of gp3 volumes in MiB/s; the least is what they have if nothing is asked for.
const GP3_THROUGHPUT: (u32, u32) = (125, 2_000);

/// A block device that a launch names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchDevice {
    /// The device name.
    pub name: String,
    /// What is there.
    pub source: DeviceSource,
}

/// What a block device of a launch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceSource {
    /// Nothing, although the image has something there.
    Nothing,
    /// A disk of the host, which no type here has: it is left out, as AWS does.
    Ephemeral,
    /// A volume.
    Volume(NewVolume),
}

/// What a launch, or whoever makes one by itself, asks of a volume; what is not said is as the image has it, or the type's usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewVolume {
    /// Its size in GiB.
    pub size_gib: Option<u32>,
    /// Its type.
    pub volume_type: Option<VolumeType>,
    /// Input and output operations per second.
    pub iops: Option<u32>,
    /// Throughput in MiB/s.
    pub throughput: Option<u32>,
    /// Whether it is encrypted.
    pub is_encrypted: Option<bool>,
    /// The key to encrypt it with.
    pub kms_key: Option<String>,
    /// The snapshot to make it from.
    pub snapshot: Option<String>,
    /// Whether it goes with the instance; by default it does.
    pub delete_on_termination: Option<bool>,
}

/// What is wrong with a block device that a launch names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadDevice {
    /// The device is named twice.
    Twice(String),
    /// The root device is to hold no volume.
    RootSuppressed(String),
    /// There would be this many volumes, more than [`VOLUMES_MAX`].
    TooMany(usize),
    /// A volume of no size, made from no snapshot.
    NoSize,
    /// No such snapshot.
    NoSuchSnapshot(String),
    /// The volume is smaller than the snapshot it is made from.
    BelowSnapshot {
        /// What is asked for in GiB.
        size_gib: u32,
        /// The snapshot.
        snapshot: String,
        /// Its size in GiB.
        least_gib: u32,
    },
    /// The type has no such size.
    Size {
        /// What is asked for in GiB.
        size_gib: u32,
        /// The type.
        volume_type: VolumeType,
        /// The least in GiB.
        least: u32,
        /// The most in GiB.
        most: u32,
    },
    /// The type needs a number of operations per second.
    NeedsIops(VolumeType),
    /// Neither of these can be asked of the type: `iops`, `throughput`.
    NotSupported(&'static str, VolumeType),
    /// A number of operations or a throughput out of range.
    Rate {
        /// `iops` or `throughput`.
        member: &'static str,
        /// What is asked for.
        given: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
}

/// A volume with everything decided but its id and its instance.
#[derive(Clone, Debug)]
pub(crate) struct PlannedVolume {
    device: String,
    form: VolumeForm,
    is_encrypted: bool,
    kms_key: Option<String>,
    snapshot: Option<String>,
    delete_on_termination: bool,
}

/// The volumes of each instance of a launch, the root first.
///
/// Assumption: the root device cannot be suppressed; AWS documents only that other mappings of an image can.
pub(crate) fn plan_volumes(
    image: &Image,
    scope: Scope,
    devices: &[LaunchDevice],
) -> Result<Vec<PlannedVolume>, BadDevice> {
    let mut names = BTreeSet::new();
    let mut root = NewVolume::default();
    let mut others = Vec::new();
    for device in devices {
        if !names.insert(&device.name) {
            return Err(BadDevice::Twice(device.name.clone()));
        }
        let is_root = device.name == image.root_device;
        match &device.source {
            DeviceSource::Nothing if is_root => return Err(BadDevice::RootSuppressed(device.name.clone())),
            DeviceSource::Nothing | DeviceSource::Ephemeral => {}
            DeviceSource::Volume(asked) if is_root => root = asked.clone(),
            DeviceSource::Volume(asked) => others.push(planned(&device.name, asked)?),
        }
    }
    let snapshot = image.snapshot(scope.region).to_string();
    if let Some(other) = root.snapshot.as_ref().filter(|asked| **asked != snapshot) {
        return Err(BadDevice::NoSuchSnapshot(other.clone()));
    }
    let size_gib = root.size_gib.unwrap_or(image.root_gib);
    if size_gib < image.root_gib {
        return Err(BadDevice::BelowSnapshot { size_gib, snapshot, least_gib: image.root_gib });
    }
    let volume_type = Some(root.volume_type.unwrap_or(image.root_type));
    let asked = NewVolume { size_gib: Some(size_gib), volume_type, snapshot: None, ..root };
    let root = PlannedVolume { snapshot: Some(snapshot), ..planned(image.root_device, &asked)? };
    let volumes: Vec<PlannedVolume> = std::iter::once(root).chain(others).collect();
    match volumes.len() > VOLUMES_MAX {
        true => Err(BadDevice::TooMany(volumes.len())),
        false => Ok(volumes),
    }
}

/// A volume as asked for, with what its type has by itself. Snapshots are images' only.
fn planned(device: &str, asked: &NewVolume) -> Result<PlannedVolume, BadDevice> {
    if let Some(snapshot) = &asked.snapshot {
        return Err(BadDevice::NoSuchSnapshot(snapshot.clone()));
    }
    let size_gib = asked.size_gib.ok_or(BadDevice::NoSize)?;
    // "gp2" is what EC2 takes where neither the image nor the request says.
    let volume_type = asked.volume_type.unwrap_or(VolumeType::Gp2);
    let form = VolumeForm::checked(size_gib, volume_type, asked.iops, asked.throughput)?;
    Ok(PlannedVolume {
        device: device.to_owned(),
        form,
        is_encrypted: asked.is_encrypted.unwrap_or(false) || asked.kms_key.is_some(),
        kms_key: asked.kms_key.clone(),
        snapshot: None,
        delete_on_termination: asked.delete_on_termination.unwrap_or(true),
    })
}

/// Operations per second: as asked where the type lets one ask, three for each GiB of gp2.
fn iops(volume_type: VolumeType, size_gib: u32, asked: Option<u32>) -> Result<Option<u32>, BadDevice> {
    match (volume_type.iops(), asked) {
        (None, Some(_)) => Err(BadDevice::NotSupported("iops", volume_type)),
        (None, None) => {
            Ok((volume_type == VolumeType::Gp2).then(|| size_gib.saturating_mul(3).clamp(100, 16_000)))
        }
        (Some((least, most)), Some(given)) if !(least..=most).contains(&given) => {
            Err(BadDevice::Rate { member: "iops", given, least, most })
        }
        (Some((least, _)), None) if volume_type == VolumeType::Gp3 => Ok(Some(least)),
        (Some(_), None) => Err(BadDevice::NeedsIops(volume_type)),
        (Some(_), given) => Ok(given),
    }
}

fn throughput(volume_type: VolumeType, asked: Option<u32>) -> Result<Option<u32>, BadDevice> {
    let (least, most) = GP3_THROUGHPUT;
    match (volume_type, asked) {
        (VolumeType::Gp3, given) => {
            let given = given.unwrap_or(least);
            match (least..=most).contains(&given) {
                true => Ok(Some(given)),
                false => Err(BadDevice::Rate { member: "throughput", given, least, most }),
            }
        }
        (_, None) => Ok(None),
        (_, Some(_)) => Err(BadDevice::NotSupported("throughput", volume_type)),
    }
}

impl PlannedVolume {
    /// The volume, attached to `instance` from the start.
    pub(crate) fn made(&self, cx: &mut Cx, instance: InstanceId, zone: ZoneName, tags: Tags) -> Volume {
        let attachment = VolumeAttachment {
            instance,
            device: self.device.clone(),
            since: cx.now,
            delete_on_termination: self.delete_on_termination,
        };
        Volume { attachment: Some(attachment), ..self.free(cx, zone, tags) }
    }

    /// The volume, attached to nothing.
    fn free(&self, cx: &mut Cx, zone: ZoneName, tags: Tags) -> Volume {
        let planned = self.clone();
        Volume {
            id: cx.ids.fresh(),
            scope: cx.scope,
            zone,
            form: planned.form,
            is_encrypted: planned.is_encrypted,
            kms_key: planned.kms_key,
            snapshot: planned.snapshot,
            created: cx.now,
            attachment: None,
            modification: None,
            tags,
        }
    }
}

impl Network {
    /// Lets go of the volumes of an instance that is terminated.
    pub(crate) fn release_volumes(&mut self, volumes: &[VolumeId]) {
        for id in volumes {
            let attachment = self.volumes.get(id).and_then(|volume| volume.attachment.as_ref());
            match attachment.is_some_and(|attachment| attachment.delete_on_termination) {
                true => {
                    self.volumes.remove(id);
                }
                false => {
                    if let Some(volume) = self.volumes.get_mut(id) {
                        volume.attachment = None;
                    }
                }
            }
        }
    }

    /// Says of devices of an instance whether the volumes there go with it.
    ///
    /// # Errors
    /// [`InstanceRefusal::NoSuchDevice`]: the instance has no volume at one of them; then nothing changes.
    pub(crate) fn set_delete_on_termination(
        &mut self,
        volumes: &[VolumeId],
        devices: Vec<(String, bool)>,
    ) -> Result<(), Refused> {
        let mut found = vec![];
        for (device, delete) in devices {
            let is_there = |id: &&VolumeId| {
                let attachment = self.volumes.get(id).and_then(|volume| volume.attachment.as_ref());
                attachment.is_some_and(|attachment| attachment.device == device)
            };
            let id = volumes.iter().find(is_there).copied();
            found.push((id.ok_or(InstanceRefusal::NoSuchDevice(device))?, delete));
        }
        for (id, delete) in found {
            if let Some(attachment) = self.volumes.get_mut(&id).and_then(|volume| volume.attachment.as_mut())
            {
                attachment.delete_on_termination = delete;
            }
        }
        Ok(())
    }
}

impl Resource for Volume {
    type Key = VolumeId;
    const KIND: &'static str = "volume";
    fn key(&self) -> VolumeId {
        self.id
    }
}
