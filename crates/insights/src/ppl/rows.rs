//! Commands that order rows and leave some of them out: `sort`, `head`, `dedup`.

use super::node::{all_present, at_most, field, number};
use super::parser::Parser;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind};
use crate::lexer::Token;
use crate::parser::balanced;
use crate::plan::Direction;
use crate::sql::function::{called, not_implemented};
use crate::syntax::{Binary, CommandKind, Expr, ExprKind, Window};
use crate::window::WindowFunction;

/// Rows that `head` keeps unless told.
const HEAD_ROWS: u32 = 10;

impl Parser<'_> {
    /// `sort a, - b`
    pub(super) fn sort(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let keys = list(self, Self::sort_key)?;
        self.push(CommandKind::Sort(keys), span);
        Ok(())
    }

    /// `[+ | -] field`, whose absent values come first, or backwards last.
    pub(super) fn sort_key(&mut self) -> Result<(Expr, Direction), QueryError> {
        let is_down = self.take_symbol("-")?;
        if !is_down {
            self.take_symbol("+")?;
        }
        let direction = if is_down { Direction::Descending } else { Direction::Ascending };
        if !self.is_before("(")? {
            return Ok((self.field()?.1, direction));
        }
        let start = self.span;
        let by = ["auto", "num", "str", "ip"].into_iter().find(|word| self.token.is_word(word));
        let Some(by) = by else { return Ok((self.column_written()?, direction)) };
        if by == "str" || by == "ip" {
            return Err(not_implemented("order", &format!("{by}(...)"), start));
        }
        self.advance()?;
        self.need_symbol("(")?;
        let (_, key) = self.field()?;
        self.need_symbol(")")?;
        // Numbers and texts have one natural order.
        let key = if by == "num" { called("toNumber", vec![key], self.since(start)) } else { key };
        Ok((key, direction))
    }

    /// A column by the text that it is named by, such as `count()`.
    fn column_written(&mut self) -> Result<Expr, QueryError> {
        let start = self.span;
        let mut open = 0_usize;
        while self.token != Token::End {
            match self.token {
                Token::Symbol("(") => open += 1,
                Token::Symbol(")") => open = open.saturating_sub(1),
                _ => {}
            }
            let is_last = open == 0 && self.token == Token::Symbol(")");
            self.advance()?;
            if is_last {
                break;
            }
        }
        let span = self.since(start);
        let name = self.as_column(span);
        match self.scope.is_made(&name) {
            true => Ok(field(&name, span)),
            false => Err(QueryError { span, kind: QueryErrorKind::NoField(name) }),
        }
    }

    /// `head [rows] [from rows]`
    pub(super) fn head(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let rows = if let Token::Number(_) = self.token { self.count("head", 1)? } else { HEAD_ROWS };
        self.push(CommandKind::Limit(number(rows, span)), span);
        if self.take_word("from")? {
            let skipped = self.count("from", 0)?;
            self.push(CommandKind::Offset(number(skipped, span)), span);
        }
        Ok(())
    }

    /// `dedup [rows] a, b [keepempty=true] [consecutive=false]`
    pub(super) fn dedup(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let rows = if let Token::Number(_) = self.token { self.count("dedup", 1)? } else { 1 };
        let keys: Vec<Expr> = list(self, Self::field)?.into_iter().map(|(_, key)| key).collect();
        let keeps_empty = self.flag("keepempty")?.unwrap_or(false);
        let at = self.span;
        if self.flag("consecutive")? == Some(true) {
            return Err(not_implemented("option", "consecutive=true", at));
        }
        let has_all = all_present(&keys, span);
        if !keeps_empty {
            self.push(CommandKind::Filter(has_all.clone()), span);
        }
        if rows == 1 {
            self.push(CommandKind::Dedup(keys), span);
            return Ok(());
        }
        let name = self.hidden_name();
        let window = numbered(keys, vec![]);
        self.push(CommandKind::Window { name: name.clone(), window }, span);
        let mut kept = at_most(&name, rows, span);
        if keeps_empty {
            kept = balanced(Binary::Or, vec![kept, Expr::new(span, ExprKind::Not(Box::new(has_all)))]);
        }
        self.push(CommandKind::Filter(kept), span);
        Ok(())
    }
}

/// The place of each row among those with the same keys.
pub(super) fn numbered(partition: Vec<Expr>, order: Vec<(Expr, Direction)>) -> Window {
    let function = WindowFunction::RowNumber;
    Window { function, argument: None, partition, order, frame: None, ignores_nulls: false }
}
