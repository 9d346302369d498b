//! The store's handle: opening, writing events and reading them.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::catalog::Catalog;
use crate::chunk::{Draft, Header};
use crate::commit::Queue;
use crate::delta::{self, Delta};
use crate::disk::{Disk, MemoryDisk};
use crate::error::{OpenError, ReadError, Refused, WriteError};
use crate::group::GroupKey;
use crate::inner::{Inner, Signal};
use crate::lock;
use crate::op::Op;
use crate::options::{Durability, Options, Work};
use crate::recovery::{Recovery, recover};
use crate::rows::{Row, Rows, Select};
use crate::scan::{Scan, Unsealed};
use crate::ticket::Ticket;

/// The greatest batch, in bytes of messages and framing.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// With more bytes of unsealed rows than this, which is what a disk that refuses segments leads to, no more are taken.
const MEMORY_BYTES_LIMIT: u64 = 256 * 1024 * 1024;

/// Log groups, streams and events. Clones are handles of the same store; any thread may use one.
///
/// Every function returns without waiting for the disk, but with [`Work::Caller`], where the work is done before it
/// returns.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    recovery: Recovery,
    _keeper: Arc<Keeper>,
}

/// Ends the threads when the last handle goes; what was appended before is written first.
#[derive(Debug)]
struct Keeper {
    inner: Arc<Inner>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.inner.queue.close();
        self.inner.signal.stop();
        for thread in lock(&self.threads).drain(..) {
            // A thread that has panicked has said so; there is nothing left to do for it.
            let _ = thread.join();
        }
    }
}

/// Starts the thread that writes and the one that keeps house.
fn start(inner: &Arc<Inner>) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let (writer, keeper) = (inner.clone(), inner.clone());
    let writing = move || {
        while writer.queue.wait() {
            writer.commit();
        }
    };
    // What the log has brought back may be more than memory should hold.
    inner.signal.raise();
    let housekeeping = move || {
        while keeper.signal.wait() {
            keeper.housekeep();
        }
    };
    let named = |name: &str| thread::Builder::new().name(name.to_owned());
    Ok(vec![named("weir-log-writer").spawn(writing)?, named("weir-log-keeper").spawn(housekeeping)?])
}

impl Store {
    /// A store that keeps nothing and does everything in the caller's turn: the same input, the same state.
    pub fn in_memory() -> Self {
        Store::in_memory_with(Options::default())
    }

    /// The same with other limits; who works and what is durable are not theirs to say.
    pub fn in_memory_with(options: Options) -> Self {
        let options = Options { durability: Durability::Memory, work: Work::Caller, ..options };
        Store::open(Arc::new(MemoryDisk::new()), options)
            .expect("an empty disk in memory has nothing to refuse")
    }

