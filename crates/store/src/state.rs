//! What the store knows in memory: groups, their streams, their rows not yet sealed, their segments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::chunk::Chunk;
use crate::group::{Group, GroupKey, Stream};
use crate::memory::Cache;
use crate::op::GoneStream;
use crate::segment::Segment;

/// Milliseconds of a day of retention.
const DAY_MS: i64 = 86_400_000;

/// All of it, behind one lock that is held for look-ups and moves of pointers only.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub groups: BTreeMap<GroupKey, GroupState>,
    /// The keys of the groups by id.
    pub keys: BTreeMap<u64, GroupKey>,
    /// Segments of groups whose removal is not yet durable.
    pub leaving: BTreeMap<u64, Vec<Arc<Segment>>>,
    /// Groups whose removal is durable but whose segments are still in the catalog.
    pub removed_groups: BTreeSet<u64>,
    /// Streams that are still in the catalog.
    pub removed_streams: BTreeSet<u64>,
    /// Groups that differ from the catalog.
    pub dirty: BTreeSet<u64>,
    /// The greatest time any caller has told.
    pub now_ms: i64,
    /// The last frame of the write-ahead log whose operations are in here.
    pub applied_lsn: u64,
    pub last_id: u64,
    pub last_sequence: u64,
    /// Bytes of all rows not yet sealed.
    pub memory_bytes: u64,
    pub ticked_at_ms: i64,
    pub expired_at_ms: i64,
    /// When the write-ahead log was last given a file by time; 0 after opening, so that it is at the first opportunity.
    pub turned_at_ms: i64,
    /// The catalog knows all changes of groups and streams up to this frame.
    pub catalog_lsn: u64,
}

/// A group.
#[derive(Debug)]
pub(crate) struct GroupState {
    pub id: u64,
    pub group: Group,
    pub streams: BTreeMap<Arc<str>, StreamState>,
    pub names: BTreeMap<u64, Arc<str>>,
    pub hidden: Vec<Hidden>,
    pub memory: Memory,
    pub segments: Vec<Arc<Segment>>,
    /// Appends up to this frame are in segments.
    pub sealed_lsn: u64,
    /// Whether rows are on their way from memory to segments.
    pub is_sealing: bool,
}

/// A stream.
#[derive(Debug)]
pub(crate) struct StreamState {
    pub id: u64,
    pub stream: Stream,
    pub is_dirty: bool,
}

/// Rows of a removed stream that are still in segments.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hidden {
    /// The stream's name.
    pub stream: String,
    /// Its rows with smaller sequence numbers do not exist any more.
    pub before_sequence: u64,
}

/// Rows not yet sealed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub chunks: Vec<Held>,
    pub rows: u64,
    /// Of the messages, each with its overhead.
    pub bytes: u64,
    /// With those of entities.
    pub held_bytes: u64,
    /// What was made of `chunks`; a new one whenever chunks have left.
    pub cache: Arc<Mutex<Cache>>,
}

/// A chunk, where it came from and when.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub chunk: Chunk,
    pub stream: Arc<str>,
    pub lsn: u64,
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The groups of the account and region of `key`.
    pub fn group_count(&self, key: &GroupKey) -> usize {
        let first = GroupKey::new(&key.account, &key.region, "");
        let behind = self.groups.range(first..);
        behind.take_while(|(other, _)| other.account == key.account && other.region == key.region).count()
    }

    pub fn group_by_id(&mut self, id: u64) -> Option<&mut GroupState> {
        self.groups.get_mut(self.keys.get(&id)?)
    }

    /// Puts a durable chunk where readers find it; a chunk of a stream that is gone is dropped.
    pub fn hold(&mut self, chunk: Chunk, lsn: u64) {
        let Some(entry) = self.keys.get(&chunk.header.group).and_then(|key| self.groups.get_mut(key)) else {
            return;
        };
        let Some(name) = entry.names.get(&chunk.header.stream).cloned() else { return };
        if let Some(stream) = entry.streams.get_mut(&name) {
            stream.note(&chunk);
        }
        self.dirty.insert(entry.id);
        self.memory_bytes += chunk.held_bytes();
        entry.memory.hold(Held { chunk, stream: name, lsn });
    }

    /// Adds a group under `id`.
    pub fn put_group(&mut self, id: u64, group: Group) {
        self.keys.insert(id, group.key.clone());
        self.dirty.insert(id);
        self.last_id = self.last_id.max(id);
        self.groups.insert(group.key.clone(), GroupState::new(id, group, self.applied_lsn));
    }

    /// Takes a stream and its rows out of sight.
    pub fn take_stream(&mut self, gone: &GoneStream) {
        let Some(entry) = self.keys.get(&gone.group).and_then(|key| self.groups.get_mut(key)) else { return };
        self.memory_bytes -= entry.take_stream(gone.id, gone.before_sequence);
        self.dirty.insert(gone.group);
        self.removed_streams.insert(gone.id);
    }

    /// Takes a group out of sight; its segments stay until the removal is durable.
    pub fn take_group(&mut self, key: &GroupKey) -> Option<u64> {
        let entry = self.groups.remove(key)?;
        self.keys.remove(&entry.id);
        self.dirty.remove(&entry.id);
        self.memory_bytes -= entry.memory.held_bytes;
        self.leaving.insert(entry.id, entry.segments);
        Some(entry.id)
    }
}

