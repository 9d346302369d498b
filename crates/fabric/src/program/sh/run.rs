//! The commands of a script, one after another, each when its turn comes.
//!
//! What a shell is in (lists, conditions, loops) is a stack of frames, so that it can stop anywhere and go on later.
//! Source: POSIX.1-2017, Shell Command Language, sections 2.8 (exit status), 2.9 (commands) and `set -e` in 2.14.

use super::super::timeout::Limit;
use super::super::{self as program, Cx, NOT_RUN, Output, Program, Started, Terminal};
use super::bounds::{DEPTH_MAX, START, STEP};
use super::builtin::Own;
use super::case;
use super::conditional::{self, Condition, Decided, MATCH};
use super::expand::{self, Expanded, Failure, Printed, Stop, Values, Walk};
use super::function::Call;
use super::pipeline::Pipeline;
use super::script::{Body, Command, For, If, List, Loop, When};
use super::variables::SECONDS;
use super::word::Word;
use super::{Input, Sh, Streams, begin, located, pass_on, set_ids};
use crate::text::joined;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

/// The exit code of a script that `set -u` ended, and of a subshell in it or of one with `set -e`, as bash has them.
const UNBOUND: i32 = 127;
const UNBOUND_WITHIN: i32 = 1;
/// The exit code of a script for which there was no memory.
const NO_MEMORY: i32 = 2;
/// What bash says of NUL in the output of commands that it puts into a word.
const NO_NUL: &str = "warning: command substitution: ignored null byte in input";

/// The exit code of a shell that cannot have another.
const NO_FORK: i32 = 254;

/// Most bytes of an argument of a program (Linux, MAX_ARG_STRLEN, with the NUL behind it).
const ARGUMENT_BYTES_MAX: usize = 128 * 1024 - 1;

/// What bash itself does: no program is begun, so no bound of Linux is met.
const OWN: [&str; 6] = ["[", "echo", "false", "printf", "test", "true"];

/// What a shell is in.
pub(super) enum Frame {
    /// Commands in their order.
    List { list: List, next: usize, end: usize },
    /// An `if` whose condition of this number is looked at.
    If { of: Arc<If>, at: usize },
    /// A `while` or `until`: its condition or its body is run; and how its body ended last.
    Loop { of: Arc<Loop>, is_testing: bool, code: i32 },
    /// A `for` and the words that are left.
    For { of: Arc<For>, words: std::vec::IntoIter<String> },
    /// A function, and what is to be put back at its end.
    Call(Call),
    /// What is around a compound command: where output went, what there was to read if it has something else, whether `!` stands
    /// before it, whether its failure is looked at.
    Around { streams: Streams, here: Option<Option<Input>>, is_negated: bool, is_tested: bool },
}

impl Frame {
    /// All commands of a list.
    pub(super) fn all(list: &List) -> Frame {
        Frame::part(list, 0..list.len())
    }

    /// Some commands of a list.
    fn part(list: &List, range: Range<usize>) -> Frame {
        Frame::List { list: List::clone(list), next: range.start, end: range.end }
    }
}

/// A command in its list.
#[derive(Clone)]
pub(super) struct Place {
    list: List,
    at: usize,
}

impl Place {
    fn command(&self) -> &Command {
        &self.list[self.at]
    }

    /// Whether `&&` or `||` goes on from its failure.
    fn is_tested(&self) -> bool {
        self.list.get(self.at + 1).is_some_and(|next| next.when != When::Always)
    }
}

/// What takes time.
pub(super) struct Running {
    pub(super) program: Box<dyn Program>,
    /// What it prints, until that is passed on.
    pub(super) terminal: Terminal,
    pub(super) streams: Streams,
    /// What it reads, if it is given something of its own.
    pub(super) input: Option<Input>,
    place: Place,
    /// If it is a substitution: what is known of the outputs of the command, its own as far as it has come being the last.
    outputs: Option<Vec<Printed>>,
}

impl Running {
    /// Whether there is something to pass on.
    pub(super) fn has_printed(&self) -> bool {
        !(self.terminal.output.stdout.is_empty() && self.terminal.output.stderr.is_empty())
    }

