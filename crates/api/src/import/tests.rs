//! A network that really existed, and every probe that was measured on it.

use super::*;
use std::io::Write;
use std::net::IpAddr;
use weir_model::instance::InstanceState;
use weir_model::interface::{Interface, InterfaceKind};
use weir_model::transit_gateway::TransitHop;
use weir_model::{Nanos, Protocol};
use weir_pipeline::{Compiled, Packet, Pipeline, Port, Tuple, Verdict};

/// The networks, and how many probes of each are the VPC's rules' alone to decide.
const NETWORKS: [(&str, usize); 7] = [
    ("aws_instance_multiple_interface", 140),
    ("aws_multi_account_vpc_peering", 24),
    ("aws_nlb_targets_instance", 152),
    ("aws_shared_vpc", 224),
    ("aws_tgw_multi_az_intra_region", 188),
    ("aws_traffic_in_igw_out_ngw", 34),
    ("aws_vpc_endpoints", 52),
];

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/networks")
}

#[expect(clippy::disallowed_methods, reason = "fixtures are files")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("fixtures can be read")
}

fn files(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).expect("fixtures can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let below = path.strip_prefix(root).expect("it stands below").to_str().expect("ASCII").to_owned();
            found.push(File { path: below, text: read(&path) });
        }
    }
}

fn imported(name: &str) -> Imported {
    let root = fixtures().join(name).join("aws_configs");
    let mut found = vec![];
    files(&root, &root, &mut found);
    import(&found, &mut Ids::new(1)).expect("a real network")
}

#[test]
fn two_accounts_and_their_peering_are_read() {
    let network = imported("aws_multi_account_vpc_peering").network;
    let running =
        network.instances.iter().filter(|instance| instance.state == InstanceState::Running).count();
    assert_eq!((network.vpcs.len(), network.subnets.len(), running), (2, 2, 2));
    assert_eq!((network.interfaces.len(), network.route_tables.len(), network.acls.len()), (2, 4, 4));
    let active = network
        .peerings
        .iter()
        .filter(|peering| peering.status == weir_model::peering::PeeringStatus::Active);
    assert_eq!(active.count(), 1);
    let accounts: std::collections::BTreeSet<_> =
        network.vpcs.iter().map(|vpc| vpc.scope.account.to_string()).collect();
    assert_eq!(accounts.into_iter().collect::<Vec<_>>(), ["028403472736", "951601349076"]);
}

#[test]
fn a_transit_gateway_is_read_with_its_doors_and_table() {
    let network = imported("aws_tgw_multi_az_intra_region").network;
    assert_eq!((network.transit_gateways.len(), network.transit_tables.len()), (1, 1));
    let table = network.transit_tables.iter().next().expect("a table");
    let attached: Vec<_> = network.transit_attachments.iter().collect();
    assert!(attached.iter().all(|attachment| attachment.association == Some(table.id)));
    assert_eq!(attached.iter().map(|attachment| attachment.doors.len()).collect::<Vec<_>>(), [3, 2]);
    let routes: Vec<String> =
        network.transit_routes(table).iter().map(|route| route.destination.to_string()).collect();
    assert_eq!(routes, ["10.1.0.0/16", "10.2.0.0/16"]);
}

