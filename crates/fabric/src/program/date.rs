//! date, which prints the host's time.
//!
//! Source: date(1) of GNU coreutils 8.32, in the locale C.UTF-8 and in UTC, which Amazon Linux 2023 has.

use super::Started;
use crate::calendar::Moment;
use weir_model::Nanos;

/// What date prints if nothing else is asked for.
const USUAL: &str = "%a %b %e %H:%M:%S %Z %Y";

/// Runs date: `+FORMAT`, `-u`, `-I`, `-R`.
pub(super) fn date(args: &[String], now: Nanos) -> Started {
    let mut format = USUAL;
    for arg in args {
        format = match (arg.as_str(), arg.strip_prefix('+')) {
            (_, Some(given)) => given,
            ("-u" | "--utc" | "--universal", _) => continue,
            ("-I" | "-Idate" | "--iso-8601" | "--iso-8601=date", _) => "%F",
            ("-Iseconds" | "--iso-8601=seconds", _) => "%FT%T%:z",
            ("-Ins" | "--iso-8601=ns", _) => "%FT%T,%N%:z",
            ("-R" | "--rfc-email", _) => "%a, %d %b %Y %T %z",
            (option, _) if option.starts_with('-') => {
                return Started::failed(format!("date: {option}: not simulated by weir\n"), 1);
            }
            (text, _) => return Started::failed(format!("date: invalid date '{text}'\n"), 1),
        };
    }
    match formatted(format, now) {
        Ok(text) => Started::printed(text + "\n"),
        Err(message) => Started::failed(format!("date: {message}\n"), 1),
    }
}

/// A time in a format.
///
/// # Errors
/// Something in the format is not simulated: its name.
fn formatted(format: &str, now: Nanos) -> Result<String, String> {
    let (moment, mut text, mut letters) = (Moment::of(now), String::new(), format.chars().peekable());
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let flag = letters.next_if(|letter| "-_0^".contains(*letter));
        let digits: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)).collect();
        let colon = letters.next_if_eq(&':').map(String::from).unwrap_or_default();
        let sign = letters.next().map(String::from).unwrap_or_default();
        let whole = format!("%{}{digits}{colon}{sign}", flag.map(String::from).unwrap_or_default());
        let refused = || format!("{whole}: not simulated by weir");
        let field = match (digits.as_str(), format!("{colon}{sign}").as_str()) {
            ("", name) => field(name, &moment, now).ok_or_else(refused)?,
            // Only of the billionths fewer digits are asked for.
            (count @ ("3" | "6" | "9"), "N") => {
                let billionths = format!("{:09}", now.0 % 1_000_000_000);
                Field::Text(billionths[..count.parse().unwrap_or(9)].to_owned())
            }
            _ => return Err(refused()),
        };
        text += &field.with(flag).ok_or_else(refused)?;
    }
    Ok(text)
}

/// What stands for a letter of a format.
enum Field {
    Text(String),
    /// A number that has so many digits, and what stands before those that it lacks.
    Number(u64, usize, char),
}

impl Field {
    /// With a flag: `-` nothing before a number, `_` blanks, `0` zeros, `^` great letters; `None` if it takes no such flag.
    fn with(self, flag: Option<char>) -> Option<String> {
        let padded = |number: u64, width: usize, before: char| {
            let digits = number.to_string();
            before.to_string().repeat(width.saturating_sub(digits.len())) + &digits
        };
        Some(match (self, flag) {
            (Field::Text(text), None) => text,
            (Field::Text(text), Some('^')) => text.to_uppercase(),
            (Field::Number(number, width, before), None) => padded(number, width, before),
            (Field::Number(number, ..), Some('-')) => number.to_string(),
            (Field::Number(number, width, _), Some('_')) => padded(number, width, ' '),
            (Field::Number(number, width, _), Some('0')) => padded(number, width, '0'),
            _ => return None,
        })
    }
}

