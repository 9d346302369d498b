//! Permissions boundaries of roles.
//!
//! Source: IAM API Reference, PutRolePermissionsBoundary, DeleteRolePermissionsBoundary, AttachedPermissionsBoundary.

use super::role::Done;
use crate::operation::{Context, Error, Operation};
use weir_wire::{Param, Xml};

/// A boundary as it is shown.
#[derive(Clone, Xml)]
pub struct Boundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

impl Boundary {
    /// That of the policy with this ARN.
    pub(super) fn of(arn: &str) -> Boundary {
        Boundary {
            permissions_boundary_type: "PermissionsBoundaryPolicy",
            permissions_boundary_arn: arn.to_owned(),
        }
    }
}

/// Limits what a role may do to what a policy allows.
#[derive(Param)]
pub struct PutRolePermissionsBoundary {
    role_name: String,
    permissions_boundary: String,
}

impl Operation for PutRolePermissionsBoundary {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.set_boundary(cx.account, &self.role_name, &self.permissions_boundary)
        })?;
        Ok(Done {})
    }
}

/// Takes the limit away.
#[derive(Param)]
pub struct DeleteRolePermissionsBoundary {
    role_name: String,
}

impl Operation for DeleteRolePermissionsBoundary {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| identities.delete_boundary(cx.account, &self.role_name))?;
        Ok(Done {})
    }
}
