//! Lines of the shape that nearly all records have, read straight into cells.
//!
//! Single blanks, plain numbers, IPv4 addresses, printable ASCII. Whatever else a line may be (a header, a comment, an IPv6
//! address, a broken record) is not decided here: [`weir_flowlog::Lines`] reads it.

use weir_flowlog::field::{Field, Kind};
use weir_flowlog::format::{Column, Format};

use super::lines::LINE_BYTES_MAX;
use super::token::Tokens;

/// The value of a field on its way to a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// The format does not have the field.
    Absent,
    /// `-`.
    Dash,
    /// A number.
    Number(u64),
    /// An IPv4 address.
    Address(u32),
    /// A text.
    Text(Span),
    /// One of the [`words`] of its kind, by its place among them.
    Word(u8),
}

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq)]
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
        Span { start: start as u32, len: (end - start) as u32 }
    }
}

/// How lines of one format are read: by kinds of values, so that which comes next need not be guessed at every value.
///
/// Texts that are not read have nothing to be checked.
#[derive(Debug, Default)]
pub struct PlainLines {
    /// Tokens of a line.
    count: usize,
    /// Whether a line begins with a text.
    begins_with_text: bool,
    /// Tokens and their cells.
    addresses: Vec<(usize, usize)>,
    texts: Vec<(usize, usize)>,
    numbers: Vec<(Number, usize)>,
    words: Vec<(usize, Kind, Option<usize>)>,
    /// Addresses that are only checked.
    other_addresses: Vec<usize>,
    /// Numbers side by side that are only checked: most need not be read to know that they are some.
    other_numbers: Vec<Vec<Number>>,
}

/// A token that is a number, and the greatest that it may be.
#[derive(Clone, Copy, Debug)]
struct Number {
    token: usize,
    most: u64,
}

/// A line that was read: where it ends, and where the next begins.
pub struct Ends {
    /// Behind its last byte.
    pub line: usize,
    /// The next line.
    pub next: usize,
}

impl PlainLines {
    /// Lines of a format, of which the values of some fields go to the cells of these indices.
    pub fn new(format: &Format, cells: impl Fn(Field) -> [Option<usize>; 2]) -> PlainLines {
        let kind = |column: &Column| match column {
            Column::Known(field) => field.kind(),
            Column::Unknown(_) => Kind::Text,
        };
        let columns = format.columns();
        let begins_with_text = columns.first().is_some_and(|first| kind(first) == Kind::Text);
        let mut lines = PlainLines { count: columns.len(), begins_with_text, ..PlainLines::default() };
        for (token, column) in columns.iter().enumerate() {
            let cells = match column {
                Column::Known(field) => cells(*field),
                Column::Unknown(_) => [None; 2],
            };
            lines.add(token, kind(column), cells.into_iter().flatten().collect());
        }
        lines
    }

    fn add(&mut self, token: usize, kind: Kind, cells: Vec<usize>) {
        let most = match kind {
            Kind::Int => u32::MAX.into(),
            Kind::Long => i64::MAX as u64,
            // Milliseconds are rare: they are for whoever knows the rule.
            Kind::Seconds => i32::MAX as u64,
            Kind::Address if cells.is_empty() => return self.other_addresses.push(token),
            Kind::Address => return self.addresses.extend(cells.into_iter().map(|cell| (token, cell))),
            Kind::Text => return self.texts.extend(cells.into_iter().map(|cell| (token, cell))),
            Kind::Action | Kind::Status => return self.words.push((token, kind, cells.first().copied())),
        };
        let number = Number { token, most };
        if !cells.is_empty() {
            return self.numbers.extend(cells.into_iter().map(|cell| (number, cell)));
        }
        match self.other_numbers.last_mut() {
            Some(numbers) if numbers.last().is_some_and(|last| last.token + 1 == token) => {
                numbers.push(number)
            }
            _ => self.other_numbers.push(vec![number]),
        }
    }

    /// Reads the line at `at`; `None` if it is not plain, and then the cells hold nothing of use.
    pub fn read(&self, bytes: &[u8], at: usize, tokens: &mut Tokens, cells: &mut [Cell]) -> Option<Ends> {
        if !self.may_begin(bytes, at) {
            return None;
        }
        let end = tokens.find(bytes, at, self.count)?;
        for &(index, cell) in &self.addresses {
            let token = tokens.token(index)?;
            // Written where it is to stay, here as below: a copy of what has just been written waits for it.
            *cells.get_mut(cell)? =
                if token.is_dash(bytes) { Cell::Dash } else { Cell::Address(token.address(bytes)?) };
        }
        for (number, cell) in &self.numbers {
            *cells.get_mut(*cell)? = number.read(bytes, tokens)?;
        }
        for &(index, kind, cell) in &self.words {
            let token = tokens.token(index)?;
            let word = match word(kind, bytes.get(token.start..token.end)?) {
                Some(word) => Cell::Word(word),
                None if token.is_dash(bytes) => Cell::Dash,
                None => return None,
            };
            if let Some(cell) = cell {
                *cells.get_mut(cell)? = word;
            }
        }
        for &(index, cell) in &self.texts {
            let token = tokens.token(index)?;
            *cells.get_mut(cell)? =
                if token.is_dash(bytes) { Cell::Dash } else { Cell::Text(Span::of(token.start, token.end)) };
        }
        for &index in &self.other_addresses {
            let token = tokens.token(index)?;
            (token.address(bytes).is_some() || token.is_dash(bytes)).then_some(())?;
        }
        for numbers in &self.other_numbers {
            if !tokens.are_small_numbers(bytes, numbers.first()?.token, numbers.last()?.token) {
                numbers.iter().try_for_each(|number| number.read(bytes, tokens).map(drop))?;
            }
        }
        let behind = match bytes.get(end)? {
            b'\n' => end,
            b'\r' if bytes.get(end + 1) == Some(&b'\n') => end + 1,
            _ => return None,
        };
        ((behind - at) < LINE_BYTES_MAX as usize).then_some(Ends { line: end, next: behind + 1 })
    }

    /// False if the line may be a header, a comment, or begin with the time of an exported event.
    fn may_begin(&self, bytes: &[u8], at: usize) -> bool {
        match bytes.get(at) {
            // A header has no dot, no colon and no capital letter.
            Some(b'a'..=b'z' | b'$') => bytes[at..]
                .iter()
                .take_while(|byte| **byte != b'\n')
                .any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z')),
            Some(b'0'..=b'9') if self.begins_with_text => {
                let is_inside = |byte: &&u8| byte.is_ascii_graphic();
                bytes[at..].iter().take_while(is_inside).last() != Some(&b'Z')
            }
            Some(b'#') | None => false,
            Some(_) => true,
        }
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

impl Number {
    /// The number or a dash; `None` if it is neither, or too great.
    fn read(self, bytes: &[u8], tokens: &Tokens) -> Option<Cell> {
        let token = tokens.token(self.token)?;
        if token.is_dash(bytes) {
            return Some(Cell::Dash);
        }
        token.number(bytes).filter(|number| *number <= self.most).map(Cell::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_its_place() {
        for kind in [Kind::Action, Kind::Status, Kind::Text] {
            for (place, text) in words(kind).iter().enumerate() {
                assert_eq!(word(kind, text.as_bytes()), u8::try_from(place).ok());
            }
        }
        assert_eq!([word(Kind::Action, b"OK"), word(Kind::Status, b"Ok")], [None; 2]);
    }
}
