//! A Delta log beside the segments, for readers that want to see all of them in one state.
//!
//! All segments are one table, in the folder `logs`, with a partition for each account, region, group and day. Each change of
//! what the catalog lists is a commit: a file that says which segments came and which went. The catalog stays the truth: what
//! a crash or a full disk has kept from the log is told by the next commit. Segments that went stay for a while, for who still
//! reads the state before.
//! Source: Delta Lake transaction log protocol, "Delta Log Entries", "Actions", "Checkpoints" (delta-io/delta, PROTOCOL.md).

mod action;
mod checkpoint;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use serde_json::json;

use crate::catalog::Change;
use crate::disk::{Disk, parent};
use crate::group::GroupKey;
use crate::line::{Column, ColumnKind, LineFormat};
use crate::record::{ENTITY, SYSTEM_COLUMNS};
use crate::sealing::place;
use crate::segment::Segment;
use crate::state::State;
use action::{Action, Add, CommitInfo, Metadata, Protocol, Remove};

/// The folder of the table.
const TABLE: &str = "logs";
/// The folder of its log.
const LOG: &str = "logs/_delta_log";
/// What the names of commits and of checkpoints end in.
const COMMIT: &str = "json";
const CHECKPOINT: &str = "checkpoint.parquet";
/// What tells readers which checkpoint is the last.
const LAST_CHECKPOINT: &str = "_last_checkpoint";
/// After so many commits a checkpoint says what they come to.
const CHECKPOINT_EVERY: u64 = 50;
/// Segments that went stay for so long.
const GRACE_MS: i64 = 600_000;
/// The columns that folders say, and their types.
const PARTITIONS: [(&str, &str); 4] =
    [("aws_account_id", "string"), ("aws_region", "string"), ("log_group", "string"), ("day", "date")];

/// The log, and what it is to say.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    /// The segments that the catalog lists, by their paths as the log has them.
    listed: BTreeMap<String, Listed>,
    /// What the log says, if that is known.
    told: Option<Told>,
    /// Whether the log may not say what is listed.
    is_behind: bool,
    /// What went, and when.
    leaving: Vec<(i64, Arc<Segment>)>,
}

#[derive(Clone, Debug)]
struct Listed {
    group: u64,
    /// What the folders say.
    partition: [String; PARTITIONS.len()],
    bytes: u64,
    rows: u64,
    min_ms: i64,
    max_ms: i64,
    format: Option<Arc<str>>,
    has_entities: bool,
}

/// What the log says.
#[derive(Debug, Default)]
struct Told {
    version: Option<u64>,
    metadata: Option<Metadata>,
    added: BTreeMap<String, Add>,
}

/// Whether a file of the store belongs to the log.
pub(crate) fn is_of_log(path: &str) -> bool {
    parent(path) == LOG
}

/// Removes the log: one that is not continued would say what is no longer so.
///
/// # Errors
/// The disk refuses.
pub(crate) fn remove(disk: &dyn Disk) -> io::Result<()> {
    disk.list(LOG)?.iter().try_for_each(|path| disk.remove(path))
}

impl Delta {
    /// The log of the segments that a store begins with. It says so with the first [`Delta::write`].
    pub fn of(state: &State) -> Delta {
        let listed = state.groups.values().flat_map(|entry| {
            entry.segments.iter().map(|segment| listed((entry.id, &entry.group.key), segment))
        });
        Delta { listed: listed.collect(), is_behind: true, ..Delta::default() }
    }

    /// Takes over what a transaction of the catalog has changed. Groups that are no longer there have no key.
    pub fn follow(
        &mut self,
        change: &Change,
        removed: &[Arc<Segment>],
        keys: &BTreeMap<u64, GroupKey>,
        now_ms: i64,
    ) {
        if !change.removed_groups.is_empty() {
            self.listed.retain(|_, listed| !change.removed_groups.contains(&listed.group));
        }
        for segment in removed {
            self.listed.remove(&logged_path(segment));
            self.leaving.push((now_ms, segment.clone()));
        }
        let added = change.added.iter().filter_map(|(id, segment)| Some(((*id, keys.get(id)?), segment)));
        self.listed.extend(added.map(|(group, segment)| listed(group, segment)));
        self.is_behind |=
            !change.removed_groups.is_empty() || !removed.is_empty() || !change.added.is_empty();
    }

