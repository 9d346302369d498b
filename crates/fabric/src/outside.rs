//! Hosts outside: instances that are not simulated, but run somewhere else and send real packets.
//!
//! Whoever runs them is an [`Outside`]: it starts and stops them as the network says, and takes the packets that simulated
//! hosts send them. What they send comes in by [`Fabric::relay`], is judged by the same pipeline, and either leaves again at
//! once, rewritten in place, to another host outside, or goes into the event queue to a simulated one. Between two hosts
//! outside no latency is added; to and from simulated hosts a packet takes the time of its way.
//!
//! Which instances run outside: the tag `weir:host` says `netns` or `simulated`, nothing else; without it the [`Outside`] decides. An
//! instance that should run outside and cannot is not simulated instead: it is down, and [`Fabric::exec`] says why.

use crate::exec::Running;
use crate::fabric::Fabric;
use crate::frame;
use crate::hosts::HostKey;
use crate::loss::Loss;
use crate::segments::{self, Offload};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use weir_model::dhcp::AMAZON_PROVIDED_DNS;
use weir_model::dns::name;
use weir_model::instance::{Instance, InstanceState};
use weir_model::interface::Interface;
use weir_model::{InstanceId, InterfaceId, Nanos, Network};
use weir_pipeline::{Delivery, InterfaceIdx, Packet, Port, Reason, Verdict};

/// The tag of an instance that says what it runs as.
pub const HOST_TAG: &str = "weir:host";
/// What it may say.
const NETNS: &str = "netns";
const SIMULATED: &str = "simulated";

/// What runs the hosts outside.
pub trait Outside: Send {
    /// Whether instances run outside whose tags do not say.
    fn is_default(&self) -> bool;

    /// An instance begins to run, or runs on with other addresses or interfaces.
    ///
    /// # Errors
    /// It cannot; a sentence says why.
    fn run(&mut self, host: &OutsideHost) -> Result<(), String>;

    /// An instance no longer runs; if it is gone for good, so is what is kept of it.
    fn stop(&mut self, instance: InstanceId, is_gone: bool);

    /// A packet with right checksums arrives at an interface.
    fn deliver(&mut self, to: OutsidePort, packet: &[u8]);

    /// Starts a program in an instance, without input, or so that it can be fed ([`Running::feed`]).
    ///
    /// # Errors
    /// It cannot be started; a sentence says why.
    fn exec(
        &mut self,
        instance: InstanceId,
        argv: &[String],
        is_fed: bool,
    ) -> Result<Box<dyn Running>, String>;
}

/// The number of an interface outside: dense, and the same for an interface as long as the fabric lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutsidePort(pub u32);

/// An instance as it runs outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideHost {
    /// The instance.
    pub id: InstanceId,
    /// Its private name, without domain.
    pub hostname: String,
    /// The domain that DHCP would give it.
    pub domain: String,
    /// The resolvers that DHCP would give it.
    pub resolvers: Vec<IpAddr>,
    /// What it is to run at its first boot.
    pub user_data: Option<Vec<u8>>,
    /// Its interfaces in order of their devices.
    pub interfaces: Vec<OutsideInterface>,
}

impl OutsideHost {
    /// Its private name with the domain, as [simulated hosts](crate::host) are called; without it if a host name cannot be
    /// as long (sethostname(2)). Of several domain names the first counts.
    pub fn full_name(&self) -> String {
        const NAME_BYTES_MAX: usize = 64;
        let domain = self.domain.split(' ').next().unwrap_or_default();
        let name = format!("{}.{domain}", self.hostname);
        if domain.is_empty() || name.len() > NAME_BYTES_MAX { self.hostname.clone() } else { name }
    }
}

/// An interface of an instance outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideInterface {
    /// Where its packets enter and leave the fabric.
    pub port: OutsidePort,
    /// The interface.
    pub id: InterfaceId,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// Its addresses with the prefix lengths of what is on its link: the subnet over IPv4, nothing else over IPv6.
    pub addresses: Vec<(IpAddr, u8)>,
    /// The subnet's router: its second address ("Subnet sizing", VPC User Guide).
    pub router: Option<Ipv4Addr>,
}

