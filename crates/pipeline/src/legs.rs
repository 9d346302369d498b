//! What the interfaces in the middle of a packet's way saw: those of NAT gateways and transit gateways.
//!
//! Most flows have none, so an entry of the flow table holds only a handle; what it stands for is kept here, goes with the
//! entry, and is bounded by [`LEGS_MAX`] for each. The counters are the entry's: every packet of a flow passes all legs, and
//! what a packet becomes more of where it is split is told of each leg behind ([`Decision::parts`](crate::walk::Decision)).
//! Source: VPC User Guide, "Flow log record examples" (traffic through a NAT gateway, through a transit gateway).

use crate::address::Address;
use crate::compiled::Compiled;
use crate::flow::Flow;
use crate::packet::InterfaceIdx;
use crate::sighting::{Action, Sighting};
use crate::slots::{NOWHERE, Slots};
use weir_model::Nanos;
use weir_model::group::Direction;

/// The most legs on one way; routes that lead further lead in a circle.
pub(crate) const LEGS_MAX: usize = 8;

/// What an interface in the middle saw of a packet. `I` numbers interfaces: [`InterfaceIdx`] while the packet walks, a
/// slot once it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leg<A, I = u32> {
    /// The interface.
    pub interface: I,
    /// Into or out of it.
    pub direction: Direction,
    /// The flow as it is there.
    pub flow: Flow<A>,
    /// What the ACL of its subnet said.
    pub action: Action,
    /// The `traffic-path` on the way out; `None` on the way in.
    pub path: Option<u8>,
    /// The largest packet that the way up to here takes: what is larger passes in parts.
    pub mtu: u16,
}

impl<A> Leg<A, InterfaceIdx> {
    /// The leg as it is remembered, if the interface has a slot.
    pub fn remembered(self, slots: &Slots) -> Option<Leg<A>> {
        let Leg { interface, direction, flow, action, path, mtu } = self;
        let interface = slots.of(crate::Port::Interface(interface))?;
        Some(Leg { interface, direction, flow, action, path, mtu })
    }
}

impl<A: Address> Leg<A, InterfaceIdx> {
    /// What the interface saw, as packets and bytes that are in no entry of the flow table.
    pub fn sighting(
        &self,
        compiled: &Compiled,
        (packets, bytes): (u64, u64),
        now: Nanos,
    ) -> Option<Sighting> {
        let tuple = self.flow.tuple();
        Some(Sighting {
            interface: compiled.get(self.interface)?.id,
            direction: self.direction,
            source: tuple.source,
            destination: tuple.destination,
            source_port: tuple.source_port,
            destination_port: tuple.destination_port,
            protocol: tuple.protocol,
            action: self.action,
            packets,
            bytes,
            first: now,
            last: now,
            tcp_flags: 0,
            traffic_path: self.path,
        })
    }
}

/// The legs of all flows of one family.
#[derive(Debug)]
pub(crate) struct Legs<A> {
    lists: Vec<Box<[Leg<A>]>>,
    free: Vec<u32>,
}

impl<A: Copy> Legs<A> {
    /// No legs.
    pub fn new() -> Legs<A> {
        Legs { lists: Vec::new(), free: Vec::new() }
    }

    /// The legs that `handle` stands for, in the order they were passed; none for [`NOWHERE`].
    pub fn get(&self, handle: u32) -> &[Leg<A>] {
        self.lists.get(handle as usize).map_or(&[], |list| list)
    }

    /// Puts `legs` in place of those of `handle`; the handle that stands for them.
    pub fn replace(&mut self, handle: u32, legs: &[Leg<A>]) -> u32 {
        if legs.is_empty() {
            self.remove(handle);
            return NOWHERE;
        }
        if let Some(list) = self.lists.get_mut(handle as usize) {
            *list = legs.into();
            return handle;
        }
        match self.free.pop() {
            Some(handle) => {
                self.lists[handle as usize] = legs.into();
                handle
            }
            None => {
                self.lists.push(legs.into());
                self.lists.len() as u32 - 1
            }
        }
    }

    /// Forgets the legs of `handle`.
    pub fn remove(&mut self, handle: u32) {
        if let Some(list) = self.lists.get_mut(handle as usize) {
            *list = Box::default();
            self.free.push(handle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Packet, Tuple};
    use weir_model::Protocol;

    fn leg(interface: u32) -> Leg<u32> {
        let tuple = Tuple {
            source: [10, 0, 0, 1].into(),
            destination: [10, 0, 0, 2].into(),
            protocol: Protocol::TCP,
            source_port: 1,
            destination_port: 2,
        };
        let flow = Flow::of(&Packet::new(tuple, 40)).expect("IPv4");
        Leg { interface, direction: Direction::Ingress, flow, action: Action::Accept, path: None, mtu: 9001 }
    }

    #[test]
    fn handles_are_lent_again_and_none_stands_for_no_legs() {
        let mut legs = Legs::new();
        let one = legs.replace(NOWHERE, &[leg(1), leg(2)]);
        let other = legs.replace(NOWHERE, &[leg(3)]);
        assert_eq!(legs.get(one), [leg(1), leg(2)]);
        assert_eq!(legs.replace(one, &[leg(4)]), one);
        assert_eq!((legs.get(one), legs.get(other)), (&[leg(4)][..], &[leg(3)][..]));
        assert_eq!(legs.replace(one, &[]), NOWHERE);
        assert_eq!(legs.get(NOWHERE), []);
        assert_eq!(legs.replace(NOWHERE, &[leg(5)]), one);
    }
}
