//! Logs Insights queries on threads of their own, so that a long one keeps nobody waiting.

use std::sync::{Arc, OnceLock};
use std::time::Instant;
use weir_api::logs::queries::{Job, QueriedGroup, RunQuery};
use weir_engine::{Engine, LogGroup, Options};
use weir_insights::{Execute, ExecuteError, QueryResult, Reads};

/// Runs each query on a thread with the engine, which begins with the first query.
#[derive(Default)]
pub struct RunOnThreads {
    engine: Arc<OnceLock<Engine>>,
}

impl RunQuery for RunOnThreads {
    fn run(&self, job: Job) {
        let engine = self.engine.clone();
        // A thread that cannot be started drops the job, which then has failed.
        let _ = std::thread::Builder::new().name("query".into()).spawn(move || run(&engine, job));
    }
}

fn run(engine: &OnceLock<Engine>, mut job: Job) {
    let begun = Instant::now();
    let groups = read(std::mem::take(&mut job.groups));
    let inputs: Vec<_> = std::mem::take(&mut job.inputs).into_iter().map(read).collect();
    let result = execute(engine, &job, (&groups, inputs.iter().map(Vec::as_slice).collect()));
    let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    job.finish(result, took_ms);
}

/// The groups as the engine reads them.
fn read(groups: Vec<QueriedGroup>) -> Vec<LogGroup> {
    let group = |QueriedGroup { origin, scan, .. }| LogGroup { origin, scan };
    groups.into_iter().map(group).collect()
}

fn execute(
    engine: &OnceLock<Engine>,
    job: &Job,
    (own, inputs): (&[LogGroup], Vec<&[LogGroup]>),
) -> Result<QueryResult, ExecuteError> {
    let reads = Reads { own, inputs: &inputs, tables: &job.tables };
    begun(engine)?.execute_all(&job.plan, reads, job.run())
}

/// The engine, begun if it has not. Of two that begin at once one is kept.
fn begun(engine: &OnceLock<Engine>) -> Result<&Engine, ExecuteError> {
    if engine.get().is_none() {
        let begun =
            Engine::new(Options::default()).map_err(|error| ExecuteError::Engine(error.to_string()))?;
        // Another query may have been quicker; then this one is not needed.
        let _ = engine.set(begun);
    }
    engine.get().ok_or_else(|| ExecuteError::Engine("the engine did not begin".into()))
}
