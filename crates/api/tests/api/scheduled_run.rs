//! Scheduled queries at work: when they run, what they read, where the answers go, what the history says.
//!
//! Expectations from the CloudWatch Logs User Guide, "Understanding scheduled queries concepts", "Configuring lookup table
//! destinations for scheduled queries" and "Troubleshooting scheduled queries" (2026-11).

use crate::scheduled_query::{ROLE, answer, call, create, with};
use crate::world::{START, World};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::io::Read;
use std::sync::{Arc, Mutex};
use weir_api::logs::queries::{Job, RunQuery};
use weir_api::{Cloud, Settings};
use weir_buckets::{Bucket, Buckets, NewBucket, Select};
use weir_insights::{ExecuteError, QueryResult};
use weir_model::{Nanos, Timestamp};
use weir_wire::Service;

const MINUTE_MS: i64 = 60_000;
/// The first minute after the tests begin: 2024-01-02T03:05:00Z.
const FIRST: Timestamp = Timestamp(1_704_164_700_000);
const TRUST: &str =
    r#"{"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
/// The permissions of the guide's two roles.
const RUNS: &str = r#"{"Effect":"Allow","Resource":"*","Action":
    ["logs:StartQuery","logs:StopQuery","logs:GetQueryResults","logs:DescribeLogGroups"]}"#;
