//! Functions of PPL that neither the query language nor SQL has, or with another meaning.
//!
//! Source: OpenSearch Service Developer Guide, "Supported PPL commands", PPL functions, column CloudWatch Logs (read 2026-11).
//! Assumptions: an absent argument makes the result absent unless a row says otherwise; types of values are told as Spark names
//! them, numbers without a fraction as `int`; a text that tells a number is one, as in every operator.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value as Json;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Call, Function, number_of, takes, text_of};
use crate::plan::Type;
use crate::value::{Number, Value};

/// What the names of these functions begin with inside, so that no other language can name them.
pub(crate) const PREFIX: &str = "ppl ";

/// Every one.
pub const PPL_FUNCTIONS: &[Function] = &[
    Function {
        name: "ppl divide",
        aliases: &[],
        parameters: takes(2, 2, "two numbers"),
        result: Type::Float,
        summary: "What `/` gives: of whole numbers the whole part of the quotient.",
        examples: &[
            ("7 / 2", Some("3")),
            ("-7 / 2", Some("-3")),
            ("7.0 / 2", Some("3.5")),
            ("7 / 2.5", Some("2.8")),
            ("avg / 2", None),
            ("7 / 0", None),
        ],
        call: Call::Values(divide),
    },
    Function {
        name: "ppl crc32",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Int,
        summary: "The cyclic redundancy check of the text's bytes (ISO 3309).",
        examples: &[("crc32('MySQL')", Some("3259397556"))],
        call: Call::Values(|a| {
            text_of(a, 0).map_or(Value::Null, |text| Value::Int(crc32fast::hash(text.as_bytes()).into()))
        }),
    },
    Function {
        name: "ppl entries",
        aliases: &[],
        parameters: takes(1, 1, "a list or map"),
        result: Type::Json,
        summary: "What `expand` makes rows of: the elements of a list, or a map for each member of a map.",
        examples: &[],
        call: Call::Values(entries),
    },
    Function {
        name: "ppl json",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text, if it is JSON.",
        examples: &[("json('[1,2]')", Some("[1,2]")), ("json('{\"invalid\": \"json\"')", None)],
        call: Call::Values(|a| {
            text_of(a, 0)
                .filter(|text| is_json(text))
                .map_or(Value::Null, |text| Value::text(text.into_owned()))
        }),
    },
    Function {
        name: "ppl json_valid",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Bool,
        summary: "Whether the text is JSON.",
        examples: &[
            ("json_valid('[1,2,3,4]')", Some("true")),
            ("json_valid('{\"invalid\": \"json\"')", Some("false")),
        ],
        call: Call::Values(|a| text_of(a, 0).map_or(Value::Null, |text| Value::Bool(is_json(&text)))),
    },
    Function {
        name: "ppl reverse",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text backwards.",
        examples: &[("reverse('abcde')", Some("edcba"))],
        call: Call::Values(|a| {
            text_of(a, 0).map_or(Value::Null, |text| Value::Text(text.chars().rev().collect()))
        }),
    },
    Function {
        name: "ppl sha1",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The SHA-1 digest of the text's bytes in hexadecimal digits.",
        examples: &[("sha1('hello')", Some("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"))],
        call: Call::Values(|a| text_of(a, 0).map_or(Value::Null, |text| hex(&Sha1::digest(text.as_bytes())))),
    },
    Function {
        name: "ppl sha2",
        aliases: &[],
        parameters: takes(2, 2, "a text and a number of bits: 224, 256, 384 or 512"),
        result: Type::Text,
        summary: "The digest of the SHA-2 family with so many bits of the text's bytes in hexadecimal digits.",
        examples: &[
            ("sha2('hello', 256)", Some("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")),
            ("substring(sha2('hello', 512), 1, 8)", Some("9b71d224")),
            ("sha2('hello', 1)", None),
        ],
        call: Call::Values(sha2_of),
    },
    Function {
        name: "ppl timestampdiff",
        aliases: &[],
        parameters: takes(3, 3, "a unit, a start and an end"),
        result: Type::Int,
        summary: "The whole units from the start to the end: SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR.",
        examples: &[
            ("timestampdiff(YEAR, '1997-01-01 00:00:00', '2001-03-06 00:00:00')", Some("4")),
            (
                "timestampdiff(SECOND, timestamp('1997-01-01 00:00:23'), timestamp('1997-01-01 00:00:00'))",
                Some("-23"),
            ),
            ("timestampdiff(MONTH, '2024-01-31', '2024-02-29')", Some("0")),
        ],
        call: Call::Values(|a| time_between(a).map_or(Value::Null, Value::Int)),
    },
    Function {
        name: "ppl typeof",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Text,
        summary: "What sort of value it is.",
        examples: &[
            ("typeof(7)", Some("int")),
            ("typeof(7.5)", Some("double")),
            ("typeof('x')", Some("string")),
            ("typeof(json_array(1))", Some("array")),
            ("typeof(null)", Some("void")),
        ],
        call: Call::Values(|a| Value::text(a.first().map_or("void", type_of))),
    },
];

