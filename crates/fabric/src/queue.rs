//! The event queue: what happens when, in nanoseconds. Events of one instant keep the order they were put in.
//!
//! A calendar queue (R. Brown, 1988): the next millisecond is cut into days, each a short list in order, so that putting in
//! and taking out cost the same however many events there are. What is later than that waits in a heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use weir_model::Nanos;

/// A day is 2^8 ns: with a thousand busy hosts about one event is due in it.
const DAY_BITS: u32 = 8;
/// Days of the calendar, a power of two.
const DAYS: usize = 1 << 12;
const WORD_BITS: usize = u64::BITS as usize;
/// No slot.
const NONE: u32 = u32::MAX;

/// Events in order of time.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    len: usize,
    /// The first day of the calendar: that of the last event taken out.
    today: u64,
    /// The first and the last slot of each day, by its number modulo [`DAYS`].
    days: Vec<(u32, u32)>,
    /// Which days have events, and which words of that have a bit.
    busy: [u64; DAYS / WORD_BITS],
    busy_words: u64,
    /// What is due after the calendar's last day: time, sequence number and slot.
    later: BinaryHeap<Reverse<(u64, u64, u32)>>,
    sequence: u64,
}

/// An event and its place in its day's list: one cache line, if the event is no larger than those of the fabric.
#[derive(Debug)]
#[repr(align(64))]
struct Slot<T> {
    at: u64,
    next: u32,
    event: Option<T>,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub(crate) fn new() -> Queue<T> {
        Queue {
            slots: Vec::new(),
            free: Vec::new(),
            len: 0,
            today: 0,
            days: vec![(NONE, NONE); DAYS],
            busy: [0; DAYS / WORD_BITS],
            busy_words: 0,
            later: BinaryHeap::new(),
            sequence: 0,
        }
    }

    /// The number of events.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in an event that is to happen at a time, or at once if that is over.
    pub(crate) fn push(&mut self, at: Nanos, event: T) {
        let filled = Slot { at: at.0, next: NONE, event: Some(event) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = filled;
                slot
            }
            None => {
                self.slots.push(filled);
                self.slots.len() as u32 - 1
            }
        };
        self.len += 1;
        if self.is_in_calendar(at.0) {
            self.enter(slot);
        } else {
            self.later.push(Reverse((at.0, self.sequence, slot)));
            self.sequence += 1;
        }
    }

    fn is_in_calendar(&self, at: u64) -> bool {
        (at >> DAY_BITS).saturating_sub(self.today) < DAYS as u64
    }

    /// Puts a slot into its day's list, behind those that are due before it or came before it.
    fn enter(&mut self, slot: u32) {
        let at = self.slots[slot as usize].at;
        let day = (at >> DAY_BITS).max(self.today) as usize % DAYS;
        let (first, last) = self.days[day];
        if last == NONE {
            self.days[day] = (slot, slot);
            self.busy[day / WORD_BITS] |= 1 << (day % WORD_BITS);
            self.busy_words |= 1 << (day / WORD_BITS);
        } else if self.slots[last as usize].at <= at {
            self.slots[last as usize].next = slot;
            self.days[day].1 = slot;
        } else if self.slots[first as usize].at > at {
            self.slots[slot as usize].next = first;
            self.days[day].0 = slot;
        } else {
            let mut before = first;
            while let Some(next) = self.slots.get(self.slots[before as usize].next as usize)
                && next.at <= at
            {
                before = self.slots[before as usize].next;
            }
            self.slots[slot as usize].next = self.slots[before as usize].next;
            self.slots[before as usize].next = slot;
        }
    }

    /// The first day from today on that has an event, by its number modulo [`DAYS`].
    #[inline]
    fn busy_day(&self) -> Option<usize> {
        let today = self.today as usize % DAYS;
        let (word, bit) = (today / WORD_BITS, today % WORD_BITS);
        let rest = self.busy[word] >> bit;
        if rest != 0 {
            return Some(today + rest.trailing_zeros() as usize);
        }
        // The words after this one, then those before it, then what this one has before today.
        let after = self.busy_words & !(u64::MAX >> (WORD_BITS - 1 - word));
        let words = if after != 0 { after } else { self.busy_words };
        let word = if words == 0 { return None } else { words.trailing_zeros() as usize };
        Some(word * WORD_BITS + self.busy[word].trailing_zeros() as usize)
    }

    /// Takes out the first event if its time is not after `until`.
    pub(crate) fn pop(&mut self, until: Nanos) -> Option<(Nanos, T)> {
        let day = match self.busy_day() {
            Some(day) => day,
            None => {
                let Reverse((at, ..)) = *self.later.peek()?;
                if at > until.0 {
                    return None;
                }
                self.turn_to(at >> DAY_BITS);
                self.busy_day()?
            }
        };
        let slot = self.days[day].0;
        let taken = &mut self.slots[slot as usize];
        if taken.at > until.0 {
            return None;
        }
        let (at, next, event) = (taken.at, taken.next, taken.event.take());
        self.days[day].0 = next;
        if next == NONE {
            self.days[day].1 = NONE;
            self.busy[day / WORD_BITS] &= !(1 << (day % WORD_BITS));
            if self.busy[day / WORD_BITS] == 0 {
                self.busy_words &= !(1 << (day / WORD_BITS));
            }
        }
        self.free.push(slot);
        self.len -= 1;
        self.turn_to(at >> DAY_BITS);
        event.map(|event| (Nanos(at), event))
    }

    /// Begins the calendar with `day`, and enters what was too late for it before. No event is left on an earlier day.
    fn turn_to(&mut self, day: u64) {
        if day <= self.today {
            return;
        }
        self.today = day;
        while let Some(Reverse((at, _, slot))) = self.later.peek().copied()
            && self.is_in_calendar(at)
        {
            self.later.pop();
            self.enter(slot);
        }
    }

    /// The first event and its time.
    pub(crate) fn peek(&self) -> Option<(Nanos, &T)> {
        let slot = match self.busy_day() {
            Some(day) => self.days[day].0,
            None => self.later.peek().map(|Reverse((.., slot))| *slot)?,
        };
        let slot = self.slots.get(slot as usize)?;
        slot.event.as_ref().map(|event| (Nanos(slot.at), event))
    }

    /// The time of the first event.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.peek().map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use weir_model::Ids;

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

    /// Against a map by time and number: events near each other, at one instant, days, calendars and years apart.
    #[test]
    fn it_is_a_list_in_order() {
        let mut ids = Ids::new(9);
        let (mut queue, mut truth, mut now) = (Queue::new(), BTreeMap::new(), 0);
        for number in 0..200_000u64 {
            let is_full = truth.len() > [3, 300][(number / 50_000 % 2) as usize];
            if !is_full && ids.below(5) < 3 {
                let spread = [1, 50, 1 << 8, 1 << 14, 1 << 20, 1 << 21, 1 << 40][ids.below(7) as usize];
                let at = now + ids.below(spread);
                queue.push(Nanos(at), number);
                truth.insert((at, number), ());
            } else {
                let until = now + [0, 300, 1 << 22, u64::MAX >> 1][ids.below(4) as usize];
                let first = truth.first_key_value().map(|(key, ())| *key);
                assert_eq!(queue.peek().map(|(at, number)| (at.0, *number)), first);
                let due = first.filter(|(at, _)| *at <= until);
                assert_eq!(queue.pop(Nanos(until)).map(|(at, number)| (at.0, number)), due, "{number}");
                if let Some(due) = due {
                    truth.remove(&due);
                    now = due.0;
                }
            }
            assert_eq!(queue.len(), truth.len());
        }
    }
}
