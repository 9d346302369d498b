//! What has come of a response (RFC 9112), as far as curl looks at it.

/// A response as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) bytes: Vec<u8>,
}

impl Response {
    /// Whether it is, or may become, a response of HTTP/1: anything else is HTTP/0.9, which has no head.
    pub(super) fn may_be_http(&self) -> bool {
        const BEGINNING: &[u8] = b"HTTP/";
        let common = self.bytes.len().min(BEGINNING.len());
        self.bytes[..common] == BEGINNING[..common]
    }

    /// Head and body, once the head is complete.
    pub(super) fn split(&self) -> Option<(&[u8], &[u8])> {
        let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some((&self.bytes[..end], &self.bytes[end + 4..]))
    }

    /// The head as text, once it is complete.
    pub(super) fn head(&self) -> String {
        self.split().map(|(head, _)| String::from_utf8_lossy(head).into_owned()).unwrap_or_default()
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

    #[test]
    fn a_response_begins_with_its_version() {
        let may = |bytes: &[u8]| Response { bytes: bytes.to_vec() }.may_be_http();
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
            let bytes = format!("HTTP/1.1 {status}\r\nLOCATION: /x\r\n\r\n").into_bytes();
            Response { bytes }.location()
        };
        assert_eq!(of("302 Found").as_deref(), Some("/x"));
        assert_eq!(of("201 Created"), None);
        assert_eq!(of("304 Not Modified"), None);
    }
}
