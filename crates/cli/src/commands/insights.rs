//! `weir insights FILE… 'QUERY'`: Logs Insights over flow-log files.

use crate::arguments::{Insights, Output};
use crate::clock::Clock;
use crate::{Failure, Outcome};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use weir_engine::files::{FilesAnswer, find};
use weir_engine::{Engine, Options};
use weir_flowlog::Format;
use weir_insights::{Period, QueryError, QueryResult, ResultRow, Run, TimeRange, bar_chart, plan, sql_plan};

/// How wide bars are drawn.
const CHART_WIDTH: usize = 80;

/// Runs the command.
pub fn run(arguments: &Insights) -> Outcome {
    let Some((query, sources)) =
        arguments.files_and_query.split_last().filter(|(_, files)| !files.is_empty())
    else {
        return Err(Failure::new(2, "name flow-log files, and then the query: see weir insights --help"));
    };
    let checked = if arguments.sql { sql_plan(query, None) } else { plan(query, None) };
    let checked = checked.map_err(|error| Failure::new(2, shown(query, &error)))?;
    let now_ms = Clock::real().timestamp().0;
    let window = window(arguments, now_ms)?;
    let format = arguments.format.as_deref().map_or(Ok(Format::default()), Format::parse);
    let format = format.map_err(|error| Failure::new(2, format!("--format: {error}")))?;
    let spool = Spool::of(sources).map_err(|error| Failure::from(format!("standard input: {error}")))?;
    let path = |source: &String| if source == STDIN { spool.path() } else { PathBuf::from(source) };
    let paths: Vec<PathBuf> = sources.iter().map(path).collect();
    let files = find(&paths, window).map_err(|error| Failure::new(Failure::NOT_FOUND, error.to_string()))?;
    let engine = Engine::new(Options::default()).map_err(|error| Failure::from(error.to_string()))?;
    let cancelled = AtomicBool::new(false);
    let run = Run { window, now_ms, cancelled: &cancelled };
    let answer = engine.query_files(&checked, &files, &format, run);
    let answer = answer.map_err(|error| Failure::from(error.to_string()))?;
    let printed = match arguments.output {
        Output::Table => table(&answer.result, query.contains("bin(")),
        Output::Json => json(&answer.result),
        Output::Jsonl => json_lines(&answer.result),
        Output::Csv => csv(&answer.result),
    };
    let mut stdout = std::io::stdout();
    match stdout.write_all(printed.as_bytes()).and_then(|()| stdout.flush()) {
        // A reader that has seen enough closes the pipe.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            return Err(Failure::from(format!("standard output: {error}")));
        }
        _ => {}
    }
    report(&answer, files.len());
    let is_broken = arguments.strict && answer.broken_count > 0;
    Ok(if answer.unreadable.is_empty() && !is_broken { 0 } else { Failure::FAILED })
}

/// The time range that is asked for.
fn window(arguments: &Insights, now_ms: i64) -> Result<TimeRange, Failure> {
    let read = |name: &str, text: &Option<String>, otherwise: i64| match text {
        None => Ok(otherwise),
        Some(text) => moment_ms(text, now_ms).ok_or_else(|| {
            Failure::new(2, format!("{name}: no time: {text}; try 2h, 2026-11-28 or 2026-11-28T06:00:00Z"))
        }),
    };
    let start_ms = read("--since", &arguments.since, TimeRange::ALL.start_ms)?;
    Ok(TimeRange { start_ms, end_ms: read("--until", &arguments.until, TimeRange::ALL.end_ms)? })
}

/// Milliseconds since 1970 of a time: so long ago, a date, a date and time (RFC 3339; UTC without an offset), or seconds.
fn moment_ms(text: &str, now_ms: i64) -> Option<i64> {
    if let Some(ago) = Period::length_ms(text) {
        return now_ms.checked_sub(ago);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(midnight));
    time.ok().map(|time| time.and_utc().timestamp_millis())
}

/// The name of standard input on the command line.
const STDIN: &str = "-";

/// Standard input in a file, since a file is read twice: once for its format. It goes when this is dropped.
struct Spool {
    folder: Option<PathBuf>,
}

