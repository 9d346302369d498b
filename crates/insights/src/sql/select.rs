//! Reading SELECT, clause by clause.

use super::commands::Select;
use super::correlate::Within;
use super::expression::is_reserved;
use super::from::Table;
use super::function::{called, named_column, not_implemented};
use super::grouping::Grouping;
use super::lexer::{BITWISE, next_token};
use super::logic::Clauses;
use super::qualify::{Qualified, Tables};
use super::set::{OPERATORS, Tail};
use super::with::Named;

use crate::cursor::{Cursor, list, reads_with_cursor};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::plan::Direction;
use crate::syntax::{Command, Expr, ExprKind, Item};

/// Statements that change something, and clauses of SELECT that are not here.
const REFUSED: &[&str] = &[
    "alter", "copy", "create", "cross", "delete", "drop", "explain", "full", "insert", "lateral", "merge",
    "offset", "right", "show", "truncate", "update", "use", "values", "window",
];

pub(super) struct Parser<'q> {
    cursor: Cursor<'q>,
    /// How many expressions and statements the parser is inside of.
    pub(super) depth: usize,
    /// The most of them so far.
    pub(super) deepest: usize,
    /// How many expressions those are that were read so far.
    pub(super) written: usize,
    /// How many set operators there were so far.
    pub(super) combined: usize,
    /// SELECTs that have a name here.
    pub(super) named: Vec<Named>,
    /// How long those are that were named so far.
    pub(super) copied: usize,
    /// The columns so far that are named with a table.
    pub(super) qualified: Qualified,
    /// The tables of the SELECTs that the parser is inside of; none where a SELECT sees no others.
    pub(super) scopes: Vec<Vec<String>>,
    /// What the next SELECT is asked, if it can name columns outside.
    pub(super) within: Option<Within>,
}

/// FROM and JOIN.
struct From {
    commands: Vec<Command>,
    tables: Tables,
    /// The columns of the only table, if it is a SELECT.
    columns: Option<Vec<String>>,
}

reads_with_cursor!(Parser);

impl<'q> Parser<'q> {
    pub(super) fn new(statement: &'q str) -> Result<Self, QueryError> {
        Ok(Parser {
            cursor: Cursor::new(statement, next_token)?,
            depth: 0,
            deepest: 0,
            written: 0,
            combined: 0,
            named: vec![],
            copied: 0,
            qualified: Qualified::default(),
            scopes: vec![],
            within: None,
        })
    }

    /// The commands of the only statement.
    pub(super) fn statement(mut self) -> Result<Vec<Command>, QueryError> {
        self.check_statement()?;
        let commands = self.select_within()?;
        self.take_symbol(";")?;
        match self.token {
            Token::End => Ok(commands),
            _ => Err(self.unexpected("the end of the statement")),
        }
    }

    pub(super) fn select(&mut self) -> Result<Select, QueryError> {
        let (span, first_column) = (self.span, self.qualified.len());
        self.need_word("select", "SELECT")?;
        let is_distinct = self.take_word("distinct")?;
        if !is_distinct && self.token.is_word("all") && !self.is_before(",")? {
            self.advance()?;
        }
        // FROM stands behind what is selected, which may hold a SELECT that names the tables: so it is read first.
        let items = self.place();
        let (from_span, from) = match self.skip_to_from() {
            Ok(()) => (Some(self.span), self.from()),
            Err(error) => (None, Err(error)),
        };
        let behind = self.place();
        self.go_to(items);
        let outside = self.scopes.last().cloned().unwrap_or_default();
        self.scopes.push(from.as_ref().map(|from| from.tables.names()).unwrap_or_default());
        let mut items = None;
        if !(self.token == Token::Symbol("*") && self.is_before_word("from")?) {
            items = Some(list(self, Self::items)?.into_iter().flatten().collect());
        } else {
            self.advance()?;
        }
        if from_span.is_some_and(|from| from != self.span) {
            return Err(self.unexpected("FROM"));
        }
        let From { commands: from, tables, columns } = from?;
        let items = items.map(|items| tables.spread(items)).transpose()?;
        self.go_to(behind);
        let filter = self.clause("where", Self::expr)?;
        let mut grouping = Grouping::default();
        if self.take_word("group")? {
            self.need_word("by", "BY")?;
            grouping = self.grouping()?;
        }
        let Grouping { groups, sets } = grouping;
        let having = self.clause("having", Self::expr)?;
        let Tail { span: tail, order, limit } = self.tail()?;
        self.scopes.pop();
        let names = tables.names();
        let mut clauses = Clauses { items, filter, groups, having, order };
        clauses.make_logical()?;
        let Clauses { items, filter, groups, having, order } = clauses;
        let (filter, keys) = self.take_keys(filter, &names, &outside, first_column);
        self.qualified.end_select(first_column, &names)?;
        Ok(Select {
            span,
            is_distinct,
            items,
            from,
            tables,
            columns,
            filter,
            keys,
            groups,
            sets,
            slide: None,
            having,
            tail,
            order,
            limit,
        })
    }

