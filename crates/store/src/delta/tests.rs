//! What the log says, beside what the catalog lists.

use expect_test::{Expect, expect};

use super::*;
use crate::disk::{Fault, MemoryDisk};
use crate::tests::crash::{check, segments, story};
use crate::tests::{FLOW, add_group, append, key};
use crate::{Options, Store, Work};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

fn open_as(disk: &MemoryDisk, has_delta: bool) -> Store {
    let options = Options { work: Work::Caller, compact_min: 3, has_delta, ..Options::default() };
    Store::open(Arc::new(disk.clone()), options).expect("is sound")
}

fn open(disk: &MemoryDisk) -> Store {
    open_as(disk, true)
}

/// A store with a group, and its disk.
fn store() -> (Store, MemoryDisk) {
    let disk = MemoryDisk::new();
    let store = open(&disk);
    add_group(&store);
    (store, disk)
}

fn seal(store: &Store, events: &[(i64, &str)]) {
    append(store, "a", events, 50);
    store.seal().expect("the disk is sound");
}

fn told(disk: &MemoryDisk) -> Told {
    Told::read(disk).expect("a log")
}

/// What a commit adds.
fn added_by(disk: &MemoryDisk, version: u64) -> Vec<Add> {
    let commit = disk.read(&commit_path(version)).expect("a commit");
    let actions = action::parse(&commit).expect("actions").into_iter();
    actions.filter_map(|action| if let Action::Add(add) = action { Some(add) } else { None }).collect()
}

/// The paths that the log has.
fn logged(disk: &MemoryDisk) -> Vec<String> {
    told(disk).added.keys().map(|path| format!("{TABLE}/{}", path.replace("%25", "%"))).collect()
}

/// The names of the log's files.
fn names(disk: &MemoryDisk) -> Vec<String> {
    let paths = disk.list(LOG).expect("is there");
    paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.1.to_owned())).collect()
}

#[track_caller]
fn check_commit(disk: &MemoryDisk, version: u64, expected: Expect) {
    let commit = disk.read(&commit_path(version)).expect("a commit");
    // Neither the length of a file nor the version of the program is what is told here.
    let mut commit = String::from_utf8(commit).expect("text").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    for add in added_by(disk, version) {
        commit = commit.replace(&format!("\"size\":{}", add.size), "\"size\":SIZE");
    }
    expected.assert_eq(&commit);
}

