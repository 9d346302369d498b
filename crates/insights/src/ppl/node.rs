//! Expressions that commands are made of beside those that are written.

use crate::error::Span;
use crate::parser::balanced;
use crate::plan::Comparison;
use crate::sql::function::called;
use crate::syntax::{Binary, Expr, ExprKind};

/// A field by its name.
pub(super) fn field(name: &str, span: Span) -> Expr {
    Expr::new(span, ExprKind::Field(name.to_owned()))
}

/// A whole number.
pub(super) fn number(number: u32, span: Span) -> Expr {
    Expr::new(span, ExprKind::Number(number.to_string()))
}

/// A string.
pub(super) fn text(text: &str, span: Span) -> Expr {
    Expr::new(span, ExprKind::Text(text.to_owned()))
}

/// Two values with an operator between them.
pub(super) fn binary(operator: Binary, left: Expr, right: Expr, span: Span) -> Expr {
    Expr::new(span, ExprKind::Binary(operator, Box::new(left), Box::new(right)))
}

/// Whether a field is at most this number.
pub(super) fn at_most(name: &str, most: u32, span: Span) -> Expr {
    binary(Binary::Compare(Comparison::LessOrEqual), field(name, span), number(most, span), span)
}

/// Whether all of these values are there.
pub(super) fn all_present(values: &[Expr], span: Span) -> Expr {
    let mut tests: Vec<Expr> =
        values.iter().map(|value| called("ispresent", vec![value.clone()], span)).collect();
    if tests.len() == 1 { tests.remove(0) } else { balanced(Binary::And, tests) }
}
