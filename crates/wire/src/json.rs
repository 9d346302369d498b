//! JSON 1.1: reading request bodies, and times as each service counts them.
//!
//! Requests and answers are serde structures with `#[serde(rename_all = "camelCase")]` (CloudWatch Logs) or
//! `"PascalCase"` (CloudTrail, Firehose, Systems Manager).
//!
//! Source: Smithy 2.0, "AWS JSON 1.1 protocol".

use crate::{Service, WireError};
use serde::de::DeserializeOwned;

/// Reads the body of a request to `service`. An empty body is an empty structure.
///
/// # Errors
/// The service's validation error for a member that is missing, `SerializationException` for anything that is not JSON of
/// the expected shape. Members that the structure does not know are ignored, as AWS does, unless it denies them.
pub fn read<T: DeserializeOwned>(service: Service, body: &[u8]) -> Result<T, WireError> {
    let body = body.trim_ascii();
    let body = if body.is_empty() { b"{}" } else { body };
    if !body.starts_with(b"{") {
        return Err(WireError::new(
            "SerializationException",
            "Start of structure or map found where not expected.",
        ));
    }
    serde_json::from_slice(body).map_err(|error| refusal(service, &error))
}

/// Serde has no variant for a missing member, only a sentence: "missing field `logGroupName` at line 1 column 2".
fn refusal(service: Service, error: &serde_json::Error) -> WireError {
    let text = error.to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match missing {
        Some(member) => {
            let WireError { message, .. } = WireError::constraint("null", member, "Member must not be null");
            WireError::new(service.validation_code(), message)
        }
        None => WireError::new("SerializationException", text),
    }
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
        let bodies = ["[1, 2]", "\"x\"", "null", "{", "{\"logGroupName\": 1}", "{\"logGroupName\": }", &deep];
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
