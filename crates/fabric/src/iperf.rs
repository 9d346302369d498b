//! iperf3's protocol: how client and server of a bulk transfer agree on it and tell each other what they saw.
//!
//! A control connection carries one byte a step, and JSON with its length before it; data travels over connections of its own,
//! or over UDP. Each connection begins with the cookie of its test. Real iperf3 understands it.
//! Source: iperf 3.12, `iperf_api.h` (states), as its programs send them.

use crate::datagram::Datagram;
use std::net::SocketAddr;
use weir_model::Nanos;

/// The port of iperf3.
pub(crate) const PORT: u16 = 5201;

/// The length of a cookie: 36 letters and a zero.
pub(crate) const COOKIE: usize = 37;

/// The steps of a test, as the control connection names them.
pub(crate) mod step {
    pub(crate) const TEST_START: u8 = 1;
    pub(crate) const TEST_RUNNING: u8 = 2;
    pub(crate) const TEST_END: u8 = 4;
    pub(crate) const PARAM_EXCHANGE: u8 = 9;
    pub(crate) const CREATE_STREAMS: u8 = 10;
    pub(crate) const EXCHANGE_RESULTS: u8 = 13;
    pub(crate) const DISPLAY_RESULTS: u8 = 14;
    pub(crate) const DONE: u8 = 16;
    /// The server is busy.
    pub(crate) const ACCESS_DENIED: u8 = 255;
}

/// What a client sends to be known as a stream over UDP, and what it is answered; little-endian, as x86 hosts send it.
pub(crate) const UDP_HELLO: [u8; 4] = 0x3637_3839u32.to_le_bytes();
pub(crate) const UDP_WELCOME: [u8; 4] = 0x3938_3736u32.to_le_bytes();

/// Most streams of a test.
pub(crate) const STREAMS_MAX: usize = 128;

/// The longest JSON that is read, in bytes.
const JSON_BYTES_MAX: usize = 64 * 1024;

/// Most bytes that a client may have sent before its turn: JSON with its length, and a step. More is no client of iperf3's.
const HEARD_BYTES_MAX: usize = JSON_BYTES_MAX + 5;

/// JSON with its length before it.
pub(crate) fn framed(json: &str) -> Vec<u8> {
    let mut bytes = (json.len() as u32).to_be_bytes().to_vec();
    bytes.extend(json.as_bytes());
    bytes
}

/// Takes JSON with its length off `from`, once all of it is there.
pub(crate) fn take_framed(from: &mut Vec<u8>) -> Option<String> {
    let length = u32::from_be_bytes(from.get(..4)?.try_into().ok()?) as usize;
    let end = 4 + length.min(JSON_BYTES_MAX);
    let json = String::from_utf8_lossy(from.get(4..end)?).into_owned();
    from.drain(..end);
    Some(json)
}

/// The number that follows a member's name in JSON; the `nth` of them, from 0.
pub(crate) fn number(json: &str, name: &str, nth: usize) -> Option<f64> {
    let (at, text) = json.match_indices(&format!("\"{name}\"")).nth(nth)?;
    let rest = json[at + text.len()..].trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// Whether a member of JSON is true.
fn is_true(json: &str, name: &str) -> bool {
    json.split_once(&format!("\"{name}\"")).is_some_and(|(_, rest)| {
        rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with("true"))
    })
}

/// What one stream has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Received {
    pub(crate) bytes: u64,
    /// Over UDP: the datagrams sent, as the highest number says, those lost, and the jitter in seconds (RFC 3550).
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    pub(crate) jitter_s: f64,
    came: u64,
    transit_s: Option<f64>,
}

/// The server of a host: one test at a time.
#[derive(Debug, Default)]
pub(crate) struct Server {
    test: Option<Test>,
}

#[derive(Debug)]
struct Test {
    cookie: Vec<u8>,
    is_udp: bool,
    /// Whether the server sends.
    is_reverse: bool,
    wanted: usize,
    streams: Vec<(Option<SocketAddr>, Received)>,
    started: Option<Nanos>,
    has_ended: bool,
}

/// A connection to the server.
#[derive(Debug, Default)]
pub(crate) struct Session {
    role: Role,
    received: Vec<u8>,
    pub(crate) pending: Vec<u8>,
    /// Whether it is to be closed when all is sent.
    pub(crate) is_over: bool,
}

