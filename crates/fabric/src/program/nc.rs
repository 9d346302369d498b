//! nc, which on Amazon Linux is Ncat.
//!
//! Over TCP it sends its standard input; over UDP, and where it listens, it sends none, but UDP's probe with `-z`. Of commands
//! that `-c` would give the connection to, there is `head -c BYTES /dev/zero`.
//! Source: Ncat 7.93, ncat(1) and its messages; head(1) of coreutils for the multipliers.

use super::lookup::{self, Family};
use super::options::{self, Arg};
use super::socket::{Client, Progress};
use super::udp::UdpClient;
use super::{BROKEN_PIPE, Cx, INTERRUPTED, Program, Started, Step};
use crate::host::Machine;
use crate::text::{Decoder, bytes_of, text_of};
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
/// How long Ncat waits for a connection unless told otherwise.
const CONNECT_NS: u64 = 10 * SECOND;
/// How long it waits for word that a UDP probe was refused.
const PROBE_NS: u64 = 2 * SECOND;
/// Ncat's port if none is given.
const DEFAULT_PORT: u16 = 31337;

const VERSION: &str = "Ncat: Version 7.93 ( https://nmap.org/ncat )\n";

/// Starts nc.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return failed(&message),
    };
    if wanted.listens {
        return Started::Running(Box::new(Listener {
            wanted,
            client: None,
            decoder: Decoder::default(),
            is_greeted: false,
            is_interrupted: false,
        }));
    }
    let host = wanted.host.clone();
    lookup::resolved(&host.clone(), wanted.family, machine, now, move |found, _, now| match found {
        Ok(address) => begin(wanted, address, now),
        Err(failure) => {
            failed(&format!("Ncat: Could not resolve hostname \"{host}\": {}.", failure.message()))
        }
    })
}

fn begin(wanted: Wanted, address: IpAddr, now: Nanos) -> Started {
    let to = SocketAddr::new(address, wanted.port);
    match wanted.is_udp {
        true => Started::Running(Box::new(Probe {
            wanted,
            to,
            client: None,
            started: now,
            is_interrupted: false,
        })),
        false => Started::Running(Box::new(Nc {
            wanted,
            to,
            client: None,
            started: now,
            received: 0,
            sent: 0,
            pending: Vec::new(),
            decoder: Decoder::default(),
            is_greeted: false,
            is_interrupted: false,
        })),
    }
}

fn failed(message: &str) -> Started {
    Started::failed(format!("{message} QUITTING.\n"), 2)
}

struct Wanted {
    host: String,
    port: u16,
    family: Family,
    is_udp: bool,
    listens: bool,
    is_scan: bool,
    is_verbose: bool,
    connect_ns: u64,
    /// How many zeros to send, then to close.
    zeros: Option<u64>,
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        host: String::new(),
        port: DEFAULT_PORT,
        family: Family::Any,
        is_udp: false,
        listens: false,
        is_scan: false,
        is_verbose: false,
        connect_ns: CONNECT_NS,
        zeros: None,
    };
    let mut operands = Vec::new();
    let args = options::parse(args, "46c:lntup:vw:z")
        .map_err(|error| error.message("nc") + "Ncat: Unrecognised option.")?;
    for arg in args {
        match arg {
            Arg::Flag('4') => wanted.family = Family::V4,
            Arg::Flag('6') => wanted.family = Family::V6,
            Arg::Flag('l') => wanted.listens = true,
            Arg::Flag('u') => wanted.is_udp = true,
            Arg::Flag('z') => wanted.is_scan = true,
            Arg::Flag('v') => wanted.is_verbose = true,
            Arg::Value('c', text) => wanted.zeros = Some(zeros(text)?),
            Arg::Value('w', text) => wanted.connect_ns = timeout(text)?,
            Arg::Value(_, text) => wanted.port = port(text)?,
            Arg::Operand(text) => operands.push(text),
            Arg::Flag(_) => {}
        }
    }
    match operands.as_slice() {
        [] if wanted.listens => {}
        [] => return Err("Ncat: You must specify a host to connect to.".to_owned()),
        [text] if wanted.listens && text.parse::<u16>().is_ok() => wanted.port = port(text)?,
        [host] => wanted.host = (*host).to_owned(),
        [host, text] => (wanted.host, wanted.port) = ((*host).to_owned(), port(text)?),
        _ => {
            return Err(format!("Ncat: Got more than one port specification: {}.", operands[1..].join(" ")));
        }
    }
    Ok(wanted)
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

