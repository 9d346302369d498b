//! `autoregress`, `filldown`, `fillmissing`: values of other rows, and rows for empty bins.

use super::ROWS_MAX;
use crate::execute::Run;
use crate::naive::{Row, evaluate};
use crate::order::natural_key;
use crate::plan::{Expr, FillMissing};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Columns with the value of a row so many rows before; absent in the first rows.
pub(super) fn lag(rows: &mut [Row], (value, columns): (&Expr, &[(usize, String)]), run: Run<'_>) {
    let values: Vec<Value> = rows.iter().map(|row| evaluate(value, row, run)).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        for (lag, name) in columns {
            let before = at.checked_sub(*lag).map(|at| values[at].clone());
            row.set(name, before.unwrap_or(Value::Null));
        }
    }
}

/// Puts the last value above in the place of an absent one.
pub(super) fn down(rows: &mut [Row], names: &[String]) {
    for name in names {
        let mut last = Value::Null;
        for row in rows.iter_mut() {
            match row.get(name) {
                Value::Null => row.set(name, last.clone()),
                present => last = present.clone(),
            }
        }
    }
}

/// Adds a row for each bin between the first and the last that has none, for each combination of the other groups.
///
/// Assumption: bins outside those found stay empty; rows come in the order of the groups.
pub(super) fn missing(missing: &FillMissing, mut rows: Vec<Row>) -> Vec<Row> {
    let FillMissing { bin, groups, constants, .. } = missing;
    let others = |row: &Row| -> Vec<Vec<u8>> {
        groups.iter().filter(|name| *name != bin).map(|name| natural_key(row.get(name))).collect()
    };
    let time = |row: &Row| match row.get(bin) {
        Value::Time(ms) => Some(*ms),
        _ => None,
    };
    let times: BTreeSet<i64> = rows.iter().filter_map(time).collect();
    let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else { return rows };
    let mut kinds: BTreeMap<Vec<Vec<u8>>, (Row, BTreeSet<i64>)> = BTreeMap::new();
    for row in &rows {
        let kind = kinds.entry(others(row)).or_insert_with(|| (named(row, groups), BTreeSet::new()));
        kind.1.extend(time(row));
    }
    for (model, present) in kinds.into_values() {
        for at in missing.bins(first, last).filter(|at| !present.contains(at)) {
            // One more than fits is refused.
            if rows.len() > ROWS_MAX {
                break;
            }
            let mut row = model.clone();
            row.set(bin, Value::Time(at));
            constants.iter().for_each(|(name, value)| row.set(name, value.clone()));
            rows.push(row);
        }
    }
    rows.sort_by_cached_key(|row| groups.iter().map(|name| natural_key(row.get(name))).collect::<Vec<_>>());
    rows
}

/// A row with these columns of another.
fn named(row: &Row, names: &[String]) -> Row {
    let mut named = Row::default();
    names.iter().for_each(|name| named.set(name, row.get(name).clone()));
    named
}

impl FillMissing {
    /// The starts of the bins from `first` to `last`.
    fn bins(&self, first: i64, last: i64) -> impl Iterator<Item = i64> + '_ {
        let next = move |at: &i64| {
            let next = self.period.next(at.saturating_sub(self.offset_ms)).saturating_add(self.offset_ms);
            (next > *at && next <= last).then_some(next)
        };
        std::iter::successors(Some(first), next)
    }
}
