//! curl, for http:// only.
//!
//! Source: curl 8.5 (the version of Amazon Linux 2023), curl(1): options, exit codes and messages.

mod options;
mod url;

use super::lookup::{self, Found};
use super::socket::{Client, Progress};
use super::{Cx, Program, Started, Step};
use crate::host::Machine;
use options::Wanted;
use std::fmt::Write;
use std::net::SocketAddr;
use url::Url;
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
/// Most bytes of a response that are kept.
const RESPONSE_BYTES_MAX: usize = 1 << 20;

/// curl's exit codes.
mod code {
    pub(super) const USAGE: i32 = 2;
    pub(super) const MALFORMED_URL: i32 = 3;
    pub(super) const UNRESOLVED: i32 = 6;
    pub(super) const UNCONNECTED: i32 = 7;
    pub(super) const PARTIAL: i32 = 18;
    pub(super) const HTTP_ERROR: i32 = 22;
    pub(super) const TIMED_OUT: i32 = 28;
    pub(super) const EMPTY_REPLY: i32 = 52;
    pub(super) const UNSUPPORTED: i32 = 1;
}

/// Why curl fails before it has connected: its exit code and message.
type Failure = (i32, String);

/// Starts curl.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let mut wanted = Wanted::default();
    let url = match wanted.read(args) {
        Ok(url) => url,
        Err(failure) => return failed(&wanted, failure),
    };
    let host = url.host.clone();
    lookup::resolved(&host, wanted.family, machine, now, move |found, _, now| begin(wanted, url, found, now))
}

fn begin(wanted: Wanted, url: Url, found: Found, now: Nanos) -> Started {
    let Ok(address) = found else {
        return failed(&wanted, (code::UNRESOLVED, format!("(6) Could not resolve host: {}", url.host)));
    };
    let mut curl = Curl {
        to: SocketAddr::new(address, url.port),
        pending: wanted.request(&url).into_bytes(),
        wanted,
        url,
        started: now,
        connected: None,
        from: None,
        client: None,
        response: Vec::new(),
        shown: 0,
        is_interrupted: false,
    };
    curl.pending.extend(curl.wanted.data.as_deref().unwrap_or_default().as_bytes());
    Started::Running(Box::new(curl))
}

fn failed(wanted: &Wanted, (code, message): Failure) -> Started {
    let text = if wanted.is_quiet() { String::new() } else { format!("curl: {message}\n") };
    Started::failed(text, code)
}

/// A running curl.
struct Curl {
    wanted: Wanted,
    url: Url,
    to: SocketAddr,
    /// What is still to be sent.
    pending: Vec<u8>,
    started: Nanos,
    connected: Option<Nanos>,
    /// Its own end, since it began to connect.
    from: Option<SocketAddr>,
    client: Option<Client>,
    response: Vec<u8>,
    /// How far `-v` has told of it: 0 nothing, 1 the attempt, 2 the request.
    shown: u8,
    is_interrupted: bool,
}

impl Curl {
    /// Ends with a failure; what `-w` asks for is printed even so.
    fn fail(&self, code: i32, message: &str, cx: &mut Cx) -> Step {
        if self.wanted.is_verbose {
            cx.terminal.complain(&format!("* {message}\n* Closing connection\n"));
        }
        self.write_out(code, cx);
        if !self.wanted.is_quiet() {
            cx.terminal.complain(&format!("curl: ({code}) {message}\n"));
        }
        Step::Exit(code)
    }

    fn unconnected(&self, code: i32, reason: &str, cx: &mut Cx) -> Step {
        let (host, ms) = (&self.url.host, self.elapsed_ms(cx.now));
        let port = self.to.port();
        self.fail(code, &format!("Failed to connect to {host} port {port} after {ms} ms: {reason}"), cx)
    }

    /// Assumption: this version names its own end, as later ones do.
    fn refused(&self, cx: &mut Cx) -> Step {
        if let Some(from) = self.from.filter(|_| self.wanted.is_verbose) {
            let ends = [self.to, from].map(|end| format!("{} port {}", end.ip(), end.port())).join(" from ");
            cx.terminal.complain(&format!("* connect to {ends} failed: Connection refused\n"));
        }
        self.unconnected(code::UNCONNECTED, "Couldn't connect to server", cx)
    }

    fn elapsed_ms(&self, now: Nanos) -> u64 {
        (now.0 - self.started.0) / MILLISECOND
    }

    fn give_up_at(&self, is_connecting: bool) -> Option<Nanos> {
        let connect = is_connecting.then_some(self.wanted.connect_ns);
        let limit = [connect, self.wanted.total_ns].into_iter().flatten().min();
        limit.map(|ns| self.started.plus(ns))
    }

    /// Tells what `-v` tells of, each once.
    fn tell(&mut self, stage: u8, cx: &mut Cx) {
        if !self.wanted.is_verbose || self.shown >= stage {
            return;
        }
        self.shown = stage;
        let (host, address, port) = (&self.url.host, self.to.ip(), self.to.port());
        if stage == 1 {
            let shown = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            return cx.terminal.complain(&format!("*   Trying {shown}:{port}...\n"));
        }
        let mut text = format!("* Connected to {host} ({address}) port {port}\n");
        for line in self.wanted.request(&self.url).split_terminator("\r\n") {
            let _ = writeln!(text, "> {line}");
        }
        cx.terminal.complain(&text);
    }