const PUTS: &str = r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::results/*"}"#;
const TABLES: &str = r#"{"Effect":"Allow","Resource":"*","Action":
    ["logs:CreateLookupTable","logs:UpdateLookupTable","logs:GetQueryResults"]}"#;

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn role(world: &mut World, name: &str, trust: &str, permissions: &str) {
    let trust = document(trust);
    world.form(Service::Iam, "CreateRole", &format!("RoleName={name}&AssumeRolePolicyDocument={trust}"));
    allow(world, name, permissions);
}

fn allow(world: &mut World, name: &str, permissions: &str) {
    let policy = document(permissions);
    let params = format!("RoleName={name}&PolicyName=p&PolicyDocument={policy}");
    world.form(Service::Iam, "PutRolePolicy", &params);
}

/// A cloud with a group of two events, of which one is ten minutes old, and a role that may query.
fn world() -> World {
    let mut world = World::new();
    fill(&mut world);
    world
}

fn fill(world: &mut World) {
    role(world, "runner", TRUST, RUNS);
    call(world, "CreateLogGroup", &json!({ "logGroupName": "app" }));
    call(world, "CreateLogStream", &json!({ "logGroupName": "app", "logStreamName": "s" }));
    put(world, START.plus_ms(-10 * MINUTE_MS), r#"{"level":"ERROR","host":"a, b"}"#);
    put(world, START, r#"{"level":"INFO","host":"say \"c\""}"#);
}

fn put(world: &mut World, time: Timestamp, message: &str) {
    let events = json!([{ "timestamp": time.0, "message": message }]);
    call(world, "PutLogEvents", &json!({ "logGroupName": "app", "logStreamName": "s", "logEvents": events }));
}

/// Lets it be `time`.
fn at(world: &mut World, time: Timestamp) {
    world.now = time;
    world.cloud.step(Nanos::from(time));
}

/// The whole history, the newest run first.
#[track_caller]
fn history(world: &mut World) -> Vec<Value> {
    let asked = json!({ "identifier": "errors", "startTime": 0, "endTime": 9_999_999_999i64 });
    let history = answer(world, "GetScheduledQueryHistory", &asked);
    history["triggerHistory"].as_array().expect("a list").clone()
}

/// How the one run went: its status, and why.
#[track_caller]
fn outcome(world: &mut World) -> String {
    let history = history(world);
    let [run] = &history[..] else { panic!("{history:#?}") };
    let text = |member: &str| run[member].as_str().unwrap_or_default().to_owned();
    format!("{}: {}", text("executionStatus"), text("errorMessage"))
}

/// How many seconds after the tests began the query ran, the earliest first.
#[track_caller]
fn runs(world: &mut World) -> Vec<i64> {
    let since = |run: &Value| run["triggeredTimestamp"].as_i64().expect("a time") - START.0 / 1000;
    history(world).iter().rev().map(since).collect()
}

fn rows(world: &mut World, query: &Value) -> Vec<String> {
    let results = answer(world, "GetQueryResults", &json!({ "queryId": query }));
    assert_eq!(results["status"], "Complete");
    let row = |row: &Value| {
        let cells = row.as_array().expect("cells").iter().filter(|cell| cell["field"] != "@ptr");
        cells.map(|cell| cell["value"].as_str().expect("a text").to_owned()).collect::<Vec<_>>().join(" ")
    };
    results["results"].as_array().expect("rows").iter().map(row).collect()
}

#[test]
fn a_query_runs_at_its_minute_and_its_results_can_be_read() {
    let mut world = world();
    let arn = create(
        &mut world,
        json!({ "queryString": "fields level | sort @timestamp desc", "startTimeOffset": 300 }),
    );
    at(&mut world, FIRST.plus_ms(-1));
    assert_eq!(history(&mut world), [Value::Null; 0]);
    at(&mut world, FIRST.plus_ms(2));
    let asked = json!({ "identifier": arn, "startTime": FIRST.0 / 1000, "endTime": FIRST.0 / 1000 });
    let history = answer(&mut world, "GetScheduledQueryHistory", &asked);
    let query_id = history["triggerHistory"][0]["queryId"].clone();
    let run = json!({
        "queryId": query_id, "executionStatus": "Complete", "triggeredTimestamp": FIRST.0 / 1000, "destinations": [],
    });
    assert_eq!(history, json!({ "name": "errors", "scheduledQueryArn": arn, "triggerHistory": [run] }));
    assert_eq!(rows(&mut world, &query_id), ["INFO"], "the event of the last five minutes");
    let shown = answer(&mut world, "GetScheduledQuery", &json!({ "identifier": "errors" }));
    assert_eq!(shown["lastTriggeredTime"], FIRST.0 / 1000);
    assert_eq!(shown["lastExecutionStatus"], "Complete");
    let listed = answer(&mut world, "ListScheduledQueries", &json!({}));
    assert_eq!(listed["scheduledQueries"][0]["lastExecutionStatus"], "Complete");
}

#[test]
fn the_window_lies_between_the_offsets() {
    let check = |offsets: Value, expected: &[&str]| {
        let mut world = world();
        put(&mut world, FIRST.plus_ms(-2 * MINUTE_MS), r#"{"level":"START"}"#);
        put(&mut world, FIRST.plus_ms(-2 * MINUTE_MS - 1), r#"{"level":"BEFORE"}"#);
        create(&mut world, with(json!({ "queryString": "fields level | sort @timestamp" }), offsets));
        at(&mut world, FIRST);
        let query = history(&mut world)[0]["queryId"].clone();
        assert_eq!(rows(&mut world, &query), expected);
    };
    check(json!({ "startTimeOffset": 120 }), &["START", "INFO"]);
    check(json!({ "startTimeOffset": 121, "endTimeOffset": 120 }), &["BEFORE", "START"]);
    check(json!({ "startTimeOffset": 3600, "endTimeOffset": 300 }), &["ERROR"]);
    check(json!({}), &["ERROR", "BEFORE", "START", "INFO"]);
}

#[test]
fn queries_run_as_long_as_they_are_enabled_and_their_schedule_lasts() {
    let check = |more: Value, expected: &[i64]| {
        let mut world = world();
        create(&mut world, more.clone());
        for minute in 0..5 {
            at(&mut world, FIRST.plus_ms(minute * MINUTE_MS));
        }
        assert_eq!(runs(&mut world), expected, "{more}");
    };
    let seconds = |minutes: i64| FIRST.0 / 1000 + minutes * 60;
    check(json!({}), &[55, 115, 175, 235, 295]);
    check(json!({ "state": "DISABLED" }), &[]);
    check(json!({ "scheduleExpression": "cron(*/2 * * * ? *)" }), &[115, 235]);
    check(json!({ "scheduleExpression": "cron(8 4 * * ? *)", "timezone": "Europe/Berlin" }), &[235]);
    check(json!({ "scheduleStartTime": seconds(2) }), &[175, 235, 295]);
    check(json!({ "scheduleStartTime": seconds(2) + 1 }), &[235, 295]);
    check(json!({ "scheduleEndTime": seconds(1) }), &[55, 115]);
    check(json!({ "scheduleStartTime": seconds(1), "scheduleEndTime": (seconds(2) - 1) * 1000 }), &[115]);
}

#[test]
fn a_change_is_in_force_at_once() {
    let mut world = world();
    create(&mut world, json!({ "scheduleExpression": "cron(0 9 * * ? *)" }));
    at(&mut world, FIRST.plus_ms(1000));
    let update = |expression: &str, state: &str| {
        json!({
            "identifier": "errors", "queryLanguage": "CWLI", "queryString": "fields @message", "logGroupIdentifiers": ["app"],
            "scheduleExpression": expression, "executionRoleArn": ROLE, "state": state,
        })
    };
    answer(&mut world, "UpdateScheduledQuery", &update("cron(* * * * ? *)", "ENABLED"));
    at(&mut world, FIRST.plus_ms(2000));
    assert_eq!(runs(&mut world), [0; 0], "the minute has begun before the change");
    at(&mut world, FIRST.plus_ms(MINUTE_MS));
    assert_eq!(runs(&mut world), [115]);
    answer(&mut world, "UpdateScheduledQuery", &update("cron(* * * * ? *)", "DISABLED"));
    at(&mut world, FIRST.plus_ms(2 * MINUTE_MS));
    assert_eq!(runs(&mut world), [115]);
    call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": "errors" }));
    create(&mut world, json!({}));
    at(&mut world, FIRST.plus_ms(3 * MINUTE_MS));
    assert_eq!(runs(&mut world), [235], "another of the same name has its own history");
}

