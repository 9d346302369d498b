//! Network ACLs and their entries.

use super::*;
use crate::testing::World;
use crate::{Cidr4, Cidr6, Limits};

fn entry(number: u16, direction: Direction, cidr: Cidr) -> AclEntry {
    AclEntry { number, direction, traffic: Traffic::All, cidr, allow: false }
}

fn world() -> (World, VpcId, NetworkAclId) {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let acl = world.run(|network, cx| network.create_acl(cx, vpc, Tags::new())).expect("an ACL");
    (world, vpc, acl)
}

#[test]
fn entries_are_kept_in_order_and_numbers_are_unique_by_direction() {
    let (mut world, _, acl) = world();
    let all = Cidr::V4(Cidr4::ALL);
    let mut add = |number, direction| {
        world.run(|network, cx| network.create_acl_entry(cx, acl, entry(number, direction, all)))
    };
    assert_eq!(add(200, Direction::Egress), Ok(()));
    assert_eq!(add(200, Direction::Ingress), Ok(()));
    assert_eq!(add(100, Direction::Ingress), Ok(()));
    assert_eq!(add(100, Direction::Ingress), Err(Refused::EntryExists(100)));
    assert_eq!(add(0, Direction::Ingress), Err(Refused::EntryNumber(0)));
    assert_eq!(add(32767, Direction::Ingress), Err(Refused::EntryNumber(32767)));
    assert_eq!(add(32766, Direction::Ingress), Ok(()));
    let entries = &world.network.acls.get(&acl).expect("the ACL").entries;
    let places: Vec<_> = entries.iter().map(|entry| (entry.direction, entry.number)).collect();
    let expected = [
        (Direction::Ingress, 100),
        (Direction::Ingress, 200),
        (Direction::Ingress, 32766),
        (Direction::Egress, 200),
    ];
    assert_eq!(places, expected);
}

#[test]
fn replacing_and_deleting_need_the_entry() {
    let (mut world, _, acl) = world();
    let all = Cidr::V4(Cidr4::ALL);
    let fresh = AclEntry { allow: true, ..entry(100, Direction::Ingress, all) };
    let replaced = world.run(|network, cx| network.replace_acl_entry(cx, acl, fresh.clone()));
    assert_eq!(replaced, Err(Refused::NoEntry(acl, 100)));
    let old = entry(100, Direction::Ingress, all);
    world.run(|network, cx| network.create_acl_entry(cx, acl, old)).expect("an entry");
    world.run(|network, cx| network.replace_acl_entry(cx, acl, fresh.clone())).expect("it is replaced");
    assert_eq!(world.network.acls.get(&acl).and_then(|acl| acl.entry(Direction::Ingress, 100)), Some(&fresh));
    let mut delete = |direction| world.run(|network, cx| network.delete_acl_entry(cx, acl, direction, 100));
    assert_eq!(delete(Direction::Egress), Err(Refused::NoEntry(acl, 100)));
    assert_eq!(delete(Direction::Ingress), Ok(()));
    assert_eq!(delete(Direction::Ingress), Err(Refused::NoEntry(acl, 100)));
}

#[test]
fn the_quota_counts_the_final_deny_by_direction_and_family() {
    let (mut world, _, acl) = world();
    world.network.limits = Limits { entries_per_acl: 2, ..Limits::default() };
    let (ipv4, ipv6) = (Cidr::V4(Cidr4::ALL), Cidr::V6(Cidr6::ALL));
    let rows = [
        (1, Direction::Ingress, ipv4, true),
        (2, Direction::Ingress, ipv4, false),
        (2, Direction::Ingress, ipv6, true),
        (3, Direction::Egress, ipv4, true),
        (4, Direction::Egress, ipv4, false),
    ];
    for (number, direction, cidr, is_allowed) in rows {
        let new = entry(number, direction, cidr);
        let added = world.run(|network, cx| network.create_acl_entry(cx, acl, new));
        assert_eq!(added.is_ok(), is_allowed, "{number}");
    }
    let other_family = entry(1, Direction::Ingress, ipv6);
    let replaced = world.run(|network, cx| network.replace_acl_entry(cx, acl, other_family));
    assert_eq!(replaced, Err(Limit::EntriesPerAcl.into()));
}

#[test]
fn a_subnet_always_has_an_acl_of_its_vpc() {
    let (mut world, vpc, acl) = world();
    let subnet = world.subnet(vpc, "10.0.0.0/24");
    let default = world.network.default_acl(vpc).expect("a default ACL").id;
    let held = world.network.subnets.get(&subnet).expect("the subnet");
    let (old, association) = (held.acl, held.acl_association);
    assert_eq!(old, default);
    let fresh =
        world.run(|network, cx| network.replace_acl_association(cx, association, acl)).expect("moved");
    assert_eq!(
        world.network.subnets.get(&subnet).map(|subnet| (subnet.acl, subnet.acl_association)),
        Some((acl, fresh))
    );
    assert_eq!(world.run(|network, cx| network.delete_acl(cx, acl)), Err(Held::NetworkAcl(acl).into()));
    assert_eq!(world.run(|network, cx| network.delete_acl(cx, default)), Err(Refused::DefaultAcl(default)));
    let stale = world.run(|network, cx| network.replace_acl_association(cx, association, acl));
    assert_eq!(stale, Err(Missing::AclAssociation(association).into()));

    let other = world.vpc("10.5.0.0/16");
    let foreign = world.network.default_acl(other).expect("a default ACL").id;
    let moved = world.run(|network, cx| network.replace_acl_association(cx, fresh, foreign));
    assert_eq!(moved, Err(Refused::AclOfOtherNetwork(foreign, subnet)));
    world.run(|network, cx| network.replace_acl_association(cx, fresh, default)).expect("back");
    assert_eq!(world.run(|network, cx| network.delete_acl(cx, acl)), Ok(()));
}
