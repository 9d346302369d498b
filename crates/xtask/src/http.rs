//! A small HTTP/1.1 client for measuring servers: one connection, one request at a time; kept open if the server does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to answer before a measurement is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// One connection; a new one for each request to a server that closes it.
pub struct Connection {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
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
        Ok(Connection { port, stream: Some(connect(port)?) })
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
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.port)?,
        };
        stream.get_mut().write_all(&request).map_err(|error| error.to_string())?;
        let (answer, is_kept) = answer(&mut stream).map_err(|error| error.to_string())?;
        self.stream = is_kept.then_some(stream);
        Ok(answer)
    }
}

fn connect(port: u16) -> Result<BufReader<TcpStream>, String> {
    let stream =
        TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).map_err(|error| error.to_string())?;
    stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(ANSWER_MAX)))
        .map_err(|e| e.to_string())?;
    Ok(BufReader::new(stream))
}

/// The answer, and whether the server keeps the connection.
fn answer(stream: &mut BufReader<TcpStream>) -> std::io::Result<(Answer, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("not HTTP: {line}")))?;
    let mut is_kept = line.starts_with("HTTP/1.1");
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
            Some(("transfer-encoding", _)) => return Err(std::io::Error::other("a chunked answer")),
            Some(("connection", value)) => is_kept &= value.trim() != "close",
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((Answer { status, body }, is_kept))
}

/// A signature header with the scope that servers look at; nobody here checks the signature.
fn authorization(service: &str) -> String {
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    )
}
