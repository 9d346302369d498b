//! Metric filters of CloudWatch Logs, and CloudWatch, where what they count is read.
//!
//! Expectations from the CloudWatch Logs API Reference and User Guide ("Filter pattern syntax", "Publish numerical values
//! found in log entries") and the Amazon CloudWatch API Reference; sentences of errors as clients have reported them.

use crate::world::{START, World};
use expect_test::{Expect, expect};
use weir_wire::Service;

/// The beginning of the minute in which tests begin, in seconds.
const MINUTE: i64 = START.0 / 60_000 * 60;

impl World {
    #[track_caller]
    fn filter(&mut self, action: &str, body: &str, expected: Expect) {
        expected.assert_eq(&self.json(Service::Logs, action, body));
    }

    #[track_caller]
    fn metrics(&mut self, action: &str, body: &str, expected: Expect) {
        expected.assert_eq(&self.json(Service::Monitoring, action, body));
    }

    fn with_group() -> World {
        let mut world = World::new();
        world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
        world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#);
        world
    }

    /// Makes a filter that must be taken; `value` is the rest of the transformation.
    #[track_caller]
    fn put_filter(&mut self, name: &str, pattern: &str, value: &str) {
        assert_eq!(
            self.json(Service::Logs, "PutMetricFilter", &filter(name, pattern, value)),
            "",
            "{pattern}"
        );
    }

    /// Puts messages that were logged at these seconds from the minute's beginning.
    #[track_caller]
    fn log(&mut self, events: &[(i64, &str)]) {
        let event = |(second, message): &(i64, &str)| serde_json::json!({ "timestamp": (MINUTE + second) * 1000, "message": message });
        let events: Vec<_> = events.iter().map(event).collect();
        let body = serde_json::json!({ "logGroupName": "app", "logStreamName": "one", "logEvents": events });
        let answer = self.json(Service::Logs, "PutLogEvents", &body.to_string());
        assert!(answer.starts_with('{'), "{answer}");
    }

