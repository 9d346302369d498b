//! Routes, route tables, associations and internet gateways.

use super::*;
use crate::interface::{Attachment, Interface, InterfaceKind};
use crate::peering::{Peering, Side};
use crate::refused::Stranger;
use crate::testing::World;
use crate::{Held, Ids, Limit, Limits, Missing, Refused, Timestamp};

/// A VPC 10.0.0.0/16 with a subnet 10.0.1.0/24, an attached gateway, an interface, and a table of its own.
struct Lab {
    world: World,
    vpc: VpcId,
    subnet: SubnetId,
    gateway: InternetGatewayId,
    interface: InterfaceId,
    table: RouteTableId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.1.0/24");
    let gateway =
        world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
    world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("it attaches");
    let table = world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new())).expect("a table");
    let interface = add_interface(&mut world, vpc, subnet);
    Lab { world, vpc, subnet, gateway, interface, table }
}

fn add_interface(world: &mut World, vpc: VpcId, subnet: SubnetId) -> InterfaceId {
    let mut ids = Ids::new(40 + world.network.interfaces.len() as u64);
    let id = ids.fresh();
    let attachment = Attachment {
        id: ids.fresh(),
        instance: None,
        device_index: 0,
        since: Timestamp(0),
        delete_on_termination: true,
    };
    let group = world.network.default_group(vpc).expect("a default group").id;
    world.network.interfaces.insert(Interface {
        id,
        scope: world.scope,
        vpc,
        subnet,
        addresses: Vec::new(),
        ipv6_addresses: Vec::new(),
        groups: vec![group],
        source_dest_check: false,
        tracking: Default::default(),
        attachment: Some(attachment),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, 1],
        tags: Tags::new(),
    });
    id
}

fn to(cidr: &str) -> Destination {
    Destination::Cidr(cidr.parse().expect("a block"))
}

impl Lab {
    #[track_caller]
    fn create(&mut self, destination: &str, target: Target) -> Result<(), Refused> {
        let table = self.table;
        self.world.run(|network, cx| network.create_route(cx, table, to(destination), target))
    }

    #[track_caller]
    fn replace(&mut self, destination: &str, target: Target) -> Result<(), Refused> {
        let table = self.table;
        self.world.run(|network, cx| network.replace_route(cx, table, to(destination), target))
    }

    #[track_caller]
    fn associate(&mut self, table: RouteTableId, with: Associated) -> Result<RouteAssociationId, Refused> {
        self.world.run(|network, cx| network.associate_route_table(cx, table, with))
    }

    /// The table's routes as `destination target state` lines.
    fn routes(&self) -> Vec<String> {
        let table = self.world.network.route_tables.get(&self.table).expect("the table");
        let routes = self.world.network.routes(table);
        let line = |route: &Route| {
            let Destination::Cidr(cidr) = route.destination else { unreachable!("no prefix lists here") };
            let target = match route.target {
                Target::Local => "local",
                Target::InternetGateway(_) => "igw",
                Target::Peering(_) => "pcx",
                Target::Interface(_) => "eni",
                _ => "other",
            };
            format!("{cidr} {target} {:?}", self.world.network.route_state(self.vpc, route))
        };
        routes.iter().map(line).collect()
    }
}

