//! Parquet files on disk, read where their rows are wanted: no other thread is asked for bytes, and no footer is read twice.

use std::collections::BTreeSet;
use std::fs::File;
use std::future::ready;
use std::io::{Cursor, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use datafusion::common::{Result, exec_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as Decoded;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::buffers::Buffers;
use super::inflated::Inflated;
use super::passed::{Passed, rows_end};

/// Files whose metadata is kept from the first look: of more, that of the others is read again.
pub const METADATA_MAX: usize = 4096;

/// What the first look at a file has found. Goes with the file through the plan.
#[derive(Debug)]
pub struct Looked {
    /// Where it is.
    pub path: PathBuf,
    /// What its footer says, if that is kept.
    pub metadata: Option<Arc<ParquetMetaData>>,
}

/// Opens files that were [`Looked`] at.
#[derive(Debug)]
pub struct LocalFiles {
    /// The columns that are read of them.
    pub columns: BTreeSet<String>,
    /// What they are inflated into.
    pub buffers: Buffers,
    /// Counts the bytes that reading is behind.
    pub read_bytes: Arc<AtomicU64>,
}

impl ParquetFileReaderFactory for LocalFiles {
    fn create_reader(
        &self,
        _: usize,
        file: PartitionedFile,
        _: Option<usize>,
        _: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let Some(Looked { path, metadata }) = file.extension::<Looked>() else {
            return exec_err!("{} was never looked at", file.object_meta.location);
        };
        // Of a file that is read in parts, the place of its first column tells in which a row group is.
        let first = usize::from(file.range.is_some());
        let is_wanted = |at: usize, column: &ColumnChunkMetaData| {
            at >= first && self.columns.contains(&column.column_path().string())
        };
        let mut opened = LocalFile::open(path, metadata.as_ref(), &self.buffers, is_wanted)?;
        let part = file.range.as_ref().map(|range| range.start.max(0) as u64..range.end.max(0) as u64);
        let (part, rows_end) = (part.unwrap_or(0..opened.stored.bytes), rows_end(&opened.metadata));
        opened.passed = Some(Passed::new(self.read_bytes.clone(), part, rows_end));
        Ok(Box::new(opened))
    }
}

/// A file, read at its places.
#[derive(Debug)]
pub struct Stored {
    file: File,
    /// Its length.
    pub bytes: u64,
}

impl Stored {
    /// An open file.
    ///
    /// # Errors
    /// The system does not tell its length.
    pub fn new(file: File) -> std::io::Result<Stored> {
        Ok(Stored { bytes: file.metadata()?.len(), file })
    }

    /// Bytes at a place of the file.
    ///
    /// What the footer says of places is believed only as far as the file goes: no memory is asked for beyond it.
    ///
    /// # Errors
    /// The file does not go so far, or cannot be read.
    pub fn read(&self, Range { start, end }: Range<u64>) -> Decoded<Bytes> {
        if start > end || end > self.bytes {
            return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
        }
        let mut bytes = vec![0; (end - start) as usize];
        self.read_into(start, &mut bytes)?;
        Ok(bytes.into())
    }

    /// Fills `bytes` with those at a place of the file.
    ///
    /// # Errors
    /// The file does not go so far, or cannot be read.
    pub fn read_into(&self, start: u64, bytes: &mut [u8]) -> std::io::Result<()> {
        self.file.read_exact_at(bytes, start)
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Stored {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Decoded<Self::T> {
        Ok(Cursor::new(self.read(start..self.bytes)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        self.read(start..start.saturating_add(length as u64))
    }
}

/// A file as its reader sees it.
pub struct LocalFile {
    stored: Stored,
    metadata: Arc<ParquetMetaData>,
    /// The columns that were compressed.
    pub inflated: Option<Inflated>,
    /// Counts what is read, if anybody asks.
    passed: Option<Passed>,
}

impl LocalFile {
    /// A file whose footer says this, or says what is not known yet. The columns that `is_wanted` tells are inflated at once.
    ///
    /// # Errors
    /// The file cannot be read, or has no such footer.
    pub fn open(
        path: &Path,
        metadata: Option<&Arc<ParquetMetaData>>,
        buffers: &Buffers,
        is_wanted: impl Fn(usize, &ColumnChunkMetaData) -> bool,
    ) -> Decoded<LocalFile> {
        let stored = Stored::new(File::open(path)?)?;
        let metadata = match metadata {
            Some(metadata) => metadata.clone(),
            None => Arc::new(ParquetMetaDataReader::new().parse_and_finish(&stored)?),
        };
        let inflated = Inflated::new(&metadata, (&stored, buffers), is_wanted);
        Ok(LocalFile { stored, metadata, inflated, passed: None })
    }

    /// What the reader is told of the file.
    pub fn metadata(&self) -> Arc<ParquetMetaData> {
        self.inflated.as_ref().map_or(&self.metadata, |inflated| &inflated.metadata).clone()
    }

    fn read(&mut self, range: Range<u64>) -> Decoded<Bytes> {
        if let Some(passed) = &mut self.passed {
            let stored_end = self.inflated.as_ref().and_then(|inflated| inflated.stored_end(range.start));
            passed.up_to(stored_end.unwrap_or(range.end));
        }
        let inflated = self.inflated.as_mut().and_then(|inflated| inflated.read(&range, &self.stored));
        inflated.unwrap_or_else(|| self.stored.read(range))
    }
}

impl AsyncFileReader for LocalFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Decoded<Bytes>> {
        // Reading is work more than waiting: the pages are mostly in memory, and decompressing them is what takes long.
        ready(self.read(range)).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Decoded<Arc<ParquetMetaData>>> {
        ready(Ok(self.metadata())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use weir_insights::{QueryResult, ResultRow};

    use super::*;
    use crate::output::parquet;
    use crate::tests::Directory;

    #[test]
    fn what_was_not_kept_is_read_and_what_was_cut_off_is_an_error() {
        let directory = Directory::new("local");
        let path = directory.path().join("a.parquet");
        let rows = vec![ResultRow { values: vec![Some("1".into())], ptr: None }];
        let result = QueryResult { columns: vec!["bytes".into()], rows, ..QueryResult::default() };
        let bytes = parquet(&result).expect("a column");
        std::fs::write(&path, &bytes).expect("a file");
        let mut file = LocalFile::open(&path, None, &Buffers::default(), |_, _| false).expect("Parquet");
        let metadata = file.get_metadata(None).now_or_never().expect("nothing to wait for");
        assert_eq!(metadata.expect("Parquet").file_metadata().num_rows(), 1);
        let len = bytes.len() as u64;
        assert_eq!(file.read(len - 4..len).expect("the magic"), "PAR1");
        // And what no file can have.
        for (start, end) in [(len - 4, len + 1), (0, u64::MAX), (len, len - 4)] {
            assert!(file.read(start..end).is_err(), "{start} to {end}");
        }
    }

    /// A file of records, which goes with its folder, and its length.
    fn records(name: &str) -> (Directory, PartitionedFile, u64) {
        let directory = Directory::new(name);
        let path = directory.path().join("a.parquet");
        crate::tests::files::as_parquet("v2_records.log", &path);
        let bytes = std::fs::metadata(&path).expect("a file").len();
        let looked = Looked { path, metadata: None };
        (directory, PartitionedFile::new("a.parquet", bytes).with_extension(looked), bytes)
    }

    /// A reader of columns, and what it is told of the file.
    fn opened(
        file: &PartitionedFile,
        names: &[&str],
        read_bytes: &Arc<AtomicU64>,
    ) -> (Box<dyn AsyncFileReader + Send>, Arc<ParquetMetaData>) {
        let columns = names.iter().map(|name| (*name).to_owned()).collect();
        let files = LocalFiles { columns, buffers: Buffers::default(), read_bytes: read_bytes.clone() };
        let metrics = ExecutionPlanMetricsSet::new();
        let mut reader = files.create_reader(0, file.clone(), None, &metrics).expect("a file");
        let metadata = reader.get_metadata(None).now_or_never().expect("nothing to wait for");
        (reader, metadata.expect("Parquet"))
    }

    /// The compressions of columns as the reader of a file is told them.
    fn compressions(file: &PartitionedFile, names: &[&str]) -> Vec<String> {
        let (_, metadata) = opened(file, names, &Arc::default());
        let columns = metadata.row_group(0).columns();
        columns.iter().map(|column| format!("{:?}", column.compression())[..4].to_owned()).collect()
    }

    #[test]
    fn what_is_read_counts_where_it_is_stored() {
        let (_directory, file, bytes) = records("passed");
        let read_bytes = Arc::new(AtomicU64::new(0));
        let read = || read_bytes.load(std::sync::atomic::Ordering::Relaxed);
        let (mut reader, metadata) = opened(&file, &["version"], &read_bytes);
        // The first column is shown behind the file's end, where it is not counted; the second is where it is.
        let mut behind = 0;
        for column in &metadata.row_group(0).columns()[..2] {
            let (start, length) = column.byte_range();
            reader.get_bytes(start..start + length).now_or_never().expect("no wait").expect("a column");
            assert!(read() > behind && read() < bytes, "{} of {bytes}", read());
            behind = read();
        }
        let (start, length) = metadata.row_group(0).column(1).byte_range();
        assert_eq!(behind, start + length);
        reader.get_bytes(bytes - 8..bytes).now_or_never().expect("no wait").expect("the footer");
        assert_eq!(read(), behind);
        drop(reader);
        assert_eq!(read(), bytes);
    }

    #[test]
    fn columns_that_are_read_are_shown_inflated_but_for_the_first_of_a_part() {
        let (_directory, whole, bytes) = records("columns");
        let part = whole.clone().with_range(0, bytes as i64);
        let first = |file: &PartitionedFile, names: &[&str]| compressions(file, names)[..3].join(" ");
        assert_eq!(first(&whole, &[]), "GZIP GZIP GZIP");
        assert_eq!(first(&whole, &["version", "interface_id"]), "UNCO GZIP UNCO");
        assert_eq!(first(&part, &["version", "interface_id"]), "GZIP GZIP UNCO");
    }
}
