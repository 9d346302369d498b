//! Block devices of a launch, and of an instance.
//!
//! Source: EC2 API Reference, BlockDeviceMapping, EbsBlockDevice, InstanceBlockDeviceMapping.

use crate::ec2::volume::DiskType;
use crate::operation::{Error, Seen};
use weir_model::instance::Instance;
use weir_model::volume::{DeviceSource, LaunchDevice, NewVolume, Volume};
use weir_model::{Timestamp, VolumeId};
use weir_wire::{Accepted, Param, Xml};

/// A block device of each instance of a launch.
#[derive(Clone, Debug, Param)]
pub struct DeviceRequest {
    device_name: Option<String>,
    virtual_name: Option<String>,
    no_device: Option<String>,
    ebs: Option<DiskRequest>,
}

#[derive(Clone, Debug, Param)]
struct DiskRequest {
    delete_on_termination: Option<bool>,
    iops: Option<u32>,
    snapshot_id: Option<String>,
    volume_size: Option<u32>,
    volume_type: Option<DiskType>,
    kms_key_id: Option<String>,
    throughput: Option<u32>,
    encrypted: Option<bool>,
}

impl DeviceRequest {
    /// What is meant.
    pub fn device(self) -> Result<LaunchDevice, Error> {
        let name = self.device_name.ok_or_else(|| {
            Error::new("MissingParameter", "The request must contain the parameter device name")
        })?;
        let source = match (self.ebs, self.virtual_name, self.no_device) {
            (Some(disk), None, None) => DeviceSource::Volume(disk.volume()),
            (None, Some(_), None) => DeviceSource::Ephemeral,
            (None, None, Some(_)) => DeviceSource::Nothing,
            _ => {
                let message = format!("The device '{name}' must have one of ebs, virtualName and noDevice");
                return Err(Error::new("InvalidBlockDeviceMapping", message));
            }
        };
        Ok(LaunchDevice { name, source })
    }
}

impl DiskRequest {
    fn volume(self) -> NewVolume {
        NewVolume {
            size_gib: self.volume_size,
            volume_type: self.volume_type.map(DiskType::meant),
            iops: self.iops,
            throughput: self.throughput,
            is_encrypted: self.encrypted,
            kms_key: self.kms_key_id,
            snapshot: self.snapshot_id,
            delete_on_termination: self.delete_on_termination,
        }
    }
}

/// A block device of an instance that is to be changed.
#[derive(Clone, Debug, Param)]
pub struct DeviceChange {
    device_name: Option<String>,
    ebs: Option<DiskChange>,
}

#[derive(Clone, Debug, Param)]
struct DiskChange {
    #[expect(dead_code, reason = "accepted without effect")]
    volume_id: Accepted<VolumeId>,
    delete_on_termination: Option<bool>,
}

impl DeviceChange {
    /// The device, and whether its volume is to go with the instance.
    pub fn change(self) -> Result<(String, bool), Error> {
        let delete = self.ebs.and_then(|disk| disk.delete_on_termination);
        let missing =
            |what| Error::new("MissingParameter", format!("The request must contain the parameter {what}"));
        let name = self.device_name.ok_or_else(|| missing("device name"))?;
        Ok((name, delete.ok_or_else(|| missing("ebs.deleteOnTermination"))?))
    }
}

/// A volume as part of its instance.
#[derive(Xml)]
pub struct DeviceView {
    /// The device name.
    pub device_name: String,
    /// The volume.
    pub ebs: DiskView,
}

/// What an instance says of a volume.
#[derive(Xml)]
pub struct DiskView {
    /// Since when it is attached.
    pub attach_time: Timestamp,
    /// Whether it goes with the instance.
    pub delete_on_termination: bool,
    /// The state of the attachment.
    pub status: &'static str,
    /// The volume.
    pub volume_id: VolumeId,
}

impl DeviceView {
    /// The volumes of an instance, the root first.
    pub fn all(seen: Seen<'_>, instance: &Instance) -> Vec<DeviceView> {
        let volumes = instance.settings.volumes.iter().filter_map(|id| seen.network.volumes.get(id));
        volumes.filter_map(DeviceView::of).collect()
    }

    fn of(volume: &Volume) -> Option<DeviceView> {
        let attachment = volume.attachment.as_ref()?;
        let ebs = DiskView {
            attach_time: attachment.since,
            delete_on_termination: attachment.delete_on_termination,
            status: "attached",
            volume_id: volume.id,
        };
        Some(DeviceView { device_name: attachment.device.clone(), ebs })
    }
}
