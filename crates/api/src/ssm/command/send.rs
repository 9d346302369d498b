//! Sending and cancelling commands.
//!
//! Source: Systems Manager API Reference, SendCommand and CancelCommand; the document AWS-RunShellScript.

use super::queue::Order;
use super::view::CommandView;
use crate::operation::{Context, Error, Operation};
use crate::ssm::{check, managed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::InstanceId;
use weir_model::instance::Instance;

/// The one document there is.
pub const DOCUMENT: &str = "AWS-RunShellScript";
/// Most instances named by id.
const INSTANCES_MAX: usize = 50;
/// Most targets, and values of one.
const TARGETS_MAX: usize = 5;
const TARGET_VALUES_MAX: usize = 50;
/// Most characters of a comment.
const COMMENT_CHARS_MAX: usize = 100;
/// The bounds of the two time-outs in seconds, and what holds if none is given.
const DELIVERY_S: std::ops::RangeInclusive<i64> = 30..=2_592_000;
const EXECUTION_S: std::ops::RangeInclusive<i64> = 1..=172_800;
const TIMEOUT_DEFAULT_S: i64 = 3600;

/// Nodes by a property.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Target {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

/// Runs a script on nodes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SendCommand {
    document_name: String,
    document_version: Option<String>,
    document_hash: Option<String>,
    document_hash_type: Option<String>,
    #[serde(default)]
    instance_ids: Vec<String>,
    #[serde(default)]
    targets: Vec<Target>,
    timeout_seconds: Option<i64>,
    comment: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
    #[serde(rename = "OutputS3Region")]
    output_s3_region: Option<String>,
    #[serde(rename = "OutputS3BucketName")]
    output_s3_bucket_name: Option<String>,
    #[serde(rename = "OutputS3KeyPrefix")]
    output_s3_key_prefix: Option<String>,
    max_concurrency: Option<String>,
    max_errors: Option<String>,
    service_role_arn: Option<String>,
    notification_config: Option<Value>,
    cloud_watch_output_config: Option<Value>,
    alarm_configuration: Option<Value>,
}

/// The command that was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendCommandResponse {
    command: CommandView,
}

impl Operation for SendCommand {
    type Response = SendCommandResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.check_implemented()?;
        self.check_document(cx)?;
        let order = self.order()?;
        let nodes = self.nodes(&order, cx)?;
        let id = cx.ids.uuid();
        let number = cx.commands.add(id, cx.scope, order, cx.now, &nodes);
        let command = cx.commands.get(number).expect("a command that was just added");
        Ok(SendCommandResponse { command: CommandView::of(command) })
    }
}

impl SendCommand {
    fn check_implemented(&self) -> Result<(), Error> {
        check::absent(&self.document_hash, "DocumentHash")?;
        check::absent(&self.document_hash_type, "DocumentHashType")?;
        check::absent(&self.output_s3_region, "OutputS3Region")?;
        check::absent(&self.output_s3_bucket_name, "OutputS3BucketName")?;
        check::absent(&self.output_s3_key_prefix, "OutputS3KeyPrefix")?;
        check::absent(&self.max_concurrency.as_ref().filter(|most| *most != "50"), "MaxConcurrency")?;
        check::absent(&self.max_errors.as_ref().filter(|most| *most != "0"), "MaxErrors")?;
        check::absent(&self.service_role_arn, "ServiceRoleArn")?;
        check::absent(&self.notification_config, "NotificationConfig")?;
        check::absent(&self.cloud_watch_output_config, "CloudWatchOutputConfig")?;
        check::absent(&self.alarm_configuration, "AlarmConfiguration")
    }

    fn check_document(&self, cx: &Context<'_>) -> Result<(), Error> {
        let arn = format!("arn:aws:ssm:{}::document/", cx.scope.region);
        let name = self.document_name.strip_prefix(&arn).unwrap_or(&self.document_name);
        if name != DOCUMENT {
            let message = format!("Document with name {name} does not exist.");
            return Err(Error::new("InvalidDocument", message));
        }
        match self.document_version.as_deref() {
            None | Some("1" | "$DEFAULT" | "$LATEST") => Ok(()),
            Some(version) => {
                let message = format!("Document version {version} is not valid or does not exist.");
                Err(Error::new("InvalidDocumentVersion", message))
            }
        }
    }

    fn order(&self) -> Result<Order, Error> {
        let delivery_s = self.timeout_seconds.unwrap_or(TIMEOUT_DEFAULT_S);
        check::number(delivery_s, "timeoutSeconds", &DELIVERY_S)?;
        let comment = self.comment.clone().unwrap_or_default();
        check::length(comment.chars().count(), &comment, "comment", COMMENT_CHARS_MAX)?;
        let (script, execution_s) = self.script()?;
        let ids = self.instance_ids.iter().map(|id| check::instance_id(id, "instanceIds"));
        Ok(Order {
            version: self.document_version.clone().unwrap_or_else(|| "$DEFAULT".to_owned()),
            comment,
            parameters: self.parameters.clone(),
            instance_ids: ids.collect::<Result<_, _>>()?,
            targets: self.targets.iter().map(|target| (target.key.clone(), target.values.clone())).collect(),
            script,
            delivery_s,
            execution_s,
        })
    }

