//! A disk in memory, for those who keep nothing and for tests of those who keep everything.
//!
//! It knows which bytes and names have been made durable, so that [`MemoryDisk::crash`] leaves what a power cut would:
//! of anything not synced, any part. A [`Fault`] makes one step fail, or that step and all after it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rusqlite::Connection;

use crate::{Disk, DiskFile, Location, lock, parent};

/// A step of the disk that goes wrong. Steps are counted from 0: each create, write, sync, rename, remove, directory
/// sync and commit of the catalog is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This step fails for want of space, half done if it is a write; the next may succeed.
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
    /// What a reader sees.
    names: BTreeMap<String, Arc<Mutex<Content>>>,
    /// What a power cut leaves for certain.
    durable_names: BTreeMap<String, Arc<Mutex<Content>>>,
    steps: u64,
    fault: Option<Fault>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Bytes,
    durable: usize,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        MemoryDisk::default()
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        lock(&self.files).steps
    }

    /// Makes steps fail from now on, or none.
    pub fn set_fault(&self, fault: Option<Fault>) {
        lock(&self.files).fault = fault;
    }

    /// The disk after a power cut: files have what was synced and, by the bits of `luck`, some of what was not; names not
    /// synced are as before if `luck` is even and as after if it is odd. The catalog has what was committed. Faults are gone.
    pub fn crash(&self, luck: u64) -> MemoryDisk {
        let files = lock(&self.files);
        let names = if luck & 1 == 0 { &files.durable_names } else { &files.names };
        let mut luck = Luck((luck >> 1).wrapping_mul(LUCK_SPREAD) | 1);
        let names: BTreeMap<_, _> = names
            .iter()
            .map(|(name, content)| (name.clone(), Arc::new(Mutex::new(lock(content).cut(&mut luck)))))
            .collect();
        let files = Files { durable_names: names.clone(), names, steps: 0, fault: None };
        MemoryDisk { files: Arc::new(Mutex::new(files)), catalog: self.catalog.clone() }
    }

    /// Changes the byte at `at` of the file at `path`, as a failing disk might.
    ///
    /// # Panics
    /// If the file is shorter.
    pub fn damage(&self, path: &str, at: usize) {
        if let Some(content) = lock(&self.files).names.get(path) {
            lock(content).change(|bytes| bytes[at] ^= 0x55);
        }
    }
}

impl Content {
    fn cut(&self, luck: &mut Luck) -> Content {
        let kept = self.durable + luck.of((self.bytes.len() - self.durable) as u64 + 1) as usize;
        Content { bytes: Bytes::copy_from_slice(&self.bytes[..kept]), durable: kept }
    }

    /// Changes the bytes in place, unless a reader holds them: then in a copy.
    fn change(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::from(std::mem::take(&mut self.bytes));
        change(&mut bytes);
        self.bytes = Bytes::from(bytes);
    }
}

/// Makes of small numbers such whose bits are all in use (the golden ratio as a fraction of 2^64).
const LUCK_SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Numbers out of a seed (xorshift64).
struct Luck(u64);

impl Luck {
    fn of(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

impl Files {
    fn step(&mut self) -> io::Result<()> {
        let at = self.steps;
        self.steps += 1;
        match self.fault {
            Some(Fault::Full(step)) if step == at => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::Stop(step)) if at >= step => Err(io::Error::other("the machine has stopped")),
            _ => Ok(()),
        }
    }

    fn find(&self, path: &str) -> io::Result<Arc<Mutex<Content>>> {
        self.names.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for MemoryDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut files = lock(&self.files);
        files.step()?;
        let content = Arc::<Mutex<Content>>::default();
        files.names.insert(path.to_owned(), content.clone());
        Ok(Box::new(MemoryFile { content, files: self.files.clone() }))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        Ok(lock(&*lock(&self.files).find(path)?).bytes.to_vec())
    }

    fn locate(&self, path: &str) -> io::Result<Location> {
        Ok(Location::Memory(lock(&*lock(&self.files).find(path)?).bytes.clone()))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{dir}/");
        Ok(lock(&self.files).names.keys().filter(|name| name.starts_with(&prefix)).cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = lock(&self.files);
        files.step()?;
        let content = files.find(from)?;
        files.names.remove(from);
        files.names.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut files = lock(&self.files);
        files.step()?;
        files.find(path)?;
        files.names.remove(path);
        Ok(())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut files = lock(&self.files);
        files.step()?;
        files.durable_names.retain(|name, _| parent(name) != dir);
        let Files { names, durable_names, .. } = &mut *files;
        let inside = names.iter().filter(|(name, _)| parent(name) == dir);
        durable_names.extend(inside.map(|(name, content)| (name.clone(), content.clone())));
        Ok(())
    }

    fn before_commit(&self) -> io::Result<()> {
        lock(&self.files).step()
    }

    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>> {
        let mut catalog = lock(&self.catalog);
        match &*catalog {
            Some(connection) => Ok(connection.clone()),
            None => Ok(catalog.insert(Arc::new(Mutex::new(Connection::open_in_memory()?))).clone()),
        }
    }
}

#[derive(Debug)]
struct MemoryFile {
    content: Arc<Mutex<Content>>,
    files: Arc<Mutex<Files>>,
}

impl DiskFile for MemoryFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let step = lock(&self.files).step();
        // A write that fails has written some of it.
        let written = if step.is_ok() { bytes.len() } else { bytes.len() / 2 };
        lock(&self.content).change(|content| content.extend_from_slice(&bytes[..written]));
        step
    }

    fn sync(&mut self) -> io::Result<()> {
        lock(&self.files).step()?;
        let mut content = lock(&self.content);
        content.durable = content.bytes.len();
        Ok(())
    }
}
