//! What the metadata server answers to whom.

use super::facts::InterfaceFacts;
use super::*;
use expect_test::{Expect, expect};
use std::net::Ipv4Addr;
use weir_model::instance::MetadataOptions;

/// 2026-01-01T00:00:00Z.
const NOW: Nanos = Nanos(1_767_225_600_000_000_000);

fn facts() -> Facts {
    Facts {
        id: "i-0123456789abcdef0".parse().expect("an id"),
        account: "111122223333".parse().expect("an account"),
        zone: "us-east-1a".parse().expect("a zone"),
        reservation: "r-00000001".parse().expect("an id"),
        launch_index: 0,
        image: "ami-00000001".parse().expect("an id"),
        architecture: "x86_64",
        instance_type: "t2.micro".to_owned(),
        launched: NOW,
        is_monitored: false,
        key: Some(("lab".to_owned(), "ssh-ed25519 AAAA lab".to_owned())),
        profile: None,
        options: MetadataOptions { needs_token: false, ..MetadataOptions::default() },
        tags: [("Name".to_owned(), "web".to_owned())].into(),
        user_data: None,
        interfaces: vec![InterfaceFacts {
            id: "eni-00000001".parse().expect("an id"),
            mac: [2, 0, 0, 0, 0, 1],
            device_index: 0,
            addresses: vec![(Ipv4Addr::new(10, 0, 0, 5), Some(Ipv4Addr::new(54, 208, 0, 5)))],
            ipv6_addresses: Vec::new(),
            groups: vec![("sg-00000001".parse().expect("an id"), "default".to_owned())],
            subnet: "subnet-00000001".parse().expect("an id"),
            subnet_cidr: Some("10.0.0.0/24".parse().expect("a block")),
            subnet_ipv6_cidr: None,
            vpc: "vpc-00000001".parse().expect("an id"),
            vpc_cidrs: ["10.0.0.0/16", "10.1.0.0/16"].map(|block| block.parse().expect("a block")).to_vec(),
            vpc_ipv6_cidrs: Vec::new(),
            is_named: true,
        }],
    }
}

fn ask_at(facts: &Facts, now: Nanos, line: &str, headers: &[(&str, &str)]) -> Response {
    let (method, path) = line.split_once(' ').expect("method and path");
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request { method: method.to_owned(), path: path.to_owned(), headers, body: Vec::new() };
    Server { facts, hostname: "ip-10-0-0-5.ec2.internal", secret: 7, now }.answer(&request)
}

fn ask(facts: &Facts, line: &str, headers: &[(&str, &str)]) -> Response {
    ask_at(facts, NOW, line, headers)
}

#[track_caller]
fn check(path: &str, expected: Expect) {
    check_of(&facts(), path, expected);
}

#[track_caller]
fn check_of(facts: &Facts, path: &str, expected: Expect) {
    let response = ask(facts, &format!("GET {path}"), &[]);
    let body = String::from_utf8(response.body).expect("text");
    expected.assert_eq(&if response.status == 200 { body } else { response.status.to_string() });
}

