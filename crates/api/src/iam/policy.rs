//! Managed policies: the account's own with their versions, and AWS's.
//!
//! Source: IAM API Reference, CreatePolicy and the operations on policies.

use super::paging::Paging;
use super::role::{Done, ListRoleTagsResponse, tags};
use crate::operation::{Context, Error, Operation};
use weir_model::iam::managed::{self, AWS_MANAGED, PolicySpec};
use weir_model::iam::{IamRefused, Identities};
use weir_model::{Tags, Timestamp};
use weir_wire::{Param, Tag, WireError, Xml, percent_encode};

const AWS: &str = "arn:aws:iam::aws:policy";

/// Makes a managed policy.
#[derive(Param)]
pub struct CreatePolicy {
    policy_name: String,
    path: Option<String>,
    policy_document: String,
    description: Option<String>,
    tags: Vec<Tag>,
}

/// One policy.
#[derive(Xml)]
pub struct PolicyResponse {
    policy: Policy,
}

/// A managed policy as it is shown.
#[derive(Xml)]
pub struct Policy {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    description: Option<String>,
    create_date: Timestamp,
    update_date: Timestamp,
    tags: Option<Tags>,
}

impl Policy {
    fn of(policy: &managed::Policy, identities: &Identities) -> Policy {
        Policy {
            policy_name: policy.name.clone(),
            policy_id: policy.unique_id.clone(),
            arn: policy.arn(),
            path: policy.path.clone(),
            default_version_id: version_id(policy.default_version),
            attachment_count: identities.attachment_count(&policy.arn()),
            permissions_boundary_usage_count: identities.boundary_count(&policy.arn()),
            is_attachable: true,
            description: policy.description.clone(),
            create_date: policy.created,
            update_date: policy.updated,
            tags: (!policy.tags.is_empty()).then(|| policy.tags.clone()),
        }
    }

    /// One of AWS's policies, by path and name.
    ///
    /// Assumption: their ids, dates and version numbers are not AWS's; clients do not look at them.
    fn of_aws(name: &str, identities: &Identities) -> Policy {
        let (path, short) = name.rsplit_once('/').unwrap_or(("", name));
        let letters =
            short.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
        let arn = format!("{AWS}{name}");
        Policy {
            policy_name: short.to_owned(),
            policy_id: "ANPA".chars().chain(letters.chain(std::iter::repeat('A')).take(17)).collect(),
            attachment_count: identities.attachment_count(&arn),
            permissions_boundary_usage_count: identities.boundary_count(&arn),
            arn,
            path: format!("{path}/"),
            default_version_id: version_id(1),
            is_attachable: true,
            description: None,
            create_date: Timestamp(0),
            update_date: Timestamp(0),
            tags: None,
        }
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}

impl Operation for CreatePolicy {
    type Response = PolicyResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let spec = PolicySpec {
            name: self.policy_name,
            path: self.path,
            document: self.policy_document,
            description: self.description,
            tags: tags(self.tags),
        };
        let policy = cx.iam_command(|identities, cx| identities.create_policy(cx, spec))?;
        Ok(PolicyResponse { policy: Policy::of(&policy, cx.identities) })
    }
}

/// Shows a managed policy.
#[derive(Param)]
pub struct GetPolicy {
    policy_arn: String,
}

impl Operation for GetPolicy {
    type Response = PolicyResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let policy = match aws_name(&self.policy_arn) {
            Some(name) => Policy::of_aws(name, cx.identities),
            None => Policy::of(cx.identities.policy(&self.policy_arn)?, cx.identities),
        };
        Ok(PolicyResponse { policy })
    }
}

/// The path and name of one of AWS's policies that Weir knows.
fn aws_name(arn: &str) -> Option<&str> {
    let name = arn.strip_prefix(AWS)?;
    AWS_MANAGED.iter().any(|(known, _)| *known == name).then_some(name)
}

/// Lists managed policies.
#[derive(Param)]
pub struct ListPolicies {
    scope: Option<String>,
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of policies.
#[derive(Xml)]
pub struct ListPoliciesResponse {
    policies: Vec<Policy>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListPolicies {
    type Response = ListPoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (own, aws) = match self.scope.as_deref() {
            None | Some("All") => (true, true),
            Some("Local") => (true, false),
            Some("AWS") => (false, true),
            Some(other) => {
                let rule = "Member must satisfy enum value set: [AWS, Local, All]";
                return Err(WireError::constraint(&format!("'{other}'"), "scope", rule).into());
            }
        };
        let account = cx.scope.account;
        let local = cx.identities.policies.iter().filter(|policy| own && policy.account == account);
        let mut policies: Vec<Policy> = local.map(|policy| Policy::of(policy, cx.identities)).collect();
        if aws {
            policies.extend(AWS_MANAGED.iter().map(|(name, _)| Policy::of_aws(name, cx.identities)));
        }
        let prefix = self.path_prefix.unwrap_or_default();
        let only_attached = self.only_attached.unwrap_or(false);
        policies.retain(|policy| {
            policy.path.starts_with(&prefix) && (!only_attached || policy.attachment_count > 0)
        });
        policies.sort_by(|one, other| one.arn.cmp(&other.arn));
        let page = self.paging.page(policies.into_iter(), |policy| policy.arn.clone())?;
        let is_truncated = page.is_truncated();
        Ok(ListPoliciesResponse { policies: page.items, is_truncated, marker: page.marker })
    }
}

/// Deletes a policy that is attached to nothing.
#[derive(Param)]
pub struct DeletePolicy {
    policy_arn: String,
}

impl Operation for DeletePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, _| identities.delete_policy(&self.policy_arn))?;
        Ok(Done {})
    }
}