/// What became of a packet that a host outside sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// It was rewritten and is to be written out there.
    Outside(OutsidePort),
    /// The fabric has a copy and carries it on.
    Inside,
    /// It is lost, and counted.
    Lost,
}

/// The hosts outside, and who runs them.
#[derive(Default)]
pub(crate) struct Outsiders {
    runner: Option<Box<dyn Outside>>,
    known: BTreeMap<InstanceId, OutsideHost>,
    failed: BTreeMap<InstanceId, String>,
    numbers: BTreeMap<InterfaceId, OutsidePort>,
    /// By port: the host that it belongs to, and its interface as the pipeline knows it.
    ports: Vec<Option<(HostKey, InterfaceIdx)>>,
    by_interface: Vec<Option<OutsidePort>>,
}

impl Outsiders {
    /// Whether an instance that begins to run is to do so outside. One whose tag names nothing known is not simulated instead.
    fn wants(&self, instance: &Instance) -> bool {
        match instance.tags.get(HOST_TAG).map(String::as_str) {
            Some(SIMULATED) => false,
            Some(_) => true,
            None => self.runner.as_ref().is_some_and(|runner| runner.is_default()),
        }
    }

    fn port(&self, interface: InterfaceIdx) -> Option<OutsidePort> {
        self.by_interface.get(interface.get()).copied().flatten()
    }

    /// The host as it is to run, with a number for each of its interfaces.
    fn describe(&mut self, network: &Network, instance: &Instance) -> OutsideHost {
        let interfaces = instance.interfaces.iter().filter_map(|id| network.interfaces.get(id));
        let interfaces: Vec<&Interface> = interfaces.collect();
        let vpc = interfaces.first().and_then(|interface| network.vpcs.get(&interface.vpc));
        let options = vpc.and_then(|vpc| network.dhcp_options.get(&vpc.dhcp_options?));
        let option = |wanted: &str| {
            let options = options.into_iter().flat_map(|options| &options.options);
            options.filter(|(known, _)| known == wanted).flat_map(|(_, values)| values).collect::<Vec<_>>()
        };
        let own = vpc.map(|vpc| IpAddr::V4(Ipv4Addr::from_bits(vpc.cidr().network().to_bits() + 2)));
        let servers = option("domain-name-servers").into_iter();
        let resolvers =
            servers.filter_map(|text| if text == AMAZON_PROVIDED_DNS { own } else { text.parse().ok() });
        let primary = interfaces.iter().find_map(|interface| interface.primary());
        OutsideHost {
            id: instance.id,
            hostname: primary.map_or_else(
                || instance.id.to_string(),
                |address| format!("ip-{}", address.to_string().replace('.', "-")),
            ),
            domain: option("domain-name")
                .first()
                .map_or_else(|| name::internal_domain(instance.scope.region), |name| (*name).clone()),
            resolvers: resolvers.collect(),
            user_data: instance.user_data.clone(),
            interfaces: interfaces.iter().map(|interface| self.interface(network, interface)).collect(),
        }
    }

    fn interface(&mut self, network: &Network, interface: &Interface) -> OutsideInterface {
        let next = OutsidePort(self.numbers.len() as u32);
        let port = *self.numbers.entry(interface.id).or_insert(next);
        let cidr = network.subnets.get(&interface.subnet).and_then(|subnet| subnet.cidr);
        let prefix = cidr.map_or(32, |cidr| cidr.prefix());
        let ipv4 = interface.addresses.iter().map(|address| (IpAddr::V4(address.private), prefix));
        let ipv6 = interface.ipv6_addresses.iter().map(|address| (IpAddr::V6(*address), 128));
        OutsideInterface {
            port,
            id: interface.id,
            mac: interface.mac,
            addresses: ipv4.chain(ipv6).collect(),
            router: cidr.map(|cidr| Ipv4Addr::from_bits(cidr.network().to_bits() + 1)),
        }
    }

