//! Functions of lists. A list may be its text in JSON.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::super::json::list;
use super::interval::Interval;
use super::time::{date, date_of};
use super::{ARGUMENTS_MAX, BYTES_MAX, Call, ELEMENTS_MAX, Function, or_null, takes, text_of, whole_of};
use crate::order::equality_key;
use crate::plan::Type;
use crate::value::{Number, Value};

/// Bytes of a list that a function makes: some times those of a text, as a list of its characters has.
const LIST_BYTES_MAX: usize = 16 * BYTES_MAX;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql array",
        aliases: &[],
        parameters: takes(0, ARGUMENTS_MAX, "values"),
        result: Type::Json,
        summary: "The list of the values.",
        examples: &[
            ("array(1, 2, 3)", Some("[1,2,3]")),
            ("array('b', null, '7', '07')", Some("[\"b\",null,7,\"07\"]")),
        ],
        call: Call::Values(|a| made(a.iter().map(element).collect())),
    },
    Function {
        name: "sql size",
        aliases: &["cardinality"],
        parameters: takes(1, 1, "a list or map"),
        result: Type::Int,
        summary: "The number of elements.",
        examples: &[
            ("size(array('b', 'd', 'c', 'a'))", Some("4")),
            ("size('[]')", Some("0")),
            ("size(null)", None),
        ],
        call: Call::Values(|a| {
            or_null(match a.first() {
                Some(Value::Json(json)) if json.is_object() => json.as_object().map(|map| count(map.len())),
                Some(value) => list(value).map(|list| count(list.len())),
                None => None,
            })
        }),
    },
    Function {
        name: "sql array_append",
        aliases: &[],
        parameters: takes(2, 2, "a list and a value"),
        result: Type::Json,
        summary: "The list with the value behind its last element.",
        examples: &[
            ("array_append(array('b', 'd', 'c', 'a'), 'd')", Some("[\"b\",\"d\",\"c\",\"a\",\"d\"]")),
            ("array_append(array(1, 2, 3, null), null)", Some("[1,2,3,null,null]")),
            ("array_append(null, 2)", None),
        ],
        call: Call::Values(|a| changed(a, |list| list.push(element(&a[1])))),
    },
    Function {
        name: "sql array_prepend",
        aliases: &[],
        parameters: takes(2, 2, "a list and a value"),
        result: Type::Json,
        summary: "The list with the value before its first element.",
        examples: &[
            ("array_prepend(array('b', 'd'), 'd')", Some("[\"d\",\"b\",\"d\"]")),
            ("array_prepend(array(1, null), null)", Some("[null,1,null]")),
        ],
        call: Call::Values(|a| changed(a, |list| list.insert(0, element(&a[1])))),
    },
    Function {
        name: "sql array_compact",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Json,
        summary: "The list without absent elements.",
        examples: &[("array_compact(array(1, 2, 3, null))", Some("[1,2,3]"))],
        call: Call::Values(|a| changed(a, |list| list.retain(|element| !element.is_null()))),
    },
    Function {
        name: "sql array_distinct",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Json,
        summary: "The first of equal elements.",
        examples: &[("array_distinct(array(1, 2, 3, null, 3))", Some("[1,2,3,null]"))],
        call: Call::Values(|a| changed(a, |list| *list = distinct(std::mem::take(list), |_| true))),
    },
    Function {
        name: "sql array_except",
        aliases: &[],
        parameters: takes(2, 2, "two lists"),
        result: Type::Json,
        summary: "The different elements of the first list that the second has not.",
        examples: &[("array_except(array(1, 2, 2, 3), array(1, 3, 5))", Some("[2]"))],
        call: Call::Values(|a| of_two(a, |left, right| distinct(left, |key| !right.contains(key)))),
    },
    Function {
        name: "sql array_intersect",
        aliases: &[],
        parameters: takes(2, 2, "two lists"),
        result: Type::Json,
        summary: "The different elements that both lists have.",
        examples: &[("array_intersect(array(1, 2, 3, 3), array(1, 3, 5))", Some("[1,3]"))],
        call: Call::Values(|a| of_two(a, |left, right| distinct(left, |key| right.contains(key)))),
    },
    Function {
        name: "sql array_union",
        aliases: &[],
        parameters: takes(2, 2, "two lists"),
        result: Type::Json,
        summary: "The different elements of both lists.",
        examples: &[("array_union(array(1, 2, 3), array(1, 3, 5))", Some("[1,2,3,5]"))],
        call: Call::Values(|a| {
            let both = list(&a[0]).zip(list(&a[1])).map(|(left, right)| [left, right].concat());
            both.map_or(Value::Null, |both| made(distinct(both, |_| true)))
        }),
    },
    Function {
        name: "sql arrays_overlap",
        aliases: &[],
        parameters: takes(2, 2, "two lists"),
        result: Type::Bool,
        summary: "Whether the lists have an element in common; absent if they have none but one has an absent element.",
        examples: &[
            ("arrays_overlap(array(1, 2, 3), array(3, 4, 5))", Some("true")),
            ("arrays_overlap(array(1, 2), array(4))", Some("false")),
            ("arrays_overlap(array(1, null), array(4))", None),
        ],
        call: Call::Values(|a| or_null(overlap(a))),
    },
    Function {
        name: "sql arrays_zip",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "lists"),
        result: Type::Json,
        summary: "The list of maps of the first elements, the second ones and so on. Assumption: under the places of the lists.",
        examples: &[
            ("arrays_zip(array(1, 2), array(2))", Some("[{\"0\":1,\"1\":2},{\"0\":2,\"1\":null}]")),
            ("arrays_zip(array(1), null)", None),
        ],
        call: Call::Values(zip),
    },
    Function {
        name: "sql array_insert",
        aliases: &[],
        parameters: takes(3, 3, "a list, a place from 1 or from the end by a minus, a value"),
        result: Type::Json,
        summary: "The list with the value at the place, and with absent elements up to a place beyond it.",
        examples: &[
            ("array_insert(array(1, 2, 3, 4), 5, 5)", Some("[1,2,3,4,5]")),
            ("array_insert(array(5, 4, 3, 2), -1, 1)", Some("[5,4,3,2,1]")),
            ("array_insert(array(5, 3, 2, 1), -4, 4)", Some("[5,4,3,2,1]")),
            ("array_insert(array(1), 4, 2)", Some("[1,null,null,2]")),
            ("array_insert(array(1), -4, 2)", Some("[2,null,null,1]")),
            ("array_insert(array(1), 0, 2)", None),
        ],
        call: Call::Values(|a| or_null(insert(a))),
    },
    Function {
        name: "sql array_join",
        aliases: &[],
        parameters: takes(2, 3, "a list, a text between elements, perhaps a text for absent ones"),
        result: Type::Text,
        summary: "The texts of the elements with a text between them; absent ones are left out unless a text stands for them.",
        examples: &[
            ("array_join(array('hello', 'world'), ' ')", Some("hello world")),
            ("array_join(array('hello', null, 'world'), ' ')", Some("hello world")),
            ("array_join(array('hello', null, 'world'), ' ', ',')", Some("hello , world")),
        ],
        call: Call::Values(|a| or_null(join(a))),
    },
    Function {
        name: "sql array_max",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Part,
        summary: "The greatest element.",
        examples: &[("array_max(array(1, 20, null, 3))", Some("20")), ("array_max(array(null))", None)],
        call: Call::Values(|a| extreme(a, Ordering::Greater)),
    },
    Function {
        name: "sql array_min",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Part,
        summary: "The least element.",
        examples: &[
            ("array_min(array(9, 20, null, 3))", Some("3")),
            ("array_min(array('b', 'a'))", Some("a")),
        ],
        call: Call::Values(|a| extreme(a, Ordering::Less)),
    },
    Function {
        name: "sql array_position",
        aliases: &[],
        parameters: takes(2, 2, "a list and a value"),
        result: Type::Int,
        summary: "The place, from 1, of the first element that equals the value; 0 if none does.",
        examples: &[
            ("array_position(array(312, 773, 708, 708), 708)", Some("3")),
            ("array_position(array(312, 773, 708, 708), 414)", Some("0")),
        ],
        call: Call::Values(|a| {
            if a[1].is_null() {
                return Value::Null;
            }
            let wanted = key(&element(&a[1]));
            let place =
                |list: Vec<Json>| list.iter().position(|one| key(one) == wanted).map_or(0, |at| at + 1);
            list(&a[0]).map_or(Value::Null, |list| count(place(list)))
        }),
    },
    Function {
        name: "sql array_remove",
        aliases: &[],
        parameters: takes(2, 2, "a list and a value"),
        result: Type::Json,
        summary: "The list without the elements that equal the value.",
        examples: &[("array_remove(array(1, 2, 3, null, 3), 3)", Some("[1,2,null]"))],
        call: Call::Values(|a| {
            if a[1].is_null() {
                return Value::Null;
            }
            let wanted = key(&element(&a[1]));
            changed(a, |list| list.retain(|one| key(one) != wanted))
        }),
    },
    Function {
        name: "sql array_repeat",
        aliases: &[],
        parameters: takes(2, 2, "a value and how often"),
        result: Type::Json,
        summary: "The list of the value so many times, at most 10,000.",
        examples: &[
            ("array_repeat('ab', 2)", Some("[\"ab\",\"ab\"]")),
            ("array_repeat(1, -1)", Some("[]")),
            ("array_repeat(1, 10001)", None),
        ],
        call: Call::Values(|a| {
            let Some(times) = whole_of(a, 1) else { return Value::Null };
            let (one, times) = (element(&a[0]), times.max(0) as usize);
            let is_small = times <= ELEMENTS_MAX && one.to_string().len().saturating_mul(times) <= BYTES_MAX;
            if is_small { made(vec![one; times]) } else { Value::Null }
        }),
    },
    Function {
        name: "sql flatten",
        aliases: &[],
        parameters: takes(1, 1, "a list of lists"),
        result: Type::Json,
        summary: "The elements of the lists in one list.",
        examples: &[
            ("flatten(array(array(1, 2), array(3, 4)))", Some("[1,2,3,4]")),
            ("flatten(array(array(1), null))", None),
        ],
        call: Call::Values(|a| {
            let inner = |element| match element {
                Json::Array(list) => Some(list),
                _ => None,
            };
            let lists = list(&a[0]).and_then(|list| list.into_iter().map(inner).collect::<Option<Vec<_>>>());
            lists.map_or(Value::Null, |lists| made(lists.concat()))
        }),
    },
    Function {
        name: "sql get",
        aliases: &[],
        parameters: takes(2, 2, "a list and a place from 0, or a map and a name"),
        result: Type::Part,
        summary: "The element there; `a[0]` and `f(a).name` are the same behind a function.",
        examples: &[
            ("get(array(1, 2, 3), 0)", Some("1")),
            ("get(array(1, 2, 3), 3)", None),
            ("get(array(1, 2, 3), -1)", None),
            ("array(5, 6)[1]", Some("6")),
            ("from_json('{\"a\": {\"b\": 7}}', 'a STRUCT<b: INT>').a.b", Some("7")),
        ],
        call: Call::Values(get),
    },
    Function {
        name: "sql sequence",
        aliases: &[],
        parameters: takes(2, 3, "a first and a last whole number or date, perhaps a step"),
        result: Type::Json,
        summary: "What is from the first to the last, at most 10,000; by 1 or -1, or by a day, unless a step is told.",
        examples: &[
            ("sequence(1, 5)", Some("[1,2,3,4,5]")),
            ("sequence(5, 1)", Some("[5,4,3,2,1]")),
            ("sequence(1, 6, 2)", Some("[1,3,5]")),
            (
                "sequence(to_date('2018-01-31'), to_date('2018-03-31'), interval 1 month)",
                Some("[\"2018-01-31\",\"2018-02-28\",\"2018-03-31\"]"),
            ),
            (
                "sequence(DATE '2018-01-02', DATE '2018-01-01', INTERVAL -1 DAY)",
                Some("[\"2018-01-02\",\"2018-01-01\"]"),
            ),
            ("sequence(1, 5, -1)", None),
            ("sequence(1, 1000000)", None),
        ],
        call: Call::Values(|a| or_null(sequence(a))),
    },
    Function {
        name: "sql slice",
        aliases: &[],
        parameters: takes(3, 3, "a list, a place from 1 or from the end by a minus, a length"),
        result: Type::Json,
        summary: "So many elements from the place on.",
        examples: &[
            ("slice(array(1, 2, 3, 4), 2, 2)", Some("[2,3]")),
            ("slice(array(1, 2, 3, 4), -2, 2)", Some("[3,4]")),
            ("slice(array(1, 2), 5, 1)", Some("[]")),
            ("slice(array(1, 2), 0, 1)", None),
        ],
        call: Call::Values(|a| or_null(slice(a))),
    },
    Function {
        name: "sql sort_array",
        aliases: &[],
        parameters: takes(1, 2, "a list, perhaps whether ascending"),
        result: Type::Json,
        summary: "The list in order: absent elements, numbers, texts; or backwards.",
        examples: &[
            ("sort_array(array('b', 'd', null, 'c', 'a'), true)", Some("[null,\"a\",\"b\",\"c\",\"d\"]")),
            ("sort_array(array(10, 9, null), false)", Some("[10,9,null]")),
        ],
        call: Call::Values(|a| {
            let is_down = a.get(1).is_some_and(|ascending| !ascending.is_true());
            changed(a, |list| {
                list.sort_by(order);
                if is_down {
                    list.reverse();
                }
            })
        }),
    },
];

