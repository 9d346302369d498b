//! How buckets are set up: policy, public access, ownership; and what none of them has.
//!
//! Source: Amazon S3 API Reference, the operation of each function; Amazon S3 User Guide, "Default settings for new buckets".

use super::{done, owner};
use crate::access::{arn, unauthorized};
use crate::errors;
use crate::policy::{self, ACCESS_BLOCK, AccessBlock};
use crate::service::{Backend, known};
use http::StatusCode;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use weir_model::iam::PolicyDocument;

/// The setting that holds who owns what others put into the bucket.
pub(super) const OWNERSHIP: &str = "ownership";
/// Longest policy, in bytes.
const POLICY_BYTES_MAX: usize = 20 << 10;

/// A bucket, or that there is none.
pub(super) fn bucket(backend: &Backend, name: &str) -> S3Result<weir_buckets::Bucket> {
    backend.buckets.bucket(name).map_err(errors::of)
}

/// Sets a bucket up, or no longer.
pub(super) fn set(backend: &Backend, name: &str, key: &str, value: Option<String>) -> S3Result<()> {
    let change = |bucket: &mut weir_buckets::Bucket| match value {
        Some(value) => drop(bucket.settings.insert(key.to_owned(), value)),
        None => drop(bucket.settings.remove(key)),
    };
    backend.buckets.set_up(name, change).map_err(errors::of)
}

/// `GetBucketPolicy`.
pub(crate) fn get_policy(
    backend: &Backend,
    request: S3Request<GetBucketPolicyInput>,
) -> S3Result<S3Response<GetBucketPolicyOutput>> {
    let bucket = bucket(backend, &request.input.bucket)?;
    let text = bucket.settings.get(weir_buckets::Bucket::POLICY).cloned();
    let policy = text.ok_or_else(|| errors::not_found("NoSuchBucketPolicy"))?;
    done(GetBucketPolicyOutput { policy: Some(policy) })
}

/// `PutBucketPolicy`.
pub(crate) fn put_policy(
    backend: &Backend,
    request: S3Request<PutBucketPolicyInput>,
) -> S3Result<S3Response<PutBucketPolicyOutput>> {
    let account = backend.account(known(&request)?);
    let name = request.input.bucket;
    let text = String::from_utf8(known_body(&request.extensions))
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    if text.len() > POLICY_BYTES_MAX {
        return Err(malformed("Policies are limited to 20 KB"));
    }
    if !text.trim_start().starts_with('{') {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let policy = PolicyDocument::parse(&text).map_err(|why| malformed(&why))?;
    policy.check_resource().map_err(|why| malformed(&why))?;
    if !policy.resources_are(|resource| is_of(resource, &name)) {
        return Err(malformed("Policy has invalid resource"));
    }
    let bucket = bucket(backend, &name)?;
    if policy.is_public() && AccessBlock::of(&bucket).is_some_and(|block| block.public_policy) {
        let because = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
        return Err(unauthorized(account, ("s3:PutBucketPolicy", &arn(&name, None)), because));
    }
    set(backend, &name, weir_buckets::Bucket::POLICY, Some(text))?;
    Ok(S3Response::with_status(PutBucketPolicyOutput::default(), StatusCode::NO_CONTENT))
}

fn known_body(extensions: &http::Extensions) -> Vec<u8> {
    extensions.get::<crate::service::Known>().map(|known| known.body.to_vec()).unwrap_or_default()
}

/// Whether a policy of a bucket may speak of a resource: the bucket, or objects in it.
fn is_of(resource: &str, bucket: &str) -> bool {
    let rest = resource.strip_prefix("arn:aws:s3:::");
    rest.is_some_and(|rest| {
        let name = rest.split('/').next().unwrap_or_default();
        name == bucket || (name.contains(['*', '?']) && weir_wire::matches(name, bucket))
    })
}

fn malformed(why: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::MalformedPolicy, why.to_owned())
}

/// `DeleteBucketPolicy`.
pub(crate) fn delete_policy(
    backend: &Backend,
    request: S3Request<DeleteBucketPolicyInput>,
) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
    set(backend, &request.input.bucket, weir_buckets::Bucket::POLICY, None)?;
    done(DeleteBucketPolicyOutput::default())
}

