//! Log groups and how long they keep their events.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::class;
use crate::logs::encryption::check_key;
use crate::logs::name;
use crate::logs::position::TOKEN_MS_MAX;
use crate::logs::tag;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::{Tags, Timestamp};
use weir_store::{Class, Group, NamePage, NewGroup};
use weir_wire::{Token, WireError};

/// The days that a group may keep its events (PutRetentionPolicy).
pub const RETENTION_DAYS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/// Most groups of an answer, and how many there are if the caller does not say.
const PAGE: i64 = 50;

/// Makes a log group that keeps its events for ever.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateLogGroup {
    log_group_name: String,
    #[serde(default)]
    tags: Tags,
    log_group_class: Option<String>,
    deletion_protection_enabled: Option<bool>,
    /// Kept and shown: nothing is encrypted.
    kms_key_id: Option<String>,
}

impl Operation for CreateLogGroup {
    type Response = ();
    const WITHOUT_EFFECT: &'static [&'static str] = &["kmsKeyId"];

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let name = name::group(&self.log_group_name, "logGroupName")?;
        if name.starts_with("aws/") {
            return Err(invalid("Log groups starting with 'aws/' are reserved."));
        }
        tag::check(&Tags::new(), &self.tags)?;
        let class = self.log_group_class.as_deref().map_or(Ok(Class::Standard), class::parse)?;
        self.kms_key_id.as_deref().map_or(Ok(()), check_key)?;
        let new = NewGroup {
            class,
            tags: self.tags.clone(),
            is_protected: self.deletion_protection_enabled.unwrap_or(false),
            kms_key: self.kms_key_id.clone(),
            retention_days: (class == Class::Delivery).then_some(class::DELIVERY_DAYS),
        };
        let ticket = cx.logs.add_group(&name::key(cx.scope, name), new, cx.now.0)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Deletes a log group with its streams and events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteLogGroup {
    log_group_name: String,
}

impl Operation for DeleteLogGroup {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let ticket = cx.logs.remove_group(&group.key)?;
        cx.acknowledge_with(ticket);
        cx.log_state.forget_group(cx.scope, &group.key.name);
        Ok(())
    }
}

/// Keeps a group's events for so many days.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutRetentionPolicy {
    log_group_name: String,
    retention_in_days: i64,
}

impl Operation for PutRetentionPolicy {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let days = self.retention_in_days;
        if !RETENTION_DAYS.contains(&days) {
            let days_listed = RETENTION_DAYS.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            return Err(constraint(
                days,
                "retentionInDays",
                &format!("satisfy enum value set: [{days_listed}]"),
            ));
        }
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        class::check_retention(&group)?;
        let ticket = cx.logs.set_retention(&group.key, Some(days as u32))?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Keeps a group's events for ever.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRetentionPolicy {
    log_group_name: String,
}

impl Operation for DeleteRetentionPolicy {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        class::check_retention(&group)?;
        let ticket = cx.logs.set_retention(&group.key, None)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Makes a group and its streams refuse to be deleted, or not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutLogGroupDeletionProtection {
    log_group_identifier: String,
    deletion_protection_enabled: bool,
}

impl Operation for PutLogGroupDeletionProtection {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = cx.identified_group(&self.log_group_identifier, "logGroupIdentifier")?;
        let ticket = cx.logs.set_protection(&group.key, self.deletion_protection_enabled)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Lists the caller's log groups by name, all or those that begin with or hold a text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    account_identifiers: Option<Vec<String>>,
    include_linked_accounts: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// A page of log groups.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsResponse {
    log_groups: Vec<LogGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A log group as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogGroup {
    log_group_name: String,
    creation_time: i64,
    arn: String,
    metric_filter_count: usize,
    log_group_class: &'static str,
    log_group_arn: String,
    /// Not for groups that are looked for by a part of their names: so AWS answers, where its reference has even less.
    #[serde(flatten)]
    more: Option<LogGroupDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogGroupDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    stored_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    deletion_protection_enabled: bool,
}

impl Operation for DescribeLogGroups {
    type Response = DescribeLogGroupsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE, PAGE as usize)?;
        check_own_account(cx, self.account_identifiers.as_deref(), self.include_linked_accounts)?;
        let wanted = self.wanted(cx)?;
        let is_brief = self.log_group_name_pattern.is_some();
        let after: Option<String> =
            self.next_token.clone().map(|token| last_of(&token, cx.now)).transpose()?;
        let page = NamePage {
            prefix: self.log_group_name_prefix.as_deref().unwrap_or_default(),
            after: after.as_deref(),
            limit: limit + 1,
        };
        let (account, region) = (cx.scope.account.to_string(), cx.scope.region.to_string());
        let mut groups = cx.logs.groups(&account, &region, page, wanted);
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let last = groups.last().filter(|_| has_more).map(|last| token_after(&last.key.name, cx.now));
        Ok(DescribeLogGroupsResponse {
            log_groups: groups.into_iter().map(|group| LogGroup::of(group, is_brief, cx)).collect(),
            next_token: last,
        })
    }
}

