//! `weir up`: serves until it is told to stop.

use crate::arguments::{ClockKind, ExportKind, Up};
use crate::clock::Clock;
use crate::complaint::complain;
use crate::host::Host;
use crate::hosts::{self, Hosts};
use crate::objects::BehindEndpoints;
use crate::queries::RunOnThreads;
use crate::remote::Remote;
use crate::server;
use crate::signals::asked_to_stop;
use crate::state::{State, Stored};
use crate::{Failure, Outcome};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use weir_api::{Cloud, Settings};
use weir_buckets::Buckets;
use weir_model::Ids;
use weir_s3::S3;
use weir_store::disk::FileDisk;
use weir_store::{Options, Store};

/// Names the data folder where the command line does not.
const DATA_VARIABLE: &str = "WEIR_DATA";
/// Where buckets are, in the data folder.
const BUCKETS: &str = "buckets";

/// Runs the command.
pub fn run(up: &Up) -> Outcome {
    if Remote::on(up.port).is_running() {
        println!("Already running: http://127.0.0.1:{}", up.port);
        return Ok(0);
    }
    warn_if_open(&up.host);
    hosts::prepare(up)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from(error.to_string()))?;
    let addresses: Vec<SocketAddr> = up.host.iter().map(|host| SocketAddr::new(*host, up.port)).collect();
    let listeners = runtime.block_on(server::bind(&addresses))?;
    // With --port 0 the system has chosen.
    let bound = listeners.first().and_then(|listener| listener.local_addr().ok());
    let port = bound.map_or(up.port, |address| address.port());
    let kept = Kept::open(up)?;
    let settings = settings(up)?;
    let s3 = s3(&settings, kept.buckets.clone());
    let mut cloud = cloud(settings, kept.logs, kept.stored)?;
    cloud.set_buckets(kept.buckets);
    cloud.set_s3(Box::new(BehindEndpoints(s3.clone())));
    let hosts = Hosts::add(&mut cloud, up, kept.folder.as_deref())?;
    let host = Host::new(cloud, clock(up.clock), kept.state);
    let switch = hosts.map(|hosts| hosts.carry(&host)).transpose()?;
    let driver = {
        let host = host.clone();
        std::thread::Builder::new().name("driver".into()).spawn(move || host.drive())
    };
    let driver = driver.map_err(|error| Failure::from(error.to_string()))?;
    announce(port, kept.folder.as_deref());
    runtime.spawn(stop_on_signal(host.clone()));
    runtime.block_on(server::serve(host.clone(), s3, listeners));
    // No packets from here on: who carries them holds the host.
    drop(switch);
    // The driver ends with the host; what it changed last is with the writer, which ends when nobody can hand in.
    let _ = driver.join();
    // Connections that are still open end with the runtime; the host goes last, and not in one of their tasks: it holds
    // the runtime of the queries, which must not be dropped there.
    drop(runtime);
    drop(host);
    if let Some(writer) = kept.writer {
        let _ = writer.join();
    }
    Ok(0)
}

/// What outlives the process, or nothing.
struct Kept {
    folder: Option<PathBuf>,
    state: Option<State>,
    stored: Vec<Stored>,
    writer: Option<JoinHandle<()>>,
    logs: Store,
    buckets: Buckets,
}

impl Kept {
    fn open(up: &Up) -> Result<Kept, Failure> {
        if up.ephemeral {
            let logs = Store::in_memory();
            let buckets = Buckets::in_memory().map_err(|error| Failure::from(error.to_string()))?;
            return Ok(Kept { folder: None, state: None, stored: vec![], writer: None, logs, buckets });
        }
        let folder = data_folder(up.data.as_deref())?;
        let failed = |error: &dyn std::fmt::Display| Failure::from(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        let (state, stored, writer) = State::open(&folder)?;
        let logs = open_logs(&folder, up.export)?;
        let buckets = Buckets::open(&folder.join(BUCKETS)).map_err(|error| failed(&error))?;
        let (folder, state, writer) = (Some(folder.clone()), Some(state), Some(writer));
        Ok(Kept { folder, state, stored, writer, logs, buckets })
    }
}

/// The log store in a data folder.
///
/// # Errors
/// It is in use by another process, or damaged.
pub fn open_logs(folder: &Path, export: Option<ExportKind>) -> Result<Store, Failure> {
    let disk = FileDisk::open(folder).map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::WouldBlock => "; stop it, or choose another folder with --data",
            _ => "",
        };
        Failure::from(format!("{}: {error}{advice}", folder.display()))
    })?;
    let options = Options { has_delta: export == Some(ExportKind::Delta), ..Options::default() };
    Store::open(Arc::new(disk), options).map_err(|error| Failure::from(error.to_string()))
}

