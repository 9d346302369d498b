//! Functions of text. Positions and lengths count code points.

use super::{ARGUMENTS_MAX, BYTES_MAX, Call, Function, Special, number_of, takes, text_of};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "isempty",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Int,
        summary: "1 if the value is absent or the empty text, else 0.",
        examples: &[
            ("isempty(\"\")", Some("1")),
            ("isempty(\" \")", Some("0")),
            ("isempty(nosuchfield)", Some("1")),
        ],
        call: Call::Values(|a| Value::flag(text_of(a, 0).is_none_or(|text| text.is_empty()))),
    },
    Function {
        name: "isblank",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Int,
        summary: "1 if the value is absent or nothing but white space, else 0.",
        examples: &[("isblank(\" \")", Some("1")), ("isblank(\"a\")", Some("0"))],
        call: Call::Values(|a| Value::flag(text_of(a, 0).is_none_or(|text| text.trim().is_empty()))),
    },
    Function {
        name: "concat",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "values"),
        result: Type::Text,
        summary: "The texts, one behind the other. Assumption: an absent value adds nothing.",
        examples: &[("concat(\"a\", 1, nosuchfield, \"b\")", Some("a1b"))],
        call: Call::Values(concat),
    },
    Function {
        name: "ltrim",
        aliases: &[],
        parameters: takes(1, 2, "a text and perhaps the characters to take away"),
        result: Type::Text,
        summary: "The text without leading white space, or without leading characters of a set.",
        examples: &[("ltrim(\"  a \")", Some("a ")), ("ltrim(\"xyxa\", \"xy\")", Some("a"))],
        call: Call::Values(|a| trim(a, |text, drop| text.trim_start_matches(drop))),
    },
    Function {
        name: "rtrim",
        aliases: &[],
        parameters: takes(1, 2, "a text and perhaps the characters to take away"),
        result: Type::Text,
        summary: "The text without trailing white space, or without trailing characters of a set.",
        examples: &[("rtrim(\" a  \")", Some(" a")), ("rtrim(\"a...\", \".\")", Some("a"))],
        call: Call::Values(|a| trim(a, |text, drop| text.trim_end_matches(drop))),
    },
    Function {
        name: "trim",
        aliases: &[],
        parameters: takes(1, 2, "a text and perhaps the characters to take away"),
        result: Type::Text,
        summary: "The text without white space at both ends, or without characters of a set.",
        examples: &[("trim(\"  a  \")", Some("a")), ("trim(\"[a]\", \"[]\")", Some("a"))],
        call: Call::Values(|a| trim(a, |text, drop| text.trim_matches(drop))),
    },
    Function {
        name: "strlen",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Int,
        summary: "The number of code points.",
        examples: &[("strlen(\"né\")", Some("2")), ("strlen(nosuchfield)", None)],
        call: Call::Values(|a| {
            text_of(a, 0).map_or(Value::Null, |text| Value::Int(text.chars().count() as i64))
        }),
    },
    Function {
        name: "toupper",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text in upper case.",
        examples: &[("toupper(\"Abc\")", Some("ABC"))],
        call: Call::Values(|a| text_of(a, 0).map_or(Value::Null, |text| Value::Text(text.to_uppercase()))),
    },
    Function {
        name: "tolower",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text in lower case.",
        examples: &[("tolower(\"Abc\")", Some("abc"))],
        call: Call::Values(|a| text_of(a, 0).map_or(Value::Null, |text| Value::Text(text.to_lowercase()))),
    },
    Function {
        name: "substr",
        aliases: &[],
        parameters: takes(2, 3, "a text, a start counted from 0, perhaps a length"),
        result: Type::Text,
        summary: "The part of the text from a start, to its end or of a length.",
        examples: &[
            ("substr(\"xyzfooxyz\", 3)", Some("fooxyz")),
            ("substr(\"xyzfooxyz\", 3, 3)", Some("foo")),
            ("substr(\"abc\", 7)", Some("")),
        ],
        call: Call::Values(substr),
    },
    Function {
        name: "replace",
        aliases: &[],
        parameters: takes(3, 3, "a text, what to find and what to put there"),
        result: Type::Text,
        summary: "The text with every occurrence replaced.",
        examples: &[("replace(\"a-b-c\", \"-\", \"/\")", Some("a/b/c"))],
        call: Call::Values(replace),
    },
    Function {
        name: "regexReplace",
        aliases: &[],
        parameters: takes(3, 3, "a text, a regular expression and what to put there"),
        result: Type::Text,
        summary: "The text with every match replaced; \\1 in the replacement is the first group.",
        examples: &[
            ("regexReplace(\"eni-12 eni-3\", \"eni-[0-9]+\", \"ENI\")", Some("ENI ENI")),
            ("regexReplace(\"10.1.2.3\", /(\\d+)$/, \"<\\1> $\")", Some("10.1.2.<3> $")),
        ],
        call: Call::Special(Special::RegexReplace),
    },
    Function {
        name: "strcontains",
        aliases: &[],
        parameters: takes(2, 3, "a text, what to find, perhaps whether to ignore case"),
        result: Type::Int,
        summary: "1 if the text holds the other, else 0.",
        examples: &[
            ("strcontains(\"abc\", \"bc\")", Some("1")),
            ("strcontains(\"abc\", \"BC\")", Some("0")),
            ("strcontains(\"abc\", \"BC\", 1)", Some("1")),
        ],
        call: Call::Values(strcontains),
    },
    Function {
        name: "startsWith",
        aliases: &[],
        parameters: takes(2, 2, "a text and its start"),
        result: Type::Int,
        summary: "1 if the text begins with the other, else 0.",
        examples: &[("startsWith(\"10.1.2.3\", \"10.1.\")", Some("1"))],
        call: Call::Values(|a| compare(a, |text, other| text.starts_with(other))),
    },
    Function {
        name: "endsWith",
        aliases: &[],
        parameters: takes(2, 2, "a text and its end"),
        result: Type::Int,
        summary: "1 if the text ends with the other, else 0.",
        examples: &[
            ("endsWith(\"10.1.2.3\", \".3\")", Some("1")),
            ("endsWith(\"10.1.2.3\", \".4\")", Some("0")),
        ],
        call: Call::Values(|a| compare(a, |text, other| text.ends_with(other))),
    },
    Function {
        name: "hexToAscii",
        aliases: &[],
        parameters: takes(1, 1, "hexadecimal digits"),
        result: Type::Text,
        summary: "The text whose bytes the digits show; absent if they are no bytes of UTF-8.",
        examples: &[("hexToAscii(\"48656c6c6f\")", Some("Hello")), ("hexToAscii(\"4\")", None)],
        call: Call::Values(|a| {
            text_of(a, 0).and_then(|text| bytes_of_hex(&text)).map_or(Value::Null, Value::Text)
        }),
    },
];

