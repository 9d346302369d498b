//! `pattern` and what follows it: `diff`, `logcompare`, `anomaly`.
//!
//! A pattern's skeletons are grouped and counted like any `stats`; what they have in common is found over the groups,
//! in memory. The time compared with is an input of the plan: the same commands over another window.

use super::{Checker, refuse};
use crate::aggregate::{AggregateRow, COUNT_ROW, TOKENS_ROW};
use crate::bind::{Bound, Input, Shift};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::{SKELETON_OF, TOKENS_OF};
use crate::plan::{AggregateCall, Column, Expr, Patterns, Plan, RowStep, Stats, Step};
use crate::rows::{COUNT, SKELETON, TOKENS};
use crate::syntax;

/// What `pattern` shows.
const COLUMNS: [&str; 4] = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];

impl Checker {
    pub(super) fn pattern(&mut self, text: &syntax::Expr) -> Result<(), QueryError> {
        let value = self.plain(text, "pattern")?;
        self.patterns_of(value);
        Ok(())
    }

    fn patterns_of(&mut self, value: Expr) {
        let counted = call("# 0", COUNT_ROW, None);
        let group = Column {
            name: SKELETON.into(),
            expr: Expr::Call { function: &SKELETON_OF, arguments: vec![value.clone()] },
        };
        let output = |name: &str, of: &str| Column { name: name.into(), expr: Expr::Field(of.into()) };
        self.steps.push(Step::Filter(Expr::IsPresent(Box::new(value.clone()))));
        self.steps.push(Step::Stats(Stats {
            groups: vec![group],
            aggregates: vec![counted],
            outputs: vec![output(SKELETON, SKELETON), output(COUNT, "# 0")],
        }));
        self.steps.push(Step::Rows(RowStep::Patterns(Patterns { baseline: None, keeps_gone: false })));
        self.pattern = Some(value);
        self.only(&COLUMNS);
    }

    /// `diff`, and `logcompare`, which compares with any time.
    pub(super) fn diff(&mut self, shift: Shift, command: &'static str, span: Span) -> Result<(), QueryError> {
        if self.pattern.is_none() {
            self.patterns_of(Expr::Field("@message".into()));
        }
        self.compare_with(shift, command, span)?;
        if let Some(patterns) = self.patterns() {
            patterns.keeps_gone = true;
        }
        self.steps.push(Step::Rows(RowStep::Differences));
        self.only(&["@pattern", "@sampleCount", "@difference", "@differenceDescription", "@severityLabel"]);
        Ok(())
    }

    pub(super) fn anomaly(&mut self, span: Span) -> Result<(), QueryError> {
        let Some(value) = self.pattern.clone() else {
            let rule = "must follow pattern, with no stats between them";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: "anomaly", rule }));
        };
        let tokens = Expr::Call { function: &TOKENS_OF, arguments: vec![value] };
        let counted = self.steps.iter_mut().rev().find_map(|step| match step {
            Step::Stats(stats) => Some(stats),
            _ => None,
        });
        if let Some(stats) = counted.filter(|stats| stats.aggregates.len() == 1) {
            stats.aggregates.push(call("# 1", &TOKENS_ROW, Some(tokens)));
            stats.outputs.push(Column { name: TOKENS.into(), expr: Expr::Field("# 1".into()) });
        }
        self.compare_with(Shift::Window, "anomaly", span)?;
        self.steps.push(Step::Rows(RowStep::Anomalies));
        self.show("@anomalyType");
        self.show("@anomalyDescription");
        Ok(())
    }

    /// Makes the commands up to `pattern`, over another window, an input of the plan.
    fn compare_with(&mut self, shift: Shift, command: &'static str, span: Span) -> Result<(), QueryError> {
        let rule = "cannot follow a join, a subquery or another comparison, nor stand within a query";
        if !self.inputs.is_empty() || self.within.is_some() {
            return Err(refuse(span, QueryErrorKind::Misplaced { command, rule }));
        }
        let is_patterns = |step: &Step| matches!(step, Step::Rows(RowStep::Patterns(_)));
        let Some(at) = self.steps.iter().position(is_patterns) else { return Ok(()) };
        let plan = Plan {
            steps: self.steps[..at].to_vec(),
            columns: [SKELETON, COUNT, TOKENS].map(String::from).to_vec(),
            is_events: false,
            tables: self.tables.clone(),
            ..Plan::default()
        };
        self.inputs.push(Input { selection: self.selection.clone(), shift, plan });
        if let Some(patterns) = self.patterns() {
            patterns.baseline = Some(Bound::Wanted(0));
        }
        Ok(())
    }

    fn patterns(&mut self) -> Option<&mut Patterns> {
        self.steps.iter_mut().find_map(|step| match step {
            Step::Rows(RowStep::Patterns(patterns)) => Some(patterns),
            _ => None,
        })
    }

    /// Behind a command that makes rows of its own: only these columns are there, and the rows are in order.
    pub(super) fn only(&mut self, names: &[&str]) {
        self.listed = names.iter().map(|name| name.to_string()).collect();
        self.displayed = None;
        self.groups = Some(vec![]);
        self.bin = None;
        self.sides = None;
        self.known.clear();
        (self.nested, self.whole) = Default::default();
        self.is_ordered = true;
    }
}

fn call(name: &str, aggregate: &'static AggregateRow, argument: Option<Expr>) -> AggregateCall {
    AggregateCall { name: name.into(), aggregate, argument, parameter: None, is_distinct: false }
}
