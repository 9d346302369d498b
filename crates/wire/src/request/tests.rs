//! Requests as clients send them. Source: the example of SigV4 in AWS General Reference, requests of botocore 1.44 and
//! the aws CLI for the targets and media types.

use super::*;
use proptest::prelude::*;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

fn authorization(key: &str, region: &str, service: &str) -> String {
    let scope = format!("{key}/20240102/{region}/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0123abcd")
}

fn request(headers: &[(&str, &str)], body: &[u8]) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { method: "POST".into(), path: "/".into(), query: String::new(), headers, body: body.to_vec() }
}

fn form(service: &str, body: &str) -> Request {
    let authorization = authorization("test", "eu-west-1", service);
    request(&[("Content-Type", FORM), ("Authorization", &authorization)], body.as_bytes())
}

/// `Service Action key@region`, or `Protocol code`.
fn shown(request: Request) -> String {
    match request.into_incoming() {
        Ok(Incoming { service, action, credential, .. }) => {
            let by =
                credential.map_or("unsigned".to_owned(), |by| format!("{}@{}", by.access_key, by.region));
            format!("{service:?} {action} {by}")
        }
        Err(Refusal { protocol, error, .. }) => format!("{protocol:?} {} {}", error.status, error.code),
    }
}

#[test]
fn forms_are_told_apart_by_what_they_are_signed_for() {
    let body = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1";
    assert_eq!(shown(form("ec2", body)), "Ec2 DescribeVpcs test@eu-west-1");
    assert_eq!(shown(form("iam", "Action=GetRole&Version=2010-05-08")), "Iam GetRole test@eu-west-1");
    assert_eq!(
        shown(form("sts", "Action=GetCallerIdentity&Version=2011-06-15")),
        "Sts GetCallerIdentity test@eu-west-1"
    );
}

#[test]
fn bodies_come_out_of_gzip() {
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text).expect("memory");
        encoder.finish().expect("memory")
    };
    let json = |encoding: &str, body: &[u8]| {
        let target = ("X-Amz-Target", "Logs_20140328.PutLogEvents");
        let media_type = ("Content-Type", "application/x-amz-json-1.1");
        request(&[target, media_type, ("content-encoding", encoding)], body)
    };
    let text = br#"{"logGroupName": "g"}"#;
    let incoming = json("GZIP", &gzip(text)).into_incoming().expect("sound");
    assert!(matches!(incoming.payload, Payload::Json(body) if body == text));
    let form = request(
        &[("content-type", FORM), ("content-encoding", "gzip")],
        &gzip(b"Action=GetCallerIdentity&Version=2011-06-15"),
    );
    assert_eq!(shown(form), "Sts GetCallerIdentity unsigned");
    // Not what it says it is, cut off, of another encoding, and small only as long as it is compressed.
    let whole = gzip(text);
    for wrong in [json("gzip", text), json("gzip", &whole[..whole.len() - 9]), json("br", &whole)] {
        assert_eq!(shown(wrong), "Json11 400 SerializationException");
    }
    let bomb = gzip(&vec![b' '; JSON_BYTES_MAX + 1]);
    assert_eq!(shown(json("gzip", &bomb)), "Json11 413 RequestEntityTooLargeException");
}

#[test]
fn a_service_of_json_says_that_forms_are_not_its_own_here() {
    let refusal = form("ssm", "Action=ListCommands&Version=2014-11-06").into_incoming().expect_err("a form");
    let said = "The action ListCommands of ssm over the Query protocol is not valid for this web service: not \
        implemented by weir.";
    assert_eq!(refusal.error.message, said);
}

#[test]
fn unsigned_forms_are_told_apart_by_version() {
    let body = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    assert_eq!(shown(request(&[("content-type", FORM)], body)), "Sts AssumeRoleWithWebIdentity unsigned");
    assert_eq!(shown(request(&[], body)), "Sts AssumeRoleWithWebIdentity unsigned");
}

#[test]
fn a_presigned_get_is_a_request() {
    let query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20240102%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20240102T030405Z\
        &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0123abcd";
    let request = Request { method: "GET".into(), query: query.into(), ..Request::default() };
    assert_eq!(shown(request.clone()), "Sts GetCallerIdentity AKIDEXAMPLE@us-east-1");
    let Ok(Incoming { payload: Payload::Form(params), .. }) = request.into_incoming() else {
        panic!("a form")
    };
    assert_eq!(params.check_all_read(), Ok(()));
}

