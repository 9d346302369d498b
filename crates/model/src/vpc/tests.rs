//! VPCs, their blocks, attributes, options and deletion.

use super::*;
use crate::dhcp::BadOption;
use crate::group::{Direction, Peer};
use crate::protocol::Traffic;
use crate::route::{Destination, RouteState, Target};
use crate::testing::World;
use crate::{Cidr, Limits, Missing, Timestamp};

fn new(cidr: &str) -> NewVpc {
    let cidr = cidr.parse().expect("a block");
    NewVpc { cidr, ipv6: false, tenancy: "default".to_owned(), tags: Tags::new() }
}

#[test]
fn a_vpc_has_16_to_28_bits_outside_reserved_ranges() {
    let rows = [
        ("10.0.0.0/16", true),
        ("10.0.0.0/28", true),
        ("100.64.0.0/16", true),
        ("54.0.0.0/16", true),
        ("10.0.0.0/15", false),
        ("10.0.0.0/29", false),
        ("10.0.0.0/8", false),
        ("0.0.0.0/16", false),
        ("127.0.0.0/16", false),
        ("169.254.0.0/16", false),
        ("169.254.8.0/24", false),
        ("224.0.0.0/16", false),
    ];
    for (cidr, is_allowed) in rows {
        let refused = Refused::VpcRange(cidr.parse().expect("a block"));
        let made = World::new().run(|network, cx| network.create_vpc(cx, new(cidr)));
        assert_eq!(made.err(), (!is_allowed).then_some(refused), "{cidr}");
    }
}

#[test]
fn a_vpc_comes_with_table_acl_group_and_options() {
    let mut world = World::new();
    let id = world.vpc("10.0.0.0/16");
    let network = &world.network;
    let table = network.main_table(id).expect("a main table");
    let routes: Vec<_> =
        network.routes(table).into_iter().map(|route| (route.destination, route.target)).collect();
    let block: Cidr = "10.0.0.0/16".parse().expect("a block");
    assert_eq!(routes, [(Destination::Cidr(block), Target::Local)]);

    let acl = network.default_acl(id).expect("a default ACL");
    let entries: Vec<_> =
        acl.entries.iter().map(|entry| (entry.direction, entry.number, entry.allow)).collect();
    assert_eq!(entries, [(Direction::Ingress, 100, true), (Direction::Egress, 100, true)]);

    let group = network.default_group(id).expect("a default group");
    assert_eq!(group.description, "default VPC security group");
    let itself = Peer::Group { group: group.id, account: world.scope.account, peering: None };
    let rules: Vec<_> = group.rules.iter().map(|rule| (rule.direction, rule.traffic, rule.peer)).collect();
    let anywhere = Peer::Cidr(Cidr4::ALL.into());
    assert_eq!(
        rules,
        [(Direction::Ingress, Traffic::All, itself), (Direction::Egress, Traffic::All, anywhere)]
    );

    let vpc = network.vpcs.get(&id).expect("the VPC");
    assert!(vpc.dns_support && !vpc.dns_hostnames && !vpc.is_default);
    let options = vpc.dhcp_options.and_then(|id| network.dhcp_options.get(&id)).expect("the default options");
    assert_eq!(
        options.options,
        [
            ("domain-name".to_owned(), vec!["ec2.internal".to_owned()]),
            ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
        ]
    );
}

#[test]
fn the_default_vpc_reaches_the_internet_from_each_zone() {
    let mut world = World::new();
    world.open_region();
    let network = &world.network;
    let vpc = network.default_vpc(world.scope).expect("a default VPC");
    assert_eq!((vpc.cidr().to_string().as_str(), vpc.dns_hostnames), ("172.31.0.0/16", true));
    let subnets: Vec<_> = network
        .subnets
        .iter()
        .map(|subnet| {
            (subnet.zone.to_string(), subnet.cidr.map(|cidr| cidr.to_string()), subnet.map_public_ip)
        })
        .collect();
    for (zone, cidr) in
        [("us-east-1a", "172.31.0.0/20"), ("us-east-1b", "172.31.16.0/20"), ("us-east-1c", "172.31.32.0/20")]
    {
        assert!(subnets.contains(&(zone.to_owned(), Some(cidr.to_owned()), true)), "{subnets:?}");
    }
    let gateway = network.internet_gateway_of(vpc.id).expect("an internet gateway").id;
    let routes = network.routes(network.main_table(vpc.id).expect("a main table"));
    let out = routes.iter().find(|route| route.destination == Destination::Cidr(Cidr4::ALL.into()));
    let out = out.expect("a default route");
    assert_eq!(out.target, Target::InternetGateway(gateway));
    assert_eq!(network.route_state(vpc.id, out), RouteState::Active);
}

