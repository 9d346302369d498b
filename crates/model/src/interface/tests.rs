use super::*;
use crate::group::NewGroup;
use crate::testing::World;
use crate::{Held, Missing};

struct Lab {
    world: World,
    vpc: VpcId,
    subnet: SubnetId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/28");
    Lab { world, vpc, subnet }
}

impl Lab {
    fn create(&mut self, new: NewInterface) -> Result<InterfaceId, Refused> {
        let subnet = self.subnet;
        self.world.run(|network, cx| network.create_interface(cx, subnet, new))
    }

    fn at(&mut self, address: &str) -> Result<InterfaceId, Refused> {
        let primary = Some(address.parse().expect("an address"));
        self.create(NewInterface {
            addresses: AddressChoice { primary, ..AddressChoice::default() },
            ..NewInterface::default()
        })
    }

    fn addresses(&self, id: InterfaceId) -> Vec<String> {
        let interface = self.world.network.interfaces.get(&id).expect("an interface");
        interface.addresses.iter().map(|own| own.private.to_string()).collect()
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

// VPC User Guide, "Subnet sizing": the first four addresses and the last are reserved.
#[test]
fn the_lowest_free_address_is_taken_until_none_is_left() {
    let mut lab = lab();
    let middle = lab.at("10.0.0.5").expect("a free address");
    let first = lab.create(NewInterface::default()).expect("room");
    let second = lab.create(NewInterface::default()).expect("room");
    assert_eq!(
        (lab.addresses(first), lab.addresses(second)),
        (vec!["10.0.0.4".into()], vec!["10.0.0.6".into()])
    );
    lab.world.run(|network, cx| network.delete_interface(cx, middle)).expect("a free interface");
    let again = lab.create(NewInterface::default()).expect("room");
    assert_eq!(lab.addresses(again), ["10.0.0.5"]);
    for _ in 0..8 {
        lab.create(NewInterface::default()).expect("room");
    }
    assert_eq!(lab.create(NewInterface::default()), Err(InterfaceRefusal::SubnetFull(lab.subnet).into()));
}

#[test]
fn a_named_address_must_be_free_and_the_users_to_have() {
    let mut lab = lab();
    lab.at("10.0.0.9").expect("a free address");
    let rows = [
        ("10.0.0.9", InterfaceRefusal::AddressInUse(ip("10.0.0.9"))),
        ("10.0.0.0", InterfaceRefusal::ReservedAddress(ip("10.0.0.0"))),
        ("10.0.0.3", InterfaceRefusal::ReservedAddress(ip("10.0.0.3"))),
        ("10.0.0.15", InterfaceRefusal::ReservedAddress(ip("10.0.0.15"))),
        ("10.0.0.16", InterfaceRefusal::OutsideSubnet(ip("10.0.0.16"))),
    ];
    for (address, refusal) in rows {
        assert_eq!(lab.at(address), Err(refusal.into()), "{address}");
    }
}

#[test]
fn groups_are_of_the_vpc_and_the_default_one_if_none_is_named() {
    let mut lab = lab();
    let default = lab.world.network.default_group(lab.vpc).expect("a default group").id;
    let id = lab.create(NewInterface::default()).expect("room");
    assert_eq!(lab.world.network.interfaces.get(&id).map(|own| own.groups.clone()), Some(vec![default]));
    let other = lab.world.vpc("10.1.0.0/16");
    let foreign = lab.world.network.default_group(other).expect("a default group").id;
    let named = |groups| NewInterface { groups, ..NewInterface::default() };
    let refusal = InterfaceRefusal::OtherNetwork { group: foreign, subnet: lab.subnet };
    assert_eq!(lab.create(named(vec![foreign])), Err(refusal.into()));
    let mut make = |name: String| {
        let new = NewGroup { vpc: lab.vpc, name, description: "d".to_owned(), tags: Tags::new() };
        lab.world.run(|network, cx| network.create_group(cx, new)).expect("a group")
    };
    let mut many: Vec<GroupId> = (0..5).map(|n| make(format!("g{n}"))).collect();
    many.push(many[0]);
    assert!(lab.create(named(many.clone())).is_ok(), "a group named twice counts once");
    many.push(default);
    assert_eq!(lab.create(named(many)), Err(Limit::GroupsPerInterface.into()));
}

#[test]
fn secondary_addresses_move_only_when_allowed_and_the_primary_stays() {
    let mut lab = lab();
    let (one, other) = (lab.at("10.0.0.8").expect("room"), lab.at("10.0.0.9").expect("room"));
    let choice = |address: &str| AddressChoice {
        secondary: vec![address.parse().expect("an address")],
        ..AddressChoice::default()
    };
    let assign = |lab: &mut Lab, id, address: &str, reassign| {
        lab.world.run(|network, cx| network.assign_addresses(cx, id, choice(address), reassign)).map(|_| ())
    };
    assert_eq!(assign(&mut lab, one, "10.0.0.10", false), Ok(()));
    let used = InterfaceRefusal::AddressInUse(ip("10.0.0.10"));
    assert_eq!(assign(&mut lab, other, "10.0.0.10", false), Err(used.into()));
    assert_eq!(assign(&mut lab, other, "10.0.0.10", true), Ok(()));
    assert_eq!(
        (lab.addresses(one), lab.addresses(other)),
        (vec!["10.0.0.8".into()], vec!["10.0.0.9".into(), "10.0.0.10".into()])
    );
    let used = InterfaceRefusal::AddressInUse(ip("10.0.0.9"));
    assert_eq!(assign(&mut lab, one, "10.0.0.9", true), Err(used.into()), "a primary address never moves");
    let mut unassign = |address: &str| {
        let address: Ipv4Addr = address.parse().expect("an address");
        lab.world.run(|network, cx| network.unassign_addresses(cx, other, &[address]))
    };
    assert_eq!(unassign("10.0.0.9"), Err(InterfaceRefusal::IsPrimaryAddress(ip("10.0.0.9")).into()));
    assert_eq!(unassign("10.0.0.8"), Err(InterfaceRefusal::NotAssigned(other, ip("10.0.0.8")).into()));
    assert_eq!(unassign("10.0.0.10"), Ok(()));
}

#[test]
fn quotas_hold() {
    let mut lab = lab();
    lab.world.network.limits.addresses_per_interface = 2;
    let many = AddressChoice { secondary_count: 2, ..AddressChoice::default() };
    let new = NewInterface { addresses: many, ..NewInterface::default() };
    assert_eq!(lab.create(new), Err(Limit::AddressesPerInterface.into()));
    let absurd = AddressChoice { secondary_count: usize::MAX, ..AddressChoice::default() };
    let new = NewInterface { addresses: absurd.clone(), ..NewInterface::default() };
    assert_eq!(lab.create(new), Err(Limit::AddressesPerInterface.into()));
    let id = lab.create(NewInterface::default()).expect("room");
    let assigned = lab.world.run(|network, cx| network.assign_addresses(cx, id, absurd, false));
    assert_eq!(assigned, Err(Limit::AddressesPerInterface.into()));
    lab.world.run(|network, cx| network.delete_interface(cx, id)).expect("a free interface");
    lab.world.network.limits.interfaces = 1;
    lab.create(NewInterface::default()).expect("the one");
    assert_eq!(lab.create(NewInterface::default()), Err(Limit::Interfaces.into()));
}

#[test]
fn an_interface_that_aws_manages_is_left_alone() {
    let mut lab = lab();
    let id = lab.create(NewInterface::default()).expect("room");
    lab.world.network.interfaces.get_mut(&id).expect("it").kind = InterfaceKind::NatGateway;
    let managed: Refused = InterfaceRefusal::Managed(id).into();
    assert_eq!(lab.world.run(|network, cx| network.delete_interface(cx, id)), Err(managed.clone()));
    let change = InterfaceChange::SourceDestCheck(false);
    assert_eq!(lab.world.run(|network, cx| network.modify_interface(cx, id, change)), Err(managed));
}

#[test]
fn an_interface_holds_its_subnet() {
    let mut lab = lab();
    let (id, subnet) = (lab.create(NewInterface::default()).expect("room"), lab.subnet);
    let delete = |lab: &mut Lab| lab.world.run(|network, cx| network.delete_subnet(cx, subnet));
    assert_eq!(delete(&mut lab), Err(Held::Subnet(subnet).into()));
    lab.world.run(|network, cx| network.delete_interface(cx, id)).expect("a free interface");
    assert_eq!(delete(&mut lab), Ok(()));
    assert_eq!(lab.create(NewInterface::default()), Err(Missing::Subnet(subnet).into()));
}
