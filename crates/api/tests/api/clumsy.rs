//! Clumsy input: AWS's error, no panic, and nothing has changed.

use crate::shown;
use crate::world::World;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use weir_wire::{Request, Service};

/// Sends `request` and shows the answer; whatever it is, nothing may have changed.
#[track_caller]
fn check(request: Request, expected: Expect) {
    let mut world = World::new();
    let response = world.send(request);
    let is_json = response.content_type.contains("json");
    let shown = if is_json { shown::json(&response) } else { shown::xml(&response) };
    expected.assert_eq(&shown);
    assert!(world.changes.is_empty(), "{:?}", world.changes);
}

fn form(service: Service, body: &[u8]) -> Request {
    let mut request = World::new().signed(service, body);
    request.headers.push(("Content-Type".into(), "application/x-www-form-urlencoded; charset=utf-8".into()));
    request
}

fn json(target: &str, body: &[u8]) -> Request {
    let mut request = World::new().signed(Service::Logs, body);
    request.headers.push(("X-Amz-Target".into(), target.into()));
    request
}

#[test]
fn forms_that_name_no_operation() {
    check(
        Request::default(),
        expect!["400 MissingAction: The request is missing an action or a required parameter."],
    );
    check(
        form(Service::Ec2, b""),
        expect!["400 MissingAction: The request is missing an action or a required parameter."],
    );
    check(
        form(Service::Ec2, b"Version=2016-11-15"),
        expect!["400 MissingAction: The request is missing an action or a required parameter."],
    );
    check(
        form(Service::Ec2, b"Action=DescribeVpcs"),
        expect!["400 MissingParameter: The request must contain the parameter Version"],
    );
    check(
        form(Service::Ec2, b"Action=DescribeRainbows&Version=2016-11-15"),
        expect![
            "400 InvalidAction: The action DescribeRainbows is not valid for this web service: not implemented by weir."
        ],
    );
    check(
        form(Service::Iam, b"Action=CreateRainbow&Version=2010-05-08"),
        expect![
            "400 InvalidAction: The action CreateRainbow is not valid for this web service: not implemented by weir."
        ],
    );
    check(
        form(Service::Ec2, b"Action=DescribeVpcs&Version=2016-11-15&%zz"),
        expect!["400 MalformedQueryString: The query string contains a syntax error"],
    );
    check(
        form(Service::Ec2, b"Action=DescribeVpcs&Version=2016-11-15&a=%ff"),
        expect!["400 MalformedQueryString: The query string contains a syntax error"],
    );
    check(
        form(Service::Ec2, b"Action=DescribeRegions&Version=2016-11-15&RegionName.1=a&RegionName.1=b"),
        expect!["400 MalformedQueryString: The query string contains a syntax error"],
    );
    check(
        form(Service::Ec2, &vec![b'a'; 10 << 20]),
        expect!["413 RequestEntityTooLarge: The request body must not exceed 2097152 bytes."],
    );
}

#[test]
fn json_that_is_none() {
    check(
        json("Logs_20140328.CreateLogGroup", b"\xff\xfe"),
        expect!["400 SerializationException: Start of structure or map found where not expected."],
    );
    check(
        json("Logs_20140328.CreateLogGroup", b"[]"),
        expect!["400 SerializationException: Start of structure or map found where not expected."],
    );
    check(
        json("Logs_20140328.CreateLogGroup", b"null"),
        expect!["400 SerializationException: Start of structure or map found where not expected."],
    );
    check(
        json("Logs_20140328.CreateLogGroup", &[b'['; 100_000]),
        expect!["400 SerializationException: Start of structure or map found where not expected."],
    );
    check(
        json("Logs_20140328.CreateRainbow", b"{}"),
        expect!["400 UnknownOperationException: CreateRainbow is not implemented by weir."],
    );
    check(
        json("Rainbows_2014.CreateRainbow", b"{}"),
        expect!["400 UnknownOperationException: Rainbows_2014.CreateRainbow is not implemented by weir."],
    );
    check(
        json("nothing", b"{}"),
        expect!["400 UnknownOperationException: nothing is not implemented by weir."],
    );
    check(json("", b"{}"), expect!["400 UnknownOperationException:  is not implemented by weir."]);
    check(
        json("Logs_20140328.CreateLogGroup", &vec![b' '; 10 << 20]),
        expect!["413 RequestEntityTooLargeException: The request body must not exceed 8388608 bytes."],
    );
}

