//! The executor by definition: all rows in memory, one row and one value at a time.
//!
//! It is the meaning of a plan; a fast executor is right when it gives the same answer.

mod row;
#[cfg(test)]
mod tests;
mod window;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;

pub use row::{Row, evaluate};

use crate::aggregate::Accumulator;
use crate::execute::{
    Execute, ExecuteError, QueryResult, ResultRow, Run, Statistics, check_bound, estimated,
};
use crate::order::natural_key;
use crate::plan::{
    AggregateCall, Column, Direction, Expr, Extract, FIELDS, Plan, RowStep, SortKey, Stats, Step,
};
use crate::rows::{self, ROWS_MAX, too_many};
use crate::source::{Source, fields_of_event};
use crate::value::Value;

/// Runs plans by walking rows. Takes memory for every event of the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naive;

impl<S: Source + ?Sized> Execute<S> for Naive {
    fn execute(&self, plan: &Plan, source: &S, run: Run<'_>) -> Result<QueryResult, ExecuteError> {
        if plan.is_estimate {
            return Ok(estimated(self.bytes(plan, source, run)?));
        }
        let (rows, statistics) = self.rows(plan, source, run)?;
        Ok(result(plan, rows, statistics))
    }

    fn bytes(&self, _: &Plan, source: &S, run: Run<'_>) -> Result<u64, ExecuteError> {
        Ok(source.scan(run.window).map(|event| event.message.len() as u64).sum())
    }

    fn rows(&self, plan: &Plan, source: &S, run: Run<'_>) -> Result<(Vec<Row>, Statistics), ExecuteError> {
        check_bound(plan)?;
        let mut statistics = Statistics { log_groups_scanned: 1, ..Statistics::default() };
        let mut rows = scan(plan, source, run, &mut statistics)?;
        let mut matched = None;
        for step in &plan.steps {
            if run.cancelled.load(Relaxed) {
                return Err(ExecuteError::Cancelled);
            }
            if step.ends_matching() {
                matched.get_or_insert(rows.len());
            }
            rows = apply(step, rows, run)?;
        }
        statistics.records_matched = matched.unwrap_or(rows.len()) as u64;
        statistics.result_count = rows.len() as u64;
        Ok((rows, statistics))
    }
}

fn scan<S: Source + ?Sized>(
    plan: &Plan,
    source: &S,
    run: Run<'_>,
    statistics: &mut Statistics,
) -> Result<Vec<Row>, ExecuteError> {
    let mut rows = vec![];
    let needs_all = plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::Rows(RowStep::Relevant(relevant)) if relevant.is_all));
    let mut names: BTreeSet<String> = plan.columns.iter().cloned().collect();
    plan.steps.iter().for_each(|step| step.read_fields(&mut names));
    for event in source.scan(run.window) {
        if run.cancelled.load(Relaxed) {
            return Err(ExecuteError::Cancelled);
        }
        statistics.records_scanned += 1;
        statistics.bytes_scanned += event.message.len() as u64;
        let all = needs_all.then(|| fields_of_event(&event.origin.log, &event.message, &event.fields));
        let mut row = Row::of_event_with(event, &names);
        all.into_iter().for_each(|all| row.set(FIELDS, all));
        rows.push(row);
    }
    Ok(rows)
}

fn apply(step: &Step, mut rows: Vec<Row>, run: Run<'_>) -> Result<Vec<Row>, ExecuteError> {
    match step {
        Step::Extend(columns) => rows.iter_mut().for_each(|row| extend(row, columns, run)),
        Step::Filter(condition) => rows.retain(|row| evaluate(condition, row, run).is_true()),
        Step::Parse { source, extract } => rows.iter_mut().for_each(|row| parse(row, source, extract, run)),
        Step::Repeat { times, name } => return repeat(rows, *times, name),
        Step::Stats(stats) => return Ok(group(stats, &rows, run)),
        Step::Sort(keys) => return Ok(sort(keys, rows, run)),
        Step::Limit(count) => rows.truncate(*count as usize),
        Step::Skip(count) => drop(rows.drain(..rows.len().min(*count as usize))),
        Step::Dedup(keys) => dedup(&mut rows, keys, run),
        Step::Window(step) => window::window(step, &mut rows, run)?,
        Step::Rows(step) => return rows::apply(step, rows, run),
    }
    Ok(rows)
}

/// What the last steps of a plan make of the rows that the steps before gave.
///
/// # Errors
/// [`ExecuteError::Cancelled`]; [`ExecuteError::Engine`] if the steps make too many rows.
pub fn finish(steps: &[Step], mut rows: Vec<Row>, run: Run<'_>) -> Result<Vec<Row>, ExecuteError> {
    for step in steps {
        if run.cancelled.load(Relaxed) {
            return Err(ExecuteError::Cancelled);
        }
        rows = apply(step, rows, run)?;
    }
    Ok(rows)
}

