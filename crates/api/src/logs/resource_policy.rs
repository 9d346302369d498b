//! Resource policies: which services may put events here. They are kept and shown; no service of Weir asks for them.
//!
//! Those of the account have names; a log group can have one of its own, which is named by the group's ARN and changed only
//! by whoever knows its last revision.
//!
//! Assumptions: a group's policy has the name `default` if none is given; a wrong revision aborts the operation; a revision of
//! a policy of the account, which has none, is refused.
//! Source: CloudWatch Logs API Reference, PutResourcePolicy, DescribeResourcePolicies, DeleteResourcePolicy.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::iam::policy::PolicyDocument;
use weir_model::table::Resource;
use weir_model::{Scope, Timestamp};

/// Most policies of an account in a region, those of groups not counted.
pub const POLICIES_MAX: usize = 10;
const DOCUMENT_CHARS_MAX: usize = 51_200;
const NAME_CHARS_MAX: usize = 255;
const PAGE: i64 = 50;
/// The name of a group's policy that is given none.
const NAMELESS: &str = "default";

/// A resource policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    scope: Scope,
    name: String,
    document: String,
    updated: Timestamp,
    /// The log group that it belongs to; `None` for one of the account.
    log_group: Option<String>,
    revision: String,
}

impl Resource for ResourcePolicy {
    type Key = String;
    const KIND: &'static str = "log-resource-policy";

    /// Colons are in neither regions nor groups' names; a policy's name, which may have some, is last.
    fn key(&self) -> String {
        let Scope { account, region } = self.scope;
        match &self.log_group {
            Some(group) => format!("{account}:{region}:group:{group}"),
            None => format!("{account}:{region}:name:{}", self.name),
        }
    }
}

impl ResourcePolicy {
    /// Whether it belongs to that group.
    pub fn is_of(&self, scope: Scope, log_group: &str) -> bool {
        self.scope == scope && self.log_group.as_deref() == Some(log_group)
    }
}

/// A policy as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourcePolicyView {
    policy_name: String,
    policy_document: String,
    last_updated_time: i64,
    policy_scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
}

impl ResourcePolicyView {
    fn of(policy: &ResourcePolicy) -> ResourcePolicyView {
        let group = policy.log_group.as_ref();
        ResourcePolicyView {
            policy_name: policy.name.clone(),
            policy_document: policy.document.clone(),
            last_updated_time: policy.updated.0,
            policy_scope: if group.is_some() { "RESOURCE" } else { "ACCOUNT" },
            resource_arn: group.map(|group| name::arn(&name::key(policy.scope, group))),
            revision_id: group.map(|_| policy.revision.clone()),
        }
    }
}

/// Makes a policy of the account or of a group, or replaces it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutResourcePolicy {
    policy_name: Option<String>,
    policy_document: Option<String>,
    resource_arn: Option<String>,
    expected_revision_id: Option<String>,
}

/// The policy as it is now.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutResourcePolicyResponse {
    resource_policy: ResourcePolicyView,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
}

impl Operation for PutResourcePolicy {
    type Response = PutResourcePolicyResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["policyDocument"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let document = self.policy_document.as_deref().ok_or_else(|| missing("policyDocument"))?;
        length(document, "policyDocument", 1..=DOCUMENT_CHARS_MAX)?;
        PolicyDocument::parse(document)
            .and_then(|policy| policy.check_resource())
            .map_err(|reason| invalid(format!("Invalid policy document: {reason}")))?;
        let log_group = group_of(cx, self.resource_arn.as_deref())?;
        let name = match (&self.policy_name, &log_group) {
            (Some(name), _) => name.as_str(),
            (None, Some(_)) => NAMELESS,
            (None, None) => return Err(missing("policyName")),
        };
        length(name, "policyName", 1..=NAME_CHARS_MAX)?;
        let policy = ResourcePolicy {
            scope: cx.scope,
            name: name.to_owned(),
            document: document.to_owned(),
            updated: cx.now,
            log_group,
            revision: cx.ids.uuid(),
        };
        let policies = &mut cx.log_state.policies;
        let known = policies.get(&policy.key());
        check_revision(&policy, known, self.expected_revision_id.as_deref())?;
        if policy.log_group.is_none() && known.is_none() {
            let own = policies.iter().filter(|other| other.scope == cx.scope && other.log_group.is_none());
            if own.count() >= POLICIES_MAX {
                return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
            }
        }
        let resource_policy = ResourcePolicyView::of(&policy);
        policies.insert(policy);
        Ok(PutResourcePolicyResponse { revision_id: resource_policy.revision_id.clone(), resource_policy })
    }
}