    /// Passes on what was printed.
    pub(super) fn pass_on(&mut self, streams: Streams, cx: &mut Cx) {
        let output = std::mem::take(&mut self.terminal.output);
        let Some(printed) = self.outputs.as_mut().and_then(|outputs| outputs.last_mut()) else {
            return pass_on(output, self.streams, cx);
        };
        // What is longer than the words of a command may be is too long, however much longer it is.
        if printed.text.len() <= expand::WORDS_BYTES_MAX {
            printed.text.push_str(&output.stdout);
        }
        pass_on(Output { stdout: String::new(), ..output }, streams, cx);
    }
}

impl Sh {
    /// Does the next thing; false if there is none.
    pub(super) fn advance(&mut self, cx: &mut Cx) -> bool {
        self.life.work(STEP);
        let code = self.code;
        match self.frames.last_mut() {
            None => return false,
            Some(Frame::List { list, next, end }) if *next < *end => {
                let place = Place { list: List::clone(list), at: *next };
                *next += 1;
                let is_due = match place.command().when {
                    When::Always => true,
                    When::Succeeded => code == 0,
                    When::Failed => code != 0,
                };
                if is_due {
                    self.prepare(place, Vec::new(), cx);
                }
            }
            Some(Frame::List { .. }) => self.drop_frame(),
            Some(Frame::If { of, at }) => {
                let (of, at) = (Arc::clone(of), *at);
                self.drop_frame();
                if code == 0 {
                    self.frames.push(Frame::all(&of.branches[at].1))
                } else {
                    self.branch(of, at + 1)
                }
            }
            Some(Frame::Loop { of, is_testing, code: last }) => {
                let holds = (code == 0) != of.is_until;
                if *is_testing && !holds {
                    self.code = *last;
                    self.drop_frame();
                    return true;
                }
                let list = match *is_testing {
                    true => Frame::all(&of.body),
                    false => Frame::part(&of.condition, of.round()),
                };
                *last = if *is_testing { *last } else { code };
                *is_testing = !*is_testing;
                self.frames.push(list);
            }
            Some(Frame::For { of, words }) => match words.next() {
                None => self.drop_frame(),
                Some(word) => {
                    let (of, body) = (Arc::clone(of), Frame::all(&of.body));
                    self.trace(&[&of.shown], self.streams, cx);
                    match Arc::make_mut(&mut self.variables).set(&of.name, &word) {
                        Ok(()) => self.frames.push(body),
                        Err(failure) => self.refuse(failure, self.streams, cx),
                    }
                }
            },
            Some(Frame::Call(_)) => {
                self.drop_frame();
                if code != 0 && self.options.ends_on_failure && !self.is_tested && !self.is_in_test() {
                    self.end_script();
                }
            }
            Some(Frame::Around { is_negated, .. }) => {
                self.code = if *is_negated { i32::from(code == 0) } else { code };
                self.drop_frame();
            }
        }
        true
    }

    /// Has nothing more of the script run.
    pub(super) fn end_script(&mut self) {
        self.frames.clear();
        self.source = None;
    }

    /// Leaves what the shell is in.
    pub(super) fn drop_frame(&mut self) {
        match self.frames.pop() {
            Some(Frame::Around { streams, here, .. }) => {
                self.streams = streams;
                self.here = here.unwrap_or(self.here.take());
            }
            Some(Frame::Call(call)) => self.leave_call(call),
            _ => {}
        }
    }

    /// Looks at a condition of an `if`, or without one does what is to be done otherwise.
    fn branch(&mut self, of: Arc<If>, at: usize) {
        let list = match of.branches.get(at) {
            Some((condition, _)) => Frame::all(condition),
            None => {
                self.code = if of.otherwise.is_empty() { 0 } else { self.code };
                return self.frames.push(Frame::all(&of.otherwise));
            }
        };
        self.frames.extend([Frame::If { of, at }, list]);
    }

    /// Runs a command, or gets the first output in its words that is not known.
    pub(super) fn prepare(&mut self, place: Place, outputs: Vec<Printed>, cx: &mut Cx) {
        self.line = place.command().line;
        match self.try_to_run(&place, &outputs, cx) {
            Ok(true) => {}
            Ok(false) => self.waiting = Some((place, outputs)),
            Err(Stop::Failure(failure)) => {
                let streams = self.streams.with(&place.command().redirects);
                self.refuse(failure, streams, cx);
            }
            Err(Stop::Output(list, set)) => {
                if let Err(failure) = self.get_output(&list, &set, place, outputs) {
                    self.refuse(failure, self.streams, cx);
                }
            }
        }
    }

