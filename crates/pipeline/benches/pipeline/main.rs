//! How long a packet takes: `cargo bench -p weir-pipeline`. Prints `name value unit`, one figure a line.
//!
//! Ratios to something plain that was measured in the same minutes say more than nanoseconds of one machine. Figures are
//! the best of many short rounds, since others may use the machine too.

mod hits;
#[path = "../../tests/packets/net.rs"]
#[allow(dead_code, reason = "the bench needs a part of the language for networks")]
mod net;
mod turns;

use net::{Net, id};
use std::fmt::Write;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use turns::{Contestant, contest, judge, show, time};
use weir_model::{Ids, Nanos, Protocol};
use weir_pipeline::packet::{ACK, SYN};
use weir_pipeline::{Compiled, Packet, Pipeline, Port, Tuple, Verdict};

/// Rounds of a measurement; each is short enough to be rarely interrupted.
const ROUNDS: usize = 60;
const NOW: Nanos = Nanos(1_000_000_000_000);

type Bench = fn(&Net);

/// What is measured, by the name that chooses it on the command line.
const BENCHES: &[(&str, Bench)] = &[
    ("hits-10k", hits::ten_thousand_flows),
    ("hits-1m", hits::million_flows),
    ("rules", |_| hits::rule_count(&world(1, 1), &world(1_000, 40))),
    ("new-flows", new_flows),
    ("refused", |net| show("refused-hit-10k", refused(net), "ns")),
    ("routes", routes),
    ("build", |_| show("build-1000-interfaces", build(1_000), "ms")),
    ("sweep", |net| judge("close-window-1m-flows", close_window(net, 500_000), "ms", SWEEP_GOAL_MS)),
];

/// The first packet of a flow, 60 rules and 20 entries, in hits of the plain map: 150 ns to 4.9 where the goal was set.
const NEW_FLOW_GOAL: f64 = 30.6;
/// The longest prefix of 100 routes, likewise: 10 ns to 4.9.
const ROUTE_GOAL: f64 = 2.04;
/// Milliseconds to close a window of a million flows.
const SWEEP_GOAL_MS: f64 = 600.0;

/// Runs the benches named on the command line, or all.
fn main() {
    let net = world(60, 20);
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    for (name, bench) in BENCHES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            bench(&net);
        }
    }
}

/// Two hosts in two subnets; group rules and ACL entries each way, of which the last one matches; 100 routes.
fn world(rules: usize, entries: usize) -> Net {
    let mut text = String::from("vpc v 10.0.0.0/16\n");
    for acl in ["a", "b"] {
        say(&mut text, format!("acl {acl} v"));
        for number in 1..entries {
            say(&mut text, format!("  in {number} deny tcp:{number} 10.0.0.0/8"));
            say(&mut text, format!("  out {number} deny tcp:{number} 10.0.0.0/8"));
        }
        say(&mut text, "  in 100 allow all 10.0.0.0/8\n  out 100 allow all 10.0.0.0/8");
    }
    say(&mut text, "group g v");
    for rule in 1..rules {
        let block = format!("10.{}.{}.0/24", rule % 256, rule / 256);
        say(&mut text, format!("  in tcp:{rule} {block}\n  out tcp:{rule} {block}"));
    }
    say(&mut text, "  in tcp:5000-6000 10.0.0.0/16\n  out tcp:5000-6000 10.0.0.0/16\ntable t v main");
    for route in 0..99 {
        say(&mut text, format!("  172.{}.{}.0/24 nat:n", 16 + route % 16, route));
    }
    say(&mut text, "subnet one v 10.0.1.0/24 acl a\nsubnet two v 10.0.2.0/24 acl b");
    say(&mut text, "host client one 10.0.1.10 groups g\nhost server two 10.0.2.10 groups g");
    text.parse().expect("a network")
}

fn say(text: &mut String, line: impl std::fmt::Display) {
    writeln!(text, "{line}").expect("a string takes every line");
}

/// The least nanoseconds that a step of `work` took in a round of `count` steps.
fn least(count: usize, mut work: impl FnMut()) -> f64 {
    (0..ROUNDS).map(|_| time(count, &mut work)).fold(f64::MAX, f64::min)
}

fn tuple(number: usize) -> Tuple {
    Tuple {
        source: [10, 0, 1, 10].into(),
        destination: [10, 0, 2, 10].into(),
        protocol: Protocol::TCP,
        source_port: 1_024 + (number % 60_000) as u16,
        destination_port: 5_000 + (number / 60_000) as u16,
    }
}

fn packet(number: usize, tcp_flags: u8) -> Packet {
    Packet { tcp_flags, ..Packet::new(tuple(number), 1500) }
}

fn port(pipeline: &Pipeline, host: &str) -> Port {
    Port::Interface(pipeline.compiled().index_of(id(host)).expect("the host"))
}

