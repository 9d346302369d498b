//! Windows by definition: every partition in its order, row by row.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use super::{Row, evaluate, key_order, sort_key};
use crate::aggregate::Accumulator;
use crate::execute::{ExecuteError, Run};
use crate::plan::Direction;
use crate::value::Value;
use crate::window::{FRAME_MAX, Frame, FrameEnd, FrameUnit, Window, WindowFunction};

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
        let mut of = Partition::new(&partition, &order, &values, rows);
        of.measure(window, &partition, rows, run)?;
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
    /// Of RANGE with offsets where the first number is that rows are ordered by, and the numbers from there, rising.
    numbers: (usize, Vec<f64>),
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
        let values = partition.iter().map(|row| &values[*row]).collect();
        Partition { values, times, equals, numbers: (0, vec![]) }
    }

    /// Finds the numbers from which the offsets of RANGE count. What is none comes before all numbers, or behind all.
    fn measure(
        &mut self,
        window: &Window,
        partition: &[usize],
        rows: &[Row],
        run: Run<'_>,
    ) -> Result<(), ExecuteError> {
        let ([key], Some(frame)) = (&window.order[..], window.frame) else { return Ok(()) };
        if frame.unit == FrameUnit::Rows || !frame.has_offset() {
            return Ok(());
        }
        let sign = if key.direction == Direction::Ascending { 1.0 } else { -1.0 };
        let (first, numbers) = &mut self.numbers;
        for (at, row) in partition.iter().enumerate() {
            let value = evaluate(&key.expr, &rows[*row], run);
            // A truth value is sorted as text.
            let number = value.number().filter(|_| !matches!(value, Value::Bool(_)));
            let Some(number) = number else { continue };
            if (frame.unit == FrameUnit::Times) != matches!(value, Value::Time(_)) {
                let why = "RANGE counts intervals if its rows are ordered by times, and else numbers";
                return Err(ExecuteError::Engine(why.into()));
            }
            if numbers.is_empty() {
                *first = at;
            }
            numbers.push(sign * number.as_f64());
        }
        Ok(())
    }

    /// The first row whose number is not below that of row `at` and so much more, or the first above it; if it has one.
    fn place(&self, at: usize, offset: f64, is_behind: bool) -> Option<usize> {
        let (first, numbers) = &self.numbers;
        let wanted = numbers.get(at.checked_sub(*first)?)? + offset;
        let is_before = |number: &f64| if is_behind { *number <= wanted } else { *number < wanted };
        Some(first + numbers.partition_point(is_before))
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
        let Some(Frame { unit, start, end }) = frame else { return (0, last + 1) };
        let (rows, by_rows) = (self.values.len(), unit == FrameUnit::Rows);
        let start = match start {
            FrameEnd::First => 0,
            FrameEnd::Before(count) if by_rows => at.saturating_sub(count.0 as usize),
            FrameEnd::After(count) if by_rows => (at + count as usize).min(rows),
            FrameEnd::Current if by_rows => at,
            FrameEnd::Before(less) => self.place(at, -(less.0 as f64), false).unwrap_or(first),
            FrameEnd::After(more) => self.place(at, more as f64, false).unwrap_or(first),
            FrameEnd::Current => first,
            FrameEnd::Last => rows - 1,
        };
        let end = match end {
            FrameEnd::First => 1,
            FrameEnd::Before(count) if by_rows => (at + 1).saturating_sub(count.0 as usize),
            FrameEnd::After(count) if by_rows => (at + 1 + count as usize).min(rows),
            FrameEnd::Current if by_rows => at + 1,
            FrameEnd::Before(less) => self.place(at, -(less.0 as f64), true).unwrap_or(last + 1),
            FrameEnd::After(more) => self.place(at, more as f64, true).unwrap_or(last + 1),
            FrameEnd::Current => last + 1,
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
                _ if end - start > 2 * FRAME_MAX as usize + 1 => {
                    let most = 2 * FRAME_MAX + 1;
                    let why = format!("an aggregate of RANGE is told of more than {most} rows at once");
                    return Err(ExecuteError::Engine(why));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::COUNT_ROW;

    #[test]
    fn an_aggregate_of_a_range_is_told_of_so_many_rows() {
        let counted = |rows: usize| {
            let values = vec![Value::Int(1); rows];
            let of = Partition {
                values: values.iter().collect(),
                times: vec![Value::Null; rows],
                equals: vec![(0, 0, rows - 1); rows],
                numbers: (0, vec![1.0; rows]),
            };
            let ends = (FrameEnd::Before(std::cmp::Reverse(1)), FrameEnd::Current);
            let frame = Frame { unit: FrameUnit::Values, start: ends.0, end: ends.1 };
            let cancelled = std::sync::atomic::AtomicBool::new(false);
            let run = Run { window: crate::TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
            of.aggregates(Some(frame), &Accumulator::new(COUNT_ROW.aggregate, None), run)
        };
        let most = 2 * FRAME_MAX as usize + 1;
        assert_eq!(counted(most).map(|told| told.last().cloned()), Ok(Some(Value::Int(most as i64))));
        assert!(counted(most + 1).is_err());
    }
}
