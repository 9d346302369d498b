//! Log groups, streams and events on disk: acknowledged means durable.
//!
//! [`Store`] is a handle that many threads may hold. An append goes to a write-ahead log with one sync for all that
//! wait, then to memory, where it can be read at once; rows are sealed into Parquet segments, which a catalog lists.
//!
//! - Events are visible if and only if they are durable; a [`Ticket`] tells when.
//! - The catalog's transaction is the moment of truth for segments: a crash leaves the state before it or after it.
//! - Nothing here knows AWS's wire names or the query language. Only [`disk`] touches files and makes threads.
//!
//! Source: CloudWatch Logs API Reference; VPC User Guide, "Flow log records".

mod bytes;
mod catalog;
mod chunk;
mod commit;
mod compacting;
pub mod disk;
mod error;
mod group;
mod groups;
mod housekeeping;
mod inner;
pub mod line;
mod memory;
mod op;
mod options;
pub mod record;
mod recovery;
mod rows;
mod scan;
mod sealing;
mod segment;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod ticket;
mod wal;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use commit::QUEUE_BYTES_MAX;
pub use disk::Location;
pub use error::{OpenError, ReadError, Refused, SealError, WriteError};
pub use group::{
    Class, EVENT_OVERHEAD_BYTES, Group, GroupKey, NamePage, NewGroup, Stream, StreamOrder, StreamPage,
    StreamPlace,
};
pub use options::{Durability, Options, SealPolicy, Work};
pub use record::Batch;
pub use recovery::Recovery;
pub use rows::{Direction, Position, Row, Rows, Select, Streams};
pub use scan::Scan;
pub use segment::Segment;
pub use state::Hidden;
pub use store::{BATCH_BYTES_MAX, Store};
pub use ticket::{Ticket, Witness};

/// Takes the lock; one that a panic has left is taken all the same, for no state is changed by halves under it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
