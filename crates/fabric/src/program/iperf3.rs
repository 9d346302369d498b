//! iperf3, of which the client sends: over TCP or UDP, for a time or a number of bytes, over several streams. Over TCP the
//! server may send instead.
//!
//! Source: iperf 3.12, its options and output. The congestion window is not known here; the column shows the send buffer.

use super::lookup::{self, Family};
use super::options::{self, Arg, BadOption};
use super::socket::{Client, Progress};
use super::udp::UdpClient;
use super::{Cx, Program, Started, Step};
use crate::host::Machine;
use crate::iperf::{self, STREAMS_MAX, UDP_HELLO, step};
use crate::stack::SOCKET_BUFFER_BYTES;
use std::net::SocketAddr;
use weir_model::Nanos;

mod report;

/// Options of iperf3 that are not simulated.
const OTHERS: &str = "1ABCdfFhIJkLMNOSTvVwXZ";
const SECOND: u64 = 1_000_000_000;
/// What a UDP test sends a second unless told otherwise, in bits.
const UDP_BITS: u64 = 1_048_576;
/// What one stream over UDP sends a second at most, in bits, whatever is asked for: what a flow of an instance has
/// (EC2 User Guide, "Amazon EC2 instance network bandwidth").
const UDP_BITS_MAX: u64 = 5_000_000_000;
/// The length of a datagram: what fits a packet of the internet, less than the 1500 bytes of its MTU.
const DATAGRAM_BYTES: usize = 1448;
/// How much is handed to a TCP socket at a time.
const CHUNK_BYTES: usize = 128 * 1024;
/// How long the client waits for the server's next step.
const PATIENCE_NS: u64 = 120 * SECOND;

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Wanted {
    host: String,
    port: u16,
    seconds: u64,
    bytes: Option<u64>,
    is_udp: bool,
    is_reverse: bool,
    streams: usize,
    bits: Option<u64>,
    datagram: usize,
    family: Family,
}

/// Starts iperf3.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(message) => return Started::failed(format!("iperf3: {message}\n"), 1),
    };
    let host = wanted.host.clone();
    lookup::resolved(&host, wanted.family, machine, now, move |found, machine, now| match found {
        Ok(address) => {
            let to = SocketAddr::new(address, wanted.port);
            let mark = u64::from(machine.fresh_ident()) << 32 | now.0 & 0xffff_ffff;
            let cookie = format!("{mark:036x}\0");
            Started::Running(Box::new(Iperf3::new(wanted, to, cookie.into_bytes(), now)))
        }
        Err(failure) => {
            let message = format!("iperf3: error - unable to connect to server: {}\n", failure.message());
            Started::failed(message, 1)
        }
    })
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        host: String::new(),
        port: iperf::PORT,
        seconds: 10,
        bytes: None,
        is_udp: false,
        is_reverse: false,
        streams: 1,
        bits: None,
        datagram: DATAGRAM_BYTES,
        family: Family::Any,
    };
    let wrong = |error: BadOption| {
        let message = error.not_simulated("iperf3", args, OTHERS).unwrap_or_else(|| error.message("iperf3"));
        message.trim_start_matches("iperf3: ").trim_end().to_owned()
    };
    for arg in options::parse(args, "c:p:t:n:uRP:b:l:46i:sD").map_err(wrong)? {
        match arg {
            Arg::Value('c', text) => wanted.host = text.to_owned(),
            Arg::Value('p', text) => wanted.port = port(text)?,
            Arg::Value('t', text) => wanted.seconds = number(text)?.clamp(1, 86_400),
            Arg::Value('n', text) => wanted.bytes = Some(scaled(text, 1024)?),
            Arg::Value('b', text) => wanted.bits = Some(scaled(text, 1000)?),
            Arg::Value('P', text) => wanted.streams = (number(text)? as usize).clamp(1, STREAMS_MAX),
            Arg::Value('l', text) => wanted.datagram = (scaled(text, 1024)? as usize).clamp(16, 8900),
            // A line each second is what it prints anyway.
            Arg::Value('i', text) if text.parse() != Ok(1.0) => {
                return Err(format!("-i {text}: not simulated by weir"));
            }
            Arg::Flag('u') => wanted.is_udp = true,
            Arg::Flag('R') => wanted.is_reverse = true,
            Arg::Flag('4') => wanted.family = Family::V4,
            Arg::Flag('6') => wanted.family = Family::V6,
            Arg::Flag('s' | 'D') => {
                return Err("a server is declared in user data: #weir listen tcp/5201 iperf3".to_owned());
            }
            _ => {}
        }
    }
    if wanted.is_reverse && (wanted.is_udp || wanted.bits.is_some()) {
        return Err("parameter error - -R with -u or -b is not implemented by weir".to_owned());
    }
    if wanted.host.is_empty() {
        return Err("parameter error - must either be a client (-c) or server (-s)".to_owned());
    }
    Ok(wanted)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("parameter error - '{text}' is no number"))
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("parameter error - '{text}' is no port"))
}

