//! Random networks, packets and changes: the pipeline and the oracle must never disagree.
//!
//! A run is a function of its seed. Values come from small pools, so that rules meet packets and packets meet again.
//! A disagreement prints the network and the events, one a line, in the languages of the tables.

use crate::net::Net;
use crate::rows::{Story, accounts, change, fate_of, given_ports};
use std::net::IpAddr;
use weir_model::interface::{InterfaceKind, PrivateAddress};
use weir_model::{Ids, InterfaceId, Nanos, Protocol};
use weir_pipeline::oracle::{Fate, Place};
use weir_pipeline::packet::{ACK, FIN, RST, SYN};
use weir_pipeline::{Fragment, Packet, Port, Tuple, Verdict};

const SECOND: u64 = 1_000_000_000;
const PORTS: &[u16] = &[22, 53, 443, 40_000, 40_001];
const STRANGERS: &[&str] = &[
    "203.0.113.9",
    "203.0.113.10",
    "192.0.2.1",
    "10.9.9.9",
    "169.254.169.254",
    "10.0.0.2",
    "10.0.1.1",
    "224.0.0.1",
];

/// Random choices that repeat with their seed.
pub struct Rng(Ids);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(Ids::new(seed))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Adds a line to `text`.
fn say(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The text of a random network: three VPCs, each with two subnets of three hosts.
pub fn network(rng: &mut Rng) -> String {
    let mut text = String::new();
    let regions = ["us-east-1", "us-east-1", "eu-west-1"];
    for (vpc, region) in regions.iter().enumerate() {
        let secondary = if rng.chance(40) { format!(" cidr 10.9{vpc}.0.0/16") } else { String::new() };
        let dns = if rng.chance(20) { " dns-off" } else { "" };
        say(
            &mut text,
            &format!("vpc v{vpc} 10.{vpc}.0.0/16{secondary} ipv6 2600:{vpc}::/56 region {region}{dns}"),
        );
        let attached = if rng.chance(80) { format!(" v{vpc}") } else { String::new() };
        say(&mut text, &format!("igw g{vpc}{attached}"));
        if rng.chance(50) {
            say(&mut text, &format!("eigw e{vpc} v{vpc}"));
        }
    }
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        let status = rng.pick(&["active", "active", "active", "pending", "deleted"]);
        say(&mut text, &format!("peering p{one}{other} v{one} v{other} {status}"));
    }
    for (name, service) in [("e0", "s3"), ("e1", "dynamodb")] {
        say(&mut text, &format!("endpoint {name} v0 {service}"));
    }
    for list in 0..2 {
        say(&mut text, &random_list(rng, list));
    }
    let references = if rng.chance(50) { " references" } else { "" };
    say(&mut text, &format!("tgw t{references}\ntgw u region eu-west-1"));
    for vpc in 0..3 {
        resources(rng, &mut text, vpc);
    }
    transit(rng, &mut text);
    // A stream of its own: what else a seed stands for stays what it was.
    let mut own = Rng::new(text.bytes().fold(0, |sum, byte| sum.wrapping_mul(31) + u64::from(byte)));
    for vpc in 0..3 {
        regional_nats(&mut own, &mut text, vpc);
    }
    text
}

/// Regional NAT gateways under the names of zonal ones that the network has not: routes lead to them.
fn regional_nats(rng: &mut Rng, text: &mut String, vpc: usize) {
    for subnet in 0..2 {
        let name = format!("t{vpc}{subnet}");
        if text.contains(&format!("\nnat {name} ")) || rng.chance(30) {
            continue;
        }
        say(text, &format!("table r{name} v{vpc}\n  0.0.0.0/0 igw:g{vpc}"));
        for _ in 0..rng.below(3) {
            say(text, &format!("  {}", route(rng, vpc)));
        }
        let mut line = format!("rnat {name} v{vpc} r{name}");
        for (word, percent) in [(" automatic", 50), (" pending", 10)] {
            line += if rng.chance(percent) { word } else { "" };
        }
        let last = 240 + vpc * 2 + subnet;
        for (zone, public) in [('a', last), ('b', last - 50)] {
            if zone == 'a' || rng.chance(60) {
                line += &format!(" zone {zone} 198.51.100.{public}");
                line += if rng.chance(10) { " opening" } else { "" };
            }
        }
        say(text, &line);
    }
}

