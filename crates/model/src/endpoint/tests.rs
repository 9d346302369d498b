//! Endpoints: their routes, interfaces, names, states and what they refuse.

use super::*;
use crate::dns::{Answer, Asker, Kind, Record};
use crate::testing::World;
use crate::vpc::VpcAttribute;
use crate::{Missing, PrefixListId, RouteTableId};
use std::net::{IpAddr, Ipv4Addr};

const S3: &str = "com.amazonaws.us-east-1.s3";
const EC2: &str = "com.amazonaws.us-east-1.ec2";

/// A VPC with DNS names, two subnets of one zone and one of another, a table and a group.
struct Lab {
    world: World,
    vpc: VpcId,
    subnets: Vec<SubnetId>,
    table: RouteTableId,
    group: GroupId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let on = VpcAttribute::DnsHostnames(true);
    world.run(|network, cx| network.modify_vpc(cx, vpc, on)).expect("names can be on");
    let mut subnets = Vec::new();
    for (cidr, zone) in [("10.0.1.0/24", 'a'), ("10.0.2.0/24", 'a'), ("10.0.3.0/24", 'b')] {
        let new = crate::subnet::NewSubnet {
            vpc,
            zone: ZoneName::new(world.scope.region, zone),
            cidr: Some(cidr.parse().expect("a block")),
            ipv6_cidr: None,
            tags: Tags::new(),
        };
        subnets.push(world.run(|network, cx| network.create_subnet(cx, new)).expect("a subnet"));
    }
    let table = world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new())).expect("a table");
    let new = crate::group::NewGroup {
        vpc,
        name: "own".to_owned(),
        description: "own".to_owned(),
        tags: Tags::new(),
    };
    let group = world.run(|network, cx| network.create_group(cx, new)).expect("a group");
    Lab { world, vpc, subnets, table, group }
}

impl Lab {
    #[track_caller]
    fn create(&mut self, service: &str, kind: NewKind) -> Result<VpcEndpointId, Refused> {
        let (vpc, service) = (self.vpc, service.to_owned());
        let new = NewEndpoint { vpc, service, kind, policy: None, tags: Tags::new() };
        self.world.run(|network, cx| network.create_endpoint(cx, new))
    }

    #[track_caller]
    fn modify(&mut self, id: VpcEndpointId, change: EndpointChange) -> Result<(), Refused> {
        self.world.run(|network, cx| network.modify_endpoint(cx, id, change))
    }

    fn delete(&mut self, id: VpcEndpointId) -> Result<(), Refused> {
        self.world.run(|network, cx| network.delete_endpoint(cx, id))
    }

    fn list(&self) -> PrefixListId {
        aws::of_service(self.world.scope.region, "s3").expect("the list of S3").id
    }

    fn interface_kind(&self, subnets: &[usize]) -> NewKind {
        NewKind::Interface {
            subnets: subnets.iter().map(|place| (self.subnets[*place], None)).collect(),
            groups: vec![self.group],
            options: AddressOptions::default(),
        }
    }

    /// One in `subnets` with these options.
    fn with(&self, subnets: &[usize], options: AddressOptions) -> NewKind {
        let subnets = subnets.iter().map(|place| (self.subnets[*place], None)).collect();
        NewKind::Interface { subnets, groups: vec![self.group], options }
    }

    fn endpoint(&self, id: VpcEndpointId) -> &VpcEndpoint {
        self.world.network.endpoints.get(&id).expect("the endpoint")
    }

    fn tables(&self, id: VpcEndpointId) -> Vec<RouteTableId> {
        self.world.network.endpoint_tables(id).collect()
    }

    /// The names of an endpoint without its id and label, and their addresses.
    fn names(&self, id: VpcEndpointId) -> Vec<String> {
        let endpoint = self.endpoint(id);
        let label = &endpoint.interface_endpoint().expect("an interface endpoint").label;
        let names = self.world.network.endpoint_names(endpoint);
        let line = |name: &names::EndpointName| {
            let short = name.name.replace(&format!("{id}-{label}"), "ID");
            format!("{short} {:?} {}", name.addresses, name.is_private)
        };
        names.iter().map(line).collect()
    }
}

