//! Managed policies: a customer's own, with versions, and the well-known ones that AWS supplies.
//!
//! Source: IAM User Guide, "Managed policies and inline policies"; AWS Managed Policy Reference Guide.

use super::policy::PolicyDocument;
use super::role::{POLICY_NAME_MAX, counted_chars, identity_policy, retagged};
use super::{IamCx, IamRefused, Identities, Name, check_name, check_path, unique_id};
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{AccountId, Tags};
use serde::{Deserialize, Serialize};

/// Longest managed policy in characters, white space not counted.
pub const POLICY_CHARS_MAX: usize = 6144;
/// Most versions of a policy.
pub const VERSIONS_MAX: usize = 5;

/// A customer-managed policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its account.
    pub account: AccountId,
    /// Its name, as given.
    pub name: String,
    /// Its path, `/` or `/…/`.
    pub path: String,
    /// Its unique id, `ANPA…`.
    pub unique_id: String,
    /// Its versions, oldest first; never empty.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The highest number that a version had which is deleted: numbers are not given again.
    #[serde(default)]
    pub deleted_version: u32,
    /// Its description, if one was given.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its default version last changed.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Its number: `v1` is 1.
    pub number: u32,
    /// What it says.
    pub document: PolicyDocument,
    /// When it was made.
    pub created: Timestamp,
}

impl PolicyVersion {
    /// Its name, `v1`.
    pub fn name(&self) -> String {
        format!("v{}", self.number)
    }
}

impl Policy {
    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:policy{}{}", self.account, self.path, self.name)
    }

    /// The version in force.
    pub fn default(&self) -> &PolicyVersion {
        let in_force = self.versions.iter().find(|version| version.number == self.default_version);
        in_force.expect("the default version is never deleted")
    }

    /// The version of that name, `v1`.
    ///
    /// # Errors
    /// There is none.
    pub fn version(&self, name: &str) -> Result<&PolicyVersion, IamRefused> {
        let found = self.versions.iter().find(|version| version.name() == name);
        found.ok_or_else(|| IamRefused::NoSuchPolicyVersion(name.to_owned()))
    }
}

impl Resource for Policy {
    type Key = Name;
    const KIND: &'static str = "policy";
    fn key(&self) -> Name {
        Name::new(self.account, &self.name)
    }
}

/// What CreatePolicy is asked for.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// The name.
    pub name: String,
    /// The path; `/` by default.
    pub path: Option<String>,
    /// The document as JSON.
    pub document: String,
    /// A description.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// Policies that AWS supplies: path and name behind `arn:aws:iam::aws:policy`, and the actions they allow on every resource.
///
/// Assumption: what they allow is AWS's documents without their conditions and narrower resources.
pub const AWS_MANAGED: &[(&str, &[&str])] = &[
    ("/AdministratorAccess", &["*"]),
    ("/AmazonEC2FullAccess", &["ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"]),
    (
        "/AmazonEC2ReadOnlyAccess",
        &["ec2:Describe*", "ec2:Get*", "cloudwatch:ListMetrics", "cloudwatch:Describe*"],
    ),
    ("/AmazonS3FullAccess", &["s3:*", "s3-object-lambda:*"]),
    ("/AmazonS3ReadOnlyAccess", &["s3:Get*", "s3:List*", "s3:Describe*"]),
    ("/AmazonSSMManagedInstanceCore", &["ssm:*", "ssmmessages:*", "ec2messages:*"]),
    ("/AmazonVPCFullAccess", &["ec2:*", "logs:CreateLogDelivery", "logs:DeleteLogDelivery"]),
    ("/AmazonVPCReadOnlyAccess", &["ec2:Describe*", "ec2:Get*", "ec2:Search*"]),
    (
        "/CloudWatchAgentServerPolicy",
        &[
            "cloudwatch:PutMetricData",
            "ec2:DescribeTags",
            "logs:PutLogEvents",
            "logs:PutRetentionPolicy",
            "logs:DescribeLogStreams",
            "logs:DescribeLogGroups",
            "logs:CreateLogStream",
            "logs:CreateLogGroup",
        ],
    ),
    ("/CloudWatchLogsFullAccess", &["logs:*"]),
    (
        "/CloudWatchLogsReadOnlyAccess",
        &[
            "logs:Describe*",
            "logs:Get*",
            "logs:List*",
            "logs:StartQuery",
            "logs:StopQuery",
            "logs:FilterLogEvents",
        ],
    ),
    ("/PowerUserAccess", &["*"]),
    (
        "/ReadOnlyAccess",
        &[
            "ec2:Describe*",
            "ec2:Get*",
            "logs:Describe*",
            "logs:Get*",
            "logs:FilterLogEvents",
            "iam:Get*",
            "iam:List*",
            "s3:Get*",
            "s3:List*",
        ],
    ),
];

impl Identities {
    /// The document in force of the managed policy with that ARN, AWS's own included.
    pub fn policy_document(&self, arn: &str) -> Option<PolicyDocument> {
        match arn.strip_prefix("arn:aws:iam::aws:policy") {
            Some(name) => aws_managed(name),
            None => self.policy(arn).ok().map(|policy| policy.default().document.clone()),
        }
    }

    /// The customer-managed policy with that ARN.
    ///
    /// # Errors
    /// There is none.
    pub fn policy(&self, arn: &str) -> Result<&Policy, IamRefused> {
        let key = key_of(arn).ok_or_else(|| IamRefused::NoSuchPolicy(arn.to_owned()))?;
        let policy = self.policies.get(&key).filter(|policy| policy.arn() == arn);
        policy.ok_or_else(|| IamRefused::NoSuchPolicy(arn.to_owned()))
    }

