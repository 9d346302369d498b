//! GetMetricData: statistics of several metrics at once.

use crate::monitoring::check::{Dimension, combination, invalid, metric, unit};
use crate::monitoring::metric::Metric;
use crate::monitoring::period::{Periods, Statistic};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_model::Timestamp;
use weir_wire::Token;
use weir_wire::json::epoch_seconds;

/// Most queries of a request.
const QUERIES_MAX: usize = 500;
/// Most points of an answer.
const POINTS_MAX: usize = 100_800;

/// Asks for statistics of metrics over time.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetMetricData {
    metric_data_queries: Vec<MetricDataQuery>,
    #[serde(with = "epoch_seconds")]
    start_time: Timestamp,
    #[serde(with = "epoch_seconds")]
    end_time: Timestamp,
    next_token: Option<String>,
    scan_by: Option<String>,
    max_datapoints: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricDataQuery {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: MetricName,
    period: i64,
    stat: String,
    unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricName {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

/// A page of the points of all queries.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMetricDataResponse {
    metric_data_results: Vec<MetricDataResult>,
    messages: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataResult {
    id: String,
    label: String,
    timestamps: Vec<f64>,
    values: Vec<f64>,
    status_code: &'static str,
}

/// A query that is well formed.
struct Query {
    id: String,
    label: String,
    metric: Metric,
    periods: Periods,
    statistic: Statistic,
    unit: Option<String>,
}

impl Operation for GetMetricData {
    type Response = GetMetricDataResponse;

    fn run(mut self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let is_ascending = self.is_ascending()?;
        let most = match self.max_datapoints {
            None => POINTS_MAX,
            Some(most) => {
                usize::try_from(most).ok().filter(|most| (1..=POINTS_MAX).contains(most)).ok_or_else(
                    || invalid(format!("The parameter MaxDatapoints must be between 1 and {POINTS_MAX}.")),
                )?
            }
        };
        let mut skipped = self.next_token.as_deref().map_or(Ok(0), place)?;
        let first = skipped;
        let queries = self.queries()?;
        let (mut left, mut results) = (most, vec![]);
        for query in queries {
            let mut points = query.points(cx);
            if !is_ascending {
                points.reverse();
            }
            let before = skipped.min(points.len());
            skipped -= before;
            let page: Vec<_> = points[before..].iter().copied().take(left).collect();
            left -= page.len();
            let is_whole = before + page.len() == points.len();
            results.push(MetricDataResult {
                id: query.id,
                label: query.label,
                timestamps: page.iter().map(|(begins, _)| *begins as f64 / 1000.0).collect(),
                values: page.iter().map(|(_, value)| *value).collect(),
                status_code: if is_whole { "Complete" } else { "PartialData" },
            });
        }
        let is_partial = results.iter().any(|result| result.status_code == "PartialData");
        let next_token = is_partial.then(|| Token::after(&(first + most).to_string()).as_str().to_owned());
        Ok(GetMetricDataResponse { metric_data_results: results, messages: [], next_token })
    }
}

impl GetMetricData {
    fn is_ascending(&self) -> Result<bool, Error> {
        match self.scan_by.as_deref() {
            None | Some("TimestampDescending") => Ok(false),
            Some("TimestampAscending") => Ok(true),
            Some(_) => Err(invalid(
                "The parameter ScanBy must be a value in the set [ TimestampDescending, TimestampAscending ]",
            )),
        }
    }

    /// The queries whose points are wanted; all are checked.
    fn queries(&mut self) -> Result<Vec<Query>, Error> {
        let given = std::mem::take(&mut self.metric_data_queries);
        if given.is_empty() || given.len() > QUERIES_MAX {
            return Err(invalid(format!(
                "The parameter MetricDataQueries must have 1 to {QUERIES_MAX} members."
            )));
        }
        let ids: BTreeSet<&str> = given.iter().map(|query| query.id.as_str()).collect();
        if ids.len() < given.len() {
            return Err(invalid("The values for parameter id in MetricDataQueries are not unique."));
        }
        let mut queries = vec![];
        for query in given {
            let is_wanted = query.return_data.unwrap_or(true);
            let query = self.query(query)?;
            if is_wanted {
                queries.push(query);
            }
        }
        Ok(queries)
    }

    fn query(&self, given: MetricDataQuery) -> Result<Query, Error> {
        let MetricDataQuery { id, metric_stat, expression, label, .. } = given;
        let is_id = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_id {
            return Err(invalid(format!(
                "The value {id} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )));
        }
        let stat = match (metric_stat, expression) {
            (Some(stat), None) => stat,
            (None, Some(_)) => return Err(invalid("Expressions over metrics are not implemented by weir.")),
            _ => {
                return Err(combination(format!(
                    "Either MetricStat or Expression must be specified for {id}."
                )));
            }
        };
        unit(stat.unit.as_deref())?;
        let metric = metric(stat.metric.namespace, stat.metric.metric_name, stat.metric.dimensions)?;
        Ok(Query {
            id,
            label: label.unwrap_or_else(|| metric.name.clone()),
            metric,
            periods: Periods::new(self.start_time, self.end_time, stat.period)?,
            statistic: Statistic::parse(&stat.stat)?,
            unit: stat.unit,
        })
    }
}

impl Query {
    /// The beginning of each period in ms and the statistic, the oldest first.
    fn points(&self, cx: &Context<'_>) -> Vec<(i64, f64)> {
        let summaries =
            self.periods.summaries(&cx.log_state.metrics, (cx.scope, &self.metric), self.unit.as_deref());
        summaries.into_iter().map(|(begins, (summary, _))| (begins, self.statistic.of(summary))).collect()
    }
}

/// How many points came before the page of a token.
fn place(token: &str) -> Result<usize, Error> {
    let text = Token::given(token).key::<String>().ok();
    let place = text.and_then(|text| text.parse().ok());
    place.ok_or_else(|| Error::new("InvalidNextToken", "The next token specified is invalid."))
}
