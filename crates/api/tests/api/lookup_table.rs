//! Lookup tables: made, changed, listed, tagged, read by queries.
//!
//! Expectations from the CloudWatch Logs API Reference (CreateLookupTable and its sisters, 2026-11).

use crate::world::{START, World};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use weir_wire::Service;

const ARN: &str = "arn:aws:logs:us-east-1:000000000000:lookup-table:hosts";
const CSV: &str = "ip,user\n10.0.0.1,ann\n10.0.0.2,\"bob, jr\"\n";

fn world() -> World {
    let mut world = World::new();
    call(&mut world, "CreateLookupTable", json!({ "lookupTableName": "hosts", "tableBody": CSV }));
    world
}

#[track_caller]
fn call(world: &mut World, action: &str, body: Value) -> String {
    world.json(Service::Logs, action, &body.to_string())
}

#[track_caller]
fn check(world: &mut World, (action, body): (&str, Value), expected: Expect) {
    expected.assert_eq(&call(world, action, body));
}

fn answer(world: &mut World, action: &str, body: Value) -> Value {
    serde_json::from_str(&call(world, action, body)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_table_is_made_shown_replaced_and_deleted() {
    let mut world = World::new();
    let key = "arn:aws:kms:us-east-1:000000000000:key/1";
    let create =
        json!({ "lookupTableName": "hosts", "tableBody": CSV, "description": "who", "kmsKeyId": key });
    let created = json!({ "lookupTableArn": ARN, "createdAt": START.0 });
    assert_eq!(answer(&mut world, "CreateLookupTable", create), created);
    let detail = json!({
        "lookupTableArn": ARN, "lookupTableName": "hosts", "description": "who", "sizeBytes": CSV.len(),
        "lastUpdatedTime": START.0, "kmsKeyId": key,
    });
    let mut shown = detail.clone();
    shown["tableBody"] = CSV.into();
    assert_eq!(answer(&mut world, "GetLookupTable", json!({ "lookupTableArn": ARN })), shown);
    let mut listed = detail;
    listed["tableFields"] = json!(["ip", "user"]);
    listed["recordsCount"] = 2.into();
    assert_eq!(answer(&mut world, "DescribeLookupTables", json!({})), json!({ "lookupTables": [listed] }));
    let update = json!({ "lookupTableArn": ARN, "tableBody": "a\n1\n", "kmsKeyId": "" });
    let updated = json!({ "lookupTableArn": ARN, "lastUpdatedTime": START.0 });
    assert_eq!(answer(&mut world, "UpdateLookupTable", update), updated);
    let changed = answer(&mut world, "GetLookupTable", json!({ "lookupTableArn": ARN }));
    assert_eq!((&changed["tableBody"], &changed["description"]), (&"a\n1\n".into(), &"who".into()));
    assert_eq!(changed.get("kmsKeyId"), None);
    assert_eq!(call(&mut world, "DeleteLookupTable", json!({ "lookupTableArn": ARN })), "");
    assert_eq!(answer(&mut world, "DescribeLookupTables", json!({})), json!({ "lookupTables": [] }));
}

#[test]
fn what_is_no_table_is_refused() {
    let world = &mut world();
    let create =
        |name: &str, body: &str| ("CreateLookupTable", json!({ "lookupTableName": name, "tableBody": body }));
    check(
        world,
        create("hosts", CSV),
        expect!["400 ResourceAlreadyExistsException: The specified lookup table already exists."],
    );
    check(
        world,
        create("a-b", CSV),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value 'a-b' at 'lookupTableName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]+$"
        ],
    );
    check(
        world,
        create("", CSV),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value '' at 'lookupTableName' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ],
    );
    check(
        world,
        create("t", ""),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value '' at 'tableBody' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ],
    );
    check(
        world,
        create("t", "a,a\n"),
        expect![[r#"400 ValidationException: the column name "a" is empty or given twice"#]],
    );
    check(
        world,
        create("t", "a,b\n1\n"),
        expect!["400 ValidationException: line 2 has another number of cells than the header"],
    );
    check(
        world,
        ("CreateLookupTable", json!({ "lookupTableName": "t" })),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value null at 'tableBody' failed to satisfy constraint: Member must not be null"
        ],
    );
    let body = json!({ "lookupTableName": "t", "tableBody": CSV, "kmsKeyId": "alias/a" });
    check(
        world,
        ("CreateLookupTable", body),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value 'alias/a' at 'kmsKeyId' failed to satisfy constraint: Member must be the ARN of a KMS key"
        ],
    );
    let body = json!({ "lookupTableName": "t", "tableBody": CSV, "description": "x".repeat(1025) });
    assert!(
        call(world, "CreateLookupTable", body)
            .starts_with("400 InvalidParameterException: 1 validation error")
    );
    let other = ARN.replace("hosts", "none");
    for action in ["GetLookupTable", "DeleteLookupTable", "UpdateLookupTable"] {
        let mut body = json!({ "lookupTableArn": other });
        if action == "UpdateLookupTable" {
            body["tableBody"] = CSV.into();
        }
        let expected = "400 ResourceNotFoundException: The specified lookup table does not exist.";
        assert_eq!(call(world, action, body.clone()), expected, "{action}");
        body["lookupTableArn"] = "arn:aws:logs:us-east-1:000000000000:log-group:a".into();
        let expected =
            "400 InvalidParameterException: The specified lookupTableArn is not the ARN of a lookup table.";
        assert_eq!(call(world, action, body), expected, "{action}");
    }
    check(
        world,
        ("UpdateLookupTable", json!({ "lookupTableArn": ARN, "tableBody": "\n" })),
        expect!["400 ValidationException: the table has no header row"],
    );
    check(
        world,
        ("DescribeLookupTables", json!({ "maxResults": 101 })),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"
        ],
    );
    check(
        world,
        ("DescribeLookupTables", json!({ "nextToken": "none" })),
        expect!["400 InvalidParameterException: The specified nextToken is invalid."],
    );
    check(
        world,
        ("DescribeLookupTables", json!({ "lookupTableNamePrefix": "a-" })),
        expect![
            "400 InvalidParameterException: 1 validation error detected: Value 'a-' at 'lookupTableNamePrefix' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]+$"
        ],
    );
    for number in 1..100 {
        assert!(call(world, "CreateLookupTable", create(&format!("t{number}"), CSV).1).starts_with('{'));
    }
    check(world, create("one_more", CSV), expect!["400 LimitExceededException: Resource limit exceeded."]);
}