/// Two VPCs at one transit gateway with two tables, the third at another; the gateways are peered.
fn transit(rng: &mut Rng, text: &mut String) {
    for vpc in 0..3 {
        say(text, &attachment(rng, vpc));
    }
    let state = rng.pick(&["available", "available", "available", "pending"]);
    say(text, &format!("tgw-peering pp t u {state} {} x2", rng.pick(&["x0", "x1"])));
    for (table, gateway) in [("x0", "t"), ("x1", "t"), ("x2", "u")] {
        say(text, &format!("transit {table} {gateway}"));
        for attachment in (0..3).filter(|_| rng.chance(60)) {
            say(text, &format!("  from at{attachment}"));
        }
        for _ in 0..rng.below(4) {
            say(text, &format!("  {}", transit_route(rng)));
        }
    }
}

fn attachment(rng: &mut Rng, vpc: usize) -> String {
    let gateway = if vpc == 2 { "u" } else { "t" };
    let door = |subnet: usize| format!("n{vpc}{subnet}=10.{vpc}.{subnet}.200");
    let doors = if rng.chance(60) { format!("{},{}", door(0), door(1)) } else { door(rng.below(2)) };
    let mut line = format!("attach at{vpc} {gateway} v{vpc} {doors}");
    if rng.chance(90) {
        let table = if vpc == 2 { "x2" } else { rng.pick(&["x0", "x1"]) };
        line += &format!(" in {table}");
    }
    for (word, percent) in [("appliance", 30), ("no-references", 20), ("deleted", 5)] {
        if rng.chance(percent) {
            line += &format!(" {word}");
        }
    }
    line
}

fn transit_route(rng: &mut Rng) -> String {
    format!("{} {}", block(rng), rng.pick(&["at0", "at1", "at2", "pp", "pp", "blackhole"]))
}

fn resources(rng: &mut Rng, text: &mut String, vpc: usize) {
    for acl in 0..2 {
        say(text, &format!("acl a{vpc}{acl} v{vpc}"));
        for number in 0..rng.below(4) {
            say(text, &format!("  {}", random_entry(rng, 10 * number + 10)));
        }
        for way in ["in", "out"] {
            let verb = rng.pick(&["allow", "allow", "allow", "deny"]);
            say(text, &format!("  {way} 200 {verb} all 0.0.0.0/0\n  {way} 201 {verb} all ::/0"));
        }
    }
    for group in 0..3 {
        say(text, &format!("group s{vpc}{group} v{vpc}"));
        for _ in 0..rng.below(5) {
            say(text, &format!("  {}", random_rule(rng)));
        }
    }
    for table in ["main", "side"] {
        let main = if table == "main" && rng.chance(90) { " main" } else { "" };
        say(text, &format!("table {table}{vpc} v{vpc}{main}"));
        for _ in 0..1 + rng.below(5) {
            say(text, &format!("  {}", route(rng, vpc)));
        }
    }
    if rng.chance(30) {
        say(text, &format!("table edge{vpc} v{vpc} of g{vpc}"));
        let (subnet, host) = (rng.below(2), rng.below(3));
        say(text, &format!("  10.{vpc}.{subnet}.0/24 interface:h{vpc}{}{host}", rng.below(2)));
    }
    for subnet in 0..2 {
        let (acl, zone) = (rng.below(2), rng.pick(&['a', 'b']));
        let acl = if rng.chance(60) { format!(" acl a{vpc}{acl}") } else { String::new() };
        let table = if rng.chance(50) { format!(" table side{vpc}") } else { String::new() };
        let ipv6 = format!("2600:{vpc}:0:{subnet}::/64");
        say(
            text,
            &format!(
                "subnet n{vpc}{subnet} v{vpc} 10.{vpc}.{subnet}.0/24 ipv6 {ipv6} zone {zone}{acl}{table}"
            ),
        );
        for host in 0..3 {
            say(text, &self::host(rng, vpc, subnet, host));
        }
        if rng.chance(40) {
            let (last, pending) = (240 + vpc * 2 + subnet, if rng.chance(10) { " pending" } else { "" });
            let public = if rng.chance(80) { format!(" public 198.51.100.{last}") } else { String::new() };
            say(
                text,
                &format!("nat t{vpc}{subnet} n{vpc}{subnet} 10.{vpc}.{subnet}.{last}{public}{pending}"),
            );
        }
    }
}

