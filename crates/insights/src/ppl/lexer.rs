//! Tokens of PPL: as those of the query language, but for comments, strings, and names, which may hold hyphens.

use crate::error::{QueryError, Span};
use crate::lexer::{Token, is_name_char};
use crate::sql::lexer::{Lexis, token_in};

/// Longest first.
const SYMBOLS: &[&str] =
    &["!=", "<=", ">=", "==", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "|", ":", ";"];

const PPL: Lexis = Lexis { symbols: SYMBOLS, comment: "//", goes_on };

/// The token at or after the byte `from`.
pub(super) fn next_token(query: &str, from: usize) -> Result<(Token, Span), QueryError> {
    token_in(&PPL, query, from)
}

/// A hyphen is in a name if the name goes on behind it: `device-id`, but `a - b` and `a -b` subtract.
fn goes_on(rest: &str) -> bool {
    let behind = rest.strip_prefix('-').unwrap_or(rest);
    behind.starts_with(is_name_char)
}
