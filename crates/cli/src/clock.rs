//! The one clock of the process: the machine's, or one that stands still until it is told to move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use weir_model::{Nanos, Timestamp};

/// Where a virtual clock begins: 2026-01-01T00:00:00Z.
pub const VIRTUAL_START: Nanos = Nanos(1_767_225_600_000_000_000);

/// Where time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock; never runs backwards, even if the machine's does.
    Real {
        /// The latest time given out.
        latest: AtomicU64,
    },
    /// Stands still until it is advanced.
    Virtual {
        /// The time it shows.
        shown: AtomicU64,
    },
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Clock {
        Clock::Real { latest: AtomicU64::new(0) }
    }

    /// A clock that stands at [`VIRTUAL_START`].
    pub fn virtual_start() -> Clock {
        Clock::Virtual { shown: AtomicU64::new(VIRTUAL_START.0) }
    }

    /// Whether it moves only when told.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual { .. })
    }

    /// The time.
    pub fn now(&self) -> Nanos {
        match self {
            Clock::Virtual { shown } => Nanos(shown.load(Ordering::SeqCst)),
            Clock::Real { latest } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let now = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
                Nanos(latest.fetch_max(now, Ordering::SeqCst).max(now))
            }
        }
    }

    /// The time as the API counts it.
    pub fn timestamp(&self) -> Timestamp {
        self.now().into()
    }

    /// Moves a virtual clock forward to `to`; a real one, or one already later, stays.
    pub fn move_to(&self, to: Nanos) {
        if let Clock::Virtual { shown } = self {
            shown.fetch_max(to.0, Ordering::SeqCst);
        }
    }
}

/// Reads a span such as `90s`, `10m`, `2h30m`, `1d` or a bare number of seconds, in nanoseconds.
///
/// # Errors
/// The text is no such span; the message is for people.
pub fn parse_span(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 5] = [
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];
    let wrong = || format!("'{text}' is not a span of time; write 90s, 10m, 2h30m or 1d");
    let (mut total, mut rest) = (0u64, text.trim());
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = if unit.is_empty() { "s" } else { unit };
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = number.checked_mul(*scale).and_then(|span| total.checked_add(span)).ok_or_else(wrong)?;
        rest = tail;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_forward_and_only_when_told() {
        let clock = Clock::virtual_start();
        clock.move_to(VIRTUAL_START.plus(5));
        clock.move_to(VIRTUAL_START);
        assert_eq!(clock.now(), VIRTUAL_START.plus(5));
    }

    #[test]
    fn spans_are_read_with_their_units() {
        let seconds = |text| parse_span(text).map(|span| span / 1_000_000_000);
        let rows = [("90", 90), ("90s", 90), ("10m", 600), ("2h30m", 9000), ("1d", 86_400), ("1500ms", 1)];
        rows.iter().for_each(|(text, expected)| assert_eq!(seconds(text), Ok(*expected), "{text}"));
        let wrong = ["", "m", "-5s", "5x", "1.5h", "99999999999999999999s", "9999999999999d"];
        wrong.iter().for_each(|text| assert!(parse_span(text).is_err(), "{text}"));
    }
}
