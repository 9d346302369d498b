//! Scheduled queries: made, changed, shown, listed, tagged, deleted. How they run is in `scheduled_run.rs`.
//!
//! Expectations from the CloudWatch Logs API Reference (CreateScheduledQuery and its sisters) and the User Guide, "Understanding
//! scheduled queries concepts" (2026-11).

use crate::world::{START, World};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use weir_wire::Service;

pub const ROLE: &str = "arn:aws:iam::000000000000:role/runner";

/// A query that runs each minute.
pub fn minutely() -> Value {
    json!({
        "name": "errors",
        "queryLanguage": "CWLI",
        "queryString": "fields @message",
        "logGroupIdentifiers": ["app"],
        "scheduleExpression": "cron(* * * * ? *)",
        "executionRoleArn": ROLE,
    })
}

/// The same members and others beside them; a null takes one away.
pub fn with(mut base: Value, more: Value) -> Value {
    let members = base.as_object_mut().expect("an object");
    for (name, value) in more.as_object().expect("an object") {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    base
}

#[track_caller]
pub fn call(world: &mut World, action: &str, body: &Value) -> String {
    world.json(Service::Logs, action, &body.to_string())
}

#[track_caller]
pub fn answer(world: &mut World, action: &str, body: &Value) -> Value {
    let text = call(world, action, body);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{action}: {error}: {text}"))
}

/// Makes a scheduled query; gives its ARN.
#[track_caller]
pub fn create(world: &mut World, more: Value) -> String {
    let created = answer(world, "CreateScheduledQuery", &with(minutely(), more));
    created["scheduledQueryArn"].as_str().expect("an ARN").to_owned()
}

#[track_caller]
fn check(world: &mut World, (action, body): (&str, Value), expected: Expect) {
    expected.assert_eq(&call(world, action, &body));
}

#[test]
fn a_scheduled_query_is_made_shown_and_deleted() {
    let mut world = World::new();
    let whole = json!({
        "description": "d", "timezone": "Europe/Berlin", "startTimeOffset": 600, "endTimeOffset": 60, "state": "DISABLED",
        "scheduleStartTime": 1_704_164_645, "scheduleEndTime": 1_704_164_700_000i64, "tags": { "a": "1" },
        "destinationConfiguration": {
            "s3Configuration": {
                "destinationIdentifier": "s3://results/errors/", "roleArn": ROLE, "ownerAccountId": "000000000000",
                "kmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1",
            },
            "lookupTableConfiguration": {
                "tableName": "errors", "roleArn": ROLE, "description": "t", "tags": { "b": "2" },
                "kmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1",
            },
        },
    });
    let asked = with(minutely(), whole);
    let created = answer(&mut world, "CreateScheduledQuery", &asked);
    let arn = created["scheduledQueryArn"].as_str().expect("an ARN").to_owned();
    assert!(arn.starts_with("arn:aws:logs:us-east-1:000000000000:scheduled-query:"), "{arn}");
    assert_eq!(created, json!({ "scheduledQueryArn": arn, "state": "DISABLED" }));
    let start_s = START.0 / 1000;
    let own = json!({
        "scheduledQueryArn": arn, "scheduleType": "CUSTOMER_MANAGED", "creationTime": start_s, "lastUpdatedTime": start_s,
        "scheduleEndTime": 1_704_164_700, "tags": null,
    });
    let shown = with(asked, own);
    for identifier in ["errors", &arn] {
        assert_eq!(answer(&mut world, "GetScheduledQuery", &json!({ "identifier": identifier })), shown);
    }
    let summary: Value = [
        "scheduledQueryArn",
        "name",
        "state",
        "scheduleType",
        "scheduleExpression",
        "timezone",
        "destinationConfiguration",
        "creationTime",
        "lastUpdatedTime",
    ]
    .into_iter()
    .map(|member| (member.to_owned(), shown[member].clone()))
    .collect::<serde_json::Map<_, _>>()
    .into();
    assert_eq!(
        answer(&mut world, "ListScheduledQueries", &json!({})),
        json!({ "scheduledQueries": [summary] })
    );
    assert_eq!(call(&mut world, "DeleteScheduledQuery", &json!({ "identifier": "errors" })), "");
    assert_eq!(answer(&mut world, "ListScheduledQueries", &json!({})), json!({ "scheduledQueries": [] }));
    for action in ["GetScheduledQuery", "DeleteScheduledQuery"] {
        check(
            &mut world,
            (action, json!({ "identifier": arn })),
            expect!["400 ResourceNotFoundException: The specified scheduled query does not exist."],
        );
    }
}

#[test]
fn what_is_not_said_is_not_shown_and_the_state_is_enabled() {
    let mut world = World::new();
    let created = answer(&mut world, "CreateScheduledQuery", &minutely());
    assert_eq!(created["state"], "ENABLED");
    let shown = answer(&mut world, "GetScheduledQuery", &json!({ "identifier": "errors" }));
    let start_s = START.0 / 1000;
    let own = json!({
        "scheduledQueryArn": created["scheduledQueryArn"], "scheduleType": "CUSTOMER_MANAGED", "state": "ENABLED",
        "creationTime": start_s, "lastUpdatedTime": start_s,
    });
    assert_eq!(shown, with(minutely(), own));
}

#[test]
fn an_update_replaces_everything_but_name_tags_and_times() {
    let mut world = World::new();
    let arn = create(&mut world, json!({ "description": "d", "state": "DISABLED", "tags": { "a": "1" } }));
    world.now = world.now.plus_ms(5_000);
    let spec = json!({
        "identifier": "errors", "queryLanguage": "SQL", "queryString": "SELECT 1", "scheduleExpression": "cron(0 9 * * ? *)",
        "executionRoleArn": ROLE,
    });
    let start_s = START.0 / 1000;
    let own = json!({
        "identifier": null, "name": "errors", "scheduledQueryArn": arn, "scheduleType": "CUSTOMER_MANAGED", "state": "ENABLED",
        "creationTime": start_s, "lastUpdatedTime": start_s + 5,
    });
    let shown = with(spec.clone(), own);
    assert_eq!(answer(&mut world, "UpdateScheduledQuery", &spec), shown);
    assert_eq!(answer(&mut world, "GetScheduledQuery", &json!({ "identifier": arn })), shown);
    let tags = answer(&mut world, "ListTagsForResource", &json!({ "resourceArn": arn }));
    assert_eq!(tags, json!({ "tags": { "a": "1" } }));
    check(
        &mut world,
        ("UpdateScheduledQuery", with(spec.clone(), json!({ "identifier": "others" }))),
        expect!["400 ResourceNotFoundException: The specified scheduled query does not exist."],
    );
    check(
        &mut world,
        ("UpdateScheduledQuery", with(spec.clone(), json!({ "identifier": null }))),
        expect![
            "400 ValidationException: 1 validation error detected: Value null at 'identifier' failed to satisfy constraint: Member must not be null"
        ],
    );
    check(
        &mut world,
        ("UpdateScheduledQuery", with(spec, json!({ "tags": {} }))),
        expect!["400 UnknownParameter: The parameter tags is not recognized: not implemented by weir"],
    );
}

/// A request that differs from a good one in these members, and the sentence that refuses it.
#[track_caller]
fn refuses(world: &mut World, more: Value, expected: &str) {
    let said = call(world, "CreateScheduledQuery", &with(minutely(), more.clone()));
    assert_eq!(said, format!("400 {expected}"), "{more}");
}

fn constraint(value: &str, member: &str, rule: &str) -> String {
    format!(
        "ValidationException: 1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    )
}

#[test]
fn names_are_taken_once_in_an_account_and_region() {
    let mut world = World::new();
    create(&mut world, json!({}));
    refuses(
        &mut world,
        json!({}),
        "ConflictException: A scheduled query with the name 'errors' already exists.",
    );
    world.region = "eu-west-1";
    create(&mut world, json!({}));
    world.access_key = "111111111111";
    create(&mut world, json!({}));
    let listed = answer(&mut world, "ListScheduledQueries", &json!({}));
    assert_eq!(listed["scheduledQueries"].as_array().map(Vec::len), Some(1));
}

#[test]
fn texts_have_bounds() {
    let world = &mut World::new();
    let long = |count: usize| "x".repeat(count);
    let most = |count: usize| format!("have length less than or equal to {count}");
    let excerpt = long(200);
    let at_least = "have length greater than or equal to 1";
    refuses(world, json!({ "name": long(301) }), &constraint(&excerpt, "name", &most(300)));
    refuses(world, json!({ "name": "" }), &constraint("", "name", at_least));
    refuses(world, json!({ "description": long(1025) }), &constraint(&excerpt, "description", &most(1024)));
    refuses(
        world,
        json!({ "queryString": long(10_001) }),
        &constraint(&excerpt, "queryString", &most(10_000)),
    );
    refuses(
        world,
        json!({ "scheduleExpression": long(257) }),
        &constraint(&excerpt, "scheduleExpression", &most(256)),
    );
    refuses(world, json!({ "timezone": "" }), &constraint("", "timezone", at_least));
    refuses(world, json!({ "executionRoleArn": "" }), &constraint("", "executionRoleArn", at_least));
    let groups = "have length between 1 and 50";
    refuses(
        world,
        json!({ "logGroupIdentifiers": [] }),
        &constraint("[0 groups]", "logGroupIdentifiers", groups),
    );
    let many = vec!["g"; 51];
    refuses(
        world,
        json!({ "logGroupIdentifiers": many }),
        &constraint("[51 groups]", "logGroupIdentifiers", groups),
    );
    let pattern = r"satisfy regular expression pattern: [\w#+=/:,.@-]*";
    refuses(
        world,
        json!({ "logGroupIdentifiers": ["a b"] }),
        &constraint("a b", "logGroupIdentifiers", pattern),
    );
    let state = "satisfy enum value set: [ENABLED, DISABLED]";
    refuses(world, json!({ "state": "enabled" }), &constraint("enabled", "state", state));
    let languages = "satisfy enum value set: [CWLI, SQL, PPL]";
    refuses(world, json!({ "queryLanguage": "KQL" }), &constraint("KQL", "queryLanguage", languages));
    refuses(
        world,
        json!({ "tags": { "aws:a": "1" } }),
        "ValidationException: Tag keys beginning with aws: are reserved for system use",
    );
    refuses(
        world,
        json!({ "name": null }),
        "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    );
    refuses(
        world,
        json!({ "identifier": "errors" }),
        "UnknownParameter: The parameter identifier is not recognized: not implemented by weir",
    );
    // The query is looked at when it runs.
    create(world, json!({ "queryString": "", "logGroupIdentifiers": null }));
}

#[test]
fn schedules_and_offsets_must_make_sense() {
    let world = &mut World::new();
    let not_cron = "ValidationException: The schedule expression must be a cron expression: cron(...).";
    refuses(world, json!({ "scheduleExpression": "rate(5 minutes)" }), not_cron);
    refuses(world, json!({ "scheduleExpression": "" }), not_cron);
    refuses(
        world,
        json!({ "scheduleExpression": "cron(61 * * * ? *)" }),
        "ValidationException: The field minutes cannot be '61'.",
    );
    refuses(
        world,
        json!({ "timezone": "Moon" }),
        "ValidationException: The time zone 'Moon' does not exist.",
    );
    let order = "ValidationException: startTimeOffset must be greater than endTimeOffset.";
    refuses(world, json!({ "startTimeOffset": 60, "endTimeOffset": 60 }), order);
    refuses(world, json!({ "startTimeOffset": 0 }), order);
    refuses(world, json!({ "startTimeOffset": -1 }), order);
    refuses(world, json!({ "endTimeOffset": 3600 }), order);
    let negative = "ValidationException: endTimeOffset must not be negative.";
    refuses(world, json!({ "endTimeOffset": -1 }), negative);
    let times = "ValidationException: scheduleStartTime must be before scheduleEndTime.";
    refuses(world, json!({ "scheduleStartTime": 10, "scheduleEndTime": 10 }), times);
    let rule = "have value greater than or equal to 0";
    refuses(world, json!({ "scheduleEndTime": -1 }), &constraint("-1", "scheduleEndTime", rule));
}

#[test]
fn destinations_must_be_well_formed() {
    let world = &mut World::new();
    let s3 = |more: Value| {
        let base = json!({ "destinationIdentifier": "s3://results", "roleArn": ROLE });
        json!({ "destinationConfiguration": { "s3Configuration": with(base, more) } })
    };
    let member = |name: &str| format!("destinationConfiguration.s3Configuration.{name}");
    let pattern = r"satisfy regular expression pattern: s3://[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9](/.*)?";
    let long = format!("s3://{}", "b".repeat(64));
    for uri in [
        "",
        "results",
        "s3:/results",
        "S3://results",
        "s3://ab",
        "s3://Results",
        "s3://a_b",
        "s3://-ab",
        "s3://ab.",
        &long,
    ] {
        let refused = constraint(uri, &member("destinationIdentifier"), pattern);
        refuses(world, s3(json!({ "destinationIdentifier": uri })), &refused);
    }
    let account =
        constraint("1234", &member("ownerAccountId"), r"satisfy regular expression pattern: ^\d{12}$");
    refuses(world, s3(json!({ "ownerAccountId": "1234" })), &account);
    let role = constraint("", &member("roleArn"), "have length greater than or equal to 1");
    refuses(world, s3(json!({ "roleArn": "" })), &role);
    let key = constraint("alias/a", "kmsKeyId", "be the ARN of a KMS key");
    refuses(world, s3(json!({ "kmsKeyId": "alias/a" })), &key);
    let table = |more: Value| {
        let base = json!({ "tableName": "t", "roleArn": ROLE });
        json!({ "destinationConfiguration": { "lookupTableConfiguration": with(base, more) } })
    };
    let member = |name: &str| format!("destinationConfiguration.lookupTableConfiguration.{name}");
    let name = constraint("a-b", &member("tableName"), "satisfy regular expression pattern: ^[a-zA-Z0-9_]+$");
    refuses(world, table(json!({ "tableName": "a-b" })), &name);
    let role = constraint("", &member("roleArn"), "have length greater than or equal to 1");
    refuses(world, table(json!({ "roleArn": "" })), &role);
    let missing = constraint("null", &member("roleArn"), "not be null").replace("'null'", "null");
    let missing = missing.replace("ValidationException", "InvalidParameterException");
    refuses(world, table(json!({ "roleArn": null })), &missing);
    create(world, s3(json!({ "destinationIdentifier": "s3://a.b-1" })));
}

#[test]
fn there_are_at_most_a_thousand() {
    let world = &mut World::new();
    for number in 0..1000 {
        create(world, json!({ "name": format!("q{number:03}") }));
    }
    refuses(world, json!({}), "ServiceQuotaExceededException: Resource limit exceeded.");
    let page = answer(world, "ListScheduledQueries", &json!({ "maxResults": 999 }));
    assert_eq!(page["scheduledQueries"].as_array().map(Vec::len), Some(999));
    let rest = answer(world, "ListScheduledQueries", &json!({ "nextToken": page["nextToken"] }));
    assert_eq!(rest["scheduledQueries"][0]["name"], "q999");
    assert_eq!(rest.get("nextToken"), None);
    assert_eq!(
        answer(world, "ListScheduledQueries", &json!({}))["scheduledQueries"].as_array().map(Vec::len),
        Some(50)
    );
}

#[test]
fn lists_are_narrowed_by_state_and_type() {
    let world = &mut World::new();
    create(world, json!({ "name": "b" }));
    create(world, json!({ "name": "a", "state": "DISABLED" }));
    let names = |world: &mut World, asked: Value| {
        let listed = answer(world, "ListScheduledQueries", &asked);
        let queries = listed["scheduledQueries"].as_array().expect("a list").clone();
        queries.iter().map(|query| query["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(world, json!({})), ["a", "b"]);
    assert_eq!(names(world, json!({ "state": "ENABLED" })), ["b"]);
    assert_eq!(names(world, json!({ "state": "DISABLED" })), ["a"]);
    assert_eq!(names(world, json!({ "scheduleType": "CUSTOMER_MANAGED" })), ["a", "b"]);
    assert_eq!(names(world, json!({ "scheduleType": "AWS_MANAGED" })), [""; 0]);
    let refused = [
        (json!({ "state": "X" }), constraint("X", "state", "satisfy enum value set: [ENABLED, DISABLED]")),
        (
            json!({ "scheduleType": "X" }),
            constraint("X", "scheduleType", "satisfy enum value set: [CUSTOMER_MANAGED, AWS_MANAGED]"),
        ),
        (json!({ "maxResults": 0 }), constraint("0", "maxResults", "have value greater than or equal to 1")),
        (
            json!({ "maxResults": 1001 }),
            constraint("1001", "maxResults", "have value less than or equal to 1000"),
        ),
        (json!({ "nextToken": "x" }), "ValidationException: The specified nextToken is invalid.".to_owned()),
    ];
    for (asked, expected) in refused {
        assert_eq!(call(world, "ListScheduledQueries", &asked), format!("400 {expected}"));
    }
}

#[test]
fn scheduled_queries_are_tagged_by_their_arns() {
    let world = &mut World::new();
    let arn = create(world, json!({ "tags": { "a": "1" } }));
    call(world, "TagResource", &json!({ "resourceArn": arn, "tags": { "b": "2" } }));
    call(world, "UntagResource", &json!({ "resourceArn": arn, "tagKeys": ["a"] }));
    let tags = |world: &mut World| answer(world, "ListTagsForResource", &json!({ "resourceArn": arn }));
    assert_eq!(tags(world), json!({ "tags": { "b": "2" } }));
    check(
        world,
        ("TagResource", json!({ "resourceArn": arn, "tags": { "aws:a": "1" } })),
        expect!["400 InvalidParameterException: Tag keys beginning with aws: are reserved for system use"],
    );
    let other = format!("{}0", arn);
    for (action, more) in [("TagResource", "tags"), ("UntagResource", "tagKeys"), ("ListTagsForResource", "")]
    {
        let more = match more {
            "tags" => json!({ "tags": { "a": "1" } }),
            "tagKeys" => json!({ "tagKeys": ["a"] }),
            _ => json!({}),
        };
        check(
            world,
            (action, with(json!({ "resourceArn": other }), more)),
            expect!["400 ResourceNotFoundException: The specified scheduled query does not exist."],
        );
    }
    world.access_key = "111111111111";
    check(
        world,
        ("ListTagsForResource", json!({ "resourceArn": arn })),
        expect!["400 ResourceNotFoundException: The specified scheduled query does not exist."],
    );
}
