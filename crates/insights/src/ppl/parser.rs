//! Reading commands, and what they become.

use super::lexer::next_token;
use super::scope::Scope;

use crate::cursor::{Cursor, reads_with_cursor};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::parser::COMMANDS_MAX;
use crate::sql::function::not_implemented;
use crate::syntax::{Command, CommandKind, Expr, ExprKind, Item};

/// Commands of PPL that CloudWatch Logs has not (OpenSearch Service Developer Guide, "Supported PPL commands").
const ELSEWHERE: &[&str] = &["correlate", "describe", "explain", "lookup", "patterns", "project", "show"];
const NOT_HERE: &str = "is no command of PPL in CloudWatch Logs";

/// Reads a query and keeps what it has become so far.
pub(super) struct Parser<'q> {
    cursor: Cursor<'q>,
    /// How many expressions and queries the parser is inside of.
    pub(super) depth: usize,
    /// How many expressions were read so far.
    pub(super) written: usize,
    pub(super) scope: Scope,
    pub(super) commands: Vec<Command>,
    /// How many commands were read so far, of all queries.
    read: usize,
    /// Columns named so far that are not shown.
    hidden: usize,
    /// Where data sources are named, and whether other queries are read within.
    pub(super) data_source: Option<Span>,
    pub(super) has_inner: bool,
}

type Read<'q> = fn(&mut Parser<'q>) -> Result<(), QueryError>;

reads_with_cursor!(Parser);

impl<'q> Parser<'q> {
    pub(super) fn new(query: &'q str) -> Result<Self, QueryError> {
        Ok(Parser {
            cursor: Cursor::new(query, next_token)?,
            depth: 0,
            written: 0,
            scope: Scope::default(),
            commands: vec![],
            read: 0,
            hidden: 0,
            data_source: None,
            has_inner: false,
        })
    }

