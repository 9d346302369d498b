//! A small HTTP/1.1 client for measuring servers: one connection, kept open, one request at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to answer before a measurement is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// One open connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

/// What a server answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects to a server on this machine.
    ///
    /// # Errors
    /// Nothing listens there.
    pub fn open(port: u16) -> Result<Connection, String> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(ANSWER_MAX)))
            .map_err(|e| e.to_string())?;
        Ok(Connection { stream: BufReader::new(stream) })
    }

    /// Posts a form to a Query service such as EC2.
    ///
    /// # Errors
    /// The connection broke, or the answer is not HTTP.
    pub fn form(&mut self, service: &str, body: &str) -> Result<Answer, String> {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n{}",
            authorization(service)
        );
        self.send(&head, body.as_bytes())
    }

    /// Posts a JSON 1.1 request, its operation named by `target`.
    ///
    /// # Errors
    /// The connection broke, or the answer is not HTTP.
    pub fn json(&mut self, service: &str, target: &str, body: &[u8]) -> Result<Answer, String> {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}\r\n{}",
            authorization(service)
        );
        self.send(&head, body)
    }

    fn send(&mut self, head: &str, body: &[u8]) -> Result<Answer, String> {
        let mut request = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request).map_err(|error| error.to_string())?;
        self.answer().map_err(|error| error.to_string())
    }

    fn answer(&mut self) -> std::io::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("not HTTP: {line}")))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
                Some(("transfer-encoding", _)) => chunked = true,
                _ if line.is_empty() => break,
                _ => {}
            }
        }
        if chunked {
            return Err(std::io::Error::other("a chunked answer"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }
}

/// A signature header with the scope that servers look at; nobody here checks the signature.
fn authorization(service: &str) -> String {
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    )
}
