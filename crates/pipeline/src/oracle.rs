//! Forwarding once more, as plainly as it can be said: what the [`Pipeline`](crate::Pipeline) is compared with.
//!
//! It reads the [`Network`] itself, packet by packet and rule by rule, shares no stage, table or state machine with the
//! pipeline, and is slow. Where the two disagree one of them is wrong. For tests and simulations.
//! Source: the same pages of the VPC User Guide, EC2 User Guide and VPC Peering Guide, read once more.

mod conversation;
mod gates;
mod transit;

use crate::packet::{Fragment, Packet, Tuple};
use crate::sighting::Action;
use crate::verdict::{Reason, Service};
use conversation::{Conversation, Ends, Said, arriving_ends, leaving_ends};
use gates::{Passage, is_egress_only, leads_to_gate, nat_of, open_nat};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use weir_model::endpoint::VpcEndpoint;
use weir_model::group::{Direction, Group, GroupRule, Peer};
use weir_model::instance::InstanceState;
use weir_model::interface::Interface;
use weir_model::peering::PeeringStatus;
use weir_model::protocol::Traffic;
use weir_model::route::{Associated, Destination, Origin, Route, Target};
use weir_model::subnet::Subnet;
use weir_model::{
    Cidr, InterfaceId, Nanos, Network, PortRange, PrefixListId, Protocol, RegionName, VpcEndpointId, VpcId,
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
    passages: Vec<Passage>,
    /// The connection through a gateway that the packet under way belongs to.
    passing: Option<Passage>,
    /// The source port that the packet under way was seen to arrive with.
    seen: Option<u16>,
    accounts: Accounts,
    firsts: BTreeMap<FragmentName, (Nanos, Packet)>,
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
    /// How often it has passed an interface of a transit gateway.
    doors: usize,
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
        self.forward_seen(network, from, packet, (now, None))
    }

    /// The same. If the packet was seen to arrive, `port` is the source port or the identifier that it arrived with: a NAT
    /// gateway may choose.
    pub fn forward_seen(
        &mut self,
        network: &Network,
        from: Place,
        packet: &Packet,
        (now, port): (Nanos, Option<u16>),
    ) -> Fate {
        (self.seen, self.passing) = (port, None);
        let fate = self.decide(network, from, packet, now);
        if matches!(fate, Fate::Deliver { .. }) {
            self.note_passage(now);
        }
        fate
    }

    fn decide(&mut self, network: &Network, from: Place, packet: &Packet, now: Nanos) -> Fate {
        let Some(packet) = &self.with_ports(from, packet, now) else {
            return Fate::Drop(Reason::FragmentUnknown);
        };
        let (source, destination) = (packet.source, packet.destination);
        if source.is_ipv4() != destination.is_ipv4() {
            return Fate::Drop(Reason::MixedFamilies);
        }
        let (doors, tracks, hides_groups, quoted, limit) = (0, false, false, packet.quoted, JUMBO);
        let sent = Sent {
            packet,
            source,
            destination,
            hops: 0,
            doors,
            tracks,
            hides_groups,
            through: false,
            forwarded: false,
            now,
            quoted,
            limit,
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
        let Some(receiver) = network.interfaces.get(&to) else { return false };
        let Some(subnet) = network.subnets.get(&receiver.subnet) else { return false };
        let (source, destination, quoted) = (packet.source, packet.destination, packet.quoted);
        let (doors, tracks, hides_groups, limit) = (0, false, false, JUMBO);
        let (hops, through, forwarded) = (0, false, false);
        let sent = Sent {
            packet,
            source,
            destination,
            hops,
            doors,
            tracks,
            hides_groups,
            through,
            forwarded,
            now,
            quoted,
            limit,
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
        let tracks =
            !stays && (leads_to_transit(network, subnet, sent) || leads_to_gate(network, subnet, sent));
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
        let said = self.groups(network, sender, sent, Direction::Egress);
        let refusal = match said {
            Said::No => Some(Reason::GroupEgress),
            Said::Closed => Some(Reason::ConnectionClosed),
            _ if stays || acl_allows(network, subnet, sent, Direction::Egress) => None,
            _ => Some(Reason::AclEgress),
        };
        self.remember((sender.id, ends), said, sent, Direction::Egress);
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
                    Sent { limit, ..sent },
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
                self.nat_out(network, sender, nat, sent)
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
        let sent = Sent { limit: TRANSIT, ..sent };
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
        fits(Sent { limit: TRANSIT, ..sent })?;
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
        let sent =
            Sent { source: public, hops: sent.hops + 1, quoted, tracks: false, limit: INTERNET, ..sent };
        self.leave_network(network, sent)
    }

    fn inward(&mut self, network: &Network, sent: Sent) -> Result<Fate, Fate> {
        if !is_global(sent.source) {
            return Err(Fate::Drop(Reason::PrivateSource));
        }
        if !is_global(sent.destination) {
            return Err(Fate::Drop(Reason::PrivateDestination));
        }
        self.enter(network, Sent { limit: INTERNET, ..sent })
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
        let said = self.groups(network, receiver, sent, Direction::Ingress);
        let ends = arriving_ends(sent);
        if matches!(said, Said::No | Said::Closed) {
            self.remember((receiver.id, ends), said, sent, Direction::Ingress);
            self.account(receiver.id, sent, Direction::Ingress, false);
            let closed = matches!(said, Said::Closed);
            return Err(Fate::Drop(if closed { Reason::ConnectionClosed } else { Reason::GroupIngress }));
        }
        if receiver.source_dest_check && !receiver.owns(sent.destination) {
            return Err(Fate::Drop(Reason::DestinationCheck));
        }
        self.remember((receiver.id, ends), said, sent, Direction::Ingress);
        self.account(receiver.id, sent, Direction::Ingress, true);
        let Sent { source, destination, hops, .. } = sent;
        Ok(Fate::Deliver { to: Place::Interface(receiver.id), source, destination, hops })
    }

    fn account(&mut self, interface: InterfaceId, sent: Sent, direction: Direction, accepted: bool) {
        let action = if accepted { Action::Accept } else { Action::Reject };
        let tuple = Tuple { source: sent.source, destination: sent.destination, ..sent.packet.tuple() };
        let (packets, bytes) = self.accounts.entry((interface, direction, tuple, action)).or_default();
        let parts = if direction == Direction::Ingress { parts(sent) } else { 1 };
        let segments = u64::from(sent.packet.segments.max(1));
        *packets += segments * parts;
        *bytes += u64::from(sent.packet.bytes) + segments * (parts - 1) * 20;
    }
}

/// Whether a packet is small enough for its way, or may be split.
fn fits(sent: Sent) -> Result<(), Fate> {
    let (most, splits) = sent.limit;
    let small = sent.packet.segment_bytes <= most;
    if small || (splits && !sent.packet.dont_fragment) { Ok(()) } else { Err(Fate::Drop(Reason::TooBig)) }
}

/// How many fragments a segment has become at the end of its way; all but the last carry as many eights as fit.
fn parts(sent: Sent) -> u64 {
    let (most, _) = sent.limit;
    let mut left = u64::from(sent.packet.segment_bytes);
    let mut parts = 1;
    while left > u64::from(most) {
        left -= u64::from((most - 20) / 8 * 8);
        parts += 1;
    }
    parts
}

fn peer_address(sent: Sent, direction: Direction) -> IpAddr {
    if direction == Direction::Egress { sent.destination } else { sent.source }
}

fn rule_matches(network: &Network, group: &Group, rule: &GroupRule, sent: Sent) -> bool {
    let (packet, address) = (sent.packet, peer_address(sent, rule.direction));
    if !rule.traffic.matches(packet.protocol, packet.destination_port, packet.icmp) {
        return false;
    }
    match rule.peer {
        Peer::Cidr(cidr) => cidr.contains(address),
        Peer::Group { group: wanted, .. } => {
            let Some(other) = network.groups.get(&wanted) else { return false };
            let by_transit =
                rule.direction == Direction::Ingress && transit::may_refer(network, group.vpc, other.vpc);
            let reachable = other.vpc == group.vpc || are_peers(network, group.vpc, other.vpc) || by_transit;
            reachable
                && !sent.hides_groups
                && !(sent.forwarded && rule.direction == Direction::Ingress)
                && network
                    .interfaces
                    .iter()
                    .any(|interface| interface.groups.contains(&wanted) && interface.owns(address))
        }
        Peer::PrefixList(list) => {
            list_blocks(network, group.scope.region, list).iter().any(|cidr| cidr.contains(address))
        }
    }
}

fn list_blocks(network: &Network, region: RegionName, id: PrefixListId) -> Vec<Cidr> {
    if let Some(list) = network.prefix_lists.get(&id) {
        let newest = list.versions.iter().max_by_key(|(number, _)| **number);
        let entries = newest.filter(|_| list.scope.region == region).map(|(_, entries)| entries);
        return entries.into_iter().flatten().map(|entry| entry.cidr).collect();
    }
    let of_aws = weir_model::prefix_list::aws::lists(region).into_iter().find(|list| list.id == id);
    of_aws.into_iter().flat_map(|list| list.cidrs).map(Cidr::V4).collect()
}

fn are_peers(network: &Network, one: VpcId, other: VpcId) -> bool {
    network.peerings.iter().any(|peering| {
        let sides = (peering.requester.vpc, peering.accepter.vpc);
        peering.status == PeeringStatus::Active
            && peering.requester.scope.region == peering.accepter.scope.region
            && (sides == (one, other) || sides == (other, one))
    })
}

fn is_far(network: &Network, id: weir_model::PeeringId) -> bool {
    let Some(peering) = network.peerings.get(&id) else { return false };
    peering.requester.scope.region != peering.accepter.scope.region
}

fn is_for_all(network: &Network, group: &Group, rule: &GroupRule, sent: Sent) -> bool {
    let is_all = |cidr: Cidr| match cidr {
        Cidr::V4(cidr) => cidr.prefix() == 0 && sent.source.is_ipv4(),
        Cidr::V6(cidr) => cidr.prefix() == 0 && sent.source.is_ipv6(),
    };
    match rule.peer {
        Peer::Cidr(cidr) => is_all(cidr),
        Peer::PrefixList(list) => list_blocks(network, group.scope.region, list).into_iter().any(is_all),
        Peer::Group { .. } => false,
    }
}

fn all_ports(traffic: Traffic, protocol: Protocol) -> bool {
    match traffic {
        Traffic::All => true,
        Traffic::Ports(wanted, ports) => wanted == protocol && ports == PortRange::ALL,
        Traffic::Protocol(wanted) => wanted == protocol,
        Traffic::Icmp { .. } => false,
    }
}

fn acl_allows(network: &Network, subnet: &Subnet, sent: Sent, direction: Direction) -> bool {
    let Some(acl) = network.acls.get(&subnet.acl) else { return false };
    let (packet, address) = (sent.packet, peer_address(sent, direction));
    let first = acl
        .entries
        .iter()
        .filter(|entry| entry.direction == direction)
        .filter(|entry| entry.traffic.matches(packet.protocol, packet.destination_port, packet.icmp))
        .filter(|entry| entry.cidr.contains(address))
        .min_by_key(|entry| entry.number);
    first.is_some_and(|entry| entry.allow)
}

fn in_subnet(subnet: &Subnet, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => subnet.cidr.is_some_and(|cidr| cidr.contains(address)),
        IpAddr::V6(address) => subnet.ipv6_cidr.as_ref().is_some_and(|block| block.cidr.contains(address)),
    }
}

