//! Commands and invocations as answers show them.
//!
//! Source: Systems Manager API Reference, Command, CommandInvocation, CommandPlugin and GetCommandInvocation.

use super::queue::{Command, Invocation, Status};
use super::send::DOCUMENT;
use serde::Serialize;
use std::collections::BTreeMap;
use weir_model::{InstanceId, Timestamp};
use weir_wire::Iso;
use weir_wire::json::epoch_seconds;

/// The name of the document's one step.
pub const PLUGIN: &str = "aws:runShellScript";
/// Most characters of standard output and standard error that GetCommandInvocation shows.
const STDOUT_CHARS_MAX: usize = 24_000;
const STDERR_CHARS_MAX: usize = 8_000;
/// Most characters of both together that ListCommandInvocations shows.
const PLUGIN_CHARS_MAX: usize = 2_500;
/// What the agent puts at the end of output that was cut, and between the two streams.
const CUT: &str = "--output truncated--";
const PLUGIN_CUT: &str = "\n---Output truncated---";
const BETWEEN: &str = "\n----------ERROR-------\n";

/// A command.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommandView {
    command_id: String,
    document_name: &'static str,
    document_version: String,
    comment: String,
    #[serde(with = "epoch_seconds")]
    expires_after: Timestamp,
    parameters: BTreeMap<String, Vec<String>>,
    instance_ids: Vec<InstanceId>,
    targets: Vec<TargetView>,
    #[serde(with = "epoch_seconds")]
    requested_date_time: Timestamp,
    pub(super) status: &'static str,
    status_details: &'static str,
    output_s3_bucket_name: &'static str,
    output_s3_key_prefix: &'static str,
    max_concurrency: &'static str,
    max_errors: &'static str,
    target_count: usize,
    completed_count: usize,
    error_count: usize,
    delivery_timed_out_count: usize,
    service_role: &'static str,
    timeout_seconds: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetView {
    key: String,
    values: Vec<String>,
}

impl CommandView {
    /// The command as it stands.
    pub fn of(command: &Command) -> CommandView {
        let count = |fits: &dyn Fn(Status) -> bool| {
            command.invocations.iter().filter(|invocation| fits(invocation.status)).count()
        };
        let order = &command.order;
        let (status, status_details) = overall(command);
        let targets = order.targets.iter().cloned().map(|(key, values)| TargetView { key, values });
        CommandView {
            command_id: command.id.clone(),
            document_name: DOCUMENT,
            document_version: order.version.clone(),
            comment: order.comment.clone(),
            expires_after: command.requested.plus_ms((order.delivery_s + order.execution_s) * 1000),
            parameters: order.parameters.clone(),
            instance_ids: order.instance_ids.clone(),
            targets: targets.collect(),
            requested_date_time: command.requested,
            status,
            status_details,
            output_s3_bucket_name: "",
            output_s3_key_prefix: "",
            max_concurrency: "50",
            max_errors: "0",
            target_count: command.invocations.len(),
            completed_count: count(&Status::is_over),
            error_count: count(&|status| matches!(status, Status::Failed | Status::ExecutionTimedOut)),
            delivery_timed_out_count: count(&|status| status == Status::DeliveryTimedOut),
            service_role: "",
            timeout_seconds: order.delivery_s,
        }
    }
}

/// `Status` and `StatusDetails` of a command over all its nodes.
///
/// Assumption: once it is over, the worst of its nodes counts: failed, then timed out, then cancelled.
fn overall(command: &Command) -> (&'static str, &'static str) {
    const WORST: [Status; 5] = [
        Status::Failed,
        Status::ExecutionTimedOut,
        Status::DeliveryTimedOut,
        Status::Cancelled,
        Status::Success,
    ];
    let has = |status: Status| command.invocations.iter().any(|invocation| invocation.status == status);
    let status = match command.is_over() {
        _ if command.invocations.is_empty() => return ("Success", "NoInstancesInTag"),
        true => WORST.into_iter().find(|status| has(*status)).unwrap_or(Status::Success),
        false if command.invocations.iter().all(|invocation| invocation.status == Status::Pending) => {
            Status::Pending
        }
        false => Status::InProgress,
    };
    (status.name(), status.detail())
}

/// A command on one node, in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvocationView {
    command_id: String,
    instance_id: InstanceId,
    instance_name: String,
    comment: String,
    document_name: &'static str,
    document_version: String,
    #[serde(with = "epoch_seconds")]
    requested_date_time: Timestamp,
    pub(super) status: &'static str,
    status_details: &'static str,
    standard_output_url: &'static str,
    standard_error_url: &'static str,
    command_plugins: Vec<PluginView>,
    service_role: &'static str,
    /// Its place among all invocations, the latest command first.
    #[serde(skip)]
    pub(super) place: u64,
}

