//! IAM: roles and policies of an account, and whether they allow an action. Global: an account's, not a region's.
//!
//! Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".

mod boundary;
pub mod evaluate;
pub mod managed;
pub mod policy;
pub mod profile;
pub mod role;

pub use evaluate::{Decision, Principal, Request};
pub use policy::PolicyDocument;

use crate::table::{Change, Resource, Table};
use crate::time::Timestamp;
use crate::{AccountId, Ids};
use managed::Policy;
use profile::InstanceProfile;
use role::Role;
use std::fmt;
use std::str::FromStr;

/// The roles and policies of all accounts.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// Roles.
    pub roles: Table<Role>,
    /// Customer-managed policies.
    pub policies: Table<Policy>,
    /// Instance profiles.
    pub profiles: Table<InstanceProfile>,
}

/// What an IAM command knows of its caller and the moment.
pub struct IamCx<'a> {
    /// The caller's account.
    pub account: AccountId,
    /// The time.
    pub now: Timestamp,
    /// Where fresh ids come from.
    pub ids: &'a mut Ids,
}

/// The key of an account's named entity. Names are compared without regard to case, as IAM does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    account: AccountId,
    folded: String,
}

impl Name {
    /// The key of `name` in `account`.
    pub fn new(account: AccountId, name: &str) -> Name {
        Name { account, folded: name.to_ascii_lowercase() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.folded)
    }
}

impl FromStr for Name {
    type Err = crate::scope::MalformedName;

    fn from_str(text: &str) -> Result<Name, Self::Err> {
        let (account, name) = text.split_once('/').ok_or(crate::scope::MalformedName)?;
        Ok(Name::new(account.parse()?, name))
    }
}

/// Why an IAM command was refused. Nothing has changed when one is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IamRefused {
    /// The role does not exist.
    NoSuchRole(String),
    /// The instance profile does not exist.
    NoSuchProfile(String),
    /// The role has no inline policy of that name.
    NoSuchRolePolicy(String),
    /// No policy has this ARN, or it is not attached.
    NoSuchPolicy(String),
    /// The policy has no version of that name.
    NoSuchPolicyVersion(String),
    /// An entity of that kind has that name already.
    AlreadyExists {
        /// `Role`, `Policy` or `Instance Profile`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The role still has inline policies.
    HasInlinePolicies,
    /// The role still has attached policies.
    HasAttachedPolicies,
    /// The role is in an instance profile, or the profile has a role.
    InProfile,
    /// No policy has this ARN, so it is no boundary.
    NoSuchScope(String),
    /// The role of that name has no permissions boundary.
    NoSuchBoundary(String),
    /// The version of the policy is the one in force.
    VersionInForce,
    /// The policy has versions beside the one in force.
    HasVersions,
    /// The policy is still attached to a role.
    PolicyAttached,
    /// The document is not a policy: the reason.
    MalformedPolicyDocument(String),
    /// A quota would be passed: what, and how many are allowed.
    LimitExceeded(&'static str, usize),
    /// A value does not fit its pattern or bounds: the member and what is wanted.
    Invalid {
        /// The member, as in the request.
        member: &'static str,
        /// The constraint, in words.
        constraint: &'static str,
    },
}

impl Identities {
    /// A number that grows with every change.
    pub fn generation(&self) -> u64 {
        self.roles.version() + self.policies.version() + self.profiles.version()
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.roles.drain_changes(out);
        self.policies.drain_changes(out);
        self.profiles.drain_changes(out);
    }

    /// Puts back an entity read from disk. `Ok(false)` if `kind` is none of IAM's tables.
    ///
    /// # Errors
    /// The text is not an entity of that kind.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        match kind {
            Role::KIND => self.roles.restore(body)?,
            Policy::KIND => self.policies.restore(body)?,
            InstanceProfile::KIND => self.profiles.restore(body)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether `role` lets `principal` assume it: its trust policy must allow `sts:AssumeRole` by itself.
    pub fn may_assume(&self, role: &Role, principal: &Principal, context: &evaluate::Context) -> bool {
        let request = Request { principal, action: "sts:AssumeRole", resource: "*", context };
        role.trust.decide_for_principal(&request) == Decision::Allowed
    }

    /// What the role's policies and its permissions boundary together say to an action on a resource.
    pub fn decide(&self, role: &Role, action: &str, resource: &str, context: &evaluate::Context) -> Decision {
        let (granted, boundary) = self.decide_apart(role, action, resource, context);
        boundary::within(granted, boundary)
    }

    /// What the role's inline and attached policies say, and what its boundary does, which allows all if there is none.
    ///
    /// A policy that was attached and is not found any more says nothing.
    pub fn decide_apart(
        &self,
        role: &Role,
        action: &str,
        resource: &str,
        context: &evaluate::Context,
    ) -> (Decision, Decision) {
        let principal = Principal::Aws(role.arn());
        let request = Request { principal: &principal, action, resource, context };
        let attached = role.attached.iter().filter_map(|arn| self.policy_document(arn));
        let inline = role.inline.values().cloned();
        let granted = evaluate::decide(inline.chain(attached), &request);
        let boundary = role.boundary.as_ref().map_or(Decision::Allowed, |boundary| {
            evaluate::decide(self.policy_document(boundary).into_iter(), &request)
        });
        (granted, boundary)
    }
}

/// Refuses a name that is not 1 to `max` characters of `[\w+=,.@-]`.
fn check_name(name: &str, max: usize, member: &'static str) -> Result<(), IamRefused> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !name.is_empty() && name.chars().count() <= max && name.chars().all(allowed) {
        return Ok(());
    }
    Err(IamRefused::Invalid {
        member,
        constraint: "Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    })
}

/// Refuses a path that is neither `/` nor `/…/` of printable ASCII.
fn check_path(path: &str) -> Result<(), IamRefused> {
    let printable = path.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    if path.starts_with('/') && path.ends_with('/') && printable && path.len() <= 512 {
        return Ok(());
    }
    Err(IamRefused::Invalid {
        member: "path",
        constraint: "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    })
}

/// A fresh unique id of IAM: a prefix that tells the kind, and 17 characters of base 32.
fn unique_id(prefix: &str, ids: &mut Ids) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |_| char::from(ALPHABET[ids.below(32) as usize]);
    prefix.chars().chain((0..17).map(letter)).collect()
}

#[cfg(test)]
mod tests;
