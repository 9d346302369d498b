//! Functions that look at texts and take them apart. Positions count from 1, in code points.

use serde_json::Value as Json;

use super::super::json::list;
use super::super::text::concat;
use super::{
    ARGUMENTS_MAX, BYTES_MAX, Call, Function, of_text, or_null, takes, text_of, two_texts, whole_of,
};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql concat",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "values"),
        result: Type::Text,
        summary: "The texts, one behind the other; absent if one of them is.",
        examples: &[("concat('a', 1, 'b')", Some("a1b")), ("concat('a', null)", None)],
        call: Call::Values(|a| match a.iter().any(Value::is_null) {
            true => Value::Null,
            false => concat(a),
        }),
    },
    Function {
        name: "sql ascii",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Int,
        summary: "The code point of the first character; 0 of the empty text.",
        examples: &[("ascii('222')", Some("50")), ("ascii(2)", Some("50")), ("ascii('')", Some("0"))],
        call: Call::Values(|a| {
            of_text(a, |text| Some(Value::Int(text.chars().next().map_or(0, |c| i64::from(u32::from(c))))))
        }),
    },
    Function {
        name: "sql bit_length",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Int,
        summary: "The bits of the text in UTF-8.",
        examples: &[("bit_length('Feathers')", Some("64"))],
        call: Call::Values(|a| of_text(a, |text| Some(Value::Int(text.len() as i64 * 8)))),
    },
    Function {
        name: "sql chr",
        aliases: &["char"],
        parameters: takes(1, 1, "a number"),
        result: Type::Text,
        summary: "The character of the number, of its remainder by 256; the empty text of a negative one.",
        examples: &[("chr(65)", Some("A")), ("char(321)", Some("A")), ("chr(-1)", Some(""))],
        call: Call::Values(|a| {
            or_null(whole_of(a, 0).map(|number| match number {
                ..0 => Value::text(""),
                _ => Value::Text(char::from((number % 256) as u8).to_string()),
            }))
        }),
    },
    Function {
        name: "sql concat_ws",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "a separator, and texts or lists of them"),
        result: Type::Text,
        summary: "The texts with the separator between them; absent ones are left out.",
        examples: &[
            ("concat_ws('/', 'foo', null, 'bar')", Some("foo/bar")),
            ("concat_ws('-', array('a', 'b'), 'c')", Some("a-b-c")),
            ("concat_ws('s')", Some("")),
            ("concat_ws(null, 'Fea', 'thers')", None),
        ],
        call: Call::Values(|a| or_null(concat_ws(a))),
    },
    Function {
        name: "sql contains",
        aliases: &[],
        parameters: takes(2, 2, "a text and another"),
        result: Type::Bool,
        summary: "Whether the text holds the other.",
        examples: &[
            ("contains('Feathers', 'Fea')", Some("true")),
            ("contains('Feathers', 'SQL')", Some("false")),
            ("contains('Feathers', null)", None),
        ],
        call: Call::Values(|a| test(a, |text, other| text.contains(other))),
    },
    Function {
        name: "sql startswith",
        aliases: &[],
        parameters: takes(2, 2, "a text and its start"),
        result: Type::Bool,
        summary: "Whether the text begins with the other.",
        examples: &[("startswith('Feathers', 'Fea')", Some("true")), ("startswith('Feathers', null)", None)],
        call: Call::Values(|a| test(a, |text, other| text.starts_with(other))),
    },
    Function {
        name: "sql endswith",
        aliases: &[],
        parameters: takes(2, 2, "a text and its end"),
        result: Type::Bool,
        summary: "Whether the text ends with the other.",
        examples: &[
            ("endswith('Feathers', 'ers')", Some("true")),
            ("endswith('Feathers', 'SQL')", Some("false")),
        ],
        call: Call::Values(|a| test(a, |text, other| text.ends_with(other))),
    },
    Function {
        name: "sql find_in_set",
        aliases: &[],
        parameters: takes(2, 2, "a text and texts separated by commas"),
        result: Type::Int,
        summary: "The place of the text among them; 0 if it is none or holds a comma.",
        examples: &[
            ("find_in_set('ab','abc,b,ab,c,def')", Some("3")),
            ("find_in_set('a,b','a,b')", Some("0")),
        ],
        call: Call::Values(|a| {
            let place =
                |text: &str, set: &str| set.split(',').position(|one| one == text).map_or(0, |at| at + 1);
            two_texts(a).map_or(Value::Null, |(text, set)| Value::Int(place(&text, &set) as i64))
        }),
    },
    Function {
        name: "sql instr",
        aliases: &[],
        parameters: takes(2, 2, "a text and another"),
        result: Type::Int,
        summary: "Where the other begins first in the text; 0 if nowhere.",
        examples: &[("instr('Feathers', 'ers')", Some("6")), ("instr('Feathers', 'x')", Some("0"))],
        call: Call::Values(|a| {
            two_texts(a).map_or(Value::Null, |(text, other)| Value::Int(place(&text, &other, 1)))
        }),
    },
    Function {
        name: "sql locate",
        aliases: &["position"],
        parameters: takes(2, 3, "a text, another in which to look, perhaps a position"),
        result: Type::Int,
        summary: "Where the text begins first in the other, from the position on; `POSITION(a IN b)` is the same.",
        examples: &[
            ("locate('bar', 'foobarbar')", Some("4")),
            ("locate('bar', 'foobarbar', 5)", Some("7")),
            ("POSITION('bar' IN 'foobarbar')", Some("4")),
            ("locate('bar', 'foobarbar', 0)", Some("0")),
        ],
        call: Call::Values(|a| {
            let from = if a.len() > 2 { whole_of(a, 2) } else { Some(1) };
            let found = two_texts(a).zip(from);
            found.map_or(Value::Null, |((other, text), from)| Value::Int(place(&text, &other, from)))
        }),
    },
    Function {
        name: "sql left",
        aliases: &[],
        parameters: takes(2, 2, "a text and a number of characters"),
        result: Type::Text,
        summary: "So many characters from the left.",
        examples: &[("left('Feathers', 3)", Some("Fea")), ("left('Feathers', -1)", Some(""))],
        call: Call::Values(|a| {
            let count = whole_of(a, 1).map(|count| count.max(0) as usize);
            of_text(a, |text| Some(Value::Text(text.chars().take(count?).collect())))
        }),
    },
    Function {
        name: "sql right",
        aliases: &[],
        parameters: takes(2, 2, "a text and a number of characters"),
        result: Type::Text,
        summary: "So many characters from the right.",
        examples: &[("right('Feathers', 3)", Some("ers")), ("right('a', 3)", Some("a"))],
        call: Call::Values(|a| {
            let count = whole_of(a, 1).map(|count| count.max(0) as usize);
            of_text(a, |text| {
                Some(Value::Text(text.chars().skip(text.chars().count().saturating_sub(count?)).collect()))
            })
        }),
    },
    Function {
        name: "sql substr",
        aliases: &["substring"],
        parameters: takes(2, 3, "a text, a position, perhaps a length"),
        result: Type::Text,
        summary: "The part of the text from the position on, from its end by a minus; `SUBSTR(a FROM b FOR c)` is the same.",
        examples: &[
            ("substr('Feathers', 5)", Some("hers")),
            ("substr('Feathers', -3)", Some("ers")),
            ("substr('Feathers', 5, 1)", Some("h")),
            ("substring('Feathers' FROM 5 FOR 1)", Some("h")),
            ("substr('Feathers', 0, 2)", Some("Fe")),
            ("substr('Feathers', -10, 3)", Some("F")),
        ],
        call: Call::Values(|a| or_null(substr(a))),
    },
    Function {
        name: "sql substring_index",
        aliases: &[],
        parameters: takes(3, 3, "a text, a separator and a number"),
        result: Type::Text,
        summary: "What stands before so many separators, or behind so many from the end by a minus.",
        examples: &[
            ("substring_index('www.apache.org', '.', 2)", Some("www.apache")),
            ("substring_index('www.apache.org', '.', -2)", Some("apache.org")),
            ("substring_index('www.apache.org', '.', 9)", Some("www.apache.org")),
            ("substring_index('www.apache.org', '.', 0)", Some("")),
        ],
        call: Call::Values(|a| or_null(substring_index(a))),
    },
    Function {
        name: "sql split_part",
        aliases: &[],
        parameters: takes(3, 3, "a text, a separator and a number"),
        result: Type::Text,
        summary: "The part of this number, from the end by a minus; empty beyond them.",
        examples: &[
            ("split_part('11.12.13', '.', 3)", Some("13")),
            ("split_part('11.12.13', '.', -3)", Some("11")),
            ("split_part('11.12.13', '.', 4)", Some("")),
            ("split_part('11.12.13', '.', 0)", None),
        ],
        call: Call::Values(|a| or_null(split_part(a))),
    },
    Function {
        name: "sql levenshtein",
        aliases: &[],
        parameters: takes(2, 3, "two texts, perhaps a most"),
        result: Type::Int,
        summary: "How many characters have to be changed, added or taken away; -1 for more than the most. Of texts up to 1,000 characters.",
        examples: &[
            ("levenshtein('kitten', 'sitting')", Some("3")),
            ("levenshtein('kitten', 'sitting', 2)", Some("-1")),
        ],
        call: Call::Values(|a| or_null(levenshtein(a))),
    },
    Function {
        name: "sql luhn_check",
        aliases: &[],
        parameters: takes(1, 1, "digits"),
        result: Type::Bool,
        summary: "Whether the last digit is that of the Luhn algorithm.",
        examples: &[
            ("luhn_check('8112189876')", Some("true")),
            ("luhn_check('79927398713')", Some("true")),
            ("luhn_check('79927398714')", Some("false")),
            ("luhn_check('7x')", Some("false")),
        ],
        call: Call::Values(|a| of_text(a, |text| Some(Value::Bool(is_luhn(text))))),
    },
    Function {
        name: "sql soundex",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text's sound by Soundex; the text itself if it does not begin with a Latin letter.",
        examples: &[
            ("soundex('Miller')", Some("M460")),
            ("soundex('Pfister')", Some("P236")),
            ("soundex('7')", Some("7")),
        ],
        call: Call::Values(|a| of_text(a, |text| Some(Value::Text(soundex(text))))),
    },
    Function {
        name: "sql sentences",
        aliases: &[],
        parameters: takes(1, 3, "a text, perhaps a language and a country, which are not looked at"),
        result: Type::Json,
        summary: "The list of sentences, each a list of words. Assumption: a sentence ends behind `.`, `!` or `?` and a blank.",
        examples: &[(
            "sentences('Hi there! Good morning.')",
            Some("[[\"Hi\",\"there\"],[\"Good\",\"morning\"]]"),
        )],
        call: Call::Values(|a| of_text(a, |text| Some(Value::Json(Box::new(sentences(text)))))),
    },
];

