//! Queries over flow-log files: `weir insights` beside a hand-written scan, duckdb, polars and chdb.

use super::median;
use crate::clients::{virtual_environment, weir};
use crate::programs::with_isal;
use crate::shell::{command, output, root, run, target};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PEERS: [&str; 3] = ["duckdb", "polars", "chdb"];
const PACKAGES: [&str; 3] = ["duckdb==2.0.1", "polars==2.1.0", "chdb==4.4.0"];
const ROUNDS: usize = 3;
/// How often a running program is asked for its memory.
const LOOK: Duration = Duration::from_millis(5);

/// Top talkers, with millions of groups; a selective filter; few groups over all records.
pub const QUERIES: [(&str, &str); 3] = [
    ("q1", "stats sum(bytes) as total by srcAddr, dstAddr | sort total desc | limit 10"),
    (
        "q2",
        "filter action = \"REJECT\" and dstPort = 22 | stats count(*) as n by srcAddr | sort n desc, srcAddr | limit 10",
    ),
    ("q3", "stats count(*) as n by bin(5m) as at, action | sort at, action | limit 10000"),
];

/// Over `.log.gz`: to the hand-written scan, and how many times ahead of the best peer.
const SCAN_GOAL: f64 = 1.6;
const AHEAD_GOAL: f64 = 2.0;

/// Columns of the table: the scan by hand, `weir`, `weir` without ISA-L where it has it, the peers.
const SCAN: usize = 0;
const WEIR: usize = 1;
const WITHOUT_ISAL: usize = 2;
const FIRST_PEER: usize = 3;

/// Seconds and peak MiB of a program's runs.
#[derive(Clone, Default)]
struct Figures {
    seconds: Vec<f64>,
    mib: Vec<f64>,
}

/// Measures over so many records, written once below the target folder.
///
/// # Errors
/// Something cannot be built or installed, or a program fails.
pub fn files(records: usize) -> Result<String, String> {
    let without_isal = build()?;
    let bench = target().join("release/weir-bench");
    let python = virtual_environment("files", &PACKAGES)?.join("python");
    let folder = target().join(format!("bench-data/files-{records}"));
    run(Command::new(&bench).arg("write").arg(&folder).arg(records.to_string()))?;
    let mut text = format!(
        "\n## files, {records} records of the default format in 5-minute files, beside {}\n\n\
         By `cargo xtask bench files {records}`, medians of {ROUNDS} rounds.\n\
         Seconds: `weir` and the scan as whole processes, peers without the start of Python. In brackets peak MiB.\n\n\
         | files | query | scan by hand | weir{} | {} | weir to scan | best peer to weir |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        PACKAGES.join(", ").replace("==", " "),
        if without_isal.is_some() { ", with ISA-L | weir" } else { " | weir, with ISA-L" },
        PEERS.join(" | "),
    );
    let mut memory = vec![];
    for kind in ["gz", "parquet"] {
        for (name, query) in QUERIES {
            let programs = (bench.as_path(), without_isal.as_deref(), python.as_path());
            let figures = rounds(programs, &folder.join(kind), (kind, name, query))?;
            let medians: Vec<Option<(f64, f64)>> = figures
                .into_iter()
                .map(|figures| figures.map(|mut it| (median(&mut it.seconds), median(&mut it.mib))))
                .collect();
            writeln!(text, "{}", row(kind, name, &medians)).expect("writing to a string");
            if let ("q1", Some((_, ours)), Some((_, duckdb))) = (name, medians[WEIR], medians[FIRST_PEER]) {
                memory.push(format!("over {kind} {:.2}, goal 1: {}", ours / duckdb, reached(ours < duckdb)));
            }
        }
    }
    writeln!(text, "\nPeak memory of q1 to duckdb's: {}.", memory.join("; ")).expect("writing to a string");
    Ok(text)
}

/// Builds weir without ISA-L, and, where that can be built, with it: then gives where the one without it is.
fn build() -> Result<Option<PathBuf>, String> {
    let build = |features: &str| {
        // In one build, which resolves features as that of the product alone: DataFusion is compiled once for all.
        let mut build =
            command("cargo build --release --quiet --package weir --package weir-bench --features");
        run(build.arg(features))
    };
    build("")?;
    let isal = with_isal(&[]);
    if isal.is_empty() {
        return Ok(None);
    }
    let without_isal = target().join("release/weir-without-isal");
    std::fs::copy(weir(), &without_isal).map_err(|error| error.to_string())?;
    build(&isal)?;
    Ok(Some(without_isal))
}