fn in_vpc(network: &Network, vpc: VpcId, address: IpAddr) -> bool {
    let Some(vpc) = network.vpcs.get(&vpc) else { return false };
    match address {
        IpAddr::V4(address) => vpc.cidrs.iter().any(|block| block.cidr.contains(address)),
        IpAddr::V6(address) => vpc.ipv6_cidrs.iter().any(|block| block.cidr.contains(address)),
    }
}

fn owner(network: &Network, vpc: VpcId, address: IpAddr) -> Option<&Interface> {
    network.interfaces.iter().find(|interface| interface.vpc == vpc && interface.owns(address))
}

fn is_running(network: &Network, interface: &Interface) -> bool {
    match interface.attachment.as_ref().map(|attachment| attachment.instance) {
        None => false,
        Some(None) => true,
        Some(Some(id)) => {
            network.instances.get(&id).is_some_and(|instance| instance.state == InstanceState::Running)
        }
    }
}

fn public_of(network: &Network, vpc: VpcId, private: IpAddr) -> Option<IpAddr> {
    let interface = owner(network, vpc, private)?;
    match private {
        IpAddr::V6(_) => is_global(private).then_some(private),
        IpAddr::V4(private) => {
            let address = interface.addresses.iter().find(|address| address.private == private)?;
            address.public.as_ref().map(|public| public.address().into())
        }
    }
}

