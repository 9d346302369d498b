//! The network as packets meet it: forward, count, explain.

use crate::address::Address;
use crate::compiled::Compiled;
use crate::explain::Explanation;
use crate::fate::World;
use crate::flow::Flow;
use crate::fragments::Fragments;
use crate::packet::{Fragment, Packet, Port};
use crate::pending::Pending;
use crate::sighting::{Sighting, Skipped};
use crate::slots::{NOWHERE, Slots};
use crate::table::{Limits, Table};
use crate::verdict::{Reason, Verdict};
use crate::walk::{NoConnections, Walk};
use std::collections::BTreeSet;
use weir_model::{InterfaceId, Nanos};

/// A compiled network with its flows: decides about packets one by one, and counts them.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) world: World,
    pub(crate) flows4: Table<u32>,
    pub(crate) flows6: Table<u128>,
    pub(crate) pending: Pending,
    fragments: Fragments,
}

/// How many flows are remembered, each direction one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowCount {
    /// Flows that are delivered, or that only wait for replies.
    pub delivered: usize,
    /// Flows that are dropped.
    pub refused: usize,
}

impl Pipeline {
    /// A network without flows. `seed` decides nothing but the order within the flow table's hash.
    pub fn new(compiled: Compiled, seed: u64) -> Pipeline {
        Pipeline::with_limits(compiled, seed, Limits::default())
    }

    /// A network without flows that will not remember more than `limits`.
    pub fn with_limits(compiled: Compiled, seed: u64, limits: Limits) -> Pipeline {
        let slots = Slots::new(&compiled);
        Pipeline {
            world: World { compiled, slots, epoch: 1 },
            flows4: Table::new(seed, limits),
            flows6: Table::new(seed, limits),
            pending: Pending::new(limits.pending),
            fragments: Fragments::default(),
        }
    }

    /// The network that packets cross.
    pub fn compiled(&self) -> &Compiled {
        &self.world.compiled
    }

    /// Takes over a network that has changed. Flows are decided again when their next packet comes; what tracked
    /// connections were admitted by is not looked at again. Indices of the network before mean nothing afterwards.
    pub fn update(&mut self, compiled: Compiled) {
        let gone = self.world.slots.missing(&compiled);
        if !gone.is_empty() {
            self.flows4.forget((&self.world, &mut self.pending), &gone);
            self.flows6.forget((&self.world, &mut self.pending), &gone);
            self.fragments.forget(&gone);
        }
        self.world.slots.update(&compiled);
        self.world.compiled = compiled;
        self.world.epoch += 1;
    }

    /// What becomes of `packet` that enters at `from`: one look-up for a packet of a known flow.
    ///
    /// A later fragment fares as the first one of its packet; see [`Fragment`].
    #[inline]
    pub fn forward(&mut self, from: Port, packet: &Packet, now: Nanos) -> Verdict {
        match packet.fragment {
            Fragment::Whole => self.forward_flow(from, packet, now),
            _ => self.forward_fragment(from, packet, now),
        }
    }

    #[cold]
    fn forward_fragment(&mut self, from: Port, packet: &Packet, now: Nanos) -> Verdict {
        let slot = self.world.slots.of(from).unwrap_or(NOWHERE);
        self.fragments.note(slot, packet, now);
        match self.completed(from, packet, now) {
            Some(packet) => self.forward_flow(from, &packet, now),
            None => Verdict::Drop(Reason::FragmentUnknown),
        }
    }

    /// `packet` with the ports of its flow; `None` if it is a later fragment of a packet that is not known.
    pub(crate) fn completed(&self, from: Port, packet: &Packet, now: Nanos) -> Option<Packet> {
        let slot = self.world.slots.of(from).unwrap_or(NOWHERE);
        match packet.fragment {
            Fragment::Later { .. } => self.fragments.complete(slot, packet, now),
            Fragment::Whole | Fragment::First { .. } => Some(*packet),
        }
    }

    #[inline]
    fn forward_flow(&mut self, from: Port, packet: &Packet, now: Nanos) -> Verdict {
        let context = (&self.world, &mut self.pending);
        if let Some(flow) = Flow::<u32>::of(packet) {
            self.flows4.forward(context, (from, flow), packet, now)
        } else if let Some(flow) = Flow::<u128>::of(packet) {
            self.flows6.forward(context, (from, flow), packet, now)
        } else {
            Verdict::Drop(Reason::MixedFamilies)
        }
    }

