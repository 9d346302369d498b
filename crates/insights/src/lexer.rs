//! Tokens with their bytes. The parser asks for one at a time, because `/` begins a regular expression or divides
//! depending on what the parser waits for.

use crate::error::{QueryError, QueryErrorKind, Span};

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name: letters, digits, `_`, `@`, `.`, and anything between back-quotes.
    Name { text: String, is_quoted: bool },
    /// A number without a sign.
    Number(String),
    /// A number with letters, such as `5m`.
    Period(String),
    /// A quoted string, unescaped.
    Text(String),
    /// A regular expression, without its slashes.
    Regex(String),
    /// An operator or bracket.
    Symbol(&'static str),
    /// The end of the query.
    End,
}

/// Longest first.
const SYMBOLS: &[&str] = &[
    "!=", "<=", ">=", "=~", "==", "=", "<", ">", "!", "+", "-", "*", "/", "^", "%", "(", ")", "[", "]", ",",
    "|", ":",
];

impl Token {
    /// How an error message names the token.
    pub fn describe(&self) -> String {
        match self {
            Token::Name { text, .. } | Token::Number(text) | Token::Period(text) => text.clone(),
            Token::Text(text) => format!("{text:?}"),
            Token::Regex(text) => format!("/{text}/"),
            Token::Symbol(symbol) => symbol.to_string(),
            Token::End => "the end of the query".into(),
        }
    }

    /// True if it is this word, in any case and without back-quotes.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Name { text, is_quoted: false } if text.eq_ignore_ascii_case(word))
    }
}

/// The token at or after the byte `from`, with `/` read as an operator.
pub fn next_token(query: &str, from: usize) -> Result<(Token, Span), QueryError> {
    let start = skip_blank(query, from);
    let rest = &query[start..];
    let Some(first) = rest.chars().next() else {
        return Ok((Token::End, Span { start, end: start }));
    };
    match first {
        '"' | '\'' => quoted(query, start, first),
        '0'..='9' => Ok(number(query, start)),
        '.' if is_fraction(query, start) => Ok(number(query, start)),
        c if is_name_char(c) || c == '`' => name(query, start),
        c => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => Ok((Token::Symbol(symbol), Span { start, end: start + symbol.len() })),
            None => {
                let span = Span { start, end: start + c.len_utf8() };
                Err(QueryError { span, kind: QueryErrorKind::UnexpectedCharacter(c) })
            }
        },
    }
}

/// The regular expression that starts with the slash at the byte `start`. `\/` stands for a slash.
pub fn regex_token(query: &str, start: usize) -> Result<(Token, Span), QueryError> {
    let mut text = String::new();
    let mut chars = query[start + 1..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('/', _) => return Ok((Token::Regex(text), Span { start, end: start + 1 + at + 1 })),
            ('\\', Some((_, '/'))) => text.extend(chars.next().map(|(_, slash)| slash)),
            ('\\', Some(_)) => {
                text.push(c);
                text.extend(chars.next().map(|(_, escaped)| escaped));
            }
            _ => text.push(c),
        }
    }
    Err(unterminated("a regular expression", start, query))
}

/// The rest of the word at `start`, up to a blank or `|`: an unquoted address such as `http://10.0.0.1/`.
///
/// One of the sample queries of the console holds such a value.
pub fn bare_word(query: &str, start: usize) -> (Token, Span) {
    let rest = &query[start..];
    let len = rest.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(rest.len());
    (Token::Text(rest[..len].into()), Span { start, end: start + len })
}

/// The unquoted name at `start`, of letters, digits and `-_./#:@$*`: a log group or a table.
pub fn bare_name(query: &str, start: usize) -> Option<(String, Span)> {
    let rest = &query[start..];
    let is_part = |c: char| is_name_char(c) || matches!(c, '-' | '/' | '#' | ':' | '*');
    let len = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    (len > 0).then(|| (rest[..len].to_owned(), Span { start, end: start + len }))
}

