//! What is true of what lives in subnets: groups, interfaces, addresses, instances; and of what joins VPCs.

use super::{Broken, hold};
use crate::Network;
use crate::instance::{Instance, InstanceState};
use crate::interface::{Interface, InterfaceKind, PublicAddress};
use crate::nat_gateway::{NatGateway, NatState, Regional};
use crate::peering::PeeringStatus;
use crate::volume::Volume;
use std::collections::BTreeSet;

impl Network {
    pub(super) fn check_members(&self) -> Result<(), Broken> {
        self.check_groups()?;
        self.interfaces.iter().try_for_each(|interface| self.check_interface(interface))?;
        self.check_lent_and_elastic()?;
        self.check_elastic()?;
        self.instances.iter().try_for_each(|instance| self.check_instance(instance))?;
        self.volumes.iter().try_for_each(|volume| self.check_volume(volume))?;
        self.check_peerings()?;
        self.nat_gateways.iter().try_for_each(|nat| self.check_nat_gateway(nat))
    }

    fn check_groups(&self) -> Result<(), Broken> {
        let mut names = BTreeSet::new();
        for group in self.groups.iter() {
            let id = group.id;
            hold("N-20", self.vpcs.has(&group.vpc), || format!("{id} is of no VPC"))?;
            hold("N-20", names.insert((group.vpc, &group.name)), || format!("{id} has the name of another"))?;
            for (place, rule) in group.rules.iter().enumerate() {
                let is_same = |other: &crate::group::GroupRule| {
                    (other.direction, other.traffic, other.peer) == (rule.direction, rule.traffic, rule.peer)
                };
                hold("N-20", !group.rules[..place].iter().any(is_same), || {
                    format!("{id} repeats {}", rule.id)
                })?;
            }
        }
        Ok(())
    }

    fn check_interface(&self, interface: &Interface) -> Result<(), Broken> {
        let id = interface.id;
        let subnet = self.subnets.get(&interface.subnet).filter(|subnet| subnet.vpc == interface.vpc);
        let subnet =
            subnet.ok_or_else(|| Broken { invariant: "N-21", fact: format!("{id} is in no subnet") })?;
        let is_inside = interface.addresses.iter().all(|own| {
            subnet.cidr.is_some_and(|cidr| cidr.contains(own.private) && cidr.last() != own.private)
        });
        hold("N-21", is_inside, || format!("{id} has an address outside its subnet"))?;
        let others = self.interfaces.iter().filter(|other| other.subnet == interface.subnet && other.id > id);
        for other in others {
            let shared = interface.addresses.iter().any(|own| other.owns(own.private.into()));
            let shared6 = interface.ipv6_addresses.iter().any(|own| other.ipv6_addresses.contains(own));
            hold("N-21", !shared && !shared6, || format!("{id} and {} share an address", other.id))?;
        }
        let own_groups = interface
            .groups
            .iter()
            .all(|group| self.groups.get(group).is_some_and(|group| group.vpc == interface.vpc));
        hold("N-21", own_groups, || format!("{id} has a group of another VPC"))?;
        let has_group = interface.kind != InterfaceKind::Interface || !interface.groups.is_empty();
        hold("N-21", has_group, || format!("{id} has no group"))?;
        let attachment = interface.attachment.as_ref();
        let is_held = match attachment.and_then(|attachment| attachment.instance) {
            Some(instance) => {
                self.instances.get(&instance).is_some_and(|instance| instance.interfaces.contains(&id))
            }
            None => true,
        };
        hold("N-23", is_held, || format!("{id} is attached to an instance that does not know it"))
    }

    fn check_lent_and_elastic(&self) -> Result<(), Broken> {
        let mut used: BTreeSet<_> = self.addresses.iter().map(|address| address.public).collect();
        hold("N-22", used.len() == self.addresses.len(), || {
            "an elastic address is allocated twice".to_owned()
        })?;
        for interface in self.interfaces.iter() {
            for own in &interface.addresses {
                let fact = || format!("{} at {}: {:?}", interface.id, own.private, own.public);
                let is_right = match &own.public {
                    None => true,
                    Some(PublicAddress::AutoAssigned(address)) => used.insert(*address),
                    Some(PublicAddress::Elastic(address, id)) => {
                        self.addresses.get(id).is_some_and(|elastic| {
                            let at = elastic.association.as_ref().map(|at| (at.interface, at.private));
                            elastic.public == *address && at == Some((interface.id, own.private))
                        })
                    }
                };
                hold("N-22", is_right, fact)?;
            }
        }
        Ok(())
    }

    fn check_elastic(&self) -> Result<(), Broken> {
        for address in self.addresses.iter() {
            let Some(at) = &address.association else { continue };
            let is_known = match self.interfaces.get(&at.interface) {
                Some(interface) => {
                    let public = Some(PublicAddress::Elastic(address.public, address.id));
                    interface.addresses.iter().any(|own| own.private == at.private && own.public == public)
                }
                None => self.nat_gateway_at(at.interface).is_some_and(|nat| {
                    nat.addresses.iter().any(|own| own.elastic == Some((address.public, address.id)))
                }),
            };
            hold("N-22", is_known, || format!("{} stands for an address that does not know it", address.id))?;
        }
        Ok(())
    }

