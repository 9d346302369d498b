//! Sealing and expiry: when they happen, what they leave.

use std::sync::Arc;

use super::{FLOW, add_group, append, key, store, text};
use crate::disk::{Disk, Fault, MemoryDisk};
use crate::{Direction, Location, Options, SealPolicy, Select, Store, Work, line};

const DAY_MS: i64 = 86_400_000;

#[test]
fn sealing_splits_by_format_and_day_and_changes_no_row() {
    let store = store();
    append(&store, "a", &[(DAY_MS + 5, "late"), (7, FLOW), (DAY_MS, FLOW)], 50);
    append(&store, "b", &[(7, "text"), (6, FLOW)], 50);
    let rows =
        |direction| text(store.rows(&key("g"), Select { direction, ..Select::default() }).expect("is there"));
    let before = (rows(Direction::Forward), rows(Direction::Backward));
    let bytes = store.group(&key("g")).expect("is there").stored_bytes;
    store.seal().expect("the disk is sound");
    assert_eq!((rows(Direction::Forward), rows(Direction::Backward)), before);
    let scan = store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there");
    assert!(scan.batches().expect("is readable").is_empty());
    let seen = scan.segments.iter().map(|one| (one.format.as_deref(), one.min_ms, one.max_ms, one.rows));
    let flow = Some(line::FLOW_LOG_DEFAULT);
    let expected =
        [(None, 7, 7, 1), (None, DAY_MS + 5, DAY_MS + 5, 1), (flow, 6, 7, 2), (flow, DAY_MS, DAY_MS, 1)];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(store.group(&key("g")).expect("is there").stored_bytes, bytes);
}

#[test]
fn a_scan_keeps_the_files_it_has_and_they_go_with_it() {
    let disk = MemoryDisk::new();
    let store = Store::open(Arc::new(disk.clone()), caller(SealPolicy::default())).expect("is sound");
    add_group(&store);
    append(&store, "a", &[(7, FLOW)], 50);
    store.seal().expect("the disk is sound");
    let scan = store.scan(&key("g"), 0, 100).expect("is there");
    store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    assert!(matches!(scan.segments[0].location(), Ok(Location::Memory(bytes)) if bytes.starts_with(b"PAR1")));
    assert_eq!(text(scan.rows().expect("is readable")), format!("7a:{FLOW}"));
    assert_eq!(disk.list("logs").expect("is there").len(), 1);
    drop(scan);
    assert!(disk.list("logs").expect("is there").is_empty());
}

fn caller(seal: SealPolicy) -> Options {
    Options { work: Work::Caller, seal, ..Options::default() }
}

/// Unsealed and sealed rows after some appends and ticks.
#[track_caller]
fn check(seal: SealPolicy, play: impl Fn(&Store), expected: (u64, u64)) {
    let store = Store::open(Arc::new(MemoryDisk::new()), caller(seal)).expect("is sound");
    add_group(&store);
    play(&store);
    let scan = store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there");
    let sealed = scan.segments.iter().map(|segment| segment.rows).sum();
    assert_eq!((scan.row_count() - sealed, sealed), expected);
    assert!(store.fault().is_none());
}

#[test]
fn rows_are_sealed_by_count_bytes_idleness_and_age() {
    let never = SealPolicy { rows_max: u64::MAX, bytes_max: u64::MAX, idle_ms: i64::MAX, age_ms: i64::MAX };
    let play = |store: &Store| {
        for now_ms in [1_000, 2_000, 3_000] {
            append(store, "a", &[(now_ms, "12345")], now_ms);
            store.tick(now_ms);
        }
    };
    check(never, play, (3, 0));
    check(SealPolicy { rows_max: 2, ..never }, play, (1, 2));
    check(SealPolicy { bytes_max: 3 * (5 + 26), ..never }, play, (0, 3));
    check(SealPolicy { age_ms: 1_000, ..never }, play, (1, 2));
    let idle = SealPolicy { idle_ms: 2_000, ..never };
    check(idle, play, (3, 0));
    check(
        idle,
        |store| {
            play(store);
            store.tick(5_000);
        },
        (0, 3),
    );
}

