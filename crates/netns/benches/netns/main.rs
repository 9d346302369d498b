//! Namespaces beside what Linux itself does: veth to veth (the limit), and a router with nftables (what one would take).
//!
//! All topologies are up at the same time; each round measures each of them, in another order each time, and a ratio is to
//! veth in the same round. What is printed are medians. Run as root; it needs `ip`, `nft` and `iperf3`. Words behind `--` choose
//! what is measured.
//!
//! Client and server have a processor each, in every topology: left to the kernel they are now on one and now on two, which
//! makes a round trip of 10 us or of 70, whatever is between them. TCP has the congestion control that instances have, not the
//! machine's: BBR paces what it sends, and then its timers are measured. Who waits for a turn on a processor is measured with the
//! rest: throughput wants real-time priority, which has nobody wait, and all else the highest of the usual ones.
//!
//! ```text
//! chrt --fifo 50 cargo bench -p weir-netns --bench netns -- TCP
//! nice -n -20 cargo bench -p weir-netns --bench netns -- create trip connections
//! ```

#[allow(dead_code)]
#[path = "../../../fabric/tests/fabric/bed.rs"]
mod bed;
#[allow(dead_code)]
#[path = "../../tests/netns/world.rs"]
mod world;

mod linux;
mod probe;

use bed::{Bed, Instance, Site};
use linux::Linux;
use std::time::Instant as Moment;
use weir_model::Cidr;
use weir_model::group::{Direction, GroupRule, Peer};
use weir_model::protocol::Traffic;
use weir_model::route::Target;
use weir_netns::DriverKind;
use world::World;

const ROUNDS: usize = 15;

/// What a program of each side begins with.
const CLIENT: &str = "taskset --cpu-list 0";
const SERVER: &str = "taskset --cpu-list 1";

const IPERF3_PORT: u16 = 5201;

