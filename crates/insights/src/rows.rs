//! Commands that look at several rows at once, or make several of one.
//!
//! They need the rows in order and in memory, so every executor runs them here.
//! Source: CloudWatch Logs User Guide, the page of each command (read 2026-11). Assumptions, where it is silent, are told
//! at each function.

mod fill;
mod join;
mod pattern;
mod relevant;
mod set;
mod spread;
mod total;

use crate::execute::{ExecuteError, Run};
use crate::naive::Row;
use crate::plan::{Expr, RowStep};
pub use pattern::{COUNT, SKELETON, TOKENS};

/// Rows that such a command takes. Assumption: AWS names no number; this bounds memory.
pub const ROWS_MAX: usize = 1_000_000;

/// The rows that the step makes of `rows`.
///
/// # Errors
/// [`ExecuteError::Engine`] if they are more than [`ROWS_MAX`].
pub fn apply(step: &RowStep, mut rows: Vec<Row>, run: Run<'_>) -> Result<Vec<Row>, ExecuteError> {
    match step {
        RowStep::Unnest { list, name } => return spread::unnest(list, name, &rows, run),
        RowStep::Join(join) => return join::join(join, &rows, run),
        RowStep::Append(append) => join::append(append, &mut rows),
        RowStep::Combine(step) => rows = set::combine(step, &rows),
        RowStep::Patterns(step) => rows = pattern::patterns(step, &rows),
        RowStep::Differences => pattern::differences(&mut rows),
        RowStep::Anomalies => pattern::anomalies(&mut rows),
        RowStep::Relevant(step) => rows = relevant::relevant(step, &rows, run),
        RowStep::Accumulate { value, name } => total::accumulate(&mut rows, (value, name), run),
        RowStep::Lag { value, columns } => fill::lag(&mut rows, (value, columns), run),
        RowStep::FillDown { names } => fill::down(&mut rows, names),
        RowStep::FillMissing(missing) => rows = fill::missing(missing, rows),
        RowStep::Totals(totals) => total::totals(totals, &mut rows),
        RowStep::Sessions { keys, gap_ms, name } => spread::sessions(&mut rows, (keys, *gap_ms, name), run),
        RowStep::Outliers(outliers) => total::outliers(outliers, &mut rows),
    }
    if rows.len() > ROWS_MAX { Err(too_many()) } else { Ok(rows) }
}

/// More rows than fit.
pub fn too_many() -> ExecuteError {
    ExecuteError::Engine(format!("more than {ROWS_MAX} rows at a command that needs them in memory"))
}

impl RowStep {
    /// Adds the names of all fields that the step reads.
    pub fn read_fields(&self, into: &mut std::collections::BTreeSet<String>) {
        let mut read = |exprs: &[&Expr]| exprs.iter().for_each(|expr| expr.read_fields(into));
        match self {
            RowStep::Unnest { list: value, .. }
            | RowStep::Accumulate { value, .. }
            | RowStep::Lag { value, .. } => read(&[value]),
            RowStep::Sessions { keys, .. } => {
                read(&keys.iter().collect::<Vec<_>>());
                into.insert("@timestamp".into());
            }
            RowStep::Join(join) => read(&join.keys.iter().collect::<Vec<_>>()),
            RowStep::Patterns(_) => into.extend([SKELETON, COUNT, TOKENS].map(String::from)),
            RowStep::Differences | RowStep::Anomalies => {}
            RowStep::Relevant(relevant) => {
                read(&[&relevant.condition]);
                into.extend(relevant.names.iter().cloned());
                into.extend(relevant.is_all.then(|| crate::plan::FIELDS.to_owned()));
            }
            RowStep::Append(append) => into.extend(append.names.iter().cloned()),
            RowStep::Combine(step) => into.extend(step.names.iter().map(|(name, _)| name.clone())),
            RowStep::FillDown { names } => into.extend(names.iter().cloned()),
            RowStep::FillMissing(missing) => into.extend(missing.groups.iter().cloned()),
            RowStep::Totals(totals) => into.extend(totals.names.iter().cloned()),
            RowStep::Outliers(outliers) => into.extend(outliers.names.iter().cloned()),
        }
    }
}