#[test]
fn a_gateway_endpoint_puts_its_routes_in_and_takes_them_out() {
    let mut lab = lab();
    let (table, list) = (lab.table, lab.list());
    let id = lab.create(S3, NewKind::Gateway(vec![table])).expect("an endpoint");
    assert_eq!(lab.tables(id), [table]);
    let taken = Err(EndpointRefusal::TableHasRoute(table, list).into());
    assert_eq!(lab.create(S3, NewKind::Gateway(vec![table])), taken);
    let own = EndpointRefusal::OwnRoute(table, list);
    let to = Destination::PrefixList(list);
    let outcome = lab.world.run(|network, cx| network.delete_route(cx, table, to));
    assert_eq!(outcome, Err(own.clone().into()));
    let outcome = lab.world.run(|network, cx| network.replace_route(cx, table, to, Target::Local));
    assert_eq!(outcome, Err(own.into()));
    let out = EndpointChange { removed_tables: vec![table], ..EndpointChange::default() };
    assert_eq!(lab.modify(id, out.clone()), Ok(()));
    assert_eq!(lab.tables(id), []);
    assert_eq!(lab.modify(id, out), Err(EndpointRefusal::NotInTable(id, table).into()));
    let back = EndpointChange { added_tables: vec![table], ..EndpointChange::default() };
    assert_eq!(lab.modify(id, back.clone()), Ok(()));
    assert_eq!(lab.modify(id, back), Err(EndpointRefusal::TableHasRoute(table, list).into()));
    let vpc = lab.vpc;
    let held = lab.world.run(|network, cx| network.delete_vpc(cx, vpc));
    assert_eq!(held, Err(crate::Held::Vpc(vpc).into()));
    assert_eq!(lab.delete(id), Ok(()));
    assert_eq!(lab.tables(id), []);
    assert_eq!(lab.delete(id), Err(Missing::VpcEndpoint(id).into()));
}

#[test]
fn deleting_a_table_ends_the_association_with_an_endpoint() {
    let mut lab = lab();
    let table = lab.table;
    let id = lab.create(S3, NewKind::Gateway(vec![table])).expect("an endpoint");
    assert_eq!(lab.world.run(|network, cx| network.delete_route_table(cx, table)), Ok(()));
    assert_eq!(lab.tables(id), []);
}

#[test]
fn an_endpoint_is_made_only_where_it_fits() {
    let mut lab = lab();
    let (table, group, subnet) = (lab.table, lab.group, lab.subnets[1]);
    let other = lab.world.vpc("10.9.0.0/16");
    let foreign = lab.world.network.default_group(other).expect("a default group").id;
    let no_service = |name: &str| Some(EndpointRefusal::NoSuchService(name.to_owned()));
    let quiet = AddressOptions { private_dns: Some(false), ..AddressOptions::default() };
    let with_groups = |groups| NewKind::Interface { subnets: Vec::new(), groups, options: quiet };
    let rows = [
        (
            "com.amazonaws.us-east-1.nothing",
            NewKind::Gateway(vec![]),
            no_service("com.amazonaws.us-east-1.nothing"),
        ),
        ("com.amazonaws.eu-west-1.s3", NewKind::Gateway(vec![]), no_service("com.amazonaws.eu-west-1.s3")),
        (
            EC2,
            NewKind::Gateway(vec![]),
            Some(EndpointRefusal::WrongType { given: "Gateway", available: vec!["Interface"] }),
        ),
        (EC2, lab.interface_kind(&[0, 1]), Some(EndpointRefusal::SameZone(subnet))),
        (
            EC2,
            with_groups(vec![foreign]),
            Some(EndpointRefusal::OtherNetwork { vpc: lab.vpc, resource: foreign.to_string() }),
        ),
        (EC2, with_groups(vec![group]), None),
        (S3, NewKind::Gateway(vec![table]), None),
    ];
    for (service, kind, refusal) in rows {
        let outcome = lab.create(service, kind.clone());
        assert_eq!(outcome.err(), refusal.map(Refused::from), "{service} {kind:?}");
    }
    lab.world.network.limits.gateway_endpoints = 1;
    lab.world.network.limits.interface_endpoints_per_vpc = 1;
    let outcome = lab.create(S3, NewKind::Gateway(vec![]));
    assert_eq!(outcome, Err(Limit::GatewayEndpoints.into()));
    let outcome = lab.create(EC2, with_groups(vec![]));
    assert_eq!(outcome, Err(Limit::InterfaceEndpoints.into()));
}

