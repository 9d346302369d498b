//! Programs that the tests run in network namespaces, from Debian where they are missing and we are root.

use crate::shell::{command, run};
use std::path::Path;

/// Each program and the package that has it.
const PROGRAMS: [(&str, &str); 3] = [("ping", "iputils-ping"), ("curl", "curl"), ("iperf3", "iperf3")];

/// Installs what is missing; the tests fail by name without it, so an ordinary user is told and nothing is done.
///
/// # Errors
/// The packages cannot be installed.
pub fn ensure() -> Result<(), String> {
    let missing: Vec<(&str, &str)> = PROGRAMS.into_iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() || !cfg!(target_os = "linux") {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    let list = packages.join(" ");
    if !is_root() {
        eprintln!("programs of the tests are missing; Debian's packages are: {list}");
        return Ok(());
    }
    eprintln!("programs of the tests are missing; installing Debian's {list}");
    run(&mut command("apt-get update -qq"))?;
    run(command("apt-get install -y -qq").args(packages))
        .map_err(|error| format!("{error}\nthe tests of network namespaces need {list}"))
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
