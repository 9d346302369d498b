//! Finding objects, and how many requests it takes.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::*;
use crate::files::storage::{Listing, Objects};

/// A bucket in memory that keeps what it was asked.
#[derive(Debug)]
struct Bucket {
    keys: Vec<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Objects for Bucket {
    fn scheme(&self) -> &'static str {
        "s3://"
    }

    fn list(&self, prefix: &str, is_deep: bool) -> Result<Listing> {
        let mark = if is_deep { "**" } else { "" };
        self.asked.lock().expect("no panic").push(format!("{}{mark}", &prefix["s3://b/".len()..]));
        let mut listing = Listing::default();
        let mut folders = BTreeSet::new();
        for key in self.keys.iter().map(|key| format!("s3://b/{key}")).filter(|key| key.starts_with(prefix)) {
            match key[prefix.len()..].find('/').filter(|_| !is_deep) {
                Some(end) => _ = folders.insert(key[..=prefix.len() + end].to_owned()),
                None => listing.objects.push((key, 1)),
            }
        }
        listing.folders = folders.into_iter().collect();
        Ok(listing)
    }

    fn read(&self, _: &str, _: Range<u64>) -> Result<Vec<u8>> {
        Err(ErrorKind::Unsupported.into())
    }
}

const LOGS: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1";

/// Three days of two Regions, and what else may be in a bucket.
fn keys() -> Vec<String> {
    let mut keys = vec!["AWSLogs/notes.txt".to_owned(), "other/x.log".to_owned(), "other/y.csv".to_owned()];
    for day in ["01/31", "02/01", "02/02"] {
        for hour in ["05", "23"] {
            let time = format!("2019{}T{hour}00Z", day.replace('/', ""));
            let name = format!("2019/{day}/123456789012_vpcflowlogs_us-east-1_fl-0a_{time}_4ab1d1b4.log.gz");
            keys.push(format!("{LOGS}/{name}"));
            keys.push(format!("{LOGS}/{name}").replace("us-east-1", "eu-west-1"));
        }
    }
    keys.sort();
    keys
}

/// A number of objects or the error, and what was asked for.
fn found(path: &str, window: TimeRange) -> (std::result::Result<Vec<PathBuf>, String>, Vec<String>) {
    let asked = Arc::new(Mutex::new(vec![]));
    let storage = Storage::with(Box::new(Bucket { keys: keys(), asked: asked.clone() }));
    let found = find(path, window, &storage).map_err(|error| error.to_string());
    let asked = std::mem::take(&mut *asked.lock().expect("no panic"));
    (found, asked)
}

fn day(text: &str) -> i64 {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a day");
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}

#[test]
fn paths_and_patterns_mean_objects() {
    for (path, count) in [
        ("s3://b", 13),
        ("s3://b/AWSLogs/", 12),
        ("s3://b/AWSLogs", 12),
        ("s3://b/other", 1),
        ("s3://b/other/y.csv", 1),
        ("s3://b/other/*.csv", 1),
        ("s3://b/o*", 1),
        ("s3://b/AWSLogs/*/vpcflowlogs/us-*", 6),
        ("s3://b/AWSLogs/*/vpcflowlogs/*/2019/02/0?/*T05*", 4),
        ("s3://b/AWSLogs/**/*T05*.gz", 6),
        ("s3://b/**/02/01", 4),
        ("s3://b/AWSLogs/notes.*", 1),
    ] {
        let (found, _) = found(path, TimeRange::ALL);
        assert_eq!(found.as_ref().map(Vec::len), Ok(count), "{path} {found:?}");
    }
    // A key may have two slashes side by side; these have none.
    for path in ["s3://b/AWS", "s3://b/none/", "s3://b/AWSLogs//", "s3://b/none", "s3://b/none*"] {
        let (found, _) = found(path, TimeRange::ALL);
        match path.ends_with('/') {
            true => assert_eq!(found, Ok(vec![])),
            false => assert_eq!(found, Err(format!("{path}: no such object, and none below it"))),
        }
    }
}

#[test]
fn only_folders_of_the_time_are_listed() {
    let all = TimeRange::ALL;
    let from = |text: &str| TimeRange { start_ms: day(text), ..all };
    let first = TimeRange { start_ms: day("2019-01-31"), end_ms: day("2019-02-01") - 7_200_000 };
    let path = format!("s3://b/{LOGS}");
    let slash = format!("{LOGS}/");
    let at = |rest: &str| format!("{LOGS}/{rest}");
    for (window, count, expected) in [
        (all, 6, vec![LOGS.to_owned(), at("**")]),
        (from("2019-01-01"), 6, vec![LOGS.to_owned(), slash.clone(), at("2019/**")]),
        (
            from("2019-02-02"),
            // The last hour of the day before has records of it.
            3,
            vec![
                LOGS.to_owned(),
                slash.clone(),
                at("2019/"),
                at("2019/02/"),
                at("2019/02/01/"),
                at("2019/02/02/**"),
            ],
        ),
        (first, 2, vec![LOGS.to_owned(), slash.clone(), at("2019/"), at("2019/01/"), at("2019/01/31/")]),
        (from("2020-01-02"), 0, vec![LOGS.to_owned(), slash]),
    ] {
        let (found, mut asked) = found(&path, window);
        assert_eq!(found.map(|found| found.len()), Ok(count), "{window:?}");
        asked.sort_by_key(|asked| asked.trim_end_matches('*').to_owned());
        assert_eq!(asked, expected, "{window:?}");
    }
}

#[test]
fn a_pattern_leads_only_where_it_matches() {
    let (_, asked) = found("s3://b/AWSLogs/*/vpcflowlogs/eu-*/2019/01", TimeRange::ALL);
    let mut expected = vec![
        "AWSLogs/".to_owned(),
        "AWSLogs/123456789012/".to_owned(),
        "AWSLogs/123456789012/vpcflowlogs/".to_owned(),
    ];
    let europe = LOGS.replace("us-east-1", "eu-west-1");
    expected.extend([format!("{europe}/"), format!("{europe}/2019/"), format!("{europe}/2019/01/**")]);
    assert_eq!(asked, expected);
}
