//! Groups and streams: adding, removing, changing and listing them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::error::Refused;
use crate::group::{Group, GroupKey, NamePage, NewGroup, Stream, StreamOrder, StreamPage, StreamPlace};
use crate::lock;
use crate::op::{GoneStream, NewStream, Op};
use crate::state::GroupState;
use crate::store::Store;
use crate::ticket::Ticket;

impl Store {
    /// Adds a group without streams.
    ///
    /// # Errors
    /// `GroupExists`, `TooManyGroups`.
    pub fn add_group(&self, key: &GroupKey, new: NewGroup, now_ms: i64) -> Result<Ticket, Refused> {
        self.inner.change(|state| {
            if state.groups.contains_key(key) {
                return Err(Refused::GroupExists);
            }
            // Those of one account and region are counted only where they may be too many.
            let max = self.inner.options.groups_max;
            if state.groups.len() >= max && state.group_count(key) >= max {
                return Err(Refused::TooManyGroups);
            }
            let group = Group {
                key: key.clone(),
                class: new.class,
                created_ms: now_ms,
                retention_days: new.retention_days,
                tags: new.tags,
                is_protected: new.is_protected,
                kms_key: new.kms_key,
                stored_bytes: 0,
            };
            let id = state.next_id();
            state.put_group(id, group.clone());
            Ok(vec![Op::PutGroup(id, Arc::new(group))])
        })
    }

    /// Removes a group with all its streams and events: at once for readers that begin later, and from the disk.
    ///
    /// # Errors
    /// `NoGroup`, `Protected`.
    pub fn remove_group(&self, key: &GroupKey) -> Result<Ticket, Refused> {
        self.inner.change(|state| {
            if state.groups.get(key).is_some_and(|entry| entry.group.is_protected) {
                return Err(Refused::Protected);
            }
            let id = state.take_group(key).ok_or(Refused::NoGroup)?;
            Ok(vec![Op::RemoveGroup(id)])
        })
    }

    /// The group of this key.
    pub fn group(&self, key: &GroupKey) -> Option<Group> {
        lock(&self.inner.state).groups.get(key).map(GroupState::group)
    }

    /// The groups of an account in a region that `page` asks for and `is_wanted` wants, by name.
    pub fn groups(
        &self,
        account: &str,
        region: &str,
        page: NamePage<'_>,
        is_wanted: impl Fn(&Group) -> bool,
    ) -> Vec<Group> {
        let first = page.after.filter(|after| *after > page.prefix).unwrap_or(page.prefix);
        let state = lock(&self.inner.state);
        let behind = state.groups.range(GroupKey::new(account, region, first)..).map(|(_, entry)| entry);
        let inside = behind.take_while(|entry| {
            let key = &entry.group.key;
            key.account == account && key.region == region && key.name.starts_with(page.prefix)
        });
        let inside = inside.filter(|entry| Some(entry.group.key.name.as_str()) != page.after);
        inside.map(GroupState::group).filter(is_wanted).take(page.limit).collect()
    }

