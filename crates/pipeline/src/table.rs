//! The flow table: one look-up per packet, replies included.
//!
//! An entry holds what is known of a flow that enters the network at one place: the verdict, the counters for flow logs,
//! and the connection as the interface there tracks it. The first packet of a flow walks the stages and, if it is
//! delivered and tracked, also makes the entry of its replies, so that the first reply finds the connection. Later packets
//! are one look-up and an addition. An entry is decided again when the network has changed (its epoch is over), when
//! tracking may have moved on (opening, closing, idle), and never otherwise.
//!
//! Refused flows have entries of their own number, so that a scan evicts nothing: beyond it they are walked each time.

use crate::address::Address;
use crate::entry::{Entries, Entry, EntryMut, Key, MARKS, PARTS, SECOND_NS, undecided};
use crate::explain::{Admission, Explanation, Step};
use crate::fate::{Attention, Fate, World, after, waits};
use crate::flow::Flow;
use crate::index::Index;
use crate::legs::{Leg, Legs};
use crate::packet::{Fragment, InterfaceIdx, Packet, Port};
use crate::passages::{PASSAGE_IDLE_S, Passage, Passages};
use crate::pending::{PENDING_MAX, Pending};
use crate::sighting::{Action, Sighting};
use crate::slots::{NOWHERE, Slots};
use crate::track::{Connection, Tracked};
use crate::verdict::{Reason, Verdict};
use crate::walk::{Connections, Decision, Standing, Walk};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use std::hint::black_box;
use weir_model::Nanos;
use weir_model::group::Direction;

/// The most flows of one family that are not refused, each direction one; more are dropped as AWS drops them.
pub const FLOWS_MAX: usize = 1 << 20;
/// The most refused flows of one family that have entries.
pub const REFUSED_MAX: usize = 1 << 18;

/// How much a pipeline remembers, for IPv4 and IPv6 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most flows that are not refused, each direction one: [`FLOWS_MAX`].
    pub flows: usize,
    /// The most refused flows that have entries: [`REFUSED_MAX`].
    pub refused: usize,
    /// The most sightings that wait for a window to close: [`PENDING_MAX`], for both families together.
    pub pending: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { flows: FLOWS_MAX, refused: REFUSED_MAX, pending: PENDING_MAX }
    }
}

/// The most packets that are looked ahead for together: enough that the memory is busy, few enough for the first cache.
const BATCH: usize = 32;
/// Seconds that an entry without a tracked connection is kept after its last packet.
pub const RETAIN_S: u32 = 60;
/// Seconds between searches of a full table for entries that are over.
const SWEEP_S: u64 = 1;

/// All flows of one family.
#[derive(Debug)]
pub(crate) struct Table<A> {
    index: Index,
    entries: Entries<A>,
    legs: Legs<A>,
    passages: Passages<A>,
    passages_swept: Nanos,
    refused: usize,
    swept: Nanos,
    limits: Limits,
    hasher: FixedState,
    batch: Vec<Ahead<A>>,
}

/// A packet of a batch, before its turn.
#[derive(Clone, Copy, Debug)]
struct Ahead<A> {
    key: Key<A>,
    hash: u64,
    /// The entry that the index leads to; nobody has looked yet whether it is this flow's.
    hint: u32,
}

/// A packet at the table's door.
#[derive(Clone, Copy)]
struct Visit<'a, A> {
    from: Port,
    packet: &'a Packet,
    now: Nanos,
    key: Key<A>,
    found: Option<u32>,
}

impl<A: Address> Table<A> {
    /// A table without flows, hashed with `seed`.
    pub fn new(seed: u64, limits: Limits) -> Table<A> {
        Table {
            index: Index::default(),
            entries: Entries::new(),
            legs: Legs::new(),
            passages: Passages::new(seed),
            passages_swept: Nanos(0),
            refused: 0,
            swept: Nanos(0),
            limits,
            hasher: FixedState::with_seed(seed),
            batch: Vec::new(),
        }
    }

    /// The number of flows: not refused, and refused.
    pub fn len(&self) -> (usize, usize) {
        (self.index.len() - self.refused, self.refused)
    }