#[test]
fn an_interface_endpoint_has_an_interface_for_each_subnet() {
    let mut lab = lab();
    let id = lab.create(EC2, lab.interface_kind(&[0, 2])).expect("an endpoint");
    let own = lab.endpoint(id).interface_endpoint().expect("an interface endpoint").clone();
    let subnets: Vec<SubnetId> =
        own.interfaces.iter().map(|id| lab.world.network.interfaces.get(id).expect("one").subnet).collect();
    assert_eq!(subnets, [lab.subnets[0], lab.subnets[2]]);
    let first = lab.world.network.interfaces.get(&own.interfaces[0]).expect("one");
    assert_eq!((first.kind, &first.groups), (InterfaceKind::VpcEndpoint, &vec![lab.group]));
    assert_eq!(first.description, format!("VPC Endpoint Interface {id}"));
    assert_eq!(lab.world.network.endpoint_of_interface(first.id).map(|found| found.id), Some(id));
    let (interface, subnet, group) = (first.id, lab.subnets[0], lab.group);
    let outcome = lab.world.run(|network, cx| network.delete_interface(cx, interface));
    assert_eq!(outcome, Err(crate::interface::InterfaceRefusal::Managed(interface).into()));
    let outcome = lab.world.run(|network, cx| network.delete_subnet(cx, subnet));
    assert_eq!(outcome, Err(crate::Held::Subnet(subnet).into()));
    let outcome = lab.world.run(|network, cx| network.delete_group(cx, group));
    assert_eq!(outcome, Err(crate::Held::Group(group).into()));
}

#[test]
fn interfaces_go_with_their_endpoint() {
    let mut lab = lab();
    let id = lab.create(EC2, lab.interface_kind(&[0])).expect("an endpoint");
    assert_eq!(lab.world.network.next_step(), None);
    assert_eq!(lab.delete(id), Ok(()));
    assert!(lab.world.network.interfaces.is_empty() && lab.world.network.endpoints.is_empty());
    assert_eq!(lab.delete(id), Err(Missing::VpcEndpoint(id).into()));
}

/// Earlier versions kept a deleted endpoint for two seconds, and knew IPv4 only.
#[test]
fn endpoints_kept_by_earlier_versions_are_read() {
    let mut lab = lab();
    let id = lab.create(EC2, lab.interface_kind(&[0])).expect("an endpoint");
    let mut kept = serde_json::to_value(lab.endpoint(id)).expect("it can be written");
    let own = kept["kind"]["Interface"].as_object_mut().expect("an interface endpoint");
    for member in ["ip_address_type", "dns_record_ip_type", "private_dns_only_for_inbound"] {
        assert!(own.remove(member).is_some(), "{member}");
    }
    kept["deleted"] = serde_json::Value::Null;
    let mut network = Network::default();
    assert!(network.restore(VpcEndpoint::KIND, &kept.to_string()).expect("it can be read"));
    assert_eq!(network.endpoints.get(&id), Some(lab.endpoint(id)));
    kept["deleted"] = 5.into();
    lab.world.network.restore(VpcEndpoint::KIND, &kept.to_string()).expect("it can be read");
    lab.world.network.step(Timestamp(5));
    assert!(lab.world.network.interfaces.is_empty() && lab.world.network.endpoints.is_empty());
}

const ECR: &str = "com.amazonaws.us-east-1.ecr.dkr";
const DYNAMODB: &str = "com.amazonaws.us-east-1.dynamodb";

