//! Text tables of packets and their fates: one line, one packet, one expectation.
//!
//! `net FILE` chooses a network. A row is `PACKET  FATE  TRACE`, with two blanks or more between: the trace names stages
//! that must have been passed in this order, the last one for a drop being the one that decided. After `story WORDS`,
//! rows share one flow table and one clock until the next `story` or `net`; `wait 30s` moves the clock, `change …`
//! changes the network, and `window` closes the window and lists every sighting. `answer PACKET  ANSWER` is what the
//! network tells the sender of a packet just dropped as too big.
//! Each row is checked against the explanation asked for just before, and against the oracle; in a table that says so
//! (`no oracle`) not against the latter, which does not know what the table is about.

use crate::net::{Net, Words, destination, direction, id, peering_status};
use std::collections::BTreeSet;
use std::net::IpAddr;
use weir_model::group::Direction;
use weir_model::instance::InstanceState;
use weir_model::nat_gateway::NatState;
use weir_model::{InterfaceId, Nanos, Protocol};
use weir_pipeline::oracle::{Accounts, Fate, Oracle, Place};
use weir_pipeline::packet::{ACK, FIN, PSH, RST, SYN};
use weir_pipeline::{
    Action, Answer, Compiled, Explanation, Fragment, Message, Packet, Pipeline, Port, Sighting, Step, Tuple,
    Verdict,
};

const SEED: u64 = 7;
const SECOND: u64 = 1_000_000_000;

/// A pipeline and an oracle that go through the same story.
pub struct Story {
    pub net: Net,
    pub pipeline: Pipeline,
    pub oracle: Oracle,
    pub now: Nanos,
    /// Whether the oracle knows what this network has.
    pub is_known: bool,
    /// The addresses of NAT gateways, inside and outside.
    translators: BTreeSet<IpAddr>,
}

impl Story {
    pub fn new(net: &Net) -> Story {
        let pipeline = Pipeline::new(Compiled::build(&net.network), SEED);
        Story {
            net: net.clone(),
            pipeline,
            oracle: Oracle::default(),
            now: Nanos(1_000 * SECOND),
            is_known: true,
            translators: translators(net),
        }
    }
}

impl Story {
    /// Accounts without the ports that NAT gateways choose: those of dropped packets nobody sees.
    pub fn blind(&self, accounts: Accounts) -> Accounts {
        let mut blind = Accounts::new();
        for ((interface, direction, mut tuple, action), (packets, bytes)) in accounts {
            if self.translators.contains(&tuple.source) {
                tuple.source_port = 0;
            }
            if self.translators.contains(&tuple.destination) {
                tuple.destination_port = 0;
            }
            let sums = blind.entry((interface, direction, tuple, action)).or_default();
            *sums = (sums.0 + packets, sums.1 + bytes);
        }
        blind
    }
}

/// The addresses of NAT gateways, inside and outside.
fn translators(net: &Net) -> BTreeSet<IpAddr> {
    let addresses = net.network.nat_gateways.iter().flat_map(|nat| &nat.addresses);
    let both = addresses.flat_map(|address| [address.private, address.elastic.map(|(public, _)| public)]);
    both.flatten().map(IpAddr::V4).collect()
}

/// Checks every row of `table`, with networks from `nets`.
pub fn check_table(table: &str, nets: &[(&str, &str)]) -> usize {
    let (mut net, mut story, mut rows, mut is_known) = (Net::default(), None::<Story>, 0, true);
    let mut lines = table.lines().map(|line| line.split('#').next().unwrap_or_default()).peekable();
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "net" => {
                let (_, text) = nets.iter().find(|(name, _)| *name == rest).expect("a known network");
                (net, story) = (text.parse().expect("a network"), None);
            }
            "no" => is_known = false,
            "story" => story = Some(Story { is_known, ..Story::new(&net) }),
            "wait" => {
                let seconds: u64 = rest.trim_end_matches('s').parse().expect("seconds");
                let story = story.as_mut().expect("in a story");
                story.now = story.now.plus(seconds * SECOND);
            }
            "answer" => check_answer(story.as_mut().expect("in a story"), rest),
            "change" => change(story.as_mut().expect("in a story"), rest),
            "window" => {
                let mut expected: Vec<String> = Vec::new();
                while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
                    expected.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
                }
                check_window(story.as_mut().expect("in a story"), expected);
            }
            _ => {
                rows += 1;
                match &mut story {
                    Some(story) => check_row(story, line),
                    None => check_row(&mut Story { is_known, ..Story::new(&net) }, line),
                }
            }
        }
    }
    rows
}

