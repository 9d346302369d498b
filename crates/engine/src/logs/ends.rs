//! Queries for the first or the last rows by time, which many segments cannot be part of.

use std::collections::BTreeSet;

use weir_insights::{Direction, Expr, Plan, Run, Step};
use weir_store::{Scan, Segment};

use super::LogGroup;

/// Segments that a query need not read.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// Their ids.
    pub segments: BTreeSet<u64>,
    /// How many rows they have, all of which the query would have met.
    pub rows: u64,
}

impl LeftOut {
    /// Those that lie behind enough rows of others, where a plan keeps some rows by time and drops none before.
    pub fn new(plan: &Plan, groups: &[LogGroup], run: Run<'_>) -> LeftOut {
        let Some((count, direction)) = rows_by_time(plan) else { return LeftOut::default() };
        let whole = groups.iter().flat_map(|group| whole(&group.scan, run));
        // As if time ran from the wanted end on: where a segment begins, and where it ends.
        let mut whole: Vec<(i64, i64, &Segment)> = match direction {
            Direction::Ascending => whole.map(|segment| (segment.min_ms, segment.max_ms, segment)).collect(),
            // All bits turned, for the least number has no negative.
            Direction::Descending => {
                whole.map(|segment| (!segment.max_ms, !segment.min_ms, segment)).collect()
            }
        };
        whole.sort_by_key(|(_, end, _)| *end);
        let mut rows = 0;
        let enough = whole.iter().find(|(_, _, segment)| {
            rows += segment.rows;
            rows >= count
        });
        let Some((_, enough, _)) = enough else { return LeftOut::default() };
        let behind = whole.iter().filter(|(start, _, _)| start > enough).map(|(_, _, segment)| segment);
        LeftOut {
            segments: behind.clone().map(|segment| segment.id).collect(),
            rows: behind.map(|segment| segment.rows).sum(),
        }
    }
}

/// The segments of which the query meets every row.
fn whole<'s>(scan: &'s Scan, run: Run<'_>) -> impl Iterator<Item = &'s Segment> {
    let first = scan.from_ms.max(run.window.start_ms);
    let last = scan.to_ms.saturating_sub(1).min(run.window.end_ms);
    let is_inside = move |segment: &&Segment| first <= segment.min_ms && segment.max_ms <= last;
    let segments = scan.hidden.is_empty().then_some(&scan.segments);
    segments.into_iter().flatten().map(|segment| segment.as_ref()).filter(is_inside)
}

/// How many rows a plan keeps, from which end, if they are the first or last by time of all that there are.
fn rows_by_time(plan: &Plan) -> Option<(u64, Direction)> {
    let is_time = |name: &str| name == "@timestamp";
    // Rows come by time unless told.
    let mut direction = Some(Direction::Ascending);
    for step in &plan.steps {
        match step {
            Step::Extend(columns) if !columns.iter().any(|column| is_time(&column.name)) => {}
            Step::Parse { extract, .. } if !extract.columns.iter().flatten().any(|name| is_time(name)) => {}
            Step::Sort(keys) => {
                let first = keys.first()?;
                let is_by_time = matches!(&first.expr, Expr::Field(name) if is_time(name));
                direction = is_by_time.then_some(first.direction);
            }
            Step::Limit(count) => return direction.map(|direction| (u64::from(*count), direction)),
            _ => return None,
        }
    }
    None
}
