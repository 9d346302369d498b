//! EC2 Instance Connect: pushing a public key before connecting.
//!
//! Simulated hosts let everyone in whom the network lets through, so the key is checked and not kept. The connection itself,
//! from the service's own address range to port 22, is `POST /_weir/connect`.
//!
//! Source: EC2 Instance Connect API Reference, SendSSHPublicKey.

pub mod key;

crate::table::operations! { InstanceConnect json:
    key { SendSSHPublicKey Write }
}