    /// What becomes of `packets` that enter at one instant, in their order: their verdicts are appended to `verdicts`.
    ///
    /// The same as [`forward`](Self::forward) for one after the other, but with many flows up to twice as fast: the
    /// memory is asked for the entries of 32 packets at a time.
    pub fn forward_batch(&mut self, mut packets: &[(Port, Packet)], now: Nanos, verdicts: &mut Vec<Verdict>) {
        verdicts.reserve(packets.len());
        while let Some((from, first)) = packets.first() {
            let context = (&self.world, &mut self.pending);
            let count = match (first.source.is_ipv4(), first.destination.is_ipv4()) {
                _ if first.fragment != Fragment::Whole => {
                    verdicts.push(self.forward(*from, first, now));
                    1
                }
                (true, true) => self.flows4.forward_batch(context, packets, now, verdicts),
                (false, false) => self.flows6.forward_batch(context, packets, now, verdicts),
                _ => {
                    verdicts.push(self.forward(*from, first, now));
                    1
                }
            };
            packets = &packets[count..];
        }
    }

    /// What [`forward`](Self::forward) would do with `packet`, and why; nothing changes.
    ///
    /// It knows the connections tracked at `now`; that the flow table is full it does not tell.
    pub fn explain(&self, from: Port, packet: &Packet, now: Nanos) -> Explanation {
        let Some(packet) = &self.completed(from, packet, now) else {
            return dropped(Reason::FragmentUnknown);
        };
        if let Some(flow) = Flow::<u32>::of(packet) {
            self.flows4.explain(&self.world, (from, flow), packet, now)
        } else if let Some(flow) = Flow::<u128>::of(packet) {
            self.flows6.explain(&self.world, (from, flow), packet, now)
        } else {
            dropped(Reason::MixedFamilies)
        }
    }

    /// Moves everything seen since the last call to `out`, and forgets flows that are over.
    ///
    /// All packets counted are in `out`, once for each interface that saw them, but for those in
    /// [`drain_skipped`](Self::drain_skipped).
    pub fn close_window(&mut self, now: Nanos, out: &mut Vec<Sighting>) {
        self.pending.drain(out);
        self.flows4.close_window(&self.world, now, out);
        self.flows6.close_window(&self.world, now, out);
    }

    /// Moves the accounts of packets that were in too many flows to keep to `out`.
    pub fn drain_skipped(&mut self, out: &mut Vec<Skipped>) {
        self.pending.drain_skipped(out);
    }

    /// The interfaces of NAT gateways, or of regional ones in a zone, that had no port left for a connection since the last call.
    pub fn take_exhausted(&mut self) -> BTreeSet<InterfaceId> {
        self.pending.take_exhausted()
    }

    /// How many flows are remembered.
    pub fn flow_count(&self) -> FlowCount {
        let (four, six) = (self.flows4.len(), self.flows6.len());
        FlowCount { delivered: four.0 + six.0, refused: four.1 + six.1 }
    }
}

impl Compiled {
    /// What becomes of a packet that belongs to no tracked connection, and why.
    pub fn explain(&self, from: Port, packet: &Packet) -> Explanation {
        if matches!(packet.fragment, Fragment::Later { .. }) {
            return dropped(Reason::FragmentUnknown);
        }
        if let Some(flow) = Flow::<u32>::of(packet) {
            self.explain_flow(from, packet, flow)
        } else if let Some(flow) = Flow::<u128>::of(packet) {
            self.explain_flow(from, packet, flow)
        } else {
            dropped(Reason::MixedFamilies)
        }
    }

    fn explain_flow<A: Address>(&self, from: Port, packet: &Packet, flow: Flow<A>) -> Explanation {
        let mut steps = Vec::new();
        let decision = Walk::new(self, &NoConnections, &mut steps, (packet, flow)).run(from);
        Explanation { verdict: decision.verdict(), steps }
    }
}

fn dropped(reason: Reason) -> Explanation {
    Explanation { verdict: Verdict::Drop(reason), steps: Vec::new() }
}
