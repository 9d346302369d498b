//! Housekeeping: sealing, expiring, compacting, removing what is gone from the catalog, letting the log's files go.
//!
//! One at a time. Each ends in one transaction of the catalog; files that are to be listed are durable before it, files
//! that are no longer listed are removed after it. So a crash anywhere leaves the state before or after. Other readers may be
//! told of it then ([`crate::delta`]), and keep what is no longer listed for a while.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::catalog::{Change, GroupRow, Numbers, StreamRow};
use crate::error::SealError;
use crate::group::GroupKey;
use crate::inner::Inner;
use crate::lock;
use crate::memory::Cache;
use crate::options::{SealPolicy, Work};
use crate::record;
use crate::sealing;
use crate::segment::Segment;
use crate::state::{GroupState, Held, Memory, State};
use crate::store::Store;

/// Segments are looked through for expiry so often.
const EXPIRY_MS: i64 = 60_000;
/// Groups are looked through for idle rows so often.
const TICK_MS: i64 = 1_000;
/// Above so many bytes of unsealed rows the greatest group is sealed.
const MEMORY_BYTES_TARGET: u64 = 32 * 1024 * 1024;
/// At most about so many bytes of a group are sealed at a time: sorting and encoding takes some times their memory.
const JOB_BYTES_TARGET: u64 = 16 * 1024 * 1024;
/// Above so many files of the write-ahead log all groups are sealed.
const LOG_FILES_MAX: usize = 4;
/// A file of the write-ahead log takes frames for so long: what has expired or was removed stays in it as it was written,
/// until all its rows are sealed. With the age at which rows are sealed these are fewer than [`LOG_FILES_MAX`] files.
const LOG_FILE_MS: i64 = 1_800_000;

impl Store {
    /// Tells the store the time: idle rows are sealed and expired ones removed when it is their turn.
    pub fn tick(&self, now_ms: i64) {
        {
            let mut state = lock(&self.inner.state);
            state.now_ms = state.now_ms.max(now_ms);
            if state.now_ms < state.ticked_at_ms.saturating_add(TICK_MS) {
                return;
            }
            state.ticked_at_ms = state.now_ms;
        }
        self.inner.wake();
    }

    /// Seals all rows in memory, whatever the policy; they are in segments when this returns.
    ///
    /// # Errors
    /// If the disk or the catalog refuses; the rows are then still in memory and in the write-ahead log.
    pub fn seal(&self) -> Result<(), SealError> {
        let _house = lock(&self.inner.house);
        let ids: Vec<u64> = lock(&self.inner.state).groups.values().map(|entry| entry.id).collect();
        ids.into_iter().try_for_each(|id| self.inner.seal_group(id))?;
        self.inner.checkpoint(Vec::new(), &[], None)?;
        self.inner.release_log()
    }

    /// Removes the segments that are wholly expired at `now_ms`. Expired rows of others are not read any more.
    ///
    /// # Errors
    /// If the catalog refuses; nothing is removed then.
    pub fn expire(&self, now_ms: i64) -> Result<(), SealError> {
        let _house = lock(&self.inner.house);
        self.inner.expire(now_ms)
    }

    /// Why the last housekeeping failed; `None` if it did not. It is tried again in its turn.
    pub fn fault(&self) -> Option<Arc<SealError>> {
        lock(&self.inner.fault).clone()
    }
}

impl Inner {
    /// Has housekeeping done: now, or by the thread for it.
    pub fn wake(&self) {
        match self.options.work {
            Work::Threads => self.signal.raise(),
            Work::Caller => self.housekeep(),
        }
    }

    /// Does all housekeeping that is due.
    pub fn housekeep(&self) {
        let outcome = self.try_housekeep();
        *lock(&self.fault) = outcome.err().map(Arc::new);
    }