/// `GetBucketPolicyStatus`.
pub(crate) fn policy_status(
    backend: &Backend,
    request: S3Request<GetBucketPolicyStatusInput>,
) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
    let policy = policy::of(&bucket(backend, &request.input.bucket)?);
    let policy = policy.ok_or_else(|| errors::not_found("NoSuchBucketPolicy"))?;
    done(GetBucketPolicyStatusOutput {
        policy_status: Some(PolicyStatus { is_public: Some(policy.is_public()) }),
    })
}

/// `GetPublicAccessBlock`.
pub(crate) fn get_access_block(
    backend: &Backend,
    request: S3Request<GetPublicAccessBlockInput>,
) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
    let block = AccessBlock::of(&bucket(backend, &request.input.bucket)?);
    let block = block.ok_or_else(|| errors::not_found("NoSuchPublicAccessBlockConfiguration"))?;
    let configuration = PublicAccessBlockConfiguration {
        block_public_acls: Some(block.public_acls),
        ignore_public_acls: Some(block.ignore_acls),
        block_public_policy: Some(block.public_policy),
        restrict_public_buckets: Some(block.restrict),
    };
    done(GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
}

/// `PutPublicAccessBlock`. What is not said is off.
pub(crate) fn put_access_block(
    backend: &Backend,
    request: S3Request<PutPublicAccessBlockInput>,
) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
    let said = request.input.public_access_block_configuration;
    let block = AccessBlock {
        public_acls: said.block_public_acls.unwrap_or(false),
        ignore_acls: said.ignore_public_acls.unwrap_or(false),
        public_policy: said.block_public_policy.unwrap_or(false),
        restrict: said.restrict_public_buckets.unwrap_or(false),
    };
    set(backend, &request.input.bucket, ACCESS_BLOCK, Some(block.text()))?;
    done(PutPublicAccessBlockOutput::default())
}

/// `DeletePublicAccessBlock`.
pub(crate) fn delete_access_block(
    backend: &Backend,
    request: S3Request<DeletePublicAccessBlockInput>,
) -> S3Result<S3Response<DeletePublicAccessBlockOutput>> {
    set(backend, &request.input.bucket, ACCESS_BLOCK, None)?;
    done(DeletePublicAccessBlockOutput::default())
}

/// Refuses an ownership with which objects would have ACLs.
pub(super) fn check_ownership(ownership: &str) -> S3Result<()> {
    match ownership {
        ObjectOwnership::BUCKET_OWNER_ENFORCED => Ok(()),
        ObjectOwnership::BUCKET_OWNER_PREFERRED | ObjectOwnership::OBJECT_WRITER => {
            Err(errors::not_implemented(&format!(
                "Object ownership {ownership}: access control lists are not there, which"
            )))
        }
        _ => Err(S3Error::new(S3ErrorCode::MalformedXML)),
    }
}

/// `GetBucketOwnershipControls`.
pub(crate) fn get_ownership(
    backend: &Backend,
    request: S3Request<GetBucketOwnershipControlsInput>,
) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
    let bucket = bucket(backend, &request.input.bucket)?;
    let ownership = bucket.settings.get(OWNERSHIP).cloned();
    let ownership = ownership.ok_or_else(|| errors::not_found("OwnershipControlsNotFoundError"))?;
    let rules = vec![OwnershipControlsRule { object_ownership: ObjectOwnership::from(ownership) }];
    done(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules }) })
}

/// `PutBucketOwnershipControls`.
pub(crate) fn put_ownership(
    backend: &Backend,
    request: S3Request<PutBucketOwnershipControlsInput>,
) -> S3Result<S3Response<PutBucketOwnershipControlsOutput>> {
    let rules = request.input.ownership_controls.rules;
    let [rule] = rules.as_slice() else { return Err(S3Error::new(S3ErrorCode::MalformedXML)) };
    let ownership = rule.object_ownership.as_str();
    check_ownership(ownership)?;
    set(backend, &request.input.bucket, OWNERSHIP, Some(ownership.to_owned()))?;
    done(PutBucketOwnershipControlsOutput::default())
}

