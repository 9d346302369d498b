//! What rules ask of a packet, sixteen at a time: rules of groups and entries of ACLs are looked through in order, and
//! there may be a thousand.
//!
//! Conditions lie beside each other by field, so that one instruction compares several; only where one of sixteen holds
//! are they looked at one by one.

use super::selector::{Selected, Selector};
use crate::address::Address;

/// Conditions of a block.
const BLOCK: usize = 16;

/// Conditions in order: each a selector, and the addresses that the packet's peer must be among.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions<A> {
    blocks: Vec<Block<A>>,
    count: usize,
}

/// The conditions of a block, by field; those beyond the last hold for nothing.
#[derive(Clone, Debug)]
struct Block<A> {
    mask: [u32; BLOCK],
    first: [u32; BLOCK],
    span: [u32; BLOCK],
    network: [A; BLOCK],
    network_mask: [A; BLOCK],
}

impl<A: Address> Conditions<A> {
    /// Adds the condition that `selector` and the addresses `network` with `network_mask` are meant.
    pub fn add(&mut self, selector: Selector, (network, network_mask): (A, A)) {
        let place = self.count % BLOCK;
        if place == 0 {
            self.blocks.push(Block::nothing());
        }
        if let Some(block) = self.blocks.last_mut() {
            (block.mask[place], block.first[place], block.span[place]) = selector.range();
            (block.network[place], block.network_mask[place]) = (network, network_mask);
        }
        self.count += 1;
    }

    /// The place of the first condition that holds for `selected` and `peer`, and for which `is_meant`.
    #[inline]
    pub fn find(&self, selected: Selected, peer: A, is_meant: impl Fn(usize) -> bool) -> Option<usize> {
        let number = selected.number();
        let candidates = self.blocks.iter().enumerate().filter(|(_, block)| block.has_any(number, peer));
        candidates
            .flat_map(|(index, block)| {
                (0..BLOCK)
                    .filter(move |place| block.holds(*place, number, peer))
                    .map(move |place| index * BLOCK + place)
            })
            .find(|place| is_meant(*place))
    }
}

impl<A: Address> Block<A> {
    fn nothing() -> Block<A> {
        Block {
            mask: [0; BLOCK],
            first: [1; BLOCK],
            span: [0; BLOCK],
            network: [A::default(); BLOCK],
            network_mask: [A::default(); BLOCK],
        }
    }

    /// Whether one of the conditions holds. No branch: the compiler makes it a few wide comparisons.
    #[inline]
    fn has_any(&self, number: u32, peer: A) -> bool {
        (0..BLOCK).fold(false, |any, place| any | self.holds(place, number, peer))
    }

    #[inline]
    fn holds(&self, place: usize, number: u32, peer: A) -> bool {
        let selected = (number & self.mask[place]).wrapping_sub(self.first[place]) <= self.span[place];
        selected & (peer.and(self.network_mask[place]) == self.network[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::protocol::Traffic;
    use weir_model::{PortRange, Protocol};

    /// Fifty conditions, each for one port, from network 10.0.0.0/8.
    fn ports() -> Conditions<u32> {
        let mut conditions = Conditions::default();
        for port in 0..50 {
            let ports = PortRange::new(port, port).unwrap();
            conditions.add(Selector::new(Traffic::Ports(Protocol::TCP, ports)), (0x0a00_0000, 0xff00_0000));
        }
        conditions
    }

    fn selected(number: u16) -> Selected {
        Selected { protocol: Protocol::TCP.0, number }
    }

    #[test]
    fn each_is_found_at_its_place() {
        let conditions = ports();
        for port in 0..50 {
            assert_eq!(conditions.find(selected(port), 0x0a01_0203, |_| true), Some(usize::from(port)));
        }
        assert_eq!(conditions.find(selected(50), 0x0a01_0203, |_| true), None);
        assert_eq!(conditions.find(selected(3), 0x0b01_0203, |_| true), None);
    }

    #[test]
    fn the_first_that_is_meant_is_found() {
        let mut conditions = ports();
        conditions.add(Selector::new(Traffic::All), (0, 0));
        assert_eq!(conditions.find(selected(3), 0x0a01_0203, |place| place > 3), Some(50));
        assert_eq!(conditions.find(selected(3), 0x0a01_0203, |_| false), None);
    }
}
