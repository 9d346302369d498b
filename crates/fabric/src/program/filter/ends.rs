//! cat, tee, head, tail and wc: text as it is, its beginning, its end, and how much it is.

use super::super::options::Arg;
use super::{Filter, KEPT_BYTES_MAX, Next, Wanted, Wrong, exhausted, has, operands, value};
use crate::text::{bytes_of, text_of, width};
use std::collections::VecDeque;

/// cat(1).
pub(super) fn cat<'a>(args: &[Arg<'a>]) -> Wanted<'a> {
    (Box::new(Cat), operands(args))
}

/// tee(1), where there are no files to be written.
pub(super) fn tee<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    match operands(args).into_iter().find(|file| *file != "/dev/null") {
        Some(file) => Err(format!("{file}: not simulated by weir")),
        None => Ok((Box::new(Cat), Vec::new())),
    }
}

struct Cat;

impl Filter for Cat {
    fn take(&mut self, text: &str, out: &mut String) -> Next {
        out.push_str(text);
        Next::More
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }

    fn takes_pieces(&self) -> bool {
        true
    }
}

/// head(1): `-n` lines, or `-c` bytes.
pub(super) fn head<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let head = match (value(args, 'c'), value(args, 'n')) {
        (Some(bytes), _) => Head { left: count(bytes, "bytes")?, is_in_bytes: true },
        (None, Some(lines)) => Head { left: count(lines, "lines")?, is_in_bytes: false },
        (None, None) => Head { left: 10, is_in_bytes: false },
    };
    Ok((Box::new(head), operands(args)))
}

fn count(text: &str, what: &str) -> Result<usize, Wrong> {
    if text.starts_with('-') && text[1..].parse::<usize>().is_ok() {
        return Err(format!("{text}: not simulated by weir"));
    }
    text.parse().map_err(|_| format!("invalid number of {what}: '{text}'"))
}

struct Head {
    /// How much is still to be printed.
    left: usize,
    is_in_bytes: bool,
}

impl Filter for Head {
    fn take(&mut self, text: &str, out: &mut String) -> Next {
        if self.left == 0 {
            return Next::Exit(0);
        }
        if self.is_in_bytes {
            let bytes = bytes_of(text);
            let cut = self.left.min(bytes.len());
            out.push_str(&text_of(&bytes[..cut]));
            self.left -= cut;
        } else {
            out.push_str(text);
            self.left -= 1;
        }
        if self.left == 0 { Next::Exit(0) } else { Next::More }
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }

    fn takes_pieces(&self) -> bool {
        self.is_in_bytes
    }
}

/// tail(1): the last `-n` lines, or with a `+` those from there on.
pub(super) fn tail<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let text = value(args, 'n').unwrap_or("10");
    let filter: Box<dyn Filter> = match text.strip_prefix('+') {
        Some(from) => Box::new(From { skipped: count(from, "lines")?.saturating_sub(1) }),
        None => {
            let most = count(text.strip_prefix('-').unwrap_or(text), "lines")?;
            Box::new(Tail { most, lines: VecDeque::new(), bytes: 0 })
        }
    };
    Ok((filter, operands(args)))
}

struct From {
    /// How many lines are still to be passed over.
    skipped: usize,
}

impl Filter for From {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        if self.skipped == 0 {
            out.push_str(line);
        }
        self.skipped = self.skipped.saturating_sub(1);
        Next::More
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }
}

struct Tail {
    most: usize,
    lines: VecDeque<String>,
    /// How many bytes the lines take.
    bytes: usize,
}

impl Filter for Tail {
    fn take(&mut self, line: &str, _: &mut String) -> Next {
        self.lines.push_back(line.to_owned());
        self.bytes += line.len() + size_of::<String>();
        if self.lines.len() > self.most {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len() + size_of::<String>());
        }
        if self.bytes > KEPT_BYTES_MAX { exhausted() } else { Next::More }
    }

    fn end(&mut self, out: &mut String) -> Next {
        out.extend(self.lines.drain(..));
        Next::Exit(0)
    }
}

/// wc(1): lines, words, characters and bytes, in this order.
pub(super) fn wc<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let files = operands(args);
    let wants = ['l', 'w', 'm', 'c'].map(|option| has(args, option));
    let wants = if wants.contains(&true) { wants } else { [true, true, false, true] };
    let name = files.first().map(|name| (*name).to_owned());
    Ok((Box::new(Wc { wants, counts: [0; 4], is_in_word: false, name }), files))
}

struct Wc {
    wants: [bool; 4],
    counts: [usize; 4],
    is_in_word: bool,
    /// The operand, if there is one.
    name: Option<String>,
}

impl Filter for Wc {
    fn take(&mut self, text: &str, _: &mut String) -> Next {
        for letter in text.chars() {
            let is_begin = !letter.is_whitespace() && !self.is_in_word;
            self.is_in_word = !letter.is_whitespace();
            let counted = [usize::from(letter == '\n'), usize::from(is_begin), 1, width(letter)];
            self.counts.iter_mut().zip(counted).for_each(|(count, counted)| *count += counted);
        }
        Next::More
    }

    fn end(&mut self, out: &mut String) -> Next {
        let wanted = self.counts.iter().zip(self.wants).filter(|(_, is_wanted)| *is_wanted);
        let wanted: Vec<usize> = wanted.map(|(count, _)| *count).collect();
        // GNU takes as much room as the size of a file needs; that of standard input is not known before.
        let width = match self.name.as_deref() {
            _ if wanted.len() == 1 => 1,
            None | Some("-") => 7,
            Some(_) => self.counts[3].to_string().len(),
        };
        let counts: Vec<String> = wanted.iter().map(|count| format!("{count:width$}")).collect();
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        *out += &format!("{}{name}\n", counts.join(" "));
        Next::Exit(0)
    }

    fn takes_pieces(&self) -> bool {
        true
    }
}
