//! Scheduled queries: what is asked, when, and where the answers go. [`crate::logs::scheduled_run`] runs them.
//!
//! Source: CloudWatch Logs API Reference, CreateScheduledQuery and its sisters; User Guide, "Understanding scheduled queries concepts"
//! (the ARN, seconds in times) and "Viewing scheduled query execution history"; CloudWatch API Reference, ScheduleConfiguration, for
//! the offsets (all read 2026-11). Assumptions: all times are seconds, as in the guide's examples, and milliseconds are understood;
//! the query, its groups, roles and destinations are looked at when it runs, not before; without an offset it looks back an hour;
//! changing a query without a state enables it, as PUT replaces everything; the quota; the words of refusals.

use crate::logs::check::{constraint, length, number, validation};
use crate::logs::destination::Destinations;
use crate::logs::group::{last_of, token_after};
use crate::logs::queries::Language;
use crate::logs::query::{GROUPS_MAX, MILLISECONDS_FROM, QUERY_CHARS_MAX, language};
use crate::logs::schedule::Schedule;
use crate::logs::scheduled_run::ExecutionStatus;
use crate::logs::tag;
use crate::operation::{Context, Error, Operation};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use weir_insights::TimeRange;
use weir_model::table::Resource;
use weir_model::{Scope, Tags, Timestamp};
use weir_wire::WireError;

/// Most scheduled queries of an account in a region.
pub const SCHEDULED_QUERIES_MAX: usize = 1000;
const NAME_CHARS_MAX: usize = 300;
pub(super) const DESCRIPTION_CHARS_MAX: usize = 1024;
const EXPRESSION_CHARS_MAX: usize = 256;
pub(super) const ARN_CHARS_MAX: usize = 2048;
const ZONE_CHARS_MAX: usize = 256;
const PAGE: usize = 50;
const PAGE_MAX: i64 = 1000;
/// How far back a query looks if nothing is said, in seconds.
const LOOK_BACK_S: i64 = 3600;

/// A scheduled query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledQuery {
    /// The last part of its ARN.
    pub id: String,
    /// Whose it is.
    pub scope: Scope,
    /// Its name, which no other of the account and region has.
    pub name: String,
    /// What it does.
    pub spec: Spec,
    tags: Tags,
    created: Timestamp,
    /// When it was last changed by a call.
    pub changed: Timestamp,
    /// When it last ran, as scheduled.
    pub last: Option<Timestamp>,
}

/// What a scheduled query does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    description: Option<String>,
    /// What its text is written in.
    pub language: Language,
    /// Its text.
    pub text: String,
    /// The names and ARNs of its groups, if it does not name them itself.
    pub log_groups: Option<Vec<String>>,
    expression: String,
    zone: Option<String>,
    start_offset_s: Option<i64>,
    end_offset_s: Option<i64>,
    /// Where its answers go.
    pub destinations: Option<Destinations>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// The ARN of the role that runs it.
    pub role: String,
    /// Whether it runs.
    pub is_enabled: bool,
}

impl Resource for ScheduledQuery {
    type Key = String;
    const KIND: &'static str = "scheduled-query";
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl ScheduledQuery {
    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:logs:{}:{}:scheduled-query:{}", self.scope.region, self.scope.account, self.id)
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Its tags, to be changed.
    pub fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

impl Spec {
    /// The first time after `time` at which it runs, or `None` if it never does again or is disabled.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let zone = self.zone.as_deref().map_or(Some(Tz::UTC), |zone| zone.parse().ok())?;
        let schedule = Schedule::parse(&self.expression, zone).ok().filter(|_| self.is_enabled)?;
        let from = self.from.map_or(time, |from| time.max(from.plus_ms(-1)));
        schedule.next_after(from).filter(|next| self.until.is_none_or(|until| *next <= until))
    }

    /// What it looks at when it runs at `time`: from one offset before it to the other, both ends included.
    pub fn window(&self, time: Timestamp) -> TimeRange {
        let before = |offset_s: Option<i64>, default_s: i64| {
            time.0.saturating_sub(offset_s.unwrap_or(default_s).saturating_mul(1000))
        };
        TimeRange { start_ms: before(self.start_offset_s, LOOK_BACK_S), end_ms: before(self.end_offset_s, 0) }
    }
}

/// Whether the ARN is that of a scheduled query.
pub fn is_arn(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("scheduled-query")
}

impl Context<'_> {
    /// The caller's scheduled query with that name or ARN.
    ///
    /// # Errors
    /// An identifier of the wrong length, or that no scheduled query has.
    pub(super) fn scheduled_query(&self, identifier: &str) -> Result<&ScheduledQuery, Error> {
        length(identifier, "identifier", 1..=NAME_CHARS_MAX).map_err(validation)?;
        let is_named = |query: &&ScheduledQuery| match is_arn(identifier) {
            true => query.arn() == identifier,
            false => query.name == identifier,
        };
        let mut own = self.log_state.scheduled.queries.iter().filter(|query| query.scope == self.scope);
        own.find(is_named).ok_or_else(missing)
    }
}