fn check_row(story: &mut Story, line: &str) {
    let mut columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
    let (packet, fate) = (columns.next().expect("a packet"), columns.next().expect("a fate"));
    let (from, packet) = read_packet(&story.net, packet);
    let port = match from {
        Place::Internet => Port::Internet,
        Place::Endpoint(id) => {
            Port::Endpoint(story.pipeline.compiled().gateway_of(id).expect("the endpoint"))
        }
        Place::Interface(id) => {
            Port::Interface(story.pipeline.compiled().index_of(id).expect("the interface"))
        }
    };
    let explanation = story.pipeline.explain(port, &packet, story.now);
    let verdict = story.pipeline.forward(port, &packet, story.now);
    assert_eq!(explanation.verdict, verdict, "explained otherwise: {line}\n{explanation}");
    let found = print(&story.net, &fate_of(&story.pipeline, verdict));
    if story.is_known {
        let ports = given_ports(&explanation);
        let seen = (story.now, &ports[..]);
        let truth = story.oracle.forward_seen(&story.net.network, from, &packet, seen);
        assert_eq!(found, print(&story.net, &truth), "oracle: {line}");
    }
    assert_eq!(found, fate, "{line}\n{}", story.net.name(&explanation.to_string()));
    let steps: Vec<String> = explanation.steps.iter().map(|step| story.net.name(&step.to_string())).collect();
    check_trace(&steps, columns.next().unwrap_or_default(), line, verdict);
}

fn check_answer(story: &mut Story, line: &str) {
    let (packet, expected) = line.split_once("  ").expect("a packet and an answer");
    let (from, packet) = read_packet(&story.net, packet);
    let Place::Interface(id) = from else { panic!("only hosts are answered: {line}") };
    let port = Port::Interface(story.pipeline.compiled().index_of(id).expect("the interface"));
    let found = match story.pipeline.answer(port, &packet, story.now) {
        Some(Answer { source, destination, message: Message::TooBig { mtu }, .. }) => {
            format!("{source} > {destination} mtu {mtu}")
        }
        None => "none".to_owned(),
    };
    assert_eq!(found, expected.trim(), "{line}");
    let expected = expected.trim();
    if let Some(router) = expected.split(' ').next().and_then(|word| word.parse::<IpAddr>().ok()) {
        let (icmp, bytes) = if router.is_ipv4() { ((3, 4), 576) } else { ((2, 0), 1280) };
        let reply = Packet::icmp(router, packet.source, icmp, bytes);
        let reply = Packet { quoted: Some(packet.tuple()), ..reply };
        assert!(story.oracle.answer(&story.net.network, id, &reply, story.now), "oracle: {line}");
    }
}

/// The named stages are among the steps in this order; for a drop the last one named is the last step.
fn check_trace(steps: &[String], trace: &str, line: &str, verdict: Verdict) {
    let named: Vec<&str> = trace.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let mut rest = steps.iter();
    for name in &named {
        assert!(rest.any(|step| step == name), "{line}\nnot passed (in this order): {name}\n{steps:#?}");
    }
    if let (Verdict::Drop(_), Some(last)) = (verdict, named.last()) {
        let deciding = steps.iter().rfind(|step| !step.ends_with("REJECT"));
        assert_eq!(Some(*last), deciding.map(String::as_str), "{line}\ndecided elsewhere\n{steps:#?}");
    }
}

/// The pipeline's verdict in the oracle's terms.
pub fn fate_of(pipeline: &Pipeline, verdict: Verdict) -> Fate {
    match verdict {
        Verdict::Service(service) => Fate::Service(service),
        Verdict::Drop(reason) => Fate::Drop(reason),
        Verdict::Deliver(delivery) => Fate::Deliver {
            to: match delivery.to {
                Port::Internet => Place::Internet,
                Port::Endpoint(index) => {
                    let mut all = pipeline.compiled().gateways();
                    let found = all.find(|(place, _)| *place == index);
                    Place::Endpoint(found.expect("the endpoint").1)
                }
                Port::Interface(index) => Place::Interface(pipeline.compiled().interface(index).id),
            },
            source: delivery.source,
            destination: delivery.destination,
            hops: delivery.hops,
        },
    }
}

