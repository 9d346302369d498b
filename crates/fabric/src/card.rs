//! A host's network card: what every packet that leaves or reaches the host needs, and nothing else, so that a thousand
//! hosts' packets find it in the cache.

use crate::host::{Identity, Traffic};
use crate::latency;
use std::net::{IpAddr, Ipv4Addr};
use weir_model::Nanos;
use weir_pipeline::Port;

/// The part of a host that stands before its stack.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Card {
    /// Its first address; most have no other.
    first: IpAddr,
    /// Whether there are more addresses than the first.
    has_more: bool,
    /// Whether the host is not simulated: then the stack and all that uses it are idle, and packets for it are handed out.
    pub(crate) is_outside: bool,
    /// The TTL that the host sends with.
    pub(crate) ttl: u8,
    /// Where packets from the first address enter the network.
    port: Port,
    /// How many hosts have had this place before.
    pub(crate) generation: u32,
    /// What the host has sent and received.
    pub(crate) traffic: Traffic,
    /// When the last packet of each kind of way arrives: packets of one way do not overtake each other.
    pub(crate) last_arrival: [Nanos; latency::KINDS],
}

impl Default for Card {
    fn default() -> Card {
        Card {
            first: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: Port::Internet,
            has_more: false,
            is_outside: false,
            ttl: 0,
            generation: 0,
            traffic: Traffic::default(),
            last_arrival: [Nanos(0); latency::KINDS],
        }
    }
}

impl Card {
    /// The card of a host that has just started.
    pub(crate) fn new(identity: &Identity, ttl: u8, generation: u32) -> Card {
        let mut card = Card { ttl, generation, ..Card::default() };
        card.refresh(identity);
        card
    }

    /// Learns the addresses of the host anew.
    pub(crate) fn refresh(&mut self, identity: &Identity) {
        let first = identity.addresses.first().copied();
        let (first, interface) = first.unwrap_or((IpAddr::V4(Ipv4Addr::UNSPECIFIED), None));
        (self.first, self.port) = (first, identity.port(interface));
        self.has_more = identity.addresses.len() > 1;
    }

    /// Whether `address` is one of the host's own, if the first address says it; else the host has to be asked.
    #[inline]
    pub(crate) fn owns(&self, address: IpAddr) -> Option<bool> {
        if address == self.first {
            return Some(true);
        }
        (!self.has_more && !address.is_loopback()).then_some(false)
    }

    /// Where packets from `source` enter the network, if the first address says it; else the host has to be asked.
    #[inline]
    pub(crate) fn port_of(&self, source: IpAddr) -> Option<Port> {
        (source == self.first || !self.has_more).then_some(self.port)
    }
}
