//! Random commands keep every invariant, and a refused command changes nothing.

mod members;

use crate::acl::AclEntry;
use crate::group::Direction;
use crate::protocol::Traffic;
use crate::route::{Associated, Destination, Target};
use crate::subnet::{NewSubnet, SubnetAttribute};
use crate::testing::World;
use crate::vpc::{NewVpc, VpcAttribute};
use crate::{Cidr, Cidr4, Cx, Id, Ids, Limits, Network, Refused, Resource, Table, Tags, ZoneName};
use proptest::prelude::*;

/// A command with places instead of ids: the resource at that place (modulo their number) is meant, or a made-up one.
#[derive(Clone, Debug)]
enum Command {
    CreateVpc(Cidr4, bool),
    CreateDefaultVpc,
    CreateDefaultSubnet(usize),
    ModifyVpc(usize, bool, bool),
    DeleteVpc(usize),
    AddBlock(usize, Cidr4),
    AddIpv6Block(usize),
    RemoveBlock(usize, usize),
    CreateSubnet(usize, Cidr4, usize),
    AddSubnetBlock(usize),
    RemoveSubnetBlock(usize),
    ModifySubnet(usize, bool),
    DeleteSubnet(usize),
    CreateGateway,
    Attach(usize, usize),
    Detach(usize, usize),
    DeleteGateway(usize),
    CreateTable(usize),
    DeleteTable(usize),
    CreateRoute(usize, Cidr4, usize),
    ReplaceRoute(usize, Cidr4, usize),
    DeleteRoute(usize, Cidr4),
    AssociateSubnet(usize, usize),
    AssociateGateway(usize, usize),
    Disassociate(usize, usize),
    ReplaceAssociation(usize, usize, usize),
    CreateAcl(usize),
    DeleteAcl(usize),
    CreateEntry(usize, u16),
    ReplaceEntry(usize, u16),
    DeleteEntry(usize, u16),
    ReplaceAclAssociation(usize, usize),
}

/// The place that names nothing; places below it name something if there is anything.
const NOWHERE: usize = 15;

/// The id at a place of a table, or one that no resource has.
fn pick<R: Resource<Key: Id>>(table: &Table<R>, place: usize) -> R::Key {
    let found = table.iter().nth(place % table.len().max(1)).map(Resource::key);
    found.filter(|_| place != NOWHERE).unwrap_or_else(|| Ids::new(999).fresh())
}

fn table_association(network: &Network, table: usize, place: usize) -> crate::RouteAssociationId {
    let table = network.route_tables.iter().nth(table % network.route_tables.len().max(1));
    let ids = table.map(|table| table.main.into_iter().chain(table.associations.iter().map(|held| held.id)));
    ids.and_then(|ids| ids.cycle().nth(place)).unwrap_or_else(|| Ids::new(999).fresh())
}