/// The function with this name inside.
pub(super) fn function_inside(name: &str) -> Option<&'static Function> {
    PPL_FUNCTIONS.iter().find(|function| function.name == name)
}

fn divide(arguments: &[Value]) -> Value {
    let (Some(left), Some(right)) = (number_of(arguments, 0), number_of(arguments, 1)) else {
        return Value::Null;
    };
    let is_whole = left.fract() == 0.0 && right.fract() == 0.0;
    let quotient = left / right;
    Value::number_or_null(if is_whole { quotient.trunc() } else { quotient })
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn entries(arguments: &[Value]) -> Value {
    let value = match arguments.first() {
        Some(Value::Text(text)) if text.starts_with(['[', '{']) => match Value::of_json_text(text) {
            Value::Null => Value::text(text.as_str()),
            json => json,
        },
        Some(value) => value.clone(),
        None => return Value::Null,
    };
    match value {
        Value::Json(json) => match *json {
            Json::Object(members) => {
                let entry = |(key, value)| serde_json::json!({ "key": key, "value": value });
                Value::Json(Box::new(members.into_iter().map(entry).collect()))
            }
            list => Value::Json(Box::new(list)),
        },
        value => value,
    }
}

fn sha2_of(arguments: &[Value]) -> Value {
    let (Some(text), Some(bits)) = (text_of(arguments, 0), number_of(arguments, 1)) else {
        return Value::Null;
    };
    let bytes = text.as_bytes();
    match bits as i64 {
        224 => hex(&Sha224::digest(bytes)),
        // In Spark 0 is 256.
        0 | 256 => hex(&Sha256::digest(bytes)),
        384 => hex(&Sha384::digest(bytes)),
        512 => hex(&Sha512::digest(bytes)),
        _ => Value::Null,
    }
}

fn hex(bytes: &[u8]) -> Value {
    let mut text = String::new();
    for byte in bytes {
        // A String takes any text.
        let _ = write!(text, "{byte:02x}");
    }
    Value::Text(text)
}

/// Units whose length is always the same, in milliseconds.
const FIXED: &[(&str, i64)] = &[
    ("SECOND", 1000),
    ("MINUTE", 60_000),
    ("HOUR", 3_600_000),
    ("DAY", 86_400_000),
    ("WEEK", 7 * 86_400_000),
];

/// Those of the calendar, in months.
const MONTHS: &[(&str, i64)] = &[("MONTH", 1), ("QUARTER", 3), ("YEAR", 12)];

fn time_between(arguments: &[Value]) -> Option<i64> {
    let unit = text_of(arguments, 0)?;
    let time = |index: usize| match arguments.get(index) {
        Some(Value::Time(ms)) => Some(*ms),
        _ => None,
    };
    let (start, end) = (time(1)?, time(2)?);
    let named =
        |units: &'static [(&str, i64)]| units.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
    match named(FIXED) {
        Some(ms) => Some(end.checked_sub(start)? / ms),
        None => Some(months_between(start, end)? / named(MONTHS)?),
    }
}

/// Whole months from one time to the other.
fn months_between(start: i64, end: i64) -> Option<i64> {
    let at = |ms| DateTime::<Utc>::from_timestamp_millis(ms);
    let (one, other) = (at(start)?, at(end)?);
    let month = |time: DateTime<Utc>| i64::from(time.year()) * 12 + i64::from(time.month0());
    let months = month(other) - month(one);
    let rest = |time: DateTime<Utc>| (time.day(), time.time());
    Some(match rest(other).cmp(&rest(one)) {
        std::cmp::Ordering::Less if months > 0 => months - 1,
        std::cmp::Ordering::Greater if months < 0 => months + 1,
        _ => months,
    })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "void",
        Value::Bool(_) => "boolean",
        Value::Time(_) => "timestamp",
        Value::Json(json) if json.is_array() => "array",
        Value::Json(_) => "struct",
        value => match value.number() {
            None => "string",
            Some(Number::Int(_)) => "int",
            Some(Number::Float(number)) if number.fract() == 0.0 => "int",
            Some(Number::Float(_)) => "double",
        },
    }
}
