//! Saved queries: a name, a text, and the groups it is meant for. A `/` in the name makes a folder of it.
//!
//! Source: CloudWatch Logs API Reference, PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition.

use crate::logs::check::{invalid, length, number};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::logs::query::check_language;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::table::Resource;
use weir_model::{Scope, Timestamp};

/// Most saved queries of an account in a region.
pub const DEFINITIONS_MAX: usize = 1000;
const NAME_CHARS_MAX: usize = 255;
const ID_CHARS_MAX: usize = 256;
const TEXT_CHARS_MAX: usize = 10_000;
const PAGE: i64 = 1000;

/// A saved query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    id: String,
    scope: Scope,
    name: String,
    text: String,
    log_groups: Vec<String>,
    changed: Timestamp,
}

impl Resource for Definition {
    type Key = String;
    const KIND: &'static str = "query-definition";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// Saves a query, or replaces all of one that is saved.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutQueryDefinition {
    query_language: Option<String>,
    name: String,
    query_definition_id: Option<String>,
    log_group_names: Option<Vec<String>>,
    query_string: String,
    /// Accepted without effect: a call that is repeated without an id saves a second query.
    #[serde(rename = "clientToken")]
    _client_token: Option<String>,
}

/// The id of the saved query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutQueryDefinitionResponse {
    query_definition_id: String,
}

impl Operation for PutQueryDefinition {
    type Response = PutQueryDefinitionResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_language(self.query_language.as_deref())?;
        length(&self.name, "name", 1..=NAME_CHARS_MAX)?;
        length(&self.query_string, "queryString", 1..=TEXT_CHARS_MAX)?;
        let log_groups = self.log_group_names.unwrap_or_default();
        for group in &log_groups {
            name::group(group, "logGroupNames")?;
        }
        let id = match self.query_definition_id {
            Some(id) => find(cx, &id)?.id.clone(),
            None => fresh(cx)?,
        };
        let (scope, changed) = (cx.scope, cx.now);
        let definition = Definition {
            id: id.clone(),
            scope,
            name: self.name,
            text: self.query_string,
            log_groups,
            changed,
        };
        cx.log_state.definitions.insert(definition);
        Ok(PutQueryDefinitionResponse { query_definition_id: id })
    }
}

/// The caller's saved query with that id.
fn find<'a>(cx: &'a Context<'_>, id: &str) -> Result<&'a Definition, Error> {
    length(id, "queryDefinitionId", 1..=ID_CHARS_MAX)?;
    let found =
        cx.log_state.definitions.get(&id.to_owned()).filter(|definition| definition.scope == cx.scope);
    let missing =
        || Error::new("ResourceNotFoundException", "The specified query definition does not exist.");
    found.ok_or_else(missing)
}

fn fresh(cx: &mut Context<'_>) -> Result<String, Error> {
    let count = cx.log_state.definitions.iter().filter(|definition| definition.scope == cx.scope).count();
    if count >= DEFINITIONS_MAX {
        return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
    }
    Ok(cx.ids.uuid())
}

/// Deletes a saved query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteQueryDefinition {
    query_definition_id: String,
}

/// That it is deleted.
#[derive(Serialize)]
pub struct DeleteQueryDefinitionResponse {
    success: bool,
}

impl Operation for DeleteQueryDefinition {
    type Response = DeleteQueryDefinitionResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = find(cx, &self.query_definition_id)?.id.clone();
        cx.log_state.definitions.remove(&id);
        Ok(DeleteQueryDefinitionResponse { success: true })
    }
}

/// Lists saved queries by name, all or those whose name begins so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeQueryDefinitions {
    query_language: Option<String>,
    query_definition_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// A page of saved queries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeQueryDefinitionsResponse {
    query_definitions: Vec<QueryDefinition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryDefinition {
    query_language: &'static str,
    query_definition_id: String,
    name: String,
    query_string: String,
    last_modified: i64,
    log_group_names: Vec<String>,
}

impl Operation for DescribeQueryDefinitions {
    type Response = DescribeQueryDefinitionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_language(self.query_language.as_deref())?;
        let size = number(self.max_results, "maxResults", 1..=PAGE, PAGE as usize)?;
        let prefix = self.query_definition_name_prefix.unwrap_or_default();
        let first: usize = match &self.next_token {
            Some(token) => {
                last_of(token)?.parse().map_err(|_| invalid("The specified nextToken is invalid."))?
            }
            None => 0,
        };
        let own = cx.log_state.definitions.iter().filter(|definition| definition.scope == cx.scope);
        let mut found: Vec<&Definition> =
            own.filter(|definition| definition.name.starts_with(&prefix)).collect();
        found.sort_by_key(|definition| (&definition.name, &definition.id));
        let end = first.saturating_add(size);
        let next_token = (end < found.len()).then(|| token_after(&end.to_string()));
        let query_definitions = found.into_iter().skip(first).take(size).map(QueryDefinition::of).collect();
        Ok(DescribeQueryDefinitionsResponse { query_definitions, next_token })
    }
}

impl QueryDefinition {
    fn of(definition: &Definition) -> QueryDefinition {
        QueryDefinition {
            query_language: "CWLI",
            query_definition_id: definition.id.clone(),
            name: definition.name.clone(),
            query_string: definition.text.clone(),
            last_modified: definition.changed.0,
            log_group_names: definition.log_groups.clone(),
        }
    }
}
