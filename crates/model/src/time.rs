//! Points in time. The API counts milliseconds, packets count nanoseconds; both from the Unix epoch.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time and `ms` milliseconds.
    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// Nanoseconds since the Unix epoch, UTC: the fabric's clock. Reaches the year 2554.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// This time and `ns` nanoseconds.
    pub fn plus(self, ns: u64) -> Nanos {
        Nanos(self.0.saturating_add(ns))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }
}

impl From<Timestamp> for Nanos {
    /// Times before the epoch become the epoch.
    fn from(time: Timestamp) -> Nanos {
        Nanos(u64::try_from(time.0).unwrap_or(0).saturating_mul(1_000_000))
    }
}

impl From<Nanos> for Timestamp {
    /// Rounds down to the millisecond.
    fn from(time: Nanos) -> Timestamp {
        Timestamp((time.0 / 1_000_000) as i64)
    }
}
