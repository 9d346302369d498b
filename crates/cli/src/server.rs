//! The HTTP server: reads requests, lets the cloud answer, sends the answer once what it changed is on disk.

use crate::complaint::complain;
use crate::host::{Answer, Host, Tail};
use crate::objects;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use weir_s3::S3;
use weir_wire::{Request, Response};

/// Where reading a body ends, of services other than S3; the protocols refuse less, in their own words.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How long a client may take to send the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// How long after a failed accept the next one is tried: too many open files, as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until the host is told to stop.
pub async fn serve(host: Arc<Host>, s3: S3, listeners: Vec<TcpListener>) {
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(host.clone(), s3.clone(), listener)))
        .collect();
    host.stopped().await;
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Binds the addresses to listen on.
///
/// # Errors
/// An address cannot be bound; the message says what to do.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, String> {
    let mut listeners = vec![];
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!(
                    "port {} is in use; stop what holds it, or choose another with --port",
                    address.port()
                )
            }
            _ => format!("cannot listen on {address}: {error}"),
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

async fn accept(host: Arc<Host>, s3: S3, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                drop(tokio::spawn(connection(host.clone(), s3.clone(), (stream, peer.ip()))));
            }
            Err(error) => {
                complain(format_args!("accept: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(host: Arc<Host>, s3: S3, (stream, peer): (TcpStream, IpAddr)) {
    // Without it answers wait for the client's delayed acknowledgement; a failure costs only speed.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(host.clone(), s3.clone(), request, peer));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    // A client that goes away or speaks no HTTP is its own affair.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

type HttpResponse = hyper::Response<AnswerBody>;

/// The body of an answer.
enum AnswerBody {
    /// Of the cloud: its first part, and what follows if it goes on.
    Cloud { first: Option<Bytes>, tail: Option<Tail> },
    /// Of S3.
    Object(weir_s3::Body),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = |part: Bytes| Ok(Frame::data(part));
        match self.get_mut() {
            AnswerBody::Object(body) => Pin::new(body).poll_frame(cx),
            AnswerBody::Cloud { first, tail } => match (first.take(), tail) {
                (Some(first), _) => Poll::Ready(Some(frame(first))),
                (None, Some(tail)) => tail.poll_recv(cx).map(|part| part.map(frame)),
                (None, None) => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Object(body) => body.is_end_stream(),
            AnswerBody::Cloud { first, tail } => first.is_none() && tail.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Object(body) => Body::size_hint(body),
            AnswerBody::Cloud { tail: Some(_), .. } => SizeHint::default(),
            AnswerBody::Cloud { first, .. } => {
                SizeHint::with_exact(first.as_ref().map_or(0, |first| first.len() as u64))
            }
        }
    }
}

async fn answer(
    host: Arc<Host>,
    s3: S3,
    request: hyper::Request<Incoming>,
    peer: IpAddr,
) -> Result<HttpResponse, Infallible> {
    if weir_s3::is_for_s3(&request) {
        return Ok(objects::answer(&host, s3, request, peer).await.map(AnswerBody::Object));
    }
    let is_head = request.method() == hyper::Method::HEAD;
    let answer = match read(request).await {
        Ok(request) => host.answer(request).await,
        Err(status) => plain(status, "the request's body cannot be read").into(),
    };
    Ok(write(answer, is_head))
}

/// The request with its whole body, or so much of it that it is refused; or the status of the refusal.
async fn read(request: hyper::Request<Incoming>) -> Result<Request, u16> {
    let (head, mut stream) = request.into_parts();
    let mut body = vec![];
    while let Some(frame) = stream.frame().await {
        body.extend(frame.map_err(|_| 400u16)?.into_data().unwrap_or_default());
        if body.len() > BODY_BYTES_MAX {
            break;
        }
    }
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body,
    })
}

fn write(answer: Answer, is_head: bool) -> HttpResponse {
    let Answer { response, tail } = answer;
    let mut head =
        hyper::Response::builder().status(response.status).header("content-type", response.content_type);
    for (name, value) in &response.headers {
        head = head.header(*name, value);
    }
    let first = Some(Bytes::from(response.body)).filter(|first| !is_head && !first.is_empty());
    head.body(AnswerBody::Cloud { first, tail }).unwrap_or_else(|error| {
        complain(format_args!("an answer that is not HTTP: {error}"));
        let mut response = hyper::Response::new(AnswerBody::Cloud { first: None, tail: None });
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// An answer in plain words.
pub fn plain(status: u16, text: &str) -> Response {
    Response {
        status,
        content_type: "text/plain; charset=utf-8",
        headers: vec![],
        body: text.as_bytes().to_vec(),
    }
}
