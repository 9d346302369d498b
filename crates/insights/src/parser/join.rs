//! Commands that read more than the query's log groups: `SOURCE`, `join`, `appendcols`, `lookup`, `cidrlookup`.

use super::Parser;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Token, bare_name};
use crate::period::Period;
use crate::selection::Selection;
use crate::syntax::{Command, CommandKind, Expr, ExprKind, Join, LookupCommand};
use crate::table::LookupBy;

/// Prefixes of names in a `SOURCE`.
const PREFIXES_MAX: usize = 5;
/// Names and ARNs in `logGroups(...)`, as SQL has it.
pub(crate) const IDENTIFIERS_MAX: usize = 50;
/// Accounts in a `SOURCE`.
const ACCOUNTS_MAX: usize = 20;
/// Data sources in a `SOURCE`.
pub(crate) const DATA_SOURCES_MAX: usize = 10;
/// Rows that `appendcols` looks at unless told, and at most.
const APPENDED_DEFAULT: usize = 10_000;
const APPENDED_MAX: usize = 100_000;

impl Parser<'_> {
    /// `SOURCE '/group', ...`, `SOURCE logGroups(namePrefix: ['a'])`, `SOURCE dataSource(['amazon_vpc.flow'])`.
    ///
    /// The parser stands on the word itself. Assumption: `logGroups` and `dataSource` follow each other in any order,
    /// with a comma or nothing between them.
    pub(super) fn source(&mut self) -> Result<CommandKind, QueryError> {
        let mut selection = Selection::default();
        match self.group_name()? {
            Some(first) => {
                selection.names.push(first);
                while self.token == Token::Symbol(",") {
                    self.last_end = self.span.end;
                    let Some(name) = self.group_name()? else { return Err(self.expected("a log group")) };
                    selection.names.push(name);
                }
            }
            None => {
                while self.selecting(&mut selection)? {
                    self.take_symbol(",")?;
                }
            }
        }
        loop {
            if self.take_option("start")? {
                selection.before_now_ms.0 = Some(self.before_now()?);
            } else if self.take_option("end")? {
                selection.before_now_ms.1 = Some(self.before_now()?);
            } else {
                return Ok(CommandKind::Source(selection));
            }
        }
    }

    /// The name behind the last token, and the token behind it; `None`, and the token itself, if a function follows.
    pub(super) fn group_name(&mut self) -> Result<Option<String>, QueryError> {
        let rest = &self.text[self.last_end..];
        let start = self.last_end + (rest.len() - rest.trim_start().len());
        let is_comment = self.text[start..].starts_with('#');
        if let Some((name, span)) = bare_name(self.text, start).filter(|_| !is_comment) {
            let behind = self.behind(span)?.0;
            let is_function = ["logGroups", "dataSource"].iter().any(|word| word.eq_ignore_ascii_case(&name));
            self.resume(Span { start: span.start, end: if is_function { start } else { span.end } })?;
            return Ok((!is_function || behind != Token::Symbol("(")).then_some(name));
        }
        let read = Span { start: self.last_end, end: start };
        self.resume(read)?;
        match &self.token {
            Token::Text(text) | Token::Name { text, .. } => {
                let name = text.clone();
                self.advance()?;
                Ok(Some(name))
            }
            _ => Err(self.expected("a log group, logGroups(...) or dataSource(...)")),
        }
    }

    pub(super) fn selecting(&mut self, selection: &mut Selection) -> Result<bool, QueryError> {
        if self.take_word("dataSource")? {
            self.need_symbol("(")?;
            selection.data_sources = self.texts(DATA_SOURCES_MAX)?;
            self.need_symbol(")")?;
            return Ok(true);
        }
        if !self.take_word("logGroups")? {
            return Ok(false);
        }
        self.need_symbol("(")?;
        while !self.take_symbol(")")? {
            let is_one = |words: &[&str]| words.iter().any(|word| self.token.is_word(word));
            if is_one(&["logGroupIdentifier", "logGroupIdentifiers"]) {
                selection.names = self.listed(IDENTIFIERS_MAX)?;
            } else if is_one(&["namePrefix"]) {
                selection.prefixes = self.listed(PREFIXES_MAX)?;
            } else if is_one(&["accountIdentifier", "accountIdentifiers"]) {
                selection.accounts = self.listed(ACCOUNTS_MAX)?;
            } else if is_one(&["class", "logGroupClass"]) {
                selection.is_infrequent = self.class()?;
            } else {
                return Err(self.expected("namePrefix, accountIdentifiers or class"));
            }
            if !self.take_symbol(",")? && self.token != Token::Symbol(")") {
                return Err(self.expected(", or )"));
            }
        }
        Ok(true)
    }

    /// Whether the class named is Infrequent Access.
    fn class(&mut self) -> Result<bool, QueryError> {
        let span = self.span;
        let class = self.listed(1)?.concat();
        let is_infrequent = class.eq_ignore_ascii_case("INFREQUENT_ACCESS");
        match is_infrequent || class.eq_ignore_ascii_case("STANDARD") {
            true => Ok(is_infrequent),
            false => {
                let wanted = "the class STANDARD or INFREQUENT_ACCESS";
                Err(QueryError { span, kind: QueryErrorKind::Expected { wanted, found: class } })
            }
        }
    }

    /// `: ['a', 'b']` behind a word.
    fn listed(&mut self, most: usize) -> Result<Vec<String>, QueryError> {
        self.advance()?;
        self.need_symbol(":")?;
        self.texts(most)
    }

    /// `['a', 'b']`, or one text alone.
    fn texts(&mut self, most: usize) -> Result<Vec<String>, QueryError> {
        let text = |parser: &mut Self| match &parser.token {
            Token::Text(text) => {
                let text = text.clone();
                parser.advance()?;
                Ok(text)
            }
            _ => Err(parser.expected("a string")),
        };
        if !self.take_symbol("[")? {
            return Ok(vec![text(self)?]);
        }
        if self.take_symbol("]")? {
            return Ok(vec![]);
        }
        let texts = list(self, text)?;
        if texts.len() > most {
            return Err(self.expected("fewer strings in the list"));
        }
        self.need_symbol("]")?;
        Ok(texts)
    }

    /// `-1d`, `now`, `0s`: milliseconds before now. The cap of `bin` does not hold here.
    fn before_now(&mut self) -> Result<i64, QueryError> {
        if self.take_word("now")? {
            return Ok(0);
        }
        let is_before = self.take_symbol("-")?;
        let Token::Period(text) = &self.token else { return Err(self.expected("a period such as 1d")) };
        let Some(ms) = Period::length_ms(text) else {
            return Err(self.refuse(QueryErrorKind::BadPeriod(text.clone())));
        };
        if !is_before && ms > 0 {
            return Err(self.expected("- and a period, or now"));
        }
        self.advance()?;
        Ok(ms)
    }

    /// `(SOURCE ... | ...)`
    pub(super) fn query_within(&mut self) -> Result<Vec<Command>, QueryError> {
        if self.depth == super::expression::DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.need_symbol("(")?;
        self.depth += 1;
        let commands = self.commands()?;
        self.depth -= 1;
        self.need_symbol(")")?;
        Ok(commands)
    }

    /// `join type=inner left=a right=b where a.k=b.k (SOURCE 'group' | ...)`
    pub(super) fn join(&mut self) -> Result<CommandKind, QueryError> {
        let (mut keeps_left, mut left, mut right) = (false, None, None);
        loop {
            if self.take_option("type")? {
                keeps_left = self.token.is_word("left");
                if !keeps_left && !self.token.is_word("inner") {
                    return Err(self.expected("the type inner or left"));
                }
                self.advance()?;
            } else if self.take_option("left")? {
                left = Some(self.name()?);
            } else if self.take_option("right")? {
                right = Some(self.name()?);
            } else {
                break;
            }
        }
        let (Some(left), Some(right)) = (left, right) else { return Err(self.expected("left= and right=")) };
        if !self.take_word("where")? {
            return Err(self.expected("where"));
        }
        let mut keys = vec![self.join_key()?];
        while self.take_word("and")? {
            keys.push(self.join_key()?);
        }
        let query = self.query_within()?;
        Ok(CommandKind::Join(Box::new(Join { keeps_left, left, right, keys, query })))
    }

    fn join_key(&mut self) -> Result<(Expr, Expr), QueryError> {
        let one = self.field()?;
        if !self.take_symbol("==")? {
            self.need_symbol("=")?;
        }
        Ok((one, self.field()?))
    }

    fn field(&mut self) -> Result<Expr, QueryError> {
        let span = self.span;
        let Token::Name { .. } = &self.token else { return Err(self.expected("a field")) };
        // What follows in parentheses is the other query, not arguments.
        Ok(Expr::new(span, ExprKind::Field(self.name()?)))
    }

    /// `appendcols [override=false] [max=10000] (...)`
    pub(super) fn appendcols(&mut self) -> Result<CommandKind, QueryError> {
        let (mut overrides, mut rows_max) = (false, APPENDED_DEFAULT);
        loop {
            if self.take_option("override")? {
                overrides = self.truth()?;
            } else if self.take_option("max")? {
                let rows = match &self.token {
                    Token::Number(text) => text.parse().ok().filter(|rows| (1..=APPENDED_MAX).contains(rows)),
                    _ => None,
                };
                let Some(rows) = rows else { return Err(self.expected("a number of rows from 1 to 100000")) };
                rows_max = rows;
                self.advance()?;
            } else {
                let query = self.query_within()?;
                return Ok(CommandKind::AppendColumns { overrides, rows_max, query });
            }
        }
    }

    /// `lookup table field [as logField], ... OUTPUT column [as name], ...`
    ///
    /// The parser stands on the word itself.
    pub(super) fn lookup(&mut self) -> Result<CommandKind, QueryError> {
        let (table, table_span) = self.table_name()?;
        let key = |parser: &mut Self| {
            let column = parser.name()?;
            let field = if parser.take_word("as")? { Some(parser.operand()?) } else { None };
            let own = || Expr::new(table_span, ExprKind::Field(column.clone()));
            let value = field.unwrap_or_else(own);
            Ok((column, value))
        };
        let (columns, values) = list(self, key)?.into_iter().unzip();
        let fills_only = self.output_word()?;
        let outputs = self.outputs()?;
        let by = LookupBy::Columns(columns);
        Ok(CommandKind::Lookup(LookupCommand { table, table_span, by, values, outputs, fills_only }))
    }

    /// `cidrlookup table ipField [AS column] OUTPUT|OUTPUTNEW column [AS name], ...`
    ///
    /// The parser stands on the word itself.
    pub(super) fn cidrlookup(&mut self) -> Result<CommandKind, QueryError> {
        let (table, table_span) = self.table_name()?;
        let values = vec![self.operand()?];
        let by = LookupBy::Range(if self.take_word("as")? { Some(self.name()?) } else { None });
        let fills_only = self.output_word()?;
        let outputs = self.outputs()?;
        Ok(CommandKind::Lookup(LookupCommand { table, table_span, by, values, outputs, fills_only }))
    }

    fn table_name(&mut self) -> Result<(String, Span), QueryError> {
        let from = self.last_end;
        let Some(name) = self.group_name()? else { return Err(self.expected("a lookup table")) };
        let blank = self.text[from..self.last_end].find(|c: char| !c.is_whitespace()).unwrap_or(0);
        Ok((name, Span { start: from + blank, end: self.last_end }))
    }

    /// Whether only empty fields are filled.
    fn output_word(&mut self) -> Result<bool, QueryError> {
        if self.take_word("OUTPUTNEW")? {
            return Ok(true);
        }
        if self.take_word("OUTPUT")? { Ok(false) } else { Err(self.expected("OUTPUT or OUTPUTNEW")) }
    }

    fn outputs(&mut self) -> Result<Vec<(String, String)>, QueryError> {
        let output = |parser: &mut Self| {
            let column = parser.name()?;
            let name = if parser.take_word("as")? { parser.name()? } else { column.clone() };
            Ok((column, name))
        };
        list(self, output)
    }
}
