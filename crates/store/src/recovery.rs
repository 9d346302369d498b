//! Opening: the catalog's content, then the operations of the write-ahead log that it does not have yet.

use std::sync::Arc;

use crate::catalog::{Catalog, Content};
use crate::commit::Log;
use crate::delta;
use crate::disk::Disk;
use crate::error::OpenError;
use crate::group::{Group, Stream};
use crate::op::Op;
use crate::options::Durability;
use crate::state::{GroupState, State};
use crate::wal::{self, Wal};

/// What opening has found beside what it was to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Frames of the write-ahead log that were read.
    pub frames: u64,
    /// Bytes at its end that were never acknowledged and are dropped.
    pub torn_bytes: u64,
    /// Files that were being written or removed when the store stopped, and are removed now.
    pub orphans: u64,
}

/// The state on `disk`, and the log that goes on from there.
pub(crate) fn recover(
    disk: &Arc<dyn Disk>,
    catalog: &Catalog,
    durability: Durability,
) -> Result<(State, Log, Recovery), OpenError> {
    let content = catalog.load(disk)?;
    let mut recovery = Recovery { orphans: remove_orphans(disk.as_ref(), &content)?, ..Recovery::default() };
    let mut state = from_catalog(content);
    let catalog_lsn = state.catalog_lsn;
    let found = wal::replay(disk.as_ref(), |lsn, ops| {
        recovery.frames += 1;
        ops.into_iter().for_each(|op| state.redo(op, lsn, lsn > catalog_lsn));
    })?;
    recovery.torn_bytes = found.torn_bytes;
    let lsn = found.last_lsn.max(state.applied_lsn);
    state.applied_lsn = lsn;
    let is_synced = durability == Durability::Fsync;
    let wal = (durability != Durability::Memory).then(|| Wal::new(disk.clone(), is_synced, found.files));
    Ok((state, Log { wal, owed: Vec::new(), lsn }, recovery))
}

/// Removes the files below `logs` that the catalog does not list.
fn remove_orphans(disk: &dyn Disk, content: &Content) -> Result<u64, OpenError> {
    let listed: std::collections::BTreeSet<&str> =
        content.segments.iter().map(|(_, segment)| segment.path.as_str()).collect();
    let mut orphans = 0;
    for path in disk.list("logs")? {
        let is_ours = path.ends_with(".parquet") || path.ends_with(".parquet.tmp");
        if is_ours && !delta::is_of_log(&path) && !listed.contains(path.as_str()) {
            disk.remove(&path)?;
            orphans += 1;
        }
    }
    Ok(orphans)
}

fn from_catalog(content: Content) -> State {
    let numbers = content.numbers;
    let mut state = State {
        last_id: numbers.last_id,
        last_sequence: numbers.last_sequence,
        catalog_lsn: numbers.lsn,
        applied_lsn: numbers.lsn,
        ..State::default()
    };
    for row in content.groups {
        state.applied_lsn = state.applied_lsn.max(row.sealed_lsn);
        let mut entry = GroupState::new(row.id, row.group, row.sealed_lsn);
        entry.hidden = row.hidden;
        state.keys.insert(row.id, entry.group.key.clone());
        state.groups.insert(entry.group.key.clone(), entry);
    }
    for row in content.streams {
        if let Some(entry) = state.group_by_id(row.group) {
            entry.put_stream(row.id, row.stream);
        }
    }
    for (group, segment) in content.segments {
        if let Some(entry) = state.group_by_id(group) {
            entry.segments.push(Arc::new(segment));
        }
    }
    state
}

impl State {
    /// Applies an operation of the log again. `is_news` if the catalog does not know the frame's changes.
    fn redo(&mut self, op: Op, lsn: u64, is_news: bool) {
        match op {
            Op::Append(chunk) => {
                let header = chunk.header;
                self.last_sequence =
                    self.last_sequence.max(header.first_sequence + u64::from(header.count) - 1);
                self.now_ms = self.now_ms.max(header.ingestion_ms);
                if self.group_by_id(header.group).is_some_and(|entry| lsn > entry.sealed_lsn) {
                    self.hold(chunk, lsn);
                }
            }
            Op::PutGroup(id, group) if is_news => self.redo_group(id, group.as_ref()),
            Op::RemoveGroup(id) if is_news => {
                if let Some(key) = self.keys.get(&id).cloned() {
                    self.take_group(&key);
                }
                self.removed_groups.insert(id);
            }
            Op::PutStream(new) if is_news => {
                self.last_id = self.last_id.max(new.id);
                self.redo_stream(new.group, new.id, Stream::new(&new.name, new.created_ms));
            }
            Op::RemoveStream(gone) if is_news => {
                // Numbers below were given away, even if their events were never written.
                self.last_sequence = self.last_sequence.max(gone.before_sequence - 1);
                self.take_stream(&gone);
            }
            Op::PutGroup(..) | Op::RemoveGroup(_) | Op::PutStream(_) | Op::RemoveStream(_) => {}
        }
    }

    fn redo_group(&mut self, id: u64, group: &Group) {
        self.last_id = self.last_id.max(id);
        match self.groups.get_mut(&group.key) {
            Some(entry) if entry.id == id => entry.group = group.clone(),
            // The catalog may have been ahead: then it has the group that took this one's name.
            Some(entry) if entry.id > id => return,
            _ => {
                self.take_group(&group.key);
                self.put_group(id, group.clone());
            }
        }
        self.dirty.insert(id);
    }

    fn redo_stream(&mut self, group: u64, id: u64, stream: Stream) {
        let Some(entry) = self.group_by_id(group) else { return };
        // The same: one with a greater id has taken the name.
        if entry.streams.get(stream.name.as_str()).is_none_or(|known| known.id < id) {
            entry.put_stream(id, stream);
            self.dirty.insert(group);
        }
    }
}
