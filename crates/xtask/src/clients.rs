//! Real clients against the release binary: the lab, the aws CLI, boto3, restarts, and Terraform where it is installed.
//!
//! The clients come from PyPI into a virtual environment below the target folder.

use crate::shell::{command, output, root, run, target};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The clients and their versions; moto is a bucket for a client of our own, deltalake reads what the log store exports.
const PACKAGES: [&str; 4] =
    ["awscli==1.45.11", "boto3==1.43.11", "deltalake==1.6.6", "moto[s3,server]==5.2.5"];

/// The script that takes longest, for it waits for flow logs: it begins first.
const LONGEST: &str = "test_lab_script.py";
/// Scripts at once.
const SIDE_BY_SIDE: usize = 2;

/// Runs the labs and every script under `tests/clients`.
///
/// # Errors
/// The first that fails.
pub fn test() -> Result<(), String> {
    run(Command::new(weir()).args(["lab", "peering"]))?;
    let bin = virtual_environment("clients", &PACKAGES)?;
    let python = bin.join("python");
    let waiting = Mutex::new(scripts()?);
    let failures = Mutex::new(vec![]);
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    // Side by side: clients mostly compute by themselves, one at a time. Each script has servers and folders of its own.
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(script) = next() {
                    let told = told(with_clients(Command::new(&python).arg(script), &bin));
                    failures.lock().unwrap_or_else(PoisonError::into_inner).extend(told.err());
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Runs a command and shows what it wrote when it has ended.
fn told(command: &mut Command) -> Result<(), String> {
    let started = Instant::now();
    let result = output(command);
    let text = result.as_ref().unwrap_or_else(|error| error);
    eprintln!("{}\n-- {:.0} s", text.trim_end(), started.elapsed().as_secs_f64());
    result.map(|_| ()).map_err(|error| error.lines().next().unwrap_or_default().to_owned())
}

/// The release binary.
pub fn weir() -> PathBuf {
    target().join("release").join("weir")
}

/// A virtual environment with these packages; its `bin` folder. Made once, kept for later runs.
///
/// # Errors
/// Python 3 with venv is not there, or a package cannot be installed.
pub fn virtual_environment(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = target().join("venv").join(name);
    let bin = folder.join("bin");
    if !bin.join("pip").exists() {
        ensure_python()?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    run(Command::new(bin.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))?;
    Ok(bin)
}

/// Python 3 with its venv module: from Debian when we are root and it is missing.
fn ensure_python() -> Result<(), String> {
    if output(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_ok() {
        return Ok(());
    }
    eprintln!("python3 with venv is missing; installing Debian's python3-venv");
    run(&mut command("apt-get update -qq"))?;
    run(&mut command("apt-get install -y -qq python3 python3-venv"))
        .map_err(|error| format!("{error}\nthe end-to-end tests need python3 with its venv module"))
}

fn with_clients<'a>(command: &'a mut Command, bin: &std::path::Path) -> &'a mut Command {
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("WEIR", weir()).env("PATH", format!("{}:{path}", bin.display())).current_dir(root())
}

fn scripts() -> Result<Vec<PathBuf>, String> {
    let folder = root().join("tests/clients");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut scripts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    scripts.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("test_") && name.ends_with(".py")
    });
    scripts.sort_by_key(|path| (path.ends_with(LONGEST), path.clone()));
    Ok(scripts)
}
