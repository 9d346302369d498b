//! Completeness: every operation is called by a test, or listed in `fixtures/untested.txt`, which may only shrink.

use std::collections::BTreeSet;
use std::path::Path;
use weir_api::table;
use weir_wire::Catalog;

#[test]
fn every_operation_is_tested_or_listed_as_untested() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (tests, listed) = (sources(&home.join("tests/api")), read(&home.join("../../fixtures/untested.txt")));
    let listed: BTreeSet<&str> =
        listed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let uncalled = table::all().filter(|row| !tests.contains(&format!("\"{}\"", row.name)));
    let uncalled: BTreeSet<String> = uncalled.map(|row| row.iam_action()).collect();
    let unlisted: Vec<&String> = uncalled.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "call these in a test: {unlisted:?}");
    let stale: Vec<&&str> = listed.iter().filter(|name| !uncalled.contains(**name)).collect();
    assert!(stale.is_empty(), "tested or gone, take them out of fixtures/untested.txt: {stale:?}");
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
    // Roles are in no instance profiles, so nothing says what one is.
    "ListInstanceProfilesForRole= InstanceProfiles: is Text, AWS has []InstanceProfile",
];

#[test]
fn members_are_spelled_and_typed_as_aws_publishes() {
    let found = table::all().filter_map(|row| Some((Catalog::of(row.service)?, row)));
    let found = found.flat_map(|(catalog, row)| catalog.differences(row.name, row.members, row.response));
    let found: BTreeSet<String> = found.collect();
    let unknown: Vec<&String> = found.iter().filter(|line| !DIFFERENCES.contains(&line.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("the tests' own folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.map(|path| if path.is_dir() { sources(&path) } else { read(&path) }).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test reads the sources of the tests")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a readable text")
}
