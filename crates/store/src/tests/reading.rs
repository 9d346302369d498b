//! Rows: order, ranges, directions, places, streams.

use super::{FLOW, append, key, store, text};
use crate::{Direction, ReadError, Select, Streams};

#[test]
fn rows_come_by_timestamp_then_arrival() {
    let store = store();
    append(&store, "a", &[(20, "first"), (10, FLOW)], 50);
    append(&store, "b", &[(10, "third"), (20, "second")], 60);
    let rows = store.rows(&key("g"), Select::default()).expect("is there");
    assert_eq!(text(rows), format!("10a:{FLOW} 10b:third 20a:first 20b:second"));
    let backward = Select { direction: Direction::Backward, ..Select::default() };
    let rows = store.rows(&key("g"), backward).expect("is there");
    assert_eq!(text(rows), format!("20b:second 20a:first 10b:third 10a:{FLOW}"));
}

#[test]
fn a_selection_keeps_its_range_and_streams() {
    let store = store();
    append(&store, "a", &[(10, "x"), (20, "y"), (30, "z")], 50);
    append(&store, "b", &[(20, "w")], 50);
    let rows = |select| text(store.rows(&key("g"), select).expect("is there"));
    assert_eq!(rows(Select { from_ms: 20, to_ms: 30, ..Select::default() }), "20a:y 20b:w");
    let named = Streams::Named(["b".to_owned()].into());
    assert_eq!(rows(Select { streams: named, ..Select::default() }), "20b:w");
    assert_eq!(
        rows(Select { streams: Streams::Prefix("a".to_owned()), to_ms: 20, ..Select::default() }),
        "10a:x"
    );
    let missing = store.rows(&key("none"), Select::default());
    assert!(matches!(missing, Err(ReadError::NoGroup)));
}

#[test]
fn pages_go_on_where_the_last_one_ended_in_both_directions() {
    let store = store();
    append(&store, "a", &[(10, "p"), (10, "q"), (20, "r"), (30, "s")], 50);
    append(&store, "b", &[(10, "t"), (25, "u")], 50);
    for direction in [Direction::Forward, Direction::Backward] {
        let mut select = Select { direction, ..Select::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.page(&key("g"), select.clone(), 2, u64::MAX).expect("is readable");
            let last = if direction == Direction::Forward { page.last() } else { page.first() };
            let Some(last) = last else { break };
            select.after = Some(last.position());
            let messages: String = page.iter().map(|row| row.message.as_str()).collect();
            seen.push(messages);
        }
        let expected = if direction == Direction::Forward { ["pq", "tr", "us"] } else { ["us", "tr", "pq"] };
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_page_ends_before_its_bytes_pass_the_bound_but_has_one_row() {
    let store = store();
    append(&store, "a", &[(10, "1234"), (11, "1234"), (12, "1234")], 50);
    let count =
        |bytes_max| store.page(&key("g"), Select::default(), 10, bytes_max).expect("is readable").len();
    assert_eq!((count(60), count(59), count(1)), (2, 1, 1));
}

#[test]
fn rows_of_a_removed_stream_are_gone_even_if_it_is_added_again() {
    let store = store();
    append(&store, "a", &[(10, "x")], 50);
    append(&store, "b", &[(11, "y")], 50);
    store.remove_stream(&key("g"), "a").expect("is there").wait().expect("is durable");
    store.add_stream(&key("g"), "a", 60).expect("is new").wait().expect("is durable");
    append(&store, "a", &[(12, "z")], 70);
    assert_eq!(text(store.rows(&key("g"), Select::default()).expect("is there")), "11b:y 12a:z");
}

#[test]
fn an_append_of_nothing_is_done_at_once() {
    let store = store();
    append(&store, "a", &[], 50);
    assert!(store.rows(&key("g"), Select::default()).expect("is there").next().is_none());
}

#[test]
fn a_scan_is_of_one_moment() {
    let store = store();
    append(&store, "a", &[(10, "x")], 50);
    let scan = store.scan(&key("g"), 0, 100).expect("is there");
    append(&store, "a", &[(11, "y")], 50);
    store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    assert_eq!((scan.row_count(), scan.raw_bytes()), (1, 27));
    assert_eq!(text(scan.rows().expect("is readable")), "10a:x");
}

#[test]
fn many_small_appends_make_few_batches() {
    let store = store();
    for at in 0..500 {
        append(&store, "a", &[(at, FLOW)], at);
        store.scan(&key("g"), 0, i64::MAX).and_then(|scan| scan.batches()).expect("is there");
    }
    let scan = store.scan(&key("g"), 0, i64::MAX).expect("is there");
    let batches = scan.batches().expect("is readable");
    let rows: usize = batches.iter().map(|batch| batch.records.num_rows()).sum();
    assert_eq!((scan.row_count(), rows), (500, 500));
    assert!(batches.len() <= 10, "{}", batches.len());
}

#[test]
fn a_segment_of_many_row_groups_is_read_from_any_place_in_both_directions() {
    let store = store();
    let rows = 150_000i64;
    let events: Vec<(i64, String)> = (0..rows).map(|at| (at / 2, at.to_string())).collect();
    append(&store, "a", &events.iter().map(|(at, text)| (*at, text.as_str())).collect::<Vec<_>>(), 1);
    store.seal().expect("the disk is sound");
    for (from_ms, to_ms) in [(0, 10), (32_760, 32_780), (30_000, 70_000), (74_990, 80_000), (80_000, 90_000)]
    {
        let expected: Vec<String> = (from_ms * 2..(to_ms * 2).min(rows)).map(|at| at.to_string()).collect();
        for direction in [Direction::Forward, Direction::Backward] {
            let select = Select { from_ms, to_ms, direction, ..Select::default() };
            let rows = store.rows(&key("g"), select).expect("is there");
            let mut found: Vec<String> = rows.map(|row| row.expect("is readable").message).collect();
            if direction == Direction::Backward {
                found.reverse();
            }
            assert!(found == expected, "{from_ms}..{to_ms} {direction:?}: {} rows", found.len());
        }
    }
}
