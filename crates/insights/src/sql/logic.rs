//! Conditions with three values: what is compared with an absent value is neither true nor false, nor is its contrary.
//!
//! The query language knows true and not true. So NOT is moved inwards, to comparisons that have a contrary; and a condition
//! in the place of a value is one that is true, false or absent.
//! Source: Apache Spark SQL 3.5, "NULL Semantics". Assumption: `NOT IN (SELECT ...)` passes over absent values of the query.

use super::EXPRESSIONS_MAX;
use super::function::called;
use crate::error::{QueryError, QueryErrorKind};
use crate::parser::{DEPTH_MAX, balanced};
use crate::plan::{Asked, Comparison, Direction};
use crate::syntax::{ABSENT, Binary, Expr, ExprKind, Item};

/// What of a SELECT is made logical.
pub(super) struct Clauses {
    pub(super) items: Option<Vec<Item>>,
    pub(super) filter: Option<Expr>,
    pub(super) groups: Vec<Expr>,
    pub(super) having: Option<Expr>,
    pub(super) order: Vec<(Expr, Direction)>,
}

impl Clauses {
    /// What is grouped by is written in one way wherever it stands behind GROUP BY, so that it is known there.
    pub(super) fn make_logical(&mut self) -> Result<(), QueryError> {
        let mut groups = vec![];
        for group in &mut self.groups {
            let made = written(group, &[], |logic, expr| logic.value(expr))?;
            groups.push((std::mem::replace(group, made.clone()), made));
        }
        let items = self.items.iter_mut().flatten().map(|item| &mut item.expr);
        for expr in items.chain(self.order.iter_mut().map(|(key, _)| key)) {
            *expr = written(expr, &groups, |logic, expr| logic.value(expr))?;
        }
        if let Some(expr) = &mut self.having {
            *expr = written(expr, &groups, |logic, expr| logic.test(expr, true))?;
        }
        if let Some(expr) = &mut self.filter {
            *expr = written(expr, &[], |logic, expr| logic.test(expr, true))?;
        }
        Ok(())
    }
}

/// A condition of the query language that is true where this one is.
pub(crate) fn logical(condition: Expr) -> Result<Expr, QueryError> {
    written(&condition, &[], |logic, expr| logic.test(expr, true))
}

/// A value of the query language that is the same, and absent where a condition in it is neither true nor false.
pub(crate) fn logical_value(expr: &Expr) -> Result<Expr, QueryError> {
    written(expr, &[], |logic, expr| logic.value(expr))
}

fn written(
    expr: &Expr,
    known: &[(Expr, Expr)],
    write: impl FnOnce(&mut Logic<'_>, &Expr) -> Result<Expr, QueryError>,
) -> Result<Expr, QueryError> {
    let written = write(&mut Logic { known, left: EXPRESSIONS_MAX }, expr)?;
    match written.depth > DEPTH_MAX {
        true => Err(QueryError { span: expr.span, kind: QueryErrorKind::TooDeep }),
        false => Ok(written),
    }
}

struct Logic<'k> {
    /// Expressions that are columns, and how they are written.
    known: &'k [(Expr, Expr)],
    /// How many expressions may still be written.
    left: usize,
}

