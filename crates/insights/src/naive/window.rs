//! Windows by definition: every partition in its order, row by row.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use super::{Row, evaluate, key_order, sort_key};
use crate::aggregate::Accumulator;
use crate::execute::{ExecuteError, Run};
use crate::value::Value;
use crate::window::{Frame, FrameEnd, Window, WindowFunction};

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
        let of = Partition::new(&partition, &order, &values, rows);
        let told = of.told(window, run)?;
        for (row, value) in partition.iter().zip(told) {
            rows[*row].set(&window.name, value);
        }
    }
    Ok(())
}

/// The rows of a partition in their order.
struct Partition<'a> {
    /// What the function reads of each row.
    values: Vec<&'a Value>,
    times: Vec<Value>,
    /// The place of the set of equal rows that a row is in, and its first and last row.
    equals: Vec<(usize, usize, usize)>,
}

impl<'a> Partition<'a> {
    fn new(partition: &[usize], order: &[Vec<Vec<u8>>], values: &'a [Value], rows: &[Row]) -> Partition<'a> {
        let (mut equals, mut first) = (vec![], 0);
        for (place, peers) in partition.chunk_by(|left, right| order[*left] == order[*right]).enumerate() {
            let last = first + peers.len() - 1;
            equals.extend(peers.iter().map(|_| (place, first, last)));
            first = last + 1;
        }
        let times = partition.iter().map(|row| rows[*row].get("@timestamp").clone()).collect();
        Partition { values: partition.iter().map(|row| &values[*row]).collect(), times, equals }
    }

    /// What each row is told.
    fn told(&self, window: &Window, run: Run<'_>) -> Result<Vec<Value>, ExecuteError> {
        if let WindowFunction::Aggregate(row) = window.function {
            return self.aggregates(window.frame, &Accumulator::new(row.aggregate, None), run);
        }
        let mut told = vec![];
        for at in 0..self.values.len() {
            check_cancelled(run)?;
            let frame = self.frame(window.frame, at);
            told.push(match window.ignores_nulls {
                true => self.present(window.function, at, frame),
                false => self.told_of(window.function, at, frame),
            });
        }
        Ok(told)
    }

    /// The first row of the frame and the one behind its last.
    fn frame(&self, frame: Option<Frame>, at: usize) -> (usize, usize) {
        let (_, first, last) = self.equals[at];
        let Some(Frame { by_range, start, end }) = frame else { return (0, last + 1) };
        let rows = self.values.len();
        let start = match start {
            FrameEnd::First => 0,
            FrameEnd::Before(count) => at.saturating_sub(count.0 as usize),
            FrameEnd::Current => {
                if by_range {
                    first
                } else {
                    at
                }
            }
            FrameEnd::After(count) => (at + count as usize).min(rows),
            FrameEnd::Last => rows - 1,
        };
        let end = match end {
            FrameEnd::First => 1,
            FrameEnd::Before(count) => (at + 1).saturating_sub(count.0 as usize),
            FrameEnd::Current => {
                if by_range {
                    last + 1
                } else {
                    at + 1
                }
            }
            FrameEnd::After(count) => (at + 1 + count as usize).min(rows),
            FrameEnd::Last => rows,
        };
        (start, end.max(start))
    }

    /// An aggregate of each frame. A frame that reaches an end of the partition grows from there, and is not gone through anew.
    fn aggregates(
        &self,
        frame: Option<Frame>,
        empty: &Accumulator,
        run: Run<'_>,
    ) -> Result<Vec<Value>, ExecuteError> {
        let rows = self.values.len();
        let add = |to: &mut Accumulator, at: usize| to.add(self.values[at], &self.times[at]);
        let mut told = vec![Value::Null; rows];
        let grows_back =
            frame.is_some_and(|frame| frame.start != FrameEnd::First && frame.end == FrameEnd::Last);
        let grows = frame.is_none_or(|frame| frame.start == FrameEnd::First);
        let mut running = empty.clone();
        let (mut seen, mut last) = (if grows_back { rows } else { 0 }, None);
        for step in 0..rows {
            check_cancelled(run)?;
            let at = if grows_back { rows - 1 - step } else { step };
            let (start, end) = self.frame(frame, at);
            // Equal rows have one frame, and are told one value.
            let value = match last {
                Some((same, value)) if same == (start, end) => value,
                _ if grows => {
                    (seen..end).for_each(|row| add(&mut running, row));
                    seen = seen.max(end);
                    running.clone().finish()
                }
                _ if grows_back => {
                    (start..seen).rev().for_each(|row| add(&mut running, row));
                    seen = seen.min(start);
                    running.clone().finish()
                }
                _ => {
                    let mut moving = empty.clone();
                    (start..end).for_each(|row| add(&mut moving, row));
                    moving.finish()
                }
            };
            told[at] = value.clone();
            last = Some(((start, end), value));
        }
        Ok(told)
    }

    fn value(&self, at: Option<usize>) -> Value {
        at.and_then(|at| self.values.get(at)).map_or(Value::Null, |value| (*value).clone())
    }

    /// What is told of row `at` with this frame.
    fn told_of(&self, function: WindowFunction, at: usize, (start, end): (usize, usize)) -> Value {
        let (place, first, last) = self.equals[at];
        let whole = |number: usize| Value::Int(number as i64);
        let within = |row: Option<usize>| self.value(row.filter(|row| (start..end).contains(row)));
        let rows = self.values.len();
        match function {
            WindowFunction::RowNumber => whole(at + 1),
            WindowFunction::Rank => whole(first + 1),
            WindowFunction::DenseRank => whole(place + 1),
            WindowFunction::PercentRank if rows == 1 => Value::Float(0.0),
            WindowFunction::PercentRank => Value::Float(first as f64 / (rows - 1) as f64),
            WindowFunction::CumeDist => Value::Float((last + 1) as f64 / rows as f64),
            WindowFunction::Tile(parts) => whole(tile(at, rows, parts as usize) + 1),
            WindowFunction::Lag(count) => self.value(at.checked_sub(count as usize)),
            WindowFunction::Lead(count) => self.value(at.checked_add(count as usize)),
            WindowFunction::First => within(Some(start)),
            WindowFunction::Last => within(end.checked_sub(1)),
            WindowFunction::Nth(number) => within((start + number as usize).checked_sub(1)),
            // Told of all rows as their frames are gone through.
            WindowFunction::Aggregate(_) => Value::Null,
        }
    }

    /// The same, as if rows without a value were not there.
    fn present(&self, function: WindowFunction, at: usize, (start, end): (usize, usize)) -> Value {
        let is_present = |row: &usize| !self.values[*row].is_null();
        self.value(match function {
            WindowFunction::Lag(0) | WindowFunction::Lead(0) => Some(at),
            WindowFunction::Lag(count) => (0..at).rev().filter(is_present).nth(count as usize - 1),
            WindowFunction::Lead(count) => {
                (at + 1..self.values.len()).filter(is_present).nth(count as usize - 1)
            }
            WindowFunction::Last => (start..end).rev().find(is_present),
            WindowFunction::Nth(number) => {
                (start..end).filter(is_present).nth((number as usize).saturating_sub(1))
            }
            _ => (start..end).find(is_present),
        })
    }
}

fn check_cancelled(run: Run<'_>) -> Result<(), ExecuteError> {
    if run.cancelled.load(Relaxed) { Err(ExecuteError::Cancelled) } else { Ok(()) }
}

/// The place, from 0, of the part that row `at` of `rows` is in, of `parts`: the first `rows % parts` have one row more.
fn tile(at: usize, rows: usize, parts: usize) -> usize {
    let (size, larger) = (rows / parts, rows % parts);
    let in_larger = larger * (size + 1);
    if at < in_larger { at / (size + 1) } else { larger + (at - in_larger) / size }
}
