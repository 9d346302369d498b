//! What rules ask of a packet: rules of groups and entries of ACLs are looked through in order, and there may be a thousand.
//!
//! The protocol and port or ICMP type of a packet are one number, and what a rule asks of it is a range of numbers. The
//! ranges are laid into a segment tree (J. L. Bentley, 1977): a range is at the fewest nodes that make it up, a number's
//! ranges are at the nodes from its leaf to the root. So only the rules about the packet's own port are looked at, and of
//! the others only those about all ports.

use super::selector::{Selected, Selector};
use crate::address::Address;

/// Conditions in order: each a selector, and the addresses that the packet's peer must be among.
#[derive(Clone, Debug)]
pub(crate) struct Conditions<A: Address> {
    leaves: Leaves,
    /// Where in `runs` those of each leaf begin.
    begins: Vec<u32>,
    /// From each leaf to the root, the nodes that have conditions: where theirs begin and end in `listed`.
    runs: Vec<(u32, u32)>,
    /// The conditions by node, in order.
    listed: Vec<Condition<A>>,
}

#[derive(Clone, Copy, Debug)]
struct Condition<A> {
    place: u32,
    mask: u32,
    first: u32,
    network: A,
    network_mask: A,
}

impl<A: Address> Default for Conditions<A> {
    fn default() -> Conditions<A> {
        Conditions::new(&[])
    }
}

impl<A: Address> Conditions<A> {
    /// The conditions that these selectors, and addresses of networks with their masks, are meant.
    pub fn new(asked: &[(Selector, (A, A))]) -> Conditions<A> {
        let ends = asked.iter().flat_map(|(selector, _)| {
            let (first, last) = selector.range();
            [first, last + 1]
        });
        let mut starts: Vec<u32> = ends.chain([0]).collect();
        starts.sort_unstable();
        starts.dedup();
        let leaves = starts.len().next_power_of_two();
        let mut nodes: Vec<Vec<Condition<A>>> = vec![Vec::new(); 2 * leaves];
        for ((selector, (network, network_mask)), place) in asked.iter().zip(0..) {
            let (mask, first) = selector.bits();
            let condition = Condition { place, mask, first, network: *network, network_mask: *network_mask };
            let (first, last) = selector.range();
            let leaf = |number| starts.partition_point(|start| *start < number);
            cover(leaves, (leaf(first), leaf(last + 1)), |node| nodes[node].push(condition));
        }
        let mut conditions =
            Conditions { leaves: Leaves::default(), begins: vec![0], runs: Vec::new(), listed: Vec::new() };
        let mut runs = Vec::new();
        for node in nodes {
            let begin = conditions.listed.len() as u32;
            conditions.listed.extend(node);
            runs.push((begin, conditions.listed.len() as u32));
        }
        conditions.leaves = Leaves::new(starts);
        for leaf in leaves..leaves + conditions.leaves.starts.len() {
            // The root is node 1, those under node n are 2n and 2n + 1.
            let path = std::iter::successors(Some(leaf), |node| (*node > 1).then_some(node / 2));
            let runs = path.map(|node| runs[node]).filter(|(begin, end)| begin < end);
            conditions.runs.extend(runs);
            conditions.begins.push(conditions.runs.len() as u32);
        }
        conditions
    }

    /// The place of the first condition that holds for `selected` and `peer`, and for which `is_meant`.
    #[inline]
    pub fn find(&self, selected: Selected, peer: A, is_meant: impl Fn(usize) -> bool) -> Option<usize> {
        let number = selected.number();
        let leaf = self.leaves.find(selected);
        let runs = &self.runs[self.begins[leaf] as usize..self.begins[leaf + 1] as usize];
        let mut best = None;
        for (begin, end) in runs {
            let listed = &self.listed[*begin as usize..*end as usize];
            let earlier =
                listed.iter().take_while(|condition| best.is_none_or(|best| condition.place < best));
            let mut held = earlier
                .filter(|condition| condition.holds(number, peer) && is_meant(condition.place as usize));
            best = held.next().map(|condition| condition.place).or(best);
        }
        best.map(|place| place as usize)
    }
}

/// The leaves of the tree: where each begins, and for every protocol within which some begin where to look.
#[derive(Clone, Debug, Default)]
struct Leaves {
    /// Ascending, the first is 0.
    starts: Vec<u32>,
    /// The protocols within which leaves begin, few: each with its pages.
    protocols: Vec<(u8, Box<[Page; PAGES]>)>,
}

/// The numbers with the same upper half: the leaf that its first is in, and how many more begin in it.
#[derive(Clone, Copy, Debug, Default)]
struct Page {
    leaf: u32,
    more: u32,
}

/// Pages of a protocol.
const PAGES: usize = 256;

impl Leaves {
    fn new(starts: Vec<u32>) -> Leaves {
        let mut named: Vec<u8> =
            starts.iter().filter(|start| *start & 0xffff > 0).map(|start| (start >> 16) as u8).collect();
        named.dedup();
        let up_to = |number: u32| starts.partition_point(|start| *start <= number) as u32;
        let page = |protocol: u8, page: usize| {
            let first = Selected { protocol, number: (page << 8) as u16 }.number();
            let leaf = up_to(first) - 1;
            Page { leaf, more: up_to(first | 0xff) - 1 - leaf }
        };
        let pages = |protocol| (protocol, Box::new(std::array::from_fn(|number| page(protocol, number))));
        let protocols = named.into_iter().map(pages).collect();
        Leaves { starts, protocols }
    }

