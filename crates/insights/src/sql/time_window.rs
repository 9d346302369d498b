//! `GROUP BY window(time, '5 minutes')`: groups by spans of time, beside each other and all of one length.
//!
//! Rows are grouped by where their window begins; what else a statement asks of the window follows from that.
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions"; Apache Spark SQL 3.5,
//! `window`. Windows that slide, and a second window in a statement, are refused.

use super::commands::Select;
use super::expression::align_times;
use super::function::called;
use super::qualify::column_of;
use crate::error::{QueryError, QueryErrorKind};
use crate::functions::Interval;
use crate::syntax::{Binary, Expr, ExprKind};

/// A window that is grouped by.
struct TimeWindow {
    /// As it is written.
    written: String,
    /// What stands for it in other clauses: `window`, and aliases.
    names: Vec<String>,
    /// Where it begins, which takes its place.
    start: Expr,
    /// How long it is.
    length: Expr,
}

impl Select {
    /// Puts where the window begins in the place of the window in GROUP BY, and what follows from that elsewhere.
    ///
    /// # Errors
    /// A length that no window can have, where it is written out: Spark refuses it too, and every row would be in one group.
    pub(super) fn resolve_time_window(&mut self) -> Result<(), QueryError> {
        let windows = self.groups.iter_mut().filter_map(|group| Some((parts(group)?, group)));
        let Some(((time, length), group)) = windows.into_iter().next() else { return Ok(()) };
        check_length(&length)?;
        let start = called("sql window_start", vec![time, length.clone()], group.span);
        let written = std::mem::replace(group, start.clone()).to_string();
        let mut names = vec!["window".to_owned()];
        let items = self.items.iter().flatten();
        names.extend(
            items.filter(|item| item.expr.to_string() == written).filter_map(|item| item.alias.clone()),
        );
        let window = TimeWindow { written, names, start, length };
        for item in self.items.iter_mut().flatten() {
            if let Some(part) = window.part_named(&item.expr) {
                item.text = part.to_owned();
            }
            window.resolve(&mut item.expr);
        }
        self.having.iter_mut().for_each(|having| window.resolve(having));
        for (key, _) in &mut self.order {
            window.resolve(key);
            let shown = self.items.iter().flatten().find(|item| item.expr == *key);
            if let Some(item) = shown {
                let name = item.alias.clone().unwrap_or_else(|| item.text.clone());
                *key = Expr::new(key.span, ExprKind::Field(name));
            }
        }
        Ok(())
    }
}

impl TimeWindow {
    fn resolve(&self, expr: &mut Expr) {
        if self.is_meant(expr) {
            *expr = called("sql window", vec![self.start.clone(), self.length.clone()], expr.span);
            return;
        }
        match self.part_named(expr).or_else(|| self.part_taken(expr)) {
            Some("start") => *expr = self.start.clone(),
            Some("end") => {
                *expr = called("sql window_end", vec![self.start.clone(), self.length.clone()], expr.span);
            }
            _ => {
                expr.parts_mut().into_iter().for_each(|part| self.resolve(part));
                if let ExprKind::Binary(Binary::Compare(_), left, right) = &mut expr.kind {
                    align_times(left, right);
                }
            }
        }
    }

    fn is_meant(&self, expr: &Expr) -> bool {
        let is_name = matches!(&expr.kind, ExprKind::Field(name) if self.names.contains(name));
        is_name || expr.to_string() == self.written
    }

    /// The part that `window.start` or `window.end` names.
    fn part_named<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        let ExprKind::Field(name) = &expr.kind else { return None };
        self.names.iter().find_map(|window| column_of(name, window))
    }

    /// The part that stands behind a window's call.
    fn part_taken<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        match &expr.kind {
            ExprKind::Call(name, arguments) if name == "sql get" => match &arguments[..] {
                [whole, Expr { kind: ExprKind::Text(part), .. }] if self.is_meant(whole) => Some(part),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What stands in `INTERVAL ...`, if the expression is one.
pub(super) fn written(interval: &Expr) -> Option<&Expr> {
    match &interval.kind {
        ExprKind::Call(name, arguments) if name == "sql interval" => arguments.first(),
        _ => None,
    }
}

/// Refuses a constant that is no length.
fn check_length(length: &Expr) -> Result<(), QueryError> {
    let found = match &written(length).unwrap_or(length).kind {
        ExprKind::Text(text) if Interval::parse(text).is_some_and(Interval::is_length) => return Ok(()),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Number(text) => text.clone(),
        _ => return Ok(()),
    };
    let wanted = "the length of a window, as '5 minutes': more than nothing, without months";
    Err(QueryError { span: length.span, kind: QueryErrorKind::Expected { wanted, found } })
}

/// The time and the length of a window.
fn parts(expr: &Expr) -> Option<(Expr, Expr)> {
    match &expr.kind {
        ExprKind::Call(name, arguments) if name == "sql window" => match &arguments[..] {
            [time, length] => Some((time.clone(), length.clone())),
            _ => None,
        },
        _ => None,
    }
}
