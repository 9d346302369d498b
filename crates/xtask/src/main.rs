//! Chores of the project: `cargo xtask test | tidy | mutants | fuzz | sim | bench`.
//!
//! `test` is the one command that proves a checkout: tidy, clippy, all tests, then the labs and real clients end to end.

mod bench;
mod clients;
mod http;
mod mutants;
mod programs;
mod shell;
mod steps;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  test          everything: tidy, clippy, unit tests, labs, aws CLI, boto3 and Terraform end to end
  test --quick  tidy, clippy and unit tests only
  test --clients
                the labs and real clients only
  tidy          the rules of the code that no compiler checks
  mutants [WORD…]
                makes the pipeline wrong in every way listed, or those whose sentence has a word: tests must notice
  fuzz          a million mutated packets through hosts and network, in a release build
  sim SEEDS | sim --seed SEED
                lives so many seeded worlds, or one whose log it prints
  bench [NAME…] speed beside named peers; prints ratios, writes bench/results";

fn sim(words: &[&str]) -> Result<(), String> {
    shell::run(shell::command("cargo run --quiet --package weir-sim --").args(words))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => steps::test(true),
        ["test", "--quick"] => steps::test(false),
        ["test", "--clients"] => steps::clients(),
        ["tidy"] => tidy::run(),
        ["mutants", words @ ..] => mutants::run(words),
        ["fuzz"] => steps::fuzz(),
        ["sim", words @ ..] => sim(words),
        ["bench", names @ ..] => bench::bench(names),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
