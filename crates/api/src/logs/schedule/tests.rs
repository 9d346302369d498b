use super::*;
use chrono::Timelike;
use proptest::prelude::*;
use std::collections::BTreeSet;

const MINUTE_MS: i64 = 60_000;

fn time(text: &str) -> Timestamp {
    let text = format!("{text}:00Z");
    Timestamp(
        text.parse::<DateTime<Utc>>().unwrap_or_else(|error| panic!("{text}: {error}")).timestamp_millis(),
    )
}

fn shown(time: Timestamp) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(time.0).expect("a time");
    time.format("%a %Y-%m-%dT%H:%M").to_string()
}

/// The three times after `time` at which the expression is due, in UTC.
#[track_caller]
fn check(zone: &str, expression: &str, after: &str, expected: &[&str]) {
    let zone = zone.parse().expect("a zone");
    let schedule = Schedule::parse(expression, zone).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let first = schedule.next_after(time(after));
    let due = std::iter::successors(first, |due| schedule.next_after(*due)).take(3);
    assert_eq!(due.map(shown).collect::<Vec<_>>(), expected, "{expression} in {zone}");
}

#[test]
fn schedules_of_the_guide_come_when_it_says() {
    let check = |expression, expected: [&str; 3]| check("UTC", expression, "2026-01-01T00:00", &expected);
    // "Schedule expression reference", in its order; 2026-01-01 is a Thursday.
    check("cron(0 9 * * ? *)", ["Thu 2026-01-01T09:00", "Fri 2026-01-02T09:00", "Sat 2026-01-03T09:00"]);
    check("cron(0 */6 * * ? *)", ["Thu 2026-01-01T06:00", "Thu 2026-01-01T12:00", "Thu 2026-01-01T18:00"]);
    check("cron(30 2 * * ? *)", ["Thu 2026-01-01T02:30", "Fri 2026-01-02T02:30", "Sat 2026-01-03T02:30"]);
    check(
        "cron(0 9-17 ? * MON-FRI *)",
        ["Thu 2026-01-01T09:00", "Thu 2026-01-01T10:00", "Thu 2026-01-01T11:00"],
    );
    check(
        "cron(0 18 ? * MON-FRI *)",
        ["Thu 2026-01-01T18:00", "Fri 2026-01-02T18:00", "Mon 2026-01-05T18:00"],
    );
    check(
        "cron(0 8,12,17 ? * MON-FRI *)",
        ["Thu 2026-01-01T08:00", "Thu 2026-01-01T12:00", "Thu 2026-01-01T17:00"],
    );
    check("cron(0 12 ? * SUN *)", ["Sun 2026-01-04T12:00", "Sun 2026-01-11T12:00", "Sun 2026-01-18T12:00"]);
    check("cron(0 9 ? * MON *)", ["Mon 2026-01-05T09:00", "Mon 2026-01-12T09:00", "Mon 2026-01-19T09:00"]);
    check("cron(0 23 ? * FRI *)", ["Fri 2026-01-02T23:00", "Fri 2026-01-09T23:00", "Fri 2026-01-16T23:00"]);
    check("cron(0 0 1 * ? *)", ["Sun 2026-02-01T00:00", "Sun 2026-03-01T00:00", "Wed 2026-04-01T00:00"]);
    check("cron(0 9 L * ? *)", ["Sat 2026-01-31T09:00", "Sat 2026-02-28T09:00", "Tue 2026-03-31T09:00"]);
    check(
        "cron(0 10 1 1,4,7,10 ? *)",
        ["Thu 2026-01-01T10:00", "Wed 2026-04-01T10:00", "Wed 2026-07-01T10:00"],
    );
    check("cron(*/15 * * * ? *)", ["Thu 2026-01-01T00:15", "Thu 2026-01-01T00:30", "Thu 2026-01-01T00:45"]);
    check("cron(0,30 * * * ? *)", ["Thu 2026-01-01T00:30", "Thu 2026-01-01T01:00", "Thu 2026-01-01T01:30"]);
    check("cron(0 */2 * * ? *)", ["Thu 2026-01-01T02:00", "Thu 2026-01-01T04:00", "Thu 2026-01-01T06:00"]);
    check("cron(30 8 1 1 ? *)", ["Thu 2026-01-01T08:30", "Fri 2027-01-01T08:30", "Sat 2028-01-01T08:30"]);
    check(
        "cron(0 6 * * SAT,SUN *)",
        ["Sat 2026-01-03T06:00", "Sun 2026-01-04T06:00", "Sat 2026-01-10T06:00"],
    );
    check("cron(0 0 ? * MON#1 *)", ["Mon 2026-01-05T00:00", "Mon 2026-02-02T00:00", "Mon 2026-03-02T00:00"]);
    check("cron(0 0 ? * FRIL *)", ["Fri 2026-01-30T00:00", "Fri 2026-02-27T00:00", "Fri 2026-03-27T00:00"]);
    check("cron(0 0 15W * ? *)", ["Thu 2026-01-15T00:00", "Mon 2026-02-16T00:00", "Mon 2026-03-16T00:00"]);
}

