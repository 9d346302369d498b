//! What a pipeline does when it is full: it drops as AWS drops, or counts at once; it loses no count silently.

use crate::net::{Net, id};
use crate::rows::accounts;
use weir_model::{Nanos, Protocol};
use weir_pipeline::packet::{ACK, RST, SYN};
use weir_pipeline::{
    CONNECTIONS_MAX, Compiled, FIRST_PORT, FlowCount, Limits, PASSAGE_IDLE_S, Packet, Pipeline, Port, Reason,
    Sighting, Tuple, Verdict,
};

const NET: &str = "
vpc v 10.0.0.0/16
group g v
  in tcp:443 10.0.0.0/16
  out all 10.0.0.0/16
subnet s v 10.0.1.0/24
host client s 10.0.1.10 groups g
host server s 10.0.1.20 groups g
";
const SMALL: Limits = Limits { flows: 10, refused: 5, pending: 8 };
const NOW: Nanos = Nanos(1_000_000_000_000);

struct World {
    pipeline: Pipeline,
    client: Port,
    server: Port,
    now: Nanos,
}

impl World {
    fn new(limits: Limits) -> World {
        let net: Net = NET.parse().expect("a network");
        let pipeline = Pipeline::with_limits(Compiled::build(&net.network), 1, limits);
        let [client, server] = ["client", "server"]
            .map(|host| Port::Interface(pipeline.compiled().index_of(id(host)).expect("the host")));
        World { pipeline, client, server, now: NOW }
    }

    fn send(&mut self, source_port: u16, destination_port: u16, tcp_flags: u8) -> Verdict {
        let packet = Packet { tcp_flags, ..Packet::new(tuple(source_port, destination_port), 40) };
        self.pipeline.forward(self.client, &packet, self.now)
    }

    fn answer(&mut self, source_port: u16, destination_port: u16, tcp_flags: u8) -> Verdict {
        let packet = Packet { tcp_flags, ..Packet::new(tuple(source_port, destination_port).reversed(), 40) };
        self.pipeline.forward(self.server, &packet, self.now)
    }

    fn close_window(&mut self) -> Vec<Sighting> {
        let mut sightings = Vec::new();
        self.pipeline.close_window(self.now, &mut sightings);
        sightings
    }
}

/// A connection of the client to the server.
fn tuple(source_port: u16, destination_port: u16) -> Tuple {
    let (source, destination) = ([10, 0, 1, 10].into(), [10, 0, 1, 20].into());
    Tuple { source, destination, protocol: Protocol::TCP, source_port, destination_port }
}

fn is_delivered(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Deliver(_))
}

#[test]
fn a_full_table_drops_new_connections_and_keeps_old_ones() {
    let mut world = World::new(SMALL);
    for port in 0..5 {
        assert!(is_delivered(world.send(port, 443, SYN)), "each connection is two flows");
    }
    assert_eq!(world.send(5, 443, SYN), Verdict::Drop(Reason::TableFull));
    assert!(is_delivered(world.send(0, 443, ACK)));
    let seen: u64 = world.close_window().iter().map(|sighting| sighting.packets).sum();
    assert_eq!(seen, 12, "six packets at two interfaces; what the full table dropped is not recorded");
}

#[test]
fn connections_that_are_over_make_room() {
    let mut world = World::new(SMALL);
    for port in 0..5 {
        world.send(port, 443, SYN);
    }
    world.now = world.now.plus(61_000_000_000);
    world.close_window();
    assert_eq!(world.pipeline.flow_count(), FlowCount::default());
    assert!(is_delivered(world.send(5, 443, SYN)));
}

#[test]
fn connections_that_had_answers_make_room_as_well() {
    let mut world = World::new(SMALL);
    for port in 0..5 {
        world.send(port, 443, SYN);
        world.answer(port, 443, SYN | ACK);
        world.send(port, 443, ACK);
        world.answer(port, 443, RST);
    }
    world.now = world.now.plus(61_000_000_000);
    world.close_window();
    assert_eq!(world.pipeline.flow_count(), FlowCount::default());
}

#[test]
fn a_scan_evicts_nothing_and_is_counted_packet_by_packet() {
    let mut world = World::new(SMALL);
    world.send(1, 443, SYN);
    for port in 1_000..1_006 {
        assert_eq!(world.send(2, port, SYN), Verdict::Drop(Reason::GroupIngress));
    }
    assert_eq!(world.pipeline.flow_count(), FlowCount { delivered: 2, refused: SMALL.refused });
    assert!(is_delivered(world.send(1, 443, ACK)));
    let sightings = world.close_window();
    assert_eq!(accounts(&sightings).len(), 14, "seven flows at two interfaces");
    assert_eq!(sightings.iter().map(|sighting| sighting.packets).sum::<u64>(), 16);
}

