//! Dates and times of day in UTC, as programs and services print them.
//!
//! Source: the proleptic Gregorian calendar; RFC 9110, section 5.6.7 (HTTP dates).

use weir_model::Nanos;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// How many letters of their names are shown where they are short.
const SHORT: usize = 3;
const DAY_S: u64 = 86_400;

/// A moment, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: u64,
    /// From 1.
    month: u64,
    day: u64,
    /// From Sunday, which is 0.
    weekday: u64,
    second_of_day: u64,
}

impl Moment {
    /// The moment of a time.
    pub(crate) fn of(time: Nanos) -> Moment {
        let days = time.seconds() / DAY_S;
        // Years are counted from March 1, so that the leap day is the last; an era is 400 years.
        let since = days + 719_468;
        let (era, day_of_era) = (since / 146_097, since % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Moment {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            weekday: (days + 4) % 7,
            second_of_day: time.seconds() % DAY_S,
        }
    }

    fn clock(&self) -> String {
        let (hour, minute, second) = self.time();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// The year.
    pub(crate) fn year(&self) -> u64 {
        self.year
    }

    /// The month, from 1.
    pub(crate) fn month(&self) -> u64 {
        self.month
    }

    /// The name of the month.
    pub(crate) fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }

    /// The day of the month, from 1.
    pub(crate) fn day(&self) -> u64 {
        self.day
    }

    /// The day of the year, from 1.
    pub(crate) fn day_of_year(&self) -> u64 {
        let is_leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let february = if is_leap { 29 } else { 28 };
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        lengths[..self.month as usize - 1].iter().sum::<u64>() + self.day
    }

    /// The day of the week, from Monday, which is 1.
    pub(crate) fn weekday_number(&self) -> u64 {
        if self.weekday == 0 { 7 } else { self.weekday }
    }

    /// The name of the day of the week.
    pub(crate) fn weekday_name(&self) -> &'static str {
        DAYS[self.weekday as usize]
    }

    /// Hour, minute and second.
    pub(crate) fn time(&self) -> (u64, u64, u64) {
        let second = self.second_of_day;
        (second / 3600, second / 60 % 60, second % 60)
    }

    /// As dig prints it: `Thu Jan 01 00:00:00 UTC 2026`.
    pub(crate) fn date(&self) -> String {
        let (weekday, month, year) = (&self.weekday_name()[..SHORT], &self.month_name()[..SHORT], self.year);
        format!("{weekday} {month} {:02} {} UTC {year}", self.day, self.clock())
    }

    /// As HTTP prints it: `Thu, 01 Jan 2026 00:00:00 GMT`.
    pub(crate) fn http(&self) -> String {
        let (weekday, month, year) = (&self.weekday_name()[..SHORT], &self.month_name()[..SHORT], self.year);
        format!("{weekday}, {:02} {month} {year} {} GMT", self.day, self.clock())
    }

    /// As RFC 3339 prints it: `2026-01-01T00:00:00Z`.
    pub(crate) fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02}T{}Z", self.year, self.month, self.day, self.clock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_date_of_the_calendar() {
        let rows = [
            (0, "Thu Jan 01 00:00:00 UTC 1970"),
            (951_868_799, "Tue Feb 29 23:59:59 UTC 2000"),
            (1_767_225_600, "Thu Jan 01 00:00:00 UTC 2026"),
            (4_107_542_400, "Mon Mar 01 00:00:00 UTC 2100"),
        ];
        for (seconds, date) in rows {
            let moment = Moment::of(Nanos(seconds * 1_000_000_000));
            assert_eq!(moment.date(), date);
        }
        let leap = Moment::of(Nanos(951_868_799_000_000_000));
        assert_eq!(leap.iso(), "2000-02-29T23:59:59Z");
        assert_eq!(leap.http(), "Tue, 29 Feb 2000 23:59:59 GMT");
    }
}
