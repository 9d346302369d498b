//! nc over UDP: `-u` talks to a port, `-zu` asks whether there is one, `-lu` talks to whoever comes first.
//!
//! Assumption: a read of standard input has 8192 bytes at the most, and each becomes a datagram.

use super::super::udp::UdpClient;
use super::super::{Cx, INTERRUPTED, Program, Step};
use super::{SECOND, VERSION, Wanted, bound};
use crate::text::{bytes_of, text_of};
use std::net::SocketAddr;
use weir_model::Nanos;

/// How long it waits for word that a probe was refused.
const PROBE_NS: u64 = 2 * SECOND;

/// Most bytes of a datagram.
const READ_BYTES: usize = 8192;

/// Begins to talk to a port.
fn open(wanted: &Wanted, to: SocketAddr, cx: &mut Cx) -> Result<UdpClient, Step> {
    wanted.tell(VERSION, cx);
    let client = UdpClient::open(cx, to).ok_or_else(|| wanted.fail("Network is unreachable", cx))?;
    wanted.tell(&format!("Ncat: Connected to {to}.\n"), cx);
    Ok(client)
}

/// Sends what has come on standard input, and gives how many bytes that were.
fn send_input(client: &UdpClient, cx: &mut Cx) -> usize {
    let text = std::mem::take(&mut cx.input.text);
    let bytes = bytes_of(&text);
    for piece in bytes.chunks(READ_BYTES) {
        client.send(piece, cx);
    }
    bytes.len()
}

/// Prints what has come from the far end, and gives how many bytes that were.
fn print_received(client: &UdpClient, cx: &mut Cx) -> usize {
    let mut count = 0;
    while let Some(bytes) = client.receive(cx) {
        count += bytes.len();
        cx.terminal.print(&text_of(&bytes));
    }
    count
}

/// A running `nc -u`. It ends with its input, and does not wait for answers.
pub(super) struct Talk {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<UdpClient>,
    started: Nanos,
    sent: usize,
    received: usize,
    is_interrupted: bool,
}

impl Talk {
    pub(super) fn new(wanted: Wanted, to: SocketAddr, started: Nanos) -> Talk {
        Talk { wanted, to, client: None, started, sent: 0, received: 0, is_interrupted: false }
    }

    fn talk(&mut self, client: &UdpClient, cx: &mut Cx) -> Step {
        self.received += print_received(client, cx);
        if client.is_refused(cx) {
            return self.wanted.fail("Connection refused", cx);
        }
        self.sent += send_input(client, cx);
        match cx.input.is_over {
            true => self.wanted.succeed((self.sent, self.received), self.started, cx),
            false => Step::Wait(None),
        }
    }
}

impl Program for Talk {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        let client = match self.client.take() {
            Some(client) => client,
            None => match open(&self.wanted, self.to, cx) {
                Ok(client) => client,
                Err(step) => return step,
            },
        };
        let step = self.talk(&client, cx);
        self.client = Some(client);
        step
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(client) = self.client.take() {
            client.leave(cx);
        }
    }
}

/// A running `nc -zu`: it sends one byte and waits for a refusal.
pub(super) struct Probe {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<UdpClient>,
    started: Nanos,
    is_interrupted: bool,
}

impl Probe {
    pub(super) fn new(wanted: Wanted, to: SocketAddr, started: Nanos) -> Probe {
        Probe { wanted, to, client: None, started, is_interrupted: false }
    }
}

impl Program for Probe {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        let until = self.started.plus(PROBE_NS);
        let Some(client) = &self.client else {
            return match open(&self.wanted, self.to, cx) {
                Ok(client) => {
                    client.send(b"\0", cx);
                    self.client = Some(client);
                    Step::Wait(Some(until))
                }
                Err(step) => step,
            };
        };
        if client.is_refused(cx) {
            return self.wanted.fail("Connection refused", cx);
        }
        if cx.now < until {
            return Step::Wait(Some(until));
        }
        let received = std::iter::from_fn(|| client.receive(cx)).map(|bytes| bytes.len()).sum();
        self.wanted.tell("Ncat: UDP packet sent successfully\n", cx);
        self.wanted.succeed((1, received), self.started, cx)
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(client) = self.client.take() {
            client.leave(cx);
        }
    }
}

/// A running `nc -lu`: it talks to the first who sends something, and to nobody else, until its input ends.
pub(super) struct Listener {
    wanted: Wanted,
    is_bound: bool,
    /// The far end, once there is one.
    client: Option<UdpClient>,
    is_interrupted: bool,
}

impl Listener {
    pub(super) fn new(wanted: Wanted) -> Listener {
        Listener { wanted, is_bound: false, client: None, is_interrupted: false }
    }

    /// Takes whoever has sent something for its far end, and prints that.
    fn accept(&self, cx: &mut Cx) -> Option<UdpClient> {
        let letter = cx.machine.udp.take(self.wanted.port)?;
        let source = cx.machine.source_for(letter.from.ip())?;
        let local = SocketAddr::new(source, self.wanted.port);
        cx.machine.udp.connect(local.port(), letter.from);
        cx.terminal.print(&text_of(&letter.payload));
        Some(UdpClient { local, to: letter.from })
    }
}

impl Program for Listener {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        if !self.is_bound {
            self.wanted.tell(VERSION, cx);
            self.is_bound = cx.machine.udp.bind(self.wanted.port);
            if !bound(&self.wanted, self.is_bound, cx) {
                return Step::Exit(2);
            }
        }
        let Some(client) = self.client.take().or_else(|| self.accept(cx)) else { return Step::Wait(None) };
        print_received(&client, cx);
        send_input(&client, cx);
        self.client = Some(client);
        // A terminal at which nobody types never ends.
        if cx.input.is_over && !cx.input.is_absent { Step::Exit(0) } else { Step::Wait(None) }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if self.is_bound {
            cx.machine.udp.release(self.wanted.port);
        }
    }
}