#[test]
fn a_destination_is_routed_once_and_never_like_a_local_route() {
    let mut lab = lab();
    let (igw, eni) = (Target::InternetGateway(lab.gateway), Target::Interface(lab.interface));
    let block = |text: &str| text.parse::<Cidr>().expect("a block");
    let rows = [
        ("0.0.0.0/0", igw, None),
        ("0.0.0.0/0", igw, Some(Refused::RouteExists(to("0.0.0.0/0")))),
        ("0.0.0.0/0", eni, Some(Refused::RouteExists(to("0.0.0.0/0")))),
        ("::/0", igw, None),
        ("192.168.0.0/16", eni, None),
        ("10.0.0.0/8", igw, None),
        ("10.0.0.0/16", igw, Some(Refused::InsideLocalRoute(block("10.0.0.0/16")))),
        ("10.0.0.0/16", eni, Some(Refused::RouteExists(to("10.0.0.0/16")))),
        ("10.0.1.0/24", igw, Some(Refused::InsideLocalRoute(block("10.0.1.0/24")))),
        ("10.0.1.0/24", eni, None),
        ("10.0.1.0/25", eni, Some(Refused::InsideLocalRoute(block("10.0.1.0/25")))),
        ("169.254.168.0/22", eni, Some(Refused::KeptDestination(block("169.254.168.0/22")))),
        ("169.254.170.2/32", eni, Some(Refused::KeptDestination(block("169.254.170.2/32")))),
        ("169.254.0.0/16", eni, None),
        ("fd00:ec2::254/128", eni, Some(Refused::KeptDestination(block("fd00:ec2::254/128")))),
    ];
    for (destination, target, refused) in rows {
        assert_eq!(lab.create(destination, target).err(), refused, "{destination}");
    }
    assert_eq!(
        lab.routes(),
        [
            "10.0.0.0/16 local Active",
            "0.0.0.0/0 igw Active",
            "::/0 igw Active",
            "192.168.0.0/16 eni Active",
            "10.0.0.0/8 igw Active",
            "10.0.1.0/24 eni Active",
            "169.254.0.0/16 eni Active",
        ]
    );
}

#[test]
fn a_target_is_in_the_vpc_of_the_table() {
    let mut lab = lab();
    let other = lab.world.vpc("10.5.0.0/16");
    let subnet = lab.world.subnet(other, "10.5.0.0/24");
    let eni = add_interface(&mut lab.world, other, subnet);
    let loose =
        lab.world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
    let mut ids = Ids::new(8);
    let strange = |other| Refused::DifferentNetworks(lab.table, other);
    let (igw, interface): (InternetGatewayId, InterfaceId) = (ids.fresh(), ids.fresh());
    let (nat, pcx): (NatGatewayId, PeeringId) = (ids.fresh(), ids.fresh());
    let rows = [
        (Target::InternetGateway(loose), strange(Stranger::InternetGateway(loose))),
        (Target::InternetGateway(igw), Refused::NoSuchTarget(Target::InternetGateway(igw))),
        (Target::Interface(eni), strange(Stranger::Interface(eni))),
        (Target::Interface(interface), Missing::Interface(interface).into()),
        (Target::NatGateway(nat), Refused::NoSuchTarget(Target::NatGateway(nat))),
        (Target::Peering(pcx), Missing::Peering(pcx).into()),
    ];
    for (target, refused) in rows {
        assert_eq!(lab.create("0.0.0.0/0", target), Err(refused));
    }
}

#[test]
fn a_peering_is_a_target_while_it_waits_or_is_active() {
    let rows = [
        (PeeringStatus::PendingAcceptance { expires: Timestamp(9) }, Some("10.5.0.0/16 pcx Blackhole")),
        (PeeringStatus::Active, Some("10.5.0.0/16 pcx Active")),
        (PeeringStatus::Rejected, None),
        (PeeringStatus::Failed, None),
        (PeeringStatus::Expired, None),
    ];
    for (status, line) in rows {
        let mut lab = lab();
        let other = lab.world.vpc("10.5.0.0/16");
        let side = |vpc| Side {
            scope: lab.world.scope,
            vpc,
            cidrs: Vec::new(),
            ipv6_cidrs: Vec::new(),
            dns_resolution: false,
            tags: Tags::new(),
        };
        let mut ids = Ids::new(9);
        let (id, requester, accepter) = (ids.fresh(), side(lab.vpc), side(other));
        let peering = Peering { id, requester, accepter, status, status_since: Timestamp(0) };
        lab.world.network.peerings.insert(peering);
        let made = lab.create("10.5.0.0/16", Target::Peering(id));
        assert_eq!(made, if line.is_some() { Ok(()) } else { Err(Missing::Peering(id).into()) });
        assert_eq!(lab.routes().get(1).map(String::as_str), line);
    }
}

