//! Scheduled queries at work: what is due is started under its role, what has ended is delivered, and how it went is kept.
//!
//! The role needs `logs:StartQuery` for each group, `logs:GetQueryResults`, and `logs:DescribeLogGroups` if the query selects its
//! groups. A run is in the history from its beginning on.
//!
//! Source: CloudWatch Logs User Guide, "Understanding scheduled queries concepts" (roles; results are kept for 30 days) and
//! "Troubleshooting scheduled queries" (60 minutes); API Reference, GetScheduledQueryHistory (read 2026-11). Assumptions: what is
//! malformed, a lookup table that is missing included, is an `InvalidQuery`, all else `Failed`; the newest run is listed first; a
//! time that was missed by less than a minute, because Weir was down or the machine slept, is made up for, others are not; a query
//! that a restart has interrupted has failed; how many runs are kept. No events go to EventBridge: there is none.

use crate::logs::check::{constraint, number, validation};
use crate::logs::destination::{Delivered, Worker};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::logs::queries::Status;
use crate::logs::query::{Read, given_groups_twice};
use crate::logs::scheduled_query::{ScheduledQuery, moment, seconds};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_insights::Selection;
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};
use weir_store::{Group, GroupKey};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long a query may run.
const RUN_MS_MAX: i64 = 60 * MINUTE_MS;
/// By how much a time may be missed.
const LATE_MS_MAX: i64 = MINUTE_MS;
/// How often it is looked whether queries have ended.
const LOOK_MS: i64 = 20;
/// How long results and history are kept.
const KEPT_MS: i64 = 30 * DAY_MS;
/// Most runs of a scheduled query that are kept; the oldest go first.
const RUNS_MAX: usize = 1000;
const PAGE: usize = 50;
const PAGE_MAX: i64 = 1000;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// Its query runs.
    Running,
    /// Its text is no query.
    InvalidQuery,
    /// It has ended, and has been delivered as far as that was possible.
    Complete,
    /// It could not be run.
    Failed,
    /// It took too long.
    Timeout,
}

impl ExecutionStatus {
    const NAMES: [(&'static str, ExecutionStatus); 5] = [
        ("Running", ExecutionStatus::Running),
        ("InvalidQuery", ExecutionStatus::InvalidQuery),
        ("Complete", ExecutionStatus::Complete),
        ("Failed", ExecutionStatus::Failed),
        ("Timeout", ExecutionStatus::Timeout),
    ];

    fn named(name: &str) -> Result<ExecutionStatus, Error> {
        let rule = "satisfy enum value set: [Running, InvalidQuery, Complete, Failed, Timeout]";
        let found = ExecutionStatus::NAMES.iter().find(|(known, _)| *known == name);
        let found = found.map(|(_, status)| *status);
        found.ok_or_else(|| validation(constraint(name, "executionStatuses", rule)))
    }
}

/// A run of a scheduled query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledRun {
    /// The id of the scheduled query.
    scheduled: String,
    /// When it was due.
    due: Timestamp,
    /// The id of the query, if there was one.
    query_id: Option<String>,
    status: ExecutionStatus,
    error: Option<String>,
    destinations: Vec<Delivered>,
}

impl Resource for ScheduledRun {
    type Key = String;
    const KIND: &'static str = "scheduled-query-run";
    fn key(&self) -> String {
        run_key(&self.scheduled, self.due)
    }
}

/// Keys are in the order of times: these have thirteen digits until the year 2286.
fn run_key(scheduled: &str, due: Timestamp) -> String {
    format!("{scheduled}/{:013}", due.0)
}

/// The scheduled queries of all accounts and regions, and how they went.
#[derive(Default)]
pub struct ScheduledQueries {
    /// All of them.
    pub queries: Table<ScheduledQuery>,
    runs: Table<ScheduledRun>,
    /// When each is due next, if it ever is; what is not here has not been looked at.
    due: BTreeMap<String, Option<Timestamp>>,
    /// When there is something to do for one of them.
    next: Option<Timestamp>,
    /// The runs whose queries run, by key.
    running: BTreeSet<String>,
    looked: Timestamp,
}