#[test]
fn json_operations_are_named_by_their_target() {
    let shown_for = |target: &str| {
        let authorization = authorization("111122223333", "us-east-1", "logs");
        let headers = [
            ("X-Amz-Target", target),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Authorization", authorization.as_str()),
        ];
        shown(request(&headers, b"{}"))
    };
    assert_eq!(shown_for("Logs_20140328.CreateLogGroup"), "Logs CreateLogGroup 111122223333@us-east-1");
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    assert_eq!(shown_for(target), "CloudTrail LookupEvents 111122223333@us-east-1");
    assert_eq!(shown_for("AmazonSSM.SendCommand"), "Ssm SendCommand 111122223333@us-east-1");
    assert_eq!(shown_for("DynamoDB_20120810.GetItem"), "Json11 400 UnknownOperationException");
    assert_eq!(shown_for("Logs_20140328."), "Json11 400 UnknownOperationException");
    assert_eq!(shown_for(""), "Json11 400 UnknownOperationException");
}

/// An operation of CloudWatch as the SDKs for Go, Java and Rust say it.
fn cbor(path: &str, body: &[u8]) -> Request {
    let authorization = authorization("111122223333", "us-east-1", "monitoring");
    let headers = [
        ("Smithy-Protocol", "rpc-v2-cbor"),
        ("Content-Type", "application/cbor"),
        ("Authorization", authorization.as_str()),
    ];
    Request { path: path.into(), ..request(&headers, body) }
}

const LIST_METRICS: &str = "/service/GraniteServiceVersion20100801/operation/ListMetrics";

#[test]
fn operations_in_cbor_are_named_by_their_path() {
    assert_eq!(shown(cbor(LIST_METRICS, b"\xa0")), "Monitoring ListMetrics 111122223333@us-east-1");
    // What comes before is whatever the endpoint has there.
    let below = format!("/proxy{LIST_METRICS}");
    assert_eq!(shown(cbor(&below, b"")), "Monitoring ListMetrics 111122223333@us-east-1");
    let paths = [
        "/",
        "/service/GraniteServiceVersion20100801/operation/",
        "/service/GraniteServiceVersion20100801/ListMetrics",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics/",
        "/service/Logs_20140328/operation/DescribeLogGroups",
    ];
    for path in paths {
        assert_eq!(shown(cbor(path, b"\xa0")), "Cbor 400 UnknownOperationException", "{path}");
    }
    let mut other = cbor(LIST_METRICS, b"{}");
    other.headers[0].1 = "rpc-v2-json".into();
    assert_eq!(shown(other), "Cbor 400 UnknownOperationException");
    assert_eq!(shown(cbor(LIST_METRICS, b"\xff")), "Cbor 400 SerializationException");
    let large = vec![0xf6; CBOR_BYTES_MAX + 1];
    assert_eq!(shown(cbor(LIST_METRICS, &large)), "Cbor 413 RequestEntityTooLargeException");
}

