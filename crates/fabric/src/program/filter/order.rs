//! sort and uniq: lines in order, and without those that are alike.
//!
//! Lines are compared by their bytes, as in the POSIX locale.

use super::super::options::Arg;
use super::{Filter, KEPT_BYTES_MAX, Next, Wanted, Wrong, bare, exhausted, has, operands};
use std::cmp::Ordering;

/// sort(1): `-n` by the number at the beginning, `-r` backwards, `-u` one of those that are equal.
pub(super) fn sort<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let [is_numeric, is_reverse, is_unique] = ['n', 'r', 'u'].map(|option| has(args, option));
    let sort = Sort { is_numeric, is_reverse, is_unique, lines: Vec::new(), bytes: 0 };
    Ok((Box::new(sort), operands(args)))
}

struct Sort {
    is_numeric: bool,
    is_reverse: bool,
    is_unique: bool,
    lines: Vec<String>,
    /// How many bytes the lines take.
    bytes: usize,
}

impl Sort {
    /// By the key alone: equal lines of `-n` may differ.
    fn keys(&self, one: &str, other: &str) -> Ordering {
        if self.is_numeric { Number::of(one).compare(&Number::of(other)) } else { one.cmp(other) }
    }
}

impl Filter for Sort {
    fn take(&mut self, line: &str, _: &mut String) -> Next {
        self.lines.push(bare(line).to_owned());
        self.bytes += line.len() + size_of::<String>();
        if self.bytes > KEPT_BYTES_MAX { exhausted() } else { Next::More }
    }

    fn end(&mut self, out: &mut String) -> Next {
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_by(|one, other| {
            let order = self.keys(one, other);
            // Equal keys are compared as whole lines, unless one of them goes anyway: then the first stays.
            let order = if self.is_unique { order } else { order.then_with(|| one.cmp(other)) };
            if self.is_reverse { order.reverse() } else { order }
        });
        if self.is_unique {
            lines.dedup_by(|next, kept| self.keys(next, kept).is_eq());
        }
        for line in lines {
            out.push_str(&line);
            out.push('\n');
        }
        Next::Exit(0)
    }
}

/// The number at the beginning of a line: blanks, a minus, digits, and a point with digits. Without one it is 0.
struct Number<'a> {
    is_negative: bool,
    whole: &'a str,
    part: &'a str,
}

impl<'a> Number<'a> {
    fn of(line: &'a str) -> Number<'a> {
        let line = line.trim_start_matches([' ', '\t']);
        let (is_negative, line) = line.strip_prefix('-').map_or((false, line), |rest| (true, rest));
        let digits = |text: &'a str| {
            let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            text.split_at(end)
        };
        let (whole, rest) = digits(line);
        let part = rest.strip_prefix('.').map_or("", |rest| digits(rest).0);
        let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        Number { is_negative: is_negative && !(whole.is_empty() && part.is_empty()), whole, part }
    }

    fn compare(&self, other: &Number) -> Ordering {
        let size = (self.whole.len(), self.whole, self.part);
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size.cmp(&(other.whole.len(), other.whole, other.part)),
            (true, true) => (other.whole.len(), other.whole, other.part).cmp(&size),
        }
    }
}

/// uniq(1): one of lines that are alike and follow each other; `-c` with how many there are, `-d` only of several, `-u` only
/// those that are alone.
pub(super) fn uniq<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let [counts, wants_several, wants_alone] = ['c', 'd', 'u'].map(|option| has(args, option));
    let uniq = Uniq { counts, wants_several, wants_alone, last: None };
    Ok((Box::new(uniq), operands(args)))
}

struct Uniq {
    counts: bool,
    wants_several: bool,
    wants_alone: bool,
    /// The line before, and how many there were of it.
    last: Option<(String, usize)>,
}

impl Uniq {
    fn print(&mut self, out: &mut String) {
        let Some((line, count)) = self.last.take() else { return };
        let is_left_out = if count > 1 { self.wants_alone } else { self.wants_several };
        if is_left_out {
            return;
        }
        if self.counts {
            *out += &format!("{count:7} ");
        }
        out.push_str(&line);
        out.push('\n');
    }
}

impl Filter for Uniq {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        let line = bare(line);
        match &mut self.last {
            Some((last, count)) if last == line => *count += 1,
            _ => {
                self.print(out);
                self.last = Some((line.to_owned(), 1));
            }
        }
        Next::More
    }

    fn end(&mut self, out: &mut String) -> Next {
        self.print(out);
        Next::Exit(0)
    }
}