#[test]
fn services_with_both_types_leave_their_name_to_the_gateway_endpoint() {
    let mut lab = lab();
    let (vpc, kind) = (lab.vpc, lab.interface_kind(&[0]));
    let asked = |lab: &Lab, name: &str| {
        let names = crate::dns::Names::of(&lab.world.network);
        match names.answer(Asker::Vpc(lab.vpc), name, Kind::A) {
            Answer::Records(records) => records,
            Answer::NoName => Vec::new(),
        }
    };
    let refused = Err(EndpointRefusal::NeedsGatewayEndpoint(vpc).into());
    assert_eq!(lab.create(S3, kind.clone()), refused);
    let gateway = lab.create(S3, NewKind::Gateway(vec![])).expect("an endpoint");
    let id = lab.create(S3, kind).expect("an endpoint");
    assert_eq!(lab.delete(gateway), Err(EndpointRefusal::NameLeftToGateway(id).into()));
    let second = lab.create(S3, NewKind::Gateway(vec![])).expect("an endpoint");
    assert_eq!(lab.delete(second), Ok(()));
    let own = |lab: &Lab| lab.endpoint(id).interface_endpoint().expect("one").clone();
    assert!(own(&lab).private_dns_only_for_inbound);
    let private = [Record::Address(IpAddr::from([10, 0, 1, 4]))];
    let bucket = "logs.s3.us-east-1.amazonaws.com";
    assert_ne!(asked(&lab, bucket), private);
    // Names of the endpoint itself stand for all below.
    let label = own(&lab).label;
    assert_eq!(asked(&lab, &format!("bucket.{id}-{label}.s3.us-east-1.vpce.amazonaws.com")), private);
    let only = |on| {
        let options = AddressOptions { private_dns_only_for_inbound: Some(on), ..Default::default() };
        EndpointChange { options, ..EndpointChange::default() }
    };
    assert_eq!(lab.modify(id, only(false)), Ok(()));
    assert_eq!(lab.delete(gateway), Ok(()));
    for name in [bucket, "s3.us-east-1.amazonaws.com", "a.s3-accesspoint.us-east-1.amazonaws.com"] {
        assert_eq!(asked(&lab, name), private, "{name}");
    }
    // Others have no gateway endpoints to leave it to, or no name at all.
    let ecr = lab.create(ECR, lab.interface_kind(&[0])).expect("an endpoint");
    let registry = "111122223333.dkr.ecr.us-east-1.amazonaws.com";
    let first = lab.endpoint(ecr).interface_endpoint().expect("one").interfaces[0];
    let address = lab.world.network.interfaces.get(&first).and_then(Interface::primary).expect("one");
    assert_eq!(asked(&lab, registry), [Record::Address(address.into())]);
    assert_eq!(lab.modify(ecr, only(true)), Err(EndpointRefusal::WithoutGatewayType(ECR.to_owned()).into()));
    let on = AddressOptions { private_dns: Some(true), ..AddressOptions::default() };
    let none = Err(EndpointRefusal::NoPrivateName(DYNAMODB.to_owned()).into());
    assert_eq!(lab.create(DYNAMODB, lab.with(&[0], on)), none);
    let quiet = lab.create(DYNAMODB, lab.interface_kind(&[0])).expect("an endpoint");
    assert!(!lab.endpoint(quiet).interface_endpoint().expect("one").private_dns);
}

#[test]
fn a_gateway_endpoint_is_free_to_go_where_no_name_is_left_to_it() {
    let mut lab = lab();
    let gateway = lab.create(S3, NewKind::Gateway(vec![])).expect("an endpoint");
    let id = lab.create(S3, lab.interface_kind(&[0])).expect("an endpoint");
    let off = AddressOptions { private_dns: Some(false), ..AddressOptions::default() };
    assert_eq!(lab.modify(id, EndpointChange { options: off, ..EndpointChange::default() }), Ok(()));
    assert_eq!(lab.delete(gateway), Ok(()));
}

