//! Where lines and their tokens are, found a window at a time before any of them is read.
//!
//! All ends in a window are found at once, so that no token waits for the one before.

use super::lines::LINE_BYTES_MAX;
use super::wide::{WINDOW, Wide, Window};

/// Windows that are looked at together.
const WINDOWS: usize = 16;
/// A line that does not end within so many bytes is left to whoever reads it alone.
const AHEAD_BYTES_MAX: usize = 2 * LINE_BYTES_MAX as usize;

/// What ends tokens and lines, from some line on.
#[derive(Debug)]
pub struct Marks {
    /// Places of what ends tokens; first the place before the line, of however many that do not count.
    stops: Vec<u32>,
    stop_count: usize,
    /// For each line found the index of its end among the stops; first 0.
    ends: Vec<u32>,
    end_count: usize,
    /// The windows, the first of them at `base`; one more behind them has nothing in it.
    windows: Vec<Kinds>,
    base: usize,
    /// Where the next window begins.
    next: usize,
    /// Whether a stop comes before it, as a bit.
    is_behind_stop: u64,
    /// Whether any window has a stop that is odd, or two side by side.
    has_odd: bool,
}

/// What is kept of a window.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    stops: u64,
    digits: u64,
    ones: u64,
    /// Odd stops, and those behind another.
    odd: u64,
}

/// The tokens of a line.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The index of the stop before the line.
    pub first: usize,
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// Its tokens, if they are what stands between single blanks.
    pub tokens: Option<usize>,
}

impl Marks {
    pub fn new() -> Marks {
        Marks {
            stops: vec![0],
            stop_count: 1,
            ends: vec![0],
            end_count: 1,
            windows: vec![Kinds::default()],
            base: 0,
            next: 0,
            is_behind_stop: 1,
            has_odd: false,
        }
    }

    /// Begins with the line at `at`.
    pub fn begin(&mut self, at: usize) {
        (self.stops[0], self.stop_count) = ((at as u32).wrapping_sub(1), 1);
        self.end_count = 1;
        self.windows.truncate(0);
        self.windows.push(Kinds::default());
        (self.base, self.next) = (at, at);
        (self.is_behind_stop, self.has_odd) = (1, false);
    }

    /// Where the first line begins.
    pub fn at(&self) -> usize {
        self.stops[0].wrapping_add(1) as usize
    }

    /// How many lines have been found.
    pub fn count(&self) -> usize {
        self.end_count - 1
    }

    /// Finds `count` lines and more that begin before `end`, or as many as there are. Newlines follow the last.
    #[inline(always)]
    pub fn find(&mut self, wide: impl Wide, bytes: &[u8], (count, end): (usize, usize)) {
        // A newline behind the last line is not before `end`.
        while self.end_count <= count && self.next <= end && self.next - self.at() < AHEAD_BYTES_MAX {
            let windows = (end + 1 - self.next).div_ceil(WINDOW).min(WINDOWS);
            let Some(next) = bytes.get(self.next..self.next + windows * WINDOW) else { return };
            self.look(wide, next.as_chunks().0);
        }
    }

    #[inline(always)]
    fn look(&mut self, wide: impl Wide, windows: &[[u8; WINDOW]]) {
        let before = self.windows.len() - 1;
        self.windows.resize(before + WINDOWS + 1, Kinds::default());
        let mut ends = [0; WINDOWS];
        let mut odd = 0;
        for ((window, kinds), ends_of) in windows.iter().zip(&mut self.windows[before..]).zip(&mut ends) {
            let window: Window = wide.window(window);
            let stops = window.stops;
            let odd_of = window.odd | (stops & (stops << 1 | self.is_behind_stop));
            *kinds = Kinds { stops, digits: window.digits, ones: window.ones, odd: odd_of };
            *ends_of = window.ends;
            odd |= odd_of;
            self.is_behind_stop = stops >> (WINDOW - 1);
        }
        self.windows.truncate(before + windows.len());
        self.has_odd |= odd != 0;
        self.make_room(windows.len() * WINDOW);
        let (mut at, mut stop_count, mut end_count) = (self.next as u32, self.stop_count, self.end_count);
        for (kinds, ends) in self.windows[before..].iter().zip(ends) {
            let stops = kinds.stops;
            // Most windows have one end or none.
            let mut ends = ends;
            loop {
                let end = ends & ends.wrapping_neg();
                self.ends[end_count] = stop_count as u32 + (stops & end.wrapping_sub(1)).count_ones();
                end_count += usize::from(end != 0);
                ends ^= end;
                if ends == 0 {
                    break;
                }
            }
            let count = stops.count_ones() as usize;
            let Some(places) = self.stops[stop_count..].first_chunk_mut::<WINDOW>() else { break };
            wide.places(stops, at, places);
            stop_count += count;
            at = at.wrapping_add(WINDOW as u32);
        }
        (self.stop_count, self.end_count) = (stop_count, end_count);
        self.windows.push(Kinds::default());
        self.next += windows.len() * WINDOW;
    }