// As `describe-transit-gateway-peering-attachments` and `search-transit-gateway-routes` answer.
const PEERED: &str = r#"{
    "TransitGateways": [
        {"TransitGatewayId": "tgw-1111111a", "OwnerId": "111111111111", "State": "available", "Options": {}},
        {"TransitGatewayId": "tgw-1111111b", "OwnerId": "111111111111", "State": "deleted", "Options": {}}
    ],
    "TransitGatewayRouteTables": [
        {"TransitGatewayRouteTableId": "tgw-rtb-1111111a", "TransitGatewayId": "tgw-1111111a", "State": "available"}
    ],
    "TransitGatewayPeeringAttachments": [{
        "TransitGatewayAttachmentId": "tgw-attach-1111111a", "State": "available",
        "RequesterTgwInfo": {"TransitGatewayId": "tgw-1111111a", "OwnerId": "111111111111", "Region": "us-east-1"},
        "AccepterTgwInfo": {"TransitGatewayId": "tgw-2222222a", "OwnerId": "222222222222", "Region": "eu-west-1"}
    }],
    "TransitGatewayAttachments": [{
        "TransitGatewayAttachmentId": "tgw-attach-1111111a",
        "Association": {"State": "associated", "TransitGatewayRouteTableId": "tgw-rtb-1111111a"}
    }],
    "TransitGatewayStaticRoutes": [{
        "TransitGatewayRouteTableId": "tgw-rtb-1111111a",
        "Routes": [
            {"DestinationCidrBlock": "10.2.0.0/16", "Type": "static", "State": "active",
             "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1111111a"}]},
            {"DestinationCidrBlock": "10.3.0.0/16", "Type": "static", "State": "blackhole"},
            {"DestinationCidrBlock": "10.4.0.0/16", "Type": "propagated", "State": "active"},
            {"DestinationCidrBlock": "10.5.0.0/16", "PrefixListId": "pl-1111111a", "Type": "static", "State": "blackhole"},
            {"DestinationCidrBlock": "10.6.0.0/16", "PrefixListId": "pl-1111111a", "Type": "static", "State": "blackhole"}
        ]
    }]
}"#;

#[test]
fn peered_transit_gateways_and_their_static_routes_are_read() {
    let file = File { path: "us-east-1/transit.json".into(), text: PEERED.into() };
    let Imported { network, left_out } = import(&[file], &mut Ids::new(1)).expect("answers");
    assert_eq!(left_out.get("TransitGateways"), Some(&1), "what is deleted is left out");
    let table = network.transit_tables.iter().next().expect("a table");
    let routes = network.transit_routes(table);
    let shown: Vec<_> = routes.iter().map(|route| (route.destination.to_string(), route.is_active)).collect();
    assert_eq!(shown, [("10.2.0.0/16".to_owned(), true), ("10.3.0.0/16".to_owned(), false)]);
    let lists: Vec<_> = table.references.iter().map(|held| (held.list.to_string(), held.hop)).collect();
    assert_eq!(lists, [("pl-1111111a".to_owned(), TransitHop::Blackhole)], "its blocks are in the list");
    let peering = network.transit_peerings.iter().next().expect("a peering");
    assert_eq!((peering.requester.association, peering.accepter.association), (Some(table.id), None));
}

const VPCS: &str =
    r#"{"Vpcs": [{"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/16"}], "NextToken": "t"}"#;

fn vpcs_in(path: &str) -> Result<usize, ImportError> {
    let file = File { path: path.into(), text: VPCS.into() };
    import(&[file], &mut Ids::new(0)).map(|imported| imported.network.vpcs.len())
}

#[test]
fn an_answer_is_known_by_its_member_whatever_its_file_is_called() {
    assert_eq!(vpcs_in("us-east-1/Vpcs.json"), Ok(1));
    assert_eq!(vpcs_in("accounts/123456789012/eu-west-1/describe-vpcs.json"), Ok(1));
    assert_eq!(vpcs_in("somewhere/Vpcs.json"), Err(ImportError::NoRegion));
    assert_eq!(vpcs_in("us-east-1/Vpcs.txt"), Err(ImportError::NoRegion));
}

