//! tracepath, as iputils prints it: the path to a host, and the largest packet that it takes.
//!
//! Source: iputils 20210202 (the version of Amazon Linux 2023), tracepath(8) and its output. Probes are UDP packets as large
//! as the path is known to take, never to be split. No names are looked up for addresses.

use super::lookup::{self, Family};
use super::options::{self, Arg};
use super::{Cx, INTERRUPTED, News, Program, Started, Step};
use crate::datagram::{Datagram, UDP_HEADER, ip_header};
use crate::frame;
use crate::host::Machine;
use crate::trouble::{Complaint, Trouble};
use std::net::{IpAddr, SocketAddr};
use weir_model::{Nanos, Protocol};

/// How long an answer is waited for.
const WAIT_NS: u64 = 1_000_000_000;
/// How often a hop is asked.
const TRIES: u8 = 3;
/// The first port.
const PORT: u16 = 44444;
/// The packet that it begins with.
const BYTES: u16 = 65535;
/// The columns of a host's name.
const HOST_COLUMNS: usize = 52;

const USAGE: &str = "\n\
Usage
  tracepath [options] <destination>

Options:
  -4             use IPv4
  -6             use IPv6
  -b             print both name and IP
  -l <length>    use packet <length>
  -m <hops>      use maximum <hops>
  -n             no reverse DNS name resolution
  -p <port>      use destination <port>
  <destination>  DNS name or IP address

For more details see tracepath(8).
";

struct Wanted {
    target: Option<String>,
    hops: u8,
    port: u16,
    bytes: u16,
    family: Family,
}

/// Starts tracepath.
pub(super) fn start(name: &str, args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let mut wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return Started::failed(message, 1),
    };
    if name.ends_with('6') {
        wanted.family = Family::V6;
    }
    let Some(target) = wanted.target.clone() else { return Started::failed(USAGE.to_owned(), 1) };
    lookup::resolved(&target.clone(), wanted.family, machine, now, move |found, machine, _| match found {
        Ok(destination) if wanted.family.has(destination) => begin(wanted, destination, machine),
        Ok(_) => unresolved(&target, "Address family for hostname not supported"),
        Err(failure) => unresolved(&target, failure.message()),
    })
}

fn unresolved(target: &str, reason: &str) -> Started {
    Started::failed(format!("tracepath: {target}: {reason}\n"), 1)
}

fn begin(wanted: Wanted, destination: IpAddr, machine: &mut Machine) -> Started {
    let Some(source) = machine.source_for(destination) else {
        return Started::failed("tracepath: socket: Network is unreachable\n".to_owned(), 1);
    };
    let source_port = 32768 + machine.fresh_ident() % 28232;
    let (port, bytes) = (wanted.port, wanted.bytes);
    Started::Running(Box::new(Tracepath {
        wanted,
        ends: (SocketAddr::new(source, source_port), destination),
        mtu: bytes,
        port: port.wrapping_sub(1),
        ttl: 1,
        tries: 0,
        sent: None,
        outcome: None,
    }))
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted { target: None, hops: 30, port: PORT, bytes: BYTES, family: Family::Any };
    let args = options::parse(args, "46l:m:np:").map_err(|error| {
        error.not_simulated("tracepath", args, "bhV").unwrap_or_else(|| error.message("tracepath") + USAGE)
    })?;
    for arg in args {
        match arg {
            Arg::Operand(text) => wanted.target = Some(text.to_owned()),
            Arg::Value('l', text) => wanted.bytes = number(text, 100, 65535)?,
            Arg::Value('m', text) => wanted.hops = number(text, 1, 255)? as u8,
            Arg::Value(_, text) => wanted.port = number(text, 1, 65535)?,
            Arg::Flag('4') => wanted.family = Family::V4,
            Arg::Flag('6') => wanted.family = Family::V6,
            Arg::Flag(_) => {}
        }
    }
    Ok(wanted)
}

fn number(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("tracepath: invalid argument: '{text}'\n"))
}

/// A running tracepath.
struct Tracepath {
    wanted: Wanted,
    ends: (SocketAddr, IpAddr),
    /// The largest packet that the path is known to take.
    mtu: u16,
    /// The port of the last probe: each has its own.
    port: u16,
    /// How many hops the last probe may go; more than 255 for none.
    ttl: u16,
    tries: u8,
    /// When the last probe was sent, if its answer is waited for.
    sent: Option<Nanos>,
    /// How it ended, to be told when it wakes next.
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy)]
enum Outcome {
    Reached { back: u8 },
    Refused,
    Interrupted,
}

