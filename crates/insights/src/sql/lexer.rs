//! Tokens of SQL: as those of the query language, but for comments, strings and some operators.

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Token, is_fraction, is_name_char, name_of, number, unescape, unterminated};

/// Longest first.
const SYMBOLS: &[&str] = &[
    "<=>", "<<", ">>", "<>", "<=", ">=", "!=", "==", "||", "=", "<", ">", "!", "+", "-", "*", "/", "%", "(",
    ")", "[", "]", ",", ";", "&", "|", "^", "~",
];

/// Operators on bits, which are not here.
pub const BITWISE: &[&str] = &["<<", ">>", "&", "|", "^", "~"];

/// What languages that are written alike have of their own.
pub(crate) struct Lexis {
    /// Longest first.
    pub symbols: &'static [&'static str],
    /// What a comment begins with that goes to the end of the line.
    pub comment: &'static str,
    /// Whether a name goes on with this, at its first character.
    pub goes_on: fn(&str) -> bool,
}

const SQL: Lexis = Lexis { symbols: SYMBOLS, comment: "--", goes_on: |rest| rest.starts_with(is_name_char) };

/// The token at or after the byte `from`.
pub fn next_token(statement: &str, from: usize) -> Result<(Token, Span), QueryError> {
    token_in(&SQL, statement, from)
}

/// The token at or after the byte `from` in such a language.
pub(crate) fn token_in(lexis: &Lexis, statement: &str, from: usize) -> Result<(Token, Span), QueryError> {
    let start = skip_blank(lexis.comment, statement, from)?;
    let rest = &statement[start..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, Span { start, end: start })) };
    match first {
        '\'' | '"' => text(statement, start, first),
        '0'..='9' => Ok(number(statement, start)),
        '.' if is_fraction(statement, start) => Ok(number(statement, start)),
        c if is_name_char(c) || c == '`' => name_of(statement, start, lexis.goes_on),
        c => match lexis.symbols.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => Ok((Token::Symbol(symbol), Span { start, end: start + symbol.len() })),
            None => {
                let span = Span { start, end: start + c.len_utf8() };
                Err(QueryError { span, kind: QueryErrorKind::UnexpectedCharacter(c) })
            }
        },
    }
}

/// The first byte that is neither blank nor in a comment, `-- ...` to the end of the line or `/* ... */`.
fn skip_blank(comment: &str, statement: &str, from: usize) -> Result<usize, QueryError> {
    let mut at = from;
    loop {
        let rest = &statement[at..];
        let text = rest.trim_start();
        at += rest.len() - text.len();
        if text.starts_with(comment) {
            at += text.find('\n').unwrap_or(text.len());
        } else if text.starts_with("/*") {
            let end = text.find("*/").ok_or_else(|| unterminated("a comment", at, statement))?;
            at += end + "*/".len();
        } else {
            return Ok(at);
        }
    }
}

/// A string; a doubled quote stands for one, and a backslash escapes as in the query language.
fn text(statement: &str, start: usize, quote: char) -> Result<(Token, Span), QueryError> {
    let mut text = String::new();
    let mut chars = statement[start + 1..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|(_, escaped)| unescape(escaped)).into_iter().flatten()),
            c if c == quote && chars.peek().is_some_and(|(_, next)| *next == quote) => {
                text.push(quote);
                chars.next();
            }
            c if c == quote => return Ok((Token::Text(text), Span { start, end: start + 1 + at + 1 })),
            c => text.push(c),
        }
    }
    Err(unterminated("a string", start, statement))
}
