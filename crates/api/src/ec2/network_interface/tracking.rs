//! Idle time-outs of connection tracking in requests and answers.
//!
//! Source: EC2 API Reference, ConnectionTrackingSpecificationRequest, ConnectionTrackingConfiguration.

use weir_model::interface::TrackingTimeouts;
use weir_wire::{Param, Xml};

/// Idle time-outs in seconds, those that are not AWS's defaults.
#[derive(Clone, Copy, Debug, Default, Param)]
pub struct TrackingRequest {
    tcp_established_timeout: Option<u32>,
    udp_stream_timeout: Option<u32>,
    udp_timeout: Option<u32>,
}

impl TrackingRequest {
    /// What is asked for.
    pub fn timeouts(self) -> TrackingTimeouts {
        TrackingTimeouts {
            tcp_established_s: self.tcp_established_timeout,
            udp_s: self.udp_timeout,
            udp_stream_s: self.udp_stream_timeout,
        }
    }
}

/// Idle time-outs as answers show them.
#[derive(Clone, Copy, Debug, Xml)]
pub struct TrackingView {
    tcp_established_timeout: Option<u32>,
    udp_stream_timeout: Option<u32>,
    udp_timeout: Option<u32>,
}

impl TrackingView {
    /// The time-outs that were set; `None` if none was. Assumption: AWS leaves defaults out of its answers.
    pub fn of(timeouts: TrackingTimeouts) -> Option<TrackingView> {
        (!timeouts.is_default()).then_some(TrackingView {
            tcp_established_timeout: timeouts.tcp_established_s,
            udp_stream_timeout: timeouts.udp_stream_s,
            udp_timeout: timeouts.udp_s,
        })
    }
}
