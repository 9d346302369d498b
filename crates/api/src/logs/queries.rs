//! Queries under way and done: who asked what, and what came of it.
//!
//! The cloud plans a query and hands it to the host program's [`RunQuery`] with a view of the groups at that moment; the
//! host runs it where and when it likes and puts the outcome into the [`Job`]. Queries are not kept over a restart.
//! Source: CloudWatch Logs API Reference, StartQuery; quotas in the User Guide, "CloudWatch Logs quotas".

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_insights::{
    Event, Execute, ExecuteError, Naive, Origin, Plan, QueryResult, Reads, Run, Table, TimeRange, discover,
    discoverable, event_pointer,
};
use weir_model::{Scope, Timestamp};
use weir_store::{GroupKey, ReadError, Row, Scan};

/// Most queries of an account and region that run at a time.
pub const RUNNING_MAX: usize = 30;
/// Most queries remembered, of all accounts; the oldest that are done go first.
pub const REMEMBERED_MAX: usize = 1000;
/// How long results are kept in milliseconds, if nobody says otherwise: 7 days.
pub const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Runs queries for a cloud.
pub trait RunQuery: Send {
    /// Runs the job, now or later, on this thread or another, and calls [`Job::finish`].
    fn run(&self, job: Job);
}

/// Runs each query at once, row by row: for tests and small data.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunNaively;

impl RunQuery for RunNaively {
    fn run(&self, job: Job) {
        let result = run_naively(&job).map(|mut result| {
            let groups = job.groups.len() + job.inputs.iter().map(Vec::len).sum::<usize>();
            result.statistics.log_groups_scanned = groups as u64;
            result
        });
        job.finish(result, 0);
    }
}

fn run_naively(job: &Job) -> Result<QueryResult, ExecuteError> {
    let events = |groups: &[QueriedGroup]| {
        Job::events(groups).map_err(|error| ExecuteError::Source(error.to_string()))
    };
    let own = events(&job.groups)?;
    let inputs = job.inputs.iter().map(|groups| events(groups)).collect::<Result<Vec<_>, _>>()?;
    let inputs: Vec<&Vec<Event>> = inputs.iter().collect();
    Naive.execute_all(&job.plan, Reads { own: &own, inputs: &inputs, tables: &job.tables }, job.run())
}

/// A log group as a query reads it.
#[derive(Debug)]
pub struct QueriedGroup {
    /// Its key.
    pub key: GroupKey,
    /// What it tells of its events.
    pub origin: Origin,
    /// Its rows in the query's window, at the moment the query was started.
    pub scan: Scan,
}

/// A query to be run. Dropped without an outcome, it has failed.
#[derive(Debug)]
pub struct Job {
    /// What to do.
    pub plan: Plan,
    /// With the rows of which groups.
    pub groups: Vec<QueriedGroup>,
    /// The groups of each query within the query, in their order.
    pub inputs: Vec<Vec<QueriedGroup>>,
    /// The lookup tables that it names.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// In which window.
    pub window: TimeRange,
    /// When it was started, in ms.
    pub now_ms: i64,
    shared: Arc<Shared>,
}

/// What the cloud and the job share.
#[derive(Debug, Default)]
struct Shared {
    cancelled: AtomicBool,
    outcome: Mutex<Option<Outcome>>,
}

/// What came of a query.
#[derive(Debug)]
struct Outcome {
    result: Result<QueryResult, ExecuteError>,
    took_ms: i64,
}

impl Shared {
    fn outcome(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// What an executor needs beside the rows.
    pub fn run(&self) -> Run<'_> {
        Run { window: self.window, now_ms: self.now_ms, cancelled: &self.shared.cancelled }
    }

    /// The events of all these groups in the window, by time and arrival, with their discovered fields.
    ///
    /// # Errors
    /// A segment that cannot be read.
    pub fn events(groups: &[QueriedGroup]) -> Result<Vec<Event>, ReadError> {
        let mut rows = Vec::new();
        for group in groups {
            let origin = Arc::new(group.origin.clone());
            for row in group.scan.rows()? {
                rows.push((row?, origin.clone()));
            }
        }
        rows.sort_by_key(|(row, _)| row.position());
        Ok(rows.into_iter().map(|(row, origin)| event(row, origin)).collect())
    }

    /// Says what came of it, after how many milliseconds.
    pub fn finish(self, result: Result<QueryResult, ExecuteError>, took_ms: i64) {
        *self.shared.outcome() = Some(Outcome { result, took_ms });
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let result = || Err(ExecuteError::Engine("the query was abandoned".to_owned()));
        self.shared.outcome().get_or_insert_with(|| Outcome { result: result(), took_ms: 0 });
    }
}

fn event(row: Row, origin: Arc<Origin>) -> Event {
    let log = &origin.log;
    Event {
        timestamp_ms: row.timestamp_ms,
        ingestion_ms: Some(row.ingestion_ms),
        log_stream: row.stream.to_string(),
        ptr: event_pointer(log, row.timestamp_ms, row.sequence),
        fields: discover(discoverable(log, &row.message)),
        message: row.message,
        entity: row.entity,
        origin,
    }
}