    /// Commits what the log does not say yet, and lets go what went long ago.
    ///
    /// # Errors
    /// The disk refuses, or the log is no longer what was written.
    pub fn write(&mut self, disk: &dyn Disk, formats: &[LineFormat], now_ms: i64) -> io::Result<()> {
        self.leaving.retain(|(since_ms, _)| now_ms < since_ms.saturating_add(GRACE_MS));
        if !self.is_behind {
            return Ok(());
        }
        // What is not known, or was not written to the end, is read again.
        let mut told = match self.told.take() {
            Some(told) => told,
            None => Told::read(disk)?,
        };
        let actions = told.missing(&self.listed, formats, now_ms);
        if !actions.is_empty() {
            let version = told.version.map_or(0, |version| version + 1);
            place(disk, &commit_path(version), &action::lines(&actions)?)?;
            actions.into_iter().for_each(|action| told.apply(action));
            told.version = Some(version);
            if version > 0 && version.is_multiple_of(CHECKPOINT_EVERY) {
                told.check_in(disk, version)?;
            }
        }
        (self.told, self.is_behind) = (Some(told), false);
        Ok(())
    }
}

impl Told {
    /// What the log says.
    fn read(disk: &dyn Disk) -> io::Result<Told> {
        let (mut commits, mut checkpoint) = (BTreeSet::new(), None);
        for path in disk.list(LOG)? {
            match version_of(&path) {
                Some((version, COMMIT)) => drop(commits.insert(version)),
                Some((version, CHECKPOINT)) => checkpoint = checkpoint.max(Some(version)),
                _ => {}
            }
        }
        let mut told = Told::default();
        if let Some(version) = checkpoint {
            let actions = checkpoint::parse(disk.read(&checkpoint_path(version))?)?;
            actions.into_iter().for_each(|action| told.apply(action));
            told.version = Some(version);
        }
        for version in commits.into_iter().filter(|version| checkpoint.is_none_or(|seen| *version > seen)) {
            let actions = action::parse(&disk.read(&commit_path(version))?)?;
            actions.into_iter().for_each(|action| told.apply(action));
            told.version = Some(version);
        }
        Ok(told)
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::Add(add) => drop(self.added.insert(add.path.clone(), add)),
            Action::Remove(remove) => drop(self.added.remove(&remove.path)),
            Action::Metadata(metadata) => self.metadata = Some(metadata),
            Action::Protocol(_) | Action::CommitInfo(_) => {}
        }
    }

    /// The actions that make the log say what is listed; none if it does.
    fn missing(&self, listed: &BTreeMap<String, Listed>, formats: &[LineFormat], now_ms: i64) -> Vec<Action> {
        let added: Vec<_> = listed.iter().filter(|(path, _)| !self.added.contains_key(*path)).collect();
        let removed: Vec<_> = self.added.keys().filter(|path| !listed.contains_key(*path)).collect();
        if added.is_empty() && removed.is_empty() {
            return vec![];
        }
        // Segments in the place of others have the same rows.
        let data_change = added.is_empty() || removed.is_empty();
        let operation = match (data_change, added.is_empty()) {
            (false, _) => "OPTIMIZE",
            (true, false) => "WRITE",
            (true, true) => "DELETE",
        };
        let mut actions = vec![Action::CommitInfo(CommitInfo::new(operation, now_ms))];
        if self.version.is_none() {
            actions.push(Action::Protocol(Protocol::default()));
        }
        let metadata = self.metadata.clone().unwrap_or_else(|| Metadata::new(&PARTITIONS, now_ms));
        let named = added.iter().filter_map(|(_, listed)| listed.format.as_deref());
        let mut columns = columns(formats, &named.collect());
        if added.iter().any(|(_, listed)| listed.has_entities) {
            columns.push((ENTITY.to_owned(), "string"));
        }
        let with = metadata.with(columns);
        if self.metadata.as_ref() != Some(&with) {
            actions.push(Action::Metadata(with));
        }
        let remove = |path: &String| {
            Action::Remove(Remove { path: path.clone(), deletion_timestamp: now_ms, data_change })
        };
        actions.extend(removed.into_iter().map(remove));
        actions.extend(
            added.into_iter().map(|(path, listed)| Action::Add(listed.add(path, data_change, now_ms))),
        );
        actions
    }

    /// Writes a checkpoint of the version, and removes what readers no longer need: all before the last checkpoint.
    fn check_in(&self, disk: &dyn Disk, version: u64) -> io::Result<()> {
        let protocol = [Action::Protocol(Protocol::default())].into_iter();
        let metadata = self.metadata.iter().cloned().map(Action::Metadata);
        let actions: Vec<Action> =
            protocol.chain(metadata).chain(self.added.values().cloned().map(Action::Add)).collect();
        place(disk, &checkpoint_path(version), &checkpoint::bytes(&actions)?)?;
        let last = json!({ "version": version, "size": actions.len() });
        place(disk, &format!("{LOG}/{LAST_CHECKPOINT}"), last.to_string().as_bytes())?;
        for path in disk.list(LOG)? {
            if version_of(&path).is_some_and(|(of, _)| of + CHECKPOINT_EVERY < version) {
                disk.remove(&path)?;
            }
        }
        Ok(())
    }
}

