//! Points of minutes put together into the periods that a reader asks for.
//!
//! Assumptions: periods begin at the start of the range, rounded down to a whole minute; a period that begins before the end
//! is whole.
//! Source: Amazon CloudWatch API Reference, GetMetricStatistics and GetMetricData (Period, StartTime, EndTime).

use crate::monitoring::check::invalid;
use crate::monitoring::metric::{MINUTE_MS, Metric, Metrics, Summary};
use crate::operation::Error;
use std::collections::BTreeMap;
use weir_model::{Scope, Timestamp};

/// Periods below a minute, for metrics of high resolution.
const SECONDS_BELOW_MINUTE: [i64; 5] = [1, 5, 10, 20, 30];

/// A statistic of the values of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their sum by their number.
    Average,
    /// All together.
    Sum,
    /// The smallest.
    Minimum,
    /// The greatest.
    Maximum,
}

/// Statistics by their names.
pub const STATISTICS: [(&str, Statistic); 5] = [
    ("SampleCount", Statistic::SampleCount),
    ("Average", Statistic::Average),
    ("Sum", Statistic::Sum),
    ("Minimum", Statistic::Minimum),
    ("Maximum", Statistic::Maximum),
];

impl Statistic {
    /// The statistic of that name.
    ///
    /// # Errors
    /// `InvalidParameterValue` for another name; percentiles and their like are not implemented.
    pub fn parse(name: &str) -> Result<Statistic, Error> {
        let found = STATISTICS.iter().find(|(known, _)| *known == name).map(|(_, statistic)| *statistic);
        found.ok_or_else(|| {
            let names = STATISTICS.map(|(name, _)| name).join(", ");
            invalid(format!("The statistic '{name}' is not implemented by weir; it has {names}."))
        })
    }

    /// What it is of these values.
    pub fn of(self, values: Summary) -> f64 {
        match self {
            Statistic::SampleCount => values.count,
            Statistic::Average => values.sum / values.count,
            Statistic::Sum => values.sum,
            Statistic::Minimum => values.min,
            Statistic::Maximum => values.max,
        }
    }
}

/// A range of time cut into periods.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    start_ms: i64,
    end_ms: i64,
    period_ms: i64,
}

impl Periods {
    /// The periods of `period_s` seconds from `start` up to but without `end`.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a length that is no period, and a range that is none.
    pub fn new(start: Timestamp, end: Timestamp, period_s: i64) -> Result<Periods, Error> {
        let is_short = SECONDS_BELOW_MINUTE.contains(&period_s);
        let is_period = is_short || (period_s > 0 && period_s % 60 == 0);
        let period_ms = period_s
            .checked_mul(1000)
            .filter(|_| is_period)
            .ok_or_else(|| invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."))?;
        if start >= end {
            return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
        }
        // There are no points before 1970, and no sums of times that overflow.
        let start_ms = start.0.max(0);
        Ok(Periods { start_ms: start_ms - start_ms.rem_euclid(MINUTE_MS), end_ms: end.0, period_ms })
    }

    /// How many periods there are.
    pub fn count(&self) -> i64 {
        let span = self.end_ms.saturating_sub(self.start_ms);
        span / self.period_ms + i64::from(span % self.period_ms != 0)
    }

    /// What was measured of a metric in each period that has a value, by its beginning in ms, with its unit.
    pub fn summaries(
        &self,
        metrics: &Metrics,
        (scope, metric): (Scope, &Metric),
        unit: Option<&str>,
    ) -> BTreeMap<i64, (Summary, String)> {
        let mut periods = BTreeMap::<i64, (Summary, String)>::new();
        for point in metrics.points(scope, metric, self.start_ms, self.end_ms) {
            if unit.is_some_and(|unit| unit != point.unit) {
                continue;
            }
            let begins = point.minute_ms - (point.minute_ms - self.start_ms) % self.period_ms;
            let entry = periods.entry(begins);
            entry
                .and_modify(|(summary, _)| *summary = summary.plus(point.summary))
                .or_insert_with(|| (point.summary, point.unit.clone()));
        }
        periods
    }
}