impl Spool {
    /// Reads standard input to its end, if it is among the sources.
    fn of(sources: &[String]) -> std::io::Result<Spool> {
        if !sources.iter().any(|source| source == STDIN) {
            return Ok(Spool { folder: None });
        }
        let folder = std::env::temp_dir().join(format!("weir-insights-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        remove_when_interrupted(folder.clone());
        let spool = Spool { folder: Some(folder) };
        std::io::copy(&mut std::io::stdin().lock(), &mut std::fs::File::create_new(spool.path())?)?;
        Ok(spool)
    }

    fn path(&self) -> PathBuf {
        self.folder.as_deref().unwrap_or(Path::new(STDIN)).join("stdin")
    }
}

/// Ends the process on Ctrl-C, the folder with it.
fn remove_when_interrupted(folder: PathBuf) {
    const INTERRUPTED: i32 = 130;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime.is_ok_and(|runtime| runtime.block_on(tokio::signal::ctrl_c()).is_ok()) {
            let _ = std::fs::remove_dir_all(&folder);
            std::process::exit(INTERRUPTED);
        }
    });
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// The refused query with a mark under what is wrong.
fn shown(query: &str, error: &QueryError) -> String {
    let place = error.location(query);
    let width = (place.end_char_offset - place.start_char_offset).max(1);
    let line: String = query.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    format!("{error}\n  {line}\n  {}{}", " ".repeat(place.start_char_offset), "^".repeat(width))
}

/// Aligned columns; and bars, if the query counts by time.
fn table(result: &QueryResult, is_histogram: bool) -> String {
    if let Some(chart) = bar_chart(result, CHART_WIDTH).filter(|_| is_histogram) {
        return chart;
    }
    let cell = |row: &ResultRow, column: usize| row.values.get(column).cloned().flatten().unwrap_or_default();
    let width = |(column, name): (usize, &String)| {
        let widest = result.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        widest.max(name.chars().count())
    };
    let widths: Vec<usize> = result.columns.iter().enumerate().map(width).collect();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(result.columns.clone());
    for row in &result.rows {
        text += &line((0..widths.len()).map(|column| cell(row, column)).collect());
    }
    text
}

fn object(result: &QueryResult, row: &ResultRow) -> serde_json::Value {
    let fields = result.fields(row).map(|(name, value)| (name.to_owned(), value.into()));
    serde_json::Value::Object(fields.collect())
}

fn json(result: &QueryResult) -> String {
    let rows: Vec<_> = result.rows.iter().map(|row| object(result, row)).collect();
    format!("{:#}\n", serde_json::Value::Array(rows))
}

fn json_lines(result: &QueryResult) -> String {
    result.rows.iter().map(|row| object(result, row).to_string() + "\n").collect()
}

/// Names, then rows; a field that a row does not have is empty.
fn csv(result: &QueryResult) -> String {
    let quoted = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let names = line(result.columns.iter().map(|name| quoted(name)).collect());
    let cells = |row: &ResultRow| {
        let cell = |column: usize| row.values.get(column).and_then(Option::as_deref).unwrap_or_default();
        (0..result.columns.len()).map(|column| quoted(cell(column))).collect()
    };
    names + &result.rows.iter().map(|row| line(cells(row))).collect::<String>()
}

/// What was read, and what could not be.
fn report(answer: &FilesAnswer, files: usize) {
    let statistics = &answer.result.statistics;
    eprintln!(
        "{} rows; {} of {} records matched in {files} files",
        statistics.result_count, statistics.records_matched, statistics.records_scanned
    );
    for file in &answer.unreadable {
        eprintln!("not read: {}: {}", file.file.display(), file.why);
    }
    for line in &answer.broken {
        eprintln!("no record: {line}");
    }
    let more = answer.broken_count - answer.broken.len() as u64;
    if more > 0 {
        eprintln!("no record: {more} more lines");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = 1_800_000_000_000;
        for (text, expected) in [
            ("2h", Some(now - 7_200_000)),
            ("7d", Some(now - 604_800_000)),
            ("1549281600", Some(1_549_281_600_000)),
            ("2019-02-04", Some(1_549_238_400_000)),
            ("2019-02-04T12:00:00Z", Some(1_549_281_600_000)),
            ("2019-02-04T13:00:00+01:00", Some(1_549_281_600_000)),
            ("2019-02-04T12:00:00", Some(1_549_281_600_000)),
            ("2019-02-04 12:00:00", Some(1_549_281_600_000)),
            ("2019-02-04T12:00", Some(1_549_281_600_000)),
            ("yesterday", None),
            ("2019-02-30", None),
            ("", None),
        ] {
            assert_eq!(moment_ms(text, now), expected, "{text}");
        }
    }

    fn answer(rows: &[[Option<&str>; 2]]) -> QueryResult {
        let values = |row: &[Option<&str>; 2]| row.iter().map(|value| value.map(str::to_owned)).collect();
        let rows = rows.iter().map(|row| ResultRow { values: values(row), ptr: None }).collect();
        QueryResult { columns: vec!["a".to_owned(), "b,c".to_owned()], rows, ..QueryResult::default() }
    }

    #[test]
    fn csv_quotes_what_has_to_be() {
        let result = answer(&[[Some("1"), Some("say \"hi\"")], [None, Some("x\ny")]]);
        assert_eq!(csv(&result), "a,\"b,c\"\r\n1,\"say \"\"hi\"\"\"\r\n,\"x\ny\"\r\n");
    }

    #[test]
    fn json_is_an_array_of_what_rows_have() {
        let result = answer(&[[Some("1"), None]]);
        assert_eq!(json(&result), "[\n  {\n    \"a\": \"1\"\n  }\n]\n");
    }
}