fn test(arguments: &[Value], is_so: fn(&str, &str) -> bool) -> Value {
    two_texts(arguments).map_or(Value::Null, |(text, other)| Value::Bool(is_so(&text, &other)))
}

fn concat_ws(arguments: &[Value]) -> Option<Value> {
    let between = text_of(arguments, 0)?;
    let texts = arguments[1..].iter().flat_map(|value| match value {
        Value::Json(_) => list(value).unwrap_or_default().into_iter().map(Value::of_json).collect(),
        other => vec![other.clone()],
    });
    let (mut joined, mut is_first) = (String::new(), true);
    for value in texts {
        let Some(text) = value.print() else { continue };
        if !is_first {
            joined.push_str(&between);
        }
        is_first = false;
        joined.push_str(&text);
        if joined.len() > BYTES_MAX {
            return None;
        }
    }
    Some(Value::Text(joined))
}

/// Where a text begins in another from a position on; 0 if nowhere.
fn place(text: &str, wanted: &str, from: i64) -> i64 {
    let Some(skipped) = from.checked_sub(1).and_then(|from| usize::try_from(from).ok()) else { return 0 };
    let Some(start) = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(skipped) else {
        return 0;
    };
    let found = text[start..].find(wanted);
    found.map_or(0, |at| (text[..start + at].chars().count() + 1) as i64)
}