#[test]
fn a_region_opens_once() {
    let mut world = World::new();
    world.open_region();
    assert_eq!(world.run(|network, cx| network.create_default_vpc(cx)), Err(Refused::DefaultVpcExists));
    let generation = world.network.generation();
    world.open_region();
    assert_eq!(world.network.generation(), generation);
}

#[test]
fn a_default_subnet_can_be_made_again() {
    let mut world = World::new();
    let zone: crate::ZoneName = "us-east-1b".parse().expect("a zone");
    let make = |network: &mut Network, cx: &mut Cx| network.create_default_subnet(cx, zone);
    assert_eq!(world.run(make), Err(Refused::DefaultVpcMissing));
    world.run(|network, cx| network.create_default_vpc(cx)).expect("a default VPC");
    let held = world.network.default_subnet(world.scope, zone).expect("a default subnet").id;
    assert_eq!(world.run(make), Err(Refused::DefaultSubnetExists(held, zone)));
    world.run(|network, cx| network.delete_subnet(cx, held)).expect("an empty subnet goes");
    let again = world.run(make).expect("a default subnet");
    let subnet = world.network.subnets.get(&again).expect("the subnet");
    assert_eq!(subnet.cidr.map(|cidr| cidr.to_string()).as_deref(), Some("172.31.16.0/20"));
    assert!(subnet.is_default && subnet.map_public_ip);
    let foreign = "us-east-1d".parse().expect("a zone");
    assert_eq!(
        world.run(|network, cx| network.create_default_subnet(cx, foreign)),
        Err(Refused::NoSuchZone(foreign))
    );
}

/// Adds `second` to a VPC of `first`.
#[track_caller]
fn check_second(first: &str, second: &str, refused: Option<fn(Cidr4) -> Refused>) {
    let mut world = World::new();
    let vpc = world.vpc(first);
    let cidr = second.parse().expect("a block");
    let added = world.run(|network, cx| network.add_vpc_block(cx, vpc, cidr));
    assert_eq!(added.err(), refused.map(|refused| refused(cidr)), "{first} and {second}");
}

#[test]
fn a_second_block_follows_the_rule_on_ranges() {
    let restricted: Option<fn(Cidr4) -> Refused> = Some(Refused::RestrictedRange);
    let rows = [
        ("10.2.0.0/16", "10.3.0.0/16", None),
        ("10.2.0.0/16", "10.0.0.0/16", None),
        ("10.1.0.0/16", "10.0.0.0/16", restricted),
        ("10.2.0.0/16", "172.16.0.0/16", restricted),
        ("10.2.0.0/16", "192.168.0.0/16", restricted),
        ("10.2.0.0/16", "198.19.0.0/16", restricted),
        ("10.2.0.0/16", "100.64.0.0/16", None),
        ("10.2.0.0/16", "54.0.0.0/16", None),
        ("172.16.0.0/16", "172.17.0.0/16", None),
        ("172.16.0.0/16", "172.31.0.0/16", restricted),
        ("172.16.0.0/16", "10.0.0.0/16", restricted),
        ("192.168.0.0/24", "192.168.1.0/24", None),
        ("192.168.0.0/24", "10.0.0.0/16", restricted),
        ("198.19.0.0/24", "198.19.1.0/24", None),
        ("198.19.0.0/24", "10.0.0.0/16", restricted),
        ("54.0.0.0/16", "54.1.0.0/16", None),
        ("54.0.0.0/16", "10.0.0.0/16", restricted),
        ("100.64.0.0/16", "192.168.0.0/16", restricted),
        ("10.2.0.0/16", "10.2.5.0/24", Some(Refused::BlockInUse)),
        ("10.2.0.0/16", "10.2.0.0/16", Some(Refused::BlockInUse)),
        ("10.2.0.0/16", "169.254.0.0/16", Some(Refused::VpcRange)),
        ("10.2.0.0/16", "10.3.0.0/29", Some(Refused::VpcRange)),
    ];
    for (first, second, refused) in rows {
        check_second(first, second, refused);
    }
}

