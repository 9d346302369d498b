//! `source`: the log groups that a query reads, and queries within it, which begin with it.
//!
//! Source: CloudWatch Logs User Guide, "OpenSearch Piped Processing Language (PPL)", Query scope (read 2026-11). Assumptions, where
//! it is silent: a field that `aws:fieldIndex` names without a value is one that events have; a query within another cannot name
//! fields of the one outside, and a field that it names without a table is its own.

use super::parser::Parser;
use super::scope::Scope;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::parser::{DATA_SOURCES_MAX, DEPTH_MAX, IDENTIFIERS_MAX};
use crate::plan::Comparison;
use crate::selection::Selection;
use crate::sql::function::called;
use crate::syntax::{Binary, Command, CommandKind, Expr, ExprKind};

/// What names the fields whose index is read.
const FIELD_INDEX: &str = "aws:fieldIndex";

/// A query within another counts as so many expressions: reading it takes more of the stack.
const LEVELS: usize = 4;

/// What stands in the brackets of `source = [...]`.
#[derive(Default)]
struct Selectors {
    selection: Selection,
    indexed: Vec<String>,
    conditions: Vec<(String, Expr)>,
}

impl Parser<'_> {
    /// Whether the query says what it reads.
    pub(super) fn is_at_source(&self) -> Result<bool, QueryError> {
        Ok(self.token.is_word("search") || self.token.is_word("source") && self.is_before("=")?)
    }

    /// `[search] source = group [as name] [condition]`
    pub(super) fn source(&mut self) -> Result<(), QueryError> {
        let span = self.span;
        self.take_word("search")?;
        self.need_word("source")?;
        self.need_symbol("=")?;
        if !self.take_symbol("[")? {
            let names = list(self, |parser| parser.name())?;
            self.check_many(names.len(), IDENTIFIERS_MAX, span)?;
            if let [name] = &names[..] {
                self.scope.name_table(name.clone());
            }
            let selection = Selection { names, ..Selection::default() };
            self.push(CommandKind::Source(selection), span);
        } else if self.is_at_source()? {
            self.deep(|parser| {
                parser.source()?;
                parser.pipe()?;
                parser.need_symbol("]")
            })?;
        } else {
            self.selectors(span)?;
        }
        if self.take_word("as")? {
            let name = self.name()?;
            self.scope.name_table(name);
        }
        if !matches!(self.token, Token::End | Token::Symbol("|" | "]" | ";")) {
            let condition = self.condition()?;
            self.push(CommandKind::Filter(condition), span);
        }
        Ok(())
    }

    /// ``lg:`group`, ds:`source.type`, `aws:fieldIndex` = "field", `field` = 1]``
    pub(super) fn selectors(&mut self, span: Span) -> Result<(), QueryError> {
        let mut selectors = Selectors::default();
        loop {
            self.selector(&mut selectors)?;
            if !self.take_symbol(",")? {
                break;
            }
        }
        self.need_symbol("]")?;
        let Selectors { selection, indexed, conditions } = selectors;
        self.check_many(selection.names.len(), IDENTIFIERS_MAX, span)?;
        self.check_many(selection.data_sources.len(), DATA_SOURCES_MAX, span)?;
        if !selection.data_sources.is_empty() {
            self.data_source = Some(span);
        }
        if let ([name], []) = (&selection.names[..], &selection.data_sources[..]) {
            self.scope.name_table(name.clone());
        }
        if selection != Selection::default() {
            self.push(CommandKind::Source(selection), span);
        }
        for name in indexed.iter().filter(|name| !conditions.iter().any(|(field, _)| field == *name)) {
            let field = Expr::new(span, ExprKind::Field(name.clone()));
            self.push(CommandKind::Filter(called("ispresent", vec![field], span)), span);
        }
        if !indexed.is_empty() {
            self.push(CommandKind::Indexed(indexed), span);
        }
        for (_, condition) in conditions {
            self.push(CommandKind::Filter(condition), span);
        }
        Ok(())
    }

    fn selector(&mut self, selectors: &mut Selectors) -> Result<(), QueryError> {
        let span = self.span;
        if self.is_before(":")? {
            let is_group = self.token.is_word("lg");
            if !is_group && !self.token.is_word("ds") {
                return Err(self.expected("lg: or ds:"));
            }
            self.advance()?;
            self.need_symbol(":")?;
            let name = self.name()?;
            let Selection { names, data_sources, .. } = &mut selectors.selection;
            (if is_group { names } else { data_sources }).push(name);
            return Ok(());
        }
        let name = self.name()?;
        let field = Box::new(Expr::new(span, ExprKind::Field(name.clone())));
        let (values, kind) = if self.take_symbol("=")? {
            let value = self.constant()?;
            let equal = Binary::Compare(Comparison::Equal);
            (vec![value.clone()], ExprKind::Binary(equal, field, Box::new(value)))
        } else {
            self.need_word("in")?;
            self.need_symbol("(")?;
            let list = list(self, Self::constant)?;
            self.need_symbol(")")?;
            (list.clone(), ExprKind::In { value: field, list, is_negated: false })
        };
        if name != FIELD_INDEX {
            selectors.conditions.push((name, Expr::new(self.since(span), kind)));
            return Ok(());
        }
        for value in values {
            match value.kind {
                ExprKind::Text(name) => selectors.indexed.push(name),
                _ => {
                    let kind =
                        QueryErrorKind::Expected { wanted: "the name of a field", found: value.to_string() };
                    return Err(QueryError { span: value.span, kind });
                }
            }
        }
        Ok(())
    }

    /// A number or a string.
    fn constant(&mut self) -> Result<Expr, QueryError> {
        let start = self.span;
        let is_negative = self.take_symbol("-")?;
        let kind = match &self.token {
            Token::Number(text) => ExprKind::Number(text.clone()),
            Token::Text(text) if !is_negative => ExprKind::Text(text.clone()),
            _ => return Err(self.expected("a number or a string")),
        };
        let value = Expr::new(self.advance()?, kind);
        match is_negative {
            true => Ok(Expr::new(self.since(start), ExprKind::Negate(Box::new(value)))),
            false => Ok(value),
        }
    }

    fn check_many(&self, count: usize, most: usize, span: Span) -> Result<(), QueryError> {
        match count > most {
            true => Err(QueryError { span, kind: QueryErrorKind::TooMany { command: "source", max: most } }),
            false => Ok(()),
        }
    }

    /// `[source = ... | ...]`: the commands of a query within this one.
    pub(super) fn inner_query(&mut self) -> Result<Vec<Command>, QueryError> {
        self.need_symbol("[")?;
        self.take_word("subquery")?;
        if !self.is_at_source()? {
            return Err(self.expected("source = ..."));
        }
        let (commands, _) = self.inner(|parser| {
            parser.source()?;
            parser.pipe()?;
            parser.show();
            parser.need_symbol("]")
        })?;
        Ok(commands)
    }

    /// What is read of a query within this one, and the fields that it leaves.
    pub(super) fn inner(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), QueryError>,
    ) -> Result<(Vec<Command>, Scope), QueryError> {
        self.has_inner = true;
        let scope = self.scope.within();
        let (scope, commands) =
            (std::mem::replace(&mut self.scope, scope), std::mem::take(&mut self.commands));
        let done = self.deep(read);
        let inner =
            (std::mem::replace(&mut self.commands, commands), std::mem::replace(&mut self.scope, scope));
        done.map(|()| inner)
    }

    /// Reads what takes as much of the stack as a query does.
    fn deep(&mut self, read: impl FnOnce(&mut Self) -> Result<(), QueryError>) -> Result<(), QueryError> {
        if self.depth + LEVELS > DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += LEVELS;
        let done = read(self);
        self.depth -= LEVELS;
        done
    }
}