#[test]
fn what_is_said_in_forms_or_cbor_becomes_the_json_of_the_operation() {
    let text = |request: Request| match request.into_incoming().expect("sound").payload {
        Payload::Json(text) => String::from_utf8(text).expect("UTF-8"),
        other => panic!("{other:?}"),
    };
    let said = "Action=GetMetricData&Version=2010-08-01&StartTime=1970-01-01T00%3A01%3A00Z&EndTime=1970-01-01T00:02:00.500Z\
        &MaxDatapoints=5&MetricDataQueries.member.1.Id=a&MetricDataQueries.member.1.ReturnData=true\
        &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=d\
        &MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.2.Id=b";
    let stat = r#"{"Metric":{"Dimensions":[{"Name":"d"}]},"Period":60}"#;
    let queries = format!(r#"[{{"Id":"a","MetricStat":{stat},"ReturnData":true}},{{"Id":"b"}}]"#);
    let json =
        format!(r#"{{"EndTime":120.5,"MaxDatapoints":5,"MetricDataQueries":{queries},"StartTime":60.0}}"#);
    assert_eq!(text(form("monitoring", said)), json);
    // An empty list, as botocore writes it.
    let empty = "Action=ListMetrics&Version=2010-08-01&Dimensions=";
    assert_eq!(text(form("monitoring", empty)), r#"{"Dimensions":[]}"#);
    assert_eq!(text(request(&[], empty.as_bytes())), r#"{"Dimensions":[]}"#);
    assert_eq!(text(cbor(LIST_METRICS, b"\xa1\x69NextToken\x61t")), r#"{"NextToken":"t"}"#);
}

#[test]
fn values_of_forms_that_are_not_of_their_kind_are_refused() {
    let said = |members: &str| {
        let body = format!("Action=GetMetricStatistics&Version=2010-08-01&{members}");
        form("monitoring", &body).into_incoming().expect_err("wrong").error.to_string()
    };
    let rows = [
        (
            "Period=1h",
            "ValidationError: 1 validation error detected: Value '1h' at 'period' failed to satisfy constraint: Member must be an integer",
        ),
        (
            "StartTime=now",
            "ValidationError: 1 validation error detected: Value 'now' at 'startTime' failed to satisfy constraint: Member must be a timestamp in ISO 8601",
        ),
        ("Statistics.member.0=Sum", "UnknownParameter: The parameter Statistics.member.0 is not recognized"),
        ("Rainbow=1", "UnknownParameter: The parameter Rainbow is not recognized"),
        ("Period=1&Period=1", "MalformedQueryString: The query string contains a syntax error"),
    ];
    rows.iter().for_each(|(members, expected)| assert_eq!(said(members), *expected));
}

#[test]
fn what_is_no_operation_is_refused_in_its_protocol() {
    let rows = [
        (form("ec2", ""), "Ec2 400 MissingAction"),
        (form("ec2", "Action=&Version=2016-11-15"), "Ec2 400 MissingAction"),
        (form("ec2", "Action=DescribeVpcs"), "Ec2 400 MissingParameter"),
        (form("ec2", "Action=%ff"), "Ec2 400 MalformedQueryString"),
        (form("iam", "Action=A&Version=1&X=1&X=2"), "Query 400 MalformedQueryString"),
        (form("sqs", "Action=SendMessage&Version=2012-11-05"), "Query 400 InvalidAction"),
        (form("s3", ""), "RestXml 400 NotImplemented"),
        (request(&[], b""), "Ec2 400 MissingAction"),
        (
            request(&[("authorization", "Basic x")], b"Action=A&Version=2016-11-15"),
            "Ec2 400 IncompleteSignature",
        ),
        (
            request(&[("x-amz-target", "Logs_20140328.A"), ("authorization", "x")], b""),
            "Json11 400 IncompleteSignatureException",
        ),
        (
            request(
                &[
                    ("x-amz-target", "DynamoDB_20120810.GetItem"),
                    ("content-type", "application/x-amz-json-1.0"),
                ],
                b"",
            ),
            "Json10 400 UnknownOperationException",
        ),
    ];
    rows.into_iter()
        .for_each(|(request, expected)| assert_eq!(shown(request.clone()), expected, "{request:?}"));
}

#[test]
fn what_weir_does_not_have_says_so() {
    let refusal =
        form("sqs", "Action=SendMessage&Version=2012-11-05").into_incoming().expect_err("no such service");
    assert!(refusal.error.message.contains("not implemented by weir"), "{refusal:?}");
}

#[test]
fn bodies_are_bounded() {
    let mut large = form("ec2", "");
    large.body = vec![b'a'; FORM_BYTES_MAX + 1];
    assert_eq!(shown(large), "Ec2 413 RequestEntityTooLarge");
    let large = request(&[("x-amz-target", "Logs_20140328.PutLogEvents")], &vec![b' '; JSON_BYTES_MAX + 1]);
    assert_eq!(shown(large), "Json11 413 RequestEntityTooLargeException");
}

proptest! {
    #[test]
    fn no_form_panics(query in "([A-Za-z0-9.=&%+-]|\\PC){0,80}", body: Vec<u8>, header in "\\PC{0,60}") {
        let mut request = request(&[("authorization", &header)], &body);
        request.query = query;
        let _ = request.clone().into_incoming();
        request.headers.clear();
        let _ = request.into_incoming();
    }

    #[test]
    fn no_path_and_no_cbor_panics(path in "(/service/GraniteServiceVersion20100801/operation/)?\\PC{0,20}", body: Vec<u8>) {
        let _ = cbor(&path, &body).into_incoming();
    }

    #[test]
    fn no_target_panics(target in "\\PC{0,40}", body: Vec<u8>) {
        let _ = request(&[("x-amz-target", &target)], &body).into_incoming();
    }

    #[test]
    fn no_scope_panics(parts in "[a-z0-9/=, ;-]{0,60}") {
        let _ = Credential::of_header(&format!("AWS4-HMAC-SHA256 Credential={parts}"));
    }
}
