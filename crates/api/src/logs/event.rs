//! Log events as answers show them.

use crate::logs::position::digits;
use serde::Serialize;
use weir_store::Row;

/// An event of one stream (GetLogEvents).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputLogEvent {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

/// An event of a group (FilterLogEvents).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilteredLogEvent {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

impl From<Row> for OutputLogEvent {
    fn from(row: Row) -> OutputLogEvent {
        OutputLogEvent { timestamp: row.timestamp_ms, message: row.message, ingestion_time: row.ingestion_ms }
    }
}

impl From<Row> for FilteredLogEvent {
    fn from(row: Row) -> FilteredLogEvent {
        FilteredLogEvent {
            log_stream_name: row.stream.to_string(),
            timestamp: row.timestamp_ms,
            event_id: digits(row.position()),
            message: row.message,
            ingestion_time: row.ingestion_ms,
        }
    }
}
