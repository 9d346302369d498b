//! From text to commands: recursive descent, one function for each command.
//!
//! Keywords are case-insensitive, `#` begins a comment, commands are separated by `|`.
//! Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax" (read 2026-11).

mod expression;
mod join;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use expression::{DEPTH_MAX, balanced};
pub(crate) use join::{DATA_SOURCES_MAX, IDENTIFIERS_MAX};

use crate::cursor::{Cursor, list, reads_with_cursor};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Token, next_token};
use crate::plan::Direction;
use crate::selection::Selection;
use crate::syntax::{Command, CommandKind, Expr, ExprKind, Item, LineFormat};

/// `queryString` of StartQuery.
pub const QUERY_CHARS_MAX: usize = 10_000;
/// More commands than any query of this length needs.
pub const COMMANDS_MAX: usize = 200;

/// The commands of a query.
///
/// # Errors
/// The first thing that is not as the language wants it.
pub fn parse(query: &str) -> Result<Vec<Command>, QueryError> {
    if query.chars().count() > QUERY_CHARS_MAX {
        let span = Span { start: 0, end: query.len() };
        return Err(QueryError { span, kind: QueryErrorKind::TooLong });
    }
    let mut parser = Parser::new(query)?;
    let commands = parser.commands()?;
    match parser.token {
        Token::End => Ok(commands),
        _ => Err(parser.expected("| or the end of the query")),
    }
}

/// What `logGroups(...)` and `dataSource(...)` select, written without `SOURCE`.
///
/// # Errors
/// As [`parse`].
pub(crate) fn selection(text: &str) -> Result<Selection, QueryError> {
    let mut parser = Parser::new(text)?;
    let mut selection = Selection::default();
    while parser.selecting(&mut selection)? {
        parser.take_symbol(",")?;
    }
    parser.end(selection)
}

/// An expression alone.
///
/// # Errors
/// As [`parse`].
pub(crate) fn expression(text: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser::new(text)?;
    let expr = parser.expr()?;
    parser.end(expr)
}

struct Parser<'q> {
    /// Where the parser is, with `/` read as an operator.
    cursor: Cursor<'q>,
    /// How many expressions the parser is inside of.
    depth: usize,
}

reads_with_cursor!(Parser);

impl<'q> Parser<'q> {
    fn new(query: &'q str) -> Result<Self, QueryError> {
        Ok(Parser { cursor: Cursor::new(query, next_token)?, depth: 0 })
    }

    /// What was read, if nothing follows.
    fn end<T>(&self, read: T) -> Result<T, QueryError> {
        if self.token == Token::End { Ok(read) } else { Err(self.expected("nothing more")) }
    }

    /// Commands with `|` between them.
    fn commands(&mut self) -> Result<Vec<Command>, QueryError> {
        let mut commands = vec![self.command()?];
        while self.take_symbol("|")? {
            if commands.len() == COMMANDS_MAX {
                return Err(self.refuse(QueryErrorKind::TooManyCommands));
            }
            commands.push(self.command()?);
        }
        Ok(commands)
    }

    fn command(&mut self) -> Result<Command, QueryError> {
        let span = self.span;
        let Token::Name { text, .. } = &self.token else { return Err(self.expected("a command")) };
        let name = text.to_ascii_lowercase();
        let parse: fn(&mut Self) -> Result<CommandKind, QueryError> = match name.as_str() {
            "fields" => |parser| Ok(CommandKind::Fields(parser.items()?)),
            "display" => |parser| Ok(CommandKind::Display(parser.items()?)),
            "filter" | "where" => |parser| Ok(CommandKind::Filter(parser.expr()?)),
            "stats" => Self::stats,
            "sort" => Self::sort,
            "limit" | "head" | "tail" => Self::limit,
            "dedup" => |parser| Ok(CommandKind::Dedup(list(parser, Self::expr)?)),
            "parse" => Self::parse_command,
            "json" => Self::json_command,
            "source" => Self::source,
            "join" => Self::join,
            "appendcols" => Self::appendcols,
            "lookup" => Self::lookup,
            "cidrlookup" => Self::cidrlookup,
            "filterindex" => |parser| Ok(CommandKind::FilterIndex(parser.expr()?)),
            "pattern" => |parser| Ok(CommandKind::Pattern(parser.operand()?)),
            "diff" => Self::diff,
            "logcompare" => Self::logcompare,
            "anomaly" => |_| Ok(CommandKind::Anomaly),
            "relevantfields" => Self::relevantfields,
            "estimate" => |_| Ok(CommandKind::Estimate),
            "unnest" => Self::unnest,
            "expand" => Self::expand,
            "accum" => Self::accum,
            "autoregress" => Self::autoregress,
            "filldown" => Self::filldown,
            "fillmissing" => Self::fillmissing,
            "addtotals" => Self::addtotals,
            "sessionize" => Self::sessionize,
            "outlier" => Self::outlier,
            "countfrequent" | "count_frequent" => Self::count_frequent,
            _ => return Err(self.refuse(QueryErrorKind::UnknownCommand(text.clone()))),
        };
        if matches!(name.as_str(), "source" | "lookup" | "cidrlookup") {
            // A name without quotes follows, which may hold characters that begin no token.
            self.last_end = span.end;
        } else {
            self.advance()?;
        }
        Ok(Command { span, kind: parse(self)? })
    }

