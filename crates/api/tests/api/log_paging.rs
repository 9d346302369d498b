//! Reading events page by page, and counting them, against a plain list: any streams, times, limits, windows and patterns.
//!
//! Expectations from the CloudWatch Logs API Reference: events are in the order of their times, then of their arrival; the end
//! of a stream is a token that comes back.

use crate::world::{START, World};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_wire::Service;

/// Stream, seconds from the start and message of each event, in the order of arrival.
type Events = Vec<(usize, i64, &'static str)>;

/// Whether a message matches.
type Matches = fn(&str) -> bool;

const STREAMS: [&str; 2] = ["one", "two"];

fn events() -> impl Strategy<Value = Events> {
    let message = prop::sample::select(vec!["a", "b", "a b", "c"]);
    prop::collection::vec((0usize..2, 0i64..6, message), 0..40)
}

/// A group with these events, of which those before `sealed` are in segments.
fn world(events: &Events, sealed: usize) -> World {
    let mut world = World::new();
    world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
    for stream in STREAMS {
        let body = json!({ "logGroupName": "app", "logStreamName": stream });
        world.json(Service::Logs, "CreateLogStream", &body.to_string());
    }
    for (index, (stream, second, message)) in events.iter().enumerate() {
        if index == sealed {
            world.logs.seal().expect("memory takes everything");
        }
        put(&mut world, STREAMS[*stream], *second, message);
    }
    world
}

fn put(world: &mut World, stream: &str, second: i64, message: &str) {
    let event = json!({ "timestamp": time(second), "message": message });
    let body = json!({ "logGroupName": "app", "logStreamName": stream, "logEvents": [event] });
    world.json(Service::Logs, "PutLogEvents", &body.to_string());
}

fn time(second: i64) -> i64 {
    START.0 + second * 1000
}

fn ask(world: &mut World, action: &str, body: &Value) -> Value {
    let answer = world.json(Service::Logs, action, &body.to_string());
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{action} {body}: {answer}"))
}

fn seen(answer: &Value) -> Vec<(i64, String)> {
    let events = answer["events"].as_array().expect("events").iter();
    let event = |event: &Value| {
        let time = event["timestamp"].as_i64().expect("a time");
        ((time - START.0) / 1000, event["message"].as_str().expect("a message").to_owned())
    };
    events.map(event).collect()
}

/// The events that are wanted, in the order of time and arrival.
fn wanted(events: &Events, is_wanted: impl Fn(usize, i64, &str) -> bool) -> Vec<(i64, String)> {
    let wanted = events.iter().filter(|(stream, second, message)| is_wanted(*stream, *second, message));
    let mut wanted: Vec<_> = wanted.map(|(_, second, message)| (*second, (*message).to_owned())).collect();
    wanted.sort_by_key(|(second, _)| *second);
    wanted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_of_a_stream_are_the_stream(events in events(), sealed in 0usize..40, limit in 1usize..7, from in 0i64..6, to in 0i64..7) {
        let mut world = world(&events, sealed);
        let expected = wanted(&events, |stream, second, _| stream == 0 && (from..to).contains(&second));
        for (is_forward, next) in [(true, "nextForwardToken"), (false, "nextBackwardToken")] {
            let mut body = json!({
                "logGroupName": "app", "logStreamName": "one", "limit": limit, "startFromHead": is_forward,
                "startTime": time(from), "endTime": time(to),
            });
            let mut pages: Vec<Vec<(i64, String)>> = vec![];
            loop {
                let page = ask(&mut world, "GetLogEvents", &body);
                pages.push(seen(&page));
                if page[next] == body["nextToken"] {
                    break;
                }
                body["nextToken"] = page[next].clone();
            }
            if !is_forward {
                pages.reverse();
            }
            prop_assert!(pages.iter().all(|page| page.len() <= limit));
            prop_assert_eq!(pages.concat(), expected.clone(), "forward: {}", is_forward);
        }
    }

    #[test]
    fn pages_of_a_search_are_the_events_that_match(events in events(), sealed in 0usize..40, limit in 1usize..7, from in 0i64..6, span in 0i64..6) {
        let mut world = world(&events, sealed);
        let rows: [(&str, Matches); 4] = [
            ("", |_| true),
            ("a", |message| message.contains('a')),
            ("-a ?b ?c", |message| !message.contains('a')),
            ("[first = a, second]", |message| message == "a b"),
        ];
        for (pattern, is_match) in rows {
            let expected = wanted(&events, |_, second, message| (from..=from + span).contains(&second) && is_match(message));
            let mut body = json!({
                "logGroupName": "app", "limit": limit, "filterPattern": pattern,
                "startTime": time(from), "endTime": time(from + span),
            });
            let mut found = vec![];
            loop {
                let page = ask(&mut world, "FilterLogEvents", &body);
                let events = seen(&page);
                prop_assert!(events.len() <= limit);
                found.extend(events);
                match page.get("nextToken") {
                    Some(token) => body["nextToken"] = token.clone(),
                    None => break,
                }
            }
            prop_assert_eq!(&found, &expected, "{}", pattern);
        }
    }

    // "If there are no matches in the log records published in the second minute, the Default Value of 0 is used for both log
    // records" (User Guide).
    #[test]
    fn metrics_are_what_a_list_would_count(events in prop::collection::vec((0i64..5, any::<bool>()), 0..30)) {
        let mut world = world(&vec![], 0);
        let filter = json!({
            "logGroupName": "app", "filterName": "f", "filterPattern": "ERROR",
            "metricTransformations": [{ "metricName": "m", "metricNamespace": "n", "metricValue": "2", "defaultValue": 0 }],
        });
        world.json(Service::Logs, "PutMetricFilter", &filter.to_string());
        let minute = START.0.div_euclid(60_000) * 60;
        for (number, is_error) in &events {
            put(&mut world, "one", minute + number * 60 - START.0 / 1000, if *is_error { "ERROR" } else { "fine" });
        }
        let statistics = json!({
            "Namespace": "n", "MetricName": "m", "StartTime": minute, "EndTime": minute + 300, "Period": 60,
            "Statistics": ["Sum", "SampleCount"],
        });
        let answer = world.json(Service::Monitoring, "GetMetricStatistics", &statistics.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        let points = answer["Datapoints"].as_array().expect("points").iter();
        let found: Vec<_> = points.map(|point| {
            let number = (point["Timestamp"].as_f64().expect("a time") as i64 - minute) / 60;
            (number, point["Sum"].as_f64(), point["SampleCount"].as_f64())
        }).collect();
        let count = |number: i64, is_error: bool| events.iter().filter(|event| **event == (number, is_error)).count() as f64;
        let expected = (0..5).filter_map(|number| match (count(number, true), count(number, false)) {
            (0.0, 0.0) => None,
            (0.0, others) => Some((number, Some(0.0), Some(others))),
            (errors, _) => Some((number, Some(2.0 * errors), Some(errors))),
        });
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
