//! Whose turn it is to be read, and objects fetched before it is theirs.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Cursor};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::storage::{Opened, REQUESTS_MAX, Storage};
use super::survey::Surveyed;

/// What may be in memory of objects that wait for their turn, beyond one of any length.
const WAITING_BYTES_MAX: u64 = 128 << 20;
/// Longer objects are fetched piece by piece, in their turn; AWS closes one at 75 MB.
const OBJECT_BYTES_MAX: u64 = 96 << 20;

/// The files in their order, for several readers: each takes the next.
pub struct Turns {
    shared: Arc<Shared>,
    /// Whether there are threads that fetch.
    has_threads: OnceLock<bool>,
}

struct Shared {
    files: Arc<Vec<Surveyed>>,
    storage: Arc<Storage>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many of the files have been taken.
    taken: usize,
    /// How many of the files have been begun to be fetched.
    begun: usize,
    /// Objects that have been fetched.
    fetched: BTreeMap<usize, io::Result<Vec<u8>>>,
    /// Bytes of objects that were begun and not taken.
    waiting_bytes: u64,
    is_over: bool,
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("files", &self.shared.files.len()).finish_non_exhaustive()
    }
}

impl Turns {
    /// No file has been taken.
    pub fn new(files: Arc<Vec<Surveyed>>, storage: Arc<Storage>) -> Turns {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Turns { shared: Arc::new(Shared { files, storage, state, changed }), has_threads: OnceLock::new() }
    }

    /// The next file; an object is waited for.
    pub fn next(&self) -> Option<(Surveyed, io::Result<Opened>)> {
        let shared = &self.shared;
        let index = {
            let mut state = shared.state();
            state.taken += 1;
            state.taken - 1
        };
        let file = shared.files.get(index)?.clone();
        if !shared.is_fetched_ahead(&file) {
            let opened = shared.storage.open(&file.path);
            return Some((file, opened));
        }
        let has_threads = *self.has_threads.get_or_init(|| self.fetch_ahead());
        while !has_threads && shared.fetch_next() {
            // What was fetched may be for a reader before this one.
            if shared.state().fetched.contains_key(&index) {
                break;
            }
        }
        let mut state = shared.state();
        let fetched = loop {
            match state.fetched.remove(&index) {
                Some(fetched) => break fetched,
                None => state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        state.waiting_bytes -= file.bytes;
        drop(state);
        shared.changed.notify_all();
        let opened =
            |bytes: Vec<u8>| Opened { bytes: bytes.len() as u64, reader: Box::new(Cursor::new(bytes)) };
        Some((file, fetched.map(opened)))
    }

    /// Begins to fetch; false if the system gives no thread.
    fn fetch_ahead(&self) -> bool {
        let begin = |_| {
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new().name("weir-fetch".into());
            thread.spawn(move || while shared.fetch_next() {}).is_ok()
        };
        (0..REQUESTS_MAX.min(self.shared.files.len())).filter(|number| begin(*number)).count() > 0
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fetched_ahead(&self, file: &Surveyed) -> bool {
        self.storage.object(&file.path).is_some() && file.bytes <= OBJECT_BYTES_MAX
    }

    /// Fetches the next object, when there is room for it; false if there is none.
    fn fetch_next(&self) -> bool {
        let Some((index, file)) = self.begin_next() else { return false };
        let path = file.path.to_string_lossy();
        let fetched = self.storage.read(&path, 0..file.bytes);
        self.state().fetched.insert(index, fetched);
        self.changed.notify_all();
        true
    }

    fn begin_next(&self) -> Option<(usize, &Surveyed)> {
        let mut state = self.state();
        loop {
            let index = state.begun;
            let file = self.files.get(index).filter(|_| !state.is_over)?;
            if !self.is_fetched_ahead(file) {
                state.begun += 1;
                continue;
            }
            // The first that waits has room in any case: else its reader would wait for ever.
            if state.waiting_bytes == 0 || state.waiting_bytes + file.bytes <= WAITING_BYTES_MAX {
                state.begun += 1;
                state.waiting_bytes += file.bytes;
                return Some((index, file));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