fn field(name: &str, moment: &Moment, now: Nanos) -> Option<Field> {
    let text = |format: &str| formatted(format, now).ok().map(Field::Text);
    let (hour, minute, second) = moment.time();
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    Some(match name {
        "Y" => Field::Number(moment.year(), 1, '0'),
        "y" => Field::Number(moment.year() % 100, 2, '0'),
        "C" => Field::Number(moment.year() / 100, 2, '0'),
        "m" => Field::Number(moment.month(), 2, '0'),
        "d" => Field::Number(moment.day(), 2, '0'),
        "e" => Field::Number(moment.day(), 2, ' '),
        "j" => Field::Number(moment.day_of_year(), 3, '0'),
        "H" => Field::Number(hour, 2, '0'),
        "k" => Field::Number(hour, 2, ' '),
        "I" => Field::Number(half, 2, '0'),
        "l" => Field::Number(half, 2, ' '),
        "M" => Field::Number(minute, 2, '0'),
        "S" => Field::Number(second, 2, '0'),
        "s" => Field::Number(now.seconds(), 1, '0'),
        "N" => Field::Number(now.0 % 1_000_000_000, 9, '0'),
        "u" => Field::Number(moment.weekday_number(), 1, '0'),
        "w" => Field::Number(moment.weekday_number() % 7, 1, '0'),
        "a" => Field::Text(moment.weekday_name().get(..3)?.to_owned()),
        "A" => Field::Text(moment.weekday_name().to_owned()),
        "b" | "h" => Field::Text(moment.month_name().get(..3)?.to_owned()),
        "B" => Field::Text(moment.month_name().to_owned()),
        "p" => Field::Text(if hour < 12 { "AM" } else { "PM" }.to_owned()),
        "P" => Field::Text(if hour < 12 { "am" } else { "pm" }.to_owned()),
        "Z" => Field::Text("UTC".to_owned()),
        "z" => Field::Text("+0000".to_owned()),
        ":z" => Field::Text("+00:00".to_owned()),
        "F" => text("%Y-%m-%d")?,
        "T" | "X" => text("%H:%M:%S")?,
        "R" => text("%H:%M")?,
        "D" | "x" => text("%m/%d/%y")?,
        "r" => text("%I:%M:%S %p")?,
        "c" => text("%a %b %e %H:%M:%S %Y")?,
        "n" => Field::Text("\n".to_owned()),
        "t" => Field::Text("\t".to_owned()),
        "%" => Field::Text("%".to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // `LC_ALL=C.UTF-8 date -u -d @1767225600.123456789` of coreutils prints the same.
    #[test]
    fn formats_are_those_of_date() {
        let check = |format: &str, expected: &str| {
            let shown = formatted(format, Nanos(1_767_225_600_123_456_789));
            assert_eq!(shown.unwrap_or_else(|message| message), expected, "{format}");
        };
        check(USUAL, "Thu Jan  1 00:00:00 UTC 2026");
        check("%Y-%m-%dT%H:%M:%SZ", "2026-01-01T00:00:00Z");
        check(
            "%a %A %b %B %c|%C|%D|%e|%F|%h",
            "Thu Thursday Jan January Thu Jan  1 00:00:00 2026|20|01/01/26| 1|2026-01-01|Jan",
        );
        check("%I|%j|%k|%l|%M|%N|%p|%P|%r|%R", "12|001| 0|12|00|123456789|AM|am|12:00:00 AM|00:00");
        check(
            "%s|%s%3N|%T|%u|%w|%y|%z|%:z|%Z|%%|%n",
            "1767225600|1767225600123|00:00:00|4|4|26|+0000|+00:00|UTC|%|\n",
        );
        check("%02d", "%02d: not simulated by weir");
        check("%-d|%_d|%0e|%-H|%^a|%3N|%6N", "1| 1|01|0|THU|123|123456");
        check("%V", "%V: not simulated by weir");
        check("%^d", "%^d: not simulated by weir");
        check("%", "%: not simulated by weir");
    }
}
