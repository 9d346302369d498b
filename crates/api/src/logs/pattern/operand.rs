//! Comparing a value with what a pattern says about it.
//!
//! A text may have an asterisk at its beginning, its end or both, each standing for any text; elsewhere an asterisk stands
//! for itself. A number without quotes is compared as a number.
//!
//! Assumptions: a value is a number if its text reads as one, in quotes or not; a boolean is the text `true` or `false`;
//! what is not alphanumeric, nor one of `. * _ - + : /`, needs quotes.

use super::Malformed;
use super::cursor::Cursor;
use super::expression::Expression;
use std::cmp::Ordering;

/// An operator and what it compares with.
#[derive(Clone, Debug)]
pub enum Comparison {
    /// `=` or `!=` a text, in which `*` is any text at its beginning and end.
    Text { is_negated: bool, text: Wild },
    /// `=` or `!=` a regular expression that is found anywhere in the value.
    Expression { is_negated: bool, expression: Expression },
    /// Any operator and a number, with its text.
    Number { operator: Operator, number: Number, text: String },
}

/// How a value stands to what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The longer ones first, for they begin like the shorter.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    // As an example of the User Guide spells it ("Filter pattern syntax", OR of space-delimited patterns).
    ("=!", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Comparison {
    /// Reads an operator and its operand.
    ///
    /// # Errors
    /// There is none, or the operator is for numbers and the operand is none.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Comparison, Malformed> {
        let operator = OPERATORS.iter().find(|(sign, _)| cursor.eat(sign)).map(|(_, operator)| *operator);
        let operator = operator.ok_or(Malformed::Pattern("an operator is missing"))?;
        if let Some(expression) = cursor.expression()? {
            return operator.is_negated().map(|is_negated| Comparison::Expression { is_negated, expression });
        }
        if let Some(quoted) = cursor.quoted()? {
            return operator
                .is_negated()
                .map(|is_negated| Comparison::Text { is_negated, text: Wild::of(&quoted) });
        }
        let bare = cursor.take_while(|letter| letter.is_ascii_alphanumeric() || ".*_-+:/".contains(letter));
        match Number::parse(bare) {
            Some(number) => Ok(Comparison::Number { operator, number, text: bare.to_owned() }),
            None if bare.is_empty() => Err(Malformed::Pattern("a value is missing, or needs quotes")),
            None => {
                operator.is_negated().map(|is_negated| Comparison::Text { is_negated, text: Wild::of(bare) })
            }
        }
    }

    /// Whether it holds for the value with this text.
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Comparison::Text { is_negated, text } => text.matches(value) != *is_negated,
            Comparison::Expression { is_negated, expression } => expression.is_in(value) != *is_negated,
            Comparison::Number { operator, number, text } => match Number::parse(value) {
                Some(value) => operator.holds(value.compare(*number)),
                None => operator.holds((value == text).then_some(Ordering::Equal)),
            },
        }
    }
}

impl Operator {
    /// Whether it is `!=`; other than that only `=` has a meaning for texts.
    fn is_negated(self) -> Result<bool, Malformed> {
        match self {
            Operator::Equal => Ok(false),
            Operator::NotEqual => Ok(true),
            _ => Err(Malformed::Pattern("<, <=, > and >= compare with numbers only")),
        }
    }

    /// Whether it holds between things of this order; `None` for things that have none, which are only not equal.
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// A text, open at its beginning, its end, both or neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wild {
    text: String,
    is_open_before: bool,
    is_open_behind: bool,
}

impl Wild {
    fn of(text: &str) -> Wild {
        let before = text.strip_prefix('*');
        let inside = before.unwrap_or(text);
        let behind = inside.strip_suffix('*');
        Wild {
            text: behind.unwrap_or(inside).to_owned(),
            is_open_before: before.is_some(),
            is_open_behind: behind.is_some(),
        }
    }

    fn matches(&self, value: &str) -> bool {
        match (self.is_open_before, self.is_open_behind) {
            (true, true) => value.contains(&self.text),
            (true, false) => value.ends_with(&self.text),
            (false, true) => value.starts_with(&self.text),
            (false, false) => value == self.text,
        }
    }
}

/// A number: whole ones are exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Without fraction and exponent.
    Whole(i128),
    /// Any other.
    Real(f64),
}

impl Number {
    /// An integer or decimal with an optional sign, perhaps with `e` and an exponent behind it.
    pub fn parse(text: &str) -> Option<Number> {
        let is_number = |letter: u8| letter.is_ascii_digit() || b"+-.eE".contains(&letter);
        if !text.bytes().all(is_number) || !text.bytes().any(|letter| letter.is_ascii_digit()) {
            return None;
        }
        match text.parse() {
            Ok(whole) => Some(Number::Whole(whole)),
            Err(_) => text.parse().ok().filter(|real: &f64| real.is_finite()).map(Number::Real),
        }
    }

    /// The nearest real number.
    pub fn real(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Real(real) => real,
        }
    }

    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(one), Number::Whole(other)) => Some(one.cmp(&other)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }
}
