//! Which asker is told what about which name.

use super::*;
use crate::interface::{NewInterface, PublicAddress};
use crate::peering::{PeeringDns, PeeringRequest};
use crate::testing::World;
use crate::vpc::VpcAttribute;
use crate::{SubnetId, Tags};

/// The public address of an interface.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(54, 208, 0, 5);
const PUBLIC_NAME: &str = "ec2-54-208-0-5.compute-1.amazonaws.com";

/// Two VPCs with an interface each, the second with a public address.
struct Pair {
    world: World,
    vpcs: [VpcId; 2],
    addresses: [Ipv4Addr; 2],
}

impl Pair {
    fn new() -> Pair {
        Pair::of(["10.1.0.0/16", "10.2.0.0/16"])
    }

    fn of(cidrs: [&str; 2]) -> Pair {
        let mut world = World::new();
        let vpcs = cidrs.map(|cidr| world.vpc(cidr));
        let mut pair = Pair { world, vpcs, addresses: [PUBLIC; 2] };
        for (place, cidr) in cidrs.into_iter().enumerate() {
            pair.set(pair.vpcs[place], VpcAttribute::DnsHostnames(true));
            let subnet = pair.world.subnet(pair.vpcs[place], &cidr.replace("/16", "/24"));
            pair.addresses[place] = pair.interface(subnet, (place == 1).then_some(PUBLIC));
        }
        pair
    }

    fn interface(&mut self, subnet: SubnetId, public: Option<Ipv4Addr>) -> Ipv4Addr {
        let id = self.world.run(|network, cx| network.create_interface(cx, subnet, NewInterface::default()));
        let network = &mut self.world.network;
        let interface = network.interfaces.get_mut(&id.expect("an interface")).expect("the interface");
        interface.addresses[0].public = public.map(PublicAddress::AutoAssigned);
        interface.primary().expect("an address")
    }

    fn set(&mut self, vpc: VpcId, attribute: VpcAttribute) {
        self.world.run(|network, cx| network.modify_vpc(cx, vpc, attribute)).expect("the attribute");
    }

    fn peer(&mut self, dns: [bool; 2]) {
        let [vpc, peer_vpc] = self.vpcs;
        let request = PeeringRequest { vpc, peer_vpc, peer: self.world.scope, tags: Tags::new() };
        let id = self.world.run(|network, cx| network.request_peering(cx, request)).expect("a request");
        self.world.run(|network, cx| network.accept_peering(cx, id)).expect("a peering");
        let dns = PeeringDns { requester: Some(dns[0]), accepter: Some(dns[1]) };
        self.world.run(|network, cx| network.set_peering_dns(cx, id, dns)).expect("the option");
    }

    /// The address that the first or second VPC is answered for a name.
    fn a(&self, place: usize, name: &str) -> Option<Ipv4Addr> {
        address(&self.answer(Asker::Vpc(self.vpcs[place]), name, Kind::A))
    }

    fn answer(&self, asker: Asker, name: &str, kind: Kind) -> Answer {
        Names::of(&self.world.network).answer(asker, name, kind)
    }
}

fn address(answer: &Answer) -> Option<Ipv4Addr> {
    match answer {
        Answer::Records(records) => match records[..] {
            [Record::Address(IpAddr::V4(address))] => Some(address),
            _ => None,
        },
        Answer::NoName => None,
    }
}

fn private(address: Ipv4Addr) -> String {
    name::private("us-east-1".parse().expect("a region"), address)
}

#[test]
fn private_names_are_answered_in_their_vpc_only() {
    let pair = Pair::new();
    let (own, other) = (private(pair.addresses[0]), private(pair.addresses[1]));
    assert_eq!(pair.a(0, &own), Some(pair.addresses[0]));
    assert_eq!(pair.answer(Asker::Vpc(pair.vpcs[0]), &other, Kind::A), Answer::NoName);
    assert_eq!(pair.answer(Asker::Internet, &own, Kind::A), Answer::NoName);
    assert_eq!(pair.a(0, &own.replace("ec2.internal", "eu-west-1.compute.internal")), None);
    assert_eq!(pair.a(0, "ip-10-1-0-200.ec2.internal"), None);
}

#[test]
fn a_name_without_records_of_the_type_has_no_data() {
    let pair = Pair::new();
    let own = private(pair.addresses[0]);
    for kind in [Kind::Aaaa, Kind::Ptr, Kind::Other] {
        assert_eq!(pair.answer(Asker::Vpc(pair.vpcs[0]), &own, kind), Answer::Records(Vec::new()));
    }
}

#[test]
fn names_need_both_attributes() {
    let mut pair = Pair::new();
    let own = private(pair.addresses[1]);
    pair.set(pair.vpcs[1], VpcAttribute::DnsHostnames(false));
    assert_eq!(pair.a(1, &own), None);
    assert_eq!(pair.answer(Asker::Internet, PUBLIC_NAME, Kind::A), Answer::NoName);
    pair.set(pair.vpcs[1], VpcAttribute::DnsHostnames(true));
    assert_eq!(pair.a(1, &own), Some(pair.addresses[1]));
    pair.set(pair.vpcs[1], VpcAttribute::DnsSupport(false));
    assert_eq!(pair.a(1, &own), None);
}

