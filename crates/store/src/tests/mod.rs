//! The store seen from outside.

mod compacting;
pub mod crash;
mod directory;
mod entities;
mod groups;
mod oracle;
mod reading;
mod sealing;

use crate::{GroupKey, NewGroup, Row, Rows, Store};

pub const FLOW: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
                    1418530070 ACCEPT OK";

pub fn key(name: &str) -> GroupKey {
    GroupKey::new("123456789010", "us-east-1", name)
}

/// A store with group `g` and its streams `a` and `b`.
fn store() -> Store {
    let store = Store::in_memory();
    add_group(&store);
    store
}

pub fn add_group(store: &Store) {
    store.add_group(&key("g"), NewGroup::default(), 1).expect("is new").wait().expect("is durable");
    for stream in ["a", "b"] {
        store.add_stream(&key("g"), stream, 1).expect("is new").wait().expect("is durable");
    }
}

pub fn append(store: &Store, stream: &str, events: &[(i64, &str)], now_ms: i64) {
    let ticket = store.append(&key("g"), stream, events.iter().copied(), now_ms);
    ticket.expect("the stream is there").wait().expect("is durable");
}

/// Timestamps, streams and messages as one text.
fn text(rows: Rows) -> String {
    let rows = rows.map(|row| row.expect("is readable"));
    rows.map(|row: Row| format!("{}{}:{}", row.timestamp_ms, row.stream, row.message))
        .collect::<Vec<_>>()
        .join(" ")
}
