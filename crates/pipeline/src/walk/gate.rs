//! Gateways that remember who opened a connection: NAT gateways, and egress-only internet gateways.
//!
//! A NAT gateway gives a connection one of its addresses and a port, and lets its answers, and errors about its packets,
//! back in; a regional one does so in the zone of the sender. An egress-only internet gateway does so without translating.
//!
//! Assumption: a connection keeps its port if that is free there and one that NAT gateways use, else it gets another
//! free one; the primary address is used up before the next. A NAT gateway counts as one hop. Which of two gateways of a VPC a
//! packet from the internet comes in by is decided by the route for its answer.
//! Source: VPC User Guide, "NAT gateway basics", "Regional NAT gateways for automatic multi-AZ expansion", "Enable outbound IPv6 traffic using an egress-only internet gateway".

use super::{At, Connections, GATEWAY_HOPS, Landing, Stop, Walk, opens, pass_if, way};
use crate::address::{Address, Kind};
use crate::compiled::route::Next;
use crate::compiled::{CompiledInterface, CompiledNat};
use crate::entry::Key;
use crate::explain::{Step, Trace};
use crate::flow::Flow;
use crate::packet::Fragment;
use crate::passages::{CONNECTIONS_MAX, FIRST_PORT, Passage, Side};
use crate::verdict::{Reason, Way};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use weir_model::Protocol;
use weir_model::group::Direction;

/// By how much the TTL goes down at a NAT gateway.
const NAT_HOPS: u8 = 1;
/// How many ports from the wanted one on are tried first; then others, a stride apart, so that long runs of ports in use
/// cost little. The stride shares no factor with the number of ports or identifiers, so all are tried.
const NEAR_PORTS: u32 = 8;
const STRIDE: u32 = 25_717;

impl<'a, A: Address, C: Connections<A>, T: Trace> Walk<'a, A, C, T> {
    /// Through a NAT gateway that the route of `sender` leads to, and on by the route of the gateway's subnet, or its own.
    pub(super) fn nat_out(
        &mut self,
        sender: &CompiledInterface,
        nat: &'a CompiledNat,
    ) -> Result<Landing<A>, Stop> {
        pass_if(sender.nat.is_none(), Reason::NatTarget)?;
        let gate = self.at(nat.interface);
        let border = gate.interface.subnet_idx != sender.subnet_idx;
        self.pass_in(gate, border, way(sender, gate.interface))?;
        self.translate_out(gate, nat)?;
        self.hops += NAT_HOPS;
        self.check_ttl()?;
        self.go_on(gate)
    }

    /// The source becomes an address and port of the gateway; of an error, also the end it quotes.
    ///
    /// What is of no protocol that gateways carry is refused for that, be it whole or a fragment.
    fn translate_out(&mut self, gate: At<'a>, nat: &CompiledNat) -> Result<(), Stop> {
        pass_if(nat.is_available, Reason::NatNotAvailable)?;
        if self.quoted.is_none() {
            self.check_protocol()?;
        }
        self.check_fragment()?;
        let before = self.flow;
        if let Some(quoted) = self.quoted {
            let about = self.connections.outside(gate.index, &quoted.reversed());
            let about = about.ok_or(Stop::Drop(Reason::NatUnsolicited))?;
            (self.quoted, self.flow.source) = (Some(about.reversed()), about.source);
        } else {
            let outside = self.outside(gate, nat);
            if outside == Err(Stop::Drop(Reason::NatPortsExhausted)) {
                self.exhausted = Some(gate.index);
            }
            self.flow = outside?;
            let passage = Passage { gate: gate.index, inside: before, outside: self.flow };
            self.passage = Some((Side::Out, passage));
        }
        let (from, to) = (near_end(before), near_end(self.flow));
        self.trace.step(|| Step::NatGateway { gateway: nat.id, direction: Direction::Egress, from, to });
        Ok(())
    }

    /// Only IPv4 goes on, and no ICMPv6 in it.
    fn check_protocol(&self) -> Result<(), Stop> {
        let is_numbered = self.flow.number().is_some() && self.packet.protocol != Protocol::ICMPV6;
        pass_if(is_numbered && self.flow.source.ip().is_ipv4(), Reason::NatProtocol)
    }

