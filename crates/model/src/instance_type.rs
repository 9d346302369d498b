//! Instance types: what the network, images and the API need to know of each, computed from families and sizes.
//!
//! A size says how many virtual CPUs there are, a family how much memory belongs to each; interfaces and addresses follow from
//! the virtual CPUs but for the exceptions listed. Accelerated, high-memory and Mac families are here only in part.
//! Source: EC2 Instance Types guide, "Performance specifications" and "Network specifications" of each family.

use crate::image::Architecture;
use std::sync::LazyLock;

/// An instance type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name.
    pub name: String,
    /// Its processor.
    pub architecture: Architecture,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Virtual CPUs of each core.
    pub threads_per_core: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Most network interfaces.
    pub interfaces_max: usize,
    /// Most IPv4 addresses on each.
    pub addresses_max: usize,
    /// Whether it runs on the Nitro hypervisor and not on Xen.
    pub is_nitro: bool,
    /// Whether its host has disks for it.
    pub has_disks: bool,
}

/// The free tier's types. Source: EC2 User Guide, "Amazon EC2 Free Tier".
const FREE_TIER: &[&str] =
    &["c7i-flex.large", "m7i-flex.large", "t2.micro", "t3.micro", "t3.small", "t4g.micro", "t4g.small"];

impl InstanceType {
    /// The type of this name.
    pub fn find(name: &str) -> Option<&'static InstanceType> {
        let place = InstanceType::all().binary_search_by(|row| row.name.as_str().cmp(name));
        place.ok().and_then(|place| InstanceType::all().get(place))
    }

    /// Every type there is, by name.
    pub fn all() -> &'static [InstanceType] {
        &ALL
    }

    /// Whether a name reads like that of an instance type, so that AWS may have it.
    pub fn is_name(name: &str) -> bool {
        let Some((family, size)) = name.split_once('.') else { return false };
        let is_family = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        family.starts_with(|c: char| c.is_ascii_lowercase())
            && family.contains(|c: char| c.is_ascii_digit())
            && family.chars().all(is_family)
            && (vcpus_of(size).is_some() || matches!(size, "nano" | "micro" | "small" | "metal"))
    }

    /// Processor cores.
    pub fn cores(&self) -> u32 {
        self.vcpus / self.threads_per_core.max(1)
    }

    /// Its family: `t2`.
    pub fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Whether it uses CPU credits.
    pub fn is_burstable(&self) -> bool {
        self.name.starts_with('t')
    }

    /// Whether there is no hypervisor under it.
    pub fn is_metal(&self) -> bool {
        self.name.contains(".metal")
    }

    /// Whether its traffic with volumes has a bandwidth of its own: all but the oldest here (EC2 User Guide, "Amazon
    /// EBS-optimized instance types").
    pub fn is_optimized_for_volumes(&self) -> bool {
        self.family() != "t2"
    }

    /// Whether it may be in a cluster placement group: burstable and flex types may not (EC2 User Guide, "Placement
    /// strategies").
    pub fn is_in_clusters(&self) -> bool {
        !self.is_burstable() && !self.family().ends_with("-flex")
    }

    /// Whether the free tier covers it.
    pub fn is_free_tier(&self) -> bool {
        FREE_TIER.contains(&self.name.as_str())
    }
}

/// Virtual CPUs of a size in most families: `large` has two, `xlarge` four, `8xlarge` eight times as many.
fn vcpus_of(size: &str) -> Option<u32> {
    let times = |number: &str| number.parse::<u32>().ok().filter(|number| (2..=128).contains(number));
    match size {
        "medium" => Some(1),
        "large" => Some(2),
        "xlarge" => Some(4),
        _ => {
            let number =
                size.strip_suffix("xlarge").or_else(|| size.strip_prefix("metal-")?.strip_suffix("xl"));
            number.and_then(times).map(|number| 4 * number)
        }
    }
}

/// Interfaces, and addresses on each, by virtual CPUs.
fn network_of(vcpus: u32) -> (usize, usize) {
    match vcpus {
        0..=1 => (2, 4),
        2..=3 => (3, 10),
        4..=12 => (4, 15),
        13..=48 => (8, 30),
        _ => (15, 50),
    }
}

