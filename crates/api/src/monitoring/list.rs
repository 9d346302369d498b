//! ListMetrics: which metrics there are.

use crate::monitoring::check::{Dimension, DimensionFilter, invalid};
use crate::monitoring::metric::Metric;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_wire::Token;

/// Most metrics of an answer.
const PAGE: usize = 500;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// Metrics without a point for longer are not listed.
const LISTED_MS: i64 = 14 * 24 * HOUR_MS;

/// Lists the caller's metrics, all or those of a namespace, name or dimensions.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListMetrics {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
    next_token: Option<String>,
    recently_active: Option<String>,
}

/// A page of metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMetricsResponse {
    metrics: Vec<MetricView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricView {
    namespace: String,
    metric_name: String,
    dimensions: Vec<Dimension>,
}

impl Operation for ListMetrics {
    type Response = ListMetricsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let since_ms = match self.recently_active.as_deref() {
            None => cx.now.0 - LISTED_MS,
            Some("PT3H") => cx.now.0 - 3 * HOUR_MS,
            Some(_) => {
                return Err(invalid("The parameter RecentlyActive must be a value in the set [ PT3H ]"));
            }
        };
        let first = self.next_token.as_deref().map_or(Ok(0), place)?;
        let found = cx.log_state.metrics.since(cx.scope, since_ms);
        let found: Vec<&Metric> = found.into_iter().filter(|metric| self.wants(metric)).collect();
        let end = first.saturating_add(PAGE);
        let next_token = (end < found.len()).then(|| Token::after(&end.to_string()).as_str().to_owned());
        let metrics = found.into_iter().skip(first).take(PAGE).map(MetricView::of).collect();
        Ok(ListMetricsResponse { metrics, next_token })
    }
}

impl ListMetrics {
    fn wants(&self, metric: &Metric) -> bool {
        let has = |filter: &DimensionFilter| {
            let value = metric.dimensions.get(&filter.name);
            value.is_some_and(|value| filter.value.as_ref().is_none_or(|wanted| wanted == value))
        };
        self.namespace.as_ref().is_none_or(|namespace| *namespace == metric.namespace)
            && self.metric_name.as_ref().is_none_or(|name| *name == metric.name)
            && self.dimensions.iter().all(has)
    }
}

impl MetricView {
    fn of(metric: &Metric) -> MetricView {
        MetricView {
            namespace: metric.namespace.clone(),
            metric_name: metric.name.clone(),
            dimensions: Dimension::list(&metric.dimensions),
        }
    }
}

fn place(token: &str) -> Result<usize, Error> {
    let text = Token::given(token).key::<String>().ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| invalid("The next token specified is invalid."))
}
