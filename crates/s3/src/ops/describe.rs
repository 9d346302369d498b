//! What a client says of an object in headers, and what it is told of it.
//!
//! Source: Amazon S3 API Reference, "PutObject" and "GetObject"; Amazon S3 User Guide, "Working with object metadata" (2 KB of
//! user metadata).

use super::{tagging, time};
use crate::checksum::Algorithm;
use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::dto::{ChecksumType, StorageClass};
use s3s::{S3Error, S3ErrorCode, S3Result};
use weir_buckets::{Description, Object};

/// Headers that belong to an object.
const ATTRIBUTES: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    STORAGE_CLASS,
];
/// The header of the storage class, which is kept and told, and that is all.
pub(super) const STORAGE_CLASS: &str = "x-amz-storage-class";
/// The beginning of the headers of user metadata.
const METADATA: &str = "x-amz-meta-";
/// Most user metadata, names and values together, in bytes.
const METADATA_BYTES_MAX: usize = 2048;
/// What an object without a type is.
const TYPE: &str = "binary/octet-stream";

/// The storage class of an object.
pub(super) fn storage_class(object: &Object) -> &str {
    object.description.attributes.get(STORAGE_CLASS).map_or(StorageClass::STANDARD, String::as_str)
}

/// What headers say of an object.
///
/// # Errors
/// Too much metadata; tags that are none.
pub(super) fn of(headers: &HeaderMap) -> S3Result<Description> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut description = Description::default();
    for name in ATTRIBUTES {
        let Some(value) = headers.get(name).map(text) else { continue };
        let value = if name == "content-encoding" { without_chunks(&value) } else { value };
        if !value.is_empty() {
            description.attributes.insert(name.to_owned(), value);
        }
    }
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix(METADATA) {
            let entry = description.metadata.entry(name.to_owned()).or_default();
            if !entry.is_empty() {
                entry.push(',');
            }
            entry.push_str(&text(value));
        }
    }
    let bytes: usize = description.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > METADATA_BYTES_MAX {
        let mut error = S3Error::with_message(
            S3ErrorCode::MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        return Err(error);
    }
    if let Some(tags) = headers.get("x-amz-tagging") {
        description.tags = tagging::of_header(&text(tags))?;
    }
    Ok(description)
}

/// How a body was sent is no property of the object.
fn without_chunks(encodings: &str) -> String {
    encodings.split(',').map(str::trim).filter(|one| *one != "aws-chunked").collect::<Vec<_>>().join(",")
}

/// The headers that tell of an object.
pub(super) fn headers(object: &Object, has_checksums: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.insert(name, value);
        }
    };
    let Description { attributes, metadata, tags, checksums } = &object.description;
    add("content-type", TYPE);
    for (name, value) in attributes.iter().filter(|(_, value)| *value != "STANDARD") {
        add(name, value);
    }
    for (name, value) in metadata {
        add(&format!("{METADATA}{name}"), value);
    }
    if !tags.is_empty() {
        add("x-amz-tagging-count", &tags.len().to_string());
    }
    for (name, sum) in checksums.iter().filter(|_| has_checksums) {
        if let Some(algorithm) = Algorithm::named(name) {
            add(algorithm.header(), sum);
            add("x-amz-checksum-type", checksum_type(sum));
        }
    }
    add("x-amz-server-side-encryption", "AES256");
    add("accept-ranges", "bytes");
    add("etag", &format!("\"{}\"", object.etag));
    let mut date = vec![];
    if time(object.modified_ms).format(s3s::dto::TimestampFormat::HttpDate, &mut date).is_ok() {
        add("last-modified", &String::from_utf8_lossy(&date));
    }
    headers
}

/// Whether a checksum is one of checksums or of all bytes.
pub(super) fn checksum_type(sum: &str) -> &'static str {
    if sum.contains('-') { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT }
}

/// The headers that tell of a checksum that was taken.
pub(super) fn checksum_headers(object: &Object) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, sum) in &object.description.checksums {
        if let (Some(algorithm), Ok(value)) = (Algorithm::named(name), HeaderValue::try_from(sum)) {
            headers.insert(algorithm.header(), value);
            headers.insert("x-amz-checksum-type", HeaderValue::from_static(checksum_type(sum)));
        }
    }
    headers
}
