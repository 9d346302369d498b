//! Hosts and wires: event queue, latency, simulated hosts, the internet.
