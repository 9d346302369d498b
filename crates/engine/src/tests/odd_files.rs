//! Files as people have them: joined, found twice, made by other tools, damaged.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::parquet::arrow::ArrowWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use weir_insights::{ExecuteError, Reads, Run, TimeRange, plan};

use super::Directory;
use super::files::{as_parquet, ask, rows};
use super::world::tables;
use crate::engine::is_of_memory;
use crate::files::{Files, Oddity, Storage, find};
use crate::{Engine, Options};

fn told(files: &[PathBuf], query: &str) -> String {
    let answer = ask(files, query, TimeRange::ALL).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert_eq!(answer.unreadable, []);
    rows(&answer.result)
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let file = std::fs::File::create(path).expect("room");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("room");
    writer.close().expect("room");
}

/// A header selects the columns of what follows, fields that no line before had among them.
#[test]
fn every_header_counts() {
    let directory = Directory::new("headers");
    let path = directory.path().join("joined.log");
    let parts = [
        "srcaddr bytes\n10.0.0.1 7\n",
        "srcaddr dstport vpc-id bytes\n10.0.0.2 22 vpc-1 8\n10.0.0.3 - - 9\n",
        "srcaddr tcp-flags\n10.0.0.4 3\n",
    ];
    let expected = ["10.0.0.1 | ∅ | ∅ | 7", "10.0.0.2 | 22 | vpc-1 | 8", "10.0.0.3 | - | - | 9"];
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        std::fs::write(&path, order.map(|part| parts[part]).concat()).expect("room");
        let found = told(
            std::slice::from_ref(&path),
            "fields srcAddr, dstPort, vpcId, bytes | filter srcAddr != '10.0.0.4' | sort srcAddr",
        );
        assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{order:?}");
        let counted = told(std::slice::from_ref(&path), "filter vpcId = 'vpc-1' | stats count(*)");
        assert_eq!(counted, "1\n", "{order:?}");
        let summed = told(std::slice::from_ref(&path), "stats sum(tcpFlags), count(bytes), sum(bytes)");
        assert_eq!(summed, "3 | 3 | 24\n", "{order:?}");
    }
    // A line that is no record above the header hides nothing of it.
    std::fs::write(&path, format!("a line of something else\n{}", parts[1])).expect("room");
    assert_eq!(told(&[path], "stats count(*) by vpcId | sort vpcId desc"), "vpc-1 | 1\n- | 1\n");
}

#[test]
fn a_file_is_read_once_however_it_is_found() {
    let directory = Directory::new("once");
    let root = directory.path();
    let deep = root.join("a/b");
    std::fs::create_dir_all(&deep).expect("room");
    std::fs::create_dir_all(root.join("a/x.log")).expect("room");
    let files = ["a/b/1.log", "a/2.log.gz", "a/x.log/3.log", "a/000000.gz"];
    files.iter().for_each(|name| std::fs::write(root.join(name), "").expect("room"));
    let found = |paths: &[PathBuf]| find(paths, TimeRange::ALL, &Storage::default()).expect("files").len();
    assert_eq!(found(&[root.join("**")]), 4);
    assert_eq!(found(&[root.join("a"), root.to_path_buf(), root.join("a/2.log.gz")]), 4);
    assert_eq!(found(&[root.join("**/*.log")]), 2);
}

