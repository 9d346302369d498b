//! The engine: threads, memory, and running a lowered plan to its rows.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result as Tried};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::functions_aggregate::count::count_all;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use futures::future::try_join;
use tokio::runtime::Runtime;
use weir_insights::{
    ExecuteError, Plan, QueryResult, ROWS_MAX, ResultRow, Row, Run, Statistics, Value, check_bound,
    event_pointer, finish, result, too_many,
};

use crate::events::{Events, Part};
use crate::kind::Kind;
use crate::lower::{LoweredPlan, lower};
use crate::memory::Memory;
use crate::narrow::Narrow;
use crate::turns::GroupInTurn;
use crate::workers::Workers;

/// How long a stopped query may go on.
const CANCEL_CHECK: Duration = Duration::from_millis(20);

/// Rules of DataFusion 55 that move parts of structures below a union and then mix up its columns.
const LEAF_RULES: [&str; 2] = ["extract_leaf_expressions", "push_down_leaf_projections"];

/// The optimizer walks expressions by recursion, in large frames: the deepest expression that the language takes fits.
const STACK_BYTES: usize = 32 << 20;

/// What an engine may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads, and parts into which work is cut.
    pub threads: usize,
    /// Memory for sorting and grouping; what needs more is written to temporary files.
    pub memory_bytes: usize,
}

impl Default for Options {
    /// All processors, 2 GiB.
    fn default() -> Options {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Options { threads, memory_bytes: 2 << 30 }
    }
}

/// Runs plans. Any number of threads may share one.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    runtime: Runtime,
    workers: Option<Arc<dyn Workers>>,
}

impl Engine {
    /// An engine with its own threads.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn new(options: Options) -> std::io::Result<Engine> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("weir-engine")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        Ok(Engine { options, runtime, workers: None })
    }

    /// An engine whose plans run on workers, cut into [`Options::threads`] parts. It reads Parquet files only.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn on_workers(options: Options, workers: Arc<dyn Workers>) -> std::io::Result<Engine> {
        Ok(Engine { workers: Some(workers), ..Engine::new(options)? })
    }

    /// Whether plans run on workers.
    pub(crate) fn has_workers(&self) -> bool {
        self.workers.is_some()
    }

    /// The threads it was given.
    pub fn threads(&self) -> usize {
        self.options.threads.max(1)
    }

    /// Waits for the future on the engine's threads, also where another runtime's thread calls.
    pub(crate) fn wait<T: Send>(
        &self,
        future: impl Future<Output = Result<T, ExecuteError>> + Send,
    ) -> Result<T, ExecuteError> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("weir-query".into()).stack_size(STACK_BYTES);
            let waiting = thread.spawn_scoped(scope, || self.runtime.block_on(future));
            let waiting = waiting.map_err(|error| ExecuteError::Engine(error.to_string()))?;
            waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// A context for one query.
    pub(crate) fn context(&self) -> Result<SessionContext, ExecuteError> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(Memory::new(self.options.memory_bytes)))
            .build_arc()
            .map_err(failed)?;
        let mut config = SessionConfig::new().with_target_partitions(self.threads());
        // `IS TRUE` has no null in a plan, and may have one in what runs it: aggregates of it would be refused.
        config.options_mut().execution.skip_physical_aggregate_schema_check = true;
        if let Some(workers) = &self.workers {
            config = workers.settings(config);
        }
        let mut state = SessionStateBuilder::new_with_default_features();
        state = state.with_config(config).with_runtime_env(runtime);
        if !self.has_workers() {
            state = state.with_physical_optimizer_rule(Arc::new(GroupInTurn));
        }
        let context = SessionContext::new_with_state(state.build());
        for rule in LEAF_RULES {
            context.remove_optimizer_rule(rule);
        }
        Ok(context)
    }

    /// Runs a query that takes its values for narrow, and again if some are not. On workers none are taken so: their errors
    /// tell nothing of it.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) fn narrow_first<T>(
        &self,
        query: impl Fn(Option<&Narrow>) -> Result<T, ExecuteError>,
    ) -> Result<T, ExecuteError> {
        let narrow = Narrow::default();
        let first = query((!self.has_workers()).then_some(&narrow));
        if narrow.has_failed() { query(None) } else { first }
    }

    /// Runs a plan over parts: the result with its rows as texts; or without rows, and they as values, if `as_values` is set.
    /// The statistics are what reading the parts will have cost, but for what matched.
    pub(crate) async fn run_as(
        &self,
        query: Query<'_>,
        parts: Vec<Part>,
        as_values: bool,
    ) -> Result<(QueryResult, Vec<Row>), ExecuteError> {
        let Answer { texts, values, mut statistics } = self.answer(query, parts, as_values).await?;
        statistics.result_count = (texts.len() + values.len()) as u64;
        if as_values {
            return Ok((QueryResult { statistics, ..QueryResult::default() }, values));
        }
        let answer = result(query.plan, values, statistics);
        let rows = if texts.is_empty() { answer.rows } else { texts };
        Ok((QueryResult { rows, ..answer }, vec![]))
    }

    /// The rows as texts, where that is enough; else, and where `as_values` is set, as values.
    async fn answer(
        &self,
        query: Query<'_>,
        parts: Vec<Part>,
        as_values: bool,
    ) -> Result<Answer, ExecuteError> {
        let Query { context, plan, run, .. } = query;
        check_bound(plan)?;
        let Some(events) = Events::new(parts, plan).map_err(failed)? else {
            return Err(ExecuteError::Source("there is nothing to read".into()));
        };
        let lowered = lower(query, events, self.has_workers()).await.map_err(failed)?;
        let rows = self.rows(context, &lowered, run, as_values);
        let events = lowered.counted.clone();
        let count = async {
            match events {
                Some(events) => unless_stopped(self.count(context, events), run).await,
                None => Ok(0),
            }
        };
        let ((texts, values), records_matched) = match self.has_workers() {
            true => try_join(rows, count).await?,
            false => {
                let rows = rows.await?;
                match lowered.matched.passed() {
                    Some(passed) => (rows, passed),
                    None => (rows, count.await?),
                }
            }
        };
        let values = finish(lowered.later, values, run)?;
        Ok(Answer { texts, values, statistics: Statistics { records_matched, ..Statistics::default() } })
    }

    /// The rows before the steps that need them in memory: as texts where nothing is left to do, else as values.
    async fn rows(
        &self,
        context: &SessionContext,
        lowered: &LoweredPlan<'_>,
        run: Run<'_>,
        as_values: bool,
    ) -> Result<(Vec<ResultRow>, Vec<Row>), ExecuteError> {
        let mut stream = unless_stopped(self.stream(context, lowered.frame.clone()), run).await?;
        let (mut texts, mut values) = (vec![], vec![]);
        while let Some(batch) = unless_stopped(stream.try_next(), run).await? {
            match lowered.later {
                [] if !as_values => push_rows(&batch, &lowered.kinds, lowered.is_events, &mut texts),
                _ => push_values(&batch, lowered, &mut values)?,
            }
        }
        Ok((texts, values))
    }

    /// Runs a frame here or on the workers.
    async fn stream(&self, context: &SessionContext, frame: DataFrame) -> Tried<SendableRecordBatchStream> {
        match &self.workers {
            None => frame.execute_stream().await,
            Some(workers) => workers.run(frame.create_physical_plan().await?, context).await,
        }
    }

    /// How many rows a frame has.
    async fn count(&self, context: &SessionContext, frame: DataFrame) -> Tried<u64> {
        let counted = frame.aggregate(vec![], vec![count_all()])?;
        let batches: Vec<RecordBatch> = self.stream(context, counted).await?.try_collect().await?;
        let counts = batches.iter().filter(|batch| batch.num_rows() > 0);
        Ok(counts.map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0) as u64).sum())
    }
}

