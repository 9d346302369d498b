//! The rules of the code that no compiler checks: layers, lengths, headers, and who may name what.

use crate::shell::{self, command, output, root};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Crates and their levels: a crate uses only crates on lower levels (ARCHITECTURE.md).
const LEVELS: &[(&str, u8)] = &[
    ("weir-model", 0),
    ("weir-insights", 0),
    ("weir-objects", 0),
    ("weir-disk", 0),
    ("weir-store", 1),
    ("weir-buckets", 1),
    ("weir-pipeline", 1),
    ("weir-wire-derive", 0),
    ("weir-wire", 1),
    ("weir-flowlog", 2),
    ("weir-s3", 2),
    ("weir-engine", 3),
    ("weir-fabric", 3),
    ("weir-api", 4),
    ("weir-netns", 4),
    ("weir-distributed", 4),
    ("weir-sim", 5),
    ("weir-bench", 5),
    ("weir", 6),
    ("xtask", 9),
];

/// Heavy or revealing dependencies, and the only crates that may name them.
const ONLY: &[(&str, &[&str])] = &[
    ("datafusion", &["weir-engine", "weir-distributed"]),
    ("datafusion-proto", &["weir-distributed"]),
    ("ballista-core", &["weir-distributed"]),
    ("ballista-executor", &["weir-distributed"]),
    ("ballista-scheduler", &["weir-distributed"]),
    ("arrow", &["weir-store", "weir-engine", "weir-bench"]),
    ("parquet", &["weir-store", "weir-engine", "weir-bench"]),
    ("smoltcp", &["weir-fabric"]),
    ("hyper", &["weir"]),
    ("tokio", &["weir", "weir-engine", "weir-distributed"]),
    ("rusqlite", &["weir", "weir-disk", "weir-store", "weir-buckets"]),
    ("libc", &["weir-netns"]),
    ("s3s", &["weir-s3"]),
    ("ureq", &["weir-objects"]),
    ("ring", &["weir-objects", "weir-api"]),
];

const FILE_LINES_MAX: usize = 800;
const README_LINES_MAX: usize = 150;
const ARCHITECTURE_LINES_MAX: usize = 200;

/// Checks every rule and reports all that is broken.
///
/// # Errors
/// What is broken, a line each.
pub fn run_checks() -> Result<(), String> {
    let mut broken = vec![];
    broken.extend(layers()?);
    for file in tracked("*.rs")? {
        broken.extend(source_file(&file)?);
    }
    for (name, lines_max) in [("README.md", README_LINES_MAX), ("ARCHITECTURE.md", ARCHITECTURE_LINES_MAX)] {
        let lines = read(&root().join(name))?.lines().count();
        if lines > lines_max {
            broken.push(format!("{name}: {lines} lines, at most {lines_max}"));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("tidy:\n  {}", broken.join("\n  "))) }
}

/// `cargo xtask tidy`: formatting, then the rules.
///
/// # Errors
/// What is broken.
pub fn run() -> Result<(), String> {
    shell::run(&mut command("cargo fmt --all --check"))?;
    run_checks()?;
    eprintln!("tidy: all in order");
    Ok(())
}

/// What breaks the layering, by `cargo metadata`.
fn layers() -> Result<Vec<String>, String> {
    let metadata = output(&mut command("cargo metadata --format-version 1 --no-deps"))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let mut broken = vec![];
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(level) = level_of(name) else {
            broken.push(format!("{name}: has no level in xtask/src/tidy.rs"));
            continue;
        };
        let used =
            package["dependencies"].as_array().into_iter().flatten().filter_map(|used| used["name"].as_str());
        broken.extend(used.filter_map(|used| edge(name, level, used)));
    }
    Ok(broken)
}

fn level_of(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

/// What is wrong with crate `name` using `used`, if anything is.
fn edge(name: &str, level: u8, used: &str) -> Option<String> {
    if level_of(used).is_some_and(|lower| lower >= level) {
        return Some(format!("{name} uses {used}, which is not on a lower level"));
    }
    let (_, allowed) = ONLY.iter().find(|(guarded, _)| *guarded == used)?;
    (!allowed.contains(&name)).then(|| format!("{name} names {used}; only {} may", allowed.join(" and ")))
}

/// What is wrong with one Rust file.
fn source_file(path: &Path) -> Result<Vec<String>, String> {
    let text = read(path)?;
    let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let mut broken = vec![];
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        broken.push(format!("{shown}: {lines} lines, at most {FILE_LINES_MAX}; split it by noun"));
    }
    let is_test = shown.contains("/tests/") || shown.ends_with("tests.rs");
    if !is_test && !text.starts_with("//!") {
        broken.push(format!("{shown}: does not begin with //! and what it is"));
    }
    // Written in two parts so that this file does not find itself.
    for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore")] {
        if text.contains(word) {
            broken.push(format!("{shown}: holds {word}"));
        }
    }
    Ok(broken)
}

/// Files that git tracks.
fn tracked(pattern: &str) -> Result<Vec<PathBuf>, String> {
    let listed = output(command("git ls-files --").arg(pattern))?;
    Ok(listed.lines().map(|line| root().join(line)).filter(|path| path.exists()).collect())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_keeps_its_rules() {
        assert_eq!(run_checks(), Ok(()));
    }

    #[test]
    fn an_edge_upwards_or_to_a_guarded_library_is_found() {
        assert!(edge("weir-model", 0, "weir-pipeline").is_some());
        assert!(edge("weir-disk", 0, "weir-store").is_some());
        assert!(edge("weir-api", 4, "datafusion").is_some());
        assert_eq!(edge("weir-engine", 2, "datafusion"), None);
        assert_eq!(edge("weir-pipeline", 1, "weir-model"), None);
    }
}
