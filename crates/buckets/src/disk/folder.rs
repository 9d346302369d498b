//! A folder as disk: the one module of the crate that touches files.
#![expect(clippy::disallowed_methods, reason = "the files of buckets are opened here and nowhere else")]

use super::{Disk, NewFile, WrittenFile};
use crate::lock;
use rusqlite::Connection;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Where the files are, below the root.
const FILES: &str = "bodies";

/// A folder, held by one process at a time.
#[derive(Debug)]
pub struct FolderDisk {
    root: PathBuf,
    /// Its lock goes with it.
    _lock: File,
}

impl FolderDisk {
    /// The disk in `root`, made if it is not there.
    ///
    /// # Errors
    /// `WouldBlock` if another process holds it, and whatever the file system says.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<FolderDisk> {
        let root = root.into();
        fs::create_dir_all(root.join(FILES))?;
        let lock = File::create(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The folders themselves are durable before anything in them is acknowledged.
        sync(&root)?;
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync(parent)?;
        }
        Ok(FolderDisk { root, _lock: lock })
    }

    fn path(&self, id: u64) -> PathBuf {
        self.root.join(FILES).join(format!("{id:016x}"))
    }
}

impl Disk for FolderDisk {
    fn create(&self, id: u64) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(File::create(self.path(id))?))
    }

    fn open(&self, id: u64) -> io::Result<Box<dyn WrittenFile>> {
        Ok(Box::new(Mutex::new(File::open(self.path(id))?)))
    }

    fn remove(&self, id: u64) -> io::Result<()> {
        fs::remove_file(self.path(id))
    }

    fn list(&self) -> io::Result<Vec<u64>> {
        let mut ids = vec![];
        for entry in fs::read_dir(self.root.join(FILES))? {
            let name = entry?.file_name();
            // A name that is none of ours is someone else's file and is left alone.
            ids.extend(name.to_str().and_then(|name| u64::from_str_radix(name, 16).ok()));
        }
        Ok(ids)
    }

    fn sync_names(&self) -> io::Result<()> {
        sync(&self.root.join(FILES))
    }

    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>> {
        let connection = Connection::open(self.root.join("catalog.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(Arc::new(Mutex::new(connection)))
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl NewFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl WrittenFile for Mutex<File> {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = lock(self);
        file.seek(SeekFrom::Start(at))?;
        file.read(buffer)
    }
}
