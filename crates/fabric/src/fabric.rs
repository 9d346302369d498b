//! The wires: hosts send packets, the pipeline decides, packets arrive after the latency of their way.
//!
//! Everything happens at a time in nanoseconds and in the order of the event queue; the clock is whoever calls
//! [`Fabric::step`]. A virtual clock jumps, the real clock calls with the time it is. The same seed and the same calls give
//! the same packets at the same times.

use crate::dns;
use crate::echo;
use crate::exec::Place;
use crate::frame::{self, Rewrite};
use crate::host::{Fit, Host, HostName, Identity, Traffic};
use crate::hosts::{HostKey, Hosts};
use crate::identity;
use crate::internet::SHARES;
use crate::latency::{self, INSTANCE_MTU, LOOPBACK_NS};
use crate::loss::{Loss, Losses};
use crate::outside::Outsiders;
use crate::path;
use crate::platform::Platform;
use crate::program::ExecId;
use crate::queue::Queue;
use crate::relay::{self, SERVICE_SHAPE, ServiceRequest};
use crate::segments::Frame;
use crate::service::Service;
use crate::stack::{Outbox, Shape};

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::{Ids, InstanceId, InterfaceId, Nanos, Network};
use weir_pipeline::Service as PlatformService;
use weir_pipeline::packet::TTL;
use weir_pipeline::{
    Compiled, Delivery, Fragment, Packet, Pipeline, Port, Reason, Sighting, Skipped, Verdict, Way,
};

/// Most packets on their way at one time; what is sent on top is lost.
pub const PACKETS_IN_FLIGHT_MAX: usize = 1 << 18;

/// Most lines that the event log keeps.
pub const EVENT_LOG_MAX: usize = 1 << 20;

/// The shortest time after which a host that has just run is woken, in nanoseconds: the stack counts microseconds.
const WAKE_NS: u64 = 1_000;

/// What the packets of an instance look like.
const INSTANCE_SHAPE: Shape = Shape { mtu: INSTANCE_MTU as usize, ttl: TTL };

/// Hosts on the internet have Ethernet's MTU and Linux's TTL.
const INTERNET_SHAPE: Shape = Shape { mtu: 1500, ttl: 64 };

/// The host on the internet that commands and scans come from if no other is named (RFC 5737: documentation).
pub const INTERNET_HOST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

/// Its address over IPv6 (RFC 3849: documentation).
pub const INTERNET_HOST_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);

/// The length of a prefix that is one address.
pub(crate) fn host_prefix(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Hosts, wires and the network between them.
pub struct Fabric {
    pub(crate) now: Nanos,
    pub(crate) pipeline: Pipeline,
    pub(crate) queue: Queue<Event>,
    /// The host that has had news at this very instant and will have more.
    has_news: Option<HostKey>,
    pub(crate) platform: Platform,
    pub(crate) hosts: Hosts,
    pub(crate) outsiders: Outsiders,
    pub(crate) execs: BTreeMap<ExecId, Place>,
    pub(crate) exec_count: u64,
    /// The first public address of each running instance that has one.
    pub(crate) public: BTreeMap<InstanceId, Ipv4Addr>,
    /// The public addresses that are in the network, and so no host's on the internet.
    taken: BTreeSet<Ipv4Addr>,
    pub(crate) outbox: Outbox,
    /// Requests to services that wait to be taken.
    pub(crate) requests: Vec<ServiceRequest>,
    pub(crate) random: Ids,
    losses: Losses,
    pub(crate) answers: u64,
    log: Option<Vec<String>>,
    sent: Option<Vec<Sent>>,
}

/// A packet that a host sent, and what the network made of it.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// When.
    pub at: Nanos,
    /// Where it entered the network.
    pub from: Port,
    /// The packet.
    pub packet: Packet,
    /// What the network made of it.
    pub verdict: Verdict,
}

