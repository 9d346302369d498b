//! Objects as DataFusion's reader of Parquet asks for them: by number, and ranges of bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::reader::{ChunkReader, Length};
use futures::StreamExt;
use futures::stream::{BoxStream, once};

use super::passed::Passed;
use super::storage::Storage;

/// Where DataFusion finds such a store.
pub const URL: &str = "weir://objects";

/// The objects among files.
#[derive(Debug)]
pub struct Remote {
    storage: Arc<Storage>,
    paths: Vec<PathBuf>,
    /// How far each object is read.
    passed: Mutex<BTreeMap<usize, Passed>>,
}

impl Remote {
    /// The objects among these files, with what counts the bytes that reading is behind, and where the rows of each object end.
    pub fn new(
        storage: Arc<Storage>,
        paths: Vec<PathBuf>,
        (read_bytes, ends): (&Arc<AtomicU64>, &BTreeMap<usize, u64>),
    ) -> Remote {
        let passed = ends.iter().filter_map(|(index, end)| {
            let bytes = storage.bytes(paths.get(*index)?).ok()?;
            Some((*index, Passed::new(read_bytes.clone(), 0..bytes, *end)))
        });
        Remote { passed: Mutex::new(passed.collect()), storage, paths }
    }

    /// Where the store has the file of this place: a key may hold what a path of DataFusion's cannot.
    pub fn location(index: usize) -> StorePath {
        StorePath::from(index.to_string())
    }

    fn refused<T>(&self) -> Result<T> {
        Err(Error::NotSupported { source: "objects are only read".into() })
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects", self.paths.len())
    }
}

#[async_trait]
impl ObjectStore for Remote {
    async fn get_opts(&self, location: &StorePath, options: GetOptions) -> Result<GetResult> {
        let failed = |source: io::Error| Error::Generic { store: "objects", source: source.into() };
        let index: usize = location.as_ref().parse().unwrap_or(usize::MAX);
        let path = self.paths.get(index).ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?.clone();
        let size = self.storage.bytes(&path).map_err(failed)?;
        let range = match options.range {
            None => 0..size,
            Some(range) => range.as_range(size).map_err(|error| failed(io::Error::other(error)))?,
        };
        let (storage, wanted) = (self.storage.clone(), range.clone());
        // A request blocks: not one of the threads that compute.
        let read = tokio::task::spawn_blocking(move || storage.read(&path.to_string_lossy(), wanted)).await?;
        let bytes = read.map_err(failed)?;
        if let Some(passed) = self.passed.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&index) {
            passed.up_to(range.end);
        }
        Ok(GetResult {
            payload: GetResultPayload::Stream(once(async { Ok(bytes.into()) }).boxed()),
            meta: ObjectMeta {
                location: location.clone(),
                last_modified: Default::default(),
                size,
                e_tag: None,
                version: None,
            },
            range,
            attributes: Attributes::default(),
        })
    }

    async fn put_opts(&self, _: &StorePath, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        self.refused()
    }

    async fn put_multipart_opts(
        &self,
        _: &StorePath,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.refused()
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<StorePath>>,
    ) -> BoxStream<'static, Result<StorePath>> {
        let refused = self.refused();
        once(async { refused }).boxed()
    }

    fn list(&self, _: Option<&StorePath>) -> BoxStream<'static, Result<ObjectMeta>> {
        let refused = self.refused();
        once(async { refused }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&StorePath>) -> Result<ListResult> {
        self.refused()
    }

    async fn copy_opts(&self, _: &StorePath, _: &StorePath, _: CopyOptions) -> Result<()> {
        self.refused()
    }
}

/// An object whose footer is read.
pub struct Footed {
    storage: Arc<Storage>,
    path: String,
    bytes: u64,
}

impl Footed {
    /// The object at this path.
    ///
    /// # Errors
    /// It was not listed.
    pub fn new(storage: Arc<Storage>, path: &Path) -> io::Result<Footed> {
        let bytes = storage.bytes(path)?;
        Ok(Footed { storage, path: path.to_string_lossy().into_owned(), bytes })
    }
}

impl Length for Footed {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Footed {
    type T = io::Cursor<Vec<u8>>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(io::Cursor::new(self.storage.read(&self.path, start.min(self.bytes)..self.bytes)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.saturating_add(length as u64).min(self.bytes);
        Ok(self.storage.read(&self.path, start.min(end)..end)?.into())
    }
}
