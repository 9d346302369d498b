//! Fields of the lines that AWS Lambda itself writes.
//!
//! Source: CloudWatch Logs User Guide, "Supported logs and discovered fields" and "Sample queries" (read 2026-11). Assumptions:
//! times are in milliseconds as written, sizes in bytes of which a megabyte has a million, as the sample queries divide them; a
//! line whose second word between tabs is a request's id belongs to that request.

use serde::de::IgnoredAny;

use crate::source::Fields;
use crate::value::{Number, Value, parse_number};

/// The names of these fields.
pub const LAMBDA_FIELDS: &[&str] = &[
    "@type",
    "@requestId",
    "@duration",
    "@billedDuration",
    "@memorySize",
    "@maxMemoryUsed",
    "@xrayTraceId",
    "@xraySegmentId",
];

/// What log groups of functions are named with.
const PREFIX: &str = "/aws/lambda/";
/// Characters of a request's id, a UUID.
const ID_CHARS: usize = 36;
const BYTES_OF_MB: i64 = 1_000_000;
/// Braces in a message that may begin a fragment. Assumption: AWS names no number; this bounds what one message costs.
const BRACES_MAX: usize = 100;

/// Whether a log group, `account:group`, is one that AWS Lambda writes to.
pub fn is_of_lambda(log: &str) -> bool {
    log.split_once(':').map_or(log, |(_, group)| group).starts_with(PREFIX)
}

/// The part of a message of this log group in which fields are discovered: all of it, but of what a function has written the
/// first fragment in JSON, if there is one.
pub fn discoverable<'m>(log: &str, message: &'m str) -> &'m str {
    if !is_of_lambda(log) {
        return message;
    }
    let fragment = |(at, _): (usize, &str)| {
        let behind = &message[at..];
        let mut read = serde_json::Deserializer::from_str(behind).into_iter::<IgnoredAny>();
        read.next()?.ok()?;
        Some(&behind[..read.byte_offset()])
    };
    message.match_indices('{').take(BRACES_MAX).find_map(fragment).unwrap_or(message)
}

/// The fields of a message of this log group, `account:group`.
pub fn lambda_fields(log: &str, message: &str) -> Fields {
    if !is_of_lambda(log) {
        return vec![];
    }
    let mut fields = vec![];
    let mut add = |name: &str, value: Value| fields.push((name.to_owned(), value));
    let kinds = ["START", "END", "REPORT"];
    let begins =
        |kind: &&str| message.strip_prefix(kind).is_some_and(|rest| rest.starts_with(" RequestId: "));
    let Some(kind) = kinds.into_iter().find(|kind| begins(kind)) else {
        if let Some(id) = message.split('\t').nth(1).filter(|id| is_id(id)) {
            add("@requestId", Value::text(id));
        }
        return fields;
    };
    add("@type", Value::text(kind));
    for (at, part) in message[kind.len()..].split('\t').enumerate() {
        let Some((key, value)) = part.trim().split_once(": ") else { continue };
        let value = value.trim();
        let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
        match (key, unit) {
            ("RequestId", _) if at == 0 => add("@requestId", Value::text(number)),
            ("Duration", "ms") => add("@duration", number_of(number)),
            ("Billed Duration", "ms") => add("@billedDuration", number_of(number)),
            ("Memory Size", "MB") => add("@memorySize", bytes(number)),
            ("Max Memory Used", "MB") => add("@maxMemoryUsed", bytes(number)),
            ("XRAY TraceId", _) => add("@xrayTraceId", Value::text(number)),
            ("SegmentId", _) => add("@xraySegmentId", Value::text(number)),
            _ => {}
        }
    }
    fields
}

fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A whole number, or the text of another, as fields of JSON are.
fn number_of(text: &str) -> Value {
    match parse_number(text) {
        Some(Number::Int(number)) => Value::Int(number),
        _ => Value::text(text),
    }
}

fn bytes(megabytes: &str) -> Value {
    let bytes = megabytes.parse::<i64>().ok().and_then(|count| count.checked_mul(BYTES_OF_MB));
    bytes.map_or(Value::Null, Value::Int)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "123456789012:/aws/lambda/f";

    #[track_caller]
    fn check(log: &str, message: &str, expected: &[(&str, Value)]) {
        let expected: Fields =
            expected.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        assert_eq!(lambda_fields(log, message), expected, "{message}");
    }

    #[test]
    fn lines_of_the_platform_have_fields() {
        let id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
        let report = format!(
            "REPORT RequestId: {id}\tDuration: 2.50 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t\
             Max Memory Used: 65 MB\tInit Duration: 130.38 ms\t\n\
             XRAY TraceId: 1-5e34a614-xmpl\tSegmentId: 07f5xmpl\tSampled: true"
        );
        let expected = [
            ("@type", Value::text("REPORT")),
            ("@requestId", Value::text(id)),
            ("@duration", Value::text("2.50")),
            ("@billedDuration", Value::Int(3)),
            ("@memorySize", Value::Int(128_000_000)),
            ("@maxMemoryUsed", Value::Int(65_000_000)),
            ("@xrayTraceId", Value::text("1-5e34a614-xmpl")),
            ("@xraySegmentId", Value::text("07f5xmpl")),
        ];
        check(LOG, &report, &expected);
        check("123456789012:/app", &report, &[]);
        let start = format!("START RequestId: {id} Version: $LATEST");
        check(LOG, &start, &[("@type", Value::text("START")), ("@requestId", Value::text(id))]);
        let own = "2026-11-30T00:00:00.000Z\t8f507cfc-aaaa-4697-b07a-ac58fc914c95\tINFO\thello";
        check(LOG, own, &[("@requestId", Value::text("8f507cfc-aaaa-4697-b07a-ac58fc914c95"))]);
        check(LOG, "ENDED", &[]);
    }

    #[test]
    fn fields_are_discovered_in_the_first_fragment_in_json() {
        let rows = [
            ("INFO\t{\"a\": {\"b\": 1}}\n", "{\"a\": {\"b\": 1}}"),
            ("[x] {not} {\"a\":\"}\"} and {\"b\":2}", "{\"a\":\"}\"}"),
            ("{\"a\":1} behind", "{\"a\":1}"),
            ("none {", "none {"),
            ("{\"a\": 1", "{\"a\": 1"),
        ];
        for (message, expected) in rows {
            assert_eq!(discoverable(LOG, message), expected);
            assert_eq!(discoverable("123456789012:/app", message), message);
        }
        let costly = "{\"a\":[".repeat(50_000);
        assert_eq!(discoverable(LOG, &costly), costly);
    }
}
