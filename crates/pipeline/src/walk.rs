//! The packet's way: every stage, in order.
//!
//! From an interface: source check, platform services, groups out, (leaving the subnet) ACL out, sighting at the source,
//! route, what its target does, (entering a subnet) ACL in, groups in, destination check, sighting at the destination,
//! delivery. From the internet it begins at the internet gateway. Each stage passes the packet on or stops it; a group or
//! ACL that stops it leaves a REJECT at its own interface only. Interfaces that AWS manages in the middle of the way (NAT
//! gateways, transit gateways) see it too, on the way in and on the way out: each is a leg. Nothing is written: the same
//! walk serves packets and explanations.
//!
//! Assumption: a packet that no neighbour in the subnet would receive, that fails the source check, or that reaches an
//! interface without a running host leaves no record there: AWS documents records of groups and ACLs only.
//! Source: VPC User Guide, "Flow log basics", "Network ACL basics", "Security groups", "Internet gateways"; VPC Peering
//! Guide, "limitations".

mod decision;
mod gate;
mod internet;
mod transit;

pub(crate) use decision::{Arrival, Decision, Departure, Landing, Stop};

use crate::address::{Address, Kind};
use crate::compiled::route::Next;
use crate::compiled::selector::Selected;
use crate::compiled::{Compiled, CompiledInterface};
use crate::explain::{Admission, Step, Trace};
use crate::fate::traffic_path;
use crate::flow::Flow;
use crate::legs::{LEGS_MAX, Leg};
use crate::packet::{ACK, EndpointIdx, InterfaceIdx, Packet, Port, SYN};
use crate::passages::{Passage, Side};
use crate::sighting::Action;
use crate::verdict::{Reason, Service, Way};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::group::Direction;
use weir_model::route::Target;
use weir_model::{PeeringId, Protocol};

/// What connection tracking knows of a flow at an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing: the rules decide.
    Unknown,
    /// The rules decide, and whatever they say it is not tracked: a moment ago it passed as what nobody tracks.
    Untracked,
    /// It belongs to a tracked connection.
    Tracked,
    /// It belongs to a tracked TCP connection that has closed.
    Closed,
}

/// Who knows about connections.
pub(crate) trait Connections<A> {
    /// What is known at `interface` of the connection whose packets leave it as `leaving`.
    fn standing(&self, interface: InterfaceIdx, leaving: &Flow<A>) -> Standing;
    /// As what a connection through the gateway at `gate` goes on whose packets come as `inside`, if it is open.
    fn outside(&self, gate: InterfaceIdx, inside: &Flow<A>) -> Option<Flow<A>>;
    /// As what a connection through the gateway at `gate` came whose packets go on as `outside`, if it is open.
    fn inside(&self, gate: InterfaceIdx, outside: &Flow<A>) -> Option<Flow<A>>;
    /// How many connections go on from `gate` from the same address to the same destination as `outside`.
    fn crowd(&self, gate: InterfaceIdx, outside: &Flow<A>) -> u32;
}

/// Knows of none.
pub(crate) struct NoConnections;

impl<A> Connections<A> for NoConnections {
    fn standing(&self, _: InterfaceIdx, _: &Flow<A>) -> Standing {
        Standing::Unknown
    }

    fn outside(&self, _: InterfaceIdx, _: &Flow<A>) -> Option<Flow<A>> {
        None
    }

    fn inside(&self, _: InterfaceIdx, _: &Flow<A>) -> Option<Flow<A>> {
        None
    }

    fn crowd(&self, _: InterfaceIdx, _: &Flow<A>) -> u32 {
        0
    }
}

