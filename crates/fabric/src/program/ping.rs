//! ping, as iputils prints it.
//!
//! Source: iputils 20210202 (the version of Amazon Linux 2023), ping(8) and its output.

use super::lookup::{self, Family};
use super::options::{self, Arg, BadOption};
use super::{Cx, News, Program, Started, Step};
use crate::echo::{ECHO_HEADER, Reply, Request, Requests};
use crate::host::Machine;
use crate::path;
use crate::trouble::{Complaint, Trouble};
use std::fmt::Write;
use std::net::IpAddr;
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// How long ping waits for the last reply if none has come (MAXWAIT).
const LINGER_NS: u64 = 10 * SECOND;
/// How often a flood sends if no replies come.
const FLOOD_NS: u64 = 10 * MILLISECOND;
/// The length of the data unless told otherwise.
const DATA_BYTES: usize = 56;
/// The most data that fits an IPv4 packet.
const DATA_BYTES_MAX: usize = 65507;

/// Options of iputils that are not simulated.
const OTHERS: &str = "aAbBCdDFhIlLmNOpQrRSTUvV";
const USAGE: &str = "\n\
Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -c <count>         stop after <count> replies
  -f                 flood ping
  -i <interval>      seconds between sending each packet
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -q                 quiet output
  -s <size>          use <size> as number of data bytes to be sent
  -t <ttl>           define time to live
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

For more details see ping(8).
";

/// What ping does about the path's MTU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Discovery {
    /// Nothing is split, here or on the way.
    Do,
    /// What is known not to fit is split here; the rest must not be split on the way. The kernel's default.
    Want,
    /// Everything may be split.
    Dont,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Wanted {
    target: Option<String>,
    count: Option<u64>,
    /// Between requests; without replies, if each reply has another request sent.
    interval_ns: u64,
    /// Whether a reply has the next request sent at once: an interval of 0.
    is_unlimited: bool,
    deadline_ns: Option<u64>,
    linger_ns: u64,
    data: usize,
    ttl: Option<u8>,
    is_quiet: bool,
    is_flood: bool,
    is_numeric: bool,
    family: Family,
    discovery: Discovery,
}

/// Starts ping.
pub(super) fn start(name: &str, args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(started) => return started,
    };
    let Some(target) = wanted.target.clone() else {
        return Started::failed("ping: usage error: Destination address required\n".to_owned(), 1);
    };
    let family = if name == "ping6" { Family::V6 } else { wanted.family };
    lookup::resolved(&target.clone(), family, machine, now, move |found, machine, now| {
        let destination = match found {
            Ok(destination) if family.has(destination) => destination,
            Ok(_) => return unresolved(&target, "Address family for hostname not supported"),
            Err(failure) => return unresolved(&target, failure.message()),
        };
        if wanted.is_numeric || target.parse::<IpAddr>().is_ok() {
            return begin(wanted, destination, None, machine, now);
        }
        lookup::named(destination, machine, now, move |name, machine, now| {
            let name = name.unwrap_or_else(|| destination.to_string());
            begin(wanted, destination, Some(name), machine, now)
        })
    })
}

fn unresolved(target: &str, reason: &str) -> Started {
    Started::failed(format!("ping: {target}: {reason}\n"), 2)
}

/// Begins to ping; `name` is what replies are from, if they are to have a name.
fn begin(
    wanted: Wanted,
    destination: IpAddr,
    name: Option<String>,
    machine: &mut Machine,
    now: Nanos,
) -> Started {
    let Some(source) = machine.source_for(destination) else {
        return Started::failed("ping: connect: Network is unreachable\n".to_owned(), 2);
    };
    let ident = machine.fresh_ident();
    let ttl = wanted.ttl.unwrap_or(machine.ttl);
    let ping = Ping { name, ..Ping::new(wanted, (source, destination), (ident, ttl), now) };
    Started::Running(Box::new(ping))
}