#[derive(Debug, Default)]
enum Role {
    #[default]
    New,
    Control(u8),
    Stream(usize),
}

impl Session {
    /// Takes what has come, and gets ready what is to be sent.
    pub(crate) fn hear(&mut self, bytes: &[u8], server: &mut Server, now: Nanos) {
        if let Role::Stream(stream) = self.role {
            let test = server.test.as_mut();
            if let Some((_, received)) = test.and_then(|test| test.streams.get_mut(stream)) {
                received.bytes += bytes.len() as u64;
            }
            return;
        }
        self.received.extend(bytes);
        if matches!(self.role, Role::New) {
            self.begin(server);
        }
        while let Role::Control(at) = self.role
            && let Some(next) = self.advance(at, server, now)
        {
            self.role = Role::Control(next);
        }
        if matches!(self.role, Role::Control(_)) && self.received.len() > HEARD_BYTES_MAX {
            self.end(server);
            self.refuse();
        }
    }

    /// Has the connection be closed, whatever else comes.
    fn refuse(&mut self) {
        self.is_over = true;
        self.role = Role::Stream(usize::MAX);
        self.received = Vec::new();
    }

    /// Learns from the cookie what the connection is for.
    fn begin(&mut self, server: &mut Server) {
        if self.received.len() < COOKIE {
            return;
        }
        let cookie: Vec<u8> = self.received.drain(..COOKIE).collect();
        match &mut server.test {
            None => {
                server.test = Some(Test {
                    cookie,
                    is_udp: false,
                    is_reverse: false,
                    wanted: 1,
                    streams: Vec::new(),
                    started: None,
                    has_ended: false,
                });
                self.pending.push(step::PARAM_EXCHANGE);
                self.role = Role::Control(step::PARAM_EXCHANGE);
            }
            Some(test) if test.cookie == cookie && test.streams.len() < test.wanted => {
                test.streams.push((None, Received::default()));
                self.role = Role::Stream(test.streams.len() - 1);
                let early = std::mem::take(&mut self.received);
                test.streams.last_mut().expect("one was just added").1.bytes = early.len() as u64;
            }
            Some(_) => {
                self.pending.push(step::ACCESS_DENIED);
                self.refuse();
            }
        }
    }

    /// The step after `at`, if what it waits for is there.
    fn advance(&mut self, at: u8, server: &mut Server, now: Nanos) -> Option<u8> {
        let test = server.test.as_mut()?;
        match at {
            step::PARAM_EXCHANGE => {
                let json = take_framed(&mut self.received)?;
                test.is_udp = is_true(&json, "udp");
                test.is_reverse = is_true(&json, "reverse") && !test.is_udp;
                let wanted = number(&json, "parallel", 0).unwrap_or(1.0) as usize;
                test.wanted = wanted.clamp(1, STREAMS_MAX);
                self.pending.push(step::CREATE_STREAMS);
                Some(step::CREATE_STREAMS)
            }
            step::CREATE_STREAMS if test.streams.len() == test.wanted => {
                test.started = Some(now);
                self.pending.extend([step::TEST_START, step::TEST_RUNNING]);
                Some(step::TEST_RUNNING)
            }
            step::TEST_RUNNING if self.received.first() == Some(&step::TEST_END) => {
                self.received.remove(0);
                test.has_ended = true;
                self.pending.push(step::EXCHANGE_RESULTS);
                Some(step::EXCHANGE_RESULTS)
            }
            step::EXCHANGE_RESULTS => {
                take_framed(&mut self.received)?;
                self.pending.extend(framed(&test.results(now)));
                self.pending.push(step::DISPLAY_RESULTS);
                Some(step::DISPLAY_RESULTS)
            }
            step::DISPLAY_RESULTS if self.received.first() == Some(&step::DONE) => {
                self.is_over = true;
                server.test = None;
                None
            }
            _ => None,
        }
    }

    /// Has `send` send what the server has for a stream, as much as it can, and say how much that was.
    pub(crate) fn fill(&self, server: &mut Server, send: impl FnOnce() -> u64) {
        let (Role::Stream(stream), Some(test)) = (&self.role, &mut server.test) else { return };
        let is_sending = test.is_reverse && test.started.is_some() && !test.has_ended;
        let Some((_, sent)) = test.streams.get_mut(*stream).filter(|_| is_sending) else { return };
        sent.bytes += send();
    }

