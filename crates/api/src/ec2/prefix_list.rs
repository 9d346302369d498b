//! Managed prefix lists: customers' own, and those that AWS keeps.
//!
//! An answer to a change says `…-in-progress`, as AWS's does; what is asked next finds the change done.
//! Source: EC2 API Reference, CreateManagedPrefixList, DescribeManagedPrefixLists, GetManagedPrefixListEntries,
//! GetManagedPrefixListAssociations, ModifyManagedPrefixList, RestoreManagedPrefixListVersion, DeleteManagedPrefixList,
//! DescribePrefixLists.

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::Selection;
use crate::token::ClientToken;
use std::collections::BTreeSet;
use weir_model::prefix_list::aws::{self, AwsList};
use weir_model::prefix_list::{
    AnyList, Entry, Family, NewPrefixList, PrefixList, PrefixListChange, PrefixListState,
};
use weir_model::{Cidr, Cidr4, PrefixListId, Tags};
use weir_wire::{Bounds, FilterTable, Page, Param, TagSpecification, Token, Xml, specified_tags};

const BOUNDS: Bounds = 1..=100;
const ASSOCIATION_BOUNDS: Bounds = 5..=255;
/// DescribePrefixLists has no documented bounds.
const ANY: Bounds = 1..=1000;
/// Who owns AWS's own lists, as answers say it.
const AWS: &str = "AWS";

/// An entry to add.
#[derive(Param)]
pub struct AddedEntry {
    cidr: Cidr,
    description: Option<String>,
}

impl AddedEntry {
    fn entries(added: &[AddedEntry]) -> Vec<Entry> {
        let entry = |added: &AddedEntry| Entry {
            cidr: added.cidr,
            description: added.description.clone().filter(|text| !text.is_empty()),
        };
        added.iter().map(entry).collect()
    }
}

/// An entry to remove.
#[derive(Param)]
pub struct RemovedEntry {
    cidr: Cidr,
}

/// Makes a list.
#[derive(Param)]
pub struct CreateManagedPrefixList {
    prefix_list_name: String,
    entries: Vec<AddedEntry>,
    max_entries: i64,
    tag_specifications: Vec<TagSpecification>,
    address_family: String,
    #[expect(dead_code, reason = "the dispatcher reads it")]
    client_token: ClientToken,
}

/// The list that an operation is about.
#[derive(Xml)]
pub struct PrefixListResponse {
    prefix_list: ManagedPrefixList,
}

impl Operation for CreateManagedPrefixList {
    type Response = PrefixListResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let new = NewPrefixList {
            name: self.prefix_list_name,
            family: family(&self.address_family)?,
            max_entries: size(self.max_entries),
            entries: AddedEntry::entries(&self.entries),
            tags: specified_tags(&self.tag_specifications, "prefix-list")?,
        };
        let id = cx.command(|network, cx| network.create_prefix_list(cx, new))?;
        let made = cx.network.prefix_lists.find(cx.scope, &id)?;
        Ok(PrefixListResponse { prefix_list: ManagedPrefixList::own(made).at("create-in-progress") })
    }
}

fn family(name: &str) -> Result<Family, Error> {
    match name {
        "IPv4" => Ok(Family::V4),
        "IPv6" => Ok(Family::V6),
        other => {
            let given: String = other.chars().take(weir_model::tags::VALUE_CHARS_MAX).collect();
            let message =
                format!("Value ({given}) for parameter addressFamily is invalid. Expecting IPv4 or IPv6.");
            Err(Error::new("InvalidParameterValue", message))
        }
    }
}

/// A number of entries; what cannot be one is as wrong as none.
fn size(given: i64) -> usize {
    usize::try_from(given).unwrap_or(0)
}

fn version(given: i64) -> u64 {
    u64::try_from(given).unwrap_or(0)
}