    /// Decides about `packet`, whose flow is `flow`, and counts it.
    #[inline]
    pub fn forward(
        &mut self,
        (world, pending): (&World, &mut Pending),
        (from, flow): (Port, Flow<A>),
        packet: &Packet,
        now: Nanos,
    ) -> Verdict {
        let Some(port) = world.slots.of(from) else { return Verdict::Drop(Reason::UnknownPort) };
        let key = Key { port, flow };
        let found = self.find(&key);
        let mut verdict = Verdict::Drop(Reason::UnknownPort);
        if found.is_some_and(|index| self.hit(world, index, (packet, now), &mut verdict)) {
            return verdict;
        }
        self.visit((world, pending), Visit { from, packet, now, key, found })
    }

    /// Decides about the first packets of `packets` that are whole and of this family, at most a batch, in their order, and says how
    /// many they were. The same as one by one, but what they need of index and entries is read for all before any is
    /// decided about, so that the memory answers them together.
    pub fn forward_batch(
        &mut self,
        (world, pending): (&World, &mut Pending),
        packets: &[(Port, Packet)],
        now: Nanos,
        out: &mut Vec<Verdict>,
    ) -> usize {
        let mut batch = std::mem::take(&mut self.batch);
        self.look_ahead(world, packets, &mut batch);
        let start = out.len();
        out.resize(start + batch.len(), Verdict::Drop(Reason::UnknownPort));
        for ((ahead, (from, packet)), verdict) in batch.iter().zip(packets).zip(&mut out[start..]) {
            if ahead.key.port == NOWHERE {
                continue;
            }
            let (from, key, found) = (*from, ahead.key, self.find_ahead(ahead));
            if !found.is_some_and(|index| self.hit(world, index, (packet, now), verdict)) {
                *verdict = self.visit((world, pending), Visit { from, packet, now, key, found });
            }
        }
        let count = batch.len();
        self.batch = batch;
        count
    }

    /// Loops whose steps wait neither for each other nor for much work between them, so that many reads are under way: hashes,
    /// the words of the index, what they lead to, the entries.
    fn look_ahead(&self, world: &World, packets: &[(Port, Packet)], batch: &mut Vec<Ahead<A>>) {
        batch.clear();
        for (from, packet) in packets.iter().take(BATCH) {
            // Fragments are completed first, one by one.
            let Some(flow) = Flow::of(packet).filter(|_| packet.fragment == Fragment::Whole) else { break };
            let key = Key { port: world.slots.of(*from).unwrap_or(NOWHERE), flow };
            let hash = self.hasher.hash_one(key);
            batch.push(Ahead { key, hash, hint: NOWHERE });
        }
        for ahead in batch.iter() {
            black_box(self.index.peek(ahead.hash));
        }
        for ahead in batch.iter_mut() {
            ahead.hint = self.index.find(ahead.hash, |_| true).unwrap_or(NOWHERE);
        }
        for ahead in batch.iter() {
            black_box(self.entries.line(ahead.hint).map(|line| line.epoch));
        }
    }

    /// The entry of the flow, at its turn: packets before it may have made or taken away entries.
    #[inline]
    fn find_ahead(&self, ahead: &Ahead<A>) -> Option<u32> {
        match self.entries.line(ahead.hint) {
            Some(line) if line.key == ahead.key => Some(ahead.hint),
            _ => self.find_hashed(ahead.hash, &ahead.key),
        }
    }

    /// Counts a packet of the flow at `index` and writes down the verdict, if it fares as the ones before; if not, nothing.
    #[inline]
    fn hit(
        &mut self,
        world: &World,
        index: u32,
        (packet, now): (&Packet, Nanos),
        verdict: &mut Verdict,
    ) -> bool {
        let mut entry = self.entries.at_mut(index);
        let covers = entry.line.attention == Attention::None && entry.line.covers(world.epoch, packet, now);
        if covers {
            entry.count(packet, now);
            *verdict = entry.read().verdict(&world.slots);
        }
        covers
    }

    #[inline]
    fn find(&self, key: &Key<A>) -> Option<u32> {
        self.find_hashed(self.hasher.hash_one(key), key)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, key: &Key<A>) -> Option<u32> {
        let entries = &self.entries;
        self.index.find(hash, |index| entries.line(index).is_some_and(|line| line.key == *key))
    }

