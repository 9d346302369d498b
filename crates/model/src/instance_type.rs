//! Instance types: a small catalogue with what the network needs to know of each.
//!
//! Source: EC2 Instance Types guide, "Network specifications" (interfaces and IPv4 addresses per interface) and "Performance
//! specifications" (virtual CPUs, memory) of the general purpose families.

use crate::image::Architecture;

/// An instance type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name.
    pub name: &'static str,
    /// Its processor.
    pub architecture: Architecture,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Most network interfaces.
    pub interfaces_max: usize,
    /// Most IPv4 addresses on each.
    pub addresses_max: usize,
    /// Whether it runs on the Nitro hypervisor and not on Xen.
    pub is_nitro: bool,
    /// Whether the free tier covers it.
    pub is_free_tier: bool,
}

impl InstanceType {
    /// The type of this name.
    pub fn find(name: &str) -> Option<&'static InstanceType> {
        TYPES.iter().find(|row| row.name == name)
    }

    /// Processor cores: each has two virtual CPUs on x86 types with more than one, else one.
    pub fn cores(&self) -> u32 {
        match self.architecture {
            Architecture::X86 if self.vcpus > 1 && self.is_nitro => self.vcpus / 2,
            _ => self.vcpus,
        }
    }
}

macro_rules! types {
    ($($name:literal $architecture:ident $vcpus:literal $memory_mib:literal $interfaces_max:literal $addresses_max:literal $is_nitro:literal $is_free_tier:literal,)*) => {
        /// Every type there is: name, architecture, vCPUs, MiB, interfaces, addresses per interface, Nitro, free tier.
        pub const TYPES: &[InstanceType] = &[$(InstanceType {
            name: $name,
            architecture: Architecture::$architecture,
            vcpus: $vcpus,
            memory_mib: $memory_mib,
            interfaces_max: $interfaces_max,
            addresses_max: $addresses_max,
            is_nitro: $is_nitro,
            is_free_tier: $is_free_tier,
        }),*];
    };
}

types! {
    "t2.nano" X86 1 512 2 2 false false,
    "t2.micro" X86 1 1024 2 2 false true,
    "t2.small" X86 1 2048 3 4 false false,
    "t2.medium" X86 2 4096 3 6 false false,
    "t2.large" X86 2 8192 3 12 false false,
    "t3.nano" X86 2 512 2 2 true false,
    "t3.micro" X86 2 1024 2 2 true true,
    "t3.small" X86 2 2048 3 4 true true,
    "t3.medium" X86 2 4096 3 6 true false,
    "t3.large" X86 2 8192 3 12 true false,
    "t3.xlarge" X86 4 16384 4 15 true false,
    "t3.2xlarge" X86 8 32768 4 15 true false,
    "t3a.micro" X86 2 1024 2 2 true false,
    "t3a.small" X86 2 2048 2 4 true false,
    "t3a.medium" X86 2 4096 3 6 true false,
    "t4g.nano" Arm 2 512 2 2 true false,
    "t4g.micro" Arm 2 1024 2 2 true true,
    "t4g.small" Arm 2 2048 3 4 true true,
    "t4g.medium" Arm 2 4096 3 6 true false,
    "m5.large" X86 2 8192 3 10 true false,
    "m5.xlarge" X86 4 16384 4 15 true false,
    "m5.2xlarge" X86 8 32768 4 15 true false,
    "m6i.large" X86 2 8192 3 10 true false,
    "m6i.xlarge" X86 4 16384 4 15 true false,
    "m7g.large" Arm 2 8192 3 10 true false,
    "c5.large" X86 2 4096 3 10 true false,
    "c5.xlarge" X86 4 8192 4 15 true false,
    "c6i.large" X86 2 4096 3 10 true false,
    "c7g.large" Arm 2 4096 3 10 true false,
    "r5.large" X86 2 16384 3 10 true false,
}
