//! Roles.
//!
//! Source: IAM API Reference, CreateRole and the operations on roles.

use super::boundary::Boundary;
use super::paging::Paging;
use crate::operation::{Context, Error, Operation};
use weir_model::iam::{self, role::RoleSpec};
use weir_model::{Tags, Timestamp};
use weir_wire::{Param, Tag, Xml, percent_encode};

/// Makes a role.
#[derive(Param)]
pub struct CreateRole {
    role_name: String,
    path: Option<String>,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<u32>,
    permissions_boundary: Option<String>,
    tags: Vec<Tag>,
}

/// One role.
#[derive(Xml)]
pub struct RoleResponse {
    role: Role,
}

/// A role as it is shown.
#[derive(Xml)]
pub struct Role {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Timestamp,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: u32,
    permissions_boundary: Option<Boundary>,
    tags: Option<Tags>,
}

impl Role {
    /// The role as GetRole and CreateRole show it, with its boundary and tags.
    fn of(role: &iam::role::Role) -> Role {
        Role {
            permissions_boundary: role.boundary.as_deref().map(Boundary::of),
            tags: (!role.tags.is_empty()).then(|| role.tags.clone()),
            ..Role::listed(role)
        }
    }

    /// The role as ListRoles shows it: without them (ListRoles, IAM API Reference).
    pub(super) fn listed(role: &iam::role::Role) -> Role {
        Role {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.unique_id.clone(),
            arn: role.arn(),
            create_date: role.created,
            assume_role_policy_document: percent_encode(role.trust.text()),
            description: role.description.clone(),
            max_session_duration: role.session_max_s,
            permissions_boundary: None,
            tags: None,
        }
    }
}

impl Operation for CreateRole {
    type Response = RoleResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let spec = RoleSpec {
            name: self.role_name,
            path: self.path,
            trust: self.assume_role_policy_document,
            description: self.description,
            session_max_s: self.max_session_duration,
            boundary: self.permissions_boundary,
            tags: tags(self.tags),
        };
        let role = cx.iam_command(|identities, cx| identities.create_role(cx, spec))?;
        Ok(RoleResponse { role: Role::of(&role) })
    }
}

/// Shows a role.
#[derive(Param)]
pub struct GetRole {
    role_name: String,
}

impl Operation for GetRole {
    type Response = RoleResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        Ok(RoleResponse { role: Role::of(role) })
    }
}

/// Lists the account's roles.
#[derive(Param)]
pub struct ListRoles {
    path_prefix: Option<String>,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of roles.
#[derive(Xml)]
pub struct ListRolesResponse {
    roles: Vec<Role>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListRoles {
    type Response = ListRolesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let prefix = self.path_prefix.unwrap_or_default();
        let own =
            |role: &&iam::role::Role| role.account == cx.scope.account && role.path.starts_with(&prefix);
        let roles = cx.identities.roles.iter().filter(own);
        let page = self.paging.page(roles, |role| role.name.to_ascii_lowercase())?;
        let roles = page.items.iter().map(|role| Role::listed(role)).collect();
        Ok(ListRolesResponse { roles, is_truncated: page.is_truncated(), marker: page.marker })
    }
}

/// Changes a role's description and longest session.
#[derive(Param)]
pub struct UpdateRole {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<u32>,
}

/// Nothing: the answer is an empty result.
#[derive(Xml)]
pub struct Done {}

impl Operation for UpdateRole {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.update_role(cx.account, &self.role_name, self.description, self.max_session_duration)
        })?;
        Ok(Done {})
    }
}

/// Changes a role's description; the older call.
#[derive(Param)]
pub struct UpdateRoleDescription {
    role_name: String,
    description: String,
}

impl Operation for UpdateRoleDescription {
    type Response = RoleResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        cx.iam_command(|identities, cx| {
            identities.update_role(cx.account, &self.role_name, Some(self.description), None)
        })?;
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        Ok(RoleResponse { role: Role::of(role) })
    }
}

/// Deletes a role without policies that is in no instance profile.
#[derive(Param)]
pub struct DeleteRole {
    role_name: String,
}

impl Operation for DeleteRole {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| identities.delete_role(cx.account, &self.role_name))?;
        Ok(Done {})
    }
}

/// Replaces a role's trust policy.
#[derive(Param)]
pub struct UpdateAssumeRolePolicy {
    role_name: String,
    policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.set_trust(cx.account, &self.role_name, &self.policy_document)
        })?;
        Ok(Done {})
    }
}

/// Puts tags on a role.
#[derive(Param)]
pub struct TagRole {
    role_name: String,
    #[wire(required)]
    tags: Vec<Tag>,
}

impl Operation for TagRole {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let add = tags(self.tags);
        cx.iam_command(|identities, cx| identities.tag_role(cx.account, &self.role_name, add, &[]))?;
        Ok(Done {})
    }
}

/// Takes tags off a role.
#[derive(Param)]
pub struct UntagRole {
    role_name: String,
    #[wire(required)]
    tag_keys: Vec<String>,
}

impl Operation for UntagRole {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        cx.iam_command(|identities, cx| {
            identities.tag_role(cx.account, &self.role_name, Tags::new(), &self.tag_keys)
        })?;
        Ok(Done {})
    }
}

/// Lists the tags of a role.
#[derive(Param)]
pub struct ListRoleTags {
    role_name: String,
    #[wire(flatten)]
    paging: Paging,
}

/// A page of tags.
#[derive(Xml)]
pub struct ListRoleTagsResponse {
    tags: Tags,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListRoleTags {
    type Response = ListRoleTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let role = cx.identities.role(cx.scope.account, &self.role_name)?;
        ListRoleTagsResponse::page(&role.tags, &self.paging)
    }
}

impl ListRoleTagsResponse {
    /// One page of `tags`.
    pub(super) fn page(tags: &Tags, paging: &Paging) -> Result<ListRoleTagsResponse, Error> {
        let page = paging.page(tags.iter(), |(key, _)| (*key).clone())?;
        let tags = page.items.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
        Ok(ListRoleTagsResponse { tags, is_truncated: page.is_truncated(), marker: page.marker })
    }
}

/// Tags of a request; a key given twice counts with its last value.
pub(super) fn tags(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()
}
