//! `application/x-www-form-urlencoded`: names and values of a query string or form body.
//!
//! Source: WHATWG URL Standard, "application/x-www-form-urlencoded"; RFC 3986 section 2.1. Stricter than browsers: a `%`
//! without two hexadecimal digits, an empty name and text that is not UTF-8 are refused, as AWS does.

use crate::WireError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Most parameters of one request. A form of the largest size could hold half a million empty ones.
pub const PARAMETERS_MAX: usize = 10_000;

/// The names and values of `form`, decoded, in the order given.
///
/// # Errors
/// `MalformedQueryString` for a syntax error, text that is not UTF-8, or more than [`PARAMETERS_MAX`] parameters.
pub fn pairs(form: &[u8]) -> Result<Vec<(String, String)>, WireError> {
    let mut pairs = Vec::new();
    for piece in form.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let equals = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
        let (name, value) = (decode(&piece[..equals])?, decode(piece.get(equals + 1..).unwrap_or_default())?);
        if name.is_empty() || pairs.len() == PARAMETERS_MAX {
            return Err(WireError::malformed_query());
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// `text` with every byte but the unreserved ones of RFC 3986 as `%XX`, as IAM returns policy documents.
pub fn percent_encode(text: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

fn decode(text: &[u8]) -> Result<String, WireError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next())? << 4 | digit(rest.next())?,
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| WireError::malformed_query())
}

fn digit(byte: Option<&u8>) -> Result<u8, WireError> {
    let value =
        byte.and_then(|byte| char::from(*byte).to_digit(16)).ok_or_else(WireError::malformed_query)?;
    Ok(value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: &str) {
        let text = match pairs(form.as_bytes()) {
            Ok(pairs) => pairs.iter().map(|(name, value)| format!("{name}={value};")).collect(),
            Err(error) => error.code.to_owned(),
        };
        assert_eq!(text, expected, "{form}");
    }

    #[test]
    fn forms_are_decoded() {
        check("Action=DescribeVpcs&Version=2016-11-15", "Action=DescribeVpcs;Version=2016-11-15;");
        check("Name=tag%3Aenv&Value=a+b%2Bc", "Name=tag:env;Value=a b+c;");
        check("X=a=b", "X=a=b;");
        check("X&Y=", "X=;Y=;");
        check("&&X=1&", "X=1;");
        check("", "");
    }

    #[test]
    fn broken_forms_are_refused() {
        for form in ["X=%", "X=%4", "X=%zz", "=1", "X=%ff", "%C3=1"] {
            check(form, "MalformedQueryString");
        }
        check(&"X&".repeat(PARAMETERS_MAX + 1), "MalformedQueryString");
    }

    #[test]
    fn policy_documents_are_percent_encoded() {
        assert_eq!(percent_encode(r#"{"a": "é~"}"#), "%7B%22a%22%3A%20%22%C3%A9~%22%7D");
    }
}
