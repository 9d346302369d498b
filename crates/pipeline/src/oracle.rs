//! Forwarding once more, as plainly as it can be said: what the [`Pipeline`](crate::Pipeline) is compared with.
//!
//! It reads the [`Network`] itself, packet by packet and rule by rule, shares no stage, table or state machine with the
//! pipeline, and is slow. Where the two disagree one of them is wrong. For tests and simulations.
//! Source: the same pages of the VPC User Guide, EC2 User Guide and VPC Peering Guide, read once more.

mod conversation;
mod gates;
mod regional;
mod rules;
mod transit;
mod world;

use crate::packet::{Fragment, Packet, Tuple};
use crate::sighting::Action;
use crate::verdict::{Reason, Service};
use conversation::{Conversation, Ends, Said, arriving_ends, leaving_ends};
use gates::{Passage, is_egress_only, is_for_endpoint, leads_to_gate, nat_of, open_nat, zonal_gate};
use rules::{acl_allows, all_ports, is_for_all, rule_matches};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use weir_model::endpoint::VpcEndpoint;
use weir_model::group::Direction;
use weir_model::interface::Interface;
use weir_model::route::Target;
use weir_model::subnet::Subnet;
use weir_model::{InterfaceId, Nanos, Network, VpcEndpointId};
use world::{
    best_target, far_vpc, in_subnet, in_vpc, is_dhcp, is_far, is_global, is_nobody, is_platform, is_running,
    leads_to_transit, owner, private_of, public_of, services, through_gateway,
};

/// Where a packet enters or leaves the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At an interface.
    Interface(InterfaceId),
    /// On the internet.
    Internet,
    /// At the service that a gateway endpoint leads to.
    Endpoint(VpcEndpointId),
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver {
        /// Where.
        to: Place,
        /// Its source there.
        source: IpAddr,
        /// Its destination there.
        destination: IpAddr,
        /// By how much its TTL has gone down.
        hops: u8,
    },
    /// A service of the platform answers it.
    Service(Service),
    /// It is lost.
    Drop(Reason),
}

/// What flow logs should hold: packets and bytes by interface, direction, 5-tuple and action.
pub type Accounts = BTreeMap<(InterfaceId, Direction, Tuple, Action), (u64, u64)>;

/// Remembers connections and keeps accounts.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    conversations: BTreeMap<(InterfaceId, Ends), Conversation>,
    /// Until when what is said between two ends in UDP is no conversation: it began as none.
    asides: BTreeMap<(InterfaceId, Ends), Nanos>,
    passages: Vec<Passage>,
    /// The connection through a gateway that the packet under way belongs to.
    passing: Option<Passage>,
    /// The source ports that NAT gateways were seen to give the packet under way, as far as it has not come there yet.
    seen: VecDeque<u16>,
    accounts: Accounts,
    firsts: BTreeMap<FragmentName, (Nanos, Packet)>,
    /// The network of a generation, with its regional NAT gateways spelled out.
    plain: Option<(u64, Arc<Network>)>,
}

/// Where the fragments of a packet come in, their addresses, protocol and identification.
type FragmentName = (Place, IpAddr, IpAddr, u8, u32);

/// A packet with its addresses as they are at some point of the way.
#[derive(Clone, Copy)]
struct Sent<'a> {
    packet: &'a Packet,
    source: IpAddr,
    destination: IpAddr,
    hops: u8,
    /// How often it has passed an interface of a gateway in the middle, in or out.
    legs: usize,
    /// Whether a gateway on the way makes its connection a tracked one.
    tracks: bool,
    /// Whether it has left through a NAT gateway.
    through: bool,
    /// Whether rules that name groups do not count, after a transit gateway.
    hides_groups: bool,
    now: Nanos,
    /// The packet that an ICMP error quotes, as it was when it passed here.
    quoted: Option<Tuple>,
    /// Whether its sender is not who it says: an appliance.
    forwarded: bool,
    /// The largest packet that its way takes, and whether larger ones may be split.
    limit: (u32, bool),
    /// The largest of the parts that its segments have been split into.
    cut: Option<u32>,
}

