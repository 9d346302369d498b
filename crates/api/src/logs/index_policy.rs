//! Field index policies of groups and of the account: which fields are to be indexed. They are kept and shown; queries read
//! all events whatever is indexed, and find the same, but for `filterIndex`, which reads the groups with an index only.
//!
//! A group has its own policy, else the one of the account that applies to it. Policies of the account name groups by the
//! beginning of their names, or apply to all; no two may apply to the same group.
//!
//! Assumptions: field indexes are shown without AWS's default ones; a policy that is not there is not found; what queries have
//! read is as if it had been scanned now.
//! Source: CloudWatch Logs API Reference, PutIndexPolicy, DescribeIndexPolicies, DescribeFieldIndexes, PutAccountPolicy.

use crate::logs::check::{constraint, invalid, length};
use crate::logs::class;
use crate::logs::fields::field_names;
use crate::logs::name;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::table::Resource;
use weir_model::{Scope, Timestamp};
use weir_store::{Direction, Group, Select};

/// Most fields of a policy, and the longest name of one.
const FIELDS_MAX: usize = 20;
const FIELD_CHARS_MAX: usize = 100;
const DOCUMENT_CHARS_MAX: usize = 51_200;
const GROUPS_MAX: usize = 100;
/// Most events of a group that are looked at for its indexes.
const EVENTS_MAX: usize = 10_000;

/// A policy of a group or, with a name, of the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexPolicy {
    pub(super) scope: Scope,
    pub(super) owner: Owner,
    pub(super) document: String,
    pub(super) updated: Timestamp,
}

/// Whose policy it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Owner {
    /// The group's of this name.
    Group(String),
    /// The account's.
    Account {
        /// Its name.
        name: String,
        /// How the names of its groups begin; empty for all groups.
        prefix: String,
    },
}

impl Resource for IndexPolicy {
    type Key = String;
    const KIND: &'static str = "log-index-policy";

    fn key(&self) -> String {
        key(self.scope, &self.owner)
    }
}

pub(super) fn key(scope: Scope, owner: &Owner) -> String {
    let Scope { account, region } = scope;
    match owner {
        Owner::Group(group) => format!("{account}:{region}:group:{group}"),
        Owner::Account { name, .. } => format!("{account}:{region}:account:{name}"),
    }
}

impl IndexPolicy {
    /// Whether it is the group's own.
    pub fn is_of(&self, scope: Scope, log_group: &str) -> bool {
        self.scope == scope && matches!(&self.owner, Owner::Group(own) if own == log_group)
    }

    fn applies_to(&self, scope: Scope, log_group: &str) -> bool {
        let is_meant = |prefix: &str| log_group.starts_with(prefix);
        self.scope == scope && matches!(&self.owner, Owner::Account { prefix, .. } if is_meant(prefix))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "Fields", default)]
    fields: Vec<String>,
    #[serde(rename = "FieldsV2", default)]
    typed: BTreeMap<String, FieldType>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldType {
    r#type: IndexType,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum IndexType {
    FieldIndex,
    Facet,
}

/// The fields of a policy's document and how each is indexed.
fn fields(document: &str) -> Result<BTreeMap<String, IndexType>, Error> {
    let wrong = |reason: &str| invalid(format!("Invalid index policy document: {reason}"));
    let read: Document = serde_json::from_str(document).map_err(|error| wrong(&error.to_string()))?;
    let count = read.fields.len() + read.typed.len();
    let mut fields: BTreeMap<String, IndexType> =
        read.typed.into_iter().map(|(name, field)| (name, field.r#type)).collect();
    fields.extend(read.fields.into_iter().map(|name| (name, IndexType::FieldIndex)));
    match fields.len() {
        0 => Err(wrong("it has no field")),
        distinct if distinct < count => Err(wrong("it has a field twice")),
        distinct if distinct > FIELDS_MAX => Err(wrong("it has more than 20 fields")),
        _ if fields.keys().any(|name| !(1..=FIELD_CHARS_MAX).contains(&name.chars().count())) => {
            Err(wrong("the name of a field has not 1 to 100 characters"))
        }
        _ => Ok(fields),
    }
}

/// Refuses a text that is no policy's document.
///
/// # Errors
/// `InvalidParameterException`.
pub(super) fn check_document(document: &str) -> Result<(), Error> {
    fields(document).map(drop)
}

/// The policy that a group has, its own or the account's.
fn policy_of<'a>(cx: &'a Context<'_>, log_group: &str) -> Option<&'a IndexPolicy> {
    let policies = || cx.log_state.index_policies.iter();
    let own = policies().find(|policy| policy.is_of(cx.scope, log_group));
    own.or_else(|| policies().find(|policy| policy.applies_to(cx.scope, log_group)))
}

/// Whether a policy has the field indexed in the caller's group of this name.
pub(super) fn has_index(cx: &Context<'_>, log_group: &str, field: &str) -> bool {
    let fields = policy_of(cx, log_group).and_then(|policy| fields(&policy.document).ok());
    fields.is_some_and(|fields| fields.contains_key(field))
}

/// The caller's group with that name or ARN, which must be one that has indexes.
fn indexed_group(cx: &Context<'_>, identifier: &str, member: &str) -> Result<Group, Error> {
    let group = cx.identified_group(identifier, member)?;
    class::check_filtered(&group)?;
    Ok(group)
}

/// Gives a group a policy, in place of the one it has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutIndexPolicy {
    log_group_identifier: String,
    policy_document: String,
}

/// The policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutIndexPolicyResponse {
    index_policy: IndexPolicyView,
}

