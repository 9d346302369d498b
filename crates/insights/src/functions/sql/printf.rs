//! `format_string`: texts by the formats of C and Java.

use std::fmt::Write;

use super::number_format::grouped;
use super::{ARGUMENTS_MAX, BYTES_MAX, Call, Function, bounded, or_null, takes, text_of};
use crate::plan::Type;
use crate::value::{Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[Function {
    name: "sql format_string",
    aliases: &["printf"],
    parameters: takes(1, ARGUMENTS_MAX, "a format and values"),
    result: Type::Text,
    summary: "The format with the values in the place of `%d`, `%s`, `%f`, `%e`, `%x`, `%X`, `%o`, `%c`, `%b`, with flags, width and precision.",
    examples: &[
        ("format_string('Hello World %d %s', 100, 'days')", Some("Hello World 100 days")),
        (
            "printf('%05d|%-5s|%5s|%.2f|%,d', 42, 'ab', 'cd', 3.14159, 1234567)",
            Some("00042|ab   |   cd|3.14|1,234,567"),
        ),
        ("format_string('%x %X %o %+d%%', 255, 255, 8, 5)", Some("ff FF 10 +5%")),
        ("format_string('%s', null)", Some("null")),
        ("format_string('%d|%x', 2 * 3, 7.0)", Some("6|7")),
        ("format_string('%d', 1.5)", None),
        ("format_string('%d', 'x')", None),
        ("format_string('%d')", None),
        ("format_string('%9999999s', 'x')", None),
    ],
    call: Call::Values(|a| or_null(format_string(a))),
}];

/// Characters that a value is widened to, and decimals that it has, at most. Assumption: Java names no number.
const WIDTH_MAX: usize = 10_000;

/// A number without decimals, which what is computed has as a float.
fn whole(value: &Value) -> Option<i64> {
    match value.number()? {
        Number::Int(number) => Some(number),
        Number::Float(number) => {
            (number.fract() == 0.0 && number.abs() < i64::MAX as f64).then_some(number as i64)
        }
    }
}

/// What stands between a percent sign and its letter.
#[derive(Default)]
struct Spec {
    is_left: bool,
    has_zeros: bool,
    has_commas: bool,
    has_plus: bool,
    has_blank: bool,
    width: usize,
    precision: Option<usize>,
}

fn format_string(arguments: &[Value]) -> Option<Value> {
    let format = text_of(arguments, 0)?;
    let (mut made, mut values, mut rest) = (String::new(), arguments[1..].iter(), &*format);
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        let (spec, letter, behind) = Spec::read(&rest[at + 1..])?;
        rest = behind;
        match letter {
            '%' => made.push('%'),
            'n' => made.push('\n'),
            _ => made.push_str(&spec.print(letter, values.next()?)?),
        }
        if made.len() > BYTES_MAX {
            return None;
        }
    }
    made.push_str(rest);
    bounded(made)
}

impl Spec {
    /// The parts, the letter and what stands behind it.
    fn read(text: &str) -> Option<(Spec, char, &str)> {
        let (mut spec, mut rest) = (Spec::default(), text);
        while let Some(flag) = rest.chars().next().filter(|c| "-0,+ ".contains(*c)) {
            match flag {
                '-' => spec.is_left = true,
                '0' => spec.has_zeros = true,
                ',' => spec.has_commas = true,
                '+' => spec.has_plus = true,
                _ => spec.has_blank = true,
            }
            rest = &rest[1..];
        }
        (spec.width, rest) = Spec::number(rest)?;
        if let Some(behind) = rest.strip_prefix('.') {
            let (precision, behind) = Spec::number(behind)?;
            (spec.precision, rest) = (Some(precision), behind);
        }
        let letter = rest.chars().next()?;
        Some((spec, letter, &rest[letter.len_utf8()..]))
    }

    fn number(text: &str) -> Option<(usize, &str)> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number = if end == 0 { 0 } else { text[..end].parse().ok()? };
        (number <= WIDTH_MAX).then_some((number, &text[end..]))
    }

    fn print(&self, letter: char, value: &Value) -> Option<String> {
        let Some(text) = value.print() else { return Some(self.widened("null".into(), false)) };
        Some(match letter {
            's' | 'S' => {
                let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
                self.widened(if letter == 'S' { text.to_uppercase() } else { text }, false)
            }
            'b' => self.widened(value.is_true().to_string(), false),
            'c' => self.widened(text.chars().next()?.to_string(), false),
            'd' => {
                let number = whole(value)?;
                self.signed(number < 0, number.unsigned_abs().to_string(), "")
            }
            'x' => self.widened(format!("{:x}", whole(value)?), true),
            'X' => self.widened(format!("{:X}", whole(value)?), true),
            'o' => self.widened(format!("{:o}", whole(value)?), true),
            'f' | 'e' | 'E' => self.float(letter, value.as_f64()?),
            _ => return None,
        })
    }

    fn float(&self, letter: char, number: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        let size = number.abs();
        if letter == 'f' {
            let text = format!("{size:.precision$}");
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
            return self.signed(number < 0.0, whole.to_owned(), &fraction);
        }
        // Java writes at least two digits of the exponent, and its sign.
        let text = format!("{size:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        let mut tail = String::new();
        write!(tail, "{digits}{}{sign}{exponent:0>2}", letter).expect("a String takes any text");
        self.signed(number < 0.0, tail, "")
    }

    /// Digits with sign, commas and width.
    fn signed(&self, is_negative: bool, whole: String, fraction: &str) -> String {
        let whole = if self.has_commas { grouped(&whole) } else { whole };
        let sign = match is_negative {
            true => "-",
            false if self.has_plus => "+",
            false if self.has_blank => " ",
            false => "",
        };
        let length = sign.len() + whole.len() + fraction.len();
        let zeros = if self.has_zeros && !self.is_left { self.width.saturating_sub(length) } else { 0 };
        self.widened(format!("{sign}{}{whole}{fraction}", "0".repeat(zeros)), false)
    }

    fn widened(&self, text: String, is_number: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        match (self.is_left, is_number && self.has_zeros) {
            (true, _) => text + &" ".repeat(missing),
            (false, true) => "0".repeat(missing) + &text,
            (false, false) => " ".repeat(missing) + &text,
        }
    }
}
