//! Metrics: what was counted in each minute, by account, region, namespace, name and dimensions.
//!
//! Points are kept for 15 days, as CloudWatch keeps those of one minute; Weir keeps no coarser ones for longer.
//! Source: Amazon CloudWatch User Guide, "Metrics concepts".

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};

/// The length of the time that a point stands for.
pub const MINUTE_MS: i64 = 60_000;
/// How long points are kept.
const KEPT_MS: i64 = 15 * 24 * 60 * MINUTE_MS;
/// Most points; the oldest go for newer ones.
const POINTS_MAX: usize = 500_000;

/// The units of CloudWatch.
pub const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// Dimensions by name.
pub type Dimensions = BTreeMap<String, String>;

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// Where its name belongs.
    pub namespace: String,
    /// What it is called there.
    pub name: String,
    /// What it is about.
    pub dimensions: Dimensions,
}

/// Values that were measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many.
    pub count: f64,
    /// All together.
    pub sum: f64,
    /// The smallest.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Summary {
    /// A value that was measured once.
    pub fn of(value: f64) -> Summary {
        Summary { count: 1.0, sum: value, min: value, max: value }
    }

    /// Both together.
    pub fn plus(self, other: Summary) -> Summary {
        Summary {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// What came of one event that a filter has looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Of which metric.
    pub metric: Metric,
    /// When, in ms.
    pub time_ms: i64,
    /// What.
    pub value: f64,
    /// Whether this stands for an event that did not match: it counts only in a minute in which none did.
    pub is_default: bool,
    /// In which unit.
    pub unit: String,
}

/// What was measured in a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    scope: Scope,
    /// Of which metric.
    pub metric: Metric,
    /// The beginning of the minute, in ms.
    pub minute_ms: i64,
    /// In which unit: that of the first value.
    pub unit: String,
    /// The values.
    pub summary: Summary,
    /// Whether all of them stand for events that did not match.
    is_default: bool,
}

impl Resource for Point {
    type Key = String;
    const KIND: &'static str = "metric-point";

    /// Begins with the minute, so that the oldest points are first. Names and namespaces have no colon.
    fn key(&self) -> String {
        key(self.scope, &self.metric, self.minute_ms)
    }
}

fn key(scope: Scope, metric: &Metric, minute_ms: i64) -> String {
    let dimensions = serde_json::to_string(&metric.dimensions).unwrap_or_default();
    let Metric { namespace, name, .. } = metric;
    format!("{minute_ms:014}:{}:{}:{namespace}:{name}:{dimensions}", scope.account, scope.region)
}

/// A key that comes before those of all points of a minute from `minute_ms` on, and after those before.
fn first_key(minute_ms: i64) -> String {
    format!("{:014}", minute_ms.max(0))
}

/// All points of all metrics.
#[derive(Default)]
pub struct Metrics {
    points: Table<Point>,
}

impl Metrics {
    /// Adds what was measured, and forgets what is too old at `now`.
    pub fn add(&mut self, scope: Scope, measured: Vec<Measured>, now: Timestamp) {
        let oldest_ms = now.0 - KEPT_MS;
        for one in measured.into_iter().filter(|one| one.time_ms >= oldest_ms) {
            self.add_one(scope, one);
            self.forget_before(oldest_ms);
        }
    }

    fn add_one(&mut self, scope: Scope, measured: Measured) {
        let Measured { metric, time_ms, value, is_default, unit } = measured;
        let minute_ms = time_ms - time_ms.rem_euclid(MINUTE_MS);
        let summary = Summary::of(value);
        match self.points.get_mut(&key(scope, &metric, minute_ms)) {
            Some(point) if point.is_default == is_default => point.summary = point.summary.plus(summary),
            Some(point) if point.is_default => (point.summary, point.is_default) = (summary, false),
            Some(_) => {}
            None => self.points.insert(Point { scope, metric, minute_ms, unit, summary, is_default }),
        }
    }

    fn forget_before(&mut self, oldest_ms: i64) {
        while let Some(key) = self.first_to_forget(oldest_ms) {
            self.points.remove(&key);
        }
    }

    fn first_to_forget(&self, oldest_ms: i64) -> Option<String> {
        let is_full = self.points.len() > POINTS_MAX;
        self.points.iter().next().filter(|first| is_full || first.minute_ms < oldest_ms).map(Point::key)
    }

    /// The points of a metric from `from_ms` up to but without `to_ms`, the oldest first.
    pub fn points(
        &self,
        scope: Scope,
        metric: &Metric,
        from_ms: i64,
        to_ms: i64,
    ) -> impl Iterator<Item = &Point> {
        let points = self.points.starting_at(first_key(from_ms));
        let points = points.take_while(move |point| point.minute_ms < to_ms);
        points.filter(move |point| point.scope == scope && point.metric == *metric)
    }

    /// The metrics that have a point at or after `from_ms`, in order.
    pub fn since(&self, scope: Scope, from_ms: i64) -> BTreeSet<&Metric> {
        let points = self.points.starting_at(first_key(from_ms)).filter(|point| point.scope == scope);
        points.map(|point| &point.metric).collect()
    }

    /// Puts back a point read from disk. `Ok(false)` if it is of another kind.
    ///
    /// # Errors
    /// The text is not a point.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        let is_one = kind == Point::KIND;
        if is_one {
            self.points.restore(body)?;
        }
        Ok(is_one)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.points.drain_changes(out);
    }
}
