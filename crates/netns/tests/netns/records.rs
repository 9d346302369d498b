//! Flow-log records beside what programs and the kernel report: every packet is accounted for, on every backend alike.

use crate::Test;
use crate::bed::{Instance, tcp};
use crate::ping::peered;
use crate::world::World;
use std::collections::BTreeSet;
use std::time::Duration;
use weir_flowlog::{Field, Record};
use weir_model::flow_log::{Monitored, TrafficType};
use weir_model::protocol::{PortRange, Protocol, Traffic};
use weir_pipeline::Action;

pub const TESTS: &[Test] = &[
    ("ping's packets are in the records", ping),
    ("curl's page is in the records", curl),
    ("each segment of iperf3 is in the records", iperf3),
    ("each datagram of iperf3 is in the records", iperf3_udp),
    ("verdicts and records are those of simulated hosts", same_as_simulated),
];

const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${action} \
     ${flow-direction} ${log-status}";

/// Two peered hosts, with flow logs of both VPCs, between which a port is open.
struct Pair {
    a: Instance,
    b: Instance,
}

fn pair(world: &World, port: u16) -> Pair {
    let (one, other) = peered(world);
    for site in [one, other] {
        let mut bed = world.bed();
        bed.allow(&site, tcp(port));
        let range = PortRange::new(port, port).expect("a range");
        bed.allow(&site, Traffic::Ports(Protocol::UDP, range));
        bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, FORMAT);
    }
    Pair { a: world.host(&one), b: world.host(&other) }
}

/// Packets and bytes of the records that say `direction` at an interface, and are of interest.
fn sum(
    records: &[Record],
    host: &Instance,
    direction: &str,
    is_meant: impl Fn(&Record) -> bool,
) -> (u64, u64) {
    let at = host.interface.to_string();
    let of = records.iter().filter(|record| {
        record.text(Field::InterfaceId) == Some(&at) && record.text(Field::FlowDirection) == Some(direction)
    });
    of.filter(|record| is_meant(record)).fold((0, 0), |sum, record| {
        let number = |field| record.number(field).unwrap_or(0);
        (sum.0 + number(Field::Packets), sum.1 + number(Field::Bytes))
    })
}

/// Records of a protocol with this verdict. What a host says after its connection has closed is refused.
fn accepted(protocol: Protocol) -> impl Fn(&Record) -> bool {
    move |record| is_of(protocol)(record) && record.action() == Some(Action::Accept)
}

fn is_of(protocol: Protocol) -> impl Fn(&Record) -> bool {
    move |record| record.number(Field::Protocol) == Some(u64::from(protocol.0))
}

fn ping(world: &mut World) {
    let Pair { a, b } = pair(world, 5201);
    let output = world.run(a.name(), &format!("ping -c 20 -i 0.002 -s 1000 -W 2 {}", b.private));
    assert!(output.stdout.contains("20 packets transmitted, 20 received"), "{output:?}");
    let records = world.records();
    // 1,000 bytes, the ICMP header of 8 and the IP header of 20.
    for (host, direction) in [(a, "egress"), (b, "ingress"), (b, "egress"), (a, "ingress")] {
        assert_eq!(sum(&records, &host, direction, is_of(Protocol::ICMP)), (20, 20 * 1028), "{direction}");
    }
}

fn curl(world: &mut World) {
    let Pair { a, b } = pair(world, 80);
    world.serve_page(&b, 1_000_000);
    let line =
        format!("curl -sS -o /dev/null -w %{{size_download}}_%{{http_code}} http://{}/page", b.private);
    let output = world.run(a.name(), &line);
    assert_eq!(output.stdout, "1000000_200", "{output:?}");
    let records = check_accounts(world, a, b);
    let (_, bytes) = sum(&records, &b, "egress", is_of(Protocol::TCP));
    assert!(bytes > 1_000_000, "{bytes} bytes");
}