/// Times of every type are seconds, and so are the milliseconds of old records.
#[test]
fn times_of_parquet_are_seconds() {
    let directory = Directory::new("parquet-times");
    let (first, second) = (1_700_000_000_i64, 1_700_003_600);
    let times: [(&str, ArrayRef); 6] = [
        ("s", Arc::new(TimestampSecondArray::from(vec![first, second]))),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![first * 1000, second * 1000 + 999]))),
        (
            "us",
            Arc::new(
                TimestampMicrosecondArray::from(vec![first * 1_000_000, second * 1_000_000])
                    .with_timezone("+02:00"),
            ),
        ),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![first * 1_000_000_000, second * 1_000_000_000]))),
        ("int", Arc::new(Int64Array::from(vec![first, second]))),
        ("millis", Arc::new(Int64Array::from(vec![first * 1000, second * 1000]))),
    ];
    let addresses = || -> ArrayRef { Arc::new(StringArray::from(vec!["10.0.0.1", "10.0.0.2"])) };
    let path = directory.path().join("a.parquet");
    for (name, start) in times {
        write(&path, vec![("srcaddr", addresses()), ("start", start.clone()), ("end", start)]);
        let query = "stats count(*), min(startTime), max(endTime) by bin(1h) as hour | sort hour";
        let expected = "2023-11-14 22:00:00.000 | 1 | 1700000000 | 1700000000\n\
                        2023-11-14 23:00:00.000 | 1 | 1700003600 | 1700003600\n";
        assert_eq!(told(std::slice::from_ref(&path), query), expected, "{name}");
        let window = TimeRange { start_ms: first * 1000, end_ms: first * 1000 + 1 };
        let answer = ask(std::slice::from_ref(&path), "fields srcAddr", window).expect("a file");
        assert_eq!(rows(&answer.result), "10.0.0.1\n", "{name}");
    }
    let day: ArrayRef = Arc::new(Date32Array::from(vec![19_675, 19_676]));
    write(&path, vec![("srcaddr", addresses()), ("start", day)]);
    let days = "2023-11-14 00:00:00.000\n2023-11-15 00:00:00.000\n";
    assert_eq!(told(std::slice::from_ref(&path), "fields @timestamp | sort @timestamp"), days);
    // The statistics of days are no seconds: whether a row lies in the time is not known before it is read.
    let read = plan("fields srcAddr", None).expect("a query");
    let files = Files::new(vec![path], crate::files::Options::default());
    let window = TimeRange { start_ms: first * 1000, end_ms: second * 1000 };
    assert_eq!(files.estimate(&read, window).0.records, 2);
}

/// What is wrong then is no file, and none is read again for it.
#[test]
fn want_of_memory_is_known() {
    let directory = Directory::new("memory");
    let path = directory.path().join("a.parquet");
    as_parquet("v2_records.log", &path);
    let engine = Engine::new(Options { threads: 1, memory_bytes: 1 }).expect("a thread");
    let read = plan("stats count(*) by srcAddr", None).expect("a query");
    let own = &Files::new(vec![path], crate::files::Options::default());
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &AtomicBool::new(false) };
    let refused = engine.query_files(&read, Reads { own, inputs: &[], tables: &tables() }, run);
    assert!(matches!(&refused, Err(ExecuteError::Engine(why)) if is_of_memory(why)), "{refused:?}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(vec![], Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// What begins as text of 16 bits is no file of records, and is told so instead of line by line.
#[test]
fn text_of_16_bits_is_told() {
    let directory = Directory::new("utf-16");
    let (path, good) = (directory.path().join("a.log"), directory.path().join("b.log"));
    std::fs::write(&path, b"\xFF\xFEb\0y\0t\0e\0s\0\n\x007\0\n\0").expect("room");
    std::fs::write(&good, "bytes\n7\n").expect("room");
    let answer = ask(&[path, good], "stats sum(bytes)", TimeRange::ALL).expect("one file");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("7\n", 0));
    assert_eq!(answer.unreadable[0].why, "UTF-16 is not read: save it as UTF-8");
}

