//! Every example of the table, and what holds for the table as a whole.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::aggregate::AGGREGATES;
use crate::error::QueryError;
use crate::execute::{Run, TimeRange};
use crate::naive::{Row, evaluate};
use crate::plan::{Plan, Step};

/// What an expression prints over a row without fields.
#[track_caller]
fn value_of(expr: &str) -> Option<String> {
    value_in(expr, crate::plan(&format!("fields {expr} as x"), None))
}

/// The same of SQL.
#[track_caller]
fn sql_value_of(expr: &str) -> Option<String> {
    value_in(expr, crate::sql_plan(&format!("SELECT {expr} AS x FROM g"), None))
}

/// The same of PPL.
#[track_caller]
fn ppl_value_of(expr: &str) -> Option<String> {
    value_in(expr, crate::ppl_plan(&format!("eval x = {expr}"), None))
}

#[track_caller]
fn value_in(expr: &str, plan: Result<Plan, QueryError>) -> Option<String> {
    value_over(&Row::default(), expr, plan)
}

#[track_caller]
fn value_over(row: &Row, expr: &str, plan: Result<Plan, QueryError>) -> Option<String> {
    let plan = plan.unwrap_or_else(|error| panic!("{expr}: {error}"));
    let cancelled = AtomicBool::new(false);
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
    match plan.steps.first() {
        Some(Step::Extend(columns)) => {
            evaluate(&columns[0].expr, row, run).print().map(|text| text.into_owned())
        }
        other => panic!("{expr}: {other:?}"),
    }
}

fn sql() -> impl Iterator<Item = &'static Function> {
    SQL_FUNCTIONS.iter().flat_map(|group| group.iter())
}

fn all() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().flat_map(|group| group.iter())
}

#[test]
fn examples_print_what_the_table_says() {
    for function in all() {
        for (expr, expected) in function.examples {
            assert_eq!(value_of(expr).as_deref(), *expected, "{expr}");
        }
    }
}

