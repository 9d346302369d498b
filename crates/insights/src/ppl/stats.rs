//! Commands that look at groups of rows: `stats`, `eventstats`, `top`, `rare`, `fieldsummary`, `trendline`.
//!
//! Assumptions, where the guide is silent: a column without a name of its own has that which is written, without back-quotes;
//! rows of `top` and `rare` come in the order of what they are grouped by, those that are as frequent in the order of their
//! values; rows without one of the values are not counted; weeks of `span` begin with the epoch, as windows of Spark do, and
//! months, quarters and years are the calendar's.

use std::cmp::Reverse;

use super::function::{AGGREGATES, aggregate_called, is_float};
use super::node::{all_present, at_most, binary, field, number, text};
use super::parser::{Parser, named};
use super::rows::numbered;
use crate::aggregate::aggregate_named;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::period::Period;
use crate::plan::{Arithmetic, Comparison, Direction};
use crate::sql::function::{absent, as_time, called, not_implemented};
use crate::syntax::{Binary, CommandKind, Expr, ExprKind, Item, Window};
use crate::window::{FRAME_MAX, Frame, FrameEnd, FrameUnit, WindowFunction};

/// Rows that `top` and `rare` give for each group unless told.
const TOP_ROWS: u32 = 10;

/// Aggregates of other PPLs, which are not here.
const REFUSED: &[&str] =
    &["earliest", "first", "last", "latest", "list", "take", "values", "var_pop", "var_samp"];

/// An aggregate as it is written.
struct Measure {
    /// Its name in the query language, and what it takes.
    name: &'static str,
    arguments: Vec<Expr>,
    /// Whether the root of it is meant.
    is_root: bool,
    column: String,
    span: Span,
}

/// What rows are grouped by.
struct Group {
    expr: Expr,
    column: String,
    is_span: bool,
    has_alias: bool,
    span: Span,
}

