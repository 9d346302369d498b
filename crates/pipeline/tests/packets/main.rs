//! The pipeline from outside: tables of packets and their fates, and random networks against the oracle.

mod net;
mod random;
mod rows;

use proptest::prelude::*;

const NETS: &[(&str, &str)] = &[("two-tier.net", include_str!("../../fixtures/packets/two-tier.net"))];

#[test]
fn packets_meet_their_fates() {
    let tables = [include_str!("../../fixtures/packets/stages.txt")];
    let rows: usize = tables.iter().map(|table| rows::check_table(table, NETS)).sum();
    assert!(rows >= 20, "only {rows} rows were read");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// 100,000 packets: every verdict, every explanation, every account.
    #[test]
    fn the_pipeline_and_the_oracle_agree(seed in any::<u64>().no_shrink()) {
        random::run(seed, 2_000);
    }
}
