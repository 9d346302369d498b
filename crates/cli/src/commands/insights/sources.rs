//! What a query reads: files on the command line or named by `SOURCE`, and lookup tables.

use super::buckets::is_bucket;
use super::spool::Spool;
use crate::Failure;
use crate::arguments::Language;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_engine::files::{Files, Options, find};
use weir_insights::{Input, Plan, Run, Selection, Shift, Table, TimeRange};

/// The files of a query and of the queries within it.
pub struct Sources {
    files: Vec<Files>,
    /// Which of them each input reads.
    inputs: Vec<usize>,
}

impl Sources {
    /// Finds the files, those of the query first.
    ///
    /// `SOURCE 'PATH'` names files where the command line names none, and those of a query within the query. In SQL and PPL
    /// the files of the command line are the table of every name but those that are paths.
    ///
    /// # Errors
    /// Nothing is named, or twice; what is named does not exist; log groups are selected; or a comparison with the time
    /// before that has no beginning.
    pub fn find(
        plan: &Plan,
        (named, language): (&[String], Language),
        spool: &Spool,
        (options, run): (&Options, Run<'_>),
    ) -> Result<Sources, Failure> {
        let has_tables = language != Language::Insights;
        let path = |name: &String| spool.path(name);
        let found = |paths: &[PathBuf], window| -> Result<Files, Failure> {
            let files = find(paths, window, &options.storage)
                .map_err(|error| Failure::new(code(&error), error.to_string()));
            Ok(Files::new(files?, options.clone()))
        };
        let own = match (named, &plan.selection) {
            ([], Some(selection)) => paths(selection)?,
            ([], None) => {
                return Err(usage("name flow-log files, and then the query: see weir insights --help"));
            }
            (_, Some(_)) if !has_tables => {
                return Err(usage(
                    "SOURCE and files on the command line are both given; name the files once",
                ));
            }
            _ => named.iter().map(path).collect(),
        };
        let mut sources = Sources { files: vec![found(&own, run.window)?], inputs: vec![] };
        if sources.own().is_empty() && run.window == TimeRange::ALL {
            let names: Vec<_> = own.iter().map(|path| path.display().to_string()).collect();
            let why = format!("{}: no files that end in .log, .gz or .parquet", names.join(", "));
            return Err(Failure::new(Failure::NOT_FOUND, why));
        }
        for input in &plan.inputs {
            let window = input_window(input, run)?;
            let is_named = |selection: &&Selection| {
                !has_tables || selection.names.iter().any(|name| is_bucket(name) || Path::new(name).exists())
            };
            let paths = input.selection.as_ref().filter(is_named).map(paths).transpose()?;
            if paths.is_none() && window == run.window {
                sources.inputs.push(0);
                continue;
            }
            sources.files.push(found(&paths.unwrap_or_else(|| own.clone()), window)?);
            sources.inputs.push(sources.files.len() - 1);
        }
        Ok(sources)
    }

    /// The files of the query itself.
    pub fn own(&self) -> &Files {
        &self.files[0]
    }

    /// The files of each query within it.
    pub fn inputs(&self) -> Vec<&Files> {
        self.inputs.iter().map(|index| &self.files[*index]).collect()
    }

    /// Bytes of the files that are to be read; a file that several queries read counts for each.
    pub fn stored_bytes(&self) -> u64 {
        let read = std::iter::once(&0).chain(&self.inputs);
        read.map(|index| self.files[*index].stored_bytes()).sum()
    }

    /// How many files there are in all.
    pub fn len(&self) -> usize {
        self.files.iter().map(Files::len).sum()
    }
}

/// The exit code for what cannot be found, or not be listed.
fn code(error: &std::io::Error) -> u8 {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::Other => Failure::FAILED,
        _ => Failure::NOT_FOUND,
    }
}

fn usage(why: &str) -> Failure {
    Failure::new(2, why)
}

/// The window of a query within a query. A time before one without beginning is no time.
fn input_window(input: &Input, run: Run<'_>) -> Result<TimeRange, Failure> {
    match input.shift {
        Shift::None => Ok(input.window(run.window, run.now_ms)),
        _ if run.window.start_ms == TimeRange::ALL.start_ms => {
            Err(usage("the query compares with the time before: say since when, --since 1d"))
        }
        _ => Ok(input.window(run.window, run.now_ms)),
    }
}

/// The paths that `SOURCE` names.
fn paths(selection: &Selection) -> Result<Vec<PathBuf>, Failure> {
    match selection.names.is_empty() {
        false => Ok(selection.names.iter().map(PathBuf::from).collect()),
        true => {
            Err(usage("logGroups(...) and dataSource(...) select log groups; files are named: SOURCE 'PATH'"))
        }
    }
}

/// The lookup tables of `--table NAME=FILE`: CSV with a header row, or AWS's `ip-ranges.json`.
///
/// # Errors
/// No name or file, a name that CreateLookupTable would not take, or a file that is no table.
pub fn tables(given: &[String]) -> Result<BTreeMap<String, Arc<Table>>, Failure> {
    let mut tables = BTreeMap::new();
    for text in given {
        let Some((name, file)) = text.split_once('=').filter(|(name, _)| is_name(name)) else {
            let why = "NAME=FILE is needed, the name of letters, digits and _";
            return Err(usage(&format!("--table {text}: {why}")));
        };
        let failed = |code, why: String| Failure::new(code, format!("--table {name}: {file}: {why}"));
        let text = std::fs::read_to_string(file).map_err(|error| {
            let code = if error.kind() == std::io::ErrorKind::NotFound {
                Failure::NOT_FOUND
            } else {
                Failure::FAILED
            };
            failed(code, error.to_string())
        })?;
        let is_json = text.trim_start().starts_with('{');
        let table = if is_json { Table::of_ip_ranges(&text) } else { Table::of_csv(&text) };
        let table = table.map_err(|error| failed(Failure::FAILED, error.to_string()))?;
        if tables.insert(name.to_owned(), Arc::new(table)).is_some() {
            return Err(usage(&format!("--table {name} is given twice")));
        }
    }
    Ok(tables)
}

/// Source: CloudWatch Logs API Reference, CreateLookupTable, `lookupTableName` (read 2026-11).
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
