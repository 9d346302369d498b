//! Schedules: at which minutes a scheduled query is due.
//!
//! `cron(minutes hours day-of-month month day-of-week year)`, in a time zone. A day is said by the month or by the week, not by both.
//! A minute that the clocks leave out is no minute; of one that comes twice the first counts.
//!
//! Source: CloudWatch Logs User Guide, "Schedule expression reference" (read 2026-11), whose examples have `*` as day of the month
//! beside days of the week; EventBridge User Guide, "Cron expressions reference"; EventBridge Scheduler User Guide, "Daylight savings
//! time on EventBridge Scheduler". Assumptions, where they are silent: names in any case; a range does not end before it begins;
//! `L`, `W` and `#` stand alone; months without the day that `W` goes by have none; a schedule may be one that never comes.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Days as Span, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::fmt;
use weir_model::Timestamp;

/// Fields of an expression.
const FIELDS: usize = 6;
/// The place of Saturday in a week, which begins with Sunday, 1.
const SATURDAY: u32 = 7;
const SUNDAY: u32 = 1;
/// Most weeks of which a month has at least a day.
const WEEKS_MAX: u32 = 5;

/// When a scheduled query is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: Values,
    hours: Values,
    days: Days,
    months: Values,
    years: Values,
    zone: Tz,
}

/// Why a text is no schedule expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// It is not `cron(…)`.
    NotCron,
    /// It has not six fields, but so many.
    FieldCount(usize),
    /// A field is not in the form that it must have: its name, and what it is.
    Field(&'static str, String),
    /// Neither the day of the month nor that of the week is `?`, or both are.
    Days,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScheduleError::NotCron => {
                write!(f, "The schedule expression must be a cron expression: cron(...).")
            }
            ScheduleError::FieldCount(count) => {
                write!(f, "A cron expression has {FIELDS} fields, and not {count}.")
            }
            ScheduleError::Field(name, text) => write!(f, "The field {name} cannot be '{text}'."),
            ScheduleError::Days => {
                write!(f, "Of day-of-month and day-of-week one must be '?', and the other a day.")
            }
        }
    }
}

impl std::error::Error for ScheduleError {}

/// Which days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    Every,
    OfMonth(Values),
    LastOfMonth,
    /// The weekday that is nearest to this day, in the same month.
    NearestWeekday(u32),
    OfWeek(Values),
    /// The last of these days of the week.
    LastOfWeek(u32),
    /// The day of the week, and which of them.
    NthOfWeek(u32, u32),
}

/// Numbers, as a field lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Values(Vec<Range>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    from: u32,
    to: u32,
    step: u32,
}

impl Values {
    fn has(&self, value: u32) -> bool {
        self.0.iter().any(|range| {
            (range.from..=range.to).contains(&value) && (value - range.from).is_multiple_of(range.step)
        })
    }

    fn within(&self, field: &Field) -> impl Iterator<Item = u32> {
        (field.from..=field.to).filter(|value| self.has(*value))
    }
}

/// A field: its name, its bounds, and the names of its values.
struct Field {
    name: &'static str,
    from: u32,
    to: u32,
    names: &'static [&'static str],
}

const MINUTES: Field = Field { name: "minutes", from: 0, to: 59, names: &[] };
const HOURS: Field = Field { name: "hours", from: 0, to: 23, names: &[] };
const DAYS_OF_MONTH: Field = Field { name: "day-of-month", from: 1, to: 31, names: &[] };
const MONTHS: Field = Field {
    name: "month",
    from: 1,
    to: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const DAYS_OF_WEEK: Field = Field {
    name: "day-of-week",
    from: SUNDAY,
    to: SATURDAY,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};
const YEARS: Field = Field { name: "year", from: 1970, to: 2199, names: &[] };

impl Schedule {
    /// Reads an expression whose times are those of `zone`.
    ///
    /// # Errors
    /// See [`ScheduleError`].
    pub fn parse(expression: &str, zone: Tz) -> Result<Schedule, ScheduleError> {
        let inner = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
        let fields: Vec<&str> = inner.ok_or(ScheduleError::NotCron)?.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields[..] else {
            return Err(ScheduleError::FieldCount(fields.len()));
        };
        Ok(Schedule {
            minutes: MINUTES.values(minutes)?,
            hours: HOURS.values(hours)?,
            days: Days::parse(day_of_month, day_of_week)?,
            months: MONTHS.values(month)?,
            years: YEARS.values(year)?,
            zone,
        })
    }

    /// The first time after `time` at which it is due, or `None` if it never is again.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let today = DateTime::<Utc>::from_timestamp_millis(time.0)?.with_timezone(&self.zone).date_naive();
        // Local times that are earlier than the present one are over, also where the clocks were set back in between.
        let mut days = today.iter_days().take_while(|date| date.year() <= YEARS.to as i32);
        days.find_map(|date| self.times_on(date).find(|due| *due > time))
    }

    /// The times at which it is due on a day, in their order.
    fn times_on(&self, date: NaiveDate) -> impl Iterator<Item = Timestamp> {
        let date = Some(date).filter(|date| self.has_day(*date));
        let hours = date.into_iter().flat_map(|date| self.hours.within(&HOURS).map(move |hour| (date, hour)));
        let minutes = hours.flat_map(|(date, hour)| {
            self.minutes.within(&MINUTES).filter_map(move |minute| date.and_hms_opt(hour, minute, 0))
        });
        minutes.filter_map(|local| self.moment(local))
    }

    fn has_day(&self, date: NaiveDate) -> bool {
        let is_year = u32::try_from(date.year()).is_ok_and(|year| self.years.has(year));
        is_year && self.months.has(date.month()) && self.days.has(date)
    }

    /// The moment at which the clocks of the zone show this time first, if they ever do.
    fn moment(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let moment = self.zone.from_local_datetime(&local).earliest()?;
        Some(Timestamp(moment.timestamp_millis()))
    }
}

