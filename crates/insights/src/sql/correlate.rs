//! Subqueries that name a table of the statement outside, as ones that do not and so are run once.
//!
//! `EXISTS (SELECT ... FROM b WHERE b.x = a.x AND ...)` asks whether `a.x` is among the `b.x` of the rows left without that
//! condition, and `a.y IN (SELECT b.z FROM b WHERE b.x = a.x AND ...)` whether both are, together. That is sound because a
//! comparison with an absent value is false, and nothing is among values if it is absent. What is limited, grouped or told
//! of windows cannot be taken apart so, nor can other comparisons: these are refused where they name the column.
//!
//! `(SELECT MAX(b.z) FROM b WHERE b.x = a.x AND ...)` in the place of a value is what a SELECT with `GROUP BY b.x` gives
//! beside `a.x`; where it gives nothing, what the aggregates give of no rows. It must aggregate, as in Apache Spark (error
//! conditions, MUST_AGGREGATE_CORRELATED_SCALAR_SUBQUERY).

use super::commands::{Select, has_aggregate};
use super::function::{absent, called, named_column, not_implemented};
use super::qualify::column_of;
use super::select::Parser;
use super::set::{Operand, Outside};
use super::window::first_window;
use crate::aggregate::{Accumulator, aggregate_named};
use crate::error::{QueryError, Span};
use crate::functions::KEY_OF;
use crate::parser::balanced;
use crate::plan::Comparison;
use crate::syntax::{Binary, Expr, ExprKind, Item};
use crate::value::Value;

/// What a subquery is asked that can name columns outside.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Within {
    /// Whether it has rows.
    Existence,
    /// The values of its column.
    List,
    /// The value of its one row.
    Value,
}

/// A column of a subquery, or an expression of several, and what it equals outside.
pub(super) struct Key {
    inside: Expr,
    outside: Expr,
}

impl Parser<'_> {
    /// A SELECT in parentheses, which is compared with columns outside, beside a value if it is a list.
    pub(super) fn correlated(&mut self, within: Within) -> Result<Operand, QueryError> {
        self.within = Some(within);
        let select = self.selects()?;
        self.need_symbol(")")?;
        Ok(select)
    }

    /// Takes comparisons with tables outside from a condition of a SELECT over `own` tables, whose columns begin behind `from`.
    pub(super) fn take_keys(
        &mut self,
        filter: Option<Expr>,
        own: &[String],
        outside: &[String],
        from: usize,
    ) -> (Option<Expr>, Vec<Key>) {
        let (mut left, mut keys) = (vec![], vec![]);
        for part in filter.into_iter().flat_map(conjuncts) {
            match key_of(&part, own, outside) {
                Some(key) => keys.push(key),
                None => left.push(part),
            }
        }
        self.qualified.move_out(from, &keys.iter().map(|key| key.outside.span).collect::<Vec<_>>());
        let filter = if left.len() > 1 { Some(balanced(Binary::And, left)) } else { left.pop() };
        (filter, keys)
    }
}

impl Select {
    /// Makes the SELECT give what is compared outside, which is returned.
    pub(super) fn give_keys(&mut self, within: Option<Within>) -> Result<Outside, QueryError> {
        let keys = std::mem::take(&mut self.keys);
        let Some(first) = keys.first() else { return Ok(Outside::default()) };
        let refused = refused(&first.outside);
        let items = self.items.take().unwrap_or_default();
        let is_limited = match within {
            Some(Within::List) => self.limit.is_some(),
            _ => self.limit.take().is_some_and(|limit| !limit.keeps_one()),
        };
        let has_window = items.iter().any(|item| first_window(&item.expr).is_some());
        let aggregates = items.iter().any(|item| has_aggregate(&item.expr));
        if is_limited || self.is_grouped() || has_window || aggregates != (within == Some(Within::Value)) {
            return Err(refused);
        }
        let (mut inside, keys): (Vec<Expr>, Vec<Expr>) =
            keys.into_iter().map(|key| (key.inside, key.outside)).unzip();
        let mut otherwise = None;
        let named = |name: &str, expr| {
            let name = name.to_owned();
            Item { expr, alias: Some(name.clone()), text: name, offset: None }
        };
        let mut given = vec![];
        match (within, &items[..]) {
            (Some(Within::Existence), _) => {}
            (Some(Within::List), [item]) => inside.insert(0, item.expr.clone()),
            (Some(Within::Value), [item]) => {
                otherwise = Some(of_no_rows(&item.expr).ok_or(refused)?);
                self.groups.push(joined(inside.clone(), self.span));
                given.push(named("# value", item.expr.clone()));
            }
            _ => return Err(refused),
        }
        given.insert(0, named("# key", joined(inside, self.span)));
        self.items = Some(given);
        self.is_distinct = false;
        self.order.clear();
        Ok(Outside { keys, otherwise })
    }
}

