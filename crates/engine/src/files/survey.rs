//! A first look at each file: can it be opened, and which format do its lines have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_flowlog::{Field, Format, Lines, Record};

use super::Oddity;
use super::lines::{BUFFER_BYTES, Line, LineReader, lines_of};
use super::read::Totals;
use super::storage::{Opened, Storage};
use super::wrapped::Wrap;

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
    /// What is around its records, if they are not its lines.
    pub wrap: Option<Wrap>,
    /// The formats of its lines, as far as they are known: of the first ones at first.
    pub formats: Vec<Arc<Format>>,
    /// The format of lines before any header.
    pub given: Format,
    /// Whether the addresses of its first record are IPv4.
    pub is_four: bool,
    /// Whether its first record has an interface in the place of the account: its fields have another order.
    pub is_swapped: bool,
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
            Ok(file) => {
                if file.is_swapped {
                    totals.wrong.add_odd(Oddity::Swapped(path.clone()));
                }
                surveyed.push(file);
            }
            Err(error) => totals.wrong.add_file(path, error.to_string()),
        }
    }
    surveyed.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    surveyed
}

/// A first look at one file.
///
/// # Errors
/// It cannot be read.
pub fn look(
    index: usize,
    (path, storage): (&Path, &Arc<Storage>),
    given: &Format,
) -> std::io::Result<Surveyed> {
    let opened = storage.open(path)?;
    let bytes = opened.bytes;
    let mut file = lines_of(opened, FIRST_BYTES)?;
    let mut first = match file.is_json()? {
        true => First { wrap: Some(Wrap::Json), ..First::default() },
        false => first_of(&mut file, given)?,
    };
    if let Some(wrap) = first.wrap {
        let within = wrap.open(storage.open(path)?)?;
        first = First { wrap: Some(wrap), ..first_of(&mut lines_of(within, FIRST_BYTES)?, given)? };
    }
    let First { format, is_four, is_swapped, wrap } = first;
    let path = Arc::new(path.to_path_buf());
    Ok(Surveyed {
        index,
        path,
        bytes,
        wrap,
        formats: vec![format],
        given: given.clone(),
        is_four,
        is_swapped,
    })
}

/// What the first lines tell.
#[derive(Default)]
struct First {
    format: Arc<Format>,
    is_four: bool,
    is_swapped: bool,
    wrap: Option<Wrap>,
}

fn first_of(file: &mut LineReader, given: &Format) -> std::io::Result<First> {
    let mut lines = Lines::new(given.clone());
    let (mut buffer, mut is_four, mut is_swapped, mut wrap) = (vec![], true, false, None);
    for _ in 0..LOOK_AHEAD {
        let Line::Text(line) = file.next(&mut buffer)? else { break };
        match lines.read(&line) {
            Ok(Some(record)) => {
                let is_four_or_none = |field: &Field| !record.address(*field).is_some_and(|it| it.is_ipv6());
                is_four = Field::ALL.iter().all(is_four_or_none);
                is_swapped = has_swapped(&record);
                break;
            }
            Ok(None) => {}
            Err(_) => {
                wrap = Wrap::of_line(line.trim(), lines.format());
                break;
            }
        }
    }
    Ok(First { format: lines.format().clone(), is_four, is_swapped, wrap })
}

fn has_swapped(record: &Record) -> bool {
    let is_interface = |field| record.text(field).map(|id| id.starts_with("eni-"));
    is_interface(Field::AccountId) == Some(true) && is_interface(Field::InterfaceId) == Some(false)
}

impl Surveyed {
    /// The lines of the file, which was opened: those within, if its records are wrapped.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn unwrapped(&self, opened: Opened) -> std::io::Result<Opened> {
        match self.wrap {
            None => Ok(opened),
            Some(wrap) => wrap.open(opened),
        }
    }

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
    let opened = storage.open(path).and_then(|opened| file.unwrapped(opened));
    let Ok(mut reader) = opened.and_then(|opened| lines_of(opened, BUFFER_BYTES)) else {
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
