//! `nc -l`: takes one connection, sends it standard input, prints what comes, and ends when the far side says no more.

use super::super::socket::{Client, Progress};
use super::super::{Cx, INTERRUPTED, Program, Step};
use super::{Sending, VERSION, Wanted, bound};
use crate::text::Decoder;

/// A running `nc -l`.
pub(super) struct Listener {
    wanted: Wanted,
    client: Option<Client>,
    sending: Sending,
    decoder: Decoder,
    is_greeted: bool,
    is_interrupted: bool,
}

impl Listener {
    pub(super) fn new(wanted: Wanted) -> Listener {
        Listener {
            wanted,
            client: None,
            sending: Sending::default(),
            decoder: Decoder::default(),
            is_greeted: false,
            is_interrupted: false,
        }
    }

    /// Tells of the connection, once.
    fn greet(&mut self, client: &Client, cx: &mut Cx) {
        if std::mem::replace(&mut self.is_greeted, true) {
            return;
        }
        if let Some(from) = client.remote(cx) {
            let text = format!("Ncat: Connection from {}.\nNcat: Connection from {from}.\n", from.ip());
            self.wanted.tell(&text, cx);
        }
    }

    /// Serves the connection: what has come on standard input goes first, be it to one who says no more.
    fn serve(&mut self, client: &mut Client, cx: &mut Cx) -> Step {
        let bytes = client.read(cx);
        let progress = client.progress(cx);
        match progress {
            Progress::Connecting => return Step::Wait(None),
            Progress::Refused => return Step::Exit(0),
            Progress::Open | Progress::Closed => {}
        }
        self.greet(client, cx);
        cx.terminal.print(&self.decoder.take(&bytes, progress == Progress::Closed));
        let is_terminal = cx.input.is_absent;
        if client.may_write(cx) {
            self.sending.go_on(client, is_terminal, cx);
        }
        if progress == Progress::Closed { Step::Exit(0) } else { Step::Wait(None) }
    }
}

impl Program for Listener {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        let client = self.client.take().or_else(|| {
            self.wanted.tell(VERSION, cx);
            let client = Client::listen(cx, self.wanted.port);
            bound(&self.wanted, client.is_some(), cx);
            client
        });
        let Some(mut client) = client else { return Step::Exit(2) };
        let step = self.serve(&mut client, cx);
        self.client = Some(client);
        step
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(mut client) = self.client.take() {
            client.leave(cx);
        }
    }
}
