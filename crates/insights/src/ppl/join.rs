//! `join`: rows of two queries side by side.
//!
//! Source: CloudWatch Logs User Guide, "OpenSearch Piped Processing Language (PPL)", join (read 2026-11): one join in a query, the
//! right side a log group or a query. Assumptions: a side without `left =` or `right =` has the name of its log group; behind
//! the join what each side has shown is shown, with the side's name before it.

use super::parser::Parser;
use super::scope::Scope;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::selection::Selection;
use crate::sql::from::{check_keys, divided, placed};
use crate::sql::qualify::Sides;
use crate::syntax::{Command, CommandKind, Expr, Join};

/// What rows are joined with.
struct Right {
    commands: Vec<Command>,
    scope: Scope,
    name: Option<String>,
}

impl Parser<'_> {
    /// `[inner | left | cross] join left = a, right = b on a.x = b.y group`
    pub(super) fn join(&mut self) -> Result<(), QueryError> {
        let span = self.span;
        let keeps_left = self.take_word("left")?;
        let is_cross = !keeps_left && self.take_word("cross")?;
        if keeps_left {
            self.take_word("outer")?;
        } else if !is_cross {
            self.take_word("inner")?;
        }
        self.need_word("join")?;
        let left = self.side("left")?;
        self.take_symbol(",")?;
        let right = self.side("right")?;
        let condition = if self.take_word("on")? { Some(self.expr()?) } else { None };
        if condition.is_none() && !is_cross {
            return Err(self.expected("on"));
        }
        let other = self.right_side()?;
        let left = left.or_else(|| self.scope.table());
        let right = right.or(other.name);
        let Some((left, right)) = left.zip(right).filter(|(left, right)| !left.eq_ignore_ascii_case(right))
        else {
            let rule = "needs a name for each side, as in join left = a right = b on a.x = b.y";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "join", rule } });
        };
        let columns = (self.scope.columns(), other.scope.columns());
        let sides = Sides { left: left.clone(), right: right.clone(), columns };
        self.scope.join(&other.scope, sides);
        let join = Join { keeps_left, left, right, keys: vec![], query: other.commands };
        match condition {
            Some(condition) => self.join_on(join, condition, is_cross, span),
            None => {
                self.push(CommandKind::Join(Box::new(join)), span);
                Ok(())
            }
        }
    }

    /// `left = name`, if it is there.
    fn side(&mut self, side: &str) -> Result<Option<String>, QueryError> {
        if !(self.token.is_word(side) && self.is_before("=")?) {
            return Ok(None);
        }
        self.advance()?;
        self.need_symbol("=")?;
        Ok(Some(self.name()?))
    }

    /// A log group, ``[lg:`group`]`` or `[source = ... ]`, with or without `as name`.
    fn right_side(&mut self) -> Result<Right, QueryError> {
        if !matches!(self.token, Token::Name { .. } | Token::Symbol("[")) {
            return Err(self.expected("a log group or [source = ...]"));
        }
        let span = self.span;
        let (commands, scope) = self.inner(|parser| {
            if !parser.take_symbol("[")? {
                let name = parser.name()?;
                parser.scope.name_table(name.clone());
                let selection = Selection { names: vec![name], ..Selection::default() };
                parser.push(CommandKind::Source(selection), span);
            } else if parser.is_at_source()? {
                parser.source()?;
                parser.pipe()?;
                parser.need_symbol("]")?;
            } else {
                parser.selectors(span)?;
            }
            Ok(())
        })?;
        let name = if self.take_word("as")? { Some(self.name()?) } else { scope.table() };
        Ok(Right { commands, scope, name })
    }

    fn join_on(
        &mut self,
        mut join: Join,
        mut condition: Expr,
        is_cross: bool,
        span: Span,
    ) -> Result<(), QueryError> {
        let on = condition.span;
        self.scope.resolve(&mut condition)?;
        let (keys, others) = divided(condition, self.scope.tables())?;
        if !is_cross {
            check_keys(&keys, on)?;
        }
        join.keys = keys;
        let mut behind = placed(others, self.scope.tables(), join.keeps_left, &mut join.query)?;
        self.push(CommandKind::Join(Box::new(join)), span);
        self.commands.append(&mut behind);
        Ok(())
    }
}
