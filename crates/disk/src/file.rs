//! A directory as disk.
#![expect(clippy::disallowed_methods, reason = "files are made in this crate")]

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::{Disk, DiskFile, Location, parent};

/// Between the making of a directory and of the first file in it, the removal of another file may take the directory
/// away: then both are tried again.
const CREATE_ATTEMPTS: u32 = 5;

/// A directory, held by one process at a time.
#[derive(Debug)]
pub struct FileDisk {
    root: PathBuf,
    /// Its lock goes with it.
    _lock: File,
}

impl FileDisk {
    /// The disk in directory `root`, which is made if it is not there.
    ///
    /// # Errors
    /// `WouldBlock` if another process holds it, and whatever the file system says.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        let lock = File::create(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = "another process holds it";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The directory itself is durable before anything in it is acknowledged.
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(FileDisk { root, _lock: lock })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn list_into(&self, dir: &str, out: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(self.path(dir))? {
            let entry = entry?;
            // Our own names are all text; anything else is someone else's and is left alone.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{dir}/{name}");
            if entry.file_type()?.is_dir() {
                self.list_into(&path, out)?;
            } else {
                out.push(path);
            }
        }
        Ok(())
    }
}

impl Disk for FileDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        for _ in 1..CREATE_ATTEMPTS {
            fs::create_dir_all(self.path(parent(path)))?;
            match File::create(self.path(path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => return Ok(Box::new(outcome?)),
            }
        }
        Ok(Box::new(File::create(self.path(path))?))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(path))
    }

    fn locate(&self, path: &str) -> io::Result<Location> {
        Ok(Location::File(self.path(path)))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut out = Vec::new();
        if fs::exists(self.path(dir))? {
            self.list_into(dir, &mut out)?;
        }
        out.sort();
        Ok(out)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))?;
        let mut dir = parent(path);
        // Directories that have become empty go too; the first that has not ends it.
        while !parent(dir).is_empty() && fs::remove_dir(self.path(dir)).is_ok() {
            dir = parent(dir);
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut dir = Path::new(dir);
        loop {
            File::open(self.root.join(dir))?.sync_all()?;
            match dir.parent() {
                Some(parent) => dir = parent,
                None => return Ok(()),
            }
        }
    }

    fn catalog(&self) -> rusqlite::Result<Arc<Mutex<Connection>>> {
        let connection = Connection::open(self.path("catalog.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(Arc::new(Mutex::new(connection)))
    }
}

impl DiskFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
