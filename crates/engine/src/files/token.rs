//! Tokens of a line, many bytes at a time.
//!
//! [`Tokens`] finds where they are and which of their bytes are digits; what they say is read from there, of which at least
//! [`PADDING`] more bytes must follow. `None` means that a line or a token is not of the plain shape that records have:
//! whoever reads it takes the slow way, and decides there.

use wide::u8x16;

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
            let sixteen = u8x16::new(*sixteen);
            let bits = |mask: u8x16| u64::from(mask.to_bitmask()) << (16 * index);
            let within = |first: u8, last: u8| {
                let behind_first = sixteen - u8x16::splat(first);
                bits(behind_first.min(u8x16::splat(last - first)).simd_eq(behind_first))
            };
            window.blanks |= bits(sixteen.simd_eq(u8x16::splat(b' ')));
            window.printable |= within(b'!', 0x7F);
            window.digits |= within(b'0', b'9');
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
    pub fn address(self, bytes: &[u8]) -> Option<u32> {
        let from = bytes.get(self.start..)?;
        address_of([eight(from)?, eight(&from[8..])?], self.end - self.start)
    }
}

/// The number of an IPv4 address written as the standard library reads it.
pub fn address(text: &str) -> Option<u32> {
    let (bytes, len) = (text.as_bytes(), text.len());
    match len {
        // Of two halves that overlap: no byte is copied.
        7 | 8 => {
            let half = |at: usize| Some(u64::from(u32::from_le_bytes(*bytes[at..].first_chunk()?)));
            address_of([(half(0)? | half(len - 4)? << (8 * (len - 4))) ^ (0x30 * ONES), 0], len)
        }
        9..=15 => address_of([eight(bytes)?, eight(&bytes[len - 8..])? >> (8 * (16 - len))], len),
        _ => None,
    }
}

/// The IPv4 address that the first `len` of sixteen bytes less `'0'` are.
fn address_of([low, high]: [u64; 2], len: usize) -> Option<u32> {
    if !(7..=15).contains(&len) {
        return None;
    }
    let dots = (gathered(no_digits(low)) | gathered(no_digits(high)) << 8) & !(u64::MAX << len);
    let behind_first = dots & dots.wrapping_sub(1);
    let last = behind_first & behind_first.wrapping_sub(1);
    if last == 0 || last & (last - 1) != 0 {
        return None;
    }
    // For each byte: the digit in it, the number that it and the digit before make, and the hundreds before those.
    let are_digits = both([low, high].map(|eight| !((no_digits(eight) >> 7) * 0xFF)));
    let digits = both([low, high]) & are_digits;
    let [tens_low, tens_high] = halves(digits << 8);
    let [low_digits, high_digits] = halves(digits);
    let numbers = both([low_digits + 10 * tens_low, high_digits + 10 * tens_high]).to_le_bytes();
    let hundreds = ((digits << 16) & (are_digits << 8)).to_le_bytes();
    let bytes = both([low, high]).to_le_bytes();
    let [first, second, third] = [dots, behind_first, last].map(|bits| bits.trailing_zeros() as usize & 15);
    // Without a branch: how long an octet is nobody can guess.
    let octet = |start: usize, end: usize| {
        let (last, len) = (end.wrapping_sub(1) & 15, end - start);
        let octet = u32::from(numbers[last]) + 100 * u32::from(hundreds[last]);
        let least = OCTET_LEAST[len & 3];
        (octet, (octet.wrapping_sub(least) < 256 - least) & (len < OCTET_LEAST.len()))
    };
    let are_dots =
        [first, second, third].iter().fold(true, |are_dots, at| are_dots & (bytes[*at] == b'.' ^ b'0'));
    let (a, is_a) = octet(0, first);
    let (b, is_b) = octet(first + 1, second);
    let (c, is_c) = octet(second + 1, third);
    let (d, is_d) = octet(third + 1, len);
    (are_dots & is_a & is_b & is_c & is_d).then_some(a << 24 | b << 16 | c << 8 | d)
}

/// The least number of so many digits, which begins with no zero; none is of no digit.
const OCTET_LEAST: [u32; 4] = [256, 0, 10, 100];

fn both([low, high]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

fn halves(both: u128) -> [u64; 2] {
    [both as u64, (both >> 64) as u64]
}

/// The high bits of eight bytes, side by side.
fn gathered(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
