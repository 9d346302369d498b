//! Logs Insights queries: start, results, stop, list.
//!
//! Source: CloudWatch Logs API Reference, StartQuery, GetQueryResults, StopQuery, DescribeQueries.

use crate::logs::check::{constraint, invalid, length, number, time};
use crate::logs::class;
use crate::logs::group::{last_of, last_within, token_after};
use crate::logs::name;
use crate::logs::queries::{KEPT_MS, Language, NewQuery, Query, RUNNING_MAX};
use crate::operation::{Context, Error, Operation};
use crate::sts::caller;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_insights::{Plan, QueryError, QueryResult, Selection, Statistics, Table, TimeRange};
use weir_model::{AccountId, Timestamp};
use weir_store::Group;
use weir_wire::WireError;

pub(super) const QUERY_CHARS_MAX: usize = 10_000;
const QUERY_ID_CHARS_MAX: usize = 256;
/// Most groups of a query.
pub(super) const GROUPS_MAX: usize = 50;
const LIMIT_MAX: i64 = 100_000;
/// Most rows of one answer; the rest comes with a token.
const ROWS_MAX: i64 = 10_000;
/// How long the token of more rows is taken: an hour (CloudWatch Logs API Reference, GetQueryResults).
const ROWS_TOKEN_MS_MAX: i64 = 60 * 60 * 1000;
/// Times at least this large cannot be seconds (the year 5138): they are milliseconds.
pub(super) const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Starts a query over the events of one or more groups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartQuery {
    query_language: Option<String>,
    log_group_name: Option<String>,
    log_group_names: Option<Vec<String>>,
    log_group_identifiers: Option<Vec<String>>,
    start_time: i64,
    end_time: i64,
    query_string: String,
    limit: Option<i64>,
}

/// The id of the query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartQueryResponse {
    query_id: String,
}

impl Operation for StartQuery {
    type Response = StartQueryResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let language = language(self.query_language.as_deref())?;
        length(&self.query_string, "queryString", 0..=QUERY_CHARS_MAX)?;
        let limit = number(self.limit, "limit", 1..=LIMIT_MAX, 0)?;
        let window = self.window()?;
        let limit = u32::try_from(limit).ok().filter(|limit| *limit > 0);
        let planned = cx.planned(&self.query_string, language, limit)?;
        let groups = match &planned.plan.selection {
            Some(selection) if self.names_no_group() => cx.selected_groups(selection)?,
            Some(_) => return Err(given_groups_twice()),
            None if planned.reads_all_groups() && self.names_no_group() => {
                cx.selected_groups(&Selection::default())?
            }
            None => self.groups(cx)?,
        };
        let read = cx.read_by(&planned, groups)?;
        let query_id = cx.start(planned, read, (window, KEPT_MS))?;
        Ok(StartQueryResponse { query_id })
    }
}

/// The refusal of groups beside those that a query names itself.
pub(super) fn given_groups_twice() -> Error {
    invalid("A query that names its log groups by SOURCE or FROM is given no others.")
}

/// A query that is understood, with the tables that it reads.
pub(super) struct Planned {
    text: String,
    language: Language,
    /// What it means.
    pub plan: Plan,
    tables: BTreeMap<String, Arc<Table>>,
}

impl Planned {
    /// Whether it reads all log groups that it is not told to leave out: its field indexes tell what PPL reads.
    pub fn reads_all_groups(&self) -> bool {
        self.language == Language::Ppl
            && self.plan.selection.is_none()
            && !self.plan.indexed_fields.is_empty()
    }
}

/// The groups that a query reads: its own, and those of each query within it.
pub(super) struct Read {
    /// Its own.
    pub groups: Vec<Group>,
    /// Those of each query within it, in their order.
    pub inputs: Vec<Vec<Group>>,
}

