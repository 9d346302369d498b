//! Multipart uploads.
//!
//! Source: Amazon S3 API Reference, "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "ListParts",
//! "ListMultipartUploads"; Amazon S3 User Guide, "Checking object integrity", "Composite checksums".

use super::object::receive;
use super::{count, describe, done, etag, owner, page_size, time};
use crate::checksum::{self, Algorithm};
use crate::conditions;
use crate::errors;
use crate::service::{Backend, known};
use http::{HeaderMap, HeaderValue};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::collections::BTreeMap;
use weir_buckets::{NamedPart, PARTS_MAX, Upload};

/// The attribute of an upload that names its checksums' algorithm, and their type.
const ALGORITHM: &str = "checksum-algorithm";
const TYPE: &str = "checksum-type";

/// `CreateMultipartUpload`.
pub(crate) fn create(
    backend: &Backend,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let now = known(&request)?.call.now;
    let CreateMultipartUploadInput { bucket, key, checksum_type, .. } = request.input;
    let mut description = describe::of(&request.headers)?;
    let algorithm = checksum::wanted(&request.headers)?;
    let kind = checksum_type.map(|kind| kind.as_str().to_owned());
    let kind = kind.or_else(|| algorithm.map(|algorithm| default_type(algorithm).to_owned()));
    if let (Some(algorithm), Some(kind)) = (algorithm, &kind) {
        check_type(algorithm, kind)?;
        description.attributes.insert(ALGORITHM.to_owned(), algorithm.name().to_owned());
        description.attributes.insert(TYPE.to_owned(), kind.clone());
    }
    let id = backend.buckets.begin_upload(&bucket, &key, description, now.0).map_err(errors::of)?;
    done(CreateMultipartUploadOutput {
        bucket: Some(bucket),
        key: Some(key),
        upload_id: Some(id),
        checksum_algorithm: algorithm.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: algorithm.and(kind).map(ChecksumType::from),
        server_side_encryption: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
        ..Default::default()
    })
}

fn default_type(algorithm: Algorithm) -> &'static str {
    if algorithm.is_full_object_only() { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE }
}

/// CRC64NVME is of whole objects only, SHA of parts only.
fn check_type(algorithm: Algorithm, kind: &str) -> S3Result<()> {
    let is_sha = matches!(algorithm, Algorithm::Sha1 | Algorithm::Sha256);
    match kind {
        ChecksumType::COMPOSITE if !algorithm.is_full_object_only() => Ok(()),
        ChecksumType::FULL_OBJECT if !is_sha => Ok(()),
        _ => Err(s3_error!(
            InvalidRequest,
            "The {kind} checksum type cannot be used with the {} checksum algorithm.",
            algorithm.name().to_ascii_lowercase()
        )),
    }
}

/// The algorithm of an upload's checksums.
pub(super) fn algorithm(upload: &Upload) -> Option<Algorithm> {
    upload.description.attributes.get(ALGORITHM).and_then(|name| Algorithm::named(name))
}

/// The number of a part.
pub(super) fn number(number: i32) -> S3Result<u32> {
    let number = u32::try_from(number).ok().filter(|number| (1..=PARTS_MAX).contains(number));
    number.ok_or_else(|| {
        s3_error!(InvalidArgument, "Part number must be an integer between 1 and {PARTS_MAX}, inclusive")
    })
}

/// `UploadPart`.
pub(crate) async fn upload_part(
    backend: &Backend,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let now = known(&request)?.call.now;
    let UploadPartInput { bucket, key, upload_id, part_number, body, .. } = request.input;
    let number = number(part_number)?;
    let upload = backend.buckets.upload(&bucket, &key, &upload_id).map_err(errors::of)?;
    let has_own =
        !checksum::stated(&request.headers)?.is_empty() || checksum::wanted(&request.headers)?.is_some();
    let also = algorithm(&upload).or((!has_own).then_some(Algorithm::Crc64Nvme));
    let (content, sums) = receive(backend, &request.headers, body, also).await?;
    let sums = checksum::by_name(sums);
    let at = (bucket.as_str(), key.as_str(), upload_id.as_str());
    let part = backend.buckets.put_part(at, (number, content), sums, now.0).map_err(errors::of)?;
    let output = UploadPartOutput {
        e_tag: etag(&part.etag),
        server_side_encryption: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
        ..Default::default()
    };
    let mut headers = HeaderMap::new();
    for (name, sum) in &part.checksums {
        if let (Some(algorithm), Ok(value)) = (Algorithm::named(name), HeaderValue::try_from(sum)) {
            headers.insert(algorithm.header(), value);
        }
    }
    Ok(S3Response::with_headers(output, headers))
}

