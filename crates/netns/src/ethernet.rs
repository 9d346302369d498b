//! The link of an interface: every neighbour is the router.
//!
//! A VPC is routed to the last hop: whatever address a host asks for by ARP or neighbour discovery, it is told one MAC
//! address, and what it then sends is routed. Frames that concern the link alone go no further.
//!
//! Assumption: all neighbours have one MAC address; in AWS a neighbour has its own, and nothing else differs.
//! Source: RFC 826 (ARP), RFC 4861 (neighbour discovery), RFC 4291, section 2.5.6 (link-local addresses).

use crate::driver::{ETHERNET_HEADER, PACKET_AT, VIRTIO_HEADER};
use weir_fabric::frame::fill_checksums;

/// The MAC address of the router: locally administered.
pub const ROUTER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

const ARP: [u8; 2] = [0x08, 0x06];
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];

const ARP_BYTES: usize = 28;
const ARP_REQUEST: u8 = 1;
const ARP_REPLY: u8 = 2;

const IPV6_HEADER: usize = 40;
const SOLICITATION_BYTES: usize = 24;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const ICMPV6: u8 = 58;
/// Router, solicited, override.
const ADVERTISEMENT_FLAGS: u8 = 0xe0;
const TARGET_MAC: u8 = 2;

/// What a frame from a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A packet to route.
    Packet,
    /// A question to the link, which has been turned into the answer; with its length.
    Answer(usize),
    /// Nothing that leaves the link.
    Nothing,
}

/// Reads a frame of a host, which has at least its headers; a question to the link becomes its answer.
pub fn read(frame: &mut [u8]) -> Meaning {
    let kind = [frame[PACKET_AT - 2], frame[PACKET_AT - 1]];
    match kind {
        IPV4 => Meaning::Packet,
        IPV6 => read_ipv6(frame),
        ARP => answer_arp(frame),
        _ => Meaning::Nothing,
    }
}

/// Addresses a frame to the host with `mac`, from the router.
pub fn address(frame: &mut [u8], mac: [u8; 6]) {
    let header = &mut frame[VIRTIO_HEADER..PACKET_AT];
    header[..6].copy_from_slice(&mac);
    header[6..12].copy_from_slice(&ROUTER_MAC);
}

/// The Ethernet frame of a packet with right checksums to the host with `mac`, behind an empty virtio header.
pub fn frame(packet: &[u8], mac: [u8; 6]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(PACKET_AT + packet.len());
    frame.resize(PACKET_AT, 0);
    address(&mut frame, mac);
    let is_ipv4 = packet.first().is_some_and(|first| first >> 4 == 4);
    frame[PACKET_AT - 2..].copy_from_slice(if is_ipv4 { &IPV4 } else { &IPV6 });
    frame.extend_from_slice(packet);
    frame
}

/// Makes the frame one from the router back to its sender, with nothing left to a network card.
fn turn_round(frame: &mut [u8]) {
    frame[..VIRTIO_HEADER].fill(0);
    let sender: [u8; 6] = std::array::from_fn(|at| frame[VIRTIO_HEADER + 6 + at]);
    address(frame, sender);
}

fn answer_arp(frame: &mut [u8]) -> Meaning {
    let Some(arp) = frame.get_mut(PACKET_AT..PACKET_AT + ARP_BYTES) else { return Meaning::Nothing };
    let sender: [u8; 10] = std::array::from_fn(|at| arp[8 + at]);
    let target: [u8; 4] = std::array::from_fn(|at| arp[24 + at]);
    // A host that asks for its own address, or has none yet, makes sure that nobody else has it.
    let is_probe = sender[6..] == target || sender[6..] == [0; 4];
    if arp[6..8] != [0, ARP_REQUEST] || is_probe {
        return Meaning::Nothing;
    }
    arp[7] = ARP_REPLY;
    arp[8..14].copy_from_slice(&ROUTER_MAC);
    arp[14..18].copy_from_slice(&target);
    arp[18..28].copy_from_slice(&sender);
    turn_round(frame);
    Meaning::Answer(PACKET_AT + ARP_BYTES)
}

fn read_ipv6(frame: &mut [u8]) -> Meaning {
    let Some(packet) = frame.get(PACKET_AT..PACKET_AT + IPV6_HEADER) else { return Meaning::Nothing };
    let is_link_local = packet[8] == 0xfe && packet[9] & 0xc0 == 0x80;
    let is_unspecified = packet[8..24].iter().all(|byte| *byte == 0);
    let kind = frame.get(PACKET_AT + IPV6_HEADER).copied();
    if packet[6] == ICMPV6 && kind == Some(SOLICITATION) {
        // From no address: detection of duplicates, to which silence is the answer.
        return if is_unspecified { Meaning::Nothing } else { advertise(frame) };
    }
    let is_for_link = packet[24] == 0xff && packet[25] & 0x0f <= 2;
    if is_link_local || is_unspecified || is_for_link { Meaning::Nothing } else { Meaning::Packet }
}

