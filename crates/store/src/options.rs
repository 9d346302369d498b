//! How a store is run.

use crate::line::LineFormat;

/// So many small segments are merged if nobody says otherwise.
const COMPACT_MIN: usize = 8;

/// When a write counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has it: survives a power cut.
    #[default]
    Fsync,
    /// When the operating system has it: survives the death of the process only.
    Os,
    /// At once: nothing survives.
    Memory,
}

/// When the rows of a group in memory become a segment. The first reached counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealPolicy {
    /// So many rows.
    pub rows_max: u64,
    /// So many bytes of messages.
    pub bytes_max: u64,
    /// No events for so long.
    pub idle_ms: i64,
    /// The oldest row has waited so long.
    pub age_ms: i64,
}

impl Default for SealPolicy {
    fn default() -> Self {
        SealPolicy { rows_max: 128 * 1024, bytes_max: 16 * 1024 * 1024, idle_ms: 60_000, age_ms: 3_600_000 }
    }
}

/// Who does the work that is not the caller's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// Threads of the store: one writes, one seals and expires.
    #[default]
    Threads,
    /// The caller, before the call returns: nothing happens at an unforeseen moment.
    Caller,
}

/// Most groups of an account in a region (CloudWatch Logs API Reference, CreateLogGroup, read 2026-11).
pub const GROUPS_MAX: usize = 1_000_000;

/// How a store is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// When a write counts as durable.
    pub durability: Durability,
    /// When rows become segments.
    pub seal: SealPolicy,
    /// Who writes and seals.
    pub work: Work,
    /// So many small segments of a group and day are merged.
    pub compact_min: usize,
    /// Most groups of an account in a region.
    pub groups_max: usize,
    /// The line formats that are stored as columns, tried in this order.
    pub formats: Vec<LineFormat>,
    /// Whether a Delta log beside the segments says which of them count.
    pub has_delta: bool,
}

impl Default for Options {
    /// Durable, with threads, knowing the default format of flow logs.
    fn default() -> Self {
        Options {
            durability: Durability::Fsync,
            seal: SealPolicy::default(),
            work: Work::Threads,
            compact_min: COMPACT_MIN,
            groups_max: GROUPS_MAX,
            formats: vec![LineFormat::flow_log_default()],
            has_delta: false,
        }
    }
}
