//! Regional NAT gateways. Expectations: VPC User Guide, "Regional NAT gateways for automatic multi-AZ expansion"; EC2 API Reference,
//! CreateNatGateway, NatGateway, NatGatewayAddress; what the AWS provider for Terraform reads of `aws_nat_gateway`.

use crate::flow::{ROLE, TRUST, WRITE};
use crate::launch::launch;
use crate::nat_gateway::wait;
use crate::shown::between;
use crate::world::World;
use expect_test::expect;
use std::net::Ipv4Addr;
use weir_fabric::{Offload, Outside, OutsideHost, OutsidePort, Relayed, Running};
use weir_model::{InstanceId, Nanos};
use weir_pipeline::CONNECTIONS_MAX;
use weir_wire::Service;

/// A VPC with an internet gateway and private subnets in two zones.
struct Lab {
    vpc: String,
    subnets: [String; 2],
    table: String,
}

fn lab(world: &mut World) -> Lab {
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let gateway = world.id("CreateInternetGateway", "", "internetGatewayId");
    world.does("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}"));
    let subnets = [('a', 1), ('b', 2)].map(|(zone, number)| {
        let made = format!("VpcId={vpc}&CidrBlock=10.0.{number}.0/24&AvailabilityZone=us-east-1{zone}");
        world.id("CreateSubnet", &made, "subnetId")
    });
    let table = world.id(
        "DescribeRouteTables",
        &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"),
        "routeTableId",
    );
    Lab { vpc, subnets, table }
}

/// A gateway that is available, with what `more` says.
fn make(world: &mut World, vpc: &str, more: &str) -> String {
    let wanted = format!("AvailabilityMode=regional&VpcId={vpc}{more}");
    world.id("CreateNatGateway", &wanted, "natGatewayId")
}

