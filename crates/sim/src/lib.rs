//! Deterministic simulation: a seed makes a network, hosts, traffic and changes of the network; what must always hold is
//! checked at each step.
//!
//! - The pipeline's verdict about each packet is the oracle's, with the network as it was when the packet was sent: so
//!   tracked connections survive the rules that admitted them, and ACLs and routes act at once.
//! - What interfaces saw is what the oracle accounts for, window by window.
//! - Packets that hosts have sent have arrived or are counted as lost, once nothing is under way.
//! - The network keeps its invariants after every command; a refused command changes nothing.
//! - The same seed gives the same log.
//!
//! For tests only: nothing that is shipped uses this crate.

pub mod change;
pub mod life;
pub mod traffic;
pub mod world;

pub use life::{Failure, live};
