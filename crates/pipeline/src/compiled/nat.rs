//! NAT gateways: each has a gate, an interface where packets are translated; a regional one has a gate in each zone.
//!
//! A gate of a regional gateway is in no subnet: it has no network ACL and no neighbours, and its packets follow the gateway's
//! own route table. It has public addresses only, which stand for themselves on the internet.
//! Source: VPC User Guide, "NAT gateway basics", "Regional NAT gateways for automatic multi-AZ expansion".

use super::group::Policies;
use super::{Builder, CompiledInterface, CompiledSubnet};
use crate::packet::InterfaceIdx;
use crate::track::Timeouts;
use std::collections::BTreeMap;
use weir_model::interface::TrackingTimeouts;
use weir_model::nat_gateway::{Gate, NatAddress, NatGateway, NatState, Regional};
use weir_model::{NatGatewayId, VpcId, ZoneName};

/// A NAT gateway, or the gate of a regional one, as packets meet it.
#[derive(Clone, Debug)]
pub(crate) struct CompiledNat {
    pub id: NatGatewayId,
    pub interface: InterfaceIdx,
    pub is_available: bool,
    /// Its own addresses for new connections, the primary one first.
    pub addresses: Vec<u32>,
}

/// A regional NAT gateway.
#[derive(Clone, Debug)]
pub(crate) struct CompiledRegional {
    pub id: NatGatewayId,
    pub vpc: VpcId,
    /// The zones of the VPC whose packets it takes, each with the index of the gate that they pass.
    zones: BTreeMap<ZoneName, u32>,
}

impl CompiledRegional {
    /// The index of the gate for packets sent in `zone`; `None` if it takes none from there.
    pub fn gate(&self, zone: ZoneName) -> Option<u32> {
        self.zones.get(&zone).copied()
    }
}

/// All NAT gateways of a network.
#[derive(Clone, Debug)]
pub(crate) struct Nats {
    /// By ascending id of the gateway.
    pub gates: Vec<CompiledNat>,
    /// By ascending id.
    pub regional: Vec<CompiledRegional>,
}

impl Builder<'_> {
    /// The NAT gateways that have interfaces, which learn of it.
    pub(super) fn nats(&self, interfaces: &mut [CompiledInterface]) -> Nats {
        let mut nats = Nats { gates: Vec::new(), regional: Vec::new() };
        for nat in self.network.nat_gateways.iter() {
            match nat.regional() {
                Some(regional) => self.regional_nat(&mut nats, interfaces, (nat, regional)),
                None => {
                    if let Some(interface) = nat.interface() {
                        add_gate(&mut nats, interfaces, nat, (interface, None));
                    }
                }
            }
        }
        nats
    }

    fn regional_nat(
        &self,
        nats: &mut Nats,
        interfaces: &mut [CompiledInterface],
        (nat, regional): (&NatGateway, &Regional),
    ) {
        let mut at = BTreeMap::new();
        for gate in &regional.gates {
            let added = add_gate(nats, interfaces, nat, (gate.interface, Some(gate.zone)));
            at.extend(added.map(|index| (gate.zone, index)));
        }
        let of_vpc = self.network.subnets_of(nat.vpc).map(|subnet| subnet.zone);
        let serving = |zone| Some((zone, *at.get(&regional.serving(zone)?.zone)?));
        nats.regional.push(CompiledRegional {
            id: nat.id,
            vpc: nat.vpc,
            zones: of_vpc.filter_map(serving).collect(),
        });
    }

    /// The interfaces of regional gateways. That of the nth gateway of a VPC that is there is in the nth place behind the subnets.
    pub(super) fn gates(&self, policies: &mut Policies) -> Vec<CompiledInterface> {
        let first = self.subnet_idx.len() as u32;
        let mut gates = Vec::new();
        for ((nat, regional, vpc_idx), place) in self.regional_nats().zip(first..) {
            let compiled = |gate| self.gate((nat, gate), (vpc_idx, place), policies.of(&[]));
            gates.extend(regional.gates.iter().map(compiled));
        }
        gates
    }

    /// What stands for the subnet of each regional gateway, in the order of [`Builder::gates`]. `table_of` tells the index of its
    /// route table.
    pub(super) fn gate_subnets(&self, mut table_of: impl FnMut(&NatGateway) -> u32) -> Vec<CompiledSubnet> {
        let subnet = |nat| CompiledSubnet {
            id: None,
            cidr: None,
            ipv6_cidr: None,
            router: None,
            acl: None,
            table: table_of(nat),
        };
        self.regional_nats().map(|(nat, ..)| nat).map(subnet).collect()
    }

    fn regional_nats(&self) -> impl Iterator<Item = (&NatGateway, &Regional, u32)> {
        let nats = self.network.nat_gateways.iter();
        nats.filter_map(|nat| Some((nat, nat.regional()?, *self.vpc_idx.get(&nat.vpc)?)))
    }

    fn gate(
        &self,
        (nat, gate): (&NatGateway, &Gate),
        (vpc_idx, subnet_idx): (u32, u32),
        policy: u32,
    ) -> CompiledInterface {
        let own = nat.addresses.iter().filter(|own| own.zone == Some(gate.zone));
        CompiledInterface {
            id: gate.interface,
            scope: nat.scope,
            vpc: nat.vpc,
            subnet: None,
            zone: gate.zone,
            instance: None,
            primary: None,
            is_running: true,
            source_dest_check: false,
            is_nitro: true,
            is_door: false,
            is_endpoint: false,
            timeouts: Timeouts::of(TrackingTimeouts::default()),
            own4: own.filter_map(NatAddress::own).map(u32::from).collect(),
            own6: Vec::new(),
            vpc_idx,
            subnet_idx,
            policy,
            nat: None,
        }
    }
}

/// Adds the gate with this interface, which is in `zone` if the gateway is regional; its index.
fn add_gate(
    nats: &mut Nats,
    interfaces: &mut [CompiledInterface],
    nat: &NatGateway,
    (id, zone): (weir_model::InterfaceId, Option<ZoneName>),
) -> Option<u32> {
    let place = interfaces.binary_search_by_key(&id, |interface| interface.id).ok()?;
    let index = nats.gates.len() as u32;
    interfaces[place].nat = Some(index);
    nats.gates.push(CompiledNat {
        id: nat.id,
        interface: InterfaceIdx(place as u32),
        is_available: nat.state == NatState::Available,
        addresses: nat.usable(zone).map(u32::from).collect(),
    });
    Some(index)
}