    /// False if it waits for its input.
    fn try_to_run(&mut self, place: &Place, outputs: &[Printed], cx: &mut Cx) -> Result<bool, Stop> {
        let command = place.command();
        let (input, used) = self.given_input(command, outputs, cx)?;
        let outputs = &outputs[used..];
        match &command.body {
            Body::Simple(words) => {
                let expanded = self.expanded(outputs, |values| expand::expand(words, values))?;
                return Ok(self.run(place, expanded, input, cx)?);
            }
            Body::Pipeline(stages) => {
                let shell = |at| self.fork(Frame::List { list: List::clone(stages), next: at, end: at + 1 });
                let mut shells = (0..stages.len()).map(shell).collect::<Result<Vec<Sh>, Failure>>()?;
                let is_tested =
                    self.is_tested || self.is_in_test() || place.is_tested() || command.is_negated;
                shells.iter_mut().for_each(|shell| shell.is_tested = is_tested);
                let pipeline = Pipeline::new(shells, self.options.has_pipefail);
                self.wait_for(Box::new(pipeline), self.streams, None, place.clone());
            }
            Body::Subshell(list) => {
                let is_tested =
                    self.is_tested || self.is_in_test() || place.is_tested() || command.is_negated;
                let shell = Sh { is_tested, ..self.fork(Frame::all(list))? };
                self.wait_for(Box::new(shell), self.streams.with(&command.redirects), input, place.clone());
            }
            Body::Group(list) => self.enter(place, input, Frame::all(list)),
            Body::If(of) => {
                let (of, first) = (Arc::clone(of), Frame::all(&of.branches[0].0));
                self.enter(place, input, Frame::If { of, at: 0 });
                self.frames.push(first);
            }
            Body::Loop(of) => {
                let begin = of.begin().into_iter().rev().map(|range| Frame::part(&of.condition, range));
                self.enter(place, input, Frame::Loop { of: Arc::clone(of), is_testing: true, code: 0 });
                self.frames.extend(begin);
            }
            Body::Case(of) => {
                self.trace(&[&of.shown], self.streams, cx);
                let (chosen, expanded) = self.expanded(outputs, |values| {
                    let (chosen, walk) = case::choose(of, values)?;
                    Ok((chosen, walk.end(Vec::new())))
                })?;
                self.set_all(&expanded.defaults)?;
                let list = chosen.map(|place| &of.clauses[place].list).filter(|list| !list.is_empty());
                // Without commands it succeeds; else they see what came before.
                self.code = list.map_or(0, |_| expanded.code.unwrap_or(self.code));
                self.enter(place, input, Frame::all(list.unwrap_or(&List::from([]))));
            }
            Body::Condition(of) => self.decide(place, of, outputs, cx)?,
            Body::Sum(word) => self.calculate(place, word, outputs, cx)?,
            Body::Function(function) => {
                self.define(function)?;
                self.note(place, 0);
            }
            Body::For(of) => {
                let expanded = self.expanded(outputs, |values| expand::expand_list(&of.words, values))?;
                self.set_all(&expanded.defaults)?;
                // Without words it succeeds; else its body sees what came before.
                self.code = if expanded.words.is_empty() { 0 } else { expanded.code.unwrap_or(self.code) };
                let words = expanded.words.into_iter();
                self.enter(place, input, Frame::For { of: Arc::clone(of), words });
            }
        }
        Ok(true)
    }

    /// Decides `[[ … ]]`.
    fn decide(
        &mut self,
        place: &Place,
        of: &Condition,
        outputs: &[Printed],
        cx: &mut Cx,
    ) -> Result<(), Stop> {
        let machine = &*cx.machine;
        let decided = self.expanded(outputs, |values| conditional::decide(of, values, machine))?;
        let Decided { code, complaint, shown, has_matched, expanded } = decided;
        if has_matched {
            Arc::make_mut(&mut self.variables).unset_all(&format!("{MATCH}["));
        }
        self.set_all(&expanded.defaults)?;
        self.say(place, &shown, &complaint, cx);
        self.note(place, code);
        Ok(())
    }