    fn try_housekeep(&self) -> Result<(), SealError> {
        let _house = lock(&self.house);
        let (is_log_long, is_log_used) = {
            let log = lock(&self.log);
            let wal = log.wal.as_ref();
            let is_long = wal.is_some_and(|wal| wal.file_count() > LOG_FILES_MAX);
            (is_long, wal.is_some_and(|wal| wal.has_before(log.lsn + 1)))
        };
        let (due, is_expiry_due, is_removal_due, is_turn_due, now_ms) = {
            let state = lock(&self.state);
            let is_turn_due = is_log_used && state.now_ms >= state.turned_at_ms.saturating_add(LOG_FILE_MS);
            let is_expiry_due = state.now_ms >= state.expired_at_ms.saturating_add(EXPIRY_MS);
            let due = state.due(&self.options.seal, is_log_long);
            (due, is_expiry_due, !state.removed_groups.is_empty(), is_turn_due, state.now_ms)
        };
        let is_sealed = !due.is_empty();
        // What expires makes room for what is sealed.
        if is_expiry_due {
            self.expire(now_ms)?;
        }
        due.into_iter().try_for_each(|id| self.seal_group(id))?;
        // What cannot be merged keeps nothing else from being done.
        let compacted = if is_sealed || is_expiry_due { self.compact() } else { Ok(()) };
        if is_removal_due || is_log_long || is_turn_due {
            self.checkpoint(Vec::new(), &[], None)?;
        }
        if is_turn_due {
            self.turn_log(now_ms)?;
        }
        if is_sealed || is_log_long || is_turn_due {
            self.release_log()?;
        }
        self.export().and(compacted)
    }

    /// Seals the rows that a group has now; a group without rows, or that is gone, is left alone.
    fn seal_group(&self, id: u64) -> Result<(), SealError> {
        let until = lock(&self.state).applied_lsn;
        loop {
            let job = lock(&self.state).begin_seal(id, until);
            match job {
                Some(job) => self.seal_job(&job)?,
                None => return Ok(()),
            }
        }
    }

    fn seal_job(&self, job: &Job) -> Result<(), SealError> {
        let id = job.id;
        let sealed = self.write_segments(job).and_then(|segments| {
            let added = segments.iter().map(|segment| (id, segment.clone())).collect();
            self.checkpoint(added, &[], Some((id, job.lsn)))?;
            Ok(segments)
        });
        lock(&self.state).end_seal(job, sealed.as_ref().map_or(&[][..], |segments| segments), sealed.is_ok());
        sealed.map(drop)
    }

    fn write_segments(&self, job: &Job) -> Result<Vec<Arc<Segment>>, SealError> {
        // Readers may have made batches of later chunks too: those are not to be sealed yet.
        let batches = lock(&job.cache).exactly(job.chunks.len());
        let batches = batches.unwrap_or_else(|| {
            let chunks = job.chunks.iter().map(|held| (held.stream.as_ref(), &held.chunk));
            record::batches(chunks, &self.formats)
        });
        let mut segments = Vec::new();
        for sorted in sealing::sort(&batches, job.cutoff_ms)? {
            let id = lock(&self.state).next_id();
            segments.push(Arc::new(sealing::write(&self.disk, &job.key, id, &sorted)?));
        }
        Ok(segments)
    }

    fn expire(&self, now_ms: i64) -> Result<(), SealError> {
        let expired = {
            let mut state = lock(&self.state);
            state.now_ms = state.now_ms.max(now_ms);
            state.expired_at_ms = now_ms;
            state.expired()
        };
        if expired.is_empty() {
            return Ok(());
        }
        self.checkpoint(Vec::new(), &expired, None)?;
        expired.iter().for_each(|segment| segment.doom());
        lock(&self.state).forget_doomed();
        Ok(())
    }

    /// Brings the catalog up to the state, with these segments more or less, and a group sealed up to a frame.
    pub fn checkpoint(
        &self,
        added: Vec<(u64, Arc<Segment>)>,
        removed: &[Arc<Segment>],
        sealed: Option<(u64, u64)>,
    ) -> Result<(), SealError> {
        let mut change = lock(&self.state).begin_checkpoint(sealed);
        change.added = added;
        change.removed = removed.iter().map(|segment| segment.id).collect();
        let committed = match self.disk.before_commit() {
            Ok(()) => self.catalog.commit(&change).map_err(SealError::from),
            Err(error) => Err(error.into()),
        };
        if committed.is_ok() {
            self.follow(&change, removed);
        }
        let gone = lock(&self.state).end_checkpoint(&change, committed.is_ok());
        gone.iter().for_each(|segment| segment.doom());
        committed
    }

