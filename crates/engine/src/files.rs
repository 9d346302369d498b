//! Queries over flow-log files as they are: text, plain or gzip, each with its header or of a given format; or Parquet.
//!
//! A line that is no record is counted and shown, never guessed at and never the end of the run. Only the columns that
//! a query reads are built.
//! Source: VPC User Guide, "Flow log files" (header line, gzip).

mod columns;
mod find;
mod lines;
mod parquet;
mod read;
mod survey;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::lit;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::SessionContext;
use weir_flowlog::{Format, LineError};
use weir_insights::{ExecuteError, Plan, QueryResult, Run, TimeRange};

use crate::engine::{Engine, failed};
use crate::events::{GROUP, Part, Shape, TIMESTAMP, names_read};
use crate::scope::column_of;
use columns::Layout;
pub use find::find;
use read::{Reader, Totals};
use survey::Surveyed;

/// Broken lines that are told one by one.
pub const BROKEN_LINES_SHOWN: usize = 10;

/// Files that end so are Parquet.
const PARQUET_ENDING: &str = ".parquet";

/// The answer to a query over files.
#[derive(Clone, Debug, PartialEq)]
pub struct FilesAnswer {
    /// Columns, rows and statistics.
    pub result: QueryResult,
    /// Lines that are no records.
    pub broken_count: u64,
    /// The first of them.
    pub broken: Vec<BrokenLine>,
    /// Files that could not be read, or not to their end.
    pub unreadable: Vec<UnreadableFile>,
}

/// A line that is no record of its file's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLine {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// Why.
    pub why: BrokenReason,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenReason {
    /// It does not fit the format.
    Line(LineError),
    /// It has more bytes than any record.
    TooLong,
}

/// A file that could not be read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableFile {
    /// The file.
    pub file: PathBuf,
    /// What the system or the decompressor says.
    pub why: String,
}

impl fmt::Display for BrokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{}:{}", self.file.display(), self.line);
        match self.why {
            BrokenReason::Line(error) => write!(f, "{place}: {error}"),
            BrokenReason::TooLong => write!(f, "{place}: longer than {} bytes", lines::LINE_BYTES_MAX),
        }
    }
}

impl Engine {
    /// Runs a plan over flow-log files.
    ///
    /// `format` is that of lines above which no header stands; the default format is [`Format::default`]. An event's
    /// `@timestamp` is the record's start, `@logStream` the file's name, `@log` its path. With a time range other than
    /// [`TimeRange::ALL`], records without a start are kept.
    ///
    /// # Errors
    /// As [`weir_insights::Execute::execute`]; [`ExecuteError::Source`] if no file can be read.
    pub fn query_files(
        &self,
        plan: &Plan,
        files: &[PathBuf],
        format: &Format,
        run: Run<'_>,
    ) -> Result<FilesAnswer, ExecuteError> {
        let totals = Arc::new(Mutex::new(Totals::default()));
        let (parquet, texts): (Vec<PathBuf>, Vec<PathBuf>) =
            files.iter().cloned().partition(|file| parquet::is_parquet(file));
        let mut first = Totals::default();
        let surveyed = survey::survey(&texts, format, &mut first);
        let mut result = self.wait(async {
            let context = self.context()?;
            let mut parts = parquet::parts(&context, plan, &parquet, run, &mut first).await;
            if surveyed.is_empty() && parts.is_empty() {
                let why = first.unreadable.first();
                let why = why.map(|file| format!("{}: {}", file.file.display(), file.why));
                return Err(ExecuteError::Source(why.unwrap_or("no files are given".into())));
            }
            totals.lock().unwrap_or_else(PoisonError::into_inner).add(first);
            if !surveyed.is_empty() {
                parts.push(self.file_part(&context, plan, surveyed, (run, totals.clone()))?);
            }
            self.run(&context, plan, parts, run).await
        })?;
        let totals = std::mem::take(&mut *totals.lock().unwrap_or_else(PoisonError::into_inner));
        result.statistics.records_scanned = totals.records;
        result.statistics.bytes_scanned = totals.bytes;
        let Totals { broken_count, mut broken, mut unreadable, .. } = totals;
        broken.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
        unreadable.sort_by(|left, right| left.file.cmp(&right.file));
        Ok(FilesAnswer { result, broken_count, broken, unreadable })
    }

    fn file_part(
        &self,
        context: &SessionContext,
        plan: &Plan,
        files: Vec<Surveyed>,
        (run, totals): (Run<'_>, Arc<Mutex<Totals>>),
    ) -> Result<Part, ExecuteError> {
        let layout = Arc::new(Layout::new(plan, &names_read(plan), &files));
        let partitions = shares(files, self.threads()).into_iter().map(|files| {
            let partition = FilePartition { files, layout: layout.clone(), totals: totals.clone() };
            Arc::new(partition) as Arc<dyn PartitionStream>
        });
        let table = StreamingTable::try_new(layout.schema.clone(), partitions.collect()).map_err(failed)?;
        let mut frame = context.read_table(Arc::new(table)).map_err(failed)?;
        if run.window != TimeRange::ALL {
            let time = || column_of(TIMESTAMP);
            let is_inside = time().gt_eq(lit(run.window.start_ms)).and(time().lt_eq(lit(run.window.end_ms)));
            frame = frame.filter(is_inside.or(time().is_null())).map_err(failed)?;
        }
        let shape = Shape::Records { fields: layout.fields.clone(), message: layout.message.clone() };
        Ok(Part { frame, log: column_of(GROUP), shape })
    }
}

/// The files in as many shares as there are threads, of about the same size.
fn shares(mut files: Vec<Surveyed>, threads: usize) -> Vec<Vec<Surveyed>> {
    files.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    let mut shares: Vec<(u64, Vec<Surveyed>)> = (0..threads.min(files.len())).map(|_| (0, vec![])).collect();
    for file in files {
        if let Some((bytes, share)) = shares.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            *bytes += file.bytes;
            share.push(file);
        }
    }
    shares.into_iter().map(|(_, share)| share).collect()
}

/// Files that one thread reads, one after the other.
#[derive(Debug)]
struct FilePartition {
    files: Vec<Surveyed>,
    layout: Arc<Layout>,
    totals: Arc<Mutex<Totals>>,
}

/// Batches that wait for whoever works on them.
const BATCHES_AHEAD: usize = 2;

impl PartitionStream for FilePartition {
    fn schema(&self) -> &datafusion::arrow::datatypes::SchemaRef {
        &self.layout.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.layout.schema.clone(), BATCHES_AHEAD);
        let (sender, files) = (builder.tx(), self.files.clone());
        let (layout, totals) = (self.layout.clone(), self.totals.clone());
        builder.spawn_blocking(move || {
            let mut reader = Reader::new(layout, totals);
            for file in &files {
                // Nobody receives any more: the query has ended or was stopped.
                if reader.read(file, |batch| sender.blocking_send(batch).is_ok()).is_break() {
                    break;
                }
            }
            Ok(())
        });
        builder.build()
    }
}
