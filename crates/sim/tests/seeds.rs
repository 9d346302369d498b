//! The first seeds live, and a seed lives the same life twice.

const SEEDS: u64 = 40;

#[test]
fn the_first_seeds_live() {
    for seed in 0..SEEDS {
        if let Err(failure) = weir_sim::live(seed) {
            panic!("{failure}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let log = |seed| weir_sim::live(seed).expect("it lives").join("\n");
    let first = log(7);
    assert!(first.lines().count() > 300, "{} events", first.lines().count());
    assert!(first == log(7), "another run of the same seed differs");
    assert!(first != log(8), "another seed gives the same events");
}
