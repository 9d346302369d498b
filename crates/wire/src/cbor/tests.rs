//! Bytes by hand, in the notation of RFC 8949, section 8; requests as botocore and the SDK for Rust put them together.

use super::*;
use proptest::prelude::*;

/// Reads hexadecimal digits, in which spaces mean nothing.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b' ').collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8;
    digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// A text of fewer than 24 bytes.
fn text(text: &str) -> Vec<u8> {
    [&[0x60 + text.len() as u8], text.as_bytes()].concat()
}

#[track_caller]
fn check(action: &str, bytes: &[u8], expected: &str) {
    let read = body(Service::Monitoring, action, bytes);
    let said = read.map_or_else(|error| error.to_string(), |text| String::from_utf8(text).expect("JSON"));
    assert_eq!(said, expected);
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) {
    check("GetMetricStatistics", bytes, &format!("SerializationException: The CBOR cannot be read: {why}."));
}

/// A structure with one member.
fn one(name: &str, value: &str) -> Vec<u8> {
    [hex("a1"), text(name), hex(value)].concat()
}

#[test]
fn structures_are_those_of_json() {
    let empty = "{}";
    check("ListMetrics", b"", empty);
    check("ListMetrics", &hex("a0"), empty);
    check("ListMetrics", &hex("bf ff"), empty);
    check("ListMetrics", &one("NextToken", "f6"), r#"{"NextToken":null}"#);
    // Undefined is null (Smithy RPC v2 CBOR).
    check("ListMetrics", &one("NextToken", "f7"), r#"{"NextToken":null}"#);
    let namespace = [hex("bf"), text("Namespace"), hex("7f 62 6c61 61 62 ff"), hex("ff")].concat();
    check("ListMetrics", &namespace, r#"{"Namespace":"lab"}"#);
    check(
        "ListMetrics",
        &one("Dimensions", "9f a1 64 4e616d65 61 64 ff"),
        r#"{"Dimensions":[{"Name":"d"}]}"#,
    );
    check("ListMetrics", &one("IncludeLinkedAccounts", "f5"), r#"{"IncludeLinkedAccounts":true}"#);
}

#[test]
fn times_are_seconds_with_a_tag_whole_or_not() {
    check("GetMetricData", &one("StartTime", "c1 1a 65937ba5"), r#"{"StartTime":1704164261}"#);
    check("GetMetricData", &one("StartTime", "c1 fb 41d964dee9600000"), r#"{"StartTime":1704164261.5}"#);
    check("GetMetricData", &one("StartTime", "c1 f9 3e00"), r#"{"StartTime":1.5}"#);
    refused(&one("StartTime", "01"), "StartTime: a time is a number of seconds with tag 1");
    refused(&one("StartTime", "c0 61 31"), "StartTime: a time is a number of seconds with tag 1");
    refused(&one("StartTime", "c1 61 31"), "StartTime: no such value belongs here");
    refused(&one("Period", "c1 18 3c"), "Period: no such value belongs here");
}

#[test]
fn what_is_no_structure_is_refused() {
    refused(&hex("80"), "it is no structure");
    refused(&hex("a0 00"), "there is more after its end");
    refused(&hex("a1 01 02"), "the name of a member is no text");
    refused(&one("Period", "fb 7ff8000000000000"), "Period: no such value belongs here");
    refused(&one("Period", "1b ffffffffffffffff")[..12], "Period: end of input bytes");
    refused(&one("Period", "3b ffffffffffffffff"), "Period: no such value belongs here");
    refused(&one("Period", "42 0102"), "Period: no such value belongs here");
    let twice = [hex("a2"), text("Period"), hex("01"), text("Period"), hex("02")].concat();
    refused(&twice, "Period: there are two of it");
    let unknown = one("Nobody", "c1 01");
    refused(&unknown, "Nobody: no such value belongs here");
}

#[test]
fn depth_and_announced_lengths_are_bounded() {
    let deep = [one("Dimensions", ""), vec![0x81; 1_000_000]].concat();
    let read = body(Service::Monitoring, "ListMetrics", &deep).expect_err("too deep");
    assert!(read.code == "SerializationException" && read.message.contains("too deep"), "{read}");
    // An array, a text and bytes that say to be as long as can be said.
    for head in ["9b ffffffffffffffff", "7b ffffffffffffffff", "5b ffffffffffffffff", "bb ffffffffffffffff"] {
        let read = body(Service::Monitoring, "ListMetrics", &one("Dimensions", head)).expect_err("cut off");
        assert_eq!(read.code, "SerializationException", "{head}");
    }
}

#[test]
fn answers_have_times_and_fractions_as_published() {
    let said =
        serde_json::json!({ "Label": "m", "Datapoints": [{ "Timestamp": 60.0, "Sum": 2, "Unit": "None" }] });
    let point = [
        hex("a3"),
        text("Sum"),
        hex("fb 4000000000000000"),
        text("Timestamp"),
        hex("c1 fb 404e000000000000"),
    ];
    let point = [point.concat(), text("Unit"), text("None")].concat();
    let expected = [hex("a2"), text("Datapoints"), hex("81"), point, text("Label"), text("m")].concat();
    assert_eq!(answer(Service::Monitoring, "GetMetricStatistics", &said), expected);
}

proptest! {
    #[test]
    fn no_body_panics(bytes: Vec<u8>, action in "ListMetrics|GetMetricData|GetMetricStatistics|Dance") {
        let _ = body(Service::Monitoring, &action, &bytes);
    }
}