/// Changes a list's entries, name or size.
#[derive(Param)]
pub struct ModifyManagedPrefixList {
    prefix_list_id: PrefixListId,
    current_version: Option<i64>,
    prefix_list_name: Option<String>,
    add_entries: Vec<AddedEntry>,
    remove_entries: Vec<RemovedEntry>,
    max_entries: Option<i64>,
}

impl Operation for ModifyManagedPrefixList {
    type Response = PrefixListResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.prefix_list_id;
        let change = PrefixListChange {
            current_version: self.current_version.map(version),
            name: self.prefix_list_name,
            max_entries: self.max_entries.map(size),
            added: AddedEntry::entries(&self.add_entries),
            removed: self.remove_entries.iter().map(|entry| entry.cidr).collect(),
        };
        let before = cx.network.prefix_lists.find(cx.scope, &id).map(PrefixList::version);
        cx.command(|network, cx| network.modify_prefix_list(cx, id, change))?;
        let changed = ManagedPrefixList::own(cx.network.prefix_lists.find(cx.scope, &id)?);
        Ok(PrefixListResponse { prefix_list: changed.still(before?).at("modify-in-progress") })
    }
}

/// Takes up the entries of an earlier version again.
#[derive(Param)]
pub struct RestoreManagedPrefixListVersion {
    prefix_list_id: PrefixListId,
    previous_version: i64,
    current_version: i64,
}

impl Operation for RestoreManagedPrefixListVersion {
    type Response = PrefixListResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, current) = (self.prefix_list_id, version(self.current_version));
        let versions = (version(self.previous_version), current);
        cx.command(|network, cx| network.restore_prefix_list(cx, id, versions))?;
        let restored = ManagedPrefixList::own(cx.network.prefix_lists.find(cx.scope, &id)?);
        Ok(PrefixListResponse { prefix_list: restored.still(current).at("restore-in-progress") })
    }
}

/// Deletes a list that nothing refers to.
#[derive(Param)]
pub struct DeleteManagedPrefixList {
    prefix_list_id: PrefixListId,
}

impl Operation for DeleteManagedPrefixList {
    type Response = PrefixListResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let deleted = cx.command(|network, cx| network.delete_prefix_list(cx, self.prefix_list_id))?;
        Ok(PrefixListResponse { prefix_list: ManagedPrefixList::own(&deleted).at("delete-in-progress") })
    }
}

/// Lists the caller's lists and AWS's, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeManagedPrefixLists {
    prefix_list_ids: Vec<PrefixListId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The lists found.
#[derive(Xml)]
pub struct DescribeManagedPrefixListsResponse {
    #[wire(response = "PrefixListSet")]
    prefix_lists: Vec<ManagedPrefixList>,
    next_token: Option<Token>,
}

impl Operation for DescribeManagedPrefixLists {
    type Response = DescribeManagedPrefixListsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let views = named(seen, &self.prefix_list_ids)?.into_iter().map(|list| match list {
            AnyList::Own(list) => ManagedPrefixList::own(list),
            AnyList::Aws(list) => ManagedPrefixList::of_aws(&list),
        });
        let (prefix_lists, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |list| list.prefix_list_id)?;
        Ok(DescribeManagedPrefixListsResponse { prefix_lists, next_token })
    }
}

/// The lists that `ids` name, or all that the caller may refer to, in the order of ids.
fn named<'a>(seen: Seen<'a>, ids: &[PrefixListId]) -> Result<Vec<AnyList<'a>>, Error> {
    let all: BTreeSet<PrefixListId> = match ids.is_empty() {
        true => {
            let own = seen.network.prefix_lists.of(seen.scope).map(|list| list.id);
            own.chain(aws::lists(seen.scope.region).into_iter().map(|list| list.id)).collect()
        }
        false => ids.iter().copied().collect(),
    };
    let lists = all.into_iter().map(|id| seen.network.any_list(seen.scope, id));
    Ok(lists.collect::<Result<_, _>>()?)
}