/// A value as an element. What its text says is all that counts: the text `7` and the number 7 are one element.
pub(super) fn element(value: &Value) -> Json {
    let text = match value {
        Value::Null | Value::Bool(_) | Value::Json(_) => return value.to_json(),
        Value::Float(number) => number.to_string(),
        other => other.print().map(|text| text.into_owned()).unwrap_or_default(),
    };
    match value.number() {
        Some(Number::Int(number)) if number.to_string() == text => Json::from(number),
        Some(Number::Float(number)) if number.to_string() == text => {
            match number.fract() == 0.0 && number.abs() < 1e15 {
                true => Json::from(number as i64),
                false => Json::from(number),
            }
        }
        _ => Json::from(text),
    }
}

/// The list, if it is not beyond the bound.
fn made(elements: Vec<Json>) -> Value {
    let list = Json::Array(elements);
    if weight(&list) <= LIST_BYTES_MAX { Value::Json(Box::new(list)) } else { Value::Null }
}

/// About as many bytes as the JSON has.
fn weight(json: &Json) -> usize {
    match json {
        Json::String(text) => text.len() + 2,
        Json::Array(elements) => elements.iter().map(|element| weight(element) + 1).sum::<usize>() + 2,
        Json::Object(members) => {
            members.iter().map(|(name, inner)| name.len() + weight(inner) + 4).sum::<usize>() + 2
        }
        _ => 8,
    }
}

