//! The scan beside the simple line reader: over any lines, formats and columns both find the same.

use std::collections::BTreeSet;
use std::io::Write as _;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use weir_flowlog::field::{Field, Kind as FieldKind};
use weir_flowlog::{Format, Lines, Record, Value};
use weir_insights::FLOW_FIELDS;

use super::ahead::Turns;
use super::columns::Wanted;
use super::layout::Content;
use super::lines::{Line, lines_of};
use super::read::Reader;
use super::*;
use crate::tests::Directory;

const FORMATS: [&str; 5] = [
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    "account-id bytes action",
    "interface-id vpc-id shoe-size",
    "srcaddr pkt-srcaddr start traffic-path log-status region",
    "end packets-lost-no-route tgw-id dstaddr",
];

/// Words that are odd in one field or another.
const ODD: &[&str] = &[
    "-",
    "--",
    "+5",
    "007",
    "4294967296",
    "99999999999999999999",
    "1537648094123",
    "2001:db8::1",
    "2001:DB8:0::1",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3",
    "ACCEPTED",
    "OKAY",
    "é",
    "x\u{1}y",
    "srcaddr",
    "2018-09-22T20:28:14.000Z",
    "",
];

/// Words of a field's kind, and for each kind those that only look like it.
fn word(kind: FieldKind) -> BoxedStrategy<String> {
    let plain = match kind {
        FieldKind::Text => "[a-z0-9.:/-]{1,30}",
        FieldKind::Address => "(10|172|9)\\.[0-9]{1,2}\\.(0|1[0-9]{0,2})\\.[1-9]",
        FieldKind::Int => "[0-9]{1,10}",
        FieldKind::Long => "[0-9]{1,17}",
        FieldKind::Seconds => "1[0-9]{9}",
        FieldKind::Action => "ACCEPT|REJECT",
        FieldKind::Status => "OK|NODATA|SKIPDATA",
    };
    prop_oneof![30 => plain, 3 => Just("-".to_owned()), 1 => select(ODD).prop_map(str::to_owned)].boxed()
}

fn record(format: &'static str) -> BoxedStrategy<Vec<u8>> {
    let kind = |name: &str| Field::named(name).map_or(FieldKind::Text, Field::kind);
    let blank = prop_oneof![60 => Just(" "), 1 => Just("  "), 1 => Just("\t"), 1 => Just(" \u{b}")];
    let words: Vec<_> = format.split(' ').map(|name| (blank.clone(), word(kind(name)))).collect();
    let begin = prop_oneof![40 => Just(""), 1 => Just("\u{feff}"), 1 => Just("2018-09-22T20:28:14.000Z "), 1 => Just(" ")];
    let end = prop_oneof![40 => Just(""), 1 => Just(" "), 1 => Just(" more"), 1 => Just("\r")];
    (begin, words, end)
        .prop_map(|(begin, words, end)| {
            let words: Vec<String> =
                words.into_iter().map(|(blank, word)| format!("{blank}{word}")).collect();
            format!("{begin}{}{end}", words.concat().trim_start()).into_bytes()
        })
        .boxed()
}

fn line() -> BoxedStrategy<Vec<u8>> {
    let other = prop_oneof![
        select(&FORMATS[..]).prop_map(|format| format.as_bytes().to_vec()),
        Just(b"".to_vec()),
        Just(b"# comment".to_vec()),
        Just(b"srcaddr,bytes".to_vec()),
        Just(b"i-1 \xff\xfe 3".to_vec()),
        Just(vec![b'x'; 140_000]),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![20 => select(&FORMATS[..]).prop_flat_map(record), 1 => other].boxed()
}

/// A file: its header and mostly records of that format.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let newline = prop_oneof![20 => Just("\n"), 1 => Just("\r\n")];
    let lines = move |format| {
        let line = prop_oneof![20 => record(format), 1 => line()];
        prop::collection::vec((line, newline.clone()), 0..60)
    };
    (select(&FORMATS[..]), any::<bool>()).prop_flat_map(move |(format, is_ended)| {
        lines(format).prop_map(move |lines| {
            let mut bytes = format!("{format}\n").into_bytes();
            for (line, newline) in &lines {
                bytes.extend_from_slice(line);
                bytes.extend_from_slice(newline.as_bytes());
            }
            if !is_ended {
                bytes.pop();
            }
            bytes
        })
    })
}

