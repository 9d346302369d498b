//! `weir workers` and `weir worker`, and queries that run on them.

use crate::arguments::{Worker as WorkerArguments, WorkerPlace, Workers};
use crate::{Failure, Outcome};
use std::net::SocketAddr;
use std::sync::Arc;
use weir_distributed::{Cluster, LOST_AFTER_S, Scheduler, Worker, WorkerOptions};
use weir_engine::{Engine, Options};

/// Parts into which a query on workers is cut: as many cores work for it.
const PARTS: usize = 16;

/// An engine whose plans run on the workers of the scheduler.
///
/// # Errors
/// There is no scheduler, or none of its workers lives.
pub fn engine(scheduler: &str) -> Result<Engine, Failure> {
    let cluster = Cluster::of(scheduler);
    let begin = "start both with weir workers";
    match cluster.workers() {
        Err(error) => {
            let why = format!("--workers {scheduler}: no scheduler answers: {error}; {begin}");
            return Err(Failure::new(Failure::NOT_RUNNING, why));
        }
        Ok(0) => {
            let why = format!("--workers {scheduler}: the scheduler has no worker; {begin}");
            return Err(Failure::new(Failure::NOT_RUNNING, why));
        }
        Ok(_) => {}
    }
    let options = Options { threads: PARTS, ..Options::default() };
    Engine::on_workers(options, Arc::new(cluster)).map_err(|error| Failure::from(error.to_string()))
}

/// Starts a scheduler and workers, and stays until stopped.
pub fn workers(arguments: &Workers) -> Outcome {
    let place = &arguments.place;
    let address = SocketAddr::new(place.host, arguments.port);
    let scheduler = Scheduler::start(address, LOST_AFTER_S)
        .map_err(|error| Failure::from(format!("a scheduler on {address}: {error}")))?;
    let address = scheduler.address();
    let cores = place.cores.unwrap_or_else(|| (cores() / arguments.count.max(1)).max(1));
    let mut workers = vec![];
    for _ in 0..arguments.count {
        workers.push(start(&address.to_string(), (place, 0, cores))?);
    }
    println!("scheduler on {address}, {} here, {cores} at a time each", count(workers.len(), "worker"));
    println!("  more       weir worker --scheduler {address}");
    println!("  ask        weir insights --workers {address} FILES… 'QUERY'");
    println!("Ready.");
    wait()
}

/// Starts a worker, and stays until stopped.
pub fn worker(arguments: &WorkerArguments) -> Outcome {
    let cores = arguments.place.cores.unwrap_or_else(cores);
    let worker = start(&arguments.scheduler, (&arguments.place, arguments.port, cores))?;
    println!("worker on {} of the scheduler {}, {cores} at a time", worker.address(), arguments.scheduler);
    println!("Ready.");
    wait()
}

fn start(scheduler: &str, (place, port, cores): (&WorkerPlace, u16, usize)) -> Result<Worker, Failure> {
    let memory_bytes = place.memory_mib << 20;
    let options = WorkerOptions { host: place.host, port, cores, memory_bytes };
    Worker::start(scheduler, &options)
        .map_err(|error| Failure::from(format!("a worker of the scheduler {scheduler}: {error}")))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Until Ctrl-C or SIGTERM: what was started is then dropped, temporary files with it.
fn wait() -> Outcome {
    let failed = |error: std::io::Error| Failure::from(format!("signals: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(crate::signals::asked_to_stop()).map_err(failed)?;
    Ok(0)
}
