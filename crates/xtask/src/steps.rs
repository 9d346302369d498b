//! `cargo xtask test`: the steps in order, with the time each took.

use crate::shell::{command, commit_count, run};
use crate::{clients, mutants, programs, tidy};
use std::process::Command;
use std::time::Instant;

/// Where proptest reads what to draw by. Another commit, or `cargo test` by itself, draws other cases.
const SEED: &str = "PROPTEST_RNG_SEED";

/// A step: its name and what it does.
type Step = (&'static str, fn() -> Result<(), String>);

/// Runs every step, or only those that need no release build.
///
/// # Errors
/// The step that failed.
pub fn test(end_to_end: bool) -> Result<(), String> {
    let mut steps = STEPS.to_vec();
    if end_to_end {
        steps.push(("mutants", mutants::sample));
        steps.push(("a million random packets", random_packets));
        steps.push(("a million hostile packets", fuzz));
        steps.extend(CLIENTS);
    }
    run_all(&steps)
}

/// Runs the labs and real clients against the release binary.
///
/// # Errors
/// The step that failed.
pub fn clients() -> Result<(), String> {
    run_all(&CLIENTS)
}

/// Throws a million mutated packets at the hosts and the network between them. A few seconds, beside the release build,
/// which compiles hosts and network in any case.
///
/// # Errors
/// The test that failed.
pub fn fuzz() -> Result<(), String> {
    run(&mut command(
        "cargo test --release --package weir-fabric --test fabric --locked --quiet mutated_packets_are",
    ))
}

const STEPS: [Step; 4] = [
    ("tidy", tidy::run),
    ("programs", || programs::ensure(programs::OF_TESTS)),
    ("build and clippy", build_and_lint),
    ("unit tests", unit_tests),
];
const CLIENTS: [Step; 2] = [("release build", release_build), ("end to end", clients::test)];

/// Runs steps in order; the first that fails ends the run.
fn run_all(steps: &[Step]) -> Result<(), String> {
    for (name, step) in steps {
        let started = Instant::now();
        step().map_err(|error| format!("{error}\n\nfailed: {name}"))?;
        eprintln!("-- {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    println!("steps: {} passed, 0 failed", steps.len());
    Ok(())
}

/// What the tests are made of, by clippy's compiler: one that lints what it compiles, so neither the workspace nor what it
/// stands on is read a second time for lints alone, which were seven minutes of a first run.
fn build_and_lint() -> Result<(), String> {
    run(&mut tests("--all-targets --no-run"))
}

fn unit_tests() -> Result<(), String> {
    run(tests("").env(SEED, commit_count()?.to_string()))
}

/// `cargo test` of the workspace, with clippy as `cargo clippy -- -D warnings` sets it up, and the features: a workspace builds
/// what workers need of DataFusion either way, and the release build, which clients are run against, is without ISA-L.
fn tests(options: &str) -> Command {
    let mut tests = command("cargo test --workspace --locked --quiet --features");
    tests.arg(programs::with_isal(&["weir/workers"]));
    tests.args(options.split_whitespace());
    tests.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
    tests.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    tests
}

/// Pipeline and oracle over 2,000 random networks of 500 packets. `unit_tests` takes some of them without optimization, which
/// finds overflow too.
fn random_packets() -> Result<(), String> {
    let mut tests = command(
        "cargo test --release --package weir-pipeline --test packets --locked --quiet the_pipeline_and",
    );
    run(tests.env("PROPTEST_CASES", "2000").env(SEED, commit_count()?.to_string()))
}

fn release_build() -> Result<(), String> {
    run(&mut command("cargo build --release --locked --package weir"))
}
