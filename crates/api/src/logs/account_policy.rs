//! Policies of the account for all its groups. Those for field indexes are kept; other types are refused by name.
//!
//! Assumptions: two policies whose groups overlap, and a policy that is not there, are answered with these sentences.
//! Source: CloudWatch Logs API Reference, PutAccountPolicy, DescribeAccountPolicies, DeleteAccountPolicy; User Guide,
//! "Create field indexes to improve query performance and reduce costs".

use crate::logs::check::{constraint, invalid, length};
use crate::logs::index_policy::{IndexPolicy, Owner, check_document, key};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::table::Resource;

/// Most policies for field indexes of an account in a region.
pub const POLICIES_MAX: usize = 20;
const DOCUMENT_CHARS_MAX: usize = 30_720;
const CRITERIA_BYTES_MAX: usize = 25 * 1024;
const NAME_CHARS_MAX: usize = 255;
/// The one type that is kept.
const KEPT: &str = "FIELD_INDEX_POLICY";
const TYPES: [&str; 5] = [
    "DATA_PROTECTION_POLICY",
    "SUBSCRIPTION_FILTER_POLICY",
    KEPT,
    "TRANSFORMER_POLICY",
    "METRIC_EXTRACTION_POLICY",
];
const ALL: &str = "ALL";

/// Makes a policy for all groups, or those whose names begin so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutAccountPolicy {
    policy_name: String,
    policy_document: String,
    policy_type: String,
    scope: Option<String>,
    selection_criteria: Option<String>,
}

/// The policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutAccountPolicyResponse {
    account_policy: AccountPolicy,
}

/// A policy as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountPolicy {
    policy_name: String,
    policy_document: String,
    last_updated_time: i64,
    policy_type: &'static str,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection_criteria: Option<String>,
    account_id: String,
}

impl AccountPolicy {
    /// `None` for a policy of a group.
    fn of(policy: &IndexPolicy) -> Option<AccountPolicy> {
        let Owner::Account { name, prefix } = &policy.owner else { return None };
        Some(AccountPolicy {
            policy_name: name.clone(),
            policy_document: policy.document.clone(),
            last_updated_time: policy.updated.0,
            policy_type: KEPT,
            scope: ALL,
            selection_criteria: (!prefix.is_empty())
                .then(|| format!(r#"LogGroupNamePrefix IN ["{prefix}"]"#)),
            account_id: policy.scope.account.to_string(),
        })
    }
}

impl Operation for PutAccountPolicy {
    type Response = PutAccountPolicyResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["policyDocument"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_type(&self.policy_type)?;
        length(&self.policy_name, "policyName", 1..=NAME_CHARS_MAX)?;
        if self.policy_name.starts_with("aws/") {
            return Err(invalid("The name of a policy cannot start with aws/."));
        }
        if let Some(scope) = self.scope.as_deref().filter(|scope| *scope != ALL) {
            return Err(constraint(scope, "scope", "satisfy enum value set: [ALL]"));
        }
        length(&self.policy_document, "policyDocument", 1..=DOCUMENT_CHARS_MAX)?;
        check_document(&self.policy_document)?;
        let prefix = self.selection_criteria.as_deref().map_or(Ok(String::new()), prefix)?;
        let owner = Owner::Account { name: self.policy_name, prefix };
        let policy = IndexPolicy { scope: cx.scope, owner, document: self.policy_document, updated: cx.now };
        check_room(cx, &policy)?;
        let account_policy =
            AccountPolicy::of(&policy).ok_or_else(|| invalid("Not a policy of an account."))?;
        cx.log_state.index_policies.insert(policy);
        Ok(PutAccountPolicyResponse { account_policy })
    }
}

fn check_type(given: &str) -> Result<(), Error> {
    match given {
        KEPT => Ok(()),
        other if TYPES.contains(&other) => {
            Err(invalid(format!("Account policies of type {other} are not implemented by weir.")))
        }
        other => {
            Err(constraint(other, "policyType", &format!("satisfy enum value set: [{}]", TYPES.join(", "))))
        }
    }
}

/// The beginning of names in `LogGroupNamePrefix IN ["…"]`.
fn prefix(criteria: &str) -> Result<String, Error> {
    let wrong = || {
        invalid(
            r#"The selection criteria must be LogGroupNamePrefix IN ["PREFIX"]; others are not implemented by weir."#,
        )
    };
    let list = criteria
        .trim()
        .strip_prefix("LogGroupNamePrefix")
        .and_then(|rest| rest.trim_start().strip_prefix("IN"));
    let list = list.filter(|_| criteria.len() <= CRITERIA_BYTES_MAX).ok_or_else(wrong)?;
    match &serde_json::from_str::<Vec<String>>(list).unwrap_or_default()[..] {
        [prefix] if !prefix.is_empty() => Ok(prefix.clone()),
        _ => Err(wrong()),
    }
}

/// Refuses a policy beyond the number of them, or for groups that another is for.
fn check_room(cx: &Context<'_>, policy: &IndexPolicy) -> Result<(), Error> {
    let key = policy.key();
    let own =
        cx.log_state.index_policies.iter().filter(|other| other.scope == cx.scope && other.key() != key);
    let prefixes = own.filter_map(|other| match &other.owner {
        Owner::Account { prefix, .. } => Some(prefix),
        Owner::Group(_) => None,
    });
    let prefixes: Vec<&String> = prefixes.collect();
    if prefixes.len() >= POLICIES_MAX {
        return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
    }
    let Owner::Account { prefix, .. } = &policy.owner else { return Ok(()) };
    let overlaps = |other: &&String| other.starts_with(prefix.as_str()) || prefix.starts_with(other.as_str());
    match prefixes.iter().any(overlaps) {
        true => Err(invalid("Another policy of this type applies to some of the same log groups.")),
        false => Ok(()),
    }
}

/// Lists the account's policies of a type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeAccountPolicies {
    policy_type: String,
    policy_name: Option<String>,
}

/// The policies.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAccountPoliciesResponse {
    account_policies: Vec<AccountPolicy>,
}

impl Operation for DescribeAccountPolicies {
    type Response = DescribeAccountPoliciesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_type(&self.policy_type)?;
        let own = cx.log_state.index_policies.iter().filter(|policy| policy.scope == cx.scope);
        let own = own.filter_map(AccountPolicy::of);
        let is_wanted = |policy: &AccountPolicy| {
            self.policy_name.as_ref().is_none_or(|wanted| *wanted == policy.policy_name)
        };
        Ok(DescribeAccountPoliciesResponse { account_policies: own.filter(is_wanted).collect() })
    }
}

/// Deletes a policy of the account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteAccountPolicy {
    policy_name: String,
    policy_type: String,
}

impl Operation for DeleteAccountPolicy {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        check_type(&self.policy_type)?;
        let key = key(cx.scope, &Owner::Account { name: self.policy_name, prefix: String::new() });
        let missing =
            || Error::new("ResourceNotFoundException", "The specified account policy does not exist.");
        cx.log_state.index_policies.remove(&key).map(drop).ok_or_else(missing)
    }
}
