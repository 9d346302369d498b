//! Passages: connections that were opened from inside through a gateway that lets nothing else in.
//!
//! A NAT gateway remembers as what each connection goes on: the address and port that stand for the client's. An
//! egress-only internet gateway remembers that it was opened, and translates nothing. The verdicts in the flow table carry
//! the translation, so a passage is looked at only when a flow is decided; when its packets last passed is known from
//! their entries, one for each direction.
//!
//! Assumption: AWS gives no timeout for egress-only internet gateways; they have that of NAT gateways.
//! Source: VPC User Guide, "NAT gateway basics" (ports, connections to one destination, idle timeout).

use crate::address::Address;
use crate::entry::{Key, SECOND_NS};
use crate::flow::Flow;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use weir_model::Nanos;

/// Seconds that a connection through a gateway may be idle.
pub const PASSAGE_IDLE_S: u32 = 350;
/// The most connections through one address of a NAT gateway to one destination: address, port and protocol.
pub const CONNECTIONS_MAX: u32 = 55_000;
/// The first of the ports that NAT gateways use; the last is 65535.
pub const FIRST_PORT: u16 = 1024;

/// Who asks for a passage: the side its first packet came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Packets from inside.
    Out,
    /// Packets from outside.
    In,
}

/// A connection at a gateway: the flow that leaves, before and after translation. `I` numbers interfaces as in
/// [`Leg`](crate::legs::Leg).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage<A, I = u32> {
    /// The interface of the NAT gateway, or that of the host that opened a connection without translation.
    pub gate: I,
    /// The flow as it comes from inside.
    pub inside: Flow<A>,
    /// The flow as it goes on.
    pub outside: Flow<A>,
}

#[derive(Clone, Copy, Debug)]
struct Remembered<A> {
    passage: Passage<A>,
    /// When its packets last passed, as far as it is not in the entries.
    touched: Nanos,
    /// The flow-table entries of both sides, out and in, if they still are.
    entries: [u32; 2],
    live: bool,
}

/// The passages of one family.
#[derive(Debug)]
pub(crate) struct Passages<A> {
    all: Vec<Remembered<A>>,
    free: Vec<u32>,
    inside: HashMap<Key<A>, u32, FixedState>,
    outside: HashMap<Key<A>, u32, FixedState>,
    /// How many connections one address has to one destination.
    crowds: HashMap<Key<A>, u32, FixedState>,
}

impl<A: Address> Passages<A> {
    /// None, hashed with `seed`.
    pub fn new(seed: u64) -> Passages<A> {
        let map = || HashMap::with_hasher(FixedState::with_seed(seed));
        Passages { all: Vec::new(), free: Vec::new(), inside: map(), outside: map(), crowds: map() }
    }

    /// The passage at `gate` of packets that come from inside as `flow`.
    pub fn of_inside(&self, gate: u32, flow: &Flow<A>) -> Option<u32> {
        self.inside.get(&Key { port: gate, flow: *flow }).copied()
    }

    /// The passage at `gate` of packets that go on as `flow`.
    pub fn of_outside(&self, gate: u32, flow: &Flow<A>) -> Option<u32> {
        self.outside.get(&Key { port: gate, flow: *flow }).copied()
    }

    /// What is remembered under `id`.
    pub fn get(&self, id: u32) -> Option<&Passage<A>> {
        self.all.get(id as usize).filter(|found| found.live).map(|found| &found.passage)
    }

    /// How many connections leave `gate` from the same address to the same destination as `outside`.
    pub fn crowd(&self, gate: u32, outside: &Flow<A>) -> u32 {
        self.crowds.get(&crowd(gate, outside)).copied().unwrap_or(0)
    }

    /// Whether packets of `id` have passed within the idle timeout. `last` tells when the last packet of an entry came, if
    /// the entry still is of this passage.
    pub fn is_alive(&self, id: u32, now: Nanos, last: impl Fn(u32) -> Option<Nanos>) -> bool {
        let Some(found) = self.all.get(id as usize).filter(|found| found.live) else { return false };
        let seen = found.entries.iter().filter_map(|entry| last(*entry)).max();
        let last = seen.unwrap_or(Nanos(0)).max(found.touched);
        now.0.saturating_sub(last.0) <= u64::from(PASSAGE_IDLE_S) * SECOND_NS
    }

    /// Notes when a packet of `entry` last passed, before that is forgotten.
    pub fn fold(&mut self, id: u32, entry: u32, last: Nanos) {
        if let Some(found) = self.all.get_mut(id as usize).filter(|found| found.entries.contains(&entry)) {
            found.touched = found.touched.max(last);
        }
    }

    /// Notes that a packet has passed, whose entry is `entry`: the passage's id, and the entry that stood there before.
    pub fn touch(
        &mut self,
        passage: Passage<A>,
        (side, entry): (Side, u32),
        now: Nanos,
    ) -> (u32, Option<u32>) {
        let id = match self.of_inside(passage.gate, &passage.inside) {
            Some(id) if self.all[id as usize].passage == passage => id,
            other => {
                let stale = other.into_iter().chain(self.of_outside(passage.gate, &passage.outside));
                stale.collect::<Vec<_>>().into_iter().for_each(|id| self.remove(id));
                self.insert(passage)
            }
        };
        let found = &mut self.all[id as usize];
        found.touched = found.touched.max(now);
        let former = std::mem::replace(&mut found.entries[side as usize], entry);
        (id, Some(former).filter(|former| *former != entry))
    }

