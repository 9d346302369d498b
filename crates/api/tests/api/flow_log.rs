//! Flow logs. Expectations: EC2 API Reference, CreateFlowLogs; VPC User Guide, "Flow logs"; error texts as clients report them.

use crate::world::World;
use expect_test::expect;
use weir_wire::Service;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"},"ArnLike":{"aws:SourceArn":"arn:aws:ec2:us-east-1:000000000000:vpc-flow-log/*"}}}]}"#;
const LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ROLE: &str = "arn:aws:iam::000000000000:role/logger";

fn lab() -> (World, String) {
    let mut world = World::new();
    for (name, trust) in [("logger", TRUST), ("other", LAMBDA)] {
        world.form(Service::Iam, "CreateRole", &format!("RoleName={name}&AssumeRolePolicyDocument={trust}"));
    }
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    (world, vpc)
}

fn request(vpc: &str, more: &str) -> String {
    format!(
        "ResourceId.1={vpc}&ResourceType=VPC&TrafficType=ALL&LogGroupName=flows&DeliverLogsPermissionArn={ROLE}{more}"
    )
}

#[test]
fn flow_logs_are_made_described_and_deleted() {
    let (mut world, vpc) = lab();
    let tags = "&TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=all";
    world.shows(
        "CreateFlowLogs",
        &request(&vpc, &format!("&MaxAggregationInterval=60&ClientToken=t{tags}")),
        expect![[r#"
            <clientToken>t</clientToken>
            <flowLogIdSet>
              <item>fl-1</item>
            </flowLogIdSet>
            <unsuccessful/>
        "#]],
    );
    world.shows("DescribeFlowLogs", "Filter.1.Name=tag:Name&Filter.1.Value.1=all", expect![[r#"
        <flowLogSet>
          <item>
            <creationTime>2024-01-02T03:04:05.000Z</creationTime>
            <deliverLogsPermissionArn>arn:aws:iam::000000000000:role/logger</deliverLogsPermissionArn>
            <deliverLogsStatus>SUCCESS</deliverLogsStatus>
            <flowLogId>fl-1</flowLogId>
            <flowLogStatus>ACTIVE</flowLogStatus>
            <logGroupName>flows</logGroupName>
            <resourceId>vpc-2</resourceId>
            <trafficType>ALL</trafficType>
            <logDestinationType>cloud-watch-logs</logDestinationType>
            <logDestination>arn:aws:logs:us-east-1:000000000000:log-group:flows</logDestination>
            <logFormat>${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}</logFormat>
            <tagSet>
              <item>
                <key>Name</key>
                <value>all</value>
              </item>
            </tagSet>
            <maxAggregationInterval>60</maxAggregationInterval>
          </item>
        </flowLogSet>
    "#]]);
    let id = world.id("DescribeFlowLogs", "", "flowLogId");
    world.shows(
        "DeleteFlowLogs",
        &format!("FlowLogId.1={id}"),
        expect![[r#"
        <unsuccessful/>
    "#]],
    );
    world.shows(
        "DescribeFlowLogs",
        "",
        expect![[r#"
        <flowLogSet/>
    "#]],
    );
    world.refuses("DeleteFlowLogs", &format!("FlowLogId.1={id}"), &format!("InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] {id}"));
}

#[test]
fn what_fails_for_one_resource_is_told_beside_the_others() {
    let (mut world, vpc) = lab();
    let two = request(&vpc, "&ResourceId.2=vpc-0123456789abcdef0&ClientToken=a");
    world.shows(
        "CreateFlowLogs",
        &two,
        expect![[r#"
        <clientToken>a</clientToken>
        <flowLogIdSet>
          <item>fl-1</item>
        </flowLogIdSet>
        <unsuccessful>
          <item>
            <error>
              <code>InvalidVpcId.NotFound</code>
              <message>The vpc ID 'vpc-2' does not exist</message>
            </error>
            <resourceId>vpc-2</resourceId>
          </item>
        </unsuccessful>
    "#]],
    );
    world.shows("CreateFlowLogs", &request(&vpc, "&ClientToken=b"), expect![[r#"
        <clientToken>b</clientToken>
        <flowLogIdSet/>
        <unsuccessful>
          <item>
            <error>
              <code>FlowLogAlreadyExists</code>
              <message>Error. There is an existing Flow Log with the same configuration and log destination.</message>
            </error>
            <resourceId>vpc-1</resourceId>
          </item>
        </unsuccessful>
    "#]]);
    let destination = format!(
        "ResourceId.1={vpc}&ResourceType=VPC&TrafficType=REJECT&DeliverLogsPermissionArn={ROLE}&ClientToken=c\
         &LogDestination=arn:aws:logs:us-east-1:000000000000:log-group:flows:*"
    );
    world.shows(
        "CreateFlowLogs",
        &destination,
        expect![[r#"
        <clientToken>c</clientToken>
        <flowLogIdSet>
          <item>fl-1</item>
        </flowLogIdSet>
        <unsuccessful/>
    "#]],
    );
    assert_eq!(world.all("DescribeFlowLogs", "", "logGroupName"), ["flows", "flows"]);
    assert_eq!(
        world.all("DescribeFlowLogs", "Filter.1.Name=traffic-type&Filter.1.Value.1=REJECT", "trafficType"),
        ["REJECT"]
    );
}

#[test]
fn subnets_and_interfaces_have_flow_logs_too() {
    let (mut world, vpc) = lab();
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.0.0/24"), "subnetId");
    let interface = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    for (id, kind) in [(&subnet, "Subnet"), (&interface, "NetworkInterface")] {
        let params = request(id, "").replace("ResourceType=VPC", &format!("ResourceType={kind}"));
        assert!(world.does("CreateFlowLogs", &params).contains("<item>fl-"), "{kind}");
    }
    let mut seen = world.all("DescribeFlowLogs", "", "resourceId");
    seen.sort();
    let mut made = [subnet, interface];
    made.sort();
    assert_eq!(seen, made);
}

#[test]
fn flow_logs_are_refused_in_aws_words() {
    let (mut world, vpc) = lab();
    let mut refused = |params: &str| world.ec2("CreateFlowLogs", params);
    let without = |name: &str| {
        let kept: Vec<String> =
            request(&vpc, "").split('&').filter(|pair| !pair.starts_with(name)).map(str::to_owned).collect();
        kept.join("&")
    };
    expect!["400 MissingParameter: The request must contain the parameter ResourceId"]
        .assert_eq(&refused(&without("ResourceId")));
    expect!["400 MissingParameter: The request must contain the parameter TrafficType"]
        .assert_eq(&refused(&without("TrafficType")));
    expect!["400 InvalidParameter: LogDestination can't be empty if LogGroupName is not provided."]
        .assert_eq(&refused(&without("LogGroupName")));
    expect!["400 InvalidParameter: DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."].assert_eq(&refused(&without("DeliverLogsPermissionArn")));
    expect!["400 InvalidVpcID.Malformed: Invalid id: &quot;vpc-1&quot; (expecting &quot;vpc-...&quot;)"]
        .assert_eq(&refused(&request("vpc-1", "")));
    expect!["400 InvalidParameter: Invalid Flow Log Max Aggregation Interval"]
        .assert_eq(&refused(&request(&vpc, "&MaxAggregationInterval=61")));
    expect![
        "400 InvalidParameter: LogDestination type must be cloud-watch-logs if LogGroupName is provided."
    ]
    .assert_eq(&refused(&request(&vpc, "&LogDestinationType=s3")));
    expect!["400 InvalidParameter: Unknown fields provided: colour"]
        .assert_eq(&refused(&request(&vpc, "&LogFormat=${version} ${colour}")));
    expect!["400 InvalidParameter: Invalid log format: not of the form ${field}: version"]
        .assert_eq(&refused(&request(&vpc, "&LogFormat=version")));
    expect!["400 InvalidParameter: Please only provide LogGroupName or only provide LogDestination."]
        .assert_eq(&refused(&request(
            &vpc,
            "&LogDestination=arn:aws:logs:us-east-1:000000000000:log-group:x",
        )));
    expect!["400 InvalidParameter: Unable to assume given IAM role"]
        .assert_eq(&refused(&request(&vpc, "").replace("role/logger", "role/none")));
    expect!["400 InvalidParameter: Unable to assume given IAM role"]
        .assert_eq(&refused(&request(&vpc, "").replace("role/logger", "role/other")));
    expect!["400 InvalidParameter: Flow logs of resource type TransitGateway are not implemented by weir."]
        .assert_eq(&refused(&request(&vpc, "").replace("ResourceType=VPC", "ResourceType=TransitGateway")));
    let to_s3 = "&LogDestinationType=s3&LogDestination=arn:aws:s3:::bucket";
    expect!["400 InvalidParameter: DeliverLogsPermissionArn is not applicable for s3 delivery"]
        .assert_eq(&refused(&format!("{}{to_s3}", without("LogGroupName"))));
    let bare = format!("ResourceId.1={vpc}&ResourceType=VPC&TrafficType=ALL");
    expect!["400 InvalidParameter: Delivery to s3 is not implemented by weir."]
        .assert_eq(&refused(&format!("{bare}{to_s3}")));
    expect!["400 InvalidParameter: Delivery to kinesis-data-firehose is not implemented by weir."]
        .assert_eq(&refused(&format!("{bare}&LogDestinationType=kinesis-data-firehose&LogDestination=arn")));
    expect!["400 UnknownParameter: The parameter TagFieldSpecification.1.ResourceType is not recognized: not implemented by weir"].assert_eq(&refused(&request(&vpc, "&TagFieldSpecification.1.ResourceType=instance")));
    world.shows("DescribeFlowLogs", "FlowLogId.1=fl-00000000&FlowLogId.2=fl-11111111", expect!["400 InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 2] fl-00000000, fl-11111111"]);
    assert_eq!(world.does("DescribeFlowLogs", ""), "<flowLogSet/>\n");
}
