//! Reading row by row, in the order of timestamp and arrival, forwards or backwards, from any place on.
//!
//! Memory batches and segments are merged; a segment is opened when its first row could be the next one, and is decoded
//! in windows that grow, so that a page costs little and a whole segment not much more than at once.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};

use crate::error::ReadError;
use crate::record::{Batch, INGESTION, SEQUENCE, STREAM, TIMESTAMP, check_schema, entities, message_into};
use crate::segment::{Segment, SegmentReader};
use crate::state::Hidden;

/// So many rows of a segment are decoded first.
const WINDOW_ROWS_MIN: usize = 1024;
/// At most so many rows of a segment are decoded at a time.
const WINDOW_ROWS_MAX: usize = 16 * 1024;

/// One event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it happened, as its writer says, in ms since 1970.
    pub timestamp_ms: i64,
    /// When it was stored.
    pub ingestion_ms: i64,
    /// Its stream.
    pub stream: Arc<str>,
    /// Its number: rises with arrival, over all groups.
    pub sequence: u64,
    /// The message, byte for byte.
    pub message: String,
    /// The entity that it is of, as its writer said.
    pub entity: Option<Arc<str>>,
}

impl Row {
    /// Its place among all rows of its group.
    pub fn position(&self) -> Position {
        Position { timestamp_ms: self.timestamp_ms, sequence: self.sequence }
    }
}

/// A place among the rows of a group, whether or not a row is there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The timestamp, in ms.
    pub timestamp_ms: i64,
    /// The sequence number.
    pub sequence: u64,
}

/// Which way rows are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    #[default]
    Forward,
    /// Newest first.
    Backward,
}

/// Which streams are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Streams {
    /// All of the group.
    #[default]
    All,
    /// Those of these names.
    Named(BTreeSet<String>),
    /// Those whose names begin so.
    Prefix(String),
}

impl Streams {
    fn has(&self, name: &str) -> bool {
        match self {
            Streams::All => true,
            Streams::Named(names) => names.contains(name),
            Streams::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

/// Which rows of a group are wanted, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// From this timestamp on, in ms.
    pub from_ms: i64,
    /// Up to but without this timestamp.
    pub to_ms: i64,
    /// Of these streams.
    pub streams: Streams,
    /// In this direction.
    pub direction: Direction,
    /// Only rows behind this place, seen in the direction.
    pub after: Option<Position>,
}

impl Default for Select {
    /// Every row, oldest first.
    fn default() -> Self {
        let streams = Streams::All;
        Select { from_ms: i64::MIN, to_ms: i64::MAX, streams, direction: Direction::Forward, after: None }
    }
}

impl Select {
    /// The same selection with the time range cut to what can be behind `after`.
    fn narrowed(mut self) -> Self {
        match (self.direction, self.after) {
            (Direction::Forward, Some(after)) => self.from_ms = self.from_ms.max(after.timestamp_ms),
            (Direction::Backward, Some(after)) => {
                self.to_ms = self.to_ms.min(after.timestamp_ms.saturating_add(1));
            }
            (_, None) => {}
        }
        self
    }
}

/// The rows of a selection, one by one. Later appends do not appear in it.
#[derive(Debug)]
pub struct Rows {
    select: Select,
    hidden: Vec<Hidden>,
    parts: BinaryHeap<Reverse<Part>>,
}

/// Rows that are in order among themselves.
#[derive(Debug)]
struct Part {
    /// The key of the next row, or of the first that there could be.
    key: Key,
    /// Makes the order of parts total.
    number: usize,
    rows: Picked,
    segment: Option<Cursor>,
}

/// Timestamp and sequence number, turned so that the smaller is read first.
type Key = (i64, i64);

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Part {}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.number).cmp(&(other.key, other.number))
    }
}

/// What is left of a segment.
#[derive(Debug)]
struct Cursor {
    segment: Arc<Segment>,
    /// The numbers of the rows not read yet; `None` before the segment is opened.
    left: Option<Range<usize>>,
    /// So many rows are read next.
    window: usize,
    reader: Option<SegmentReader>,
}

/// Chosen rows of batches, the next one last.
#[derive(Debug, Default)]
struct Picked {
    batches: Vec<(RecordBatch, Vec<Arc<str>>)>,
    rows: Vec<(Key, u32, u32)>,
    /// The entity of the last row that was of one, and its batch and key: those of the next are mostly of the same.
    entity: Option<((u32, i32), Arc<str>)>,
}