    /// The commands of the only query, which may leave out `source` if it is given log groups.
    pub(super) fn query(mut self) -> Result<Vec<Command>, QueryError> {
        match self.is_at_source()? {
            true => self.source()?,
            false => self.command()?,
        }
        self.pipe()?;
        self.take_symbol(";")?;
        if self.token != Token::End {
            return Err(self.expected("| or the end of the query"));
        }
        if let (Some(span), true) = (self.data_source, self.has_inner) {
            let rule = "with ds: is read by no query with join or subqueries";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "source", rule } });
        }
        self.show();
        Ok(self.commands)
    }

    /// Commands behind `|`, as long as there are some.
    pub(super) fn pipe(&mut self) -> Result<(), QueryError> {
        while self.take_symbol("|")? {
            self.command()?;
        }
        Ok(())
    }

    /// Has shown what the commands so far have left.
    pub(super) fn show(&mut self) {
        let items = self.scope.shown().iter().map(|name| named(name, self.span)).collect();
        self.push(CommandKind::Display(items), self.span);
    }

    fn command(&mut self) -> Result<(), QueryError> {
        self.read += 1;
        if self.read > COMMANDS_MAX {
            return Err(self.refuse(QueryErrorKind::TooManyCommands));
        }
        let Token::Name { text, is_quoted: false } = &self.token else {
            return Err(self.expected("a command"));
        };
        let read: Read<'q> = match text.to_ascii_lowercase().as_str() {
            "fields" => Self::fields,
            "where" => Self::filter,
            "stats" => Self::stats,
            "eventstats" => Self::eventstats,
            "top" | "top_approx" => Self::top,
            "rare" | "rare_approx" => Self::rare,
            "fieldsummary" => Self::fieldsummary,
            "trendline" => Self::trendline,
            "sort" => Self::sort,
            "head" => Self::head,
            "dedup" => Self::dedup,
            "expand" => Self::expand,
            "flatten" => Self::flatten,
            "eval" => Self::eval,
            "rename" => Self::rename,
            "fillnull" => Self::fillnull,
            "parse" => Self::parse,
            "grok" => Self::grok,
            "join" | "inner" | "left" | "cross" => Self::join,
            "right" | "full" | "semi" | "anti"
                if self.is_before_word("join")? || self.is_before_word("outer")? =>
            {
                let name = format!("{} JOIN", text.to_ascii_uppercase());
                return Err(not_implemented("command", &name, self.span));
            }
            lower => {
                let kind = match ELSEWHERE.iter().find(|known| **known == lower) {
                    Some(command) => QueryErrorKind::Misplaced { command, rule: NOT_HERE },
                    None => QueryErrorKind::UnknownCommand(text.clone()),
                };
                return Err(self.refuse(kind));
            }
        };
        read(self)
    }

    /// `where condition`
    fn filter(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let condition = self.condition()?;
        self.push(CommandKind::Filter(condition), span);
        Ok(())
    }

    pub(super) fn push(&mut self, kind: CommandKind, span: Span) {
        self.commands.push(Command { span, kind });
    }

    /// Adds columns that are computed; none is shown for that.
    pub(super) fn extend(&mut self, columns: Vec<(String, Expr)>, span: Span) {
        let item = |(name, expr): (String, Expr)| Item { expr, alias: None, text: name, offset: None };
        self.push(CommandKind::Extend(columns.into_iter().map(item).collect()), span);
    }

    /// A name that no field has.
    pub(super) fn hidden_name(&mut self) -> String {
        self.hidden += 1;
        format!("# made {}", self.hidden)
    }

    /// A field that there is.
    pub(super) fn field(&mut self) -> Result<(String, Expr), QueryError> {
        let span = self.span;
        let name = self.name()?;
        let mut expr = Expr::new(span, ExprKind::Field(name.clone()));
        self.scope.resolve(&mut expr)?;
        let name = match &expr.kind {
            ExprKind::Field(name) => name.clone(),
            _ => name,
        };
        Ok((name, expr))
    }

    /// A whole number of rows, at least `least`.
    pub(super) fn count(&mut self, command: &'static str, least: u32) -> Result<u32, QueryError> {
        let Token::Number(text) = &self.token else { return Err(self.expected("a whole number")) };
        let found = text.parse::<u32>().ok().filter(|rows| (least..=crate::plan::LIMIT_MAX).contains(rows));
        let count = found.ok_or_else(|| self.refuse(QueryErrorKind::BadRows { command, least }))?;
        self.advance()?;
        Ok(count)
    }

    /// The string at this place.
    pub(super) fn text(&mut self, wanted: &'static str) -> Result<(String, Span), QueryError> {
        let Token::Text(text) = &self.token else { return Err(self.expected(wanted)) };
        let text = text.clone();
        Ok((text, self.advance()?))
    }

    /// `word = true` or `word = false`, if the word is there.
    pub(super) fn flag(&mut self, word: &str) -> Result<Option<bool>, QueryError> {
        if !self.take_word(word)? {
            return Ok(None);
        }
        self.need_symbol("=")?;
        let is_true = self.token.is_word("true");
        if !is_true && !self.token.is_word("false") {
            return Err(self.expected("true or false"));
        }
        self.advance()?;
        Ok(Some(is_true))
    }

    pub(super) fn need_word(&mut self, word: &'static str) -> Result<(), QueryError> {
        if self.take_word(word)? { Ok(()) } else { Err(self.expected(word)) }
    }

    /// The name of a column that has none but what is written.
    pub(super) fn as_column(&self, span: Span) -> String {
        self.text[span.start..span.end].replace('`', "")
    }

    /// From `start` to the end of the last token.
    pub(super) fn since(&self, start: Span) -> Span {
        Span { start: start.start, end: self.last_end }
    }
}

/// A column by its name.
pub(super) fn named(name: &str, span: Span) -> Item {
    let expr = Expr::new(span, ExprKind::Field(name.to_owned()));
    Item { expr, alias: None, text: name.to_owned(), offset: None }
}