fn count(number: usize) -> Value {
    Value::Int(number as i64)
}

/// The list that the first argument is, changed.
fn changed(arguments: &[Value], change: impl FnOnce(&mut Vec<Json>)) -> Value {
    let Some(mut list) = arguments.first().and_then(list) else { return Value::Null };
    change(&mut list);
    made(list)
}

/// What is the same for equal elements only; absent elements are equal here, and lists and maps that look the same.
fn key(element: &Json) -> Vec<u8> {
    let key = equality_key(&Value::of_json(element.clone()));
    key.unwrap_or_else(|| format!("\u{ff}{element}").into_bytes())
}

/// The first of equal elements, of those whose keys are wanted.
fn distinct(list: Vec<Json>, is_wanted: impl Fn(&Vec<u8>) -> bool) -> Vec<Json> {
    let mut seen = BTreeSet::new();
    let mut is_new = |element: &Json| {
        let key = key(element);
        is_wanted(&key) && seen.insert(key)
    };
    list.into_iter().filter(|element| is_new(element)).collect()
}

/// A list of two, the second by the keys of its elements.
fn of_two(arguments: &[Value], choose: impl FnOnce(Vec<Json>, BTreeSet<Vec<u8>>) -> Vec<Json>) -> Value {
    let Some((left, right)) = list(&arguments[0]).zip(list(&arguments[1])) else { return Value::Null };
    made(choose(left, right.iter().map(key).collect()))
}