    fn make_room(&mut self, bytes: usize) {
        // Places beyond the last window's stops are written, too.
        let (stops, ends) = (self.stop_count + bytes + WINDOW, self.end_count + bytes + 1);
        if self.stops.len() < stops {
            self.stops.resize(stops, 0);
        }
        if self.ends.len() < ends {
            self.ends.resize(ends, 0);
        }
    }

    /// A line by its number; `None` if it was not found.
    #[inline(always)]
    pub fn line(&self, number: usize, bytes: &[u8]) -> Option<Line> {
        let &[before, end] = self.ends[..self.end_count].get(number..)?.first_chunk()?;
        let (first, mut last) = (before as usize, end as usize);
        let start = (*self.stops.get(first)?).wrapping_add(1) as usize;
        let mut end = *self.stops.get(last)? as usize;
        if self.has_odd {
            // A carriage return belongs to the newline behind it; what stands before it must be a token.
            let is_odd = match bytes.get(start..end)? {
                [.., b'!'..=b'~', b'\r'] => {
                    (last, end) = (last - 1, end - 1);
                    self.is_odd(start, end)
                }
                _ => self.is_odd(start, end + 1),
            };
            if is_odd {
                return Some(Line { first, start, end, tokens: None });
            }
        }
        Some(Line { first, start, end, tokens: Some(last - first) })
    }

    /// Where a token of a line begins and ends.
    #[inline(always)]
    pub fn token(&self, first: usize, index: usize) -> Option<[usize; 2]> {
        let &[before, end] = self.stops.get(first + index..)?.first_chunk()?;
        Some([before.wrapping_add(1) as usize, end as usize])
    }

    /// Whether there is an odd stop from `start` to before `end`.
    fn is_odd(&self, start: usize, end: usize) -> bool {
        let (start, last) = (start.saturating_sub(self.base), end.saturating_sub(self.base + 1));
        let (first_window, last_window) = (start / WINDOW, last / WINDOW);
        let is_odd = |(window, kinds): (usize, &Kinds)| {
            let from = if window == first_window { u64::MAX << (start % WINDOW) } else { u64::MAX };
            let to = if window == last_window { u64::MAX >> (WINDOW - 1 - last % WINDOW) } else { u64::MAX };
            kinds.odd & from & to != 0
        };
        let mut windows = self.windows.iter().enumerate().take(last_window + 1).skip(first_window);
        start <= last && windows.any(is_odd)
    }

    /// Whether all between `start` and `end` are numbers of one digit or more that fit 31 bits at first sight: nearly all that
    /// do. There is no odd stop between.
    #[inline(always)]
    pub fn are_small_numbers(&self, start: usize, end: usize) -> bool {
        let (at, len) = (start.wrapping_sub(self.base), end.wrapping_sub(start));
        let Some([low, high]) = self.windows.get(at / WINDOW..).and_then(|windows| windows.first_chunk())
        else {
            return false;
        };
        if len.wrapping_sub(1) >= WINDOW {
            return false;
        }
        let (shift, whole) = ((at % WINDOW) as u32, u64::MAX >> (WINDOW - len));
        let bits = |low: u64, high: u64| (low >> shift | high << 1 << (WINDOW as u32 - 1 - shift)) & whole;
        let (stops, digits) = (bits(low.stops, high.stops), bits(low.digits, high.digits));
        // The first of each two, four, eight and ten digits side by side.
        let two = digits & digits >> 1;
        let four = two & two >> 2;
        let eight = four & four >> 4;
        let ten = eight & two >> 8;
        let others = ten & !bits(low.ones, high.ones);
        (digits | stops == whole) & (ten & ten >> 1 == 0) & (others == 0)
    }

