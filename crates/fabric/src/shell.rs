//! What travels in a session: commands one way, output the other. sshd runs the commands on its host.
//!
//! After the banners both sides send messages: a line `<channel> <kind> <length>` and so many bytes. A channel is one
//! command. To the host: `run` (words separated by NUL), or `fed` if it is to read what follows, which is `in` (bytes) and `eof`;
//! and `int` (Ctrl-C). From it: `out`, `err`, `win` (for so many more bytes of input there is room, after the first
//! [`PIPE_BYTES`]), and `end` with the exit code. It stands in for SSH's own packets (RFC 4254, sections 5 and 6), which are
//! not simulated: nothing is encrypted.

use crate::host::Machine;
use crate::program::{self, HUNG_UP, Input, News, Output, PIPE_BYTES, Started};
use crate::service::SSH_BANNER;
use crate::stack::Outbox;
use crate::task::Task;
use crate::text::{bytes_of, text_of};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use std::str::FromStr;
use weir_model::Nanos;

/// Most commands that run in one session at a time.
const COMMANDS_MAX: usize = 64;

/// The longest message, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// More bytes than the line before a message has.
const HEAD_BYTES_MAX: usize = 64;

/// The number of a command in its session.
pub(crate) type Channel = u64;

/// A message, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) channel: Channel,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Run,
    RunFed,
    In,
    Eof,
    Interrupt,
    Out,
    Err,
    Window,
    End,
}

const KINDS: [(Kind, &str); 9] = [
    (Kind::Run, "run"),
    (Kind::RunFed, "fed"),
    (Kind::In, "in"),
    (Kind::Eof, "eof"),
    (Kind::Interrupt, "int"),
    (Kind::Out, "out"),
    (Kind::Err, "err"),
    (Kind::Window, "win"),
    (Kind::End, "end"),
];

impl Message {
    /// A command line to be run; whether it reads what is sent to it.
    pub(crate) fn run(channel: Channel, argv: &[String], is_fed: bool) -> Message {
        let kind = if is_fed { Kind::RunFed } else { Kind::Run };
        Message { channel, kind, bytes: argv.join("\0").into_bytes() }
    }

    /// A message that says all by its kind.
    pub(crate) fn sign(channel: Channel, kind: Kind) -> Message {
        Message { channel, kind, bytes: Vec::new() }
    }

    /// The number that it says, if it says one.
    pub(crate) fn number<T: FromStr>(&self) -> Option<T> {
        std::str::from_utf8(&self.bytes).ok()?.parse().ok()
    }

    /// Appends the message to `to`.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let name = KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        to.extend(format!("{} {name} {}\n", self.channel, self.bytes.len()).into_bytes());
        to.extend(&self.bytes);
    }

    /// Takes the first message off `from`, if all of it is there. What is no message empties `from`.
    pub(crate) fn take(from: &mut Vec<u8>) -> Option<Message> {
        let Some(end) = from.iter().take(HEAD_BYTES_MAX).position(|byte| *byte == b'\n') else {
            if from.len() >= HEAD_BYTES_MAX {
                from.clear();
            }
            return None;
        };
        let Some((channel, kind, length)) = head(&from[..end]) else {
            from.clear();
            return None;
        };
        if from.len() < end + 1 + length {
            return None;
        }
        let bytes = from[end + 1..end + 1 + length].to_vec();
        from.drain(..end + 1 + length);
        Some(Message { channel, kind, bytes })
    }
}

fn head(line: &[u8]) -> Option<(Channel, Kind, usize)> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(' ');
    let channel = words.next()?.parse().ok()?;
    let name = words.next()?;
    let kind = KINDS.iter().find(|(_, known)| *known == name)?.0;
    let length = words.next()?.parse().ok().filter(|length| *length <= MESSAGE_BYTES_MAX)?;
    words.next().is_none().then_some((channel, kind, length))
}

