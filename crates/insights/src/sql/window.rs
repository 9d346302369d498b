//! `function(...) OVER (PARTITION BY ... ORDER BY ...)`, and the columns that it becomes.

use super::commands::is_aggregate;
use super::function::{call, not_implemented};
use super::select::Parser;
use super::time_window::written;
use crate::aggregate::{COUNT_ROW, aggregate_named};
use crate::check::MISPLACED;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::Interval;
use crate::lexer::Token;
use crate::plan::{Arithmetic, Comparison, Direction};
use crate::syntax::{Binary, Command, CommandKind, Expr, ExprKind, Item, Window};
use crate::window::{FRAME_MAX, Frame, FrameEnd, FrameUnit, WindowFunction, is_running};

/// Different windows in a SELECT. Assumption: AWS names no number; this bounds a plan.
const WINDOWS_MAX: usize = 32;

/// What the names of their columns begin with; no field can have such a name.
const HIDDEN: &str = "# window ";

impl Parser<'_> {
    /// `OVER (...)` behind a function's arguments, if it is there.
    pub(super) fn over(
        &mut self,
        (name, is_distinct, ignores_nulls): (&str, bool, Option<Span>),
        arguments: &[Expr],
        start: Span,
    ) -> Result<Option<Expr>, QueryError> {
        let at = self.span;
        if !self.take_word("over")? {
            return Ok(None);
        }
        let span = Span { start: start.start, end: at.start };
        if is_distinct {
            return Err(not_implemented("aggregate", &format!("{name}(DISTINCT ...) OVER"), start.to(at)));
        }
        let has_default =
            arguments.len() == 3 && ["lag", "lead"].iter().any(|it| name.eq_ignore_ascii_case(it));
        let (arguments, default) = arguments.split_at(if has_default { 2 } else { arguments.len() });
        // What is made of another aggregate is made of its column.
        let made_of = MADE_OF.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known));
        let (function, argument) = windowed(made_of.map_or(name, |(_, of, _)| of), arguments, start)?;
        if self.token != Token::Symbol("(") {
            return Err(not_implemented("clause", "OVER with a named window", at));
        }
        self.need_symbol("(")?;
        let (mut partition, mut order) = (vec![], vec![]);
        if self.take_word("partition")? || self.take_word("distribute")? {
            self.need_word("by", "BY")?;
            partition = list(self, Self::expr)?;
        }
        if self.take_word("order")? || self.take_word("sort")? {
            self.need_word("by", "BY")?;
            order = self.order_keys()?;
        }
        let frame = self.frame()?;
        self.need_symbol(")")?;
        let span = Span { end: self.last_end, ..span };
        if let Some(nulls) = ignores_nulls.filter(|_| !function.may_ignore_nulls()) {
            let rule = "takes no IGNORE NULLS";
            let kind = QueryErrorKind::Misplaced { command: function.name(), rule };
            return Err(QueryError { span: nulls, kind });
        }
        if order.is_empty() && function.needs_order() {
            let rule = "needs ORDER BY";
            return Err(QueryError {
                span,
                kind: QueryErrorKind::Misplaced { command: function.name(), rule },
            });
        }
        let frame = frame_of(function, frame, &mut order)?;
        let ignores_nulls = ignores_nulls.is_some();
        let window = Window { function, argument, partition, order, frame, ignores_nulls };
        let made = |window| Expr::new(span, ExprKind::Window(Box::new(window)));
        let expr = made(window.clone());
        if let Some(inner) = expr.parts().into_iter().chain(default).find_map(first_window) {
            return Err(QueryError { span: inner.span, kind: MISPLACED });
        }
        Ok(Some(match default {
            // A value that is passed over is not told: there is none if there is no such row.
            [default] if ignores_nulls => call("coalesce", vec![expr, default.clone()], span)?,
            [default] => or_default(window, default, expr),
            _ => match made_of {
                Some((.., make)) => make(expr),
                None => expr,
            },
        }))
    }

    /// `ROWS BETWEEN a AND b`, `RANGE a`; nothing is what `RANGE UNBOUNDED PRECEDING` says.
    fn frame(&mut self) -> Result<Option<(Frame, Span)>, QueryError> {
        let start = self.span;
        let by_range = self.token.is_word("range");
        if !by_range && !self.token.is_word("rows") {
            return Ok(None);
        }
        self.advance()?;
        let mut units = vec![];
        let (first, last) = match self.take_word("between")? {
            true => {
                let first = self.frame_end(by_range, &mut units)?;
                self.need_word("and", "AND")?;
                (first, self.frame_end(by_range, &mut units)?)
            }
            false => (self.frame_end(by_range, &mut units)?, FrameEnd::Current),
        };
        let span = Span { start: start.start, end: self.last_end };
        let misplaced = |rule| {
            let kind = QueryErrorKind::Misplaced { command: if by_range { "RANGE" } else { "ROWS" }, rule };
            Err(QueryError { span, kind })
        };
        if first == FrameEnd::Last || last == FrameEnd::First || first > last {
            return misplaced("begins with the end that comes first");
        }
        if units.windows(2).any(|units| units[0] != units[1]) {
            return misplaced("has two numbers or two intervals");
        }
        let of_words = if by_range { FrameUnit::Values } else { FrameUnit::Rows };
        let unit = units.first().copied().unwrap_or(of_words);
        Ok(Some((Frame { unit, start: first, end: last }, span)))
    }

    /// An end of a frame; if it is an offset, its unit is added.
    fn frame_end(&mut self, by_range: bool, units: &mut Vec<FrameUnit>) -> Result<FrameEnd, QueryError> {
        let is_unbounded = self.take_word("unbounded")?;
        if !is_unbounded && self.take_word("current")? {
            self.need_word("row", "ROW")?;
            return Ok(FrameEnd::Current);
        }
        let mut count = 0;
        if !is_unbounded {
            let offset = if by_range { self.expr()? } else { self.count()? };
            let (unit, number) = match &offset.kind {
                ExprKind::Number(text) if by_range => (FrameUnit::Values, text.parse().ok()),
                ExprKind::Number(text) => {
                    (FrameUnit::Rows, text.parse().ok().filter(|number| *number <= FRAME_MAX))
                }
                _ => (FrameUnit::Times, interval(&offset)),
            };
            let wanted = match by_range {
                true => "a whole number, or an interval without months",
                false => "a whole number of rows up to 10000",
            };
            count = number.ok_or_else(|| QueryError {
                span: offset.span,
                kind: QueryErrorKind::Expected { wanted, found: offset.to_string() },
            })?;
            units.push(unit);
        }
        let is_before = self.take_word("preceding")?;
        if !is_before && !self.take_word("following")? {
            return Err(self.expected("PRECEDING or FOLLOWING"));
        }
        Ok(match (is_unbounded, is_before, count) {
            (true, true, _) => FrameEnd::First,
            (true, false, _) => FrameEnd::Last,
            (false, _, 0) => FrameEnd::Current,
            (false, true, _) => FrameEnd::Before(std::cmp::Reverse(count)),
            (false, false, _) => FrameEnd::After(count),
        })
    }

    /// `RESPECT NULLS`, which is what happens anyway, or `IGNORE NULLS`.
    pub(super) fn nulls_option(&mut self) -> Result<bool, QueryError> {
        let option = ["respect", "ignore"].into_iter().find(|word| self.token.is_word(word));
        let Some(option) = option else { return Ok(false) };
        if !self.is_before_word("nulls")? {
            return Ok(false);
        }
        self.advance()?;
        self.advance()?;
        Ok(option == "ignore")
    }
}

