//! Odd packets: too big, in parts, out of time, hostile.

use crate::bed::{Bed, Instance, SECOND, Site, internet};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use std::net::{IpAddr, Ipv4Addr};
use weir_fabric::{Incomplete, Loss, Malformed, frame};
use weir_model::protocol::Traffic;
use weir_model::route::Target;
use weir_model::{Ids, Protocol};
use weir_pipeline::{Fragment, Packet, Reason};

/// A bed with one site, everything allowed, and two instances.
fn pair() -> (Bed, Site, Instance, Instance) {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, Traffic::All);
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    (bed, site, one, other)
}

fn lost(bed: &Bed, loss: Loss) -> u64 {
    bed.fabric.losses().get(&loss).copied().unwrap_or_default()
}

#[test]
fn the_router_tells_the_mtu_and_the_host_then_sends_fragments() {
    let (mut bed, _, one, _) = pair();
    let output = bed.run(one.name(), "ping -c 3 -s 1473 8.8.8.8");
    let mut lines = output.stdout.lines().skip(1);
    assert_eq!(lines.next(), Some("From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1500)"));
    assert!(lines.next().is_some_and(|line| line.starts_with("1481 bytes from 8.8.8.8: icmp_seq=2 ttl=51")));
    assert!(output.stdout.contains("3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss"));
    assert_eq!(output.exit_code, Some(0));
    assert_eq!(lost(&bed, Loss::Dropped(Reason::TooBig)), 1);
}

#[test]
fn what_must_not_be_split_is_refused_by_the_path_and_then_by_the_host() {
    let (mut bed, _, one, other) = pair();
    let line = "ping -c 1 -M do -s 1473 8.8.8.8";
    let first = bed.run(one.name(), line);
    assert!(
        first.stdout.contains("From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1500)\n"),
        "{first:?}"
    );
    let second = bed.run(one.name(), line);
    assert_eq!(second.stderr, "ping: local error: message too long, mtu=1500\n");
    assert_eq!((first.exit_code, second.exit_code), (Some(1), Some(1)));
    let inside = bed.run(one.name(), &format!("ping -c 1 -M do -s 8974 {}", other.private));
    assert_eq!(inside.stderr, "ping: local error: message too long, mtu=9001\n");
    assert!(inside.stdout.contains("1 packets transmitted, 0 received, +1 errors, 100% packet loss"));
    let fits = bed.run(one.name(), &format!("ping -c 1 -M do -s 8973 {}", other.private));
    assert_eq!(fits.exit_code, Some(0), "{fits:?}");
}

#[test]
fn what_was_learned_of_a_path_is_forgotten_after_ten_minutes() {
    let (mut bed, _, one, _) = pair();
    let line = "ping -c 1 -M do -s 1473 8.8.8.8";
    bed.run(one.name(), line);
    bed.pass(601);
    assert!(bed.run(one.name(), line).stdout.contains("Frag needed"), "it is asked again");
}

#[test]
fn an_acl_that_refuses_icmp_makes_a_black_hole() {
    let (mut bed, site, one, _) = pair();
    let acl = bed.network.subnets.get(&site.subnet).expect("the subnet").acl;
    let mut closed = bed.network.acls.get(&acl).expect("the ACL").clone();
    closed.entries.retain(|entry| entry.direction == weir_model::group::Direction::Egress);
    bed.network.acls.insert(closed);
    bed.fabric.update(&bed.network);
    let output = bed.run(one.name(), "ping -c 1 -M do -s 1473 -W 1 8.8.8.8");
    assert!(!output.stdout.contains("Frag needed"), "{output:?}");
}