fn wanted(args: &[String]) -> Result<Wanted, Started> {
    let mut wanted = Wanted {
        target: None,
        count: None,
        interval_ns: SECOND,
        is_unlimited: false,
        deadline_ns: None,
        linger_ns: LINGER_NS,
        data: DATA_BYTES,
        ttl: None,
        is_quiet: false,
        is_flood: false,
        is_numeric: false,
        family: Family::Any,
        discovery: Discovery::Want,
    };
    let wrong = |error: BadOption| {
        let message = error.not_simulated("ping", args, OTHERS);
        Started::failed(message.unwrap_or_else(|| error.message("ping") + USAGE), 2)
    };
    let args = options::parse(args, "46c:fi:M:nqs:t:w:W:").map_err(wrong)?;
    let mut interval_ns = None;
    for arg in args {
        match arg {
            Arg::Value('i', text) => interval_ns = Some(seconds(text)?),
            arg => wanted.take(arg)?,
        }
    }
    let interval_ns = interval_ns.unwrap_or(if wanted.is_flood { 0 } else { SECOND });
    // iputils counts in whole milliseconds.
    wanted.is_unlimited = interval_ns < MILLISECOND;
    wanted.interval_ns = if wanted.is_unlimited { FLOOD_NS } else { interval_ns };
    Ok(wanted)
}

impl Wanted {
    fn take(&mut self, arg: Arg) -> Result<(), Started> {
        match arg {
            Arg::Operand(target) => self.target = Some(target.to_owned()),
            Arg::Flag('4') => self.family = Family::V4,
            Arg::Flag('6') => self.family = Family::V6,
            Arg::Flag('n') => self.is_numeric = true,
            Arg::Flag('q') => self.is_quiet = true,
            Arg::Flag('f') => self.is_flood = true,
            Arg::Value('c', text) => self.count = Some(number(text, 1, i64::MAX)?),
            Arg::Value('s', text) => self.data = number(text, 0, DATA_BYTES_MAX as i64)? as usize,
            Arg::Value('t', text) => self.ttl = Some(number(text, 1, 255)? as u8),
            Arg::Value('w', text) => self.deadline_ns = Some(number(text, 1, i64::from(i32::MAX))? * SECOND),
            Arg::Value('W', text) => self.linger_ns = seconds(text)?,
            Arg::Value('M', text) => self.discovery = discovery(text)?,
            Arg::Flag(_) | Arg::Value(..) => {}
        }
        Ok(())
    }
}

fn discovery(text: &str) -> Result<Discovery, Started> {
    match text {
        "do" => Ok(Discovery::Do),
        "want" => Ok(Discovery::Want),
        "dont" => Ok(Discovery::Dont),
        _ => Err(Started::failed(format!("ping: invalid -M argument: {text}\n"), 2)),
    }
}

fn number(text: &str, least: i64, most: i64) -> Result<u64, Started> {
    let invalid = || Started::failed(format!("ping: invalid argument: '{text}'\n"), 1);
    let number: i64 = text.parse().map_err(|_| invalid())?;
    if !(least..=most).contains(&number) {
        let range = format!("ping: invalid argument: '{text}': out of range: {least} <= value <= {most}\n");
        return Err(Started::failed(range, 1));
    }
    Ok(number as u64)
}

/// Seconds with a fraction, in nanoseconds; at most a day.
fn seconds(text: &str) -> Result<u64, Started> {
    const DAY_S: f64 = 86_400.0;
    let parsed = text.parse::<f64>().ok().filter(|seconds| (0.0..=DAY_S).contains(seconds));
    let seconds = parsed.ok_or_else(|| Started::failed(format!("ping: bad timing interval: {text}\n"), 1))?;
    Ok((seconds * SECOND as f64) as u64)
}

/// A running ping.
struct Ping {
    wanted: Wanted,
    destination: IpAddr,
    /// What the destination's address is called, unless by itself.
    name: Option<String>,
    ident: u16,
    requests: Requests,
    started: Nanos,
    last_sent: Nanos,
    sent: u64,
    round_trips: RoundTrips,
    /// Which of the last 64 requests have been answered, the last one in the lowest bit.
    answered: u64,
    duplicates: u64,
    errors: u64,
    is_interrupted: bool,
}

/// What replies took, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct RoundTrips {
    count: u64,
    least: u64,
    most: u64,
    sum: u64,
    squares: u128,
}

impl RoundTrips {
    fn add(&mut self, us: u64) {
        self.least = if self.count == 0 { us } else { self.least.min(us) };
        self.most = self.most.max(us);
        self.count += 1;
        self.sum += us;
        self.squares += u128::from(us) * u128::from(us);
    }

