//! S3 Control, as far as buckets have it: their tags by ARN.
//!
//! A request is for it if its path begins with the version of its API and its host or a header names an account: a bucket
//! may be called as that version is. Assumption: its errors are those of S3, one element deeper, as its SDKs read them.
//! Source: Amazon S3 API Reference, "Amazon S3 Control", "ListTagsForResource", "TagResource", "UntagResource".

use crate::address::host;
use crate::errors::{self, escape, not_implemented};
use crate::operations::Row;
use crate::ops::tagging;
use crate::service::{Backend, Known};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use s3s::{Body, S3Error, S3ErrorCode, S3Result};
use weir_model::AccountId;

/// The version of the API, with which every path begins.
const VERSION: &str = "/v20180820/";
/// The namespace of its answers.
const NAMESPACE: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/// Every operation of S3 Control that there is.
pub const CONTROL_OPERATIONS: &[Row] = &[LIST, TAG, UNTAG];
const LIST: Row = Row { name: "ListTagsForResource", action: "s3:ListTagsForResource" };
const TAG: Row = Row { name: "TagResource", action: "s3:TagResource" };
const UNTAG: Row = Row { name: "UntagResource", action: "s3:UntagResource" };

/// What else S3 Control would do.
const REST: &str = "S3 Control, but for the tags of buckets,";

/// What a request asks of S3 Control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    account: String,
    /// The path after the version, decoded.
    path: String,
}

impl Asked {
    /// What `head` asks, if it is for S3 Control.
    pub fn of(head: &Parts) -> Option<Asked> {
        let path = head.uri.path().strip_prefix(VERSION)?;
        let header = head.headers.get("x-amz-account-id").and_then(|value| value.to_str().ok());
        let label = host(&head.headers, &head.uri).and_then(|host| host.split('.').next());
        let is_account = |name: &&str| name.parse::<AccountId>().is_ok();
        let account = header.or(label.filter(is_account))?.to_owned();
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        Some(Asked { account, path })
    }

    /// The bucket whose ARN is in the path of tags; empty if there is none.
    pub fn bucket(&self) -> &str {
        let arn = self.path.strip_prefix("tags/arn:").and_then(|arn| arn.split_once(":s3:::"));
        arn.map_or("", |(_, bucket)| bucket).trim_end_matches('/')
    }

    /// Answers, if there is such an operation and the caller may.
    ///
    /// # Errors
    /// Those of S3: not allowed, another account's bucket, no such bucket, tags that are none.
    pub fn answer(&self, backend: &Backend, head: &Parts) -> S3Result<Response<Body>> {
        let known = head.extensions.get::<Known>().ok_or_else(|| S3Error::new(S3ErrorCode::InternalError))?;
        let may = |action| backend.check(known, action, (self.bucket(), None), Some(&self.account));
        match head.method {
            _ if self.bucket().is_empty() => Err(not_implemented(REST)),
            Method::GET => may(LIST.action).and_then(|()| self.list(backend)),
            Method::POST => may(TAG.action).and_then(|()| self.tag(backend, &known.body)),
            Method::DELETE => {
                may(UNTAG.action).and_then(|()| self.untag(backend, head.uri.query().unwrap_or_default()))
            }
            _ => Err(not_implemented(REST)),
        }
    }

    fn list(&self, backend: &Backend) -> S3Result<Response<Body>> {
        let tags = backend.buckets.bucket(self.bucket()).map_err(errors::of)?.tags;
        let tags = tags.iter().map(|(key, value)| {
            format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escape(key), escape(value))
        });
        let tags: String = tags.collect();
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListTagsForResourceResult xmlns=\"{NAMESPACE}\"><Tags>{tags}</Tags></ListTagsForResourceResult>"
        );
        Ok(Response::new(Body::from(text)))
    }

    fn tag(&self, backend: &Backend, body: &[u8]) -> S3Result<Response<Body>> {
        let said = tagging::of_document(body)?.ok_or_else(|| S3Error::new(S3ErrorCode::MalformedXML))?;
        let mut tags = backend.buckets.bucket(self.bucket()).map_err(errors::of)?.tags;
        tags.extend(said);
        tagging::check_count(tags.len(), tagging::BUCKET_TAGS_MAX)?;
        backend.buckets.set_up(self.bucket(), |bucket| bucket.tags = tags).map_err(errors::of)?;
        no_content()
    }

    fn untag(&self, backend: &Backend, query: &str) -> S3Result<Response<Body>> {
        let pairs = weir_wire::query_pairs(query.as_bytes());
        let pairs = pairs.map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?;
        let gone = |key: &str| pairs.iter().any(|(name, value)| name == "tagKeys" && value == key);
        let change = |bucket: &mut weir_buckets::Bucket| bucket.tags.retain(|key, _| !gone(key));
        backend.buckets.set_up(self.bucket(), change).map_err(errors::of)?;
        no_content()
    }
}

fn no_content() -> S3Result<Response<Body>> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
