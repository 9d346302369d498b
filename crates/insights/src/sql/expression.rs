//! Expressions of SQL by precedence: OR, AND, NOT, comparisons, `||`, `+ -`, `* / %`, signs.

use super::EXPRESSIONS_MAX;
use super::correlate::{Within, joined};
use super::function::{
    PERCENTILE_DOWN, absent, arithmetic, call, called, cases, check_copies, ignoring_nulls, not_implemented,
    of_different, same,
};
use super::like::Like;
use super::logic::certain;
use super::select::Parser;
use super::set::{Operand, Outside};
use super::special::{filtered, is_of_now, is_side};
use super::window::is_of_one_row;
use crate::cursor::{list, signed};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::function_named;
use crate::lexer::Token;
use crate::parser::{DEPTH_MAX, balanced};
use crate::plan::{Arithmetic, Asked, Comparison, Direction, Type};
use crate::syntax::{Binary, Command, Expr, ExprKind};

const COMPARISONS: &[(&str, Comparison)] = &[
    ("=", Comparison::Equal),
    ("==", Comparison::Equal),
    ("<>", Comparison::NotEqual),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Columns that are times.
const TIMES: &[&str] = &["@timestamp", "@ingestionTime"];

/// Words that end an expression: none of them is a column.
pub(super) const RESERVED: &[&str] = &[
    "and", "as", "asc", "between", "by", "case", "desc", "distinct", "else", "end", "from", "group",
    "having", "in", "inner", "is", "join", "left", "like", "limit", "not", "null", "on", "or", "order",
    "outer", "right", "select", "then", "union", "when", "where",
];

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Result<Expr, QueryError> {
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let before = self.written;
        let expr = self.chain("or", Binary::Or, |parser| parser.chain("and", Binary::And, Self::negation));
        self.depth -= 1;
        let expr = expr?;
        // The expressions inside this one are in its size, unless they went into a SELECT.
        self.written = self.written.max(before + expr.size);
        if self.written > EXPRESSIONS_MAX {
            return Err(QueryError { span: expr.span, kind: QueryErrorKind::TooLarge });
        }
        match expr.depth > DEPTH_MAX {
            true => Err(QueryError { span: expr.span, kind: QueryErrorKind::TooDeep }),
            false => Ok(expr),
        }
    }

    /// Reads what takes as much of the stack as one expression more.
    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Expr, QueryError>,
    ) -> Result<Expr, QueryError> {
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        expr
    }

    fn chain(
        &mut self,
        word: &str,
        operator: Binary,
        one: impl Fn(&mut Self) -> Result<Expr, QueryError>,
    ) -> Result<Expr, QueryError> {
        let mut operands = vec![one(self)?];
        while self.take_word(word)? {
            operands.push(one(self)?);
        }
        Ok(chained(operator, operands))
    }

    fn negation(&mut self) -> Result<Expr, QueryError> {
        let mut starts = vec![];
        while self.token.is_word("not") || self.token == Token::Symbol("!") {
            starts.push(self.advance()?);
        }
        let mut expr = self.comparison()?;
        for start in starts.into_iter().rev() {
            expr = Expr::new(start.to(expr.span), ExprKind::Not(Box::new(expr)));
            self.check_depth(&expr)?;
        }
        Ok(expr)
    }

    pub(super) fn check_depth(&self, expr: &Expr) -> Result<(), QueryError> {
        match expr.depth > DEPTH_MAX {
            true => Err(self.refuse(QueryErrorKind::TooDeep)),
            false => Ok(()),
        }
    }

    fn comparison(&mut self) -> Result<Expr, QueryError> {
        let left = self.sum()?;
        if let Token::Symbol(symbol) = self.token
            && let Some((_, operator)) = COMPARISONS.iter().find(|(known, _)| *known == symbol)
        {
            self.advance()?;
            let right = self.sum()?;
            return Ok(compared(*operator, left, right));
        }
        if self.take_symbol("<=>")? {
            let right = self.sum()?;
            return Ok(same(&left, &right, left.span.to(right.span)));
        }
        if self.take_word("is")? {
            return self.is_what(left);
        }
        let is_negated = self.take_word("not")?;
        if self.take_word("between")? {
            let low = self.sum()?;
            if !self.take_word("and")? {
                return Err(self.expected("AND"));
            }
            let high = self.sum()?;
            return Ok(negated(between(left, low, high), is_negated));
        }
        if self.take_word("in")? {
            return self.membership(left, is_negated);
        }
        for (word, kind) in
            [("like", Like::Sql), ("ilike", Like::AnyCase), ("rlike", Like::Regex), ("regexp", Like::Regex)]
        {
            if self.take_word(word)? {
                return self.like(left, kind, is_negated);
            }
        }
        if is_negated { Err(self.expected("LIKE, IN or BETWEEN")) } else { Ok(left) }
    }

    /// What stands behind IS: `[NOT] NULL`, `TRUE`, `FALSE`, `UNKNOWN` or `DISTINCT FROM other`.
    fn is_what(&mut self, left: Expr) -> Result<Expr, QueryError> {
        let is_negated = self.take_word("not")?;
        if self.take_word("distinct")? {
            if !self.take_word("from")? {
                return Err(self.expected("FROM"));
            }
            let right = self.sum()?;
            return Ok(negated(same(&left, &right, left.span.to(right.span)), !is_negated));
        }
        let words = ["null", "unknown", "true", "false"];
        let Some(word) = words.into_iter().find(|word| self.token.is_word(word)) else {
            return Err(self.expected("NULL"));
        };
        self.advance()?;
        let span = Span { start: left.span.start, end: self.last_end };
        Ok(match word {
            "true" => negated(certain(left), is_negated),
            "false" => negated(certain(negated(left, true)), is_negated),
            _ => negated(called("ispresent", vec![left], span), !is_negated),
        })
    }

    fn membership(&mut self, value: Expr, is_negated: bool) -> Result<Expr, QueryError> {
        let (start, value) = (value.span.start, Box::new(value));
        self.need_symbol("(")?;
        if self.token.is_word("select") {
            let Operand { commands: query, outside: Outside { keys, .. }, .. } =
                self.correlated(Within::List)?;
            let span = Span { start, end: self.last_end };
            if keys.is_empty() {
                return Ok(Expr::new(span, ExprKind::InQuery { value, query, is_negated }));
            }
            let together = [vec![(*value).clone()], keys].concat();
            let is_in = among(joined(together, span), query, span);
            return Ok(match is_negated {
                true => {
                    let is_present = called("ispresent", vec![*value], span);
                    balanced(Binary::And, vec![is_present, negated(certain(is_in), true)])
                }
                false => is_in,
            });
        }
        let list = list(self, Self::expr)?;
        self.need_symbol(")")?;
        Ok(Expr::new(Span { start, end: self.last_end }, ExprKind::In { value, list, is_negated }))
    }

    /// What stands behind LIKE and its kin: a pattern, or several behind ANY, SOME or ALL, none of which is such a list.
    fn like(&mut self, value: Expr, kind: Like, is_negated: bool) -> Result<Expr, QueryError> {
        for (word, operator) in [("any", Binary::Or), ("some", Binary::Or), ("all", Binary::And)] {
            if self.token.is_word(word) && self.is_before("(")? {
                self.advance()?;
                self.need_symbol("(")?;
                let patterns = list(self, Self::like_pattern)?;
                self.need_symbol(")")?;
                check_copies(&value, patterns.len())?;
                let tests = patterns.iter().map(|pattern| like_one(&value, kind, pattern, is_negated));
                let mut tests = tests.collect::<Result<Vec<_>, _>>()?;
                return Ok(if tests.len() == 1 { tests.remove(0) } else { balanced(operator, tests) });
            }
        }
        like_one(&value, kind, &self.like_pattern()?, is_negated)
    }

    /// `'pattern' [ESCAPE 'character']`
    fn like_pattern(&mut self) -> Result<LikePattern, QueryError> {
        Ok(LikePattern {
            text: self.string()?,
            escape: self.clause("escape", Self::string)?,
            end: self.last_end,
        })
    }

    fn string(&mut self) -> Result<Expr, QueryError> {
        let Token::Text(text) = &self.token else { return Err(self.expected("a string")) };
        let kind = ExprKind::Text(text.clone());
        Ok(Expr::new(self.advance()?, kind))
    }

    pub(super) fn sum(&mut self) -> Result<Expr, QueryError> {
        let operators = &[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];
        let mut left = self.product()?;
        loop {
            if self.take_symbol("||")? {
                let right = self.product()?;
                let span = left.span.to(right.span);
                let mut texts = vec![left];
                if let ExprKind::Call(name, behind) = &mut texts[0].kind
                    && name == "sql concat"
                {
                    texts = std::mem::take(behind);
                }
                texts.push(right);
                left = called("sql concat", texts, span);
            } else if let Some(operator) = self.operator(operators)? {
                let right = self.product()?;
                left = arithmetic(operator, &left, &right, left.span.to(right.span));
            } else {
                return Ok(left);
            }
            self.check_depth(&left)?;
        }
    }

    fn product(&mut self) -> Result<Expr, QueryError> {
        let operators =
            &[("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Remainder)];
        let mut left = signed(self, Self::operand)?;
        loop {
            let function = ["div", "mod"].into_iter().find(|word| self.token.is_word(word));
            if let Some(operator) = self.operator(operators)? {
                let right = signed(self, Self::operand)?;
                let span = left.span.to(right.span);
                left = arithmetic(operator, &left, &right, span);
            } else if let Some(name) = function.filter(|_| self.is_before_value()) {
                self.advance()?;
                let right = signed(self, Self::operand)?;
                let span = left.span.to(right.span);
                left = call(name, vec![left, right], span)?;
            } else {
                return Ok(left);
            }
            self.check_depth(&left)?;
        }
    }

    fn operator(&mut self, operators: &[(&str, Arithmetic)]) -> Result<Option<Arithmetic>, QueryError> {
        for (symbol, operator) in operators {
            if self.take_symbol(symbol)? {
                return Ok(Some(*operator));
            }
        }
        Ok(None)
    }

    fn operand(&mut self) -> Result<Expr, QueryError> {
        let span = self.span;
        match self.token.clone() {
            Token::Number(text) => Ok(Expr::new(self.advance()?, ExprKind::Number(text))),
            Token::Text(text) => Ok(Expr::new(self.advance()?, ExprKind::Text(text))),
            Token::Symbol("(") => {
                self.advance()?;
                if self.token.is_word("select") {
                    return self.subquery(span);
                }
                let inner = self.expr()?;
                self.need_symbol(")")?;
                Ok(inner)
            }
            Token::Name { is_quoted: false, text } if self.is_literal_of(&text)? => self.literal(&text),
            Token::Name { is_quoted: false, text } if is_side(&text) && self.is_before("(")? => {
                self.advance()?;
                let call = self.deeper(|parser| parser.call(&text, span))?;
                self.parts_of(call)
            }
            Token::Name { is_quoted: false, text } if text.eq_ignore_ascii_case("null") => {
                Ok(absent(self.advance()?))
            }
            Token::Name { is_quoted: false, text } if text.eq_ignore_ascii_case("case") => {
                self.deeper(Self::case)
            }
            Token::Name { is_quoted: false, text }
                if text.eq_ignore_ascii_case("exists") && self.is_before_select()? =>
            {
                self.advance()?;
                self.need_symbol("(")?;
                self.existence(span)
            }
            Token::Name { is_quoted: false, text } if is_reserved(&text) => {
                Err(self.expected("a column, a value or a function"))
            }
            Token::Name { text, is_quoted } => {
                self.advance()?;
                match self.token {
                    Token::Symbol("(") if !is_quoted => {
                        let call = self.deeper(|parser| parser.call(&text, span))?;
                        self.parts_of(call)
                    }
                    _ if !is_quoted && is_of_now(&text) => call(&text, vec![], span),
                    _ => {
                        self.qualified.note(&text, span);
                        self.parts_of(Expr::new(span, ExprKind::Field(text)))
                    }
                }
            }
            _ => Err(self.expected("a column, a value or a function")),
        }
    }

    /// What follows EXISTS and its parenthesis.
    fn existence(&mut self, start: Span) -> Result<Expr, QueryError> {
        let Operand { commands: query, outside: Outside { keys, .. }, .. } =
            self.correlated(Within::Existence)?;
        let span = Span { start: start.start, end: self.last_end };
        Ok(match keys.is_empty() {
            true => Expr::new(span, ExprKind::Subquery { query, asked: Asked::Existence }),
            false => certain(among(joined(keys, span), query, span)),
        })
    }

    /// What follows the parenthesis of a SELECT in the place of a value.
    fn subquery(&mut self, start: Span) -> Result<Expr, QueryError> {
        let Operand { commands: query, outside: Outside { keys, otherwise }, .. } =
            self.correlated(Within::Value)?;
        let span = Span { start: start.start, end: self.last_end };
        let kind = match otherwise.map(Box::new) {
            None => ExprKind::Subquery { query, asked: Asked::Value },
            Some(otherwise) => ExprKind::Answer { key: Box::new(joined(keys, span)), query, otherwise },
        };
        Ok(Expr::new(span, kind))
    }

    /// Whether a parenthesis and SELECT stand behind this word.
    fn is_before_select(&self) -> Result<bool, QueryError> {
        let (next, span) = self.behind(self.span)?;
        Ok(next == Token::Symbol("(") && self.behind(span)?.0.is_word("select"))
    }

    /// A function behind its name.
    fn call(&mut self, name: &str, start: Span) -> Result<Expr, QueryError> {
        self.need_symbol("(")?;
        if let Some(special) = self.with_words(name, start)? {
            return Ok(special);
        }
        let is_distinct = self.take_word("distinct")?;
        let mut arguments = vec![];
        if self.token == Token::Symbol("*") {
            arguments.push(Expr::new(self.advance()?, ExprKind::Star));
        } else if self.token != Token::Symbol(")") {
            arguments.push(self.expr()?);
            while self.take_symbol(",")? {
                arguments.push(self.expr()?);
            }
        }
        let is_told = is_of_one_row(name) && self.nulls_option()?;
        self.need_symbol(")")?;
        let ordered = self.ordered(name, &arguments, start)?;
        let span = Span { start: start.start, end: self.last_end };
        let condition = self.filter_of_aggregate()?;
        let at = self.span;
        let ignores_nulls = (self.nulls_option()? || is_told).then_some(at);
        let has_option = self.span != at;
        if condition.is_none()
            && let Some(window) = self.over((name, is_distinct, ignores_nulls), &arguments, span)?
        {
            return Ok(window);
        }
        if has_option && !is_of_one_row(name) {
            return Err(self.expected("OVER"));
        }
        let aggregate = match (ordered, &arguments[..]) {
            (Some(_), _) if is_distinct => {
                return Err(not_implemented("aggregate", &format!("{name}(DISTINCT ...)"), span));
            }
            (Some(ordered), _) => ordered,
            (None, [value]) if ignores_nulls.is_some() && is_of_one_row(name) => {
                ignoring_nulls(name, value.clone(), span)
            }
            (None, _) if is_distinct => of_different(name, arguments, span)?,
            (None, _) => call(name, arguments, span)?,
        };
        match condition {
            Some(condition) => filtered(aggregate, &condition),
            None => Ok(aggregate),
        }
    }

    /// `WITHIN GROUP (ORDER BY value)` behind `PERCENTILE_CONT(share)` and its like.
    fn ordered(&mut self, name: &str, share: &[Expr], start: Span) -> Result<Option<Expr>, QueryError> {
        if !self.token.is_word("within") {
            return Ok(None);
        }
        let at = self.advance()?;
        let is_of_them = name.eq_ignore_ascii_case("percentile_disc");
        if !is_of_them && !name.eq_ignore_ascii_case("percentile_cont") {
            return Err(not_implemented("clause", &format!("WITHIN GROUP of {name}"), at));
        }
        self.need_word("group", "GROUP")?;
        self.need_symbol("(")?;
        self.need_word("order", "ORDER")?;
        self.need_word("by", "BY")?;
        // Absent values are none of those that are ordered: where they stand tells nothing.
        let (value, direction, _) = self.order_part()?;
        self.need_symbol(")")?;
        if self.token.is_word("over") {
            return Err(not_implemented("window function", name, start));
        }
        let span = Span { start: start.start, end: self.last_end };
        let zero = Expr::new(span, ExprKind::Number("0".into()));
        let less = |value: &Expr| arithmetic(Arithmetic::Subtract, &zero, value, span);
        let of = |name: &str, value: Expr| call(name, [&[value], share].concat(), span);
        Ok(Some(match (is_of_them, direction) {
            (false, Direction::Ascending) => of(name, value)?,
            (false, Direction::Descending) => of(PERCENTILE_DOWN, value)?,
            (true, Direction::Ascending) => of(name, value)?,
            (true, Direction::Descending) => less(&of(name, less(&value))?),
        }))
    }

    /// `CASE [value] WHEN a THEN b ... [ELSE c] END`
    fn case(&mut self) -> Result<Expr, QueryError> {
        let start = self.advance()?;
        let value = if self.token.is_word("when") { None } else { Some(self.expr()?) };
        let mut branches = vec![];
        while self.take_word("when")? {
            let condition = self.expr()?;
            branches.push(match &value {
                Some(value) => {
                    check_copies(value, branches.len() / 2)?;
                    compared(Comparison::Equal, value.clone(), condition)
                }
                None => condition,
            });
            if !self.take_word("then")? {
                return Err(self.expected("THEN"));
            }
            branches.push(self.expr()?);
        }
        if branches.is_empty() {
            return Err(self.expected("WHEN"));
        }
        let otherwise = self.clause("else", Self::expr)?;
        if !self.take_word("end")? {
            return Err(self.expected("END"));
        }
        let span = Span { start: start.start, end: self.last_end };
        let cases = cases(branches, otherwise, span);
        self.check_depth(&cases)?;
        Ok(cases)
    }
}

/// A pattern of LIKE, and where it ends.
struct LikePattern {
    text: Expr,
    escape: Option<Expr>,
    end: usize,
}

fn like_one(value: &Expr, kind: Like, pattern: &LikePattern, is_negated: bool) -> Result<Expr, QueryError> {
    let span = Span { start: value.span.start, end: pattern.end };
    let mut test = kind.test(value, &pattern.text, pattern.escape.as_ref(), span)?;
    if let ExprKind::Like { is_negated: is_not, .. } = &mut test.kind {
        *is_not = is_negated;
    }
    Ok(test)
}

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}

