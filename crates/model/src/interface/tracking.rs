//! How long idle connections through an interface are tracked.
//!
//! Source: EC2 User Guide, "Idle connection tracking timeout"; EC2 API Reference, ConnectionTrackingSpecificationRequest.

use super::InterfaceRefusal;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Seconds that an open TCP connection may be idle.
pub const TCP_ESTABLISHED_S: RangeInclusive<u32> = 60..=432_000;
/// Seconds that a UDP flow with one exchange, or packets in one direction only, may be idle.
pub const UDP_S: RangeInclusive<u32> = 30..=60;
/// Seconds that a UDP flow with more than one exchange may be idle.
pub const UDP_STREAM_S: RangeInclusive<u32> = 60..=180;

/// Idle time-outs in seconds, where they are not AWS's defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingTimeouts {
    /// Of an open TCP connection: [`TCP_ESTABLISHED_S`].
    pub tcp_established_s: Option<u32>,
    /// Of a UDP flow with a single exchange: [`UDP_S`].
    pub udp_s: Option<u32>,
    /// Of a UDP stream: [`UDP_STREAM_S`].
    pub udp_stream_s: Option<u32>,
}

impl TrackingTimeouts {
    /// These time-outs if each is in its range.
    ///
    /// # Errors
    /// [`InterfaceRefusal::TrackingTimeout`]: the first that is not.
    pub fn checked(self) -> Result<TrackingTimeouts, InterfaceRefusal> {
        let rows = [
            ("TcpEstablishedTimeout", self.tcp_established_s, TCP_ESTABLISHED_S),
            ("UdpTimeout", self.udp_s, UDP_S),
            ("UdpStreamTimeout", self.udp_stream_s, UDP_STREAM_S),
        ];
        for (member, given, range) in rows {
            if let Some(given) = given.filter(|given| !range.contains(given)) {
                let (least, most) = range.into_inner();
                return Err(InterfaceRefusal::TrackingTimeout { member, given, least, most });
            }
        }
        Ok(self)
    }

    /// Whether all are AWS's defaults.
    pub fn is_default(&self) -> bool {
        *self == TrackingTimeouts::default()
    }
}
