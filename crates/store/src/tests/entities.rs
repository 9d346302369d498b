//! Entities of events: wherever the rows are, whatever happens to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FLOW, add_group, append, key};
use crate::disk::{FileDisk, MemoryDisk};
use crate::record::{self, ENTITY, SYSTEM_COLUMNS};
use crate::{Options, Scan, Select, Store, Work};

const DAY_MS: i64 = 86_400_000;

fn open(disk: &MemoryDisk, has_delta: bool) -> Store {
    let options = Options { work: Work::Caller, compact_min: 2, has_delta, ..Options::default() };
    Store::open(Arc::new(disk.clone()), options).expect("is sound")
}

fn append_of(store: &Store, entity: &str, events: &[(i64, &str)]) {
    let ticket = store.append_of(entity, (&key("g"), "a"), events.iter().copied(), 50);
    ticket.expect("the stream is there").wait().expect("is durable");
}

/// Timestamp and entity of each row, `-` for none.
fn entities(store: &Store) -> String {
    let rows =
        store.rows(&key("g"), Select::default()).expect("is there").map(|row| row.expect("is readable"));
    let row =
        |row: crate::Row| format!("{}{}", row.timestamp_ms % DAY_MS, row.entity.as_deref().unwrap_or("-"));
    rows.map(row).collect::<Vec<_>>().join(" ")
}

fn scan(store: &Store) -> Scan {
    store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there")
}

/// Whether each segment says that it has entities, after checking that it has the column if and only if it says so.
fn sealed(store: &Store) -> Vec<bool> {
    let segments = scan(store).segments;
    let mut said = vec![];
    for segment in segments {
        for batch in segment.batches().expect("is readable") {
            assert_eq!(record::has_entities(&batch.expect("is readable").schema()), segment.has_entities());
        }
        said.push(segment.has_entities());
    }
    said
}

#[test]
fn rows_keep_their_entities_wherever_they_are() {
    let disk = MemoryDisk::new();
    let store = open(&disk, false);
    add_group(&store);
    append(&store, "a", &[(1, "one"), (2, FLOW)], 50);
    append_of(&store, "x", &[(3, "two"), (4, FLOW)]);
    append_of(&store, "y", &[(5, FLOW), (6, "three")]);
    append(&store, "b", &[(7, "four")], 50);
    let expected = "1- 2- 3x 4x 5y 6y 7-";
    assert_eq!(entities(&store), expected);
    drop(store);
    let store = open(&disk, false);
    assert_eq!(entities(&store), expected);
    store.seal().expect("the disk is sound");
    assert_eq!((entities(&store), sealed(&store)), (expected.to_owned(), vec![true, true]));
    drop(store);
    let store = open(&disk, false);
    assert_eq!((entities(&store), sealed(&store)), (expected.to_owned(), vec![true, true]));
}

#[test]
fn segments_without_entities_are_as_they_were() {
    let disk = MemoryDisk::new();
    let store = open(&disk, false);
    add_group(&store);
    append(&store, "a", &[(1, "one"), (2, FLOW)], 50);
    // Another day, so that it is another segment.
    append_of(&store, "x", &[(DAY_MS + 3, "two")]);
    store.seal().expect("the disk is sound");
    assert_eq!(sealed(&store), [false, true, false]);
    let columns = |at: usize| {
        let batch = scan(&store).segments[at].batches().expect("is readable").next();
        let schema = batch.expect("has rows").expect("is readable").schema();
        schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
    };
    assert_eq!(columns(0), SYSTEM_COLUMNS);
    assert_eq!(columns(1).last().map(String::as_str), Some(ENTITY));
    assert_eq!(columns(2).last().map(String::as_str), Some("log_status"));
}

#[test]
fn merged_segments_keep_entities_as_long_as_there_are_any() {
    let disk = MemoryDisk::new();
    let store = open(&disk, false);
    add_group(&store);
    for step in 0..2 {
        append(&store, "b", &[(10 * step + 1, "one")], 50);
        store.seal().expect("the disk is sound");
        append_of(&store, "x", &[(10 * step + 2, "two")]);
        store.seal().expect("the disk is sound");
    }
    store.compact().expect("the disk is sound");
    assert_eq!((entities(&store), sealed(&store)), ("1- 2x 11- 12x".to_owned(), vec![true]));
    // Those of the removed stream stay behind, and the column with them.
    store.remove_stream(&key("g"), "a").expect("is there").wait().expect("is durable");
    append(&store, "b", &[(21, "three"), (22, "four"), (23, "five")], 50);
    store.seal().expect("the disk is sound");
    store.compact().expect("the disk is sound");
    assert_eq!((entities(&store), sealed(&store)), ("1- 11- 21- 22- 23-".to_owned(), vec![false]));
}

