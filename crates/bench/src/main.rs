//! Flow-log files to measure by, and a hand-written scan of them: the least that a query over them can take.
//!
//! `weir-bench write FOLDER RECORDS` writes so many records as `.log.gz` and as Parquet, in AWS's layout, if they are not there.
//! `weir-bench scan FOLDER QUERY` answers one of the queries `q1`, `q2` and `q3` by code that does nothing else.
//! `cargo xtask bench files` runs both beside `weir insights` and its peers.

mod scan;
mod write;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: weir-bench write FOLDER RECORDS | weir-bench scan FOLDER q1|q2|q3";

/// What goes wrong: a folder or a file that is not as it has to be, a full disk.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("weir-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<String, Failure> {
    match words {
        ["write", folder, records] => {
            let records = records.parse().map_err(|_| format!("no number of records: {records}"))?;
            write::write(Path::new(folder), records).map(|()| String::new())
        }
        ["scan", folder, query] => scan::scan(Path::new(folder), query),
        _ => Err(USAGE.into()),
    }
}
