//! `unnest` and `expand`: a row for each element. `sessionize`: which rows belong together.

use super::{ROWS_MAX, too_many};
use crate::execute::{ExecuteError, Run};
use crate::naive::{Row, evaluate};
use crate::plan::Expr;
use crate::value::Value;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A row for each element of the list, which is `name` there. What is no list is a list of one; a row without a value,
/// or whose list is empty, stays as it is without the element (Assumption).
pub(super) fn unnest(list: &Expr, name: &str, rows: &[Row], run: Run<'_>) -> Result<Vec<Row>, ExecuteError> {
    let mut spread = vec![];
    for row in rows {
        for element in elements(evaluate(list, row, run)) {
            if spread.len() == ROWS_MAX {
                return Err(too_many());
            }
            let mut row = row.clone();
            row.set(name, element);
            spread.push(row);
        }
    }
    Ok(spread)
}

fn elements(value: Value) -> Vec<Value> {
    let json = match &value {
        Value::Json(json) => (**json).clone(),
        // `expand` takes the text of a list.
        Value::Text(text) if text.starts_with('[') => serde_json::from_str(text).unwrap_or(Json::Null),
        _ => Json::Null,
    };
    match json {
        Json::Array(elements) if elements.is_empty() => vec![Value::Null],
        Json::Array(elements) => elements.into_iter().map(Value::of_json).collect(),
        _ => vec![value],
    }
}

/// Numbers the sessions of each combination of keys: a row more than `gap_ms` after the one before begins another.
///
/// Assumption: sessions are numbered over all combinations by the time they begin, from 1; a row without one of the
/// keys or without a time is in none.
pub(super) fn sessions(rows: &mut [Row], (keys, gap_ms, name): (&[Expr], i64, &str), run: Run<'_>) {
    let mut timed: Vec<(i64, usize, Vec<String>)> = vec![];
    for (at, row) in rows.iter().enumerate() {
        let key: Option<Vec<String>> = keys.iter().map(|key| evaluate(key, row, run).identity()).collect();
        if let (Value::Time(ms), Some(key)) = (row.get("@timestamp"), key) {
            timed.push((*ms, at, key));
        }
    }
    timed.sort();
    let mut open: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::new();
    let mut count = 0;
    for (ms, at, key) in timed {
        let session = match open.get(&key) {
            Some((last, session)) if ms.saturating_sub(*last) <= gap_ms => *session,
            _ => {
                count += 1;
                count
            }
        };
        open.insert(key, (ms, session));
        rows[at].set(name, Value::Int(session));
    }
}
