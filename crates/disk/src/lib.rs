//! The disk: the files and the catalog of those who keep something, behind one trait.
//!
//! [`FileDisk`] is a directory; [`MemoryDisk`] forgets all when it is dropped and can be told to fail. Paths are relative
//! to the disk, with `/` between their parts. Durability is asked for step by step: a file's bytes by
//! [`DiskFile::sync`], its name by [`Disk::sync_dir`]; the catalog's transactions are durable when they commit.

pub mod catalog;
mod file;
mod location;
mod memory;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub use file::FileDisk;
pub use location::{Location, Source};
pub use memory::{Fault, MemoryDisk};

/// Files, and the catalog's database.
pub trait Disk: Debug + Send + Sync {
    /// An empty file at `path`, whatever was there; its directories are made.
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// All bytes of the file at `path`.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Where a reader finds the file at `path`.
    fn locate(&self, path: &str) -> io::Result<Location>;
    /// The paths of all files below directory `dir`, sorted; none if there is no such directory.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Gives the file at `from` the name `to`, whatever was there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes the file at `path` away.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes the names in directory `dir` durable, and the directory itself.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// Is asked before a transaction of the catalog commits, so that a disk for tests can fail there.
    fn before_commit(&self) -> io::Result<()> {
        Ok(())
    }
    /// The catalog's database.
    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>>;
}

/// A file that grows.
pub trait DiskFile: Debug + Send {
    /// Adds all of `bytes` at the end.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes all bytes added so far durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The directory of `path`; the disk itself has the empty name.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Takes the lock; one that a panic has left is taken all the same, for no state is changed by halves under it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
