//! Live Tail: sessions on groups that take events.
//!
//! Expectations from the CloudWatch Logs API Reference (StartLiveTail, LiveTailSessionUpdate) and User Guide (quotas).

use crate::world::{START, World};
use std::sync::Arc;
use weir_api::logs::live_tail::Update;
use weir_store::disk::{Fault, MemoryDisk};
use weir_store::{Options, Store, Work};
use weir_wire::{Response, Service};

/// The messages of an event stream: what each calls itself, and its JSON.
fn messages(mut stream: &[u8]) -> Vec<(String, serde_json::Value)> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().expect("four bytes")) as usize;
    let mut messages = vec![];
    while !stream.is_empty() {
        let (message, rest) = stream.split_at(number(stream));
        let (headers, payload) = message[12..message.len() - 4].split_at(number(&message[4..]));
        let headers = String::from_utf8_lossy(headers);
        let name = ["initial-response", "sessionStart", "sessionUpdate", "SessionTimeoutException"];
        let name = name.into_iter().find(|name| headers.contains(name)).expect("a known event");
        messages.push((name.to_owned(), serde_json::from_slice(payload).expect("JSON")));
        stream = rest;
    }
    messages
}

impl World {
    fn with_streams() -> World {
        World::new().and_streams()
    }

    fn and_streams(mut self) -> World {
        let world = &mut self;
        for group in ["app", "other"] {
            world.json(Service::Logs, "CreateLogGroup", &format!(r#"{{"logGroupName":"{group}"}}"#));
            for stream in ["web-1", "db-1"] {
                let stream = format!(r#"{{"logGroupName":"{group}","logStreamName":"{stream}"}}"#);
                world.json(Service::Logs, "CreateLogStream", &stream);
            }
        }
        self
    }

    /// Opens a session, which must succeed.
    #[track_caller]
    fn tail(&mut self, body: &str) -> String {
        let answer = self.start(body);
        self.session.take().unwrap_or_else(|| panic!("{answer:?}"))
    }

    fn start(&mut self, body: &str) -> Response {
        let mut request = self.signed(Service::Logs, body.as_bytes());
        request.headers.push(("x-amz-target".into(), "Logs_20140328.StartLiveTail".into()));
        self.send(request)
    }

    fn say(&mut self, group: &str, stream: &str, messages: &[&str]) {
        let event = |message: &&str| serde_json::json!({ "timestamp": START.0, "message": message });
        let events: Vec<_> = messages.iter().map(event).collect();
        let body = serde_json::json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events });
        self.json(Service::Logs, "PutLogEvents", &body.to_string());
    }

    /// The messages of the next update, after a `~` if they are a sample.
    #[track_caller]
    fn heard(&mut self, session: &str) -> String {
        let Some(Update::More(update)) = self.cloud.tail(session, self.now) else { panic!("it has ended") };
        let update = messages(&update).remove(0).1;
        let shown = update["sessionResults"].as_array().expect("events").iter();
        let shown: Vec<&str> = shown.map(|event| event["message"].as_str().expect("a message")).collect();
        let mark = if update["sessionMetadata"]["sampled"] == true { "~" } else { "" };
        format!("{mark}{}", shown.join(" "))
    }
}

#[test]
fn a_session_begins_with_what_was_asked_for() {
    let mut world = World::with_streams();
    let body =
        r#"{"logGroupIdentifiers":["app"],"logStreamNamePrefixes":["web"],"logEventFilterPattern":"a"}"#;
    let response = world.start(body);
    assert_eq!((response.status, response.content_type), (200, "application/vnd.amazon.eventstream"));
    let opening = messages(&response.body);
    let names: Vec<&str> = opening.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["initial-response", "sessionStart"]);
    let start = &opening[1].1;
    assert_eq!(start["sessionId"].as_str(), world.session.as_deref());
    assert_eq!(start["logGroupIdentifiers"], serde_json::json!(["app"]));
    assert_eq!(start["logStreamNamePrefixes"], serde_json::json!(["web"]));
    assert_eq!(start["logEventFilterPattern"], "a");
}

