//! Gateways that remember who opened a connection: NAT gateways and egress-only internet gateways.
//!
//! Which free port a NAT gateway takes nobody documents: the caller says which was seen, and it must have been free.
//! Source: VPC User Guide, "NAT gateway basics" (TCP, UDP and ICMP; ports 1024 to 65535; 350 seconds idle), "Enable outbound
//! IPv6 traffic using an egress-only internet gateway"; EC2 User Guide, "Security group connection tracking".

use super::conversation::{Ends, arriving_ends, leaving_ends};
use super::{
    Fate, INTERNET, Oracle, Place, Sent, acl_allows, best_target, fits, in_subnet, in_vpc, is_global, owner,
    private_of, public_of,
};
use crate::legs::LEGS_MAX;
use crate::packet::{ACK, Fragment, Packet, SYN, Tuple};
use crate::verdict::Reason;
use std::net::IpAddr;
use weir_model::group::Direction;
use weir_model::interface::{Interface, InterfaceKind};
use weir_model::nat_gateway::{NatGateway, NatState};
use weir_model::route::Target;
use weir_model::subnet::Subnet;
use weir_model::{EgressOnlyGatewayId, InterfaceId, Nanos, NatGatewayId, Network, Protocol, VpcId};

/// How long a connection may be idle.
const IDLE_NS: u64 = 350 * 1_000_000_000;

/// The packets of a connection that leave, at one side of a gateway.
type Line = Ends;

/// A connection through a gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    gate: InterfaceId,
    inside: Line,
    outside: Line,
    last: Nanos,
}

impl Passage {
    /// The interface that it leads through.
    pub(super) fn gate(&self) -> InterfaceId {
        self.gate
    }
}

/// The local end of a line: its address, and its port or identifier.
fn near(line: Line) -> (IpAddr, u16) {
    (line.0, if Protocol(line.2).is_icmp() { line.5 } else { line.3 })
}

/// A line with another local end.
fn with_near(line: Line, (address, number): (IpAddr, u16)) -> Line {
    match Protocol(line.2).is_icmp() {
        true => (address, line.1, line.2, line.3, line.4, number),
        false => (address, line.1, line.2, number, line.4, line.5),
    }
}

/// The NAT gateway behind an interface.
pub(super) fn nat_of(network: &Network, interface: InterfaceId) -> Option<&NatGateway> {
    network.nat_gateways.iter().find(|nat| nat.interface() == Some(interface))
}

/// The NAT gateway that a route of `vpc` leads to, unless that is a blackhole.
pub(super) fn open_nat(network: &Network, vpc: VpcId, id: NatGatewayId) -> Option<&NatGateway> {
    let nat = network.nat_gateways.get(&id).filter(|nat| nat.vpc == vpc)?;
    let opens = matches!(nat.state, NatState::Pending(None) | NatState::Available);
    let has_gate = nat.interface().is_some_and(|gate| network.interfaces.has(&gate));
    (opens && (has_gate || nat.regional().is_some())).then_some(nat)
}

/// The interface of a gateway; a regional one that is not spelled out for the sender has none.
pub(super) fn zonal_gate<'a>(network: &'a Network, nat: &NatGateway) -> Result<&'a Interface, Fate> {
    let gate = nat.interface().and_then(|gate| network.interfaces.get(&gate));
    gate.ok_or(Fate::Drop(Reason::NatZone))
}

/// Whether a route of `vpc` to an egress-only internet gateway leads there.
pub(super) fn is_egress_only(network: &Network, vpc: VpcId, id: EgressOnlyGatewayId) -> bool {
    network.egress_only_gateways.get(&id).is_some_and(|gateway| gateway.vpc == vpc)
}

/// Whether the packet is for an interface endpoint, in the VPC of the sender or in one that its route leads to by peering.
pub(super) fn is_for_endpoint(network: &Network, subnet: &Subnet, sent: Sent) -> bool {
    let stays = in_subnet(subnet, sent.destination);
    let vpc = match best_target(network, subnet, sent.destination).filter(|_| !stays) {
        None | Some(Target::Local) => Some(subnet.vpc),
        Some(Target::Peering(id)) => network.peerings.get(&id).map(|peering| {
            if peering.requester.vpc == subnet.vpc { peering.accepter.vpc } else { peering.requester.vpc }
        }),
        Some(_) => None,
    };
    let interface = vpc.and_then(|vpc| owner(network, vpc, sent.destination));
    interface.is_some_and(|interface| interface.kind == InterfaceKind::VpcEndpoint)
}