#[test]
fn only_what_was_missed_by_less_than_a_minute_is_made_up_for() {
    let mut world = world();
    create(&mut world, json!({}));
    at(&mut world, FIRST.plus_ms(MINUTE_MS - 1));
    assert_eq!(runs(&mut world), [55]);
    // A machine that slept for ten minutes.
    at(&mut world, FIRST.plus_ms(10 * MINUTE_MS + 30_000));
    assert_eq!(runs(&mut world), [55, 655]);
    // A restart in the minute after the time, and a later one.
    let mut world = world.restarted();
    at(&mut world, FIRST.plus_ms(11 * MINUTE_MS + 59_999));
    assert_eq!(runs(&mut world), [55, 655, 715]);
    let mut world = world.restarted();
    at(&mut world, FIRST.plus_ms(11 * MINUTE_MS + 59_999));
    assert_eq!(runs(&mut world), [55, 655, 715], "none is made up for twice");
    call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": "errors" }));
    create(&mut world, json!({ "scheduleExpression": "cron(0 4 * * ? *)" }));
    let mut world = world.restarted();
    at(&mut world, START.plus_ms(2 * 60 * MINUTE_MS));
    assert_eq!(runs(&mut world), [0; 0], "04:00 was an hour ago");
}

#[test]
fn definitions_and_history_survive_a_restart() {
    let mut world = world();
    let arn = create(&mut world, json!({ "tags": { "a": "1" } }));
    at(&mut world, FIRST);
    let before = history(&mut world);
    let shown = answer(&mut world, "GetScheduledQuery", &json!({ "identifier": arn }));
    let mut world = world.restarted();
    assert_eq!(history(&mut world), before);
    assert_eq!(answer(&mut world, "GetScheduledQuery", &json!({ "identifier": arn })), shown);
    let tags = answer(&mut world, "ListTagsForResource", &json!({ "resourceArn": arn }));
    assert_eq!(tags, json!({ "tags": { "a": "1" } }));
    call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": arn }));
    let left = world.disk.keys().filter(|(kind, _)| kind.starts_with("scheduled-query")).count();
    assert_eq!(left, 0, "runs go with their query");
}

#[test]
fn a_query_runs_under_a_role_that_trusts_the_service_and_may_read() {
    let check = |(trust, permissions): (&str, &str), more: Value, expected: Expect| {
        let mut world = World::new();
        fill(&mut world);
        role(&mut world, "other", trust, permissions);
        let role = json!({ "executionRoleArn": ROLE.replace("runner", "other") });
        let more = if more.get("executionRoleArn").is_some() { more } else { with(more, role) };
        create(&mut world, more);
        at(&mut world, FIRST);
        expected.assert_eq(&outcome(&mut world));
    };
    check((TRUST, RUNS), json!({}), expect!["Complete: "]);
    check(
        (&TRUST.replace("logs.", "ec2."), RUNS),
        json!({}),
        expect!["Failed: logs.amazonaws.com cannot assume the role arn:aws:iam::000000000000:role/other"],
    );
    let guarded = |account: &str| {
        TRUST.replace(
            r#""Action""#,
            &format!(
                r#""Condition":{{"StringEquals":{{"aws:SourceAccount":"{account}"}},"ArnLike":{{"aws:SourceArn":
                "arn:aws:logs:us-east-1:000000000000:scheduled-query:*"}}}},"Action""#
            ),
        )
    };
    check((&guarded("000000000000"), RUNS), json!({}), expect!["Complete: "]);
    check(
        (&guarded("111111111111"), RUNS),
        json!({}),
        expect!["Failed: logs.amazonaws.com cannot assume the role arn:aws:iam::000000000000:role/other"],
    );
    check(
        (TRUST, RUNS),
        json!({ "executionRoleArn": "arn:aws:iam::000000000000:role/none" }),
        expect!["Failed: logs.amazonaws.com cannot assume the role arn:aws:iam::000000000000:role/none"],
    );
    let of = |group: &str, more: &str| {
        format!(
            r#"{{"Effect":"Allow","Action":"logs:StartQuery","Resource":"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"}}{more}"#
        )
    };
    let reads = r#",{"Effect":"Allow","Action":"logs:GetQueryResults","Resource":"*"}"#;
    check((TRUST, &of("app", reads)), json!({}), expect!["Complete: "]);
    check(
        (TRUST, &of("app", "")),
        json!({}),
        expect![
            "Failed: The role arn:aws:iam::000000000000:role/other is not authorized to perform: logs:GetQueryResults on resource: *"
        ],
    );
    check(
        (TRUST, &of("app2", reads)),
        json!({}),
        expect![
            "Failed: The role arn:aws:iam::000000000000:role/other is not authorized to perform: logs:StartQuery on resource: arn:aws:logs:us-east-1:000000000000:log-group:app:log-stream:"
        ],
    );
    let source = json!({ "queryString": "SOURCE logGroups(namePrefix: ['ap']) | fields @message", "logGroupIdentifiers": null });
    check((TRUST, RUNS), source.clone(), expect!["Complete: "]);
    check(
        (TRUST, &of("app", reads)),
        source,
        expect![
            "Failed: The role arn:aws:iam::000000000000:role/other is not authorized to perform: logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:000000000000:log-group::log-stream:"
        ],
    );
    // What a query within the query reads counts, too.
    let joined = "fields @message | filter level in (SOURCE 'app' | fields level)";
    check((TRUST, &of("app", reads)), json!({ "queryString": joined }), expect!["Complete: "]);
}

