//! Reading a pattern from left to right.

use super::Malformed;
use super::expression::Expression;

/// What is left of a pattern. White space between tokens is nothing.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a str,
    /// How many regular expressions have been read.
    pub expressions: usize,
}

impl<'a> Cursor<'a> {
    /// Stands before the first token of `text`.
    pub fn new(text: &'a str) -> Cursor<'a> {
        Cursor { rest: text.trim_start(), expressions: 0 }
    }

    /// The character that comes next.
    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Whether nothing is left.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Goes over `token` and the space behind it; `false` if something else comes next.
    pub fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// The longest part whose characters are all `wanted`, perhaps empty, and goes over the space behind it.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|letter: char| !wanted(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        taken
    }

    /// A text in quotation marks, in which `\"` and `\\` stand for themselves; `None` if none comes next.
    ///
    /// # Errors
    /// It does not end.
    pub fn quoted(&mut self) -> Result<Option<String>, Malformed> {
        let Some(inside) = self.rest.strip_prefix('"') else { return Ok(None) };
        let mut text = String::new();
        let mut letters = inside.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = inside[at + 1..].trim_start();
                    return Ok(Some(text));
                }
                '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
                _ => text.push(letter),
            }
        }
        Err(Malformed::Pattern("a quotation mark is not closed"))
    }

    /// A regular expression between percent signs; `None` if none comes next.
    ///
    /// # Errors
    /// It does not end, or is none of those supported.
    pub fn expression(&mut self) -> Result<Option<Expression>, Malformed> {
        let Some(inside) = self.rest.strip_prefix('%') else { return Ok(None) };
        let Some((text, rest)) = inside.split_once('%') else {
            return Err(Malformed::Pattern("a percent sign is not closed"));
        };
        self.rest = rest.trim_start();
        self.expressions += 1;
        Expression::parse(text).map(Some)
    }
}