    /// Least, mean, most and standard deviation as iputils prints them.
    fn summary(&self) -> String {
        let count = self.count.max(1);
        let mean = self.sum / count;
        // In this order nothing is rounded before the end, as in iputils.
        let (sum, count) = (u128::from(self.sum), u128::from(count));
        let variance = self.squares.saturating_sub(sum * sum / count) / count;
        let deviation = variance.isqrt() as u64;
        let ms = |us: u64| format!("{}.{:03}", us / 1000, us % 1000);
        format!(
            "rtt min/avg/max/mdev = {}/{}/{}/{} ms",
            ms(self.least),
            ms(mean),
            ms(self.most),
            ms(deviation)
        )
    }
}

impl Ping {
    fn new(wanted: Wanted, ends: (IpAddr, IpAddr), (ident, ttl): (u16, u8), now: Nanos) -> Ping {
        let (source, destination) = ends;
        let requests = Requests::like(Request {
            source,
            destination,
            ttl,
            ident,
            sequence: 0,
            data: wanted.data,
            stamp: [0; 8],
            // Said when one is sent.
            dont_fragment: false,
        });
        Ping {
            wanted,
            destination,
            name: None,
            ident,
            requests,
            started: now,
            last_sent: now,
            sent: 0,
            round_trips: RoundTrips::default(),
            answered: 0,
            duplicates: 0,
            errors: 0,
            is_interrupted: false,
        }
    }

    fn greet(&self, cx: &mut Cx) {
        let Ping { destination, wanted, .. } = self;
        let target = wanted.target.as_deref().unwrap_or_default();
        let data = wanted.data;
        cx.terminal.print(&match destination {
            IpAddr::V4(_) => {
                format!("PING {target} ({destination}) {data}({}) bytes of data.\n", data + ECHO_HEADER + 20)
            }
            IpAddr::V6(_) => {
                let name = self.name.as_deref().unwrap_or(target);
                format!("PING {target}({name}{}) {data} data bytes\n", self.in_brackets(*destination, " "))
            }
        });
    }

    /// The address in brackets, if it goes by a name.
    fn in_brackets(&self, address: IpAddr, before: &str) -> String {
        self.name.as_ref().map(|_| format!("{before}({address})")).unwrap_or_default()
    }

    fn send(&mut self, cx: &mut Cx) {
        if self.sent == 0 {
            self.greet(cx);
        }
        self.sent += 1;
        self.last_sent = cx.now;
        self.answered <<= 1;
        let length = self.requests.length();
        let fits = length <= usize::from(path::LEAST) || length <= self.mtu(cx);
        if !fits && self.wanted.discovery == Discovery::Do {
            self.errors += 1;
            return self.complain(cx);
        }
        self.requests.set_dont_fragment(self.wanted.discovery != Discovery::Dont && fits);
        let packet = self.requests.packet(self.sent as u16, cx.now.0.to_be_bytes(), cx.outbox);
        cx.outbox.packets.push(packet);
    }

    /// The largest request that fits what is known of the path.
    fn mtu(&self, cx: &Cx) -> usize {
        usize::from(cx.machine.paths.to(self.destination, cx.now))
    }

    /// Says that a request does not fit what is known of the path.
    fn complain(&self, cx: &mut Cx) {
        if !self.wanted.is_quiet {
            let mtu = self.mtu(cx);
            cx.terminal.complain(&format!("ping: local error: message too long, mtu={mtu}\n"));
        }
    }

    /// Takes note of an ICMP error about one of its requests.
    fn hear_trouble(&mut self, trouble: &Trouble, cx: &mut Cx) {
        let Some((ident, sequence)) = trouble.echo else { return };
        if ident != self.ident || trouble.about.destination != self.destination {
            return;
        }
        self.errors += 1;
        if !self.wanted.is_quiet && !self.wanted.is_flood {
            let (from, said) = (trouble.from, said(trouble.complaint, trouble.from.is_ipv4()));
            cx.terminal.print(&format!("From {from} icmp_seq={sequence} {said}\n"));
        }
    }

    /// Whether nothing is left to wait for.
    fn is_over(&self, now: Nanos) -> bool {
        let has_all = self.wanted.count.is_some_and(|count| self.round_trips.count + self.errors >= count);
        let is_late = self.wanted.deadline_ns.is_some_and(|ns| now >= self.started.plus(ns));
        let has_lingered = self.has_sent_all() && now >= self.last_sent.plus(self.linger_ns());
        self.is_interrupted || has_all || is_late || has_lingered
    }