/// What is to happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A packet reaches a host.
    Arrive(HostKey, Frame),
    /// A packet from a router on the internet comes to the gateway; the router is this share of the way away.
    Enter(u64, Vec<u8>),
    /// A host wants to do something.
    Wake(HostKey),
    /// A packet of a host reaches a platform service.
    Ask(HostKey, PlatformService, Vec<u8>),
    /// A platform service wants to do something for a host.
    Tend(HostKey),
}

impl Fabric {
    /// A fabric for `network`, as it is at `now`.
    pub fn new(network: &Network, seed: u64, now: Nanos) -> Fabric {
        let mut random = Ids::new(seed);
        let pipeline = Pipeline::new(Compiled::build(network), random.bits());
        let mut fabric = Fabric {
            now,
            pipeline,
            queue: Queue::new(),
            has_news: None,
            platform: Platform::default(),
            hosts: Hosts::default(),
            outsiders: Outsiders::default(),
            execs: BTreeMap::new(),
            exec_count: 0,
            public: BTreeMap::new(),
            taken: BTreeSet::new(),
            outbox: Outbox::default(),
            requests: Vec::new(),
            random,
            losses: Losses::new(),
            answers: 0,
            log: None,
            sent: None,
        };
        fabric.update_hosts(network);
        fabric
    }

    /// The time up to which everything has happened.
    pub fn now(&self) -> Nanos {
        self.now
    }

    /// The network's rules, and the packets' fates under them.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Takes over the network as it now is: new rules decide the packets that are sent from here on, instances that began
    /// to run are hosts, those that stopped are not. Hosts that go on running keep their connections.
    pub fn update(&mut self, network: &Network) {
        self.pipeline.update(Compiled::build(network));
        self.update_hosts(network);
    }

    fn update_hosts(&mut self, network: &Network) {
        self.platform.update(network);
        let identities: BTreeMap<HostName, Identity> =
            identity::identities(network, self.pipeline.compiled())
                .into_iter()
                .map(|(id, identity)| (HostName::Instance(id), identity))
                .chain(
                    relay::identities(network, self.pipeline.compiled())
                        .into_iter()
                        .map(|identity| (identity.name, identity)),
                )
                .collect();
        for (name, key) in self.hosts.residents() {
            if !identities.contains_key(&name) {
                self.stop(key);
            }
        }
        self.public.clear();
        for (name, identity) in identities {
            if let HostName::Instance(id) = name {
                self.public.extend(identity::public_address(network, id).map(|address| (id, address)));
            }
            match self.hosts.named(name) {
                Some(key) => self.hosts.refresh(key, identity),
                None => {
                    let shape = match name {
                        HostName::Endpoint(_) => SERVICE_SHAPE,
                        _ => INSTANCE_SHAPE,
                    };
                    let key = self.start(identity, shape);
                    let is_outside =
                        matches!(name, HostName::Instance(id) if self.wants_outside(network, id));
                    if let Some(card) = self.hosts.card_mut(key) {
                        card.is_outside = is_outside;
                    }
                }
            }
        }
        self.update_service_hosts();
        self.hosts.index_interfaces();
        self.update_outside(network);
        self.taken = identity::public_addresses(network);
        for address in &self.taken.clone() {
            if let Some(key) = self.hosts.on_internet(IpAddr::V4(*address)) {
                self.stop(key);
            }
        }
    }

    pub(crate) fn start(&mut self, identity: Identity, shape: Shape) -> HostKey {
        let host = Host::new(identity, shape, self.random.bits(), self.now);
        self.hosts.add(host)
    }

    /// Stops a host; what runs on it ends as if killed.
    pub(crate) fn stop(&mut self, key: HostKey) {
        self.platform.forget(key);
        let tasks = self.hosts.remove(key).map(Host::into_tasks);
        for task in tasks.into_iter().flatten() {
            self.execs.insert(ExecId(task.id), Place::Gone(task.terminal));
        }
    }