/// That no scheduled query has the identifier.
pub(super) fn missing() -> Error {
    Error::new("ResourceNotFoundException", "The specified scheduled query does not exist.")
}

/// A time that is given in seconds or milliseconds.
pub(super) fn moment(given: i64, member: &str) -> Result<Timestamp, Error> {
    match given {
        ..0 => Err(validation(constraint(given, member, "have value greater than or equal to 0"))),
        0..MILLISECONDS_FROM => Ok(Timestamp(given * 1000)),
        MILLISECONDS_FROM.. => Ok(Timestamp(given)),
    }
}

/// A time as answers tell it.
pub(super) fn seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(1000)
}

/// What the requests that make and change a scheduled query say of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    name: Option<String>,
    identifier: Option<String>,
    tags: Option<Tags>,
    description: Option<String>,
    query_language: String,
    query_string: String,
    log_group_identifiers: Option<Vec<String>>,
    schedule_expression: String,
    timezone: Option<String>,
    start_time_offset: Option<i64>,
    end_time_offset: Option<i64>,
    destination_configuration: Option<Destinations>,
    schedule_start_time: Option<i64>,
    schedule_end_time: Option<i64>,
    execution_role_arn: String,
    state: Option<String>,
}

impl Asked {
    fn spec(self) -> Result<Spec, Error> {
        self.check_texts().map_err(validation)?;
        self.check_schedule()?;
        let from = self.schedule_start_time.map(|time| moment(time, "scheduleStartTime")).transpose()?;
        let until = self.schedule_end_time.map(|time| moment(time, "scheduleEndTime")).transpose()?;
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(wrong("scheduleStartTime must be before scheduleEndTime."));
        }
        let is_enabled = self.state.as_deref().map_or(Ok(true), is_enabled)?;
        Ok(Spec {
            description: self.description,
            language: language(Some(&self.query_language)).map_err(validation)?,
            text: self.query_string,
            log_groups: self.log_group_identifiers,
            expression: self.schedule_expression,
            zone: self.timezone,
            start_offset_s: self.start_time_offset,
            end_offset_s: self.end_time_offset,
            destinations: self.destination_configuration,
            from,
            until,
            role: self.execution_role_arn,
            is_enabled,
        })
    }

    fn check_texts(&self) -> Result<(), Error> {
        length(self.description.as_deref().unwrap_or_default(), "description", 0..=DESCRIPTION_CHARS_MAX)?;
        length(&self.query_string, "queryString", 0..=QUERY_CHARS_MAX)?;
        length(&self.execution_role_arn, "executionRoleArn", 1..=ARN_CHARS_MAX)?;
        if let Some(groups) = &self.log_group_identifiers {
            if !(1..=GROUPS_MAX).contains(&groups.len()) {
                let rule = format!("have length between 1 and {GROUPS_MAX}");
                return Err(constraint(format!("[{} groups]", groups.len()), "logGroupIdentifiers", &rule));
            }
            groups.iter().try_for_each(|group| check_group(group))?;
        }
        self.destination_configuration.as_ref().map_or(Ok(()), Destinations::check)
    }

    fn check_schedule(&self) -> Result<(), Error> {
        length(&self.schedule_expression, "scheduleExpression", 0..=EXPRESSION_CHARS_MAX)
            .map_err(validation)?;
        let zone = self.timezone.as_deref().unwrap_or("UTC");
        length(zone, "timezone", 1..=ZONE_CHARS_MAX).map_err(validation)?;
        let zone: Tz = zone.parse().map_err(|_| wrong(format!("The time zone '{zone}' does not exist.")))?;
        Schedule::parse(&self.schedule_expression, zone).map_err(|error| wrong(error.to_string()))?;
        let (start_s, end_s) =
            (self.start_time_offset.unwrap_or(LOOK_BACK_S), self.end_time_offset.unwrap_or(0));
        match (end_s >= 0, end_s < start_s) {
            (true, true) => Ok(()),
            (false, _) => Err(wrong("endTimeOffset must not be negative.")),
            (true, false) => Err(wrong("startTimeOffset must be greater than endTimeOffset.")),
        }
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new("ValidationException", message)
}