#[test]
fn tables_are_listed_by_name_in_pages() {
    let world = &mut world();
    for name in ["hosts_b", "hosts_a", "other"] {
        call(world, "CreateLookupTable", json!({ "lookupTableName": name, "tableBody": CSV }));
    }
    let mut names: Vec<Vec<String>> = vec![];
    let mut request = json!({ "lookupTableNamePrefix": "hosts", "maxResults": 2 });
    loop {
        let page = answer(world, "DescribeLookupTables", request.clone());
        let tables = page["lookupTables"].as_array().expect("a list");
        names.push(
            tables
                .iter()
                .map(|table| table["lookupTableName"].as_str().expect("a name").to_owned())
                .collect(),
        );
        let Some(token) = page.get("nextToken") else { break };
        request["nextToken"] = token.clone();
    }
    assert_eq!(names, [vec!["hosts".to_owned(), "hosts_a".to_owned()], vec!["hosts_b".to_owned()]]);
}

#[test]
fn tables_have_tags() {
    let world = &mut World::new();
    let create = json!({ "lookupTableName": "hosts", "tableBody": CSV, "tags": { "a": "1" } });
    call(world, "CreateLookupTable", create);
    call(world, "TagResource", json!({ "resourceArn": ARN, "tags": { "b": "2" } }));
    let list = json!({ "resourceArn": ARN });
    assert_eq!(answer(world, "ListTagsForResource", list.clone()), json!({ "tags": { "a": "1", "b": "2" } }));
    call(world, "UntagResource", json!({ "resourceArn": ARN, "tagKeys": ["a"] }));
    assert_eq!(answer(world, "ListTagsForResource", list), json!({ "tags": { "b": "2" } }));
    let none = json!({ "resourceArn": ARN.replace("hosts", "none") });
    let expected = "400 ResourceNotFoundException: The specified lookup table does not exist.";
    assert_eq!(call(world, "ListTagsForResource", none), expected);
}

