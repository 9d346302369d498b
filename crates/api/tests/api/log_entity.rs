//! Entities of batches of events. Expectations: CloudWatch Logs API Reference, PutLogEvents, Entity, RejectedEntityInfo; User
//! Guide, "Supported logs and discovered fields".

use crate::world::{START, World};
use expect_test::expect;
use serde_json::{Value, json};
use weir_wire::Service;

/// Puts one event at a second from the start into group `app`, with this entity or `null`; what is answered beside the token.
fn put(world: &mut World, (second, message): (i64, &str), entity: &Value) -> Value {
    let event = json!({ "timestamp": START.0 + second * 1000, "message": message });
    let put =
        json!({ "logGroupName": "app", "logStreamName": "one", "logEvents": [event], "entity": entity });
    let answer = world.json(Service::Logs, "PutLogEvents", &put.to_string());
    let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
    answer.as_object_mut().expect("an object").remove("nextSequenceToken");
    answer
}

/// The entity that the page has as its example, with the environment that a service must have.
fn entity() -> Value {
    json!({
        "keyAttributes": { "Type": "Service", "Name": "PetClinic", "Environment": "prod" },
        "attributes": { "PlatformType": "AWS::EC2", "EC2.InstanceId": "i-1234567890123" },
    })
}

fn asked(world: &mut World, operation: &str, request: &Value) -> Value {
    let answer = world.json(Service::Logs, operation, &request.to_string());
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"))
}

/// The rows that a query of group `app` answers, `@ptr` at their ends.
fn rows(world: &mut World, query: &str) -> Vec<Vec<String>> {
    let (start, end) = (START.seconds() - 60, START.seconds() + 60);
    let request = json!({ "logGroupName": "app", "queryString": query, "startTime": start, "endTime": end });
    let started = asked(world, "StartQuery", &request);
    let answer = asked(world, "GetQueryResults", &json!({ "queryId": started["queryId"] }));
    let value = |field: &Value| field["value"].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| row.as_array().expect("fields").iter().map(value).collect();
    answer["results"].as_array().expect("rows").iter().map(row).collect()
}

#[test]
fn members_of_entities_are_fields_of_their_events() {
    let mut world = World::with_app();
    assert_eq!(put(&mut world, (0, "plain"), &Value::Null), json!({}));
    assert_eq!(put(&mut world, (1, r#"{"a": 1}"#), &entity()), json!({}));
    let query =
        "filter @entity.KeyAttributes.Name = 'PetClinic' | fields @entity.Attributes.EC2.InstanceId, a";
    let found = rows(&mut world, query);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0][..2], ["i-1234567890123", "1"]);
    let counted = rows(&mut world, "stats count(*) as n by @entity.KeyAttributes.Type as type | sort type");
    assert_eq!(counted, [vec!["1".to_owned()], vec!["Service".to_owned(), "1".to_owned()]]);
    let record = asked(&mut world, "GetLogRecord", &json!({ "logRecordPointer": found[0][2] }));
    expect![[r#"
        {
          "@aws.account": "000000000000",
          "@aws.region": "us-east-1",
          "@entity.Attributes.EC2.InstanceId": "i-1234567890123",
          "@entity.Attributes.PlatformType": "AWS::EC2",
          "@entity.KeyAttributes.Environment": "prod",
          "@entity.KeyAttributes.Name": "PetClinic",
          "@entity.KeyAttributes.Type": "Service",
          "@ingestionTime": "1704164645000",
          "@log": "000000000000:app",
          "@logStream": "one",
          "@message": "{\"a\": 1}",
          "@ptr": "000000000000:app:00000001704164646000000000000000000000020000000000000000",
          "@source.log": "app",
          "@timestamp": "1704164646000",
          "a": "1"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&record["logRecord"]).expect("JSON"));
    let fields =
        asked(&mut world, "GetLogGroupFields", &json!({ "logGroupName": "app", "time": START.seconds() }));
    let field = json!({ "name": "@entity.KeyAttributes.Type", "percent": 50 });
    assert!(fields["logGroupFields"].as_array().expect("a list").contains(&field), "{fields}");
}

/// What reads messages gives what it would give without.
#[test]
fn events_are_the_same_with_entities() {
    let mut with = World::with_app();
    let mut without = World::with_app();
    put(&mut with, (0, "plain"), &entity());
    put(&mut without, (0, "plain"), &Value::Null);
    for (operation, request) in [
        ("GetLogEvents", json!({ "logGroupName": "app", "logStreamName": "one" })),
        ("FilterLogEvents", json!({ "logGroupName": "app" })),
    ] {
        let given = |world: &mut World| asked(world, operation, &request)["events"].clone();
        let events = given(&mut with);
        assert_eq!(events, given(&mut without));
        assert_eq!(events[0]["message"], "plain");
    }
}

#[test]
fn a_wrong_entity_is_rejected_and_its_events_are_taken() {
    let mut world = World::with_app();
    let wrong = json!({ "keyAttributes": { "Type": "Thing", "Name": "x" } });
    let rejected = json!({ "rejectedEntityInfo": { "errorType": "InvalidTypeValue" } });
    assert_eq!(put(&mut world, (0, "plain"), &wrong), rejected);
    let invalid = json!({ "rejectedEntityInfo": { "errorType": "InvalidEntity" } });
    assert_eq!(put(&mut world, (1, "plain"), &json!({})), invalid);
    let counted = rows(&mut world, "stats count(*), count(@entity.KeyAttributes.Name)");
    assert_eq!(counted, [["2", "0"]]);
    // The entity says nothing of which events are too old.
    let answer = put(&mut world, (-15 * 86_400, "plain"), &wrong);
    assert_eq!(answer["rejectedEntityInfo"]["errorType"], "InvalidTypeValue");
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1 }));
}

/// Assumption: only events of groups of class Standard have entities.
#[test]
fn groups_of_other_classes_take_no_entities() {
    let mut world = World::new();
    let group = json!({ "logGroupName": "app", "logGroupClass": "INFREQUENT_ACCESS" });
    world.json(Service::Logs, "CreateLogGroup", &group.to_string());
    world.json(Service::Logs, "CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#);
    let unsupported = json!({ "rejectedEntityInfo": { "errorType": "UnsupportedLogGroupType" } });
    assert_eq!(put(&mut world, (0, "plain"), &entity()), unsupported);
}
