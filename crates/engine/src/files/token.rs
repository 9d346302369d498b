//! Tokens of a line, many bytes at a time.
//!
//! [`Tokens`] finds where they are and which of their bytes are digits; what they say is read from there, of which at least
//! [`PADDING`] more bytes must follow. `None` means that a line or a token is not of the plain shape that records have:
//! whoever reads it takes the slow way, and decides there.

use wide::{i8x16, u8x16};

/// Bytes behind the last line that may be looked at, all of them newlines.
pub const PADDING: usize = WINDOW + 16;

/// Bytes that are looked at at once.
const WINDOW: usize = 64;
/// A plain line ends within so many windows.
const WINDOWS_MAX: usize = 16;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The tokens of a line: what stands between single blanks.
///
/// All ends in a window are found at once, so that no token waits for the one before.
#[derive(Debug, Default)]
pub struct Tokens {
    /// Where the line begins.
    at: usize,
    /// The end of each token, counted from the line's beginning, and first the place before it.
    ends: Vec<usize>,
    /// A bit for each byte of the line that is no digit and no blank.
    others: [u64; WINDOWS_MAX],
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

impl Tokens {
    /// Finds the tokens of the line at `at`, and gives its end; `None` if there are not `count`, or one is empty.
    pub fn find(&mut self, bytes: &[u8], at: usize, count: usize) -> Option<usize> {
        self.at = at;
        self.ends.resize(count + 1, usize::MAX);
        let (mut found, mut is_inside) = (0, false);
        for (window, others_of) in self.others.iter_mut().enumerate() {
            let start = window * WINDOW;
            let Window { blanks, printable, digits } = Window::of(bytes.get(at + start..)?.first_chunk()?);
            *others_of = !(digits | blanks);
            let stops = !printable;
            let others = stops & !blanks;
            let last = others & others.wrapping_neg();
            // All bits if the line goes on behind the window.
            let before_last = last.wrapping_sub(1);
            let empty = stops & (stops << 1 | u64::from(!is_inside));
            if empty & (before_last | last) != 0 {
                return None;
            }
            let mut blanks = blanks & before_last;
            while blanks != 0 {
                found += 1;
                *self.ends.get_mut(found)? = start + blanks.trailing_zeros() as usize;
                blanks &= blanks - 1;
            }
            if last != 0 {
                let end = start + last.trailing_zeros() as usize;
                *self.ends.last_mut()? = end;
                return (found + 1 == count).then_some(at + end);
            }
            is_inside = stops >> (WINDOW - 1) == 0;
        }
        None
    }

    /// One of the tokens found last.
    pub fn token(&self, index: usize) -> Option<Token> {
        let &[before, end] = self.ends.get(index..)?.first_chunk()?;
        Some(Token { start: self.at + before.wrapping_add(1), end: self.at + end })
    }

    /// Whether the tokens from `first` to `last` are numbers of 1 to 15 digits that fit 31 bits at first sight: nearly all
    /// that do.
    pub fn are_small_numbers(&self, bytes: &[u8], first: usize, last: usize) -> bool {
        let Some([before, ends @ ..]) = self.ends.get(first..last + 2) else { return false };
        let (mut start, mut is_small) = (before.wrapping_add(1), true);
        if !self.are_digits(start, *ends.last().unwrap_or(&start)) {
            return false;
        }
        for end in ends {
            let len = end - start;
            is_small &= len < 10 || len == 10 && bytes.get(self.at + start) == Some(&b'1');
            start = end + 1;
        }
        is_small
    }

    /// Whether all bytes of the line from `start` to `end` are digits and blanks.
    fn are_digits(&self, start: usize, end: usize) -> bool {
        let (first, last) = (start / WINDOW, end / WINDOW);
        let behind = !(u64::MAX << (end % WINDOW));
        match self.others.get(first..last + 1) {
            Some([one]) => (one >> (start % WINDOW) << (start % WINDOW)) & behind == 0,
            Some([one, between @ .., other]) => {
                (one >> (start % WINDOW)) | (other & behind) == 0 && between.iter().all(|bits| *bits == 0)
            }
            _ => false,
        }
    }
}

/// A bit for each byte of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Window {
    blanks: u64,
    /// ASCII above the blank.
    printable: u64,
    digits: u64,
}