/// `CompleteMultipartUpload`.
pub(crate) fn complete(
    backend: &Backend,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let now = known(&request)?.call.now;
    let stated = checksum::stated(&request.headers)?;
    let condition = conditions::of_write(&request.headers)?;
    let input = request.input;
    let at = (input.bucket.as_str(), input.key.as_str(), input.upload_id.as_str());
    let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    if parts.is_empty() {
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, "You must specify at least one part"));
    }
    let mut named = vec![];
    for part in &parts {
        let (Some(given), Some(etag)) = (part.part_number, &part.e_tag) else {
            return Err(S3Error::new(S3ErrorCode::MalformedXML));
        };
        named.push(NamedPart { number: number(given)?, etag: etag.value().to_owned() });
    }
    let upload = backend.buckets.upload(at.0, at.1, at.2).map_err(errors::of)?;
    let kept = backend.buckets.parts(at.0, at.1, at.2).map_err(errors::of)?;
    check_parts(&parts, &kept)?;
    let chosen: Vec<_> =
        named.iter().filter_map(|name| kept.iter().find(|part| part.number == name.number)).collect();
    let size: u64 = chosen.iter().map(|part| part.size).sum();
    if input.mpu_object_size.is_some_and(|wanted| u64::try_from(wanted).ok() != Some(size)) {
        return Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header does not match what was computed."
        ));
    }
    let sums = object_sums(backend, &upload, &chosen)?;
    for (algorithm, sum) in &stated {
        let computed = sums.get(algorithm).map(|sum| sum.split('-').next().unwrap_or_default());
        if computed.is_some_and(|computed| Some(computed) != sum.split('-').next()) {
            return Err(s3_error!(
                BadDigest,
                "The {} you specified did not match the calculated checksum.",
                algorithm.name()
            ));
        }
    }
    let sums = checksum::by_name(sums);
    let object = backend.buckets.complete_upload(at, &named, sums, &condition, now.0).map_err(errors::of)?;
    let headers = describe::checksum_headers(&object);
    let sum = |algorithm: Algorithm| object.description.checksums.get(algorithm.name()).cloned();
    let kind = headers
        .get("x-amz-checksum-type")
        .and_then(|kind| kind.to_str().ok())
        .map(|kind| ChecksumType::from(kind.to_owned()));
    done(CompleteMultipartUploadOutput {
        location: Some(format!(
            "http://{}.s3.amazonaws.com/{}",
            input.bucket,
            weir_wire::percent_encode(&input.key)
        )),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: etag(&object.etag),
        checksum_crc32: sum(Algorithm::Crc32),
        checksum_crc32c: sum(Algorithm::Crc32c),
        checksum_crc64nvme: sum(Algorithm::Crc64Nvme),
        checksum_sha1: sum(Algorithm::Sha1),
        checksum_sha256: sum(Algorithm::Sha256),
        checksum_type: kind,
        server_side_encryption: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
        ..Default::default()
    })
}

/// Refuses parts whose checksums are not those that were uploaded.
fn check_parts(named: &[CompletedPart], kept: &[weir_buckets::Part]) -> S3Result<()> {
    for part in named {
        let found = kept.iter().find(|kept| i32::try_from(kept.number).ok() == part.part_number);
        let Some(found) = found else { continue };
        let stated = [
            (Algorithm::Crc32, &part.checksum_crc32),
            (Algorithm::Crc32c, &part.checksum_crc32c),
            (Algorithm::Crc64Nvme, &part.checksum_crc64nvme),
            (Algorithm::Sha1, &part.checksum_sha1),
            (Algorithm::Sha256, &part.checksum_sha256),
        ];
        let differs = |(algorithm, sum): &(Algorithm, &Option<String>)| {
            let kept = found.checksums.get(algorithm.name());
            sum.as_ref().is_some_and(|sum| kept.is_some_and(|kept| kept != sum))
        };
        if stated.iter().any(differs) {
            return Err(S3Error::new(S3ErrorCode::InvalidPart));
        }
    }
    Ok(())
}

/// The checksum of the object that these parts make: of the upload's algorithm, if it has one.
fn object_sums(
    backend: &Backend,
    upload: &Upload,
    parts: &[&weir_buckets::Part],
) -> S3Result<BTreeMap<Algorithm, String>> {
    let Some(algorithm) = algorithm(upload) else { return Ok(BTreeMap::new()) };
    let sums: Vec<&str> =
        parts.iter().filter_map(|part| part.checksums.get(algorithm.name())).map(String::as_str).collect();
    let is_full =
        upload.description.attributes.get(TYPE).is_some_and(|kind| kind == ChecksumType::FULL_OBJECT);
    let sum = match is_full {
        true => backend.sum_parts(algorithm, parts)?,
        false => checksum::composite(algorithm, &sums),
    };
    Ok(sum.map(|sum| (algorithm, sum)).into_iter().collect())
}

impl Backend {
    /// The checksum of parts read one after the other.
    fn sum_parts(&self, algorithm: Algorithm, parts: &[&weir_buckets::Part]) -> S3Result<Option<String>> {
        let mut summing = checksum::Summing::of([algorithm]);
        let mut reader = self.buckets.read_parts(parts).map_err(errors::of)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            let count = std::io::Read::read(&mut reader, &mut buffer).map_err(errors::of_disk)?;
            if count == 0 {
                return Ok(summing.finish().remove(&algorithm));
            }
            summing.update(&buffer[..count]);
        }
    }
}

