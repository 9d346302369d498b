//! Policies of endpoints: who may do what through them.
//!
//! A policy names principals, and may have the conditions of any other; only keys that a call through an endpoint has here
//! can be asked for. Without a policy everything is allowed.
//! Source: AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies"; IAM User Guide, "AWS global
//! condition context keys".

use super::{EndpointRefusal, VpcEndpoint};
use crate::iam::{Decision, PolicyDocument, Request};

/// Longest policy in characters, white space too.
pub const POLICY_CHARS_MAX: usize = 20_480;

/// The condition keys that a call through an endpoint has here.
pub const POLICY_KEYS: [&str; 10] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:SecureTransport",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
];

impl VpcEndpoint {
    /// What its policy says of a call. One that is no policy, as another cloud's answers may have, allows nothing.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let Some(text) = &self.policy else { return Decision::Allowed };
        let policy = PolicyDocument::parse(text);
        policy.map_or(Decision::ImplicitDeny, |policy| policy.decide_for_principal(request))
    }
}

pub(super) fn check_policy(policy: Option<&str>) -> Result<(), EndpointRefusal> {
    let Some(text) = policy else { return Ok(()) };
    let is_object = serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_object());
    if !is_object || text.chars().count() > POLICY_CHARS_MAX {
        return Err(EndpointRefusal::Policy);
    }
    let policy = PolicyDocument::parse(text).map_err(EndpointRefusal::PolicyGrammar)?;
    policy.check_resource().map_err(EndpointRefusal::PolicyGrammar)?;
    let is_known = |key: &&str| POLICY_KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    match policy.condition_keys().find(|key| !is_known(key)) {
        Some(key) => Err(EndpointRefusal::PolicyKey(key.to_owned())),
        None => Ok(()),
    }
}
