//! What a script may use: shells, and the time of its host's processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use weir_model::Nanos;

/// How deep shells may stand in each other, those of `$(…)` included.
pub(super) const DEPTH_MAX: u32 = 20;
/// Most shells that a script begins with `sh -c`, those in them included. Without that one script could begin ever more.
pub(super) const SHELLS_MAX: u32 = 1000;
/// Most shells that a script has at one time: those of `$(…)`, of `( … )` and of the commands of a pipe included.
const LIVING_MAX: u32 = 64;

/// How much a script does before time goes on: a loop that never ends holds nobody, and no clock stands still for it.
const WORK_MAX: u32 = 2000;
/// How much time then passes, in nanoseconds.
const REST_NS: u64 = 20_000_000;
/// What a step of a script, or a KiB of words, counts as, and the start of a shell or a program.
pub(super) const STEP: u32 = 1;
pub(super) const START: u32 = 20;
/// As how many bytes a word counts that is one of many.
pub(super) const WORD_BYTES: usize = 128;

/// The place of a living shell among those of its script.
pub(super) struct Life {
    script: Arc<Script>,
}

/// What all shells of a script share.
#[derive(Default)]
struct Script {
    begun: AtomicU32,
    living: AtomicU32,
    /// When it began to work without a rest, and what it has done since.
    since: AtomicU64,
    work: AtomicU32,
}

impl Life {
    /// That of the first shell of a script.
    pub(super) fn first() -> Life {
        let script = Arc::<Script>::default();
        script.living.store(1, Ordering::Relaxed);
        Life { script }
    }

    /// That of another shell; `None` if there are too many.
    pub(super) fn another(&self) -> Option<Life> {
        self.work(START);
        let is_one_more = self.script.living.fetch_add(1, Ordering::Relaxed) < LIVING_MAX;
        let life = Life { script: Arc::clone(&self.script) };
        is_one_more.then_some(life)
    }

    /// Counts a shell that `sh -c` begins; false if that is one too many.
    pub(super) fn may_begin(&self) -> bool {
        self.script.begun.fetch_add(1, Ordering::Relaxed) < SHELLS_MAX
    }

    /// Counts what is done.
    pub(super) fn work(&self, work: u32) {
        let sum = self.script.work.load(Ordering::Relaxed).saturating_add(work);
        self.script.work.store(sum, Ordering::Relaxed);
    }

    /// The same for so many bytes.
    pub(super) fn work_on(&self, bytes: usize) {
        self.work(u32::try_from(bytes / 1024).unwrap_or(u32::MAX / 2));
    }

    /// The same for so many words or lines of a list, each of which has a place of its own in memory.
    pub(super) fn work_on_words(&self, count: usize) {
        self.work_on(count.saturating_mul(WORD_BYTES));
    }

    /// Until when the script has to rest, if it does: the longer, the more it has done at once.
    pub(super) fn rests_until(&self, now: Nanos) -> Option<Nanos> {
        let work = self.script.work.load(Ordering::Relaxed);
        let rest_ns = REST_NS * u64::from((work / WORK_MAX).max(1));
        let rested = Nanos(self.script.since.load(Ordering::Relaxed)).plus(rest_ns);
        if now >= rested {
            self.script.since.store(now.0, Ordering::Relaxed);
            self.script.work.store(0, Ordering::Relaxed);
            return None;
        }
        (work >= WORK_MAX).then_some(rested)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.script.living.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_rests_when_it_has_done_enough() {
        let (life, now) = (Life::first(), Nanos(1_000_000_000));
        assert_eq!(life.rests_until(now), None);
        life.work(WORK_MAX - 1);
        assert_eq!(life.rests_until(now), None);
        life.work(STEP);
        assert_eq!(life.rests_until(now.plus(1)), Some(now.plus(REST_NS)));
        assert_eq!(life.rests_until(now.plus(REST_NS)), None);
        life.work_on_words(8 * 3 * WORK_MAX as usize);
        assert_eq!(life.rests_until(now.plus(REST_NS)), Some(now.plus(4 * REST_NS)));
    }

    #[test]
    fn so_many_shells_live_at_one_time() {
        let first = Life::first();
        let mut others: Vec<Life> = (1..LIVING_MAX).filter_map(|_| first.another()).collect();
        assert_eq!(others.len(), 63);
        assert!(first.another().is_none());
        others.pop();
        assert!(first.another().is_some(), "the last has made room");
    }
}
