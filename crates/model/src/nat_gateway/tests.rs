mod regional;

use super::*;
use crate::address::AddressTarget;
use crate::route::{Destination, RouteState, Target};
use crate::testing::World;
use crate::{Held, RouteTableId};

struct Lab {
    world: World,
    vpc: VpcId,
    subnet: SubnetId,
    table: RouteTableId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/28");
    let gateway =
        world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("a gateway");
    world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("a free gateway");
    let table = world.network.main_table(vpc).expect("a main table").id;
    Lab { world, vpc, subnet, table }
}

impl Lab {
    fn allocate(&mut self) -> AllocationId {
        self.world.run(|network, cx| network.allocate_address(cx, None, Tags::new())).expect("an address")
    }

    fn wanted(&self, allocation: Option<AllocationId>) -> NewNatGateway {
        NewNatGateway {
            subnet: self.subnet,
            connectivity: if allocation.is_some() { Connectivity::Public } else { Connectivity::Private },
            allocation,
            private: None,
            secondary: SecondaryChoice::default(),
            tags: Tags::new(),
        }
    }

    fn try_make(&mut self, new: NewNatGateway) -> Result<NatGatewayId, Refused> {
        self.world.run(|network, cx| network.create_nat_gateway(cx, new))
    }

    #[track_caller]
    fn make(&mut self, new: NewNatGateway) -> NatGatewayId {
        self.try_make(new).expect("creation succeeds")
    }

    fn wait(&mut self, ms: i64) {
        self.world.now = self.world.now.plus_ms(ms);
        self.world.network.step(self.world.now);
        self.world.network.check_invariants().expect("they hold");
    }

    fn state(&self, id: NatGatewayId) -> Option<&'static str> {
        self.world.network.nat_gateways.get(&id).map(|nat| nat.state.word())
    }

    fn get(&self, id: NatGatewayId) -> &NatGateway {
        self.world.network.nat_gateways.get(&id).expect("the gateway")
    }

    fn is_free(&self, id: AllocationId) -> bool {
        self.world.network.addresses.get(&id).expect("it stays allocated").association.is_none()
    }
}

#[test]
fn a_public_gateway_is_available_at_once_with_an_interface_of_its_own() {
    let mut lab = lab();
    let allocation = lab.allocate();
    let id = lab.make(lab.wanted(Some(allocation)));
    assert_eq!((lab.state(id), lab.world.network.next_step()), (Some("available"), None));
    let interface =
        lab.get(id).interface().and_then(|id| lab.world.network.interfaces.get(&id)).expect("one");
    assert_eq!(interface.kind, InterfaceKind::NatGateway);
    assert_eq!(interface.description, format!("Interface for NAT Gateway {id}"));
    assert!(interface.groups.is_empty() && !interface.source_dest_check && interface.attachment.is_some());
    assert!(!lab.is_free(allocation));
}

#[test]
fn deletion_takes_the_interface_and_frees_the_elastic_address_and_is_seen_for_an_hour() {
    let mut lab = lab();
    let allocation = lab.allocate();
    let id = lab.make(lab.wanted(Some(allocation)));
    let subnet = lab.subnet;
    let held = lab.world.run(|network, cx| network.delete_subnet(cx, subnet));
    assert_eq!(held, Err(Held::Subnet(subnet).into()));
    assert_eq!(lab.world.run(|network, cx| network.delete_nat_gateway(cx, id)), Ok(()));
    assert_eq!((lab.state(id), lab.is_free(allocation)), (Some("deleted"), true));
    assert_eq!(lab.get(id).interface(), None);
    let again = lab.world.run(|network, cx| network.delete_nat_gateway(cx, id));
    assert_eq!(again, Err(Missing::NatGateway(id).into()));
    assert_eq!(lab.world.run(|network, cx| network.delete_subnet(cx, subnet)), Ok(()));
    lab.wait(SEEN_MS - 1);
    assert_eq!(lab.state(id), Some("deleted"));
    lab.wait(1);
    assert_eq!(lab.state(id), None);
}

#[test]
fn what_cannot_work_is_made_and_fails_with_a_code() {
    let mut lab = lab();
    let (free, taken) = (lab.allocate(), lab.allocate());
    lab.make(lab.wanted(Some(taken)));
    let missing: AllocationId = "eipalloc-12345678".parse().expect("an id");
    let (vpc, elsewhere) = (lab.vpc, lab.world.vpc("10.1.0.0/16"));
    let bare = lab.world.subnet(elsewhere, "10.1.0.0/24");
    // Eleven addresses of a /28 can be lent, and the gateway above has one.
    let fill = SecondaryChoice { count: 7, ..SecondaryChoice::default() };
    lab.make(NewNatGateway { secondary: fill, ..lab.wanted(None) });
    let two = lab.wanted(None);
    lab.make(two.clone());
    lab.make(two);
    let rows = [
        (lab.wanted(Some(missing)), "InsufficientFreeAddressesInSubnet"),
        (NewNatGateway { subnet: bare, ..lab.wanted(Some(free)) }, "Gateway.NotAttached"),
    ];
    for (new, code) in rows {
        let id = lab.make(new);
        let NatState::Failed(failure) = lab.get(id).state else { panic!("{code}: {:?}", lab.get(id)) };
        assert_eq!(failure.code(), code);
        lab.wait(SEEN_MS);
        assert_eq!(lab.state(id), None);
    }
    let subnet = lab.world.subnet(vpc, "10.0.1.0/24");
    for (allocation, code) in
        [(missing, "InvalidAllocationID.NotFound"), (taken, "Resource.AlreadyAssociated")]
    {
        let id = lab.make(NewNatGateway { subnet, ..lab.wanted(Some(allocation)) });
        let state = lab.get(id).state;
        assert!(matches!(state, NatState::Failed(failure) if failure.code() == code), "{state:?}");
        assert_eq!(lab.world.run(|network, cx| network.delete_nat_gateway(cx, id)), Ok(()));
        assert_eq!(lab.state(id), Some("deleted"));
    }
}

