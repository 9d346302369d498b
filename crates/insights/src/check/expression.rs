//! Expressions: constants folded, functions and aggregates found in their tables, patterns compiled.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Checker, refuse};
use crate::aggregate::{DIFFERENT, aggregate_named};
use crate::bind::{Bound, ValueSet};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::UNMASK;
use crate::functions::{Call, Function, Special, function_named, hint};
use crate::period::Period;
use crate::plan::{Expr, Find, Pattern, QueryFact, Type, Warning};
use crate::syntax::{self, ABSENT, Binary, ExprKind, Item};
use crate::value::{Number, Value, parse_number};

impl Checker {
    /// The item's expression, its period moved by `offset`.
    pub(super) fn item(&mut self, item: &Item) -> Result<Expr, QueryError> {
        let expr = self.expr(&item.expr)?;
        let Some(offset) = &item.offset else { return Ok(expr) };
        let (period, _) = self.period(offset)?;
        match (expr, period.fixed_ms()) {
            (Expr::Round { time, period, is_up, .. }, Some(offset_ms)) => {
                Ok(Expr::Round { time, period, offset_ms, is_up })
            }
            _ => Err(refuse(
                offset.span,
                QueryErrorKind::Misplaced { command: "offset", rule: "moves the borders of bin only" },
            )),
        }
    }

    pub(super) fn expr(&mut self, expr: &syntax::Expr) -> Result<Expr, QueryError> {
        if let Some(column) = self.known_column(expr) {
            return Ok(column);
        }
        let boxed = |checker: &mut Self, inner: &syntax::Expr| checker.expr(inner).map(Box::new);
        Ok(match &expr.kind {
            ExprKind::Number(text) => Expr::Literal(number(text)),
            ExprKind::Text(text) => Expr::Literal(Value::text(text)),
            ExprKind::Field(name) => return self.field(name, expr.span),
            ExprKind::Call(name, arguments) => return self.call(name, arguments, expr.span),
            ExprKind::Part { value, path } => Expr::Part { value: boxed(self, value)?, path: path.clone() },
            ExprKind::Bool(is_true) => Expr::Literal(Value::Bool(*is_true)),
            ExprKind::Negate(inner) => negate(self.expr(inner)?),
            ExprKind::Not(inner) => Expr::Not(boxed(self, inner)?),
            ExprKind::Binary(operator, left, right) => {
                let (mut left, mut right) = (boxed(self, left)?, boxed(self, right)?);
                if let Binary::Compare(_) = operator {
                    if self.is_time(&left) {
                        as_time(&mut right);
                    } else if self.is_time(&right) {
                        as_time(&mut left);
                    }
                }
                binary(*operator, left, right)
            }
            ExprKind::Like { value, pattern, is_negated } => {
                let value = boxed(self, value)?;
                match &pattern.kind {
                    ExprKind::Regex(text) => {
                        let pattern = compile(text, pattern.span)?;
                        Expr::Matches { value, pattern, is_negated: *is_negated }
                    }
                    ExprKind::Text(text) => {
                        Expr::Contains { value, text: text.clone(), is_negated: *is_negated }
                    }
                    _ => return Err(wanted(pattern, "a string or a regular expression")),
                }
            }
            ExprKind::InQuery { value, query, is_negated } => return self.among(value, query, *is_negated),
            ExprKind::Subquery { query, asked } => return self.subquery(query, *asked, expr.span),
            ExprKind::Answer { key, query, otherwise } => return self.answer(key, query, otherwise),
            ExprKind::Window(_) => return Err(refuse(expr.span, super::window::MISPLACED)),
            ExprKind::In { value, list, is_negated } => {
                let value = boxed(self, value)?;
                let mut list = list.iter().map(|item| self.expr(item)).collect::<Result<Vec<_>, _>>()?;
                if self.is_time(&value) {
                    list.iter_mut().for_each(as_time);
                }
                membership(value, list, *is_negated)
            }
            ExprKind::Regex(_) => {
                return Err(wanted(expr, "a value; a regular expression belongs behind like or =~"));
            }
            ExprKind::Period(_) => {
                return Err(wanted(expr, "a value; a period belongs in bin, datefloor or dateceil"));
            }
            ExprKind::Star => return Err(wanted(expr, "a value; * belongs in count(*)")),
        })
    }

