//! Hosts and wires: what sends packets, and what carries them to where the pipeline says.
//!
//! A [`Fabric`] holds the event queue, the pipeline, and a simulated host for each running instance and each address of
//! the internet that someone talks to. Hosts have a real TCP/IP stack and send real bytes; each packet is read into a
//! [`weir_pipeline::Packet`], judged, rewritten, and arrives after the latency of its way. Commands such as ping run on
//! hosts as state machines. Nothing here knows the API, the log store or a clock: time is an argument.
//!
//! An instance may also run outside, as a network namespace of the machine: see [`outside`].

pub mod frame;
pub mod latency;
pub mod outside;
pub mod service;

mod calendar;
mod card;
mod carry;
mod datagram;
mod dns;
mod echo;
mod exec;
mod fabric;
mod fragment;
mod host;
mod hosts;
mod http;
mod identity;
mod internet;
mod iperf;
mod loss;
mod path;
mod platform;
mod program;
mod queue;
mod relay;
mod segments;
mod shell;
mod stack;
mod task;
mod text;
mod trouble;
mod udp;

pub use exec::{EXECS_MAX, ExecError, Running, Session, SessionId};
pub use fabric::{EVENT_LOG_MAX, Fabric, INTERNET_HOST, INTERNET_HOST_V6, PACKETS_IN_FLIGHT_MAX, Sent};
pub use fragment::{FRAGMENT_BYTES_MAX, Incomplete};
pub use frame::Malformed;
pub use host::{Count, HostName, Traffic};
pub use hosts::INTERNET_HOSTS_MAX;
pub use identity::device_name;
pub use internet::ROUTERS;
pub use loss::{Loss, Losses};
pub use outside::{Outside, OutsideHost, OutsideInterface, OutsidePort, Relayed};
pub use platform::LINK_LOCAL_PACKETS_PER_S_MAX;
pub use program::{ExecId, OUTPUT_BYTES_MAX, Output, PIPE_BYTES};
pub use relay::{ServiceAnswer, ServiceRequest};
pub use segments::Offload;
pub use stack::{SOCKET_BUFFER_BYTES, SOCKETS_MAX};
pub use text::{bytes_of, plain, text_of, whole};
