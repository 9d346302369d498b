//! Hosts behind a NAT gateway: they reach the internet, and nothing reaches them.

use crate::bed::{Bed, Instance, internet};
use std::net::Ipv4Addr;
use weir_fabric::{Count, INTERNET_HOST, INTERNET_HOST_V6, Loss, frame};
use weir_model::Tags;
use weir_model::nat_gateway::{Connectivity, NewNatGateway, NewRegionalNatGateway, SecondaryChoice};
use weir_model::route::{Associated, Target};
use weir_pipeline::Reason;

const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 5);

/// Two instances behind a NAT gateway, and its public address.
fn behind(bed: &mut Bed) -> ([Instance; 2], Ipv4Addr) {
    let site = bed.site("10.1.0.0/24");
    let inner = bed.subnet(&site, "10.1.1.0/24", 'a');
    let allocation = bed.command(|network, cx| network.allocate_address(cx, None, Tags::new()));
    let new = NewNatGateway {
        subnet: site.subnet,
        connectivity: Connectivity::Public,
        allocation: Some(allocation),
        private: None,
        secondary: SecondaryChoice::default(),
        tags: Tags::new(),
    };
    let nat = bed.command(|network, cx| network.create_nat_gateway(cx, new));
    let table = bed.command(|network, cx| network.create_route_table(cx, site.vpc, Tags::new()));
    bed.command(|network, cx| network.associate_route_table(cx, table, Associated::Subnet(inner.subnet)));
    bed.network.step(bed.fabric.now().into());
    bed.route_to(table, "0.0.0.0/0", Target::NatGateway(nat));
    let public = bed.network.addresses.get(&allocation).expect("allocated above").public;
    ([bed.instance(&inner), bed.instance(&inner)], public)
}

/// A TCP packet from port 40000 to port 80, over IPv4 or, with another protocol number, no TCP at all.
fn segment(from: Ipv4Addr, to: Ipv4Addr, flags: u8) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 1, 0, 0, 0, 0, 0]);
    frame::fill_checksums(&mut bytes);
    bytes
}

fn received(bed: &Bed, instance: &Instance) -> Count {
    bed.fabric.traffic(instance.name()).expect("a running host").received
}

#[test]
fn instances_behind_a_nat_gateway_reach_the_internet() {
    let mut bed = Bed::new(1);
    let (instances, _) = behind(&mut bed);
    for instance in &instances {
        let page = bed.run(instance.name(), &format!("curl -s http://{OUTSIDE}/"));
        assert_eq!((page.stdout.trim(), page.exit_code), ("Hello from the internet", Some(0)));
        let ping = bed.run(instance.name(), &format!("ping -c 2 {OUTSIDE}"));
        assert!(ping.stdout.contains("2 received"), "{ping:?}");
    }
}

#[test]
fn nobody_outside_reaches_an_instance_behind_it() {
    let mut bed = Bed::new(1);
    let (instances, public) = behind(&mut bed);
    let outside = internet(&OUTSIDE.to_string());
    bed.run(outside, "true");
    assert!(bed.fabric.inject(outside, &segment(OUTSIDE, public, 2)));
    bed.pass(1);
    assert_eq!(bed.fabric.losses().get(&Loss::Dropped(Reason::NatUnsolicited)), Some(&1));
    assert!(instances.iter().all(|instance| received(&bed, instance) == Count::default()));
}

#[test]
fn who_goes_on_with_a_forgotten_connection_is_reset() {
    let mut bed = Bed::new(1);
    let ([instance, _], _) = behind(&mut bed);
    assert!(bed.fabric.inject(instance.name(), &segment(instance.private, OUTSIDE, 16)));
    bed.pass(1);
    assert_eq!(bed.fabric.losses().get(&Loss::Dropped(Reason::NatIdle)), Some(&1));
    assert_eq!(received(&bed, &instance), Count { packets: 1, bytes: 40 });
}