fn overlap(arguments: &[Value]) -> Option<Value> {
    let (left, right) = (list(&arguments[0])?, list(&arguments[1])?);
    let has_null = left.iter().chain(&right).any(Json::is_null) && !left.is_empty() && !right.is_empty();
    let keys: BTreeSet<Vec<u8>> = right.iter().filter(|one| !one.is_null()).map(key).collect();
    match left.iter().any(|one| !one.is_null() && keys.contains(&key(one))) {
        true => Some(Value::Bool(true)),
        false if has_null => None,
        false => Some(Value::Bool(false)),
    }
}

fn zip(arguments: &[Value]) -> Value {
    let Some(lists) = arguments.iter().map(list).collect::<Option<Vec<_>>>() else { return Value::Null };
    let rows = lists.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| {
        let cell = |(name, list): (usize, &Vec<Json>)| {
            (name.to_string(), list.get(at).cloned().unwrap_or(Json::Null))
        };
        Json::Object(lists.iter().enumerate().map(cell).collect())
    };
    made((0..rows).map(row).collect())
}

fn insert(arguments: &[Value]) -> Option<Value> {
    let (mut list, place) = (list(&arguments[0])?, whole_of(arguments, 1)?);
    let (value, place_max) = (element(&arguments[2]), ELEMENTS_MAX as i64);
    if place == 0 || place.checked_abs()? > place_max {
        return None;
    }
    if place > 0 {
        let at = place as usize - 1;
        if list.len() < at {
            list.resize(at, Json::Null);
        }
        list.insert(at, value);
        return Some(made(list));
    }
    // A minus counts the places of the list that is made.
    let from_end = place.unsigned_abs() as usize - 1;
    match list.len().checked_sub(from_end) {
        Some(at) => list.insert(at, value),
        None => {
            let missing = from_end - list.len();
            list.splice(0..0, std::iter::once(value).chain(std::iter::repeat_n(Json::Null, missing)));
        }
    }
    Some(made(list))
}