/// A packet under way.
pub(crate) struct Walk<'a, A, C, T> {
    compiled: &'a Compiled,
    connections: &'a C,
    trace: &'a mut T,
    packet: &'a Packet,
    selected: Selected,
    /// The flow as it is at this point of the way.
    flow: Flow<A>,
    /// The flow that an ICMP error quotes, as it is at this point of the way.
    quoted: Option<Flow<A>>,
    hops: u8,
    /// Whether its sender passes it on for another: the sender is an appliance.
    is_forwarded: bool,
    mtu: u16,
    way: Option<Way>,
    passage: Option<(Side, Passage<A, InterfaceIdx>)>,
    /// Where a NAT gateway had no port left.
    exhausted: Option<InterfaceIdx>,
    departure: Option<Departure>,
    legs: Vec<Leg<A, InterfaceIdx>>,
    arrival: Option<Arrival<A>>,
    /// The part of the way that counts for latency and size: over the internet, else through transit gateways, if it went so.
    crossed: Option<Way>,
    /// Whether rules that name groups stand for nobody, because the packet came through a gateway that does not tell.
    groups_are_hidden: bool,
}

/// An interface by its number, and what is known of it.
#[derive(Clone, Copy)]
struct At<'a> {
    index: InterfaceIdx,
    interface: &'a CompiledInterface,
}

impl<'a, A: Address, C: Connections<A>, T: Trace> Walk<'a, A, C, T> {
    /// `packet`, whose flow is `flow`, about to set out.
    pub fn new(
        compiled: &'a Compiled,
        connections: &'a C,
        trace: &'a mut T,
        (packet, flow): (&'a Packet, Flow<A>),
    ) -> Walk<'a, A, C, T> {
        let (selected, quoted) = (Selected::of(packet), packet.quoted.and_then(Flow::quoted));
        Walk {
            compiled,
            connections,
            trace,
            packet,
            selected,
            flow,
            quoted,
            hops: 0,
            is_forwarded: false,
            mtu: u16::MAX,
            way: None,
            passage: None,
            exhausted: None,
            departure: None,
            legs: Vec::new(),
            arrival: None,
            crossed: None,
            groups_are_hidden: false,
        }
    }

    /// Walks from `port` to the end.
    pub fn run(mut self, port: Port) -> Decision<A> {
        let verdict = match port {
            Port::Internet => self.come_in(),
            Port::Endpoint(index) => self.come_from_endpoint(index),
            Port::Interface(index) => match self.compiled.get(index) {
                Some(interface) => self.set_out(At { index, interface }),
                None => Err(Stop::Drop(Reason::UnknownPort)),
            },
        };
        self.decision(verdict)
    }

    fn decision(self, verdict: Result<Landing<A>, Stop>) -> Decision<A> {
        let Walk { departure, legs, arrival, quoted, passage, exhausted, crossed, way, hops, mtu, .. } = self;
        let way = crossed.or(way);
        Decision { verdict, departure, legs, arrival, quoted, passage, way, exhausted, hops, mtu }
    }

    /// Walks the last part only: an answer of the router of the subnet about what the interface with `index` has just sent.
    /// The ACL is asked; groups are not, since they let in what answers to a packet that went out.
    pub fn enter_from_router(mut self, index: InterfaceIdx) -> Decision<A> {
        let receiver = self.at(index);
        let passed = self.acl(receiver.interface, Direction::Ingress, Reason::AclIngress);
        let (flow, action) = (self.flow, action(passed));
        self.arrival = Some(Arrival { interface: index, flow, action, admission: None });
        let verdict = passed.map(|()| Landing { to: Port::Interface(index), flow });
        self.decision(verdict)
    }

    fn set_out(&mut self, sender: At<'a>) -> Result<Landing<A>, Stop> {
        self.source_check(sender.interface)?;
        self.is_forwarded = !A::own(sender.interface).contains(&self.flow.source);
        self.services(sender.interface)?;
        let neighbour = self.neighbour(sender.interface)?;
        self.leave(sender, neighbour.is_none())?;
        match neighbour {
            Some(receiver) => {
                self.trace.step(|| Step::SameSubnet);
                self.arrive(receiver, false, Way::SameSubnet)
            }
            None => self.route(sender.interface),
        }
    }

