//! Lines as AWS and other readers of flow logs have recorded them, and what each must mean.

use super::*;

fn format(names: &str) -> Arc<Format> {
    Arc::new(Format::of_header(names).expect("a header"))
}

fn default() -> Arc<Format> {
    Arc::new(Format::default())
}

/// Checks that `line` parses and that each named field prints as given.
#[track_caller]
fn check(format: &Arc<Format>, line: &str, expected: &[(&str, &str)]) {
    let record = Record::parse(format, line).unwrap_or_else(|error| panic!("{error}: {line}"));
    for (name, text) in expected {
        let field = Field::named(name).expect(name);
        assert_eq!(record.value(field).to_string(), *text, "{name} of {line}");
    }
}

#[test]
fn default_records_of_the_guide_parse_and_print_back() {
    let lines = [
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
        "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
        "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK",
    ];
    for line in lines {
        let record = Record::parse(&default(), line).expect(line);
        assert_eq!(record.to_string(), line);
    }
}

#[test]
fn nodata_keeps_its_times_and_has_no_flow() {
    let line = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";
    let record = Record::parse(&default(), line).expect(line);
    assert_eq!(record.status(), Some(LogStatus::NoData));
    assert_eq!((record.action(), record.number(Field::Packets)), (None, None));
    assert_eq!(record.address(Field::SrcAddr), None);
    assert_eq!(record.number(Field::Start), Some(1_431_280_876));
}

const VERSION_3: &str = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport \
    dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status";

#[test]
fn custom_formats_may_put_bytes_before_packets() {
    check(
        &format(VERSION_3),
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK",
        &[("bytes", "568"), ("packets", "8"), ("tcp-flags", "2"), ("type", "IPv4"), ("action", "ACCEPT")],
    );
}

#[test]
fn a_run_of_blanks_separates_once() {
    check(
        &format(VERSION_3),
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43638  10.0.0.62 52.213.180.42 6 967 14 1566933133 1566933193 ACCEPT 19 OK",
        &[("pkt-srcaddr", "10.0.0.62"), ("tcp-flags", "19")],
    );
}

#[test]
fn skipped_custom_records_keep_the_interface() {
    check(
        &format(VERSION_3),
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 - - - - - - - - - - 1566848875 1566848933 - - SKIPDATA",
        &[
            ("vpc-id", "vpc-abcdefab012345678"),
            ("type", "-"),
            ("pkt-srcaddr", "-"),
            ("log-status", "SKIPDATA"),
        ],
    );
}

#[test]
fn formats_need_neither_version_nor_times() {
    check(
        &format("instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr"),
        "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        &[("instance-id", "-"), ("dstaddr", "10.0.0.220"), ("pkt-dstaddr", "203.0.113.5"), ("version", "-")],
    );
    check(
        &format(
            "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status",
        ),
        "3 eni-11111111111111111 123456789010 vpc-1 subnet-1 - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK",
        &[("start", "-"), ("pkt-srcaddr", "10.20.33.164"), ("srcaddr", "10.40.1.175")],
    );
}

const VERSION_5: &str = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id \
    vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags \
    pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status";

#[test]
fn traffic_paths_and_services_belong_to_their_direction() {
    check(
        &format(VERSION_5),
        "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK",
        &[("traffic-path", "-"), ("pkt-src-aws-service", "S3"), ("flow-direction", "ingress")],
    );
    check(
        &format(VERSION_5),
        "5 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 IPv4 7 471 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 3 10.0.0.71 52.95.128.179 - S3 8 egress OK",
        &[("traffic-path", "8"), ("pkt-dst-aws-service", "S3"), ("flow-direction", "egress")],
    );
}

#[test]
fn ids_are_opaque_text() {
    let fields = "account-id instance-id srcaddr dstaddr pkt-dstaddr packets bytes start end";
    check(
        &format(fields),
        "64111117617 i-0axxxxxx1ad77 89.160.20.156 10.200.0.0 10.200.0.80 52 1 164000066 1640000297",
        &[("account-id", "64111117617"), ("packets", "52"), ("bytes", "1"), ("start", "164000066")],
    );
    check(&format("account-id bytes"), "000000000000 6392", &[("account-id", "000000000000")]);
    check(&format("account-id bytes"), "unknown 6392", &[("account-id", "unknown")]);
    check(&format("resource-id bytes"), "tgw-3b86d5e8é 1", &[("resource-id", "tgw-3b86d5e8é")]);
}

