//! The pipeline from outside: tables of packets and their fates, and random networks against the oracle.

mod net;
mod rows;

const NETS: &[(&str, &str)] = &[("two-tier.net", include_str!("../../fixtures/packets/two-tier.net"))];

#[test]
fn packets_meet_their_fates() {
    let tables = [include_str!("../../fixtures/packets/stages.txt")];
    let rows: usize = tables.iter().map(|table| rows::check_table(table, NETS)).sum();
    assert!(rows >= 20, "only {rows} rows were read");
}
