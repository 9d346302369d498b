//! Run Command. Expectations: Systems Manager API Reference, SendCommand, GetCommandInvocation and others; User Guide,
//! "Understanding command statuses"; waiter command_executed of botocore.

use crate::world::World;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use weir_model::Nanos;
use weir_model::image::Image;
use weir_wire::Service;

const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

impl World {
    /// An instance in the default VPC with a Name tag.
    fn launch(&mut self, name: &str) -> String {
        let image = Image::by_parameter(IMAGE).expect("AWS's parameter");
        let image = image.id(self.region.parse().expect("a region"));
        let launch = format!(
            "ImageId={image}&InstanceType=t2.micro&MinCount=1&MaxCount=1&TagSpecification.1.ResourceType=instance\
             &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value={name}"
        );
        self.id("RunInstances", &launch, "instanceId")
    }

    fn ssm(&mut self, action: &str, body: &Value) -> Result<Value, String> {
        let answer = self.json(Service::Ssm, action, &body.to_string());
        serde_json::from_str(&answer).map_err(|_| answer)
    }

    /// Sends a script to one instance: the command's id.
    fn send_script(&mut self, instance: &str, commands: &[&str]) -> String {
        let body = json!({
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": [instance],
            "Parameters": { "commands": commands },
        });
        let answer = self.ssm("SendCommand", &body).expect("it is sent");
        answer["Command"]["CommandId"].as_str().expect("an id").to_owned()
    }

    fn invocation(&mut self, command: &str, instance: &str) -> Value {
        let body = json!({ "CommandId": command, "InstanceId": instance });
        self.ssm("GetCommandInvocation", &body).expect("an invocation")
    }

    /// Waits as the waiter command_executed does.
    fn executed(&mut self, command: &str, instance: &str) -> Value {
        for _ in 0..20 {
            let found = self.invocation(command, instance);
            if !matches!(found["Status"].as_str(), Some("Pending" | "InProgress" | "Delayed")) {
                return found;
            }
            self.seconds(5);
        }
        panic!("{command} does not end");
    }

    fn seconds(&mut self, seconds: u64) {
        let until = Nanos::from(self.now).plus(seconds * 1_000_000_000);
        while Nanos::from(self.now) < until {
            self.now = self.now.plus_ms(1);
            self.pass(until);
        }
    }
}

/// Status, details, response code and both streams.
fn outcome(invocation: &Value) -> String {
    let text = |member: &str| invocation[member].as_str().unwrap_or("?").to_owned();
    format!(
        "{} {} {}\n{}--\n{}",
        text("Status"),
        text("StatusDetails"),
        invocation["ResponseCode"],
        text("StandardOutputContent"),
        text("StandardErrorContent")
    )
}

#[test]
fn a_script_runs_on_the_host_and_its_packets_cross_the_network() {
    let mut world = World::new();
    let (one, other) = (world.launch("one"), world.launch("other"));
    let to = world.id("DescribeInstances", &format!("InstanceId.1={other}"), "privateIpAddress");
    let ping = format!("ping -c 2 -q {to}");
    let command = world.send_script(&one, &[&ping, "echo 'all  done'"]);
    assert_eq!(outcome(&world.invocation(&command, &one)).lines().next(), Some("InProgress InProgress -1"));
    let ended = world.executed(&command, &one);
    assert_eq!(ended["DocumentName"], "AWS-RunShellScript");
    assert_eq!(ended["PluginName"], "aws:runShellScript");
    assert_eq!(ended["DocumentVersion"], "$DEFAULT");
    assert!(ended["ExecutionElapsedTime"].as_str().is_some_and(|span| span.starts_with("PT1.0")), "{ended}");
    let outcome = outcome(&ended);
    assert!(
        outcome.starts_with("Success Success 0\nPING") && outcome.ends_with("all  done\n--\n"),
        "{outcome}"
    );
    assert!(outcome.contains("2 packets transmitted, 2 received"), "{outcome}");
}