#[test]
fn what_cannot_be_run_says_why() {
    let check = |more: Value, expected: Expect| {
        let mut world = world();
        create(&mut world, more);
        at(&mut world, FIRST);
        assert_eq!(history(&mut world)[0].get("queryId"), None);
        expected.assert_eq(&outcome(&mut world));
    };
    check(
        json!({ "queryString": "fields @message | frobnicate" }),
        expect!["InvalidQuery: unknown command frobnicate"],
    );
    check(
        json!({ "queryString": "lookup hosts a as b OUTPUT c" }),
        expect!["InvalidQuery: there is no lookup table hosts"],
    );
    check(
        json!({ "logGroupIdentifiers": ["app", "none"] }),
        expect!["Failed: Log group 'none' does not exist for account ID '000000000000'"],
    );
    check(
        json!({ "logGroupIdentifiers": null }),
        expect!["Failed: The query names no log group, and is given none."],
    );
    check(
        json!({ "queryString": "SOURCE 'app' | fields @message" }),
        expect!["Failed: A query that names its log groups by SOURCE or FROM is given no others."],
    );
    let elsewhere = "arn:aws:logs:us-east-1:111111111111:log-group:app";
    check(
        json!({ "logGroupIdentifiers": [elsewhere] }),
        expect![
            "Failed: Log group 'arn:aws:logs:us-east-1:111111111111:log-group:app' does not exist for account ID '000000000000'"
        ],
    );
}

#[test]
fn groups_are_named_by_arns_of_any_region_or_by_the_query() {
    let check = |more: Value, expected: &[&str]| {
        let mut world = world();
        world.region = "eu-west-1";
        let more = with(json!({ "queryString": "fields level | sort @timestamp" }), more);
        create(&mut world, more);
        at(&mut world, FIRST);
        let query = history(&mut world)[0]["queryId"].clone();
        assert_eq!(rows(&mut world, &query), expected);
    };
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";
    check(json!({ "logGroupIdentifiers": [arn] }), &["ERROR", "INFO"]);
    let languages = [
        ("SQL", "SELECT level FROM `app` ORDER BY level DESC"),
        ("PPL", "source = app | fields level | sort - level"),
        (
            "PPL",
            "source = [`aws:fieldIndex` = \"@logStream\", `@logStream` = 's'] | fields level | sort - level",
        ),
    ];
    for (language, query) in languages {
        let mut world = world();
        let more = json!({ "queryLanguage": language, "queryString": query, "logGroupIdentifiers": null });
        create(&mut world, more);
        at(&mut world, FIRST);
        let history = history(&mut world);
        assert_eq!(rows(&mut world, &history[0]["queryId"]), ["INFO", "ERROR"], "{query}: {history:?}");
    }
}

/// Keeps the jobs, to be finished or not.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Job>>>);

impl RunQuery for Kept {
    fn run(&self, job: Job) {
        self.0.lock().expect("no panic").push(job);
    }
}

/// A cloud whose queries do not end by themselves.
fn slow_world() -> (World, Kept) {
    let (mut world, kept) = (World::new(), Kept::default());
    world.cloud = Cloud::new(Settings::default(), world.logs.clone(), Box::new(kept.clone()));
    fill(&mut world);
    (world, kept)
}

fn finish(kept: &Kept, result: Result<QueryResult, ExecuteError>) {
    let job = kept.0.lock().expect("no panic").pop().expect("a job");
    job.finish(result, 7);
}

