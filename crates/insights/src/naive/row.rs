//! One row, and the value of an expression over it.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{discoverable, lambda_fields, wholes};
use crate::entity::entity_fields;
use crate::execute::Run;
use crate::functions::regex_replaced;
use crate::plan::{Comparison, Expr, QueryFact};
use crate::source::{Event, shown_name};
use crate::value::Value;

/// Named values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row(BTreeMap<String, Value>);

impl Row {
    /// The system fields and the discovered fields of an event.
    pub fn of_event(event: Event) -> Row {
        let discovered = event.fields.into_iter().map(|(name, value)| (shown_name(name), value));
        let mut row = Row::default();
        // Assumption: one of the sample queries for flow logs filters on logStream, without @.
        row.set("logStream", Value::text(&event.log_stream));
        row.0.extend(discovered);
        row.0.extend(lambda_fields(&event.origin.log, &event.message));
        row.set("@timestamp", Value::Time(event.timestamp_ms));
        row.set("@ingestionTime", event.ingestion_ms.map_or(Value::Null, Value::Time));
        row.set("@message", Value::Text(event.message));
        row.set("@logStream", Value::Text(event.log_stream));
        row.set("@log", Value::text(&event.origin.log));
        event.origin.fields().for_each(|(name, value)| row.set(name, Value::text(value)));
        let entity = event.entity.as_deref().map(entity_fields).unwrap_or_default();
        entity.into_iter().for_each(|(name, value)| row.set(&name, Value::Text(value)));
        row.set("@ptr", Value::Text(event.ptr));
        row
    }

    /// The same, and those of its lists and maps in JSON that have one of these names and no field has.
    pub(super) fn of_event_with(event: Event, names: &BTreeSet<String>) -> Row {
        let mut found = wholes(discoverable(&event.origin.log, &event.message));
        let is_field = |name: &String| event.fields.iter().any(|(field, _)| field == name);
        found.retain(|(name, _)| !is_field(name));
        let mut row = Row::of_event(event);
        for (name, value) in found {
            let shown = shown_name(name);
            if names.contains(&shown) {
                row.set(&shown, value);
            }
        }
        row
    }

    /// The value of this name, or null.
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// Puts a value in the place of one that was there.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.0.get_mut(name) {
            Some(before) => *before = value,
            None => {
                self.0.insert(name.into(), value);
            }
        }
    }
}

/// The value of an expression over one row.
pub fn evaluate(expr: &Expr, row: &Row, run: Run<'_>) -> Value {
    let value = |expr: &Expr| evaluate(expr, row, run);
    match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Field(name) => row.get(name).clone(),
        Expr::Query(fact) => Value::Int(fact.of(run)),
        Expr::Call { function, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(value).collect();
            function.value(&arguments)
        }
        Expr::Case { branches, otherwise } => {
            let branch = branches.iter().find(|(condition, _)| value(condition).is_true());
            value(branch.map_or(otherwise.as_ref(), |(_, result)| result))
        }
        Expr::Coalesce(arguments) => {
            arguments.iter().map(value).find(|value| !value.is_null()).unwrap_or(Value::Null)
        }
        Expr::Part { value: inner, path } => value(inner).part(path),
        Expr::IsPresent(inner) => Value::Bool(!value(inner).is_null()),
        Expr::Round { time, period, offset_ms, is_up } => {
            let Some(ms) = whole_ms(&value(time)) else { return Value::Null };
            let moved = ms.saturating_sub(*offset_ms);
            let rounded = if *is_up { period.ceil(moved) } else { period.floor(moved) };
            Value::Time(rounded.saturating_add(*offset_ms))
        }
        Expr::Negate(inner) => {
            value(inner).as_f64().map_or(Value::Null, |number| Value::number_or_null(-number))
        }
        Expr::Arithmetic { operator, left, right } => match (value(left).as_f64(), value(right).as_f64()) {
            (Some(left), Some(right)) => Value::number_or_null(operator.apply(left, right)),
            _ => Value::Null,
        },
        Expr::Not(inner) => Value::Bool(!value(inner).is_true()),
        Expr::And(left, right) => Value::Bool(value(left).is_true() && value(right).is_true()),
        Expr::Or(left, right) => Value::Bool(value(left).is_true() || value(right).is_true()),
        Expr::Compare { operator, left, right } => Value::Bool(operator.holds(&value(left), &value(right))),
        Expr::Contains { value: inner, text, is_negated } => {
            test(&value(inner), *is_negated, |found| found.contains(text.as_str()))
        }
        Expr::Matches { value: inner, pattern, is_negated } => {
            test(&value(inner), *is_negated, |found| pattern.0.is_match(found))
        }
        Expr::Replace { value: inner, pattern, replacement } => match value(inner).print() {
            Some(text) => regex_replaced(&text, &pattern.0, replacement).map_or(Value::Null, Value::Text),
            None => Value::Null,
        },
        Expr::Find { value: inner, pattern, find } => match value(inner) {
            Value::Json(_) => Value::Null,
            inner => inner.print().map_or(Value::Null, |text| find.value(pattern, &text)),
        },
        Expr::In { value: inner, list, is_negated } => {
            let inner = value(inner);
            let is_in = list.iter().any(|item| Comparison::Equal.holds(&inner, &value(item)));
            Value::Bool(!inner.is_null() && is_in != *is_negated)
        }
        Expr::Among { value: inner, among, is_negated } => {
            let inner = value(inner);
            let is_in = among.get().is_some_and(|among| among.contains(&inner));
            Value::Bool(!inner.is_null() && is_in != *is_negated)
        }
        Expr::Answer { key, answers, otherwise } => {
            let found = answers.get().and_then(|answers| answers.get(&value(key)).cloned());
            found.unwrap_or_else(|| value(otherwise))
        }
        // The plan is bound before it is run: then there are none.
        Expr::Subquery { .. } => Value::Null,
        Expr::Look { values, index } => {
            let values: Vec<Value> = values.iter().map(value).collect();
            index.get().map_or(Value::Null, |index| index.get(&values))
        }
    }
}

impl QueryFact {
    /// The fact of this run.
    pub fn of(self, run: Run<'_>) -> i64 {
        match self {
            QueryFact::Now => run.now_ms.div_euclid(1000),
            QueryFact::StartTime => run.window.start_ms,
            QueryFact::EndTime => run.window.end_ms,
            QueryFact::TimeRange => run.window.end_ms.saturating_sub(run.window.start_ms),
        }
    }
}

/// The value as whole milliseconds, for times and numbers.
fn whole_ms(value: &Value) -> Option<i64> {
    match value.number()? {
        crate::value::Number::Int(ms) => Some(ms),
        crate::value::Number::Float(ms) => (ms.abs() < i64::MAX as f64).then_some(ms as i64),
    }
}

fn test(value: &Value, is_negated: bool, is_so: impl Fn(&str) -> bool) -> Value {
    Value::Bool(value.print().is_some_and(|text| is_so(&text) != is_negated))
}
