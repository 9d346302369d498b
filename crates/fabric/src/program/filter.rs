//! Programs that read text and print what they make of it: `cat`, `head`, `tail`, `wc`, `grep`, `sed`, `sort`, `uniq`, `cut`
//! and `tr`.
//!
//! They read standard input as it comes, or a file that the host has. What they keep is bounded; who has read enough ends.
//! Source: POSIX.1-2017, Utilities; messages and the options that it does not have are those of GNU (coreutils 8.32, grep
//! 3.8, sed 4.8). Options that are not simulated are refused by name.

use super::options::{self, Arg, BadOption};
use super::plain;
use super::{Cx, INTERRUPTED, Input, OUTPUT_BYTES_MAX, Program, Started, Step};
use crate::host::Machine;
use std::collections::VecDeque;
use weir_model::Nanos;

mod ends;
mod fields;
mod grep;
mod order;
mod pattern;
mod sed;
mod translate;

pub(super) use pattern::{Pattern, Syntax};
pub(super) use translate::CLASSES;

/// Most bytes that a filter keeps: a line that has not ended, the lines to be sorted, the last ones for `tail`.
const KEPT_BYTES_MAX: usize = OUTPUT_BYTES_MAX;

/// How much text a slow filter searches before it lets time go on, and how much then passes, in nanoseconds.
const SLOW_BYTES: usize = 16 * 1024;
const REST_NS: u64 = 1_000_000;

/// What reads text, a line at a time.
trait Filter: Send {
    /// Takes a line with its end, if it has one; or any piece of text if it [`Filter::takes_pieces`].
    fn take(&mut self, line: &str, out: &mut String) -> Next;

    /// Goes on with a line after a [`Next::Pause`].
    fn go_on(&mut self, _: &mut String) -> Next {
        Next::More
    }

    /// Says the rest once there is no more, and how it ended.
    fn end(&mut self, out: &mut String) -> Next;

    /// Whether it takes long for a line: then it takes so much text at one time, and rests after it.
    fn is_slow(&self) -> bool {
        false
    }

    /// How many bytes it has searched since it was asked last, those counted again that are searched again.
    fn searched(&mut self) -> usize {
        0
    }

    /// Whether lines are nothing to it.
    fn takes_pieces(&self) -> bool {
        false
    }
}

/// How a filter goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    More,
    /// It has searched much, and has not done with the line: after a rest it goes on.
    Pause,
    /// It ends, and reads no more.
    Exit(i32),
    /// It fails with a message.
    Fail(String),
}

/// A filter as its arguments make it, and the files that it reads.
type Wanted<'a> = (Box<dyn Filter>, Vec<&'a str>);

/// The message about wrong arguments, without the name of the program.
type Wrong = String;

/// The exit code of a filter that was asked for what it cannot do.
fn failure_of(name: &str) -> i32 {
    if matches!(name, "grep" | "sed" | "sort") { 2 } else { 1 }
}

/// Starts a filter.
pub(super) fn start(name: &str, args: &[String], machine: &Machine) -> Started {
    let known = match name {
        "cut" => "c:d:f:s",
        "grep" => "EFce:him:noqvx",
        "head" => "c:n:q",
        "sed" => "Ee:nr",
        "sort" => "nru",
        "tail" => "n:q",
        "tee" => "ai",
        "tr" => "Ccds",
        "uniq" => "cdu",
        "wc" => "clmw",
        _ => "u",
    };
    let args = if matches!(name, "head" | "tail") { with_count(args) } else { args.to_vec() };
    let wanted = options::parse(&args, known).map_err(|error| refused(error, &args));
    let wanted = wanted.and_then(|args| match name {
        "cut" => fields::cut(&args),
        "grep" => grep::grep(&args),
        "head" => ends::head(&args),
        "sed" => sed::sed(&args),
        "sort" => order::sort(&args),
        "tail" => ends::tail(&args),
        "tee" => ends::tee(&args),
        "tr" => translate::tr(&args),
        "uniq" => order::uniq(&args),
        "wc" => ends::wc(&args),
        _ => Ok(ends::cat(&args)),
    });
    let code = failure_of(name);
    let (filter, files) = match wanted {
        Ok((_, files)) if files.len() > 1 && name != "cat" => {
            return Started::failed(format!("{name}: more than one file: not simulated by weir\n"), code);
        }
        Ok(wanted) => wanted,
        Err(message) => return Started::failed(format!("{name}: {message}\n"), code),
    };
    let is_input = files.is_empty();
    let sources = files.iter().map(|path| Source::of(path, name, machine));
    let sources = sources.chain(is_input.then_some(Source::Input)).collect();
    let name = name.to_owned();
    Started::Running(Box::new(Lines {
        name,
        filter,
        sources,
        begun: String::new(),
        is_paused: false,
        searched: 0,
        rests_until: Nanos(0),
        ended: None,
        code: 0,
        is_interrupted: false,
    }))
}