#[test]
fn large_pings_go_in_fragments_and_are_put_together_at_both_ends() {
    let (mut bed, _, one, other) = pair();
    let inside = bed.run(one.name(), &format!("ping -c 1 -s 20000 {}", other.private));
    assert!(inside.stdout.contains("20008 bytes from"), "{inside:?}");
    // 20028 bytes in parts of at most 9001: 8976 + 8976 + 2056 bytes of payload, 20 of header each.
    let traffic = bed.fabric.traffic(other.name()).expect("it runs");
    assert_eq!((traffic.received.packets, traffic.received.bytes), (3, 20_008 + 3 * 20));
    assert_eq!(traffic.sent, traffic.received);
    let outside = bed.run(one.name(), "ping -c 1 -M dont -s 20000 8.8.8.8");
    assert!(outside.stdout.contains("20008 bytes from 8.8.8.8"), "{outside:?}");
    let itself = bed.run(one.name(), &format!("ping -c 1 -s 65507 {}", one.private));
    assert_eq!(itself.exit_code, Some(0), "{itself:?}");
    assert_eq!(bed.losses(), "");
}

#[test]
fn a_connection_between_public_addresses_learns_the_mtu_and_goes_on() {
    let (mut bed, site, one, _) = pair();
    let body: String = (0..800).map(|number| format!("{number:04} ")).collect();
    let server = bed.instance_with(&site, Some(&format!("#weir listen tcp/80 http {body}")));
    let output = bed.run(one.name(), &format!("curl -s -w %{{time_total}} {}", server.public()));
    let (text, time) = output.stdout.rsplit_once('\n').expect("a time after the body");
    assert_eq!((text.trim(), output.exit_code), (body.trim(), Some(0)));
    assert!(time.parse::<f64>().expect("seconds") < 0.01, "{time} s: no timer was waited for");
    assert!(lost(&bed, Loss::Dropped(Reason::TooBig)) >= 1, "segments were too big once");
    let before = lost(&bed, Loss::Dropped(Reason::TooBig));
    bed.run(one.name(), &format!("curl -s {}", server.public()));
    assert_eq!(lost(&bed, Loss::Dropped(Reason::TooBig)), before, "the next connection knows");
}

#[test]
fn ipv6_packets_are_never_split_on_their_way() {
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    let gateway = bed.network.internet_gateways.iter().next().expect("a gateway").id;
    bed.route_to(site.table, "::/0", Target::InternetGateway(gateway));
    let one = bed.instance(&site);
    let output = bed.run(one.name(), "ping -c 2 -s 1453 2001:db8::8");
    let address = IpAddr::from(one.ipv6.expect("an IPv6 address"));
    let IpAddr::V6(own) = address else { panic!("{address}") };
    let [a, b, c, d, ..] = own.segments();
    let router = IpAddr::from([a, b, c, d, 0, 0, 0, 1]);
    assert!(
        output.stdout.contains(&format!("From {router} icmp_seq=1 Packet too big: mtu=1500\n")),
        "{output:?}"
    );
    assert!(output.stdout.contains("2 packets transmitted, 1 received, +1 errors"), "{output:?}");
    let expired = bed.run(one.name(), "ping -c 1 -t 5 2001:db8::8");
    assert!(
        expired.stdout.contains("From 2001:db8:ffff:4::1 icmp_seq=1 Time exceeded: Hop limit\n"),
        "{expired:?}"
    );
}

#[test]
fn routers_on_the_internet_say_that_the_ttl_ran_out_and_the_gateway_does_not() {
    let (mut bed, _, one, _) = pair();
    for (ttl, said) in [(1, ""), (2, ""), (3, ""), (4, "198.18.3.1"), (14, "198.18.13.1")] {
        let output = bed.run(one.name(), &format!("ping -c 1 -W 1 -t {ttl} 8.8.8.8"));
        let expected = format!("From {said} icmp_seq=1 Time to live exceeded\n");
        assert_eq!(output.stdout.contains(&expected), !said.is_empty(), "{ttl}: {output:?}");
        assert_eq!(output.exit_code, Some(1));
    }
    let output = bed.run(one.name(), "ping -c 1 -t 15 8.8.8.8");
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    assert_eq!(lost(&bed, Loss::Dropped(Reason::TtlExpired)), 1);
    assert_eq!(lost(&bed, Loss::TtlAbroad), 4);
    let inward = bed.run(internet("203.0.113.9"), &format!("ping -c 1 -t 3 {}", one.public()));
    assert!(inward.stdout.contains("From 198.18.11.1 icmp_seq=1 Time to live exceeded"), "{inward:?}");
}

