//! From commands to a plan: looks up names, compiles patterns, enforces the order of commands, writes defaults out.
//!
//! Source: CloudWatch Logs User Guide, the pages of each command (read 2026-11). Assumptions, where it is silent:
//! log events come newest first and groups in their own order unless `sort` says otherwise, and groups break the ties
//! of a sort; columns of `fields` behind `stats` are shown beside those of `stats`; the lower of `limit` and
//! StartQuery's limit holds.

mod expression;
mod join;
mod parse;
mod pattern;
mod rows;
mod stats;
mod window;

use std::collections::BTreeSet;

use crate::bind::{Bound, Input, TableUse};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::execute::ESTIMATE;
use crate::parser::parse;
use crate::period::Period;
use crate::plan::{
    Column, Comparison, Direction, Expr, LIMIT_DEFAULT, LIMIT_MAX, Plan, SortKey, Step, Warning,
};
use crate::selection::Selection;
use crate::syntax::{self, Command, CommandKind, ExprKind, Item, LookupCommand, RowCommand};
use crate::table::LookupBy;

pub(crate) use expression::compile;
use stats::StatsBuilder;
pub(crate) use window::MISPLACED;

/// `stats` commands in a query over a log group of the Standard class.
const STATS_MAX: usize = 10;

/// What a query means.
///
/// `limit` is StartQuery's own; a query with neither gives [`LIMIT_DEFAULT`] rows.
///
/// # Errors
/// The first thing wrong, with its place: what MalformedQueryException tells.
pub fn plan(query: &str, limit: Option<u32>) -> Result<Plan, QueryError> {
    plan_of(parse(query)?, limit)
}

/// What commands mean.
///
/// # Errors
/// The first thing wrong, with its place.
pub(crate) fn plan_of(commands: Vec<Command>, limit: Option<u32>) -> Result<Plan, QueryError> {
    plan_in(Dialect::Insights, commands, limit)
}

/// What commands mean in a language.
///
/// # Errors
/// The first thing wrong, with its place.
pub(crate) fn plan_in(
    dialect: Dialect,
    commands: Vec<Command>,
    limit: Option<u32>,
) -> Result<Plan, QueryError> {
    check_order(dialect, &commands)?;
    let mut checker = Checker { dialect, ..Checker::default() };
    for command in commands {
        checker.command(command)?;
    }
    Ok(checker.finish(limit))
}

/// Whose commands they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Those of Logs Insights, and what SQL makes of them.
    #[default]
    Insights,
    /// Those that PPL makes: they follow each other in any order, a window without an order has that of the rows, and an
    /// expression is worked out wherever it stands.
    Ppl,
}

