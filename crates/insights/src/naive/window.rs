//! Windows by definition: every partition in its order, row by row.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use super::{Row, evaluate, key_order, sort_key};
use crate::aggregate::Accumulator;
use crate::execute::{ExecuteError, Run};
use crate::value::Value;
use crate::window::{Window, WindowFunction};

/// Adds the window's column; the rows stay where they are.
pub(super) fn window(window: &Window, rows: &mut [Row], run: Run<'_>) -> Result<(), ExecuteError> {
    let mut partitions: BTreeMap<Vec<Option<String>>, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let key = window.partition.iter().map(|expr| evaluate(expr, row, run).identity()).collect();
        partitions.entry(key).or_default().push(at);
    }
    let order: Vec<Vec<Vec<u8>>> = rows.iter().map(|row| sort_key(&window.order, row, run)).collect();
    let ties: Vec<Vec<Vec<u8>>> = rows.iter().map(|row| sort_key(&window.ties, row, run)).collect();
    let values: Vec<Value> = rows
        .iter()
        .map(|row| window.argument.as_ref().map_or(Value::Int(1), |expr| evaluate(expr, row, run)))
        .collect();
    for mut partition in partitions.into_values() {
        partition.sort_by(|left, right| {
            let equal = key_order(&window.order, &order[*left], &order[*right]);
            equal.then_with(|| key_order(&window.ties, &ties[*left], &ties[*right]))
        });
        // Rows from each place to its end are equal by the order.
        let equal = |left: &usize, right: &usize| order[*left] == order[*right];
        let mut first = 0;
        let mut running = match window.function {
            WindowFunction::Aggregate(row) => Some(Accumulator::new(row.aggregate, None)),
            _ => None,
        };
        for (place, peers) in partition.chunk_by(equal).enumerate() {
            if run.cancelled.load(Relaxed) {
                return Err(ExecuteError::Cancelled);
            }
            let last = first + peers.len() - 1;
            if let Some(running) = &mut running {
                peers.iter().for_each(|at| running.add(&values[*at], rows[*at].get("@timestamp")));
            }
            let of_all = running.as_ref().map(|running| running.clone().finish());
            for (at, row) in (first..=last).zip(peers) {
                let told = match &of_all {
                    Some(value) => value.clone(),
                    None => told(window.function, (place, first, at, last), &partition, &values),
                };
                rows[*row].set(&window.name, told);
            }
            first = last + 1;
        }
    }
    Ok(())
}

/// What is told of row `at` of a partition, whose equals are the rows from `first` to `last`, the `place`th such set.
fn told(
    function: WindowFunction,
    (place, first, at, last): (usize, usize, usize, usize),
    partition: &[usize],
    values: &[Value],
) -> Value {
    let whole = |number: usize| Value::Int(number as i64);
    let value = |at: Option<usize>| match at.and_then(|at| partition.get(at)) {
        Some(row) => values[*row].clone(),
        None => Value::Null,
    };
    let rows = partition.len();
    match function {
        WindowFunction::RowNumber => whole(at + 1),
        WindowFunction::Rank => whole(first + 1),
        WindowFunction::DenseRank => whole(place + 1),
        WindowFunction::PercentRank if rows == 1 => Value::Float(0.0),
        WindowFunction::PercentRank => Value::Float(first as f64 / (rows - 1) as f64),
        WindowFunction::CumeDist => Value::Float((last + 1) as f64 / rows as f64),
        WindowFunction::Tile(parts) => whole(tile(at, rows, parts as usize) + 1),
        WindowFunction::Lag(count) => value(at.checked_sub(count as usize)),
        WindowFunction::Lead(count) => value(at.checked_add(count as usize)),
        WindowFunction::First => value(Some(0)),
        WindowFunction::Last => value(Some(last)),
        WindowFunction::Nth(number) => value((number as usize).checked_sub(1).filter(|nth| *nth <= last)),
        // Told of all equal rows at once, as they are gone through.
        WindowFunction::Aggregate(_) => Value::Null,
    }
}

/// The place, from 0, of the part that row `at` of `rows` is in, of `parts`: the first `rows % parts` have one row more.
fn tile(at: usize, rows: usize, parts: usize) -> usize {
    let (size, larger) = (rows / parts, rows % parts);
    let in_larger = larger * (size + 1);
    if at < in_larger { at / (size + 1) } else { larger + (at - in_larger) / size }
}
