//! Filter patterns: which messages a filter lets through.
//!
//! Terms must all be there, `"a phrase"` as it stands; `?term` is one of several of which any will do, and is ignored
//! beside other terms; `-term` must not be there. Letters' case counts. Patterns over fields, `[…]`, over JSON, `{…}`, and
//! regular expressions, `%…%`, are not implemented.
//!
//! Assumption: a term is found anywhere in a message, also inside a word.
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax".

use crate::logs::check::invalid;
use crate::operation::Error;

/// Longest pattern in characters.
pub const CHARS_MAX: usize = 1024;

/// A filter pattern of terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern; an empty one lets everything through.
    ///
    /// # Errors
    /// `InvalidParameterException` for a quote that does not end, a term that should be quoted, or a kind of pattern that
    /// is not implemented.
    pub fn parse(text: &str) -> Result<Pattern, Error> {
        let mut rest = text.trim();
        if let Some(kind) = other_kind(rest) {
            return Err(invalid(format!("{kind} filter patterns are not implemented by weir.")));
        }
        let mut pattern = Pattern::default();
        while !rest.is_empty() {
            let (sign, after) = match rest.as_bytes()[0] {
                b'?' => ('?', &rest[1..]),
                b'-' => ('-', &rest[1..]),
                _ => (' ', rest),
            };
            let (term, after) = term(after)?;
            match sign {
                '?' => pattern.any.push(term),
                '-' => pattern.none.push(term),
                _ => pattern.all.push(term),
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message passes.
    pub fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        let any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has);
        any && self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

fn other_kind(text: &str) -> Option<&'static str> {
    match text.as_bytes().first()? {
        b'[' => Some("Space-delimited"),
        b'{' => Some("JSON"),
        b'%' => Some("Regular expression"),
        _ => None,
    }
}

/// The term that `text` begins with, and what follows it.
fn term(text: &str) -> Result<(String, &str), Error> {
    if let Some(quoted) = text.strip_prefix('"') {
        return phrase(quoted);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, rest) = text.split_at(end);
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_';
    if term.is_empty() || !term.chars().all(plain) {
        return Err(invalid(format!("Invalid character(s) in term '{term}'")));
    }
    Ok((term.to_owned(), rest))
}

/// A phrase up to its closing quote; `\"` and `\\` stand for themselves.
fn phrase(text: &str) -> Result<(String, &str), Error> {
    let mut phrase = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((phrase, &text[at + 1..])),
            '\\' => phrase.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => phrase.push(letter),
        }
    }
    Err(invalid("Invalid filter pattern: a quotation mark is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, message: &str, expected: bool) {
        let parsed = Pattern::parse(pattern).expect("a pattern");
        assert_eq!(parsed.matches(message), expected, "{pattern} on {message}");
    }

    #[test]
    fn terms_match_as_documented() {
        check("", "anything", true);
        check("  ", "anything", true);
        check("ERROR", "[ERROR 400] BAD REQUEST", true);
        check("ERROR", "[error 400] bad request", false);
        check("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true);
        check("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false);
        check("?ERROR ?ARGUMENTS", "[419] MISSING ARGUMENTS", true);
        check("?ERROR ?ARGUMENTS", "[INFO] fine", false);
        check("?ERROR REQUEST", "[INFO] REQUEST FAILED", true);
        check(r#""INTERNAL SERVER ERROR""#, "[ERROR 500] INTERNAL SERVER ERROR", true);
        check(r#""INTERNAL SERVER ERROR""#, "[ERROR 500] SERVER INTERNAL ERROR", false);
        check("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true);
        check("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false);
        check(r#""a \"b\"""#, r#"say a "b""#, true);
    }

    #[test]
    fn other_kinds_of_pattern_are_refused_by_name() {
        for pattern in ["[a, b]", "{ $.a = 1 }", "%x%", "10.0.0.1", "\"open", "?", "-"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
