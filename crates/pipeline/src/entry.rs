//! The entries of the flow table: each a flow as it enters the network, the verdict on it, its counters, and what connection
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

/// The TCP flags that begin and end connections.
pub(crate) const MARKS: u8 = SYN | FIN | RST;
/// Nanoseconds in a second.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

/// What an entry is found by: where the packet enters the network, and its flow there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<A> {
    pub port: u32,
    pub flow: Flow<A>,
}

impl<A: Address> Hash for Key<A> {
    /// Few writes of many bits: this is done for every packet.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        A::pair(self.flow.source, self.flow.destination).hash(state);
        state.write_u64(self.flow.digest(self.port));
    }
}

impl<A: Address> Eq for Key<A> {}

impl<A: Address> PartialEq for Key<A> {
    /// Few comparisons of many bits, and one branch: this too is done for every packet.
    #[inline]
    fn eq(&self, other: &Key<A>) -> bool {
        let ends = |key: &Key<A>| A::pair(key.flow.source, key.flow.destination);
        (ends(self) == ends(other)) & self.flow.is_alike(&other.flow) & (self.port == other.port)
    }
}

/// The part of an entry that every packet of its flow needs: of an IPv4 flow one cache line.
///
/// The lines of all flows lie beside each other, so that no cache is filled with what few packets need.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<A> {
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
    /// What makes a packet one that has to be asked about: TCP flags, and [`PARTS`].
    pub heeds: u8,
}

/// Beside the TCP flags of [`Line::heeds`]: packets that are not whole.
pub(crate) const PARTS: u8 = 1 << 7;

/// The part of an entry that is needed where its flow is decided, and where a window opens or closes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest<A> {
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

/// An entry to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a, A> {
    pub line: &'a Line<A>,
    pub rest: &'a Rest<A>,
}

/// An entry to write to.
#[derive(Debug)]
pub(crate) struct EntryMut<'a, A> {
    pub line: &'a mut Line<A>,
    pub rest: &'a mut Rest<A>,
}

/// An entry about which nothing has been decided.
pub(crate) fn undecided<A: Address>(key: Key<A>) -> (Line<A>, Rest<A>) {
    let line = Line {
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
        heeds: 0,
    };
    let rest = Rest {
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
    };
    (line, rest)
}

impl<A> Line<A> {
    /// Whether `packet` may be treated as the ones before it, connection tracking at the receiver's groups apart.
    #[inline]
    pub fn covers(&self, epoch: u32, packet: &Packet, now: Nanos) -> bool {
        let parts = if packet.fragment == Fragment::Whole { 0 } else { PARTS };
        self.epoch == epoch
            && packet.ttl > self.hops
            && packet.segment_bytes <= u32::from(self.mtu)
            && now.0.saturating_sub(self.last.0) <= u64::from(self.idle_s) * SECOND_NS
            && (packet.tcp_flags & MARKS | parts) & self.heeds == 0
            && packet.quoted.is_none()
    }
}

impl<A: Address> Entry<'_, A> {
    /// What was decided.
    pub fn fate(self) -> Fate<A> {
        let Line { to, outcome, hops, mtu, .. } = *self.line;
        let Rest { there, departure, arrival, path, .. } = *self.rest;
        Fate { to, there, outcome, departure, arrival, path, hops, mtu }
    }

    /// The verdict on its packets.
    #[inline]
    pub fn verdict(self, slots: &Slots) -> Verdict {
        let line = self.line;
        match line.outcome {
            Ok(way) => {
                let there = if line.is_translated { &self.rest.there } else { &line.key.flow };
                deliver(slots, line.to, there, (way, line.hops, line.mtu))
            }
            Err(reason) => Verdict::Drop(reason),
        }
    }

    /// Tells `tell` what the interfaces on its way saw since the window opened, in the order of the way: the sender's, those
    /// of `legs`, the receiver's. Nothing if no packet came.
    pub fn sightings(self, slots: &Slots, legs: &[Leg<A>], mut tell: impl FnMut(Sighting)) {
        let Key { port, flow } = self.line.key;
        if self.line.packets == 0 {
            return;
        }
        let Fate { to, there, departure, arrival, path, .. } = self.fate();
        let sent = self.sighting(slots, (port, Direction::Egress), &flow, (departure, path));
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
        self,
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
            packets: self.line.packets,
            bytes: self.line.bytes,
            first: self.rest.first,
            last: self.line.last,
            tcp_flags: self.rest.tcp_flags,
            traffic_path,
        })
    }
}

