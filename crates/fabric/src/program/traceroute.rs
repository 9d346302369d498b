//! traceroute, as the one of Debian prints it.
//!
//! Source: traceroute 2.1, traceroute(8) and its output: UDP to ports from 33434 up, `-I` ICMP echo, `-T` TCP SYN; sixteen
//! probes at a time; how long a hop without an answer is waited for. No names are looked up for addresses.

use super::lookup::{self, Family};
use super::options::{self, Arg, BadOption};
use super::{Cx, INTERRUPTED, News, Program, Started, Step};
use crate::datagram::Datagram;
use crate::echo::Request;
use crate::frame;
use crate::host::Machine;
use crate::trouble::{Complaint, Trouble};
use std::net::{IpAddr, SocketAddr};
use weir_model::{Nanos, Protocol};
use weir_pipeline::packet::SYN;

/// Options of traceroute that are not simulated.
const OTHERS: &str = "AdDeFgilMNOPrsStVz";
const SECOND: u64 = 1_000_000_000;
/// How long an answer is waited for (MAX).
const WAIT_NS: u64 = 5 * SECOND;
/// How many times longer than an answer from the same hop (HERE).
const HERE: u64 = 3;
/// How many times longer than an answer from the next hop (NEAR).
const NEAR: u64 = 10;
/// What is added to an answer's time before it is multiplied.
const PRECISION_NS: u64 = 1_000_000;
/// Probes under way at one time.
const SIMULTANEOUS: usize = 16;
/// The first UDP port.
const UDP_PORT: u16 = 33434;
/// The TCP port.
const TCP_PORT: u16 = 80;
/// The length of a probe.
const PROBE_BYTES: usize = 60;
const PROBE_BYTES_V6: usize = 80;
const HOPS_MAX: u64 = 255;
const QUERIES_MAX: u64 = 10;

const USAGE: &str = "Usage:\n  traceroute [ -46nIT ] [ -f first_ttl ] [ -m max_ttl ] [ -p port ] [ -q nqueries ] [ -w MAX ] host\n";

/// How a probe is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Udp,
    Icmp,
    Tcp,
}

#[derive(Clone, Debug)]
struct Wanted {
    target: Option<String>,
    method: Method,
    port: Option<u16>,
    first: u64,
    hops: u64,
    queries: u64,
    wait_ns: u64,
    is_numeric: bool,
    family: Family,
}

/// Starts traceroute.
pub(super) fn start(name: &str, args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let mut wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return Started::failed(message, 2),
    };
    if name.ends_with('6') {
        wanted.family = Family::V6;
    }
    let Some(target) = wanted.target.clone() else { return Started::failed(USAGE.to_owned(), 2) };
    let count = args.len();
    lookup::resolved(&target.clone(), wanted.family, machine, now, move |found, machine, _| match found {
        Ok(destination) if wanted.family.has(destination) => begin(wanted, destination, machine),
        Ok(_) => unresolved(&target, "Address family for hostname not supported", count),
        Err(failure) => unresolved(&target, failure.message(), count),
    })
}

fn unresolved(target: &str, reason: &str, count: usize) -> Started {
    let message = format!(
        "{target}: {reason}\nCannot handle \"host\" cmdline arg `{target}' on position 1 (argc {count})\n"
    );
    Started::failed(message, 2)
}

