//! S3 over HTTP, in process: requests and what is answered, a row each.

use crate::{CONTROL_OPERATIONS, Call, Missing, OPERATIONS, Passage, S3, Settings};
use http::{HeaderMap, Request};
use weir_buckets::Buckets;
use weir_model::Timestamp;

const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn service() -> S3 {
    let buckets = Buckets::in_memory().expect("buckets");
    let account = "000000000000".parse().expect("an account");
    S3::new(buckets, Settings { account, region: "us-east-1".parse().expect("a region"), seed: 1 })
}

fn scope(account: &str, region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/s3/aws4_request, SignedHeaders=host, Signature=0"
    )
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
    missing: Option<Missing>,
}

impl Answer {
    /// The status, and the code of the error if it is one.
    fn code(&self) -> String {
        let code = self.body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        code.map_or_else(|| self.status.to_string(), |(code, _)| format!("{} {code}", self.status))
    }
}

/// Sends `METHOD PATH`, with headers `Name: value` after it, signed for account 111111111111 unless they sign otherwise.
fn send_with(s3: &S3, line: &str, body: &[u8], passage: Option<Passage>) -> Answer {
    let mut parts = line.split(" | ");
    let (method, path) = parts.next().and_then(|line| line.split_once(' ')).expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:4566");
    let mut is_signed = path.contains("X-Amz-");
    for header in parts {
        let (name, value) = header.split_once(": ").expect("a name and a value");
        match name {
            "anyone" => is_signed = true,
            "host" => {
                drop(request.headers_mut().expect("headers").insert("host", value.parse().expect("a host")))
            }
            _ => {
                is_signed |= name == "authorization";
                request = request.header(name, value);
            }
        }
    }
    if !is_signed {
        request = request.header("authorization", scope("111111111111", "us-east-1"));
    }
    let request = request.body(body.to_vec()).expect("a request");
    let call = Call { now: NOW, source: None, passage };
    let (head, body) = s3.answer_whole(request, call).into_parts();
    let body = String::from_utf8_lossy(&body).into_owned();
    let missing = head.extensions.get().cloned();
    Answer { status: head.status.as_u16(), headers: head.headers, body, missing }
}

fn send(s3: &S3, line: &str, body: &[u8]) -> Answer {
    send_with(s3, line, body, None)
}

#[track_caller]
fn check(s3: &S3, rows: &[(&str, &str, &str)]) {
    for (line, body, expected) in rows {
        let answer = send(s3, line, body.as_bytes());
        assert_eq!(answer.code(), *expected, "{line}\n{}", answer.body);
    }
}

/// Codes and statuses are those of the API Reference's "List of error codes".
#[test]
fn refusals_have_their_codes() {
    let rows = [
        ("PUT /AB", "", "400 InvalidBucketName"),
        ("GET /none", "", "404 NoSuchBucket"),
        ("PUT /bucket", "", "200"),
        ("DELETE /bucket/none", "", "204"),
        ("GET /bucket/none", "", "404 NoSuchKey"),
        ("HEAD /bucket/none", "", "404"),
        ("PUT /bucket/k", "x", "200"),
        ("DELETE /bucket", "", "409 BucketNotEmpty"),
        ("PUT /bucket/k | if-none-match: *", "y", "412 PreconditionFailed"),
        ("PUT /bucket/k | if-match: \"none\"", "y", "412 PreconditionFailed"),
        ("PUT /bucket/new | if-match: \"none\"", "y", "404 NoSuchKey"),
        ("GET /bucket/k | range: bytes=1-", "", "416 InvalidRange"),
        ("GET /bucket/k | if-none-match: \"9dd4e461268c8034f5c8564e155c67a6\"", "", "304"),
        ("PUT /bucket/k | content-md5: AAAAAAAAAAAAAAAAAAAAAA==", "y", "400 BadDigest"),
        ("PUT /bucket/k | content-md5: AAAA", "y", "400 InvalidDigest"),
        ("PUT /bucket/k | x-amz-checksum-crc32: AAAAAA==", "y", "400 BadDigest"),
        ("PUT /bucket/k | x-amz-checksum-crc32: A", "y", "400 InvalidRequest"),
        ("PUT /bucket?policy", "[]", "400 MalformedPolicy"),
        ("PUT /bucket?tagging", "<x", "400 MalformedXML"),
        ("POST /bucket?delete", "<Delete></Delete>", "400 MalformedXML"),
        (
            "POST /bucket/k?uploadId=none",
            "<CompleteMultipartUpload></CompleteMultipartUpload>",
            "400 MalformedXML",
        ),
        ("PUT /bucket/k?partNumber=1&uploadId=none", "", "404 NoSuchUpload"),
        ("PUT /bucket/k?partNumber=0&uploadId=none", "", "400 InvalidArgument"),
        ("GET /bucket?list-type=2&continuation-token=%21", "", "400 InvalidArgument"),
        ("GET /bucket?max-keys=-1", "", "400 InvalidArgument"),
        ("GET /bucket | x-amz-expected-bucket-owner: 222222222222", "", "403 AccessDenied"),
        ("GET /bucket/k | anyone: ", "", "403 AccessDenied"),
        ("GET / | anyone: ", "", "403 AccessDenied"),
        ("GET /bucket/k", "", "200"),
    ];
    check(&service(), &rows);
}

