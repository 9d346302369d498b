//! Numbers for interfaces and gateway endpoints that stay the same while the network is compiled again and again.
//!
//! The indices of a [`Compiled`] are dense and shift when an interface comes or goes; flows remember slots instead.

use crate::compiled::Compiled;
use crate::packet::{EndpointIdx, Port};
use std::collections::BTreeMap;
use weir_model::{InterfaceId, VpcEndpointId};

/// The slot of the internet.
pub(crate) const INTERNET: u32 = 0;
/// No slot.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The first slot of gateway endpoints; below it are the internet and interfaces.
pub(crate) const ENDPOINTS: u32 = 1 << 31;

/// Which interface has which slot.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    by_id: BTreeMap<InterfaceId, u32>,
    by_index: Vec<u32>,
    /// By slot; the first is the internet's.
    interfaces: Vec<Option<InterfaceId>>,
    /// By slot.
    ports: Vec<Port>,
    free: Vec<u32>,
    endpoints: EndpointSlots,
}

/// Which gateway endpoint has which slot.
#[derive(Debug, Default)]
struct EndpointSlots {
    by_id: BTreeMap<VpcEndpointId, u32>,
    by_index: Vec<u32>,
    /// The index of each slot's endpoint, by slot less [`ENDPOINTS`]; `None` once it has gone. Slots are not given again.
    indices: Vec<Option<EndpointIdx>>,
}

impl EndpointSlots {
    fn missing(&self, compiled: &Compiled) -> impl Iterator<Item = u32> {
        self.by_id.iter().filter(|(id, _)| compiled.gateway_of(**id).is_none()).map(|(_, slot)| *slot)
    }

    fn update(&mut self, compiled: &Compiled) {
        self.by_id.retain(|id, _| compiled.gateway_of(*id).is_some());
        self.indices.fill(None);
        self.by_index.clear();
        for (index, id) in compiled.gateways() {
            let slot = *self.by_id.entry(id).or_insert_with(|| {
                self.indices.push(None);
                ENDPOINTS + self.indices.len() as u32 - 1
            });
            self.indices[(slot - ENDPOINTS) as usize] = Some(index);
            self.by_index.push(slot);
        }
    }
}

impl Slots {
    /// Slots for the interfaces of `compiled`.
    pub fn new(compiled: &Compiled) -> Slots {
        let mut slots = Slots { interfaces: vec![None], ports: vec![Port::Internet], ..Slots::default() };
        slots.update(compiled);
        slots
    }

    /// The slots of interfaces and endpoints that `compiled` does not have, in ascending order.
    pub fn missing(&self, compiled: &Compiled) -> Vec<u32> {
        let gone = self.by_id.iter().filter(|(id, _)| compiled.index_of(**id).is_none());
        let mut gone: Vec<u32> =
            gone.map(|(_, slot)| *slot).chain(self.endpoints.missing(compiled)).collect();
        gone.sort_unstable();
        gone
    }

    /// Frees slots of interfaces that are gone and gives slots to those that have none.
    pub fn update(&mut self, compiled: &Compiled) {
        for slot in self.missing(compiled).into_iter().filter(|slot| *slot < ENDPOINTS) {
            self.interfaces[slot as usize] = None;
            self.free.push(slot);
        }
        self.by_id.retain(|_, slot| self.interfaces[*slot as usize].is_some());
        self.by_index.clear();
        for (index, interface) in compiled.interfaces() {
            let slot = match self.by_id.get(&interface.id) {
                Some(slot) => *slot,
                None => self.take(interface.id),
            };
            self.interfaces[slot as usize] = Some(interface.id);
            self.ports[slot as usize] = Port::Interface(index);
            self.by_index.push(slot);
        }
        self.endpoints.update(compiled);
    }

    fn take(&mut self, id: InterfaceId) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.interfaces.push(None);
            self.ports.push(Port::Internet);
            self.ports.len() as u32 - 1
        });
        self.by_id.insert(id, slot);
        slot
    }

    /// The slot of `port`, or `None` if it is no interface of the network.
    #[inline]
    pub fn of(&self, port: Port) -> Option<u32> {
        match port {
            Port::Internet => Some(INTERNET),
            Port::Interface(index) => self.by_index.get(index.get()).copied(),
            Port::Endpoint(index) => self.endpoints.by_index.get(index.get()).copied(),
        }
    }

    /// The port with `slot`; the internet for one that never was in use.
    #[inline]
    pub fn port(&self, slot: u32) -> Port {
        match slot.checked_sub(ENDPOINTS) {
            None => self.ports.get(slot as usize).copied().unwrap_or(Port::Internet),
            Some(place) => {
                let endpoint = self.endpoints.indices.get(place as usize).copied().flatten();
                endpoint.map_or(Port::Internet, Port::Endpoint)
            }
        }
    }

    /// The interface with `slot`, if it is one.
    pub fn interface(&self, slot: u32) -> Option<InterfaceId> {
        *self.interfaces.get(slot as usize)?
    }
}