fn begin(wanted: Wanted, destination: IpAddr, machine: &mut Machine) -> Started {
    let Some(source) = machine.source_for(destination) else {
        return Started::failed("connect: Network is unreachable\n".to_owned(), 1);
    };
    Started::Running(Box::new(Traceroute {
        probes: Vec::with_capacity((wanted.hops * wanted.queries) as usize),
        wanted,
        ends: (source, destination),
        ident: machine.fresh_ident(),
        printed: 0,
        last: None,
        is_interrupted: false,
    }))
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        target: None,
        method: Method::Udp,
        port: None,
        first: 1,
        hops: 30,
        queries: 3,
        wait_ns: WAIT_NS,
        is_numeric: false,
        family: Family::Any,
    };
    let bad = |error: BadOption| match (error.not_simulated("traceroute", args, OTHERS), error) {
        (Some(message), _) => message,
        (None, BadOption::Unknown(option)) => format!("Bad option `-{option}' (argc {})\n", args.len()),
        (None, BadOption::NoValue(option)) => {
            format!("Option `-{option}' (argc {}) requires an argument\n", args.len())
        }
    };
    for arg in options::parse(args, "46nITUf:m:p:q:w:").map_err(bad)? {
        match arg {
            Arg::Operand(text) if wanted.target.is_none() => wanted.target = Some(text.to_owned()),
            Arg::Operand(_) => {}
            Arg::Flag('4') => wanted.family = Family::V4,
            Arg::Flag('6') => wanted.family = Family::V6,
            Arg::Flag('n') => wanted.is_numeric = true,
            Arg::Flag('I') => wanted.method = Method::Icmp,
            Arg::Flag('T') => wanted.method = Method::Tcp,
            Arg::Flag(_) => wanted.method = Method::Udp,
            Arg::Value('f', text) => wanted.first = number(text, 1, HOPS_MAX, "first hop out of range")?,
            Arg::Value('m', text) => {
                wanted.hops = number(text, 1, HOPS_MAX, "max hops cannot be more than 255")?
            }
            Arg::Value('q', text) => {
                wanted.queries = number(text, 1, QUERIES_MAX, "no more than 10 probes per hop")?;
            }
            Arg::Value('p', text) => {
                wanted.port = Some(number(text, 1, 65535, "port number out of range")? as u16);
            }
            Arg::Value(_, text) => wanted.wait_ns = seconds(text)?,
        }
    }
    if wanted.first > wanted.hops { Err("first hop out of range\n".to_owned()) } else { Ok(wanted) }
}

fn number(text: &str, least: u64, most: u64, otherwise: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{otherwise}\n"))
}

/// The first of `MAX,HERE,NEAR`, in nanoseconds; at most a day.
fn seconds(text: &str) -> Result<u64, String> {
    let first = text.split(',').next().unwrap_or(text);
    let seconds = first.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds
        .map(|seconds| (seconds * 1e9) as u64)
        .ok_or_else(|| format!("bad wait specifications `{text}' used\n"))
}

/// A probe that was sent.
#[derive(Clone, Debug)]
struct Probe {
    sent: Nanos,
    answer: Option<Answer>,
    is_given_up: bool,
}

#[derive(Clone, Debug)]
struct Answer {
    from: IpAddr,
    took_ns: u64,
    note: String,
}

/// A running traceroute.
struct Traceroute {
    wanted: Wanted,
    ends: (IpAddr, IpAddr),
    ident: u16,
    /// In the order they were sent: the queries of the first hop, of the second, …
    probes: Vec<Probe>,
    printed: usize,
    /// How many probes there are to be, once the far end has answered.
    last: Option<usize>,
    is_interrupted: bool,
}

impl Traceroute {
    fn total(&self) -> usize {
        let all = (self.wanted.hops + 1 - self.wanted.first) * self.wanted.queries;
        self.last.unwrap_or(all as usize)
    }

    fn hop_of(&self, number: usize) -> usize {
        number / self.wanted.queries as usize
    }

    fn greet(&self, cx: &mut Cx) {
        let Wanted { target, hops, .. } = &self.wanted;
        let (target, destination) = (target.as_deref().unwrap_or_default(), self.ends.1);
        let bytes = self.probe_bytes();
        cx.terminal
            .print(&format!("traceroute to {target} ({destination}), {hops} hops max, {bytes} byte packets"));
    }

    fn probe_bytes(&self) -> usize {
        if self.ends.0.is_ipv4() { PROBE_BYTES } else { PROBE_BYTES_V6 }
    }

    fn send(&mut self, cx: &mut Cx) {
        let number = self.probes.len();
        let ttl = (self.wanted.first as usize + self.hop_of(number)) as u8;
        let bytes = match self.wanted.method {
            Method::Udp => self.udp(number, ttl),
            Method::Icmp => self.icmp(number, ttl),
            Method::Tcp => self.tcp(number, ttl),
        };
        cx.outbox.packets.push(bytes);
        self.probes.push(Probe { sent: cx.now, answer: None, is_given_up: false });
    }

    /// The source port of a UDP or TCP probe: it tells probes apart.
    fn source_port(&self, number: usize) -> u16 {
        32768 + (self.ident % 16384) + number as u16
    }

