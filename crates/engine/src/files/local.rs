//! Parquet files on disk, read where their rows are wanted: no other thread is asked for bytes, and no footer is read twice.

use std::fs::File;
use std::future::ready;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::{Result, exec_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as Decoded;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

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
pub struct LocalFiles;

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
        Ok(Box::new(LocalFile::new(File::open(path)?, metadata.clone())?))
    }
}

struct LocalFile {
    file: File,
    bytes: u64,
    metadata: Option<Arc<ParquetMetaData>>,
}

impl LocalFile {
    fn new(file: File, metadata: Option<Arc<ParquetMetaData>>) -> std::io::Result<LocalFile> {
        Ok(LocalFile { bytes: file.metadata()?.len(), file, metadata })
    }

    /// What the footer says of places is believed only as far as the file goes: no memory is asked for beyond it.
    fn read(&mut self, Range { start, end }: Range<u64>) -> Decoded<Bytes> {
        if start > end || end > self.bytes {
            return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
        }
        let mut bytes = vec![0; (end - start) as usize];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes.into())
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
        let metadata = match &self.metadata {
            Some(metadata) => Ok(metadata.clone()),
            None => ParquetMetaDataReader::new().parse_and_finish(&self.file).map(Arc::new),
        };
        ready(metadata).boxed()
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
        let mut file = LocalFile::new(File::open(&path).expect("a file"), None).expect("a length");
        let metadata = file.get_metadata(None).now_or_never().expect("nothing to wait for");
        assert_eq!(metadata.expect("Parquet").file_metadata().num_rows(), 1);
        let len = bytes.len() as u64;
        assert_eq!(file.read(len - 4..len).expect("the magic"), "PAR1");
        // And what no file can have.
        for (start, end) in [(len - 4, len + 1), (0, u64::MAX), (len, len - 4)] {
            assert!(file.read(start..end).is_err(), "{start} to {end}");
        }
    }
}