    /// Has the log for other readers say what the catalog says now. What fails is tried again in its turn.
    fn follow(&self, change: &Change, removed: &[Arc<Segment>]) {
        let Some(delta) = &self.delta else { return };
        {
            let state = lock(&self.state);
            lock(delta).follow(change, removed, &state.keys, state.now_ms);
        }
        let _ = self.export();
    }

    /// Writes what the log for other readers does not say yet.
    pub fn export(&self) -> Result<(), SealError> {
        let Some(delta) = &self.delta else { return Ok(()) };
        let now_ms = lock(&self.state).now_ms;
        Ok(lock(delta).write(self.disk.as_ref(), &self.formats, now_ms)?)
    }

    /// Has the next frame of the write-ahead log begin a file, so that the last one can go too.
    fn turn_log(&self, now_ms: i64) -> Result<(), SealError> {
        lock(&self.state).turned_at_ms = now_ms;
        let mut log = lock(&self.log);
        let lsn = log.lsn + 1;
        match &mut log.wal {
            Some(wal) => Ok(wal.turn(lsn)?),
            None => Ok(()),
        }
    }

    /// Removes the files of the write-ahead log that nothing needs any more.
    fn release_log(&self) -> Result<(), SealError> {
        let lsn = lock(&self.state).released_lsn();
        match &mut lock(&self.log).wal {
            Some(wal) => Ok(wal.release(lsn)?),
            None => Ok(()),
        }
    }
}

/// Rows of a group on their way into segments. They stay readable in memory until the catalog has the segments.
#[derive(Debug)]
pub(crate) struct Job {
    id: u64,
    key: GroupKey,
    /// The oldest of the group.
    chunks: Vec<Held>,
    cache: Arc<Mutex<Cache>>,
    cutoff_ms: i64,
    /// The last frame whose rows are in `chunks`.
    lsn: u64,
}

impl State {
    /// Whether a group has so many rows that it must be sealed.
    pub fn is_overdue(&self, id: u64, policy: &SealPolicy) -> bool {
        let entry = self.keys.get(&id).and_then(|key| self.groups.get(key));
        let is_large =
            |memory: &Memory| memory.rows >= policy.rows_max || memory.held_bytes >= policy.bytes_max;
        self.memory_bytes > MEMORY_BYTES_TARGET || entry.is_some_and(|entry| is_large(&entry.memory))
    }

    fn due(&self, policy: &SealPolicy, is_all: bool) -> Vec<u64> {
        let filled = || self.groups.values().filter(|entry| entry.memory.rows > 0);
        let is_due = |entry: &&GroupState| is_all || entry.memory.is_due(policy, self.now_ms);
        let mut due: Vec<u64> = filled().filter(is_due).map(|entry| entry.id).collect();
        if self.memory_bytes > MEMORY_BYTES_TARGET && due.is_empty() {
            due.extend(filled().max_by_key(|entry| entry.memory.held_bytes).map(|entry| entry.id));
        }
        due
    }

    /// The next rows of a group to seal, of those up to frame `until`.
    fn begin_seal(&mut self, id: u64, until: u64) -> Option<Job> {
        let now_ms = self.now_ms;
        let entry = self.group_by_id(id)?;
        let (chunks, lsn) = entry.memory.first_chunks(until)?;
        entry.is_sealing = true;
        let (key, cache) = (entry.group.key.clone(), entry.memory.cache.clone());
        Some(Job { id, key, chunks, cache, cutoff_ms: entry.cutoff_ms(now_ms), lsn })
    }

