//! Intervals: texts such as `1 years 2 days 3.5 seconds`, added to times and dates.
//!
//! Source: Apache Spark SQL 3.5, "Interval types" and `make_interval`. Assumptions: an interval is its text; months are added
//! first, then the rest; it ends at the millisecond.

use std::fmt::Write;

use chrono::{DateTime, Months, NaiveDate, Utc};

use super::time::{date, date_of, time_of};
use super::{Call, Function, or_null, takes, text_of, whole_of};
use crate::plan::Type;
use crate::value::{Number, Value, parse_number};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql interval",
        aliases: &[],
        parameters: takes(1, 1, "numbers, each with a unit"),
        result: Type::Text,
        summary: "The interval; `INTERVAL 1 DAY` is the same.",
        examples: &[
            ("INTERVAL 1 DAY", Some("1 DAY")),
            ("INTERVAL '2' HOURS 30 MINUTES", Some("2 HOURS 30 MINUTES")),
            ("interval('1 lightyear')", None),
        ],
        call: Call::Values(|a| {
            let text = text_of(a, 0).filter(|text| Interval::parse(text).is_some());
            text.map_or(Value::Null, Value::text)
        }),
    },
    Function {
        name: "sql add_interval",
        aliases: &[],
        parameters: takes(2, 3, "a time and an interval, perhaps how often"),
        result: Type::Time,
        summary: "The time so much later; `a + INTERVAL 1 DAY` and `a - INTERVAL 1 DAY` are the same.",
        examples: &[
            ("to_timestamp('2021-01-01') + INTERVAL 1 DAY", Some("2021-01-02 00:00:00.000")),
            (
                "TIMESTAMP '2024-03-31 12:00:00' - INTERVAL '1 month 90 minutes'",
                Some("2024-02-29 10:30:00.000"),
            ),
            ("INTERVAL 1.5 SECONDS + TIMESTAMP '2021-01-01'", Some("2021-01-01 00:00:01.500")),
            ("try_add('2021-01-01 00:00:00', INTERVAL 1 DAY)", Some("2021-01-02 00:00:00.000")),
        ],
        call: Call::Values(|a| or_null(added(a, time_of(a, 0)).map(Value::Time))),
    },
    Function {
        name: "sql add_to_date",
        aliases: &[],
        parameters: takes(2, 3, "a date and an interval of days or longer units, perhaps how often"),
        result: Type::Text,
        summary: "The date so much later; a function that gives a date, `+` and an interval are the same.",
        examples: &[
            ("DATE '2021-01-01' + INTERVAL 1 YEAR", Some("2022-01-01")),
            ("try_subtract(to_date('2021-01-31'), INTERVAL 2 MONTHS)", Some("2020-11-30")),
            ("try_add(date'2021-01-01', 1)", Some("2021-01-02")),
            ("DATE '2021-01-02' - 1", Some("2021-01-01")),
        ],
        call: Call::Values(|a| {
            let start = date_of(a, 0)
                .and_then(|date| date.and_hms_opt(0, 0, 0))
                .map(|at| at.and_utc().timestamp_millis());
            or_null(
                added(a, start)
                    .and_then(DateTime::from_timestamp_millis)
                    .and_then(|at| date(at.date_naive())),
            )
        }),
    },
    Function {
        name: "sql window",
        aliases: &[],
        parameters: takes(2, 2, "a time and an interval that has no months"),
        result: Type::Json,
        summary: "The window of time of this length that the time is in, from its `start` to its `end`; windows begin with the epoch. Behind GROUP BY its parts are `window.start` and `window.end`.",
        examples: &[
            ("window('2021-01-01 00:07:30', '5 minutes').start", Some("2021-01-01 00:05:00.000")),
            ("window('2021-01-01 00:07:30', '5 minutes').end", Some("2021-01-01 00:10:00.000")),
            ("window('2021-01-01 00:07:30', '1 month')", None),
        ],
        call: Call::Values(|a| {
            let time = |ms| Value::Time(ms).print().map(String::from);
            or_null(window(a).and_then(|(start, end)| {
                let json = serde_json::json!({"start": time(start)?, "end": time(end)?});
                Some(Value::Json(Box::new(json)))
            }))
        }),
    },
    Function {
        name: "sql window_start",
        aliases: &[],
        parameters: takes(2, 2, "a time and an interval that has no months"),
        result: Type::Time,
        summary: "The beginning of the time's window, as a time.",
        examples: &[
            ("window_start('2021-01-01 00:07:30', '5 minutes')", Some("2021-01-01 00:05:00.000")),
            ("window_start('1969-12-31 23:59:59', INTERVAL 1 HOUR)", Some("1969-12-31 23:00:00.000")),
            ("window_start('2021-01-01', '0 seconds')", None),
        ],
        call: Call::Values(|a| or_null(window(a).map(|(start, _)| Value::Time(start)))),
    },
    Function {
        name: "sql window_end",
        aliases: &[],
        parameters: takes(2, 2, "a time and an interval that has no months"),
        result: Type::Time,
        summary: "The end of the time's window, as a time: the beginning of the next.",
        examples: &[("window_end('2021-01-01 00:05:00', '5 minutes')", Some("2021-01-01 00:10:00.000"))],
        call: Call::Values(|a| or_null(window(a).map(|(_, end)| Value::Time(end)))),
    },
    Function {
        name: "sql make_interval",
        aliases: &[],
        parameters: takes(0, 7, "years, months, weeks, days, hours, minutes and seconds, as many as wanted"),
        result: Type::Text,
        summary: "The interval.",
        examples: &[
            (
                "make_interval(100, 11, 1, 1, 12, 30, 01.001001)",
                Some("100 years 11 months 8 days 12 hours 30 minutes 1.001001 seconds"),
            ),
            ("make_interval(100, null, 3)", None),
            ("DATE '2021-01-01' + make_interval(0, 1)", Some("2021-02-01")),
        ],
        call: Call::Values(|a| {
            or_null(made(a, &["years", "months", "weeks", "days", "hours", "minutes", "seconds"]))
        }),
    },
    Function {
        name: "sql make_dt_interval",
        aliases: &[],
        parameters: takes(0, 4, "days, hours, minutes and seconds, as many as wanted"),
        result: Type::Text,
        summary: "The interval.",
        examples: &[
            ("make_dt_interval(1, 12, 30, 01.001001)", Some("1 days 12 hours 30 minutes 1.001001 seconds")),
            ("make_dt_interval(100, null, 3)", None),
        ],
        call: Call::Values(|a| or_null(made(a, &["days", "hours", "minutes", "seconds"]))),
    },
    Function {
        name: "sql make_ym_interval",
        aliases: &[],
        parameters: takes(0, 2, "years and months, as many as wanted"),
        result: Type::Text,
        summary: "The interval.",
        examples: &[
            ("make_ym_interval(1, 2)", Some("1 years 2 months")),
            ("make_ym_interval(2)", Some("2 years")),
        ],
        call: Call::Values(|a| or_null(made(a, &["years", "months"]))),
    },
];