impl Parser<'_> {
    /// `stats count(), sum(a) as s by span(@timestamp, 1h) as t, b`
    pub(super) fn stats(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let measures = list(self, Self::measure)?;
        let mut groups = self.groups()?;
        // The span is the first key wherever it stands.
        groups.sort_by_key(|group| !group.is_span);
        let floats: Vec<String> =
            measures.iter().filter(|measure| measure.is_float(self)).map(|it| it.column.clone()).collect();
        let names = measures.iter().map(|it| &it.column).chain(groups.iter().map(|it| &it.column));
        let columns: Vec<String> = names.cloned().collect();
        let items = measures.into_iter().map(Measure::item).collect();
        let groups = groups.into_iter().map(Group::item).collect();
        self.push(CommandKind::Stats { items, groups, sets: vec![] }, span);
        self.scope.group(columns);
        floats.iter().for_each(|name| self.scope.note_float(name));
        Ok(())
    }

    fn measure(&mut self) -> Result<Measure, QueryError> {
        let start = self.span;
        let Token::Name { text: name, is_quoted: false } = self.token.clone() else {
            return Err(self.expected("an aggregate such as count()"));
        };
        if !self.is_before("(")? {
            return Err(self.expected("an aggregate such as count()"));
        }
        self.advance()?;
        self.need_symbol("(")?;
        let mut arguments = vec![];
        if self.token == Token::Symbol("*") {
            arguments.push(Expr::new(self.advance()?, ExprKind::Star));
        } else if self.token != Token::Symbol(")") {
            arguments.push(self.value()?);
            while self.take_symbol(",")? {
                arguments.push(self.value()?);
            }
        }
        self.need_symbol(")")?;
        let span = self.since(start);
        let column = self.as_column(span);
        let column = if self.take_word("as")? { self.name()? } else { column };
        let known = aggregate_called(&name);
        let Some((known, inside)) = AGGREGATES.iter().find(|(row, _)| Some(*row) == known) else {
            let is_refused = REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused));
            return Err(match is_refused {
                true => not_implemented("aggregate", &name, span),
                false => QueryError { span, kind: QueryErrorKind::UnknownFunction(name, None) },
            });
        };
        let most = if *inside == "# percentile" { 2 } else { 1 };
        let least = if *known == "count" { 0 } else { most };
        if !(least..=most).contains(&arguments.len()) {
            let wanted = if most == 2 { "a field and a percentage from 0 to 100" } else { "a field" }.into();
            return Err(QueryError {
                span,
                kind: QueryErrorKind::WrongArguments { function: known, wanted },
            });
        }
        Ok(Measure { name: inside, arguments, is_root: *known == "stddev_pop", column, span })
    }

    /// What stands behind `by`, if it is there.
    fn groups(&mut self) -> Result<Vec<Group>, QueryError> {
        let groups = if self.take_word("by")? { list(self, Self::group)? } else { vec![] };
        match groups.iter().filter(|group| group.is_span).nth(1) {
            Some(Group { span, .. }) => {
                let kind = QueryErrorKind::Misplaced { command: "span", rule: "stands only once behind by" };
                Err(QueryError { span: *span, kind })
            }
            None => Ok(groups),
        }
    }

    fn group(&mut self) -> Result<Group, QueryError> {
        let start = self.span;
        let is_span = self.token.is_word("span") && self.is_before("(")?;
        let expr = if is_span { self.time_span()? } else { self.value()? };
        let written = match &expr.kind {
            ExprKind::Field(name) => name.clone(),
            _ => self.as_column(self.since(start)),
        };
        let has_alias = self.take_word("as")?;
        let column = if has_alias { self.name()? } else { written };
        Ok(Group { expr, column, is_span, has_alias, span: self.since(start) })
    }

    /// `span(field, 10)`, `span(field, 1h)`: where the span of this length begins that the value is in.
    fn time_span(&mut self) -> Result<Expr, QueryError> {
        let start = self.advance()?;
        self.need_symbol("(")?;
        let value = self.value()?;
        self.need_symbol(",")?;
        let at = self.span;
        let (count, unit) = match &self.token {
            Token::Number(text) => (text.clone(), String::new()),
            Token::Period(text) => {
                let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                (text[..digits].to_owned(), text[digits..].to_owned())
            }
            _ => return Err(self.expected("a length such as 10 or 1h")),
        };
        self.advance()?;
        let mut unit = unit;
        if unit.is_empty()
            && let Token::Name { text, is_quoted: false } = self.token.clone()
        {
            unit = text;
            self.advance()?;
        }
        self.need_symbol(")")?;
        let span = self.since(start);
        match unit.is_empty() {
            true => numbers(value, &count, at, span),
            false => times(value, &count, &unit, at, span),
        }
    }

    /// `eventstats avg(a) as m by b`: columns with the aggregates of each row's group.
    pub(super) fn eventstats(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let measures = list(self, Self::measure)?;
        let groups = self.groups()?;
        let mut partition = vec![];
        for Group { expr, column, has_alias, .. } in groups {
            partition.push(if has_alias { field(&column, span) } else { expr.clone() });
            if has_alias {
                self.assign(column, expr, span);
            }
        }
        let mut columns = vec![];
        for measure in measures {
            let (aside, is_float) = (self.hidden_name(), measure.is_float(self));
            let window = measure.window(partition.clone())?;
            self.push(CommandKind::Window { name: aside.clone(), window }, span);
            let value = field(&aside, span);
            let value = if measure.is_root { called("sqrt", vec![value], span) } else { value };
            columns.push((measure.column, value, is_float));
        }
        for (name, value, is_float) in columns {
            self.assign(name.clone(), value, span);
            if is_float {
                self.scope.note_float(&name);
            }
        }
        Ok(())
    }

    /// `top [rows] a, b [by c]`
    pub(super) fn top(&mut self) -> Result<(), QueryError> {
        self.most_frequent(Direction::Descending)
    }

    /// `rare [rows] a, b [by c]`
    pub(super) fn rare(&mut self) -> Result<(), QueryError> {
        self.most_frequent(Direction::Ascending)
    }

    fn most_frequent(&mut self, direction: Direction) -> Result<(), QueryError> {
        let span = self.advance()?;
        let command = if direction == Direction::Descending { "top" } else { "rare" };
        let rows = if let Token::Number(_) = self.token { self.count(command, 1)? } else { TOP_ROWS };
        let fields = list(self, Self::field)?;
        let groups = if self.take_word("by")? { list(self, Self::field)? } else { vec![] };
        let values: Vec<Expr> = fields.iter().map(|(_, value)| value.clone()).collect();
        self.push(CommandKind::Filter(all_present(&values, span)), span);
        let (count, place) = (self.hidden_name(), self.hidden_name());
        let counted = Item { expr: called("count", vec![], span), ..named(&count, span) };
        let keys = groups.iter().chain(&fields);
        let keys = keys.map(|(name, value)| Item { expr: value.clone(), ..named(name, span) }).collect();
        self.push(CommandKind::Stats { items: vec![counted], groups: keys, sets: vec![] }, span);
        let ascending = |(name, _): &(String, Expr)| (field(name, span), Direction::Ascending);
        let mut order = vec![(field(&count, span), direction)];
        order.extend(fields.iter().map(ascending));
        let partition = groups.iter().map(|(name, _)| field(name, span)).collect();
        let window = numbered(partition, order.clone());
        self.push(CommandKind::Window { name: place.clone(), window }, span);
        self.push(CommandKind::Filter(at_most(&place, rows, span)), span);
        let order = groups.iter().map(ascending).chain(order).collect();
        self.push(CommandKind::Sort(order), span);
        self.scope.group(groups.into_iter().chain(fields).map(|(name, _)| name).collect());
        Ok(())
    }

    /// `fieldsummary includefields=a nulls=true`: one row of statistics.
    pub(super) fn fieldsummary(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        self.need_word("includefields")?;
        self.need_symbol("=")?;
        let at = self.span;
        let fields = list(self, Self::field)?;
        let takes_nulls = self.flag("nulls")?.unwrap_or(false);
        let [(name, value)] = &fields[..] else {
            let rule = "takes one field in CloudWatch Logs";
            let kind = QueryErrorKind::Misplaced { command: "fieldsummary", rule };
            return Err(QueryError { span: self.since(at), kind });
        };
        let call = |name: &str, of: &Expr| called(name, vec![of.clone()], span);
        // What is absent counts as zero then.
        let numbers = match takes_nulls {
            true => called("coalesce", vec![value.clone(), number(0, span)], span),
            false => value.clone(),
        };
        let (aside, max) = (self.hidden_name(), self.hidden_name());
        let absent_rows = called("if", vec![call("ispresent", value), absent(span), number(1, span)], span);
        let columns = [
            ("COUNT", call("count", value)),
            ("COUNT_DISTINCT", call("count_distinct", value)),
            ("MIN", call("min", value)),
            ("MAX", call("max", value)),
            ("AVG", call("avg", &numbers)),
            ("MEAN", call("avg", &numbers)),
            ("STDDEV", call("stddev", &numbers)),
            ("Nulls", call("count", &absent_rows)),
            (&max, call("max", value)),
        ];
        let items = columns.map(|(name, expr)| Item { expr, ..named(name, span) }).to_vec();
        self.push(CommandKind::Stats { items, groups: vec![], sets: vec![] }, span);
        let of = vec![
            ("Fields".to_owned(), text(name, span)),
            (aside.clone(), call("ppl typeof", &field(&max, span))),
        ];
        self.extend(of, span);
        self.extend(vec![("TYPEOF".to_owned(), field(&aside, span))], span);
        let shown =
            ["Fields", "COUNT", "COUNT_DISTINCT", "MIN", "MAX", "AVG", "MEAN", "STDDEV", "Nulls", "TYPEOF"];
        self.scope.group(shown.map(String::from).to_vec());
        ["AVG", "MEAN", "STDDEV"].iter().for_each(|name| self.scope.note_float(name));
        Ok(())
    }

    /// `trendline [sort a] sma(2, b) as c sma(3, b)`: means of so many rows up to each.
    pub(super) fn trendline(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        if self.take_word("sort")? {
            let key = self.sort_key()?;
            self.push(CommandKind::Sort(vec![key]), span);
        }
        loop {
            self.trend(span)?;
            if !self.take_symbol(",")? && !self.token.is_word("sma") && !self.token.is_word("wma") {
                return Ok(());
            }
        }
    }

    fn trend(&mut self, span: Span) -> Result<(), QueryError> {
        if self.token.is_word("wma") {
            return Err(not_implemented("trendline", "wma", self.span));
        }
        self.need_word("sma")?;
        self.need_symbol("(")?;
        let at = self.span;
        let rows = self.count("sma", 1)?;
        if u64::from(rows) > FRAME_MAX + 1 {
            let kind = QueryErrorKind::Expected { wanted: "at most 10001 rows", found: rows.to_string() };
            return Err(QueryError { span: at, kind });
        }
        self.need_symbol(",")?;
        let (name, value) = self.field()?;
        self.need_symbol(")")?;
        let column = if self.take_word("as")? { self.name()? } else { format!("{name}_trendline") };
        let before = u64::from(rows - 1);
        let start = if before == 0 { FrameEnd::Current } else { FrameEnd::Before(Reverse(before)) };
        let frame = Frame { unit: FrameUnit::Rows, start, end: FrameEnd::Current };
        let mut over = |name: &str, argument| {
            let aside = self.hidden_name();
            let row = aggregate_named(name).map(WindowFunction::Aggregate);
            let function = row.ok_or_else(|| not_implemented("aggregate", name, span))?;
            let frame = Some(frame);
            let window =
                Window { function, argument, partition: vec![], order: vec![], frame, ignores_nulls: false };
            self.push(CommandKind::Window { name: aside.clone(), window }, span);
            Ok::<_, QueryError>(aside)
        };
        let (mean, count) = (over("avg", Some(value))?, over("count", None)?);
        let is_whole = binary(
            Binary::Compare(Comparison::GreaterOrEqual),
            field(&count, span),
            number(rows, span),
            span,
        );
        let value = called("if", vec![is_whole, field(&mean, span), absent(span)], span);
        self.assign(column.clone(), value, span);
        self.scope.note_float(&column);
        Ok(())
    }
}