    /// Takes the sealed rows out of memory and puts their segments in, at once for every reader.
    fn end_seal(&mut self, job: &Job, segments: &[Arc<Segment>], is_done: bool) {
        let Some(entry) = self.keys.get(&job.id).and_then(|key| self.groups.get_mut(key)) else {
            return self.leave(job.id, segments);
        };
        entry.is_sealing = false;
        if is_done {
            entry.segments.extend_from_slice(segments);
            entry.sealed_lsn = job.lsn;
            self.memory_bytes -= entry.memory.drop_if(|held| held.lsn <= job.lsn);
        }
    }

    /// Lets segments of a group that was removed meanwhile go with the others of it, or alone if those have gone.
    pub fn leave(&mut self, id: u64, segments: &[Arc<Segment>]) {
        match self.leaving.get_mut(&id) {
            Some(leaving) => leaving.extend_from_slice(segments),
            None => {
                self.leaving.insert(id, segments.to_vec());
                self.removed_groups.insert(id);
            }
        }
    }

    fn expired(&self) -> Vec<Arc<Segment>> {
        let groups = self.groups.values().filter(|entry| entry.group.retention_days.is_some());
        let expired = groups.flat_map(|entry| {
            let cutoff_ms = entry.cutoff_ms(self.now_ms);
            entry.segments.iter().filter(move |segment| segment.max_ms < cutoff_ms)
        });
        expired.cloned().collect()
    }

    pub fn forget_doomed(&mut self) {
        for entry in self.groups.values_mut() {
            entry.segments.retain(|segment| !segment.is_doomed.load(Ordering::Relaxed));
            let segments = &entry.segments;
            let is_needed = |sequence| segments.iter().any(|segment| segment.min_sequence < sequence);
            entry.hidden.retain(|hidden| is_needed(hidden.before_sequence));
        }
    }

    /// What has changed since the last checkpoint; `sealed` is a group and the frame up to which it is sealed.
    fn begin_checkpoint(&mut self, sealed: Option<(u64, u64)>) -> Change {
        let numbers =
            Numbers { lsn: self.applied_lsn, last_id: self.last_id, last_sequence: self.last_sequence };
        self.dirty.extend(sealed.map(|(id, _)| id));
        let mut change = Change { numbers, ..Change::default() };
        change.removed_groups = std::mem::take(&mut self.removed_groups).into_iter().collect();
        change.removed_streams = std::mem::take(&mut self.removed_streams).into_iter().collect();
        for id in std::mem::take(&mut self.dirty) {
            let Some(entry) = self.keys.get(&id).and_then(|key| self.groups.get_mut(key)) else { continue };
            entry.add_to(&mut change, sealed.filter(|(sealed, _)| *sealed == id).map(|(_, lsn)| lsn));
        }
        change
    }

    /// Notes that `change` is in the catalog and answers the segments that nothing lists any more; or takes it back.
    fn end_checkpoint(&mut self, change: &Change, is_done: bool) -> Vec<Arc<Segment>> {
        if is_done {
            self.catalog_lsn = change.numbers.lsn;
            let gone = change.removed_groups.iter().filter_map(|id| self.leaving.remove(id));
            return gone.flatten().collect();
        }
        self.removed_groups.extend(&change.removed_groups);
        self.removed_streams.extend(&change.removed_streams);
        self.dirty.extend(change.groups.iter().map(|row| row.id));
        for row in &change.streams {
            let entry = self.keys.get(&row.group).and_then(|key| self.groups.get_mut(key));
            if let Some(stream) = entry.and_then(|entry| entry.streams.get_mut(row.stream.name.as_str())) {
                stream.is_dirty = true;
            }
        }
        Vec::new()
    }

    /// The last frame that nothing needs any more.
    fn released_lsn(&self) -> u64 {
        let held = self.groups.values().filter_map(|entry| entry.memory.chunks.first());
        held.map(|held| held.lsn - 1).fold(self.catalog_lsn, u64::min)
    }
}

