//! Windows: sightings are gathered for each flow log and interface, and become records when the window closes.
//!
//! Windows begin at multiples of their length, except a flow log's first, which begins with the flow log. Every sighting
//! at an interface is in exactly one record of each flow log that asks for its verdict: packets and bytes are conserved.
//! At interfaces of instances on Nitro, and at those that AWS manages, they last a minute at most, whatever was asked.
//! Source: Amazon VPC User Guide, "Flow log basics" (aggregation interval) and "Flow log records" (NODATA, SKIPDATA).

use crate::flow;
use crate::format::Format;
use crate::place::Place;
use crate::record::{LogStatus, Record};
use crate::stream;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_model::flow_log::{FlowLog, LogDestination, Monitored, TrafficType};
use weir_model::instance::InstanceState;
use weir_model::interface::Interface;
use weir_model::nat_gateway::{Gate, NatGateway, NatState};
use weir_model::{FlowLogId, InterfaceId, Nanos, Network, Timestamp};
use weir_pipeline::{Action, Sighting, Skipped, is_nitro};

/// Most records one flow log keeps for one interface and window; what is more is told by a SKIPDATA record.
pub const RECORDS_PER_WINDOW_MAX: usize = 1 << 20;

/// Sightings that a window takes in before it first adds up equal ones.
const UNMERGED_MIN: usize = 1024;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Seconds that flow logs aggregate for at most at interfaces of instances on Nitro.
const NITRO_INTERVAL_MAX_S: u32 = 60;

/// What a flow log has to say of one interface for one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The flow log.
    pub flow_log: FlowLogId,
    /// The interface.
    pub interface: InterfaceId,
    /// The name of the log stream.
    pub stream: String,
    /// Records in order of their times; at least one.
    pub events: Vec<Event>,
}

/// A record with the time of its log event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When the first packet passed, in whole seconds, whether or not the format has `start`.
    pub timestamp: Timestamp,
    /// The record.
    pub record: Record,
}

/// Gathers sightings for all flow logs of a network.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    subscriptions: BTreeMap<InterfaceId, BTreeMap<FlowLogId, Subscription>>,
    /// Interfaces that have had traffic: the others are silent, not NODATA.
    seen: BTreeSet<InterfaceId>,
}

/// One flow log at one interface.
#[derive(Clone, Debug)]
struct Subscription {
    format: Arc<Format>,
    traffic: TrafficType,
    interval: u64,
    log_group: String,
    stream: String,
    place: Place,
    /// Whether a window without traffic is worth a record.
    is_up: bool,
    /// Whether the interface has gone: the subscription ends with its window.
    has_ended: bool,
    window: Window,
}

/// What has been gathered since a time.
#[derive(Clone, Debug)]
struct Window {
    start: Nanos,
    flows: Vec<Sighting>,
    /// When to add up equal sightings next.
    merge_at: usize,
    has_skipped: bool,
}

/// A window that has ended, with what is to be said of it.
struct Closed<'a> {
    flow_log: FlowLogId,
    log_group: &'a str,
    stream: &'a str,
    /// Its first and last second.
    bounds: (u64, u64),
    /// Whether NODATA is all.
    is_silent: bool,
    events: Vec<Event>,
}