/// Whether the route of a subnet leads to a gateway whose connections are always tracked.
pub(super) fn leads_to_gate(network: &Network, subnet: &Subnet, sent: Sent) -> bool {
    match best_target(network, subnet, sent.destination) {
        Some(Target::NatGateway(id)) => open_nat(network, subnet.vpc, id).is_some(),
        Some(Target::EgressOnlyGateway(id)) => is_egress_only(network, subnet.vpc, id),
        _ => false,
    }
}

impl Oracle {
    fn passage(&self, gate: InterfaceId, now: Nanos, is_it: impl Fn(&Passage) -> bool) -> Option<Passage> {
        let alive = |found: &&Passage| found.gate == gate && now.0.saturating_sub(found.last.0) <= IDLE_NS;
        self.passages.iter().filter(alive).find(|found| is_it(found)).copied()
    }

    /// Remembers the connection of a packet that was delivered.
    pub(super) fn note_passage(&mut self, now: Nanos) {
        let Some(passed) = self.passing.take() else { return };
        let is_same = |found: &Passage| {
            found.gate == passed.gate && (found.inside == passed.inside || found.outside == passed.outside)
        };
        self.passages.retain(|found| !is_same(found));
        self.passages.push(Passage { last: now, ..passed });
    }

    /// Through a NAT gateway, and on from there.
    pub(super) fn nat_out(
        &mut self,
        network: &Network,
        sender: &Interface,
        (nat, gate): (&NatGateway, &Interface),
        sent: Sent,
    ) -> Result<Fate, Fate> {
        self.pass_in(network, gate, sent, gate.subnet != sender.subnet)?;
        if nat.state != NatState::Available {
            return Err(Fate::Drop(Reason::NatNotAvailable));
        }
        if sent.quoted.is_none() {
            speaks(sent)?;
        }
        carries(sent)?;
        let seen = self.seen.pop_front();
        let (outside, quoted) = match sent.quoted {
            Some(quoted) => self.error_out(gate, sent, quoted)?,
            None => (self.opened(nat, gate, (sent, seen))?, None),
        };
        let (source, number) = near(outside);
        let mut packet = Packet { source, ..*sent.packet };
        match packet.protocol.is_icmp() {
            true => packet.identifier = number,
            false => packet.source_port = number,
        }
        let sent = Sent {
            packet: &packet,
            source,
            quoted,
            hops: sent.hops + 1,
            legs: sent.legs + 1,
            tracks: true,
            through: true,
            ..sent
        };
        self.go_on(network, gate, sent)
    }

    /// As what a packet goes on; it must belong to a connection, or open one.
    fn opened(
        &mut self,
        nat: &NatGateway,
        gate: &Interface,
        (sent, seen): (Sent, Option<u16>),
    ) -> Result<Line, Fate> {
        let (packet, inside) = (sent.packet, leaving_ends(sent));
        let known = self.passage(gate.id, sent.now, |found| found.inside == inside);
        if let Some(known) = known.filter(|known| gate.owns(near(known.outside).0)) {
            self.passing = Some(known);
            return Ok(known.outside);
        }
        if packet.protocol == Protocol::TCP && packet.tcp_flags & (SYN | ACK) != SYN {
            return Err(Fate::Drop(Reason::NatIdle));
        }
        if is_icmp(packet, &ANSWERS) {
            return Err(Fate::Drop(Reason::NatUnsolicited));
        }
        let own = nat.addresses.first().and_then(|address| address.private);
        let own = own.ok_or(Fate::Drop(Reason::NatPortsExhausted))?;
        let number = seen.unwrap_or(near(inside).1);
        let outside = with_near(inside, (own.into(), number));
        let is_taken = self.passage(gate.id, sent.now, |found| found.outside == outside).is_some();
        if is_taken || (seen.is_some() && packet.protocol.has_ports() && number < 1024) {
            return Err(Fate::Drop(Reason::NatPortsExhausted));
        }
        self.passing = Some(Passage { gate: gate.id, inside, outside, last: sent.now });
        Ok(outside)
    }

