//! What has come of a response (RFC 9112), as far as curl looks at it.

use crate::text::Decoder;

/// Most bytes of a head: curl gives up on a longer one.
pub(super) const HEAD_BYTES_MAX: usize = 300 * 1024;

/// A response as far as it has come. Of its body it has what nobody has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    /// The head, without the empty line behind it.
    bytes: Vec<u8>,
    has_head: bool,
    body: Vec<u8>,
    /// What makes text of the body.
    decoder: Decoder,
    /// How many bytes of the body have come.
    received: usize,
}

impl Response {
    /// Takes in what has come. Beyond the length that the head tells there is no body.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.has_head {
            return self.receive_body(bytes);
        }
        // The end may have begun before.
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(bytes);
        let Some(end) = self.bytes[from..].windows(4).position(|window| window == b"\r\n\r\n") else {
            return;
        };
        let rest = self.bytes.split_off(from + end + 4);
        self.bytes.truncate(from + end);
        self.has_head = true;
        self.receive_body(&rest);
    }

    fn receive_body(&mut self, bytes: &[u8]) {
        let left = self.content_length().map_or(usize::MAX, |length| length - self.received.min(length));
        let bytes = &bytes[..bytes.len().min(left)];
        self.body.extend_from_slice(bytes);
        self.received += bytes.len();
    }

    /// Whether nothing has come.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether its head is complete.
    pub(super) fn has_head(&self) -> bool {
        self.has_head
    }

    /// Whether its head is longer than curl takes.
    pub(super) fn is_too_large(&self) -> bool {
        self.bytes.len() > HEAD_BYTES_MAX
    }

    /// How many bytes of its body have come.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Takes what has come of its body, as text: a letter of which some bytes are to come stays, unless it `is_over`.
    pub(super) fn take_text(&mut self, is_over: bool) -> String {
        self.decoder.take(&std::mem::take(&mut self.body), is_over)
    }

    /// Whether it is, or may become, a response of HTTP/1: anything else is HTTP/0.9, which has no head.
    pub(super) fn may_be_http(&self) -> bool {
        const BEGINNING: &[u8] = b"HTTP/";
        let common = self.bytes.len().min(BEGINNING.len());
        self.bytes[..common] == BEGINNING[..common]
    }

    /// The head as text, once it is complete.
    pub(super) fn head(&self) -> String {
        if self.has_head { String::from_utf8_lossy(&self.bytes).into_owned() } else { String::new() }
    }

    /// The value of a header, by its name.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let head = self.head();
        let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    /// How long its body is, if it says so.
    pub(super) fn content_length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }

    /// Its status; 0 if it has none.
    pub(super) fn status(&self) -> u16 {
        let line = self.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Where it sends who asked, if it is a redirect.
    pub(super) fn location(&self) -> Option<String> {
        self.header("location").filter(|_| matches!(self.status(), 301..=303 | 307 | 308))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(bytes: &[u8]) -> Response {
        let mut response = Response::default();
        response.receive(bytes);
        response
    }

    #[test]
    fn a_body_is_taken_as_it_comes() {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\naéxy and more".as_bytes();
        let (mut response, mut parts) = (Response::default(), Vec::new());
        for byte in bytes.chunks(1) {
            response.receive(byte);
            parts.push(response.take_text(false));
        }
        parts.retain(|part| !part.is_empty());
        assert_eq!(parts, ["a", "é", "x", "y"]);
        assert_eq!((response.received(), response.head().len()), (5, 34));
        let mut cut = Response::default();
        cut.receive("HTTP/1.1 200 OK\r\n\r\na\u{e9}".as_bytes().split_last().map_or(b"", |(_, rest)| rest));
        assert_eq!(cut.take_text(false), "a");
        assert_eq!(cut.take_text(true), "\u{10ffc3}");
    }

    #[test]
    fn a_response_begins_with_its_version() {
        let may = |bytes: &[u8]| response(bytes).may_be_http();
        for bytes in [&b""[..], b"H", b"HTTP/", b"HTTP/1.1 200 OK"] {
            assert!(may(bytes), "{bytes:?}");
        }
        for bytes in [&b"G"[..], b"SSH-2.0-OpenSSH_8.7\r\n", b"HTTX", b"\x00"] {
            assert!(!may(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn only_redirects_send_elsewhere() {
        let of = |status: &str| {
            response(format!("HTTP/1.1 {status}\r\nLOCATION: /x\r\n\r\n").as_bytes()).location()
        };
        assert_eq!(of("302 Found").as_deref(), Some("/x"));
        assert_eq!(of("201 Created"), None);
        assert_eq!(of("304 Not Modified"), None);
    }
}
