use super::*;
use proptest::prelude::*;
use std::net::Ipv6Addr;
use weir_pipeline::Fragment;
use weir_pipeline::packet::ACK;

/// A UDP packet 10.0.0.10:40000 > 8.8.8.8:53 with "hi" and right checksums.
fn udp() -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 30, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
    bytes.extend([0x9c, 0x40, 0, 53, 0, 10, 0, 0, b'h', b'i']);
    fill_checksums(&mut bytes);
    bytes
}

#[test]
fn udp_parses_to_its_tuple() {
    let packet = parse_checked(&udp()).expect("a packet");
    assert_eq!(packet.tuple().to_string(), "udp 10.0.0.10:40000 > 8.8.8.8:53");
    assert_eq!((packet.bytes, packet.ttl, packet.segments), (30, 64, 1));
}

#[test]
fn a_sum_is_that_of_its_pairs_of_bytes() {
    let bytes: Vec<u8> = (0..200u32).map(|value| (value * 151 + 7) as u8).collect();
    for length in 0..bytes.len() {
        let pairs = bytes[..length]
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
        assert_eq!(sum(0x1_2345, &bytes[..length]), fold(0x1_2345 + pairs.sum::<u32>()), "{length}");
    }
}

#[test]
fn what_is_no_packet_is_named() {
    let with = |at: usize, value: u8| {
        let mut bytes = udp();
        bytes[at] = value;
        bytes
    };
    let rows: [(Vec<u8>, Malformed); 12] = [
        (Vec::new(), Malformed::Truncated),
        (udp()[..19].to_vec(), Malformed::Truncated),
        (udp()[..29].to_vec(), Malformed::Truncated),
        (with(0, 0x55), Malformed::Header),
        (with(0, 0x44), Malformed::Header),
        (with(3, 19), Malformed::Header),
        (with(0, 0x4f), Malformed::Header),
        (with(6, 0x20), Malformed::Fragment),
        (with(3, 27), Malformed::Transport),
        (with(25, 7), Malformed::Transport),
        (with(8, 63), Malformed::Checksum),
        (with(28, b'x'), Malformed::Checksum),
    ];
    for (bytes, expected) in rows {
        assert_eq!(parse_checked(&bytes), Err(expected), "{bytes:02x?}");
    }
}

#[test]
fn rewriting_keeps_checksums_right() {
    let mut bytes = udp();
    let packet = parse(&bytes).expect("a packet");
    let to = Rewrite {
        source: "198.51.100.7".parse().expect("an address"),
        destination: "10.9.8.7".parse().expect("an address"),
        source_port: 1024,
        destination_port: 5353,
        hops: 3,
    };
    rewrite(&mut bytes, &packet, &to);
    let after = parse_checked(&bytes).expect("right checksums");
    assert_eq!(after.tuple().to_string(), "udp 198.51.100.7:1024 > 10.9.8.7:5353");
    assert_eq!(after.ttl, 61);
}

#[test]
fn a_udp_packet_without_checksum_stays_without() {
    let mut bytes = udp();
    bytes[26..28].fill(0);
    let packet = parse_checked(&bytes).expect("a packet");
    let to = Rewrite {
        source: "198.51.100.7".parse().expect("an address"),
        destination: packet.destination,
        source_port: 1,
        destination_port: 53,
        hops: 1,
    };
    rewrite(&mut bytes, &packet, &to);
    assert_eq!(bytes[26..28], [0, 0]);
    assert!(parse_checked(&bytes).is_ok());
}

/// Port unreachable from 10.0.0.10 about a UDP packet 8.8.8.8:53 > 10.0.0.10:40000.
fn unreachable() -> Vec<u8> {
    let mut inner = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 8, 8, 8, 8, 10, 0, 0, 10];
    inner.extend([0, 53, 0x9c, 0x40, 0, 8, 0, 0]);
    fill_checksums(&mut inner);
    let mut bytes = vec![0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
    bytes.extend([3, 3, 0, 0, 0, 0, 0, 0]);
    bytes.extend(inner);
    fill_checksums(&mut bytes);
    bytes
}

#[test]
fn icmp_errors_quote_the_flow_they_are_about() {
    let packet = parse_checked(&unreachable()).expect("a packet");
    assert_eq!(packet.icmp, (3, 3));
    assert_eq!(
        packet.quoted.map(|quoted| quoted.to_string()),
        Some("udp 8.8.8.8:53 > 10.0.0.10:40000".to_owned())
    );
}

