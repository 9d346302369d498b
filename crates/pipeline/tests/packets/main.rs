//! The pipeline from outside: tables of packets and their fates, and random networks against the oracle.

mod batches;
mod gateways;
mod limits;
mod net;
mod properties;
mod random;
mod rows;

use proptest::prelude::*;
use weir_pipeline::Reason;

macro_rules! fixtures {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../fixtures/packets/", $name)))),*]
    };
}

const NETS: &[(&str, &str)] = fixtures!(
    "two-tier.net"
    "peering.net"
    "tracking.net"
    "lists.net"
    "nat.net"
    "regional.net"
    "transit.net"
    "overlap.net"
    "endpoints.net"
    "six.net"
);
const TABLES: &[(&str, &str)] = fixtures!(
    "stages.txt"
    "routes.txt"
    "tracking.txt"
    "lists.txt"
    "nat.txt"
    "regional.txt"
    "transit.txt"
    "semantics.txt"
    "endpoints.txt"
    "sizes.txt"
);

#[test]
fn packets_meet_their_fates() {
    let rows: usize = TABLES.iter().map(|(_, table)| rows::check_table(table, NETS)).sum();
    assert!(rows >= 200, "only {rows} rows were read");
}

/// Reasons that need more than a packet and a network; `limits` has them.
const TOLD_ELSEWHERE: &[Reason] = &[Reason::UnknownPort, Reason::TableFull, Reason::NatPortsExhausted];

#[test]
fn every_reason_has_a_row() {
    for reason in Reason::ALL {
        let named = TABLES.iter().any(|(_, table)| table.contains(&format!("drop {reason:?} ")))
            || TABLES.iter().any(|(_, table)| table.contains(&format!("drop {reason:?}\n")));
        assert!(named || TOLD_ELSEWHERE.contains(reason), "no row ends in {reason:?}");
    }
}

/// Packets of a run, of which there are 256 unless `PROPTEST_CASES` says otherwise.
const STEPS: usize = 500;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// 128,000 packets, a million in `cargo xtask test`: every verdict, every explanation, every account.
    #[test]
    fn the_pipeline_and_the_oracle_agree(seed in any::<u64>().no_shrink()) {
        random::run(seed, STEPS);
    }
}