/// A number with K, M or G behind it.
fn scaled(text: &str, unit: u64) -> Result<u64, String> {
    let (digits, power) = match text.to_ascii_uppercase().chars().last() {
        Some('K') => (&text[..text.len() - 1], 1),
        Some('M') => (&text[..text.len() - 1], 2),
        Some('G') => (&text[..text.len() - 1], 3),
        _ => (text, 0),
    };
    let value = digits.parse::<f64>().ok().filter(|value| (0.0..1e15).contains(value));
    let value = value.ok_or_else(|| format!("parameter error - '{text}' is no number"))?;
    Ok((value * unit.pow(power) as f64) as u64)
}

/// One stream of data.
struct Stream {
    channel: Channel,
    local: SocketAddr,
    /// Bytes sent, or received if the server sends.
    sent: u64,
    /// What was sent before the present interval.
    before: u64,
    packets: u64,
    packets_before: u64,
    is_ready: bool,
}

enum Channel {
    Tcp(Client, Vec<u8>),
    Udp(UdpClient),
}

/// A running client.
struct Iperf3 {
    wanted: Wanted,
    to: SocketAddr,
    cookie: Vec<u8>,
    control: Option<Client>,
    inbox: Vec<u8>,
    pending: Vec<u8>,
    streams: Vec<Stream>,
    /// The step that the server has named last.
    at: u8,
    started: Nanos,
    began: Option<Nanos>,
    /// When the present interval began.
    interval: Nanos,
    ended: Option<Nanos>,
    has_connected: bool,
    results: Option<String>,
    is_interrupted: bool,
}

impl Iperf3 {
    fn new(wanted: Wanted, to: SocketAddr, cookie: Vec<u8>, now: Nanos) -> Iperf3 {
        Iperf3 {
            wanted,
            to,
            pending: cookie.clone(),
            cookie,
            control: None,
            inbox: Vec::new(),
            streams: Vec::new(),
            at: 0,
            started: now,
            began: None,
            interval: now,
            ended: None,
            has_connected: false,
            results: None,
            is_interrupted: false,
        }
    }

    fn fail(&self, message: &str, cx: &mut Cx) -> Step {
        cx.terminal.complain(&format!("iperf3: error - {message}\n"));
        Step::Exit(1)
    }

    /// Reads what the server says, a step a byte, and does what each asks for.
    fn obey(&mut self, cx: &mut Cx) -> Option<Step> {
        loop {
            if self.at == step::EXCHANGE_RESULTS && self.results.is_none() {
                self.results = Some(iperf::take_framed(&mut self.inbox)?);
            }
            if self.inbox.is_empty() {
                return None;
            }
            self.at = self.inbox.remove(0);
            match self.at {
                step::PARAM_EXCHANGE => self.pending.extend(iperf::framed(&self.parameters())),
                step::CREATE_STREAMS if self.streams.is_empty() => {
                    let has_streams = self.create_streams(cx);
                    if !has_streams {
                        let message = "unable to create a new stream: Cannot assign requested address";
                        return Some(self.fail(message, cx));
                    }
                }
                step::TEST_RUNNING => self.begin(cx),
                step::EXCHANGE_RESULTS => {
                    let streams = self.streams.iter().map(|stream| {
                        let Stream { sent, packets, .. } = stream;
                        format!(
                            "{{\"id\":1,\"bytes\":{sent},\"retransmits\":0,\"jitter\":0,\"errors\":0,\"packets\":{packets}}}"
                        )
                    });
                    let streams: Vec<String> = streams.collect();
                    let json = format!(
                        "{{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,\
                         \"sender_has_retransmits\":1,\"streams\":[{}]}}",
                        streams.join(",")
                    );
                    self.pending.extend(iperf::framed(&json));
                }
                step::DISPLAY_RESULTS => {
                    self.pending.push(step::DONE);
                    let text = self.summary();
                    cx.terminal.print(&text);
                    self.flush(cx);
                    return Some(Step::Exit(0));
                }
                step::ACCESS_DENIED => {
                    return Some(self.fail("the server is busy running a test. try again later", cx));
                }
                _ => {}
            }
        }
    }