#[test]
fn translation_reaches_the_quoted_packet() {
    let mut bytes = unreachable();
    let packet = parse(&bytes).expect("a packet");
    let to = Rewrite {
        source: "198.51.100.7".parse().expect("an address"),
        destination: packet.destination,
        source_port: 53,
        destination_port: 40000,
        hops: 1,
    };
    rewrite(&mut bytes, &packet, &to);
    let after = parse_checked(&bytes).expect("right checksums");
    assert_eq!(
        after.quoted.map(|quoted| quoted.to_string()),
        Some("udp 8.8.8.8:53 > 198.51.100.7:40000".to_owned())
    );
    assert_eq!(sum(0, &bytes[28..48]), 0xffff, "the quoted header's own checksum");
}

#[test]
fn ipv6_parses_and_is_rewritten() {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 8, 58, 64];
    bytes.extend("2001:db8::1".parse::<Ipv6Addr>().expect("an address").octets());
    bytes.extend("2001:db8::2".parse::<Ipv6Addr>().expect("an address").octets());
    bytes.extend([128, 0, 0, 0, 0, 1, 0, 1]);
    fill_checksums(&mut bytes);
    let packet = parse_checked(&bytes).expect("a packet");
    assert_eq!((packet.icmp, packet.bytes), ((128, 0), 48));
    let to = Rewrite {
        source: packet.source,
        destination: "2001:db8::3".parse().expect("an address"),
        source_port: 0,
        destination_port: 0,
        hops: 1,
    };
    rewrite(&mut bytes, &packet, &to);
    assert_eq!(parse_checked(&bytes).map(|after| after.destination), Ok(to.destination));
}

/// A TCP packet 10.0.0.10:1 > 8.8.8.8:2 with `data` bytes, and this data offset.
fn tcp(offset: u8, data: usize) -> Vec<u8> {
    let total = (40 + data) as u16;
    let mut bytes = vec![0x45, 0];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8, 0, 1, 0, 2]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, offset << 4, ACK, 0, 0, 0, 0, 0, 0]);
    bytes.resize(40 + data, 0);
    fill_checksums(&mut bytes);
    bytes
}

#[test]
fn transport_headers_must_be_all_there() {
    for (offset, data, expected) in
        [(5, 0, None), (4, 8, Some(Malformed::Transport)), (7, 4, Some(Malformed::Transport)), (15, 40, None)]
    {
        assert_eq!(parse_checked(&tcp(offset, data)).err(), expected, "offset {offset}, {data} bytes");
    }
}

#[test]
fn flags_and_identifiers_are_read() {
    assert!(parse(&udp()).expect("a packet").dont_fragment);
    assert!(!parse(&unreachable()).expect("a packet").dont_fragment);
    let mut echo = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
    echo.extend([8, 0, 0, 0, 0x12, 0x34, 0, 1]);
    assert_eq!(parse(&echo).expect("a packet").identifier, 0x1234);
    echo[20] = 10;
    assert_eq!(parse(&echo).expect("a packet").identifier, 0);
}

/// An IPv4 UDP fragment 10.0.0.10 > 8.8.8.8 with this flags-and-offset word.
fn fragment(flags: u16, payload: usize) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(((20 + payload) as u16).to_be_bytes());
    bytes.extend([0, 9]);
    bytes.extend(flags.to_be_bytes());
    bytes.extend([64, 17, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8, 0, 1, 0, 2, 0, 40, 0xab, 0xcd]);
    bytes.resize(20 + payload, 0);
    fill_checksums(&mut bytes);
    bytes
}

#[test]
fn fragments_are_told_apart_and_impossible_ones_refused() {
    const MORE: u16 = 0x2000;
    let (first, later) = (Fragment::First { id: 9 }, Fragment::Later { id: 9 });
    let rows = [
        (fragment(MORE, 16), Ok((first, 1, 2))),
        (fragment(MORE | 2, 8), Ok((later, 0, 0))),
        (fragment(2, 8), Ok((later, 0, 0))),
        (fragment(2, 0), Err(Malformed::Fragment)),
        (fragment(MORE, 0), Err(Malformed::Fragment)),
        (fragment(MORE | 2, 12), Err(Malformed::Fragment)),
        (fragment(0x1fff, 8), Err(Malformed::Fragment)),
    ];
    for (bytes, expected) in rows {
        let found = parse_checked(&bytes)
            .map(|packet| (packet.fragment, packet.source_port, packet.destination_port));
        assert_eq!(found, expected, "{bytes:02x?}");
    }
    let mut tiny = fragment(MORE, 16);
    tiny[9] = 6;
    assert_eq!(parse(&tiny), Err(Malformed::Fragment), "a TCP header in two parts");
    let mut second = fragment(1, 16);
    second[9] = 6;
    assert_eq!(parse(&second), Err(Malformed::Fragment), "an offset within the TCP header");
}

