//! A SELECT, and the commands that it stands for.

use super::correlate::Key;
use super::function::{named_column, not_implemented};
use super::qualify::Tables;
use super::set::{Limit, Operand, Outside, Tail};
use super::time_window::Slide;
use super::window::{Windows, check_none, is_window_column, reads_window};
use crate::aggregate::aggregate_named;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::Direction;
use crate::syntax::{Command, CommandKind, Expr, ExprKind, Item};

/// A SELECT as written.
pub(super) struct Select {
    pub(super) span: Span,
    pub(super) is_distinct: bool,
    /// What is shown; `None` for `*`.
    pub(super) items: Option<Vec<Item>>,
    /// The commands of the tables.
    pub(super) from: Vec<Command>,
    pub(super) tables: Tables,
    /// The columns of the only table, if it is a SELECT.
    pub(super) columns: Option<Vec<String>>,
    pub(super) filter: Option<Expr>,
    /// What of WHERE compares with the statement outside.
    pub(super) keys: Vec<Key>,
    pub(super) groups: Vec<Expr>,
    /// Which of them are grouped by at once, by their places; none if all are.
    pub(super) sets: Vec<Vec<usize>>,
    /// The windows of time that rows are grouped by, if they slide.
    pub(super) slide: Option<Slide>,
    pub(super) having: Option<Expr>,
    /// Where ORDER BY and LIMIT begin.
    pub(super) tail: Span,
    pub(super) order: Vec<(Expr, Direction)>,
    pub(super) limit: Option<Limit>,
}

impl Select {
    /// The SELECT beside others, whose order and limit are those of all; or alone, with its own.
    pub(super) fn operand(mut self, is_one_of_several: bool) -> Result<Operand, QueryError> {
        self.resolve()?;
        let mut tail = Tail { span: self.tail, order: vec![], limit: None };
        if is_one_of_several {
            tail = Tail { order: std::mem::take(&mut self.order), limit: self.limit.take(), ..tail };
        }
        Ok(Operand { names: self.names(), commands: self.commands()?, tail, outside: Outside::default() })
    }

    /// Whether it has rows of groups, told by its clauses.
    pub(super) fn is_grouped(&self) -> bool {
        !self.groups.is_empty() || !self.sets.is_empty() || self.having.is_some()
    }

    /// The names of the columns.
    fn names(&self) -> Vec<String> {
        let name = |item: &Item| item.alias.clone().unwrap_or_else(|| item.text.clone());
        match (&self.items, &self.columns) {
            (Some(items), _) => items.iter().map(name).collect(),
            (None, Some(columns)) => columns.clone(),
            (None, None) => ["@timestamp", "@message"].map(String::from).to_vec(),
        }
    }

    fn commands(mut self) -> Result<Vec<Command>, QueryError> {
        let span = self.span;
        let command = |kind| Command { span, kind };
        let mut commands = std::mem::take(&mut self.from);
        let mut items = self.items.take();
        check_none(self.filter.iter().chain(&self.having).chain(&self.groups))?;
        let mut windows = Windows::default();
        windows.take_items(items.as_deref_mut().unwrap_or_default())?;
        windows.take_order(&mut self.order, items.as_deref().unwrap_or_default(), self.is_distinct)?;
        let is_grouped = self.is_grouped() || self.is_distinct;
        let selected = items.iter().flatten().map(|item| &item.expr);
        let aggregates = selected.chain(windows.parts()).any(has_aggregate);
        commands.extend(self.filter.take().map(|filter| command(CommandKind::Filter(filter))));
        if is_grouped || aggregates {
            let Some(items) = items else {
                let rule = "cannot be grouped; name the columns";
                return Err(QueryError {
                    span,
                    kind: QueryErrorKind::Misplaced { command: "SELECT *", rule },
                });
            };
            if self.is_distinct && self.groups.is_empty() {
                commands.extend(std::mem::take(&mut windows).commands());
            }
            self.group(items, windows, &mut commands)?;
        } else {
            commands.extend(windows.commands());
            commands.extend(items.map(|items| command(CommandKind::Display(items))));
        }
        if !self.order.is_empty() {
            commands.push(command(CommandKind::Sort(std::mem::take(&mut self.order))));
        }
        commands.extend(self.limit.take().into_iter().flat_map(|limit| limit.commands(span)));
        Ok(commands)
    }