    fn parameters(&self) -> String {
        let Wanted { seconds, bytes, is_udp, streams, datagram, .. } = &self.wanted;
        let kind = if *is_udp { "udp" } else { "tcp" };
        let time = if bytes.is_some() { 0 } else { *seconds };
        let length = if *is_udp { *datagram } else { CHUNK_BYTES };
        let reverse = if self.wanted.is_reverse { "\"reverse\":true," } else { "" };
        let rate = self.bits().map(|bits| format!("\"bandwidth\":{bits},")).unwrap_or_default();
        format!(
            "{{\"{kind}\":true,\"omit\":0,\"time\":{time},\"num\":{},\"blockcount\":0,\"parallel\":{streams},\
             \"len\":{length},{rate}{reverse}\"pacing_timer\":1000,\"client_version\":\"3.12\"}}",
            bytes.unwrap_or(0)
        )
    }

    fn create_streams(&mut self, cx: &mut Cx) -> bool {
        for _ in 0..self.wanted.streams {
            let opened = match self.wanted.is_udp {
                true => UdpClient::open(cx, self.to).map(|client| {
                    client.send(&UDP_HELLO, cx);
                    (client.local, Channel::Udp(client))
                }),
                false => Client::open(cx, self.to)
                    .map(|client| (client.local(cx), Channel::Tcp(client, self.cookie.clone()))),
            };
            let Some((local, channel)) = opened else { return false };
            let stream =
                Stream { channel, local, sent: 0, before: 0, packets: 0, packets_before: 0, is_ready: false };
            self.streams.push(stream);
        }
        true
    }

    fn begin(&mut self, cx: &mut Cx) {
        self.began = Some(cx.now);
        self.interval = cx.now;
        for (place, stream) in self.streams.iter().enumerate() {
            let (id, local, to) = (report::id(place), stream.local, self.to);
            let line = format!(
                "[{id:3}] local {} port {} connected to {} port {}\n",
                local.ip(),
                local.port(),
                to.ip(),
                to.port()
            );
            cx.terminal.print(&line);
        }
        let head =
            if self.wanted.is_reverse { report::HEAD_REVERSE } else { report::head(self.wanted.is_udp) };
        cx.terminal.print(head);
    }

    /// What each stream sends a second at most, in bits; `None` for what a connection takes. Zero is as much as it can.
    fn bits(&self) -> Option<u64> {
        let wanted = self.wanted.bits.filter(|bits| *bits > 0);
        match (self.wanted.is_udp, self.wanted.bits) {
            (false, _) => wanted,
            (true, None) => Some(UDP_BITS),
            (true, Some(_)) => Some(wanted.unwrap_or(u64::MAX).min(UDP_BITS_MAX)),
        }
    }

    /// Sends what can be sent now, or takes what has come; true when that is everything.
    fn send(&mut self, began: Nanos, cx: &mut Cx) -> bool {
        let allowed = self.bits().map(|bits| {
            let ns = cx.now.0 - began.0;
            let bytes = u128::from(bits) * u128::from(ns) / 8 / u128::from(SECOND);
            u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(self.wanted.datagram as u64)
        });
        let share = self.share();
        let limit = [allowed, share].into_iter().flatten().min().unwrap_or(u64::MAX);
        for stream in &mut self.streams {
            match self.wanted.is_reverse {
                true => stream.receive(cx),
                false => stream.send(limit, self.wanted.datagram, cx),
            }
        }
        let is_sent = |share| self.streams.iter().all(|stream| stream.sent >= share);
        share.map_or(cx.now >= began.plus(self.wanted.seconds * SECOND), is_sent)
    }

    /// How many bytes each stream sends in all, if that is what ends the test: over UDP whole datagrams.
    fn share(&self) -> Option<u64> {
        let share = self.wanted.bytes?.div_ceil(self.wanted.streams as u64);
        let datagram = self.wanted.datagram as u64;
        Some(if self.wanted.is_udp { share.div_ceil(datagram).saturating_mul(datagram) } else { share })
    }

