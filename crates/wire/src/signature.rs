//! Signature Version 4: what is signed, with which key, and whether a request's signature is right.
//!
//! Source: IAM User Guide, "Create a signed AWS API request" (canonical request, string to sign, signing key); its
//! example and AWS's published test suite are the tests.

use crate::time::parse_basic;
use crate::{Credential, Protocol, Request, WireError, form, percent_encode};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use weir_model::Timestamp;

/// How far a signature's time may be from ours: 15 minutes.
pub const CLOCK_SKEW_MAX_MS: i64 = 15 * 60 * 1000;
/// Longest that a presigned request may be good for: seven days.
const EXPIRES_S_MAX: i64 = 7 * 24 * 3600;
/// SHA-256 works in blocks of so many bytes (FIPS 180-4).
const BLOCK: usize = 64;

type Hash = [u8; 32];

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSignature {
    /// The request does not say when it was signed, or says it in another form than `20240102T030405Z`.
    NoTime,
    /// It was signed too long ago, or too far in the future; with the time it names.
    Expired(String),
    /// The signature, its scope's date or the payload's hash differ from what they should be.
    Mismatch,
}

impl BadSignature {
    /// The refusal, in the words of `protocol`.
    pub fn refusal(&self, protocol: Protocol) -> WireError {
        const CREDENTIALS: &str = "AWS was not able to validate the provided access credentials";
        const CALCULATED: &str = "The request signature we calculated does not match the signature you provided. Check \
            your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        let error = match (self, protocol) {
            (BadSignature::NoTime, _) => {
                WireError::new("IncompleteSignature", "Date must be in ISO-8601 'basic format'.")
            }
            (BadSignature::Expired(_), Protocol::Ec2) => {
                WireError::new("RequestExpired", "Request has expired.")
            }
            (BadSignature::Expired(time), _) => WireError::new(
                "SignatureDoesNotMatch",
                format!("Signature expired: {time} is more than 15 min. away"),
            ),
            (BadSignature::Mismatch, Protocol::Ec2) => WireError::new("AuthFailure", CREDENTIALS),
            (BadSignature::Mismatch, _) => WireError::new("SignatureDoesNotMatch", CALCULATED),
        };
        if protocol.is_json() { error.into_exception() } else { error }
    }
}

impl Credential {
    /// Whether `request`, from which this credential was read, was signed with `secret` at about `now`.
    ///
    /// # Errors
    /// A [`BadSignature`].
    pub fn verify(&self, request: &Request, secret: &str, now: Timestamp) -> Result<(), BadSignature> {
        let query = form::pairs(request.query.as_bytes()).unwrap_or_default();
        let in_query =
            |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let time = request.header("x-amz-date").or(in_query("X-Amz-Date")).ok_or(BadSignature::NoTime)?;
        let signed_ms = parse_basic(time).ok_or(BadSignature::NoTime)?;
        let expires = in_query("X-Amz-Expires").and_then(|text| text.parse().ok());
        let valid_ms = expires.map_or(CLOCK_SKEW_MAX_MS, |s: i64| s.clamp(0, EXPIRES_S_MAX) * 1000);
        if signed_ms > now.0.saturating_add(CLOCK_SKEW_MAX_MS) || now.0 > signed_ms + valid_ms {
            return Err(BadSignature::Expired(time.to_owned()));
        }
        let signature = self.signature(request, secret, time);
        let is_right =
            time.starts_with(&self.date) && is_same(signature.as_bytes(), self.signature.as_bytes());
        if is_right && is_payload(request) { Ok(()) } else { Err(BadSignature::Mismatch) }
    }