// EC2 User Guide, "EC2 instance hostnames and domains": the operating system has the private name as its host name.
#[test]
fn a_host_has_the_name_that_its_instance_was_launched_with() {
    let mut world = World::new();
    let by_address = world.launch("one");
    let subnet = world.id("DescribeInstances", &format!("InstanceId.1={by_address}"), "subnetId");
    let named = format!("SubnetId={subnet}&PrivateDnsHostnameTypeOnLaunch=resource-name");
    world.returns("ModifySubnetAttribute", &named);
    let answered = |on: bool| format!("SubnetId={subnet}&EnableResourceNameDnsARecordOnLaunch.Value={on}");
    world.returns("ModifySubnetAttribute", &answered(true));
    let by_resource = world.launch("other");
    world.returns("ModifySubnetAttribute", &answered(false));
    for (host, name) in [(&by_address, "ip-"), (&by_resource, by_resource.as_str())] {
        let command = world.send_script(host, &["hostname"]);
        let outcome = outcome(&world.executed(&command, host));
        assert!(outcome.starts_with(&format!("Success Success 0\n{name}")), "{outcome}");
    }
    let later = world.launch("later");
    for (name, is_answered) in [(&by_resource, true), (&later, false)] {
        let command = world.send_script(&by_address, &[&format!("host {name}.ec2.internal")]);
        let outcome = outcome(&world.executed(&command, &by_address));
        assert_eq!(outcome.contains("has address"), is_answered, "{outcome}");
    }
}

