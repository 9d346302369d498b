//! Queries over files: the vendored samples, and files with something wrong.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::GzEncoder;
use weir_flowlog::{Field, Format, Lines};
use weir_insights::{
    Event, Execute, ExecuteError, FLOW_FIELDS, Naive, Origin, Plan, QueryResult, Reads, Run, TimeRange,
    event_pointer, plan,
};

use super::world::{ENGINE, World, planned, tables};
use super::{Directory, is_same, queries};
use crate::files::{Estimate, Files, FilesAnswer, Options, Storage, find};

pub const SAMPLES: [&str; 5] =
    ["v2_millisecond.log", "v2_records.log", "v3_file.log", "v4_file.log", "vpcflowlog.log.gz"];

pub fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/flow-logs").join(name)
}

pub fn ask(files: &[PathBuf], query: &str, window: TimeRange) -> Result<FilesAnswer, ExecuteError> {
    let plan = plan(query, None).unwrap_or_else(|error| panic!("{query}: {error}"));
    ask_plan(&plan, files, window, &AtomicBool::new(false))
}

/// Every query within the query reads the same files.
fn ask_plan(
    plan: &Plan,
    files: &[PathBuf],
    window: TimeRange,
    cancelled: &AtomicBool,
) -> Result<FilesAnswer, ExecuteError> {
    let run = Run { window, now_ms: 1_600_000_000_000, cancelled };
    let own = &Files::new(files.to_vec(), Options::default());
    let (inputs, tables) = (vec![own; plan.inputs.len()], tables());
    ENGINE.query_files(plan, Reads { own, inputs: &inputs, tables: &tables }, run)
}

pub fn rows(result: &QueryResult) -> String {
    let line = |row: &weir_insights::ResultRow| {
        let values: Vec<_> = row.values.iter().map(|value| value.as_deref().unwrap_or("∅")).collect();
        values.join(" | ") + "\n"
    };
    result.rows.iter().map(line).collect()
}

#[track_caller]
fn check(files: &[PathBuf], query: &str, expected: Expect) {
    let answer = ask(files, query, TimeRange::ALL).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((answer.broken, answer.unreadable), (vec![], vec![]));
    expected.assert_eq(&rows(&answer.result));
}

/// The records of readable, unbroken files as the interpreter reads them.
fn events(files: &[PathBuf]) -> Vec<Event> {
    let mut events = vec![];
    for (index, path) in files.iter().enumerate() {
        let mut text = String::new();
        let file = std::fs::File::open(path).expect("a sample");
        match path.extension().is_some_and(|ending| ending == "gz") {
            true => std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text),
            false => std::io::Read::read_to_string(&mut { file }, &mut text),
        }
        .expect("a sample");
        let mut lines = Lines::new(Format::default());
        for (number, line) in text.lines().enumerate() {
            let Some(record) = lines.read(line).expect("an unbroken sample") else { continue };
            let has = |field: &Field| record.format().position(*field).is_some();
            let known = |field: &Field| {
                let known =
                    FLOW_FIELDS.iter().find(|known| known.name == field.name()).expect("a known field");
                (known.field.to_string(), known.value(&record.value(*field).to_string()))
            };
            let timestamp_ms = record.number(Field::Start).expect("a start") as i64 * 1000;
            let log = path.to_string_lossy().into_owned();
            events.push(Event {
                timestamp_ms,
                ingestion_ms: None,
                message: line.to_string(),
                log_stream: path.file_name().expect("a name").to_string_lossy().into_owned(),
                ptr: event_pointer(&log, timestamp_ms, (index as u64) << 40 | (number as u64 + 1)),
                origin: Arc::new(Origin { log, ..Origin::default() }),
                entity: None,
                fields: Field::ALL.iter().filter(|field| has(field)).map(known).collect(),
            });
        }
    }
    events.sort_by_key(|event| event.timestamp_ms);
    events
}

#[test]
fn the_samples_answer_as_the_interpreter_does() {
    let all: Vec<_> = SAMPLES.map(sample).to_vec();
    for files in [&all[2..3], &all[..]] {
        for query in queries().filter(|query| !query.starts_with("SELECT")) {
            let plan = planned(query);
            // What reading would cost is told from the files as they are stored.
            if plan.is_estimate {
                continue;
            }
            let cancelled = AtomicBool::new(false);
            let engine = ask_plan(&plan, files, TimeRange::ALL, &cancelled).expect("samples").result;
            let run = Run { window: TimeRange::ALL, now_ms: 1_600_000_000_000, cancelled: &cancelled };
            let (own, tables) = (&events(files), tables());
            let inputs = vec![own; plan.inputs.len()];
            let reads = Reads { own, inputs: &inputs, tables: &tables };
            let naive = Naive.execute_all(&plan, reads, run).expect("rows in memory");
            assert!(is_same(&engine, &naive), "{files:?} {query}\n{engine:#?}\n{naive:#?}");
        }
    }
}