/// Adds a version to a policy.
#[derive(Param)]
pub struct CreatePolicyVersion {
    policy_arn: String,
    policy_document: String,
    set_as_default: Option<bool>,
}

/// One version.
#[derive(Xml)]
pub struct PolicyVersionResponse {
    policy_version: PolicyVersion,
}

/// A version of a policy as it is shown.
#[derive(Xml)]
pub struct PolicyVersion {
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: Timestamp,
}

impl Operation for CreatePolicyVersion {
    type Response = PolicyVersionResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let in_force = self.set_as_default.unwrap_or(false);
        let version = cx.iam_command(|identities, cx| {
            identities.create_policy_version(&self.policy_arn, &self.policy_document, in_force, cx.now)
        })?;
        Ok(PolicyVersionResponse {
            policy_version: PolicyVersion {
                document: None,
                version_id: version_id(version.number),
                is_default_version: in_force,
                create_date: version.created,
            },
        })
    }
}

/// Shows a version of a policy with its document.
#[derive(Param)]
pub struct GetPolicyVersion {
    policy_arn: String,
    version_id: String,
}

impl Operation for GetPolicyVersion {
    type Response = PolicyVersionResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let mut versions = versions(cx.identities, &self.policy_arn)?;
        let found = versions.iter().position(|version| version.version_id == self.version_id);
        let found = found.ok_or_else(|| IamRefused::NoSuchPolicyVersion(self.version_id.clone()))?;
        Ok(PolicyVersionResponse { policy_version: versions.swap_remove(found) })
    }
}

/// Lists the versions of a policy, newest first, without their documents.
#[derive(Param)]
pub struct ListPolicyVersions {
    policy_arn: String,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of versions.
#[derive(Xml)]
pub struct ListPolicyVersionsResponse {
    versions: Vec<PolicyVersion>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListPolicyVersions {
    type Response = ListPolicyVersionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let versions = versions(cx.identities, &self.policy_arn)?;
        let count = versions.len();
        // A policy has at most five versions; the marker counts down from the newest.
        let numbered = versions.into_iter().rev().enumerate();
        let page = self.paging.page(numbered, |(place, _)| format!("{place}"))?;
        let is_truncated = page.is_truncated() && count > 0;
        let versions =
            page.items.into_iter().map(|(_, version)| PolicyVersion { document: None, ..version }).collect();
        Ok(ListPolicyVersionsResponse { versions, is_truncated, marker: page.marker })
    }
}

/// Puts another version of a policy in force.
#[derive(Param)]
pub struct SetDefaultPolicyVersion {
    policy_arn: String,
    version_id: String,
}

impl Operation for SetDefaultPolicyVersion {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.set_default_policy_version(&self.policy_arn, &self.version_id, cx.now)
        })?;
        Ok(Done {})
    }
}

/// Deletes a version of a policy that is not in force.
#[derive(Param)]
pub struct DeletePolicyVersion {
    policy_arn: String,
    version_id: String,
}

impl Operation for DeletePolicyVersion {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, _| identities.delete_policy_version(&self.policy_arn, &self.version_id))?;
        Ok(Done {})
    }
}

/// Puts tags on a policy.
#[derive(Param)]
pub struct TagPolicy {
    policy_arn: String,
    #[wire(required)]
    tags: Vec<Tag>,
}

impl Operation for TagPolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let add = tags(self.tags);
        cx.iam_command(|identities, _| identities.tag_policy(&self.policy_arn, add, &[]))?;
        Ok(Done {})
    }
}

/// Takes tags off a policy.
#[derive(Param)]
pub struct UntagPolicy {
    policy_arn: String,
    #[wire(required)]
    tag_keys: Vec<String>,
}

impl Operation for UntagPolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, _| identities.tag_policy(&self.policy_arn, Tags::new(), &self.tag_keys))?;
        Ok(Done {})
    }
}

/// Lists the tags of a policy.
#[derive(Param)]
pub struct ListPolicyTags {
    policy_arn: String,
    #[wire(flatten)]
    paging: Paging,
}

impl Operation for ListPolicyTags {
    type Response = ListRoleTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        ListRoleTagsResponse::page(&cx.identities.policy(&self.policy_arn)?.tags, &self.paging)
    }
}

/// Every version of a policy, oldest first.
fn versions(identities: &Identities, arn: &str) -> Result<Vec<PolicyVersion>, Error> {
    if let (Some(_), Some(document)) = (aws_name(arn), identities.policy_document(arn)) {
        let document = Some(percent_encode(document.text()));
        let version_id = version_id(1);
        return Ok(vec![PolicyVersion {
            document,
            version_id,
            is_default_version: true,
            create_date: Timestamp(0),
        }]);
    }
    let policy = identities.policy(arn)?;
    let shown = |version: &managed::PolicyVersion| PolicyVersion {
        document: Some(percent_encode(version.document.text())),
        version_id: version_id(version.number),
        is_default_version: version.number == policy.default_version,
        create_date: version.created,
    };
    Ok(policy.versions.iter().map(shown).collect())
}