/// Records as the aws CLI prints them, as agents write and as Firehose delivers them.
///
/// Source: AWS CLI, `logs tail` and `logs filter-log-events`; CloudWatch Logs User Guide, "Subscription filters".
#[test]
fn wrapped_records_are_read() {
    let directory = Directory::new("wrapped");
    let records: Vec<String> = (1..=3)
        .map(|n| format!("2 1 eni-1 10.0.0.{n} 10.0.1.1 {n} 443 6 1 {n} 1439387263 1439387264 ACCEPT OK"))
        .collect();
    let each = |around: &dyn Fn(&str) -> String| records.iter().map(|it| around(it)).collect::<Vec<_>>();
    let events =
        each(&|it| format!("{{\"id\": \"3\", \"timestamp\": 1439387263000, \"message\": \"{it}\"}}"));
    let control = "{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\",\"logEvents\":[{\"id\":\"\",\
        \"timestamp\":1,\"message\":\"CWL CONTROL MESSAGE: Checking health of destination Firehose.\"}]}";
    let envelope = |events: &[String]| {
        format!(
            "{{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"g\",\"logEvents\":[{}]}}",
            events.join(",")
        )
    };
    let files = [
        ("detailed.log", each(&|it| format!("2015-08-12T13:47:43+00:00 eni-1-all {it}\n")).concat()),
        ("short.log", each(&|it| format!("2015-08-12T13:47:43 {it}\n")).concat()),
        (
            "json.log",
            each(&|it| format!("2015-08-12T13:47:43+00:00 s \n{{\n    \"message\": \"{it}\"\n}}\n")).concat(),
        ),
        (
            "results.log",
            format!(
                "{{\"results\": [{}], \"status\": \"Complete\"}}",
                each(&|it| format!("[{{\"field\": \"@message\", \"value\": \"{it}\"}}]")).join(", ")
            ),
        ),
        ("lines.log", each(&|it| format!("{{\"message\":\"{it}\"}}\n")).concat()),
        ("firehose.gz", [control.to_owned(), envelope(&events[..2]), envelope(&events[2..])].concat()),
        ("filter.log", format!("{{\n    \"events\": [\n{}\n    ]\n}}\n", events.join(",\n"))),
    ];
    let plain = directory.path().join("plain.log");
    std::fs::write(&plain, records.join("\n")).expect("room");
    let query = "fields @message, srcAddr, bytes, @timestamp | sort bytes";
    let expected = told(&[plain], query);
    for (name, text) in files {
        let path = directory.path().join(name);
        // Firehose packs what CloudWatch Logs has packed.
        let bytes = if name.ends_with(".gz") { gzip(&gzip(text.as_bytes())) } else { text.into() };
        std::fs::write(&path, bytes).expect("room");
        let answer = ask(std::slice::from_ref(&path), query, TimeRange::ALL).expect("a file");
        assert_eq!((answer.broken, answer.unreadable), (vec![], vec![]), "{name}");
        assert_eq!(rows(&answer.result), expected, "{name}");
        let read = plan(query, None).expect("a query");
        let cost = Files::new(vec![path], crate::files::Options::default()).estimate(&read, TimeRange::ALL);
        assert_eq!(cost.0.records, 3, "{name}");
    }
}

/// JSON of which one line is no JSON: the line is told like any that is no record.
#[test]
fn json_that_breaks_off_is_told_by_its_line() {
    let directory = Directory::new("broken-json");
    let path = directory.path().join("mid.jsonl");
    let record = "{\"message\":\"2 1 eni-1 10.0.0.1 10.0.1.1 1 443 6 1 7 1439387263 1439387264 ACCEPT OK\"}";
    std::fs::write(&path, format!("{record}{record}\n{{bad json\n{record}\n{record}\n")).expect("room");
    let answer = ask(std::slice::from_ref(&path), "stats count(*)", TimeRange::ALL).expect("a file");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("4\n", 1));
    assert_eq!(answer.unreadable, []);
    let expected = format!("{}:2: JSON that is broken or has no record", path.display());
    assert_eq!(answer.broken[0].to_string(), expected);
    let read = plan("stats count(*)", None).expect("a query");
    let options = crate::files::Options { is_strict: true, ..Default::default() };
    let own = &Files::new(vec![path], options);
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &AtomicBool::new(false) };
    let engine = Engine::new(Options::default()).expect("threads");
    let refused = engine.query_files(&read, Reads { own, inputs: &[], tables: &tables() }, run);
    assert_eq!(refused, Err(ExecuteError::Source(expected)));
}

/// Records as values separated by commas, and as JSON with names for them, as Athena and other tools write them.
#[test]
fn records_as_csv_and_as_objects_are_read() {
    let directory = Directory::new("cells");
    let files = [
        ("plain.log", "version account-id srcaddr srcport bytes\n2 012345678901 10.0.0.1 - 7\n2 1 - 443 8\n"),
        ("a.csv", "version,account_id,srcaddr,srcport,bytes\n2,012345678901,10.0.0.1,-,7\n2,1,,443,8\n"),
        (
            "quoted.csv",
            "\"version\",\"account_id\",\"srcaddr\",\"srcport\",\"bytes\"\r\n\
            \"2\",\"012345678901\",\"10.0.0.1\",\"-\",\"7\"\r\n\"2\",\"1\",\"-\",\"443\",\"8\"\r\n",
        ),
        (
            "a.json",
            "[{\"version\":2,\"account_id\":\"012345678901\",\"srcaddr\":\"10.0.0.1\",\"srcport\":\"-\",\"bytes\":7},\
            {\"version\":2,\"account_id\":\"1\",\"srcaddr\":null,\"srcport\":443,\"bytes\":8}]",
        ),
        (
            "a.jsonl",
            "{\"version\":2,\"account-id\":\"012345678901\",\"srcaddr\":\"10.0.0.1\",\"srcport\":\"-\",\"bytes\":7}\n\
            {\"bytes\":8,\"version\":2,\"account-id\":\"1\",\"srcaddr\":\"\",\"srcport\":\"443\"}\n",
        ),
    ];
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("room");
        let query = "fields version, accountId, srcAddr, srcPort, bytes | sort bytes";
        let answer = ask(&[path], query, TimeRange::ALL).expect("a file");
        assert_eq!((answer.broken, answer.unreadable), (vec![], vec![]), "{name}");
        assert_eq!(
            rows(&answer.result),
            "2 | 012345678901 | 10.0.0.1 | - | 7\n2 | 1 | - | 443 | 8\n",
            "{name}"
        );
    }
}