    /// Starts, changes and stops hosts so that `wanted` run.
    fn settle(&mut self, network: &Network, wanted: Vec<OutsideHost>) {
        let ids: BTreeSet<InstanceId> = wanted.iter().map(|host| host.id).collect();
        for id in self.known.keys().copied().filter(|id| !ids.contains(id)).collect::<Vec<_>>() {
            self.known.remove(&id);
            self.failed.remove(&id);
            let state = network.instances.get(&id).map(|instance| instance.state);
            let is_gone = state.is_none_or(|state| state == InstanceState::Terminated);
            if let Some(runner) = &mut self.runner {
                runner.stop(id, is_gone);
            }
        }
        for host in
            wanted.into_iter().filter(|host| self.known.get(&host.id) != Some(host)).collect::<Vec<_>>()
        {
            let named = network.instances.get(&host.id).and_then(|instance| instance.tags.get(HOST_TAG));
            let outcome = match &mut self.runner {
                _ if let Some(name) = named.filter(|name| *name != NETNS) => {
                    Err(format!("the tag {HOST_TAG} says {name}: it is {NETNS} or {SIMULATED}"))
                }
                Some(runner) => runner.run(&host),
                None => Err(
                    "this weir runs no instances as network namespaces: it needs Linux and the real clock"
                        .to_owned(),
                ),
            };
            match outcome {
                Ok(()) => self.failed.remove(&host.id),
                Err(why) => self.failed.insert(host.id, why),
            };
            self.known.insert(host.id, host);
        }
    }
}

impl Fabric {
    /// Has `runner` run the instances that are not to be simulated, from the next update of the network on.
    ///
    /// What runs already stays what it is until it has stopped.
    pub fn set_outside(&mut self, runner: Box<dyn Outside>) {
        self.outsiders.runner = Some(runner);
    }

    /// Why instances that should run outside do not.
    pub fn failed_outside(&self) -> &BTreeMap<InstanceId, String> {
        &self.outsiders.failed
    }

    /// Whether an instance that begins to run is to do so outside.
    pub(crate) fn wants_outside(&self, network: &Network, id: InstanceId) -> bool {
        network.instances.get(&id).is_some_and(|instance| self.outsiders.wants(instance))
    }

    /// Brings the hosts outside to what the network says. The simulated hosts have been brought there.
    pub(crate) fn update_outside(&mut self, network: &Network) {
        let keys: BTreeMap<InstanceId, HostKey> = self.hosts.outside().collect();
        if keys.is_empty() && self.outsiders.known.is_empty() {
            return;
        }
        let instances = keys.keys().filter_map(|id| network.instances.get(id));
        let wanted = instances.map(|instance| self.outsiders.describe(network, instance)).collect();
        self.outsiders.settle(network, wanted);
        self.index_outside(&keys);
    }

    fn index_outside(&mut self, keys: &BTreeMap<InstanceId, HostKey>) {
        let compiled = self.pipeline.compiled();
        let outsiders = &mut self.outsiders;
        outsiders.ports = vec![None; outsiders.numbers.len()];
        outsiders.by_interface.clear();
        for host in outsiders.known.values().filter(|host| !outsiders.failed.contains_key(&host.id)) {
            for interface in &host.interfaces {
                let Some((key, index)) = keys.get(&host.id).zip(compiled.index_of(interface.id)) else {
                    continue;
                };
                outsiders.ports[interface.port.0 as usize] = Some((*key, index));
                if outsiders.by_interface.len() <= index.get() {
                    outsiders.by_interface.resize(index.get() + 1, None);
                }
                outsiders.by_interface[index.get()] = Some(interface.port);
            }
        }
    }

    /// Hands a packet that has come to a host outside to who runs it.
    pub(crate) fn hand_out(&mut self, interface: Port, bytes: Vec<u8>) {
        let port = match interface {
            Port::Interface(interface) => self.outsiders.port(interface),
            Port::Internet | Port::Endpoint(_) => None,
        };
        match (port, &mut self.outsiders.runner) {
            (Some(port), Some(runner)) => {
                runner.deliver(port, &bytes);
                self.outbox.recycle(bytes);
            }
            _ => self.lose(Loss::HostGone, bytes),
        }
    }

