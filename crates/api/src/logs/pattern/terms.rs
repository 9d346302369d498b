//! Terms: words, `"phrases"` and `%regular expressions%` that are found anywhere in a message, also inside a word.
//!
//! All must be there; `-term` must not; of several `?term` any will do, and beside other terms they are ignored.
//!
//! Assumptions: `?term` beside nothing but `-term` still counts; a regular expression may stand for any term.

use super::Malformed;
use super::cursor::Cursor;
use super::expression::Expression;

/// A pattern of terms.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Clone, Debug)]
enum Term {
    Text(String),
    Expression(Expression),
}

impl Terms {
    /// Reads terms up to the end.
    ///
    /// # Errors
    /// A term that should be quoted, or one that does not end.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Terms, Malformed> {
        let mut terms = Terms::default();
        while !cursor.is_at_end() {
            let side = match cursor.peek() {
                Some('?') => &mut terms.any,
                Some('-') => &mut terms.none,
                _ => &mut terms.all,
            };
            let _sign = cursor.eat("?") || cursor.eat("-");
            side.push(Term::parse(cursor)?);
        }
        Ok(terms)
    }

    /// Whether a message passes.
    pub fn matches(&self, message: &str) -> bool {
        let is_in = |term: &Term| term.is_in(message);
        let any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(is_in);
        any && self.all.iter().all(is_in) && !self.none.iter().any(is_in)
    }
}

impl Term {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Term, Malformed> {
        if let Some(expression) = cursor.expression()? {
            return Ok(Term::Expression(expression));
        }
        if let Some(phrase) = cursor.quoted()? {
            return Ok(Term::Text(phrase));
        }
        let term = cursor.take_while(|letter| !letter.is_whitespace());
        let is_plain = |letter: char| letter.is_alphanumeric() || letter == '_';
        match !term.is_empty() && term.chars().all(is_plain) {
            true => Ok(Term::Text(term.to_owned())),
            false => Err(Malformed::Term(term.to_owned())),
        }
    }

    fn is_in(&self, message: &str) -> bool {
        match self {
            Term::Text(text) => message.contains(text.as_str()),
            Term::Expression(expression) => expression.is_in(message),
        }
    }
}