/// Two values beside each other; a text beside a time is one.
pub(crate) fn compared(operator: Comparison, mut left: Expr, mut right: Expr) -> Expr {
    let span = left.span.to(right.span);
    align_times(&mut left, &mut right);
    Expr::new(span, ExprKind::Binary(Binary::Compare(operator), Box::new(left), Box::new(right)))
}

/// `BETWEEN`: both ends belong to it.
pub(crate) fn between(value: Expr, low: Expr, high: Expr) -> Expr {
    let least = compared(Comparison::GreaterOrEqual, value.clone(), low);
    let most = compared(Comparison::LessOrEqual, value, high);
    balanced(Binary::And, vec![least, most])
}

/// Operands with an operator between them; one alone is itself.
pub(crate) fn chained(operator: Binary, mut operands: Vec<Expr>) -> Expr {
    match operands.len() {
        1 => operands.remove(0),
        _ => balanced(operator, operands),
    }
}

/// A text beside a time becomes the time that it tells (Apache Spark SQL 3.5, "ANSI compliance": a string takes the type of
/// what it is compared with).
pub(super) fn align_times(left: &mut Expr, right: &mut Expr) {
    let text = match (is_time(left), is_time(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return,
    };
    if let ExprKind::Text(_) = text.kind {
        *text = called("sql to_timestamp", vec![text.clone()], text.span);
    }
}

fn is_time(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Field(name) => {
            let is_it = |table: &str| table.is_empty() || table.ends_with('.');
            TIMES.iter().any(|time| name.strip_suffix(time).is_some_and(is_it))
        }
        ExprKind::Call(name, _) => function_named(name).is_some_and(|function| function.result == Type::Time),
        _ => false,
    }
}

/// Whether a value is among those that a query gives.
fn among(value: Expr, query: Vec<Command>, span: Span) -> Expr {
    Expr::new(span, ExprKind::InQuery { value: Box::new(value), query, is_negated: false })
}

/// The condition, or what it is not.
pub(crate) fn negated(expr: Expr, is_negated: bool) -> Expr {
    if is_negated { Expr::new(expr.span, ExprKind::Not(Box::new(expr))) } else { expr }
}