impl InvocationView {
    /// The invocation as it stands; its output only with `details`.
    pub fn of(command: &Command, invocation: &Invocation, place: u64, details: bool) -> InvocationView {
        InvocationView {
            command_id: command.id.clone(),
            instance_id: invocation.instance,
            instance_name: String::new(),
            comment: command.order.comment.clone(),
            document_name: DOCUMENT,
            document_version: command.order.version.clone(),
            requested_date_time: command.requested,
            status: invocation.status.name(),
            status_details: invocation.status.detail(),
            standard_output_url: "",
            standard_error_url: "",
            command_plugins: details.then(|| PluginView::of(invocation)).into_iter().collect(),
            service_role: "",
            place,
        }
    }
}

/// The step of the document on one node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PluginView {
    name: &'static str,
    status: &'static str,
    status_details: &'static str,
    response_code: i32,
    #[serde(with = "epoch_seconds::optional", skip_serializing_if = "Option::is_none")]
    response_start_date_time: Option<Timestamp>,
    #[serde(with = "epoch_seconds::optional", skip_serializing_if = "Option::is_none")]
    response_finish_date_time: Option<Timestamp>,
    output: String,
    standard_output_url: &'static str,
    standard_error_url: &'static str,
    output_s3_bucket_name: &'static str,
    output_s3_key_prefix: &'static str,
}

impl PluginView {
    fn of(invocation: &Invocation) -> PluginView {
        let mut output = invocation.stdout.clone();
        if !invocation.stderr.is_empty() {
            output.push_str(BETWEEN);
            output.push_str(&invocation.stderr);
        }
        PluginView {
            name: PLUGIN,
            status: invocation.status.name(),
            status_details: invocation.status.detail(),
            response_code: invocation.code,
            response_start_date_time: invocation.started,
            response_finish_date_time: invocation.ended,
            output: cut(&output, PLUGIN_CHARS_MAX, PLUGIN_CUT),
            standard_output_url: "",
            standard_error_url: "",
            output_s3_bucket_name: "",
            output_s3_key_prefix: "",
        }
    }
}

/// A command on one node with its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputView {
    command_id: String,
    instance_id: InstanceId,
    comment: String,
    document_name: &'static str,
    document_version: String,
    plugin_name: &'static str,
    response_code: i32,
    execution_start_date_time: String,
    execution_elapsed_time: String,
    execution_end_date_time: String,
    status: &'static str,
    status_details: &'static str,
    standard_output_content: String,
    standard_output_url: &'static str,
    standard_error_content: String,
    standard_error_url: &'static str,
}

impl OutputView {
    /// The invocation as it stands.
    pub fn of(command: &Command, invocation: &Invocation) -> OutputView {
        let shown = |time: Option<Timestamp>| time.map(|time| Iso(time.0).to_string()).unwrap_or_default();
        OutputView {
            command_id: command.id.clone(),
            instance_id: invocation.instance,
            comment: command.order.comment.clone(),
            document_name: DOCUMENT,
            document_version: command.order.version.clone(),
            plugin_name: PLUGIN,
            response_code: invocation.code,
            execution_start_date_time: shown(invocation.started),
            execution_elapsed_time: elapsed(invocation),
            execution_end_date_time: shown(invocation.started.and(invocation.ended)),
            status: invocation.status.name(),
            status_details: invocation.status.detail(),
            standard_output_content: cut(&invocation.stdout, STDOUT_CHARS_MAX, CUT),
            standard_output_url: "",
            standard_error_content: cut(&invocation.stderr, STDERR_CHARS_MAX, CUT),
            standard_error_url: "",
        }
    }
}

/// How long it ran, as ISO 8601 writes spans: `PT1.234S`. Empty before it is over.
fn elapsed(invocation: &Invocation) -> String {
    match (invocation.started, invocation.ended) {
        (Some(started), Some(ended)) => format!("PT{}S", (ended.0 - started.0) as f64 / 1000.0),
        _ => String::new(),
    }
}

/// A text of at most `chars_max` characters; one that was longer ends with `sign`.
fn cut(text: &str, chars_max: usize, sign: &str) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max - sign.chars().count()).chain(sign.chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_to_what_fits() {
        assert_eq!(cut("abcde", 5, "!!"), "abcde");
        assert_eq!(cut("abcdef", 5, "!!"), "abc!!");
        assert_eq!(cut(&"é".repeat(30_000), STDOUT_CHARS_MAX, CUT).chars().count(), STDOUT_CHARS_MAX);
    }
}
