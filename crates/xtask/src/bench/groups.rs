//! Queries over log groups: StartQuery to the last row, beside duckdb over the same segments.

use super::{Server, checked, files::QUERIES, median, weir_command};
use crate::clients::virtual_environment;
use crate::http::Connection;
use crate::shell::{command, output, root, run, target};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, UNIX_EPOCH};

const PEER: [&str; 1] = ["duckdb==2.0.1"];
const ROUNDS: usize = 5;
/// Events of one PutLogEvents: below 1 MiB with what each counts beside its text.
const BATCH: usize = 3500;
/// Rows that wait are sealed after a minute without more.
const IDLE: Duration = Duration::from_secs(65);

/// What else is asked of flow logs, and of JSON.
const OTHERS: [(&str, &str, &str); 4] = [
    ("flow", "newest", "fields @timestamp, @message | sort @timestamp desc | limit 20"),
    ("flow", "text", "filter @message like / 10\\.0\\.1\\./ | stats count(*) as n"),
    ("json", "levels", "stats count(*) as n by level | sort n desc"),
    (
        "json",
        "slow",
        "filter level = \"error\" and latency > 800 | stats count(*) as n by path | sort n desc, path | limit 10",
    ),
];

/// Measures over so many flow-log records, and a quarter of that in JSON.
///
/// # Errors
/// Something cannot be built or installed, a server does not start or refuses.
pub fn groups(records: usize) -> Result<String, String> {
    run(&mut command("cargo build --release --quiet --package weir"))?;
    let python = virtual_environment("files", &PEER)?.join("python");
    let data = target().join("bench-data/groups");
    // A folder that is not there is as good as one removed.
    let _ = std::fs::remove_dir_all(&data);
    let server = Server::start(weir_command(&data), 45660)?;
    let now = UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_secs();
    let mut connection = Connection::open(server.port)?;
    let mut random = Random(1);
    put(&mut connection, ("flow", now), records, |at| record(&mut random, now, at))?;
    put(&mut connection, ("json", now), records / 4, |_| json(&mut random))?;
    std::thread::sleep(IDLE);
    // The server has closed the other one meanwhile.
    let mut connection = Connection::open(server.port)?;
    let mut text = format!(
        "\n## groups, {records} flow-log records and {} events in JSON, beside {}\n\n\
         By `cargo xtask bench groups {records}`, medians of {ROUNDS} rounds, milliseconds: `weir` from StartQuery to the last\n\
         row, duckdb over the Parquet of the same segments, without the start of Python.\n\n\
         | group | query | weir | duckdb | duckdb to weir |\n|---|---|---:|---:|---:|\n",
        records / 4,
        PEER[0].replace("==", " "),
    );
    let of_files = QUERIES.iter().map(|(name, query)| ("flow", *name, *query));
    for (group, name, query) in of_files.chain(OTHERS) {
        let (mut ours, mut theirs) = (vec![], vec![]);
        let segments = data.join("logs/aws_account_id=000000000000/aws_region=us-east-1");
        let segments = segments.join(format!("log_group={group}"));
        for _ in 0..ROUNDS {
            ours.push(answered(&mut connection, (group, now), query)?);
            theirs.push(duckdb(&python, &segments, name)?);
        }
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        writeln!(text, "| {group} | {name} | {ours:.0} | {theirs:.0} | {:.2} |", theirs / ours)
            .expect("writing to a string");
    }
    Ok(text)
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }
}

fn record(random: &mut Random, now: u64, at: usize) -> String {
    let mut address = || format!("10.0.{}.{}", random.below(4), random.below(250));
    let (from, to) = (address(), address());
    let (port, bytes, packets) =
        (random.below(28_000) + 32_768, random.below(90_000) + 40, random.below(60) + 1);
    let to_port = [443, 443, 443, 80, 53, 22][random.below(6) as usize];
    let action = if random.below(9) == 0 { "REJECT" } else { "ACCEPT" };
    let start = now - 3600 + at as u64 % 3600;
    format!(
        "2 123456789012 eni-0a1b2c3d4e5f6{:04x} {from} {to} {port} {to_port} 6 {packets} {bytes} {start} {} {action} OK",
        random.below(500),
        start + 60
    )
}

fn json(random: &mut Random) -> String {
    let level = ["info", "info", "info", "warn", "error"][random.below(5) as usize];
    format!(
        r#"{{\"level\":\"{level}\",\"requestId\":\"{:016x}\",\"latency\":{},\"user\":{{\"id\":{}}},\"path\":\"/api/items/{}\",\"text\":\"a request was handled in time\"}}"#,
        random.below(u64::MAX),
        random.below(900),
        random.below(5000),
        random.below(200),
    )
}

/// Makes a group of events, whose messages stand in JSON as they are.
pub fn put(
    connection: &mut Connection,
    (group, now): (&str, u64),
    count: usize,
    mut message: impl FnMut(usize) -> String,
) -> Result<(), String> {
    let mut call = |operation: &str, body: &str| {
        checked(connection.json("logs", &format!("Logs_20140328.{operation}"), body.as_bytes()))
    };
    call("CreateLogGroup", &format!(r#"{{"logGroupName":"{group}"}}"#))?;
    call("CreateLogStream", &format!(r#"{{"logGroupName":"{group}","logStreamName":"one"}}"#))?;
    for first in (0..count).step_by(BATCH) {
        let ms = (now - 1800) * 1000 + first as u64 / 2;
        let event = |at: usize| format!(r#"{{"timestamp":{ms},"message":"{}"}}"#, message(at));
        let events: Vec<String> = (first..count.min(first + BATCH)).map(event).collect();
        let events = events.join(",");
        call(
            "PutLogEvents",
            &format!(r#"{{"logGroupName":"{group}","logStreamName":"one","logEvents":[{events}]}}"#),
        )?;
    }
    Ok(())
}

/// Milliseconds from StartQuery to the last row, as one sees it who asks again and again without a pause.
pub fn answered(connection: &mut Connection, (group, now): (&str, u64), query: &str) -> Result<f64, String> {
    let mut call = |operation: &str, body: &str| {
        checked(connection.json("logs", &format!("Logs_20140328.{operation}"), body.as_bytes()))
    };
    let query = query.replace('\\', "\\\\").replace('"', "\\\"");
    let (start, end) = (now - 7200, now + 7200);
    let ask = format!(
        r#"{{"logGroupName":"{group}","startTime":{start},"endTime":{end},"queryString":"{query}"}}"#
    );
    let started = Instant::now();
    let answer = call("StartQuery", &ask)?;
    let id = answer.split('"').nth(3).ok_or("StartQuery: no id")?;
    let ask = format!(r#"{{"queryId":"{id}"}}"#);
    loop {
        let answer = call("GetQueryResults", &ask)?;
        if answer.contains(r#""status":"Complete""#) {
            return Ok(started.elapsed().as_secs_f64() * 1e3);
        }
        if !answer.contains(r#""status":"Running""#) && !answer.contains(r#""status":"Scheduled""#) {
            return Err(format!("{query}: {answer}"));
        }
    }
}

/// Milliseconds that duckdb takes.
fn duckdb(python: &Path, segments: &Path, name: &str) -> Result<f64, String> {
    let script = root().join("crates/bench/peers.py");
    let line = output(Command::new(python).arg(script).args(["duckdb", "segments"]).arg(segments).arg(name))?;
    let seconds = line.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    seconds.map(|seconds| seconds * 1e3).ok_or_else(|| format!("duckdb says {line}"))
}