    /// The sums of a metric by minute from the first on.
    #[track_caller]
    fn sums(&mut self, name: &str) -> String {
        let answer = self.json(Service::Monitoring, "GetMetricStatistics", &statistics(name, r#""Sum""#));
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        let points = answer["Datapoints"].as_array().expect("points").iter().map(|point| {
            let minute = (point["Timestamp"].as_f64().expect("a time") as i64 - MINUTE) / 60;
            format!("{minute}={}", point["Sum"])
        });
        points.collect::<Vec<_>>().join(" ")
    }
}

fn filter(name: &str, pattern: &str, value: &str) -> String {
    let pattern = serde_json::Value::from(pattern);
    format!(
        r#"{{"logGroupName":"app","filterName":"{name}","filterPattern":{pattern},"metricTransformations":[{{"metricName":"{name}","metricNamespace":"lab",{value}}}]}}"#
    )
}

fn statistics(name: &str, wanted: &str) -> String {
    format!(
        r#"{{"Namespace":"lab","MetricName":"{name}","StartTime":{MINUTE},"EndTime":{},"Period":60,"Statistics":[{wanted}]}}"#,
        MINUTE + 600
    )
}

#[test]
fn a_metric_filter_lives_from_put_to_delete() {
    let mut world = World::with_group();
    world.put_filter("errors", "ERROR", r#""metricValue":"1","defaultValue":0,"unit":"Count""#);
    world.put_filter("bytes", "[ip, ..., bytes]", r#""metricValue":"$bytes","dimensions":{"From":"$ip"}"#);
    let shown = |filters: &str| filters.matches("filterName").count();
    world.filter(
        "DescribeMetricFilters",
        r#"{"logGroupName":"app"}"#,
        expect![[r#"
            {
              "metricFilters": [
                {
                  "applyOnTransformedLogs": false,
                  "creationTime": 1704164645000,
                  "filterName": "bytes",
                  "filterPattern": "[ip, ..., bytes]",
                  "logGroupName": "app",
                  "metricTransformations": [
                    {
                      "dimensions": {
                        "From": "$ip"
                      },
                      "metricName": "bytes",
                      "metricNamespace": "lab",
                      "metricValue": "$bytes"
                    }
                  ]
                },
                {
                  "applyOnTransformedLogs": false,
                  "creationTime": 1704164645000,
                  "filterName": "errors",
                  "filterPattern": "ERROR",
                  "logGroupName": "app",
                  "metricTransformations": [
                    {
                      "defaultValue": 0.0,
                      "metricName": "errors",
                      "metricNamespace": "lab",
                      "metricValue": "1",
                      "unit": "Count"
                    }
                  ]
                }
              ]
            }"#]],
    );
    let counts = [
        (r#"{"filterNamePrefix":"e"}"#, 1),
        (r#"{"metricName":"bytes","metricNamespace":"lab"}"#, 1),
        (r#"{"metricName":"bytes","metricNamespace":"other"}"#, 0),
        (r#"{"limit":1}"#, 1),
    ];
    for (body, expected) in counts {
        assert_eq!(shown(&world.json(Service::Logs, "DescribeMetricFilters", body)), expected, "{body}");
    }
    let first = world.json(Service::Logs, "DescribeMetricFilters", r#"{"limit":1}"#);
    let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let rest = format!(r#"{{"limit":1,"nextToken":{}}}"#, first["nextToken"]);
    assert!(world.json(Service::Logs, "DescribeMetricFilters", &rest).contains(r#""filterName": "errors""#));
    assert!(world.json(Service::Logs, "DescribeLogGroups", "{}").contains(r#""metricFilterCount": 2"#));
    world.filter(
        "DescribeMetricFilters",
        r#"{"metricName":"bytes"}"#,
        expect!["400 InvalidParameterException: metricName and metricNamespace must be specified together."],
    );
    let delete = r#"{"logGroupName":"app","filterName":"errors"}"#;
    world.filter("DeleteMetricFilter", delete, expect![[""]]);
    world.filter(
        "DeleteMetricFilter",
        delete,
        expect!["400 ResourceNotFoundException: The specified metric filter does not exist."],
    );
    world.json(Service::Logs, "DeleteLogGroup", r#"{"logGroupName":"app"}"#);
    assert_eq!(shown(&world.json(Service::Logs, "DescribeMetricFilters", "{}")), 0);
}

#[test]
fn a_filter_that_cannot_count_is_refused() {
    let mut world = World::with_group();
    let dimensions = r#""dimensions":{"a":"$.a"}"#;
    let rows = [
        ("ERROR -", r#""metricValue":"1""#, "Invalid character(s) in term ''"),
        (
            "ERROR",
            &format!(r#""metricValue":"1",{dimensions}"#),
            "The specified filter pattern does not support dimensions",
        ),
        (
            "{ $.a = * }",
            &format!(r#""metricValue":"1","defaultValue":0,{dimensions}"#),
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
        ),
        (
            "{ $.a = * }",
            r#""metricValue":"1","dimensions":{"a":"$.a","b":"$.b","c":"$.c","d":"$.d"}"#,
            "Invalid metric transformation: a metric can have no more than 3 dimensions",
        ),
        (
            "{ $.a = * }",
            r#""metricValue":"1","dimensions":{"a":"fixed"}"#,
            "Invalid metric transformation: the value of a dimension must begin with $ and name a field of the filter pattern",
        ),
        (
            "[a, b]",
            r#""metricValue":"a""#,
            "Invalid metric transformation: the metric value must be a number, or begin with $ and name a field of the filter pattern",
        ),
        (
            "[a, b]",
            r#""metricValue":"$c""#,
            "Invalid metric transformation: the metric value must be a number, or begin with $ and name a field of the filter pattern",
        ),
    ];
    for (pattern, value, expected) in rows {
        let answer = world.json(Service::Logs, "PutMetricFilter", &filter("f", pattern, value));
        assert_eq!(answer, format!("400 InvalidParameterException: {expected}"), "{pattern} {value}");
    }
    world.filter(
        "PutMetricFilter",
        r#"{"logGroupName":"app","filterName":"f","filterPattern":"","metricTransformations":[]}"#,
        expect!["400 InvalidParameterException: 1 validation error detected: Value '[0 transformations]' at 'metricTransformations' failed to satisfy constraint: Member must have length equal to 1"],
    );
    let unit = filter("f", "", r#""metricValue":"1","unit":"Ell""#);
    assert!(
        world.json(Service::Logs, "PutMetricFilter", &unit).contains("'metricTransformations.1.member.unit'")
    );
    let dollar = filter("f", "", r#""metricValue":"1""#).replace(r#""lab""#, r#""a:b""#);
    assert!(world.json(Service::Logs, "PutMetricFilter", &dollar).contains("pattern: [^:*$]*"));
    world.filter(
        "PutMetricFilter",
        &filter("f", "", r#""metricValue":"1""#).replace(r#""app""#, r#""none""#),
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
    world.json(
        Service::Logs,
        "CreateLogGroup",
        r#"{"logGroupName":"rare","logGroupClass":"INFREQUENT_ACCESS"}"#,
    );
    world.filter(
        "PutMetricFilter",
        &filter("f", "", r#""metricValue":"1""#).replace(r#""app""#, r#""rare""#),
        expect!["400 ValidationException: This operation is only supported on the Standard log class."],
    );
}

#[test]
fn a_group_has_at_most_100_filters_and_5_with_regular_expressions() {
    let mut world = World::with_group();
    for number in 0..100 {
        let pattern = if number < 5 { "%a+%" } else { "a" };
        world.put_filter(&format!("f{number}"), pattern, r#""metricValue":"1""#);
    }
    let mut put = |name: &str, pattern: &str| {
        world.json(Service::Logs, "PutMetricFilter", &filter(name, pattern, r#""metricValue":"1""#))
    };
    let over = "400 LimitExceededException: Resource limit exceeded.";
    assert_eq!(put("one more", "a"), over);
    assert_eq!(put("f7", "%b+%"), over);
    assert_eq!(put("f0", "%b+%"), "");
    assert_eq!(put("f0", "b"), "");
    assert_eq!(put("f7", "%b+%"), "");
}

#[test]
fn matches_are_counted_by_the_minute() {
    let mut world = World::with_group();
    world.log(&[(0, "ERROR before the filter")]);
    world.put_filter("errors", "ERROR", r#""metricValue":"1""#);
    world.put_filter("often", "ERROR", r#""metricValue":"1","defaultValue":0"#);
    world.log(&[(1, "ERROR a"), (2, "fine"), (59, "ERROR b"), (60, "ERROR c"), (121, "fine"), (122, "fine")]);
    assert_eq!(world.sums("errors"), "0=2.0 1=1.0");
    // "the Default Value of 0 is used for both log records" of a minute without matches (User Guide).
    assert_eq!(world.sums("often"), "0=2.0 1=1.0 2=0.0");
    world.log(&[(150, "ERROR d"), (151, "fine")]);
    assert_eq!(world.sums("often"), "0=2.0 1=1.0 2=1.0");
    assert_eq!(world.sums("other"), "");
    let mut restarted = world.restarted();
    restarted.log(&[(150, "ERROR e")]);
    assert_eq!(restarted.sums("often"), "0=2.0 1=1.0 2=2.0");
}

#[test]
fn an_event_without_a_dimension_does_not_count() {
    let mut world = World::with_group();
    world.put_filter("v", "{ $.v = * }", r#""metricValue":"$.v","dimensions":{"D":"$.d"}"#);
    world.log(&[
        (0, r#"{"v":1}"#),
        (1, r#"{"v":2,"d":""}"#),
        (2, r#"{"v":4,"d":"  "}"#),
        (3, r#"{"v":8,"d":"x"}"#),
    ]);
    world.metrics(
        "ListMetrics",
        r#"{"Namespace":"lab"}"#,
        expect![[r#"
            {
              "Metrics": [
                {
                  "Dimensions": [
                    {
                      "Name": "D",
                      "Value": "x"
                    }
                  ],
                  "MetricName": "v",
                  "Namespace": "lab"
                }
              ]
            }"#]],
    );
}

#[test]
fn values_and_dimensions_come_from_the_events() {
    let mut world = World::with_group();
    world.put_filter("latency", "{ $.latency = * }", r#""metricValue":"$.latency","unit":"Milliseconds""#);
    world.put_filter("bytes", "[ip, bytes > 10]", r#""metricValue":"$bytes","dimensions":{"From":"$ip"}"#);
    world.log(&[
        (0, r#"{"latency":4.5}"#),
        (1, r#"{"latency":"1.5"}"#),
        (2, r#"{"latency":"slow"}"#),
        (3, "10.0.0.1 100"),
        (4, "10.0.0.2 50"),
        (5, "10.0.0.1 20"),
        (6, "10.0.0.1 5"),
    ]);
    let all = r#""Maximum","Minimum","SampleCount","Average","Sum""#;
    world.metrics(
        "GetMetricStatistics",
        &statistics("latency", all),
        expect![[r#"
            {
              "Datapoints": [
                {
                  "Average": 3.0,
                  "Maximum": 4.5,
                  "Minimum": 1.5,
                  "SampleCount": 2.0,
                  "Sum": 6.0,
                  "Timestamp": 1704164640.0,
                  "Unit": "Milliseconds"
                }
              ],
              "Label": "latency"
            }"#]],
    );
    assert_eq!(world.sums("bytes"), "");
    world.metrics(
        "ListMetrics",
        r#"{"Namespace":"lab","Dimensions":[{"Name":"From"}]}"#,
        expect![[r#"
            {
              "Metrics": [
                {
                  "Dimensions": [
                    {
                      "Name": "From",
                      "Value": "10.0.0.1"
                    }
                  ],
                  "MetricName": "bytes",
                  "Namespace": "lab"
                },
                {
                  "Dimensions": [
                    {
                      "Name": "From",
                      "Value": "10.0.0.2"
                    }
                  ],
                  "MetricName": "bytes",
                  "Namespace": "lab"
                }
              ]
            }"#]],
    );
    let query = |id: &str, ip: &str, stat: &str| {
        format!(
            r#"{{"Id":"{id}","MetricStat":{{"Metric":{{"Namespace":"lab","MetricName":"bytes","Dimensions":[{{"Name":"From","Value":"{ip}"}}]}},"Period":300,"Stat":"{stat}"}}}}"#
        )
    };
    let queries =
        [query("a", "10.0.0.1", "Sum"), query("b", "10.0.0.2", "SampleCount"), query("c", "10.0.0.3", "Sum")];
    world.metrics(
        "GetMetricData",
        &format!(
            r#"{{"MetricDataQueries":[{}],"StartTime":{MINUTE},"EndTime":{}}}"#,
            queries.join(","),
            MINUTE + 600
        ),
        expect![[r#"
            {
              "Messages": [],
              "MetricDataResults": [
                {
                  "Id": "a",
                  "Label": "bytes",
                  "StatusCode": "Complete",
                  "Timestamps": [
                    1704164640.0
                  ],
                  "Values": [
                    120.0
                  ]
                },
                {
                  "Id": "b",
                  "Label": "bytes",
                  "StatusCode": "Complete",
                  "Timestamps": [
                    1704164640.0
                  ],
                  "Values": [
                    1.0
                  ]
                },
                {
                  "Id": "c",
                  "Label": "bytes",
                  "StatusCode": "Complete",
                  "Timestamps": [],
                  "Values": []
                }
              ]
            }"#]],
    );
}

#[test]
fn data_come_in_pages_the_newest_first() {
    let mut world = World::with_group();
    world.put_filter("errors", "ERROR", r#""metricValue":"1""#);
    world.log(&[(0, "ERROR"), (60, "ERROR"), (120, "ERROR"), (121, "ERROR")]);
    let ask = |world: &mut World, more: &str| {
        let query = r#"{"Id":"e","MetricStat":{"Metric":{"Namespace":"lab","MetricName":"errors"},"Period":60,"Stat":"Sum"}}"#;
        let body = format!(
            r#"{{"MetricDataQueries":[{query}],"StartTime":{MINUTE},"EndTime":{}{more}}}"#,
            MINUTE + 180
        );
        let answer = world.json(Service::Monitoring, "GetMetricData", &body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        let result = &answer["MetricDataResults"][0];
        (format!("{} {}", result["Values"], result["StatusCode"]), answer["NextToken"].to_string())
    };
    let (first, token) = ask(&mut world, r#","MaxDatapoints":2"#);
    assert_eq!(first, r#"[2.0,1.0] "PartialData""#);
    let (rest, end) = ask(&mut world, &format!(r#","MaxDatapoints":2,"NextToken":{token}"#));
    assert_eq!((rest.as_str(), end.as_str()), (r#"[1.0] "Complete""#, "null"));
    assert_eq!(ask(&mut world, r#","ScanBy":"TimestampAscending""#).0, r#"[1.0,1.0,2.0] "Complete""#);
}

#[test]
fn what_cloudwatch_cannot_read_is_refused() {
    let mut world = World::with_group();
    let body = statistics("m", r#""Sum""#);
    let refusals = [
        (
            body.replace(r#""Period":60"#, r#""Period":61"#),
            expect![
                "400 InvalidParameterValueException: The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
            ],
        ),
        (
            body.replace(r#"["Sum"]"#, "[]"),
            expect![
                "400 MissingRequiredParameterException: At least one of the parameters Statistics and ExtendedStatistics must be specified."
            ],
        ),
        (
            body.replace("Sum", "p99"),
            expect![
                "400 InvalidParameterValueException: The statistic 'p99' is not implemented by weir; it has SampleCount, Average, Sum, Minimum, Maximum."
            ],
        ),
        (
            body.replace(&format!("{}", MINUTE + 600), "1"),
            expect![
                "400 InvalidParameterValueException: The parameter StartTime must be less than the parameter EndTime."
            ],
        ),
        (
            body.replace(&format!("{}", MINUTE + 600), &format!("{}", MINUTE + 1441 * 60)),
            expect![
                "400 InvalidParameterCombinationException: You have requested up to 1441 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range."
            ],
        ),
        (
            body.replace(r#""lab""#, r#""""#),
            expect!["400 InvalidParameterValueException: The parameter Namespace must not be empty."],
        ),
        (
            body.replace(r#""MetricName":"m","#, ""),
            expect![
                "400 MissingRequiredParameterException: 1 validation error detected: Value null at 'metricName' failed to satisfy constraint: Member must not be null"
            ],
        ),
    ];
    for (body, expected) in refusals {
        world.metrics("GetMetricStatistics", &body, expected);
    }
    let ask = |query: &str| format!(r#"{{"MetricDataQueries":[{query}],"StartTime":0,"EndTime":600}}"#);
    world.metrics(
        "GetMetricData",
        &ask(""),
        expect![
            "400 InvalidParameterValueException: The parameter MetricDataQueries must have 1 to 500 members."
        ],
    );
    world.metrics("GetMetricData", &ask(r#"{"Id":"A"}"#), expect!["400 InvalidParameterValueException: The value A for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."]);
    world.metrics("GetMetricData", &ask(r#"{"Id":"a"}"#), expect!["400 InvalidParameterCombinationException: Either MetricStat or Expression must be specified for a."]);
    world.metrics(
        "GetMetricData",
        &ask(r#"{"Id":"a","Expression":"b*2"}"#),
        expect!["400 InvalidParameterValueException: Expressions over metrics are not implemented by weir."],
    );
    world.metrics(
        "GetMetricData",
        r#"{"MetricDataQueries":[],"StartTime":0,"EndTime":600,"NextToken":"x"}"#,
        expect!["400 InvalidNextToken: The next token specified is invalid."],
    );
    world.metrics(
        "PutMetricData",
        "{}",
        expect!["400 UnknownOperationException: PutMetricData is not implemented by weir."],
    );
}

#[test]
fn times_beyond_all_measure_find_what_is_there() {
    let mut world = World::with_group();
    world.put_filter("errors", "ERROR", r#""metricValue":"1""#);
    world.log(&[(0, "ERROR")]);
    let query = r#"{"Id":"e","MetricStat":{"Metric":{"Namespace":"lab","MetricName":"errors"},"Period":86400000000,"Stat":"Sum"}}"#;
    for (start, end) in [("-1e300", "1e300"), ("0", "9e15"), ("-9223372036854775808", "9223372036854775807")]
    {
        let body = format!(r#"{{"MetricDataQueries":[{query}],"StartTime":{start},"EndTime":{end}}}"#);
        let answer = world.json(Service::Monitoring, "GetMetricData", &body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        assert_eq!(answer["MetricDataResults"][0]["Values"], serde_json::json!([1.0]), "{start} to {end}");
    }
}

#[test]
fn errors_carry_the_code_that_query_clients_know() {
    let mut world = World::new();
    let mut request = world.signed(Service::Monitoring, br#"{"RecentlyActive":"PT1H"}"#);
    request.headers.push(("x-amz-target".into(), "GraniteServiceVersion20100801.ListMetrics".into()));
    request.headers.push(("content-type".into(), "application/x-amz-json-1.0".into()));
    let response = world.send(request);
    let code = response.headers.iter().find(|(name, _)| *name == "x-amzn-query-error");
    assert_eq!(code.map(|(_, code)| code.as_str()), Some("InvalidParameterValue;Sender"));
    assert_eq!(response.content_type, "application/x-amz-json-1.0");
}

#[test]
fn a_pattern_is_tried_on_messages() {
    let mut world = World::new();
    world.filter(
        "TestMetricFilter",
        r#"{"filterPattern":"[ip, ..., status = 4*]","logEventMessages":["10.0.0.1 GET 200","10.0.0.2 GET 404","none"]}"#,
        expect![[r#"
            {
              "matches": [
                {
                  "eventMessage": "10.0.0.2 GET 404",
                  "eventNumber": 2,
                  "extractedValues": {
                    "$2": "GET",
                    "$ip": "10.0.0.2",
                    "$status": "404"
                  }
                }
              ]
            }"#]],
    );
    world.filter("TestMetricFilter", r#"{"filterPattern":"a","logEventMessages":[]}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '[0 messages]' at 'logEventMessages' failed to satisfy constraint: Member must have length between 1 and 50"]);
    world.filter(
        "TestMetricFilter",
        r#"{"filterPattern":"[","logEventMessages":["a"]}"#,
        expect![
            "400 InvalidParameterException: Invalid filter pattern: a comma or closing bracket is missing"
        ],
    );
}
