//! Queries on workers in this process, over loopback, beside the embedded engine.

mod compact;
mod errors;
mod flows;
mod stop;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use weir_engine::files::{Files, FilesAnswer, Options};
use weir_engine::{Engine, Options as EngineOptions};
use weir_insights::{ExecuteError, Reads, Run, Table, TimeRange, plan, ppl_plan, sql_plan};

use crate::{Cluster, LOST_AFTER_S, Scheduler, Worker, WorkerOptions};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Seconds until the worker that a test kills counts as lost.
const SOON_LOST_AFTER_S: u64 = 2;

/// A scheduler and workers on ports that the system chooses.
struct Machines {
    scheduler: Scheduler,
    workers: Vec<Worker>,
}

impl Machines {
    fn start(count: usize, cores: usize) -> Machines {
        Machines::with_memory(count, cores, 1 << 30)
    }

    fn with_memory(count: usize, cores: usize, memory_bytes: usize) -> Machines {
        Machines::with((count, cores), memory_bytes, LOST_AFTER_S)
    }

    /// Workers that count as lost so soon must not be busy with one piece for as long: a busy one is silent.
    fn with((count, cores): (usize, usize), memory_bytes: usize, lost_after_s: u64) -> Machines {
        let scheduler = Scheduler::start(SocketAddr::new(LOOPBACK, 0), lost_after_s).expect("a port");
        let options = WorkerOptions { host: LOOPBACK, port: 0, cores, memory_bytes };
        let worker = |_| Worker::start(&scheduler.address().to_string(), &options).expect("a port");
        let workers = (0..count).map(worker).collect();
        let machines = Machines { scheduler, workers };
        wait("the workers to be known", || machines.cluster().workers().ok() == Some(count));
        machines
    }

    fn cluster(&self) -> Cluster {
        Cluster::of(&self.scheduler.address().to_string())
    }

    fn engine(&self, threads: usize) -> Engine {
        let options = EngineOptions { threads, ..EngineOptions::default() };
        Engine::on_workers(options, Arc::new(self.cluster())).expect("threads")
    }
}