    /// The column that holds this very expression, if an earlier command, or the `by` of this one, made one.
    fn known_column(&self, expr: &syntax::Expr) -> Option<Expr> {
        let is_made = matches!(expr.kind, ExprKind::Call(..) | ExprKind::Part { .. } | ExprKind::Binary(..));
        if self.inside_aggregate.is_some() || !is_made {
            return None;
        }
        let text = expr.to_string();
        if let Some(stats) = &self.stats {
            return stats.group(&text);
        }
        let (_, column) = self.known.iter().rev().find(|(known, _)| *known == text)?;
        Some(Expr::Field(column.clone()))
    }

    /// Whether the expression is known to be a time.
    pub(super) fn is_time(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Round { .. } => true,
            Expr::Call { function, .. } => function.result == Type::Time,
            Expr::Field(name) => {
                let is_system = ["@timestamp", "@ingestionTime"].contains(&name.as_str());
                self.times.contains(name) || (is_system && self.groups.is_none())
            }
            _ => false,
        }
    }

    fn field(&mut self, name: &str, span: Span) -> Result<Expr, QueryError> {
        if name == ABSENT {
            return Ok(Expr::Literal(Value::Null));
        }
        if let Some(stats) = self.stats.as_ref().filter(|_| self.inside_aggregate.is_none()) {
            return stats
                .column(name)
                .ok_or_else(|| refuse(span, QueryErrorKind::NotAggregated(name.into())));
        }
        Ok(match name.to_ascii_lowercase().as_str() {
            // Assumption: the words true and false are values, as in JSON.
            "true" => Expr::Literal(Value::Bool(true)),
            "false" => Expr::Literal(Value::Bool(false)),
            _ => self.sided(name).or_else(|| self.part(name)).unwrap_or_else(|| Expr::Field(name.into())),
        })
    }

    /// The part of a list or map that a name with dots leads into, if an earlier command made one.
    fn part(&self, name: &str) -> Option<Expr> {
        let mut ends = name.match_indices('.').map(|(at, _)| at);
        let end = ends.rfind(|end| self.nested.contains(&name[..*end]))?;
        let path = name[end + 1..].split('.').map(str::to_owned).collect();
        Some(Expr::Part { value: Box::new(Expr::Field(name[..end].into())), path })
    }

    /// An expression by whose values rows are ordered or told apart, which lists and maps do not allow.
    pub(super) fn plain(&mut self, expr: &syntax::Expr, command: &'static str) -> Result<Expr, QueryError> {
        let checked = self.expr(expr)?;
        self.check_plain(&checked, expr.span, command)?;
        Ok(checked)
    }

    /// Refuses a list or map.
    pub(super) fn check_plain(
        &self,
        expr: &Expr,
        span: Span,
        command: &'static str,
    ) -> Result<(), QueryError> {
        let rule = "takes no list or map; name a part of it";
        match self.is_whole(expr) {
            true => Err(refuse(span, QueryErrorKind::Misplaced { command, rule })),
            false => Ok(()),
        }
    }

    /// Whether the expression is a list or map itself, not a part that may be anything.
    fn is_whole(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Call { function, .. } => function.result == Type::Json,
            Expr::Find { find, .. } => find.result() == Type::Json,
            Expr::Field(name) => self.whole.contains(name),
            _ => false,
        }
    }

    /// Notes what a name stands for from here on.
    pub(super) fn name(&mut self, name: &str, expr: &Expr) {
        let is_nested = self.is_whole(expr)
            || matches!(expr, Expr::Part { .. })
            || matches!(expr, Expr::Field(field) if self.nested.contains(field));
        let (is_whole, is_time) = (self.is_whole(expr), self.is_time(expr));
        note(&mut self.times, name, is_time);
        note(&mut self.nested, name, is_nested);
        note(&mut self.whole, name, is_whole);
    }

    fn call(&mut self, name: &str, arguments: &[syntax::Expr], span: Span) -> Result<Expr, QueryError> {
        if let Some(row) = aggregate_named(name) {
            return self.aggregate((row, name.starts_with(DIFFERENT)), arguments, span);
        }
        let Some(function) = function_named(name) else {
            return Err(refuse(span, QueryErrorKind::UnknownFunction(name.into(), hint(name))));
        };
        if !(function.parameters.min..=function.parameters.max).contains(&arguments.len()) {
            return Err(wrong_arguments(function.shown(), function.parameters.text, span));
        }
        if function.name == UNMASK {
            self.limited.push((UNMASK, span));
        }
        match function.call {
            Call::Special(special) => self.special(special, function, arguments, span),
            Call::Values(_) => Ok(Expr::Call { function, arguments: self.all(arguments)? }),
        }
    }

    fn special(
        &mut self,
        special: Special,
        function: &'static Function,
        arguments: &[syntax::Expr],
        span: Span,
    ) -> Result<Expr, QueryError> {
        Ok(match special {
            Special::Bin => self.bin(&arguments[0], span)?,
            Special::DateFloor => self.round(&arguments[0], &arguments[1], false)?,
            Special::DateCeil => self.round(&arguments[0], &arguments[1], true)?,
            Special::IsPresent => Expr::IsPresent(Box::new(self.expr(&arguments[0])?)),
            Special::Coalesce => Expr::Coalesce(self.all(arguments)?),
            Special::If | Special::Case => self.case(function, arguments)?,
            Special::RegexReplace => self.replace(arguments)?,
            Special::RegexFind => self.find(function, arguments)?,
            Special::Now => Expr::Query(QueryFact::Now),
            Special::QueryStart => Expr::Query(QueryFact::StartTime),
            Special::QueryEnd => Expr::Query(QueryFact::EndTime),
            Special::QueryRange => Expr::Query(QueryFact::TimeRange),
        })
    }

    /// `bin` always reads `@timestamp`, which no row has behind `stats`.
    fn bin(&mut self, period: &syntax::Expr, span: Span) -> Result<Expr, QueryError> {
        if self.stats.is_some() && self.inside_aggregate.is_none() {
            return Err(refuse(span, QueryErrorKind::NotAggregated("bin".into())));
        }
        let (period, _) = self.period(period)?;
        let time = Box::new(Expr::Field("@timestamp".into()));
        Ok(Expr::Round { time, period, offset_ms: 0, is_up: false })
    }

    fn round(&mut self, time: &syntax::Expr, period: &syntax::Expr, is_up: bool) -> Result<Expr, QueryError> {
        let time = Box::new(self.expr(time)?);
        let (period, _) = self.period(period)?;
        Ok(Expr::Round { time, period, offset_ms: 0, is_up })
    }

    fn case(&mut self, function: &'static Function, arguments: &[syntax::Expr]) -> Result<Expr, QueryError> {
        debug_assert!(arguments.len() >= function.parameters.min);
        let mut values = self.all(arguments)?;
        let otherwise = if values.len() % 2 == 1 { values.pop() } else { None };
        let mut branches = vec![];
        let mut values = values.into_iter();
        while let (Some(condition), Some(value)) = (values.next(), values.next()) {
            branches.push((condition, value));
        }
        Ok(Expr::Case { branches, otherwise: Box::new(otherwise.unwrap_or(Expr::Literal(Value::Null))) })
    }

    /// The pattern and the replacement are constants, so that the pattern is compiled once.
    fn replace(&mut self, arguments: &[syntax::Expr]) -> Result<Expr, QueryError> {
        let value = Box::new(self.expr(&arguments[0])?);
        let pattern = match &arguments[1].kind {
            ExprKind::Text(text) | ExprKind::Regex(text) => compile(text, arguments[1].span)?,
            _ => return Err(wanted(&arguments[1], "a regular expression")),
        };
        let ExprKind::Text(replacement) = &arguments[2].kind else {
            return Err(wanted(&arguments[2], "a string"));
        };
        Ok(Expr::Replace { value, pattern, replacement: groups_by_dollar(replacement) })
    }

    /// The pattern and the number behind it are constants.
    fn find(&mut self, function: &'static Function, arguments: &[syntax::Expr]) -> Result<Expr, QueryError> {
        let value = Box::new(self.expr(&arguments[0])?);
        let ExprKind::Text(text) = &arguments[1].kind else {
            return Err(wanted(&arguments[1], "a regular expression"));
        };
        let pattern = compile(text, arguments[1].span)?;
        let number = match arguments.get(2) {
            Some(argument) => match self.expr(argument)? {
                Expr::Literal(Value::Int(number)) => Some(number),
                _ => return Err(wanted(argument, "a whole number")),
            },
            None => None,
        };
        let group = || {
            let last = pattern.0.captures_len() as i64 - 1;
            let group = number.unwrap_or(1);
            let is_group = (0..=last).contains(&group);
            is_group.then_some(group as u32).ok_or_else(|| match arguments.get(2) {
                Some(argument) => wanted(argument, "the number of a group"),
                None => wanted(&arguments[1], "a regular expression with a group"),
            })
        };
        let find = match function.shown() {
            "regexp_count" => Find::Count,
            "regexp_instr" => Find::Place,
            "regexp_substr" => Find::Match,
            "regexp_extract" => Find::Group(group()?),
            "regexp_extract_all" => Find::Groups(group()?),
            _ => Find::Between(number.and_then(|most| u32::try_from(most).ok()).filter(|most| *most > 0)),
        };
        Ok(Expr::Find { value, pattern, find })
    }

    pub(super) fn period(&mut self, expr: &syntax::Expr) -> Result<(Period, Span), QueryError> {
        let ExprKind::Period(text) = &expr.kind else { return Err(wanted(expr, "a period such as 5m")) };
        let parsed = Period::parse(text);
        let Some((period, is_capped)) = parsed else {
            return Err(refuse(expr.span, QueryErrorKind::BadPeriod(text.clone())));
        };
        if is_capped {
            self.warnings.push(Warning::PeriodCapped { text: text.clone() });
        }
        Ok((period, expr.span))
    }

    fn all(&mut self, exprs: &[syntax::Expr]) -> Result<Vec<Expr>, QueryError> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }
}

