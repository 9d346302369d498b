//! Fields found in a message: flow-log records of the default format, and JSON.
//!
//! Source: CloudWatch Logs User Guide, "Supported logs and discovered fields"; VPC User Guide, "Flow log records"
//! (both read 2026-11). The names of fields beyond version 2 follow the same camel case; Assumption, but those that
//! the data source `amazon_vpc.flow` lists (`flowDirection`, `region`, `type`) agree.

mod lambda;
mod named;
mod walk;

use std::borrow::Cow;

pub use lambda::{LAMBDA_FIELDS, discoverable, is_of_lambda, lambda_fields};
pub use named::Named;
use walk::{Leaf, Walk, unescaped, walk};

use crate::source::{Fields, shown_name};
use crate::value::Value;

/// Fields that are discovered in one JSON event.
pub const JSON_FIELDS_MAX: usize = 200;
/// Deeper than the nesting of any log event made by a program.
const JSON_DEPTH_MAX: usize = 32;

/// What a flow-log field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowType {
    /// A whole number, or `-`.
    Int,
    /// Text, or `-`.
    Text,
}

/// One field of flow-log records.
#[derive(Debug, PartialEq, Eq)]
pub struct FlowField {
    /// In a format and in a file's header, such as `srcaddr` and `pkt-srcaddr`.
    pub name: &'static str,
    /// In a query, such as `srcAddr` and `pktSrcAddr`.
    pub field: &'static str,
    /// What it holds.
    pub kind: FlowType,
}

const fn text(name: &'static str, field: &'static str) -> FlowField {
    FlowField { name, field, kind: FlowType::Text }
}

const fn int(name: &'static str, field: &'static str) -> FlowField {
    FlowField { name, field, kind: FlowType::Int }
}

/// Every field of the flow logs of VPCs and transit gateways, those of the default format first and in its order.
#[rustfmt::skip]
pub const FLOW_FIELDS: &[FlowField] = &[
    // Version 2, the default format.
    int("version", "version"), text("account-id", "accountId"), text("interface-id", "interfaceId"),
    text("srcaddr", "srcAddr"), text("dstaddr", "dstAddr"), int("srcport", "srcPort"), int("dstport", "dstPort"),
    int("protocol", "protocol"), int("packets", "packets"), int("bytes", "bytes"), int("start", "startTime"),
    int("end", "endTime"), text("action", "action"), text("log-status", "logStatus"),
    // Version 3.
    text("vpc-id", "vpcId"), text("subnet-id", "subnetId"), text("instance-id", "instanceId"),
    int("tcp-flags", "tcpFlags"), text("type", "type"), text("pkt-srcaddr", "pktSrcAddr"),
    text("pkt-dstaddr", "pktDstAddr"),
    // Version 4.
    text("region", "region"), text("az-id", "azId"), text("sublocation-type", "sublocationType"),
    text("sublocation-id", "sublocationId"),
    // Version 5.
    text("pkt-src-aws-service", "pktSrcAwsService"), text("pkt-dst-aws-service", "pktDstAwsService"),
    text("flow-direction", "flowDirection"), int("traffic-path", "trafficPath"),
    // Version 6, transit gateways.
    text("resource-type", "resourceType"), text("tgw-id", "tgwId"), text("tgw-attachment-id", "tgwAttachmentId"),
    text("tgw-src-vpc-account-id", "tgwSrcVpcAccountId"), text("tgw-dst-vpc-account-id", "tgwDstVpcAccountId"),
    text("tgw-src-vpc-id", "tgwSrcVpcId"), text("tgw-dst-vpc-id", "tgwDstVpcId"),
    text("tgw-src-subnet-id", "tgwSrcSubnetId"), text("tgw-dst-subnet-id", "tgwDstSubnetId"),
    text("tgw-src-eni", "tgwSrcEni"), text("tgw-dst-eni", "tgwDstEni"), text("tgw-src-az-id", "tgwSrcAzId"),
    text("tgw-dst-az-id", "tgwDstAzId"), text("tgw-pair-attachment-id", "tgwPairAttachmentId"),
    int("packets-lost-no-route", "packetsLostNoRoute"), int("packets-lost-blackhole", "packetsLostBlackhole"),
    int("packets-lost-mtu-exceeded", "packetsLostMtuExceeded"),
    int("packets-lost-ttl-expired", "packetsLostTtlExpired"),
    // Version 7.
    text("ecs-cluster-arn", "ecsClusterArn"), text("ecs-cluster-name", "ecsClusterName"),
    text("ecs-container-instance-arn", "ecsContainerInstanceArn"),
    text("ecs-container-instance-id", "ecsContainerInstanceId"), text("ecs-container-id", "ecsContainerId"),
    text("ecs-second-container-id", "ecsSecondContainerId"), text("ecs-service-name", "ecsServiceName"),
    text("ecs-task-definition-arn", "ecsTaskDefinitionArn"), text("ecs-task-arn", "ecsTaskArn"),
    text("ecs-task-id", "ecsTaskId"),
    // Versions 8 to 11.
    text("reject-reason", "rejectReason"), text("resource-id", "resourceId"),
    int("encryption-status", "encryptionStatus"), text("instance-tag", "instanceTag"),
    text("instance-tag-2", "instanceTag2"), text("interface-tag", "interfaceTag"),
    text("interface-tag-2", "interfaceTag2"), text("asg-tag", "asgTag"), text("asg-tag-2", "asgTag2"),
    text("interface-type", "interfaceType"), text("next-hop-interface-id", "nextHopInterfaceId"),
    text("next-hop-subnet-id", "nextHopSubnetId"), text("next-hop-az-id", "nextHopAzId"),
    text("next-hop-vpc-id", "nextHopVpcId"), text("next-hop-interface-type", "nextHopInterfaceType"),
];

