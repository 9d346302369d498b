//! The nouns of a VPC and AWS's rules for changing them.
//!
//! A [`Network`] holds the resources of all accounts and regions. Commands validate everything first, then change state
//! in lines that cannot fail; a refusal is a [`Refused`] with its facts. Time, ids and the caller are arguments ([`Cx`]):
//! this crate reads no clock, no randomness, no files, and knows no packets and no wire names.
//!
//! Source: Amazon VPC User Guide and the EC2 API Reference.

pub mod cidr;
pub mod ids;
pub mod limits;
pub mod protocol;
pub mod refused;
pub mod scope;
pub mod table;
pub mod tags;
pub mod time;

pub mod iam;

pub mod acl;
pub mod address;
pub mod dhcp;
pub mod dns;
pub mod egress_only;
pub mod endpoint;
pub mod flow_log;
pub mod gateway;
pub mod group;
pub mod image;
pub mod instance;
pub mod instance_type;
pub mod interface;
pub mod invariants;
pub mod nat_gateway;
pub mod network;
pub mod peering;
pub mod prefix_list;
pub mod route;
pub mod service_range;
pub mod subnet;
pub mod transit_gateway;
pub mod volume;
pub mod vpc;

#[cfg(test)]
pub(crate) mod testing;

pub use cidr::{Cidr, Cidr4, Cidr6};
pub use ids::*;
pub use limits::Limits;
pub use network::{Cx, Network};
pub use protocol::{PortRange, Protocol};
pub use refused::{Held, Limit, Missing, Refused};
pub use scope::{AccountId, RegionName, Scope, ZoneName};
pub use table::{Change, Owned, Resource, Table};
pub use tags::Tags;
pub use time::{Nanos, Timestamp};