/// Aggregates that give the value of one row.
pub(super) fn is_of_one_row(name: &str) -> bool {
    let known = ["first", "first_value", "last", "last_value", "any_value"];
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

type Make = fn(Expr) -> Expr;

/// Aggregates, those that they are made of, and how.
const MADE_OF: &[(&str, &str, Make)] = &[
    ("variance", "stddev", squared),
    ("var_samp", "stddev", squared),
    ("stddev_pop", "var_pop", |variance| {
        let span = variance.span;
        Expr::new(span, ExprKind::Call("sqrt".into(), vec![variance]))
    }),
];

fn squared(root: Expr) -> Expr {
    let (span, operator) = (root.span, Binary::Arithmetic(Arithmetic::Multiply));
    Expr::new(span, ExprKind::Binary(operator, Box::new(root.clone()), Box::new(root)))
}

/// The milliseconds of a constant interval.
fn interval(expr: &Expr) -> Option<u64> {
    match &written(expr)?.kind {
        ExprKind::Text(text) => Interval::parse(text)?.length_ms(),
        _ => None,
    }
}

/// The frame, if it says more than no words. Of a whole partition an aggregate needs no order.
fn frame_of(
    function: WindowFunction,
    frame: Option<(Frame, Span)>,
    order: &mut Vec<(Expr, Direction)>,
) -> Result<Option<Frame>, QueryError> {
    let Some((frame, span)) = frame else { return Ok(None) };
    if frame.unit != FrameUnit::Rows && frame.has_offset() && order.len() != 1 {
        let rule = "with an offset needs ORDER BY with one expression";
        return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "RANGE", rule } });
    }
    let is_aggregate = matches!(function, WindowFunction::Aggregate(_));
    match function.reads_frame() {
        true if frame.unit != FrameUnit::Rows && frame.is_up_to_current() => Ok(None),
        true if is_aggregate && frame.is_whole() => {
            order.clear();
            Ok(None)
        }
        true => Ok(Some(frame)),
        false if frame.is_up_to_current() => Ok(None),
        false => {
            let rule = "is told of the rows up to its own only";
            Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: function.name(), rule } })
        }
    }
}