#[test]
fn the_last_exit_code_decides_and_failures_are_told_as_the_agent_does() {
    let mut world = World::new();
    let host = world.launch("web");
    let mut check = |commands: &[&str], expected: Expect| {
        let command = world.send_script(&host, commands);
        expected.assert_eq(&outcome(&world.executed(&command, &host)));
    };
    check(
        &["false", "echo ok"],
        expect![[r#"
        Success Success 0
        ok
        --
    "#]],
    );
    check(
        &["echo ok", "missing"],
        expect![[r#"
        Failed Failed 127
        ok
        --
        bash: line 2: missing: command not found
        failed to run commands: exit status 127"#]],
    );
    check(
        &["ping -c 1 -W 1 -q 10.99.0.1"],
        expect![[r#"
        Failed Failed 1
        PING 10.99.0.1 (10.99.0.1) 56(84) bytes of data.

        --- 10.99.0.1 ping statistics ---
        1 packets transmitted, 0 received, 100% packet loss, time 0ms

        --
        failed to run commands: exit status 1"#]],
    );
}

#[test]
fn a_stopped_instance_takes_a_command_when_it_starts_or_not_in_time() {
    let mut world = World::new();
    let host = world.launch("web");
    world.does("StopInstances", &format!("InstanceId.1={host}"));
    let (kept, late) = (world.send_script(&host, &["hostname -s"]), {
        let body = json!({
            "DocumentName": "AWS-RunShellScript", "InstanceIds": [host], "TimeoutSeconds": 30,
            "Parameters": { "commands": ["hostname"] },
        });
        let sent = world.ssm("SendCommand", &body).expect("it is sent");
        assert_eq!(sent["Command"]["Status"], "Pending");
        sent["Command"]["CommandId"].as_str().expect("an id").to_owned()
    });
    world.seconds(29);
    assert_eq!(outcome(&world.invocation(&late, &host)), "Pending Pending -1\n--\n");
    world.seconds(1);
    assert_eq!(outcome(&world.invocation(&late, &host)), "TimedOut DeliveryTimedOut -1\n--\n");
    world.does("StartInstances", &format!("InstanceId.1={host}"));
    let ended = outcome(&world.executed(&kept, &host));
    assert!(ended.starts_with("Success Success 0\nip-172-31-"), "{ended}");
}

#[test]
fn what_runs_too_long_is_killed_and_what_is_cancelled_ends() {
    let mut world = World::new();
    let host = world.launch("web");
    let body = json!({
        "DocumentName": "AWS-RunShellScript", "InstanceIds": [host],
        "Parameters": {
            "commands": ["ping -q 127.0.0.1"], "executionTimeout": ["10"], "workingDirectory": [""],
        },
    });
    let sent = world.ssm("SendCommand", &body).expect("it is sent");
    let slow = sent["Command"]["CommandId"].as_str().expect("an id").to_owned();
    let expires = sent["Command"]["ExpiresAfter"].as_f64().zip(sent["Command"]["RequestedDateTime"].as_f64());
    assert_eq!(expires.map(|(expires, requested)| expires - requested), Some(3610.0));
    world.seconds(9);
    assert_eq!(world.invocation(&slow, &host)["Status"], "InProgress");
    world.seconds(1);
    let ended = outcome(&world.invocation(&slow, &host));
    assert!(ended.starts_with("TimedOut ExecutionTimedOut 137\nPING"), "{ended}");
    let endless = world.send_script(&host, &["ping -q 127.0.0.1"]);
    let cancelled = world.ssm("CancelCommand", &json!({ "CommandId": endless }));
    assert_eq!(cancelled, Ok(json!({})));
    let ended = outcome(&world.invocation(&endless, &host));
    assert!(ended.starts_with("Cancelled Cancelled 137"), "{ended}");
    let again = world.ssm("CancelCommand", &json!({ "CommandId": slow, "InstanceIds": [host] }));
    assert_eq!(again, Ok(json!({})), "what is over stays as it is");
    assert_eq!(world.invocation(&slow, &host)["Status"], "TimedOut");
}

#[test]
fn targets_name_nodes_by_tag() {
    let mut world = World::new();
    let (web, db) = (world.launch("web"), world.launch("db"));
    let targets = |key: &str, values: &[&str]| {
        json!({
            "DocumentName": "AWS-RunShellScript", "Targets": [{ "Key": key, "Values": values }],
            "Parameters": { "commands": ["true"] }, "Comment": "a note",
        })
    };
    let mut count = |key: &str, values: &[&str]| {
        let sent = world.ssm("SendCommand", &targets(key, values)).expect("it is sent");
        (sent["Command"]["TargetCount"].clone(), sent["Command"]["StatusDetails"].clone())
    };
    assert_eq!(count("tag:Name", &["web"]), (json!(1), json!("Pending")));
    assert_eq!(count("tag:Name", &["web", "db"]), (json!(2), json!("Pending")));
    assert_eq!(count("tag-key", &["Name"]), (json!(2), json!("Pending")));
    assert_eq!(count("InstanceIds", &[&db]), (json!(1), json!("Pending")));
    assert_eq!(count("tag:Name", &["none"]), (json!(0), json!("NoInstancesInTag")));
    let listed = world.ssm("ListCommands", &json!({ "InstanceId": web })).expect("a list");
    assert_eq!(listed["Commands"].as_array().map(Vec::len), Some(3), "{listed}");
    let first = &listed["Commands"][0];
    assert_eq!(
        (&first["Targets"][0]["Key"], &first["Comment"]),
        (&json!("tag-key"), &json!("a note")),
        "the latest first"
    );
    assert_eq!((&first["Status"], &first["CompletedCount"]), (&json!("Success"), &json!(2)));
}

#[test]
fn lists_come_in_pages_and_with_output_if_asked() {
    let mut world = World::new();
    let host = world.launch("web");
    let commands: Vec<String> =
        (0..3).map(|number| world.send_script(&host, &[&format!("echo {number}")])).collect();
    let failed = world.send_script(&host, &["echo 3", "missing"]);
    let page = world.ssm("ListCommands", &json!({ "MaxResults": 3 })).expect("a page");
    assert_eq!(page["Commands"].as_array().map(Vec::len), Some(3));
    let rest = world.ssm("ListCommands", &json!({ "NextToken": page["NextToken"] })).expect("a page");
    assert_eq!(rest["Commands"][0]["CommandId"], commands[0].as_str());
    assert_eq!(rest["NextToken"], Value::Null);
    let plain = world.ssm("ListCommandInvocations", &json!({ "CommandId": failed })).expect("a list");
    assert_eq!(plain["CommandInvocations"][0]["CommandPlugins"], json!([]));
    let detailed = json!({ "CommandId": failed, "Details": true });
    let detailed = world.ssm("ListCommandInvocations", &detailed).expect("a list");
    let plugin = &detailed["CommandInvocations"][0]["CommandPlugins"][0];
    let output = "3\n\n----------ERROR-------\nbash: line 2: missing: command not found\nfailed to run commands: exit status 127";
    assert_eq!((plugin["Output"].as_str(), &plugin["ResponseCode"]), (Some(output), &json!(127)));
    let filtered = |key: &str, value: &str| json!({ "Filters": [{ "key": key, "value": value }] });
    let mut count = |action: &str, key: &str, value: &str| {
        let found = world.ssm(action, &filtered(key, value)).expect("a list");
        found.as_object().and_then(|found| found.values().next()).and_then(Value::as_array).map(Vec::len)
    };
    assert_eq!(count("ListCommands", "Status", "Failed"), Some(1));
    assert_eq!(count("ListCommands", "ExecutionStage", "Complete"), Some(4));
    assert_eq!(count("ListCommands", "ExecutionStage", "Executing"), Some(0));
    assert_eq!(count("ListCommands", "DocumentName", "AWS-Other"), Some(0));
    assert_eq!(count("ListCommands", "InvokedBefore", "2024-01-01T00:00:00Z"), Some(0));
    assert_eq!(count("ListCommands", "InvokedAfter", "2024-01-01T00:00:00Z"), Some(4));
    assert_eq!(count("ListCommandInvocations", "Status", "Success"), Some(3));
    let unknown = world.ssm("ListCommands", &filtered("Colour", "red"));
    assert_eq!(unknown, Err("400 InvalidFilterKey: ".to_owned()));
}

#[test]
fn instances_are_managed_nodes_until_they_are_terminated() {
    let mut world = World::new();
    let (web, db) = (world.launch("web"), world.launch("db"));
    world.does("StopInstances", &format!("InstanceId.1={db}"));
    let nodes = world.ssm("DescribeInstanceInformation", &json!({})).expect("a list");
    let mut nodes = nodes["InstanceInformationList"].as_array().expect("a list").clone();
    nodes.sort_by_key(|node| node["PingStatus"] == "Online");
    assert_eq!(nodes.iter().map(|node| &node["InstanceId"]).collect::<Vec<_>>(), [&json!(db), &json!(web)]);
    assert_eq!(
        (&nodes[1]["PlatformName"], &nodes[1]["PlatformVersion"]),
        (&json!("Amazon Linux"), &json!("2023"))
    );
    assert_eq!(
        (&nodes[1]["PlatformType"], &nodes[1]["ResourceType"]),
        (&json!("Linux"), &json!("EC2Instance"))
    );
    let mut found = |body: Value| {
        let found = world.ssm("DescribeInstanceInformation", &body).expect("a list");
        let nodes = found["InstanceInformationList"].as_array().expect("a list");
        nodes.iter().map(|node| node["InstanceId"].as_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
    };
    let filter = |key: &str, value: &str| json!({ "Filters": [{ "Key": key, "Values": [value] }] });
    assert_eq!(found(filter("InstanceIds", &web)), [web.as_str()]);
    assert_eq!(found(filter("PingStatus", "ConnectionLost")), [db.as_str()]);
    assert_eq!(found(filter("tag:Name", "db")), [db.as_str()]);
    assert_eq!(found(filter("PlatformTypes", "Windows")), [""; 0]);
    assert_eq!(found(filter("ResourceType", "EC2Instance")).len(), 2);
    let old = json!({ "InstanceInformationFilterList": [{ "key": "InstanceIds", "valueSet": [db] }] });
    assert_eq!(found(old), [db.as_str()]);
    let page = found(json!({ "MaxResults": 5 }));
    assert_eq!(page.len(), 2);
    world.does("TerminateInstances", &format!("InstanceId.1={db}"));
    let refused = json!({
        "DocumentName": "AWS-RunShellScript", "InstanceIds": [db], "Parameters": { "commands": ["true"] },
    });
    let said =
        format!("400 InvalidInstanceId: Instances [[{db}]] not in a valid state for account 000000000000");
    assert_eq!(world.ssm("SendCommand", &refused), Err(said));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let mut world = World::new();
    let host = world.launch("web");
    let good = json!({
        "DocumentName": "AWS-RunShellScript", "InstanceIds": [host], "Parameters": { "commands": ["true"] },
    });
    let mut check = |member: &str, value: Value, expected: &str| {
        let mut body = good.clone();
        body[member] = value;
        assert_eq!(
            world.ssm("SendCommand", &body).expect_err("a refusal"),
            format!("400 {expected}"),
            "{member}"
        );
    };
    check("DocumentName", json!("AWS-Mine"), "InvalidDocument: Document with name AWS-Mine does not exist.");
    check(
        "DocumentVersion",
        json!("7"),
        "InvalidDocumentVersion: Document version 7 is not valid or does not exist.",
    );
    check("InstanceIds", json!([host, host]), "DuplicateInstanceId: ");
    check(
        "InstanceIds",
        json!([]),
        "InvalidInstanceId: Instances [[]] not in a valid state for account 000000000000",
    );
    check(
        "InstanceIds",
        json!(["web"]),
        "ValidationException: 1 validation error detected: Value 'web' at 'instanceIds' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: (^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)",
    );
    check("Parameters", json!({}), "InvalidParameters: Parameter commands is required.");
    check(
        "Parameters",
        json!({ "commands": ["true"], "executionTimeout": ["soon"] }),
        "InvalidParameters: Parameter executionTimeout is not a number of seconds from 1 to 172800.",
    );
    check(
        "Parameters",
        json!({ "commands": ["true"], "workingDirectory": ["/tmp"] }),
        "InvalidParameters: Parameter workingDirectory is not implemented by weir.",
    );
    check(
        "Parameters",
        json!({ "commands": ["true"], "colour": ["red"] }),
        "InvalidParameters: Parameter colour is not defined in the document, or has not one value.",
    );
    check(
        "TimeoutSeconds",
        json!(29),
        "ValidationException: 1 validation error detected: Value '29' at 'timeoutSeconds' failed to satisfy constraint: \
         Member must have value greater than or equal to 30",
    );
    check(
        "OutputS3BucketName",
        json!("logs"),
        "ValidationException: OutputS3BucketName is not implemented by weir.",
    );
    check("MaxConcurrency", json!("1"), "ValidationException: MaxConcurrency is not implemented by weir.");
    check(
        "Targets",
        json!([{ "Key": "tag:Name", "Values": ["web"] }]),
        "InvalidParameters: Specify InstanceIds or Targets, not both.",
    );
}

#[test]
fn invocations_that_do_not_exist_are_told_apart() {
    let mut world = World::new();
    let (host, other) = (world.launch("web"), world.launch("db"));
    let command = world.send_script(&host, &["true"]);
    let nobody = "01234567-0123-0123-0123-0123456789ab";
    let mut check = |action: &str, body: Value, expected: &str| {
        assert_eq!(world.ssm(action, &body), Err(format!("400 {expected}")), "{body}");
    };
    let get = |command: &str, instance: &str| json!({ "CommandId": command, "InstanceId": instance });
    check("GetCommandInvocation", get(nobody, &host), "InvocationDoesNotExist: ");
    check("GetCommandInvocation", get(&command, &other), "InvocationDoesNotExist: ");
    let plugin = json!({ "CommandId": command, "InstanceId": host, "PluginName": "aws:other" });
    check("GetCommandInvocation", plugin, "InvalidPluginName: ");
    let short = "ValidationException: 1 validation error detected: Value 'x' at 'commandId' failed to satisfy constraint: \
        Member must have length greater than or equal to 36";
    check("GetCommandInvocation", get("x", &host), short);
    check("CancelCommand", json!({ "CommandId": nobody }), "InvalidCommandId: ");
    check("CancelCommand", json!({ "CommandId": command, "InstanceIds": [other] }), "InvalidInstanceId: ");
    world.access_key = "111111111111";
    let elsewhere = world.ssm("GetCommandInvocation", &get(&command, &host));
    assert_eq!(elsewhere, Err("400 InvocationDoesNotExist: ".to_owned()), "another account's");
}
