//! Numbers to texts and texts to numbers, by formats.
//!
//! Source: Apache Spark SQL 3.5, "Number Patterns for Formatting and Parsing". Assumption: digits that a format of
//! `to_char` has no place for make it show `#`, before the decimal point and behind it.

use super::{Call, Function, or_null, takes, text_of};
use crate::plan::Type;
use crate::value::{Number, Value, parse_number};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql format_number",
        aliases: &[],
        parameters: takes(2, 2, "a number, and a number of decimals or a pattern of #, 0, comma and point"),
        result: Type::Text,
        summary: "The number with so many decimals and commas between thousands, or by the pattern.",
        examples: &[
            ("format_number(12332.123456, 4)", Some("12,332.1235")),
            ("format_number(1234567, 0)", Some("1,234,567")),
            ("format_number(12332.123456, '##################.###')", Some("12332.123")),
            ("format_number(5, '000.0')", Some("005.0")),
            ("format_number(1, -1)", None),
        ],
        call: Call::Values(|a| or_null(format_number(a).map(Value::Text))),
    },
    Function {
        name: "sql to_char",
        aliases: &["to_varchar"],
        parameters: takes(2, 2, "a number and a format"),
        result: Type::Text,
        summary: "The number by a format of `0`, `9`, `.` or `D`, `,` or `G`, `$`, and `S`, `MI` or `PR`.",
        examples: &[
            ("to_char(454, '999')", Some("454")),
            ("to_char(454.00, '000D00')", Some("454.00")),
            ("to_char(12454, '99G999')", Some("12,454")),
            ("to_char(78.12, '$99.99')", Some("$78.12")),
            ("to_char(-12454.8, '99G999D9S')", Some("12,454.8-")),
            ("to_char(7, '999')", Some("  7")),
            ("to_char(7, '000')", Some("007")),
            ("to_char(1234, '999')", Some("###")),
            ("to_char(1, 'x')", None),
        ],
        call: Call::Values(|a| {
            let text = a[0]
                .number()
                .zip(text_of(a, 1))
                .and_then(|(number, format)| Format::parse(&format)?.print(number));
            text.map_or(Value::Null, Value::Text)
        }),
    },
    Function {
        name: "sql to_number",
        aliases: &["try_to_number"],
        parameters: takes(2, 2, "a text and a format"),
        result: Type::Float,
        summary: "The number that the text is by a format as of `to_char`; absent if it does not fit.",
        examples: &[
            ("to_number('454', '999')", Some("454")),
            ("to_number('454.00', '000.00')", Some("454")),
            ("to_number('12,454', '99,999')", Some("12454")),
            ("to_number('$78.12', '$99.99')", Some("78.12")),
            ("to_number('12,454.8-', '99,999.9S')", Some("-12454.8")),
            ("try_to_number('12454', '99,999')", None),
            ("to_number('1234', '999')", None),
        ],
        call: Call::Values(|a| {
            let number = text_of(a, 0)
                .zip(text_of(a, 1))
                .and_then(|(text, format)| Format::parse(&format)?.read(&text));
            number.map_or(Value::Null, Value::number_or_null)
        }),
    },
];

/// Decimals that a format has at most: more than a float has.
const DECIMALS_MAX: usize = 64;

fn format_number(arguments: &[Value]) -> Option<String> {
    let number = arguments.first()?.number()?;
    if let Some(Number::Int(decimals)) = arguments.get(1)?.number() {
        let decimals = usize::try_from(decimals).ok().filter(|decimals| *decimals <= DECIMALS_MAX)?;
        let (sign, whole, fraction) = digits(number, decimals);
        return Some(joined(sign, &grouped(&whole), &fraction));
    }
    let pattern = text_of(arguments, 1)?;
    let (before, behind) = pattern.split_once('.').unwrap_or((&pattern, ""));
    let is_pattern = |text: &str| text.chars().all(|c| matches!(c, '#' | '0' | ','));
    if !is_pattern(before)
        || !is_pattern(behind)
        || behind.len() > DECIMALS_MAX
        || before.len() > DECIMALS_MAX
    {
        return None;
    }
    let (sign, whole, fraction) = digits(number, behind.len());
    let least = before.matches('0').count();
    let whole = if whole == "0" && least == 0 { String::new() } else { format!("{whole:0>least$}") };
    let whole = if before.contains(',') { grouped(&whole) } else { whole };
    let kept = fraction.trim_end_matches('0').len().max(behind.matches('0').count());
    Some(joined(sign, &whole, &fraction[..kept]))
}

fn joined(sign: &str, whole: &str, fraction: &str) -> String {
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Sign, digits before the point, and so many behind it.
fn digits(number: Number, decimals: usize) -> (&'static str, String, String) {
    let text = match number {
        Number::Int(number) if decimals > 0 => format!("{number}.{:0<decimals$}", ""),
        Number::Int(number) => number.to_string(),
        Number::Float(number) => format!("{number:.decimals$}"),
    };
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    (if is_zero { "" } else { sign }, whole.to_owned(), fraction.to_owned())
}

/// The digits with commas between thousands.
pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Where the sign stands.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    None,
    /// `S`: a plus or minus.
    Both,
    /// `MI`: a minus only.
    Minus,
}

/// A format of `to_char`.
struct Format {
    /// Before and behind the digits.
    signs: [Sign; 2],
    has_dollar: bool,
    /// `PR`: negative numbers between angle brackets.
    has_angles: bool,
    /// Digits and commas before the point.
    whole: String,
    /// Digits behind it.
    fraction: Option<String>,
}