/// The output without the times.
fn untimed(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let is_time = |at: usize| words[at].parse::<f64>().is_ok() && words.get(at + 1) == Some(&"ms");
        let kept: Vec<&str> = (0..words.len()).map(|at| if is_time(at) { "T" } else { words[at] }).collect();
        result += &(kept.join(" ") + "\n");
    }
    result
}

#[test]
fn traceroute_shows_routers_and_then_the_host() {
    let (mut bed, _, one, other) = pair();
    let mut expected = "traceroute to 8.8.8.8 (8.8.8.8), 30 hops max, 60 byte packets\n".to_owned();
    for hop in 1..=15 {
        expected += &match hop {
            1..=3 => format!("{hop:2}  * * *\n"),
            4..=14 => format!("{hop:2}  198.18.{}.1  T ms  T ms  T ms\n", hop - 1),
            _ => format!("{hop:2}  8.8.8.8  T ms  T ms  T ms\n"),
        };
    }
    for method in ["", "-I", "-T -p 443"] {
        let output = bed.run(one.name(), &format!("traceroute -n {method} 8.8.8.8"));
        assert_eq!((untimed(&output.stdout), output.exit_code), (expected.clone(), Some(0)), "{method}");
    }
    let inside = bed.run(one.name(), &format!("traceroute -q 1 {}", other.private));
    let expected = format!(
        "traceroute to {0} ({0}), 30 hops max, 60 byte packets\n 1  {0} ({0})  T ms\n",
        other.private
    );
    assert_eq!(untimed(&inside.stdout), expected);
    let inward = bed.run(internet("203.0.113.9"), &format!("traceroute -n -I -q 1 {}", one.public()));
    assert!(inward.stdout.contains("\n 1  198.18.13.1  "), "{inward:?}");
    assert!(inward.stdout.contains(&format!("\n14  {}  ", one.public())), "{inward:?}");
}

#[test]
fn traceroute_waits_no_longer_than_it_is_told() {
    let (mut bed, _, one, _) = pair();
    let start = bed.fabric.now();
    let output = bed.run(one.name(), "traceroute -n -m 2 -q 2 -w 1 8.8.8.8");
    let expected = "traceroute to 8.8.8.8 (8.8.8.8), 2 hops max, 60 byte packets\n 1  * *\n 2  * *\n";
    assert_eq!(output.stdout, expected);
    assert_eq!(bed.fabric.now(), start.plus(SECOND));
    for (line, message) in [
        ("traceroute", "Usage:"),
        ("traceroute -x 8.8.8.8", "Bad option `-x' (argc 2)"),
        ("traceroute -q 11 8.8.8.8", "no more than 10 probes per hop"),
        ("traceroute nowhere", "nowhere: Name or service not known"),
    ] {
        let output = bed.run(one.name(), line);
        assert!(output.stderr.starts_with(message), "{line}: {output:?}");
        assert_eq!(output.exit_code, Some(2));
    }
}

#[test]
fn tracepath_finds_the_mtu() {
    let (mut bed, _, one, other) = pair();
    let output = bed.run(one.name(), "tracepath 8.8.8.8");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[0], " 1?: [LOCALHOST]                      pmtu 9001");
    assert_eq!(lines[1], " 1:  10.1.0.1                                              0.180ms pmtu 1500");
    assert_eq!(lines[2..5], [" 1:  no reply", " 2:  no reply", " 3:  no reply"]);
    assert!(lines[5].starts_with(" 4:  198.18.3.1     ") && lines[5].ends_with("ms asymm  3 "), "{output:?}");
    assert!(lines[16].starts_with("15:  8.8.8.8     ") && lines[16].ends_with("ms reached"), "{output:?}");
    assert_eq!(lines[17], "     Resume: pmtu 1500 hops 15 back 14 ");
    let inside = bed.run(one.name(), &format!("tracepath {}", other.private));
    assert!(inside.stdout.ends_with("ms reached\n     Resume: pmtu 9001 hops 1 back 1 \n"), "{inside:?}");
    let far = bed.run(one.name(), "tracepath -m 2 8.8.8.8");
    assert!(far.stdout.ends_with("     Too many hops: pmtu 1500\n     Resume: pmtu 1500 \n"), "{far:?}");
}

