//! sed, of which only the command `s`.
//!
//! Source: POSIX.1-2017, `sed`; GNU sed 4.8 for its messages, `-E` and the flag `i`.

use super::super::OUTPUT_BYTES_MAX;
use super::super::options::Arg;
use super::pattern::{self, PATTERNS_MAX, Pattern, Syntax};
use super::{Filter, Next, Wanted, Wrong, exhausted, has, scripts};
use std::iter::Peekable;
use std::str::Chars;

/// sed(1): `-n` prints only what the flag `p` tells to, `-E` and `-r` are for extended patterns, `-e` for scripts.
pub(super) fn sed<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let (scripts, files) = scripts(args).ok_or("no script is given")?;
    let syntax = if has(args, 'E') || has(args, 'r') { Syntax::Extended } else { Syntax::Basic };
    let script = scripts.join("\n");
    let mut letters = script.chars().peekable();
    let mut commands = Vec::new();
    while let Some(first) = letters.next() {
        match first {
            ' ' | '\t' | ';' | '\n' => {}
            's' if commands.len() >= PATTERNS_MAX => {
                return Err(format!("more than {PATTERNS_MAX} commands: not simulated by weir"));
            }
            's' => commands.push(Substitute::read(&mut letters, syntax)?),
            other => return Err(format!("-e: `{other}': not simulated by weir")),
        }
    }
    Ok((Box::new(Sed { commands, is_quiet: has(args, 'n'), begun: None }), files))
}

struct Sed {
    commands: Vec<Substitute>,
    /// Whether lines are printed only where that is told.
    is_quiet: bool,
    /// The line that it has not done with.
    begun: Option<Begun>,
}

/// A line, and how far it has got with it.
struct Begun {
    text: String,
    end: &'static str,
    /// The command that is at work, and what it has made.
    command: usize,
    edit: Edit,
}

/// What a command has made of a line.
#[derive(Default)]
struct Edit {
    made: String,
    /// Up to where the line has been copied, and from where on the next match is looked for.
    copied: usize,
    at: usize,
    /// Where the last match ended.
    last_end: Option<usize>,
}

/// `s/PATTERN/TEXT/FLAGS`.
struct Substitute {
    pattern: Pattern,
    text: Vec<Piece>,
    is_global: bool,
    prints: bool,
}

/// A piece of what stands for a match.
enum Piece {
    Text(String),
    /// A group of the match; 0 is all of it.
    Group(usize),
}

impl Substitute {
    /// Reads a command behind its `s`.
    fn read(letters: &mut Peekable<Chars>, syntax: Syntax) -> Result<Substitute, Wrong> {
        let unterminated = || "-e: unterminated `s' command".to_owned();
        let mark = letters.next().filter(|mark| !matches!(mark, '\n' | '\\')).ok_or_else(unterminated)?;
        let pattern = up_to(mark, letters, true).ok_or_else(unterminated)?;
        let text = up_to(mark, letters, false).ok_or_else(unterminated)?;
        let (mut is_global, mut prints, mut ignores_case) = (false, false, false);
        while let Some(flag) = letters.next_if(|letter| !matches!(letter, ';' | '\n')) {
            match flag {
                'g' => is_global = true,
                'p' => prints = true,
                'i' | 'I' => ignores_case = true,
                ' ' => {}
                other => return Err(format!("-e: `{other}' behind `s': not simulated by weir")),
            }
        }
        if pattern.is_empty() {
            return Err("-e: `s' without a pattern: not simulated by weir".to_owned());
        }
        let pattern =
            Pattern::new(&pattern, syntax, ignores_case).map_err(|message| format!("-e: {message}"))?;
        let text = pieces(&text)?;
        let most = text.iter().map(|piece| if let Piece::Group(group) = piece { *group } else { 0 }).max();
        match most.filter(|most| *most >= pattern.group_count()) {
            Some(most) => Err(format!("-e: invalid reference \\{most} on `s' command's RHS")),
            None => Ok(Substitute { pattern, text, is_global, prints }),
        }
    }

