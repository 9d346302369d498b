//! The function table: one row for each function; the checker, the documentation and the tests read it.
//!
//! Source: CloudWatch Logs User Guide, "Boolean, comparison, numeric, datetime, and other functions" (read 2026-11).
//! Assumption, for all of them: an argument that is absent or of no use to the function makes the result absent.

mod date;
mod encoding;
mod general;
mod ip;
mod json;
mod line;
mod number;
mod ppl;
mod sql;
#[cfg(test)]
mod tests;
mod text;
mod time;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::order::equality_key;
use crate::plan::Type;
use crate::value::Value;

pub use line::LAMBDA_OF;
pub(crate) use line::{CSV_OF, LOGFMT_OF};
pub use ppl::PPL_FUNCTIONS;
pub use sql::SQL_FUNCTIONS;
pub(crate) use sql::{Interval, Plain, Schema, sql_function_named};
pub(crate) use text::regex_replaced;

/// The function that log groups of some classes do not have.
pub const UNMASK: &str = "unmask";

/// One function of the language.
#[derive(Debug)]
pub struct Function {
    /// As AWS's documentation spells it; any case is accepted.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub parameters: Parameters,
    /// What it gives.
    pub result: Type,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Documentation that is tested.
    pub examples: &'static [Example],
    pub(crate) call: Call,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// At least.
    pub min: usize,
    /// At most.
    pub max: usize,
    /// For the documentation and for error messages.
    pub text: &'static str,
}

/// An expression and what it prints, `None` if the result is absent.
pub type Example = (&'static str, Option<&'static str>);

/// How a function's value is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// From the values of its arguments alone.
    Values(fn(&[Value]) -> Value),
    /// By the checker, which turns it into an expression of its own.
    Special(Special),
}

/// Functions that are not functions of their arguments' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    Bin,
    DateFloor,
    DateCeil,
    If,
    Case,
    Coalesce,
    IsPresent,
    RegexReplace,
    RegexFind,
    Now,
    QueryStart,
    QueryEnd,
    QueryRange,
}

/// More arguments than any call has.
pub(crate) const ARGUMENTS_MAX: usize = 64;

/// Every function, by subject.
pub const FUNCTIONS: &[&[Function]] = &[
    number::FUNCTIONS,
    time::FUNCTIONS,
    date::FUNCTIONS,
    general::FUNCTIONS,
    ip::FUNCTIONS,
    json::FUNCTIONS,
    text::FUNCTIONS,
    encoding::FUNCTIONS,
];

/// A text with the types of its tokens in their places; no query can name it.
pub(crate) static SKELETON_OF: Function = Function {
    name: "# skeleton",
    aliases: &[],
    parameters: takes(1, 1, "a text"),
    result: Type::Text,
    summary: "The text with the types of its tokens in their places.",
    examples: &[],
    call: Call::Values(|arguments| {
        text_of(arguments, 0).map_or(Value::Null, |text| Value::Text(crate::pattern::skeleton(&text)))
    }),
};

/// The list of a text's tokens; no query can name it.
pub(crate) static TOKENS_OF: Function = Function {
    name: "# tokens",
    aliases: &[],
    parameters: takes(1, 1, "a text"),
    result: Type::Json,
    summary: "The text's tokens.",
    examples: &[],
    call: Call::Values(|arguments| {
        let tokens = |text: &str| serde_json::Value::from(crate::pattern::tokens(text));
        text_of(arguments, 0).map_or(Value::Null, |text| Value::Json(Box::new(tokens(&text))))
    }),
};

/// A text that is equal for equal values only, of one or several; no query can name it.
pub(crate) static KEY_OF: Function = Function {
    name: "# key",
    aliases: &[],
    parameters: takes(1, ARGUMENTS_MAX, "values"),
    result: Type::Text,
    summary: "What is equal if all values are; absent if one is equal to nothing.",
    examples: &[],
    call: Call::Values(|arguments| {
        let keys: Option<Vec<Vec<u8>>> = arguments.iter().map(equality_key).collect();
        // Lengths keep the parts apart, and the colon keeps the text from being a number.
        let text = |keys: Vec<Vec<u8>>| {
            let part = |key: &Vec<u8>| format!("{}:{}", key.len(), STANDARD.encode(key));
            keys.iter().map(part).collect::<String>()
        };
        keys.map_or(Value::Null, |keys| Value::Text(text(keys)))
    }),
};

/// Names that people try, and what to write.
const HINTS: &[(&str, &str)] = &[
    ("percentile", "pct(field, percent)"),
    ("median", "pct(field, 50)"),
    ("topk", "stats topk(10, field) alone"),
    ("length", "strlen(field)"),
    ("lower", "tolower(field)"),
    ("upper", "toupper(field)"),
    ("contains", "strcontains(field, text)"),
];

/// The function of this name, in any case; those of SQL have names that only [`Function::name`] gives.
pub(crate) fn function_named(name: &str) -> Option<&'static Function> {
    let is_called = |function: &&Function| {
        function.name.eq_ignore_ascii_case(name)
            || function.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    };
    let found = FUNCTIONS.iter().flat_map(|group| group.iter()).find(is_called);
    let hidden = || [&KEY_OF, &LOGFMT_OF, &CSV_OF, &LAMBDA_OF].into_iter().find(|hidden| hidden.name == name);
    let inside = || sql::function_inside(name).or_else(|| ppl::function_inside(name));
    found.or_else(inside).or_else(hidden)
}

/// What to write instead of a function that the language does not have.
pub(crate) fn hint(name: &str) -> Option<&'static str> {
    HINTS.iter().find(|(wrong, _)| wrong.eq_ignore_ascii_case(name)).map(|(_, right)| *right)
}

impl Function {
    /// The name as queries and statements write it.
    pub fn shown(&self) -> &'static str {
        shown_name(self.name)
    }

    /// The value for these arguments; null for a function that is not one of its arguments' values.
    pub fn value(&self, arguments: &[Value]) -> Value {
        let made = match self.call {
            Call::Values(call) => call(arguments),
            Call::Special(_) => Value::Null,
        };
        match made {
            Value::Text(text) if text.len() > BYTES_MAX => Value::Null,
            made => made,
        }
    }
}

/// A function's name without what tells its language.
pub(crate) fn shown_name(name: &str) -> &str {
    name.strip_prefix(sql::PREFIX).or_else(|| name.strip_prefix(ppl::PREFIX)).unwrap_or(name)
}

/// Bytes of a text that a function makes: those of the largest log event.
///
/// Assumption: AWS names no number. Without one, a few commands that double what they are given fill the memory.
const BYTES_MAX: usize = 1 << 20;

/// As many arguments as from `min` to `max`.
const fn takes(min: usize, max: usize, text: &'static str) -> Parameters {
    Parameters { min, max, text }
}

/// The text view of an argument; lists and maps have none for functions of text.
fn text_of(arguments: &[Value], index: usize) -> Option<std::borrow::Cow<'_, str>> {
    let argument = arguments.get(index)?;
    if matches!(argument, Value::Json(_)) { None } else { argument.print() }
}

/// The number view of an argument.
fn number_of(arguments: &[Value], index: usize) -> Option<f64> {
    arguments.get(index)?.as_f64()
}
