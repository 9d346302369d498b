//! Queries over flow-log files as they are: text, plain or gzip, each with its header or of a given format; or Parquet.
//!
//! Values may be separated by commas. Records within JSON, or behind the words of `aws logs tail`, are read as if they were
//! lines of their own.
//!
//! A line that is no record is counted and shown, never guessed at and never the end of the run. Only the columns that
//! a query reads are built; addresses are numbers as long as all are IPv4.
//! Source: VPC User Guide, "Flow log files" (header line, gzip).

mod ahead;
mod blocks;
mod broken;
mod buffers;
mod columns;
mod estimate;
mod find;
mod header;
mod inflate;
mod inflated;
mod json;
mod layout;
mod lines;
mod local;
mod marks;
mod members;
mod parquet;
mod passed;
mod place;
mod plain;
mod pruned;
mod read;
mod remote;
mod sound;
mod source;
mod storage;
mod survey;
mod table;
mod token;
mod wide;
mod wrapped;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use datafusion::logical_expr::lit;
use datafusion::prelude::SessionContext;
use weir_flowlog::LineError;
use weir_insights::{ExecuteError, Plan, QueryResult, Row, Run, TimeRange};

use crate::engine::{Engine, Query, failed, is_of_memory};
use crate::events::{GROUP, Part, Shape, TIMESTAMP, names_read};
use crate::narrow::Narrow;
use crate::scope::column_of;
pub use estimate::Estimate;
pub use find::find;
use layout::Layout;
pub(crate) use layout::known_field;
pub(crate) use place::partition;
use place::with_partitions;
pub(crate) use plain::words;
use read::{Source, Totals};
pub use source::{Files, Options};
pub use storage::{Listing, Objects, Storage};
use survey::Surveyed;
use table::FilesTable;
pub(crate) use token::address;

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
    /// What is odd about files that were read, as far as it is kept.
    pub odd: Vec<Oddity>,
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
    /// JSON that is broken, or in which no record was found.
    Json,
}

/// What is odd about files whose records were read all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A name in a header that no field has: its values are not read.
    UnknownName(String),
    /// The first record of this file has an interface in the place of the account, and none in that of the interface.
    Swapped(PathBuf),
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
            BrokenReason::Json => write!(f, "{place}: JSON that is broken or has no record"),
        }
    }
}

impl Engine {
    /// Runs a bound plan over files. Gives the rows as values instead of texts if `as_values` is set, and tells what was
    /// met.
    fn read_files(
        &self,
        plan: &Plan,
        (files, options): (&[PathBuf], &Options),
        run: Run<'_>,
        as_values: bool,
    ) -> Result<(QueryResult, Vec<Row>, Totals), ExecuteError> {
        let are_parquet = options.storage.look(files, |_, path| parquet::is_parquet(&options.storage, path));
        let (mut parquet, mut texts) = (vec![], vec![]);
        for (path, is_parquet) in files.iter().zip(are_parquet) {
            if is_parquet { &mut parquet } else { &mut texts }.push(path.clone());
        }
        let mut first = Totals::default();
        let surveyed = survey::survey((&texts, &options.storage), &options.format, &mut first);
        let unforeseen = Narrow::default();
        let mut reading = Reading { plan, parquet, surveyed, first, run, as_values, options, unforeseen };
        let mut read = self.narrow_first(|narrow| self.read(&reading, narrow));
        if reading.unforeseen.has_failed() {
            reading.surveyed = survey::with_all_formats(&reading.surveyed, &options.storage);
            read = self.narrow_first(|narrow| self.read(&reading, narrow));
        }
        if self.may_be_damaged(&reading, &read) {
            let looked = (&*options.storage, run.cancelled);
            let damaged = sound::damaged(&reading.parquet, &names_read(plan), looked);
            if run.cancelled.load(Relaxed) {
                return Err(ExecuteError::Cancelled);
            }
            if !damaged.is_empty() {
                reading.parquet.retain(|path| damaged.iter().all(|(damaged, _)| damaged != path));
                for (path, why) in damaged {
                    reading.first.wrong.add_file(&path, why);
                }
                read = self.narrow_first(|narrow| self.read(&reading, narrow));
            }
        }
        let (mut result, rows, totals) = read?;
        result.statistics.records_scanned = totals.records;
        result.statistics.bytes_scanned = totals.bytes;
        Ok((result, rows, totals))
    }

