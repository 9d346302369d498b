//! JSON 1.1: reading request bodies, and times as each service counts them.
//!
//! Requests and answers are serde structures with `#[serde(rename_all = "camelCase")]` (CloudWatch Logs) or
//! `"PascalCase"` (CloudTrail, Firehose, Systems Manager).
//!
//! Source: Smithy 2.0, "AWS JSON 1.1 protocol".

use crate::error::excerpt;
use crate::{Service, WireError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// Reads the body of a request to `service`. An empty body is an empty structure.
///
/// A member that is null is one that is left out (Smithy 2.0, "AWS JSON 1.1 protocol", "Shape serialization").
///
/// # Errors
/// The service's validation error for a member that is missing, `SerializationException` for anything that is not JSON of
/// the expected shape. Members that the structure does not know are ignored, as AWS does, unless it denies them: then
/// `UnknownParameter` says that Weir does not have them.
pub fn read<T: DeserializeOwned>(service: Service, body: &[u8]) -> Result<T, WireError> {
    let body = body.trim_ascii();
    let body = if body.is_empty() { b"{}" } else { body };
    if !body.starts_with(b"{") {
        return Err(WireError::new(
            "SerializationException",
            "Start of structure or map found where not expected.",
        ));
    }
    serde_json::from_slice(body).or_else(|error| {
        let text = error.to_string();
        match text.starts_with("duplicate field") {
            true => Err(WireError::new("SerializationException", text)),
            false => read_again(service, body),
        }
    })
}

/// Reads without the nulls a body that could not be read as it is; what is wrong with it is said with its place.
fn read_again<T: DeserializeOwned>(service: Service, body: &[u8]) -> Result<T, WireError> {
    let members: Value = serde_json::from_slice(body)
        .map_err(|error| WireError::new("SerializationException", error.to_string()))?;
    serde_path_to_error::deserialize(without_nulls(members)).map_err(|error| {
        let text = error.inner().to_string();
        refusal(service, error.path(), &text)
    })
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        scalar => scalar,
    }
}

/// Serde has no variant for a missing or an unknown member, only sentences: "missing field `logGroupName`", "unknown field
/// `x`, expected …".
fn refusal(service: Service, path: &Path, text: &str) -> WireError {
    let named = |rest: &str| Some(place(path, rest.split('`').next()?));
    if let Some(member) = text.strip_prefix("missing field `").and_then(named) {
        let WireError { message, .. } = WireError::constraint("null", &member, "Member must not be null");
        return WireError::new(service.validation_code(), message);
    }
    if let Some(member) = text.strip_prefix("unknown field `").and_then(named) {
        return WireError::parameter_not_implemented(&member);
    }
    let place = place(path, "");
    let separator = if place.is_empty() { "" } else { ": " };
    WireError::new("SerializationException", format!("{place}{separator}{text}"))
}

/// The place of a member in AWS's words: `logEvents.1.member.timestamp`.
fn place(path: &Path, member: &str) -> String {
    let mut parts: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("{}.member", index + 1)),
            Segment::Map { key } => Some(excerpt(key)),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    if !member.is_empty() && parts.last().is_none_or(|last| last != member) {
        parts.push(excerpt(member));
    }
    parts.join(".")
}

