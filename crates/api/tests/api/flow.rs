//! The whole path: instances of two VPCs talk over a peering connection, and flow logs tell.

use crate::shown;
use crate::world::{START, World};
use expect_test::expect;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_model::Nanos;
use weir_model::image::Image;
use weir_wire::Service;

pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
pub const WRITE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#;
pub const ROLE: &str = "arn:aws:iam::000000000000:role/flow-logs";

/// A VPC with one public subnet and one instance that anyone may ping.
pub struct Site {
    vpc: String,
    table: String,
    group: String,
    instance: String,
    private: String,
    public: String,
}

impl World {
    pub fn site(&mut self, net: u8) -> Site {
        let vpc = self.id("CreateVpc", &format!("CidrBlock=10.{net}.0.0/16"), "vpcId");
        let subnet = self.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.{net}.0.0/24"), "subnetId");
        self.ec2("ModifySubnetAttribute", &format!("SubnetId={subnet}&MapPublicIpOnLaunch.Value=true"));
        let gateway = self.id("CreateInternetGateway", "", "internetGatewayId");
        self.ec2("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
        let own = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let table = self.id("DescribeRouteTables", &own, "routeTableId");
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
        self.ec2("CreateRoute", &route);
        let group = self.id(
            "CreateSecurityGroup",
            &format!("GroupName=web&GroupDescription=web&VpcId={vpc}"),
            "groupId",
        );
        for (protocol, from, to) in [("icmp", -1, -1), ("tcp", 22, 22)] {
            let rule = format!(
                "GroupId={group}&IpPermissions.1.IpProtocol={protocol}&IpPermissions.1.FromPort={from}\
                 &IpPermissions.1.ToPort={to}&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"
            );
            self.ec2("AuthorizeSecurityGroupIngress", &rule);
        }
        let region = self.region.parse().expect("a region");
        let image =
            Image::by_parameter("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64");
        let image = image.expect("AWS's parameter").id(region);
        let launch = format!(
            "ImageId={image}&InstanceType=t2.micro&MinCount=1&MaxCount=1&SubnetId={subnet}&SecurityGroupId.1={group}\
             &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web-{net}"
        );
        let instance = self.id("RunInstances", &launch, "instanceId");
        let described = self.ec2("DescribeInstances", &format!("InstanceId.1={instance}"));
        let text = |element| {
            shown::between(&described, element)
                .unwrap_or_else(|| panic!("no {element}: {described}"))
                .to_owned()
        };
        Site { private: text("privateIpAddress"), public: text("ipAddress"), vpc, table, group, instance }
    }

    fn peer(&mut self, from: &Site, to: &Site) -> String {
        let asked = format!("VpcId={}&PeerVpcId={}", from.vpc, to.vpc);
        let peering = self.id("CreateVpcPeeringConnection", &asked, "vpcPeeringConnectionId");
        self.ec2("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}"));
        peering
    }

    fn route(&mut self, site: &Site, net: u8, peering: &str) {
        let table = &site.table;
        let answer = self.ec2(
            "CreateRoute",
            &format!(
                "RouteTableId={table}&DestinationCidrBlock=10.{net}.0.0/16&VpcPeeringConnectionId={peering}"
            ),
        );
        assert!(answer.contains("<return>true</return>"), "{answer}");
    }

    fn flow_log(&mut self, vpc: &str) -> String {
        self.form(
            Service::Iam,
            "CreateRole",
            &format!("RoleName=flow-logs&AssumeRolePolicyDocument={TRUST}"),
        );
        self.form(
            Service::Iam,
            "PutRolePolicy",
            &format!("RoleName=flow-logs&PolicyName=w&PolicyDocument={WRITE}"),
        );
        let asked = format!(
            "ResourceType=VPC&ResourceId.1={vpc}&TrafficType=ALL&MaxAggregationInterval=60&LogGroupName=flows\
             &DeliverLogsPermissionArn={ROLE}"
        );
        self.ec2("CreateFlowLogs", &asked)
    }

    /// Lets seconds pass.
    fn wait(&mut self, seconds: u64) {
        let until = Nanos::from(self.now).plus(seconds * 1_000_000_000);
        while Nanos::from(self.now) < until {
            self.now = self.now.plus_ms(1);
            self.pass(until);
        }
    }

