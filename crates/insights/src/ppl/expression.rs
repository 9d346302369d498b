//! Expressions of PPL by precedence: XOR, OR, AND, NOT, comparisons, `+ -`, `* / %`, signs.
//!
//! Before NOT the word AND may be left out, as in `a = 1 NOT b = 2`. `/` between whole numbers gives a whole number
//! (OpenSearch Service Developer Guide, "PPL expressions"). Assumption: as values have no types, numbers are whole if they have no
//! fraction, but for those that are none by what made them: `avg`, `sqrt`, 1.0 and what is computed of such.

use super::function::{aggregate_called, call, cased, check_known, is_float};
use super::parser::Parser;
use crate::cursor::{list, signed};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::Interval;
use crate::lexer::Token;
use crate::parser::{DEPTH_MAX, balanced};
use crate::plan::{Arithmetic, Asked, Comparison};
use crate::sql::EXPRESSIONS_MAX;
use crate::sql::expression::{between, chained, compared, negated};
use crate::sql::function::{absent, arithmetic, called, cast, check_copies, not_implemented};
use crate::sql::like::Like;
use crate::sql::logic::{logical, logical_value};
use crate::syntax::{Binary, Expr, ExprKind};

const COMPARISONS: &[(&str, Comparison)] = &[
    ("=", Comparison::Equal),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Words that end an expression: none of them is a field without back-quotes.
const RESERVED: &[&str] =
    &["and", "as", "between", "by", "else", "in", "is", "like", "not", "on", "or", "regexp", "xor"];

impl Parser<'_> {
    /// What rows are kept for, its names those of fields that there are.
    pub(super) fn condition(&mut self) -> Result<Expr, QueryError> {
        let mut expr = self.expr()?;
        self.scope.resolve(&mut expr)?;
        logical(expr)
    }

    /// A value, its names those of fields that there are.
    pub(super) fn value(&mut self) -> Result<Expr, QueryError> {
        let mut expr = self.expr()?;
        self.scope.resolve(&mut expr)?;
        logical_value(&expr)
    }

    /// The same without comparisons: a word such as `in` may follow.
    pub(super) fn plain_value(&mut self) -> Result<Expr, QueryError> {
        let mut expr = self.deeper(Self::sum)?;
        self.scope.resolve(&mut expr)?;
        logical_value(&expr)
    }

    /// An expression as it is written.
    pub(super) fn expr(&mut self) -> Result<Expr, QueryError> {
        self.deeper(|parser| {
            let mut left = parser.chain("or", Binary::Or, Self::conjunction)?;
            while parser.take_word("xor")? {
                let right = parser.chain("or", Binary::Or, Self::conjunction)?;
                left = either(left, right)?;
                parser.check_depth(&left)?;
            }
            Ok(left)
        })
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
        let before = self.written;
        let expr = read(self);
        self.depth -= 1;
        let expr = expr?;
        self.written = self.written.max(before + expr.size);
        if self.written > EXPRESSIONS_MAX {
            return Err(QueryError { span: expr.span, kind: QueryErrorKind::TooLarge });
        }
        self.check_depth(&expr)?;
        Ok(expr)
    }

    fn check_depth(&self, expr: &Expr) -> Result<(), QueryError> {
        match expr.depth > DEPTH_MAX {
            true => Err(QueryError { span: expr.span, kind: QueryErrorKind::TooDeep }),
            false => Ok(()),
        }
    }

    fn conjunction(&mut self) -> Result<Expr, QueryError> {
        let mut operands = vec![self.negation()?];
        while self.take_word("and")? || self.token.is_word("not") {
            operands.push(self.negation()?);
        }
        Ok(chained(Binary::And, operands))
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
        while self.token.is_word("not") {
            starts.push(self.advance()?);
        }
        let mut expr = self.comparison()?;
        for start in starts.into_iter().rev() {
            expr = Expr::new(start.to(expr.span), ExprKind::Not(Box::new(expr)));
            self.check_depth(&expr)?;
        }
        Ok(expr)
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
        if self.take_word("is")? {
            let is_negated = self.take_word("not")?;
            self.need_word("null")?;
            let span = self.since(left.span);
            return Ok(negated(called("ispresent", vec![left], span), !is_negated));
        }
        let is_negated = self.token.is_word("not") && {
            let next = self.peek()?;
            ["in", "between", "like", "regexp"].iter().any(|word| next.is_word(word))
        };
        if is_negated {
            self.advance()?;
        }
        if self.take_word("between")? {
            let low = self.sum()?;
            self.need_word("and")?;
            let high = self.sum()?;
            return Ok(negated(between(left, low, high), is_negated));
        }
        if self.take_word("in")? {
            return self.membership(left, is_negated);
        }
        for (word, kind) in [("like", Like::Sql), ("regexp", Like::Regex)] {
            if self.take_word(word)? {
                let pattern = self.sum()?;
                let span = self.since(left.span);
                return Ok(negated(kind.test(&left, &pattern, None, span)?, is_negated));
            }
        }
        Ok(left)
    }

    /// `(a, b)` or `[source = ... ]` behind `in`.
    fn membership(&mut self, value: Expr, is_negated: bool) -> Result<Expr, QueryError> {
        let (start, value) = (value.span, Box::new(value));
        if self.token == Token::Symbol("[") {
            let query = self.inner_query()?;
            return Ok(Expr::new(self.since(start), ExprKind::InQuery { value, query, is_negated }));
        }
        self.need_symbol("(")?;
        let list = list(self, Self::expr)?;
        self.need_symbol(")")?;
        Ok(Expr::new(self.since(start), ExprKind::In { value, list, is_negated }))
    }

    pub(super) fn sum(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Symbol("+") => Arithmetic::Add,
                Token::Symbol("-") => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.product()?;
            left = arithmetic(operator, &left, &right, left.span.to(right.span));
            self.check_depth(&left)?;
        }
    }

    fn product(&mut self) -> Result<Expr, QueryError> {
        let mut left = signed(self, Self::operand)?;
        loop {
            let operator = match self.token {
                Token::Symbol("*") => Arithmetic::Multiply,
                Token::Symbol("/") => Arithmetic::Divide,
                Token::Symbol("%") => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = signed(self, Self::operand)?;
            let span = left.span.to(right.span);
            let is_real = |expr: &Expr| is_float(expr, &self.scope);
            left = match operator {
                Arithmetic::Divide if !is_real(&left) && !is_real(&right) => {
                    called("ppl divide", vec![left, right], span)
                }
                _ => arithmetic(operator, &left, &right, span),
            };
            self.check_depth(&left)?;
        }
    }

    fn operand(&mut self) -> Result<Expr, QueryError> {
        let span = self.span;
        match self.token.clone() {
            Token::Number(text) => Ok(Expr::new(self.advance()?, ExprKind::Number(text))),
            Token::Text(text) => Ok(Expr::new(self.advance()?, ExprKind::Text(text))),
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.expr()?;
                if self.token == Token::Symbol(",") {
                    return Err(not_implemented("expression", "(a, b) with several fields", span));
                }
                self.need_symbol(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => {
                let query = self.inner_query()?;
                Ok(Expr::new(self.since(span), ExprKind::Subquery { query, asked: Asked::Value }))
            }
            Token::Name { text, is_quoted: false } => self.word(&text),
            Token::Name { text, .. } => Ok(Expr::new(self.advance()?, ExprKind::Field(text))),
            _ => Err(self.expected("a field, a value or a function")),
        }
    }

    /// A field, a function or a value that is a word.
    fn word(&mut self, word: &str) -> Result<Expr, QueryError> {
        let lower = word.to_ascii_lowercase();
        let is_like = lower == "like" && self.is_before("(")?;
        if RESERVED.contains(&lower.as_str()) && !is_like {
            return Err(self.expected("a field, a value or a function"));
        }
        if lower == "exists" && self.is_before("[")? {
            let start = self.advance()?;
            let query = self.inner_query()?;
            let kind = ExprKind::Subquery { query, asked: Asked::Existence };
            return Ok(Expr::new(self.since(start), kind));
        }
        if lower == "interval" && matches!(self.peek()?, Token::Number(_)) {
            return self.interval();
        }
        if self.is_before("(")? {
            let start = self.advance()?;
            return self.deeper(|parser| parser.function(word, start));
        }
        let span = self.advance()?;
        Ok(match lower.as_str() {
            "true" | "false" => Expr::new(span, ExprKind::Bool(lower == "true")),
            "null" => absent(span),
            _ => Expr::new(span, ExprKind::Field(word.to_owned())),
        })
    }

    /// `INTERVAL 1 DAY`
    fn interval(&mut self) -> Result<Expr, QueryError> {
        let start = self.advance()?;
        let Token::Number(count) = self.token.clone() else { return Err(self.expected("a number")) };
        self.advance()?;
        let text = format!("{count} {}", self.unit()?);
        let span = self.since(start);
        if Interval::parse(&text).is_none() {
            let kind = QueryErrorKind::Expected { wanted: "an interval such as INTERVAL 1 DAY", found: text };
            return Err(QueryError { span, kind });
        }
        Ok(called("sql interval", vec![Expr::new(span, ExprKind::Text(text))], span))
    }

    /// A unit of time, such as DAY.
    fn unit(&mut self) -> Result<&'static str, QueryError> {
        const UNITS: &[&str] = &["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
        let found = UNITS.iter().find(|unit| self.token.is_word(unit));
        let unit =
            found.ok_or_else(|| self.expected("SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR"))?;
        self.advance()?;
        Ok(unit)
    }

    /// A function behind its name.
    fn function(&mut self, name: &str, start: Span) -> Result<Expr, QueryError> {
        check_known(name, start)?;
        self.need_symbol("(")?;
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "case" => return self.case(start),
            "cast" => return self.cast(start),
            "timestampadd" | "timestampdiff" => {
                let at = self.span;
                let mut arguments = vec![Expr::new(at, ExprKind::Text(self.unit()?.to_owned()))];
                self.need_symbol(",")?;
                arguments.extend(list(self, Self::expr)?);
                return self.called(name, arguments, start);
            }
            "position" => {
                let mut arguments = vec![self.sum()?];
                self.need_word("in")?;
                arguments.push(self.expr()?);
                return self.called(name, arguments, start);
            }
            _ => {}
        }
        let arguments = if self.token == Token::Symbol(")") { vec![] } else { list(self, Self::expr)? };
        self.called(name, arguments, start)
    }

    /// A function whose arguments are read.
    fn called(&mut self, name: &str, arguments: Vec<Expr>, start: Span) -> Result<Expr, QueryError> {
        self.need_symbol(")")?;
        let span = self.since(start);
        if let Some(aggregate) = aggregate_called(name) {
            return Err(QueryError { span, kind: QueryErrorKind::AggregateOutsideStats(aggregate) });
        }
        call(name, arguments, span)
    }

    /// `case(condition, value, ... [else value])`
    fn case(&mut self, start: Span) -> Result<Expr, QueryError> {
        let mut branches = vec![];
        loop {
            branches.push(self.expr()?);
            self.need_symbol(",")?;
            branches.push(self.expr()?);
            if !self.take_symbol(",")? {
                break;
            }
        }
        let otherwise = if self.take_word("else")? { Some(self.expr()?) } else { None };
        self.need_symbol(")")?;
        Ok(cased(branches, otherwise, self.since(start)))
    }

    /// `cast(value as type)`
    fn cast(&mut self, start: Span) -> Result<Expr, QueryError> {
        let value = self.expr()?;
        self.need_word("as")?;
        let at = self.span;
        let to = self.name()?;
        self.need_symbol(")")?;
        // There is no type of times of day: they are texts, as in Spark.
        let to = if to.eq_ignore_ascii_case("time") { "string".to_owned() } else { to };
        let value = cast(value, &to, None, at)?;
        Ok(Expr::new(self.since(start), value.kind))
    }
}

/// XOR: one is true and the other is not.
fn either(left: Expr, right: Expr) -> Result<Expr, QueryError> {
    check_copies(&left, 2)?;
    check_copies(&right, 2)?;
    let both =
        |one: &Expr, other: &Expr| balanced(Binary::And, vec![one.clone(), negated(other.clone(), true)]);
    Ok(balanced(Binary::Or, vec![both(&left, &right), both(&right, &left)]))
}