    /// The host on the internet that has `address`; it comes into being when first asked for.
    pub(crate) fn internet_host(&mut self, address: IpAddr) -> Option<HostKey> {
        // The host that is named by no address has one of each family.
        let own = [IpAddr::V4(INTERNET_HOST), IpAddr::V6(INTERNET_HOST_V6)];
        let address = if address == own[1] { own[0] } else { address };
        if let Some(key) = self.hosts.on_internet(address) {
            return Some(key);
        }
        if !self.may_be_on_internet(address) || !self.hosts.make_room_on_internet() {
            return None;
        }
        let addresses = if address == own[0] { &own[..] } else { &[address] };
        let identity = Identity {
            name: HostName::Internet(address),
            hostname: address.to_string(),
            addresses: addresses.iter().map(|address| (*address, None)).collect(),
            links: vec![addresses.iter().map(|address| (*address, host_prefix(address))).collect()],
            leases: Vec::new(),
            // Hosts on the internet ask themselves: see `Fabric::public_answer`.
            resolvers: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            search: Vec::new(),
            services: Service::of_internet(),
            boot_log: Vec::new(),
            gateway: None,
        };
        Some(self.start(identity, INTERNET_SHAPE))
    }

    fn may_be_on_internet(&self, address: IpAddr) -> bool {
        let is_free = match address {
            IpAddr::V4(address) => {
                !(address.is_broadcast() || address.is_multicast() || self.taken.contains(&address))
            }
            IpAddr::V6(address) => !address.is_multicast(),
        };
        is_free && !address.is_unspecified() && !address.is_loopback()
    }

    /// When something happens next, or `None` if nothing will unless someone acts.
    pub fn next_event(&self) -> Option<Nanos> {
        self.queue.next()
    }

    /// Lets everything happen up to and including `until`; a time in the past changes nothing.
    pub fn step(&mut self, until: Nanos) {
        while let Some((at, event)) = self.queue.pop(until) {
            self.now = at.max(self.now);
            match event {
                Event::Arrive(key, frame) => self.arrive(key, frame),
                Event::Wake(key) => self.wake(key),
                Event::Enter(share, bytes) => self.enter(share, bytes),
                Event::Ask(key, service, bytes) => self.answer(key, service, bytes),
                Event::Tend(key) => self.tend(key),
            }
            self.run_news();
        }
        self.now = self.now.max(until);
    }

    fn wake(&mut self, key: HostKey) {
        if let Some(host) = self.hosts.get_mut(key) {
            host.wakes.pop();
            self.run(key);
        }
    }

    /// Lets a host that was waiting for its last packet of this instant go on.
    fn run_news(&mut self) {
        if let Some(key) = self.has_news.take() {
            self.run(key);
        }
    }

    /// Whether the next event is a packet for `key` at this very instant.
    fn has_more_for(&self, key: HostKey) -> bool {
        let next = self.queue.peek().filter(|(at, _)| *at <= self.now);
        next.is_some_and(|(_, event)| matches!(event, Event::Arrive(next, _) if *next == key))
    }

    /// Lets a host do what it can, sends what it sends, and has it woken when it wants to be. What reaches it at one
    /// instant it takes in together, as from the queue of a network card.
    pub(crate) fn run(&mut self, key: HostKey) {
        if self.has_more_for(key) {
            self.has_news = Some(key);
            return self.send_all(key);
        }
        let Some(host) = self.hosts.get_mut(key) else { return };
        let wanted = host.run(self.now, &mut self.outbox);
        // Never at this very instant again: time must go on.
        let wanted = wanted.map(|at| at.max(self.now.plus(WAKE_NS)));
        if let Some(at) = wanted.filter(|at| host.wakes.last().is_none_or(|next| at < next)) {
            host.wakes.push(at);
            self.queue.push(at, Event::Wake(key));
        }
        self.collect_requests(key);
        self.send_all(key);
    }

