//! What only a shell itself can do.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.14 (special built-in utilities), and `read`.

use super::super::{Cx, NOT_SIMULATED, Output, PROGRAMS};
use super::expand::{Expanded, Failure, Parameters, Stop, Walk};
use super::run::Frame;
use super::script::name;
use super::separators::{Separator, Separators};
use super::{SYNTAX_ERROR, Sh, Streams, pass_on};
use std::sync::Arc;

/// Words that begin or end commands (bash(1), RESERVED WORDS).
const KEYWORDS: [&str; 17] = [
    "!", "[[", "]]", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "then",
    "until", "while", "{",
];

/// What the shell itself does.
const OWN: [&str; 22] = [
    ":", "[", "break", "command", "continue", "echo", "exec", "exit", "export", "false", "let", "local",
    "printf", "read", "return", "set", "shift", "test", "true", "type", "unset", "wait",
];

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Keyword,
    Function,
    Own,
    Program,
    NotSimulated,
    Nothing,
}

impl Kind {
    /// The word that bash has for it, if it is something.
    fn word(self) -> Option<&'static str> {
        match self {
            Kind::Keyword => Some("keyword"),
            Kind::Function => Some("function"),
            Kind::Own => Some("builtin"),
            Kind::Program => Some("file"),
            Kind::NotSimulated | Kind::Nothing => None,
        }
    }
}

/// What became of a command.
pub(super) enum Own {
    /// It is none of the shell's own.
    No,
    /// It ended with this code, which counts as that of any command.
    Ended(i32),
    /// The script is over, or a function; the code is set.
    Exited,
    /// It waits for its input.
    Waits,
}

impl Sh {
    /// Does what only the shell itself can.
    ///
    /// # Errors
    /// There is no room for a variable.
    pub(super) fn own(&mut self, expanded: &Expanded, streams: Streams, cx: &mut Cx) -> Result<Own, Failure> {
        let words: Vec<&str> = expanded.words.iter().map(String::as_str).collect();
        let code = match words.as_slice() {
            [":", ..] => 0,
            ["exit"] => return Ok(self.exit(self.code)),
            ["exit", code, more @ ..] => match (code.parse::<i64>(), more) {
                // Of a greater number only the low eight bits are left (exit(3)).
                (Ok(code), []) => return Ok(self.exit((code & 0xff) as i32)),
                (Ok(_), _) => {
                    let code = self.complain("exit: too many arguments", 1, streams, cx);
                    return Ok(self.exit(code));
                }
                (Err(_), _) => {
                    let text = format!("exit: {code}: numeric argument required");
                    let code = self.complain(&text, SYNTAX_ERROR, streams, cx);
                    return Ok(self.exit(code));
                }
            },
            ["return", code @ ..] => {
                if self.return_from(code, streams, cx) {
                    return Ok(Own::Exited);
                }
                let text = "return: can only `return' from a function or sourced script";
                self.complain(text, SYNTAX_ERROR, streams, cx)
            }
            ["local", words @ ..] => self.local(words, streams, cx)?,
            ["set", options @ ..] => self.set(options, streams, cx),
            ["shift", count @ ..] => self.shift(count, streams, cx),
            [name @ ("export" | "unset"), words @ ..] => return self.change(name, words, streams, cx),
            [name @ ("break" | "continue"), count @ ..] => self.leave_loops(name, count, streams, cx),
            // There are none to wait for.
            ["wait"] => 0,
            ["let", sums @ ..] => self.calculate_all(sums, streams, cx)?,
            ["command", "-v", names @ ..] => self.show_kinds(("command", false), names, streams, cx),
            ["command", "-V", names @ ..] => self.show_kinds(("command", true), names, streams, cx),
            ["type", "-t", names @ ..] => self.show_words(names, streams, cx),
            ["type" | "command", option, ..] if option.starts_with('-') => {
                let text = format!("{}: {option}: not simulated by weir", words[0]);
                self.complain(&text, SYNTAX_ERROR, streams, cx)
            }
            ["type", names @ ..] => self.show_kinds(("type", true), names, streams, cx),
            ["read", args @ ..] => return self.read(args, &expanded.assignments, streams, cx),
            _ => return Ok(Own::No),
        };
        Ok(Own::Ended(code))
    }

