//! UDP packets: reading them off the wire and writing them.
//!
//! Source: RFC 768 (UDP), RFC 791 and 8200 (IP).

use crate::frame;
use std::net::{IpAddr, SocketAddr};
use weir_model::Protocol;
use weir_pipeline::Packet;

/// Bytes of a UDP header.
pub(crate) const UDP_HEADER: usize = 8;

/// The bytes of an IP header without options.
pub(crate) fn ip_header(address: IpAddr) -> usize {
    if address.is_ipv4() { 20 } else { 40 }
}

/// A UDP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Datagram<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) payload: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// The datagram in a packet that parsed as `packet`; `None` if it is none, or is cut off.
    pub(crate) fn read(packet: &Packet, bytes: &'a [u8]) -> Option<Datagram<'a>> {
        if packet.protocol != Protocol::UDP {
            return None;
        }
        let start = match packet.source {
            IpAddr::V4(_) => usize::from(bytes.first()? & 15) * 4,
            IpAddr::V6(_) => ip_header(packet.source),
        };
        let length = bytes.get(start + 4..start + 6).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))?;
        Some(Datagram {
            source: SocketAddr::new(packet.source, packet.source_port),
            destination: SocketAddr::new(packet.destination, packet.destination_port),
            payload: bytes.get(start + UDP_HEADER..start + usize::from(length))?,
        })
    }

    /// The length of the packet.
    pub(crate) fn length(&self) -> usize {
        ip_header(self.source.ip()) + UDP_HEADER + self.payload.len()
    }

    /// Writes the packet into `bytes`, which has [`Datagram::length`] zeros. Both ends are of one family.
    pub(crate) fn write(&self, ttl: u8, bytes: &mut [u8]) {
        let length = bytes.len();
        let start = ip_header(self.source.ip());
        match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                bytes[0] = 0x45;
                bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                bytes[8] = ttl;
                bytes[9] = Protocol::UDP.0;
                bytes[12..16].copy_from_slice(&source.octets());
                bytes[16..20].copy_from_slice(&destination.octets());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                bytes[0] = 0x60;
                bytes[4..6].copy_from_slice(&((length - start) as u16).to_be_bytes());
                bytes[6] = Protocol::UDP.0;
                bytes[7] = ttl;
                bytes[8..24].copy_from_slice(&source.octets());
                bytes[24..40].copy_from_slice(&destination.octets());
            }
            _ => return,
        }
        let message = &mut bytes[start..];
        message[..2].copy_from_slice(&self.source.port().to_be_bytes());
        message[2..4].copy_from_slice(&self.destination.port().to_be_bytes());
        message[4..6].copy_from_slice(&((length - start) as u16).to_be_bytes());
        message[UDP_HEADER..].copy_from_slice(self.payload);
        frame::fill_checksums(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (source, destination) in
            [("10.0.0.4:5000", "10.0.0.2:53"), ("[2001:db8::1]:5000", "[fd00::2]:53")]
        {
            let [source, destination] = [source, destination].map(|end| end.parse().expect("an address"));
            let sent = Datagram { source, destination, payload: b"hello" };
            let mut bytes = vec![0; sent.length()];
            sent.write(64, &mut bytes);
            let packet = frame::parse_checked(&bytes).expect("a packet with right checksums");
            assert_eq!(Datagram::read(&packet, &bytes), Some(sent));
            assert_eq!(packet.ttl, 64);
        }
    }

    #[test]
    fn a_length_beyond_the_packet_is_no_datagram() {
        let ends = ["10.0.0.4:5000", "10.0.0.2:53"].map(|end| end.parse().expect("an address"));
        let sent = Datagram { source: ends[0], destination: ends[1], payload: b"hello" };
        let mut bytes = vec![0; sent.length()];
        sent.write(64, &mut bytes);
        let packet = frame::parse(&bytes).expect("a packet");
        for length in [0u16, 7, 14, 0xffff] {
            bytes[24..26].copy_from_slice(&length.to_be_bytes());
            assert_eq!(Datagram::read(&packet, &bytes), None, "{length}");
        }
    }
}
