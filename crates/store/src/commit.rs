//! Group commit: writers leave operations in a queue; one at a time takes all that wait, writes them as one frame with
//! one sync, makes them visible and acknowledges them.
//!
//! Events are visible if and only if they are durable. Changes of groups and streams are visible at once and durable
//! when acknowledged; if their write fails they are written again before anything later, so that the log never
//! holds an operation whose ground is missing.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::error::WriteError;
use crate::inner::Inner;
use crate::lock;
use crate::op::Op;
use crate::ticket::{Slot, Ticket};
use crate::wal::Wal;

/// So many bytes may wait to be written; more are refused.
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// With more bytes of unsealed rows than this, writing waits for sealing.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// At most about so many bytes are written as one frame.
const FRAME_BYTES_TARGET: usize = 8 * 1024 * 1024;

/// Operations waiting to be written.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    ops: Vec<(Op, Arc<Slot>)>,
    bytes: usize,
    is_closed: bool,
}

impl Queue {
    /// Puts `ops` in line.
    pub fn push(&self, ops: Vec<Op>) -> Ticket {
        if ops.is_empty() {
            return Ticket::done();
        }
        let mut waiting = lock(&self.waiting);
        let slot = Arc::new(Slot::default());
        let size: usize = ops.iter().map(Op::size).sum();
        // Changes of groups and streams have happened in memory: only events can be turned away.
        let is_events = ops.iter().all(|op| matches!(op, Op::Append(_)));
        if is_events && waiting.bytes > 0 && waiting.bytes + size > QUEUE_BYTES_MAX {
            slot.fill(Err(WriteError::Overloaded));
        } else {
            waiting.bytes += size;
            waiting.ops.extend(ops.into_iter().map(|op| (op, slot.clone())));
            self.filled.notify_one();
        }
        Ticket::of(slot)
    }

    /// Takes what makes a frame off the front.
    fn take(&self) -> Vec<(Op, Arc<Slot>)> {
        let mut waiting = lock(&self.waiting);
        let mut size = 0;
        let count = waiting.ops.iter().take_while(|(op, _)| {
            let is_room = size < FRAME_BYTES_TARGET;
            size += op.size();
            is_room
        });
        let count = count.count();
        let taken: Vec<_> = waiting.ops.drain(..count).collect();
        waiting.bytes -= taken.iter().map(|(op, _)| op.size()).sum::<usize>();
        taken
    }

    /// Waits until something is in line; answers whether there is, `false` when the queue is closed and empty.
    pub fn wait(&self) -> bool {
        let mut waiting = lock(&self.waiting);
        while waiting.ops.is_empty() && !waiting.is_closed {
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        !waiting.ops.is_empty()
    }

    /// Lets nothing more in.
    pub fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.filled.notify_all();
    }
}

/// What writes.
#[derive(Debug)]
pub(crate) struct Log {
    /// `None` if nothing is to survive.
    pub wal: Option<Wal>,
    /// Changes of groups and streams whose write has failed.
    pub owed: Vec<Op>,
    /// The number of the last frame.
    pub lsn: u64,
}

impl Log {
    /// Writes `ops` behind what is owed, and answers the number of the frame.
    fn write(&mut self, ops: &[(Op, Arc<Slot>)]) -> io::Result<u64> {
        let lsn = self.lsn + 1;
        if let Some(wal) = &mut self.wal {
            wal.append(lsn, self.owed.iter().chain(ops.iter().map(|(op, _)| op)))?;
        }
        self.lsn = lsn;
        Ok(lsn)
    }
}

impl Inner {
    /// Writes all that waits. Whoever finds nothing waiting returns at once.
    pub fn commit(&self) {
        let mut is_work = false;
        loop {
            let mut log = lock(&self.log);
            let batch = self.queue.take();
            if batch.is_empty() {
                break;
            }
            is_work |= self.commit_batch(&mut log, batch);
            drop(log);
            self.brake();
        }
        if is_work {
            self.wake();
        }
    }

    /// Holds the writers back when sealing does not keep up.
    fn brake(&self) {
        if lock(&self.state).memory_bytes > MEMORY_BYTES_MAX {
            self.housekeep();
        }
    }

    /// Answers whether there is housekeeping to do.
    fn commit_batch(&self, log: &mut Log, batch: Vec<(Op, Arc<Slot>)>) -> bool {
        match log.write(&batch) {
            Ok(lsn) => {
                let slots: Vec<_> = batch.iter().map(|(_, slot)| slot.clone()).collect();
                let owed = std::mem::take(&mut log.owed);
                let is_work = self.apply(owed.into_iter().chain(batch.into_iter().map(|(op, _)| op)), lsn);
                slots.iter().for_each(|slot| slot.fill(Ok(())));
                is_work
            }
            Err(error) => {
                for (op, slot) in batch {
                    if !matches!(op, Op::Append(_)) {
                        log.owed.push(op);
                    }
                    slot.fill(Err(WriteError::Disk(error.kind())));
                }
                false
            }
        }
    }

    /// Makes durable operations visible; answers whether there is housekeeping to do.
    fn apply(&self, ops: impl Iterator<Item = Op>, lsn: u64) -> bool {
        let mut state = lock(&self.state);
        state.applied_lsn = lsn;
        let mut is_work = false;
        for op in ops {
            match op {
                Op::Append(chunk) => {
                    let group = chunk.header.group;
                    state.hold(chunk, lsn);
                    is_work |= state.is_overdue(group, &self.options.seal);
                }
                Op::RemoveGroup(id) => {
                    state.removed_groups.insert(id);
                    is_work = true;
                }
                // These have been visible since they were asked for.
                Op::PutGroup(..) | Op::PutStream(_) | Op::RemoveStream(_) => {}
            }
        }
        is_work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Draft, Header};
    use crate::op::NewStream;

    #[test]
    fn a_full_queue_turns_events_away_but_no_changes() {
        let header = Header { group: 1, stream: 1, ingestion_ms: 1, first_sequence: 1, count: 0 };
        let message = "x".repeat(QUEUE_BYTES_MAX / 2);
        let events = || Op::Append(Draft::new([(1, message.as_str())]).chunk(header).expect("has an event"));
        let queue = Queue::default();
        let waiting = queue.push(vec![events()]);
        assert_eq!(queue.push(vec![events()]).wait(), Err(WriteError::Overloaded));
        let stream = NewStream { group: 1, id: 2, name: "s".to_owned(), created_ms: 1 };
        let change = queue.push(vec![Op::PutStream(Arc::new(stream))]);
        assert_eq!(queue.take().len(), 1);
        assert_eq!(queue.take().len(), 1);
        drop((waiting, change));
    }
}