    /// An ICMP error from inside, about a packet that came in through the gateway.
    fn error_out(&self, gate: &Interface, sent: Sent, quoted: Tuple) -> Result<(Line, Option<Tuple>), Fate> {
        let packet = quoting(quoted);
        let about = arriving_ends(about(&packet, sent));
        let found = self.passage(gate.id, sent.now, |found| found.inside == about);
        let (destination, destination_port) = near(found.ok_or(Fate::Drop(Reason::NatUnsolicited))?.outside);
        let own = with_near(leaving_ends(sent), (destination, near(leaving_ends(sent)).1));
        Ok((own, Some(Tuple { destination, destination_port, ..quoted })))
    }

    /// Into a NAT gateway: only what belongs to a connection from behind it goes on.
    pub(super) fn nat_in(
        &mut self,
        network: &Network,
        (nat, gate): (&NatGateway, &Interface),
        sent: Sent,
        border: bool,
    ) -> Result<Fate, Fate> {
        self.pass_in(network, gate, sent, border)?;
        if nat.state != NatState::Available {
            return Err(Fate::Drop(Reason::NatNotAvailable));
        }
        carries(sent)?;
        let unsolicited = Fate::Drop(Reason::NatUnsolicited);
        let mut packet = *sent.packet;
        let mut quoted = sent.quoted;
        if let Some(tuple) = &mut quoted {
            let packet = quoting(*tuple);
            let about = leaving_ends(about(&packet, sent));
            let found = self.passage(gate.id, sent.now, |found| found.outside == about);
            (tuple.source, tuple.source_port) = near(found.ok_or(unsolicited)?.inside);
            self.passing = None;
        } else {
            let outside = arriving_ends(sent);
            let found = self.passage(gate.id, sent.now, |found| found.outside == outside);
            let found = found.filter(|_| !sent.through).ok_or(unsolicited)?;
            let (destination, number) = near(found.inside);
            packet.destination = destination;
            match packet.protocol.is_icmp() {
                true => packet.identifier = number,
                false => packet.destination_port = number,
            }
            self.passing = Some(found);
        }
        let destination = quoted.map_or(packet.destination, |tuple| tuple.source);
        packet.destination = destination;
        let (hops, legs) = (sent.hops + 1, sent.legs + 1);
        let sent = Sent { packet: &packet, destination, quoted, hops, legs, tracks: true, ..sent };
        self.go_on(network, gate, sent)
    }