    /// The slow path: a packet whose flow is new, or has to be decided again.
    #[inline(never)]
    fn visit(&mut self, (world, pending): (&World, &mut Pending), visit: Visit<A>) -> Verdict {
        if let Some(index) = visit.found {
            if self.is_still_refused(world, index, &visit) {
                let mut entry = self.entries.at_mut(index);
                entry.count(visit.packet, visit.now);
                return entry.read().verdict(&world.slots);
            }
            self.fold(index);
        }
        let mut decision = self.walk(world, &visit);
        let is_long_since = visit.now.0.saturating_sub(self.passages_swept.0) >= SWEEP_S * SECOND_NS;
        if decision.exhausted.is_some() && is_long_since {
            self.sweep_passages(visit.now);
            decision = self.walk(world, &visit);
        }
        if let Some(gate) = decision.exhausted.and_then(|gate| world.compiled.get(gate)) {
            pending.note_exhausted(gate.id);
        }
        self.settle((world, pending), visit, &decision)
    }

    fn walk(&self, world: &World, visit: &Visit<A>) -> Decision<A> {
        let known = Known { table: self, world, visit };
        Walk::new(&world.compiled, &known, &mut (), (visit.packet, visit.key.flow)).run(visit.from)
    }

    /// Whether the receiver's groups refuse the flow as before: nothing changed, and it has become part of no connection.
    fn is_still_refused(&self, world: &World, index: u32, visit: &Visit<A>) -> bool {
        let entry = self.entries.at(index);
        entry.line.attention == Attention::Receiver
            && entry.line.covers(world.epoch, visit.packet, visit.now)
            && !self.receiver(&entry.fate()).is_some_and(|receiver| {
                self.is_alive(receiver, visit.now)
                    && self.entries.at(receiver).rest.tracked.connection != Connection::UdpUntracked
            })
    }

    /// The entry of the replies to a flow with `fate`: the one that has the receiver's connection.
    fn receiver(&self, fate: &Fate<A>) -> Option<u32> {
        let key = Key { port: fate.to, flow: fate.there.reversed() };
        if fate.reaches_interface() { self.find(&key) } else { None }
    }

    /// Whether the connection at `index` is tracked and has not been idle for too long.
    fn is_alive(&self, index: u32, now: Nanos) -> bool {
        let entry = self.entries.at(index);
        let Some(idle_s) = entry.rest.tracked.idle_s() else { return false };
        let arriving = self.partner(entry).map_or(Nanos(0), |partner| partner.line.last);
        let last = entry.line.last.max(entry.rest.touched).max(arriving);
        now.0.saturating_sub(last.0) <= u64::from(idle_s) * SECOND_NS
    }