#[test]
fn a_session_shows_what_comes_in_while_it_is_open() {
    let mut world = World::with_streams();
    world.say("app", "web-1", &["before"]);
    let all = world
        .tail(r#"{"logGroupIdentifiers":["app","arn:aws:logs:us-east-1:000000000000:log-group:other"]}"#);
    let matching = world.tail(r#"{"logGroupIdentifiers":["app"],"logEventFilterPattern":"ERROR"}"#);
    let named = world.tail(r#"{"logGroupIdentifiers":["app"],"logStreamNames":["db-1"]}"#);
    let prefixed = world.tail(r#"{"logGroupIdentifiers":["app"],"logStreamNamePrefixes":["we"]}"#);
    world.say("app", "web-1", &["ERROR1", "fine"]);
    world.say("app", "db-1", &["ERROR2"]);
    world.say("other", "db-1", &["ERROR3"]);
    assert_eq!(world.heard(&all), "ERROR1 fine ERROR2 ERROR3");
    assert_eq!(world.heard(&matching), "ERROR1 ERROR2");
    assert_eq!(world.heard(&named), "ERROR2");
    assert_eq!(world.heard(&prefixed), "ERROR1 fine");
    assert_eq!(world.heard(&all), "");
    world.say("app", "web-1", &["x"]);
    let Some(Update::More(update)) = world.cloud.tail(&all, world.now) else { panic!("it has ended") };
    let expected = serde_json::json!({
        "sessionMetadata": { "sampled": false },
        "sessionResults": [{
            "logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:app",
            "logStreamName": "web-1",
            "message": "x",
            "timestamp": START.0,
            "ingestionTime": START.0,
        }],
    });
    assert_eq!(messages(&update), [("sessionUpdate".to_owned(), expected)]);
    world.cloud.end_tail(&all);
    assert_eq!(world.cloud.tail(&all, world.now), None);
}

#[test]
fn of_more_than_500_events_a_second_a_sample_is_shown() {
    let mut world = World::with_streams();
    let session = world.tail(r#"{"logGroupIdentifiers":["app"]}"#);
    let numbers: Vec<String> = (0..6000).map(|number: i32| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    world.say("app", "web-1", &numbers[..500]);
    assert!(!world.heard(&session).starts_with('~'));
    world.say("app", "web-1", &numbers[..1000]);
    let heard = world.heard(&session);
    let heard: Vec<i32> =
        heard.trim_start_matches('~').split(' ').map(|word| word.parse().expect("a number")).collect();
    assert_eq!((heard.len(), heard.is_sorted(), heard.last()), (500, true, Some(&999)));
    // Of 6000 that wait, "5000 log events, after which it starts dropping the oldest events".
    world.say("app", "web-1", &numbers);
    let heard = world.heard(&session);
    let first = heard.trim_start_matches('~').split(' ').next().and_then(|word| word.parse::<i32>().ok());
    assert!(heard.starts_with('~') && first.is_some_and(|first| first >= 1000), "{first:?}");
}

#[test]
fn events_that_the_disk_refuses_are_not_shown() {
    let disk = MemoryDisk::new();
    let options = Options { work: Work::Caller, ..Options::default() };
    let store = Store::open(Arc::new(disk.clone()), options).expect("an empty disk");
    let mut world = World::with_store(store).and_streams();
    let session = world.tail(r#"{"logGroupIdentifiers":["app"]}"#);
    world.say("app", "web-1", &["kept"]);
    disk.set_fault(Some(Fault::Full(disk.steps())));
    world.say("app", "web-1", &["lost"]);
    world.say("app", "web-1", &["kept too"]);
    assert_eq!(world.heard(&session), "kept kept too");
}

#[test]
fn a_session_times_out_after_three_hours() {
    let mut world = World::with_streams();
    let session = world.tail(r#"{"logGroupIdentifiers":["app"]}"#);
    world.now = START.plus_ms(3 * 60 * 60 * 1000 - 1);
    assert_eq!(world.heard(&session), "");
    world.now = START.plus_ms(3 * 60 * 60 * 1000);
    let Some(Update::Last(last)) = world.cloud.tail(&session, world.now) else { panic!("it goes on") };
    assert_eq!(messages(&last)[0].0, "SessionTimeoutException");
    assert_eq!(world.cloud.tail(&session, world.now), None);
}

#[test]
fn sessions_that_cannot_be_are_refused() {
    let mut world = World::with_streams();
    world.json(
        Service::Logs,
        "CreateLogGroup",
        r#"{"logGroupName":"rare","logGroupClass":"INFREQUENT_ACCESS"}"#,
    );
    let rows = [
        (
            r#"{"logGroupIdentifiers":[]}"#,
            "InvalidParameterException: 1 validation error detected: Value '[0 identifiers]' at 'logGroupIdentifiers' failed to satisfy constraint: Member must have length between 1 and 10",
        ),
        (
            r#"{"logGroupIdentifiers":["none"]}"#,
            "ResourceNotFoundException: The specified log group does not exist.",
        ),
        (
            r#"{"logGroupIdentifiers":["rare"]}"#,
            "InvalidOperationException: The log group rare is of log-group-class INFREQUENT_ACCESS. StartLiveTail is not supported for this log class.",
        ),
        (
            r#"{"logGroupIdentifiers":["app","other"],"logStreamNames":["web-1"]}"#,
            "InvalidParameterException: Log stream names and prefixes can be specified for a single log group only.",
        ),
        (
            r#"{"logGroupIdentifiers":["app"],"logStreamNames":["a"],"logStreamNamePrefixes":["b"]}"#,
            "InvalidParameterException: Only one of logStreamNames and logStreamNamePrefixes can be specified.",
        ),
        (
            r#"{"logGroupIdentifiers":["app"],"logEventFilterPattern":"["}"#,
            "InvalidParameterException: Invalid filter pattern: a comma or closing bracket is missing",
        ),
    ];
    for (body, expected) in rows {
        assert_eq!(world.json(Service::Logs, "StartLiveTail", body), format!("400 {expected}"), "{body}");
    }
    let body = r#"{"logGroupIdentifiers":["app"]}"#;
    let sessions: Vec<String> = (0..15).map(|_| world.tail(body)).collect();
    let refused = world.json(Service::Logs, "StartLiveTail", body);
    assert!(refused.starts_with("400 LimitExceededException"), "{refused}");
    world.cloud.end_tail(&sessions[0]);
    world.tail(body);
}
