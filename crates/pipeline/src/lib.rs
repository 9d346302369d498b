//! What happens to a packet: verdicts with their trace, the flow table, connection tracking.