#[test]
fn a_second_block_may_be_inside_a_route_but_not_hold_it() {
    let mut world = World::new();
    let vpc = world.vpc("10.2.0.0/16");
    let gateway =
        world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
    world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("it attaches");
    let table = world.network.main_table(vpc).expect("a main table").id;
    let to = Destination::Cidr("10.0.0.0/24".parse().expect("a block"));
    let target = Target::InternetGateway(gateway);
    world.run(|network, cx| network.create_route(cx, table, to, target)).expect("a route");
    for (block, is_allowed) in [("10.0.0.0/24", false), ("10.0.0.0/23", false), ("10.0.0.0/25", true)] {
        let cidr = block.parse().expect("a block");
        let added = world.run(|network, cx| network.add_vpc_block(cx, vpc, cidr));
        assert_eq!(added.err(), (!is_allowed).then_some(Refused::BlockInUse(cidr)), "{block}");
    }
}

#[test]
fn a_vpc_has_five_blocks_and_keeps_the_primary() {
    let mut world = World::new();
    let vpc = world.vpc("10.2.0.0/16");
    let blocks: Vec<Cidr4> =
        (3..8).map(|third| Cidr4::new([10, third, 0, 0].into(), 16).expect("a block")).collect();
    let add = |world: &mut World, cidr| world.run(|network, cx| network.add_vpc_block(cx, vpc, cidr));
    let added: Vec<_> = blocks[..4].iter().map(|cidr| add(&mut world, *cidr).expect("a block")).collect();
    assert_eq!(add(&mut world, blocks[4]), Err(Limit::CidrsPerVpc(vpc, 5).into()));

    world.subnet(vpc, "10.3.0.0/24");
    assert_eq!(
        world.run(|network, cx| network.remove_vpc_block(cx, added[0])),
        Err(Held::VpcCidr(vpc).into())
    );
    let removed =
        world.run(|network, cx| network.remove_vpc_block(cx, added[1])).expect("an unused block goes");
    assert_eq!(removed.cidr, Cidr::V4(blocks[1]));
    let primary = world.network.vpcs.get(&vpc).expect("the VPC").cidrs[0].id;
    let refused = Refused::PrimaryBlock(vpc, primary);
    assert_eq!(world.run(|network, cx| network.remove_vpc_block(cx, primary)), Err(refused));
    let gone = Refused::NotFound(Missing::VpcCidr(added[1]));
    assert_eq!(world.run(|network, cx| network.remove_vpc_block(cx, added[1])), Err(gone));
}

#[test]
fn ipv6_blocks_open_the_unedited_defaults() {
    let mut world = World::new();
    let (plain, edited) = (world.vpc("10.0.0.0/16"), world.vpc("10.1.0.0/16"));
    let acl = world.network.default_acl(edited).expect("a default ACL").id;
    world
        .run(|network, cx| network.delete_acl_entry(cx, acl, Direction::Ingress, 100))
        .expect("an entry goes");
    for vpc in [plain, edited] {
        world.run(|network, cx| network.add_vpc_ipv6_block(cx, vpc)).expect("an IPv6 block");
    }
    let numbers = |vpc| -> Vec<u16> {
        world
            .network
            .default_acl(vpc)
            .expect("a default ACL")
            .entries
            .iter()
            .map(|entry| entry.number)
            .collect()
    };
    assert_eq!((numbers(plain), numbers(edited)), (vec![100, 101, 100, 101], vec![100]));
    let rules = world.network.default_group(plain).expect("a default group").rules.len();
    assert_eq!(rules, 3);
    let blocks: Vec<_> = world.network.vpcs.iter().map(|vpc| vpc.ipv6_cidrs[0].cidr).collect();
    assert!(blocks.iter().all(|block| block.prefix() == 56) && !blocks[0].overlaps(blocks[1]), "{blocks:?}");
}

#[test]
fn a_block_of_the_pool_is_given_once() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let (scope, now) = (world.scope, world.now);
    // The same ids begin their search at the same place.
    let draw =
        |network: &Network| network.fresh_ipv6_block(&mut Cx { scope, now, ids: &mut crate::Ids::new(1) });
    let first = draw(&world.network);
    let held = CidrAssociation { id: crate::Ids::new(2).fresh(), cidr: first };
    world.network.vpcs.get_mut(&vpc).expect("the VPC").ipv6_cidrs.push(held);
    let second = draw(&world.network);
    assert_eq!(u128::from(second.network()) - u128::from(first.network()), 1 << (128 - 56));
}

