//! One entry of the flow table: the flow as it enters the network, the verdict on it, its counters, and what connection
//! tracking knows at the interface it enters by.

use crate::address::Address;
use crate::fate::{Attention, Fate};
use crate::flow::Flow;
use crate::legs::Leg;
use crate::packet::{FIN, Fragment, Packet, RST, SYN};
use crate::sighting::{Action, Sighting};
use crate::slots::{NOWHERE, Slots};
use crate::track::{Tracked, logged_flags};
use crate::verdict::{Delivery, Reason, Verdict, Way};
use std::hash::{Hash, Hasher};
use weir_model::Nanos;
use weir_model::group::Direction;

/// Nanoseconds in a second.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

/// What an entry is found by: where the packet enters the network, and its flow there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key<A> {
    pub port: u32,
    pub flow: Flow<A>,
}

impl<A: Address> Hash for Key<A> {
    /// Few writes of many bits: this is done for every packet.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        A::hash_pair(self.flow.source, self.flow.destination, state);
        state.write_u64(self.flow.digest(self.port));
    }
}

/// An entry of the flow table. What every packet of an IPv4 flow needs is in its first 64 bytes: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Entry<A> {
    pub key: Key<A>,
    /// The epoch it was decided in; 0 if it has not been.
    pub epoch: u32,
    /// When the last packet came.
    pub last: Nanos,
    /// Packets since the window opened.
    pub packets: u64,
    /// Bytes since the window opened.
    pub bytes: u64,
    /// How many seconds may pass between packets before tracking has to be asked again.
    pub idle_s: u32,
    to: u32,
    outcome: Result<Way, Reason>,
    /// The size up to which packets fare alike.
    mtu: u16,
    hops: u8,
    is_translated: bool,
    /// What has to be asked for every packet.
    pub attention: Attention,
    /// Whether tracking has to be asked for SYN, FIN and RST.
    pub heeds_flags: bool,
    there: Flow<A>,
    /// Whether its packets touch a connection at the interface they reach.
    pub touches: bool,
    tcp_flags: u8,
    /// Whether it counts among the refused flows.
    pub refused: bool,
    /// Whether the entry is in use.
    pub live: bool,
    /// The entry whose packets arrive here as the reverse of this flow, if it still does.
    pub partner: u32,
    /// When the first packet since the window opened came.
    first: Nanos,
    /// When the tracked connection was last touched by packets that arrive, as far as it is not in their own entry.
    pub touched: Nanos,
    departure: Option<Action>,
    arrival: Option<Action>,
    path: Option<u8>,
    /// The handle of what interfaces in the middle see; [`NOWHERE`] if there are none.
    pub legs: u32,
    /// The connection through a gateway that it belongs to; [`NOWHERE`] if there is none.
    pub passage: u32,
    /// The connection at the interface it enters by.
    pub tracked: Tracked,
}

impl<A: Address> Entry<A> {
    /// An entry about which nothing has been decided.
    pub fn undecided(key: Key<A>) -> Entry<A> {
        Entry {
            key,
            epoch: 0,
            last: Nanos(0),
            packets: 0,
            bytes: 0,
            idle_s: 0,
            to: NOWHERE,
            outcome: Err(Reason::NoRoute),
            mtu: 0,
            hops: 0,
            is_translated: false,
            attention: Attention::None,
            heeds_flags: false,
            touches: false,
            tcp_flags: 0,
            there: key.flow,
            first: Nanos(0),
            touched: Nanos(0),
            partner: NOWHERE,
            departure: None,
            arrival: None,
            path: None,
            legs: NOWHERE,
            passage: NOWHERE,
            tracked: Tracked::default(),
            refused: false,
            live: true,
        }
    }

    /// What was decided.
    pub fn fate(&self) -> Fate<A> {
        let Entry { to, there, outcome, departure, arrival, path, hops, mtu, .. } = *self;
        Fate { to, there, outcome, departure, arrival, path, hops, mtu }
    }

    /// Takes over what was decided.
    pub fn set_fate(&mut self, fate: Fate<A>) {
        let Fate { to, there, outcome, departure, arrival, path, hops, mtu } = fate;
        self.is_translated = there != self.key.flow;
        *self = Entry { to, there, outcome, departure, arrival, path, hops, mtu, ..*self };
    }

