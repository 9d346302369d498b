//! curl, for http:// only.
//!
//! Source: curl 8, curl(1): exit codes and messages.

use super::lookup::{self, Family};
use super::options::{self, Arg};
use super::socket::{Client, Progress};
use super::{Cx, Program, Started, Step};
use crate::host::Machine;
use std::net::SocketAddr;
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
/// How long Linux tries to connect (tcp_syn_retries 6).
const SYN_NS: u64 = 131 * SECOND;
/// Most bytes of a response that are kept.
const RESPONSE_BYTES_MAX: usize = 1 << 20;

/// Long options and the letters they stand for.
const LONG: [(&str, &str); 6] = [
    ("--silent", "-s"),
    ("--show-error", "-S"),
    ("--max-time", "-m"),
    ("--output", "-o"),
    ("--fail", "-f"),
    // No letter of curl's own; U+0001 is one that nobody types.
    ("--connect-timeout", "-\u{1}"),
];

/// A URL taken apart.
struct Url {
    host: String,
    port: u16,
    path: String,
}

/// Starts curl.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let mut curl = Curl {
        to: None,
        port: 80,
        host: String::new(),
        request: String::new(),
        is_silent: false,
        is_discarding: false,
        connect_ns: SYN_NS,
        total_ns: None,
        started: now,
        client: None,
        response: Vec::new(),
        is_interrupted: false,
    };
    match curl.read(args) {
        Ok(()) => curl.resolve(machine, now),
        Err((code, _)) if curl.is_silent => Started::failed(String::new(), code),
        Err((code, message)) => Started::failed(format!("curl: {message}\n"), code),
    }
}

impl Url {
    fn parse(text: &str) -> Result<Url, (i32, String)> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if scheme != "http" {
            return Err((1, format!("(1) Protocol \"{scheme}\" not supported or disabled in libcurl")));
        }
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "80"),
        };
        let bad =
            || (3, "(3) URL rejected: Port number was not a decimal number between 0 and 65535".to_owned());
        let port = port.parse().map_err(|_| bad())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Url { host, port, path: path.to_owned() })
    }
}

/// A running curl.
struct Curl {
    to: Option<SocketAddr>,
    port: u16,
    host: String,
    request: String,
    is_silent: bool,
    is_discarding: bool,
    connect_ns: u64,
    total_ns: Option<u64>,
    started: Nanos,
    client: Option<Client>,
    response: Vec<u8>,
    is_interrupted: bool,
}

