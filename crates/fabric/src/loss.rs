//! Packets that did not arrive, counted by reason.

use crate::fragment::Incomplete;
use crate::frame::Malformed;
use std::collections::BTreeMap;
use std::fmt;
use weir_pipeline::{Reason, Service};

/// Why a packet that a host sent did not arrive at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The network dropped it.
    Dropped(Reason),
    /// It was for a platform service, which has no answer to it.
    Service(Service),
    /// An interface sent more to platform services than [`crate::LINK_LOCAL_PACKETS_PER_S_MAX`].
    Allowance,
    /// It is no packet.
    Malformed(Malformed),
    /// It is larger than its sender's interface takes, and may not be split.
    TooBig,
    /// It is a part of a packet that its receiver could not put together; counted once for each packet.
    Incomplete(Incomplete),
    /// Its TTL ran out between the gateway and a host on the internet.
    TtlAbroad,
    /// Too many packets are on their way.
    QueueFull,
    /// The host it was for has stopped, or has lost the address.
    HostGone,
    /// It was for an address that no host on the internet can have, or the internet has too many hosts.
    NoInternetHost,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Dropped(reason) => reason.fmt(f),
            Loss::Service(service) => write!(f, "the {service} service has no answer"),
            Loss::Allowance => f.write_str("too many packets to platform services"),
            Loss::Malformed(Malformed::Truncated) => f.write_str("cut off"),
            Loss::Malformed(Malformed::Header) => f.write_str("not an IP packet"),
            Loss::Malformed(Malformed::Checksum) => f.write_str("wrong checksum"),
            Loss::Malformed(Malformed::Transport) => f.write_str("not a TCP, UDP or ICMP header"),
            Loss::Malformed(Malformed::Fragment) => f.write_str("an impossible fragment"),
            Loss::Malformed(Malformed::Extension) => f.write_str("impossible extension headers"),
            Loss::TooBig => f.write_str("larger than the MTU of its sender"),
            Loss::Incomplete(Incomplete::Overlap) => f.write_str("its fragments overlap"),
            Loss::Incomplete(Incomplete::TooMany) => f.write_str("its receiver has too many fragments"),
            Loss::Incomplete(Incomplete::TimedOut) => f.write_str("not all of its fragments came in time"),
            Loss::TtlAbroad => f.write_str("its time to live ran out on the internet"),
            Loss::QueueFull => f.write_str("too many packets on their way"),
            Loss::HostGone => f.write_str("the host has stopped"),
            Loss::NoInternetHost => f.write_str("no host on the internet has the address"),
        }
    }
}

/// How many packets were lost, by reason.
pub type Losses = BTreeMap<Loss, u64>;
