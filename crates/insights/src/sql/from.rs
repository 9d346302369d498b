//! FROM: a log group, several or a SELECT, and what is joined to it.

use super::expression::is_reserved;
use super::function::not_implemented;
use super::select::Parser;
use super::set::Operand;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::parser;
use crate::plan::Comparison;
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

impl Table {
    fn of(commands: Vec<Command>) -> Table {
        Table { commands, columns: None, alias: None }
    }
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
                    Table::of(table_named(&text, span)?)
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
                        None => Table::of(table_named(&text, span)?),
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

    /// `[INNER] JOIN table AS b ON a.x = b.y AND ...`, `LEFT [OUTER] JOIN ...`
    pub(super) fn join(&mut self, left: Option<&str>) -> Result<Option<Command>, QueryError> {
        let span = self.span;
        let keeps_left = self.take_word("left")?;
        if keeps_left {
            self.take_word("outer")?;
        } else if !self.take_word("inner")? && !self.token.is_word("join") {
            return Ok(None);
        }
        self.need_word("join", "JOIN")?;
        let Table { commands: query, alias: right, .. } = self.table()?;
        let (Some(left), Some(right)) = (left, right) else {
            let rule = "needs a name for both tables, as in FROM `x` AS a JOIN `y` AS b";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "JOIN", rule } });
        };
        self.need_word("on", "ON")?;
        let condition = self.expr()?;
        let mut keys = vec![];
        join_keys(&condition, &mut keys)?;
        let join = Join { keeps_left, left: left.to_owned(), right, keys, query };
        if ["join", "inner", "left"].iter().any(|word| self.token.is_word(word)) {
            return Err(QueryError {
                span: self.span,
                kind: QueryErrorKind::TooMany { command: "JOIN", max: 1 },
            });
        }
        Ok(Some(Command { span, kind: CommandKind::Join(Box::new(join)) }))
    }
}

/// The commands of a table: a log group by name, `logGroups(...)`, `dataSource(...)` or `filterIndex('a' = 'b')`.
fn table_named(text: &str, span: Span) -> Result<Vec<Command>, QueryError> {
    let command = |kind| vec![Command { span, kind }];
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
    Ok(command(CommandKind::Source(Selection { names: vec![text.to_owned()], ..Selection::default() })))
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

/// The pairs of `a.x = b.y AND ...`.
fn join_keys(condition: &Expr, keys: &mut Vec<(Expr, Expr)>) -> Result<(), QueryError> {
    match &condition.kind {
        ExprKind::Binary(Binary::And, left, right) => {
            join_keys(left, keys)?;
            join_keys(right, keys)
        }
        ExprKind::Binary(Binary::Compare(Comparison::Equal), left, right) => {
            keys.push(((**left).clone(), (**right).clone()));
            Ok(())
        }
        _ => {
            let rule = "compares columns of both tables by =";
            Err(QueryError { span: condition.span, kind: QueryErrorKind::Misplaced { command: "ON", rule } })
        }
    }
}