    /// `stats`, a filter over it, the windows of what is left, and the columns in their order.
    fn group(
        &mut self,
        items: Vec<Item>,
        windows: Windows,
        commands: &mut Vec<Command>,
    ) -> Result<(), QueryError> {
        let span = self.span;
        let node = |kind| Expr::new(span, kind);
        let (mut computed, mut shown): (Vec<Item>, Vec<Item>) = (vec![], vec![]);
        let sets = std::mem::take(&mut self.sets);
        let groups: Vec<Expr> = match (self.groups.is_empty() && sets.is_empty(), self.is_distinct) {
            (true, true) => items.iter().map(|item| item.expr.clone()).collect(),
            (false, true) => return Err(not_implemented("clause", "DISTINCT with GROUP BY", span)),
            (_, false) => std::mem::take(&mut self.groups),
        };
        for item in items {
            if has_aggregate(&item.expr) && !reads_window(&item.expr) {
                let name = item.alias.clone().unwrap_or_else(|| item.text.clone());
                let column = node(ExprKind::Field(name.clone()));
                computed.push(Item { alias: Some(name.clone()), ..item });
                shown.push(Item { expr: column, alias: None, text: name, offset: None });
            } else {
                check_grouped(&item.expr, &groups)?;
                shown.push(item);
            }
        }
        // What HAVING, ORDER BY and windows ask for is computed, but not shown.
        windows.parts().try_for_each(|part| check_grouped(part, &groups))?;
        let order = self.order.iter().map(|(expr, _)| expr);
        let asked = self.having.iter().chain(order).chain(windows.parts());
        let asked = asked.chain(shown.iter().map(|item| &item.expr));
        for aggregate in asked.flat_map(aggregates_of) {
            let text = aggregate.to_string();
            if !computed.iter().any(|item| item.expr == *aggregate) {
                computed.push(Item {
                    expr: aggregate.clone(),
                    alias: Some(format!("# {text}")),
                    text,
                    offset: None,
                });
            }
        }
        if computed.is_empty() {
            let count = node(ExprKind::Call("count".into(), vec![]));
            computed.push(Item {
                expr: count,
                alias: Some("# rows".into()),
                text: "# rows".into(),
                offset: None,
            });
        }
        let group = |expr: Expr| {
            let text = match &expr.kind {
                ExprKind::Field(name) => name.clone(),
                _ => expr.to_string(),
            };
            Item { expr, alias: None, text, offset: None }
        };
        let groups = groups.into_iter().map(group).collect();
        if let Some(Slide { times, name, is_within }) = self.slide.take() {
            commands.push(Command { span, kind: CommandKind::Repeat { times, name } });
            commands.push(Command { span, kind: CommandKind::Filter(is_within) });
        }
        commands.push(Command { span, kind: CommandKind::Stats { items: computed, groups, sets } });
        if let Some(having) = self.having.take() {
            commands.push(Command { span, kind: CommandKind::Filter(having) });
        }
        commands.extend(windows.commands());
        commands.push(Command { span, kind: CommandKind::Display(shown) });
        Ok(())
    }

