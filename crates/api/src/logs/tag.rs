//! Tags of log groups, lookup tables and scheduled queries.
//!
//! `TagLogGroup` and its sisters name the group by its name and are on their way out; the others take its ARN.
//! Source: CloudWatch Logs API Reference, TagResource, TagLogGroup.

use crate::logs::check::{invalid, length};
use crate::logs::lookup_table::{self, LookupTable};
use crate::logs::scheduled_query::{self, ScheduledQuery};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::Tags;
use weir_model::tags::{KEY_CHARS_MAX, TAGS_MAX, VALUE_CHARS_MAX};

/// Refuses tags that a group with the tags `present` cannot get.
///
/// # Errors
/// `InvalidParameterException` for a key or value of the wrong form, `TooManyTagsException` past 50.
pub fn check(present: &Tags, added: &Tags) -> Result<(), Error> {
    for (key, value) in added {
        length(key, "tags", 1..=KEY_CHARS_MAX)?;
        length(value, "tags", 0..=VALUE_CHARS_MAX)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys beginning with aws: are reserved for system use"));
        }
    }
    let count = present.len() + added.keys().filter(|key| !present.contains_key(*key)).count();
    if count > TAGS_MAX {
        let message = format!("A resource can have no more than {TAGS_MAX} tags.");
        return Err(Error::new("TooManyTagsException", message));
    }
    Ok(())
}

/// Adds tags to the group, lookup table or scheduled query with an ARN.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagResource {
    resource_arn: String,
    tags: Tags,
}

impl Operation for TagResource {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        if let Some(tags) = own_tags(cx, &self.resource_arn)? {
            check(tags, &self.tags)?;
            tags.extend(self.tags);
            return Ok(());
        }
        let group = cx.identified_group(bare(&self.resource_arn), "resourceArn")?;
        check(&group.tags, &self.tags)?;
        let ticket = cx.logs.add_tags(&group.key, self.tags)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Adds tags to the group with a name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagLogGroup {
    log_group_name: String,
    tags: Tags,
}

impl Operation for TagLogGroup {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        check(&group.tags, &self.tags)?;
        let ticket = cx.logs.add_tags(&group.key, self.tags)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Removes tags from the group, lookup table or scheduled query with an ARN.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UntagResource {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        if let Some(tags) = own_tags(cx, &self.resource_arn)? {
            tags.retain(|key, _| !self.tag_keys.contains(key));
            return Ok(());
        }
        let group = cx.identified_group(bare(&self.resource_arn), "resourceArn")?;
        let keys: Vec<&str> = self.tag_keys.iter().map(String::as_str).collect();
        let ticket = cx.logs.remove_tags(&group.key, &keys)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Removes tags from the group with a name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UntagLogGroup {
    log_group_name: String,
    tags: Vec<String>,
}

impl Operation for UntagLogGroup {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let keys: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let ticket = cx.logs.remove_tags(&group.key, &keys)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Lists the tags of the group, lookup table or scheduled query with an ARN.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTagsForResource {
    resource_arn: String,
}

/// Lists the tags of the group with a name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTagsLogGroup {
    log_group_name: String,
}

/// The tags of a group.
#[derive(Serialize)]
pub struct ListTagsResponse {
    tags: Tags,
}

impl Operation for ListTagsForResource {
    type Response = ListTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        if lookup_table::is_arn(&self.resource_arn) {
            let key = cx.lookup_table_key(&self.resource_arn)?;
            let tags = cx.log_state.lookup_tables.get(&key).map(|table| table.tags().clone());
            return Ok(ListTagsResponse { tags: tags.unwrap_or_default() });
        }
        if scheduled_query::is_arn(&self.resource_arn) {
            return Ok(ListTagsResponse { tags: cx.scheduled_query(&self.resource_arn)?.tags().clone() });
        }
        let group = cx.identified_group(bare(&self.resource_arn), "resourceArn")?;
        Ok(ListTagsResponse { tags: group.tags })
    }
}

impl Operation for ListTagsLogGroup {
    type Response = ListTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        Ok(ListTagsResponse { tags: cx.log_group(&self.log_group_name, "logGroupName")?.tags })
    }
}

/// The tags of the lookup table or scheduled query with this ARN, to be changed; `None` if it is the ARN of neither.
fn own_tags<'a>(cx: &'a mut Context<'_>, arn: &str) -> Result<Option<&'a mut Tags>, Error> {
    if lookup_table::is_arn(arn) {
        let key = cx.lookup_table_key(arn)?;
        let table = cx.log_state.lookup_tables.get_mut(&key);
        return table.map(|table| Some(LookupTable::tags_mut(table))).ok_or_else(lookup_table::missing);
    }
    if scheduled_query::is_arn(arn) {
        let id = cx.scheduled_query(arn)?.id.clone();
        let query = cx.log_state.scheduled.queries.get_mut(&id);
        return query.map(|query| Some(ScheduledQuery::tags_mut(query))).ok_or_else(scheduled_query::missing);
    }
    Ok(None)
}

/// An ARN without the `:*` that the ARNs in DescribeLogGroups end with; tagging takes both forms.
fn bare(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}
