//! sh and bash: `-c SCRIPT`, or a script on standard input, of which each command runs as it has come.
//!
//! The exit code is that of the last command that ran; `exit` ends the script, `set -e` has the first failure end it. What
//! stands in `$(…)`, in parentheses or between pipes is a shell of its own.
//! Source: POSIX.1-2017, `sh`, and Shell Command Language, sections 2.7 (redirection) and 2.12 (execution environment).

use super::{Cx, INTERRUPTED, Input, News, Output, PIPE_BYTES, Program, Started, Step};
pub(super) use arithmetic::number;
use bounds::Life;
use expand::{Expanded, Parameters, Printed};
use function::Functions;
use redirect::{Redirect, Sink};
use run::{Frame, Place, Running};
use script::SyntaxError;
use set::{Given, Options};
use source::{More, Source};
use std::sync::Arc;
use variables::Variables;
use weir_model::Nanos;

mod arithmetic;
mod bounds;
mod braces;
mod builtin;
mod case;
mod change;
mod conditional;
mod document;
mod expand;
mod fields;
mod function;
mod glob;
mod pipeline;
mod redirect;
mod run;
mod script;
mod separators;
mod set;
mod source;
mod variables;
mod word;

/// The exit code of a script that is none.
const SYNTAX_ERROR: i32 = 2;

const USAGE: &str = "bash: only -c and scripts on standard input are simulated by weir\n\
                     Usage:\tbash -c 'COMMANDS'\n\techo 'COMMANDS' | bash\n";

/// Starts a shell on a host with this name.
pub(super) fn start(name: &str, args: &[String], hostname: &str) -> Started {
    let mut variables = Variables::default();
    let login = [
        ("HOME", super::plain::HOME),
        ("PWD", super::plain::HOME),
        ("USER", "ec2-user"),
        ("LOGNAME", "ec2-user"),
        ("SHELL", "/bin/bash"),
        ("PATH", super::plain::PATH),
        ("HOSTNAME", hostname),
    ];
    for (name, value) in login {
        // A host's name is short: there is room for all.
        let _ = variables.set(name, value).and_then(|()| variables.export(name));
    }
    set_ids(&mut variables);
    begin(name, args, Sh { variables: Arc::new(variables), ..Sh::new(Life::first()) })
}

/// Sets what every bash sets for itself: who runs it, the first user of Amazon Linux.
fn set_ids(variables: &mut Variables) {
    for name in ["UID", "EUID"] {
        // If there is no room, the script has filled it before.
        let _ = variables.set(name, "1000");
    }
}

/// Has a shell run what its arguments say: options, the script, the name of the shell and its parameters.
fn begin(name: &str, args: &[String], mut shell: Sh) -> Started {
    let mut given = Given::default();
    let operands = match shell.options.take(args, Some(&mut given)) {
        Ok(taken) => &args[taken..],
        Err(message) => return Started::failed(format!("bash: {message}\n"), SYNTAX_ERROR),
    };
    let operands = operands.strip_prefix(&["--".to_owned()]).unwrap_or(operands);
    if !given.is_operand && (given.is_input || operands.is_empty()) {
        shell.parameters = Arc::new(Parameters { name: name.to_owned(), rest: operands.to_vec() });
        return Started::Running(Box::new(Sh { source: Some(Source::default()), ..shell }));
    }
    let Some((text, operands)) = operands.split_first().filter(|_| given.is_operand) else {
        return Started::failed(USAGE.to_owned(), SYNTAX_ERROR);
    };
    let (name, rest) = operands.split_first().map_or((name, operands), |(name, rest)| (name, rest));
    shell.parameters = Arc::new(Parameters { name: name.to_owned(), rest: rest.to_vec() });
    match script::parse(text, 1) {
        Ok(list) => Started::Running(Box::new(Sh { frames: vec![Frame::all(&list)], ..shell })),
        Err(error) => Started::failed(complaint(&error), SYNTAX_ERROR),
    }
}

/// What bash says of a text that is no script.
fn complaint(SyntaxError { line, message, .. }: &SyntaxError) -> String {
    format!("bash: line {line}: {message}\n")
}

/// A running shell.
struct Sh {
    /// What it is in, the innermost last.
    frames: Vec<Frame>,
    /// What more of the script is read from, if it is not all in the frames.
    source: Option<Source>,
    variables: Arc<Variables>,
    parameters: Arc<Parameters>,
    functions: Arc<Functions>,
    streams: Streams,
    /// What there is to read in what it is in, if that is not what the shell itself reads.
    here: Option<Input>,
    /// From when on, and from what number on, it counts its seconds.
    timer: (Option<Nanos>, i64),
    now: Nanos,
    running: Option<Running>,
    /// The command that waits for its input, with the outputs in its words.
    waiting: Option<(Place, Vec<Printed>)>,
    /// What `read` has of a line that has not ended.
    begun_line: String,
    /// The line of the command that began last.
    line: usize,
    /// The exit code of the command that ended last.
    code: i32,
    options: Options,
    /// Whether its failure is looked at, so that `set -e` ends nothing in it.
    is_tested: bool,
    /// Whether it is a part of another script: that of `$(…)`, `( … )` or a pipe.
    is_subshell: bool,
    /// Whether it is that in a function.
    is_in_function: bool,
    /// How many shells it is in, and how many outputs of commands.
    depth: u32,
    substitutions: usize,
    life: Life,
    is_interrupted: bool,
}

/// Where the output and the complaints of commands go, and whether they read what the shell itself reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Streams {
    sinks: [Sink; 2],
    has_input: bool,
}

