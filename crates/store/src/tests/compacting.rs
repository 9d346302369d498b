//! Compaction: which segments are merged, and that no row is changed.

use std::sync::Arc;

use super::{FLOW, add_group, append, key, text};
use crate::disk::{Disk, MemoryDisk};
use crate::{Direction, Options, Select, Store, Work};

const DAY_MS: i64 = 86_400_000;

fn open(disk: &MemoryDisk) -> Store {
    let options = Options { work: Work::Caller, compact_min: 3, ..Options::default() };
    let store = Store::open(Arc::new(disk.clone()), options).expect("is sound");
    if store.group(&key("g")).is_none() {
        add_group(&store);
    }
    store
}

/// Appends events and seals them: one segment for each day and format among them.
fn segment(store: &Store, stream: &str, events: &[(i64, &str)]) {
    append(store, stream, events, 50);
    store.seal().expect("the disk is sound");
}

fn rows(store: &Store, direction: Direction) -> String {
    text(store.rows(&key("g"), Select { direction, ..Select::default() }).expect("is there"))
}

/// The rows of each segment by day and format.
fn segments(store: &Store) -> String {
    let scan = store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there");
    let mut shown: Vec<String> = scan
        .segments
        .iter()
        .map(|one| {
            let format = if one.format.is_some() { "flow" } else { "text" };
            format!("{}{format}:{}", one.min_ms.div_euclid(DAY_MS), one.rows)
        })
        .collect();
    shown.sort();
    shown.join(" ")
}

#[test]
fn small_segments_of_a_day_and_format_become_one() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    segment(&store, "a", &[(5, "one"), (7, FLOW), (DAY_MS, "tomorrow")]);
    segment(&store, "b", &[(3, "two"), (6, FLOW), (DAY_MS, "tomorrow")]);
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0flow:1 0flow:1 0text:1 0text:1 1text:1 1text:1");
    segment(&store, "a", &[(4, "three"), (5, "four")]);
    let before = (rows(&store, Direction::Forward), rows(&store, Direction::Backward));
    let bytes = store.group(&key("g")).expect("is there").stored_bytes;
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0flow:1 0flow:1 0text:4 1text:1 1text:1");
    assert_eq!((rows(&store, Direction::Forward), rows(&store, Direction::Backward)), before);
    assert_eq!(store.group(&key("g")).expect("is there").stored_bytes, bytes);
    assert_eq!(disk.list("logs").expect("is there").len(), 5);
    drop(store);
    let store = open(&disk);
    assert_eq!(store.recovery().orphans, 0);
    assert_eq!((rows(&store, Direction::Forward), rows(&store, Direction::Backward)), before);
}

#[test]
fn segments_are_merged_with_those_of_their_size() {
    let store = open(&MemoryDisk::new());
    let large = "x".repeat(4000);
    for _ in 0..2 {
        segment(&store, "a", &[(1, &large)]);
        segment(&store, "a", &[(1, "small")]);
    }
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0text:1 0text:1 0text:1 0text:1");
    segment(&store, "a", &[(1, "small")]);
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0text:1 0text:1 0text:3");
    let huge = "x".repeat(3 * 1024 * 1024);
    (0..3).for_each(|_| segment(&store, "a", &[(DAY_MS, &huge)]));
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0text:1 0text:1 0text:3 1text:1 1text:1 1text:1");
}

#[test]
fn expired_and_hidden_rows_stay_behind() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    segment(&store, "a", &[(1, "old"), (20, "kept")]);
    segment(&store, "b", &[(21, "out"), (21, "out")]);
    segment(&store, "a", &[(2, "old"), (22, "kept too")]);
    store.remove_stream(&key("g"), "b").expect("is there").wait().expect("is durable");
    store.set_retention(&key("g"), Some(1)).expect("is there").wait().expect("is durable");
    store.tick(DAY_MS + 10);
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "0text:2");
    assert_eq!(rows(&store, Direction::Forward), "20a:kept 22a:kept too");
    store.add_stream(&key("g"), "b", 1).expect("is new").wait().expect("is durable");
    append(&store, "b", &[(23, "new")], 60);
    assert_eq!(rows(&store, Direction::Forward), "20a:kept 22a:kept too 23b:new");
    // Nothing of a stream is left: its removal leaves no file at all.
    let store = open(&MemoryDisk::new());
    (0..3).for_each(|_| segment(&store, "b", &[(1, "removed")]));
    store.remove_stream(&key("g"), "b").expect("is there").wait().expect("is durable");
    store.compact().expect("the disk is sound");
    assert_eq!(segments(&store), "");
    assert!(store.inner.disk.list("logs").expect("is there").is_empty());
}

#[test]
fn a_scan_keeps_the_segments_it_has() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    ["one", "two", "six"].iter().for_each(|message| segment(&store, "a", &[(1, message)]));
    let scan = store.scan(&key("g"), 0, 100).expect("is there");
    store.compact().expect("the disk is sound");
    assert_eq!(disk.list("logs").expect("is there").len(), 4);
    assert_eq!(text(scan.rows().expect("is readable")), "1a:one 1a:two 1a:six");
    drop(scan);
    assert_eq!(disk.list("logs").expect("is there").len(), 1);
}

#[test]
fn time_compacts_what_it_has_sealed() {
    let store = open(&MemoryDisk::new());
    for minute in 1..=3 {
        append(&store, "a", &[(minute, "x")], minute * 100_000);
        store.tick(minute * 100_000 + 60_000);
    }
    assert!(store.fault().is_none());
    assert_eq!(segments(&store), "0text:3");
}

#[test]
fn a_damaged_segment_keeps_nothing_else_from_being_done() {
    let (disk, line) = (MemoryDisk::new(), "x".repeat(100));
    segment(&open(&disk), "a", &[(1, &line)]);
    let path = disk.list("logs").expect("is there").remove(0);
    disk.damage(&path, disk.read(&path).expect("is there").len() - 1);
    (0..2).for_each(|_| segment(&open(&disk), "a", &[(2, &line)]));
    // Each opening begins a file of the write-ahead log.
    (0..3).for_each(|_| append(&open(&disk), "a", &[(3, &line)], 50));
    let store = open(&disk);
    store.tick(100_000);
    let fault = store.fault().expect("a segment cannot be read");
    assert!(fault.to_string().contains("Parquet"), "{fault}");
    assert_eq!(segments(&store), "0text:1 0text:5");
    assert_eq!(disk.list("wal").expect("is there").len(), 1);
}