impl Sent<'_> {
    /// On a way of which `limit` is true, where it is split if it has to be and may be.
    fn within(self, limit: (u32, bool)) -> Self {
        let (most, splits) = limit;
        let is_split = splits && self.size() > most && !self.packet.dont_fragment;
        Sent { limit, cut: if is_split { Some(most) } else { self.cut }, ..self }
    }

    /// The largest packet that it is by now.
    fn size(self) -> u32 {
        self.cut.unwrap_or(self.packet.segment_bytes)
    }
}

/// Inside a VPC, and over peering in a region.
const JUMBO: (u32, bool) = (9001, false);
/// Over peering between regions.
const FAR: (u32, bool) = (8500, true);
/// Over a transit gateway, or to a gateway endpoint.
const TRANSIT: (u32, bool) = (8500, false);
/// Over an internet gateway.
const INTERNET: (u32, bool) = (1500, true);

impl Oracle {
    /// Decides about `packet`, counts it, and remembers its connection.
    pub fn forward(&mut self, network: &Network, from: Place, packet: &Packet, now: Nanos) -> Fate {
        self.forward_seen(network, from, packet, (now, &[]))
    }

    /// The same. `ports` are the source ports or identifiers that NAT gateways on the way were seen to give it, in order: they
    /// may choose.
    pub fn forward_seen(
        &mut self,
        network: &Network,
        from: Place,
        packet: &Packet,
        (now, ports): (Nanos, &[u16]),
    ) -> Fate {
        (self.seen, self.passing) = (ports.iter().copied().collect(), None);
        let plain = self.plain(network);
        let fate = self.decide(&plain, from, packet, now);
        if matches!(fate, Fate::Deliver { .. }) {
            self.note_passage(now);
        }
        fate
    }

    fn plain(&mut self, network: &Network) -> Arc<Network> {
        match &self.plain {
            Some((generation, plain)) if *generation == network.generation() => Arc::clone(plain),
            _ => {
                let plain = Arc::new(regional::spelled_out(network));
                self.plain = Some((network.generation(), Arc::clone(&plain)));
                plain
            }
        }
    }

    fn decide(&mut self, network: &Network, from: Place, packet: &Packet, now: Nanos) -> Fate {
        self.forget_gone(network);
        let Some(packet) = &self.with_ports(from, packet, now) else {
            return Fate::Drop(Reason::FragmentUnknown);
        };
        let (source, destination) = (packet.source, packet.destination);
        if source.is_ipv4() != destination.is_ipv4() {
            return Fate::Drop(Reason::MixedFamilies);
        }
        let (legs, tracks, hides_groups, quoted, limit) = (0, false, false, packet.quoted, JUMBO);
        let sent = Sent {
            packet,
            source,
            destination,
            hops: 0,
            legs,
            tracks,
            hides_groups,
            through: false,
            forwarded: false,
            now,
            quoted,
            limit,
            cut: None,
        };
        let fate = match from {
            Place::Internet => self.inward(network, sent),
            Place::Endpoint(id) => self.out_of_endpoint(network, id, sent),
            Place::Interface(id) => match network.interfaces.get(&id) {
                Some(interface) => self.outward(network, interface, sent),
                None => Err(Fate::Drop(Reason::UnknownPort)),
            },
        };
        fate.unwrap_or_else(|fate| fate)
    }

    /// Remembers a first fragment for 30 seconds, and gives a later one what the first had.
    /// What an interface remembered goes with it; another of its name begins anew.
    fn forget_gone(&mut self, network: &Network) {
        let is_there = |id: &InterfaceId| network.interfaces.get(id).is_some();
        self.conversations.retain(|(id, _), _| is_there(id));
        self.asides.retain(|(id, _), _| is_there(id));
        self.passages.retain(|passage| is_there(&passage.gate()));
        self.firsts.retain(|(place, ..), _| !matches!(place, Place::Interface(id) if !is_there(id)));
    }

