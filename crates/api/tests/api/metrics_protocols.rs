//! CloudWatch over the Query protocol and over CBOR: the same operations as over JSON (metrics.rs).
//!
//! Requests as boto3 1.28 and the SDKs with Smithy RPC v2 put them together; the shape of answers from the Amazon CloudWatch
//! API Reference, GetMetricData, GetMetricStatistics, ListMetrics, and from botocore's model of them.

use crate::world::World;
use expect_test::expect;
use weir_api::table;
use weir_wire::{Catalog, Response, Service};

/// Two errors in the minute from 03:04:00, counted as the metric `lab/errors`.
fn counted() -> World {
    let mut world = World::new();
    let transformation =
        r#"{"metricName":"errors","metricNamespace":"lab","metricValue":"1","unit":"Count"}"#;
    let filter = format!(
        r#"{{"logGroupName":"app","filterName":"e","filterPattern":"ERROR","metricTransformations":[{transformation}]}}"#
    );
    let event = r#"{"timestamp":1704164641000,"message":"ERROR"}"#;
    let events = format!(r#"{{"logGroupName":"app","logStreamName":"one","logEvents":[{event},{event}]}}"#);
    for (action, body) in [
        ("CreateLogGroup", r#"{"logGroupName":"app"}"#),
        ("CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#),
        ("PutMetricFilter", &filter),
        ("PutLogEvents", &events),
    ] {
        let answer = world.json(Service::Logs, action, body);
        assert!(!answer.starts_with('4'), "{answer}");
    }
    world
}

#[test]
fn forms_are_answered_in_xml() {
    let mut world = counted();
    let answer = world.form(
        Service::Monitoring,
        "GetMetricStatistics",
        "Namespace=lab&MetricName=errors&StartTime=2024-01-02T03:04:00Z&EndTime=2024-01-02T03:14:00Z&Period=60\
         &Statistics.member.1=Sum&Statistics.member.2=SampleCount",
    );
    expect![[r#"
        <GetMetricStatisticsResult>
          <Label>errors</Label>
          <Datapoints>
            <member>
              <Timestamp>2024-01-02T03:04:00Z</Timestamp>
              <SampleCount>2.0</SampleCount>
              <Sum>2.0</Sum>
              <Unit>Count</Unit>
            </member>
          </Datapoints>
        </GetMetricStatisticsResult>
        <ResponseMetadata>
          <RequestId>491718de-357e-4da8-8b43-5c8e74616796</RequestId>
        </ResponseMetadata>
    "#]]
    .assert_eq(&answer);
    let metric = "MetricDataQueries.member.1.MetricStat.Metric";
    let data = format!(
        "MetricDataQueries.member.1.Id=e&{metric}.Namespace=lab&{metric}.MetricName=errors\
         &MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.1.MetricStat.Stat=Sum\
         &StartTime=2024-01-02T03:04:00Z&EndTime=2024-01-02T03:14:00Z&ScanBy=TimestampAscending"
    );
    let answer = world.form(Service::Monitoring, "GetMetricData", &data);
    expect![[r#"
        <GetMetricDataResult>
          <MetricDataResults>
            <member>
              <Id>e</Id>
              <Label>errors</Label>
              <Timestamps>
                <member>2024-01-02T03:04:00Z</member>
              </Timestamps>
              <Values>
                <member>2.0</member>
              </Values>
              <StatusCode>Complete</StatusCode>
            </member>
          </MetricDataResults>
          <Messages/>
        </GetMetricDataResult>
        <ResponseMetadata>
          <RequestId>6775dc77-0156-4f61-9afc-d44d14cf8bfe</RequestId>
        </ResponseMetadata>
    "#]]
    .assert_eq(&answer);
    let answer = world.form(Service::Monitoring, "ListMetrics", "Namespace=lab&Dimensions=");
    expect![[r#"
        <ListMetricsResult>
          <Metrics>
            <member>
              <Namespace>lab</Namespace>
              <MetricName>errors</MetricName>
              <Dimensions/>
            </member>
          </Metrics>
        </ListMetricsResult>
        <ResponseMetadata>
          <RequestId>7476cf8a-4baa-4dc0-87b3-41d690d7a28a</RequestId>
        </ResponseMetadata>
    "#]]
    .assert_eq(&answer);
}

#[test]
fn what_forms_say_wrongly_has_the_codes_of_the_query_protocol() {
    let mut world = World::new();
    let rows = [
        (
            "ListMetrics",
            "RecentlyActive=PT1H",
            "400 InvalidParameterValue: The parameter RecentlyActive must be a value in the set [ PT3H ]",
        ),
        (
            "GetMetricStatistics",
            "Namespace=lab",
            "400 MissingParameter: 1 validation error detected: Value null at 'metricName' failed to satisfy constraint: Member must not be null",
        ),
        (
            "GetMetricData",
            "StartTime=2024-01-02T03:04:00Z&EndTime=2024-01-02T03:14:00Z&MetricDataQueries=&NextToken=x",
            "400 InvalidNextToken: The next token specified is invalid.",
        ),
        (
            "ListMetrics",
            "IncludeLinkedAccounts=true",
            "400 UnknownParameter: The parameter IncludeLinkedAccounts is not recognized: not implemented by weir",
        ),
        ("ListMetrics", "Rainbow=1", "400 UnknownParameter: The parameter Rainbow is not recognized"),
        (
            "PutMetricData",
            "Namespace=lab",
            "400 InvalidAction: The action PutMetricData is not valid for this web service: not implemented by weir.",
        ),
    ];
    for (action, params, expected) in rows {
        assert_eq!(world.form(Service::Monitoring, action, params), expected);
    }
}

/// A text of fewer than 24 bytes in CBOR.
fn text(text: &str) -> Vec<u8> {
    [&[0x60 + text.len() as u8], text.as_bytes()].concat()
}

/// A fraction of 64 bits.
fn fraction(number: f64) -> Vec<u8> {
    [&[0xfb], number.to_be_bytes().as_slice()].concat()
}

/// A time: a fraction with tag 1.
fn time(seconds: f64) -> Vec<u8> {
    [&[0xc1], fraction(seconds).as_slice()].concat()
}

impl World {
    fn cbor(&mut self, action: &str, body: &[u8]) -> Response {
        let mut request = self.signed(Service::Monitoring, body);
        request.path = format!("/service/GraniteServiceVersion20100801/operation/{action}");
        request.headers.push(("smithy-protocol".into(), "rpc-v2-cbor".into()));
        request.headers.push(("content-type".into(), "application/cbor".into()));
        self.send(request)
    }
}

#[test]
fn cbor_is_answered_in_cbor() {
    let mut world = counted();
    // A structure without an announced length, as the SDK for Rust writes it; the end as a whole number.
    let asked = [
        vec![0xbf],
        [text("Namespace"), text("lab"), text("MetricName"), text("errors")].concat(),
        [text("StartTime"), time(1_704_164_640.0)].concat(),
        [text("EndTime"), vec![0xc1, 0x1a], 1_704_165_240_u32.to_be_bytes().to_vec()].concat(),
        [text("Period"), vec![0x18, 60], text("Statistics"), vec![0x81], text("Sum")].concat(),
        vec![0xff],
    ];
    let answer = world.cbor("GetMetricStatistics", &asked.concat());
    let point = [
        [vec![0xa3], text("Sum"), fraction(2.0)].concat(),
        [text("Timestamp"), time(1_704_164_640.0), text("Unit"), text("Count")].concat(),
    ];
    let expected =
        [vec![0xa2], text("Datapoints"), vec![0x81], point.concat(), text("Label"), text("errors")].concat();
    assert_eq!((answer.status, answer.content_type), (200, "application/cbor"));
    assert_eq!(answer.body, expected, "{}", String::from_utf8_lossy(&answer.body));
    let metric = [
        [vec![0xa3], text("Dimensions"), vec![0x80]].concat(),
        [text("MetricName"), text("errors"), text("Namespace"), text("lab")].concat(),
    ];
    let expected = [vec![0xa1], text("Metrics"), vec![0x81], metric.concat()].concat();
    for nothing in [b"".as_slice(), b"\xa0", b"\xbf\xff"] {
        assert_eq!(world.cbor("ListMetrics", nothing).body, expected);
    }
}

#[test]
fn what_cbor_says_wrongly_is_refused_in_cbor() {
    let mut world = World::new();
    let named = |name: &str, value: &[u8]| [&[0xa1], text(name).as_slice(), value].concat();
    let rows = [
        ("ListMetrics", named("RecentlyActive", &text("PT1H")), "InvalidParameterValueException"),
        ("ListMetrics", named("Namespace", b"\x01"), "SerializationException"),
        ("ListMetrics", named("Rainbow", b"\x01"), "UnknownParameter"),
        ("ListMetrics", b"{}".to_vec(), "SerializationException"),
        ("ListMetrics", vec![0x81; 1 << 20], "SerializationException"),
        ("GetMetricStatistics", named("Namespace", &text("lab")), "MissingRequiredParameterException"),
        ("PutMetricData", vec![0xa0], "UnknownOperationException"),
    ];
    for (action, body, shape) in rows {
        let answer = world.cbor(action, &body);
        let said = String::from_utf8_lossy(&answer.body);
        let is_named = said.contains(&format!("com.amazonaws.cloudwatch#{shape}"));
        assert!(answer.status == 400 && is_named, "{action} {shape}: {said}");
    }
}

#[test]
fn every_operation_that_forms_and_cbor_reach_is_published() {
    for row in table::all().filter(|row| row.service.version().is_some()) {
        let catalog = Catalog::of(row.service).expect("services of forms have a list");
        assert!(catalog.has(row.name), "{}", row.name);
    }
}
