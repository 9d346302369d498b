//! Saved queries: a name, a text, and the groups it is meant for. A `/` in the name makes a folder of it.
//!
//! Source: CloudWatch Logs API Reference, PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::logs::queries::Language;
use crate::logs::query::{language, listed_language};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use weir_model::table::Resource;
use weir_model::{Scope, Timestamp};

/// Most saved queries of an account in a region.
pub const DEFINITIONS_MAX: usize = 1000;
const NAME_CHARS_MAX: usize = 255;
const ID_CHARS_MAX: usize = 256;
const TEXT_CHARS_MAX: usize = 10_000;
const PAGE: i64 = 1000;
const TOKEN_CHARS: RangeInclusive<usize> = 36..=128;
/// Most placeholders of a saved query.
const PARAMETERS_MAX: usize = 20;
const PARAMETER_NAME_CHARS_MAX: usize = 128;
const PARAMETER_VALUE_CHARS_MAX: usize = 1024;
const PARAMETER_TEXT_CHARS_MAX: usize = 512;

/// A saved query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    id: String,
    scope: Scope,
    name: String,
    text: String,
    log_groups: Vec<String>,
    changed: Timestamp,
    #[serde(default)]
    language: Language,
    #[serde(default)]
    parameters: Vec<QueryParameter>,
    /// The token of the call that saved it first, so that a repeated call saves it once.
    #[serde(default)]
    token: Option<String>,
}

/// A placeholder of a saved query. Its value is put in by who runs the query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QueryParameter {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
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
    client_token: Option<String>,
    #[serde(default)]
    parameters: Vec<QueryParameter>,
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
        let language = language(self.query_language.as_deref())?;
        length(&self.name, "name", 1..=NAME_CHARS_MAX)?;
        length(&self.query_string, "queryString", 1..=TEXT_CHARS_MAX)?;
        self.check_parameters()?;
        let log_groups = self.log_group_names.unwrap_or_default();
        for group in &log_groups {
            name::group(group, "logGroupNames")?;
        }
        if let Some(token) = &self.client_token {
            length(token, "clientToken", TOKEN_CHARS)?;
        }
        let first = self.client_token.as_ref().and_then(|token| {
            let own = cx.log_state.definitions.iter().filter(|definition| definition.scope == cx.scope);
            own.filter(|definition| definition.token.as_ref() == Some(token))
                .map(|first| first.id.clone())
                .next()
        });
        let id = match (self.query_definition_id, first) {
            (Some(id), _) => find(cx, &id)?.id.clone(),
            (None, Some(first)) => return Ok(PutQueryDefinitionResponse { query_definition_id: first }),
            (None, None) => fresh(cx)?,
        };
        let (scope, changed) = (cx.scope, cx.now);
        let definition = Definition {
            id: id.clone(),
            scope,
            name: self.name,
            text: self.query_string,
            log_groups,
            changed,
            language,
            parameters: self.parameters,
            token: self.client_token,
        };
        cx.log_state.definitions.insert(definition);
        Ok(PutQueryDefinitionResponse { query_definition_id: id })
    }
}

impl PutQueryDefinition {
    fn check_parameters(&self) -> Result<(), Error> {
        if self.parameters.len() > PARAMETERS_MAX {
            let given = format!("[{} parameters]", self.parameters.len());
            return Err(constraint(given, "parameters", "have length less than or equal to 20"));
        }
        for QueryParameter { name, default_value, description } in &self.parameters {
            length(name, "parameters.member.name", 1..=PARAMETER_NAME_CHARS_MAX)?;
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if name.starts_with(|first: char| first.is_ascii_digit()) || !name.chars().all(is_plain) {
                let rule = "satisfy regular expression pattern: ^[a-zA-Z_][a-zA-Z0-9_]*";
                return Err(constraint(name, "parameters.member.name", rule));
            }
            let (value, text) = (default_value.as_deref(), description.as_deref());
            length(
                value.unwrap_or_default(),
                "parameters.member.defaultValue",
                0..=PARAMETER_VALUE_CHARS_MAX,
            )?;
            length(text.unwrap_or_default(), "parameters.member.description", 0..=PARAMETER_TEXT_CHARS_MAX)?;
        }
        Ok(())
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<QueryParameter>,
}

impl Operation for DescribeQueryDefinitions {
    type Response = DescribeQueryDefinitionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let language = listed_language(self.query_language.as_deref())?;
        let size = number(self.max_results, "maxResults", 1..=PAGE, PAGE as usize)?;
        let prefix = self.query_definition_name_prefix.unwrap_or_default();
        let first: usize = match &self.next_token {
            Some(token) => {
                last_of(token, cx.now)?.parse().map_err(|_| invalid("The specified nextToken is invalid."))?
            }
            None => 0,
        };
        let own = cx.log_state.definitions.iter().filter(|definition| definition.scope == cx.scope);
        let is_in = |definition: &Definition| {
            language.is_none_or(|language| language == definition.language.name())
                && definition.name.starts_with(&prefix)
        };
        let mut found: Vec<&Definition> = own.filter(|definition| is_in(definition)).collect();
        found.sort_by_key(|definition| (&definition.name, &definition.id));
        let end = first.saturating_add(size);
        let next_token = (end < found.len()).then(|| token_after(&end.to_string(), cx.now));
        let query_definitions = found.into_iter().skip(first).take(size).map(QueryDefinition::of).collect();
        Ok(DescribeQueryDefinitionsResponse { query_definitions, next_token })
    }
}

impl QueryDefinition {
    fn of(definition: &Definition) -> QueryDefinition {
        QueryDefinition {
            query_language: definition.language.name(),
            query_definition_id: definition.id.clone(),
            name: definition.name.clone(),
            query_string: definition.text.clone(),
            last_modified: definition.changed.0,
            log_group_names: definition.log_groups.clone(),
            parameters: definition.parameters.clone(),
        }
    }
}