/// A family: name, processor, threads on a core, hypervisor, MiB for each virtual CPU, disks, sizes; `metal` is followed by its
/// virtual CPUs.
type Family = (&'static str, Architecture, u32, Hypervisor, u32, Disks, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hypervisor {
    Nitro,
    Xen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Disks {
    Ebs,
    Local,
}

use Architecture::{Arm, X86};
use Disks::{Ebs, Local};
use Hypervisor::{Nitro, Xen};

const M5: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge";
const M5_METAL: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal=96";
const M6A: &str =
    "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal=192";
const M6G: &str = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge metal=64";
const M6I: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge metal=128";
const M7A: &str =
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal-48xl";
const M7I: &str =
    "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl";
const M8G: &str =
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl";
const FLEX: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge";
const G5: &str = "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge";

#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    ("a1", Arm, 1, Nitro, 2048, Ebs, "medium large xlarge 2xlarge 4xlarge metal=16"),
    ("m4", X86, 2, Xen, 4096, Ebs, "large xlarge 2xlarge 4xlarge 10xlarge 16xlarge"),
    ("m5", X86, 2, Nitro, 4096, Ebs, M5_METAL), ("m5d", X86, 2, Nitro, 4096, Local, M5_METAL),
    ("m5a", X86, 2, Nitro, 4096, Ebs, M5), ("m5ad", X86, 2, Nitro, 4096, Local, M5),
    ("m5n", X86, 2, Nitro, 4096, Ebs, M5_METAL), ("m5dn", X86, 2, Nitro, 4096, Local, M5_METAL),
    ("m5zn", X86, 2, Nitro, 4096, Ebs, "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge metal=48"),
    ("m6a", X86, 2, Nitro, 4096, Ebs, M6A),
    ("m6g", Arm, 1, Nitro, 4096, Ebs, M6G), ("m6gd", Arm, 1, Nitro, 4096, Local, M6G),
    ("m6i", X86, 2, Nitro, 4096, Ebs, M6I), ("m6id", X86, 2, Nitro, 4096, Local, M6I),
    ("m6in", X86, 2, Nitro, 4096, Ebs, M6I), ("m6idn", X86, 2, Nitro, 4096, Local, M6I),
    ("m7a", X86, 1, Nitro, 4096, Ebs, M7A),
    ("m7g", Arm, 1, Nitro, 4096, Ebs, M6G), ("m7gd", Arm, 1, Nitro, 4096, Local, M6G),
    ("m7i", X86, 2, Nitro, 4096, Ebs, M7I), ("m7i-flex", X86, 2, Nitro, 4096, Ebs, FLEX),
    ("m8g", Arm, 1, Nitro, 4096, Ebs, M8G),
    ("c4", X86, 2, Xen, 1920, Ebs, "large xlarge 2xlarge 4xlarge"),
    ("c5", X86, 2, Nitro, 2048, Ebs, "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal=96"),
    ("c5d", X86, 2, Nitro, 2048, Local, "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal=96"),
    ("c5a", X86, 2, Nitro, 2048, Ebs, M5), ("c5ad", X86, 2, Nitro, 2048, Local, M5),
    ("c5n", X86, 2, Nitro, 2688, Ebs, "large xlarge 2xlarge 4xlarge"),
    ("c6a", X86, 2, Nitro, 2048, Ebs, M6A),
    ("c6g", Arm, 1, Nitro, 2048, Ebs, M6G), ("c6gd", Arm, 1, Nitro, 2048, Local, M6G),
    ("c6gn", Arm, 1, Nitro, 2048, Ebs, "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
    ("c6i", X86, 2, Nitro, 2048, Ebs, M6I), ("c6id", X86, 2, Nitro, 2048, Local, M6I),
    ("c6in", X86, 2, Nitro, 2048, Ebs, M6I),
    ("c7a", X86, 1, Nitro, 2048, Ebs, M7A),
    ("c7g", Arm, 1, Nitro, 2048, Ebs, M6G), ("c7gd", Arm, 1, Nitro, 2048, Local, M6G),
    ("c7gn", Arm, 1, Nitro, 2048, Ebs, M6G),
    ("c7i", X86, 2, Nitro, 2048, Ebs, M7I), ("c7i-flex", X86, 2, Nitro, 2048, Ebs, FLEX),
    ("c8g", Arm, 1, Nitro, 2048, Ebs, M8G),
    ("r4", X86, 2, Xen, 7808, Ebs, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("r5", X86, 2, Nitro, 8192, Ebs, M5_METAL), ("r5d", X86, 2, Nitro, 8192, Local, M5_METAL),
    ("r5a", X86, 2, Nitro, 8192, Ebs, M5), ("r5ad", X86, 2, Nitro, 8192, Local, M5),
    ("r5b", X86, 2, Nitro, 8192, Ebs, M5_METAL),
    ("r5n", X86, 2, Nitro, 8192, Ebs, M5_METAL), ("r5dn", X86, 2, Nitro, 8192, Local, M5_METAL),
    ("r6a", X86, 2, Nitro, 8192, Ebs, M6A),
    ("r6g", Arm, 1, Nitro, 8192, Ebs, M6G), ("r6gd", Arm, 1, Nitro, 8192, Local, M6G),
    ("r6i", X86, 2, Nitro, 8192, Ebs, M6I), ("r6id", X86, 2, Nitro, 8192, Local, M6I),
    ("r6in", X86, 2, Nitro, 8192, Ebs, M6I), ("r6idn", X86, 2, Nitro, 8192, Local, M6I),
    ("r7a", X86, 1, Nitro, 8192, Ebs, M7A),
    ("r7g", Arm, 1, Nitro, 8192, Ebs, M6G), ("r7gd", Arm, 1, Nitro, 8192, Local, M6G),
    ("r7i", X86, 2, Nitro, 8192, Ebs, M7I),
    ("r7iz", X86, 2, Nitro, 8192, Ebs, "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 32xlarge metal-16xl metal-32xl"),
    ("r8g", Arm, 1, Nitro, 8192, Ebs, M8G),
    ("x1", X86, 2, Xen, 15616, Local, "16xlarge 32xlarge"),
    ("x1e", X86, 2, Xen, 31232, Local, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 32xlarge"),
    ("x2gd", Arm, 1, Nitro, 16384, Local, M6G),
    ("x2idn", X86, 2, Nitro, 16384, Local, "16xlarge 24xlarge 32xlarge metal=128"),
    ("x2iedn", X86, 2, Nitro, 32768, Local, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge metal=128"),
    ("x2iezn", X86, 2, Nitro, 32768, Ebs, "2xlarge 4xlarge 6xlarge 8xlarge 12xlarge metal=48"),
    ("z1d", X86, 2, Nitro, 8192, Local, "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge metal=48"),
    ("i3", X86, 2, Xen, 7808, Local, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("i3en", X86, 2, Nitro, 8192, Local, "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge 24xlarge metal=96"),
    ("i4i", X86, 2, Nitro, 8192, Local, M6I),
    ("i4g", Arm, 1, Nitro, 8192, Local, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("im4gn", Arm, 1, Nitro, 4096, Local, "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("is4gen", Arm, 1, Nitro, 6144, Local, "medium large xlarge 2xlarge 4xlarge 8xlarge"),
    ("d3", X86, 2, Nitro, 8192, Local, "xlarge 2xlarge 4xlarge 8xlarge"),
    ("g4dn", X86, 2, Nitro, 4096, Local, "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge metal=96"),
    ("g5", X86, 2, Nitro, 4096, Local, G5), ("g6", X86, 2, Nitro, 4096, Local, G5),
    ("p3", X86, 2, Xen, 7808, Ebs, "2xlarge 8xlarge 16xlarge"),
    ("inf1", X86, 2, Nitro, 2048, Ebs, "xlarge 2xlarge 6xlarge 24xlarge"),
    ("inf2", X86, 2, Nitro, 4096, Ebs, "xlarge 8xlarge 24xlarge 48xlarge"),
];

/// Types that no rule above gives: name, processor, threads on a core, hypervisor, virtual CPUs, MiB, interfaces, addresses on each.
type Single = (&'static str, Architecture, u32, Hypervisor, u32, u32, usize, usize);

#[rustfmt::skip]
const SINGLES: &[Single] = &[
    ("t2.nano", X86, 1, Xen, 1, 512, 2, 2), ("t2.micro", X86, 1, Xen, 1, 1024, 2, 2),
    ("t2.small", X86, 1, Xen, 1, 2048, 3, 4), ("t2.medium", X86, 1, Xen, 2, 4096, 3, 6),
    ("t2.large", X86, 1, Xen, 2, 8192, 3, 12), ("t2.xlarge", X86, 1, Xen, 4, 16384, 3, 15),
    ("t2.2xlarge", X86, 1, Xen, 8, 32768, 3, 15),
    ("t3.nano", X86, 2, Nitro, 2, 512, 2, 2), ("t3.micro", X86, 2, Nitro, 2, 1024, 2, 2),
    ("t3.small", X86, 2, Nitro, 2, 2048, 3, 4), ("t3.medium", X86, 2, Nitro, 2, 4096, 3, 6),
    ("t3.large", X86, 2, Nitro, 2, 8192, 3, 12), ("t3.xlarge", X86, 2, Nitro, 4, 16384, 4, 15),
    ("t3.2xlarge", X86, 2, Nitro, 8, 32768, 4, 15),
    ("t3a.nano", X86, 2, Nitro, 2, 512, 2, 2), ("t3a.micro", X86, 2, Nitro, 2, 1024, 2, 2),
    ("t3a.small", X86, 2, Nitro, 2, 2048, 2, 4), ("t3a.medium", X86, 2, Nitro, 2, 4096, 3, 6),
    ("t3a.large", X86, 2, Nitro, 2, 8192, 3, 12), ("t3a.xlarge", X86, 2, Nitro, 4, 16384, 4, 15),
    ("t3a.2xlarge", X86, 2, Nitro, 8, 32768, 4, 15),
    ("t4g.nano", Arm, 1, Nitro, 2, 512, 2, 2), ("t4g.micro", Arm, 1, Nitro, 2, 1024, 2, 2),
    ("t4g.small", Arm, 1, Nitro, 2, 2048, 3, 4), ("t4g.medium", Arm, 1, Nitro, 2, 4096, 3, 6),
    ("t4g.large", Arm, 1, Nitro, 2, 8192, 3, 12), ("t4g.xlarge", Arm, 1, Nitro, 4, 16384, 4, 15),
    ("t4g.2xlarge", Arm, 1, Nitro, 8, 32768, 4, 15),
    ("c4.8xlarge", X86, 2, Xen, 36, 61440, 8, 30),
    ("c5n.9xlarge", X86, 2, Nitro, 36, 98304, 8, 30), ("c5n.18xlarge", X86, 2, Nitro, 72, 196608, 15, 50),
    ("c5n.metal", X86, 2, Nitro, 72, 196608, 15, 50),
    ("i3.metal", X86, 2, Nitro, 72, 524288, 15, 50),
];

/// Types with other interfaces and addresses than their virtual CPUs say. Of those with several network cards, the interfaces of the
/// first: there are no others here.
const EXCEPTIONS: &[(&str, usize, usize)] = &[
    ("c6in.32xlarge", 7, 50),
    ("c6in.metal", 7, 50),
    ("d3.xlarge", 4, 3),
    ("d3.2xlarge", 4, 5),
    ("d3.4xlarge", 4, 10),
    ("d3.8xlarge", 3, 20),
    ("i4i.16xlarge", 8, 50),
    ("m5zn.3xlarge", 8, 30),
    ("m5zn.12xlarge", 15, 50),
    ("m5zn.metal", 15, 50),
    ("m6idn.32xlarge", 7, 50),
    ("m6idn.metal", 7, 50),
    ("m6in.32xlarge", 7, 50),
    ("m6in.metal", 7, 50),
    ("r6idn.32xlarge", 7, 50),
    ("r6idn.metal", 7, 50),
    ("r6in.32xlarge", 7, 50),
    ("r6in.metal", 7, 50),
    ("x2iezn.12xlarge", 15, 50),
    ("x2iezn.metal", 15, 50),
    ("z1d.3xlarge", 8, 30),
    ("z1d.12xlarge", 15, 50),
    ("z1d.metal", 15, 50),
    ("inf1.xlarge", 4, 10),
    ("inf1.2xlarge", 4, 10),
    ("inf1.24xlarge", 11, 30),
    ("g4dn.xlarge", 3, 10),
    ("g4dn.2xlarge", 3, 10),
    ("g4dn.4xlarge", 3, 10),
    ("g4dn.8xlarge", 4, 15),
    ("g4dn.16xlarge", 4, 15),
    ("g5.12xlarge", 15, 50),
    ("g5.16xlarge", 8, 30),
    ("g5.48xlarge", 7, 50),
    ("m4.large", 2, 10),
    ("m4.16xlarge", 8, 30),
    ("p3.16xlarge", 8, 30),
    ("x1.16xlarge", 8, 30),
    ("x1.32xlarge", 8, 30),
    ("x1e.xlarge", 3, 10),
    ("x1e.4xlarge", 4, 15),
    ("x1e.8xlarge", 4, 15),
    ("x1e.16xlarge", 8, 30),
    ("x1e.32xlarge", 8, 30),
];

static ALL: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let mut all: Vec<InstanceType> = SINGLES.iter().map(of_single).collect();
    for family in FAMILIES {
        all.extend(family.6.split(' ').filter_map(|size| of_family(family, size)));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
});

fn of_single(single: &Single) -> InstanceType {
    let (name, architecture, threads_per_core, hypervisor, vcpus, memory_mib, interfaces_max, addresses_max) =
        *single;
    InstanceType {
        name: name.to_owned(),
        architecture,
        vcpus,
        threads_per_core,
        memory_mib,
        interfaces_max,
        addresses_max,
        is_nitro: hypervisor == Nitro,
        has_disks: name.starts_with('i'),
    }
}

fn of_family(family: &Family, size: &str) -> Option<InstanceType> {
    let (name, architecture, threads_per_core, hypervisor, mib_per_vcpu, disks, _) = *family;
    let (size, vcpus) = match size.split_once('=') {
        Some((size, vcpus)) => (size, vcpus.parse().ok()?),
        None => (size, vcpus_of(size)?),
    };
    let name = format!("{name}.{size}");
    let exception = EXCEPTIONS.iter().find(|(other, ..)| *other == name);
    let network = exception.map(|(_, interfaces, addresses)| (*interfaces, *addresses));
    let (interfaces_max, addresses_max) = network.unwrap_or_else(|| network_of(vcpus));
    Some(InstanceType {
        architecture,
        vcpus,
        threads_per_core: threads_per_core.min(vcpus),
        memory_mib: vcpus * mib_per_vcpu,
        interfaces_max,
        addresses_max,
        is_nitro: hypervisor == Nitro,
        has_disks: disks == Local,
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    // EC2 Instance Types guide: specifications of general purpose, compute, memory and storage optimized instances.
    #[test]
    fn types_are_as_the_guide_lists_them() {
        let rows = [
            ("t2.micro", 1, 1, 1024, 2, 2),
            ("t3.medium", 2, 1, 4096, 3, 6),
            ("t4g.xlarge", 4, 4, 16384, 4, 15),
            ("m4.large", 2, 1, 8192, 2, 10),
            ("m5.large", 2, 1, 8192, 3, 10),
            ("m6i.32xlarge", 128, 64, 524_288, 15, 50),
            ("m7a.medium", 1, 1, 4096, 2, 4),
            ("m7g.8xlarge", 32, 32, 131_072, 8, 30),
            ("m7i.metal-24xl", 96, 48, 393_216, 15, 50),
            ("c4.8xlarge", 36, 18, 61_440, 8, 30),
            ("c5.9xlarge", 36, 18, 73_728, 8, 30),
            ("c7i-flex.large", 2, 1, 4096, 3, 10),
            ("r4.large", 2, 1, 15_616, 3, 10),
            ("r5.24xlarge", 96, 48, 786_432, 15, 50),
            ("i4i.2xlarge", 8, 4, 65_536, 4, 15),
            ("g4dn.xlarge", 4, 2, 16_384, 3, 10),
            ("x2iedn.32xlarge", 128, 64, 4_194_304, 15, 50),
        ];
        for (name, vcpus, cores, memory_mib, interfaces, addresses) in rows {
            let row = InstanceType::find(name).unwrap_or_else(|| panic!("no {name}"));
            let facts = (row.vcpus, row.cores(), row.memory_mib, row.interfaces_max, row.addresses_max);
            assert_eq!(facts, (vcpus, cores, memory_mib, interfaces, addresses), "{name}");
        }
    }

    // What EKS publishes for each type: a pod for every address but the first of each interface, and two more.
    // Source: EKS User Guide, "Choose an optimal Amazon EC2 node instance type"; max-pods of the EKS AMIs.
    #[test]
    fn interfaces_and_addresses_are_as_many_as_eks_has_pods_for() {
        let text = "
            a1.medium 8, a1.metal 234, c4.8xlarge 234, c5.18xlarge 737, c5n.9xlarge 234, c6in.24xlarge 737, c6in.32xlarge 345,
            c6in.metal 345, c7g.large 29, d3.xlarge 10, d3.2xlarge 18, d3.4xlarge 38, d3.8xlarge 59, g4dn.2xlarge 29,
            g4dn.8xlarge 58, g4dn.12xlarge 234, g4dn.16xlarge 58, g4dn.metal 737, g5.8xlarge 234, g5.12xlarge 737,
            g5.16xlarge 234, g5.24xlarge 737, g5.48xlarge 345, i3en.3xlarge 58, i3en.6xlarge 234, i3en.12xlarge 234,
            i4i.8xlarge 234, i4i.16xlarge 394, i4i.32xlarge 737, inf1.xlarge 38, inf1.2xlarge 38, inf1.6xlarge 234,
            inf1.24xlarge 321, inf2.xlarge 58, inf2.8xlarge 234, inf2.24xlarge 737, m4.large 20, m4.10xlarge 234,
            m4.16xlarge 234, m5zn.2xlarge 58, m5zn.3xlarge 234, m5zn.6xlarge 234, m5zn.12xlarge 737, m5zn.metal 737,
            m6idn.32xlarge 345, m6idn.metal 345, m6in.32xlarge 345, m6in.metal 345, p3.8xlarge 234, p3.16xlarge 234,
            r4.16xlarge 737, r6idn.32xlarge 345, r6idn.metal 345, r6in.32xlarge 345, r6in.metal 345, t2.micro 4, t2.small 11,
            t2.xlarge 44, t3.medium 17, t3.large 35, t3a.small 8, t4g.xlarge 58, x1.16xlarge 234, x1.32xlarge 234,
            x1e.xlarge 29, x1e.2xlarge 58, x1e.4xlarge 58, x1e.8xlarge 58, x1e.16xlarge 234, x1e.32xlarge 234,
            x2iezn.6xlarge 234, x2iezn.8xlarge 234, x2iezn.12xlarge 737, x2iezn.metal 737, z1d.2xlarge 58, z1d.3xlarge 234,
            z1d.6xlarge 234, z1d.12xlarge 737, z1d.metal 737";
        for row in text.split(',') {
            let (name, pods) = row.trim().split_once(' ').expect("a type and its pods");
            let of_type = InstanceType::find(name).unwrap_or_else(|| panic!("no {name}"));
            let pods_here = of_type.interfaces_max * (of_type.addresses_max - 1) + 2;
            assert_eq!(pods_here.to_string(), pods, "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_read_like_names() {
        let names: BTreeSet<&str> = InstanceType::all().iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names.len(), InstanceType::all().len());
        assert!(names.iter().all(|name| InstanceType::is_name(name)), "{names:?}");
        let has = |name: &str| names.contains(name);
        assert!(EXCEPTIONS.iter().all(|(name, ..)| has(name)) && FREE_TIER.iter().all(|name| has(name)));
        assert!(InstanceType::is_name("u-6tb1.56xlarge") && InstanceType::is_name("mac2.metal"));
        for other in ["", "x", "m5", "m5.", "m5.huge", "M5.large", "m5.1xlarge", ".large", "m.large"] {
            assert!(!InstanceType::is_name(other), "{other}");
        }
    }
}
