//! Traffic through a NAT gateway, from packets to lines.
//!
//! Source: Amazon VPC User Guide, "Flow log record examples" (traffic through a NAT gateway): its addresses and its lines.

use super::*;
use weir_model::nat_gateway::{Connectivity, NewNatGateway, NewRegionalNatGateway, SecondaryChoice};
use weir_model::route::{Associated, Destination, Target};
use weir_model::subnet::NewSubnet;
use weir_model::vpc::NewVpc;
use weir_model::{Cx, SubnetId};
use weir_pipeline::packet::{ACK, SYN};
use weir_pipeline::{Compiled, Packet, Pipeline, Port, Tuple, Verdict};

const CLIENT: &str = "eni-0000000000000cccc";
const FORMAT: &str = "${instance-id} ${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr}";

/// A private subnet with the client 10.0.1.5, a public one with a NAT gateway at 10.0.0.220; the public address, and the
/// gateway's interface.
fn network() -> (Network, IpAddr, InterfaceId) {
    let (mut network, mut ids) = (Network::default(), Ids::new(1));
    let mut cx = Cx { scope: scope(), now: Timestamp(0), ids: &mut ids };
    let cidr = "10.0.0.0/16".parse().expect("a block");
    let new = NewVpc { cidr, ipv6: false, tenancy: "default".to_owned(), tags: Tags::new() };
    let vpc = network.create_vpc(&mut cx, new).expect("a VPC");
    let mut subnet = |cidr: &str| {
        let cidr = Some(cidr.parse().expect("a block"));
        let new = NewSubnet { vpc, zone: None, cidr, ipv6_cidr: None, tags: Tags::new() };
        network.create_subnet(&mut cx, new).expect("a subnet")
    };
    let (public, private) = (subnet("10.0.0.0/24"), subnet("10.0.1.0/24"));
    let gateway = network.create_internet_gateway(&mut cx, Tags::new()).expect("a gateway");
    network.attach_internet_gateway(&cx, gateway, vpc).expect("it is free");
    let allocation = network.allocate_address(&mut cx, None, Tags::new()).expect("an address");
    let new = NewNatGateway {
        subnet: public,
        connectivity: Connectivity::Public,
        allocation: Some(allocation),
        private: "10.0.0.220".parse().ok(),
        secondary: SecondaryChoice::default(),
        tags: Tags::new(),
    };
    let nat = network.create_nat_gateway(&mut cx, new).expect("a NAT gateway");
    let mut lead = |subnet: SubnetId, target: Target| {
        let table = network.create_route_table(&mut cx, vpc, Tags::new()).expect("a table");
        let all = Destination::Cidr("0.0.0.0/0".parse().expect("a block"));
        network.create_route(&cx, table, all, target).expect("a route");
        network.associate_route_table(&mut cx, table, Associated::Subnet(subnet)).expect("an association");
    };
    lead(public, Target::InternetGateway(gateway));
    lead(private, Target::NatGateway(nat));
    let client = interface(CLIENT, "i-0000000c", &["10.0.1.5"]);
    network.interfaces.insert(Interface { vpc, subnet: private, ..client });
    network.instances.insert(instance("i-0000000c", CLIENT));
    for (name, format) in
        [("fl-00000001", FORMAT), ("fl-00000002", "${interface-id} ${flow-direction} ${traffic-path}")]
    {
        network.flow_logs.insert(flow_log(name, Monitored::Vpc(vpc), TrafficType::All, 60, format));
    }
    let elastic = network.addresses.get(&allocation).expect("it was allocated").public;
    let interface = network.nat_gateways.get(&nat).and_then(|nat| nat.interface()).expect("it has one");
    (network, elastic.into(), interface)
}

fn tcp(source: IpAddr, destination: IpAddr, ports: (u16, u16), tcp_flags: u8) -> Packet {
    let (source_port, destination_port) = ports;
    let tuple = Tuple { source, destination, protocol: Protocol::TCP, source_port, destination_port };
    Packet { tcp_flags, ..Packet::new(tuple, 40) }
}