    /// DHCP is let through: a host that asks for its address does not have one yet.
    ///
    /// Assumption: without the check, sources that no host can have are refused all the same, as by any router (RFC 1812,
    /// section 5.3.7).
    fn source_check(&mut self, sender: &CompiledInterface) -> Result<(), Stop> {
        if !sender.source_dest_check {
            return pass_if(self.flow.source.is_of_a_host(), Reason::InvalidSource);
        }
        let passed = A::own(sender).contains(&self.flow.source) || self.is_dhcp(sender);
        self.trace.step(|| Step::SourceCheck { interface: sender.id, passed });
        pass_if(passed, Reason::SourceCheck)
    }

    fn is_dhcp(&self, sender: &CompiledInterface) -> bool {
        let IpAddr::V4(destination) = self.packet.destination else { return false };
        let to_server =
            destination.is_broadcast() || self.compiled.subnet(sender).router == Some(destination);
        self.packet.protocol == Protocol::UDP && self.packet.destination_port == DHCP_SERVER_PORT && to_server
    }

    /// Hands over to a service of the platform: no group, ACL or flow log sees these packets.
    fn services(&mut self, sender: &CompiledInterface) -> Result<(), Stop> {
        let vpc = self.compiled.vpc(sender.vpc_idx);
        let destination = self.packet.destination;
        let service = if self.is_dhcp(sender) {
            Service::Dhcp
        } else if vpc.resolver.is_some_and(|resolver| destination == resolver) {
            Service::Dns
        } else if self.compiled.subnet(sender).router.is_some_and(|router| destination == router) {
            return Err(Stop::Drop(Reason::Router));
        } else if let Some(service) = link_local_service(destination) {
            service
        } else {
            return Ok(());
        };
        self.trace.step(|| Step::Service(service));
        match service {
            Service::Dns if !vpc.dns_support => Err(Stop::Drop(Reason::ResolverOff)),
            service => Err(Stop::Service(service)),
        }
    }