    /// Begins to count anew.
    pub fn reset_counters(&mut self) {
        (self.packets, self.bytes, self.tcp_flags) = (0, 0, 0);
    }

    /// Whether `packet` may be treated as the ones before it, connection tracking at the receiver's groups apart.
    #[inline]
    pub fn covers(&self, epoch: u32, packet: &Packet, now: Nanos) -> bool {
        self.epoch == epoch
            && packet.ttl > self.hops
            && packet.segment_bytes <= u32::from(self.mtu)
            && now.0.saturating_sub(self.last.0) <= u64::from(self.idle_s) * SECOND_NS
            && !(self.heeds_flags && packet.tcp_flags & (SYN | FIN | RST) != 0)
            && packet.quoted.is_none()
            && (packet.fragment == Fragment::Whole || self.passage == NOWHERE)
    }

    /// Counts `packet`; one that claims to have no segments is one packet.
    #[inline]
    pub fn count(&mut self, packet: &Packet, now: Nanos) {
        if self.packets == 0 {
            self.first = now;
        }
        self.last = now;
        self.packets += u64::from(packet.segments.max(1));
        self.bytes += u64::from(packet.bytes);
        if packet.tcp_flags & (SYN | FIN | RST) != 0 {
            self.tcp_flags |= logged_flags(packet);
        }
    }

    /// The verdict on its packets.
    #[inline]
    pub fn verdict(&self, slots: &Slots) -> Verdict {
        match self.outcome {
            Ok(way) => {
                let there = if self.is_translated { &self.there } else { &self.key.flow };
                deliver(slots, self.to, there, (way, self.hops, self.mtu))
            }
            Err(reason) => Verdict::Drop(reason),
        }
    }

    /// Tells `tell` what the interfaces on its way saw since the window opened, in the order of the way: the sender's, those
    /// of `legs`, the receiver's. Nothing if no packet came.
    pub fn sightings(&self, slots: &Slots, legs: &[Leg<A>], mut tell: impl FnMut(Sighting)) {
        if self.packets == 0 {
            return;
        }
        let Fate { to, there, departure, arrival, path, .. } = self.fate();
        let sent =
            self.sighting(slots, (self.key.port, Direction::Egress), &self.key.flow, (departure, path));
        sent.into_iter().for_each(&mut tell);
        for leg in legs {
            let at = (leg.interface, leg.direction);
            let passed = self.sighting(slots, at, &leg.flow, (Some(leg.action), leg.path));
            passed.into_iter().for_each(&mut tell);
        }
        let received = self.sighting(slots, (to, Direction::Ingress), &there, (arrival, None));
        received.into_iter().for_each(&mut tell);
    }

    fn sighting(
        &self,
        slots: &Slots,
        (slot, direction): (u32, Direction),
        flow: &Flow<A>,
        (action, traffic_path): (Option<Action>, Option<u8>),
    ) -> Option<Sighting> {
        let tuple = flow.tuple();
        Some(Sighting {
            interface: slots.interface(slot)?,
            direction,
            source: tuple.source,
            destination: tuple.destination,
            source_port: tuple.source_port,
            destination_port: tuple.destination_port,
            protocol: tuple.protocol,
            action: action?,
            packets: self.packets,
            bytes: self.bytes,
            first: self.first,
            last: self.last,
            tcp_flags: self.tcp_flags,
            traffic_path,
        })
    }
}

#[inline]
pub(crate) fn deliver<A: Address>(
    slots: &Slots,
    to: u32,
    there: &Flow<A>,
    (way, hops, mtu): (Way, u8, u16),
) -> Verdict {
    let (source_port, destination_port) = there.ports();
    Verdict::Deliver(Delivery {
        to: slots.port(to),
        source: there.source.ip(),
        destination: there.destination.ip(),
        source_port,
        destination_port,
        way,
        hops,
        mtu,
    })
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use std::mem::offset_of;

    #[test]
    fn what_every_packet_needs_is_in_one_cache_line() {
        assert!(offset_of!(Entry<u32>, there) <= 64);
        assert!(offset_of!(Entry<u32>, mtu) < 64);
        assert_eq!(size_of::<Entry<u32>>(), 128);
    }
}
