//! Objects: writing, reading and deleting them.
//!
//! Source: Amazon S3 API Reference, "PutObject", "GetObject", "HeadObject", "DeleteObject" and "DeleteObjects".

use super::{describe, done, etag};
use crate::body::Intake;
use crate::checksum::{self, Algorithm};
use crate::conditions::{self, bare};
use crate::errors;
use crate::service::{Backend, known};
use crate::stream;
use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use weir_buckets::{Condition, Content, KEY_BYTES_MAX, Object, Refused};

/// Largest object that is put at once, and largest part, in bytes.
pub(super) const PUT_BYTES_MAX: u64 = 5 << 30;
/// Most keys that are deleted at once.
const DELETE_MAX: usize = 1000;

/// Takes the body of a request in; gives it with its checksums.
pub(super) async fn receive(
    backend: &Backend,
    headers: &HeaderMap,
    body: Option<StreamingBlob>,
    also: Option<Algorithm>,
) -> S3Result<(Content, std::collections::BTreeMap<Algorithm, String>)> {
    let intake = Intake::new(headers, PUT_BYTES_MAX, also)?;
    let mut draft = backend.buckets.draft();
    let body = body.unwrap_or_else(|| s3s::Body::empty().into());
    let sums = intake.take(body, |bytes| draft.write(bytes)).await?;
    Ok((draft.finish().map_err(errors::of_disk)?, sums))
}

/// `PutObject`. An object without a checksum gets S3's own, CRC64NVME.
pub(crate) async fn put(
    backend: &Backend,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let now = known(&request)?.call.now;
    let PutObjectInput { bucket, key, body, .. } = request.input;
    backend.buckets.bucket(&bucket).map_err(errors::of)?;
    if key.len() > KEY_BYTES_MAX {
        return Err(S3Error::new(S3ErrorCode::KeyTooLongError));
    }
    let mut description = describe::of(&request.headers)?;
    let condition = conditions::of_write(&request.headers)?;
    let has_own =
        !checksum::stated(&request.headers)?.is_empty() || checksum::wanted(&request.headers)?.is_some();
    let also = (!has_own).then_some(Algorithm::Crc64Nvme);
    let (content, sums) = receive(backend, &request.headers, body, also).await?;
    description.checksums = checksum::by_name(sums);
    let object =
        backend.buckets.put((&bucket, &key), content, description, &condition, now.0).map_err(errors::of)?;
    let output = PutObjectOutput {
        e_tag: etag(&object.etag),
        server_side_encryption: Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
        ..Default::default()
    };
    Ok(S3Response::with_headers(output, describe::checksum_headers(&object)))
}

/// `GetObject`.
pub(crate) fn get(
    backend: &Backend,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let GetObjectInput { bucket, key, range, part_number, checksum_mode, .. } = request.input;
    let (object, reader) = backend.buckets.read(&bucket, &key).map_err(errors::of)?;
    conditions::check_read(&request.headers, "", &object)?;
    let span = span(&object, range, part_number)?;
    let has_checksums = checksum_mode.is_some() && span.is_whole;
    let output = GetObjectOutput {
        body: Some(stream::body(reader.range(span.start, span.len))),
        ..Default::default()
    };
    let mut headers = describe::headers(&object, has_checksums);
    span.tell(&object, &mut headers);
    let response_range =
        headers.get("content-range").and_then(|range| range.to_str().ok()).map(str::to_owned);
    // `s3s` takes the status from the member, not from the header.
    let output = GetObjectOutput { content_range: response_range, ..output };
    Ok(S3Response::with_headers(output, overridden(headers, request.uri.query())))
}

/// `response-…` parameters win over what the object has; `s3s` sets them first, and what is given here wins.
fn overridden(mut headers: HeaderMap, query: Option<&str>) -> HeaderMap {
    for (name, _) in weir_wire::query_pairs(query.unwrap_or_default().as_bytes()).unwrap_or_default() {
        if let Some(header) = name.strip_prefix("response-") {
            headers.remove(header);
        }
    }
    headers
}

/// `HeadObject`.
pub(crate) fn head(
    backend: &Backend,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let HeadObjectInput { bucket, key, range, part_number, checksum_mode, .. } = request.input;
    let object = backend.buckets.object(&bucket, &key).map_err(errors::of)?;
    conditions::check_read(&request.headers, "", &object)?;
    let span = span(&object, range, part_number)?;
    let mut headers = describe::headers(&object, checksum_mode.is_some() && span.is_whole);
    span.tell(&object, &mut headers);
    Ok(S3Response::with_headers(HeadObjectOutput::default(), headers))
}

/// What of an object is asked for.
struct Span {
    start: u64,
    len: u64,
    is_whole: bool,
    is_part: bool,
}

