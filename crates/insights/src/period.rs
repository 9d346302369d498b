//! Lengths of time in a query, such as `5m`, and rounding to them.
//!
//! Source: CloudWatch Logs User Guide, "Datetime functions" (units, and the cap of each: `bin(300s)` means `bin(60s)`).

use chrono::{DateTime, Datelike, NaiveDate};

/// A unit of time. Each has a cap for the number before it; larger numbers mean the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// At most 1000.
    Millisecond,
    /// At most 60.
    Second,
    /// At most 60.
    Minute,
    /// At most 24.
    Hour,
    /// No cap.
    Day,
    /// Begins on Monday.
    Week,
    /// Of the calendar.
    Month,
    /// Of the calendar.
    Quarter,
    /// Of the calendar.
    Year,
}

const UNITS: &[(Unit, &[&str])] = &[
    (Unit::Millisecond, &["ms", "msec", "msecs", "millisecond", "milliseconds"]),
    (Unit::Second, &["s", "sec", "secs", "second", "seconds"]),
    (Unit::Minute, &["m", "min", "mins", "minute", "minutes"]),
    (Unit::Hour, &["h", "hr", "hrs", "hour", "hours"]),
    (Unit::Day, &["d", "day", "days"]),
    (Unit::Week, &["w", "week", "weeks"]),
    (Unit::Month, &["mo", "mon", "mons", "month", "months"]),
    (Unit::Quarter, &["q", "qtr", "qtrs", "quarter", "quarters"]),
    (Unit::Year, &["y", "yr", "yrs", "year", "years"]),
];

const DAY_MS: i64 = 86_400_000;
/// Counts above this would leave the calendar.
const COUNT_MAX: u32 = 10_000;
/// 1970-01-01 was a Thursday; weeks begin on Monday (ISO 8601).
const FIRST_MONDAY_MS: i64 = -3 * DAY_MS;

/// A whole number of one unit, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    count: u32,
    unit: Unit,
}

impl Period {
    /// Reads `5m`, `1 hour` without the blank, `30s`; `None` if it is no period or its number is 0.
    ///
    /// The second value is true if the number was above the unit's cap and was lowered to it.
    pub fn parse(text: &str) -> Option<(Period, bool)> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let count =
            text[..digits].parse::<u32>().ok().filter(|count| (1..=i32::MAX as u32).contains(count))?;
        let unit = Unit::named(&text[digits..])?;
        let capped = count.min(unit.cap());
        Some((Period { count: capped, unit }, capped != count))
    }

    /// The length of a fixed period such as `48h` in milliseconds, whatever its number: no cap holds.
    pub fn length_ms(text: &str) -> Option<i64> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let count: u32 = text[..digits].parse().ok()?;
        let unit = Period { count: 1, unit: Unit::named(&text[digits..])? };
        unit.fixed_ms()?.checked_mul(i64::from(count))
    }

    /// The period as long as `text` says, in the least unit whose cap allows it: `5m` for `300s`, none for `90m`.
    pub(crate) fn below_cap(text: &str) -> Option<Period> {
        let length_ms = Period::length_ms(text)?;
        UNITS.iter().find_map(|(unit, _)| {
            let unit_ms = Period { count: 1, unit: *unit }.fixed_ms()?;
            let count = u32::try_from(length_ms / unit_ms).ok()?;
            let fits = length_ms % unit_ms == 0 && (1..=unit.cap()).contains(&count);
            fits.then_some(Period { count, unit: *unit })
        })
    }

    /// The period as [`Period::parse`] reads it.
    pub(crate) fn print(self) -> String {
        let name = UNITS.iter().find(|(unit, _)| *unit == self.unit).map_or("", |(_, names)| names[0]);
        format!("{}{name}", self.count)
    }

    /// The unit.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// The start of the period that holds the time `ms`. Fixed units are aligned to the epoch in UTC.
    ///
    /// Assumption: weeks begin on Monday; months, quarters and years are the calendar's.
    pub fn floor(self, ms: i64) -> i64 {
        match self.alignment() {
            Alignment::Fixed { length_ms, origin_ms } => {
                ms.saturating_sub(ms.saturating_sub(origin_ms).rem_euclid(length_ms))
            }
            Alignment::Months(months) => floor_months(ms, months),
        }
    }

    /// The start of the first period at or after the time `ms`.
    pub fn ceil(self, ms: i64) -> i64 {
        let floor = self.floor(ms);
        if floor == ms { ms } else { self.next(floor) }
    }

    /// The start of the period after the one that starts at `floor`.
    pub fn next(self, floor: i64) -> i64 {
        match self.alignment() {
            Alignment::Fixed { length_ms, .. } => floor.saturating_add(length_ms),
            Alignment::Months(months) => add_months(floor, months),
        }
    }

    /// The length in milliseconds if it is the same for every period: not for months, quarters and years.
    pub fn fixed_ms(self) -> Option<i64> {
        match self.alignment() {
            Alignment::Fixed { length_ms, .. } => Some(length_ms),
            Alignment::Months(_) => None,
        }
    }

    fn alignment(self) -> Alignment {
        let count = i64::from(self.count);
        let fixed = |unit_ms: i64| Alignment::Fixed { length_ms: count * unit_ms, origin_ms: 0 };
        match self.unit {
            Unit::Millisecond => fixed(1),
            Unit::Second => fixed(1_000),
            Unit::Minute => fixed(60_000),
            Unit::Hour => fixed(3_600_000),
            Unit::Day => fixed(DAY_MS),
            Unit::Week => Alignment::Fixed { length_ms: count * 7 * DAY_MS, origin_ms: FIRST_MONDAY_MS },
            Unit::Month => Alignment::Months(count),
            Unit::Quarter => Alignment::Months(count * 3),
            Unit::Year => Alignment::Months(count * 12),
        }
    }
}

