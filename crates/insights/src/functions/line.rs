//! Lines of known formats, which `parse` reads; no query can name these functions.
//!
//! Source: CloudWatch Logs User Guide, "parse" (read 2026-11); for quotes in CSV, RFC 4180. Assumptions: a value of logfmt in
//! double quotes has escapes by backslash, a word without `=` is true, and a text without any pair is no logfmt.

use serde_json::{Map, Value as Json};

use super::{Call, Function, takes, text_of};
use crate::discover::lambda_fields;
use crate::plan::Type;
use crate::value::Value;

/// The map of the pairs of a text in logfmt.
pub(crate) static LOGFMT_OF: Function = Function {
    name: "# logfmt",
    aliases: &[],
    parameters: takes(1, 1, "a text"),
    result: Type::Json,
    summary: "The map of the text's pairs.",
    examples: &[],
    call: Call::Values(|a| {
        let map = text_of(a, 0).and_then(|text| logfmt(&text));
        map.map_or(Value::Null, |map| Value::Json(Box::new(Json::Object(map))))
    }),
};

/// The list of the values of a text in CSV.
pub(crate) static CSV_OF: Function = Function {
    name: "# csv",
    aliases: &[],
    parameters: takes(1, 1, "a text"),
    result: Type::Json,
    summary: "The list of the text's values.",
    examples: &[],
    call: Call::Values(|a| {
        text_of(a, 0).map_or(Value::Null, |text| Value::Json(Box::new(Json::from_iter(csv(&text)))))
    }),
};

/// The field of this name of a message of a log group, if that is one of AWS Lambda.
pub static LAMBDA_OF: Function = Function {
    name: "# lambda",
    aliases: &[],
    parameters: takes(3, 3, "a log group, a message and a name"),
    result: Type::Any,
    summary: "The field of a line that AWS Lambda has written.",
    examples: &[],
    call: Call::Values(|a| {
        let (Some(log), Some(message), Some(name)) = (text_of(a, 0), text_of(a, 1), text_of(a, 2)) else {
            return Value::Null;
        };
        let found = lambda_fields(&log, &message).into_iter().find(|(found, _)| *found == *name);
        found.map_or(Value::Null, |(_, value)| value)
    }),
};

fn logfmt(text: &str) -> Option<Map<String, Json>> {
    let (mut map, mut rest, mut has_pair) = (Map::new(), text.trim_start(), false);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        let value = match behind.strip_prefix('=') {
            None => {
                rest = behind;
                Json::Bool(true)
            }
            Some(behind) => {
                has_pair = true;
                let (value, after) = match behind.strip_prefix('"') {
                    Some(inside) => quoted(inside),
                    None => {
                        let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
                        (behind[..end].to_owned(), &behind[end..])
                    }
                };
                rest = after;
                Json::String(value)
            }
        };
        if !key.is_empty() {
            map.insert(key.to_owned(), value);
        }
        rest = rest.trim_start();
    }
    has_pair.then_some(map)
}

/// The text up to its quote, and what follows.
fn quoted(inside: &str) -> (String, &str) {
    let (mut text, mut chars) = (String::new(), inside.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &inside[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, "")
}

/// The values of the first record.
fn csv(text: &str) -> Vec<String> {
    let (mut values, mut value, mut is_quoted) = (vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (is_quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => value.extend(chars.next()),
            (true, '"') => is_quoted = false,
            (false, '"') if value.is_empty() => is_quoted = true,
            (false, ',') => values.push(std::mem::take(&mut value)),
            (false, '\n') => break,
            (false, '\r') if chars.peek() == Some(&'\n') => {}
            (_, c) => value.push(c),
        }
    }
    values.push(value);
    values
}