fn span(object: &Object, range: Option<Range>, part: Option<i32>) -> S3Result<Span> {
    let whole = Span { start: 0, len: object.size, is_whole: true, is_part: false };
    match (range, part) {
        (Some(_), Some(_)) => {
            Err(s3_error!(InvalidRequest, "Cannot specify both Range header and partNumber query parameter"))
        }
        (None, None) => Ok(whole),
        (Some(range), None) => {
            let range = range.check(object.size).map_err(|_| unsatisfiable(object))?;
            Ok(Span { start: range.start, len: range.end - range.start, is_whole: false, is_part: false })
        }
        (None, Some(1)) if object.part_sizes.is_empty() => Ok(Span { is_part: true, ..whole }),
        (None, Some(number)) => {
            let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
            let size = at.and_then(|at| object.part_sizes.get(at)).copied();
            let (Some(at), Some(len)) = (at, size) else {
                return Err(errors::with_status("InvalidPartNumber", StatusCode::RANGE_NOT_SATISFIABLE));
            };
            let start = object.part_sizes.iter().take(at).sum();
            Ok(Span { start, len, is_whole: false, is_part: true })
        }
    }
}

fn unsatisfiable(object: &Object) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::InvalidRange);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(format!("bytes */{}", object.size)) {
        headers.insert("content-range", value);
    }
    error.set_headers(headers);
    error
}

impl Span {
    fn tell(&self, object: &Object, headers: &mut HeaderMap) {
        headers.insert("content-length", HeaderValue::from(self.len));
        let range =
            format!("bytes {}-{}/{}", self.start, (self.start + self.len).saturating_sub(1), object.size);
        if let (true, Ok(range)) =
            ((!self.is_whole || self.is_part) && object.size > 0, HeaderValue::try_from(range))
        {
            headers.insert("content-range", range);
        }
        if self.is_part && !object.part_sizes.is_empty() {
            headers.insert("x-amz-mp-parts-count", HeaderValue::from(object.part_sizes.len()));
        }
    }
}

/// `DeleteObject`. One that is not there is deleted as well.
///
/// Assumption: with `If-Match` it has to be there (404).
pub(crate) fn delete(
    backend: &Backend,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let DeleteObjectInput { bucket, key, if_match_last_modified_time, if_match_size, .. } = request.input;
    if if_match_last_modified_time.is_some() || if_match_size.is_some() {
        return Err(errors::not_implemented("Deleting by time or size"));
    }
    let text = request.headers.get("if-match").and_then(|value| value.to_str().ok());
    let condition = text.map_or(Condition::Always, condition);
    backend.buckets.remove(&bucket, &key, &condition).map_err(errors::of)?;
    done(DeleteObjectOutput::default())
}

fn condition(etag: &str) -> Condition {
    if etag.trim() == "*" { Condition::Present } else { Condition::Etag(bare(etag.trim()).to_owned()) }
}

/// `DeleteObjects`.
pub(crate) fn delete_many(
    backend: &Backend,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let known = known(&request)?.clone();
    let DeleteObjectsInput { bucket, delete: Delete { objects, quiet }, .. } = request.input;
    if objects.is_empty() || objects.len() > DELETE_MAX {
        return Err(S3Error::new(S3ErrorCode::MalformedXML));
    }
    let (mut deleted, mut failed) = (vec![], vec![]);
    for object in objects {
        let ObjectIdentifier { key, e_tag, version_id, .. } = object;
        let condition = e_tag.map_or(Condition::Always, |etag| condition(etag.value()));
        let outcome = backend
            .check(&known, "s3:DeleteObject", (&bucket, Some(&key)), None)
            .and_then(|()| backend.buckets.remove(&bucket, &key, &condition).map_err(errors::of));
        match outcome {
            Ok(_) => deleted.push(DeletedObject { key: Some(key), version_id, ..Default::default() }),
            Err(error) => failed.push(failure(error, key)),
        }
    }
    let deleted = Some(deleted).filter(|_| !quiet.unwrap_or(false));
    done(DeleteObjectsOutput { deleted, errors: Some(failed), request_charged: None })
}

fn failure(error: S3Error, key: String) -> Error {
    let code = error.code().as_str().to_owned();
    let message = error.message().map_or_else(|| errors::message(&code).to_owned(), str::to_owned);
    Error { code: Some(code), key: Some(key), message: Some(message), version_id: None }
}

/// The parts of an object that a copy reads.
pub(super) fn found(
    backend: &Backend,
    bucket: &str,
    key: &str,
) -> Result<(Object, weir_buckets::Reader), Refused> {
    backend.buckets.read(bucket, key)
}