impl Recorder {
    /// A recorder without subscriptions.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Takes over the network's flow logs and interfaces as they are `now`.
    ///
    /// New pairs of flow log and interface begin a window; those of a deleted flow log are forgotten; those of a deleted
    /// interface end with their window. Collect what was seen up to now first, or new flow logs will take part in it.
    pub fn update(&mut self, network: &Network, now: Nanos) {
        let flow_logs = FlowLogs::of(network);
        for subscription in self.subscriptions.values_mut().flat_map(BTreeMap::values_mut) {
            subscription.has_ended = true;
        }
        for interface in network.interfaces.iter() {
            for flow_log in flow_logs.watching(interface) {
                let there = (Place::new(network, interface), is_up(network, interface));
                let most_s = interval_max_s(network, interface);
                let fresh = Subscription::new(there, flow_log, (now, most_s));
                self.subscribe(interface.id, fresh, flow_log.id);
            }
        }
        for (nat, gate) in gates(network) {
            for flow_log in flow_logs.of_resource(Monitored::RegionalNatGateway(nat.id)) {
                let there = (Place::of_gate(nat, gate), nat.state == NatState::Available);
                let fresh = Subscription::new(there, flow_log, (now, NITRO_INTERVAL_MAX_S));
                self.subscribe(gate.interface, fresh, flow_log.id);
            }
        }
        self.retain(|flow_log, _| network.flow_logs.has(flow_log));
        let gates: BTreeSet<InterfaceId> = gates(network).map(|(_, gate)| gate.interface).collect();
        self.seen.retain(|interface| network.interfaces.has(interface) || gates.contains(interface));
        self.subscriptions.values_mut().for_each(name_streams);
    }

    fn subscribe(&mut self, interface: InterfaceId, fresh: Subscription, flow_log: FlowLogId) {
        let at_interface = self.subscriptions.entry(interface).or_default();
        at_interface.entry(flow_log).and_modify(|known| known.refresh(&fresh)).or_insert(fresh);
    }

    fn retain(&mut self, keep: impl Fn(&FlowLogId, &Subscription) -> bool) {
        self.subscriptions.retain(|_, at_interface| {
            at_interface.retain(|flow_log, subscription| keep(flow_log, subscription));
            !at_interface.is_empty()
        });
    }

    /// Takes in what the interfaces saw.
    pub fn collect(&mut self, sightings: &[Sighting]) {
        for sighting in sightings {
            self.seen.insert(sighting.interface);
            for subscription in self.at_interface(sighting.interface) {
                if records(subscription.traffic, sighting.action) {
                    subscription.window.add(sighting);
                }
            }
        }
    }

    /// Takes in that sightings of some interfaces were lost: their windows will have a SKIPDATA record.
    pub fn skip(&mut self, skipped: &[Skipped]) {
        for Skipped { interface, .. } in skipped {
            self.seen.insert(*interface);
            for subscription in self.at_interface(*interface) {
                subscription.window.has_skipped = true;
            }
        }
    }

    fn at_interface(&mut self, interface: InterfaceId) -> impl Iterator<Item = &mut Subscription> {
        self.subscriptions.get_mut(&interface).into_iter().flat_map(BTreeMap::values_mut)
    }

    /// When the next window ends, or `None` without flow logs.
    pub fn next_close(&self) -> Option<Nanos> {
        self.subscriptions.values().flat_map(BTreeMap::values).map(Subscription::window_end).min()
    }

    /// Closes the windows that have ended by `now` and yields their records.
    ///
    /// A window without matching traffic yields NODATA if the interface is in use and has had traffic before.
    /// Assumption: a flow log of ACCEPT or REJECT only counts matching traffic; the guide does not say. Of flow logs that share
    /// a stream none says NODATA of a window that another has records for, and if none has, one does.
    pub fn close(&mut self, now: Nanos) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for (interface, at_interface) in &mut self.subscriptions {
            let was_seen = self.seen.contains(interface);
            let closed = at_interface
                .iter_mut()
                .filter_map(|(flow_log, subscription)| subscription.close(*flow_log, now, was_seen));
            let closed: Vec<Closed> = closed.collect();
            let told: Vec<bool> = (0..closed.len()).map(|at| is_told(&closed, at)).collect();
            for (window, _) in closed.into_iter().zip(told).filter(|(_, told)| *told) {
                let (flow_log, stream, events) = (window.flow_log, window.stream.to_owned(), window.events);
                deliveries.push(Delivery { flow_log, interface: *interface, stream, events });
            }
        }
        self.retain(|_, subscription| !(subscription.has_ended && subscription.window.is_empty()));
        deliveries
    }
}

