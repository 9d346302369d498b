//! Times and dates from texts and numbers, and back.
//!
//! Source: Apache Spark SQL 3.5, "Datetime Patterns for Formatting and Parsing" and the casts from strings. Assumptions:
//! the session's zone is UTC; times end at the millisecond; a number of other than four digits that stands for a time is
//! milliseconds since the epoch; a date is its text, `yyyy-MM-dd`, so that dates compare with dates and with texts of that form.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::super::date::{Zone, parsed, printed};
use super::{Call, Function, or_null, takes, text_of, whole_of};
use crate::plan::Type;
use crate::value::{Number, Value};

/// The pattern of `from_unixtime`.
const PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql to_timestamp",
        aliases: &["timestamp", "to_timestamp_ltz", "to_timestamp_ntz", "try_to_timestamp"],
        parameters: takes(1, 2, "a time as text, perhaps a Java date pattern"),
        result: Type::Time,
        summary: "The time that the text tells, in UTC unless it names a zone.",
        examples: &[
            ("to_timestamp('2016-12-31 00:12:00')", Some("2016-12-31 00:12:00.000")),
            ("to_timestamp('2016-12-31T01:12:00.25+01:00')", Some("2016-12-31 00:12:00.250")),
            ("to_timestamp('2016-12-31', 'yyyy-MM-dd')", Some("2016-12-31 00:00:00.000")),
            ("to_timestamp('2016')", Some("2016-01-01 00:00:00.000")),
            ("TIMESTAMP '2019-08-12 01:00:00.123456'", Some("2019-08-12 01:00:00.123")),
            ("to_timestamp('foo', 'yyyy-MM-dd')", None),
        ],
        call: Call::Values(|a| told(a).map_or(Value::Null, Value::Time)),
    },
    Function {
        name: "sql to_date",
        aliases: &["date"],
        parameters: takes(1, 2, "a time as text, perhaps a Java date pattern"),
        result: Type::Text,
        summary: "The date of the time.",
        examples: &[
            ("to_date('2009-07-30 04:17:52')", Some("2009-07-30")),
            ("to_date('31/12/2016', 'dd/MM/yyyy')", Some("2016-12-31")),
            ("to_date(fromMillis(1431280876000))", Some("2015-05-10")),
            ("DATE '2009-7-3'", Some("2009-07-03")),
            ("to_date('2009-02-30')", None),
        ],
        call: Call::Values(|a| or_null(told(a).and_then(date_at).and_then(date))),
    },
    Function {
        name: "sql date_format",
        aliases: &[],
        parameters: takes(2, 2, "a time and a Java date pattern"),
        result: Type::Text,
        summary: "The time by the pattern.",
        examples: &[
            ("date_format('2016-04-08', 'y')", Some("2016")),
            ("date_format('2016-04-08 09:05:00', 'd MMM yyyy, H:mm')", Some("8 Apr 2016, 9:05")),
            ("date_format('2016-04-08', 'qqqq')", None),
        ],
        call: Call::Values(|a| {
            let text = time_of(a, 0).zip(text_of(a, 1)).and_then(|(ms, pattern)| printed(ms, &pattern));
            text.map_or(Value::Null, Value::Text)
        }),
    },
    Function {
        name: "sql from_unixtime",
        aliases: &[],
        parameters: takes(1, 2, "seconds since the epoch, perhaps a Java date pattern"),
        result: Type::Text,
        summary: "The time as text.",
        examples: &[
            ("from_unixtime(0)", Some("1970-01-01 00:00:00")),
            ("from_unixtime(1431280876, 'yyyy/MM/dd')", Some("2015/05/10")),
        ],
        call: Call::Values(|a| {
            let pattern = if a.len() > 1 { text_of(a, 1) } else { Some(PATTERN.into()) };
            let ms = whole_of(a, 0).and_then(|seconds| seconds.checked_mul(1000));
            let text = ms.zip(pattern).and_then(|(ms, pattern)| printed(ms, &pattern));
            text.map_or(Value::Null, Value::Text)
        }),
    },
    Function {
        name: "sql unix_timestamp",
        aliases: &["to_unix_timestamp", "unix_seconds"],
        parameters: takes(1, 2, "a time, perhaps a Java date pattern"),
        result: Type::Int,
        summary: "The seconds since the epoch; of the start of the query if no time is told.",
        examples: &[
            ("unix_timestamp('2016-04-08', 'yyyy-MM-dd')", Some("1460073600")),
            ("unix_seconds(TIMESTAMP('1970-01-01 00:00:01Z'))", Some("1")),
        ],
        call: Call::Values(|a| told(a).map_or(Value::Null, |ms| Value::Int(ms.div_euclid(1000)))),
    },
    Function {
        name: "sql unix_millis",
        aliases: &[],
        parameters: takes(1, 1, "a time"),
        result: Type::Int,
        summary: "The milliseconds since the epoch.",
        examples: &[("unix_millis(TIMESTAMP('1970-01-01 00:00:01Z'))", Some("1000"))],
        call: Call::Values(|a| time_of(a, 0).map_or(Value::Null, Value::Int)),
    },
    Function {
        name: "sql unix_micros",
        aliases: &[],
        parameters: takes(1, 1, "a time"),
        result: Type::Int,
        summary: "The microseconds since the epoch.",
        examples: &[("unix_micros(TIMESTAMP('1970-01-01 00:00:01Z'))", Some("1000000"))],
        call: Call::Values(|a| or_null(time_of(a, 0).and_then(|ms| ms.checked_mul(1000)).map(Value::Int))),
    },
    Function {
        name: "sql timestamp_seconds",
        aliases: &[],
        parameters: takes(1, 1, "seconds since the epoch"),
        result: Type::Time,
        summary: "The time.",
        examples: &[
            ("timestamp_seconds(1230219000)", Some("2008-12-25 15:30:00.000")),
            ("timestamp_seconds(1230219000.123)", Some("2008-12-25 15:30:00.123")),
        ],
        call: Call::Values(|a| scaled(a, 1000.0)),
    },
    Function {
        name: "sql timestamp_millis",
        aliases: &[],
        parameters: takes(1, 1, "milliseconds since the epoch"),
        result: Type::Time,
        summary: "The time.",
        examples: &[("timestamp_millis(1230219000123)", Some("2008-12-25 15:30:00.123"))],
        call: Call::Values(|a| scaled(a, 1.0)),
    },
    Function {
        name: "sql timestamp_micros",
        aliases: &[],
        parameters: takes(1, 1, "microseconds since the epoch"),
        result: Type::Time,
        summary: "The time.",
        examples: &[("timestamp_micros(1230219000123123)", Some("2008-12-25 15:30:00.123"))],
        call: Call::Values(|a| {
            whole_of(a, 0).map_or(Value::Null, |micros| Value::Time(micros.div_euclid(1000)))
        }),
    },
    Function {
        name: "sql from_utc_timestamp",
        aliases: &[],
        parameters: takes(2, 2, "a time and a time zone"),
        result: Type::Time,
        summary: "What the clocks of the zone show at the time.",
        examples: &[
            ("from_utc_timestamp('2016-08-31', 'Asia/Seoul')", Some("2016-08-31 09:00:00.000")),
            ("from_utc_timestamp('2016-08-31', 'GMT+1')", Some("2016-08-31 01:00:00.000")),
            ("from_utc_timestamp('2016-08-31', 'PST')", Some("2016-08-30 17:00:00.000")),
            ("from_utc_timestamp('2016-08-31', 'Mars')", None),
        ],
        call: Call::Values(|a| or_null(moved(time_of(a, 0), Some("UTC".into()), text_of(a, 1)))),
    },
    Function {
        name: "sql to_utc_timestamp",
        aliases: &[],
        parameters: takes(2, 2, "a time and a time zone"),
        result: Type::Time,
        summary: "When the clocks of the zone show this.",
        examples: &[("to_utc_timestamp('2016-08-31', 'Asia/Seoul')", Some("2016-08-30 15:00:00.000"))],
        call: Call::Values(|a| or_null(moved(time_of(a, 0), text_of(a, 1), Some("UTC".into())))),
    },
    Function {
        name: "sql convert_timezone",
        aliases: &[],
        parameters: takes(2, 3, "perhaps the time zone of the time, another, and the time"),
        result: Type::Time,
        summary: "What the clocks of the other zone show when those of the first, UTC unless told, show the time.",
        examples: &[
            (
                "convert_timezone('Europe/Brussels', 'America/Los_Angeles', timestamp_ntz'2021-12-06 00:00:00')",
                Some("2021-12-05 15:00:00.000"),
            ),
            ("convert_timezone('Europe/Brussels', '2021-12-05 15:00:00')", Some("2021-12-05 16:00:00.000")),
        ],
        call: Call::Values(|a| {
            or_null(match a.len() {
                2 => moved(time_of(a, 1), Some("UTC".into()), text_of(a, 0)),
                _ => moved(time_of(a, 2), text_of(a, 0), text_of(a, 1)),
            })
        }),
    },
    Function {
        name: "sql make_date",
        aliases: &[],
        parameters: takes(3, 3, "a year, a month and a day"),
        result: Type::Text,
        summary: "The date.",
        examples: &[
            ("make_date(2013, 7, 15)", Some("2013-07-15")),
            ("make_date(2019, 13, 1)", None),
            ("make_date(2019, 7, NULL)", None),
        ],
        call: Call::Values(|a| or_null(ymd(a).and_then(date))),
    },
    Function {
        name: "sql make_timestamp",
        aliases: &["make_timestamp_ltz", "make_timestamp_ntz"],
        parameters: takes(6, 7, "year, month, day, hour, minute and second, perhaps a time zone"),
        result: Type::Time,
        summary: "The time.",
        examples: &[
            ("make_timestamp(2014, 12, 28, 6, 30, 45.887)", Some("2014-12-28 06:30:45.887")),
            ("make_timestamp(2014, 12, 28, 6, 30, 45.887, 'CET')", Some("2014-12-28 05:30:45.887")),
            ("make_timestamp(2019, 6, 30, 23, 59, 60)", Some("2019-07-01 00:00:00.000")),
            ("make_timestamp(null, 7, 22, 15, 30, 0)", None),
        ],
        call: Call::Values(|a| or_null(make_timestamp(a))),
    },
    Function {
        name: "sql date_from_unix_date",
        aliases: &[],
        parameters: takes(1, 1, "days since 1970-01-01"),
        result: Type::Text,
        summary: "The date.",
        examples: &[("date_from_unix_date(1)", Some("1970-01-02"))],
        call: Call::Values(|a| or_null(whole_of(a, 0).and_then(date_of_days).and_then(date))),
    },
    Function {
        name: "sql unix_date",
        aliases: &[],
        parameters: takes(1, 1, "a date"),
        result: Type::Int,
        summary: "The days since 1970-01-01.",
        examples: &[("unix_date(DATE('1970-01-02'))", Some("1"))],
        call: Call::Values(|a| date_of(a, 0).map_or(Value::Null, |date| Value::Int(days_of(date)))),
    },
];

