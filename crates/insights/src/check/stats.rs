//! `stats`: splits arithmetic over aggregates into the aggregates and an expression over their results.

use super::expression::{wanted, wrong_arguments};
use super::{Checker, Dialect, refuse};
use crate::aggregate::{Aggregate, AggregateRow, BUCKETS_MAX};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::{AggregateCall, Column, Direction, Expr, SortKey, Stats, Step, Type};
use crate::syntax::{self, ExprKind, Item};
use crate::value::Value;

const TOPK: &str = "topk";
/// Values that `topk` gives.
const TOPK_MAX: u32 = 10_000;

/// What names begin with that are not shown. No field can have such a name: # begins a comment, and discovered names hold no
/// blank.
const HIDDEN: &str = "# ";

/// Which of several groupings a row is of.
const SET: &str = "# set";

/// The value of a group in the groupings that have it, by its place; absent in others.
fn in_sets(expr: Expr, at: usize, sets: &[Vec<usize>]) -> Expr {
    let is_in = |set: &[usize]| set.binary_search(&at).is_ok();
    if sets.iter().all(|set| is_in(set)) {
        return expr;
    }
    let numbered = sets.iter().enumerate().filter(|(_, set)| is_in(set));
    let list = numbered.map(|(number, _)| Expr::Literal(Value::Int(number as i64))).collect();
    let is_of_them = Expr::In { value: Box::new(Expr::Field(SET.into())), list, is_negated: false };
    Expr::Case { branches: vec![(is_of_them, expr)], otherwise: Box::new(Expr::Literal(Value::Null)) }
}

/// Whether a case is that of [`in_sets`].
fn is_of_set(branches: &[(Expr, Expr)]) -> bool {
    matches!(branches, [(Expr::In { value, .. }, _)] if **value == Expr::Field(SET.into()))
}

fn hidden(group: &str) -> String {
    format!("{HIDDEN}by {group}")
}

/// What the items of one `stats` have needed and named so far.
#[derive(Default)]
pub(super) struct StatsBuilder {
    groups: Vec<Column>,
    /// The canonical text of each group.
    group_texts: Vec<String>,
    aggregates: Vec<AggregateCall>,
    outputs: Vec<Column>,
}

impl StatsBuilder {
    /// What a name stands for among the items: a group, or an alias given earlier in the same command.
    pub(super) fn column(&self, name: &str) -> Option<Expr> {
        self.outputs.iter().rev().find(|column| column.name == name).map(|column| column.expr.clone())
    }

    /// The group that is written with this canonical text.
    pub(super) fn group(&self, text: &str) -> Option<Expr> {
        let at = self.group_texts.iter().position(|known| known == text)?;
        Some(Expr::Field(self.groups[at].name.clone()))
    }

    /// Adds an output in the place of those of its name. A group of that name still breaks ties, by one that is not shown.
    fn output(&mut self, name: String, expr: Expr) {
        let group = Expr::Field(name.clone());
        self.outputs.retain_mut(|column| {
            let is_group = column.name == name && column.expr == group;
            if is_group {
                column.name = hidden(&name);
            }
            is_group || column.name != name
        });
        self.outputs.push(Column { name, expr });
    }

    /// The names under which the groups are among the outputs.
    fn group_outputs(&self) -> Vec<String> {
        let is_hidden = |name: &String| self.outputs.iter().any(|column| column.name == hidden(name));
        let names = self.groups.iter().map(|column| &column.name);
        names.map(|name| if is_hidden(name) { hidden(name) } else { name.clone() }).collect()
    }

