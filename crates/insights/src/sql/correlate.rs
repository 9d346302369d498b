//! Subqueries that name a table of the statement outside, as ones that do not and so are run once.
//!
//! `EXISTS (SELECT ... FROM b WHERE b.x = a.x AND ...)` asks whether `a.x` is among the `b.x` of the rows left without that
//! condition, and `a.y IN (SELECT b.z FROM b WHERE b.x = a.x AND ...)` whether both are, together. That is sound because a
//! comparison with an absent value is false, and nothing is among values if it is absent. What is limited, grouped or told
//! of windows cannot be taken apart so, nor can other comparisons: these are refused where they name the column.

use super::function::{called, not_implemented};
use super::select::{Parser, Select, column_of, has_aggregate};
use super::window::first_window;
use crate::error::{QueryError, Span};
use crate::functions::KEY_OF;
use crate::parser::balanced;
use crate::plan::Comparison;
use crate::syntax::{Binary, Command, Expr, ExprKind, Item};

/// What a subquery is asked that can name columns outside.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Within {
    /// Whether it has rows.
    Existence,
    /// The values of its column.
    List,
}

/// A column of a subquery, or an expression of several, and what it equals outside.
pub(super) struct Key {
    inside: Expr,
    outside: Expr,
}

impl Parser<'_> {
    /// The commands of a SELECT in parentheses, and what its column is compared with outside, beside a value if it is a list.
    pub(super) fn correlated(&mut self, within: Within) -> Result<(Vec<Command>, Vec<Expr>), QueryError> {
        self.within = Some(within);
        let (commands, outside) = self.selects_within()?;
        self.need_symbol(")")?;
        Ok((commands, outside))
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
    pub(super) fn give_keys(&mut self, within: Option<Within>) -> Result<Vec<Expr>, QueryError> {
        let keys = std::mem::take(&mut self.keys);
        let Some(first) = keys.first() else { return Ok(vec![]) };
        let refused = refused(&first.outside);
        let is_plain = |expr: &Expr| !has_aggregate(expr) && first_window(expr).is_none();
        let items = self.items.take().unwrap_or_default();
        let is_limited = match within {
            Some(Within::Existence) => self.limit.take().is_some_and(|limit| !limit.keeps_one()),
            _ => self.limit.is_some(),
        };
        let is_grouped = !self.groups.is_empty() || self.having.is_some();
        if is_limited || is_grouped || !items.iter().all(|item| is_plain(&item.expr)) {
            return Err(refused);
        }
        let (mut inside, outside): (Vec<Expr>, Vec<Expr>) =
            keys.into_iter().map(|key| (key.inside, key.outside)).unzip();
        match (within, &items[..]) {
            (Some(Within::Existence), _) => {}
            (Some(Within::List), [item]) => inside.insert(0, item.expr.clone()),
            _ => return Err(refused),
        }
        let name = "# key".to_owned();
        let expr = joined(inside, self.span);
        self.items = Some(vec![Item { expr, alias: Some(name.clone()), text: name, offset: None }]);
        self.is_distinct = false;
        self.order.clear();
        Ok(outside)
    }
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

fn conjuncts(expr: Expr) -> Vec<Expr> {
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
        ExprKind::InQuery { .. } | ExprKind::Subquery { .. } | ExprKind::Window(_) => None,
        _ if has_aggregate(expr) => None,
        _ => expr.parts().into_iter().map(columns).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
    }
}