/// `head -5` and `tail -5` are `-n 5`.
fn with_count(args: &[String]) -> Vec<String> {
    let mut read: Vec<String> = Vec::new();
    for arg in args {
        let digits = arg.strip_prefix('-').filter(|digits| digits.parse::<usize>().is_ok());
        let is_value = read.last().is_some_and(|before| matches!(before.as_str(), "-n" | "-c"));
        match digits.filter(|_| !is_value) {
            Some(digits) => read.extend(["-n".to_owned(), digits.to_owned()]),
            None => read.push(arg.clone()),
        }
    }
    read
}

fn refused(error: BadOption, args: &[String]) -> Wrong {
    match error {
        BadOption::NoValue(option) => format!("option requires an argument -- '{option}'"),
        BadOption::Unknown('-') => {
            let long = args.iter().find(|arg| arg.starts_with("--")).map_or("--", String::as_str);
            format!("{long}: not simulated by weir")
        }
        BadOption::Unknown(option) => format!("-{option}: not simulated by weir"),
    }
}

/// The operands among arguments.
fn operands<'a>(args: &[Arg<'a>]) -> Vec<&'a str> {
    let operand = |arg: &Arg<'a>| match arg {
        Arg::Operand(text) => Some(*text),
        _ => None,
    };
    args.iter().filter_map(operand).collect()
}

/// The values of `-e`, or without any the first operand; and the other operands. `None` if there is neither.
fn scripts<'a>(args: &[Arg<'a>]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let given = args.iter().filter_map(|arg| match arg {
        Arg::Value('e', text) => Some(*text),
        _ => None,
    });
    let (given, operands) = (given.collect::<Vec<_>>(), operands(args));
    match (given.is_empty(), operands.split_first()) {
        (false, _) => Some((given, operands)),
        (true, Some((first, files))) => Some((vec![*first], files.to_vec())),
        (true, None) => None,
    }
}

/// Whether an option is given.
fn has(args: &[Arg], option: char) -> bool {
    args.contains(&Arg::Flag(option))
}

/// The value of an option, the last if there are several.
fn value<'a>(args: &[Arg<'a>], option: char) -> Option<&'a str> {
    let value = |arg: &Arg<'a>| match arg {
        Arg::Value(known, value) if *known == option => Some(*value),
        _ => None,
    };
    args.iter().rev().find_map(value)
}

/// A line without its end.
fn bare(line: &str) -> &str {
    line.strip_suffix('\n').unwrap_or(line)
}

/// What a filter reads.
enum Source {
    Input,
    File(String),
    /// A file that is not there: the message.
    Missing(String),
}

impl Source {
    fn of(path: &str, name: &str, machine: &Machine) -> Source {
        if path == "-" {
            return Source::Input;
        }
        plain::file(path, machine).map_or_else(
            || {
                let what = match name {
                    "head" | "tail" => format!("cannot open '{path}' for reading"),
                    "sort" => format!("cannot read: {path}"),
                    "sed" => format!("can't read {path}"),
                    _ => path.to_owned(),
                };
                let reason = match plain::kind(path, machine) {
                    Ok(plain::Kind::Absent) => "No such file or directory",
                    Ok(plain::Kind::Folder) => "Is a directory",
                    _ => "not simulated by weir",
                };
                Source::Missing(format!("{name}: {what}: {reason}\n"))
            },
            Source::File,
        )
    }
}

/// A running filter.
struct Lines {
    name: String,
    filter: Box<dyn Filter>,
    sources: VecDeque<Source>,
    /// What the filter has not taken: a line that has not ended, or lines behind one that it has not done with.
    begun: String,
    is_paused: bool,
    /// How much it has searched since it rested, and until when it rests.
    searched: usize,
    rests_until: Nanos,
    /// How it ends after its rest.
    ended: Option<i32>,
    /// The exit code that it has at least.
    code: i32,
    is_interrupted: bool,
}