/// Turns a neighbour solicitation into the router's advertisement.
fn advertise(frame: &mut [u8]) -> Meaning {
    let end = PACKET_AT + IPV6_HEADER + SOLICITATION_BYTES + 8;
    let Some(packet) = frame.get_mut(PACKET_AT..end) else { return Meaning::Nothing };
    let sender: [u8; 16] = std::array::from_fn(|at| packet[8 + at]);
    let target: [u8; 16] = std::array::from_fn(|at| packet[IPV6_HEADER + 8 + at]);
    packet[4..6].copy_from_slice(&[0, (SOLICITATION_BYTES + 8) as u8]);
    packet[7] = 255;
    packet[8..24].copy_from_slice(&target);
    packet[24..40].copy_from_slice(&sender);
    let message = &mut packet[IPV6_HEADER..];
    message[..8].copy_from_slice(&[ADVERTISEMENT, 0, 0, 0, ADVERTISEMENT_FLAGS, 0, 0, 0]);
    message[SOLICITATION_BYTES..SOLICITATION_BYTES + 2].copy_from_slice(&[TARGET_MAC, 1]);
    message[SOLICITATION_BYTES + 2..].copy_from_slice(&ROUTER_MAC);
    fill_checksums(packet);
    turn_round(frame);
    Meaning::Answer(end)
}

const _: () = assert!(VIRTIO_HEADER + ETHERNET_HEADER == PACKET_AT);

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_MAC: [u8; 6] = [0x0e, 1, 2, 3, 4, 5];

    /// A frame of the host, with this Ethernet type.
    fn sent(kind: [u8; 2], packet: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; VIRTIO_HEADER];
        frame.extend([0xff; 6]);
        frame.extend(HOST_MAC);
        frame.extend(kind);
        frame.extend(packet);
        frame
    }

    fn question(sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let mut arp = vec![0, 1, 8, 0, 6, 4, 0, ARP_REQUEST];
        arp.extend(HOST_MAC);
        arp.extend(sender);
        arp.extend([0; 6]);
        arp.extend(target);
        sent(ARP, &arp)
    }

    #[test]
    fn whoever_is_asked_for_is_the_router() {
        let mut frame = question([10, 0, 0, 5], [10, 0, 0, 9]);
        assert_eq!(read(&mut frame), Meaning::Answer(PACKET_AT + ARP_BYTES));
        assert_eq!(frame[VIRTIO_HEADER..VIRTIO_HEADER + 6], HOST_MAC);
        let arp = &frame[PACKET_AT..];
        assert_eq!((arp[7], &arp[8..14], &arp[14..18]), (ARP_REPLY, &ROUTER_MAC[..], &[10, 0, 0, 9][..]));
        assert_eq!((&arp[18..24], &arp[24..28]), (&HOST_MAC[..], &[10, 0, 0, 5][..]));
    }

    #[test]
    fn nobody_else_has_an_own_address() {
        assert_eq!(read(&mut question([10, 0, 0, 5], [10, 0, 0, 5])), Meaning::Nothing);
        assert_eq!(read(&mut question([0; 4], [10, 0, 0, 5])), Meaning::Nothing);
    }

    /// A neighbour solicitation for fd00::9.
    fn solicitation(sender: [u8; 16]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 32, ICMPV6, 255];
        packet.extend(sender);
        packet.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 9]);
        packet.extend([SOLICITATION, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
        packet.extend([1, 1]);
        packet.extend(HOST_MAC);
        sent(IPV6, &packet)
    }

    #[test]
    fn a_solicitation_is_answered_with_the_routers_mac_and_a_right_checksum() {
        let mut sender = [0; 16];
        (sender[0], sender[15]) = (0xfd, 5);
        let mut frame = solicitation(sender);
        let Meaning::Answer(end) = read(&mut frame) else { panic!("no answer") };
        let packet = weir_fabric::frame::parse_checked(&frame[PACKET_AT..end]).expect("a packet");
        assert_eq!(packet.tuple().to_string(), "icmp fd00::9 > fd00::5");
        assert_eq!(packet.icmp, (ADVERTISEMENT, 0));
        assert_eq!(frame[end - 6..end], ROUTER_MAC);
        assert_eq!(read(&mut solicitation([0; 16])), Meaning::Nothing);
    }

    #[test]
    fn what_concerns_the_link_alone_goes_no_further() {
        let packet = |source: [u8; 2], destination: [u8; 2]| {
            let mut packet = vec![0x60, 0, 0, 0, 0, 0, 17, 64];
            packet.extend([source[0], source[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            packet.extend([destination[0], destination[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
            sent(IPV6, &packet)
        };
        assert_eq!(read(&mut packet([0xfd, 0], [0xfd, 0])), Meaning::Packet);
        assert_eq!(read(&mut packet([0xfe, 0x80], [0xfd, 0])), Meaning::Nothing);
        assert_eq!(read(&mut packet([0xfd, 0], [0xff, 2])), Meaning::Nothing);
        assert_eq!(read(&mut sent([0x88, 0xcc], &[])), Meaning::Nothing);
        assert_eq!(read(&mut sent(ARP, &[0; 27])), Meaning::Nothing);
    }
}
