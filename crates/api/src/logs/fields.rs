//! Which fields the events of a group, or of a data source, have.
//!
//! Source: CloudWatch Logs API Reference, GetLogGroupFields, GetLogFields; User Guide, "Supported logs and discovered fields" and, of
//! data sources, "Data source discovery and management" (the fields of AWS's own logs are predefined; read 2026-11). Assumptions: the
//! names of types, `string`, `int` and `long`; flow logs of VPCs are the one source that is there, with all their fields.

use crate::logs::check::time;
use crate::logs::query_source::FLOW_SOURCE;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use weir_flowlog::field::{Field, Kind, TRANSIT_GATEWAY_VERSION};
use weir_insights::{Origin, discover_in, entity_fields, flow_field};
use weir_store::{Row, Select};

const MINUTE_MS: i64 = 60_000;
/// How far back the events are looked through if no time is given.
const RECENT_MS: i64 = 15 * MINUTE_MS;
/// How far before and after a time that is given.
const AROUND_MS: i64 = 8 * MINUTE_MS;
/// Most events that are looked at.
const EVENTS_MAX: usize = 10_000;
/// The fields that every event has, beside those that tell of its group.
const SYSTEM_FIELDS: [&str; 5] = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];

/// Asks for the fields of a group's events around a time, or of late.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLogGroupFields {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    /// In seconds.
    time: Option<i64>,
}

/// The fields, the most frequent first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogGroupFieldsResponse {
    log_group_fields: Vec<LogGroupField>,
}

/// A field, and in how many of a hundred events it is.
#[derive(Serialize)]
struct LogGroupField {
    name: String,
    percent: usize,
}

impl Operation for GetLogGroupFields {
    type Response = GetLogGroupFieldsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let around_s = time(self.time, "time", 0)?;
        let group = cx.log_group_by(self.log_group_name.as_deref(), self.log_group_identifier.as_deref())?;
        let (from_ms, last_ms) = match self.time {
            Some(_) => {
                let around_ms = around_s.saturating_mul(1000);
                (around_ms.saturating_sub(AROUND_MS), around_ms.saturating_add(AROUND_MS))
            }
            None => (cx.now.0 - RECENT_MS, cx.now.0),
        };
        let select = Select { from_ms, to_ms: last_ms.saturating_add(1), ..Select::default() };
        let origin = cx.origin(&group.key);
        let (mut events, mut counts) = (0, BTreeMap::<String, usize>::new());
        for row in cx.logs.rows(&group.key, select)?.take(EVENTS_MAX) {
            events += 1;
            for name in field_names(&row?, &origin) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let mut log_group_fields: Vec<LogGroupField> = counts
            .into_iter()
            .map(|(name, count)| LogGroupField { name, percent: count * 100 / events })
            .collect();
        log_group_fields.sort_by_key(|field| Reverse(field.percent));
        Ok(GetLogGroupFieldsResponse { log_group_fields })
    }
}

/// The names of all fields of an event of a group that tells this.
pub(super) fn field_names<'a>(row: &Row, origin: &'a Origin) -> impl Iterator<Item = String> + use<'a> {
    let discovered = discover_in(&origin.log, &row.message).into_iter().map(|(name, _)| name);
    let system = SYSTEM_FIELDS.into_iter().chain(origin.fields().map(|(name, _)| name));
    let entity = row.entity.as_deref().map(entity_fields).unwrap_or_default();
    discovered.chain(system.map(str::to_owned)).chain(entity.into_iter().map(|(name, _)| name))
}

/// Asks for the fields of a data source.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLogFields {
    data_source_name: String,
    data_source_type: String,
}

/// The fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogFieldsResponse {
    log_fields: Vec<LogField>,
}

/// A field and its type.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogField {
    log_field_name: &'static str,
    log_field_type: LogFieldType,
}

/// A type without parts.
#[derive(Serialize)]
struct LogFieldType {
    r#type: &'static str,
}

impl Operation for GetLogFields {
    type Response = GetLogFieldsResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        if format!("{}.{}", self.data_source_name, self.data_source_type) != FLOW_SOURCE {
            let message = "The specified data source does not exist.";
            return Err(Error::new("ResourceNotFoundException", message));
        }
        let of_vpcs = Field::ALL.iter().filter(|field| field.version() != TRANSIT_GATEWAY_VERSION);
        Ok(GetLogFieldsResponse { log_fields: of_vpcs.filter_map(|field| LogField::of(*field)).collect() })
    }
}

impl LogField {
    /// A field of flow logs under the name that queries know it by.
    fn of(field: Field) -> Option<LogField> {
        let name = flow_field(field.name())?.field;
        let r#type = match field.kind() {
            Kind::Text | Kind::Address | Kind::Action | Kind::Status => "string",
            Kind::Int => "int",
            Kind::Long | Kind::Seconds => "long",
        };
        Some(LogField { log_field_name: name, log_field_type: LogFieldType { r#type } })
    }
}