pub(super) fn concat(arguments: &[Value]) -> Value {
    let mut text = String::new();
    for part in arguments.iter().filter_map(Value::print) {
        if text.len() + part.len() > BYTES_MAX {
            return Value::Null;
        }
        text.push_str(&part);
    }
    Value::Text(text)
}

fn trim(arguments: &[Value], trim: for<'a> fn(&'a str, &dyn Fn(char) -> bool) -> &'a str) -> Value {
    let Some(text) = text_of(arguments, 0) else { return Value::Null };
    let trimmed = match text_of(arguments, 1) {
        Some(set) => trim(&text, &|c| set.contains(c)),
        None => trim(&text, &char::is_whitespace),
    };
    Value::text(trimmed)
}

fn substr(arguments: &[Value]) -> Value {
    let len = if arguments.len() > 2 { number_of(arguments, 2) } else { Some(f64::MAX) };
    let (Some(text), Some(start), Some(len)) = (text_of(arguments, 0), number_of(arguments, 1), len) else {
        return Value::Null;
    };
    // A cast saturates: a negative start is 0.
    Value::Text(text.chars().skip(start as usize).take(len as usize).collect())
}

fn replace(arguments: &[Value]) -> Value {
    match (text_of(arguments, 0), text_of(arguments, 1), text_of(arguments, 2)) {
        (Some(text), Some(find), Some(put)) if !find.is_empty() => {
            // What is put there is all in the new text; each match takes a byte at least.
            let put_bytes = || text.matches(&*find).count().saturating_mul(put.len());
            let is_small = text.len().saturating_mul(put.len()) <= BYTES_MAX || put_bytes() <= BYTES_MAX;
            if is_small { Value::Text(text.replace(&*find, &put)) } else { Value::Null }
        }
        (Some(text), Some(_), Some(_)) => Value::text(text),
        _ => Value::Null,
    }
}

/// The text with every match replaced, `${1}` by the first group; `None` if it would be longer than a text may be.
pub(crate) fn regex_replaced(text: &str, pattern: &regex::Regex, replacement: &str) -> Option<String> {
    let groups = replacement.matches('$').count();
    let most = |matches: usize, bytes: usize| matches * replacement.len() + groups * bytes;
    if text.len() + most(text.len() + 1, text.len()) <= BYTES_MAX {
        return Some(pattern.replace_all(text, replacement).into_owned());
    }
    let (mut made, mut at) = (String::new(), 0);
    for captures in pattern.captures_iter(text) {
        let found = captures.get_match();
        made.push_str(&text[at..found.start()]);
        // What one match makes is bounded too, before it is made.
        if made.len() > BYTES_MAX || most(1, found.len()) > MATCH_BYTES_MAX {
            return None;
        }
        captures.expand(replacement, &mut made);
        at = found.end();
    }
    made.push_str(&text[at..]);
    (made.len() <= BYTES_MAX).then_some(made)
}

/// What a match is replaced by is not even tried if it could be longer than this.
const MATCH_BYTES_MAX: usize = 64 * BYTES_MAX;

fn strcontains(arguments: &[Value]) -> Value {
    if arguments.get(2).is_some_and(Value::is_true) {
        return compare(arguments, |text, other| text.to_lowercase().contains(&other.to_lowercase()));
    }
    compare(arguments, |text, other| text.contains(other))
}

fn compare(arguments: &[Value], is_so: fn(&str, &str) -> bool) -> Value {
    match (text_of(arguments, 0), text_of(arguments, 1)) {
        (Some(text), Some(other)) => Value::flag(is_so(&text, &other)),
        _ => Value::flag(false),
    }
}

fn bytes_of_hex(text: &str) -> Option<String> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()
}
