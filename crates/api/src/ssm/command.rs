//! Run Command: scripts sent to managed nodes.
//!
//! Commands are not kept over a restart.
//! Source: Systems Manager User Guide, "Run Command".

mod answer;
mod queue;
mod send;
mod view;

pub use answer::{GetCommandInvocation, ListCommandInvocations, ListCommands};
pub use queue::Commands;
pub use send::{CancelCommand, SendCommand};
