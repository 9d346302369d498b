//! Where rows come from.

use std::sync::Arc;

use crate::discover::lambda_fields;
use crate::execute::TimeRange;
use crate::value::Value;

/// The discovered fields of one event, in the order found.
pub type Fields = Vec<(String, Value)>;

/// One log event with its system fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `@timestamp`, in milliseconds.
    pub timestamp_ms: i64,
    /// `@ingestionTime`, in milliseconds; `None` for a file.
    pub ingestion_ms: Option<i64>,
    /// `@message`, as written.
    pub message: String,
    /// `@logStream`.
    pub log_stream: String,
    /// What its log group tells of it.
    pub origin: Arc<Origin>,
    /// The entity that it is of, as [`crate::entity_text`] writes it.
    pub entity: Option<Arc<str>>,
    /// `@ptr`: what GetLogRecord takes.
    pub ptr: String,
    /// What was found in the message: [`crate::discover`], or a source's own typed fields.
    pub fields: Fields,
}

/// What a log group tells of each of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `@log`: account and group, `123456789012:/vpc/flow-logs`; of a file its path.
    pub log: String,
    /// `@aws.region`: where the group is. `None` for a file.
    pub region: Option<String>,
    /// The data source that writes to the group, as `SOURCE` names it: `amazon_vpc.flow`.
    pub data_source: Option<&'static str>,
}

impl Origin {
    /// The system fields beside `@log` that are the same for all events of the group, with their values.
    ///
    /// `@source.log` is the group that an event was first written to. Nothing is copied from one group to another here,
    /// as the centralization of logs does: it is the group itself, and account and region are the group's (Assumption: AWS
    /// tells only what they are in copies). `@data_format` is always absent, for AWS does not tell its values.
    /// `@aws.tag.*` are, too: events have them only where resource tags for telemetry are turned on, which they are not here.
    /// Source: CloudWatch Logs User Guide, "Cross-account cross-Region log centralization", "Data source discovery and
    /// management"; CloudWatch User Guide, "Resource tags for telemetry" (read 2026-11).
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let group = self.region.as_deref().and_then(|region| {
            let (account, name) = self.log.split_once(':')?;
            Some([("@aws.account", account), ("@aws.region", region), ("@source.log", name)])
        });
        let data_source = self.data_source.and_then(|source| source.split_once('.'));
        let data_source =
            data_source.map(|(name, kind)| [("@data_source_name", name), ("@data_source_type", kind)]);
        group.into_iter().flatten().chain(data_source.into_iter().flatten())
    }
}

/// Fields that are indexed in every log group (CloudWatch Logs User Guide, "Default field indexes").
pub const DEFAULT_INDEXES: &[&str] = &[
    "@logStream",
    "@aws.region",
    "@aws.account",
    "@source.log",
    "@data_source_name",
    "@data_source_type",
    "@data_format",
    "traceId",
    "severityText",
    "attributes.session.id",
];

/// Fields that are indexed beside them in a log group with flow logs, the data source `amazon_vpc.flow`.
pub const FLOW_INDEXES: &[&str] = &["action", "logStatus", "region", "flowDirection", "type"];

/// The name that a query has for a discovered field: one that begins with `@` is shown as `@@name` (CloudWatch Logs User
/// Guide, "Supported logs and discovered fields").
pub(crate) fn shown_name(name: String) -> String {
    if name.starts_with('@') { format!("@{name}") } else { name }
}

/// The fields of an event as a map, under the names that a query has for them.
pub fn all_fields<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    named(fields.into_iter().map(|(name, value)| (shown_name(name.to_owned()), value)))
}

fn named(fields: impl Iterator<Item = (String, Value)>) -> Value {
    let present = fields.filter(|(_, value)| !value.is_null());
    let members = present.map(|(name, value)| (name, value.to_json()));
    Value::Json(Box::new(serde_json::Value::Object(members.collect())))
}

/// The map of all fields of a message of a log group, those of the lines that AWS Lambda writes among them.
pub fn fields_of_event(log: &str, message: &str, found: &Fields) -> Value {
    let found = found.iter().map(|(name, value)| (shown_name(name.clone()), value.clone()));
    named(found.chain(lambda_fields(log, message)))
}

/// Digits of each number of a pointer, and of what follows them for events that share a place.
const PART: usize = 20;
const REST: usize = 16;

/// The `@ptr` of an event of a log group: the group, the event's time and its place among those stored.
///
/// AWS's pointers are opaque; nobody but GetLogRecord takes them apart. The digits are those of `eventId`.
pub fn event_pointer(log: &str, timestamp_ms: i64, sequence: u64) -> String {
    format!("{log}:{:0PART$}{sequence:0PART$}{:0REST$}", timestamp_ms.max(0), 0)
}

/// The group, time and place of a pointer, or `None` if [`event_pointer`] did not make it.
pub fn parse_pointer(pointer: &str) -> Option<(&str, i64, u64)> {
    let (log, digits) = pointer.rsplit_once(':')?;
    if digits.len() != 2 * PART + REST || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((log, digits[..PART].parse().ok()?, digits[PART..2 * PART].parse().ok()?))
}

/// A set of log events to query.
pub trait Source {
    /// The events of the window, in the order that breaks ties: by time, then as ingested.
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_>;
}

impl Source for [Event] {
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_> {
        Box::new(self.iter().filter(move |event| window.contains(event.timestamp_ms)).cloned())
    }
}

impl Source for Vec<Event> {
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_> {
        self.as_slice().scan(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_tell_where_their_events_are_and_files_tell_nothing() {
        let group = Origin {
            log: "123456789012:/vpc:a".into(),
            region: Some("us-east-1".into()),
            data_source: Some("amazon_vpc.flow"),
        };
        let expected = [
            ("@aws.account", "123456789012"),
            ("@aws.region", "us-east-1"),
            ("@source.log", "/vpc:a"),
            ("@data_source_name", "amazon_vpc"),
            ("@data_source_type", "flow"),
        ];
        assert!(group.fields().eq(expected), "{:?}", group.fields().collect::<Vec<_>>());
        assert!(Origin { data_source: None, ..group }.fields().eq(expected[..3].iter().copied()));
        assert_eq!(Origin { log: "a:b.log".into(), ..Origin::default() }.fields().count(), 0);
    }

    #[test]
    fn pointers_lead_back_to_their_event() {
        let pointer = event_pointer("123456789012:/a:b", 5, 7);
        assert_eq!(parse_pointer(&pointer), Some(("123456789012:/a:b", 5, 7)));
        assert_eq!(parse_pointer("text"), None);
    }
}
