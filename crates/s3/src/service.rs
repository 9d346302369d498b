//! The service: from an HTTP request to its answer.

use crate::access::Unasked;
use crate::address::{Hosts, has_parameter, place};
use crate::body;
use crate::caller::{self, Caller};
use crate::control::Asked;
use crate::errors::{self, About, Missing};
use crate::refusals;
use bytes::Bytes;
use futures::Stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use s3s::{Body, S3Request, S3Result};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use weir_buckets::Buckets;
use weir_model::{AccountId, Ids, RegionName, Timestamp};

/// Who calls, unless the access key or the signature says it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account of callers whose access key names none.
    pub account: AccountId,
    /// The region of callers who do not sign for one.
    pub region: RegionName,
    /// The seed of the ids of requests.
    pub seed: u64,
}

/// One call: when and how it came.
#[derive(Clone, Debug)]
pub struct Call {
    /// The time.
    pub now: Timestamp,
    /// The address that it came from, if that is known.
    pub source: Option<IpAddr>,
    /// The VPC endpoint that it came through, if it did.
    pub passage: Option<Passage>,
}

/// A VPC endpoint that a call came through.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    /// The endpoint's policy; everything is allowed without one.
    pub policy: Option<String>,
    /// The condition keys that calls through it have, in lower case.
    pub context: BTreeMap<String, Vec<String>>,
}

/// S3 over buckets. Clones are the same service.
#[derive(Clone)]
pub struct S3 {
    service: S3Service,
    backend: Backend,
    ids: Arc<Mutex<Ids>>,
}

/// What does the operations.
#[derive(Clone)]
pub(crate) struct Backend {
    pub buckets: Buckets,
    settings: Settings,
}

/// What is known of a call when its operation runs.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub call: Call,
    pub caller: Caller,
    /// The body, unless it is data.
    pub body: Bytes,
    /// Condition keys of the request itself.
    pub keys: BTreeMap<String, String>,
}

impl S3 {
    /// The service over these buckets.
    pub fn new(buckets: Buckets, settings: Settings) -> S3 {
        let ids = Arc::new(Mutex::new(Ids::new(settings.seed)));
        let backend = Backend { buckets, settings };
        let mut builder = S3ServiceBuilder::new(backend.clone());
        builder.set_auth(Unasked);
        builder.set_access(backend.clone());
        builder.set_host(Hosts);
        builder.set_validation(AnyName);
        S3 { service: builder.build(), backend, ids }
    }

    /// Answers a request. The answer may still be read from the disk while it is sent.
    pub async fn answer(&self, request: Request<Body>, call: Call) -> Response<Body> {
        let (head, body) = request.into_parts();
        let is_head = head.method == Method::HEAD;
        let control = Asked::of(&head);
        let (bucket, key) =
            control.as_ref().map_or_else(|| place(&head), |asked| (asked.bucket().to_owned(), String::new()));
        let resource = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
        let is_control = control.is_some();
        let about = About { resource, bucket, key, request_id: self.request_id(), is_control };
        let response = match (self.prepare(head, body, call).await, control) {
            (Ok(request), None) => Ok(self.run(request).await),
            (Ok(request), Some(asked)) => asked.answer(&self.backend, &request.into_parts().0),
            (Err(error), _) => Err(error),
        };
        let response =
            response.or_else(|error| error.to_http_response()).unwrap_or_else(|_| internal_error());
        finish(response, &about, is_head)
    }

    /// Answers a request whose body is whole with one whose body is whole, without waiting for anything but the disk.
    pub fn answer_whole(&self, request: Request<Vec<u8>>, call: Call) -> Response<Vec<u8>> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut answering = std::pin::pin!(self.answer(request.map(Body::from), call));
        // Bytes in memory and files are there at once: nothing is ever pending.
        let Poll::Ready(response) = answering.as_mut().poll(&mut cx) else {
            return internal_error().map(|_| Vec::new());
        };
        let (mut head, mut body) = response.into_parts();
        let mut bytes = vec![];
        while let Poll::Ready(Some(part)) = Pin::new(&mut body).poll_next(&mut cx) {
            match part {
                Ok(part) => bytes.extend_from_slice(&part),
                Err(_) => head.status = http::StatusCode::INTERNAL_SERVER_ERROR,
            }
        }
        Response::from_parts(head, bytes)
    }

    async fn run(&self, request: Request<Body>) -> Response<Body> {
        self.service.call(request).await.unwrap_or_else(|_| internal_error())
    }

    /// Takes off what `s3s` need not see, and reads the body unless it is data.
    async fn prepare(&self, mut head: Parts, body: Body, call: Call) -> S3Result<Request<Body>> {
        let caller = caller::take(&mut head, call.now)?;
        refusals::check(&head)?;
        let (whole, body) = match is_data(&head) {
            true => (Bytes::new(), body),
            false => {
                let whole = body::whole(&head.headers, body).await?;
                refusals::check_body(&head, &whole)?;
                (whole.clone(), Body::from(whole))
            }
        };
        let keys = condition_keys(&head);
        head.extensions.insert(Known { call, caller, body: whole, keys });
        Ok(Request::from_parts(head, body))
    }

    /// An id as S3 gives them: 16 characters.
    fn request_id(&self) -> String {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:016X}", ids.bits())
    }
}