    /// The number of the leaf that `selected` is in.
    #[inline]
    fn find(&self, selected: Selected) -> usize {
        let number = selected.number();
        let pages = self.protocols.iter().find(|(protocol, _)| *protocol == selected.protocol);
        let Some((_, pages)) = pages else {
            return self.starts.partition_point(|start| *start <= number) - 1;
        };
        let page = pages[usize::from(selected.number >> 8)];
        let leaf = page.leaf as usize;
        match page.more {
            0 => leaf,
            more => {
                leaf + self.starts[leaf + 1..=leaf + more as usize].partition_point(|start| *start <= number)
            }
        }
    }
}

impl<A: Address> Condition<A> {
    /// Whether the condition, to whose range `number` belongs, holds.
    #[inline]
    fn holds(&self, number: u32, peer: A) -> bool {
        (number & self.mask == self.first) & (peer.and(self.network_mask) == self.network)
    }
}

/// Calls `each` with the fewest nodes whose leaves are those from the first to the one before the second.
fn cover(leaves: usize, (first, end): (usize, usize), mut each: impl FnMut(usize)) {
    let (mut low, mut high) = (first + leaves, end + leaves);
    while low < high {
        if low % 2 == 1 {
            each(low);
            low += 1;
        }
        if high % 2 == 1 {
            high -= 1;
            each(high);
        }
        (low, high) = (low / 2, high / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::protocol::Traffic;
    use weir_model::{Ids, PortRange, Protocol};

    /// Fifty conditions, each for one port, from network 10.0.0.0/8.
    fn ports() -> Vec<(Selector, (u32, u32))> {
        let selector =
            |port| Selector::new(Traffic::Ports(Protocol::TCP, PortRange::new(port, port).unwrap()));
        (0..50).map(|port| (selector(port), (0x0a00_0000, 0xff00_0000))).collect()
    }

    fn selected(number: u16) -> Selected {
        Selected { protocol: Protocol::TCP.0, number }
    }

    #[test]
    fn each_is_found_at_its_place() {
        let conditions = Conditions::new(&ports());
        for port in 0..50 {
            assert_eq!(conditions.find(selected(port), 0x0a01_0203, |_| true), Some(usize::from(port)));
        }
        assert_eq!(conditions.find(selected(50), 0x0a01_0203, |_| true), None);
        assert_eq!(conditions.find(selected(3), 0x0b01_0203, |_| true), None);
    }

    #[test]
    fn the_first_that_is_meant_is_found() {
        let mut asked = ports();
        asked.push((Selector::new(Traffic::All), (0, 0)));
        let conditions = Conditions::new(&asked);
        assert_eq!(conditions.find(selected(3), 0x0a01_0203, |place| place > 3), Some(50));
        assert_eq!(conditions.find(selected(3), 0x0a01_0203, |_| false), None);
    }

    /// Against looking at one after the other.
    #[test]
    fn the_first_that_holds_is_found_among_many() {
        let mut ids = Ids::new(11);
        // Those of a page, and those of many.
        let port = |ids: &mut Ids| ids.below(40) as u16 * [1, 1_637][ids.below(2) as usize];
        let traffic = |ids: &mut Ids| {
            let (one, other) = (port(ids), port(ids));
            let ports = PortRange::new(one.min(other), one.max(other)).unwrap();
            let part = |ids: &mut Ids| (ids.below(2) == 0).then(|| ids.below(3) as u8);
            let icmp =
                |ids: &mut Ids| Traffic::Icmp { protocol: Protocol::ICMP, kind: part(ids), code: part(ids) };
            match ids.below(8) {
                0 => Traffic::All,
                1 => Traffic::Protocol(Protocol::TCP),
                2 => Traffic::Ports(Protocol::TCP, PortRange::new(65_535, 65_535).unwrap()),
                3 => icmp(ids),
                4 => Traffic::Protocol(Protocol(255)),
                5 => Traffic::Ports(Protocol::UDP, ports),
                _ => Traffic::Ports(Protocol::TCP, ports),
            }
        };
        for count in [0, 1, 2, 5, 40, 300] {
            let asked: Vec<(Traffic, u32)> =
                (0..count).map(|_| (traffic(&mut ids), ids.below(4) as u32)).collect();
            let conditions: Vec<_> =
                asked.iter().map(|(traffic, network)| (Selector::new(*traffic), (*network, 3))).collect();
            let conditions = Conditions::new(&conditions);
            for _ in 0..2_000 {
                let protocol = [Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol(255), Protocol(0)]
                    [ids.below(5) as usize];
                let icmp = (ids.below(3) as u8, ids.below(3) as u8);
                let number = match protocol.is_icmp() {
                    true => u16::from_be_bytes([icmp.0, icmp.1]),
                    false => [port(&mut ids) + ids.below(3) as u16, 65_535][ids.below(2) as usize],
                };
                let (peer, least) = (ids.below(4) as u32, ids.below(3) as usize);
                let first = asked.iter().enumerate().find(|(place, (traffic, network))| {
                    *place >= least && *network == peer && traffic.matches(protocol, number, icmp)
                });
                let selected = Selected { protocol: protocol.0, number };
                let found = conditions.find(selected, peer, |place| place >= least);
                assert_eq!(found, first.map(|(place, _)| place), "{protocol:?} {number} of {asked:?}");
            }
        }
    }
}
