//! Segments: sealed rows of one group, one UTC day and one line format, as a Parquet file that never changes.
//!
//! Layout: `logs/aws_account_id=A/aws_region=R/log_group=G/day=YYYY-MM-DD/ID.parquet`, values percent-encoded. The keys
//! are not called `account_id` and `region` because flow logs have fields of these names, and a reader of Hive partitions
//! would put the partition's value in the place of the field's (DuckDB 2.0 does). Rows are in the order of timestamp
//! and sequence number; columns as in [`crate::record`]; zstd. The file is taken away when nobody reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

use crate::disk::{self, Disk, Location};
use crate::error::ReadError;
use crate::record;

/// A sealed file. Whoever holds it can read it, even after it has left the store.
#[derive(Debug)]
pub struct Segment {
    pub(crate) id: u64,
    /// The path of the file in the store's directory.
    pub path: String,
    /// The line format of all rows, or `None` for plain text.
    pub format: Option<Arc<str>>,
    /// The smallest timestamp, in ms.
    pub min_ms: i64,
    /// The greatest timestamp, in ms.
    pub max_ms: i64,
    /// The smallest sequence number.
    pub min_sequence: u64,
    /// The number of rows.
    pub rows: u64,
    /// The length of the file.
    pub bytes: u64,
    /// Bytes of the messages, each counted with [`crate::EVENT_OVERHEAD_BYTES`].
    pub raw_bytes: u64,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) is_doomed: AtomicBool,
}

impl Segment {
    /// Where the Parquet is.
    ///
    /// # Errors
    /// If the disk has lost it.
    pub fn location(&self) -> Result<Location, ReadError> {
        Ok(self.disk.locate(&self.path)?)
    }

    /// All rows, batch after batch, in the order of timestamp and sequence number.
    ///
    /// # Errors
    /// If the file cannot be opened or is not the Parquet that was written; each batch may fail too.
    pub fn batches(&self) -> Result<impl Iterator<Item = Result<RecordBatch, ReadError>> + Send, ReadError> {
        SegmentReader::open(self)?.batches(None)
    }

    /// Lets the file go when the last reader does.
    pub(crate) fn doom(&self) {
        self.is_doomed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.is_doomed.load(Ordering::Relaxed) {
            // A file that stays is an orphan: the next opening of the store takes it away.
            let _ = self.disk.remove(&self.path);
        }
    }
}

/// An opened segment: its footer is read once.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    location: Location,
    metadata: ArrowReaderMetadata,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ReadError>> + Send>;

impl SegmentReader {
    pub fn open(segment: &Segment) -> Result<Self, ReadError> {
        let location = segment.location()?;
        let metadata = match &location {
            Location::File(path) => ArrowReaderMetadata::load(&disk::open(path)?, Default::default())?,
            Location::Memory(bytes) => ArrowReaderMetadata::load(bytes, Default::default())?,
        };
        Ok(SegmentReader { location, metadata })
    }

    /// The number of row groups.
    pub fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// The rows of one row group, or of all.
    pub fn batches(&self, row_group: Option<usize>) -> Result<Batches, ReadError> {
        Ok(match &self.location {
            Location::File(path) => self.read(disk::open(path)?, row_group)?,
            Location::Memory(bytes) => self.read(bytes.clone(), row_group)?,
        })
    }

    fn read<T>(&self, source: T, row_group: Option<usize>) -> Result<Batches, ReadError>
    where
        T: parquet::file::reader::ChunkReader + 'static,
    {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone());
        let builder = match row_group {
            Some(row_group) => builder.with_row_groups(vec![row_group]),
            None => builder,
        };
        Ok(Box::new(builder.build()?.map(|batch| {
            let batch = batch?;
            record::check_schema(&batch)?;
            Ok(batch)
        })))
    }
}
