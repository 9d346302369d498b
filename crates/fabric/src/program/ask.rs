//! One question after the other to a list of servers, as the tools of BIND put them.
//!
//! Source: BIND 9.18, bin/dig/dighost.c (what is said of servers that do not answer).

use super::Cx;
use super::udp::UdpClient;
use crate::dns::{self, Response};
use simple_dns::QTYPE;
use std::net::SocketAddr;
use weir_model::Nanos;

/// How long a server is given, unless told otherwise.
pub(super) const TIMEOUT_NS: u64 = 5_000_000_000;

/// Who is asked, and the question under way.
pub(super) struct Asker {
    servers: Vec<SocketAddr>,
    tries: usize,
    timeout_ns: u64,
    /// How often the question has been sent.
    sent: usize,
    sent_at: Nanos,
    asked: Option<(UdpClient, u16)>,
    is_answered: bool,
}

/// How far a question is.
pub(super) enum Asked {
    /// Waits for an answer until then.
    Waiting(Nanos),
    /// What a server has answered, in so many bytes.
    Answer(Response, usize),
    /// No server has.
    Silence,
    /// What was asked for cannot be a name.
    NoName,
}

impl Asker {
    /// Asks these servers, each up to `tries` times.
    pub(super) fn new(servers: Vec<SocketAddr>, tries: usize, timeout_ns: u64) -> Asker {
        let sent_at = Nanos(0);
        Asker { servers, tries, timeout_ns, sent: 0, sent_at, asked: None, is_answered: false }
    }

    /// When it was last asked.
    pub(super) fn sent_at(&self) -> Nanos {
        self.sent_at
    }

    /// The server that was asked last; the first before any was.
    pub(super) fn server(&self) -> Option<SocketAddr> {
        let count = self.servers.len().max(1);
        self.servers.get(self.sent.saturating_sub(1) % count).copied()
    }

    /// Puts a question, or hears what has come of it. After an answer the next one may be put.
    pub(super) fn ask(&mut self, (name, kind): (&str, QTYPE), cx: &mut Cx) -> Asked {
        let Some((client, id)) = &self.asked else { return self.send((name, kind), cx) };
        while let Some(bytes) = client.receive(cx) {
            if let Some(response) = Response::parse(&bytes).filter(|response| response.id == *id) {
                self.leave(cx);
                self.is_answered = true;
                return Asked::Answer(response, bytes.len());
            }
        }
        let (is_refused, until) = (client.is_refused(cx), self.give_up_at());
        if !is_refused && cx.now < until {
            return Asked::Waiting(until);
        }
        self.leave(cx);
        self.complain(if is_refused { "connection refused" } else { "timed out" }, cx);
        self.send((name, kind), cx)
    }

    fn give_up_at(&self) -> Nanos {
        self.sent_at.plus(self.timeout_ns)
    }

    fn complain(&self, reason: &str, cx: &mut Cx) {
        if let Some(server) = self.server() {
            let (address, port) = (server.ip(), server.port());
            cx.terminal.print(&format!(";; communications error to {address}#{port}: {reason}\n"));
        }
    }

    fn send(&mut self, (name, kind): (&str, QTYPE), cx: &mut Cx) -> Asked {
        if std::mem::take(&mut self.is_answered) {
            self.sent = 0;
        }
        while self.sent < self.tries * self.servers.len() {
            self.sent += 1;
            self.sent_at = cx.now;
            let id = cx.machine.fresh_ident();
            let Some(query) = dns::query(id, name, kind) else { return Asked::NoName };
            let server = self.server();
            let Some(client) = server.and_then(|server| UdpClient::open(cx, server)) else {
                self.complain("network unreachable", cx);
                continue;
            };
            client.send(&query, cx);
            self.asked = Some((client, id));
            return Asked::Waiting(self.give_up_at());
        }
        Asked::Silence
    }

    /// Gives up.
    pub(super) fn leave(&mut self, cx: &mut Cx) {
        if let Some((client, _)) = self.asked.take() {
            client.leave(cx);
        }
    }
}
