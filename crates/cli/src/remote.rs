//! Talking to a running weir over HTTP.

use crate::Failure;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a running weir may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long it may take to say that it is there; something else may listen on its port and say nothing.
const HEALTH_MAX: Duration = Duration::from_secs(2);

/// A running weir on this machine.
pub struct Remote {
    port: u16,
}

impl Remote {
    /// The weir on `port`, running or not.
    pub fn on(port: u16) -> Remote {
        Remote { port }
    }

    /// Whether it answers.
    pub fn is_running(&self) -> bool {
        self.exchange("GET", "/_weir/health", "", HEALTH_MAX).is_ok_and(|(status, _)| status == 200)
    }

    /// What a page of its own says.
    ///
    /// # Errors
    /// It is not running, or refuses.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, None)
    }

    /// What it answers to a request of its own.
    ///
    /// # Errors
    /// It is not running, or refuses.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, Some(body.to_string()))
    }

    fn send(&self, method: &str, path: &str, body: Option<String>) -> Result<Value, Failure> {
        let (status, body) = self.exchange(method, path, &body.unwrap_or_default(), ANSWER_MAX).map_err(
            |error| match error.kind() {
                std::io::ErrorKind::ConnectionRefused => Failure::new(
                    Failure::NOT_RUNNING,
                    format!("nothing runs on port {}; start it with: weir up", self.port),
                ),
                _ => Failure::new(Failure::FAILED, format!("port {}: {error}", self.port)),
            },
        )?;
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let stranger = format!("what listens on port {} is no weir", self.port);
        let reason = value.get("error").and_then(Value::as_str).unwrap_or(&stranger);
        match status {
            200..300 => Ok(value),
            404 => Err(Failure::new(Failure::NOT_FOUND, reason)),
            _ => Err(Failure::new(Failure::FAILED, reason)),
        }
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        body: &str,
        answer_max: Duration,
    ) -> std::io::Result<(u16, Vec<u8>)> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect_timeout(&address, CONNECT_MAX)?;
        stream.set_read_timeout(Some(answer_max))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
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
}
