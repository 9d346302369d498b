//! nc, which on Amazon Linux is Ncat.
//!
//! It sends its standard input and prints what comes, where it connects and where it listens. Of commands that `-c` would give the
//! connection to, there is `head -c BYTES /dev/zero`.
//! Source: Ncat 7.93, ncat(1) and its messages; head(1) of coreutils for the multipliers.

mod datagrams;
mod listen;

use super::lookup::{self, Family};
use super::options::{self, Arg};
use super::socket::{Client, Progress};
use super::{BROKEN_PIPE, Cx, INTERRUPTED, Program, Started, Step};
use crate::host::Machine;
use crate::text::{Decoder, bytes_of};
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
/// How long Ncat waits for a connection unless told otherwise.
const CONNECT_NS: u64 = 10 * SECOND;
/// Ncat's port if none is given.
const DEFAULT_PORT: u16 = 31337;

/// Options of Ncat that are not simulated.
const NOT_SIMULATED: &str = "CUdegGhikmosx";

const VERSION: &str = "Ncat: Version 7.93 ( https://nmap.org/ncat )\n";

/// Starts nc.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return failed(&message),
    };
    match (wanted.listens, wanted.is_udp) {
        (true, true) => return Started::Running(Box::new(datagrams::Listener::new(wanted))),
        (true, false) => return Started::Running(Box::new(listen::Listener::new(wanted))),
        (false, _) => {}
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
    match (wanted.is_udp, wanted.is_scan) {
        (true, true) => Started::Running(Box::new(datagrams::Probe::new(wanted, to, now))),
        (true, false) => Started::Running(Box::new(datagrams::Talk::new(wanted, to, now))),
        (false, _) => Started::Running(Box::new(Nc {
            wanted,
            to,
            client: None,
            started: now,
            received: 0,
            zeros: 0,
            sending: Sending::default(),
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
    let args = options::parse(args, "46CUc:d:e:g:G:hi:klm:no:p:s:tuvw:x:z")
        .map_err(|error| error.message("nc") + "Ncat: Unrecognised option.")?;
    for arg in args {
        if let Arg::Flag(letter) | Arg::Value(letter, _) = arg
            && NOT_SIMULATED.contains(letter)
        {
            return Err(format!("Ncat: -{letter}: not simulated by weir."));
        }
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

/// Tells of a port that is listened on, or that something else has; whether `is_bound`.
fn bound(wanted: &Wanted, is_bound: bool, cx: &mut Cx) -> bool {
    let port = wanted.port;
    if is_bound {
        wanted.tell(&format!("Ncat: Listening on :::{port}\nNcat: Listening on 0.0.0.0:{port}\n"), cx);
    } else {
        cx.terminal.complain(&format!("Ncat: bind to 0.0.0.0:{port}: Address already in use. QUITTING.\n"));
    }
    is_bound
}

/// What has been read of standard input and not been sent.
#[derive(Default)]
struct Sending {
    pending: Vec<u8>,
    /// How many bytes have been sent.
    count: usize,
    /// Whether the far side has been told that no more will come.
    is_over: bool,
}

impl Sending {
    /// Sends what the socket takes, and says so when that was all there will be. A terminal at which nobody types never ends.
    fn go_on(&mut self, client: &Client, is_terminal: bool, cx: &mut Cx) {
        if self.is_over {
            return;
        }
        if self.pending.is_empty() {
            self.pending = bytes_of(&std::mem::take(&mut cx.input.text)).into_owned();
        }
        let sent = client.write(&self.pending, cx);
        self.pending.drain(..sent);
        self.count += sent;
        let has_more = !self.pending.is_empty() || !cx.input.text.is_empty() || !cx.input.is_over;
        if !has_more && !is_terminal {
            client.finish(cx);
            self.is_over = true;
        }
    }
}

/// A running nc that connects.
struct Nc {
    wanted: Wanted,
    to: SocketAddr,
    client: Option<Client>,
    started: Nanos,
    received: usize,
    /// How many zeros have been sent.
    zeros: u64,
    sending: Sending,
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
        self.zeros += client.write_zeros(total - self.zeros, cx);
        if self.zeros < total { Step::Wait(None) } else { Step::Exit(0) }
    }

    /// The far side says no more, but may still listen: it is sent the rest of the input.
    fn end(&mut self, client: &Client, cx: &mut Cx) -> Step {
        let listens = client.may_write(cx);
        if listens {
            self.sending.go_on(client, false, cx);
        }
        match (self.sending.is_over, listens) {
            (true, _) => self.wanted.succeed((self.sending.count, self.received), self.started, cx),
            (false, true) => Step::Wait(None),
            (false, false) => self.wanted.fail("Connection reset by peer", cx),
        }
    }

    /// Tells of the connection, once.
    fn greet(&mut self, cx: &mut Cx) {
        if std::mem::replace(&mut self.is_greeted, true) {
            return;
        }
        self.wanted.tell(&format!("Ncat: Connected to {}.\n", self.to), cx);
    }
}

impl Program for Nc {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        let Some(mut client) = self.client.take() else { return self.open(cx) };
        // Read first: what comes with the end is not waited for again.
        let bytes = client.read(cx);
        let progress = client.progress(cx);
        self.received += bytes.len();
        if self.wanted.zeros.is_none() {
            cx.terminal.print(&self.decoder.take(&bytes, progress == Progress::Closed));
        }
        if matches!(progress, Progress::Open | Progress::Closed) {
            self.greet(cx);
        }
        let step = match (progress, self.wanted.zeros) {
            (Progress::Connecting, _) if cx.now >= self.give_up_at() => self.wanted.fail("TIMEOUT", cx),
            (Progress::Connecting, _) => Step::Wait(Some(self.give_up_at())),
            (Progress::Refused, _) => self.wanted.fail("Connection refused", cx),
            (Progress::Open, _) if self.wanted.is_scan => {
                self.wanted.succeed((0, self.received), self.started, cx)
            }
            (Progress::Open, Some(total)) => self.send(total, &client, cx),
            (Progress::Closed, Some(_)) => Step::Exit(BROKEN_PIPE),
            (Progress::Open, None) => {
                self.sending.go_on(&client, false, cx);
                Step::Wait(None)
            }
            (Progress::Closed, None) => self.end(&client, cx),
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