/// The group whose ARN is given, if one is.
fn group_of(cx: &Context<'_>, arn: Option<&str>) -> Result<Option<String>, Error> {
    arn.map(|arn| Ok(cx.identified_group(arn, "resourceArn")?.key.name)).transpose()
}

/// Refuses a change of `policy` by who does not know its last revision, that of the `known` one.
fn check_revision(
    policy: &ResourcePolicy,
    known: Option<&ResourcePolicy>,
    expected: Option<&str>,
) -> Result<(), Error> {
    if policy.log_group.is_none() {
        let unasked = || invalid("expectedRevisionId is only supported with resourceArn.");
        return expected.map_or(Ok(()), |_| Err(unasked()));
    }
    match (known.map(|policy| policy.revision.as_str()), expected) {
        (known, expected) if known == expected => Ok(()),
        _ => Err(Error::new(
            "OperationAbortedException",
            "The expected revision ID does not match the current one.",
        )),
    }
}

fn missing(member: &str) -> Error {
    invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Deletes a policy of the account, or of a group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteResourcePolicy {
    policy_name: Option<String>,
    resource_arn: Option<String>,
    expected_revision_id: Option<String>,
}

impl Operation for DeleteResourcePolicy {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let log_group = group_of(cx, self.resource_arn.as_deref())?;
        if log_group.is_none() && self.policy_name.is_none() {
            return Err(missing("policyName"));
        }
        let found = cx.log_state.policies.iter().find(|policy| match &log_group {
            Some(group) => policy.is_of(cx.scope, group),
            None => {
                policy.scope == cx.scope
                    && policy.log_group.is_none()
                    && Some(&policy.name) == self.policy_name.as_ref()
            }
        });
        let absent = || {
            let name = self.policy_name.as_deref().unwrap_or_default();
            Error::new("ResourceNotFoundException", format!("Policy with name [{name}] does not exist."))
        };
        let policy = found.ok_or_else(absent)?;
        check_revision(policy, Some(policy), self.expected_revision_id.as_deref())?;
        let key = policy.key();
        cx.log_state.policies.remove(&key);
        Ok(())
    }
}

/// Lists the policies of the account, or those of groups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeResourcePolicies {
    next_token: Option<String>,
    limit: Option<i64>,
    resource_arn: Option<String>,
    policy_scope: Option<String>,
}

/// A page of policies.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeResourcePoliciesResponse {
    resource_policies: Vec<ResourcePolicyView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeResourcePolicies {
    type Response = DescribeResourcePoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE, PAGE as usize)?;
        let log_group = group_of(cx, self.resource_arn.as_deref())?;
        let is_of_groups = match self.policy_scope.as_deref() {
            None => log_group.is_some(),
            Some("ACCOUNT") => false,
            Some("RESOURCE") => true,
            Some(other) => {
                return Err(constraint(other, "policyScope", "satisfy enum value set: [ACCOUNT, RESOURCE]"));
            }
        };
        let after = self.next_token.as_deref().map(|token| last_of(token, cx.now)).transpose()?;
        let found = cx.log_state.policies.iter().filter(|policy| {
            policy.scope == cx.scope
                && policy.log_group.is_some() == is_of_groups
                && log_group.as_ref().is_none_or(|group| policy.is_of(cx.scope, group))
                && after.as_ref().is_none_or(|after| policy.key() > *after)
        });
        let mut found: Vec<&ResourcePolicy> = found.take(limit + 1).collect();
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_token = found.last().filter(|_| has_more).map(|last| token_after(&last.key(), cx.now));
        let resource_policies = found.into_iter().map(ResourcePolicyView::of).collect();
        Ok(DescribeResourcePoliciesResponse { resource_policies, next_token })
    }
}
