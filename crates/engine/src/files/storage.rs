//! Where files are: on disk, or objects of buckets.
//!
//! The first bytes of an object, or its last if it is Parquet, are wanted first, to know its format: they are kept for when
//! the object is read, and small objects are fetched but once.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::PARQUET_ENDING;

/// Requests at once: many objects are small, and then waiting is nearly all there is.
pub const REQUESTS_MAX: usize = 16;
/// Objects up to this length are fetched as a whole.
const WHOLE_BYTES: u64 = 256 << 10;
/// What is fetched first of longer ones; the metadata of most Parquet files fits.
pub const FIRST_BYTES: u64 = 64 << 10;
/// What is fetched at once of what is streamed.
const STREAM_BYTES: u64 = 8 << 20;
/// What may be kept of all objects.
const KEPT_BYTES_MAX: u64 = 256 << 20;

/// What holds objects that are read as files. Their paths begin with [`Objects::scheme`].
pub trait Objects: fmt::Debug + Send + Sync {
    /// What the paths begin with, as `s3://`.
    fn scheme(&self) -> &'static str;

    /// What is below a folder, whose path ends with a slash, or begins so: all objects if `is_deep`, else those before the
    /// next slash, and folders.
    ///
    /// # Errors
    /// Whoever holds them refuses, or cannot be reached.
    fn list(&self, prefix: &str, is_deep: bool) -> io::Result<Listing>;

    /// Bytes of an object.
    ///
    /// # Errors
    /// Whoever holds it refuses, or cannot be reached.
    fn read(&self, path: &str, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// What is below a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Paths and lengths of objects.
    pub objects: Vec<(String, u64)>,
    /// Paths of folders, each with a slash at its end.
    pub folders: Vec<String>,
}

/// Files on disk, and objects if there is something that holds some.
#[derive(Debug, Default)]
pub struct Storage {
    objects: Option<Box<dyn Objects>>,
    /// The lengths of objects that were listed.
    lengths: Mutex<BTreeMap<String, u64>>,
    kept: Mutex<Kept>,
}

/// What was fetched of objects and may be wanted again.
#[derive(Debug, Default)]
struct Kept {
    parts: BTreeMap<String, (u64, Arc<Vec<u8>>)>,
    bytes: u64,
}

/// A file that is open.
pub struct Opened {
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
    /// How many they are.
    pub bytes: u64,
}

impl Storage {
    /// Files on disk, and objects.
    pub fn with(objects: Box<dyn Objects>) -> Storage {
        Storage { objects: Some(objects), ..Storage::default() }
    }

    /// The path as that of an object; `None` if it is a file's.
    pub fn object<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let scheme = self.objects.as_ref()?.scheme();
        path.to_str().filter(|path| path.starts_with(scheme))
    }

    /// Lists, and remembers the lengths.
    ///
    /// # Errors
    /// As [`Objects::list`].
    pub fn list(&self, prefix: &str, is_deep: bool) -> io::Result<Listing> {
        let listing = self.objects()?.list(prefix, is_deep)?;
        let mut lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        lengths.extend(listing.objects.iter().cloned());
        Ok(listing)
    }