/// Names that are no fields, and records that were made for another format, are read and told.
#[test]
fn what_is_odd_is_told() {
    let directory = Directory::new("odd");
    let [named, swapped, sound] = ["a", "b", "c"].map(|name| directory.path().join(name));
    std::fs::write(&named, "bytes shoe-size srcaddr\n7 44 10.0.0.1\nbytes end hat-size\n8 9 3\n")
        .expect("room");
    let record = "10.0.0.1 10.0.1.1 1 443 6 1 7 1439387263 1439387264 ACCEPT OK\n";
    std::fs::write(&swapped, format!("2 eni-1 123456789012 {record}").repeat(3)).expect("room");
    std::fs::write(&sound, format!("2 123456789012 eni-1 {record}2 123456789012 - {record}")).expect("room");
    let answer = ask(&[named, swapped.clone(), sound], "stats count(*)", TimeRange::ALL).expect("files");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("7\n", 0));
    let unknown = |name: &str| Oddity::UnknownName(name.to_owned());
    assert_eq!(answer.odd, [unknown("hat-size"), unknown("shoe-size"), Oddity::Swapped(swapped)]);
}

/// A link that leads nowhere is met as any file that is not there.
#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_told() {
    let directory = Directory::new("dangling");
    let (good, link) = (directory.path().join("a.log"), directory.path().join("b.log"));
    std::fs::write(&good, "srcaddr bytes\n10.0.0.1 7\n").expect("room");
    std::os::unix::fs::symlink(directory.path().join("nowhere"), &link).expect("a link");
    let found = find(&[directory.path().to_path_buf()], TimeRange::ALL, &Storage::default());
    let answer = ask(&found.expect("a folder"), "stats sum(bytes)", TimeRange::ALL).expect("a file");
    assert_eq!(rows(&answer.result), "7\n");
    let unreadable: Vec<_> = answer.unreadable.iter().map(|file| &file.file).collect();
    assert_eq!(unreadable, [&link]);
}

/// What is null in Parquet is written as a dash in text.
#[test]
fn nulls_of_parquet_are_dashes() {
    let directory = Directory::new("parquet-nulls");
    let path = directory.path().join("a.parquet");
    let actions: ArrayRef = Arc::new(StringArray::from(vec![Some("ACCEPT"), None]));
    let addresses: ArrayRef = Arc::new(StringArray::from(vec![Some("10.0.0.1"), None]));
    let bytes: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
    write(&path, vec![("srcaddr", addresses), ("bytes", bytes), ("action", actions)]);
    let text = directory.path().join("a.log");
    std::fs::write(&text, "srcaddr bytes action\n10.0.0.1 7 ACCEPT\n- - -\n").expect("room");
    for query in [
        "fields srcAddr, bytes, action | sort bytes",
        "stats count(action), count(bytes), count(srcAddr)",
        "filter action = '-' | fields srcAddr, action",
        "filter action != 'ACCEPT' | stats count(*)",
        "stats count(*) as c by action, srcAddr | sort action",
    ] {
        let files = [&path, &text].map(|path| told(std::slice::from_ref(path), query));
        assert_eq!(files[0], files[1], "{query}");
    }
}

/// As gzip that is cut off: what is damaged is told, and does not stop the rest.
#[test]
fn damaged_parquet_is_told_and_left_out() {
    let directory = Directory::new("parquet-damage");
    let [bad, odd, good] =
        ["bad", "odd", "good"].map(|name| directory.path().join(format!("{name}.parquet")));
    as_parquet("v2_records.log", &good);
    let mut bytes = std::fs::read(&good).expect("a file");
    bytes[4..200].fill(0xff);
    std::fs::write(&bad, bytes).expect("room");
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]));
    write(&odd, vec![("bytes", lists)]);
    let answer = ask(&[bad.clone(), good, odd.clone()], "stats count(*), sum(version)", TimeRange::ALL);
    let answer = answer.expect("one sound file");
    assert_eq!(rows(&answer.result), "5 | 10\n");
    let unreadable: Vec<_> = answer.unreadable.iter().map(|file| &file.file).collect();
    assert_eq!(unreadable, [&bad, &odd]);
}