    fn with_ports(&mut self, from: Place, packet: &Packet, now: Nanos) -> Option<Packet> {
        let key = |id| (from, packet.source, packet.destination, packet.protocol.0, id);
        match packet.fragment {
            Fragment::Whole => Some(*packet),
            Fragment::First { id } => {
                self.firsts.insert(key(id), (now, *packet));
                Some(*packet)
            }
            Fragment::Later { id } => {
                let (at, first) = self.firsts.get(&key(id))?;
                let mut packet = *packet;
                (packet.source_port, packet.destination_port) = (first.source_port, first.destination_port);
                (packet.icmp, packet.quoted, packet.identifier) =
                    (first.icmp, first.quoted, first.identifier);
                (now.0 - at.0 <= 30_000_000_000).then_some(packet)
            }
        }
    }

    /// Whether the interface lets in what the router of its subnet says; it is counted there.
    pub fn answer(&mut self, network: &Network, to: InterfaceId, packet: &Packet, now: Nanos) -> bool {
        let network = &self.plain(network);
        let Some(receiver) = network.interfaces.get(&to) else { return false };
        let Some(subnet) = network.subnets.get(&receiver.subnet) else { return false };
        let (source, destination, quoted) = (packet.source, packet.destination, packet.quoted);
        let (legs, tracks, hides_groups, limit) = (0, false, false, JUMBO);
        let (hops, through, forwarded) = (0, false, false);
        let sent = Sent {
            packet,
            source,
            destination,
            hops,
            legs,
            tracks,
            hides_groups,
            through,
            forwarded,
            now,
            quoted,
            limit,
            cut: None,
        };
        let allowed = acl_allows(network, subnet, sent, Direction::Ingress);
        self.account(receiver.id, sent, Direction::Ingress, allowed);
        allowed
    }

    /// Takes the accounts since the last call.
    pub fn take_accounts(&mut self) -> Accounts {
        std::mem::take(&mut self.accounts)
    }

    fn outward(&mut self, network: &Network, sender: &Interface, sent: Sent) -> Result<Fate, Fate> {
        let subnet = network.subnets.get(&sender.subnet).ok_or(Fate::Drop(Reason::UnknownPort))?;
        let dhcp = is_dhcp(subnet, sent.packet);
        if sender.source_dest_check && !sender.owns(sent.source) && !dhcp {
            return Err(Fate::Drop(Reason::SourceCheck));
        }
        if !sender.source_dest_check && is_nobody(sent.source) {
            return Err(Fate::Drop(Reason::InvalidSource));
        }
        let sent = Sent { forwarded: !sender.owns(sent.source), ..sent };
        services(network, subnet, sent.packet)?;
        let stays = in_subnet(subnet, sent.destination);
        if stays && owner(network, sender.vpc, sent.destination).is_none() {
            return Err(Fate::Drop(Reason::NoNeighbour));
        }
        let tracks = is_for_endpoint(network, subnet, sent)
            || !stays && (leads_to_transit(network, subnet, sent) || leads_to_gate(network, subnet, sent));
        let sent = Sent { tracks, ..sent };
        self.leave(network, (sender, subnet), sent, stays)?;
        if stays {
            let receiver = owner(network, sender.vpc, sent.destination);
            return self.arrive(network, receiver, sent, None, Reason::NoNeighbour);
        }
        self.route(network, (sender, subnet), sent)
    }

