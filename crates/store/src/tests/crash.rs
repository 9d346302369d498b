//! The disk fails or the machine stops at each step in turn: whatever was acknowledged is there, once and in order.

use std::sync::Arc;

use super::{FLOW, key, text};
use crate::disk::{Disk, Fault, MemoryDisk};
use crate::lock;
use crate::{NewGroup, OpenError, Options, Refused, SealError, Select, Store, Ticket, Work};

fn open(disk: &MemoryDisk) -> Store {
    try_open(disk).expect("is sound")
}

fn try_open(disk: &MemoryDisk) -> Result<Store, OpenError> {
    let options = Options { work: Work::Caller, compact_min: 2, ..Options::default() };
    Store::open(Arc::new(disk.clone()), options)
}

/// What a caller was told: each step of the story and whether it was acknowledged.
pub type Told = Vec<(&'static str, bool)>;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Groups, streams and events come, are sealed, expire and go.
pub fn story(store: &Store) -> Told {
    let g = key("g");
    let mut told = Told::new();
    let mut tell = |step, ticket: Result<Ticket, Refused>| {
        told.push((step, ticket.is_ok_and(|ticket| ticket.wait().is_ok())));
    };
    tell("group g", store.add_group(&g, NewGroup::default(), 1));
    tell("stream a", store.add_stream(&g, "a", 1));
    tell("stream b", store.add_stream(&g, "b", 1));
    tell("one", store.append(&g, "a", [(10, "one")], 5));
    tell("two", store.append_of("x", (&g, "a"), [(DAY_MS, FLOW), (20, "two")], 6));
    tell("sealed", housework(store.seal()));
    tell("three", store.append(&g, "b", [(15, "three")], 7));
    tell("no stream b", store.remove_stream(&g, "b"));
    tell("four", store.append(&g, "a", [(12, "four")], 8));
    tell("sealed", housework(store.seal()));
    tell("compacted", housework(store.compact()));
    tell("kept a day", store.set_retention(&g, Some(1)));
    tell("five", store.append(&g, "a", [(2 * DAY_MS, "five")], 9));
    tell("group h", store.add_group(&key("h"), NewGroup::default(), 1));
    tell("expired", housework(store.expire(DAY_MS + 100)));
    tell("turned", housework(tick(store, DAY_MS + 100)));
    tell("no group h", store.remove_group(&key("h")));
    // Too young to be sealed when the log gets a file.
    tell("six", store.append(&g, "a", [(2 * DAY_MS + 1, "six")], DAY_MS + HOUR_MS - 1_000));
    tell("turned", housework(tick(store, DAY_MS + HOUR_MS)));
    tell("sealed", housework(store.seal()));
    tell("compacted", housework(store.compact()));
    told
}

fn housework<E>(outcome: Result<(), E>) -> Result<Ticket, Refused> {
    // How it was refused does not matter here.
    outcome.map(|()| Ticket::done()).map_err(|_| Refused::NoGroup)
}

/// Has all housekeeping done that is due at `now_ms`.
fn tick(store: &Store, now_ms: i64) -> Result<(), Arc<SealError>> {
    store.tick(now_ms);
    store.fault().map_or(Ok(()), Err)
}

/// The paths of all segments that the store lists.
pub fn segments(store: &Store) -> Vec<String> {
    let state = lock(&store.inner.state);
    let segments = state.groups.values().flat_map(|entry| &entry.segments);
    let mut paths: Vec<String> = segments.map(|segment| segment.path.clone()).collect();
    paths.sort();
    paths
}

/// Checks what a store has that was told this story.
#[track_caller]
pub fn check(store: &Store, told: &Told, place: &str) {
    for path in segments(store) {
        assert!(store.inner.disk.locate(&path).is_ok(), "{place}: {path} is listed and missing");
    }
    let is_told = |step| told.iter().any(|(name, is_done)| *name == step && *is_done);
    assert!(store.group(&key("h")).is_none() || !is_told("no group h"), "{place}: group h is back");
    let Some(group) = store.group(&key("g")) else {
        return assert!(!is_told("group g"), "{place}: no group");
    };
    // Step, timestamp and message of each event, in order, and whether it is past. Those of step two are of an entity.
    let is_old = group.retention_days.is_some();
    store.tick(if is_old { DAY_MS + 100 } else { 100 });
    let events = [
        ("one", 10, "one", is_old),
        ("four", 12, "four", is_old),
        ("three", 15, "three", is_old || is_told("no stream b")),
        ("two", 20, "two", is_old),
        ("two", DAY_MS, FLOW, false),
        ("five", 2 * DAY_MS, "five", false),
        ("six", 2 * DAY_MS + 1, "six", false),
    ];
    let rows = store.rows(&key("g"), Select::default()).expect("is there");
    let rows: Vec<_> = rows
        .map(|row| row.expect("is readable"))
        .map(|row| (row.timestamp_ms, row.message, row.entity))
        .collect();
    let mut unseen = &rows[..];
    for (step, timestamp_ms, message, is_past) in events {
        let entity = (step == "two").then_some("x");
        let is_it = |row: &(i64, String, Option<Arc<str>>)| {
            (row.0, row.1.as_str(), row.2.as_deref()) == (timestamp_ms, message, entity)
        };
        let is_there = unseen.first().is_some_and(is_it);
        assert!(!(is_there && is_past), "{place}: {message} is still there: {rows:?}");
        // Its stream's removal may have happened without being acknowledged.
        let may_be_past = is_past || step == "three";
        assert!(
            is_there || may_be_past || !is_told(step),
            "{place}: {message} is missing: {rows:?} {told:?}"
        );
        unseen = &unseen[usize::from(is_there)..];
    }
    assert!(unseen.is_empty(), "{place}: too much: {rows:?} {told:?}");
}

fn steps_of_the_story() -> u64 {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    assert!(story(&store).iter().all(|(_, is_done)| *is_done));
    disk.steps()
}

#[test]
fn a_stop_at_any_step_loses_nothing_acknowledged() {
    for step in 0..=steps_of_the_story() {
        for luck in 0..2 {
            let disk = MemoryDisk::new();
            let store = open(&disk);
            disk.set_fault(Some(Fault::Stop(step)));
            let told = story(&store);
            let disk = disk.crash(step << 1 | luck);
            drop(store);
            let place = format!("step {step} luck {luck}");
            let reopened = open(&disk);
            assert_eq!(
                segments(&reopened),
                disk.list("logs").expect("is there"),
                "{place}: files and lists differ"
            );
            check(&reopened, &told, &place);
            drop(reopened);
            // Once more: what recovery did must survive too, and a sealed state as well as a replayed one.
            let store = open(&disk);
            store.seal().expect("the disk is sound");
            store.compact().expect("the disk is sound");
            check(&store, &told, &place);
            check(&open(&disk.crash(luck)), &told, &place);
        }
    }
}

#[test]
fn a_full_disk_at_any_step_is_told_and_loses_nothing_acknowledged() {
    for step in 0..=steps_of_the_story() {
        let disk = MemoryDisk::new();
        let store = open(&disk);
        disk.set_fault(Some(Fault::Full(step)));
        let told = story(&store);
        let place = format!("step {step}");
        check(&store, &told, &place);
        let disk = disk.crash(step);
        drop(store);
        check(&open(&disk), &told, &place);
    }
}

#[test]
fn a_full_disk_refuses_the_write_and_takes_the_next() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    super::add_group(&store);
    disk.set_fault(Some(Fault::Full(disk.steps())));
    let lost = store.append(&key("g"), "a", [(1, "lost")], 1).expect("the stream is there");
    assert_eq!(lost.wait(), Err(crate::WriteError::Disk(std::io::ErrorKind::StorageFull)));
    super::append(&store, "a", &[(2, "kept")], 1);
    assert_eq!(text(store.rows(&key("g"), Select::default()).expect("is there")), "2a:kept");
}