    /// Goes to the FROM of the SELECT that the parser is in, or to what cannot be behind one's items.
    fn skip_to_from(&mut self) -> Result<(), QueryError> {
        let (mut open, mut is_distinct) = (0_usize, false);
        while self.token != Token::End {
            match &self.token {
                Token::Symbol("(") => open += 1,
                Token::Symbol(")") if open == 0 => break,
                Token::Symbol(")") => open -= 1,
                // That of `IS DISTINCT FROM` is none.
                token if open == 0 && token.is_word("from") && !is_distinct => break,
                _ => {}
            }
            is_distinct = self.token.is_word("distinct");
            self.advance()?;
        }
        Ok(())
    }

    fn from(&mut self) -> Result<From, QueryError> {
        self.need_word("from", "FROM")?;
        let left = self.table()?;
        if let Some((commands, tables)) = self.join(&left)? {
            return Ok(From { commands, tables, columns: None });
        }
        let Table { commands, columns, alias } = left;
        Ok(From { commands, columns: columns.clone(), tables: Tables::One(alias, columns) })
    }

    /// Where the parser is in the statement.
    pub(super) fn place(&self) -> (Token, Span, usize) {
        (self.token.clone(), self.span, self.last_end)
    }

    pub(super) fn go_to(&mut self, place: (Token, Span, usize)) {
        let cursor = &mut self.cursor;
        (cursor.token, cursor.span, cursor.last_end) = place;
    }

    pub(super) fn clause<T>(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        if self.take_word(word)? { read(self).map(Some) } else { Ok(None) }
    }

    /// An item, `*`, `table.*`, or the columns of `json_tuple`.
    fn items(&mut self) -> Result<Vec<Item>, QueryError> {
        let is_of_table = matches!(&self.token, Token::Name { text, .. } if text.ends_with('.'));
        if self.token == Token::Symbol("*") || (is_of_table && self.is_before("*")?) {
            let (table, start) = (self.token.describe(), self.span);
            self.advance()?;
            if is_of_table {
                self.advance()?;
            }
            let span = Span { start: start.start, end: self.last_end };
            let text = if is_of_table { table } else { String::new() };
            return Ok(vec![Item { expr: Expr::new(span, ExprKind::Star), alias: None, text, offset: None }]);
        }
        match self.token.is_word("json_tuple") && self.is_before("(")? {
            true => self.tuple(),
            false => Ok(vec![self.item()?]),
        }
    }

    /// `json_tuple(text, 'a', 'b') [AS (x, y)]`: a column for each name, `c0` and so on unless told.
    fn tuple(&mut self) -> Result<Vec<Item>, QueryError> {
        let start = self.advance()?;
        self.need_symbol("(")?;
        let mut names = list(self, Self::expr)?;
        self.need_symbol(")")?;
        let span = Span { start: start.start, end: self.last_end };
        let text = names.remove(0);
        let mut aliases: Vec<String> = (0..names.len()).map(|at| format!("c{at}")).collect();
        let at = self.span;
        if self.take_word("as")? {
            aliases = match self.take_symbol("(")? {
                true => {
                    let told = list(self, Self::name)?;
                    self.need_symbol(")")?;
                    told
                }
                false => vec![self.name()?],
            };
        }
        if aliases.len() != names.len() || names.is_empty() {
            let wanted = "a text in JSON and names, and a column's name for each".into();
            let kind = QueryErrorKind::WrongArguments { function: "json_tuple", wanted };
            return Err(QueryError { span: span.to(at), kind });
        }
        let item = |(name, alias): (Expr, String)| Item {
            expr: called("sql json_tuple", vec![text.clone(), name], span),
            text: alias.clone(),
            alias: Some(alias),
            offset: None,
        };
        Ok(names.into_iter().zip(aliases).map(item).collect())
    }

    fn item(&mut self) -> Result<Item, QueryError> {
        let start = self.span.start;
        let expr = self.expr()?;
        let mut text = self.text[start..self.last_end].to_string();
        if let Some(name) = named_column(&expr) {
            name.clone_into(&mut text);
        }
        let alias = self.alias()?;
        Ok(Item { expr, alias, text, offset: None })
    }