/// The host's side of a session.
pub(crate) struct Shell {
    pub(crate) handle: SocketHandle,
    /// What has come and is not yet a whole message, after the client's banner.
    inbox: Vec<u8>,
    /// What is still to be sent.
    pending: Vec<u8>,
    has_banner: bool,
    commands: Vec<Command>,
}

/// A command of a session, on its host.
struct Command {
    task: Task,
    /// What has come for its input, and has no room there.
    held: Vec<u8>,
    /// Whether no more will come, and whether it has been told so.
    is_over: bool,
    is_told: bool,
}

impl Command {
    fn new(task: Task) -> Command {
        Command { task, held: Vec::new(), is_over: false, is_told: false }
    }

    /// Takes what comes for its input. A client that minds the window never sends what is too much; that is lost.
    fn hear(&mut self, bytes: &[u8]) {
        let room = PIPE_BYTES.saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
    }

    /// Gives it as much of its input as there is room for, and how many bytes that were; `None` if there was nothing to give.
    fn feed(&mut self) -> Option<usize> {
        if self.is_told || self.held.is_empty() && !self.is_over {
            return None;
        }
        let taken = self.task.feed(&self.held, self.is_over);
        self.held.drain(..taken);
        self.is_told = self.is_over && self.held.is_empty();
        (taken > 0 || self.is_told).then_some(taken)
    }

    /// Lets it do what it can, and gives it the input that there is then room for. What it has to say goes to `to`, or is kept while
    /// the client has more to read.
    fn wake(&mut self, now: Nanos, machine: &mut Machine, outbox: &mut Outbox, to: &mut Vec<u8>) {
        self.task.wake(now, machine, outbox);
        while let Some(taken) = self.feed() {
            let bytes = taken.to_string().into_bytes();
            Message { channel: self.task.id, kind: Kind::Window, bytes }.write(to);
            self.task.wake(now, machine, outbox);
        }
        if to.len() < MESSAGE_BYTES_MAX || !self.task.is_running() {
            print(self.task.id, std::mem::take(&mut self.task.terminal.output), to);
        }
    }
}

impl Shell {
    /// The shell behind a connection to sshd.
    pub(crate) fn new(handle: SocketHandle) -> Shell {
        Shell {
            handle,
            inbox: Vec::new(),
            pending: SSH_BANNER.as_bytes().to_vec(),
            has_banner: false,
            commands: Vec::new(),
        }
    }

    /// When one of its commands wants to be woken.
    pub(crate) fn wake_at(&self) -> Option<Nanos> {
        self.commands.iter().filter_map(|command| command.task.wake_at()).min()
    }

    /// Passes its commands a packet that may answer one of them.
    pub(crate) fn hear(&mut self, news: &News, now: Nanos, machine: &mut Machine, outbox: &mut Outbox) {
        for command in &mut self.commands {
            command.task.hear(news, now, machine, outbox);
        }
    }

    /// Reads messages, lets commands do what they can, and sends what they print.
    pub(crate) fn serve(&mut self, now: Nanos, machine: &mut Machine, outbox: &mut Outbox) {
        self.read(machine.stack.socket(self.handle));
        while let Some(message) = self.next_message() {
            self.obey(message, now, machine);
        }
        for command in &mut self.commands {
            command.wake(now, machine, outbox, &mut self.pending);
        }
        self.commands.retain(|command| command.task.is_running());
        let socket = machine.stack.socket(self.handle);
        self.send(socket);
        if socket.state() == tcp::State::CloseWait {
            self.end(now, machine, outbox);
        }
    }

    fn read(&mut self, socket: &mut tcp::Socket<'static>) {
        while socket.can_recv() && self.inbox.len() < HEAD_BYTES_MAX + MESSAGE_BYTES_MAX {
            let inbox = &mut self.inbox;
            let taken = socket.recv(|bytes| {
                inbox.extend_from_slice(bytes);
                (bytes.len(), ())
            });
            if taken.is_err() {
                return;
            }
        }
    }

    /// The next whole message; the first line of all is the client's banner.
    fn next_message(&mut self) -> Option<Message> {
        if !self.has_banner {
            let end = self.inbox.iter().position(|byte| *byte == b'\n')?;
            self.inbox.drain(..=end);
            self.has_banner = true;
        }
        Message::take(&mut self.inbox)
    }

