//! Volumes made by themselves, and what instances they are attached to.
//!
//! Attaching and detaching take no time here: attaching and detaching exist only in answers, as creating does. A volume goes to
//! running and stopped instances of its zone. The root volume leaves only a stopped instance, which does not start without one.
//! Source: EC2 API Reference, CreateVolume, AttachVolume, DetachVolume; EC2 User Guide, "Device names for volumes on Amazon EC2
//! instances"; EBS User Guide, "Detach an Amazon EBS volume from an Amazon EC2 instance".

use super::{BadDevice, NewVolume, VOLUMES_MAX, Volume, VolumeAttachment, VolumeRefusal, planned};
use crate::image::Image;
use crate::instance::{Instance, InstanceState};
use crate::{Cx, InstanceId, Network, Refused, Tags, VolumeId, ZoneName, tags};

impl Network {
    /// Makes a volume that is attached to nothing.
    ///
    /// # Errors
    /// [`VolumeRefusal::Form`]: there is no such volume, or no such snapshot; tags that cannot be.
    pub fn create_volume(
        &mut self,
        cx: &mut Cx,
        zone: ZoneName,
        asked: &NewVolume,
        tags: Tags,
    ) -> Result<VolumeId, Refused> {
        tags::check(&tags)?;
        let volume = planned("", asked).map_err(VolumeRefusal::Form)?.free(cx, zone, tags);
        let id = volume.id;
        self.volumes.insert(volume);
        Ok(id)
    }

    /// Attaches a volume to an instance, with which it does not go when that is terminated.
    ///
    /// # Errors
    /// No such volume or instance; [`VolumeRefusal`]: no such device name, the device is in use, the volume is attached, the
    /// instance is terminated, in another zone, or has as many volumes as it can.
    pub fn attach_volume(
        &mut self,
        cx: &Cx,
        id: VolumeId,
        instance_id: InstanceId,
        device: &str,
    ) -> Result<(), Refused> {
        let volume = self.volumes.find(cx.scope, &id)?;
        let instance = self.instances.find(cx.scope, &instance_id)?;
        if !is_device_name(device) {
            return Err(VolumeRefusal::DeviceName(device.to_owned()).into());
        }
        if volume.attachment.is_some() {
            return Err(VolumeRefusal::Attached(id).into());
        }
        if instance.state == InstanceState::Terminated {
            return Err(VolumeRefusal::NotRunning(instance_id).into());
        }
        if instance.zone != volume.zone {
            return Err(VolumeRefusal::OtherZone(id, instance_id).into());
        }
        if self.attachments(instance).any(|other| other.device == device) {
            return Err(VolumeRefusal::DeviceInUse(device.to_owned()).into());
        }
        let count = instance.settings.volumes.len() + 1;
        if count > VOLUMES_MAX {
            return Err(VolumeRefusal::Form(BadDevice::TooMany(count)).into());
        }
        self.join(id, instance_id, device, cx);
        Ok(())
    }

    /// Detaches a volume, and tells what it was attached to. Whoever names the instance or the device means that one.
    ///
    /// # Errors
    /// No such volume; [`VolumeRefusal`]: it is attached to nothing or not there, or it is the root of a running instance.
    pub fn detach_volume(
        &mut self,
        cx: &Cx,
        id: VolumeId,
        (instance, device): (Option<InstanceId>, Option<&str>),
    ) -> Result<VolumeAttachment, Refused> {
        let attachment = self.volumes.find(cx.scope, &id)?.attachment.clone();
        let attachment = attachment.ok_or(VolumeRefusal::NotAttached(id))?;
        let is_there = instance.is_none_or(|instance| instance == attachment.instance)
            && device.is_none_or(|device| device == attachment.device);
        if !is_there {
            let device = device.unwrap_or(&attachment.device).to_owned();
            let instance = instance.unwrap_or(attachment.instance);
            return Err(VolumeRefusal::NotThere { volume: id, instance, device }.into());
        }
        let holder = self.instances.get(&attachment.instance);
        let is_root = holder.and_then(root_device) == Some(attachment.device.as_str());
        if is_root && holder.is_some_and(|instance| instance.state == InstanceState::Running) {
            return Err(VolumeRefusal::RootInUse(id, attachment.instance).into());
        }
        if let Some(volume) = self.volumes.get_mut(&id) {
            volume.attachment = None;
        }
        if let Some(instance) = self.instances.get_mut(&attachment.instance) {
            instance.settings.volumes.retain(|other| *other != id);
            instance.settings.lacks_root |= is_root;
        }
        Ok(attachment)
    }

