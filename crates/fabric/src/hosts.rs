//! The hosts that run, found by key, by name and by interface.
//!
//! A key names one run of a host: after it has stopped, the key leads nowhere, so packets on their way to it are lost.

use crate::card::Card;
use crate::host::{Host, HostName, Identity};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use weir_model::{InstanceId, VpcEndpointId};
use weir_pipeline::{InterfaceIdx, Packet, Port};

/// Most hosts that the simulated internet has at one time.
pub const INTERNET_HOSTS_MAX: usize = 1024;

/// How many hosts of the internet are looked at to find one that may go.
const EVICTION_TRIES: usize = 16;

/// One run of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostKey {
    index: u32,
    generation: u32,
}

/// All hosts.
#[derive(Default)]
pub(crate) struct Hosts {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_name: BTreeMap<HostName, HostKey>,
    by_interface: Vec<Option<HostKey>>,
    /// Hosts of the internet, the one longest there first.
    internet: VecDeque<HostKey>,
}

/// A place for a host. What a packet needs first is in the first cache line.
#[derive(Default)]
#[repr(C, align(64))]
struct Slot {
    card: Card,
    /// There is one if a key of the card's generation was given out.
    host: Option<Box<Host>>,
}

impl Slot {
    #[inline]
    fn owns(&self, address: IpAddr) -> bool {
        let machine = || self.host.as_deref().is_some_and(|host| host.machine.owns(address));
        self.card.owns(address).unwrap_or_else(machine)
    }
}

impl Hosts {
    /// Adds a host; one of the same name is forgotten.
    pub(crate) fn add(&mut self, host: Host) -> HostKey {
        let name = host.machine.identity.name;
        if let Some(old) = self.by_name.get(&name) {
            self.remove(*old);
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.card = Card::new(&host.machine.identity, host.machine.ttl, slot.card.generation);
        slot.host = Some(Box::new(host));
        let key = HostKey { index, generation: slot.card.generation };
        self.by_name.insert(name, key);
        if matches!(name, HostName::Internet(_) | HostName::Service(..)) {
            self.internet.push_back(key);
        }
        key
    }

    /// Takes a host away.
    pub(crate) fn remove(&mut self, key: HostKey) -> Option<Host> {
        let slot =
            self.slots.get_mut(key.index as usize).filter(|slot| slot.card.generation == key.generation)?;
        let host = slot.host.take()?;
        slot.card.generation = slot.card.generation.wrapping_add(1);
        self.free.push(key.index);
        self.by_name.remove(&host.machine.identity.name);
        Some(*host)
    }

    /// The host of a key, if it still runs.
    pub(crate) fn get_mut(&mut self, key: HostKey) -> Option<&mut Host> {
        let slot = self.slots.get_mut(key.index as usize)?;
        slot.host.as_deref_mut().filter(|_| slot.card.generation == key.generation)
    }

    /// The host of a key, if it still runs.
    pub(crate) fn get(&self, key: HostKey) -> Option<&Host> {
        let slot = self.slots.get(key.index as usize)?;
        slot.host.as_deref().filter(|_| slot.card.generation == key.generation)
    }

    /// Has a running host take over what may have changed of it.
    pub(crate) fn refresh(&mut self, key: HostKey, identity: Identity) {
        if let Some(slot) = self.slot_mut(key)
            && let Some(host) = &mut slot.host
        {
            slot.card.refresh(&identity);
            host.refresh(identity);
        }
    }

    #[inline]
    fn slot_mut(&mut self, key: HostKey) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(key.index as usize)?;
        (slot.card.generation == key.generation).then_some(slot)
    }

    #[inline]
    fn slot(&self, key: HostKey) -> Option<&Slot> {
        let slot = self.slots.get(key.index as usize)?;
        (slot.card.generation == key.generation).then_some(slot)
    }

    /// The card of a host, if it still runs.
    #[inline]
    pub(crate) fn card(&self, key: HostKey) -> Option<&Card> {
        self.slot(key).map(|slot| &slot.card)
    }