#[test]
fn commits_say_what_came_and_went() {
    let (store, disk) = store();
    seal(&store, &[(DAY_MS + 7, "one")]);
    check_commit(
        &disk,
        0,
        expect![[r#"
            {"commitInfo":{"timestamp":50,"operation":"WRITE","engineInfo":"weir/VERSION"}}
            {"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
            {"metaData":{"id":"00000000-0000-8000-8000-000000000032","format":{"provider":"parquet","options":{}},"schemaString":"{\"fields\":[{\"metadata\":{},\"name\":\"aws_account_id\",\"nullable\":true,\"type\":\"string\"},{\"metadata\":{},\"name\":\"aws_region\",\"nullable\":true,\"type\":\"string\"},{\"metadata\":{},\"name\":\"log_group\",\"nullable\":true,\"type\":\"string\"},{\"metadata\":{},\"name\":\"day\",\"nullable\":true,\"type\":\"date\"},{\"metadata\":{},\"name\":\"__ts\",\"nullable\":true,\"type\":\"long\"},{\"metadata\":{},\"name\":\"__ingest\",\"nullable\":true,\"type\":\"long\"},{\"metadata\":{},\"name\":\"__stream\",\"nullable\":true,\"type\":\"string\"},{\"metadata\":{},\"name\":\"__seq\",\"nullable\":true,\"type\":\"long\"},{\"metadata\":{},\"name\":\"message\",\"nullable\":true,\"type\":\"string\"}],\"type\":\"struct\"}","partitionColumns":["aws_account_id","aws_region","log_group","day"],"configuration":{},"createdTime":50}}
            {"add":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000004.parquet","partitionValues":{"aws_account_id":"123456789010","aws_region":"us-east-1","day":"1970-01-02","log_group":"g"},"size":SIZE,"modificationTime":50,"dataChange":true,"stats":"{\"maxValues\":{\"__ts\":86400007},\"minValues\":{\"__ts\":86400007},\"nullCount\":{\"__ts\":0},\"numRecords\":1}"}}
        "#]],
    );
    seal(&store, &[(DAY_MS + 8, "two")]);
    seal(&store, &[(DAY_MS + 9, "three")]);
    store.compact().expect("the disk is sound");
    check_commit(
        &disk,
        3,
        expect![[r#"
            {"commitInfo":{"timestamp":50,"operation":"OPTIMIZE","engineInfo":"weir/VERSION"}}
            {"remove":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000004.parquet","deletionTimestamp":50,"dataChange":false}}
            {"remove":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000005.parquet","deletionTimestamp":50,"dataChange":false}}
            {"remove":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000006.parquet","deletionTimestamp":50,"dataChange":false}}
            {"add":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000007.parquet","partitionValues":{"aws_account_id":"123456789010","aws_region":"us-east-1","day":"1970-01-02","log_group":"g"},"size":SIZE,"modificationTime":50,"dataChange":false,"stats":"{\"maxValues\":{\"__ts\":86400009},\"minValues\":{\"__ts\":86400007},\"nullCount\":{\"__ts\":0},\"numRecords\":3}"}}
        "#]],
    );
    store.set_retention(&key("g"), Some(1)).expect("is there").wait().expect("is durable");
    store.expire(9 * DAY_MS).expect("the disk is sound");
    check_commit(
        &disk,
        4,
        expect![[r#"
            {"commitInfo":{"timestamp":777600000,"operation":"DELETE","engineInfo":"weir/VERSION"}}
            {"remove":{"path":"aws_account_id=123456789010/aws_region=us-east-1/log_group=g/day=1970-01-02/000000000007.parquet","deletionTimestamp":777600000,"dataChange":true}}
        "#]],
    );
    assert_eq!((logged(&disk), segments(&store)), (vec![], vec![]));
}

#[test]
fn columns_come_with_the_first_line_of_their_format() {
    let (store, disk) = store();
    let columns = || -> Vec<String> {
        let metadata = told(&disk).metadata.expect("metadata");
        let schema: serde_json::Value = serde_json::from_str(&metadata.schema_string).expect("JSON");
        let fields = schema["fields"].as_array().expect("fields").iter();
        fields.map(|field| format!("{} {}", field["name"], field["type"]).replace('"', "")).collect()
    };
    seal(&store, &[(1, "text")]);
    let plain = columns();
    let partitions = "aws_account_id string, aws_region string, log_group string, day date";
    assert_eq!(plain[..4].join(", "), partitions);
    let system = "__ts long, __ingest long, __stream string, __seq long, message string";
    assert_eq!(plain[4..].join(", "), system);
    let id = || told(&disk).metadata.expect("metadata").id;
    let before = id();
    seal(&store, &[(2, FLOW)]);
    let flow = columns();
    let (first, of_format) = flow.split_at(plain.len());
    assert_eq!((first, of_format.len()), (&plain[..], 14));
    assert_eq!(of_format[..3].join(", "), "version integer, account_id string, interface_id string");
    seal(&store, &[(3, "text")]);
    assert_eq!((columns(), id()), (flow, before));
}

#[test]
fn segments_that_went_stay_for_who_reads_the_state_before() {
    let (store, disk) = store();
    ["one", "two", "six"].iter().for_each(|message| seal(&store, &[(1, message)]));
    let before = logged(&disk);
    store.compact().expect("the disk is sound");
    let is_there = |path: &String| disk.locate(path).and_then(|found| found.open()).is_ok();
    assert!(before.iter().all(is_there) && logged(&disk).iter().all(is_there));
    store.tick(GRACE_MS + 49);
    assert!(before.iter().all(is_there));
    store.tick(GRACE_MS + 5_000);
    assert!(!before.iter().any(is_there) && logged(&disk).iter().all(is_there));
}

#[test]
fn what_a_group_had_goes_with_it() {
    let (store, disk) = store();
    let slashed = key("/vpc/100%");
    store.add_group(&slashed, crate::NewGroup::default(), 1).expect("is new").wait().expect("is durable");
    store.add_stream(&slashed, "a", 1).expect("is new").wait().expect("is durable");
    store.append(&slashed, "a", [(1, "x")], 50).expect("is there").wait().expect("is durable");
    seal(&store, &[(1, "one")]);
    let added = told(&disk).added;
    let names: Vec<_> = added.values().map(|add| add.partition_values["log_group"].as_str()).collect();
    assert_eq!(names, ["/vpc/100%", "g"]);
    let path = added.keys().next().expect("a segment");
    assert_eq!(path.split('/').nth(2), Some("log_group=%252Fvpc%252F100%2525"));
    assert_eq!(logged(&disk), segments(&store));
    // Removed and made anew.
    store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    add_group(&store);
    store.seal().expect("the disk is sound");
    assert_eq!((logged(&disk).len(), logged(&disk)), (1, segments(&store)));
    seal(&store, &[(1, "two")]);
    assert_eq!((logged(&disk).len(), logged(&disk)), (2, segments(&store)));
    // Stopped before the log could follow.
    store.remove_group(&slashed).expect("is there").wait().expect("is durable");
    let disk = disk.crash(0);
    drop(store);
    let store = open(&disk);
    store.seal().expect("the disk is sound");
    assert_eq!((logged(&disk).len(), logged(&disk)), (1, segments(&store)));
}

#[test]
fn a_log_that_is_not_continued_is_removed() {
    let (store, disk) = store();
    seal(&store, &[(1, "one")]);
    drop(store);
    let store = open_as(&disk, false);
    assert_eq!(disk.list("logs").expect("is there"), segments(&store));
    seal(&store, &[(1, "two")]);
    drop(store);
    let store = open(&disk);
    store.seal().expect("the disk is sound");
    store.tick(100_000);
    assert_eq!((logged(&disk), told(&disk).version), (segments(&store), Some(0)));
}

#[test]
fn checkpoints_stand_for_the_commits_before() {
    let (mut store, disk) = store();
    for at in 0..=2 * CHECKPOINT_EVERY as i64 + 1 {
        // Of a day each, so that none is compacted.
        seal(&store, &[(at * DAY_MS, if at % 7 == 0 { FLOW } else { "text" })]);
        if at == 60 {
            drop(store);
            store = open(&disk);
        }
    }
    let (names, told) = (names(&disk), told(&disk));
    assert_eq!(told.version, Some(2 * CHECKPOINT_EVERY + 1));
    assert_eq!(logged(&disk), segments(&store));
    let first = |ending: &str| names.iter().find(|name| name.ends_with(ending)).cloned();
    assert_eq!(first(".json"), Some(format!("{CHECKPOINT_EVERY:020}.json")));
    assert_eq!(first(".parquet"), Some(format!("{CHECKPOINT_EVERY:020}.checkpoint.parquet")));
    let last = disk.read(&format!("{LOG}/{LAST_CHECKPOINT}")).expect("is there");
    assert_eq!(String::from_utf8_lossy(&last), r#"{"size":103,"version":100}"#);
    // What a checkpoint says is what was committed.
    let path = checkpoint_path(2 * CHECKPOINT_EVERY);
    let actions = checkpoint::parse(disk.read(&path).expect("is there")).expect("a checkpoint");
    let mut again = Told::default();
    actions.into_iter().for_each(|action| again.apply(action));
    assert_eq!(again.metadata, told.metadata);
    assert!(again.added.iter().all(|(path, add)| told.added.get(path) == Some(add)));
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let (store, disk) = store();
    seal(&store, &[(1, FLOW)]);
    let actions: Vec<Action> = told(&disk).added.into_values().map(Action::Add).collect();
    let bytes = checkpoint::bytes(&actions).expect("a checkpoint");
    assert_eq!(checkpoint::parse(bytes.clone()).expect("a checkpoint"), actions);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        // Not every byte means something; none ends the thread.
        drop(checkpoint::parse(damaged));
        drop(checkpoint::parse(bytes[..at].to_vec()));
    }
    assert!(checkpoint::parse(vec![]).is_err());
}

/// The disk fails once, or for good, at each step in turn: the log says in the end what the catalog says.
#[test]
fn the_log_catches_up_whatever_fails() {
    let steps = {
        let disk = MemoryDisk::new();
        story(&open(&disk));
        disk.steps()
    };
    for step in 0..=steps {
        for is_stop in [false, true] {
            let disk = MemoryDisk::new();
            let mut store = open(&disk);
            disk.set_fault(Some(if is_stop { Fault::Stop(step) } else { Fault::Full(step) }));
            let acknowledged = story(&store);
            let place = format!("step {step} stop {is_stop}");
            check(&store, &acknowledged, &place);
            let mut disk = disk;
            if is_stop {
                disk = disk.crash(step);
                drop(store);
                store = open(&disk);
                check(&store, &acknowledged, &place);
            }
            store.tick(DAY_MS + 2 * HOUR_MS);
            assert!(store.fault().is_none(), "{place}");
            assert_eq!(logged(&disk), segments(&store), "{place}");
            assert!(logged(&disk).iter().all(|path| disk.read(path).is_ok()), "{place}");
        }
    }
}
