//! The language's values: weakly typed, as discovered in log events.
//!
//! A value has a text view (what a result shows) and, if it can, a number view. Operators look at views only, so that
//! the text `443` of a log line and the number 443 behave alike; typed columns of an executor are a shortcut, never a
//! different answer.
//! Assumption: AWS documents weak typing by its sample queries only (`protocol=17`, `status="200"`).

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::DateTime;
use serde_json::Value as Json;

/// One value of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent: shown nowhere, equal to nothing.
    Null,
    /// The answer of a comparison or of `ispresent`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; finite, see [`Value::number_or_null`].
    Float(f64),
    /// Milliseconds since the epoch, UTC.
    Time(i64),
    /// Text.
    Text(String),
    /// A list or map: shown as JSON, equal to nothing, no number and no text.
    Json(Box<Json>),
}

/// The number view of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Exact.
    Int(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    /// As a float; whole numbers beyond 2^53 lose their last digits.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Float(number) => number,
        }
    }

    /// Exact between whole numbers, else as floats.
    pub fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => left.cmp(&right),
            (left, right) => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
        }
    }
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// The float, or null if it is infinite or not a number (division by zero, overflow, root of a negative).
    pub fn number_or_null(number: f64) -> Value {
        if number.is_finite() { Value::Float(number) } else { Value::Null }
    }

    /// What JSON says: a list or map, or the plain value of anything else.
    pub fn of_json(json: Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(is_true) => Value::Bool(is_true),
            Json::String(text) => Value::Text(text),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::Int(whole),
                (None, Some(float)) => Value::number_or_null(float),
                (None, None) => Value::Null,
            },
            Json::Array(_) | Json::Object(_) => Value::Json(Box::new(json)),
        }
    }

    /// What the text says in JSON, null if it is none.
    pub fn of_json_text(text: &str) -> Value {
        match serde_json::from_str(text).map_or(Value::Null, Value::of_json) {
            // serde_json may miss the nearest one.
            Value::Float(near) => Value::number_or_null(text.trim().parse().unwrap_or(near)),
            value => value,
        }
    }

    /// The value in JSON: what [`of_json`](Self::of_json) makes it of.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(is_true) => Json::from(*is_true),
            Value::Int(number) | Value::Time(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Text(text) => Json::from(text.as_str()),
            Value::Json(json) => (**json).clone(),
        }
    }

    /// The part of a list or map that the path leads to: members by name, elements by number from 0.
    pub fn part(&self, path: &[String]) -> Value {
        let Value::Json(json) = self else { return Value::Null };
        let step = |json: &'_ Json, name: &String| match json {
            Json::Object(members) => members.get(name).cloned(),
            Json::Array(elements) => elements.get(name.parse::<usize>().ok()?).cloned(),
            _ => None,
        };
        let mut found = (**json).clone();
        for name in path {
            let Some(next) = step(&found, name) else { return Value::Null };
            found = next;
        }
        Value::of_json(found)
    }

    /// 1 or 0, the answer of `isempty`, `strcontains` and their like.
    pub fn flag(is_true: bool) -> Value {
        Value::Int(i64::from(is_true))
    }

    /// True if there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The number view: numbers, times in milliseconds, booleans as 1 and 0, text that reads as a decimal number.
    pub fn number(&self) -> Option<Number> {
        match self {
            Value::Null | Value::Json(_) => None,
            Value::Bool(is_true) => Some(Number::Int(i64::from(*is_true))),
            Value::Int(number) | Value::Time(number) => Some(Number::Int(*number)),
            Value::Float(number) => Some(Number::Float(*number)),
            Value::Text(text) => parse_number(text),
        }
    }

    /// The number view as a float.
    pub fn as_f64(&self) -> Option<f64> {
        self.number().map(Number::as_f64)
    }

    /// The text view, which is also what a result shows; `None` for null.
    ///
    /// Floats show at most four decimals and no trailing zeros (Assumption: seen in console transcripts).
    pub fn print(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(is_true) => Cow::Borrowed(if *is_true { "true" } else { "false" }),
            Value::Int(number) => Cow::Owned(number.to_string()),
            Value::Float(number) => Cow::Owned(print_float(*number)),
            Value::Time(ms) => Cow::Owned(print_time(*ms)),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Json(json) => Cow::Owned(json.to_string()),
        })
    }

    /// Text that is the same for equal values only: what groups, `dedup` and `count_distinct` go by.
    pub fn identity(&self) -> Option<String> {
        match self {
            Value::Float(number) => Some((number + 0.0).to_string()),
            other => other.print().map(Cow::into_owned),
        }
    }

    /// Whether a filter keeps the row: true, a number other than 0, or the text `true`.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Bool(is_true) => *is_true,
            Value::Text(text) if text == "true" => true,
            other => other.as_f64().is_some_and(|number| number != 0.0),
        }
    }

    /// How two values compare: two numbers as numbers, two that are not numbers as text.
    ///
    /// `None` if either is null or a list or map, or if only one is a number: `-` in a number's place is neither above nor below 100.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        if matches!(self, Value::Json(_)) || matches!(other, Value::Json(_)) {
            return None;
        }
        match (self.number(), other.number()) {
            (Some(left), Some(right)) => Some(left.compare(right)),
            (None, None) => Some(self.print()?.cmp(&other.print()?)),
            _ => None,
        }
    }

    /// Whether two values are the same; `None` if either is null, or a list or map.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        let has_no_equal = |value: &Value| matches!(value, Value::Null | Value::Json(_));
        if has_no_equal(self) || has_no_equal(other) {
            return None;
        }
        Some(self.compare(other).is_some_and(Ordering::is_eq))
    }
}

