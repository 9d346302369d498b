//! Listing objects, in both versions of the operation, and as versions of which there is one each.
//!
//! Source: Amazon S3 API Reference, "ListObjectsV2", "ListObjects" and "ListObjectVersions".

use super::{done, etag, owner, time};
use crate::errors;
use crate::service::Backend;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use weir_buckets::{Listing, Select};

/// Most keys of a page.
const PAGE_MAX: i32 = 1000;
/// What `encoding-type=url` leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// A key or prefix as it is written, with `encoding-type=url` or without.
pub(super) fn text(text: &str, is_url: bool) -> String {
    if is_url { utf8_percent_encode(text, KEPT).to_string() } else { text.to_owned() }
}

/// How keys are to be written.
fn is_url(encoding: Option<&EncodingType>) -> S3Result<bool> {
    match encoding.map(EncodingType::as_str) {
        None => Ok(false),
        Some("url") => Ok(true),
        Some(_) => Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request")),
    }
}

fn limit(max_keys: Option<i32>) -> S3Result<i32> {
    match max_keys.unwrap_or(PAGE_MAX) {
        limit if limit < 0 => {
            Err(s3_error!(InvalidArgument, "Argument maxKeys must be an integer between 0 and 2147483647"))
        }
        limit => Ok(limit.min(PAGE_MAX)),
    }
}

/// A page of a bucket, and the account that owns it.
fn page(
    backend: &Backend,
    bucket: &str,
    (prefix, delimiter): (&Option<String>, &Option<String>),
    after: String,
    limit: i32,
) -> S3Result<(Listing, String)> {
    let account = backend.buckets.bucket(bucket).map_err(errors::of)?.account;
    let select = Select {
        prefix: prefix.clone().unwrap_or_default(),
        delimiter: delimiter.clone().unwrap_or_default(),
        after,
        limit: usize::try_from(limit).unwrap_or(0),
    };
    Ok((backend.buckets.list(bucket, &select).map_err(errors::of)?, account))
}

fn object(object: weir_buckets::Object, owner: Option<Owner>, is_url: bool) -> Object {
    let class = object.description.attributes.get("x-amz-storage-class").cloned();
    let algorithms =
        object.description.checksums.keys().cloned().map(ChecksumAlgorithm::from).collect::<Vec<_>>();
    let is_composite = object.description.checksums.values().any(|sum| sum.contains('-'));
    let kind = if is_composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    Object {
        key: Some(text(&object.key, is_url)),
        last_modified: Some(time(object.modified_ms)),
        e_tag: etag(&object.etag),
        size: i64::try_from(object.size).ok(),
        storage_class: Some(
            class.map_or(
                ObjectStorageClass::from_static(ObjectStorageClass::STANDARD),
                ObjectStorageClass::from,
            ),
        ),
        checksum_type: (!algorithms.is_empty()).then(|| ChecksumType::from_static(kind)),
        checksum_algorithm: Some(algorithms),
        owner,
        ..Default::default()
    }
}

fn common(prefixes: Vec<String>, is_url: bool) -> Option<CommonPrefixList> {
    let one = |prefix: String| CommonPrefix { prefix: Some(text(&prefix, is_url)) };
    Some(prefixes.into_iter().map(one).collect())
}

/// `ListObjectsV2`.
pub(crate) fn second(
    backend: &Backend,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let (is_url, limit) = (is_url(input.encoding_type.as_ref())?, limit(input.max_keys)?);
    let after = match &input.continuation_token {
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes
                .filter(|after| !after.is_empty())
                .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?
        }
        None => input.start_after.clone().unwrap_or_default(),
    };
    let (listing, account) = page(backend, &input.bucket, (&input.prefix, &input.delimiter), after, limit)?;
    let owner = input.fetch_owner.unwrap_or(false).then(|| owner(&account));
    let count = listing.objects.len() + listing.common_prefixes.len();
    done(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(text(input.prefix.as_deref().unwrap_or_default(), is_url)),
        max_keys: Some(limit),
        key_count: i32::try_from(count).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(listing.next.is_some()),
        next_continuation_token: listing.next.map(|next| URL_SAFE_NO_PAD.encode(next)),
        contents: Some(listing.objects.into_iter().map(|one| object(one, owner.clone(), is_url)).collect()),
        common_prefixes: common(listing.common_prefixes, is_url),
        delimiter: input.delimiter.map(|delimiter| text(&delimiter, is_url)),
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|after| text(&after, is_url)),
        request_charged: None,
    })
}

/// `ListObjects`.
pub(crate) fn first(
    backend: &Backend,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let (is_url, limit) = (is_url(input.encoding_type.as_ref())?, limit(input.max_keys)?);
    let marker = input.marker.clone().unwrap_or_default();
    let (listing, account) =
        page(backend, &input.bucket, (&input.prefix, &input.delimiter), marker.clone(), limit)?;
    let owner = owner(&account);
    // Without a delimiter the last key is the marker, and need not be told.
    let next = listing.next.clone().filter(|_| input.delimiter.is_some());
    done(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(text(input.prefix.as_deref().unwrap_or_default(), is_url)),
        marker: Some(text(&marker, is_url)),
        max_keys: Some(limit),
        is_truncated: Some(listing.next.is_some()),
        contents: Some(
            listing.objects.into_iter().map(|one| object(one, Some(owner.clone()), is_url)).collect(),
        ),
        common_prefixes: common(listing.common_prefixes, is_url),
        delimiter: input.delimiter.map(|delimiter| text(&delimiter, is_url)),
        next_marker: next.map(|next| text(&next, is_url)),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

/// `ListObjectVersions` of a bucket that never had versions: each object is its only one, called `null`.
pub(crate) fn versions(
    backend: &Backend,
    request: S3Request<ListObjectVersionsInput>,
) -> S3Result<S3Response<ListObjectVersionsOutput>> {
    let input = request.input;
    let (is_url, limit) = (is_url(input.encoding_type.as_ref())?, limit(input.max_keys)?);
    let marker = input.key_marker.clone().unwrap_or_default();
    let (listing, account) =
        page(backend, &input.bucket, (&input.prefix, &input.delimiter), marker.clone(), limit)?;
    let version = |one: weir_buckets::Object| {
        let seen = object(one, Some(owner(&account)), is_url);
        ObjectVersion {
            key: seen.key,
            last_modified: seen.last_modified,
            e_tag: seen.e_tag,
            size: seen.size,
            storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
            owner: seen.owner,
            is_latest: Some(true),
            version_id: Some("null".to_owned()),
            checksum_algorithm: seen.checksum_algorithm,
            checksum_type: seen.checksum_type,
            ..Default::default()
        }
    };
    done(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(text(input.prefix.as_deref().unwrap_or_default(), is_url)),
        key_marker: Some(text(&marker, is_url)),
        version_id_marker: input.version_id_marker,
        max_keys: Some(limit),
        is_truncated: Some(listing.next.is_some()),
        next_key_marker: listing.next.as_deref().map(|next| text(next, is_url)),
        next_version_id_marker: listing.next.as_ref().map(|_| "null".to_owned()),
        versions: Some(listing.objects.into_iter().map(version).collect()),
        common_prefixes: common(listing.common_prefixes, is_url),
        delimiter: input.delimiter.map(|delimiter| text(&delimiter, is_url)),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}