/// `DeleteBucketOwnershipControls`.
pub(crate) fn delete_ownership(
    backend: &Backend,
    request: S3Request<DeleteBucketOwnershipControlsInput>,
) -> S3Result<S3Response<DeleteBucketOwnershipControlsOutput>> {
    set(backend, &request.input.bucket, OWNERSHIP, None)?;
    done(DeleteBucketOwnershipControlsOutput::default())
}

/// The owner may do everything, and nobody else anything: all there is of access control lists.
fn grants(account: &str) -> Option<Grants> {
    let id = owner(account).id;
    let grantee = Grantee {
        type_: Type::from_static(Type::CANONICAL_USER),
        id,
        display_name: None,
        email_address: None,
        uri: None,
    };
    Some(vec![Grant {
        grantee: Some(grantee),
        permission: Some(Permission::from_static(Permission::FULL_CONTROL)),
    }])
}

/// `GetBucketAcl`.
pub(crate) fn acl(
    backend: &Backend,
    request: S3Request<GetBucketAclInput>,
) -> S3Result<S3Response<GetBucketAclOutput>> {
    let account = bucket(backend, &request.input.bucket)?.account;
    done(GetBucketAclOutput { grants: grants(&account), owner: Some(owner(&account)) })
}

/// `GetObjectAcl`.
pub(crate) fn object_acl(
    backend: &Backend,
    request: S3Request<GetObjectAclInput>,
) -> S3Result<S3Response<GetObjectAclOutput>> {
    let account = bucket(backend, &request.input.bucket)?.account;
    backend.buckets.object(&request.input.bucket, &request.input.key).map_err(errors::of)?;
    done(GetObjectAclOutput { grants: grants(&account), owner: Some(owner(&account)), request_charged: None })
}

/// `GetBucketVersioning`: never enabled.
pub(crate) fn versioning(
    backend: &Backend,
    request: S3Request<GetBucketVersioningInput>,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    bucket(backend, &request.input.bucket)?;
    done(GetBucketVersioningOutput::default())
}

/// `GetBucketRequestPayment`: the owner pays.
pub(crate) fn request_payment(
    backend: &Backend,
    request: S3Request<GetBucketRequestPaymentInput>,
) -> S3Result<S3Response<GetBucketRequestPaymentOutput>> {
    bucket(backend, &request.input.bucket)?;
    done(GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) })
}

/// Declares operations that read what no bucket has: an empty answer, or an error with status 404.
macro_rules! absent {
    ($($(#[$doc:meta])* $name:ident $Input:ident $Output:ident $code:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(backend: &Backend, request: S3Request<$Input>) -> S3Result<S3Response<$Output>> {
            bucket(backend, &request.input.bucket)?;
            let code: Option<&str> = $code;
            code.map_or_else(|| done(<$Output>::default()), |code| Err(errors::not_found(code)))
        }
    )*};
}

absent! {
    /// `GetBucketCors`.
    cors GetBucketCorsInput GetBucketCorsOutput Some("NoSuchCORSConfiguration");
    /// `GetBucketWebsite`.
    website GetBucketWebsiteInput GetBucketWebsiteOutput Some("NoSuchWebsiteConfiguration");
    /// `GetBucketLifecycleConfiguration`.
    lifecycle GetBucketLifecycleConfigurationInput GetBucketLifecycleConfigurationOutput Some("NoSuchLifecycleConfiguration");
    /// `GetBucketReplication`.
    replication GetBucketReplicationInput GetBucketReplicationOutput Some("ReplicationConfigurationNotFoundError");
    /// `GetObjectLockConfiguration`.
    object_lock GetObjectLockConfigurationInput GetObjectLockConfigurationOutput Some("ObjectLockConfigurationNotFoundError");
    /// `GetBucketLogging`.
    logging GetBucketLoggingInput GetBucketLoggingOutput None;
    /// `GetBucketAccelerateConfiguration`.
    acceleration GetBucketAccelerateConfigurationInput GetBucketAccelerateConfigurationOutput None;
    /// `GetBucketNotificationConfiguration`.
    notification GetBucketNotificationConfigurationInput GetBucketNotificationConfigurationOutput None;
}
