//! What the wires do: carry, lose, keep order, and follow the network as it changes.

use crate::bed::{Bed, Instance, SECOND, internet, tcp};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};
use weir_fabric::{Count, EXECS_MAX, ExecError, Fabric, HostName, INTERNET_HOST, Loss, Malformed, frame};
use weir_model::protocol::Traffic;
use weir_model::route::{Destination, Target};
use weir_pipeline::Reason;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn hostile_bytes_are_counted_losses() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let good: &[u8] =
        &[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 4, 10, 1, 0, 9, 0, 7, 0, 7, 0, 8, 0, 0];
    for bytes in [&[][..], &[0x45], &[0xff; 40], good, &good[..20]] {
        assert!(bed.fabric.inject(host, bytes));
    }
    let count = |kind| bed.fabric.losses().get(&Loss::Malformed(kind)).copied();
    assert_eq!(count(Malformed::Truncated), Some(3));
    assert_eq!(count(Malformed::Header), Some(1));
    assert_eq!(count(Malformed::Checksum), Some(1));
    assert_eq!(bed.fabric.traffic(host), Some(weir_fabric::Traffic::default()));
    assert!(!bed.fabric.inject(internet("192.0.2.1"), good));
}

/// A UDP packet without data.
fn udp(from: Ipv4Addr, to: Ipv4Addr, port: u16) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend([0x9c, 0x40]);
    bytes.extend(port.to_be_bytes());
    bytes.extend([0, 8, 0, 0]);
    frame::fill_checksums(&mut bytes);
    bytes
}

#[test]
fn a_closed_udp_port_answers_with_an_icmp_error_that_finds_its_way_back() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, Traffic::All);
    let instance = bed.instance(&site);
    let outside = internet("203.0.113.9");
    bed.run(outside, "true");
    assert!(bed.fabric.inject(outside, &udp(INTERNET_HOST, instance.public(), 7)));
    bed.pass(1);
    let received = bed.fabric.traffic(outside).map(|traffic| traffic.received);
    assert_eq!(received, Some(Count { packets: 1, bytes: 56 }));
}

#[test]
fn an_instance_reaches_its_own_public_address() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let output = bed.run(instance.name(), &format!("ping -c 1 {}", instance.public()));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    let traffic = bed.fabric.traffic(instance.name()).expect("it runs");
    assert_eq!((traffic.sent.packets, traffic.received.packets), (2, 2));
}

#[test]
fn hosts_talk_ipv6() {
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let address = other.ipv6.expect("an IPv6 address");
    let output = bed.run(one.name(), &format!("ping -c 2 {address}"));
    assert!(output.stdout.starts_with(&format!("PING {address}({address}) 56 data bytes\n")), "{output:?}");
    assert!(output.stdout.contains("2 packets transmitted, 2 received"), "{output:?}");
    let output = bed.run(one.name(), &format!("nc -zv {address} 22"));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
}

#[test]
fn packets_too_big_for_the_internet_are_lost_and_jumbo_frames_pass_inside() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let inside = bed.run(one.name(), &format!("ping -c 1 -s 8973 {}", other.private));
    assert_eq!(inside.exit_code, Some(0), "{inside:?}");
    let outside = bed.run(one.name(), "ping -c 1 -s 1473 -W 1 8.8.8.8");
    assert_eq!(outside.exit_code, Some(1), "{outside:?}");
    assert_eq!(bed.fabric.losses().get(&Loss::Dropped(Reason::TooBig)), Some(&1));
}

#[test]
fn a_stopped_instance_answers_nobody_and_comes_back() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let line = format!("ping -q -c 1 -W 1 {}", other.private);
    bed.command(|network, cx| network.stop_instances(cx, &[other.id]));
    assert_eq!(bed.run(one.name(), &line).exit_code, Some(1));
    assert_eq!(bed.fabric.exec(other.name(), &words("hostname")), Err(ExecError::NotRunning(other.name())));
    bed.command(|network, cx| network.start_instances(cx, &[other.id]));
    assert_eq!(bed.run(one.name(), &line).exit_code, Some(0));
}

#[test]
fn packets_on_their_way_to_a_stopped_host_are_lost() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let outside = internet("203.0.113.9");
    bed.fabric.exec(outside, &words(&format!("ping -c 1 {}", instance.public()))).expect("it starts");
    bed.command(|network, cx| network.stop_instances(cx, &[instance.id]));
    bed.pass(1);
    assert_eq!(bed.fabric.losses().get(&Loss::HostGone), Some(&1));
}

