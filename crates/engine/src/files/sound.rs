//! Which Parquet files are damaged, where their footers do not tell.

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::parquet::{BAD_LENGTH, is_read};
use super::storage::Storage;

/// The files that cannot be read to their end, and why not: each is read once more for it. Objects are not asked again.
///
/// `names` are the fields that are read; what is damaged beside them does no harm. Once `cancelled` is set, nothing more is
/// found.
pub fn damaged(
    files: &[PathBuf],
    names: &BTreeSet<String>,
    (storage, cancelled): (&Storage, &AtomicBool),
) -> Vec<(PathBuf, String)> {
    let looked = storage.look(files, |_, path| match storage.object(path) {
        _ if cancelled.load(Relaxed) => None,
        Some(_) => None,
        None => {
            let read = catch_unwind(AssertUnwindSafe(|| read(path, names, cancelled)));
            read.unwrap_or_else(|_| Err(BAD_LENGTH.into())).err()
        }
    });
    let damaged = files.iter().zip(looked);
    damaged.filter_map(|(path, why)| Some((path.clone(), why?))).collect()
}

fn read(path: &Path, names: &BTreeSet<String>, cancelled: &AtomicBool) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let columns = builder.schema().fields().iter().enumerate();
    let columns: Vec<usize> =
        columns.filter(|(_, column)| is_read(column.name(), names)).map(|(index, _)| index).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let batches = builder.with_projection(mask).build().map_err(|error| error.to_string())?;
    let mut batches = batches.take_while(|_| !cancelled.load(Relaxed));
    batches.try_for_each(|batch| batch.map(drop)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Directory;
    use crate::tests::files::as_parquet;

    #[test]
    fn a_stopped_query_looks_for_no_damage() {
        let directory = Directory::new("sound");
        let path = directory.path().join("a.parquet");
        as_parquet("v2_records.log", &path);
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[4..200].fill(0xff);
        std::fs::write(&path, bytes).expect("room");
        let (names, storage) = (BTreeSet::from(["version".to_owned()]), Storage::default());
        let found = |is_stopped: bool| {
            let cancelled = AtomicBool::new(is_stopped);
            damaged(std::slice::from_ref(&path), &names, (&storage, &cancelled)).len()
        };
        assert_eq!((found(false), found(true)), (1, 0));
    }
}