#[test]
fn examples_of_sql_print_what_the_table_says() {
    let mut wrong = vec![];
    for function in sql() {
        assert!(!function.examples.is_empty(), "{}", function.shown());
        for (expr, expected) in function.examples {
            let found = sql_value_of(expr);
            if found.as_deref() != *expected {
                wrong.push(format!("{expr}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_of_ppl_print_what_the_table_says() {
    for function in PPL_FUNCTIONS {
        assert_eq!(function_named(function.name), Some(function));
        assert!(function.name.starts_with(ppl::PREFIX) && function_named(function.shown()) != Some(function));
        // What `expand` calls is no expression.
        assert!(!function.examples.is_empty() || function.shown() == "entries", "{}", function.shown());
        for (expr, expected) in function.examples {
            assert_eq!(ppl_value_of(expr).as_deref(), *expected, "{expr}");
        }
    }
}

#[test]
fn names_of_sql_are_given_once_and_no_query_has_them() {
    let mut names: Vec<_> =
        sql().flat_map(|function| [&[function.shown()], function.aliases].concat()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for function in sql() {
        assert_eq!(function_named(function.name), Some(function));
        assert!(function.name.starts_with(sql::PREFIX));
        assert_ne!(function_named(function.shown()), Some(function));
    }
}

#[test]
fn every_function_has_examples_unless_it_reads_the_run() {
    let without: Vec<_> =
        all().filter(|function| function.examples.is_empty()).map(|function| function.name).collect();
    assert_eq!(without, ["bin", "now", "queryStartTime", "queryEndTime", "queryTimeRange"]);
}

#[test]
fn names_are_given_once() {
    let functions = all().flat_map(|function| [&[function.name], function.aliases].concat());
    let aggregates = AGGREGATES.iter().flat_map(|row| [&[row.name], row.aliases].concat());
    let refused = HINTS.iter().map(|(name, _)| *name);
    let mut names: Vec<_> = functions.chain(aggregates).chain(refused).map(str::to_lowercase).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn no_arguments_make_a_function_panic() {
    let odd = [
        Value::Null,
        Value::text(""),
        Value::text("é€"),
        Value::Int(i64::MIN),
        Value::Float(1e300),
        Value::Bool(true),
        Value::Time(i64::MAX),
        Value::Int(i64::MAX),
        Value::Int(-1),
        Value::text("[1, [\"é\"], null]"),
        Value::of_json_text("[1, [2], {\"a\": null}]"),
        Value::text("%-+5.3d 2024-02-29T23:59:59.9+14:00"),
        Value::text("$.a[*][*]"),
    ];
    for function in all().chain(sql()).chain(PPL_FUNCTIONS) {
        for value in &odd {
            for other in &odd {
                for count in function.parameters.min..=function.parameters.max.min(4) {
                    let mut arguments = vec![value.clone(); count];
                    function.value(&arguments);
                    arguments.iter_mut().skip(1).for_each(|argument| argument.clone_from(other));
                    function.value(&arguments);
                }
            }
        }
    }
}

#[test]
fn what_functions_make_is_bounded() {
    let value = |text: usize, call: &str| {
        let mut row = Row::default();
        row.set("@message", Value::Text("x".repeat(text)));
        value_over(&row, call, crate::plan(&format!("fields {call} as x"), None)).map(|made| made.len())
    };
    assert_eq!(value(1 << 19, "concat(@message, @message)"), Some(1 << 20));
    assert_eq!(value(1 << 19, "concat(@message, @message, 1)"), None);
    assert_eq!(value(1 << 18, "replace(@message, \"x\", \"four\")"), Some(1 << 20));
    assert_eq!(value(1 << 18, "replace(@message, \"x\", \"fives\")"), None);
    assert_eq!(value(1 << 19, "urlencode(concat(\" \", @message, @message))"), None);
    assert_eq!(value(1 << 18, "regexReplace(@message, /x/, \"four\")"), Some(1 << 20));
    assert_eq!(value(1 << 18, "regexReplace(@message, /x/, \"fives\")"), None);
    assert_eq!(value(1 << 18, r#"regexReplace(@message, /(x+)/, "\1\1\1\1")"#), Some(1 << 20));
    let doubled = r"\1".repeat(1000);
    assert_eq!(value(1 << 20, &format!(r#"regexReplace(@message, /(x+)/, "{doubled}")"#)), None);
    assert_eq!(value(1000, &format!(r#"regexReplace(@message, /(x+)/, "{doubled}")"#)), Some(1_000_000));
    let long = "y".repeat(1000);
    assert_eq!(value(1_000_000, &format!(r#"regexReplace(@message, /x+/, "{long}")"#)), Some(1000));
}

#[test]
fn what_functions_of_sql_make_is_bounded() {
    let text = Value::Text("x".repeat(1 << 20));
    let value =
        |name: &str, arguments: &[Value]| function_named(name).map(|function| function.value(arguments));
    assert_ne!(value("sql array", &vec![text.clone(); 15]), Some(Value::Null));
    for (name, arguments) in [
        ("sql array", vec![text.clone(); 17]),
        ("sql concat_ws", vec![text.clone(); 3]),
        ("sql hex", vec![text.clone()]),
        ("sql array_repeat", vec![text.clone(), Value::Int(2)]),
        ("sql overlay", vec![text.clone(), text.clone(), Value::Int(1), Value::Int(0)]),
        ("sql sequence", vec![Value::Int(i64::MIN), Value::Int(0)]),
        ("sql format_string", vec![Value::text("%s%s"), text.clone(), text]),
    ] {
        assert_eq!(value(name, &arguments), Some(Value::Null), "{name}");
    }
}

#[test]
fn reserved_addresses_are_known_by_their_prefix() {
    let rows = [
        ("100.64.0.1", "isReservedIP"),
        ("224.0.0.1", "isReservedIP"),
        ("255.255.255.255", "isReservedIP"),
        ("::1", "isReservedIP"),
        ("fe80::1", "isReservedIP"),
        ("fd00::1", "isPrivateIP"),
        ("2600::1", "isPublicIP"),
        ("100.128.0.1", "isPublicIP"),
    ];
    for (address, kind) in rows {
        let kinds: Vec<_> = ["isReservedIP", "isPrivateIP", "isPublicIP"]
            .into_iter()
            .filter(|kind| value_of(&format!("{kind}(\"{address}\")")).as_deref() == Some("true"))
            .collect();
        assert_eq!(kinds, [kind], "{address}");
    }
}
