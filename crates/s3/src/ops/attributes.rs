//! What is known of an object, without its bytes and of what was asked for only.
//!
//! Source: Amazon S3 API Reference, "GetObjectAttributes".

use super::{count, describe, etag, page_size, time};
use crate::checksum::Algorithm;
use crate::errors;
use crate::service::{Backend, BareEtag, known};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use weir_buckets::Object;

/// What may be asked for.
const NAMES: [&str; 5] = [
    ObjectAttributes::ETAG,
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::STORAGE_CLASS,
    ObjectAttributes::OBJECT_SIZE,
];

/// `GetObjectAttributes`. Who may ask for attributes must also be allowed to read the object.
pub(crate) fn get(
    backend: &Backend,
    request: S3Request<GetObjectAttributesInput>,
) -> S3Result<S3Response<GetObjectAttributesOutput>> {
    let input = &request.input;
    backend.check(known(&request)?, "s3:GetObject", (&input.bucket, Some(&input.key)), None)?;
    // A header may name several.
    let asked = input.object_attributes.iter().flat_map(|header| header.as_str().split(','));
    let asked: Vec<&str> = asked.map(str::trim).filter(|name| !name.is_empty()).collect();
    if asked.iter().any(|name| !NAMES.contains(name)) {
        return Err(s3_error!(InvalidArgument, "Invalid attribute name specified."));
    }
    let object = backend.buckets.object(&input.bucket, &input.key).map_err(errors::of)?;
    let has = |name| asked.contains(&name);
    let class = describe::storage_class(&object).to_owned();
    let parts = match has(ObjectAttributes::OBJECT_PARTS) {
        true => parts(&object, input.max_parts, input.part_number_marker)?,
        false => None,
    };
    let mut response = S3Response::new(GetObjectAttributesOutput {
        checksum: checksum(&object).filter(|_| has(ObjectAttributes::CHECKSUM)),
        e_tag: etag(&object.etag).filter(|_| has(ObjectAttributes::ETAG)),
        last_modified: Some(time(object.modified_ms)),
        object_parts: parts,
        object_size: i64::try_from(object.size).ok().filter(|_| has(ObjectAttributes::OBJECT_SIZE)),
        storage_class: has(ObjectAttributes::STORAGE_CLASS).then(|| StorageClass::from(class)),
        ..Default::default()
    });
    response.extensions.insert(BareEtag);
    Ok(response)
}

fn checksum(object: &Object) -> Option<Checksum> {
    let sums = &object.description.checksums;
    let sum = |algorithm: Algorithm| sums.get(algorithm.name()).cloned();
    let kind = describe::checksum_type(sums.values().next()?);
    Some(Checksum {
        checksum_crc32: sum(Algorithm::Crc32),
        checksum_crc32c: sum(Algorithm::Crc32c),
        checksum_crc64nvme: sum(Algorithm::Crc64Nvme),
        checksum_sha1: sum(Algorithm::Sha1),
        checksum_sha256: sum(Algorithm::Sha256),
        checksum_type: Some(ChecksumType::from_static(kind)),
    })
}

/// The parts of an object that was made of parts: how many, and with a checksum which. Their own checksums are not kept.
fn parts(
    object: &Object,
    max: Option<i32>,
    after: Option<i32>,
) -> S3Result<Option<GetObjectAttributesParts>> {
    let (max, after) = (page_size("max-parts", max)?, count("part-number-marker", after, 0)?);
    let total = i32::try_from(object.part_sizes.len()).unwrap_or(i32::MAX);
    if total == 0 {
        return Ok(None);
    }
    let counted = GetObjectAttributesParts { total_parts_count: Some(total), ..Default::default() };
    if object.description.checksums.is_empty() {
        return Ok(Some(counted));
    }
    let last = total.min(after.saturating_add(max));
    let numbered = (1..).zip(&object.part_sizes).filter(|(number, _)| (after + 1..=last).contains(number));
    let part = |(number, size): (i32, &u64)| ObjectPart {
        part_number: Some(number),
        size: i64::try_from(*size).ok(),
        ..Default::default()
    };
    Ok(Some(GetObjectAttributesParts {
        is_truncated: Some(last < total),
        max_parts: Some(max),
        next_part_number_marker: Some(last),
        part_number_marker: Some(after),
        parts: Some(numbered.map(part).collect()),
        ..counted
    }))
}
