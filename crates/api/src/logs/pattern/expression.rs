//! Regular expressions as filter patterns may have them.
//!
//! Letters, digits, the symbols `: _ # = @ / ; , -` and the operators `^ $ ? [ ] { } | \ * + .`; no parentheses, nothing
//! beyond ASCII. After a backslash: an operator or symbol that stands for itself, `\d \D \s \S \w \W`, `\xhh`.
//! Source: CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax".

use super::Malformed;
use regex::{Regex, RegexBuilder};
use std::iter::Peekable;
use std::str::Chars;

const SYMBOLS: &str = ":_#=@/;,-";
const OPERATORS: &str = "^$?[]{}|\\*+.";
/// Largest compiled expression in bytes; a thousand repetitions of a thousand repetitions are refused.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression, found anywhere in a text.
#[derive(Clone, Debug)]
pub struct Expression(Regex);

impl Expression {
    /// Reads what is between the percent signs.
    ///
    /// # Errors
    /// A character that is not supported, or no regular expression.
    pub fn parse(text: &str) -> Result<Expression, Malformed> {
        let translated =
            translate(text).ok_or(Malformed::Pattern("a regular expression is not supported"))?;
        let compiled = RegexBuilder::new(&translated).size_limit(COMPILED_BYTES_MAX).build();
        compiled.map(Expression).map_err(|_| Malformed::Pattern("a regular expression is malformed"))
    }

    /// Whether it is found in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// The same in the syntax of the `regex` crate, whose classes know more operators and whose escapes know Unicode.
fn translate(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    let mut was_dash = false;
    while let Some(letter) = letters.next() {
        let is_dash = letter == '-';
        match letter {
            '\\' => out.push_str(&escaped(&mut letters)?),
            // Two dashes in a class would be a difference of sets.
            '-' if was_dash => out.push_str(r"\-"),
            // A class in a class is none here: the bracket stands for itself.
            '[' if is_class_open(&out) => out.push_str(r"\["),
            _ if letter.is_ascii_alphanumeric() || SYMBOLS.contains(letter) => out.push(letter),
            _ if OPERATORS.contains(letter) => out.push(letter),
            _ => return None,
        }
        was_dash = is_dash;
    }
    Some(out)
}

fn escaped(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let letter = letters.next()?;
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0b\x0c\r\x20]",
        'S' => r"[^\t\n\x0b\x0c\r\x20]",
        'w' => "[A-Za-z0-9_]",
        'W' => "[^A-Za-z0-9_]",
        'x' => return hexadecimal(letters),
        _ if letter.is_ascii_punctuation() => return Some(format!(r"\x{:02x}", letter as u32)),
        _ => return None,
    };
    Some(class.to_owned())
}

fn hexadecimal(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let digits: String = letters.by_ref().take(2).collect();
    let is_ascii = digits.len() == 2 && u8::from_str_radix(&digits, 16).is_ok_and(|code| code < 0x80);
    is_ascii.then(|| format!(r"\x{digits}"))
}

/// Whether a class has begun in what was translated so far and not ended.
fn is_class_open(out: &str) -> bool {
    let mut depth = 0usize;
    let mut letters = out.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 0
}