#[test]
fn requests_that_mean_nothing_are_refused() {
    let mut lab = lab();
    let allocation = lab.allocate();
    let public = |new: NewNatGateway| NewNatGateway { connectivity: Connectivity::Public, ..new };
    let private = |new: NewNatGateway| NewNatGateway { connectivity: Connectivity::Private, ..new };
    let address: Ipv4Addr = "10.9.9.9".parse().expect("an address");
    let secondary = SecondaryChoice { private: vec![address], ..SecondaryChoice::default() };
    let many = SecondaryChoice { count: 8, ..SecondaryChoice::default() };
    let unknown: SubnetId = "subnet-12345678".parse().expect("an id");
    let rows: [(NewNatGateway, Refused); 7] = [
        (public(lab.wanted(None)), NatRefusal::NoAllocation.into()),
        (private(lab.wanted(Some(allocation))), NatRefusal::AllocationForPrivate.into()),
        (NewNatGateway { secondary, ..lab.wanted(Some(allocation)) }, NatRefusal::UnevenAddresses.into()),
        (
            NewNatGateway { secondary: many.clone(), ..lab.wanted(Some(allocation)) },
            NatRefusal::UnevenAddresses.into(),
        ),
        (NewNatGateway { secondary: many, ..lab.wanted(None) }, Limit::NatAddresses.into()),
        (
            NewNatGateway { private: Some(address), ..lab.wanted(None) },
            InterfaceRefusal::OutsideSubnet(address.into()).into(),
        ),
        (NewNatGateway { subnet: unknown, ..lab.wanted(None) }, Missing::Subnet(unknown).into()),
    ];
    for (new, refused) in rows {
        assert_eq!(lab.try_make(new), Err(refused));
    }
    lab.world.network.limits.nat_gateways_per_zone = 1;
    lab.make(lab.wanted(None));
    assert_eq!(lab.try_make(lab.wanted(None)), Err(Limit::NatGateways.into()));
}

#[test]
fn a_route_leads_to_a_gateway_until_it_is_deleted() {
    let mut lab = lab();
    let id = lab.make(lab.wanted(None));
    let (table, vpc) = (lab.table, lab.vpc);
    let to = |text: &str| Destination::Cidr(text.parse().expect("a block"));
    let target = Target::NatGateway(id);
    let mut route =
        |cidr: &str| lab.world.run(|network, cx| network.create_route(cx, table, to(cidr), target));
    assert_eq!(route("0.0.0.0/0"), Ok(()));
    assert_eq!(route("10.0.0.0/28"), Ok(()));
    assert_eq!(route("64:ff9b::/96"), Ok(()));
    let six: crate::Cidr = "::/0".parse().expect("a block");
    assert_eq!(route("::/0"), Err(Refused::WrongFamily(target, six)));
    let state = |lab: &Lab| {
        let table = lab.world.network.route_tables.get(&table).expect("the table");
        lab.world.network.route_state(vpc, &table.routes[0])
    };
    assert_eq!(state(&lab), RouteState::Active);
    lab.world.run(|network, cx| network.delete_nat_gateway(cx, id)).expect("it is there");
    assert_eq!(state(&lab), RouteState::Blackhole);
    let again = lab.world.run(|network, cx| network.create_route(cx, table, to("1.0.0.0/8"), target));
    assert_eq!(again, Err(Refused::NoSuchTarget(target)));
    let other = lab.world.vpc("10.1.0.0/16");
    let (id, table) = (lab.make(lab.wanted(None)), lab.world.network.main_table(other).expect("main").id);
    let target = Target::NatGateway(id);
    let stranger = lab.world.run(|network, cx| network.create_route(cx, table, to("1.0.0.0/8"), target));
    let expected = Refused::DifferentNetworks(table, crate::refused::Stranger::NatGateway(id));
    assert_eq!(stranger, Err(expected));
}