/// The columns of an answer are called as the query calls them.
#[test]
fn answers_in_parquet_can_be_asked_again() {
    let directory = Directory::new("parquet-again");
    let (first, again) = (directory.path().join("first.parquet"), directory.path().join("again.parquet"));
    as_parquet("v2_records.log", &first);
    let query = "fields startTime, srcAddr, dstPort, action, logStatus | sort startTime, srcAddr, logStatus";
    let answer = ask(&[first], query, TimeRange::ALL).expect("a file");
    std::fs::write(&again, crate::output::parquet(&answer.result).expect("columns")).expect("room");
    assert_eq!(told(&[again], query), rows(&answer.result));
}

#[test]
fn numbers_beyond_64_bits_are_no_records() {
    let directory = Directory::new("large-numbers");
    let path = directory.path().join("a.log");
    std::fs::write(&path, "bytes\n9223372036854775807\n9223372036854775808\n").expect("room");
    let answer = ask(&[path], "stats max(bytes)", TimeRange::ALL).expect("a file");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("9223372036854775807\n", 1));
}

/// As DuckDB writes what it has read of a text with a header.
#[test]
fn columns_of_parquet_may_have_hyphens() {
    let directory = Directory::new("hyphens");
    let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let names = ["account-id", "interface-id", "log-status"];
    let values = [["123456789012", "111122223333"], ["eni-1", "eni-2"], ["OK", "NODATA"]];
    let files = [names.map(str::to_owned), names.map(|name| name.replace('-', "_"))].map(|names| {
        let path = directory.path().join(format!("{}.parquet", names[0]));
        write(&path, names.iter().map(String::as_str).zip(values.map(text)).collect());
        path
    });
    let query = "filter logStatus = 'OK' | fields accountId, interfaceId, logStatus";
    assert_eq!(told(&files[..1], query), "123456789012 | eni-1 | OK\n");
    assert_eq!(told(&files, query), "123456789012 | eni-1 | OK\n".repeat(2));
}

/// However far apart two numbers are, and however many there are of them.
#[test]
fn percentiles_between_two_numbers_are_exact() {
    let directory = Directory::new("percentiles");
    let path = directory.path().join("a.log");
    let ask = |bytes: &[u64], query: &str| {
        let lines = bytes.iter().map(|bytes| format!("10.0.0.1 {bytes}\n"));
        std::fs::write(&path, format!("srcaddr bytes\n{}", lines.collect::<String>())).expect("room");
        told(std::slice::from_ref(&path), query)
    };
    let far = [0, 1_000_000_000_000];
    assert_eq!(ask(&far, "stats pct(bytes, 33.3)"), "333000000000\n");
    assert_eq!(ask(&far, "stats pct(bytes, 12.3456789) by srcAddr"), "10.0.0.1 | 123456789000\n");
}

/// Text and Parquet show an IPv6 address alike, and alone as it is written it is equal.
#[test]
fn addresses_are_shown_as_they_are_written() {
    let directory = Directory::new("written");
    let written = ["2001:db8::0", "2001:DB8:0::1", "10.0.0.1", "-"];
    let text = directory.path().join("a.log");
    let line = |address: &str| format!("2019-09-22T20:28:14.000Z {address} 5\n");
    let lines = written.map(line).concat();
    std::fs::write(&text, format!("srcaddr bytes\n{lines}")).expect("room");
    let parquet = directory.path().join("a.parquet");
    let bytes = Arc::new(Int64Array::from(vec![5; 4])) as ArrayRef;
    let addresses = Arc::new(StringArray::from(written.to_vec())) as ArrayRef;
    write(&parquet, vec![("srcaddr", addresses), ("bytes", bytes)]);
    for files in [[text], [parquet]] {
        let shown = told(&files, "fields srcAddr | sort srcAddr desc");
        assert_eq!(shown, "2001:db8::0\n2001:DB8:0::1\n10.0.0.1\n-\n", "{files:?}");
        let counted = |address: &str| told(&files, &format!("filter srcAddr = '{address}' | stats count(*)"));
        assert_eq!([counted("2001:db8::0"), counted("2001:db8::")], ["1\n", "0\n"], "{files:?}");
    }
}