    /// The entry whose packets touch the connection of `entry` as they arrive, if there is one.
    fn partner(&self, entry: Entry<A>) -> Option<Entry<'_, A>> {
        let partner = self.entries.get(entry.rest.partner)?;
        let Fate { to, there, .. } = partner.fate();
        let arrives = to == entry.line.key.port && there.reversed() == entry.line.key.flow;
        (partner.rest.live && partner.rest.touches && arrives).then_some(partner)
    }

    /// Notes at the receiver when the packets of `index` last touched its connection, before that is forgotten.
    fn fold(&mut self, index: u32) {
        let entry = self.entries.at(index);
        let last = entry.line.last;
        self.passages.fold(entry.rest.passage, index, last);
        if !entry.rest.touches {
            return;
        }
        if let Some(receiver) = self.receiver(&entry.fate()) {
            let touched = &mut self.entries.at_mut(receiver).rest.touched;
            *touched = last.max(*touched);
        }
    }

    /// Writes down what was decided, and counts the packet.
    fn settle(
        &mut self,
        (world, pending): (&World, &mut Pending),
        visit: Visit<A>,
        decision: &Decision<A>,
    ) -> Verdict {
        let fate = match Fate::of(world, &visit.key, decision) {
            Ok(fate) => fate,
            Err(verdict) => return self.unseen((world, pending), visit, verdict),
        };
        let has_room = self.has_room(&visit, fate.outcome.is_err());
        if visit.packet.segment_bytes > u32::from(decision.mtu) && (has_room || fate.outcome.is_err()) {
            decision.parts(&world.compiled, (visit.packet, visit.now), |sighting| pending.add(sighting));
        }
        if !has_room {
            return self.overflow((world, pending), visit, (fate, &remembered(world, decision)));
        }
        let index = visit.found.unwrap_or_else(|| self.insert(visit.key));
        let receiver = self.track_receiver(world, (index, &visit), (&fate, decision));
        let known = self.entries.at(index).rest.tracked.connection;
        // What has been idle for too long is gone: what lets an ICMP error pass does not begin it again.
        let before = if self.is_alive(index, visit.now) { known } else { Connection::Untracked };
        let admission = decision.departure.map(|departure| departure.admission);
        let connection = after(before, admission, Direction::Egress, visit.packet);
        self.entries.at_mut(index).rest.tracked = Tracked::new(connection, world.timeouts(visit.from));
        if known != connection {
            // Packets of the other way: those that came in when nothing was tracked, too.
            self.alert(self.entries.at(index).rest.partner);
        }
        let far = receiver.map_or(Tracked::default(), |(_, tracked)| tracked);
        let legs = remembered(world, decision);
        let verdict = self.decide(pending, (world, visit), (index, fate, &legs), far);
        self.note_passage(world, (index, visit.now), decision);
        let arrived = decision.arrival.and_then(|arrival| arrival.admission);
        if waits(admission, visit.packet) || waits(arrived, visit.packet) {
            self.entries.at_mut(index).line.heeds |= MARKS;
        }
        decision.with_quoted(verdict)
    }

    /// Takes over `fate` and `legs` for the flow at `index`, whose receiver tracks it as `far`, and counts the packet.
    fn decide(
        &mut self,
        pending: &mut Pending,
        (world, visit): (&World, Visit<A>),
        (index, fate, legs): (u32, Fate<A>, &[Leg<A>]),
        far: Tracked,
    ) -> Verdict {
        let mut entry = self.entries.at_mut(index);
        let seen = self.legs.get(entry.rest.legs);
        if entry.read().fate() != fate || seen != legs {
            flush((&mut entry, seen), &world.slots, pending);
            entry.rest.legs = self.legs.replace(entry.rest.legs, legs);
        }
        let near = entry.rest.tracked;
        entry.set_fate(fate);
        entry.line.epoch = world.epoch;
        entry.line.idle_s = near.idle_s().unwrap_or(u32::MAX).min(far.idle_s().unwrap_or(u32::MAX));
        let heeds_flags = near.connection.heeds_flags() || far.connection.heeds_flags();
        entry.line.heeds = if heeds_flags { MARKS } else { 0 };
        entry.line.attention = fate.attention(near.connection, far.connection);
        entry.rest.touches = fate.touches() || far.connection == Connection::UdpUntracked;
        entry.count(visit.packet, visit.now);
        let verdict = entry.read().verdict(&world.slots);
        self.refused -= usize::from(entry.rest.refused);
        entry.rest.refused = fate.outcome.is_err();
        self.refused += usize::from(entry.rest.refused);
        // The packet that an ICMP error quotes says nothing about the next.
        if fate.is_of_one_packet() || visit.packet.quoted.is_some() {
            flush((&mut entry, legs), &world.slots, pending);
            entry.line.epoch = 0;
        }
        verdict
    }

    /// Notes which connection through a gateway the flow at `index` belongs to, if it is delivered. One that is refused
    /// behind the gateway does not keep the connection open, and is asked about each time: the connection may end.
    fn note_passage(&mut self, world: &World, (index, now): (u32, Nanos), decision: &Decision<A>) {
        self.entries.at_mut(index).rest.passage = NOWHERE;
        let Some((side, passage)) = decision.passage else { return };
        if decision.verdict.is_err() {
            return self.alert(index);
        }
        let Some(gate) = world.slots.of(Port::Interface(passage.gate)) else { return };
        let Passage { inside, outside, .. } = passage;
        let (id, former) = self.passages.touch(Passage { gate, inside, outside }, (side, index), now);
        let EntryMut { line, rest } = self.entries.at_mut(index);
        rest.passage = id;
        line.heeds |= PARTS;
        line.idle_s = line.idle_s.min(PASSAGE_IDLE_S);
        // Two entries on one side take turns to say when they last passed.
        former.into_iter().for_each(|former| self.alert(former));
    }

    /// Whether a connection through a gateway is open.
    fn is_open(&self, id: u32, now: Nanos) -> bool {
        self.passages.is_alive(id, now, last_in(&self.entries, id))
    }

    /// Frees the ports of connections that have been idle for too long.
    fn sweep_passages(&mut self, now: Nanos) {
        self.passages_swept = now;
        let entries = &self.entries;
        self.passages.sweep(|passages, id| !passages.is_alive(id, now, last_in(entries, id)));
    }

    /// The receiver's side of the connection after the packet: its entry and state, if it has one.
    fn track_receiver(
        &mut self,
        world: &World,
        (index, visit): (u32, &Visit<A>),
        (fate, decision): (&Fate<A>, &Decision<A>),
    ) -> Option<(u32, Tracked)> {
        let arrival = decision.arrival?;
        let admission = arrival.admission?;
        let found = self.receiver(fate);
        let before = found.filter(|found| self.is_alive(*found, visit.now));
        let before =
            before.map_or(Connection::Untracked, |found| self.entries.at(found).rest.tracked.connection);
        let is_refused = arrival.action == Action::Reject && admission != Admission::Closed;
        if is_refused && before != Connection::UdpUntracked {
            return found.map(|found| (found, self.untrack(found)));
        }
        let connection = after(before, Some(admission), Direction::Ingress, visit.packet);
        // What comes in untracked becomes part of a connection that the receiver opens later: its entry knows whom to tell.
        let may_be_joined = matches!(admission, Admission::Rule { tracked: false, .. });
        if found.is_none() && connection == Connection::Untracked && !may_be_joined {
            return None;
        }
        let port = Port::Interface(arrival.interface);
        let key = Key { port: world.slots.of(port)?, flow: fate.there.reversed() };
        let receiver = found.unwrap_or_else(|| self.insert(key));
        self.pair(receiver, index);
        let EntryMut { line, rest } = self.entries.at_mut(receiver);
        if rest.tracked.connection != connection {
            line.attention = Attention::Full;
        }
        rest.tracked = Tracked::new(connection, world.timeouts(port));
        Some((receiver, rest.tracked))
    }

    /// Makes `partner` the one whose packets touch the connection at `receiver`. If that was another (packets of one
    /// connection may come in by two ways), it has to ask from now on.
    fn pair(&mut self, receiver: u32, partner: u32) {
        let former = self.entries.at(receiver).rest.partner;
        if former != partner && self.partner(self.entries.at(receiver)).is_some() {
            self.alert(former);
        }
        self.entries.at_mut(receiver).rest.partner = partner;
    }

    /// Forgets the connection at `index`: it had ended, and the rules refuse another one.
    fn untrack(&mut self, index: u32) -> Tracked {
        let EntryMut { line, rest } = self.entries.at_mut(index);
        line.attention = Attention::Full;
        rest.tracked = Tracked::default();
        rest.tracked
    }

    /// Has the flow at `index` decided again when its next packet comes.
    fn alert(&mut self, index: u32) {
        if index < self.entries.end() {
            self.entries.at_mut(index).line.attention = Attention::Full;
        }
    }

    /// A packet that no interface saw leaves no trace; what was counted of its flow before is complete.
    fn unseen(
        &mut self,
        (world, pending): (&World, &mut Pending),
        visit: Visit<A>,
        verdict: Verdict,
    ) -> Verdict {
        if let Some(index) = visit.found {
            let mut entry = self.entries.at_mut(index);
            let seen = self.legs.get(entry.rest.legs);
            flush((&mut entry, seen), &world.slots, pending);
            (entry.line.epoch, entry.rest.touches) = (0, false);
        }
        verdict
    }

    /// Whether a flow that is not in the table yet, and its replies, may be put in.
    fn has_room(&mut self, visit: &Visit<A>, refused: bool) -> bool {
        if visit.found.is_some() || !self.is_full(refused) {
            return true;
        }
        if visit.now.0.saturating_sub(self.swept.0) >= SWEEP_S * SECOND_NS {
            self.sweep(visit.now);
        }
        !self.is_full(refused)
    }

    fn is_full(&self, refused: bool) -> bool {
        let (flows, refused_flows) = self.len();
        let Limits { flows: flows_max, refused: refused_max, .. } = self.limits;
        if refused { refused_flows >= refused_max } else { flows + 2 > flows_max }
    }

    /// A flow that no entry can be made for: dropped if it would be delivered, else counted right away.
    fn overflow(
        &mut self,
        (world, pending): (&World, &mut Pending),
        visit: Visit<A>,
        (fate, legs): (Fate<A>, &[Leg<A>]),
    ) -> Verdict {
        if fate.outcome.is_ok() {
            return Verdict::Drop(Reason::TableFull);
        }
        let (mut line, mut rest) = undecided(visit.key);
        let mut entry = EntryMut { line: &mut line, rest: &mut rest };
        entry.set_fate(fate);
        entry.count(visit.packet, visit.now);
        flush((&mut entry, legs), &world.slots, pending);
        entry.read().verdict(&world.slots)
    }

    fn insert(&mut self, key: Key<A>) -> u32 {
        let index = self.entries.insert(key);
        self.index.insert(self.hasher.hash_one(key), index);
        index
    }

    fn remove(&mut self, index: u32) {
        self.fold(index);
        let EntryMut { line, rest } = self.entries.at_mut(index);
        self.legs.remove(std::mem::replace(&mut rest.legs, NOWHERE));
        self.refused -= usize::from(rest.refused);
        self.index.remove(self.hasher.hash_one(line.key), index);
        self.entries.remove(index);
    }

    /// Takes out the entries that are over, have nothing left to report, and nobody to tell of a connection.
    fn sweep(&mut self, now: Nanos) {
        self.swept = now;
        for index in 0..self.entries.end() {
            let entry = self.entries.at(index);
            let is_over = entry.rest.live && self.is_over(index, now);
            if is_over && self.partner(entry).is_none_or(|_| self.is_over(entry.rest.partner, now)) {
                self.remove(index);
            }
        }
        self.sweep_passages(now);
    }

    /// Whether the flow at `index` has nothing left to report and no connection, and its packets are not to come again.
    fn is_over(&self, index: u32, now: Nanos) -> bool {
        let line = self.entries.at(index).line;
        let is_quiet = now.0.saturating_sub(line.last.0) > u64::from(RETAIN_S) * SECOND_NS;
        line.packets == 0 && is_quiet && !self.is_alive(index, now)
    }

    /// Moves what was seen since the window opened to `out`, opens the next window, and takes out what is over.
    pub fn close_window(&mut self, world: &World, now: Nanos, out: &mut Vec<Sighting>) {
        for mut entry in self.entries.all_mut().filter(|entry| entry.rest.live) {
            let legs = self.legs.get(entry.rest.legs);
            entry.read().sightings(&world.slots, legs, |sighting| out.push(sighting));
            entry.reset_counters();
        }
        self.sweep(now);
    }

    /// Forgets the flows of interfaces that are about to lose their slots.
    pub fn forget(&mut self, (world, pending): (&World, &mut Pending), gone: &[u32]) {
        let is_gone = |slot| gone.binary_search(&slot).is_ok();
        self.passages.sweep(|passages, id| passages.get(id).is_some_and(|found| is_gone(found.gate)));
        for index in 0..self.entries.end() {
            let mut entry = self.entries.at_mut(index);
            let fate = entry.read().fate();
            let (from, to) = (is_gone(entry.line.key.port), is_gone(fate.to));
            let legs = self.legs.get(entry.rest.legs);
            let between = legs.iter().any(|leg| is_gone(leg.interface));
            if !entry.rest.live || !(from || to || between) {
                continue;
            }
            flush((&mut entry, legs), &world.slots, pending);
            if between {
                let left: Vec<Leg<A>> = legs.iter().filter(|leg| !is_gone(leg.interface)).copied().collect();
                entry.rest.legs = self.legs.replace(entry.rest.legs, &left);
            }
            if to {
                entry.set_fate(Fate { to: NOWHERE, arrival: None, ..fate });
                entry.rest.touches = false;
            }
            if from {
                self.remove(index);
            }
        }
    }

    /// What would be decided about `packet`, with the connections that are tracked at `now`.
    pub fn decision(
        &self,
        world: &World,
        (from, flow): (Port, Flow<A>),
        packet: &Packet,
        now: Nanos,
    ) -> Decision<A> {
        self.look(world, (from, flow), packet, now, |known| {
            Walk::new(&world.compiled, known, &mut (), (packet, flow)).run(from)
        })
    }

    fn look<T>(
        &self,
        world: &World,
        (from, flow): (Port, Flow<A>),
        packet: &Packet,
        now: Nanos,
        walk: impl FnOnce(&Known<A>) -> T,
    ) -> T {
        let key = Key { port: world.slots.of(from).unwrap_or(NOWHERE), flow };
        let visit = Visit { from, packet, now, key, found: self.find(&key) };
        walk(&Known { table: self, world, visit: &visit })
    }

    /// Why `packet` would be delivered or dropped, with the connections that are tracked at `now`.
    pub fn explain(
        &self,
        world: &World,
        (from, flow): (Port, Flow<A>),
        packet: &Packet,
        now: Nanos,
    ) -> Explanation {
        let mut steps = Vec::<Step>::new();
        let decision = self.look(world, (from, flow), packet, now, |known| {
            Walk::new(&world.compiled, known, &mut steps, (packet, flow)).run(from)
        });
        Explanation { verdict: decision.verdict(), steps }
    }
}