/// Whether the body of a request is an object's or a part's.
fn is_data(head: &Parts) -> bool {
    let settings = ["tagging", "acl", "retention", "legal-hold", "encryption"];
    let is_setting = settings.iter().any(|name| has_parameter(head, name));
    head.method == Method::PUT
        && !is_setting
        && !place(head).1.is_empty()
        && !head.headers.contains_key("x-amz-copy-source")
}

/// Condition keys of S3 that requests have by themselves.
fn condition_keys(head: &Parts) -> BTreeMap<String, String> {
    let pairs = weir_wire::query_pairs(head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let query = ["prefix", "delimiter", "max-keys"].into_iter().filter_map(|name| {
        let value = pairs.iter().find(|(key, _)| key == name)?.1.clone();
        Some((format!("s3:{name}"), value))
    });
    let headers = [
        "x-amz-acl",
        "x-amz-server-side-encryption",
        "x-amz-copy-source",
        "x-amz-metadata-directive",
        "x-amz-storage-class",
    ];
    let headers = headers.into_iter().filter_map(|name| {
        let value = head.headers.get(name)?.to_str().ok()?.to_owned();
        Some((format!("s3:{name}"), value))
    });
    let agent = head.headers.get("user-agent").and_then(|value| value.to_str().ok());
    let agent = agent.map(|agent| ("aws:useragent".to_owned(), agent.to_owned()));
    query.chain(headers).chain(agent).collect()
}

fn internal_error() -> Response<Body> {
    let mut response = Response::new(Body::from("<Error><Code>InternalError</Code></Error>".to_owned()));
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// Marks an answer whose ETag has no quotes, which `s3s` would write.
#[derive(Clone, Copy)]
pub(crate) struct BareEtag;

/// Gives an answer its ids, and an error its words.
fn finish(response: Response<Body>, about: &About, is_head: bool) -> Response<Body> {
    let (mut head, mut body) = response.into_parts();
    if (head.status.is_client_error() || head.status.is_server_error())
        && let Some(bytes) = body.take_bytes()
    {
        let text = errors::complete(&bytes, about);
        if let Some(missing) = Missing::told_in(&text) {
            head.extensions.insert(missing);
        }
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
        body = Body::from(text);
    }
    if head.extensions.remove::<BareEtag>().is_some()
        && let Some(bytes) = body.take_bytes()
    {
        let text = String::from_utf8_lossy(&bytes);
        body = Body::from(text.replace("<ETag>\"", "<ETag>").replace("\"</ETag>", "</ETag>"));
        head.headers.remove(CONTENT_LENGTH);
    }
    if is_head || head.status == http::StatusCode::NOT_MODIFIED {
        if !head.status.is_success() {
            head.headers.remove(CONTENT_LENGTH);
            head.headers.remove(CONTENT_TYPE);
        }
        body = Body::empty();
    }
    for (name, value) in
        [("x-amz-request-id", about.request_id.clone()), ("x-amz-id-2", errors::host_id(&about.request_id))]
    {
        if let Ok(value) = HeaderValue::try_from(value) {
            head.headers.insert(name, value);
        }
    }
    head.headers.insert("server", HeaderValue::from_static("AmazonS3"));
    Response::from_parts(head, body)
}

/// Names are judged where buckets are made: a name that no bucket can have is a bucket that is not there.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, _: &str) -> bool {
        true
    }
}

impl Backend {
    /// The account that calls; `None` is whoever has not signed.
    pub fn account(&self, known: &Known) -> Option<AccountId> {
        match &known.caller {
            Caller::Account(account, _) => Some(account.unwrap_or(self.settings.account)),
            Caller::Anyone => None,
        }
    }

    /// The region that the call is signed for.
    pub fn region(&self, known: &Known) -> RegionName {
        match &known.caller {
            Caller::Account(_, Some(region)) => *region,
            _ => self.settings.region,
        }
    }
}

/// What is known of a request's call.
pub(crate) fn known<T>(request: &S3Request<T>) -> S3Result<&Known> {
    let known = request.extensions.get::<Known>();
    known.ok_or_else(|| s3s::S3Error::new(s3s::S3ErrorCode::InternalError))
}
