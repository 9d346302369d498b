//! Lines that are no records, files that could not be read, and what else is odd: each counts once, however often a file is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{BROKEN_LINES_SHOWN, BrokenLine, BrokenReason, Oddity, UnreadableFile};

/// Oddities that are kept: a file may have any number of headers.
const ODD_MAX: usize = 100;

/// What is wrong with files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    broken: BTreeMap<PathBuf, Broken>,
    unreadable: BTreeMap<PathBuf, String>,
    odd: BTreeSet<Oddity>,
}

/// The lines of a file that are no records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Broken {
    count: u64,
    /// The first of them.
    first: Vec<(u64, BrokenReason)>,
}

impl Wrong {
    /// Adds a line; those of a file come in their order.
    pub fn add_line(&mut self, file: &Path, line: u64, why: BrokenReason) {
        if !self.broken.contains_key(file) {
            self.broken.insert(file.to_path_buf(), Broken::default());
        }
        let Some(broken) = self.broken.get_mut(file) else { return };
        broken.count += 1;
        if broken.first.len() < BROKEN_LINES_SHOWN {
            broken.first.push((line, why));
        }
    }

    /// Adds a file that could not be read, or not to its end.
    pub fn add_file(&mut self, file: &Path, why: String) {
        self.unreadable.insert(file.to_path_buf(), why);
    }

    /// Adds what is odd about a file.
    pub fn add_odd(&mut self, odd: Oddity) {
        if self.odd.len() < ODD_MAX {
            self.odd.insert(odd);
        }
    }

    /// Adds what another reading has met. Of a file that both have read counts what the one met that got further.
    pub fn add(&mut self, other: Wrong) {
        for (file, broken) in other.broken {
            let known = self.broken.entry(file).or_default();
            if broken.count >= known.count {
                *known = broken;
            }
        }
        self.unreadable.extend(other.unreadable);
        other.odd.into_iter().for_each(|odd| self.add_odd(odd));
        // Only the first of all are ever shown.
        let mut left = BROKEN_LINES_SHOWN;
        for broken in self.broken.values_mut() {
            broken.first.truncate(left);
            left -= broken.first.len();
        }
    }

    /// How many lines are no records.
    pub fn line_count(&self) -> u64 {
        self.broken.values().map(|broken| broken.count).sum()
    }

    /// The first of them, by file and line.
    pub fn first_lines(&self) -> Vec<BrokenLine> {
        let lines = self.broken.iter().flat_map(|(file, broken)| {
            broken.first.iter().map(|(line, why)| BrokenLine { file: file.clone(), line: *line, why: *why })
        });
        lines.take(BROKEN_LINES_SHOWN).collect()
    }

    /// What is odd, as far as it is kept.
    pub fn odd(&self) -> Vec<Oddity> {
        self.odd.iter().cloned().collect()
    }

    /// The files that could not be read, by name.
    pub fn files(&self) -> Vec<UnreadableFile> {
        let file = |(file, why): (&PathBuf, &String)| UnreadableFile { file: file.clone(), why: why.clone() };
        self.unreadable.iter().map(file).collect()
    }
}