fn host(rng: &mut Rng, vpc: usize, subnet: usize, host: usize) -> String {
    let mut line = format!("host h{vpc}{subnet}{host} n{vpc}{subnet} 10.{vpc}.{subnet}.1{host}");
    if rng.chance(60) {
        line += &format!(" public 198.51.100.{}", 100 + vpc * 20 + subnet * 10 + host);
    }
    if rng.chance(30) {
        line += &format!(" and 10.{vpc}.{subnet}.2{host}");
    }
    if rng.chance(60) {
        line += &format!(" ipv6 2600:{vpc}:0:{subnet}::1{host}");
    }
    let groups: Vec<String> =
        (0..3).filter(|_| rng.chance(50)).map(|group| format!("s{vpc}{group}")).collect();
    if !groups.is_empty() {
        line += &format!(" groups {}", groups.join(","));
    }
    for (word, percent) in
        [("no-check", 30), ("idle 60/30/60", 20), ("stopped", 5), ("detached", 5), ("endpoint", 15)]
    {
        if rng.chance(percent) {
            line += &format!(" {word}");
        }
    }
    line
}

fn traffic(rng: &mut Rng) -> String {
    let port = rng.pick(PORTS);
    match rng.below(9) {
        0 => "all".to_owned(),
        1 => "tcp".to_owned(),
        2 | 3 => format!("tcp:{port}"),
        4 => "udp".to_owned(),
        5 => format!("udp:{port}"),
        6 => "icmp".to_owned(),
        7 => rng.pick(&["icmp:8", "icmp:3/1", "icmp6", "icmp6:128"]).to_owned(),
        _ => "proto:47".to_owned(),
    }
}

fn block(rng: &mut Rng) -> String {
    let (vpc, subnet) = (rng.below(3), rng.below(2));
    match rng.below(7) {
        0 | 1 => "0.0.0.0/0".to_owned(),
        2 => "::/0".to_owned(),
        3 => format!("10.{vpc}.0.0/16"),
        4 => format!("10.{vpc}.{subnet}.0/24"),
        5 => format!("2600:{vpc}:0:{subnet}::/64"),
        _ => rng.pick(&["203.0.113.0/24", "198.51.100.0/24", "10.0.0.10/32"]).to_owned(),
    }
}

/// A random ACL entry with `number`.
pub fn random_entry(rng: &mut Rng, number: usize) -> String {
    let (way, verb) = (rng.pick(&["in", "out"]), rng.pick(&["allow", "deny"]));
    format!("{way} {number} {verb} {} {}", traffic(rng), block(rng))
}

/// A random group rule.
pub fn random_rule(rng: &mut Rng) -> String {
    let way = rng.pick(&["in", "out"]);
    let peer = match rng.below(8) {
        0 | 1 => format!("group:s{}{}", rng.below(3), rng.below(3)),
        2 => format!("list:l{}", rng.below(2)),
        _ => block(rng),
    };
    format!("{way} {} {peer}", traffic(rng))
}

/// A prefix list of up to three blocks, or its next version.
fn random_list(rng: &mut Rng, list: usize) -> String {
    let blocks: Vec<String> = (0..rng.below(4)).map(|_| block(rng)).collect();
    format!("list l{list} {}", blocks.join(" "))
}

fn route(rng: &mut Rng, vpc: usize) -> String {
    let far = rng.below(3);
    let (one, other) = (vpc.min(far), vpc.max(far));
    let host = format!("h{vpc}{}{}", rng.below(2), rng.below(3));
    let target = match rng.below(13) {
        8 | 9 if vpc == 2 => "tgw:u".to_owned(),
        8 | 9 => "tgw:t".to_owned(),
        10 | 11 => format!("nat:t{vpc}{}", rng.below(2)),
        12 => format!("eigw:e{vpc}"),
        0..=2 => format!("igw:g{vpc}"),
        3 | 4 if one != other => format!("peering:p{one}{other}"),
        3 | 4 => "peering:p01".to_owned(),
        5 => format!("interface:{host}"),
        6 => format!("instance:{host}"),
        _ => rng.pick(&["nat:n", "tgw:t", "igw:g0", "vgw:w", "endpoint:e0", "endpoint:e1"]).to_owned(),
    };
    if rng.chance(15) {
        return format!("list:l{} {target}", rng.below(2));
    }
    let propagated = if rng.chance(15) { " propagated" } else { "" };
    format!("{} {target}{propagated}", block(rng))
}