fn private_of(network: &Network, public: IpAddr) -> Option<(&Interface, IpAddr)> {
    for interface in network.interfaces.iter() {
        if public.is_ipv6() && is_global(public) && interface.owns(public) {
            return Some((interface, public));
        }
        for address in &interface.addresses {
            if address.public.as_ref().is_some_and(|found| IpAddr::V4(found.address()) == public) {
                return Some((interface, address.private.into()));
            }
        }
    }
    None
}

fn far_vpc(network: &Network, vpc: VpcId, id: weir_model::PeeringId) -> Option<VpcId> {
    let peering = network.peerings.get(&id).filter(|found| found.status == PeeringStatus::Active)?;
    let sides = [peering.requester.vpc, peering.accepter.vpc];
    let far = if sides[0] == vpc { sides[1] } else { sides[0] };
    (sides.contains(&vpc) && network.vpcs.has(&far)).then_some(far)
}

/// Who gets a packet for `private` of `receiver` that has come in through the VPC's internet gateway: a middlebox if the
/// gateway's own table says so.
fn through_gateway<'a>(
    network: &'a Network,
    receiver: &'a Interface,
    private: IpAddr,
) -> Result<&'a Interface, Fate> {
    let gateway = network.internet_gateways.iter().find(|gateway| gateway.vpc == Some(receiver.vpc));
    let with = gateway.map(|gateway| Associated::InternetGateway(gateway.id));
    let table = network
        .route_tables
        .iter()
        .find(|table| table.associations.iter().any(|found| Some(found.with) == with));
    let Some(table) = table else { return Ok(receiver) };
    let covers =
        |route: &&Route| matches!(route.destination, Destination::Cidr(cidr) if cidr.contains(private));
    let length = |route: &&Route| match route.destination {
        Destination::Cidr(cidr) => cidr.prefix(),
        Destination::PrefixList(_) => 0,
    };
    let Some(route) = table.routes.iter().filter(covers).max_by_key(length) else { return Ok(receiver) };
    match route.target {
        Target::Interface(id) | Target::Instance(_, id) => {
            let found = network.interfaces.get(&id).filter(|found| found.attachment.is_some());
            let by_instance = matches!(route.target, Target::Instance(..));
            let found = found.filter(|found| !by_instance || is_running(network, found));
            found.filter(|found| found.vpc == receiver.vpc).ok_or(Fate::Drop(Reason::Blackhole))
        }
        _ => Err(Fate::Drop(Reason::Blackhole)),
    }
}