#[test]
fn a_run_is_running_until_its_query_has_ended() {
    let (mut world, kept) = slow_world();
    create(&mut world, json!({ "scheduleExpression": "cron(5 3 * * ? *)" }));
    assert!(!world.cloud.runs_scheduled_query());
    at(&mut world, FIRST);
    assert_eq!(outcome(&mut world), "Running: ");
    assert!(world.cloud.runs_scheduled_query());
    let look = world.cloud.next_deadline().expect("it is to be looked again");
    assert!(look <= Nanos::from(FIRST.plus_ms(20)), "{look:?}");
    finish(&kept, Ok(QueryResult::default()));
    at(&mut world, FIRST.plus_ms(20));
    assert_eq!(outcome(&mut world), "Complete: ");
    assert!(!world.cloud.runs_scheduled_query());
    let next = world.cloud.next_deadline().expect("tomorrow");
    assert_eq!(next, Nanos::from(FIRST.plus_ms(24 * 60 * MINUTE_MS)));
}

#[test]
fn queries_fail_are_stopped_and_time_out() {
    let begun = || {
        let (mut world, kept) = slow_world();
        create(&mut world, json!({ "scheduleExpression": "cron(5 3 * * ? *)" }));
        at(&mut world, FIRST);
        (world, kept)
    };
    let (mut world, kept) = begun();
    finish(&kept, Err(ExecuteError::Source("the disk is gone".into())));
    at(&mut world, FIRST.plus_ms(20));
    assert_eq!(outcome(&mut world), "Failed: cannot read the events: the disk is gone");

    let (mut world, _kept) = begun();
    let query = history(&mut world)[0]["queryId"].clone();
    answer(&mut world, "StopQuery", &json!({ "queryId": query }));
    at(&mut world, FIRST.plus_ms(20));
    assert_eq!(outcome(&mut world), "Failed: the query was stopped");

    let (mut world, kept) = begun();
    at(&mut world, FIRST.plus_ms(60 * MINUTE_MS - 1));
    assert_eq!(outcome(&mut world), "Running: ");
    at(&mut world, FIRST.plus_ms(60 * MINUTE_MS));
    assert_eq!(outcome(&mut world), "Timeout: the query has run for 60 minutes");
    let job = kept.0.lock().expect("no panic").pop().expect("a job");
    assert!(job.run().cancelled.load(std::sync::atomic::Ordering::Relaxed), "it is stopped");

    let (mut world, _kept) = begun();
    history(&mut world);
    let mut world = world.restarted();
    at(&mut world, FIRST.plus_ms(MINUTE_MS));
    assert_eq!(outcome(&mut world), "Failed: the execution was interrupted");

    let (mut world, kept) = begun();
    call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": "errors" }));
    assert!(!world.cloud.runs_scheduled_query(), "nobody waits for it");
    finish(&kept, Ok(QueryResult::default()));
    at(&mut world, FIRST.plus_ms(20));
}

#[test]
fn thirty_queries_run_at_a_time() {
    let (mut world, _kept) = slow_world();
    for number in 0..31 {
        let name = if number == 30 { "errors".to_owned() } else { format!("q{number}") };
        create(&mut world, json!({ "name": name, "scheduleExpression": "cron(5 3 * * ? *)" }));
    }
    at(&mut world, FIRST);
    let mut statuses = vec![];
    for query in
        answer(&mut world, "ListScheduledQueries", &json!({}))["scheduledQueries"].as_array().expect("a list")
    {
        statuses.push(query["lastExecutionStatus"].as_str().expect("a status").to_owned());
    }
    statuses.sort();
    assert_eq!((statuses.len(), statuses[0].as_str(), statuses[1].as_str()), (31, "Failed", "Running"));
}