fn wait(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every query within the query reads the same files. The table `hosts` tells owners.
fn ask(
    engine: &Engine,
    files: &[PathBuf],
    query: &str,
    window: TimeRange,
) -> Result<FilesAnswer, ExecuteError> {
    let plan_of = match () {
        () if query.starts_with("SELECT") => sql_plan,
        () if query.starts_with("source = ") => ppl_plan,
        () => plan,
    };
    let plan = plan_of(query, None).unwrap_or_else(|error| panic!("{query}: {error}"));
    let run = Run { window, now_ms: 1_800_000_000_000, cancelled: &AtomicBool::new(false) };
    let own = &Files::new(files.to_vec(), Options::default());
    let inputs = vec![own; plan.inputs.len()];
    let table = |csv| Arc::new(Table::of_csv(csv).expect("a table"));
    let hosts = table("ip,owner\n10.0.0.0,a\n10.1.1.1,b\n10.1.2.2,a\n");
    let networks =
        table("cidr,name\n10.0.0.0/16,blue\n10.1.0.0/16,green\n10.1.2.0/24,red\n2001:db8::/32,six\n");
    let tables = BTreeMap::from([("hosts".to_owned(), hosts), ("networks".to_owned(), networks)]);
    engine.query_files(&plan, Reads { own, inputs: &inputs, tables: &tables }, run)
}

/// All the time, then some of it, and so on.
fn windows() -> impl Iterator<Item = TimeRange> {
    let some = TimeRange { start_ms: 1_767_225_700_000, end_ms: 1_767_226_700_000 };
    [TimeRange::ALL, some].into_iter().cycle()
}

fn queries() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/queries.txt"));
    let text = text.expect("a fixture");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Every other query over a part of the time; several at once.
#[test]
fn workers_answer_as_the_embedded_engine_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = flows::write(folder.path(), 6, 3_000);
    let machines = Machines::start(2, 2);
    let (engine, embedded) = (machines.engine(4), Engine::new(EngineOptions::default()).expect("threads"));
    let queries: Vec<(String, TimeRange)> = queries().into_iter().zip(windows()).collect();
    assert!(queries.len() > 30);
    let compare = |(query, window): &(String, TimeRange)| {
        let [expected, answer] = [&embedded, &engine].map(|engine| ask(engine, &files, query, *window));
        let expected = expected.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(!expected.result.rows.is_empty(), "{query}: no rows");
        match answer {
            Ok(answer) if answer == expected => None,
            answer => Some(format!("{query}\n  {answer:?}\n  {expected:?}\n")),
        }
    };
    let wrong: String = std::thread::scope(|scope| {
        let share = |queries| scope.spawn(move || Vec::from(queries).iter().filter_map(compare).collect());
        let shares: Vec<_> = queries.chunks(queries.len().div_ceil(4)).map(share).collect();
        shares.into_iter().map(|share| share.join().expect("no panic")).collect::<Vec<String>>().concat()
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// A plan without a file to read is one of no rows, not one that cannot be carried.
#[test]
fn workers_answer_where_no_file_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = flows::write(folder.path(), 3, 500);
    let machines = Machines::start(1, 2);
    let (engine, embedded) = (machines.engine(2), Engine::new(EngineOptions::default()).expect("threads"));
    let past = TimeRange { start_ms: 0, end_ms: 1 };
    let rows = [
        ("filter dstPort = 8443 | stats count(*)", TimeRange::ALL),
        ("filter srcAddr = 'x' | stats count(*) by action", TimeRange::ALL),
        ("filter dstPort = 8443 | sort bytes desc | limit 5", TimeRange::ALL),
        ("filter dstPort = 8443 | fields @message, bytes / packets as size | dedup size", TimeRange::ALL),
        ("filter vpcId = 'vpc-z' | stats pct(bytes, 50), sum(packets), latest(srcAddr)", TimeRange::ALL),
        ("stats count(*), sum(bytes)", past),
        ("stats count(*) by srcAddr", past),
        ("fields srcAddr | sort @timestamp desc", past),
        ("SELECT action, COUNT(*) FROM g WHERE dstPort = 8443 GROUP BY action ORDER BY 2", TimeRange::ALL),
    ];
    for files in [&files[..], &[]] {
        for (query, window) in rows {
            let [expected, answer] = [&embedded, &engine].map(|engine| ask(engine, files, query, window));
            assert!(expected.is_ok(), "{query}: {expected:?}");
            assert_eq!(answer, expected, "{query} over {} files", files.len());
        }
    }
}

/// A worker that holds rows which others wait for is killed: its folder is not empty while the query runs.
#[test]
fn a_lost_worker_loses_no_query() {
    const QUERY: &str =
        "stats sum(bytes) as b, count(*) as n by srcAddr, dstAddr | sort b desc, srcAddr, dstAddr | limit 50";
    let folder = tempfile::tempdir().expect("a folder");
    let files = flows::write(folder.path(), 24, 2_000);
    let embedded = Engine::new(EngineOptions::default()).expect("threads");
    let expected = ask(&embedded, &files, QUERY, TimeRange::ALL).expect("readable files");
    // On a machine that stands still for a moment the query may be over first: then it is asked again.
    let (machines, answer) = (0..5)
        .find_map(|_| {
            let mut machines = Machines::with((2, 1), 1 << 30, SOON_LOST_AFTER_S);
            let engine = machines.engine(12);
            let answer = std::thread::scope(|scope| {
                let asked = scope.spawn(|| ask(&engine, &files, QUERY, TimeRange::ALL));
                let held = machines.workers[0].folder().to_owned();
                let holds_rows =
                    || std::fs::read_dir(&held).is_ok_and(|mut entries| entries.next().is_some());
                wait("the worker to hold rows", holds_rows);
                if asked.is_finished() {
                    return None;
                }
                drop(machines.workers.remove(0));
                assert!(!held.exists());
                Some(asked.join().expect("no panic"))
            })?;
            Some((machines, answer))
        })
        .expect("a query that is not over before the worker is lost");
    assert_eq!(answer.expect("another worker"), expected);
    wait("the lost worker to be forgotten", || machines.cluster().workers().ok() == Some(1));
}

#[test]
fn text_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = flows::write(folder.path(), 1, 10);
    files.push(folder.path().join("a.log"));
    std::fs::write(&files[1], "version\n").expect("room on the disk");
    // Nobody listens there: it would be told if anything were run.
    let cluster = Cluster::of("127.0.0.1:1");
    let engine = Engine::on_workers(EngineOptions::default(), Arc::new(cluster)).expect("threads");
    let why = format!("{}: workers read Parquet only", files[1].display());
    assert_eq!(ask(&engine, &files, "stats count(*)", TimeRange::ALL), Err(ExecuteError::Source(why)));
}

#[test]
fn who_does_not_listen_is_no_scheduler() {
    assert!(Cluster::of("127.0.0.1:1").workers().is_err());
    let options = WorkerOptions { host: LOOPBACK, port: 0, cores: 1, memory_bytes: 1 << 20 };
    assert!(Worker::start("127.0.0.1:1", &options).is_err());
}
