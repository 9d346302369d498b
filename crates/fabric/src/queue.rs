//! The event queue: what happens when, in nanoseconds. Events of one instant keep the order they were put in.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use weir_model::Nanos;

/// Events in order of time. Times are compared in small entries; the events themselves stay where they are.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    order: BinaryHeap<Due>,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    sequence: u64,
}

/// When an event is due, and where it is.
#[derive(Clone, Copy, Debug)]
struct Due {
    /// Time and sequence number as one number, compared without a branch.
    order: u128,
    slot: u32,
}

impl Due {
    fn at(self) -> Nanos {
        Nanos((self.order >> 64) as u64)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        self.order == other.order
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    fn le(&self, other: &Due) -> bool {
        other.order <= self.order
    }
}

/// The earlier is the greater: what comes first out of a [`BinaryHeap`].
impl Ord for Due {
    fn cmp(&self, other: &Due) -> Ordering {
        other.order.cmp(&self.order)
    }
}

impl<T> Queue<T> {
    /// An empty queue.
    pub(crate) fn new() -> Queue<T> {
        Queue { order: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), sequence: 0 }
    }

    /// The number of events.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Puts in an event that is to happen at a time.
    pub(crate) fn push(&mut self, at: Nanos, event: T) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize] = Some(event);
        self.order.push(Due { order: u128::from(at.0) << 64 | u128::from(self.sequence), slot });
        self.sequence += 1;
    }

    /// Takes out the first event if its time is not after `until`.
    pub(crate) fn pop(&mut self, until: Nanos) -> Option<(Nanos, T)> {
        let due = *self.order.peek()?;
        let (at, slot) = (due.at(), due.slot);
        if at > until {
            return None;
        }
        self.order.pop();
        self.free.push(slot);
        self.slots[slot as usize].take().map(|event| (at, event))
    }

    /// The first event and its time.
    pub(crate) fn peek(&self) -> Option<(Nanos, &T)> {
        let due = self.order.peek()?;
        let event = self.slots.get(due.slot as usize)?.as_ref()?;
        Some((due.at(), event))
    }

    /// The time of the first event.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.order.peek().map(|due| due.at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_of_time_and_then_of_arrival() {
        let mut queue = Queue::new();
        for (at, name) in [(5, "c"), (1, "a"), (5, "d"), (2, "b")] {
            queue.push(Nanos(at), name);
        }
        let taken: Vec<_> =
            std::iter::from_fn(|| queue.pop(Nanos(5))).map(|(at, name)| (at.0, name)).collect();
        assert_eq!(taken, [(1, "a"), (2, "b"), (5, "c"), (5, "d")]);
    }

    #[test]
    fn events_after_the_time_stay() {
        let mut queue = Queue::new();
        queue.push(Nanos(7), ());
        assert_eq!((queue.pop(Nanos(6)), queue.next(), queue.len()), (None, Some(Nanos(7)), 1));
    }
}
