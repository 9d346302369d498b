//! Packets of known flows, one by one and in batches, beside a plain hash map from 5-tuple to counters.

use crate::net::Net;
use crate::turns::{Contestant, contest, judge, show, time};
use crate::{NOW, established, port, tuple};
use hashbrown::HashMap;
use std::hint::black_box;
use std::net::IpAddr;
use weir_model::Ids;
use weir_pipeline::packet::ACK;
use weir_pipeline::{Packet, Pipeline, Port, Verdict};

/// Packets of a round: a fraction of a millisecond, so that many rounds are not interrupted.
const PACKETS: usize = 1_024;
/// Packets of a batch: a burst from a queue.
const BATCH: usize = 32;

/// A packet of a known flow may cost so many times a hit of the plain map: 15 ns to 4.9 where the goal was set.
const HIT_GOAL: f64 = 3.06;
/// The same in batches and with a million flows: 60 ns to 45.
const BATCHED_GOAL: f64 = 1.33;
/// How much slower known flows may be under a thousand rules than under one.
const RULES_GOAL: f64 = 1.03;

/// Prints what a packet costs with ten thousand open flows, each way one.
pub fn ten_thousand_flows(net: &Net) {
    let [single, batched, plain, _] = known_flows(net, "10k", 10_000);
    judge("flow-table-to-plain-map-10k", single / plain, "ratio", HIT_GOAL);
    judge("flow-table-batched-to-plain-map-10k", batched / plain, "ratio", HIT_GOAL);
}

/// Prints what a packet costs with a million open flows, where every look-up misses the caches.
pub fn million_flows(net: &Net) {
    let [single, batched, plain, plain_batched] = known_flows(net, "1m", 1_000_000);
    show("flow-table-to-plain-map-1m", single / plain, "ratio");
    judge("flow-table-batched-to-plain-map-1m", batched / plain, "ratio", BATCHED_GOAL);
    judge("flow-table-batched-to-plain-map-batched-1m", batched / plain_batched, "ratio", BATCHED_GOAL);
}

fn known_flows(net: &Net, name: &str, flows: usize) -> [f64; 4] {
    contest([
        one_by_one(&format!("flow-table-hit-{name}"), net, flows),
        batched(&format!("flow-table-hit-batched-{name}"), net, flows),
        plain(&format!("plain-map-hit-{name}"), flows),
        plain_batched(&format!("plain-map-hit-batched-{name}"), flows),
    ])
}

/// Prints how much known flows suffer from many rules.
pub fn rule_count(few: &Net, many: &Net) {
    // So few that they stay in the caches, whoever else runs.
    const FLOWS: usize = 1_000;
    let [few, many] = contest([
        one_by_one("flow-table-hit-1-rule", few, FLOWS),
        one_by_one("flow-table-hit-1000-rules-40-entries", many, FLOWS),
    ]);
    judge("1000-rules-to-1-rule", many / few, "ratio", RULES_GOAL);
}

/// A round of packets of `flows` flows, made before the clock starts.
fn rounds<'a>(
    name: &str,
    flows: usize,
    ports: [Port; 2],
    mut work: impl FnMut(&[(Port, Packet)]) + 'a,
) -> Contestant<'a> {
    let mut ids = Ids::new(9);
    Contestant::new(name, move || {
        let packets: Vec<_> = (0..PACKETS).map(|_| random(&mut ids, flows, ports)).collect();
        time(PACKETS, || work(&packets))
    })
}

/// A packet of one of the connections, in one of its directions.
fn random(ids: &mut Ids, flows: usize, ports: [Port; 2]) -> (Port, Packet) {
    let (number, is_reply) = (ids.below(flows as u64 / 2) as usize, ids.below(2) == 1);
    (ports[usize::from(is_reply)], data(number, is_reply))
}

/// A packet of connection `number`, or of its replies.
fn data(number: usize, is_reply: bool) -> Packet {
    let tuple = if is_reply { tuple(number).reversed() } else { tuple(number) };
    Packet { tcp_flags: ACK, ..Packet::new(tuple, 1500) }
}

fn ports(pipeline: &Pipeline) -> [Port; 2] {
    [port(pipeline, "client"), port(pipeline, "server")]
}

fn one_by_one<'a>(name: &str, net: &Net, flows: usize) -> Contestant<'a> {
    let mut pipeline = established(net, flows / 2);
    rounds(name, flows, ports(&pipeline), move |packets| {
        for (from, packet) in packets {
            black_box(pipeline.forward(*from, packet, NOW));
        }
    })
}

fn batched<'a>(name: &str, net: &Net, flows: usize) -> Contestant<'a> {
    let mut pipeline = established(net, flows / 2);
    let mut verdicts: Vec<Verdict> = Vec::new();
    rounds(name, flows, ports(&pipeline), move |packets| {
        for batch in packets.chunks(BATCH) {
            verdicts.clear();
            pipeline.forward_batch(batch, NOW, &mut verdicts);
            black_box(&verdicts);
        }
    })
}

/// What a look-up and two additions cost without anything around them.
pub fn plain<'a>(name: &str, flows: usize) -> Contestant<'a> {
    let mut map = plain_map(flows);
    rounds(name, flows, [Port::Internet; 2], move |packets| {
        for (_, packet) in packets {
            count(&mut map, packet);
        }
    })
}

/// The same, with the entries of a batch read before any is counted in.
fn plain_batched<'a>(name: &str, flows: usize) -> Contestant<'a> {
    let mut map = plain_map(flows);
    rounds(name, flows, [Port::Internet; 2], move |packets| {
        for batch in packets.chunks(BATCH) {
            for (_, packet) in batch {
                black_box(map.get(&key(packet)));
            }
            for (_, packet) in batch {
                count(&mut map, packet);
            }
        }
    })
}

type Key = (u32, u32, u32, u16, u16, u8);
type Map = HashMap<Key, (u64, u64), foldhash::fast::FixedState>;

fn plain_map(flows: usize) -> Map {
    let mut map = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(1));
    for number in 0..flows / 2 {
        map.insert(key(&data(number, false)), (0, 0));
        map.insert(key(&data(number, true)), (0, 0));
    }
    map
}

fn key(packet: &Packet) -> Key {
    let number = |address| match address {
        IpAddr::V4(address) => u32::from(address),
        IpAddr::V6(_) => 0,
    };
    let (source, destination) = (number(packet.source), number(packet.destination));
    (0, source, destination, packet.source_port, packet.destination_port, packet.protocol.0)
}

#[inline]
fn count(map: &mut Map, packet: &Packet) {
    if let Some((packets, bytes)) = map.get_mut(&key(packet)) {
        *packets += u64::from(packet.segments);
        *bytes += u64::from(packet.bytes);
    }
}
