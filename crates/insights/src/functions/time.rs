//! Functions of times. Times are milliseconds since the epoch, UTC.

use super::{Call, Function, Special, takes};
use crate::plan::Type;
use crate::value::{Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "bin",
        aliases: &[],
        parameters: takes(1, 1, "a period"),
        result: Type::Time,
        summary: "@timestamp rounded down to the period. Numbers above 1000ms, 60s, 60m and 24h mean these caps.",
        examples: &[],
        call: Call::Special(Special::Bin),
    },
    Function {
        name: "datefloor",
        aliases: &[],
        parameters: takes(2, 2, "a time and a period"),
        result: Type::Time,
        summary: "The time rounded down to the period.",
        examples: &[("datefloor(fromMillis(1616729349250), 1h)", Some("2021-03-26 03:00:00.000"))],
        call: Call::Special(Special::DateFloor),
    },
    Function {
        name: "dateceil",
        aliases: &[],
        parameters: takes(2, 2, "a time and a period"),
        result: Type::Time,
        summary: "The time rounded up to the period.",
        examples: &[("dateceil(fromMillis(1616729349250), 10m)", Some("2021-03-26 03:30:00.000"))],
        call: Call::Special(Special::DateCeil),
    },
    Function {
        name: "fromMillis",
        aliases: &[],
        parameters: takes(1, 1, "milliseconds since the epoch"),
        result: Type::Time,
        summary: "The time so many milliseconds after 1970-01-01 00:00:00 UTC.",
        examples: &[("fromMillis(1431280876000)", Some("2015-05-10 18:01:16.000"))],
        call: Call::Values(from_millis),
    },
    Function {
        name: "toMillis",
        aliases: &[],
        parameters: takes(1, 1, "a time"),
        result: Type::Int,
        summary: "The milliseconds since 1970-01-01 00:00:00 UTC.",
        examples: &[("toMillis(fromMillis(1431280876000))", Some("1431280876000"))],
        call: Call::Values(to_millis),
    },
    Function {
        name: "now",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Int,
        summary: "When the query was started, in seconds since the epoch.",
        examples: &[],
        call: Call::Special(Special::Now),
    },
    Function {
        name: "queryStartTime",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Int,
        summary: "The start of the time range queried, in milliseconds since the epoch.",
        examples: &[],
        call: Call::Special(Special::QueryStart),
    },
    Function {
        name: "queryEndTime",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Int,
        summary: "The end of the time range queried, in milliseconds since the epoch.",
        examples: &[],
        call: Call::Special(Special::QueryEnd),
    },
    Function {
        name: "queryTimeRange",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Int,
        summary: "The length of the time range queried, in milliseconds.",
        examples: &[],
        call: Call::Special(Special::QueryRange),
    },
];

fn millis(arguments: &[Value]) -> Option<i64> {
    match arguments.first()?.number()? {
        Number::Int(ms) => Some(ms),
        Number::Float(ms) if ms.abs() < i64::MAX as f64 => Some(ms as i64),
        Number::Float(_) => None,
    }
}

fn from_millis(arguments: &[Value]) -> Value {
    millis(arguments).map_or(Value::Null, Value::Time)
}

fn to_millis(arguments: &[Value]) -> Value {
    millis(arguments).map_or(Value::Null, Value::Int)
}
