//! Programs that tests and benches run, from Debian where they are missing and we are root.

use crate::shell::{command, run};
use std::path::Path;

/// A program and the package that has it.
type Program = (&'static str, &'static str);

/// Those of the tests.
pub const OF_TESTS: &[Program] = &[("ping", "iputils-ping"), ("curl", "curl"), ("iperf3", "iperf3")];

/// Those of the bench of namespaces.
pub const OF_BENCH: &[Program] = &[("iperf3", "iperf3"), ("nft", "nftables")];

/// What builds ISA-L.
const OF_ISAL: &[Program] = &[
    ("nasm", "nasm"),
    ("autoconf", "autoconf"),
    ("automake", "automake"),
    ("libtoolize", "libtool"),
    ("make", "make"),
];

/// These features, and that of ISA-L if what builds it is there or can be installed; else what is missing is told.
pub fn with_isal(features: &[&str]) -> String {
    if let Err(error) = ensure(OF_ISAL) {
        eprintln!("{error}");
    }
    let is_there = OF_ISAL.iter().all(|(program, _)| is_there(program));
    if !is_there {
        eprintln!("ISA-L is left out");
    }
    let isal: &[&str] = if is_there { &["weir/isal"] } else { &[] };
    [features, isal].concat().join(",")
}

/// Installs what is missing; tests fail by name without it, so an ordinary user is told and nothing is done.
///
/// # Errors
/// The packages cannot be installed.
pub fn ensure(programs: &[Program]) -> Result<(), String> {
    let missing: Vec<&Program> = programs.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() || !cfg!(target_os = "linux") {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    let list = packages.join(" ");
    if !is_root() {
        eprintln!("programs are missing; Debian's packages are: {list}");
        return Ok(());
    }
    eprintln!("programs are missing; installing Debian's {list}");
    run(&mut command("apt-get update -qq"))?;
    run(command("apt-get install -y -qq").args(packages))
        .map_err(|error| format!("{error}\ntests and benches use {list}"))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).exists())
}

/// Whether this process is root's: its own folder in `/proc` tells.
fn is_root() -> bool {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uid.is_some_and(|uid| uid.split_whitespace().nth(1) == Some("0"))
}