fn is_enabled(state: &str) -> Result<bool, Error> {
    match state {
        "ENABLED" => Ok(true),
        "DISABLED" => Ok(false),
        _ => {
            let rule = "satisfy enum value set: [ENABLED, DISABLED]";
            Err(validation(constraint(state, "state", rule)))
        }
    }
}

fn check_group(identifier: &str) -> Result<(), Error> {
    length(identifier, "logGroupIdentifiers", 1..=ARN_CHARS_MAX)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_#+=/:,.@-".contains(c);
    match identifier.chars().all(is_allowed) {
        true => Ok(()),
        false => {
            let rule = r"satisfy regular expression pattern: [\w#+=/:,.@-]*";
            Err(constraint(identifier, "logGroupIdentifiers", rule))
        }
    }
}

/// The members of destinations that are kept and shown, and nothing else.
const KEYS: &[&str] = &[
    "destinationConfiguration.s3Configuration.kmsKeyId",
    "destinationConfiguration.lookupTableConfiguration.kmsKeyId",
];

/// Makes a scheduled query.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct CreateScheduledQuery(Asked);

/// Its ARN and state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateScheduledQueryResponse {
    scheduled_query_arn: String,
    state: &'static str,
}

impl Operation for CreateScheduledQuery {
    type Response = CreateScheduledQueryResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = KEYS;

    fn run(mut self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let asked = &mut self.0;
        if asked.identifier.is_some() {
            return Err(WireError::parameter_not_implemented("identifier").into());
        }
        let name = asked.name.take().ok_or_else(|| null("name"))?;
        length(&name, "name", 1..=NAME_CHARS_MAX).map_err(validation)?;
        let tags = asked.tags.take().unwrap_or_default();
        tag::check(&Tags::default(), &tags).map_err(validation)?;
        let spec = self.0.spec()?;
        cx.check_new(&name)?;
        let (id, scope, now) = (cx.ids.uuid(), cx.scope, cx.now);
        let query = ScheduledQuery { id, scope, name, spec, tags, created: now, changed: now, last: None };
        let response = CreateScheduledQueryResponse {
            scheduled_query_arn: query.arn(),
            state: state(query.spec.is_enabled),
        };
        cx.log_state.scheduled.put(query);
        Ok(response)
    }
}

impl Context<'_> {
    /// Refuses a name that the caller's scheduled queries have, and one scheduled query too many.
    fn check_new(&self, name: &str) -> Result<(), Error> {
        let own = self.log_state.scheduled.queries.iter().filter(|query| query.scope == self.scope);
        let names: Vec<&str> = own.map(|query| query.name.as_str()).collect();
        if names.contains(&name) {
            let message = format!("A scheduled query with the name '{name}' already exists.");
            return Err(Error::new("ConflictException", message));
        }
        match names.len() < SCHEDULED_QUERIES_MAX {
            true => Ok(()),
            false => Err(Error::new("ServiceQuotaExceededException", "Resource limit exceeded.")),
        }
    }
}

/// The refusal of a request without a member that it must have.
fn null(member: &str) -> Error {
    let WireError { message, .. } = WireError::constraint("null", member, "Member must not be null");
    wrong(message)
}

fn state(is_enabled: bool) -> &'static str {
    if is_enabled { "ENABLED" } else { "DISABLED" }
}

/// Replaces all that a scheduled query does. Its name, its tags and its history stay.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct UpdateScheduledQuery(Asked);

impl Operation for UpdateScheduledQuery {
    type Response = Detail;
    const WITHOUT_EFFECT: &'static [&'static str] = KEYS;

    fn run(mut self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let asked = &mut self.0;
        let foreign = [("name", asked.name.is_some()), ("tags", asked.tags.is_some())];
        if let Some((member, _)) = foreign.into_iter().find(|(_, is_given)| *is_given) {
            return Err(WireError::parameter_not_implemented(member).into());
        }
        let identifier = asked.identifier.take().ok_or_else(|| null("identifier"))?;
        let spec = self.0.spec()?;
        let mut query = cx.scheduled_query(&identifier)?.clone();
        query.spec = spec;
        query.changed = cx.now;
        let detail = Detail::of(&query, cx);
        cx.log_state.scheduled.put(query);
        Ok(detail)
    }
}