/// Reads a decimal number: sign, digits, fraction, exponent; nothing else, not even blanks.
pub fn parse_number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    let last = *text.as_bytes().last()?;
    // Rejects `inf`, `nan`, `.5` and `5.`, which the standard parser takes.
    let starts = first.is_ascii_digit() || first == b'-' || first == b'+';
    if !starts || !last.is_ascii_digit() || !text.bytes().all(is_number_byte) {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(Number::Int(number));
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Number::Float)
}

fn is_number_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// At most four decimals and no trailing zeros.
pub(crate) fn print_float(number: f64) -> String {
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// `YYYY-MM-DD HH:MM:SS.mmm` in UTC; a time outside the calendar's range prints as its milliseconds.
pub fn print_time(ms: i64) -> String {
    match DateTime::from_timestamp_millis(ms) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        None => ms.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_number(text: &str, expected: Option<Number>) {
        assert_eq!(parse_number(text), expected, "{text:?}");
    }

    #[test]
    fn only_decimal_numbers_have_a_number_view() {
        check_number("443", Some(Number::Int(443)));
        check_number("-1.5", Some(Number::Float(-1.5)));
        check_number("1e3", Some(Number::Float(1000.0)));
        check_number("123456789012", Some(Number::Int(123456789012)));
        for text in
            ["", "-", "+", ".5", "5.", "inf", "NaN", "0x10", " 1", "1 ", "10.0.0.1", "1-2", "1e", "1e999"]
        {
            check_number(text, None);
        }
    }

    #[test]
    fn a_float_is_the_same_behind_json() {
        let float = Value::Float(36_902_495_346_673_844_224.0);
        assert_eq!(Value::of_json_text(&float.to_json().to_string()), float);
        assert_eq!(Value::of_json_text("1e999"), Value::Null);
    }

    #[test]
    fn values_print_as_results_show_them() {
        let rows = [
            (Value::Int(7), "7"),
            (Value::Float(3.0), "3"),
            (Value::Float(1.0 / 3.0), "0.3333"),
            (Value::Float(-0.00001), "0"),
            (Value::Float(1e15), "1000000000000000"),
            (Value::Bool(true), "true"),
            (Value::Time(1_431_280_876_000), "2015-05-10 18:01:16.000"),
        ];
        for (value, expected) in rows {
            assert_eq!(value.print().as_deref(), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn comparison_is_numeric_only_when_both_sides_are_numbers() {
        let compare = |left: Value, right: Value| left.compare(&right);
        assert_eq!(compare(Value::text("200"), Value::Int(200)), Some(Ordering::Equal));
        assert_eq!(compare(Value::text("9"), Value::text("10")), Some(Ordering::Less));
        assert_eq!(compare(Value::text("9a"), Value::text("10a")), Some(Ordering::Greater));
        assert_eq!(compare(Value::text("-"), Value::Int(10)), None);
        assert_eq!(Value::text("-").equals(&Value::Int(10)), Some(false));
        assert_eq!(Value::Null.equals(&Value::Int(10)), None);
        assert_eq!(compare(Value::Null, Value::Int(1)), None);
    }
}