impl Rows {
    pub(crate) fn new(
        select: Select,
        hidden: Vec<Hidden>,
        batches: Vec<Batch>,
        segments: Vec<Arc<Segment>>,
    ) -> Result<Self, ReadError> {
        let select = select.narrowed();
        let mut rows = Rows { select, hidden, parts: BinaryHeap::new() };
        for batch in batches {
            let picked = rows.pick([batch.records])?;
            rows.push(picked, None);
        }
        for segment in segments {
            if segment.max_ms < rows.select.from_ms || segment.min_ms >= rows.select.to_ms {
                continue;
            }
            rows.push(Picked::default(), Some(Cursor::new(segment)));
        }
        Ok(rows)
    }

    /// Puts a part back in line, unless nothing can come of it.
    fn push(&mut self, rows: Picked, segment: Option<Cursor>) {
        let first =
            segment.as_ref().filter(|cursor| cursor.left.is_none()).map(|cursor| self.first_key(cursor));
        let key = rows.rows.last().map(|row| row.0).or(first);
        let more =
            segment.as_ref().is_some_and(|cursor| cursor.left.as_ref().is_none_or(|left| !left.is_empty()));
        if key.is_some() || more {
            let key = key.unwrap_or((i64::MIN, i64::MIN));
            self.parts.push(Reverse(Part { key, number: self.parts.len(), rows, segment }));
        }
    }

    fn first_key(&self, cursor: &Cursor) -> Key {
        match self.select.direction {
            Direction::Forward => (cursor.segment.min_ms, i64::MIN),
            Direction::Backward => (!cursor.segment.max_ms, i64::MIN),
        }
    }

    /// The rows of `batches` that are wanted, in order.
    fn pick(&self, batches: impl IntoIterator<Item = RecordBatch>) -> Result<Picked, ReadError> {
        let mut picked = Picked::default();
        for batch in batches {
            check_schema(&batch)?;
            let streams = stream_names(&batch);
            self.pick_rows(&batch, &streams, picked.batches.len() as u32, &mut picked.rows);
            picked.batches.push((batch, streams));
        }
        picked.rows.sort_unstable_by(|a, b| b.cmp(a));
        Ok(picked)
    }

    fn pick_rows(
        &self,
        batch: &RecordBatch,
        streams: &[Arc<str>],
        number: u32,
        out: &mut Vec<(Key, u32, u32)>,
    ) {
        let is_wanted: Vec<bool> = streams.iter().map(|name| self.select.streams.has(name)).collect();
        let hidden_before: Vec<u64> = streams.iter().map(|name| hidden_before(&self.hidden, name)).collect();
        let timestamps = batch.column(TIMESTAMP).as_primitive::<Int64Type>().values();
        let sequences = batch.column(SEQUENCE).as_primitive::<Int64Type>().values();
        let stream_keys = batch.column(STREAM).as_dictionary::<Int32Type>().keys().values();
        for row in 0..batch.num_rows() {
            let stream = stream_keys[row] as usize;
            let is_in_time = (self.select.from_ms..self.select.to_ms).contains(&timestamps[row]);
            let is_there = is_wanted[stream] && sequences[row] as u64 >= hidden_before[stream];
            let key = self.key(timestamps[row], sequences[row]);
            if is_in_time && is_there && self.is_after(key) {
                out.push((key, number, row as u32));
            }
        }
    }

    fn key(&self, timestamp_ms: i64, sequence: i64) -> Key {
        match self.select.direction {
            Direction::Forward => (timestamp_ms, sequence),
            Direction::Backward => (!timestamp_ms, !sequence),
        }
    }

    fn is_after(&self, key: Key) -> bool {
        let after = self.select.after;
        after.is_none_or(|position| key > self.key(position.timestamp_ms, position.sequence as i64))
    }

