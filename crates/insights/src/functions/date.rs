//! Times to text and text to times, by the patterns of strftime and of Java.
//!
//! Source: CloudWatch Logs User Guide, "Datetime functions" (parseDate, formatDate, strftime); the letters of Java's
//! `DateTimeFormatter`. Assumptions, where the guide is silent: UTC unless a zone is named; a time that a zone's clocks
//! show twice is the earlier one; a pattern without a date or with letters not listed here gives nothing.

use super::{Call, Function, takes, text_of};
use crate::plan::Type;
use crate::value::{Number, Value};
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::fmt::Write;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "formatDate",
        aliases: &["strftime"],
        parameters: takes(2, 3, "a time, a pattern of strftime, perhaps a time zone"),
        result: Type::Text,
        summary: "The time as text, in UTC unless a time zone is named.",
        examples: &[
            ("formatDate(fromMillis(1431280876000), \"%Y-%m-%d %H:%M:%S\")", Some("2015-05-10 18:01:16")),
            ("strftime(1431280876000, \"%d %b %H:%M %z\", \"Europe/Berlin\")", Some("10 May 20:01 +0200")),
            ("formatDate(fromMillis(0), \"%H\", \"+05:30\")", Some("05")),
            ("formatDate(fromMillis(0), \"%Q\")", None),
            ("formatDate(fromMillis(0), \"%H\", \"Mars\")", None),
        ],
        call: Call::Values(format_date),
    },
    Function {
        name: "parseDate",
        aliases: &[],
        parameters: takes(2, 3, "a text, a Java date pattern, perhaps a time zone"),
        result: Type::Int,
        summary: "The milliseconds since the epoch that the text tells, in UTC unless text or argument name a zone.",
        examples: &[
            ("parseDate(\"2015-05-10 18:01:16\", \"yyyy-MM-dd HH:mm:ss\")", Some("1431280876000")),
            ("parseDate(\"10/May/2015:20:01:16 +0200\", \"dd/MMM/yyyy:HH:mm:ss Z\")", Some("1431280876000")),
            (
                "parseDate(\"2015-05-10T18:01:16.250Z\", \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")",
                Some("1431280876250"),
            ),
            (
                "parseDate(\"2015-05-10 20:01\", \"yyyy-MM-dd HH:mm\", \"Europe/Berlin\")",
                Some("1431280860000"),
            ),
            ("parseDate(\"2015-05-10\", \"yyyy-MM-dd\")", Some("1431216000000")),
            ("parseDate(\"18:01\", \"HH:mm\")", None),
            ("parseDate(\"no date\", \"yyyy\")", None),
        ],
        call: Call::Values(parse_date),
    },
];

/// A time zone by name or by its distance from UTC.
#[derive(Clone, Copy)]
pub(super) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    /// The zone of this name, or `None`.
    pub(super) fn named(name: &str) -> Option<Zone> {
        let named = name.parse::<Tz>().ok().map(Zone::Named);
        named.or_else(|| name.parse::<FixedOffset>().ok().map(Zone::Fixed))
    }

    /// What its clocks show; `None` outside the calendar.
    pub(super) fn clock_at(self, ms: i64) -> Option<NaiveDateTime> {
        let time = DateTime::from_timestamp_millis(ms)?;
        Some(match self {
            Zone::Named(zone) => time.with_timezone(&zone).naive_local(),
            Zone::Fixed(zone) => time.with_timezone(&zone).naive_local(),
        })
    }

    /// When its clocks show this, in milliseconds; the earlier time of two, `None` if they never do.
    pub(super) fn ms_at(self, clock: &NaiveDateTime) -> Option<i64> {
        match self {
            Zone::Named(zone) => earliest(zone.from_local_datetime(clock)),
            Zone::Fixed(zone) => earliest(zone.from_local_datetime(clock)),
        }
    }
}

/// The zone that argument `index` names: UTC if there is none, `None` if it names none.
fn zone(arguments: &[Value], index: usize) -> Option<Zone> {
    text_of(arguments, index).map_or(Some(Zone::Named(Tz::UTC)), |name| Zone::named(&name))
}

fn format_date(arguments: &[Value]) -> Value {
    formatted(arguments).map_or(Value::Null, Value::Text)
}

fn formatted(arguments: &[Value]) -> Option<String> {
    let ms = match arguments.first()?.number()? {
        Number::Int(ms) => ms,
        Number::Float(ms) => ms as i64,
    };
    let (time, pattern) = (DateTime::from_timestamp_millis(ms)?, text_of(arguments, 1)?);
    let items: Vec<Item> = StrftimeItems::new(&pattern).collect();
    if items.contains(&Item::Error) {
        return None;
    }
    let mut text = String::new();
    match zone(arguments, 2)? {
        Zone::Named(zone) => write!(text, "{}", time.with_timezone(&zone).format_with_items(items.iter())),
        Zone::Fixed(zone) => write!(text, "{}", time.with_timezone(&zone).format_with_items(items.iter())),
    }
    .ok()?;
    Some(text)
}