#[test]
fn only_the_first_fragment_is_rewritten_beyond_its_ip_header() {
    let to = Rewrite {
        source: "198.51.100.7".parse().expect("an address"),
        destination: "8.8.8.8".parse().expect("an address"),
        source_port: 3,
        destination_port: 4,
        hops: 1,
    };
    let mut later = fragment(2, 24);
    let packet = parse(&later).expect("a packet");
    let payload = later[20..].to_vec();
    rewrite(&mut later, &packet, &to);
    assert_eq!(later[20..], payload);
    assert_eq!(parse_checked(&later).map(|packet| packet.source), Ok(to.source));
    let mut first = fragment(0x2000, 24);
    let packet = parse(&first).expect("a packet");
    rewrite(&mut first, &packet, &to);
    assert_eq!(first[20..24], [0, 3, 0, 4]);
    assert_ne!(first[26..28], [0xab, 0xcd]);
}

/// An IPv6 packet with these extension headers and payload; `kind` names the first.
fn ipv6(kind: u8, after: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend((after.len() as u16).to_be_bytes());
    bytes.extend([kind, 64]);
    bytes.extend("2001:db8::1".parse::<Ipv6Addr>().expect("an address").octets());
    bytes.extend("2001:db8::2".parse::<Ipv6Addr>().expect("an address").octets());
    bytes.extend(after);
    bytes
}

#[test]
fn extension_headers_are_stepped_over_within_bounds() {
    const UDP: [u8; 8] = [0, 1, 0, 2, 0, 8, 0xab, 0xcd];
    let chain = |headers: &[[u8; 8]]| [headers.concat(), UDP.to_vec()].concat();
    let option = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    let part = |next, flags: u16| {
        let [high, low] = flags.to_be_bytes();
        [next, 0, high, low, 0, 0, 0, 7]
    };
    let long = [[60, 0, 1, 4, 0, 0, 0, 0]; 8];
    let rows = [
        (ipv6(17, &UDP), Ok((17, Fragment::Whole, 2))),
        (ipv6(0, &chain(&[option(60), option(43), option(17)])), Ok((17, Fragment::Whole, 2))),
        (ipv6(60, &chain(&[option(0), option(17)])), Err(Malformed::Extension)),
        (ipv6(60, &[17, 9, 0, 0, 0, 0, 0, 0]), Err(Malformed::Extension)),
        (ipv6(60, &[17]), Err(Malformed::Extension)),
        (ipv6(60, &chain(&long)), Err(Malformed::Extension)),
        (ipv6(59, &[]), Ok((59, Fragment::Whole, 0))),
        (ipv6(44, &chain(&[part(17, 1)])), Ok((17, Fragment::First { id: 7 }, 2))),
        (ipv6(44, &chain(&[part(17, 8)])), Ok((17, Fragment::Later { id: 7 }, 0))),
        (ipv6(44, &chain(&[part(17, 0)])), Ok((17, Fragment::Whole, 2))),
        (ipv6(44, &chain(&[part(60, 1), option(17)])), Ok((17, Fragment::First { id: 7 }, 2))),
        (ipv6(44, &chain(&[part(60, 8), option(17)])), Ok((60, Fragment::Later { id: 7 }, 0))),
        (ipv6(44, &chain(&[part(44, 1), part(17, 1)])), Err(Malformed::Extension)),
        (ipv6(44, &part(17, 1)), Err(Malformed::Fragment)),
    ];
    for (bytes, expected) in rows {
        let found = parse(&bytes).map(|packet| (packet.protocol.0, packet.fragment, packet.destination_port));
        assert_eq!(found, expected, "{bytes:02x?}");
    }
}

#[test]
fn udp_has_to_have_a_checksum_over_ipv6() {
    assert_eq!(parse_checked(&ipv6(17, &[0, 1, 0, 2, 0, 8, 0, 0])), Err(Malformed::Checksum));
    let mut bytes = ipv6(17, &[0, 1, 0, 2, 0, 8, 0, 0]);
    fill_checksums(&mut bytes);
    assert!(parse_checked(&bytes).is_ok());
}

