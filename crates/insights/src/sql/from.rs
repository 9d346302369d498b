//! FROM: a log group, several or a SELECT, and what is joined to it.

use super::correlate::conjuncts;
use super::expression::is_reserved;
use super::function::not_implemented;
use super::logic::logical;
use super::qualify::{Sides, Tables};
use super::select::Parser;
use super::set::Operand;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::parser;
use crate::selection::Selection;
use crate::syntax::{Binary, Command, CommandKind, Expr, ExprKind, Join};

/// What stands behind FROM or JOIN.
pub(super) struct Table {
    /// What gives the rows.
    pub(super) commands: Vec<Command>,
    /// The columns' names, if it is a SELECT.
    pub(super) columns: Option<Vec<String>>,
    /// What stands before its columns elsewhere.
    pub(super) alias: Option<String>,
}

impl Parser<'_> {
    /// A log group, several, or a SELECT, in parentheses or by its name.
    pub(super) fn table(&mut self) -> Result<Table, QueryError> {
        let span = self.span;
        let mut table = if self.take_symbol("(")? {
            let select = self.apart()?;
            self.need_symbol(")")?;
            Table { commands: select.commands, columns: Some(select.names), alias: None }
        } else {
            match &self.token {
                Token::Text(text) => {
                    let text = text.clone();
                    self.advance()?;
                    table_named(&text, span)?
                }
                Token::Name { text, is_quoted } if *is_quoted || !is_reserved(text) => {
                    let text = text.clone();
                    self.advance()?;
                    if self.token == Token::Symbol("(") {
                        return Err(not_implemented(
                            "table",
                            &format!("{text}(...) without back-quotes"),
                            span,
                        ));
                    }
                    match self.named(&text, span)? {
                        Some(table) => table,
                        None => table_named(&text, span)?,
                    }
                }
                _ => return Err(self.expected("a log group")),
            }
        };
        if let Some(alias) = self.alias()? {
            table.alias = Some(alias);
        }
        if self.token == Token::Symbol(",") {
            return Err(not_implemented("clause", "FROM with several tables; write JOIN", self.span));
        }
        Ok(table)
    }

    /// A SELECT that sees no table of another.
    pub(super) fn apart(&mut self) -> Result<Operand, QueryError> {
        let first_column = self.qualified.len();
        self.scopes.push(vec![]);
        let select = self.selects()?;
        self.scopes.pop();
        self.qualified.truncate(first_column);
        Ok(select)
    }

    /// `[INNER] JOIN table AS b ON a.x = b.y AND ...` or `USING (x, ...)`, `LEFT [OUTER] JOIN ...`: what gives the rows of both.
    pub(super) fn join(&mut self, one: &Table) -> Result<Option<(Vec<Command>, Tables)>, QueryError> {
        let span = self.span;
        let keeps_left = self.take_word("left")?;
        if keeps_left {
            self.take_word("outer")?;
        } else if !self.take_word("inner")? && !self.token.is_word("join") {
            return Ok(None);
        }
        self.need_word("join", "JOIN")?;
        let other = self.table()?;
        let is_clear = |left: &String| other.alias.as_ref().filter(|right| !left.eq_ignore_ascii_case(right));
        let sides = one.alias.as_ref().and_then(|left| Some((left.clone(), is_clear(left)?.clone())));
        let Some((left, right)) = sides else {
            let rule = "needs a name for each table, as in FROM `x` AS a JOIN `y` AS b";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "JOIN", rule } });
        };
        let columns = (one.columns.clone(), other.columns);
        let tables = Tables::Two(Sides { left: left.clone(), right: right.clone(), columns });
        let (keys, others) = if self.take_word("using")? {
            (self.using(&left, &right)?, vec![])
        } else {
            self.need_word("on", "ON")?;
            let condition = self.expr()?;
            let on = condition.span;
            let (keys, others) = divided(condition, &tables)?;
            check_keys(&keys, on)?;
            (keys, others)
        };
        let (mut query, mut commands) = (other.commands, one.commands.clone());
        let mut behind = placed(others, &tables, keeps_left, &mut query)?;
        let join = Join { keeps_left, left, right, keys, query };
        if ["join", "inner", "left"].iter().any(|word| self.token.is_word(word)) {
            return Err(QueryError {
                span: self.span,
                kind: QueryErrorKind::TooMany { command: "JOIN", max: 1 },
            });
        }
        commands.push(Command { span, kind: CommandKind::Join(Box::new(join)) });
        commands.append(&mut behind);
        Ok(Some((commands, tables)))
    }

    /// `(x, y)` behind USING: columns that both sides have.
    fn using(&mut self, left: &str, right: &str) -> Result<Vec<(Expr, Expr)>, QueryError> {
        self.need_symbol("(")?;
        let span = self.span;
        let names = list(self, Self::name)?;
        self.need_symbol(")")?;
        let field = |side: &str, name: &String| Expr::new(span, ExprKind::Field(format!("{side}.{name}")));
        Ok(names.iter().map(|name| (field(left, name), field(right, name))).collect())
    }
}