    fn destination_port(&self, number: usize) -> u16 {
        match self.wanted.method {
            Method::Tcp => self.wanted.port.unwrap_or(TCP_PORT),
            _ => self.wanted.port.unwrap_or(UDP_PORT).wrapping_add(number as u16),
        }
    }

    fn udp(&self, number: usize, ttl: u8) -> Vec<u8> {
        let payload = [b'@'; 32];
        let datagram = Datagram {
            source: SocketAddr::new(self.ends.0, self.source_port(number)),
            destination: SocketAddr::new(self.ends.1, self.destination_port(number)),
            payload: &payload,
        };
        let mut bytes = vec![0; datagram.length()];
        datagram.write(ttl, &mut bytes);
        bytes
    }

    fn icmp(&self, number: usize, ttl: u8) -> Vec<u8> {
        let request = Request {
            source: self.ends.0,
            destination: self.ends.1,
            ttl,
            ident: self.ident,
            sequence: number as u16 + 1,
            data: 32,
            stamp: [b'@'; 8],
            dont_fragment: false,
        };
        let mut bytes = vec![0; request.length()];
        request.write(&mut bytes);
        bytes
    }

    /// A SYN with a segment size and padding.
    fn tcp(&self, number: usize, ttl: u8) -> Vec<u8> {
        let mut bytes = vec![0; self.probe_bytes()];
        let start = bytes.len() - 40;
        frame::write_header(&mut bytes, self.ends, Protocol::TCP, ttl);
        let segment = &mut bytes[start..];
        segment[..2].copy_from_slice(&self.source_port(number).to_be_bytes());
        segment[2..4].copy_from_slice(&self.destination_port(number).to_be_bytes());
        segment[4..6].copy_from_slice(&self.ident.to_be_bytes());
        segment[12] = 10 << 4;
        segment[13] = SYN;
        segment[14..16].copy_from_slice(&5840u16.to_be_bytes());
        segment[20..24].copy_from_slice(&[2, 4, 5, 0xb4]);
        segment[24..].fill(1);
        frame::fill_checksums(&mut bytes);
        bytes
    }

    /// Notes the answer to a probe; from the far end, no hop after it is asked.
    fn note(&mut self, number: usize, from: IpAddr, (note, is_end): (String, bool), now: Nanos) {
        let end = (self.hop_of(number) + 1) * self.wanted.queries as usize;
        let Some(probe) =
            self.probes.get_mut(number).filter(|probe| probe.answer.is_none() && !probe.is_given_up)
        else {
            return;
        };
        probe.answer = Some(Answer { from, took_ns: now.0.saturating_sub(probe.sent.0), note });
        if is_end {
            self.last = Some(self.last.map_or(end, |last| last.min(end)));
        }
    }

    /// The probe that an error is about.
    fn probe_of(&self, trouble: &Trouble) -> Option<usize> {
        let about = &trouble.about;
        let is_mine = |protocol| about.protocol == protocol && about.destination == self.ends.1;
        match self.wanted.method {
            Method::Icmp => {
                let (ident, sequence) = trouble.echo?;
                (ident == self.ident).then(|| usize::from(sequence.wrapping_sub(1)))
            }
            Method::Udp if is_mine(Protocol::UDP) => self.probe_from(about.source_port),
            Method::Tcp if is_mine(Protocol::TCP) => self.probe_from(about.source_port),
            Method::Udp | Method::Tcp => None,
        }
    }

    fn probe_from(&self, port: u16) -> Option<usize> {
        let number = usize::from(port.checked_sub(self.source_port(0))?);
        (number < self.probes.len()).then_some(number)
    }

    /// When a probe without an answer is given up.
    fn give_up_at(&self, number: usize) -> Nanos {
        let queries = self.wanted.queries as usize;
        let took = |hop: usize| {
            let probes = self.probes.iter().skip(hop * queries).take(queries);
            probes
                .filter_map(|probe| probe.answer.as_ref())
                .map(|answer| answer.took_ns + PRECISION_NS)
                .next()
        };
        let hop = self.hop_of(number);
        let wait = took(hop).map(|ns| ns * HERE).or_else(|| took(hop + 1).map(|ns| ns * NEAR));
        self.probes[number].sent.plus(wait.unwrap_or(u64::MAX).min(self.wanted.wait_ns))
    }

