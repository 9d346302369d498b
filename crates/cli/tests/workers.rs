//! Workers as processes: a query on two of them, on one when the other is killed, and one that is stopped. In builds with
//! workers.

#![cfg(feature = "workers")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const QUERY: &str = "stats count(*) as n, sum(bytes) as b by srcAddr | sort b desc, srcAddr";

/// A command that stays, killed when this is dropped.
struct Running {
    child: Child,
    first_line: String,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Running {
        let mut command = weir(arguments);
        // What is killed leaves its folder.
        command.env("TMPDIR", folder).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).expect("text");
        let is_ready = stdout.lines().map_while(Result::ok).any(|line| line == "Ready.");
        assert!(is_ready, "{arguments:?}: {first_line}");
        Running { child, first_line }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn weir(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    weir(arguments).output().expect("the binary")
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().expect("a shell's program").success());
}

/// Waits until it has said what is to be done at SIGINT (proc(5), `SigCgt`).
fn wait_until_it_hears(child: &Child) {
    let begun = Instant::now();
    let hears = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let caught = status
            .lines()
            .find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
        caught.is_some_and(|signals| signals & 2 != 0)
    };
    loop {
        let does = hears();
        std::thread::sleep(Duration::from_millis(5));
        if does {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not wait for signals");
    }
}

/// Records of a sample as Parquet, its columns named as AWS names them.
fn write_parquet(path: &Path) {
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/fixtures/flow-logs/v2_records.log");
    let columns = r#"filter logStatus = "OK" | fields srcAddr as srcaddr, dstAddr as dstaddr, bytes, start, end, action"#;
    let written = output(&["insights", text, columns, "--output", "parquet"]);
    assert!(written.status.success(), "{written:?}");
    std::fs::write(path, written.stdout).expect("room on the disk");
}

#[test]
fn a_query_runs_on_processes_goes_on_when_one_is_killed_and_stops_at_ctrl_c() {
    let folder = std::env::temp_dir().join(format!("weir-workers-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("room on the disk");
    let file = folder.join("a.parquet");
    write_parquet(&file);
    let file = file.to_str().expect("a path of letters");
    let expected = output(&["insights", file, QUERY, "--output", "csv"]);
    assert!(expected.stdout.len() > "n,b,srcAddr".len() && expected.status.success(), "{expected:?}");

    let scheduler = Running::start(&folder, &["workers", "--count", "0", "--port", "0"]);
    let address = scheduler.first_line.strip_prefix("scheduler on ").and_then(|line| line.split(',').next());
    let address = address.unwrap_or_else(|| panic!("{}", scheduler.first_line));
    let on_workers = ["insights", "--workers", address, file, QUERY, "--output", "csv"];
    let none = output(&on_workers);
    let told = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(none.status.code() == Some(3) && told.contains("the scheduler has no worker"), "{told}");

    let mut workers =
        [(); 2].map(|()| Running::start(&folder, &["worker", "--scheduler", address, "--cores", "1"]));
    let begun = Instant::now();
    let ask = || loop {
        let answer = output(&on_workers);
        // A worker is known as soon as it has asked for work.
        if answer.status.code() != Some(3) || begun.elapsed() > Duration::from_secs(20) {
            return answer;
        }
    };
    let answer = ask();
    assert_eq!((&answer.stdout, answer.status.code()), (&expected.stdout, Some(0)), "{answer:?}");
    workers[0].child.kill().expect("it ran");
    let answer = ask();
    assert_eq!((&answer.stdout, answer.status.code()), (&expected.stdout, Some(0)), "{answer:?}");

    // A query that waits for a worker which does not move.
    signal(&workers[1].child, "STOP");
    let asked = weir(&on_workers).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    wait_until_it_hears(&asked);
    signal(&asked, "INT");
    let stopped = asked.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert_eq!((stopped.status.code(), told.as_str()), (Some(130), "weir: the query was stopped\n"));
    std::fs::remove_dir_all(folder).expect("the folder of this test");
}
