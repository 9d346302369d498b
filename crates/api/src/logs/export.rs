//! Export tasks: the events of a log group as objects in a bucket.
//!
//! A task is made pending, and works while time passes, a slice at a time. Each stream becomes one object, gzip, with a line
//! for each event. The service writes under the bucket's policy, which is asked when the task is made and when it writes.
//! A task that a restart has interrupted begins again.
//!
//! Assumptions: one object for each stream; the sentences about other regions and about tasks that have ended.
//! Source: CloudWatch Logs API Reference, CreateExportTask, DescribeExportTasks, CancelExportTask; User Guide, "Export log data
//! to Amazon S3" (bucket policy, `aws-logs-write-test`, layout of objects).

use crate::bucket_policy::Service;
use crate::logs::check::{constraint, invalid, length, number, time};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::operation::{Context, Error, Operation};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use weir_buckets::{Buckets, Condition, Description, Draft};
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};
use weir_store::{Position, Row, Select, Store, StreamPage, Streams};
use weir_wire::Iso;

const NAME_CHARS_MAX: usize = 512;
const PREFIX: &str = "exportedlogs";
/// The object that shows that the service may write, and what is in it.
const WRITE_TEST: &str = "aws-logs-write-test";
const WRITE_TEST_BODY: &[u8] = b"Permission Check Successful";
/// Most events, and bytes of them, that are exported before other requests get their turn.
const SLICE_EVENTS: usize = 10_000;
const SLICE_BYTES: u64 = 4 << 20;
/// Most tasks that are kept; the oldest that have ended are forgotten.
pub const TASKS_MAX: usize = 1000;
const PAGE: usize = 50;

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    const NAMES: [(Status, &'static str); 5] = [
        (Status::Pending, "PENDING"),
        (Status::Running, "RUNNING"),
        (Status::Completed, "COMPLETED"),
        (Status::Failed, "FAILED"),
        (Status::Cancelled, "CANCELLED"),
    ];

    fn is_active(self) -> bool {
        matches!(self, Status::Pending | Status::Running)
    }

    fn message(self) -> &'static str {
        match self {
            Status::Pending => "Export is pending.",
            Status::Running => "Started Successfully",
            Status::Completed => "Completed Successfully",
            Status::Failed => "Export failed.",
            Status::Cancelled => "Export was cancelled.",
        }
    }
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportTask {
    id: String,
    scope: Scope,
    name: Option<String>,
    log_group: String,
    stream_prefix: Option<String>,
    from_ms: i64,
    to_ms: i64,
    bucket: String,
    prefix: String,
    status: Status,
    created: Timestamp,
    completed: Option<Timestamp>,
}

impl Resource for ExportTask {
    type Key = String;
    const KIND: &'static str = "log-export-task";
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl ExportTask {
    /// The service at work for this task.
    fn writer(&self) -> Service {
        let region = self.scope.region;
        let group = name::arn(&name::key(self.scope, &self.log_group));
        Service {
            name: format!("logs.{region}.amazonaws.com"),
            scope: self.scope,
            source: format!("{group}:*"),
        }
    }

    fn object_key(&self, stream: &str) -> String {
        format!("{}/{}/{}/000000.gz", self.prefix, self.id, stream.replace('/', "-"))
    }
}

/// The tasks of all accounts and regions, and how far those that run have come.
#[derive(Default)]
pub struct Exports {
    tasks: Table<ExportTask>,
    running: BTreeMap<String, Progress>,
}

/// How far a task has come.
#[derive(Default)]
struct Progress {
    is_begun: bool,
    streams: VecDeque<String>,
    current: Option<(String, GzEncoder<Sink>, Option<Position>)>,
}

/// A draft as a writer.
struct Sink(Draft);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Exports {
    /// Puts back a task read from disk.
    ///
    /// # Errors
    /// The text is no task.
    pub fn restore(&mut self, body: &str) -> Result<(), serde_json::Error> {
        self.tasks.restore(body)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.tasks.drain_changes(out);
    }

    /// Whether there is something to export.
    pub fn next_step(&self) -> Option<Timestamp> {
        self.tasks.iter().filter(|task| task.status.is_active()).map(|task| task.created).min()
    }

    /// Exports a slice of each active task.
    pub fn step(&mut self, logs: &Store, buckets: Option<&Buckets>, now: Timestamp) {
        let active: Vec<ExportTask> =
            self.tasks.iter().filter(|task| task.status.is_active()).cloned().collect();
        for task in active {
            let progress = self.running.entry(task.id.clone()).or_default();
            let outcome = buckets.ok_or(Failed).and_then(|buckets| progress.slice(&task, logs, buckets, now));
            let status = match outcome {
                Ok(false) => Status::Running,
                Ok(true) => Status::Completed,
                Err(Failed) => Status::Failed,
            };
            self.set(&task.id, status, now);
        }
    }

    fn set(&mut self, id: &str, status: Status, now: Timestamp) {
        let is_other = self.tasks.get(&id.to_owned()).is_some_and(|task| task.status != status);
        if !status.is_active() {
            self.running.remove(id);
        }
        if let (true, Some(task)) = (is_other, self.tasks.get_mut(&id.to_owned())) {
            task.status = status;
            task.completed = (!status.is_active()).then_some(now);
        }
    }

