//! The token that a parser is at: what those of all languages read with.

use std::ops::DerefMut;

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::syntax::{Expr, ExprKind};

/// How a language reads the token at or after a byte of its text.
type NextToken = fn(&str, usize) -> Result<(Token, Span), QueryError>;

/// A text and the token to read next in it.
pub(crate) struct Cursor<'q> {
    pub text: &'q str,
    pub token: Token,
    pub span: Span,
    /// Where the token before it ended.
    pub last_end: usize,
    next_token: NextToken,
}

impl<'q> Cursor<'q> {
    /// At the first token.
    pub fn new(text: &'q str, next_token: NextToken) -> Result<Cursor<'q>, QueryError> {
        let (token, span) = next_token(text, 0)?;
        Ok(Cursor { text, token, span, last_end: 0, next_token })
    }

    /// Moves past the token and gives its place.
    pub fn advance(&mut self) -> Result<Span, QueryError> {
        let span = self.span;
        self.resume(span)?;
        Ok(span)
    }

    /// Goes on behind a token that the parser read by itself.
    pub fn resume(&mut self, read: Span) -> Result<(), QueryError> {
        self.last_end = read.end;
        (self.token, self.span) = self.behind(read)?;
        Ok(())
    }

    /// The token behind a place.
    pub fn behind(&self, place: Span) -> Result<(Token, Span), QueryError> {
        (self.next_token)(self.text, place.end)
    }

    /// The token behind this one.
    pub fn peek(&self) -> Result<Token, QueryError> {
        Ok(self.behind(self.span)?.0)
    }

    /// Whether a symbol follows this token.
    pub fn is_before(&self, symbol: &str) -> Result<bool, QueryError> {
        Ok(is_symbol(&self.peek()?, symbol))
    }

    /// Whether a word, in any case, follows this token.
    pub fn is_before_word(&self, word: &str) -> Result<bool, QueryError> {
        Ok(self.peek()?.is_word(word))
    }

    /// Moves past a word, in any case, if it is here.
    pub fn take_word(&mut self, word: &str) -> Result<bool, QueryError> {
        let is_word = self.token.is_word(word);
        if is_word {
            self.advance()?;
        }
        Ok(is_word)
    }

    /// Moves past a symbol if it is here.
    pub fn take_symbol(&mut self, symbol: &str) -> Result<bool, QueryError> {
        let is_there = is_symbol(&self.token, symbol);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    /// Moves past a symbol, which must be here.
    pub fn need_symbol(&mut self, symbol: &'static str) -> Result<(), QueryError> {
        if self.take_symbol(symbol)? { Ok(()) } else { Err(self.expected(symbol)) }
    }

    /// Moves past a name, which must be here.
    pub fn name(&mut self) -> Result<String, QueryError> {
        let Token::Name { text, .. } = &self.token else { return Err(self.expected("a name")) };
        let name = text.clone();
        self.advance()?;
        Ok(name)
    }

    /// Refuses what is here where something else should be.
    pub fn expected(&self, wanted: &'static str) -> QueryError {
        self.refuse(QueryErrorKind::Expected { wanted, found: self.token.describe() })
    }

    /// Refuses what is at this place.
    pub fn refuse(&self, kind: QueryErrorKind) -> QueryError {
        QueryError { span: self.span, kind }
    }
}

/// Has a parser with a `cursor` read as that does.
macro_rules! reads_with_cursor {
    ($parser:ident) => {
        impl<'q> std::ops::Deref for $parser<'q> {
            type Target = $crate::cursor::Cursor<'q>;

            fn deref(&self) -> &Self::Target {
                &self.cursor
            }
        }

        impl<'q> std::ops::DerefMut for $parser<'q> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.cursor
            }
        }
    };
}
pub(crate) use reads_with_cursor;

fn is_symbol(token: &Token, symbol: &str) -> bool {
    matches!(token, Token::Symbol(found) if *found == symbol)
}

/// One or more with `,` between them.
pub(crate) fn list<'q, P: DerefMut<Target = Cursor<'q>>, T>(
    parser: &mut P,
    one: impl Fn(&mut P) -> Result<T, QueryError>,
) -> Result<Vec<T>, QueryError> {
    let mut list = vec![one(parser)?];
    while parser.take_symbol(",")? {
        list.push(one(parser)?);
    }
    Ok(list)
}

/// An operand, with `+` or `-` before it or none, in SQL and PPL.
pub(crate) fn signed<'q, P: DerefMut<Target = Cursor<'q>>>(
    parser: &mut P,
    operand: impl Fn(&mut P) -> Result<Expr, QueryError>,
) -> Result<Expr, QueryError> {
    let start = parser.span;
    if parser.take_symbol("+")? || !parser.take_symbol("-")? {
        return operand(parser);
    }
    let inner = operand(parser)?;
    Ok(Expr::new(start.to(inner.span), ExprKind::Negate(Box::new(inner))))
}