impl ScheduledQueries {
    /// Puts a scheduled query in, new or changed.
    pub(super) fn put(&mut self, query: ScheduledQuery) {
        self.look_again(&query.id);
        self.queries.insert(query);
    }

    /// Takes a scheduled query out, with its runs.
    pub(super) fn remove(&mut self, id: &str) {
        self.queries.remove(&id.to_owned());
        self.look_again(id);
        let runs: Vec<String> = self.runs_of(id).map(ScheduledRun::key).collect();
        for key in runs {
            self.runs.remove(&key);
            self.running.remove(&key);
        }
    }

    fn look_again(&mut self, id: &str) {
        self.due.remove(id);
        self.next = Some(Timestamp::default());
    }

    /// How the last run of a scheduled query stands, if there was one.
    pub(super) fn last_status(&self, query: &ScheduledQuery) -> Option<ExecutionStatus> {
        let run = self.runs.get(&run_key(&query.id, query.last?));
        run.map(|run| run.status)
    }

    /// The runs of a scheduled query, the oldest first.
    fn runs_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ScheduledRun> {
        let runs = self.runs.starting_at(run_key(id, Timestamp(0)));
        runs.take_while(move |run| run.scheduled == id)
    }

    /// Puts back what was read from disk. `Ok(false)` if nothing here is of this kind.
    ///
    /// # Errors
    /// The text is not of that kind.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        match kind {
            ScheduledQuery::KIND => self.queries.restore(body)?,
            ScheduledRun::KIND => {
                let run: ScheduledRun = serde_json::from_str(body)?;
                if run.status == ExecutionStatus::Running {
                    self.running.insert(run.key());
                }
                self.runs.restore(body)?;
            }
            _ => return Ok(false),
        }
        self.next = Some(Timestamp::default());
        Ok(true)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.queries.drain_changes(out);
        self.runs.drain_changes(out);
    }

    /// When there is something to do next.
    pub fn next_step(&self) -> Option<Timestamp> {
        let look = self.is_running().then(|| self.looked.plus_ms(LOOK_MS));
        self.next.into_iter().chain(look).min()
    }

    /// Whether the query of a run runs.
    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// The scheduled queries that are to run at `now`, each with the time at which it is due. They are due again later.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<(ScheduledQuery, Timestamp)> {
        if self.next.is_none_or(|next| next > now) {
            return vec![];
        }
        let mut taken = vec![];
        for query in self.queries.iter() {
            let is_later = |next: &Option<Timestamp>| next.is_none_or(|next| next > now);
            if self.due.get(&query.id).is_some_and(is_later) {
                continue;
            }
            let known = [query.last, Some(query.changed), Some(now.plus_ms(-LATE_MS_MAX))];
            // After a restart a virtual clock may show a time that is before these.
            let since = known.into_iter().flatten().filter(|time| *time <= now).max();
            let due = since.and_then(|since| query.spec.next_after(since)).filter(|due| *due <= now);
            taken.extend(due.map(|due| (query.clone(), due)));
            self.due.insert(query.id.clone(), query.spec.next_after(now));
        }
        self.next = self.due.values().flatten().min().copied();
        taken
    }

    /// The runs whose queries run, each with its scope, to be looked at.
    pub(crate) fn look(&mut self, now: Timestamp) -> Vec<(Scope, String)> {
        self.looked = now;
        let scope = |key: &String| Some(self.queries.get(&self.runs.get(key)?.scheduled)?.scope);
        self.running.retain(|key| scope(key).is_some());
        self.running.iter().filter_map(|key| Some((scope(key)?, key.clone()))).collect()
    }

    /// Notes a run that has begun, or could not; forgets the oldest.
    fn begin(&mut self, run: ScheduledRun, now: Timestamp) {
        let id = run.scheduled.clone();
        if let Some(query) = self.queries.get_mut(&id) {
            query.last = Some(run.due);
        }
        if run.status == ExecutionStatus::Running {
            self.running.insert(run.key());
        }
        self.runs.insert(run);
        let over = self.runs_of(&id).count().saturating_sub(RUNS_MAX);
        let is_old = |run: &ScheduledRun| run.due.plus_ms(KEPT_MS) < now;
        let old = self.runs_of(&id).enumerate().filter(|(at, run)| *at < over || is_old(run));
        let old: Vec<String> = old.map(|(_, run)| run.key()).collect();
        for key in old {
            self.runs.remove(&key);
            self.running.remove(&key);
        }
    }

    /// Notes how a run has ended.
    fn end(&mut self, key: &str, (status, error): (ExecutionStatus, Option<String>), to: Vec<Delivered>) {
        self.running.remove(key);
        if let Some(run) = self.runs.get_mut(&key.to_owned()) {
            run.status = status;
            run.error = error;
            run.destinations = to;
        }
    }
}

