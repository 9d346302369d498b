//! Commands with pipes between them, all at a time: what one prints the next one reads.
//!
//! A command is not woken while what it printed last does not fit into its pipe. One that prints when its reader has ended is
//! ended itself, as by SIGPIPE.
//! Source: POSIX.1-2017, Shell Command Language, section 2.9.2 (Pipelines); pipe(7) for the room.

use super::super::{BROKEN_PIPE, Cx, INTERRUPTED, Input, News, PIPE_BYTES, Program, Step, Terminal};
use super::Sh;
use weir_model::Nanos;

/// A running pipeline.
pub(super) struct Pipeline {
    stages: Vec<Stage>,
    /// Whether any failure is its failure.
    has_pipefail: bool,
    /// How often it was woken.
    turns: usize,
    is_interrupted: bool,
}

/// A command of a pipeline.
struct Stage {
    /// Nothing once it has ended.
    shell: Option<Sh>,
    /// What it has printed and does not fit into the pipe.
    terminal: Terminal,
    /// What the one before has printed.
    input: Input,
    wake_at: Option<Nanos>,
    is_due: bool,
    code: i32,
}

impl Stage {
    /// Whether it runs, and does not wait for room.
    fn may_run(&self) -> bool {
        self.shell.is_some() && self.terminal.output.stdout.is_empty()
    }
}

impl Pipeline {
    /// The shells of the commands, in their order.
    pub(super) fn new(shells: Vec<Sh>, has_pipefail: bool) -> Pipeline {
        let stage = |shell| Stage {
            shell: Some(shell),
            terminal: Terminal::inner(),
            input: Input::open(),
            wake_at: None,
            is_due: true,
            code: 0,
        };
        let stages = shells.into_iter().map(stage).collect();
        Pipeline { stages, has_pipefail, turns: 0, is_interrupted: false }
    }

    /// Does something with a command that runs; its own input is that of the whole pipeline if it is the first.
    fn with<T>(&mut self, at: usize, cx: &mut Cx, act: impl FnOnce(&mut Sh, &mut Cx) -> T) -> Option<T> {
        let stage = self.stages.get_mut(at)?;
        let input = if at == 0 { &mut *cx.input } else { &mut stage.input };
        let terminal = &mut stage.terminal;
        let mut inner = Cx { now: cx.now, machine: cx.machine, outbox: cx.outbox, terminal, input };
        stage.shell.as_mut().map(|shell| act(shell, &mut inner))
    }

    fn run(&mut self, at: usize, cx: &mut Cx) {
        match self.with(at, cx, |shell, cx| shell.wake(cx)) {
            Some(Step::Wait(wake_at)) => self.stages[at].wake_at = wake_at,
            Some(Step::Exit(code)) => self.end(at, code, cx),
            None => {}
        }
    }

    fn end(&mut self, at: usize, code: i32, cx: &mut Cx) {
        self.with(at, cx, |shell, cx| shell.leave(cx));
        (self.stages[at].shell, self.stages[at].code) = (None, code);
    }

    /// Passes on what was printed, from the last command to the first: so there is room where something was read.
    fn carry(&mut self, cx: &mut Cx) {
        let last = self.stages.len() - 1;
        for at in (0..=last).rev() {
            let output = std::mem::take(&mut self.stages[at].terminal.output);
            cx.terminal.complain(&output.stderr);
            if at == last {
                cx.terminal.print(&output.stdout);
                continue;
            }
            let (is_over, had_output) = (self.stages[at].shell.is_none(), !output.stdout.is_empty());
            let next = &mut self.stages[at + 1];
            if next.shell.is_none() {
                if had_output && !is_over {
                    self.end(at, BROKEN_PIPE, cx);
                }
                continue;
            }
            let mut text = output.stdout;
            let room = next.input.room().min(text.len());
            let rest = text.split_off(text.floor_char_boundary(room));
            let is_end = is_over && rest.is_empty() && !next.input.is_over;
            next.is_due |= !text.is_empty() || is_end;
            next.input.is_over |= is_end;
            next.input.text.push_str(&text);
            let stage = &mut self.stages[at];
            stage.is_due |= !text.is_empty() && rest.is_empty();
            stage.terminal.output.stdout = rest;
        }
    }

    fn code(&self) -> i32 {
        let mut codes = self.stages.iter().rev().map(|stage| stage.code);
        let last = codes.next().unwrap_or(0);
        let failed = codes.find(|code| *code != 0).filter(|_| self.has_pipefail && last == 0);
        failed.unwrap_or(last)
    }
}

impl Program for Pipeline {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        let count = self.stages.len();
        self.stages.iter_mut().for_each(|stage| stage.is_due = true);
        // Each in turn is the first: one that never rests leaves time to the others.
        let first = self.turns % count;
        self.turns += 1;
        loop {
            let mut order = (0..count).map(|place| (first + place) % count);
            let due = order.find(|at| self.stages[*at].is_due && self.stages[*at].may_run());
            let Some(at) = due else { break };
            self.stages[at].is_due = false;
            self.run(at, cx);
            self.carry(cx);
            if cx.terminal.output.stdout.len() >= PIPE_BYTES {
                return Step::Wait(Some(cx.now));
            }
        }
        let running = || self.stages.iter().filter(|stage| stage.shell.is_some());
        match running().count() {
            _ if self.is_interrupted => Step::Exit(INTERRUPTED),
            0 => Step::Exit(self.code()),
            _ => {
                Step::Wait(running().filter(|stage| stage.may_run()).filter_map(|stage| stage.wake_at).min())
            }
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        let mut has_to_wake = false;
        for at in 0..self.stages.len() {
            has_to_wake |= self.with(at, cx, |shell, cx| shell.hear(news, cx)).unwrap_or(false);
        }
        has_to_wake
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
        self.stages.iter_mut().filter_map(|stage| stage.shell.as_mut()).for_each(Sh::interrupt);
    }

    fn leave(&mut self, cx: &mut Cx) {
        for at in 0..self.stages.len() {
            self.with(at, cx, |shell, cx| shell.leave(cx));
        }
    }
}