impl Listed {
    fn add(&self, path: &str, data_change: bool, now_ms: i64) -> Add {
        let timestamp = SYSTEM_COLUMNS[0];
        let stats = json!({
            "numRecords": self.rows,
            "minValues": { timestamp: self.min_ms },
            "maxValues": { timestamp: self.max_ms },
            "nullCount": { timestamp: 0 },
        });
        let names = PARTITIONS.map(|(name, _)| name.to_owned());
        Add {
            path: path.to_owned(),
            partition_values: names.into_iter().zip(self.partition.clone()).collect(),
            size: self.bytes,
            modification_time: now_ms,
            data_change,
            stats: stats.to_string(),
        }
    }
}

/// The columns of segments of these formats, with the types that Delta has for them.
fn columns(formats: &[LineFormat], named: &BTreeSet<&str>) -> Vec<(String, &'static str)> {
    let system = SYSTEM_COLUMNS.iter().zip(["long", "long", "string", "long", "string"]);
    let of_formats = formats.iter().filter(|format| named.contains(format.id.as_str()));
    let of_formats = of_formats.flat_map(|format| &format.columns).map(|Column { name, kind }| {
        let kind = match kind {
            ColumnKind::Int32 => "integer",
            ColumnKind::Int64 => "long",
            ColumnKind::Text | ColumnKind::OneOf(_) => "string",
        };
        (name.clone(), kind)
    });
    system.map(|(name, kind)| ((*name).to_owned(), kind)).chain(of_formats).collect()
}

fn listed((group, key): (u64, &GroupKey), segment: &Segment) -> (String, Listed) {
    let day = parent(&segment.path).rsplit_once("day=").map_or("", |(_, day)| day).to_owned();
    let listed = Listed {
        group,
        partition: [key.account.clone(), key.region.clone(), key.name.clone(), day],
        bytes: segment.bytes,
        rows: segment.rows,
        min_ms: segment.min_ms,
        max_ms: segment.max_ms,
        format: segment.format.clone(),
        has_entities: segment.has_entities(),
    };
    (logged_path(segment), listed)
}

/// The path of a segment from the table's folder, as a URI: what is encoded in it already is so once more.
fn logged_path(segment: &Segment) -> String {
    let path = segment.path.strip_prefix(TABLE).unwrap_or(&segment.path);
    path.trim_start_matches('/').replace('%', "%25")
}

/// The version that a file of the log is of, and what its name ends in.
fn version_of(path: &str) -> Option<(u64, &str)> {
    let (_, name) = path.rsplit_once('/')?;
    let (version, ending) = name.split_once('.')?;
    Some((version.parse().ok()?, ending))
}

fn commit_path(version: u64) -> String {
    format!("{LOG}/{version:020}.{COMMIT}")
}

fn checkpoint_path(version: u64) -> String {
    format!("{LOG}/{version:020}.{CHECKPOINT}")
}