#[test]
fn a_stream_whose_write_failed_is_written_before_its_events() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    super::add_group(&store);
    disk.set_fault(Some(Fault::Full(disk.steps())));
    assert!(store.add_stream(&key("g"), "c", 1).expect("is new").wait().is_err());
    super::append(&store, "c", &[(2, "kept")], 1);
    let disk = disk.crash(0);
    drop(store);
    assert_eq!(text(open(&disk).rows(&key("g"), Select::default()).expect("is there")), "2c:kept");
}

#[test]
fn damage_of_acknowledged_events_is_reported() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    super::add_group(&store);
    drop(store);
    let path = disk.list("wal").expect("is there").remove(0);
    disk.damage(&path, 40);
    assert!(matches!(try_open(&disk), Err(OpenError::Damaged { .. })));
}

/// Whether any file of the disk has the word.
fn is_on_disk(disk: &MemoryDisk, word: &str) -> bool {
    let paths = ["logs", "wal"].map(|dir| disk.list(dir).expect("is there")).concat();
    paths.iter().any(|path| {
        let bytes = disk.read(path).expect("is there");
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    })
}

/// A group that keeps events for a day, one event told at noon of the first, and others that go on coming.
fn secret() -> (MemoryDisk, Store) {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    super::add_group(&store);
    store.set_retention(&key("g"), Some(1)).expect("is there").wait().expect("is durable");
    super::append(&store, "a", &[(DAY_MS / 2, "a secret")], DAY_MS / 2);
    assert!(is_on_disk(&disk, "secret"));
    (disk, store)
}