impl Measure {
    fn is_float(&self, parser: &Parser<'_>) -> bool {
        match self.name {
            "avg" | "stddev" | "variance" => true,
            "count" | "count_distinct" => false,
            _ => self.arguments.first().is_some_and(|argument| is_float(argument, &parser.scope)),
        }
    }

    fn item(self) -> Item {
        let call = called(self.name, self.arguments, self.span);
        let expr = if self.is_root { called("sqrt", vec![call], self.span) } else { call };
        Item { expr, alias: Some(self.column.clone()), text: self.column, offset: None }
    }

    /// The aggregate of all rows of a partition.
    fn window(&self, partition: Vec<Expr>) -> Result<Window, QueryError> {
        if self.name == "count" {
            let rule = "is not taken by eventstats in CloudWatch Logs";
            return Err(QueryError {
                span: self.span,
                kind: QueryErrorKind::Misplaced { command: "count", rule },
            });
        }
        let row = aggregate_named(self.name).filter(|row| crate::window::is_running(row.aggregate));
        let function = row.map(WindowFunction::Aggregate);
        let function =
            function.ok_or_else(|| not_implemented("aggregate of eventstats", &self.column, self.span))?;
        let argument = self.arguments.first().cloned();
        Ok(Window { function, argument, partition, order: vec![], frame: None, ignores_nulls: false })
    }
}