    fn check_instance(&self, instance: &Instance) -> Result<(), Broken> {
        let id = instance.id;
        let mut indexes = Vec::new();
        for interface in &instance.interfaces {
            let attachment =
                self.interfaces.get(interface).and_then(|interface| interface.attachment.as_ref());
            let attachment = attachment.filter(|attachment| attachment.instance == Some(id));
            hold("N-23", attachment.is_some(), || {
                format!("{id} has {interface}, which is not attached to it")
            })?;
            indexes.extend(attachment.map(|attachment| attachment.device_index));
        }
        hold("N-23", indexes.is_sorted_by(|a, b| a < b), || format!("{id} has indexes {indexes:?}"))?;
        let is_whole = match instance.state {
            InstanceState::Terminated => indexes.is_empty(),
            InstanceState::Running | InstanceState::Stopped => indexes.first() == Some(&0),
        };
        for volume in &instance.settings.volumes {
            let attachment = self.volumes.get(volume).and_then(|volume| volume.attachment.as_ref());
            hold("N-23", attachment.is_some_and(|attachment| attachment.instance == id), || {
                format!("{id} has {volume}, which is not attached to it")
            })?;
        }
        hold("N-23", is_whole, || format!("{id} is {:?} with indexes {indexes:?}", instance.state))?;
        let lent = instance.interfaces.iter().filter_map(|id| self.interfaces.get(id)).any(|interface| {
            interface.addresses.iter().any(|own| matches!(own.public, Some(PublicAddress::AutoAssigned(_))))
        });
        hold("N-23", !lent || instance.state == InstanceState::Running, || {
            format!("{id} is {:?} with a lent address", instance.state)
        })
    }

    fn check_volume(&self, volume: &Volume) -> Result<(), Broken> {
        let id = volume.id;
        let Some(attachment) = &volume.attachment else { return Ok(()) };
        let instance = self.instances.get(&attachment.instance);
        let is_held =
            instance.is_some_and(|one| one.zone == volume.zone && one.settings.volumes.contains(&id));
        hold("N-23", is_held, || format!("{id} is attached to an instance that does not know it"))
    }

    fn check_nat_gateway(&self, nat: &NatGateway) -> Result<(), Broken> {
        let id = nat.id;
        let has_one = matches!(nat.state, NatState::Pending(None) | NatState::Available | NatState::Deleting);
        if let Some(regional) = nat.regional() {
            return self.check_regional(nat, regional);
        }
        let Some(interface) = nat.interface().and_then(|interface| self.interfaces.get(&interface)) else {
            // One that failed and is being deleted has none either.
            let may_miss = !has_one || nat.state == NatState::Deleting;
            return hold("N-25", may_miss && nat.interface().is_none(), || format!("{id} has no interface"));
        };
        let is_its = interface.kind == InterfaceKind::NatGateway && Some(interface.subnet) == nat.subnet();
        hold("N-25", has_one && is_its, || format!("{id} has a foreign interface"))?;
        let own: Vec<_> = interface.addresses.iter().map(|own| Some(own.private)).collect();
        let listed: Vec<_> = nat.addresses.iter().map(|own| own.private).collect();
        hold("N-25", own == listed, || format!("{id} has {listed:?}, its interface {own:?}"))
    }

    fn check_regional(&self, nat: &NatGateway, regional: &Regional) -> Result<(), Broken> {
        let id = nat.id;
        let table = regional.route_table.and_then(|table| self.route_tables.get(&table));
        let is_own = table.is_some_and(|table| table.vpc == nat.vpc && table.main.is_none());
        hold("N-26", is_own || regional.gates.is_empty(), || format!("{id} has no route table of its own"))?;
        let zones: BTreeSet<_> = regional.gates.iter().map(|gate| gate.zone).collect();
        hold("N-26", zones.len() == regional.gates.len(), || format!("{id} is in a zone twice"))?;
        for gate in &regional.gates {
            let own = nat.addresses.iter().filter(|own| own.zone == Some(gate.zone));
            let own: Vec<_> = own.filter_map(|own| own.elastic).collect();
            hold("N-26", !own.is_empty(), || format!("{id} has no address in {}", gate.zone))?;
            let is_seated = |(_, id): &(_, crate::AllocationId)| {
                let at = self.addresses.get(id).and_then(|address| address.association.as_ref());
                at.is_some_and(|at| at.interface == gate.interface)
            };
            hold("N-26", own.iter().all(is_seated), || format!("{id} has addresses that do not know it"))?;
            let hidden = !self.interfaces.has(&gate.interface);
            hold("N-26", hidden, || format!("{} of {id} is shown", gate.interface))?;
        }
        Ok(())
    }

    fn check_peerings(&self) -> Result<(), Broken> {
        let mut pairs = BTreeSet::new();
        for peering in self.peerings.iter().filter(|peering| peering.status == PeeringStatus::Active) {
            let (one, other) = (peering.requester.vpc, peering.accepter.vpc);
            let pair = (one.min(other), one.max(other));
            hold("N-24", pairs.insert(pair), || {
                format!("{} joins VPCs that are joined already", peering.id)
            })?;
            let exist = self.vpcs.has(&one) && self.vpcs.has(&other);
            hold("N-24", exist, || format!("{} joins a VPC that has gone", peering.id))?;
            let ((ours, _), (theirs, _)) =
                (self.blocks_of(&peering.requester), self.blocks_of(&peering.accepter));
            let overlap = ours.iter().any(|cidr| theirs.iter().any(|other| cidr.overlaps(*other)));
            hold("N-24", !overlap, || format!("{} joins VPCs that overlap", peering.id))?;
        }
        Ok(())
    }
}
