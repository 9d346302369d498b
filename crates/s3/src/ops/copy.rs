//! Copying objects, whole or as parts.
//!
//! Source: Amazon S3 API Reference, "CopyObject" and "UploadPartCopy".

use super::describe::{self, STORAGE_CLASS};
use super::{done, etag, time};
use crate::checksum::{self, Algorithm, Summing};
use crate::conditions;
use crate::errors;
use crate::ops::object::{PUT_BYTES_MAX, found};
use crate::service::{Backend, known};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::collections::BTreeMap;
use std::io::Read;
use weir_buckets::{Content, Object, Reader};

/// How much is copied at a time.
const COPY_BYTES: usize = 256 << 10;

/// `CopyObject`.
pub(crate) fn object(
    backend: &Backend,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let now = known(&request)?.call.now;
    let input = &request.input;
    let (source, reader) =
        open(backend, &request, &input.copy_source, input.expected_source_bucket_owner.as_deref())?;
    let replaces = |directive: Option<&str>| match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(s3_error!(InvalidArgument, "Unknown metadata directive.")),
    };
    let has_new = replaces(input.metadata_directive.as_ref().map(|directive| directive.as_str()))?;
    let has_new_tags = replaces(input.tagging_directive.as_ref().map(|directive| directive.as_str()))?;
    let said = describe::of(&request.headers)?;
    let is_itself = matches!(&input.copy_source, CopySource::Bucket { bucket, key, .. } if **bucket == input.bucket && **key == input.key);
    if is_itself && !has_new && !said.attributes.contains_key(STORAGE_CLASS) {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
        ));
    }
    if source.size > PUT_BYTES_MAX {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: {PUT_BYTES_MAX}"
        ));
    }
    let mut description = if has_new { said.clone() } else { source.description.clone() };
    description.tags = if has_new_tags { said.tags } else { source.description.tags.clone() };
    if let (false, Some(class)) = (has_new, said.attributes.get(STORAGE_CLASS)) {
        description.attributes.insert(STORAGE_CLASS.to_owned(), class.clone());
    }
    let wanted = checksum::wanted(&request.headers)?;
    let kept = source.description.checksums.iter().find(|(_, sum)| !sum.contains('-'));
    let kept = kept.and_then(|(name, _)| Algorithm::named(name));
    let algorithm = wanted.or(kept).unwrap_or(Algorithm::Crc64Nvme);
    let (content, sums) = copy(backend, reader, algorithm)?;
    description.checksums = checksum::by_name(sums);
    let condition = conditions::of_write(&request.headers)?;
    let at = (input.bucket.as_str(), input.key.as_str());
    let object = backend.buckets.put(at, content, description, &condition, now.0).map_err(errors::of)?;
    let sum = |algorithm: Algorithm| object.description.checksums.get(algorithm.name()).cloned();
    let result = CopyObjectResult {
        e_tag: etag(&object.etag),
        last_modified: Some(time(object.modified_ms)),
        checksum_crc32: sum(Algorithm::Crc32),
        checksum_crc32c: sum(Algorithm::Crc32c),
        checksum_crc64nvme: sum(Algorithm::Crc64Nvme),
        checksum_sha1: sum(Algorithm::Sha1),
        checksum_sha256: sum(Algorithm::Sha256),
        checksum_type: Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
    };
    done(CopyObjectOutput {
        copy_object_result: Some(result),
        server_side_encryption: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
        ..Default::default()
    })
}

/// `UploadPartCopy`.
pub(crate) fn part(
    backend: &Backend,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let now = known(&request)?.call.now;
    let input = &request.input;
    let (source, reader) =
        open(backend, &request, &input.copy_source, input.expected_source_bucket_owner.as_deref())?;
    let number = super::multipart::number(input.part_number)?;
    let upload = backend.buckets.upload(&input.bucket, &input.key, &input.upload_id).map_err(errors::of)?;
    let reader = match &input.copy_source_range {
        None => reader,
        Some(text) => {
            let invalid = || {
                s3_error!(
                    InvalidArgument,
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy"
                )
            };
            let range = Range::parse(text).map_err(|_| invalid())?;
            let Range::Int { first, last: Some(last) } = range else { return Err(invalid()) };
            if last >= source.size {
                return Err(s3_error!(
                    InvalidArgument,
                    "Range specified is not valid for source object of size: {}",
                    source.size
                ));
            }
            reader.range(first, last + 1 - first)
        }
    };
    let algorithm = super::multipart::algorithm(&upload).unwrap_or(Algorithm::Crc64Nvme);
    let (content, sums) = copy(backend, reader, algorithm)?;
    let at = (input.bucket.as_str(), input.key.as_str(), input.upload_id.as_str());
    let part = backend
        .buckets
        .put_part(at, (number, content), checksum::by_name(sums), now.0)
        .map_err(errors::of)?;
    let result = CopyPartResult {
        e_tag: etag(&part.etag),
        last_modified: Some(time(part.modified_ms)),
        ..Default::default()
    };
    done(UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() })
}

/// The object that is to be copied, if it is as the request demands.
fn open<T>(
    backend: &Backend,
    request: &S3Request<T>,
    source: &CopySource,
    owner: Option<&str>,
) -> S3Result<(Object, Reader)> {
    let CopySource::Bucket { bucket, key, version_id } = source else {
        return Err(errors::not_implemented("Copying from an access point"));
    };
    if version_id.as_deref().is_some_and(|version| version != "null") {
        return Err(S3Error::new(S3ErrorCode::NoSuchVersion));
    }
    let theirs = backend.buckets.bucket(bucket).map_err(errors::of)?;
    if owner.is_some_and(|owner| owner != theirs.account) {
        return Err(errors::denied("Access Denied"));
    }
    let (object, reader) = found(backend, bucket, key).map_err(errors::of)?;
    conditions::check_read(&request.headers, "x-amz-copy-source-", &object)?;
    Ok((object, reader))
}

fn copy(
    backend: &Backend,
    mut reader: Reader,
    algorithm: Algorithm,
) -> S3Result<(Content, BTreeMap<Algorithm, String>)> {
    let mut draft = backend.buckets.draft();
    let mut summing = Summing::of([algorithm]);
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let count = reader.read(&mut buffer).map_err(errors::of_disk)?;
        if count == 0 {
            return Ok((draft.finish().map_err(errors::of_disk)?, summing.finish()));
        }
        summing.update(&buffer[..count]);
        draft.write(&buffer[..count]).map_err(errors::of_disk)?;
    }
}