impl Context<'_> {
    /// What a query means.
    ///
    /// # Errors
    /// `MalformedQueryException`.
    pub(super) fn planned(
        &self,
        text: &str,
        language: Language,
        limit: Option<u32>,
    ) -> Result<Planned, Error> {
        let plan = match language {
            Language::Insights => weir_insights::plan(text, limit),
            Language::Sql => weir_insights::sql_plan(text, limit),
            Language::Ppl => weir_insights::ppl_plan(text, limit),
        };
        let plan = plan.map_err(|error| malformed(text, &error))?;
        let tables = self.lookup_tables(&plan).map_err(|error| malformed(text, &error))?;
        Ok(Planned { text: text.to_owned(), language, plan, tables })
    }

    /// What a query reads that is asked of `groups`.
    ///
    /// # Errors
    /// A group that is not there or whose class does not have such queries.
    pub(super) fn read_by(&self, planned: &Planned, groups: Vec<Group>) -> Result<Read, Error> {
        let inputs = self.input_groups(&planned.plan, &groups)?;
        class::check_queried(groups.iter().chain(inputs.iter().flatten()))?;
        let all = groups.iter().chain(inputs.iter().flatten());
        let checked = class::check_language(planned.language, all)
            .and_then(|()| class::check_query(&planned.plan, &groups, &inputs));
        checked.map_err(|error| malformed(&planned.text, &error))?;
        Ok(Read { groups, inputs })
    }

    /// Starts a query over what the groups hold in the window, unless the query names another; its results are kept for so many ms.
    ///
    /// # Errors
    /// As many queries run as may, or a group is gone.
    pub(super) fn start(
        &mut self,
        planned: Planned,
        read: Read,
        (window, kept_ms): (TimeRange, i64),
    ) -> Result<String, Error> {
        if !self.queries.has_room(self.scope) {
            let message = format!("Account maximum query concurrency limit of {RUNNING_MAX} reached.");
            return Err(Error::new("LimitExceededException", message));
        }
        let Planned { text, language, plan, tables } = planned;
        let window = plan.selection.as_ref().map_or(window, |selection| selection.window(window, self.now.0));
        let inputs = self.inputs(&plan, read.inputs, window)?;
        let groups = self.indexed_groups(read.groups, &plan.indexed_fields);
        let groups = self.scanned(&groups, window)?;
        let query_id = self.ids.uuid();
        let new = NewQuery { text, language, plan, groups, inputs, tables, window, kept_ms };
        let job = self.queries.start(query_id.clone(), self.scope, self.now, new);
        self.runner.run(job);
        Ok(query_id)
    }
}

/// The language that a query is written in; what is none is refused.
pub(super) fn language(given: Option<&str>) -> Result<Language, Error> {
    Ok(match listed_language(given)? {
        Some("PPL") => Language::Ppl,
        Some("SQL") => Language::Sql,
        _ => Language::Insights,
    })
}

/// The language of the queries that are asked for in a list, any that AWS has.
pub(super) fn listed_language(given: Option<&str>) -> Result<Option<&str>, Error> {
    match given {
        None | Some("CWLI" | "SQL" | "PPL") => Ok(given),
        Some(other) => Err(constraint(other, "queryLanguage", "satisfy enum value set: [CWLI, SQL, PPL]")),
    }
}

impl StartQuery {
    /// The window: whole seconds, both ends included. Milliseconds are understood too.
    fn window(&self) -> Result<TimeRange, Error> {
        let ms = |given: i64, rest: i64| match given {
            ms if ms >= MILLISECONDS_FROM => ms,
            seconds => seconds * 1000 + rest,
        };
        let start_ms = ms(time(Some(self.start_time), "startTime", 0)?, 0);
        let end_ms = ms(time(Some(self.end_time), "endTime", 0)?, 999);
        match start_ms <= end_ms {
            true => Ok(TimeRange { start_ms, end_ms }),
            false => Err(invalid("Query's end time is before its start time.")),
        }
    }

    fn names_no_group(&self) -> bool {
        self.log_group_name.is_none()
            && self.log_group_names.is_none()
            && self.log_group_identifiers.is_none()
    }