    /// When a datagram may be sent again.
    fn next_datagram(&self, began: Nanos) -> Option<Nanos> {
        let bits = self.bits()?;
        let sent = self.streams.iter().map(|stream| stream.sent).min().unwrap_or(0);
        let ns = u128::from(sent) * 8 * u128::from(SECOND) / u128::from(bits);
        Some(began.plus(ns as u64))
    }

    fn run(&mut self, began: Nanos, cx: &mut Cx) -> Step {
        let is_over = self.send(began, cx) || self.is_interrupted;
        if cx.now >= self.interval.plus(SECOND) || is_over {
            self.print_interval(began, cx);
        }
        if is_over {
            self.ended = Some(cx.now);
            self.pending.push(step::TEST_END);
            self.flush(cx);
            return Step::Wait(Some(cx.now.plus(PATIENCE_NS)));
        }
        let next = self.interval.plus(SECOND);
        let end = self.wanted.bytes.is_none().then(|| began.plus(self.wanted.seconds * SECOND));
        let wakes = [Some(next), end, self.next_datagram(began)];
        Step::Wait(wakes.into_iter().flatten().min())
    }

    fn print_interval(&mut self, began: Nanos, cx: &mut Cx) {
        let (from, to) = (self.interval.0 - began.0, cx.now.0 - began.0);
        if to == from {
            return;
        }
        let window = (!self.wanted.is_reverse).then_some(SOCKET_BUFFER_BYTES);
        let lines: Vec<report::Line> =
            self.streams.iter_mut().map(|stream| stream.interval(from, to)).collect();
        cx.terminal.print(&report::interval(&lines, self.wanted.is_udp, window));
        self.interval = cx.now;
    }

    fn summary(&self) -> String {
        let ns = self.ended.zip(self.began).map_or(0, |(ended, began)| ended.0 - began.0);
        let json = self.results.as_deref().unwrap_or_default();
        let ends = self.streams.iter().enumerate().map(|(place, stream)| {
            let value = |name: &str| iperf::number(json, name, place).unwrap_or(0.0);
            let own = report::Line { from: 0, to: ns, bytes: stream.sent, packets: stream.packets };
            let theirs = report::Line {
                from: 0,
                to: (value("end_time") * 1e9) as u64,
                bytes: value("bytes") as u64,
                packets: value("packets") as u64,
            };
            let (sent, received) = if self.wanted.is_reverse { (theirs, own) } else { (own, theirs) };
            report::Ends { sent, received, lost: value("errors") as u64, jitter_ms: value("jitter") * 1e3 }
        });
        report::summary(&ends.collect::<Vec<_>>(), self.wanted.is_udp)
    }

    fn flush(&mut self, cx: &mut Cx) {
        if let Some(control) = &self.control {
            let sent = control.write(&self.pending, cx);
            self.pending.drain(..sent);
        }
    }
}

impl Stream {
    fn send(&mut self, limit: u64, datagram: usize, cx: &mut Cx) {
        match &mut self.channel {
            Channel::Tcp(client, cookie) => {
                let taken = client.write(cookie, cx);
                cookie.drain(..taken);
                if cookie.is_empty() {
                    self.sent += client.write_zeros(limit.saturating_sub(self.sent), cx);
                }
            }
            Channel::Udp(client) => {
                while self.sent + datagram as u64 <= limit {
                    self.packets += 1;
                    self.sent += datagram as u64;
                    let mut payload = vec![0; datagram];
                    let (seconds, us) = (cx.now.seconds() as u32, (cx.now.0 / 1000 % 1_000_000) as u32);
                    payload[..4].copy_from_slice(&seconds.to_be_bytes());
                    payload[4..8].copy_from_slice(&us.to_be_bytes());
                    payload[8..12].copy_from_slice(&(self.packets as u32).to_be_bytes());
                    client.send(&payload, cx);
                }
            }
        }
    }

    /// Takes what the server has sent.
    fn receive(&mut self, cx: &mut Cx) {
        if let Channel::Tcp(client, _) = &self.channel {
            self.sent += client.read(cx).len() as u64;
        }
    }