    /// Keeps events for so many days after their timestamp, or for ever.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn set_retention(&self, key: &GroupKey, days: Option<u32>) -> Result<Ticket, Refused> {
        self.change_group(key, |group| group.retention_days = days)
    }

    /// Adds tags; those with the same keys are replaced.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn add_tags(&self, key: &GroupKey, tags: BTreeMap<String, String>) -> Result<Ticket, Refused> {
        self.change_group(key, |group| group.tags.extend(tags))
    }

    /// Removes the tags of these keys; keys without a tag are no error.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn remove_tags(&self, key: &GroupKey, keys: &[&str]) -> Result<Ticket, Refused> {
        self.change_group(key, |group| group.tags.retain(|tag, _| !keys.contains(&tag.as_str())))
    }

    /// Gives the group a key, or takes it away.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn set_kms_key(&self, key: &GroupKey, kms_key: Option<String>) -> Result<Ticket, Refused> {
        self.change_group(key, |group| group.kms_key = kms_key)
    }

    /// Makes the group and its streams refuse to be removed, or not.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn set_protection(&self, key: &GroupKey, is_protected: bool) -> Result<Ticket, Refused> {
        self.change_group(key, |group| group.is_protected = is_protected)
    }

    fn change_group(&self, key: &GroupKey, change: impl FnOnce(&mut Group)) -> Result<Ticket, Refused> {
        self.inner.change(|state| {
            let entry = state.groups.get_mut(key).ok_or(Refused::NoGroup)?;
            change(&mut entry.group);
            state.dirty.insert(entry.id);
            Ok(vec![Op::PutGroup(entry.id, Arc::new(entry.group.clone()))])
        })
    }

    /// Adds an empty stream.
    ///
    /// # Errors
    /// `NoGroup`, `StreamExists`.
    pub fn add_stream(&self, group: &GroupKey, name: &str, now_ms: i64) -> Result<Ticket, Refused> {
        self.inner.change(|state| {
            let id = state.next_id();
            let entry = state.groups.get_mut(group).ok_or(Refused::NoGroup)?;
            if entry.streams.contains_key(name) {
                return Err(Refused::StreamExists);
            }
            entry.put_stream(id, Stream::new(name, now_ms));
            state.dirty.insert(entry.id);
            let new = NewStream { group: entry.id, id, name: name.to_owned(), created_ms: now_ms };
            Ok(vec![Op::PutStream(Arc::new(new))])
        })
    }

    /// Removes a stream with its events: at once for readers that begin later.
    ///
    /// # Errors
    /// `NoGroup`, `NoStream`, `Protected`.
    pub fn remove_stream(&self, group: &GroupKey, name: &str) -> Result<Ticket, Refused> {
        self.inner.change(|state| {
            let before_sequence = state.last_sequence + 1;
            let entry = state.groups.get_mut(group).ok_or(Refused::NoGroup)?;
            let id = entry.streams.get(name).ok_or(Refused::NoStream)?.id;
            if entry.group.is_protected {
                return Err(Refused::Protected);
            }
            let gone = GoneStream { group: entry.id, id, before_sequence };
            state.take_stream(&gone);
            Ok(vec![Op::RemoveStream(Arc::new(gone))])
        })
    }

    /// The stream of this name.
    pub fn stream(&self, group: &GroupKey, name: &str) -> Option<Stream> {
        lock(&self.inner.state).groups.get(group)?.streams.get(name).map(|entry| entry.stream.clone())
    }

    /// The streams of a group that `page` asks for, in its order.
    ///
    /// # Errors
    /// `NoGroup`.
    pub fn streams(&self, group: &GroupKey, page: StreamPage<'_>) -> Result<Vec<Stream>, Refused> {
        let state = lock(&self.inner.state);
        let entry = state.groups.get(group).ok_or(Refused::NoGroup)?;
        let range = (Bound::Included(page.prefix), Bound::Unbounded);
        let streams = entry.streams.range::<str, _>(range).map(|(_, entry)| &entry.stream);
        let mut streams: Vec<&Stream> =
            streams.take_while(|stream| stream.name.starts_with(page.prefix)).collect();
        if page.order == StreamOrder::LastEvent {
            streams.sort_by_key(|stream| stream.place(page.order));
        }
        if page.is_descending {
            streams.reverse();
        }
        let after = page.after.map(|after| after.in_order(page.order));
        let is_behind = |stream: &&Stream| {
            let place = stream.place(page.order);
            after.is_none_or(|after| if page.is_descending { place < after } else { place > after })
        };
        let streams = streams.into_iter().filter(is_behind);
        Ok(streams.take(page.limit.unwrap_or(usize::MAX)).cloned().collect())
    }
}

impl Stream {
    pub(crate) fn new(name: &str, created_ms: i64) -> Self {
        Stream {
            name: name.to_owned(),
            created_ms,
            first_event_ms: None,
            last_event_ms: None,
            last_ingestion_ms: None,
            last_sequence: 0,
        }
    }

    fn place(&self, order: StreamOrder) -> StreamPlace<'_> {
        StreamPlace { last_event_ms: self.last_event_ms, name: &self.name }.in_order(order)
    }
}

impl StreamPlace<'_> {
    /// The place without what does not count in `order`.
    fn in_order(mut self, order: StreamOrder) -> Self {
        if order == StreamOrder::Name {
            self.last_event_ms = None;
        }
        self
    }
}