impl Context<'_> {
    /// Runs a scheduled query of the caller's that is due.
    pub(crate) fn run_scheduled(&mut self, query: &ScheduledQuery, due: Timestamp) {
        let (query_id, status, error) = match self.start_scheduled(query, due) {
            Ok(query_id) => (Some(query_id), ExecutionStatus::Running, None),
            Err((status, error)) => (None, status, Some(error)),
        };
        let (scheduled, destinations) = (query.id.clone(), vec![]);
        let run = ScheduledRun { scheduled, due, query_id, status, error, destinations };
        self.log_state.scheduled.begin(run, self.now);
    }

    fn start_scheduled(
        &mut self,
        query: &ScheduledQuery,
        due: Timestamp,
    ) -> Result<String, (ExecutionStatus, String)> {
        let worker = self.worker(query, &query.spec.role).map_err(failed)?;
        let planned = self.planned(&query.spec.text, query.spec.language, None).map_err(refused)?;
        let (is_given, all) = (query.spec.log_groups.is_some(), Selection::default());
        let selection = match &planned.plan.selection {
            Some(_) if is_given => return Err(refused(given_groups_twice())),
            None if planned.reads_all_groups() && !is_given => Some(&all),
            selection => selection.as_ref(),
        };
        let groups = match selection {
            Some(selection) => {
                let every = format!(
                    "arn:aws:logs:{}:{}:log-group::log-stream:",
                    self.scope.region, self.scope.account
                );
                if selection.names.is_empty() {
                    worker.check("logs:DescribeLogGroups", &every).map_err(failed)?;
                }
                self.selected_groups(selection).map_err(refused)?
            }
            None => self.scheduled_groups(query).map_err(refused)?,
        };
        let read = self.read_by(&planned, groups).map_err(refused)?;
        check_read(&worker, &read).map_err(failed)?;
        self.start(planned, read, (query.spec.window(due), KEPT_MS)).map_err(refused)
    }

    /// The groups that a scheduled query is given: of any region, by their ARNs.
    fn scheduled_groups(&self, query: &ScheduledQuery) -> Result<Vec<Group>, Error> {
        let group = |identifier: &String| {
            let found = self.logs.group(&group_key(query.scope, identifier));
            let message =
                format!("Log group '{identifier}' does not exist for account ID '{}'", query.scope.account);
            found.ok_or_else(|| Error::new("ResourceNotFoundException", message))
        };
        let groups = query.spec.log_groups.as_deref().unwrap_or_default();
        match groups {
            [] => Err(Error::new("ValidationException", "The query names no log group, and is given none.")),
            groups => groups.iter().map(group).collect(),
        }
    }

    /// Looks what came of a run of the caller's; delivers what it has found.
    pub(crate) fn settle_scheduled(&mut self, key: &str) {
        let scheduled = &self.log_state.scheduled;
        let run = scheduled.runs.get(&key.to_owned());
        let Some((run, query)) = run.and_then(|run| Some((run, scheduled.queries.get(&run.scheduled)?)))
        else {
            return;
        };
        let (run, query) = (run.clone(), query.clone());
        let query_id = run.query_id.unwrap_or_default();
        let is_over = run.due.plus_ms(RUN_MS_MAX) <= self.now;
        let found = self.queries.find(self.scope, &query_id);
        let outcome = match found.map(|found| (found.status(), found)) {
            None => (ExecutionStatus::Failed, Some("the execution was interrupted".to_owned())),
            Some((Status::Running, _)) if !is_over => return,
            Some((Status::Running, found)) => {
                found.stop();
                (ExecutionStatus::Timeout, Some("the query has run for 60 minutes".to_owned()))
            }
            Some((Status::Complete, _)) => (ExecutionStatus::Complete, None),
            Some((Status::Failed | Status::Cancelled, found)) => {
                let why = found.failure().unwrap_or_else(|| "the query was stopped".to_owned());
                (ExecutionStatus::Failed, Some(why))
            }
        };
        let delivered = match outcome.0 {
            ExecutionStatus::Complete => self.deliver(&query, &query_id),
            _ => vec![],
        };
        self.log_state.scheduled.end(key, outcome, delivered);
    }
}