impl Days {
    fn parse(of_month: &str, of_week: &str) -> Result<Days, ScheduleError> {
        match (of_month, of_week) {
            ("*", "?") | ("?", "*") => Ok(Days::Every),
            ("*" | "?", "*" | "?") => Err(ScheduleError::Days),
            ("*" | "?", day) => Days::of_week(day),
            (day, "*" | "?") => Days::of_month(day),
            _ => Err(ScheduleError::Days),
        }
    }

    fn of_month(text: &str) -> Result<Days, ScheduleError> {
        match (text, text.strip_suffix('W')) {
            ("L", _) => Ok(Days::LastOfMonth),
            (_, Some(day)) => {
                let day = DAYS_OF_MONTH.value(day).ok_or_else(|| DAYS_OF_MONTH.malformed(text))?;
                Ok(Days::NearestWeekday(day))
            }
            _ => DAYS_OF_MONTH.values(text).map(Days::OfMonth),
        }
    }

    fn of_week(text: &str) -> Result<Days, ScheduleError> {
        let malformed = || DAYS_OF_WEEK.malformed(text);
        if text == "L" {
            return DAYS_OF_WEEK.values("SAT").map(Days::OfWeek);
        }
        if let Some((day, nth)) = text.split_once('#') {
            let nth = number(nth).filter(|nth| (1..=WEEKS_MAX).contains(nth)).ok_or_else(malformed)?;
            return DAYS_OF_WEEK.value(day).map(|day| Days::NthOfWeek(day, nth)).ok_or_else(malformed);
        }
        if let Some(day) = text.strip_suffix('L') {
            return DAYS_OF_WEEK.value(day).map(Days::LastOfWeek).ok_or_else(malformed);
        }
        DAYS_OF_WEEK.values(text).map(Days::OfWeek)
    }

    fn has(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().number_from_sunday();
        match self {
            Days::Every => true,
            Days::OfMonth(days) => days.has(date.day()),
            Days::LastOfMonth => date.day() == last_day(date),
            Days::NearestWeekday(day) => nearest_weekday(date, *day) == Some(date),
            Days::OfWeek(days) => days.has(weekday),
            Days::LastOfWeek(day) => weekday == *day && date.day() + SATURDAY > last_day(date),
            Days::NthOfWeek(day, nth) => weekday == *day && date.day().div_ceil(SATURDAY) == *nth,
        }
    }
}

/// The last day of the month that `date` is in.
fn last_day(date: NaiveDate) -> u32 {
    date.num_days_in_month().into()
}

/// The weekday nearest to a day of the month that `date` is in, and in the same month; `None` if the month has no such day.
fn nearest_weekday(date: NaiveDate, day: u32) -> Option<NaiveDate> {
    let wanted = date.with_day(day)?;
    match wanted.weekday().number_from_sunday() {
        SATURDAY if day == 1 => wanted.checked_add_days(Span::new(2)),
        SATURDAY => wanted.pred_opt(),
        SUNDAY if day == last_day(date) => wanted.checked_sub_days(Span::new(2)),
        SUNDAY => wanted.succ_opt(),
        _ => Some(wanted),
    }
}

impl Field {
    fn malformed(&self, text: &str) -> ScheduleError {
        ScheduleError::Field(self.name, text.to_owned())
    }

    /// The values of a list of numbers, names, ranges and steps.
    fn values(&self, text: &str) -> Result<Values, ScheduleError> {
        let ranges = text.split(',').map(|part| self.range(part)).collect::<Option<Vec<Range>>>();
        ranges.map(Values).ok_or_else(|| self.malformed(text))
    }

    fn range(&self, text: &str) -> Option<Range> {
        let (values, step) = match text.split_once('/') {
            Some((values, step)) => (values, Some(number(step)?)),
            None => (text, None),
        };
        let (from, to) = match values.split_once('-') {
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None if values == "*" => (self.from, self.to),
            None if step.is_some() => (self.value(values)?, self.to),
            None => (self.value(values)?, self.value(values)?),
        };
        let step = step.unwrap_or(1);
        (from <= to && step > 0).then_some(Range { from, to, step })
    }

    fn value(&self, text: &str) -> Option<u32> {
        let mut named = (self.from..).zip(self.names);
        let named = named.find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(value, _)| value);
        named.or_else(|| number(text)).filter(|value| (self.from..=self.to).contains(value))
    }
}

/// A number in digits and nothing else.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}