#[test]
fn a_route_whose_target_has_gone_is_a_blackhole() {
    let mut lab = lab();
    lab.create("0.0.0.0/0", Target::InternetGateway(lab.gateway)).expect("a route");
    lab.create("10.9.0.0/16", Target::Interface(lab.interface)).expect("a route");
    let (gateway, vpc) = (lab.gateway, lab.vpc);
    lab.world.run(|network, cx| network.detach_internet_gateway(cx, gateway, vpc)).expect("it detaches");
    lab.world.network.interfaces.get_mut(&lab.interface).expect("the interface").attachment = None;
    assert_eq!(lab.routes()[1..], ["0.0.0.0/0 igw Blackhole", "10.9.0.0/16 eni Blackhole"]);
}

#[test]
fn replacing_needs_a_route_and_a_local_one_can_be_made_local_again() {
    let mut lab = lab();
    let (igw, eni) = (Target::InternetGateway(lab.gateway), Target::Interface(lab.interface));
    assert_eq!(lab.replace("0.0.0.0/0", igw), Err(Refused::NoRouteToReplace(to("0.0.0.0/0"))));
    lab.create("0.0.0.0/0", igw).expect("a route");
    assert_eq!(lab.replace("0.0.0.0/0", eni), Ok(()));
    assert_eq!(lab.replace("0.0.0.0/0", Target::Local), Err(Refused::LocalTarget(to("0.0.0.0/0"))));
    let block = "10.0.0.0/16".parse().expect("a block");
    assert_eq!(lab.replace("10.0.0.0/16", igw), Err(Refused::InsideLocalRoute(block)));
    assert_eq!(lab.replace("10.0.0.0/16", eni), Ok(()));
    assert_eq!(lab.routes(), ["10.0.0.0/16 eni Active", "0.0.0.0/0 eni Active"]);
    assert_eq!(lab.replace("10.0.0.0/16", Target::Local), Ok(()));
    assert_eq!(lab.routes()[0], "10.0.0.0/16 local Active");
}

#[test]
fn only_a_route_that_is_there_can_be_deleted() {
    let mut lab = lab();
    lab.create("0.0.0.0/0", Target::InternetGateway(lab.gateway)).expect("a route");
    let table = lab.table;
    let mut delete = |cidr: &str| lab.world.run(|network, cx| network.delete_route(cx, table, to(cidr)));
    assert_eq!(delete("10.0.0.0/16"), Err(Refused::LocalRoute(table, to("10.0.0.0/16"))));
    assert_eq!(delete("0.0.0.0/1"), Err(Refused::NoRoute(table, to("0.0.0.0/1"))));
    assert_eq!(delete("0.0.0.0/0"), Ok(()));
    assert_eq!(delete("0.0.0.0/0"), Err(Refused::NoRoute(table, to("0.0.0.0/0"))));
}

#[test]
fn the_quota_counts_each_family_apart() {
    let mut lab = lab();
    lab.world.network.limits = Limits { routes_per_table: 1, ..Limits::default() };
    let igw = Target::InternetGateway(lab.gateway);
    assert_eq!(lab.create("0.0.0.0/0", igw), Ok(()));
    assert_eq!(lab.create("::/0", igw), Ok(()));
    assert_eq!(lab.create("1.1.1.1/32", igw), Err(Limit::RoutesPerTable.into()));
}

