//! Permissions boundaries: a managed policy that limits what a role's own policies allow.
//!
//! Source: IAM User Guide, "Permissions boundaries for IAM entities": what is allowed is what both allow; IAM API Reference,
//! PutRolePermissionsBoundary.

use super::evaluate::Decision;
use super::{IamRefused, Identities};
use crate::AccountId;

impl Identities {
    /// Sets a role's boundary to the managed policy with that ARN.
    ///
    /// # Errors
    /// The role or the policy does not exist.
    pub fn set_boundary(&mut self, account: AccountId, name: &str, arn: &str) -> Result<(), IamRefused> {
        self.check_boundary(arn)?;
        self.edit(account, name, |role| role.boundary = Some(arn.to_owned()))
    }

    /// Takes a role's boundary away.
    ///
    /// # Errors
    /// The role does not exist, or has none.
    pub fn delete_boundary(&mut self, account: AccountId, name: &str) -> Result<(), IamRefused> {
        if self.role(account, name)?.boundary.is_none() {
            return Err(IamRefused::NoSuchBoundary(name.to_owned()));
        }
        self.edit(account, name, |role| role.boundary = None)
    }

    /// How many roles have a policy as their boundary.
    pub fn boundary_count(&self, arn: &str) -> usize {
        self.roles.iter().filter(|role| role.boundary.as_deref() == Some(arn)).count()
    }

    /// Refuses what is no policy that could be a boundary.
    pub(super) fn check_boundary(&self, arn: &str) -> Result<(), IamRefused> {
        match self.policy_document(arn) {
            Some(_) => Ok(()),
            None => Err(IamRefused::NoSuchScope(arn.to_owned())),
        }
    }
}

/// What a role's policies and its boundary together say.
pub(super) fn within(policies: Decision, boundary: Decision) -> Decision {
    match (policies, boundary) {
        (Decision::ExplicitDeny, _) | (_, Decision::ExplicitDeny) => Decision::ExplicitDeny,
        (Decision::Allowed, Decision::Allowed) => Decision::Allowed,
        _ => Decision::ImplicitDeny,
    }
}