    /// The name under which the aggregate is computed, once however often it is written.
    fn aggregate(
        &mut self,
        (aggregate, is_distinct): (&'static AggregateRow, bool),
        argument: Option<Expr>,
        parameter: Option<f64>,
    ) -> Expr {
        let call = AggregateCall { name: String::new(), aggregate, argument, parameter, is_distinct };
        let same =
            |known: &&AggregateCall| **known == AggregateCall { name: known.name.clone(), ..call.clone() };
        if let Some(known) = self.aggregates.iter().find(same) {
            return Expr::Field(known.name.clone());
        }
        let name = format!("{HIDDEN}{}", self.aggregates.len());
        self.aggregates.push(AggregateCall { name: name.clone(), ..call });
        Expr::Field(name)
    }
}

impl Checker {
    pub(super) fn stats_command(
        &mut self,
        items: Vec<Item>,
        (groups, sets): (Vec<Item>, Vec<Vec<usize>>),
        span: Span,
    ) -> Result<(), QueryError> {
        if let Some(top) = items.iter().find(|item| is_topk(&item.expr)) {
            return match (items.len(), groups.is_empty()) {
                (1, true) => self.topk(top, span),
                _ => {
                    let rule = "stands alone in its stats, without by";
                    Err(refuse(top.expr.span, QueryErrorKind::Misplaced { command: TOPK, rule }))
                }
            };
        }
        let mut builder = StatsBuilder::default();
        let mut known = vec![];
        if !sets.is_empty() {
            self.steps.push(Step::Repeat { times: sets.len() as u32, name: SET.into() });
        }
        for (at, item) in groups.into_iter().enumerate() {
            let expr = self.item(&item)?;
            self.check_plain(&expr, item.expr.span, "by")?;
            let expr = in_sets(expr, at, &sets);
            let name = item.alias.unwrap_or(item.text);
            builder.group_texts.push(item.expr.to_string());
            known.push((item.expr.to_string(), name.clone()));
            builder.outputs.push(Column { name: name.clone(), expr: Expr::Field(name.clone()) });
            builder.groups.push(Column { name, expr });
        }
        if !sets.is_empty() {
            // Tells a value that is absent from one that is not grouped by.
            let set = Column { name: SET.into(), expr: Expr::Field(SET.into()) };
            builder.outputs.push(set.clone());
            builder.groups.push(set);
        }
        self.stats = Some(builder);
        let listed = items.into_iter().try_for_each(|item| {
            let expr = self.expr(&item.expr)?;
            let name = item.alias.unwrap_or(item.text);
            known.push((item.expr.to_string(), name.clone()));
            let builder = self.stats.as_mut().expect("set above and taken below only");
            builder.output(name, expr);
            Ok(())
        });
        let builder = self.stats.take().expect("set above");
        listed?;
        if builder.aggregates.is_empty() {
            let kind =
                QueryErrorKind::Expected { wanted: "an aggregate such as count(*)", found: "none".into() };
            return Err(refuse(span, kind));
        }
        self.finish_stats(builder, known);
        Ok(())
    }

    /// `topk(k, field)` is a row for each of the most frequent values, most frequent first, with how often it comes.
    ///
    /// Assumption: AWS does not say what the rows hold; here the count is exact, and equal counts come in the order of
    /// the values.
    fn topk(&mut self, item: &Item, span: Span) -> Result<(), QueryError> {
        let ExprKind::Call(_, arguments) = &item.expr.kind else { return Ok(()) };
        let [count, field] = &arguments[..] else {
            return Err(wrong_arguments(TOPK, "a number of values and a field", item.expr.span));
        };
        let Some(rows) = whole(count, TOPK_MAX) else {
            return Err(wanted(count, "a number of values from 1 to 10000"));
        };
        let call = |name: &str, arguments| syntax::Expr::new(span, ExprKind::Call(name.into(), arguments));
        let name = item.alias.clone().unwrap_or_else(|| item.text.clone());
        let counted =
            Item { expr: call("count", vec![]), alias: Some(name.clone()), text: name.clone(), offset: None };
        let text = match &field.kind {
            ExprKind::Field(name) => name.clone(),
            _ => field.to_string(),
        };
        let group = Item { expr: field.clone(), alias: None, text: text.clone(), offset: None };
        let is_present = syntax::Expr::new(span, ExprKind::Call("ispresent".into(), vec![field.clone()]));
        let is_present = self.expr(&is_present)?;
        self.steps.push(Step::Filter(is_present));
        self.stats_command(vec![counted], (vec![group], vec![]), span)?;
        let key = |name: String, direction| SortKey { expr: Expr::Field(name), direction };
        self.steps.push(Step::Sort(vec![key(name, Direction::Descending), key(text, Direction::Ascending)]));
        self.steps.push(Step::Limit(rows as u32));
        self.is_ordered = true;
        Ok(())
    }

    /// Whether an output of a `stats` is a time: a group, or one of the values of an aggregate.
    fn is_time_of(&self, builder: &StatsBuilder, output: &Expr) -> bool {
        use Aggregate::{Earliest, First, Last, Latest, Max, Min, SortsFirst, SortsLast};
        let Expr::Field(name) = output else { return self.is_time(output) };
        if let Some(group) = builder.groups.iter().find(|group| group.name == *name) {
            return self.is_time(match &group.expr {
                Expr::Case { branches, .. } if is_of_set(branches) => &branches[0].1,
                expr => expr,
            });
        }
        let picks = [Earliest, Latest, First, Last, Max, Min, SortsFirst, SortsLast];
        let call = builder.aggregates.iter().find(|call| call.name == *name);
        let call = call.filter(|call| picks.contains(&call.aggregate.aggregate));
        call.and_then(|call| call.argument.as_ref()).is_some_and(|argument| self.is_time(argument))
    }