    /// Forgets the first lines.
    pub fn pass(&mut self, lines: usize) {
        if lines == 0 {
            return;
        }
        let first = self.ends[lines];
        self.stops.copy_within(first as usize..self.stop_count, 0);
        self.stop_count -= first as usize;
        self.ends.copy_within(lines..self.end_count, 0);
        self.end_count -= lines;
        self.ends[..self.end_count].iter_mut().for_each(|end| *end -= first);
        let passed = (self.at() - self.base) / WINDOW;
        self.windows.drain(..passed.min(self.windows.len() - 1));
        self.base += passed * WINDOW;
        self.has_odd &= self.windows.iter().any(|window| window.odd != 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::token::PADDING;
    use super::super::wide::Portable;
    use super::*;

    /// The lines found from `at` on, so many at a time, each with its tokens.
    fn found(text: &str, at: usize, count: usize) -> Vec<(String, Option<Vec<String>>)> {
        let bytes = [text.as_bytes(), &[b'\n'; PADDING]].concat();
        let (mut marks, mut lines) = (Marks::new(), vec![]);
        marks.begin(at);
        loop {
            marks.find(Portable, &bytes, (count, text.len()));
            let before = lines.len();
            for number in 0..marks.count().min(count) {
                let line = marks.line(number, &bytes).expect("a line");
                if line.start >= text.len() {
                    break;
                }
                let text =
                    |start: usize, end: usize| String::from_utf8_lossy(&bytes[start..end]).into_owned();
                let token = |index: usize| {
                    let [start, end] = marks.token(line.first, index).expect("a token");
                    text(start, end)
                };
                let tokens = line.tokens.map(|count| (0..count).map(token).collect());
                lines.push((text(line.start, line.end), tokens));
            }
            marks.pass(lines.len() - before);
            if lines.len() == before {
                return lines;
            }
        }
    }

    #[test]
    fn lines_end_with_newlines_or_the_text() {
        let words = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let line = |text: &str| (text.to_owned(), words(text));
        assert_eq!(found("a bc\nd\r\ne f", 0, 2), [line("a bc"), line("d"), line("e f")]);
        assert_eq!(found("a b\nc\n", 2, 1), [line("b"), line("c")]);
        let odd = |text: &str| (text.to_owned(), None);
        assert_eq!(
            found("a\n\n b\nc \nd  e\nf\tg\n\u{e9}\n \r\nh\ri\n\r\nj k\n", 0, 64),
            [
                line("a"),
                odd(""),
                odd(" b"),
                odd("c "),
                odd("d  e"),
                odd("f\tg"),
                odd("\u{e9}"),
                odd(" \r"),
                odd("h\ri"),
                odd("\r"),
                line("j k"),
            ]
        );
    }

    #[test]
    fn windows_end_anywhere() {
        // The last ends with the last of the windows that are looked at together.
        for len in (1..2 * WINDOW).chain([WINDOWS * WINDOW / 2 - 2]) {
            let word = "x".repeat(len);
            let text = format!("{word}  y\n{word}");
            assert_eq!(found(&text, 0, 64), [(format!("{word}  y"), None), (word.clone(), Some(vec![word]))]);
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_not_waited_for() {
        let text = "x".repeat(2 * AHEAD_BYTES_MAX);
        let mut marks = Marks::new();
        marks.begin(0);
        marks.find(Portable, text.as_bytes(), (64, text.len()));
        assert_eq!(marks.count(), 0);
        assert!(marks.next <= AHEAD_BYTES_MAX + WINDOWS * WINDOW);
    }

    proptest! {
        #[test]
        fn tokens_are_what_stands_between_single_blanks(
            lines in prop::collection::vec("([!-~]{1,9} ){0,9}[!-~]{1,70}", 1..9),
            count in 1_usize..9,
        ) {
            let expected: Vec<(String, Option<Vec<String>>)> = lines
                .iter()
                .map(|line| (line.clone(), Some(line.split(' ').map(str::to_owned).collect())))
                .collect();
            prop_assert_eq!(found(&lines.join("\n"), 0, count), expected.clone());
            prop_assert_eq!(found(&lines.join("\r\n"), 0, count), expected);
        }

        #[test]
        fn small_numbers_fit_31_bits(
            before in "[a-z]{1,70}",
            numbers in prop::collection::vec("[0-9]{1,11}|1{10}[0-9]|[0-9]{3}x|-", 1..8),
        ) {
            let text = format!("{before} {} x", numbers.join(" "));
            let bytes = [text.as_bytes(), &[b'\n'; PADDING]].concat();
            let mut marks = Marks::new();
            marks.begin(0);
            marks.find(Portable, &bytes, (1, text.len()));
            let fits = |text: &String| text.parse::<i32>().is_ok();
            let is_short = |text: &String| fits(text) && (text.len() < 10 || text.starts_with('1'));
            for (first, last) in [(0, numbers.len() - 1), (0, 0), (numbers.len() / 2, numbers.len() - 1)] {
                let [start, _] = marks.token(0, first + 1).expect("a token");
                let [_, end] = marks.token(0, last + 1).expect("a token");
                let are_small = marks.are_small_numbers(start, end);
                prop_assert!(!are_small || numbers[first..=last].iter().all(fits));
                prop_assert_eq!(are_small, end - start <= WINDOW && numbers[first..=last].iter().all(is_short));
            }
            prop_assert!(!marks.are_small_numbers(0, before.len()));
        }
    }
}
