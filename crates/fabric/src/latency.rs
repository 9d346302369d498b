//! How long a packet takes on its way.
//!
//! Assumption: times are chosen to give round trips that people see on AWS (0.4 ms between subnets, 0.5 ms over a peering
//! connection in one region, 150 ms to a far host on the internet); AWS promises none.

use weir_pipeline::Way;

const MICROSECOND: u64 = 1_000;

/// What a way does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The shortest time, in nanoseconds, one way.
    pub base_ns: u64,
    /// Up to how much longer it may take, in nanoseconds.
    pub jitter_ns: u64,
}

/// How many kinds of ways there are.
pub(crate) const KINDS: usize = 10;

const fn path(base_us: u64, jitter_us: u64) -> Path {
    Path { base_ns: base_us * MICROSECOND, jitter_ns: jitter_us * MICROSECOND }
}

/// The largest packet of an instance's interface (EC2 User Guide, "Jumbo frames").
pub const INSTANCE_MTU: u32 = 9001;

/// The time a packet to an address of its own host takes, in nanoseconds.
pub const LOOPBACK_NS: u64 = 10 * MICROSECOND;

/// What each way does to a packet.
pub fn path_of(way: Way) -> Path {
    PATHS[kind(way)]
}

const PATHS: [Path; KINDS] = [
    path(90, 20),        // inside a subnet
    path(180, 40),       // between subnets of a zone
    path(380, 40),       // between zones
    path(240, 20),       // peering in a region
    path(35_000, 400),   // peering between regions
    path(650, 100),      // transit gateway
    path(35_500, 400),   // transit gateways between regions
    path(74_500, 1_000), // internet
    path(250, 50),       // from one public address to another
    path(270, 40),       // gateway endpoint
];

/// The number of a way, for tables.
pub(crate) fn kind(way: Way) -> usize {
    match way {
        Way::SameSubnet => 0,
        Way::SameZone => 1,
        Way::CrossZone => 2,
        Way::Peering { same_region: true } => 3,
        Way::Peering { same_region: false } => 4,
        Way::Transit { same_region: true } => 5,
        Way::Transit { same_region: false } => 6,
        Way::InternetGateway => 7,
        Way::BetweenGateways => 8,
        Way::GatewayEndpoint => 9,
    }
}
