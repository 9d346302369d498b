//! Scans: all rows of a group in a time range at one moment, for readers that work on columns.

use std::sync::{Arc, Mutex};

use crate::error::ReadError;
use crate::line::LineFormat;
use crate::lock;
use crate::memory::Cache;
use crate::record::Batch;
use crate::rows::{Rows, Select};
use crate::segment::Segment;
use crate::state::{Held, Hidden};

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
    pub(crate) unsealed: Unsealed,
    /// Sealed rows: only segments that overlap the range.
    pub segments: Vec<Arc<Segment>>,
    /// Streams whose older rows do not exist any more; empty but for removed streams.
    pub hidden: Vec<Hidden>,
}

/// Rows not yet sealed, as they came. They become Arrow when they are first read, by whoever reads them: a scan is made
/// under locks that others wait for.
#[derive(Clone, Debug)]
pub(crate) struct Unsealed {
    pub chunks: Vec<Held>,
    pub cache: Arc<Mutex<Cache>>,
    pub formats: Arc<[LineFormat]>,
}

impl Scan {
    /// Rows not yet sealed, in no order.
    ///
    /// # Errors
    /// If the rows do not become Arrow, which would be a defect.
    pub fn batches(&self) -> Result<Vec<Batch>, ReadError> {
        Ok(lock(&self.unsealed.cache).batches(&self.unsealed.chunks, &self.unsealed.formats)?)
    }

    /// Rows in the batches and segments, wanted or not.
    pub fn row_count(&self) -> u64 {
        let memory: u64 = self.unsealed.chunks.iter().map(|held| u64::from(held.chunk.header.count)).sum();
        memory + self.segments.iter().map(|segment| segment.rows).sum::<u64>()
    }

    /// Bytes of the messages of those rows, each counted with [`crate::EVENT_OVERHEAD_BYTES`].
    pub fn raw_bytes(&self) -> u64 {
        let memory: u64 = self.unsealed.chunks.iter().map(|held| held.chunk.raw_bytes()).sum();
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
        Rows::new(select, self.hidden.clone(), self.batches()?, self.segments.clone())
    }
}
