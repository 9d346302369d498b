//! Managed prefix lists: named lists of CIDR blocks that routes and group rules refer to.
//!
//! A customer's list has one family, a greatest number of entries, and versions: each change of its entries makes a new one,
//! and all that refer to the list follow the newest. Its greatest number of entries, and not the entries there are, counts
//! against the quotas of route tables and groups. AWS's own lists ([`aws`]) cannot be changed.
//! Source: Amazon VPC User Guide, "Managed prefix lists" (concepts and rules, quotas); EC2 API Reference.

pub mod aws;
mod change;
mod references;
#[cfg(test)]
mod tests;

use crate::table::Resource;
use crate::{Cidr, Cx, Limit, Missing, Network, PrefixListId, Refused, RegionName, Scope, Tags, tags};
use aws::AwsList;
pub use change::PrefixListChange;
pub use references::Referrer;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The greatest number of entries that a list may ask for.
pub const ENTRIES_MAX: usize = 1_000;
/// How many versions are kept; then the oldest goes with each new one.
pub const VERSIONS_MAX: usize = 1_000;
/// Longest name and description in characters.
pub const TEXT_CHARS_MAX: usize = 255;
/// What names of AWS's own lists begin with.
const AWS_PREFIX: &str = "com.amazonaws";

/// A customer-managed prefix list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixList {
    /// Its id.
    pub id: PrefixListId,
    /// Owner and region.
    pub scope: Scope,
    /// Its name; several lists may have the same.
    pub name: String,
    /// The family of all its blocks.
    pub family: Family,
    /// How many entries it may have, and what it counts for where it is referred to.
    pub max_entries: usize,
    /// The versions that are kept, by number, each in the order its entries were added; never empty.
    pub versions: BTreeMap<u64, Vec<Entry>>,
    /// What was done to it last.
    pub state: PrefixListState,
    /// Its tags.
    pub tags: Tags,
}

/// An entry of a prefix list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The block.
    pub cidr: Cidr,
    /// The description given, if any.
    pub description: Option<String>,
}

/// A family of addresses (`addressFamily`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of a block.
    pub fn of(cidr: Cidr) -> Family {
        match cidr {
            Cidr::V4(_) => Family::V4,
            Cidr::V6(_) => Family::V6,
        }
    }
}

/// What was done to a list last, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrefixListState {
    /// It was made.
    Created,
    /// It was changed.
    Modified,
    /// An earlier version was taken up again.
    Restored,
    /// A change was not possible: these refer to it and have no room for so many entries.
    ModifyFailed(Vec<Referrer>),
}

/// Why a command about a prefix list is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefixListRefusal {
    /// The name is empty, too long, or begins like those of AWS's own.
    Name(String),
    /// A description is too long.
    Description(String),
    /// The greatest number of entries is not 1 to [`ENTRIES_MAX`], or less than there are.
    Size(usize),
    /// The list would have more entries than it may.
    Full(PrefixListId),
    /// The same, for a list that is being made.
    TooManyEntries,
    /// The block is of the other family.
    OtherFamily(Cidr),
    /// The call names the same block twice, or the list has it already.
    Repeated(Cidr),
    /// A block is to be added and removed at once.
    AddedAndRemoved(Cidr),
    /// The list has no such entry.
    NoEntry(Cidr),
    /// The version given is not the current one.
    VersionMismatch(PrefixListId),
    /// A change of entries must say which version it is made from.
    VersionMissing,
    /// No such version is kept.
    NoVersion(PrefixListId, u64),
    /// Entries and size cannot be changed in one call.
    SizeWithEntries,
    /// The list is AWS's own.
    IsAws(PrefixListId),
}

/// What CreateManagedPrefixList asks for.
#[derive(Clone, Debug)]
pub struct NewPrefixList {
    /// The name.
    pub name: String,
    /// The family of its blocks.
    pub family: Family,
    /// How many entries it may have.
    pub max_entries: usize,
    /// Its first entries.
    pub entries: Vec<Entry>,
    /// Its tags.
    pub tags: Tags,
}

impl PrefixList {
    /// The number of the current version.
    pub fn version(&self) -> u64 {
        self.versions.last_key_value().map_or(1, |(number, _)| *number)
    }

    /// The entries of the current version.
    pub fn entries(&self) -> &[Entry] {
        self.versions.last_key_value().map_or(&[], |(_, entries)| entries)
    }

    /// The entries of a version that is kept.
    pub fn entries_at(&self, version: u64) -> Option<&[Entry]> {
        self.versions.get(&version).map(Vec::as_slice)
    }
}

/// A list that a caller may refer to: one of its own, or one of AWS's.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyList<'a> {
    /// The caller's own.
    Own(&'a PrefixList),
    /// AWS's.
    Aws(AwsList),
}

