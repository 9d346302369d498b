//! `GROUP BY window(time, '5 minutes')`: groups by spans of time, beside each other and all of one length.
//!
//! Rows are grouped by where their window begins; what else a statement asks of the window follows from that. With a third
//! argument, windows begin so far from each other, and a row is in as many as it lies in: it is repeated for each that may be.
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions"; Apache Spark SQL 3.5,
//! `window`. A second window in a statement is refused, and a sliding one as a whole.

use super::commands::Select;
use super::expression::align_times;
use super::function::{as_time, called, not_implemented};
use super::qualify::column_of;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::Interval;
use crate::plan::Comparison;
use crate::syntax::{Binary, Expr, ExprKind};

/// A window that is grouped by.
struct TimeWindow {
    /// As it is written.
    written: String,
    /// What stands for it in other clauses: `window`, and aliases.
    names: Vec<String>,
    /// Where it begins, which takes its place.
    start: Expr,
    /// Where it ends.
    end: Expr,
    /// What is shown of it as a whole.
    whole: Expr,
}

/// Windows in which one row may lie. Assumption: AWS names no number.
const WINDOWS_MAX: u64 = 64;

/// The column of the number of the window, from the last that has the row.
const NUMBER: &str = "# window of time";

/// How often rows are repeated, and which of the rows count.
pub(super) struct Slide {
    pub(super) times: u32,
    pub(super) name: &'static str,
    pub(super) is_within: Expr,
}

impl Select {
    /// Puts where the window begins in the place of the window in GROUP BY, and what follows from that elsewhere.
    ///
    /// # Errors
    /// A length that no window can have, where it is written out: Spark refuses it too, and every row would be in one group.
    pub(super) fn resolve_time_window(&mut self) -> Result<(), QueryError> {
        let windows = self.groups.iter_mut().filter_map(|group| Some((parts(group)?, group)));
        let Some((arguments, group)) = windows.into_iter().next() else { return Ok(()) };
        let span = group.span;
        let (start, end) = match &arguments[..] {
            [time, length, slide] => {
                let (sliding, start, end) = sliding(time, length, slide, span)?;
                self.slide = Some(sliding);
                (start, end)
            }
            [time, length, ..] => {
                check_length(length)?;
                let start = called("sql window_start", vec![time.clone(), length.clone()], span);
                let end = called("sql window_end", vec![start.clone(), length.clone()], span);
                (start, end)
            }
            _ => return Ok(()),
        };
        let behind = arguments.into_iter().skip(1);
        let whole = called("sql window", [start.clone()].into_iter().chain(behind).collect(), span);
        let written = std::mem::replace(group, start.clone()).to_string();
        let mut names = vec!["window".to_owned()];
        let items = self.items.iter().flatten();
        names.extend(
            items.filter(|item| item.expr.to_string() == written).filter_map(|item| item.alias.clone()),
        );
        let window = TimeWindow { written, names, start, end, whole };
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
            *expr = Expr::new(expr.span, self.whole.kind.clone());
            return;
        }
        match self.part_named(expr).or_else(|| self.part_taken(expr)) {
            Some("start") => *expr = self.start.clone(),
            Some("end") => *expr = self.end.clone(),
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

/// Windows of a length that begin so far from each other: how rows are repeated, where a window begins and where it ends.
fn sliding(time: &Expr, length: &Expr, slide: &Expr, span: Span) -> Result<(Slide, Expr, Expr), QueryError> {
    let [length_ms, slide_ms] = [length, slide].map(|interval| {
        check_length(interval)?;
        let text = match &written(interval).unwrap_or(interval).kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        };
        let ms = text.and_then(|text| Interval::parse(text)).and_then(Interval::length_ms);
        ms.ok_or_else(|| not_implemented("function", "window of a length that is no constant", interval.span))
    });
    let (length_ms, slide_ms) = (length_ms?, slide_ms?);
    if slide_ms > length_ms {
        let wanted = "no more than the length of the window";
        let kind = QueryErrorKind::Expected { wanted, found: slide.to_string() };
        return Err(QueryError { span: slide.span, kind });
    }
    let times = length_ms.div_ceil(slide_ms);
    if times > WINDOWS_MAX {
        let kind = QueryErrorKind::TooMany { command: "window", max: WINDOWS_MAX as usize };
        return Err(QueryError { span: slide.span, kind });
    }
    let interval = |text: &Expr| match written(text) {
        Some(_) => text.clone(),
        None => called("sql interval", vec![text.clone()], span),
    };
    let later =
        |of: Expr, by: &Expr, times: Expr| called("sql add_interval", vec![of, interval(by), times], span);
    let number = Expr::new(span, ExprKind::Field(NUMBER.into()));
    let before = Expr::new(span, ExprKind::Negate(Box::new(number)));
    let last = called("sql window_start", vec![time.clone(), slide.clone()], span);
    let start = later(last, slide, before);
    let end = later(start.clone(), length, Expr::new(span, ExprKind::Number("1".into())));
    let sides = [as_time(time, span), end.clone()].map(Box::new);
    let [time, behind] = sides;
    let is_within = Expr::new(span, ExprKind::Binary(Binary::Compare(Comparison::Less), time, behind));
    Ok((Slide { times: times as u32, name: NUMBER, is_within }, start, end))
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

/// The time and the length of a window, and how far windows are from each other if that is told.
fn parts(expr: &Expr) -> Option<Vec<Expr>> {
    match &expr.kind {
        ExprKind::Call(name, arguments) if name == "sql window" && [2, 3].contains(&arguments.len()) => {
            Some(arguments.clone())
        }
        _ => None,
    }
}