    /// The signature that `request` should carry if it was signed with `secret` at `time` (`20240102T030405Z`).
    pub fn signature(&self, request: &Request, secret: &str, time: &str) -> String {
        let canonical = canonical_request(request, &self.signed_headers);
        let hash = hex(&Sha256::digest(canonical.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{hash}", self.scope());
        hex(&hmac(&self.key(secret), text.as_bytes()))
    }

    /// The key for this day, region and service.
    fn key(&self, secret: &str) -> Hash {
        let region = self.region.to_string();
        let parts = [self.date.as_str(), region.as_str(), self.service.as_str(), "aws4_request"];
        let first = hmac(format!("AWS4{secret}").as_bytes(), parts[0].as_bytes());
        parts[1..].iter().fold(first, |key, part| hmac(&key, part.as_bytes()))
    }
}

/// The request as it is signed: method, path, query, headers, their names, and the payload's hash.
fn canonical_request(request: &Request, signed_headers: &[String]) -> String {
    let path = if request.path.is_empty() { "/" } else { &request.path };
    let headers: String = signed_headers.iter().map(|name| canonical_header(request, name)).collect();
    let payload = match request.header("x-amz-content-sha256") {
        Some(hash) => hash.to_owned(),
        None => hex(&Sha256::digest(&request.body)),
    };
    let (query, names) = (canonical_query(&request.query), signed_headers.join(";"));
    format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", request.method)
}

/// The query sorted by name and value, encoded anew, without the signature itself.
fn canonical_query(query: &str) -> String {
    let pairs = form::pairs(query.as_bytes()).unwrap_or_default();
    let signed = pairs.iter().filter(|(name, _)| name != "X-Amz-Signature");
    let mut pairs: Vec<_> =
        signed.map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A line `name:value`; a header given several times has its values joined, runs of spaces are one space.
fn canonical_header(request: &Request, name: &str) -> String {
    let given = request.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
    let values: Vec<String> =
        given.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    format!("{name}:{}\n", values.join(","))
}

/// Whether the body is the one whose hash was signed. Some clients sign the words `UNSIGNED-PAYLOAD` instead.
fn is_payload(request: &Request) -> bool {
    let hash = request.header("x-amz-content-sha256");
    hash.is_none_or(|hash| hash == "UNSIGNED-PAYLOAD" || hash == hex(&Sha256::digest(&request.body)))
}

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> Hash {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Bytes in hexadecimal, lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A String is a sink that never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares in a time that depends only on the lengths.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Service, Signer};
    use proptest::prelude::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    /// 2015-08-30T12:36:00Z.
    const SIGNED: Timestamp = Timestamp(1_440_938_160_000);

    fn request(query: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { method: "GET".into(), path: "/".into(), query: query.into(), headers, body: Vec::new() }
    }

    /// The example of "Create a signed AWS API request".
    fn example() -> (Request, Credential) {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date, \
            Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("Host", "iam.amazonaws.com"),
            ("X-Amz-Date", "20150830T123600Z"),
            ("Authorization", authorization),
        ];
        let credential = Credential::of_header(authorization).expect("complete");
        (request("Action=ListUsers&Version=2010-05-08", &headers), credential)
    }

    #[test]
    fn the_documented_example_holds() {
        let (request, credential) = example();
        assert_eq!(
            hex(&credential.key(SECRET)),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
        assert_eq!(credential.verify(&request, SECRET, SIGNED), Ok(()));
    }

    #[test]
    fn what_was_changed_does_not_hold() {
        let (request, credential) = example();
        let check = |request: &Request, secret| credential.verify(request, secret, SIGNED);
        assert_eq!(check(&request, "other"), Err(BadSignature::Mismatch));
        assert_eq!(
            check(&Request { body: b"x".to_vec(), ..request.clone() }, SECRET),
            Err(BadSignature::Mismatch)
        );
        assert_eq!(
            check(&Request { query: "Action=ListRoles".into(), ..request.clone() }, SECRET),
            Err(BadSignature::Mismatch)
        );
        let mut hashed = request.clone();
        hashed.headers.push(("x-amz-content-sha256".into(), "0".repeat(64)));
        assert_eq!(check(&hashed, SECRET), Err(BadSignature::Mismatch));
    }

    #[test]
    fn a_signature_holds_for_fifteen_minutes() {
        let (request, credential) = example();
        let check = |ms: i64| credential.verify(&request, SECRET, SIGNED.plus_ms(ms)).is_ok();
        assert_eq!([-CLOCK_SKEW_MAX_MS, CLOCK_SKEW_MAX_MS].map(check), [true, true]);
        assert_eq!([-CLOCK_SKEW_MAX_MS - 1, CLOCK_SKEW_MAX_MS + 1].map(check), [false, false]);
        let undated = Request { headers: Vec::new(), ..request };
        assert_eq!(credential.verify(&undated, SECRET, SIGNED), Err(BadSignature::NoTime));
    }

    // AWS Signature Version 4 test suite: get-vanilla, get-vanilla-query-order-key-case.
    #[test]
    fn the_published_suite_holds() {
        let rows = [
            ("", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ];
        for (query, signature) in rows {
            let headers = [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")];
            let header = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            let credential = Credential::of_header(&header).expect("complete");
            assert_eq!(credential.verify(&request(query, &headers), SECRET, SIGNED), Ok(()), "{query}");
        }
    }

    // RFC 4231, test cases 2 and 6.
    #[test]
    fn hmac_takes_short_and_long_keys() {
        let short = hex(&hmac(b"Jefe", b"what do ya want for nothing?"));
        assert_eq!(short, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hex(&hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"));
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn each_protocol_refuses_in_its_own_words() {
        let said = |bad: BadSignature, protocol| {
            let error = bad.refusal(protocol);
            (error.status, error.code)
        };
        assert_eq!(said(BadSignature::Mismatch, Protocol::Ec2), (401, "AuthFailure"));
        assert_eq!(said(BadSignature::Mismatch, Protocol::Query), (403, "SignatureDoesNotMatch"));
        assert_eq!(said(BadSignature::Mismatch, Protocol::Json11), (400, "InvalidSignatureException"));
        assert_eq!(said(BadSignature::Expired(String::new()), Protocol::Ec2), (400, "RequestExpired"));
        assert_eq!(said(BadSignature::NoTime, Protocol::Json11), (400, "IncompleteSignatureException"));
    }

    proptest! {
        #[test]
        fn what_our_signer_signs_holds(secret in "\\PC{0,80}", value: String, body in "\\PC{0,40}") {
            let region = "eu-west-1".parse().expect("a region");
            let signer = Signer { access_key: "111122223333".into(), secret: secret.clone(), region };
            let requests = [
                signer.form(Service::Ec2, "CreateTags", &[("Tag.1.Value", &value)], SIGNED),
                signer.json(Service::Logs, "PutLogEvents", body.into_bytes(), SIGNED),
            ];
            for request in requests {
                let credential = request.clone().into_incoming().expect("an operation").credential.expect("signed");
                prop_assert_eq!(credential.verify(&request, &secret, SIGNED), Ok(()));
                let other = format!("{secret}x");
                prop_assert_eq!(credential.verify(&request, &other, SIGNED), Err(BadSignature::Mismatch));
            }
        }
    }
}
