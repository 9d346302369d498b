//! `WITH name AS (SELECT ...) SELECT ...`: SELECTs that stand wherever their names do.
//!
//! One that is named twice is run twice. A name hides a log group, and an outer one, of the same name, in any case of letters.
//! Source: Apache Spark SQL 3.5, "Common Table Expression (CTE)". CloudWatch's own pages do not speak of it.

use super::from::Table;
use super::function::not_implemented;
use super::select::Parser;
use super::set::Operand;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::parser::DEPTH_MAX;
use crate::syntax::{Command, CommandKind, Expr, ExprKind, Item};

/// Bytes of a statement's SELECTs, each counted wherever its name stands.
const BYTES_MAX: usize = 100_000;

/// A SELECT with a name.
pub(super) struct Named {
    name: String,
    select: Operand,
    /// How many SELECTs and expressions are one inside the other in it.
    levels: usize,
    /// How long it is with the SELECTs that it names.
    bytes: usize,
}

impl Parser<'_> {
    /// `WITH name [(column, ...)] AS (SELECT ...), ...`, each of which sees those before it.
    pub(super) fn with(&mut self) -> Result<(), QueryError> {
        if !self.take_word("with")? {
            return Ok(());
        }
        if self.token.is_word("recursive") && !self.is_before("(")? {
            return Err(not_implemented("clause", "WITH RECURSIVE", self.span));
        }
        loop {
            let named = self.named_select()?;
            self.named.push(named);
            if !self.take_symbol(",")? {
                return Ok(());
            }
        }
    }

    fn named_select(&mut self) -> Result<Named, QueryError> {
        let name = self.name()?;
        let at = self.span;
        let mut columns = None;
        if self.take_symbol("(")? {
            columns = Some(list(self, Self::name)?);
            self.need_symbol(")")?;
        }
        let columns_span = Span { start: at.start, end: self.last_end };
        self.need_word("as", "AS")?;
        self.need_symbol("(")?;
        let (start, copied) = (self.span.start, self.copied);
        let deepest = std::mem::replace(&mut self.deepest, self.depth);
        let mut select = self.apart()?;
        let levels = self.deepest - self.depth;
        self.deepest = self.deepest.max(deepest);
        let bytes = self.last_end - start + (self.copied - copied);
        self.need_symbol(")")?;
        if let Some(columns) = columns {
            select.rename(columns, columns_span)?;
        }
        Ok(Named { name, select, levels, bytes })
    }

    /// The SELECT that has this name.
    pub(super) fn named(&mut self, name: &str, span: Span) -> Result<Option<Table>, QueryError> {
        let Some(named) = self.named.iter().rev().find(|named| named.name.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        self.copied += named.bytes;
        if self.copied > BYTES_MAX {
            let rule = "names SELECTs that have more than 100000 bytes, each written out where it is named";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "WITH", rule } });
        }
        self.deepest = self.deepest.max(self.depth + named.levels);
        if self.deepest > DEPTH_MAX {
            return Err(QueryError { span, kind: QueryErrorKind::TooDeep });
        }
        let Operand { names, commands, .. } = &named.select;
        let (commands, columns) = (commands.clone(), Some(names.clone()));
        Ok(Some(Table { commands, columns, alias: Some(name.to_owned()) }))
    }
}

impl Operand {
    /// Gives the columns other names.
    fn rename(&mut self, names: Vec<String>, span: Span) -> Result<(), QueryError> {
        if names.len() != self.names.len() {
            let (wanted, found) = ("a name for each column", names.len().to_string());
            return Err(QueryError { span, kind: QueryErrorKind::Expected { wanted, found } });
        }
        let item = |(old, new): (&String, &String)| Item {
            expr: Expr::new(span, ExprKind::Field(old.clone())),
            alias: Some(new.clone()),
            text: old.clone(),
            offset: None,
        };
        let items = self.names.iter().zip(&names).map(item).collect();
        self.commands.push(Command { span, kind: CommandKind::Display(items) });
        self.names = names;
        Ok(())
    }
}
