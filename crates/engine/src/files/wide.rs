//! Bytes looked at many at a time, by the widest instructions that the processor has.
//!
//! [`Wide`] is what differs: [`Portable`] does it with what every processor has, sixteen bytes at once, [`Avx2`] with 32,
//! [`Avx512`] with 64.
//! Whatever calls them on the hot path is inlined into [`widest`], so that all of it is compiled for the processor.

use pulp::NullaryFnOnce;
use wide::i8x16;

use super::token::{Token, address_of};

/// Bytes of a window.
pub const WINDOW: usize = 64;
/// Bits of most windows' stops.
const PLACES: usize = 12;

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

    /// Writes the place of each bit, the first byte's being `at`; whatever behind the last.
    #[inline(always)]
    fn places(self, mut bits: u64, at: u32, places: &mut [u32; WINDOW]) {
        let count = bits.count_ones() as usize;
        let (most, others) = places.split_at_mut(PLACES);
        // Always as many as most windows have: how many it is cannot be guessed.
        for place in most.iter_mut().chain(&mut others[..count.saturating_sub(PLACES)]) {
            (*place, bits) = (at.wrapping_add(bits.trailing_zeros()), bits & bits.wrapping_sub(1));
        }
    }

    /// The IPv4 addresses that four tokens are, as [`Token::address`] reads them; `None` also of all four where sixteen bytes do
    /// not follow the beginning of one.
    fn addresses(self, bytes: &[u8], tokens: [Token; 4]) -> [Option<u32>; 4];
}

/// What is to be done with the widest instructions. Its [`Job::run`] and all that it calls must be `#[inline(always)]`.
pub trait Job {
    /// Does it.
    fn run(self, wide: impl Wide);
}