/// API Reference, "ServerSideEncryptionByDefault": a key only with KMS; one rule.
#[test]
fn encryption_is_checked() {
    let rule = |said: &str| {
        format!(
            "<Rule><ApplyServerSideEncryptionByDefault>{said}</ApplyServerSideEncryptionByDefault></Rule>"
        )
    };
    let said = |rules: &str| {
        format!("<ServerSideEncryptionConfiguration>{rules}</ServerSideEncryptionConfiguration>")
    };
    let aes = rule("<SSEAlgorithm>AES256</SSEAlgorithm>");
    let keyed = |algorithm: &str| {
        said(&rule(&format!(
            "<SSEAlgorithm>{algorithm}</SSEAlgorithm><KMSMasterKeyID>alias/k e y</KMSMasterKeyID>"
        )))
    };
    let s3 = service();
    check(&s3, &[("PUT /bucket", "", "200")]);
    let rows = [
        (said(&aes), "200"),
        (said(""), "400 MalformedXML"),
        (said(&aes.repeat(2)), "400 MalformedXML"),
        (keyed("rot13"), "400 MalformedXML"),
        (keyed("AES256"), "400 InvalidArgument"),
        (keyed("aws:kms:dsse"), "200"),
    ];
    for (body, expected) in &rows {
        check(&s3, &[("PUT /bucket?encryption", body, expected)]);
    }
    let kept = send(&s3, "GET /bucket?encryption", b"").body;
    assert!(kept.contains("<KMSMasterKeyID>alias/k e y</KMSMasterKeyID>"), "{kept}");
    check(
        &s3,
        &[
            ("GET /none?encryption", "", "404 NoSuchBucket"),
            ("DELETE /none?encryption", "", "404 NoSuchBucket"),
        ],
    );
}

