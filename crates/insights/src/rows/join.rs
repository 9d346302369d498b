//! `join` and `appendcols`: rows of another query beside those of this one.

use super::{ROWS_MAX, too_many};
use crate::execute::{ExecuteError, Run};
use crate::naive::{Row, evaluate};
use crate::plan::{Append, Join};
use crate::value::Value;

/// A row for each pair of rows with equal keys, those of the left side in their order, and for each those of the right
/// in theirs; with `left`, also the rows of the left side that have no other.
pub(super) fn join(join: &Join, rows: &[Row], run: Run<'_>) -> Result<Vec<Row>, ExecuteError> {
    let mut joined = vec![];
    let Some(right) = join.rows.get() else { return Ok(joined) };
    for row in rows {
        let values: Vec<Value> = join.keys.iter().map(|key| evaluate(key, row, run)).collect();
        let found = right.matching(&values);
        let alone = (found.is_empty() && join.keeps_left).then_some(None);
        for other in found.iter().map(Some).chain(alone) {
            if joined.len() == ROWS_MAX {
                return Err(too_many());
            }
            joined.push(pair(join, row, other));
        }
    }
    Ok(joined)
}

fn pair(join: &Join, left: &Row, right: Option<&Row>) -> Row {
    let mut row = left.clone();
    for name in &join.names {
        let value = right.map_or(Value::Null, |right| right.get(name).clone());
        row.set(&format!("{}.{name}", join.right), value);
    }
    row
}

/// Puts the columns of the other query's rows beside those of this one's, first to first, second to second.
///
/// Assumption: rows for which there is none stay as they are, and rows of the other query for which there is none are
/// left out. Without `override` a value that is there stays.
pub(super) fn append(append: &Append, rows: &mut [Row]) {
    let Some(others) = append.rows.get() else { return };
    for (row, other) in rows.iter_mut().zip(others).take(append.rows_max) {
        for name in &append.names {
            if append.overrides || row.get(name).is_null() {
                row.set(name, other.get(name).clone());
            }
        }
    }
}