fn apply(network: &mut Network, cx: &mut Cx, command: Command) -> Result<(), Refused> {
    use Command::*;
    let entry = |number| AclEntry {
        number,
        direction: Direction::Egress,
        traffic: Traffic::All,
        cidr: Cidr4::ALL.into(),
        allow: number % 200 == 0,
    };
    let zone =
        |place: usize| ZoneName::new(cx.scope.region, ['a', 'b', 'c', 'd'][place % 4]).expect("a letter");
    match command {
        CreateVpc(cidr, ipv6) => {
            let new = NewVpc { cidr, ipv6, tenancy: "default".to_owned(), tags: Tags::new() };
            network.create_vpc(cx, new).map(drop)
        }
        CreateDefaultVpc => network.create_default_vpc(cx).map(drop),
        CreateDefaultSubnet(place) => {
            let zone = zone(place);
            network.create_default_subnet(cx, zone).map(drop)
        }
        ModifyVpc(vpc, names, on) => {
            let attribute = if names { VpcAttribute::DnsHostnames(on) } else { VpcAttribute::DnsSupport(on) };
            network.modify_vpc(cx, pick(&network.vpcs, vpc), attribute)
        }
        DeleteVpc(vpc) => network.delete_vpc(cx, pick(&network.vpcs, vpc)),
        AddBlock(vpc, cidr) => network.add_vpc_block(cx, pick(&network.vpcs, vpc), cidr).map(drop),
        AddIpv6Block(vpc) => network.add_vpc_ipv6_block(cx, pick(&network.vpcs, vpc)).map(drop),
        RemoveBlock(vpc, place) => {
            let vpc = network.vpcs.iter().nth(vpc % network.vpcs.len().max(1));
            let blocks = |vpc: &crate::vpc::Vpc| {
                vpc.cidrs
                    .iter()
                    .map(|held| held.id)
                    .chain(vpc.ipv6_cidrs.iter().map(|held| held.id))
                    .collect()
            };
            let blocks: Vec<_> = vpc.map(blocks).unwrap_or_default();
            let id = blocks.into_iter().cycle().nth(place).unwrap_or_else(|| Ids::new(999).fresh());
            network.remove_vpc_block(cx, id).map(drop)
        }
        CreateSubnet(vpc, cidr, place) => {
            let (vpc, zone) = (pick(&network.vpcs, vpc), Some(zone(place)));
            let new = NewSubnet { vpc, zone, cidr: Some(cidr), ipv6_cidr: None, tags: Tags::new() };
            network.create_subnet(cx, new).map(drop)
        }
        AddSubnetBlock(subnet) => {
            let id = pick(&network.subnets, subnet);
            let vpc = network.subnets.get(&id).and_then(|subnet| network.vpcs.get(&subnet.vpc));
            let block = vpc.and_then(|vpc| vpc.ipv6_cidrs.first()).map(|held| held.cidr.network());
            let block = crate::Cidr6::new(block.unwrap_or(std::net::Ipv6Addr::LOCALHOST), 64).expect("a /64");
            network.add_subnet_block(cx, id, block).map(drop)
        }
        RemoveSubnetBlock(subnet) => {
            let subnet = network.subnets.get(&pick(&network.subnets, subnet));
            let held = subnet.and_then(|subnet| subnet.ipv6_cidr.as_ref()).map(|held| held.id);
            network.remove_subnet_block(cx, held.unwrap_or_else(|| Ids::new(999).fresh())).map(drop)
        }
        ModifySubnet(subnet, on) => {
            network.modify_subnet(cx, pick(&network.subnets, subnet), SubnetAttribute::AssignIpv6(on))
        }
        DeleteSubnet(subnet) => network.delete_subnet(cx, pick(&network.subnets, subnet)),
        CreateGateway => network.create_internet_gateway(cx, Tags::new()).map(drop),
        Attach(gateway, vpc) => {
            let (gateway, vpc) = (pick(&network.internet_gateways, gateway), pick(&network.vpcs, vpc));
            network.attach_internet_gateway(cx, gateway, vpc)
        }
        Detach(gateway, vpc) => {
            let (gateway, vpc) = (pick(&network.internet_gateways, gateway), pick(&network.vpcs, vpc));
            network.detach_internet_gateway(cx, gateway, vpc)
        }
        DeleteGateway(gateway) => {
            network.delete_internet_gateway(cx, pick(&network.internet_gateways, gateway))
        }
        CreateTable(vpc) => network.create_route_table(cx, pick(&network.vpcs, vpc), Tags::new()).map(drop),
        DeleteTable(table) => network.delete_route_table(cx, pick(&network.route_tables, table)),
        CreateRoute(table, cidr, gateway) => {
            let target = Target::InternetGateway(pick(&network.internet_gateways, gateway));
            let destination = Destination::Cidr(Cidr::V4(cidr));
            network.create_route(cx, pick(&network.route_tables, table), destination, target)
        }
        ReplaceRoute(table, cidr, gateway) => {
            let target = match gateway % 4 {
                0 => Target::Local,
                _ => Target::InternetGateway(pick(&network.internet_gateways, gateway)),
            };
            let destination = Destination::Cidr(Cidr::V4(cidr));
            network.replace_route(cx, pick(&network.route_tables, table), destination, target)
        }
        DeleteRoute(table, cidr) => {
            let destination = Destination::Cidr(Cidr::V4(cidr));
            network.delete_route(cx, pick(&network.route_tables, table), destination)
        }
        AssociateSubnet(table, subnet) => {
            let with = Associated::Subnet(pick(&network.subnets, subnet));
            network.associate_route_table(cx, pick(&network.route_tables, table), with).map(drop)
        }
        AssociateGateway(table, gateway) => {
            let with = Associated::InternetGateway(pick(&network.internet_gateways, gateway));
            network.associate_route_table(cx, pick(&network.route_tables, table), with).map(drop)
        }
        Disassociate(table, place) => {
            let id = table_association(network, table, place);
            network.disassociate_route_table(cx, id)
        }
        ReplaceAssociation(table, place, other) => {
            let id = table_association(network, table, place);
            network.replace_route_table_association(cx, id, pick(&network.route_tables, other)).map(drop)
        }
        CreateAcl(vpc) => network.create_acl(cx, pick(&network.vpcs, vpc), Tags::new()).map(drop),
        DeleteAcl(acl) => network.delete_acl(cx, pick(&network.acls, acl)),
        CreateEntry(acl, number) => network.create_acl_entry(cx, pick(&network.acls, acl), entry(number)),
        ReplaceEntry(acl, number) => network.replace_acl_entry(cx, pick(&network.acls, acl), entry(number)),
        DeleteEntry(acl, number) => {
            network.delete_acl_entry(cx, pick(&network.acls, acl), Direction::Egress, number)
        }
        ReplaceAclAssociation(subnet, acl) => {
            let subnet = network.subnets.get(&pick(&network.subnets, subnet));
            let id = subnet.map_or_else(|| Ids::new(999).fresh(), |subnet| subnet.acl_association);
            network.replace_acl_association(cx, id, pick(&network.acls, acl)).map(drop)
        }
    }
}

