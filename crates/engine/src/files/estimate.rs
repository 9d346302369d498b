//! What reading files would cost, without reading them.
//!
//! Source: RFC 1952, ISIZE: a gzip file ends with the length of what it holds, modulo 2^32. That of several members
//! tells of the last only, and then the file counts as about what is stored of it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::iter::Sum;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use datafusion::parquet::basic::{ConvertedType, LogicalType};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion::parquet::file::statistics::Statistics;
use weir_flowlog::{Field, Format, Lines};
use weir_insights::TimeRange;

use super::lines::{BUFFER_BYTES, GZIP_MAGIC, Line, lines_of};
use super::parquet::{BAD_LENGTH, check_footer, flow_field, is_parquet, is_read};
use super::storage::Storage;
use super::survey::look;

/// Lines looked at for how long records are.
const SAMPLE_LINES: usize = 1000;
/// Bytes around compressed ones, with a name: gzip makes nothing longer by more.
const GZIP_FRAME_BYTES: u64 = 256;

/// How many times longer than gzip, or Parquet, lines of the default format are about; for objects, which are not opened.
const RATIO: u64 = 5;
/// About the length of a line of the default format.
const RECORD_BYTES: u64 = 110;

/// What reading files would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Files that can be read.
    pub files: u64,
    /// Bytes as stored: what is fetched from disk or network.
    pub stored_bytes: u64,
    /// Bytes of lines, decompressed; of Parquet, of the columns that are read, decompressed.
    pub bytes: u64,
    /// Records: those of Parquet as many as are looked at, those of text from the length of the first.
    pub records: u64,
}

impl Sum for Estimate {
    fn sum<I: Iterator<Item = Estimate>>(estimates: I) -> Estimate {
        estimates.fold(Estimate::default(), |sum, one| Estimate {
            files: sum.files + one.files,
            stored_bytes: sum.stored_bytes + one.stored_bytes,
            bytes: sum.bytes + one.bytes,
            records: sum.records + one.records,
        })
    }
}

/// What a query would cost that reads these fields of a file, in a time; or why it cannot be read.
pub fn estimate(
    (path, storage): (&Path, &Arc<Storage>),
    format: &Format,
    wanted: (&BTreeSet<String>, TimeRange),
) -> Result<Estimate, String> {
    if storage.object(path).is_some() {
        return storage.bytes(path).map(|bytes| of_object(path, bytes)).map_err(|error| error.to_string());
    }
    match is_parquet(storage, path) {
        // The reader trusts what lengths a file claims, and panics where they cannot be.
        true => catch_unwind(AssertUnwindSafe(|| of_parquet((path, storage), wanted)))
            .unwrap_or_else(|_| Err(BAD_LENGTH.into())),
        false => of_text((path, storage), format).map_err(|error| error.to_string()),
    }
}

/// From its length and name alone: nothing is fetched.
fn of_object(path: &Path, stored_bytes: u64) -> Estimate {
    let name = path.to_string_lossy();
    let ratio = if name.ends_with(".gz") || name.ends_with(super::PARQUET_ENDING) { RATIO } else { 1 };
    let bytes = stored_bytes.saturating_mul(ratio);
    Estimate { files: 1, stored_bytes, bytes, records: bytes / RECORD_BYTES }
}

fn of_parquet(
    (path, storage): (&Path, &Storage),
    (names, window): (&BTreeSet<String>, TimeRange),
) -> Result<Estimate, String> {
    let stored_bytes = check_footer(storage, path).map_err(|error| error.to_string())?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let is_read = |column: &&ColumnChunkMetaData| is_read(&column.column_path().string(), names);
    let (mut bytes, mut records) = (0, 0);
    for group in reader.metadata().row_groups().iter().filter(|group| may_be_inside(group, window)) {
        let columns = group.columns().iter().filter(is_read);
        bytes += columns.map(|column| u64::try_from(column.uncompressed_size()).unwrap_or(0)).sum::<u64>();
        records += u64::try_from(group.num_rows()).unwrap_or(0);
    }
    Ok(Estimate { files: 1, stored_bytes, bytes, records })
}

/// Whether rows may have begun in the time, as far as statistics in seconds tell.
fn may_be_inside(group: &RowGroupMetaData, window: TimeRange) -> bool {
    let is_start = |column: &&ColumnChunkMetaData| {
        flow_field(&column.column_path().string()).is_some_and(|(field, _)| field == Field::Start)
    };
    let start = group.columns().iter().find(is_start).filter(|column| is_of_integers(column));
    let (first, last) = match start.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(known)) => (known.min_opt().copied(), known.max_opt().copied()),
        Some(Statistics::Int32(known)) => {
            (known.min_opt().map(|it| i64::from(*it)), known.max_opt().map(|it| i64::from(*it)))
        }
        _ => (None, None),
    };
    // Numbers beyond are of milliseconds, or of another type.
    let seconds = |number: Option<i64>| number.filter(|it| (0..=i64::from(i32::MAX)).contains(it));
    let (Some(first), Some(last)) = (seconds(first), seconds(last)) else { return true };
    first * 1000 <= window.end_ms && window.start_ms <= last * 1000 + 999
}

/// Whether a column holds plain numbers: neither dates nor times nor decimals, which are stored as numbers too.
fn is_of_integers(column: &ColumnChunkMetaData) -> bool {
    let described = column.column_descr();
    matches!(described.logical_type_ref(), None | Some(LogicalType::Integer { .. }))
        && !matches!(
            described.converted_type(),
            ConvertedType::DATE
                | ConvertedType::DECIMAL
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
        )
}

fn of_text((path, storage): (&Path, &Arc<Storage>), format: &Format) -> std::io::Result<Estimate> {
    let file = look(0, (path, storage), format)?;
    let opened = storage.open(path)?;
    let stored_bytes = opened.bytes;
    let bytes = length(path, stored_bytes)?;
    let (mut reader, mut lines, mut buffer) =
        (lines_of(file.unwrapped(opened)?, BUFFER_BYTES)?, Lines::new(format.clone()), vec![]);
    let (mut sampled_bytes, mut sampled, mut is_whole) = (0, 0, false);
    for _ in 0..SAMPLE_LINES {
        match reader.next(&mut buffer)? {
            Line::End => {
                is_whole = true;
                break;
            }
            Line::TooLong => {}
            Line::Text(line) => {
                if matches!(lines.read(&line), Ok(Some(_))) {
                    sampled += 1;
                    sampled_bytes += line.len() as u64 + 1;
                }
            }
        }
    }
    let records = match (is_whole, sampled) {
        (true, _) | (_, 0) => sampled,
        (false, _) => (bytes / (sampled_bytes / sampled).max(1)).max(sampled),
    };
    Ok(Estimate { files: 1, stored_bytes, bytes, records })
}

/// The length of a file's text.
fn length(path: &Path, stored_bytes: u64) -> std::io::Result<u64> {
    const ISIZE: usize = 4;
    let mut file = File::open(path)?;
    let mut magic = [0; GZIP_MAGIC.len()];
    if stored_bytes < (GZIP_MAGIC.len() + ISIZE) as u64 {
        return Ok(stored_bytes);
    }
    file.read_exact(&mut magic)?;
    if magic != GZIP_MAGIC {
        return Ok(stored_bytes);
    }
    file.seek(SeekFrom::End(-(ISIZE as i64)))?;
    let mut length = [0; ISIZE];
    file.read_exact(&mut length)?;
    Ok(u64::from(u32::from_le_bytes(length)).max(stored_bytes.saturating_sub(GZIP_FRAME_BYTES)))
}