/// Fields of the default format.
const DEFAULT_FIELDS: usize = 14;

/// The fields of the default format, in order.
pub fn default_format() -> &'static [FlowField] {
    &FLOW_FIELDS[..DEFAULT_FIELDS]
}

/// The field of this name as formats and headers write it: `pkt-srcaddr`, `pkt_srcaddr`, `${pkt-srcaddr}`.
pub fn flow_field(name: &str) -> Option<&'static FlowField> {
    let name = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let same = |left: u8, right: u8| left == right || (left == b'-' && right == b'_');
    FLOW_FIELDS.iter().find(|field| {
        field.name.len() == name.len()
            && field.name.bytes().zip(name.bytes()).all(|(left, right)| same(left, right))
    })
}

/// The fields of a message: of a flow-log record in the default format, of a JSON object, else none.
pub fn discover(message: &str) -> Fields {
    if is_json(message) { json_parts(message).leaves } else { default_record(message).unwrap_or_default() }
}

/// All fields of a message of this log group, `account:group`, under the names that queries have for them: those of the message
/// itself, and those of the lines of AWS Lambda.
pub fn discover_in(log: &str, message: &str) -> Fields {
    let found =
        discover(discoverable(log, message)).into_iter().map(|(name, value)| (shown_name(name), value));
    found.chain(lambda_fields(log, message)).collect()
}

/// The lists and maps of a message in JSON as texts, under the names that their elements' and members' begin with.
///
/// They are no fields of their own, but a query may name them.
pub fn wholes(message: &str) -> Fields {
    if is_json(message) { json_parts(message).wholes } else { vec![] }
}

fn is_json(message: &str) -> bool {
    message.trim_start().starts_with('{')
}

/// A record of the default format: fourteen words, the last of them a log status.
fn default_record(message: &str) -> Option<Fields> {
    let words: Vec<_> = message.split_ascii_whitespace().take(DEFAULT_FIELDS + 1).collect();
    let has_status = matches!(words.last(), Some(&("OK" | "NODATA" | "SKIPDATA")));
    if words.len() != DEFAULT_FIELDS || !has_status {
        return None;
    }
    Some(
        default_format()
            .iter()
            .zip(words)
            .map(|(field, word)| (field.field.into(), field.value(word)))
            .collect(),
    )
}

impl FlowField {
    /// The value of a word: a number if the field holds numbers and this is one; `-` stays text.
    ///
    /// Assumption: AWS shows `-` where a record has no data; as a number it is absent.
    pub fn value(&self, word: &str) -> Value {
        match (self.kind, word.parse()) {
            (FlowType::Int, Ok(number)) => Value::Int(number),
            _ => Value::text(word),
        }
    }
}

/// The fields of an event, and its lists and maps.
#[derive(Default)]
struct Parts {
    leaves: Fields,
    wholes: Fields,
}

fn json_parts(message: &str) -> Parts {
    let mut parts = Parts::default();
    let read = walk(message, JSON_DEPTH_MAX, String::new(), &mut parts);
    read.map_or_else(Parts::default, |()| parts)
}

impl<'m> Walk<'m> for Parts {
    type Place = String;

    fn member(&mut self, of: &String, key: &str) -> String {
        if of.is_empty() { key.to_owned() } else { format!("{of}.{key}") }
    }