#[test]
fn a_regional_nat_gateway_is_read_with_a_gate_for_its_zone() {
    let nat = r#"{"NatGateways": [{"NatGatewayId": "nat-12345678", "VpcId": "vpc-12345678", "State": "available",
        "ConnectivityType": "public", "AvailabilityMode": "regional", "AutoProvisionZones": "enabled",
        "RouteTableId": "rtb-12345678", "NatGatewayAddresses": [{"AllocationId": "eipalloc-12345678",
        "AssociationId": "eipassoc-12345678", "PublicIp": "198.51.100.1", "Status": "succeeded",
        "AvailabilityZone": "us-east-1b", "AvailabilityZoneId": "use1-az2"}]}]}"#;
    let addresses = r#"{"Addresses": [{"AllocationId": "eipalloc-12345678", "AssociationId": "eipassoc-12345678",
        "PublicIp": "198.51.100.1", "Domain": "vpc", "ServiceManaged": "rnat"}]}"#;
    let file = |name: &str, text: &str| File { path: format!("us-east-1/{name}.json"), text: text.into() };
    let files = [file("NatGateways", nat), file("Addresses", addresses)];
    let network = import(&files, &mut Ids::new(0)).expect("answers of describe calls").network;
    let nat = network.nat_gateways.iter().next().expect("it was read");
    let regional = nat.regional().expect("it is regional");
    let (gate, zones) = (&regional.gates[0], regional.gates.len());
    assert_eq!((zones, gate.zone.to_string().as_str(), regional.is_automatic), (1, "us-east-1b", true));
    assert_eq!(nat.usable(Some(gate.zone)).next(), Some([198, 51, 100, 1].into()));
    let address = network.addresses.iter().next().expect("it was read");
    assert!(address.is_managed);
    assert_eq!(address.association.as_ref().map(|at| at.interface), Some(gate.interface));
}

#[test]
fn what_is_not_a_describe_answer_is_named() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let check = |files: &[File], expected: &str| {
        let error = import(files, &mut Ids::new(1)).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(&[], "no answers found");
    check(&[file("readme/Vpcs.json", "{}")], "no answers found");
    check(&[file("us-east-1/Vpcs.json", "{")], "us-east-1/Vpcs.json: EOF");
    let bad = r#"{"Vpcs":[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16"}]}"#;
    check(&[file("us-east-1/Vpcs.json", bad)], "Invalid id: \"vpc-1\"");
}

/// One recorded probe: who probed what, and whether an answer came.
struct Probe<'a> {
    source: &'a str,
    destination: &'a str,
    protocol: &'a str,
    port: &'a str,
    answered: bool,
}

/// A row of measured-reachability.tsv.
fn probe(row: &str) -> Probe<'_> {
    let columns: Vec<&str> = row.split('\t').collect();
    let answered = match columns[6] {
        "open" | "closed" | "reply" => true,
        "filtered" | "lost" => false,
        other => panic!("{other}: no such outcome"),
    };
    Probe { source: columns[1], destination: columns[3], protocol: columns[4], port: columns[5], answered }
}

fn packet(probe: &Probe<'_>) -> Packet {
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let (source, destination) = (address(probe.source), address(probe.destination));
    match probe.protocol {
        "icmp" => Packet::icmp(source, destination, (8, 0), 84),
        _ => {
            let destination_port = probe.port.parse().expect("a port");
            let tuple =
                Tuple { source, destination, protocol: Protocol::TCP, source_port: 40000, destination_port };
            Packet { tcp_flags: 2, ..Packet::new(tuple, 60) }
        }
    }
}

fn reply(packet: &Packet, delivered: Tuple) -> Packet {
    match packet.protocol {
        Protocol::ICMP => Packet::icmp(delivered.destination, delivered.source, (0, 0), 84),
        _ => Packet { tcp_flags: 18, ..Packet::new(delivered.reversed(), 60) },
    }
}

/// Whether `address` is one of the instance that `interface` is attached to.
fn is_own(network: &Network, interface: &Interface, address: IpAddr) -> bool {
    let instance = |interface: &Interface| interface.attachment.as_ref().and_then(|held| held.instance);
    let mine = instance(interface);
    network.interfaces.iter().any(|other| {
        other.owns(address) && (other.id == interface.id || (mine.is_some() && instance(other) == mine))
    })
}

/// Whether whoever is behind `port` answers at all: an interface endpoint does on the ports of its service only.
fn answers(network: &Network, pipeline: &Pipeline, port: Port, packet: &Packet) -> bool {
    let Port::Interface(index) = port else { return true };
    let interface = network.interfaces.get(&pipeline.compiled().interface(index).id);
    interface.is_none_or(|interface| interface.kind != InterfaceKind::VpcEndpoint)
        || [80, 443].contains(&packet.destination_port)
}

