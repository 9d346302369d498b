//! Lines of the shape that nearly all records have, read straight into columns, many at a time.
//!
//! Single blanks, plain numbers, IPv4 addresses, printable ASCII. Whatever else a line may be (a header, a comment, an IPv6
//! address, a broken record) is not decided here: [`weir_flowlog::Lines`] reads it.

use weir_flowlog::field::{Field, Kind};
use weir_flowlog::format::{Column, Format};

use super::lines::LINE_BYTES_MAX;
use super::marks::{Line, Marks};
use super::token::Token;
use super::wide::{Job, Wide, widest};

/// Lines that are read together: a bit for each tells whether it is plain.
pub const LINES: usize = 64;
/// Most numbers that are looked at together: longer runs seldom fit a window.
const RUN_MAX: usize = 8;

/// Where a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Its first byte in the block, or, with [`Span::ASIDE`], among the texts put aside.
    pub start: u32,
    /// Its bytes.
    pub len: u32,
}

impl Span {
    /// Marks the start of a text that is not as it stands in the block.
    pub const ASIDE: u32 = 1 << 31;

    fn of(start: usize, end: usize) -> Span {
        Span { start: start as u32, len: end.wrapping_sub(start) as u32 }
    }
}

/// How a column takes the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// As numbers, addresses or words: what the field's kind is.
    Value,
    /// As they are written.
    Text,
}

/// The values of one column in the lines read last, by their rows; of lines that are not plain anything.
#[derive(Debug)]
pub enum Lane {
    /// The format does not have the field.
    Absent,
    /// Numbers.
    Numbers(Values<i64>),
    /// IPv4 addresses.
    Addresses(Values<u32>),
    /// [`words`] of the kind by their places, or their count for a dash.
    Words([u8; LINES]),
    /// Texts.
    Texts([Span; LINES]),
}

/// Values, and a bit for each that is a dash.
#[derive(Debug)]
pub struct Values<T> {
    /// The values.
    pub values: [T; LINES],
    /// Which of them are none.
    pub dashes: u64,
}

/// Reads lines of one format: by kinds of values, so that which comes next need not be guessed at every value.
///
/// Texts that are not read have nothing to be checked.
#[derive(Debug, Default)]
pub struct PlainLines {
    shape: Shape,
    rows: Rows,
}

/// What tokens a line has.
#[derive(Debug, Default)]
struct Shape {
    /// How many.
    count: usize,
    /// Whether a line begins with a text.
    begins_with_text: bool,
    /// Numbers side by side: most need not be read to know that they are some.
    runs: Vec<Vec<Number>>,
    /// The token of each lane of numbers.
    numbers: Vec<(usize, usize)>,
    /// Addresses, two at a time, with their lanes.
    addresses: Vec<[(usize, Option<usize>); 2]>,
    /// Words, with their lanes.
    words: Vec<(usize, Words, Option<usize>)>,
    /// Texts, with their lanes, and whether they are those of numbers.
    texts: Vec<(usize, usize, bool)>,
}

/// A token that is a number, and the greatest that it may be.
#[derive(Clone, Copy, Debug)]
struct Number {
    token: usize,
    most: u64,
}

/// The words of a kind and the dash as eight bytes each, the first the lowest.
#[derive(Clone, Copy, Debug)]
struct Words([u64; 4]);

/// The lines read last.
#[derive(Debug, Default)]
struct Rows {
    lanes: Vec<Lane>,
    count: usize,
    lines: Lines,
    /// A bit for each that is plain.
    plain: u64,
}

/// Where lines are.
#[derive(Debug)]
struct Lines {
    /// For each the index of the stop before it.
    firsts: [u32; LINES],
    spans: [Span; LINES],
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { firsts: [0; LINES], spans: [Span::default(); LINES] }
    }
}

impl PlainLines {
    /// Lines of a format, of which the values of some fields go to columns: for each field up to two of them.
    pub fn new(
        format: &Format,
        columns: usize,
        taken: impl Fn(Field) -> [Option<(usize, Take)>; 2],
    ) -> PlainLines {
        let kind = |column: &Column| match column {
            Column::Known(field) => field.kind(),
            Column::Unknown(_) => Kind::Text,
        };
        let of_format = format.columns();
        let begins_with_text = of_format.first().is_some_and(|first| kind(first) == Kind::Text);
        let shape = Shape { count: of_format.len(), begins_with_text, ..Shape::default() };
        let rows = Rows { lanes: (0..columns).map(|_| Lane::Absent).collect(), ..Rows::default() };
        let mut lines = PlainLines { shape, rows };
        for (token, column) in of_format.iter().enumerate() {
            let taken = match column {
                Column::Known(field) => taken(*field),
                Column::Unknown(_) => [None; 2],
            };
            lines.add(token, kind(column), taken.into_iter().flatten());
        }
        lines
    }