impl Logic<'_> {
    fn known(&self, expr: &Expr) -> Option<Expr> {
        self.known.iter().find(|(known, _)| known == expr).map(|(_, made)| made.clone())
    }

    fn count(&mut self, expr: &Expr) -> Result<(), QueryError> {
        let too_many = || QueryError { span: expr.span, kind: QueryErrorKind::TooLarge };
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }

    /// The value of an expression.
    fn value(&mut self, expr: &Expr) -> Result<Expr, QueryError> {
        self.count(expr)?;
        if let Some(known) = self.known(expr) {
            return Ok(known);
        }
        match &expr.kind {
            ExprKind::Binary(Binary::And | Binary::Or | Binary::Compare(_), ..)
            | ExprKind::Not(_)
            | ExprKind::Like { .. }
            | ExprKind::In { .. }
            | ExprKind::InQuery { .. } => {
                let truth = |is_true| Expr::new(expr.span, ExprKind::Bool(is_true));
                let branches =
                    vec![self.test(expr, true)?, truth(true), self.test(expr, false)?, truth(false)];
                Ok(called("case", branches, expr.span))
            }
            ExprKind::Call(name, arguments) if is_case(name) => {
                let last = arguments.len().saturating_sub(1);
                let part = |(at, part): (usize, &Expr)| match at % 2 == 0 && at < last {
                    true => self.test(part, true),
                    false => self.value(part),
                };
                let arguments = arguments.iter().enumerate().map(part).collect::<Result<_, _>>()?;
                Ok(called(name, arguments, expr.span))
            }
            _ => {
                let mut whole = expr.clone();
                for part in whole.parts_mut() {
                    *part = self.value(part)?;
                }
                Ok(Expr::new(expr.span, whole.kind))
            }
        }
    }

    /// A condition that is true where this one is true, or where it is false.
    fn test(&mut self, expr: &Expr, wanted: bool) -> Result<Expr, QueryError> {
        self.count(expr)?;
        let node = |kind| Expr::new(expr.span, kind);
        Ok(match &expr.kind {
            _ if self.known(expr).is_some() => self.test_value(expr, wanted)?,
            ExprKind::Not(inner) => self.test(inner, !wanted)?,
            ExprKind::Bool(is_true) => node(ExprKind::Bool(*is_true == wanted)),
            ExprKind::Binary(operator @ (Binary::And | Binary::Or), left, right) => {
                let operator = match (operator, wanted) {
                    (Binary::And, true) | (Binary::Or, false) => Binary::And,
                    _ => Binary::Or,
                };
                let (left, right) = (self.test(left, wanted)?, self.test(right, wanted)?);
                node(ExprKind::Binary(operator, Box::new(left), Box::new(right)))
            }
            ExprKind::Binary(Binary::Compare(operator), left, right) => {
                let operator = Binary::Compare(if wanted { *operator } else { contrary(*operator) });
                let (left, right) = (self.value(left)?, self.value(right)?);
                node(ExprKind::Binary(operator, Box::new(left), Box::new(right)))
            }
            ExprKind::Like { value, pattern, is_negated } => {
                let value = Box::new(self.value(value)?);
                let pattern = pattern.clone();
                node(ExprKind::Like { value, pattern, is_negated: *is_negated == wanted })
            }
            ExprKind::InQuery { value, query, is_negated } => {
                let value = Box::new(self.value(value)?);
                node(ExprKind::InQuery { value, query: query.clone(), is_negated: *is_negated == wanted })
            }
            ExprKind::In { value, list, is_negated } => {
                let value = Box::new(self.value(value)?);
                let list = list.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                let is_negated = *is_negated == wanted;
                let unknown = if is_negated { presences(&list) } else { vec![] };
                let test = node(ExprKind::In { value, list, is_negated });
                match unknown.is_empty() {
                    true => test,
                    false => balanced(Binary::And, [vec![test], unknown].concat()),
                }
            }
            _ => self.test_value(expr, wanted)?,
        })
    }

    /// The same of a value, which may be absent.
    fn test_value(&mut self, expr: &Expr, wanted: bool) -> Result<Expr, QueryError> {
        let value = self.value(expr)?;
        if wanted {
            return Ok(value);
        }
        let not = Expr::new(expr.span, ExprKind::Not(Box::new(value.clone())));
        if is_never_absent(&value) {
            return Ok(not);
        }
        let is_present = called("ispresent", vec![value], expr.span);
        Ok(balanced(Binary::And, vec![is_present, not]))
    }
}

/// What must be true so that a value can be known to be none of a list: each that may be absent is there.
fn presences(list: &[Expr]) -> Vec<Expr> {
    let is_constant =
        |item: &&Expr| matches!(item.kind, ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bool(_));
    let open: Vec<&Expr> = list.iter().filter(|item| !is_constant(item)).collect();
    let is_null = |item: &&Expr| matches!(&item.kind, ExprKind::Field(name) if name == ABSENT);
    match open.iter().find(|item| is_null(item)) {
        Some(null) => vec![Expr::new(null.span, ExprKind::Bool(false))],
        None => open.into_iter().map(|item| called("ispresent", vec![item.clone()], item.span)).collect(),
    }
}

fn is_case(name: &str) -> bool {
    ["if", "case"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A condition that is false where it is not true.
pub(super) fn certain(condition: Expr) -> Expr {
    let (span, truth) = (condition.span, |is_true| Expr::new(condition.span, ExprKind::Bool(is_true)));
    let (yes, no) = (truth(true), truth(false));
    called("if", vec![condition, yes, no], span)
}

/// Whether an expression is true or false of every row.
fn is_never_absent(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(name, arguments) => match (name.as_str(), &arguments[..]) {
            ("ispresent", _) => true,
            ("if", [_, yes, no]) => {
                matches!((&yes.kind, &no.kind), (ExprKind::Bool(_), ExprKind::Bool(_)))
            }
            _ => false,
        },
        ExprKind::Subquery { asked, .. } => *asked == Asked::Existence,
        _ => false,
    }
}

fn contrary(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}
