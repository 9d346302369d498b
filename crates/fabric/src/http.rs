//! HTTP/1.1 messages, as far as simulated services need them: whole requests in, whole responses out.
//!
//! Source: RFC 9112.

use std::fmt::Write;

/// Most bytes of a request; a connection that sends more is answered 413 and closed.
pub(crate) const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// What the request line asks for, with its query.
    pub(crate) path: String,
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the bytes of a connection are so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The beginning of a request.
    Partial,
    /// A request, and how many bytes it has.
    Whole(Request, usize),
    /// No request, or one that is too long.
    Bad,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads the first request off `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Parsed {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if bytes.len() < REQUEST_BYTES_MAX { Parsed::Partial } else { Parsed::Bad };
        };
        let Some(mut request) = Request::parse_head(&bytes[..end]) else { return Parsed::Bad };
        let length = request.header("content-length").map_or(Ok(0), |length| length.trim().parse::<usize>());
        let Some(length) = length.ok().filter(|length| *length <= REQUEST_BYTES_MAX) else {
            return Parsed::Bad;
        };
        let Some(body) = bytes.get(end + 4..end + 4 + length) else { return Parsed::Partial };
        request.body = body.to_vec();
        Parsed::Whole(request, end + 4 + length)
    }

    fn parse_head(head: &[u8]) -> Option<Request> {
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, path, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !version.starts_with("HTTP/1.") || method.is_empty() {
            return None;
        }
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Request { method: method.to_owned(), path: path.to_owned(), headers, body: Vec::new() })
    }
}

/// A response, after which the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The TTL of the packets that carry it, if not the sender's own.
    pub(crate) ttl: Option<u8>,
}

impl Response {
    /// A response with a body of a media type.
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            headers: vec![("Content-Type", media_type.to_owned())],
            body: body.into(),
            ttl: None,
        }
    }

    /// The bytes of the response; those of one to a HEAD request have no body.
    pub(crate) fn bytes(&self, is_head: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        if !is_head {
            bytes.extend(&self.body);
        }
        bytes
    }
}

/// What RFC 9110 calls a status.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_when_all_of_it_is_there() {
        let bytes = b"PUT /x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET";
        for end in 0..bytes.len() - 3 {
            assert_eq!(Request::parse(&bytes[..end]), Parsed::Partial, "{end}");
        }
        let headers = [("host", "h"), ("content-length", "2")];
        let request = Request {
            method: "PUT".to_owned(),
            path: "/x?a=b".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: b"hi".to_vec(),
        };
        assert_eq!(Request::parse(bytes), Parsed::Whole(request, bytes.len() - 3));
    }

    #[test]
    fn what_is_no_request_is_bad() {
        let long = vec![b'x'; REQUEST_BYTES_MAX];
        for bytes in [
            &b"GET /\r\n\r\n"[..],
            b"GET / HTTP/2\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            &long,
        ] {
            assert_eq!(Request::parse(bytes), Parsed::Bad);
        }
    }
}