    /// Reads on in a segment whose picked rows are used up.
    fn refill(&mut self, mut cursor: Cursor) -> Result<(), ReadError> {
        let picked = match cursor.next(&self.select)? {
            Some(batches) => self.pick(batches)?,
            None => return Ok(()),
        };
        self.push(picked, Some(cursor));
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            match self.take_first() {
                First::Row(row) => return Ok(Some(row)),
                First::Segment(cursor) => self.refill(cursor)?,
                First::End => return Ok(None),
            }
        }
    }

    fn take_first(&mut self) -> First {
        let Some(mut top) = self.parts.peek_mut() else { return First::End };
        let part = &mut top.0;
        let Some(at) = part.rows.rows.pop() else {
            return PeekMut::pop(top).0.segment.map_or(First::End, First::Segment);
        };
        let row = part.rows.row(at);
        match part.rows.rows.last() {
            Some(next) => part.key = next.0,
            None if part.segment.is_none() => drop(PeekMut::pop(top)),
            // Its next window is read when its turn comes; that has only rows behind this one.
            None => {}
        }
        First::Row(row)
    }
}

/// What the first part gives.
enum First {
    Row(Row),
    /// It must read on.
    Segment(Cursor),
    /// There are no parts: one without rows and segment is never kept.
    End,
}

impl Iterator for Rows {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.step() {
            Ok(row) => row.map(Ok),
            Err(error) => {
                // A stream of rows with a hole would be taken for the whole.
                self.parts.clear();
                Some(Err(error))
            }
        }
    }
}

impl Cursor {
    /// Before the segment is opened.
    fn new(segment: Arc<Segment>) -> Self {
        Cursor { segment, left: None, window: WINDOW_ROWS_MIN, reader: None }
    }

    /// The batches of the next window.
    fn next(&mut self, select: &Select) -> Result<Option<Vec<RecordBatch>>, ReadError> {
        if self.reader.is_none() {
            let reader = SegmentReader::open(&self.segment)?;
            self.left = Some(reader.span(select.from_ms, select.to_ms));
            self.reader = Some(reader);
        }
        let window = self.next_window(select.direction);
        let Some((reader, window)) = self.reader.as_ref().zip(window) else { return Ok(None) };
        reader.batches(window)?.collect::<Result<Vec<_>, _>>().map(Some)
    }

    fn next_window(&mut self, direction: Direction) -> Option<Range<usize>> {
        let left = self.left.as_mut().filter(|left| left.start < left.end)?;
        let length = self.window.min(left.len());
        self.window = (self.window * 4).min(WINDOW_ROWS_MAX);
        let Range { start, end } = *left;
        let at = if direction == Direction::Forward { start + length } else { end - length };
        let (window, rest) =
            if direction == Direction::Forward { (start..at, at..end) } else { (at..end, start..at) };
        *left = rest;
        Some(window)
    }
}

impl Picked {
    fn row(&mut self, (_, number, row): (Key, u32, u32)) -> Row {
        let row = row as usize;
        let entity = self.entity(number, row);
        let (batch, streams) = &self.batches[number as usize];
        let mut message = String::new();
        message_into(batch, row, &mut message);
        let stream = batch.column(STREAM).as_dictionary::<Int32Type>().keys().value(row) as usize;
        Row {
            timestamp_ms: batch.column(TIMESTAMP).as_primitive::<Int64Type>().value(row),
            ingestion_ms: batch.column(INGESTION).as_primitive::<Int64Type>().value(row),
            stream: streams[stream].clone(),
            sequence: batch.column(SEQUENCE).as_primitive::<Int64Type>().value(row) as u64,
            message,
            entity,
        }
    }

    fn entity(&mut self, number: u32, row: usize) -> Option<Arc<str>> {
        let (batch, _) = &self.batches[number as usize];
        let entities = entities(batch)?;
        let key = entities.keys().is_valid(row).then(|| entities.keys().value(row))?;
        if self.entity.as_ref().is_none_or(|(last, _)| *last != (number, key)) {
            let text = entities.values().as_string::<i32>().value(key as usize);
            self.entity = Some(((number, key), text.into()));
        }
        self.entity.as_ref().map(|(_, entity)| entity.clone())
    }
}

pub(crate) fn stream_names(batch: &RecordBatch) -> Vec<Arc<str>> {
    let values = batch.column(STREAM).as_dictionary::<Int32Type>().values().as_string::<i32>();
    (0..values.len()).map(|at| values.value(at).into()).collect()
}

pub(crate) fn hidden_before(hidden: &[Hidden], name: &str) -> u64 {
    hidden.iter().filter(|one| one.stream == name).map(|one| one.before_sequence).max().unwrap_or(0)
}