#[test]
fn host_names_need_support() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let mut set = |attribute| world.run(|network, cx| network.modify_vpc(cx, vpc, attribute));
    assert_eq!(set(VpcAttribute::DnsHostnames(true)), Ok(()));
    assert_eq!(set(VpcAttribute::DnsHostnames(false)), Ok(()));
    assert_eq!(set(VpcAttribute::DnsSupport(false)), Ok(()));
    assert_eq!(set(VpcAttribute::DnsHostnames(true)), Err(Refused::HostnamesNeedDnsSupport(vpc)));
    assert_eq!(set(VpcAttribute::UsageMetrics(true)), Ok(()));
}

#[test]
fn a_vpc_goes_only_when_it_is_empty() {
    type Fill = fn(&mut World, VpcId);
    let fills: [Fill; 5] = [
        |_, _| {},
        |world, vpc| {
            world.subnet(vpc, "10.0.0.0/24");
        },
        |world, vpc| drop(world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new()))),
        |world, vpc| drop(world.run(|network, cx| network.create_acl(cx, vpc, Tags::new()))),
        |world, vpc| {
            let gateway =
                world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("one");
            world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("it attaches");
        },
    ];
    for (row, fill) in fills.into_iter().enumerate() {
        let mut world = World::new();
        let vpc = world.vpc("10.0.0.0/16");
        fill(&mut world, vpc);
        let deleted = world.run(|network, cx| network.delete_vpc(cx, vpc));
        assert_eq!(deleted, if row == 0 { Ok(()) } else { Err(Held::Vpc(vpc).into()) }, "row {row}");
        let left = (world.network.acls.len(), world.network.groups.len(), world.network.route_tables.len());
        assert_eq!(left == (0, 0, 0), row == 0, "row {row}: {left:?}");
    }
}

#[test]
fn peerings_end_with_the_vpc_but_a_foreign_request_holds_it() {
    let (waits, active) = (PeeringStatus::PendingAcceptance { expires: Timestamp(9) }, PeeringStatus::Active);
    let rows =
        [("111111111111", waits, true), ("222222222222", waits, false), ("222222222222", active, true)];
    for (requester, status, is_allowed) in rows {
        let mut world = World::new();
        let vpc = world.vpc("10.0.0.0/16");
        let id = peer(&mut world, requester, vpc, status);
        let deleted = world.run(|network, cx| network.delete_vpc(cx, vpc));
        assert_eq!(deleted.is_ok(), is_allowed, "{requester} {status:?}");
        let ended = PeeringStatus::Deleted { by: world.scope.account };
        let expected = if is_allowed { ended } else { status };
        assert_eq!(world.network.peerings.get(&id).map(|peering| peering.status), Some(expected));
    }
}

#[test]
fn a_request_that_has_lapsed_holds_no_vpc() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let id =
        peer(&mut world, "222222222222", vpc, PeeringStatus::PendingAcceptance { expires: Timestamp(9) });
    world.now = Timestamp(9);
    assert_eq!(world.run(|network, cx| network.delete_vpc(cx, vpc)), Ok(()));
    let status = world.network.peerings.get(&id).map(|peering| peering.status_at(world.now));
    assert_eq!(status, Some(PeeringStatus::Expired));
}

/// A peering asked for by a VPC of `requester` with 10.9.0.0/16.
fn peer(world: &mut World, requester: &str, accepter: VpcId, status: PeeringStatus) -> crate::PeeringId {
    use crate::peering::Side;
    let mut ids = crate::Ids::new(77);
    let side = |scope, vpc, cidrs| Side {
        scope,
        vpc,
        cidrs,
        ipv6_cidrs: Vec::new(),
        dns_resolution: false,
        tags: Tags::new(),
    };
    let home = std::mem::replace(&mut world.scope, crate::testing::scope(requester));
    let vpc = world.vpc("10.9.0.0/16");
    let requester = std::mem::replace(&mut world.scope, home);
    let requester = side(requester, vpc, Vec::new());
    let accepter = side(world.scope, accepter, Vec::new());
    let id = ids.fresh();
    world.network.peerings.insert(Peering { id, requester, accepter, status, status_since: Timestamp(0) });
    id
}

#[test]
fn a_block_of_an_active_peer_is_refused_and_fails_a_waiting_request() {
    let waits = PeeringStatus::PendingAcceptance { expires: Timestamp(9) };
    let cidr: Cidr4 = "10.9.1.0/24".parse().expect("a block");
    for (status, after) in [(PeeringStatus::Active, PeeringStatus::Active), (waits, PeeringStatus::Failed)] {
        let mut world = World::new();
        let vpc = world.vpc("10.2.0.0/16");
        let id = peer(&mut world, "222222222222", vpc, status);
        let added = world.run(|network, cx| network.add_vpc_block(cx, vpc, cidr));
        let refused = (status == PeeringStatus::Active).then_some(Refused::BlockInUse(cidr));
        assert_eq!(added.err(), refused);
        assert_eq!(world.network.peerings.get(&id).map(|peering| peering.status), Some(after));
    }
}