#[test]
fn days_and_steps_are_those_of_eventbridge() {
    let check = |expression, after, expected: &[&str]| check("UTC", expression, after, expected);
    let new_year = "2026-01-01T00:00";
    // "1/10 to specify every tenth minute, starting from the first minute of the hour".
    check(
        "cron(1/10 5 * * ? *)",
        new_year,
        &["Thu 2026-01-01T05:01", "Thu 2026-01-01T05:11", "Thu 2026-01-01T05:21"],
    );
    check(
        "cron(10-30/10 5 * * ? *)",
        new_year,
        &["Thu 2026-01-01T05:10", "Thu 2026-01-01T05:20", "Thu 2026-01-01T05:30"],
    );
    // "3#2 would be the second Tuesday of the month".
    check(
        "cron(0 0 ? * 3#2 *)",
        new_year,
        &["Tue 2026-01-13T00:00", "Tue 2026-02-10T00:00", "Tue 2026-03-10T00:00"],
    );
    check(
        "cron(0 0 ? * 5#5 *)",
        new_year,
        &["Thu 2026-01-29T00:00", "Thu 2026-04-30T00:00", "Thu 2026-07-30T00:00"],
    );
    // The last day of the week is Saturday; 6L the last Friday of the month.
    check(
        "cron(0 0 ? * L *)",
        new_year,
        &["Sat 2026-01-03T00:00", "Sat 2026-01-10T00:00", "Sat 2026-01-17T00:00"],
    );
    check(
        "cron(0 0 ? * 6L *)",
        new_year,
        &["Fri 2026-01-30T00:00", "Fri 2026-02-27T00:00", "Fri 2026-03-27T00:00"],
    );
    // The nearest weekday stays in its month: Saturday 1st to Monday 3rd, Sunday 31st to Friday 29th.
    check(
        "cron(0 0 1W 8 ? *)",
        new_year,
        &["Mon 2026-08-03T00:00", "Mon 2027-08-02T00:00", "Tue 2028-08-01T00:00"],
    );
    check(
        "cron(0 0 31W 5 ? *)",
        new_year,
        &["Fri 2026-05-29T00:00", "Mon 2027-05-31T00:00", "Wed 2028-05-31T00:00"],
    );
    check(
        "cron(0 0 31W 2-3 ? *)",
        new_year,
        &["Tue 2026-03-31T00:00", "Wed 2027-03-31T00:00", "Fri 2028-03-31T00:00"],
    );
    check(
        "cron(0 0 L 2 ? 2026-2030/2)",
        new_year,
        &["Sat 2026-02-28T00:00", "Tue 2028-02-29T00:00", "Thu 2030-02-28T00:00"],
    );
    check("cron(59 23 31 12 ? 2199)", new_year, &["Tue 2199-12-31T23:59"]);
    check("cron(0 0 30 2 ? *)", new_year, &[]);
    check("cron(0 0 1 1 ? 2020)", new_year, &[]);
    check("cron(0 0 ? * * 2026)", "2026-12-30T00:00", &["Thu 2026-12-31T00:00"]);
    check(
        "cron( 5  4 *  jan ? * )",
        new_year,
        &["Thu 2026-01-01T04:05", "Fri 2026-01-02T04:05", "Sat 2026-01-03T04:05"],
    );
}

#[test]
fn times_are_those_of_the_zone() {
    // New York: 02:00 becomes 03:00 on 2026-03-08, 02:00 becomes 01:00 on 2026-11-01.
    let new_york = "America/New_York";
    let daily = "cron(30 2 * * ? *)";
    let skipped = ["Sat 2026-03-07T07:30", "Mon 2026-03-09T06:30", "Tue 2026-03-10T06:30"];
    check(new_york, daily, "2026-03-07T00:00", &skipped);
    let once = ["Sun 2026-11-01T05:30", "Mon 2026-11-02T06:30", "Tue 2026-11-03T06:30"];
    check(new_york, "cron(30 1 * * ? *)", "2026-11-01T00:00", &once);
    check(
        new_york,
        "cron(30 1 * * ? *)",
        "2026-11-01T06:00",
        &["Mon 2026-11-02T06:30", "Tue 2026-11-03T06:30", "Wed 2026-11-04T06:30"],
    );
    check(
        new_york,
        "cron(0 * * * ? *)",
        "2026-11-01T05:00",
        &["Sun 2026-11-01T07:00", "Sun 2026-11-01T08:00", "Sun 2026-11-01T09:00"],
    );
    check(
        "Asia/Kolkata",
        "cron(0 0 1 * ? *)",
        "2026-01-01T00:00",
        &["Sat 2026-01-31T18:30", "Sat 2026-02-28T18:30", "Tue 2026-03-31T18:30"],
    );
    // Samoa had no 30 December 2011.
    check(
        "Pacific/Apia",
        "cron(0 12 * * ? *)",
        "2011-12-29T00:00",
        &["Thu 2011-12-29T22:00", "Fri 2011-12-30T22:00", "Sat 2011-12-31T22:00"],
    );
}

