//! URLs, as far as curl needs them here.

use super::{Failure, code};

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// As it was given, with a scheme.
    pub(super) text: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
}

impl Url {
    /// Reads a URL; without a scheme it is http://.
    pub(super) fn parse(text: &str) -> Result<Url, Failure> {
        if text.contains(|letter: char| letter == ' ' || letter.is_ascii_control()) {
            let message = "(3) URL rejected: Malformed input to a URL function".to_owned();
            return Err((code::MALFORMED_URL, message));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if !scheme.eq_ignore_ascii_case("http") {
            let message = format!("(1) Protocol \"{scheme}\" not supported or disabled in libcurl");
            return Err((code::UNSUPPORTED, message));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, "")) => (host, "80"),
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "80"),
        };
        let bad = || "(3) URL rejected: Port number was not a decimal number between 0 and 65535".to_owned();
        let port = port.parse().map_err(|_| (code::MALFORMED_URL, bad()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err((code::MALFORMED_URL, "(3) URL rejected: No host part in the URL".to_owned()));
        }
        Ok(Url { text: format!("http://{rest}"), host, port, path })
    }

    /// Appends data to what is asked for.
    pub(super) fn ask(&mut self, data: &str) {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{sign}{data}", self.path);
        self.text = format!("http://{}{}", self.authority(), self.path);
    }

    /// Where a `location` that was found here leads: a whole URL, a path of the same host, or one beside this path (RFC 3986,
    /// section 5.2, without dots).
    pub(super) fn join(&self, location: &str) -> String {
        let base = format!("http://{}", self.authority());
        if location.contains("://") {
            location.to_owned()
        } else if let Some(rest) = location.strip_prefix("//") {
            format!("http://{rest}")
        } else if location.starts_with('/') {
            base + location
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            format!("{base}{folder}{location}")
        }
    }

    /// What the Host header says.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let rows = [
            ("10.0.0.5", "10.0.0.5", 80, "/", "10.0.0.5"),
            ("http://web:8080/a?b=c#d", "web", 8080, "/a?b=c", "web:8080"),
            ("web:/x", "web", 80, "/x", "web"),
            ("HTTP://web?x", "web", 80, "/?x", "web"),
            ("http://[2001:db8::1]:81/", "2001:db8::1", 81, "/", "[2001:db8::1]:81"),
            ("http://[2001:db8::1]", "2001:db8::1", 80, "/", "[2001:db8::1]"),
        ];
        for (text, host, port, path, authority) in rows {
            let url = Url::parse(text).expect("a URL");
            let Url { host: found, port: number, path: rest, .. } = &url;
            assert_eq!((found.as_str(), *number, rest.as_str()), (host, port, path), "{text}");
            assert_eq!(url.authority(), authority);
        }
    }

    #[test]
    fn a_location_may_be_a_part_of_a_url() {
        let url = Url::parse("http://web:81/a/b?c").expect("a URL");
        let rows = [
            ("http://other/", "http://other/"),
            ("//other/x", "http://other/x"),
            ("/x", "http://web:81/x"),
            ("x?y", "http://web:81/a/x?y"),
        ];
        for (location, expected) in rows {
            assert_eq!(url.join(location), expected, "{location}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for (text, expected) in [
            ("https://a", 1),
            ("http://a:x/", 3),
            ("http:///a", 3),
            ("", 3),
            ("http://a/ b", 3),
            ("a\r\nb", 3),
        ] {
            assert_eq!(Url::parse(text).map_err(|(code, _)| code), Err(expected), "{text}");
        }
    }
}