fn random_change(rng: &mut Rng) -> String {
    let vpc = rng.below(3);
    match rng.below(12) {
        11 if rng.chance(40) => random_list(rng, vpc % 2),
        11 if rng.chance(50) => format!("add transit x{}: {}", rng.below(3), transit_route(rng)),
        11 => format!("new {}", attachment(rng, vpc)),
        0 | 1 => format!("add group s{vpc}{}: {}", rng.below(3), random_rule(rng)),
        2 | 3 => {
            let group = format!("s{vpc}{}", rng.below(3));
            format!("remove-rule {group} {group}/{}", 1 + rng.below(5))
        }
        4 => {
            let number = 10 + rng.below(30);
            format!("add acl a{vpc}{}: {}", rng.below(2), random_entry(rng, number))
        }
        5 => format!(
            "remove-entry a{vpc}{} {} {}",
            rng.below(2),
            rng.pick(&["in", "out"]),
            rng.pick(&[10, 20, 200])
        ),
        6 => {
            let table = format!("{}{vpc}", rng.pick(&["main", "side"]));
            format!("remove-route {table} {}", block(rng))
        }
        7 => {
            let (table, route) = (rng.pick(&["main", "side"]), route(rng, vpc));
            format!("replace-route {table}{vpc} {route}")
        }
        8 => format!("peering {} {}", rng.pick(&["p01", "p12", "p02"]), rng.pick(&["active", "deleted"])),
        9 => format!("{} h{vpc}{}{}", rng.pick(&["stop", "start"]), rng.below(2), rng.below(3)),
        _ => {
            let (subnet, host) = (rng.below(2), rng.below(3));
            match rng.chance(40) {
                true => format!("remove-host h{vpc}{subnet}{host}"),
                false => format!("new {}", self::host(rng, vpc, subnet, host)),
            }
        }
    }
}

/// A run under way.
struct Run {
    rng: Rng,
    story: Story,
    /// Packets that were delivered lately, where and as what.
    delivered: Vec<(Place, Packet)>,
    /// Packets that were sent lately, and from where.
    sent: Vec<(Place, Packet)>,
    log: String,
}

/// Sends `steps` random packets through a random network; panics where pipeline and oracle disagree.
pub fn run(seed: u64, steps: usize) {
    let mut rng = Rng::new(seed);
    let text = network(&mut rng);
    let net: Net = text.parse().expect("a network");
    let mut run = Run { rng, story: Story::new(&net), delivered: Vec::new(), sent: Vec::new(), log: text };
    for step in 0..steps {
        if step % 40 == 39 {
            run.change();
        }
        if step % 60 == 59 {
            run.close_window();
        }
        run.wait();
        run.send();
    }
    run.close_window();
}

impl Run {
    fn wait(&mut self) {
        let seconds = match self.rng.below(200) {
            0..=149 => 0,
            150..=189 => self.rng.below(3) as u64,
            190..=193 => 25 + self.rng.below(12) as u64,
            194..=196 => 55 + self.rng.below(10) as u64,
            197 => 115 + self.rng.below(10) as u64,
            198 => 170 + self.rng.below(20) as u64,
            _ => self.rng.pick(&[599, 601, 432_001]),
        };
        let fraction = self.rng.below(3) as u64 * SECOND / 2;
        self.story.now = self.story.now.plus(seconds * SECOND + fraction);
    }

    fn change(&mut self) {
        let text = random_change(&mut self.rng);
        say(&mut self.log, &format!("change {text}"));
        change(&mut self.story, &text);
    }

    fn close_window(&mut self) {
        let mut sightings = Vec::new();
        self.story.pipeline.close_window(self.story.now, &mut sightings);
        let truth = self.story.oracle.take_accounts();
        let (truth, found) = (self.story.blind(truth), self.story.blind(accounts(&sightings)));
        let odd = found.iter().filter(|row| truth.get(row.0) != Some(row.1));
        let missing = truth.iter().filter(|row| found.get(row.0) != Some(row.1));
        let differences: Vec<_> =
            odd.map(|row| ("found", row)).chain(missing.map(|row| ("due", row))).collect();
        assert!(differences.is_empty(), "{}the accounts differ: {differences:#?}", self.log);
    }