#[test]
fn a_schedule_is_due_after_a_time_and_not_at_it() {
    let schedule = Schedule::parse("cron(* * * * ? *)", Tz::UTC).expect("every minute");
    let start = time("2026-01-01T00:00");
    for (past_ms, next) in [(-1, 0), (0, MINUTE_MS), (1, MINUTE_MS), (MINUTE_MS - 1, MINUTE_MS)] {
        assert_eq!(schedule.next_after(start.plus_ms(past_ms)), Some(start.plus_ms(next)), "{past_ms}");
    }
}

#[test]
fn times_that_no_calendar_has_are_followed_by_nothing() {
    let schedule = Schedule::parse("cron(* * * * ? *)", Tz::UTC).expect("every minute");
    assert_eq!(schedule.next_after(Timestamp(i64::MAX)), None);
    assert_eq!(schedule.next_after(Timestamp(i64::MIN)), None);
    assert_eq!(schedule.next_after(time("2199-12-31T23:59")), None);
}

#[test]
fn what_is_no_schedule_is_refused() {
    let refused = |expression: &str| {
        Schedule::parse(expression, Tz::UTC)
            .err()
            .map_or_else(|| "taken".to_owned(), |error| error.to_string())
    };
    let not_cron = "The schedule expression must be a cron expression: cron(...).";
    for text in
        ["", "rate(5 minutes)", "0 9 * * ? *", "cron(0 9 * * ? *", "CRON(0 9 * * ? *)", " cron(0 9 * * ? *)"]
    {
        assert_eq!(refused(text), not_cron, "{text}");
    }
    assert_eq!(refused("cron(0 9 * * *)"), "A cron expression has 6 fields, and not 5.");
    assert_eq!(refused("cron(0 0 9 * * ? *)"), "A cron expression has 6 fields, and not 7.");
    assert_eq!(refused("cron()"), "A cron expression has 6 fields, and not 0.");
    let days = "Of day-of-month and day-of-week one must be '?', and the other a day.";
    for both in ["cron(0 9 * * * *)", "cron(0 9 ? * ? *)", "cron(0 9 1 * MON *)", "cron(0 9 L * 1 *)"] {
        assert_eq!(refused(both), days, "{both}");
    }
    let fields = [
        ("minutes", "cron(X 9 * * ? *)", "60 -1 +5 1- -5 5-1 */0 1/ /5 ? L 5,, 1.5 1/2/3 5-x MON"),
        ("hours", "cron(0 X * * ? *)", "24 ? 9-17-18 99999999999"),
        ("day-of-month", "cron(0 0 X * ? *)", "0 32 W LW 32W L-3 1,L 1W,5 0W MON"),
        ("month", "cron(0 0 1 X ? *)", "0 13 JANUARY ? DEC-JAN"),
        ("day-of-week", "cron(0 0 ? * X *)", "0 8 MON#0 MON#6 #1 MON#1,FRI#2 8L MON,L FRI-MON MO"),
        ("year", "cron(0 0 1 1 ? X)", "1969 2200 ? 26"),
    ];
    for (name, expression, values) in fields {
        for value in values.split(' ') {
            let expected = format!("The field {name} cannot be '{value}'.");
            assert_eq!(refused(&expression.replace('X', value)), expected);
        }
    }
}

/// A day as the oracle chooses it: the two fields of the expression, and which dates they mean, said another way.
#[derive(Clone, Debug)]
enum Day {
    Any,
    Month(u32),
    Last,
    Nearest(u32),
    Week(u32),
    LastOfWeek(u32),
    Nth(u32, u32),
}

impl Day {
    fn text(&self) -> (String, String) {
        let unsaid = || "?".to_owned();
        match self {
            Day::Any => ("*".to_owned(), unsaid()),
            Day::Month(day) => (day.to_string(), unsaid()),
            Day::Last => ("L".to_owned(), unsaid()),
            Day::Nearest(day) => (format!("{day}W"), unsaid()),
            Day::Week(day) => (unsaid(), day.to_string()),
            Day::LastOfWeek(day) => (unsaid(), format!("{day}L")),
            Day::Nth(day, nth) => (unsaid(), format!("{day}#{nth}")),
        }
    }

