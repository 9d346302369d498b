//! Scans: all rows of a group in a time range at one moment, for readers that work on columns.

use std::sync::Arc;

use crate::error::ReadError;
use crate::record::Batch;
use crate::rows::{Rows, Select};
use crate::segment::Segment;
use crate::state::Hidden;

/// The rows of a group at one moment: appends, sealing, expiry and removal after it do not change it.
///
/// Batches and segments may have rows outside the range, and rows of removed streams: a reader keeps only rows with
/// `from_ms <= __ts < to_ms` that no entry of `hidden` hides.
#[derive(Clone, Debug)]
pub struct Scan {
    /// From this timestamp on, in ms: what was asked for, or where retention begins.
    pub from_ms: i64,
    /// Up to but without this timestamp.
    pub to_ms: i64,
    /// Rows not yet sealed.
    pub batches: Vec<Batch>,
    /// Sealed rows: only segments that overlap the range.
    pub segments: Vec<Arc<Segment>>,
    /// Streams whose older rows do not exist any more; empty but for removed streams.
    pub hidden: Vec<Hidden>,
}

impl Scan {
    /// Rows in the batches and segments, wanted or not.
    pub fn row_count(&self) -> u64 {
        let memory: u64 = self.batches.iter().map(|batch| batch.records.num_rows() as u64).sum();
        memory + self.segments.iter().map(|segment| segment.rows).sum::<u64>()
    }

    /// Bytes of the messages of those rows, each counted with [`crate::EVENT_OVERHEAD_BYTES`].
    pub fn raw_bytes(&self) -> u64 {
        let memory: u64 = self.batches.iter().map(|batch| batch.raw_bytes).sum();
        memory + self.segments.iter().map(|segment| segment.raw_bytes).sum::<u64>()
    }

    /// The wanted rows, oldest first.
    ///
    /// # Errors
    /// If a batch in memory cannot be read, which would be a defect; segments fail as they are reached.
    pub fn rows(&self) -> Result<Rows, ReadError> {
        self.select(Select::default())
    }

    /// The wanted rows that `select` selects, in its order.
    ///
    /// # Errors
    /// As [`Scan::rows`].
    pub fn select(&self, mut select: Select) -> Result<Rows, ReadError> {
        select.from_ms = select.from_ms.max(self.from_ms);
        select.to_ms = select.to_ms.min(self.to_ms);
        Rows::new(select, self.hidden.clone(), self.batches.clone(), self.segments.clone())
    }
}
