//! Traffic through a transit gateway, from packets to lines.
//!
//! Source: Amazon VPC User Guide, "Flow log record examples" (traffic through a transit gateway): its addresses and its lines.

use super::*;
use weir_model::route::{Destination, Target};
use weir_model::subnet::NewSubnet;
use weir_model::transit_gateway::attachment::NewTransitAttachment;
use weir_model::transit_gateway::{NewTransitGateway, TransitAttachmentOptions};
use weir_model::vpc::NewVpc;
use weir_model::{Cx, SubnetId, TransitGatewayId};
use weir_pipeline::packet::{ACK, SYN};
use weir_pipeline::{Compiled, Packet, Pipeline, Port, Tuple, Verdict};

const CLIENT: &str = "eni-0000000000000cccc";
const SERVER: &str = "eni-33333333333333333";
const FORMAT: &str = "${interface-id} ${instance-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
     ${pkt-srcaddr} ${pkt-dstaddr} ${action} ${interface-type}";

/// A network under construction.
struct Build {
    network: Network,
    ids: Ids,
}

impl Build {
    fn run<T>(&mut self, command: impl FnOnce(&mut Network, &mut Cx) -> T) -> T {
        command(&mut self.network, &mut Cx { scope: scope(), now: Timestamp(0), ids: &mut self.ids })
    }

    fn vpc(&mut self, cidr: &str) -> VpcId {
        let cidr = cidr.parse().expect("a block");
        let new = NewVpc { cidr, ipv6: false, tenancy: "default".to_owned(), tags: Tags::new() };
        self.run(|network, cx| network.create_vpc(cx, new)).expect("a VPC")
    }

    fn subnet(&mut self, vpc: VpcId, cidr: &str, zone: &str) -> SubnetId {
        let (cidr, zone) = (Some(cidr.parse().expect("a block")), zone.parse().ok());
        let new = NewSubnet { vpc, zone, cidr, ipv6_cidr: None, tags: Tags::new() };
        self.run(|network, cx| network.create_subnet(cx, new)).expect("a subnet")
    }

    /// Attaches `vpc`, with doors at these addresses, and leads everything else that its subnets send to the gateway.
    fn attach(&mut self, gateway: TransitGatewayId, vpc: VpcId, doors: &[(SubnetId, &str)]) {
        let new = NewTransitAttachment {
            gateway,
            vpc,
            subnets: doors.iter().map(|(subnet, _)| *subnet).collect(),
            options: TransitAttachmentOptions::default(),
            tags: Tags::new(),
        };
        let attachment = self.run(|network, cx| network.create_transit_attachment(cx, new)).expect("it fits");
        let made = self.network.transit_attachments.get(&attachment).expect("made above").doors.clone();
        for (door, (_, address)) in made.iter().zip(doors) {
            let interface = self.network.interfaces.get_mut(&door.interface).expect("made with it");
            interface.addresses[0].private = address.parse().expect("an address");
        }
        let table = self.network.main_table(vpc).expect("every VPC has one").id;
        let all = Destination::Cidr("0.0.0.0/0".parse().expect("a block"));
        let route = |network: &mut Network, cx: &mut Cx| {
            network.create_route(cx, table, all, Target::TransitGateway(gateway))
        };
        self.run(route).expect("a route");
    }

    fn host(&mut self, name: &str, (vpc, subnet): (VpcId, SubnetId), (instance_id, address): (&str, &str)) {
        let host = interface(name, instance_id, &[address]);
        self.network.interfaces.insert(Interface { vpc, subnet, ..host });
        self.network.instances.insert(instance(instance_id, name));
    }
}

/// A client in VPC A, a server in another zone in VPC B, and a transit gateway; a flow log watches VPC B.
fn network() -> Network {
    let mut build = Build { network: Network::default(), ids: Ids::new(1) };
    let (a, b) = (build.vpc("10.20.0.0/16"), build.vpc("10.40.0.0/16"));
    let of_client = build.subnet(a, "10.20.33.0/24", "us-east-1a");
    let (first, second) =
        (build.subnet(b, "10.40.1.0/24", "us-east-1a"), build.subnet(b, "10.40.2.0/24", "us-east-1b"));
    let new = NewTransitGateway::default();
    let gateway = build.run(|network, cx| network.create_transit_gateway(cx, new)).expect("a gateway");
    build.attach(gateway, a, &[(of_client, "10.20.33.4")]);
    build.attach(gateway, b, &[(first, "10.40.1.175"), (second, "10.40.2.31")]);
    build.host(CLIENT, (a, of_client), ("i-0000000c", "10.20.33.164"));
    build.host(SERVER, (b, second), ("i-01234567890123456", "10.40.2.236"));
    build.network.flow_logs.insert(flow_log("fl-00000001", Monitored::Vpc(b), TrafficType::All, 60, FORMAT));
    build.network
}

fn tcp(source: IpAddr, destination: IpAddr, ports: (u16, u16), tcp_flags: u8) -> Packet {
    let (source_port, destination_port) = ports;
    let tuple = Tuple { source, destination, protocol: Protocol::TCP, source_port, destination_port };
    Packet { tcp_flags, ..Packet::new(tuple, 40) }
}

#[test]
fn traffic_through_a_transit_gateway_is_recorded_as_documented() {
    let network = network();
    let (client, server): (IpAddr, IpAddr) = ([10, 20, 33, 164].into(), [10, 40, 2, 236].into());
    let mut pipeline = Pipeline::new(Compiled::build(&network), 1);
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    let port = |pipeline: &Pipeline, name: &str| {
        pipeline.compiled().index_of(id(name)).map(Port::Interface).expect("an interface")
    };
    let (near, far) = (port(&pipeline, CLIENT), port(&pipeline, SERVER));
    let there = pipeline.forward(near, &tcp(client, server, (39812, 80), SYN), seconds(5));
    assert!(matches!(there, Verdict::Deliver(there) if there.to == far && there.hops == 1), "{there:?}");
    let back = pipeline.forward(far, &tcp(server, client, (80, 39812), SYN | ACK), seconds(6));
    assert!(matches!(back, Verdict::Deliver(back) if back.to == near && back.hops == 1), "{back:?}");
    let mut sightings = Vec::new();
    pipeline.close_window(seconds(60), &mut sightings);
    recorder.collect(&sightings);
    let mut found: Vec<String> = Vec::new();
    for line in lines(&recorder.close(seconds(60))) {
        let line = line.split_once(": ").map(|(_, line)| line.to_owned()).expect("a stream");
        let (interface, rest) = line.split_once(' ').expect("several fields");
        let own = network.interfaces.get(&id(interface)).and_then(Interface::primary).expect("an address");
        found.push(format!("{own}: {rest}"));
    }
    found.sort();
    let mut expected = [
        "10.40.2.236: i-01234567890123456 10.20.33.164 10.40.2.236 39812 80 6 10.20.33.164 10.40.2.236 ACCEPT -",
        "10.40.2.236: i-01234567890123456 10.40.2.236 10.20.33.164 80 39812 6 10.40.2.236 10.20.33.164 ACCEPT -",
        "10.40.1.175: - 10.40.1.175 10.40.2.236 39812 80 6 10.20.33.164 10.40.2.236 ACCEPT transit_gateway",
        "10.40.2.31: - 10.40.2.236 10.40.2.31 80 39812 6 10.40.2.236 10.20.33.164 ACCEPT transit_gateway",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}