#[test]
fn what_no_sighting_is_kept_for_is_counted_as_skipped() {
    let mut world = World::new(SMALL);
    for port in 1_000..1_100 {
        world.send(2, port, SYN);
    }
    let seen: u64 = world.close_window().iter().map(|sighting| sighting.packets).sum();
    let mut skipped = Vec::new();
    world.pipeline.drain_skipped(&mut skipped);
    let lost: u64 = skipped.iter().map(|skipped| skipped.packets).sum();
    assert_eq!((seen + lost, skipped.len()), (200, 2), "a hundred packets at two interfaces");
    assert_eq!(skipped.iter().map(|skipped| skipped.bytes).sum::<u64>(), lost * 40);
}

#[test]
fn an_index_of_another_network_is_no_port() {
    let mut world = World::new(SMALL);
    world.pipeline.update(Compiled::build(&weir_model::Network::default()));
    assert_eq!(world.send(1, 443, SYN), Verdict::Drop(Reason::UnknownPort));
}

#[test]
fn two_runs_with_different_seeds_see_the_same() {
    let run = |seed| {
        let net: Net = NET.parse().expect("a network");
        let mut world = World::new(SMALL);
        world.pipeline = Pipeline::new(Compiled::build(&net.network), seed);
        for port in 0..100 {
            world.send(port, 400 + port, SYN);
        }
        accounts(&world.close_window())
    };
    assert_eq!(run(1), run(2));
}

const NAT: &str = "
vpc v 10.0.0.0/16
igw g v
table public v
  0.0.0.0/0 igw:g
table private v main
  0.0.0.0/0 nat:nat
subnet p v 10.0.0.0/24 table public
subnet s v 10.0.1.0/24
nat nat p 10.0.0.220 public 198.51.100.220 and 10.0.0.221 public 198.51.100.221
host client s 10.0.1.10 and 10.0.1.11
";

/// A host behind a NAT gateway with two addresses, and the time.
struct Behind {
    pipeline: Pipeline,
    client: Port,
    now: Nanos,
}

impl Behind {
    fn open(&mut self, last: u8, source_port: u16, destination_port: u16) -> Verdict {
        let (source, destination) = ([10, 0, 1, last].into(), [203, 0, 113, 5].into());
        let tuple = Tuple { source, destination, protocol: Protocol::TCP, source_port, destination_port };
        let packet = Packet { tcp_flags: SYN, ..Packet::new(tuple, 40) };
        self.pipeline.forward(self.client, &packet, self.now)
    }
}

/// 55,000 connections for each address, destination and port; after the idle timeout their ports are free again.
#[test]
fn a_nat_gateway_runs_out_of_ports_to_one_destination() {
    let net: Net = NAT.parse().expect("a network");
    let pipeline = Pipeline::new(Compiled::build(&net.network), 1);
    let client = Port::Interface(pipeline.compiled().index_of(id("client")).expect("the host"));
    let mut behind = Behind { pipeline, client, now: NOW };
    let mut used = std::collections::BTreeSet::new();
    for last in [10, 11] {
        for port in 0..CONNECTIONS_MAX as u16 {
            let Verdict::Deliver(there) = behind.open(last, port, 443) else { panic!("{last} {port}") };
            assert!(there.source_port >= FIRST_PORT);
            assert!(used.insert((there.source, there.source_port)), "{there:?} is in use");
        }
    }
    assert!(behind.pipeline.take_exhausted().is_empty());
    assert_eq!(behind.open(10, 60_000, 443), Verdict::Drop(Reason::NatPortsExhausted));
    let told = behind.pipeline.take_exhausted();
    assert_eq!(
        Vec::from_iter(told),
        [net.network.nat_gateways.iter().find_map(|nat| nat.interface()).expect("one")]
    );
    assert!(behind.pipeline.take_exhausted().is_empty(), "it is told once");
    assert!(is_delivered(behind.open(10, 60_000, 444)));
    assert!(is_delivered(behind.open(10, 7, 443)), "open connections go on");
    behind.now = behind.now.plus(u64::from(PASSAGE_IDLE_S + 1) * 1_000_000_000);
    assert!(is_delivered(behind.open(10, 60_000, 443)));
}
