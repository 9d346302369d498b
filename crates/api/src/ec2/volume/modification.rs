//! Changes of volumes, which are complete at once.
//!
//! Source: EC2 API Reference, ModifyVolume, DescribeVolumesModifications, VolumeModification.

use super::DiskType;
use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::volume::{NewForm, Volume, VolumeModification};
use weir_model::{Timestamp, VolumeId};
use weir_wire::{FilterTable, Iso, Param, Token, Xml};

/// Makes a volume larger, faster or one of another type.
#[derive(Param)]
pub struct ModifyVolume {
    volume_id: VolumeId,
    size: Option<u32>,
    volume_type: Option<DiskType>,
    iops: Option<u32>,
    throughput: Option<u32>,
    multi_attach_enabled: Option<bool>,
}

/// The change.
#[derive(Xml)]
pub struct ModifyVolumeResponse {
    volume_modification: ModificationView,
}

impl Operation for ModifyVolume {
    type Response = ModifyVolumeResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        super::check_single_attach(self.multi_attach_enabled)?;
        let asked = NewForm {
            size_gib: self.size,
            volume_type: self.volume_type.map(DiskType::meant),
            iops: self.iops,
            throughput: self.throughput,
        };
        let change = cx.command(|network, cx| network.modify_volume(cx, self.volume_id, asked))?;
        Ok(ModifyVolumeResponse { volume_modification: ModificationView::of(self.volume_id, &change) })
    }
}

/// Lists the last change of each volume that was ever changed, or of those named.
#[derive(Param)]
pub struct DescribeVolumesModifications {
    volume_ids: Vec<VolumeId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The changes found.
#[derive(Xml)]
pub struct DescribeVolumesModificationsResponse {
    next_token: Option<Token>,
    #[wire(response = "volumeModificationSet")]
    volumes_modifications: Vec<ModificationView>,
}

impl Operation for DescribeVolumesModifications {
    type Response = DescribeVolumesModificationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.selection.page.check_without_ids("volumeId", self.volume_ids.len())?;
        let rows = cx.seen().rows(&cx.network.volumes, &self.volume_ids)?;
        let is_unchanged = |volume: &&&Volume| volume.modification.is_none();
        if let Some(volume) = rows.iter().find(is_unchanged).filter(|_| !self.volume_ids.is_empty()) {
            let message = format!("Modification for volume '{}' does not exist.", volume.id);
            return Err(Error::new("InvalidVolumeModification.NotFound", message));
        }
        let views = rows.into_iter().filter_map(|volume| {
            volume.modification.as_ref().map(|change| ModificationView::of(volume.id, change))
        });
        let (volumes_modifications, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.volume_id)?;
        Ok(DescribeVolumesModificationsResponse { next_token, volumes_modifications })
    }
}

/// A change of a volume.
#[derive(Xml)]
struct ModificationView {
    volume_id: VolumeId,
    modification_state: &'static str,
    target_size: u32,
    target_iops: Option<u32>,
    target_volume_type: &'static str,
    target_throughput: Option<u32>,
    target_multi_attach_enabled: bool,
    original_size: u32,
    original_iops: Option<u32>,
    original_volume_type: &'static str,
    original_throughput: Option<u32>,
    original_multi_attach_enabled: bool,
    progress: u32,
    start_time: Timestamp,
    end_time: Timestamp,
}

impl ModificationView {
    fn of(volume_id: VolumeId, change: &VolumeModification) -> ModificationView {
        let VolumeModification { original, target, at } = *change;
        ModificationView {
            volume_id,
            modification_state: "completed",
            target_size: target.size_gib,
            target_iops: target.iops,
            target_volume_type: target.volume_type.as_str(),
            target_throughput: target.throughput,
            target_multi_attach_enabled: false,
            original_size: original.size_gib,
            original_iops: original.iops,
            original_volume_type: original.volume_type.as_str(),
            original_throughput: original.throughput,
            original_multi_attach_enabled: false,
            progress: 100,
            start_time: at,
            end_time: at,
        }
    }
}

fn speed(number: Option<u32>) -> Vec<String> {
    number.iter().map(u32::to_string).collect()
}

const FILTERS: FilterTable<ModificationView> = FilterTable {
    rows: &[
        ("modification-state", |view| vec![view.modification_state.to_owned()]),
        ("original-iops", |view| speed(view.original_iops)),
        ("original-size", |view| vec![view.original_size.to_string()]),
        ("original-volume-type", |view| vec![view.original_volume_type.to_owned()]),
        ("originalMultiAttachEnabled", |_| vec!["false".to_owned()]),
        ("start-time", |view| vec![Iso(view.start_time.0).to_string()]),
        ("target-iops", |view| speed(view.target_iops)),
        ("target-size", |view| vec![view.target_size.to_string()]),
        ("target-volume-type", |view| vec![view.target_volume_type.to_owned()]),
        ("targetMultiAttachEnabled", |_| vec!["false".to_owned()]),
        ("volume-id", |view| vec![view.volume_id.to_string()]),
    ],
    tags: None,
};
