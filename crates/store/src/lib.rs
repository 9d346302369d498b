//! Log groups, streams and events on disk: acknowledged means durable.
//!
//! [`Store`] is a handle that many threads may hold. An append goes to a write-ahead log with one sync for all that
//! wait, then to memory, where it can be read at once; rows are sealed into Parquet segments, which a catalog lists.
//!
//! - Events are visible if and only if they are durable; a [`Ticket`] tells when.
//! - The catalog's transaction is the moment of truth for segments: a crash leaves the state before it or after it.
//! - Nothing here knows AWS's wire names or the query language. Files are the business of [`disk`].
//!
//! Source: CloudWatch Logs API Reference; VPC User Guide, "Flow log records".

mod bytes;
mod catalog;
mod chunk;
mod commit;
mod compacting;
mod delta;
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
pub use weir_disk as disk;
pub(crate) use weir_disk::lock;