    fn element(&mut self, of: &String, index: usize) -> String {
        self.member(of, &index.to_string())
    }

    fn is_wanted(&mut self, at: &String) -> bool {
        !at.is_empty() && self.leaves.len() < JSON_FIELDS_MAX
    }

    fn whole(&mut self, at: String, text: &'m str) {
        self.wholes.push((at, Value::text(text)));
    }

    fn leaf(&mut self, at: String, leaf: Leaf<'m>) {
        if self.leaves.len() < JSON_FIELDS_MAX {
            let text = printed(leaf);
            let number = match leaf {
                Leaf::Number(_) | Leaf::Bool(_) => text.parse().ok(),
                _ => None,
            };
            self.leaves.push((at, number.map_or_else(|| Value::text(text), Value::Int)));
        }
    }
}

/// Assumption: booleans are 1 and 0; null is absent; a fraction is shown as written.
fn printed(leaf: Leaf<'_>) -> Cow<'_, str> {
    match leaf {
        Leaf::Bool(is_true) => Cow::Borrowed(if is_true { "1" } else { "0" }),
        Leaf::Number("-0") => Cow::Borrowed("0"),
        Leaf::Number(text) | Leaf::Whole(text) => Cow::Borrowed(text),
        Leaf::Text(raw) => unescaped(raw),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &[(&str, Value)]) {
        let expected: Fields =
            expected.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        assert_eq!(discover(message), expected, "{message}");
    }

    #[test]
    fn a_default_record_has_its_fourteen_fields() {
        let line = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
                    1418530070 ACCEPT OK";
        check(
            line,
            &[
                ("version", Value::Int(2)),
                ("accountId", Value::text("123456789010")),
                ("interfaceId", Value::text("eni-1235b8ca123456789")),
                ("srcAddr", Value::text("172.31.16.139")),
                ("dstAddr", Value::text("172.31.16.21")),
                ("srcPort", Value::Int(20641)),
                ("dstPort", Value::Int(22)),
                ("protocol", Value::Int(6)),
                ("packets", Value::Int(20)),
                ("bytes", Value::Int(4249)),
                ("startTime", Value::Int(1418530010)),
                ("endTime", Value::Int(1418530070)),
                ("action", Value::text("ACCEPT")),
                ("logStatus", Value::text("OK")),
            ],
        );
    }

    #[test]
    fn a_record_without_data_keeps_its_dashes() {
        let fields = discover("2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA");
        assert_eq!(fields[3], ("srcAddr".into(), Value::text("-")));
        assert_eq!(fields[9], ("bytes".into(), Value::text("-")));
        assert_eq!(fields[13], ("logStatus".into(), Value::text("NODATA")));
    }

    #[test]
    fn other_text_has_no_fields() {
        for line in ["", "hello", "{broken", "2 1 eni-1 - - - - - - - 1 2 - GO_AWAY"] {
            check(line, &[]);
        }
    }

    #[test]
    fn json_is_flattened_with_dots() {
        check(
            r#"{"a": {"b": 1, "c": [true, {"d": "x"}]}, "e": null, "f": 1.5}"#,
            &[
                ("a.b", Value::Int(1)),
                ("a.c.0", Value::Int(1)),
                ("a.c.1.d", Value::text("x")),
                ("f", Value::text("1.5")),
            ],
        );
    }

    #[test]
    fn a_json_event_has_at_most_two_hundred_fields() {
        let members: Vec<_> = (0..300).map(|n| format!("\"k{n}\": {n}")).collect();
        let fields = discover(&format!("{{{}}}", members.join(",")));
        assert_eq!(fields.len(), JSON_FIELDS_MAX);
        // They are those that stand first.
        assert_eq!(fields[JSON_FIELDS_MAX - 1], ("k199".into(), Value::Int(199)));
    }

    #[test]
    fn a_value_that_nothing_can_hold_leaves_the_others() {
        check(
            r#"{"z": "ok", "n": 1e400, "half": "a\ud800b", "whole": "\ud83d\ude00", "a": true}"#,
            &[
                ("z", Value::text("ok")),
                ("n", Value::text("1e400")),
                ("half", Value::text("a\u{fffd}b")),
                ("whole", Value::text("\u{1f600}")),
                ("a", Value::Int(1)),
            ],
        );
        for line in
            [r#"{"a": 01}"#, r#"{"a": 1.}"#, r#"{"a": "\x"}"#, r#"{"a": 1,}"#, r#"{"a" 1}"#, r#"{"a": [1}"#]
        {
            check(line, &[]);
        }
    }

    #[test]
    fn lists_and_maps_have_names_of_their_own() {
        let found = wholes(r#"{"items": ["apple", {"a": 1}], "b": {"c": {}}, "d": 1}"#);
        let expected = [
            ("items.1", r#"{"a": 1}"#),
            ("items", r#"["apple", {"a": 1}]"#),
            ("b.c", "{}"),
            ("b", r#"{"c": {}}"#),
        ];
        let expected: Fields =
            expected.iter().map(|(name, text)| (name.to_string(), Value::text(*text))).collect();
        assert_eq!(found, expected);
    }

    fn texts(message: &str, names: &[String]) -> Vec<Option<String>> {
        let mut texts = vec![Some("of a message before".into()); 3];
        Named::new(names).texts(message, &mut texts);
        texts.into_iter().map(|text| text.map(String::from)).collect()
    }

    /// The field of this name among all, or the list or map.
    fn among_all(message: &str, name: &String) -> Option<String> {
        let last = |fields: Fields| fields.into_iter().rev().find(|(found, _)| found == name);
        let found = last(discover(message)).or_else(|| last(wholes(message)));
        found.and_then(|(_, value)| value.print().map(|text| text.into_owned()))
    }

    #[test]
    fn named_fields_are_those_among_all() {
        let deep = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let many = (0..300).map(|n| format!("\"k{n}\": {n}")).collect::<Vec<_>>().join(",");
        let names = [
            "a",
            "a.b",
            "a.b.c",
            "b",
            "a.0",
            "a.1.b",
            "a.",
            "",
            ".a",
            "k7",
            "k99",
            "a.a",
            &["a"; 40].join("."),
        ];
        let names = names.map(String::from);
        for message in [
            r#"{"a": {"b": 1, "c": [true]}, "b": null, "k7": 1.50}"#,
            r#"{"a": [1, {"b": "\u00e9x"}], "b": 18446744073709551615}"#,
            r#"{"a": {"b": 1}, "a": {"c": 1}}"#,
            r#"{"a": 1, "a": {"b": 1}}"#,
            r#"{"a": {"b": 1}, "a": 1}"#,
            r#"{"a": {"b": 1}, "a.b": 2}"#,
            r#"{"a.b": 2, "a": {"b": {"c": 1}}}"#,
            r#"{"a": 1, "": {"b": 2}}"#,
            r#"{"a": {"": 1, "b": -0}}"#,
            r#"{"a": 1} x"#,
            r#"{"a": 1, "b": 1e999}"#,
            r#"{"a": 1, "b": "\ud800"}"#,
            r#" {"a": 1e2, "b": -9223372036854775808, "a": 2}"#,
            &deep(31),
            &deep(33),
            &format!("{{{many}}}"),
            "2 1 eni-1 - - - - - - - 1 2 - NODATA",
            "a",
        ] {
            let expected: Vec<Option<String>> = names.iter().map(|name| among_all(message, name)).collect();
            assert_eq!(texts(message, &names), expected, "{message}");
            for (name, value) in names.iter().zip(expected) {
                assert_eq!(texts(message, std::slice::from_ref(name)), [value], "{name} {message}");
            }
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof!["-?[0-9]{1,3}", "[0-9]\\.[0-9]e?[1-9]", "\"[a-b\\\\u0]{0,3}\"", "null|true|x"];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = prop_oneof!["[ab]", "[ab]\\.[ab]", "[ab.]{0,3}"];
            prop_oneof![
                3 => prop::collection::vec((key, inner.clone()), 0..4).prop_map(|members| {
                    let members = members.iter().map(|(key, value)| format!("\"{key}\":{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
                1 => prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn named_fields_of_any_json_are_those_among_all(
            message in json(),
            names in prop::collection::btree_set("[ab](\\.[ab01]){0,3}", 1..5),
        ) {
            let names = names.into_iter().collect::<Vec<String>>();
            let expected: Vec<Option<String>> = names.iter().map(|name| among_all(&message, name)).collect();
            prop_assert_eq!(texts(&message, &names), expected);
        }
    }

    #[test]
    fn names_of_formats_are_found_however_written() {
        for name in ["pkt-srcaddr", "pkt_srcaddr", "${pkt-srcaddr}"] {
            assert_eq!(flow_field(name).map(|field| field.field), Some("pktSrcAddr"), "{name}");
        }
        assert_eq!(flow_field("nosuch"), None);
    }
}
