//! Packets that did not arrive, counted by reason.

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
    /// It is larger than its way allows.
    TooBig,
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
            Loss::Malformed(Malformed::Fragment) => f.write_str("fragments are not carried"),
            Loss::TooBig => f.write_str("larger than the MTU of its way"),
            Loss::QueueFull => f.write_str("too many packets on their way"),
            Loss::HostGone => f.write_str("the host has stopped"),
            Loss::NoInternetHost => f.write_str("no host on the internet has the address"),
        }
    }
}

/// How many packets were lost, by reason.
pub type Losses = BTreeMap<Loss, u64>;
