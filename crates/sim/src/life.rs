//! One life of a world: traffic, changes, time; and what must hold at each step.

use crate::change;
use crate::traffic::{self, Datagram};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use weir_fabric::{ExecId, Fabric, HostName, Sent, Traffic};
use weir_model::Nanos;
use weir_pipeline::oracle::{Accounts, Fate, Oracle, Place};
use weir_pipeline::{Port, Sighting, Tuple, Verdict};

/// 2026-01-01T00:00:00Z.
const START: Nanos = Nanos(1_767_225_600_000_000_000);
const SECOND: u64 = 1_000_000_000;
/// Steps of a life, and after how many of them a window closes.
const STEPS: usize = 60;
const WINDOW_STEPS: usize = 7;
/// Long enough for every packet and retransmission to end.
const QUIET_S: u64 = 3600;

/// What did not hold, and everything that had happened before.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What did not hold.
    pub fact: String,
    /// One event a line.
    pub log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.log.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        write!(f, "seed {}: {}", self.seed, self.fact)
    }
}

/// Lives the life of a seed: its log, one event a line.
///
/// # Errors
/// What did not hold.
pub fn live(seed: u64) -> Result<Vec<String>, Failure> {
    let mut life = Life::new(seed);
    let outcome = life.run();
    let log = life.log;
    match outcome {
        Ok(()) => Ok(log),
        Err(fact) => Err(Failure { seed, fact, log }),
    }
}

struct Life {
    world: World,
    fabric: Fabric,
    oracle: Oracle,
    running: Vec<ExecId>,
    /// Answers that may be sent.
    answers: Vec<Datagram>,
    /// The addresses of NAT gateways, inside and outside.
    translators: BTreeSet<IpAddr>,
    /// What hosts that have stopped had sent and received.
    gone: Traffic,
    /// The hosts of the internet that packets went to: who has an address that an interface has given back is one.
    abroad: BTreeSet<IpAddr>,
    log: Vec<String>,
}