impl Unit {
    fn named(name: &str) -> Option<Unit> {
        let name = name.to_ascii_lowercase();
        UNITS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(unit, _)| *unit)
    }

    fn cap(self) -> u32 {
        match self {
            Unit::Millisecond => 1000,
            Unit::Second | Unit::Minute => 60,
            Unit::Hour => 24,
            Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => COUNT_MAX,
        }
    }
}

enum Alignment {
    Fixed { length_ms: i64, origin_ms: i64 },
    Months(i64),
}

fn floor_months(ms: i64, months: i64) -> i64 {
    let Some(time) = DateTime::from_timestamp_millis(ms) else { return ms };
    let index = i64::from(time.year() - 1970) * 12 + i64::from(time.month0());
    month_start(index - index.rem_euclid(months)).unwrap_or(ms)
}

fn add_months(floor: i64, months: i64) -> i64 {
    let Some(time) = DateTime::from_timestamp_millis(floor) else { return floor };
    let index = i64::from(time.year() - 1970) * 12 + i64::from(time.month0());
    month_start(index + months).unwrap_or(floor)
}

/// The first millisecond of a month counted from January 1970; `None` outside the calendar.
fn month_start(index: i64) -> Option<i64> {
    let year = i32::try_from(1970 + index.div_euclid(12)).ok()?;
    let date = NaiveDate::from_ymd_opt(year, index.rem_euclid(12) as u32 + 1, 1)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::print_time;

    #[track_caller]
    fn check(period: &str, floor: &str, ceil: &str) {
        let (period, _) = Period::parse(period).expect(period);
        let at = 1_616_729_349_250; // 2021-03-26 03:29:09.250, a Friday
        assert_eq!(
            (print_time(period.floor(at)).as_str(), print_time(period.ceil(at)).as_str()),
            (floor, ceil)
        );
    }

    #[test]
    fn times_round_to_periods_of_the_clock_and_the_calendar() {
        check("100ms", "2021-03-26 03:29:09.200", "2021-03-26 03:29:09.300");
        check("30s", "2021-03-26 03:29:00.000", "2021-03-26 03:29:30.000");
        check("5m", "2021-03-26 03:25:00.000", "2021-03-26 03:30:00.000");
        check("1hr", "2021-03-26 03:00:00.000", "2021-03-26 04:00:00.000");
        check("1d", "2021-03-26 00:00:00.000", "2021-03-27 00:00:00.000");
        check("1week", "2021-03-22 00:00:00.000", "2021-03-29 00:00:00.000");
        check("1mo", "2021-03-01 00:00:00.000", "2021-04-01 00:00:00.000");
        check("1q", "2021-01-01 00:00:00.000", "2021-04-01 00:00:00.000");
        check("1Year", "2021-01-01 00:00:00.000", "2022-01-01 00:00:00.000");
    }

    #[test]
    fn numbers_above_the_cap_of_their_unit_mean_the_cap() {
        for (text, same) in [("300s", "60s"), ("90m", "60m"), ("48h", "24h"), ("5000ms", "1000ms")] {
            let (period, capped) = Period::parse(text).expect(text);
            assert!(capped, "{text}");
            assert_eq!(Period::parse(same), Some((period, false)), "{text}");
        }
        for (text, same) in [("300s", Some("5m")), ("90m", None), ("48h", Some("2d")), ("90000ms", None)] {
            let same = same.map(|same| Period::parse(same).expect(same).0);
            assert_eq!(Period::below_cap(text), same, "{text}");
        }
        assert!(!Period::parse("48d").expect("48d").1);
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in ["", "5", "m", "0m", "5x", "-5m", "99999999999s"] {
            assert_eq!(Period::parse(text), None, "{text:?}");
        }
    }
}