    fn leave(
        &mut self,
        network: &Network,
        (sender, subnet): (&Interface, &Subnet),
        sent: Sent,
        stays: bool,
    ) -> Result<(), Fate> {
        let ends = leaving_ends(sent);
        self.forget_idle(sender, ends, sent);
        let said = self.groups(network, sender, sent, Direction::Egress);
        let refusal = match said {
            Said::No => Some(Reason::GroupEgress),
            Said::Closed => Some(Reason::ConnectionClosed),
            _ if stays || acl_allows(network, subnet, sent, Direction::Egress) => None,
            _ => Some(Reason::AclEgress),
        };
        self.remember((sender, ends), said, sent, Direction::Egress);
        self.account(sender.id, sent, Direction::Egress, refusal.is_none());
        refusal.map_or(Ok(()), |reason| Err(Fate::Drop(reason)))
    }

    fn route(
        &mut self,
        network: &Network,
        (sender, subnet): (&Interface, &Subnet),
        sent: Sent,
    ) -> Result<Fate, Fate> {
        match sent.destination {
            IpAddr::V4(to) if to.is_multicast() || to.is_broadcast() => {
                return Err(Fate::Drop(Reason::Multicast));
            }
            IpAddr::V6(to) if to.is_multicast() => return Err(Fate::Drop(Reason::Multicast)),
            IpAddr::V4(to) if to.is_link_local() => return Err(Fate::Drop(Reason::LinkLocal)),
            IpAddr::V6(to) if to.is_unicast_link_local() => return Err(Fate::Drop(Reason::LinkLocal)),
            _ => {}
        }
        let target = best_target(network, subnet, sent.destination).ok_or(Fate::Drop(Reason::NoRoute))?;
        if target != Target::Local && is_platform(sent.destination) {
            return Err(Fate::Drop(Reason::NoRoute));
        }
        match target {
            Target::Local => {
                let receiver = owner(network, sender.vpc, sent.destination);
                self.arrive(network, receiver, sent, Some(sender), Reason::NoInterface)
            }
            Target::Peering(id) => {
                let far = far_vpc(network, sender.vpc, id).ok_or(Fate::Drop(Reason::Blackhole))?;
                if nat_of(network, sender.id).is_some() {
                    return Err(Fate::Drop(Reason::NatTarget));
                }
                if !in_vpc(network, far, sent.destination) {
                    return Err(Fate::Drop(Reason::PeeringDestination));
                }
                if !in_vpc(network, sender.vpc, sent.source) {
                    return Err(Fate::Drop(Reason::PeeringSource));
                }
                let limit = if is_far(network, id) { FAR } else { JUMBO };
                self.arrive(
                    network,
                    owner(network, far, sent.destination),
                    sent.within(limit),
                    Some(sender),
                    Reason::NoInterface,
                )
            }
            Target::InternetGateway(id) => {
                let attached = network.internet_gateways.get(&id).and_then(|gateway| gateway.vpc);
                if attached != Some(sender.vpc) {
                    return Err(Fate::Drop(Reason::Blackhole));
                }
                self.abroad(network, sender, sent)
            }
            Target::NatGateway(id) => {
                let nat = open_nat(network, sender.vpc, id).ok_or(Fate::Drop(Reason::Blackhole))?;
                if nat_of(network, sender.id).is_some() {
                    return Err(Fate::Drop(Reason::NatTarget));
                }
                let gate = zonal_gate(network, nat)?;
                self.nat_out(network, sender, (nat, gate), sent)
            }
            Target::EgressOnlyGateway(id) if is_egress_only(network, sender.vpc, id) => {
                self.egress_only_out(network, sender, sent)
            }
            Target::VpcEndpoint(id) => self.to_endpoint(network, sender, id, sent),
            Target::Interface(id) | Target::Instance(_, id) => {
                let receiver = network.interfaces.get(&id).filter(|found| found.vpc == sender.vpc);
                let receiver = receiver.filter(|found| found.attachment.is_some());
                let by_instance = matches!(target, Target::Instance(..));
                let receiver = receiver.filter(|found| !by_instance || is_running(network, found));
                self.arrive(network, receiver, sent, Some(sender), Reason::Blackhole)
            }
            Target::TransitGateway(id) => {
                let near = transit::attachment(network, sender.vpc, id);
                let near = near.ok_or(Fate::Drop(Reason::Blackhole))?;
                self.transit(network, (sender, subnet), (near, Sent { tracks: true, ..sent }))
            }
            _ => Err(Fate::Drop(Reason::Blackhole)),
        }
    }

