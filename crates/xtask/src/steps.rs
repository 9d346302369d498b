//! `cargo xtask test`: the steps in order, with the time each took.

use crate::shell::{command, run};
use crate::{clients, tidy};
use std::time::Instant;

/// A step: its name and what it does.
type Step = (&'static str, fn() -> Result<(), String>);

/// Runs every step; the first that fails ends the run.
///
/// # Errors
/// The step that failed.
pub fn test(end_to_end: bool) -> Result<(), String> {
    let mut steps: Vec<Step> = vec![("tidy", tidy::run), ("clippy", clippy), ("unit tests", unit_tests)];
    if end_to_end {
        steps.push(("release build", release_build));
        steps.push(("end to end", clients::test));
    }
    let count = steps.len();
    for (name, step) in steps {
        let started = Instant::now();
        step().map_err(|error| format!("{error}\n\nfailed: {name}"))?;
        eprintln!("-- {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    println!("steps: {count} passed, 0 failed");
    Ok(())
}

fn clippy() -> Result<(), String> {
    run(&mut command("cargo clippy --workspace --all-targets --locked --quiet -- -D warnings"))
}

fn unit_tests() -> Result<(), String> {
    run(&mut command("cargo test --workspace --locked --quiet"))
}

fn release_build() -> Result<(), String> {
    run(&mut command("cargo build --release --locked --package weir"))
}
