//! Commands that read more than the query's log groups: the queries within it, and its lookup tables.
//!
//! Source: CloudWatch Logs User Guide, "join", "Subqueries", "lookup", "cidrlookup", "appendcols" (read 2026-11).
//! Assumptions, where it is silent: a name without the alias of a side is the left side's; a subquery within a query
//! within the query is refused, as is a second join; a field of a lookup that finds no row keeps its value.

use super::{Checker, refuse};
use crate::bind::{Bound, Input, Shift, TableUse};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::function_named;
use crate::plan::{Append, Asked, Column, Combine, Expr, Join, Plan, RowStep, SetOperator, Stats, Step};
use crate::syntax::{self, Command, CommandKind, ExprKind, LookupCommand};
use crate::table::{Lookup, LookupBy};

/// The two sides of a `join`, as long as their names are in force.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    left: String,
    right: String,
}

impl Checker {
    /// The plan of a query within this one, which becomes one of its inputs, and its number.
    fn input(
        &mut self,
        commands: Vec<Command>,
        command: &'static str,
        span: Span,
    ) -> Result<(usize, Plan), QueryError> {
        if let Some(outer) = self.within {
            let rule = "cannot stand in a query within a query";
            let command = if outer == command { outer } else { command };
            return Err(refuse(span, QueryErrorKind::Misplaced { command, rule }));
        }
        let mut inner = Checker { within: Some(command), dialect: self.dialect, ..Checker::default() };
        super::check_order(self.dialect, &commands)?;
        commands.into_iter().try_for_each(|command| inner.command(command))?;
        self.warnings.append(&mut inner.warnings);
        self.tables.append(&mut inner.tables);
        let mut plan = inner.finish_within();
        let selection = plan.selection.take();
        self.inputs.push(Input { selection, shift: Shift::None, plan: plan.clone() });
        Ok((self.inputs.len() - 1, plan))
    }

    pub(super) fn join(&mut self, join: syntax::Join, span: Span) -> Result<(), QueryError> {
        if self.has_join {
            return Err(refuse(span, QueryErrorKind::TooMany { command: "join", max: 1 }));
        }
        let (input, _) = self.input(join.query, "join", span)?;
        let sides = Sides { left: join.left, right: join.right };
        let (mut keys, mut right_keys) = (vec![], vec![]);
        for (one, other) in join.keys {
            let (left, right) = match (sides.side(&one), sides.side(&other)) {
                (Some((false, left)), Some((true, right))) | (Some((true, right)), Some((false, left))) => {
                    (left, right)
                }
                _ => {
                    let rule = "compares a field of the left side, left.a, with one of the right, right.b";
                    return Err(refuse(
                        one.span.to(other.span),
                        QueryErrorKind::Misplaced { command: "where", rule },
                    ));
                }
            };
            keys.push(Expr::Field(left));
            right_keys.push(right);
        }
        self.order();
        let right = sides.right.clone();
        let rows = Bound::Wanted(input);
        let keeps_left = join.keeps_left;
        self.steps.push(Step::Rows(RowStep::Join(Join {
            keys,
            rows,
            right_keys,
            right,
            names: vec![],
            keeps_left,
        })));
        self.has_join = true;
        self.sides = Some(sides);
        Ok(())
    }

    pub(super) fn append_columns(
        &mut self,
        (overrides, rows_max): (bool, usize),
        query: Vec<Command>,
        span: Span,
    ) -> Result<(), QueryError> {
        let (input, plan) = self.input(query, "appendcols", span)?;
        self.order();
        for name in &plan.columns {
            self.show(name);
        }
        let append = Append { rows: Bound::Wanted(input), names: plan.columns, overrides, rows_max };
        self.steps.push(Step::Rows(RowStep::Append(append)));
        Ok(())
    }

