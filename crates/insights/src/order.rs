//! The order of `sort`: AWS's variant of natural sorting, as a key of bytes.
//!
//! Ascending: absent values, then values that are not numbers, then numbers by value. Values that are not numbers
//! compare chunk by chunk, digit runs by length and then digits, other runs by code point. Descending is the reverse.
//! Source: CloudWatch Logs User Guide, "sort" (read 2026-11). Assumption: absent values are the least, so that they
//! come last in descending order.

use crate::value::{Number, Value};

const ABSENT: u8 = 0;
const TEXT: u8 = 1;
const NUMBER: u8 = 2;

/// Begins a digit run: the place of digits among code points, so that `*` < `5A` < `@`.
const DIGITS: u8 = b'0';

/// Bytes whose order is the ascending order of `sort`.
pub fn natural_key(value: &Value) -> Vec<u8> {
    if value.is_null() {
        return vec![ABSENT];
    }
    let is_bool = matches!(value, Value::Bool(_));
    match (value.number(), value.print()) {
        (Some(number), _) if !is_bool => number_key(number),
        (_, Some(text)) => text_key(&text),
        (_, None) => vec![ABSENT],
    }
}

/// Bytes that are the same for values that are equal, as an operator finds; `None` for what is equal to nothing.
pub(crate) fn equality_key(value: &Value) -> Option<Vec<u8>> {
    if matches!(value, Value::Json(_)) {
        return None;
    }
    if let Some(number) = value.number() {
        return Some(number_key(number));
    }
    let mut key = vec![TEXT];
    key.extend(value.print()?.as_bytes());
    Some(key)
}

/// The tag, then the float as ordered bits, then the exact whole number to tell neighbours beyond 2^53 apart.
fn number_key(number: Number) -> Vec<u8> {
    // Adding zero makes -0 the same as 0.
    let bits = (number.as_f64() + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    let mut key = vec![NUMBER];
    key.extend(ordered.to_be_bytes());
    let exact = match number {
        Number::Int(exact) => exact,
        Number::Float(float) => float as i64,
    };
    key.extend(((exact as u64) ^ (1 << 63)).to_be_bytes());
    key
}

fn text_key(text: &str) -> Vec<u8> {
    let mut key = vec![TEXT];
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let in_digits = first.is_ascii_digit();
        let end = rest.iter().position(|byte| byte.is_ascii_digit() != in_digits).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        if in_digits {
            push_digits(&mut key, run)
        } else {
            push_others(&mut key, run)
        }
        rest = tail;
    }
    key
}

fn push_digits(key: &mut Vec<u8>, run: &[u8]) {
    key.push(DIGITS);
    key.extend((run.len() as u32).to_be_bytes());
    key.extend(run);
}

/// The run and an end mark below every character; a zero byte in the run is told from the mark by what follows it.
fn push_others(key: &mut Vec<u8>, run: &[u8]) {
    for byte in run {
        key.push(*byte);
        if *byte == 0 {
            key.push(1);
        }
    }
    key.extend([0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the user guide's "sort", ascending, with an absent value and long numbers added.
    #[test]
    fn ascending_order_is_that_of_the_user_guide() {
        let ascending = [
            "!:",
            "#",
            "*%04",
            "0#",
            "5A",
            "111A",
            "2345_",
            "@",
            "@_",
            "A",
            "A9876fghj",
            "a12345hfh",
            "-3",
            "0",
            "1",
            "2",
            "2.5",
            "3",
            "10",
            "9007199254740992",
            "9007199254740993",
        ];
        let keys: Vec<_> = ascending.iter().map(|text| natural_key(&Value::text(*text))).collect();
        for (pair, texts) in keys.windows(2).zip(ascending.windows(2)) {
            assert!(pair[0] < pair[1], "{texts:?}");
        }
        assert!(natural_key(&Value::Null) < keys[0]);
    }

    #[test]
    fn values_are_equal_by_key_as_they_are_by_operator() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(1),
            Value::text("1.0"),
            Value::text("a"),
            Value::text("-"),
            Value::Time(1),
            Value::of_json_text("[1]"),
        ];
        for left in &values {
            for right in &values {
                let same = equality_key(left).is_some() && equality_key(left) == equality_key(right);
                assert_eq!(same, left.equals(right) == Some(true), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn equal_numbers_have_equal_keys_however_written() {
        assert_eq!(natural_key(&Value::text("01")), natural_key(&Value::Float(1.0)));
        assert_eq!(natural_key(&Value::Float(-0.0)), natural_key(&Value::Int(0)));
    }
}