    /// Puts expressions in the place of ordinals and of aliases in GROUP BY, and takes the table's alias away.
    fn resolve(&mut self) -> Result<(), QueryError> {
        let tables = std::mem::take(&mut self.tables);
        let names = self.names();
        let aliases: Vec<String> =
            self.items.iter().flatten().filter_map(|item| item.alias.clone()).collect();
        self.items.iter_mut().flatten().for_each(|item| {
            tables.resolve(&mut item.expr, &[]);
            if let Some(name) = named_column(&item.expr) {
                name.clone_into(&mut item.text);
            }
        });
        self.filter.iter_mut().for_each(|expr| tables.resolve(expr, &[]));
        self.having.iter_mut().chain(&mut self.groups).for_each(|expr| tables.resolve(expr, &aliases));
        self.order.iter_mut().for_each(|(expr, _)| tables.resolve(expr, &names));
        let items = self.items.as_deref().unwrap_or_default();
        for group in &mut self.groups {
            if let Some(item) = item_meant(group, items)? {
                *group = item.expr.clone();
            }
        }
        let names = self.names();
        resolve_ordinals(&mut self.order, &names)?;
        self.resolve_time_window()
    }
}

/// Puts columns in the place of their numbers, and of their names in double quotes, in keys of ORDER BY.
pub(super) fn resolve_ordinals(order: &mut [(Expr, Direction)], names: &[String]) -> Result<(), QueryError> {
    for key in order.iter_mut().filter_map(|(key, _)| ordinal(key)) {
        let name = match &key.kind {
            ExprKind::Number(text) => Some(numbered(text, names, key.span)?),
            ExprKind::Text(text) => names.iter().find(|name| *name == text),
            _ => None,
        };
        if let Some(name) = name {
            *key = Expr::new(key.span, ExprKind::Field(name.clone()));
        }
    }
    Ok(())
}

/// The number of a column in a key of ORDER BY, or a text, which may be its name.
fn ordinal(key: &mut Expr) -> Option<&mut Expr> {
    if let ExprKind::Number(_) | ExprKind::Text(_) = key.kind {
        return Some(key);
    }
    match &mut key.kind {
        ExprKind::Call(name, arguments) if name == "ispresent" => arguments.first_mut().and_then(ordinal),
        _ => None,
    }
}

/// The one of some columns that has this number, from 1.
fn numbered<'c, T>(text: &str, columns: &'c [T], span: Span) -> Result<&'c T, QueryError> {
    let at = text.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
    at.and_then(|at| columns.get(at)).ok_or_else(|| {
        let kind = QueryErrorKind::Expected { wanted: "the number of a column", found: text.to_owned() };
        QueryError { span, kind }
    })
}

/// The item that an ordinal or an alias stands for.
fn item_meant<'i>(expr: &Expr, items: &'i [Item]) -> Result<Option<&'i Item>, QueryError> {
    match &expr.kind {
        ExprKind::Number(text) => numbered(text, items, expr.span).map(Some),
        ExprKind::Field(name) | ExprKind::Text(name) => {
            Ok(items.iter().find(|item| item.alias.as_ref() == Some(name)))
        }
        _ => Ok(None),
    }
}

/// Refuses a column that is neither grouped by nor aggregated.
fn check_grouped(expr: &Expr, groups: &[Expr]) -> Result<(), QueryError> {
    if is_aggregate(expr)
        || is_window_column(expr)
        || groups.iter().any(|group| group.to_string() == expr.to_string())
    {
        return Ok(());
    }
    match named_column(expr) {
        Some(name) => {
            Err(QueryError { span: expr.span, kind: QueryErrorKind::NotAggregated(name.to_owned()) })
        }
        None => expr.parts().into_iter().try_for_each(|part| check_grouped(part, groups)),
    }
}

pub(super) fn has_aggregate(expr: &Expr) -> bool {
    !aggregates_of(expr).is_empty()
}

/// The aggregates in an expression.
fn aggregates_of(expr: &Expr) -> Vec<&Expr> {
    match is_aggregate(expr) {
        true => vec![expr],
        false => expr.parts().into_iter().flat_map(aggregates_of).collect(),
    }
}

pub(super) fn is_aggregate(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(name, _) if aggregate_named(name).is_some())
}