/// Milliseconds of a unit, or its months.
const UNITS: &[(&str, Unit)] = &[
    ("year", Unit::Months(12)),
    ("quarter", Unit::Months(3)),
    ("month", Unit::Months(1)),
    ("week", Unit::Ms(7.0 * 86_400_000.0)),
    ("day", Unit::Ms(86_400_000.0)),
    ("hour", Unit::Ms(3_600_000.0)),
    ("minute", Unit::Ms(60_000.0)),
    ("second", Unit::Ms(1000.0)),
    ("millisecond", Unit::Ms(1.0)),
    ("microsecond", Unit::Ms(0.001)),
];

#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Ms(f64),
}

/// Months, and beside them milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Interval {
    months: i64,
    ms: i64,
}

impl Interval {
    /// The interval; `None` if the text is none.
    pub(crate) fn parse(text: &str) -> Option<Interval> {
        let mut words = text.split_whitespace().peekable();
        words.peek()?;
        let mut found = Interval::default();
        while let Some(number) = words.next() {
            let (number, unit) = (parse_number(number)?, words.next()?.to_ascii_lowercase());
            let unit = unit.strip_suffix('s').unwrap_or(&unit);
            match (UNITS.iter().find(|(name, _)| *name == unit)?.1, number) {
                (Unit::Months(months), Number::Int(number)) => {
                    found.months = found.months.checked_add(number.checked_mul(months)?)?;
                }
                (Unit::Months(_), Number::Float(_)) => return None,
                (Unit::Ms(ms), number) => {
                    let ms = (number.as_f64() * ms).trunc();
                    found.ms = found.ms.checked_add((ms.abs() < i64::MAX as f64).then_some(ms as i64)?)?;
                }
            }
        }
        Some(found)
    }