impl GroupState {
    fn add_to(&mut self, change: &mut Change, sealed_lsn: Option<u64>) {
        change.groups.push(GroupRow {
            id: self.id,
            group: self.group.clone(),
            hidden: self.hidden.clone(),
            sealed_lsn: sealed_lsn.unwrap_or(self.sealed_lsn),
        });
        for entry in self.streams.values_mut().filter(|entry| entry.is_dirty) {
            entry.is_dirty = false;
            change.streams.push(StreamRow { id: entry.id, group: self.id, stream: entry.stream.clone() });
        }
    }
}

impl Memory {
    /// The oldest chunks, of whole frames up to `until`, and the last of these frames; `None` if there are none.
    fn first_chunks(&self, until: u64) -> Option<(Vec<Held>, u64)> {
        let mut bytes = 0;
        let mut lsn = 0;
        let first = self.chunks.iter().take_while(|held| {
            let is_room = held.lsn == lsn || bytes < JOB_BYTES_TARGET;
            bytes += held.chunk.held_bytes();
            if is_room && held.lsn <= until {
                lsn = held.lsn;
                return true;
            }
            false
        });
        let first: Vec<Held> = first.cloned().collect();
        (lsn > 0).then_some((first, lsn))
    }

    fn is_due(&self, policy: &SealPolicy, now_ms: i64) -> bool {
        let waited = |held: Option<&Held>| held.map_or(0, |held| now_ms - held.chunk.header.ingestion_ms);
        self.rows >= policy.rows_max
            || self.held_bytes >= policy.bytes_max
            || waited(self.chunks.last()) >= policy.idle_ms
            || waited(self.chunks.first()) >= policy.age_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GroupKey, NewGroup, Select};

    /// A store that has sealed one event of its group while `meanwhile` happened.
    fn sealed_while(meanwhile: impl FnOnce(&Store)) -> Store {
        let store = Store::in_memory();
        store.add_group(&key(), NewGroup::default(), 1).expect("is new").wait().expect("is durable");
        store.add_stream(&key(), "s", 1).expect("is new").wait().expect("is durable");
        append(&store, "first");
        let job = lock(&store.inner.state).begin_seal(1, u64::MAX).expect("has rows");
        meanwhile(&store);
        store.inner.seal_job(&job).expect("the disk is sound");
        store
    }

    fn key() -> GroupKey {
        GroupKey::new("a", "r", "g")
    }

    fn append(store: &Store, message: &str) {
        store.append(&key(), "s", [(1, message)], 1).expect("is there").wait().expect("is durable");
    }

    fn messages(store: &Store) -> Vec<String> {
        let rows = store.rows(&key(), Select::default()).expect("is there");
        rows.map(|row| row.expect("is readable").message).collect()
    }

    #[test]
    fn rows_that_cannot_be_sealed_turn_events_away_at_last() {
        let store = sealed_while(|_| {});
        lock(&store.inner.state).memory_bytes = u64::MAX / 2;
        let refused = store.append(&key(), "s", [(1, "x")], 1).expect("is there");
        assert_eq!(refused.wait(), Err(crate::WriteError::Overloaded));
    }

    #[test]
    fn rows_that_come_and_are_read_during_sealing_are_there_once() {
        let store = sealed_while(|store| {
            append(store, "second");
            store.scan(&key(), 0, 10).and_then(|scan| scan.batches()).expect("is there");
        });
        assert_eq!(messages(&store), ["first", "second"]);
    }

    #[test]
    fn a_stream_removed_during_sealing_stays_removed() {
        let store = sealed_while(|store| {
            store.remove_stream(&key(), "s").expect("is there").wait().expect("is durable");
            store.add_stream(&key(), "s", 1).expect("is new").wait().expect("is durable");
            append(store, "second");
        });
        assert_eq!(messages(&store), ["second"]);
    }

    #[test]
    fn a_group_removed_during_sealing_leaves_no_file() {
        let store = sealed_while(|store| {
            store.remove_group(&key()).expect("is there").wait().expect("is durable");
        });
        store.seal().expect("the disk is sound");
        assert!(store.inner.disk.list("logs").expect("is there").is_empty());
        assert!(store.inner.catalog.load(&store.inner.disk).expect("is sound").segments.is_empty());
    }
}
