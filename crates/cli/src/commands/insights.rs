//! `weir insights FILE… 'QUERY'`: Logs Insights over flow-log files.

use crate::arguments::{Insights, Output};
use crate::clock::Clock;
use crate::{Failure, Outcome};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use weir_engine::files::{FilesAnswer, find};
use weir_engine::{Engine, Options};
use weir_flowlog::Format;
use weir_insights::{QueryError, QueryResult, ResultRow, Run, TimeRange, bar_chart, plan};

/// How wide bars are drawn.
const CHART_WIDTH: usize = 80;

/// Runs the command.
pub fn run(arguments: &Insights) -> Outcome {
    let (query, files) = arguments.files_and_query.split_last().expect("the command line demands two");
    let checked = plan(query, None).map_err(|error| Failure::new(2, shown(query, &error)))?;
    let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let files = find(&paths).map_err(|error| Failure::new(Failure::NOT_FOUND, error.to_string()))?;
    let engine = Engine::new(Options::default()).map_err(|error| Failure::from(error.to_string()))?;
    let cancelled = AtomicBool::new(false);
    let run = Run { window: TimeRange::ALL, now_ms: Clock::real().timestamp().0, cancelled: &cancelled };
    let answer = engine.query_files(&checked, &files, &Format::default(), run);
    let answer = answer.map_err(|error| Failure::from(error.to_string()))?;
    let printed = match arguments.output {
        Output::Table => table(&answer.result, query.contains("bin(")),
        Output::Jsonl => json_lines(&answer.result),
    };
    // A reader that has seen enough closes the pipe.
    let _ = std::io::stdout().write_all(printed.as_bytes());
    report(&answer, files.len());
    Ok(if answer.unreadable.is_empty() { 0 } else { Failure::FAILED })
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

fn json_lines(result: &QueryResult) -> String {
    let line = |row: &ResultRow| {
        let fields = result.fields(row).map(|(name, value)| (name.to_owned(), value.into()));
        serde_json::Value::Object(fields.collect()).to_string() + "\n"
    };
    result.rows.iter().map(line).collect()
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
