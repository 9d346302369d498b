//! `weir insights SOURCE… 'QUERY'`: Logs Insights over flow-log files.

mod buckets;
mod format;
mod print;
mod progress;
mod sources;
mod spool;
mod times;

use crate::arguments::{Insights, Language, Output};
use crate::clock::Clock;
use crate::{Failure, Outcome, signals, workers};
use print::printed;
use progress::Progress;
use sources::{Sources, tables};
use spool::Spool;
use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use terminal_size::{Width, terminal_size};
use weir_engine::files::{self, Estimate, FilesAnswer, Oddity, UnreadableFile};
use weir_engine::{Engine, Options};
use weir_insights::{
    ExecuteError, Expr, LIMIT_DEFAULT, LIMIT_MAX, Plan, QueryError, QueryErrorKind, QueryResult, Reads,
    ResultRow, Run, Statistics, Step, Tables, plan, ppl_plan, sql_plan,
};

/// How wide bars are drawn on a terminal that does not tell its width.
const CHART_WIDTH: usize = 80;

/// Runs the command.
pub fn run(arguments: &Insights) -> Outcome {
    let Some((query, named)) = arguments.files_and_query.split_last() else {
        return Err(Failure::new(2, "a query is needed: see weir insights --help"));
    };
    if arguments.output == Output::Parquet && std::io::stdout().is_terminal() {
        return Err(Failure::new(2, "Parquet is not for terminals: redirect it to a file, > FILE.parquet"));
    }
    let language = arguments.language();
    let checked = match language {
        Language::Insights => plan(query, None),
        Language::Sql => sql_plan(query, None),
        Language::Ppl => ppl_plan(query, None),
    };
    let checked = checked.map_err(|error| {
        let failure = refused(query, &error);
        Failure { message: failure.message + &hint(query, named, language), ..failure }
    })?;
    let tables = tables(&arguments.table)?;
    check_tables(query, &checked, &tables)?;
    let now_ms = Clock::real().timestamp().0;
    let window = times::window(arguments, now_ms)?;
    let window = checked.selection.as_ref().map_or(window, |selection| selection.window(window, now_ms));
    let format = format::format(arguments.format.as_deref())?;
    let spool = Spool::of(named)?;
    let cancelled = Arc::new(AtomicBool::new(false));
    let run = Run { window, now_ms, cancelled: &cancelled };
    let storage = Arc::new(buckets::storage(arguments, named, &checked)?);
    let options =
        files::Options { format, is_strict: arguments.strict, storage, ..files::Options::default() };
    let sources = Sources::find(&checked, (named, language), &spool, (&options, run))?;
    let inputs = sources.inputs();
    if arguments.estimate {
        let within = checked.inputs.iter().map(|input| &input.plan).zip(inputs.iter().copied());
        let read = std::iter::once((&checked, sources.own())).chain(within);
        let costs: Vec<_> = read.map(|(plan, files)| files.estimate(plan, window)).collect();
        let cost = costs.iter().map(|(cost, _)| *cost).sum();
        write(&printed(&costs_of(cost), arguments.output, None)?)?;
        let unreadable: Vec<_> = costs.into_iter().flat_map(|(_, unreadable)| unreadable).collect();
        tell_unreadable(&unreadable, &spool);
        return Ok(if unreadable.is_empty() { 0 } else { Failure::FAILED });
    }
    let engine = match &arguments.workers {
        // Of no files there is nothing to give to workers.
        Some(scheduler) if sources.len() > 0 => {
            signals::cancel_when_asked_to_stop(cancelled.clone())
                .map_err(|error| Failure::from(format!("signals: {error}")))?;
            workers::engine(scheduler)?
        }
        _ => Engine::new(Options::default()).map_err(|error| Failure::from(error.to_string()))?,
    };
    let reads = Reads { own: sources.own(), inputs: &inputs, tables: &tables };
    // Workers tell nothing of what they have read.
    let total = || if arguments.workers.is_none() { sources.stored_bytes() } else { 0 };
    let progress = Progress::shown(options.read_bytes.clone(), total);
    let answer = engine.query_files(&checked, reads, run);
    drop(progress);
    let answer = answer.map_err(|error| match error {
        ExecuteError::Cancelled => Failure::new(Failure::STOPPED, error.to_string()),
        error => Failure::from(spool.as_named(error.to_string())),
    })?;
    let chart_width = chart_width(&checked).filter(|_| arguments.output == Output::Table);
    write(&printed(&answer.result, arguments.output, chart_width)?)?;
    report(&answer, sources.len(), &spool);
    let is_full = answer.result.statistics.result_count == u64::from(LIMIT_DEFAULT);
    if is_full && is_limited(&checked, language) {
        say(format_args!("the first {LIMIT_DEFAULT} rows; for up to {LIMIT_MAX} add: | limit {LIMIT_MAX}"));
    }
    let nothing_fits = answer.result.statistics.records_scanned == 0 && answer.broken_count > 0;
    if nothing_fits {
        say(format_args!(
            "no line is a flow-log record; if there is no header, say with --format what lines have"
        ));
    }
    Ok(if answer.unreadable.is_empty() && !nothing_fits { 0 } else { Failure::FAILED })
}

