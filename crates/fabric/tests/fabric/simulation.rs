//! Seeded worlds: random networks, random commands, and at every minute the accounts must agree.

use crate::bed::{Bed, Instance, START, Site, internet, tcp};
use crate::records::{FORMAT, record, totals};
use weir_fabric::{ExecId, HostName};
use weir_flowlog::{Delivery, Recorder};
use weir_model::Ids;
use weir_model::flow_log::{Monitored, TrafficType};
use weir_model::route::Target;

const SEEDS: u64 = 12;
const MINUTES: u64 = 4;
const COMMANDS_PER_MINUTE: u64 = 12;
/// Long enough for every packet and retransmission to end.
const QUIET_MINUTES: u64 = 6;

struct World {
    bed: Bed,
    sites: Vec<Site>,
    instances: Vec<Instance>,
    random: Ids,
}

impl World {
    fn new(seed: u64) -> World {
        let mut world =
            World { bed: Bed::new(seed), sites: Vec::new(), instances: Vec::new(), random: Ids::new(seed) };
        for number in 0..2 + world.random.below(3) {
            let site = world.bed.site(&format!("10.{number}.0.0/24"));
            world.bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, FORMAT);
            for _ in 0..1 + world.random.below(3) {
                let user_data = "#weir listen tcp/80 http hello\n#weir listen tcp/7 echo";
                let instance = world.bed.instance_with(&site, Some(user_data));
                world.instances.push(instance);
            }
            if world.random.below(2) == 0 {
                world.bed.allow(&site, tcp(80));
            }
            world.sites.push(site);
        }
        world.peer_some();
        world
    }

    /// Peers some pairs of VPCs, some with routes on one side only.
    fn peer_some(&mut self) {
        for left in 0..self.sites.len() {
            for right in left + 1..self.sites.len() {
                let choice = self.random.below(4);
                if choice == 0 {
                    continue;
                }
                let peering = self.bed.peer(&self.sites[left].clone(), &self.sites[right].clone());
                let target = Target::Peering(peering);
                self.bed.route_to(self.sites[left].table, &format!("10.{right}.0.0/24"), target);
                if choice > 1 {
                    self.bed.route_to(self.sites[right].table, &format!("10.{left}.0.0/24"), target);
                }
            }
        }
    }

    fn any_instance(&mut self) -> Instance {
        let at = self.random.below(self.instances.len() as u64);
        self.instances[at as usize]
    }

    /// A command on a random host, to a random address.
    fn command(&mut self) -> (HostName, String) {
        let (from, to) = (self.any_instance(), self.any_instance());
        let host = if self.random.below(5) == 0 { internet("203.0.113.9") } else { from.name() };
        let target = match self.random.below(4) {
            0 => to.public().to_string(),
            1 => "8.8.8.8".to_owned(),
            _ => to.private.to_string(),
        };
        let count = 1 + self.random.below(9);
        let port = [22, 23, 80, 7, 443][self.random.below(5) as usize];
        let line = match self.random.below(4) {
            0 => format!("ping -c {count} -i 0.2 -s {} {target}", count * 100),
            1 => format!("ping -q -c {count} {target}"),
            2 => format!("nc -zv -w 3 {target} {port}"),
            _ => format!("curl -s -m 5 {target}:{port}"),
        };
        (host, line)
    }

    /// Runs random commands and closes the windows; gives the records.
    fn live(&mut self) -> Vec<Delivery> {
        let mut recorder = Recorder::new();
        recorder.update(&self.bed.network, START);
        let (mut delivered, mut running) = (Vec::new(), Vec::<ExecId>::new());
        for _ in 0..MINUTES {
            for _ in 0..COMMANDS_PER_MINUTE {
                let (host, line) = self.command();
                let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                running.push(self.bed.fabric.exec(host, &argv).expect("the host runs"));
                self.bed.pass(self.random.below(4));
            }
            delivered.extend(record(&mut self.bed, &mut recorder, 1));
        }
        delivered.extend(record(&mut self.bed, &mut recorder, QUIET_MINUTES));
        for exec in running {
            let output = self.bed.fabric.poll(exec).expect("its output was not taken");
            assert!(output.exit_code.is_some(), "a command does not end: {output:?}");
        }
        delivered
    }
}

#[test]
fn records_agree_with_hosts_in_random_worlds() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let delivered = world.live();
        let totals = totals(&delivered);
        for instance in &world.instances {
            let recorded = totals.get(&instance.interface).copied().unwrap_or_default();
            let counted = world.bed.fabric.traffic(instance.name()).expect("it runs");
            assert_eq!(recorded, counted, "seed {seed}, {}", instance.private);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let life = |seed| {
        let mut world = World::new(seed);
        world.bed.fabric.keep_log();
        let delivered = world.live();
        (world.bed.fabric.log().to_vec(), delivered)
    };
    let (log, delivered) = life(7);
    assert!(log.len() > 100, "{} events", log.len());
    assert!(life(7) == (log.clone(), delivered), "another run of the same seed differs");
    assert!(life(8).0 != log, "another seed gives the same events");
}