impl Tracepath {
    fn send(&mut self, cx: &mut Cx) {
        let own = cx.machine.paths.own();
        if self.mtu > own {
            self.mtu = own;
            cx.terminal.print(&format!("{:2}?: {:<32} pmtu {own}\n", self.ttl, "[LOCALHOST]"));
        }
        self.port = self.port.wrapping_add(1);
        let header = ip_header(self.ends.1) + UDP_HEADER;
        let payload = vec![0; usize::from(self.mtu).saturating_sub(header)];
        let destination = SocketAddr::new(self.ends.1, self.port);
        let datagram = Datagram { source: self.ends.0, destination, payload: &payload };
        let mut bytes = cx.outbox.buffer(datagram.length());
        datagram.write(self.ttl as u8, &mut bytes);
        frame::set_dont_fragment(&mut bytes);
        cx.outbox.packets.push(bytes);
        self.sent = Some(cx.now);
    }

    /// The last probe has had no answer.
    fn give_up(&mut self, cx: &mut Cx) {
        self.tries += 1;
        if self.tries >= TRIES {
            cx.terminal.print(&format!("{:2}:  no reply\n", self.ttl));
            self.next_hop();
        }
    }

    fn next_hop(&mut self) {
        self.ttl += 1;
        self.tries = 0;
    }

    fn resume(&self, outcome: Option<Outcome>, cx: &mut Cx) {
        let mut text = String::new();
        if outcome.is_none() {
            text.push_str(&format!("     Too many hops: pmtu {}\n", self.mtu));
        }
        text.push_str(&format!("     Resume: pmtu {} ", self.mtu));
        if let Some(Outcome::Reached { back }) = outcome {
            text.push_str(&format!("hops {} back {back} ", self.ttl));
        }
        cx.terminal.print(&(text + "\n"));
    }

    fn print(&self, trouble: &Trouble, sent: Nanos, cx: &mut Cx) {
        let (host, us) = (trouble.from.to_string(), cx.now.0.saturating_sub(sent.0) / 1000);
        let ms = format!("{:3}.{:03}ms ", us / 1000, us % 1000);
        let back = hops_back(trouble.ttl);
        let rest = match trouble.complaint {
            Complaint::TooBig { mtu } => format!("pmtu {mtu}"),
            Complaint::PortUnreachable => "reached".to_owned(),
            Complaint::TimeExceeded if u16::from(back) != self.ttl => format!("asymm {back:2} "),
            Complaint::TimeExceeded => String::new(),
            Complaint::Unreachable(_) => "!H".to_owned(),
        };
        cx.terminal.print(&format!("{:2}:  {host:HOST_COLUMNS$}{ms}{rest}\n", self.ttl));
    }
}

/// How many hops an answer has come, if its sender began with the next larger of the usual TTLs.
fn hops_back(ttl: u8) -> u8 {
    match ttl {
        0..=64 => 65 - ttl,
        65..=128 => 129 - ttl,
        _ => (256 - u16::from(ttl)) as u8,
    }
}

impl Program for Tracepath {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if let Some(outcome) = self.outcome {
            if matches!(outcome, Outcome::Interrupted) {
                return Step::Exit(INTERRUPTED);
            }
            self.resume(Some(outcome), cx);
            return Step::Exit(0);
        }
        match self.sent {
            Some(sent) if cx.now < sent.plus(WAIT_NS) => return Step::Wait(Some(sent.plus(WAIT_NS))),
            Some(_) => self.give_up(cx),
            None => {}
        }
        if self.ttl > u16::from(self.wanted.hops) {
            self.resume(None, cx);
            return Step::Exit(0);
        }
        self.send(cx);
        Step::Wait(Some(cx.now.plus(WAIT_NS)))
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        let News::Trouble(trouble) = news else { return false };
        let about = &trouble.about;
        let is_mine = about.protocol == Protocol::UDP
            && (about.destination, about.destination_port) == (self.ends.1, self.port)
            && about.source_port == self.ends.0.port();
        let Some(sent) = self.sent.filter(|_| is_mine) else { return false };
        self.print(trouble, sent, cx);
        self.sent = None;
        match trouble.complaint {
            Complaint::TooBig { mtu } => {
                self.mtu = self.mtu.min(mtu).max(100);
                self.tries = 0;
            }
            Complaint::TimeExceeded => self.next_hop(),
            Complaint::PortUnreachable => {
                self.outcome = Some(Outcome::Reached { back: hops_back(trouble.ttl) });
            }
            Complaint::Unreachable(_) => self.outcome = Some(Outcome::Refused),
        }
        true
    }

    fn interrupt(&mut self) {
        self.outcome = Some(Outcome::Interrupted);
    }
}