#[test]
fn all_fields_in_alphabetical_order_are_read_by_name() {
    let header = "account-id action az-id bytes dstaddr dstport end flow-direction instance-id interface-id log-status \
        packets pkt-dst-aws-service pkt-dstaddr pkt-src-aws-service pkt-srcaddr protocol region srcaddr srcport start \
        sublocation-id sublocation-type subnet-id tcp-flags traffic-path type version vpc-id";
    check(
        &format(header),
        "325352056000 - apne1-az1 - - - 1700185000 - i-085c8f3d12aa57000 eni-03a3504cbdd789000 SKIPDATA - - - - - - ap-northeast-1 - - 1700185000 - - subnet-f27b1000 - - - 5 vpc-bcd5b000",
        &[
            ("az-id", "apne1-az1"),
            ("log-status", "SKIPDATA"),
            ("subnet-id", "subnet-f27b1000"),
            ("version", "5"),
        ],
    );
}

#[test]
fn the_version_field_says_nothing_about_the_columns() {
    check(
        &format("version action ecs-cluster-name ecs-second-container-id ecs-service-name"),
        "5 REJECT DEMOGO-ECS - cats",
        &[("version", "5"), ("ecs-second-container-id", "-"), ("ecs-service-name", "cats")],
    );
    check(
        &format("version action log-status reject_reason resource_id encryption_status interface_type"),
        "11 REJECT OK BPA nat-0c50d5961bcb2d47b 1 nat_gateway",
        &[("reject-reason", "BPA"), ("encryption-status", "1"), ("interface-type", "nat_gateway")],
    );
}

#[test]
fn fields_are_read_independently_of_each_other() {
    check(
        &format("version interface-id srcaddr dstaddr packets bytes action log-status reject-reason"),
        "3 - 2a02:cf40:: 1.128.0.0 51 33615 REJECT NODATA BPA",
        &[("action", "REJECT"), ("log-status", "NODATA"), ("packets", "51"), ("dstaddr", "1.128.0.0")],
    );
    check(
        &format("protocol packets bytes start end action"),
        "- - - - - ACCEPT",
        &[("protocol", "-"), ("packets", "-"), ("start", "-")],
    );
}

#[test]
fn transit_gateway_records_have_no_action() {
    check(
        &format(
            "version tgw-id packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired start log-status",
        ),
        "6 tgw-0abc12345def67890 1 2 3 4 1700000000 OK",
        &[("packets-lost-no-route", "1"), ("packets-lost-ttl-expired", "4"), ("action", "-")],
    );
}

#[test]
fn milliseconds_of_old_records_become_seconds() {
    check(
        &default(),
        "2 123456789010 eni-4b118871 - - - - - - - 1512564058000 1512564059000 - SKIPDATA",
        &[("start", "1512564058"), ("end", "1512564059")],
    );
}

#[test]
fn lines_that_are_not_of_the_format_are_refused() {
    let line = |text: &str| Record::parse(&default(), text).map(|_| ());
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK";
    let rows = [
        (good.to_owned(), Ok(())),
        (good.replace("2 ACCEPT", "2 SUCCESS"), Err(LineError::BadValue(Field::Action))),
        (good.replace("OK", "GO_AWAY"), Err(LineError::BadValue(Field::LogStatus))),
        (good.replace("2 1 eni", "3 1 eni"), Ok(())),
        (good.replace("10.0.0.2 1", "10.0.0.2 BADPORT"), Err(LineError::BadValue(Field::SrcPort))),
        (good.replace("10.0.0.1", "10.0.0.256"), Err(LineError::BadValue(Field::SrcAddr))),
        (good.replace(" OK", ""), Err(LineError::TooFew { found: 13, expected: 14 })),
        (format!("{good} x"), Err(LineError::TooMany { expected: 14 })),
        (String::new(), Err(LineError::TooFew { found: 0, expected: 14 })),
    ];
    for (text, expected) in rows {
        assert_eq!(line(&text), expected, "{text}");
    }
}

#[test]
fn efa_is_a_type() {
    check(&format("type"), "EFA", &[("type", "EFA")]);
}
