//! Bucket policies: who may do what, and whether that is the public.
//!
//! The owner's account may do everything that its policy does not deny; other accounts and the public what it allows.
//! Source: Amazon S3 User Guide, "Policies and permissions in Amazon S3" and "Blocking public access to your Amazon S3
//! storage", "The meaning of "public"".

use weir_buckets::Bucket;
use weir_model::AccountId;
use weir_model::iam::evaluate::Context;
use weir_model::iam::{Decision, PolicyDocument, Principal, Request};

/// What has been set of Block Public Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct AccessBlock {
    pub public_acls: bool,
    pub ignore_acls: bool,
    pub public_policy: bool,
    pub restrict: bool,
}

impl AccessBlock {
    /// What new buckets have: everything is blocked (since April 2023).
    pub const ALL: AccessBlock =
        AccessBlock { public_acls: true, ignore_acls: true, public_policy: true, restrict: true };

    /// As it is kept.
    pub fn text(self) -> String {
        let flags = [self.public_acls, self.ignore_acls, self.public_policy, self.restrict];
        flags.map(|is_set| if is_set { '1' } else { '0' }).iter().collect()
    }

    /// What a bucket has; `None` if it has been deleted.
    pub fn of(bucket: &Bucket) -> Option<AccessBlock> {
        let text = bucket.settings.get(ACCESS_BLOCK)?;
        let is_set = |at: usize| text.as_bytes().get(at) == Some(&b'1');
        Some(AccessBlock {
            public_acls: is_set(0),
            ignore_acls: is_set(1),
            public_policy: is_set(2),
            restrict: is_set(3),
        })
    }
}

/// The setting that holds the access block.
pub(crate) const ACCESS_BLOCK: &str = "access-block";

/// The policy of a bucket, if it has one.
pub(crate) fn of(bucket: &Bucket) -> Option<PolicyDocument> {
    PolicyDocument::parse(bucket.settings.get(Bucket::POLICY)?).ok()
}

/// Who calls, as policies see it.
pub(crate) fn principal(account: Option<AccountId>) -> Principal {
    let root = |account: AccountId| format!("arn:aws:iam::{account}:root");
    Principal::Aws(account.map_or_else(|| "anonymous".to_owned(), root))
}

/// Whether the account, or with `None` whoever has not signed, may do `action` to `resource` of the bucket.
pub(crate) fn decide(
    bucket: &Bucket,
    account: Option<AccountId>,
    (action, resource): (&str, &str),
    context: &Context,
) -> Decision {
    let principal = principal(account);
    let policy = of(bucket);
    let request = Request { principal: &principal, action, resource, context };
    let said = policy.as_ref().map_or(Decision::ImplicitDeny, |policy| policy.decide_for_principal(&request));
    let is_owner = account.is_some_and(|account| account.to_string() == bucket.account);
    let is_restricted = AccessBlock::of(bucket).is_some_and(|block| block.restrict);
    match said {
        // The owner's root can always mend a policy that shuts it out.
        Decision::ExplicitDeny if is_owner && action.ends_with("BucketPolicy") => Decision::Allowed,
        Decision::ExplicitDeny => Decision::ExplicitDeny,
        _ if is_owner => Decision::Allowed,
        Decision::Allowed if is_restricted && policy.is_some_and(|policy| policy.is_public()) => {
            Decision::ImplicitDeny
        }
        said => said,
    }
}
