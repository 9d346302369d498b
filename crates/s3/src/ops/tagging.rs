//! Tags of buckets and objects.
//!
//! Source: Amazon S3 User Guide, "Categorizing your objects using tags"; Amazon S3 API Reference, "PutBucketTagging".

use super::done;
use crate::errors;
use crate::service::Backend;
use http::StatusCode;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::collections::BTreeMap;

/// Most tags of an object.
const OBJECT_TAGS_MAX: usize = 10;
/// Most tags of a bucket.
pub(crate) const BUCKET_TAGS_MAX: usize = 50;
/// Longest key and value, in characters.
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

type Tags = BTreeMap<String, String>;

/// The tags that a header says, as a query string.
pub(super) fn of_header(text: &str) -> S3Result<Tags> {
    let pairs = weir_wire::query_pairs(text.as_bytes());
    let pairs = pairs.map_err(|_| s3_error!(InvalidArgument, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."))?;
    checked(pairs, OBJECT_TAGS_MAX)
}

/// The tags in the body of CreateBucket, which `s3s` does not know.
pub(super) fn of_body(body: &[u8]) -> S3Result<Tags> {
    Ok(of_document(body)?.unwrap_or_default())
}

/// The tags in the element `Tags` of a document; `None` if it is no document.
pub(crate) fn of_document(body: &[u8]) -> S3Result<Option<Tags>> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let Ok(document) = roxmltree::Document::parse(text) else { return Ok(None) };
    let tags = document.root_element().children().find(|node| node.tag_name().name() == "Tags");
    let mut pairs = vec![];
    for tag in tags.iter().flat_map(|tags| tags.children()).filter(|node| node.tag_name().name() == "Tag") {
        let find = |name: &str| {
            tag.children().find(|node| node.tag_name().name() == name).and_then(|node| node.text())
        };
        pairs
            .push((find("Key").unwrap_or_default().to_owned(), find("Value").unwrap_or_default().to_owned()));
    }
    checked(pairs, BUCKET_TAGS_MAX).map(Some)
}

fn of_set(set: TagSet, max: usize) -> S3Result<Tags> {
    checked(
        set.into_iter().map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect(),
        max,
    )
}

/// Refuses more tags than `max`.
pub(crate) fn check_count(count: usize, max: usize) -> S3Result<()> {
    if count <= max {
        return Ok(());
    }
    let thing = if max == OBJECT_TAGS_MAX { "Object" } else { "Bucket" };
    let mut error = errors::with_status("BadRequest", StatusCode::BAD_REQUEST);
    error.set_message(format!("{thing} tags cannot be greater than {max}"));
    Err(error)
}

fn checked(pairs: Vec<(String, String)>, max: usize) -> S3Result<Tags> {
    let invalid = |message: String| S3Error::with_message(S3ErrorCode::InvalidTag, message);
    check_count(pairs.len(), max)?;
    let mut tags = Tags::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return Err(invalid("The TagKey you have provided is invalid".to_owned()));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(invalid("The TagValue you have provided is invalid".to_owned()));
        }
        if key.starts_with("aws:") {
            return Err(invalid("System tags cannot be added/updated by requester".to_owned()));
        }
        if tags.insert(key, value).is_some() {
            return Err(invalid("Cannot provide multiple Tags with the same key".to_owned()));
        }
    }
    Ok(tags)
}

fn set(tags: Tags) -> TagSet {
    tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect()
}

/// `GetObjectTagging`.
pub(crate) fn get_object(
    backend: &Backend,
    request: S3Request<GetObjectTaggingInput>,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    let object = backend.buckets.object(&request.input.bucket, &request.input.key).map_err(errors::of)?;
    done(GetObjectTaggingOutput { tag_set: set(object.description.tags), version_id: None })
}

/// `PutObjectTagging`.
pub(crate) fn put_object(
    backend: &Backend,
    request: S3Request<PutObjectTaggingInput>,
) -> S3Result<S3Response<PutObjectTaggingOutput>> {
    let PutObjectTaggingInput { bucket, key, tagging, .. } = request.input;
    let tags = of_set(tagging.tag_set, OBJECT_TAGS_MAX)?;
    backend.buckets.describe(&bucket, &key, |description| description.tags = tags).map_err(errors::of)?;
    done(PutObjectTaggingOutput::default())
}

/// `DeleteObjectTagging`.
pub(crate) fn delete_object(
    backend: &Backend,
    request: S3Request<DeleteObjectTaggingInput>,
) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
    let DeleteObjectTaggingInput { bucket, key, .. } = request.input;
    backend.buckets.describe(&bucket, &key, |description| description.tags.clear()).map_err(errors::of)?;
    done(DeleteObjectTaggingOutput::default())
}

/// `GetBucketTagging`.
pub(crate) fn get_bucket(
    backend: &Backend,
    request: S3Request<GetBucketTaggingInput>,
) -> S3Result<S3Response<GetBucketTaggingOutput>> {
    let tags = backend.buckets.bucket(&request.input.bucket).map_err(errors::of)?.tags;
    match tags.is_empty() {
        true => Err(errors::not_found("NoSuchTagSet")),
        false => done(GetBucketTaggingOutput { tag_set: set(tags) }),
    }
}

/// `PutBucketTagging`.
pub(crate) fn put_bucket(
    backend: &Backend,
    request: S3Request<PutBucketTaggingInput>,
) -> S3Result<S3Response<PutBucketTaggingOutput>> {
    let tags = of_set(request.input.tagging.tag_set, BUCKET_TAGS_MAX)?;
    backend.buckets.set_up(&request.input.bucket, |bucket| bucket.tags = tags).map_err(errors::of)?;
    Ok(S3Response::with_status(PutBucketTaggingOutput::default(), StatusCode::NO_CONTENT))
}

/// `DeleteBucketTagging`.
pub(crate) fn delete_bucket(
    backend: &Backend,
    request: S3Request<DeleteBucketTaggingInput>,
) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
    backend.buckets.set_up(&request.input.bucket, |bucket| bucket.tags.clear()).map_err(errors::of)?;
    done(DeleteBucketTaggingOutput::default())
}