    /// The receiver, if the destination is in the sender's subnet; `None` if the packet has to be routed.
    fn neighbour(&self, sender: &CompiledInterface) -> Result<Option<At<'a>>, Stop> {
        if !self.compiled.subnet(sender).has(self.flow.destination.ip()) {
            return Ok(None);
        }
        self.resident(sender.vpc_idx, Reason::NoNeighbour).map(Some)
    }

    /// The interface that has the destination address in the VPC with index `vpc`.
    fn resident(&self, vpc: u32, otherwise: Reason) -> Result<At<'a>, Stop> {
        let place = A::places(self.compiled).private(vpc, self.flow.destination);
        place.map(|place| self.at(place.interface)).ok_or(Stop::Drop(otherwise))
    }

    fn at(&self, index: InterfaceIdx) -> At<'a> {
        At { index, interface: self.compiled.interface(index) }
    }

    /// Groups and, at the subnet's border, the ACL on the way out; then the sender's interface has seen the packet.
    fn leave(&mut self, sender: At<'a>, border: bool) -> Result<(), Stop> {
        let leaving = self.flow;
        let quoted = self.quoted.map(Flow::reversed);
        let admission = self.admission(sender, Direction::Egress, [Some(leaving), quoted]);
        let passed = match admission {
            Admission::Refused => Err(Stop::Drop(Reason::GroupEgress)),
            Admission::Closed => Err(Stop::Drop(Reason::ConnectionClosed)),
            _ if border => self.acl(sender.interface, Direction::Egress, Reason::AclEgress),
            _ => Ok(()),
        };
        let action = action(passed);
        self.departure =
            Some(Departure { action, admission, path: None, is_nitro: sender.interface.is_nitro });
        let interface = sender.interface.id;
        self.trace.step(|| Step::Sighted { interface, direction: Direction::Egress, action });
        passed
    }

    /// What the groups of `place` say. Its connections are looked for under `leaving`: the flow of packets that leave it,
    /// and that of packets whose ICMP error this is.
    fn admission(
        &mut self,
        place: At<'a>,
        direction: Direction,
        [leaving, quoted]: [Option<Flow<A>>; 2],
    ) -> Admission {
        let policy = self.compiled.policy(place.interface);
        let standing = |flow: Option<Flow<A>>| match flow {
            Some(flow) => self.connections.standing(place.index, &flow),
            None => Standing::Unknown,
        };
        let admission = match standing(leaving) {
            _ if policy.no_groups => Admission::NoGroups,
            Standing::Tracked => Admission::Tracked,
            Standing::Closed if !opens(self.packet) => Admission::Closed,
            _ if standing(quoted) == Standing::Tracked => Admission::Tracked,
            standing => self.rule(place, direction, standing),
        };
        let interface = place.interface.id;
        self.trace.step(|| Step::Groups { interface, direction, admission });
        admission
    }

    /// What the rules say to a packet of a flow with this `standing`.
    fn rule(&self, place: At<'a>, direction: Direction, standing: Standing) -> Admission {
        let peer = match direction {
            Direction::Ingress => self.flow.source,
            Direction::Egress => self.flow.destination,
        };
        // A rule that names a group as its source does not let in what an appliance forwards ("Security group rules").
        let is_hidden = self.groups_are_hidden || (direction == Direction::Ingress && self.is_forwarded);
        let members = (!is_hidden).then_some(&self.compiled.members[..]);
        let rules = A::rules(self.compiled.policy(place.interface));
        match rules.find(direction, peer, self.selected, members) {
            Some(found) => Admission::Rule {
                group: found.group,
                rule: found.rule,
                tracked: (found.tracked || self.is_always_tracked(place, direction))
                    && self.may_begin(standing),
            },
            None => Admission::Refused,
        }
    }

    /// Whether a connection may begin with the packet. One that was untracked stays so, whatever rules are left for it: the
    /// answers to it belong to it.
    ///
    /// Source: EC2 User Guide, "Security group connection tracking": removing the rule cuts an untracked flow at once,
    /// "the connection was not previously being tracked".
    fn may_begin(&self, standing: Standing) -> bool {
        match self.packet.protocol {
            Protocol::TCP => opens(self.packet),
            _ => standing != Standing::Untracked,
        }
    }

    fn acl(
        &mut self,
        interface: &CompiledInterface,
        direction: Direction,
        reason: Reason,
    ) -> Result<(), Stop> {
        let peer = match direction {
            Direction::Ingress => self.flow.source,
            Direction::Egress => self.flow.destination,
        };
        let subnet = self.compiled.subnet(interface);
        let (Some(acl), Some(subnet)) = (self.compiled.acl(subnet), subnet.id) else { return Ok(()) };
        let (number, allow) = A::entries(acl).find(direction, peer, self.selected);
        self.trace.step(|| Step::Acl { acl: acl.id, subnet, direction, number, allow });
        pass_if(allow, reason)
    }

    /// Follows the most specific route of the sender's subnet.
    fn route(&mut self, sender: &'a CompiledInterface) -> Result<Landing<A>, Stop> {
        match self.flow.destination.kind() {
            Kind::Multicast => return Err(Stop::Drop(Reason::Multicast)),
            Kind::LinkLocal => return Err(Stop::Drop(Reason::LinkLocal)),
            Kind::Global | Kind::Private => {}
        }
        let table = self.compiled.table(self.compiled.subnet(sender));
        let route = table.find(self.flow.destination).filter(|route| !is_reserved(route.target, self.packet));
        let found = route.map(|route| (route.destination, route.target));
        self.trace.step(|| Step::Route { table: table.id, route: found });
        let route = route.ok_or(Stop::Drop(Reason::NoRoute))?;
        match (route.next, route.target) {
            (Next::Local, _) => self.local(sender),
            (Next::InternetGateway, _) => self.go_out(sender),
            (Next::EgressOnlyGateway, _) => self.egress_only_out(sender),
            (Next::NatGateway(nat), _) => self.nat_out(sender, self.compiled.nat(nat)),
            (Next::Peer { .. } | Next::Endpoint(_) | Next::RegionalNat(_), _) if sender.nat.is_some() => {
                Err(Stop::Drop(Reason::NatTarget))
            }
            (Next::RegionalNat(nat), _) => {
                let gate = self.compiled.regional_nat(nat).gate(sender.zone);
                self.nat_out(sender, self.compiled.nat(gate.ok_or(Stop::Drop(Reason::NatZone))?))
            }
            (Next::Endpoint(index), _) => self.go_to_endpoint(sender, index),
            (Next::Peer { vpc, same_region }, Target::Peering(peering)) => {
                self.peering(sender, vpc, (peering, same_region))
            }
            (Next::Interface(index), _) => {
                let receiver = self.at(index);
                let border = receiver.interface.subnet_idx != sender.subnet_idx;
                self.arrive(receiver, border, way(sender, receiver.interface))
            }
            (Next::Transit(end), _) => self.transit(sender, end),
            (Next::Blackhole | Next::Peer { .. }, target) => {
                self.trace.step(|| Step::Blackhole(target));
                Err(Stop::Drop(Reason::Blackhole))
            }
        }
    }

    fn local(&mut self, sender: &CompiledInterface) -> Result<Landing<A>, Stop> {
        let receiver = self.resident(sender.vpc_idx, Reason::NoInterface)?;
        self.arrive(receiver, true, way(sender, receiver.interface))
    }

    /// Only between the two VPCs' own addresses: neither transit nor edge-to-edge routing.
    fn peering(
        &mut self,
        sender: &CompiledInterface,
        vpc: u32,
        (peering, same_region): (PeeringId, bool),
    ) -> Result<Landing<A>, Stop> {
        self.trace.step(|| Step::Peering(peering));
        let far = self.compiled.vpc(vpc);
        pass_if(far.has(self.flow.destination.ip()), Reason::PeeringDestination)?;
        let near = self.compiled.vpc(sender.vpc_idx);
        pass_if(near.has(self.flow.source.ip()), Reason::PeeringSource)?;
        let receiver = self.resident(vpc, Reason::NoInterface)?;
        self.arrive(receiver, true, Way::Peering { same_region })
    }

    /// To the service that a gateway endpoint of the VPC leads to, whatever public address the sender has. Connections
    /// cannot be extended out of the VPC: only its own addresses can be answered.
    ///
    /// ICMP passes as TCP does: echo requests to S3 were answered through an endpoint (batfish lab-validation, 2020).
    fn go_to_endpoint(&mut self, sender: &CompiledInterface, index: EndpointIdx) -> Result<Landing<A>, Stop> {
        let gateway = self.compiled.gateway(index).ok_or(Stop::Drop(Reason::Blackhole))?;
        self.trace.step(|| Step::Endpoint(gateway.id, Direction::Egress));
        let near = self.compiled.vpc(sender.vpc_idx);
        pass_if(near.has(self.flow.source.ip()), Reason::EndpointSource)?;
        self.take(Way::GatewayEndpoint);
        self.check_size(Way::GatewayEndpoint)?;
        self.check_ttl()?;
        Ok(Landing { to: Port::Endpoint(index), flow: self.flow })
    }

    /// From the service that a gateway endpoint leads to, to an address of its VPC.
    fn come_from_endpoint(&mut self, index: EndpointIdx) -> Result<Landing<A>, Stop> {
        let gateway = self.compiled.gateway(index).ok_or(Stop::Drop(Reason::UnknownPort))?;
        self.trace.step(|| Step::Endpoint(gateway.id, Direction::Ingress));
        let receiver = self.resident(gateway.vpc_idx, Reason::NoInterface)?;
        self.arrive(receiver, true, Way::GatewayEndpoint)
    }

    /// Takes `way` on from the interface that the packet has left last: it is what the record of that interface tells.
    fn take(&mut self, way: Way) {
        self.way = Some(way);
        if matches!(way, Way::InternetGateway | Way::BetweenGateways) {
            self.crossed = Some(way);
        }
        match (self.legs.last_mut(), &mut self.departure) {
            (Some(leg), _) if leg.direction == Direction::Egress => {
                // Interfaces that AWS manages count as built on Nitro.
                leg.path = Some(traffic_path(true, way));
            }
            (None, Some(departure)) => departure.path = Some(traffic_path(departure.is_nitro, way)),
            _ => {}
        }
    }

    /// Into a managed interface in the middle of the way, by `way`: at the subnet's `border` the ACL on the way in, no
    /// groups; then the interface has seen the packet.
    ///
    /// Routes that lead in a circle end as the TTL would end them, [`LEGS_MAX`] legs on.
    fn pass_in(&mut self, middle: At<'a>, border: bool, way: Way) -> Result<(), Stop> {
        self.take(way);
        self.check_size(way)?;
        self.check_ttl()?;
        pass_if(self.legs.len() < LEGS_MAX, Reason::TtlExpired)?;
        let passed = match border {
            true => self.acl(middle.interface, Direction::Ingress, Reason::AclIngress),
            false => Ok(()),
        };
        self.leg(middle, Direction::Ingress, passed)
    }

    /// Out of a managed interface, with the flow as it goes on from there: at the subnet's `border` the ACL on the way
    /// out; then the interface has seen the packet. The way on is told by the next [`take`](Self::take).
    fn pass_out(&mut self, middle: At<'a>, border: bool) -> Result<(), Stop> {
        let passed = match border {
            true => self.acl(middle.interface, Direction::Egress, Reason::AclEgress),
            false => Ok(()),
        };
        self.leg(middle, Direction::Egress, passed)
    }

    fn leg(&mut self, middle: At<'a>, direction: Direction, passed: Result<(), Stop>) -> Result<(), Stop> {
        let (action, flow) = (action(passed), self.flow);
        let (interface, mtu) = (middle.index, self.mtu);
        self.legs.push(Leg { interface, direction, flow, action, path: None, mtu });
        let interface = middle.interface.id;
        self.trace.step(|| Step::Sighted { interface, direction, action });
        passed
    }

    /// On from a managed interface as any packet goes on that leaves its subnet's interfaces: to a neighbour, or by the
    /// route table of the subnet.
    fn go_on(&mut self, middle: At<'a>) -> Result<Landing<A>, Stop> {
        let neighbour = self.neighbour(middle.interface)?;
        self.pass_out(middle, neighbour.is_none())?;
        match neighbour {
            Some(receiver) => self.arrive(receiver, false, Way::SameSubnet),
            None => self.route(middle.interface),
        }
    }

    /// Whether it goes on in parts: its way before did not take it whole.
    fn is_split(&self) -> bool {
        self.packet.segment_bytes > self.mtu.into()
    }

    fn check_ttl(&self) -> Result<(), Stop> {
        pass_if(self.packet.ttl > self.hops, Reason::TtlExpired)
    }

    /// Each segment of a super-packet has to fit the way, unless it may be split there. This comes before the TTL: in the
    /// tracepath of the EC2 User Guide, "Network MTU", a probe with TTL 1 is told the MTU of the gateway.
    fn check_size(&mut self, way: Way) -> Result<(), Stop> {
        let mtu = way.mtu();
        // What has been split before is no larger than that way takes.
        let size = self.packet.segment_bytes.min(self.mtu.into());
        self.mtu = self.mtu.min(mtu);
        if size <= u32::from(mtu) {
            return Ok(());
        }
        let splits = way.splits() && !self.packet.dont_fragment;
        self.trace.step(|| Step::Size { mtu, splits });
        pass_if(splits, Reason::TooBig)
    }

    /// At the subnet's border the ACL on the way in, then groups; then the receiver's interface has seen the packet.
    fn arrive(&mut self, receiver: At<'a>, border: bool, way: Way) -> Result<Landing<A>, Stop> {
        if let Some(nat) = receiver.interface.nat {
            return self.nat_in(receiver, self.compiled.nat(nat), (border, way));
        }
        self.take(way);
        self.check_size(way)?;
        self.check_ttl()?;
        pass_if(receiver.interface.is_running, Reason::NotRunning)?;
        let (admission, passed) = self.admit(receiver, border);
        if passed.is_ok() {
            self.destination_check(receiver.interface)?;
        }
        let (interface, flow, action) = (receiver.index, self.flow, action(passed));
        self.arrival = Some(Arrival { interface, flow, action, admission });
        let id = receiver.interface.id;
        self.trace.step(|| Step::Sighted { interface: id, direction: Direction::Ingress, action });
        passed?;
        Ok(Landing { to: Port::Interface(receiver.index), flow })
    }

    /// What ACL and groups of the receiver say; what the groups say is `None` if the ACL refused before them.
    fn admit(&mut self, receiver: At<'a>, border: bool) -> (Option<Admission>, Result<(), Stop>) {
        if border && let Err(stop) = self.acl(receiver.interface, Direction::Ingress, Reason::AclIngress) {
            return (None, Err(stop));
        }
        let leaving = self.flow.reversed();
        let admission = self.admission(receiver, Direction::Ingress, [Some(leaving), self.quoted]);
        let passed = match admission {
            Admission::Refused => Err(Stop::Drop(Reason::GroupIngress)),
            Admission::Closed => Err(Stop::Drop(Reason::ConnectionClosed)),
            _ => Ok(()),
        };
        (Some(admission), passed)
    }

    fn destination_check(&mut self, receiver: &CompiledInterface) -> Result<(), Stop> {
        if !receiver.source_dest_check {
            return Ok(());
        }
        let passed = A::own(receiver).contains(&self.flow.destination);
        self.trace.step(|| Step::DestinationCheck { interface: receiver.id, passed });
        pass_if(passed, Reason::DestinationCheck)
    }
}