/// Whether the window at `at` is told: not if it is NODATA and the stream has had a record of that time.
fn is_told(closed: &[Closed], at: usize) -> bool {
    let window = &closed[at];
    let is_alike = |found: &Closed| {
        found.log_group == window.log_group && found.stream == window.stream && found.bounds == window.bounds
    };
    let mut others = closed.iter().enumerate().filter(|(other, found)| *other != at && is_alike(found));
    !window.is_silent || !others.any(|(other, found)| !found.is_silent || other < at)
}

/// The regional NAT gateways, in each of their zones.
///
/// Assumption: only flow logs of the gateway itself watch it. Those of a VPC are about its network interfaces.
fn gates(network: &Network) -> impl Iterator<Item = (&NatGateway, &Gate)> {
    network.nat_gateways.iter().flat_map(|nat| {
        nat.regional().into_iter().flat_map(|regional| &regional.gates).map(move |gate| (nat, gate))
    })
}

/// Names each stream after the traffic of all flow logs that share it.
fn name_streams(subscriptions: &mut BTreeMap<FlowLogId, Subscription>) {
    let mut shared: BTreeMap<String, Vec<TrafficType>> = BTreeMap::new();
    for subscription in subscriptions.values() {
        shared.entry(subscription.log_group.clone()).or_default().push(subscription.traffic);
    }
    for subscription in subscriptions.values_mut() {
        let traffic = shared.get(&subscription.log_group).map_or(&[][..], Vec::as_slice);
        subscription.stream = stream::stream_name(subscription.place.name(), traffic);
    }
}

impl Subscription {
    fn new(
        (place, is_up): (Place, bool),
        flow_log: &FlowLog,
        (now, interval_max_s): (Nanos, u32),
    ) -> Subscription {
        Subscription {
            // CreateFlowLogs refuses formats that do not parse.
            format: Arc::new(Format::parse(&flow_log.format).unwrap_or_default()),
            traffic: flow_log.traffic,
            interval: u64::from(flow_log.interval_s.clamp(1, interval_max_s)) * NANOS_PER_SECOND,
            log_group: log_group(flow_log).to_owned(),
            stream: String::new(),
            place,
            is_up,
            has_ended: false,
            window: Window::new(now),
        }
    }

    /// Takes over what may have changed of the interface.
    fn refresh(&mut self, fresh: &Subscription) {
        self.has_ended = false;
        self.is_up = fresh.is_up;
        self.interval = fresh.interval;
        self.place.clone_from(&fresh.place);
    }

    fn window_end(&self) -> Nanos {
        Nanos((self.window.start.0 / self.interval).saturating_add(1).saturating_mul(self.interval))
    }

    /// Ends the window if its time is over `now`, and begins the next: what `flow_log` has to say of it, if anything.
    fn close(&mut self, flow_log: FlowLogId, now: Nanos, was_seen: bool) -> Option<Closed<'_>> {
        if self.window_end() > now {
            return None;
        }
        let next = Nanos(now.0 / self.interval * self.interval);
        let mut window = std::mem::replace(&mut self.window, Window::new(next));
        window.merge();
        window.flows.sort_by_key(|flow| flow.first);
        let bounds = (window.start.seconds(), next.seconds().saturating_sub(1).max(window.start.seconds()));
        let status = match (window.has_skipped, window.flows.is_empty()) {
            (true, _) => Some(LogStatus::SkipData),
            (false, true) if was_seen && self.is_up && !self.has_ended => Some(LogStatus::NoData),
            (false, _) => None,
        };
        let mut events: Vec<Event> = window.flows.iter().map(|flow| self.event(flow)).collect();
        if let Some(status) = status {
            let record = flow::empty(&self.format, &self.place, status, bounds);
            events.insert(0, Event { timestamp: at_second(bounds.0), record });
            events.sort_by_key(|event| event.timestamp);
        }
        let is_silent = status == Some(LogStatus::NoData);
        let (log_group, stream) = (self.log_group.as_str(), self.stream.as_str());
        (!events.is_empty()).then_some(Closed { flow_log, log_group, stream, bounds, is_silent, events })
    }

    fn event(&self, flow: &Sighting) -> Event {
        Event {
            timestamp: at_second(flow.first.seconds()),
            record: flow::record(&self.format, &self.place, flow),
        }
    }
}

