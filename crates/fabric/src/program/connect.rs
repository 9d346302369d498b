//! The client side of an EC2 Instance Connect session: a TCP connection to port 22 that waits for sshd's banner, and then
//! carries commands and their output.
//!
//! Source: EC2 User Guide, "Connect using EC2 Instance Connect"; messages: OpenSSH's ssh(1).

use super::socket::{Client, Progress};
use super::{Cx, OUTPUT_BYTES_MAX, Output, PIPE_BYTES, Program, Step, append};
use crate::shell::{Kind, Message};
use crate::text::Decoder;
use std::net::SocketAddr;
use weir_model::Nanos;

/// ssh's exit code for its own failures.
const SSH_FAILED: i32 = 255;

/// The longest banner, with its line end (RFC 4253, section 4.2).
const BANNER_BYTES_MAX: usize = 255;

/// What the client says first.
const CLIENT_BANNER: &[u8] = b"SSH-2.0-EC2_Instance_Connect\r\n";

/// What the client has heard of a command of its session.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) output: Output,
    /// What makes text of standard output and standard error.
    decoders: [Decoder; 2],
    /// For how many bytes of its input the host has room; `None` if it reads nothing.
    window: Option<usize>,
}

impl Heard {
    /// Nothing yet of a command that has been told to run, and perhaps to read what it will be fed.
    pub(crate) fn nothing(is_fed: bool) -> Heard {
        Heard { window: is_fed.then_some(PIPE_BYTES), ..Heard::default() }
    }

    /// Takes the room for as many as it has of `count` bytes that are to be sent to its input; `None` if nobody will read them.
    pub(crate) fn take_room(&mut self, count: usize) -> Option<usize> {
        let window = self.window.as_mut().filter(|_| self.output.exit_code.is_none())?;
        let taken = count.min(*window);
        *window -= taken;
        Some(taken)
    }

    /// Notes that nothing more will be sent to its input.
    pub(crate) fn end_input(&mut self) {
        self.window = None;
    }

    /// Takes in what the host says of the command.
    fn hear(&mut self, message: &Message) {
        match message.kind {
            Kind::Out => self.print(&message.bytes, false),
            Kind::Err => self.complain(&message.bytes, false),
            Kind::End => {
                self.print(b"", true);
                self.complain(b"", true);
                self.output.exit_code = message.number();
            }
            Kind::Window => {
                let more: usize = message.number().unwrap_or(0);
                self.window = self.window.map(|window| window.saturating_add(more).min(PIPE_BYTES));
            }
            Kind::Run | Kind::RunFed | Kind::In | Kind::Eof | Kind::Interrupt => {}
        }
    }

    fn print(&mut self, bytes: &[u8], are_last: bool) {
        append(&mut self.output.stdout, &self.decoders[0].take(bytes, are_last), OUTPUT_BYTES_MAX);
    }

    fn complain(&mut self, bytes: &[u8], are_last: bool) {
        append(&mut self.output.stderr, &self.decoders[1].take(bytes, are_last), OUTPUT_BYTES_MAX);
    }
}

/// A session: open from the banner until either side closes.
pub(crate) struct Connect {
    to: SocketAddr,
    timeout_ns: u64,
    started: Option<Nanos>,
    client: Option<Client>,
    has_banner: bool,
    inbox: Vec<u8>,
    pending: Vec<u8>,
    is_interrupted: bool,
}

impl Connect {
    /// A session with sshd at `to`, given up after `timeout_ns` without a banner.
    pub(crate) fn new(to: SocketAddr, timeout_ns: u64) -> Connect {
        Connect {
            to,
            timeout_ns,
            started: None,
            client: None,
            has_banner: false,
            inbox: Vec::new(),
            pending: CLIENT_BANNER.to_vec(),
            is_interrupted: false,
        }
    }

    fn fail(&self, reason: &str, cx: &mut Cx) -> Step {
        let (host, port) = (self.to.ip(), self.to.port());
        cx.terminal.complain(&format!("ssh: connect to host {host} port {port}: {reason}\n"));
        Step::Exit(SSH_FAILED)
    }

    fn step(&mut self, client: &mut Client, cx: &mut Cx) -> Step {
        let give_up_at = self.started.unwrap_or(cx.now).plus(self.timeout_ns);
        let is_late = cx.now >= give_up_at && !self.has_banner;
        match client.progress(cx) {
            Progress::Connecting | Progress::Open if is_late => self.fail("Connection timed out", cx),
            Progress::Connecting => Step::Wait(Some(give_up_at)),
            Progress::Refused => self.fail("Connection refused", cx),
            Progress::Closed => {
                cx.terminal.is_open = false;
                cx.terminal.complain(&format!("Connection to {} closed by remote host.\n", self.to.ip()));
                Step::Exit(SSH_FAILED)
            }
            Progress::Open => {
                self.talk(client, cx);
                Step::Wait((!self.has_banner).then_some(give_up_at))
            }
        }
    }

    /// Reads what the host says and, once it has shown its banner, sends what is to be sent.
    fn talk(&mut self, client: &Client, cx: &mut Cx) {
        self.inbox.extend(client.read(cx));
        if !self.has_banner {
            let Some(end) = self.inbox.iter().position(|byte| *byte == b'\n') else {
                // Nobody who says so much first is sshd: it is left to time out.
                self.inbox.truncate(BANNER_BYTES_MAX);
                return;
            };
            self.has_banner = self.inbox.starts_with(b"SSH-2.0-");
            cx.terminal.is_open = self.has_banner;
            self.inbox.drain(..=end);
        }
        while let Some(message) = Message::take(&mut self.inbox) {
            if let Some(heard) = cx.terminal.channels.get_mut(&message.channel) {
                heard.hear(&message);
            }
        }
        let sent = client.write(&self.pending, cx);
        self.pending.drain(..sent);
    }
}

impl Program for Connect {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        self.started.get_or_insert(cx.now);
        if self.is_interrupted {
            cx.terminal.is_open = false;
            return Step::Exit(0);
        }
        let Some(mut client) = self.client.take().or_else(|| Client::open(cx, self.to)) else {
            return self.fail("Network is unreachable", cx);
        };
        let step = self.step(&mut client, cx);
        self.client = Some(client);
        step
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn tell(&mut self, message: Message) {
        message.write(&mut self.pending);
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(mut client) = self.client.take() {
            client.leave(cx);
        }
    }
}
