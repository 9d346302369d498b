//! Queries that read several log groups: SOURCE, join, subqueries, another time.

use crate::world::{START, World};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use weir_wire::Service;

/// Two groups, `app` and `/aws/flow`, with events at these seconds from the start.
fn world() -> World {
    let mut world = World::new();
    let groups: [(&str, &[(i64, &str)]); 2] = [
        ("app", &[(0, r#"{"id": 1, "ip": "10.0.0.1"}"#), (1, r#"{"id": 2, "ip": "10.0.0.2"}"#)]),
        (
            "/aws/flow",
            &[(0, r#"{"srcAddr": "10.0.0.2", "n": 7}"#), (-3600, r#"{"srcAddr": "10.0.0.1", "n": 9}"#)],
        ),
    ];
    for (group, events) in groups {
        world.json(Service::Logs, "CreateLogGroup", &json!({ "logGroupName": group }).to_string());
        let stream = json!({ "logGroupName": group, "logStreamName": "one" }).to_string();
        world.json(Service::Logs, "CreateLogStream", &stream);
        let mut events = events.to_vec();
        events.sort();
        let event = |(second, message): (i64, &str)| json!({ "timestamp": START.0 + second * 1000, "message": message });
        let events: Vec<_> = events.into_iter().map(event).collect();
        let put = json!({ "logGroupName": group, "logStreamName": "one", "logEvents": events });
        world.json(Service::Logs, "PutLogEvents", &put.to_string());
    }
    world
}

/// The rows that a query answers, each `field=value, ...`; or why it is refused.
#[track_caller]
fn check(request: Value, expected: Expect) {
    check_in(&mut world(), request, expected);
}

#[track_caller]
fn check_in(world: &mut World, mut request: Value, expected: Expect) {
    request["startTime"] = json!(START.seconds() - 60);
    request["endTime"] = json!(START.seconds() + 60);
    let started = world.json(Service::Logs, "StartQuery", &request.to_string());
    let Ok(answer) = serde_json::from_str::<Value>(&started) else { return expected.assert_eq(&started) };
    let asked = json!({ "queryId": answer["queryId"] }).to_string();
    let answer: Value =
        serde_json::from_str(&world.json(Service::Logs, "GetQueryResults", &asked)).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let fields = row.as_array().expect("fields").iter().filter(|field| field["field"] != "@ptr");
        fields
            .map(|field| format!("{}={}", text(&field["field"]), text(&field["value"])))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows: Vec<_> = answer["results"].as_array().expect("rows").iter().map(row).collect();
    let groups = &answer["statistics"]["logGroupsScanned"];
    expected.assert_eq(&format!("{}, {groups} groups: {}", text(&answer["status"]), rows.join("; ")));
}

/// No query reads a group of class DELIVERY, so that none is refused because of one.
#[test]
fn groups_of_class_delivery_are_not_selected() {
    let mut world = world();
    let delivery = json!({ "logGroupName": "app-delivery", "logGroupClass": "DELIVERY" });
    world.json(Service::Logs, "CreateLogGroup", &delivery.to_string());
    check_in(
        &mut world,
        json!({ "queryString": "SOURCE logGroups(namePrefix: ['app']) | stats count(*) as n" }),
        expect!["Complete, 1.0 groups: n=2"],
    );
}

#[test]
fn source_names_the_log_groups() {
    check(json!({ "queryString": "SOURCE '/aws/flow' | fields n" }), expect!["Complete, 1.0 groups: n=7"]);
    check(
        json!({ "queryString": "SOURCE logGroups(namePrefix: ['/aws/', 'a']) | stats count(*) as n" }),
        expect!["Complete, 2.0 groups: n=3"],
    );
    check(
        json!({ "queryString": "SOURCE '/aws/flow' start=-2h end=now | stats count(*) as n" }),
        expect!["Complete, 1.0 groups: n=2"],
    );
    check(
        json!({ "queryString": "SOURCE dataSource(['amazon_vpc.flow']) | stats count(*) as n" }),
        expect!["Complete, 0.0 groups: n=0"],
    );
    check(
        json!({ "queryString": "SOURCE nosuch | fields n" }),
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
    check(
        json!({ "queryString": "SOURCE app | fields n", "logGroupName": "app" }),
        expect![
            "400 InvalidParameterException: A query that names its log groups by SOURCE or FROM is given no others."
        ],
    );
}

/// Assumption: the group itself is the source of its events, as nothing is centralized.
#[test]
fn events_tell_of_their_group_and_its_data_source() {
    let mut world = world();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.form(Service::Iam, "CreateRole", &format!("RoleName=logger&AssumeRolePolicyDocument={trust}"));
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let logged = "ResourceType=VPC&TrafficType=ALL&LogGroupName=/aws/flow";
    let role = "DeliverLogsPermissionArn=arn:aws:iam::000000000000:role/logger";
    world.does("CreateFlowLogs", &format!("ResourceId.1={vpc}&{logged}&{role}"));
    let fields =
        "fields @aws.account, @aws.region, @source.log, @data_source_name, @data_source_type, @data_format";
    check_in(
        &mut world,
        json!({ "queryString": format!("SOURCE logGroups(namePrefix: ['a', '/']) | {fields} | dedup @source.log") }),
        expect![
            "Complete, 2.0 groups: @aws.account=000000000000, @aws.region=us-east-1, @source.log=app; @aws.account=000000000000, @aws.region=us-east-1, @source.log=/aws/flow, @data_source_name=amazon_vpc, @data_source_type=flow"
        ],
    );
    check_in(
        &mut world,
        json!({
            "logGroupNames": ["app", "/aws/flow"],
            "queryString": "filterIndex @data_source_name = 'amazon_vpc' and @aws.region = 'us-east-1' | stats count(*) as n",
        }),
        expect!["Complete, 2.0 groups: n=1"],
    );
    check_in(
        &mut world,
        json!({
            "queryLanguage": "SQL",
            "queryString": "SELECT `@source.log` AS name, COUNT(*) AS n FROM `logGroups(namePrefix: ['a', '/'])` \
                            WHERE `@aws.account` = '000000000000' GROUP BY `@source.log` ORDER BY n",
        }),
        expect!["Complete, 2.0 groups: name=/aws/flow, n=1; name=app, n=2"],
    );
}

#[test]
fn queries_within_a_query_read_their_own_groups() {
    check(
        json!({
            "logGroupName": "app",
            "queryString": "join left=a right=f where a.ip=f.srcAddr (SOURCE '/aws/flow') | fields id, f.n",
        }),
        expect!["Complete, 2.0 groups: id=2, f.n=7"],
    );
    check(
        json!({
            "logGroupName": "app",
            "queryString": "fields id | filter ip not in (SOURCE '/aws/flow' start=-2h | filter n > 8 | fields srcAddr)",
        }),
        expect!["Complete, 2.0 groups: id=2"],
    );
    check(
        json!({ "logGroupName": "app", "queryString": "filter id in (SOURCE nosuch | fields id)" }),
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
}

#[test]
fn a_comparison_reads_another_time() {
    check(
        json!({
            "logGroupName": "/aws/flow",
            "queryString": "logcompare timeshift 1h | display @sampleCount, @difference",
        }),
        expect!["Complete, 2.0 groups: @sampleCount=1, @difference=0"],
    );
}

#[test]
fn only_groups_with_an_index_are_read() {
    let query = |field: &str| {
        let query = format!("filterIndex {field} = 2 | stats count(*) as n");
        json!({ "logGroupName": "app", "queryString": query })
    };
    check(query("id"), expect!["Complete, 0.0 groups: n=0"]);
    check(query("traceId"), expect!["Complete, 1.0 groups: n=0"]);
    let mut world = world();
    let policy = json!({ "logGroupIdentifier": "app", "policyDocument": r#"{"Fields": ["id"]}"# });
    world.json(Service::Logs, "PutIndexPolicy", &policy.to_string());
    check_in(&mut world, query("id"), expect!["Complete, 1.0 groups: n=1"]);
}

#[test]
fn sql_names_log_groups_as_tables() {
    let sql = |statement: &str| json!({ "queryLanguage": "SQL", "queryString": statement });
    check(
        sql("SELECT a.id, f.n FROM `app` AS a LEFT JOIN `/aws/flow` AS f ON a.ip = f.srcAddr ORDER BY a.id"),
        expect!["Complete, 2.0 groups: a.id=1; a.id=2, f.n=7"],
    );
    check(
        sql("SELECT COUNT(*) AS n FROM `logGroups(namePrefix: ['/aws/', 'app'])`"),
        expect!["Complete, 2.0 groups: n=3"],
    );
    check(
        sql("SELECT x FROM nosuch"),
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
    check(
        sql("DROP TABLE app"),
        expect![[
            r#"400 MalformedQueryException: the statement DROP is not implemented by weir {"queryCompileError":{"location":{"endCharOffset":4,"startCharOffset":0},"message":"the statement DROP is not implemented by weir"}}"#
        ]],
    );
}

#[test]
fn ppl_names_log_groups_as_its_source() {
    let ppl = |query: &str| json!({ "queryLanguage": "PPL", "queryString": query });
    check(
        ppl("source = [lg:`app`, lg:`/aws/flow`] | fields id, n | sort id"),
        expect!["Complete, 2.0 groups: n=7; id=1; id=2"],
    );
    check(
        ppl(
            "source = app as a | left join left = a right = f on a.ip = f.srcAddr `/aws/flow` | sort a.id | fields a.id, f.n",
        ),
        expect!["Complete, 2.0 groups: a.id=1; a.id=2, f.n=7"],
    );
    check(
        ppl("source = app | where ip in [source = `/aws/flow` | fields srcAddr] | fields id"),
        expect!["Complete, 2.0 groups: id=2"],
    );
    check(
        json!({ "queryLanguage": "PPL", "queryString": "stats count() as n", "logGroupName": "app" }),
        expect!["Complete, 1.0 groups: n=2"],
    );
    check(
        json!({ "queryLanguage": "PPL", "queryString": "source = app", "logGroupName": "app" }),
        expect![
            "400 InvalidParameterException: A query that names its log groups by SOURCE or FROM is given no others."
        ],
    );
    check(
        ppl("fields id"),
        expect![
            "400 InvalidParameterException: Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."
        ],
    );
    check(
        ppl("source = nosuch"),
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
    check(
        ppl("source = app | fields é, x | where id = 1"),
        expect![[
            r#"400 MalformedQueryException: there is no field id here: an earlier command leaves it out {"queryCompileError":{"location":{"endCharOffset":37,"startCharOffset":35},"message":"there is no field id here: an earlier command leaves it out"}}"#
        ]],
    );
    // None of them holds flow logs.
    check(ppl("source = [ds:`amazon_vpc.flow`] | stats count() as n"), expect!["Complete, 0.0 groups: n=0"]);
    check(
        ppl("source = [lg:`app`, ds:`amazon_vpc.flow`] | stats count() as n"),
        expect!["Complete, 0.0 groups: n=0"],
    );
}

#[test]
fn ppl_gives_at_most_what_is_asked_for() {
    let limited =
        |query: &str, limit: u32| json!({ "queryLanguage": "PPL", "queryString": query, "limit": limit });
    check(limited("source = app | sort - id | fields id", 1), expect!["Complete, 1.0 groups: id=2"]);
    check(
        limited("source = app | sort id | head 1 | fields id", 100_000),
        expect!["Complete, 1.0 groups: id=1"],
    );
}

#[test]
fn answers_and_lists_tell_that_a_query_is_ppl() {
    let mut world = world();
    let window = (START.seconds() - 60, START.seconds() + 60);
    let query = json!({ "queryLanguage": "PPL", "queryString": "source = app", "startTime": window.0, "endTime": window.1 });
    let started = world.json(Service::Logs, "StartQuery", &query.to_string());
    let results = world.json(Service::Logs, "GetQueryResults", &started);
    assert!(results.contains(r#""queryLanguage": "PPL""#), "{results}");
    for (language, is_listed) in [("PPL", true), ("SQL", false), ("CWLI", false)] {
        let asked = json!({ "queryLanguage": language }).to_string();
        let listed = world.json(Service::Logs, "DescribeQueries", &asked);
        assert_eq!(listed.contains(r#""queryString": "source = app""#), is_listed, "{listed}");
    }
}

#[test]
fn field_indexes_tell_what_ppl_reads() {
    let mut world = world();
    let ppl = |query: &str| json!({ "queryLanguage": "PPL", "queryString": query });
    let query = ppl("source = [`aws:fieldIndex` = \"id\", `id` IN (1, 2)] | stats count() as n");
    check_in(&mut world, query.clone(), expect!["Complete, 0.0 groups: n=0"]);
    let policy = json!({ "logGroupIdentifier": "app", "policyDocument": r#"{"Fields": ["id"]}"# });
    world.json(Service::Logs, "PutIndexPolicy", &policy.to_string());
    check_in(&mut world, query, expect!["Complete, 1.0 groups: n=2"]);
    check_in(
        &mut world,
        ppl("source = [`aws:fieldIndex` = 'id', lg:`/aws/flow`] | stats count() as n"),
        expect!["Complete, 0.0 groups: n=0"],
    );
}

/// OpenSearch's languages are for groups of class STANDARD, wherever a query names another.
#[test]
fn other_classes_have_neither_ppl_nor_sql() {
    let mut world = world();
    let rare = json!({ "logGroupName": "rare", "logGroupClass": "INFREQUENT_ACCESS" });
    world.json(Service::Logs, "CreateLogGroup", &rare.to_string());
    check_in(
        &mut world,
        json!({ "queryLanguage": "PPL", "queryString": "source = rare" }),
        expect![[
            r#"400 MalformedQueryException: PPL is supported for log groups of class STANDARD only {"queryCompileError":{"location":{"endCharOffset":13,"startCharOffset":0},"message":"PPL is supported for log groups of class STANDARD only"}}"#
        ]],
    );
    check_in(
        &mut world,
        json!({ "queryLanguage": "PPL", "queryString": "source = app | where id in [source = rare | fields id]" }),
        expect![[
            r#"400 MalformedQueryException: PPL is supported for log groups of class STANDARD only {"queryCompileError":{"location":{"endCharOffset":54,"startCharOffset":0},"message":"PPL is supported for log groups of class STANDARD only"}}"#
        ]],
    );
    check_in(
        &mut world,
        json!({ "queryLanguage": "SQL", "queryString": "SELECT id FROM rare" }),
        expect![[
            r#"400 MalformedQueryException: SQL is supported for log groups of class STANDARD only {"queryCompileError":{"location":{"endCharOffset":19,"startCharOffset":0},"message":"SQL is supported for log groups of class STANDARD only"}}"#
        ]],
    );
    check_in(
        &mut world,
        json!({ "logGroupName": "rare", "queryString": "fields id" }),
        expect!["Complete, 1.0 groups: "],
    );
}

#[test]
fn a_lookup_table_must_exist() {
    check(
        json!({ "logGroupName": "app", "queryString": "lookup users id OUTPUT name" }),
        expect![[
            r#"400 MalformedQueryException: there is no lookup table users {"queryCompileError":{"location":{"endCharOffset":12,"startCharOffset":7},"message":"there is no lookup table users"}}"#
        ]],
    );
}