    /// The store on `disk`, with everything acknowledged before.
    ///
    /// # Errors
    /// If the disk or the catalog cannot be read, or the write-ahead log is damaged before its end.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<Self, OpenError> {
        let catalog = Catalog::open(disk.as_ref())?;
        let (state, log, recovery) = recover(&disk, &catalog, options.durability)?;
        let delta = options.has_delta.then(|| Mutex::new(Delta::of(&state)));
        if delta.is_none() {
            delta::remove(disk.as_ref())?;
        }
        let inner = Arc::new(Inner {
            delta,
            formats: options.formats.as_slice().into(),
            options,
            disk,
            state: Mutex::new(state),
            queue: Queue::default(),
            log: Mutex::new(log),
            catalog,
            house: Mutex::default(),
            fault: Mutex::default(),
            signal: Signal::default(),
        });
        let threads = if inner.options.work == Work::Threads { start(&inner)? } else { Vec::new() };
        let keeper = Arc::new(Keeper { inner: inner.clone(), threads: Mutex::new(threads) });
        Ok(Store { inner, recovery, _keeper: keeper })
    }

    /// What opening has found beside what it was to find.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Stores `events`, each a timestamp in ms and a message, in a stream, in the order given.
    ///
    /// They are readable when the ticket is done. Nothing is checked against AWS's limits.
    ///
    /// # Errors
    /// `NoGroup`, `NoStream`, or `BatchTooLarge` above [`BATCH_BYTES_MAX`].
    pub fn append<'a>(
        &self,
        group: &GroupKey,
        stream: &str,
        events: impl IntoIterator<Item = (i64, &'a str)>,
        now_ms: i64,
    ) -> Result<Ticket, Refused> {
        self.append_draft(group, stream, Draft::new(events), now_ms)
    }

    /// Stores events that are of an entity, which is any text and counts as part of the batch.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn append_of<'a>(
        &self,
        entity: &str,
        (group, stream): (&GroupKey, &str),
        events: impl IntoIterator<Item = (i64, &'a str)>,
        now_ms: i64,
    ) -> Result<Ticket, Refused> {
        self.append_draft(group, stream, Draft::new(events).of(entity), now_ms)
    }

    fn append_draft(
        &self,
        group: &GroupKey,
        stream: &str,
        draft: Draft,
        now_ms: i64,
    ) -> Result<Ticket, Refused> {
        if draft.len() > BATCH_BYTES_MAX {
            return Err(Refused::BatchTooLarge);
        }
        if lock(&self.inner.state).memory_bytes > MEMORY_BYTES_LIMIT {
            return Ok(Ticket::failed(WriteError::Overloaded));
        }
        self.inner.change(|state| {
            let group = state.groups.get(group).ok_or(Refused::NoGroup)?;
            let stream = group.streams.get(stream).ok_or(Refused::NoStream)?;
            let header = Header {
                group: group.id,
                stream: stream.id,
                ingestion_ms: now_ms,
                first_sequence: state.last_sequence + 1,
                count: draft.count,
            };
            state.last_sequence += u64::from(draft.count);
            state.now_ms = state.now_ms.max(now_ms);
            Ok(draft.chunk(header).map(Op::Append).into_iter().collect())
        })
    }

    /// The rows of a group from `from_ms` up to but without `to_ms`, for readers of columns.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn scan(&self, group: &GroupKey, from_ms: i64, to_ms: i64) -> Result<Scan, ReadError> {
        let state = lock(&self.inner.state);
        let group = state.groups.get(group).ok_or(ReadError::NoGroup)?;
        let from_ms = from_ms.max(group.cutoff_ms(state.now_ms));
        let segments = group.segments.iter().filter(|one| one.max_ms >= from_ms && one.min_ms < to_ms);
        Ok(Scan {
            from_ms,
            to_ms,
            unsealed: Unsealed {
                chunks: group.memory.chunks.clone(),
                cache: group.memory.cache.clone(),
                formats: self.inner.formats.clone(),
            },
            segments: segments.cloned().collect(),
            hidden: group.hidden.clone(),
        })
    }

    /// The rows of a group that `select` selects, in its order, one by one.
    ///
    /// # Errors
    /// `NoGroup`, or rows in memory that do not become Arrow, which would be a defect.
    pub fn rows(&self, group: &GroupKey, select: Select) -> Result<Rows, ReadError> {
        self.scan(group, select.from_ms, select.to_ms)?.select(select)
    }

    /// A page of rows: the first that `select` selects, until there are `count_max` or their bytes pass `bytes_max`.
    ///
    /// They are oldest first in either direction. Continue behind [`Row::position`] of the last one of the direction.
    ///
    /// # Errors
    /// As [`Store::rows`], and any segment that cannot be read.
    pub fn page(
        &self,
        group: &GroupKey,
        select: Select,
        count_max: usize,
        bytes_max: u64,
    ) -> Result<Vec<Row>, ReadError> {
        let is_backward = select.direction == crate::Direction::Backward;
        let mut page = Vec::new();
        let mut bytes = 0;
        for row in self.rows(group, select)? {
            let row = row?;
            bytes += row.message.len() as u64 + crate::EVENT_OVERHEAD_BYTES;
            // The first row is always given, so that a reader gets on.
            if page.len() == count_max || (bytes > bytes_max && !page.is_empty()) {
                break;
            }
            page.push(row);
        }
        if is_backward {
            page.reverse();
        }
        Ok(page)
    }
}