/// A policy as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexPolicyView {
    log_group_identifier: String,
    last_update_time: i64,
    policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<String>,
    source: &'static str,
}

impl IndexPolicyView {
    fn of(policy: &IndexPolicy, group: &Group) -> IndexPolicyView {
        let (policy_name, source) = match &policy.owner {
            Owner::Group(_) => (None, "LOG_GROUP"),
            Owner::Account { name, .. } => (Some(name.clone()), "ACCOUNT"),
        };
        IndexPolicyView {
            log_group_identifier: name::arn(&group.key),
            last_update_time: policy.updated.0,
            policy_document: policy.document.clone(),
            policy_name,
            source,
        }
    }
}

impl Operation for PutIndexPolicy {
    type Response = PutIndexPolicyResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["policyDocument"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        length(&self.policy_document, "policyDocument", 1..=DOCUMENT_CHARS_MAX)?;
        check_document(&self.policy_document)?;
        let group = indexed_group(cx, &self.log_group_identifier, "logGroupIdentifier")?;
        let owner = Owner::Group(group.key.name.clone());
        let policy = IndexPolicy { scope: cx.scope, owner, document: self.policy_document, updated: cx.now };
        let index_policy = IndexPolicyView::of(&policy, &group);
        cx.log_state.index_policies.insert(policy);
        Ok(PutIndexPolicyResponse { index_policy })
    }
}

/// Takes a group's own policy away.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteIndexPolicy {
    log_group_identifier: String,
}

impl Operation for DeleteIndexPolicy {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = indexed_group(cx, &self.log_group_identifier, "logGroupIdentifier")?;
        let key = key(cx.scope, &Owner::Group(group.key.name));
        let missing =
            || Error::new("ResourceNotFoundException", "The specified index policy does not exist.");
        cx.log_state.index_policies.remove(&key).map(drop).ok_or_else(missing)
    }
}

/// Shows the policy that a group has, its own or the account's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeIndexPolicies {
    log_group_identifiers: Vec<String>,
}

/// The policy, or none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeIndexPoliciesResponse {
    index_policies: Vec<IndexPolicyView>,
}

impl Operation for DescribeIndexPolicies {
    type Response = DescribeIndexPoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let [identifier] = &self.log_group_identifiers[..] else {
            let given = format!("[{} identifiers]", self.log_group_identifiers.len());
            return Err(constraint(given, "logGroupIdentifiers", "have length equal to 1"));
        };
        let group = indexed_group(cx, identifier, "logGroupIdentifiers")?;
        let policy = policy_of(cx, &group.key.name).map(|policy| IndexPolicyView::of(policy, &group));
        Ok(DescribeIndexPoliciesResponse { index_policies: policy.into_iter().collect() })
    }
}

/// Shows the fields that are indexed in some groups, and in which events they have been.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeFieldIndexes {
    log_group_identifiers: Vec<String>,
}

/// The fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeFieldIndexesResponse {
    field_indexes: Vec<FieldIndex>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FieldIndex {
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group_identifier: Option<String>,
    field_index_name: String,
    last_scan_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_time: Option<i64>,
    r#type: IndexType,
}

impl Operation for DescribeFieldIndexes {
    type Response = DescribeFieldIndexesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        if self.log_group_identifiers.is_empty() || self.log_group_identifiers.len() > GROUPS_MAX {
            let given = format!("[{} identifiers]", self.log_group_identifiers.len());
            let rule = format!("have length between 1 and {GROUPS_MAX}");
            return Err(constraint(given, "logGroupIdentifiers", &rule));
        }
        let mut field_indexes = vec![];
        for identifier in &self.log_group_identifiers {
            let group = indexed_group(cx, identifier, "logGroupIdentifiers")?;
            if let Some(policy) = policy_of(cx, &group.key.name) {
                field_indexes.extend(indexes(cx, &group, policy)?);
            }
        }
        Ok(DescribeFieldIndexesResponse { field_indexes })
    }
}

/// The indexes of a group by its policy, with the times of the events that came in since it is as it is.
fn indexes(cx: &Context<'_>, group: &Group, policy: &IndexPolicy) -> Result<Vec<FieldIndex>, Error> {
    let mut spans = BTreeMap::<String, (i64, i64)>::new();
    let select = Select { direction: Direction::Backward, ..Select::default() };
    let origin = cx.origin(&group.key);
    for row in cx.logs.rows(&group.key, select)?.take(EVENTS_MAX) {
        let row = row?;
        if row.ingestion_ms < policy.updated.0 {
            continue;
        }
        for field in field_names(&row, &origin) {
            let span = spans.entry(field).or_insert((row.timestamp_ms, row.timestamp_ms));
            *span = (span.0.min(row.timestamp_ms), span.1.max(row.timestamp_ms));
        }
    }
    let is_own = policy.is_of(cx.scope, &group.key.name);
    let indexes = fields(&policy.document)?.into_iter().map(|(field_index_name, kind)| {
        let span = spans.get(&field_index_name);
        FieldIndex {
            log_group_identifier: is_own.then(|| name::arn(&group.key)),
            last_scan_time: cx.now.0,
            first_event_time: span.map(|(first, _)| *first),
            last_event_time: span.map(|(_, last)| *last),
            r#type: kind,
            field_index_name,
        }
    });
    Ok(indexes.collect())
}
