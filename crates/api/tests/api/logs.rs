//! CloudWatch Logs: groups, streams, events, queries.
//!
//! Expectations from the CloudWatch Logs API Reference; sentences of errors as clients have reported them.

use crate::world::{START, World};
use expect_test::{Expect, expect};
use weir_store::{Options, Store};
use weir_wire::Service;

impl World {
    #[track_caller]
    pub fn logs(&mut self, action: &str, body: &str, expected: Expect) {
        expected.assert_eq(&self.json(Service::Logs, action, body));
    }

    /// A group and stream with events at these seconds from the start.
    fn with_events(events: &[(i64, &str)]) -> World {
        let mut world = World::new();
        world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
        world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#);
        world.json(Service::Logs, "PutLogEvents", &batch("one", events));
        world
    }
}

fn batch(stream: &str, events: &[(i64, &str)]) -> String {
    let event = |(second, message): &(i64, &str)| serde_json::json!({ "timestamp": START.0 + second * 1000, "message": message });
    let events: Vec<_> = events.iter().map(event).collect();
    serde_json::json!({ "logGroupName": "app", "logStreamName": stream, "logEvents": events }).to_string()
}

#[test]
fn a_group_lives_from_creation_to_deletion() {
    let mut world = World::new();
    world.logs("CreateLogGroup", r#"{"logGroupName":"/vpc/flow-logs","tags":{"team":"net"}}"#, expect![[""]]);
    world.logs(
        "CreateLogGroup",
        r#"{"logGroupName":"/vpc/flow-logs"}"#,
        expect!["400 ResourceAlreadyExistsException: The specified log group already exists"],
    );
    world.logs(
        "PutRetentionPolicy",
        r#"{"logGroupName":"/vpc/flow-logs","retentionInDays":7}"#,
        expect![[""]],
    );
    world.logs("PutRetentionPolicy", r#"{"logGroupName":"/vpc/flow-logs","retentionInDays":8}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '8' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]"]);
    world.logs(
        "DescribeLogGroups",
        "{}",
        expect![[r#"
        {
          "logGroups": [
            {
              "arn": "arn:aws:logs:us-east-1:000000000000:log-group:/vpc/flow-logs:*",
              "creationTime": 1704164645000,
              "deletionProtectionEnabled": false,
              "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/vpc/flow-logs",
              "logGroupClass": "STANDARD",
              "logGroupName": "/vpc/flow-logs",
              "metricFilterCount": 0,
              "retentionInDays": 7,
              "storedBytes": 0
            }
          ]
        }"#]],
    );
    world.logs("DeleteRetentionPolicy", r#"{"logGroupName":"/vpc/flow-logs"}"#, expect![[""]]);
    world.logs(
        "ListTagsLogGroup",
        r#"{"logGroupName":"/vpc/flow-logs"}"#,
        expect![[r#"
        {
          "tags": {
            "team": "net"
          }
        }"#]],
    );
    world.logs("DeleteLogGroup", r#"{"logGroupName":"/vpc/flow-logs"}"#, expect![[""]]);
    world.logs(
        "DeleteLogGroup",
        r#"{"logGroupName":"/vpc/flow-logs"}"#,
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
}

#[test]
fn names_are_checked_before_anything_else() {
    let mut world = World::new();
    world.logs("CreateLogGroup", "{}", expect!["400 InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"]);
    world.logs("CreateLogGroup", r#"{"logGroupName":""}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1"]);
    world.logs("CreateLogGroup", r#"{"logGroupName":"a b"}"#, expect![[r#"400 InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"#]]);
    world.logs(
        "CreateLogGroup",
        r#"{"logGroupName":"aws/x"}"#,
        expect!["400 InvalidParameterException: Log groups starting with 'aws/' are reserved."],
    );
    world.logs("CreateLogGroup", r#"{"logGroupName":"x","logGroupClass":"CHEAP"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value 'CHEAP' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]"]);
    world.logs(
        "CreateLogGroup",
        r#"{"logGroupName":7}"#,
        expect!["400 SerializationException: logGroupName: invalid type: integer `7`, expected a string"],
    );
    world.logs(
        "CreateLogGroup",
        r#"{"logGroupName":"x","colour":"red"}"#,
        expect!["400 UnknownParameter: The parameter colour is not recognized: not implemented by weir"],
    );
    world.logs(
        "CreateLogGroup",
        r#"{"logGroupName":"x""#,
        expect!["400 SerializationException: EOF while parsing an object at line 1 column 19"],
    );
    world.logs("CreateLogStream", r#"{"logGroupName":"none","logStreamName":"a:b"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*"]);
    world.logs(
        "CreateLogStream",
        r#"{"logGroupName":"none","logStreamName":"a"}"#,
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
    world.logs(
        "DescribeLogStreams",
        "{}",
        expect![
            "400 InvalidParameterException: Either logGroupName or logGroupIdentifier must be specified."
        ],
    );
    world.logs("DescribeLogStreams", r#"{"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:app:*"}"#, expect![[r#"400 InvalidParameterException: 1 validation error detected: Value 'arn:aws:logs:us-east-1:000000000000:log-group:app:*' at 'logGroupIdentifier' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w#+=/:,.@-]*"#]]);
    world.logs(
        "PutSubscriptionFilter",
        "{}",
        expect!["400 UnknownOperationException: PutSubscriptionFilter is not implemented by weir."],
    );
}

#[test]
fn groups_are_listed_in_pages_of_their_scope() {
    let mut world = World::new();
    for name in ["a1", "a2", "a3", "b1"] {
        world.json(Service::Logs, "CreateLogGroup", &format!(r#"{{"logGroupName":"{name}"}}"#));
    }
    let names = |world: &mut World, body: &str| {
        let answer: serde_json::Value =
            serde_json::from_str(&world.json(Service::Logs, "DescribeLogGroups", body)).expect("JSON");
        let groups = answer["logGroups"].as_array().expect("a list").clone();
        let names: Vec<String> =
            groups.iter().map(|group| group["logGroupName"].as_str().expect("a name").into()).collect();
        (names.join(" "), answer["nextToken"].as_str().map(str::to_owned))
    };
    let (first, token) = names(&mut world, r#"{"limit":2,"logGroupNamePrefix":"a"}"#);
    let token = token.expect("there is more");
    let (second, end) =
        names(&mut world, &format!(r#"{{"limit":2,"logGroupNamePrefix":"a","nextToken":"{token}"}}"#));
    assert_eq!((first.as_str(), second.as_str(), end), ("a1 a2", "a3", None));
    assert_eq!(names(&mut world, r#"{"logGroupNamePattern":"1"}"#).0, "a1 b1");
    let mut elsewhere = World { region: "eu-west-1", ..world };
    assert_eq!(names(&mut elsewhere, "{}").0, "");
    elsewhere.logs("DescribeLogGroups", r#"{"limit":51}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50"]);
    elsewhere.logs(
        "DescribeLogGroups",
        r#"{"nextToken":"x"}"#,
        expect!["400 InvalidParameterException: The specified nextToken is invalid."],
    );
    elsewhere.logs("DescribeLogGroups", r#"{"logGroupNamePrefix":"a","logGroupNamePattern":"b"}"#, expect!["400 InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."]);
}

#[test]
fn tags_are_named_by_arn_or_by_name() {
    let mut world = World::new();
    world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";
    world.logs(
        "TagResource",
        &format!(r#"{{"resourceArn":"{arn}","tags":{{"a":"1","b":"2"}}}}"#),
        expect![[""]],
    );
    world.logs("TagLogGroup", r#"{"logGroupName":"app","tags":{"c":"3"}}"#, expect![[""]]);
    world.logs("UntagResource", &format!(r#"{{"resourceArn":"{arn}:*","tagKeys":["a"]}}"#), expect![[""]]);
    world.logs("UntagLogGroup", r#"{"logGroupName":"app","tags":["b"]}"#, expect![[""]]);
    world.logs(
        "ListTagsForResource",
        &format!(r#"{{"resourceArn":"{arn}"}}"#),
        expect![[r#"
        {
          "tags": {
            "c": "3"
          }
        }"#]],
    );
    world.logs(
        "TagResource",
        &format!(r#"{{"resourceArn":"{arn}","tags":{{"aws:a":"1"}}}}"#),
        expect!["400 InvalidParameterException: Tag keys beginning with aws: are reserved for system use"],
    );
    world.logs(
        "ListTagsForResource",
        r#"{"resourceArn":"arn:aws:logs:us-east-1:111111111111:log-group:app"}"#,
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
}

#[test]
fn streams_are_listed_by_name_or_last_event() {
    let mut world = World::with_events(&[(-60, "old")]);
    world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"two"}"#);
    world.json(Service::Logs, "PutLogEvents", &batch("two", &[(0, "new")]));
    world.logs(
        "CreateLogStream",
        r#"{"logGroupName":"app","logStreamName":"two"}"#,
        expect!["400 ResourceAlreadyExistsException: The specified log stream already exists"],
    );
    world.logs(
        "DescribeLogStreams",
        r#"{"logGroupName":"app","orderBy":"LastEventTime","descending":true,"limit":1}"#,
        expect![[r#"
            {
              "logStreams": [
                {
                  "arn": "arn:aws:logs:us-east-1:000000000000:log-group:app:log-stream:two",
                  "creationTime": 1704164645000,
                  "firstEventTimestamp": 1704164645000,
                  "lastEventTimestamp": 1704164645000,
                  "lastIngestionTime": 1704164645000,
                  "logStreamName": "two",
                  "storedBytes": 0,
                  "uploadSequenceToken": "00000000000000000000000000000000000000000000000000000002"
                }
              ],
              "nextToken": "02ab45d13137303431363436343530303020313730343136343634353030302074776f"
            }"#]],
    );
    world.logs(
        "DescribeLogStreams",
        r#"{"logGroupName":"app","orderBy":"LastEventTime","logStreamNamePrefix":"o"}"#,
        expect!["400 InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix."],
    );
    world.logs("DescribeLogStreams", r#"{"logGroupName":"app","orderBy":"Size"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value 'Size' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LogStreamName, LastEventTime]"]);
    world.logs("DeleteLogStream", r#"{"logGroupName":"app","logStreamName":"two"}"#, expect![[""]]);
    world.logs(
        "DeleteLogStream",
        r#"{"logGroupName":"app","logStreamName":"two"}"#,
        expect!["400 ResourceNotFoundException: The specified log stream does not exist."],
    );
}

#[test]
fn a_batch_is_refused_or_stored_in_part() {
    let mut world = World::with_events(&[]);
    let day = 24 * 60 * 60;
    world.logs(
        "PutLogEvents",
        &batch("none", &[(0, "a")]),
        expect!["400 ResourceNotFoundException: The specified log stream does not exist."],
    );
    world.logs("PutLogEvents", &batch("one", &[]), expect!["400 InvalidParameterException: 1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"]);
    world.logs("PutLogEvents", &batch("one", &[(0, "")]), expect!["400 InvalidParameterException: 1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1"]);
    world.logs("PutLogEvents", &batch("one", &[(1, "a"), (0, "b")]), expect!["400 InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order."]);
    // What is too old is not stored, and does not count to the span (PutLogEvents: "for valid events").
    world.logs(
        "PutLogEvents",
        &batch("one", &[(-15 * day, "too old"), (0, "kept")]),
        expect![[r#"
        {
          "nextSequenceToken": "00000000000000000000000000000000000000000000000000000001",
          "rejectedLogEventsInfo": {
            "tooOldLogEventEndIndex": 1
          }
        }"#]],
    );
    world.logs("PutLogEvents", &batch("one", &[(-day - 1, "a"), (0, "b")]), expect!["400 InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than 24 hours."]);
    world.logs(
        "PutLogEvents",
        &batch("one", &[(0, &"x".repeat(1_048_551))]),
        expect!["400 InvalidParameterException: Upload too large: 1048577 bytes exceeds limit of 1048576"],
    );
    world.logs("PutLogEvents", &batch("one", &vec![(0, "x"); 10_001]), expect!["400 InvalidParameterException: 1 validation error detected: Value '[10001 events]' at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000"]);
    world.logs(
        "PutLogEvents",
        &batch("one", &[(-14 * day - 1, "too old"), (-14 * day, "kept")]),
        expect![[r#"
            {
              "nextSequenceToken": "00000000000000000000000000000000000000000000000000000002",
              "rejectedLogEventsInfo": {
                "tooOldLogEventEndIndex": 1
              }
            }"#]],
    );
    world.logs(
        "PutLogEvents",
        &batch("one", &[(0, "kept"), (7200, "kept"), (7201, "too new")]),
        expect![[r#"
            {
              "nextSequenceToken": "00000000000000000000000000000000000000000000000000000004",
              "rejectedLogEventsInfo": {
                "tooNewLogEventStartIndex": 2
              }
            }"#]],
    );
    world.json(Service::Logs, "PutRetentionPolicy", r#"{"logGroupName":"app","retentionInDays":1}"#);
    world.logs(
        "PutLogEvents",
        &batch("one", &[(-day - 1, "expired"), (-day, "kept")]),
        expect![[r#"
            {
              "nextSequenceToken": "00000000000000000000000000000000000000000000000000000005",
              "rejectedLogEventsInfo": {
                "expiredLogEventEndIndex": 1
              }
            }"#]],
    );
    world.logs(
        "PutLogEvents",
        &batch("one", &[(0, &"x".repeat(1_048_550))]),
        expect![[r#"
            {
              "nextSequenceToken": "00000000000000000000000000000000000000000000000000000006"
            }"#]],
    );
}

#[test]
fn a_stream_is_read_in_both_directions() {
    let mut world = World::with_events(&[(0, "a"), (1, "b"), (2, "c")]);
    let newest = world.json(
        Service::Logs,
        "GetLogEvents",
        r#"{"logGroupName":"app","logStreamName":"one","limit":2}"#,
    );
    expect![[r#"
        {
          "events": [
            {
              "ingestionTime": 1704164645000,
              "message": "b",
              "timestamp": 1704164646000
            },
            {
              "ingestionTime": 1704164645000,
              "message": "c",
              "timestamp": 1704164647000
            }
          ],
          "nextBackwardToken": "b/00000001704164646000000000000000000000020001704164645000",
          "nextForwardToken": "f/00000001704164647000000000000000000000030001704164645000"
        }"#]]
    .assert_eq(&newest);
    let token = |answer: &str, name: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        answer[name].as_str().expect("tokens are always there").to_owned()
    };
    let go = |world: &mut World, token: &str| {
        let body = format!(
            r#"{{"logGroupName":"app","logStreamName":"one","startFromHead":true,"nextToken":"{token}"}}"#
        );
        world.json(Service::Logs, "GetLogEvents", &body)
    };
    let older = go(&mut world, &token(&newest, "nextBackwardToken"));
    assert!(older.contains(r#""message": "a""#) && !older.contains(r#""message": "b""#), "{older}");
    let forward = token(&newest, "nextForwardToken");
    let end = go(&mut world, &forward);
    assert_eq!(token(&end, "nextForwardToken"), forward, "at the end the same token comes back");
    world.json(Service::Logs, "PutLogEvents", &batch("one", &[(3, "d")]));
    assert!(go(&mut world, &forward).contains(r#""message": "d""#));
    world.logs(
        "GetLogEvents",
        r#"{"logGroupName":"app","logStreamName":"one","nextToken":"x"}"#,
        expect!["400 InvalidParameterException: The specified nextToken is invalid."],
    );
    world.logs(
        "GetLogEvents",
        r#"{"logGroupName":"app","logStreamName":"none"}"#,
        expect!["400 ResourceNotFoundException: The specified log stream does not exist."],
    );
    world.logs("GetLogEvents", r#"{"logGroupName":"app","logStreamName":"one","limit":10001}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"]);
    let exclusive = format!(r#"{{"logGroupName":"app","logStreamName":"one","endTime":{}}}"#, START.0 + 1000);
    assert_eq!(world.json(Service::Logs, "GetLogEvents", &exclusive).matches("message").count(), 1);
}

/// "The token expires after 24 hours" (GetLogEvents, `nextForwardToken`; FilterLogEvents, `nextToken`).
#[test]
fn tokens_of_events_expire_after_a_day() {
    let mut world = World::new();
    world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
    world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#);
    world.json(Service::Logs, "PutLogEvents", &batch("one", &[(1, "a"), (2, "b")]));
    for (action, member, body) in [
        (
            "GetLogEvents",
            "nextForwardToken",
            r#""logGroupName":"app","logStreamName":"one","startFromHead":true"#,
        ),
        ("FilterLogEvents", "nextToken", r#""logGroupName":"app","limit":1"#),
    ] {
        world.now = START;
        let first = world.json(Service::Logs, action, &format!("{{{body}}}"));
        let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
        let next = format!(r#"{{{body},"nextToken":{}}}"#, first[member]);
        for (later_ms, expected) in [
            (24 * 60 * 60 * 1000, "{"),
            (24 * 60 * 60 * 1000 + 1, "400 InvalidParameterException: The specified nextToken is invalid."),
        ] {
            world.now = START.plus_ms(later_ms);
            let answer = world.json(Service::Logs, action, &next);
            assert!(answer.starts_with(expected), "{action} {later_ms}: {answer}");
        }
    }
}

#[test]
fn an_account_has_no_more_groups_in_a_region_than_it_may() {
    let store = Store::in_memory_with(Options { groups_max: 1, ..Options::default() });
    let mut world = World::with_store(store);
    world.logs("CreateLogGroup", r#"{"logGroupName":"a"}"#, expect![""]);
    let refused = expect!["400 LimitExceededException: Resource limit exceeded."];
    world.logs("CreateLogGroup", r#"{"logGroupName":"b"}"#, refused);
    world.region = "eu-west-1";
    world.logs("CreateLogGroup", r#"{"logGroupName":"b"}"#, expect![""]);
}

#[test]
fn an_answer_has_at_most_a_megabyte_of_events() {
    let half = "x".repeat(524_288 - 26);
    let mut world = World::with_events(&[(0, &half), (1, &half)]);
    world.json(Service::Logs, "PutLogEvents", &batch("one", &[(2, "y"), (3, "z")]));
    let mut read = |more: &str| {
        let body = format!(r#"{{"logGroupName":"app"{more}}}"#);
        let answer = world.json(Service::Logs, "FilterLogEvents", &body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        (answer["events"].as_array().map(Vec::len), answer["nextToken"].as_str().map(str::to_owned))
    };
    let (first, token) = read("");
    let token = token.expect("there is more");
    assert_eq!(first, Some(2));
    assert_eq!(read(&format!(r#","nextToken":"{token}""#)), (Some(2), None));
    // An answer that ends with the last event has no token.
    assert_eq!(read(r#","limit":4,"filterPattern":"-x""#), (Some(2), None));
    let pages = r#"{"logGroupName":"app","logStreamName":"one","startFromHead":true}"#;
    assert_eq!(world.json(Service::Logs, "GetLogEvents", pages).matches(r#""message""#).count(), 2);
}

// "CloudWatch Logs doesn't immediately delete log events when they reach their retention setting"; here whoever reads does not
// see them from then on, and a file whose events have all expired goes.
#[test]
fn events_are_gone_when_their_retention_is_over() {
    let mut world = World::with_events(&[(0, "old"), (3600, "young")]);
    world.json(Service::Logs, "PutRetentionPolicy", r#"{"logGroupName":"app","retentionInDays":1}"#);
    let day_ms = 24 * 60 * 60 * 1000;
    let seen = |world: &mut World| {
        let answer = world.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"app"}"#);
        (answer.contains("old"), answer.contains("young"))
    };
    world.now = START.plus_ms(day_ms);
    world.cloud.step(world.now.into());
    assert_eq!(seen(&mut world), (true, true));
    world.now = START.plus_ms(day_ms + 1000);
    world.cloud.step(world.now.into());
    assert_eq!(seen(&mut world), (false, true));
    // A day later the whole day of the events has expired.
    for minute in 0..3 {
        world.now = START.plus_ms(2 * day_ms + minute * 60_000);
        world.cloud.step(world.now.into());
    }
    assert_eq!(seen(&mut world), (false, false));
    assert!(world.json(Service::Logs, "DescribeLogGroups", "{}").contains(r#""storedBytes": 0"#));
}

#[test]
fn a_group_is_searched_by_pattern_time_and_stream() {
    let mut world = World::with_events(&[(0, "GET ok"), (1, "GET failed"), (2, "PUT failed")]);
    world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"two"}"#);
    world.json(Service::Logs, "PutLogEvents", &batch("two", &[(1, "GET failed too")]));
    world.logs(
        "FilterLogEvents",
        r#"{"logGroupName":"app","filterPattern":"GET failed"}"#,
        expect![[r#"
        {
          "events": [
            {
              "eventId": "00000001704164646000000000000000000000020000000000000000",
              "ingestionTime": 1704164645000,
              "logStreamName": "one",
              "message": "GET failed",
              "timestamp": 1704164646000
            },
            {
              "eventId": "00000001704164646000000000000000000000040000000000000000",
              "ingestionTime": 1704164645000,
              "logStreamName": "two",
              "message": "GET failed too",
              "timestamp": 1704164646000
            }
          ],
          "searchedLogStreams": []
        }"#]],
    );
    let count = |world: &mut World, body: &str| {
        world.json(Service::Logs, "FilterLogEvents", body).matches(r#""message""#).count()
    };
    assert_eq!(count(&mut world, r#"{"logGroupName":"app","filterPattern":"[verb = P*, outcome]"}"#), 1);
    assert_eq!(count(&mut world, r#"{"logGroupName":"app","filterPattern":"{ $.verb = * }"}"#), 0);
    assert_eq!(count(&mut world, r#"{"logGroupName":"app","filterPattern":"%o{2}$%"}"#), 1);
    assert_eq!(count(&mut world, r#"{"logGroupName":"app","logStreamNames":["two"]}"#), 1);
    assert_eq!(count(&mut world, r#"{"logGroupName":"app","logStreamNamePrefix":"o"}"#), 3);
    assert_eq!(count(&mut world, &format!(r#"{{"logGroupName":"app","endTime":{}}}"#, START.0 + 1000)), 3);
    world.logs(
        "FilterLogEvents",
        r#"{"logGroupName":"app","logStreamNames":["none"]}"#,
        expect!["400 ResourceNotFoundException: The specified log stream does not exist."],
    );
    world.logs("FilterLogEvents", r#"{"logGroupName":"app","logStreamNames":["one"],"logStreamNamePrefix":"o"}"#, expect!["400 InvalidParameterException: Only one of logStreamNames and logStreamNamePrefix can be specified."]);
    world.logs(
        "FilterLogEvents",
        r#"{"logGroupName":"app","filterPattern":"{ $.a = 'x' }"}"#,
        expect!["400 InvalidParameterException: Invalid filter pattern: a value is missing, or needs quotes"],
    );
    world.logs(
        "FilterLogEvents",
        r#"{"logGroupName":"app","nextToken":"1"}"#,
        expect!["400 InvalidParameterException: The specified nextToken is invalid."],
    );
    world.logs("FilterLogEvents", r#"{"logGroupName":"app","startFromHead":false}"#, expect!["400 InvalidParameterException: startFromHead can be false only if startTime is 2024-01-01 or later."]);
    let first = world.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"app","limit":3}"#);
    let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let token = first["nextToken"].as_str().expect("there is more");
    world.logs(
        "FilterLogEvents",
        &format!(r#"{{"logGroupName":"app","nextToken":"{token}"}}"#),
        expect![[r#"
        {
          "events": [
            {
              "eventId": "00000001704164647000000000000000000000030000000000000000",
              "ingestionTime": 1704164645000,
              "logStreamName": "one",
              "message": "PUT failed",
              "timestamp": 1704164647000
            }
          ],
          "searchedLogStreams": []
        }"#]],
    );
}

/// Records of a flow log in the default format, as CloudWatch Logs holds them.
const RECORDS: [(i64, &str); 3] = [
    (0, "2 000000000000 eni-1 10.1.0.10 10.2.0.10 0 0 1 5 420 1704164645 1704164700 ACCEPT OK"),
    (1, "2 000000000000 eni-1 203.0.113.9 10.1.0.10 40000 23 6 2 80 1704164645 1704164700 REJECT OK"),
    (2, "2 000000000000 eni-1 10.1.0.10 10.2.0.10 0 0 1 5 420 1704164705 1704164760 ACCEPT OK"),
];

fn start(query: &str) -> String {
    let (from, to) = (START.seconds() - 60, START.seconds() + 60);
    serde_json::json!({ "logGroupName": "app", "startTime": from, "endTime": to, "queryString": query })
        .to_string()
}

#[test]
fn a_query_ranks_the_talkers() {
    let mut world = World::with_events(&RECORDS);
    let query = "fields @timestamp, srcAddr, dstAddr, bytes | stats sum(bytes) as totalBytes by srcAddr, dstAddr \
                 | sort totalBytes desc | limit 10";
    let started = world.json(Service::Logs, "StartQuery", &start(query));
    let started: serde_json::Value = serde_json::from_str(&started).expect("JSON");
    let id = started["queryId"].as_str().expect("an id");
    world.logs(
        "GetQueryResults",
        &format!(r#"{{"queryId":"{id}"}}"#),
        expect![[r#"
        {
          "queryLanguage": "CWLI",
          "results": [
            [
              {
                "field": "srcAddr",
                "value": "10.1.0.10"
              },
              {
                "field": "dstAddr",
                "value": "10.2.0.10"
              },
              {
                "field": "totalBytes",
                "value": "840"
              }
            ],
            [
              {
                "field": "srcAddr",
                "value": "203.0.113.9"
              },
              {
                "field": "dstAddr",
                "value": "10.1.0.10"
              },
              {
                "field": "totalBytes",
                "value": "80"
              }
            ]
          ],
          "statistics": {
            "bytesScanned": 258.0,
            "estimatedBytesSkipped": 0.0,
            "estimatedRecordsSkipped": 0.0,
            "logGroupsScanned": 1.0,
            "recordsMatched": 3.0,
            "recordsScanned": 3.0,
            "resultCount": 2.0
          },
          "status": "Complete"
        }"#]],
    );
    world.logs("StopQuery", &format!(r#"{{"queryId":"{id}"}}"#), expect!["400 InvalidParameterException: Query [491718de-357e-4da8-8b43-5c8e74616796] is not running or scheduled."]);
    world.logs("DescribeQueries", r#"{"status":"Complete"}"#, expect![[r#"
        {
          "queries": [
            {
              "bytesScanned": 258.0,
              "createTime": 1704164645000,
              "logGroupName": "app",
              "queryDuration": 0,
              "queryId": "491718de-357e-4da8-8b43-5c8e74616796",
              "queryLanguage": "CWLI",
              "queryString": "fields @timestamp, srcAddr, dstAddr, bytes | stats sum(bytes) as totalBytes by srcAddr, dstAddr | sort totalBytes desc | limit 10",
              "status": "Complete",
              "userIdentity": "arn:aws:iam::000000000000:root"
            }
          ]
        }"#]]);
    let mut other = World { access_key: "111111111111", ..world };
    other.logs(
        "GetQueryResults",
        &format!(r#"{{"queryId":"{id}"}}"#),
        expect![
            "400 ResourceNotFoundException: Query [491718de-357e-4da8-8b43-5c8e74616796] does not exist."
        ],
    );
    other.logs("DescribeQueries", r#"{"status":"Lost"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value 'Lost' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Scheduled, Running, Complete, Failed, Cancelled, Timeout, Unknown]"]);
}

#[test]
fn a_malformed_query_says_where() {
    let mut world = World::with_events(&RECORDS);
    world.logs("StartQuery", &start("fields @timestamp | frobnicate"), expect![[r#"400 MalformedQueryException: unknown command frobnicate {"queryCompileError":{"location":{"endCharOffset":30,"startCharOffset":20},"message":"unknown command frobnicate"}}"#]]);
    world.logs("StartQuery", r#"{"startTime":1,"endTime":2,"queryString":"fields @message"}"#, expect!["400 InvalidParameterException: Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."]);
    world.logs(
        "StartQuery",
        r#"{"logGroupName":"app","startTime":2,"endTime":1,"queryString":"fields @message"}"#,
        expect!["400 InvalidParameterException: Query's end time is before its start time."],
    );
    world.logs(
        "StartQuery",
        r#"{"logGroupName":"none","startTime":1,"endTime":2,"queryString":"fields @message"}"#,
        expect![
            "400 ResourceNotFoundException: Log group 'none' does not exist for account ID '000000000000'"
        ],
    );
    world.logs(
        "StartQuery",
        r#"{"logGroupName":"app","startTime":1,"endTime":2,"queryString":"fields a | lookup b","queryLanguage":"PPL"}"#,
        expect![[r#"400 MalformedQueryException: lookup is no command of PPL in CloudWatch Logs {"queryCompileError":{"location":{"endCharOffset":17,"startCharOffset":11},"message":"lookup is no command of PPL in CloudWatch Logs"}}"#]],
    );
    world.logs(
        "GetQueryResults",
        r#"{"queryId":"none"}"#,
        expect!["400 ResourceNotFoundException: Query [none] does not exist."],
    );
}

#[test]
fn a_row_leads_to_its_event() {
    let mut world = World::with_events(&RECORDS[..1]);
    let started = world.json(Service::Logs, "StartQuery", &start("fields action"));
    let started: serde_json::Value = serde_json::from_str(&started).expect("JSON");
    let asked = serde_json::json!({ "queryId": started["queryId"] }).to_string();
    let results = world.json(Service::Logs, "GetQueryResults", &asked);
    let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
    let pointer = &results["results"][0][1];
    assert_eq!(pointer["field"], "@ptr");
    let asked = serde_json::json!({ "logRecordPointer": pointer["value"] }).to_string();
    world.logs("GetLogRecord", &asked, expect![[r#"
        {
          "logRecord": {
            "@aws.account": "000000000000",
            "@aws.region": "us-east-1",
            "@ingestionTime": "1704164645000",
            "@log": "000000000000:app",
            "@logStream": "one",
            "@message": "2 000000000000 eni-1 10.1.0.10 10.2.0.10 0 0 1 5 420 1704164645 1704164700 ACCEPT OK",
            "@ptr": "000000000000:app:00000001704164645000000000000000000000010000000000000000",
            "@source.log": "app",
            "@timestamp": "1704164645000",
            "accountId": "000000000000",
            "action": "ACCEPT",
            "bytes": "420",
            "dstAddr": "10.2.0.10",
            "dstPort": "0",
            "endTime": "1704164700",
            "interfaceId": "eni-1",
            "logStatus": "OK",
            "packets": "5",
            "protocol": "1",
            "srcAddr": "10.1.0.10",
            "srcPort": "0",
            "startTime": "1704164645",
            "version": "2"
          }
        }"#]]);
    world.logs(
        "GetLogRecord",
        r#"{"logRecordPointer":"x"}"#,
        expect!["400 InvalidParameterException: The specified log record pointer is invalid."],
    );
    let mut other = World { access_key: "111111111111", ..world };
    other.logs(
        "GetLogRecord",
        &asked,
        expect!["400 ResourceNotFoundException: The specified log record does not exist."],
    );
}
