//! A first look at each file: can it be opened, and which format do its lines have.

use std::path::PathBuf;
use std::sync::Arc;

use weir_flowlog::{Format, Lines};

use super::UnreadableFile;
use super::lines::{Line, open};
use super::read::Totals;

/// Lines looked at in search of a header: comments and blank lines may stand above it.
const LOOK_AHEAD: usize = 8;

/// A file that can be opened.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// Its place among the files given.
    pub index: usize,
    /// The file.
    pub path: Arc<PathBuf>,
    /// Its length as stored.
    pub bytes: u64,
    /// The format of its first lines.
    pub format: Arc<Format>,
    /// The format of lines before any header.
    pub given: Format,
}

/// The files that can be opened; the others go to the totals.
pub fn survey(files: &[PathBuf], given: &Format, totals: &mut Totals) -> Vec<Surveyed> {
    let mut surveyed = vec![];
    for (index, path) in files.iter().enumerate() {
        match look(path, given) {
            Ok((bytes, format)) => {
                surveyed.push(Surveyed {
                    index,
                    path: Arc::new(path.clone()),
                    bytes,
                    format,
                    given: given.clone(),
                });
            }
            Err(error) => {
                totals.unreadable.push(UnreadableFile { file: path.clone(), why: error.to_string() })
            }
        }
    }
    surveyed
}

fn look(path: &PathBuf, given: &Format) -> std::io::Result<(u64, Arc<Format>)> {
    let bytes = std::fs::metadata(path)?.len();
    let mut file = open(path)?;
    let mut lines = Lines::new(given.clone());
    let mut buffer = vec![];
    for _ in 0..LOOK_AHEAD {
        let Line::Text(line) = file.next(&mut buffer)? else { break };
        let is_record = !matches!(lines.read(&line), Ok(None));
        if is_record || *lines.format().as_ref() != *given {
            break;
        }
    }
    Ok((bytes, lines.format().clone()))
}