    /// Whether a run may have failed because a Parquet file is damaged. Files that workers have read are not read here.
    fn may_be_damaged<T>(&self, reading: &Reading<'_>, read: &Result<T, ExecuteError>) -> bool {
        let may_be = matches!(read, Err(ExecuteError::Engine(why)) if !is_of_memory(why));
        may_be && !reading.parquet.is_empty() && !self.has_workers()
    }

    /// Runs the plan once.
    fn read(
        &self,
        reading: &Reading<'_>,
        narrow: Option<&Narrow>,
    ) -> Result<(QueryResult, Vec<Row>, Totals), ExecuteError> {
        let Reading { plan, parquet, surveyed, first, run, as_values, options, unforeseen } = reading;
        let mut totals = first.clone();
        let is_strict = options.is_strict;
        let source = Arc::new(Source {
            files: Arc::new(surveyed.clone()),
            storage: options.storage.clone(),
            is_strict,
            read_bytes: options.read_bytes.clone(),
            narrow: narrow.cloned().unwrap_or_default(),
            fields: names_read(plan).iter().filter_map(|name| Some(known_field(name)?.0)).collect(),
            unforeseen: unforeseen.clone(),
            ..Source::default()
        });
        let result = self.wait(async {
            let context = self.context()?;
            let parts = parquet::parts(&context, plan, (parquet, options), (*run, narrow), &mut totals);
            let mut parts = parts.map_err(failed)?;
            if let ([], [], Some(file)) = (&surveyed[..], &parts[..], totals.wrong.files().first()) {
                return Err(ExecuteError::Source(format!("{}: {}", file.file.display(), file.why)));
            }
            if !surveyed.is_empty() || parts.is_empty() {
                let is_four = narrow.is_some() && surveyed.iter().all(|file| file.is_four);
                parts.push(self.file_part(&context, plan, (&source, *run), is_four)?);
            }
            self.run_as(Query { context: &context, plan, run: *run, narrow }, parts, *as_values).await
        });
        totals.add(std::mem::take(&mut *source.totals.lock().unwrap_or_else(PoisonError::into_inner)));
        if let Some(line) = totals.wrong.first_lines().first().filter(|_| is_strict) {
            return Err(ExecuteError::Source(line.to_string()));
        }
        let (result, rows) = result?;
        Ok((result, rows, totals))
    }

    fn file_part(
        &self,
        context: &SessionContext,
        plan: &Plan,
        (source, run): (&Arc<Source>, Run<'_>),
        is_four: bool,
    ) -> Result<Part, ExecuteError> {
        let names = names_read(plan);
        let layout = Arc::new(Layout::new(&names, &source.files, is_four));
        let table = FilesTable { layout: layout.clone(), source: source.clone(), threads: self.threads() };
        let mut frame = context.read_table(Arc::new(table)).map_err(failed)?;
        if run.window != TimeRange::ALL {
            let time = || column_of(TIMESTAMP);
            let is_inside = time().gt_eq(lit(run.window.start_ms)).and(time().lt_eq(lit(run.window.end_ms)));
            frame = frame.filter(is_inside.or(time().is_null())).map_err(failed)?;
        }
        let paths: Vec<PathBuf> = source.files.iter().map(|file| file.path.to_path_buf()).collect();
        let (frame, partitions) = with_partitions(frame, &names, &paths).map_err(failed)?;
        let shape = Shape::Records { fields: layout.fields.clone(), message: layout.message.clone() };
        Ok(Part { frame, log: column_of(GROUP), fixed: vec![], has_entities: false, shape, partitions })
    }
}

/// What is to be read, and for what.
struct Reading<'a> {
    plan: &'a Plan,
    parquet: Vec<PathBuf>,
    surveyed: Vec<Surveyed>,
    /// What was met before.
    first: Totals,
    run: Run<'a>,
    as_values: bool,
    options: &'a Options,
    /// Whether a header tells of fields that the first lines did not.
    unforeseen: Narrow,
}

#[cfg(test)]
mod tests;
