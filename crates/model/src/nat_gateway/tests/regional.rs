//! Regional gateways. Expectations: VPC User Guide, "Regional NAT gateways for automatic multi-AZ expansion"; EC2 API Reference,
//! CreateNatGateway, NatGateway.

use super::*;
use crate::interface::NewInterface;
use crate::subnet::NewSubnet;
use crate::{InternetGatewayId, ZoneName};

/// Zones and the addresses for each.
type Zones<'a> = &'a [(char, &'a [AllocationId])];

fn zone(letter: char) -> ZoneName {
    ZoneName::new("us-east-1".parse().expect("a region"), letter).expect("a zone")
}

impl Lab {
    fn subnet_in(&mut self, cidr: &str, letter: char) -> SubnetId {
        let (vpc, cidr) = (self.vpc, Some(cidr.parse().expect("a block")));
        let new = NewSubnet { vpc, zone: Some(zone(letter)), cidr, ipv6_cidr: None, tags: Tags::new() };
        self.world.run(|network, cx| network.create_subnet(cx, new)).expect("a subnet")
    }

    fn interface_in(&mut self, subnet: SubnetId) -> InterfaceId {
        let new = NewInterface::default();
        self.world.run(|network, cx| network.create_interface(cx, subnet, new)).expect("an interface")
    }

    fn try_regional(&mut self, zones: Zones) -> Result<NatGatewayId, Refused> {
        let of = |(letter, allocations): &(char, &[AllocationId])| ZoneAddresses {
            zone: zone(*letter),
            allocations: allocations.to_vec(),
        };
        let zones = zones.iter().map(of).collect();
        let new = NewRegionalNatGateway { vpc: self.vpc, zones, tags: Tags::new() };
        self.world.run(|network, cx| network.create_regional_nat_gateway(cx, new))
    }

    #[track_caller]
    pub(super) fn regional(&mut self, zones: Zones) -> NatGatewayId {
        self.try_regional(zones).expect("creation succeeds")
    }

    /// What happens after each command.
    fn settle(&mut self) {
        let expand = |network: &mut Network, cx: &mut Cx| {
            network.expand_nat_gateways(cx.ids);
            Ok(())
        };
        self.world.run(expand).expect("it cannot be refused");
        self.world.network.check_invariants().expect("they hold");
    }

    /// The zones, each with how many addresses new connections may use there, and a `?` while it is not open.
    pub(super) fn zones(&self, id: NatGatewayId) -> String {
        let nat = self.get(id);
        let gates = nat.regional().expect("it is regional").gates.iter().map(|gate| {
            let state = if gate.state == GateState::Open { "" } else { "?" };
            format!("{}{}{state}", &gate.zone.to_string()[9..], nat.usable(Some(gate.zone)).count())
        });
        gates.collect::<Vec<_>>().join(" ")
    }

    fn associate(
        &mut self,
        id: NatGatewayId,
        zone: Option<ZoneName>,
        allocation: AllocationId,
    ) -> Result<(), Refused> {
        let choice = SecondaryChoice { zone, allocations: vec![allocation], ..SecondaryChoice::default() };
        self.world.run(|network, cx| network.associate_nat_addresses(cx, id, choice))
    }

    fn disassociate(&mut self, id: NatGatewayId, allocation: AllocationId) -> Result<(), Refused> {
        let address = self.world.network.addresses.get(&allocation).expect("it is allocated");
        let association = address.association.as_ref().expect("it is associated").id;
        self.world.run(|network, cx| network.disassociate_nat_addresses(cx, id, &[association], 1))
    }

    fn gateway(&self) -> InternetGatewayId {
        self.world.network.internet_gateway_of(self.vpc).expect("attached").id
    }
}

#[test]
fn an_automatic_gateway_is_where_there_are_interfaces_and_follows_them() {
    let mut lab = lab();
    let (in_b, in_c) = (lab.subnet_in("10.0.2.0/24", 'b'), lab.subnet_in("10.0.3.0/24", 'c'));
    let allocated = lab.world.network.addresses.iter().count();
    lab.interface_in(in_b);
    let id = lab.regional(&[]);
    assert_eq!((lab.state(id), lab.zones(id).as_str()), (Some("available"), "b1"));
    lab.settle();
    assert_eq!(lab.zones(id), "b1");
    // A first interface in another zone opens the zone.
    lab.interface_in(in_c);
    lab.settle();
    assert_eq!(lab.zones(id), "b1 c1");
    let regional = lab.get(id).regional().expect("it is regional");
    assert_eq!(regional.serving(zone('c')).map(|gate| gate.zone), Some(zone('c')));
    // Without a subnet there, it leaves the zone, and the address goes back.
    let gone = lab.world.network.subnets.iter().find(|subnet| subnet.id == in_b).expect("it is there").id;
    let there: Vec<InterfaceId> =
        lab.world.network.interfaces_in(gone).map(|interface| interface.id).collect();
    lab.world.run(|network, cx| network.delete_interface(cx, there[0])).expect("it is free");
    lab.settle();
    assert_eq!(lab.zones(id), "b1 c1");
    lab.world.run(|network, cx| network.delete_subnet(cx, gone)).expect("it is empty");
    lab.settle();
    assert_eq!(lab.zones(id), "c1");
    assert_eq!(lab.world.network.addresses.iter().count(), allocated + 1);
    assert!(lab.world.network.addresses.iter().all(|address| address.is_managed));
}

/// NatGateway: with `autoScalingIps`, "Amazon automatically allocates additional Elastic IP addresses (EIPs) in an AZ when the NAT
/// gateway needs more ports".
#[test]
fn an_automatic_gateway_without_ports_gets_a_further_address_in_that_zone() {
    let mut lab = lab();
    let (in_b, in_c) = (lab.subnet_in("10.0.2.0/24", 'b'), lab.subnet_in("10.0.3.0/24", 'c'));
    lab.interface_in(in_b);
    lab.interface_in(in_c);
    let scale = |lab: &mut Lab, gate: InterfaceId| {
        let scale = |network: &mut Network, cx: &mut Cx| {
            network.scale_nat_gateway(gate, cx.ids);
            Ok(())
        };
        lab.world.run(scale).expect("it cannot be refused");
        lab.world.network.check_invariants().expect("they hold");
    };
    let id = lab.regional(&[]);
    let gate = lab.get(id).regional().expect("it is regional").gates[1].interface;
    scale(&mut lab, gate);
    assert_eq!(lab.zones(id), "b1 c2");
    assert!(lab.world.network.addresses.iter().all(|address| address.is_managed));
    (0..40).for_each(|_| scale(&mut lab, gate));
    assert_eq!(lab.zones(id), "b1 c32");
    // They all go with the gateway.
    lab.world.run(|network, cx| network.delete_nat_gateway(cx, id).map(drop)).expect("it is there");
    assert_eq!(lab.world.network.addresses.iter().count(), 0);
    // A manual one has what it was given.
    let own = lab.allocate();
    let id = lab.regional(&[('b', &[own])]);
    let gate = lab.get(id).regional().expect("it is regional").gates[0].interface;
    scale(&mut lab, gate);
    assert_eq!(lab.zones(id), "b1");
}

#[test]
fn a_gateway_of_a_vpc_without_interfaces_begins_somewhere() {
    let mut lab = lab();
    let id = lab.regional(&[]);
    assert_eq!(lab.zones(id), "a1");
}

#[test]
fn addresses_that_aws_allocates_do_not_count_and_are_nobodys_to_move() {
    let mut lab = lab();
    lab.world.network.limits.addresses = 1;
    let id = lab.regional(&[]);
    let own = lab.allocate();
    let (_, managed) = lab.get(id).addresses[0].elastic.expect("it has one");
    let gate = lab.get(id).regional().expect("it is regional").gates[0].interface;
    let refused = Err(Refused::from(InterfaceRefusal::Managed(gate)));
    let target = (AddressTarget::Interface(gate), None);
    let put = lab.world.run(|network, cx| network.associate_address(cx, own, target, true).map(drop));
    assert!(put.is_err(), "{put:?}");
    let association = lab.world.network.addresses.get(&managed).and_then(|own| own.association.clone());
    let association = association.expect("it is associated").id;
    assert_eq!(lab.world.run(|network, cx| network.disassociate_address(cx, association)), refused);
    let release = lab.world.run(|network, cx| network.release_address(cx, managed));
    assert!(release.is_err(), "{release:?}");
    assert_eq!(lab.disassociate(id, managed), Err(NatRefusal::Automatic(id).into()));
    assert_eq!(lab.associate(id, Some(zone('b')), own), Err(NatRefusal::Automatic(id).into()));
}

#[test]
fn a_manual_gateway_works_where_it_is_told_to() {
    let mut lab = lab();
    let (one, two, three) = (lab.allocate(), lab.allocate(), lab.allocate());
    let subnet = lab.subnet_in("10.0.3.0/24", 'c');
    lab.interface_in(subnet);
    let id = lab.regional(&[('a', &[one])]);
    lab.settle();
    assert_eq!(lab.zones(id), "a1");
    assert_eq!(lab.get(id).regional().expect("it is regional").serving(zone('c')), None);
    assert_eq!(lab.associate(id, None, two), Err(NatRefusal::NoZone(id).into()));
    assert_eq!(lab.associate(id, Some(zone('a')), one), Err(NatRefusal::AlreadyAssociated(one).into()));
    assert_eq!(lab.associate(id, Some(zone('a')), two), Ok(()));
    assert_eq!(lab.associate(id, Some(zone('c')), three), Ok(()));
    assert_eq!(lab.zones(id), "a2 c1");
    // Any address can go, and with the last one the zone.
    assert_eq!(lab.disassociate(id, one), Ok(()));
    assert_eq!(lab.zones(id), "a1 c1");
    lab.wait(1_000);
    assert!(lab.is_free(one));
    assert_eq!(lab.disassociate(id, two), Ok(()));
    lab.wait(1_000);
    assert_eq!((lab.zones(id).as_str(), lab.is_free(two)), ("c1", true));
}

#[test]
fn a_gateway_has_a_route_table_of_its_own_that_leads_to_the_internet() {
    let mut lab = lab();
    let (id, gateway, vpc) = (lab.regional(&[]), lab.gateway(), lab.vpc);
    let table = lab.get(id).regional().and_then(|regional| regional.route_table).expect("it has one");
    let found = lab.world.network.route_tables.get(&table).expect("it is one of the network");
    let all = Destination::Cidr("0.0.0.0/0".parse().expect("a block"));
    assert_eq!(found.route(all).map(|route| route.target), Some(Target::InternetGateway(gateway)));
    let held = lab.world.run(|network, cx| network.delete_route_table(cx, table));
    assert_eq!(held, Err(Held::RouteTable(table).into()));
    let held = lab.world.run(|network, cx| network.detach_internet_gateway(cx, gateway, vpc));
    assert_eq!(held, Err(Held::PublicAddresses(vpc).into()));
}

#[test]
fn deletion_takes_the_table_and_the_addresses_that_aws_had_allocated() {
    let mut lab = lab();
    let own = lab.allocate();
    let (automatic, manual) = (lab.regional(&[]), lab.regional(&[('b', &[own])]));
    let tables = lab.world.network.route_tables.iter().count();
    for id in [automatic, manual] {
        assert_eq!(lab.world.run(|network, cx| network.delete_nat_gateway(cx, id)), Ok(()));
    }
    lab.settle();
    assert_eq!((lab.state(automatic), lab.state(manual)), (Some("deleted"), Some("deleted")));
    assert!(lab.is_free(own));
    assert_eq!(lab.world.network.addresses.iter().count(), 1);
    assert_eq!(lab.world.network.route_tables.iter().count(), tables - 2);
    let gateway = lab.gateway();
    let vpc = lab.vpc;
    assert_eq!(lab.world.run(|network, cx| network.detach_internet_gateway(cx, gateway, vpc)), Ok(()));
}

#[test]
fn what_cannot_work_is_made_and_fails() {
    let mut lab = lab();
    let (one, two) = (lab.allocate(), lab.allocate());
    let missing: AllocationId = "eipalloc-12345678".parse().expect("an id");
    let elsewhere = lab.world.vpc("10.1.0.0/16");
    let rows: [(Zones, &str); 2] = [
        (&[('a', &[missing])], "InvalidAllocationID.NotFound"),
        (&[('a', &[one, two]), ('b', &[one])], "Resource.AlreadyAssociated"),
    ];
    let mut made: Vec<(NatGatewayId, &str)> =
        rows.iter().map(|(zones, code)| (lab.regional(zones), *code)).collect();
    let new = NewRegionalNatGateway { vpc: elsewhere, zones: Vec::new(), tags: Tags::new() };
    let bare = lab.world.run(|network, cx| network.create_regional_nat_gateway(cx, new));
    made.push((bare.expect("creation succeeds"), "Gateway.NotAttached"));
    for (id, code) in made {
        let state = lab.get(id).state;
        assert!(matches!(state, NatState::Failed(failure) if failure.code() == code), "{code}: {state:?}");
        assert!(lab.get(id).regional().is_some_and(|regional| regional.route_table.is_none()));
    }
    assert!(lab.is_free(one) && lab.is_free(two));
}

#[test]
fn requests_about_zones_that_mean_nothing_are_refused() {
    let mut lab = lab();
    let (one, two) = (lab.allocate(), lab.allocate());
    let many = [one; 9];
    let unknown = ZoneName::new("us-east-1".parse().expect("a region"), 'z').expect("a name");
    let rows: [(Zones, Refused); 4] = [
        (&[('a', &[])], NatRefusal::ZoneWithoutAddress(zone('a')).into()),
        (&[('a', &[one]), ('a', &[two])], NatRefusal::ZoneTwice(zone('a')).into()),
        (&[('a', &many)], Limit::NatAddresses.into()),
        (&[('z', &[one])], Refused::NoSuchZone(unknown)),
    ];
    for (zones, refused) in rows {
        assert_eq!(lab.try_regional(zones), Err(refused));
    }
    let zonal = lab.make(lab.wanted(Some(one)));
    assert_eq!(lab.associate(zonal, Some(zone('a')), two), Err(NatRefusal::ZoneForZonal(zonal).into()));
    // It counts in each of its zones, beside zonal ones.
    lab.world.network.limits.nat_gateways_per_zone = 1;
    assert_eq!(lab.try_regional(&[('a', &[two])]), Err(Limit::NatGateways.into()));
    lab.regional(&[('b', &[two])]);
    assert_eq!(lab.try_make(lab.wanted(None)), Err(Limit::NatGateways.into()));
}

#[test]
fn what_is_kept_is_read_again() {
    let mut lab = lab();
    let zonal = lab.make(lab.wanted(None));
    let regional = lab.regional(&[]);
    for id in [zonal, regional] {
        let text = serde_json::to_string(lab.get(id)).expect("it can be written");
        let mut network = Network::default();
        assert!(network.restore(NatGateway::KIND, &text).expect("it can be read"), "{text}");
        assert_eq!(network.nat_gateways.get(&id), Some(lab.get(id)));
    }
    // As a zonal gateway was kept before there were regional ones.
    let text = serde_json::to_value(lab.get(zonal)).expect("it can be written");
    assert!(text.get("subnet").is_some() && text.get("interface").is_some(), "{text}");
}