#[test]
fn an_elastic_address_of_a_gateway_is_not_moved_by_hand() {
    let mut lab = lab();
    let (allocation, other) = (lab.allocate(), lab.allocate());
    let id = lab.make(lab.wanted(Some(allocation)));
    let interface = lab.get(id).interface().expect("it has one");
    let managed = Err(InterfaceRefusal::Managed(interface).into());
    let target = (AddressTarget::Interface(interface), None);
    let put = lab.world.run(|network, cx| network.associate_address(cx, other, target, true).map(|_| ()));
    assert_eq!(put, managed);
    let association =
        lab.world.network.addresses.get(&allocation).and_then(|address| address.association.clone());
    let association = association.expect("it stands for the gateway").id;
    assert_eq!(lab.world.run(|network, cx| network.disassociate_address(cx, association)), managed);
    assert_eq!(lab.world.run(|network, cx| network.delete_interface(cx, interface)), managed);
}

#[test]
fn secondary_addresses_come_and_drain() {
    let mut lab = lab();
    let (first, second) = (lab.allocate(), lab.allocate());
    let id = lab.make(lab.wanted(Some(first)));
    let more = || SecondaryChoice { allocations: vec![second], ..SecondaryChoice::default() };
    let add = |lab: &mut Lab| lab.world.run(|network, cx| network.associate_nat_addresses(cx, id, more()));
    assert_eq!(add(&mut lab), Ok(()));
    assert_eq!(add(&mut lab), Err(NatRefusal::AlreadyAssociated(second).into()));
    assert_eq!(lab.get(id).usable(None).count(), 2);
    let seat = |lab: &Lab, id| lab.world.network.addresses.get(&id).and_then(|own| own.association.clone());
    let (one, two) = (seat(&lab, first).expect("seated"), seat(&lab, second).expect("seated"));
    let mut drop = |association| {
        lab.world.run(|network, cx| network.disassociate_nat_addresses(cx, id, &[association], DRAIN_S))
    };
    assert_eq!(drop(one.id), Err(NatRefusal::Primary(one.private).into()));
    assert_eq!(drop(two.id), Ok(()));
    assert_eq!((lab.get(id).usable(None).count(), lab.get(id).addresses.len()), (1, 2));
    lab.wait(i64::from(DRAIN_S) * 1000);
    assert_eq!((lab.get(id).addresses.len(), lab.is_free(second)), (1, true));
    let assign = SecondaryChoice { count: 1, ..SecondaryChoice::default() };
    let wrong = lab.world.run(|network, cx| network.assign_nat_addresses(cx, id, assign));
    assert_eq!(wrong, Err(NatRefusal::WrongConnectivity(id, Connectivity::Public).into()));
}

#[test]
fn a_private_gateway_gets_private_addresses_named_and_any() {
    let mut lab = lab();
    let id = lab.make(lab.wanted(None));
    let named: Ipv4Addr = "10.0.0.9".parse().expect("an address");
    let choice = SecondaryChoice { private: vec![named], count: 2, ..SecondaryChoice::default() };
    assert_eq!(lab.world.run(|network, cx| network.assign_nat_addresses(cx, id, choice)), Ok(()));
    assert_eq!(lab.get(id).usable(None).count(), 4);
    assert!(lab.get(id).usable(None).any(|own| own == named));
    let rest = SecondaryChoice { count: 5, ..SecondaryChoice::default() };
    let full = lab.world.run(|network, cx| network.assign_nat_addresses(cx, id, rest));
    assert_eq!(full, Err(Limit::NatAddresses.into()));
    let off = |address| [address];
    let gone = lab.world.run(|network, cx| network.unassign_nat_addresses(cx, id, &off(named), 0));
    assert_eq!(gone, Ok(()));
    lab.wait(0);
    let again = lab.world.run(|network, cx| network.unassign_nat_addresses(cx, id, &off(named), 0));
    assert_eq!(again, Err(NatRefusal::NotAssigned(id, named).into()));
}

/// Earlier versions had a gateway pending, and deleting, for ten seconds, and opened a zone as slowly.
#[test]
fn gateways_on_their_way_in_the_state_of_earlier_versions_arrive() {
    let mut lab = lab();
    let (first, second) = (lab.allocate(), lab.allocate());
    let missing: AllocationId = "eipalloc-12345678".parse().expect("an id");
    let failure = NatFailure::NoSuchAllocation(missing);
    let [coming, failing, going] = [
        (lab.make(lab.wanted(Some(first))), NatState::Pending(None)),
        (lab.make(lab.wanted(Some(missing))), NatState::Pending(Some(failure))),
        (lab.make(lab.wanted(Some(second))), NatState::Deleting),
    ]
    .map(|(id, state)| {
        lab.world.network.nat_gateways.get_mut(&id).expect("it is there").state = state;
        id
    });
    let regional = lab.regional(&[]);
    let gates = lab.world.network.nat_gateways.get_mut(&regional).expect("it is there");
    let Availability::Regional(own) = &mut gates.availability else { unreachable!("it is regional") };
    own.gates[0].state = GateState::Opening(lab.world.now);
    assert_eq!(lab.world.network.next_step(), Some(lab.world.now));
    lab.world.network.step(lab.world.now);
    let states = [coming, failing, going].map(|id| lab.state(id));
    assert_eq!(states, [Some("available"), Some("failed"), Some("deleted")]);
    assert!(lab.is_free(second) && !lab.is_free(first));
    assert_eq!(lab.zones(regional), "a1");
}
