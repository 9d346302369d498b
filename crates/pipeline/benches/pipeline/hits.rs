//! Packets of known flows, one by one and in batches, beside a plain hash map from 5-tuple to counters.
//!
//! All take the same packets in turns, so that whatever else the machine does happens to all of them.

use crate::net::Net;
use crate::{NOW, established, port, show, tuple};
use hashbrown::HashMap;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Instant;
use weir_model::Ids;
use weir_pipeline::packet::ACK;
use weir_pipeline::{Packet, Pipeline, Port, Verdict};

/// How often each has its turn.
const TURNS: usize = 12;
/// Rounds of a turn.
const ROUNDS: usize = 40;
/// Packets of a round: a fraction of a millisecond, so that many rounds are not interrupted.
const PACKETS: usize = 1_024;
/// Packets of a batch: a burst from a queue.
const BATCH: usize = 32;

/// What counts packets of known flows.
type Counter = Box<dyn FnMut(&[(Port, Packet)])>;

/// Prints what a packet costs with `flows` open flows, each way one.
pub fn contest(net: &Net, name: &str, flows: usize) {
    let pipeline = established(net, flows / 2);
    let ports = [port(&pipeline, "client"), port(&pipeline, "server")];
    let contestants: [(&str, Counter); 4] = [
        ("flow-table-hit", one_by_one(pipeline)),
        ("flow-table-hit-batched", batched(established(net, flows / 2))),
        ("plain-map-hit", plain(flows)),
        ("plain-map-hit-batched", plain_batched(flows)),
    ];
    let (names, mut counters): (Vec<_>, Vec<_>) = contestants.into_iter().unzip();
    let best = measure(&mut counters, flows, ports);
    for (contestant, ns) in names.iter().zip(&best) {
        show(&format!("{contestant}-{name}"), *ns, "ns");
    }
    let [single, batched, plain, plain_batched] = best[..] else { unreachable!("four were measured") };
    show(&format!("flow-table-to-plain-map-{name}"), single / plain, "ratio");
    show(&format!("flow-table-batched-to-plain-map-{name}"), batched / plain, "ratio");
    show(&format!("flow-table-batched-to-plain-map-batched-{name}"), batched / plain_batched, "ratio");
}

/// The fewest nanoseconds a packet that each took in a round.
fn measure(counters: &mut [Counter], flows: usize, ports: [Port; 2]) -> Vec<f64> {
    let (mut ids, mut best) = (Ids::new(9), vec![f64::MAX; counters.len()]);
    for _ in 0..TURNS {
        for (counter, best) in counters.iter_mut().zip(&mut best) {
            for _ in 0..ROUNDS {
                let packets: Vec<_> = (0..PACKETS).map(|_| random(&mut ids, flows, ports)).collect();
                *best = best.min(time(counter, &packets));
            }
        }
    }
    best
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn time(counter: &mut Counter, packets: &[(Port, Packet)]) -> f64 {
    let start = Instant::now();
    counter(packets);
    start.elapsed().as_nanos() as f64 / packets.len() as f64
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

fn one_by_one(mut pipeline: Pipeline) -> Counter {
    Box::new(move |packets| {
        for (from, packet) in packets {
            black_box(pipeline.forward(*from, packet, NOW));
        }
    })
}

fn batched(mut pipeline: Pipeline) -> Counter {
    let mut verdicts: Vec<Verdict> = Vec::new();
    Box::new(move |packets| {
        for batch in packets.chunks(BATCH) {
            verdicts.clear();
            pipeline.forward_batch(batch, NOW, &mut verdicts);
            black_box(&verdicts);
        }
    })
}

/// What a look-up and two additions cost without anything around them.
fn plain(flows: usize) -> Counter {
    let mut map = plain_map(flows);
    Box::new(move |packets| {
        for (_, packet) in packets {
            count(&mut map, packet);
        }
    })
}

/// The same, with the entries of a batch read before any is counted in.
fn plain_batched(flows: usize) -> Counter {
    let mut map = plain_map(flows);
    Box::new(move |packets| {
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
