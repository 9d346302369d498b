//! Insights queries on more than one machine: the engine's plans run on Ballista, a distributed engine over DataFusion.
//!
//! Whoever asks makes the plan, the same that the embedded engine runs, and gives it to a [`Scheduler`], which cuts it
//! where rows change places and gives the pieces to [`Worker`]s; these read the files by the same paths. Our functions
//! travel as bytes ([`weir_engine::function_bytes`]). A worker that is lost loses no query: its pieces are run again.
//! Nobody is asked who they are: all of it belongs on loopback or in a network of its own.
//!
//! Source: Ballista 55, "Architecture" (datafusion.apache.org/ballista).

mod cluster;
mod codec;
mod compact;
mod control;
mod job;
mod piece;
mod scheduler;
mod worker;

pub use cluster::Cluster;
pub use scheduler::{LOST_AFTER_S, Scheduler};
pub use worker::{Worker, WorkerOptions};

/// Bytes of a message: a plan with the sets of values that its functions hold, or a batch of rows.
const MESSAGE_BYTES_MAX: u32 = 64 << 20;

#[cfg(test)]
mod tests;