pub(crate) fn compile(text: &str, span: Span) -> Result<Pattern, QueryError> {
    Pattern::new(text).map_err(|error| {
        // The crate's message repeats the pattern over several lines; its last line says what is wrong.
        let message = error.to_string();
        let why = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
        refuse(span, QueryErrorKind::BadRegex(why))
    })
}

/// The replacement as the pattern library writes it: RE2's `\1` is `${1}`, and a dollar is just a dollar.
fn groups_by_dollar(replacement: &str) -> String {
    let mut text = String::new();
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('$', _) => text.push_str("$$"),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                text.push_str(&format!("${{{digit}}}"));
                chars.next();
            }
            _ => text.push(c),
        }
    }
    text
}

fn note(names: &mut BTreeSet<String>, name: &str, is_in: bool) {
    match is_in {
        true => names.insert(name.to_owned()),
        false => names.remove(name),
    };
}

pub(super) fn wanted(expr: &syntax::Expr, wanted: &'static str) -> QueryError {
    refuse(expr.span, QueryErrorKind::Expected { wanted, found: expr.to_string() })
}

pub(super) fn wrong_arguments(function: &'static str, wanted: &str, span: Span) -> QueryError {
    refuse(span, QueryErrorKind::WrongArguments { function, wanted: wanted.into() })
}

