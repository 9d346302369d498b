//! `stats`: splits arithmetic over aggregates into the aggregates and an expression over their results.

use super::expression::{wanted, wrong_arguments};
use super::{Checker, refuse};
use crate::aggregate::{Aggregate, AggregateRow};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::{AggregateCall, Column, Expr, Stats, Step};
use crate::syntax::{self, ExprKind, Item};

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

    /// The name under which the aggregate is computed, once however often it is written.
    fn aggregate(
        &mut self,
        row: &'static AggregateRow,
        argument: Option<Expr>,
        parameter: Option<f64>,
    ) -> Expr {
        let same = |call: &&AggregateCall| {
            call.aggregate == row && call.argument == argument && call.parameter == parameter
        };
        if let Some(call) = self.aggregates.iter().find(same) {
            return Expr::Field(call.name.clone());
        }
        // No field can have this name: # begins a comment, and discovered names hold no blank.
        let name = format!("# {}", self.aggregates.len());
        self.aggregates.push(AggregateCall { name: name.clone(), aggregate: row, argument, parameter });
        Expr::Field(name)
    }
}

impl Checker {
    pub(super) fn stats_command(
        &mut self,
        items: Vec<Item>,
        groups: Vec<Item>,
        span: Span,
    ) -> Result<(), QueryError> {
        let mut builder = StatsBuilder::default();
        let mut known = vec![];
        for item in groups {
            let expr = self.item(&item)?;
            self.check_plain(&expr, item.expr.span, "by")?;
            let name = item.alias.unwrap_or(item.text);
            builder.group_texts.push(item.expr.to_string());
            known.push((item.expr.to_string(), name.clone()));
            builder.outputs.push(Column { name: name.clone(), expr: Expr::Field(name.clone()) });
            builder.groups.push(Column { name, expr });
        }
        self.stats = Some(builder);
        let listed = items.into_iter().try_for_each(|item| {
            let expr = self.expr(&item.expr)?;
            let name = item.alias.unwrap_or(item.text);
            known.push((item.expr.to_string(), name.clone()));
            let builder = self.stats.as_mut().expect("set above and taken below only");
            builder.outputs.retain(|column| column.name != name);
            builder.outputs.push(Column { name, expr });
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

    fn finish_stats(&mut self, builder: StatsBuilder, known: Vec<(String, String)>) {
        self.listed = builder.outputs.iter().map(|column| column.name.clone()).collect();
        self.groups = Some(builder.groups.iter().map(|column| column.name.clone()).collect());
        self.displayed = None;
        (self.nested, self.whole) = Default::default();
        self.is_ordered = false;
        self.known = known;
        let StatsBuilder { groups, aggregates, outputs, .. } = builder;
        let stats = Stats { groups, aggregates, outputs };
        self.note_bin(&stats);
        self.steps.push(Step::Stats(stats));
    }

    pub(super) fn aggregate(
        &mut self,
        row: &'static AggregateRow,
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
        let parameter = arguments.get(1).map(percentage).transpose()?;
        let argument = match arguments.first() {
            Some(argument) if !is_star => Some(self.argument(row, argument)?),
            _ => None,
        };
        let builder = self.stats.as_mut().expect("checked above");
        Ok(builder.aggregate(row, argument, parameter))
    }

    fn argument(&mut self, row: &'static AggregateRow, argument: &syntax::Expr) -> Result<Expr, QueryError> {
        debug_assert!(row.aggregate != Aggregate::Percentile || row.parameters.max == 2);
        self.inside_aggregate = Some(row.name);
        let expr = self.expr(argument);
        self.inside_aggregate = None;
        expr
    }
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
