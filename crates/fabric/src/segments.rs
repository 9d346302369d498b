//! Super-packets: what a host hands over in one piece and the wire carries as several packets.
//!
//! A Linux host leaves the cutting of a TCP stream or a row of UDP datagrams, and the checksums, to its network card. Where
//! the card is the network itself nobody cuts; for a host that wants packets as they are on a wire this is the cutter.
//!
//! Source: RFC 9293 (TCP), RFC 768 (UDP), RFC 791 and 8200; Linux, "Segmentation Offloads" (kernel documentation).

use crate::frame::{self, Malformed};
use weir_model::Protocol;
use weir_pipeline::packet::{FIN, PSH};
use weir_pipeline::{Fragment, Packet};

const UDP_HEADER: usize = 8;
/// The CWR flag of TCP: only the first segment has it (RFC 3168, section 6.1.2).
const CWR: u8 = 0x80;

/// What a host has left to its network card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// The payload of each segment in bytes, or 0 if it is one packet.
    pub segment_bytes: u16,
    /// Whether the TCP or UDP checksum covers the pseudo-header only so far.
    pub is_partial: bool,
}

/// Where the parts of a super-packet begin: the transport header, and the payload.
#[derive(Clone, Copy)]
struct Cut {
    transport: usize,
    payload: usize,
    is_tcp: bool,
}

impl Cut {
    fn of(bytes: &[u8], protocol: Protocol) -> Option<Cut> {
        let transport = frame::header_length(bytes)?;
        let is_tcp = protocol == Protocol::TCP;
        let header = match protocol {
            Protocol::TCP => usize::from(bytes.get(transport + 12)? >> 4) * 4,
            Protocol::UDP => UDP_HEADER,
            _ => return None,
        };
        let payload = transport + header;
        (payload <= bytes.len()).then_some(Cut { transport, payload, is_tcp })
    }
}

/// Has `packet` count as its segments: their number, bytes, and the size of the largest, with IP headers.
///
/// Each segment repeats the headers, so the bytes on the wire are more than those handed over.
pub(crate) fn count(bytes: &[u8], packet: &mut Packet, offload: Offload) {
    let step = u32::from(offload.segment_bytes);
    let is_whole = packet.fragment == Fragment::Whole;
    let Some(cut) = Cut::of(bytes, packet.protocol).filter(|_| step > 0 && is_whole) else { return };
    let (whole, headers) = (packet.bytes, cut.payload as u32);
    let payload = whole - headers;
    packet.segments = payload.div_ceil(step).max(1);
    packet.bytes = whole + (packet.segments - 1) * headers;
    packet.segment_bytes = headers + payload.min(step);
}

/// A packet on its way between hosts: its bytes, or those of a super-packet that counts as several.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    /// The payload of each segment in bytes, or 0 if it is one packet.
    segment_bytes: u16,
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Frame {
        Frame { bytes, segment_bytes: 0 }
    }
}

impl Frame {
    /// A TCP packet that is too big for its path, as packets of at most `mtu` bytes, as a network card makes them for a host
    /// that has learned of a smaller path MTU (RFC 1191, section 6.4). They stay in one piece until somebody wants them one
    /// by one; `packet` counts as all of them. `None` if it is no TCP packet, or `mtu` has no room.
    pub(crate) fn segmented(bytes: Vec<u8>, packet: &mut Packet, mtu: u16) -> Result<Frame, Vec<u8>> {
        let headers = Cut::of(&bytes, packet.protocol).filter(|cut| cut.is_tcp).map(|cut| cut.payload);
        let room = headers.and_then(|headers| usize::from(mtu).checked_sub(headers)).filter(|room| *room > 0);
        let Some(segment_bytes) = room.and_then(|room| u16::try_from(room).ok()) else { return Err(bytes) };
        let frame = Frame { bytes, segment_bytes };
        count(&frame.bytes, packet, frame.offload());
        Ok(frame)
    }

    fn offload(&self) -> Offload {
        Offload { segment_bytes: self.segment_bytes, is_partial: false }
    }

    /// What the network looks at; a super-packet counts as its segments.
    ///
    /// # Errors
    /// Those of [`frame::parse`].
    #[inline]
    pub(crate) fn parse(&self) -> Result<Packet, Malformed> {
        match self.segment_bytes {
            0 => frame::parse(&self.bytes),
            _ => self.parse_segments(),
        }
    }

    #[inline(never)]
    fn parse_segments(&self) -> Result<Packet, Malformed> {
        let mut packet = frame::parse(&self.bytes)?;
        count(&self.bytes, &mut packet, self.offload());
        Ok(packet)
    }

    /// Calls `each` with its packets one by one.
    pub(crate) fn cut(self, packet: &Packet, each: &mut dyn FnMut(Vec<u8>)) {
        match self.segment_bytes {
            0 => each(self.bytes),
            _ => whole(&self.bytes, packet, self.offload(), each),
        }
    }
}

/// Calls `each` with the packets that `bytes` stand for, one by one, with right checksums.
pub(crate) fn whole(bytes: &[u8], packet: &Packet, offload: Offload, each: &mut dyn FnMut(Vec<u8>)) {
    let step = usize::from(offload.segment_bytes);
    let Some(cut) = Cut::of(bytes, packet.protocol).filter(|_| packet.segments > 1) else {
        let mut bytes = bytes.to_vec();
        if offload.is_partial {
            frame::fill_checksums(&mut bytes);
        }
        return each(bytes);
    };
    let (headers, payload) = bytes.split_at(cut.payload);
    let last = payload.chunks(step).count() - 1;
    for (index, chunk) in payload.chunks(step).enumerate() {
        let mut segment = Vec::with_capacity(headers.len() + chunk.len());
        segment.extend_from_slice(headers);
        segment.extend_from_slice(chunk);
        set_lengths(&mut segment, &cut, index);
        if cut.is_tcp {
            set_sequence(&mut segment, &cut, (index * step) as u32);
            set_flags(&mut segment, &cut, index == 0, index == last);
        }
        frame::fill_checksums(&mut segment);
        each(segment);
    }
}

/// The lengths of segment `index`, and its own identification (RFC 6864 wants that only of fragments; Linux counts).
fn set_lengths(segment: &mut [u8], cut: &Cut, index: usize) {
    let total = segment.len();
    if segment[0] >> 4 == 4 {
        put(segment, 2, total as u16);
        let identification = u16::from_be_bytes([segment[4], segment[5]]);
        put(segment, 4, identification.wrapping_add(index as u16));
    } else {
        put(segment, 4, (total - cut.transport) as u16);
    }
    if !cut.is_tcp {
        put(segment, cut.transport + 4, (total - cut.transport) as u16);
    }
}

fn set_sequence(segment: &mut [u8], cut: &Cut, offset: u32) {
    let at = cut.transport + 4;
    let mut field = [0; 4];
    field.copy_from_slice(&segment[at..at + 4]);
    let sequence = u32::from_be_bytes(field).wrapping_add(offset);
    segment[at..at + 4].copy_from_slice(&sequence.to_be_bytes());
}

fn set_flags(segment: &mut [u8], cut: &Cut, is_first: bool, is_last: bool) {
    let flags = &mut segment[cut.transport + 13];
    if !is_first {
        *flags &= !CWR;
    }
    if !is_last {
        *flags &= !(FIN | PSH);
    }
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

#[cfg(test)]
mod tests;
