//! The policies of a role: inline ones, and managed ones attached to it.
//!
//! Source: IAM API Reference, PutRolePolicy, AttachRolePolicy and the operations beside them.

use super::paging::Paging;
use super::role::Done;
use crate::operation::{Context, Error, Operation};
use weir_model::iam::IamRefused;
use weir_wire::{Param, Xml, percent_encode};

/// Puts an inline policy.
#[derive(Param)]
pub struct PutRolePolicy {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for PutRolePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.put_role_policy(cx.account, &self.role_name, &self.policy_name, &self.policy_document)
        })?;
        Ok(Done {})
    }
}

/// Shows an inline policy.
#[derive(Param)]
pub struct GetRolePolicy {
    role_name: String,
    policy_name: String,
}

/// An inline policy.
#[derive(Xml)]
pub struct GetRolePolicyResponse {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for GetRolePolicy {
    type Response = GetRolePolicyResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        let policy = role.inline.get(&self.policy_name);
        let policy = policy.ok_or_else(|| IamRefused::NoSuchRolePolicy(self.policy_name.clone()))?;
        Ok(GetRolePolicyResponse {
            role_name: role.name.clone(),
            policy_name: self.policy_name,
            policy_document: percent_encode(policy.text()),
        })
    }
}

/// Lists the names of a role's inline policies.
#[derive(Param)]
pub struct ListRolePolicies {
    role_name: String,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of names.
#[derive(Xml)]
pub struct ListRolePoliciesResponse {
    policy_names: Vec<String>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListRolePolicies {
    type Response = ListRolePoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        let page = self.paging.page(role.inline.keys().cloned(), String::clone)?;
        let is_truncated = page.is_truncated();
        Ok(ListRolePoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
    }
}

/// Deletes an inline policy.
#[derive(Param)]
pub struct DeleteRolePolicy {
    role_name: String,
    policy_name: String,
}

impl Operation for DeleteRolePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.delete_role_policy(cx.account, &self.role_name, &self.policy_name)
        })?;
        Ok(Done {})
    }
}

/// Attaches a managed policy.
#[derive(Param)]
pub struct AttachRolePolicy {
    role_name: String,
    policy_arn: String,
}

impl Operation for AttachRolePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.attach_role_policy(cx.account, &self.role_name, &self.policy_arn)
        })?;
        Ok(Done {})
    }
}

/// Detaches a managed policy.
#[derive(Param)]
pub struct DetachRolePolicy {
    role_name: String,
    policy_arn: String,
}

impl Operation for DetachRolePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.detach_role_policy(cx.account, &self.role_name, &self.policy_arn)
        })?;
        Ok(Done {})
    }
}

/// Lists the managed policies attached to a role.
#[derive(Param)]
pub struct ListAttachedRolePolicies {
    role_name: String,
    path_prefix: Option<String>,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of attached policies.
#[derive(Xml)]
pub struct ListAttachedRolePoliciesResponse {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
    marker: Option<String>,
}

/// An attached policy by name and ARN.
#[derive(Xml)]
pub struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

impl Operation for ListAttachedRolePolicies {
    type Response = ListAttachedRolePoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        let prefix = format!(":policy{}", self.path_prefix.as_deref().unwrap_or("/"));
        let mut arns: Vec<&String> = role.attached.iter().filter(|arn| arn.contains(&prefix)).collect();
        arns.sort();
        let page = self.paging.page(arns.into_iter(), |arn| (*arn).clone())?;
        let attached = |arn: &&String| AttachedPolicy {
            policy_name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            policy_arn: (*arn).clone(),
        };
        let attached_policies = page.items.iter().map(attached).collect();
        Ok(ListAttachedRolePoliciesResponse {
            attached_policies,
            is_truncated: page.is_truncated(),
            marker: page.marker,
        })
    }
}
