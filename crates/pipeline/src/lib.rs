//! What happens to a packet in the network that the API describes.
//!
//! A [`Network`](weir_model::Network) is compiled into dense tables ([`Compiled`]); a [`Pipeline`] walks a packet through
//! its stages in "the packet's way", remembers the verdict in the one flow table that also tracks connections and counts
//! for flow logs, and can say why ([`Explanation`]). Pure: time and packets are arguments; it knows no hosts, no sockets
//! and no API.
//!
//! Source: Amazon VPC User Guide and EC2 User Guide; the page is named at each rule.

pub mod compiled;
pub mod explain;
pub mod oracle;
pub mod packet;
pub mod pipeline;
pub mod sighting;
pub mod track;
pub mod verdict;

mod address;
mod answer;
mod entry;
mod fate;
mod flow;
mod fragments;
mod index;
mod legs;
mod passages;
mod pending;
mod slots;
mod table;
mod walk;

pub use answer::{Answer, Message};
pub use compiled::nitro::is_nitro;
pub use compiled::{Compiled, CompiledInterface};
pub use explain::{Admission, Explanation, Step};
pub use fragments::{FRAGMENT_IDLE_S, FRAGMENTED_MAX};
pub use packet::{EndpointIdx, Fragment, InterfaceIdx, Packet, Port, Tuple};
pub use passages::{CONNECTIONS_MAX, FIRST_PORT, PASSAGE_IDLE_S};
pub use pending::PENDING_MAX;
pub use pipeline::{FlowCount, Pipeline};
pub use sighting::{Action, Sighting, Skipped};
pub use table::{FLOWS_MAX, Limits, REFUSED_MAX, RETAIN_S};
pub use verdict::{Delivery, Reason, Service, Verdict, Way};