    fn insert(&mut self, passage: Passage<A>) -> u32 {
        let made = Remembered { passage, touched: Nanos(0), entries: [crate::slots::NOWHERE; 2], live: true };
        let id = match self.free.pop() {
            Some(id) => {
                self.all[id as usize] = made;
                id
            }
            None => {
                self.all.push(made);
                self.all.len() as u32 - 1
            }
        };
        let Passage { gate, inside, outside } = passage;
        self.inside.insert(Key { port: gate, flow: inside }, id);
        self.outside.insert(Key { port: gate, flow: outside }, id);
        *self.crowds.entry(crowd(gate, &outside)).or_default() += 1;
        id
    }

    fn remove(&mut self, id: u32) {
        let Some(found) = self.all.get_mut(id as usize).filter(|found| found.live) else { return };
        found.live = false;
        let Passage { gate, inside, outside } = found.passage;
        self.inside.remove(&Key { port: gate, flow: inside });
        self.outside.remove(&Key { port: gate, flow: outside });
        let key = crowd(gate, &outside);
        if let Some(count) = self.crowds.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.crowds.remove(&key);
            }
        }
        self.free.push(id);
    }

    /// Takes out the passages that `is_over` says are.
    pub fn sweep(&mut self, is_over: impl Fn(&Passages<A>, u32) -> bool) {
        for id in 0..self.all.len() as u32 {
            if self.all[id as usize].live && is_over(self, id) {
                self.remove(id);
            }
        }
    }
}

/// What connections that share an address and a destination are counted by.
fn crowd<A: Address>(gate: u32, outside: &Flow<A>) -> Key<A> {
    Key { port: gate, flow: outside.with_source(outside.source, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Packet, Tuple};
    use weir_model::Protocol;

    const GATE: u32 = 7;

    fn flow(from: u8, port: u16) -> Flow<u32> {
        let tuple = Tuple {
            source: [10, 0, 0, from].into(),
            destination: [203, 0, 113, 5].into(),
            protocol: Protocol::TCP,
            source_port: port,
            destination_port: 443,
        };
        Flow::of(&Packet::new(tuple, 40)).expect("IPv4")
    }

    fn passage(from: u8, port: u16, outside: u16) -> Passage<u32> {
        Passage { gate: GATE, inside: flow(from, port), outside: flow(99, outside) }
    }

    fn seconds(seconds: u64) -> Nanos {
        Nanos(seconds * SECOND_NS)
    }

    #[test]
    fn a_passage_is_found_from_both_sides_and_counted() {
        let mut passages = Passages::new(1);
        let (id, former) = passages.touch(passage(1, 5000, 5000), (Side::Out, 3), seconds(1));
        assert_eq!(former, Some(crate::slots::NOWHERE));
        passages.touch(passage(2, 5000, 5001), (Side::Out, 4), seconds(1));
        assert_eq!(passages.of_inside(GATE, &flow(1, 5000)), Some(id));
        assert_eq!(passages.of_outside(GATE, &flow(99, 5000)), Some(id));
        assert_eq!(passages.of_outside(GATE + 1, &flow(99, 5000)), None);
        assert_eq!(passages.crowd(GATE, &flow(99, 1)), 2);
        assert_eq!(passages.touch(passage(1, 5000, 5000), (Side::Out, 3), seconds(2)), (id, None));
        passages.sweep(|_, _| true);
        assert_eq!((passages.crowd(GATE, &flow(99, 1)), passages.of_inside(GATE, &flow(1, 5000))), (0, None));
    }

    #[test]
    fn it_lives_as_long_as_either_entry_does() {
        let mut passages = Passages::new(1);
        let (id, _) = passages.touch(passage(1, 5000, 5000), (Side::Out, 3), seconds(10));
        let none = |_| None;
        assert!(passages.is_alive(id, seconds(360), none));
        assert!(!passages.is_alive(id, seconds(361), none));
        assert!(passages.is_alive(id, seconds(361), |entry| (entry == 3).then_some(seconds(11))));
        passages.fold(id, 5, seconds(300));
        assert!(!passages.is_alive(id, seconds(361), none), "the entry is another's");
        passages.fold(id, 3, seconds(300));
        assert!(passages.is_alive(id, seconds(650), none));
    }

    #[test]
    fn a_port_that_is_lent_again_ends_what_had_it() {
        let mut passages = Passages::new(1);
        passages.touch(passage(1, 5000, 5000), (Side::Out, 3), seconds(1));
        let (id, _) = passages.touch(passage(2, 5000, 5000), (Side::Out, 4), seconds(999));
        assert_eq!(passages.of_outside(GATE, &flow(99, 5000)), Some(id));
        assert_eq!(passages.of_inside(GATE, &flow(1, 5000)), None);
        assert_eq!(passages.crowd(GATE, &flow(99, 1)), 1);
    }
}
