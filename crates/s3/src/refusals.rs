//! Headers and parameters that ask for what is not there, refused by name; and those that are read and change nothing.
//!
//! Source: Amazon S3 API Reference, request parameters of PutObject, CopyObject, CreateMultipartUpload and CreateBucket.

use crate::address::has_parameter;
use crate::errors::not_implemented;
use http::request::Parts;
use s3s::{S3Error, S3ErrorCode, S3Result};

/// Beginnings of headers that nothing here fulfils, and what they ask for.
const HEADERS: &[(&str, &str)] = &[
    ("x-amz-server-side-encryption-customer-", "Encryption with customer-provided keys"),
    ("x-amz-copy-source-server-side-encryption-customer-", "Encryption with customer-provided keys"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "Encryption with KMS keys"),
    ("x-amz-server-side-encryption-context", "Encryption with KMS keys"),
    ("x-amz-object-lock-", "Object Lock"),
    ("x-amz-bucket-object-lock-enabled", "Object Lock"),
    ("x-amz-bypass-governance-retention", "Object Lock"),
    ("x-amz-website-redirect-location", "A website redirect"),
    ("x-amz-write-offset-bytes", "Appending to objects"),
    ("x-amz-mfa", "MFA delete"),
    ("x-amz-security-group", "x-amz-security-group"),
];

/// Headers that are accepted and change nothing.
pub const WITHOUT_EFFECT: &[&str] =
    &["x-amz-request-payer", "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-storage-class"];

/// Elements of bodies that `s3s` does not know: the parameter of their requests, their names and what they ask for.
const ELEMENTS: &[(&str, &str, &str)] =
    &[("encryption", "<BlockedEncryptionTypes>", "Blocking types of encryption")];

/// Refuses a body that asks for what is not there.
pub(crate) fn check_body(head: &Parts, body: &[u8]) -> S3Result<()> {
    let is_asked = |(parameter, element, _): &&(&str, &str, &str)| {
        has_parameter(head, parameter) && body.windows(element.len()).any(|part| part == element.as_bytes())
    };
    match ELEMENTS.iter().find(is_asked) {
        Some((.., what)) => Err(not_implemented(what)),
        None => Ok(()),
    }
}

/// Refuses a request that asks for what is not there.
pub(crate) fn check(head: &Parts) -> S3Result<()> {
    for name in head.headers.keys() {
        if let Some((_, what)) = HEADERS.iter().find(|(prefix, _)| name.as_str().starts_with(prefix)) {
            return Err(not_implemented(what));
        }
    }
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    if text("x-amz-server-side-encryption").is_some_and(|algorithm| algorithm != "AES256") {
        return Err(not_implemented("Encryption with KMS keys"));
    }
    let acl = text("x-amz-acl").unwrap_or("private");
    let has_grants = head.headers.keys().any(|name| name.as_str().starts_with("x-amz-grant-"));
    if has_grants || !matches!(acl, "private" | "bucket-owner-full-control" | "bucket-owner-read") {
        let mut error = S3Error::with_message(
            S3ErrorCode::AccessControlListNotSupported,
            "The bucket does not allow ACLs",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        return Err(error);
    }
    let pairs = weir_wire::query_pairs(head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    match pairs.iter().find(|(name, _)| name == "versionId") {
        Some((_, version)) if version != "null" => {
            Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "Invalid version id specified"))
        }
        _ => Ok(()),
    }
}
