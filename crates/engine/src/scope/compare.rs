//! Comparisons. Columns of known kind are compared as they are, so that readers can skip what cannot match; the rest
//! goes to the language's own comparison.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{BinaryExpr, Expr as Lowered, Operator, cast, lit};
use weir_insights::{Comparison, Expr, Number, Value};

use super::{Scope, Typed, constant};
use crate::files::address;
use crate::kind::Kind;

impl Scope {
    pub(super) fn compare(&self, operator: Comparison, left: &Expr, right: &Expr, whole: &Expr) -> Lowered {
        let fast = match (self.constant_of(left), self.constant_of(right)) {
            (None, Some(value)) => with_constant(operator, self.value(left), &value),
            (Some(value), None) => with_constant(turned(operator), self.value(right), &value),
            (None, None) => columns(operator, self.value(left), self.value(right)),
            (Some(_), Some(_)) => None,
        };
        fast.unwrap_or_else(|| self.generic(whole, Kind::Bool).expr)
    }

    /// Present, and equal to one of the list, or to none.
    pub(super) fn is_in(&self, value: &Expr, list: &[Expr], is_negated: bool) -> Lowered {
        let equal = |item: &Expr| {
            let (left, right) = (Box::new(value.clone()), Box::new(item.clone()));
            let whole = Expr::Compare { operator: Comparison::Equal, left, right };
            self.compare(Comparison::Equal, value, item, &whole)
        };
        let is_in = list.iter().map(equal).reduce(Lowered::or).unwrap_or(lit(false));
        if !is_negated {
            return is_in;
        }
        self.value(value).into_presence().and(is_in.is_not_true())
    }
}

/// The operator that holds when the sides are exchanged.
fn turned(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn native(operator: Comparison) -> Operator {
    match operator {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

fn binary(left: Lowered, operator: Operator, right: Lowered) -> Lowered {
    Lowered::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

/// A column against a constant; `None` if the column has no fast way.
fn with_constant(operator: Comparison, column: Typed, value: &Value) -> Option<Lowered> {
    match (column.kind, value.number(), value) {
        (_, _, Value::Null) => Some(lit(false)),
        (Kind::Int | Kind::Time, Some(number), _) => Some(with_number(operator, column.expr, number)),
        (Kind::DashInt, Some(number), _) => Some(match operator {
            // A dash is a value and no number: different from each, neither above nor below.
            Comparison::NotEqual => {
                let differs = with_number(operator, column.expr.clone(), number);
                differs.or(column.expr.is_null())
            }
            _ => with_number(operator, column.expr, number),
        }),
        (Kind::DashAddress, None, Value::Text(text)) => with_address(operator, column.expr, text),
        (Kind::DashInt, None, Value::Text(text)) => dash_or_not(operator, column.expr, text),
        (Kind::Float, Some(number), _) => Some(binary(column.expr, native(operator), lit(number.as_f64()))),
        (Kind::Int | Kind::Time | Kind::Float, None, Value::Text(_)) => Some(match operator {
            Comparison::NotEqual => column.expr.is_not_null(),
            _ => lit(false),
        }),
        (Kind::Text, None, Value::Text(_)) => text_equality(operator, column.expr, value),
        (Kind::DashText, None, Value::Text(text)) => match (operator, text.as_str()) {
            (Comparison::Equal, "-") => Some(column.expr.is_null()),
            (Comparison::NotEqual, "-") => Some(column.expr.is_not_null()),
            (Comparison::Equal, _) => text_equality(operator, column.expr, value),
            (Comparison::NotEqual, _) => text_equality(operator, column.expr.clone(), value)
                .map(|differs| differs.or(column.expr.is_null())),
            _ => None,
        },
        _ => None,
    }
}

fn with_number(operator: Comparison, column: Lowered, number: Number) -> Lowered {
    match number {
        Number::Int(number) => binary(column, native(operator), lit(number)),
        Number::Float(number) => binary(cast(column, DataType::Float64), native(operator), lit(number)),
    }
}

/// A column of numbers or addresses against text that is no number: only a dash can equal it.
fn dash_or_not(operator: Comparison, column: Lowered, text: &str) -> Option<Lowered> {
    match (operator, text) {
        (Comparison::Equal, "-") => Some(column.is_null()),
        (Comparison::NotEqual, "-") => Some(column.is_not_null()),
        (Comparison::Equal, _) => Some(lit(false)),
        (Comparison::NotEqual, _) => Some(lit(true)),
        _ => None,
    }
}

/// An IPv4 address or a dash against text. Another text may be an address of the data all the same: only who reads the column meets
/// it, and finds the column too narrow.
fn with_address(operator: Comparison, column: Lowered, text: &str) -> Option<Lowered> {
    match (operator, address(text)) {
        (Comparison::Equal, Some(address)) => Some(column.eq(lit(address))),
        (Comparison::NotEqual, Some(address)) => Some(binary(column, Operator::IsDistinctFrom, lit(address))),
        _ if text == "-" => dash_or_not(operator, column, text),
        _ => None,
    }
}

/// Text against text that is no number is equal only if it is the same.
fn text_equality(operator: Comparison, column: Lowered, value: &Value) -> Option<Lowered> {
    match operator {
        Comparison::Equal | Comparison::NotEqual => {
            Some(binary(column, native(operator), constant(value).expr))
        }
        _ => None,
    }
}

fn columns(operator: Comparison, left: Typed, right: Typed) -> Option<Lowered> {
    let is_whole = |kind| matches!(kind, Kind::Int | Kind::Time);
    if is_whole(left.kind) && is_whole(right.kind) || (left.kind, right.kind) == (Kind::Float, Kind::Float) {
        return Some(binary(left.expr, native(operator), right.expr));
    }
    match (operator, left.kind, right.kind) {
        (Comparison::Equal, Kind::DashInt, Kind::DashInt)
        | (Comparison::Equal, Kind::DashAddress, Kind::DashAddress) => {
            Some(binary(left.expr, Operator::IsNotDistinctFrom, right.expr))
        }
        (Comparison::NotEqual, Kind::DashInt, Kind::DashInt)
        | (Comparison::NotEqual, Kind::DashAddress, Kind::DashAddress) => {
            Some(binary(left.expr, Operator::IsDistinctFrom, right.expr))
        }
        _ => None,
    }
}