/// What a query is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is being run.
    Running,
    /// There are results.
    Complete,
    /// It could not be run.
    Failed,
    /// It was stopped.
    Cancelled,
}

impl Status {
    /// As answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Running => "Running",
            Status::Complete => "Complete",
            Status::Failed => "Failed",
            Status::Cancelled => "Cancelled",
        }
    }
}

/// What a query is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// The language of Logs Insights.
    #[default]
    #[serde(rename = "CWLI")]
    Insights,
    /// SQL.
    #[serde(rename = "SQL")]
    Sql,
    /// PPL.
    #[serde(rename = "PPL")]
    Ppl,
}

impl Language {
    /// As answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Language::Insights => "CWLI",
            Language::Sql => "SQL",
            Language::Ppl => "PPL",
        }
    }
}

/// A query that was started.
#[derive(Debug)]
pub struct Query {
    /// Whose it is.
    pub scope: Scope,
    /// Its text.
    pub text: String,
    /// What it is written in.
    pub language: Language,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// When it was started.
    pub created: Timestamp,
    kept_ms: i64,
    shared: Arc<Shared>,
}

impl Query {
    /// What it is doing.
    pub fn status(&self) -> Status {
        match self.shared.outcome().as_ref().map(|outcome| &outcome.result) {
            Some(Ok(_)) => Status::Complete,
            Some(Err(ExecuteError::Cancelled)) => Status::Cancelled,
            Some(Err(_)) => Status::Failed,
            None if self.shared.cancelled.load(Ordering::Relaxed) => Status::Cancelled,
            None => Status::Running,
        }
    }

    /// What `view` makes of the results; `None` as long as there are none.
    pub fn view<T>(&self, view: impl FnOnce(&QueryResult) -> T) -> Option<T> {
        self.shared.outcome().as_ref().and_then(|outcome| outcome.result.as_ref().ok()).map(view)
    }

    /// Why it has failed, if it has.
    pub fn failure(&self) -> Option<String> {
        let outcome = self.shared.outcome();
        outcome.as_ref().and_then(|outcome| outcome.result.as_ref().err()).map(ToString::to_string)
    }

    /// How many milliseconds it took, once it has ended.
    pub fn took_ms(&self) -> Option<i64> {
        self.shared.outcome().as_ref().map(|outcome| outcome.took_ms)
    }

    /// Asks it to stop; `false` if it has ended already.
    pub fn stop(&self) -> bool {
        let is_running = self.status() == Status::Running;
        self.shared.cancelled.store(is_running, Ordering::Relaxed);
        is_running
    }
}

/// The queries of all accounts and regions, by id.
#[derive(Debug, Default)]
pub struct Queries {
    started: BTreeMap<String, Query>,
}

/// A query that is about to be started.
pub struct NewQuery {
    /// Its text.
    pub text: String,
    /// What it is written in.
    pub language: Language,
    /// What it means.
    pub plan: Plan,
    /// The groups it reads.
    pub groups: Vec<QueriedGroup>,
    /// The groups that each query within it reads.
    pub inputs: Vec<Vec<QueriedGroup>>,
    /// The lookup tables that it names.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// In which window.
    pub window: TimeRange,
    /// How long its results are kept, in ms.
    pub kept_ms: i64,
}

impl Queries {
    /// Whether `scope` may start another query.
    pub fn has_room(&self, scope: Scope) -> bool {
        let running = self.of(scope).filter(|(_, query)| query.status() == Status::Running);
        running.count() < RUNNING_MAX
    }

    /// Remembers a query as started, and gives the job to run.
    pub fn start(&mut self, id: String, scope: Scope, now: Timestamp, new: NewQuery) -> Job {
        self.forget(now);
        let shared = Arc::new(Shared::default());
        let groups = new.groups.iter().map(|group| group.key.name.clone()).collect();
        let query = Query {
            scope,
            text: new.text,
            language: new.language,
            groups,
            created: now,
            kept_ms: new.kept_ms,
            shared: Arc::clone(&shared),
        };
        self.started.insert(id, query);
        let NewQuery { plan, groups, inputs, tables, window, .. } = new;
        Job { plan, groups, inputs, tables, window, now_ms: now.0, shared }
    }

    /// The caller's query with that id.
    pub fn find(&self, scope: Scope, id: &str) -> Option<&Query> {
        self.started.get(id).filter(|query| query.scope == scope)
    }

    /// The queries of `scope` with their ids.
    pub fn of(&self, scope: Scope) -> impl Iterator<Item = (&String, &Query)> {
        self.started.iter().filter(move |(_, query)| query.scope == scope)
    }

    /// Makes room for one more.
    fn forget(&mut self, now: Timestamp) {
        self.started.retain(|_, query| {
            query.created.plus_ms(query.kept_ms) > now || query.status() == Status::Running
        });
        if self.started.len() < REMEMBERED_MAX {
            return;
        }
        let done = self.started.iter().filter(|(_, query)| query.status() != Status::Running);
        let oldest = done.min_by_key(|(_, query)| query.created).map(|(id, _)| id.clone());
        oldest.and_then(|id| self.started.remove(&id));
    }
}
