//! Talking to a running weir over HTTP.

use crate::Failure;
use crate::arguments::At;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a running weir may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long it may take to say that it is there; something else may listen on its port and say nothing.
const HEALTH_MAX: Duration = Duration::from_secs(2);

/// The port of a weir if nobody says another.
pub const DEFAULT_PORT: u16 = 4566;

/// A running weir, on this machine unless AWS_ENDPOINT_URL names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    host: String,
    port: u16,
}

impl Remote {
    /// The weir that a command line and the environment mean, running or not: `--port` or WEIR_PORT on this machine, else where
    /// AWS_ENDPOINT_URL points, else the usual port.
    ///
    /// # Errors
    /// AWS_ENDPOINT_URL is what no weir listens at.
    pub fn at(at: &At) -> Result<Remote, Failure> {
        let endpoint = std::env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty());
        match (at.port, endpoint) {
            (None, Some(url)) => Remote::of(&url),
            (port, _) => Ok(Remote::on(port.unwrap_or(DEFAULT_PORT))),
        }
    }

    /// The weir on `port` of this machine, running or not.
    pub fn on(port: u16) -> Remote {
        Remote { host: "127.0.0.1".to_owned(), port }
    }

    /// The weir at a URL: `http://HOST`, or with a port.
    fn of(url: &str) -> Result<Remote, Failure> {
        let uri: Option<hyper::Uri> = url.parse().ok();
        let is_http =
            |uri: &hyper::Uri| uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
        let uri = uri.filter(is_http);
        let remote = uri.as_ref().and_then(|uri| {
            Some(Remote { host: uri.host()?.to_owned(), port: uri.port_u16().unwrap_or(80) })
        });
        remote.ok_or_else(|| {
            Failure::new(2, format!("AWS_ENDPOINT_URL is {url}: no weir is there, which would be http://HOST:PORT; give --port"))
        })
    }

    /// Whether it answers.
    pub fn is_running(&self) -> bool {
        self.exchange("GET", "/_weir/health", b"", HEALTH_MAX).is_ok_and(|(status, _)| status == 200)
    }

    /// What a page of its own says.
    ///
    /// # Errors
    /// It is not running, or refuses.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, b"")
    }

    /// What it answers to a request of its own.
    ///
    /// # Errors
    /// It is not running, or refuses.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, body.to_string().as_bytes())
    }

    /// What it answers to bytes.
    ///
    /// # Errors
    /// It is not running, or refuses.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Result<Value, Failure> {
        self.send("POST", path, body)
    }

    /// Asks for a page that is answered as long as somebody is there, and waits for no answer: the connection is what counts. It
    /// closes when it is dropped, or with the process.
    ///
    /// # Errors
    /// It is not running.
    pub fn hold(&self, path: &str) -> Result<TcpStream, Failure> {
        self.ask("GET", path, b"", ANSWER_MAX).map_err(|error| self.failure(&error))
    }

    fn send(&self, method: &str, path: &str, body: &[u8]) -> Result<Value, Failure> {
        let answered = self.exchange(method, path, body, ANSWER_MAX);
        let (status, body) = answered.map_err(|error| self.failure(&error))?;
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let stranger = format!("what listens on {} is no weir", self.place());
        let reason = value.get("error").and_then(Value::as_str).unwrap_or(&stranger);
        match status {
            200..300 => Ok(value),
            404 => Err(Failure::new(Failure::NOT_FOUND, reason)),
            _ => Err(Failure::new(Failure::FAILED, reason)),
        }
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Failure::new(
                Failure::NOT_RUNNING,
                format!("nothing runs on {}; start it with: weir up", self.place()),
            ),
            _ => Failure::new(Failure::FAILED, format!("{}: {error}", self.place())),
        }
    }

    /// Its address for clients.
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Where it is, as people are told.
    pub fn place(&self) -> String {
        match self.host.as_str() {
            "127.0.0.1" => format!("port {}", self.port),
            host => format!("{host}:{}", self.port),
        }
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        answer_max: Duration,
    ) -> std::io::Result<(u16, Vec<u8>)> {
        let mut reader = BufReader::new(self.ask(method, path, body, answer_max)?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other("what answers there is not weir"))?;
        while !line.trim_end().is_empty() {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let mut body = vec![];
        reader.read_to_end(&mut body)?;
        Ok((status, body))
    }

    fn ask(&self, method: &str, path: &str, body: &[u8], answer_max: Duration) -> std::io::Result<TcpStream> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(answer_max))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.host,
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        Ok(stream)
    }

    /// A connection to the first of the host's addresses that takes it.
    fn connect(&self) -> std::io::Result<TcpStream> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut failed = std::io::Error::other("the name has no address");
        for address in (host, self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_MAX) {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weir_is_where_a_url_says() {
        let of = |url: &str| {
            Remote::of(url).map(|remote| (remote.host, remote.port)).map_err(|failure| failure.code)
        };
        assert_eq!(of("http://127.0.0.1:4701"), Ok(("127.0.0.1".to_owned(), 4701)));
        assert_eq!(of("http://localhost:4566/"), Ok(("localhost".to_owned(), 4566)));
        assert_eq!(of("http://[::1]:4566"), Ok(("[::1]".to_owned(), 4566)));
        assert_eq!(of("http://weir.example"), Ok(("weir.example".to_owned(), 80)));
        for url in [
            "https://ec2.us-east-1.amazonaws.com",
            "127.0.0.1:4566",
            "http://a/b",
            "http://a/?b",
            "",
            "http://",
        ] {
            assert_eq!(of(url), Err(2), "{url}");
        }
    }

    #[test]
    fn a_port_goes_before_the_environment() {
        assert_eq!(Remote::at(&At { port: Some(4701) }).ok(), Some(Remote::on(4701)));
    }
}