/// A UDP fragment from one address to another: identification 7, this flags-and-offset word, this many bytes.
fn fragment(from: Ipv4Addr, to: Ipv4Addr, flags: u16, payload: usize) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(((20 + payload) as u16).to_be_bytes());
    bytes.extend([0, 7]);
    bytes.extend(flags.to_be_bytes());
    bytes.extend([64, 17, 0, 0]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.resize(20 + payload, 1);
    if flags & 0x1fff == 0 && payload >= 8 {
        bytes[24..26].copy_from_slice(&(payload as u16).to_be_bytes());
    }
    frame::fill_checksums(&mut bytes);
    bytes
}

#[test]
fn fragments_that_make_no_packet_are_counted_once() {
    const MORE: u16 = 0x2000;
    let (mut bed, _, one, other) = pair();
    let part = |flags, payload| fragment(one.private, other.private, flags, payload);
    assert!(bed.fabric.inject(one.name(), &part(1, 8)));
    assert_eq!(lost(&bed, Loss::Dropped(Reason::FragmentUnknown)), 1);
    for bytes in [part(MORE, 80), part(MORE | 9, 16)] {
        bed.fabric.inject(one.name(), &bytes);
    }
    bed.pass(1);
    assert_eq!(lost(&bed, Loss::Incomplete(Incomplete::Overlap)), 1);
    bed.fabric.inject(one.name(), &part(MORE, 80));
    bed.pass(31);
    let ping = bed.run(one.name(), &format!("ping -c 1 -s 9000 {}", other.private));
    assert_eq!(ping.exit_code, Some(0));
    assert_eq!(lost(&bed, Loss::Incomplete(Incomplete::TimedOut)), 1);
    bed.fabric.inject(one.name(), &part(MORE, 12));
    assert_eq!(lost(&bed, Loss::Malformed(Malformed::Fragment)), 1);
}

#[test]
fn impossible_sources_and_a_packet_from_itself_do_no_harm() {
    let (mut bed, _, one, other) = pair();
    for source in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "10.9.9.9"] {
        let source = source.parse().expect("an address");
        assert!(bed.fabric.inject(one.name(), &fragment(source, other.private, 0, 8)));
    }
    assert_eq!(lost(&bed, Loss::Dropped(Reason::SourceCheck)), 5);
    assert!(bed.fabric.inject(one.name(), &fragment(one.private, one.private, 0, 8)));
    let outside = internet("203.0.113.9");
    bed.run(outside, "true");
    assert!(bed.fabric.inject(outside, &fragment(one.public(), one.public(), 0, 8)));
    bed.pass(10);
    assert_eq!(bed.run(one.name(), &format!("ping -c 1 {}", other.private)).exit_code, Some(0));
}