/// Whether a probe is answered: the packet arrives, and so does the reply to it.
///
/// An instance that probes a private address of its own, of whichever interface, sends nothing into the network.
fn predicted(network: &Network, probe: &Probe<'_>) -> bool {
    let mut pipeline = Pipeline::new(Compiled::build(network), 1);
    let packet = packet(probe);
    let own = network.interfaces.iter().find(|interface| interface.owns(packet.source));
    if own.is_some_and(|own| is_own(network, own, packet.destination)) {
        return true;
    }
    let from = own.map_or(Port::Internet, |own| {
        Port::Interface(pipeline.compiled().index_of(own.id).expect("it was compiled"))
    });
    let Verdict::Deliver(there) = pipeline.forward(from, &packet, Nanos(1)) else { return false };
    if !answers(network, &pipeline, there.to, &packet) {
        return false;
    }
    let arrived = Tuple {
        source: there.source,
        destination: there.destination,
        protocol: packet.protocol,
        source_port: there.source_port,
        destination_port: there.destination_port,
    };
    match pipeline.forward(there.to, &reply(&packet, arrived), Nanos(2)) {
        Verdict::Deliver(back) => back.to == from && back.destination == packet.source,
        _ => false,
    }
}

#[test]
fn every_probe_measured_on_the_real_networks_is_predicted() {
    let table = read(&fixtures().join("measured-reachability.tsv"));
    let (mut wrong, mut count) = (vec![], 0);
    for (name, expected) in NETWORKS {
        let network = imported(name).network;
        let rows: Vec<&str> =
            table.lines().filter(|row| row.starts_with(name) && row.ends_with("in-model")).collect();
        assert_eq!(rows.len(), expected, "{name}");
        wrong.extend(
            rows.iter().filter(|row| predicted(&network, &probe(row)) != probe(row).answered).copied(),
        );
        count += rows.len();
    }
    // Past the test runner's capture: the count is shown whenever the test runs.
    writeln!(std::io::stdout(), "{} of {count} measured probes predicted", count - wrong.len())
        .expect("standard output");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As recorded in 2020 (batfish lab-validation, aws_vpc_endpoints), but for dates and names.
const ENDPOINTS: &str = r#"{"VpcEndpoints":[
  {"VpcEndpointId":"vpce-0532038c44e8de847","VpcEndpointType":"Gateway","VpcId":"vpc-0ce3585be7ea715d8",
   "OwnerId":"028403472736","ServiceName":"com.amazonaws.us-east-1.s3","State":"available","Groups":[],
   "NetworkInterfaceIds":[],"PrivateDnsEnabled":false,"RouteTableIds":["rtb-0ad9877dacd3d5818"],"Tags":[]},
  {"VpcEndpointId":"vpce-0c84758dae8076c02","VpcEndpointType":"Interface","VpcId":"vpc-0ce3585be7ea715d8",
   "OwnerId":"028403472736","ServiceName":"com.amazonaws.us-east-1.ec2","State":"available","PrivateDnsEnabled":true,
   "Groups":[{"GroupId":"sg-06f0f68d3c6a6c163","GroupName":"bat_sg"}],
   "NetworkInterfaceIds":["eni-0bd26d2cdca2c4478"],"SubnetIds":["subnet-09de87bd086777dad"],"Tags":[]},
  {"VpcEndpointId":"vpce-0c84758dae8076c03","VpcEndpointType":"Interface","VpcId":"vpc-0ce3585be7ea715d8",
   "ServiceName":"com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718"}]}"#;

