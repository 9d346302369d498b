//! ICMP echo messages, as ping sends and reads them.
//!
//! Source: RFC 792 and RFC 4443, section 4 (echo request and reply).

use crate::frame;
use crate::stack::Outbox;
use std::net::IpAddr;
use weir_model::Protocol;
use weir_pipeline::Packet;

/// Bytes of an ICMP echo header.
pub(crate) const ECHO_HEADER: usize = 8;

/// Where the sequence number stands in an echo message; the data follows it.
const SEQUENCE_AT: usize = 6;

const REQUEST: u8 = 8;
const REPLY: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;

/// What the data of requests is filled with, again and again.
const PATTERN: [u8; 256] = {
    let mut pattern = [0; 256];
    let mut value = 0;
    while value < pattern.len() {
        pattern[value] = value as u8;
        value += 1;
    }
    pattern
};

/// An echo request to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) ttl: u8,
    pub(crate) ident: u16,
    pub(crate) sequence: u16,
    /// The length of the data.
    pub(crate) data: usize,
    /// What the data begins with, if it has room: the time of sending.
    pub(crate) stamp: [u8; 8],
    /// Whether routers must not split it.
    pub(crate) dont_fragment: bool,
}

impl Request {
    /// The length of the packet.
    pub(crate) fn length(&self) -> usize {
        let header = if self.source.is_ipv4() { 20 } else { 40 };
        header + ECHO_HEADER + self.data
    }

    /// Writes the packet into `bytes`, which has [`Request::length`] zeros.
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        let (is_ipv4, ends) = (self.source.is_ipv4(), (self.source, self.destination));
        if is_ipv4 != self.destination.is_ipv4() {
            return;
        }
        let (start, protocol) = match is_ipv4 {
            true => (frame::IPV4_HEADER, Protocol::ICMP),
            false => (frame::IPV6_HEADER, Protocol::ICMPV6),
        };
        frame::write_header(bytes, ends, protocol, self.ttl);
        if is_ipv4 && self.dont_fragment {
            bytes[6] = 0x40;
        }
        self.write_message(&mut bytes[start..]);
        if is_ipv4 {
            frame::fill_header_checksum(bytes);
            frame::fill_icmp_checksum(bytes, start);
        } else {
            frame::fill_checksums(bytes);
        }
    }

    fn write_message(&self, message: &mut [u8]) {
        message[0] = if self.source.is_ipv4() { REQUEST } else { REQUEST_V6 };
        message[4..6].copy_from_slice(&self.ident.to_be_bytes());
        message[6..8].copy_from_slice(&self.sequence.to_be_bytes());
        for data in message[ECHO_HEADER..].chunks_mut(PATTERN.len()) {
            data.copy_from_slice(&PATTERN[..data.len()]);
        }
        if self.data >= self.stamp.len() {
            message[ECHO_HEADER..ECHO_HEADER + self.stamp.len()].copy_from_slice(&self.stamp);
        }
    }
}

/// Echo requests of one program: one is written, and those that are sent are it with their own sequence number and stamp.
#[derive(Debug)]
pub(crate) struct Requests {
    request: Request,
    written: Vec<u8>,
}

impl Requests {
    /// Requests like `request`, whose own sequence number and stamp do not matter.
    pub(crate) fn like(request: Request) -> Requests {
        let request = Request { sequence: 0, stamp: [0; 8], ..request };
        let mut written = vec![0; request.length()];
        request.write(&mut written);
        Requests { request, written }
    }

    /// The length of each packet.
    pub(crate) fn length(&self) -> usize {
        self.written.len()
    }

    /// Says anew whether routers must not split them.
    pub(crate) fn set_dont_fragment(&mut self, dont_fragment: bool) {
        if self.request.dont_fragment != dont_fragment {
            *self = Requests::like(Request { dont_fragment, ..self.request });
        }
    }

    /// The packet with this sequence number and stamp.
    pub(crate) fn packet(&self, sequence: u16, stamp: [u8; 8], outbox: &mut Outbox) -> Vec<u8> {
        let mut bytes = outbox.copy(&self.written);
        let message = self.length() - self.request.data - ECHO_HEADER;
        let (checksum, at) = (message + frame::ICMP_CHECKSUM_AT, message + SEQUENCE_AT);
        let [s0, s1] = sequence.to_be_bytes();
        if self.request.data < stamp.len() {
            frame::replace(&mut bytes, at, (checksum, [s0, s1]));
        } else {
            let [t0, t1, t2, t3, t4, t5, t6, t7] = stamp;
            frame::replace(&mut bytes, at, (checksum, [s0, s1, t0, t1, t2, t3, t4, t5, t6, t7]));
        }
        bytes
    }
}

/// Whether `packet` is an echo request.
pub(crate) fn is_request(packet: &Packet) -> bool {
    matches!((packet.protocol, packet.icmp.0), (Protocol::ICMP, REQUEST) | (Protocol::ICMPV6, REQUEST_V6))
}