#[derive(Default)]
struct Checker {
    dialect: Dialect,
    steps: Vec<Step>,
    /// Shown, unless `display` names others.
    listed: Vec<String>,
    displayed: Option<Vec<String>>,
    /// What is listed is what is shown of itself, and what commands have added to it: the first `fields` lists others.
    lists_default: bool,
    /// Expressions that already are columns: canonical text and column. Lets `sort count(*)` find its column.
    known: Vec<(String, String)>,
    /// Columns that may be lists or maps, whose parts have names with dots.
    nested: BTreeSet<String>,
    /// Those of them that are nothing else.
    whole: BTreeSet<String>,
    /// Columns that are times.
    times: BTreeSet<String>,
    /// The groups of the last `stats`; `None` while rows are log events.
    groups: Option<Vec<String>>,
    /// The bins of the last `stats`: column, period and offset.
    bin: Option<(String, Period, i64)>,
    is_ordered: bool,
    has_limit: bool,
    warnings: Vec<Warning>,
    /// Set while the items of a `stats` are read.
    stats: Option<StatsBuilder>,
    /// Set while the argument of an aggregate is read.
    inside_aggregate: Option<&'static str>,
    /// What `SOURCE` says.
    selection: Option<Selection>,
    inputs: Vec<Input>,
    tables: Vec<TableUse>,
    /// The names of the sides of a `join`, until a `stats`.
    sides: Option<join::Sides>,
    has_join: bool,
    /// What the last `pattern` looked at, until a `stats`.
    pattern: Option<Expr>,
    indexed_fields: Vec<String>,
    /// Of the commands and functions of [`Plan::limited`], where they are written.
    limited: Vec<(&'static str, Span)>,
    is_estimate: bool,
    /// The command that this query is a part of, if it stands within another.
    within: Option<&'static str>,
}

impl Checker {
    fn command(&mut self, command: Command) -> Result<(), QueryError> {
        if let "stats" | "pattern" | "diff" | "logcompare" | "anomaly" | "filterIndex" = command.kind.name() {
            self.limited.push((command.kind.name(), command.span));
        }
        match command.kind {
            CommandKind::Fields(items) => self.fields(items),
            CommandKind::Display(items) => self.display(items),
            CommandKind::Extend(items) => self.extend(items),
            CommandKind::Filter(condition) => {
                let condition = self.expr(&condition)?;
                self.steps.push(Step::Filter(condition));
                Ok(())
            }
            CommandKind::Stats { items, groups, sets } => {
                self.stats_command(items, (groups, sets), command.span)
            }
            CommandKind::Repeat { times, name } => {
                self.steps.push(Step::Repeat { times, name: name.into() });
                Ok(())
            }
            CommandKind::Sort(keys) => self.sort(&keys),
            CommandKind::Limit(count) => self.limit(&count),
            CommandKind::Offset(count) => self.offset(&count),
            CommandKind::Dedup(fields) => self.dedup(&fields),
            CommandKind::Window { name, window } => self.window(name, window),
            CommandKind::Rows(rows) => self.rows(rows, command.span),
            CommandKind::CountFrequent(items) => self.count_frequent(items, command.span),
            CommandKind::Source(selection) => {
                self.selection = Some(selection);
                Ok(())
            }
            CommandKind::Join(join) => self.join(*join, command.span),
            CommandKind::AppendColumns { overrides, rows_max, query } => {
                self.append_columns((overrides, rows_max), query, command.span)
            }
            CommandKind::Combine { operator, keeps_all, query } => {
                self.combine((operator, keeps_all), query, command.span)
            }
            CommandKind::Lookup(lookup) => self.lookup(lookup),
            CommandKind::FilterIndex(condition) => self.filter_index(&condition, command.span),
            CommandKind::Indexed(fields) => {
                self.indexed_fields.extend(fields);
                Ok(())
            }
            CommandKind::Pattern(text) => self.pattern(&text),
            CommandKind::Diff { command: name, shift } => self.diff(shift, name, command.span),
            CommandKind::Anomaly => self.anomaly(command.span),
            CommandKind::Relevant { fields, condition } => self.relevant(fields, &condition),
            CommandKind::Estimate => {
                self.is_estimate = true;
                Ok(())
            }
            CommandKind::Parse { source, pattern, names, names_span, is_multi } => {
                self.parse(source, &pattern, (names, names_span), is_multi)
            }
            CommandKind::ParseLine { source, format, names } => self.parse_line(source, format, names),
            CommandKind::Json { field, path, name } => self.json(&field, path, name),
        }
    }

