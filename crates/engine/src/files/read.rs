//! Reading files to batches, counting what cannot be read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::{Result, exec_err};
use memchr::memchr;
use weir_flowlog::{Field, Lines};

use super::ahead::Turns;
use super::blocks::Blocks;
use super::broken::Wrong;
use super::columns::{Columns, Place, Wanted};
use super::lines::{LINE_BYTES_MAX, text_of};
use super::marks::Marks;
use super::plain::{LINES, PlainLines};
use super::storage::Storage;
use super::survey::Surveyed;
use super::{BrokenReason, Oddity};
use crate::narrow::Narrow;

/// Rows of a batch: DataFusion's own measure.
const BATCH_ROWS: usize = 8192;
/// Bits of a record's place that count lines; the bits above count files.
const LINE_BITS: u32 = 40;

/// What all readers of a query have met.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Bytes of their lines.
    pub bytes: u64,
    /// Lines that are no records, and files with an error.
    pub wrong: Wrong,
}

impl Totals {
    /// Adds what one file gave.
    pub fn add(&mut self, other: Totals) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.wrong.add(other.wrong);
    }
}

/// Files to be read, and what was met in those that were.
#[derive(Debug, Default)]
pub struct Source {
    /// The files, the longest first.
    pub files: Arc<Vec<Surveyed>>,
    /// Where they are.
    pub storage: Arc<Storage>,
    /// What the readers have met.
    pub totals: Arc<Mutex<Totals>>,
    /// Whether a line that is no record ends the run.
    pub is_strict: bool,
    /// Counts bytes as they are stored.
    pub read_bytes: Arc<AtomicU64>,
    /// Fails where a column of IPv4 addresses is not enough.
    pub narrow: Narrow,
    /// The fields that the query names.
    pub fields: Vec<Field>,
    /// Fails where a header tells of other fields than the columns were made for.
    pub unforeseen: Narrow,
}

/// Reads files one after the other, in batches. Several readers share the files.
pub struct Reader {
    source: Arc<Source>,
    /// Which file comes next, for all readers.
    turns: Arc<Turns>,
    wanted: Arc<Wanted>,
    columns: Columns,
    blocks: Blocks,
    /// Where the next lines of the block are.
    marks: Marks,
    open: Option<Open>,
    /// Whether a header was met that the columns were not made for.
    is_unforeseen: bool,
}

/// A file that is being read.
struct Open {
    file: Surveyed,
    place: Place,
    lines: Lines,
    /// How lines of the format in force are read.
    plain: PlainLines,
    /// The lines before.
    number: u64,
    /// Where the next line begins.
    at: usize,
    /// Bytes of the file that count as read.
    counted: u64,
    totals: Totals,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            if self.open.is_none() {
                self.open = Some(self.open_next()?);
            }
            if let Some(batch) = self.batch() {
                return Some(batch);
            }
            self.advance();
        }
    }
}

impl Reader {
    pub fn new(source: Arc<Source>, turns: Arc<Turns>, wanted: Arc<Wanted>) -> Reader {
        let columns = Columns::new(wanted.clone());
        let (blocks, marks) = (Blocks::new(), Marks::new());
        Reader { source, turns, wanted, columns, blocks, marks, open: None, is_unforeseen: false }
    }

    fn open_next(&mut self) -> Option<Open> {
        let (file, opened) = self.turns.next()?;
        let lines = Lines::new(file.given.clone());
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = Place { group: file.path.to_string_lossy().into_owned(), stream: name };
        let plain = self.wanted.lines(lines.format());
        let mut totals = Totals::default();
        if let Err(error) = opened.and_then(|opened| self.blocks.open(file.unwrapped(opened)?)) {
            totals.wrong.add_file(&file.path, error.to_string());
        }
        Some(Open { file, place, lines, plain, number: 0, at: 0, counted: 0, totals })
    }