    /// `let`: expressions, of which the last says how it ends.
    fn calculate_all(&mut self, sums: &[&str], streams: Streams, cx: &mut Cx) -> Result<i32, Failure> {
        if sums.is_empty() {
            return Ok(self.complain("let: expression expected", 1, streams, cx));
        }
        let mut code = 1;
        for text in sums {
            let calculated = self.expanded(&[], |values| {
                let mut walk = Walk::new(values);
                Ok((walk.sum(text)?, walk.end(Vec::new())))
            });
            let (sum, expanded) = match calculated {
                Ok(calculated) => calculated,
                Err(Stop::Failure(Failure::NoSum(message))) => {
                    return Ok(self.complain(&format!("let: {message}"), 1, streams, cx));
                }
                Err(Stop::Failure(failure)) => return Err(failure),
                // An expression has no commands in it.
                Err(Stop::Output(..)) => return Ok(1),
            };
            self.set_all(&expanded.defaults)?;
            code = i32::from(sum == 0);
        }
        Ok(code)
    }

    /// `command -v`, and with sentences `command -V` and `type`: what names stand for.
    fn show_kinds(
        &self,
        (command, has_sentences): (&str, bool),
        names: &[&str],
        streams: Streams,
        cx: &mut Cx,
    ) -> i32 {
        let mut output = Output::default();
        let mut code = 0;
        for name in names {
            let path = format!("/usr/bin/{name}");
            let (shown, sentence) = match self.kind(name) {
                Kind::Keyword => (*name, format!("{name} is a shell keyword")),
                Kind::Function => (*name, format!("{name} is a function")),
                Kind::Own => (*name, format!("{name} is a shell builtin")),
                Kind::Program => (path.as_str(), format!("{name} is {path}")),
                kind => {
                    code = 1;
                    let what = if kind == Kind::NotSimulated { "not simulated by weir" } else { "not found" };
                    if kind == Kind::NotSimulated || has_sentences {
                        output.stderr += &format!("bash: line {}: {command}: {name}: {what}\n", self.line);
                    }
                    continue;
                }
            };
            output.stdout += &format!("{}\n", if has_sentences { &sentence } else { shown });
        }
        pass_on(output, streams, cx);
        code
    }

    /// `type -t`: what names stand for, in a word each.
    fn show_words(&self, names: &[&str], streams: Streams, cx: &mut Cx) -> i32 {
        let words: Vec<&str> = names.iter().filter_map(|name| self.kind(name).word()).collect();
        let stdout = words.iter().map(|word| format!("{word}\n")).collect();
        pass_on(Output { stdout, ..Output::default() }, streams, cx);
        i32::from(words.len() < names.len())
    }

    fn kind(&self, name: &str) -> Kind {
        match name {
            _ if KEYWORDS.contains(&name) => Kind::Keyword,
            _ if self.function(name).is_some() => Kind::Function,
            _ if OWN.contains(&name) => Kind::Own,
            _ if PROGRAMS.contains(&name) => Kind::Program,
            _ if NOT_SIMULATED.contains(&name) => Kind::NotSimulated,
            _ => Kind::Nothing,
        }
    }

    fn exit(&mut self, code: i32) -> Own {
        self.end_script();
        self.code = code;
        Own::Exited
    }

    /// Complains as bash does, and fails.
    pub(super) fn complain(&self, message: &str, code: i32, streams: Streams, cx: &mut Cx) -> i32 {
        let stderr = format!("bash: line {}: {message}\n", self.line);
        pass_on(Output { stderr, ..Output::default() }, streams, cx);
        code
    }

