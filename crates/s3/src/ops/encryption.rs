//! How a bucket is set up to encrypt objects that do not say how: it is kept and told, and that is all. There are no keys,
//! so that every object says that it is under S3's own.
//!
//! Source: Amazon S3 API Reference, "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption" and
//! "ServerSideEncryptionByDefault".

use super::done;
use super::setting::{bucket, set};
use crate::service::Backend;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

/// The setting that holds it: the algorithm, whether there is a bucket key (`true` or `false`), and the key, which may be
/// empty, with a space between.
const ENCRYPTION: &str = "encryption";
/// What every bucket has that is not set up otherwise (since January 2023).
const DEFAULT: &str = "AES256 false ";

/// `GetBucketEncryption`.
pub(crate) fn get(
    backend: &Backend,
    request: S3Request<GetBucketEncryptionInput>,
) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
    let bucket = bucket(backend, &request.input.bucket)?;
    let kept = bucket.settings.get(ENCRYPTION).map_or(DEFAULT, String::as_str);
    let mut parts = kept.splitn(3, ' ').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (algorithm, bucket_key, key) = (next(), next(), next());
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: Some(key).filter(|key| !key.is_empty()),
            sse_algorithm: ServerSideEncryption::from(algorithm),
        }),
        bucket_key_enabled: Some(bucket_key == "true"),
    };
    let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
    done(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
}

/// `PutBucketEncryption`: one rule. As on AWS, nobody looks whether the key is there.
///
/// Assumption: a rule that only says whether there is a bucket key means S3's own keys.
pub(crate) fn put(
    backend: &Backend,
    request: S3Request<PutBucketEncryptionInput>,
) -> S3Result<S3Response<PutBucketEncryptionOutput>> {
    let malformed = || S3Error::new(S3ErrorCode::MalformedXML);
    let rules = request.input.server_side_encryption_configuration.rules;
    let [rule] = rules.as_slice() else { return Err(malformed()) };
    let default = rule.apply_server_side_encryption_by_default.as_ref();
    let algorithm = default.map_or(ServerSideEncryption::AES256, |default| default.sse_algorithm.as_str());
    let key = default.and_then(|default| default.kms_master_key_id.as_deref()).unwrap_or_default();
    match algorithm {
        ServerSideEncryption::AES256 if !key.is_empty() => {
            return Err(s3_error!(
                InvalidArgument,
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
            ));
        }
        ServerSideEncryption::AES256 | ServerSideEncryption::AWS_KMS | ServerSideEncryption::AWS_KMS_DSSE => {
        }
        _ => return Err(malformed()),
    }
    let kept = format!("{algorithm} {} {key}", rule.bucket_key_enabled.unwrap_or(false));
    set(backend, &request.input.bucket, ENCRYPTION, Some(kept))?;
    done(PutBucketEncryptionOutput::default())
}

/// `DeleteBucketEncryption`: S3's own keys again.
pub(crate) fn delete(
    backend: &Backend,
    request: S3Request<DeleteBucketEncryptionInput>,
) -> S3Result<S3Response<DeleteBucketEncryptionOutput>> {
    set(backend, &request.input.bucket, ENCRYPTION, None)?;
    done(DeleteBucketEncryptionOutput::default())
}