    fn add(&mut self, token: usize, kind: Kind, taken: impl Iterator<Item = (usize, Take)>) {
        let (shape, lanes) = (&mut self.shape, &mut self.rows.lanes);
        let mut value = None;
        for (lane, take) in taken {
            lanes[lane] = match (kind, take) {
                (Kind::Text, _) | (_, Take::Text) => {
                    let is_number = matches!(kind, Kind::Int | Kind::Long | Kind::Seconds);
                    shape.texts.push((token, lane, is_number));
                    Lane::Texts([Span::default(); LINES])
                }
                (Kind::Address, Take::Value) => {
                    value = Some(lane);
                    Lane::Addresses(Values { values: [0; LINES], dashes: 0 })
                }
                (Kind::Action | Kind::Status, Take::Value) => {
                    value = Some(lane);
                    Lane::Words([0; LINES])
                }
                (Kind::Int | Kind::Long | Kind::Seconds, Take::Value) => {
                    shape.numbers.push((token, lane));
                    Lane::Numbers(Values { values: [0; LINES], dashes: 0 })
                }
            };
        }
        let most = match kind {
            Kind::Int => u32::MAX.into(),
            Kind::Long => i64::MAX as u64,
            // Milliseconds are rare: they are for whoever knows the rule.
            Kind::Seconds => i32::MAX as u64,
            Kind::Address => {
                return match shape.addresses.last_mut() {
                    Some([one, other]) if one == other => *other = (token, value),
                    _ => shape.addresses.push([(token, value); 2]),
                };
            }
            Kind::Action | Kind::Status => return shape.words.push((token, Words::of(kind), value)),
            Kind::Text => return,
        };
        let number = Number { token, most };
        match shape.runs.last_mut() {
            Some(run) if run.len() < RUN_MAX && run.last().is_some_and(|last| last.token + 1 == token) => {
                run.push(number);
            }
            _ => shape.runs.push(vec![number]),
        }
    }

    /// Reads the next lines that begin before `end`, at most `count`; gives how many there are, be they plain or not.
    pub fn read(&mut self, marks: &mut Marks, bytes: &[u8], (count, end): (usize, usize)) -> usize {
        let PlainLines { shape, rows } = self;
        widest(Reading { shape, rows, marks, bytes, count: count.min(LINES), end });
        self.rows.count
    }

    /// How many lines from this row on are plain, one after the other.
    pub fn plain_from(&self, row: usize) -> usize {
        (!(self.rows.plain >> row)).trailing_zeros() as usize
    }

    /// The line of a row.
    pub fn line(&self, row: usize) -> Span {
        self.rows.lines.spans[row]
    }

    /// The values of a column.
    pub fn lane(&self, column: usize) -> &Lane {
        &self.rows.lanes[column]
    }
}

/// Lines being read.
struct Reading<'a> {
    shape: &'a Shape,
    rows: &'a mut Rows,
    marks: &'a mut Marks,
    bytes: &'a [u8],
    count: usize,
    end: usize,
}

