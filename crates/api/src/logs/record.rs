//! One event by the pointer that a query's row carries.
//!
//! Source: CloudWatch Logs API Reference, GetLogRecord.

use crate::logs::check::invalid;
use crate::logs::name;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_insights::{Origin, discover_in, entity_fields, parse_pointer};
use weir_store::{Position, Row, Select};

/// Reads the event that `@ptr` of a row points at, with its discovered fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLogRecord {
    log_record_pointer: String,
    /// Accepted without effect: nothing is masked.
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

/// The fields of the event by name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogRecordResponse {
    log_record: BTreeMap<String, String>,
}

impl Operation for GetLogRecord {
    type Response = GetLogRecordResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["unmask"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let pointer = &self.log_record_pointer;
        let malformed = || invalid("The specified log record pointer is invalid.");
        let (log, timestamp_ms, sequence) = parse_pointer(pointer).ok_or_else(malformed)?;
        let (account, group) = log.split_once(':').ok_or_else(malformed)?;
        if account != cx.scope.account.to_string() {
            return Err(missing());
        }
        let key = name::key(cx.scope, group);
        let select =
            Select { from_ms: timestamp_ms, to_ms: timestamp_ms.saturating_add(1), ..Select::default() };
        for row in cx.logs.rows(&key, select)? {
            let row = row?;
            if row.position() == (Position { timestamp_ms, sequence }) {
                return Ok(GetLogRecordResponse { log_record: fields(&row, pointer, &cx.origin(&key)) });
            }
        }
        Err(missing())
    }
}

fn missing() -> Error {
    Error::new("ResourceNotFoundException", "The specified log record does not exist.")
}

fn fields(row: &Row, pointer: &str, origin: &Origin) -> BTreeMap<String, String> {
    let discovered = discover_in(&origin.log, &row.message).into_iter();
    let discovered = discovered.filter_map(|(name, value)| Some((name, value.print()?.into_owned())));
    let system = [
        ("@ptr", pointer.to_owned()),
        ("@log", origin.log.clone()),
        ("@logStream", row.stream.to_string()),
        ("@message", row.message.clone()),
        ("@timestamp", row.timestamp_ms.to_string()),
        ("@ingestionTime", row.ingestion_ms.to_string()),
    ];
    let entity = row.entity.as_deref().map(entity_fields).unwrap_or_default();
    let system = system.into_iter().chain(origin.fields().map(|(name, value)| (name, value.to_owned())));
    discovered.chain(system.map(|(name, value)| (name.to_owned(), value))).chain(entity).collect()
}
