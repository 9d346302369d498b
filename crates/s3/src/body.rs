//! Bodies on their way in: taken out of their chunks, summed, and compared with what was said of them.
//!
//! Source: Amazon S3 API Reference, "PutObject" and "Common Request Headers" (`x-amz-content-sha256`, `Content-MD5`).

use crate::checksum::{self, Algorithm, Summing};
use crate::chunked::Decoder;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt;
use http::HeaderMap;
use md5::{Digest, Md5};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io;

/// Largest body that is not data: DeleteObjects names 1,000 keys of 1,024 bytes, each of which XML may make six times as long.
pub(crate) const XML_BYTES_MAX: u64 = 8 << 20;

/// A body that is being taken in.
pub(crate) struct Intake {
    decoder: Option<Decoder>,
    size: u64,
    size_max: u64,
    decoded_size: Option<u64>,
    stated: BTreeMap<Algorithm, String>,
    wanted: Option<Algorithm>,
    summing: Summing,
    md5: Option<(Vec<u8>, Md5)>,
    sha256: Option<(String, Sha256)>,
}

impl Intake {
    /// For the body of a request with these headers, of at most `size_max` bytes; `also` is summed, too.
    ///
    /// # Errors
    /// Checksums that are none; a size stated that is too large.
    pub fn new(headers: &HeaderMap, size_max: u64, also: Option<Algorithm>) -> S3Result<Intake> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let sha256 = text("x-amz-content-sha256").unwrap_or_default();
        let is_chunked = sha256.starts_with("STREAMING-")
            || text("content-encoding")
                .is_some_and(|encodings| encodings.split(',').any(|one| one.trim() == "aws-chunked"));
        let stated = checksum::stated(headers)?;
        let wanted = checksum::wanted(headers)?;
        let decoded_size = text("x-amz-decoded-content-length").and_then(|text| text.parse().ok());
        if decoded_size.is_some_and(|size| size > size_max) {
            return Err(S3Error::new(S3ErrorCode::EntityTooLarge));
        }
        Ok(Intake {
            decoder: is_chunked.then(Decoder::default),
            size: 0,
            size_max,
            decoded_size: decoded_size.filter(|_| is_chunked),
            summing: Summing::of(stated.keys().copied().chain(wanted).chain(also)),
            stated,
            wanted,
            md5: stated_md5(headers)?.map(|md5| (md5, Md5::new())),
            sha256: (sha256.len() == 64).then(|| (sha256.to_ascii_lowercase(), Sha256::new())),
        })
    }

    /// Takes all of a body; gives its bytes to `write`, and then its checksums.
    ///
    /// # Errors
    /// The body breaks off, is too large, or is not as was said of it; those of `write`.
    pub async fn take<S, E>(
        mut self,
        mut body: S,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> S3Result<BTreeMap<Algorithm, String>>
    where
        S: futures::Stream<Item = Result<Bytes, E>> + Unpin,
    {
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|_| S3Error::new(S3ErrorCode::IncompleteBody))?;
            self.feed(&bytes, &mut write)?;
        }
        self.finish()
    }

    fn feed(&mut self, bytes: &[u8], write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> S3Result<()> {
        let mut decoder = self.decoder.take();
        let mut sink = |bytes: &[u8]| self.sum(bytes, write);
        let taken = match &mut decoder {
            Some(decoder) => decoder.take(bytes, &mut sink)?,
            None => {
                sink(bytes)?;
                Ok(())
            }
        };
        self.decoder = decoder;
        taken.map_err(|_| S3Error::new(S3ErrorCode::IncompleteBody))
    }

    fn sum(&mut self, bytes: &[u8], write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> S3Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.size_max {
            return Err(S3Error::new(S3ErrorCode::EntityTooLarge));
        }
        self.summing.update(bytes);
        if let Some((_, md5)) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some((_, sha256)) = &mut self.sha256 {
            sha256.update(bytes);
        }
        write(bytes).map_err(crate::errors::of_disk)
    }

    fn finish(mut self) -> S3Result<BTreeMap<Algorithm, String>> {
        if let Some(decoder) = self.decoder.take() {
            let trailers = decoder.finish().map_err(|_| S3Error::new(S3ErrorCode::IncompleteBody))?;
            self.stated.extend(checksum::stated(&trailers)?);
        }
        if self.decoded_size.is_some_and(|size| size != self.size) {
            return Err(S3Error::new(S3ErrorCode::IncompleteBody));
        }
        if self.sha256.is_some_and(|(stated, sha256)| stated != weir_wire::hex(&sha256.finalize())) {
            let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
            let mut error = S3Error::with_message(
                code,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            );
            error.set_status_code(http::StatusCode::BAD_REQUEST);
            return Err(error);
        }
        if self.md5.is_some_and(|(stated, md5)| stated != md5.finalize().as_slice()) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let computed = self.summing.finish();
        if let Some(wanted) = self.wanted.filter(|wanted| !computed.contains_key(wanted)) {
            return Err(s3_error!(InvalidRequest, "The {} checksum is not there.", wanted.name()));
        }
        checksum::check(&self.stated, &computed)?;
        Ok(computed)
    }
}

fn stated_md5(headers: &HeaderMap) -> S3Result<Option<Vec<u8>>> {
    let Some(value) = headers.get("content-md5") else { return Ok(None) };
    let md5 = STANDARD.decode(value.as_bytes()).ok().filter(|md5| md5.len() == 16);
    md5.map(Some).ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))
}

/// The whole body of a request that is not data.
///
/// # Errors
/// Those of an intake.
pub(crate) async fn whole(headers: &HeaderMap, body: Body) -> S3Result<Bytes> {
    let mut bytes = vec![];
    let intake = Intake::new(headers, XML_BYTES_MAX, None)?;
    let keep = |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok(())
    };
    intake.take(body, keep).await?;
    Ok(bytes.into())
}
