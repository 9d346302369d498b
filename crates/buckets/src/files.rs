//! The files of bodies: numbered, held while someone reads them, taken away when nobody does any more.

use crate::disk::{Disk, Source};
use crate::lock;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Where they are on the disk.
pub(crate) const DIRECTORY: &str = "bodies";

/// The path of the file of this number.
pub(crate) fn path(id: u64) -> String {
    format!("{DIRECTORY}/{id:016x}")
}

/// Takes away the files that no one `known` is. A file whose name is none of ours is someone else's and is left alone.
pub(crate) fn remove_orphans(disk: &dyn Disk, known: &BTreeSet<u64>) -> io::Result<()> {
    for found in disk.list(DIRECTORY)? {
        let id = found.rsplit('/').next().and_then(|name| u64::from_str_radix(name, 16).ok());
        if id.is_some_and(|id| path(id) == found && !known.contains(&id)) {
            disk.remove(&found)?;
        }
    }
    Ok(())
}

/// The files of a disk.
#[derive(Debug)]
pub(crate) struct Files {
    pub disk: Arc<dyn Disk>,
    next: AtomicU64,
    held: Mutex<BTreeMap<u64, Held>>,
}

#[derive(Debug, Default)]
struct Held {
    holders: usize,
    is_doomed: bool,
}

impl Files {
    /// Files whose next has the number `next`.
    pub fn new(disk: Arc<dyn Disk>, next: u64) -> Files {
        Files { disk, next: AtomicU64::new(next), held: Mutex::default() }
    }

    /// A number that nothing has.
    pub fn fresh(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps the files in place until the hold is dropped.
    pub fn hold(self: &Arc<Files>, ids: Vec<u64>) -> Hold {
        let mut held = lock(&self.held);
        for id in &ids {
            held.entry(*id).or_default().holders += 1;
        }
        Hold { files: self.clone(), ids }
    }

    /// Takes the files away, or has them taken away by whoever holds them.
    pub fn remove(&self, ids: impl IntoIterator<Item = u64>) {
        let mut held = lock(&self.held);
        for id in ids {
            match held.get_mut(&id) {
                Some(held) => held.is_doomed = true,
                None => self.take_away(id),
            }
        }
    }

    fn release(&self, ids: &[u64]) {
        let mut held = lock(&self.held);
        for id in ids {
            let Some(one) = held.get_mut(id) else { continue };
            one.holders -= 1;
            if one.holders == 0 {
                let is_doomed = one.is_doomed;
                held.remove(id);
                if is_doomed {
                    self.take_away(*id);
                }
            }
        }
    }

    fn take_away(&self, id: u64) {
        // A file that stays is one that no object has: the next start takes it away.
        let _ = self.disk.remove(&path(id));
    }
}

/// Files that stay.
#[derive(Debug)]
pub(crate) struct Hold {
    files: Arc<Files>,
    ids: Vec<u64>,
}

impl Hold {
    /// One of them, for reading.
    pub fn open(&self, id: u64) -> io::Result<Source> {
        self.files.disk.locate(&path(id))?.open()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.files.release(&self.ids);
    }
}
