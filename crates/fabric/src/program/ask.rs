//! One question after the other to a list of servers, as the tools of BIND put them.
//!
//! Assumption: over TCP, too, every try is told by a line, and the last word is said once.
//! Source: BIND 9.18, bin/dig/dighost.c (what is said of servers that do not answer).

use super::Cx;
use super::socket::{Client, Progress};
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
    asked: Option<(Line, u16)>,
    is_answered: bool,
    over_tcp: bool,
}

/// What a question goes over.
enum Line {
    Udp(UdpClient),
    Tcp(Stream),
}

/// A connection for one question.
struct Stream {
    client: Client,
    /// What of the question is still to be sent.
    unsent: Vec<u8>,
    received: Vec<u8>,
}

/// What a line has brought.
enum Brought {
    Nothing,
    Message(Vec<u8>),
    /// The far end does not serve this.
    Refused,
    /// The far end has closed without an answer.
    Closed,
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
        let over_tcp = false;
        Asker { servers, tries, timeout_ns, sent: 0, sent_at, asked: None, is_answered: false, over_tcp }
    }

    /// The same over TCP, a connection for each question, if `over_tcp`.
    pub(super) fn over_tcp(self, over_tcp: bool) -> Asker {
        Asker { over_tcp, ..self }
    }

    /// What the question goes over, as dig says it.
    pub(super) fn protocol(&self) -> &'static str {
        if self.over_tcp { "TCP" } else { "UDP" }
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
        let until = self.give_up_at();
        let Some((line, id)) = &mut self.asked else { return self.send((name, kind), cx) };
        let reason = loop {
            match line.bring(cx) {
                Brought::Message(bytes) => {
                    if let Some(response) = Response::parse(&bytes).filter(|response| response.id == *id) {
                        self.leave(cx);
                        self.is_answered = true;
                        return Asked::Answer(response, bytes.len());
                    }
                }
                Brought::Refused => break "connection refused",
                Brought::Closed => break "end of file",
                Brought::Nothing if cx.now < until => return Asked::Waiting(until),
                Brought::Nothing => break "timed out",
            }
        };
        let was_open = !matches!(line, Line::Tcp(stream) if !stream.unsent.is_empty());
        self.leave(cx);
        self.complain((name, reason), was_open, cx);
        self.send((name, kind), cx)
    }

    fn give_up_at(&self) -> Nanos {
        self.sent_at.plus(self.timeout_ns)
    }

    fn complain(&self, (name, reason): (&str, &str), was_open: bool, cx: &mut Cx) {
        let Some(server) = self.server() else { return };
        let (address, port) = (server.ip(), server.port());
        cx.terminal.print(&match was_open {
            true => format!(";; communications error to {address}#{port}: {reason}\n"),
            false => format!(";; Connection to {address}#{port}({address}) for {name} failed: {reason}.\n"),
        });
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
            let Some(line) = server.and_then(|server| Line::open(self.over_tcp, server, &query, cx)) else {
                self.complain((name, "network unreachable"), !self.over_tcp, cx);
                continue;
            };
            self.asked = Some((line, id));
            return Asked::Waiting(self.give_up_at());
        }
        Asked::Silence
    }

    /// Gives up.
    pub(super) fn leave(&mut self, cx: &mut Cx) {
        match self.asked.take() {
            Some((Line::Udp(client), _)) => client.leave(cx),
            Some((Line::Tcp(mut stream), _)) => {
                stream.client.finish(cx);
                stream.client.leave(cx);
            }
            None => {}
        }
    }
}

impl Line {
    /// Begins to send a question; `None` if there is no way to the server.
    fn open(over_tcp: bool, server: SocketAddr, query: &[u8], cx: &mut Cx) -> Option<Line> {
        if over_tcp {
            let client = Client::open(cx, server)?;
            let length = u16::try_from(query.len()).ok()?;
            let unsent = [&length.to_be_bytes(), query].concat();
            return Some(Line::Tcp(Stream { client, unsent, received: Vec::new() }));
        }
        let client = UdpClient::open(cx, server)?;
        client.send(query, cx);
        Some(Line::Udp(client))
    }

    fn bring(&mut self, cx: &mut Cx) -> Brought {
        match self {
            Line::Udp(client) => match client.receive(cx) {
                Some(bytes) => Brought::Message(bytes),
                None if client.is_refused(cx) => Brought::Refused,
                None => Brought::Nothing,
            },
            Line::Tcp(stream) => stream.bring(cx),
        }
    }
}

impl Stream {
    fn bring(&mut self, cx: &mut Cx) -> Brought {
        let progress = self.client.progress(cx);
        if progress == Progress::Open && !self.unsent.is_empty() {
            let sent = self.client.write(&self.unsent, cx);
            self.unsent.drain(..sent);
        }
        self.received.extend(self.client.read(cx));
        match (dns::framed(&self.received), progress) {
            (Some((message, after)), _) => {
                let message = message.to_vec();
                self.received.drain(..after);
                Brought::Message(message)
            }
            (None, Progress::Refused) => Brought::Refused,
            (None, Progress::Closed) => Brought::Closed,
            (None, Progress::Connecting | Progress::Open) => Brought::Nothing,
        }
    }
}
