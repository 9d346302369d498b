//! Log groups and how long they keep their events.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::name;
use crate::logs::tag;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::Tags;
use weir_store::{Class, Group, NamePage, NewGroup};
use weir_wire::Token;

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
    /// Accepted without effect: nothing is encrypted.
    #[serde(rename = "kmsKeyId")]
    _kms_key_id: Option<String>,
}

impl Operation for CreateLogGroup {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let name = name::group(&self.log_group_name, "logGroupName")?;
        if name.starts_with("aws/") {
            return Err(invalid("Log groups starting with 'aws/' are reserved."));
        }
        tag::check(&Tags::new(), &self.tags)?;
        let class = self.log_group_class.as_deref().map_or(Ok(Class::Standard), class)?;
        let is_protected = self.deletion_protection_enabled.unwrap_or(false);
        let new = NewGroup { class, tags: self.tags.clone(), is_protected };
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
        let ticket = cx.logs.set_retention(&group.key, None)?;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    metric_filter_count: usize,
    arn: String,
    stored_bytes: u64,
    log_group_class: &'static str,
    log_group_arn: String,
    deletion_protection_enabled: bool,
}

impl Operation for DescribeLogGroups {
    type Response = DescribeLogGroupsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE, PAGE as usize)?;
        let wanted = self.wanted(cx)?;
        let after: Option<String> = self.next_token.clone().map(|token| last_of(&token)).transpose()?;
        let page = NamePage {
            prefix: self.log_group_name_prefix.as_deref().unwrap_or_default(),
            after: after.as_deref(),
            limit: limit + 1,
        };
        let (account, region) = (cx.scope.account.to_string(), cx.scope.region.to_string());
        let mut groups = cx.logs.groups(&account, &region, page, wanted);
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let last = groups.last().filter(|_| has_more).map(|last| token_after(&last.key.name));
        Ok(DescribeLogGroupsResponse {
            log_groups: groups.into_iter().map(|group| LogGroup::of(group, cx)).collect(),
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
        let class = self.log_group_class.as_deref().map(class).transpose()?;
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
    fn of(group: Group, cx: &Context<'_>) -> LogGroup {
        let arn = name::arn(&group.key);
        LogGroup {
            metric_filter_count: cx.log_state.filters.of(cx.scope, &group.key.name).count(),
            log_group_name: group.key.name,
            creation_time: group.created_ms,
            retention_in_days: group.retention_days,
            arn: format!("{arn}:*"),
            stored_bytes: group.stored_bytes,
            log_group_class: class_name(group.class),
            log_group_arn: arn,
            deletion_protection_enabled: group.is_protected,
        }
    }
}

const CLASSES: [(Class, &str); 4] = [
    (Class::Standard, "STANDARD"),
    (Class::InfrequentAccess, "INFREQUENT_ACCESS"),
    (Class::Delivery, "DELIVERY"),
    (Class::Essentials, "ESSENTIALS"),
];

fn class(given: &str) -> Result<Class, Error> {
    let found = CLASSES.iter().find(|(_, name)| *name == given).map(|(class, _)| *class);
    let names = CLASSES.map(|(_, name)| name).join(", ");
    found.ok_or_else(|| constraint(given, "logGroupClass", &format!("satisfy enum value set: [{names}]")))
}

fn class_name(class: Class) -> &'static str {
    CLASSES.iter().find(|(known, _)| *known == class).map_or("STANDARD", |(_, name)| name)
}

/// The token of what follows `name` in a list by name.
pub(super) fn token_after(name: &str) -> String {
    Token::after(&name).as_str().to_owned()
}

/// The name that a token was made of.
///
/// # Errors
/// `InvalidParameterException` for a text that [`token_after`] did not make.
pub(super) fn last_of(token: &str) -> Result<String, Error> {
    Token::given(token).key().map_err(|_| invalid("The specified nextToken is invalid."))
}
