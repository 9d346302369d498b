//! Tokens of a line, eight bytes at a time.
//!
//! Each function looks at the bytes from `at` on, of which at least [`PADDING`] more must follow the last line. `None` means
//! that the token is not of the plain shape that records have: whoever reads it takes the slow way, and decides there.

/// Bytes behind the last line that may be looked at, all of them newlines.
pub const PADDING: usize = 32;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(eight.try_into().ok()?))
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

/// The number of the first `count` digits, 1 to 8.
fn some_digits(digits: u64, count: u32) -> u64 {
    eight_digits(digits << (64 - 8 * count))
}

const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// A number of 1 to 15 digits, and the place behind it.
pub fn number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let digits = eight(bytes, at)? ^ (0x30 * ONES);
    let others = no_digits(digits);
    if others != 0 {
        let count = others.trailing_zeros() / 8;
        return (count != 0).then(|| (some_digits(digits, count), at + count as usize));
    }
    let first = eight_digits(digits);
    let digits = eight(bytes, at + 8)? ^ (0x30 * ONES);
    let others = no_digits(digits);
    let count = others.trailing_zeros() / 8;
    match count {
        0 => Some((first, at + 8)),
        1..8 => Some((first * POWERS[count as usize] + some_digits(digits, count), at + 8 + count as usize)),
        _ => None,
    }
}

/// An IPv4 address, and the place behind it.
pub fn address(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let (low, high) = (eight(bytes, at)?, eight(bytes, at + 8)?);
    let (low, high) = (no_digits(low ^ (0x30 * ONES)), no_digits(high ^ (0x30 * ONES)));
    // One bit a byte would do; the bits are spread, so that the place of each is an eighth of its index.
    let mut others = u128::from(high) << 64 | u128::from(low);
    let mut start = 0;
    let mut address = 0;
    for part in 0..4 {
        let end = others.trailing_zeros() as usize / 8;
        others &= others.wrapping_sub(1);
        if part < 3 && bytes.get(at + end) != Some(&b'.') {
            return None;
        }
        let octet = octet(bytes.get(at + start..at + end)?)?;
        address = address << 8 | octet;
        start = end + 1;
    }
    Some((address, at + start - 1))
}

/// Digits as a byte: no leading zero, as the standard library reads addresses.
fn octet(digits: &[u8]) -> Option<u32> {
    let digit = |byte: u8| u32::from(byte - b'0');
    match *digits {
        [a] => Some(digit(a)),
        [a, b] if a != b'0' => Some(digit(a) * 10 + digit(b)),
        [a, b, c] if a != b'0' => {
            Some(digit(a) * 100 + digit(b) * 10 + digit(c)).filter(|octet| *octet < 256)
        }
        _ => None,
    }
}

/// The place behind a token of printable ASCII, at least one byte.
pub fn text(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    loop {
        let eight = eight(bytes, end)?;
        // Bytes up to the blank, and those beyond ASCII. Only bits above the first may be wrong.
        let found = ((eight.wrapping_sub(0x21 * ONES) & !eight) | eight) & HIGH;
        if found != 0 {
            end += found.trailing_zeros() as usize / 8;
            return (end > at).then_some(end);
        }
        end += 8;
    }
}

/// The place behind one of these words, if a blank or the end of the line follows, with its index.
pub fn word(bytes: &[u8], at: usize, words: &[&[u8]]) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let found = words.iter().find(|word| rest.starts_with(word))?;
    Some(at + found.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn padded(text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend([b'\n'; PADDING]);
        bytes
    }

    #[test]
    fn tokens_of_other_shapes_are_left_to_the_slow_way() {
        for text in ["", " 1", "+1", "-", "x", "1234567890123456", "é"] {
            assert_eq!(number(&padded(text), 0), None, "{text}");
        }
        for text in
            ["", "-", "1.2.3", "1.2.3.256", "01.2.3.4", "1..3.4", "1.2.3.", "::1", "1234.1.1.1", "1,2.3.4"]
        {
            assert_eq!(address(&padded(text), 0), None, "{text}");
        }
        assert_eq!(
            (text(&padded(" x"), 0), text(&padded("x\u{1}"), 0), text(&padded("aé"), 0)),
            (None, Some(1), Some(1))
        );
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(digits in "[0-9]{1,15}", rest in "[ \n.a]{0,3}") {
            let expected = digits.parse().map(|number: u64| (number, digits.len())).ok();
            prop_assert_eq!(number(&padded(&format!("{digits}{rest}")), 0), expected);
        }

        #[test]
        fn addresses_are_those_of_the_standard_library(text in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}") {
            let expected = text.parse::<std::net::Ipv4Addr>().ok();
            let found = address(&padded(&format!("{text} 9")), 0);
            prop_assert_eq!(found, expected.map(|address| (u32::from(address), text.len())));
        }

        #[test]
        fn texts_end_at_the_first_byte_that_is_not_printable(text in "[!-~]{1,40}", rest in "[ \t\né]") {
            prop_assert_eq!(super::text(&padded(&format!("{text}{rest}")), 0), Some(text.len()));
        }
    }
}
