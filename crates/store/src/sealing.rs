//! From rows in memory to segments: sorting, splitting by day, writing Parquet.
//!
//! A file is written under another name, synced, renamed and its name synced; only then may the catalog list it.

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field, Int64Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::disk::{Disk, parent};
use crate::error::SealError;
use crate::group::GroupKey;
use crate::record::{self, Batch, ENTITY, SEQUENCE, SYSTEM_COLUMNS, TIMESTAMP};
use crate::segment::Segment;

/// Rows of a row group: what a reader of few rows decodes at least.
const ROW_GROUP_ROWS: usize = 64 * 1024;
/// Of the levels that are cheap enough to keep up with ingestion, the densest.
const ZSTD_LEVEL: i32 = 3;
/// Milliseconds of a UTC day: segments do not cross its end.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// The longest file name that all usual file systems take, less room for `log_group=`.
const NAME_BYTES_MAX: usize = 240;
/// Columns whose values rise or hardly differ from row to row.
const DELTA_COLUMNS: [&str; 5] = [SYSTEM_COLUMNS[0], SYSTEM_COLUMNS[1], SYSTEM_COLUMNS[3], "start", "end"];

/// Rows of one group, day and line format, sorted.
#[derive(Debug)]
pub(crate) struct Sorted {
    day: i64,
    batch: Batch,
}

/// The rows of `batches` from `from_ms` on, sorted, apart by line format and day.
pub(crate) fn sort(batches: &[Batch], from_ms: i64) -> Result<Vec<Sorted>, SealError> {
    let mut formats: Vec<_> = batches.iter().map(|batch| &batch.format).collect();
    formats.sort();
    formats.dedup();
    let mut sorted = Vec::new();
    for format in formats {
        let of_format: Vec<_> = batches.iter().filter(|batch| batch.format == *format).collect();
        let raw_bytes = of_format.iter().map(|batch| batch.raw_bytes).sum();
        let records = match of_format[..] {
            [only] => only.records.clone(),
            _ => record::concat(&of_format.iter().map(|batch| &batch.records).collect::<Vec<_>>())?,
        };
        let records = sort_records(&records, from_ms)?;
        split_days(&Batch { format: format.clone(), records, raw_bytes }, &mut sorted)?;
    }
    Ok(sorted)
}

/// The rows from `from_ms` on in the order of timestamp and sequence number, in one copy.
fn sort_records(records: &RecordBatch, from_ms: i64) -> Result<RecordBatch, SealError> {
    let timestamps = records.column(TIMESTAMP).as_primitive::<Int64Type>().values();
    let sequences = records.column(SEQUENCE).as_primitive::<Int64Type>().values();
    let rows = (0..records.num_rows()).filter(|row| timestamps[*row] >= from_ms);
    let mut rows: Vec<_> = rows.map(|row| (timestamps[row], sequences[row], row as u32)).collect();
    rows.sort_unstable();
    Ok(take_record_batch(records, &UInt32Array::from_iter_values(rows.into_iter().map(|row| row.2)))?)
}

fn split_days(batch: &Batch, out: &mut Vec<Sorted>) -> Result<(), SealError> {
    let timestamps = batch.records.column(TIMESTAMP).as_primitive::<Int64Type>().values();
    let day_of = |row: usize| timestamps[row].div_euclid(DAY_MS);
    let rows = timestamps.len();
    let mut start = 0;
    while start < rows {
        let day = day_of(start);
        let length =
            timestamps[start..].partition_point(|timestamp_ms| timestamp_ms.div_euclid(DAY_MS) == day);
        // Bytes are counted by batch: a day gets its share by rows.
        let raw_bytes = (u128::from(batch.raw_bytes) * length as u128 / rows as u128) as u64;
        let records = record::without_void_entities(batch.records.slice(start, length))?;
        out.push(Sorted { day, batch: Batch { format: batch.format.clone(), records, raw_bytes } });
        start += length;
    }
    Ok(())
}

/// Writes `sorted` as segment `id` of `group`: when this returns, its bytes and its name are durable.
pub(crate) fn write(
    disk: &Arc<dyn Disk>,
    group: &GroupKey,
    id: u64,
    sorted: &Sorted,
) -> Result<Segment, SealError> {
    let bytes = parquet(group, &sorted.batch)?;
    let path = path(group, sorted.day, id);
    place(disk.as_ref(), &path, &bytes)?;
    let records = &sorted.batch.records;
    let timestamps = records.column(TIMESTAMP).as_primitive::<Int64Type>().values();
    let sequences = records.column(SEQUENCE).as_primitive::<Int64Type>().values();
    Ok(Segment {
        id,
        path,
        format: sorted.batch.format.clone(),
        min_ms: timestamps.first().copied().unwrap_or_default(),
        max_ms: timestamps.last().copied().unwrap_or_default(),
        min_sequence: sequences.iter().min().map_or(0, |sequence| *sequence as u64),
        rows: records.num_rows() as u64,
        bytes: bytes.len() as u64,
        raw_bytes: sorted.batch.raw_bytes,
        entity_bytes: record::entity_bytes(records),
        disk: disk.clone(),
        is_doomed: AtomicBool::new(false),
    })
}