/// The first byte at or after `from` that is neither blank nor in a comment.
fn skip_blank(query: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &query[at..];
        let text = rest.trim_start();
        at += rest.len() - text.len();
        if !text.starts_with('#') {
            return at;
        }
        at += text.find('\n').unwrap_or(text.len());
    }
}

pub(crate) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '$')
}

/// Whether a number without its zero, such as `.5`, begins here. Behind a bracket it would be a part: `a[1].0`.
pub(crate) fn is_fraction(query: &str, start: usize) -> bool {
    let behind = query[start + 1..].starts_with(|c: char| c.is_ascii_digit());
    behind && !query[..start].ends_with([']', ')', '`'])
}

/// The number at `start`, or the period if letters follow it. A number without its zero gets it.
pub(crate) fn number(query: &str, start: usize) -> (Token, Span) {
    let rest = &query[start..];
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut len = digits(rest);
    if rest[len..].starts_with('.') && digits(&rest[len + 1..]) > 0 {
        len += 1 + digits(&rest[len + 1..]);
    }
    if let Some(power) = rest[len..].strip_prefix(['e', 'E']) {
        let sign = usize::from(power.starts_with(['+', '-']));
        let power_len = digits(&power[sign..]);
        let ends = !power[sign + power_len..].starts_with(is_name_char);
        if power_len > 0 && ends {
            len += 1 + sign + power_len;
        }
    }
    let letters = rest[len..].find(|c: char| !is_name_char(c)).unwrap_or(rest.len() - len);
    let span = Span { start, end: start + len + letters };
    let zero = if rest.starts_with('.') { "0" } else { "" };
    let text = format!("{zero}{}", &rest[..len + letters]);
    (if letters == 0 { Token::Number(text) } else { Token::Period(text) }, span)
}

fn quoted(query: &str, start: usize, quote: char) -> Result<(Token, Span), QueryError> {
    let mut text = String::new();
    let mut chars = query[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|(_, escaped)| unescape(escaped)).into_iter().flatten()),
            c if c == quote => return Ok((Token::Text(text), Span { start, end: start + 1 + at + 1 })),
            c => text.push(c),
        }
    }
    Err(unterminated("a string", start, query))
}

/// What `\c` stands for. An escape without a meaning keeps its backslash, as patterns in strings need.
pub(crate) fn unescape(c: char) -> impl Iterator<Item = char> {
    let (backslash, c) = match c {
        'n' => (None, '\n'),
        't' => (None, '\t'),
        'r' => (None, '\r'),
        '\\' | '"' | '\'' | '/' => (None, c),
        other => (Some('\\'), other),
    };
    backslash.into_iter().chain([c])
}

/// A name whose parts may stand between back-quotes: ``json.`user.id` ``. Behind a back-quote only a dot goes on.
fn name(query: &str, start: usize) -> Result<(Token, Span), QueryError> {
    name_of(query, start, |rest| rest.starts_with(is_name_char))
}

/// The same with other characters: `goes_on` tells whether the name has the first of what is left.
pub(crate) fn name_of(
    query: &str,
    start: usize,
    goes_on: impl Fn(&str) -> bool,
) -> Result<(Token, Span), QueryError> {
    let (mut text, mut is_quoted, mut at) = (String::new(), false, start);
    let mut is_part_over = false;
    while let Some(c) = query[at..].chars().next() {
        if is_part_over && c != '.' {
            break;
        }
        is_part_over = c == '`';
        if c == '`' {
            let inner = &query[at + 1..];
            let end = inner.find('`').ok_or_else(|| unterminated("a back-quoted name", at, query))?;
            text.push_str(&inner[..end]);
            is_quoted = true;
            at += end + 2;
        } else if goes_on(&query[at..]) {
            text.push(c);
            at += c.len_utf8();
        } else {
            break;
        }
    }
    Ok((Token::Name { text, is_quoted }, Span { start, end: at }))
}

pub(crate) fn unterminated(what: &'static str, start: usize, query: &str) -> QueryError {
    QueryError { span: Span { start, end: query.len() }, kind: QueryErrorKind::Unterminated(what) }
}
