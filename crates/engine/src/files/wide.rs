//! Bytes looked at many at a time, by the widest instructions that the processor has.
//!
//! [`Wide`] is what differs: [`Portable`] does it with what every processor has, sixteen bytes at once, [`Avx2`] with 32.
//! Whatever calls them on the hot path is inlined into [`widest`], so that all of it is compiled for the processor.

use pulp::NullaryFnOnce;
use wide::i8x16;

use super::token::{Token, address_of};

/// Bytes of a window.
pub const WINDOW: usize = 64;

/// A bit for each byte of a window, the first byte's the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// What ends a token: anything but ASCII above the blank.
    pub stops: u64,
    /// Newlines.
    pub ends: u64,
    /// Stops that are neither newlines nor blanks.
    pub odd: u64,
    /// `0` to `9`.
    pub digits: u64,
    /// `1`.
    pub ones: u64,
}

/// Instructions of a processor.
pub trait Wide: Copy {
    /// What the bytes of a window are.
    fn window(self, bytes: &[u8; WINDOW]) -> Window;

    /// The IPv4 addresses that two tokens are, as [`Token::address`] reads them.
    ///
    /// `None` may also be said of a token at the very beginning of the bytes.
    fn addresses(self, bytes: &[u8], tokens: [Token; 2]) -> [Option<u32>; 2];
}

/// What is to be done with the widest instructions. Its [`Job::run`] and all that it calls must be `#[inline(always)]`.
pub trait Job {
    /// Does it.
    fn run(self, wide: impl Wide);
}

/// Does a job with the widest instructions that there are.
pub fn widest(job: impl Job) {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return v3.vectorize(With(Avx2(v3), job));
    }
    job.run(Portable);
}

struct With<W, J>(W, J);

impl<W: Wide, J: Job> NullaryFnOnce for With<W, J> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.1.run(self.0);
    }
}

