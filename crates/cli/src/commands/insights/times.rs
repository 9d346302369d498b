//! The time range that is asked for.

use crate::Failure;
use crate::arguments::Insights;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use weir_insights::{Period, TimeRange};

/// The time range from `--since` to `--until`.
///
/// # Errors
/// A text that is no time.
pub fn window(arguments: &Insights, now_ms: i64) -> Result<TimeRange, Failure> {
    let read = |name: &str, text: &Option<String>, otherwise: i64| match text {
        None => Ok(otherwise),
        Some(text) => moment_ms(text, now_ms).ok_or_else(|| {
            Failure::new(2, format!("{name}: no time: {text}; try 2h, 2026-11-28 or 2026-11-28T06:00:00Z"))
        }),
    };
    let start_ms = read("--since", &arguments.since, TimeRange::ALL.start_ms)?;
    Ok(TimeRange { start_ms, end_ms: read("--until", &arguments.until, TimeRange::ALL.end_ms)? })
}

/// Milliseconds since 1970 of a time: so long ago, a date, a date and time (RFC 3339; UTC without an offset), or seconds.
fn moment_ms(text: &str, now_ms: i64) -> Option<i64> {
    if let Some(ago) = Period::length_ms(text) {
        return now_ms.checked_sub(ago);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(midnight));
    time.ok().map(|time| time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = 1_800_000_000_000;
        for (text, expected) in [
            ("2h", Some(now - 7_200_000)),
            ("7d", Some(now - 604_800_000)),
            ("1549281600", Some(1_549_281_600_000)),
            ("2019-02-04", Some(1_549_238_400_000)),
            ("2019-02-04T12:00:00Z", Some(1_549_281_600_000)),
            ("2019-02-04T13:00:00+01:00", Some(1_549_281_600_000)),
            ("2019-02-04T12:00:00", Some(1_549_281_600_000)),
            ("2019-02-04 12:00:00", Some(1_549_281_600_000)),
            ("2019-02-04T12:00", Some(1_549_281_600_000)),
            ("yesterday", None),
            ("2019-02-30", None),
            ("", None),
        ] {
            assert_eq!(moment_ms(text, now), expected, "{text}");
        }
    }
}