    fn send_all(&mut self, key: HostKey) {
        if self.outbox.packets.len() <= 1 {
            if let Some(bytes) = self.outbox.packets.pop() {
                self.transmit(key, bytes);
            }
            return;
        }
        let mut packets = std::mem::take(&mut self.outbox.packets);
        for bytes in packets.drain(..) {
            self.transmit(key, bytes);
        }
        self.outbox.packets = packets;
    }

    fn arrive(&mut self, key: HostKey, frame: Frame) {
        // Not moved: a packet that has just been written is slow to copy.
        let parsed = frame.parse();
        let Ok(packet) = &parsed else { return };
        self.note(|| format!("arrive {packet}", packet = packet.tuple()));
        if !self.hosts.owns(key, packet.destination) {
            return self.lose_all(Loss::HostGone, packet, frame);
        }
        if let Some(card) = self.hosts.card_mut(key).filter(|card| card.is_outside) {
            card.traffic.received.add(packet);
            let interface = self.hosts.port_of(key, packet.destination).unwrap_or(Port::Internet);
            return frame.cut(packet, &mut |bytes| self.hand_out(interface, bytes));
        }
        self.hosts.count_received(key, packet);
        match packet.fragment {
            Fragment::Whole => self.hand_over(key, packet, frame.bytes),
            _ => self.collect(key, frame.bytes),
        }
    }

    /// Gives a host a whole packet.
    pub(crate) fn hand_over(&mut self, key: HostKey, packet: &Packet, mut bytes: Vec<u8>) {
        if echo::is_request(packet)
            && let Some(card) = self.hosts.card(key)
            && let Some(reply) = &echo::turn(packet, &mut bytes, card.ttl)
        {
            return self.send(key, reply, bytes);
        }
        if packet.destination_port == dns::PORT {
            match self.resolve(key, packet, bytes) {
                Some(unasked) => bytes = unasked,
                None => return,
            }
        }
        let Some(host) = self.hosts.get_mut(key) else { return };
        let has_news = host.receive(packet, &bytes, self.now, &mut self.outbox);
        self.outbox.recycle(bytes);
        if has_news {
            self.run(key);
        } else {
            self.send_all(key);
        }
    }

    /// Sends a packet that a host wrote.
    pub(crate) fn transmit(&mut self, from: HostKey, bytes: Vec<u8>) {
        match &frame::parse(&bytes) {
            Ok(packet) => self.send(from, packet, bytes),
            Err(malformed) => self.lose(Loss::Malformed(*malformed), bytes),
        }
    }

    /// Sends a packet in the form that its way takes.
    #[inline]
    fn send(&mut self, from: HostKey, packet: &Packet, bytes: Vec<u8>) {
        if packet.bytes > u32::from(path::LEAST)
            && let Some(host) = self.hosts.get_mut(from)
            && packet.bytes > u32::from(host.machine.paths.least())
            && !host.machine.owns(packet.destination)
        {
            match host.machine.fit(packet, &bytes, self.now) {
                Fit::Whole => {}
                Fit::Segments(mtu) => {
                    let mut packet = *packet;
                    return match Frame::segmented(bytes, &mut packet, mtu) {
                        Ok(frame) => self.emit(from, &packet, frame),
                        Err(bytes) => self.lose(Loss::TooBig, bytes),
                    };
                }
                Fit::Parts(parts) => return parts.into_iter().for_each(|part| self.transmit(from, part)),
                Fit::TooBig => return self.lose(Loss::TooBig, bytes),
            }
        }
        self.emit(from, packet, bytes.into());
    }

    /// Puts a packet on the wire.
    #[inline(always)]
    fn emit(&mut self, from: HostKey, packet: &Packet, mut frame: Frame) {
        if self.hosts.owns(from, packet.destination) {
            return self.queue.push(self.now.plus(LOOPBACK_NS), Event::Arrive(from, frame));
        }
        let Some(port) = self.hosts.port_of(from, packet.source) else { return };
        if let Some(card) = self.hosts.card_mut(from) {
            card.traffic.sent.add(packet);
        }
        if port == Port::Internet {
            let mut packet = *packet;
            return match self.cross_inward(from, &mut packet, &mut frame.bytes) {
                true => self.forward((from, port), &packet, frame),
                false => self.lose_all(Loss::TtlAbroad, &packet, frame),
            };
        }
        self.forward((from, port), packet, frame);
    }

