//! Keys of groups: they are kept and shown; nothing is encrypted.
//!
//! Source: CloudWatch Logs API Reference, AssociateKmsKey, DisassociateKmsKey.

use crate::logs::check::{constraint, invalid, length};
use crate::operation::{Context, Error, Operation};
use serde::Deserialize;
use weir_store::Group;

const KEY_CHARS_MAX: usize = 256;

/// Refuses a text that cannot be the ARN of a key.
///
/// # Errors
/// `InvalidParameterException`. Whether there is such a key is not asked: Weir has no keys.
pub fn check_key(arn: &str) -> Result<(), Error> {
    length(arn, "kmsKeyId", 0..=KEY_CHARS_MAX)?;
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "kms", _, _, key] if key.starts_with("key/") => Ok(()),
        _ => Err(constraint(arn, "kmsKeyId", "be the ARN of a KMS key")),
    }
}

/// Gives a group a key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssociateKmsKey {
    log_group_name: Option<String>,
    kms_key_id: String,
    resource_identifier: Option<String>,
}

/// Takes a group's key away.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisassociateKmsKey {
    log_group_name: Option<String>,
    resource_identifier: Option<String>,
}

impl Operation for AssociateKmsKey {
    type Response = ();
    const WITHOUT_EFFECT: &'static [&'static str] = &["kmsKeyId"];

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        check_key(&self.kms_key_id)?;
        let group = group(cx, self.log_group_name.as_deref(), self.resource_identifier.as_deref())?;
        let ticket = cx.logs.set_kms_key(&group.key, Some(self.kms_key_id))?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

impl Operation for DisassociateKmsKey {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let group = group(cx, self.log_group_name.as_deref(), self.resource_identifier.as_deref())?;
        let ticket = cx.logs.set_kms_key(&group.key, None)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// The group that is named; the results of queries, which can have a key too in AWS, cannot here.
fn group(cx: &Context<'_>, name: Option<&str>, identifier: Option<&str>) -> Result<Group, Error> {
    match (name, identifier) {
        (Some(name), None) => cx.log_group(name, "logGroupName"),
        (None, Some(identifier)) if identifier.contains(":query-result:") => {
            Err(invalid("Keys of query results are not implemented by weir."))
        }
        (None, Some(identifier)) => cx.identified_group(identifier, "resourceIdentifier"),
        _ => Err(invalid("Exactly one of logGroupName and resourceIdentifier must be specified.")),
    }
}
