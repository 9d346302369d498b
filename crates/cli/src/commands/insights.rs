//! `weir insights SOURCE… 'QUERY'`: Logs Insights over flow-log files.

mod buckets;
mod print;
mod progress;
mod sources;
mod spool;
mod times;

use crate::arguments::{Insights, Output};
use crate::clock::Clock;
use crate::{Failure, Outcome, signals, workers};
use print::printed;
use progress::Progress;
use sources::{Sources, tables};
use spool::Spool;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use weir_engine::files::{self, Estimate, Files, FilesAnswer};
use weir_engine::{Engine, Options};
use weir_flowlog::Format;
use weir_insights::{
    ExecuteError, Plan, QueryError, QueryErrorKind, QueryResult, Reads, ResultRow, Run, Statistics, Tables,
    plan, sql_plan,
};

/// Runs the command.
pub fn run(arguments: &Insights) -> Outcome {
    let Some((query, named)) = arguments.files_and_query.split_last() else {
        return Err(Failure::new(2, "a query is needed: see weir insights --help"));
    };
    if arguments.output == Output::Parquet && std::io::stdout().is_terminal() {
        return Err(Failure::new(2, "Parquet is not for terminals: redirect it to a file, > FILE.parquet"));
    }
    let checked = if arguments.sql { sql_plan(query, None) } else { plan(query, None) };
    let checked = checked.map_err(|error| refused(query, &error))?;
    let tables = tables(&arguments.table)?;
    check_tables(query, &checked, &tables)?;
    let now_ms = Clock::real().timestamp().0;
    let window = times::window(arguments, now_ms)?;
    let format = arguments.format.as_deref().map_or(Ok(Format::default()), Format::parse);
    let format = format.map_err(|error| Failure::new(2, format!("--format: {error}")))?;
    let spool = Spool::of(named).map_err(|error| Failure::from(format!("standard input: {error}")))?;
    let cancelled = Arc::new(AtomicBool::new(false));
    let run = Run { window, now_ms, cancelled: &cancelled };
    let storage = Arc::new(buckets::storage(arguments, named, &checked)?);
    let options =
        files::Options { format, is_strict: arguments.strict, storage, ..files::Options::default() };
    let sources = Sources::find(&checked, (named, arguments.sql), &spool, (&options, run))?;
    let inputs = sources.inputs();
    if arguments.estimate {
        let costs = std::iter::once(sources.own()).chain(inputs.iter().copied()).map(Files::estimate);
        write(&printed(&costs_of(costs.sum()), arguments.output, false)?)?;
        return Ok(0);
    }
    let engine = match &arguments.workers {
        // Of no files there is nothing to give to workers.
        Some(scheduler) if sources.len() > 0 => {
            signals::cancel_when_asked_to_stop(cancelled.clone())
                .map_err(|error| Failure::from(format!("signals: {error}")))?;
            workers::engine(scheduler)?
        }
        _ => Engine::new(Options::default()).map_err(|error| Failure::from(error.to_string()))?,
    };
    let reads = Reads { own: sources.own(), inputs: &inputs, tables: &tables };
    // Workers tell nothing of what they have read.
    let total = || if arguments.workers.is_none() { sources.stored_bytes() } else { 0 };
    let progress = Progress::shown(options.read_bytes.clone(), total);
    let answer = engine.query_files(&checked, reads, run);
    drop(progress);
    let answer = answer.map_err(|error| match error {
        ExecuteError::Cancelled => Failure::new(Failure::STOPPED, error.to_string()),
        error => Failure::from(error.to_string()),
    })?;
    write(&printed(&answer.result, arguments.output, query.contains("bin("))?)?;
    report(&answer, sources.len());
    Ok(if answer.unreadable.is_empty() { 0 } else { Failure::FAILED })
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A reader that has seen enough closes the pipe.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::from(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A query must not name tables that `--table` does not give.
fn check_tables(query: &str, plan: &Plan, tables: &dyn Tables) -> Result<(), Failure> {
    match plan.tables.iter().find(|used| tables.table(&used.name).is_none()) {
        None => Ok(()),
        Some(used) => {
            let kind = QueryErrorKind::NoTable(used.name.clone());
            let failure = refused(query, &QueryError { span: used.span, kind });
            let hint = format!("\n  name its file: --table {}=FILE.csv", used.name);
            Err(Failure { message: failure.message + &hint, ..failure })
        }
    }
}

/// What reading would cost as a row.
fn costs_of(cost: Estimate) -> QueryResult {
    let columns = ["files", "storedBytes", "estimatedBytes", "estimatedRecords"];
    let values = [cost.files, cost.stored_bytes, cost.bytes, cost.records];
    QueryResult {
        columns: columns.map(String::from).to_vec(),
        rows: vec![ResultRow { values: values.map(|value| Some(value.to_string())).to_vec(), ptr: None }],
        statistics: Statistics { result_count: 1, ..Statistics::default() },
        warnings: vec![],
    }
}

/// The refused query with a mark under what is wrong.
fn refused(query: &str, error: &QueryError) -> Failure {
    let place = error.location(query);
    let width = (place.end_char_offset - place.start_char_offset).max(1);
    let line: String = query.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let mark = format!("{}{}", " ".repeat(place.start_char_offset), "^".repeat(width));
    Failure::new(2, format!("{error}\n  {line}\n  {mark}"))
}

/// What was read, and what could not be.
fn report(answer: &FilesAnswer, files: usize) {
    let statistics = &answer.result.statistics;
    eprintln!(
        "{} rows; {} of {} records matched in {files} files",
        statistics.result_count, statistics.records_matched, statistics.records_scanned
    );
    for file in &answer.unreadable {
        eprintln!("not read: {}: {}", file.file.display(), file.why);
    }
    for line in &answer.broken {
        eprintln!("no record: {line}");
    }
    let more = answer.broken_count - answer.broken.len() as u64;
    if more > 0 {
        eprintln!("no record: {more} more lines");
    }
}