    /// Forgets the oldest task that has ended, if there are too many.
    fn make_room(&mut self) {
        if self.tasks.iter().count() < TASKS_MAX {
            return;
        }
        let ended = self.tasks.iter().filter(|task| !task.status.is_active());
        if let Some(oldest) = ended.min_by_key(|task| task.created).map(ExportTask::key) {
            self.tasks.remove(&oldest);
        }
    }
}

/// The group, the bucket or the permission has gone, or the disk fails.
struct Failed;

impl Progress {
    /// Goes on for a slice; gives whether all is exported.
    fn slice(
        &mut self,
        task: &ExportTask,
        logs: &Store,
        buckets: &Buckets,
        now: Timestamp,
    ) -> Result<bool, Failed> {
        let key = name::key(task.scope, &task.log_group);
        if !self.is_begun {
            let prefix = task.stream_prefix.as_deref().unwrap_or_default();
            let page = StreamPage { prefix, ..StreamPage::default() };
            let streams = logs.streams(&key, page).map_err(|_| Failed)?;
            self.streams = streams.into_iter().map(|stream| stream.name).collect();
            self.is_begun = true;
        }
        if self.current.is_none() {
            let Some(stream) = self.streams.pop_front() else { return Ok(true) };
            let sink = GzEncoder::new(Sink(buckets.draft()), Compression::default());
            self.current = Some((stream, sink, None));
        }
        let Some((stream, sink, after)) = &mut self.current else { return Ok(false) };
        let select = Select {
            from_ms: task.from_ms,
            to_ms: task.to_ms.saturating_add(1),
            streams: Streams::Named([stream.clone()].into()),
            after: *after,
            ..Select::default()
        };
        let rows = logs.page(&key, select, SLICE_EVENTS, SLICE_BYTES).map_err(|_| Failed)?;
        for Row { timestamp_ms, message, .. } in &rows {
            writeln!(sink, "{} {message}", Iso(*timestamp_ms)).map_err(|_| Failed)?;
        }
        match rows.last() {
            Some(last) => *after = Some(last.position()),
            None => self.put(task, buckets, now)?,
        }
        Ok(self.current.is_none() && self.streams.is_empty())
    }

    /// Makes an object of the stream that has been read to its end; of one without events there is none.
    fn put(&mut self, task: &ExportTask, buckets: &Buckets, now: Timestamp) -> Result<(), Failed> {
        let Some((stream, sink, after)) = self.current.take() else { return Ok(()) };
        if after.is_none() {
            return Ok(());
        }
        let content = sink.finish().and_then(|sink| sink.0.finish()).map_err(|_| Failed)?;
        let key = task.object_key(&stream);
        let bucket = buckets.bucket(&task.bucket).map_err(|_| Failed)?;
        if !task.writer().may_put(&bucket, &key) {
            return Err(Failed);
        }
        let at = (task.bucket.as_str(), key.as_str());
        let put = buckets.put(at, content, Description::default(), &Condition::Always, now.0);
        put.map(drop).map_err(|_| Failed)
    }
}

/// Begins to export the events of a group between two times to a bucket.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateExportTask {
    task_name: Option<String>,
    log_group_name: String,
    log_stream_name_prefix: Option<String>,
    from: i64,
    to: i64,
    destination: String,
    destination_prefix: Option<String>,
}

/// The task's id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateExportTaskResponse {
    task_id: String,
}

impl Operation for CreateExportTask {
    type Response = CreateExportTaskResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let task = self.task(cx)?;
        check_bucket(cx, &task)?;
        let is_busy =
            |other: &ExportTask| other.scope.account == task.scope.account && other.status.is_active();
        if cx.log_state.exports.tasks.iter().any(is_busy) {
            return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
        }
        write_test(cx, &task)?;
        cx.log_state.exports.make_room();
        let task_id = task.id.clone();
        cx.log_state.exports.tasks.insert(task);
        Ok(CreateExportTaskResponse { task_id })
    }
}

impl CreateExportTask {
    fn task(self, cx: &mut Context<'_>) -> Result<ExportTask, Error> {
        if let Some(name) = &self.task_name {
            length(name, "taskName", 1..=NAME_CHARS_MAX)?;
        }
        if let Some(prefix) = &self.log_stream_name_prefix {
            name::stream(prefix, "logStreamNamePrefix")?;
        }
        length(&self.destination, "destination", 1..=NAME_CHARS_MAX)?;
        let (from_ms, to_ms) = (time(Some(self.from), "from", 0)?, time(Some(self.to), "to", 0)?);
        if from_ms > to_ms {
            return Err(invalid("The specified time range is invalid: from is after to."));
        }
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        Ok(ExportTask {
            id: cx.ids.uuid(),
            scope: cx.scope,
            name: self.task_name,
            log_group: group.key.name,
            stream_prefix: self.log_stream_name_prefix,
            from_ms,
            to_ms,
            bucket: self.destination,
            prefix: self
                .destination_prefix
                .filter(|prefix| !prefix.is_empty())
                .unwrap_or_else(|| PREFIX.to_owned()),
            status: Status::Pending,
            created: cx.now,
            completed: None,
        })
    }
}