#[test]
fn families_of_addresses_follow_the_subnets_and_names_lead_to_them() {
    let mut lab = lab();
    let vpc = lab.vpc;
    lab.world.run(|network, cx| network.add_vpc_ipv6_block(cx, vpc).map(drop)).expect("a block");
    let block = lab.world.network.vpcs.get(&vpc).expect("the VPC").ipv6_cidrs[0].cidr;
    let subnet = lab.subnets[0];
    let first = crate::Cidr6::new(block.network(), 64).expect("a block");
    lab.world.run(|network, cx| network.add_subnet_block(cx, subnet, first).map(drop)).expect("a block");
    let family = |family| AddressOptions { ip_address_type: Some(family), ..AddressOptions::default() };
    for (places, wanted, subnet) in
        [(&[1][..], IpAddressType::Dualstack, lab.subnets[1]), (&[0], IpAddressType::Ipv6, lab.subnets[0])]
    {
        let refused = Err(EndpointRefusal::SubnetAddressType(subnet, wanted).into());
        assert_eq!(lab.create(EC2, lab.with(places, family(wanted))), refused);
    }
    let second = std::net::Ipv6Addr::from(u128::from(block.network()) + (1 << 64));
    let new = crate::subnet::NewSubnet {
        vpc,
        zone: ZoneName::new(lab.world.scope.region, 'c'),
        cidr: None,
        ipv6_cidr: crate::Cidr6::new(second, 64),
        tags: Tags::new(),
    };
    lab.subnets.push(lab.world.run(|network, cx| network.create_subnet(cx, new)).expect("a subnet"));
    let quiet = AddressOptions { private_dns: Some(false), ..family(IpAddressType::Ipv6) };
    let six_only = lab.create(EC2, lab.with(&[3], quiet)).expect("an endpoint");
    let names = lab.world.network.endpoint_names(lab.endpoint(six_only));
    assert_eq!(names[0].addresses.iter().map(IpAddr::is_ipv4).collect::<Vec<_>>(), [false]);
    let refused = Err(EndpointRefusal::SubnetAddressType(lab.subnets[3], IpAddressType::Ipv4).into());
    assert_eq!(lab.create(EC2, lab.with(&[3], AddressOptions::default())), refused);
    let id = lab.create(EC2, lab.with(&[0], family(IpAddressType::Dualstack))).expect("an endpoint");
    let own = lab.endpoint(id).interface_endpoint().expect("one");
    assert_eq!(own.dns_record_ip_type, DnsRecordIpType::Dualstack);
    let names = lab.world.network.endpoint_names(lab.endpoint(id));
    assert_eq!(names[0].addresses.iter().map(IpAddr::is_ipv4).collect::<Vec<_>>(), [true, false]);
    let records = |records| AddressOptions { dns_record_ip_type: Some(records), ..AddressOptions::default() };
    let change = |options| EndpointChange { options, ..EndpointChange::default() };
    assert_eq!(lab.modify(id, change(records(DnsRecordIpType::Ipv6))), Ok(()));
    let names = lab.world.network.endpoint_names(lab.endpoint(id));
    assert_eq!(names[0].addresses.iter().map(IpAddr::is_ipv4).collect::<Vec<_>>(), [false]);
    assert_eq!(lab.modify(id, change(family(IpAddressType::Ipv4))), Ok(()));
    let interface = lab.endpoint(id).interface_endpoint().expect("one").interfaces[0];
    assert!(lab.world.network.interfaces.get(&interface).expect("it").ipv6_addresses.is_empty());
    let (six, four) = (DnsRecordIpType::Ipv6, IpAddressType::Ipv4);
    let refused = Err(EndpointRefusal::RecordsWithoutAddresses(six, four).into());
    assert_eq!(lab.modify(id, change(records(six))), refused);
    assert_eq!(lab.modify(id, change(family(IpAddressType::Dualstack))), Ok(()));
    assert_eq!(lab.world.network.interfaces.get(&interface).expect("it").ipv6_addresses.len(), 1);
}

const POLICY: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*",
    "Condition":{"StringLike":{"aws:SourceVpc":"vpc-*"}}}}"#;

