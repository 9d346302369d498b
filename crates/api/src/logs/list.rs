//! Lists of groups by what they are like, and of the groups of a query.
//!
//! Source: CloudWatch Logs API Reference, ListLogGroups, ListLogGroupsForQuery.

use crate::logs::check::{constraint, invalid, number};
use crate::logs::class;
use crate::logs::group::{check_own_account, last_of, token_after};
use crate::logs::name;
use crate::logs::query::find;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use weir_store::{Group, NamePage};

const PAGE_MAX: i64 = 1000;
const PAGE: usize = 50;
const QUERY_PAGE: RangeInclusive<i64> = 50..=500;
/// Most texts of a name pattern, and how long each is.
const TEXTS_MAX: usize = 5;
const TEXT_CHARS: RangeInclusive<usize> = 3..=24;
/// Most tags to filter by, and values of each.
const TAGS_MAX: usize = 5;

/// Lists the caller's groups whose names, class and tags are as asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListLogGroups {
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    log_group_tags: Option<Vec<TagFilter>>,
    account_identifiers: Option<Vec<String>>,
    include_linked_accounts: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// A tag that a group must have, with one of these values if there are any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagFilter {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

/// A page of groups, in brief.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListLogGroupsResponse {
    log_groups: Vec<LogGroupSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogGroupSummary {
    log_group_name: String,
    log_group_arn: String,
    log_group_class: &'static str,
}

impl Operation for ListLogGroups {
    type Response = ListLogGroupsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE_MAX, PAGE)?;
        check_own_account(cx, self.account_identifiers.as_deref(), self.include_linked_accounts)?;
        let class = self.log_group_class.as_deref().map(class::parse).transpose()?;
        let texts = self.log_group_name_pattern.as_deref().map(texts).transpose()?;
        let tags = self.log_group_tags.unwrap_or_default();
        if tags.len() > TAGS_MAX || tags.iter().any(|tag| tag.values.len() > TAGS_MAX) {
            let rule = format!("have length less than or equal to {TAGS_MAX}");
            return Err(constraint(format!("[{} tags]", tags.len()), "logGroupTags", &rule));
        }
        let after = self.next_token.as_deref().map(|token| last_of(token, cx.now)).transpose()?;
        let page = NamePage { prefix: "", after: after.as_deref(), limit: limit + 1 };
        let (account, region) = (cx.scope.account.to_string(), cx.scope.region.to_string());
        let mut groups = cx.logs.groups(&account, &region, page, |group| {
            class.is_none_or(|class| group.class == class)
                && texts.as_ref().is_none_or(|texts| texts.iter().any(|text| has(&group.key.name, text)))
                && tags.iter().all(|tag| tag.is_on(group))
        });
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let next_token = groups.last().filter(|_| has_more).map(|last| token_after(&last.key.name, cx.now));
        Ok(ListLogGroupsResponse {
            log_groups: groups.into_iter().map(LogGroupSummary::of).collect(),
            next_token,
        })
    }
}

/// The texts of a pattern such as `^/aws/lambda|discovery`: any of them is to be in the name, at its beginning after `^`.
fn texts(pattern: &str) -> Result<Vec<&str>, Error> {
    let texts: Vec<&str> = pattern.split('|').collect();
    let is_text = |text: &&str| {
        let bare = text.strip_prefix('^').unwrap_or(text);
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/#".contains(letter);
        TEXT_CHARS.contains(&bare.len()) && bare.chars().all(is_plain)
    };
    match texts.len() <= TEXTS_MAX && texts.iter().all(is_text) {
        true => Ok(texts),
        false => Err(constraint(
            pattern,
            "logGroupNamePattern",
            r"satisfy regular expression pattern: (\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}",
        )),
    }
}

fn has(name: &str, text: &str) -> bool {
    match text.strip_prefix('^') {
        Some(prefix) => name.starts_with(prefix),
        None => name.contains(text),
    }
}

impl TagFilter {
    fn is_on(&self, group: &Group) -> bool {
        let value = group.tags.get(&self.key);
        value.is_some_and(|value| self.values.is_empty() || self.values.contains(value))
    }
}

impl LogGroupSummary {
    fn of(group: Group) -> LogGroupSummary {
        let Group { key, class, .. } = group;
        LogGroupSummary {
            log_group_arn: name::arn(&key),
            log_group_name: key.name,
            log_group_class: class::name(class),
        }
    }
}

/// Lists the groups that a query reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListLogGroupsForQuery {
    query_id: String,
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// A page of their names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListLogGroupsForQueryResponse {
    log_group_identifiers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListLogGroupsForQuery {
    type Response = ListLogGroupsForQueryResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let size = number(self.max_results, "maxResults", QUERY_PAGE, PAGE)?;
        let groups = &find(cx, &self.query_id)?.groups;
        let first: usize = match &self.next_token {
            Some(token) => {
                last_of(token, cx.now)?.parse().map_err(|_| invalid("The specified nextToken is invalid."))?
            }
            None => 0,
        };
        let end = first.saturating_add(size);
        let next_token = (end < groups.len()).then(|| token_after(&end.to_string(), cx.now));
        let log_group_identifiers = groups.iter().skip(first).take(size).cloned().collect();
        Ok(ListLogGroupsForQueryResponse { log_group_identifiers, next_token })
    }
}