impl Curl {
    /// Reads the command line.
    fn read(&mut self, args: &[String]) -> Result<(), (i32, String)> {
        let short = |arg: &String| {
            let long = LONG.iter().find(|(long, _)| long == arg);
            long.map_or_else(|| arg.clone(), |(_, short)| (*short).to_owned())
        };
        let args: Vec<String> = args.iter().map(short).collect();
        let help = "try 'curl --help' or 'curl --manual' for more information";
        let unknown = |_| (2, format!("option {}: is unknown\ncurl: {help}", args.join(" ")));
        let mut url = None;
        for arg in options::parse(&args, "Sfm:o:s\u{1}:").map_err(unknown)? {
            match arg {
                Arg::Flag('s') => self.is_silent = true,
                Arg::Value('o', _) => self.is_discarding = true,
                Arg::Value('m', text) => self.total_ns = Some(time(text)?),
                Arg::Value(_, text) => self.connect_ns = time(text)?,
                Arg::Operand(text) => url = Some(Url::parse(text)?),
                Arg::Flag(_) => {}
            }
        }
        let url = url.ok_or_else(|| (2, format!("(2) no URL specified\ncurl: {help}")))?;
        self.port = url.port;
        self.request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
            url.path, url.host
        );
        self.host = url.host;
        Ok(())
    }

    /// Starts once the host's address is known.
    fn resolve(mut self, machine: &mut Machine, now: Nanos) -> Started {
        let host = self.host.clone();
        lookup::resolved(&host, Family::Any, machine, now, move |found, _, _| match found {
            Ok(address) => {
                self.to = Some(SocketAddr::new(address, self.port));
                Started::Running(Box::new(self))
            }
            Err(_) if self.is_silent => Started::failed(String::new(), 6),
            Err(_) => Started::failed(format!("curl: (6) Could not resolve host: {}\n", self.host), 6),
        })
    }

    fn fail(&self, code: i32, message: &str, cx: &mut Cx) -> Step {
        if !self.is_silent {
            cx.terminal.complain(&format!("curl: ({code}) {message}\n"));
        }
        Step::Exit(code)
    }

    fn unconnected(&self, code: i32, reason: &str, cx: &mut Cx) -> Step {
        let (host, ms) = (&self.host, self.elapsed_ms(cx.now));
        let port = self.to.map_or(0, |to| to.port());
        self.fail(code, &format!("Failed to connect to {host} port {port} after {ms} ms: {reason}"), cx)
    }

    fn elapsed_ms(&self, now: Nanos) -> u64 {
        (now.0 - self.started.0) / MILLISECOND
    }

    fn give_up_at(&self, is_connecting: bool) -> Option<Nanos> {
        let connect = is_connecting.then_some(self.connect_ns);
        let limit = [connect, self.total_ns].into_iter().flatten().min();
        limit.map(|ns| self.started.plus(ns))
    }

    /// Sends the request and gathers the response; ends when all of it is there.
    fn talk(&mut self, client: &mut Client, cx: &mut Cx) -> Option<Step> {
        let sent = client.write(self.request.as_bytes(), cx);
        self.request.drain(..sent);
        let room = RESPONSE_BYTES_MAX.saturating_sub(self.response.len());
        self.response.extend(client.read(cx).into_iter().take(room));
        let body = body(&self.response)?;
        Some(self.print(body.to_vec(), cx))
    }

    fn print(&self, body: Vec<u8>, cx: &mut Cx) -> Step {
        if !self.is_discarding {
            cx.terminal.print(&String::from_utf8_lossy(&body));
        }
        Step::Exit(0)
    }

    fn ended(&self, cx: &mut Cx) -> Step {
        match split(&self.response) {
            Some((_, body)) => self.print(body.to_vec(), cx),
            None if self.response.is_empty() => self.fail(52, "Empty reply from server", cx),
            None => self.fail(1, "Received HTTP/0.9 when not allowed", cx),
        }
    }
}

fn time(text: &str) -> Result<u64, (i32, String)> {
    const DAY_S: f64 = 86_400.0;
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=DAY_S).contains(seconds));
    let bad = || (2, format!("option: expected a proper numerical parameter: {text}"));
    seconds.map(|seconds| (seconds * SECOND as f64) as u64).ok_or_else(bad)
}

/// Head and body, once the head is complete.
fn split(response: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = response.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&response[..end], &response[end + 4..]))
}

/// The body, if it is there in the length that the head says.
fn body(response: &[u8]) -> Option<&[u8]> {
    let (head, body) = split(response)?;
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    body.get(..length.trim().parse().ok()?)
}

impl Program for Curl {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        let Some(to) = self.to else { return Step::Exit(2) };
        let Some(mut client) = self.client.take().or_else(|| Client::open(cx, to)) else {
            return self.unconnected(7, "Couldn't connect to server", cx);
        };
        let progress = client.progress(cx);
        let give_up_at = self.give_up_at(progress == Progress::Connecting);
        let is_late = self.is_interrupted || give_up_at.is_some_and(|at| cx.now >= at);
        let step = match progress {
            Progress::Connecting if is_late => self.unconnected(28, "Timeout was reached", cx),
            Progress::Connecting => Step::Wait(give_up_at),
            Progress::Refused => self.unconnected(7, "Couldn't connect to server", cx),
            Progress::Open | Progress::Closed => match self.talk(&mut client, cx) {
                Some(step) => step,
                None if progress == Progress::Closed => self.ended(cx),
                None if is_late => {
                    let (ms, bytes) = (self.elapsed_ms(cx.now), self.response.len());
                    let text =
                        format!("Operation timed out after {ms} milliseconds with {bytes} bytes received");
                    self.fail(28, &text, cx)
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