/// What the table knows of connections, for the walk of one packet.
struct Known<'a, A> {
    table: &'a Table<A>,
    world: &'a World,
    visit: &'a Visit<'a, A>,
}

impl<A: Address> Connections<A> for Known<'_, A> {
    fn standing(&self, interface: InterfaceIdx, leaving: &Flow<A>) -> Standing {
        let Some(port) = self.world.slots.of(Port::Interface(interface)) else { return Standing::Unknown };
        let key = Key { port, flow: *leaving };
        let found = if key == self.visit.key { self.visit.found } else { self.table.find(&key) };
        match found {
            Some(index) if self.table.is_alive(index, self.visit.now) => {
                self.table.entries.at(index).rest.tracked.connection.standing()
            }
            _ => Standing::Unknown,
        }
    }

    fn outside(&self, gate: InterfaceIdx, inside: &Flow<A>) -> Option<Flow<A>> {
        let passages = &self.table.passages;
        let id = passages.of_inside(self.world.slots.of(Port::Interface(gate))?, inside)?;
        passages.get(id).filter(|_| self.table.is_open(id, self.visit.now)).map(|found| found.outside)
    }

    fn inside(&self, gate: InterfaceIdx, outside: &Flow<A>) -> Option<Flow<A>> {
        let passages = &self.table.passages;
        let id = passages.of_outside(self.world.slots.of(Port::Interface(gate))?, outside)?;
        passages.get(id).filter(|_| self.table.is_open(id, self.visit.now)).map(|found| found.inside)
    }

    fn crowd(&self, gate: InterfaceIdx, outside: &Flow<A>) -> u32 {
        let slot = self.world.slots.of(Port::Interface(gate));
        slot.map_or(0, |slot| self.table.passages.crowd(slot, outside))
    }
}

/// When the last packet of an entry came, if the entry is of the connection `passage`.
fn last_in<A: Address>(entries: &Entries<A>, passage: u32) -> impl Fn(u32) -> Option<Nanos> {
    move |index| {
        let Entry { line, rest } = entries.get(index)?;
        (rest.live && rest.passage == passage).then_some(line.last)
    }
}

/// What the interfaces in the middle saw, as it is remembered.
fn remembered<A: Address>(world: &World, decision: &Decision<A>) -> Vec<Leg<A>> {
    decision.legs.iter().filter_map(|leg| leg.remembered(&world.slots)).collect()
}

/// Moves what the entry has counted to `pending`.
fn flush<A: Address>((entry, legs): (&mut EntryMut<A>, &[Leg<A>]), slots: &Slots, pending: &mut Pending) {
    entry.read().sightings(slots, legs, |sighting| pending.add(sighting));
    entry.reset_counters();
}
