//! Timestamps as EC2, IAM and STS write them: ISO 8601 in UTC with milliseconds, `2024-01-02T03:04:05.000Z`.
//!
//! Source: EC2 API Reference, response examples; calendar arithmetic after Hinnant, "chrono-compatible low-level date
//! algorithms" (days_from_civil, civil_from_days).

use std::fmt;

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since the Unix epoch, displayed in ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Iso(pub i64);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// The milliseconds since the epoch that `text` names, or `None` if it is no timestamp.
///
/// Reads `2024-01-02`, `2024-01-02T03:04`, with seconds, with a fraction (cut after milliseconds), with `Z`, an offset
/// such as `+02:00`, or neither, which is UTC. Years 0001 to 9999.
pub fn parse_iso(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.split('-');
    let (year, month, day) =
        (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let days = days(year, month, day);
    if parts.next().is_some() || !(1..=12).contains(&month) || civil(days) != (year, month, day) || year < 1 {
        return None;
    }
    let midnight = days * DAY_MS;
    if clock.is_empty() {
        (!text.contains('T')).then_some(midnight)
    } else {
        Some(midnight + clock_ms(clock)?)
    }
}

/// The milliseconds since the epoch that `20240102T030405Z`, ISO 8601 in basic format, names, or `None` for any other text.
pub fn parse_basic(text: &str) -> Option<i64> {
    let parts = [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(|range| text.get(range));
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = parts else {
        return None;
    };
    let is_basic = text.len() == 16 && text.get(8..9) == Some("T") && text.ends_with('Z');
    parse_iso(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).filter(|_| is_basic)
}

/// The milliseconds after midnight UTC that `03:04:05.678Z` names.
fn clock_ms(text: &str) -> Option<i64> {
    let at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(at);
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, fraction) = parts.next().map_or(Some((0, 0)), seconds_and_ms)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset_ms(zone)?)
}

fn seconds_and_ms(text: &str) -> Option<(i64, i64)> {
    let (second, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && !fraction.is_empty();
    let padded: String = fraction.chars().chain("00".chars()).take(3).collect();
    Some((number(second, 2)?, padded.parse().ok().filter(|_| digits)?))
}

fn offset_ms(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':').or_else(|| zone.get(1..)?.split_at_checked(2))?;
    let ms = (number(hours, 2)? * 60 + number(minutes, 2)?) * 60_000;
    Some(if zone.starts_with('-') { -ms } else { ms })
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that many days after 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (month, day) = ((shifted + 2) % 12 + 1, day_of_year - (153 * shifted + 2) / 5 + 1);
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_have_milliseconds_and_z() {
        let rows = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_704_164_645_000, "2024-01-02T03:04:05.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ];
        for (ms, text) in rows {
            assert_eq!(Iso(ms).to_string(), text);
            assert_eq!(parse_iso(text), Some(ms));
        }
    }

    #[test]
    fn shorter_and_zoned_forms_are_read() {
        let rows = [
            ("2024-01-02", "2024-01-02T00:00:00.000Z"),
            ("2024-01-02T03:04Z", "2024-01-02T03:04:00.000Z"),
            ("2024-01-02T03:04:05", "2024-01-02T03:04:05.000Z"),
            ("2024-01-02 03:04:05.6789Z", "2024-01-02T03:04:05.678Z"),
            ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05.000Z"),
            ("2024-01-01T23:30:00-0100", "2024-01-02T00:30:00.000Z"),
        ];
        rows.iter().for_each(|(text, iso)| assert_eq!(parse_iso(text), parse_iso(iso), "{text}"));
    }

    #[test]
    fn the_basic_format_is_read() {
        assert_eq!(parse_basic("20240102T030405Z"), Some(1_704_164_645_000));
        for text in
            ["", "20240102", "20240102T030405", "20240102t030405Z", "2024-01-02T03:04:05Z", "2024é102T03040Z"]
        {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        let rows = [
            "",
            "T",
            "2024",
            "2024-13-01",
            "2023-02-29",
            "2024-1-2",
            "2024-01-02T",
            "2024-01-02T25:00",
            "2024-01-02T03:04:05.",
            "2024-01-02T03:04:05+2",
            "2024-01-02T03:04:05Zé",
            "0000-01-01",
            "2024-01-02-03",
            "+024-01-02",
        ];
        rows.iter().for_each(|text| assert_eq!(parse_iso(text), None, "{text}"));
    }

    proptest! {
        #[test]
        fn print_then_parse_is_the_same_time(ms in -62_135_596_800_000_i64..253_402_300_800_000) {
            prop_assert_eq!(parse_iso(&Iso(ms).to_string()), Some(ms));
        }

        #[test]
        fn no_time_and_no_text_panics(ms: i64, text in "[0-9TZ:.+ -]{0,30}|.{0,20}") {
            let _ = Iso(ms).to_string();
            let _ = parse_iso(&text);
        }
    }
}