    fn give_up(&mut self, now: Nanos) {
        for number in 0..self.probes.len() {
            let is_late = self.give_up_at(number) <= now;
            self.probes[number].is_given_up |= is_late && self.probes[number].answer.is_none();
        }
    }

    /// Prints what is known, in the order of the probes.
    fn print(&mut self, cx: &mut Cx) {
        while self.printed < self.total() {
            let Some(probe) = self.probes.get(self.printed) else { return };
            let text = match &probe.answer {
                Some(answer) => self.answer_text(answer),
                None if probe.is_given_up => " *".to_owned(),
                None => return,
            };
            if self.printed.is_multiple_of(self.wanted.queries as usize) {
                let ttl = self.wanted.first as usize + self.hop_of(self.printed);
                cx.terminal.print(&format!("\n{ttl:2} "));
            }
            cx.terminal.print(&text);
            self.printed += 1;
        }
    }

    /// An answer with its address, unless the answer before from this hop has the same.
    fn answer_text(&self, answer: &Answer) -> String {
        let queries = self.wanted.queries as usize;
        let hop = &self.probes[self.printed / queries * queries..self.printed];
        let before = hop.iter().rev().find_map(|probe| probe.answer.as_ref()).map(|answer| answer.from);
        let from = answer.from;
        let name = match before {
            Some(before) if before == from => String::new(),
            _ if self.wanted.is_numeric => format!(" {from}"),
            _ => format!(" {from} ({from})"),
        };
        let us = answer.took_ns / 1000;
        let note = if answer.note.is_empty() { String::new() } else { format!(" {}", answer.note) };
        format!("{name}  {}.{:03} ms{note}", us / 1000, us % 1000)
    }

    fn pending(&self) -> impl Iterator<Item = usize> + '_ {
        let is_open =
            |number: &usize| self.probes[*number].answer.is_none() && !self.probes[*number].is_given_up;
        (0..self.probes.len().min(self.total())).filter(is_open)
    }
}

/// What traceroute writes behind the time of an error, and whether no hop after it is asked.
fn note(complaint: Complaint, is_ipv4: bool) -> (String, bool) {
    match complaint {
        Complaint::TimeExceeded => (String::new(), false),
        Complaint::PortUnreachable => (String::new(), true),
        Complaint::TooBig { mtu } => (format!("!F-{mtu}"), true),
        Complaint::Unreachable(0) => ("!N".to_owned(), true),
        Complaint::Unreachable(1) if is_ipv4 => ("!H".to_owned(), true),
        Complaint::Unreachable(3) => ("!H".to_owned(), true),
        Complaint::Unreachable(2) => ("!P".to_owned(), true),
        Complaint::Unreachable(1 | 13) => ("!X".to_owned(), true),
        Complaint::Unreachable(code) => (format!("!<{code}>"), true),
    }
}

impl Program for Traceroute {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.probes.is_empty() {
            self.greet(cx);
        }
        self.give_up(cx.now);
        self.print(cx);
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        if self.printed >= self.total() {
            cx.terminal.print("\n");
            return Step::Exit(0);
        }
        while self.probes.len() < self.total() && self.pending().count() < SIMULTANEOUS {
            self.send(cx);
        }
        Step::Wait(self.pending().map(|number| self.give_up_at(number)).min())
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        let end = || (String::new(), true);
        match news {
            News::Reply(reply) if self.wanted.method == Method::Icmp && reply.ident == self.ident => {
                self.note(usize::from(reply.sequence.wrapping_sub(1)), reply.from, end(), cx.now);
            }
            News::Segment(packet) if self.wanted.method == Method::Tcp && packet.source == self.ends.1 => {
                if let Some(number) = self.probe_from(packet.destination_port) {
                    self.note(number, packet.source, end(), cx.now);
                }
            }
            News::Trouble(trouble) => {
                if let Some(number) = self.probe_of(trouble) {
                    let note = note(trouble.complaint, trouble.from.is_ipv4());
                    self.note(number, trouble.from, note, cx.now);
                }
            }
            _ => return false,
        }
        true
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }
}