#[test]
fn errors_of_the_internet_find_their_way_back() {
    let mut bed = Bed::new(1);
    let ([instance, _], _) = behind(&mut bed);
    let mut bytes = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
    bytes.extend(instance.private.octets());
    bytes.extend(OUTSIDE.octets());
    // From a port that the gateway does not use, so that what the error quotes has to be translated.
    bytes.extend([0, 99, 0x82, 0x9a, 0, 8, 0, 0]);
    frame::fill_checksums(&mut bytes);
    assert!(bed.fabric.inject(instance.name(), &bytes));
    bed.pass(1);
    assert_eq!(received(&bed, &instance), Count { packets: 1, bytes: 56 });
}

#[test]
fn instances_behind_a_regional_nat_gateway_leave_with_an_address_of_their_zone() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let subnets =
        [('a', 1), ('b', 2)].map(|(zone, net)| bed.subnet(&site, &format!("10.1.{net}.0/24"), zone));
    let instances = subnets.map(|subnet| bed.instance(&subnet));
    let new = NewRegionalNatGateway { vpc: site.vpc, zones: Vec::new(), tags: Tags::new() };
    let nat = bed.command(|network, cx| network.create_regional_nat_gateway(cx, new));
    let table = bed.command(|network, cx| network.create_route_table(cx, site.vpc, Tags::new()));
    for subnet in subnets {
        let with = Associated::Subnet(subnet.subnet);
        bed.command(|network, cx| network.associate_route_table(cx, table, with));
    }
    bed.network.step(bed.fabric.now().into());
    bed.route_to(table, "0.0.0.0/0", Target::NatGateway(nat));
    for instance in &instances {
        let page = bed.run(instance.name(), &format!("curl -s http://{OUTSIDE}/"));
        assert_eq!((page.stdout.trim(), page.exit_code), ("Hello from the internet", Some(0)));
    }
    let addresses = &bed.network.nat_gateways.get(&nat).expect("made above").addresses;
    let publics: Vec<Ipv4Addr> = addresses.iter().filter_map(|own| own.own()).collect();
    assert_eq!(publics.len(), 2);
    bed.pass(1);
    let before = instances.map(|instance| received(&bed, &instance));
    for public in publics {
        assert!(bed.fabric.inject(internet(&OUTSIDE.to_string()), &segment(OUTSIDE, public, 2)));
    }
    bed.pass(1);
    assert_eq!(bed.fabric.losses().get(&Loss::Dropped(Reason::NatUnsolicited)), Some(&2));
    assert_eq!(instances.map(|instance| received(&bed, &instance)), before);
}

#[test]
fn over_ipv6_the_internet_comes_in_by_an_internet_gateway_and_only_answers_by_an_egress_only_one() {
    let outside = internet(&INTERNET_HOST.to_string());
    for is_egress_only in [false, true] {
        let mut bed = Bed::new(1);
        let site = bed.ipv6_site("10.1.0.0/24");
        let target = if is_egress_only {
            let gateway =
                bed.command(|network, cx| network.create_egress_only_gateway(cx, site.vpc, Tags::new()));
            Target::EgressOnlyGateway(gateway)
        } else {
            Target::InternetGateway(bed.network.internet_gateways.iter().next().expect("the site's").id)
        };
        bed.route_to(site.table, "::/0", target);
        let instance = bed.instance(&site);
        let inside = instance.ipv6.expect("an IPv6 address");
        let came = bed.run(outside, &format!("ping -c 1 -W 1 {inside}"));
        assert_eq!(came.exit_code, Some(i32::from(is_egress_only)), "{came:?}");
        let refused = bed.fabric.losses().get(&Loss::Dropped(Reason::EgressOnlyUnsolicited)).copied();
        assert_eq!(refused, is_egress_only.then_some(1));
        let went = bed.run(instance.name(), &format!("ping -c 1 -W 1 {INTERNET_HOST_V6}"));
        assert_eq!(went.exit_code, Some(0), "{went:?}");
    }
}