    /// Sends the request and gathers the response; ends when all of it is there.
    fn talk(&mut self, client: &mut Client, cx: &mut Cx) -> Option<Step> {
        self.connected.get_or_insert(cx.now);
        self.tell(2, cx);
        let sent = client.write(&self.pending, cx);
        self.pending.drain(..sent);
        let room = RESPONSE_BYTES_MAX.saturating_sub(self.response.len());
        self.response.extend(client.read(cx).into_iter().take(room));
        let (head, body) = split(&self.response)?;
        let length = if self.wanted.is_head { 0 } else { content_length(head)? };
        let body = body.get(..length)?.to_vec();
        Some(self.show(&body, cx))
    }

    /// Shows a whole response.
    fn show(&self, body: &[u8], cx: &mut Cx) -> Step {
        let head = split(&self.response).map(|(head, _)| String::from_utf8_lossy(head)).unwrap_or_default();
        if self.wanted.is_verbose {
            let lines = head.split("\r\n").map(|line| format!("< {line}\n"));
            cx.terminal.complain(&(lines.collect::<String>() + "< \n"));
        }
        let status = self.status();
        if self.wanted.fails_on_error && status >= 400 {
            return self.fail(code::HTTP_ERROR, &format!("The requested URL returned error: {status}"), cx);
        }
        if self.wanted.is_head || self.wanted.includes_head {
            cx.terminal.print(&format!("{head}\r\n\r\n"));
        }
        if self.wanted.output.is_none() {
            cx.terminal.print(&String::from_utf8_lossy(body));
        }
        self.write_out(0, cx);
        if self.wanted.is_verbose {
            cx.terminal.complain("* Closing connection\n");
        }
        Step::Exit(0)
    }

    /// The far side has closed.
    fn ended(&self, cx: &mut Cx) -> Step {
        match split(&self.response) {
            Some((head, body)) => match content_length(head) {
                Some(length) if !self.wanted.is_head && body.len() < length => {
                    let left = length - body.len();
                    let text = format!("transfer closed with {left} bytes remaining to read");
                    self.fail(code::PARTIAL, &text, cx)
                }
                _ => self.show(body, cx),
            },
            None if self.response.is_empty() => self.fail(code::EMPTY_REPLY, "Empty reply from server", cx),
            None => self.fail(code::UNSUPPORTED, "Received HTTP/0.9 when not allowed", cx),
        }
    }

    fn status(&self) -> u16 {
        let line = self.response.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Prints what `-w` asks for.
    fn write_out(&self, code: i32, cx: &mut Cx) {
        let Some(format) = &self.wanted.write_out else { return };
        let mut text = String::new();
        let mut rest = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
        while let Some(at) = rest.find("%{") {
            text.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else { break };
            text.push_str(&self.variable(&rest[at + 2..at + end], code, cx.now));
            rest = rest[at + end + 1..].to_owned();
        }
        cx.terminal.print(&(text + &rest.replace("%%", "%")));
    }

    fn variable(&self, name: &str, code: i32, now: Nanos) -> String {
        let seconds = |at: Option<Nanos>| {
            let us = at.map_or(0, |at| at.0.saturating_sub(self.started.0) / 1000);
            format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
        };
        let head = split(&self.response);
        match name {
            "http_code" | "response_code" => format!("{:03}", self.status()),
            "time_total" | "time_starttransfer" => seconds(Some(now)),
            "time_connect" => seconds(self.connected),
            "remote_ip" => self.connected.map(|_| self.to.ip().to_string()).unwrap_or_default(),
            "remote_port" => self.connected.map_or(0, |_| self.to.port()).to_string(),
            "size_download" => head.map_or(0, |(_, body)| body.len()).to_string(),
            "content_type" => head.and_then(|(head, _)| header(head, "content-type")).unwrap_or_default(),
            "exitcode" => code.to_string(),
            "url_effective" | "url" => self.url.text.clone(),
            "num_connects" => u8::from(self.connected.is_some()).to_string(),
            unknown => format!("curl: unknown --write-out variable: '{unknown}'\n"),
        }
    }
}

/// Head and body, once the head is complete.
fn split(response: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = response.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&response[..end], &response[end + 4..]))
}

/// The value of a header, by its name in lower case.
fn header(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

fn content_length(head: &[u8]) -> Option<usize> {
    header(head, "content-length")?.parse().ok()
}

impl Program for Curl {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        self.tell(1, cx);
        let Some(mut client) = self.client.take().or_else(|| Client::open(cx, self.to)) else {
            return self.unconnected(code::UNCONNECTED, "Couldn't connect to server", cx);
        };
        let progress = client.progress(cx);
        let give_up_at = self.give_up_at(progress == Progress::Connecting);
        let is_late = self.is_interrupted || give_up_at.is_some_and(|at| cx.now >= at);
        let step = match progress {
            Progress::Connecting if is_late => self.unconnected(code::TIMED_OUT, "Timeout was reached", cx),
            Progress::Connecting => {
                self.from.get_or_insert(client.local(cx));
                Step::Wait(give_up_at)
            }
            Progress::Refused => self.refused(cx),
            Progress::Open | Progress::Closed => match self.talk(&mut client, cx) {
                Some(step) => step,
                None if progress == Progress::Closed => self.ended(cx),
                None if is_late => {
                    let (ms, bytes) = (self.elapsed_ms(cx.now), self.response.len());
                    let text =
                        format!("Operation timed out after {ms} milliseconds with {bytes} bytes received");
                    self.fail(code::TIMED_OUT, &text, cx)
                }
                None => Step::Wait(give_up_at),
            },
        };
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