/// A plan on its way to its rows.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a> {
    pub context: &'a SessionContext,
    pub plan: &'a Plan,
    pub run: Run<'a>,
    /// What values are taken for, if for anything.
    pub narrow: Option<&'a Narrow>,
}

/// What a plan gave: rows of one sort or the other.
struct Answer {
    texts: Vec<ResultRow>,
    values: Vec<Row>,
    statistics: Statistics,
}

/// What the future gives, unless the run is stopped first.
async fn unless_stopped<T>(future: impl Future<Output = Tried<T>>, run: Run<'_>) -> Result<T, ExecuteError> {
    let mut future = pin!(future);
    loop {
        if run.cancelled.load(Relaxed) {
            return Err(ExecuteError::Cancelled);
        }
        if let Ok(done) = tokio::time::timeout(CANCEL_CHECK, &mut future).await {
            return done.map_err(failed);
        }
    }
}

pub(crate) fn failed(error: DataFusionError) -> ExecuteError {
    ExecuteError::Engine(match error {
        // What workers tell.
        DataFusionError::External(why) => why.to_string(),
        error => error.strip_backtrace(),
    })
}

/// Whether a query has [`failed`] for want of memory, which DataFusion says in so many words.
pub(crate) fn is_of_memory(why: &str) -> bool {
    why.contains("Resources exhausted: ")
}

fn push_rows(batch: &RecordBatch, kinds: &[Kind], is_events: bool, rows: &mut Vec<ResultRow>) {
    for row in 0..batch.num_rows() {
        let text = |(index, kind): (usize, &Kind)| {
            kind.value(batch.column(index), row).print().map(|text| text.into_owned())
        };
        let values = kinds.iter().enumerate().map(text).collect();
        let ptr = is_events.then(|| pointer(batch, kinds.len(), row));
        rows.push(ResultRow { values, ptr });
    }
}

/// Rows for the steps that need them in memory.
fn push_values(
    batch: &RecordBatch,
    lowered: &LoweredPlan<'_>,
    rows: &mut Vec<Row>,
) -> Result<(), ExecuteError> {
    if rows.len() + batch.num_rows() > ROWS_MAX {
        return Err(too_many());
    }
    for at in 0..batch.num_rows() {
        let mut row = Row::default();
        for (index, (name, kind)) in lowered.names.iter().zip(&lowered.kinds).enumerate() {
            row.set(name, kind.value(batch.column(index), at));
        }
        if lowered.is_events {
            row.set("@ptr", Value::Text(pointer(batch, lowered.kinds.len(), at)));
        }
        rows.push(row);
    }
    Ok(())
}

/// Behind the plan's columns come group, time and place.
fn pointer(batch: &RecordBatch, first: usize, row: usize) -> String {
    let log = batch.column(first).as_string_view().value(row);
    let number = |index: usize| batch.column(first + index).as_primitive::<Int64Type>().value(row);
    event_pointer(log, number(1), number(2) as u64)
}
