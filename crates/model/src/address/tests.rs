use super::*;
use crate::VpcId;
use crate::interface::{AddressChoice, NewInterface};
use crate::testing::{World, scope};

struct Lab {
    world: World,
    vpc: VpcId,
    interface: InterfaceId,
}

fn lab(gateway: bool) -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/24");
    let addresses = AddressChoice { secondary_count: 1, ..AddressChoice::default() };
    let new = NewInterface { addresses, ..NewInterface::default() };
    let interface = world.run(|network, cx| network.create_interface(cx, subnet, new)).expect("room");
    if gateway {
        let id =
            world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
        world.run(|network, cx| network.attach_internet_gateway(cx, id, vpc)).expect("a free gateway");
    }
    Lab { world, vpc, interface }
}

impl Lab {
    fn allocate(&mut self) -> AllocationId {
        self.world.run(|network, cx| network.allocate_address(cx, None, Tags::new())).expect("an address")
    }

    fn associate(
        &mut self,
        id: AllocationId,
        private: Option<&str>,
        may_move: bool,
    ) -> Result<AddressAssociationId, Refused> {
        let private = private.map(|text| text.parse().expect("an address"));
        let target = (AddressTarget::Interface(self.interface), private);
        self.world.run(|network, cx| network.associate_address(cx, id, target, may_move))
    }
}

#[test]
fn drawn_addresses_are_in_the_pool_and_never_twice() {
    let mut ids = Ids::new(5);
    let mut used = BTreeSet::new();
    for _ in 0..2_000 {
        let address = draw(&mut ids, &used).expect("room");
        assert!(pool().contains(address) && address != pool().network() && address != pool().last());
        assert!(used.insert(address), "{address}");
    }
    let all: BTreeSet<Ipv4Addr> = (0..1 << 17).filter_map(|offset| pool().nth(offset)).collect();
    assert_eq!(draw(&mut ids, &all), None);
}

#[test]
fn an_association_needs_an_internet_gateway() {
    let mut lab = lab(false);
    let id = lab.allocate();
    assert_eq!(lab.associate(id, None, true), Err(AddressRefusal::NoGateway(lab.vpc).into()));
}

#[test]
fn repeating_an_association_gives_its_id() {
    let mut lab = lab(true);
    let id = lab.allocate();
    let first = lab.associate(id, None, true);
    assert!(first.is_ok());
    assert_eq!(lab.associate(id, Some("10.0.0.4"), false), first, "the primary address is the same target");
}

#[test]
fn moving_can_be_forbidden_for_either_end() {
    let mut lab = lab(true);
    let (one, other) = (lab.allocate(), lab.allocate());
    lab.associate(one, None, true).expect("a free address");
    assert_eq!(
        lab.associate(one, Some("10.0.0.5"), false),
        Err(AddressRefusal::AlreadyAssociated(one).into())
    );
    assert_eq!(lab.associate(other, None, false), Err(AddressRefusal::AlreadyAssociated(other).into()));
    lab.associate(other, None, true).expect("it takes the place");
    assert_eq!(lab.world.network.addresses.get(&one).map(|address| address.association.clone()), Some(None));
    lab.associate(other, Some("10.0.0.5"), true).expect("it moves");
    let interface = lab.world.network.interfaces.get(&lab.interface).expect("the interface");
    let public: Vec<bool> = interface.addresses.iter().map(|own| own.public.is_some()).collect();
    assert_eq!(public, [false, true]);
}

#[test]
fn an_associated_address_is_not_released() {
    let mut lab = lab(true);
    let id = lab.allocate();
    let association = lab.associate(id, None, true).expect("a free address");
    let public = lab.world.network.addresses.get(&id).expect("it").public;
    let release = |lab: &mut Lab| lab.world.run(|network, cx| network.release_address(cx, id));
    assert_eq!(release(&mut lab), Err(AddressRefusal::InUse(public).into()));
    lab.world.run(|network, cx| network.disassociate_address(cx, association)).expect("an association");
    assert_eq!(release(&mut lab), Ok(()));
    let again = lab.world.run(|network, cx| network.allocate_address(cx, Some(public), Tags::new()));
    assert!(again.is_ok(), "a released address can be asked for");
    let taken = lab.world.run(|network, cx| network.allocate_address(cx, Some(public), Tags::new()));
    assert_eq!(taken, Err(AddressRefusal::NotAvailable(public).into()));
}

#[test]
fn others_do_not_see_it() {
    let mut lab = lab(true);
    let id = lab.allocate();
    let public = lab.world.network.addresses.get(&id).expect("it").public;
    lab.world.scope = scope("222222222222");
    let release = lab.world.run(|network, cx| network.release_address(cx, id));
    assert_eq!(release, Err(Missing::Address(id).into()));
    let found = lab.world.network.address_at(lab.world.scope, public).map(|address| address.id);
    assert_eq!(found, Err(AddressRefusal::NoSuchPublic(public).into()));
}

#[test]
fn five_addresses_are_the_quota() {
    let mut lab = lab(true);
    for _ in 0..5 {
        lab.allocate();
    }
    let sixth = lab.world.run(|network, cx| network.allocate_address(cx, None, Tags::new()));
    assert_eq!(sixth, Err(Limit::Addresses.into()));
}