    /// The length of a file.
    ///
    /// # Errors
    /// It is not there; an object that was never listed is not.
    pub fn bytes(&self, path: &Path) -> io::Result<u64> {
        let Some(object) = self.object(path) else { return Ok(std::fs::metadata(path)?.len()) };
        let lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        lengths.get(object).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Opens a file. An object is fetched piece by piece as it is read.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn open(self: &Arc<Storage>, path: &Path) -> io::Result<Opened> {
        let Some(object) = self.object(path) else {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            return Ok(Opened { reader: Box::new(file), bytes });
        };
        let bytes = self.bytes(path)?;
        let pieces = Pieces {
            storage: self.clone(),
            path: object.to_owned(),
            at: 0,
            bytes,
            piece: io::Cursor::default(),
        };
        Ok(Opened { reader: Box::new(pieces), bytes })
    }

    /// Bytes of an object; those that are wanted first are kept.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub fn read(&self, path: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.kept(path, &range) {
            return Ok(bytes);
        }
        let bytes = self.bytes(Path::new(path))?;
        let first = first_of(path, bytes);
        let is_within = first.start <= range.start && range.end <= first.end;
        if !is_within || !self.has_room(first.end - first.start) {
            // What is kept already is not fetched again.
            let head = range.start..range.end.min(first.end);
            let known = Some(head).filter(|head| !head.is_empty()).and_then(|head| self.kept(path, &head));
            let mut read = known.unwrap_or_default();
            let start = range.start + read.len() as u64;
            read.extend(self.exactly(path, start..range.end)?);
            return Ok(read);
        }
        let fetched = Arc::new(self.exactly(path, first.clone())?);
        let slice = fetched[place(range.start - first.start)..place(range.end - first.start)].to_vec();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += fetched.len() as u64;
        kept.parts.insert(path.to_owned(), (first.start, fetched));
        Ok(slice)
    }

    /// Fetches bytes of an object.
    fn exactly(&self, path: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let wanted = range.end.saturating_sub(range.start);
        if wanted == 0 {
            return Ok(vec![]);
        }
        let read = self.objects()?.read(path, range)?;
        match read.len() as u64 == wanted {
            true => Ok(read),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than its listing says")),
        }
    }

    fn kept(&self, path: &str, range: &Range<u64>) -> Option<Vec<u8>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, bytes) = kept.parts.get(path)?;
        let from = place(range.start.checked_sub(*start)?);
        bytes.get(from..place(range.end.checked_sub(*start)?)).map(<[u8]>::to_vec)
    }

    fn has_room(&self, bytes: u64) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes + bytes <= KEPT_BYTES_MAX
    }

    fn objects(&self) -> io::Result<&dyn Objects> {
        self.objects.as_deref().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// What `look` sees of each file: of several objects at once, as it waits for them, and of as many files as there are
    /// processors.
    pub fn look<T: Send>(
        &self,
        paths: &[impl AsRef<Path> + Sync],
        look: impl Fn(usize, &Path) -> T + Sync,
    ) -> Vec<T> {
        let count = paths.iter().filter(|path| self.object(path.as_ref()).is_some()).count();
        let paths: Vec<(usize, &Path)> = paths.iter().map(AsRef::as_ref).enumerate().collect();
        let most = match count {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            _ => REQUESTS_MAX,
        };
        at_once(&paths, most, |(index, path)| look(*index, path))
    }
}

/// What `each` makes of the items, at most `most` at once, in their order.
pub fn at_once<I: Sync, T: Send>(items: &[I], most: usize, each: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let most = most.min(items.len());
    if most <= 1 {
        return items.iter().map(each).collect();
    }
    let begun = AtomicUsize::new(0);
    let made = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..most {
            scope.spawn(|| {
                loop {
                    let index = begun.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = each(item);
                    made.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    made.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// What is wanted first of an object of this length.
fn first_of(path: &str, bytes: u64) -> Range<u64> {
    match bytes {
        ..=WHOLE_BYTES => 0..bytes,
        _ if path.ends_with(PARQUET_ENDING) => bytes - FIRST_BYTES..bytes,
        _ => 0..FIRST_BYTES,
    }
}

/// A place in memory: what is larger than memory is behind its end.
fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// An object that is fetched as it is read.
struct Pieces {
    storage: Arc<Storage>,
    path: String,
    /// Where the next piece begins.
    at: u64,
    bytes: u64,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || buffer.is_empty() || self.at >= self.bytes {
            return Ok(read);
        }
        let first = first_of(&self.path, self.bytes);
        let end = if first.contains(&self.at) { first.end } else { self.at + STREAM_BYTES };
        let range = self.at..end.min(self.bytes);
        self.at = range.end;
        self.piece = io::Cursor::new(self.storage.read(&self.path, range)?);
        self.piece.read(buffer)
    }
}