/// By hand, by weir and by each peer, in turns.
fn rounds(
    (bench, without_isal, python): (&Path, Option<&Path>, &Path),
    folder: &Path,
    (kind, name, query): (&str, &str, &str),
) -> Result<Vec<Option<Figures>>, String> {
    let mut all = vec![None; FIRST_PEER + PEERS.len()];
    let mut add = |at: usize, (seconds, mib): (f64, f64)| {
        let figures: &mut Figures = all[at].get_or_insert_default();
        figures.seconds.push(seconds);
        figures.mib.push(mib);
    };
    for round in 0..ROUNDS {
        let mut by_hand = None;
        if kind == "gz" {
            let (rows, seconds, mib) = measured(Command::new(bench).arg("scan").arg(folder).arg(name))?;
            by_hand = Some(rows);
            add(SCAN, (seconds, mib));
        }
        let (rows, seconds, mib) = measured(Command::new(weir()).arg("insights").arg(folder).arg(query))?;
        if by_hand.is_some_and(|by_hand| name == "q1" && words(&by_hand) != words(without_head(&rows))) {
            return Err(format!("{name}: weir does not find what the scan by hand finds:\n{rows}"));
        }
        add(WEIR, (seconds, mib));
        if let (Some(without_isal), "gz") = (without_isal, kind) {
            let (_, seconds, mib) =
                measured(Command::new(without_isal).arg("insights").arg(folder).arg(query))?;
            add(WITHOUT_ISAL, (seconds, mib));
        }
        for (index, peer) in PEERS.iter().enumerate() {
            let script = root().join("crates/bench/peers.py");
            let line = output(Command::new(python).arg(script).args([peer, kind]).arg(folder).arg(name))?;
            let figures: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let [seconds, kib] = figures[..] else { return Err(format!("{peer} says {line}")) };
            add(FIRST_PEER + index, (seconds, kib / 1024.0));
        }
        eprintln!("files: {kind} {name}, round {} of {ROUNDS}", round + 1);
    }
    Ok(all)
}

/// What a program prints, its seconds from start to end, and its peak MiB as last seen.
fn measured(command: &mut Command) -> Result<(String, f64, f64), String> {
    let began = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    let mut pipe = child.stdout.take().ok_or("a pipe was asked for")?;
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut pipe, &mut text).map(|_| text)
    });
    let mut mib: f64 = 0.0;
    let status = loop {
        mib = mib.max(super::memory_mib(child.id(), "VmHWM:").unwrap_or(0.0));
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None => std::thread::sleep(LOOK),
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let text = reading.join().map_err(|_| "reading panicked")?.map_err(|error| error.to_string())?;
    if status.success() { Ok((text, seconds, mib)) } else { Err(format!("{command:?}: {status}")) }
}

fn without_head(rows: &str) -> &str {
    rows.split_once('\n').map_or("", |(_, rest)| rest)
}

fn words(rows: &str) -> Vec<&str> {
    rows.split_whitespace().collect()
}

/// A line of the table, of seconds and MiB.
fn row(kind: &str, name: &str, medians: &[Option<(f64, f64)>]) -> String {
    let cell = |figures: &Option<(f64, f64)>| {
        figures.map_or("-".to_owned(), |(seconds, mib)| format!("{seconds:.2} ({mib:.0})"))
    };
    let seconds = |at: usize| medians[at].map(|(seconds, _)| seconds);
    let ours = seconds(WEIR).unwrap_or(f64::NAN);
    let best = (FIRST_PEER..medians.len()).filter_map(seconds).fold(f64::INFINITY, f64::min);
    let to_scan = seconds(SCAN).map_or("-".to_owned(), |scan| {
        format!("{:.2}, goal {SCAN_GOAL}: {}", ours / scan, reached(ours / scan <= SCAN_GOAL))
    });
    let goal = if kind == "gz" { AHEAD_GOAL } else { 1.0 };
    let cells: Vec<String> = medians.iter().map(cell).collect();
    format!(
        "| {kind} | {name} | {} | {to_scan} | {:.2}, goal {goal}: {} |",
        cells.join(" | "),
        best / ours,
        reached(best / ours >= goal)
    )
}

fn reached(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "missed" }
}