/// API Reference, "GetObjectAttributes": only what is asked for, an ETag without quotes, and `s3:GetObject` besides.
#[test]
fn attributes_are_those_asked_for() {
    let s3 = service();
    let policy = |action: &str| {
        let statement = format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":"arn:aws:s3:::bucket/*"}}"#
        );
        format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
    };
    check(&s3, &[("PUT /bucket", "", "200"), ("PUT /bucket/k", "abc", "200")]);
    let ask =
        |names: &str| send(&s3, &format!("GET /bucket/k?attributes | x-amz-object-attributes: {names}"), b"");
    let told = ask("ETag, ObjectSize").body;
    assert!(told.ends_with("<ETag>900150983cd24fb0d6963f7d28e17f72</ETag><ObjectSize>3</ObjectSize></GetObjectAttributesResponse>"), "{told}");
    assert!(ask("StorageClass").body.contains("><StorageClass>STANDARD</StorageClass><"));
    assert!(!ask("ObjectParts").body.contains("<ObjectParts>"), "it was put as a whole");
    assert_eq!(ask("Colour").code(), "400 InvalidArgument");
    check(
        &s3,
        &[
            ("GET /bucket/k?attributes", "", "400 InvalidRequest"),
            ("GET /bucket/none?attributes | x-amz-object-attributes: ETag", "", "404 NoSuchKey"),
        ],
    );
    for action in ["s3:GetObject", "s3:GetObjectAttributes"] {
        check(&s3, &[("PUT /bucket?policy", &policy(action), "204")]);
        assert_eq!(ask("ETag").code(), "403 AccessDenied", "{action}");
    }
}

/// User Guide, "Blocking public access": RestrictPublicBuckets holds for a policy that is there already.
#[test]
fn a_restricted_bucket_is_public_no_more() {
    let s3 = service();
    let public = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}"#;
    let block = "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
    check(
        &s3,
        &[
            ("PUT /bucket", "", "200"),
            ("PUT /bucket/k", "x", "200"),
            ("PUT /bucket?policy", public, "403 AccessDenied"),
            ("DELETE /bucket?publicAccessBlock", "", "204"),
            ("PUT /bucket?policy", public, "204"),
            ("GET /bucket/k | anyone: ", "", "200"),
            ("PUT /bucket?publicAccessBlock", block, "200"),
            ("GET /bucket/k | anyone: ", "", "403 AccessDenied"),
            ("GET /bucket/k", "", "200"),
            ("DELETE /bucket?publicAccessBlock", "", "204"),
            ("GET /bucket/k | anyone: ", "", "200"),
        ],
    );
}

/// API Reference, "TagResource", "UntagResource", "ListTagsForResource": tags are added to those that are there.
#[test]
fn buckets_are_tagged_by_arn() {
    let s3 = service();
    let path = "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Abucket";
    let account = "x-amz-account-id: 111111111111";
    let said = |tags: &str| format!("<TagResourceRequest><Tags>{tags}</Tags></TagResourceRequest>");
    let tag = |key: &str| format!("<Tag><Key>{key}</Key><Value>&lt;</Value></Tag>");
    let many: String = (0..50).map(|number| tag(&format!("k{number}"))).collect();
    let rows = [
        ("PUT /bucket".to_owned(), String::new(), "200"),
        (format!("POST {path} | {account}"), said(&tag("a")), "204"),
        (format!("POST {path} | host: 111111111111.localhost:4566"), said(&tag("b")), "204"),
        (format!("POST {path} | {account}"), said(&tag("aws:x")), "400 InvalidTag"),
        (format!("POST {path} | {account}"), said(&many), "400 BadRequest"),
        (format!("POST {path} | {account}"), "<x".to_owned(), "400 MalformedXML"),
        (format!("DELETE {path}?tagKeys=a&tagKeys=none | {account}"), String::new(), "204"),
        (format!("GET {path} | x-amz-account-id: 222222222222"), String::new(), "403 AccessDenied"),
        (format!("GET {path} | anyone:  | {account}"), String::new(), "403 AccessDenied"),
        (format!("GET /v20180820/tags/arn:aws:s3:::none | {account}"), String::new(), "404 NoSuchBucket"),
        (format!("GET /v20180820/accesspoint | {account}"), String::new(), "400 NotImplemented"),
        ("GET /v20180820/key".to_owned(), String::new(), "404 NoSuchBucket"),
    ];
    for (line, body, expected) in &rows {
        check(&s3, &[(line, body, expected)]);
    }
    let told = send(&s3, &format!("GET {path} | {account}"), b"").body;
    assert!(told.contains("<Tags><Tag><Key>b</Key><Value>&lt;</Value></Tag></Tags>"), "{told}");
    let refused = send(&s3, &format!("GET /v20180820/tags/arn:aws:s3:::none | {account}"), b"").body;
    assert!(refused.contains("<ErrorResponse><Error><Code>NoSuchBucket</Code>"), "{refused}");
    assert!(refused.contains("<BucketName>none</BucketName>"), "{refused}");
}

/// What is not there says so by name, with S3's status.
#[test]
fn what_is_missing_is_named() {
    let s3 = service();
    check(&s3, &[("PUT /bucket", "", "200")]);
    let rows = [
        ("PUT /bucket?versioning", "<VersioningConfiguration/>", "PutBucketVersioning"),
        ("GET /bucket?inventory&id=x", "", "GetBucketInventoryConfiguration"),
        ("PUT /bucket/k | x-amz-server-side-encryption: aws:kms", "", "Encryption with KMS keys"),
        ("PUT /bucket/k | x-amz-object-lock-mode: GOVERNANCE", "", "Object Lock"),
        (
            "PUT /bucket?encryption",
            "<ServerSideEncryptionConfiguration><Rule><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>",
            "Blocking types of encryption",
        ),
    ];
    for (line, body, what) in rows {
        let answer = send(&s3, line, body.as_bytes());
        assert_eq!(answer.code(), "400 NotImplemented", "{line}");
        assert!(answer.body.contains(&format!("{what} is not implemented by weir")), "{}", answer.body);
        assert_eq!(answer.missing, Some(Missing(what.to_owned())));
    }
}

/// API Reference, "Error responses".
#[test]
fn errors_name_what_they_are_about() {
    let s3 = service();
    let hosted = send(&s3, "GET /a/k | host: none.s3.us-east-1.amazonaws.com", b"");
    assert!(
        hosted.body.contains("<BucketName>none</BucketName><Resource>/a/k</Resource>"),
        "{}",
        hosted.body
    );
    check(&s3, &[("PUT /there", "", "200")]);
    let hosted = send(&s3, "GET /a/k | host: there.s3.us-east-1.amazonaws.com", b"");
    assert!(hosted.body.contains("<Key>a/k</Key>"), "{}", hosted.body);
    let answer = send(&s3, "GET /none/k", b"");
    for text in [
        "<Message>The specified bucket does not exist</Message>",
        "<BucketName>none</BucketName>",
        "<Resource>/none/k</Resource>",
        "<RequestId>",
        "<HostId>",
    ] {
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
    let id = answer.headers.get("x-amz-request-id").and_then(|id| id.to_str().ok()).expect("an id");
    assert!(id.len() == 16 && answer.body.contains(id));
}

#[test]
fn presigned_requests_expire() {
    let s3 = service();
    let query = |date: &str, seconds: &str| {
        format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=111111111111%2F20260101%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        )
    };
    let now = "20260101T000000Z";
    let rows = [
        (format!("PUT /bucket?{}", query(now, "60")), "200"),
        (format!("PUT /bucket/k?{}&x-amz-meta-colour=blue", query("20251231T235901Z", "60")), "200"),
        (format!("PUT /bucket/k?{}", query("20251231T235859Z", "60")), "403 AccessDenied"),
        (format!("PUT /bucket/k?{}", query(now, "604801")), "400 AuthorizationQueryParametersError"),
        (format!("PUT /bucket/k?{}", query(now, "-1")), "400 AuthorizationQueryParametersError"),
        (format!("PUT /bucket/k?{}", query(now, "soon")), "400 AuthorizationQueryParametersError"),
        (format!("PUT /bucket/k?{}", query("now", "60")), "400 AuthorizationQueryParametersError"),
        (
            "GET /bucket/k?AWSAccessKeyId=111111111111&Signature=x&Expires=1767225600 | anyone: ".to_owned(),
            "200",
        ),
        (
            "GET /bucket/k?AWSAccessKeyId=111111111111&Signature=x&Expires=1767225599 | anyone: ".to_owned(),
            "403 AccessDenied",
        ),
    ];
    for (line, expected) in &rows {
        check(&s3, &[(line, "", expected)]);
    }
    for (seconds, message) in [
        ("-1", "X-Amz-Expires must be non-negative"),
        ("soon", "X-Amz-Expires should be a number"),
        ("604801", "must be less than 604800 seconds"),
    ] {
        let answer = send(&s3, &format!("GET /bucket/k?{}", query(now, seconds)), b"");
        assert!(answer.body.contains(message), "{seconds}: {}", answer.body);
    }
    let head = send(&s3, "HEAD /bucket/k", b"");
    assert_eq!(head.headers.get("x-amz-meta-colour").map(|value| value.as_bytes()), Some(&b"blue"[..]));
}

/// Numbers that are none of entries are refused by the name of their argument.
#[test]
fn a_page_has_no_negative_number_of_entries() {
    let s3 = service();
    check(&s3, &[("PUT /bucket", "", "200"), ("PUT /bucket/k", "abc", "200")]);
    let begun = send(&s3, "POST /bucket/k?uploads", b"").body;
    let id = begun.split_once("<UploadId>").and_then(|(_, rest)| rest.split_once('<')).expect("an id").0;
    let attributes = "GET /bucket/k?attributes | x-amz-object-attributes: ObjectParts";
    for (line, argument) in [
        ("GET /bucket?max-keys=-1".to_owned(), "maxKeys"),
        ("GET /bucket?uploads&max-uploads=-1".to_owned(), "max-uploads"),
        (format!("GET /bucket/k?uploadId={id}&max-parts=-1"), "max-parts"),
        (format!("GET /bucket/k?uploadId={id}&part-number-marker=-42"), "part-number-marker"),
        (format!("{attributes} | x-amz-max-parts: -1"), "max-parts"),
        (format!("{attributes} | x-amz-part-number-marker: -1"), "part-number-marker"),
    ] {
        let answer = send(&s3, &line, b"");
        let message = format!("Argument {argument} must be an integer between 0 and 2147483647");
        assert_eq!(answer.code(), "400 InvalidArgument", "{line}");
        assert!(answer.body.contains(&message), "{line}: {}", answer.body);
    }
}

/// A part or a setting whose bytes are not what their checksum says changes nothing.
#[test]
fn wrong_checksums_are_refused_everywhere() {
    let s3 = service();
    check(&s3, &[("PUT /bucket", "", "200")]);
    let begun = send(&s3, "POST /bucket/k?uploads", b"").body;
    let id = begun.split_once("<UploadId>").and_then(|(_, rest)| rest.split_once('<')).expect("an id").0;
    let (md5, crc) = ("content-md5: AAAAAAAAAAAAAAAAAAAAAA==", "x-amz-checksum-crc32: AAAAAA==");
    let part = format!("/bucket/k?partNumber=1&uploadId={id}");
    for sum in [md5, crc] {
        check(&s3, &[(&format!("PUT {part} | {sum}"), "x", "400 BadDigest")]);
        check(&s3, &[(&format!("PUT /bucket?policy | {sum}"), "{}", "400 BadDigest")]);
        check(&s3, &[(&format!("POST /bucket?delete | {sum}"), "<Delete/>", "400 BadDigest")]);
    }
    let parts = send(&s3, &format!("GET /bucket/k?uploadId={id}"), b"").body;
    assert!(!parts.contains("<Part>"), "{parts}");
    check(&s3, &[("GET /bucket?policy", "", "404 NoSuchBucketPolicy")]);
}

#[test]
fn an_endpoint_lets_pass_what_its_policy_allows() {
    let s3 = service();
    check(&s3, &[("PUT /bucket", "", "200"), ("PUT /bucket/k", "x", "200"), ("PUT /other", "", "200")]);
    let statement =
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}"#;
    let passage = Passage {
        policy: Some(format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)),
        context: [("aws:sourcevpce".to_owned(), vec!["vpce-1a2b3c4d".to_owned()])].into(),
    };
    let ask = |line: &str| send_with(&s3, line, b"", Some(passage.clone())).code();
    assert_eq!(ask("GET /bucket/k"), "200");
    assert_eq!(ask("PUT /bucket/k"), "403 AccessDenied");
    assert_eq!(ask("GET /bucket?list-type=2"), "403 AccessDenied");
    assert_eq!(ask("GET /other/k"), "403 AccessDenied");
    let here = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bucket/*",
        "Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}}"#;
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{here}]}}"#);
    assert_eq!(send(&s3, "PUT /bucket?policy", policy.as_bytes()).code(), "204");
    assert_eq!(ask("GET /bucket/k"), "200");
    assert_eq!(send(&s3, "GET /bucket/k", b"").code(), "403 AccessDenied", "only through the endpoint");
    assert_eq!(send(&s3, "DELETE /bucket?policy", b"").code(), "204", "the owner can always mend it");
}

#[test]
fn operations_are_listed_once() {
    let all = || OPERATIONS.iter().chain(CONTROL_OPERATIONS);
    let names: std::collections::BTreeSet<_> = all().map(|row| row.name).collect();
    assert_eq!(names.len(), OPERATIONS.len() + CONTROL_OPERATIONS.len());
    assert!(all().all(|row| row.action.starts_with("s3:")));
}
