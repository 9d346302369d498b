//! What the folders of a file tell: partitions (`aws-account-id=…/year=…/`), and the hours its records are of.
//!
//! Source: VPC User Guide, "Flow log files": `AWSLogs/account/vpcflowlogs/region/year/month/day/` with `hour/` for hourly
//! partitions; with Hive-compatible prefixes `aws-account-id=…/aws-service=vpcflowlogs/aws-region=…/year=…/month=…/day=…/`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use datafusion::common::Result;
use datafusion::dataframe::DataFrame;
use weir_insights::{FLOW_FIELDS, TimeRange};

use crate::events::GROUP;
use crate::kind::Kind;
use crate::scalar::{Op, call};
use crate::scope::column_of;

/// The folder above accounts in AWS's layout.
const ROOT: &str = "AWSLogs";
/// The folder above regions in AWS's layout.
const SERVICE: &str = "vpcflowlogs";
/// System fields that folders tell: of which partitions they are the values, and how many folders below [`ROOT`] they stand.
const TOLD: [(&str, [&str; 2], usize); 2] = [
    ("@aws.account", ["aws-account-id", "aws_account_id"], 1),
    ("@aws.region", ["aws-region", "aws_region"], 3),
];

/// The value of the partition `key` in a path, or of a system field that its folders tell.
pub fn partition<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let value = |key: &str| folders.split('/').find_map(|folder| folder.strip_prefix(key)?.strip_prefix('='));
    match TOLD.iter().find(|(field, _, _)| *field == key) {
        None => value(key),
        Some((_, keys, below)) => {
            keys.iter().find_map(|key| value(key)).or_else(|| below_root(folders, *below))
        }
    }
}

/// The folder so many below [`ROOT`], in AWS's layout without partitions.
fn below_root(folders: &str, below: usize) -> Option<&str> {
    let mut folders = folders.split('/').skip_while(|folder| *folder != ROOT);
    (folders.clone().nth(2) == Some(SERVICE)).then(|| folders.nth(below)).flatten()
}

/// The partitions of the paths that a query can name: those that are no field of records or events.
fn partition_keys(paths: &[PathBuf]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for path in paths {
        let path = path.to_string_lossy();
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        keys.extend(folders.split('/').filter_map(|folder| Some(folder.split_once('=')?.0.to_owned())));
    }
    keys.retain(|key| !key.starts_with('@') && FLOW_FIELDS.iter().all(|known| known.field != key));
    keys
}

/// The system fields of these names that the folders of some of the paths tell.
fn told_fields(names: &BTreeSet<String>, paths: &[PathBuf]) -> Vec<String> {
    let named = TOLD.iter().map(|(field, _, _)| (*field).to_owned()).filter(|field| names.contains(field));
    let is_told =
        |field: &String| paths.iter().any(|path| partition(&path.to_string_lossy(), field).is_some());
    named.filter(is_told).collect()
}

/// The rows with a column for each partition or told field that is named, of files at these paths, and the names with their
/// columns.
pub fn with_partitions(
    mut frame: DataFrame,
    names: &BTreeSet<String>,
    paths: &[PathBuf],
) -> Result<(DataFrame, Vec<(String, String)>)> {
    let mut partitions = vec![];
    let keys = partition_keys(paths).into_iter().filter(|key| names.contains(key));
    for key in keys.chain(told_fields(names, paths)) {
        let column = format!("partition_{}", partitions.len());
        let value = call(Op::Partition(key.clone()), Kind::Text, vec![(column_of(GROUP), Kind::Text)]);
        frame = frame.with_column(&column, value)?;
        partitions.push((key, column));
    }
    Ok((frame, partitions))
}

