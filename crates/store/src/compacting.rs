//! Compaction: segments of one group, day and line format that are small and many become one.
//!
//! Segments are merged with others of about their size, so that a row is written again a few times at most. Rows that are
//! expired or hidden stay behind. The new segment is listed and the old ones are not any more in one transaction of the
//! catalog: a crash leaves the old or the new. Readers keep the segments they have.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type};

use crate::error::SealError;
use crate::group::GroupKey;
use crate::inner::Inner;
use crate::lock;
use crate::record::{Batch, SEQUENCE, STREAM};
use crate::rows::{hidden_before, stream_names};
use crate::sealing::{self, DAY_MS};
use crate::segment::Segment;
use crate::state::{Hidden, State};
use crate::store::Store;

/// Segments with more bytes in memory are left alone. Eight below it are not more than one sealing takes at a time.
const SMALL_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Segments are of about the same size if the bits of their bytes, by so many, are as many.
const SIZE_BITS: u32 = 3;

/// Segments to be merged.
#[derive(Debug)]
pub(crate) struct Job {
    group: u64,
    key: GroupKey,
    segments: Vec<Arc<Segment>>,
    hidden: Vec<Hidden>,
    cutoff_ms: i64,
}

impl Store {
    /// Merges small segments where there are enough of them, whatever the time.
    ///
    /// # Errors
    /// If a segment cannot be read, which is then left as it is while others are merged; or the disk or the catalog refuses.
    pub fn compact(&self) -> Result<(), SealError> {
        let _house = lock(&self.inner.house);
        self.inner.compact()
    }
}

impl Inner {
    /// Merges what there is to merge, without the segments that cannot be read.
    pub(crate) fn compact(&self) -> Result<(), SealError> {
        let (mut unreadable, mut outcome) = (Vec::new(), Ok(()));
        loop {
            let job = lock(&self.state).begin_compact(self.options.compact_min, &unreadable);
            let Some(job) = job else { return outcome };
            match job.read() {
                Ok(batches) => self.compact_job(&job, &batches)?,
                Err((segment, error)) => {
                    unreadable.push(segment);
                    outcome = outcome.and(Err(error));
                }
            }
        }
    }

    fn compact_job(&self, job: &Job, batches: &[Batch]) -> Result<(), SealError> {
        let mut merged = Vec::new();
        for sorted in sealing::sort(batches, job.cutoff_ms)? {
            let id = lock(&self.state).next_id();
            merged.push(Arc::new(sealing::write(&self.disk, &job.key, id, &sorted)?));
        }
        let added = merged.iter().map(|segment| (job.group, segment.clone())).collect();
        // If it is refused the new file stays as an orphan: whether the catalog lists it is certain only after a restart.
        self.checkpoint(added, &job.segments, None)?;
        lock(&self.state).end_compact(job, &merged);
        Ok(())
    }
}

impl State {
    /// The first `count_min` or more segments of one group, day and format that are small and about as large as each other,
    /// and none of those left out.
    fn begin_compact(&self, count_min: usize, left_out: &[u64]) -> Option<Job> {
        for entry in self.groups.values() {
            let is_small = |segment: &&Arc<Segment>| segment.held_bytes() <= SMALL_BYTES_MAX;
            let is_in = |segment: &&Arc<Segment>| !left_out.contains(&segment.id);
            let mut alike = BTreeMap::<_, Vec<&Arc<Segment>>>::new();
            for segment in entry.segments.iter().filter(is_small).filter(is_in) {
                let size = segment.held_bytes().max(1).ilog2() / SIZE_BITS;
                alike
                    .entry((segment.min_ms.div_euclid(DAY_MS), &segment.format, size))
                    .or_default()
                    .push(segment);
            }
            if let Some(segments) = alike.into_values().find(|segments| segments.len() >= count_min) {
                return Some(Job {
                    group: entry.id,
                    key: entry.group.key.clone(),
                    segments: first(segments),
                    hidden: entry.hidden.clone(),
                    cutoff_ms: entry.cutoff_ms(self.now_ms),
                });
            }
        }
        None
    }