impl<A: Address> EntryMut<'_, A> {
    /// The same entry to read.
    #[inline]
    pub fn read(&self) -> Entry<'_, A> {
        Entry { line: self.line, rest: self.rest }
    }

    /// Takes over what was decided.
    pub fn set_fate(&mut self, fate: Fate<A>) {
        let Fate { to, there, outcome, departure, arrival, path, hops, mtu } = fate;
        let is_translated = there != self.line.key.flow;
        *self.line = Line { to, outcome, hops, mtu, is_translated, ..*self.line };
        *self.rest = Rest { there, departure, arrival, path, ..*self.rest };
    }

    /// Begins to count anew.
    pub fn reset_counters(&mut self) {
        (self.line.packets, self.line.bytes, self.rest.tcp_flags) = (0, 0, 0);
    }

    /// Counts `packet`; one that claims to have no segments is one packet.
    #[inline]
    pub fn count(&mut self, packet: &Packet, now: Nanos) {
        if self.line.packets == 0 {
            self.rest.first = now;
        }
        self.line.last = now;
        self.line.packets += u64::from(packet.segments.max(1));
        self.line.bytes += u64::from(packet.bytes);
        if packet.tcp_flags & MARKS != 0 {
            self.rest.tcp_flags |= logged_flags(packet);
        }
    }
}

/// The entries of one family, each with a number.
#[derive(Debug)]
pub(crate) struct Entries<A> {
    lines: Vec<Line<A>>,
    rests: Vec<Rest<A>>,
    free: Vec<u32>,
}

impl<A: Address> Entries<A> {
    /// None.
    pub fn new() -> Entries<A> {
        Entries { lines: Vec::new(), rests: Vec::new(), free: Vec::new() }
    }

    /// As many numbers as were ever given at a time: all are less.
    pub fn end(&self) -> u32 {
        self.lines.len() as u32
    }

    /// What every packet needs of entry `number`.
    #[inline]
    pub fn line(&self, number: u32) -> Option<&Line<A>> {
        self.lines.get(number as usize)
    }

    /// Entry `number`, if that was ever given.
    #[inline]
    pub fn get(&self, number: u32) -> Option<Entry<'_, A>> {
        Some(Entry { line: self.lines.get(number as usize)?, rest: self.rests.get(number as usize)? })
    }

    /// Entry `number`, which must have been given.
    #[inline]
    pub fn at(&self, number: u32) -> Entry<'_, A> {
        Entry { line: &self.lines[number as usize], rest: &self.rests[number as usize] }
    }

    /// Entry `number`, which must have been given, to write to.
    #[inline]
    pub fn at_mut(&mut self, number: u32) -> EntryMut<'_, A> {
        EntryMut { line: &mut self.lines[number as usize], rest: &mut self.rests[number as usize] }
    }

    /// All entries to write to, in the order of their numbers.
    pub fn all_mut(&mut self) -> impl Iterator<Item = EntryMut<'_, A>> {
        self.lines.iter_mut().zip(&mut self.rests).map(|(line, rest)| EntryMut { line, rest })
    }

    /// Puts in an entry for `key`, about which nothing has been decided: its number.
    pub fn insert(&mut self, key: Key<A>) -> u32 {
        let (line, rest) = undecided(key);
        if let Some(number) = self.free.pop() {
            (self.lines[number as usize], self.rests[number as usize]) = (line, rest);
            return number;
        }
        self.lines.push(line);
        self.rests.push(rest);
        self.end() - 1
    }

    /// Takes out entry `number`, which must be in; its number is given again.
    pub fn remove(&mut self, number: u32) {
        let EntryMut { line, rest } = self.at_mut(number);
        rest.live = false;
        // No packet of a batch that looked ahead may take it for its own.
        line.key.port = NOWHERE;
        self.free.push(number);
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
    use super::{Line, Rest};

    #[test]
    fn what_every_packet_needs_is_one_cache_line() {
        assert_eq!((size_of::<Line<u32>>(), align_of::<Line<u32>>()), (64, 64));
        assert_eq!(size_of::<Rest<u32>>(), 64);
    }
}
