//! Log groups: classes, protection, keys, policies, fields, lists.
//!
//! Expectations from the CloudWatch Logs API Reference; sentences of errors as clients have reported them, where known.

use crate::world::{START, World};
use expect_test::{Expect, expect};
use weir_wire::Service;

const GROUP: &str = r#"{"logGroupName":"app"}"#;
const ARN: &str = "arn:aws:logs:us-east-1:000000000000:log-group:app";
const POLICY: &str = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"route53.amazonaws.com\"},\"Action\":\"logs:PutLogEvents\",\"Resource\":\"*\"}]}"#;

impl World {
    #[track_caller]
    fn asked(&mut self, action: &str, body: &str, expected: Expect) {
        expected.assert_eq(&self.json(Service::Logs, action, body));
    }

    /// Calls an operation that must succeed and has nothing to tell.
    #[track_caller]
    fn done(&mut self, action: &str, body: &str) {
        assert_eq!(self.json(Service::Logs, action, body), "", "{action} {body}");
    }

    /// A member of the answer to an operation, as text.
    #[track_caller]
    fn told(&mut self, action: &str, body: &str, pointer: &str) -> String {
        let answer = self.json(Service::Logs, action, body);
        let value: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        value.pointer(pointer).map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }

    pub fn with_app() -> World {
        let mut world = World::new();
        world.done("CreateLogGroup", GROUP);
        world.done("CreateLogStream", r#"{"logGroupName":"app","logStreamName":"one"}"#);
        world
    }

    fn put_events(&mut self, events: &[(i64, &str)]) {
        let event = |(second, message): &(i64, &str)| serde_json::json!({ "timestamp": START.0 + second * 1000, "message": message });
        let events: Vec<_> = events.iter().map(event).collect();
        let body = serde_json::json!({ "logGroupName": "app", "logStreamName": "one", "logEvents": events });
        self.json(Service::Logs, "PutLogEvents", &body.to_string());
    }
}

#[test]
fn protection_blocks_every_deletion_until_it_is_off() {
    let mut world = World::with_app();
    world.done(
        "PutLogGroupDeletionProtection",
        &format!(r#"{{"logGroupIdentifier":"{ARN}","deletionProtectionEnabled":true}}"#),
    );
    assert_eq!(world.told("DescribeLogGroups", "{}", "/logGroups/0/deletionProtectionEnabled"), "true");
    let stream = r#"{"logGroupName":"app","logStreamName":"one"}"#;
    world.asked("DeleteLogStream", stream, expect!["400 ValidationException: Deletion protection is enabled for the log group: it must be disabled before anything is deleted."]);
    world.asked("DeleteLogGroup", GROUP, expect!["400 ValidationException: Deletion protection is enabled for the log group: it must be disabled before anything is deleted."]);
    let mut world = world.restarted();
    assert!(world.json(Service::Logs, "DeleteLogGroup", GROUP).starts_with("400 ValidationException"));
    world.done(
        "PutLogGroupDeletionProtection",
        r#"{"logGroupIdentifier":"app","deletionProtectionEnabled":false}"#,
    );
    world.done("DeleteLogStream", stream);
    world.done("DeleteLogGroup", GROUP);
    world.asked(
        "PutLogGroupDeletionProtection",
        r#"{"logGroupIdentifier":"app","deletionProtectionEnabled":true}"#,
        expect!["400 ResourceNotFoundException: The specified log group does not exist."],
    );
}

#[test]
fn keys_are_kept_and_shown() {
    let mut world = World::new();
    let key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    world.done("CreateLogGroup", &format!(r#"{{"logGroupName":"app","kmsKeyId":"{key}"}}"#));
    let shown = "/logGroups/0/kmsKeyId";
    assert_eq!(world.told("DescribeLogGroups", "{}", shown), format!("\"{key}\""));
    world.done("DisassociateKmsKey", GROUP);
    assert_eq!(world.told("DescribeLogGroups", "{}", shown), "nothing");
    world.done("AssociateKmsKey", &format!(r#"{{"resourceIdentifier":"{ARN}","kmsKeyId":"{key}"}}"#));
    assert_eq!(world.told("DescribeLogGroups", "{}", shown), format!("\"{key}\""));
    world.asked("AssociateKmsKey", r#"{"logGroupName":"app","kmsKeyId":"mine"}"#, expect!["400 InvalidParameterException: 1 validation error detected: Value 'mine' at 'kmsKeyId' failed to satisfy constraint: Member must be the ARN of a KMS key"]);
    world.asked("AssociateKmsKey", &format!(r#"{{"kmsKeyId":"{key}"}}"#), expect!["400 InvalidParameterException: Exactly one of logGroupName and resourceIdentifier must be specified."]);
    world.asked(
        "DisassociateKmsKey",
        r#"{"resourceIdentifier":"arn:aws:logs:us-east-1:000000000000:query-result:*"}"#,
        expect!["400 InvalidParameterException: Keys of query results are not implemented by weir."],
    );
}

#[test]
fn classes_do_less_than_the_standard() {
    let mut world = World::with_app();
    for (group, class) in [("rare", "INFREQUENT_ACCESS"), ("passed", "DELIVERY")] {
        world.done("CreateLogGroup", &format!(r#"{{"logGroupName":"{group}","logGroupClass":"{class}"}}"#));
        world.done("CreateLogStream", &format!(r#"{{"logGroupName":"{group}","logStreamName":"one"}}"#));
    }
    world.asked("FilterLogEvents", r#"{"logGroupName":"rare"}"#, expect!["400 InvalidOperationException: The log group rare is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class."]);
    world.asked("GetLogEvents", r#"{"logGroupName":"passed","logStreamName":"one"}"#, expect!["400 InvalidOperationException: The log group passed is of log-group-class DELIVERY. GetLogEvents is not supported for this log class."]);
    world.asked(
        "DescribeMetricFilters",
        r#"{"logGroupName":"rare"}"#,
        expect!["400 ValidationException: This operation is only supported on the Standard log class."],
    );
    world.done("PutRetentionPolicy", r#"{"logGroupName":"rare","retentionInDays":3}"#);
    world.asked(
        "PutRetentionPolicy",
        r#"{"logGroupName":"passed","retentionInDays":3}"#,
        expect![
            "400 InvalidParameterException: The retention of log groups of class DELIVERY cannot be changed."
        ],
    );
    for query in [r#""logGroupName":"passed""#, r#""logGroupNames":["app","passed"]"#] {
        let body = format!(r#"{{{query},"startTime":0,"endTime":1,"queryString":"fields @message"}}"#);
        world.asked("StartQuery", &body, expect!["400 InvalidOperationException: The log group passed is of log-group-class DELIVERY. StartQuery is not supported for this log class."]);
    }
    // "Log events in log groups in the Delivery class are kept in CloudWatch Logs for only one day."
    assert_eq!(
        world.told("DescribeLogGroups", r#"{"logGroupClass":"DELIVERY"}"#, "/logGroups/0/retentionInDays"),
        "1"
    );
}

#[test]
fn groups_that_are_looked_for_by_a_part_of_their_names_are_shown_in_brief() {
    let mut world = World::with_app();
    world.asked(
        "DescribeLogGroups",
        r#"{"logGroupNamePattern":"pp"}"#,
        expect![[r#"
            {
              "logGroups": [
                {
                  "arn": "arn:aws:logs:us-east-1:000000000000:log-group:app:*",
                  "creationTime": 1704164645000,
                  "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:app",
                  "logGroupClass": "STANDARD",
                  "logGroupName": "app",
                  "metricFilterCount": 0
                }
              ]
            }"#]],
    );
    world.asked("DescribeLogGroups", r#"{"logGroupIdentifiers":["app"],"logGroupNamePrefix":"a"}"#, expect!["400 InvalidParameterException: logGroupIdentifiers cannot be specified together with other filters."]);
}

#[test]
fn groups_are_listed_by_name_class_and_tags() {
    let mut world = World::with_app();
    world.done("CreateLogGroup", r#"{"logGroupName":"/aws/lambda/discovery","tags":{"team":"net"}}"#);
    world.done(
        "CreateLogGroup",
        r#"{"logGroupName":"rare","logGroupClass":"INFREQUENT_ACCESS","tags":{"team":"web"}}"#,
    );
    let rows = [
        ("{}", "/aws/lambda/discovery app rare"),
        (r#"{"logGroupNamePattern":"^/aws|app"}"#, "/aws/lambda/discovery app"),
        (r#"{"logGroupNamePattern":"^lambda"}"#, ""),
        (r#"{"logGroupNamePattern":"lambda"}"#, "/aws/lambda/discovery"),
        (r#"{"logGroupClass":"INFREQUENT_ACCESS"}"#, "rare"),
        (r#"{"logGroupTags":[{"key":"team"}]}"#, "/aws/lambda/discovery rare"),
        (r#"{"logGroupTags":[{"key":"team","values":["net","db"]}]}"#, "/aws/lambda/discovery"),
    ];
    for (body, expected) in rows {
        let answer = world.json(Service::Logs, "ListLogGroups", body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        let groups = answer["logGroups"].as_array().expect("a list").iter();
        let names: Vec<&str> = groups.map(|group| group["logGroupName"].as_str().expect("a name")).collect();
        assert_eq!(names.join(" "), expected, "{body}");
    }
    let token = world.told("ListLogGroups", r#"{"limit":2}"#, "/nextToken");
    let rest = format!(r#"{{"limit":2,"nextToken":{token}}}"#);
    assert_eq!(
        world.told("ListLogGroups", &rest, "/logGroups/0/logGroupArn"),
        r#""arn:aws:logs:us-east-1:000000000000:log-group:rare""#
    );
    assert_eq!(world.told("ListLogGroups", &rest, "/nextToken"), "nothing");
    let wrong = world.json(Service::Logs, "ListLogGroups", r#"{"logGroupNamePattern":"ab"}"#);
    assert!(
        wrong.starts_with("400 InvalidParameterException: 1 validation error detected: Value 'ab'"),
        "{wrong}"
    );
    let start = r#"{"logGroupNames":["app"],"startTime":0,"endTime":1,"queryString":"fields @message"}"#;
    let query = world.told("StartQuery", start, "/queryId");
    assert_eq!(
        world.told("ListLogGroupsForQuery", &format!(r#"{{"queryId":{query}}}"#), "/logGroupIdentifiers"),
        r#"["app"]"#
    );
}

#[test]
fn fields_are_those_of_the_last_quarter_of_an_hour() {
    let mut world = World::with_app();
    let record = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 5000 22 6 1 40 1418530010 1418530070 REJECT OK";
    let json = r#"{"latency":3,"from":{"zone":"a"}}"#;
    world.put_events(&[(-16 * 60, record), (-60, json), (-50, json), (-40, json), (-30, "plain")]);
    let fields = |world: &mut World, body: &str| {
        let answer = world.json(Service::Logs, "GetLogGroupFields", body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        let fields = answer["logGroupFields"].as_array().expect("a list").iter();
        let fields =
            fields.map(|field| format!("{}={}", field["name"].as_str().expect("a name"), field["percent"]));
        fields.collect::<Vec<_>>().join(" ")
    };
    let system = "@aws.account=100 @aws.region=100 @ingestionTime=100 @log=100 @logStream=100 @message=100 \
                  @source.log=100 @timestamp=100";
    assert_eq!(fields(&mut world, GROUP), format!("{system} from.zone=75 latency=75"));
    let earlier = format!(r#"{{"logGroupIdentifier":"{ARN}","time":{}}}"#, START.0 / 1000 - 12 * 60);
    assert!(fields(&mut world, &earlier).ends_with("@timestamp=100 accountId=100 action=100 bytes=100 dstAddr=100 dstPort=100 endTime=100 interfaceId=100 logStatus=100 packets=100 protocol=100 srcAddr=100 srcPort=100 startTime=100 version=100"));
    let never = format!(r#"{{"logGroupName":"app","time":{}}}"#, START.0 / 1000 - 86_400);
    assert_eq!(fields(&mut world, &never), "");
    world.asked(
        "GetLogGroupFields",
        "{}",
        expect![
            "400 InvalidParameterException: Either logGroupName or logGroupIdentifier must be specified."
        ],
    );
}

#[test]
fn lines_of_functions_have_the_fields_that_queries_know() {
    let mut world = World::new();
    let group = r#"{"logGroupName":"/aws/lambda/f"}"#;
    world.json(Service::Logs, "CreateLogGroup", group);
    let stream = r#"{"logGroupName":"/aws/lambda/f","logStreamName":"one"}"#;
    world.json(Service::Logs, "CreateLogStream", stream);
    let id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
    let report = format!("REPORT RequestId: {id}\tDuration: 2.50 ms\tBilled Duration: 3 ms");
    let messages = [report.as_str(), r#"{"@message":"own"}"#];
    let event = |message: &str| serde_json::json!({ "timestamp": START.0 - 1000, "message": message });
    let put = serde_json::json!({
        "logGroupName": "/aws/lambda/f", "logStreamName": "one", "logEvents": messages.map(event),
    });
    world.json(Service::Logs, "PutLogEvents", &put.to_string());
    let answer = world.json(Service::Logs, "GetLogGroupFields", group);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let fields = answer["logGroupFields"].as_array().expect("a list").iter();
    let fields: Vec<_> = fields.map(|field| format!("{}={}", field["name"], field["percent"])).collect();
    // A field of the message's own that is named as one of every event has one @ more, as in queries.
    let expected = "@aws.account=100 @aws.region=100 @ingestionTime=100 @log=100 @logStream=100 @message=100 \
                    @source.log=100 @timestamp=100 @@message=50 @billedDuration=50 @duration=50 @requestId=50 @type=50";
    assert_eq!(fields.join(" ").replace('"', ""), expected);
    let pointer = format!("000000000000:/aws/lambda/f:{:020}{:020}{:016}", START.0 - 1000, 1, 0);
    let asked = serde_json::json!({ "logRecordPointer": pointer }).to_string();
    let record = world.json(Service::Logs, "GetLogRecord", &asked);
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["logRecord"]["@requestId"], id);
    assert_eq!(record["logRecord"]["@duration"], "2.50");
}

#[test]
fn an_account_has_ten_policies_and_a_group_one() {
    let mut world = World::with_app();
    let put = |name: &str| format!(r#"{{"policyName":"{name}","policyDocument":"{POLICY}"}}"#);
    world.asked(
        "PutResourcePolicy",
        &put("p0"),
        expect![[r#"
            {
              "resourcePolicy": {
                "lastUpdatedTime": 1704164645000,
                "policyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"route53.amazonaws.com\"},\"Action\":\"logs:PutLogEvents\",\"Resource\":\"*\"}]}",
                "policyName": "p0",
                "policyScope": "ACCOUNT"
              }
            }"#]],
    );
    for number in 1..10 {
        world.json(Service::Logs, "PutResourcePolicy", &put(&format!("p{number}")));
    }
    world.asked(
        "PutResourcePolicy",
        &put("p10"),
        expect!["400 LimitExceededException: Resource limit exceeded."],
    );
    assert!(world.json(Service::Logs, "PutResourcePolicy", &put("p9")).starts_with('{'));
    let token = world.told("DescribeResourcePolicies", r#"{"limit":9}"#, "/nextToken");
    let rest = format!(r#"{{"limit":9,"nextToken":{token}}}"#);
    assert_eq!(world.told("DescribeResourcePolicies", &rest, "/resourcePolicies/0/policyName"), r#""p9""#);
    let of_group = |more: &str| format!(r#"{{"resourceArn":"{ARN}","policyDocument":"{POLICY}"{more}}}"#);
    let revision = world.told("PutResourcePolicy", &of_group(""), "/revisionId");
    world.asked(
        "PutResourcePolicy",
        &of_group(""),
        expect!["400 OperationAbortedException: The expected revision ID does not match the current one."],
    );
    let again = of_group(&format!(r#","expectedRevisionId":{revision}"#));
    let revision = world.told("PutResourcePolicy", &again, "/resourcePolicy/revisionId");
    let described = r#"{"policyScope":"RESOURCE"}"#;
    let mut world = world.restarted();
    assert_eq!(world.told("DescribeResourcePolicies", described, "/resourcePolicies/0/revisionId"), revision);
    assert_eq!(
        world.told("DescribeResourcePolicies", described, "/resourcePolicies/0/resourceArn"),
        format!("\"{ARN}\"")
    );
    world.done(
        "DeleteResourcePolicy",
        &format!(r#"{{"resourceArn":"{ARN}","expectedRevisionId":{revision}}}"#),
    );
    assert_eq!(world.told("DescribeResourcePolicies", described, "/resourcePolicies/0"), "nothing");
    let document = format!(r#","policyDocument":"{POLICY}""#);
    for (operation, more) in [("PutResourcePolicy", document.as_str()), ("DeleteResourcePolicy", "")] {
        world.asked(
            operation,
            &format!(r#"{{"policyName":"p3","expectedRevisionId":{revision}{more}}}"#),
            expect!["400 InvalidParameterException: expectedRevisionId is only supported with resourceArn."],
        );
    }
    world.done("DeleteResourcePolicy", r#"{"policyName":"p3"}"#);
    world.asked(
        "DeleteResourcePolicy",
        r#"{"policyName":"p3"}"#,
        expect!["400 ResourceNotFoundException: Policy with name [p3] does not exist."],
    );
    world.asked(
        "PutResourcePolicy",
        r#"{"policyName":"p3","policyDocument":"{}"}"#,
        expect!["400 InvalidParameterException: Invalid policy document: Missing required field Statement"],
    );
    let for_nobody =
        r#"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"logs:PutLogEvents\",\"Resource\":\"*\"}]}"#;
    world.asked(
        "PutResourcePolicy",
        &format!(r#"{{"policyName":"p3","policyDocument":"{for_nobody}"}}"#),
        expect!["400 InvalidParameterException: Invalid policy document: Missing required field Principal"],
    );
    world.asked("PutResourcePolicy", &format!(r#"{{"policyDocument":"{POLICY}"}}"#), expect!["400 InvalidParameterException: 1 validation error detected: Value null at 'policyName' failed to satisfy constraint: Member must not be null"]);
}

#[test]
fn saved_queries_have_placeholders_and_are_saved_once_for_a_token() {
    let mut world = World::new();
    let token = "0123456789abcdef0123456789abcdef0123";
    let put = format!(
        r#"{{"name":"q","queryString":"fields @message","clientToken":"{token}","parameters":[{{"name":"zone","defaultValue":"a"}}]}}"#
    );
    let first = world.told("PutQueryDefinition", &put, "/queryDefinitionId");
    let mut world = world.restarted();
    assert_eq!(world.told("PutQueryDefinition", &put, "/queryDefinitionId"), first);
    assert_ne!(world.told("PutQueryDefinition", &put.replace("0123", "4567"), "/queryDefinitionId"), first);
    assert_eq!(
        world.told("DescribeQueryDefinitions", "{}", "/queryDefinitions/0/parameters"),
        r#"[{"defaultValue":"a","name":"zone"}]"#
    );
    let wrong = world.json(Service::Logs, "PutQueryDefinition", &put.replace("zone", "1zone"));
    assert!(wrong.contains("'parameters.member.name' failed to satisfy constraint"), "{wrong}");
    let short = world.json(Service::Logs, "PutQueryDefinition", &put.replace(token, "short"));
    assert!(short.contains("'clientToken' failed to satisfy constraint"), "{short}");
}
