//! Instance profiles: what hands a role to an instance. A profile holds one role at most.
//!
//! Source: IAM User Guide, "Use instance profiles"; IAM API Reference, CreateInstanceProfile and its kin; "IAM and AWS STS quotas".

use super::role::retagged;
use super::{IamCx, IamRefused, Identities, Name, check_name, check_path, unique_id};
use crate::instance::ProfileLink;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{AccountId, Tags};
use serde::{Deserialize, Serialize};

/// Longest name of a profile in characters.
pub const PROFILE_NAME_MAX: usize = 128;
/// Most roles in a profile.
pub const ROLES_MAX: usize = 1;

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Its account.
    pub account: AccountId,
    /// Its name, as given.
    pub name: String,
    /// Its path, `/` or `/…/`.
    pub path: String,
    /// Its unique id, `AIPA…`.
    pub unique_id: String,
    /// The name of its role, if it has one.
    pub role: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl InstanceProfile {
    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:instance-profile{}{}", self.account, self.path, self.name)
    }

    /// What an instance that has it keeps of it.
    pub fn link(&self) -> ProfileLink {
        ProfileLink { arn: self.arn(), profile_id: self.unique_id.clone() }
    }
}

impl Resource for InstanceProfile {
    type Key = Name;
    const KIND: &'static str = "instance-profile";
    fn key(&self) -> Name {
        Name::new(self.account, &self.name)
    }
}

impl Identities {
    /// The instance profile of that name in the account.
    ///
    /// # Errors
    /// There is none.
    pub fn profile(&self, account: AccountId, name: &str) -> Result<&InstanceProfile, IamRefused> {
        let found = self.profiles.get(&Name::new(account, name));
        found.ok_or_else(|| IamRefused::NoSuchProfile(name.to_owned()))
    }

    /// The account's instance profile with that ARN, if it exists.
    pub fn profile_by_arn(&self, account: AccountId, arn: &str) -> Option<&InstanceProfile> {
        let name = arn.rsplit('/').next()?;
        self.profiles.get(&Name::new(account, name)).filter(|profile| profile.arn() == arn)
    }

    /// The account's instance profiles that hold a role, by name.
    pub fn profiles_of<'a>(
        &'a self,
        account: AccountId,
        role: &'a str,
    ) -> impl Iterator<Item = &'a InstanceProfile> {
        let holds = move |profile: &&InstanceProfile| {
            let own = profile.role.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(role));
            own && profile.account == account
        };
        self.profiles.iter().filter(holds)
    }

    /// Makes an instance profile without a role.
    ///
    /// # Errors
    /// A malformed name or path; a name in use.
    pub fn create_profile(
        &mut self,
        cx: &mut IamCx<'_>,
        name: String,
        path: Option<String>,
        tags: Tags,
    ) -> Result<InstanceProfile, IamRefused> {
        check_name(&name, PROFILE_NAME_MAX, "instanceProfileName")?;
        let path = path.unwrap_or_else(|| "/".into());
        check_path(&path)?;
        if self.profiles.has(&Name::new(cx.account, &name)) {
            return Err(IamRefused::AlreadyExists { kind: "Instance Profile", name });
        }
        let unique_id = unique_id("AIPA", cx.ids);
        let (account, created) = (cx.account, cx.now);
        let profile = InstanceProfile { account, name, path, unique_id, role: None, created, tags };
        self.profiles.insert(profile.clone());
        Ok(profile)
    }

    /// Puts tags on an instance profile and takes some off.
    ///
    /// # Errors
    /// It does not exist, or would have more than 50 tags.
    pub fn tag_profile(
        &mut self,
        account: AccountId,
        name: &str,
        add: Tags,
        remove: &[String],
    ) -> Result<(), IamRefused> {
        let profile = self.profile(account, name)?;
        let (key, tags) = (profile.key(), retagged(&profile.tags, add, remove, "TagsPerInstanceProfile")?);
        if let Some(profile) = self.profiles.get_mut(&key) {
            profile.tags = tags;
        }
        Ok(())
    }

    /// Deletes an instance profile without a role. Instances that have it keep its ARN.
    ///
    /// # Errors
    /// It does not exist, or has a role.
    pub fn delete_profile(&mut self, account: AccountId, name: &str) -> Result<(), IamRefused> {
        let profile = self.profile(account, name)?;
        if profile.role.is_some() {
            return Err(IamRefused::InProfile);
        }
        let key = profile.key();
        self.profiles.remove(&key);
        Ok(())
    }

    /// Puts a role into an instance profile.
    ///
    /// # Errors
    /// Either does not exist, or the profile has a role.
    pub fn add_role_to_profile(
        &mut self,
        account: AccountId,
        name: &str,
        role: &str,
    ) -> Result<(), IamRefused> {
        let profile = self.profile(account, name)?;
        let role = self.role(account, role)?.name.clone();
        if profile.role.is_some() {
            return Err(IamRefused::LimitExceeded("InstanceSessionsPerInstanceProfile", ROLES_MAX));
        }
        let key = profile.key();
        if let Some(profile) = self.profiles.get_mut(&key) {
            profile.role = Some(role);
        }
        Ok(())
    }

    /// Takes a role out of an instance profile.
    ///
    /// # Errors
    /// The profile does not exist, or the role is not in it.
    pub fn remove_role_from_profile(
        &mut self,
        account: AccountId,
        name: &str,
        role: &str,
    ) -> Result<(), IamRefused> {
        let profile = self.profile(account, name)?;
        if !profile.role.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(role)) {
            return Err(IamRefused::NoSuchRole(role.to_owned()));
        }
        let key = profile.key();
        if let Some(profile) = self.profiles.get_mut(&key) {
            profile.role = None;
        }
        Ok(())
    }
}