fn substr(arguments: &[Value]) -> Option<Value> {
    let (text, position) = (text_of(arguments, 0)?, whole_of(arguments, 1)?);
    let length = if arguments.len() > 2 { whole_of(arguments, 2)? } else { i64::MAX };
    let count = text.chars().count() as i64;
    let start = match position {
        1.. => position - 1,
        0 => 0,
        _ => count.saturating_add(position),
    };
    // A start before the text takes from the length.
    let end = start.saturating_add(length).clamp(0, count);
    let start = start.clamp(0, end);
    Some(Value::Text(text.chars().skip(start as usize).take((end - start) as usize).collect()))
}

fn substring_index(arguments: &[Value]) -> Option<Value> {
    let ((text, separator), count) = (two_texts(arguments)?, whole_of(arguments, 2)?);
    let Some(before) = count.unsigned_abs().checked_sub(1).filter(|_| !separator.is_empty()) else {
        return Some(Value::text(""));
    };
    let nth = usize::try_from(before).ok()?;
    let part = match count > 0 {
        true => text.match_indices(&*separator).nth(nth).map_or(&*text, |(at, _)| &text[..at]),
        false => {
            text.rmatch_indices(&*separator).nth(nth).map_or(&*text, |(at, _)| &text[at + separator.len()..])
        }
    };
    Some(Value::text(part))
}