impl Window {
    fn of(bytes: &[u8; WINDOW]) -> Window {
        let mut window = Window::default();
        for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
            let sixteen = i8x16::new(sixteen.map(u8::cast_signed));
            let bits = |mask: i8x16| u64::from(mask.to_bitmask() as u16) << (16 * index);
            window.blanks |= bits(sixteen.simd_eq(i8x16::splat(b' ' as i8)));
            window.printable |= bits(sixteen.simd_gt(i8x16::splat(b' ' as i8)));
            // Moved to where they are the greatest, '9' at 127.
            let moved = sixteen + i8x16::splat(i8::MAX - b'9' as i8);
            window.digits |= bits(moved.simd_gt(i8x16::splat(i8::MAX - 10)));
        }
        window
    }
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
    /// Whether it is `-`.
    pub fn is_dash(self, bytes: &[u8]) -> bool {
        self.end - self.start == 1 && bytes.get(self.start) == Some(&b'-')
    }

    /// The number of 1 to 15 digits that it is.
    pub fn number(self, bytes: &[u8]) -> Option<u64> {
        let from = bytes.get(self.start..)?;
        match self.end - self.start {
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
        address_of(u128::from_le_bytes(*sixteen), self.end - self.start)
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
fn address_of(sixteen: u128, len: usize) -> Option<u32> {
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

    fn padded(text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend([b'\n'; PADDING]);
        bytes
    }

    /// A text as the second of two tokens.
    fn token(text: &str) -> Option<(Token, Vec<u8>)> {
        let (mut tokens, bytes) = (Tokens::default(), padded(&format!("x {text}")));
        tokens.find(&bytes, 0, 2)?;
        Some((tokens.token(1)?, bytes))
    }

    fn number(text: &str) -> Option<u64> {
        token(text).and_then(|(token, bytes)| token.number(&bytes))
    }

    fn address(text: &str) -> Option<u32> {
        let address = token(text).and_then(|(token, bytes)| token.address(&bytes));
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
        fn small_numbers_fit_31_bits(
            before in "[a-z]{1,70}",
            numbers in prop::collection::vec("[0-9]{1,11}|[0-9]{3}x|-", 1..20),
        ) {
            let (mut tokens, bytes) = (Tokens::default(), padded(&format!("{before} {} x", numbers.join(" "))));
            let count = numbers.len();
            prop_assert!(tokens.find(&bytes, 0, count + 2).is_some());
            let fits = |text: &String| text.parse::<i32>().is_ok();
            let is_short = |text: &String| fits(text) && (text.len() < 10 || text.starts_with('1'));
            for (first, last) in [(0, count - 1), (0, 0), (count / 2, count - 1)] {
                let are_small = tokens.are_small_numbers(&bytes, first + 1, last + 1);
                prop_assert!(!are_small || numbers[first..=last].iter().all(fits));
                prop_assert_eq!(are_small, numbers[first..=last].iter().all(is_short));
            }
            prop_assert!(!tokens.are_small_numbers(&bytes, 0, count));
        }

        #[test]
        fn addresses_are_those_of_the_standard_library(text in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}") {
            prop_assert_eq!(address(&text), text.parse::<std::net::Ipv4Addr>().ok().map(u32::from));
        }

        #[test]
        fn windows_tell_what_each_byte_is(any in prop::array::uniform32(any::<u8>()), ascii in "[ -~]{32}") {
            let bytes = [&any, ascii.as_bytes()].concat();
            let bits = |is: fn(u8) -> bool| (0..WINDOW).map(|at| u64::from(is(bytes[at])) << at).sum::<u64>();
            let expected = Window {
                blanks: bits(|byte| byte == b' '),
                printable: bits(|byte| (0x21..0x80).contains(&byte)),
                digits: bits(|byte| byte.is_ascii_digit()),
            };
            prop_assert_eq!(Window::of(bytes.first_chunk().expect("64 bytes")), expected);
        }

        #[test]
        fn tokens_are_what_stands_between_single_blanks(
            line in "([!-~]{1,40} ){0,8}[!-~]{1,90}",
            end in prop_oneof![Just("\n"), Just("\t"), Just("é")],
            odd in prop_oneof![Just(" "), Just("  x")],
        ) {
            let words: Vec<&str> = line.split(' ').collect();
            let mut tokens = Tokens::default();
            let (bytes, start) = (padded(&format!("before\n{line}{end}")), "before\n".len());
            prop_assert_eq!(tokens.find(&bytes, start, words.len()), Some(start + line.len()));
            for (index, word) in words.iter().enumerate() {
                let Token { start, end } = tokens.token(index).expect("a token");
                prop_assert_eq!(&bytes[start..end], word.as_bytes());
            }
            for count in [words.len() - 1, words.len() + 1] {
                prop_assert_eq!(tokens.find(&bytes, start, count), None);
            }
            let bytes = padded(&format!("{line}{odd}\n"));
            prop_assert_eq!(tokens.find(&bytes, 0, words.len() + 1), None);
        }
    }
}
