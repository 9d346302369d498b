//! Set operators: rows are equal if each of their columns is, where absent equals absent.

use std::collections::BTreeMap;

use crate::naive::Row;
use crate::plan::{Combine, SetOperator};

/// Rows of these columns alone. The first of equal rows stands for them; those of the other side come last.
pub(super) fn combine(step: &Combine, rows: &[Row]) -> Vec<Row> {
    let others = step.rows.get().map_or(&[][..], Vec::as_slice);
    let mut combined: Vec<Row> = vec![];
    // How often a row may still be taken, or has to be left out.
    let mut counts: BTreeMap<Vec<Option<String>>, usize> = BTreeMap::new();
    if step.operator != SetOperator::Union {
        for row in others.iter().map(|row| named(row, step, true)) {
            *counts.entry(key(&row, step)).or_default() += 1;
        }
    }
    let mut seen: BTreeMap<Vec<Option<String>>, usize> = BTreeMap::new();
    let behind = others.iter().filter(|_| step.operator == SetOperator::Union);
    let sides = rows.iter().map(|row| named(row, step, false));
    for row in sides.chain(behind.map(|row| named(row, step, true))) {
        let key = key(&row, step);
        let there = counts.get(&key).copied().unwrap_or_default();
        let before = seen.entry(key).or_default();
        let is_left = match (step.operator, step.keeps_all) {
            (SetOperator::Union, true) => true,
            (SetOperator::Union, false) => *before == 0,
            (SetOperator::Intersect, true) => *before < there,
            (SetOperator::Intersect, false) => *before == 0 && there > 0,
            (SetOperator::Except, true) => *before >= there,
            (SetOperator::Except, false) => *before == 0 && there == 0,
        };
        *before += 1;
        if is_left {
            combined.push(row);
        }
    }
    combined
}

/// The columns by their names on this side.
fn named(row: &Row, step: &Combine, is_other: bool) -> Row {
    let mut named = Row::default();
    for (name, other) in &step.names {
        named.set(name, row.get(if is_other { other } else { name }).clone());
    }
    named
}

fn key(row: &Row, step: &Combine) -> Vec<Option<String>> {
    step.names.iter().map(|(name, _)| row.get(name).identity()).collect()
}
