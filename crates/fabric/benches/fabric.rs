//! Packets a second between simulated hosts, through the whole pipeline, and what the hosts weigh.
//!
//! Prints `name value unit`, one a line. Rates are for each second of processor time, so that other work on the machine
//! does not count.

// A bench reads its own time and memory.
#![allow(clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "../tests/fabric/bed.rs"]
mod bed;

use bed::{Bed, Instance, SECOND};

const HOSTS: usize = 1000;
const SUBNET: &str = "10.1.0.0/20";
const PINGS: usize = 2_000_000;

fn main() {
    for hosts in [2, HOSTS] {
        let (bed, instances, bytes) = world(hosts);
        let rate = flood(bed, &instances);
        println!("ping_{hosts}_hosts_packets {rate:.0} packets/s");
        println!("memory_{hosts}_hosts {:.1} MB", bytes as f64 / 1e6);
    }
}

/// A VPC with so many instances, and by how much the process grew.
fn world(hosts: usize) -> (Bed, Vec<Instance>, usize) {
    let mut bed = Bed::new(1);
    let site = bed.site(SUBNET);
    let before = resident_bytes();
    let instances = (0..hosts).map(|_| bed.launch(&site, None)).collect();
    bed.fabric.update(&bed.network);
    (bed, instances, resident_bytes().saturating_sub(before))
}

/// Every host of the first half floods one of the second; packets received a second.
fn flood(mut bed: Bed, instances: &[Instance]) -> f64 {
    let (senders, receivers) = instances.split_at(instances.len() / 2);
    let count = (PINGS / senders.len()).to_string();
    for (from, to) in senders.iter().zip(receivers) {
        let to = to.private.to_string();
        let argv = ["ping", "-q", "-f", "-c", &count, &to].map(str::to_owned);
        bed.fabric.exec(from.name(), &argv).expect("the host runs");
    }
    let started = processor_seconds();
    bed.fabric.step(bed.fabric.now().plus(3600 * SECOND));
    let seconds = processor_seconds() - started;
    let received = |instance: &Instance| {
        bed.fabric.traffic(instance.name()).map_or(0, |traffic| traffic.received.packets)
    };
    let packets: u64 = instances.iter().map(received).sum();
    packets as f64 / seconds
}

fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * PAGE_BYTES
}

/// The processor time that this process has used.
fn processor_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name, in parentheses, may hold blanks; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}
