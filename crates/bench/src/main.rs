//! Flow-log files to measure by, and a hand-written scan of them: the least that a query over them can take.
//!
//! `weir-bench write FOLDER RECORDS` writes so many records as `.log.gz` and as Parquet, in AWS's layout, if they are not there.
//! `weir-bench scan FOLDER QUERY` answers one of the queries `q1`, `q2` and `q3` by code that does nothing else.
//! `cargo xtask bench files` runs both beside `weir insights` and its peers.

mod scan;
mod write;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", folder, records] => match records.parse() {
            Ok(records) => write::write(Path::new(folder), records),
            Err(_) => panic!("no number of records: {records}"),
        },
        ["scan", folder, query] => print!("{}", scan::scan(Path::new(folder), query)),
        _ => panic!("usage: weir-bench write FOLDER RECORDS | weir-bench scan FOLDER q1|q2|q3"),
    }
}
