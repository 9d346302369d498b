//! Parts of dates and times, and dates near others.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Timelike};

use super::time::{clock_of, date, date_of, days_of};
use super::{Call, Function, or_null, takes, text_of, whole_of};
use crate::plan::Type;
use crate::value::Value;

/// A row for a part of a time.
macro_rules! part {
    ($name:literal, $aliases:expr, $summary:literal, $examples:expr, $part:expr) => {
        Function {
            name: $name,
            aliases: $aliases,
            parameters: takes(1, 1, "a time"),
            result: Type::Int,
            summary: $summary,
            examples: $examples,
            call: Call::Values(|a| {
                clock_of(a, 0).map_or(Value::Null, |clock| Value::Int(i64::from($part(clock))))
            }),
        }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    part!("sql year", &[], "The year.", &[("year('2016-07-30')", Some("2016"))], |at: NaiveDateTime| at
        .year()),
    part!("sql quarter", &[], "The quarter of the year.", &[("quarter('2016-08-31')", Some("3"))], |at| {
        quarter(at)
    }),
    part!("sql month", &[], "The month.", &[("month('2016-07-30')", Some("7"))], |at: NaiveDateTime| at
        .month()),
    part!(
        "sql day",
        &["dayofmonth"],
        "The day of the month.",
        &[("day('2009-07-30')", Some("30")), ("dayofmonth('x')", None)],
        |at: NaiveDateTime| at.day()
    ),
    part!(
        "sql dayofweek",
        &[],
        "The day of the week, from 1 for Sunday to 7.",
        &[("dayofweek('2009-07-30')", Some("5"))],
        |at: NaiveDateTime| at.weekday().number_from_sunday()
    ),
    part!(
        "sql weekday",
        &[],
        "The day of the week, from 0 for Monday to 6.",
        &[("weekday('2009-07-30')", Some("3"))],
        |at: NaiveDateTime| at.weekday().num_days_from_monday()
    ),
    part!(
        "sql dayofyear",
        &[],
        "The day of the year.",
        &[("dayofyear('2016-04-09')", Some("100"))],
        |at: NaiveDateTime| at.ordinal()
    ),
    part!(
        "sql weekofyear",
        &[],
        "The week of the year; the first has four days in it, and weeks begin on Monday.",
        &[("weekofyear('2008-02-20')", Some("8"))],
        |at: NaiveDateTime| at.iso_week().week()
    ),
    part!(
        "sql hour",
        &[],
        "The hour.",
        &[("hour('2009-07-30 12:58:59')", Some("12"))],
        |at: NaiveDateTime| at.hour()
    ),
    part!(
        "sql minute",
        &[],
        "The minute.",
        &[("minute('2009-07-30 12:58:59')", Some("58"))],
        |at: NaiveDateTime| at.minute()
    ),
    part!(
        "sql second",
        &[],
        "The second.",
        &[("second('2009-07-30 12:58:59')", Some("59"))],
        |at: NaiveDateTime| at.second()
    ),
    Function {
        name: "sql date_part",
        aliases: &["datepart", "extract"],
        parameters: takes(2, 2, "the name of a part and a time"),
        result: Type::Float,
        summary: "The part: year, quarter, month, week, day, dow, doy, hour, minute, second and its like; `EXTRACT(part FROM time)` is the same.",
        examples: &[
            ("date_part('YEAR', TIMESTAMP '2019-08-12 01:00:00.123456')", Some("2019")),
            ("date_part('week', timestamp'2019-08-12 01:00:00.123456')", Some("33")),
            ("extract(doy FROM DATE'2019-08-12')", Some("224")),
            ("extract(SECONDS FROM timestamp'2019-10-01 00:00:01.001')", Some("1.001")),
            ("date_part('dow', '2009-07-30')", Some("5")),
            ("date_part('century', '2009-07-30')", None),
        ],
        call: Call::Values(|a| {
            let number = text_of(a, 0).zip(clock_of(a, 1)).and_then(|(name, clock)| part_named(&name, clock));
            number.map_or(Value::Null, Value::Float)
        }),
    },
    Function {
        name: "sql add_months",
        aliases: &[],
        parameters: takes(2, 2, "a date and a number of months"),
        result: Type::Text,
        summary: "The date so many months later, or the last day of that month.",
        examples: &[
            ("add_months('2016-08-31', 1)", Some("2016-09-30")),
            ("add_months('2016-03-31', -1)", Some("2016-02-29")),
        ],
        call: Call::Values(|a| {
            or_null(
                date_of(a, 0)
                    .zip(whole_of(a, 1))
                    .and_then(|(from, months)| months_later(from, months))
                    .and_then(date),
            )
        }),
    },
    Function {
        name: "sql date_add",
        aliases: &["dateadd"],
        parameters: takes(2, 2, "a date and a number of days"),
        result: Type::Text,
        summary: "The date so many days later.",
        examples: &[
            ("date_add('2016-07-30', 1)", Some("2016-07-31")),
            ("date_add('2016-07-30', 100000000)", None),
        ],
        call: Call::Values(|a| {
            or_null(
                date_of(a, 0)
                    .zip(whole_of(a, 1))
                    .and_then(|(from, days)| days_later(from, days))
                    .and_then(date),
            )
        }),
    },
    Function {
        name: "sql date_sub",
        aliases: &[],
        parameters: takes(2, 2, "a date and a number of days"),
        result: Type::Text,
        summary: "The date so many days before.",
        examples: &[("date_sub('2016-07-30', 1)", Some("2016-07-29"))],
        call: Call::Values(|a| {
            let days = whole_of(a, 1).and_then(i64::checked_neg);
            or_null(date_of(a, 0).zip(days).and_then(|(from, days)| days_later(from, days)).and_then(date))
        }),
    },
    Function {
        name: "sql datediff",
        aliases: &["date_diff"],
        parameters: takes(2, 2, "an end and a start"),
        result: Type::Int,
        summary: "The days from the start to the end.",
        examples: &[
            ("datediff('2009-07-31', '2009-07-30')", Some("1")),
            ("datediff('2009-07-30 23:59:59', '2009-07-31')", Some("-1")),
        ],
        call: Call::Values(|a| {
            let both = date_of(a, 0).zip(date_of(a, 1));
            both.map_or(Value::Null, |(end, start)| Value::Int(days_of(end) - days_of(start)))
        }),
    },
    Function {
        name: "sql last_day",
        aliases: &[],
        parameters: takes(1, 1, "a date"),
        result: Type::Text,
        summary: "The last day of its month.",
        examples: &[("last_day('2009-01-12')", Some("2009-01-31"))],
        call: Call::Values(|a| {
            or_null(date_of(a, 0).and_then(|of| of.with_day(month_days(of))).and_then(date))
        }),
    },
    Function {
        name: "sql next_day",
        aliases: &[],
        parameters: takes(2, 2, "a date and a day of the week"),
        result: Type::Text,
        summary: "The first such day after the date.",
        examples: &[
            ("next_day('2015-01-14', 'TU')", Some("2015-01-20")),
            ("next_day('2015-01-20', 'Tuesday')", Some("2015-01-27")),
            ("next_day('2015-01-14', 'T')", None),
        ],
        call: Call::Values(|a| or_null(next_day(a))),
    },
    Function {
        name: "sql months_between",
        aliases: &[],
        parameters: takes(2, 3, "a later and an earlier time, perhaps whether to round"),
        result: Type::Float,
        summary: "The months between them: whole ones between equal days and between last days, else of 31 days; to 8 decimals unless told.",
        examples: &[
            ("round(months_between('1997-02-28 10:30:00', '1996-10-30') * 100000000)", Some("394959677")),
            ("months_between('2016-02-29', '2016-01-31')", Some("1")),
            ("months_between('2016-01-15', '2016-03-15')", Some("-2")),
        ],
        call: Call::Values(|a| or_null(months_between(a).map(Value::number_or_null))),
    },
    Function {
        name: "sql trunc",
        aliases: &[],
        parameters: takes(2, 2, "a date and a unit such as 'month'"),
        result: Type::Text,
        summary: "The first day of the date's week, month, quarter or year.",
        examples: &[
            ("trunc('2019-08-04', 'week')", Some("2019-07-29")),
            ("trunc('2019-08-04', 'quarter')", Some("2019-07-01")),
            ("trunc('2009-02-12', 'MM')", Some("2009-02-01")),
            ("trunc('2015-10-27', 'YEAR')", Some("2015-01-01")),
            ("trunc('2015-10-27', 'hour')", None),
        ],
        call: Call::Values(|a| {
            or_null(
                date_of(a, 0).zip(text_of(a, 1)).and_then(|(of, unit)| truncated(of, &unit)).and_then(date),
            )
        }),
    },
];

fn quarter(clock: NaiveDateTime) -> u32 {
    clock.month0() / 3 + 1
}

/// The names are those of Spark's EXTRACT.
fn part_named(name: &str, clock: NaiveDateTime) -> Option<f64> {
    Some(match name.to_ascii_lowercase().as_str() {
        "year" | "y" | "years" | "yr" | "yrs" => f64::from(clock.year()),
        "yearofweek" => f64::from(clock.iso_week().year()),
        "quarter" | "qtr" => f64::from(quarter(clock)),
        "month" | "mon" | "mons" | "months" => f64::from(clock.month()),
        "week" | "w" | "weeks" => f64::from(clock.iso_week().week()),
        "day" | "d" | "days" => f64::from(clock.day()),
        "dayofweek" | "dow" => f64::from(clock.weekday().number_from_sunday()),
        "dayofweek_iso" | "dow_iso" => f64::from(clock.weekday().number_from_monday()),
        "doy" => f64::from(clock.ordinal()),
        "hour" | "h" | "hours" | "hr" | "hrs" => f64::from(clock.hour()),
        "minute" | "m" | "min" | "mins" | "minutes" => f64::from(clock.minute()),
        "second" | "s" | "sec" | "seconds" | "secs" => {
            f64::from(clock.second() * 1000 + clock.nanosecond() / 1_000_000) / 1000.0
        }
        _ => return None,
    })
}

fn months_later(from: NaiveDate, months: i64) -> Option<NaiveDate> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { from.checked_sub_months(count) } else { from.checked_add_months(count) }
}