fn parse_date(arguments: &[Value]) -> Value {
    parsed(arguments).map_or(Value::Null, Value::Int)
}

/// The milliseconds that the first argument tells by the pattern that is the second.
pub(super) fn parsed(arguments: &[Value]) -> Option<i64> {
    let (text, pattern) = (text_of(arguments, 0)?, text_of(arguments, 1)?);
    let Pattern { strftime, has_zone, has_time, .. } = Pattern::of_java(&pattern, false)?;
    if has_zone {
        return Some(DateTime::parse_from_str(&text, &strftime).ok()?.timestamp_millis());
    }
    let local = match has_time {
        true => NaiveDateTime::parse_from_str(&text, &strftime).ok()?,
        false => NaiveDate::parse_from_str(&text, &strftime).ok()?.and_hms_opt(0, 0, 0)?,
    };
    zone(arguments, 2)?.ms_at(&local)
}

/// The time in UTC by a pattern of Java; `None` for a pattern with letters that are not listed here.
pub(super) fn printed(ms: i64, pattern: &str) -> Option<String> {
    let (time, pattern) = (DateTime::from_timestamp_millis(ms)?, Pattern::of_java(pattern, true)?);
    let mut text = String::new();
    write!(text, "{}", time.format(&pattern.strftime)).ok()?;
    Some(text)
}

fn earliest<Z: TimeZone>(found: LocalResult<DateTime<Z>>) -> Option<i64> {
    found.earliest().map(|time| time.with_timezone(&Utc).timestamp_millis())
}

/// A Java pattern in the words of strftime.
struct Pattern {
    strftime: String,
    has_zone: bool,
    has_time: bool,
    /// Whether times are printed, in UTC, and not parsed.
    prints: bool,
}

impl Pattern {
    fn of_java(pattern: &str, prints: bool) -> Option<Pattern> {
        let mut found = Pattern { strftime: String::new(), has_zone: false, has_time: false, prints };
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            rest = match first {
                '\'' => found.literal(&rest[1..])?,
                'a'..='z' | 'A'..='Z' => {
                    let length = rest.len() - rest.trim_start_matches(first).len();
                    found.letters(first, length)?;
                    &rest[length..]
                }
                _ => {
                    found.plain(first);
                    &rest[first.len_utf8()..]
                }
            };
        }
        Some(found)
    }

    /// Text between quotation marks; two of them stand for one. Gives what follows.
    fn literal<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let end = text.find('\'')?;
        match end {
            0 => self.plain('\''),
            _ => text[..end].chars().for_each(|other| self.plain(other)),
        }
        Some(&text[end + 1..])
    }

    fn plain(&mut self, other: char) {
        match other {
            '%' => self.strftime.push_str("%%"),
            other => self.strftime.push(other),
        }
    }

    fn letters(&mut self, letter: char, length: usize) -> Option<()> {
        let specifier = match (letter, length) {
            ('M' | 'L', 1) if self.prints => "%-m",
            ('d', 1) if self.prints => "%-d",
            ('D', 1) if self.prints => "%-j",
            ('H', 1) if self.prints => "%-H",
            ('h', 1) if self.prints => "%-I",
            ('m', 1) if self.prints => "%-M",
            ('s', 1) if self.prints => "%-S",
            ('X', _) if self.prints => "Z",
            ('Z', _) if self.prints => "%z",
            ('z' | 'V', _) if self.prints => "UTC",
            ('y' | 'u', 2) => "%y",
            ('y' | 'u', _) => "%Y",
            ('M' | 'L', 1 | 2) => "%m",
            ('M' | 'L', 3) => "%b",
            ('M' | 'L', _) => "%B",
            ('d', _) => "%d",
            ('D', _) => "%j",
            ('H', _) => "%H",
            ('h', _) => "%I",
            ('m', _) => "%M",
            ('s', _) => "%S",
            ('S', 3) => "%3f",
            ('S', 6) => "%6f",
            ('S', 9) => "%9f",
            ('a', _) => "%p",
            ('E', 1..=3) => "%a",
            ('E', _) => "%A",
            ('Z' | 'X' | 'x', _) => "%#z",
            _ => return None,
        };
        self.has_zone |= specifier == "%#z";
        self.has_time |= matches!(letter, 'H' | 'h');
        self.strftime.push_str(specifier);
        Some(())
    }
}
