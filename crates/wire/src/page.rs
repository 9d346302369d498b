//! Pages of Describe answers: `MaxResults` and an opaque `NextToken`.
//!
//! A token holds the key of the last item that was given, so that items added or removed in between neither repeat nor
//! hide others. Source: EC2 API Reference, "Pagination"; bounds are in each call's page.

use crate::{Kind, Param, Params, WireError, Writer, Xml};
use std::fmt::Display;
use std::str::FromStr;

/// Most items of an answer to a request without `MaxResults`, and of any page.
pub const PAGE_MAX: usize = 1000;

/// What a request says of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Param)]
pub struct Page {
    /// Most items wanted.
    pub max_results: Option<i64>,
    /// Where to go on, from an earlier answer.
    pub next_token: Option<Token>,
}

/// The least and greatest `MaxResults` of a call.
pub type Bounds = std::ops::RangeInclusive<i64>;

impl Page {
    /// The items of this page, and the token of the next if there is one. `items` are in ascending order of `key`. An empty
    /// token is none.
    ///
    /// # Errors
    /// `InvalidParameterValue` for `MaxResults` outside `bounds`, `InvalidNextToken` for a token that is not ours.
    pub fn cut<T, K>(
        &self,
        bounds: Bounds,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, Option<Token>), WireError>
    where
        K: Ord + Display + FromStr,
    {
        let size = self.size(bounds)?;
        let given = self.next_token.as_ref().filter(|token| !token.as_str().is_empty());
        let after: Option<K> = given.map(Token::key).transpose()?;
        let mut rest =
            items.into_iter().skip_while(|item| after.as_ref().is_some_and(|after| key(item) <= *after));
        let page: Vec<T> = rest.by_ref().take(size).collect();
        let is_last = rest.next().is_none();
        let token = page.last().filter(|_| !is_last).map(|last| Token::after(&key(last)));
        Ok((page, token))
    }

    /// Most items of this page.
    ///
    /// # Errors
    /// `InvalidParameterValue` for `MaxResults` outside `bounds`.
    pub fn size(&self, bounds: Bounds) -> Result<usize, WireError> {
        let Some(size) = self.max_results else { return Ok(PAGE_MAX) };
        // Assumption: AWS's sentence for a number that is too large mirrors the one for a number that is too small.
        let expecting = match size {
            _ if size < *bounds.start() => format!("a value greater than {}", bounds.start()),
            _ if size > *bounds.end() => format!("a value less than {}", bounds.end()),
            _ => return Ok(usize::try_from(size).map_or(PAGE_MAX, |size| size.clamp(1, PAGE_MAX))),
        };
        let said = size.to_string();
        Err(WireError::invalid_value(crate::Dialect::Ec2, "MaxResults", &said, &expecting))
    }

    /// Refuses `MaxResults` beside explicit ids, which the error calls `set`: `instancesSet`.
    ///
    /// # Errors
    /// `InvalidParameterCombination`.
    pub fn check_without_ids(&self, set: &str, count: usize) -> Result<(), WireError> {
        if self.max_results.is_none() || count == 0 {
            return Ok(());
        }
        let message = format!("The parameter {set} cannot be used with the parameter maxResults");
        Err(WireError::new("InvalidParameterCombination", message))
    }
}

/// A place in a list, as clients hold it: opaque text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token for what comes after `key`.
    pub fn after(key: &impl Display) -> Token {
        let key = key.to_string();
        let digits: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        Token(format!("{:08x}{digits}", checksum(key.as_bytes())))
    }

    /// A text that a client gave.
    pub fn given(text: impl Into<String>) -> Token {
        Token(text.into())
    }

    /// The text for the client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that the token was made of.
    ///
    /// # Errors
    /// `InvalidNextToken` for a text that [`Token::after`] did not make, or not of such a key.
    pub fn key<K: FromStr>(&self) -> Result<K, WireError> {
        let refused = || WireError::new("InvalidNextToken", "The specified token is invalid.");
        let (sum, digits) = self.0.split_at_checked(8).ok_or_else(refused)?;
        let bytes = unhex(digits).ok_or_else(refused)?;
        if format!("{:08x}", checksum(&bytes)) != sum {
            return Err(refused());
        }
        String::from_utf8(bytes).ok().and_then(|key| key.parse().ok()).ok_or_else(refused)
    }
}

impl Param for Token {
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<Token, WireError> {
        params.text(at).map(Token::given)
    }
}

impl Xml for Token {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut Writer) {
        out.text(&self.0);
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8)).collect()
}

/// FNV-1a: tells a mistyped or invented token, not a forged one; a token gives nothing that its caller could not ask for.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(max_results: Option<i64>, next_token: Option<Token>) -> Page {
        Page { max_results, next_token }
    }

    #[test]
    fn pages_follow_each_other_without_gap() {
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let (items, next) =
                page(Some(5), token).cut(5..=1000, 0..12_u32, |item| *item).expect("in bounds");
            seen.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_goes_on_after_items_that_are_gone() {
        let (_, next) = page(Some(5), None).cut(5..=1000, 0..12_u32, |item| *item).expect("in bounds");
        let left = [1, 2, 8, 9];
        let (items, last) = page(None, next).cut(5..=1000, left, |item| *item).expect("in bounds");
        assert_eq!((items, last), (vec![8, 9], None));
    }

    #[test]
    fn without_max_results_a_page_has_a_thousand_items() {
        let (items, next) = Page::default().cut(5..=1000, 0..1001_u32, |item| *item).expect("in bounds");
        assert_eq!((items.len(), next.is_some()), (PAGE_MAX, true));
        let (items, next) = Page::default().cut(5..=1000, 0..1000_u32, |item| *item).expect("in bounds");
        assert_eq!((items.len(), next), (PAGE_MAX, None));
    }

    #[test]
    fn an_empty_token_is_none() {
        let empty = page(Some(5), Some(Token::given("")));
        let (items, _) = empty.cut(5..=1000, 0..12_u32, |item| *item).expect("in bounds");
        assert_eq!(items, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn max_results_has_bounds() {
        let refused = |size| page(Some(size), None).size(5..=1000).expect_err("out of bounds").to_string();
        let said = "InvalidParameterValue: Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5.";
        assert_eq!(refused(3), said);
        assert!(refused(-1).contains("( -1 )") && refused(i64::MAX).contains("less than 1000"));
    }

    #[test]
    fn max_results_excludes_ids() {
        let refused = page(Some(5), None).check_without_ids("instancesSet", 1).expect_err("both").to_string();
        let said = "The parameter instancesSet cannot be used with the parameter maxResults";
        assert_eq!(refused, format!("InvalidParameterCombination: {said}"));
        assert!(page(None, None).check_without_ids("instancesSet", 1).is_ok());
    }

    #[test]
    fn invented_tokens_are_refused() {
        let of_text = Token::after(&"text");
        let texts = ["", "x", "é", "0000000000", "811c9dc5zz", &of_text.as_str()[..15], of_text.as_str()];
        for text in texts {
            let error = Token::given(text).key::<u32>().expect_err(text);
            assert_eq!(error.code, "InvalidNextToken");
        }
    }

    proptest! {
        #[test]
        fn a_token_keeps_its_key(key: String) {
            prop_assert_eq!(Token::after(&key).key::<String>(), Ok(key));
        }

        #[test]
        fn no_token_panics(text: String) {
            let _ = Token::given(text).key::<String>();
        }
    }
}