/// Refuses a bucket that is not there, is elsewhere, or does not let the service in.
fn check_bucket(cx: &Context<'_>, task: &ExportTask) -> Result<(), Error> {
    let bucket = cx.buckets.and_then(|buckets| buckets.bucket(&task.bucket).ok());
    let bucket = bucket
        .ok_or_else(|| invalid("The given bucket does not exist. Please make sure the bucket is valid."))?;
    if bucket.region != task.scope.region.to_string() {
        return Err(invalid("The given bucket is in another region than the log group."));
    }
    let failed = |call: &str| {
        invalid(format!(
            "{call} call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation."
        ))
    };
    let writer = task.writer();
    if !writer.may(&bucket, "s3:GetBucketAcl", "") {
        return Err(failed("GetBucketAcl"));
    }
    match writer.may_put(&bucket, &format!("{}/{WRITE_TEST}", task.prefix)) {
        true => Ok(()),
        false => Err(failed("PutObject")),
    }
}

fn write_test(cx: &Context<'_>, task: &ExportTask) -> Result<(), Error> {
    let key = format!("{}/{WRITE_TEST}", task.prefix);
    let written = cx.buckets.map(|buckets| {
        let mut draft = buckets.draft();
        draft.write(WRITE_TEST_BODY).ok()?;
        let content = draft.finish().ok()?;
        let at = (task.bucket.as_str(), key.as_str());
        buckets.put(at, content, Description::default(), &Condition::Always, cx.now.0).ok()
    });
    match written.flatten() {
        Some(_) => Ok(()),
        None => Err(Error::new("ServiceUnavailableException", "The service cannot complete the request.")),
    }
}

/// Lists tasks, the latest first: all, one, or those that stand so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeExportTasks {
    task_id: Option<String>,
    status_code: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// The tasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeExportTasksResponse {
    export_tasks: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A task as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_name: Option<String>,
    log_group_name: String,
    from: i64,
    to: i64,
    destination: String,
    destination_prefix: String,
    status: ShownStatus,
    execution_info: ExecutionInfo,
}

#[derive(Serialize)]
struct ShownStatus {
    code: Status,
    message: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionInfo {
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_time: Option<i64>,
}

impl Shown {
    fn of(task: &ExportTask) -> Shown {
        Shown {
            task_id: task.id.clone(),
            task_name: task.name.clone(),
            log_group_name: task.log_group.clone(),
            from: task.from_ms,
            to: task.to_ms,
            destination: task.bucket.clone(),
            destination_prefix: task.prefix.clone(),
            status: ShownStatus { code: task.status, message: task.status.message() },
            execution_info: ExecutionInfo {
                creation_time: task.created.0,
                completion_time: task.completed.map(|time| time.0),
            },
        }
    }
}

impl Operation for DescribeExportTasks {
    type Response = DescribeExportTasksResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE as i64, PAGE)?;
        let status = self.status_code.as_deref().map(status).transpose()?;
        let is_asked = |task: &&ExportTask| {
            task.scope == cx.scope
                && self.task_id.as_ref().is_none_or(|id| *id == task.id)
                && status.is_none_or(|status| status == task.status)
        };
        let mut tasks: Vec<&ExportTask> = cx.log_state.exports.tasks.iter().filter(is_asked).collect();
        // What sorts by text: times have thirteen digits until the year 2286.
        let place = |task: &ExportTask| format!("{:013}{}", i64::MAX / 1_000_000 - task.created.0, task.id);
        tasks.sort_by_key(|task| place(task));
        let after = self.next_token.as_deref().map(|token| last_of(token, cx.now)).transpose()?;
        let mut left =
            tasks.into_iter().filter(|task| after.as_ref().is_none_or(|after| place(task) > *after));
        let page: Vec<&ExportTask> = left.by_ref().take(limit).collect();
        let next_token =
            page.last().filter(|_| left.next().is_some()).map(|last| token_after(&place(last), cx.now));
        Ok(DescribeExportTasksResponse {
            export_tasks: page.into_iter().map(Shown::of).collect(),
            next_token,
        })
    }
}

fn status(name: &str) -> Result<Status, Error> {
    let rule = "satisfy enum value set: [CANCELLED, COMPLETED, FAILED, PENDING, PENDING_CANCEL, RUNNING]";
    let found = Status::NAMES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status);
    found.ok_or_else(|| constraint(name, "statusCode", rule))
}

/// Ends a task that has not ended. What it has written stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelExportTask {
    task_id: String,
}

impl Operation for CancelExportTask {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let task = cx.log_state.exports.tasks.get(&self.task_id).filter(|task| task.scope == cx.scope);
        let missing = || Error::new("ResourceNotFoundException", "The specified export task does not exist.");
        if !task.ok_or_else(missing)?.status.is_active() {
            return Err(Error::new("InvalidOperationException", "The specified export task has ended."));
        }
        cx.log_state.exports.set(&self.task_id, Status::Cancelled, cx.now);
        Ok(())
    }
}
