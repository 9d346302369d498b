//! GetMetricStatistics: statistics of one metric.

use crate::monitoring::check::{Dimension, combination, metric, unit};
use crate::monitoring::period::{Periods, STATISTICS, Statistic};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::Timestamp;
use weir_wire::json::epoch_seconds;

/// Most points of an answer.
const POINTS_MAX: i64 = 1440;

/// Asks for statistics of a metric over time.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetMetricStatistics {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(with = "epoch_seconds")]
    start_time: Timestamp,
    #[serde(with = "epoch_seconds")]
    end_time: Timestamp,
    period: i64,
    #[serde(default)]
    statistics: Vec<String>,
    unit: Option<String>,
}

/// The periods that have values, the oldest first.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMetricStatisticsResponse {
    label: String,
    datapoints: Vec<Datapoint>,
}

/// The statistics of a period that were asked for.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    #[serde(with = "epoch_seconds")]
    timestamp: Timestamp,
    #[serde(flatten)]
    statistics: serde_json::Map<String, serde_json::Value>,
    unit: String,
}

impl Operation for GetMetricStatistics {
    type Response = GetMetricStatisticsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        unit(self.unit.as_deref())?;
        let metric = metric(self.namespace, self.metric_name, self.dimensions)?;
        let periods = Periods::new(self.start_time, self.end_time, self.period)?;
        if self.statistics.is_empty() {
            return Err(Error::new(
                "MissingRequiredParameterException",
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ));
        }
        let wanted =
            self.statistics.iter().map(|name| Statistic::parse(name)).collect::<Result<Vec<_>, Error>>()?;
        if periods.count() > POINTS_MAX {
            return Err(too_many(periods.count()));
        }
        let summaries = periods.summaries(&cx.log_state.metrics, (cx.scope, &metric), self.unit.as_deref());
        let datapoints = summaries.into_iter().map(|(begins, (summary, unit))| {
            let statistics = STATISTICS.iter().filter(|(_, statistic)| wanted.contains(statistic));
            let statistics =
                statistics.map(|(name, statistic)| ((*name).to_owned(), statistic.of(summary).into()));
            Datapoint { timestamp: Timestamp(begins), statistics: statistics.collect(), unit }
        });
        Ok(GetMetricStatisticsResponse { label: metric.name, datapoints: datapoints.collect() })
    }
}

fn too_many(count: i64) -> Error {
    combination(format!(
        "You have requested up to {count} datapoints, which exceeds the limit of 1,440. You may reduce the \
         datapoints requested by increasing Period, or decreasing the time range."
    ))
}