    /// The connection has closed: with the control connection the test ends.
    pub(crate) fn end(&self, server: &mut Server) {
        if let Role::Control(_) = self.role {
            server.test = None;
        }
    }
}

impl Test {
    fn results(&self, now: Nanos) -> String {
        let seconds = self.started.map_or(0.0, |started| (now.0 - started.0) as f64 / 1e9);
        // A receiver knows of none.
        let (retransmits, knows) = if self.is_reverse { (0, 1) } else { (-1, -1) };
        let streams = self.streams.iter().enumerate().map(|(place, (_, received))| {
            let Received { bytes, packets, lost, jitter_s, .. } = received;
            // The ids of iperf3 are 1, 3, 4, ….
            let id = if place == 0 { 1 } else { place + 2 };
            format!(
                "{{\"id\":{id},\"bytes\":{bytes},\"retransmits\":{retransmits},\"jitter\":{jitter_s},\"errors\":{lost},\
                 \"packets\":{packets},\"start_time\":0,\"end_time\":{seconds}}}"
            )
        });
        let streams: Vec<String> = streams.collect();
        format!(
            "{{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,\"sender_has_retransmits\":{knows},\
             \"streams\":[{}]}}",
            streams.join(",")
        )
    }
}

impl Server {
    /// Whether no test is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.test.is_none()
    }

    /// Takes in a datagram. The answer, if it has one: only the first of a stream has.
    pub(crate) fn hear(&mut self, datagram: &Datagram, now: Nanos) -> Option<[u8; 4]> {
        let test = self.test.as_mut().filter(|test| test.is_udp)?;
        let from = Some(datagram.source);
        if let Some((_, received)) = test.streams.iter_mut().find(|(source, _)| *source == from) {
            received.add(datagram.payload, now);
            return None;
        }
        if test.streams.len() >= test.wanted || datagram.payload.len() < UDP_HELLO.len() {
            return None;
        }
        test.streams.push((from, Received::default()));
        Some(UDP_WELCOME)
    }
}

impl Received {
    /// Counts a datagram: the time it was sent, in seconds and microseconds, and its number, from 1.
    fn add(&mut self, payload: &[u8], now: Nanos) {
        let word = |at: usize| {
            payload.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let (Some(seconds), Some(us), Some(number)) = (word(0), word(4), word(8)) else { return };
        self.bytes += payload.len() as u64;
        self.came += 1;
        self.packets = self.packets.max(u64::from(number));
        self.lost = self.packets.saturating_sub(self.came);
        let sent_s = f64::from(seconds) + f64::from(us) / 1e6;
        let transit_s = now.0 as f64 / 1e9 - sent_s;
        if let Some(before) = self.transit_s.replace(transit_s) {
            self.jitter_s += ((transit_s - before).abs() - self.jitter_s) / 16.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_when_whole_and_numbers_are_found() {
        let mut bytes = framed("{\"a\": 1, \"bytes\":20,\"bytes\": 2.5e1}");
        let last = bytes.pop().expect("a byte");
        assert_eq!(take_framed(&mut bytes), None);
        bytes.extend([last, 7]);
        let json = take_framed(&mut bytes).expect("all of it");
        assert_eq!(
            (number(&json, "a", 0), number(&json, "bytes", 1), number(&json, "b", 0)),
            (Some(1.0), Some(25.0), None)
        );
        assert_eq!(bytes, [7]);
    }

    #[test]
    fn a_connection_that_keeps_sending_is_refused_and_frees_the_server() {
        let (mut session, mut server) = (Session::default(), Server::default());
        session.hear(&[0; COOKIE], &mut server, Nanos(0));
        assert!(!server.is_idle() && !session.is_over);
        session.hear(&[0; 2 * HEARD_BYTES_MAX], &mut server, Nanos(0));
        assert!(server.is_idle() && session.is_over);
        session.hear(&[0; HEARD_BYTES_MAX], &mut server, Nanos(0));
        assert!(session.received.is_empty());
    }

    #[test]
    fn lost_datagrams_are_missing_numbers() {
        let mut received = Received::default();
        for number in [1u32, 2, 5] {
            let mut payload = vec![0; 100];
            payload[8..12].copy_from_slice(&number.to_be_bytes());
            received.add(&payload, Nanos(0));
        }
        assert_eq!((received.bytes, received.packets, received.lost), (300, 5, 2));
        received.add(&[1, 2, 3], Nanos(0));
        assert_eq!(received.packets, 5);
    }
}