/// `AbortMultipartUpload`.
pub(crate) fn abort(
    backend: &Backend,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
    backend.buckets.abort_upload(&bucket, &key, &upload_id).map_err(errors::of)?;
    done(AbortMultipartUploadOutput::default())
}

/// `ListParts`.
pub(crate) fn list_parts(
    backend: &Backend,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let ListPartsInput { bucket, key, upload_id, max_parts, part_number_marker, .. } = request.input;
    let upload = backend.buckets.upload(&bucket, &key, &upload_id).map_err(errors::of)?;
    let account = backend.buckets.bucket(&bucket).map_err(errors::of)?.account;
    let limit = page_size("max-parts", max_parts)?;
    let after = count("part-number-marker", part_number_marker, 0)?;
    let all = backend.buckets.parts(&bucket, &key, &upload_id).map_err(errors::of)?;
    let mut left = all.into_iter().filter(|part| i64::from(part.number) > i64::from(after));
    let parts: Vec<Part> = left.by_ref().take(usize::try_from(limit).unwrap_or(0)).map(part).collect();
    let has_more = left.next().is_some();
    let attributes = &upload.description.attributes;
    done(ListPartsOutput {
        bucket: Some(bucket),
        key: Some(key),
        upload_id: Some(upload_id),
        max_parts: Some(limit),
        part_number_marker: Some(after),
        next_part_number_marker: parts.last().filter(|_| has_more).and_then(|part| part.part_number),
        is_truncated: Some(has_more),
        parts: Some(parts),
        owner: Some(owner(&account)),
        initiator: Some(Initiator { display_name: None, id: Some(format!("arn:aws:iam::{account}:root")) }),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        checksum_algorithm: attributes.get(ALGORITHM).cloned().map(ChecksumAlgorithm::from),
        checksum_type: attributes.get(TYPE).cloned().map(ChecksumType::from),
        ..Default::default()
    })
}

fn part(part: weir_buckets::Part) -> Part {
    let sum = |algorithm: Algorithm| part.checksums.get(algorithm.name()).cloned();
    Part {
        checksum_crc32: sum(Algorithm::Crc32),
        checksum_crc32c: sum(Algorithm::Crc32c),
        checksum_crc64nvme: sum(Algorithm::Crc64Nvme),
        checksum_sha1: sum(Algorithm::Sha1),
        checksum_sha256: sum(Algorithm::Sha256),
        e_tag: etag(&part.etag),
        last_modified: Some(time(part.modified_ms)),
        part_number: i32::try_from(part.number).ok(),
        size: i64::try_from(part.size).ok(),
    }
}

/// `ListMultipartUploads`.
pub(crate) fn list(
    backend: &Backend,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    if input.delimiter.as_deref().is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(errors::not_implemented("A delimiter in ListMultipartUploads"));
    }
    let account = backend.buckets.bucket(&input.bucket).map_err(errors::of)?.account;
    let limit = page_size("max-uploads", input.max_uploads)?;
    let marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.upload_id_marker.clone().filter(|_| !marker.is_empty());
    let is_after = |upload: &Upload| match &id_marker {
        Some(id) => (upload.key.as_str(), upload.id.as_str()) > (marker.as_str(), id.as_str()),
        None => marker.is_empty() || upload.key > marker,
    };
    let prefix = input.prefix.clone().unwrap_or_default();
    let all = backend.buckets.uploads(&input.bucket).map_err(errors::of)?;
    let mut left = all.into_iter().filter(|upload| upload.key.starts_with(&prefix) && is_after(upload));
    let uploads: Vec<Upload> = left.by_ref().take(usize::try_from(limit).unwrap_or(0)).collect();
    let last = uploads.last().filter(|_| left.next().is_some()).cloned();
    let is_url = input.encoding_type.is_some();
    let seen = |upload: Upload| MultipartUpload {
        key: Some(super::list::text(&upload.key, is_url)),
        upload_id: Some(upload.id),
        initiated: Some(time(upload.created_ms)),
        owner: Some(owner(&account)),
        initiator: Some(Initiator { display_name: None, id: Some(format!("arn:aws:iam::{account}:root")) }),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        checksum_algorithm: upload
            .description
            .attributes
            .get(ALGORITHM)
            .cloned()
            .map(ChecksumAlgorithm::from),
        checksum_type: upload.description.attributes.get(TYPE).cloned().map(ChecksumType::from),
    };
    done(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        encoding_type: input.encoding_type,
        key_marker: Some(marker),
        upload_id_marker: input.upload_id_marker,
        max_uploads: Some(limit),
        prefix: Some(super::list::text(&prefix, is_url)),
        is_truncated: Some(last.is_some()),
        next_key_marker: last.as_ref().map(|upload| super::list::text(&upload.key, is_url)),
        next_upload_id_marker: last.map(|upload| upload.id),
        uploads: Some(uploads.into_iter().map(seen).collect()),
        ..Default::default()
    })
}