/// How a file is stored.
#[derive(Clone, Copy, Debug)]
enum Storage {
    Plain,
    Gzip,
    /// As two members, cut here or there.
    Members(usize),
}

fn store(bytes: &[u8], storage: Storage) -> Vec<u8> {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(vec![], Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    match storage {
        Storage::Plain => bytes.to_vec(),
        Storage::Gzip => gzip(bytes),
        Storage::Members(at) => {
            let (first, second) = bytes.split_at(at % (bytes.len() + 1));
            [gzip(first), gzip(second)].concat()
        }
    }
}

/// A row of one file: place, time, line, and the wanted fields, `None` where absent.
type Found = (i64, Option<i64>, String, Vec<Option<String>>);

fn field_of(name: &str) -> Field {
    let known = FLOW_FIELDS.iter().find(|known| known.field == name).expect("a field of flow logs");
    Field::named(known.name).expect("a field of flow logs")
}

/// As the simple reader finds them.
fn simply(files: &[PathBuf], fields: &[String]) -> (Vec<Found>, Totals) {
    let (mut rows, mut totals) = (vec![], Totals::default());
    for (index, path) in files.iter().enumerate() {
        let (mut reader, mut lines) = (
            lines_of(std::sync::Arc::<super::Storage>::default().open(path).expect("a file"), 512)
                .expect("a file"),
            Lines::new(Format::default()),
        );
        let mut buffer = vec![];
        for number in 1.. {
            let why = match reader.next(&mut buffer).expect("a sound file") {
                Line::End => break,
                Line::TooLong => BrokenReason::TooLong,
                Line::Text(line) => match lines.read(&line) {
                    Ok(None) => continue,
                    Ok(Some(record)) => {
                        totals.records += 1;
                        totals.bytes += line.len() as u64;
                        let place = (index as i64) << 40 | number as i64;
                        let time = record.number(Field::Start).map(|seconds| seconds as i64 * 1000);
                        let value = |name: &String| text_of(&record, field_of(name), &line);
                        rows.push((place, time, line.to_string(), fields.iter().map(value).collect()));
                        continue;
                    }
                    Err(error) => BrokenReason::Line(error),
                },
            };
            totals.wrong.add_line(path, number, why);
        }
    }
    (rows, totals)
}

fn text_of(record: &Record, field: Field, line: &str) -> Option<String> {
    let place = record.format().position(field)?;
    match record.value(field) {
        Value::Address(_) => {
            let line = line.trim_start_matches('\u{feff}').trim();
            let tokens: Vec<&str> = line.split_ascii_whitespace().collect();
            Some(tokens[tokens.len() - record.format().columns().len()..][place].to_owned())
        }
        value => Some(value.to_string()),
    }
}

/// As the scan finds them, with all columns or those of `output` alone.
fn by_scan(layout: &Arc<Layout>, source: Source, output: &[usize]) -> Option<(Vec<Vec<String>>, Totals)> {
    let wanted = Wanted::new(layout, output, &[], |_| Ok(vec![])).expect("columns of the layout");
    let source = Arc::new(source);
    let turns = Arc::new(Turns::new(source.files.clone(), source.storage.clone()));
    let mut rows = vec![];
    for batch in Reader::new(source.clone(), turns, Arc::new(wanted)) {
        let Ok(batch) = batch else {
            assert!(source.narrow.has_failed() || source.unforeseen.has_failed());
            return None;
        };
        for row in 0..batch.num_rows() {
            let cell = |(column, index): (&_, &usize)| printed(layout, *index, column, row);
            rows.push(batch.columns().iter().zip(output).map(cell).collect());
        }
    }
    let totals = std::mem::take(&mut *source.totals.lock().expect("no reader panics"));
    Some((rows, totals))
}

fn printed(layout: &Layout, index: usize, column: &datafusion::arrow::array::ArrayRef, row: usize) -> String {
    let kind = match layout.contents[index] {
        Content::Number(_) => crate::kind::Kind::DashInt,
        Content::Address(_) => crate::kind::Kind::DashAddress,
        Content::Timestamp | Content::Sequence => {
            let column = column.as_primitive::<Int64Type>();
            return column
                .iter()
                .nth(row)
                .map_or("∅".into(), |it| it.map_or("∅".into(), |it| it.to_string()));
        }
        _ => crate::kind::Kind::Text,
    };
    kind.value(column, row).print().map_or("∅".into(), |text| text.into_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn the_scan_finds_what_the_simple_reader_finds(
        contents in prop::collection::vec(
            (file(), prop_oneof![Just(Storage::Plain), Just(Storage::Gzip), any::<usize>().prop_map(Storage::Members)]),
            1..4,
        ),
        names in subsequence(FLOW_FIELDS.iter().map(|known| known.field.to_owned()).collect::<Vec<_>>(), 0..20),
        leaves_out in any::<usize>(),
    ) {
        let directory = Directory::new("scan");
        let mut files = vec![];
        for (index, (bytes, storage)) in contents.iter().enumerate() {
            files.push(directory.path().join(format!("{index}.log")));
            std::fs::write(&files[index], store(bytes, *storage)).expect("room");
        }
        let mut read: BTreeSet<String> = names.iter().cloned().collect();
        read.insert("@message".into());
        let surveyed = survey::survey((&files, &Arc::default()), &Format::default(), &mut Totals::default());
        // Records behind a time and a stream are no lines of the simple reader's.
        prop_assume!(surveyed.iter().all(|file| file.wrap.is_none()));
        let known = survey::with_all_formats(&surveyed, &Arc::default());
        for (surveyed, is_four) in [(&surveyed, true), (&surveyed, false), (&known, true), (&known, false)] {
            let is_known = std::ptr::eq(surveyed, &known);
            let layout = Arc::new(Layout::new(&read, surveyed, is_four));
            let fields: Vec<String> = layout.fields.iter().map(|(name, _, _)| name.clone()).collect();
            let (expected, expected_totals) = simply(&files, &fields);
            let source = || Source {
                files: Arc::new(surveyed.clone()),
                fields: names.iter().map(|name| field_of(name)).collect(),
                ..Source::default()
            };
            let all: Vec<usize> = (0..layout.contents.len()).collect();
            let some: Vec<usize> = all.iter().copied().filter(|index| *index == 1 || leaves_out >> (index % 60) & 1 == 0).collect();
            for output in [all, some] {
                let Some((rows, totals)) = by_scan(&layout, source(), &output) else {
                    prop_assert!(is_four || !is_known, "text holds any address, and all formats are known");
                    continue;
                };
                let place = output.iter().position(|index| *index == 1).expect("the place is read");
                let mut rows = rows;
                rows.sort_by_key(|row: &Vec<String>| row[place].parse::<i64>().expect("a place"));
                prop_assert_eq!(rows, expected.iter().map(|row| shown(row, &files, &output)).collect::<Vec<_>>());
                prop_assert_eq!((totals.records, totals.bytes), (expected_totals.records, expected_totals.bytes));
                prop_assert_eq!(totals.wrong.first_lines(), expected_totals.wrong.first_lines());
                prop_assert_eq!(totals.wrong.line_count(), expected_totals.wrong.line_count());
            }
        }
    }
}

/// The columns of a row in the order of the layout: time, place, no ingestion, path, name, line, fields.
fn shown((place, time, line, fields): &Found, files: &[PathBuf], output: &[usize]) -> Vec<String> {
    let path = &files[(place >> 40) as usize];
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let absent = || "∅".to_owned();
    let mut all = vec![time.map_or_else(absent, |time| time.to_string()), place.to_string(), absent()];
    all.extend([path.to_string_lossy().into_owned(), name, line.clone()]);
    all.extend(fields.iter().map(|field| field.clone().unwrap_or_else(absent)));
    output.iter().map(|index| all[*index].clone()).collect()
}