/// Entities take memory, too: rows of large ones are sealed before they take all of it.
#[test]
fn entities_count_as_memory() {
    let store = Store::in_memory();
    add_group(&store);
    let entity = "x".repeat(1024 * 1024);
    for ms in 0..15 {
        append_of(&store, &entity, &[(ms, "a")]);
        assert!(scan(&store).segments.is_empty(), "{ms}");
    }
    append_of(&store, &entity, &[(15, "a")]);
    assert_eq!((scan(&store).segments.len(), scan(&store).row_count()), (1, 16));
    let group = store.group(&key("g")).expect("is there");
    assert_eq!(group.stored_bytes, 16 * 27);
}

/// Segments are as large as what merging them takes.
#[test]
fn segments_of_large_entities_are_left_alone() {
    let disk = MemoryDisk::new();
    let store = open(&disk, false);
    add_group(&store);
    let seal_of = |length: usize| {
        append_of(&store, &"x".repeat(length), &[(1, "a"), (2, "b")]);
        append_of(&store, &"y".repeat(length), &[(3, "c")]);
        store.seal().expect("the disk is sound");
        store.compact().expect("the disk is sound");
        scan(&store).segments.iter().map(|segment| segment.entity_bytes).collect::<Vec<_>>()
    };
    let large = 2 * 1024 * 1024;
    assert_eq!(seal_of(large), [2 * (large as u64 + 4)]);
    assert_eq!(seal_of(large).len(), 2);
    assert_eq!(seal_of(100).len(), 3);
    // The small ones alone are merged.
    assert_eq!(seal_of(100), [2 * (large as u64 + 4), 2 * (large as u64 + 4), 2 * 104]);
}

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("room");
    for entry in std::fs::read_dir(from).expect("is there") {
        let entry = entry.expect("is readable");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("is known").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).expect("room")),
        }
    }
}

/// The fixture is what the version before entities has left of `append(a, [(1, one), (2, FLOW)])`, sealed, and
/// `append(b, [(3, two), (4, FLOW)])`, which is in the write-ahead log. To make it again, do so with the commit before that
/// which added this file.
#[test]
fn a_store_from_before_entities_is_read_and_goes_on() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/before-entities");
    let directory = Directory(std::env::temp_dir().join(format!("weir-store-{}-before", std::process::id())));
    copy(&fixture, &directory.0);
    let open = || {
        let options = Options { work: Work::Caller, compact_min: 2, ..Options::default() };
        Store::open(Arc::new(FileDisk::open(&directory.0).expect("is free")), options).expect("is sound")
    };
    let store = open();
    let rows =
        store.rows(&key("g"), Select::default()).expect("is there").map(|row| row.expect("is readable"));
    let rows: Vec<_> = rows.map(|row| (row.timestamp_ms, row.message, row.entity)).collect();
    let expected = [(1, "one"), (2, FLOW), (3, "two"), (4, FLOW)];
    assert!(rows.iter().map(|(ms, text, _)| (*ms, text.as_str())).eq(expected), "{rows:?}");
    append_of(&store, "x", &[(5, "3"), (6, FLOW)]);
    let expected = "1- 2- 3- 4- 5x 6x";
    assert_eq!((entities(&store), sealed(&store)), (expected.to_owned(), vec![false, false]));
    drop(store);
    let store = open();
    store.seal().expect("the disk is sound");
    store.compact().expect("the disk is sound");
    assert_eq!((entities(&store), sealed(&store)), (expected.to_owned(), vec![true, true]));
    drop(store);
    assert_eq!(entities(&open()), expected);
}

/// The Delta table has the column from the first segment on that has it.
#[test]
fn the_delta_table_has_entities_once_there_are_any() {
    let disk = MemoryDisk::new();
    let store = open(&disk, true);
    add_group(&store);
    let columns = || {
        let log = crate::disk::Disk::list(&disk, "logs/_delta_log").expect("is there");
        let commits = log.iter().map(|path| crate::disk::Disk::read(&disk, path).expect("is there"));
        let said: Vec<bool> =
            commits.map(|commit| String::from_utf8(commit).expect("text").contains(ENTITY)).collect();
        said
    };
    append(&store, "a", &[(1, "one")], 50);
    store.seal().expect("the disk is sound");
    assert_eq!(columns(), [false]);
    append_of(&store, "x", &[(DAY_MS + 2, "two")]);
    store.seal().expect("the disk is sound");
    append_of(&store, "y", &[(2 * DAY_MS + 3, "three")]);
    store.seal().expect("the disk is sound");
    // What is known of the table is not said again.
    assert_eq!(columns(), [false, true, false]);
}