/// The time that folders tell of, as far as they go: a year, a month, a day or an hour. `None` if they tell nothing.
pub fn told_time(path: &str) -> Option<TimeRange> {
    let folders: Vec<&str> = path.split('/').collect();
    let service = folders.iter().position(|folder| *folder == SERVICE);
    let plain = service.map_or(&[][..], |at| folders.get(at + 2..).unwrap_or_default());
    let number = |at: usize, key: &str| -> Option<u32> {
        let prefixed = folders.iter().find_map(|folder| folder.strip_prefix(key)?.strip_prefix('='));
        prefixed.or_else(|| plain.get(at).copied())?.parse().ok()
    };
    let (year, month, day) = (number(0, "year")?, number(1, "month"), number(2, "day"));
    let hour = number(3, "hour").filter(|_| month.is_some() && day.is_some());
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month.unwrap_or(1), day.unwrap_or(1))?;
    let start = date.and_hms_opt(hour.unwrap_or(0), 0, 0)?.and_utc();
    let end = match (month, day, hour) {
        (_, _, Some(_)) => start + TimeDelta::hours(1),
        (Some(_), Some(_), None) => start + TimeDelta::days(1),
        (Some(_), None, None) => start.checked_add_months(Months::new(1))?,
        (None, _, None) => start.with_year(start.year() + 1)?,
    };
    let ms = |time: DateTime<Utc>| time.timestamp_millis();
    Some(TimeRange { start_ms: ms(start), end_ms: ms(end) - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2019/02/04";
    const HIVE: &str = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2019/month=02/day=04";

    #[test]
    fn folders_tell_their_time() {
        let day = Some((1_549_238_400_000, 86_400_000));
        let hour = Some((1_549_238_400_000 + 12 * 3_600_000, 3_600_000));
        let cases = [
            (PLAIN.to_owned(), day),
            (format!("{PLAIN}/a_20190204T1200Z_b.log.gz"), day),
            (format!("{PLAIN}/12/a.log"), hour),
            (HIVE.to_owned(), day),
            (format!("{HIVE}/hour=12/a.parquet"), hour),
            ("x/year=2019/month=02".to_owned(), Some((1_548_979_200_000, 28 * 86_400_000))),
            ("x/year=2020".to_owned(), Some((1_577_836_800_000, 366 * 86_400_000))),
            ("backup/2019/02/04".to_owned(), None),
            ("x/year=2019/month=13".to_owned(), None),
            ("AWSLogs/123456789012/vpcflowlogs/us-east-1".to_owned(), None),
        ];
        for (path, expected) in cases {
            let told = told_time(&path).map(|time| (time.start_ms, time.end_ms - time.start_ms + 1));
            assert_eq!(told, expected, "{path}");
        }
    }

    #[test]
    fn partitions_are_named_by_their_folders() {
        let file = format!("{HIVE}/region=x/b=1.log");
        let keys = partition_keys(&[file.clone().into()]);
        let expected = ["aws-account-id", "aws-region", "aws-service", "day", "month", "year"];
        assert!(keys.iter().eq(&expected), "{keys:?}");
        assert_eq!(partition(&file, "aws-region"), Some("us-east-1"));
        assert_eq!(partition(&file, "b"), None);
        assert_eq!(partition(&file, "ear"), None);
    }

    #[test]
    fn folders_tell_account_and_region() {
        let fields = ["@aws.account", "@aws.region"];
        let own =
            "logs/aws_account_id=123456789012/aws_region=us-east-1/log_group=g/day=2019-02-04/1.parquet";
        for path in [format!("/x/{PLAIN}/a.log"), format!("{HIVE}/a.log"), own.to_owned()] {
            let told = fields.map(|field| partition(&path, field));
            assert_eq!(told, [Some("123456789012"), Some("us-east-1")], "{path}");
        }
        for path in
            ["AWSLogs/123456789012/CloudTrail/us-east-1/a.log", "123456789012/vpcflowlogs/us-east-1/a", "a"]
        {
            let told = fields.map(|field| partition(path, field));
            assert_eq!(told, [None, None], "{path}");
        }
        let names: BTreeSet<String> = ["@aws.region", "srcAddr"].map(str::to_owned).into();
        assert_eq!(told_fields(&names, &["a".into(), format!("{PLAIN}/a.log").into()]), ["@aws.region"]);
        assert_eq!(told_fields(&names, &["a".into()]), [""; 0]);
    }
}
