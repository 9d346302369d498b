//! Hosts that talk across a network: what commands print, what is lost and why, and that flow logs account for it all.

mod bed;
mod commands;
mod gateways;
mod input;
mod metadata;
mod names;
mod odd;
mod platform;
mod records;
mod scripts;
mod sessions;
mod simulation;
mod transfers;
mod wires;