    /// The document's parameters: the script and how many seconds it may run.
    fn script(&self) -> Result<(String, i64), Error> {
        let invalid = |message: &str| Error::new("InvalidParameters", message);
        let mut execution_s = TIMEOUT_DEFAULT_S;
        for (name, values) in &self.parameters {
            match (name.as_str(), values.as_slice()) {
                ("commands", _) => {}
                ("executionTimeout", [text]) => {
                    let given = text.parse().ok().filter(|seconds| EXECUTION_S.contains(seconds));
                    execution_s = given.ok_or_else(|| {
                        invalid("Parameter executionTimeout is not a number of seconds from 1 to 172800.")
                    })?;
                }
                ("workingDirectory", values) if values.iter().all(String::is_empty) => {}
                ("workingDirectory", _) => {
                    return Err(invalid("Parameter workingDirectory is not implemented by weir."));
                }
                (name, _) => {
                    return Err(invalid(&format!(
                        "Parameter {name} is not defined in the document, or has not one value."
                    )));
                }
            }
        }
        let commands = self.parameters.get("commands").filter(|commands| !commands.is_empty());
        let commands = commands.ok_or_else(|| invalid("Parameter commands is required."))?;
        Ok((commands.join("\n"), execution_s))
    }

    /// The nodes that are meant.
    fn nodes(&self, order: &Order, cx: &Context<'_>) -> Result<Vec<InstanceId>, Error> {
        check::length(order.instance_ids.len(), self.instance_ids.join(", "), "instanceIds", INSTANCES_MAX)?;
        if !self.targets.is_empty() && !order.instance_ids.is_empty() {
            let message = "Specify InstanceIds or Targets, not both.";
            return Err(Error::new("InvalidParameters", message));
        }
        if !self.targets.is_empty() {
            return self.targeted(cx);
        }
        let mut seen = BTreeSet::new();
        if !order.instance_ids.iter().all(|id| seen.insert(*id)) {
            return Err(Error::new("DuplicateInstanceId", ""));
        }
        let managed: BTreeSet<InstanceId> =
            managed::nodes(cx.network, cx.scope).map(|node| node.id).collect();
        if !seen.is_subset(&managed) || seen.is_empty() {
            let ids = self.instance_ids.join(", ");
            let message =
                format!("Instances [[{ids}]] not in a valid state for account {}", cx.scope.account);
            return Err(Error::new("InvalidInstanceId", message));
        }
        Ok(order.instance_ids.clone())
    }

    /// The nodes that every target fits.
    fn targeted(&self, cx: &Context<'_>) -> Result<Vec<InstanceId>, Error> {
        check::length(self.targets.len(), self.targets.len(), "targets", TARGETS_MAX)?;
        let mut nodes: Vec<&Instance> = managed::nodes(cx.network, cx.scope).collect();
        for target in &self.targets {
            check::length(target.values.len(), target.values.join(", "), "targets", TARGET_VALUES_MAX)?;
            let (key, values) = (target.key.as_str(), &target.values);
            let tag = key.strip_prefix("tag:");
            if tag.is_none() && !matches!(key, "tag-key" | "InstanceIds" | "instanceids") {
                let message = format!("Targets with the key {key} are not implemented by weir.");
                return Err(Error::new("ValidationException", message));
            }
            nodes.retain(|node| match (key, tag) {
                (_, Some(tag)) => {
                    node.tags.get(tag).is_some_and(|value| values.iter().any(|wanted| wanted == value))
                }
                ("tag-key", _) => values.iter().any(|tag| node.tags.contains_key(tag)),
                _ => values.contains(&node.id.to_string()),
            });
        }
        Ok(nodes.into_iter().map(|node| node.id).collect())
    }
}

/// Ends a command where it is not over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CancelCommand {
    command_id: String,
    #[serde(default)]
    instance_ids: Vec<String>,
}

impl Operation for CancelCommand {
    /// An object without members.
    type Response = Value;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check::command_id(&self.command_id)?;
        let ids = self.instance_ids.iter().map(|id| check::instance_id(id, "instanceIds"));
        let ids: Vec<InstanceId> = ids.collect::<Result<_, _>>()?;
        let command = cx.commands.find(cx.scope, &self.command_id);
        let command = command.ok_or_else(|| Error::new("InvalidCommandId", ""))?;
        let has = |id: &InstanceId| command.invocations.iter().any(|invocation| invocation.instance == *id);
        if !ids.iter().all(has) {
            return Err(Error::new("InvalidInstanceId", ""));
        }
        let number = command.number;
        cx.commands.cancel(number, &ids);
        Ok(json!({}))
    }
}