    /// Looks for the next match in a line, and makes of it what it is to make; true if that was the last.
    fn step(&mut self, line: &str, edit: &mut Edit) -> Result<bool, Next> {
        let found = match edit.at <= line.len() {
            true => self.pattern.find(line, edit.at).map_err(Next::Fail)?,
            false => None,
        };
        let Some(found) = found else {
            edit.made.push_str(&line[edit.copied..]);
            return Ok(true);
        };
        let next = line[found.end..].chars().next().map_or(1, char::len_utf8);
        // Nothing is found right behind a match.
        if found.is_empty() && edit.last_end == Some(found.end) {
            edit.at = found.end + next;
            return Ok(false);
        }
        edit.made.push_str(&line[edit.copied..found.start]);
        self.write(line, &found, &mut edit.made);
        if edit.made.len() > OUTPUT_BYTES_MAX {
            return Err(exhausted());
        }
        (edit.copied, edit.last_end) = (found.end, Some(found.end));
        edit.at = match self.is_global {
            true => found.end + if found.is_empty() { next } else { 0 },
            false => usize::MAX,
        };
        Ok(false)
    }

    /// Writes what stands for a match.
    fn write(&mut self, line: &str, found: &std::ops::Range<usize>, made: &mut String) {
        let has_groups = self.text.iter().any(|piece| matches!(piece, Piece::Group(1..)));
        let groups = if has_groups { self.pattern.groups(line, found) } else { vec![&line[found.clone()]] };
        for piece in &self.text {
            match piece {
                Piece::Text(text) => made.push_str(text),
                Piece::Group(group) => made.push_str(groups.get(*group).copied().unwrap_or_default()),
            }
        }
    }
}

/// The text up to a mark, which is taken too; `None` if there is none. Behind a backslash the mark stands for itself, and in
/// a pattern `n`, `t` and `r` for what they do in C, also between brackets.
fn up_to(mark: char, letters: &mut Peekable<Chars>, is_pattern: bool) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            letter if letter == mark => return Some(text),
            '\\' => match letters.next()? {
                escaped if escaped == mark => text.push(mark),
                'n' if is_pattern => text.push('\n'),
                't' if is_pattern => text.push('\t'),
                'r' if is_pattern => text.push('\r'),
                escaped => text.extend(['\\', escaped]),
            },
            letter => text.push(letter),
        }
    }
}

/// The pieces of what stands for a match: `&`, `\1` to `\9`, and text.
fn pieces(text: &str) -> Result<Vec<Piece>, Wrong> {
    let (mut pieces, mut plain, mut letters) = (Vec::new(), String::new(), text.chars());
    while let Some(letter) = letters.next() {
        let group = match letter {
            '&' => 0,
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => digit as usize - '0' as usize,
                Some(escaped) => {
                    plain.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        letter if letter.is_ascii_alphabetic() => {
                            return Err(format!("-e: `\\{letter}': not simulated by weir"));
                        }
                        letter => letter,
                    });
                    continue;
                }
                None => continue,
            },
            letter => {
                plain.push(letter);
                continue;
            }
        };
        pieces.extend([Piece::Text(std::mem::take(&mut plain)), Piece::Group(group)]);
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}

impl Filter for Sed {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        let (text, end) = match line.strip_suffix('\n') {
            Some(text) => (text.to_owned(), "\n"),
            None => (line.to_owned(), ""),
        };
        self.begun = Some(Begun { text, end, command: 0, edit: Edit::default() });
        self.go_on(out)
    }

    fn go_on(&mut self, out: &mut String) -> Next {
        let Some(mut begun) = self.begun.take() else { return Next::More };
        loop {
            if pattern::are_spent(self.commands.iter().map(|command| &command.pattern)) {
                self.begun = Some(begun);
                return Next::Pause;
            }
            let Some(command) = self.commands.get_mut(begun.command) else { break };
            match command.step(&begun.text, &mut begun.edit) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(next) => return next,
            }
            let edit = std::mem::take(&mut begun.edit);
            if edit.last_end.is_some() {
                begun.text = edit.made;
                if command.prints {
                    *out += &format!("{}\n", begun.text);
                }
            }
            begun.command += 1;
        }
        if !self.is_quiet {
            *out += &format!("{}{}", begun.text, begun.end);
        }
        Next::More
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn searched(&mut self) -> usize {
        self.commands.iter_mut().map(|command| command.pattern.searched()).sum()
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }
}