/// Times as CloudTrail, Firehose and Systems Manager write them: seconds since the epoch, with a fraction.
/// For `#[serde(with = "weir_wire::json::epoch_seconds")]`.
pub mod epoch_seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use weir_model::Timestamp;

    /// Writes seconds with up to three decimals.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.0 as f64 / 1000.0)
    }

    /// Reads a number of seconds, cut to milliseconds.
    ///
    /// # Errors
    /// The deserializer's own.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        f64::deserialize(deserializer).map(|seconds| Timestamp((seconds * 1000.0).round() as i64))
    }

    /// The same for members that may be left out: `#[serde(default, with = "…::epoch_seconds::optional")]`.
    pub mod optional {
        use super::{Deserialize, Deserializer, Serializer, Timestamp};

        /// Writes seconds, or null; skip absent members with `skip_serializing_if`.
        ///
        /// # Errors
        /// The serializer's own.
        pub fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => super::serialize(time, serializer),
                None => serializer.serialize_none(),
            }
        }

        /// Reads a number of seconds or null.
        ///
        /// # Errors
        /// The deserializer's own.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            let seconds = Option::<f64>::deserialize(deserializer)?;
            Ok(seconds.map(|seconds| Timestamp((seconds * 1000.0).round() as i64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use weir_model::Timestamp;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PutRetentionPolicy {
        log_group_name: String,
        retention_in_days: i32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct PutLogEvents {
        #[serde(default)]
        log_events: Vec<InputLogEvent>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct InputLogEvent {
        timestamp: i64,
        #[serde(default)]
        message: String,
    }

    #[test]
    fn errors_tell_the_place() {
        let check = |body: &str, expected: &str| {
            let read = read::<PutLogEvents>(Service::Logs, body.as_bytes());
            let text = read.map(|read| read.log_events.iter().map(|it| it.message.clone()).collect());
            assert_eq!(text.unwrap_or_else(|error| error.to_string()), expected, "{body}");
        };
        let null = "InvalidParameterException: 1 validation error detected: Value null at";
        let said = "failed to satisfy constraint: Member must not be null";
        let missing = format!("{null} 'logEvents.2.member.timestamp' {said}");
        check(r#"{"logEvents": [{"timestamp": 1}, {}]}"#, &missing);
        check(r#"{"logEvents": [{"timestamp": 1}, {"timestamp": null}]}"#, &missing);
        check(
            r#"{"logEvents": [{"timestamp": "7"}]}"#,
            "SerializationException: logEvents.1.member.timestamp: invalid type: string \"7\", expected i64",
        );
        let unknown = |name: &str| {
            format!("UnknownParameter: The parameter {name} is not recognized: not implemented by weir")
        };
        check(r#"{"entity": {}}"#, &unknown("entity"));
        check(r#"{"logEvents": [{"timestamp": 1, "x": 2}]}"#, &unknown("logEvents.1.member.x"));
    }

    #[test]
    fn null_is_a_member_that_is_left_out() {
        for body in [r#"{"logEvents": null}"#, r#"{"entity": null}"#] {
            let read = read::<PutLogEvents>(Service::Logs, body.as_bytes());
            assert!(read.is_ok_and(|read| read.log_events.is_empty()), "{body}");
        }
        let body = br#"{"logEvents": [{"timestamp": 1, "message": null}]}"#;
        let read = read::<PutLogEvents>(Service::Logs, body).expect("one event");
        assert_eq!(read.log_events.first().map(|event| event.timestamp), Some(1));
    }

    #[track_caller]
    fn check(body: &[u8], expected: &str) {
        let read = read::<PutRetentionPolicy>(Service::Logs, body);
        let text = read.map(|policy| format!("{} {}", policy.log_group_name, policy.retention_in_days));
        assert_eq!(text.unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn bodies_are_read() {
        check(br#" {"logGroupName": "g\u00e9", "retentionInDays": 7, "other": [1]} "#, "gé 7");
    }

    #[test]
    fn missing_members_are_the_services_validation_error() {
        let said = "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: \
            Member must not be null";
        for body in ["", "{}", r#"{"retentionInDays": 7}"#] {
            check(body.as_bytes(), &format!("InvalidParameterException: {said}"));
        }
        let other = read::<PutRetentionPolicy>(Service::CloudTrail, b"{}").expect_err("missing");
        assert_eq!(other.code, "ValidationException");
    }

    #[test]
    fn wrong_json_is_a_serialization_exception() {
        let deep = "[".repeat(100_000);
        let twice = r#"{"logGroupName": "a", "logGroupName": "b"}"#;
        let bodies =
            [twice, "[1, 2]", "\"x\"", "null", "{", "{\"logGroupName\": 1}", "{\"logGroupName\": }", &deep];
        let nested = format!("{{\"other\": {deep}");
        for body in bodies.iter().map(|body| body.as_bytes()).chain([nested.as_bytes(), b"{\"\xff\": 1}"]) {
            let error = read::<PutRetentionPolicy>(Service::Logs, body).expect_err("wrong");
            assert_eq!(error.code, "SerializationException", "{error}");
        }
    }

    #[test]
    fn times_are_seconds_with_a_fraction() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Event {
            #[serde(with = "epoch_seconds")]
            time: Timestamp,
            #[serde(default, with = "epoch_seconds::optional", skip_serializing_if = "Option::is_none")]
            end: Option<Timestamp>,
        }
        let event = Event { time: Timestamp(1_704_164_645_678), end: None };
        let text = serde_json::to_string(&event).expect("has a JSON form");
        assert_eq!(text, r#"{"time":1704164645.678}"#);
        assert_eq!(serde_json::from_str::<Event>(&text).ok(), Some(event));
        let whole = serde_json::from_str::<Event>(r#"{"time":1,"end":2.5}"#).ok();
        assert_eq!(whole, Some(Event { time: Timestamp(1000), end: Some(Timestamp(2500)) }));
    }
}
