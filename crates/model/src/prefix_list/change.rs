//! Changing prefix lists: entries, name, size, and taking up an earlier version again.
//!
//! Source: EC2 API Reference, ModifyManagedPrefixList and RestoreManagedPrefixListVersion.

use super::{
    AnyList, Entry, PrefixList, PrefixListRefusal, PrefixListState, Referrer, VERSIONS_MAX, check_entries,
    check_name, check_size,
};
use crate::{Cidr, Cx, Network, PrefixListId, Refused};

/// How many referrers without room a failed change names.
const NAMED_MAX: usize = 10;

/// What ModifyManagedPrefixList asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixListChange {
    /// The version that the caller thinks is current; needed where entries change.
    pub current_version: Option<u64>,
    /// Another name.
    pub name: Option<String>,
    /// Another size.
    pub max_entries: Option<usize>,
    /// Entries to add.
    pub added: Vec<Entry>,
    /// Entries to remove, by block.
    pub removed: Vec<Cidr>,
}

impl Network {
    /// Changes a list. Other entries make a new version; another name or size does not.
    ///
    /// A size that a route table or group cannot bear changes nothing but the state ([`PrefixListState::ModifyFailed`]): "if any
    /// of the resources that reference the prefix list cannot support the new maximum size, the modify operation fails".
    ///
    /// # Errors
    /// No such list; it is AWS's; the version is missing or not the current one; a name, size or entry breaks a rule
    /// ([`PrefixListRefusal`]).
    pub fn modify_prefix_list(
        &mut self,
        cx: &Cx,
        id: PrefixListId,
        change: PrefixListChange,
    ) -> Result<(), Refused> {
        let list = self.changeable_list(cx.scope, id)?;
        let entries = checked_entries(list, &change)?;
        let mut changed = list.clone();
        if let Some(entries) = entries {
            push_version(&mut changed, entries);
        }
        if let Some(name) = change.name {
            changed.name = name;
        }
        changed.state = PrefixListState::Modified;
        if let Some(size) = change.max_entries {
            let crowded = self.without_room(list, size);
            match crowded.is_empty() {
                true => changed.max_entries = size,
                false => changed.state = PrefixListState::ModifyFailed(crowded),
            }
        }
        self.prefix_lists.insert(changed);
        Ok(())
    }

    /// Makes the entries of an earlier version those of a new one.
    ///
    /// # Errors
    /// No such list; it is AWS's; `current` is not the current version; `previous` is not kept; it has more entries than the
    /// list may have.
    pub fn restore_prefix_list(
        &mut self,
        cx: &Cx,
        id: PrefixListId,
        (previous, current): (u64, u64),
    ) -> Result<(), Refused> {
        let list = self.changeable_list(cx.scope, id)?;
        if list.version() != current {
            return Err(PrefixListRefusal::VersionMismatch(id).into());
        }
        let entries = list.entries_at(previous).ok_or(PrefixListRefusal::NoVersion(id, previous))?.to_vec();
        if entries.len() > list.max_entries {
            return Err(PrefixListRefusal::Full(id).into());
        }
        let mut restored = list.clone();
        push_version(&mut restored, entries);
        restored.state = PrefixListState::Restored;
        self.prefix_lists.insert(restored);
        Ok(())
    }

    /// Who refers to `list` and has no room for it with `size` entries; the first ten.
    fn without_room(&self, list: &PrefixList, size: usize) -> Vec<Referrer> {
        let mut grown = list.clone();
        grown.max_entries = size;
        let has_room = |referrer: &Referrer| match referrer {
            Referrer::RouteTable(id) => {
                self.route_tables.get(id).is_none_or(|table| self.has_room_for_routes(table, &grown))
            }
            Referrer::TransitTable(id) => {
                let table = self.transit_tables.get(id);
                table.is_none_or(|table| self.has_room_for_transit_routes(table, &grown))
            }
            Referrer::Group(id) => {
                self.groups.get(id).is_none_or(|group| self.has_room_for_rules(group, &grown))
            }
        };
        let all = self.referrers(list.scope.region, list.id).into_iter();
        all.filter(|referrer| !has_room(referrer)).take(NAMED_MAX).collect()
    }

    /// The weight of a list, as if `changed` were in force.
    pub(crate) fn weight_of(&self, list: &AnyList<'_>, changed: Option<&PrefixList>) -> usize {
        match (list, changed) {
            (AnyList::Own(own), Some(changed)) if own.id == changed.id => changed.max_entries,
            _ => list.weight(),
        }
    }
}

/// The entries that a change leads to, or `None` if it changes none.
fn checked_entries(
    list: &PrefixList,
    change: &PrefixListChange,
) -> Result<Option<Vec<Entry>>, PrefixListRefusal> {
    let has_entries = !change.added.is_empty() || !change.removed.is_empty();
    match change.current_version {
        Some(version) if version != list.version() => {
            return Err(PrefixListRefusal::VersionMismatch(list.id));
        }
        None if has_entries => return Err(PrefixListRefusal::VersionMissing),
        _ => {}
    }
    change.name.as_deref().map(check_name).transpose()?;
    change.max_entries.map(|size| check_size(size, list.entries().len())).transpose()?;
    match has_entries {
        false => Ok(None),
        true if change.max_entries.is_some() => Err(PrefixListRefusal::SizeWithEntries),
        true => entries_after(list, change).map(Some),
    }
}

fn entries_after(list: &PrefixList, change: &PrefixListChange) -> Result<Vec<Entry>, PrefixListRefusal> {
    check_entries(list.family, &change.added)?;
    let mut entries = list.entries().to_vec();
    for cidr in &change.removed {
        if change.added.iter().any(|entry| entry.cidr == *cidr) {
            return Err(PrefixListRefusal::AddedAndRemoved(*cidr));
        }
        let place = entries.iter().position(|entry| entry.cidr == *cidr);
        entries.remove(place.ok_or(PrefixListRefusal::NoEntry(*cidr))?);
    }
    for added in &change.added {
        if entries.iter().any(|entry| entry.cidr == added.cidr) {
            return Err(PrefixListRefusal::Repeated(added.cidr));
        }
    }
    entries.extend(change.added.iter().cloned());
    match entries.len() <= list.max_entries {
        true => Ok(entries),
        false => Err(PrefixListRefusal::Full(list.id)),
    }
}

fn push_version(list: &mut PrefixList, entries: Vec<Entry>) {
    list.versions.insert(list.version() + 1, entries);
    if list.versions.len() > VERSIONS_MAX {
        list.versions.pop_first();
    }
}
