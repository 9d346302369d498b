//! Signature Version 4 in a header.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header" (read 2026-11); the tests
//! are its examples.

use std::fmt::Write;

use chrono::DateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};

use crate::credentials::Credentials;

/// What stays as it is in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What stays as it is in a path: its slashes, too.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// Names and values, of headers or of a query.
pub type Pairs = Vec<(&'static str, String)>;

/// A request before it is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// `http` or `https`.
    pub scheme: String,
    /// The host, with its port unless it is the scheme's own.
    pub host: String,
    /// The path, not encoded, from its slash on.
    pub path: String,
    /// The query, not encoded.
    pub query: Pairs,
    /// Other headers, in lower case.
    pub headers: Pairs,
    /// The body.
    pub body: String,
}

/// What a signature is for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The Region.
    pub region: &'a str,
    /// The service, as `s3`.
    pub service: &'static str,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

impl Request {
    /// The address with its query.
    pub fn url(&self) -> String {
        let query = self.encoded_query();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}://{}{}{mark}{query}", self.scheme, self.host, encoded(&self.path, PATH))
    }

    fn encoded_query(&self) -> String {
        let mut pairs: Vec<String> = vec![];
        for (name, value) in &self.query {
            pairs.push(format!("{}={}", encoded(name, QUERY), encoded(value, QUERY)));
        }
        pairs.sort();
        pairs.join("&")
    }

    /// Adds the headers that sign it.
    pub fn sign(&mut self, credentials: &Credentials, scope: Scope<'_>) {
        let Scope { region, service, now_ms } = scope;
        let time = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
        let (time, day) = (time.format("%Y%m%dT%H%M%SZ").to_string(), time.format("%Y%m%d").to_string());
        let payload = sha256(self.body.as_bytes());
        self.headers.push(("x-amz-content-sha256", payload.clone()));
        self.headers.push(("x-amz-date", time.clone()));
        if let Some(token) = &credentials.session_token {
            self.headers.push(("x-amz-security-token", token.clone()));
        }
        let (names, headers) = self.canonical_headers();
        let (path, query) = (encoded(&self.path, PATH), self.encoded_query());
        let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", self.method);
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
        for text in [&day, region, service, "aws4_request"] {
            key = hmac_sha256(&key, text);
        }
        let signature = hex(&hmac_sha256(&key, &to_sign));
        let key_id = &credentials.access_key_id;
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
        );
        self.headers.push(("authorization", authorization));
    }

    /// The names of all headers, and the headers, in the order of names.
    fn canonical_headers(&self) -> (String, String) {
        let mut headers: Vec<(&str, &str)> = vec![("host", &self.host)];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.trim())));
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        (names.join(";"), headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect())
    }
}

fn encoded(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the examples.
    fn example() -> Credentials {
        Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            ..Credentials::default()
        }
    }

    fn get(path: &str, query: &[(&'static str, &str)], headers: &[(&'static str, &str)]) -> Request {
        let owned = |pairs: &[(&'static str, &str)]| {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        Request {
            method: "GET",
            scheme: "https".to_owned(),
            host: "examplebucket.s3.amazonaws.com".to_owned(),
            path: path.to_owned(),
            query: owned(query),
            headers: owned(headers),
            body: String::new(),
        }
    }

    #[test]
    fn the_signatures_of_the_reference_come_out() {
        // 2013-05-24T00:00:00Z.
        let scope = Scope { region: "us-east-1", service: "s3", now_ms: 1_369_353_600_000 };
        for (mut request, expected) in [
            (
                get("/test.txt", &[], &[("range", "bytes=0-9")]),
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                get("/", &[("lifecycle", "")], &[]),
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                get("/", &[("prefix", "J"), ("max-keys", "2")], &[]),
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            request.sign(&example(), scope);
            let authorization = request.headers.last().expect("a header").1.clone();
            assert!(authorization.ends_with(expected), "{}: {authorization}", request.url());
        }
    }

    #[test]
    fn an_address_is_encoded_as_it_is_signed() {
        let request = get("/a b/c+d=é.gz", &[("prefix", "x/y=1 2"), ("a", "~")], &[]);
        let expected =
            "https://examplebucket.s3.amazonaws.com/a%20b/c%2Bd%3D%C3%A9.gz?a=~&prefix=x%2Fy%3D1%202";
        assert_eq!(request.url(), expected);
    }
}