/// The function and what it reads.
fn windowed(
    name: &str,
    arguments: &[Expr],
    span: Span,
) -> Result<(WindowFunction, Option<Expr>), QueryError> {
    let lower = name.to_ascii_lowercase();
    let wrong = |wanted: &str| {
        let function = WindowFunction::named(&lower).unwrap_or("OVER");
        let kind = QueryErrorKind::WrongArguments { function, wanted: wanted.into() };
        QueryError { span, kind }
    };
    let number = |expr: &Expr, least: u32| {
        let number = match &expr.kind {
            ExprKind::Number(text) => text.parse::<u32>().ok().filter(|number| *number >= least),
            _ => None,
        };
        number.ok_or_else(|| QueryError {
            span: expr.span,
            kind: QueryErrorKind::Expected { wanted: "a whole number of rows", found: expr.to_string() },
        })
    };
    let value = |value: &Expr| Some(value.clone());
    Ok(match (lower.as_str(), arguments) {
        ("row_number", []) => (WindowFunction::RowNumber, None),
        ("rank", []) => (WindowFunction::Rank, None),
        ("dense_rank", []) => (WindowFunction::DenseRank, None),
        ("percent_rank", []) => (WindowFunction::PercentRank, None),
        ("cume_dist", []) => (WindowFunction::CumeDist, None),
        ("row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist", _) => {
            return Err(wrong("no arguments"));
        }
        ("ntile", [parts]) => (WindowFunction::Tile(number(parts, 1)?), None),
        ("ntile", _) => return Err(wrong("a number of parts")),
        ("lag", [of]) => (WindowFunction::Lag(1), value(of)),
        ("lead", [of]) => (WindowFunction::Lead(1), value(of)),
        ("lag", [of, rows]) => (WindowFunction::Lag(number(rows, 0)?), value(of)),
        ("lead", [of, rows]) => (WindowFunction::Lead(number(rows, 0)?), value(of)),
        ("lag" | "lead", _) => return Err(wrong("a value, and perhaps a number of rows and a default")),
        ("first_value" | "first", [of]) => (WindowFunction::First, value(of)),
        ("last_value" | "last", [of]) => (WindowFunction::Last, value(of)),
        ("first_value" | "last_value" | "first" | "last", _) => return Err(wrong("a value")),
        ("nth_value", [of, row]) => (WindowFunction::Nth(number(row, 1)?), value(of)),
        ("nth_value", _) => return Err(wrong("a value and the number of a row")),
        _ => return aggregate(name, arguments, span),
    })
}

/// An aggregate by any of its names.
fn aggregate(
    name: &str,
    arguments: &[Expr],
    span: Span,
) -> Result<(WindowFunction, Option<Expr>), QueryError> {
    let ExprKind::Call(called, arguments) = call(name, arguments.to_vec(), span)?.kind else {
        return Err(not_implemented("window function", name, span));
    };
    let Some(row) = aggregate_named(&called).filter(|row| is_running(row.aggregate)) else {
        return Err(not_implemented("window function", name, span));
    };
    let argument = match &arguments[..] {
        [star] if star.kind == ExprKind::Star && row == COUNT_ROW => None,
        [] if row == COUNT_ROW => None,
        [value] if value.kind != ExprKind::Star => Some(value.clone()),
        _ => {
            let kind =
                QueryErrorKind::WrongArguments { function: row.name, wanted: row.parameters.text.into() };
            return Err(QueryError { span, kind });
        }
    };
    Ok((WindowFunction::Aggregate(row), argument))
}