#[test]
fn queries_read_tables() {
    let world = &mut world();
    call(world, "CreateLogGroup", json!({ "logGroupName": "app" }));
    call(world, "CreateLogStream", json!({ "logGroupName": "app", "logStreamName": "one" }));
    let event = json!({ "timestamp": START.0, "message": r#"{"srcAddr": "10.0.0.2"}"# });
    call(
        world,
        "PutLogEvents",
        json!({ "logGroupName": "app", "logStreamName": "one", "logEvents": [event] }),
    );
    let query = |table: &str| {
        json!({
            "logGroupName": "app", "startTime": START.seconds() - 60, "endTime": START.seconds() + 60,
            "queryString": format!("lookup {table} ip as srcAddr OUTPUT user | display user"),
        })
    };
    let started = answer(world, "StartQuery", query("hosts"));
    let found = answer(world, "GetQueryResults", json!({ "queryId": started["queryId"] }));
    assert_eq!(found["results"][0][0], json!({ "field": "user", "value": "bob, jr" }));
    let refused = call(world, "StartQuery", query("none"));
    assert!(refused.starts_with("400 MalformedQueryException") && refused.contains("none"), "{refused}");
    let mut without = query("hosts");
    without["queryString"] = json!("lookup hosts ip as srcAddr OUTPUT user, shoe");
    let expected = r#"400 MalformedQueryException: the lookup table hosts has no column shoe {"queryCompileError":{"location":{"endCharOffset":12,"startCharOffset":7},"message":"the lookup table hosts has no column shoe"}}"#;
    assert_eq!(call(world, "StartQuery", without), expected);
    call(world, "DeleteLookupTable", json!({ "lookupTableArn": ARN }));
    assert!(call(world, "StartQuery", query("hosts")).starts_with("400 MalformedQueryException"));
}

#[test]
fn a_token_is_taken_for_a_day() {
    let world = &mut world();
    call(world, "CreateLookupTable", json!({ "lookupTableName": "other", "tableBody": CSV }));
    let first = answer(world, "DescribeLookupTables", json!({ "maxResults": 1 }));
    let next = json!({ "nextToken": first["nextToken"] });
    world.now = START.plus_ms(24 * 60 * 60 * 1000);
    assert_eq!(
        answer(world, "DescribeLookupTables", next.clone())["lookupTables"][0]["lookupTableName"],
        "other"
    );
    world.now = START.plus_ms(24 * 60 * 60 * 1000 + 1);
    let expected = "400 InvalidParameterException: The specified nextToken is invalid.";
    assert_eq!(call(world, "DescribeLookupTables", next), expected);
}

#[test]
fn infrequent_groups_take_fewer_commands() {
    let world = &mut World::new();
    call(world, "CreateLogGroup", json!({ "logGroupName": "rare", "logGroupClass": "INFREQUENT_ACCESS" }));
    call(world, "CreateLogGroup", json!({ "logGroupName": "app" }));
    let stats = "stats count(*) as n by bin(1m) as t | stats sum(n) as n by t | stats max(n)";
    let essential = json!({ "logGroupName": "essential", "logGroupClass": "ESSENTIALS" });
    call(world, "CreateLogGroup", essential);
    let class = "is not supported for log groups of class INFREQUENT_ACCESS";
    for (query, command, why) in [
        ("pattern @message", "pattern", class),
        ("pattern @message | diff", "pattern", class),
        ("fields @message | diff", "diff", class),
        ("fields @message | logcompare timeshift 7d", "logcompare", class),
        ("fields a | filterIndex a = 1 | fields b", "filterIndex", class),
        ("fields 1 as one, unmask(@message)", "unmask(@message)", class),
        ("filter a in (fields unmask(a) as b | fields b)", "unmask(a)", class),
        (stats, "stats", "at most 2 stats commands"),
    ] {
        let mut ask = |group: &str| {
            let window = (START.seconds() - 60, START.seconds() + 60);
            let body = json!({ "logGroupName": group, "startTime": window.0, "endTime": window.1, "queryString": query });
            call(world, "StartQuery", body)
        };
        let refused = ask("rare");
        assert!(
            refused.starts_with("400 MalformedQueryException") && refused.contains(why),
            "{query}: {refused}"
        );
        // The place is that of a command's name, or of a function's call.
        let start = query.rfind(command).expect("is in the query");
        let end = start + command.len();
        let place = format!(r#""location":{{"endCharOffset":{end},"startCharOffset":{start}}}"#);
        assert!(refused.contains(&place), "{query}: {refused}");
        let of_its_class = refused.replace("INFREQUENT_ACCESS", "ESSENTIALS");
        assert_eq!(ask("essential"), of_its_class, "{query}");
        assert!(ask("app").starts_with('{'), "{query}");
    }
}

#[test]
fn a_query_within_a_query_is_as_its_own_groups() {
    let world = &mut World::new();
    for (group, class) in [("rare", "INFREQUENT_ACCESS"), ("essential", "ESSENTIALS"), ("app", "STANDARD")] {
        call(world, "CreateLogGroup", json!({ "logGroupName": group, "logGroupClass": class }));
    }
    let inner = |group: &str| format!("filter a in (SOURCE '{group}' | fields unmask(a) as b | fields b)");
    for (outer, query, is_taken) in [
        ("app", inner("app"), true),
        ("app", inner("rare"), false),
        ("app", inner("essential"), false),
        ("rare", inner("app"), true),
        ("rare", "filter a in (fields unmask(a) as b | fields b)".to_owned(), false),
        ("essential", "pattern @message".to_owned(), false),
    ] {
        let window = (START.seconds() - 60, START.seconds() + 60);
        let body = json!({ "logGroupName": outer, "startTime": window.0, "endTime": window.1, "queryString": query });
        let answer = call(world, "StartQuery", body);
        let expected = if is_taken { "{" } else { "400 MalformedQueryException" };
        assert!(answer.starts_with(expected), "{outer}: {query}: {answer}");
    }
}
