//! sh and bash, of which only `-c SCRIPT`: the commands of a script one after another, each when its turn comes.
//!
//! The exit code is that of the last command that ran; `exit` ends the script, `set -e` has the first failure end it. What
//! stands in `$(…)` is a shell of its own, whose output is kept.
//! Source: POSIX.1-2017, Shell Command Language, sections 2.6.3, 2.7, 2.8 and 2.14.

use super::{Cx, INTERRUPTED, NOT_RUN, News, Output, Program, Started, Step, Terminal};
use expand::{Expanded, Failure, Values};
use script::{Command, Part, Redirect, Sink, SyntaxError, When};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use variables::Variables;

mod expand;
mod script;
mod variables;

/// The exit code of a script that is none.
const SYNTAX_ERROR: i32 = 2;
/// The exit code of a script that `set -u` ended.
const UNBOUND: i32 = 127;
/// The exit code of a script for which there was no memory.
const NO_MEMORY: i32 = 2;
/// The exit code of a shell that cannot have another.
const NO_FORK: i32 = 254;

/// Most bytes of an argument of a program (Linux, MAX_ARG_STRLEN, with the NUL behind it).
const ARGUMENT_BYTES_MAX: usize = 128 * 1024 - 1;
/// How deep shells may stand in each other, those of `$(…)` included.
const DEPTH_MAX: u32 = 20;
/// Most shells that a script begins with `sh -c`, those in them included. Without that one script could begin ever more.
const SHELLS_MAX: u32 = 1000;

/// What bash itself does: no program is begun, so no bound of Linux is met.
const OWN: [&str; 3] = ["echo", "false", "true"];

const USAGE: &str = "bash: only -c is simulated by weir\nUsage:\tbash -c 'COMMANDS'\n";

/// Starts a shell on a host with this name.
pub(super) fn start(args: &[String], hostname: &str) -> Started {
    let mut variables = Variables::default();
    let login = [("HOME", "/home/ec2-user"), ("USER", "ec2-user"), ("PATH", PATH), ("HOSTNAME", hostname)];
    for (name, value) in login {
        // A host's name is short: there is room for all.
        let _ = variables.set(name, value);
        variables.export(name);
    }
    begin(args, Sh { variables, ..Sh::default() })
}

/// Has a shell run what its arguments say.
fn begin(args: &[String], shell: Sh) -> Started {
    let [option, text] = args else { return Started::failed(USAGE.to_owned(), SYNTAX_ERROR) };
    if option != "-c" {
        return Started::failed(USAGE.to_owned(), SYNTAX_ERROR);
    }
    match script::parse(text) {
        Ok(commands) => Started::Running(Box::new(Sh { commands: commands.into(), ..shell })),
        Err(SyntaxError { line, message }) => {
            Started::failed(format!("bash: line {line}: {message}\n"), SYNTAX_ERROR)
        }
    }
}

const PATH: &str = "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin";

/// A running shell.
#[derive(Default)]
struct Sh {
    commands: VecDeque<Command>,
    variables: Variables,
    running: Option<Running>,
    /// The exit code of the command that ended last.
    code: i32,
    options: Options,
    /// How many shells it is in.
    depth: u32,
    /// How many shells the script has begun; the outermost and all in it count together.
    shells: Arc<AtomicU32>,
    is_interrupted: bool,
}

/// What `set` sets.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    /// `-e`: a failure ends the script.
    ends_on_failure: bool,
    /// `-u`: a variable that is not set is a failure.
    needs_variables: bool,
    /// `-x`: commands are shown before they run.
    shows_commands: bool,
}

impl Options {
    /// Takes the words behind `set`, up to the first that is no option.
    fn set(&mut self, words: &[&str]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let is_on = word.starts_with('-');
            let Some(letters) = word.strip_prefix(['-', '+']).filter(|letters| !letters.starts_with('-'))
            else {
                return;
            };
            for letter in letters.chars() {
                match letter {
                    'o' => self.set_one(words.next().copied().unwrap_or_default(), is_on),
                    'e' => self.set_one("errexit", is_on),
                    'u' => self.set_one("nounset", is_on),
                    'x' => self.set_one("xtrace", is_on),
                    _ => {}
                }
            }
        }
    }

    fn set_one(&mut self, name: &str, is_on: bool) {
        match name {
            "errexit" => self.ends_on_failure = is_on,
            "nounset" => self.needs_variables = is_on,
            "xtrace" => self.shows_commands = is_on,
            // Without pipes there is nothing for `pipefail` to do; the others change nothing here.
            _ => {}
        }
    }
}

/// What takes time.
struct Running {
    program: Box<dyn Program>,
    /// What it prints, until that is passed on.
    terminal: Terminal,
    /// Where its output and its complaints go.
    sinks: [Sink; 2],
    /// The command whose words its output is for, if it is a substitution.
    waiting: Option<Command>,
}

