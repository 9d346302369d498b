//! What a token says, many bytes at a time.
//!
//! At least [`PADDING`] more bytes must follow. `None` means that a token is not of the plain shape that records have: whoever
//! reads it takes the slow way, and decides there.

use wide::u8x16;

use super::wide::WINDOW;

/// Bytes behind the last line that may be looked at, all of them newlines.
pub const PADDING: usize = WINDOW + 16;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

/// The first eight bytes, less `'0'`.
fn eight(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.first_chunk()?) ^ (0x30 * ONES))
}

/// The high bit of each byte that is no digit; `digits` are the bytes less `'0'`.
fn no_digits(digits: u64) -> u64 {
    (((digits & !HIGH) + 0x76 * ONES) | digits) & HIGH
}

/// The number of eight digits less `'0'`, the first of them in the lowest byte.
fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF
}

/// The number of the first `count` digits, 1 to 8; `None` if one is none.
fn some_digits(digits: u64, count: usize) -> Option<u64> {
    let digits = digits << (64 - 8 * count);
    (no_digits(digits) == 0).then(|| eight_digits(digits))
}

const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

impl Token {
    /// Its bytes; very many of what is no token, but ends before it begins.
    #[inline(always)]
    pub fn len(self) -> usize {
        self.end.wrapping_sub(self.start)
    }

    /// Whether it is `-`.
    pub fn is_dash(self, bytes: &[u8]) -> bool {
        self.len() == 1 && bytes.get(self.start) == Some(&b'-')
    }

    /// The number of 1 to 15 digits that it is.
    pub fn number(self, bytes: &[u8]) -> Option<u64> {
        let from = bytes.get(self.start..)?;
        match self.len() {
            count @ 1..=8 => some_digits(eight(from)?, count),
            count @ 9..=15 => {
                let (first, rest) =
                    (some_digits(eight(from)?, 8)?, some_digits(eight(&from[8..])?, count - 8)?);
                Some(first * POWERS[count - 8] + rest)
            }
            _ => None,
        }
    }

    /// The IPv4 address that it is, as the standard library reads it: no octet with a leading zero.
    #[inline]
    pub fn address(self, bytes: &[u8]) -> Option<u32> {
        let sixteen = bytes.get(self.start..)?.first_chunk()?;
        address_of(u128::from_le_bytes(*sixteen), self.len())
    }
}

/// The number of an IPv4 address written as the standard library reads it.
pub fn address(text: &str) -> Option<u32> {
    let (bytes, len) = (text.as_bytes(), text.len());
    // Of two halves that overlap: no byte is copied.
    let sixteen = match len {
        7 | 8 => {
            let half = |at: usize| Some(u128::from(u32::from_le_bytes(*bytes[at..].first_chunk()?)));
            half(0)? | half(len - 4)? << (8 * (len - 4))
        }
        9..=15 => {
            let half = |at: usize| Some(u128::from(u64::from_le_bytes(*bytes[at..].first_chunk()?)));
            half(0)? | half(len - 8)? << (8 * (len - 8))
        }
        _ => return None,
    };
    address_of(sixteen, len)
}

/// The IPv4 address that the first `len` of sixteen bytes are, the first of them the lowest: all octets at once.
#[inline]
pub fn address_of(sixteen: u128, len: usize) -> Option<u32> {
    if !(7..=15).contains(&len) {
        return None;
    }
    // Each byte and the two before it, less `'0'`.
    let [here, before, two_before] =
        [0, 8, 16].map(|bits| u8x16::new((sixteen << bits).to_le_bytes()) - u8x16::splat(b'0'));
    let is_digit = |bytes: u8x16| bytes.min(u8x16::splat(9)).simd_eq(bytes);
    let is_before = is_digit(before);
    let is_two_before = is_before & is_digit(two_before);
    let whole = !(u32::MAX << len);
    let digits = is_digit(here).to_bitmask() & whole;
    let dots = here.simd_eq(u8x16::splat(b'.'.wrapping_sub(b'0'))).to_bitmask() & whole;
    let behind_first = dots & dots.wrapping_sub(1);
    let last = behind_first & behind_first.wrapping_sub(1);
    // The first and the last digits of octets.
    let (begins, ends) = (dots << 1 | 1, (dots | 1 << len) >> 1);
    let are_four = (digits | dots == whole)
        & (last != 0)
        & (last & last.wrapping_sub(1) == 0)
        & (digits & begins == begins)
        & (digits & ends == ends)
        & (digits & digits << 1 & digits << 2 & digits << 3 == 0);
    // What the digits of the octet up to each make.
    let double = |bytes: u8x16| bytes + bytes;
    let tens = before & is_before;
    let hundreds = two_before & is_two_before;
    let two_digits = here + double(tens) + double(double(double(tens)));
    let four_hundreds = double(double(hundreds));
    let octets = two_digits + four_hundreds + double(double(double(four_hundreds + double(four_hundreds))));
    // 256 and more: 2 before 56 and more, or a greater digit before any.
    let is_two = hundreds.simd_eq(u8x16::splat(2));
    let is_above =
        two_digits.saturating_add(is_two & u8x16::splat(u8::MAX - 56)).simd_eq(u8x16::splat(u8::MAX));
    let is_far_above = hundreds.max(u8x16::splat(3)).simd_eq(hundreds);
    let are_octets = (is_above | is_far_above).to_bitmask() & ends == 0;
    let are_plain = here.simd_eq(u8x16::splat(0)).to_bitmask() & begins & digits >> 1 == 0;
    let octets = octets.to_array();
    let octet = |at: u32| u32::from(octets[at as usize & 15]);
    let [first, second, third] = [dots, behind_first, last].map(u32::trailing_zeros);
    let [a, b, c, d] = [first, second, third, len as u32].map(|end| octet(end.wrapping_sub(1)));
    (are_four & are_octets & are_plain).then_some(a << 24 | b << 16 | c << 8 | d)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(text: &str) -> (Token, Vec<u8>) {
        let bytes = [b"x ", text.as_bytes(), &[b'\n'; PADDING]].concat();
        (Token { start: 2, end: 2 + text.len() }, bytes)
    }

    fn number(text: &str) -> Option<u64> {
        let (token, bytes) = token(text);
        token.number(&bytes)
    }

    fn address(text: &str) -> Option<u32> {
        let (token, bytes) = token(text);
        let address = token.address(&bytes);
        assert_eq!(super::address(text), address);
        address
    }

    #[test]
    fn tokens_of_other_shapes_are_left_to_the_slow_way() {
        for text in ["", " 1", "+1", "-", "x", "12x4", "1234567890123456", "12345678901234567x", "é"] {
            assert_eq!(number(text), None, "{text}");
        }
        let addresses = "- 1.2.3 1.2.3.256 01.2.3.4 1..3.4567 1.2.3. ::1 1234.1.1.1 1,2.3.4 1.2.3.4.5 .1.2.3.4 1.2.3.00 1.2.3.4x";
        for text in addresses.split(' ') {
            assert_eq!(address(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "[0-9]{1,15}") {
            prop_assert_eq!(number(&text), text.parse().ok());
        }

        #[test]
        fn addresses_are_those_of_the_standard_library(text in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}") {
            prop_assert_eq!(address(&text), text.parse::<std::net::Ipv4Addr>().ok().map(u32::from));
        }
    }
}
