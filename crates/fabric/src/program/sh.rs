//! sh and bash, of which only `-c SCRIPT`: the commands of a script one after another, each when its turn comes.
//!
//! The exit code is that of the last command that ran; `exit` ends the script, `set -e` has the first failure end it.
//! Source: POSIX.1-2017, Shell Command Language, sections 2.8 and 2.14.

use super::{Cx, News, Program, Started, Step};
use script::{Command, SyntaxError, When};
use std::collections::VecDeque;

mod script;

/// The exit code of a script that is none.
const SYNTAX_ERROR: i32 = 2;
/// The exit code of a script that Ctrl-C ended (128 and SIGINT).
const INTERRUPTED: i32 = 130;

const USAGE: &str = "bash: only -c is simulated by weir\nUsage:\tbash -c 'COMMANDS'\n";

/// Starts a shell.
pub(super) fn start(args: &[String]) -> Started {
    let [option, text] = args else { return Started::failed(USAGE.to_owned(), SYNTAX_ERROR) };
    if option != "-c" {
        return Started::failed(USAGE.to_owned(), SYNTAX_ERROR);
    }
    match script::parse(text) {
        Ok(commands) => Started::Running(Box::new(Sh { commands: commands.into(), ..Sh::default() })),
        Err(SyntaxError { line, message }) => {
            Started::failed(format!("bash: line {line}: {message}\n"), SYNTAX_ERROR)
        }
    }
}

/// A running shell.
#[derive(Default)]
struct Sh {
    commands: VecDeque<Command>,
    running: Option<Box<dyn Program>>,
    /// The exit code of the command that ended last.
    code: i32,
    /// Whether a failure ends the script: `set -e`.
    is_strict: bool,
    is_interrupted: bool,
}

impl Sh {
    /// Starts the next command that takes time, and does all before it. Without one the script is over.
    fn advance(&mut self, cx: &mut Cx) {
        while let Some(command) = self.commands.pop_front() {
            let is_due = match command.when {
                When::Always => true,
                When::Succeeded => self.code == 0,
                When::Failed => self.code != 0,
            };
            if is_due && !self.is_builtin(&command) {
                match super::start(&command.words, cx.machine, cx.now) {
                    Started::Running(program) => return self.running = Some(program),
                    Started::Done(output) => {
                        cx.terminal.print(&output.stdout);
                        cx.terminal.complain(&located(&output.stderr, &command));
                        self.note(output.exit_code.unwrap_or(0));
                    }
                }
            }
        }
    }

    /// Does what only the shell itself can.
    fn is_builtin(&mut self, command: &Command) -> bool {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["exit"] => self.commands.clear(),
            ["exit", code] => {
                self.commands.clear();
                // Of a greater number only the low eight bits are left (exit(3)); what is no number is a syntax error.
                self.code = code.parse::<i32>().map_or(SYNTAX_ERROR, |code| code & 0xff);
            }
            ["set", "-e" | "-eu" | "-ex" | "-eux"] => self.is_strict = true,
            ["set", ..] | [":", ..] => self.code = 0,
            _ => return false,
        }
        true
    }

    /// Takes note of how a command ended.
    fn note(&mut self, code: i32) {
        self.code = code;
        // A failure that `&&` or `||` goes on from ends no script.
        let is_tested = self.commands.front().is_some_and(|next| next.when != When::Always);
        if code != 0 && self.is_strict && !is_tested {
            self.commands.clear();
        }
    }
}

/// What bash says of a command it does not find names the line.
fn located(complaint: &str, command: &Command) -> String {
    match complaint.strip_prefix("bash: ") {
        Some(rest) => format!("bash: line {}: {rest}", command.line),
        None => complaint.to_owned(),
    }
}

impl Program for Sh {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        loop {
            let Some(program) = &mut self.running else {
                self.advance(cx);
                match self.running {
                    Some(_) => continue,
                    None => return Step::Exit(self.code),
                }
            };
            match program.wake(cx) {
                Step::Wait(at) => return Step::Wait(at),
                Step::Exit(code) => {
                    program.leave(cx);
                    self.running = None;
                    self.note(code);
                }
            }
            if self.is_interrupted {
                return Step::Exit(INTERRUPTED);
            }
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        self.running.as_mut().is_some_and(|program| program.hear(news, cx))
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
        if let Some(program) = &mut self.running {
            program.interrupt();
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(program) = &mut self.running {
            program.leave(cx);
        }
    }
}