fn extend(row: &mut Row, columns: &[Column], run: Run<'_>) {
    for column in columns {
        let value = evaluate(&column.expr, row, run);
        row.set(&column.name, value);
    }
}

/// A row that does not match loses what it had under the columns' names, so that old and new are never mixed.
fn parse(row: &mut Row, source: &Expr, extract: &Extract, run: Run<'_>) {
    let value = evaluate(source, row, run);
    let text = value.print();
    let found = text.as_deref().and_then(|text| extract.pattern.0.captures(text));
    for (index, column) in extract.columns.iter().enumerate() {
        let group = found.as_ref().and_then(|found| found.get(index + 1));
        if let Some(name) = column {
            row.set(name, group.map_or(Value::Null, |group| Value::text(group.as_str())));
        }
    }
}

/// Each row so many times, if all together fit.
fn repeat(rows: Vec<Row>, times: u32, name: &str) -> Result<Vec<Row>, ExecuteError> {
    if rows.len().saturating_mul(times as usize) > ROWS_MAX {
        return Err(too_many());
    }
    let numbered = |row: Row| {
        (0..times).map(move |number| {
            let mut row = row.clone();
            row.set(name, Value::Int(number.into()));
            row
        })
    };
    Ok(rows.into_iter().flat_map(numbered).collect())
}

fn group(stats: &Stats, rows: &[Row], run: Run<'_>) -> Vec<Row> {
    let accumulator = |call: &AggregateCall| {
        Accumulator::new(call.aggregate.aggregate, call.parameter).of_different(call.is_distinct)
    };
    let empty = || stats.aggregates.iter().map(accumulator);
    let mut groups: BTreeMap<Vec<Option<String>>, (Row, Vec<Accumulator>)> = BTreeMap::new();
    if stats.groups.is_empty() {
        groups.insert(vec![], (Row::default(), empty().collect()));
    }
    for row in rows {
        let mut named = Row::default();
        for column in &stats.groups {
            named.set(&column.name, evaluate(&column.expr, row, run));
        }
        let key = stats.groups.iter().map(|column| named.get(&column.name).identity()).collect();
        let (_, accumulators) = groups.entry(key).or_insert_with(|| (named, empty().collect()));
        for (call, accumulator) in stats.aggregates.iter().zip(accumulators) {
            let value = call.argument.as_ref().map_or(Value::Int(1), |argument| evaluate(argument, row, run));
            accumulator.add(&value, row.get("@timestamp"));
        }
    }
    groups.into_values().map(|(named, accumulators)| output(stats, named, accumulators, run)).collect()
}

fn output(stats: &Stats, mut named: Row, accumulators: Vec<Accumulator>, run: Run<'_>) -> Row {
    for (call, accumulator) in stats.aggregates.iter().zip(accumulators) {
        named.set(&call.name, accumulator.finish());
    }
    let mut row = Row::default();
    for column in &stats.outputs {
        row.set(&column.name, evaluate(&column.expr, &named, run));
    }
    row
}

fn sort(keys: &[SortKey], rows: Vec<Row>, run: Run<'_>) -> Vec<Row> {
    let mut keyed: Vec<(Vec<Vec<u8>>, Row)> =
        rows.into_iter().map(|row| (sort_key(keys, &row, run), row)).collect();
    keyed.sort_by(|(left, _), (right, _)| key_order(keys, left, right));
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// What a row is ordered by.
fn sort_key(keys: &[SortKey], row: &Row, run: Run<'_>) -> Vec<Vec<u8>> {
    keys.iter().map(|key| natural_key(&evaluate(&key.expr, row, run))).collect()
}

/// How two rows stand to each other that are ordered by these.
fn key_order(keys: &[SortKey], left: &[Vec<u8>], right: &[Vec<u8>]) -> Ordering {
    let sides = left.iter().zip(right).zip(keys);
    let orders = sides.map(|((left, right), key)| match key.direction {
        Direction::Ascending => left.cmp(right),
        Direction::Descending => right.cmp(left),
    });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn dedup(rows: &mut Vec<Row>, keys: &[Expr], run: Run<'_>) {
    let mut seen = BTreeSet::new();
    rows.retain(|row| {
        let key: Option<Vec<String>> = keys.iter().map(|key| evaluate(key, row, run).identity()).collect();
        key.is_none_or(|key| seen.insert(key))
    });
}

/// The rows as an answer shows them.
pub fn result(plan: &Plan, rows: Vec<Row>, statistics: Statistics) -> QueryResult {
    let print = |row: &Row, name: &String| row.get(name).print().map(|text| text.into_owned());
    let rows = rows.into_iter().map(|row| ResultRow {
        values: plan.columns.iter().map(|name| print(&row, name)).collect(),
        ptr: if plan.is_events { print(&row, &"@ptr".into()) } else { None },
    });
    QueryResult {
        columns: plan.columns.clone(),
        rows: rows.collect(),
        statistics,
        warnings: plan.warnings.clone(),
    }
}
