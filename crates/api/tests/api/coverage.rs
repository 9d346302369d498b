//! Completeness: every operation, error code and filter has a test, or is listed in `fixtures/untested.txt`, which may
//! only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use weir_api::table;
use weir_wire::Catalog;

#[test]
fn what_is_not_tested_is_listed_as_untested() {
    let listed = read(&home().join("../../fixtures/untested.txt"));
    let listed: BTreeSet<&str> =
        listed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let tests = texts(&home().join("tests/api"));
    let untested: BTreeSet<String> =
        untested_operations(&tests).chain(untested_codes(&tests)).chain(untested_filters(&tests)).collect();
    let unlisted: Vec<&String> = untested.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "these need a test: {unlisted:#?}");
    let stale: Vec<&&str> = listed.iter().filter(|name| !untested.contains(**name)).collect();
    assert!(stale.is_empty(), "tested or gone, take them out of fixtures/untested.txt: {stale:#?}");
}

/// Operations whose name no test says.
fn untested_operations(tests: &Texts) -> impl Iterator<Item = String> {
    table::all().filter(|row| !tests.say(&format!("\"{}\"", row.name))).map(|row| row.iam_action())
}

/// Codes of errors that no test expects.
fn untested_codes(tests: &Texts) -> impl Iterator<Item = String> {
    let is_code = |word: &&str| {
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        is_plain && word.starts_with(|first: char| first.is_ascii_uppercase())
    };
    let sources = texts(&home().join("src"));
    let mut codes = BTreeSet::new();
    for text in sources.0.values() {
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        for before in ["Error::new(\"", "=> (\"", "{\n            (\""] {
            let rests = production.split(before).skip(1);
            let words = rests.filter_map(|rest| rest.split_once('"')).map(|(word, _)| word);
            codes.extend(words.filter(is_code).map(str::to_owned));
        }
    }
    codes.retain(|code| ![": ", "\"", "</code>", " "].iter().any(|end| tests.say(&format!("{code}{end}"))));
    codes.into_iter().map(|code| format!("error {code}"))
}

/// Filters that no test of their resource uses.
fn untested_filters(tests: &Texts) -> impl Iterator<Item = String> {
    let mut untested = BTreeSet::new();
    for (resource, text) in &texts(&home().join("src/ec2")).0 {
        let rows = text.split("\n        (\"").skip(1).filter_map(|rest| rest.split_once("\", |"));
        for (filter, _) in rows.filter(|(filter, _)| !filter.contains(['"', ' '])) {
            let is_used = |text: &str| {
                [format!(".Name={filter}&"), format!("\"{filter}\""), format!("\"{filter}=")]
                    .iter()
                    .any(|use_of| text.contains(use_of))
            };
            let is_tested = match tests.0.get(resource) {
                Some(own) => is_used(own),
                None => tests.0.values().any(|text| is_used(text)),
            };
            if !is_tested {
                untested.insert(format!("filter {resource} {filter}"));
            }
        }
    }
    untested.into_iter()
}

#[test]
fn operations_have_one_row_each() {
    let mut names = BTreeSet::new();
    for row in table::all() {
        assert!(names.insert(row.iam_action()), "{} is there twice", row.iam_action());
    }
}

/// Where our structures differ from AWS's published ones, and why that is right.
const DIFFERENCES: &[&str] = &[
    // One structure reads the tags of EC2, where a value may be left out, and of IAM, where it may not.
    "Tag? Value: is required",
];

#[test]
fn members_are_spelled_and_typed_as_aws_publishes() {
    // Those of JSON have no list of their members.
    let rows = table::all().filter(|row| !row.service.protocol().is_json());
    let found = rows.filter_map(|row| Some((Catalog::of(row.service)?, row)));
    let found = found.flat_map(|(catalog, row)| catalog.differences(row.name, row.members, row.response));
    let found: BTreeSet<String> = found.collect();
    let unknown: Vec<&String> = found.iter().filter(|line| !DIFFERENCES.contains(&line.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources in a folder by the name of their file, those in a folder within it by that folder's name.
struct Texts(BTreeMap<String, String>);

impl Texts {
    fn say(&self, words: &str) -> bool {
        self.0.values().any(|text| text.contains(words))
    }
}

fn texts(folder: &Path) -> Texts {
    let mut texts = BTreeMap::<String, String>::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = match path.is_dir() {
            true => texts_joined(&path),
            false => read(&path),
        };
        texts.entry(name).or_default().push_str(&text);
    }
    Texts(texts)
}

fn texts_joined(folder: &Path) -> String {
    texts(folder).0.into_values().collect()
}

#[expect(clippy::disallowed_methods, reason = "the test reads sources")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a readable text")
}