#[test]
fn the_history_is_narrowed_paged_and_bounded() {
    let mut world = world();
    create(&mut world, json!({}));
    for minute in 0..1003 {
        if minute == 1001 {
            allow(&mut world, "runner", PUTS);
        }
        at(&mut world, FIRST.plus_ms(minute * MINUTE_MS));
    }
    let seconds = |minute: i64| FIRST.0 / 1000 + minute * 60;
    let runs = |world: &mut World, more: Value| {
        let asked = with(json!({ "identifier": "errors", "startTime": 0, "endTime": seconds(9999) }), more);
        let found = answer(world, "GetScheduledQueryHistory", &asked);
        let list = found["triggerHistory"].as_array().expect("a list").clone();
        let minutes: Vec<i64> = list
            .iter()
            .map(|run| (run["triggeredTimestamp"].as_i64().expect("a time") - seconds(0)) / 60)
            .collect();
        (minutes, found["nextToken"].clone())
    };
    let (newest, token) = runs(&mut world, json!({ "maxResults": 2 }));
    assert_eq!(newest, [1002, 1001]);
    let (rest, token) = runs(&mut world, json!({ "maxResults": 998, "nextToken": token }));
    assert_eq!((rest.len(), rest[0], rest[997], token), (998, 1000, 3, Value::Null), "1000 are kept");
    assert_eq!(runs(&mut world, json!({})).0.len(), 50);
    let (within, _) = runs(&mut world, json!({ "startTime": seconds(10), "endTime": seconds(12) * 1000 }));
    assert_eq!(within, [12, 11, 10]);
    assert_eq!(runs(&mut world, json!({ "executionStatuses": ["Failed", "Timeout"] })).0, [1002, 1001]);
    let refused = [
        (json!({ "startTime": 5, "endTime": 4 }), "startTime must not be after endTime."),
        (json!({ "nextToken": "x" }), "The specified nextToken is invalid."),
        (
            json!({ "executionStatuses": ["SUCCEEDED"] }),
            "1 validation error detected: Value 'SUCCEEDED' at 'executionStatuses' failed to satisfy constraint: Member must satisfy enum value set: [Running, InvalidQuery, Complete, Failed, Timeout]",
        ),
        (
            json!({ "startTime": -1 }),
            "1 validation error detected: Value '-1' at 'startTime' failed to satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            json!({ "maxResults": 1001 }),
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
        ),
    ];
    for (more, expected) in refused {
        let asked = with(json!({ "identifier": "errors", "startTime": 0, "endTime": 1 }), more);
        let said = call(&mut world, "GetScheduledQueryHistory", &asked);
        assert_eq!(said, format!("400 ValidationException: {expected}"));
    }
    let none = json!({ "identifier": "none", "startTime": 0, "endTime": 1 });
    let said = call(&mut world, "GetScheduledQueryHistory", &none);
    assert_eq!(said, "400 ResourceNotFoundException: The specified scheduled query does not exist.");
    // 30 days later only what is new is left.
    at(&mut world, FIRST.plus_ms(31 * 24 * 60 * MINUTE_MS));
    assert_eq!(runs(&mut world, json!({ "endTime": seconds(99_999) })).0, [31 * 24 * 60]);
}

fn bucket(world: &mut World, account: &str) -> Buckets {
    let buckets = Buckets::in_memory().expect("buckets");
    world.cloud.set_buckets(buckets.clone());
    let new = NewBucket {
        name: "results".into(),
        region: "us-east-1".into(),
        account: account.into(),
        ..NewBucket::default()
    };
    buckets.create(new, 0).expect("a bucket");
    buckets
}

/// An error without what is the same in all of them.
fn shortened(why: &str) -> String {
    let why = why
        .replace("The role arn:aws:iam::000000000000:role/writer is not authorized to perform: ", "denied: ");
    let place = why.find(" on resource: arn:aws:s3:::results/errors/").unwrap_or(why.len());
    why[..place].replace(" on resource: arn:aws:logs:us-east-1:000000000000:", " ")
}

fn objects(buckets: &Buckets) -> Vec<String> {
    let listing = buckets.list("results", &Select { limit: 100, ..Select::default() }).expect("a listing");
    listing.objects.into_iter().map(|object| object.key).collect()
}

fn to_bucket(more: Value) -> Value {
    let base = json!({ "destinationIdentifier": "s3://results/errors", "roleArn": ROLE.replace("runner", "writer") });
    json!({ "s3Configuration": with(base, more) })
}

