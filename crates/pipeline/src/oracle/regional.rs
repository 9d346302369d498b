//! Regional NAT gateways, spelled out: in each zone a zonal one, in a subnet of its own that denies nothing, whose route table is
//! the gateway's; and each other subnet of the VPC with a table of its own, which leads to the one for its zone.
//!
//! A gate has nothing but its public addresses, so they are what it has inside, too. A route to a gateway that takes nothing
//! from the zone is left as it is.
//! Source: VPC User Guide, "Regional NAT gateways for automatic multi-AZ expansion", read once more.

use std::net::{Ipv4Addr, Ipv6Addr};
use weir_model::acl::{AclEntry, NetworkAcl};
use weir_model::group::Direction;
use weir_model::interface::{Attachment, Interface, InterfaceKind, PrivateAddress, PublicAddress};
use weir_model::nat_gateway::{Availability, Gate, GateState, NatAddress, NatGateway, Regional};
use weir_model::protocol::Traffic;
use weir_model::route::{Associated, RouteAssociation, RouteTable, Target};
use weir_model::subnet::Subnet;
use weir_model::{
    Cidr, Cidr4, Cidr6, Digits, Id, InterfaceId, NatGatewayId, Network, SubnetId, Tags, ZoneName,
};

/// `network` with zonal gateways for its regional ones.
pub(super) fn spelled_out(network: &Network) -> Network {
    let mut plain = network.clone();
    let regional = |nat: &NatGateway| nat.regional().map(|regional| (nat.clone(), regional.clone()));
    let all: Vec<(NatGateway, Regional)> = network.nat_gateways.iter().filter_map(regional).collect();
    if all.is_empty() {
        return plain;
    }
    for subnet in network.subnets.iter() {
        lead_from(&mut plain, subnet, &all);
    }
    for (nat, regional) in &all {
        for gate in &regional.gates {
            add_gate(&mut plain, nat, regional, gate);
        }
    }
    plain
}

/// Another kind of id with the digits of a gate's.
fn named<I: Id>(gate: InterfaceId) -> I {
    let text = gate.to_string();
    let digits = text.rsplit('-').next().and_then(Digits::parse);
    I::from_digits(digits.expect("an id ends with its digits"))
}

/// The zonal gateway that `zone` is served by.
fn for_zone(regional: &Regional, zone: ZoneName) -> Option<NatGatewayId> {
    let open = |gate: &&Gate| gate.state == GateState::Open;
    let mut there = regional.gates.iter().filter(open).filter(|gate| gate.zone == zone);
    let anywhere = regional.gates.iter().find(open).filter(|_| regional.is_automatic);
    there.next().or(anywhere).map(|gate| named(gate.interface))
}

/// Gives a subnet a route table of its own.
fn lead_from(plain: &mut Network, subnet: &Subnet, all: &[(NatGateway, Regional)]) {
    let is_its = |table: &RouteTable| {
        table.associations.iter().any(|found| found.with == Associated::Subnet(subnet.id))
    };
    let explicit = plain.route_tables.iter().find(|table| is_its(table)).cloned();
    let main = || plain.route_tables.iter().find(|table| table.vpc == subnet.vpc && table.main.is_some());
    let Some(mut table) = explicit.or_else(|| main().cloned()) else { return };
    let mut former = table.clone();
    former.associations.retain(|found| found.with != Associated::Subnet(subnet.id));
    plain.route_tables.insert(former);
    for route in &mut table.routes {
        let Target::NatGateway(id) = route.target else { continue };
        let found = all.iter().find(|(nat, _)| nat.id == id);
        let zonal = found.and_then(|(_, regional)| for_zone(regional, subnet.zone));
        route.target = zonal.map_or(route.target, Target::NatGateway);
    }
    own_table(plain, table, subnet.id);
}

fn own_table(plain: &mut Network, table: RouteTable, subnet: SubnetId) {
    let text = subnet.to_string();
    let digits = text.rsplit('-').next().and_then(Digits::parse).expect("an id ends with its digits");
    let association = RouteAssociation { id: Id::from_digits(digits), with: Associated::Subnet(subnet) };
    let (id, associations) = (Id::from_digits(digits), vec![association]);
    plain.route_tables.insert(RouteTable { id, main: None, associations, ..table });
}

fn add_gate(plain: &mut Network, nat: &NatGateway, regional: &Regional, gate: &Gate) {
    let subnet: SubnetId = named(gate.interface);
    plain.subnets.insert(Subnet {
        id: subnet,
        scope: nat.scope,
        vpc: nat.vpc,
        zone: gate.zone,
        cidr: None,
        ipv6_cidr: None,
        acl: named(gate.interface),
        acl_association: named(gate.interface),
        is_default: false,
        map_public_ip: false,
        assign_ipv6: false,
        dns64: false,
        host_names: Default::default(),
        tags: Tags::new(),
    });
    plain.acls.insert(NetworkAcl {
        id: named(gate.interface),
        scope: nat.scope,
        vpc: nat.vpc,
        is_default: false,
        entries: everything(),
        tags: Tags::new(),
    });
    if let Some(table) = regional.route_table.and_then(|id| plain.route_tables.get(&id)).cloned() {
        own_table(plain, table, subnet);
    }
    let own = nat.addresses.iter().filter(|own| own.zone == Some(gate.zone));
    let elastic: Vec<&NatAddress> = own.filter(|own| own.elastic.is_some()).collect();
    plain.interfaces.insert(Interface {
        id: gate.interface,
        scope: nat.scope,
        vpc: nat.vpc,
        subnet,
        addresses: elastic.iter().filter_map(|own| seat(own)).collect(),
        ipv6_addresses: Vec::new(),
        groups: Vec::new(),
        source_dest_check: false,
        tracking: Default::default(),
        attachment: Some(Attachment {
            id: named(gate.interface),
            instance: None,
            device_index: 1,
            since: nat.created,
            delete_on_termination: false,
        }),
        kind: InterfaceKind::NatGateway,
        description: String::new(),
        mac: [0; 6],
        tags: Tags::new(),
    });
    let fresh = elastic.into_iter().filter(|own| own.draining_until.is_none());
    let addresses =
        fresh.map(|own| NatAddress { private: own.elastic.map(|(public, _)| public), ..own.clone() });
    plain.nat_gateways.insert(NatGateway {
        id: named(gate.interface),
        availability: Availability::Zonal { subnet, interface: Some(gate.interface) },
        addresses: addresses.collect(),
        ..nat.clone()
    });
}

fn seat(own: &NatAddress) -> Option<PrivateAddress> {
    let (public, id) = own.elastic?;
    Some(PrivateAddress { private: public, public: Some(PublicAddress::Elastic(public, id)) })
}

fn everything() -> Vec<AclEntry> {
    let v4 = Cidr4::new(Ipv4Addr::UNSPECIFIED, 0).map(Cidr::V4);
    let v6 = Cidr6::new(Ipv6Addr::UNSPECIFIED, 0).map(Cidr::V6);
    let mut entries = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        for (cidr, number) in v4.into_iter().chain(v6).zip(1..) {
            entries.push(AclEntry { number, direction, traffic: Traffic::All, cidr, allow: true });
        }
    }
    entries
}