/// Lists the entries of a list, in its current version or an earlier one.
#[derive(Param)]
pub struct GetManagedPrefixListEntries {
    prefix_list_id: PrefixListId,
    target_version: Option<i64>,
    #[wire(flatten)]
    page: Page,
}

/// The entries.
#[derive(Xml)]
pub struct GetManagedPrefixListEntriesResponse {
    entries: Vec<PrefixListEntry>,
    next_token: Option<Token>,
}

#[derive(Xml)]
struct PrefixListEntry {
    cidr: Cidr,
    description: Option<String>,
}

impl Operation for GetManagedPrefixListEntries {
    type Response = GetManagedPrefixListEntriesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.prefix_list_id;
        let entries = match cx.network.any_list(cx.scope, id)? {
            AnyList::Own(list) => {
                let target = self.target_version.map_or(list.version(), version);
                let missing = || weir_model::prefix_list::PrefixListRefusal::NoVersion(id, target);
                list.entries_at(target)
                    .ok_or_else(|| Error::from(weir_model::Refused::from(missing())))?
                    .to_vec()
            }
            AnyList::Aws(list) => aws_entries(&list),
        };
        let places = entries.into_iter().enumerate();
        let (page, next_token) = self.page.cut(BOUNDS, places, |(place, _)| *place)?;
        let entries =
            page.into_iter().map(|(_, Entry { cidr, description })| PrefixListEntry { cidr, description });
        Ok(GetManagedPrefixListEntriesResponse { entries: entries.collect(), next_token })
    }
}

fn aws_entries(list: &AwsList) -> Vec<Entry> {
    list.cidrs.iter().map(|cidr| Entry { cidr: Cidr::V4(*cidr), description: None }).collect()
}

/// Lists what refers to a list.
#[derive(Param)]
pub struct GetManagedPrefixListAssociations {
    prefix_list_id: PrefixListId,
    #[wire(flatten)]
    page: Page,
}

/// The resources that refer to it.
#[derive(Xml)]
pub struct GetManagedPrefixListAssociationsResponse {
    prefix_list_associations: Vec<PrefixListAssociation>,
    next_token: Option<Token>,
}

#[derive(Xml)]
struct PrefixListAssociation {
    resource_id: String,
    resource_owner: String,
}

impl Operation for GetManagedPrefixListAssociations {
    type Response = GetManagedPrefixListAssociationsResponse;

    /// Of AWS's own lists only the caller's resources are told.
    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, scope) = (self.prefix_list_id, cx.scope);
        cx.network.any_list(scope, id)?;
        let own = |referrer: &weir_model::prefix_list::Referrer| {
            cx.network.owner_of(*referrer) == Some(scope.account)
        };
        let referrers = cx.network.referrers(scope.region, id).into_iter().filter(own).enumerate();
        let (page, next_token) = self.page.cut(ASSOCIATION_BOUNDS, referrers, |(place, _)| *place)?;
        let view = |(_, referrer): (usize, weir_model::prefix_list::Referrer)| PrefixListAssociation {
            resource_id: referrer.to_string(),
            resource_owner: scope.account.to_string(),
        };
        let prefix_list_associations = page.into_iter().map(view).collect();
        Ok(GetManagedPrefixListAssociationsResponse { prefix_list_associations, next_token })
    }
}

