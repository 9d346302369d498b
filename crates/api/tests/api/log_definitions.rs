//! Saved queries of CloudWatch Logs.
//!
//! Expectations from the CloudWatch Logs API Reference; sentences of errors as clients have reported them.

use crate::world::World;
use expect_test::expect;
use weir_wire::Service;

#[test]
fn saved_queries_are_kept_listed_replaced_and_deleted() {
    let mut world = World::new();
    let put = r#"{"name":"flows/top","queryString":"stats count(*)","logGroupNames":["flows"]}"#;
    let saved = world.json(Service::Logs, "PutQueryDefinition", put);
    let saved: serde_json::Value = serde_json::from_str(&saved).expect("JSON");
    let id = saved["queryDefinitionId"].as_str().expect("an id");
    let mut world = world.restarted();
    world.logs(
        "DescribeQueryDefinitions",
        r#"{"queryDefinitionNamePrefix":"flows/"}"#,
        expect![[r#"
        {
          "queryDefinitions": [
            {
              "lastModified": 1704164645000,
              "logGroupNames": [
                "flows"
              ],
              "name": "flows/top",
              "queryDefinitionId": "f893a2ee-fb32-455e-b1c1-8690ee42c90b",
              "queryLanguage": "CWLI",
              "queryString": "stats count(*)"
            }
          ]
        }"#]],
    );
    let replace = format!(r#"{{"queryDefinitionId":"{id}","name":"top","queryString":"fields @message"}}"#);
    world.json(Service::Logs, "PutQueryDefinition", &replace);
    world.logs(
        "DescribeQueryDefinitions",
        r#"{"queryDefinitionNamePrefix":"flows/"}"#,
        expect![[r#"
        {
          "queryDefinitions": []
        }"#]],
    );
    world.logs(
        "PutQueryDefinition",
        &replace.replace(id, "none"),
        expect!["400 ResourceNotFoundException: The specified query definition does not exist."],
    );
    world.logs("PutQueryDefinition", r#"{"name":"","queryString":"x"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"]);
    world.json(
        Service::Logs,
        "PutQueryDefinition",
        r#"{"name":"sql","queryString":"SELECT 1","queryLanguage":"SQL"}"#,
    );
    world.json(
        Service::Logs,
        "PutQueryDefinition",
        r#"{"name":"ppl","queryString":"source = app","queryLanguage":"PPL"}"#,
    );
    for (language, names) in [("SQL", 1), ("CWLI", 1), ("PPL", 1)] {
        let body = format!(r#"{{"queryLanguage":"{language}"}}"#);
        let found = world.json(Service::Logs, "DescribeQueryDefinitions", &body);
        assert_eq!(found.matches(&format!(r#""queryLanguage": "{language}""#)).count(), names, "{found}");
    }
    world.logs(
        "PutQueryDefinition",
        r#"{"name":"a","queryString":"x","queryLanguage":"KQL"}"#,
        expect!["400 InvalidParameterException: 1 validation error detected: Value 'KQL' at 'queryLanguage' failed to satisfy constraint: Member must satisfy enum value set: [CWLI, SQL, PPL]"],
    );
    let delete = format!(r#"{{"queryDefinitionId":"{id}"}}"#);
    world.logs(
        "DeleteQueryDefinition",
        &delete,
        expect![[r#"
        {
          "success": true
        }"#]],
    );
    world.logs(
        "DeleteQueryDefinition",
        &delete,
        expect!["400 ResourceNotFoundException: The specified query definition does not exist."],
    );
}

#[test]
fn saved_queries_have_a_quota_and_pages() {
    let mut world = World::new();
    for number in 0..1000 {
        let put = format!(r#"{{"name":"q{number:04}","queryString":"fields @message"}}"#);
        world.json(Service::Logs, "PutQueryDefinition", &put);
    }
    world.logs(
        "PutQueryDefinition",
        r#"{"name":"more","queryString":"fields @message"}"#,
        expect!["400 LimitExceededException: Resource limit exceeded."],
    );
    let first = world.json(Service::Logs, "DescribeQueryDefinitions", r#"{"maxResults":999}"#);
    let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let asked = serde_json::json!({ "nextToken": first["nextToken"] }).to_string();
    let rest = world.json(Service::Logs, "DescribeQueryDefinitions", &asked);
    assert!(rest.contains(r#""name": "q0999""#) && !rest.contains("q0998"), "{rest}");
}
