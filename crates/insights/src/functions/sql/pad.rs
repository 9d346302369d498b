//! Functions that make texts of other texts.

use std::collections::BTreeMap;

use super::{BYTES_MAX, Call, Function, bounded, of_text, or_null, takes, text_of, two_texts, whole_of};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql initcap",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text with the first letter of each word in upper case, the others in lower case.",
        examples: &[("initcap('sPark sql')", Some("Spark Sql")), ("initcap('Feathers')", Some("Feathers"))],
        call: Call::Values(|a| {
            of_text(a, |text| {
                let (mut made, mut begins) = (String::new(), true);
                for c in text.chars() {
                    if begins {
                        made.extend(c.to_uppercase())
                    } else {
                        made.extend(c.to_lowercase())
                    }
                    begins = c.is_whitespace();
                }
                bounded(made)
            })
        }),
    },
    Function {
        name: "sql lpad",
        aliases: &[],
        parameters: takes(2, 3, "a text, a length, perhaps what to fill with"),
        result: Type::Text,
        summary: "The text in this length: filled on the left, or cut off on the right.",
        examples: &[
            ("lpad('hi', 5, '??')", Some("???hi")),
            ("lpad('hi', 1, '??')", Some("h")),
            ("lpad('hi', 4)", Some("  hi")),
            ("lpad('hi', 5, '')", Some("hi")),
            ("lpad('hi', 100000000)", None),
        ],
        call: Call::Values(|a| or_null(pad(a, |text, fill| fill + text))),
    },
    Function {
        name: "sql rpad",
        aliases: &[],
        parameters: takes(2, 3, "a text, a length, perhaps what to fill with"),
        result: Type::Text,
        summary: "The text in this length: filled on the right, or cut off there.",
        examples: &[("rpad('hi', 5, '??')", Some("hi???")), ("rpad('hi', 1, '??')", Some("h"))],
        call: Call::Values(|a| or_null(pad(a, |text, fill| text.to_owned() + &fill))),
    },
    Function {
        name: "sql repeat",
        aliases: &[],
        parameters: takes(2, 2, "a text and how often"),
        result: Type::Text,
        summary: "The text so many times, up to 1 MiB.",
        examples: &[
            ("repeat('123', 2)", Some("123123")),
            ("repeat('a', 0)", Some("")),
            ("repeat('a', 2000000)", None),
        ],
        call: Call::Values(|a| {
            let times = whole_of(a, 1).map(|times| times.max(0) as usize);
            of_text(a, |text| repeated(text, times?))
        }),
    },
    Function {
        name: "sql space",
        aliases: &[],
        parameters: takes(1, 1, "a number"),
        result: Type::Text,
        summary: "So many blanks, up to 1 MiB.",
        examples: &[("concat(space(2), '1')", Some("  1"))],
        call: Call::Values(|a| {
            or_null(whole_of(a, 0).and_then(|times| repeated(" ", times.max(0) as usize)))
        }),
    },
    Function {
        name: "sql mask",
        aliases: &[],
        parameters: takes(1, 5, "a text, perhaps what stands for upper case, lower case, digits and others"),
        result: Type::Text,
        summary: "The text with `X`, `x` and `n` for letters and digits unless told; an absent argument keeps the characters.",
        examples: &[
            ("mask('abcd-EFGH-8765-4321')", Some("xxxx-XXXX-nnnn-nnnn")),
            ("mask('AbCD123-@$#', 'Q', 'q')", Some("QqQQnnn-@$#")),
            ("mask('AbCD123-@$#', 'Q', 'q', 'd', 'o')", Some("QqQQdddoooo")),
            ("mask('AbCD123-@$#', NULL, 'q', 'd', 'o')", Some("AqCDdddoooo")),
            ("mask(NULL, NULL, NULL, NULL, 'o')", None),
        ],
        call: Call::Values(|a| of_text(a, |text| bounded(masked(text, a)))),
    },
    Function {
        name: "sql overlay",
        aliases: &[],
        parameters: takes(3, 4, "a text, another, a position, perhaps a length"),
        result: Type::Text,
        summary: "The text with the other in the place of so many characters, as many as it has unless told; `OVERLAY(a PLACING b FROM c FOR d)` is the same.",
        examples: &[
            ("overlay('Feathers', '_', 6)", Some("Feath_rs")),
            ("overlay('Feathers' PLACING 'ures' FROM 5)", Some("Features")),
            ("overlay('Spark SQL' PLACING 'ANSI ' FROM 7 FOR 0)", Some("Spark ANSI SQL")),
        ],
        call: Call::Values(|a| or_null(overlay(a))),
    },
    Function {
        name: "sql translate",
        aliases: &[],
        parameters: takes(3, 3, "a text, characters, and others"),
        result: Type::Text,
        summary: "The text with each of the characters as the other at the same place, or without it if there is none.",
        examples: &[
            ("translate('AaBbCc', 'abc', '123')", Some("A1B2C3")),
            ("translate('abc', 'aab', 'xyz')", Some("xzc")),
            ("translate('abc', 'ab', 'x')", Some("xc")),
        ],
        call: Call::Values(|a| {
            let (Some((text, from)), Some(to)) = (two_texts(a), text_of(a, 2)) else { return Value::Null };
            // The first of equal characters counts.
            let (mut changes, mut to) = (BTreeMap::new(), to.chars());
            for one in from.chars() {
                let other = to.next();
                changes.entry(one).or_insert(other);
            }
            let change = |c: char| changes.get(&c).copied().unwrap_or(Some(c));
            or_null(bounded(text.chars().filter_map(change).collect()))
        }),
    },
    Function {
        name: "sql encode",
        aliases: &["decode", "to_binary", "try_to_binary"],
        parameters: takes(1, 2, "a text, and a character set or a form"),
        result: Type::Text,
        summary: "The bytes that the text is in `UTF-8` or `US-ASCII`, `hex` or `base64`, as text; `to_binary` takes `hex` unless told. `decode` with more arguments is a `CASE`.",
        examples: &[
            ("decode(encode('abc', 'utf-8'), 'utf-8')", Some("abc")),
            ("to_binary('616263')", Some("abc")),
            ("to_binary('YWJj', 'base64')", Some("abc")),
            ("try_to_binary('a!', 'base64')", None),
            ("try_to_binary('abc', 'invalidFormat')", None),
            ("decode(2, 1, 'Southlake', 2, 'San Francisco', 'Non domestic')", Some("San Francisco")),
            ("decode(null, 6, 'Fea', NULL, 'thers', 4, 'rock')", Some("thers")),
        ],
        call: Call::Values(|a| {
            let form = if a.len() > 1 { text_of(a, 1) } else { Some("hex".into()) };
            of_text(a, |text| decoded(text, &form.as_ref()?.to_ascii_lowercase()))
        }),
    },
];

