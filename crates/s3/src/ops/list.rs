//! Listing objects, in both versions of the operation, and as versions of which there is one each.
//!
//! Source: Amazon S3 API Reference, "ListObjectsV2", "ListObjects" and "ListObjectVersions".

use super::{describe, done, etag, owner, page_size, time};
use crate::errors;
use crate::service::Backend;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use weir_buckets::Select;

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

/// What all versions of the operation tell, written as it was asked for.
struct Page {
    is_url: bool,
    prefix: Option<String>,
    delimiter: Option<String>,
    max_keys: Option<i32>,
    objects: Vec<Object>,
    common_prefixes: Option<CommonPrefixList>,
    /// The last key or prefix of the page, as it is, if there are more.
    next: Option<String>,
}

/// A page of a bucket: what is after `after`, narrowed by prefix and delimiter, as encoding and most keys say.
fn page(
    backend: &Backend,
    (bucket, after): (&str, String),
    (prefix, delimiter): (Option<String>, Option<String>),
    (encoding, max_keys): (Option<&EncodingType>, Option<i32>),
) -> S3Result<Page> {
    let (is_url, limit) = (is_url(encoding)?, page_size("maxKeys", max_keys)?);
    let owner = owner(&backend.buckets.bucket(bucket).map_err(errors::of)?.account);
    let select = Select {
        prefix: prefix.unwrap_or_default(),
        delimiter: delimiter.clone().unwrap_or_default(),
        after,
        limit: usize::try_from(limit).unwrap_or(0),
    };
    let listing = backend.buckets.list(bucket, &select).map_err(errors::of)?;
    let common = |prefix: String| CommonPrefix { prefix: Some(text(&prefix, is_url)) };
    Ok(Page {
        is_url,
        prefix: Some(text(&select.prefix, is_url)),
        delimiter: delimiter.map(|delimiter| text(&delimiter, is_url)),
        max_keys: Some(limit),
        objects: listing.objects.into_iter().map(|one| object(one, owner.clone(), is_url)).collect(),
        common_prefixes: Some(listing.common_prefixes.into_iter().map(common).collect()),
        next: listing.next,
    })
}

fn object(object: weir_buckets::Object, owner: Owner, is_url: bool) -> Object {
    let class = describe::storage_class(&object).to_owned();
    let algorithms =
        object.description.checksums.keys().cloned().map(ChecksumAlgorithm::from).collect::<Vec<_>>();
    let kind = object.description.checksums.values().next().map(|sum| describe::checksum_type(sum));
    Object {
        key: Some(text(&object.key, is_url)),
        last_modified: Some(time(object.modified_ms)),
        e_tag: etag(&object.etag),
        size: i64::try_from(object.size).ok(),
        storage_class: Some(ObjectStorageClass::from(class)),
        checksum_type: kind.map(ChecksumType::from_static),
        checksum_algorithm: Some(algorithms),
        owner: Some(owner),
        ..Default::default()
    }
}

/// `ListObjectsV2`.
pub(crate) fn second(
    backend: &Backend,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let after = match &input.continuation_token {
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes
                .filter(|after| !after.is_empty())
                .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?
        }
        None => input.start_after.clone().unwrap_or_default(),
    };
    let limits = (input.encoding_type.as_ref(), input.max_keys);
    let mut page = page(backend, (&input.bucket, after), (input.prefix, input.delimiter), limits)?;
    if !input.fetch_owner.unwrap_or(false) {
        page.objects.iter_mut().for_each(|object| object.owner = None);
    }
    let count = page.objects.len() + page.common_prefixes.as_ref().map_or(0, Vec::len);
    done(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: page.prefix,
        max_keys: page.max_keys,
        key_count: i32::try_from(count).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|next| URL_SAFE_NO_PAD.encode(next)),
        contents: Some(page.objects),
        common_prefixes: page.common_prefixes,
        delimiter: page.delimiter,
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|after| text(&after, page.is_url)),
        request_charged: None,
    })
}

/// `ListObjects`.
pub(crate) fn first(
    backend: &Backend,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let marker = input.marker.unwrap_or_default();
    let limits = (input.encoding_type.as_ref(), input.max_keys);
    let page = page(backend, (&input.bucket, marker.clone()), (input.prefix, input.delimiter), limits)?;
    // Without a delimiter the last key is the marker, and need not be told.
    let next = page.next.as_deref().filter(|_| page.delimiter.is_some());
    done(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: page.prefix,
        marker: Some(text(&marker, page.is_url)),
        max_keys: page.max_keys,
        is_truncated: Some(page.next.is_some()),
        next_marker: next.map(|next| text(next, page.is_url)),
        contents: Some(page.objects),
        common_prefixes: page.common_prefixes,
        delimiter: page.delimiter,
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
    let marker = input.key_marker.unwrap_or_default();
    let limits = (input.encoding_type.as_ref(), input.max_keys);
    let page = page(backend, (&input.bucket, marker.clone()), (input.prefix, input.delimiter), limits)?;
    let version = |seen: Object| ObjectVersion {
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
    };
    done(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: page.prefix,
        key_marker: Some(text(&marker, page.is_url)),
        version_id_marker: input.version_id_marker,
        max_keys: page.max_keys,
        is_truncated: Some(page.next.is_some()),
        next_key_marker: page.next.as_deref().map(|next| text(next, page.is_url)),
        next_version_id_marker: page.next.as_ref().map(|_| "null".to_owned()),
        versions: Some(page.objects.into_iter().map(version).collect()),
        common_prefixes: page.common_prefixes,
        delimiter: page.delimiter,
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}