#[test]
fn a_subnet_has_one_table_and_the_main_one_without() {
    let mut lab = lab();
    let with = Associated::Subnet(lab.subnet);
    let of_subnet = |lab: &Lab| {
        let subnet = lab.world.network.subnets.get(&lab.subnet).expect("the subnet");
        lab.world.network.table_of_subnet(subnet).map(|table| table.id)
    };
    let main = lab.world.network.main_table(lab.vpc).expect("a main table").id;
    assert_eq!(of_subnet(&lab), Some(main));
    let id = lab.associate(lab.table, with).expect("an association");
    assert_eq!((of_subnet(&lab), lab.associate(lab.table, with)), (Some(lab.table), Ok(id)));
    assert_eq!(lab.associate(main, with), Err(Refused::TableAssociated(main, id)));
    let table = lab.table;
    let deleted = lab.world.run(|network, cx| network.delete_route_table(cx, table));
    assert_eq!(deleted, Err(Held::RouteTable(table).into()));

    let fresh =
        lab.world.run(|network, cx| network.replace_route_table_association(cx, id, main)).expect("moved");
    assert_ne!(fresh, id);
    assert_eq!(of_subnet(&lab), Some(main));
    lab.world.run(|network, cx| network.disassociate_route_table(cx, fresh)).expect("it ends");
    assert_eq!(lab.world.run(|network, cx| network.delete_route_table(cx, table)), Ok(()));
    let gone = Err(Missing::RouteAssociation(fresh).into());
    assert_eq!(lab.world.run(|network, cx| network.disassociate_route_table(cx, fresh)), gone);
}

#[test]
fn the_main_association_moves_but_never_ends() {
    let mut lab = lab();
    let old = lab.world.network.main_table(lab.vpc).expect("a main table");
    let (old, main) = (old.id, old.main.expect("it is main"));
    let ended = lab.world.run(|network, cx| network.disassociate_route_table(cx, main));
    assert_eq!(ended, Err(Refused::MainAssociation(main)));
    let deleted = lab.world.run(|network, cx| network.delete_route_table(cx, old));
    assert_eq!(deleted, Err(Held::RouteTable(old).into()));
    let table = lab.table;
    lab.world.run(|network, cx| network.replace_route_table_association(cx, main, table)).expect("it moves");
    assert_eq!(lab.world.network.main_table(lab.vpc).map(|table| table.id), Some(table));
    assert_eq!(lab.world.run(|network, cx| network.delete_route_table(cx, old)), Ok(()));

    let other = lab.world.vpc("10.5.0.0/16");
    let foreign = lab.world.network.main_table(other).expect("a main table");
    let (foreign, id) = (foreign.id, foreign.main.expect("it is main"));
    let moved = lab.world.run(|network, cx| network.replace_route_table_association(cx, id, table));
    assert_eq!(moved, Err(Refused::DifferentNetworks(table, Stranger::RouteTable(foreign))));
}

#[test]
fn a_deleted_subnet_leaves_its_table() {
    let mut lab = lab();
    lab.associate(lab.table, Associated::Subnet(lab.subnet)).expect("an association");
    lab.world.network.interfaces.remove(&lab.interface);
    let (subnet, table) = (lab.subnet, lab.table);
    lab.world.run(|network, cx| network.delete_subnet(cx, subnet)).expect("an empty subnet goes");
    assert_eq!(lab.world.run(|network, cx| network.delete_route_table(cx, table)), Ok(()));
}

#[test]
fn a_gateways_table_leads_whole_subnets_to_interfaces() {
    let mut lab = lab();
    let with = Associated::InternetGateway(lab.gateway);
    let (igw, eni) = (Target::InternetGateway(lab.gateway), Target::Interface(lab.interface));
    lab.create("0.0.0.0/0", igw).expect("a route");
    let all: Cidr = Cidr::V4(crate::Cidr4::ALL);
    assert_eq!(lab.associate(lab.table, with), Err(Refused::NotForGatewayTable(lab.table, all)));
    let table = lab.table;
    lab.world.run(|network, cx| network.delete_route(cx, table, to("0.0.0.0/0"))).expect("it goes");
    lab.associate(lab.table, with).expect("an edge association");
    let outside = "192.168.0.0/16".parse().expect("a block");
    assert_eq!(lab.create("192.168.0.0/16", eni), Err(Refused::NotForGatewayTable(table, outside)));
    assert_eq!(lab.create("10.0.1.0/24", eni), Ok(()));
    assert_eq!(lab.replace("10.0.0.0/16", eni), Ok(()));
    let (gateway, vpc) = (lab.gateway, lab.vpc);
    let detached = lab.world.run(|network, cx| network.detach_internet_gateway(cx, gateway, vpc));
    assert_eq!(detached, Err(Held::InternetGateway(gateway).into()));
}