impl Wanted {
    /// Ncat keeps quiet about failures of a scan unless told to be verbose.
    fn fail(&self, reason: &str, cx: &mut Cx) -> Step {
        if !self.is_scan || self.is_verbose {
            cx.terminal.complain(&format!("Ncat: {reason}.\n"));
        }
        Step::Exit(1)
    }

    /// Ends well, and with `-v` says what was sent and received since `started`.
    fn succeed(&self, (sent, received): (usize, usize), started: Nanos, cx: &mut Cx) -> Step {
        if self.is_verbose {
            let hundredths = (cx.now.0 - started.0) / (SECOND / 100);
            let time = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            cx.terminal.complain(&format!(
                "Ncat: {sent} bytes sent, {received} bytes received in {time} seconds.\n"
            ));
        }
        Step::Exit(0)
    }

    fn tell(&self, text: &str, cx: &mut Cx) {
        if self.is_verbose {
            cx.terminal.complain(text);
        }
    }
}

/// Refuses standard input where it is not simulated.
fn refuse_input(cx: &mut Cx) -> Option<Step> {
    if cx.input.text.is_empty() {
        return None;
    }
    cx.terminal.complain("Ncat: weir sends standard input over TCP to a host only. QUITTING.\n");
    Some(Step::Exit(2))
}

/// A running nc that connects.
struct Nc {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<Client>,
    started: Nanos,
    received: usize,
    sent: u64,
    /// What it has read and not sent.
    pending: Vec<u8>,
    decoder: Decoder,
    is_greeted: bool,
    is_interrupted: bool,
}

impl Nc {
    fn open(&mut self, cx: &mut Cx) -> Step {
        self.wanted.tell(VERSION, cx);
        self.client = Client::open(cx, self.to);
        match self.client {
            Some(_) => Step::Wait(Some(self.give_up_at())),
            None => self.wanted.fail("Network is unreachable", cx),
        }
    }

    fn give_up_at(&self) -> Nanos {
        self.started.plus(self.wanted.connect_ns)
    }

    /// Sends zeros as far as the socket takes them; the command, and Ncat with it, ends when it has written the last.
    fn send(&mut self, total: u64, client: &Client, cx: &mut Cx) -> Step {
        if self.sent == 0 {
            self.greet(cx);
        }
        self.sent += client.write_zeros(total - self.sent, cx);
        if self.sent < total { Step::Wait(None) } else { Step::Exit(0) }
    }

    /// Sends what comes on standard input, and at its end says that no more will.
    fn send_input(&mut self, client: &Client, cx: &mut Cx) -> Step {
        if self.pending.is_empty() {
            self.pending = bytes_of(&std::mem::take(&mut cx.input.text)).into_owned();
        }
        let sent = client.write(&self.pending, cx);
        self.pending.drain(..sent);
        self.sent += sent as u64;
        if self.pending.is_empty() && cx.input.text.is_empty() && cx.input.is_over {
            client.finish(cx);
        }
        Step::Wait(None)
    }

    fn greet(&self, cx: &mut Cx) {
        self.wanted.tell(&format!("Ncat: Connected to {}.\n", self.to), cx);
    }
}