impl Sh {
    /// Starts the next command that takes time, and does all before it. Without one the script is over.
    fn advance(&mut self, cx: &mut Cx) {
        while self.running.is_none() {
            let Some(command) = self.commands.pop_front() else { return };
            let is_due = match command.when {
                When::Always => true,
                When::Succeeded => self.code == 0,
                When::Failed => self.code != 0,
            };
            if is_due {
                self.prepare(command, cx);
            }
        }
    }

    /// Runs a command once all outputs in its words are known.
    fn prepare(&mut self, command: Command, cx: &mut Cx) {
        let line = command.line;
        if let Err(failure) = self.try_to_run(command, cx) {
            self.refuse(failure, line, cx);
        }
    }

    /// Begins the shell of the first output that is not known, or without one runs the command.
    fn try_to_run(&mut self, mut command: Command, cx: &mut Cx) -> Result<(), Failure> {
        let (code, is_strict) = (self.code, self.options.needs_variables);
        let values = Values { variables: &self.variables, code, is_strict };
        if !expand::has_output(&command) {
            let expanded = expand::expand(&command, values)?;
            return self.run(&command, expanded, cx);
        }
        let variables = expand::variables_of_output(&command, values)?;
        if let Some(Part::Output { commands, .. }) = expand::next_output(&mut command) {
            let inner = Sh {
                commands: std::mem::take(commands).into(),
                options: Options { ends_on_failure: false, ..self.options },
                code,
                ..self.inner(variables)
            };
            self.wait_for(Box::new(inner), [Sink::Out, Sink::Err], Some(command));
        }
        Ok(())
    }

    /// A shell in this one.
    fn inner(&self, variables: Variables) -> Sh {
        Sh { variables, depth: self.depth + 1, shells: Arc::clone(&self.shells), ..Sh::default() }
    }

    /// Says why a command is not run. A script that has no memory, or not the variables that it needs, is over.
    fn refuse(&mut self, failure: Failure, line: usize, cx: &mut Cx) {
        let (reason, code) = match failure {
            Failure::Unset(name) => (format!("line {line}: {name}: unbound variable"), UNBOUND),
            Failure::NoMemory(bytes) => (format!("xrealloc: cannot allocate {bytes} bytes"), NO_MEMORY),
            Failure::TooLong(name) => {
                let text = format!("bash: line {line}: {name}: Argument list too long\n");
                cx.terminal.complain(&text);
                return self.note(NOT_RUN);
            }
        };
        cx.terminal.complain(&format!("bash: {reason}\n"));
        self.commands.clear();
        self.code = code;
    }

    fn run(&mut self, command: &Command, expanded: Expanded, cx: &mut Cx) -> Result<(), Failure> {
        let Expanded { assignments, words } = expanded;
        if self.options.shows_commands {
            trace(&assignments, &words, cx);
        }
        let Some((name, args)) = words.split_first() else {
            for (name, value) in &assignments {
                self.variables.set(name, value)?;
            }
            // The exit code is that of the last substitution, or success.
            let had_output = command.words.iter().flatten().any(|part| matches!(part, Part::Value { .. }));
            self.note(if had_output { self.code } else { 0 });
            return Ok(());
        };
        if self.is_builtin(&words)? {
            return Ok(());
        }
        if !OWN.contains(&name.as_str()) && args.iter().any(|arg| arg.len() > ARGUMENT_BYTES_MAX) {
            return Err(Failure::TooLong(name.clone()));
        }
        let started = match name.as_str() {
            "sh" | "bash" => self.begin_inner(args, &assignments)?,
            _ => super::start(&words, cx.machine, cx.now),
        };
        let sinks = sinks(&command.redirects);
        match started {
            Started::Running(program) => self.wait_for(program, sinks, None),
            Started::Done(output) => {
                let stderr = located(&output.stderr, command.line);
                let code = output.exit_code.unwrap_or(0);
                pass_on(Output { stderr, ..output }, sinks, cx);
                self.note(code);
            }
        }
        Ok(())
    }

    /// A shell of its own, with the variables that commands are given.
    fn begin_inner(&self, args: &[String], assigned: &[(String, String)]) -> Result<Started, Failure> {
        let inner = self.inner(self.variables.environment(assigned)?);
        if inner.depth > DEPTH_MAX || self.shells.fetch_add(1, Ordering::Relaxed) >= SHELLS_MAX {
            return Ok(Started::failed("bash: fork: Resource temporarily unavailable\n".to_owned(), NO_FORK));
        }
        Ok(begin(args, inner))
    }

    fn wait_for(&mut self, program: Box<dyn Program>, sinks: [Sink; 2], waiting: Option<Command>) {
        self.running = Some(Running { program, terminal: Terminal::default(), sinks, waiting });
    }