impl Group {
    fn item(self) -> Item {
        Item { expr: self.expr, alias: None, text: self.column, offset: None }
    }
}

/// Where the span of numbers begins.
fn numbers(value: Expr, length: &str, at: Span, span: Span) -> Result<Expr, QueryError> {
    let is_length = length.parse::<f64>().is_ok_and(|length| length > 0.0 && length.is_finite());
    if !is_length {
        let kind = QueryErrorKind::Expected { wanted: "a length above 0", found: length.to_owned() };
        return Err(QueryError { span: at, kind });
    }
    let length = Expr::new(at, ExprKind::Number(length.to_owned()));
    let parts = binary(Binary::Arithmetic(Arithmetic::Divide), value, length.clone(), span);
    Ok(binary(Binary::Arithmetic(Arithmetic::Multiply), called("floor", vec![parts], span), length, span))
}

/// Units of `span`, and those of periods; `M` is a month, `m` a minute.
const UNITS: &[(&str, &str)] = &[
    ("ms", "ms"),
    ("s", "s"),
    ("m", "m"),
    ("h", "h"),
    ("d", "d"),
    ("w", "w"),
    ("M", "mo"),
    ("q", "q"),
    ("y", "y"),
    ("millisecond", "ms"),
    ("second", "s"),
    ("minute", "m"),
    ("hour", "h"),
    ("day", "d"),
    ("week", "w"),
    ("month", "mo"),
    ("quarter", "q"),
    ("year", "y"),
];

/// Where the span of time begins.
fn times(value: Expr, count: &str, unit: &str, at: Span, span: Span) -> Result<Expr, QueryError> {
    let known =
        |is_it: &dyn Fn(&str) -> bool| UNITS.iter().find(|(name, _)| is_it(name)).map(|(_, unit)| *unit);
    // Only `m` and `M` differ.
    let unit_meant =
        known(&|name| name == unit).or_else(|| known(&|name| name != "M" && name.eq_ignore_ascii_case(unit)));
    let written = format!("{count}{unit}");
    let bad = || QueryError { span: at, kind: QueryErrorKind::BadPeriod(written.clone()) };
    let period = format!("{count}{}", unit_meant.ok_or_else(bad)?);
    let (_, is_capped) = Period::parse(&period).ok_or_else(bad)?;
    let time = as_time(&value, span);
    if !is_capped && unit_meant != Some("w") {
        return Ok(called("datefloor", vec![time, Expr::new(at, ExprKind::Period(period))], span));
    }
    let length = Period::length_ms(&period).ok_or_else(bad)?;
    let length = text(&format!("{length} milliseconds"), at);
    Ok(called("sql window_start", vec![time, called("sql interval", vec![length], at)], span))
}