#[test]
fn a_running_ping_notices_a_new_route() {
    let mut bed = Bed::new(1);
    let (left, right) = (bed.site("10.1.0.0/24"), bed.site("10.2.0.0/24"));
    let (one, other) = (bed.instance(&left), bed.instance(&right));
    let peering = bed.peer(&left, &right);
    bed.route_to(left.table, "10.2.0.0/24", Target::Peering(peering));
    let id = bed.fabric.exec(one.name(), &words(&format!("ping {}", other.private))).expect("it starts");
    bed.pass(3);
    bed.route_to(right.table, "10.1.0.0/24", Target::Peering(peering));
    bed.pass(2);
    bed.fabric.interrupt(id);
    let output = bed.fabric.poll(id).expect("it is known");
    assert!(output.stdout.contains("6 packets transmitted, 2 received, 66.6667% packet loss"), "{output:?}");
    assert!(output.stdout.contains("icmp_seq=5"), "{output:?}");
    assert_eq!(output.exit_code, Some(0));
}

#[test]
fn output_can_be_taken_as_it_comes() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let id = bed.fabric.exec(one.name(), &words(&format!("ping -c 2 {}", other.private))).expect("it starts");
    let lines = |bed: &mut Bed| bed.fabric.poll(id).map(|output| output.stdout.lines().count());
    assert_eq!(lines(&mut bed), Some(1));
    bed.fabric.step(bed.fabric.now().plus(SECOND / 2));
    assert_eq!(lines(&mut bed), Some(1));
    bed.pass(1);
    assert_eq!(lines(&mut bed), Some(5));
    assert_eq!(lines(&mut bed), None);
}

#[test]
fn a_long_transfer_arrives_whole_on_every_way() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(80));
    let body: String = (0..800).map(|number| format!("{number:04} ")).collect();
    let user_data = format!("#weir listen tcp/80 http {body}");
    let server = bed.instance_with(&site, Some(&user_data));
    let client = bed.instance(&site).name();
    for (host, address) in
        [(client, server.private), (client, server.public()), (internet("203.0.113.9"), server.public())]
    {
        let output = bed.run(host, &format!("curl -s {address}"));
        assert_eq!((output.stdout.trim(), output.exit_code), (body.trim(), Some(0)), "{host} to {address}");
    }
}

#[test]
fn farther_ways_take_longer() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (near, far) = (bed.subnet(&site, "10.1.1.0/24", 'a'), bed.subnet(&site, "10.1.2.0/24", 'b'));
    let from = bed.instance(&site);
    let hosts = [bed.instance(&site), bed.instance(&near), bed.instance(&far)];
    let mut last = 0.0;
    for host in hosts {
        let output = bed.run(from.name(), &format!("ping -q -c 5 {}", host.private));
        let times = output.stdout.rsplit("mdev = ").next().and_then(|times| times.split('/').next());
        let least: f64 = times.and_then(|least| least.parse().ok()).unwrap_or_else(|| panic!("{output:?}"));
        assert!(least > last, "{least} ms to {} after {last} ms", host.private);
        last = least;
    }
}

#[test]
fn time_does_not_run_backwards() {
    let mut bed = Bed::new(1);
    let now = bed.fabric.now();
    bed.pass(10);
    bed.fabric.step(now);
    assert_eq!(bed.fabric.now(), now.plus(10 * SECOND));
    assert_eq!(bed.fabric.next_event(), None);
}

#[test]
fn forgotten_commands_make_room_and_running_ones_do_not() {
    let mut bed = Bed::new(1);
    let host = internet("203.0.113.9");
    let forgotten = bed.fabric.exec(host, &words("true")).expect("it starts");
    let first = bed.fabric.exec(host, &words("ping 8.8.8.8")).expect("it starts");
    for _ in 2..EXECS_MAX {
        bed.fabric.exec(host, &words("ping 8.8.8.8")).expect("there is room");
    }
    assert!(bed.fabric.exec(host, &words("ping 8.8.8.8")).is_ok());
    assert_eq!(bed.fabric.poll(forgotten), None);
    assert!(bed.fabric.poll(first).is_some());
    assert_eq!(bed.fabric.exec(host, &words("true")), Err(ExecError::TooMany));
}

#[test]
fn an_instances_public_address_is_no_host_on_the_internet() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let name = internet(&instance.public().to_string());
    assert_eq!(bed.fabric.exec(name, &words("hostname")), Err(ExecError::NotRunning(name)));
    // The address goes back to the pool when the instance stops.
    bed.command(|network, cx| network.stop_instances(cx, &[instance.id]));
    assert!(bed.fabric.exec(name, &words("hostname")).is_ok());
}

#[test]
fn impossible_addresses_are_no_hosts_on_the_internet() {
    let fabric: &mut Fabric = &mut Bed::new(1).fabric;
    for address in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "::", "ff02::1", "::1"] {
        let host = internet(address);
        assert_eq!(fabric.exec(host, &words("hostname")), Err(ExecError::NotRunning(host)), "{address}");
    }
    let host: HostName = internet("203.0.113.9");
    assert!(fabric.exec(host, &words("hostname")).is_ok());
}
#[test]
fn a_connection_is_tried_as_often_as_linux_does_and_leaves_quietly() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.fabric.keep_log();
    let start = bed.fabric.now();
    bed.run(internet("203.0.113.9"), &format!("nc -z -w 9 {} 23", instance.public()));
    bed.pass(60);
    let times = bed.fabric.log().iter().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok());
    let seconds: Vec<u64> = times.map(|time| (time - start.0) / SECOND).collect();
    assert_eq!(seconds, [0, 1, 3, 7]);
}