    /// Does what only the shell itself can.
    fn is_builtin(&mut self, words: &[String]) -> Result<bool, Failure> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["exit"] => self.commands.clear(),
            ["exit", code] => {
                self.commands.clear();
                // Of a greater number only the low eight bits are left (exit(3)); what is no number is a syntax error.
                self.code = code.parse::<i32>().map_or(SYNTAX_ERROR, |code| code & 0xff);
            }
            ["set", options @ ..] => {
                self.options.set(options);
                self.code = 0;
            }
            ["export", names @ ..] => {
                for word in names {
                    let (name, value) =
                        word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
                    if let Some(value) = value {
                        self.variables.set(name, value)?;
                    }
                    self.variables.export(name);
                }
                self.code = 0;
            }
            ["unset", names @ ..] => {
                for name in names {
                    self.variables.unset(name);
                }
                self.code = 0;
            }
            [":", ..] => self.code = 0,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes note of how a command ended.
    fn note(&mut self, code: i32) {
        self.code = code;
        // A failure that `&&` or `||` goes on from ends no script.
        let is_tested = self.commands.front().is_some_and(|next| next.when != When::Always);
        if code != 0 && self.options.ends_on_failure && !is_tested {
            self.commands.clear();
        }
    }

    /// Takes note of how what takes time ended; the command that waits for its output goes on.
    fn finish(&mut self, running: Running, code: i32, cx: &mut Cx) {
        let Running { terminal, sinks, waiting, .. } = running;
        let Some(mut command) = waiting else {
            pass_on(terminal.output, sinks, cx);
            return self.note(code);
        };
        cx.terminal.complain(&terminal.output.stderr);
        self.code = code;
        if let Some(part) = expand::next_output(&mut command) {
            let is_quoted = matches!(part, Part::Output { is_quoted: true, .. });
            let text = terminal.output.stdout.trim_end_matches('\n').to_owned();
            *part = Part::Value { text, is_quoted };
        }
        self.prepare(command, cx);
    }
}

/// Where output and complaints go, after the redirections in their order.
fn sinks(redirects: &[Redirect]) -> [Sink; 2] {
    let mut sinks = [Sink::Out, Sink::Err];
    for redirect in redirects {
        let to = match redirect.to {
            Sink::Null => Sink::Null,
            Sink::Out => sinks[0],
            Sink::Err => sinks[1],
        };
        sinks[usize::from(redirect.from == 2)] = to;
    }
    sinks
}

/// Prints what a command has printed, each part where it is to go.
fn pass_on(output: Output, sinks: [Sink; 2], cx: &mut Cx) {
    for (text, sink) in [output.stdout, output.stderr].iter().zip(sinks) {
        match sink {
            Sink::Null => {}
            Sink::Out => cx.terminal.print(text),
            Sink::Err => cx.terminal.complain(text),
        }
    }
}

/// What bash says of a command it does not find names the line.
fn located(complaint: &str, line: usize) -> String {
    match complaint.strip_prefix("bash: ") {
        Some(rest) => format!("bash: line {line}: {rest}"),
        None => complaint.to_owned(),
    }
}

/// Shows a command that is about to run, as `set -x` has it: each assignment on a line of its own.
fn trace(assignments: &[(String, String)], words: &[String], cx: &mut Cx) {
    for (name, value) in assignments {
        cx.terminal.complain(&format!("+ {name}={}\n", shown(value)));
    }
    if !words.is_empty() {
        let line: Vec<String> = words.iter().map(|word| shown(word)).collect();
        cx.terminal.complain(&format!("+ {}\n", line.join(" ")));
    }
}

/// A word as `set -x` shows it.
fn shown(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

impl Program for Sh {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        loop {
            let Some(running) = &mut self.running else {
                self.advance(cx);
                match self.running {
                    Some(_) => continue,
                    None => return Step::Exit(self.code),
                }
            };
            let terminal = &mut running.terminal;
            let mut inner = Cx { now: cx.now, machine: cx.machine, outbox: cx.outbox, terminal };
            let step = running.program.wake(&mut inner);
            if matches!(step, Step::Exit(_)) {
                running.program.leave(&mut inner);
            }
            if running.waiting.is_none() {
                pass_on(std::mem::take(&mut running.terminal.output), running.sinks, cx);
            }
            match (step, self.running.take()) {
                (Step::Exit(code), Some(running)) => self.finish(running, code, cx),
                (Step::Wait(at), running) => {
                    self.running = running;
                    return Step::Wait(at);
                }
                (Step::Exit(_), None) => {}
            }
            if self.is_interrupted {
                return Step::Exit(INTERRUPTED);
            }
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        let Some(running) = &mut self.running else { return false };
        let terminal = &mut running.terminal;
        let mut inner = Cx { now: cx.now, machine: cx.machine, outbox: cx.outbox, terminal };
        running.program.hear(news, &mut inner)
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
        if let Some(running) = &mut self.running {
            running.program.interrupt();
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(running) = &mut self.running {
            running.program.leave(cx);
        }
    }
}
