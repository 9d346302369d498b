//! ICMP echo messages, as ping sends and reads them.
//!
//! Source: RFC 792 and RFC 4443, section 4 (echo request and reply).

use crate::frame;
use std::net::IpAddr;
use weir_model::Protocol;

/// Bytes of an ICMP echo header.
pub(crate) const ECHO_HEADER: usize = 8;

const REQUEST: u8 = 8;
const REPLY: u8 = 0;
const REQUEST_V6: u8 = 128;
const REPLY_V6: u8 = 129;

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
        let length = bytes.len();
        let start = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                bytes[0] = 0x45;
                bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                bytes[6] = if self.dont_fragment { 0x40 } else { 0 };
                bytes[8] = self.ttl;
                bytes[9] = Protocol::ICMP.0;
                bytes[12..16].copy_from_slice(&source.octets());
                bytes[16..20].copy_from_slice(&destination.octets());
                20
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                bytes[0] = 0x60;
                bytes[4..6].copy_from_slice(&((length - 40) as u16).to_be_bytes());
                bytes[6] = Protocol::ICMPV6.0;
                bytes[7] = self.ttl;
                bytes[8..24].copy_from_slice(&source.octets());
                bytes[24..40].copy_from_slice(&destination.octets());
                40
            }
            _ => return,
        };
        self.write_message(&mut bytes[start..]);
        if self.source.is_ipv4() {
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
        for (value, byte) in message[ECHO_HEADER..].iter_mut().enumerate() {
            *byte = value as u8;
        }
        if self.data >= self.stamp.len() {
            message[ECHO_HEADER..ECHO_HEADER + self.stamp.len()].copy_from_slice(&self.stamp);
        }
    }
}

/// Whether `packet` is an echo request.
pub(crate) fn is_request(packet: &weir_pipeline::Packet) -> bool {
    matches!((packet.protocol, packet.icmp.0), (Protocol::ICMP, REQUEST) | (Protocol::ICMPV6, REQUEST_V6))
}

/// Makes the echo request in `bytes`, which parsed as `packet`, the reply to itself: without IP options, and as in Linux it
/// may be split. False if it cannot be done.
pub(crate) fn turn(packet: &weir_pipeline::Packet, bytes: &mut Vec<u8>, ttl: u8) -> bool {
    let is_ipv4 = packet.source.is_ipv4();
    let header = if is_ipv4 { frame::IPV4_HEADER } else { frame::IPV6_HEADER };
    let Some(length) = frame::header_length(bytes).filter(|length| *length >= header) else { return false };
    bytes.truncate(packet.bytes as usize);
    bytes.drain(header..length);
    bytes[..header].fill(0);
    frame::write_header(bytes, (packet.destination, packet.source), packet.protocol, ttl);
    if is_ipv4 {
        frame::fill_header_checksum(bytes);
    }
    // The ends that the checksum of ICMPv6 covers have only changed places.
    let kind = if is_ipv4 { REPLY } else { REPLY_V6 };
    frame::replace_icmp(bytes, header, (kind, packet.icmp.1));
    true
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
    pub(crate) fn read(packet: &weir_pipeline::Packet, bytes: &[u8]) -> Option<Reply> {
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
