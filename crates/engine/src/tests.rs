//! The engine answers as the naive interpreter does: on the same queries, over the same events.

pub mod files;
mod great;
mod objects;
mod odd_files;
mod ppl;
mod random;
mod world;

use std::path::{Path, PathBuf};

use weir_insights::{QueryResult, ResultRow};

use world::{Sealing, World};

const RECORDS: &str = "\
1418530010 eni-1-all 2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
1418530011 eni-1-all 2 123456789010 eni-1 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530011 1418530070 REJECT OK
1418530070 eni-1-all 2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 5 700 1418530070 1418530130 ACCEPT OK
1418530071 eni-2-all 2 123456789010 eni-2 192.0.2.7 172.31.9.69 53 40000 17 3 300 1418530071 1418530130 ACCEPT OK
1418530072 eni-2-all 2 123456789010 eni-2 192.0.2.8 172.31.9.69 123 123 17 1 76 1418530072 1418530130 ACCEPT OK
1431280876 eni-2-all 2 123456789010 eni-2 - - - - - - - 1431280876 1431280934 - NODATA
1431280936 eni-2-all 2 123456789010 eni-2 - - - - - - - 1431280936 1431280994 - SKIPDATA
1431284800 eni-2-all 2 123456789010 eni-2 - - - - - - - 1431284800 1431284860 - SKIPDATA";

