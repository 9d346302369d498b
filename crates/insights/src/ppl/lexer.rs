//! Tokens of PPL: as those of the query language, but for comments, strings, and names, which may hold hyphens.

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Token, is_fraction, is_name_char, name_of, number, unterminated};
use crate::sql::lexer::text;

/// Longest first.
const SYMBOLS: &[&str] =
    &["!=", "<=", ">=", "==", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "|", ":", ";"];

/// The token at or after the byte `from`.
pub(super) fn next_token(query: &str, from: usize) -> Result<(Token, Span), QueryError> {
    let start = skip_blank(query, from)?;
    let rest = &query[start..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, Span { start, end: start })) };
    match first {
        '\'' | '"' => text(query, start, first),
        '0'..='9' => Ok(number(query, start)),
        '.' if is_fraction(query, start) => Ok(number(query, start)),
        c if is_name_char(c) || c == '`' => name_of(query, start, goes_on),
        c => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => Ok((Token::Symbol(symbol), Span { start, end: start + symbol.len() })),
            None => {
                let span = Span { start, end: start + c.len_utf8() };
                Err(QueryError { span, kind: QueryErrorKind::UnexpectedCharacter(c) })
            }
        },
    }
}

/// A hyphen is in a name if the name goes on behind it: `device-id`, but `a - b` and `a -b` subtract.
fn goes_on(rest: &str) -> bool {
    let behind = rest.strip_prefix('-').unwrap_or(rest);
    behind.starts_with(is_name_char)
}

/// The first byte that is neither blank nor in a comment, `// ...` or `/* ... */`.
fn skip_blank(query: &str, from: usize) -> Result<usize, QueryError> {
    let mut at = from;
    loop {
        let rest = &query[at..];
        let text = rest.trim_start();
        at += rest.len() - text.len();
        if text.starts_with("//") {
            at += text.find('\n').unwrap_or(text.len());
        } else if text.starts_with("/*") {
            let end = text.find("*/").ok_or_else(|| unterminated("a comment", at, query))?;
            at += end + "*/".len();
        } else {
            return Ok(at);
        }
    }
}