/// Valid packets from one host to another, to be mutated.
fn seeds(one: &Instance, other: &Instance) -> Vec<Vec<u8>> {
    let header = |protocol: u8, flags: u16, payload: &[u8]| {
        let mut bytes = fragment(one.private, other.private, flags, 0);
        bytes[9] = protocol;
        bytes.extend(payload);
        let length = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        frame::fill_checksums(&mut bytes);
        bytes
    };
    let tcp =
        [&[0, 80, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0x10, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4][..], b"data"]
            .concat();
    let udp = [&[0, 9, 0x9c, 0x40, 0, 16, 0, 0][..], b"datagram"].concat();
    let echo = [&[8, 0, 0, 0, 0, 1, 0, 1][..], &[7; 56]].concat();
    let quoting = |kind, code| [&[kind, code, 0, 0, 0, 0, 5, 0xdc][..], &header(17, 0, &udp)].concat();
    let mut seeds = vec![
        header(6, 0x4000, &tcp),
        header(17, 0x4000, &udp),
        header(1, 0, &echo),
        header(1, 0, &quoting(3, 4)),
        header(1, 0, &quoting(11, 0)),
        header(17, 0x2000, &udp),
        header(17, 1, &udp),
        header(47, 0, &udp),
    ];
    let six = |next: u8, payload: &[u8]| {
        let mut bytes = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
        bytes.extend(one.ipv6.expect("an IPv6 address").octets());
        bytes.extend(other.ipv6.expect("an IPv6 address").octets());
        bytes.extend(payload);
        frame::fill_checksums(&mut bytes);
        bytes
    };
    seeds.extend([
        six(6, &tcp),
        six(17, &udp),
        six(58, &[&[128, 0, 0, 0, 0, 1, 0, 1][..], &[7; 40]].concat()),
        six(58, &[&[2, 0, 0, 0, 0, 0, 5, 0xdc][..], &six(17, &udp)].concat()),
        six(0, &[&[17, 0, 1, 4, 0, 0, 0, 0][..], &udp].concat()),
        six(44, &[&[17, 0, 0, 1, 0, 0, 0, 7][..], &udp].concat()),
        six(44, &[&[17, 0, 0, 16, 0, 0, 0, 7][..], &udp].concat()),
        six(43, &[&[60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0][..], &udp].concat()),
    ]);
    seeds
}

/// A seed with a few bytes changed, cut off, repeated or grown; most with checksums put right, so that they get far.
fn mutated(seeds: &[Vec<u8>], random: &mut Ids) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        match random.below(10) {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_within(at..),
            2 => bytes.resize(bytes.len() + random.below(64) as usize, 0),
            _ if bytes.is_empty() => {}
            3 => bytes[at] ^= 1 << random.below(8),
            4 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5) as usize],
            _ => bytes[at] = random.below(256) as u8,
        }
    }
    if random.below(8) > 0 {
        frame::fill_checksums(&mut bytes);
    }
    bytes
}

/// The same packets with another destination, those over IPv4.
fn redirected(seeds: &[Vec<u8>], to: Ipv4Addr) -> Vec<Vec<u8>> {
    let four = seeds.iter().filter(|bytes| bytes[0] >> 4 == 4);
    let redirect = |bytes: &Vec<u8>| {
        let mut bytes = bytes.clone();
        bytes[16..20].copy_from_slice(&to.octets());
        frame::fill_checksums(&mut bytes);
        bytes
    };
    four.map(redirect).collect()
}

/// Every input ends as a malformed one or on the wire, and the hosts go on: to a neighbour, through the internet gateway, and
/// out of it and in again. A million inputs in a release build (`cargo xtask fuzz`).
#[test]
fn mutated_packets_are_counted_and_harm_nobody() {
    let inputs = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    bed.allow(&site, Traffic::All);
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let (mut seeds, mut random) = (seeds(&one, &other), Ids::new(7));
    let abroad = [Ipv4Addr::new(203, 0, 113, 9), other.public()].map(|to| redirected(&seeds, to));
    seeds.extend(abroad.into_iter().flatten());
    let mut refused = 0;
    for number in 0..inputs {
        let bytes = mutated(&seeds, &mut random);
        refused += u64::from(frame::parse_checked(&bytes).is_err());
        assert!(bed.fabric.inject(one.name(), &bytes));
        if number % 64 == 0 {
            bed.fabric.step(bed.fabric.now().plus(SECOND / 1000));
        }
    }
    let is_malformed = |(loss, count): (&Loss, &u64)| matches!(loss, Loss::Malformed(_)).then_some(*count);
    let malformed: u64 = bed.fabric.losses().iter().filter_map(is_malformed).sum();
    for kind in [
        Malformed::Truncated,
        Malformed::Header,
        Malformed::Transport,
        Malformed::Checksum,
        Malformed::Fragment,
        Malformed::Extension,
    ] {
        assert!(lost(&bed, Loss::Malformed(kind)) > 0, "no input was {kind:?}");
    }
    assert!(malformed >= refused, "{malformed} of {refused}");
    assert!(malformed < inputs * 9 / 10, "most inputs got nowhere: {}", bed.losses());
    bed.pass(2000);
    let output = bed.run(other.name(), &format!("ping -c 1 {}", one.private));
    assert_eq!(output.exit_code, Some(0), "{}", bed.losses());
}

