//! Subnets, their blocks and addresses.

use super::*;
use crate::interface::{InterfaceKind, PrivateAddress};
use crate::testing::World;

#[test]
fn a_subnet_lies_in_its_vpc_and_overlaps_no_other() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let second = "10.1.0.0/24".parse().expect("a block");
    world.run(|network, cx| network.add_vpc_block(cx, vpc, second)).expect("a second block");
    let range: Option<fn(Cidr) -> Refused> = Some(Refused::SubnetRange);
    let conflict: Option<fn(Cidr) -> Refused> = Some(Refused::SubnetConflict);
    let rows = [
        ("10.0.0.0/24", None),
        ("10.0.0.0/24", conflict),
        ("10.0.0.128/25", conflict),
        ("10.0.0.0/16", conflict),
        ("10.0.1.0/28", None),
        ("10.0.2.0/29", range),
        ("10.1.0.0/24", None),
        ("10.1.1.0/24", range),
        ("192.168.0.0/24", range),
    ];
    for (cidr, refused) in rows {
        let expected = refused.map(|refused| refused(cidr.parse().expect("a block")));
        assert_eq!(world.try_subnet(vpc, cidr).err(), expected, "{cidr}");
    }
}

#[test]
fn a_subnet_may_be_the_whole_vpc() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/16");
    let subnet = world.network.subnets.get(&subnet).expect("the subnet");
    assert_eq!(world.network.available_addresses(subnet), 65_536 - 5);
}

#[test]
fn five_addresses_are_kept_and_interfaces_take_the_rest() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let id = world.subnet(vpc, "10.0.7.16/28");
    let subnet = world.network.subnets.get(&id).expect("the subnet").clone();
    let kept: Vec<u8> = (16..32).filter(|last| subnet.reserves([10, 0, 7, *last].into())).collect();
    assert_eq!(kept, [16, 17, 18, 19, 31]);
    let free: [Ipv4Addr; 2] = [[10, 0, 7, 20].into(), [10, 0, 7, 21].into()];
    assert_eq!(world.network.available_addresses(&subnet), 11);
    add_interface(&mut world, &subnet, &free, &[]);
    assert_eq!(world.network.available_addresses(&subnet), 9);
    let deleted = world.run(|network, cx| network.delete_subnet(cx, id));
    assert_eq!(deleted, Err(Held::Subnet(id).into()));
}

fn add_interface(world: &mut World, subnet: &Subnet, ipv4: &[Ipv4Addr], ipv6: &[std::net::Ipv6Addr]) {
    let group = world.network.default_group(subnet.vpc).expect("a default group").id;
    world.network.interfaces.insert(Interface {
        id: crate::Ids::new(3).fresh(),
        scope: subnet.scope,
        vpc: subnet.vpc,
        subnet: subnet.id,
        addresses: ipv4.iter().map(|private| PrivateAddress { private: *private, public: None }).collect(),
        ipv6_addresses: ipv6.to_vec(),
        groups: vec![group],
        source_dest_check: true,
        tracking: Default::default(),
        attachment: None,
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, 1],
        tags: Tags::new(),
    });
}

#[test]
fn a_subnet_is_in_a_zone_of_its_region() {
    let rows = [("us-east-1a", true), ("us-east-1c", true), ("us-east-1d", false), ("eu-west-1a", false)];
    for (zone, is_known) in rows {
        let mut world = World::new();
        let vpc = world.vpc("10.0.0.0/16");
        let zone: ZoneName = zone.parse().expect("a zone");
        let cidr = Some("10.0.0.0/24".parse().expect("a block"));
        let new = NewSubnet { vpc, zone: Some(zone), cidr, ipv6_cidr: None, tags: Tags::new() };
        let made = world.run(|network, cx| network.create_subnet(cx, new));
        assert_eq!(made.err(), (!is_known).then_some(Refused::NoSuchZone(zone)));
    }
}

