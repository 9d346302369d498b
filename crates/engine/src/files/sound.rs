//! Which Parquet files are damaged, where their footers do not tell.

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::parquet::{BAD_LENGTH, is_read};
use super::storage::Storage;

/// The files that cannot be read to their end, and why not: each is read once more for it. Objects are not asked again.
///
/// `names` are the fields that are read; what is damaged beside them does no harm.
pub fn damaged(files: &[PathBuf], names: &BTreeSet<String>, storage: &Storage) -> Vec<(PathBuf, String)> {
    let looked = storage.look(files, |_, path| match storage.object(path) {
        Some(_) => None,
        None => {
            let read = catch_unwind(AssertUnwindSafe(|| read(path, names)));
            read.unwrap_or_else(|_| Err(BAD_LENGTH.into())).err()
        }
    });
    let damaged = files.iter().zip(looked);
    damaged.filter_map(|(path, why)| Some((path.clone(), why?))).collect()
}

fn read(path: &Path, names: &BTreeSet<String>) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let columns = builder.schema().fields().iter().enumerate();
    let columns: Vec<usize> =
        columns.filter(|(_, column)| is_read(column.name(), names)).map(|(index, _)| index).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let mut batches = builder.with_projection(mask).build().map_err(|error| error.to_string())?;
    batches.try_for_each(|batch| batch.map(drop)).map_err(|error| error.to_string())
}