    fn send(&mut self) {
        let (from, packet) = self.choose();
        let is_own_reverse = packet.source_port == packet.destination_port;
        if is_own_reverse && (packet.source == packet.destination || self.is_to_itself(from, &packet)) {
            return;
        }
        let Nanos(now) = self.story.now;
        let Packet { tcp_flags, icmp, ttl, quoted, .. } = packet;
        let about = quoted.map_or(String::new(), |quoted| format!(" about {quoted}"));
        say(
            &mut self.log,
            &format!("{now} {from:?} {} flags {tcp_flags} icmp {icmp:?} ttl {ttl}{about}", packet.tuple()),
        );
        let Some(port) = self.port(from) else { return };
        let (story, log) = (&mut self.story, &mut self.log);
        let explanation = story.pipeline.explain(port, &packet, story.now);
        say(log, &format!("  {explanation}"));
        let verdict = story.pipeline.forward(port, &packet, story.now);
        assert_eq!(explanation.verdict, verdict, "explained otherwise\n{log}");
        let ports = given_ports(&explanation);
        let seen = (story.now, &ports[..]);
        let truth = story.oracle.forward_seen(&story.net.network, from, &packet, seen);
        assert_eq!(fate_of(&story.pipeline, verdict), truth, "the oracle disagrees\n{log}");
        remember(&mut self.sent, (from, packet));
        if let (Fate::Deliver { to, source, destination, .. }, Verdict::Deliver(delivery)) = (truth, verdict)
        {
            let mut arrived = Packet { source, destination, ..packet };
            match packet.protocol.is_icmp() {
                true => arrived.identifier = delivery.source_port,
                false => {
                    arrived.source_port = delivery.source_port;
                    arrived.destination_port = delivery.destination_port;
                }
            }
            if packet.quoted.is_none() {
                remember(&mut self.delivered, (to, arrived));
            }
        }
    }

    /// Whether the packet would come back to its sender, and so be the reply to itself.
    fn is_to_itself(&self, from: Place, packet: &Packet) -> bool {
        let Place::Interface(id) = from else { return false };
        self.story.net.network.interfaces.get(&id).is_some_and(|interface| {
            let public =
                |own: &PrivateAddress| own.public.as_ref().map(|public| IpAddr::V4(public.address()));
            let mut publics = interface.addresses.iter().filter_map(public);
            interface.owns(packet.destination) || publics.any(|public| public == packet.destination)
        })
    }

    fn port(&self, place: Place) -> Option<Port> {
        match place {
            Place::Internet => Some(Port::Internet),
            Place::Endpoint(id) => self.story.pipeline.compiled().gateway_of(id).map(Port::Endpoint),
            Place::Interface(id) => self.story.pipeline.compiled().index_of(id).map(Port::Interface),
        }
    }

    /// A new packet, one sent again, or an answer to one that arrived.
    fn choose(&mut self) -> (Place, Packet) {
        let (from, packet) = match self.rng.below(10) {
            0..=2 if !self.sent.is_empty() => self.sent[self.rng.below(self.sent.len())],
            3..=6 if !self.delivered.is_empty() => {
                let (at, packet) = self.delivered[self.rng.below(self.delivered.len())];
                (at, answer(packet))
            }
            7 if !self.delivered.is_empty() => {
                let (at, packet) = self.delivered[self.rng.below(self.delivered.len())];
                return (at, error(&mut self.rng, packet));
            }
            _ => return random_packet(&mut self.rng, &self.story.net),
        };
        let tcp_flags = if packet.protocol == Protocol::TCP { flags(&mut self.rng) } else { 0 };
        (from, Packet { tcp_flags, ..packet })
    }
}

fn flags(rng: &mut Rng) -> u8 {
    rng.pick(&[SYN, SYN, SYN | ACK, ACK, ACK, ACK, ACK | FIN, FIN | ACK, RST, RST | ACK])
}