/// Names of zones that Java knows beside those of the time zone database.
const ZONES: &[(&str, &str)] = &[
    ("CST", "America/Chicago"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("PST", "America/Los_Angeles"),
    ("Z", "UTC"),
];

/// The milliseconds since the epoch that an argument tells.
pub(super) fn time_of(arguments: &[Value], index: usize) -> Option<i64> {
    let value = arguments.get(index)?;
    if let Value::Time(ms) = value {
        return Some(*ms);
    }
    text_of(arguments, index).and_then(|text| time_of_text(&text)).or_else(|| whole_of(arguments, index))
}

/// The date that an argument tells.
pub(super) fn date_of(arguments: &[Value], index: usize) -> Option<NaiveDate> {
    time_of(arguments, index).and_then(date_at)
}

/// The clock that an argument tells, in UTC.
pub(super) fn clock_of(arguments: &[Value], index: usize) -> Option<NaiveDateTime> {
    time_of(arguments, index).and_then(DateTime::from_timestamp_millis).map(|time| time.naive_utc())
}

/// A date as its text; `None` for a year that has no four digits.
pub(super) fn date(date: NaiveDate) -> Option<Value> {
    (0..=9999).contains(&date.year()).then(|| Value::Text(date.format("%Y-%m-%d").to_string()))
}

/// Days since 1970-01-01.
pub(super) fn days_of(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

/// The date so many days after 1970-01-01.
pub(super) fn date_of_days(days: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

fn date_at(ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(ms).map(|time| time.date_naive())
}

/// The time of the first argument, by a pattern if there is a second.
fn told(arguments: &[Value]) -> Option<i64> {
    match (arguments.first()?, arguments.len()) {
        (Value::Time(ms), _) => Some(*ms),
        (_, 1) => time_of(arguments, 0),
        _ => parsed(arguments),
    }
}

fn scaled(arguments: &[Value], factor: f64) -> Value {
    match arguments.first().and_then(Value::number) {
        Some(Number::Int(number)) => number.checked_mul(factor as i64).map_or(Value::Null, Value::Time),
        Some(Number::Float(number)) if (number * factor).abs() < i64::MAX as f64 => {
            Value::Time((number * factor).round() as i64)
        }
        _ => Value::Null,
    }
}

type Name<'n> = Option<std::borrow::Cow<'n, str>>;

/// What the clocks of `to` show when those of `from` show the time.
fn moved(ms: Option<i64>, from: Name<'_>, to: Name<'_>) -> Option<Value> {
    let clock = DateTime::from_timestamp_millis(ms?)?.naive_utc();
    let at = zone(&from?)?.ms_at(&clock)?;
    Some(Value::Time(zone(&to?)?.clock_at(at)?.and_utc().timestamp_millis()))
}

/// A zone by name, by its distance from UTC, or by `GMT+1`.
fn zone(name: &str) -> Option<Zone> {
    let name = ZONES.iter().find(|(known, _)| *known == name).map_or(name, |(_, zone)| zone);
    if let Some(zone) = Zone::named(name) {
        return Some(zone);
    }
    let distance =
        ["GMT", "UTC", "UT"].into_iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
    let (sign, distance) = distance.split_at_checked(1)?;
    let (hours, minutes) = distance.split_once(':').unwrap_or((distance, "0"));
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if !matches!(sign, "+" | "-") || hours > 18 || minutes > 59 {
        return None;
    }
    Zone::named(&format!("{sign}{hours:02}:{minutes:02}"))
}

fn ymd(arguments: &[Value]) -> Option<NaiveDate> {
    let part = |index| whole_of(arguments, index);
    NaiveDate::from_ymd_opt(part(0)?.try_into().ok()?, part(1)?.try_into().ok()?, part(2)?.try_into().ok()?)
}

fn make_timestamp(arguments: &[Value]) -> Option<Value> {
    let (date, hour, minute) = (ymd(arguments)?, whole_of(arguments, 3)?, whole_of(arguments, 4)?);
    let seconds = arguments.get(5)?.as_f64().filter(|seconds| (0.0..=60.0).contains(seconds))?;
    let clock = date.and_hms_opt(hour.try_into().ok()?, minute.try_into().ok()?, 0)?;
    let clock =
        clock.checked_add_signed(chrono::TimeDelta::milliseconds((seconds * 1000.0).round() as i64))?;
    let zone = if arguments.len() > 6 { zone(&text_of(arguments, 6)?)? } else { zone("UTC")? };
    zone.ms_at(&clock).map(Value::Time)
}

/// `yyyy[-m[-d]]`, and behind a blank or `T` a time of day and perhaps a zone.
fn time_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, clock) = match text.split_once(['T', ' ']) {
        Some((day, clock)) => (day, clock),
        None => (text, ""),
    };
    let mut parts = day.split('-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| digits(year, 4))?;
    let (month, day) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("1"));
    if parts.next().is_some() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year as i32, digits(month, 2)?, digits(day, 2)?)?;
    let end = clock.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(clock.len());
    let (clock, zone_name) = clock.split_at(end);
    let clock = date.and_time(time_of_day(clock)?);
    zone(if zone_name.trim().is_empty() { "UTC" } else { zone_name.trim() })?.ms_at(&clock)
}

/// `h[:m[:s[.fraction]]]`; midnight if there is nothing.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    if text.is_empty() {
        return Some(NaiveTime::MIN);
    }
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':').map(|part| digits(part, 2));
    let (hour, minute, second) =
        (parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ms = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    NaiveTime::from_hms_milli_opt(hour, minute, second, ms)
}

/// At most so many digits and nothing else.
fn digits(text: &str, most: usize) -> Option<u32> {
    let is_number = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}