impl Job for Reading<'_> {
    #[inline(always)]
    fn run(self, wide: impl Wide) {
        let Reading { shape, rows: Rows { lanes, count: found, lines, plain }, marks, bytes, count, end } =
            self;
        marks.find(wide, bytes, (count, end));
        // Of a line that is not plain other tokens are looked at, or none: whatever they are, it is not plain.
        let mut not_plain = 0;
        *found = 0;
        for row in 0..marks.count().min(count) {
            let Some(Line { first, start, end: line_end, tokens }) = marks.line(row, bytes) else { break };
            if start >= end {
                break;
            }
            let is_plain = (tokens == Some(shape.count)) & (line_end - start + 1 < LINE_BYTES_MAX as usize)
                && shape.may_begin(bytes, start);
            not_plain |= u64::from(!is_plain) << row;
            (lines.firsts[row], lines.spans[row]) = (first as u32, Span::of(start, line_end));
            *found += 1;
        }
        let count = *found;
        let sight = Sight { marks, bytes, firsts: &lines.firsts, count };
        for run in &shape.runs {
            not_plain |= sight.runs(run, not_plain);
        }
        for [one, other] in &shape.addresses {
            not_plain |= sight.addresses(wide, [*one, *other], lanes, not_plain);
        }
        for (token, words, lane) in &shape.words {
            not_plain |= sight.words((*token, words), lane.and_then(|lane| lanes.get_mut(lane)));
        }
        for (token, lane) in &shape.numbers {
            let Some(Lane::Numbers(values)) = lanes.get_mut(*lane) else { continue };
            sight.numbers(*token, values, not_plain);
        }
        for (token, lane, is_number) in &shape.texts {
            let Some(Lane::Texts(spans)) = lanes.get_mut(*lane) else { continue };
            not_plain |= sight.texts((*token, *is_number), spans, not_plain);
        }
        *plain = !not_plain & !u64::MAX.unbounded_shl(count as u32);
    }
}

/// The lines whose tokens are looked at, kind by kind; each tells which rows are not plain.
#[derive(Clone, Copy)]
struct Sight<'a> {
    marks: &'a Marks,
    bytes: &'a [u8],
    firsts: &'a [u32; LINES],
    count: usize,
}

impl Sight<'_> {
    /// A token of a row. Of a line with fewer tokens it may be one of another, or no token at all.
    #[inline(always)]
    fn token(self, row: usize, index: usize) -> Token {
        let [start, end] = self.marks.token(self.firsts[row] as usize, index).unwrap_or_default();
        Token { start, end }
    }

    #[inline(always)]
    fn runs(self, run: &[Number], not_plain: u64) -> u64 {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return 0 };
        let mut others = 0;
        for row in 0..self.count.min(LINES) {
            let (start, end) = (self.token(row, first.token).start, self.token(row, last.token).end);
            let is_digit =
                || end.wrapping_sub(start) == 1 && self.bytes.get(start).is_some_and(u8::is_ascii_digit);
            others |= u64::from(!is_digit() && !self.marks.are_small_numbers(start, end)) << row;
        }
        self.are_no_numbers(run, others & !not_plain)
    }

    /// Which of the rows have something else than numbers and dashes in a run.
    #[cold]
    fn are_no_numbers(self, run: &[Number], rows: u64) -> u64 {
        let is_none = |row: usize, number: &Number| {
            let token = self.token(row, number.token);
            let is_number = || token.number(self.bytes).is_some_and(|value| value <= number.most);
            !token.is_dash(self.bytes) && !is_number()
        };
        rows_where(rows, |row| run.iter().any(|number| is_none(row, number)))
    }

    /// The addresses in two columns of a row, and of the next; whatever comes of one behind the last.
    #[inline(always)]
    fn two_rows(self, wide: impl Wide, row: usize, [one, other]: [usize; 2]) -> [Option<u32>; 4] {
        let tokens = [
            self.token(row, one),
            self.token(row, other),
            self.token(row + 1, one),
            self.token(row + 1, other),
        ];
        wide.addresses(self.bytes, tokens)
    }

    #[inline(always)]
    fn addresses(
        self,
        wide: impl Wide,
        [one, other]: [(usize, Option<usize>); 2],
        lanes: &mut [Lane],
        not_plain: u64,
    ) -> u64 {
        let (mut values, mut others) = ([[0; LINES]; 2], [0; 2]);
        let rows = (0..self.count.min(LINES)).step_by(2);
        if one.1.is_none() && other.1.is_none() {
            // A loop of its own: what they say is not worked out where nobody asks.
            for row in rows {
                let [a, b, c, d] =
                    self.two_rows(wide, row, [one.0, other.0]).map(|address| u64::from(address.is_none()));
                others[0] |= (a | c << 1) << row;
                others[1] |= (b | d << 1) << row;
            }
        } else {
            let [firsts, seconds] = values.each_mut().map(|values| values.as_chunks_mut::<2>().0);
            for ((row, firsts), seconds) in rows.zip(firsts).zip(seconds) {
                let found = self.two_rows(wide, row, [one.0, other.0]);
                let [a, b, c, d] = found.map(|address| u64::from(address.is_none()));
                others[0] |= (a | c << 1) << row;
                others[1] |= (b | d << 1) << row;
                let [a, b, c, d] = found.map(|address| address.unwrap_or(0));
                (*firsts, *seconds) = ([a, c], [b, d]);
            }
        }
        let found = !u64::MAX.unbounded_shl(self.count as u32);
        let mut wrong = 0;
        for (((token, lane), mut values), others) in [one, other].into_iter().zip(values).zip(others) {
            let (dashes, none) = self.other_addresses(token, &mut values, others & found & !not_plain);
            wrong |= none;
            if let Some(Lane::Addresses(lane)) = lane.and_then(|lane| lanes.get_mut(lane)) {
                *lane = Values { values, dashes };
            }
        }
        wrong
    }

    /// Which of these rows have a dash, and which no address; the others' addresses.
    #[cold]
    fn other_addresses(self, token: usize, values: &mut [u32; LINES], rows: u64) -> (u64, u64) {
        let dashes = rows_where(rows, |row| self.token(row, token).is_dash(self.bytes));
        let none = rows_where(rows & !dashes, |row| match self.token(row, token).address(self.bytes) {
            Some(address) => {
                values[row] = address;
                false
            }
            None => true,
        });
        (dashes, none)
    }

    #[inline(always)]
    fn words(self, (token, words): (usize, &Words), lane: Option<&mut Lane>) -> u64 {
        let (mut places, mut none) = ([0; LINES], 0);
        for (row, place) in places.iter_mut().enumerate().take(self.count.min(LINES)) {
            let (found, is_word) = words.place(self.bytes, self.token(row, token));
            *place = found;
            none |= u64::from(!is_word) << row;
        }
        if let Some(Lane::Words(lane)) = lane {
            *lane = places;
        }
        none
    }

    #[inline(always)]
    fn numbers(self, token: usize, lane: &mut Values<i64>, not_plain: u64) {
        let mut others = 0;
        for row in 0..self.count.min(LINES) {
            let number = self.token(row, token).number(self.bytes);
            lane.values[row] = number.unwrap_or(0) as i64;
            others |= u64::from(number.is_none()) << row;
        }
        // Whatever is in a run and no number is a dash.
        lane.dashes = others & !not_plain;
    }

    #[inline(always)]
    fn texts(self, (token, is_number): (usize, bool), spans: &mut [Span; LINES], not_plain: u64) -> u64 {
        let mut begin_with_zero = 0;
        for (row, span) in spans.iter_mut().enumerate().take(self.count.min(LINES)) {
            let Token { start, end } = self.token(row, token);
            *span = Span::of(start, end);
            begin_with_zero |= u64::from(self.bytes.get(start) == Some(&b'0') && span.len > 1) << row;
        }
        // As a text a number has no more digits than it needs.
        if is_number { begin_with_zero & !not_plain } else { 0 }
    }
}