impl GroupState {
    pub fn new(id: u64, group: Group, sealed_lsn: u64) -> Self {
        GroupState {
            id,
            group,
            streams: BTreeMap::new(),
            names: BTreeMap::new(),
            hidden: Vec::new(),
            memory: Memory::default(),
            segments: Vec::new(),
            sealed_lsn,
            is_sealing: false,
        }
    }

    /// Events older than this are expired at `now_ms`.
    pub fn cutoff_ms(&self, now_ms: i64) -> i64 {
        self.group.retention_days.map_or(i64::MIN, |days| now_ms.saturating_sub(i64::from(days) * DAY_MS))
    }

    pub fn put_stream(&mut self, id: u64, stream: Stream) {
        let name: Arc<str> = stream.name.as_str().into();
        self.names.insert(id, name.clone());
        self.streams.insert(name, StreamState { id, stream, is_dirty: true });
    }

    /// Takes a stream and its rows away: from memory at once, from segments by hiding them.
    ///
    /// Answers the bytes that were freed.
    pub fn take_stream(&mut self, id: u64, before_sequence: u64) -> u64 {
        let Some(name) = self.names.remove(&id) else { return 0 };
        self.streams.remove(&name);
        if self.is_sealing || self.segments.iter().any(|segment| segment.min_sequence < before_sequence) {
            self.hidden.push(Hidden { stream: name.to_string(), before_sequence });
        }
        self.memory.drop_if(|held| held.chunk.header.stream == id)
    }

    /// The group as told to callers.
    pub fn group(&self) -> Group {
        let sealed: u64 = self.segments.iter().map(|segment| segment.raw_bytes).sum();
        Group { stored_bytes: sealed + self.memory.bytes, ..self.group.clone() }
    }
}

impl StreamState {
    fn note(&mut self, chunk: &Chunk) {
        let (first, last) = chunk.span;
        let stream = &mut self.stream;
        stream.first_event_ms = Some(stream.first_event_ms.map_or(first, |known| known.min(first)));
        stream.last_event_ms = Some(stream.last_event_ms.map_or(last, |known| known.max(last)));
        let ingestion_ms = chunk.header.ingestion_ms;
        stream.last_ingestion_ms =
            Some(stream.last_ingestion_ms.map_or(ingestion_ms, |known| known.max(ingestion_ms)));
        let sequence = chunk.header.first_sequence + u64::from(chunk.header.count) - 1;
        stream.last_sequence = stream.last_sequence.max(sequence);
        self.is_dirty = true;
    }
}

impl Memory {
    fn hold(&mut self, held: Held) {
        self.rows += u64::from(held.chunk.header.count);
        self.bytes += held.chunk.raw_bytes();
        self.held_bytes += held.chunk.held_bytes();
        self.chunks.push(held);
    }

    /// Drops the chunks that `is_gone` and answers how many bytes of memory they took.
    pub fn drop_if(&mut self, is_gone: impl Fn(&Held) -> bool) -> u64 {
        let held_bytes = self.held_bytes;
        self.chunks.retain(|held| !is_gone(held));
        self.rows = self.chunks.iter().map(|held| u64::from(held.chunk.header.count)).sum();
        self.bytes = self.chunks.iter().map(|held| held.chunk.raw_bytes()).sum();
        self.held_bytes = self.chunks.iter().map(|held| held.chunk.held_bytes()).sum();
        self.cache = Arc::default();
        held_bytes - self.held_bytes
    }
}
