//! A first look at each file: can it be opened, and which format do its lines have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_flowlog::{Field, Format, Lines};

use super::lines::{Line, lines_of};
use super::read::Totals;
use super::storage::Storage;

/// Lines looked at in search of a header: comments and blank lines may stand above it.
const LOOK_AHEAD: usize = 8;
/// Bytes looked at at once.
const FIRST_BYTES: usize = 4096;

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
    /// Whether the addresses of its first record are IPv4.
    pub is_four: bool,
}

/// The files that can be opened, the longest first; the others go to the totals.
pub fn survey(
    (files, storage): (&[PathBuf], &Arc<Storage>),
    given: &Format,
    totals: &mut Totals,
) -> Vec<Surveyed> {
    let mut surveyed = vec![];
    let looks = storage.look(files, |index, path| look(index, (path, storage), given));
    for (path, looked) in files.iter().zip(looks) {
        match looked {
            Ok(file) => surveyed.push(file),
            Err(error) => totals.wrong.add_file(path, error.to_string()),
        }
    }
    surveyed.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    surveyed
}

fn look(index: usize, (path, storage): (&Path, &Arc<Storage>), given: &Format) -> std::io::Result<Surveyed> {
    let opened = storage.open(path)?;
    let bytes = opened.bytes;
    let mut file = lines_of(opened, FIRST_BYTES)?;
    let mut lines = Lines::new(given.clone());
    let (mut buffer, mut is_four) = (vec![], true);
    for _ in 0..LOOK_AHEAD {
        let Line::Text(line) = file.next(&mut buffer)? else { break };
        match lines.read(&line) {
            Ok(Some(record)) => {
                let is_four_or_none = |field: &Field| !record.address(*field).is_some_and(|it| it.is_ipv6());
                is_four = Field::ALL.iter().all(is_four_or_none);
                break;
            }
            Ok(None) => {}
            Err(_) => break,
        }
    }
    let (path, format) = (Arc::new(path.to_path_buf()), lines.format().clone());
    Ok(Surveyed { index, path, bytes, format, given: given.clone(), is_four })
}