/// Which of several routes for one block wins: the greater number. Routes for prefix lists have numbers from 0 down.
const STATIC: i32 = 2;
const LOCAL: i32 = 1;
const PROPAGATED: i32 = i32::MIN;

/// Whether a packet that leaves `subnet` is led into a transit gateway.
fn leads_to_transit(network: &Network, subnet: &Subnet, sent: Sent) -> bool {
    match best_target(network, subnet, sent.destination) {
        Some(Target::TransitGateway(id)) => transit::attachment(network, subnet.vpc, id).is_some(),
        _ => false,
    }
}

/// The target of the most specific route for `address`.
fn best_target(network: &Network, subnet: &Subnet, address: IpAddr) -> Option<Target> {
    let of_vpc = || network.route_tables.iter().filter(|table| table.vpc == subnet.vpc);
    let is_explicit = |with: &Associated| *with == Associated::Subnet(subnet.id);
    let explicit = of_vpc().find(|table| table.associations.iter().any(|found| is_explicit(&found.with)));
    let table = explicit.or_else(|| of_vpc().find(|table| table.main.is_some()));
    let vpc = network.vpcs.get(&subnet.vpc)?;
    let mut candidates: Vec<(u8, i32, Target)> = Vec::new();
    let local4 = vpc.cidrs.iter().map(|block| Cidr::V4(block.cidr));
    for cidr in local4.chain(vpc.ipv6_cidrs.iter().map(|block| Cidr::V6(block.cidr))) {
        if cidr.contains(address) {
            candidates.push((cidr.prefix(), LOCAL, Target::Local));
        }
    }
    let routes = table.iter().flat_map(|table| &table.routes);
    for (route, place) in routes.zip(0..) {
        let (cidrs, rank) = match route.destination {
            Destination::Cidr(cidr) => (vec![cidr], STATIC),
            // Of several lists the one whose route was made first.
            Destination::PrefixList(list) => (list_blocks(network, vpc.scope.region, list), -place),
        };
        let rank = if route.origin == Origin::EnableVgwRoutePropagation { PROPAGATED } else { rank };
        for cidr in cidrs.into_iter().filter(|cidr| cidr.contains(address)) {
            candidates.push((cidr.prefix(), rank, route.target));
        }
    }
    candidates.sort_by_key(|(prefix, rank, _)| (*prefix, *rank));
    candidates.last().map(|(.., target)| *target)
}

