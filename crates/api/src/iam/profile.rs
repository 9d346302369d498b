//! Instance profiles.
//!
//! Source: IAM API Reference, CreateInstanceProfile and the operations on instance profiles.

use super::paging::Paging;
use super::role::{Done, ListRoleTagsResponse, Role, tags};
use crate::operation::{Context, Error, Operation};
use weir_model::iam::Identities;
use weir_model::iam::profile;
use weir_model::{Tags, Timestamp};
use weir_wire::{Param, Tag, Xml};

/// An instance profile as it is shown.
#[derive(Xml)]
pub struct InstanceProfile {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: Timestamp,
    roles: Vec<Role>,
    tags: Option<Tags>,
}

impl InstanceProfile {
    fn of(identities: &Identities, profile: &profile::InstanceProfile) -> InstanceProfile {
        let tags = (!profile.tags.is_empty()).then(|| profile.tags.clone());
        InstanceProfile { tags, ..InstanceProfile::listed(identities, profile) }
    }

    /// As lists show it: without tags (ListInstanceProfiles, IAM API Reference).
    fn listed(identities: &Identities, profile: &profile::InstanceProfile) -> InstanceProfile {
        let role = profile.role.as_ref().and_then(|name| identities.role(profile.account, name).ok());
        InstanceProfile {
            path: profile.path.clone(),
            instance_profile_name: profile.name.clone(),
            instance_profile_id: profile.unique_id.clone(),
            arn: profile.arn(),
            create_date: profile.created,
            roles: role.map(Role::listed).into_iter().collect(),
            tags: None,
        }
    }
}

/// One instance profile.
#[derive(Xml)]
pub struct InstanceProfileResponse {
    instance_profile: InstanceProfile,
}

/// Makes an instance profile.
#[derive(Param)]
pub struct CreateInstanceProfile {
    instance_profile_name: String,
    path: Option<String>,
    tags: Vec<Tag>,
}

impl Operation for CreateInstanceProfile {
    type Response = InstanceProfileResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (name, path, tags) = (self.instance_profile_name, self.path, tags(self.tags));
        let made = cx.iam_command(|identities, cx| identities.create_profile(cx, name, path, tags))?;
        Ok(InstanceProfileResponse { instance_profile: InstanceProfile::of(cx.identities, &made) })
    }
}

/// Shows an instance profile.
#[derive(Param)]
pub struct GetInstanceProfile {
    instance_profile_name: String,
}

impl Operation for GetInstanceProfile {
    type Response = InstanceProfileResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let profile = cx.identities.profile(cx.scope.account, &self.instance_profile_name)?;
        Ok(InstanceProfileResponse { instance_profile: InstanceProfile::of(cx.identities, profile) })
    }
}

/// A page of instance profiles.
#[derive(Xml)]
pub struct ListInstanceProfilesResponse {
    instance_profiles: Vec<InstanceProfile>,
    is_truncated: bool,
    marker: Option<String>,
}

/// One page of `profiles`.
fn page<'a>(
    identities: &'a Identities,
    paging: &Paging,
    profiles: impl Iterator<Item = &'a profile::InstanceProfile>,
) -> Result<ListInstanceProfilesResponse, Error> {
    let page = paging.page(profiles, |profile| profile.name.to_ascii_lowercase())?;
    let view = |profile: &&profile::InstanceProfile| InstanceProfile::listed(identities, profile);
    let (is_truncated, instance_profiles) = (page.is_truncated(), page.items.iter().map(view).collect());
    Ok(ListInstanceProfilesResponse { instance_profiles, is_truncated, marker: page.marker })
}

/// Lists the account's instance profiles.
#[derive(Param)]
pub struct ListInstanceProfiles {
    path_prefix: Option<String>,
    #[wire(flatten)]
    paging: Paging,
}

impl Operation for ListInstanceProfiles {
    type Response = ListInstanceProfilesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let prefix = self.path_prefix.unwrap_or_default();
        let account = cx.scope.account;
        let own = |profile: &&profile::InstanceProfile| {
            profile.account == account && profile.path.starts_with(&prefix)
        };
        page(cx.identities, &self.paging, cx.identities.profiles.iter().filter(own))
    }
}

/// Lists the instance profiles that hold a role; clients ask before they delete it.
#[derive(Param)]
pub struct ListInstanceProfilesForRole {
    role_name: String,
    #[wire(flatten)]
    paging: Paging,
}

impl Operation for ListInstanceProfilesForRole {
    type Response = ListInstanceProfilesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let account = cx.scope.account;
        cx.identities.role(account, &self.role_name)?;
        page(cx.identities, &self.paging, cx.identities.profiles_of(account, &self.role_name))
    }
}

/// Deletes an instance profile without a role.
#[derive(Param)]
pub struct DeleteInstanceProfile {
    instance_profile_name: String,
}

impl Operation for DeleteInstanceProfile {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let name = self.instance_profile_name;
        cx.iam_command(|identities, cx| identities.delete_profile(cx.account, &name))?;
        Ok(Done {})
    }
}

/// Puts a role into an instance profile.
#[derive(Param)]
pub struct AddRoleToInstanceProfile {
    instance_profile_name: String,
    role_name: String,
}

impl Operation for AddRoleToInstanceProfile {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let (name, role) = (self.instance_profile_name, self.role_name);
        cx.iam_command(|identities, cx| identities.add_role_to_profile(cx.account, &name, &role))?;
        Ok(Done {})
    }
}

/// Takes a role out of an instance profile.
#[derive(Param)]
pub struct RemoveRoleFromInstanceProfile {
    instance_profile_name: String,
    role_name: String,
}

impl Operation for RemoveRoleFromInstanceProfile {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let (name, role) = (self.instance_profile_name, self.role_name);
        cx.iam_command(|identities, cx| identities.remove_role_from_profile(cx.account, &name, &role))?;
        Ok(Done {})
    }
}

/// Puts tags on an instance profile.
#[derive(Param)]
pub struct TagInstanceProfile {
    instance_profile_name: String,
    #[wire(required)]
    tags: Vec<Tag>,
}

impl Operation for TagInstanceProfile {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let (name, add) = (self.instance_profile_name, tags(self.tags));
        cx.iam_command(|identities, cx| identities.tag_profile(cx.account, &name, add, &[]))?;
        Ok(Done {})
    }
}

/// Takes tags off an instance profile.
#[derive(Param)]
pub struct UntagInstanceProfile {
    instance_profile_name: String,
    #[wire(required)]
    tag_keys: Vec<String>,
}

impl Operation for UntagInstanceProfile {
    type Response = Done;

    fn run(self, cx: &mut Context<'_>) -> Result<Done, Error> {
        let (name, remove) = (self.instance_profile_name, self.tag_keys);
        cx.iam_command(|identities, cx| identities.tag_profile(cx.account, &name, Tags::new(), &remove))?;
        Ok(Done {})
    }
}

/// Lists the tags of an instance profile.
#[derive(Param)]
pub struct ListInstanceProfileTags {
    instance_profile_name: String,
    #[wire(flatten)]
    paging: Paging,
}

impl Operation for ListInstanceProfileTags {
    type Response = ListRoleTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let profile = cx.identities.profile(cx.scope.account, &self.instance_profile_name)?;
        ListRoleTagsResponse::page(&profile.tags, &self.paging)
    }
}
