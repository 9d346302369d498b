//! Where the bytes of a file are, and reading them there.
#![expect(clippy::disallowed_methods, reason = "files are opened in this crate")]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use bytes::Bytes;

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this file.
    File(PathBuf),
    /// In memory.
    Memory(Bytes),
}

/// A file opened for reading: it stays readable when its name goes.
#[derive(Debug)]
pub enum Source {
    /// A file.
    File(File),
    /// Bytes in memory.
    Memory(Bytes),
}

impl Location {
    /// The file, for reading.
    ///
    /// # Errors
    /// Whatever the file system says: the file may be gone.
    pub fn open(&self) -> io::Result<Source> {
        match self {
            Location::File(path) => Ok(Source::File(File::open(path)?)),
            Location::Memory(bytes) => Ok(Source::Memory(bytes.clone())),
        }
    }
}

impl Source {
    /// Reads from `at` on into `buffer`; gives how many bytes there were, 0 at the end and behind it.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::File(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.read(buffer)
            }
            Source::Memory(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(buffer)
            }
        }
    }
}
