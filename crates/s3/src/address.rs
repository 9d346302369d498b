//! Which requests are for S3, and which bucket a host names.
//!
//! Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets" and "Dual-stack and legacy endpoints".

use http::Request;
use http::header::{HOST, HeaderMap};
use http::request::Parts;
use http::uri::Uri;
use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};
use weir_wire::Credential;

/// Paths that are Weir's own: no bucket's name begins with an underscore.
const OWN: [&str; 3] = ["/_weir", "/_localstack", "/_aws"];
/// Headers that other protocols name their operations by.
const OTHERS: [&str; 2] = ["x-amz-target", "smithy-protocol"];
/// Domains of S3 endpoints, after `s3.`, `s3.REGION.` and the like.
const DOMAINS: [&str; 3] = ["amazonaws.com", "localhost.localstack.cloud", "localhost"];

/// Whether a request is for S3: it is signed for it, its host is one of S3's, or it is not signed for anything and its path
/// names something.
pub fn is_for_s3<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    let is_for_another = OTHERS.iter().any(|name| request.headers().contains_key(*name));
    if is_for_another || OWN.iter().any(|own| path.starts_with(own)) {
        return false;
    }
    match signed_for(request).as_deref() {
        Some(service) => service == "s3",
        None => {
            host(request.headers(), request.uri()).is_some_and(|host| split(host).is_some()) || path.len() > 1
        }
    }
}

/// The service that a request is signed for; with Signature Version 2, which is S3's alone here, that is S3.
fn signed_for<B>(request: &Request<B>) -> Option<String> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if let Some(header) = header {
        let credential = Credential::of_header(header).ok().map(|credential| credential.service);
        return credential.or_else(|| header.starts_with("AWS ").then(|| "s3".to_owned()));
    }
    let pairs = weir_wire::query_pairs(request.uri().query().unwrap_or_default().as_bytes()).ok()?;
    let scope = pairs.iter().find(|(name, _)| name == "X-Amz-Credential").map(|(_, value)| value);
    match scope {
        Some(scope) => scope.rsplit('/').nth(1).map(str::to_owned),
        None => pairs.iter().any(|(name, _)| name == "AWSAccessKeyId").then(|| "s3".to_owned()),
    }
}

/// The host that a request is sent to.
pub(crate) fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.host())
}

/// Whether the query of a request has a parameter.
pub(crate) fn has_parameter(head: &Parts, name: &str) -> bool {
    let pairs = weir_wire::query_pairs(head.uri.query().unwrap_or_default().as_bytes());
    pairs.is_ok_and(|pairs| pairs.iter().any(|(key, _)| key == name))
}

/// The bucket and the key that a request names, decoded; empty where it names none.
pub(crate) fn place(head: &Parts) -> (String, String) {
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = match host(&head.headers, &head.uri).and_then(bucket_of) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    (bucket.to_owned(), key.to_owned())
}

/// The bucket before the endpoint in a host name, empty if it is the endpoint itself; `None` if it is no endpoint of S3.
fn split(host: &str) -> Option<&str> {
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let domain = DOMAINS.iter().find_map(|domain| name.strip_suffix(domain)?.strip_suffix('.'))?;
    // From the right: `s3`, `s3-REGION`, `s3.REGION` or `s3.dualstack.REGION`; an interface endpoint has its name before.
    let labels: Vec<&str> = domain.split('.').collect();
    let is_s3 = |label: &&str| *label == "s3" || label.starts_with("s3-");
    let at = labels.iter().rposition(is_s3).filter(|at| labels.len() - at <= 3)?;
    Some(domain[..labels[..at].iter().map(|label| label.len() + 1).sum()].trim_end_matches('.'))
}

/// The bucket that a host names, if it names one.
pub(crate) fn bucket_of(host: &str) -> Option<&str> {
    split(host).map(endpoint_bucket).filter(|bucket| !bucket.is_empty())
}

/// Buckets as hosts.
pub(crate) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let found = VirtualHost::new(host);
        Ok(match bucket_of(host) {
            Some(bucket) => found.with_bucket(bucket),
            None => found,
        })
    }
}

/// Without the name of an interface endpoint: `BUCKET.bucket.vpce-…`, `bucket.vpce-…`.
fn endpoint_bucket(before: &str) -> &str {
    match before.rsplit_once("vpce-") {
        None => before,
        Some((rest, _)) => {
            let rest = rest.trim_end_matches('.');
            rest.strip_suffix("bucket").unwrap_or(rest).trim_end_matches('.')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms of hosts in the User Guide, and hosts that are none.
    #[test]
    fn buckets_are_found_in_hosts() {
        let rows = [
            ("bucket.s3.us-east-1.amazonaws.com", Some("bucket")),
            ("my.dotted.bucket.s3.eu-west-1.amazonaws.com:80", Some("my.dotted.bucket")),
            ("bucket.s3.amazonaws.com", Some("bucket")),
            ("bucket.s3-us-west-2.amazonaws.com", Some("bucket")),
            ("bucket.s3.dualstack.us-west-2.amazonaws.com", Some("bucket")),
            ("s3.us-east-1.amazonaws.com", Some("")),
            ("s3.localhost.localstack.cloud:4566", Some("")),
            ("bucket.s3.localhost.localstack.cloud:4566", Some("bucket")),
            ("s3.s3.us-east-1.amazonaws.com", Some("s3")),
            ("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", Some("")),
            ("photos.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", Some("photos")),
            ("localhost:4566", None),
            ("127.0.0.1:4566", None),
            ("ec2.us-east-1.amazonaws.com", None),
        ];
        for (host, expected) in rows {
            assert_eq!(split(host).map(endpoint_bucket), expected, "{host}");
        }
    }

    #[test]
    fn requests_are_for_s3_by_signature_host_or_path() {
        let scope = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            )
        };
        let check = |uri: &str, host: &str, authorization: Option<String>| {
            let mut request = Request::builder().uri(uri).header("host", host);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            is_for_s3(&request.body(()).expect("a request"))
        };
        let here = "127.0.0.1:4566";
        assert!(check("/", here, Some(scope("s3"))));
        assert!(check("/?X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", here, None));
        assert!(check("/b/k?AWSAccessKeyId=AK&Signature=x&Expires=1", here, None));
        assert!(check("/", here, Some("AWS AK:signature".into())));
        assert!(check("/bucket/key", here, None));
        assert!(check("/", "bucket.s3.us-east-1.amazonaws.com", None));
        assert!(!check("/", here, None));
        assert!(!check("/", here, Some(scope("ec2"))));
        assert!(!check("/bucket", here, Some(scope("sts"))));
        assert!(!check("/_weir/health", here, None));
        assert!(!check("/_localstack/health", here, Some(scope("s3"))));
        for (header, value) in
            [("x-amz-target", "Logs_20140328.DescribeLogGroups"), ("smithy-protocol", "rpc-v2-cbor")]
        {
            let unsigned =
                Request::builder().uri("/service/A/operation/B").header("host", here).header(header, value);
            assert!(!is_for_s3(&unsigned.body(()).expect("a request")), "{header}");
        }
    }
}
