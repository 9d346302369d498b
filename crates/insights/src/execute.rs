//! Running a plan: what goes in beside the rows, and what comes out.
//!
//! Source: CloudWatch Logs API Reference, GetQueryResults, QueryStatistics (read 2026-11).

use std::fmt;
use std::sync::atomic::AtomicBool;

use crate::bind::{Reads, execute_all};
use crate::naive::Row;
use crate::plan::{Plan, Warning};

/// Runs plans over sources of one kind.
///
/// The kind is a parameter so that an executor may read a source's columns and files instead of its rows.
pub trait Execute<S: ?Sized>: Send + Sync {
    /// The rows that the plan makes of the source's events in the window.
    ///
    /// # Errors
    /// [`ExecuteError::Cancelled`] soon after `run.cancelled` is set; [`ExecuteError::Source`] if the source cannot be
    /// read; [`ExecuteError::Engine`] if the executor cannot run the plan. No event can make it fail.
    fn execute(&self, plan: &Plan, source: &S, run: Run<'_>) -> Result<QueryResult, ExecuteError>;

    /// The rows as values, not as texts: what a query within a query gives.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    fn rows(&self, plan: &Plan, source: &S, run: Run<'_>) -> Result<(Vec<Row>, Statistics), ExecuteError>;

    /// About how many bytes of messages the plan would read.
    ///
    /// # Errors
    /// [`ExecuteError::Source`].
    fn bytes(&self, plan: &Plan, source: &S, run: Run<'_>) -> Result<u64, ExecuteError>;

    /// Runs the queries within a query and brings its lookup tables, then runs the query.
    ///
    /// # Errors
    /// As [`Execute::execute`], and [`ExecuteError::Source`] for a lookup table that does not exist.
    fn execute_all(
        &self,
        plan: &Plan,
        reads: Reads<'_, S>,
        run: Run<'_>,
    ) -> Result<QueryResult, ExecuteError> {
        execute_all(self, plan, reads, run)
    }
}

/// The column of `estimate`.
pub(crate) const ESTIMATE: &str = "@estimatedBytes";

/// One run of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The events to read.
    pub window: TimeRange,
    /// When the query was started, in milliseconds: what `now()` tells.
    pub now_ms: i64,
    /// Set by whoever wants the query to stop.
    pub cancelled: &'a AtomicBool,
}

/// From one millisecond to another, both included, as StartQuery counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first millisecond.
    pub start_ms: i64,
    /// The last millisecond. `endTime` of StartQuery is a whole second: give that second's last millisecond.
    pub end_ms: i64,
}

impl TimeRange {
    /// Every time.
    pub const ALL: TimeRange = TimeRange { start_ms: i64::MIN, end_ms: i64::MAX };

    /// True if the time lies within.
    pub fn contains(&self, ms: i64) -> bool {
        (self.start_ms..=self.end_ms).contains(&ms)
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct QueryResult {
    /// The names shown, in order.
    pub columns: Vec<String>,
    /// The rows in order.
    pub rows: Vec<ResultRow>,
    /// What was read and kept.
    pub statistics: Statistics,
    /// Remarks on the query.
    pub warnings: Vec<Warning>,
}

/// One row: a text or nothing for each column.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ResultRow {
    /// As many as the result has columns.
    pub values: Vec<Option<String>>,
    /// `@ptr`, if the row is a log event.
    pub ptr: Option<String>,
}

impl QueryResult {
    /// A row as GetQueryResults lists it: the present fields with their values, `@ptr` last.
    pub fn fields<'a>(&'a self, row: &'a ResultRow) -> impl Iterator<Item = (&'a str, &'a str)> {
        let named = self.columns.iter().zip(&row.values);
        let present = named.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
        present.chain(row.ptr.as_deref().map(|ptr| ("@ptr", ptr)))
    }
}

/// `QueryStatistics`. Counts below 2^53 are exact when sent as doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Events that passed the filters before the first command that groups or drops rows.
    pub records_matched: u64,
    /// Events read.
    pub records_scanned: u64,
    /// Bytes of the messages of the events read.
    pub bytes_scanned: u64,
    /// Events that an index made unnecessary to read.
    pub estimated_records_skipped: u64,
    /// Bytes that an index made unnecessary to read.
    pub estimated_bytes_skipped: u64,
    /// Log groups read.
    pub log_groups_scanned: u64,
    /// Rows in the answer.
    pub result_count: u64,
}

impl Statistics {
    /// Both together; the rows matched and given are those of the second.
    pub(crate) fn and(self, other: Statistics) -> Statistics {
        Statistics {
            records_scanned: self.records_scanned + other.records_scanned,
            bytes_scanned: self.bytes_scanned + other.bytes_scanned,
            log_groups_scanned: self.log_groups_scanned + other.log_groups_scanned,
            ..other
        }
    }
}

/// The answer of `estimate`. Assumption: AWS does not tell the column's name.
pub fn estimated(bytes: u64) -> QueryResult {
    QueryResult {
        columns: vec![ESTIMATE.into()],
        rows: vec![ResultRow { values: vec![Some(bytes.to_string())], ptr: None }],
        statistics: Statistics { result_count: 1, ..Statistics::default() },
        warnings: vec![],
    }
}

/// Refuses a plan that lacks what it reads: [`Plan::bind`] comes first.
///
/// # Errors
/// [`ExecuteError::Source`].
pub fn check_bound(plan: &Plan) -> Result<(), ExecuteError> {
    match plan.is_bound() {
        true => Ok(()),
        false => Err(ExecuteError::Source("the query reads more than the log groups it is given".into())),
    }
}

/// Why a checked plan gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecuteError {
    /// The run was stopped.
    Cancelled,
    /// The events could not be read.
    Source(String),
    /// The plan could not be run: a bug, more memory than allowed, or several rows in the place of a value.
    Engine(String),
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecuteError::Cancelled => write!(f, "the query was stopped"),
            ExecuteError::Source(why) => write!(f, "cannot read the events: {why}"),
            ExecuteError::Engine(why) => write!(f, "cannot run the query: {why}"),
        }
    }
}

impl std::error::Error for ExecuteError {}