impl Lines {
    /// What has come on standard input, or as much of it as is done at one time; and whether that is all there will be.
    fn input(&self, input: &mut Input) -> (String, bool) {
        let most = if self.filter.is_slow() { SLOW_BYTES } else { usize::MAX };
        let rest = input.text.split_off(input.text.floor_char_boundary(most));
        let text = std::mem::replace(&mut input.text, rest);
        (text, input.is_over && input.text.is_empty())
    }

    /// Rests if it has searched enough: the longer, the more that was.
    fn rest(&mut self, now: Nanos) {
        self.searched = self.searched.saturating_add(self.filter.searched());
        if self.searched >= SLOW_BYTES {
            self.rests_until = now.plus(REST_NS.saturating_mul((self.searched / SLOW_BYTES) as u64));
            self.searched %= SLOW_BYTES;
        }
    }

    /// Feeds the filter with what can be read now.
    fn read(&mut self, cx: &mut Cx, out: &mut String) -> Next {
        if self.is_paused {
            let next = match self.filter.go_on(out) {
                Next::More => self.feed(String::new(), out),
                next => next,
            };
            if next != Next::More {
                return next;
            }
            self.is_paused = false;
        }
        while let Some(source) = self.sources.pop_front() {
            let is_input = matches!(source, Source::Input);
            let (text, is_over) = match source {
                Source::Input => self.input(cx.input),
                Source::File(text) => (text, true),
                Source::Missing(message) => {
                    cx.terminal.complain(&message);
                    self.code = failure_of(&self.name);
                    // Only cat goes on with the next.
                    if self.name != "cat" {
                        return Next::Exit(self.code);
                    }
                    (String::new(), true)
                }
            };
            let next = self.feed(text, out);
            self.is_paused = next == Next::Pause;
            if self.is_paused && is_input {
                self.sources.push_front(Source::Input);
            }
            if next != Next::More {
                return next;
            }
            if is_input && !is_over {
                self.sources.push_front(Source::Input);
                return Next::More;
            }
        }
        let rest = std::mem::take(&mut self.begun);
        let next = if rest.is_empty() { Next::More } else { self.filter.take(&rest, out) };
        self.is_paused = next == Next::Pause;
        if next == Next::More { self.filter.end(out) } else { next }
    }

    fn feed(&mut self, text: String, out: &mut String) -> Next {
        let text = if self.begun.is_empty() { text } else { std::mem::take(&mut self.begun) + &text };
        let mut rest = text.as_str();
        while let Some(end) = rest.find('\n') {
            let (line, after) = rest.split_at(end + 1);
            let next = self.filter.take(line, out);
            if next != Next::More {
                self.begun = after.to_owned();
                return next;
            }
            if out.len() > OUTPUT_BYTES_MAX {
                return exhausted();
            }
            rest = after;
        }
        if self.filter.takes_pieces() && !rest.is_empty() {
            return self.filter.take(rest, out);
        }
        self.begun = rest.to_owned();
        if self.begun.len() > KEPT_BYTES_MAX { exhausted() } else { Next::More }
    }
}

fn exhausted() -> Next {
    Next::Fail("memory exhausted".to_owned())
}

impl Program for Lines {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        if cx.now < self.rests_until {
            return Step::Wait(Some(self.rests_until));
        }
        if let Some(code) = self.ended {
            return Step::Exit(code);
        }
        let mut out = String::new();
        let next = self.read(cx, &mut out);
        cx.terminal.print(&out);
        self.rest(cx.now);
        let rests_until = (cx.now < self.rests_until).then_some(self.rests_until);
        let code = match next {
            Next::More if cx.input.text.is_empty() => return Step::Wait(None),
            Next::More | Next::Pause => return Step::Wait(rests_until.or(Some(cx.now))),
            Next::Exit(code) => code.max(self.code),
            Next::Fail(message) => {
                cx.terminal.complain(&format!("{}: {message}\n", self.name));
                failure_of(&self.name)
            }
        };
        self.ended = Some(code);
        rests_until.map_or(Step::Exit(code), |until| Step::Wait(Some(until)))
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }
}