    fn out_of_endpoint(&mut self, network: &Network, id: VpcEndpointId, sent: Sent) -> Result<Fate, Fate> {
        let sent = sent.within(TRANSIT);
        let endpoint = network.endpoints.get(&id).ok_or(Fate::Drop(Reason::UnknownPort))?;
        let receiver = owner(network, endpoint.vpc, sent.destination);
        self.arrive_from(network, receiver.ok_or(Fate::Drop(Reason::NoInterface))?, sent, true)
    }

    fn to_endpoint(
        &self,
        network: &Network,
        sender: &Interface,
        id: VpcEndpointId,
        sent: Sent,
    ) -> Result<Fate, Fate> {
        let is_usable =
            |found: &&VpcEndpoint| found.vpc == sender.vpc && found.interface_endpoint().is_none();
        network.endpoints.get(&id).filter(is_usable).ok_or(Fate::Drop(Reason::Blackhole))?;
        if nat_of(network, sender.id).is_some() {
            return Err(Fate::Drop(Reason::NatTarget));
        }
        if !in_vpc(network, sender.vpc, sent.source) {
            return Err(Fate::Drop(Reason::EndpointSource));
        }
        fits(sent.within(TRANSIT))?;
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        let Sent { source, destination, hops, .. } = sent;
        Ok(Fate::Deliver { to: Place::Endpoint(id), source, destination, hops })
    }

    fn abroad(&mut self, network: &Network, sender: &Interface, sent: Sent) -> Result<Fate, Fate> {
        if !is_global(sent.destination) || in_vpc(network, sender.vpc, sent.destination) {
            return Err(Fate::Drop(Reason::PrivateDestination));
        }
        let public = public_of(network, sender.vpc, sent.source).filter(|_| !transit::is_door(sender));
        let public = public.ok_or(Fate::Drop(Reason::NoPublicAddress))?;
        let quoted = sent.quoted.map(|quoted| Tuple {
            destination: public_of(network, sender.vpc, quoted.destination).unwrap_or(quoted.destination),
            ..quoted
        });
        let sent = Sent { source: public, hops: sent.hops + 1, quoted, tracks: false, ..sent };
        self.leave_network(network, sent)
    }

    fn inward(&mut self, network: &Network, sent: Sent) -> Result<Fate, Fate> {
        if !is_global(sent.source) {
            return Err(Fate::Drop(Reason::PrivateSource));
        }
        if !is_global(sent.destination) {
            return Err(Fate::Drop(Reason::PrivateDestination));
        }
        self.enter(network, sent.within(INTERNET))
    }

    fn enter(&mut self, network: &Network, sent: Sent) -> Result<Fate, Fate> {
        let (receiver, private) =
            private_of(network, sent.destination).ok_or(Fate::Drop(Reason::UnknownPublicAddress))?;
        let subnet = network.subnets.get(&receiver.subnet).ok_or(Fate::Drop(Reason::NoInterface))?;
        if let Some(Target::EgressOnlyGateway(id)) = best_target(network, subnet, sent.source)
            && is_egress_only(network, receiver.vpc, id)
        {
            return self.egress_only_in(network, receiver, sent);
        }
        if !network.internet_gateways.iter().any(|gateway| gateway.vpc == Some(receiver.vpc)) {
            return Err(Fate::Drop(Reason::NoInternetGateway));
        }
        let quoted = sent.quoted.map(|quoted| Tuple {
            source: private_of(network, quoted.source).map_or(quoted.source, |(_, private)| private),
            ..quoted
        });
        let sent = Sent { destination: private, quoted, tracks: false, ..sent };
        let receiver = through_gateway(network, receiver, private)?;
        self.arrive_from(network, receiver, sent, true)
    }