fn failed(why: String) -> (ExecutionStatus, String) {
    (ExecutionStatus::Failed, why)
}

/// How a run has ended whose query is refused.
fn refused(error: Error) -> (ExecutionStatus, String) {
    let error = error.into_wire();
    match error.code {
        "MalformedQueryException" => (ExecutionStatus::InvalidQuery, error.message),
        _ => (ExecutionStatus::Failed, error.message),
    }
}

/// Refuses what the role may not read.
fn check_read(worker: &Worker<'_>, read: &Read) -> Result<(), String> {
    for group in read.groups.iter().chain(read.inputs.iter().flatten()) {
        worker.check("logs:StartQuery", &format!("{}:log-stream:", name::arn(&group.key)))?;
    }
    worker.check("logs:GetQueryResults", "*")
}

/// The key of the group with a name or an ARN, of the same account.
fn group_key(scope: Scope, identifier: &str) -> GroupKey {
    let parts: Vec<&str> = identifier.splitn(7, ':').collect();
    match parts[..] {
        ["arn", _, "logs", region, account, "log-group", name] if account == scope.account.to_string() => {
            GroupKey::new(account, region, name)
        }
        _ => name::key(scope, identifier),
    }
}

/// Shows the runs of a scheduled query between two times, the newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetScheduledQueryHistory {
    identifier: String,
    start_time: i64,
    end_time: i64,
    execution_statuses: Option<Vec<String>>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// A page of runs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetScheduledQueryHistoryResponse {
    name: String,
    scheduled_query_arn: String,
    trigger_history: Vec<TriggerHistoryRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A run as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TriggerHistoryRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    query_id: Option<String>,
    execution_status: ExecutionStatus,
    triggered_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    destinations: Vec<Delivered>,
}

impl TriggerHistoryRecord {
    fn of(run: &ScheduledRun) -> TriggerHistoryRecord {
        TriggerHistoryRecord {
            query_id: run.query_id.clone(),
            execution_status: run.status,
            triggered_timestamp: seconds(run.due),
            error_message: run.error.clone(),
            destinations: run.destinations.clone(),
        }
    }
}

impl Operation for GetScheduledQueryHistory {
    type Response = GetScheduledQueryHistoryResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let from = moment(self.start_time, "startTime")?;
        let to = moment(self.end_time, "endTime")?;
        if from > to {
            return Err(Error::new("ValidationException", "startTime must not be after endTime."));
        }
        let size = number(self.max_results, "maxResults", 1..=PAGE_MAX, PAGE).map_err(validation)?;
        let statuses = self.execution_statuses.unwrap_or_default();
        let statuses: Vec<ExecutionStatus> =
            statuses.iter().map(|name| ExecutionStatus::named(name)).collect::<Result<_, _>>()?;
        let before = self.next_token.as_deref().map(|token| last_of(token, cx.now).map_err(validation));
        let before = before.transpose()?;
        let query = cx.scheduled_query(&self.identifier)?;
        let is_asked = |run: &&ScheduledRun| {
            (from..=to).contains(&run.due)
                && (statuses.is_empty() || statuses.contains(&run.status))
                && before.as_ref().is_none_or(|before| run.key() < *before)
        };
        let mut found: Vec<&ScheduledRun> =
            cx.log_state.scheduled.runs_of(&query.id).filter(is_asked).collect();
        found.reverse();
        let page = &found[..size.min(found.len())];
        let next_token = page.last().filter(|_| page.len() < found.len());
        Ok(GetScheduledQueryHistoryResponse {
            name: query.name.clone(),
            scheduled_query_arn: query.arn(),
            trigger_history: page.iter().map(|run| TriggerHistoryRecord::of(run)).collect(),
            next_token: next_token.map(|last| token_after(&last.key(), cx.now)),
        })
    }
}
