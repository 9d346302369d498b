//! Field index policies of groups and of the account.
//!
//! Expectations from the CloudWatch Logs API Reference (PutIndexPolicy, PutAccountPolicy, DescribeFieldIndexes).

use crate::world::{START, World};
use serde_json::{Value, json};
use weir_wire::Service;

const FIELDS: &str = r#"{"Fields":["requestId"],"FieldsV2":{"status":{"type":"FACET"}}}"#;

impl World {
    fn with_groups() -> World {
        let mut world = World::new();
        for group in ["app", "other"] {
            world.calls("CreateLogGroup", &json!({ "logGroupName": group }));
        }
        world
    }

    /// Calls an operation; its answer, or the error as text.
    fn calls(&mut self, action: &str, body: &Value) -> Value {
        let answer = self.json(Service::Logs, action, &body.to_string());
        serde_json::from_str(&answer).unwrap_or(Value::String(answer))
    }

    /// The policy that a group has: whose it is, its name and document.
    fn policy_of(&mut self, group: &str) -> String {
        let found = self.calls("DescribeIndexPolicies", &json!({ "logGroupIdentifiers": [group] }));
        match found["indexPolicies"].as_array().expect("a list").first() {
            None => "none".to_owned(),
            Some(policy) => {
                let name = policy["policyName"].as_str().unwrap_or("-");
                format!(
                    "{} {name} {}",
                    policy["source"].as_str().expect("whose"),
                    policy["policyDocument"].as_str().expect("what")
                )
            }
        }
    }

    fn put_account_policy(&mut self, name: &str, criteria: Option<&str>) -> Value {
        let mut body =
            json!({ "policyName": name, "policyDocument": FIELDS, "policyType": "FIELD_INDEX_POLICY" });
        if let Some(criteria) = criteria {
            body["selectionCriteria"] = criteria.into();
        }
        self.calls("PutAccountPolicy", &body)
    }
}

