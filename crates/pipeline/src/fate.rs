//! What was decided about a flow, and what it means for the packets after this one.

use crate::address::Address;
use crate::compiled::Compiled;
use crate::entry::Key;
use crate::explain::Admission;
use crate::flow::Flow;
use crate::packet::{Packet, Port};
use crate::sighting::Action;
use crate::slots::{ENDPOINTS, INTERNET, NOWHERE, Slots};
use crate::track::{Connection, Timeouts};
use crate::verdict::{Reason, Verdict, Way};
use crate::walk::{Decision, Stop};
use weir_model::Protocol;
use weir_model::group::Direction;
use weir_model::interface::TrackingTimeouts;

/// The network that packets cross at the moment.
#[derive(Debug)]
pub(crate) struct World {
    pub compiled: Compiled,
    pub slots: Slots,
    /// Grows with every change of the network; never 0.
    pub epoch: u32,
}

impl World {
    /// How long connections may be idle at the interface of `port`; elsewhere none is tracked.
    pub fn timeouts(&self, port: Port) -> Timeouts {
        let interface = match port {
            Port::Interface(index) => self.compiled.get(index),
            Port::Internet | Port::Endpoint(_) => None,
        };
        interface.map_or(Timeouts::of(TrackingTimeouts::default()), |interface| interface.timeouts)
    }
}

/// What was decided about a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate<A> {
    /// The slot of the interface that it reaches, delivered or not; [`NOWHERE`] if none.
    pub to: u32,
    /// The flow as it arrives there.
    pub there: Flow<A>,
    /// Delivered which way, or why not.
    pub outcome: Result<Way, Reason>,
    /// What the sender's interface sees; `None` if nothing.
    pub departure: Option<Action>,
    /// What the receiver's interface sees; `None` if nothing.
    pub arrival: Option<Action>,
    /// The `traffic-path` of the sender's record.
    pub path: Option<u8>,
    /// By how much the TTL goes down.
    pub hops: u8,
    /// The size up to which packets fare alike: the MTU of their way, or any size if they do not get so far.
    pub mtu: u16,
}

/// What has to be asked for every packet of a flow, because it may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attention {
    /// Nothing: the packet is as the one before.
    None,
    /// Whether the flow, which the receiver's groups refuse, has become part of a connection there.
    Receiver,
    /// Everything.
    Full,
}

impl<A: Address> Fate<A> {
    /// What is remembered of a decision about a packet that came in under `key`, or the verdict itself if no interface saw
    /// the packet.
    pub fn of(world: &World, key: &Key<A>, decision: &Decision<A>) -> Result<Fate<A>, Verdict> {
        if decision.departure.is_none() && decision.arrival.is_none() && decision.legs.is_empty() {
            return Err(decision.verdict());
        }
        let outcome = match decision.verdict {
            Err(Stop::Service(service)) => return Err(Verdict::Service(service)),
            Err(Stop::Drop(reason)) => Err(reason),
            Ok(_) => Ok(decision.way.unwrap_or(Way::SameSubnet)),
        };
        let reached = match (decision.verdict, decision.arrival) {
            (_, Some(arrival)) => Some((Port::Interface(arrival.interface), arrival.flow)),
            (Ok(landing), None) => Some((landing.to, landing.flow)),
            (Err(_), None) => None,
        };
        let slot = reached.and_then(|(port, _)| world.slots.of(port));
        Ok(Fate {
            to: slot.unwrap_or(NOWHERE),
            there: reached.map_or(key.flow, |(_, flow)| flow),
            outcome,
            departure: decision.departure.map(|departure| departure.action),
            arrival: decision.arrival.map(|arrival| arrival.action),
            path: decision.departure.and_then(|departure| departure.path),
            hops: decision.hops,
            mtu: decision.mtu,
        })
    }

    /// Whether it says nothing about the next packet of the flow: what decided was this one's TTL or size, or that it is a
    /// fragment.
    pub fn is_of_one_packet(&self) -> bool {
        matches!(self.outcome, Err(Reason::TtlExpired | Reason::TooBig | Reason::NatFragment))
    }

    /// Whether it reaches an interface.
    pub fn reaches_interface(&self) -> bool {
        // Endpoints have slots beyond those of interfaces, and nowhere is beyond both.
        self.to != INTERNET && self.to < ENDPOINTS
    }

    /// Whether its packets touch a connection at the interface they reach: delivered, or refused as closed there.
    pub fn touches(&self) -> bool {
        let closed = self.outcome == Err(Reason::ConnectionClosed) && self.arrival.is_some();
        self.reaches_interface() && (self.outcome.is_ok() || closed)
    }

    /// What may change the verdict on the next packet without the network changing, if the connection is `near` at the
    /// sender's interface and `far` at the receiver's.
    pub fn attention(&self, near: Connection, far: Connection) -> Attention {
        let moves = near.is_moved_by(Direction::Egress) || far.is_moved_by(Direction::Ingress);
        // The packet that closed the connection at one end was the last to pass there.
        let is_refused_as_closed = self.outcome == Err(Reason::ConnectionClosed);
        let closed = match (near, far) {
            (Connection::TcpClosed, _) => !is_refused_as_closed || self.arrival.is_some(),
            (_, Connection::TcpClosed) => !is_refused_as_closed,
            _ => false,
        };
        match self.outcome {
            _ if moves || closed => Attention::Full,
            Err(reason) if reason.is_of_the_moment() => Attention::Full,
            Err(Reason::GroupIngress) => Attention::Receiver,
            _ => Attention::None,
        }
    }
}

/// The state of a connection after the groups have answered `admission` to a packet.
pub(crate) fn after(
    before: Connection,
    admission: Option<Admission>,
    direction: Direction,
    packet: &Packet,
) -> Connection {
    match admission {
        Some(Admission::Rule { tracked: true, .. }) => Connection::open(direction, packet),
        Some(Admission::Rule { tracked: false, .. }) => Connection::untracked(packet),
        // What the rules refuse neither makes it a connection nor ends what it belongs to.
        Some(Admission::Refused) if before == Connection::UdpUntracked => before,
        Some(Admission::Tracked) => before.next(direction, packet),
        Some(Admission::Closed) => before,
        _ => Connection::Untracked,
    }
}

/// Whether a connection may be tracked from another packet on, with the next SYN.
pub(crate) fn waits(admission: Option<Admission>, packet: &Packet) -> bool {
    matches!(admission, Some(Admission::Rule { tracked: false, .. })) && packet.protocol == Protocol::TCP
}

/// The `traffic-path` of packets that leave an interface, on a Nitro instance or not, on their `way`.
///
/// Assumption: an egress-only internet gateway is told as an internet gateway.
/// Source: VPC User Guide, "Flow log records", traffic-path.
pub(crate) fn traffic_path(is_nitro: bool, way: Way) -> u8 {
    match way {
        // Towards a transit gateway a packet leaves through an interface of its own VPC.
        Way::SameSubnet | Way::SameZone | Way::CrossZone | Way::Transit { .. } => 1,
        Way::Peering { same_region: true } => 4,
        Way::Peering { same_region: false } => 5,
        Way::InternetGateway | Way::BetweenGateways if is_nitro => 8,
        Way::GatewayEndpoint if is_nitro => 7,
        Way::InternetGateway | Way::BetweenGateways | Way::GatewayEndpoint => 2,
    }
}