    /// With a deadline, ping goes on sending until it has `count` replies.
    fn has_sent_all(&self) -> bool {
        self.wanted.deadline_ns.is_none() && self.wanted.count.is_some_and(|count| self.sent >= count)
    }

    /// How long to wait after the last request: twice the longest round trip, but not less than an interval.
    fn linger_ns(&self) -> u64 {
        match self.round_trips.count {
            0 => self.wanted.linger_ns,
            _ => (2 * self.round_trips.most * 1000).max(self.wanted.interval_ns),
        }
    }

    /// When to be woken: for the next request, or to give up.
    fn next(&self) -> Nanos {
        let next = match self.has_sent_all() {
            true => self.last_sent.plus(self.linger_ns()),
            false => self.last_sent.plus(self.wanted.interval_ns),
        };
        self.wanted.deadline_ns.map_or(next, |ns| next.min(self.started.plus(ns)))
    }

    fn print_reply(&self, reply: &Reply, us: Option<u64>, note: &str, cx: &mut Cx) {
        let Reply { from, ttl, sequence, length, .. } = reply;
        let from = match &self.name {
            Some(name) => format!("{name}{}", self.in_brackets(*from, " ")),
            None => from.to_string(),
        };
        let mut line = format!("{length} bytes from {from}: icmp_seq={sequence} ttl={ttl}");
        if let Some(us) = us {
            let _ = write!(line, " time={} ms", milliseconds(us));
        }
        cx.terminal.print(&format!("{line}{note}\n"));
    }

    fn finish(&self, cx: &mut Cx) -> Step {
        let (sent, received) = (self.sent, self.round_trips.count);
        let target = self.wanted.target.as_deref().unwrap_or_default();
        let mut text = format!("\n--- {target} ping statistics ---\n");
        let _ = write!(text, "{sent} packets transmitted, {received} received");
        if self.duplicates > 0 {
            let _ = write!(text, ", +{} duplicates", self.duplicates);
        }
        if self.errors > 0 {
            let _ = write!(text, ", +{} errors", self.errors);
        }
        if sent > 0 {
            let _ = write!(text, ", {}% packet loss", percent(sent - received.min(sent), sent));
            let _ = write!(text, ", time {}ms", (self.last_sent.0 - self.started.0) / MILLISECOND);
        }
        text.push('\n');
        if received > 0 {
            text.push_str(&self.round_trips.summary());
        }
        text.push('\n');
        cx.terminal.print(&text);
        let is_short =
            self.wanted.deadline_ns.is_some() && self.wanted.count.is_some_and(|count| received < count);
        Step::Exit(if received == 0 || is_short { 1 } else { 0 })
    }
}

/// An ICMP error in iputils' words.
fn said(complaint: Complaint, is_ipv4: bool) -> String {
    match (complaint, is_ipv4) {
        (Complaint::TooBig { mtu }, true) => format!("Frag needed and DF set (mtu = {mtu})"),
        (Complaint::TooBig { mtu }, false) => format!("Packet too big: mtu={mtu}"),
        (Complaint::TimeExceeded, true) => "Time to live exceeded".to_owned(),
        (Complaint::TimeExceeded, false) => "Time exceeded: Hop limit".to_owned(),
        (Complaint::PortUnreachable, true) => "Destination Port Unreachable".to_owned(),
        (Complaint::PortUnreachable, false) => "Destination unreachable: Port unreachable".to_owned(),
        (Complaint::Unreachable(0), true) => "Destination Net Unreachable".to_owned(),
        (Complaint::Unreachable(1), true) => "Destination Host Unreachable".to_owned(),
        (Complaint::Unreachable(2), true) => "Destination Protocol Unreachable".to_owned(),
        (Complaint::Unreachable(13), true) => "Packet filtered".to_owned(),
        (Complaint::Unreachable(code), true) => format!("Dest Unreachable, Bad Code: {code}"),
        (Complaint::Unreachable(0), false) => "Destination unreachable: No route".to_owned(),
        (Complaint::Unreachable(1), false) => {
            "Destination unreachable: Administratively prohibited".to_owned()
        }
        (Complaint::Unreachable(3), false) => "Destination unreachable: Address unreachable".to_owned(),
        (Complaint::Unreachable(code), false) => format!("Destination unreachable: Unknown code {code}"),
    }
}