#[test]
fn a_group_has_its_own_policy_or_that_of_the_account() {
    let mut world = World::with_groups();
    assert_eq!(world.policy_of("app"), "none");
    let account = world.put_account_policy("apps", Some(r#"LogGroupNamePrefix IN ["app"]"#));
    let expected = json!({ "accountPolicy": {
        "policyName": "apps", "policyDocument": FIELDS, "policyType": "FIELD_INDEX_POLICY", "scope": "ALL",
        "selectionCriteria": r#"LogGroupNamePrefix IN ["app"]"#, "lastUpdatedTime": START.0, "accountId": "000000000000",
    } });
    assert_eq!(account, expected);
    assert_eq!(world.policy_of("app"), format!("ACCOUNT apps {FIELDS}"));
    assert_eq!(world.policy_of("other"), "none");
    let own = r#"{"Fields":["sessionId"]}"#;
    let put = json!({ "logGroupIdentifier": "app", "policyDocument": own });
    let expected = json!({ "indexPolicy": {
        "logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:app", "lastUpdateTime": START.0,
        "policyDocument": own, "source": "LOG_GROUP",
    } });
    assert_eq!(world.calls("PutIndexPolicy", &put), expected);
    let mut world = world.restarted();
    assert_eq!(world.policy_of("app"), format!("LOG_GROUP - {own}"));
    assert_eq!(world.calls("DeleteIndexPolicy", &json!({ "logGroupIdentifier": "app" })), "");
    assert_eq!(world.policy_of("app"), format!("ACCOUNT apps {FIELDS}"));
    assert_eq!(
        world.calls("DeleteIndexPolicy", &json!({ "logGroupIdentifier": "app" })),
        "400 ResourceNotFoundException: The specified index policy does not exist."
    );
    let named = json!({ "policyType": "FIELD_INDEX_POLICY", "policyName": "apps" });
    assert_eq!(world.calls("DescribeAccountPolicies", &named)["accountPolicies"][0]["policyName"], "apps");
    assert_eq!(world.calls("DeleteAccountPolicy", &named), "");
    assert_eq!(
        world.calls("DescribeAccountPolicies", &json!({ "policyType": "FIELD_INDEX_POLICY" })),
        json!({ "accountPolicies": [] })
    );
    assert_eq!(
        world.calls("DeleteAccountPolicy", &named),
        "400 ResourceNotFoundException: The specified account policy does not exist."
    );
    assert_eq!(world.policy_of("app"), "none");
}

#[test]
fn indexes_tell_in_which_events_their_fields_have_been() {
    let mut world = World::with_groups();
    world.calls("CreateLogStream", &json!({ "logGroupName": "app", "logStreamName": "one" }));
    let log = |world: &mut World, second: i64, message: &str| {
        let event = json!({ "timestamp": START.0 + second * 1000, "message": message });
        world.calls(
            "PutLogEvents",
            &json!({ "logGroupName": "app", "logStreamName": "one", "logEvents": [event] }),
        );
    };
    log(&mut world, -60, r#"{"requestId":"before"}"#);
    world.now = world.now.plus_ms(1000);
    world.calls("PutIndexPolicy", &json!({ "logGroupIdentifier": "app", "policyDocument": FIELDS }));
    for second in [-30, -50, -40] {
        log(&mut world, second, r#"{"requestId":"a"}"#);
    }
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";
    let expected = json!({ "fieldIndexes": [
        {
            "logGroupIdentifier": arn, "fieldIndexName": "requestId", "type": "FIELD_INDEX", "lastScanTime": START.0 + 1000,
            "firstEventTime": START.0 - 50_000, "lastEventTime": START.0 - 30_000,
        },
        { "logGroupIdentifier": arn, "fieldIndexName": "status", "type": "FACET", "lastScanTime": START.0 + 1000 },
    ] });
    assert_eq!(
        world.calls("DescribeFieldIndexes", &json!({ "logGroupIdentifiers": ["app", "other"] })),
        expected
    );
}

#[test]
fn indexes_find_the_fields_of_functions_and_of_groups() {
    let mut world = World::with_groups();
    let group = "/aws/lambda/f";
    world.calls("CreateLogGroup", &json!({ "logGroupName": group }));
    world.calls("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "one" }));
    let policy = json!({ "logGroupIdentifier": group, "policyDocument": r#"{"Fields":["@requestId","@aws.region"]}"# });
    world.calls("PutIndexPolicy", &policy);
    let event =
        json!({ "timestamp": START.0, "message": "END RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95" });
    world.calls(
        "PutLogEvents",
        &json!({ "logGroupName": group, "logStreamName": "one", "logEvents": [event] }),
    );
    let answer = world.calls("DescribeFieldIndexes", &json!({ "logGroupIdentifiers": [group] }));
    for index in 0..2 {
        assert_eq!(answer["fieldIndexes"][index]["firstEventTime"], START.0, "{answer}");
    }
}

#[test]
fn policies_that_cannot_be_are_refused() {
    let mut world = World::with_groups();
    let many: Vec<String> = (0..21).map(|number| format!("f{number}")).collect();
    let rows = [
        ("{}".to_owned(), "it has no field"),
        (r#"{"Fields":["a","a"]}"#.to_owned(), "it has a field twice"),
        (r#"{"Fields":["a"],"FieldsV2":{"a":{"type":"FACET"}}}"#.to_owned(), "it has a field twice"),
        (json!({ "Fields": many }).to_string(), "it has more than 20 fields"),
        (
            json!({ "Fields": ["x".repeat(101)] }).to_string(),
            "the name of a field has not 1 to 100 characters",
        ),
    ];
    for (document, reason) in rows {
        let answer = world
            .calls("PutIndexPolicy", &json!({ "logGroupIdentifier": "app", "policyDocument": document }));
        assert_eq!(answer, format!("400 InvalidParameterException: Invalid index policy document: {reason}"));
    }
    world.calls("CreateLogGroup", &json!({ "logGroupName": "rare", "logGroupClass": "INFREQUENT_ACCESS" }));
    assert_eq!(
        world.calls("PutIndexPolicy", &json!({ "logGroupIdentifier": "rare", "policyDocument": FIELDS })),
        "400 ValidationException: This operation is only supported on the Standard log class."
    );
    let of_type = |kind: &str| json!({ "policyName": "p", "policyDocument": "{}", "policyType": kind });
    assert_eq!(
        world.calls("PutAccountPolicy", &of_type("SUBSCRIPTION_FILTER_POLICY")),
        "400 InvalidParameterException: Account policies of type SUBSCRIPTION_FILTER_POLICY are not implemented by weir."
    );
    assert!(
        world.calls("PutAccountPolicy", &of_type("OTHER")).to_string().contains("satisfy enum value set")
    );
    let criteria = world.put_account_policy("p", Some("DataSourceName IN [\"a\"]")).to_string();
    assert!(criteria.contains("others are not implemented by weir"), "{criteria}");
    for number in 0..20 {
        let put = world.put_account_policy(
            &format!("p{number:02}"),
            Some(&format!(r#"LogGroupNamePrefix IN ["g{number:02}"]"#)),
        );
        assert!(put.is_object(), "{put}");
    }
    let overlap = world.put_account_policy("p00", Some(r#"LogGroupNamePrefix IN ["g01/x"]"#));
    assert_eq!(
        overlap,
        "400 InvalidParameterException: Another policy of this type applies to some of the same log groups."
    );
    let more = world.put_account_policy("more", Some(r#"LogGroupNamePrefix IN ["h"]"#));
    assert_eq!(more, "400 LimitExceededException: Resource limit exceeded.");
}