const MIXED: &str = "\
1418530010 app {\"status\": 200, \"user\": \"ann\", \"bytes\": 12, \"deep\": {\"a\": 1.5, \"ok\": true}}
1418530010 eni-2-all {\"status\": \"404\", \"user\": \"bob\", \"@type\": \"t\", \"logStream\": \"own\"}
1418530013 eni-2-all 2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 5 700 1418530070 1418530130 ACCEPT OK
1418530011 app plain text user=joe, code=7
1418530011 app {\"items\": [\"ann\", 7, {\"a\": 1}], \"user\": {\"id\": 1}, \"status\": 1e400}
1418530012 eni-1-all 2 123456789010 eni-1  172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530011 1418530070 REJECT OK
1418530014 eni-1-all 2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA";

const QUERIES: &str = include_str!("tests/queries.txt");

/// The queries of the fixture, one to a line.
fn queries() -> impl Iterator<Item = &'static str> {
    QUERIES.lines().filter(|line| !line.is_empty() && !line.starts_with("--"))
}

#[test]
fn written_queries_answer_as_the_interpreter_does() {
    for events in [RECORDS, MIXED, ""] {
        let world = World::of_lines(events);
        queries().for_each(|query| world.check(query));
    }
}

#[test]
fn groups_tell_where_their_events_are() {
    // No event of one group is at the place of one of the other.
    let later = MIXED.replace("14185300", "14185301");
    let world = World::named("/vpc/flow", RECORDS).and(World::named("app", &later));
    queries().filter(|query| query.contains("@aws.")).for_each(|query| world.check(query));
    let query = "stats count(*) as n by @aws.account, @aws.region, @source.log, @data_source_name, @data_source_type \
                 | sort n desc";
    world.check(query);
    let answer = world.engine(&weir_insights::plan(query, None).expect("a query")).expect("rows in memory");
    let rows = answer.rows.iter().map(|row| row.values.iter().map(|value| value.as_deref().unwrap_or("-")));
    let rows: Vec<String> = rows.map(|values| values.collect::<Vec<_>>().join(" ")).collect();
    let expected = ["123456789010 us-east-1 /vpc/flow amazon_vpc flow 8", "123456789010 us-east-1 app - - 7"];
    assert_eq!(rows, expected);
}

/// Records and texts, sealed and not, those of entities beside those of none.
#[test]
fn fields_of_entities_are_those_of_their_events() {
    let directory = Directory::new("entities");
    for sealing in [Sealing::None, Sealing::Memory, Sealing::Files(directory.path())] {
        let world = World::of_group("app", &world::events_of(&format!("{RECORDS}\n{MIXED}")), sealing);
        let query = "stats count(*) as n by @entity.KeyAttributes.Name as name, @entity.Attributes.EC2.InstanceId as id \
                     | sort n";
        world.check(query);
        let answer =
            world.engine(&weir_insights::plan(query, None).expect("a query")).expect("rows in memory");
        let rows =
            answer.rows.iter().map(|row| row.values.iter().map(|value| value.as_deref().unwrap_or("-")));
        let rows: Vec<String> = rows.map(|values| values.collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(rows, ["shop i-2 7", "- - 8"]);
    }
}

#[test]
fn lines_of_lambda_have_fields_of_their_own() {
    let report = "REPORT RequestId: 8f507cfc-aaaa\tDuration: 2.50 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t\
                  Max Memory Used: 65 MB\t";
    let lines = [
        "START RequestId: 8f507cfc-aaaa Version: 1",
        "{\"@type\": \"own\"}",
        report,
        "INFO {\"level\": \"low\", \"at\": {\"x\": [1, 2]}} and {\"level\": \"high\"}",
    ];
    let events: Vec<_> = lines.map(|line| (1_418_530_010_000, "s".to_string(), line.to_string())).to_vec();
    for sealing in [Sealing::None, Sealing::Memory] {
        let world = World::of_group("/aws/lambda/f", &events, sealing);
        for query in [
            "filter @type = \"REPORT\" | stats max(@memorySize / 1000 / 1000) as mb, avg(@duration), max(@maxMemoryUsed) by @requestId",
            "display @type, @@type, @requestId, @billedDuration, @xrayTraceId",
            "relevantfields where @type = \"REPORT\"",
            "display level, at.x.1, @type | filter level = \"low\" or ispresent(at)",
            "unnest at.x into x | stats sum(x) by level",
        ] {
            world.check(query);
        }
        let plan = weir_insights::plan("filter ispresent(@duration) | stats sum(@duration) as d", None);
        let answer = world.engine(&plan.expect("a query")).expect("rows in memory");
        assert_eq!(answer.rows[0].values, [Some("2.5".to_string())]);
        let plan = weir_insights::plan("filter at.x.1 = 2 | display level", None);
        let answer = world.engine(&plan.expect("a query")).expect("rows in memory");
        assert_eq!(answer.rows[0].values, [Some("low".to_string())]);
        let plan = weir_insights::plan("relevantfields where @type = \"REPORT\" | sort @fieldName", None);
        let plan = plan.expect("a query");
        for answer in [world.engine(&plan), world.naive(&plan)] {
            let answer = answer.expect("rows in memory");
            let names: Vec<_> = answer.rows.iter().flat_map(|row| row.values[0].as_deref()).collect();
            let lambda = ["@billedDuration", "@duration", "@maxMemoryUsed", "@memorySize", "@requestId"];
            let own = [&["@@type"][..], &lambda, &["at.x.0", "at.x.1", "level"]].concat();
            assert_eq!(names, own);
        }
    }
}

#[test]
fn sealed_segments_answer_as_memory_does() {
    let directory = Directory::new("segments");
    let world = World::in_files(MIXED, directory.path());
    assert!(world.segments() > 0);
    queries().for_each(|query| world.check(query));
}

#[test]
fn the_first_and_last_rows_are_not_looked_for_where_they_cannot_be() {
    // A segment for each of four days, two rows in each; in memory as many rows of a fifth.
    let day = |day: i64| {
        (0..2).map(move |row| format!("{} s day {day} row {row}", 1_400_000_000 + day * 86_400 + row))
    };
    let memory = (0..8).map(|row| format!("{} s new {row}", 1_400_000_000 + 4 * 86_400 + row));
    let lines = (0..4).flat_map(day).chain(memory).collect::<Vec<_>>().join("\n");
    let directory = Directory::new("ends");
    let world = World::in_files(&lines, directory.path());
    assert_eq!(world.segments(), 4);
    for (query, left_out) in [
        ("fields @message | sort @timestamp desc | limit 1", (3, 6)),
        ("fields @message | sort @timestamp desc | limit 2", (3, 6)),
        ("fields @message | sort @timestamp desc | limit 3", (2, 4)),
        ("fields @message | sort @timestamp, @message desc | limit 5", (1, 2)),
        (
            "fields @message | parse @message /row (?<row>.)/ | sort @message | sort @timestamp | limit 2",
            (3, 6),
        ),
        ("fields @message | sort @timestamp | limit 8", (0, 0)),
        ("fields @message | sort @timestamp | limit 9", (0, 0)),
        ("fields @message | sort @message, @timestamp | limit 1", (0, 0)),
        ("fields @message | sort @timestamp | sort @message | limit 1", (0, 0)),
        ("filter @message like /0/ | sort @timestamp | limit 1", (0, 0)),
        ("dedup @message | limit 1", (0, 0)),
        ("fields 0 - @timestamp as t | sort t | limit 1", (0, 0)),
        ("parse @message /(?<x>.)/ | stats count(*) by x | sort x | limit 1", (0, 0)),
    ] {
        assert_eq!(world.left_out(query), left_out, "{query}");
        world.check(query);
    }
}

#[test]
fn the_largest_expressions_that_the_language_takes_are_run() {
    let world = World::of_lines(RECORDS);
    world.check(&format!("filter bytes = 0{} | fields bytes", " or bytes = 300".repeat(600)));
    world.check(&format!("fields {}bytes{} as deep", "abs(".repeat(55), ")".repeat(55)));
    world.check(&format!("fields bytes{} as long", " + 1".repeat(55)));
    let list: Vec<String> = (0..1900).map(|n| n.to_string()).collect();
    world.check(&format!("filter bytes in [{}] | fields bytes", list.join(",")));
    world.check(&format!("filter bytes not in [{}] | stats count(*) by srcAddr", list.join(",")));
}

/// A directory of the test's own, taken away at its end.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("weir-engine-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("room");
        Directory(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Numbers may differ by rounding: in their last shown decimal, or in the last digits of a double.
fn is_same(left: &QueryResult, right: &QueryResult) -> bool {
    let same_text = |(left, right): (&Option<String>, &Option<String>)| match (left, right) {
        (Some(left), Some(right)) => left == right || is_close(left, right),
        (left, right) => left == right,
    };
    let same_row = |(left, right): (&ResultRow, &ResultRow)| {
        left.ptr == right.ptr && left.values.iter().zip(&right.values).all(same_text)
    };
    left.columns == right.columns
        && left.rows.len() == right.rows.len()
        && left.statistics.records_matched == right.statistics.records_matched
        && left.rows.iter().zip(&right.rows).all(same_row)
}

fn is_close(left: &str, right: &str) -> bool {
    let number = |text: &str| weir_insights::parse_number(text).map(|number| number.as_f64());
    number(left).zip(number(right)).is_some_and(|(left, right)| {
        let tolerance = 2e-4 + left.abs() * 1e-9;
        // Above 2^53 a float shows no fraction, whatever was rounded.
        let is_rounded = |number: f64| number.fract() != 0.0 || number.abs() > 9e15;
        (is_rounded(left) || is_rounded(right)) && (left - right).abs() <= tolerance
    })
}
