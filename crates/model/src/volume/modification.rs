//! What becomes of volumes after their launch: a larger size or another type, and the end.
//!
//! A change is complete at once, and as many as one likes may follow. AWS takes minutes to hours, and allows a few changes a day.
//! Source: EC2 API Reference, ModifyVolume, DescribeVolumesModifications, DeleteVolume.

use super::{BadDevice, VolumeType, iops, throughput};
use crate::time::Timestamp;
use crate::{Cx, InstanceId, Network, Refused, VolumeId};
use serde::{Deserialize, Serialize};

/// Operations per second of a volume that becomes one of a type which has such a number, where none is asked for.
///
/// Source: EC2 API Reference, ModifyVolume, Iops.
const IOPS_OF_ANOTHER_TYPE: u32 = 3_000;

/// The size, type and speed of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeForm {
    /// Its size in GiB.
    pub size_gib: u32,
    /// Its type.
    pub volume_type: VolumeType,
    /// Input and output operations per second, where the type has such a number.
    pub iops: Option<u32>,
    /// Throughput in MiB/s, where the type has such a number.
    pub throughput: Option<u32>,
}

/// What a volume is to become; what is not said stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewForm {
    /// Its size in GiB.
    pub size_gib: Option<u32>,
    /// Its type.
    pub volume_type: Option<VolumeType>,
    /// Input and output operations per second.
    pub iops: Option<u32>,
    /// Throughput in MiB/s.
    pub throughput: Option<u32>,
}

/// A change of a volume's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeModification {
    /// What the volume was.
    pub original: VolumeForm,
    /// What it is since.
    pub target: VolumeForm,
    /// When it was changed.
    pub at: Timestamp,
}

/// Why a volume cannot be changed, attached, detached or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeRefusal {
    /// It is attached to an instance, and is not deleted.
    InUse(VolumeId, InstanceId),
    /// It cannot become smaller.
    Smaller,
    /// Nothing is asked for.
    NoChange,
    /// There is no such form.
    Form(BadDevice),
    /// It is attached, and cannot be attached again.
    Attached(VolumeId),
    /// Instances have no device of this name.
    DeviceName(String),
    /// The instance has a volume at this device.
    DeviceInUse(String),
    /// The instance takes no volume any more.
    NotRunning(InstanceId),
    /// The volume and the instance are in different zones.
    OtherZone(VolumeId, InstanceId),
    /// It is attached to nothing.
    NotAttached(VolumeId),
    /// It is attached elsewhere.
    NotThere {
        /// The volume.
        volume: VolumeId,
        /// The instance that is named, or has it.
        instance: InstanceId,
        /// The device that is named, or where it is.
        device: String,
    },
    /// It is the root of an instance that runs.
    RootInUse(VolumeId, InstanceId),
    /// The instance has no root volume, at this device, to start from.
    NoRoot(InstanceId, &'static str),
}

impl VolumeForm {
    /// A form whose type has this size, with the speed that is asked for or the type has by itself.
    pub(super) fn checked(
        size_gib: u32,
        volume_type: VolumeType,
        asked_iops: Option<u32>,
        asked_throughput: Option<u32>,
    ) -> Result<VolumeForm, BadDevice> {
        let (least, most) = volume_type.sizes();
        if !(least..=most).contains(&size_gib) {
            return Err(BadDevice::Size { size_gib, volume_type, least, most });
        }
        let iops = iops(volume_type, size_gib, asked_iops)?;
        Ok(VolumeForm { size_gib, volume_type, iops, throughput: throughput(volume_type, asked_throughput)? })
    }

    /// What this becomes. The speed stays with the type; of another type it is that type's usual.
    fn changed(self, asked: NewForm) -> Result<VolumeForm, VolumeRefusal> {
        if asked == NewForm::default() {
            return Err(VolumeRefusal::NoChange);
        }
        let size_gib = asked.size_gib.unwrap_or(self.size_gib);
        if size_gib < self.size_gib {
            return Err(VolumeRefusal::Smaller);
        }
        let volume_type = asked.volume_type.unwrap_or(self.volume_type);
        let usual = match volume_type == self.volume_type {
            true => (self.iops, self.throughput),
            false => (Some(IOPS_OF_ANOTHER_TYPE), None),
        };
        let iops = asked.iops.or(usual.0.filter(|_| volume_type.iops().is_some()));
        let throughput = asked.throughput.or(usual.1);
        VolumeForm::checked(size_gib, volume_type, iops, throughput).map_err(VolumeRefusal::Form)
    }
}

impl Network {
    /// Makes a volume larger, faster or one of another type, whether or not it is attached.
    ///
    /// # Errors
    /// No such volume; [`VolumeRefusal`]: there is no such form, or the volume cannot take it.
    pub fn modify_volume(
        &mut self,
        cx: &Cx,
        id: VolumeId,
        asked: NewForm,
    ) -> Result<VolumeModification, Refused> {
        let original = self.volumes.find(cx.scope, &id)?.form;
        let target = original.changed(asked)?;
        let modification = VolumeModification { original, target, at: cx.now };
        if let Some(volume) = self.volumes.get_mut(&id) {
            volume.form = target;
            volume.modification = Some(modification);
        }
        Ok(modification)
    }

    /// Deletes a volume.
    ///
    /// # Errors
    /// No such volume; [`VolumeRefusal::InUse`]: it is attached.
    pub fn delete_volume(&mut self, cx: &Cx, id: VolumeId) -> Result<(), Refused> {
        if let Some(attachment) = &self.volumes.find(cx.scope, &id)?.attachment {
            return Err(VolumeRefusal::InUse(id, attachment.instance).into());
        }
        self.volumes.remove(&id);
        Ok(())
    }
}