/// A share in percent, as printf's %g prints it: six significant digits.
fn percent(part: u64, whole: u64) -> String {
    let value = part as f64 * 100.0 / whole as f64;
    let digits = if value >= 100.0 {
        3
    } else if value >= 10.0 {
        4
    } else {
        5
    };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A round trip with as many digits as iputils gives it.
fn milliseconds(us: u64) -> String {
    match us {
        99_950.. => format!("{}", (us + 500) / 1000),
        9_995.. => format!("{}.{:01}", (us + 50) / 1000, (us + 50) % 1000 / 100),
        1_000.. => format!("{}.{:02}", (us + 5) / 1000, (us + 5) % 1000 / 10),
        _ => format!("{}.{:03}", us / 1000, us % 1000),
    }
}

impl Program for Ping {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_over(cx.now) {
            return self.finish(cx);
        }
        let is_due = self.sent == 0 || cx.now >= self.last_sent.plus(self.wanted.interval_ns);
        if is_due && !self.has_sent_all() {
            self.send(cx);
            if self.is_over(cx.now) {
                return self.finish(cx);
            }
        }
        Step::Wait(Some(self.next()))
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        match news {
            News::Reply(reply) => self.hear_reply(reply, cx),
            News::Trouble(trouble) => self.hear_trouble(trouble, cx),
            News::Segment(_) => return false,
        }
        // How long it waits for the last replies depends on how long the others took.
        self.has_sent_all() || self.is_over(cx.now)
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }
}

impl Ping {
    fn hear_reply(&mut self, reply: &Reply, cx: &mut Cx) {
        let age = (self.sent as u16).wrapping_sub(reply.sequence);
        let is_ours =
            reply.ident == self.ident && reply.from == self.destination && u64::from(age) < self.sent;
        if !is_ours {
            return;
        }
        let bit = 1u64.checked_shl(age.into()).unwrap_or(0);
        let is_duplicate = self.answered & bit != 0;
        self.answered |= bit;
        let sent_at = reply.stamp.filter(|_| self.wanted.data >= 16).map(u64::from_be_bytes);
        let us = sent_at.map(|sent_at| cx.now.0.saturating_sub(sent_at) / 1000);
        if is_duplicate {
            self.duplicates += 1;
        } else {
            self.round_trips.add(us.unwrap_or(0));
        }
        if !self.wanted.is_quiet && !self.wanted.is_flood {
            self.print_reply(reply, us, if is_duplicate { " (DUP!)" } else { "" }, cx);
        }
        if self.wanted.is_unlimited && !self.has_sent_all() && !self.is_over(cx.now) {
            self.send(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_nothing_is_a_flood() {
        let rows = [
            ("a", (SECOND, false)),
            ("-i 0.2 a", (SECOND / 5, false)),
            ("-i 0 a", (FLOOD_NS, true)),
            ("-i 0.0000001 a", (FLOOD_NS, true)),
            ("-f a", (FLOOD_NS, true)),
            ("-i 1 -f a", (SECOND, false)),
        ];
        for (line, expected) in rows {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let Ok(wanted) = wanted(&args) else { panic!("{line}") };
            assert_eq!((wanted.interval_ns, wanted.is_unlimited), expected, "{line}");
        }
    }

    #[test]
    fn times_have_as_many_digits_as_iputils_gives_them() {
        let rows = [
            (512, "0.512"),
            (1_234, "1.23"),
            (1_236, "1.24"),
            (9_996, "10.0"),
            (12_345, "12.3"),
            (99_949, "99.9"),
            (150_600, "151"),
        ];
        for (us, text) in rows {
            assert_eq!(milliseconds(us), text);
        }
    }

    #[test]
    fn shares_are_printed_with_six_digits() {
        for (part, whole, text) in
            [(0, 5, "0"), (5, 5, "100"), (1, 3, "33.3333"), (1, 2, "50"), (1, 16, "6.25")]
        {
            assert_eq!(percent(part, whole), text);
        }
    }

    #[test]
    fn the_summary_has_the_standard_deviation() {
        let mut round_trips = RoundTrips::default();
        for us in [400, 500, 600] {
            round_trips.add(us);
        }
        assert_eq!(round_trips.summary(), "rtt min/avg/max/mdev = 0.400/0.500/0.600/0.081 ms");
    }
}