    /// Calculates `((…))`.
    fn calculate(
        &mut self,
        place: &Place,
        word: &Word,
        outputs: &[Printed],
        cx: &mut Cx,
    ) -> Result<(), Stop> {
        let (text, sum, expanded) = self.expanded(outputs, |values| {
            let mut walk = Walk::new(values);
            let text = walk.text(word)?;
            let sum = match walk.sum(&text) {
                Err(Stop::Failure(Failure::NoSum(message))) => Err(message),
                sum => Ok(sum?),
            };
            Ok((text, sum, walk.end(Vec::new())))
        })?;
        self.set_all(&expanded.defaults)?;
        let complaint = sum.as_ref().err().map(|message| format!("((: {message}")).unwrap_or_default();
        self.say(place, &[format!("(( {text} ))")], &complaint, cx);
        self.note(place, i32::from(sum.is_ok_and(|sum| sum == 0) || !complaint.is_empty()));
        Ok(())
    }

    /// Shows what a command has looked at, if commands are shown, and complains of what came to nothing.
    fn say(&self, place: &Place, shown: &[String], complaint: &str, cx: &mut Cx) {
        let streams = self.streams.with(&place.command().redirects);
        self.trace(shown, streams, cx);
        if !complaint.is_empty() {
            self.complain(complaint, 1, streams, cx);
        }
    }

    /// Expands words, which counts as work even if they come to nothing.
    pub(super) fn expanded<T>(
        &self,
        outputs: &[Printed],
        expand: impl FnOnce(Values) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let (variables, parameters) = (&*self.variables, &*self.parameters);
        let (code, is_strict, spent) = (self.code, self.options.needs_variables, Cell::default());
        let seconds = self.seconds();
        let expanded =
            expand(Values { variables, parameters, code, is_strict, seconds, outputs, spent: &spent });
        self.life.work_on(spent.get());
        expanded
    }

    pub(super) fn set_all(&mut self, values: &[(String, String)]) -> Result<(), Failure> {
        for (name, value) in values {
            if name == SECONDS {
                self.timer = (Some(self.now), value.parse().unwrap_or(0));
            }
            Arc::make_mut(&mut self.variables).set(name, value)?;
        }
        Ok(())
    }

