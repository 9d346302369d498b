//! How long a packet takes: `cargo bench -p weir-pipeline`. Prints `name value unit`, one figure a line.
//!
//! Ratios to something plain that was measured in the same minutes say more than nanoseconds of one machine. Figures are
//! the best of many short rounds, since others may use the machine too.

mod hits;
#[path = "../../tests/packets/net.rs"]
#[allow(dead_code, reason = "the bench needs a part of the language for networks")]
mod net;

use net::{Net, id};
use std::fmt::Write;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;
use weir_model::{Ids, Nanos, Protocol};
use weir_pipeline::packet::{ACK, SYN};
use weir_pipeline::{Compiled, Packet, Pipeline, Port, Tuple, Verdict};

/// Rounds of a measurement; each is short enough to be rarely interrupted.
const ROUNDS: usize = 60;
const NOW: Nanos = Nanos(1_000_000_000_000);

type Bench = fn(&Net);

/// What is measured, by the name that chooses it on the command line.
const BENCHES: &[(&str, Bench)] = &[
    ("hits-10k", |net| hits::contest(net, "10k", 10_000)),
    ("hits-1m", |net| hits::contest(net, "1m", 1_000_000)),
    ("slow-path", |net| show("slow-path-60-rules-20-entries", slow_path(net), "ns")),
    ("refused", |net| show("refused-hit-10k", refused(net), "ns")),
    ("longest-prefix", |net| show("longest-prefix-100-routes", longest_prefix(net), "ns")),
    ("build", |_| show("build-1000-interfaces", build(1_000), "ms")),
    ("close-window", |net| show("close-window-1m-flows", close_window(net, 500_000), "ms")),
];

/// Runs the benches named on the command line, or all.
fn main() {
    let net: Net = two_hosts().parse().expect("a network");
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    for (name, bench) in BENCHES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            bench(&net);
        }
    }
}

fn show(name: &str, value: f64, unit: &str) {
    println!("{name} {value:.2} {unit}");
}

/// Two hosts in two subnets; 60 group rules and 20 ACL entries each way, of which the last one matches; 100 routes.
fn two_hosts() -> String {
    let mut text = String::from("vpc v 10.0.0.0/16\n");
    for acl in ["a", "b"] {
        say(&mut text, format!("acl {acl} v"));
        for number in 1..20 {
            say(
                &mut text,
                format!(
                    "  in {number} deny tcp:{number} 10.0.0.0/8\n  out {number} deny tcp:{number} 10.0.0.0/8"
                ),
            );
        }
        say(&mut text, "  in 100 allow all 10.0.0.0/8\n  out 100 allow all 10.0.0.0/8");
    }
    say(&mut text, "group g v");
    for rule in 1..60 {
        say(&mut text, format!("  in tcp:{rule} 10.{rule}.0.0/16\n  out tcp:{rule} 10.{rule}.0.0/16"));
    }
    say(&mut text, "  in tcp:5000-6000 10.0.0.0/16\n  out tcp:5000-6000 10.0.0.0/16\ntable t v main");
    for route in 0..99 {
        say(&mut text, format!("  172.{}.{}.0/24 nat:n", 16 + route % 16, route));
    }
    say(&mut text, "subnet one v 10.0.1.0/24 acl a\nsubnet two v 10.0.2.0/24 acl b");
    say(&mut text, "host client one 10.0.1.10 groups g\nhost server two 10.0.2.10 groups g");
    text
}

fn say(text: &mut String, line: impl std::fmt::Display) {
    writeln!(text, "{line}").expect("a string takes every line");
}

/// The least nanoseconds that a step of `work` took in a round of `count` steps.
#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn time(count: usize, mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos() as f64 / count as f64
    };
    (0..ROUNDS).map(round).fold(f64::MAX, f64::min)
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

/// First packets of flows: both sides' groups and ACLs, the route, two entries made.
fn slow_path(net: &Net) -> f64 {
    const FLOWS: usize = 20_000;
    let packets: Vec<Packet> = (0..FLOWS).map(|number| packet(number, SYN)).collect();
    let mut fresh: Vec<Pipeline> =
        (0..ROUNDS).map(|_| Pipeline::new(Compiled::build(&net.network), 1)).collect();
    time(FLOWS, || {
        let mut pipeline = fresh.pop().expect("one for each round");
        let client = port(&pipeline, "client");
        for packet in &packets {
            black_box(pipeline.forward(client, packet, NOW));
        }
    })
}

/// Packets to a port that the receiver's groups refuse, again and again.
fn refused(net: &Net) -> f64 {
    const FLOWS: usize = 10_000;
    let mut pipeline = Pipeline::new(Compiled::build(&net.network), 1);
    let client = port(&pipeline, "client");
    let refuse = |number| Packet { destination_port: 80, ..packet(number, SYN) };
    let packets: Vec<Packet> = (0..FLOWS).map(refuse).collect();
    time(FLOWS, || {
        for packet in &packets {
            black_box(pipeline.forward(client, packet, NOW));
        }
    })
}

fn longest_prefix(net: &Net) -> f64 {
    const COUNT: usize = 20_000;
    let compiled = Compiled::build(&net.network);
    let client = compiled.index_of(id("client")).expect("the host");
    let mut ids = Ids::new(3);
    let addresses: Vec<IpAddr> = (0..COUNT)
        .map(|_| Ipv4Addr::new(172, 16 + ids.below(16) as u8, ids.below(100) as u8, 1).into())
        .collect();
    time(COUNT, || {
        for address in &addresses {
            black_box(compiled.route(client, *address));
        }
    })
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
    time(1, || {
        black_box(Compiled::build(&net.network));
    }) / 1e6
}

/// Milliseconds to close the window of `connections`, each with packets both ways.
fn close_window(net: &Net, connections: usize) -> f64 {
    let mut rounds: Vec<Pipeline> = (0..3).map(|_| established(net, connections)).collect();
    let mut figures = Vec::new();
    while let Some(mut pipeline) = rounds.pop() {
        let mut sightings = Vec::new();
        figures.push(once(|| pipeline.close_window(NOW, &mut sightings)));
        black_box(sightings);
    }
    figures.into_iter().fold(f64::MAX, f64::min) / 1e6
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn once(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}
