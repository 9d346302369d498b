//! nc, which on Amazon Linux is Ncat.
//!
//! Standard input is empty; of commands that `-c` would give the connection to, there is `head -c BYTES /dev/zero`.
//! Source: Ncat 7.93, ncat(1) and its messages; head(1) of coreutils for the multipliers.

use super::lookup::{self, Family};
use super::options::{self, Arg};
use super::socket::{Client, Progress};
use super::{Cx, Program, Started, Step};
use crate::host::Machine;
use crate::stack::SOCKET_BUFFER_BYTES;
use std::net::SocketAddr;
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
/// How long Ncat waits for a connection unless told otherwise.
const CONNECT_NS: u64 = 10 * SECOND;
/// Ncat's port if none is given.
const DEFAULT_PORT: u16 = 31337;

/// The exit code of a command whose output nobody takes any more (128 and SIGPIPE).
const BROKEN_PIPE: i32 = 141;

/// What /dev/zero gives, as much as a socket takes at once.
const ZEROS: &[u8] = &[0; SOCKET_BUFFER_BYTES];

const VERSION: &str = "Ncat: Version 7.93 ( https://nmap.org/ncat )\n";

/// Starts nc.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return failed(&message),
    };
    let host = wanted.host.clone();
    lookup::resolved(&host.clone(), wanted.family, machine, now, move |found, _, now| match found {
        Ok(address) => {
            let to = SocketAddr::new(address, wanted.port);
            Started::Running(Box::new(Nc { wanted, to, client: None, started: now, received: 0, sent: 0 }))
        }
        Err(failure) => {
            failed(&format!("Ncat: Could not resolve hostname \"{host}\": {}.", failure.message()))
        }
    })
}

fn failed(message: &str) -> Started {
    Started::failed(format!("{message} QUITTING.\n"), 2)
}

struct Wanted {
    host: String,
    port: u16,
    family: Family,
    is_scan: bool,
    is_verbose: bool,
    connect_ns: u64,
    /// How many zeros to send, then to close.
    zeros: Option<u64>,
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let (mut is_scan, mut is_verbose, mut connect_ns) = (false, false, CONNECT_NS);
    let mut family = Family::Any;
    let (mut operands, mut zeros) = (Vec::new(), None);
    let args = options::parse(args, "46c:ntvw:z")
        .map_err(|error| error.message("nc") + "Ncat: Unrecognised option.")?;
    for arg in args {
        match arg {
            Arg::Flag('4') => family = Family::V4,
            Arg::Flag('6') => family = Family::V6,
            Arg::Flag('z') => is_scan = true,
            Arg::Flag('v') => is_verbose = true,
            Arg::Value('c', text) => zeros = Some(self::zeros(text)?),
            Arg::Value(_, text) => connect_ns = timeout(text)?,
            Arg::Operand(text) => operands.push(text),
            Arg::Flag(_) => {}
        }
    }
    let (host, port) = match operands.as_slice() {
        [] => return Err("Ncat: You must specify a host to connect to.".to_owned()),
        [host] => (*host, DEFAULT_PORT),
        [host, port] => (*host, self::port(port)?),
        _ => return Err(format!("Ncat: Got more than one port specification: {}.", operands[1..].join(" "))),
    };
    Ok(Wanted { host: host.to_owned(), port, family, is_scan, is_verbose, connect_ns, zeros })
}

/// The number of bytes in `head -c BYTES /dev/zero`.
fn zeros(command: &str) -> Result<u64, String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let bytes = match words.as_slice() {
        ["head", "-c", bytes, "/dev/zero"] => {
            bytes.find(|letter: char| !letter.is_ascii_digit()).map_or_else(
                || bytes.parse().ok(),
                |end| bytes[..end].parse::<u64>().ok()?.checked_mul(multiplier(&bytes[end..])?),
            )
        }
        _ => None,
    };
    bytes.ok_or_else(|| format!("Ncat: weir runs no '{command}', only 'head -c BYTES /dev/zero'."))
}

