//! One question after the other to a list of servers, as the tools of BIND put them.
//!
//! Source: BIND 9.18, bin/dig/dighost.c (what is said of servers that do not answer).

use super::Cx;
use super::udp::UdpClient;
use crate::dns::{self, Response};
use simple_dns::QTYPE;
use std::net::SocketAddr;
use weir_model::Nanos;

/// How long a server is given.
const TIMEOUT_NS: u64 = 5_000_000_000;

/// Who is asked, and the question under way.
pub(super) struct Asker {
    servers: Vec<SocketAddr>,
    tries: usize,
    sent: usize,
    asked: Option<(UdpClient, u16, Nanos)>,
}

/// How far a question is.
pub(super) enum Asked {
    /// Waits for an answer until then.
    Waiting(Nanos),
    /// What a server has answered.
    Answer(Response),
    /// No server has; that has been said.
    Silence,
    /// What was asked for cannot be a name.
    NoName,
}

impl Asker {
    /// Asks these servers, each up to `tries` times.
    pub(super) fn new(servers: Vec<SocketAddr>, tries: usize) -> Asker {
        Asker { servers, tries, sent: 0, asked: None }
    }

    /// The server that was asked last.
    pub(super) fn server(&self) -> Option<SocketAddr> {
        let count = self.servers.len().max(1);
        self.servers.get(self.sent.saturating_sub(1) % count).copied()
    }

    /// Puts a question, or hears what has come of it. After an answer the next one may be put.
    pub(super) fn ask(&mut self, (name, kind): (&str, QTYPE), cx: &mut Cx) -> Asked {
        while let Some((client, id, until)) = self.asked.take() {
            if let Some(bytes) = client.receive(cx) {
                match Response::parse(&bytes).filter(|response| response.id == id) {
                    None => self.asked = Some((client, id, until)),
                    Some(response) => {
                        client.leave(cx);
                        self.sent = 0;
                        return Asked::Answer(response);
                    }
                }
                continue;
            }
            let is_refused = client.is_refused(cx);
            if !is_refused && cx.now < until {
                self.asked = Some((client, id, until));
                return Asked::Waiting(until);
            }
            client.leave(cx);
            self.complain(if is_refused { "connection refused" } else { "timed out" }, cx);
        }
        self.send((name, kind), cx)
    }

    fn complain(&self, reason: &str, cx: &mut Cx) {
        if let Some(server) = self.server() {
            let (address, port) = (server.ip(), server.port());
            cx.terminal.print(&format!(";; communications error to {address}#{port}: {reason}\n"));
        }
    }

    fn send(&mut self, (name, kind): (&str, QTYPE), cx: &mut Cx) -> Asked {
        while self.sent < self.tries * self.servers.len() {
            self.sent += 1;
            let id = cx.machine.fresh_ident();
            let Some(query) = dns::query(id, name, kind) else { return Asked::NoName };
            let server = self.server();
            let Some(client) = server.and_then(|server| UdpClient::open(cx, server)) else {
                self.complain("network unreachable", cx);
                continue;
            };
            client.send(&query, cx);
            let until = cx.now.plus(TIMEOUT_NS);
            self.asked = Some((client, id, until));
            return Asked::Waiting(until);
        }
        cx.terminal.print(";; no servers could be reached\n");
        Asked::Silence
    }

    /// Gives up.
    pub(super) fn leave(&mut self, cx: &mut Cx) {
        if let Some((client, ..)) = self.asked.take() {
            client.leave(cx);
        }
    }
}
