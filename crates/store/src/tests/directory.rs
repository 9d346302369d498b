//! The store in a real directory, with its threads.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::{FLOW, add_group, key};
use crate::disk::FileDisk;
use crate::{Durability, Location, OpenError, Options, SealPolicy, Select, Store};

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("weir-store-{}-{name}", std::process::id()));
        Directory(path)
    }

    fn open(&self) -> Result<Store, OpenError> {
        let seal = SealPolicy { rows_max: 500, ..SealPolicy::default() };
        let options = Options { durability: Durability::Os, seal, ..Options::default() };
        Store::open(Arc::new(FileDisk::open(&self.0)?), options)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const WRITERS: usize = 4;
const BATCHES: i64 = 50;

fn write(store: &Store, writer: usize) {
    for batch in 0..BATCHES {
        let text = format!("{writer}-{batch}");
        let events = [(batch, text.as_str()), (86_400_000 + batch, FLOW), (batch, FLOW)];
        let ticket = store.append(&key("g"), ["a", "b"][writer % 2], events, batch).expect("is there");
        ticket.wait().expect("is durable");
    }
}

fn count_rows(store: &Store) -> usize {
    let rows = store.rows(&key("g"), Select::default()).expect("is there");
    let mut numbers: Vec<u64> = rows.map(|row| row.expect("is readable").sequence).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "a row twice");
    numbers.len()
}

/// How many rows there are, after checking that each writer's are in its order.
fn count(store: &Store) -> usize {
    let rows = store.rows(&key("g"), Select::default()).expect("is there");
    let rows: Vec<_> = rows.map(|row| row.expect("is readable")).collect();
    for writer in 0..WRITERS {
        let prefix = format!("{writer}-");
        let seen: Vec<_> = rows.iter().filter_map(|row| row.message.strip_prefix(&prefix)).collect();
        assert_eq!(seen, (0..BATCHES).map(|batch| batch.to_string()).collect::<Vec<_>>());
    }
    rows.len()
}

#[test]
fn what_many_writers_wrote_is_there_after_reopening() {
    let directory = Directory::new("writers");
    let store = directory.open().expect("is new");
    add_group(&store);
    let expected = WRITERS * BATCHES as usize * 3;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = store.clone();
            scope.spawn(move || write(&store, writer));
        }
        // A reader keeps looking meanwhile: it sees each row once, wherever the row is.
        while count_rows(&store) < expected {}
    });
    assert_eq!(count(&store), expected);
    drop(store);
    let store = directory.open().expect("is sound");
    assert_eq!(store.recovery().torn_bytes, 0);
    assert_eq!(count(&store), expected);
    store.seal().expect("the disk is sound");
    let scan = store.scan(&key("g"), i64::MIN, i64::MAX).expect("is there");
    for segment in &scan.segments {
        assert!(matches!(segment.location(), Ok(Location::File(path)) if path.is_file()), "{}", segment.path);
    }
    assert!(scan.batches().expect("is readable").is_empty());
    store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    store.seal().expect("the disk is sound");
    drop(scan);
    assert!(!directory.0.join("logs/aws_account_id=123456789010").exists());
}

#[test]
fn a_directory_is_held_by_one_store() {
    let directory = Directory::new("held");
    let store = directory.open().expect("is new");
    assert!(matches!(directory.open(), Err(OpenError::Held)));
    drop(store);
    directory.open().expect("is free again");
}
