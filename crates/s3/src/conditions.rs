//! Conditions of requests: `If-Match` and its kin.
//!
//! Source: RFC 9110, section 13.2.2; Amazon S3 API Reference, "GetObject" and "PutObject" (conditional headers).

use http::{HeaderMap, StatusCode};
use s3s::dto::{Timestamp, TimestampFormat};
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::time::{Duration, UNIX_EPOCH};
use weir_buckets::{Condition, Object};

/// What a writing request demands of the object that is there.
///
/// # Errors
/// `If-None-Match` with anything but `*`, as S3 has it.
pub(crate) fn of_write(headers: &HeaderMap) -> S3Result<Condition> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    match (text("if-none-match"), text("if-match")) {
        (Some("*"), None) => Ok(Condition::Absent),
        (None, Some("*")) => Ok(Condition::Present),
        (None, Some(etag)) => Ok(Condition::Etag(bare(etag).to_owned())),
        (None, None) => Ok(Condition::Always),
        _ => Err(crate::errors::not_implemented(
            "A condition of writing other than If-None-Match: * or If-Match",
        )),
    }
}

/// Refuses to read an object that is not as the request demands; `prefix` is that of the headers: empty, or `x-amz-copy-source-`.
///
/// # Errors
/// 412, or 304 if only what has changed was asked for.
pub(crate) fn check_read(headers: &HeaderMap, prefix: &str, object: &Object) -> S3Result<()> {
    let text = |name: &str| headers.get(format!("{prefix}{name}")).and_then(|value| value.to_str().ok());
    let names = |list: &str| {
        list.split(',').map(|etag| bare(etag.trim())).any(|etag| etag == "*" || etag == object.etag)
    };
    // Times in headers have seconds.
    let modified_s = object.modified_ms.div_euclid(1000);
    let since = |name: &str| text(name).and_then(seconds);
    let failed = || S3Error::new(S3ErrorCode::PreconditionFailed);
    match (text("if-match"), since("if-unmodified-since")) {
        (Some(list), _) if !names(list) => return Err(failed()),
        (None, Some(since)) if modified_s > since => return Err(failed()),
        _ => {}
    }
    match (text("if-none-match"), since("if-modified-since")) {
        (Some(list), _) if names(list) => {
            Err(if prefix.is_empty() { not_modified(object) } else { failed() })
        }
        (None, Some(since)) if modified_s <= since => {
            Err(if prefix.is_empty() { not_modified(object) } else { failed() })
        }
        _ => Ok(()),
    }
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_status_code(StatusCode::NOT_MODIFIED);
    let mut headers = HeaderMap::new();
    if let Ok(etag) = format!("\"{}\"", object.etag).parse() {
        headers.insert("etag", etag);
    }
    error.set_headers(headers);
    error
}

/// An ETag without its quotes.
pub(crate) fn bare(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
}

/// A date of HTTP in seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let time = Timestamp::parse(TimestampFormat::HttpDate, text).ok()?;
    let mut written = vec![];
    time.format(TimestampFormat::EpochSeconds, &mut written).ok()?;
    let written = String::from_utf8(written).ok()?;
    written.split('.').next()?.parse().ok()
}

/// A time in ms since 1970 as S3 tells it: in whole seconds.
pub(crate) fn time(ms: i64) -> Timestamp {
    let seconds = u64::try_from(ms.div_euclid(1000)).unwrap_or(0);
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}