    #[inline(always)]
    fn forward(&mut self, (from, port): (HostKey, Port), packet: &Packet, frame: Frame) {
        let verdict = self.pipeline.forward(port, packet, self.now);
        self.conclude((from, port), packet, &verdict, frame);
    }

    /// Does with a packet that a host sent what the pipeline has decided.
    #[inline(always)]
    pub(crate) fn conclude(
        &mut self,
        (from, port): (HostKey, Port),
        packet: &Packet,
        verdict: &Verdict,
        frame: Frame,
    ) {
        self.note_sent(port, packet, verdict);
        match verdict {
            Verdict::Deliver(delivery) => self.deliver(SHARES, packet, delivery, frame),
            Verdict::Service(service) => self.ask(from, port, *service, frame.bytes),
            Verdict::Drop(reason) => {
                match reason {
                    Reason::NatIdle => self.reset(from, &frame.bytes),
                    Reason::TooBig => self.refuse_size(from, port, packet, &frame.bytes),
                    _ => {}
                }
                self.lose_all(Loss::Dropped(*reason), packet, frame);
            }
        }
    }

    /// A NAT gateway answers who goes on with a connection that it has forgotten with a reset.
    ///
    /// Assumption: flow logs do not show it. Source: VPC User Guide, "Timeout behavior" of NAT gateways.
    fn reset(&mut self, from: HostKey, bytes: &[u8]) {
        let Some(reset) = frame::reset_for(bytes, TTL) else { return };
        if self.queue.len() < PACKETS_IN_FLIGHT_MAX {
            let at = self.now.plus(2 * latency::path_of(Way::SameZone).base_ns);
            self.answers += 1;
            self.queue.push(at, Event::Arrive(from, reset.into()));
        }
    }

    pub(crate) fn note_sent(&mut self, from: Port, packet: &Packet, verdict: &Verdict) {
        if let Some(sent) = self.sent.as_mut().filter(|sent| sent.len() < EVENT_LOG_MAX) {
            sent.push(Sent { at: self.now, from, packet: *packet, verdict: *verdict });
        }
    }

    /// Puts a packet on its way to the host it arrives at; it has a `share` of the way before it.
    pub(crate) fn deliver(&mut self, share: u64, packet: &Packet, delivery: &Delivery, mut frame: Frame) {
        let path = latency::path_of(delivery.way);
        if self.queue.len() >= PACKETS_IN_FLIGHT_MAX {
            return self.lose_all(Loss::QueueFull, packet, frame);
        }
        let to = match delivery.to {
            Port::Interface(interface) => self.hosts.behind(interface).ok_or(Loss::HostGone),
            Port::Internet => self.internet_host(delivery.destination).ok_or(Loss::NoInternetHost),
            Port::Endpoint(gateway) => {
                self.service_host(gateway, delivery.destination).ok_or(Loss::NoInternetHost)
            }
        };
        let to = match to {
            Ok(to) => to,
            Err(loss) => return self.lose_all(loss, packet, frame),
        };
        frame::rewrite(&mut frame.bytes, packet, &Rewrite::from(delivery));
        if delivery.to == Port::Internet && !self.cross_outward(&mut frame.bytes) {
            return self.lose_all(Loss::TtlAbroad, packet, frame);
        }
        let late = self.random.below(path.jitter_ns + 1);
        let Some(card) = self.hosts.card_mut(to) else {
            return self.lose_all(Loss::HostGone, packet, frame);
        };
        let last = &mut card.last_arrival[latency::kind(delivery.way)];
        let mut at = self.now.plus(path.base_ns * share / SHARES + late);
        // What comes from a router on the way may overtake what comes all the way.
        if share == SHARES {
            at = at.max(*last);
            *last = at;
        }
        if packet.segment_bytes <= u32::from(delivery.mtu) {
            return self.queue.push(at, Event::Arrive(to, frame));
        }
        for part in self.parts(&frame.bytes, delivery.mtu).into_iter().flatten() {
            self.queue.push(at, Event::Arrive(to, part.into()));
        }
    }