/// Puts a whole file at `path`, or none.
pub(crate) fn place(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{path}.tmp");
    let mut file = disk.create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync()?;
    disk.rename(&unfinished, path)?;
    disk.sync_dir(parent(path))
}

fn parquet(group: &GroupKey, batch: &Batch) -> Result<Vec<u8>, SealError> {
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.records.schema(), Some(properties(group, batch)))?;
    writer.write(&batch.records)?;
    writer.close()?;
    Ok(bytes)
}

fn properties(group: &GroupKey, batch: &Batch) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("zstd has this level");
    let facts = [
        ("weir.account", group.account.as_str()),
        ("weir.region", &group.region),
        ("weir.group", &group.name),
        ("weir.format", batch.format.as_deref().unwrap_or("")),
    ];
    let facts = facts.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let order = [TIMESTAMP, SEQUENCE].map(|column| SortingColumn {
        column_idx: column as i32,
        descending: false,
        nulls_first: false,
    });
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_key_value_metadata(Some(facts.to_vec()))
        .set_sorting_columns(Some(order.to_vec()));
    let schema = batch.records.schema();
    let is_unordered = |field: &&Arc<Field>| *field.data_type() == DataType::Utf8 || field.name() == ENTITY;
    let texts = schema.fields().iter().filter(is_unordered);
    let builder = texts.fold(builder, |builder, field| unbounded(builder, field.name()));
    DELTA_COLUMNS.into_iter().fold(builder, delta).build()
}

/// Text is in no order: its smallest and greatest value would exclude nothing and cost a tenth of the sealing.
fn unbounded(builder: WriterPropertiesBuilder, column: &str) -> WriterPropertiesBuilder {
    builder.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::None)
}

fn delta(builder: WriterPropertiesBuilder, column: &str) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column);
    builder
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
}

fn path(group: &GroupKey, day: i64, id: u64) -> String {
    let (year, month, day) = civil(day);
    format!(
        "logs/aws_account_id={}/aws_region={}/log_group={}/day={year:04}-{month:02}-{day:02}/{id:012}.parquet",
        encode(&group.account),
        encode(&group.region),
        encode(&group.name),
    )
}

/// `name` percent-encoded but for letters, digits, `.`, `-` and `_`; a name too long for a file system is cut and ends in
/// `~` and its CRC-32. The whole name is in the file.
fn encode(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a String takes any text"),
        }
    }
    if out.len() > NAME_BYTES_MAX {
        out.truncate(NAME_BYTES_MAX - 9);
        write!(out, "~{:08x}", crc32fast::hash(name.as_bytes())).expect("a String takes any text");
    }
    out
}

/// Year, month and day of a day counted from 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, timestamp_ms: i64, expected: &str) {
        let key = GroupKey::new("123456789010", "us-east-1", name);
        assert_eq!(path(&key, timestamp_ms.div_euclid(DAY_MS), 7), expected);
    }

    #[test]
    fn paths_are_hive_partitions_by_group_and_utc_day() {
        let place = "logs/aws_account_id=123456789010/aws_region=us-east-1";
        let day = |day| format!("{place}/log_group=g/day={day}/000000000007.parquet");
        check("g", 0, &day("1970-01-01"));
        check("g", -1, &day("1969-12-31"));
        check("g", 951_782_400_000, &day("2000-02-29"));
        check("g", 1_735_689_599_999, &day("2024-12-31"));
        check("g", 1_735_689_600_000, &day("2025-01-01"));
        check(
            "/vpc/a#b=é",
            0,
            &format!("{place}/log_group=%2Fvpc%2Fa%23b%3D%C3%A9/day=1970-01-01/000000000007.parquet"),
        );
    }

    #[test]
    fn long_names_stay_short_and_apart() {
        let (a, b) = (encode(&"/".repeat(512)), encode(&"/".repeat(511)));
        assert!(a.len() <= NAME_BYTES_MAX && b.len() <= NAME_BYTES_MAX);
        assert_ne!(a, b);
    }
}
