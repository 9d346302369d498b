//! Who calls: the access key of the signature, which is then taken off, because nobody verifies it.
//!
//! What presigning moved from headers to the query is moved back. A presigned request is good until it expires.
//! Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)", "Using Query Parameters", and the
//! same of Signature Version 2, "Query String Request Authentication Alternative".

use crate::errors::denied;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use weir_model::{AccountId, RegionName, Timestamp};
use weir_wire::Credential;

/// Longest that a presigned request may be good: seven days.
const EXPIRES_MAX_S: i64 = 604_800;

/// Who calls, as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The root of an account, in the region it signed for; `None` where the key or an old signature says nothing.
    Account(Option<AccountId>, Option<RegionName>),
    /// Whoever has not signed.
    Anyone,
}

/// Reads who calls, and takes signatures off.
pub(crate) fn take(head: &mut Parts, now: Timestamp) -> S3Result<Caller> {
    let header = head.headers.remove(AUTHORIZATION);
    let pairs = weir_wire::query_pairs(head.uri.query().unwrap_or_default().as_bytes())
        .map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?;
    let find = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let caller = match header {
        Some(header) => of_header(header.to_str().unwrap_or_default())?,
        None if find("X-Amz-Credential").is_some() => presigned(&pairs, now)?,
        None if find("AWSAccessKeyId").is_some() => {
            let expires = find("Expires").and_then(|text| text.parse().ok()).unwrap_or(0);
            check_expiry(expires, now)?;
            Caller::Account(find("AWSAccessKeyId").and_then(|key| key.parse().ok()), None)
        }
        None => return Ok(Caller::Anyone),
    };
    unhoist(head, &pairs)?;
    Ok(caller)
}

fn of_header(header: &str) -> S3Result<Caller> {
    if let Some(old) = header.strip_prefix("AWS ") {
        let key = old.split(':').next().unwrap_or_default();
        return Ok(Caller::Account(key.parse().ok(), None));
    }
    let credential = Credential::of_header(header);
    let malformed = |error: weir_wire::WireError| {
        s3_error!(AuthorizationHeaderMalformed, "The authorization header is malformed; {}", error.message)
    };
    credential
        .map(|credential| Caller::Account(credential.account(), Some(credential.region)))
        .map_err(malformed)
}

fn presigned(pairs: &[(String, String)], now: Timestamp) -> S3Result<Caller> {
    let wrong = || {
        S3Error::with_message(
            S3ErrorCode::AuthorizationQueryParametersError,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    };
    let credential = Credential::of_query(pairs).ok_or_else(wrong)?.map_err(|_| wrong())?;
    let find = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let date = find("X-Amz-Date").and_then(weir_wire::parse_basic).ok_or_else(wrong)?;
    let refused = |message: &str| {
        S3Error::with_message(S3ErrorCode::AuthorizationQueryParametersError, message.to_owned())
    };
    let expires = find("X-Amz-Expires").ok_or_else(wrong)?;
    let expires: i64 = expires.parse().map_err(|_| refused("X-Amz-Expires should be a number"))?;
    match expires {
        ..0 => return Err(refused("X-Amz-Expires must be non-negative")),
        0..=EXPIRES_MAX_S => check_expiry(date / 1000 + expires, now)?,
        _ => {
            return Err(refused(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
            ));
        }
    }
    Ok(Caller::Account(credential.account(), Some(credential.region)))
}

fn check_expiry(until_s: i64, now: Timestamp) -> S3Result<()> {
    if now.0 / 1000 > until_s { Err(denied("Request has expired")) } else { Ok(()) }
}

/// Parameters of signatures, lower case.
const SIGNING: [&str; 10] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "expires",
];

/// Takes the parameters of the signature out of the query, and makes headers of those that were headers.
fn unhoist(head: &mut Parts, pairs: &[(String, String)]) -> S3Result<()> {
    let mut kept = vec![];
    for (name, value) in pairs {
        let lower = name.to_ascii_lowercase();
        match lower.strip_prefix("x-amz-") {
            _ if SIGNING.contains(&lower.as_str()) => {}
            Some(_) => {
                let invalid = || S3Error::new(S3ErrorCode::InvalidArgument);
                let header = HeaderName::try_from(&lower).map_err(|_| invalid())?;
                let value = HeaderValue::from_str(value).map_err(|_| invalid())?;
                head.headers.entry(header).or_insert(value);
            }
            None => kept.push(match value.is_empty() {
                true => weir_wire::percent_encode(name),
                false => format!("{}={}", weir_wire::percent_encode(name), weir_wire::percent_encode(value)),
            }),
        }
    }
    let path = head.uri.path();
    let target = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    let mut parts = head.uri.clone().into_parts();
    parts.path_and_query = Some(target.try_into().map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?);
    head.uri = parts.try_into().map_err(|_| S3Error::new(S3ErrorCode::InvalidURI))?;
    Ok(())
}
