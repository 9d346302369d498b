//! Dates and times of day in UTC, as programs and services print them.
//!
//! Source: the proleptic Gregorian calendar; RFC 9110, section 5.6.7 (HTTP dates).

use weir_model::Nanos;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_S: u64 = 86_400;

/// A moment, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    year: u64,
    /// From 1.
    month: u64,
    day: u64,
    weekday: &'static str,
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
            weekday: DAYS[((days + 4) % 7) as usize],
            second_of_day: time.seconds() % DAY_S,
        }
    }

    fn clock(&self) -> String {
        let second = self.second_of_day;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }

    /// As dig prints it: `Thu Jan 01 00:00:00 UTC 2026`.
    pub(crate) fn date(&self) -> String {
        let (weekday, month, year) = (self.weekday, self.month_name(), self.year);
        format!("{weekday} {month} {:02} {} UTC {year}", self.day, self.clock())
    }

    /// As HTTP prints it: `Thu, 01 Jan 2026 00:00:00 GMT`.
    pub(crate) fn http(&self) -> String {
        let (weekday, month, year) = (self.weekday, self.month_name(), self.year);
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
