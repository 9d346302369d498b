//! Amazon CloudWatch: reading the metrics that metric filters of CloudWatch Logs make.
//!
//! Asked in JSON, in forms or in CBOR: `wire` makes one of the three.
//!
//! Source: Amazon CloudWatch API Reference (2010-08-01).

pub mod check;
pub mod list;
pub mod metric;
pub mod metric_data;
pub mod period;
pub mod statistics;

crate::table::operations! { Monitoring json:
    metric_data { GetMetricData Read }
    statistics { GetMetricStatistics Read }
    list { ListMetrics List }
}