/// Does a job with the widest instructions that there are.
pub fn widest(job: impl Job) {
    #[cfg(target_arch = "x86_64")]
    if let Some(v4) = pulp::x86::V4::try_new() {
        return v4.vectorize(With(Avx512(v4), job));
    }
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
    fn addresses(self, bytes: &[u8], tokens: [Token; 4]) -> [Option<u32>; 4] {
        tokens.map(|token| {
            let sixteen = bytes.get(token.start..)?.first_chunk()?;
            address_of(u128::from_le_bytes(*sixteen), token.len())
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256i, __m512i};

    use pulp::bytemuck::pod_read_unaligned;
    use pulp::x86::{V3, V4};

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

        /// Where bytes are at most `most`.
        #[inline(always)]
        fn at_most(self, bytes: __m256i, most: u8) -> __m256i {
            self.eq(self.0.avx2._mm256_min_epu8(bytes, self.all(most)), bytes)
        }

        /// What a table says of each digit.
        #[inline(always)]
        fn times(self, table: [u8; 16], digits: __m256i) -> __m256i {
            let table = self.0.avx2._mm256_broadcastsi128_si256(pulp::cast(table));
            self.0.avx2._mm256_shuffle_epi8(table, digits)
        }

        /// What may be octets in two times sixteen bytes.
        #[inline(always)]
        fn two(self, [one, other]: [&[u8; 16]; 2]) -> Octets<32> {
            let simd = self.0.avx2;
            let one = self.0.avx._mm256_castsi128_si256(pod_read_unaligned(one));
            let both = simd._mm256_inserti128_si256::<1>(one, pod_read_unaligned(other));
            let here = simd._mm256_sub_epi8(both, self.all(b'0'));
            let is_digit = self.at_most(here, 9);
            let digits = simd._mm256_and_si256(here, is_digit);
            let tens = simd._mm256_bslli_epi128::<1>(digits);
            let is_behind_digit = simd._mm256_bslli_epi128::<1>(is_digit);
            let hundreds = simd._mm256_and_si256(simd._mm256_bslli_epi128::<2>(digits), is_behind_digit);
            let two_digits = simd._mm256_add_epi8(here, self.times(TENS, tens));
            let octets = simd._mm256_add_epi8(two_digits, self.times(HUNDREDS, hundreds));
            let is_two = self.eq(hundreds, self.all(2));
            let is_above = simd._mm256_and_si256(is_two, simd._mm256_cmpgt_epi8(two_digits, self.all(55)));
            let is_far_above = simd._mm256_cmpgt_epi8(hundreds, self.all(2));
            Octets {
                digits: self.bits(is_digit).into(),
                dots: self.bits(self.eq(here, self.all(DOT))).into(),
                zeros: self.bits(self.eq(here, self.all(0))).into(),
                above: self.bits(simd._mm256_or_si256(is_above, is_far_above)).into(),
                octets: pulp::cast(octets),
            }
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

        #[inline(always)]
        fn addresses(self, bytes: &[u8], tokens: [Token; 4]) -> [Option<u32>; 4] {
            let Some([one, two, three, four]) = beginnings(bytes, tokens) else { return [None; 4] };
            let (low, high) = (self.two([one, two]), self.two([three, four]));
            let both = |low: u64, high: u64| low | high << 32;
            let mut octets = [0; 64];
            octets[..32].copy_from_slice(&low.octets);
            octets[32..].copy_from_slice(&high.octets);
            addresses(
                &Octets {
                    digits: both(low.digits, high.digits),
                    dots: both(low.dots, high.dots),
                    zeros: both(low.zeros, high.zeros),
                    above: both(low.above, high.above),
                    octets,
                },
                tokens,
            )
        }
    }

    /// AVX-512 with bytes and words, as servers have it since 2017, and AMD's since 2022.
    #[derive(Clone, Copy, Debug)]
    pub struct Avx512(pub V4);

    impl Avx512 {
        #[inline(always)]
        fn all(self, byte: u8) -> __m512i {
            self.0.avx512f._mm512_set1_epi8(byte as i8)
        }

        #[inline(always)]
        fn four(self, [one, two, three, four]: [&[u8; 16]; 4]) -> __m512i {
            let simd = self.0.avx512f;
            let all = simd._mm512_castsi128_si512(pod_read_unaligned(one));
            let all = simd._mm512_inserti32x4::<1>(all, pod_read_unaligned(two));
            let all = simd._mm512_inserti32x4::<2>(all, pod_read_unaligned(three));
            simd._mm512_inserti32x4::<3>(all, pod_read_unaligned(four))
        }

        /// Sixteen bytes four times.
        #[inline(always)]
        fn four_times<T: pulp::bytemuck::Pod>(self, sixteen: T) -> __m512i {
            self.0.avx512f._mm512_broadcast_i32x4(pulp::cast(sixteen))
        }
    }

    impl Wide for Avx512 {
        #[inline(always)]
        fn window(self, bytes: &[u8; WINDOW]) -> Window {
            let simd = self.0.avx512bw;
            let bytes: __m512i = pod_read_unaligned(bytes);
            let is = |byte: u8| simd._mm512_cmpeq_epi8_mask(bytes, self.all(byte));
            let stops = simd._mm512_cmplt_epi8_mask(bytes, self.all(b' ' + 1));
            let ends = is(b'\n');
            let from_zero = simd._mm512_sub_epi8(bytes, self.all(b'0'));
            let digits = simd._mm512_cmple_epu8_mask(from_zero, self.all(9));
            Window { stops, ends, odd: stops & !(ends | is(b' ')), digits, ones: is(b'1') }
        }

        /// Sixteen bits at once.
        #[inline(always)]
        fn places(self, bits: u64, at: u32, places: &mut [u32; WINDOW]) {
            let simd = self.0.avx512f;
            let mut places = &mut places[..];
            let mut sixteen = simd._mm512_add_epi32(pulp::cast(SIXTEEN), simd._mm512_set1_epi32(at as i32));
            for quarter in 0..4 {
                let bits = (bits >> (16 * quarter)) as u16;
                let Some(of_quarter) = places.first_chunk_mut::<16>() else { return };
                *of_quarter = pulp::cast(simd._mm512_maskz_compress_epi32(bits, sixteen));
                places = &mut places[bits.count_ones() as usize..];
                sixteen = simd._mm512_add_epi32(sixteen, simd._mm512_set1_epi32(16));
            }
        }

        #[inline(always)]
        fn addresses(self, bytes: &[u8], tokens: [Token; 4]) -> [Option<u32>; 4] {
            let Some(beginnings) = beginnings(bytes, tokens) else { return [None; 4] };
            let simd = self.0.avx512bw;
            let here = simd._mm512_sub_epi8(self.four(beginnings), self.all(b'0'));
            let is_digit = simd._mm512_cmple_epu8_mask(here, self.all(9));
            let digits = simd._mm512_maskz_mov_epi8(is_digit, here);
            let tens = simd._mm512_bslli_epi128::<1>(digits);
            let hundreds = simd._mm512_maskz_mov_epi8(is_digit << 1, simd._mm512_bslli_epi128::<2>(digits));
            let tens = simd._mm512_shuffle_epi8(self.four_times(TENS), tens);
            let two_digits = simd._mm512_add_epi8(here, tens);
            let is_two = simd._mm512_cmpeq_epi8_mask(hundreds, self.all(2));
            let is_far_above = simd._mm512_cmpgt_epi8_mask(hundreds, self.all(2));
            let of_hundreds = simd._mm512_shuffle_epi8(self.four_times(HUNDREDS), hundreds);
            let octets = Octets {
                digits: is_digit,
                dots: simd._mm512_cmpeq_epi8_mask(here, self.all(DOT)),
                zeros: simd._mm512_cmpeq_epi8_mask(here, self.all(0)),
                above: simd._mm512_mask_cmpgt_epi8_mask(is_two, two_digits, self.all(55)) | is_far_above,
                octets: pulp::cast(simd._mm512_add_epi8(two_digits, of_hundreds)),
            };
            addresses(&octets, tokens)
        }
    }

    /// What may be octets in sixteen bytes from the beginning of each of some tokens. A bit for each byte tells what it is.
    struct Octets<const BYTES: usize> {
        digits: u64,
        dots: u64,
        zeros: u64,
        /// Up to here it is 256 and more: 2 before 56 and more, or a greater digit before any.
        above: u64,
        /// What the last one to three digits up to each byte make.
        octets: [u8; BYTES],
    }

    /// A dot less `'0'`.
    const DOT: u8 = b'.'.wrapping_sub(b'0');
    const TENS: [u8; 16] = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 0, 0, 0, 0, 0, 0];
    /// What is above 255 is told by [`Octets::above`].
    const HUNDREDS: [u8; 16] = [0, 100, 200, 44, 144, 244, 88, 188, 32, 132, 0, 0, 0, 0, 0, 0];

    /// The bits of each sixteen bytes together.
    #[inline(always)]
    fn of_each([one, two, three, four]: [u64; 4]) -> u64 {
        one | two << 16 | three << 32 | four << 48
    }

    #[inline(always)]
    fn beginnings(bytes: &[u8], [one, two, three, four]: [Token; 4]) -> Option<[&[u8; 16]; 4]> {
        let beginning = |token: Token| bytes.get(token.start..)?.first_chunk();
        Some([beginning(one)?, beginning(two)?, beginning(three)?, beginning(four)?])
    }

    /// As [`super::super::token::address_of`] tells it, four at once.
    #[inline(always)]
    fn addresses(found: &Octets<64>, tokens: [Token; 4]) -> [Option<u32>; 4] {
        let lens = tokens.map(|token| token.len());
        let behind = of_each(lens.map(|len| 1 << len.min(15)));
        let firsts = of_each([1; 4]);
        // Below each bit behind a token.
        let whole = behind - firsts;
        let (digits, dots) = (found.digits & whole, found.dots & whole);
        // The first and the last digits of octets.
        let begins = dots << 1 | firsts;
        let ends = (dots | behind) >> 1 & of_each([0x7FFF; 4]);
        let wrong = (digits | dots) ^ whole
            | begins & !digits
            | digits & digits << 1 & digits << 2 & digits << 3
            | begins & found.zeros & digits >> 1
            | found.above & ends;
        let address = |index: usize| {
            let first = 16 * index;
            let dots = dots >> first & 0xFFFF;
            let behind_first = dots & dots.wrapping_sub(1);
            let last = behind_first & behind_first.wrapping_sub(1);
            let are_four = (last != 0) & (last & last.wrapping_sub(1) == 0);
            let octet = |behind: u32| u32::from(found.octets[first + (behind.wrapping_sub(1) & 15) as usize]);
            let [a, b, c] = [dots, behind_first, last].map(|dots| octet(dots.trailing_zeros()));
            let d = octet(lens[index] as u32);
            let is_right = are_four & (wrong >> first & 0xFFFF == 0) & (lens[index] <= 15);
            is_right.then_some(a << 24 | b << 16 | c << 8 | d)
        };
        [address(0), address(1), address(2), address(3)]
    }

    const SIXTEEN: [u32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What each kind of instructions finds, which must be the same.
    fn with_each<T: PartialEq + std::fmt::Debug>(
        portable: impl FnOnce(Portable) -> T,
        #[cfg(target_arch = "x86_64")] avx2: impl FnOnce(Avx2) -> T,
        #[cfg(target_arch = "x86_64")] avx512: impl FnOnce(Avx512) -> T,
    ) -> T {
        let found = portable(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            assert_eq!(avx2(Avx2(v3)), found);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(v4) = pulp::x86::V4::try_new() {
            assert_eq!(avx512(Avx512(v4)), found);
        }
        found
    }

    macro_rules! each {
        ($wide:ident => $found:expr) => {
            with_each(
                |$wide| $found,
                #[cfg(target_arch = "x86_64")]
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

    /// One of them stands at the very beginning.
    fn addresses(one: &str, other: &str) -> [Option<u32>; 2] {
        let (one, bytes) = between("1.2", one);
        let (Token { start, end }, others) = between("99", other);
        let two = Token { start: start + bytes.len(), end: end + bytes.len() };
        let bytes = [bytes, others].concat();
        let at_beginning = Token { start: 0, end: one.end - one.start };
        let found = each!(wide => wide.addresses(&bytes, [one, two, two, one]));
        assert_eq!(found, [found[0], found[1], found[1], found[0]]);
        let alone = &bytes[one.start..];
        let others = each!(wide => wide.addresses(alone, [at_beginning, at_beginning, one, at_beginning]));
        assert_eq!([others[0], others[1], others[3]], [found[0]; 3]);
        [found[0], found[1]]
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
        fn places_are_those_of_the_bits(any in any::<u64>(), other in any::<u64>(), at in any::<u32>()) {
            for bits in [any, any & other, any | other, 0, u64::MAX] {
                let all = (0..WINDOW as u32).filter(|bit| bits >> bit & 1 != 0);
                let expected: Vec<u32> = all.map(|bit| at.wrapping_add(bit)).collect();
                let found = each!(wide => {
                    let mut places = [0; WINDOW];
                    wide.places(bits, at, &mut places);
                    places[..bits.count_ones() as usize].to_vec()
                });
                prop_assert_eq!(found, expected);
            }
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