    fn set(&mut self, words: &[&str], streams: Streams, cx: &mut Cx) -> i32 {
        let mut options = self.options;
        let taken = match options.take(words, None) {
            Ok(taken) => taken,
            Err(message) => return self.complain(&format!("set: {message}"), SYNTAX_ERROR, streams, cx),
        };
        self.options = options;
        let has_mark = words.get(taken).is_some_and(|word| *word == "--");
        let rest = &words[taken + usize::from(has_mark)..];
        if has_mark || !rest.is_empty() {
            let rest = rest.iter().map(|word| (*word).to_owned()).collect();
            self.parameters = Arc::new(Parameters { name: self.parameters.name.clone(), rest });
        }
        0
    }

    fn shift(&mut self, count: &[&str], streams: Streams, cx: &mut Cx) -> i32 {
        let Ok(count) = count.first().map_or(Ok(1), |count| count.parse::<usize>()) else {
            let text = format!("shift: {}: numeric argument required", count[0]);
            return self.complain(&text, 1, streams, cx);
        };
        if count > self.parameters.rest.len() {
            return 1;
        }
        self.life.work_on_words(self.parameters.rest.len());
        Arc::make_mut(&mut self.parameters).rest.drain(..count);
        0
    }

    /// `export` and `unset`. A name that is none ends the script, as an error of a special built-in utility does (2.8.1).
    fn change(
        &mut self,
        command: &str,
        words: &[&str],
        streams: Streams,
        cx: &mut Cx,
    ) -> Result<Own, Failure> {
        if let ("unset", ["-f", names @ ..]) = (command, words) {
            for name in names {
                self.forget_function(name);
            }
            return Ok(Own::Ended(0));
        }
        for word in words {
            let (known, value) = match word.split_once('=') {
                Some((name, value)) if command == "export" => (name, Some(value)),
                _ => (*word, None),
            };
            if known.is_empty() || name(known) != known {
                let what = if known.starts_with('-') { "not simulated by weir" } else { "bad variable name" };
                let code = self.complain(&format!("{command}: {known}: {what}"), SYNTAX_ERROR, streams, cx);
                return Ok(self.exit(code));
            }
            let variables = Arc::make_mut(&mut self.variables);
            if command == "unset" {
                let is_set = variables.get(known).is_some();
                variables.unset(known);
                // bash looks for a function where there is no variable.
                if !is_set {
                    self.forget_function(known);
                }
                continue;
            }
            if let Some(value) = value {
                variables.set(known, value)?;
            }
            variables.export(known)?;
        }
        Ok(Own::Ended(0))
    }

    /// `break` and `continue`: of that many loops, or of all there are.
    fn leave_loops(&mut self, command: &str, count: &[&str], streams: Streams, cx: &mut Cx) -> i32 {
        let given = count.first().map_or(Some(1), |count| count.parse::<usize>().ok());
        // With a number that is none, bash leaves all loops.
        let (count, stays, code) = match given.filter(|count| *count > 0) {
            Some(count) => (count, command == "continue", 0),
            None => {
                let text = format!("{command}: {}: loop count out of range", count[0]);
                (usize::MAX, false, self.complain(&text, 1, streams, cx))
            }
        };
        let is_loop = |frame: &Frame| matches!(frame, Frame::Loop { .. } | Frame::For { .. });
        // Loops around the call of a function are none of the function's.
        let call = self.frames.iter().rposition(|frame| matches!(frame, Frame::Call(_)));
        let places = self.frames.iter().enumerate().skip(call.unwrap_or(0));
        let places = places.filter(|(_, frame)| is_loop(frame));
        let loops: Vec<usize> = places.map(|(place, _)| place).collect();
        let Some(place) = loops.len().checked_sub(1).map(|last| loops[last.saturating_sub(count - 1)]) else {
            let text = format!("{command}: only meaningful in a `for', `while', or `until' loop");
            return self.complain(&text, 0, streams, cx);
        };
        while self.frames.len() > place + usize::from(stays) {
            self.drop_frame();
        }
        if let Some(Frame::Loop { is_testing, .. }) = self.frames.last_mut().filter(|_| stays) {
            *is_testing = false;
        }
        code
    }