/// What a suffix of head multiplies by.
fn multiplier(suffix: &str) -> Option<u64> {
    match suffix {
        "K" => Some(1 << 10),
        "M" => Some(1 << 20),
        "G" => Some(1 << 30),
        "kB" => Some(1_000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        _ => None,
    }
}

fn timeout(text: &str) -> Result<u64, String> {
    let seconds = text.trim_end_matches('s').parse::<u32>().ok().filter(|seconds| *seconds > 0);
    let invalid = || "Ncat: Invalid -w timeout (must be greater than 0).".to_owned();
    seconds.map(|seconds| u64::from(seconds) * SECOND).ok_or_else(invalid)
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("Ncat: Invalid port number \"{text}\"."))
}

/// A running nc.
struct Nc {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<Client>,
    started: Nanos,
    received: usize,
    sent: u64,
}

impl Nc {
    fn open(&mut self, cx: &mut Cx) -> Step {
        if self.wanted.is_verbose {
            cx.terminal.complain(VERSION);
        }
        self.client = Client::open(cx, self.to);
        match self.client {
            Some(_) => Step::Wait(Some(self.give_up_at())),
            None => self.fail("Network is unreachable", cx),
        }
    }

    fn give_up_at(&self) -> Nanos {
        self.started.plus(self.wanted.connect_ns)
    }

    /// Ncat keeps quiet about failures of a scan unless told to be verbose.
    fn fail(&self, reason: &str, cx: &mut Cx) -> Step {
        if !self.wanted.is_scan || self.wanted.is_verbose {
            cx.terminal.complain(&format!("Ncat: {reason}.\n"));
        }
        Step::Exit(1)
    }

    fn succeed(&self, cx: &mut Cx) -> Step {
        if self.wanted.is_verbose {
            let hundredths = (cx.now.0 - self.started.0) / (SECOND / 100);
            let time = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let received = self.received;
            cx.terminal
                .complain(&format!("Ncat: 0 bytes sent, {received} bytes received in {time} seconds.\n"));
        }
        Step::Exit(0)
    }

    /// Sends zeros as far as the socket takes them; the command, and Ncat with it, ends when it has written the last.
    fn send(&mut self, total: u64, client: &Client, cx: &mut Cx) -> Step {
        if self.sent == 0 {
            self.greet(cx);
        }
        while self.sent < total {
            let rest = usize::try_from(total - self.sent).unwrap_or(usize::MAX).min(ZEROS.len());
            match client.write(&ZEROS[..rest], cx) {
                0 => return Step::Wait(None),
                written => self.sent += written as u64,
            }
        }
        Step::Exit(0)
    }

    fn greet(&self, cx: &mut Cx) {
        if self.wanted.is_verbose {
            cx.terminal.complain(&format!("Ncat: Connected to {}.\n", self.to));
        }
    }
}

impl Program for Nc {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        let Some(mut client) = self.client.take() else { return self.open(cx) };
        let progress = client.progress(cx);
        let bytes = client.read(cx);
        let is_new = self.received == 0 && bytes.is_empty();
        self.received += bytes.len();
        if self.wanted.zeros.is_none() {
            cx.terminal.print(&String::from_utf8_lossy(&bytes));
        }
        let step = match progress {
            Progress::Connecting if cx.now >= self.give_up_at() => self.fail("TIMEOUT", cx),
            Progress::Connecting => Step::Wait(Some(self.give_up_at())),
            Progress::Refused => self.fail("Connection refused", cx),
            Progress::Open if self.wanted.is_scan => {
                self.greet(cx);
                self.succeed(cx)
            }
            Progress::Open if self.wanted.zeros.is_some() => {
                self.send(self.wanted.zeros.unwrap_or(0), &client, cx)
            }
            Progress::Closed if self.wanted.zeros.is_some() => Step::Exit(BROKEN_PIPE),
            Progress::Open => {
                if is_new {
                    self.greet(cx);
                }
                // Standard input is at its end.
                client.finish(cx);
                Step::Wait(None)
            }
            Progress::Closed => self.succeed(cx),
        };
        self.client = Some(client);
        step
    }

    fn interrupt(&mut self) {
        self.wanted.connect_ns = 0;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(mut client) = self.client.take() {
            client.leave(cx);
        }
    }
}
