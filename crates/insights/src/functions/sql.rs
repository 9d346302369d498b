//! Functions of SQL that the query language has not, or has with another meaning.
//!
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions" (read 2026-11), column
//! CloudWatch Logs; where it is silent, the reference of Apache Spark SQL 3.5, whose functions they are. Assumptions: an
//! absent argument makes the result absent unless a row says otherwise, and so does what Spark ends a statement for;
//! bytes are the text that they are in UTF-8; a list shows its elements as JSON does, and a text element that is written
//! as its number would be is that number; a result beyond a bound is absent.

mod array;
mod calendar;
mod convert;
mod interval;
mod json;
mod json_path;
mod math;
mod number_format;
mod pad;
mod pattern;
mod printf;
mod schema;
mod text;
mod time;

use std::borrow::Cow;

use super::{ARGUMENTS_MAX, BYTES_MAX, Call, Function, Special, takes, text_of};
use crate::value::{Number, Value};

pub(crate) use convert::Plain;
pub(crate) use interval::Interval;
pub(crate) use schema::Schema;

/// What the names of these functions begin with inside, so that no query of the query language can name them.
pub(crate) const PREFIX: &str = "sql ";

/// Elements of a list that a function makes. Assumption: AWS names no number; this bounds a row.
const ELEMENTS_MAX: usize = 10_000;

/// Every function, by subject.
pub const SQL_FUNCTIONS: &[&[Function]] = &[
    json::FUNCTIONS,
    array::FUNCTIONS,
    text::FUNCTIONS,
    pad::FUNCTIONS,
    pattern::FUNCTIONS,
    number_format::FUNCTIONS,
    printf::FUNCTIONS,
    time::FUNCTIONS,
    calendar::FUNCTIONS,
    interval::FUNCTIONS,
    math::FUNCTIONS,
    convert::FUNCTIONS,
];

/// The function that a statement calls by this name, in any case.
pub(crate) fn sql_function_named(name: &str) -> Option<&'static Function> {
    let is_called = |function: &&Function| {
        function.shown().eq_ignore_ascii_case(name)
            || function.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    };
    SQL_FUNCTIONS.iter().flat_map(|group| group.iter()).find(is_called)
}

/// The function with this name inside.
pub(super) fn function_inside(name: &str) -> Option<&'static Function> {
    name.strip_prefix(PREFIX).and_then(sql_function_named)
}

/// The whole number that an argument is, without its decimals.
fn whole_of(arguments: &[Value], index: usize) -> Option<i64> {
    match arguments.get(index)?.number()? {
        Number::Int(number) => Some(number),
        Number::Float(number) => (number.abs() < i64::MAX as f64).then_some(number as i64),
    }
}

/// The value, or absent.
fn or_null(found: Option<Value>) -> Value {
    found.unwrap_or(Value::Null)
}

/// The text, if it is not beyond the bound.
fn bounded(text: String) -> Option<Value> {
    (text.len() <= BYTES_MAX).then_some(Value::Text(text))
}

/// A text made of the texts that the arguments are.
fn of_text(arguments: &[Value], change: impl Fn(&str) -> Option<Value>) -> Value {
    or_null(text_of(arguments, 0).and_then(|text| change(&text)))
}

/// The first two arguments as texts.
fn two_texts(arguments: &[Value]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    Some((text_of(arguments, 0)?, text_of(arguments, 1)?))
}
