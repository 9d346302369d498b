//! Volumes made by themselves, attached to instances and detached: done at once; the answers still say `creating`, `attaching`
//! and `detaching`, as AWS's do.
//!
//! Source: EC2 API Reference, CreateVolume, AttachVolume, DetachVolume.

use super::{AttachmentView, DiskType, VolumeView};
use crate::ec2::subnet::named_zone;
use crate::operation::{Context, Error, Operation};
use crate::token::ClientToken;
use weir_model::volume::NewVolume;
use weir_model::{InstanceId, VolumeId, ZoneName};
use weir_wire::{Accepted, Dialect, Param, TagSpecification, WireError, specified_tags};

/// Makes a volume.
#[derive(Param)]
pub struct CreateVolume {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    encrypted: Option<bool>,
    iops: Option<u32>,
    kms_key_id: Option<String>,
    size: Option<u32>,
    snapshot_id: Option<String>,
    volume_type: Option<DiskType>,
    tag_specifications: Vec<TagSpecification>,
    multi_attach_enabled: Option<bool>,
    throughput: Option<u32>,
    #[expect(dead_code, reason = "the dispatcher reads it")]
    client_token: ClientToken,
}

impl Operation for CreateVolume {
    type Response = VolumeView;

    fn run(self, cx: &mut Context<'_>) -> Result<VolumeView, Error> {
        super::check_single_attach(self.multi_attach_enabled)?;
        let zone = self.zone(cx)?;
        if self.kms_key_id.is_some() && self.encrypted != Some(true) {
            let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
            return Err(Error::new("InvalidParameterDependency", message));
        }
        let tags = specified_tags(&self.tag_specifications, "volume")?;
        let asked = NewVolume {
            size_gib: self.size,
            volume_type: self.volume_type.map(DiskType::meant),
            iops: self.iops,
            throughput: self.throughput,
            is_encrypted: self.encrypted,
            kms_key: self.kms_key_id,
            snapshot: self.snapshot_id,
            delete_on_termination: None,
        };
        let id = cx.command(|network, cx| network.create_volume(cx, zone, &asked, tags))?;
        let volume = cx.network.volumes.get(&id).expect("it has just been made");
        Ok(VolumeView { state: "creating", ..VolumeView::of(volume) })
    }
}

impl CreateVolume {
    fn zone(&self, cx: &Context<'_>) -> Result<ZoneName, Error> {
        let named = (self.availability_zone.as_deref(), self.availability_zone_id.as_deref());
        let Some(zone) = named_zone(cx, named)? else {
            return Err(WireError::missing(Dialect::Ec2, "AvailabilityZone").into());
        };
        zone.map_err(|given| {
            Error::new("InvalidZone.NotFound", format!("The zone '{given}' does not exist."))
        })
    }
}

/// Attaches a volume to an instance.
#[derive(Param)]
pub struct AttachVolume {
    device: String,
    instance_id: InstanceId,
    volume_id: VolumeId,
}

impl Operation for AttachVolume {
    type Response = AttachmentView;

    fn run(self, cx: &mut Context<'_>) -> Result<AttachmentView, Error> {
        let AttachVolume { device, instance_id, volume_id } = self;
        cx.command(|network, cx| network.attach_volume(cx, volume_id, instance_id, &device))?;
        let volume = cx.network.volumes.get(&volume_id).and_then(|volume| volume.attachment.as_ref());
        Ok(AttachmentView::of(volume_id, volume.expect("it has just been attached"), "attaching"))
    }
}

/// Detaches a volume.
#[derive(Param)]
pub struct DetachVolume {
    device: Option<String>,
    #[expect(dead_code, reason = "accepted without effect")]
    force: Accepted<bool>,
    instance_id: Option<InstanceId>,
    volume_id: VolumeId,
}

impl Operation for DetachVolume {
    type Response = AttachmentView;

    fn run(self, cx: &mut Context<'_>) -> Result<AttachmentView, Error> {
        let from = (self.instance_id, self.device.as_deref());
        let attachment = cx.command(|network, cx| network.detach_volume(cx, self.volume_id, from))?;
        Ok(AttachmentView::of(self.volume_id, &attachment, "detaching"))
    }
}
