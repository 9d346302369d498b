//! Instances as network namespaces of this machine: real programs that send real packets through the pipeline.
//!
//! [`Netns`] runs the instances that a [`weir_fabric::Fabric`] does not simulate: each is a namespace with its interfaces,
//! addresses, routes and resolver as DHCP would give them. A [`Switch`] reads what they send, has the fabric judge it, and
//! writes it where the verdict says. Two drivers do the same thing: TAP devices, and, where `/dev/net/tun` cannot be
//! opened, pairs of veth with a packet socket at the outer end.
//!
//! Everything goes with the process: namespaces and devices belong to its file descriptors, and the programs of an
//! instance to a process-id namespace whose first process ends when this one does. This is the only crate with `unsafe`;
//! each use says why it is sound. Linux only.
//!
//! Source: Linux manual pages namespaces(7), netlink(7), rtnetlink(7), packet(7); kernel documentation, "Universal TUN/TAP
//! device driver"; Virtual I/O Device 1.2, section 5.1.6 (virtio_net_hdr).

#![cfg(target_os = "linux")]

mod command;
mod driver;
mod ethernet;
mod instance;
mod leftovers;
mod namespace;
mod netlink;
mod netns;
mod packet;
mod possible;
mod switch;
mod sys;
mod tap;

pub use driver::{BURST, Burst, Driver, FRAME_BYTES_MAX};
pub use leftovers::{Leftover, leftovers, temporary_folder};
pub use netns::{Netns, Settings};
pub use possible::{DriverKind, Missing, Possible, become_root, possible};
pub use switch::{Ports, Switch};
