//! Which flow a fragment belongs to: later fragments have no ports, so they fare as the first one of their packet does.
//!
//! Bounded and short-lived. A later fragment whose first has not passed is dropped: nothing is held back for it.
//! Source: RFC 791, section 3.2 (what fragments of a packet share; the time to live of an incomplete one). Assumption: AWS
//! does not say how groups, ACLs and flow logs treat later fragments; here each is judged and counted as a packet of the
//! flow that the first one names.

use crate::packet::{Fragment, Packet};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use weir_model::Nanos;

/// The most packets whose later fragments are known at one time; beyond it the oldest is forgotten.
pub const FRAGMENTED_MAX: usize = 4096;
/// Seconds after the first fragment that later ones are known for (Linux: ipfrag_time).
pub const FRAGMENT_IDLE_S: u32 = 30;

const IDLE_NS: u64 = FRAGMENT_IDLE_S as u64 * 1_000_000_000;

/// What the fragments of a packet share: the slot they enter by, addresses, protocol and identification.
type Key = (u32, IpAddr, IpAddr, u8, u32);

/// The first fragments of late.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    firsts: BTreeMap<Key, (Nanos, Packet)>,
    /// The same by age; one that came again has moved on in `firsts`.
    ages: VecDeque<(Nanos, Key)>,
}

impl Fragments {
    /// Remembers a first fragment that enters at `slot`.
    pub fn note(&mut self, slot: u32, packet: &Packet, now: Nanos) {
        let Fragment::First { id } = packet.fragment else { return };
        let key = key(slot, packet, id);
        while self.ages.len() >= FRAGMENTED_MAX || self.ages.front().is_some_and(|(at, _)| is_over(*at, now))
        {
            let Some((at, old)) = self.ages.pop_front() else { break };
            if self.firsts.get(&old).is_some_and(|(known, _)| *known == at) {
                self.firsts.remove(&old);
            }
        }
        self.firsts.insert(key, (now, *packet));
        self.ages.push_back((now, key));
    }

    /// The later fragment `packet` with ports, ICMP type and quoted flow of the first; `None` if that is not known.
    pub fn complete(&self, slot: u32, packet: &Packet, now: Nanos) -> Option<Packet> {
        let Fragment::Later { id } = packet.fragment else { return None };
        let (at, first) = self.firsts.get(&key(slot, packet, id))?;
        let Packet { source_port, destination_port, icmp, identifier, quoted, .. } = *first;
        (!is_over(*at, now)).then_some(Packet {
            source_port,
            destination_port,
            icmp,
            identifier,
            quoted,
            ..*packet
        })
    }

    /// Forgets what entered at slots that are about to be free, in ascending order.
    pub fn forget(&mut self, gone: &[u32]) {
        let stays = |key: &Key| gone.binary_search(&key.0).is_err();
        self.firsts.retain(|key, _| stays(key));
        self.ages.retain(|(_, key)| stays(key));
    }
}

fn key(slot: u32, packet: &Packet, id: u32) -> Key {
    (slot, packet.source, packet.destination, packet.protocol.0, id)
}

fn is_over(at: Nanos, now: Nanos) -> bool {
    now.0.saturating_sub(at.0) > IDLE_NS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Tuple;
    use weir_model::Protocol;

    fn fragment(fragment: Fragment) -> Packet {
        let ports = if matches!(fragment, Fragment::First { .. }) { (5000, 53) } else { (0, 0) };
        let tuple = Tuple {
            source: [10, 0, 0, 1].into(),
            destination: [10, 0, 0, 2].into(),
            protocol: Protocol::UDP,
            source_port: ports.0,
            destination_port: ports.1,
        };
        Packet { fragment, ..Packet::new(tuple, 1500) }
    }

    fn port_of(fragments: &Fragments, id: u32, now: u64) -> Option<u16> {
        let later = fragment(Fragment::Later { id });
        fragments.complete(1, &later, Nanos(now)).map(|packet| packet.destination_port)
    }

    #[test]
    fn a_later_fragment_has_the_ports_of_the_first_for_a_while() {
        let mut fragments = Fragments::default();
        fragments.note(1, &fragment(Fragment::First { id: 7 }), Nanos(0));
        assert_eq!(port_of(&fragments, 7, IDLE_NS), Some(53));
        assert_eq!(port_of(&fragments, 7, IDLE_NS + 1), None);
        assert_eq!(port_of(&fragments, 8, 0), None);
        assert_eq!(fragments.complete(2, &fragment(Fragment::Later { id: 7 }), Nanos(0)), None);
    }

    #[test]
    fn what_an_interface_has_sent_goes_with_it() {
        let mut fragments = Fragments::default();
        for slot in [1, 2] {
            fragments.note(slot, &fragment(Fragment::First { id: 7 }), Nanos(0));
        }
        fragments.forget(&[0, 2]);
        assert_eq!(port_of(&fragments, 7, 0), Some(53));
        assert_eq!(fragments.complete(2, &fragment(Fragment::Later { id: 7 }), Nanos(0)), None);
        assert_eq!(fragments.ages.len(), 1);
    }

    #[test]
    fn the_oldest_is_forgotten_and_what_is_over_is_taken_out() {
        let mut fragments = Fragments::default();
        for id in 0..=FRAGMENTED_MAX as u32 {
            fragments.note(1, &fragment(Fragment::First { id }), Nanos(1));
        }
        assert_eq!((port_of(&fragments, 0, 1), port_of(&fragments, 1, 1)), (None, Some(53)));
        assert_eq!((fragments.firsts.len(), fragments.ages.len()), (FRAGMENTED_MAX, FRAGMENTED_MAX));
        fragments.note(1, &fragment(Fragment::First { id: 9 }), Nanos(IDLE_NS + 2));
        assert_eq!((fragments.firsts.len(), fragments.ages.len()), (1, 1));
    }

    #[test]
    fn a_first_fragment_that_comes_again_starts_anew() {
        let mut fragments = Fragments::default();
        for now in [0, IDLE_NS] {
            fragments.note(1, &fragment(Fragment::First { id: 7 }), Nanos(now));
        }
        fragments.note(1, &fragment(Fragment::First { id: 8 }), Nanos(IDLE_NS + 1));
        assert_eq!(port_of(&fragments, 7, IDLE_NS + 1), Some(53));
    }
}