#[test]
fn signatures_that_name_no_region() {
    let signed = |value: &str| Request {
        method: "POST".into(),
        path: "/".into(),
        headers: vec![("Authorization".into(), value.into())],
        body: b"Action=DescribeRegions&Version=2016-11-15&RegionName.1=us-east-1".to_vec(),
        ..Request::default()
    };
    check(
        signed("Basic abc"),
        expect!["400 IncompleteSignature: Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."],
    );
    check(
        signed("AWS4-HMAC-SHA256 Credential=test"),
        expect!["400 IncompleteSignature: Authorization header requires 'SignedHeaders' parameter."],
    );
    check(
        signed(
            "AWS4-HMAC-SHA256 Credential=a/20240102/US EAST/ec2/aws4_request, SignedHeaders=host, Signature=0",
        ),
        expect!["403 SignatureDoesNotMatch: Credential should be scoped to a valid region."],
    );
}

#[test]
fn unsigned_requests_are_for_the_default_account_and_region() {
    let mut world = World::new();
    let body = b"Action=DescribeAvailabilityZones&Version=2016-11-15&ZoneName.1=us-east-1a".to_vec();
    let response =
        world.send(Request { method: "POST".into(), path: "/".into(), body, ..Request::default() });
    assert!(shown::xml(&response).contains("<zoneName>us-east-1a</zoneName>"));
    assert!(
        world
            .changes
            .iter()
            .all(|change| change.body.as_ref().is_some_and(|body| body.contains("000000000000")))
    );
}

#[test]
fn what_is_not_implemented_is_counted() {
    let mut world = World::new();
    world.ec2("DescribeRainbows", "");
    world.ec2("DescribeRainbows", "");
    let status =
        world.send(Request { method: "GET".into(), path: "/_weir/status".into(), ..Request::default() });
    let status: serde_json::Value = serde_json::from_slice(&status.body).expect("JSON");
    assert_eq!(status["not_implemented"]["ec2:DescribeRainbows"], 2);
    let health = world.send(Request {
        method: "GET".into(),
        path: "/_localstack/health".into(),
        ..Request::default()
    });
    let health: serde_json::Value = serde_json::from_slice(&health.body).expect("JSON");
    assert_eq!(health["services"]["ec2"], "running");
}

/// An operation, or something that looks like one.
fn action() -> impl Strategy<Value = String> {
    let names: Vec<String> = weir_api::table::all().map(|row| row.name.to_owned()).collect();
    prop_oneof![9 => proptest::sample::select(names), 1 => "[A-Za-z]{0,12}"]
}

/// A parameter as clumsy clients write it: AWS's names, odd indexes, odd values.
fn pair() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "VpcId",
            "CidrBlock",
            "Filter.1.Name",
            "Filter.1.Value.1",
            "MaxResults",
            "NextToken",
            "DryRun",
            "TagSpecification.1.ResourceType",
            "TagSpecification.1.Tag.1.Key",
            "VpcId.1",
            "ResourceId.1",
            "Tag.1.Key",
            "GroupId",
            "ClientToken",
            "IpPermissions.1.FromPort",
        ])
        .prop_map(str::to_owned),
        "[A-Za-z.0-9]{1,20}",
    ];
    let value = prop_oneof![
        "[ -~]{0,20}",
        "vpc-[0-9a-f]{8}",
        "10\\.[0-9]{1,3}\\.0\\.0/[0-9]{1,3}",
        "-?[0-9]{1,20}",
        "\\PC{0,5}"
    ];
    (name, value).prop_map(|(name, value)| format!("{name}={}", weir_wire::percent_encode(&value)))
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(body: Vec<u8>, target in proptest::option::of("(Logs_20140328\\.)?[A-Za-z]{0,20}"), path in "/?[ -~]{0,20}") {
        let mut request = Request { method: "POST".into(), path, body, ..Request::default() };
        request.headers.extend(target.map(|target| ("x-amz-target".to_owned(), target)));
        let response = World::new().send(request);
        prop_assert!((200..500).contains(&response.status), "{}", response.status);
    }

    #[test]
    fn any_parameters_get_an_answer_and_errors_change_nothing(calls in proptest::collection::vec((action(), proptest::collection::vec(pair(), 0..6)), 1..5)) {
        let mut world = World::new();
        world.ec2("DescribeRegions", "");
        for (action, pairs) in calls {
            let body = format!("Action={action}&Version=2016-11-15&{}", pairs.join("&"));
            let response = world.send(form(Service::Ec2, body.as_bytes()));
            prop_assert!(response.status < 500, "{action}: {}", response.status);
            prop_assert!(response.status == 200 || world.changes.is_empty(), "{action} changed {:?}", world.changes);
        }
    }
}
