//! Lines of the shape that nearly all records have, read straight into cells.
//!
//! Single blanks, plain numbers, IPv4 addresses, printable ASCII. Whatever else a line may be (a header, a comment, an IPv6
//! address, a broken record) is not decided here: [`weir_flowlog::Lines`] reads it.

use weir_flowlog::field::{Field, Kind};
use weir_flowlog::format::{Column, Format};

use super::lines::LINE_BYTES_MAX;
use super::token;

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

/// How lines of one format are read.
#[derive(Debug)]
pub struct PlainLines {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    kind: Kind,
    /// The cells that take the value: that of the field and, for a start, that of the time.
    cells: [Option<usize>; 2],
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
        let step = |column: &Column| match column {
            Column::Known(field) => Step { kind: field.kind(), cells: cells(*field) },
            Column::Unknown(_) => Step { kind: Kind::Text, cells: [None; 2] },
        };
        PlainLines { steps: format.columns().iter().map(step).collect() }
    }

    /// Reads the line at `at`; `None` if it is not plain, and then the cells hold nothing of use.
    pub fn read(&self, bytes: &[u8], at: usize, cells: &mut [Cell]) -> Option<Ends> {
        if !self.may_begin(bytes, at) {
            return None;
        }
        let mut end = at;
        for (index, step) in self.steps.iter().enumerate() {
            let start = if index == 0 { at } else { after_blank(bytes, end)? };
            let (cell, behind) = step.value(bytes, start)?;
            end = behind;
            for index in step.cells.into_iter().flatten() {
                cells[index] = cell;
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
        let is_text = self.steps.first().is_some_and(|step| step.kind == Kind::Text);
        match bytes.get(at) {
            // A header has no dot, no colon and no capital letter.
            Some(b'a'..=b'z' | b'$') => bytes[at..]
                .iter()
                .take_while(|byte| **byte != b'\n')
                .any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z')),
            Some(b'0'..=b'9') if is_text => {
                let end = token::text(bytes, at).unwrap_or(at);
                bytes.get(end.wrapping_sub(1)) != Some(&b'Z')
            }
            Some(b'#') | None => false,
            Some(_) => true,
        }
    }
}

fn after_blank(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b' ')).then_some(at + 1)
}

const ACTIONS: [&[u8]; 2] = [b"ACCEPT", b"REJECT"];
const STATUSES: [&[u8]; 3] = [b"OK", b"NODATA", b"SKIPDATA"];

impl Step {
    /// The value at `at` and the place behind it. What follows is for the caller to look at.
    fn value(&self, bytes: &[u8], at: usize) -> Option<(Cell, usize)> {
        if bytes.get(at) == Some(&b'-') && matches!(bytes.get(at + 1), Some(b' ' | b'\n' | b'\r')) {
            return Some((Cell::Dash, at + 1));
        }
        let text = |end: usize| (Cell::Text(Span::of(at, end)), end);
        match self.kind {
            Kind::Text => token::text(bytes, at).map(text),
            Kind::Address => token::address(bytes, at).map(|(address, end)| (Cell::Address(address), end)),
            Kind::Int => {
                let (number, end) = token::number(bytes, at)?;
                (number <= u32::MAX.into()).then_some((Cell::Number(number), end))
            }
            Kind::Long => token::number(bytes, at).map(|(number, end)| (Cell::Number(number), end)),
            Kind::Seconds => {
                let (number, end) = token::number(bytes, at)?;
                // Milliseconds are rare: they are for whoever knows the rule.
                (number <= i32::MAX as u64).then_some((Cell::Number(number), end))
            }
            Kind::Action => token::word(bytes, at, &ACTIONS).map(text),
            Kind::Status => token::word(bytes, at, &STATUSES).map(text),
        }
    }
}
