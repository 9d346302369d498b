//! A first look at each file: can it be opened, and which format do its lines have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_flowlog::{Field, Format, Lines};

use super::lines::{BUFFER_BYTES, Line, lines_of};
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
    /// The formats of its lines, as far as they are known: of the first ones at first.
    pub formats: Vec<Arc<Format>>,
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
    Ok(Surveyed { index, path, bytes, formats: vec![format], given: given.clone(), is_four })
}

impl Surveyed {
    /// Whether any of its lines may have a field, and whether all may.
    pub fn has(&self, field: Field) -> (bool, bool) {
        let mut having = self.formats.iter().map(|format| format.position(field).is_some());
        (having.clone().any(|has| has), having.all(|has| has))
    }

    /// Whether lines of a format have of these fields just those that the formats known tell of.
    pub fn has_foreseen(&self, format: &Format, fields: &[Field]) -> bool {
        fields.iter().all(|field| match (format.position(*field).is_some(), self.has(*field)) {
            (true, (any, _)) => any,
            (false, (_, all)) => !all,
        })
    }
}

/// The same files with the formats of all their headers. What cannot be read is left to whoever reads it again.
pub fn with_all_formats(surveyed: &[Surveyed], storage: &Arc<Storage>) -> Vec<Surveyed> {
    let paths: Vec<_> = surveyed.iter().map(|file| file.path.to_path_buf()).collect();
    let formats = storage.look(&paths, |index, path| formats_of(&surveyed[index], (path, storage)));
    let mut files = surveyed.to_vec();
    for (file, formats) in files.iter_mut().zip(formats) {
        file.formats = formats;
    }
    files
}

fn formats_of(file: &Surveyed, (path, storage): (&Path, &Arc<Storage>)) -> Vec<Arc<Format>> {
    let mut formats = file.formats.clone();
    let given = Arc::new(file.given.clone());
    if !formats.contains(&given) {
        formats.push(given);
    }
    let Ok(mut reader) = storage.open(path).and_then(|opened| lines_of(opened, BUFFER_BYTES)) else {
        return formats;
    };
    let (mut lines, mut buffer) = (Lines::new(file.given.clone()), vec![]);
    loop {
        match reader.next(&mut buffer) {
            Ok(Line::Text(line)) => {
                if lines.read_header(&line) && !formats.contains(lines.format()) {
                    formats.push(lines.format().clone());
                }
            }
            Ok(Line::TooLong) => {}
            Ok(Line::End) | Err(_) => return formats,
        }
    }
}
