//! Contestants that take turns, so that whatever else the machine does happens to all of them.

use std::time::Instant;

/// How often each has its turn.
const TURNS: usize = 60;
/// Rounds of a turn.
const ROUNDS: usize = 40;

/// What is measured: one round, which gives nanoseconds a step.
pub struct Contestant<'a> {
    name: String,
    round: Box<dyn FnMut() -> f64 + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant called `name`.
    pub fn new(name: impl Into<String>, round: impl FnMut() -> f64 + 'a) -> Contestant<'a> {
        Contestant { name: name.into(), round: Box::new(round) }
    }
}

/// Lets all run in turns, prints the nanoseconds of each one's best round, and gives them in their order.
pub fn contest<const N: usize>(mut contestants: [Contestant; N]) -> [f64; N] {
    let mut best = [f64::MAX; N];
    for _ in 0..TURNS {
        for (contestant, best) in contestants.iter_mut().zip(&mut best) {
            for _ in 0..ROUNDS {
                *best = best.min((contestant.round)());
            }
        }
    }
    for (contestant, ns) in contestants.iter().zip(best) {
        show(&contestant.name, ns, "ns");
    }
    best
}

/// The nanoseconds that each of `count` steps of `work` took.
#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn time(count: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / count as f64
}

/// Prints a figure.
pub fn show(name: &str, value: f64, unit: &str) {
    println!("{name} {value:.2} {unit}");
}

/// Prints a figure and whether it is at most `goal`.
pub fn judge(name: &str, value: f64, unit: &str, goal: f64) {
    let outcome = if value <= goal { "reached" } else { "missed" };
    println!("{name} {value:.2} {unit}, goal {goal}: {outcome}");
}