impl Life {
    fn new(seed: u64) -> Life {
        let world = World::new(seed, START);
        let mut fabric = Fabric::new(&world.network, seed, START);
        fabric.keep_sent();
        let addresses = world.network.nat_gateways.iter().flat_map(|nat| &nat.addresses);
        let both = addresses.flat_map(|address| [address.private, address.elastic.map(|(public, _)| public)]);
        let translators = both.flatten().map(IpAddr::V4).collect();
        Life {
            world,
            translators,
            fabric,
            oracle: Oracle::default(),
            running: Vec::new(),
            answers: Vec::new(),
            gone: Traffic::default(),
            abroad: BTreeSet::new(),
            log: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for step in 1..=STEPS {
            self.act();
            self.pass()?;
            if self.world.chance(60) {
                self.change()?;
            }
            if step % WINDOW_STEPS == 0 {
                self.close_window()?;
            }
        }
        self.fall_silent()
    }

    fn note(&mut self, event: &str) {
        let at = self.fabric.now().0 - START.0;
        self.log.push(format!("{:>12.6} {event}", at as f64 / SECOND as f64));
    }

    /// Starts commands and sends datagrams.
    fn act(&mut self) {
        for _ in 0..1 + self.world.below(3) {
            let (host, line) = traffic::command(&mut self.world);
            let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
            match self.fabric.exec(host, &argv) {
                Ok(id) => self.running.push(id),
                Err(error) => self.note(&format!("{error}")),
            }
            self.note(&format!("{host} {line}"));
        }
        if let Some([asked, answer]) = traffic::datagrams(&mut self.world) {
            self.fabric.inject(asked.0, &asked.1);
            self.answers.push(answer);
        }
        if self.world.chance(60) && !self.answers.is_empty() {
            let at = self.world.below(self.answers.len());
            let (host, bytes) = self.answers.swap_remove(at);
            self.fabric.inject(host, &bytes);
        }
    }

    /// Lets time pass, mostly little, sometimes as much as makes connections forgotten.
    fn pass(&mut self) -> Result<(), String> {
        let ms = match self.world.below(20) {
            0 => 30_000 + self.world.below(3) * 1_000,
            1 => 60_000 + self.world.below(3) * 1_000,
            2 => 180_000,
            3 => 360_000,
            _ => self.world.below(3_000),
        };
        self.fabric.step(self.fabric.now().plus(ms as u64 * 1_000_000));
        self.compare()?;
        let generation = self.world.network.generation();
        self.world.network.step(self.fabric.now().into());
        if self.world.network.generation() != generation {
            self.note("time changes the network");
            self.update();
        }
        Ok(())
    }

    /// The oracle must say the same of every packet that was sent.
    fn compare(&mut self) -> Result<(), String> {
        for sent in self.fabric.take_sent() {
            let (from, found) = (self.place(sent.from), self.fate(sent.verdict));
            let port = arrived_with(sent.verdict);
            let seen = (sent.at, port.as_slice());
            let due = self.oracle.forward_seen(&self.world.network, from, &sent.packet, seen);
            self.note_sent(&sent, from);
            if let Fate::Deliver { to: Place::Internet, destination, .. } = found {
                self.abroad.insert(destination);
            }
            if found != due {
                return Err(format!("{}: found {found:?}, due {due:?}", sent.packet.tuple()));
            }
        }
        Ok(())
    }

    fn note_sent(&mut self, sent: &Sent, from: Place) {
        let at = (sent.at.0 - START.0) as f64 / SECOND as f64;
        let (tuple, flags, fate) = (sent.packet.tuple(), sent.packet.tcp_flags, self.fate(sent.verdict));
        self.log.push(format!("{at:>12.6} {from:?} {tuple} flags {flags} {fate:?}"));
    }

    fn place(&self, port: Port) -> Place {
        let Port::Interface(index) = port else { return Place::Internet };
        Place::Interface(self.fabric.pipeline().compiled().interface(index).id)
    }

    fn fate(&self, verdict: Verdict) -> Fate {
        match verdict {
            Verdict::Service(service) => Fate::Service(service),
            Verdict::Drop(reason) => Fate::Drop(reason),
            Verdict::Deliver(delivery) => Fate::Deliver {
                to: self.place(delivery.to),
                source: delivery.source,
                destination: delivery.destination,
                hops: delivery.hops,
            },
        }
    }

    /// Changes the network.
    fn change(&mut self) -> Result<(), String> {
        let what = change::change(&mut self.world, self.fabric.now())?;
        self.note(&what);
        self.update();
        Ok(())
    }

    /// Hands the network to the fabric. What hosts that stop have counted is kept.
    fn update(&mut self) {
        let before = self.traffic();
        self.fabric.update(&self.world.network);
        let after = self.traffic();
        for (host, traffic) in before {
            if !after.contains_key(&host) {
                self.gone = sum(self.gone, traffic);
            }
        }
    }

    fn traffic(&self) -> BTreeMap<HostName, Traffic> {
        let abroad = self.abroad.iter().map(|address| HostName::Internet(*address));
        let hosts = self.world.host_names().into_iter().chain(abroad);
        hosts.filter_map(|host| Some((host, self.fabric.traffic(host)?))).collect()
    }

    /// The window's sightings must be the oracle's accounts.
    fn close_window(&mut self) -> Result<(), String> {
        let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
        self.fabric.close_window(&mut sightings, &mut skipped);
        let (found, due) = (accounts(&sightings), self.oracle.take_accounts());
        let (found, due) = (self.blind(found), self.blind(due));
        self.note(&format!("window: {} sightings", sightings.len()));
        if let Some((key, count)) = found.iter().find(|(key, count)| due.get(*key) != Some(count)) {
            return Err(format!("seen {key:?} {count:?}, due {:?}", due.get(key)));
        }
        match due.iter().find(|(key, _)| !found.contains_key(*key)) {
            Some((key, count)) => Err(format!("not seen: {key:?} {count:?}")),
            None if skipped.is_empty() => Ok(()),
            None => Err(format!("skipped: {skipped:?}")),
        }
    }

    /// Accounts without the ports that NAT gateways choose: those of dropped packets nobody sees.
    fn blind(&self, accounts: Accounts) -> Accounts {
        let mut blind = Accounts::new();
        for ((interface, direction, mut tuple, action), (packets, bytes)) in accounts {
            if self.translators.contains(&tuple.source) {
                tuple.source_port = 0;
            }
            if self.translators.contains(&tuple.destination) {
                tuple.destination_port = 0;
            }
            let sums = blind.entry((interface, direction, tuple, action)).or_default();
            *sums = (sums.0 + packets, sums.1 + bytes);
        }
        blind
    }

    /// Once nothing is under way, every packet has arrived or is lost, and every command has ended.
    fn fall_silent(&mut self) -> Result<(), String> {
        self.fabric.step(self.fabric.now().plus(QUIET_S * SECOND));
        self.compare()?;
        self.close_window()?;
        if let Some(at) = self.fabric.next_event() {
            return Err(format!("something is still to happen at {}", at.0));
        }
        for exec in std::mem::take(&mut self.running) {
            if self.fabric.poll(exec).is_some_and(|output| output.exit_code.is_none()) {
                return Err(format!("{exec:?} does not end"));
            }
        }
        let total = self.traffic().into_values().fold(self.gone, sum);
        let lost: u64 = self.fabric.losses().values().sum();
        let (sent, received, answers) = (total.sent.packets, total.received.packets, self.fabric.answers());
        let told = format!("sent {sent} and {answers} answers, received {received}, lost {lost}");
        self.note(&told);
        if sent + answers == received + lost { Ok(()) } else { Err(told) }
    }
}

/// The source port, or the identifier, that a packet arrives with.
fn arrived_with(verdict: Verdict) -> Option<u16> {
    match verdict {
        Verdict::Deliver(delivery) => Some(delivery.source_port),
        Verdict::Service(_) | Verdict::Drop(_) => None,
    }
}

fn sum(one: Traffic, other: Traffic) -> Traffic {
    let mut sum = one;
    for (to, from) in [(&mut sum.sent, other.sent), (&mut sum.received, other.received)] {
        to.packets += from.packets;
        to.bytes += from.bytes;
    }
    sum
}

fn accounts(sightings: &[Sighting]) -> Accounts {
    let mut accounts = Accounts::new();
    for sighting in sightings {
        let Sighting { interface, direction, action, source, destination, protocol, .. } = *sighting;
        let Sighting { source_port, destination_port, .. } = *sighting;
        let tuple = Tuple { source, destination, protocol, source_port, destination_port };
        let (packets, bytes) = accounts.entry((interface, direction, tuple, action)).or_default();
        *packets += sighting.packets;
        *bytes += sighting.bytes;
    }
    accounts
}