    /// The last line of ping's statistics, or its packet loss.
    fn ping(&mut self, from: &str, to: &str) -> String {
        let output = self.shell("/_weir/exec", from, &format!("ping -c 3 -W 1 {to}"));
        output.lines().find(|line| line.contains("packet loss")).unwrap_or(&output).to_owned()
    }

    /// Packets and bytes by source, destination and action, of all records in the log group.
    fn records(&mut self) -> BTreeMap<String, (u64, u64)> {
        let told = self.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"flows"}"#);
        let told: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
        let mut sums = BTreeMap::new();
        for event in told["events"].as_array().expect("events") {
            let words: Vec<&str> = event["message"].as_str().expect("text").split(' ').collect();
            if words[13] == "OK" {
                let sum: &mut (u64, u64) =
                    sums.entry(format!("{} > {} {}", words[3], words[4], words[12])).or_default();
                sum.0 += words[8].parse::<u64>().expect("packets");
                sum.1 += words[9].parse::<u64>().expect("bytes");
            }
        }
        sums
    }
}

#[test]
fn peered_instances_talk_once_both_tables_have_the_route() {
    let mut world = World::new();
    let (one, two) = (world.site(1), world.site(2));
    assert_eq!(
        world.ping("web-1", &two.private),
        "3 packets transmitted, 0 received, 100% packet loss, time 2000ms"
    );
    assert!(world.ping("web-1", &two.public).contains(" 0% packet loss"));
    let peering = world.peer(&one, &two);
    assert!(world.ping("web-1", &two.private).contains("100% packet loss"));
    world.route(&one, 2, &peering);
    assert!(world.ping("web-1", &two.private).contains("100% packet loss"));
    world.route(&two, 1, &peering);
    assert!(world.ping("web-1", &two.private).contains(" 0% packet loss"));
    world.ec2("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}"));
    assert!(world.ping("web-1", &two.private).contains("100% packet loss"));
    let asked = json!({ "from": "web-1", "to": two.private });
    let told = world.own("POST", "/_weir/explain", &asked).expect("an explanation");
    expect!["dropped: the route is a blackhole: its target is gone or not usable"]
        .assert_eq(told["verdict"].as_str().expect("a sentence"));
}

#[test]
fn records_hold_what_hosts_sent_and_received() {
    let mut world = World::new();
    let site = world.site(1);
    let made = world.flow_log(&site.vpc);
    assert!(made.contains("<unsuccessful/>"), "{made}");
    assert!(world.ping("internet", &site.public).contains(" 0% packet loss"));
    assert!(
        world
            .shell("/_weir/exec", "internet", &format!("nc -z -w 1 {} 23", site.public))
            .ends_with("exit 1\n")
    );
    world.wait(130);
    let mut records = world.records();
    let traffic = world.own("GET", "/_weir/traffic?host=web-1", &Value::Null).expect("counts");
    let refused =
        records.remove(&format!("203.0.113.9 > {} REJECT", site.private)).expect("the scan was seen");
    assert!(refused.0 >= 1, "{refused:?}");
    let inbound = records[&format!("203.0.113.9 > {} ACCEPT", site.private)];
    let outbound = records[&format!("{} > 203.0.113.9 ACCEPT", site.private)];
    assert_eq!(json!({ "packets": inbound.0, "bytes": inbound.1 }), traffic["received"]);
    assert_eq!(json!({ "packets": outbound.0, "bytes": outbound.1 }), traffic["sent"]);
    let described = world.ec2("DescribeFlowLogs", "");
    assert!(described.contains("<deliverLogsStatus>SUCCESS</deliverLogsStatus>"), "{described}");
}