/// How wide bars are drawn, if the answer counts one thing by time and a terminal shows it.
fn chart_width(plan: &Plan) -> Option<usize> {
    let is_shown = counts_by_time(plan) && std::io::stdout().is_terminal();
    is_shown.then(|| terminal_size().map_or(CHART_WIDTH, |(Width(width), _)| width.into()))
}

/// Whether the last `stats` of a plan has one thing by `bin`.
fn counts_by_time(plan: &Plan) -> bool {
    let stats = plan.steps.iter().rev().find_map(|step| match step {
        Step::Stats(stats) => Some(stats),
        _ => None,
    });
    let is_bin = |expr: &Expr| matches!(expr, Expr::Round { is_up: false, .. });
    stats.is_some_and(|stats| {
        stats.aggregates.len() == 1 && stats.groups.iter().any(|group| is_bin(&group.expr))
    })
}

/// Whether the limit that a query has of itself, or the same one given, ends its rows. Other languages give no more.
fn is_limited(plan: &Plan, language: Language) -> bool {
    language == Language::Insights && matches!(plan.steps.last(), Some(Step::Limit(LIMIT_DEFAULT)))
}

/// What may have been meant where the last argument is no query.
fn hint(query: &str, named: &[String], language: Language) -> String {
    if std::path::Path::new(query).exists() {
        return "\n  that is a file: the query comes last, weir insights FILE… 'QUERY'".to_owned();
    }
    match probable_language(query) {
        Some(Language::Sql) if language != Language::Sql && !named.is_empty() => {
            "\n  a query in SQL needs --sql".to_owned()
        }
        Some(Language::Ppl) if language != Language::Ppl => "\n  a query in PPL needs --ppl".to_owned(),
        _ => String::new(),
    }
}

