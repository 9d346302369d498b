//! Random commands, beside a map of keys to bytes and a listing made by filtering it.

use super::*;
use crate::{Listing, Select};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    Put(String, usize),
    Remove(String),
    Read(String, u64, u64),
    List(Select),
    Reopen,
}

/// Few letters, so that keys meet; delimiters, what is not ASCII, and what would be a path.
fn key() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof!["a", "b", "/", "..", "\u{0}", "\u{e9}", "\u{ffff}", "\u{1f600}", "%2F"],
        1..6,
    )
    .prop_map(|parts| parts.concat())
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![20 => 0..100_usize, 4 => Just(crate::INLINE_BYTES_MAX + 1), 1 => Just(300_000)]
}

fn select() -> impl Strategy<Value = Select> {
    let delimiter = prop_oneof![Just(""), Just("/"), Just("a"), Just("..")];
    (key(), delimiter, key(), 1..6_usize).prop_map(|(prefix, delimiter, after, limit)| Select {
        prefix: prefix.chars().take(2).collect(),
        delimiter: delimiter.into(),
        after,
        limit,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (key(), size()).prop_map(|(key, size)| Step::Put(key, size)),
        1 => key().prop_map(Step::Remove),
        2 => (key(), 0..400_000_u64, 0..400_000_u64).prop_map(|(key, start, len)| Step::Read(key, start, len)),
        3 => select().prop_map(Step::List),
        1 => Just(Step::Reopen),
    ]
}

fn body(key: &str, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at + key.len()) as u8).collect()
}

/// The keys and common prefixes of one page, each with whether it is a prefix, and whether there is more: S3's definition
/// read literally.
fn naive(map: &BTreeMap<String, Vec<u8>>, select: &Select) -> (Vec<(String, bool)>, bool) {
    let mut rows = BTreeSet::new();
    for key in map.keys() {
        let Some(rest) = key.strip_prefix(&select.prefix) else { continue };
        let cut = if select.delimiter.is_empty() { None } else { rest.find(&select.delimiter) };
        match cut {
            Some(at) => {
                let common = key[..select.prefix.len() + at + select.delimiter.len()].to_owned();
                // A common prefix that the listing already gave does not come again; one that begins before
                // the start does, if a key after the start has it.
                if key > &select.after && common != select.after {
                    rows.insert((common, true));
                }
            }
            None if key > &select.after => drop(rows.insert((key.clone(), false))),
            None => {}
        }
    }
    let has_more = rows.len() > select.limit;
    (rows.into_iter().take(select.limit).collect(), has_more)
}

fn rows(listing: &Listing) -> Vec<(String, bool)> {
    let keys = listing.objects.iter().map(|object| (object.key.clone(), false));
    let mut rows: Vec<_> =
        keys.chain(listing.common_prefixes.iter().map(|common| (common.clone(), true))).collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn buckets_do_what_a_map_does(steps in proptest::collection::vec(step(), 1..40)) {
        let disk = MemoryDisk::new();
        let mut buckets = Buckets::on(std::sync::Arc::new(disk.clone())).expect("buckets");
        with_bucket(&buckets);
        let mut map = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(key, size) => {
                    let bytes = body(&key, size);
                    put(&buckets, &key, &bytes);
                    map.insert(key, bytes);
                }
                Step::Remove(key) => {
                    let was_there = buckets.remove(BUCKET, &key, &Condition::Always).expect("removed");
                    prop_assert_eq!(was_there, map.remove(&key).is_some());
                }
                Step::Read(key, start, len) => {
                    let found = buckets.read(BUCKET, &key).ok().map(|(_, reader)| read(reader.range(start, len)));
                    let expected = map.get(&key).map(|bytes: &Vec<u8>| {
                        let rest = bytes.get(start as usize..).unwrap_or_default();
                        rest[..rest.len().min(len as usize)].to_vec()
                    });
                    prop_assert_eq!(found, expected);
                }
                Step::List(select) => {
                    let listing = buckets.list(BUCKET, &select).expect("a listing");
                    prop_assert_eq!((rows(&listing), listing.next.is_some()), naive(&map, &select), "{:?}", select);
                }
                Step::Reopen => {
                    drop(buckets);
                    buckets = Buckets::on(std::sync::Arc::new(disk.clone())).expect("the same buckets");
                }
            }
        }
        let large = map.values().filter(|bytes| bytes.len() > crate::INLINE_BYTES_MAX).count();
        prop_assert_eq!(file_count(&disk), large, "one file for each large object, and no other");
    }

    #[test]
    fn pages_together_are_the_whole(keys in proptest::collection::btree_set(key(), 0..30), limit in 1..5_usize, select in select()) {
        let buckets = Buckets::in_memory().expect("buckets");
        with_bucket(&buckets);
        keys.iter().for_each(|key| put(&buckets, key, b""));
        let whole = Select { after: String::new(), limit: 1000, ..select };
        let expected = rows(&buckets.list(BUCKET, &whole).expect("a listing"));
        let (mut found, mut after) = (vec![], Some(String::new()));
        while let Some(from) = after {
            let page = buckets.list(BUCKET, &Select { after: from, limit, ..whole.clone() }).expect("a page");
            found.extend(rows(&page));
            after = page.next;
        }
        prop_assert_eq!(found, expected);
    }
}