    fn stats(&mut self) -> Result<CommandKind, QueryError> {
        let items = self.items()?;
        // Assumption: `group by` is `by`, as people write it.
        let is_grouped = self.take_word("group")?;
        let groups = match self.take_word("by")? {
            true => self.items()?,
            false if is_grouped => return Err(self.expected("by")),
            false => vec![],
        };
        Ok(CommandKind::Stats { items, groups, sets: vec![] })
    }

    fn sort(&mut self) -> Result<CommandKind, QueryError> {
        self.take_word("by")?;
        let key = |parser: &mut Self| {
            let expr = parser.expr()?;
            if parser.take_word("desc")? {
                return Ok((expr, Direction::Descending));
            }
            parser.take_word("asc")?;
            Ok((expr, Direction::Ascending))
        };
        Ok(CommandKind::Sort(list(self, key)?))
    }

    /// `limit any N` may stop scanning early; the first rows in order are among the rows it may give.
    fn limit(&mut self) -> Result<CommandKind, QueryError> {
        self.take_word("any")?;
        match &self.token {
            Token::Number(text) => {
                let kind = ExprKind::Number(text.clone());
                let span = self.advance()?;
                Ok(CommandKind::Limit(Expr::new(span, kind)))
            }
            _ => Err(self.expected("a number of rows")),
        }
    }

    /// `parse [field] "glob" as a, b`, `parse [field] /regex/ [as a, b] [multi]`, `parse [field] logfmt as a` or
    /// `parse [field] csv as a, b`; without a field it reads `@message`.
    fn parse_command(&mut self) -> Result<CommandKind, QueryError> {
        let is_before_as = self.is_before_word("as")?;
        let source = match self.token {
            Token::Text(_) | Token::Symbol("/") => None,
            _ if is_before_as && self.line_format().is_some() => None,
            _ => Some(self.operand()?),
        };
        if let Some(format) = self.line_format() {
            self.advance()?;
            if !self.take_word("as")? {
                return Err(self.expected("as"));
            }
            let names = match format {
                LineFormat::Logfmt => vec![self.name()?],
                LineFormat::Csv => list(self, |parser| parser.name())?,
            };
            return Ok(CommandKind::ParseLine { source, format, names });
        }
        let pattern = self.pattern()?;
        let is_regex = matches!(pattern.kind, ExprKind::Regex(_));
        let names_from = self.span;
        let mut is_multi = is_regex && self.take_word("multi")?;
        let names = if self.take_word("as")? { list(self, |parser| parser.name())? } else { vec![] };
        let names_span = Span { start: names_from.start, end: self.last_end.max(names_from.start) };
        is_multi |= is_regex && self.take_word("multi")?;
        Ok(CommandKind::Parse { source, pattern, names, names_span, is_multi })
    }

    fn line_format(&self) -> Option<LineFormat> {
        let formats = [("logfmt", LineFormat::Logfmt), ("csv", LineFormat::Csv)];
        formats.into_iter().find(|(word, _)| self.token.is_word(word)).map(|(_, format)| format)
    }

    /// `json field=a "b.c" as d`
    fn json_command(&mut self) -> Result<CommandKind, QueryError> {
        if !self.take_option("field")? {
            return Err(self.expected("field="));
        }
        let field = self.operand()?;
        let Token::Text(path) = &self.token else { return Err(self.expected("a path such as \"a.b\"")) };
        let path = path
            .replace('[', ".")
            .replace(']', "")
            .trim_start_matches('.')
            .split('.')
            .map(str::to_owned)
            .collect();
        self.advance()?;
        if !self.take_word("as")? {
            return Err(self.expected("as"));
        }
        Ok(CommandKind::Json { field, path, name: self.name()? })
    }

    fn items(&mut self) -> Result<Vec<Item>, QueryError> {
        list(self, Self::item)
    }

    fn item(&mut self) -> Result<Item, QueryError> {
        let start = self.span.start;
        let expr = self.expr()?;
        let mut text = self.text[start..self.last_end].to_string();
        if let ExprKind::Field(name) = &expr.kind {
            text.clone_from(name);
        }
        let offset = if self.take_word("offset")? { Some(self.period()?) } else { None };
        let alias = if self.take_word("as")? { Some(self.name()?) } else { None };
        Ok(Item { expr, alias, text, offset })
    }

    fn period(&mut self) -> Result<Expr, QueryError> {
        let Token::Period(text) = &self.token else { return Err(self.expected("a period such as 1h")) };
        let kind = ExprKind::Period(text.clone());
        Ok(Expr::new(self.advance()?, kind))
    }
}