/// Shows a scheduled query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetScheduledQuery {
    identifier: String,
}

/// All of a scheduled query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    #[serde(flatten)]
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    query_language: &'static str,
    query_string: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group_identifiers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time_offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time_offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_end_time: Option<i64>,
    execution_role_arn: String,
}

/// What lists show of a scheduled query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    scheduled_query_arn: String,
    name: String,
    state: &'static str,
    schedule_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_triggered_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_execution_status: Option<ExecutionStatus>,
    schedule_expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_configuration: Option<Destinations>,
    creation_time: i64,
    last_updated_time: i64,
}

/// What all scheduled queries are here: none is made by the alarms of CloudWatch.
const SCHEDULE_TYPE: &str = "CUSTOMER_MANAGED";

impl Summary {
    fn of(query: &ScheduledQuery, cx: &Context<'_>) -> Summary {
        Summary {
            scheduled_query_arn: query.arn(),
            name: query.name.clone(),
            state: state(query.spec.is_enabled),
            schedule_type: SCHEDULE_TYPE,
            last_triggered_time: query.last.map(seconds),
            last_execution_status: cx.log_state.scheduled.last_status(query),
            schedule_expression: query.spec.expression.clone(),
            timezone: query.spec.zone.clone(),
            destination_configuration: query.spec.destinations.clone(),
            creation_time: seconds(query.created),
            last_updated_time: seconds(query.changed),
        }
    }
}

impl Detail {
    fn of(query: &ScheduledQuery, cx: &Context<'_>) -> Detail {
        let spec = &query.spec;
        Detail {
            summary: Summary::of(query, cx),
            description: spec.description.clone(),
            query_language: spec.language.name(),
            query_string: spec.text.clone(),
            log_group_identifiers: spec.log_groups.clone(),
            start_time_offset: spec.start_offset_s,
            end_time_offset: spec.end_offset_s,
            schedule_start_time: spec.from.map(seconds),
            schedule_end_time: spec.until.map(seconds),
            execution_role_arn: spec.role.clone(),
        }
    }
}

impl Operation for GetScheduledQuery {
    type Response = Detail;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        Ok(Detail::of(cx.scheduled_query(&self.identifier)?, cx))
    }
}

/// Deletes a scheduled query with its history. A query of it that is running goes on, and is delivered nowhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteScheduledQuery {
    identifier: String,
}

impl Operation for DeleteScheduledQuery {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let id = cx.scheduled_query(&self.identifier)?.id.clone();
        cx.log_state.scheduled.remove(&id);
        Ok(())
    }
}

/// Lists scheduled queries by name, all or those in a state.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListScheduledQueries {
    max_results: Option<i64>,
    next_token: Option<String>,
    state: Option<String>,
    schedule_type: Option<String>,
}

/// A page of scheduled queries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListScheduledQueriesResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    scheduled_queries: Vec<Summary>,
}

impl Operation for ListScheduledQueries {
    type Response = ListScheduledQueriesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let size = number(self.max_results, "maxResults", 1..=PAGE_MAX, PAGE).map_err(validation)?;
        let state = self.state.as_deref().map(is_enabled).transpose()?;
        let is_own_type = match self.schedule_type.as_deref() {
            None | Some(SCHEDULE_TYPE) => true,
            Some("AWS_MANAGED") => false,
            Some(other) => {
                let rule = "satisfy enum value set: [CUSTOMER_MANAGED, AWS_MANAGED]";
                return Err(validation(constraint(other, "scheduleType", rule)));
            }
        };
        let after = self.next_token.as_deref().map(|token| last_of(token, cx.now).map_err(validation));
        let after = after.transpose()?.unwrap_or_default();
        let is_asked = |query: &&ScheduledQuery| {
            query.scope == cx.scope
                && is_own_type
                && state.is_none_or(|state| query.spec.is_enabled == state)
                && query.name > after
        };
        let mut found: Vec<&ScheduledQuery> =
            cx.log_state.scheduled.queries.iter().filter(is_asked).collect();
        found.sort_by_key(|query| &query.name);
        let page = &found[..size.min(found.len())];
        let next_token = page.last().filter(|_| page.len() < found.len());
        Ok(ListScheduledQueriesResponse {
            next_token: next_token.map(|last| token_after(&last.name, cx.now)),
            scheduled_queries: page.iter().map(|query| Summary::of(query, cx)).collect(),
        })
    }
}