fn rows_where(mut rows: u64, mut is: impl FnMut(usize) -> bool) -> u64 {
    let mut found = 0;
    while rows != 0 {
        let row = rows.trailing_zeros();
        found |= u64::from(is(row as usize)) << row;
        rows &= rows - 1;
    }
    found
}

impl Shape {
    /// False if the line may be a header, a comment, or begin with the time of an exported event.
    #[inline(always)]
    fn may_begin(&self, bytes: &[u8], at: usize) -> bool {
        match bytes.get(at) {
            Some(b'0'..=b'9') if !self.begins_with_text => true,
            Some(b'a'..=b'z' | b'$' | b'0'..=b'9') => self.may_begin_so(&bytes[at..]),
            Some(b'#') | None => false,
            Some(_) => true,
        }
    }

    #[inline(never)]
    fn may_begin_so(&self, line: &[u8]) -> bool {
        if line[0].is_ascii_digit() {
            return line.iter().take_while(|byte| byte.is_ascii_graphic()).last() != Some(&b'Z');
        }
        // A header has no dot, no colon and no capital letter.
        let mut line = line.iter().take_while(|byte| **byte != b'\n');
        line.any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z'))
    }
}

impl Words {
    fn of(kind: Kind) -> Words {
        let mut bytes = [u64::MAX; 4];
        let texts = words(kind).iter().copied().chain(["-"]);
        for (bytes, text) in bytes.iter_mut().zip(texts) {
            let mut eight = [0; 8];
            eight[..text.len()].copy_from_slice(text.as_bytes());
            *bytes = u64::from_le_bytes(eight);
        }
        Words(bytes)
    }

