//! Hosts that talk across a network: what commands print, what is lost and why, and that flow logs account for it all.

#[allow(dead_code)]
mod bed;
mod commands;
