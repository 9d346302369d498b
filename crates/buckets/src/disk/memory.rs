//! A disk in memory, for buckets that keep nothing and for tests of those that keep everything.
//!
//! It knows which bytes and names have been made durable, so that [`MemoryDisk::crash`] leaves what a power cut would.

use super::{Disk, NewFile, WrittenFile};
use crate::lock;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

/// A step of the disk that goes wrong. Steps are counted from 0: each create, write, sync, removal, sync of names and commit
/// of the catalog is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This step fails for want of space; the next may succeed.
    Full(u64),
    /// This step and all after it fail, as if the machine had stopped there.
    Stop(u64),
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    files: Arc<Mutex<Files>>,
    catalog: Arc<Mutex<Option<Arc<Mutex<Connection>>>>>,
}

#[derive(Debug, Default)]
struct Files {
    names: BTreeMap<u64, Arc<Mutex<Content>>>,
    durable_names: BTreeMap<u64, Arc<Mutex<Content>>>,
    steps: u64,
    fault: Option<Fault>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: usize,
}

impl MemoryDisk {
    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        lock(&self.files).steps
    }

    /// Makes a step fail, or none.
    pub fn set_fault(&self, fault: Option<Fault>) {
        lock(&self.files).fault = fault;
    }

    /// The disk after a power cut: files have what was synced, and names not synced are as before. With `is_lucky` all
    /// that was written is there. The catalog has what was committed. Faults are gone.
    pub fn crash(&self, is_lucky: bool) -> MemoryDisk {
        let files = lock(&self.files);
        let names = if is_lucky { &files.names } else { &files.durable_names };
        let cut = |content: &Arc<Mutex<Content>>| {
            let mut content = lock(content).clone();
            if !is_lucky {
                content.bytes.truncate(content.durable);
            }
            Arc::new(Mutex::new(content))
        };
        let names: BTreeMap<_, _> = names.iter().map(|(id, content)| (*id, cut(content))).collect();
        let files = Files { durable_names: names.clone(), names, ..Files::default() };
        MemoryDisk { files: Arc::new(Mutex::new(files)), catalog: self.catalog.clone() }
    }

    /// How many files there are.
    pub fn file_count(&self) -> usize {
        lock(&self.files).names.len()
    }

    fn step(&self) -> io::Result<()> {
        let mut files = lock(&self.files);
        let step = files.steps;
        files.steps += 1;
        match files.fault {
            Some(Fault::Full(at)) if step == at => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::Stop(at)) if step >= at => Err(io::Error::other("the machine has stopped")),
            _ => Ok(()),
        }
    }
}

impl Disk for MemoryDisk {
    fn create(&self, id: u64) -> io::Result<Box<dyn NewFile>> {
        self.step()?;
        let content = Arc::new(Mutex::new(Content::default()));
        lock(&self.files).names.insert(id, content.clone());
        Ok(Box::new(Growing { disk: self.clone(), content }))
    }

    fn open(&self, id: u64) -> io::Result<Box<dyn WrittenFile>> {
        let content = lock(&self.files).names.get(&id).cloned();
        Ok(Box::new(Whole(content.ok_or(io::ErrorKind::NotFound)?)))
    }

    fn remove(&self, id: u64) -> io::Result<()> {
        self.step()?;
        lock(&self.files).names.remove(&id);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(lock(&self.files).names.keys().copied().collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.step()?;
        let mut files = lock(&self.files);
        files.durable_names = files.names.clone();
        Ok(())
    }

    fn before_commit(&self) -> io::Result<()> {
        self.step()
    }

    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>> {
        let mut catalog = lock(&self.catalog);
        if let Some(catalog) = &*catalog {
            return Ok(catalog.clone());
        }
        let connection = Arc::new(Mutex::new(Connection::open_in_memory()?));
        *catalog = Some(connection.clone());
        Ok(connection)
    }
}

#[derive(Debug)]
struct Growing {
    disk: MemoryDisk,
    content: Arc<Mutex<Content>>,
}

impl NewFile for Growing {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.step()?;
        lock(&self.content).bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.step()?;
        let mut content = lock(&self.content);
        content.durable = content.bytes.len();
        Ok(())
    }
}

#[derive(Debug)]
struct Whole(Arc<Mutex<Content>>);

impl WrittenFile for Whole {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let content = lock(&self.0);
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(content.bytes.len());
        let rest = &content.bytes[at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}