    /// Starts a program in an instance outside.
    pub(crate) fn exec_outside(
        &mut self,
        instance: InstanceId,
        argv: &[String],
        is_fed: bool,
    ) -> Result<Box<dyn Running>, String> {
        if let Some(why) = self.outsiders.failed.get(&instance) {
            return Err(why.clone());
        }
        match &mut self.outsiders.runner {
            Some(runner) => runner.exec(instance, argv, is_fed),
            None => Err("it is not running".to_owned()),
        }
    }

    /// Judges a packet that a host outside has sent at `now`, which begins at its IP header; a super-packet counts as its
    /// segments. If it is for another host outside, it is rewritten in place for the caller to write there.
    ///
    /// `now` must not be before [`Fabric::now`]; what was due until then has happened.
    pub fn relay(&mut self, from: OutsidePort, bytes: &mut [u8], offload: Offload, now: Nanos) -> Relayed {
        let parsed = frame::parse(bytes);
        let sender = self.outsiders.ports.get(from.0 as usize).copied().flatten();
        let (Ok(mut packet), Some((key, interface))) = (parsed, sender) else {
            self.count_loss(parsed.map_or_else(Loss::Malformed, |_| Loss::HostGone), 1);
            return Relayed::Lost;
        };
        let bytes = &mut bytes[..packet.bytes as usize];
        segments::count(bytes, &mut packet, offload);
        if let Some(card) = self.hosts.card_mut(key) {
            card.traffic.sent.add(&packet);
        }
        let verdict = self.pipeline.forward(Port::Interface(interface), &packet, now);
        match verdict {
            Verdict::Deliver(delivery) => match self.outside_at(&delivery) {
                // What has to be split on its way cannot be rewritten in place.
                Some(to) if packet.segment_bytes <= u32::from(delivery.mtu) => {
                    self.relay_outside(to, bytes, &packet, (&delivery, offload))
                }
                _ => self.take_in((key, interface), bytes, &packet, (verdict, offload, now)),
            },
            _ => self.take_in((key, interface), bytes, &packet, (verdict, offload, now)),
        }
    }

    fn outside_at(&self, delivery: &Delivery) -> Option<OutsidePort> {
        match delivery.to {
            Port::Interface(interface) => self.outsiders.port(interface),
            Port::Internet | Port::Endpoint(_) => None,
        }
    }

    /// Rewrites a packet for another host outside.
    fn relay_outside(
        &mut self,
        to: OutsidePort,
        bytes: &mut [u8],
        packet: &Packet,
        (delivery, offload): (&Delivery, Offload),
    ) -> Relayed {
        frame::rewrite(bytes, packet, &delivery.into());
        if offload.is_partial {
            frame::begin_checksum(bytes);
        }
        if let Some((key, _)) = self.outsiders.ports[to.0 as usize]
            && let Some(card) = self.hosts.card_mut(key)
        {
            card.traffic.received.add(packet);
        }
        Relayed::Outside(to)
    }

    /// Goes on with a packet as with one of a simulated host: whole packets with right checksums.
    fn take_in(
        &mut self,
        (from, interface): (HostKey, InterfaceIdx),
        bytes: &[u8],
        packet: &Packet,
        (verdict, offload, now): (Verdict, Offload, Nanos),
    ) -> Relayed {
        self.now = self.now.max(now);
        if let Verdict::Drop(reason) = verdict {
            if reason == Reason::TooBig {
                self.refuse_size(from, Port::Interface(interface), packet, bytes);
            }
            self.count_loss(Loss::Dropped(reason), packet.segments);
            return Relayed::Lost;
        }
        segments::whole(bytes, packet, offload, &mut |bytes| {
            let length = bytes.len() as u32;
            let packet = Packet { bytes: length, segments: 1, segment_bytes: length, ..*packet };
            self.conclude((from, Port::Interface(interface)), &packet, &verdict, bytes.into());
        });
        Relayed::Inside
    }
}
