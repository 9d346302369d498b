//! What holds for every network and packet.

use crate::net::{Net, Words};
use crate::random::{Rng, network, random_entry, random_packet, random_rule};
use proptest::prelude::*;
use weir_model::group::Direction;
use weir_model::peering::PeeringStatus;
use weir_model::protocol::Traffic;
use weir_model::{Cidr, Network, VpcId};
use weir_pipeline::oracle::Place;
use weir_pipeline::{Compiled, Explanation, Packet, Port, Step, Verdict};

const PACKETS: usize = 100;

fn net(rng: &mut Rng) -> Net {
    network(rng).parse().expect("a network")
}

/// What becomes of `packet` without any connection.
fn explain(compiled: &Compiled, from: Place, packet: &Packet) -> Explanation {
    let port = match from {
        Place::Internet => Port::Internet,
        Place::Endpoint(id) => Port::Endpoint(compiled.gateway_of(id).expect("an endpoint of the network")),
        Place::Interface(id) => Port::Interface(compiled.index_of(id).expect("an interface of the network")),
    };
    compiled.explain(port, packet)
}

fn is_delivered(explanation: &Explanation) -> bool {
    matches!(explanation.verdict, Verdict::Deliver(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_group_rule_never_turns_deliver_into_drop(seed in any::<u64>().no_shrink()) {
        let mut rng = Rng::new(seed);
        let mut net = net(&mut rng);
        let before = Compiled::build(&net.network);
        let (group, rule) = (format!("s{}{}", rng.below(3), rng.below(3)), random_rule(&mut rng));
        net.add_rule(&group, Words::new(&rule));
        let after = Compiled::build(&net.network);
        for _ in 0..PACKETS {
            let (from, packet) = random_packet(&mut rng, &net);
            if is_delivered(&explain(&before, from, &packet)) {
                let now = explain(&after, from, &packet);
                prop_assert!(is_delivered(&now), "{group} {rule}: {} {now}", packet.tuple());
            }
        }
    }

    #[test]
    fn acl_entries_count_by_their_numbers_not_their_places(seed in any::<u64>().no_shrink()) {
        let mut rng = Rng::new(seed);
        let mut net = net(&mut rng);
        let before = Compiled::build(&net.network);
        let acls: Vec<_> = net.network.acls.iter().map(|acl| acl.id).collect();
        for acl in acls {
            net.network.acls.get_mut(&acl).expect("listed above").entries.reverse();
        }
        let after = Compiled::build(&net.network);
        for _ in 0..PACKETS {
            let (from, packet) = random_packet(&mut rng, &net);
            prop_assert_eq!(explain(&before, from, &packet), explain(&after, from, &packet));
        }
    }

    /// An entry with a number above all that decide changes nothing; in front of all it decides.
    #[test]
    fn the_lowest_acl_entry_that_matches_decides(seed in any::<u64>().no_shrink()) {
        let mut rng = Rng::new(seed);
        let mut net = net(&mut rng);
        let before = Compiled::build(&net.network);
        for acl in ["a00", "a10", "a20", "v0-open"] {
            if net.network.acls.has(&crate::net::id(acl)) {
                net.add_entry(acl, Words::new(&random_entry(&mut rng, 300)));
            }
        }
        let after = Compiled::build(&net.network);
        for acl in ["a00", "a10", "a20"] {
            net.add_entry(acl, Words::new("in 1 deny all 0.0.0.0/0"));
        }
        let denied = Compiled::build(&net.network);
        for _ in 0..PACKETS {
            let (from, packet) = random_packet(&mut rng, &net);
            prop_assert_eq!(explain(&before, from, &packet).verdict, explain(&after, from, &packet).verdict);
            let explanation = explain(&denied, from, &packet);
            let passed_the_first = explanation.steps.iter().any(|step| {
                matches!(step, Step::Acl { number, direction: Direction::Ingress, acl, .. }
                    if *number != Some(1) && packet.source.is_ipv4()
                        && ["a00", "a10", "a20"].iter().any(|name| *acl == crate::net::id(name)))
            });
            prop_assert!(!passed_the_first, "{explanation}");
        }
    }

    /// Whatever the routes say, a packet crosses at most one peering connection, and only between its two VPCs.
    #[test]
    fn peering_is_not_transitive(seed in any::<u64>().no_shrink()) {
        let mut rng = Rng::new(seed);
        let mut net = net(&mut rng);
        open_everything(&mut net);
        let compiled = Compiled::build(&net.network);
        for _ in 0..PACKETS {
            let (from, packet) = random_packet(&mut rng, &net);
            let explanation = explain(&compiled, from, &packet);
            let crossed: Vec<_> = explanation.steps.iter().filter_map(peering_of).collect();
            prop_assert!(crossed.len() <= 1, "{explanation}");
            let (Verdict::Deliver(delivery), [id]) = (explanation.verdict, &crossed[..]) else { continue };
            let peering = net.network.peerings.get(id).expect("it was crossed");
            prop_assert_eq!(peering.status, PeeringStatus::Active);
            let sides = [peering.requester.vpc, peering.accepter.vpc];
            let ends = [packet.source, delivery.destination].map(|address| vpc_with(&net.network, address));
            prop_assert!(sides.iter().all(|side| ends.contains(&Some(*side))), "{explanation}");
        }
    }
}

fn peering_of(step: &Step) -> Option<weir_model::PeeringId> {
    match step {
        Step::Peering(id) => Some(*id),
        _ => None,
    }
}

fn vpc_with(network: &Network, address: std::net::IpAddr) -> Option<VpcId> {
    let has = |vpc: &&weir_model::vpc::Vpc| {
        let v4 = vpc.cidrs.iter().any(|block| Cidr::V4(block.cidr).contains(address));
        v4 || vpc.ipv6_cidrs.iter().any(|block| Cidr::V6(block.cidr).contains(address))
    };
    network.vpcs.iter().find(has).map(|vpc| vpc.id)
}

/// Takes groups and ACLs out of the way, so that routes decide.
fn open_everything(net: &mut Net) {
    let acls: Vec<_> = net.network.acls.iter().map(|acl| acl.id).collect();
    for acl in acls {
        for entry in &mut net.network.acls.get_mut(&acl).expect("listed above").entries {
            (entry.allow, entry.traffic) = (true, Traffic::All);
        }
    }
    let interfaces: Vec<_> = net.network.interfaces.iter().map(|interface| interface.id).collect();
    for interface in interfaces {
        net.network.interfaces.get_mut(&interface).expect("listed above").groups.clear();
    }
}