    fn obey(&mut self, message: Message, now: Nanos, machine: &mut Machine) {
        if matches!(message.kind, Kind::Run | Kind::RunFed) {
            let started = self.start(&message, now, machine);
            let input = if message.kind == Kind::RunFed { Input::open() } else { Input::absent() };
            let task = Task::with_input(message.channel, started, input);
            return self.commands.push(Command::new(task));
        }
        let command = self.commands.iter_mut().find(|command| command.task.id == message.channel);
        let Some(command) = command else { return };
        match message.kind {
            Kind::In => command.hear(&message.bytes),
            Kind::Eof => command.is_over = true,
            Kind::Interrupt => command.task.interrupt(),
            Kind::Run | Kind::RunFed | Kind::Out | Kind::Err | Kind::Window | Kind::End => {}
        }
    }

    fn start(&self, message: &Message, now: Nanos, machine: &mut Machine) -> Started {
        if self.commands.len() >= COMMANDS_MAX {
            let stderr = "bash: fork: retry: Resource temporarily unavailable\n".to_owned();
            return Started::Done(Output { stderr, exit_code: Some(1), ..Output::default() });
        }
        let text = text_of(&message.bytes);
        let words = (!text.is_empty()).then(|| text.split('\0').map(str::to_owned));
        let argv: Vec<String> = words.into_iter().flatten().collect();
        program::start(&argv, machine, now)
    }

    fn send(&mut self, socket: &mut tcp::Socket<'static>) {
        while !self.pending.is_empty() && socket.can_send() {
            let sent = socket.send_slice(&self.pending).unwrap_or(0);
            if sent == 0 {
                return;
            }
            self.pending.drain(..sent);
        }
    }

    /// Ends the session: its commands go, as when a terminal hangs up.
    pub(crate) fn end(&mut self, now: Nanos, machine: &mut Machine, outbox: &mut Outbox) {
        for command in &mut self.commands {
            command.task.kill(HUNG_UP, now, machine, outbox);
        }
        self.commands.clear();
        machine.stack.socket(self.handle).close();
    }
}

/// Writes what a command has printed, and its exit code if it has ended.
fn print(channel: Channel, output: Output, to: &mut Vec<u8>) {
    let Output { stdout, stderr, exit_code } = output;
    for (kind, text) in [(Kind::Out, stdout), (Kind::Err, stderr)] {
        for part in bytes_of(&text).chunks(MESSAGE_BYTES_MAX) {
            Message { channel, kind, bytes: part.to_vec() }.write(to);
        }
    }
    if let Some(code) = exit_code {
        Message { channel, kind: Kind::End, bytes: code.to_string().into_bytes() }.write(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_whatever_the_parts() {
        let argv = ["ping".to_owned(), "-c".to_owned(), "1".to_owned()];
        let messages = [Message::run(3, &argv, true), Message::sign(3, Kind::Interrupt)];
        let mut sent = Vec::new();
        messages.iter().for_each(|message| message.write(&mut sent));
        let (mut inbox, mut found) = (Vec::new(), Vec::new());
        for byte in sent {
            inbox.push(byte);
            found.extend(Message::take(&mut inbox));
        }
        assert_eq!(found, messages);
        assert!(inbox.is_empty());
    }

    #[test]
    fn what_is_no_message_is_thrown_away() {
        for text in
            ["hello\n", "1 run\n", "1 run x\n", "1 run 99999999\n", "1 dance 0\n", "\n", "1 run 0 0\n"]
        {
            let mut inbox = text.as_bytes().to_vec();
            assert_eq!(Message::take(&mut inbox), None, "{text}");
            assert!(inbox.is_empty(), "{text}");
        }
        let mut endless = vec![b'1'; HEAD_BYTES_MAX];
        assert_eq!(Message::take(&mut endless), None);
        assert!(endless.is_empty(), "no message begins like that");
    }
}