impl Window {
    fn new(start: Nanos) -> Window {
        Window { start, flows: Vec::new(), merge_at: UNMERGED_MIN, has_skipped: false }
    }

    fn add(&mut self, sighting: &Sighting) {
        self.flows.push(*sighting);
        if self.flows.len() >= self.merge_at {
            self.merge();
            self.merge_at = (2 * self.flows.len()).max(UNMERGED_MIN);
        }
    }

    /// Adds up equal sightings and keeps within the bound.
    fn merge(&mut self) {
        flow::merge(&mut self.flows);
        self.has_skipped |= self.flows.len() > RECORDS_PER_WINDOW_MAX;
        self.flows.truncate(RECORDS_PER_WINDOW_MAX);
    }

    fn is_empty(&self) -> bool {
        self.flows.is_empty() && !self.has_skipped
    }
}

/// The flow logs of a network by what they watch.
struct FlowLogs<'a>(BTreeMap<Monitored, Vec<&'a FlowLog>>);

impl<'a> FlowLogs<'a> {
    fn of(network: &'a Network) -> FlowLogs<'a> {
        let mut by_resource: BTreeMap<Monitored, Vec<&FlowLog>> = BTreeMap::new();
        for flow_log in network.flow_logs.iter() {
            by_resource.entry(flow_log.resource).or_default().push(flow_log);
        }
        FlowLogs(by_resource)
    }

    /// The flow logs that watch `interface`, its subnet or its VPC.
    fn watching(&self, interface: &Interface) -> impl Iterator<Item = &'a FlowLog> {
        let levels = [
            Monitored::Vpc(interface.vpc),
            Monitored::Subnet(interface.subnet),
            Monitored::Interface(interface.id),
        ];
        levels.into_iter().flat_map(|level| self.of_resource(level))
    }

    /// The flow logs of one resource.
    fn of_resource(&self, resource: Monitored) -> impl Iterator<Item = &'a FlowLog> {
        self.0.get(&resource).into_iter().flatten().copied()
    }
}

/// Whether a flow log of `traffic` records packets with this verdict.
fn records(traffic: TrafficType, action: Action) -> bool {
    match traffic {
        TrafficType::All => true,
        TrafficType::Accept => action == Action::Accept,
        TrafficType::Reject => action == Action::Reject,
    }
}

/// Whether the interface is in use: attached to a running instance, or managed by AWS.
///
/// Assumption: the interface of a stopped instance yields no NODATA.
fn is_up(network: &Network, interface: &Interface) -> bool {
    let Some(attachment) = &interface.attachment else { return false };
    let Some(instance) = attachment.instance else { return true };
    network.instances.get(&instance).is_some_and(|instance| instance.state == InstanceState::Running)
}

/// The longest that flow logs aggregate for at `interface`: "when a network interface is attached to a Nitro-based instance,
/// the aggregation interval is always 1 minute or less, regardless of the specified maximum".
///
/// Assumption: so it is at interfaces that AWS manages, and at those that no instance has.
fn interval_max_s(network: &Network, interface: &Interface) -> u32 {
    let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance);
    let instance = instance.and_then(|id| network.instances.get(&id));
    let nitro = instance.is_none_or(|instance| is_nitro(&instance.instance_type));
    if nitro { NITRO_INTERVAL_MAX_S } else { u32::MAX }
}

fn log_group(flow_log: &FlowLog) -> &str {
    match &flow_log.destination {
        LogDestination::CloudWatchLogs { log_group, .. } => log_group,
    }
}

fn at_second(seconds: u64) -> Timestamp {
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}

#[cfg(test)]
mod tests;