/// What both readings of a packet must agree about.
#[derive(Debug, PartialEq)]
struct Reading {
    source: IpAddr,
    destination: IpAddr,
    is_fragment: bool,
    ttl: u8,
    /// Protocol, ports and TCP flags, or ICMP type and code; as far as there is a transport header.
    transport: Option<(u8, u16, u16)>,
}

fn ours(packet: &Packet) -> Reading {
    let first = packet.fragment == Fragment::Whole;
    let (one, other) = match packet.protocol {
        Protocol::ICMP | Protocol::ICMPV6 => (packet.icmp.0.into(), packet.icmp.1.into()),
        _ => (packet.source_port, packet.destination_port),
    };
    let has_transport = packet.protocol.has_ports() || packet.protocol.is_icmp();
    Reading {
        source: packet.source,
        destination: packet.destination,
        is_fragment: !first,
        ttl: packet.ttl,
        transport: (first && has_transport).then_some((packet.protocol.0, one, other)),
    }
}

fn theirs(packet: &SlicedPacket) -> Option<Reading> {
    let (source, destination, ttl): (IpAddr, IpAddr, u8) = match packet.net.as_ref()? {
        NetSlice::Ipv4(ip) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), ip.header().ttl())
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), header.hop_limit())
        }
        NetSlice::Arp(_) => return None,
    };
    let transport = packet.transport.as_ref().map(|transport| match transport {
        TransportSlice::Tcp(tcp) => (6, tcp.source_port(), tcp.destination_port()),
        TransportSlice::Udp(udp) => (17, udp.source_port(), udp.destination_port()),
        TransportSlice::Icmpv4(icmp) => (1, icmp.type_u8().into(), icmp.code_u8().into()),
        TransportSlice::Icmpv6(icmp) => (58, icmp.type_u8().into(), icmp.code_u8().into()),
        TransportSlice::Igmp(_) => (2, 0, 0),
    });
    let transport = transport.filter(|(protocol, ..)| *protocol != 2);
    Some(Reading { source, destination, is_fragment: packet.is_ip_payload_fragmented(), ttl, transport })
}

/// Another parser reads the same of what ours accepts.
#[test]
fn mutated_packets_are_read_as_etherparse_reads_them() {
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let (seeds, mut random) = (seeds(&one, &other), Ids::new(9));
    let (mut agreed, mut refused) = (0, 0);
    for _ in 0..50_000 {
        let bytes = mutated(&seeds, &mut random);
        let Ok(packet) = frame::parse(&bytes) else { continue };
        match SlicedPacket::from_ip(&bytes[..packet.bytes as usize]) {
            Ok(sliced) => {
                assert_eq!(theirs(&sliced), Some(ours(&packet)), "{bytes:02x?}");
                agreed += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(agreed > 20_000 && refused < agreed / 20, "{agreed} agreed, {refused} it would not read");
}

/// A tag that names no kind of host is no reason to simulate one.
#[test]
fn an_instance_that_is_to_run_as_nothing_known_is_down() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.launch(&site, None);
    let mut tagged = bed.network.instances.get(&instance.id).expect("the instance").clone();
    tagged.tags.insert("weir:host".to_owned(), "docker".to_owned());
    bed.network.instances.insert(tagged);
    bed.fabric.update(&bed.network);
    let why = bed.fabric.failed_outside().get(&instance.id).map(String::as_str);
    assert_eq!(why, Some("the tag weir:host says docker: it is netns or simulated"));
}