/// Where data goes: the folder that the command line names, else `WEIR_DATA`, else `$XDG_DATA_HOME/weir` or
/// `~/.local/share/weir`. What is empty is not set.
///
/// # Errors
/// None of them is set.
pub fn data_folder(named: Option<&Path>) -> Result<PathBuf, Failure> {
    folder_of(named, |variable| std::env::var_os(variable))
}

fn folder_of(named: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Failure> {
    let set = |name: &str| variable(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    let named = named.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned);
    let usual = || {
        let data = set("XDG_DATA_HOME").map(|data| data.join("weir"));
        data.or_else(|| Some(set("HOME")?.join(".local/share/weir")))
    };
    named.or_else(|| set(DATA_VARIABLE)).or_else(usual).ok_or_else(|| {
        Failure::from("neither XDG_DATA_HOME nor HOME is set; name a folder with --data".to_owned())
    })
}

fn settings(up: &Up) -> Result<Settings, Failure> {
    let account = up.account.parse();
    let account =
        account.map_err(|_| Failure::new(2, format!("'{}' is not a 12-digit account", up.account)))?;
    Ok(Settings { seed: seed(), account, ..Settings::default() })
}

fn s3(settings: &Settings, buckets: Buckets) -> S3 {
    let Settings { account, region, seed, .. } = *settings;
    // The ids of the other services come from the seed itself.
    let seed = Ids::new(seed).bits();
    S3::new(buckets, weir_s3::Settings { account, region, seed })
}

fn cloud(settings: Settings, logs: Store, stored: Vec<Stored>) -> Result<Cloud, Failure> {
    let mut cloud = Cloud::new(settings, logs, Box::new(RunOnThreads::default()));
    for (kind, body) in stored {
        let known =
            cloud.restore(&kind, &body).map_err(|error| Failure::from(format!("stored {kind}: {error}")))?;
        if !known {
            return Err(Failure::from(format!("the state holds a {kind}, which this weir does not know")));
        }
    }
    Ok(cloud)
}

/// A seed that differs from start to start: the time and the process.
fn seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64 ^ u64::from(std::process::id()).rotate_left(32)
}

fn clock(kind: ClockKind) -> Clock {
    match kind {
        ClockKind::Real => Clock::real(),
        ClockKind::Virtual => Clock::virtual_start(),
    }
}

fn warn_if_open(hosts: &[IpAddr]) {
    if hosts.iter().any(|host| !host.is_loopback()) {
        eprintln!(
            "weir: listening beyond loopback: whoever reaches the port may do anything; keys are not checked"
        );
    }
}

fn announce(port: u16, folder: Option<&Path>) {
    let kept = folder.map_or_else(|| "nothing (ephemeral)".to_owned(), |folder| folder.display().to_string());
    println!("weir {} on http://127.0.0.1:{port}", env!("CARGO_PKG_VERSION"));
    println!("  keeps      {kept}");
    println!("  point a shell at it with");
    println!("             eval \"$(weir env --port {port})\"");
    println!("Ready.");
}

async fn stop_on_signal(host: Arc<Host>) {
    if let Err(error) = asked_to_stop().await {
        // Without it the process still ends at Ctrl-C, and nothing acknowledged is lost either way.
        return complain(format_args!("signals: {error}"));
    }
    host.stop();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_names_no_folder() {
        let folder = |named: Option<&str>, data: &str| {
            let set = [(DATA_VARIABLE, data), ("XDG_DATA_HOME", ""), ("HOME", "/home/me")];
            let variable = |name: &str| Some(set.iter().find(|(known, _)| *known == name)?.1.into());
            folder_of(named.map(Path::new), variable).ok()
        };
        let usual = Some("/home/me/.local/share/weir".into());
        assert_eq!([folder(None, ""), folder(Some(""), "")], [usual.clone(), usual]);
        assert_eq!(folder(None, "/data"), Some("/data".into()));
        assert_eq!(folder(Some("/named"), "/data"), Some("/named".into()));
    }
}