fn split_part(arguments: &[Value]) -> Option<Value> {
    let ((text, separator), number) = (two_texts(arguments)?, whole_of(arguments, 2)?);
    let parts: Vec<&str> =
        if separator.is_empty() { vec![&*text] } else { text.split(&*separator).collect() };
    let at = match number {
        0 => return None,
        1.. => usize::try_from(number - 1).ok(),
        _ => {
            usize::try_from(number.unsigned_abs()).ok().and_then(|from_end| parts.len().checked_sub(from_end))
        }
    };
    Some(Value::text(at.and_then(|at| parts.get(at)).copied().unwrap_or_default()))
}

/// Characters that `levenshtein` compares at most: its time is their product. Assumption: Spark names no number.
const COMPARED_MAX: usize = 1000;

fn levenshtein(arguments: &[Value]) -> Option<Value> {
    let (left, right) = two_texts(arguments)?;
    let most = if arguments.len() > 2 { whole_of(arguments, 2)? } else { i64::MAX };
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().max(right.len()) > COMPARED_MAX {
        return None;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, one) in left.iter().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (place, other) in right.iter().enumerate() {
            let changed = before + usize::from(one != other);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    let distance = row[right.len()] as i64;
    Some(Value::Int(if distance > most { -1 } else { distance }))
}

fn is_luhn(text: &str) -> bool {
    let Some(digits) = text.chars().map(|c| c.to_digit(10)).collect::<Option<Vec<_>>>() else { return false };
    let weighed = digits.iter().rev().enumerate().map(|(at, digit)| match at % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    !digits.is_empty() && weighed.sum::<u32>().is_multiple_of(10)
}

fn soundex(text: &str) -> String {
    let code = |c: char| match c.to_ascii_uppercase() {
        'B' | 'F' | 'P' | 'V' => Some('1'),
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => Some('2'),
        'D' | 'T' => Some('3'),
        'L' => Some('4'),
        'M' | 'N' => Some('5'),
        'R' => Some('6'),
        _ => None,
    };
    let Some(first) = text.chars().next().filter(char::is_ascii_alphabetic) else { return text.to_owned() };
    let (mut sound, mut last) = (first.to_ascii_uppercase().to_string(), code(first));
    for c in text.chars().skip(1) {
        if sound.len() == 4 {
            break;
        }
        let found = code(c);
        if let Some(digit) = found.filter(|_| found != last) {
            sound.push(digit);
        }
        // H and W do not part two letters of one sound, vowels do.
        if !matches!(c.to_ascii_uppercase(), 'H' | 'W') {
            last = found;
        }
    }
    format!("{sound:0<4}")
}

fn sentences(text: &str) -> Json {
    let (mut all, mut start) = (vec![], 0);
    let ends = text.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?')).map(|(at, _)| at + 1);
    for end in ends.chain([text.len()]) {
        if end < text.len() && !text[end..].starts_with(char::is_whitespace) {
            continue;
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '.' | '-' | '_');
        let words = text[start..end]
            .split(|c| !is_part(c))
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let words: Vec<Json> = words.filter(|word| !word.is_empty()).map(Json::from).collect();
        if !words.is_empty() {
            all.push(Json::Array(words));
        }
        start = end;
    }
    Json::Array(all)
}