#[test]
fn an_automatic_gateway_shows_its_mode_its_table_and_an_address_for_each_zone() {
    let mut world = World::new();
    let Lab { vpc, subnets, .. } = lab(&mut world);
    world.does("CreateNetworkInterface", &format!("SubnetId={}", subnets[1]));
    let nat = make(&mut world, &vpc, "");
    world.shows(
        "DescribeNatGateways",
        &format!("NatGatewayId.1={nat}"),
        expect![[r#"
        <natGatewaySet>
          <item>
            <createTime>2024-01-02T03:04:05.000Z</createTime>
            <natGatewayAddressSet>
              <item>
                <allocationId>eipalloc-1</allocationId>
                <publicIp>54.208.81.128</publicIp>
                <associationId>eipassoc-2</associationId>
                <status>succeeded</status>
                <availabilityZone>us-east-1b</availabilityZone>
                <availabilityZoneId>use1-az2</availabilityZoneId>
              </item>
            </natGatewayAddressSet>
            <natGatewayId>nat-3</natGatewayId>
            <state>available</state>
            <vpcId>vpc-4</vpcId>
            <tagSet/>
            <connectivityType>public</connectivityType>
            <availabilityMode>regional</availabilityMode>
            <autoScalingIps>enabled</autoScalingIps>
            <autoProvisionZones>enabled</autoProvisionZones>
            <routeTableId>rtb-5</routeTableId>
          </item>
        </natGatewaySet>
    "#]],
    );
    world.shows(
        "DescribeAddresses",
        "",
        expect![[r#"
        <addressesSet>
          <item>
            <allocationId>eipalloc-1</allocationId>
            <associationId>eipassoc-2</associationId>
            <domain>vpc</domain>
            <tagSet/>
            <publicIpv4Pool>amazon</publicIpv4Pool>
            <networkBorderGroup>us-east-1</networkBorderGroup>
            <serviceManaged>rnat</serviceManaged>
            <publicIp>54.208.81.128</publicIp>
          </item>
        </addressesSet>
    "#]],
    );
    let found = world.does("DescribeNatGateways", "");
    let table = between(&found, "routeTableId").expect("its own table").to_owned();
    let routes = world.does("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    assert!(routes.contains("<destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>"), "{routes}");
    assert!(routes.contains("<gatewayId>igw-"), "{routes}");
    // A first interface in another zone.
    world.does("CreateNetworkInterface", &format!("SubnetId={}", subnets[0]));
    let zones = |world: &mut World| {
        let (zones, states) = ("availabilityZone", "status");
        let zones = world.all("DescribeNatGateways", "", zones);
        zones.into_iter().zip(world.all("DescribeNatGateways", "", states)).collect::<Vec<_>>()
    };
    let both = [("us-east-1b", "succeeded"), ("us-east-1a", "succeeded")]
        .map(|(zone, state)| (zone.to_owned(), state.to_owned()));
    assert_eq!(zones(&mut world), both);
    world.does("DeleteNatGateway", &format!("NatGatewayId={nat}"));
    world.shows(
        "DescribeAddresses",
        "",
        expect![[r#"
        <addressesSet/>
    "#]],
    );
    world.refuses(
        "DescribeRouteTables",
        &format!("RouteTableId.1={table}"),
        &format!("InvalidRouteTableID.NotFound: The routeTable ID '{table}' does not exist"),
    );
}

#[test]
fn a_manual_gateway_gets_and_loses_zones() {
    let mut world = World::new();
    let Lab { vpc, .. } = lab(&mut world);
    let one = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let two = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let nat = make(
        &mut world,
        &vpc,
        &format!(
            "&AvailabilityZoneAddress.1.AvailabilityZone=us-east-1a&AvailabilityZoneAddress.1.AllocationId.1={one}"
        ),
    );
    let add = format!("NatGatewayId={nat}&AllocationId.1={two}");
    world.refuses(
        "AssociateNatGatewayAddress",
        &add,
        "MissingParameter: The request must contain the parameter AvailabilityZone or AvailabilityZoneId",
    );
    world.shows(
        "AssociateNatGatewayAddress",
        &format!("{add}&AvailabilityZoneId=use1-az2"),
        expect![[r#"
            <natGatewayId>nat-1</natGatewayId>
            <natGatewayAddressSet>
              <item>
                <allocationId>eipalloc-2</allocationId>
                <publicIp>54.209.79.253</publicIp>
                <associationId>eipassoc-3</associationId>
                <status>succeeded</status>
                <availabilityZone>us-east-1a</availabilityZone>
                <availabilityZoneId>use1-az1</availabilityZoneId>
              </item>
              <item>
                <allocationId>eipalloc-4</allocationId>
                <publicIp>54.208.81.128</publicIp>
                <associationId>eipassoc-5</associationId>
                <status>succeeded</status>
                <availabilityZone>us-east-1b</availabilityZone>
                <availabilityZoneId>use1-az2</availabilityZoneId>
              </item>
            </natGatewayAddressSet>
        "#]],
    );
    let first = world.id("DescribeAddresses", &format!("AllocationId.1={one}"), "associationId");
    let off = format!("NatGatewayId={nat}&AssociationId.1={first}&MaxDrainDurationSeconds=1");
    let answer = world.does("DisassociateNatGatewayAddress", &off);
    assert!(answer.contains("<status>disassociating</status>"), "{answer}");
    wait(&mut world, 1_000);
    assert_eq!(world.all("DescribeNatGateways", "", "availabilityZone"), ["us-east-1b"]);
    assert_eq!(world.all("DescribeNatGateways", "", "autoProvisionZones"), ["disabled"]);
    world.returns("ReleaseAddress", &format!("AllocationId={one}"));
}

#[test]
fn requests_that_mean_nothing_are_refused() {
    let mut world = World::new();
    let Lab { vpc, subnets: [subnet, _], .. } = lab(&mut world);
    let allocation = world.id("AllocateAddress", "Domain=vpc", "allocationId");
    let zone = "AvailabilityZoneAddress.1.AvailabilityZone";
    let given = "AvailabilityZoneAddress.1.AllocationId.1";
    let combination = |name: &str, mode: &str| {
        format!(
            "InvalidParameterCombination: The parameter {name} cannot be used with availability mode {mode}"
        )
    };
    let rows = [
        ("AvailabilityMode=regional".to_owned(), "MissingParameter: The request must contain the parameter VpcId".to_owned()),
        (format!("AvailabilityMode=regional&VpcId={vpc}&SubnetId={subnet}"), combination("SubnetId", "regional")),
        (format!("AvailabilityMode=regional&VpcId={vpc}&AllocationId={allocation}"), combination("AllocationId", "regional")),
        (format!("AvailabilityMode=regional&VpcId={vpc}&PrivateIpAddress=10.0.1.9"), combination("PrivateIpAddress", "regional")),
        (format!("SubnetId={subnet}&AllocationId={allocation}&VpcId={vpc}"), combination("VpcId", "zonal")),
        (format!("SubnetId={subnet}&{zone}=us-east-1a&{given}={allocation}"), combination("AvailabilityZoneAddresses", "zonal")),
        (
            format!("AvailabilityMode=regional&VpcId={vpc}&ConnectivityType=private"),
            "InvalidParameter: A NAT gateway with availability mode regional must have connectivity type public".to_owned(),
        ),
        (
            format!("AvailabilityMode=regional&VpcId={vpc}&{given}={allocation}"),
            "MissingParameter: The request must contain the parameter AvailabilityZone".to_owned(),
        ),
        (
            format!("AvailabilityMode=regional&VpcId={vpc}&{zone}=us-east-1a"),
            "MissingParameter: The request must contain the parameter AllocationIds for the availability zone us-east-1a".to_owned(),
        ),
        (
            format!("AvailabilityMode=regional&VpcId={vpc}&{zone}=us-east-1z&{given}={allocation}"),
            "InvalidParameterValue: Value (us-east-1z) for parameter availabilityZone is invalid. NAT gateways can currently only be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c.".to_owned(),
        ),
        ("AvailabilityMode=regional&VpcId=vpc-12345678".to_owned(), "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist".to_owned()),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateNatGateway", &params, &refusal);
    }
    let nat = make(&mut world, &vpc, "");
    world.refuses(
        "AssociateNatGatewayAddress",
        &format!("NatGatewayId={nat}&AllocationId.1={allocation}&AvailabilityZone=us-east-1a"),
        &format!("InvalidParameter: The addresses of NAT gateway {nat} are managed automatically"),
    );
    let zonal =
        world.id("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"), "natGatewayId");
    let log = |id: &str| {
        format!(
            "ResourceType=RegionalNatGateway&ResourceId.1={id}&TrafficType=ALL&LogGroupName=flows&DeliverLogsPermissionArn={ROLE}"
        )
    };
    may_log(&mut world);
    let answer = world.does("CreateFlowLogs", &log(&zonal));
    assert!(answer.contains("<code>NatGatewayNotFound</code>"), "{answer}");
    world.refuses(
        "CreateFlowLogs",
        &log("eni-12345678"),
        "NatGatewayMalformed: Invalid id: &quot;eni-12345678&quot; (expecting &quot;nat-...&quot;)",
    );
}

fn may_log(world: &mut World) {
    world.form(Service::Iam, "CreateRole", &format!("RoleName=flow-logs&AssumeRolePolicyDocument={TRUST}"));
    let write = format!("RoleName=flow-logs&PolicyName=w&PolicyDocument={WRITE}");
    world.form(Service::Iam, "PutRolePolicy", &write);
}

#[test]
fn packets_leave_with_the_address_of_their_zone_and_its_flow_log_tells() {
    let mut world = World::new();
    let Lab { vpc, subnets, table } = lab(&mut world);
    let hosts =
        subnets.map(|subnet| world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId"));
    let nat = make(&mut world, &vpc, "");
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    world.returns("CreateRoute", &route);
    may_log(&mut world);
    let format = "${interface-id} ${resource-id} ${interface-type} ${subnet-id} ${az-id} ${flow-direction} ${pkt-srcaddr} ${pkt-dstaddr} ${action}";
    let made = world.does(
        "CreateFlowLogs",
        &format!(
            "ResourceType=RegionalNatGateway&ResourceId.1={nat}&TrafficType=ALL&MaxAggregationInterval=60\
             &LogGroupName=flows&DeliverLogsPermissionArn={ROLE}&LogFormat={format}"
        ),
    );
    assert_eq!(between(&made, "item").map(|id| &id[..3]), Some("fl-"), "{made}");
    let publics: Vec<(String, String)> = {
        let zones = world.all("DescribeNatGateways", "", "availabilityZoneId");
        zones.into_iter().zip(world.all("DescribeNatGateways", "", "publicIp")).collect()
    };
    let mut expected = Vec::new();
    for ((zone, public), host) in publics.iter().zip(&hosts) {
        let output = world.shell("/_weir/exec", host, "ping -c 1 203.0.113.9");
        assert!(output.contains("1 received"), "{output}");
        let private = world.id("DescribeInstances", &format!("InstanceId.1={host}"), "privateIpAddress");
        let far = "203.0.113.9";
        for (direction, source, destination) in [
            ("ingress", private.as_str(), far),
            ("egress", public, far),
            ("ingress", far, public),
            ("egress", far, &private),
        ] {
            expected.push(format!(
                "- {nat} regional_nat_gateway - {zone} {direction} {source} {destination} ACCEPT"
            ));
        }
    }
    assert_eq!(publics.iter().map(|(zone, _)| zone.as_str()).collect::<Vec<_>>(), ["use1-az1", "use1-az2"]);
    let until = Nanos::from(world.now).plus(130_000_000_000);
    while Nanos::from(world.now) < until {
        world.now = world.now.plus_ms(1);
        world.pass(until);
    }
    let streams = world.json(Service::Logs, "DescribeLogStreams", r#"{"logGroupName":"flows"}"#);
    assert!(streams.contains(&format!("\"logStreamName\": \"{nat}-all\"")), "{streams}");
    let events = world.json(Service::Logs, "FilterLogEvents", r#"{"logGroupName":"flows"}"#);
    let events: serde_json::Value = serde_json::from_str(&events).expect("JSON");
    let mut found: Vec<String> = events["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["message"].as_str().expect("text").to_owned())
        .filter(|line| line.ends_with("ACCEPT"))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// Runs instances nowhere: a test speaks for them.
struct Nowhere;

impl Outside for Nowhere {
    fn is_default(&self) -> bool {
        true
    }

    fn run(&mut self, _: &OutsideHost) -> Result<(), String> {
        Ok(())
    }

    fn stop(&mut self, _: InstanceId, _: bool) {}

    fn deliver(&mut self, _: OutsidePort, _: &[u8]) {}

    fn exec(&mut self, _: InstanceId, _: &[String], _: bool) -> Result<Box<dyn Running>, String> {
        Err("nothing runs".into())
    }
}

/// A SYN to port 443 of a host on the internet (RFC 791, section 3.1; RFC 9293, section 3.1). Its checksum is left to the card.
fn syn(source: Ipv4Addr, source_port: u16) -> Vec<u8> {
    let mut ip = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0];
    ip.extend(source.octets().into_iter().chain([203, 0, 113, 5]));
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
    ip.extend(source_port.to_be_bytes().into_iter().chain(443u16.to_be_bytes()));
    ip.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
    ip
}

/// NatGateway: with `autoScalingIps`, "Amazon automatically allocates additional Elastic IP addresses (EIPs) in an AZ when the NAT
/// gateway needs more ports due to increased concurrent connections to a single destination from that AZ".
#[test]
fn an_automatic_gateway_that_runs_out_of_ports_gets_a_further_address() {
    let mut world = World::new();
    world.cloud.set_outside(Box::new(Nowhere));
    let Lab { vpc, subnets, table } = lab(&mut world);
    world.does("RunInstances", &launch(&format!("SubnetId={}", subnets[0])));
    let nat = make(&mut world, &vpc, "");
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    world.returns("CreateRoute", &route);
    let source: Ipv4Addr =
        world.all("DescribeInstances", "", "privateIpAddress")[0].parse().expect("an address");
    let open = |world: &mut World, ports: std::ops::Range<u16>| {
        let mut lost = 0;
        world.cloud.with_fabric(world.now.into(), &mut |fabric, now| {
            for port in ports.clone() {
                let offload = Offload { segment_bytes: 0, is_partial: true };
                let relayed = fabric.relay(OutsidePort(0), &mut syn(source, port), offload, now);
                lost += usize::from(relayed == Relayed::Lost);
            }
        });
        lost
    };
    let publics = |world: &mut World| world.all("DescribeNatGateways", "", "publicIp");
    assert_eq!(open(&mut world, 0..CONNECTIONS_MAX as u16), 0);
    assert_eq!(publics(&mut world).len(), 1);
    assert_eq!(open(&mut world, 60_000..60_003), 3, "all ports are in use");
    let both = publics(&mut world);
    assert_eq!(both.len(), 2);
    let zones = world.all("DescribeNatGateways", "", "availabilityZone");
    assert_eq!(zones, ["us-east-1a", "us-east-1a"]);
    assert_eq!(world.all("DescribeAddresses", "", "serviceManaged"), ["rnat", "rnat"]);
    wait(&mut world, 1);
    assert_eq!(open(&mut world, 60_000..60_003), 0);
    assert_eq!(publics(&mut world), both);
}