    /// Has something happen after a time.
    pub(crate) fn push(&mut self, after_ns: u64, event: Event) {
        self.queue.push(self.now.plus(after_ns), event);
    }

    /// Sends bytes as if a host had written them: for tests and for hosts that are not simulated.
    ///
    /// What is no packet, or has a wrong checksum, is counted as a loss. False if there is no such host.
    pub fn inject(&mut self, from: HostName, bytes: &[u8]) -> bool {
        let Some(key) = self.hosts.named(from) else { return false };
        match frame::parse_checked(bytes) {
            Ok(packet) => {
                let whole = &bytes[..packet.bytes as usize];
                self.emit(key, &packet, whole.to_vec().into());
            }
            Err(malformed) => self.lose(Loss::Malformed(malformed), Vec::new()),
        }
        true
    }

    pub(crate) fn lose(&mut self, loss: Loss, bytes: Vec<u8>) {
        self.count_loss(loss, 1);
        self.outbox.recycle(bytes);
    }

    /// Loses what counts as the segments of `packet`.
    fn lose_all(&mut self, loss: Loss, packet: &Packet, frame: Frame) {
        self.count_loss(loss, packet.segments);
        self.outbox.recycle(frame.bytes);
    }

    pub(crate) fn count_loss(&mut self, loss: Loss, packets: u32) {
        self.note(|| format!("lose {loss}"));
        *self.losses.entry(loss).or_default() += u64::from(packets);
    }

    /// The packets that did not arrive, by reason, since the beginning.
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// How many packets the network itself has sent to hosts: what gateways and routers say of packets they do not carry.
    pub fn answers(&self) -> u64 {
        self.answers
    }

    /// What a running host has sent and received.
    pub fn traffic(&self, host: HostName) -> Option<Traffic> {
        self.hosts.named(host).and_then(|key| self.hosts.card(key)).map(|card| card.traffic)
    }

    /// Moves what the interfaces saw since the last call to `sightings`, and the interfaces that saw more than could be
    /// kept to `skipped`.
    pub fn close_window(&mut self, sightings: &mut Vec<Sighting>, skipped: &mut Vec<Skipped>) {
        self.pipeline.close_window(self.now, sightings);
        self.pipeline.drain_skipped(skipped);
    }

    /// Where NAT gateways had no port left for a connection since the last call ([`Pipeline::take_exhausted`]).
    pub fn take_exhausted(&mut self) -> BTreeSet<InterfaceId> {
        self.pipeline.take_exhausted()
    }

    /// Begins to keep a log of events, one a line, at most [`EVENT_LOG_MAX`].
    pub fn keep_log(&mut self) {
        self.log.get_or_insert_default();
    }

    /// Begins to keep the packets that hosts send, at most [`EVENT_LOG_MAX`].
    pub fn keep_sent(&mut self) {
        self.sent.get_or_insert_default();
    }

    /// Takes the packets that hosts have sent since the last call, if they are kept.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        self.sent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The log of events so far; empty unless kept.
    pub fn log(&self) -> &[String] {
        self.log.as_deref().unwrap_or_default()
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(log) = self.log.as_mut().filter(|log| log.len() < EVENT_LOG_MAX) {
            log.push(format!("{} {}", now.0, line()));
        }
    }
}

impl From<&Delivery> for Rewrite {
    fn from(delivery: &Delivery) -> Rewrite {
        Rewrite {
            source: delivery.source,
            destination: delivery.destination,
            source_port: delivery.source_port,
            destination_port: delivery.destination_port,
            hops: delivery.hops,
        }
    }
}
