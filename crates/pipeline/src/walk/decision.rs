//! What became of a packet, and what the interfaces on its way saw.

use crate::address::Address;
use crate::compiled::Compiled;
use crate::explain::Admission;
use crate::flow::Flow;
use crate::legs::Leg;
use crate::packet::{InterfaceIdx, Packet, Port};
use crate::passages::{Passage, Side};
use crate::sighting::{Action, Sighting};
use crate::verdict::{Delivery, Reason, Service, Verdict, Way};
use weir_model::Nanos;
use weir_model::group::Direction;

/// What became of a packet, and what the interfaces on its way saw.
#[derive(Clone, Debug)]
pub(crate) struct Decision<A> {
    pub verdict: Result<Landing<A>, Stop>,
    /// What the sender's interface saw; `None` if it was the internet, or stopped before.
    pub departure: Option<Departure>,
    /// What the interfaces in the middle saw, in the order they were passed.
    pub legs: Vec<Leg<A, InterfaceIdx>>,
    /// What the receiver's interface saw, if it got so far.
    pub arrival: Option<Arrival<A>>,
    /// The flow that an ICMP error quotes, as it is at the end of the way.
    pub quoted: Option<Flow<A>>,
    /// The connection through a gateway that it belongs to, and the side it came from.
    pub passage: Option<(Side, Passage<A, InterfaceIdx>)>,
    /// Which way it went, if its route led to an interface or the internet: the part of it that counts most.
    pub way: Option<Way>,
    /// Where a NAT gateway had no port left for it.
    pub exhausted: Option<InterfaceIdx>,
    /// By how much its TTL went down.
    pub hops: u8,
    /// The largest packet that all its ways take; any if it took none.
    pub mtu: u16,
}

/// Where a packet lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Landing<A> {
    pub to: Port,
    pub flow: Flow<A>,
}

/// Why a packet goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Service(Service),
    Drop(Reason),
}

/// What the sender's interface saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    pub action: Action,
    pub admission: Admission,
    /// The `traffic-path`, once the way on from here is known.
    pub path: Option<u8>,
    /// Whether the instance is built on Nitro.
    pub is_nitro: bool,
}

/// What the receiver's interface saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<A> {
    pub interface: InterfaceIdx,
    pub flow: Flow<A>,
    pub action: Action,
    pub admission: Option<Admission>,
}

impl<A: Address> Arrival<A> {
    /// What the interface saw, as packets and bytes that are in no entry of the flow table.
    pub fn sighting(&self, compiled: &Compiled, count: (u64, u64), now: Nanos) -> Option<Sighting> {
        self.leg(u16::MAX).sighting(compiled, count, now)
    }

    /// The same as a leg: the last one, of a way that takes packets up to `mtu`.
    fn leg(&self, mtu: u16) -> Leg<A, InterfaceIdx> {
        let Arrival { interface, flow, action, .. } = *self;
        Leg { interface, direction: Direction::Ingress, flow, action, path: None, mtu }
    }
}

impl<A: Address> Decision<A> {
    /// Tells `tell` what the interfaces behind the place where `packet` was split saw more than the one packet that it was.
    pub fn parts(
        &self,
        compiled: &Compiled,
        (packet, now): (&Packet, Nanos),
        mut tell: impl FnMut(Sighting),
    ) {
        let last = self.arrival.map(|arrival| arrival.leg(self.mtu));
        for leg in self.legs.iter().chain(&last) {
            let growth = packet.growth(leg.mtu);
            let seen = leg.sighting(compiled, growth, now).filter(|_| growth.0 > 0);
            seen.into_iter().for_each(&mut tell);
        }
    }

    /// The verdict, with ports as the packet's receiver sees them.
    pub fn verdict(&self) -> Verdict {
        match (self.verdict, self.way) {
            (Ok(landing), way) => {
                let tuple = landing.flow.tuple();
                let (source_port, destination_port) = self.quoted.unwrap_or(landing.flow).ports();
                Verdict::Deliver(Delivery {
                    to: landing.to,
                    source: tuple.source,
                    destination: tuple.destination,
                    source_port,
                    destination_port,
                    way: way.unwrap_or(Way::SameSubnet),
                    hops: self.hops,
                    mtu: self.mtu,
                })
            }
            (Err(Stop::Service(service)), _) => Verdict::Service(service),
            (Err(Stop::Drop(reason)), _) => Verdict::Drop(reason),
        }
    }

    /// `verdict`, which does not know what an ICMP error quotes, with the ports of the quoted packet.
    pub fn with_quoted(&self, verdict: Verdict) -> Verdict {
        match (verdict, self.quoted) {
            (Verdict::Deliver(delivery), Some(quoted)) => {
                let (source_port, destination_port) = quoted.ports();
                Verdict::Deliver(Delivery { source_port, destination_port, ..delivery })
            }
            (verdict, _) => verdict,
        }
    }
}