#[test]
fn endpoints_of_aws_services_are_read() {
    let file = File { path: "us-east-1/VpcEndpoints.json".into(), text: ENDPOINTS.into() };
    let imported = import(&[file], &mut Ids::new(0)).expect("real answers");
    let services: Vec<String> =
        imported.network.endpoints.iter().map(weir_model::endpoint::VpcEndpoint::service_name).collect();
    assert_eq!(services, ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.ec2"]);
    let interfaces = imported.network.endpoints.iter().filter_map(|endpoint| endpoint.interface_endpoint());
    assert_eq!(interfaces.map(|own| own.interfaces.len()).collect::<Vec<_>>(), [1]);
    assert_eq!(imported.left_out.get("VpcEndpoints"), Some(&1));
}

/// One VPC with what hangs on it, as the aws CLI prints it; the folder names no account.
const ONE_OWNER: [(&str, &str); 4] = [
    ("vpcs", r#"{"Vpcs":[{"VpcId":"vpc-1111111a","OwnerId":"111122223333","CidrBlock":"10.0.0.0/16"}]}"#),
    (
        "nat",
        r#"{"NatGateways":[{"NatGatewayId":"nat-1111111a","VpcId":"vpc-1111111a","SubnetId":"subnet-1111111a",
            "State":"available","CreateTime":"2024-05-06T07:08:09.000Z"}]}"#,
    ),
    (
        "addresses",
        r#"{"Addresses":[
            {"AllocationId":"eipalloc-1111111a","PublicIp":"198.51.100.1"},
            {"AllocationId":"eipalloc-1111111b","PublicIp":"198.51.100.2","NetworkInterfaceId":"eni-1111111b",
             "AssociationId":"eipassoc-1111111b","PrivateIpAddress":"10.0.0.9","NetworkInterfaceOwnerId":"444455556666"}
        ]}"#,
    ),
    (
        "rest",
        r#"{"VpcEndpoints":[{"VpcEndpointId":"vpce-1111111a","VpcEndpointType":"Gateway","VpcId":"vpc-1111111a",
             "ServiceName":"com.amazonaws.us-east-1.s3"}],
            "EgressOnlyInternetGateways":[{"EgressOnlyInternetGatewayId":"eigw-1111111a",
             "Attachments":[{"VpcId":"vpc-1111111a","State":"attached"}]}],
            "TransitGateways":[{"TransitGatewayId":"tgw-1111111a","State":"available","Options":{}}]}"#,
    ),
];

#[test]
fn what_names_no_owner_has_that_of_its_vpc_or_the_only_one_there_is() {
    let file = |(name, text): &(&str, &str)| File {
        path: format!("us-east-1/{name}.json"),
        text: (*text).to_owned(),
    };
    let files: Vec<File> = ONE_OWNER.iter().map(file).collect();
    let network = import(&files, &mut Ids::new(0)).expect("answers").network;
    let nat = network.nat_gateways.iter().next().expect("the gateway");
    assert_eq!((nat.scope.account.to_string().as_str(), nat.created.0), ("111122223333", 1_714_979_289_000));
    let mut owners: Vec<String> =
        network.addresses.iter().map(|address| address.scope.account.to_string()).collect();
    owners.extend(network.endpoints.iter().map(|endpoint| endpoint.scope.account.to_string()));
    owners.extend(network.egress_only_gateways.iter().map(|gateway| gateway.scope.account.to_string()));
    owners.extend(network.transit_gateways.iter().map(|gateway| gateway.scope.account.to_string()));
    let one = "111122223333";
    assert_eq!(owners, [one, "444455556666", one, one, one]);
}

#[test]
fn families_and_names_of_endpoints_are_read() {
    let options = r#""PrivateDnsEnabled":true,"IpAddressType":"dualstack",
        "DnsOptions":{"DnsRecordIpType":"ipv6","PrivateDnsOnlyForInboundResolverEndpoint":true}"#;
    let text = ENDPOINTS.replace(r#""PrivateDnsEnabled":true"#, options);
    let file = File { path: "us-east-1/VpcEndpoints.json".into(), text };
    let imported = import(&[file], &mut Ids::new(0)).expect("answers");
    let own = imported.network.endpoints.iter().find_map(|endpoint| endpoint.interface_endpoint());
    let own = own.expect("an interface endpoint");
    let words = (own.ip_address_type.word(), own.dns_record_ip_type.word());
    assert_eq!((words, own.private_dns_only_for_inbound), (("dualstack", "ipv6"), true));
}