    /// As what the flow goes on: as before if the connection is open, else from a free port.
    fn outside(&self, gate: At<'a>, nat: &CompiledNat) -> Result<Flow<A>, Stop> {
        let inside = self.flow;
        let known = self.connections.outside(gate.index, &inside);
        if let Some(known) = known.filter(|known| A::own(gate.interface).contains(&known.source)) {
            return Ok(known);
        }
        pass_if(self.packet.protocol != Protocol::TCP || opens(self.packet), Reason::NatIdle)?;
        pass_if(inside.may_open(), Reason::NatUnsolicited)?;
        let mut addresses = A::translations(nat).iter();
        addresses
            .find_map(|address| self.free_port(gate, *address))
            .ok_or(Stop::Drop(Reason::NatPortsExhausted))
    }

    /// The flow from a free port of `address`, if it has not all the connections to this destination that it may have.
    fn free_port(&self, gate: At<'a>, address: A) -> Option<Flow<A>> {
        let inside = self.flow;
        let first = if inside.protocol().is_icmp() { 0 } else { FIRST_PORT };
        let span = u32::from(u16::MAX - first) + 1;
        let from_nth = |nth: u32| inside.with_source(address, first + (nth % span) as u16);
        if self.connections.crowd(gate.index, &from_nth(0)) >= CONNECTIONS_MAX {
            return None;
        }
        let wanted = u32::from(inside.number()?.max(first) - first);
        let scattered =
            FixedState::with_seed(0).hash_one(Key { port: gate.index.0, flow: inside }) as u32 >> 1;
        let near = (0..NEAR_PORTS).map(|step| wanted + step);
        let far = (0..span).map(|step| (scattered % span) + step * STRIDE % span);
        let mut ports = near.chain(far).map(from_nth);
        ports.find(|outside| self.connections.inside(gate.index, outside).is_none())
    }

    /// Into the interface of a NAT gateway, by `way`: only what belongs to a connection from behind it goes on.
    pub(super) fn nat_in(
        &mut self,
        gate: At<'a>,
        nat: &CompiledNat,
        (border, way): (bool, Way),
    ) -> Result<Landing<A>, Stop> {
        self.pass_in(gate, border, way)?;
        self.translate_in(gate, nat)?;
        self.hops += NAT_HOPS;
        self.check_ttl()?;
        self.go_on(gate)
    }

    /// "NAT gateways support forwarding IP fragmented packets for the UDP protocol", not for TCP and ICMP.
    fn check_fragment(&self) -> Result<(), Stop> {
        let is_whole = self.packet.fragment == Fragment::Whole && !self.is_split();
        let is_carried = is_whole || self.packet.protocol == Protocol::UDP;
        pass_if(is_carried, Reason::NatFragment)
    }

    /// The destination becomes the client's address and port; of an error, also the end it quotes.
    fn translate_in(&mut self, gate: At<'a>, nat: &CompiledNat) -> Result<(), Stop> {
        pass_if(nat.is_available, Reason::NatNotAvailable)?;
        self.check_fragment()?;
        let before = self.flow.reversed();
        let outside = self.quoted.unwrap_or(before);
        let inside = self.connections.inside(gate.index, &outside);
        let inside = inside.ok_or(Stop::Drop(Reason::NatUnsolicited))?;
        if self.quoted.is_some() {
            (self.quoted, self.flow.destination) = (Some(inside), inside.source);
        } else {
            // A connection from behind one NAT gateway to another's address is none that was opened there.
            pass_if(self.passage.is_none(), Reason::NatUnsolicited)?;
            self.flow = inside.reversed();
            self.selected = self.selected.translated(self.flow);
            self.passage = Some((Side::In, Passage { gate: gate.index, inside, outside }));
        }
        let (from, to) = (near_end(before), near_end(self.flow.reversed()));
        self.trace.step(|| Step::NatGateway { gateway: nat.id, direction: Direction::Ingress, from, to });
        Ok(())
    }

