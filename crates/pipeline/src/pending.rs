//! Sightings that are complete before their window closes: a verdict changed, or a flow could not be kept.

use crate::sighting::{Sighting, Skipped};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::InterfaceId;

/// The most sightings that wait for a window to close; more are skipped, and counted as skipped.
pub const PENDING_MAX: usize = 1 << 18;

/// Sightings that wait for the window to close.
#[derive(Debug)]
pub(crate) struct Pending {
    limit: usize,
    sightings: Vec<Sighting>,
    skipped: BTreeMap<InterfaceId, (u64, u64)>,
    /// Where NAT gateways had no port left.
    exhausted: BTreeSet<InterfaceId>,
}

impl Pending {
    /// Nothing yet, and room for `limit`.
    pub fn new(limit: usize) -> Pending {
        Pending { limit, sightings: Vec::new(), skipped: BTreeMap::new(), exhausted: BTreeSet::new() }
    }

    /// Keeps `sighting`, or counts it as skipped if there are too many.
    pub fn add(&mut self, sighting: Sighting) {
        if self.sightings.len() < self.limit {
            self.sightings.push(sighting);
            return;
        }
        let (packets, bytes) = self.skipped.entry(sighting.interface).or_default();
        *packets += sighting.packets;
        *bytes += sighting.bytes;
    }

    /// Notes that the NAT gateway with this interface had no port left for a connection.
    pub fn note_exhausted(&mut self, gate: InterfaceId) {
        self.exhausted.insert(gate);
    }

    /// The interfaces where that was so since the last call.
    pub fn take_exhausted(&mut self) -> BTreeSet<InterfaceId> {
        std::mem::take(&mut self.exhausted)
    }

    /// Moves all sightings to `out`.
    pub fn drain(&mut self, out: &mut Vec<Sighting>) {
        out.append(&mut self.sightings);
    }

    /// Moves what was skipped to `out`.
    pub fn drain_skipped(&mut self, out: &mut Vec<Skipped>) {
        for (interface, (packets, bytes)) in std::mem::take(&mut self.skipped) {
            out.push(Skipped { interface, packets, bytes });
        }
    }
}
