//! A command on a host: its program while it runs, and what it has printed and nobody has taken.

use crate::host::Machine;
use crate::program::{Cx, Input, News, Program, Started, Step, Terminal};
use crate::shell::Message;
use crate::stack::Outbox;
use crate::text::Decoder;
use weir_model::Nanos;

/// A command that was started, running or ended.
pub(crate) struct Task {
    /// Its number; unique on its host, or in its session.
    pub(crate) id: u64,
    pub(crate) terminal: Terminal,
    input: Input,
    /// What makes text of its input.
    decoder: Decoder,
    program: Option<Box<dyn Program>>,
    wake_at: Option<Nanos>,
}

impl Task {
    /// A command as it is right after its start, without input.
    pub(crate) fn new(id: u64, started: Started) -> Task {
        Task::with_input(id, started, Input::absent())
    }

    /// The same with this standard input.
    pub(crate) fn with_input(id: u64, started: Started, input: Input) -> Task {
        let (program, output) = match started {
            Started::Running(program) => (Some(program), Default::default()),
            Started::Done(output) => (None, output),
        };
        let terminal = Terminal { output, ..Terminal::default() };
        Task { id, terminal, input, decoder: Decoder::default(), program, wake_at: None }
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&self) -> bool {
        self.program.is_some()
    }

    /// When it wants to be woken.
    pub(crate) fn wake_at(&self) -> Option<Nanos> {
        self.wake_at.filter(|_| self.is_running())
    }

    /// Lets it do what it can.
    pub(crate) fn wake(&mut self, now: Nanos, machine: &mut Machine, outbox: &mut Outbox) {
        let Some(program) = &mut self.program else { return };
        let (terminal, input) = (&mut self.terminal, &mut self.input);
        let mut cx = Cx { now, machine, outbox, terminal, input };
        match program.wake(&mut cx) {
            Step::Wait(at) => self.wake_at = at,
            Step::Exit(code) => {
                program.leave(&mut cx);
                self.terminal.end(code);
                self.program = None;
            }
        }
    }

    /// Passes it a packet that may answer it, or another. True if it has to be woken now.
    pub(crate) fn hear(
        &mut self,
        news: &News,
        now: Nanos,
        machine: &mut Machine,
        outbox: &mut Outbox,
    ) -> bool {
        let Some(program) = &mut self.program else { return false };
        let (terminal, input) = (&mut self.terminal, &mut self.input);
        program.hear(news, &mut Cx { now, machine, outbox, terminal, input })
    }

    /// Tells it that its user has had enough.
    pub(crate) fn interrupt(&mut self) {
        if let Some(program) = &mut self.program {
            program.interrupt();
        }
    }

    /// Gives it what comes on its standard input: how many of the bytes there is room for.
    pub(crate) fn feed(&mut self, bytes: &[u8], are_last: bool) -> usize {
        if !self.is_running() || self.input.is_over {
            return bytes.len();
        }
        let taken = self.input.room().min(bytes.len());
        self.input.is_over = are_last && taken == bytes.len();
        self.input.text.push_str(&self.decoder.take(&bytes[..taken], self.input.is_over));
        taken
    }

    /// Gives it a message for the far side of its session.
    pub(crate) fn tell(&mut self, message: Message) {
        if let Some(program) = &mut self.program {
            program.tell(message);
        }
    }

    /// Ends it without asking.
    pub(crate) fn kill(&mut self, code: i32, now: Nanos, machine: &mut Machine, outbox: &mut Outbox) {
        if let Some(mut program) = self.program.take() {
            let (terminal, input) = (&mut self.terminal, &mut self.input);
            program.leave(&mut Cx { now, machine, outbox, terminal, input });
            self.terminal.end(code);
        }
    }
}