    /// Out through the VPC's egress-only internet gateway, which remembers the connection.
    pub(super) fn egress_only_out(&mut self, sender: &CompiledInterface) -> Result<Landing<A>, Stop> {
        let vpc = self.compiled.vpc(sender.vpc_idx);
        let flow = self.flow;
        pass_if(flow.source.ip().is_ipv6(), Reason::Blackhole)?;
        let exists = flow.destination.kind() == Kind::Global && !vpc.has(flow.destination.ip());
        pass_if(exists, Reason::PrivateDestination)?;
        let place = A::places(self.compiled).private(sender.vpc_idx, flow.source);
        let place =
            place.filter(|place| place.public.is_some()).ok_or(Stop::Drop(Reason::NoPublicAddress))?;
        if self.quoted.is_none() {
            self.passage = Some((Side::Out, Passage { gate: place.interface, inside: flow, outside: flow }));
        }
        self.hops += GATEWAY_HOPS;
        self.trace_egress_only(sender, Direction::Egress);
        self.leave_network()
    }

    /// Whether what `receiver` would answer goes out through an egress-only internet gateway.
    pub(super) fn is_behind_egress_only(&self, receiver: &CompiledInterface) -> bool {
        let table = self.compiled.table(self.compiled.subnet(receiver));
        table.find(self.flow.source).is_some_and(|route| route.next == Next::EgressOnlyGateway)
    }

    /// In through an egress-only internet gateway: only what belongs to a connection that went out by it.
    pub(super) fn egress_only_in(&mut self, receiver: At<'a>) -> Result<(), Stop> {
        let outside = self.quoted.unwrap_or(self.flow.reversed());
        let inside = self.connections.inside(receiver.index, &outside);
        let inside = inside.ok_or(Stop::Drop(Reason::EgressOnlyUnsolicited))?;
        if self.quoted.is_none() {
            self.passage = Some((Side::In, Passage { gate: receiver.index, inside, outside }));
        }
        self.trace_egress_only(receiver.interface, Direction::Ingress);
        Ok(())
    }

    fn trace_egress_only(&mut self, interface: &CompiledInterface, direction: Direction) {
        if let Some(gateway) = self.compiled.vpc(interface.vpc_idx).egress_only {
            self.trace.step(|| Step::EgressOnlyGateway { gateway, direction });
        }
    }

    /// Whether the groups of `place` track the connection whatever their rules: it passes, or came through, a gateway whose
    /// connections are always tracked, or goes to an interface endpoint.
    ///
    /// Assumption: an endpoint's connections from a peered VPC are like those from its own.
    /// Source: EC2 User Guide, "Security group connection tracking" (automatically tracked connections).
    pub(super) fn is_always_tracked(&self, place: At<'a>, direction: Direction) -> bool {
        if direction == Direction::Egress {
            let subnet = self.compiled.subnet(place.interface);
            let route = self.compiled.table(subnet).find(self.flow.destination);
            let next = route.filter(|_| !subnet.has(self.flow.destination.ip())).map(|route| route.next);
            use Next::{EgressOnlyGateway, Local, NatGateway, Peer, RegionalNat, Transit};
            return match next {
                Some(NatGateway(_) | RegionalNat(_) | EgressOnlyGateway | Transit(_)) => true,
                Some(Peer { vpc, .. }) => self.is_endpoint(vpc),
                None | Some(Local) => self.is_endpoint(place.interface.vpc_idx),
                Some(_) => false,
            };
        }
        if place.interface.is_endpoint {
            return true;
        }
        let came_over_internet = matches!(self.way, Some(Way::InternetGateway | Way::BetweenGateways));
        let is_own_passage = self.passage.is_some_and(|(_, passage)| passage.gate == place.index);
        is_own_passage || (!self.legs.is_empty() && !came_over_internet)
    }

    /// Whether the destination is an interface endpoint of a VPC.
    fn is_endpoint(&self, vpc: u32) -> bool {
        let place = A::places(self.compiled).private(vpc, self.flow.destination);
        place.is_some_and(|place| self.compiled.interface(place.interface).is_endpoint)
    }
}

/// The source of a flow, and the number that a NAT gateway translates.
fn near_end<A: Address>(flow: Flow<A>) -> (IpAddr, u16) {
    (flow.source.ip(), flow.number().unwrap_or(0))
}
