//! Whole numbers near the end of 64 bits.

use proptest::prelude::*;
use proptest::sample::select;
use weir_insights::{plan, sql_plan};

use super::Directory;
use super::world::{Sealing, World};

/// A record with so many bytes.
fn record((at, source, bytes): (usize, &str, i64)) -> (i64, String, String) {
    let line =
        format!("2 123456789010 eni-1 {source} 10.0.0.9 22 443 6 1 {bytes} 1418530010 1418530070 ACCEPT OK");
    (1_418_530_000_000 + at as i64 * 1000, "s".into(), line)
}

#[track_caller]
fn check(world: &World, query: &str, expected: &[&[&str]]) {
    let plan = if query.starts_with("SELECT") { sql_plan(query, None) } else { plan(query, None) };
    let plan = plan.expect("a query");
    for answer in [world.engine(&plan), world.naive(&plan)] {
        let answer = answer.expect("rows in memory");
        let rows: Vec<Vec<&str>> =
            answer.rows.iter().map(|row| row.values.iter().flatten().map(String::as_str).collect()).collect();
        assert_eq!(rows, expected, "{query}");
    }
}

#[test]
fn a_sum_is_whole_in_64_bits_and_a_double_beyond_them() {
    let great = (1 << 62) + 1;
    let bytes = [("10.0.0.1", great), ("10.0.0.2", great), ("10.0.0.1", great), ("10.0.0.3", 7)];
    let events: Vec<_> =
        bytes.into_iter().enumerate().map(|(at, (source, bytes))| record((at, source, bytes))).collect();
    let directory = Directory::new("great");
    for sealing in [Sealing::None, Sealing::Memory, Sealing::Files(directory.path())] {
        let world = World::new(&events, sealing);
        // 3 * (2^62 + 1) + 7, of which a double has 53 bits.
        check(&world, "stats sum(bytes)", &[&["13835058055282163712"]]);
        check(
            &world,
            "stats sum(bytes) as b by srcAddr | sort b desc | filter b > 7",
            &[&["10.0.0.1", "9223372036854775808"], &["10.0.0.2", "4611686018427387905"]],
        );
        check(
            &world,
            "stats sum(bytes) as b by srcAddr, action, dstPort | filter b = 7 | display b + 1",
            &[&["8"]],
        );
        check(
            &world,
            "stats sum(bytes) as b by srcAddr | stats sum(b), count(*)",
            &[&["13835058055282163712", "3"]],
        );
        check(&world, "SELECT SUM(DISTINCT bytes) FROM g", &[&["4611686018427387912"]]);
        check(
            &world,
            "SELECT srcAddr, SUM(bytes) OVER (ORDER BY `@timestamp`) AS b FROM g ORDER BY b",
            &[
                &["10.0.0.1", "4611686018427387905"],
                &["10.0.0.2", "9223372036854775808"],
                &["10.0.0.1", "13835058055282163712"],
                &["10.0.0.3", "13835058055282163712"],
            ],
        );
    }
}

#[test]
fn a_sum_of_whole_numbers_in_texts_is_whole_too() {
    let near = (1i64 << 53) + 1;
    let event = |at: i64, message: String| (1_418_530_000_000 + at * 1000, "s".to_string(), message);
    let events = [
        event(0, format!(r#"{{"n": {near}, "k": "a", "m": {{"n": {near}}}}}"#)),
        event(1, format!(r#"{{"n": "{near}", "k": "a"}}"#)),
        event(2, r#"{"n": "x", "k": "a"}"#.into()),
        event(3, format!(r#"{{"n": {}, "k": "b"}}"#, i64::MAX)),
        event(4, format!(r#"{{"n": {}, "k": "b"}}"#, i64::MAX)),
        event(5, format!(r#"{{"n": {near}, "k": "c"}}"#)),
        event(6, r#"{"n": 0.5, "k": "c"}"#.into()),
        event(7, r#"{"n": 1e300, "k": "d"}"#.into()),
        event(8, format!(r#"{{"n": {near}, "k": "e"}}"#)),
        event(9, format!(r#"{{"n": -{near}, "k": "e"}}"#)),
        event(10, r#"{"n": -1, "k": "e"}"#.into()),
    ];
    let directory = Directory::new("great-texts");
    for sealing in [Sealing::None, Sealing::Memory, Sealing::Files(directory.path())] {
        let world = World::new(&events, sealing);
        check(&world, "filter k = 'a' | stats sum(n)", &[&["18014398509481986"]]);
        check(&world, "stats sum(m.n)", &[&["9007199254740993"]]);
        check(
            &world,
            "filter k != 'd' | stats sum(n) as s by k | sort k",
            &[
                &["a", "18014398509481986"],
                &["b", "18446744073709551616"],
                &["c", "9007199254740992"],
                &["e", "-1"],
            ],
        );
        check(&world, "parse @message /\"n\": \"(?<p>\\d+)/ | stats sum(p)", &[&["9007199254740993"]]);
        check(&world, "filter k = 'a' | stats sum(n) as s by k | stats sum(s)", &[&["18014398509481986"]]);
        check(&world, "SELECT SUM(DISTINCT n) FROM g WHERE k = 'a'", &[&["9007199254740993"]]);
        check(
            &world,
            "SELECT SUM(n) OVER (ORDER BY `@timestamp`) AS s FROM g WHERE k = 'a' ORDER BY s",
            &[&["9007199254740993"], &["18014398509481986"], &["18014398509481986"]],
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn sums_of_great_numbers_are_those_of_the_interpreter(
        records in prop::collection::vec(
            (
                select(vec!["10.0.0.1", "10.0.0.2", "2001:db8::1"]),
                select(vec![i64::MAX, i64::MAX - 1, 1 << 62, (1 << 62) - 1, 1 << 53, (1 << 53) + 1, 60, 1]),
            ),
            0..12,
        ),
        query in select(vec![
            "stats sum(bytes)",
            "stats sum(bytes) as b by srcAddr",
            "stats sum(bytes) as b, count(*), sum(packets) by srcAddr, dstPort, action | sort b desc, srcAddr",
            "stats sum(bytes) as b by bin(3s) as t | stats sum(b), max(b), sum(t), count_distinct(b)",
            "stats sum(bytes) as b, count_distinct(srcAddr) by action",
            "stats sum(bytes) as b by srcAddr | filter b > 9007199254740992 | display b, srcAddr",
            "stats sum(toInt(bytes)), sum(toInt(bytes) = 60)",
            "parse @message / 1 (?<n>[0-9]+) / | stats sum(n) as b by srcAddr | stats sum(b), max(b)",
            "SELECT srcAddr, SUM(DISTINCT bytes), SUM(bytes) FROM g GROUP BY srcAddr",
            "SELECT srcAddr, SUM(bytes) OVER (PARTITION BY srcAddr ORDER BY `@timestamp`) FROM g",
        ]),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let events: Vec<_> =
            records.into_iter().enumerate().map(|(at, (source, bytes))| record((at, source, bytes))).collect();
        let world = World::new(&events, sealing);
        let plan = if query.starts_with("SELECT") { sql_plan(query, None) } else { plan(query, None) };
        let plan = plan.expect("a query");
        let [engine, naive] = [world.engine(&plan), world.naive(&plan)].map(|answer| answer.expect("rows in memory"));
        prop_assert_eq!(engine.rows, naive.rows, "{}", query);
    }
}