/// Lists AWS's own lists with their blocks.
#[derive(Param)]
pub struct DescribePrefixLists {
    prefix_list_ids: Vec<PrefixListId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The lists found.
#[derive(Xml)]
pub struct DescribePrefixListsResponse {
    prefix_lists: Vec<AwsPrefixList>,
    next_token: Option<Token>,
}

/// A list of AWS's.
#[derive(Xml)]
struct AwsPrefixList {
    cidrs: Vec<Cidr4>,
    prefix_list_id: PrefixListId,
    prefix_list_name: String,
}

impl Operation for DescribePrefixLists {
    type Response = DescribePrefixListsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let region = cx.scope.region;
        let unknown = self.prefix_list_ids.iter().find(|id| aws::find(region, **id).is_none());
        if let Some(id) = unknown {
            return Err(weir_model::Refused::from(weir_model::Missing::PrefixList(*id)).into());
        }
        let mut lists = aws::lists(region);
        lists.retain(|list| self.prefix_list_ids.is_empty() || self.prefix_list_ids.contains(&list.id));
        lists.sort_by_key(|list| list.id);
        let view = |list: AwsList| AwsPrefixList {
            prefix_list_id: list.id,
            prefix_list_name: list.name(),
            cidrs: list.cidrs,
        };
        let (prefix_lists, next_token) =
            self.selection
                .narrow(lists.into_iter().map(view), &AWS_FILTERS, ANY, |list| list.prefix_list_id)?;
        Ok(DescribePrefixListsResponse { prefix_lists, next_token })
    }
}

/// A list.
#[derive(Xml)]
pub struct ManagedPrefixList {
    prefix_list_id: PrefixListId,
    address_family: &'static str,
    state: &'static str,
    state_message: Option<String>,
    prefix_list_arn: String,
    prefix_list_name: String,
    max_entries: Option<usize>,
    version: Option<u64>,
    tags: Tags,
    owner_id: String,
}

impl ManagedPrefixList {
    fn own(list: &PrefixList) -> ManagedPrefixList {
        let (state, state_message) = state(&list.state);
        let (account, region) = (list.scope.account, list.scope.region);
        ManagedPrefixList {
            prefix_list_id: list.id,
            address_family: match list.family {
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            },
            state,
            state_message,
            prefix_list_arn: format!("arn:aws:ec2:{region}:{account}:prefix-list/{}", list.id),
            prefix_list_name: list.name.clone(),
            max_entries: Some(list.max_entries),
            version: Some(list.version()),
            tags: list.tags.clone(),
            owner_id: account.to_string(),
        }
    }

    /// A list of AWS's: no size and no version are told.
    fn of_aws(list: &AwsList) -> ManagedPrefixList {
        ManagedPrefixList {
            prefix_list_id: list.id,
            address_family: "IPv4",
            state: "create-complete",
            state_message: None,
            prefix_list_arn: format!("arn:aws:ec2:{}:aws:prefix-list/{}", list.region, list.id),
            prefix_list_name: list.name(),
            max_entries: None,
            version: None,
            tags: Tags::new(),
            owner_id: AWS.to_owned(),
        }
    }

    fn at(self, state: &'static str) -> ManagedPrefixList {
        ManagedPrefixList { state, state_message: None, ..self }
    }

    /// While a change is in progress the version is still the one before.
    fn still(self, version: u64) -> ManagedPrefixList {
        ManagedPrefixList { version: Some(version), ..self }
    }
}

fn state(state: &PrefixListState) -> (&'static str, Option<String>) {
    match state {
        PrefixListState::Created => ("create-complete", None),
        PrefixListState::Modified => ("modify-complete", None),
        PrefixListState::Restored => ("restore-complete", None),
        PrefixListState::ModifyFailed(crowded) => {
            let ids: Vec<String> = crowded.iter().map(ToString::to_string).collect();
            let message = format!("Resources that do not support the new maximum size: {}", ids.join(", "));
            ("modify-failed", Some(message))
        }
    }
}

const FILTERS: FilterTable<ManagedPrefixList> = FilterTable {
    rows: &[
        ("owner-id", |list| vec![list.owner_id.clone()]),
        ("prefix-list-id", |list| vec![list.prefix_list_id.to_string()]),
        ("prefix-list-name", |list| vec![list.prefix_list_name.clone()]),
    ],
    tags: Some(|list| &list.tags),
};

const AWS_FILTERS: FilterTable<AwsPrefixList> = FilterTable {
    rows: &[
        ("prefix-list-id", |list| vec![list.prefix_list_id.to_string()]),
        ("prefix-list-name", |list| vec![list.prefix_list_name.clone()]),
    ],
    tags: None,
};