/// When all is quiet, what the records say two hosts have sent over TCP is what their kernels say, and it has arrived.
#[track_caller]
fn check_accounts(world: &World, a: Instance, b: Instance) -> Vec<Record> {
    let kernels = quiet(world, [a, b]);
    assert_eq!(world.unsent(), 0, "frames that an interface has not taken");
    let (missed, records) = (world.missed(), world.records());
    for (host, other, kernel) in [(a, b, kernels[0]), (b, a, kernels[1])] {
        // The server's end is not tracked, as its rule is to everywhere: of the resets that it sends to what comes after its
        // socket has closed, the first ends the connection at the other end, which refuses the next.
        let reached = sum(&records, &other, "ingress", is_of(Protocol::TCP));
        assert_eq!(sum(&records, &host, "egress", accepted(Protocol::TCP)), reached, "from {}", host.id);
        let (counted, bytes) = sum(&records, &host, "egress", is_of(Protocol::TCP));
        let segments = kernel.first + kernel.again;
        if missed > 0 {
            // An ordinary user's socket holds few super-packets; what did not fit has not reached the network.
            println!("netns: {missed} frames lost before the network, which the records rightly lack");
            assert!(counted <= segments, "{counted} in the records, {segments} sent");
            continue;
        }
        assert_eq!(counted, segments, "segments that {} has sent: {kernel:?}", host.id);
        // The kernel counts a super-packet with one header.
        let headers = (segments - kernel.packets) * HEADERS;
        assert_eq!(bytes, kernel.octets + headers, "bytes that {} has sent: {kernel:?}", host.id);
    }
    records
}

/// What a host's kernel says it has sent, all over TCP. What it sends again it counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kernel {
    first: u64,
    again: u64,
    packets: u64,
    octets: u64,
}

impl Kernel {
    fn of(world: &World, host: &Instance) -> Kernel {
        let of = |group, name| counter(world, host, group, name);
        let (first, again) = (of("Tcp", "OutSegs"), of("Tcp", "RetransSegs"));
        Kernel { first, again, packets: of("Ip", "OutRequests"), octets: of("IpExt", "OutOctets") }
    }
}

/// What the kernels have counted when nobody sends any more: the last words of connections come late.
fn quiet(world: &World, hosts: [Instance; 2]) -> [Kernel; 2] {
    let mut kernels = hosts.map(|host| Kernel::of(world, &host));
    world.wait_until("all is quiet", |world| {
        std::thread::sleep(QUIET);
        let earlier = std::mem::replace(&mut kernels, hosts.map(|host| Kernel::of(world, &host)));
        earlier == kernels
    });
    kernels
}

/// A counter of a host's kernel: a column of `/proc/net/snmp` or `/proc/net/netstat`.
fn counter(world: &World, host: &Instance, group: &str, name: &str) -> u64 {
    let text =
        world.script(host.name(), "cat /proc/thread-self/net/snmp /proc/thread-self/net/netstat").stdout;
    let mut lines =
        text.lines().filter_map(|line| line.split_once(": ")).filter(|(known, _)| *known == group);
    let (names, values) = (lines.next().expect("names").1, lines.next().expect("values").1);
    let at = names.split(' ').position(|known| known == name).expect("a counter");
    values.split(' ').nth(at).and_then(|value| value.parse().ok()).expect("a number")
}

/// The bytes of IP and TCP headers with time stamps: what each further segment of a super-packet adds on the wire.
const HEADERS: u64 = 52;

/// How long nobody has sent anything when connections are over.
const QUIET: Duration = Duration::from_millis(300);

fn iperf3(world: &mut World) {
    let Pair { a, b } = pair(world, 5201);
    world.iperf3_server(&b);
    let output = world.run(a.name(), &format!("iperf3 -c {} -n 100M --json", b.private));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    let records = check_accounts(world, a, b);
    payload_is_what_iperf3_says(&records, &a, &output.stdout);
}

/// The payload of the data connection is at least what iperf3 says has arrived. The test ends in the middle of the stream:
/// what the sender has given its kernel by then need not all be sent.
fn payload_is_what_iperf3_says(records: &[Record], a: &Instance, report: &str) {
    let of = |part| number(report, part, "\"bytes\"");
    let (sent, received) = (of("\"sum_sent\""), of("\"sum_received\""));
    let ports: BTreeSet<u64> = records.iter().filter_map(|record| record.number(Field::SrcPort)).collect();
    let payloads = ports.iter().map(|port| {
        let is_meant =
            |record: &Record| is_of(Protocol::TCP)(record) && record.number(Field::SrcPort) == Some(*port);
        let (packets, bytes) = sum(records, a, "egress", is_meant);
        bytes.saturating_sub(packets * HEADERS)
    });
    let payload = payloads.max().unwrap_or(0);
    assert!(payload >= received, "{payload} bytes of payload recorded, {received} received: {report}");
    assert!(payload <= sent + sent / 10, "{payload} bytes of payload recorded, {sent} sent: {report}");
}