#[test]
fn traffic_through_a_nat_gateway_is_recorded_as_documented() {
    let (network, elastic, nat) = network();
    let (client, host): (IpAddr, IpAddr) = ([10, 0, 1, 5].into(), [203, 0, 113, 5].into());
    let mut pipeline = Pipeline::new(Compiled::build(&network), 1);
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    let port = pipeline.compiled().index_of(id(CLIENT)).map(Port::Interface).expect("the client");
    let out = pipeline.forward(port, &tcp(client, host, (40000, 443), SYN), seconds(5));
    let Verdict::Deliver(there) = out else { panic!("{out:?}") };
    assert_eq!((there.source, there.destination), (elastic, host));
    let answer = tcp(host, elastic, (443, there.source_port), SYN | ACK);
    let back = pipeline.forward(Port::Internet, &answer, seconds(6));
    assert!(matches!(back, Verdict::Deliver(back) if back.to == port && back.destination_port == 40000));
    let mut sightings = Vec::new();
    pipeline.close_window(seconds(60), &mut sightings);
    recorder.collect(&sightings);
    let mut found: Vec<String> = Vec::new();
    for line in lines(&recorder.close(seconds(60))) {
        let line = line.split_once(": ").map(|(_, line)| line.to_owned()).expect("a stream");
        found.push(line.replace(&nat.to_string(), "NAT").replace(CLIENT, "CLIENT"));
    }
    found.sort();
    let mut expected = [
        "i-0000000c CLIENT 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
        "- NAT 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        "- NAT 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
        "- NAT 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
        "- NAT 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
        "i-0000000c CLIENT 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5",
        // From the client to a resource in the VPC, from there to the internet gateway, and back inside the VPC.
        "CLIENT egress 1",
        "CLIENT ingress -",
        "NAT ingress -",
        "NAT ingress -",
        "NAT egress 1",
        "NAT egress 8",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Source: Amazon VPC User Guide, "Flow log records": interface-id is `-` for a regional NAT gateway, resource-id the gateway's
/// id, interface-type `regional_nat_gateway`.
#[test]
fn a_regional_nat_gateway_is_a_resource_without_an_interface() {
    let (mut network, _, _) = network();
    let mut ids = Ids::new(2);
    let (scope, vpc) = (scope(), network.vpcs.iter().next().expect("one").id);
    let mut cx = Cx { scope, now: Timestamp(0), ids: &mut ids };
    let new = NewRegionalNatGateway { vpc, zones: Vec::new(), tags: Tags::new() };
    let nat = network.create_regional_nat_gateway(&mut cx, new).expect("a gateway");
    let found = network.nat_gateways.get(&nat).expect("made above");
    let regional = found.regional().expect("it is regional");
    let (gate, public) = (regional.gates[0].interface, found.addresses[0].own().expect("an address"));
    let format = "${interface-id} ${resource-id} ${interface-type} ${vpc-id} ${subnet-id} ${az-id} ${srcaddr} ${dstaddr} ${pkt-dstaddr}";
    let watched = Monitored::RegionalNatGateway(nat);
    network.flow_logs.insert(flow_log("fl-00000003", watched, TrafficType::All, 60, format));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    let (client, far): (IpAddr, IpAddr) = ([10, 0, 1, 5].into(), [203, 0, 113, 5].into());
    let seen = |direction, source: IpAddr, destination: IpAddr| {
        let (source, destination) = (source.to_string(), destination.to_string());
        sighting(&gate.to_string(), direction, (&source, &destination), (1, 5, 5))
    };
    recorder.collect(&[
        seen(Direction::Ingress, client, far),
        seen(Direction::Egress, public.into(), far),
        seen(Direction::Ingress, far, public.into()),
        seen(Direction::Egress, far, client),
    ]);
    let mut found = lines(&recorder.close(seconds(60)));
    found.sort();
    let mut expected = [
        format!("{client} {public} {far}"),
        format!("{public} {far} {far}"),
        format!("{far} {public} {public}"),
        format!("{public} {client} {client}"),
    ]
    .map(|addresses| format!("{nat}-all: - {nat} regional_nat_gateway {vpc} - use1-az1 {addresses}"));
    expected.sort_unstable();
    assert_eq!(found, expected);
}