/// A random packet between addresses of the random network and around it, and where it enters.
pub fn random_packet(rng: &mut Rng, net: &Net) -> (Place, Packet) {
    let is_host = |kind| matches!(kind, InterfaceKind::Interface | InterfaceKind::VpcEndpoint);
    let hosts = net.network.interfaces.iter().filter(|found| is_host(found.kind));
    let hosts: Vec<InterfaceId> = hosts.map(|found| found.id).collect();
    let from = match rng.chance(25) {
        true => Place::Internet,
        false => Place::Interface(rng.pick(&hosts)),
    };
    let six = rng.chance(20);
    let source = match from {
        Place::Interface(id) if rng.chance(90) => own(rng, net, id, six),
        _ => anyone(rng, six),
    };
    let mixed = rng.chance(1);
    let destination = anyone(rng, six ^ mixed);
    let protocol = match rng.below(10) {
        0..=4 => Protocol::TCP,
        5 | 6 => Protocol::UDP,
        7 | 8 if six => Protocol::ICMPV6,
        7 | 8 => Protocol::ICMP,
        _ => Protocol(47),
    };
    let port = |rng: &mut Rng| if protocol.has_ports() { rng.pick(PORTS) } else { 0 };
    let (source_port, destination_port) = (port(rng), port(rng));
    let tuple = Tuple { source, destination, protocol, source_port, destination_port };
    let mut packet = Packet::new(tuple, 40 + rng.below(1400) as u32);
    packet.tcp_flags = if protocol == Protocol::TCP { flags(rng) } else { 0 };
    packet.segments = 1 + rng.below(3) as u32;
    if protocol.is_icmp() {
        packet.icmp = if six { (rng.pick(&[128, 129, 1]), 0) } else { (rng.pick(&[8, 0, 3, 13]), 0) };
    }
    if rng.chance(3) {
        packet.ttl = rng.below(3) as u8;
    }
    if rng.chance(5) {
        packet.bytes = rng.pick(&[1500, 1501, 8500, 8501, 9001, 9002]);
    }
    packet.segment_bytes = packet.bytes;
    packet.bytes = packet.bytes * (packet.segments - 1) + 1 + rng.below(packet.bytes as usize) as u32;
    packet.dont_fragment |= rng.chance(50);
    if rng.chance(5) && packet.source.is_ipv4() {
        packet.header_bytes = 4 * (5 + rng.below(11) as u8);
    }
    if rng.chance(6) {
        packet.fragment = Fragment::First { id: 1 };
    } else if rng.chance(6) {
        packet = Packet { source_port: 0, destination_port: 0, icmp: (0, 0), tcp_flags: 0, ..packet };
        packet.fragment = Fragment::Later { id: 1 };
    }
    (from, packet)
}

fn own(rng: &mut Rng, net: &Net, id: InterfaceId, six: bool) -> IpAddr {
    let interface = net.network.interfaces.get(&id).expect("chosen from it");
    match (six, interface.ipv6_addresses.first()) {
        (true, Some(address)) => (*address).into(),
        _ => interface.addresses[rng.below(interface.addresses.len())].private.into(),
    }
}

fn anyone(rng: &mut Rng, six: bool) -> IpAddr {
    let (vpc, subnet, host) = (rng.below(3), rng.below(2), rng.below(3));
    let text = match rng.below(10) {
        _ if six && rng.chance(80) => format!("2600:{vpc}:0:{subnet}::1{host}"),
        _ if six => rng.pick(&["2001:db8::1", "fd00:ec2::254", "fe80::1", "fd00::1"]).to_owned(),
        0..=4 => format!("10.{vpc}.{subnet}.{}{host}", rng.pick(&[1, 1, 1, 2])),
        8 => format!("198.51.100.{}", 240 + vpc * 2 + subnet),
        9 if rng.chance(30) => format!("10.{vpc}.{subnet}.{}", 240 + vpc * 2 + subnet),
        5 | 6 => format!("198.51.100.{}", 100 + vpc * 20 + subnet * 10 + host),
        _ => rng.pick(STRANGERS).to_owned(),
    };
    text.parse().expect("an address")
}

fn answer(packet: Packet) -> Packet {
    let tuple = packet.tuple().reversed();
    let kind = match packet.icmp.0 {
        8 => 0,
        128 => 129,
        other => other,
    };
    let Packet { identifier, .. } = packet;
    Packet { icmp: (kind, packet.icmp.1), identifier, ..Packet::new(tuple, packet.bytes) }
}

/// An ICMP error about a packet: from where it arrived, now and then from a router on the way.
fn error(rng: &mut Rng, packet: Packet) -> Packet {
    let source = if rng.chance(80) { packet.destination } else { anyone(rng, packet.source.is_ipv6()) };
    let icmp = if packet.source.is_ipv4() { (3, 3) } else { (1, 4) };
    let source_port = if packet.protocol.is_icmp() { packet.identifier } else { packet.source_port };
    let quoted = Some(Tuple { source_port, ..packet.tuple() });
    Packet { quoted, ..Packet::icmp(source, packet.source, icmp, 56) }
}

/// Keeps the last few.
fn remember(list: &mut Vec<(Place, Packet)>, item: (Place, Packet)) {
    if list.len() >= 12 {
        list.remove(0);
    }
    list.push(item);
}
