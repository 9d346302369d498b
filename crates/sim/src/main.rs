//! `weir-sim SEEDS`, `weir-sim --seed N`: lives the first so many seeds, or one whose log it prints.

use std::process::ExitCode;

const USAGE: &str = "usage: weir-sim SEEDS | weir-sim --seed SEED";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--seed", seed] => seed.parse().map_err(|_| USAGE.to_owned()).and_then(show),
        [count] => count.parse().map_err(|_| USAGE.to_owned()).and_then(many),
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

fn show(seed: u64) -> Result<(), String> {
    let log = weir_sim::live(seed).map_err(|failure| failure.to_string())?;
    log.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn many(count: u64) -> Result<(), String> {
    let mut events = 0;
    for seed in 0..count {
        events += weir_sim::live(seed).map_err(|failure| failure.to_string())?.len();
    }
    println!("seeds: {count}, events: {events}");
    Ok(())
}
