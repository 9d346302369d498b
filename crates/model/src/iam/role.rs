//! Roles: a trust policy that says who may assume it, and policies that say what it may do.
//!
//! Source: IAM API Reference, CreateRole and the role policy operations; quotas from "IAM and AWS STS quotas".

use super::policy::PolicyDocument;
use super::{IamCx, IamRefused, Identities, Name, check_name, check_path, unique_id};
use crate::table::Resource;
use crate::tags::TAGS_MAX;
use crate::time::Timestamp;
use crate::{AccountId, Tags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest role name in characters.
pub const ROLE_NAME_MAX: usize = 64;
/// Longest policy name in characters.
pub const POLICY_NAME_MAX: usize = 128;
/// Most managed policies attached to a role (default quota).
pub const ATTACHED_MAX: usize = 10;
/// Longest trust policy in characters (default quota).
pub const TRUST_CHARS_MAX: usize = 2048;
/// Most characters of all inline policies of a role.
pub const INLINE_CHARS_MAX: usize = 10_240;
/// Session length in seconds when none is asked for.
pub const SESSION_DEFAULT_S: u32 = 3600;

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its account.
    pub account: AccountId,
    /// Its name, as given.
    pub name: String,
    /// Its path, `/` or `/…/`.
    pub path: String,
    /// Its unique id, `AROA…`.
    pub unique_id: String,
    /// Who may assume it.
    pub trust: PolicyDocument,
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyDocument>,
    /// ARNs of attached managed policies, in the order they were attached.
    pub attached: Vec<String>,
    /// The ARN of its permissions boundary, if it has one.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Its description, if one was given.
    pub description: Option<String>,
    /// The longest session in seconds.
    pub session_max_s: u32,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl Role {
    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }
}

/// Tags with some taken off and some put on; `quota` is what has not room for them.
pub(super) fn retagged(
    tags: &Tags,
    add: Tags,
    remove: &[String],
    quota: &'static str,
) -> Result<Tags, IamRefused> {
    let mut tags = tags.clone();
    tags.retain(|key, _| !remove.contains(key));
    tags.extend(add);
    match tags.len() > TAGS_MAX {
        true => Err(IamRefused::LimitExceeded(quota, TAGS_MAX)),
        false => Ok(tags),
    }
}

impl Resource for Role {
    type Key = Name;
    const KIND: &'static str = "role";
    fn key(&self) -> Name {
        Name::new(self.account, &self.name)
    }
}

/// What CreateRole is asked for.
#[derive(Clone, Debug)]
pub struct RoleSpec {
    /// The name.
    pub name: String,
    /// The path; `/` by default.
    pub path: Option<String>,
    /// The trust policy as JSON.
    pub trust: String,
    /// A description.
    pub description: Option<String>,
    /// The longest session in seconds, 3600 to 43200.
    pub session_max_s: Option<u32>,
    /// The ARN of a permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl Identities {
    /// The role of that name in the account.
    ///
    /// # Errors
    /// There is none.
    pub fn role(&self, account: AccountId, name: &str) -> Result<&Role, IamRefused> {
        self.roles.get(&Name::new(account, name)).ok_or_else(|| IamRefused::NoSuchRole(name.to_owned()))
    }

