//! Volumes: those that launches made, and those made by themselves.
//!
//! Source: EC2 API Reference, DescribeVolumes, DeleteVolume, Volume, VolumeAttachment.

mod attachment;
mod modification;

pub use attachment::{AttachVolume, CreateVolume, DetachVolume};
pub use modification::{DescribeVolumesModifications, ModifyVolume};

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::volume::{Volume, VolumeAttachment, VolumeType};
use weir_model::{InstanceId, Tags, Timestamp, VolumeId, ZoneName};
use weir_wire::{Accepted, FilterTable, Iso, Param, Return, Token, Xml};

/// Lists volumes, all or by id.
#[derive(Param)]
pub struct DescribeVolumes {
    volume_ids: Vec<VolumeId>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_managed_resources: Accepted<bool>,
    #[wire(flatten)]
    selection: Selection,
}

/// The volumes found.
#[derive(Xml)]
pub struct DescribeVolumesResponse {
    next_token: Option<Token>,
    volumes: Vec<VolumeView>,
}

impl Operation for DescribeVolumes {
    type Response = DescribeVolumesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.selection.page.check_without_ids("volumeId", self.volume_ids.len())?;
        let rows = cx.seen().rows(&cx.network.volumes, &self.volume_ids)?;
        let views = rows.into_iter().map(VolumeView::of);
        let (volumes, next_token) = self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.volume_id)?;
        Ok(DescribeVolumesResponse { next_token, volumes })
    }
}

/// The type of a volume, as requests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
pub(super) enum DiskType {
    Standard,
    Io1,
    Io2,
    Gp2,
    Sc1,
    St1,
    Gp3,
}

impl DiskType {
    /// What is meant.
    pub(super) fn meant(self) -> VolumeType {
        match self {
            DiskType::Standard => VolumeType::Standard,
            DiskType::Io1 => VolumeType::Io1,
            DiskType::Io2 => VolumeType::Io2,
            DiskType::Gp2 => VolumeType::Gp2,
            DiskType::Sc1 => VolumeType::Sc1,
            DiskType::St1 => VolumeType::St1,
            DiskType::Gp3 => VolumeType::Gp3,
        }
    }
}

/// Refuses a volume for several instances at once.
fn check_single_attach(multi_attach: Option<bool>) -> Result<(), Error> {
    match multi_attach {
        Some(true) => {
            Err(Error::new("UnsupportedOperation", "Multi-Attach of volumes is not supported here"))
        }
        _ => Ok(()),
    }
}

/// Deletes a volume that is attached to nothing.
#[derive(Param)]
pub struct DeleteVolume {
    volume_id: VolumeId,
}

impl Operation for DeleteVolume {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_volume(cx, self.volume_id))?;
        Ok(Return)
    }
}

/// A volume.
#[derive(Xml)]
pub struct VolumeView {
    availability_zone_id: String,
    iops: Option<u32>,
    #[wire(response = "tagSet")]
    tags: Tags,
    volume_type: &'static str,
    multi_attach_enabled: bool,
    throughput: Option<u32>,
    volume_id: VolumeId,
    size: u32,
    snapshot_id: String,
    availability_zone: ZoneName,
    #[wire(response = "status")]
    state: &'static str,
    create_time: Timestamp,
    #[wire(response = "attachmentSet")]
    attachments: Vec<AttachmentView>,
    encrypted: bool,
    kms_key_id: Option<String>,
}

/// What a volume is attached to.
#[derive(Xml)]
pub struct AttachmentView {
    delete_on_termination: bool,
    volume_id: VolumeId,
    instance_id: InstanceId,
    device: String,
    #[wire(response = "status")]
    state: &'static str,
    attach_time: Timestamp,
}

impl VolumeView {
    fn of(volume: &Volume) -> VolumeView {
        let attachment = |attachment| AttachmentView::of(volume.id, attachment, "attached");
        VolumeView {
            availability_zone_id: volume.zone.zone_id(),
            iops: volume.form.iops,
            tags: volume.tags.clone(),
            volume_type: volume.form.volume_type.as_str(),
            multi_attach_enabled: false,
            throughput: volume.form.throughput,
            volume_id: volume.id,
            size: volume.form.size_gib,
            snapshot_id: volume.snapshot.clone().unwrap_or_default(),
            availability_zone: volume.zone,
            state: if volume.attachment.is_some() { "in-use" } else { "available" },
            create_time: volume.created,
            attachments: volume.attachment.iter().map(attachment).collect(),
            encrypted: volume.is_encrypted,
            kms_key_id: volume.kms_key.clone(),
        }
    }

    fn attached<T: ToString>(&self, text: fn(&AttachmentView) -> T) -> Vec<String> {
        self.attachments.iter().map(|attachment| text(attachment).to_string()).collect()
    }
}

impl AttachmentView {
    fn of(volume: VolumeId, attachment: &VolumeAttachment, state: &'static str) -> AttachmentView {
        AttachmentView {
            delete_on_termination: attachment.delete_on_termination,
            volume_id: volume,
            instance_id: attachment.instance,
            device: attachment.device.clone(),
            state,
            attach_time: attachment.since,
        }
    }
}

const FILTERS: FilterTable<VolumeView> = FilterTable {
    rows: &[
        ("attachment.attach-time", |view| view.attached(|one| Iso(one.attach_time.0))),
        ("attachment.delete-on-termination", |view| view.attached(|one| one.delete_on_termination)),
        ("attachment.device", |view| view.attached(|one| one.device.clone())),
        ("attachment.instance-id", |view| view.attached(|one| one.instance_id)),
        ("attachment.status", |view| view.attached(|one| one.state)),
        ("availability-zone", |view| vec![view.availability_zone.to_string()]),
        ("availability-zone-id", |view| vec![view.availability_zone_id.clone()]),
        ("create-time", |view| vec![Iso(view.create_time.0).to_string()]),
        ("encrypted", |view| vec![view.encrypted.to_string()]),
        ("fast-restored", |_| vec!["false".to_owned()]),
        ("multi-attach-enabled", |_| vec!["false".to_owned()]),
        ("operator.managed", |_| vec!["false".to_owned()]),
        ("operator.principal", |_| vec![]),
        ("size", |view| vec![view.size.to_string()]),
        ("snapshot-id", |view| vec![view.snapshot_id.clone()]),
        ("status", |view| vec![view.state.to_owned()]),
        ("volume-id", |view| vec![view.volume_id.to_string()]),
        ("volume-type", |view| vec![view.volume_type.to_owned()]),
    ],
    tags: Some(|view| &view.tags),
};