fn is_dhcp(subnet: &Subnet, packet: &Packet) -> bool {
    let router = subnet.cidr.and_then(|cidr| cidr.nth(1)).map(IpAddr::V4);
    let to_server =
        packet.destination == IpAddr::V4(Ipv4Addr::BROADCAST) || Some(packet.destination) == router;
    packet.protocol == Protocol::UDP && packet.destination_port == 67 && to_server
}

fn services(network: &Network, subnet: &Subnet, packet: &Packet) -> Result<(), Fate> {
    if is_dhcp(subnet, packet) {
        return Err(Fate::Service(Service::Dhcp));
    }
    let vpc = network.vpcs.get(&subnet.vpc).ok_or(Fate::Drop(Reason::UnknownPort))?;
    let resolver = vpc.cidr().nth(2).map(IpAddr::V4);
    let router = subnet.cidr.and_then(|cidr| cidr.nth(1)).map(IpAddr::V4);
    let is_dns =
        ["169.254.169.253", "fd00:ec2::253"].iter().any(|text| *text == packet.destination.to_string());
    if is_dns || Some(packet.destination) == resolver {
        let on = vpc.dns_support;
        return Err(if on { Fate::Service(Service::Dns) } else { Fate::Drop(Reason::ResolverOff) });
    }
    if Some(packet.destination) == router {
        return Err(Fate::Drop(Reason::Router));
    }
    match packet.destination.to_string().as_str() {
        "169.254.169.254" | "fd00:ec2::254" => Err(Fate::Service(Service::Metadata)),
        "169.254.169.123" | "fd00:ec2::123" => Err(Fate::Service(Service::Time)),
        _ => Ok(()),
    }
}

/// fd00:ec2::/32, which routes other than local ones do not forward.
fn is_platform(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.segments()[0] == 0xfd00 && address.segments()[1] == 0xec2)
}

/// An address that is never one host's.
fn is_nobody(address: IpAddr) -> bool {
    let reserved = match address {
        IpAddr::V4(address) => address.octets()[0] == 0 || address.octets()[0] >= 240,
        IpAddr::V6(address) => address.is_unspecified(),
    };
    reserved || address.is_loopback() || address.is_multicast()
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(address.is_private() || shared || address.is_link_local() || matches!(a, 0 | 127) || a >= 224)
        }
    }
}
