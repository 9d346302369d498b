//! Log groups and log streams: what they are called, what is known about them, and how lists of them are paged.
//!
//! Names are kept as given: which characters are allowed is the API's business. Lists are in byte order of the name.
//! Source: CloudWatch Logs API Reference, `LogGroup` and `LogStream`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where a group lives and what it is called: unique in the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// The account that owns the group.
    pub account: String,
    /// The region the group is in.
    pub region: String,
    /// The group's name, unique in its account and region.
    pub name: String,
}

impl GroupKey {
    /// The key of group `name` of `account` in `region`.
    pub fn new(account: impl Into<String>, region: impl Into<String>, name: impl Into<String>) -> Self {
        GroupKey { account: account.into(), region: region.into(), name: name.into() }
    }
}

/// The log class of a group, fixed when it is added (CloudWatch Logs API Reference, `logGroupClass`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// All features.
    #[default]
    Standard,
    /// Cheaper, fewer features.
    InfrequentAccess,
    /// Only for delivery to other places.
    Delivery,
    /// The newest class, between the two first.
    Essentials,
}

/// What the caller chooses when a group is added.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// The log class.
    pub class: Class,
    /// The first tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the group and its streams refuse to be removed.
    pub is_protected: bool,
    /// The ARN of the key that is to encrypt it; nothing is encrypted.
    pub kms_key: Option<String>,
    /// Days an event is kept after its timestamp; `None` keeps it for ever.
    pub retention_days: Option<u32>,
}

/// What is known about a group at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Account, region and name.
    pub key: GroupKey,
    /// The log class.
    pub class: Class,
    /// When the group was added, in ms since 1970.
    pub created_ms: i64,
    /// Days an event is kept after its timestamp; `None` keeps it for ever.
    pub retention_days: Option<u32>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the group and its streams refuse to be removed.
    pub is_protected: bool,
    /// The ARN of the key that is to encrypt it; nothing is encrypted.
    #[serde(default)]
    pub kms_key: Option<String>,
    /// Bytes of all messages kept, each counted with [`EVENT_OVERHEAD_BYTES`].
    #[serde(skip)]
    pub stored_bytes: u64,
}

/// What each event counts beside its message (PutLogEvents, CloudWatch Logs API Reference).
pub const EVENT_OVERHEAD_BYTES: u64 = 26;

/// What is known about a stream at one moment. Times are in ms since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// The stream's name, unique in its group.
    pub name: String,
    /// When the stream was added.
    pub created_ms: i64,
    /// The smallest timestamp ever stored in it.
    pub first_event_ms: Option<i64>,
    /// The greatest timestamp ever stored in it.
    pub last_event_ms: Option<i64>,
    /// When events were last stored in it.
    pub last_ingestion_ms: Option<i64>,
    /// The sequence number of the last event stored in it, 0 before the first: material for an upload token.
    pub last_sequence: u64,
}

/// Which part of a list of names is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NamePage<'a> {
    /// Only names that begin so; empty for all.
    pub prefix: &'a str,
    /// Only names greater than this one: the last of the page before.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

impl Default for NamePage<'_> {
    /// All names.
    fn default() -> Self {
        NamePage { prefix: "", after: None, limit: usize::MAX }
    }
}

/// The order of a list of streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamOrder {
    /// By name.
    #[default]
    Name,
    /// By the greatest timestamp, then by name; streams without events first.
    LastEvent,
}

/// Which part of a list of streams is wanted, and in which order.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamPage<'a> {
    /// Only names that begin so; empty for all.
    pub prefix: &'a str,
    /// The order.
    pub order: StreamOrder,
    /// Whether the list runs backwards.
    pub is_descending: bool,
    /// Only streams behind this place in the list: the last of the page before.
    pub after: Option<StreamPlace<'a>>,
    /// At most so many; `None` for all.
    pub limit: Option<usize>,
}

/// A place in a list of streams, whether or not a stream is there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamPlace<'a> {
    /// The greatest timestamp of the stream; without meaning in a list by name.
    pub last_event_ms: Option<i64>,
    /// The stream's name.
    pub name: &'a str,
}
