//! `cargo xtask mutants`: do the tests of weir-pipeline notice when it is wrong?
//!
//! `crates/pipeline/fixtures/mutants.txt` lists one-line mistakes. Each is made in a copy of the sources below the target
//! folder; the tests must then fail. One costs a compilation of weir-pipeline, so a full run takes as many times a quarter of a
//! minute; `cargo xtask test` takes [`SAMPLE`] of them, another sample at every commit.

use crate::shell::{commit_count, root, target};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many `cargo xtask test` makes: about three minutes.
const SAMPLE: usize = 9;
/// The list, and the sources that `file` is below.
const LIST: &str = "crates/pipeline/fixtures/mutants.txt";
const SOURCES: &str = "crates/pipeline/src";
/// What the copy needs to be a workspace of its own.
const COPIED: [&str; 5] = ["Cargo.toml", "Cargo.lock", "clippy.toml", "crates/model", "crates/pipeline"];

/// A mistake to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mutant {
    /// What is wrong then, in a sentence.
    why: String,
    /// The file, below `src`.
    file: String,
    /// What stands there.
    find: String,
    /// What stands there instead.
    with: String,
}

/// Makes those whose `why` holds one of `words`, or all.
///
/// # Errors
/// Those that no test notices, or that cannot be made.
pub fn run(words: &[&str]) -> Result<(), String> {
    let mutants = read_list()?;
    let wanted = |mutant: &&Mutant| words.is_empty() || words.iter().any(|word| mutant.why.contains(word));
    check(&mutants.iter().filter(wanted).cloned().collect::<Vec<_>>())
}

/// Makes a sample that moves on with every commit.
///
/// # Errors
/// As [`run`].
pub fn sample() -> Result<(), String> {
    let mutants = read_list()?;
    let begin = commit_count()? * SAMPLE % mutants.len();
    check(&mutants.iter().cycle().skip(begin).take(SAMPLE.min(mutants.len())).cloned().collect::<Vec<_>>())
}

fn check(mutants: &[Mutant]) -> Result<(), String> {
    let copy = copy_sources()?;
    for tests in TESTS {
        cargo(&copy, tests, &[]).map_err(|error| format!("the copy does not pass by itself: {error}"))?;
    }
    let mut failures = Vec::new();
    for mutant in mutants {
        let started = Instant::now();
        let outcome = mutant.try_in(&copy);
        let told = outcome.as_ref().map_or_else(String::as_str, |()| "noticed");
        eprintln!("{:5.1} s  {told}: {}", started.elapsed().as_secs_f64(), mutant.why);
        failures.extend(outcome.err().map(|error| format!("{error}: {} ({})", mutant.why, mutant.file)));
    }
    if failures.is_empty() {
        eprintln!("mutants: {} made, all noticed", mutants.len());
        return Ok(());
    }
    Err(format!("mutants:\n  {}", failures.join("\n  ")))
}

impl Mutant {
    /// Makes the mistake, runs the tests, and takes it back.
    fn try_in(&self, copy: &Path) -> Result<(), String> {
        let path = copy.join(SOURCES).join(&self.file);
        let text = read(&path)?;
        let wrong = self.applied(&text)?;
        write(&path, &wrong)?;
        let outcome = noticed(copy);
        write(&path, &text)?;
        outcome
    }

    fn applied(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.with, 1)),
            count => Err(format!("STALE: its text is there {count} times")),
        }
    }
}

/// The tests: first those from outside, which need only the library; unit tests only if they notice nothing.
const TESTS: [&[&str]; 2] = [&["--test", "packets"], &["--lib"]];

/// Whether some test fails in the copy as it is.
fn noticed(copy: &Path) -> Result<(), String> {
    for tests in TESTS {
        cargo(copy, tests, &["--no-run"]).map_err(|error| format!("DOES NOT COMPILE ({error})"))?;
        if cargo(copy, tests, &[]).is_err() {
            return Ok(());
        }
    }
    Err("SURVIVED".to_owned())
}

/// Runs `cargo test` in the copy.
fn cargo(copy: &Path, tests: &[&str], options: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--offline", "--quiet", "-p", "weir-pipeline"]).args(tests).args(options);
    cargo.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target")).env("RUSTFLAGS", "-Awarnings");
    cargo
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("RUST_BACKTRACE", "0")
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        // The same mistake is noticed, or not, however often it is made.
        .env("PROPTEST_RNG_SEED", "1");
    let status = cargo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

/// A copy of model and pipeline that is a workspace of its own; what was built there before is kept.
fn copy_sources() -> Result<PathBuf, String> {
    let copy = target().join("mutants");
    fs::create_dir_all(&copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    for name in COPIED {
        copy_all(&root().join(name), &copy.join(name))?;
    }
    let manifest = copy.join("Cargo.toml");
    let text = read(&manifest)?.replace(r#"["crates/cli"]"#, r#"["crates/pipeline"]"#);
    write(&manifest, &text)?;
    Ok(copy)
}

/// Copies what has changed, so that cargo builds only that anew.
fn copy_all(from: &Path, to: &Path) -> Result<(), String> {
    if !from.is_dir() {
        let bytes = fs::read(from).map_err(|error| format!("{}: {error}", from.display()))?;
        if fs::read(to).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        return fs::write(to, bytes).map_err(|error| format!("{}: {error}", to.display()));
    }
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    let entries = fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for entry in entries.flatten() {
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn read_list() -> Result<Vec<Mutant>, String> {
    let mutants = parse(&read(&root().join(LIST))?)?;
    if mutants.is_empty() { Err(format!("{LIST} is empty")) } else { Ok(mutants) }
}

/// Paragraphs of `why`, `file`, `find` and `with`, one a line.
fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let paragraphs = lines.split(|line| line.is_empty()).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(mutant).collect()
}

fn mutant(paragraph: &[&str]) -> Result<Mutant, String> {
    let member = |name: &str| {
        let lines = paragraph.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let found = lines.map(|text| text.strip_prefix(' ').unwrap_or(text).replace("\\n", "\n")).next();
        found.ok_or_else(|| format!("{LIST}: no {name} in {paragraph:?}"))
    };
    Ok(Mutant { why: member("why")?, file: member("file")?, find: member("find")?, with: member("with")? })
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_can_be_made() {
        let mutants = read_list().expect("a list");
        assert!(mutants.len() >= 25, "only {} mutants", mutants.len());
        for mutant in mutants {
            let text = read(&root().join(SOURCES).join(&mutant.file)).expect("a source");
            let wrong = mutant.applied(&text);
            assert!(wrong.as_ref().is_ok_and(|wrong| *wrong != text), "{}: {wrong:?}", mutant.why);
        }
    }

    #[test]
    fn a_mutant_is_a_paragraph() {
        let text =
            "# a note\nwhy: w\nfile: f.rs\nfind:   x;\\n y\nwith:\n\nwhy: v\nfile: g.rs\nfind: a\nwith: b\n";
        let mutants = parse(text).expect("a list");
        assert_eq!((mutants.len(), mutants[0].find.as_str(), mutants[0].with.as_str()), (2, "  x;\n y", ""));
        assert!(parse("why: w\n").is_err());
    }
}
