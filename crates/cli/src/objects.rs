//! S3 for the server: requests that are for it are answered here, not by the cloud.
//!
//! Bodies go to and from the disk, which blocks: each request has a thread of the runtime's pool while it is answered. What
//! it changed is on disk before the answer begins.

use crate::complaint::complain;
use crate::host::Host;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::{Request, Response, StatusCode};
use std::net::IpAddr;
use weir_api::{AnswerS3, Passage};
use weir_fabric::ServiceAnswer;
use weir_model::Timestamp;
use weir_s3::{Body, Call, Missing, S3};

/// Answers a request for S3.
///
/// A request that expects `100 Continue` for no content has its answer at once (RFC 9110, section 10.1.1), and the connection
/// is closed after it: botocore, which the aws CLI and boto3 are made of, would take the status of such an answer for that of
/// the next one, too, and the next one's status line for a header.
pub async fn answer(host: &Host, s3: S3, request: Request<Incoming>, source: IpAddr) -> Response<Body> {
    let call = Call { now: host.clock.timestamp(), source: Some(source), passage: None };
    let is_last = request.headers().contains_key(EXPECT) && request.body().is_end_stream();
    let runtime = tokio::runtime::Handle::current();
    let answering = move || runtime.block_on(s3.answer(request.map(Body::from), call));
    let mut response = tokio::task::spawn_blocking(answering).await.unwrap_or_else(|fault| {
        complain(format_args!("fault while answering S3: {fault}"));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    if is_last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(Missing(what)) = response.extensions().get() {
        host.count_missing(what);
    }
    response
}

/// S3 behind VPC endpoints: what instances ask.
pub struct BehindEndpoints(pub S3);

impl AnswerS3 for BehindEndpoints {
    fn answer(
        &self,
        request: weir_wire::Request,
        passage: Passage,
        now: Timestamp,
    ) -> (ServiceAnswer, Option<String>) {
        let target = match request.query.is_empty() {
            true => request.path,
            false => format!("{}?{}", request.path, request.query),
        };
        let mut asked = Request::builder().method(request.method.as_str()).uri(target);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let Ok(asked) = asked.body(request.body) else {
            return (ServiceAnswer { status: 400, headers: vec![], body: vec![] }, None);
        };
        let passage = weir_s3::Passage { policy: passage.policy, context: passage.keys };
        let call = Call { now, source: None, passage: Some(passage) };
        let (head, body) = self.0.answer_whole(asked, call).into_parts();
        let missing = head.extensions.get().map(|Missing(what)| what.clone());
        let is_told = |name: &hyper::header::HeaderName| *name != hyper::header::CONTENT_LENGTH;
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().filter(|(name, _)| is_told(name));
        let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        (ServiceAnswer { status: head.status.as_u16(), headers, body }, missing)
    }
}