#[test]
fn a_quoted_udp_checksum_is_translated_too() {
    let mut bytes = unreachable();
    assert_ne!(bytes[54..56], [0, 0], "the quoted datagram has a checksum");
    let packet = parse(&bytes).expect("a packet");
    let to = Rewrite {
        source: "198.51.100.7".parse().expect("an address"),
        destination: packet.destination,
        source_port: 53,
        destination_port: 40000,
        hops: 1,
    };
    rewrite(&mut bytes, &packet, &to);
    assert!(parse_checked(&bytes).is_ok());
    let quoted = &bytes[28..];
    assert!(parse_checked(quoted).is_ok(), "the quoted datagram is right as its sender knows it");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), version in prop::sample::select(vec![0x45u8, 0x60, 0x4f, 0])) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = version;
        }
        if let Ok(packet) = parse(&bytes) {
            let to = Rewrite {
                source: IpAddr::from([1, 2, 3, 4]),
                destination: IpAddr::from([5, 6, 7, 8]),
                source_port: 1,
                destination_port: 2,
                hops: 1,
            };
            rewrite(&mut bytes, &packet, &to);
        }
        let _ = parse_checked(&bytes);
    }

    /// Packets with a byte or two changed, and cut or longer: the short way says what the long one says, or nothing.
    #[test]
    fn the_short_way_to_parse_agrees_with_the_long(
        kind in 0usize..4,
        changes in prop::collection::vec((0usize..48, any::<u8>()), 0..3),
        length in 0usize..60,
        is_cut in any::<bool>(),
    ) {
        let mut tcp = vec![0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
        tcp.extend([0x9c, 0x40, 1, 0xbb, 0, 0, 0, 5, 0, 0, 0, 9, 0x60, 16, 1, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4]);
        let mut timestamp = echo();
        timestamp[20] = 13;
        let mut bytes = [udp(), tcp, echo(), timestamp][kind].clone();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if is_cut {
            bytes.resize(length, 0);
        }
        let long = parse_any(&bytes);
        if let Some(packet) = Plain::read(&bytes).map(Plain::packet) {
            prop_assert_eq!(Ok(packet), long);
        } else if let Ok(packet) = long {
            let is_plain = kind < 3 && !is_cut && packet.fragment == Fragment::Whole;
            let is_usual = packet.protocol.has_ports()
                || packet.protocol == Protocol::ICMP && matches!(packet.icmp.0, 0 | 8) && packet.bytes >= 28;
            prop_assert!(!(is_plain && is_usual && bytes[0] == 0x45), "missed {:?}", packet);
        }
    }
}

/// An echo request 10.0.0.10 > 8.8.8.8 with identifier 7 and right checksums.
fn echo() -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
    bytes.extend([8, 0, 0, 0, 0, 7, 0, 1]);
    fill_checksums(&mut bytes);
    bytes
}

fn to(source: &str, destination: &str, (source_port, destination_port): (u16, u16)) -> Rewrite {
    let address = |text: &str| text.parse().expect("an address");
    Rewrite {
        source: address(source),
        destination: address(destination),
        source_port,
        destination_port,
        hops: 1,
    }
}

#[test]
fn the_identifier_of_a_ping_is_translated() {
    let mut bytes = echo();
    let packet = parse_checked(&bytes).expect("a packet");
    assert_eq!(packet.identifier, 7);
    rewrite(&mut bytes, &packet, &to("198.51.100.7", "8.8.8.8", (8, 0)));
    let after = parse_checked(&bytes).expect("right checksums");
    assert_eq!((after.identifier, after.source.to_string()), (8, "198.51.100.7".to_owned()));
}

#[test]
fn ports_and_identifiers_that_errors_quote_are_translated() {
    for (inner, quoted) in [(udp(), "udp 10.0.1.5:5000 > 8.8.8.8:53"), (echo(), "icmp 10.0.1.5 > 8.8.8.8")] {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 1, 0, 0, 192, 0, 2, 1, 10, 0, 0, 10];
        bytes.extend([11, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(&inner);
        bytes[3] = bytes.len() as u8;
        fill_checksums(&mut bytes);
        let packet = parse_checked(&bytes).expect("a packet");
        assert_ne!(packet.quoted.expect("it quotes").source_port, 5000);
        rewrite(&mut bytes, &packet, &to("192.0.2.1", "10.0.1.5", (5000, 53)));
        let after = parse_checked(&bytes).expect("right checksums").quoted.expect("it quotes");
        assert_eq!((after.to_string().as_str(), after.source_port), (quoted, 5000));
        assert!(parse_checked(&bytes[28..]).is_ok(), "the quoted packet is right as its sender knows it");
    }
}

#[test]
fn a_reset_goes_on_where_the_packet_has_acknowledged() {
    let mut bytes = vec![0x45, 0, 0, 42, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 10, 8, 8, 8, 8];
    bytes.extend([0x9c, 0x40, 1, 0xbb, 0, 0, 0, 5, 0, 0, 0, 9, 0x50, 16, 1, 0, 0, 0, 0, 0, b'h', b'i']);
    fill_checksums(&mut bytes);
    let reset = reset_for(&bytes, 255).expect("a reset");
    let packet = parse_checked(&reset).expect("right checksums");
    assert_eq!(packet.tuple().to_string(), "tcp 8.8.8.8:443 > 10.0.0.10:40000");
    assert_eq!((packet.tcp_flags, &reset[24..32]), (4, &[0, 0, 0, 9, 0, 0, 0, 0][..]));
    bytes[33] = 8;
    let packet = reset_for(&bytes, 255).expect("a reset");
    assert_eq!((packet[33], &packet[24..32]), (20, &[0, 0, 0, 0, 0, 0, 0, 7][..]));
    assert_eq!(reset_for(&udp(), 255), None);
}