/// The port that DHCP servers listen on (RFC 2131).
const DHCP_SERVER_PORT: u16 = 67;

/// By how much the TTL goes down at an internet gateway; local routes and peering leave it alone.
///
/// Measured on AWS in 2020 (batfish lab-validation): 255 between subnets and across a peering connection, 254 to a
/// public address of the same region, out of one gateway and in through another.
const GATEWAY_HOPS: u8 = 1;

fn pass_if(passed: bool, otherwise: Reason) -> Result<(), Stop> {
    if passed { Ok(()) } else { Err(Stop::Drop(otherwise)) }
}

fn action(passed: Result<(), Stop>) -> Action {
    if passed.is_ok() { Action::Accept } else { Action::Reject }
}

/// Whether `packet` opens a TCP connection.
pub(crate) fn opens(packet: &Packet) -> bool {
    packet.protocol == Protocol::TCP && packet.tcp_flags & (SYN | ACK) == SYN
}

fn way(sender: &CompiledInterface, receiver: &CompiledInterface) -> Way {
    if sender.subnet_idx == receiver.subnet_idx {
        Way::SameSubnet
    } else if sender.zone == receiver.zone {
        Way::SameZone
    } else {
        Way::CrossZone
    }
}

/// The service at one of the addresses that mean the same in every VPC.
fn link_local_service(destination: IpAddr) -> Option<Service> {
    const fn v6(last: u16) -> IpAddr {
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, last))
    }
    const fn v4(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(169, 254, 169, last))
    }
    const SERVICES: [(IpAddr, IpAddr, Service); 3] = [
        (v4(253), v6(0x253), Service::Dns),
        (v4(254), v6(0x254), Service::Metadata),
        (v4(123), v6(0x123), Service::Time),
    ];
    SERVICES.iter().find(|(v4, v6, _)| destination == *v4 || destination == *v6).map(|(.., service)| *service)
}

/// Whether the packet is for addresses of the platform (fd00:ec2::/32), which no route but a local one may forward.
///
/// Source: VPC User Guide, "Route table concepts". The IPv4 range 169.254.168.0/22 is link-local, which nothing routes.
fn is_reserved(target: Target, packet: &Packet) -> bool {
    let IpAddr::V6(destination) = packet.destination else { return false };
    target != Target::Local && destination.segments()[..2] == [0xfd00, 0xec2]
}