    fn finish_stats(&mut self, builder: StatsBuilder, known: Vec<(String, String)>) {
        let times = builder.outputs.iter().filter(|column| self.is_time_of(&builder, &column.expr));
        let times = times.map(|column| column.name.clone()).collect();
        let shown = builder.outputs.iter().filter(|column| !column.name.starts_with(HIDDEN));
        self.listed = shown.map(|column| column.name.clone()).collect();
        self.groups = Some(builder.group_outputs());
        self.displayed = None;
        self.sides = None;
        self.pattern = None;
        self.times = times;
        (self.nested, self.whole) = Default::default();
        self.is_ordered = false;
        self.known = if self.dialect == Dialect::Insights { known } else { vec![] };
        let StatsBuilder { groups, aggregates, outputs, .. } = builder;
        for column in &outputs {
            let is_of = |call: &&AggregateCall| column.expr == Expr::Field(call.name.clone());
            let call = aggregates.iter().find(is_of);
            if call.is_some_and(|call| call.aggregate.result == Type::Json) {
                self.nested.insert(column.name.clone());
                self.whole.insert(column.name.clone());
            }
        }
        let stats = Stats { groups, aggregates, outputs };
        self.note_bin(&stats);
        self.steps.push(Step::Stats(stats));
    }

    pub(super) fn aggregate(
        &mut self,
        (row, is_distinct): (&'static AggregateRow, bool),
        arguments: &[syntax::Expr],
        span: Span,
    ) -> Result<Expr, QueryError> {
        if self.inside_aggregate.is_some() {
            return Err(refuse(span, QueryErrorKind::NestedAggregate(row.name)));
        }
        if self.stats.is_none() {
            return Err(refuse(span, QueryErrorKind::AggregateOutsideStats(row.name)));
        }
        let is_star = matches!(arguments, [only] if only.kind == ExprKind::Star);
        let argument_count = if is_star { 0 } else { arguments.len() };
        if !(row.parameters.min..=row.parameters.max).contains(&argument_count) {
            return Err(wrong_arguments(row.name, row.parameters.text, span));
        }
        let parameter = arguments.get(1).map(|argument| self.parameter(row, argument)).transpose()?;
        let argument = match arguments.first() {
            Some(argument) if !is_star => Some(self.argument(row, argument)?),
            _ => None,
        };
        let builder = self.stats.as_mut().expect("checked above");
        Ok(builder.aggregate((row, is_distinct), argument, parameter))
    }

    /// The constant second argument of an aggregate.
    fn parameter(&mut self, row: &'static AggregateRow, argument: &syntax::Expr) -> Result<f64, QueryError> {
        match row.aggregate {
            Aggregate::Rate => {
                let (period, span) = self.period(argument)?;
                let rule = "takes a period of fixed length, up to weeks";
                let length = period.fixed_ms().map(|ms| ms as f64);
                length.ok_or_else(|| refuse(span, QueryErrorKind::Misplaced { command: "rate", rule }))
            }
            Aggregate::Histogram => whole(argument, BUCKETS_MAX)
                .ok_or_else(|| wanted(argument, "a number of ranges from 1 to 1000")),
            _ => percentage(argument),
        }
    }

    fn argument(&mut self, row: &'static AggregateRow, argument: &syntax::Expr) -> Result<Expr, QueryError> {
        self.inside_aggregate = Some(row.name);
        let expr = self.expr(argument);
        self.inside_aggregate = None;
        expr
    }
}

fn is_topk(expr: &syntax::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(name, _) if name.eq_ignore_ascii_case(TOPK))
}

/// A whole number from 1 to `most`.
fn whole(expr: &syntax::Expr, most: u32) -> Option<f64> {
    let ExprKind::Number(text) = &expr.kind else { return None };
    text.parse::<u32>().ok().filter(|count| (1..=most).contains(count)).map(f64::from)
}

fn percentage(expr: &syntax::Expr) -> Result<f64, QueryError> {
    let number = match &expr.kind {
        ExprKind::Number(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| wanted(expr, "a percentage from 0 to 100"))
}