fn join(arguments: &[Value]) -> Option<Value> {
    let (list, between, for_absent) = (list(&arguments[0])?, text_of(arguments, 1)?, text_of(arguments, 2));
    let mut joined = String::new();
    let mut is_first = true;
    for element in list {
        let value = Value::of_json(element);
        let Some(text) = value.print().or(for_absent.as_deref().map(Into::into)) else { continue };
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

fn extreme(arguments: &[Value], wanted: Ordering) -> Value {
    let Some(list) = arguments.first().and_then(list) else { return Value::Null };
    let better = |best: Json, next: Json| if order(&next, &best) == wanted { next } else { best };
    let found = list.into_iter().filter(|element| !element.is_null()).reduce(better);
    found.map_or(Value::Null, Value::of_json)
}

/// Absent elements, numbers, texts, lists and maps.
fn order(left: &Json, right: &Json) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Json(_) => 3,
        other if other.number().is_some() => 1,
        _ => 2,
    };
    let (one, other) = (Value::of_json(left.clone()), Value::of_json(right.clone()));
    rank(&one).cmp(&rank(&other)).then_with(|| one.compare(&other).unwrap_or(Ordering::Equal))
}

fn get(arguments: &[Value]) -> Value {
    let name = match whole_of(arguments, 1) {
        Some(place) => place.to_string(),
        None => match text_of(arguments, 1) {
            Some(name) => name.into_owned(),
            None => return Value::Null,
        },
    };
    match &arguments[0] {
        Value::Text(text) => Value::of_json_text(text).part(&[name]),
        value => value.part(&[name]),
    }
}

fn sequence(arguments: &[Value]) -> Option<Value> {
    let is_number = |value: &Value| value.number().is_some();
    if !arguments[..2].iter().all(is_number) {
        let step = if arguments.len() > 2 {
            Interval::parse(&text_of(arguments, 2)?)?
        } else {
            Interval::parse("1 day")?
        };
        let dates = step.dates(date_of(arguments, 0)?, date_of(arguments, 1)?, ELEMENTS_MAX)?;
        let texts: Option<Vec<Json>> = dates.into_iter().map(|day| Some(element(&date(day)?))).collect();
        return texts.map(made);
    }
    let (first, last) = (whole_of(arguments, 0)?, whole_of(arguments, 1)?);
    let step = if arguments.len() > 2 { whole_of(arguments, 2)? } else { if first <= last { 1 } else { -1 } };
    let distance = last.checked_sub(first)?;
    if distance == 0 {
        return Some(made(vec![Json::from(first)]));
    }
    if step == 0 || (distance > 0) != (step > 0) {
        return None;
    }
    let steps = distance.checked_div(step).filter(|steps| *steps < ELEMENTS_MAX as i64)?;
    Some(made((0..=steps).map(|at| Json::from(first + at * step)).collect()))
}

fn slice(arguments: &[Value]) -> Option<Value> {
    let (list, place, length) = (list(&arguments[0])?, whole_of(arguments, 1)?, whole_of(arguments, 2)?);
    let length = usize::try_from(length).ok()?;
    let start = match place {
        0 => return None,
        1.. => usize::try_from(place - 1).ok()?,
        _ => match list.len().checked_sub(usize::try_from(place.unsigned_abs()).ok()?) {
            Some(start) => start,
            None => return Some(made(vec![])),
        },
    };
    Some(made(list.into_iter().skip(start).take(length).collect()))
}