impl Format {
    fn parse(format: &str) -> Option<Format> {
        let upper = format.to_ascii_uppercase().replace('D', ".").replace('G', ",");
        let mut rest = upper.as_str();
        let take = |rest: &mut &str, sign: &str| {
            let behind = rest.strip_prefix(sign);
            *rest = behind.unwrap_or(rest);
            behind.is_some()
        };
        let mut signs = [Sign::None; 2];
        if take(&mut rest, "MI") {
            signs[0] = Sign::Minus;
        } else if take(&mut rest, "S") {
            signs[0] = Sign::Both;
        }
        let has_dollar = take(&mut rest, "$");
        let end = rest.find(|c| !matches!(c, '0' | '9' | ',')).unwrap_or(rest.len());
        let whole = rest[..end].to_owned();
        rest = &rest[end..];
        let mut fraction = None;
        if take(&mut rest, ".") {
            let end = rest.find(|c| !matches!(c, '0' | '9')).unwrap_or(rest.len());
            fraction = Some(rest[..end].to_owned());
            rest = &rest[end..];
        }
        if take(&mut rest, "MI") {
            signs[1] = Sign::Minus;
        } else if take(&mut rest, "S") {
            signs[1] = Sign::Both;
        }
        let has_angles = take(&mut rest, "PR");
        let has_digits =
            whole.contains(['0', '9']) || fraction.as_ref().is_some_and(|digits| !digits.is_empty());
        let has_one_sign = signs.contains(&Sign::None) && !(has_angles && signs != [Sign::None; 2]);
        let is_short = whole.len() <= DECIMALS_MAX
            && fraction.as_ref().is_none_or(|digits| digits.len() <= DECIMALS_MAX);
        (rest.is_empty() && has_digits && has_one_sign && is_short).then_some(Format {
            signs,
            has_dollar,
            has_angles,
            whole,
            fraction,
        })
    }

    fn print(&self, number: Number) -> Option<String> {
        let decimals = self.fraction.as_ref().map_or(0, String::len);
        let (sign, whole, fraction) = digits(number, decimals);
        let places = self.whole.chars().filter(|c| *c != ',').count();
        let is_exact = match number {
            Number::Int(_) => true,
            Number::Float(number) => {
                format!("{number}").split_once('.').map_or(0, |(_, behind)| behind.len()) <= decimals
            }
        };
        let whole = if whole == "0" { "" } else { &whole };
        if whole.len() > places || !is_exact {
            let hash = |text: &str| text.replace(['0', '9'], "#");
            return Some(joined("", &hash(&self.whole), &hash(self.fraction.as_deref().unwrap_or_default())));
        }
        // In the place of a missing digit, a 0 of the format and what follows it is a 0, a 9 is blank.
        let mut body = String::new();
        let zeros_from = self.whole.find('0').unwrap_or(self.whole.len());
        let mut found = std::iter::repeat_n(None, places - whole.len()).chain(whole.chars().map(Some));
        for (at, c) in self.whole.char_indices() {
            body.push(match c {
                ',' if body.trim_start().is_empty() => ' ',
                ',' => ',',
                _ => found.next().flatten().unwrap_or(if at >= zeros_from { '0' } else { ' ' }),
            });
        }
        let shown = body.trim_start();
        let blanks = " ".repeat(body.len() - shown.len());
        let dollar = if self.has_dollar { "$" } else { "" };
        let number = joined("", shown, &fraction);
        let mark = |place: Sign| match (place, sign) {
            (Sign::Both, "") => "+",
            (Sign::Both | Sign::Minus, "-") => "-",
            (Sign::Minus, _) => " ",
            _ => "",
        };
        let bare = if self.signs == [Sign::None; 2] && !self.has_angles { sign } else { "" };
        let (open, close) = match (self.has_angles, sign) {
            (true, "-") => ("<", ">"),
            (true, _) => ("", "  "),
            _ => ("", ""),
        };
        let [before, behind] = self.signs.map(mark);
        Some(format!("{blanks}{open}{bare}{before}{dollar}{number}{behind}{close}"))
    }

    fn read(&self, text: &str) -> Option<f64> {
        let mut text = text.trim();
        let mut is_negative = false;
        if self.has_angles
            && let Some(inner) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'))
        {
            (text, is_negative) = (inner, true);
        }
        if self.signs[0] != Sign::None
            && let Some(rest) = text.strip_prefix(['-', '+'])
        {
            (is_negative, text) = (text.starts_with('-'), rest);
        }
        if self.signs[1] != Sign::None
            && let Some(rest) = text.strip_suffix(['-', '+'])
        {
            (is_negative, text) = (text.ends_with('-'), rest);
        }
        if self.has_dollar {
            text = text.strip_prefix('$')?;
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction_max = self.fraction.as_ref().map_or(0, String::len);
        if !self.takes_whole(whole) || fraction.len() > fraction_max || text.ends_with('.') {
            return None;
        }
        let plain = format!("0{}", joined("", &whole.replace(',', ""), fraction));
        let number = parse_number(&plain)?.as_f64();
        Some(if is_negative { -number } else { number })
    }

    /// Whether digits and commas are those of the format, or fewer of its nines.
    fn takes_whole(&self, text: &str) -> bool {
        let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
        let (wanted, found): (Vec<&str>, Vec<&str>) =
            (self.whole.rsplit(',').collect(), text.rsplit(',').collect());
        let is_short = found.len() < wanted.len()
            || found.last().map(|group| group.len()) < wanted.last().map(|group| group.len());
        if found.len() > wanted.len()
            || !found.iter().all(is_digits)
            || (is_short && self.whole.starts_with('0'))
        {
            return false;
        }
        let last = found.len() - 1;
        let fits = |(at, (found, wanted)): (usize, (&&str, &&str))| match at == last {
            true => found.len() <= wanted.len(),
            false => found.len() == wanted.len(),
        };
        found.iter().zip(&wanted).enumerate().all(fits)
    }
}