impl Streams {
    /// Those of a command with redirections, which apply in their order.
    fn with(mut self, redirects: &[Redirect]) -> Streams {
        for redirect in redirects {
            match redirect {
                Redirect::Input => self.has_input = false,
                Redirect::Text(_) | Redirect::File(_) => self.has_input = true,
                Redirect::Output { from, to } => {
                    let to = match to {
                        Sink::Null => Sink::Null,
                        Sink::Out => self.sinks[0],
                        Sink::Err => self.sinks[1],
                    };
                    self.sinks[usize::from(*from == 2)] = to;
                }
            }
        }
        self
    }
}

impl Sh {
    /// A shell that has nothing to do.
    fn new(life: Life) -> Sh {
        Sh {
            frames: Vec::new(),
            source: None,
            variables: Arc::default(),
            parameters: Arc::default(),
            functions: Arc::default(),
            streams: Streams { sinks: [Sink::Out, Sink::Err], has_input: true },
            here: None,
            timer: (None, 0),
            now: Nanos(0),
            running: None,
            waiting: None,
            begun_line: String::new(),
            line: 0,
            code: 0,
            options: Options::default(),
            is_tested: false,
            is_subshell: false,
            is_in_function: false,
            depth: 0,
            substitutions: 0,
            life,
            is_interrupted: false,
        }
    }

    /// Does all that takes no time, and begins what does. Without that it says how the shell goes on.
    fn work(&mut self, cx: &mut Cx) -> Option<Step> {
        self.now = cx.now;
        self.timer.0.get_or_insert(cx.now);
        while self.running.is_none() {
            if self.is_interrupted {
                return Some(Step::Exit(INTERRUPTED));
            }
            if let Some(until) = self.life.rests_until(cx.now) {
                return Some(Step::Wait(Some(until)));
            }
            if let Some((place, outputs)) = self.waiting.take() {
                // It was shown when it began to wait.
                let shows_commands = std::mem::take(&mut self.options.shows_commands);
                self.prepare(place, outputs, cx);
                self.options.shows_commands = shows_commands;
            } else if !self.advance(cx) {
                match self.read_script(cx) {
                    More::Commands => {}
                    More::Later => return Some(Step::Wait(None)),
                    More::Nothing => return Some(Step::Exit(self.code)),
                }
            }
            if self.waiting.is_some() {
                return Some(Step::Wait(None));
            }
            if cx.terminal.output.stdout.len() >= PIPE_BYTES && self.running.is_none() {
                return Some(Step::Wait(Some(cx.now)));
            }
        }
        None
    }

    /// Shows what is about to be done, as `set -x` has it, with a sign for each substitution that the shell is in.
    fn trace<T: AsRef<str>>(&self, lines: &[T], streams: Streams, cx: &mut Cx) {
        if !self.options.shows_commands {
            return;
        }
        let signs = "+".repeat(1 + self.substitutions);
        let stderr = lines.iter().map(|line| format!("{signs} {}\n", line.as_ref())).collect();
        pass_on(Output { stderr, ..Output::default() }, streams, cx);
    }

    /// The same of a simple command: each assignment on a line of its own.
    fn trace_command(&self, expanded: &Expanded, cx: &mut Cx) {
        let assigned = expanded.traced.iter().map(|(name, value)| format!("{name}{}", shown(value)));
        let words: Vec<String> = expanded.words.iter().map(|word| shown(word)).collect();
        let line = (!words.is_empty()).then(|| words.join(" "));
        self.trace(&assigned.chain(line).collect::<Vec<_>>(), self.streams, cx);
    }

    /// Does something with what runs.
    fn with<T>(&mut self, cx: &mut Cx, act: impl FnOnce(&mut dyn Program, &mut Cx) -> T) -> Option<T> {
        let running = self.running.as_mut()?;
        let mut nothing = Input::default();
        let given = running.input.as_mut().or(self.here.as_mut());
        let input = if running.streams.has_input { given.unwrap_or(cx.input) } else { &mut nothing };
        let terminal = &mut running.terminal;
        let mut inner = Cx { now: cx.now, machine: cx.machine, outbox: cx.outbox, terminal, input };
        Some(act(&mut *running.program, &mut inner))
    }
}

/// Prints what a command has printed, each part where it is to go.
fn pass_on(output: Output, streams: Streams, cx: &mut Cx) {
    for (text, sink) in [output.stdout, output.stderr].iter().zip(streams.sinks) {
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

/// A word as `set -x` shows it.
fn shown(word: &str) -> String {
    let is_special = |letter: char| letter.is_whitespace() || "'\"\\|&;()<>!{}*[]?^$`".contains(letter);
    match word.is_empty() || word.starts_with(['~', '#']) || word.contains(is_special) {
        true => format!("'{}'", word.replace('\'', "'\\''")),
        false => word.to_owned(),
    }
}

impl Program for Sh {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        loop {
            if let Some(step) = self.work(cx) {
                return step;
            }
            let step = self.with(cx, |program, cx| {
                let step = program.wake(cx);
                if matches!(step, Step::Exit(_)) {
                    program.leave(cx);
                }
                step
            });
            let streams = self.streams;
            if let Some(running) = &mut self.running {
                running.pass_on(streams, cx);
            }
            match step {
                Some(Step::Wait(at)) if !self.is_interrupted => return Step::Wait(at),
                Some(Step::Exit(code)) if !self.is_interrupted => {
                    if let Some(running) = self.running.take() {
                        self.finish(running, code, cx);
                    }
                }
                _ => return Step::Exit(INTERRUPTED),
            }
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        let has_to_wake = self.with(cx, |program, cx| program.hear(news, cx)).unwrap_or(false);
        // What it has printed at that goes on to where it is waited for.
        has_to_wake || self.running.as_ref().is_some_and(Running::has_printed)
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
        if let Some(running) = &mut self.running {
            running.program.interrupt();
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        self.with(cx, |program, cx| program.leave(cx));
    }
}