impl AnyList<'_> {
    /// The blocks in force.
    pub fn cidrs(&self) -> Vec<Cidr> {
        match self {
            AnyList::Own(list) => list.entries().iter().map(|entry| entry.cidr).collect(),
            AnyList::Aws(list) => list.cidrs.iter().copied().map(Cidr::V4).collect(),
        }
    }

    /// The family of its blocks.
    pub fn family(&self) -> Family {
        match self {
            AnyList::Own(list) => list.family,
            AnyList::Aws(_) => Family::V4,
        }
    }

    /// How many rules or routes it counts for: the entries it may have, or AWS's weight.
    pub fn weight(&self) -> usize {
        match self {
            AnyList::Own(list) => list.max_entries,
            AnyList::Aws(list) => list.weight,
        }
    }
}

impl Network {
    /// Makes a prefix list in its first version.
    ///
    /// # Errors
    /// A name, description, size or block breaks a rule ([`PrefixListRefusal`]); [`Limit::PrefixLists`]; tags.
    pub fn create_prefix_list(&mut self, cx: &mut Cx, new: NewPrefixList) -> Result<PrefixListId, Refused> {
        check_name(&new.name)?;
        check_size(new.max_entries, 0)?;
        tags::check(&new.tags)?;
        check_entries(new.family, &new.entries)?;
        if new.entries.len() > new.max_entries {
            return Err(PrefixListRefusal::TooManyEntries.into());
        }
        if self.prefix_lists.of(cx.scope).count() >= self.limits.prefix_lists {
            return Err(Limit::PrefixLists.into());
        }
        let NewPrefixList { name, family, max_entries, entries, tags } = new;
        let (id, versions) = (cx.ids.fresh(), BTreeMap::from([(1, entries)]));
        let state = PrefixListState::Created;
        let list = PrefixList { id, scope: cx.scope, name, family, max_entries, versions, state, tags };
        self.prefix_lists.insert(list);
        Ok(id)
    }

    /// The list that `id` names in `region`: AWS's own are there in every region, under ids of the region's own.
    ///
    /// Whose list it is does not matter here: a rule or route that refers to it has been checked when it was made.
    pub fn prefix_list(&self, region: RegionName, id: PrefixListId) -> Option<AnyList<'_>> {
        let own = self.prefix_lists.get(&id).filter(|list| list.scope.region == region);
        own.map(AnyList::Own).or_else(|| aws::find(region, id).map(AnyList::Aws))
    }

    /// The list that a caller names: one of its own, or one of AWS's.
    ///
    /// # Errors
    /// [`Missing::PrefixList`].
    pub fn any_list(&self, scope: Scope, id: PrefixListId) -> Result<AnyList<'_>, Refused> {
        let own = self.prefix_lists.find(scope, &id).ok().map(AnyList::Own);
        let found = own.or_else(|| aws::find(scope.region, id).map(AnyList::Aws));
        found.ok_or_else(|| Missing::PrefixList(id).into())
    }

    /// Deletes a list that nothing refers to; gives it as it was.
    ///
    /// # Errors
    /// No such list; it is AWS's; [`crate::Held::PrefixList`] while routes or rules refer to it.
    pub fn delete_prefix_list(&mut self, cx: &Cx, id: PrefixListId) -> Result<PrefixList, Refused> {
        self.changeable_list(cx.scope, id)?;
        if !self.referrers(cx.scope.region, id).is_empty() {
            return Err(crate::Held::PrefixList(id).into());
        }
        self.prefix_lists.remove(&id).ok_or_else(|| Missing::PrefixList(id).into())
    }

    fn changeable_list(&self, scope: Scope, id: PrefixListId) -> Result<&PrefixList, Refused> {
        match self.any_list(scope, id)? {
            AnyList::Own(_) => self.prefix_lists.find(scope, &id),
            AnyList::Aws(_) => Err(PrefixListRefusal::IsAws(id).into()),
        }
    }
}

fn check_name(name: &str) -> Result<(), PrefixListRefusal> {
    let is_well_formed = !name.is_empty() && name.chars().count() <= TEXT_CHARS_MAX;
    match is_well_formed && !name.starts_with(AWS_PREFIX) {
        true => Ok(()),
        false => Err(PrefixListRefusal::Name(name.to_owned())),
    }
}

fn check_size(size: usize, held: usize) -> Result<(), PrefixListRefusal> {
    match (1..=ENTRIES_MAX).contains(&size) && size >= held {
        true => Ok(()),
        false => Err(PrefixListRefusal::Size(size)),
    }
}

/// Blocks of one family, each once, with descriptions that are not too long.
fn check_entries(family: Family, entries: &[Entry]) -> Result<(), PrefixListRefusal> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let description = entry.description.as_deref().unwrap_or_default();
        if description.chars().count() > TEXT_CHARS_MAX {
            return Err(PrefixListRefusal::Description(description.to_owned()));
        }
        if Family::of(entry.cidr) != family {
            return Err(PrefixListRefusal::OtherFamily(entry.cidr));
        }
        if !seen.insert(entry.cidr) {
            return Err(PrefixListRefusal::Repeated(entry.cidr));
        }
    }
    Ok(())
}

impl Resource for PrefixList {
    type Key = PrefixListId;
    const KIND: &'static str = "prefix-list";
    fn key(&self) -> PrefixListId {
        self.id
    }
}