    /// `read`: a line of standard input into variables, of which the last gets what is left. Only what has been read of it is
    /// taken, so that others read on.
    fn read(
        &mut self,
        args: &[&str],
        assigned: &[(String, String)],
        streams: Streams,
        cx: &mut Cx,
    ) -> Result<Own, Failure> {
        let (is_raw, names) = match args {
            ["-r", names @ ..] => (true, names),
            names => (false, names),
        };
        if let Some(wrong) = names.iter().find(|word| word.is_empty() || name(word) != **word) {
            let what = if wrong.starts_with('-') { "not simulated by weir" } else { "bad variable name" };
            return Ok(Own::Ended(self.complain(
                &format!("read: {wrong}: {what}"),
                SYNTAX_ERROR,
                streams,
                cx,
            )));
        }
        let Some(is_whole) = self.read_line(is_raw, streams, cx)? else { return Ok(Own::Waits) };
        // bash has no NUL in a variable.
        let line = std::mem::take(&mut self.begun_line).replace('\0', "");
        let letters = letters(&line, is_raw, Separators::of(&self.variables, assigned));
        if names.is_empty() {
            // bash takes nothing away where it has no names.
            Arc::make_mut(&mut self.variables).set("REPLY", &text(&letters))?;
        }
        let mut rest = trimmed(&letters);
        for (place, name) in names.iter().enumerate() {
            let (field, behind) = first_field(rest);
            let is_last = place + 1 == names.len() && !behind.is_empty();
            let value = text(if is_last { rest } else { field });
            Arc::make_mut(&mut self.variables).set(name, &value)?;
            rest = behind;
        }
        Ok(Own::Ended(i32::from(!is_whole)))
    }

    /// Reads on to the end of a line, which may be continued after a backslash. Whether it has an end; `None` if more is to come.
    fn read_line(&mut self, is_raw: bool, streams: Streams, cx: &mut Cx) -> Result<Option<bool>, Failure> {
        if !streams.has_input {
            return Ok(Some(false));
        }
        loop {
            let end = cx.input.text.find('\n');
            let taken = end.map_or(cx.input.text.len(), |end| end + 1);
            self.begun_line.extend(cx.input.text.drain(..taken));
            if self.begun_line.len() > super::variables::VARIABLES_BYTES_MAX {
                return Err(Failure::NoMemory(std::mem::take(&mut self.begun_line).len()));
            }
            if end.is_none() {
                return Ok(if cx.input.is_over { Some(false) } else { None });
            }
            self.begun_line.pop();
            let line = &self.begun_line;
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if is_raw || backslashes.is_multiple_of(2) {
                return Ok(Some(true));
            }
            self.begun_line.pop();
        }
    }
}

/// A letter of a line, and how it separates fields, if it does.
type Letter = (char, Option<Separator>);

/// The letters of a line. After a backslash each stands for itself, unless it `is_raw`.
fn letters(line: &str, is_raw: bool, separators: Separators) -> Vec<Letter> {
    let (mut read, mut letters) = (Vec::new(), line.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if !is_raw => read.extend(letters.next().map(|letter| (letter, None))),
            letter => read.push((letter, separators.kind(letter))),
        }
    }
    read
}

fn text(letters: &[Letter]) -> String {
    letters.iter().map(|(letter, _)| letter).collect()
}

/// Letters without blanks that separate at their ends.
fn trimmed(letters: &[Letter]) -> &[Letter] {
    let is_inside = |(_, kind): &Letter| *kind != Some(Separator::Blank);
    let begin = letters.iter().position(is_inside).unwrap_or(letters.len());
    let end = letters.iter().rposition(is_inside).map_or(begin, |last| last + 1);
    &letters[begin..end]
}

/// The first field, and what stands behind its separator: a mark, the blanks around it, or both.
fn first_field(letters: &[Letter]) -> (&[Letter], &[Letter]) {
    let end = letters.iter().position(|(_, kind)| kind.is_some()).unwrap_or(letters.len());
    let (field, behind) = letters.split_at(end);
    let behind = trimmed(behind);
    match behind.split_first() {
        Some(((_, Some(Separator::Mark)), behind)) => (field, trimmed(behind)),
        _ => (field, behind),
    }
}
