//! `relevantfields`: which fields are otherwise where a condition is true.
//!
//! Source: CloudWatch Logs User Guide, "relevantfields" (read 2026-11), which does not tell how the score is found.
//! Assumption: for a field whose values are all numbers it is the greatest distance of the two distributions
//! (Kolmogorov and Smirnov); for others half the sum of the differences of each value's share, where values that come
//! once are one value, and the absent one is another.

use std::collections::{BTreeMap, BTreeSet};

use crate::aggregate::percentile;
use crate::execute::Run;
use crate::naive::{Row, evaluate};
use crate::plan::{FIELDS, Relevant};
use crate::value::Value;

/// Values that are shown of a field.
const CONTRIBUTORS_MAX: usize = 3;

/// A row for each field, the most relevant first.
pub(super) fn relevant(relevant: &Relevant, rows: &[Row], run: Run<'_>) -> Vec<Row> {
    let mut read = BTreeSet::new();
    relevant.condition.read_fields(&mut read);
    let is_met: Vec<bool> =
        rows.iter().map(|row| evaluate(&relevant.condition, row, run).is_true()).collect();
    let mut names: BTreeSet<String> = relevant.names.iter().cloned().collect();
    if relevant.is_all {
        names.extend(rows.iter().flat_map(members));
        names.retain(|name| !read.contains(name));
    }
    let mut fields: Vec<(f64, String, Row)> = vec![];
    for name in names {
        let mut sides = [vec![], vec![]];
        for (row, is_met) in rows.iter().zip(&is_met) {
            let value = match relevant.names.contains(&name) {
                true => row.get(&name).clone(),
                false => row.get(FIELDS).part(std::slice::from_ref(&name)),
            };
            sides[usize::from(!is_met)].push(value);
        }
        let (score, row) = compared(&name, &sides);
        fields.push((score, name, row));
    }
    fields.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    fields.into_iter().map(|(_, _, row)| row).collect()
}

/// The names of all fields of an event.
fn members(row: &Row) -> Vec<String> {
    match row.get(FIELDS) {
        Value::Json(json) => json.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default(),
        _ => vec![],
    }
}

/// The score of a field and its row, of the values where the condition is met and where it is not.
fn compared(name: &str, sides: &[Vec<Value>; 2]) -> (f64, Row) {
    let mut row = Row::default();
    row.set("@fieldName", Value::text(name));
    let numbers = |side: &Vec<Value>| side.iter().filter_map(Value::as_f64).collect::<Vec<f64>>();
    let present = |side: &Vec<Value>| side.iter().filter(|value| !value.is_null()).count();
    let both = [numbers(&sides[0]), numbers(&sides[1])];
    let is_numeric = both.iter().zip(sides).all(|(numbers, side)| numbers.len() == present(side));
    let score = if is_numeric && both.iter().any(|numbers| !numbers.is_empty()) {
        let [met, other] = both;
        row.set("@conditionalMedian", percentile(met.clone(), 50.0));
        row.set("@baselineMedian", percentile(other.clone(), 50.0));
        distance(met, other)
    } else {
        let shares = shares(sides);
        if let Some(text) = contributors(&shares) {
            row.set("@topRelevanceContributors", Value::Text(text));
        }
        shares.values().map(|[met, other]| (met - other).abs()).sum::<f64>() / 2.0
    };
    row.set("@relevanceScore", Value::number_or_null(score));
    (score, row)
}

/// The greatest distance of the two distributions; none if one side has no numbers.
fn distance(mut left: Vec<f64>, mut right: Vec<f64>) -> f64 {
    left.sort_by(f64::total_cmp);
    right.sort_by(f64::total_cmp);
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let share =
        |sorted: &[f64], at: f64| sorted.partition_point(|number| *number <= at) as f64 / sorted.len() as f64;
    let steps = left.iter().chain(&right);
    steps.map(|at| (share(&left, *at) - share(&right, *at)).abs()).fold(0.0, f64::max)
}

/// The share of each value on both sides.
fn shares(sides: &[Vec<Value>; 2]) -> BTreeMap<Option<String>, [f64; 2]> {
    let mut counts: BTreeMap<Option<String>, [f64; 2]> = BTreeMap::new();
    for (at, side) in sides.iter().enumerate() {
        for value in side {
            counts.entry(value.print().map(|text| text.into_owned())).or_default()[at] += 1.0;
        }
    }
    let mut rare = [0.0; 2];
    counts.retain(|value, [met, other]| {
        let is_rare = value.is_some() && *met + *other < 2.0;
        if is_rare {
            rare = [rare[0] + *met, rare[1] + *other];
        }
        !is_rare
    });
    if rare != [0.0; 2] {
        counts.insert(Some("(others)".into()), rare);
    }
    let all = [sides[0].len().max(1) as f64, sides[1].len().max(1) as f64];
    counts.values_mut().for_each(|[met, other]| (*met, *other) = (*met / all[0], *other / all[1]));
    counts
}

/// The values whose shares differ most: `REJECT: 80% instead of 5%`.
fn contributors(shares: &BTreeMap<Option<String>, [f64; 2]>) -> Option<String> {
    let mut differing: Vec<_> = shares.iter().filter(|(_, [met, other])| met != other).collect();
    differing
        .sort_by(|(_, left), (_, right)| (right[0] - right[1]).abs().total_cmp(&(left[0] - left[1]).abs()));
    let text = |(value, [met, other]): &(&Option<String>, &[f64; 2])| {
        let value = value.as_deref().unwrap_or("(absent)");
        format!("{value}: {:.0}% instead of {:.0}%", met * 100.0, other * 100.0)
    };
    let texts: Vec<String> = differing.iter().take(CONTRIBUTORS_MAX).map(text).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}
