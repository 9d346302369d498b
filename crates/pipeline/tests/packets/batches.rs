//! A batch of packets is the same as the packets one by one.

use crate::net::Net;
use crate::random::{Rng, network, random_packet};
use proptest::prelude::*;
use weir_model::Nanos;
use weir_pipeline::oracle::Place;
use weir_pipeline::{Compiled, Limits, Packet, Pipeline, Port, Sighting, Skipped, Verdict};

const BATCHES: usize = 40;
/// So few that full tables, and searches of them in the middle of a batch, come up.
const SMALL: Limits = Limits { flows: 24, refused: 6, pending: 30 };

/// Two pipelines that get the same packets.
struct Twins {
    batched: Pipeline,
    single: Pipeline,
    now: Nanos,
}

impl Twins {
    fn new(net: &Net, limits: Limits) -> Twins {
        let pipeline = || Pipeline::with_limits(Compiled::build(&net.network), 1, limits);
        Twins { batched: pipeline(), single: pipeline(), now: Nanos(1_000_000_000_000) }
    }

    fn send(&mut self, packets: &[(Port, Packet)]) {
        let mut verdicts = Vec::new();
        self.batched.forward_batch(packets, self.now, &mut verdicts);
        let one_by_one: Vec<Verdict> =
            packets.iter().map(|(from, packet)| self.single.forward(*from, packet, self.now)).collect();
        assert_eq!(verdicts, one_by_one, "{packets:#?}");
    }

    fn close_window(&mut self) {
        let accounts = |pipeline: &mut Pipeline, now| -> (Vec<Sighting>, Vec<Skipped>) {
            let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
            pipeline.close_window(now, &mut sightings);
            pipeline.drain_skipped(&mut skipped);
            (sightings, skipped)
        };
        assert_eq!(accounts(&mut self.batched, self.now), accounts(&mut self.single, self.now));
        assert_eq!(self.batched.flow_count(), self.single.flow_count());
    }
}

/// New packets and ones that came before, of one flow too, in no order of families.
fn batch(
    rng: &mut Rng,
    net: &Net,
    compiled: &Compiled,
    sent: &mut Vec<(Port, Packet)>,
) -> Vec<(Port, Packet)> {
    let mut packets = Vec::new();
    for _ in 0..1 + rng.below(90) {
        if !sent.is_empty() && rng.chance(60) {
            packets.push(sent[rng.below(sent.len())]);
            continue;
        }
        let (from, packet) = random_packet(rng, net);
        let from = match from {
            Place::Internet => Port::Internet,
            Place::Endpoint(id) => Port::Endpoint(compiled.gateway_of(id).expect("it has it")),
            Place::Interface(id) => Port::Interface(compiled.index_of(id).expect("it has it")),
        };
        sent.push((from, packet));
        packets.push((from, packet));
    }
    packets
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_is_its_packets_one_by_one(seed in any::<u64>().no_shrink()) {
        let mut rng = Rng::new(seed);
        let net: Net = network(&mut rng).parse().expect("a network");
        let compiled = Compiled::build(&net.network);
        let limits = if rng.chance(50) { SMALL } else { Limits::default() };
        let (mut twins, mut sent) = (Twins::new(&net, limits), Vec::new());
        for _ in 0..BATCHES {
            twins.send(&batch(&mut rng, &net, &compiled, &mut sent));
            twins.now = twins.now.plus(rng.pick(&[0, 1_000, 2_000_000_000, 61_000_000_000]));
            if rng.chance(20) {
                twins.close_window();
            }
        }
        twins.close_window();
    }
}

#[test]
fn a_batch_from_no_port_of_the_network_is_dropped() {
    let (mut rng, net) = (Rng::new(1), network(&mut Rng::new(1)).parse::<Net>().expect("a network"));
    let compiled = Compiled::build(&net.network);
    let packets = batch(&mut rng, &net, &compiled, &mut Vec::new());
    let mut twins = Twins::new(&net, Limits::default());
    for pipeline in [&mut twins.batched, &mut twins.single] {
        pipeline.update(Compiled::build(&weir_model::Network::default()));
    }
    twins.send(&packets);
}