const TALKERS: &str = "fields @timestamp, srcAddr, dstAddr, bytes | stats sum(bytes) as totalBytes by srcAddr, dstAddr \
                       | sort totalBytes desc | limit 10";

#[test]
fn an_object_as_delivered_ranks_its_talkers() {
    check(
        &[sample("vpcflowlog.log.gz")],
        TALKERS,
        expect![[r#"
        10.26.1.153 | 3.239.232.29 | 21869
        3.239.232.29 | 10.26.1.153 | 12071
        10.26.0.9 | 10.26.4.139 | 112
    "#]],
    );
}

#[test]
fn headers_choose_the_columns_of_versions_3_and_4() {
    let files = [sample("v3_file.log"), sample("v4_file.log")];
    check(
        &files,
        "stats sum(bytes), count(*) by pktSrcAddr, region, version | sort version, pktSrcAddr",
        expect![[r#"
        172.18.160.9 | ∅ | 3 | 1698 | 1
        192.168.0.1 | ∅ | 3 | 6392 | 1
        172.18.160.9 | us-east-1 | 4 | 1698 | 1
        192.168.0.1 | us-east-1 | 4 | 6392 | 1
    "#]],
    );
    check(
        &files,
        "fields accountId, action, tcpFlags | limit 1",
        expect![[r#"
        000000000000 | ∅ | 19
    "#]],
    );
}

#[test]
fn a_record_without_data_shows_its_dashes_and_its_time_in_milliseconds() {
    let query =
        "fields @timestamp, srcAddr, bytes, logStatus | filter logStatus = 'SKIPDATA' and bytes = '-'";
    check(
        &[sample("v2_millisecond.log")],
        query,
        expect![[r#"
        2017-12-06 12:40:58.000 | - | - | SKIPDATA
    "#]],
    );
}

#[test]
fn segments_of_the_log_store_show_dashes_as_log_groups_do() {
    let directory = Directory::new("dashes");
    let lines = "1418530010 s 2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1418530010 1418530070 ACCEPT OK\n\
                 1418530020 s 2 1 eni-1 - - - - - - - 1418530020 1418530080 - NODATA";
    // What comes again stays in memory.
    let world = World::in_files(&[lines, lines].join("\n"), directory.path());
    assert_eq!(world.segments(), 1);
    let segments =
        glob::glob(&directory.path().join("logs/**/*.parquet").to_string_lossy()).expect("a pattern");
    let segments: Vec<PathBuf> = segments.map(|path| path.expect("readable")).collect();
    let query = "fields srcAddr, dstPort, action, @message | sort srcAddr";
    check(
        &segments,
        query,
        expect![[r#"
            - | - | - | 2 1 eni-1 - - - - - - - 1418530020 1418530080 - NODATA
            10.0.0.1 | 22 | ACCEPT | 2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1418530010 1418530070 ACCEPT OK
        "#]],
    );
    for (query, expected) in [
        ("stats count(*) by srcAddr, dstAddr | sort srcAddr", "- | - | 1\n10.0.0.1 | 10.0.0.2 | 1\n"),
        ("filter action = '-' and srcAddr != '10.0.0.1' | stats count(*)", "1\n"),
        ("filter ispresent(srcAddr) and ispresent(interfaceId) | stats count(*)", "2\n"),
    ] {
        let answer = ask(&segments, query, TimeRange::ALL).expect("an answer");
        assert_eq!(rows(&answer.result), expected, "{query}");
    }
}

#[test]
fn broken_lines_are_counted_and_the_first_are_told() {
    let directory = Directory::new("broken");
    let file = directory.path().join("a.log");
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1439387263 1439387264 ACCEPT OK";
    let mut text = format!("{good}\nPhony unsupported log format.\n{good} extra\n\n# comment\n{good}\n");
    text.push_str(&format!("{}\n", "x".repeat(200_000)));
    text.push_str(&"2 short\n".repeat(20));
    text.push_str(good);
    std::fs::write(&file, text).expect("room");
    let answer = ask(std::slice::from_ref(&file), "stats count(*)", TimeRange::ALL).expect("a readable file");
    assert_eq!(rows(&answer.result), "3\n");
    assert_eq!((answer.broken_count, answer.broken.len()), (23, 10));
    let told: Vec<_> = answer.broken.iter().take(4).map(ToString::to_string).collect();
    let place = file.display();
    let expected = [
        format!("{place}:2: not a value of version"),
        format!("{place}:3: more fields than the format's 14"),
        format!("{place}:7: longer than 131072 bytes"),
        format!("{place}:8: 2 fields, the format has 14"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let directory = Directory::new("unreadable");
    let (bad, missing) = (directory.path().join("bad.log.gz"), directory.path().join("missing.log"));
    std::fs::write(&bad, [0x1f, 0x8b, 1, 2, 3]).expect("room");
    let files = [bad.clone(), sample("v2_records.log"), missing.clone()];
    let answer = ask(&files, "stats count(*)", TimeRange::ALL).expect("one readable file");
    assert_eq!(rows(&answer.result), "5\n");
    let names: Vec<_> = answer.unreadable.iter().map(|file| file.file.clone()).collect();
    assert_eq!(names, [bad, missing.clone()]);
    assert!(matches!(ask(&[missing], "stats count(*)", TimeRange::ALL), Err(ExecuteError::Source(_))));
}

#[test]
fn no_files_are_no_rows() {
    for (query, expected) in [("stats count(*)", "0\n"), ("fields srcAddr, @message", "")] {
        assert_eq!(rows(&ask(&[], query, TimeRange::ALL).expect("no files").result), expected);
    }
}

/// A query within a query reads the same files; their broken lines are told once.
#[test]
fn broken_lines_are_told_once() {
    let directory = Directory::new("broken-twice");
    let file = directory.path().join("a.log");
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1439387263 1439387264 ACCEPT OK";
    std::fs::write(&file, format!("{good}\n2 short\n{good}\n")).expect("room");
    let query = "filter srcAddr in (SOURCE 'g' | fields srcAddr) | stats count(*)";
    let answer = ask(&[file], query, TimeRange::ALL).expect("a readable file");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count, answer.broken.len()), ("2\n", 1, 1));
    assert_eq!(answer.result.statistics.records_scanned, 4);
}

/// The query reads three files, that within it two of them and one that is missing.
#[test]
fn files_of_overlapping_sets_are_told_once() {
    let directory = Directory::new("broken-overlap");
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1439387263 1439387264 ACCEPT OK";
    let mut paths = vec![];
    for (name, broken) in [("a", 1), ("b", 2), ("c", 12)] {
        paths.push(directory.path().join(format!("{name}.log")));
        let text = format!("{good}\n{}", "2 short\n".repeat(broken));
        std::fs::write(&paths[paths.len() - 1], text).expect("room");
    }
    let missing = directory.path().join("missing.log");
    let within = [paths[1].clone(), paths[2].clone(), missing.clone()];
    paths.push(missing.clone());
    let [own, input] = [&paths[..], &within[..]].map(|paths| Files::new(paths.to_vec(), Options::default()));
    let query = "filter srcAddr in (SOURCE 'g' | fields srcAddr) | stats count(*)";
    let (plan, tables) = (plan(query, None).expect("a query"), tables());
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &AtomicBool::new(false) };
    let reads = Reads { own: &own, inputs: &[&input], tables: &tables };
    let answer = ENGINE.query_files(&plan, reads, run).expect("readable files");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("3\n", 15));
    let told: Vec<_> = answer.broken.iter().map(|line| (&line.file, line.line)).collect();
    let (a, b, c) = (&paths[0], &paths[1], &paths[2]);
    let mut expected = vec![(a, 2), (b, 2), (b, 3)];
    expected.extend((2..9).map(|line| (c, line)));
    assert_eq!(told, expected);
    let names: Vec<_> = answer.unreadable.iter().map(|file| file.file.clone()).collect();
    assert_eq!(names, [missing]);
}

/// Expected figures are those of the files themselves: what `gzip -l`, `wc -c` and the writer of the Parquet say.
#[test]
fn a_cost_is_told_from_what_is_stored() {
    let directory = Directory::new("estimate");
    let records: Vec<String> = (0..50_000u32)
        .map(|n| {
            format!("2 1 eni-1 10.0.0.{} 10.0.1.1 {n} 443 6 1 {n} 1439387263 1439387264 ACCEPT OK\n", n % 200)
        })
        .collect();
    let text = records.concat();
    let (plain, packed) = (directory.path().join("a.log"), directory.path().join("b.log.gz"));
    std::fs::write(&plain, &text).expect("room");
    let mut gzip = GzEncoder::new(std::fs::File::create(&packed).expect("room"), Compression::fast());
    gzip.write_all(text.as_bytes()).expect("room");
    gzip.finish().expect("room");
    let estimate_of = |path: &PathBuf, query: &str, window| {
        let plan = plan(query, None).expect("a query");
        Files::new(vec![path.clone()], Options::default()).estimate(&plan, window)
    };
    let estimate = |path: &PathBuf| estimate_of(path, "fields @message", TimeRange::ALL).0;
    for path in [&plain, &packed] {
        let told = estimate(path);
        let stored = std::fs::metadata(path).expect("a file").len();
        assert_eq!((told.files, told.stored_bytes, told.bytes), (1, stored, text.len() as u64));
        assert!((45_000..55_000).contains(&told.records), "{told:?}");
    }
    let parquet = directory.path().join("c.parquet");
    as_parquet("v2_records.log", &parquet);
    assert_eq!((estimate(&parquet).files, estimate(&parquet).records), (1, 5));
    assert_eq!(estimate(&sample("v2_records.log")).records, 5);
    let one = estimate_of(&parquet, "stats sum(bytes)", TimeRange::ALL).0;
    assert!(one.bytes > 0 && 4 * one.bytes < estimate(&parquet).bytes, "{one:?}");
    // When a record began is read for its time, whether the query names it or not.
    let with_start = estimate_of(&parquet, "fields startTime | stats sum(bytes)", TimeRange::ALL).0;
    assert_eq!(one.bytes, with_start.bytes);
    let later = TimeRange { start_ms: 1_900_000_000_000, end_ms: i64::MAX };
    assert_eq!(estimate_of(&parquet, "fields @message", later).0.records, 0);
    let (nothing, unreadable) = estimate_of(&directory.path().join("none"), "stats count(*)", TimeRange::ALL);
    assert_eq!((nothing, unreadable.len()), (Estimate::default(), 1));
    let both = ask(&[plain, packed], "filter bytes > 0 | estimate", TimeRange::ALL).expect("files");
    assert_eq!(rows(&both.result), format!("{}\n", 2 * text.len()));
    let within = "filter srcAddr in (SOURCE 'g' | fields srcAddr) | estimate";
    let within = ask(&[sample("v2_records.log")], within, TimeRange::ALL).expect("files");
    let stored = std::fs::metadata(sample("v2_records.log")).expect("a file").len();
    assert_eq!(rows(&within.result), format!("{}\n", 2 * stored));
}

#[test]
fn many_records_in_several_files_keep_their_sums_and_their_order() {
    let directory = Directory::new("many");
    for file in 0..5i64 {
        let records = (0..20_000i64).map(|n| {
            let start = 1_439_000_000 + n;
            format!("2 1 eni-{file} 10.0.0.{} 10.0.1.1 {n} 443 6 1 {n} {start} {start} ACCEPT OK\n", n % 7)
        });
        let path = directory.path().join(format!("{file}.log.gz"));
        let mut gzip = GzEncoder::new(std::fs::File::create(path).expect("room"), Compression::fast());
        gzip.write_all(records.collect::<String>().as_bytes()).expect("room");
        gzip.finish().expect("room");
    }
    let files =
        find(&[directory.path().to_path_buf()], TimeRange::ALL, &Storage::default()).expect("a directory");
    assert_eq!(files.len(), 5);
    let answer =
        ask(&files, "stats count(*), sum(bytes), count_distinct(srcAddr)", TimeRange::ALL).expect("files");
    assert_eq!(rows(&answer.result), "100000 | 999950000 | 7\n");
    let answer = ask(&files, "fields srcPort, interfaceId | limit 2", TimeRange::ALL).expect("files");
    assert_eq!(rows(&answer.result), "19999 | eni-0\n19999 | eni-1\n");
    let window = TimeRange { start_ms: 1_439_000_010_000, end_ms: 1_439_000_019_999 };
    let answer = ask(&files, "stats count(*), min(bytes), max(bytes)", window).expect("files");
    assert_eq!(rows(&answer.result), "50 | 10 | 19\n");
    let statistics = answer.result.statistics;
    assert_eq!((statistics.records_matched, statistics.records_scanned), (50, 100_000));
}

/// The records of a sample as Parquet.
pub fn as_parquet(sample_name: &str, path: &std::path::Path) {
    to_parquet(&sample(sample_name), path);
}

/// The records of a file as Parquet, with the columns that AWS gives them.
fn to_parquet(file: &std::path::Path, path: &std::path::Path) {
    use datafusion::arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::basic::{Compression, GzipLevel};
    use datafusion::parquet::file::properties::WriterProperties;
    let text = std::fs::read_to_string(file).expect("a sample");
    let mut lines = Lines::new(Format::default());
    let records: Vec<_> =
        text.lines().filter_map(|line| lines.read(line).expect("an unbroken sample")).collect();
    let text_of = |field| -> ArrayRef {
        let values = records.iter().map(|record| record.value(field).to_string());
        std::sync::Arc::new(StringArray::from_iter_values(values))
    };
    let ints = |field| -> Vec<Option<i64>> {
        records.iter().map(|record| record.number(field).map(|number| number as i64)).collect()
    };
    let long = |field| -> ArrayRef { std::sync::Arc::new(Int64Array::from(ints(field))) };
    let short = |field| -> ArrayRef {
        let values = ints(field).into_iter().map(|number| number.map(|number| number as i32));
        std::sync::Arc::new(Int32Array::from_iter(values))
    };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("version", short(Field::Version), true),
        ("account_id", text_of(Field::AccountId), true),
        ("interface_id", text_of(Field::InterfaceId), true),
        ("srcaddr", text_of(Field::SrcAddr), true),
        ("dstaddr", text_of(Field::DstAddr), true),
        ("srcport", short(Field::SrcPort), true),
        ("dstport", short(Field::DstPort), true),
        ("protocol", short(Field::Protocol), true),
        ("packets", long(Field::Packets), true),
        ("bytes", long(Field::Bytes), true),
        ("start", long(Field::Start), true),
        ("end", long(Field::End), true),
        ("action", text_of(Field::Action), true),
        ("log_status", text_of(Field::LogStatus), true),
    ])
    .expect("columns of one length");
    let file = std::fs::File::create(path).expect("room");
    // As the guide says: Parquet with gzip.
    let gzip = Compression::GZIP(GzipLevel::default());
    let properties = WriterProperties::builder().set_compression(gzip).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("room");
    writer.close().expect("room");
}

#[test]
fn parquet_answers_as_text_does() {
    let directory = Directory::new("parquet");
    let parquet = directory.path().join("a.log.parquet");
    as_parquet("v2_records.log", &parquet);
    let text = sample("v2_records.log");
    for query in [
        "stats count(*), sum(bytes), max(end) by srcAddr, action | sort srcAddr, action",
        "fields srcAddr, dstPort, logStatus, interfaceId | sort dstPort, srcAddr, interfaceId | limit 10",
        "stats count(*) by bin(1h), action | sort action",
        "fields @message | sort @message",
        "filter isPresent(vpcId) | stats count(*)",
    ] {
        let [of_parquet, of_text] =
            [&parquet, &text].map(|file| ask(std::slice::from_ref(file), query, TimeRange::ALL));
        let [of_parquet, of_text] =
            [of_parquet, of_text].map(|answer| answer.expect("a readable file").result);
        assert!(!of_text.rows.is_empty(), "{query}");
        assert_eq!(rows(&of_parquet), rows(&of_text), "{query}");
        assert_eq!(of_parquet.statistics.records_scanned, 5, "{query}");
    }
    let files = [parquet.clone(), text];
    let both = ask(&files, "stats count(*) by @logStream | sort @logStream", TimeRange::ALL);
    assert_eq!(rows(&both.expect("readable files").result), "a.log.parquet | 5\nv2_records.log | 5\n");
    let window = TimeRange { start_ms: 0, end_ms: 1 };
    let none = ask(&[parquet], "stats count(*)", window).expect("a readable file");
    assert_eq!(rows(&none.result), "0\n");
}

const ADDRESS_QUERIES: [&str; 14] = [
    "stats count(*), sum(bytes) by srcAddr, dstAddr | sort srcAddr, dstAddr",
    "filter srcAddr = '10.0.0.1' | stats count(*) by dstAddr | sort dstAddr",
    "filter srcAddr != '10.0.0.1' and dstAddr in ['10.0.1.1', '2001:db8::1', '-', 'x'] | stats count(*)",
    "filter dstAddr = '-' or srcAddr = '2001:db8::2' | stats count(*)",
    // Nothing but the address of the other family tells that there is one.
    "filter srcAddr = '2001:db8::1' | stats count(*)",
    "filter srcAddr != '2001:db8::1' | stats count(*)",
    "filter srcAddr in ['2001:db8::1'] | stats count(*)",
    "filter srcAddr not in ['2001:db8::1', 'x'] | stats count(*)",
    "stats count(*) as n by srcAddr | filter srcAddr = '2001:db8::1' | stats count(*), sum(n)",
    "fields srcAddr = '2001:db8::1' as is_one | stats count(*) by is_one | sort is_one",
    "filter srcAddr = dstAddr | stats count(*)",
    "filter srcAddr > '10.0.0.1' | stats count(*), count_distinct(srcAddr), max(srcAddr)",
    "fields @message, concat(srcAddr, '/', bytes) as x | sort srcAddr, dstAddr, bytes | limit 20",
    "filter isIpv4InSubnet(srcAddr, '10.0.0.0/24') | stats latest(srcAddr), earliest(dstAddr)",
];

/// Addresses are numbers inside where they can be. Nobody sees that, whatever addresses there are, and wherever.
#[test]
fn addresses_of_both_families_and_dashes_answer_as_the_interpreter_does() {
    let directory = Directory::new("addresses");
    let line = |from: &str, to: &str, n: i64| {
        format!("2 1 eni-1 {from} {to} 1 22 6 1 {n} {} {} ACCEPT OK\n", 1_439_387_000 + n, 1_439_387_060 + n)
    };
    let mut four = (0..900).map(|n| line(&format!("10.0.0.{}", n % 13), "10.0.1.1", n)).collect::<String>();
    four.push_str("2 1 eni-1 - - - - - - - 1431280876 1431280934 - NODATA\n");
    four.push_str(&line("10.0.1.1", "10.0.1.1", 3));
    let mut six = four.clone();
    six.push_str(&line("2001:db8::1", "10.0.1.1", 7));
    six.push_str(&line("2001:db8::2", "2001:db8::1", 8));
    let files = [("four.log", &four), ("six.log", &six)].map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("room");
        path
    });
    let parquet = files.clone().map(|text| {
        let path = text.with_extension("parquet");
        to_parquet(&text, &path);
        path
    });
    let both = [files[0].clone(), parquet[1].clone()];
    for files in [&files[..1], &files[..], &parquet[..1], &parquet[..], &both] {
        let texts: Vec<PathBuf> = files.iter().map(|file| file.with_extension("log")).collect();
        for query in ADDRESS_QUERIES {
            let answer = ask(files, query, TimeRange::ALL).expect("readable files");
            let plan = plan(query, None).expect("a query");
            let cancelled = AtomicBool::new(false);
            let run = Run { window: TimeRange::ALL, now_ms: 1_600_000_000_000, cancelled: &cancelled };
            let naive = Naive.execute(&plan, &events(&texts), run).expect("rows in memory");
            assert!(!naive.rows.is_empty(), "{query}");
            assert_eq!(rows(&answer.result), rows(&naive), "{files:?} {query}");
            assert_eq!(answer.result.statistics.records_scanned, events(&texts).len() as u64);
        }
    }
}

#[test]
fn many_parquet_files_are_one_table_with_the_place_of_each() {
    let directory = Directory::new("many-parquet");
    let files: Vec<PathBuf> = (0..40).map(|n| directory.path().join(format!("{n:02}.parquet"))).collect();
    let samples = ["v2_records.log", "v2_millisecond.log"];
    for (n, file) in files.iter().enumerate() {
        as_parquet(samples[n % 2], file);
    }
    let answer = ask(&files, "stats count(*) by @logStream, @log | sort @logStream", TimeRange::ALL);
    let result = answer.expect("readable files").result;
    let counts = samples.map(|name| events(&[sample(name)]).len());
    let expected =
        |(n, file): (usize, &PathBuf)| format!("{n:02}.parquet | {} | {}\n", file.display(), counts[n % 2]);
    assert_eq!(rows(&result), files.iter().enumerate().map(expected).collect::<String>());
    let first = ask(&files, "fields @logStream, startTime | sort startTime desc | limit 1", TimeRange::ALL);
    let latest = events(&[sample(samples[0]), sample(samples[1])]);
    let latest = latest.iter().map(|event| event.timestamp_ms / 1000).max().expect("events");
    assert!(rows(&first.expect("readable files").result).ends_with(&format!("| {latest}\n")));
}

#[test]
fn parquet_that_is_none_is_told() {
    let directory = Directory::new("no-parquet");
    let bad = directory.path().join("bad.parquet");
    let good = directory.path().join("good.parquet");
    as_parquet("v2_records.log", &good);
    let whole = std::fs::read(&good).expect("a file");
    let half = [&whole[..whole.len() / 2], &whole[whole.len() - 8..]].concat();
    // Parquet, but no flow log.
    let counted = ask(&[good], "stats count(*)", TimeRange::ALL).expect("a readable file");
    let other = crate::output::parquet(&counted.result).expect("names that differ");
    let none =
        [&b"no parquet"[..], b"", b"PAR1", b"PAR1PAR1", b"PAR1xxxxxxxxPAR1", &whole[..400], &half, &other];
    for bytes in none {
        std::fs::write(&bad, bytes).expect("room");
        let answer = ask(&[bad.clone(), sample("v2_records.log")], "stats count(*)", TimeRange::ALL);
        let answer = answer.expect("one readable file");
        assert_eq!((rows(&answer.result).as_str(), answer.unreadable.len()), ("5\n", 1));
        assert_eq!(answer.unreadable[0].file, bad);
    }
}

/// As results of other queries are written: one dash makes a column of numbers one of texts.
#[test]
fn numbers_of_parquet_may_be_text() {
    let directory = Directory::new("text-numbers");
    let path = directory.path().join("a.parquet");
    let row = |srcaddr: &str, bytes: &str, start: &str| weir_insights::ResultRow {
        values: [srcaddr, bytes, start].map(|value| Some(value.to_owned())).to_vec(),
        ptr: None,
    };
    let rows = vec![row("10.0.0.1", "5", "-"), row("10.0.0.2", "-", "x"), row("10.0.0.3", "7", "60")];
    let columns = ["srcaddr", "bytes", "start"].map(str::to_owned).to_vec();
    let result = QueryResult { columns, rows, ..QueryResult::default() };
    std::fs::write(&path, crate::output::parquet(&result).expect("columns")).expect("a file");
    check(
        &[path],
        "fields srcAddr, bytes, startTime, @timestamp | sort srcAddr",
        expect![[r#"
            10.0.0.1 | 5 | - | ∅
            10.0.0.2 | - | x | ∅
            10.0.0.3 | 7 | 60 | 1970-01-01 00:01:00.000
        "#]],
    );
    let path = directory.path().join("a.parquet");
    check(
        &[path],
        "stats sum(bytes), count(bytes)",
        expect![[r#"
        12 | 3
    "#]],
    );
}

#[test]
fn parquet_is_known_by_its_first_bytes() {
    let directory = Directory::new("parquet-by-bytes");
    let unnamed = directory.path().join("stdin");
    as_parquet("v2_records.log", &unnamed);
    let answer = ask(&[unnamed], "stats count(*)", TimeRange::ALL).expect("a readable file");
    assert_eq!((rows(&answer.result).as_str(), answer.broken_count), ("5\n", 0));
}

#[test]
fn patterns_and_directories_name_files() {
    let directory = Directory::new("patterns");
    let deep = directory.path().join("AWSLogs/1/vpcflowlogs/us-east-1/2019/02/04");
    std::fs::create_dir_all(&deep).expect("room");
    let names = ["1_vpcflowlogs_us-east-1_fl-1_20190204T1200Z_a.log.gz", "x.log", "y.parquet", "notes.txt"];
    names.iter().for_each(|name| std::fs::write(deep.join(name), "").expect("room"));
    let found = |path: PathBuf, window| {
        let files = find(&[path], window, &Storage::default()).map(|files| {
            files.iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned())).collect::<Vec<_>>()
        });
        files.map_err(|error| error.kind())
    };
    let root = directory.path();
    assert_eq!(found(root.to_path_buf(), TimeRange::ALL).as_deref(), Ok(&names.map(String::from)[..3]));
    assert_eq!(found(root.join("**/*.log"), TimeRange::ALL), Ok(vec!["x.log".to_owned()]));
    assert_eq!(found(root.join("AWSLogs/*/vpcflowlogs"), TimeRange::ALL).map(|files| files.len()), Ok(3));
    let later = TimeRange { start_ms: 1_600_000_000_000, end_ms: i64::MAX };
    // The folders tell their day, whatever the names tell.
    assert_eq!(found(root.to_path_buf(), later), Ok(vec![]));
    let day = TimeRange { start_ms: 1_549_238_400_000, end_ms: 1_549_238_400_000 };
    let rest = names[1..3].iter().map(ToString::to_string).collect();
    assert_eq!(found(root.to_path_buf(), day), Ok(rest));
    assert_eq!(found(root.join("*.gz"), TimeRange::ALL), Err(std::io::ErrorKind::NotFound));
}

#[test]
fn a_set_flag_stops_the_run() {
    let plan = plan("stats count(*)", None).expect("a query");
    let cancelled = AtomicBool::new(true);
    let stopped = ask_plan(&plan, &[sample("v2_records.log")], TimeRange::ALL, &cancelled);
    assert_eq!(stopped, Err(ExecuteError::Cancelled));
}

#[test]
fn folders_are_fields_and_tell_the_time() {
    let directory = Directory::new("partitions");
    for (day, name) in [("04", "a.log"), ("05", "b.parquet")] {
        let folder = directory.path().join(format!("aws-region=eu-west-1/year=2014/month=12/day={day}"));
        std::fs::create_dir_all(&folder).expect("room");
        match name {
            "a.log" => drop(std::fs::copy(sample("v2_records.log"), folder.join(name)).expect("room")),
            _ => as_parquet("v2_records.log", &folder.join(name)),
        }
    }
    let of =
        |window| find(&[directory.path().to_path_buf()], window, &Storage::default()).expect("a directory");
    let query = "filter `aws-region` = 'eu-west-1' | stats count(*) by year, month, day | sort day";
    let answer = ask(&of(TimeRange::ALL), query, TimeRange::ALL).expect("files");
    assert_eq!(rows(&answer.result), "2014 | 12 | 04 | 5\n2014 | 12 | 05 | 5\n");
    let told = ask(&of(TimeRange::ALL), "stats count(*) by @aws.region, @aws.account", TimeRange::ALL);
    assert_eq!(rows(&told.expect("files").result), "eu-west-1 | ∅ | 10\n");
    let none = ask(&of(TimeRange::ALL), "filter day > 5 | fields @message", TimeRange::ALL).expect("files");
    assert_eq!(rows(&none.result), "");
    let fifth = 1_417_737_600_000;
    let window = |start_ms, end_ms| of(TimeRange { start_ms, end_ms }).len();
    assert_eq!(window(fifth + 3_600_000, i64::MAX), 1);
    assert_eq!(window(fifth + 3_599_999, i64::MAX), 2);
    assert_eq!(window(fifth + 2 * 86_400_000, i64::MAX), 0);
}

/// A record begins at a whole second: it lies in a window that begins in the second before, not in the same.
#[test]
fn windows_within_a_second_are_the_same_for_parquet() {
    let directory = Directory::new("sub-second");
    let parquet = directory.path().join("a.parquet");
    as_parquet("v2_records.log", &parquet);
    let count = |file: &PathBuf, start_ms, end_ms| {
        let answer = ask(std::slice::from_ref(file), "stats count(*)", TimeRange { start_ms, end_ms });
        rows(&answer.expect("a file").result)
    };
    let text = sample("v2_records.log");
    let first = ask(std::slice::from_ref(&text), "stats toMillis(min(@timestamp)) as t", TimeRange::ALL);
    let first: i64 = rows(&first.expect("a file").result).trim().parse().expect("milliseconds");
    assert_eq!(count(&text, first, first), count(&text, first - 1, first));
    assert_ne!(count(&text, first, first), "0\n");
    for (from, to) in [(0, 0), (1, 999), (-1, 0), (-999, -1), (1, 100_000_000), (0, 100_000_000)] {
        assert_eq!(
            count(&parquet, first + from, first + to),
            count(&text, first + from, first + to),
            "{from}"
        );
    }
}

#[test]
fn a_strict_run_ends_at_the_first_broken_line() {
    let directory = Directory::new("strict");
    let file = directory.path().join("a.log");
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 40 1439387263 1439387264 ACCEPT OK\n";
    std::fs::write(&file, format!("{good}2 short\n{}", good.repeat(500_000))).expect("room");
    let options = Options { is_strict: true, ..Options::default() };
    let own = &Files::new(vec![file.clone()], options.clone());
    let plan = plan("stats count(*)", None).expect("a query");
    let cancelled = AtomicBool::new(false);
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
    let answer = ENGINE.query_files(&plan, Reads { own, inputs: &[], tables: &tables() }, run);
    let expected = format!("{}:2: 2 fields, the format has 14", file.display());
    assert_eq!(answer, Err(ExecuteError::Source(expected)));
    std::fs::write(&file, good).expect("room");
    let answer = ENGINE.query_files(&plan, Reads { own, inputs: &[], tables: &tables() }, run);
    assert_eq!(answer.expect("a file without broken lines").broken_count, 0);
}

#[test]
fn bytes_are_counted_as_they_are_read() {
    let directory = Directory::new("counted");
    let mut files = SAMPLES.map(sample).to_vec();
    let written = directory.path().join("a.parquet");
    as_parquet("v2_records.log", &written);
    files.push(written);
    // By the second query no row of the Parquet file is wanted, going by its statistics.
    for query in ["stats count(*)", "filter dstPort = 1 | stats count(*)"] {
        let options = Options::default();
        let own = &Files::new(files.clone(), options.clone());
        let plan = plan(query, None).expect("a query");
        let cancelled = AtomicBool::new(false);
        let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
        ENGINE.query_files(&plan, Reads { own, inputs: &[], tables: &tables() }, run).expect("samples");
        let stored: u64 = files.iter().map(|file| std::fs::metadata(file).expect("a sample").len()).sum();
        let read = options.read_bytes.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!((read, own.stored_bytes()), (stored, stored), "{query}");
    }
}

/// The rows of a file whose statistics tell that none is wanted are never looked at.
#[test]
fn files_that_statistics_rule_out_are_not_opened() {
    let directory = Directory::new("ruled-out");
    let (whole, damaged) = (directory.path().join("a.parquet"), directory.path().join("b.parquet"));
    as_parquet("v2_millisecond.log", &whole);
    as_parquet("v2_records.log", &damaged);
    let count = |port: u16| {
        let files = [whole.clone(), damaged.clone()];
        ask(&files, &format!("filter dstPort = {port} | stats count(*)"), TimeRange::ALL)
    };
    let before = count(22).expect("files");
    let mut bytes = std::fs::read(&damaged).expect("a file");
    let footer = bytes.len()
        - 8
        - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().expect("four")) as usize;
    bytes[4..footer].fill(0);
    std::fs::write(&damaged, bytes).expect("room");
    assert_eq!(rows(&count(22).expect("a file that is not read").result), rows(&before.result));
    let told = count(443).expect("the other file").unreadable;
    assert_eq!(told.into_iter().map(|file| file.file).collect::<Vec<_>>(), [damaged], "a file that is read");
}