impl Program for Nc {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        let Some(mut client) = self.client.take() else { return self.open(cx) };
        let progress = client.progress(cx);
        let bytes = client.read(cx);
        self.received += bytes.len();
        if self.wanted.zeros.is_none() {
            cx.terminal.print(&self.decoder.take(&bytes, progress == Progress::Closed));
        }
        let step = match progress {
            Progress::Connecting if cx.now >= self.give_up_at() => self.wanted.fail("TIMEOUT", cx),
            Progress::Connecting => Step::Wait(Some(self.give_up_at())),
            Progress::Refused => self.wanted.fail("Connection refused", cx),
            Progress::Open if self.wanted.is_scan => {
                self.greet(cx);
                self.wanted.succeed((0, self.received), self.started, cx)
            }
            Progress::Open if self.wanted.zeros.is_some() => {
                self.send(self.wanted.zeros.unwrap_or(0), &client, cx)
            }
            Progress::Closed if self.wanted.zeros.is_some() => Step::Exit(BROKEN_PIPE),
            Progress::Open => {
                if !std::mem::replace(&mut self.is_greeted, true) {
                    self.greet(cx);
                }
                self.send_input(&client, cx)
            }
            Progress::Closed => self.wanted.succeed((self.sent as usize, self.received), self.started, cx),
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

/// A running `nc -u`: with `-z` it sends one byte and waits for a refusal; else it has nothing to send.
struct Probe {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<UdpClient>,
    started: Nanos,
    is_interrupted: bool,
}

impl Program for Probe {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        if !self.wanted.is_scan
            && let Some(step) = refuse_input(cx)
        {
            return step;
        }
        let Some(client) = &self.client else {
            self.wanted.tell(VERSION, cx);
            let Some(client) = UdpClient::open(cx, self.to) else {
                return self.wanted.fail("Network is unreachable", cx);
            };
            self.wanted.tell(&format!("Ncat: Connected to {}.\n", self.to), cx);
            let is_scan = self.wanted.is_scan;
            if is_scan {
                client.send(b"\0", cx);
            }
            self.client = Some(client);
            return match is_scan {
                true => Step::Wait(Some(self.started.plus(PROBE_NS))),
                false => self.wanted.succeed((0, 0), self.started, cx),
            };
        };
        if client.is_refused(cx) {
            return self.wanted.fail("Connection refused", cx);
        }
        let until = self.started.plus(PROBE_NS);
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

/// A running `nc -l`: it takes one connection, prints what comes and ends with it; over UDP it prints until Ctrl-C.
struct Listener {
    wanted: Wanted,
    client: Option<Client>,
    decoder: Decoder,
    is_greeted: bool,
    is_interrupted: bool,
}

impl Listener {
    fn open(&mut self, cx: &mut Cx) -> Option<Step> {
        let port = self.wanted.port;
        self.wanted.tell(VERSION, cx);
        let is_open = match self.wanted.is_udp {
            true => cx.machine.udp.bind(port),
            false => {
                self.client = Client::listen(cx, port);
                self.client.is_some()
            }
        };
        if !is_open {
            let reason = format!("bind to 0.0.0.0:{port}: Address already in use. QUITTING");
            cx.terminal.complain(&format!("Ncat: {reason}.\n"));
            self.wanted.port = 0;
            return Some(Step::Exit(2));
        }
        self.is_greeted = true;
        self.wanted.tell(&format!("Ncat: Listening on :::{port}\nNcat: Listening on 0.0.0.0:{port}\n"), cx);
        None
    }

    fn hear_udp(&mut self, cx: &mut Cx) -> Step {
        while let Some(letter) = cx.machine.udp.take(self.wanted.port) {
            cx.terminal.print(&text_of(&letter.payload));
        }
        Step::Wait(None)
    }
}

impl Program for Listener {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        if let Some(step) = refuse_input(cx) {
            return step;
        }
        if !self.is_greeted
            && let Some(step) = self.open(cx)
        {
            return step;
        }
        if self.wanted.is_udp {
            return self.hear_udp(cx);
        }
        let Some(client) = &mut self.client else { return Step::Exit(1) };
        let progress = client.progress(cx);
        let bytes = client.read(cx);
        cx.terminal.print(&self.decoder.take(&bytes, progress == Progress::Closed));
        match progress {
            Progress::Closed | Progress::Refused => Step::Exit(0),
            Progress::Connecting | Progress::Open => Step::Wait(None),
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if self.wanted.is_udp {
            cx.machine.udp.release(self.wanted.port);
        } else if let Some(mut client) = self.client.take() {
            client.leave(cx);
        }
    }
}
