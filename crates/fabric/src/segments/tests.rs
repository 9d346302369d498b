use super::*;
use crate::frame::{begin_checksum, parse, parse_checked};
use weir_pipeline::packet::{ACK, SYN};

/// A TCP packet 10.0.0.10:40000 > 10.0.0.20:80 with sequence number 1000, flags and so many bytes of payload.
fn tcp(flags: u8, payload: usize) -> Vec<u8> {
    let total = 40 + payload;
    let [high, low] = (total as u16).to_be_bytes();
    let mut bytes = vec![0x45, 0, high, low, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 10, 10, 0, 0, 20];
    bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 3, 232, 0, 0, 0, 1, 0x50, flags, 2, 0, 0, 0, 0, 0]);
    bytes.extend((0..payload).map(|at| at as u8));
    frame::fill_checksums(&mut bytes);
    begin_checksum(&mut bytes);
    bytes
}

/// A row of UDP datagrams 10.0.0.10:40000 > 10.0.0.20:53.
fn udp(payload: usize) -> Vec<u8> {
    let [high, low] = ((28 + payload) as u16).to_be_bytes();
    let mut bytes = vec![0x45, 0, high, low, 0, 7, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 10, 10, 0, 0, 20];
    let [high, low] = ((8 + payload) as u16).to_be_bytes();
    bytes.extend([0x9c, 0x40, 0, 53, high, low, 0, 0]);
    bytes.extend((0..payload).map(|at| at as u8));
    frame::fill_checksums(&mut bytes);
    begin_checksum(&mut bytes);
    bytes
}

fn cut(bytes: &[u8], segment_bytes: u16) -> (Packet, Vec<Vec<u8>>) {
    let offload = Offload { segment_bytes, is_partial: true };
    let mut packet = parse(bytes).expect("a packet");
    count(bytes, &mut packet, offload);
    let mut segments = Vec::new();
    whole(bytes, &packet, offload, &mut |segment| segments.push(segment));
    (packet, segments)
}

#[test]
fn a_super_packet_counts_as_the_packets_that_it_becomes() {
    for (bytes, step) in
        [(tcp(ACK, 4000), 1448), (tcp(ACK, 2896), 1448), (tcp(ACK, 1), 1448), (udp(3000), 1200)]
    {
        let (packet, segments) = cut(&bytes, step);
        assert_eq!(packet.segments as usize, segments.len());
        assert_eq!(packet.bytes as usize, segments.iter().map(Vec::len).sum::<usize>());
    }
}

#[test]
fn segments_have_right_checksums_and_all_of_the_payload() {
    for (bytes, headers) in [(tcp(ACK | PSH, 4000), 40), (udp(4000), 28)] {
        let (_, segments) = cut(&bytes, 1400);
        let payload: Vec<u8> = segments.iter().flat_map(|segment| segment[headers..].to_vec()).collect();
        assert_eq!(payload, bytes[headers..]);
        for segment in &segments {
            parse_checked(segment).expect("right checksums");
        }
    }
}

#[test]
fn sequence_numbers_go_on_and_only_the_last_segment_ends_the_stream() {
    let (_, segments) = cut(&tcp(ACK | PSH | FIN | CWR, 2500), 1000);
    let seen: Vec<(u32, u8)> = segments
        .iter()
        .map(|segment| {
            (u32::from_be_bytes([segment[24], segment[25], segment[26], segment[27]]), segment[33])
        })
        .collect();
    assert_eq!(seen, [(1000, ACK | CWR), (2000, ACK), (3000, ACK | PSH | FIN)]);
}

#[test]
fn a_packet_that_is_none_too_big_only_gets_its_checksum() {
    let (packet, segments) = cut(&tcp(SYN, 0), 0);
    assert_eq!((packet.segments, packet.bytes, segments.len()), (1, 40, 1));
    parse_checked(&segments[0]).expect("right checksums");
}

#[test]
fn a_begun_checksum_is_what_the_sum_over_the_rest_completes() {
    let mut begun = tcp(ACK, 100);
    let seed = u16::from_be_bytes([begun[36], begun[37]]);
    // RFC 1071: the sum over pseudo-header and segment; with the seed in place, the sum over the segment alone.
    let total: u32 =
        begun[20..].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (total & 0xffff) + (total >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    assert_ne!(seed, 0);
    begun[36..38].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    parse_checked(&begun).expect("right checksums");
}
