//! Expressions by precedence: `or`, `and`, `not`, comparisons, `+ -`, `* / %`, `^`, signs.

use super::Parser;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Token, bare_word, regex_token};
use crate::plan::{Arithmetic, Comparison};
use crate::syntax::{Binary, Expr, ExprKind};

/// Deeper than any query written by a person; keeps everyone who walks an expression off the end of the stack.
pub(crate) const DEPTH_MAX: usize = 60;

/// The precedence of the comparisons, `like` and `in`.
const COMPARISONS: u8 = 3;
/// The precedence of what follows a sign: stronger than every operator but `^`.
const SIGNS: u8 = 6;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Result<Expr, QueryError> {
        self.binary(0)
    }

    /// An expression whose operators all bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Result<Expr, QueryError> {
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += 1;
        let expr = self.binary_inside(least);
        self.depth -= 1;
        expr
    }

    fn binary_inside(&mut self, least: u8) -> Result<Expr, QueryError> {
        let mut left = self.unary()?;
        loop {
            left = match self.operator() {
                Some((operator @ (Binary::Or | Binary::And), power)) if power >= least => {
                    self.chain(left, operator, power)?
                }
                Some((operator, power)) if power >= least => self.right_side(left, operator, power)?,
                None if least <= COMPARISONS && self.at_membership() => self.membership(left)?,
                _ => return Ok(left),
            };
            if left.depth > DEPTH_MAX {
                return Err(self.refuse(QueryErrorKind::TooDeep));
            }
        }
    }

    /// All of `a or b or c ...`, as a tree that is no deeper than it must be: a hundred alternatives are usual.
    fn chain(&mut self, first: Expr, operator: Binary, power: u8) -> Result<Expr, QueryError> {
        let mut operands = vec![first];
        while self.operator() == Some((operator, power)) {
            self.advance()?;
            operands.push(self.binary(power + 1)?);
        }
        Ok(balanced(operator, operands))
    }

    fn right_side(&mut self, left: Expr, operator: Binary, power: u8) -> Result<Expr, QueryError> {
        self.advance()?;
        let is_power = operator == Binary::Arithmetic(Arithmetic::Power);
        let right = match self.address() {
            Some(address) => {
                self.resume(address.span)?;
                address
            }
            None => self.binary(if is_power { power } else { power + 1 })?,
        };
        let span = left.span.to(right.span);
        Ok(Expr::new(span, ExprKind::Binary(operator, Box::new(left), Box::new(right))))
    }

    /// An unquoted `http://...` where a value is wanted.
    fn address(&self) -> Option<Expr> {
        let is_name = matches!(self.token, Token::Name { is_quoted: false, .. });
        if !is_name || !self.text[self.span.end..].starts_with("://") {
            return None;
        }
        let (Token::Text(text), span) = bare_word(self.text, self.span.start) else { return None };
        Some(Expr::new(span, ExprKind::Text(text)))
    }

    /// The operator that comes next, with its precedence.
    fn operator(&self) -> Option<(Binary, u8)> {
        use {Arithmetic::*, Comparison::*};
        if self.token.is_word("or") {
            return Some((Binary::Or, 1));
        }
        if self.token.is_word("and") {
            return Some((Binary::And, 2));
        }
        let Token::Symbol(symbol) = self.token else { return None };
        Some(match symbol {
            "=" | "==" => (Binary::Compare(Equal), COMPARISONS),
            "!=" => (Binary::Compare(NotEqual), COMPARISONS),
            "<" => (Binary::Compare(Less), COMPARISONS),
            "<=" => (Binary::Compare(LessOrEqual), COMPARISONS),
            ">" => (Binary::Compare(Greater), COMPARISONS),
            ">=" => (Binary::Compare(GreaterOrEqual), COMPARISONS),
            "+" => (Binary::Arithmetic(Add), 4),
            "-" => (Binary::Arithmetic(Subtract), 4),
            "*" => (Binary::Arithmetic(Multiply), 5),
            "/" => (Binary::Arithmetic(Divide), 5),
            "%" => (Binary::Arithmetic(Remainder), 5),
            "^" => (Binary::Arithmetic(Power), 7),
            _ => return None,
        })
    }

    fn at_membership(&self) -> bool {
        let words = ["like", "in", "not"];
        words.iter().any(|word| self.token.is_word(word)) || self.token == Token::Symbol("=~")
    }

    /// `like`, `=~`, `in` and their negations behind `value`.
    fn membership(&mut self, value: Expr) -> Result<Expr, QueryError> {
        let is_negated = self.take_word("not")?;
        let value_span = value.span;
        let value = Box::new(value);
        if self.take_word("in")? {
            if self.token == Token::Symbol("(") {
                if let Token::Text(_) | Token::Number(_) = self.peek()? {
                    return Err(self.expected("a list in brackets, [a, b], or a query"));
                }
                let query = self.query_within()?;
                let span = Span { start: value_span.start, end: self.last_end };
                return Ok(Expr::new(span, ExprKind::InQuery { value, query, is_negated }));
            }
            let list = self.in_list()?;
            let span = Span { start: value_span.start, end: self.last_end };
            return Ok(Expr::new(span, ExprKind::In { value, list, is_negated }));
        }
        if !self.token.is_word("like") && self.token != Token::Symbol("=~") {
            return Err(self.expected("like or in"));
        }
        // The pattern may begin with a slash, so it is read without looking at the token behind the operator.
        let operator = self.span;
        self.resume(operator)?;
        let pattern = self.pattern()?;
        let span = value_span.to(pattern.span);
        Ok(Expr::new(span, ExprKind::Like { value, pattern: Box::new(pattern), is_negated }))
    }

    /// `[a, b]`
    fn in_list(&mut self) -> Result<Vec<Expr>, QueryError> {
        self.need_symbol("[")?;
        if self.take_symbol("]")? {
            return Ok(vec![]);
        }
        let list = list(self, Self::expr)?;
        self.need_symbol("]")?;
        Ok(list)
    }

    /// A string or regular expression.
    pub(super) fn pattern(&mut self) -> Result<Expr, QueryError> {
        if self.token == Token::Symbol("/") {
            return self.regex();
        }
        match &self.token {
            Token::Text(text) => {
                let kind = ExprKind::Text(text.clone());
                Ok(Expr::new(self.advance()?, kind))
            }
            _ => Err(self.expected("a string or a regular expression")),
        }
    }

    fn regex(&mut self) -> Result<Expr, QueryError> {
        let (token, span) = regex_token(self.text, self.span.start)?;
        self.resume(span)?;
        match token {
            Token::Regex(text) => Ok(Expr::new(span, ExprKind::Regex(text))),
            _ => Err(self.expected("a regular expression")),
        }
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        let start = self.span;
        let (least, wrap): (u8, fn(Box<Expr>) -> ExprKind) = match &self.token {
            Token::Symbol("-") => (SIGNS, ExprKind::Negate),
            Token::Symbol("!") => (SIGNS, ExprKind::Not),
            token if token.is_word("not") => (COMPARISONS, ExprKind::Not),
            _ => return self.operand(),
        };
        self.advance()?;
        let inner = self.binary(least)?;
        Ok(Expr::new(start.to(inner.span), wrap(Box::new(inner))))
    }

    /// A constant, field, function or expression in parentheses.
    pub(super) fn operand(&mut self) -> Result<Expr, QueryError> {
        if self.token == Token::Symbol("/") {
            return self.regex();
        }
        if self.token == Token::Symbol("(") {
            self.advance()?;
            let inner = self.expr()?;
            self.need_symbol(")")?;
            return Ok(inner);
        }
        let kind = match self.token.clone() {
            Token::Number(text) => ExprKind::Number(text),
            Token::Period(text) => ExprKind::Period(text),
            Token::Text(text) => ExprKind::Text(text),
            Token::Name { text, is_quoted } => return self.field_or_call(text, is_quoted),
            _ => return Err(self.expected("a field, a value or a function")),
        };
        Ok(Expr::new(self.advance()?, kind))
    }

    fn field_or_call(&mut self, name: String, is_quoted: bool) -> Result<Expr, QueryError> {
        const KEYWORDS: &[&str] = &["and", "or", "not", "like", "in", "as", "by"];
        if !is_quoted && KEYWORDS.iter().any(|word| name.eq_ignore_ascii_case(word)) {
            return Err(self.expected("a field, a value or a function"));
        }
        let start = self.advance()?;
        let kind = match self.token {
            Token::Symbol("(") if !is_quoted => {
                let kind = ExprKind::Call(name, self.arguments()?);
                let call = Expr::new(Span { start: start.start, end: self.last_end }, kind);
                return self.part(call);
            }
            _ => ExprKind::Field(self.indexes(name)?),
        };
        Ok(Expr::new(Span { start: start.start, end: self.last_end }, kind))
    }

    /// `[1]` and `.name` behind a call.
    fn part(&mut self, value: Expr) -> Result<Expr, QueryError> {
        let mut path = vec![];
        loop {
            match &self.token {
                Token::Symbol("[") => {
                    self.advance()?;
                    let Token::Number(index) = self.token.clone() else {
                        return Err(self.expected("an index"));
                    };
                    path.push(index);
                    self.advance()?;
                    self.need_symbol("]")?;
                }
                Token::Name { text, .. }
                    if text.starts_with('.') && text.len() > 1 && self.span.start == self.last_end =>
                {
                    path.extend(text[1..].split('.').map(str::to_owned));
                    self.advance()?;
                }
                _ if path.is_empty() => return Ok(value),
                _ => {
                    let span = Span { start: value.span.start, end: self.last_end };
                    return Ok(Expr::new(span, ExprKind::Part { value: Box::new(value), path }));
                }
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, QueryError> {
        self.need_symbol("(")?;
        if self.take_symbol(")")? {
            return Ok(vec![]);
        }
        let argument = |parser: &mut Self| match parser.token {
            Token::Symbol("*") => Ok(Expr::new(parser.advance()?, ExprKind::Star)),
            _ => parser.expr(),
        };
        let arguments = list(self, argument)?;
        self.need_symbol(")")?;
        Ok(arguments)
    }

    /// `a[1].b` is the discovered field `a.1.b`.
    fn indexes(&mut self, mut name: String) -> Result<String, QueryError> {
        while self.token == Token::Symbol("[") {
            self.advance()?;
            let Token::Number(index) = self.token.clone() else { return Err(self.expected("an index")) };
            name = format!("{name}.{index}");
            self.advance()?;
            self.need_symbol("]")?;
            if let Token::Name { text, .. } = self.token.clone()
                && text.starts_with('.')
                && self.span.start == self.last_end
            {
                name.push_str(&text);
                self.advance()?;
            }
        }
        Ok(name)
    }
}

/// All operands, as a tree that is no deeper than it must be.
pub(crate) fn balanced(operator: Binary, mut operands: Vec<Expr>) -> Expr {
    let half = operands.len().div_ceil(2);
    let behind = operands.split_off(half);
    let join = |mut operands: Vec<Expr>| match operands.len() {
        1 => operands.remove(0),
        _ => balanced(operator, operands),
    };
    let (left, right) = (join(operands), join(behind));
    Expr::new(left.span.to(right.span), ExprKind::Binary(operator, Box::new(left), Box::new(right)))
}
