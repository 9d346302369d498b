//! Requests over HTTP: one after the other on kept connections, again where the server cannot just then.

use std::time::Duration;

use ureq::http;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

use crate::Error;
use crate::sign::Request;

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long nothing may come.
const READ_MAX: Duration = Duration::from_secs(60);
/// How long the services of a machine of AWS may take: on any other machine nobody answers (botocore's own measure).
const NEAR_MAX: Duration = Duration::from_secs(1);
/// How often a request is sent, all in all: the SDKs' standard mode says 3, S3 asks for more under load.
const ATTEMPTS: u32 = 5;
/// How long before the second; twice as long before each other.
const BACKOFF: Duration = Duration::from_millis(100);
/// Connections that are kept.
const IDLE_MAX: usize = 64;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// `x-amz-bucket-region`.
    pub region: Option<String>,
    pub body: Vec<u8>,
}

/// Sends requests.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
    attempts: u32,
}

impl Http {
    /// For services on the network, through the proxy that the environment names.
    ///
    /// # Errors
    /// A file of certificates that is none.
    pub fn new(ca_bundle: Option<&str>) -> Result<Http, Error> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = ca_bundle {
            let bytes = std::fs::read(path).map_err(|error| Error::Settings(format!("{path}: {error}")))?;
            let mut certificates = vec![];
            for item in parse_pem(&bytes) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(error) => return Err(Error::Settings(format!("{path}: {error}"))),
                }
            }
            tls = tls.root_certs(RootCerts::from(certificates));
        }
        Ok(Http::with(tls.build(), (CONNECT_MAX, READ_MAX), Proxy::try_from_env(), ATTEMPTS))
    }

    /// For the services of a machine of AWS.
    pub fn near() -> Http {
        Http::with(TlsConfig::default(), (NEAR_MAX, NEAR_MAX), None, 1)
    }

    fn with(
        tls: TlsConfig,
        (connect, read): (Duration, Duration),
        proxy: Option<Proxy>,
        attempts: u32,
    ) -> Http {
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(connect))
            .timeout_recv_response(Some(read))
            .timeout_per_read(Some(read))
            .max_idle_connections(IDLE_MAX)
            .max_idle_connections_per_host(IDLE_MAX)
            .build();
        Http { agent: Agent::new_with_config(config), attempts }
    }

    /// Sends a request, again while the server cannot; an answer's body has no more than `body_max` bytes.
    ///
    /// `sign` is called for each attempt: a signature holds for minutes.
    ///
    /// # Errors
    /// What the network says.
    pub fn send(&self, sign: impl Fn() -> Request, body_max: u64) -> Result<Answer, String> {
        let mut pause = BACKOFF;
        let mut attempt = 1;
        loop {
            let answer = self.send_once(&sign(), body_max);
            let is_last = attempt >= self.attempts;
            match answer {
                Ok(answer) if is_last || !is_worth_another(answer.status) => return Ok(answer),
                Err(error) if is_last => return Err(error.to_string()),
                _ => {}
            }
            std::thread::sleep(pause);
            pause *= 2;
            attempt += 1;
        }
    }

    fn send_once(&self, request: &Request, body_max: u64) -> Result<Answer, ureq::Error> {
        let mut builder = http::Request::builder().method(request.method).uri(request.url());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let answer = match request.body.is_empty() {
            true => self.agent.run(builder.body(())?)?,
            false => self.agent.run(builder.body(request.body.as_str())?)?,
        };
        let region = answer.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let (status, region) = (answer.status().as_u16(), region.map(str::to_owned));
        let body = bytes(answer.into_body(), body_max)?;
        Ok(Answer { status, region, body })
    }
}

fn bytes(mut body: Body, body_max: u64) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(body_max).read_to_vec()
}

/// Source: Amazon S3, "Best practices for timeouts and retries": 5xx, `SlowDown` among them, and 429.
fn is_worth_another(status: u16) -> bool {
    status >= 500 || status == 429
}