/// The language that a query's first words are of, if it is not that of Logs Insights.
fn probable_language(query: &str) -> Option<Language> {
    let rest_behind = |text: &str, word: &str| {
        let (start, rest) = text.trim_start().split_at_checked(word.len())?;
        start.eq_ignore_ascii_case(word).then(|| rest.to_owned())
    };
    if rest_behind(query, "select ").or_else(|| rest_behind(query, "with ")).is_some() {
        return Some(Language::Sql);
    }
    let searched = rest_behind(query, "search ").unwrap_or_else(|| query.to_owned());
    let is_source = rest_behind(&searched, "source").is_some_and(|rest| rest.trim_start().starts_with('='));
    is_source.then_some(Language::Ppl)
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A reader that has seen enough closes the pipe.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::from(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A query must not name tables that `--table` does not give, or columns that they lack.
fn check_tables(query: &str, plan: &Plan, tables: &dyn Tables) -> Result<(), Failure> {
    for used in &plan.tables {
        let Some(table) = tables.table(&used.name) else {
            let kind = QueryErrorKind::NoTable(used.name.clone());
            let failure = refused(query, &QueryError { span: used.span, kind });
            let hint = format!("\n  name its file: --table {}=FILE.csv", used.name);
            return Err(Failure { message: failure.message + &hint, ..failure });
        };
        used.check(&table).map_err(|error| refused(query, &error))?;
    }
    Ok(())
}

/// What reading would cost as a row.
fn costs_of(cost: Estimate) -> QueryResult {
    let columns = ["files", "storedBytes", "estimatedBytes", "estimatedRecords"];
    let values = [cost.files, cost.stored_bytes, cost.bytes, cost.records];
    QueryResult {
        columns: columns.map(String::from).to_vec(),
        rows: vec![ResultRow { values: values.map(|value| Some(value.to_string())).to_vec(), ptr: None }],
        statistics: Statistics { result_count: 1, ..Statistics::default() },
        warnings: vec![],
    }
}

/// The refused query with a mark under what is wrong.
fn refused(query: &str, error: &QueryError) -> Failure {
    let place = error.location(query);
    let width = (place.end_char_offset - place.start_char_offset).max(1);
    let line: String = query.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let mark = format!("{}{}", " ".repeat(place.start_char_offset), "^".repeat(width));
    Failure::new(2, format!("{error}\n  {line}\n  {mark}"))
}

/// What was read, what could not be, and what is to be said of the query.
fn report(answer: &FilesAnswer, files: usize, spool: &Spool) {
    let QueryResult { statistics, warnings, .. } = &answer.result;
    say(format_args!(
        "{} rows; {} of {} records matched in {files} files",
        statistics.result_count, statistics.records_matched, statistics.records_scanned
    ));
    let warnings: BTreeSet<String> = warnings.iter().map(ToString::to_string).collect();
    warnings.iter().for_each(say);
    tell_odd(&answer.odd, spool);
    tell_unreadable(&answer.unreadable, spool);
    for line in &answer.broken {
        say(format_args!("no record: {}", spool.as_named(line.to_string())));
    }
    let more = answer.broken_count - answer.broken.len() as u64;
    if more > 0 {
        say(format_args!("no record: {more} more lines"));
    }
}

fn tell_odd(odd: &[Oddity], spool: &Spool) {
    let unknown = odd.iter().filter_map(|odd| match odd {
        Oddity::UnknownName(name) => Some(name.as_str()),
        Oddity::Swapped(_) => None,
    });
    let unknown: Vec<&str> = unknown.collect();
    if !unknown.is_empty() {
        say(format_args!("{}; what lines have there is not read", format::no_fields(unknown)));
    }
    for odd in odd {
        if let Oddity::Swapped(file) = odd {
            let file = spool.as_named(file.display().to_string());
            say(format_args!(
                "{file}: account-id has interfaces, interface-id has none; say with --format what lines have"
            ));
        }
    }
}

fn tell_unreadable(files: &[UnreadableFile], spool: &Spool) {
    for file in files {
        say(format_args!("not read: {}", spool.as_named(format!("{}: {}", file.file.display(), file.why))));
    }
}

/// A line on standard error; nobody need read it.
fn say(what: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_could_give_more_rows_are_limited() {
        let of_language = |query| is_limited(&plan(query, None).expect("a query"), Language::Insights);
        assert!(of_language("fields bytes"));
        assert!(of_language("stats count(*) by srcAddr | limit 10000"));
        assert!(!of_language("fields bytes | limit 20"));
        assert!(!of_language("fields bytes | limit 100000"));
        let statement = sql_plan("SELECT bytes FROM flows", None).expect("a statement");
        assert!(!is_limited(&statement, Language::Sql));
        assert!(!is_limited(&ppl_plan("fields bytes", None).expect("a query"), Language::Ppl));
    }

    #[test]
    fn bars_are_for_one_thing_counted_by_time() {
        let has_bars = |query| counts_by_time(&plan(query, None).expect("a query"));
        assert!(has_bars("stats count(*) by bin(1h)"));
        assert!(has_bars("stats count(*) by bin(1h) as t | sort t"));
        assert!(has_bars("filter action = 'REJECT' | stats sum(bytes) by bin(5m), srcAddr"));
        assert!(has_bars("stats sum(bytes) as b by datefloor(@timestamp, 1d)"));
        assert!(!has_bars("stats count(*), sum(bytes) by bin(1h)"));
        assert!(!has_bars("stats count(*) by srcAddr"));
        assert!(!has_bars("fields bin(1h)"));
    }

    #[test]
    fn first_words_tell_the_language() {
        for (query, language) in [
            ("SELECT a FROM b", Some(Language::Sql)),
            ("with a as (select b from c) select b from a", Some(Language::Sql)),
            ("source=a", Some(Language::Ppl)),
            (" SEARCH source = [lg:`a`] | head", Some(Language::Ppl)),
            ("SOURCE 'a' | limit 1", None),
            ("source", None),
            ("search", None),
            ("fields a", None),
        ] {
            assert_eq!(probable_language(query), language, "{query}");
        }
    }
}