/// What an expression with aggregates is of no rows; `None` if it reads more than them.
fn of_no_rows(expr: &Expr) -> Option<Expr> {
    let kind = match &expr.kind {
        ExprKind::Call(name, _) if let Some(row) = aggregate_named(name) => {
            match Accumulator::new(row.aggregate, None).finish() {
                Value::Null => return Some(absent(expr.span)),
                Value::Int(number) => ExprKind::Number(number.to_string()),
                _ => return None,
            }
        }
        ExprKind::InQuery { .. } | ExprKind::Subquery { .. } | ExprKind::Answer { .. } => return None,
        _ if named_column(expr).is_some() => return None,
        kind => {
            let mut whole = Expr::new(expr.span, kind.clone());
            for part in whole.parts_mut() {
                *part = of_no_rows(part)?;
            }
            return Some(whole);
        }
    };
    Some(Expr::new(expr.span, kind))
}

/// One value of several, which is equal to another if all are.
pub(super) fn joined(mut exprs: Vec<Expr>, span: Span) -> Expr {
    match exprs.len() {
        1 => exprs.remove(0),
        _ => called(KEY_OF.name, exprs, span),
    }
}

/// The first column that an expression names, which nothing here can find.
pub(super) fn refused(expr: &Expr) -> QueryError {
    let (name, span) = first_column(expr).unwrap_or(("", expr.span));
    not_implemented("column", &format!("{name} of the statement outside"), span)
}

fn first_column(expr: &Expr) -> Option<(&str, Span)> {
    match &expr.kind {
        ExprKind::Field(name) => Some((name, expr.span)),
        _ => expr.parts().into_iter().find_map(first_column),
    }
}

/// The conditions that all must be true for this one.
pub(super) fn conjuncts(expr: Expr) -> Vec<Expr> {
    match expr.kind {
        ExprKind::Binary(Binary::And, left, right) => [conjuncts(*left), conjuncts(*right)].concat(),
        _ => vec![expr],
    }
}

fn key_of(part: &Expr, own: &[String], outside: &[String]) -> Option<Key> {
    let ExprKind::Binary(Binary::Compare(Comparison::Equal), left, right) = &part.kind else { return None };
    let is_outside = |name: &str| {
        let is_of = |tables: &[String]| tables.iter().any(|table| column_of(name, table).is_some());
        !is_of(own) && is_of(outside)
    };
    let is_key = |inside: &Expr, other: &Expr| {
        let (columns, others) = (columns(inside)?, columns(other)?);
        let is_so = !others.is_empty()
            && others.iter().all(|name| is_outside(name))
            && !columns.iter().any(|name| is_outside(name));
        is_so.then(|| Key { inside: inside.clone(), outside: other.clone() })
    };
    is_key(left, right).or_else(|| is_key(right, left))
}

/// The columns that an expression names; `None` if it holds a query or an aggregate.
fn columns(expr: &Expr) -> Option<Vec<&str>> {
    match &expr.kind {
        ExprKind::Field(name) => Some(vec![name.as_str()]),
        ExprKind::InQuery { .. }
        | ExprKind::Subquery { .. }
        | ExprKind::Answer { .. }
        | ExprKind::Window(_) => None,
        _ if has_aggregate(expr) => None,
        _ => expr.parts().into_iter().map(columns).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
    }
}