    /// `filterIndex` is a filter that only compares fields with constants.
    fn filter_index(&mut self, condition: &syntax::Expr, span: Span) -> Result<(), QueryError> {
        if self.groups.is_some() {
            let rule = "must come before stats";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: "filterIndex", rule }));
        }
        let checked = self.expr(condition)?;
        let Some(fields) = compared_fields(&checked) else {
            let rule = "compares fields with values, by = or in";
            return Err(refuse(condition.span, QueryErrorKind::Misplaced { command: "filterIndex", rule }));
        };
        self.indexed_fields.extend(fields);
        self.steps.push(Step::Filter(checked));
        Ok(())
    }

    fn fields(&mut self, items: Vec<Item>) -> Result<(), QueryError> {
        let names = self.columns(items)?;
        if std::mem::take(&mut self.lists_default) && self.groups.is_none() {
            self.listed.clear();
        }
        for name in names {
            if !self.listed.contains(&name) {
                self.listed.push(name);
            }
        }
        Ok(())
    }

    fn display(&mut self, items: Vec<Item>) -> Result<(), QueryError> {
        self.displayed = Some(self.columns(items)?);
        Ok(())
    }

    fn extend(&mut self, items: Vec<Item>) -> Result<(), QueryError> {
        let mut columns = vec![];
        for item in items {
            let expr = self.item(&item)?;
            let name = item.alias.unwrap_or(item.text);
            self.name(&name, &expr);
            columns.push(Column { name, expr });
        }
        self.steps.push(Step::Extend(columns));
        Ok(())
    }

    /// Adds the columns that are computed and gives the names of all.
    fn columns(&mut self, items: Vec<Item>) -> Result<Vec<String>, QueryError> {
        let (mut names, mut computed) = (vec![], vec![]);
        for item in items {
            let expr = self.item(&item)?;
            let name = item.alias.unwrap_or(item.text);
            self.name(&name, &expr);
            if expr != Expr::Field(name.clone()) {
                self.know(&item.expr, &name);
                computed.push(Column { name: name.clone(), expr });
            }
            names.push(name);
        }
        if !computed.is_empty() {
            self.steps.push(Step::Extend(computed));
        }
        Ok(names)
    }

    /// Notes the column that holds an expression.
    fn know(&mut self, expr: &syntax::Expr, name: &str) {
        if self.dialect == Dialect::Insights {
            self.known.push((expr.to_string(), name.to_owned()));
        }
    }

    fn sort(&mut self, keys: &[(syntax::Expr, Direction)]) -> Result<(), QueryError> {
        let mut sort = vec![];
        for (expr, direction) in keys {
            sort.push(SortKey { expr: self.plain(expr, "sort")?, direction: *direction });
        }
        for name in self.groups.iter().flatten() {
            let expr = Expr::Field(name.clone());
            if !sort.iter().any(|key| key.expr == expr) {
                sort.push(SortKey { expr, direction: Direction::Ascending });
            }
        }
        self.steps.push(Step::Sort(sort));
        self.is_ordered = true;
        Ok(())
    }

    fn limit(&mut self, count: &syntax::Expr) -> Result<(), QueryError> {
        let rows = rows_meant(count, "limit", 1)?;
        self.order();
        self.steps.push(Step::Limit(rows));
        self.has_limit = true;
        Ok(())
    }

    /// Leaves out the first rows: the limit before it keeps as many more.
    ///
    /// Assumption: AWS takes no more than a limit may be; all that come before are kept in memory.
    fn offset(&mut self, count: &syntax::Expr) -> Result<(), QueryError> {
        let rows = rows_meant(count, "OFFSET", 0)?;
        if let Some(Step::Limit(kept)) = self.steps.last_mut() {
            *kept += rows;
        }
        self.steps.push(Step::Skip(rows));
        Ok(())
    }

    fn dedup(&mut self, fields: &[syntax::Expr]) -> Result<(), QueryError> {
        let keys = fields.iter().map(|field| self.plain(field, "dedup")).collect::<Result<_, _>>()?;
        self.order();
        self.steps.push(Step::Dedup(keys));
        Ok(())
    }

    /// Puts the rows in the order they have without a `sort`.
    fn order(&mut self) {
        if self.is_ordered {
            return;
        }
        self.is_ordered = true;
        let key = |name: &str, direction| SortKey { expr: Expr::Field(name.into()), direction };
        let keys: Vec<_> = match &self.groups {
            None => vec![key("@timestamp", Direction::Descending)],
            Some(groups) => groups.iter().map(|name| key(name, Direction::Ascending)).collect(),
        };
        if !keys.is_empty() {
            self.steps.push(Step::Sort(keys));
        }
    }

    fn finish(mut self, limit: Option<u32>) -> Plan {
        self.order();
        match limit {
            Some(rows) => self.steps.push(Step::Limit(rows.clamp(1, LIMIT_MAX))),
            None if !self.has_limit => self.steps.push(Step::Limit(LIMIT_DEFAULT)),
            None => {}
        }
        self.into_plan()
    }

    /// The plan of a query within another: all its rows count.
    fn finish_within(mut self) -> Plan {
        self.order();
        self.into_plan()
    }

    fn into_plan(mut self) -> Plan {
        let columns = if self.is_estimate { vec![ESTIMATE.into()] } else { self.shown() };
        self.finish_join(&columns);
        Plan {
            steps: self.steps,
            columns,
            is_events: self.groups.is_none() && !self.is_estimate,
            indexed_fields: self.indexed_fields,
            limited: self.limited,
            is_estimate: self.is_estimate,
            warnings: self.warnings,
            selection: self.selection,
            inputs: self.inputs,
            tables: self.tables,
        }
    }
}

/// The fields that a condition compares with constants; `None` if it does anything else.
fn compared_fields(condition: &Expr) -> Option<Vec<String>> {
    let is_constant = |expr: &Expr| matches!(expr, Expr::Literal(_));
    match condition {
        Expr::And(left, right) => Some([compared_fields(left)?, compared_fields(right)?].concat()),
        Expr::Compare { operator: Comparison::Equal, left, right } => match (&**left, &**right) {
            (Expr::Field(name), value) | (value, Expr::Field(name)) if is_constant(value) => {
                Some(vec![name.clone()])
            }
            _ => None,
        },
        Expr::Among { value, among: Bound::Here(_), is_negated: false } => match &**value {
            Expr::Field(name) => Some(vec![name.clone()]),
            _ => None,
        },
        Expr::In { value, list, is_negated: false } => match &**value {
            Expr::Field(name) if list.iter().all(is_constant) => Some(vec![name.clone()]),
            _ => None,
        },
        _ => None,
    }
}