    /// For how long it has run, or since it was told a number of seconds, which counts on.
    fn seconds(&self) -> i64 {
        let (from, number) = self.timer;
        let passed = from.map_or(0, |from| self.now.seconds() - from.seconds());
        number.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// Goes into a compound command.
    pub(super) fn enter(&mut self, place: &Place, input: Option<Input>, frame: Frame) {
        let command = place.command();
        let around = Frame::Around {
            streams: self.streams,
            here: input.map(|input| self.here.replace(input)),
            is_negated: command.is_negated,
            is_tested: place.is_tested(),
        };
        self.streams = self.streams.with(&command.redirects);
        self.frames.extend([around, frame]);
    }

    /// Whether a failure here is looked at, and so ends no script.
    fn is_in_test(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::If { .. } => true,
            Frame::Loop { is_testing, .. } => *is_testing,
            Frame::Around { is_negated, is_tested, .. } => *is_negated || *is_tested,
            Frame::List { .. } | Frame::For { .. } | Frame::Call(_) => false,
        })
    }

    /// A shell in this one, which is like it.
    fn fork(&self, frame: Frame) -> Result<Sh, Failure> {
        let life = self.life.another().ok_or(Failure::NoShell)?;
        life.work_on(self.variables.bytes());
        Ok(Sh {
            frames: vec![frame],
            variables: Arc::clone(&self.variables),
            parameters: Arc::clone(&self.parameters),
            code: self.code,
            functions: Arc::clone(&self.functions),
            is_in_function: self.is_within_function(),
            options: self.options,
            timer: self.timer,
            now: self.now,
            substitutions: self.substitutions,
            depth: self.depth + 1,
            is_subshell: true,
            ..Sh::new(life)
        })
    }

    /// Begins the shell of an output.
    fn get_output(
        &mut self,
        list: &List,
        set: &[(String, String)],
        place: Place,
        mut outputs: Vec<Printed>,
    ) -> Result<(), Failure> {
        let mut shell = self.fork(Frame::all(list))?;
        shell.options.ends_on_failure = false;
        shell.substitutions += 1;
        shell.set_all(set)?;
        shell.code = outputs.last().map_or(self.code, |printed| printed.code);
        outputs.push(Printed::default());
        self.wait_for(Box::new(shell), self.streams, None, place);
        if let Some(running) = &mut self.running {
            running.outputs = Some(outputs);
        }
        Ok(())
    }

    fn wait_for(&mut self, program: Box<dyn Program>, streams: Streams, input: Option<Input>, place: Place) {
        let terminal = Terminal::inner();
        self.running = Some(Running { program, terminal, streams, input, place, outputs: None });
    }

    /// Says why a command is not run. A script that has no memory, or not the variables that it needs, is over.
    fn refuse(&mut self, failure: Failure, streams: Streams, cx: &mut Cx) {
        let line = self.line;
        // From standard input, bash has the code of a failure within for that of its own.
        let is_within = self.is_subshell || self.options.ends_on_failure || self.source.is_some();
        let unbound = if is_within { UNBOUND_WITHIN } else { UNBOUND };
        let is_only_its = matches!(failure, Failure::TooLong(_) | Failure::NoShell | Failure::NoInput(_));
        let (message, code, streams) = match failure {
            Failure::Unset(name) => (format!("line {line}: {name}: unbound variable"), unbound, self.streams),
            Failure::Wrong(message) => (format!("line {line}: {message}"), unbound, self.streams),
            Failure::NoSum(message) => (format!("line {line}: {message}"), 1, self.streams),
            Failure::NoMemory(bytes) => {
                (format!("xrealloc: cannot allocate {bytes} bytes"), NO_MEMORY, self.streams)
            }
            // It is the new process that cannot begin: its own output is redirected already.
            Failure::TooLong(name) => {
                (format!("line {line}: {name}: Argument list too long"), NOT_RUN, streams)
            }
            Failure::NoShell => {
                (format!("line {line}: fork: Resource temporarily unavailable"), NO_FORK, self.streams)
            }
            Failure::NoInput(message) => (format!("line {line}: {message}"), 1, self.streams),
        };
        pass_on(Output { stderr: format!("bash: {message}\n"), ..Output::default() }, streams, cx);
        self.code = code;
        let ends = self.options.ends_on_failure && !self.is_tested && !self.is_in_test();
        if ends || !is_only_its {
            self.end_script();
        }
    }

    /// False if it waits for its input.
    fn run(
        &mut self,
        place: &Place,
        expanded: Expanded,
        input: Option<Input>,
        cx: &mut Cx,
    ) -> Result<bool, Failure> {
        self.set_all(&expanded.defaults)?;
        self.trace_command(&expanded, cx);
        let Some((name, args)) = expanded.words.split_first() else {
            self.set_all(&expanded.assignments)?;
            // The exit code is that of the last substitution, or success.
            self.note(place, expanded.code.unwrap_or(0));
            return Ok(true);
        };
        if name == "command" && args.first().is_some_and(|word| !word.starts_with('-')) {
            // What is called so is no function.
            let expanded = Expanded { words: args.to_vec(), ..expanded };
            return self.run_command(place, expanded, input, cx);
        }
        if let Some(function) = self.function(name) {
            self.call(place, &function, expanded, input)?;
            return Ok(true);
        }
        self.run_command(place, expanded, input, cx)
    }

    /// Runs what is no function. False if it waits for its input.
    fn run_command(
        &mut self,
        place: &Place,
        expanded: Expanded,
        input: Option<Input>,
        cx: &mut Cx,
    ) -> Result<bool, Failure> {
        let command = place.command();
        let Some((name, args)) = expanded.words.split_first() else { return Ok(true) };
        let streams = self.streams.with(&command.redirects);
        if expanded.words == ["exec"] {
            // Where it has no command, the shell itself goes on so.
            (self.streams, self.here) = (streams, input.or(self.here.take()));
            self.note(place, 0);
            return Ok(true);
        }
        let (own, input) = self.own_with(&expanded, input, streams, cx)?;
        match own {
            Own::No => {}
            Own::Exited => return Ok(true),
            Own::Waits => return Ok(false),
            Own::Ended(code) => {
                self.note(place, code);
                return Ok(true);
            }
        }
        if !OWN.contains(&name.as_str()) && args.iter().any(|arg| arg.len() > ARGUMENT_BYTES_MAX) {
            return Err(Failure::TooLong(name.clone()));
        }
        let started = self.start(&expanded.words, &expanded.assignments, cx)?;
        // A shell tells of lines of its own.
        let is_shell = matches!(name.as_str(), "sh" | "bash");
        match started {
            Started::Running(program) => {
                self.life.work(START);
                self.wait_for(program, streams, input, place.clone());
            }
            Started::Done(output) => {
                let stderr = if is_shell { output.stderr } else { located(&output.stderr, command.line) };
                let code = output.exit_code.unwrap_or(0);
                pass_on(Output { stderr, stdout: output.stdout, exit_code: None }, streams, cx);
                self.note(place, code);
            }
        }
        Ok(true)
    }

    /// Starts a program, or a shell of its own, be it with a limit of time.
    fn start(
        &self,
        words: &[String],
        assigned: &[(String, String)],
        cx: &mut Cx,
    ) -> Result<Started, Failure> {
        let Some((name, args)) = words.split_first() else {
            return Ok(program::start(words, cx.machine, cx.now));
        };
        Ok(match name.as_str() {
            "sh" | "bash" => self.begin_inner(name, args, assigned)?,
            "timeout" => match Limit::parse(args) {
                Ok((limit, command)) => limit.over(self.start(command, assigned, cx)?, cx.now),
                Err(started) => started,
            },
            _ => program::start(words, cx.machine, cx.now),
        })
    }

    /// Does what only the shell itself can, with what the command is given to read; gives that back.
    fn own_with(
        &mut self,
        expanded: &Expanded,
        mut input: Option<Input>,
        streams: Streams,
        cx: &mut Cx,
    ) -> Result<(Own, Option<Input>), Failure> {
        let is_given = input.is_some();
        let mut here = if is_given { input.take() } else { self.here.take() };
        if let Some(here) = &mut here {
            std::mem::swap(cx.input, here);
        }
        let own = self.own(expanded, streams, cx);
        if let Some(here) = &mut here {
            std::mem::swap(cx.input, here);
        }
        if !is_given {
            self.here = here.take();
        }
        Ok((own?, here))
    }

    /// A shell of its own, with the variables that commands are given.
    fn begin_inner(
        &self,
        name: &str,
        args: &[String],
        assigned: &[(String, String)],
    ) -> Result<Started, Failure> {
        self.life.work_on(self.variables.bytes());
        let mut variables = self.variables.environment(assigned)?;
        set_ids(&mut variables);
        let variables = Arc::new(variables);
        if self.depth >= DEPTH_MAX || !self.life.may_begin() {
            return Err(Failure::NoShell);
        }
        let life = self.life.another().ok_or(Failure::NoShell)?;
        Ok(begin(name, args, Sh { variables, depth: self.depth + 1, ..Sh::new(life) }))
    }

    /// Takes note of how a command ended.
    fn note(&mut self, place: &Place, code: i32) {
        let is_negated = place.command().is_negated;
        self.code = if is_negated { i32::from(code == 0) } else { code };
        let is_tested = is_negated || place.is_tested() || self.is_tested || self.is_in_test();
        if code != 0 && self.options.ends_on_failure && !is_tested {
            self.end_script();
        }
    }

    /// Takes note of how what takes time ended; the command that waits for its output goes on.
    pub(super) fn finish(&mut self, running: Running, code: i32, cx: &mut Cx) {
        match running.outputs {
            None => self.note(&running.place, code),
            Some(mut outputs) => {
                if let Some(printed) = outputs.last_mut() {
                    if printed.text.contains('\0') {
                        let stderr = format!("bash: {NO_NUL}\n");
                        pass_on(Output { stderr, ..Output::default() }, self.streams, cx);
                    }
                    printed.text = output_of(std::mem::take(&mut printed.text));
                    printed.code = code;
                }
                self.prepare(running.place, outputs, cx);
            }
        }
    }
}

/// What stands for commands that have printed this: without line ends at its end, which take no room, and without NUL.
fn output_of(mut printed: String) -> String {
    printed.retain(|letter| letter != '\0');
    printed.truncate(printed.trim_end_matches('\n').len());
    printed.shrink_to_fit();
    joined(printed)
}
