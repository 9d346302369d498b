//! A table of resources that remembers what changed, so that state can be written through to disk.

use crate::ids::Id;
use crate::{Missing, Refused, Scope};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

/// A resource that lives in a [`Table`].
pub trait Resource: Clone + Serialize + DeserializeOwned {
    /// The key, printable and readable.
    type Key: Clone + Ord + Display + FromStr;
    /// The name of the table on disk; never changes once released.
    const KIND: &'static str;
    /// The key of this resource.
    fn key(&self) -> Self::Key;
}

/// A resource that one account owns in one region.
pub trait Owned: Resource<Key: Into<Missing>> {
    /// Owner and region.
    fn scope(&self) -> Scope;
}

/// One resource as it now is, for the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table: [`Resource::KIND`].
    pub kind: &'static str,
    /// The key in text form.
    pub key: String,
    /// The resource as JSON, or `None` if it was removed.
    pub body: Option<String>,
}

/// Resources of one kind by key, in key order.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<R: Resource> {
    rows: BTreeMap<R::Key, R>,
    changed: BTreeSet<R::Key>,
    version: u64,
}

impl<R: Resource> Default for Table<R> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), changed: BTreeSet::new(), version: 0 }
    }
}

impl<R: Resource> Table<R> {
    /// The resource with this key.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    /// The resource with this key, to be changed; it counts as changed whether or not it is.
    pub fn get_mut(&mut self, key: &R::Key) -> Option<&mut R> {
        let row = self.rows.get_mut(key)?;
        self.changed.insert(key.clone());
        self.version += 1;
        Some(row)
    }

    /// Whether there is a resource with this key.
    pub fn has(&self, key: &R::Key) -> bool {
        self.rows.contains_key(key)
    }

    /// All resources in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.values()
    }

    /// The resources whose keys are `key` or come after it, in key order.
    pub fn starting_at(&self, key: R::Key) -> impl Iterator<Item = &R> {
        self.rows.range(key..).map(|(_, row)| row)
    }

    /// The number of resources.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts the resource in, in place of one with the same key.
    pub fn insert(&mut self, resource: R) {
        let key = resource.key();
        self.rows.insert(key.clone(), resource);
        self.changed.insert(key);
        self.version += 1;
    }

    /// Takes the resource out.
    pub fn remove(&mut self, key: &R::Key) -> Option<R> {
        let row = self.rows.remove(key)?;
        self.changed.insert(key.clone());
        self.version += 1;
        Some(row)
    }

    /// A number that grows with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.changed) {
            let body =
                self.rows.get(&key).map(|row| serde_json::to_string(row).expect("resources are plain data"));
            out.push(Change { kind: R::KIND, key: key.to_string(), body });
        }
    }

    /// Puts back a resource read from disk; it does not count as changed.
    ///
    /// # Errors
    /// The text is not this kind of resource.
    pub fn restore(&mut self, body: &str) -> Result<(), serde_json::Error> {
        let resource: R = serde_json::from_str(body)?;
        self.rows.insert(resource.key(), resource);
        self.version += 1;
        Ok(())
    }
}

impl<R: Resource<Key: Id>> Table<R> {
    /// The resources with keys after `key`, for paging.
    pub fn after(&self, key: R::Key) -> impl Iterator<Item = &R> {
        self.rows.range((std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded)).map(|(_, row)| row)
    }
}

impl<R: Owned> Table<R> {
    /// The resource with this key, if it is of `scope`: what a caller names must be the caller's own.
    ///
    /// # Errors
    /// [`Refused::NotFound`] for an unknown key and for a resource of another account or region alike.
    pub fn find(&self, scope: Scope, key: &R::Key) -> Result<&R, Refused> {
        let found = self.rows.get(key).filter(|resource| resource.scope() == scope);
        found.ok_or_else(|| Refused::NotFound(key.clone().into()))
    }

    /// All resources of `scope` in key order.
    pub fn of(&self, scope: Scope) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.values().filter(move |resource| resource.scope() == scope)
    }
}