/// A pipeline with `flows` open TCP connections: twice as many entries.
fn established(net: &Net, flows: usize) -> Pipeline {
    let mut pipeline = Pipeline::new(Compiled::build(&net.network), 1);
    let (client, server) = (port(&pipeline, "client"), port(&pipeline, "server"));
    for number in 0..flows {
        let syn = packet(number, SYN);
        let back = Packet { tcp_flags: SYN | ACK, ..Packet::new(syn.tuple().reversed(), 60) };
        let (ack, answer) = (packet(number, ACK), Packet { tcp_flags: ACK, ..back });
        for (from, packet) in [(client, syn), (server, back), (client, ack), (server, answer), (client, ack)]
        {
            let verdict = pipeline.forward(from, &packet, NOW);
            assert!(matches!(verdict, Verdict::Deliver(_)), "{verdict:?}");
        }
    }
    pipeline
}

/// First packets of flows: both sides' groups and ACLs, the route, two entries made in the place of older ones.
fn new_flows(net: &Net) {
    let [first, plain] = contest([
        first_packets("new-flow-60-rules-20-entries", net),
        hits::plain("plain-map-hit-10k", 10_000),
    ]);
    judge("new-flow-to-plain-map", first / plain, "ratio", NEW_FLOW_GOAL);
}

fn first_packets<'a>(name: &str, net: &Net) -> Contestant<'a> {
    const FLOWS: usize = 1_000;
    let packets: Vec<Packet> = (0..FLOWS).map(|number| packet(number, SYN)).collect();
    let mut pipeline = Pipeline::new(Compiled::build(&net.network), 1);
    let (client, mut now, mut sightings) = (port(&pipeline, "client"), NOW, Vec::new());
    Contestant::new(name, move || {
        let ns = time(FLOWS, || {
            for packet in &packets {
                black_box(pipeline.forward(client, packet, now));
            }
        });
        // An hour later all of them are over.
        now = now.plus(3_600_000_000_000);
        sightings.clear();
        pipeline.close_window(now, &mut sightings);
        assert_eq!(pipeline.flow_count().delivered, 0);
        ns
    })
}

/// Packets to a port that the receiver's groups refuse, again and again.
fn refused(net: &Net) -> f64 {
    const FLOWS: usize = 10_000;
    let mut pipeline = Pipeline::new(Compiled::build(&net.network), 1);
    let client = port(&pipeline, "client");
    let refuse = |number| Packet { destination_port: 80, ..packet(number, SYN) };
    let packets: Vec<Packet> = (0..FLOWS).map(refuse).collect();
    least(FLOWS, || {
        for packet in &packets {
            black_box(pipeline.forward(client, packet, NOW));
        }
    })
}

/// The longest prefix that has an address.
fn routes(net: &Net) {
    const COUNT: usize = 5_000;
    let compiled = Compiled::build(&net.network);
    let client = compiled.index_of(id("client")).expect("the host");
    let mut ids = Ids::new(3);
    let addresses: Vec<IpAddr> = (0..COUNT)
        .map(|_| Ipv4Addr::new(172, 16 + ids.below(16) as u8, ids.below(100) as u8, 1).into())
        .collect();
    let look_up = || {
        for address in &addresses {
            black_box(compiled.route(client, *address));
        }
    };
    let [route, plain] = contest([
        Contestant::new("longest-prefix-100-routes", || time(COUNT, look_up)),
        hits::plain("plain-map-hit-10k", 10_000),
    ]);
    judge("longest-prefix-to-plain-map", route / plain, "ratio", ROUTE_GOAL);
}

/// Milliseconds to compile a VPC of `interfaces`, in ten subnets and ten groups that refer to each other.
fn build(interfaces: usize) -> f64 {
    let mut text = String::from("vpc v 10.0.0.0/16\nigw i v\n");
    for group in 0..10 {
        say(
            &mut text,
            format!("group g{group} v\n  in tcp:443 group:g{}\n  out all 0.0.0.0/0", (group + 1) % 10),
        );
    }
    say(&mut text, "table t v main\n  0.0.0.0/0 igw:i");
    for subnet in 0..10 {
        say(&mut text, format!("subnet s{subnet} v 10.0.{}.0/22", subnet * 4));
    }
    for host in 0..interfaces {
        let (subnet, rest) = (host % 10, host / 10 + 10);
        let address = format!("10.0.{}.{}", subnet * 4 + rest / 256, rest % 256);
        let public = format!("198.18.{}.{}", host / 256, host % 256);
        say(&mut text, format!("host h{host} s{subnet} {address} public {public} groups g{subnet}"));
    }
    let net: Net = text.parse().expect("a network");
    least(1, || {
        black_box(Compiled::build(&net.network));
    }) / 1e6
}

/// Milliseconds to close the window of `connections`, each with packets both ways.
fn close_window(net: &Net, connections: usize) -> f64 {
    let mut rounds: Vec<Pipeline> = (0..3).map(|_| established(net, connections)).collect();
    let mut figures = Vec::new();
    while let Some(mut pipeline) = rounds.pop() {
        let mut sightings = Vec::new();
        figures.push(time(1, || pipeline.close_window(NOW, &mut sightings)));
        black_box(sightings);
    }
    figures.into_iter().fold(f64::MAX, f64::min) / 1e6
}