    /// The next records of the block, or `None` at its end. A batch never reaches over it: texts are in the block.
    fn batch(&mut self) -> Option<Result<RecordBatch>> {
        let end = self.blocks.lines().end;
        while self.columns.len() < BATCH_ROWS {
            let open = self.open.as_mut()?;
            if open.at >= end {
                break;
            }
            let count = LINES.min(BATCH_ROWS - self.columns.len());
            match open.plain.read(&mut self.marks, self.blocks.bytes(), (count, end)) {
                // A line that does not end for long.
                0 => {
                    self.read_slowly(end);
                    self.marks.begin(self.open.as_ref()?.at);
                }
                count => self.take(count, end),
            }
            if self.source.is_strict
                && self.open.as_ref().is_some_and(|open| open.totals.wrong.line_count() > 0)
            {
                self.close();
                return Some(exec_err!("a line is no record"));
            }
        }
        if self.is_unforeseen {
            return Some(Err(self.source.unforeseen.fail()));
        }
        if self.columns.len() == 0 {
            return None;
        }
        if self.columns.has_other_address() {
            return Some(Err(self.source.narrow.fail()));
        }
        let place = &self.open.as_ref()?.place;
        Some(self.columns.finish(self.blocks.bytes(), place))
    }

    /// Takes the lines that were read together: those that are not plain are read slowly.
    fn take(&mut self, count: usize, end: usize) {
        let mut row = 0;
        while row < count {
            let Some(open) = self.open.as_mut() else { return };
            let plain = open.plain.plain_from(row).min(count - row);
            if plain == 0 {
                open.at = open.plain.line(row).start as usize;
                let is_same = self.read_slowly(end);
                row += 1;
                // What is read of the lines that follow was for another format.
                if !is_same || self.source.is_strict {
                    break;
                }
                continue;
            }
            self.columns.push_plain(&open.plain, (row, plain), open.sequence(1));
            for line in row..row + plain {
                open.totals.bytes += u64::from(open.plain.line(line).len);
            }
            open.totals.records += plain as u64;
            open.number += plain as u64;
            row += plain;
        }
        self.marks.pass(row);
        if let Some(open) = &mut self.open {
            open.at = self.marks.at();
        }
    }

    /// Reads one line, whatever it is; false if lines are read otherwise from there on.
    fn read_slowly(&mut self, end: usize) -> bool {
        let Some(open) = self.open.as_mut() else { return false };
        open.number += 1;
        let rest = &self.blocks.bytes()[open.at..end];
        let len = memchr(b'\n', rest).unwrap_or(rest.len());
        open.at += len + 1;
        if len as u64 >= LINE_BYTES_MAX {
            open.totals.wrong.add_line(&open.file.path, open.number, BrokenReason::TooLong);
            return true;
        }
        let line = text_of(&rest[..len]);
        let before = open.lines.format().clone();
        match open.lines.read(&line) {
            Ok(Some(record)) => {
                open.totals.records += 1;
                open.totals.bytes += line.len() as u64;
                self.columns.push_record(&record, open.sequence(0), &line);
            }
            Ok(None) => {}
            Err(error) => {
                let told = open.file.wrap.and_then(|wrap| wrap.told_line(&line));
                let otherwise = (open.number, BrokenReason::Line(error));
                let (number, why) = told.map_or(otherwise, |number| (number, BrokenReason::Json));
                open.totals.wrong.add_line(&open.file.path, number, why);
            }
        }
        let is_same = Arc::ptr_eq(&before, open.lines.format());
        if !is_same {
            open.plain = self.wanted.lines(open.lines.format());
            for name in open.lines.format().unknown() {
                open.totals.wrong.add_odd(Oddity::UnknownName(name.to_owned()));
            }
            self.is_unforeseen |= !open.file.has_foreseen(open.lines.format(), &self.source.fields);
        }
        is_same
    }

    /// Goes on to the next block, or ends the file.
    fn advance(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        match self.blocks.advance() {
            Ok(true) => {
                let lines = self.blocks.lines();
                open.at = lines.start;
                self.marks.begin(lines.start);
                // A block of what was compressed is longer than what is stored: the file's length is the limit.
                open.count(lines.len() as u64, &self.source.read_bytes);
            }
            Ok(false) => self.close(),
            Err(error) => {
                open.totals.wrong.add_file(&open.file.path, error.to_string());
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.count(u64::MAX, &self.source.read_bytes);
            self.source.totals.lock().unwrap_or_else(PoisonError::into_inner).add(open.totals);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Whoever wanted the rows has enough of them; what was met until then counts.
        self.close();
    }
}

impl Open {
    /// Counts bytes as read, all in all not more than the file has.
    fn count(&mut self, bytes: u64, read_bytes: &AtomicU64) {
        let bytes = bytes.min(self.file.bytes.saturating_sub(self.counted));
        self.counted += bytes;
        read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The place among all of the line that comes so many behind the one read last.
    fn sequence(&self, behind: u64) -> i64 {
        (self.file.index as i64) << LINE_BITS | (self.number + behind) as i64
    }
}