/// The number behind `name` behind `part` in a report in JSON.
fn number(report: &str, part: &str, name: &str) -> u64 {
    let behind = report.split_once(part).and_then(|(_, rest)| rest.split_once(name)).map(|(_, rest)| rest);
    let digits =
        behind.unwrap_or_else(|| panic!("no {part} {name} in {report}")).trim_start_matches([':', '\t', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or_else(|_| panic!("no number in {part} {name} of {report}"))
}

fn iperf3_udp(world: &mut World) {
    let Pair { a, b } = pair(world, 5201);
    world.iperf3_server(&b);
    let line = format!("iperf3 -c {} -u -b 200M -l 1200 -n 6M --json", b.private);
    let output = world.run(a.name(), &line);
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    let said = number(&output.stdout, "\"sum\"", "\"packets\"");
    let records = world.records();
    let (packets, bytes) = sum(&records, &a, "egress", is_of(Protocol::UDP));
    // One datagram of 4 bytes says hello; the others have 1,200 bytes and headers of 28.
    assert_eq!((packets, bytes), (said + 1, said * 1228 + 32), "{}", output.stdout);
    assert_eq!(sum(&records, &b, "ingress", is_of(Protocol::UDP)), (packets, bytes));
}

/// What hosts do in each scenario, and where: `a` and `b` are peered, `c` is in a VPC to which no route leads.
const SCENARIOS: &[(char, &str)] = &[
    ('a', "ping -c 3 -i 0.05 -W 1 {b}"),
    ('b', "ping -c 2 -i 0.05 -W 1 -s 4000 {a}"),
    ('a', "ping -c 1 -W 0.3 {c}"),
    ('c', "ping -c 1 -W 0.3 {a}"),
    // In the group, but nobody listens: refused.
    ('a', "curl -s -m 1 http://{b}:7/"),
    ('b', "curl -s -m 1 http://{a}:7/"),
    // In no group.
    ('a', "curl -s -m 1 http://{b}:23/"),
    ('a', "ping -c 1 -W 0.3 10.0.0.1"),
    ('a', "ping -c 1 -W 0.3 10.1.77.77"),
];

/// What a scenario comes to: exit codes, and the records without what chance decides.
fn play(world: &World) -> (Vec<Option<i32>>, BTreeSet<String>) {
    let (one, other) = peered(world);
    let apart = world.bed().site("10.2.0.0/24");
    for site in [one, other, apart] {
        let mut bed = world.bed();
        bed.allow(&site, tcp(7));
        bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, FORMAT);
    }
    let hosts = [('a', world.host(&one)), ('b', world.host(&other)), ('c', world.host(&apart))];
    let codes = SCENARIOS.iter().map(|(from, line)| {
        let mut line = (*line).to_owned();
        for (name, host) in hosts {
            line = line.replace(&format!("{{{name}}}"), &host.private.to_string());
        }
        let (_, host) = hosts.iter().find(|(name, _)| name == from).expect("a host");
        world.run(host.name(), &line).exit_code
    });
    let codes = codes.collect();
    (codes, world.records().iter().filter_map(without_chance).collect())
}

/// A record without ports that chance chooses and, of TCP, without counts: hosts try again as they see fit.
fn without_chance(record: &Record) -> Option<String> {
    let text = |field| record.value(field).to_string();
    let is_tcp = is_of(Protocol::TCP)(record);
    let port = |field| {
        record.number(field).filter(|port| *port < 1024).map_or("-".to_owned(), |port| port.to_string())
    };
    record.action()?;
    let fields = [Field::SrcAddr, Field::DstAddr, Field::Protocol, Field::Action, Field::FlowDirection];
    let counts = [Field::Packets, Field::Bytes].into_iter().filter(|_| !is_tcp);
    let mut words: Vec<String> = fields.into_iter().chain(counts).map(text).collect();
    words.extend([port(Field::SrcPort), port(Field::DstPort)]);
    Some(words.join(" "))
}

fn same_as_simulated(world: &mut World) {
    let (codes, records) = play(world);
    let (expected_codes, expected) = play(&World::simulated_only());
    assert_eq!(codes, expected_codes, "exit codes of {SCENARIOS:?}");
    let missing: Vec<_> = expected.difference(&records).collect();
    let more: Vec<_> = records.difference(&expected).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}\nmore: {more:#?}");
    assert!(expected.len() > 10, "{expected:#?}");
}
