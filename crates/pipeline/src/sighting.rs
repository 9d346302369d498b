//! What an interface saw of a flow in one window: the raw material of flow-log records.
//!
//! Every packet of a logged flow is in exactly one sighting at each interface that saw it: packets and bytes are conserved.
//! A window may hold several sightings of one tuple and action (ICMP types, a verdict that came and went); a record is
//! their sum.
//! Source: VPC User Guide, "Flow log records".

use std::net::IpAddr;
use weir_model::group::Direction;
use weir_model::{InterfaceId, Nanos, Protocol};

/// Stands in [`Sighting::tcp_flags`] for a packet with a combination that is not legal, such as SYN with FIN.
pub const INVALID_FLAGS: u8 = 0x80;

/// Whether the groups and ACLs at an interface let a packet pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// They let it pass.
    Accept,
    /// A group or an ACL refused it, or it came after its connection had closed.
    Reject,
}

/// The packets of one flow that one interface saw in one direction with one verdict, in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The interface.
    pub interface: InterfaceId,
    /// Into or out of the interface.
    pub direction: Direction,
    /// The packets' source as the interface saw it: inside the gateway's translation.
    pub source: IpAddr,
    /// The packets' destination, likewise.
    pub destination: IpAddr,
    /// The source port; 0 if the protocol has none.
    pub source_port: u16,
    /// The destination port; 0 if the protocol has none.
    pub destination_port: u16,
    /// The IP protocol.
    pub protocol: Protocol,
    /// What the groups and ACLs said.
    pub action: Action,
    /// Packets; segments of super-packets count one by one.
    pub packets: u64,
    /// Bytes with IP headers.
    pub bytes: u64,
    /// When the first packet passed.
    pub first: Nanos,
    /// When the last packet passed.
    pub last: Nanos,
    /// FIN 1, SYN 2, RST 4 and ACK 16 (with SYN only), or-ed over all packets; [`INVALID_FLAGS`] on top of an illegal one.
    pub tcp_flags: u8,
    /// The `traffic-path` of an accepted egress packet; `None` for ingress and where AWS writes `-`.
    pub traffic_path: Option<u8>,
}

/// Packets that no sighting could be kept for, because the window held too many flows: flow logs call it SKIPDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The interface that saw them.
    pub interface: InterfaceId,
    /// Packets.
    pub packets: u64,
    /// Bytes with IP headers.
    pub bytes: u64,
}
