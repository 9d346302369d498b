//! The time range that is asked for.

use crate::Failure;
use crate::arguments::Insights;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use weir_insights::{Period, TimeRange};

/// From here on a number is one of milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

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
    let end_ms = read("--until", &arguments.until, TimeRange::ALL.end_ms)?;
    match start_ms <= end_ms {
        true => Ok(TimeRange { start_ms, end_ms }),
        false => Err(Failure::new(2, "--until is before --since")),
    }
}

/// Milliseconds since 1970 of a time: `now`, so long ago (`2h`, `1h30m`, `-1d`), a date, a date and time (RFC 3339, also
/// without seconds; UTC without an offset), seconds, or, if they are too many for seconds, milliseconds.
fn moment_ms(text: &str, now_ms: i64) -> Option<i64> {
    if text == "now" {
        return Some(now_ms);
    }
    if let Some(ago) = ago_ms(text.strip_prefix('-').unwrap_or(text)) {
        return now_ms.checked_sub(ago);
    }
    // 20231114 is a date to whoever writes it, and no second that has flow logs.
    let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8);
    if let (Ok(number), None) = (text.parse::<i64>(), date) {
        return if number < MILLISECONDS_FROM { number.checked_mul(1000) } else { Some(number) };
    }
    let with_offset = text.strip_suffix(['Z', 'z']).map_or(text.to_owned(), |time| format!("{time}+00:00"));
    let time = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(&with_offset, "%Y-%m-%dT%H:%M%:z"));
    if let Ok(time) = time {
        return Some(time.timestamp_millis());
    }
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(midnight));
    time.ok().or(date.map(midnight)).map(|time| time.and_utc().timestamp_millis())
}

/// The sum of periods that are written one behind the other.
fn ago_ms(text: &str) -> Option<i64> {
    let is_number_after = |before: char, after: char| before.is_ascii_alphabetic() && after.is_ascii_digit();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let breaks =
        letters.windows(2).filter(|pair| is_number_after(pair[0].1, pair[1].1)).map(|pair| pair[1].0);
    let mut places: Vec<usize> = std::iter::once(0).chain(breaks).collect();
    places.push(text.len());
    let mut parts = places.windows(2).map(|pair| Period::length_ms(&text[pair[0]..pair[1]]));
    parts.try_fold(0i64, |sum, part| sum.checked_add(part?))
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
            ("1h30m", Some(now - 5_400_000)),
            ("-1d", Some(now - 86_400_000)),
            ("now", Some(now)),
            ("1549281600", Some(1_549_281_600_000)),
            ("1549281600000", Some(1_549_281_600_000)),
            ("20190204", Some(1_549_238_400_000)),
            ("2019-02-04T12:00Z", Some(1_549_281_600_000)),
            ("2019-02-04T13:00+01:00", Some(1_549_281_600_000)),
            ("1h30", None),
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
