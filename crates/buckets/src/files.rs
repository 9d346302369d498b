//! The files of bodies: numbered, held while someone reads them, taken away when nobody does any more.

use crate::disk::Disk;
use crate::lock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

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
        let _ = self.disk.remove(id);
    }
}

/// Files that stay.
#[derive(Debug)]
pub(crate) struct Hold {
    files: Arc<Files>,
    ids: Vec<u64>,
}

impl Hold {
    /// The disk that they are on.
    pub fn disk(&self) -> &dyn Disk {
        self.files.disk.as_ref()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.files.release(&self.ids);
    }
}