/// What is measured, and how.
type Metric = (&'static str, fn(&dyn Topology) -> f64);

const METRICS: [Metric; 3] =
    [("TCP Gbit/s", tcp_gbits), ("round trip us", round_trip_us), ("connections/s", connections_per_s)];

/// Two hosts and what is between them.
trait Topology {
    /// Runs a program on the first host, and gives what it printed.
    fn run(&self, argv: &[String]) -> String;
    /// The address of the second host.
    fn target(&self) -> String;
}

fn main() {
    let argv: Vec<String> = std::env::args().collect();
    if probe::run(&argv) {
        return;
    }
    let words: Vec<&String> = argv[1..].iter().filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    if wanted("create") {
        println!("create and connect an instance: {}", create_ms());
    }
    let direct = Linux::direct();
    let (router, rules) = (Linux::router("q", 0), Linux::router("r", 100));
    let (tap, packet) = (Weir::new(DriverKind::Tap, 1), Weir::new(DriverKind::Packet, 1));
    let many = Weir::new(DriverKind::Tap, 1000);
    let topologies: [(&str, &dyn Topology); 6] = [
        ("veth direct", &direct),
        ("router, no rules", &router),
        ("router, nft 100", &rules),
        ("weir, TAP", &tap),
        ("weir, sockets", &packet),
        ("weir, TAP, 1000 rules", &many),
    ];
    for (metric, measure) in METRICS.into_iter().filter(|(metric, _)| wanted(metric)) {
        let mut rounds = vec![[0.0; 6]; ROUNDS];
        for (round, figures) in rounds.iter_mut().enumerate() {
            for at in 0..topologies.len() {
                let at = (at + round) % topologies.len();
                figures[at] = measure(topologies[at].1);
            }
        }
        report(metric, &topologies, &rounds);
    }
}

fn report(metric: &str, topologies: &[(&str, &dyn Topology); 6], rounds: &[[f64; 6]]) {
    println!("{metric:24} {:>12} {:>10} {:>12}", "median", "to veth", "to nft 100");
    for (at, (name, _)) in topologies.iter().enumerate() {
        let of = |value: fn(&[f64; 6], usize) -> f64| median(rounds.iter().map(|round| value(round, at)));
        let (figure, to_veth, to_nft) = (
            of(|round, at| round[at]),
            of(|round, at| round[at] / round[0]),
            of(|round, at| round[at] / round[2]),
        );
        println!("{name:24} {figure:12.2} {to_veth:10.2} {to_nft:12.2}");
    }
    let steady = median(rounds.iter().map(|round| round[5] / round[3]));
    println!("1000 rules to 1 rule     {steady:12.3}\n");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The programs that serve.
fn servers() -> [Vec<String>; 2] {
    let own = std::env::current_exe().expect("a path").display().to_string();
    [words(&format!("{SERVER} iperf3 -s")), words(&format!("{SERVER} {own} {}", probe::SERVE))]
}

fn tcp_gbits(topology: &dyn Topology) -> f64 {
    let report = topology.run(&words(&format!("{CLIENT} iperf3 -c {} -t 1 --json", topology.target())));
    let received =
        report.split_once("\"sum_received\"").and_then(|(_, rest)| rest.split_once("\"bits_per_second\":"));
    let number = received.map_or("", |(_, rest)| rest.split(',').next().unwrap_or_default());
    number.trim().parse::<f64>().unwrap_or_else(|_| panic!("iperf3: {report}")) / 1e9
}

fn own(topology: &dyn Topology, what: &str) -> f64 {
    let program = std::env::current_exe().expect("a path").display().to_string();
    let printed = topology.run(&words(&format!("{CLIENT} {program} {what} {}", topology.target())));
    printed.trim().parse().unwrap_or_else(|_| panic!("{what}: {printed:?}"))
}

fn round_trip_us(topology: &dyn Topology) -> f64 {
    own(topology, probe::ROUND_TRIP)
}

fn connections_per_s(topology: &dyn Topology) -> f64 {
    own(topology, probe::CONNECT)
}

/// Two hosts in peered VPCs.
struct Weir {
    world: World,
    a: Instance,
    b: Instance,
}

impl Weir {
    /// Their groups have so many rules, the one that lets everything in last.
    fn new(driver: DriverKind, rules: usize) -> Weir {
        let world = World::new(driver);
        let sites = {
            let mut bed = world.bed();
            let (one, other) = (bed.site("10.0.0.0/24"), bed.site("10.1.0.0/24"));
            let peering = bed.peer(&one, &other);
            bed.route_to(one.table, "10.1.0.0/16", Target::Peering(peering));
            bed.route_to(other.table, "10.0.0.0/16", Target::Peering(peering));
            bed.allow(&one, Traffic::All);
            bed.allow(&other, Traffic::All);
            [one, other].iter().for_each(|site| pad(&mut bed, site, rules));
            (one, other)
        };
        let (a, b) = (world.host(&sites.0), world.host(&sites.1));
        for server in servers() {
            world.bed().fabric.exec(b.name(), &server).expect("a server");
        }
        [probe::PORT, IPERF3_PORT].iter().for_each(|port| world.wait_until_listening(&b, *port));
        Weir { world, a, b }
    }
}

/// Gives a group further rules, before those that it has.
fn pad(bed: &mut Bed, site: &Site, rules: usize) {
    let mut group = bed.network.groups.get(&site.group).expect("the group").clone();
    let last =
        group.rules.iter().find(|rule| rule.direction == Direction::Ingress && rule.traffic == Traffic::All);
    let last = last.expect("a rule").clone();
    let more = (0..rules.saturating_sub(1)).map(|number| GroupRule {
        peer: Peer::Cidr(
            format!("172.16.{}.{}/32", number / 250, number % 250).parse::<Cidr>().expect("a block"),
        ),
        ..last.clone()
    });
    group.rules = more.chain(group.rules.clone()).collect();
    bed.network.groups.insert(group);
    let bed = &mut *bed;
    bed.fabric.update(&bed.network);
}

impl Topology for Weir {
    fn run(&self, argv: &[String]) -> String {
        self.world.run_words(self.a.name(), argv).stdout
    }

    fn target(&self) -> String {
        self.b.private.to_string()
    }
}

/// How long an instance takes from the network's change to the interface that is up, in ms.
fn create_ms() -> String {
    let figures = [DriverKind::Tap, DriverKind::Packet].map(|driver| {
        let world = World::new(driver);
        let site = world.bed().site("10.0.0.0/24");
        world.host(&site);
        let times = (0..50).map(|_| {
            let mut bed = world.bed();
            bed.launch(&site, None);
            let begun = Moment::now();
            let bed = &mut *bed;
            bed.fabric.update(&bed.network);
            begun.elapsed().as_secs_f64() * 1e3
        });
        let times: Vec<f64> = times.collect();
        assert!(world.bed().fabric.failed_outside().is_empty());
        let fastest = times.iter().copied().fold(f64::INFINITY, f64::min);
        format!("{driver}: median {:.1} ms, fastest {fastest:.1} ms", median(times.into_iter()))
    });
    figures.join("; ")
}