#[test]
fn expiry_removes_whole_segments_and_hides_the_rest() {
    let disk = MemoryDisk::new();
    let store = Store::open(Arc::new(disk.clone()), caller(SealPolicy::default())).expect("is sound");
    add_group(&store);
    append(&store, "a", &[(1, "old"), (DAY_MS + 1, "boundary"), (DAY_MS + 9, "kept")], 50);
    store.seal().expect("the disk is sound");
    append(&store, "a", &[(2, "old in memory"), (DAY_MS + 10, "new")], 60);
    store.set_retention(&key("g"), Some(1)).expect("is there").wait().expect("is durable");
    store.expire(2 * DAY_MS + 5).expect("the disk is sound");
    let rows = || text(store.rows(&key("g"), Select::default()).expect("is there"));
    let kept = format!("{}a:kept {}a:new", DAY_MS + 9, DAY_MS + 10);
    assert_eq!(rows(), kept);
    assert_eq!(disk.list("logs").expect("is there").len(), 1);
    store.seal().expect("the disk is sound");
    assert_eq!(rows(), kept);
    let scan = store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there");
    assert_eq!(scan.from_ms, DAY_MS + 5);
    assert_eq!(scan.segments.iter().map(|segment| segment.rows).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_segment_is_parquet_with_the_columns_of_flow_logs() {
    let store = store();
    append(&store, "a", &[(7, FLOW)], 50);
    store.seal().expect("the disk is sound");
    let scan = store.scan(&key("g"), 0, 100).expect("is there");
    let batch =
        scan.segments[0].batches().expect("is Parquet").next().expect("has rows").expect("is readable");
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type()));
    expect_test::expect![[r#"
        __ts Int64
        __ingest Int64
        __stream Dictionary(Int32, Utf8)
        __seq Int64
        message Utf8
        version Int32
        account_id Utf8
        interface_id Utf8
        srcaddr Utf8
        dstaddr Utf8
        srcport Int32
        dstport Int32
        protocol Int32
        packets Int64
        bytes Int64
        start Int64
        end Int64
        action Utf8
        log_status Utf8"#]]
    .assert_eq(&columns.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_log_of_many_files_is_sealed_away() {
    let disk = MemoryDisk::new();
    let open = || Store::open(Arc::new(disk.clone()), caller(SealPolicy::default())).expect("is sound");
    add_group(&open());
    // Each opening begins a file, and nothing is old enough to be sealed for itself.
    for now_ms in 0..5 {
        append(&open(), "a", &[(now_ms, "x")], now_ms);
    }
    let store = open();
    assert_eq!(store.recovery().frames, 8);
    append(&store, "a", &[(5, "x")], 5);
    store.tick(10_000);
    assert!(store.scan(&key("g"), 0, 100).and_then(|scan| scan.batches()).expect("is there").is_empty());
    assert_eq!(disk.list("wal").expect("is there").len(), 1);
    drop(store);
    assert_eq!(open().rows(&key("g"), Select::default()).expect("is there").count(), 6);
}

#[test]
fn what_expires_goes_before_anything_is_sealed() {
    let disk = MemoryDisk::new();
    let store = Store::open(Arc::new(disk.clone()), caller(SealPolicy::default())).expect("is sound");
    add_group(&store);
    store.set_retention(&key("g"), Some(1)).expect("is there").wait().expect("is durable");
    append(&store, "a", &[(1, "old")], 1);
    store.seal().expect("the disk is sound");
    append(&store, "a", &[(2 * DAY_MS, "new")], 2 * DAY_MS);
    // The catalog is told, and a file removed: then there is no room for a file.
    disk.set_fault(Some(Fault::Full(disk.steps() + 2)));
    store.tick(2 * DAY_MS + 60_000);
    assert!(store.fault().is_some());
    assert!(disk.list("logs").expect("is there").is_empty());
    assert_eq!(store.rows(&key("g"), Select::default()).expect("is there").count(), 1);
}