    /// The place of a token among the words, behind them that of the dash; and whether it is one.
    #[inline(always)]
    fn place(&self, bytes: &[u8], token: Token) -> (u8, bool) {
        let len = token.len();
        let Some(eight) = bytes.get(token.start..).and_then(|bytes| bytes.first_chunk()) else {
            return (0, false);
        };
        let eight = u64::from_le_bytes(*eight) & u64::MAX.unbounded_shr(64 - 8 * len.min(8) as u32);
        let mut place = self.0.len() as u8;
        for (at, word) in self.0.iter().enumerate() {
            place = if *word == eight { at as u8 } else { place };
        }
        (place, ((place as usize) < self.0.len()) & (len <= 8))
    }
}

/// The words that fields of a kind may say, where they are few.
pub fn words(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Action => &["ACCEPT", "REJECT"],
        Kind::Status => &["OK", "NODATA", "SKIPDATA"],
        _ => &[],
    }
}

/// The place of a word among [`words`].
pub fn word(kind: Kind, text: &[u8]) -> Option<u8> {
    match (kind, text) {
        (Kind::Action, b"ACCEPT") | (Kind::Status, b"OK") => Some(0),
        (Kind::Action, b"REJECT") | (Kind::Status, b"NODATA") => Some(1),
        (Kind::Status, b"SKIPDATA") => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_flowlog::Format;

    use super::super::token::PADDING;
    use super::super::wide::Portable;
    use super::*;

    #[test]
    fn each_word_has_its_place() {
        for kind in [Kind::Action, Kind::Status, Kind::Text] {
            let of_kind = Words::of(kind);
            let place = |text: &str| {
                let bytes = [text.as_bytes(), &[b' '; PADDING]].concat();
                let (place, is_word) = of_kind.place(&bytes, Token { start: 0, end: text.len() });
                is_word.then_some(place)
            };
            for (at, text) in words(kind).iter().enumerate() {
                assert_eq!(word(kind, text.as_bytes()), u8::try_from(at).ok());
                assert_eq!(place(text), u8::try_from(at).ok());
            }
            assert_eq!(place("-"), u8::try_from(words(kind).len()).ok());
            for other in ["", "--", "ACCEP", "ACCEPTED", "ACCEPTEDLY", "SKIPDATA2"] {
                assert_eq!(place(other), None, "{other}");
            }
        }
        assert_eq!([word(Kind::Action, b"OK"), word(Kind::Status, b"Ok")], [None; 2]);
    }

    const FIELDS: [Field; 5] =
        [Field::SrcAddr, Field::Bytes, Field::Action, Field::InterfaceId, Field::Start];

    /// What the lines of a text in the default format say, by the widest instructions or those that every processor has.
    fn rows(text: &str, is_wide: bool) -> Vec<Option<Vec<String>>> {
        rows_of(&Format::default(), (&FIELDS, Take::Value), text, is_wide)
    }

    fn rows_of(
        format: &Format,
        (fields, take): (&[Field], Take),
        text: &str,
        is_wide: bool,
    ) -> Vec<Option<Vec<String>>> {
        let taken = |field: Field| [fields.iter().position(|own| *own == field).map(|at| (at, take)), None];
        let mut plain = PlainLines::new(format, fields.len(), taken);
        let (bytes, mut marks) = ([text.as_bytes(), &[b'\n'; PADDING]].concat(), Marks::new());
        marks.begin(0);
        let count = if is_wide {
            plain.read(&mut marks, &bytes, (LINES, text.len()))
        } else {
            let PlainLines { shape, rows } = &mut plain;
            Reading { shape, rows, marks: &mut marks, bytes: &bytes, count: LINES, end: text.len() }
                .run(Portable);
            plain.rows.count
        };
        let value = |row: usize, column: usize| match plain.lane(column) {
            Lane::Numbers(Values { dashes, .. }) | Lane::Addresses(Values { dashes, .. })
                if dashes >> row & 1 == 1 =>
            {
                "-".into()
            }
            Lane::Numbers(Values { values, .. }) => values[row].to_string(),
            Lane::Addresses(Values { values, .. }) => std::net::Ipv4Addr::from(values[row]).to_string(),
            Lane::Words(places) => {
                words(Kind::Action).get(usize::from(places[row])).unwrap_or(&"-").to_string()
            }
            Lane::Texts(spans) => {
                let Span { start, len } = spans[row];
                text[start as usize..(start + len) as usize].into()
            }
            Lane::Absent => "absent".into(),
        };
        let columns = 0..fields.len();
        let values = |row: usize| columns.clone().map(|column| value(row, column)).collect();
        (0..count).map(|row| (plain.plain_from(row) > 0).then(|| values(row))).collect()
    }

    #[test]
    fn plain_lines_say_what_they_say() {
        let text = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1537648094 1537648095 ACCEPT OK\n\
            2 1 eni-2 - - - - - - - 1537648094 1537648095 - NODATA\n\
            2 1 eni-3 10.0.0.1 ::1 1 2 6 1 40 1537648094 1537648095 ACCEPT OK\n\
            2 1 eni-4 10.0.0.9 10.0.0.2 1 2 6 1 3000000000 1537648094 1537648095 REJECT OK\r\n\
            2 1 eni-5 10.0.0.9 10.0.0.2 1 2 6 1 x 1537648094 1537648095 REJECT OK\n\
            2 1 eni-6 10.0.0.9 10.0.0.2 1 2 6 1 40 1537648094 1537648095 REJECT OK more\n\
            2 1 eni-7 10.0.0.9 10.0.0.2 1 2 6 1 40 1537648094 1537648095 REJECT\n\
            2 1 eni-8 10.0.0.9 10.0.0.2 4294967296 2 6 1 40 1537648094 1537648095 REJECT OK\n\
            2 1 eni-9 10.0.0.9";
        let row = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let expected = [
            row("10.0.0.1 40 ACCEPT eni-1 1537648094"),
            row("- - - eni-2 1537648094"),
            None,
            row("10.0.0.9 3000000000 REJECT eni-4 1537648094"),
            None,
            None,
            None,
            None,
            None,
        ];
        assert_eq!(rows(text, true), expected);
        assert_eq!(rows(text, false), expected);
    }

    #[test]
    fn lines_are_judged_by_their_format() {
        let of = |format: &str, fields: &[Field], take: Take, text: &str| {
            let format = Format::of_header(format).expect("a format");
            let rows = [true, false].map(|is_wide| rows_of(&format, (fields, take), text, is_wide));
            assert_eq!(rows[0], rows[1]);
            let [rows, _] = rows;
            rows.into_iter().map(|row| row.map(|row| row.join(" "))).collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        // The first address stands at the very beginning.
        let text = "10.0.0.1 7\n10.0.0.2 -\n";
        let fields = [Field::SrcAddr, Field::Bytes];
        let expected = [some("10.0.0.1 7"), some("10.0.0.2 -")];
        assert_eq!(of("srcaddr bytes", &fields, Take::Value, text), expected);
        // As a text a number is written without zeros before it.
        let text = "10.0.0.1 007\n10.0.0.2 0\n10.0.0.300 1\n- 2\n";
        let expected = [None, some("10.0.0.2 0"), None, some("- 2")];
        assert_eq!(of("srcaddr bytes", &fields, Take::Text, text), expected);
        // A header, a comment, the time of an event that was exported.
        let text = "vpc-id interface-id\n# b\n2018-09-22T20:28:14.000Z b\n$x y.z\n";
        let expected = [None, None, None, some("y.z")];
        assert_eq!(of("vpc-id interface-id", &[Field::InterfaceId], Take::Value, text), expected);
    }

    proptest! {
        #[test]
        fn all_instructions_read_the_same(
            lines in prop::collection::vec(
                "(2|-|3) [0-9]{1,12} eni-[0-9a-f]{1,17} (10\\.0\\.[0-9]{1,3}\\.[0-9]{1,2}|-|::1) 10\\.[0-9.]{1,12} [0-9]{1,6} \
                    [0-9]{1,5} (6|17|-) [0-9]{1,16} [0-9]{1,11} 1[0-9]{9} 1[0-9]{9} (ACCEPT|REJECT|-|OK) (OK|NODATA|-)\r?",
                0..100,
            ),
        ) {
            let text = lines.join("\n");
            prop_assert_eq!(rows(&text, true), rows(&text, false));
        }
    }
}