/// What may follow what: nothing but `limit` behind `dedup`, no `sort` or `limit` between two `stats`.
fn check_order(dialect: Dialect, commands: &[Command]) -> Result<(), QueryError> {
    join::check_source(commands)?;
    if dialect == Dialect::Ppl {
        return Ok(());
    }
    let estimate = commands.iter().rev().skip(1).find(|command| command.kind == CommandKind::Estimate);
    if let Some(early) = estimate {
        let rule = "must be the last command";
        return Err(refuse(early.span, QueryErrorKind::Misplaced { command: "estimate", rule }));
    }
    let is_stats = |command: &Command| matches!(command.kind, CommandKind::Stats { .. });
    if let Some(extra) = commands.iter().filter(|command| is_stats(command)).nth(STATS_MAX) {
        return Err(refuse(extra.span, QueryErrorKind::TooMany { command: "stats", max: STATS_MAX }));
    }
    let several = commands.iter().filter(|command| is_stats(command)).count() > 1;
    for (at, command) in commands.iter().enumerate() {
        let behind = &commands[at + 1..];
        match (&command.kind, behind.iter().find(|later| !matches!(later.kind, CommandKind::Limit(_)))) {
            (CommandKind::Dedup(_), Some(later)) => {
                let rule = "cannot follow dedup; only limit can";
                return Err(refuse(
                    later.span,
                    QueryErrorKind::Misplaced { command: later.kind.name(), rule },
                ));
            }
            (CommandKind::Sort(_) | CommandKind::Limit(_), _) if several && behind.iter().any(is_stats) => {
                let rule = "must come after the last of several stats";
                return Err(refuse(
                    command.span,
                    QueryErrorKind::Misplaced { command: command.kind.name(), rule },
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The number of rows that a command names.
fn rows_meant(count: &syntax::Expr, command: &'static str, least: u32) -> Result<u32, QueryError> {
    let rows = match &count.kind {
        ExprKind::Number(text) => text.parse().ok(),
        _ => None,
    };
    let rows = rows.filter(|rows| (least..=LIMIT_MAX).contains(rows));
    rows.ok_or_else(|| refuse(count.span, QueryErrorKind::BadRows { command, least }))
}

impl CommandKind {
    fn name(&self) -> &'static str {
        match self {
            CommandKind::Fields(_) => "fields",
            CommandKind::Display(_) => "display",
            CommandKind::Extend(_) => "eval",
            CommandKind::Filter(_) => "filter",
            CommandKind::Stats { .. } => "stats",
            CommandKind::Repeat { .. } => "window",
            CommandKind::Sort(_) => "sort",
            CommandKind::Limit(_) => "limit",
            CommandKind::Offset(_) => "OFFSET",
            CommandKind::Dedup(_) => "dedup",
            CommandKind::Parse { .. } | CommandKind::ParseLine { .. } => "parse",
            CommandKind::Json { .. } => "json",
            CommandKind::Window { .. } => "OVER",
            CommandKind::Rows(command) => command.name(),
            CommandKind::CountFrequent(_) => "countFrequent",
            CommandKind::Source(_) => "SOURCE",
            CommandKind::FilterIndex(_) | CommandKind::Indexed(_) => "filterIndex",
            CommandKind::Pattern(_) => "pattern",
            CommandKind::Diff { command, .. } => command,
            CommandKind::Anomaly => "anomaly",
            CommandKind::Relevant { .. } => "relevantfields",
            CommandKind::Estimate => "estimate",
            CommandKind::Join(_) => "join",
            CommandKind::AppendColumns { .. } => "appendcols",
            CommandKind::Combine { operator, .. } => operator.name(),
            CommandKind::Lookup(LookupCommand { by: LookupBy::Columns(_), .. }) => "lookup",
            CommandKind::Lookup(_) => "cidrlookup",
        }
    }
}

impl RowCommand {
    fn name(&self) -> &'static str {
        match self {
            RowCommand::Unnest { name: Some(_), .. } => "unnest",
            RowCommand::Unnest { name: None, .. } => "expand",
            RowCommand::Accumulate { .. } => "accum",
            RowCommand::Lag { .. } => "autoregress",
            RowCommand::FillDown { .. } => "filldown",
            RowCommand::FillMissing { .. } => "fillmissing",
            RowCommand::Totals { .. } => "addtotals",
            RowCommand::Sessions { .. } => "sessionize",
            RowCommand::Outliers { .. } => "outlier",
        }
    }
}

fn refuse(span: Span, kind: QueryErrorKind) -> QueryError {
    QueryError { span, kind }
}
