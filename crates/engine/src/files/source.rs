//! Files as what a query reads: its own, and those of the queries within it.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use weir_flowlog::Format;
use weir_insights::{
    Execute, ExecuteError, Plan, QueryResult, Reads, Row, Run, Statistics, TimeRange, estimated,
};

use super::broken::Wrong;
use super::estimate::{Estimate, estimate};
use super::parquet::is_parquet;
use super::read::Totals;
use super::storage::Storage;
use super::{FilesAnswer, UnreadableFile};
use crate::engine::Engine;
use crate::events::names_read;
use crate::workers;

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format of lines above which no header stands.
    pub format: Format,
    /// Whether a line that is no record ends the run.
    pub is_strict: bool,
    /// Counts the bytes that have been read, as they are stored.
    pub read_bytes: Arc<AtomicU64>,
    /// Where the files are.
    pub storage: Arc<Storage>,
}

/// Files that are read as one source.
#[derive(Debug)]
pub struct Files {
    paths: Vec<PathBuf>,
    options: Options,
    told: Mutex<Wrong>,
}

impl Files {
    /// The files at these paths.
    pub fn new(paths: Vec<PathBuf>, options: Options) -> Files {
        Files { paths, options, told: Mutex::default() }
    }

    /// Their bytes, as they are stored: what [`Options::read_bytes`] grows to when they are read once.
    pub fn stored_bytes(&self) -> u64 {
        self.paths.iter().map(|path| self.options.storage.bytes(path).unwrap_or(0)).sum()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// What a query would cost that reads them, from their lengths and first lines; and the files that cannot be read, which
    /// cost nothing. Of Parquet only the columns count that the query names, and the start, where they may have records of
    /// the time.
    pub fn estimate(&self, plan: &Plan, window: TimeRange) -> (Estimate, Vec<UnreadableFile>) {
        let names = names_read(plan);
        let storage = &self.options.storage;
        let looked = storage
            .look(&self.paths, |_, path| estimate((path, storage), &self.options.format, (&names, window)));
        let (mut sum, mut unreadable) = (vec![], vec![]);
        for (path, estimate) in self.paths.iter().zip(looked) {
            match estimate {
                Ok(estimate) => sum.push(estimate),
                Err(why) => unreadable.push(UnreadableFile { file: path.clone(), why }),
            }
        }
        (sum.into_iter().sum(), unreadable)
    }

    /// Why workers cannot read one of the files, which they find by its path.
    pub(crate) fn kept_from_workers(&self) -> Option<String> {
        let storage = &self.options.storage;
        self.paths.iter().find_map(|path| {
            let why = match (storage.object(path), is_parquet(storage, path)) {
                (Some(_), _) => "workers do not read s3://",
                (None, false) => "workers read Parquet only",
                (None, true) => return None,
            };
            Some(format!("{}: {why}", path.display()))
        })
    }

    /// Keeps what a query has met. Another query over the same files meets the same, or less if it ends early.
    fn tell(&self, told: Totals) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).add(told.wrong);
    }

    fn told(&self) -> Wrong {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs plans over files.
impl Execute<Files> for Engine {
    fn execute(&self, plan: &Plan, files: &Files, run: Run<'_>) -> Result<QueryResult, ExecuteError> {
        if plan.is_estimate {
            return Ok(estimated(self.bytes(plan, files, run)?));
        }
        let (result, _, told) = self.read_files(plan, (&files.paths, &files.options), run, false)?;
        files.tell(told);
        Ok(result)
    }

    fn bytes(&self, plan: &Plan, files: &Files, run: Run<'_>) -> Result<u64, ExecuteError> {
        Ok(files.estimate(plan, run.window).0.bytes)
    }

    fn rows(&self, plan: &Plan, files: &Files, run: Run<'_>) -> Result<(Vec<Row>, Statistics), ExecuteError> {
        let (result, rows, told) = self.read_files(plan, (&files.paths, &files.options), run, true)?;
        files.tell(told);
        Ok((rows, result.statistics))
    }
}

impl Engine {
    /// Runs a plan and the queries within it over flow-log files.
    ///
    /// An event's `@timestamp` is the record's start, `@logStream` the file's name, `@log` its path. With a time range
    /// other than [`weir_insights::TimeRange::ALL`], records without a start are kept.
    ///
    /// # Errors
    /// As [`Execute::execute_all`]; [`ExecuteError::Source`] if there are files and none can be read, or a part that
    /// [`Engine::on_workers`] cannot run.
    pub fn query_files(
        &self,
        plan: &Plan,
        reads: Reads<'_, Files>,
        run: Run<'_>,
    ) -> Result<FilesAnswer, ExecuteError> {
        let Reads { own, inputs, tables } = reads;
        if self.has_workers() {
            workers::check(std::iter::once(own).chain(inputs.iter().copied()))?;
        }
        let result = self.execute_all(plan, Reads { own, inputs, tables }, run)?;
        let mut wrong = Wrong::default();
        for files in std::iter::once(own).chain(inputs.iter().copied()) {
            wrong.add(files.told());
        }
        let (broken_count, broken, unreadable) = (wrong.line_count(), wrong.first_lines(), wrong.files());
        Ok(FilesAnswer { result, broken_count, broken, unreadable, odd: wrong.odd() })
    }
}