impl DescribeLogGroups {
    /// The test that a group must pass beside its prefix.
    fn wanted(&self, cx: &Context<'_>) -> Result<impl Fn(&Group) -> bool, Error> {
        if let Some(prefix) = &self.log_group_name_prefix {
            name::group(prefix, "logGroupNamePrefix")?;
        }
        let pattern = self.log_group_name_pattern.clone();
        if let Some(pattern) = &pattern {
            length(pattern, "logGroupNamePattern", 0..=name::NAME_CHARS_MAX)?;
            if self.log_group_name_prefix.is_some() {
                return Err(invalid(
                    "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
                ));
            }
        }
        let class = self.log_group_class.as_deref().map(class::parse).transpose()?;
        if self.log_group_identifiers.is_some()
            && (pattern.is_some() || class.is_some() || self.log_group_name_prefix.is_some())
        {
            return Err(invalid("logGroupIdentifiers cannot be specified together with other filters."));
        }
        let named = self.log_group_identifiers.as_ref().map(|identifiers| {
            let groups = identifiers.iter().map(|text| cx.identified_group(text, "logGroupIdentifiers"));
            groups.map(|group| Ok(group?.key)).collect::<Result<Vec<_>, Error>>()
        });
        let named = named.transpose()?;
        Ok(move |group: &Group| {
            pattern.as_ref().is_none_or(|pattern| group.key.name.contains(pattern.as_str()))
                && class.is_none_or(|class| group.class == class)
                && named.as_ref().is_none_or(|named| named.contains(&group.key))
        })
    }
}

impl LogGroup {
    fn of(group: Group, is_brief: bool, cx: &Context<'_>) -> LogGroup {
        let arn = name::arn(&group.key);
        LogGroup {
            arn: format!("{arn}:*"),
            creation_time: group.created_ms,
            log_group_arn: arn,
            log_group_class: class::name(group.class),
            metric_filter_count: cx.log_state.filters.of(cx.scope, &group.key.name).count(),
            log_group_name: group.key.name,
            more: (!is_brief).then_some(LogGroupDetail {
                retention_in_days: group.retention_days,
                stored_bytes: group.stored_bytes,
                kms_key_id: group.kms_key,
                deletion_protection_enabled: group.is_protected,
            }),
        }
    }
}

/// Refuses to list what other accounts share: no account is linked to another.
///
/// # Errors
/// `UnknownParameter`.
pub(super) fn check_own_account(
    cx: &Context<'_>,
    accounts: Option<&[String]>,
    is_linked: Option<bool>,
) -> Result<(), Error> {
    let own = cx.scope.account.to_string();
    if is_linked == Some(true) {
        return Err(WireError::parameter_not_implemented("includeLinkedAccounts").into());
    }
    match accounts.is_some_and(|accounts| accounts.iter().any(|account| *account != own)) {
        true => Err(WireError::parameter_not_implemented("accountIdentifiers").into()),
        false => Ok(()),
    }
}

/// The token, made now, of what follows `name` in a list by name.
pub(super) fn token_after(name: &str, now: Timestamp) -> String {
    Token::after(&format!("{} {name}", now.0)).as_str().to_owned()
}

/// The name that a token was made of.
///
/// # Errors
/// `InvalidParameterException` for a text that [`token_after`] did not make, or more than 24 hours ago. Assumption: both
/// in the same words.
pub(super) fn last_of(token: &str, now: Timestamp) -> Result<String, Error> {
    last_within(token, now, TOKEN_MS_MAX)
}

/// As [`last_of`], of a token that is taken for `ms_max`.
pub(super) fn last_within(token: &str, now: Timestamp, ms_max: i64) -> Result<String, Error> {
    let invalid = || invalid("The specified nextToken is invalid.");
    let text: String = Token::given(token).key().map_err(|_| invalid())?;
    let (made_ms, name) = text.split_once(' ').ok_or_else(invalid)?;
    let made_ms: i64 = made_ms.parse().map_err(|_| invalid())?;
    match now.0.saturating_sub(made_ms) <= ms_max {
        true => Ok(name.to_owned()),
        false => Err(invalid()),
    }
}
