//! Which entry of the flow table a hash leads to: open addressing, one word a slot.
//!
//! A slot holds the upper half of the hash and the entry's number, so that most look-ups miss the cache once here and once
//! at the entry, and growing touches no entry. At most half of the slots are in use: the first probe mostly decides.
//! Removing closes the gap, so that there are no marks of what was.
//! Source: D. Knuth, "The Art of Computer Programming", volume 3, section 6.4, algorithms L and R (linear probing).

/// Slots of an index that holds anything.
const SLOTS_MIN: usize = 16;
/// A slot that is not in use: its entry is number 2³²-1, which there never is.
const EMPTY: Slot = Slot(u64::MAX);

/// The upper half of a hash, and the number of the entry whose key has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot(u64);

impl Slot {
    fn new(hash: u64, entry: u32) -> Slot {
        Slot(hash & HIGH | u64::from(entry))
    }

    #[inline]
    fn has(self, hash: u64) -> bool {
        (self.0 ^ hash) & HIGH == 0
    }

    #[inline]
    fn entry(self) -> u32 {
        self.0 as u32
    }
}

/// The upper half of a hash: all of it that is used.
const HIGH: u64 = !0xffff_ffff;

/// Entries by the hash of their key.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// As many as a power of two; none if nothing was ever put in.
    slots: Vec<Slot>,
    used: usize,
}

impl Index {
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.used
    }

    /// The entry with `hash` that `is_meant` says yes to.
    #[inline]
    pub fn find(&self, hash: u64, is_meant: impl Fn(u32) -> bool) -> Option<u32> {
        let mut place = self.home(hash);
        loop {
            let slot = *self.slots.get(place)?;
            if slot == EMPTY {
                return None;
            }
            if slot.has(hash) && is_meant(slot.entry()) {
                return Some(slot.entry());
            }
            place = self.after(place);
        }
    }

    /// The word that a look-up of `hash` reads first: reading it early is all that it is good for.
    #[inline]
    pub fn peek(&self, hash: u64) -> u64 {
        self.slots.get(self.home(hash)).map_or(0, |slot| slot.0)
    }

    /// Puts in `entry`, whose key has `hash`; it must not be in yet.
    pub fn insert(&mut self, hash: u64, entry: u32) {
        if (self.used + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.place(Slot::new(hash, entry));
        self.used += 1;
    }

    /// Takes out `entry`, whose key has `hash`, if it is in.
    pub fn remove(&mut self, hash: u64, entry: u32) {
        let (wanted, mut place) = (Slot::new(hash, entry), self.home(hash));
        while self.slots.get(place).is_some_and(|slot| *slot != wanted && *slot != EMPTY) {
            place = self.after(place);
        }
        if self.slots.get(place) == Some(&wanted) {
            self.close_gap(place);
            self.used -= 1;
        }
    }

    /// Moves back what stands behind `gap` only because that was taken.
    fn close_gap(&mut self, mut gap: usize) {
        let mut place = self.after(gap);
        while self.slots[place] != EMPTY {
            let from_home = self.distance(self.home(self.slots[place].0), place);
            if from_home >= self.distance(gap, place) {
                self.slots[gap] = self.slots[place];
                gap = place;
            }
            place = self.after(place);
        }
        self.slots[gap] = EMPTY;
    }

    fn grow(&mut self) {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        let before = std::mem::replace(&mut self.slots, vec![EMPTY; count]);
        for slot in before.into_iter().filter(|slot| *slot != EMPTY) {
            self.place(slot);
        }
    }

    /// Puts `slot` in the first free place from its home.
    fn place(&mut self, slot: Slot) {
        let mut place = self.home(slot.0);
        while self.slots[place] != EMPTY {
            place = self.after(place);
        }
        self.slots[place] = slot;
    }

    /// Where a look-up of `hash` begins.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        (hash >> 32) as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & self.slots.len().wrapping_sub(1)
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.slots.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use weir_model::Ids;

    /// Few hashes near each other, so that entries collide, wrap around, and move when others go.
    fn hash(ids: &mut Ids) -> u64 {
        (0xffff_fff0 + ids.below(24)) << 32
    }

    #[test]
    fn it_holds_what_was_put_in_and_not_taken_out() {
        let (mut ids, mut index, mut truth) = (Ids::new(7), Index::default(), BTreeMap::<u32, u64>::new());
        for entry in 0..20_000 {
            if truth.len() < 100 && ids.below(2) == 0 {
                let hash = hash(&mut ids);
                index.insert(hash, entry);
                truth.insert(entry, hash);
            } else if let Some((entry, hash)) = truth.pop_first() {
                index.remove(hash, entry);
                assert_eq!(index.find(hash, |found| found == entry), None);
            }
            assert_eq!(index.len(), truth.len());
            for (entry, hash) in &truth {
                assert_eq!(index.find(*hash, |found| found == *entry), Some(*entry), "step {entry}");
            }
        }
    }

    #[test]
    fn an_empty_index_has_nothing_and_loses_nothing() {
        let mut index = Index::default();
        assert_eq!((index.find(9, |_| true), index.peek(9)), (None, 0));
        index.remove(9, 1);
        assert_eq!(index.len(), 0);
    }

    #[test]
    fn the_key_decides_between_entries_of_one_hash() {
        let mut index = Index::default();
        for entry in 0..5 {
            index.insert(1 << 32, entry);
        }
        assert_eq!(index.find(1 << 32, |entry| entry == 3), Some(3));
        assert_eq!(index.find(1 << 32, |_| false), None);
    }
}