/// A packet whose header is mostly right, from one private address to another, with anything in it.
fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop::sample::select(vec![1u8, 6, 17, 58, 2, 47]);
    let ends = prop::sample::select(vec![[10, 1, 0, 4], [10, 1, 0, 5], [0, 0, 0, 0], [255; 4], [8, 8, 8, 8]]);
    let ends = (ends.clone(), ends);
    (kinds, ends, prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(kind, (from, to), payload)| {
        let length = 20 + payload.len() as u16;
        let mut bytes = vec![0x45, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 9, kind, 0, 0]);
        bytes.extend(from);
        bytes.extend(to);
        bytes.extend(payload);
        frame::fill_checksums(&mut bytes);
        bytes
    })
}

/// The same over IPv6: hosts must bear any message, whoever it says it is from.
fn any_ipv6_packet(one: Ipv6Addr, other: Ipv6Addr) -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop::sample::select(vec![58u8, 6, 17, 0, 43, 44]);
    let types = prop::sample::select(vec![1u8, 2, 128, 129, 133, 134, 135, 136, 137]);
    let ends = prop::sample::select(vec![one, other, Ipv6Addr::UNSPECIFIED, Ipv6Addr::LOCALHOST]);
    (kinds, types, ends, prop::collection::vec(any::<u8>(), 1..80)).prop_map(
        move |(kind, first, from, mut payload)| {
            payload[0] = first;
            let mut bytes = vec![0x60, 0, 0, 0];
            bytes.extend((payload.len() as u16).to_be_bytes());
            bytes.extend([kind, 255]);
            bytes.extend(from.octets());
            bytes.extend(other.octets());
            bytes.extend(payload);
            frame::fill_checksums(&mut bytes);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_packet_upsets_a_host(packets in prop::collection::vec(any_packet(), 1..40)) {
        let mut bed = Bed::new(1);
        let site = bed.site("10.1.0.0/24");
        bed.allow(&site, Traffic::All);
        let (one, other) = (bed.instance(&site), bed.instance(&site));
        for packet in packets {
            bed.fabric.inject(one.name(), &packet);
        }
        bed.pass(1000);
        let output = bed.run(other.name(), &format!("ping -c 1 {}", one.private));
        prop_assert_eq!(output.exit_code, Some(0));
    }

    #[test]
    fn no_ipv6_packet_upsets_a_host(packets in packets_between_ipv6_hosts()) {
        let (mut bed, one, other) = ipv6_pair();
        for packet in packets {
            bed.fabric.inject(one.name(), &packet);
        }
        bed.pass(1000);
        let address = one.ipv6.expect("an IPv6 address");
        let output = bed.run(other.name(), &format!("ping -c 1 {address}"));
        prop_assert_eq!(output.exit_code, Some(0));
    }
}

/// Two hosts in a subnet with IPv6, always the same, and everything allowed.
fn ipv6_pair() -> (Bed, Instance, Instance) {
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    (bed, one, other)
}

fn packets_between_ipv6_hosts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let (_, one, other) = ipv6_pair();
    let address = |instance: Instance| instance.ipv6.expect("an IPv6 address");
    prop::collection::vec(any_ipv6_packet(address(one), address(other)), 1..40)
}

#[test]
fn a_connection_whose_syn_ack_nobody_answers_is_given_up() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let out = Destination::Cidr("0.0.0.0/0".parse().expect("a block"));
    bed.command(|network, cx| network.delete_route(cx, site.table, out));
    let line = ["nc", "-z", "-w", "1", &instance.public().to_string(), "22"].map(str::to_owned);
    bed.fabric.exec(internet("203.0.113.9"), &line).expect("it starts");
    bed.pass(60);
    assert!(bed.fabric.next_event().is_some(), "the SYN-ACK is repeated");
    bed.pass(60);
    assert_eq!(bed.fabric.next_event(), None, "the SYN-ACK is repeated for ever");
}

#[test]
fn a_thousand_hosts_ping_their_neighbours() {
    const HOSTS: usize = 1000;
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/20");
    let hosts: Vec<Instance> = (0..HOSTS).map(|_| bed.launch(&site, None)).collect();
    bed.fabric.update(&bed.network);
    let pings = hosts.iter().zip(hosts.iter().cycle().skip(1)).map(|(host, neighbour)| {
        bed.fabric.exec(host.name(), &words(&format!("ping -q -c 1 {}", neighbour.private))).expect("it runs")
    });
    let pings: Vec<_> = pings.collect();
    bed.pass(1);
    for ping in pings {
        assert_eq!(bed.fabric.poll(ping).expect("the command is known").exit_code, Some(0));
    }
}