    /// The time so many intervals later.
    fn after(self, ms: i64, times: i64) -> Option<i64> {
        let time: DateTime<Utc> = DateTime::from_timestamp_millis(ms)?;
        let months = self.months.checked_mul(times)?;
        let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        let moved = if months < 0 { time.checked_sub_months(count) } else { time.checked_add_months(count) };
        moved?.timestamp_millis().checked_add(self.ms.checked_mul(times)?)
    }

    /// How long it is, if it is always the same and not less than nothing.
    pub(crate) fn length_ms(self) -> Option<u64> {
        if self.months == 0 { u64::try_from(self.ms).ok() } else { None }
    }

    /// Whether a window of time can be so long: more than nothing, and always the same.
    pub(crate) fn is_length(self) -> bool {
        self.length_ms().is_some_and(|ms| ms > 0)
    }

    /// The dates from the first to the last in these steps, at most so many; `None` if they never arrive or are more.
    pub(super) fn dates(self, first: NaiveDate, last: NaiveDate, most: usize) -> Option<Vec<NaiveDate>> {
        let ms = |date: NaiveDate| Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
        let (first, last) = (ms(first)?, ms(last)?);
        let is_up = self.after(first, 1)?.cmp(&first);
        if is_up != last.cmp(&first) {
            return if first == last {
                Some(vec![DateTime::from_timestamp_millis(first)?.date_naive()])
            } else {
                None
            };
        }
        let mut dates = vec![];
        for times in 0.. {
            let at = self.after(first, times)?;
            if at.cmp(&last) == is_up {
                return Some(dates);
            }
            if dates.len() == most {
                return None;
            }
            dates.push(DateTime::from_timestamp_millis(at)?.date_naive());
        }
        None
    }
}

/// Where the window of time begins and ends.
fn window(arguments: &[Value]) -> Option<(i64, i64)> {
    let Interval { ms, .. } = Interval::parse(&text_of(arguments, 1)?).filter(|length| length.is_length())?;
    let time = time_of(arguments, 0)?;
    let start = time.checked_sub(time.rem_euclid(ms))?;
    Some((start, start.checked_add(ms)?))
}

fn added(arguments: &[Value], ms: Option<i64>) -> Option<i64> {
    let interval = Interval::parse(&text_of(arguments, 1)?)?;
    let times = if arguments.len() > 2 { whole_of(arguments, 2)? } else { 1 };
    interval.after(ms?, times)
}

fn made(arguments: &[Value], units: &[&str]) -> Option<Value> {
    let (mut text, mut days) = (String::new(), 0);
    for (value, unit) in arguments.iter().zip(units) {
        let number = match (*unit, value.number()?) {
            // Spark counts seven days for a week.
            ("weeks", Number::Int(weeks)) => {
                days = weeks.checked_mul(7)?;
                continue;
            }
            ("days", Number::Int(number)) => Number::Int(number.checked_add(std::mem::take(&mut days))?),
            ("seconds", number) | (_, number @ Number::Int(_)) => number,
            _ => return None,
        };
        match number {
            Number::Int(0) => {}
            Number::Int(number) => write!(text, "{number} {unit} ").ok()?,
            Number::Float(number) => write!(text, "{number} {unit} ").ok()?,
        }
    }
    if days != 0 {
        write!(text, "{days} days").ok()?;
    }
    Some(Value::text(if text.is_empty() { "0 seconds" } else { text.trim_end() }))
}
