//! The caller's identity.
//!
//! Access keys name an account, not a user, so every caller is its account's root.
//! Source: AWS STS API Reference, GetCallerIdentity; IAM User Guide, "IAM identifiers".

use crate::operation::{Context, Error, Operation};
use weir_model::AccountId;
use weir_wire::{Param, Xml};

/// Tells who is calling.
#[derive(Param)]
pub struct GetCallerIdentity {}

/// The caller.
#[derive(Xml)]
pub struct GetCallerIdentityResponse {
    user_id: String,
    account: String,
    arn: String,
}

impl Operation for GetCallerIdentity {
    type Response = GetCallerIdentityResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let account = cx.scope.account.to_string();
        let arn = arn(cx.scope.account);
        Ok(GetCallerIdentityResponse { user_id: account.clone(), account, arn })
    }
}

/// The ARN of the caller from an account.
pub fn arn(account: AccountId) -> String {
    format!("arn:aws:iam::{account}:root")
}