#[test]
fn public_names_are_private_addresses_inside_and_public_ones_outside() {
    let pair = Pair::new();
    assert_eq!(pair.a(1, PUBLIC_NAME), Some(pair.addresses[1]));
    assert_eq!(pair.a(0, PUBLIC_NAME), Some(PUBLIC));
    assert_eq!(address(&pair.answer(Asker::Internet, PUBLIC_NAME, Kind::A)), Some(PUBLIC));
    let unknown = "ec2-54-208-0-6.compute-1.amazonaws.com";
    assert_eq!(pair.answer(Asker::Internet, unknown, Kind::A), Answer::NoName);
}

#[test]
fn the_accepters_option_answers_private_addresses_to_the_requester() {
    for (dns, expected) in [([false, false], PUBLIC), ([true, false], PUBLIC)] {
        let mut pair = Pair::new();
        pair.peer(dns);
        assert_eq!(pair.a(0, PUBLIC_NAME), Some(expected), "{dns:?}");
    }
    let mut pair = Pair::new();
    pair.peer([false, true]);
    assert_eq!(pair.a(0, PUBLIC_NAME), Some(pair.addresses[1]));
}

#[test]
fn private_names_of_a_peer_are_answered_without_the_option_if_rfc_1918() {
    let mut pair = Pair::new();
    pair.peer([false, false]);
    assert_eq!(pair.a(0, &private(pair.addresses[1])), Some(pair.addresses[1]));
    let mut pair = Pair::of(["10.1.0.0/16", "100.64.0.0/16"]);
    pair.peer([false, false]);
    assert_eq!(pair.a(0, &private(pair.addresses[1])), None);
    let mut pair = Pair::of(["10.1.0.0/16", "100.64.0.0/16"]);
    pair.peer([false, true]);
    assert_eq!(pair.a(0, &private(pair.addresses[1])), Some(pair.addresses[1]));
}

#[test]
fn addresses_have_names() {
    let pair = Pair::new();
    let ptr = |asker, address| pair.answer(asker, &name::reverse(IpAddr::V4(address)), Kind::Ptr);
    let named = |name: &str| Answer::Records(vec![Record::Name(name.to_owned())]);
    let own = Asker::Vpc(pair.vpcs[0]);
    assert_eq!(ptr(own, pair.addresses[0]), named(&private(pair.addresses[0])));
    assert_eq!(ptr(own, pair.addresses[1]), Answer::NoName);
    assert_eq!(ptr(own, PUBLIC), named(PUBLIC_NAME));
    assert_eq!(ptr(Asker::Internet, PUBLIC), named(PUBLIC_NAME));
    assert_eq!(ptr(Asker::Internet, pair.addresses[0]), Answer::NoName);
}

#[test]
fn resource_names_follow_the_subnets_options() {
    let mut resource = Resource {
        vpc: "vpc-00000001".parse().expect("an id"),
        ipv4: Some(Ipv4Addr::new(10, 1, 0, 4)),
        ipv6: Some(Ipv6Addr::LOCALHOST),
        host_names: HostNames { a_record: true, ..HostNames::default() },
    };
    let records =
        |address: &[IpAddr]| Answer::Records(address.iter().copied().map(Record::Address).collect());
    assert_eq!(resource.answer(Kind::A), records(&[IpAddr::from([10, 1, 0, 4])]));
    assert_eq!(resource.answer(Kind::Aaaa), records(&[]));
    resource.host_names = HostNames { aaaa_record: true, ..HostNames::default() };
    assert_eq!(resource.answer(Kind::A), records(&[]));
    assert_eq!(resource.answer(Kind::Aaaa), records(&[IpAddr::V6(Ipv6Addr::LOCALHOST)]));
}

#[test]
fn names_of_the_internet_have_documentation_addresses() {
    let pair = Pair::new();
    let own = Asker::Vpc(pair.vpcs[0]);
    let ranges = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
        .map(|block| block.parse::<Cidr4>().expect("a block"));
    for name in ["example.com", "www.example.com", "a.b.c.org"] {
        let found = address(&pair.answer(own, name, Kind::A)).expect("an address");
        assert!(ranges.iter().any(|block| block.contains(found)), "{name} {found}");
        assert_eq!(pair.answer(Asker::Internet, name, Kind::A), pair.answer(own, name, Kind::A));
        assert_ne!(pair.answer(own, name, Kind::Aaaa), Answer::Records(Vec::new()));
    }
    for name in ["example", "nowhere.example", "a.invalid", "x..com", "foo.local", "10.0.0.1", "a b.com"] {
        assert_eq!(pair.answer(own, name, Kind::A), Answer::NoName, "{name}");
    }
}

#[test]
fn the_root_is_there_without_records() {
    let pair = Pair::new();
    for asker in [Asker::Vpc(pair.vpcs[0]), Asker::Internet] {
        assert_eq!(pair.answer(asker, "", Kind::A), Answer::Records(Vec::new()));
    }
}

#[test]
fn instance_data_leads_to_the_metadata() {
    let pair = Pair::new();
    assert_eq!(pair.a(0, "instance-data.ec2.internal"), Some(Ipv4Addr::new(169, 254, 169, 254)));
    assert_eq!(pair.answer(Asker::Internet, "instance-data.ec2.internal", Kind::A), Answer::NoName);
}

#[test]
fn negative_answers_name_the_domain() {
    assert_eq!(Names::domain_of("x.y.ec2.internal"), Some("ec2.internal"));
    assert_eq!(Names::domain_of("x.eu-west-1.compute.internal"), Some("eu-west-1.compute.internal"));
    assert_eq!(Names::domain_of("example.com"), None);
}