#[test]
fn an_instance_is_a_target_with_one_interface() {
    use crate::instance::{Instance, InstanceSettings};
    let lab = lab();
    let mut ids = Ids::new(11);
    let mut instance = Instance {
        id: ids.fresh(),
        scope: lab.world.scope,
        reservation: ids.fresh(),
        launch_index: 0,
        image: ids.fresh(),
        instance_type: "t2.micro".to_owned(),
        zone: "us-east-1a".parse().expect("a zone"),
        key_name: None,
        user_data: None,
        interfaces: vec![lab.interface],
        state: InstanceState::Running,
        state_since: Timestamp(0),
        launched: Timestamp(0),
        termination_protected: false,
        instance_profile: None,
        settings: InstanceSettings::default(),
        tags: Tags::new(),
    };
    let mut network = lab.world.network.clone();
    network.instances.insert(instance.clone());
    let target = Target::Instance(instance.id, lab.interface);
    assert_eq!(network.instance_target(lab.world.scope, instance.id), Ok(target));
    let route = Route { destination: to("0.0.0.0/0"), target, origin: Origin::CreateRoute };
    assert_eq!(network.route_state(lab.vpc, &route), RouteState::Active);

    instance.state = InstanceState::Stopped;
    network.instances.insert(instance.clone());
    assert_eq!(network.route_state(lab.vpc, &route), RouteState::Blackhole);
    let by_interface = Route { target: Target::Interface(lab.interface), ..route };
    assert_eq!(network.route_state(lab.vpc, &by_interface), RouteState::Active);

    instance.interfaces.push(ids.fresh());
    network.instances.insert(instance.clone());
    let refused = Err(Refused::SeveralInterfaces(instance.id));
    assert_eq!(network.instance_target(lab.world.scope, instance.id), refused);
}

#[test]
fn a_gateway_and_a_vpc_are_attached_one_to_one() {
    let mut lab = lab();
    let other = lab.world.vpc("10.5.0.0/16");
    let spare =
        lab.world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
    let (gateway, vpc) = (lab.gateway, lab.vpc);
    let mut attach = |id, to| lab.world.run(|network, cx| network.attach_internet_gateway(cx, id, to));
    assert_eq!(attach(gateway, other), Err(Refused::GatewayAttached(gateway, vpc)));
    assert_eq!(attach(gateway, vpc), Err(Refused::GatewayAttached(gateway, vpc)));
    assert_eq!(attach(spare, vpc), Err(Refused::VpcHasGateway(vpc)));
    let mut detach = |id, from| lab.world.run(|network, cx| network.detach_internet_gateway(cx, id, from));
    assert_eq!(detach(spare, vpc), Err(Refused::GatewayNotAttached(spare, vpc)));
    assert_eq!(detach(gateway, other), Err(Refused::GatewayNotAttached(gateway, other)));
    let deleted = lab.world.run(|network, cx| network.delete_internet_gateway(cx, gateway));
    assert_eq!(deleted, Err(Held::InternetGateway(gateway).into()));
    assert_eq!(lab.world.run(|network, cx| network.delete_internet_gateway(cx, spare)), Ok(()));
}

#[test]
fn public_addresses_hold_the_gateway() {
    use crate::interface::{PrivateAddress, PublicAddress};
    let mut lab = lab();
    let public = Some(PublicAddress::AutoAssigned([203, 0, 113, 5].into()));
    let interface = lab.world.network.interfaces.get_mut(&lab.interface).expect("the interface");
    interface.addresses.push(PrivateAddress { private: [10, 0, 1, 5].into(), public });
    let (gateway, vpc) = (lab.gateway, lab.vpc);
    let detached = lab.world.run(|network, cx| network.detach_internet_gateway(cx, gateway, vpc));
    assert_eq!(detached, Err(Held::PublicAddresses(vpc).into()));
}