    /// The card of a host, if it still runs.
    #[inline]
    pub(crate) fn card_mut(&mut self, key: HostKey) -> Option<&mut Card> {
        self.slot_mut(key).map(|slot| &mut slot.card)
    }

    /// Whether `address` is one of a host's own, or loops back; false of a host that does not run.
    #[inline]
    pub(crate) fn owns(&self, key: HostKey, address: IpAddr) -> bool {
        self.slot(key).is_some_and(|slot| slot.owns(address))
    }

    /// Where packets of a host from `source` enter the network.
    #[inline]
    pub(crate) fn port_of(&self, key: HostKey, source: IpAddr) -> Option<Port> {
        let slot = self.slot(key)?;
        let machine = || slot.host.as_deref().map(|host| host.machine.port_of(source));
        slot.card.port_of(source).or_else(machine)
    }

    /// Counts a packet that has reached a host, unless it comes from itself.
    #[inline]
    pub(crate) fn count_received(&mut self, key: HostKey, packet: &Packet) {
        if let Some(slot) = self.slot_mut(key)
            && !slot.owns(packet.source)
        {
            slot.card.traffic.received.add(packet);
        }
    }

    /// The running host with a name.
    pub(crate) fn named(&self, name: HostName) -> Option<HostKey> {
        self.by_name.get(&name).copied()
    }

    /// The running instances and interface endpoints: the hosts that a network names.
    pub(crate) fn residents(&self) -> Vec<(HostName, HostKey)> {
        let is_instance =
            |(name, _): &(&HostName, &HostKey)| matches!(name, HostName::Instance(_) | HostName::Endpoint(_));
        self.by_name.iter().filter(is_instance).map(|(name, key)| (*name, *key)).collect()
    }

    /// The hosts at the far ends of gateway endpoints, by endpoint.
    pub(crate) fn services(&self) -> Vec<(VpcEndpointId, HostKey)> {
        let endpoint = |(name, key): (&HostName, &HostKey)| match name {
            HostName::Service(id, _) => Some((*id, *key)),
            _ => None,
        };
        self.by_name.iter().filter_map(endpoint).collect()
    }

    /// The running instances that are not simulated.
    pub(crate) fn outside(&self) -> impl Iterator<Item = (InstanceId, HostKey)> {
        self.by_name.iter().filter_map(|(name, key)| match name {
            HostName::Instance(id) if self.card(*key)?.is_outside => Some((*id, *key)),
            _ => None,
        })
    }

    /// The host behind an interface.
    pub(crate) fn behind(&self, interface: InterfaceIdx) -> Option<HostKey> {
        self.by_interface.get(interface.get()).copied().flatten()
    }

    /// Learns anew which host is behind which interface.
    pub(crate) fn index_interfaces(&mut self) {
        self.by_interface.clear();
        for key in self.by_name.values() {
            let Some(host) = self.slots[key.index as usize].host.as_deref() else { continue };
            for (_, interface) in &host.machine.identity.addresses {
                let Some(interface) = interface else { continue };
                let at = interface.get();
                if self.by_interface.len() <= at {
                    self.by_interface.resize(at + 1, None);
                }
                self.by_interface[at] = Some(*key);
            }
        }
    }

    /// Makes room for one more host on the internet; false if all are busy.
    pub(crate) fn make_room_on_internet(&mut self) -> bool {
        let mut tries = EVICTION_TRIES;
        while self.internet.len() >= INTERNET_HOSTS_MAX && tries > 0 {
            tries -= 1;
            let Some(key) = self.internet.pop_front() else { return true };
            if self.get(key).is_some_and(|host| !host.is_idle()) {
                self.internet.push_back(key);
            } else {
                self.remove(key);
            }
        }
        self.internet.len() < INTERNET_HOSTS_MAX
    }

    /// The host on the internet that has `address`, if it is there already.
    pub(crate) fn on_internet(&self, address: IpAddr) -> Option<HostKey> {
        self.named(HostName::Internet(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn what_a_packet_needs_first_is_in_one_cache_line() {
        assert!(offset_of!(Slot, card) + offset_of!(Card, last_arrival) <= 64);
    }
}