/// Makes the echo request in `bytes`, which parsed as `packet`, the reply to itself: without IP options, and as in Linux it
/// may be split. `None` if it cannot be done.
pub(crate) fn turn(packet: &Packet, bytes: &mut Vec<u8>, ttl: u8) -> Option<Packet> {
    let is_ipv4 = packet.source.is_ipv4();
    let header = if is_ipv4 { frame::IPV4_HEADER } else { frame::IPV6_HEADER };
    // The ends that the checksum of ICMPv6 covers only change places.
    let kind = if is_ipv4 { REPLY } else { REPLY_V6 };
    let icmp = (kind, packet.icmp.1);
    let length = frame::header_length(bytes).filter(|length| *length >= header)?;
    bytes.truncate(packet.bytes as usize);
    if length > header {
        bytes.drain(header..length);
    }
    if !frame::turn_plain(bytes, ttl) {
        bytes[..header].fill(0);
        frame::write_header(bytes, (packet.destination, packet.source), packet.protocol, ttl);
        frame::fill_header_checksum(bytes);
    }
    frame::replace_icmp(bytes, header, icmp);
    let reply = Packet::icmp(packet.destination, packet.source, icmp, bytes.len() as u32);
    Some(Packet { identifier: packet.identifier, ttl, ..reply })
}

/// An echo reply that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    pub(crate) from: IpAddr,
    pub(crate) ttl: u8,
    pub(crate) ident: u16,
    pub(crate) sequence: u16,
    /// The length of the ICMP message.
    pub(crate) length: usize,
    pub(crate) stamp: Option<[u8; 8]>,
}

impl Reply {
    /// The reply in a packet that parsed as `packet`, if it is one.
    pub(crate) fn read(packet: &Packet, bytes: &[u8]) -> Option<Reply> {
        let kind = if packet.source.is_ipv4() { REPLY } else { REPLY_V6 };
        if !packet.protocol.is_icmp() || packet.icmp.0 != kind {
            return None;
        }
        let header = frame::header_length(bytes)?;
        let message = bytes.get(header..packet.bytes as usize)?;
        let word = |at: usize| message.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        Some(Reply {
            from: packet.source,
            ttl: packet.ttl,
            ident: word(4)?,
            sequence: word(6)?,
            length: message.len(),
            stamp: message.get(ECHO_HEADER..ECHO_HEADER + 8).and_then(|bytes| bytes.try_into().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of each family.
    fn requests(data: usize, dont_fragment: bool) -> [Request; 2] {
        [["10.0.0.1", "10.0.0.9"], ["2001:db8::1", "2001:db8::9"]].map(|ends| {
            let [source, destination] = ends.map(|end| end.parse().expect("an address"));
            let (ttl, ident, sequence, stamp) = (255, 7, 9, [1; 8]);
            Request { source, destination, ttl, ident, sequence, data, stamp, dont_fragment }
        })
    }

    #[test]
    fn a_request_turns_into_the_reply_that_its_bytes_say() {
        for request in requests(57, true) {
            let mut bytes = vec![0; request.length()];
            request.write(&mut bytes);
            let packet = frame::parse_checked(&bytes).expect("a request");
            assert!(is_request(&packet));
            let reply = turn(&packet, &mut bytes, 64).expect("a reply");
            assert_eq!(frame::parse_checked(&bytes), Ok(reply));
            let read = Reply::read(&reply, &bytes).expect("a reply");
            assert_eq!((read.from, read.ident, read.sequence), (request.destination, 7, 9));
            assert_eq!((read.length, read.stamp, read.ttl), (65, Some([1; 8]), 64));
        }
    }

    #[test]
    fn requests_are_as_if_each_were_written() {
        for (data, dont_fragment) in [(0, false), (7, true), (8, false), (56, true), (1001, true)] {
            for request in requests(data, false) {
                let (mut requests, mut outbox) = (Requests::like(request), Outbox::default());
                requests.set_dont_fragment(dont_fragment);
                for (sequence, stamp) in [(0, 0), (1, 1), (0xffff, u64::MAX), (0x1234, 0xffff_0000_8001_7ffe)]
                {
                    let stamp = stamp.to_be_bytes();
                    let request = Request { sequence, stamp, dont_fragment, ..request };
                    let mut written = vec![0; requests.length()];
                    request.write(&mut written);
                    let packet = requests.packet(sequence, stamp, &mut outbox);
                    assert_eq!(packet, written, "{request:?}");
                    outbox.recycle(packet);
                }
            }
        }
    }

    #[test]
    fn a_reply_has_no_options() {
        let mut bytes = vec![0x46, 0, 0, 32, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 1];
        bytes.extend([REQUEST, 0, 0, 0, 0, 7, 0, 9]);
        frame::fill_checksums(&mut bytes);
        let packet = frame::parse_checked(&bytes).expect("a request");
        let reply = turn(&packet, &mut bytes, 64);
        assert_eq!((frame::parse_checked(&bytes).ok(), bytes.len()), (reply, 28));
        assert!(reply.is_some());
    }
}