    /// `[AS] name`
    pub(super) fn alias(&mut self) -> Result<Option<String>, QueryError> {
        let is_told = self.take_word("as")?;
        // A name in double quotes is a string elsewhere.
        if let Token::Text(text) = &self.token
            && self.text[self.span.start..].starts_with('"')
        {
            let name = text.clone();
            self.advance()?;
            return Ok(Some(name));
        }
        if is_told {
            return self.name().map(Some);
        }
        match &self.token {
            Token::Name { is_quoted: false, text }
                if OPERATORS.iter().any(|it| text.eq_ignore_ascii_case(it)) =>
            {
                Ok(None)
            }
            Token::Name { is_quoted: false, text }
                if (text.eq_ignore_ascii_case("sort") && self.is_before_word("by")?)
                    || (text.eq_ignore_ascii_case("using") && self.is_before("(")?) =>
            {
                Ok(None)
            }
            Token::Name { text, is_quoted } if *is_quoted || !(is_reserved(text) || is_refused(text)) => {
                self.name().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The keys behind ORDER BY.
    pub(super) fn order_keys(&mut self) -> Result<Vec<(Expr, Direction)>, QueryError> {
        Ok(list(self, Self::order_key)?.into_iter().flatten().collect())
    }

    /// `expression [ASC | DESC] [NULLS FIRST | NULLS LAST]`. Absent values come first, or backwards last, unless told.
    fn order_key(&mut self) -> Result<Vec<(Expr, Direction)>, QueryError> {
        let (expr, direction, is_last) = self.order_part()?;
        let is_down = direction == Direction::Descending;
        let Some(is_last) = is_last.filter(|is_last| *is_last != is_down) else {
            return Ok(vec![(expr, direction)]);
        };
        let nulls = if is_last { Direction::Descending } else { Direction::Ascending };
        let is_present = called("ispresent", vec![expr.clone()], expr.span);
        Ok(vec![(is_present, nulls), (expr, direction)])
    }

    /// The same, with whether absent values come last, if it is told.
    pub(super) fn order_part(&mut self) -> Result<(Expr, Direction, Option<bool>), QueryError> {
        let expr = self.expr()?;
        let is_down = self.take_word("desc")?;
        if !is_down {
            self.take_word("asc")?;
        }
        let direction = if is_down { Direction::Descending } else { Direction::Ascending };
        if !self.take_word("nulls")? {
            return Ok((expr, direction, None));
        }
        let is_last = self.take_word("last")?;
        if !is_last && !self.take_word("first")? {
            return Err(self.expected("FIRST or LAST"));
        }
        Ok((expr, direction, Some(is_last)))
    }

    pub(super) fn count(&mut self) -> Result<Expr, QueryError> {
        let Token::Number(text) = &self.token else { return Err(self.expected("a number of rows")) };
        let kind = ExprKind::Number(text.clone());
        Ok(Expr::new(self.advance()?, kind))
    }

    pub(super) fn name(&mut self) -> Result<String, QueryError> {
        let Token::Name { text, .. } = &self.token else { return Err(self.expected("a name")) };
        let name = text.clone();
        self.advance()?;
        Ok(name)
    }

    /// What begins a statement that is none of reading.
    fn check_statement(&self) -> Result<(), QueryError> {
        match &self.token {
            Token::Name { text, is_quoted: false } if is_refused(text) => {
                Err(not_implemented("statement", &text.to_ascii_uppercase(), self.span))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn need_word(&mut self, word: &str, wanted: &'static str) -> Result<(), QueryError> {
        if self.take_word(word)? { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    pub(super) fn need_symbol(&mut self, symbol: &'static str) -> Result<(), QueryError> {
        if self.take_symbol(symbol)? { Ok(()) } else { Err(self.unexpected(symbol)) }
    }

    pub(super) fn expected(&self, wanted: &'static str) -> QueryError {
        match self.token {
            Token::Symbol(symbol) if BITWISE.contains(&symbol) => {
                not_implemented("operator", symbol, self.span)
            }
            _ => self.refuse(QueryErrorKind::Expected { wanted, found: self.token.describe() }),
        }
    }

    /// What SQL has and this has not is refused by its name.
    fn unexpected(&self, wanted: &'static str) -> QueryError {
        match &self.token {
            Token::Name { text, is_quoted: false } if is_refused(text) => {
                not_implemented("clause", &text.to_ascii_uppercase(), self.span)
            }
            _ => self.expected(wanted),
        }
    }
}

fn is_refused(word: &str) -> bool {
    REFUSED.iter().any(|refused| word.eq_ignore_ascii_case(refused))
}