    fn arrive(
        &mut self,
        network: &Network,
        receiver: Option<&Interface>,
        sent: Sent,
        routed_by: Option<&Interface>,
        otherwise: Reason,
    ) -> Result<Fate, Fate> {
        let receiver = receiver.ok_or(Fate::Drop(otherwise))?;
        let border = routed_by.is_some_and(|sender| sender.subnet != receiver.subnet);
        self.arrive_from(network, receiver, sent, border)
    }

    fn arrive_from(
        &mut self,
        network: &Network,
        receiver: &Interface,
        sent: Sent,
        border: bool,
    ) -> Result<Fate, Fate> {
        if let Some(nat) = nat_of(network, receiver.id) {
            return self.nat_in(network, (nat, receiver), sent, border);
        }
        fits(sent)?;
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        if !is_running(network, receiver) {
            return Err(Fate::Drop(Reason::NotRunning));
        }
        let subnet = network.subnets.get(&receiver.subnet).ok_or(Fate::Drop(Reason::NoInterface))?;
        if border && !acl_allows(network, subnet, sent, Direction::Ingress) {
            self.account(receiver.id, sent, Direction::Ingress, false);
            return Err(Fate::Drop(Reason::AclIngress));
        }
        let ends = arriving_ends(sent);
        self.forget_idle(receiver, ends, sent);
        let said = self.groups(network, receiver, sent, Direction::Ingress);
        if matches!(said, Said::No | Said::Closed) {
            self.remember((receiver, ends), said, sent, Direction::Ingress);
            self.account(receiver.id, sent, Direction::Ingress, false);
            let closed = matches!(said, Said::Closed);
            return Err(Fate::Drop(if closed { Reason::ConnectionClosed } else { Reason::GroupIngress }));
        }
        if receiver.source_dest_check && !receiver.owns(sent.destination) {
            return Err(Fate::Drop(Reason::DestinationCheck));
        }
        self.remember((receiver, ends), said, sent, Direction::Ingress);
        self.account(receiver.id, sent, Direction::Ingress, true);
        let Sent { source, destination, hops, .. } = sent;
        Ok(Fate::Deliver { to: Place::Interface(receiver.id), source, destination, hops })
    }

    fn account(&mut self, interface: InterfaceId, sent: Sent, direction: Direction, accepted: bool) {
        let action = if accepted { Action::Accept } else { Action::Reject };
        let tuple = Tuple { source: sent.source, destination: sent.destination, ..sent.packet.tuple() };
        let (packets, bytes) = self.accounts.entry((interface, direction, tuple, action)).or_default();
        let Packet { segments, bytes: whole, segment_bytes, header_bytes, .. } = *sent.packet;
        let segments = u64::from(segments.max(1));
        let last = u64::from(whole).saturating_sub((segments - 1) * u64::from(segment_bytes));
        let sizes = std::iter::repeat_n(u64::from(segment_bytes), segments as usize - 1).chain([last]);
        let parts: u64 = sizes.map(|size| parts(size, sent.cut, header_bytes.into())).sum();
        *packets += parts;
        *bytes += u64::from(whole) + (parts - segments) * u64::from(header_bytes);
    }
}

/// Whether a packet is small enough for its way, or may be split.
fn fits(sent: Sent) -> Result<(), Fate> {
    if sent.size() <= sent.limit.0 { Ok(()) } else { Err(Fate::Drop(Reason::TooBig)) }
}

/// How many fragments a segment has become; all but the last carry as many eights as fit.
fn parts(segment: u64, cut: Option<u32>, header: u64) -> u64 {
    let (mut left, mut parts) = (segment, 1);
    while let Some(most) = cut.map(u64::from).filter(|most| left > *most) {
        left -= (most - header) / 8 * 8;
        parts += 1;
    }
    parts
}