    /// Sends the cookie that makes a connection a stream of the test.
    fn introduce(&mut self, cx: &mut Cx) {
        if let Channel::Tcp(client, cookie) = &mut self.channel
            && !self.is_ready
            && client.progress(cx) == Progress::Open
        {
            let sent = client.write(cookie, cx);
            cookie.drain(..sent);
            self.is_ready = cookie.is_empty();
        }
    }

    fn interval(&mut self, from: u64, to: u64) -> report::Line {
        let line = report::Line {
            from,
            to,
            bytes: self.sent - self.before,
            packets: self.packets - self.packets_before,
        };
        (self.before, self.packets_before) = (self.sent, self.packets);
        line
    }
}

impl Program for Iperf3 {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        let Some(mut control) = self.control.take().or_else(|| Client::open(cx, self.to)) else {
            return self.fail("unable to connect to server: Network is unreachable", cx);
        };
        let progress = control.progress(cx);
        self.inbox.extend(control.read(cx));
        self.control = Some(control);
        if !self.has_connected && progress == Progress::Open {
            self.has_connected = true;
            cx.terminal
                .print(&format!("Connecting to host {}, port {}\n", self.wanted.host, self.wanted.port));
            if self.wanted.is_reverse {
                let line = format!("Reverse mode, remote host {} is sending\n", self.wanted.host);
                cx.terminal.print(&line);
            }
        }
        match progress {
            Progress::Refused => return self.fail("unable to connect to server: Connection refused", cx),
            Progress::Connecting if cx.now >= self.started.plus(PATIENCE_NS) => {
                return self.fail("unable to connect to server: Connection timed out", cx);
            }
            Progress::Connecting => return Step::Wait(Some(self.started.plus(PATIENCE_NS))),
            Progress::Open | Progress::Closed => {}
        }
        if let Some(step) = self.obey(cx) {
            return step;
        }
        self.flush(cx);
        if progress == Progress::Closed {
            return self.fail("control socket has closed unexpectedly", cx);
        }
        self.streams.iter_mut().for_each(|stream| stream.introduce(cx));
        match (self.began, self.ended) {
            (Some(began), None) => self.run(began, cx),
            _ if self.is_interrupted => Step::Exit(1),
            (_, Some(ended)) if cx.now >= ended.plus(PATIENCE_NS) => {
                self.fail("the server does not answer", cx)
            }
            (_, ended) => Step::Wait(Some(ended.unwrap_or(self.started).plus(PATIENCE_NS))),
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        for stream in &mut self.streams {
            match &mut stream.channel {
                Channel::Tcp(client, _) => client.leave(cx),
                Channel::Udp(client) => client.leave(cx),
            }
        }
        if let Some(mut control) = self.control.take() {
            control.leave(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iperf::COOKIE;

    #[test]
    fn numbers_may_be_scaled() {
        let rows = [("10M", 1024, 10 << 20), ("10m", 1000, 10_000_000), ("1.5K", 1000, 1500), ("7", 1000, 7)];
        for (text, unit, expected) in rows {
            assert_eq!(scaled(text, unit), Ok(expected));
        }
        assert!(scaled("x", 1000).is_err() && scaled("", 1000).is_err());
    }

    fn bits(line: &str) -> Option<u64> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let to = SocketAddr::from(([10, 0, 0, 5], 5201));
        let wanted = wanted(&args).unwrap_or_else(|message| panic!("{message}"));
        Iperf3::new(wanted, to, Vec::new(), Nanos(0)).bits()
    }

    #[test]
    fn rates_are_bounded_over_udp() {
        assert_eq!(bits("-c a"), None);
        assert_eq!(bits("-c a -b 0"), None);
        assert_eq!(bits("-c a -b 10M"), Some(10_000_000));
        assert_eq!(bits("-c a -u"), Some(UDP_BITS));
        assert_eq!(bits("-c a -u -b 10M"), Some(10_000_000));
        assert_eq!(bits("-c a -u -b 0"), Some(UDP_BITS_MAX));
        assert_eq!(bits("-c a -u -b 99999999999G"), Some(UDP_BITS_MAX));
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for port in ["0", "65536", "-1", "x"] {
            let args = ["-c", "a", "-p", port].map(str::to_owned);
            assert_eq!(wanted(&args).err(), Some(format!("parameter error - '{port}' is no port")));
        }
    }

    #[test]
    fn a_cookie_has_its_length() {
        assert_eq!(format!("{:036x}\0", 7u64).len(), COOKIE);
    }
}