/// The first /64 of a VPC's IPv6 block, and one outside.
fn ipv6_world() -> (World, VpcId, Cidr6, Cidr6) {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    world.run(|network, cx| network.add_vpc_ipv6_block(cx, vpc)).expect("an IPv6 block");
    let block = world.network.vpcs.get(&vpc).expect("the VPC").ipv6_cidrs[0].cidr;
    let inside = Cidr6::new(block.network(), 64).expect("a /64");
    (world, vpc, inside, "2001:db8::/64".parse().expect("a block"))
}

#[test]
fn an_ipv6_block_is_a_64_of_the_vpc() {
    let (mut world, vpc, inside, outside) = ipv6_world();
    let (one, two) = (world.subnet(vpc, "10.0.0.0/24"), world.subnet(vpc, "10.0.1.0/24"));
    let mut add =
        |subnet, cidr| world.run(|network, cx| network.add_subnet_block(cx, subnet, cidr)).map(drop);
    let short = Cidr6::new(inside.network(), 60).expect("a /60");
    assert_eq!(add(one, outside), Err(Refused::SubnetRange(outside.into())));
    assert_eq!(add(one, short), Err(Refused::SubnetRange(short.into())));
    assert_eq!(add(one, inside), Ok(()));
    assert_eq!(add(one, inside), Err(Refused::SubnetHasIpv6(one)));
    assert_eq!(add(two, inside), Err(Refused::SubnetConflict(inside.into())));
}

#[test]
fn an_ipv6_block_goes_when_no_interface_uses_it() {
    let (mut world, vpc, inside, _) = ipv6_world();
    let id = world.subnet(vpc, "10.0.0.0/24");
    let assign = SubnetAttribute::AssignIpv6(true);
    let refused = Err(Refused::SubnetWithoutIpv6(id));
    assert_eq!(world.run(|network, cx| network.modify_subnet(cx, id, assign)), refused);
    let held = world.run(|network, cx| network.add_subnet_block(cx, id, inside)).expect("a block");
    assert_eq!(world.run(|network, cx| network.modify_subnet(cx, id, assign)), Ok(()));
    let block = world.network.vpcs.get(&vpc).expect("the VPC").ipv6_cidrs[0].id;
    assert_eq!(world.run(|network, cx| network.remove_vpc_block(cx, block)), Err(Held::VpcCidr(vpc).into()));

    let subnet = world.network.subnets.get(&id).expect("the subnet").clone();
    add_interface(&mut world, &subnet, &[], &[inside.nth(9).expect("an address")]);
    let removed = world.run(|network, cx| network.remove_subnet_block(cx, held));
    assert_eq!(removed, Err(Held::SubnetCidr(held).into()));
    let interface = world.network.interfaces.iter().next().expect("the interface").id;
    world.network.interfaces.remove(&interface);
    let removed = world.run(|network, cx| network.remove_subnet_block(cx, held));
    assert_eq!(removed, Ok((id, inside)));
    assert!(!world.network.subnets.get(&id).expect("the subnet").assign_ipv6);
}

#[test]
fn an_ipv6_only_subnet_keeps_its_block() {
    let (mut world, vpc, inside, _) = ipv6_world();
    let new = |ipv6_cidr| NewSubnet { vpc, zone: None, cidr: None, ipv6_cidr, tags: Tags::new() };
    let made = world.run(|network, cx| network.create_subnet(cx, new(None)));
    assert_eq!(made, Err(Refused::SubnetWithoutBlock));
    let id = world.run(|network, cx| network.create_subnet(cx, new(Some(inside)))).expect("a subnet");
    let subnet = world.network.subnets.get(&id).expect("the subnet");
    assert!(subnet.assign_ipv6 && subnet.host_names.by_resource);
    assert_eq!(world.network.available_addresses(subnet), 0);
    let held = subnet.ipv6_cidr.as_ref().expect("a block").id;
    let removed = world.run(|network, cx| network.remove_subnet_block(cx, held));
    assert_eq!(removed, Err(Refused::OnlyBlock(id)));
}