#[test]
fn dhcp_options_are_checked() {
    let bad_name = |name: &str| Some(BadOption::Name(name.to_owned()));
    let bad_count = |name: &str| Some(BadOption::Count(name.to_owned()));
    let bad_value = |name: &str, value: &str| Some(BadOption::Value(name.to_owned(), value.to_owned()));
    let rows: Vec<(&str, &[&str], Option<BadOption>)> = vec![
        ("domain-name", &["example.com"], None),
        ("domain-name-servers", &["AmazonProvidedDNS"], None),
        ("domain-name-servers", &["10.0.0.2", "10.0.0.3", "10.0.0.4", "fd00::1"], None),
        (
            "domain-name-servers",
            &["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"],
            bad_count("domain-name-servers"),
        ),
        ("ntp-servers", &["10.0.0.5"], None),
        ("ntp-servers", &["time.example"], bad_value("ntp-servers", "time.example")),
        ("netbios-name-servers", &[], bad_count("netbios-name-servers")),
        ("netbios-node-type", &["2"], None),
        ("netbios-node-type", &["3"], bad_value("netbios-node-type", "3")),
        (
            "ipv6-address-preferred-lease-time",
            &["139"],
            bad_value("ipv6-address-preferred-lease-time", "139"),
        ),
        ("routers", &["10.0.0.1"], bad_name("routers")),
    ];
    for (name, values, bad) in rows {
        let options = vec![(name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())];
        let made = World::new().run(|network, cx| network.create_dhcp_options(cx, options, Tags::new()));
        assert_eq!(made.err(), bad.map(Refused::DhcpOption), "{name}");
    }
}

#[test]
fn options_in_use_stay() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let default = world.network.vpcs.get(&vpc).and_then(|vpc| vpc.dhcp_options).expect("default options");
    let options = vec![("domain-name".to_owned(), vec!["example.com".to_owned()])];
    let own =
        world.run(|network, cx| network.create_dhcp_options(cx, options, Tags::new())).expect("options");
    world.run(|network, cx| network.associate_dhcp_options(cx, vpc, Some(own))).expect("they are associated");
    for held in [own, default] {
        let refused = Err(Held::DhcpOptions(held).into());
        assert_eq!(world.run(|network, cx| network.delete_dhcp_options(cx, held)), refused);
    }
    world.run(|network, cx| network.associate_dhcp_options(cx, vpc, None)).expect("none");
    assert_eq!(world.run(|network, cx| network.delete_dhcp_options(cx, own)), Ok(()));
}

#[test]
fn what_another_account_owns_does_not_exist() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    world.scope = crate::testing::scope("222222222222");
    let missing = Refused::NotFound(Missing::Vpc(vpc));
    assert_eq!(world.run(|network, cx| network.delete_vpc(cx, vpc)), Err(missing));
}

#[test]
fn quotas_hold() {
    let mut world = World::new();
    world.network.limits = Limits { vpcs: 1, internet_gateways: 1, ..Limits::default() };
    let vpc = world.vpc("10.0.0.0/16");
    assert_eq!(world.run(|network, cx| network.create_vpc(cx, new("10.1.0.0/16"))), Err(Limit::Vpcs.into()));
    assert_eq!(world.run(|network, cx| network.create_default_vpc(cx)), Err(Limit::Vpcs.into()));
    world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("one gateway");
    let more = world.run(|network, cx| network.create_internet_gateway(cx, Tags::new()));
    assert_eq!(more, Err(Limit::InternetGateways.into()));
    world.network.limits =
        Limits { subnets_per_vpc: 1, route_tables_per_vpc: 2, acls_per_vpc: 2, ..Limits::default() };
    world.subnet(vpc, "10.0.0.0/24");
    assert_eq!(world.try_subnet(vpc, "10.0.1.0/24"), Err(Limit::SubnetsPerVpc.into()));
    let mut table = || world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new())).map(drop);
    assert_eq!((table(), table()), (Ok(()), Err(Limit::RouteTablesPerVpc.into())));
    let mut acl = || world.run(|network, cx| network.create_acl(cx, vpc, Tags::new())).map(drop);
    assert_eq!((acl(), acl()), (Ok(()), Err(Limit::NetworkAclsPerVpc.into())));
}
