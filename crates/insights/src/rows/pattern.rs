//! `pattern`, `diff` and `anomaly`: patterns out of counted skeletons, and how they differ from before.
//!
//! Assumptions, where the user guide is silent: the names of the columns of `diff` and `anomaly`; what is an anomaly
//! ([`anomaly`]), where AWS learns.

use crate::naive::Row;
use crate::pattern::{Found, TokenStats, merge, severity, shown};
use crate::plan::Patterns;
use crate::value::Value;

/// The columns that the counted skeletons have.
pub const SKELETON: &str = "# skeleton";
pub const COUNT: &str = "# count";
pub const TOKENS: &str = "# tokens";
/// The column of a pattern's count in the time compared with, and that of all patterns.
const BEFORE: &str = "# before";
const BEFORE_ALL: &str = "# before all";
const ANOMALY: &str = "# anomaly";

/// How many standard deviations a count differs by to be an anomaly.
const DEVIATIONS: f64 = 3.0;
/// Events without which nothing is said of the values of their tokens.
const EVENTS_MIN: u64 = 5;
/// Values of a token that must be new to be an anomaly.
const NEW_VALUES_MIN: u64 = 10;

/// A row for each pattern, the most frequent first.
pub(super) fn patterns(patterns: &Patterns, rows: &[Row]) -> Vec<Row> {
    let before = patterns.baseline.as_ref().and_then(|rows| rows.get());
    let all =
        rows.iter().map(|row| found(row, 0)).chain(before.into_iter().flatten().map(|row| found(row, 1)));
    let mut merged = merge(all.collect());
    let total = |time: usize| merged.iter().map(|found| found.counts[time]).sum::<u64>();
    let totals = [total(0), total(1)];
    merged.retain(|found| patterns.keeps_gone || found.counts[0] > 0);
    merged.sort_by_cached_key(|found| (std::cmp::Reverse(found.counts[0]), shown(&found.skeleton())));
    merged.iter().map(|found| row(found, totals)).collect()
}

fn found(row: &Row, time: usize) -> Found {
    let skeleton = row.get(SKELETON).print().unwrap_or_default();
    let tokens = match row.get(TOKENS) {
        Value::Json(json) => TokenStats::of_json(json),
        _ => vec![],
    };
    Found::new(&skeleton, time, count(row, COUNT), &tokens)
}

fn count(row: &Row, name: &str) -> u64 {
    row.get(name).as_f64().unwrap_or(0.0) as u64
}

fn row(found: &Found, totals: [u64; 2]) -> Row {
    let mut row = Row::default();
    let skeleton = found.skeleton();
    row.set("@pattern", Value::Text(shown(&skeleton)));
    row.set("@ratio", Value::number_or_null(found.counts[0] as f64 / totals[0].max(1) as f64));
    row.set("@sampleCount", Value::Int(found.counts[0] as i64));
    row.set("@severityLabel", severity(&skeleton).map_or(Value::Null, Value::text));
    row.set(BEFORE, Value::Int(found.counts[1] as i64));
    row.set(BEFORE_ALL, Value::Int(totals[1] as i64));
    if let Some((kind, text)) = anomaly(found, totals[1]) {
        row.set("@anomalyType", Value::text(kind));
        row.set(ANOMALY, Value::Text(text));
    }
    row
}

/// Puts beside each pattern how its count differs from that of before, the greatest difference first.
pub(super) fn differences(rows: &mut [Row]) {
    for row in rows.iter_mut() {
        let (now, before) = (count(row, "@sampleCount"), count(row, BEFORE));
        row.set("@difference", Value::Int(now as i64 - before as i64));
        row.set("@differenceDescription", Value::Text(difference(now, before)));
    }
    rows.sort_by_cached_key(|row| {
        let difference = row.get("@difference").as_f64().unwrap_or(0.0).abs() as u64;
        std::cmp::Reverse(difference)
    });
}

fn difference(now: u64, before: u64) -> String {
    let percent = |part: u64| part as f64 * 100.0 / before as f64;
    match (now, before) {
        (_, 0) => "new".into(),
        (0, _) => "gone".into(),
        (now, before) if now > before => format!("{:.0}% more", percent(now - before)),
        (now, before) if now < before => format!("{:.0}% less", percent(before - now)),
        _ => "no change".into(),
    }
}

/// Names the anomalies in their columns.
pub(super) fn anomalies(rows: &mut [Row]) {
    for row in rows {
        let text = row.get(ANOMALY).clone();
        row.set("@anomalyDescription", text);
    }
}

/// What is unusual about a pattern, compared with the time before: the first of five kinds.
///
/// Nothing is, if there was nothing before.
fn anomaly(found: &Found, before_all: u64) -> Option<(&'static str, String)> {
    let [now, before] = found.counts;
    if before_all == 0 || now == 0 {
        return None;
    }
    if before == 0 {
        return Some(("New Pattern", "the pattern was not there before".into()));
    }
    let deviates = |now: u64, before: u64| {
        (now as f64 - before as f64).abs() >= DEVIATIONS * ((now + before) as f64).sqrt()
    };
    let is_http = ["http", "status"].iter().any(|word| found.skeleton().to_ascii_lowercase().contains(word));
    for (at, [stats, earlier]) in found.tokens().enumerate().filter(|_| is_http) {
        let (errors, earlier) = (stats.http_errors, earlier.http_errors);
        if errors > earlier && errors >= EVENTS_MIN && deviates(errors, earlier) {
            let text = format!("token {} tells {errors} HTTP errors, before {earlier}", at + 1);
            return Some(("HTTP Error Code", text));
        }
    }
    if deviates(now, before) {
        return Some(("Pattern Frequency", format!("{now} events, before {before}")));
    }
    found.tokens().enumerate().find_map(|(at, stats)| odd_token(at + 1, stats))
}

fn odd_token(place: usize, [now, before]: [TokenStats; 2]) -> Option<(&'static str, String)> {
    if now.numbers >= EVENTS_MIN && before.numbers >= EVENTS_MIN {
        let mean = |stats: TokenStats| stats.sum / stats.numbers as f64;
        let (mean, earlier) = (mean(now), mean(before));
        if mean.abs() >= 2.0 * earlier.abs().max(1.0) || earlier.abs() >= 2.0 * mean.abs().max(1.0) {
            let text = format!("token {place} is {mean:.2} in the mean, before {earlier:.2}");
            return Some(("Numerical Token", text));
        }
        return None;
    }
    let has_more = now.distinct >= before.distinct * 2 && now.distinct >= before.distinct + NEW_VALUES_MIN;
    let text = || format!("token {place} has {} different values, before {}", now.distinct, before.distinct);
    has_more.then(|| ("Token Variation", text()))
}