fn print(net: &Net, fate: &Fate) -> String {
    match fate {
        Fate::Service(service) => format!("service {service}"),
        Fate::Drop(reason) => format!("drop {reason:?}"),
        Fate::Deliver { to, source, destination, hops } => {
            let to = match to {
                Place::Internet => "internet".to_owned(),
                Place::Endpoint(id) => net.name(&id.to_string()),
                Place::Interface(id) => net.name(&id.to_string()),
            };
            let ttl = if *hops == 0 { String::new() } else { format!(" ttl-{hops}") };
            format!("deliver {to} {source} > {destination}{ttl}")
        }
    }
}

/// `PROTOCOL FROM > TO [flags LETTERS] [type T/C] [ttl N] [bytes N] [segments N] [segment N] [header N] [id N] [df] [first ID] [later ID]
/// [via HOST] [out-of ENDPOINT] [about PACKET]`.
fn read_packet(net: &Net, text: &str) -> (Place, Packet) {
    let (text, quoted) = match text.split_once(" about ") {
        Some((text, quoted)) => (text, Some(read_packet(net, quoted).1.tuple())),
        None => (text, None),
    };
    let mut words = Words::new(text);
    let (name, from, _, to) = (words.next(), words.next(), words.next(), words.next());
    let (protocol, is_icmp) = match name {
        "tcp" => (Protocol::TCP, false),
        "udp" => (Protocol::UDP, false),
        "icmp" => (Protocol::ICMP, true),
        "icmp6" => (Protocol::ICMPV6, true),
        other => (Protocol(other.trim_start_matches("proto-").parse().expect("a protocol")), false),
    };
    let ((source, source_port), (destination, destination_port)) = (end(net, from), end(net, to));
    let tuple = Tuple { source, destination, protocol, source_port, destination_port };
    let mut packet = Packet { quoted, ..Packet::new(tuple, 40) };
    packet.tcp_flags = if protocol == Protocol::TCP { SYN } else { 0 };
    packet.icmp = if is_icmp { (if protocol == Protocol::ICMP { 8 } else { 128 }, 0) } else { (0, 0) };
    let host = from.trim_start_matches('[').split([':', '.', ']']).next().unwrap_or_default();
    let mut place = match net.network.interfaces.has(&id(host)) {
        true => Place::Interface(id(host)),
        false => Place::Internet,
    };
    while let Some(word) = words.option() {
        match word {
            "flags" => packet.tcp_flags = flags(words.next()),
            "ttl" => packet.ttl = words.parse(),
            "id" => packet.identifier = words.parse(),
            "bytes" => {
                packet.bytes = words.parse();
                packet.segment_bytes = packet.bytes;
            }
            "segment" => packet.segment_bytes = words.parse(),
            "header" => packet.header_bytes = words.parse(),
            "df" => packet.dont_fragment = true,
            "first" => packet.fragment = Fragment::First { id: words.parse() },
            "later" => {
                packet.fragment = Fragment::Later { id: words.parse() };
                (packet.source_port, packet.destination_port) = (0, 0);
                (packet.icmp, packet.tcp_flags) = ((0, 0), 0);
            }
            "segments" => packet.segments = words.parse(),
            "via" => place = Place::Interface(id(words.next())),
            "out-of" => place = Place::Endpoint(id(words.next())),
            "type" => {
                let (kind, code) = words.next().split_once('/').expect("TYPE/CODE");
                packet.icmp = (kind.parse().expect("a type"), code.parse().expect("a code"));
            }
            other => panic!("not of a packet: {other}"),
        }
    }
    (place, packet)
}

fn end(net: &Net, text: &str) -> (IpAddr, u16) {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (net.address(address), port.trim_start_matches(':').parse().unwrap_or(0));
    }
    let (address, port) = text.split_once(':').unwrap_or((text, "0"));
    (net.address(address), port.parse().expect("a port"))
}

fn flags(letters: &str) -> u8 {
    let flag = |letter| match letter {
        'S' => SYN,
        'A' => ACK,
        'F' => FIN,
        'R' => RST,
        'P' => PSH,
        other => panic!("no flag: {other}"),
    };
    letters.chars().map(flag).fold(0, |flags, flag| flags | flag)
}