// The categories are those of the User Guide.
#[test]
fn directories_list_what_is_in_them() {
    check(
        "/latest",
        expect![[r#"
            dynamic
            meta-data"#]],
    );
    check(
        "/latest/meta-data/",
        expect![[r#"
            ami-id
            ami-launch-index
            ami-manifest-path
            block-device-mapping/
            events/
            hostname
            instance-action
            instance-id
            instance-life-cycle
            instance-type
            local-hostname
            local-ipv4
            mac
            metrics/
            network/
            placement/
            profile
            public-hostname
            public-ipv4
            public-keys/
            reservation-id
            security-groups
            services/
            system"#]],
    );
    check("/latest/meta-data/network/interfaces/macs/", expect!["02:00:00:00:00:01/"]);
    check(
        "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01",
        expect![[r#"
            device-number
            interface-id
            ipv4-associations/
            local-hostname
            local-ipv4s
            mac
            network-card
            owner-id
            public-hostname
            public-ipv4s
            security-group-ids
            security-groups
            subnet-id
            subnet-ipv4-cidr-block
            vpc-id
            vpc-ipv4-cidr-block
            vpc-ipv4-cidr-blocks"#]],
    );
    check("/latest/meta-data/public-keys/", expect!["0=lab"]);
    assert!(ask(&facts(), "GET /", &[]).body.starts_with(b"1.0\n2007-01-19\n"));
}

#[test]
fn pages_have_the_facts() {
    let rows = [
        ("instance-id", "i-0123456789abcdef0"),
        ("hostname", "ip-10-0-0-5.ec2.internal"),
        ("local-ipv4", "10.0.0.5"),
        ("public-ipv4", "54.208.0.5"),
        ("public-hostname", "ec2-54-208-0-5.compute-1.amazonaws.com"),
        ("placement/availability-zone-id", "use1-az1"),
        ("public-keys/0/openssh-key", "ssh-ed25519 AAAA lab"),
        ("network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-blocks", "10.0.0.0/16\n10.1.0.0/16"),
        ("network/interfaces/macs/02:00:00:00:00:01/ipv4-associations/54.208.0.5", "10.0.0.5"),
        ("network/interfaces/macs/02:00:00:00:00:01/security-group-ids", "sg-00000001"),
        ("network/interfaces/macs/02:00:00:00:00:01/network-card", "0"),
        ("events/maintenance/history", "[]"),
        ("metrics/", "vhostmd"),
        ("system", "xen"),
    ];
    for (path, expected) in rows {
        let response = ask(&facts(), &format!("GET /2021-07-15/meta-data/{path}"), &[]);
        assert_eq!(String::from_utf8_lossy(&response.body), expected, "{path}");
    }
}

#[test]
fn monitoring_and_the_hypervisor_are_those_of_the_instance() {
    check("/latest/dynamic/fws/instance-monitoring", expect!["disabled"]);
    let facts = Facts { is_monitored: true, instance_type: "m5.large".to_owned(), ..facts() };
    check_of(&facts, "/latest/dynamic/fws/instance-monitoring", expect!["enabled"]);
    check_of(&facts, "/latest/meta-data/system", expect!["nitro"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    for path in [
        "/latest/user-data",
        "/latest/meta-data/iam/info",
        "/latest/meta-data/instance-id/",
        "/latest/meta-data/tags/instance/Name",
        "/1999-01-01/meta-data/",
        "/latest/meta-datax",
    ] {
        check(path, expect!["404"]);
    }
    let page = ask(&facts(), "GET /latest/nothing", &[]).body;
    assert!(String::from_utf8_lossy(&page).contains("<h1>404 - Not Found</h1>"));
}

#[test]
fn what_an_instance_has_is_there() {
    let facts = Facts {
        profile: Some("arn:aws:iam::111122223333:instance-profile/web".to_owned()),
        user_data: Some((*b"#!/bin/sh").into()),
        options: MetadataOptions { needs_token: false, has_tags: true, ..MetadataOptions::default() },
        ..facts()
    };
    check_of(&facts, "/latest/user-data", expect!["#!/bin/sh"]);
    check_of(&facts, "/latest/meta-data/tags/instance/", expect!["Name"]);
    check_of(&facts, "/latest/meta-data/iam/security-credentials/", expect!["web"]);
    check_of(
        &facts,
        "/latest/meta-data/iam/security-credentials/web",
        expect![[r#"
            {
              "Code" : "Success",
              "LastUpdated" : "2026-01-01T00:00:00Z",
              "Type" : "AWS-HMAC",
              "AccessKeyId" : "111122223333",
              "SecretAccessKey" : "weir",
              "Token" : "i-0123456789abcdef0/web",
              "Expiration" : "2026-01-01T06:00:00Z"
            }"#]],
    );
}

#[test]
fn the_identity_document_has_the_members_of_the_guide() {
    check(
        "/latest/dynamic/instance-identity/document",
        expect![[r#"
            {
              "accountId" : "111122223333",
              "architecture" : "x86_64",
              "availabilityZone" : "us-east-1a",
              "billingProducts" : null,
              "devpayProductCodes" : null,
              "marketplaceProductCodes" : null,
              "imageId" : "ami-00000001",
              "instanceId" : "i-0123456789abcdef0",
              "instanceType" : "t2.micro",
              "kernelId" : null,
              "pendingTime" : "2026-01-01T00:00:00Z",
              "privateIp" : "10.0.0.5",
              "ramdiskId" : null,
              "region" : "us-east-1",
              "version" : "2017-09-30"
            }"#]],
    );
}

#[test]
fn a_required_token_is_asked_for() {
    let facts = Facts { options: MetadataOptions::default(), ..facts() };
    let page = "GET /latest/meta-data/instance-id";
    assert_eq!(ask(&facts, page, &[]).status, 401);
    assert_eq!(ask(&facts, page, &[(TOKEN, "nonsense")]).status, 401);
    let token = ask(&facts, "PUT /latest/api/token", &[(TOKEN_TTL, "60")]);
    assert_eq!((token.status, token.ttl), (200, Some(2)));
    assert!(token.headers.contains(&("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60".to_owned())));
    let token = String::from_utf8(token.body).expect("text");
    assert_eq!(ask(&facts, page, &[(TOKEN, &token)]).status, 200);
    let later =
        |seconds: u64| ask_at(&facts, NOW.plus(seconds * 1_000_000_000), page, &[(TOKEN, &token)]).status;
    assert_eq!((later(59), later(60)), (200, 401));
}

#[test]
fn a_wrong_token_is_refused_even_where_none_is_needed() {
    assert_eq!(ask(&facts(), "GET /latest/meta-data/", &[(TOKEN, "x")]).status, 401);
}

#[test]
fn token_requests_are_checked() {
    let put = "PUT /latest/api/token";
    for ttl in ["0", "21601", "x", ""] {
        assert_eq!(ask(&facts(), put, &[(TOKEN_TTL, ttl)]).status, 400, "{ttl}");
    }
    assert_eq!(ask(&facts(), put, &[]).status, 400);
    assert_eq!(ask(&facts(), put, &[(TOKEN_TTL, "21600")]).status, 200);
    assert_eq!(ask(&facts(), put, &[(TOKEN_TTL, "60"), ("x-forwarded-for", "10.0.0.1")]).status, 403);
    assert_eq!(ask(&facts(), "GET /latest/api/token", &[(TOKEN_TTL, "60")]).status, 405);
    assert_eq!(ask(&facts(), "POST /latest/meta-data/", &[]).status, 405);
}

#[test]
fn the_endpoint_can_be_switched_off() {
    let options = MetadataOptions { is_enabled: false, ..MetadataOptions::default() };
    let facts = Facts { options, ..facts() };
    assert_eq!(ask(&facts, "GET /latest/meta-data/", &[]).status, 403);
    assert_eq!(ask(&facts, "PUT /latest/api/token", &[(TOKEN_TTL, "60")]).status, 403);
}