    fn groups(&self, cx: &Context<'_>) -> Result<Vec<Group>, Error> {
        let one = self.log_group_name.as_ref().map(std::slice::from_ref);
        let names = (one.or(self.log_group_names.as_deref()), &self.log_group_identifiers);
        let is_twice = self.log_group_name.is_some() && self.log_group_names.is_some();
        let groups: Vec<Group> = match names {
            (Some(names), None) if !is_twice => {
                let group = |name| {
                    cx.log_group(name, "logGroupNames").map_err(|error| which(error, name, cx.scope.account))
                };
                names.iter().map(|name| group(name.as_str())).collect::<Result<_, _>>()?
            }
            (None, Some(identifiers)) => {
                let group = |named| {
                    let group = cx.identified_group(named, "logGroupIdentifiers");
                    group.map_err(|error| which(error, named, cx.scope.account))
                };
                identifiers.iter().map(|named| group(named.as_str())).collect::<Result<_, _>>()?
            }
            _ => {
                return Err(invalid(
                    "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.",
                ));
            }
        };
        match groups.len() {
            1..=GROUPS_MAX => Ok(groups),
            count => Err(constraint(
                format!("[{count} groups]"),
                "logGroupNames",
                &format!("have length between 1 and {GROUPS_MAX}"),
            )),
        }
    }
}

/// Says of a group that is not there which one it is: a query may read many.
fn which(error: Error, group: &str, account: AccountId) -> Error {
    match error {
        Error::Wire(WireError { code: code @ "ResourceNotFoundException", .. }) => {
            Error::new(code, format!("Log group '{group}' does not exist for account ID '{account}'"))
        }
        error => error,
    }
}

/// A `MalformedQueryException`, which tells the place.
fn malformed(query: &str, error: &QueryError) -> Error {
    let message = error.to_string();
    let at = error.location(query);
    let location = json!({ "startCharOffset": at.start_char_offset, "endCharOffset": at.end_char_offset });
    let detail = json!({ "queryCompileError": { "location": location, "message": message } });
    Error::Detailed(WireError::new("MalformedQueryException", message), detail)
}

/// The caller's query with that id.
pub(super) fn find<'a>(cx: &'a Context<'_>, id: &str) -> Result<&'a Query, Error> {
    length(id, "queryId", 1..=QUERY_ID_CHARS_MAX)?;
    let missing = || Error::new("ResourceNotFoundException", format!("Query [{id}] does not exist."));
    cx.queries.find(cx.scope, id).ok_or_else(missing)
}

/// Asks for what a query has found so far.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetQueryResults {
    query_id: String,
    next_token: Option<String>,
    max_items: Option<i64>,
}

/// The state of a query, and its rows when it is done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetQueryResultsResponse {
    query_language: &'static str,
    results: Vec<Vec<ResultField>>,
    statistics: QueryStatistics,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
struct ResultField {
    field: String,
    value: String,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct QueryStatistics {
    records_matched: f64,
    records_scanned: f64,
    estimated_records_skipped: f64,
    bytes_scanned: f64,
    estimated_bytes_skipped: f64,
    log_groups_scanned: f64,
    result_count: f64,
}

impl Operation for GetQueryResults {
    type Response = GetQueryResultsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let query = find(cx, &self.query_id)?;
        let size = number(self.max_items, "maxItems", 0..=ROWS_MAX, ROWS_MAX as usize)?;
        let first: usize = match &self.next_token {
            Some(token) => last_within(token, cx.now, ROWS_TOKEN_MS_MAX)?
                .parse()
                .map_err(|_| invalid("The specified nextToken is invalid."))?,
            None => 0,
        };
        let status = query.status();
        let found = query.view(|result| page(result, (first, size), cx.now));
        let (results, statistics, next_token) = found.unwrap_or_default();
        Ok(GetQueryResultsResponse {
            query_language: query.language.name(),
            results,
            statistics,
            status: status.name(),
            next_token,
        })
    }
}

fn page(
    result: &QueryResult,
    (first, size): (usize, usize),
    now: Timestamp,
) -> (Vec<Vec<ResultField>>, QueryStatistics, Option<String>) {
    let rows = result.rows.iter().skip(first).take(size).map(|row| {
        let fields = result.fields(row);
        fields
            .map(|(field, value)| ResultField { field: field.to_owned(), value: value.to_owned() })
            .collect()
    });
    let end = first.saturating_add(size);
    let next_token = (end < result.rows.len() && size > 0).then(|| token_after(&end.to_string(), now));
    (rows.collect(), QueryStatistics::of(&result.statistics), next_token)
}