    fn has(&self, date: NaiveDate) -> bool {
        let month: Vec<NaiveDate> = (1..=31).filter_map(|day| date.with_day(day)).collect();
        let on = |weekday: u32| -> Vec<NaiveDate> {
            month
                .iter()
                .copied()
                .filter(|date| date.weekday().num_days_from_sunday() + 1 == weekday)
                .collect()
        };
        let chosen = match *self {
            Day::Any => Some(date),
            Day::Month(day) => date.with_day(day),
            Day::Last => month.last().copied(),
            Day::Week(weekday) => on(weekday).into_iter().find(|other| *other == date),
            Day::LastOfWeek(weekday) => on(weekday).last().copied(),
            Day::Nth(weekday, nth) => on(weekday).get(nth as usize - 1).copied(),
            Day::Nearest(day) => date.with_day(day).and_then(|wanted| {
                let working = month
                    .iter()
                    .filter(|date| !["Sat", "Sun"].contains(&date.weekday().to_string().as_str()));
                working.min_by_key(|date| (**date - wanted).num_days().abs()).copied()
            }),
        };
        chosen == Some(date)
    }
}

/// Minute by minute: the times in the minutes after `after` that the fields have, unless the clocks have shown them before.
fn by_minutes(
    zone: Tz,
    (minute, hour, day): (u32, u32, &Day),
    after: Timestamp,
    minutes: i64,
) -> Vec<Timestamp> {
    // Clocks are set back by three hours at most.
    const BACK: i64 = 180;
    let first = after.0.div_euclid(MINUTE_MS) + 1;
    let mut seen = BTreeSet::new();
    let mut due = vec![];
    for at in first - BACK..first + minutes {
        let time = Timestamp(at * MINUTE_MS);
        let utc = DateTime::<Utc>::from_timestamp_millis(time.0).expect("a time");
        let shown = utc.with_timezone(&zone).naive_local();
        let is_new = seen.insert(shown);
        let is_meant = shown.minute().is_multiple_of(minute)
            && shown.hour().is_multiple_of(hour)
            && day.has(shown.date());
        if at >= first && is_new && is_meant {
            due.push(time);
        }
    }
    due
}

fn days() -> impl Strategy<Value = Day> {
    prop_oneof![
        6 => Just(Day::Any),
        1 => (1..=31u32).prop_map(Day::Month),
        1 => Just(Day::Last),
        1 => (1..=31u32).prop_map(Day::Nearest),
        1 => (1..=7u32).prop_map(Day::Week),
        1 => (1..=7u32).prop_map(Day::LastOfWeek),
        1 => (1..=7u32, 1..=5u32).prop_map(|(day, nth)| Day::Nth(day, nth)),
    ]
}

fn zones() -> impl Strategy<Value = Tz> {
    use Tz::*;
    prop::sample::select(vec![UTC, America__New_York, Europe__Berlin, Australia__Lord_Howe, Asia__Kathmandu])
}

/// Days around those on which clocks are set, and others.
fn bases() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "2026-03-07T00:00",
        "2026-03-28T00:00",
        "2026-04-04T00:00",
        "2026-10-03T00:00",
        "2026-10-24T00:00",
        "2026-10-31T12:00",
        "2026-12-30T00:00",
        "2028-02-27T00:00",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn times_are_those_of_counting_minutes(
        zone in zones(),
        minute in 1..=59u32,
        hour in prop_oneof![1..=3u32, 1..=23u32],
        day in days(),
        base in bases(),
        offset_ms in 0..24 * 60 * MINUTE_MS,
    ) {
        const MINUTES: i64 = 2 * 24 * 60;
        let after = time(base).plus_ms(offset_ms);
        let (of_month, of_week) = day.text();
        let expression = format!("cron(*/{minute} */{hour} {of_month} * {of_week} *)");
        let schedule = Schedule::parse(&expression, zone).expect("an expression");
        let end = Timestamp((after.0.div_euclid(MINUTE_MS) + MINUTES) * MINUTE_MS);
        let due = std::iter::successors(schedule.next_after(after), |due| schedule.next_after(*due));
        let due: Vec<String> = due.take_while(|due| *due <= end).map(shown).collect();
        let counted: Vec<String> =
            by_minutes(zone, (minute, hour, &day), after, MINUTES).into_iter().map(shown).collect();
        prop_assert_eq!(due, counted, "{} in {} after {}", expression, zone, shown(after));
    }
}