fn days_later(from: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 { from.checked_sub_days(count) } else { from.checked_add_days(count) }
}

fn month_days(of: NaiveDate) -> u32 {
    (28..=31).rev().find(|day| of.with_day(*day).is_some()).unwrap_or(28)
}

fn next_day(arguments: &[Value]) -> Option<Value> {
    let (from, name) = (date_of(arguments, 0)?, text_of(arguments, 1)?);
    let name = name.trim().to_lowercase();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let is_it = |day: &&str| name == **day || name == day[..3] || name == day[..2];
    let wanted = days.iter().position(is_it)? as u32;
    let distance = (wanted + 6 - from.weekday().num_days_from_monday()) % 7 + 1;
    date(from.checked_add_days(Days::new(distance.into()))?)
}

fn months_between(arguments: &[Value]) -> Option<f64> {
    let (late, early) = (clock_of(arguments, 0)?, clock_of(arguments, 1)?);
    let months = |at: NaiveDateTime| f64::from(at.year()) * 12.0 + f64::from(at.month0());
    let whole = months(late) - months(early);
    let is_last = |at: NaiveDateTime| at.day() == month_days(at.date());
    if late.day() == early.day() || (is_last(late) && is_last(early)) {
        return Some(whole);
    }
    let seconds =
        |at: NaiveDateTime| f64::from(at.day()) * 86_400.0 + f64::from(at.num_seconds_from_midnight());
    let months = whole + (seconds(late) - seconds(early)) / (31.0 * 86_400.0);
    let is_rounded = arguments.get(2).is_none_or(Value::is_true);
    Some(if is_rounded { (months * 1e8).round() / 1e8 } else { months })
}

fn truncated(of: NaiveDate, unit: &str) -> Option<NaiveDate> {
    match unit.to_ascii_lowercase().as_str() {
        "week" => of.checked_sub_days(Days::new(of.weekday().num_days_from_monday().into())),
        "month" | "mon" | "mm" => of.with_day(1),
        "quarter" => of.with_day(1)?.with_month(of.month0() / 3 * 3 + 1),
        "year" | "yyyy" | "yy" => of.with_day(1)?.with_month(1),
        _ => None,
    }
}