/// Sixteen bytes at once, without any instruction that a processor may lack.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Wide for Portable {
    #[inline(always)]
    fn window(self, bytes: &[u8; WINDOW]) -> Window {
        let mut window = Window::default();
        for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
            let sixteen = i8x16::new(sixteen.map(u8::cast_signed));
            let bits = |mask: i8x16| u64::from(mask.to_bitmask() as u16) << (16 * index);
            let is = |byte: u8| sixteen.simd_eq(i8x16::splat(byte as i8));
            let stops = !sixteen.simd_gt(i8x16::splat(b' ' as i8));
            let ends = is(b'\n');
            // Moved to where they are the greatest, '9' at 127.
            let moved = sixteen + i8x16::splat(i8::MAX - b'9' as i8);
            window.stops |= bits(stops);
            window.ends |= bits(ends);
            window.odd |= bits(stops & !(ends | is(b' ')));
            window.digits |= bits(moved.simd_gt(i8x16::splat(i8::MAX - 10)));
            window.ones |= bits(is(b'1'));
        }
        window
    }

    #[inline(always)]
    fn addresses(self, bytes: &[u8], tokens: [Token; 2]) -> [Option<u32>; 2] {
        tokens.map(|token| {
            let sixteen = bytes.get(token.start..)?.first_chunk()?;
            address_of(u128::from_le_bytes(*sixteen), token.len())
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::Avx2;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__m256i;

    use pulp::bytemuck::pod_read_unaligned;
    use pulp::x86::V3;

    use super::super::token::Token;
    use super::{WINDOW, Wide, Window};

    /// AVX2 and what came with it, as all x86 processors for servers and desktops have it since 2015.
    #[derive(Clone, Copy, Debug)]
    pub struct Avx2(pub V3);

    /// The bits of half a window, in the order of [`Window`]'s fields.
    type Half = [u32; 5];

    impl Avx2 {
        #[inline(always)]
        fn all(self, byte: u8) -> __m256i {
            self.0.avx._mm256_set1_epi8(byte as i8)
        }

        #[inline(always)]
        fn bits(self, mask: __m256i) -> u32 {
            self.0.avx2._mm256_movemask_epi8(mask) as u32
        }

        #[inline(always)]
        fn eq(self, one: __m256i, other: __m256i) -> __m256i {
            self.0.avx2._mm256_cmpeq_epi8(one, other)
        }

        /// All operations are on vectors: put together from the bits of each, they take several times as long.
        #[inline(always)]
        fn half(self, bytes: &[u8]) -> Half {
            let simd = self.0.avx2;
            let bytes: __m256i = pod_read_unaligned(bytes);
            let stops = simd._mm256_cmpgt_epi8(self.all(b' ' + 1), bytes);
            let (blanks, ends) = (self.eq(bytes, self.all(b' ')), self.eq(bytes, self.all(b'\n')));
            let odd = simd._mm256_andnot_si256(simd._mm256_or_si256(blanks, ends), stops);
            let moved = simd._mm256_add_epi8(bytes, self.all(i8::MAX as u8 - b'9'));
            let digits = simd._mm256_cmpgt_epi8(moved, self.all(i8::MAX as u8 - 10));
            let ones = self.eq(bytes, self.all(b'1'));
            [self.bits(stops), self.bits(ends), self.bits(odd), self.bits(digits), self.bits(ones)]
        }

        /// The sixteen bytes at the beginning of each.
        #[inline(always)]
        fn two(self, one: &[u8], other: &[u8]) -> __m256i {
            let low = self.0.avx._mm256_castsi128_si256(pod_read_unaligned(&one[..16]));
            self.0.avx2._mm256_inserti128_si256::<1>(low, pod_read_unaligned(&other[..16]))
        }

        /// Where bytes are at most `most`.
        #[inline(always)]
        fn at_most(self, bytes: __m256i, most: u8) -> __m256i {
            self.eq(self.0.avx2._mm256_min_epu8(bytes, self.all(most)), bytes)
        }

        #[inline(always)]
        fn double(self, bytes: __m256i) -> __m256i {
            self.0.avx2._mm256_add_epi8(bytes, bytes)
        }
    }

    impl Wide for Avx2 {
        #[inline(always)]
        fn window(self, bytes: &[u8; WINDOW]) -> Window {
            let (low, high) = bytes.split_at(WINDOW / 2);
            let (low, high) = (self.half(low), self.half(high));
            let whole = |index: usize| u64::from(low[index]) | u64::from(high[index]) << 32;
            Window { stops: whole(0), ends: whole(1), odd: whole(2), digits: whole(3), ones: whole(4) }
        }

        /// As [`super::super::token::address_of`] does it, both at once: the bits of the second are above the first's.
        #[inline(always)]
        fn addresses(self, bytes: &[u8], tokens: [Token; 2]) -> [Option<u32>; 2] {
            let simd = self.0.avx2;
            // Two bytes before each token and sixteen from its beginning.
            let around = |token: Token| bytes.get(token.start.wrapping_sub(2)..token.start.wrapping_add(16));
            let [Some(one), Some(other)] = tokens.map(around) else { return [None; 2] };
            let lens = tokens.map(|token| token.len());
            let zero = self.all(b'0');
            // Each byte and the two before it, less `'0'`. What stands before the token is a blank.
            let here = simd._mm256_sub_epi8(self.two(&one[2..], &other[2..]), zero);
            let before = simd._mm256_sub_epi8(self.two(&one[1..], &other[1..]), zero);
            let two_before = simd._mm256_sub_epi8(self.two(one, other), zero);
            let is_before = self.at_most(before, 9);
            let is_two_before = simd._mm256_and_si256(is_before, self.at_most(two_before, 9));
            let behind = lens.map(|len| 1 << len.min(15));
            let both = |bits: [u32; 2]| bits[0] | bits[1] << 16;
            let whole = both(behind.map(|behind: u32| behind - 1));
            let digits = self.bits(self.at_most(here, 9)) & whole;
            let dots = self.bits(self.eq(here, self.all(b'.'.wrapping_sub(b'0')))) & whole;
            // The first and the last digits of octets.
            let begins = dots << 1 | both([1; 2]);
            let ends = (dots | both(behind)) >> 1 & both([0x7FFF; 2]);
            // What the digits of the octet up to each make.
            let tens = self.double(simd._mm256_and_si256(before, is_before));
            let hundreds = simd._mm256_and_si256(two_before, is_two_before);
            let two_digits = simd._mm256_add_epi8(here, tens);
            let two_digits = simd._mm256_add_epi8(two_digits, self.double(self.double(tens)));
            let fours = self.double(self.double(hundreds));
            let eights =
                self.double(self.double(self.double(simd._mm256_add_epi8(fours, self.double(fours)))));
            let octets = simd._mm256_add_epi8(two_digits, simd._mm256_add_epi8(fours, eights));
            // 256 and more: 2 before 56 and more, or a greater digit before any.
            let is_two = self.eq(hundreds, self.all(2));
            let is_above = simd._mm256_and_si256(is_two, simd._mm256_cmpgt_epi8(two_digits, self.all(55)));
            let is_far_above = simd._mm256_cmpgt_epi8(hundreds, self.all(2));
            let are_above = self.bits(simd._mm256_or_si256(is_above, is_far_above));
            let zeros = self.bits(self.eq(here, self.all(0)));
            let wrong = (digits | dots) ^ whole
                | begins & !digits
                | digits & digits << 1 & digits << 2 & digits << 3
                | begins & zeros & digits >> 1
                | are_above & ends;
            let octets: [u8; 32] = pulp::cast(octets);
            let address = |first: usize, len: usize| {
                let half = |bits: u32| bits >> first & 0xFFFF;
                let dots = half(dots);
                let behind_first = dots & dots.wrapping_sub(1);
                let last = behind_first & behind_first.wrapping_sub(1);
                let are_four = (last != 0) & (last & last.wrapping_sub(1) == 0);
                let octet = |behind: u32| u32::from(octets[first + (behind.wrapping_sub(1) & 15) as usize]);
                let [a, b, c] = [dots, behind_first, last].map(|dots| octet(dots.trailing_zeros()));
                let d = octet(len as u32);
                (are_four & (half(wrong) == 0) & (len <= 15)).then_some(a << 24 | b << 16 | c << 8 | d)
            };
            [address(0, lens[0]), address(16, lens[1])]
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What each kind of instructions finds, which must be the same.
    fn with_each<T: PartialEq + std::fmt::Debug>(
        portable: impl FnOnce(Portable) -> T,
        #[cfg(target_arch = "x86_64")] avx2: impl FnOnce(Avx2) -> T,
    ) -> T {
        let found = portable(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            assert_eq!(avx2(Avx2(v3)), found);
        }
        found
    }

    macro_rules! each {
        ($wide:ident => $found:expr) => {
            with_each(
                |$wide| $found,
                #[cfg(target_arch = "x86_64")]
                |$wide| $found,
            )
        };
    }

    /// A text between others, and where it is.
    fn between(before: &str, text: &str) -> (Token, Vec<u8>) {
        let bytes = [before.as_bytes(), b" ", text.as_bytes(), b" 1.2.3.4 255\n................"].concat();
        (Token { start: before.len() + 1, end: before.len() + 1 + text.len() }, bytes)
    }

    fn addresses(one: &str, other: &str) -> [Option<u32>; 2] {
        let (one, bytes) = between("1.2", one);
        let (Token { start, end }, others) = between("99", other);
        let token = Token { start: start + bytes.len(), end: end + bytes.len() };
        let bytes = [bytes, others].concat();
        each!(wide => wide.addresses(&bytes, [one, token]))
    }

    #[test]
    fn what_is_no_address_hides_none_beside_it() {
        let others = "- 1.2.3 1.2.3.256 01.2.3.4 1..3.4567 1.2.3. .1.2.3 1..2.3 ::1 1234.1.1.1 1,2.3.4 1.2.3.4.5 .1.2.3.4 1.2.3.00 1.2.3.4x \
            1.2.300.4 1.999.3.4 260.2.3.4 1.2.3.1234 123.123.123.123.123 1.2.3.4.5.6.7.8.9 1111111111111111 ................";
        for text in others.split_whitespace() {
            assert_eq!(addresses(text, "10.0.0.1"), [None, Some(0x0A00_0001)], "{text}");
            assert_eq!(addresses("255.255.255.255", text), [Some(u32::MAX), None], "{text}");
        }
    }

    proptest! {
        #[test]
        fn windows_tell_what_each_byte_is(any in prop::array::uniform32(any::<u8>()), ascii in "[ -~\n]{32}") {
            let bytes = [&any, ascii.as_bytes()].concat();
            let bits = |is: fn(u8) -> bool| (0..WINDOW).map(|at| u64::from(is(bytes[at])) << at).sum::<u64>();
            let expected = Window {
                stops: bits(|byte| !(0x21..0x80).contains(&byte)),
                ends: bits(|byte| byte == b'\n'),
                odd: bits(|byte| !(0x20..0x80).contains(&byte) && byte != b'\n'),
                digits: bits(|byte| byte.is_ascii_digit()),
                ones: bits(|byte| byte == b'1'),
            };
            let window = bytes.first_chunk().expect("64 bytes");
            prop_assert_eq!(each!(wide => wide.window(window)), expected);
        }

        #[test]
        fn addresses_are_those_of_the_standard_library(
            one in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|[0-9.]{0,17}",
            other in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|[ -~]{0,17}",
        ) {
            let expected = [&one, &other].map(|text| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from));
            prop_assert_eq!(addresses(&one, &other), expected);
        }
    }
}