    /// Puts the merged segments in the place of those they were made of, at once for every reader.
    fn end_compact(&mut self, job: &Job, merged: &[Arc<Segment>]) {
        job.segments.iter().for_each(|segment| segment.doom());
        match self.group_by_id(job.group) {
            Some(entry) => entry.segments.extend_from_slice(merged),
            None => self.leave(job.group, merged),
        }
        self.forget_doomed();
    }
}

/// As many as make no more than a few times [`SMALL_BYTES_MAX`].
fn first(segments: Vec<&Arc<Segment>>) -> Vec<Arc<Segment>> {
    let mut bytes = 0;
    let within = segments.into_iter().take_while(|segment| {
        let is_room = bytes < 8 * SMALL_BYTES_MAX;
        bytes += segment.held_bytes();
        is_room
    });
    within.cloned().collect()
}

impl Job {
    /// The rows of the segments that are still there; or the segment that cannot be read, and why.
    fn read(&self) -> Result<Vec<Batch>, (u64, SealError)> {
        let mut batches = Vec::new();
        for segment in &self.segments {
            self.read_segment(segment, &mut batches).map_err(|error| (segment.id, error))?;
        }
        Ok(batches)
    }

    fn read_segment(&self, segment: &Segment, batches: &mut Vec<Batch>) -> Result<(), SealError> {
        for records in segment.batches()? {
            let records = records?;
            let kept = self.visible(&records)?;
            // Bytes are counted by segment: rows get their share.
            let share =
                u128::from(segment.raw_bytes) * kept.num_rows() as u128 / u128::from(segment.rows.max(1));
            batches.push(Batch { format: segment.format.clone(), records: kept, raw_bytes: share as u64 });
        }
        Ok(())
    }

    fn visible(&self, records: &RecordBatch) -> Result<RecordBatch, SealError> {
        if self.hidden.is_empty() {
            return Ok(records.clone());
        }
        let names = stream_names(records);
        let before: Vec<u64> = names.iter().map(|name| hidden_before(&self.hidden, name)).collect();
        let streams = records.column(STREAM).as_dictionary::<Int32Type>().keys();
        let sequences = records.column(SEQUENCE).as_primitive::<Int64Type>();
        let is_visible = |row: usize| sequences.value(row) as u64 >= before[streams.value(row) as usize];
        let visible: BooleanArray = (0..streams.len()).map(|row| Some(is_visible(row))).collect();
        Ok(filter_record_batch(records, &visible)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewGroup, Select};

    #[test]
    fn a_group_removed_during_compaction_leaves_no_file() {
        let store = Store::in_memory();
        let key = GroupKey::new("a", "r", "g");
        store.add_group(&key, NewGroup::default(), 1).expect("is new").wait().expect("is durable");
        store.add_stream(&key, "s", 1).expect("is new").wait().expect("is durable");
        for message in ["one", "two"] {
            store.append(&key, "s", [(1, message)], 1).expect("is there").wait().expect("is durable");
            store.seal().expect("the disk is sound");
        }
        let job = lock(&store.inner.state).begin_compact(2, &[]).expect("two are enough");
        let scan = store.scan(&key, 0, 10).expect("is there");
        store.remove_group(&key).expect("is there").wait().expect("is durable");
        let batches = job.read().expect("is readable");
        store.inner.compact_job(&job, &batches).expect("the disk is sound");
        assert_eq!(scan.select(Select::default()).expect("is readable").count(), 2);
        drop((scan, job));
        store.seal().expect("the disk is sound");
        assert!(store.inner.disk.list("logs").expect("is there").is_empty());
        assert!(store.inner.catalog.load(&store.inner.disk).expect("is sound").segments.is_empty());
    }
}