#[test]
fn what_has_expired_is_in_no_file_while_events_go_on_coming() {
    let (disk, store) = secret();
    store.add_group(&key("h"), NewGroup::default(), 1).expect("is new").wait().expect("is durable");
    store.add_stream(&key("h"), "a", 1).expect("is new").wait().expect("is durable");
    // Never idle, so that there are unsealed rows at any time.
    let mut files_max = 0;
    for now_ms in (DAY_MS / 2..DAY_MS * 3 / 2 + 2 * HOUR_MS).step_by(30_000) {
        let ticket = store.append(&key("h"), "a", [(now_ms, "x")], now_ms).expect("is there");
        ticket.wait().expect("is durable");
        tick(&store, now_ms).expect("the disk is sound");
        files_max = files_max.max(disk.list("wal").expect("is there").len());
    }
    assert!(!is_on_disk(&disk, "secret"));
    assert!((2..=4).contains(&files_max), "{files_max}");
}

#[test]
fn what_was_removed_is_in_no_file_while_nothing_comes() {
    let (disk, store) = secret();
    tick(&store, DAY_MS / 2 + 1_000).expect("the disk is sound");
    store.remove_stream(&key("g"), "a").expect("is there").wait().expect("is durable");
    tick(&store, DAY_MS / 2 + HOUR_MS).expect("the disk is sound");
    assert!(!is_on_disk(&disk, "secret"));
    let steps = disk.steps();
    tick(&store, DAY_MS).expect("the disk is sound");
    assert_eq!(disk.steps(), steps, "there is nothing to do");
}

#[test]
fn what_has_expired_is_in_no_file_soon_after_opening() {
    let (disk, store) = secret();
    store.seal().expect("the disk is sound");
    drop(store);
    let store = open(&disk);
    assert!(is_on_disk(&disk, "secret"));
    tick(&store, DAY_MS * 2).expect("the disk is sound");
    assert!(!is_on_disk(&disk, "secret"));
    // Numbers go on where they were, although no frame is left to tell them.
    drop(store);
    let store = open(&disk);
    super::append(&store, "a", &[(DAY_MS * 2, "kept")], DAY_MS * 2);
    store.seal().expect("the disk is sound");
    drop(store);
    let rows = open(&disk).rows(&key("g"), Select::default()).expect("is there");
    assert_eq!(text(rows), format!("{}a:kept", DAY_MS * 2));
}

#[test]
fn ids_and_numbers_are_never_given_twice() {
    let disk = MemoryDisk::new();
    for round in 0..3 {
        let store = open(&disk);
        super::add_group(&store);
        super::append(&store, "a", &[(round, "x")], round);
        store.seal().expect("the disk is sound");
        store.remove_stream(&key("g"), "a").expect("is there").wait().expect("is durable");
        store.add_stream(&key("g"), "a", 1).expect("is new").wait().expect("is durable");
        super::append(&store, "a", &[(round, "y")], round);
        assert_eq!(text(store.rows(&key("g"), Select::default()).expect("is there")), format!("{round}a:y"));
        store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    }
    assert_eq!(open(&disk).groups("123456789010", "us-east-1", Default::default(), |_| true), []);
}

/// A byte of a segment has changed on the disk: readers may be told of it, and no thread ends.
#[test]
fn damage_of_a_segment_is_no_end_of_a_thread() {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    super::add_group(&store);
    super::append(&store, "a", &[(1, FLOW), (2, FLOW), (3, FLOW)], 5);
    store.seal().expect("the disk is sound");
    let path = segments(&store).remove(0);
    let bytes = disk.read(&path).expect("is there").len();
    let read = || {
        let scan = store.scan(&key("g"), 0, 10).expect("is there");
        let all = scan.segments[0].batches().and_then(|batches| batches.collect::<Result<Vec<_>, _>>());
        let rows =
            store.rows(&key("g"), Select::default()).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
        (all.map(|all| all.iter().map(|batch| batch.num_rows()).sum()), rows.map(|rows| rows.len()))
    };
    let mut told = 0;
    for at in 0..bytes {
        disk.damage(&path, at);
        told += usize::from(read().0.is_err());
        disk.damage(&path, at);
    }
    assert!(told > bytes / 8, "{told} of {bytes}");
    assert!(matches!(read(), (Ok(3), Ok(3))));
}