    /// How many roles a policy is attached to.
    pub fn attachment_count(&self, arn: &str) -> usize {
        self.roles.iter().filter(|role| role.attached.iter().any(|attached| attached == arn)).count()
    }

    /// Makes a managed policy with its first version.
    ///
    /// # Errors
    /// A malformed name, path or document; a name in use; a document too long.
    pub fn create_policy(&mut self, cx: &mut IamCx<'_>, spec: PolicySpec) -> Result<Policy, IamRefused> {
        check_name(&spec.name, POLICY_NAME_MAX, "policyName")?;
        let path = spec.path.unwrap_or_else(|| "/".into());
        check_path(&path)?;
        let document = managed_document(&spec.document)?;
        if self.policies.has(&Name::new(cx.account, &spec.name)) {
            return Err(IamRefused::AlreadyExists { kind: "Policy", name: spec.name });
        }
        let policy = Policy {
            account: cx.account,
            name: spec.name,
            path,
            unique_id: unique_id("ANPA", cx.ids),
            versions: vec![PolicyVersion { number: 1, document, created: cx.now }],
            default_version: 1,
            deleted_version: 0,
            description: spec.description,
            created: cx.now,
            updated: cx.now,
            tags: spec.tags,
        };
        self.policies.insert(policy.clone());
        Ok(policy)
    }

    /// Adds a version to a policy, in force at once if `in_force`.
    ///
    /// # Errors
    /// No such policy; a malformed document; five versions already.
    pub fn create_policy_version(
        &mut self,
        arn: &str,
        document: &str,
        in_force: bool,
        now: Timestamp,
    ) -> Result<PolicyVersion, IamRefused> {
        let policy = self.policy(arn)?;
        let document = managed_document(document)?;
        if policy.versions.len() >= VERSIONS_MAX {
            return Err(IamRefused::LimitExceeded("VersionsPerPolicy", VERSIONS_MAX));
        }
        let numbers = policy.versions.iter().map(|version| version.number);
        let number = numbers.max().unwrap_or(0).max(policy.deleted_version) + 1;
        let version = PolicyVersion { number, document, created: now };
        let key = policy.key();
        let policy = self.policies.get_mut(&key).expect("it was just found");
        policy.versions.push(version.clone());
        if in_force {
            (policy.default_version, policy.updated) = (number, now);
        }
        Ok(version)
    }

    /// Puts another version of a policy in force.
    ///
    /// # Errors
    /// No such policy, or no such version.
    pub fn set_default_policy_version(
        &mut self,
        arn: &str,
        version: &str,
        now: Timestamp,
    ) -> Result<(), IamRefused> {
        let policy = self.policy(arn)?;
        let (key, number) = (policy.key(), policy.version(version)?.number);
        if let Some(policy) = self.policies.get_mut(&key) {
            (policy.default_version, policy.updated) = (number, now);
        }
        Ok(())
    }

    /// Deletes a version that is not in force.
    ///
    /// # Errors
    /// No such policy, or no such version; it is in force.
    pub fn delete_policy_version(&mut self, arn: &str, version: &str) -> Result<(), IamRefused> {
        let policy = self.policy(arn)?;
        let (key, number) = (policy.key(), policy.version(version)?.number);
        if number == policy.default_version {
            return Err(IamRefused::VersionInForce);
        }
        if let Some(policy) = self.policies.get_mut(&key) {
            policy.versions.retain(|version| version.number != number);
            policy.deleted_version = policy.deleted_version.max(number);
        }
        Ok(())
    }

    /// Puts tags on a policy and takes some off.
    ///
    /// # Errors
    /// It does not exist, or would have more than 50 tags.
    pub fn tag_policy(&mut self, arn: &str, add: Tags, remove: &[String]) -> Result<(), IamRefused> {
        let policy = self.policy(arn)?;
        let (key, tags) = (policy.key(), retagged(&policy.tags, add, remove, "TagsPerPolicy")?);
        if let Some(policy) = self.policies.get_mut(&key) {
            policy.tags = tags;
        }
        Ok(())
    }

    /// Deletes a policy that is attached to nothing and has one version.
    ///
    /// # Errors
    /// No such policy; it is attached to a role, or its boundary; it has further versions.
    pub fn delete_policy(&mut self, arn: &str) -> Result<(), IamRefused> {
        let key = self.policy(arn)?.key();
        if self.attachment_count(arn) + self.boundary_count(arn) > 0 {
            return Err(IamRefused::PolicyAttached);
        }
        if self.policy(arn)?.versions.len() > 1 {
            return Err(IamRefused::HasVersions);
        }
        self.policies.remove(&key);
        Ok(())
    }
}

fn key_of(arn: &str) -> Option<Name> {
    let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":policy/")?;
    Some(Name::new(account.parse().ok()?, path.rsplit('/').next()?))
}

fn managed_document(text: &str) -> Result<PolicyDocument, IamRefused> {
    let document = identity_policy(text)?;
    if counted_chars(text) > POLICY_CHARS_MAX {
        return Err(IamRefused::LimitExceeded("PolicySize", POLICY_CHARS_MAX));
    }
    Ok(document)
}

fn aws_managed(name: &str) -> Option<PolicyDocument> {
    let (_, actions) = AWS_MANAGED.iter().find(|(managed, _)| *managed == name)?;
    let actions = serde_json::json!(actions);
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    PolicyDocument::parse(&text.to_string()).ok()
}
