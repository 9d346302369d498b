//! Lines of the shape that nearly all records have, read straight into cells.
//!
//! Single blanks, plain numbers, IPv4 addresses, printable ASCII. Whatever else a line may be (a header, a comment, an IPv6
//! address, a broken record) is not decided here: [`weir_flowlog::Lines`] reads it.

use weir_flowlog::field::{Field, Kind};
use weir_flowlog::format::{Column, Format};

use super::lines::LINE_BYTES_MAX;
use super::token::{Token, Tokens};

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
    /// Tokens of a line.
    count: usize,
    /// Whether a line begins with a text.
    begins_with_text: bool,
    /// What is looked at: texts that are not read have nothing to be checked.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// A value goes to a cell.
    Read { token: usize, kind: Kind, cell: usize },
    /// Is only checked.
    Check { token: usize, kind: Kind },
    /// Numbers side by side that are only checked: most need not be read to know that they are some.
    Numbers { first: usize, kinds: Vec<Kind> },
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
        let mut steps: Vec<Step> = vec![];
        for (token, column) in format.columns().iter().enumerate() {
            let cells = match column {
                Column::Known(field) => cells(*field),
                Column::Unknown(_) => [None; 2],
            };
            let is_read = cells != [None; 2];
            match (kind(column), steps.last_mut()) {
                (kind, _) if is_read => {
                    let cells = cells.into_iter().flatten();
                    steps.extend(cells.map(|cell| Step::Read { token, kind, cell }));
                }
                (Kind::Text, _) => {}
                (kind @ (Kind::Int | Kind::Long | Kind::Seconds), last) => match last {
                    Some(Step::Numbers { first, kinds }) if *first + kinds.len() == token => kinds.push(kind),
                    _ => steps.push(Step::Numbers { first: token, kinds: vec![kind] }),
                },
                (kind, _) => steps.push(Step::Check { token, kind }),
            }
        }
        let begins_with_text = format.columns().first().is_some_and(|first| kind(first) == Kind::Text);
        PlainLines { count: format.columns().len(), begins_with_text, steps }
    }

    /// Reads the line at `at`; `None` if it is not plain, and then the cells hold nothing of use.
    pub fn read(&self, bytes: &[u8], at: usize, tokens: &mut Tokens, cells: &mut [Cell]) -> Option<Ends> {
        if !self.may_begin(bytes, at) {
            return None;
        }
        let end = tokens.find(bytes, at, self.count)?;
        let mut checked = Cell::Absent;
        for step in &self.steps {
            match step {
                Step::Read { token, kind, cell } => {
                    put(*kind, bytes, tokens.token(*token)?, cells.get_mut(*cell)?)?;
                }
                Step::Check { token, kind } => put(*kind, bytes, tokens.token(*token)?, &mut checked)?,
                Step::Numbers { first, kinds } => {
                    if !tokens.are_small_numbers(bytes, *first, first + kinds.len() - 1) {
                        for (index, kind) in kinds.iter().enumerate() {
                            put(*kind, bytes, tokens.token(first + index)?, &mut checked)?;
                        }
                    }
                }
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

const ACTIONS: [&[u8]; 2] = [b"ACCEPT", b"REJECT"];
const STATUSES: [&[u8]; 3] = [b"OK", b"NODATA", b"SKIPDATA"];

/// Puts the value of a token into a cell: where it is to stay, for a copy of what has just been written waits for it.
#[inline(always)]
fn put(kind: Kind, bytes: &[u8], token: Token, cell: &mut Cell) -> Option<()> {
    let text = bytes.get(token.start..token.end)?;
    if text == b"-" {
        *cell = Cell::Dash;
        return Some(());
    }
    let most = match kind {
        Kind::Int => u32::MAX.into(),
        Kind::Long => u64::MAX,
        // Milliseconds are rare: they are for whoever knows the rule.
        Kind::Seconds => i32::MAX as u64,
        Kind::Address => {
            *cell = Cell::Address(token.address(bytes)?);
            return Some(());
        }
        Kind::Text | Kind::Action | Kind::Status => {
            let is_known = match kind {
                Kind::Action => ACTIONS.contains(&text),
                Kind::Status => STATUSES.contains(&text),
                _ => true,
            };
            *cell = Cell::Text(Span::of(token.start, token.end));
            return is_known.then_some(());
        }
    };
    let number = token.number(bytes)?;
    *cell = Cell::Number(number);
    (number <= most).then_some(())
}