fn repeated(text: &str, times: usize) -> Option<Value> {
    (text.len().checked_mul(times)? <= BYTES_MAX).then(|| Value::Text(text.repeat(times)))
}

fn pad(arguments: &[Value], join: fn(&str, String) -> String) -> Option<Value> {
    let (text, length) = (text_of(arguments, 0)?, whole_of(arguments, 1)?.max(0) as usize);
    let fill = if arguments.len() > 2 { text_of(arguments, 2)? } else { " ".into() };
    let count = text.chars().count();
    if length <= count {
        return Some(Value::Text(text.chars().take(length).collect()));
    }
    if length > BYTES_MAX {
        return None;
    }
    bounded(join(&text, fill.chars().cycle().take(length - count).collect()))
}

fn masked(text: &str, arguments: &[Value]) -> String {
    let put = |index: usize, usual: Option<char>| match arguments.get(index) {
        Some(value) => value.print().and_then(|text| text.chars().next()),
        None => usual,
    };
    let (upper, lower, digit, other) =
        (put(1, Some('X')), put(2, Some('x')), put(3, Some('n')), put(4, None));
    let change = |c: char| match c {
        c if c.is_uppercase() => upper.unwrap_or(c),
        c if c.is_lowercase() => lower.unwrap_or(c),
        c if c.is_ascii_digit() => digit.unwrap_or(c),
        c => other.unwrap_or(c),
    };
    text.chars().map(change).collect()
}

fn overlay(arguments: &[Value]) -> Option<Value> {
    let ((text, put), position) = (two_texts(arguments)?, whole_of(arguments, 2)?);
    let length = if arguments.len() > 3 { whole_of(arguments, 3)? } else { -1 };
    let length = if length < 0 { put.chars().count() } else { length as usize };
    let before = (position.max(1) - 1) as usize;
    let behind = before.saturating_add(length);
    bounded(text.chars().take(before).chain(put.chars()).chain(text.chars().skip(behind)).collect())
}

fn decoded(text: &str, form: &str) -> Option<Value> {
    let of = |name: &str| {
        let function = super::super::function_named(name)?;
        Some(function.value(&[Value::text(text)])).filter(|value| !value.is_null())
    };
    match form {
        "utf-8" | "utf8" => Some(Value::text(text)),
        "us-ascii" => text.is_ascii().then(|| Value::text(text)),
        "hex" => of("hexToAscii"),
        "base64" => of("base64decode"),
        _ => None,
    }
}
