//! What holds for every packet in a network with gateways that remember connections, whatever comes in which order.

use crate::net::{Net, Words, id};
use crate::random::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use weir_model::group::Direction;
use weir_model::{InterfaceId, Nanos, Protocol};
use weir_pipeline::packet::{ACK, FIN, RST, SYN};
use weir_pipeline::{
    Action, Compiled, PASSAGE_IDLE_S, Packet, Pipeline, Port, Sighting, Step, Tuple, Verdict,
};

const NET: &str = include_str!("../../fixtures/packets/nat.net");
const SECOND: u64 = 1_000_000_000;
const HOSTS: &[&str] = &["client", "second", "odd", "edgy", "server"];
const PORTS: &[u16] = &[80, 443, 1024, 40_000, 40_001];
const OUTSIDE: &[&str] = &["203.0.113.5", "203.0.113.6", "2a00::1", "2a00::2"];
/// Hosts that can only be reached through a gateway that lets nothing in.
const HIDDEN: &[&str] = &["client", "second"];

/// Packets by interface, direction and action.
type Counts = BTreeMap<(InterfaceId, Direction, Action), u64>;

struct Run {
    rng: Rng,
    net: Net,
    pipeline: Pipeline,
    now: Nanos,
    /// What the explanations said that interfaces saw.
    told: Counts,
    /// What has been delivered to the internet, and when it or its answers last were.
    sent: BTreeMap<Tuple, Nanos>,
    /// Packets delivered to hosts or the internet, where and as what: to be answered.
    arrived: Vec<(Port, Packet)>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let net: Net = NET.parse().expect("a network");
        let pipeline = Pipeline::new(Compiled::build(&net.network), seed);
        Run {
            rng: Rng::new(seed),
            net,
            pipeline,
            now: Nanos(1_000 * SECOND),
            told: Counts::new(),
            sent: BTreeMap::new(),
            arrived: Vec::new(),
        }
    }

    fn host(&self, name: &str) -> Port {
        Port::Interface(self.pipeline.compiled().index_of(id(name)).expect("the host"))
    }

    /// A packet from a host or the internet: a new one, or the answer to one that arrived.
    fn choose(&mut self) -> (Port, Packet) {
        if !self.arrived.is_empty() && self.rng.chance(40) {
            let (at, packet) = self.arrived[self.rng.below(self.arrived.len())];
            let kind = if packet.icmp.0 == 8 { 0 } else { packet.icmp.0 };
            let tcp_flags = self.flags(packet.protocol);
            let tuple = packet.tuple().reversed();
            let answer = Packet { icmp: (kind, 0), identifier: packet.identifier, ..Packet::new(tuple, 40) };
            return (at, Packet { tcp_flags, ..answer });
        }
        let six = self.rng.chance(25);
        let name = self.rng.pick(HOSTS);
        let inside = self.net.address(&if six && name != "odd" && name != "server" {
            format!("{name}.v6")
        } else {
            name.to_owned()
        });
        let outside = self.address(inside.is_ipv6());
        match self.rng.chance(70) {
            true => (self.host(name), self.packet(inside, outside)),
            false => {
                let to = self.public(inside);
                (Port::Internet, self.packet(outside, to))
            }
        }
    }

    fn address(&mut self, six: bool) -> IpAddr {
        loop {
            let address: IpAddr = self.rng.pick(OUTSIDE).parse().expect("an address");
            if address.is_ipv6() == six {
                return address;
            }
        }
    }

    /// An address that a stranger would try.
    fn public(&mut self, inside: IpAddr) -> IpAddr {
        if inside.is_ipv6() {
            return inside;
        }
        let text = self.rng.pick(&["198.51.100.220", "198.51.100.220", "198.51.100.230", "198.51.100.10"]);
        text.parse().expect("an address")
    }

    fn packet(&mut self, source: IpAddr, destination: IpAddr) -> Packet {
        let protocol = match self.rng.below(4) {
            0 | 1 => Protocol::TCP,
            2 => Protocol::UDP,
            _ if source.is_ipv6() => Protocol::ICMPV6,
            _ => Protocol::ICMP,
        };
        let mut port = || if protocol.has_ports() { self.rng.pick(PORTS) } else { 0 };
        let (source_port, destination_port) = (port(), port());
        let tuple = Tuple { source, destination, protocol, source_port, destination_port };
        let mut packet = Packet::new(tuple, 40 + self.rng.below(1000) as u32);
        packet.tcp_flags = self.flags(protocol);
        if protocol.is_icmp() {
            packet.icmp = (if source.is_ipv6() { 128 } else { 8 }, 0);
            packet.identifier = self.rng.pick(&[1, 2]);
        }
        packet
    }

    fn flags(&mut self, protocol: Protocol) -> u8 {
        match protocol {
            Protocol::TCP => self.rng.pick(&[SYN, SYN, SYN | ACK, ACK, ACK, FIN | ACK, RST]),
            _ => 0,
        }
    }

    fn send(&mut self) {
        let (from, packet) = self.choose();
        let explanation = self.pipeline.explain(from, &packet, self.now);
        let verdict = self.pipeline.forward(from, &packet, self.now);
        assert_eq!(explanation.verdict, verdict, "{}: explained otherwise: {explanation}", packet.tuple());
        for step in &explanation.steps {
            if let Step::Sighted { interface, direction, action } = step {
                *self.told.entry((*interface, *direction, *action)).or_default() += 1;
            }
        }
        let Verdict::Deliver(there) = verdict else { return };
        let (source_port, destination_port) = (there.source_port, there.destination_port);
        let tuple = Tuple {
            source: there.source,
            destination: there.destination,
            source_port,
            destination_port,
            ..packet.tuple()
        };
        let is_icmp = packet.protocol.is_icmp();
        if there.to == Port::Internet {
            self.sent.insert(tuple, self.now);
        } else if from == Port::Internet {
            self.check_solicited(&packet, there.to);
        }
        let ports = if is_icmp { (0, 0) } else { (source_port, destination_port) };
        let tuple = Tuple { source_port: ports.0, destination_port: ports.1, ..tuple };
        let identifier = if is_icmp { source_port } else { 0 };
        self.arrived.push((there.to, Packet { icmp: packet.icmp, identifier, ..Packet::new(tuple, 40) }));
        if self.arrived.len() > 20 {
            self.arrived.remove(0);
        }
    }

    /// Whatever reaches a hidden host from the internet answers something that went out from behind its gateway lately.
    fn check_solicited(&mut self, packet: &Packet, to: Port) {
        if !HIDDEN.iter().any(|name| self.host(name) == to) {
            return;
        }
        let mut asked = packet.tuple().reversed();
        if packet.protocol.is_icmp() {
            asked.source_port = packet.identifier;
        }
        let now = self.now;
        let last = self.sent.get_mut(&asked).unwrap_or_else(|| panic!("nobody has sent {asked}"));
        let idle_ns = now.0 - last.0;
        assert!(idle_ns <= u64::from(PASSAGE_IDLE_S) * SECOND, "{asked} was idle for {idle_ns} ns");
        *last = now;
    }

    fn change(&mut self) {
        let (acl, entry) = (self.rng.pick(&["edge", "inner"]), self.rng.pick(&["in", "out"]));
        let traffic = self.rng.pick(&["tcp:80", "udp", "icmp", "tcp:40000-40001"]);
        match self.rng.chance(50) {
            true => self.net.add_entry(acl, Words::new(&format!("{entry} 50 deny {traffic} 0.0.0.0/0"))),
            false => {
                let acl = self.net.network.acls.get_mut(&id(acl)).expect("the ACL");
                acl.entries.retain(|entry| entry.number != 50);
            }
        }
        self.pipeline.update(Compiled::build(&self.net.network));
    }

    fn wait(&mut self) {
        let seconds = self.rng.pick(&[0, 0, 0, 1, 5, 40, 100, u64::from(PASSAGE_IDLE_S) + 1]);
        let seconds = if self.rng.chance(90) { 0 } else { seconds };
        self.now = self.now.plus(seconds * SECOND);
    }

    fn close_window(&mut self) {
        let mut sightings: Vec<Sighting> = Vec::new();
        self.pipeline.close_window(self.now, &mut sightings);
        let mut found = Counts::new();
        for sighting in &sightings {
            let at = (sighting.interface, sighting.direction, sighting.action);
            *found.entry(at).or_default() += sighting.packets;
            let is_seen = sighting.first <= sighting.last && sighting.last <= self.now;
            assert!(is_seen && sighting.packets > 0, "{sighting:?}");
        }
        assert_eq!(found, std::mem::take(&mut self.told));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every packet is counted at every interface it passed, legs included, and nothing hidden is reached unasked.
    #[test]
    fn packets_are_conserved_over_legs_and_nothing_unsolicited_passes(seed in any::<u64>().no_shrink()) {
        let mut run = Run::new(seed);
        for step in 0..1_000 {
            if step % 60 == 59 {
                run.change();
            }
            if step % 97 == 96 {
                run.close_window();
            }
            run.wait();
            run.send();
        }
        run.close_window();
    }

    /// No two connections share an address and port towards one destination at the same time.
    #[test]
    fn connections_never_share_a_port(seed in any::<u64>().no_shrink()) {
        let mut run = Run::new(seed);
        let mut owners: BTreeMap<Tuple, (Port, Tuple)> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for _ in 0..500 {
            let name = run.rng.pick(HIDDEN);
            let (inside, outside) = (run.net.address(name), run.address(false));
            let (from, mut packet) = (run.host(name), run.packet(inside, outside));
            packet.tcp_flags &= !(FIN | RST | ACK);
            let Verdict::Deliver(there) = run.pipeline.forward(from, &packet, run.now) else { continue };
            let Delivered { tuple, own } = Delivered::new(&packet, &there);
            let owner = *owners.entry(tuple).or_insert((from, own));
            prop_assert_eq!(owner, (from, own), "{} is shared", tuple);
            seen.insert(tuple);
        }
        prop_assert!(seen.len() > 20);
    }
}

/// A packet as it left a gateway, and as it was sent; the identifier of a ping stands for its source port.
struct Delivered {
    tuple: Tuple,
    own: Tuple,
}

impl Delivered {
    fn new(packet: &Packet, there: &weir_pipeline::Delivery) -> Delivered {
        let mut own = packet.tuple();
        if packet.protocol.is_icmp() {
            own.source_port = packet.identifier;
        }
        let tuple = Tuple {
            source: there.source,
            destination: there.destination,
            source_port: there.source_port,
            destination_port: there.destination_port,
            ..own
        };
        Delivered { tuple, own }
    }
}