    /// Behind a set operator only the columns of the first SELECT are there.
    pub(super) fn combine(
        &mut self,
        (operator, keeps_all): (SetOperator, bool),
        query: Vec<Command>,
        span: Span,
    ) -> Result<(), QueryError> {
        let (input, plan) = self.input(query, operator.name(), span)?;
        let names = self.shown();
        if names.len() != plan.columns.len() {
            let rule = "takes SELECTs of the same number of columns";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: operator.name(), rule }));
        }
        self.order();
        self.only(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let names = names.into_iter().zip(plan.columns).collect();
        let combine = Combine { operator, keeps_all, rows: Bound::Wanted(input), names };
        self.steps.push(Step::Rows(RowStep::Combine(combine)));
        Ok(())
    }

    /// `value in (SOURCE ... | fields f)`
    pub(super) fn among(
        &mut self,
        value: &syntax::Expr,
        query: &[Command],
        is_negated: bool,
    ) -> Result<Expr, QueryError> {
        let checked = Box::new(self.expr(value)?);
        let span = query.first().map_or(value.span, |command| command.span);
        let (input, plan) = self.input(query.to_vec(), "subquery", span)?;
        if plan.columns.len() != 1 {
            let rule = "gives one column, by fields, display or stats";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: "subquery", rule }));
        }
        // Each value once is enough, and fits where all rows would not.
        let column = Column { name: plan.columns[0].clone(), expr: Expr::Field(plan.columns[0].clone()) };
        let once = Stats { groups: vec![column.clone()], aggregates: vec![], outputs: vec![column] };
        self.inputs[input].plan.steps.push(Step::Stats(once));
        self.inputs[input].plan.is_events = false;
        Ok(Expr::Among { value: checked, among: Bound::Wanted(input), is_negated })
    }

    /// `(SELECT ...)` in the place of a value, or `EXISTS (SELECT ...)`.
    pub(super) fn subquery(
        &mut self,
        query: &[Command],
        asked: Asked,
        span: Span,
    ) -> Result<Expr, QueryError> {
        let (input, plan) = self.input(query.to_vec(), "subquery", span)?;
        if asked == Asked::Value && plan.columns.len() != 1 {
            let rule = "gives one column";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: "subquery", rule }));
        }
        // One row tells that there are some, two that there are more than one.
        let enough = if asked == Asked::Existence { 1 } else { 2 };
        self.inputs[input].plan.steps.push(Step::Limit(enough));
        Ok(Expr::Subquery { input, asked })
    }

    /// `(SELECT ...)` in the place of a value, of those rows that have a key of the row outside: keys and values.
    pub(super) fn answer(
        &mut self,
        key: &syntax::Expr,
        query: &[Command],
        otherwise: &syntax::Expr,
    ) -> Result<Expr, QueryError> {
        let [checked, otherwise] = [self.expr(key)?, self.expr(otherwise)?].map(Box::new);
        let (input, _) = self.input(query.to_vec(), "subquery", key.span)?;
        Ok(Expr::Answer { key: checked, answers: Bound::Wanted(input), otherwise })
    }

    /// A lookup is columns whose values come from the table.
    pub(super) fn lookup(&mut self, command: LookupCommand) -> Result<(), QueryError> {
        let LookupCommand { table, table_span, by, values, outputs, fills_only } = command;
        let keys = match &by {
            LookupBy::Columns(names) => names.as_slice(),
            LookupBy::Range(name) => name.as_slice(),
        };
        let columns = keys.iter().chain(outputs.iter().map(|(column, _)| column)).cloned().collect();
        self.tables.push(TableUse { name: table.clone(), span: table_span, columns });
        let values = values.iter().map(|value| self.expr(value)).collect::<Result<Vec<_>, _>>()?;
        let mut columns = vec![];
        for (column, name) in outputs {
            let lookup = Lookup { table: table.clone(), by: by.clone(), column };
            let found = Expr::Look { values: values.clone(), index: Bound::Wanted(lookup) };
            let own = Expr::Field(name.clone());
            let expr = match fills_only {
                false => Expr::Coalesce(vec![found, own]),
                true => filled(own, found),
            };
            columns.push((name, expr));
        }
        // Every column sees the fields as they were before the command.
        let aside = |at: usize| format!("# looked up {at}");
        let found = columns.iter().enumerate();
        let found = found.map(|(at, (_, expr))| Column { name: aside(at), expr: expr.clone() }).collect();
        let shown = columns.iter().enumerate();
        let shown = shown
            .map(|(at, (name, _))| Column { name: name.clone(), expr: Expr::Field(aside(at)) })
            .collect();
        self.steps.push(Step::Extend(found));
        self.steps.push(Step::Extend(shown));
        for (name, _) in columns {
            self.name(&name, &Expr::Field(String::new()));
            self.show(&name);
        }
        Ok(())
    }

    /// The column that a name with the alias of a side stands for.
    pub(super) fn sided(&self, name: &str) -> Option<Expr> {
        let (is_right, rest) = self.sides.as_ref()?.side_of(name)?;
        Some(Expr::Field(if is_right { name.to_owned() } else { rest.to_owned() }))
    }

    /// Tells the right side of a join which of its columns are read.
    pub(super) fn finish_join(&mut self, columns: &[String]) {
        let mut read: std::collections::BTreeSet<String> = columns.iter().cloned().collect();
        self.steps.iter().for_each(|step| step.read_fields(&mut read));
        for step in &mut self.steps {
            let Step::Rows(RowStep::Join(join)) = step else { continue };
            let prefix = format!("{}.", join.right);
            join.names =
                read.iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect();
            if let Bound::Wanted(input) = join.rows {
                let needed: std::collections::BTreeSet<&String> =
                    join.names.iter().chain(&join.right_keys).collect();
                self.inputs[input].plan.columns = needed.into_iter().cloned().collect();
            }
        }
    }
}

impl Sides {
    /// Whether a field is the right side's, and its name there.
    fn side(&self, field: &syntax::Expr) -> Option<(bool, String)> {
        let ExprKind::Field(name) = &field.kind else { return None };
        self.side_of(name).map(|(is_right, rest)| (is_right, rest.to_owned()))
    }

    fn side_of<'n>(&self, name: &'n str) -> Option<(bool, &'n str)> {
        let rest = |side: &str| name.strip_prefix(side)?.strip_prefix('.').filter(|rest| !rest.is_empty());
        let right = rest(&self.right).map(|rest| (true, rest));
        right.or_else(|| rest(&self.left).map(|rest| (false, rest)))
    }
}

/// The field's own value, or what is found if it has none or an empty one.
fn filled(own: Expr, found: Expr) -> Expr {
    let Some(is_empty) = function_named("isempty") else { return Expr::Coalesce(vec![own, found]) };
    let is_empty = Expr::Call { function: is_empty, arguments: vec![own.clone()] };
    Expr::Case {
        branches: vec![(is_empty, Expr::Coalesce(vec![found, own.clone()]))],
        otherwise: Box::new(own),
    }
}

/// `SOURCE` stands first.
pub(super) fn check_source(commands: &[Command]) -> Result<(), QueryError> {
    let later = commands.iter().skip(1).find(|command| matches!(command.kind, CommandKind::Source(_)));
    match later {
        Some(later) => {
            let rule = "must be the first command";
            Err(refuse(later.span, QueryErrorKind::Misplaced { command: "SOURCE", rule }))
        }
        None => Ok(()),
    }
}
