//! The disk: everything of the outside world that buckets touch, behind one trait.
//!
//! [`FolderDisk`] is a folder; [`MemoryDisk`] forgets all when it is dropped and can be told to fail. Files are named by
//! number and written once.

mod folder;
mod memory;

use rusqlite::Connection;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

pub use folder::FolderDisk;
pub use memory::{Fault, MemoryDisk};

/// Files by number, and the catalog's database.
pub trait Disk: Debug + Send + Sync {
    /// An empty file.
    fn create(&self, id: u64) -> io::Result<Box<dyn NewFile>>;
    /// A file, to be read.
    fn open(&self, id: u64) -> io::Result<Box<dyn WrittenFile>>;
    /// Takes a file away.
    fn remove(&self, id: u64) -> io::Result<()>;
    /// The numbers of all files.
    fn list(&self) -> io::Result<Vec<u64>>;
    /// Makes the names of all files durable.
    fn sync_names(&self) -> io::Result<()>;
    /// Is asked before a transaction of the catalog commits, so that a disk for tests can fail there.
    fn before_commit(&self) -> io::Result<()> {
        Ok(())
    }
    /// The catalog's database.
    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>>;
}

/// A file that grows.
pub trait NewFile: Debug + Send {
    /// Adds all of `bytes` at the end.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes all bytes added so far durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is whole.
pub trait WrittenFile: Debug + Send + Sync {
    /// Reads from `at` on into `buffer`; gives how many bytes there were, 0 at the end.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
}
