//! S3 for the server: requests that are for it are answered here, not by the cloud.
//!
//! Bodies go to and from the disk, which blocks: each request has a thread of the runtime's pool while it is answered. What
//! it changed is on disk before the answer begins.

use crate::complaint::complain;
use crate::host::Host;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use std::net::IpAddr;
use weir_s3::{Body, Call, S3};

/// Answers a request for S3.
pub async fn answer(host: &Host, s3: S3, request: Request<Incoming>, source: IpAddr) -> Response<Body> {
    let call = Call { now: host.clock.timestamp(), source: Some(source), passage: None };
    let runtime = tokio::runtime::Handle::current();
    let answering = move || runtime.block_on(s3.answer(request.map(Body::from), call));
    tokio::task::spawn_blocking(answering).await.unwrap_or_else(|fault| {
        complain(format_args!("fault while answering S3: {fault}"));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
