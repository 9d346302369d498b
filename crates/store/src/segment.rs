//! Segments: sealed rows of one group, one UTC day and one line format, as a Parquet file that never changes.
//!
//! Layout: `logs/aws_account_id=A/aws_region=R/log_group=G/day=YYYY-MM-DD/ID.parquet`, values percent-encoded. The keys
//! are not called `account_id` and `region` because flow logs have fields of these names, and a reader of Hive partitions
//! would put the partition's value in the place of the field's (DuckDB 2.0 does). Rows are in the order of timestamp
//! and sequence number; columns as in [`crate::record`]; zstd. The file is taken away when nobody reads it.

use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;

use crate::disk::{Disk, Location, Source};
use crate::error::ReadError;
use crate::record;

/// A sealed file. Whoever holds it can read it, even after it has left the store.
#[derive(Debug)]
pub struct Segment {
    /// Its number, which no other segment of the store has.
    pub id: u64,
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
    /// Bytes of the different entities that rows are of, each with four for its length; zero if there are none.
    pub entity_bytes: u64,
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
        SegmentReader::open(self)?.all()
    }

    /// Whether some of the rows are of entities: then there is a column for them ([`record::ENTITY`]).
    pub fn has_entities(&self) -> bool {
        self.entity_bytes > 0
    }

    /// About how many bytes the rows take in memory.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.raw_bytes + self.entity_bytes
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
        let source = location.open()?;
        let metadata = unless_damaged(|| match &source {
            Source::File(file) => ArrowReaderMetadata::load(file, Default::default()),
            Source::Memory(bytes) => ArrowReaderMetadata::load(bytes, Default::default()),
        })??;
        match is_of(metadata.metadata(), segment) {
            true => Ok(SegmentReader { location, metadata }),
            false => Err(damaged().into()),
        }
    }

    /// The rows that can be in a time range, by the statistics of row groups: rows rise with time.
    pub fn span(&self, from_ms: i64, to_ms: i64) -> Range<usize> {
        let mut span = 0..0;
        let mut end = 0;
        for row_group in self.metadata.metadata().row_groups() {
            let start = end;
            end += row_group.num_rows() as usize;
            let (min_ms, max_ms) = timestamps(row_group);
            if max_ms < from_ms {
                span = end..end;
            } else if min_ms < to_ms {
                span.end = end;
                span.start = span.start.min(start);
            }
        }
        span
    }

    /// All rows.
    pub fn all(&self) -> Result<Batches, ReadError> {
        let groups = self.metadata.metadata().row_groups().iter();
        self.batches(0..groups.map(|group| group.num_rows() as usize).sum())
    }

    /// The rows of these numbers.
    pub fn batches(&self, rows: Range<usize>) -> Result<Batches, ReadError> {
        match self.location.open()? {
            Source::File(file) => self.read(file, rows),
            Source::Memory(bytes) => self.read(bytes, rows),
        }
    }

    fn read<T>(&self, source: T, rows: Range<usize>) -> Result<Batches, ReadError>
    where
        T: ChunkReader + 'static,
    {
        let (row_groups, skipped) = self.row_groups_of(&rows);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone());
        let builder =
            builder.with_row_groups(row_groups).with_offset(rows.start - skipped).with_limit(rows.len());
        let mut batches = Some(unless_damaged(|| builder.build())??);
        let batches = std::iter::from_fn(move || {
            let batch = unless_damaged(|| batches.as_mut().and_then(Iterator::next));
            if batch.is_err() {
                batches = None;
            }
            batch.map_err(ReadError::from).transpose()
        });
        Ok(Box::new(batches.map(|batch| {
            let batch = batch??;
            record::check_schema(&batch)?;
            Ok(batch)
        })))
    }

    /// The row groups that have some of `rows`, and the number of rows before the first of them.
    fn row_groups_of(&self, rows: &Range<usize>) -> (Vec<usize>, usize) {
        let (mut row_groups, mut skipped, mut start) = (Vec::new(), 0, 0);
        for (number, row_group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let end = start + row_group.num_rows() as usize;
            if end <= rows.start {
                skipped = end;
            } else if start < rows.end {
                row_groups.push(number);
            }
            start = end;
        }
        (row_groups, skipped)
    }
}

/// What `read` gives; an error if the reader of Parquet, which trusts what lengths a file claims, panics at a damaged one.
pub(crate) fn unless_damaged<T>(read: impl FnOnce() -> T) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| damaged())
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "damaged Parquet")
}

/// Whether a footer is that of the segment: as many rows, and columns in each group of them.
fn is_of(footer: &ParquetMetaData, segment: &Segment) -> bool {
    let rows = |group: &RowGroupMetaData| u64::try_from(group.num_rows()).ok();
    let all = footer.row_groups().iter().try_fold(0u64, |sum, group| sum.checked_add(rows(group)?));
    let has_columns = |group: &RowGroupMetaData| group.num_columns() >= record::SYSTEM_COLUMNS.len();
    all == Some(segment.rows) && footer.row_groups().iter().all(has_columns)
}

/// The smallest and greatest timestamp of a row group, as far as is known.
fn timestamps(row_group: &RowGroupMetaData) -> (i64, i64) {
    match row_group.column(record::TIMESTAMP).statistics() {
        Some(Statistics::Int64(known)) => {
            (known.min_opt().copied().unwrap_or(i64::MIN), known.max_opt().copied().unwrap_or(i64::MAX))
        }
        _ => (i64::MIN, i64::MAX),
    }
}