#[test]
fn subnets_groups_and_policy_of_an_endpoint_change() {
    let mut lab = lab();
    let (vpc, group) = (lab.vpc, lab.group);
    let id = lab.create(EC2, lab.interface_kind(&[0])).expect("an endpoint");
    let default = lab.world.network.default_group(vpc).expect("a default group").id;
    let change = EndpointChange {
        added_subnets: vec![(lab.subnets[1], Some(Ipv4Addr::new(10, 0, 2, 77)))],
        removed_subnets: vec![lab.subnets[0]],
        added_groups: vec![default],
        removed_groups: vec![group],
        policy: Some(Some(POLICY.to_owned())),
        ..EndpointChange::default()
    };
    assert_eq!(lab.modify(id, change), Ok(()));
    let own = lab.endpoint(id).interface_endpoint().expect("an interface endpoint");
    assert_eq!(own.groups, [default]);
    let interface = lab.world.network.interfaces.get(&own.interfaces[0]).expect("one");
    assert_eq!((interface.primary(), &interface.groups), (Some(Ipv4Addr::new(10, 0, 2, 77)), &vec![default]));
    assert_eq!(lab.endpoint(id).policy.as_deref(), Some(POLICY));
    let rows = [
        (
            EndpointChange { removed_subnets: vec![lab.subnets[0]], ..EndpointChange::default() },
            EndpointRefusal::NotInSubnet(id, lab.subnets[0]),
        ),
        (
            EndpointChange { added_subnets: vec![(lab.subnets[0], None)], ..EndpointChange::default() },
            EndpointRefusal::SameZone(lab.subnets[0]),
        ),
        (
            EndpointChange { removed_groups: vec![group], ..EndpointChange::default() },
            EndpointRefusal::WithoutGroup(id, group),
        ),
        (
            EndpointChange { removed_groups: vec![default], ..EndpointChange::default() },
            EndpointRefusal::LastGroup(id),
        ),
        (
            EndpointChange { added_tables: vec![lab.table], ..EndpointChange::default() },
            EndpointRefusal::NotOfType { member: "AddRouteTableIds", given: "Interface" },
        ),
        (
            EndpointChange { policy: Some(Some("{".to_owned())), ..EndpointChange::default() },
            EndpointRefusal::Policy,
        ),
        (
            EndpointChange { policy: Some(Some("[]".to_owned())), ..EndpointChange::default() },
            EndpointRefusal::Policy,
        ),
        (
            EndpointChange {
                policy: Some(Some(POLICY.replace(r#""Principal":"*","#, ""))),
                ..EndpointChange::default()
            },
            EndpointRefusal::PolicyGrammar("Missing required field Principal".to_owned()),
        ),
        (
            EndpointChange {
                policy: Some(Some(POLICY.replace("aws:SourceVpc", "aws:PrincipalOrgID"))),
                ..EndpointChange::default()
            },
            EndpointRefusal::PolicyKey("aws:PrincipalOrgID".to_owned()),
        ),
        (
            EndpointChange {
                policy: Some(Some(format!("{{\"x\":\"{}\"}}", "x".repeat(policy::POLICY_CHARS_MAX)))),
                ..EndpointChange::default()
            },
            EndpointRefusal::Policy,
        ),
    ];
    for (change, refusal) in rows {
        assert_eq!(lab.modify(id, change.clone()), Err(refusal.into()), "{change:?}");
    }
    let gateway = lab.create(S3, NewKind::Gateway(vec![])).expect("an endpoint");
    let on = AddressOptions { private_dns: Some(true), ..AddressOptions::default() };
    let foreign = EndpointChange { options: on, ..EndpointChange::default() };
    let refusal = EndpointRefusal::NotOfType { member: "PrivateDnsEnabled", given: "Gateway" };
    assert_eq!(lab.modify(gateway, foreign), Err(refusal.into()));
}

#[test]
fn names_lead_to_the_interfaces() {
    let mut lab = lab();
    let id = lab.create(EC2, lab.interface_kind(&[2, 0])).expect("an endpoint");
    assert_eq!(
        lab.names(id),
        [
            "ID.ec2.us-east-1.vpce.amazonaws.com [10.0.3.4, 10.0.1.4] false",
            "ID-us-east-1b.ec2.us-east-1.vpce.amazonaws.com [10.0.3.4] false",
            "ID-us-east-1a.ec2.us-east-1.vpce.amazonaws.com [10.0.1.4] false",
            "ec2.us-east-1.amazonaws.com [10.0.3.4, 10.0.1.4] true",
        ]
    );
    let elsewhere = lab.world.vpc("10.9.0.0/16");
    let both = vec![Ipv4Addr::new(10, 0, 3, 4), Ipv4Addr::new(10, 0, 1, 4)];
    let network = &lab.world.network;
    let own = network.endpoint_names(lab.endpoint(id))[0].name.clone();
    let resolver = crate::dns::Names::of(network);
    let asked = |vpc, name: &str| match resolver.answer(Asker::Vpc(vpc), name, Kind::A) {
        Answer::Records(records) => records,
        Answer::NoName => Vec::new(),
    };
    let records = |addresses: &[Ipv4Addr]| -> Vec<Record> {
        addresses.iter().map(|address| Record::Address((*address).into())).collect()
    };
    assert_eq!(asked(lab.vpc, "ec2.us-east-1.amazonaws.com"), records(&both));
    assert_ne!(asked(elsewhere, "ec2.us-east-1.amazonaws.com"), records(&both));
    assert_eq!(asked(elsewhere, &own), records(&both));
    let first = records(&[Ipv4Addr::new(54, 231, 0, 40)]);
    assert_eq!(asked(elsewhere, "s3.us-east-1.amazonaws.com"), first);
    for rest in ["s3", "s3.us-east-1", "s3.dualstack.us-east-1", "s3-us-east-1"] {
        assert_eq!(asked(elsewhere, &format!("{rest}.amazonaws.com")), first, "{rest}");
        assert_eq!(asked(elsewhere, &format!("my.bucket.{rest}.amazonaws.com")), first, "{rest}");
    }
    let western = asked(elsewhere, "s3.us-west-1.amazonaws.com");
    assert_ne!(western, first);
    for rest in ["s3-us-west-1", "bucket.s3-us-west-1", "bucket.s3.dualstack.us-west-1"] {
        assert_eq!(asked(elsewhere, &format!("{rest}.amazonaws.com")), western, "{rest}");
    }
    for rest in ["s4.us-east-1", "s4.dualstack.us-east-1", "xs3", "s3-nowhere"] {
        assert_ne!(asked(elsewhere, &format!("{rest}.amazonaws.com")), first, "{rest}");
    }
}

#[test]
fn private_names_need_both_attributes_and_are_given_once() {
    let mut lab = lab();
    let (vpc, kind) = (lab.vpc, lab.interface_kind(&[0]));
    let off = VpcAttribute::DnsHostnames(false);
    lab.world.run(|network, cx| network.modify_vpc(cx, vpc, off)).expect("names can be off");
    let refused = Err(EndpointRefusal::PrivateDnsNeedsAttributes(vpc).into());
    assert_eq!(lab.create(EC2, kind.clone()), refused);
    let on = VpcAttribute::DnsHostnames(true);
    lab.world.run(|network, cx| network.modify_vpc(cx, vpc, on)).expect("names can be on");
    let first = lab.create(EC2, kind.clone()).expect("an endpoint");
    let name = "ec2.us-east-1.amazonaws.com".to_owned();
    let taken = || Err(EndpointRefusal::PrivateDnsTaken { vpc, name: name.clone() }.into());
    assert_eq!(lab.create(EC2, kind), taken());
    let options = |on| AddressOptions { private_dns: Some(on), ..AddressOptions::default() };
    let second = lab.create(EC2, lab.with(&[0], options(false))).expect("an endpoint");
    let private = |on| EndpointChange { options: options(on), ..EndpointChange::default() };
    assert_eq!(lab.modify(second, private(true)), taken().map(|_: VpcEndpointId| ()));
    assert_eq!(lab.modify(first, private(true)), Ok(()));
    assert_eq!(lab.modify(first, private(false)), Ok(()));
    assert_eq!(lab.modify(second, private(true)), Ok(()));
}