fn number(text: &str) -> Value {
    match parse_number(text) {
        Some(Number::Int(number)) => Value::Int(number),
        Some(Number::Float(number)) => Value::Float(number),
        None => Value::text(text),
    }
}

/// Values of a list that are compared one by one, so that readers can skip what cannot match.
const ALTERNATIVES_MAX: usize = 64;

/// Whether a value is in a list: one look into a set, if that is long and the same for all rows.
fn membership(value: Box<Expr>, list: Vec<Expr>, is_negated: bool) -> Expr {
    let constant = |item: &Expr| match item {
        Expr::Literal(value) => Some(value.clone()),
        _ => None,
    };
    let constants: Option<ValueSet> =
        if list.len() > ALTERNATIVES_MAX { list.iter().map(constant).collect() } else { None };
    match constants {
        Some(among) => Expr::Among { value, among: Bound::Here(Arc::new(among)), is_negated },
        None => Expr::In { value, list, is_negated },
    }
}

/// A text beside a time is the time that it tells, as results print it (Assumption: AWS does not say); another text stays.
fn as_time(expr: &mut Expr) {
    let Expr::Literal(Value::Text(text)) = expr else { return };
    let time =
        function_named("sql to_timestamp").map(|function| function.value(&[Value::text(text.as_str())]));
    if let (Some(time @ Value::Time(_)), None) = (time, parse_number(text)) {
        *expr = Expr::Literal(time);
    }
}

fn negate(inner: Expr) -> Expr {
    match inner {
        Expr::Literal(Value::Int(number)) => Expr::Literal(Value::Int(-number)),
        Expr::Literal(Value::Float(number)) => Expr::Literal(Value::Float(-number)),
        inner => Expr::Negate(Box::new(inner)),
    }
}

fn binary(operator: Binary, left: Box<Expr>, right: Box<Expr>) -> Expr {
    match operator {
        Binary::Or => Expr::Or(left, right),
        Binary::And => Expr::And(left, right),
        Binary::Compare(operator) => Expr::Compare { operator, left, right },
        Binary::Arithmetic(operator) => Expr::Arithmetic { operator, left, right },
    }
}
