//! Reading files to batches, counting what cannot be read.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;
use weir_flowlog::Lines;

use super::columns::{Columns, Layout};
use super::lines::{Line, open};
use super::survey::Surveyed;
use super::{BROKEN_LINES_SHOWN, BrokenLine, BrokenReason, UnreadableFile};

/// Rows of a batch: DataFusion's own measure.
const BATCH_ROWS: usize = 8192;
/// Bits of a record's place that count lines; the bits above count files.
const LINE_BITS: u32 = 40;

/// What all readers of a query have met.
#[derive(Debug, Default)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Bytes of their lines.
    pub bytes: u64,
    /// Lines that are no records.
    pub broken_count: u64,
    /// The first of them.
    pub broken: Vec<BrokenLine>,
    /// Files with an error.
    pub unreadable: Vec<UnreadableFile>,
}

impl Totals {
    /// Adds what one file gave. Of broken lines those stay that come first by file and line.
    pub fn add(&mut self, other: Totals) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.broken_count += other.broken_count;
        self.broken.extend(other.broken);
        self.broken.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
        self.broken.truncate(BROKEN_LINES_SHOWN);
        self.unreadable.extend(other.unreadable);
    }
}

/// Reads files one after the other.
pub struct Reader {
    columns: Columns,
    totals: Arc<Mutex<Totals>>,
}

impl Reader {
    pub fn new(layout: Arc<Layout>, totals: Arc<Mutex<Totals>>) -> Reader {
        Reader { columns: Columns::new(layout), totals }
    }

    /// Gives the records of a file in batches; ends early when `take` wants no more.
    pub fn read(
        &mut self,
        file: &Surveyed,
        mut take: impl FnMut(Result<RecordBatch>) -> bool,
    ) -> ControlFlow<()> {
        let mut own = Totals::default();
        let flow = match self.read_lines(file, &mut own, &mut take) {
            Ok(flow) => flow,
            Err(error) => {
                own.unreadable.push(UnreadableFile { file: file.path.to_path_buf(), why: error.to_string() });
                ControlFlow::Continue(())
            }
        };
        let flow = if flow.is_continue() { self.give(file, &mut take) } else { flow };
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).add(own);
        flow
    }

    fn read_lines(
        &mut self,
        file: &Surveyed,
        totals: &mut Totals,
        take: &mut impl FnMut(Result<RecordBatch>) -> bool,
    ) -> std::io::Result<ControlFlow<()>> {
        let mut reader = open(&file.path)?;
        let mut lines = Lines::new(file.given.clone());
        let mut buffer = vec![];
        for number in 1.. {
            let broken = match reader.next(&mut buffer)? {
                Line::End => break,
                Line::TooLong => Some(BrokenReason::TooLong),
                Line::Text(line) => match lines.read(&line) {
                    Ok(None) => None,
                    Ok(Some(record)) => {
                        totals.records += 1;
                        totals.bytes += line.len() as u64;
                        let place = (file.index as i64) << LINE_BITS | number as i64;
                        self.columns.push(&record, place, &line);
                        None
                    }
                    Err(error) => Some(BrokenReason::Line(error)),
                },
            };
            if let Some(why) = broken {
                count_broken(totals, file, number, why);
            }
            if self.columns.len() == BATCH_ROWS && self.give(file, take).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn give(
        &mut self,
        file: &Surveyed,
        take: &mut impl FnMut(Result<RecordBatch>) -> bool,
    ) -> ControlFlow<()> {
        if self.columns.len() == 0 {
            return ControlFlow::Continue(());
        }
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let batch = self.columns.finish(&file.path.to_string_lossy(), &name);
        if take(batch) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn count_broken(totals: &mut Totals, file: &Surveyed, line: u64, why: BrokenReason) {
    totals.broken_count += 1;
    if totals.broken.len() < BROKEN_LINES_SHOWN {
        totals.broken.push(BrokenLine { file: file.path.to_path_buf(), line, why });
    }
}