#[test]
fn results_are_objects_with_a_member_for_each_field() {
    let check = |uri: &str, prefix: &str| {
        let mut world = world();
        let buckets = bucket(&mut world, "000000000000");
        role(&mut world, "writer", TRUST, PUTS);
        let destination = to_bucket(json!({ "destinationIdentifier": uri }));
        let query = "fields host, level, nothing, @ptr | sort @timestamp";
        create(&mut world, json!({ "queryString": query, "destinationConfiguration": destination }));
        at(&mut world, FIRST);
        let run = history(&mut world)[0].clone();
        let key = format!("{prefix}{}.json", run["queryId"].as_str().expect("an id"));
        let delivered = json!([{
            "destinationType": "S3", "destinationIdentifier": uri, "status": "COMPLETE",
            "processedIdentifier": format!("s3://results/{key}"),
        }]);
        assert_eq!(run["destinations"], delivered);
        assert_eq!(objects(&buckets), [key.as_str()]);
        let (object, mut reader) = buckets.read("results", &key).expect("there");
        assert_eq!(object.description.attributes["content-type"], "application/json");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("text");
        assert_eq!(text, r#"[{"host":"a, b","level":"ERROR"},{"host":"say \"c\"","level":"INFO"}]"#);
    };
    check("s3://results/errors", "errors/");
    check("s3://results/errors/daily/", "errors/daily/");
    check("s3://results/", "");
    check("s3://results", "");
}

#[test]
fn a_bucket_takes_results_if_role_and_policy_allow_it() {
    let check =
        |(trust, permissions): (&str, &str), (owner, policy): (&str, &str), more: Value, expected: Expect| {
            let mut world = world();
            let buckets = bucket(&mut world, owner);
            if !policy.is_empty() {
                let set = |bucket: &mut Bucket| {
                    drop(bucket.settings.insert(Bucket::POLICY.into(), document(policy)))
                };
                buckets.set_up("results", set).expect("there");
            }
            role(&mut world, "writer", trust, permissions);
            create(&mut world, json!({ "destinationConfiguration": to_bucket(more) }));
            at(&mut world, FIRST);
            assert_eq!(outcome(&mut world), "Complete: ", "the query has run in any case");
            let delivered = history(&mut world)[0]["destinations"][0].clone();
            let text = |member: &str| delivered[member].as_str().unwrap_or_default().to_owned();
            let why = text("errorMessage");
            expected.assert_eq(&format!("{} {}", text("status"), shortened(&why)));
            assert_eq!(objects(&buckets).is_empty(), !why.is_empty());
        };
    let (own, other) = ("000000000000", "111111111111");
    let statement = |effect: &str| {
        format!(
            r#"{{"Effect":"{effect}","Principal":{{"AWS":"arn:aws:iam::000000000000:role/writer"}},
                "Action":"s3:PutObject","Resource":"arn:aws:s3:::results/*"}}"#
        )
    };
    let (allows, denies) = (statement("Allow"), statement("Deny"));
    let delegates = allows.replace("role/writer", "root");
    let nothing = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
    let denied =
        format!(r#"{PUTS},{{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::results/errors/*"}}"#);
    let shared = json!({ "ownerAccountId": other });
    check((TRUST, PUTS), (own, ""), json!({}), expect!["COMPLETE "]);
    check((TRUST, nothing), (own, &allows), json!({}), expect!["COMPLETE "]);
    check((TRUST, nothing), (own, ""), json!({}), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check((TRUST, nothing), (own, &delegates), json!({}), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check((TRUST, PUTS), (other, &delegates), shared.clone(), expect!["COMPLETE "]);
    check((TRUST, PUTS), (own, &denies), json!({}), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check((TRUST, &denied), (own, &allows), json!({}), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check(
        (&TRUST.replace("logs.", "s3."), PUTS),
        (own, ""),
        json!({}),
        expect![
            "CLIENT_ERROR logs.amazonaws.com cannot assume the role arn:aws:iam::000000000000:role/writer"
        ],
    );
    check((TRUST, PUTS), (other, &allows), shared.clone(), expect!["COMPLETE "]);
    check((TRUST, PUTS), (other, ""), shared.clone(), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check((TRUST, nothing), (other, &allows), shared.clone(), expect!["CLIENT_ERROR denied: s3:PutObject"]);
    check(
        (TRUST, PUTS),
        (other, &allows),
        json!({}),
        expect!["CLIENT_ERROR The bucket is owned by another account"],
    );
    check((TRUST, PUTS), (own, ""), shared, expect!["CLIENT_ERROR The bucket is owned by another account"]);
    let none = json!({ "destinationIdentifier": "s3://none/x" });
    check((TRUST, PUTS), (own, ""), none, expect!["CLIENT_ERROR The specified bucket does not exist"]);
}

#[test]
fn a_bucket_gives_a_role_nothing_beyond_its_boundary() {
    let mut world = world();
    let buckets = bucket(&mut world, "000000000000");
    let anyone = PUTS.replace(r#""Action""#, r#""Principal":"*","Action""#);
    let set = |bucket: &mut Bucket| drop(bucket.settings.insert(Bucket::POLICY.into(), document(&anyone)));
    buckets.set_up("results", set).expect("there");
    role(&mut world, "writer", TRUST, PUTS);
    let boundary = "RoleName=writer&PermissionsBoundary=arn:aws:iam::aws:policy/CloudWatchLogsFullAccess";
    world.form(Service::Iam, "PutRolePermissionsBoundary", boundary);
    create(&mut world, json!({ "destinationConfiguration": to_bucket(json!({})) }));
    at(&mut world, FIRST);
    assert_eq!(history(&mut world)[0]["destinations"][0]["status"], "CLIENT_ERROR");
    assert!(objects(&buckets).is_empty());
}

fn to_table(more: Value) -> Value {
    let base = json!({ "tableName": "hosts", "roleArn": ROLE.replace("runner", "writer") });
    json!({ "lookupTableConfiguration": with(base, more) })
}

const HOSTS: &str = "arn:aws:logs:us-east-1:000000000000:lookup-table:hosts";

#[test]
fn results_make_and_replace_a_lookup_table() {
    let mut world = world();
    role(&mut world, "writer", TRUST, TABLES);
    let table = to_table(json!({ "description": "d", "tags": { "a": "1" } }));
    let query = "fields host, level, nothing, @ptr | sort @timestamp";
    create(
        &mut world,
        json!({ "queryString": query, "startTimeOffset": 900, "destinationConfiguration": table }),
    );
    at(&mut world, FIRST);
    let delivered = json!([{
        "destinationType": "LOOKUP_TABLE", "destinationIdentifier": "hosts", "status": "COMPLETE", "processedIdentifier": HOSTS,
    }]);
    assert_eq!(history(&mut world)[0]["destinations"], delivered);
    let body = |world: &mut World| {
        let table = answer(world, "GetLookupTable", &json!({ "lookupTableArn": HOSTS }));
        assert_eq!(table["description"], "d");
        table["tableBody"].as_str().expect("a text").to_owned()
    };
    let header = "host,level,nothing\n";
    let (first, second) = ("\"a, b\",ERROR,\n", "\"say \"\"c\"\"\",INFO,\n");
    assert_eq!(body(&mut world), format!("{header}{first}{second}"));
    call(&mut world, "UntagResource", &json!({ "resourceArn": HOSTS, "tagKeys": ["a"] }));
    at(&mut world, FIRST.plus_ms(6 * MINUTE_MS));
    assert_eq!(body(&mut world), format!("{header}{second}"), "the first event is older than the window");
    let tags = answer(&mut world, "ListTagsForResource", &json!({ "resourceArn": HOSTS }));
    assert_eq!(tags, json!({ "tags": {} }), "tags are for a new table");
    let text = "fields level | lookup hosts host OUTPUT level AS found";
    let asked =
        json!({ "logGroupName": "app", "startTime": 0, "endTime": START.0 / 1000, "queryString": text });
    let query = answer(&mut world, "StartQuery", &asked)["queryId"].clone();
    assert_eq!(rows(&mut world, &query), ["INFO INFO", "ERROR"]);
}

#[test]
fn a_lookup_table_stays_as_it_is_if_it_cannot_be_replaced() {
    let check = |permissions: &str, more: Value, before: usize, expected: Expect| {
        let mut world = world();
        role(&mut world, "writer", TRUST, permissions);
        for number in 0..before {
            let name = if number == 0 && before == 1 { "hosts".to_owned() } else { format!("t{number}") };
            call(&mut world, "CreateLookupTable", &json!({ "lookupTableName": name, "tableBody": "a\n1\n" }));
        }
        create(&mut world, with(json!({ "destinationConfiguration": to_table(json!({})) }), more));
        at(&mut world, FIRST);
        let delivered = history(&mut world)[0]["destinations"][0].clone();
        let text = |member: &str| delivered[member].as_str().unwrap_or_default().to_owned();
        expected.assert_eq(&format!("{} {}", text("status"), shortened(&text("errorMessage"))));
        if before == 1 && text("status") != "COMPLETE" {
            let table = answer(&mut world, "GetLookupTable", &json!({ "lookupTableArn": HOSTS }));
            assert_eq!(table["tableBody"], "a\n1\n");
        }
    };
    let one = |action: &str| {
        format!(r#"{{"Effect":"Allow","Action":["logs:GetQueryResults","{action}"],"Resource":"*"}}"#)
    };
    check(&one("logs:CreateLookupTable"), json!({}), 0, expect!["COMPLETE "]);
    check(&one("logs:UpdateLookupTable"), json!({}), 1, expect!["COMPLETE "]);
    check(
        &one("logs:UpdateLookupTable"),
        json!({}),
        0,
        expect!["CLIENT_ERROR denied: logs:CreateLookupTable lookup-table:hosts"],
    );
    check(
        &one("logs:CreateLookupTable"),
        json!({}),
        1,
        expect!["CLIENT_ERROR denied: logs:UpdateLookupTable lookup-table:hosts"],
    );
    check(
        &one("logs:UpdateLookupTable").replace("GetQueryResults", "StopQuery"),
        json!({}),
        1,
        expect!["CLIENT_ERROR denied: logs:GetQueryResults on resource: *"],
    );
    check(TABLES, json!({}), 100, expect!["CLIENT_ERROR Resource limit exceeded."]);
    // A row without cells: the header is there.
    check(TABLES, json!({ "queryString": "filter level = 'NONE' | fields level" }), 1, expect!["COMPLETE "]);
}

#[test]
fn both_destinations_are_served_and_only_after_success() {
    let mut world = world();
    let buckets = bucket(&mut world, "000000000000");
    role(&mut world, "writer", TRUST, &format!("{PUTS},{TABLES}"));
    let both = with(to_bucket(json!({})), to_table(json!({})));
    create(&mut world, json!({ "destinationConfiguration": both.clone() }));
    at(&mut world, FIRST);
    let destinations = history(&mut world)[0]["destinations"].clone();
    let kinds: Vec<&Value> =
        destinations.as_array().expect("a list").iter().map(|one| &one["destinationType"]).collect();
    assert_eq!(kinds, ["S3", "LOOKUP_TABLE"]);
    call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": "errors" }));
    create(&mut world, json!({ "queryString": "frobnicate", "destinationConfiguration": both }));
    at(&mut world, FIRST.plus_ms(MINUTE_MS));
    assert_eq!(history(&mut world)[0]["destinations"], json!([]));
    assert_eq!(objects(&buckets).len(), 1);
}