/// Divides what stands behind ON: columns of both sides that are equal, and other conditions.
///
/// # Errors
/// A condition that is too large.
pub(crate) fn divided(condition: Expr, tables: &Tables) -> Result<(Keys, Vec<Expr>), QueryError> {
    let (mut keys, mut others) = (vec![], vec![]);
    for mut part in conjuncts(condition) {
        match tables.key(&part) {
            Some(key) => keys.push(key),
            None => {
                part = logical(part)?;
                tables.resolve(&mut part, &[]);
                others.push(part);
            }
        }
    }
    Ok((keys, others))
}

/// A join needs columns of both sides that are equal.
///
/// # Errors
/// There are none; the span is that of the condition.
pub(crate) fn check_keys(keys: &[(Expr, Expr)], span: Span) -> Result<(), QueryError> {
    if keys.is_empty() {
        let rule = "compares columns of both tables by =";
        return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "ON", rule } });
    }
    Ok(())
}

/// Puts conditions of a join that find no columns equal where they mean the same: behind an inner one, and before the right
/// side of a left one.
///
/// # Errors
/// One of a left join that reads other columns than those of the right side.
pub(crate) fn placed(
    others: Vec<Expr>,
    tables: &Tables,
    keeps_left: bool,
    query: &mut Vec<Command>,
) -> Result<Vec<Command>, QueryError> {
    let mut behind = vec![];
    for condition in others {
        let span = condition.span;
        if !keeps_left {
            behind.push(Command { span, kind: CommandKind::Filter(condition) });
        } else if let Some(own) = tables.of_right(&condition) {
            query.push(Command { span, kind: CommandKind::Filter(own) });
        } else {
            let name = "of LEFT JOIN that compares other than columns of both by = and columns of the right";
            return Err(not_implemented("condition", name, span));
        }
    }
    Ok(behind)
}

/// Columns of the left and the right side that are equal.
type Keys = Vec<(Expr, Expr)>;

/// The commands of a table: a log group by name, `logGroups(...)`, `dataSource(...)` or `filterIndex('a' = 'b')`.
///
/// The name of a log group stands before its columns if nothing else is told to.
fn table_named(text: &str, span: Span) -> Result<Table, QueryError> {
    let command = |kind| Table { commands: vec![Command { span, kind }], columns: None, alias: None };
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && text[word.len()..].trim_start().starts_with('(')
    };
    // What is wrong inside is told at the whole table: its text has other places than the statement's.
    let at_table = |error: QueryError| QueryError { span, ..error };
    if begins("logGroups") || begins("dataSource") {
        let selection = parser::selection(text).map_err(at_table)?;
        return Ok(command(CommandKind::Source(selection)));
    }
    if begins("filterIndex") {
        let inside = text["filterIndex".len()..].trim();
        let condition = parser::expression(inside).map_err(at_table)?;
        return Ok(command(CommandKind::FilterIndex(with_fields(condition))));
    }
    let group = Selection { names: vec![text.to_owned()], ..Selection::default() };
    Ok(Table { alias: Some(text.to_owned()), ..command(CommandKind::Source(group)) })
}

/// `'field' = 'value'`: the text on the left is a field.
fn with_fields(condition: Expr) -> Expr {
    let Expr { span, kind, .. } = condition;
    let field = |side: Box<Expr>| match side.kind {
        ExprKind::Text(name) => Box::new(Expr::new(side.span, ExprKind::Field(name))),
        _ => side,
    };
    let kind = match kind {
        ExprKind::Binary(Binary::And, left, right) => {
            ExprKind::Binary(Binary::And, Box::new(with_fields(*left)), Box::new(with_fields(*right)))
        }
        ExprKind::Binary(operator, left, right) => ExprKind::Binary(operator, field(left), right),
        ExprKind::In { value, list, is_negated } => ExprKind::In { value: field(value), list, is_negated },
        other => other,
    };
    Expr::new(span, kind)
}
