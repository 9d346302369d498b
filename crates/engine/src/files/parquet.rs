//! Flow logs as Parquet: a column a field, named as in a format with `_` for `-`.
//!
//! Source: VPC User Guide, "Flow log files" (Parquet).

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr as Lowered, cast, col, lit};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion::scalar::ScalarValue;
use futures::FutureExt;
use weir_flowlog::Field;
use weir_insights::{FLOW_FIELDS, FlowType, Plan, Run, TimeRange};

use super::UnreadableFile;
use super::read::Totals;
use crate::events::{GROUP, INGESTION, Part, SEQUENCE, STREAM, Shape, TIMESTAMP, names_read};
use crate::kind::Kind;
use crate::scope::column_of;

/// The column of a record's start, in seconds.
const START: &str = "start";

/// The parts that such files make up, one a file; those that cannot be read go to the totals.
///
/// The records of a file have no order but that of time, and one place.
pub async fn parts(
    context: &SessionContext,
    plan: &Plan,
    files: &[PathBuf],
    run: Run<'_>,
    totals: &mut Totals,
) -> Vec<Part> {
    let mut parts = vec![];
    for (index, path) in files.iter().enumerate() {
        // The reader trusts what lengths a file claims, and panics where they cannot be.
        let read = AssertUnwindSafe(part(context, plan, (index, path), run)).catch_unwind().await;
        match read.unwrap_or_else(|_| Err(BAD_LENGTH.into())) {
            Ok((part, records, bytes)) => {
                totals.records += records;
                totals.bytes += bytes;
                parts.push(part);
            }
            Err(why) => totals.unreadable.push(UnreadableFile { file: path.clone(), why }),
        }
    }
    parts
}

async fn part(
    context: &SessionContext,
    plan: &Plan,
    (index, path): (usize, &Path),
    run: Run<'_>,
) -> Result<(Part, u64, u64), String> {
    let text = |error: datafusion::error::DataFusionError| error.strip_backtrace();
    let bytes = check_footer(path).map_err(|error| error.to_string())?;
    let path_text = path.to_string_lossy().into_owned();
    let options = || ParquetReadOptions::default().file_extension("");
    let mut frame = context.read_parquet(path_text.clone(), options()).await.map_err(text)?;
    let records = frame.clone().count().await.map_err(text)? as u64;
    let has = |name: &str| frame.schema().fields().iter().any(|field| field.name() == name);
    let seconds = match has(START) {
        true => cast(quoted(START), DataType::Int64),
        false => lit(ScalarValue::Int64(None)),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut columns = vec![
        (seconds.clone() * lit(1000i64)).alias(TIMESTAMP),
        lit(index as i64).alias(SEQUENCE),
        lit(ScalarValue::Int64(None)).alias(INGESTION),
        cast(lit(path_text), DataType::Utf8View).alias(GROUP),
        cast(lit(name), DataType::Utf8View).alias(STREAM),
    ];
    let names = names_read(plan);
    let mut fields = vec![];
    for known in FLOW_FIELDS {
        let column = known.name.replace('-', "_");
        let is_read = names.contains(known.field) || names.contains("@message");
        if !is_read || !has(&column) || Field::named(known.name).is_none() {
            continue;
        }
        let (kind, data_type) = match known.kind {
            FlowType::Int => (Kind::DashInt, DataType::Int64),
            _ => (Kind::Text, DataType::Utf8View),
        };
        let own = format!("record_{}", fields.len());
        columns.push(cast(quoted(&column), data_type).alias(&own));
        fields.push((known.field.to_owned(), own, kind));
    }
    if run.window != TimeRange::ALL {
        // On the column itself, so that its statistics count.
        let (first, last) = (run.window.start_ms.div_euclid(1000), run.window.end_ms.div_euclid(1000));
        let is_inside = seconds.clone().gt_eq(lit(first)).and(seconds.clone().lt_eq(lit(last)));
        frame = frame.filter(is_inside.or(seconds.is_null())).map_err(text)?;
    }
    let frame = frame.select(columns).map_err(text)?;
    Ok((
        Part { frame, log: column_of(GROUP), shape: Shape::Records { fields, message: None } },
        records,
        bytes,
    ))
}

/// A column by its name as it is, whatever letters it has.
fn quoted(name: &str) -> Lowered {
    col(datafusion::common::Column::from_name(name))
}

/// Why a file is no Parquet whose reader has panicked.
const BAD_LENGTH: &str = "no Parquet: a length in it cannot be";

/// What a Parquet file begins and ends with.
const MAGIC: [u8; 4] = *b"PAR1";
/// The length of the metadata, and [`MAGIC`].
const FOOTER: u64 = 8;

/// Whether a file is Parquet: known by its first bytes, whatever it is called, or by its name if it has none.
pub fn is_parquet(path: &Path) -> bool {
    let mut first = [0; MAGIC.len()];
    match File::open(path).and_then(|mut file| file.read_exact(&mut first)) {
        Ok(()) => first == MAGIC || path.to_string_lossy().ends_with(super::PARQUET_ENDING),
        Err(_) => path.to_string_lossy().ends_with(super::PARQUET_ENDING),
    }
}

/// The length of a file, whose metadata fits into it (Parquet format, "File format").
pub fn check_footer(path: &Path) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let invalid = || Error::new(ErrorKind::InvalidData, "no Parquet: its footer is missing or cut off");
    if bytes < FOOTER + MAGIC.len() as u64 {
        return Err(invalid());
    }
    let mut footer = [0; FOOTER as usize];
    file.seek(SeekFrom::End(-(FOOTER as i64)))?;
    file.read_exact(&mut footer)?;
    let [a, b, c, d, magic @ ..] = footer;
    let fits = u64::from(u32::from_le_bytes([a, b, c, d])) + FOOTER <= bytes;
    if magic == MAGIC && fits { Ok(bytes) } else { Err(invalid()) }
}