/// Blocks that often meet: mostly in 10.0.0.0/16, with prefixes about the bounds.
fn block() -> impl Strategy<Value = Cidr4> {
    let home = Just([10, 0]);
    let away =
        prop::sample::select(vec![[10, 1], [10, 2], [172, 31], [192, 168], [100, 64], [169, 254], [0, 0]]);
    let prefix = prop::sample::select(vec![0u8, 15, 16, 16, 17, 20, 24, 24, 24, 28, 29]);
    (prop_oneof![2 => home, 1 => away], 0u8..4, prefix)
        .prop_map(|([a, b], c, prefix)| Cidr4::new([a, b, c * 16, 0].into(), prefix).expect("at most 29"))
}

/// A world with something of everything, under quotas that are soon reached.
fn furnished() -> World {
    let mut world = World::new();
    for cidr in ["10.0.0.0/16", "10.1.0.0/16"] {
        let vpc = world.vpc(cidr);
        let table =
            world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new())).expect("a table");
        let acl = world.run(|network, cx| network.create_acl(cx, vpc, Tags::new()));
        assert!(acl.is_ok());
        let subnet = world.subnet(vpc, &cidr.replace("0.0/16", "48.0/24"));
        let with = Associated::Subnet(subnet);
        world.run(|network, cx| network.associate_route_table(cx, table, with)).expect("an association");
        let gateway =
            world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
        world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("it attaches");
    }
    world.network.limits = Limits { vpcs: 5, subnets_per_vpc: 4, routes_per_table: 3, ..Limits::default() };
    world
}

fn command() -> impl Strategy<Value = Command> {
    use Command::*;
    let at = || 0..=NOWHERE;
    let vpcs = prop_oneof![
        4 => (block(), any::<bool>()).prop_map(|(cidr, ipv6)| CreateVpc(cidr, ipv6)),
        1 => Just(CreateDefaultVpc),
        1 => at().prop_map(CreateDefaultSubnet),
        1 => (at(), any::<bool>(), any::<bool>()).prop_map(|(vpc, names, on)| ModifyVpc(vpc, names, on)),
        2 => at().prop_map(DeleteVpc),
        3 => (at(), block()).prop_map(|(vpc, cidr)| AddBlock(vpc, cidr)),
        1 => at().prop_map(AddIpv6Block),
        2 => (at(), at()).prop_map(|(vpc, place)| RemoveBlock(vpc, place)),
    ];
    let subnets = prop_oneof![
        5 => (at(), block(), at()).prop_map(|(vpc, cidr, zone)| CreateSubnet(vpc, cidr, zone)),
        1 => at().prop_map(AddSubnetBlock),
        1 => at().prop_map(RemoveSubnetBlock),
        1 => (at(), any::<bool>()).prop_map(|(subnet, on)| ModifySubnet(subnet, on)),
        1 => at().prop_map(DeleteSubnet),
    ];
    let gateways = prop_oneof![
        Just(CreateGateway),
        (at(), at()).prop_map(|(gateway, vpc)| Attach(gateway, vpc)),
        (at(), at()).prop_map(|(gateway, vpc)| Detach(gateway, vpc)),
        at().prop_map(DeleteGateway),
    ];
    let tables = prop_oneof![
        at().prop_map(CreateTable),
        at().prop_map(DeleteTable),
        (at(), block(), at()).prop_map(|(table, cidr, to)| CreateRoute(table, cidr, to)),
        (at(), block(), at()).prop_map(|(table, cidr, to)| ReplaceRoute(table, cidr, to)),
        (at(), block()).prop_map(|(table, cidr)| DeleteRoute(table, cidr)),
        (at(), at()).prop_map(|(table, subnet)| AssociateSubnet(table, subnet)),
        (at(), at()).prop_map(|(table, gateway)| AssociateGateway(table, gateway)),
        (at(), at()).prop_map(|(table, place)| Disassociate(table, place)),
        (at(), at(), at()).prop_map(|(table, place, other)| ReplaceAssociation(table, place, other)),
    ];
    let acls = prop_oneof![
        at().prop_map(CreateAcl),
        at().prop_map(DeleteAcl),
        (at(), 0u16..4).prop_map(|(acl, number)| CreateEntry(acl, number * 100)),
        (at(), 0u16..4).prop_map(|(acl, number)| ReplaceEntry(acl, number * 100)),
        (at(), 0u16..4).prop_map(|(acl, number)| DeleteEntry(acl, number * 100)),
        (at(), at()).prop_map(|(subnet, acl)| ReplaceAclAssociation(subnet, acl)),
    ];
    prop_oneof![3 => vpcs, 3 => subnets, 2 => gateways, 3 => tables, 2 => acls]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// `World::run` checks the invariants after each command, and that nothing has changed after a refusal.
    #[test]
    fn random_commands_keep_invariants(commands in prop::collection::vec(command(), 1..100)) {
        let mut world = furnished();
        for command in commands {
            let _ = world.run(|network, cx| apply(network, cx, command));
        }
    }
}

#[test]
fn a_broken_invariant_is_named() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/24");
    let mut double = world.network.subnets.get(&subnet).expect("it was just made").clone();
    double.id = Ids::new(5).fresh();
    world.network.subnets.insert(double);
    assert_eq!(world.network.check_invariants().map_err(|broken| broken.invariant), Err("N-1"));
}
