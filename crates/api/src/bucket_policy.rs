//! Services that write to buckets: what the bucket's policy lets them do.
//!
//! Source: Amazon S3 User Guide, "Bucket policies for Amazon S3"; IAM User Guide, "The confused deputy problem".

use weir_buckets::Bucket;
use weir_model::Scope;
use weir_model::iam::evaluate::Context;
use weir_model::iam::{Decision, PolicyDocument, Principal, Request};

/// A service at work for a resource of an account.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its principal: `logs.us-east-1.amazonaws.com`.
    pub name: String,
    /// For whom.
    pub scope: Scope,
    /// The ARN of the resource that it works for.
    pub source: String,
}

impl Service {
    /// Whether it may put an object, of which the bucket's owner has full control.
    pub fn may_put(&self, bucket: &Bucket, key: &str) -> bool {
        self.may(bucket, "s3:PutObject", &format!("/{key}"))
    }

    /// Whether it may do `action` to the bucket, or to what is at `path` in it.
    pub fn may(&self, bucket: &Bucket, action: &str, path: &str) -> bool {
        let principal = Principal::Service(self.name.clone());
        let resource = format!("arn:aws:s3:::{}{path}", bucket.name);
        let context = Context::from([
            ("aws:sourceaccount".to_owned(), vec![self.scope.account.to_string()]),
            ("aws:sourcearn".to_owned(), vec![self.source.clone()]),
            ("s3:x-amz-acl".to_owned(), vec!["bucket-owner-full-control".to_owned()]),
        ]);
        said_of(bucket, &principal, (action, &resource), &context) == Decision::Allowed
    }
}

/// What a bucket's policy says of someone, of the bucket's account or another, who does `action` to `resource`.
pub fn said_of(
    bucket: &Bucket,
    principal: &Principal,
    (action, resource): (&str, &str),
    context: &Context,
) -> Decision {
    let policy = bucket.settings.get(Bucket::POLICY).and_then(|text| PolicyDocument::parse(text).ok());
    let request = Request { principal, action, resource, context };
    policy.map_or(Decision::ImplicitDeny, |policy| match principal {
        Principal::Aws(arn) if arn.split(':').nth(4) == Some(&bucket.account) => {
            policy.decide_within_account(&request)
        }
        Principal::Aws(_) | Principal::Service(_) => policy.decide_for_principal(&request),
    })
}