/// Changes the network, and tells the pipeline.
pub fn change(story: &mut Story, text: &str) {
    let (mut words, net) = (Words::new(text), &mut story.net);
    match words.next() {
        "add" => {
            let (above, line) = words_after(text, "add").split_once(": ").expect("RESOURCE: LINE");
            net.add_below(above, line);
        }
        "remove-rule" => {
            let (group, name) = (words.next(), words.next());
            let group = net.network.groups.get_mut(&id(group)).expect("the group");
            group.rules.retain(|rule| rule.id != id(name));
        }
        "remove-entry" => {
            let (acl, direction) = (words.next(), direction(words.next()));
            let number: u16 = words.parse();
            let acl = net.network.acls.get_mut(&id(acl)).expect("the ACL");
            acl.entries.retain(|entry| (entry.direction, entry.number) != (direction, number));
        }
        "remove-route" => {
            let (table, to) = (words.next(), destination(words.next()));
            let table = net.network.route_tables.get_mut(&id(table)).expect("the table");
            table.routes.retain(|route| route.destination != to);
        }
        "replace-route" => {
            let (table, cidr) = (words.next(), words.next());
            let destination = destination(cidr);
            let found = net.network.route_tables.get_mut(&id(table)).expect("the table");
            found.routes.retain(|route| route.destination != destination);
            let target = words.next();
            net.add_route(table, Words::new(&format!("{cidr} {target}")));
        }
        "nat" => {
            let (name, state) = (words.next(), words.next());
            let nat = net.network.nat_gateways.get_mut(&id(name)).expect("the NAT gateway");
            nat.state = match state {
                "available" => NatState::Available,
                "deleting" => NatState::Deleting,
                other => panic!("no state: {other}"),
            };
        }
        "remove-eigw" => {
            net.network.egress_only_gateways.remove(&id(words.next()));
        }
        "peering" => {
            let (name, status) = (words.next(), peering_status(words.next()));
            net.network.peerings.get_mut(&id(name)).expect("the peering").status = status;
        }
        "stop" => {
            net.network.instances.get_mut(&id(words.next())).expect("the host").state = InstanceState::Stopped
        }
        "start" => {
            net.network.instances.get_mut(&id(words.next())).expect("the host").state = InstanceState::Running
        }
        "remove-host" => {
            net.network.interfaces.remove(&id(words.next()));
        }
        "list" => net.add_list(words),
        "remove-endpoint" => {
            net.network.endpoints.remove(&id(words.next()));
        }
        "new" => net.add(words_after(text, "new")),
        other => panic!("no change: {other}"),
    }
    story.pipeline.update(Compiled::build(&story.net.network));
}

fn words_after<'a>(text: &'a str, word: &str) -> &'a str {
    text.strip_prefix(word).unwrap_or(text).trim()
}

fn check_window(story: &mut Story, mut expected: Vec<String>) {
    let mut sightings = Vec::new();
    story.pipeline.close_window(story.now, &mut sightings);
    let mut found: Vec<String> = sightings.iter().map(|sighting| show(&story.net, sighting)).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "found:\n  {}", found.join("\n  "));
    if story.is_known {
        let (found, truth) = (accounts(&sightings), story.oracle.take_accounts());
        assert_eq!(story.blind(found), story.blind(truth));
    }
}

/// The source ports, or the identifiers, that NAT gateways give a packet on its way.
pub fn given_ports(explanation: &Explanation) -> Vec<u16> {
    let port = |step: &Step| match step {
        Step::NatGateway { direction: Direction::Egress, to: (_, port), .. } => Some(*port),
        _ => None,
    };
    explanation.steps.iter().filter_map(port).collect()
}

/// The sums of `sightings`, as the oracle keeps them.
pub fn accounts(sightings: &[Sighting]) -> Accounts {
    let mut accounts = Accounts::new();
    for sighting in sightings {
        let Sighting { interface, direction, action, source, destination, protocol, .. } = *sighting;
        let Sighting { source_port, destination_port, .. } = *sighting;
        let tuple = Tuple { source, destination, protocol, source_port, destination_port };
        let (packets, bytes) = accounts.entry((interface, direction, tuple, action)).or_default();
        *packets += sighting.packets;
        *bytes += sighting.bytes;
    }
    accounts
}

fn show(net: &Net, sighting: &Sighting) -> String {
    let Sighting { interface, direction, source, destination, protocol, .. } = *sighting;
    let Sighting { source_port, destination_port, .. } = *sighting;
    let tuple = Tuple { source, destination, protocol, source_port, destination_port };
    let name = net.name(&InterfaceId::to_string(&interface));
    let direction = if direction == Direction::Ingress { "in" } else { "out" };
    let action = if sighting.action == Action::Accept { "ACCEPT" } else { "REJECT" };
    let mut line = format!("{name} {direction} {tuple} {action} {} {}", sighting.packets, sighting.bytes);
    if sighting.tcp_flags != 0 {
        line += &format!(" flags {}", sighting.tcp_flags);
    }
    if let Some(path) = sighting.traffic_path {
        line += &format!(" path {path}");
    }
    line
}