#[test]
fn a_role_that_may_not_write_is_an_access_error() {
    let mut world = World::new();
    let site = world.site(1);
    world.flow_log(&site.vpc);
    world.form(Service::Iam, "DeleteRolePolicy", "RoleName=flow-logs&PolicyName=w");
    world.ping("internet", &site.public);
    world.wait(130);
    let described = world.ec2("DescribeFlowLogs", "");
    let text = |element| shown::between(&described, element).unwrap_or("-");
    assert_eq!((text("deliverLogsStatus"), text("deliverLogsErrorMessage")), ("FAILED", "Access error"));
    let told = world.json(Service::Logs, "DescribeLogGroups", "{}");
    assert!(told.contains(r#""logGroups": []"#), "{told}");
}

#[test]
fn a_session_over_instance_connect_needs_port_22() {
    let mut world = World::new();
    let site = world.site(1);
    let key = format!("ssh-ed25519 {}", "A".repeat(68));
    let push = json!({ "InstanceId": site.instance, "InstanceOSUser": "ec2-user", "SSHPublicKey": key });
    let pushed = world.json(Service::InstanceConnect, "SendSSHPublicKey", &push.to_string());
    assert!(pushed.contains(r#""Success": true"#), "{pushed}");
    expect![[r#"
        ip-10-1-0-4.ec2.internal
        exit 0
    "#]]
    .assert_eq(&world.shell("/_weir/connect", "web-1", "hostname"));
    let rule = format!(
        "GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
         &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        site.group
    );
    world.ec2("RevokeSecurityGroupIngress", &rule);
    expect![[r#"
        ssh: connect to host 54.209.234.169 port 22: Connection timed out
        exit 255
    "#]]
    .assert_eq(&world.shell("/_weir/connect", "web-1", "hostname"));
    world.ec2("TerminateInstances", &format!("InstanceId.1={}", site.instance));
    expect!["404 i-064c70b0b0c5b4a8f is not running"].assert_eq(&world.shell(
        "/_weir/connect",
        &site.instance,
        "hostname",
    ));
    let pushed = world.json(Service::InstanceConnect, "SendSSHPublicKey", &push.to_string());
    expect!["400 EC2InstanceStateInvalidException: The instance is not in a valid state. Connect to instances that are running."].assert_eq(&pushed);
}

#[test]
fn packets_travel_after_a_restart() {
    let mut world = World::new();
    let site = world.site(1);
    let mut world = world.restarted();
    assert!(world.ping("internet", &site.public).contains(" 0% packet loss"));
    assert_eq!(world.ec2("DescribeInstances", "").matches("<instanceId>").count(), 1);
}

#[test]
fn flow_logs_go_on_after_a_restart() {
    let mut world = World::new();
    let site = world.site(1);
    world.flow_log(&site.vpc);
    let mut world = world.restarted();
    assert!(world.ping("internet", &site.public).contains(" 0% packet loss"));
    world.wait(130);
    let told = world.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"flows"}"#);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let times = told["events"].as_array().expect("events").iter().map(|event| event["timestamp"].as_i64());
    assert!(times.clone().count() >= 2, "{told}");
    assert!(times.flatten().all(|time| time >= START.0), "{told}");
}

#[test]
fn a_metric_filter_counts_the_bytes_of_flow_logs() {
    let mut world = World::new();
    let site = world.site(1);
    world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"flows"}"#);
    let filter = r#"{"logGroupName":"flows","filterName":"accepted","filterPattern":"[..., protocol=1, packets, bytes, start, end, action=ACCEPT, status=OK]","metricTransformations":[{"metricName":"bytes","metricNamespace":"lab","metricValue":"$bytes"}]}"#;
    assert_eq!(world.json(Service::Logs, "PutMetricFilter", filter), "");
    world.flow_log(&site.vpc);
    world.ping("internet", &site.public);
    world.wait(130);
    let logged: u64 = world.records().values().map(|(_, bytes)| bytes).sum();
    let (start, end) = (START.0 / 1000 - 60, START.0 / 1000 + 600);
    let ask = format!(
        r#"{{"Namespace":"lab","MetricName":"bytes","StartTime":{start},"EndTime":{end},"Period":3600,"Statistics":["Sum"]}}"#
    );
    let told: Value =
        serde_json::from_str(&world.json(Service::Monitoring, "GetMetricStatistics", &ask)).expect("JSON");
    // Three pings of 84 bytes, there and back (VPC User Guide, "Flow log record examples": 4 are 336).
    assert_eq!((logged, told["Datapoints"][0]["Sum"].as_f64()), (504, Some(504.0)), "{told}");
}

#[test]
fn a_gap_of_ten_years_is_one_window() {
    let mut world = World::new();
    let site = world.site(1);
    world.flow_log(&site.vpc);
    world.ping("internet", &site.public);
    world.wait(130);
    let ten_years = Nanos::from(world.now).plus(10 * 365 * 24 * 60 * 60 * 1_000_000_000);
    world.cloud.step(ten_years);
    world.now = ten_years.into();
    world.wait(130);
    let told = world.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"flows"}"#);
    assert!((1..20).contains(&told.matches(r#""message""#).count()), "{told}");
}

#[test]
fn asked_from_the_internet_a_name_is_its_public_address() {
    let mut world = World::new();
    let site = world.site(1);
    let mut packet = |from: &str| {
        let asked = serde_json::json!({ "from": from, "to": "web-1", "port": 22 });
        let told = world.own("POST", "/_weir/explain", &asked).expect("an explanation");
        (told["packet"].as_str().expect("a packet").to_owned(), told["delivered"].as_bool())
    };
    let to = |address: &str| format!("> {address}:22");
    let (outside, inside) = (packet("internet"), packet("web-1"));
    assert!(outside.0.ends_with(&to(&site.public)) && outside.1 == Some(true), "{outside:?}");
    assert!(inside.0.ends_with(&to(&site.private)), "{inside:?}");
}

// The attachments are in the subnets of the instances; the TTL is as measured on AWS in 2020 (batfish lab-validation).
#[test]
fn a_transit_gateway_that_was_made_by_the_api_carries_a_ping() {
    let mut world = World::new();
    let (one, two) = (world.site(1), world.site(2));
    let gateway = world.id("CreateTransitGateway", "", "transitGatewayId");
    for (site, far) in [(&one, 2), (&two, 1)] {
        let of_site = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={}", site.vpc);
        let subnet = world.id("DescribeSubnets", &of_site, "subnetId");
        let attach = format!("TransitGatewayId={gateway}&VpcId={}&SubnetIds.1={subnet}", site.vpc);
        world.does("CreateTransitGatewayVpcAttachment", &attach);
        let table = &site.table;
        let route =
            format!("RouteTableId={table}&DestinationCidrBlock=10.{far}.0.0/16&TransitGatewayId={gateway}");
        world.returns("CreateRoute", &route);
    }
    let output = world.shell("/_weir/exec", &one.instance, &format!("ping -c 1 {}", two.private));
    let reply = format!("64 bytes from {}: icmp_seq=1 ttl=254 ", two.private);
    assert!(output.contains(&reply) && output.contains(" 0% packet loss"), "{output}");
}

#[test]
fn explained_over_ipv6_the_internet_has_an_address_of_that_family() {
    let mut world = World::new();
    let asked = json!({ "from": "internet", "to": "2600:1f18::5" });
    let told = world.own("POST", "/_weir/explain", &asked).expect("an explanation");
    assert!(
        told["packet"].as_str().is_some_and(|packet| packet.contains("2001:db8::9 > 2600:1f18::5")),
        "{told}"
    );
}

#[test]
fn explained_a_packet_that_a_route_brings_to_a_middlebox_ends_there() {
    let mut world = World::new();
    let site = world.site(1);
    let described = world.ec2("DescribeInstances", &format!("InstanceId.1={}", site.instance));
    let text = |element| shown::between(&described, element).expect("it is told").to_owned();
    let launch = format!(
        "ImageId={}&InstanceType=t2.micro&MinCount=1&MaxCount=1&SubnetId={}&SecurityGroupId.1={}",
        text("imageId"),
        text("subnetId"),
        site.group
    );
    let relay = world.id("RunInstances", &launch, "instanceId");
    world.ec2("ModifyInstanceAttribute", &format!("InstanceId={relay}&SourceDestCheck.Value=false"));
    let route = format!("RouteTableId={}&DestinationCidrBlock=172.16.0.0/12&InstanceId={relay}", site.table);
    world.ec2("CreateRoute", &route);
    world.wait(60);
    let mut verdict = |to: &str| {
        let asked = json!({ "from": "web-1", "to": to });
        let told = world.own("POST", "/_weir/explain", &asked).expect("an explanation");
        told["verdict"].as_str().expect("a sentence").to_owned()
    };
    let through = verdict("172.16.0.9");
    assert!(through.starts_with("delivered to eni-"), "{through}");
    assert!(through.ends_with("not its address, so it goes on only if the host there forwards"), "{through}");
    let to_relay = verdict(&relay);
    assert!(to_relay.starts_with("delivered, "), "{to_relay}");
}
