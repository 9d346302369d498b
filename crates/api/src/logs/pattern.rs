//! Filter patterns: which messages a filter lets through, and what it finds in them.
//!
//! Four kinds, told apart by how they begin: terms (`ERROR -"not this" ?maybe`), the same with regular expressions between
//! percent signs, fields between spaces (`[ip, ..., status = 4*, bytes > 1000]`), and JSON (`{ $.a.b[0] = "x*" }`). The
//! empty pattern lets everything through. Letters' case counts everywhere.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
//! and Live Tail" and "Supported regular expressions (regex) syntax".

mod condition;
mod cursor;
mod expression;
mod fields;
mod json;
mod operand;
mod terms;
#[cfg(test)]
mod tests;

use crate::logs::check::invalid;
use crate::operation::Error;
use cursor::Cursor;
use fields::Fields;
use json::Json;
pub use operand::Number;
use std::collections::BTreeMap;
use std::fmt;
use terms::Terms;

/// Longest pattern in characters.
pub const CHARS_MAX: usize = 1024;
/// Most regular expressions of a pattern.
pub const EXPRESSIONS_MAX: usize = 2;

/// A filter pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    kind: Kind,
    /// How many regular expressions it has.
    expressions: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Terms(Terms),
    Fields(Fields),
    Json(Json),
}

/// Why a text is no filter pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A term without quotes that has other characters than letters, digits and underscores.
    Term(String),
    /// Anything else; what is wrong with it.
    Pattern(&'static str),
}

impl fmt::Display for Malformed {
    /// The first sentence is AWS's as reported; what follows a colon is ours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Term(term) => write!(f, "Invalid character(s) in term '{term}'"),
            Malformed::Pattern(reason) => write!(f, "Invalid filter pattern: {reason}"),
        }
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Error {
        invalid(malformed.to_string())
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is none, or has more than [`EXPRESSIONS_MAX`] regular expressions.
    pub fn parse(text: &str) -> Result<Pattern, Malformed> {
        let mut cursor = Cursor::new(text);
        let kind = match cursor.peek() {
            Some('[') => Fields::parse(&mut cursor).map(Kind::Fields),
            Some('{') => Json::parse(&mut cursor).map(Kind::Json),
            _ => Terms::parse(&mut cursor).map(Kind::Terms),
        }?;
        if !cursor.is_at_end() {
            return Err(Malformed::Pattern("something follows its end"));
        }
        if cursor.expressions > EXPRESSIONS_MAX {
            return Err(Malformed::Pattern("it has more than 2 regular expressions"));
        }
        Ok(Pattern { kind, expressions: cursor.expressions })
    }

    /// Whether a message passes.
    pub fn matches(&self, message: &str) -> bool {
        self.find(message).is_some()
    }

    /// What is found in a message that passes; `None` if it does not.
    pub fn find(&self, message: &str) -> Option<Found> {
        match &self.kind {
            Kind::Terms(terms) => terms.matches(message).then_some(Found::Nothing),
            Kind::Fields(fields) => fields.find(message).map(Found::Fields),
            Kind::Json(json) => json.find(message).map(Found::Json),
        }
    }

    /// Whether `selector`, a `$field` or `$.json.path`, can name a value of messages that pass.
    pub fn can_select(&self, selector: &str) -> bool {
        match &self.kind {
            Kind::Terms(_) => false,
            Kind::Fields(fields) => selector.strip_prefix('$').is_some_and(|name| fields.has(name)),
            Kind::Json(_) => json::parse_path(selector).is_some(),
        }
    }

    /// Whether it has a regular expression.
    pub fn has_expression(&self) -> bool {
        self.expressions > 0
    }

    /// Whether values can be taken out of messages that pass.
    pub fn has_values(&self) -> bool {
        !matches!(self.kind, Kind::Terms(_))
    }
}

/// What a pattern finds in a message that passes.
#[derive(Clone, Debug)]
pub enum Found {
    /// The message passes; terms have no values.
    Nothing,
    /// The values of fields by name, those without a name by their number from 1.
    Fields(BTreeMap<String, String>),
    /// The message as JSON.
    Json(serde_json::Value),
}

impl Found {
    /// The value that `selector`, a `$field` or `$.json.path`, names; `None` if there is none, or it is an array, an object
    /// or null.
    pub fn value(&self, selector: &str) -> Option<String> {
        match self {
            Found::Nothing => None,
            Found::Fields(fields) => fields.get(selector.strip_prefix('$')?).cloned(),
            Found::Json(value) => json::parse_path(selector)?.scalar(value),
        }
    }

    /// All fields with a dollar sign before their names (TestMetricFilter); empty for other kinds of patterns.
    pub fn extracted(self) -> BTreeMap<String, String> {
        match self {
            Found::Fields(fields) => {
                fields.into_iter().map(|(name, value)| (format!("${name}"), value)).collect()
            }
            Found::Nothing | Found::Json(_) => BTreeMap::new(),
        }
    }
}