    /// Into a managed interface: the ACL at the border, no groups.
    fn pass_in(&mut self, network: &Network, gate: &Interface, sent: Sent, border: bool) -> Result<(), Fate> {
        fits(sent)?;
        if sent.packet.ttl <= sent.hops || sent.legs >= LEGS_MAX {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        let subnet = network.subnets.get(&gate.subnet).ok_or(Fate::Drop(Reason::NoInterface))?;
        let allowed = !border || acl_allows(network, subnet, sent, Direction::Ingress);
        self.account(gate.id, sent, Direction::Ingress, allowed);
        if allowed { Ok(()) } else { Err(Fate::Drop(Reason::AclIngress)) }
    }

    /// Out of a managed interface, to a neighbour or by its subnet's routes.
    fn go_on(&mut self, network: &Network, gate: &Interface, sent: Sent) -> Result<Fate, Fate> {
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        let subnet = network.subnets.get(&gate.subnet).ok_or(Fate::Drop(Reason::NoInterface))?;
        let stays = in_subnet(subnet, sent.destination);
        let neighbour = owner(network, gate.vpc, sent.destination);
        if stays && neighbour.is_none() {
            return Err(Fate::Drop(Reason::NoNeighbour));
        }
        let allowed = stays || acl_allows(network, subnet, sent, Direction::Egress);
        self.account(gate.id, sent, Direction::Egress, allowed);
        let sent = Sent { legs: sent.legs + 1, ..sent };
        match allowed {
            false => Err(Fate::Drop(Reason::AclEgress)),
            true if stays => self.arrive(network, neighbour, sent, None, Reason::NoNeighbour),
            true => self.route(network, (gate, subnet), sent),
        }
    }

    /// Out through an egress-only internet gateway, which remembers the connection.
    pub(super) fn egress_only_out(
        &mut self,
        network: &Network,
        sender: &Interface,
        sent: Sent,
    ) -> Result<Fate, Fate> {
        if sent.source.is_ipv4() {
            return Err(Fate::Drop(Reason::Blackhole));
        }
        if !is_global(sent.destination) || in_vpc(network, sender.vpc, sent.destination) {
            return Err(Fate::Drop(Reason::PrivateDestination));
        }
        let gate = owner(network, sender.vpc, sent.source);
        let gate = gate.filter(|_| public_of(network, sender.vpc, sent.source).is_some());
        let gate = gate.ok_or(Fate::Drop(Reason::NoPublicAddress))?.id;
        if sent.quoted.is_none() {
            let line = leaving_ends(sent);
            self.passing = Some(Passage { gate, inside: line, outside: line, last: sent.now });
        }
        let sent = Sent { hops: sent.hops + 1, tracks: false, ..sent };
        self.leave_network(network, sent)
    }

    /// From a gateway to the internet, or to who has the destination for a public address.
    pub(super) fn leave_network(&mut self, network: &Network, sent: Sent) -> Result<Fate, Fate> {
        let sent = sent.within(INTERNET);
        if private_of(network, sent.destination).is_some() {
            return self.enter(network, sent);
        }
        fits(sent)?;
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        let Sent { source, destination, hops, .. } = sent;
        Ok(Fate::Deliver { to: Place::Internet, source, destination, hops })
    }

    /// In through an egress-only internet gateway: only what belongs to a connection that went out by it.
    pub(super) fn egress_only_in(
        &mut self,
        network: &Network,
        receiver: &Interface,
        sent: Sent,
    ) -> Result<Fate, Fate> {
        let outside = match sent.quoted {
            Some(quoted) => leaving_ends(about(&quoting(quoted), sent)),
            None => arriving_ends(sent),
        };
        let found = self.passage(receiver.id, sent.now, |found| found.outside == outside);
        let found = found.ok_or(Fate::Drop(Reason::EgressOnlyUnsolicited))?;
        let is_error = sent.quoted.is_some();
        self.passing = Some(found).filter(|_| !is_error);
        self.arrive_from(network, receiver, Sent { tracks: !is_error, ..sent }, true)
    }
}

/// Types of ICMP that ask for something, and those that answer them.
const QUERIES: [u8; 5] = [8, 13, 15, 17, 10];
const ANSWERS: [u8; 5] = [0, 14, 16, 18, 9];

fn is_icmp(packet: &Packet, types: &[u8]) -> bool {
    packet.protocol == Protocol::ICMP && types.contains(&packet.icmp.0)
}

/// TCP, UDP and ICMP pass, over IPv4, whether they are fragments or not.
fn speaks(sent: Sent) -> Result<(), Fate> {
    let packet = sent.packet;
    let is_spoken = packet.protocol.has_ports() || is_icmp(packet, &QUERIES) || is_icmp(packet, &ANSWERS);
    match sent.source.is_ipv4() && is_spoken {
        true => Ok(()),
        false => Err(Fate::Drop(Reason::NatProtocol)),
    }
}

/// Of fragments only those of UDP pass.
fn carries(sent: Sent) -> Result<(), Fate> {
    let is_fragment = sent.cut.is_some() || sent.packet.fragment != Fragment::Whole;
    match is_fragment && sent.packet.protocol != Protocol::UDP {
        true => Err(Fate::Drop(Reason::NatFragment)),
        false => Ok(()),
    }
}

/// The packet that an ICMP error quotes. Of ICMP only queries for an echo are quoted.
pub(super) fn quoting(quoted: Tuple) -> Packet {
    let (icmp, identifier) = match quoted.protocol {
        Protocol::ICMP => ((8, 0), quoted.source_port),
        Protocol::ICMPV6 => ((128, 0), quoted.source_port),
        _ => ((0, 0), 0),
    };
    Packet { icmp, identifier, ..Packet::new(quoted, 0) }
}

/// `packet`, quoted by `sent`, as if it were sent itself.
fn about<'a>(packet: &'a Packet, sent: Sent<'a>) -> Sent<'a> {
    Sent { packet, source: packet.source, destination: packet.destination, quoted: None, ..sent }
}