/// `LAG` and `LEAD` with what is told where there is no such row.
fn or_default(window: Window, default: &Expr, value: Expr) -> Expr {
    let span = value.span;
    let node = |kind| Expr::new(span, kind);
    let of = |function, order| {
        let partition = window.partition.clone();
        let window = Window { function, argument: None, partition, order, frame: None, ignores_nulls: false };
        node(ExprKind::Window(Box::new(window)))
    };
    let binary = |operator, left, right| node(ExprKind::Binary(operator, Box::new(left), Box::new(right)));
    let rows = node(ExprKind::Number(window.function.number().unwrap_or_default().to_string()));
    let place = of(WindowFunction::RowNumber, window.order.clone());
    let has_row = match window.function {
        WindowFunction::Lag(_) => binary(Binary::Compare(Comparison::Greater), place, rows),
        _ => {
            let all = of(WindowFunction::Aggregate(COUNT_ROW), vec![]);
            let behind = binary(Binary::Arithmetic(Arithmetic::Subtract), all, place);
            binary(Binary::Compare(Comparison::GreaterOrEqual), behind, rows)
        }
    };
    node(ExprKind::Call("if".into(), vec![has_row, value, default.clone()]))
}

/// The first window in an expression.
pub(super) fn first_window(expr: &Expr) -> Option<&Expr> {
    match expr.kind {
        ExprKind::Window(_) => Some(expr),
        _ => expr.parts().into_iter().find_map(first_window),
    }
}

/// Refuses windows in what is computed before them.
pub(super) fn check_none<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Result<(), QueryError> {
    match exprs.into_iter().find_map(first_window) {
        Some(window) => Err(QueryError { span: window.span, kind: MISPLACED }),
        None => Ok(()),
    }
}

/// The windows of a SELECT, each once.
#[derive(Default)]
pub(super) struct Windows(Vec<(Span, Window)>);

impl Windows {
    /// Puts columns in the place of the windows of what is selected. Aliases of earlier items stand for these there.
    pub(super) fn take_items(&mut self, items: &mut [Item]) -> Result<(), QueryError> {
        for at in 0..items.len() {
            let (before, rest) = items.split_at_mut(at);
            if let Some(item) = rest.first_mut() {
                self.take(&mut item.expr, before)?;
            }
        }
        Ok(())
    }

    /// Puts columns in the place of the windows of ORDER BY.
    pub(super) fn take_order(
        &mut self,
        order: &mut [(Expr, Direction)],
        items: &[Item],
        is_distinct: bool,
    ) -> Result<(), QueryError> {
        for (key, _) in order {
            let (span, known) = (key.span, self.0.len());
            self.take(key, items)?;
            if is_distinct && self.0.len() > known {
                let rule = "behind SELECT DISTINCT takes columns that are selected";
                return Err(QueryError {
                    span,
                    kind: QueryErrorKind::Misplaced { command: "ORDER BY", rule },
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, expr: &mut Expr, before: &[Item]) -> Result<(), QueryError> {
        if is_aggregate(expr) {
            return check_none(expr.parts());
        }
        let ExprKind::Window(window) = &mut expr.kind else {
            return expr.parts_mut().into_iter().try_for_each(|part| self.take(part, before));
        };
        let mut window = (**window).clone();
        window.parts_mut().for_each(|part| stand_in(part, before));
        let known = self.0.iter().position(|(_, known)| *known == window);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            if at == WINDOWS_MAX {
                let kind = QueryErrorKind::TooMany { command: "OVER", max: WINDOWS_MAX };
                return Err(QueryError { span: expr.span, kind });
            }
            self.0.push((expr.span, window));
        }
        *expr = Expr::new(expr.span, ExprKind::Field(format!("{HIDDEN}{at}")));
        Ok(())
    }

    /// What they read.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().flat_map(|(_, window)| window.parts())
    }

    /// A command for each.
    pub(super) fn commands(self) -> impl Iterator<Item = Command> {
        self.0.into_iter().enumerate().map(|(at, (span, window))| Command {
            span,
            kind: CommandKind::Window { name: format!("{HIDDEN}{at}"), window },
        })
    }
}

/// Whether an expression reads the column of a window.
pub(super) fn reads_window(expr: &Expr) -> bool {
    is_window_column(expr) || expr.parts().into_iter().any(reads_window)
}

/// Whether it is the column of a window.
pub(super) fn is_window_column(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Field(name) if name.starts_with(HIDDEN))
}

/// Puts earlier items in the place of their aliases.
fn stand_in(expr: &mut Expr, before: &[Item]) {
    if let ExprKind::Field(name) = &expr.kind
        && let Some(item) = before.iter().rev().find(|item| item.alias.as_ref() == Some(name))
    {
        *expr = Expr::new(expr.span, item.expr.kind.clone());
        return;
    }
    expr.parts_mut().into_iter().for_each(|part| stand_in(part, before));
}
