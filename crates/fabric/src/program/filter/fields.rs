//! cut: fields or bytes of lines.

use super::super::options::Arg;
use super::{Filter, Next, Wanted, Wrong, bare, has, operands, value};
use crate::text::{bytes_of, text_of};
use std::ops::RangeInclusive;

/// cut(1): `-f` fields between which `-d` stands, or `-c` bytes, as GNU takes characters.
pub(super) fn cut<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let delimiter = value(args, 'd').unwrap_or("\t");
    let mut letters = delimiter.chars();
    let (Some(delimiter), None) = (letters.next(), letters.next()) else {
        return Err("the delimiter must be a single character".to_owned());
    };
    let (list, is_in_bytes) = match (value(args, 'f'), value(args, 'c')) {
        (Some(_), Some(_)) => return Err("only one type of list may be specified".to_owned()),
        (Some(list), None) => (list, false),
        (None, Some(list)) => (list, true),
        (None, None) => return Err("you must specify a list of bytes, characters, or fields".to_owned()),
    };
    let ranges = list.split([',', ' ']).map(range).collect::<Result<Vec<_>, Wrong>>()?;
    if ranges.len() > RANGES_MAX {
        return Err(format!("a list of more than {RANGES_MAX}: not simulated by weir"));
    }
    let cut = Cut { ranges, delimiter, is_in_bytes, needs_delimiter: has(args, 's') };
    Ok((Box::new(cut), operands(args)))
}

/// Most ranges of a list: each field of a line is looked for in all of them.
const RANGES_MAX: usize = 64;

/// `N`, `N-M`, `N-` or `-M`, from 1.
fn range(text: &str) -> Result<RangeInclusive<usize>, Wrong> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |digits: &str, absent| if digits.is_empty() { Ok(absent) } else { digits.parse::<usize>() };
    let wrong = || format!("invalid field value '{text}'");
    let first = number(first, 1).map_err(|_| wrong())?;
    let last = number(last, usize::MAX).map_err(|_| wrong())?;
    match text {
        "" | "-" => Err("invalid range with no endpoint: -".to_owned()),
        _ if first == 0 || last == 0 => Err("fields are numbered from 1".to_owned()),
        _ if first > last => Err("invalid decreasing range".to_owned()),
        _ => Ok(first..=last),
    }
}

struct Cut {
    ranges: Vec<RangeInclusive<usize>>,
    delimiter: char,
    is_in_bytes: bool,
    /// Whether lines without the delimiter are left out.
    needs_delimiter: bool,
}

impl Cut {
    fn has(&self, place: usize) -> bool {
        self.ranges.iter().any(|range| range.contains(&(place + 1)))
    }
}

impl Filter for Cut {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        let line = bare(line);
        if self.is_in_bytes {
            let bytes = bytes_of(line);
            let wanted = bytes.iter().enumerate().filter(|(place, _)| self.has(*place));
            *out += &text_of(&wanted.map(|(_, byte)| *byte).collect::<Vec<u8>>());
        } else if line.contains(self.delimiter) {
            let fields = line.split(self.delimiter).enumerate().filter(|(place, _)| self.has(*place));
            for (nth, (_, field)) in fields.enumerate() {
                if nth > 0 {
                    out.push(self.delimiter);
                }
                out.push_str(field);
            }
        } else if self.needs_delimiter {
            return Next::More;
        } else {
            out.push_str(line);
        }
        out.push('\n');
        Next::More
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }
}