impl QueryStatistics {
    fn of(statistics: &Statistics) -> QueryStatistics {
        QueryStatistics {
            records_matched: statistics.records_matched as f64,
            records_scanned: statistics.records_scanned as f64,
            estimated_records_skipped: statistics.estimated_records_skipped as f64,
            bytes_scanned: statistics.bytes_scanned as f64,
            estimated_bytes_skipped: statistics.estimated_bytes_skipped as f64,
            log_groups_scanned: statistics.log_groups_scanned as f64,
            result_count: statistics.result_count as f64,
        }
    }
}

/// Stops a query that is running.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopQuery {
    query_id: String,
}

/// Whether it was stopped.
#[derive(Serialize)]
pub struct StopQueryResponse {
    success: bool,
}

impl Operation for StopQuery {
    type Response = StopQueryResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        match find(cx, &self.query_id)?.stop() {
            true => Ok(StopQueryResponse { success: true }),
            false => Err(invalid(format!("Query [{}] is not running or scheduled.", self.query_id))),
        }
    }
}

/// Lists the queries of the last days, newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeQueries {
    log_group_name: Option<String>,
    status: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    query_language: Option<String>,
}

/// Queries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeQueriesResponse {
    queries: Vec<QueryInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryInfo {
    query_language: &'static str,
    query_id: String,
    query_string: String,
    status: &'static str,
    create_time: i64,
    log_group_name: String,
    /// In milliseconds, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    query_duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_scanned: Option<f64>,
    user_identity: String,
}

impl Operation for DescribeQueries {
    type Response = DescribeQueriesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let size = number(self.max_results, "maxResults", 1..=1000, 1000)?;
        let status = self.status.as_deref().map(status).transpose()?;
        let language = listed_language(self.query_language.as_deref())?;
        if let Some(name) = &self.log_group_name {
            name::group(name, "logGroupName")?;
        }
        let first: usize = match &self.next_token {
            Some(token) => {
                last_of(token, cx.now)?.parse().map_err(|_| invalid("The specified nextToken is invalid."))?
            }
            None => 0,
        };
        let mut queries: Vec<(&String, &Query)> = cx.queries.of(cx.scope).collect();
        queries.retain(|(_, query)| {
            status.is_none_or(|status| query.status().name() == status)
                && self.log_group_name.as_ref().is_none_or(|name| query.groups.contains(name))
                && language.is_none_or(|language| language == query.language.name())
        });
        queries.sort_by_key(|(id, query)| (std::cmp::Reverse(query.created), (*id).clone()));
        let end = first.saturating_add(size);
        let next_token = (end < queries.len()).then(|| token_after(&end.to_string(), cx.now));
        let page = queries.into_iter().skip(first).take(size);
        Ok(DescribeQueriesResponse {
            queries: page.map(|(id, query)| QueryInfo::of(id, query)).collect(),
            next_token,
        })
    }
}

impl QueryInfo {
    fn of(id: &str, query: &Query) -> QueryInfo {
        QueryInfo {
            query_language: query.language.name(),
            query_id: id.to_owned(),
            query_string: query.text.clone(),
            status: query.status().name(),
            create_time: query.created.0,
            log_group_name: query.groups.first().cloned().unwrap_or_default(),
            query_duration: query.took_ms(),
            bytes_scanned: query.view(|result| result.statistics.bytes_scanned as f64),
            user_identity: caller::arn(query.scope.account),
        }
    }
}

/// A status as AWS spells it; Weir's queries are never in some of them.
fn status(given: &str) -> Result<&str, Error> {
    const NAMES: [&str; 7] =
        ["Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout", "Unknown"];
    let rule = || constraint(given, "status", &format!("satisfy enum value set: [{}]", NAMES.join(", ")));
    Some(given).filter(|given| NAMES.contains(given)).ok_or_else(rule)
}