    /// The role with that ARN, if it exists.
    pub fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        let rest = arn.strip_prefix("arn:aws:iam::")?;
        let (account, path) = rest.split_once(":role/")?;
        let name = path.rsplit('/').next()?;
        self.roles.get(&Name::new(account.parse().ok()?, name)).filter(|role| role.arn() == arn)
    }

    /// Makes a role.
    ///
    /// # Errors
    /// A malformed name, path or trust policy; a name in use; a boundary that is no policy.
    pub fn create_role(&mut self, cx: &mut IamCx<'_>, spec: RoleSpec) -> Result<Role, IamRefused> {
        check_name(&spec.name, ROLE_NAME_MAX, "roleName")?;
        let path = spec.path.unwrap_or_else(|| "/".into());
        check_path(&path)?;
        let trust = trust_policy(&spec.trust)?;
        let session_max_s = session_max(spec.session_max_s)?;
        spec.boundary.as_deref().map_or(Ok(()), |arn| self.check_boundary(arn))?;
        if self.roles.has(&Name::new(cx.account, &spec.name)) {
            return Err(IamRefused::AlreadyExists { kind: "Role", name: spec.name });
        }
        let role = Role {
            account: cx.account,
            unique_id: unique_id("AROA", cx.ids),
            name: spec.name,
            path,
            trust,
            inline: BTreeMap::new(),
            attached: vec![],
            boundary: spec.boundary,
            description: spec.description,
            session_max_s,
            created: cx.now,
            tags: spec.tags,
        };
        self.roles.insert(role.clone());
        Ok(role)
    }

    /// Deletes a role that has no policies any more and is in no instance profile.
    ///
    /// # Errors
    /// It does not exist, is in an instance profile, or still has inline or attached policies.
    pub fn delete_role(&mut self, account: AccountId, name: &str) -> Result<(), IamRefused> {
        let role = self.role(account, name)?;
        if self.profiles_of(account, name).next().is_some() {
            return Err(IamRefused::InProfile);
        }
        if !role.attached.is_empty() {
            return Err(IamRefused::HasAttachedPolicies);
        }
        if !role.inline.is_empty() {
            return Err(IamRefused::HasInlinePolicies);
        }
        let key = role.key();
        self.roles.remove(&key);
        Ok(())
    }

    /// Replaces a role's trust policy.
    ///
    /// # Errors
    /// It does not exist; the document is malformed.
    pub fn set_trust(&mut self, account: AccountId, name: &str, trust: &str) -> Result<(), IamRefused> {
        self.role(account, name)?;
        let trust = trust_policy(trust)?;
        self.edit(account, name, |role| role.trust = trust)
    }

    /// Changes a role's description and longest session; `None` leaves as it is.
    ///
    /// # Errors
    /// It does not exist; the session is out of bounds.
    pub fn update_role(
        &mut self,
        account: AccountId,
        name: &str,
        description: Option<String>,
        session_max_s: Option<u32>,
    ) -> Result<(), IamRefused> {
        let kept = self.role(account, name)?.session_max_s;
        let session_max_s = session_max(session_max_s.or(Some(kept)))?;
        self.edit(account, name, |role| {
            role.session_max_s = session_max_s;
            role.description = description.or(role.description.take());
        })
    }

    /// Puts an inline policy, in place of one of the same name.
    ///
    /// # Errors
    /// The role does not exist; the name or document is malformed; the inline policies become too long.
    pub fn put_role_policy(
        &mut self,
        account: AccountId,
        name: &str,
        policy: &str,
        text: &str,
    ) -> Result<(), IamRefused> {
        let role = self.role(account, name)?;
        check_name(policy, POLICY_NAME_MAX, "policyName")?;
        let document = identity_policy(text)?;
        let others = role.inline.iter().filter(|(other, _)| *other != policy);
        let chars =
            others.map(|(_, document)| counted_chars(document.text())).sum::<usize>() + counted_chars(text);
        if chars > INLINE_CHARS_MAX {
            return Err(IamRefused::LimitExceeded("inline policy size", INLINE_CHARS_MAX));
        }
        self.edit(account, name, |role| {
            role.inline.insert(policy.to_owned(), document);
        })
    }

    /// Takes an inline policy away.
    ///
    /// # Errors
    /// The role or the policy does not exist.
    pub fn delete_role_policy(
        &mut self,
        account: AccountId,
        name: &str,
        policy: &str,
    ) -> Result<(), IamRefused> {
        if !self.role(account, name)?.inline.contains_key(policy) {
            return Err(IamRefused::NoSuchRolePolicy(policy.to_owned()));
        }
        self.edit(account, name, |role| {
            role.inline.remove(policy);
        })
    }

    /// Attaches a managed policy; attaching it again changes nothing.
    ///
    /// # Errors
    /// The role or the policy does not exist; too many are attached.
    pub fn attach_role_policy(
        &mut self,
        account: AccountId,
        name: &str,
        arn: &str,
    ) -> Result<(), IamRefused> {
        let role = self.role(account, name)?;
        if self.policy_document(arn).is_none() {
            return Err(IamRefused::NoSuchPolicy(arn.to_owned()));
        }
        if role.attached.iter().any(|attached| attached == arn) {
            return Ok(());
        }
        if role.attached.len() >= ATTACHED_MAX {
            return Err(IamRefused::LimitExceeded("PoliciesPerRole", ATTACHED_MAX));
        }
        self.edit(account, name, |role| role.attached.push(arn.to_owned()))
    }

    /// Detaches a managed policy.
    ///
    /// # Errors
    /// The role does not exist, or the policy is not attached.
    pub fn detach_role_policy(
        &mut self,
        account: AccountId,
        name: &str,
        arn: &str,
    ) -> Result<(), IamRefused> {
        if !self.role(account, name)?.attached.iter().any(|attached| attached == arn) {
            return Err(IamRefused::NoSuchPolicy(arn.to_owned()));
        }
        self.edit(account, name, |role| role.attached.retain(|attached| attached != arn))
    }

    /// Changes a role's tags.
    ///
    /// # Errors
    /// The role does not exist; it would have too many tags.
    pub fn tag_role(
        &mut self,
        account: AccountId,
        name: &str,
        add: Tags,
        remove: &[String],
    ) -> Result<(), IamRefused> {
        let tags = retagged(&self.role(account, name)?.tags, add, remove, "TagsPerRole")?;
        self.edit(account, name, |role| role.tags = tags)
    }

    pub(super) fn edit(
        &mut self,
        account: AccountId,
        name: &str,
        change: impl FnOnce(&mut Role),
    ) -> Result<(), IamRefused> {
        let role = self.roles.get_mut(&Name::new(account, name));
        change(role.ok_or_else(|| IamRefused::NoSuchRole(name.to_owned()))?);
        Ok(())
    }
}

fn trust_policy(text: &str) -> Result<PolicyDocument, IamRefused> {
    let document = PolicyDocument::parse(text).map_err(IamRefused::MalformedPolicyDocument)?;
    document.check_trust().map_err(IamRefused::MalformedPolicyDocument)?;
    if counted_chars(text) > TRUST_CHARS_MAX {
        return Err(IamRefused::LimitExceeded("ACLSizePerRole", TRUST_CHARS_MAX));
    }
    Ok(document)
}

pub(super) fn identity_policy(text: &str) -> Result<PolicyDocument, IamRefused> {
    let document = PolicyDocument::parse(text).map_err(IamRefused::MalformedPolicyDocument)?;
    document.check_identity().map_err(IamRefused::MalformedPolicyDocument)?;
    Ok(document)
}

/// White space does not count towards a policy's size (IAM and AWS STS quotas).
pub(super) fn counted_chars(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

fn session_max(given: Option<u32>) -> Result<u32, IamRefused> {
    match given.unwrap_or(SESSION_DEFAULT_S) {
        seconds @ 3600..=43200 => Ok(seconds),
        _ => Err(IamRefused::Invalid {
            member: "maxSessionDuration",
            constraint: "Member must have value between 3600 and 43200",
        }),
    }
}
