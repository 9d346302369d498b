//! Which of many ranges a number is in: a tree over where they begin, sixteen to a node.

use crate::address::Address;

/// How many starts are compared at once, without a branch between them.
const FAN: usize = 16;

/// Starts in order; the last node of a level is filled up with the last number.
type Node<A> = [<A as Address>::Rank; FAN];

/// Ascending numbers, the first of them 0: each begins a range that ends before the next.
#[derive(Clone, Debug)]
pub(crate) struct Starts<A: Address> {
    /// The nodes of all levels, the root first: each has the first starts of those below it.
    nodes: Vec<Node<A>>,
    /// Which nodes are a level's: the first, and the last counted from it.
    levels: Vec<(u32, u32)>,
    last: u32,
}

impl<A: Address> Starts<A> {
    /// The tree of `starts`, which ascend from 0.
    pub fn new(starts: &[A]) -> Starts<A> {
        let last = A::default().or_not(A::default());
        let (mut levels, mut firsts) = (Vec::new(), starts.to_vec());
        loop {
            let start = |part: &[A], place| part.get(place).copied().unwrap_or(last);
            let node = |part: &[A]| -> Node<A> { std::array::from_fn(|place| start(part, place).rank()) };
            levels.push(firsts.chunks(FAN).map(node).collect::<Vec<_>>());
            if firsts.len() <= FAN {
                break;
            }
            firsts = firsts.into_iter().step_by(FAN).collect();
        }
        levels.reverse();
        let mut tree = Starts { nodes: Vec::new(), levels: Vec::new(), last: starts.len() as u32 - 1 };
        for level in levels {
            tree.levels.push((tree.nodes.len() as u32, level.len() as u32 - 1));
            tree.nodes.extend(level);
        }
        tree
    }

    /// The number of the range that `number` is in: the last whose start is not after it.
    ///
    /// What the last nodes are filled up with is not after the last number either: then it is the last start.
    #[inline]
    pub fn find(&self, number: A) -> usize {
        let (number, mut place) = (number.rank(), 0);
        for (first, last) in &self.levels {
            let node = place.min(*last);
            let starts = &self.nodes[(first + node) as usize];
            // Twos, for of ones compilers make a mask of bits, which old processors count slowly.
            let not_after: i32 = starts.iter().map(|start| if *start <= number { 2 } else { 0 }).sum();
            place = node * FAN as u32 + not_after as u32 / 2 - 1;
        }
        place.min(self.last) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::Ids;

    #[test]
    fn a_search_of_any_depth_finds_the_last_start_before() {
        let mut ids = Ids::new(5);
        for count in [1, 2, 15, 16, 17, 255, 256, 257, 5_000] {
            let mut starts: Vec<u32> = (1..count).map(|_| ids.bits() as u32).chain([0]).collect();
            starts.sort_unstable();
            starts.dedup();
            let tree = Starts::new(&starts);
            let around = |start: &u32| [start.wrapping_sub(1), *start, start.wrapping_add(1)];
            for number in starts.iter().flat_map(around).chain([u32::MAX]) {
                let last = starts.partition_point(|start| *start <= number) - 1;
                assert_eq!(tree.find(number), last, "{count} {number}");
            }
        }
    }
}