    /// Checks that none of these instances has lost its root volume.
    pub(crate) fn check_roots(&self, ids: &[InstanceId]) -> Result<(), VolumeRefusal> {
        let lacking = ids.iter().filter_map(|id| self.instances.get(id)).find(|one| one.settings.lacks_root);
        match lacking {
            Some(instance) => {
                Err(VolumeRefusal::NoRoot(instance.id, root_device(instance).unwrap_or_default()))
            }
            None => Ok(()),
        }
    }

    fn join(&mut self, id: VolumeId, instance: InstanceId, device: &str, cx: &Cx) {
        if let (Some(volume), Some(instance)) = (self.volumes.get_mut(&id), self.instances.get_mut(&instance))
        {
            volume.attachment = Some(VolumeAttachment {
                instance: instance.id,
                device: device.to_owned(),
                since: cx.now,
                delete_on_termination: false,
            });
            let is_root = root_device(instance) == Some(device);
            let place = if is_root { 0 } else { instance.settings.volumes.len() };
            instance.settings.volumes.insert(place, id);
            instance.settings.lacks_root &= !is_root;
        }
    }

    fn attachments<'a>(&'a self, instance: &'a Instance) -> impl Iterator<Item = &'a VolumeAttachment> {
        let volumes = instance.settings.volumes.iter().filter_map(|id| self.volumes.get(id));
        volumes.filter_map(|volume: &Volume| volume.attachment.as_ref())
    }
}

fn root_device(instance: &Instance) -> Option<&'static str> {
    Image::find(instance.scope.region, instance.image).map(|image| image.root_device)
}

/// Whether EBS knows a device of this name: `/dev/sdf`, `/dev/sda1`, `/dev/xvdba`, and `xvdf`, as Windows has it.
fn is_device_name(name: &str) -> bool {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    let is_letter = |text: &str| matches!(text.as_bytes(), [b'a'..=b'z']);
    if let Some(disk) = name.strip_prefix("xvd") {
        return is_letter(disk) || matches!(disk.as_bytes(), [b'a'..=b'd', b'a'..=b'z']);
    }
    let Some(disk) = name.strip_prefix("sd").or_else(|| name.strip_prefix("hd")) else { return false };
    let (letter, partition) = disk.split_at_checked(1).unwrap_or_default();
    let is_partition = |text: &str| {
        let is_written_plainly = text.starts_with(|first: char| ('1'..='9').contains(&first));
        is_written_plainly && text.parse().is_ok_and(|number: u8| number <= 15)
    };
    is_letter(letter) && (partition.is_empty() || is_partition(partition))
}

#[cfg(test)]
mod tests {
    use super::*;

    // EC2 User Guide, "Device names for volumes on Amazon EC2 instances".
    #[test]
    fn devices_have_the_names_that_the_guide_lists() {
        let names =
            ["/dev/sda1", "/dev/sdf", "/dev/sdz15", "/dev/hdb", "/dev/xvdf", "/dev/xvdba", "xvdf", "sdf"];
        names.iter().for_each(|name| assert!(is_device_name(name), "{name}"));
        let wrong = [
            "",
            "/dev/",
            "/dev/sd",
            "/dev/sd1",
            "/dev/sdZZ",
            "/dev/sdaa",
            "/dev/sda0",
            "/dev/sda16",
            "/dev/sda+1",
            "/dev/xvd",
            "/dev/xvdea",
            "/dev/xvda1",
            "/dev/nvme1n1",
            "/dev/sdé",
            "Disk_D",
        ];
        wrong.iter().for_each(|name| assert!(!is_device_name(name), "{name}"));
    }
}
