//! Which files are meant: those named, those that a pattern matches, and those below directories, in any layout.
//!
//! Source: VPC User Guide, "Flow log files": an object's name holds when its records were gathered, to the minute, as
//! `_20190204T1200Z_`.

mod objects;

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use weir_insights::TimeRange;

use super::place::told_time;
use super::storage::Storage;

/// Files that end so are taken from a directory.
pub const FILE_ENDINGS: [&str; 3] = [".log", ".gz", super::PARQUET_ENDING];
/// How far the records of a file may be from the time in its name: ten minutes of aggregation and five of delivery, and
/// much to spare.
const SPARE_MS: i64 = 3_600_000;

/// The flow-log files among `paths`: files as given, those that a pattern with `*`, `?`, `[…]` or `**` matches, and those in
/// directories, to any depth, in the order of names, each once. Of those found, files whose name or
/// folders tell of another time than `window` are left out. Objects are found in the same ways.
///
/// A directory below one that is meant, which cannot be listed, is given as if it were a file: whoever reads it says why not.
///
/// # Errors
/// A path that does not exist, a pattern that matches nothing, or a directory or bucket that cannot be listed; the message names it.
pub fn find(paths: &[PathBuf], window: TimeRange, storage: &Storage) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut found) = (vec![], vec![]);
    for path in paths {
        if let Some(object) = storage.object(path) {
            files.extend(objects::find(object, window, storage)?);
            continue;
        }
        let named = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => find_below(path, window, &mut found).map_err(named)?,
            Ok(_) => files.push(path.clone()),
            Err(error) => {
                let matching = matching(path)?;
                if matching.is_empty() {
                    return Err(named(error));
                }
                for path in matching {
                    match path.is_dir() {
                        true => find_below(&path, window, &mut found).map_err(named)?,
                        false => found.push(path),
                    }
                }
            }
        }
        files.extend(found.drain(..).filter(|path| may_be_inside(path, window)));
    }
    let mut met = BTreeSet::new();
    files.retain(|path| met.insert(path.clone()));
    Ok(files)
}

fn matching(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let pattern = path.to_string_lossy();
    let invalid = |error| Error::new(ErrorKind::InvalidInput, format!("{pattern}: {error}"));
    let paths = glob::glob(&pattern).map_err(|error| invalid(error.to_string()))?;
    // What cannot be listed below is told when it is read.
    Ok(paths.map(|path| path.unwrap_or_else(|error| error.path().to_owned())).collect())
}

fn find_below(directory: &Path, window: TimeRange, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        // A link to a directory is not followed: it may lead back.
        if entry.file_type()?.is_dir() {
            // A folder of another time need not be listed.
            if may_be_inside(&path, window) && find_below(&path, window, files).is_err() {
                files.push(path);
            }
        } else if FILE_ENDINGS.iter().any(|ending| name.to_string_lossy().ends_with(ending))
            // Of a pipe nobody knows when it ends.
            && !std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file())
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file or folder may have records of the window, as far as its name and the folders above tell.
fn may_be_inside(path: &Path, window: TimeRange) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (start, end) = (window.start_ms.saturating_sub(SPARE_MS), window.end_ms.saturating_add(SPARE_MS));
    let folders = told_time(&path.to_string_lossy());
    name.split('_').find_map(time_ms).is_none_or(|time_ms| (start..=end).contains(&time_ms))
        && folders.is_none_or(|told| told.start_ms <= end && start <= told.end_ms)
}

/// The milliseconds of `20190204T1200Z`.
fn time_ms(text: &str) -> Option<i64> {
    // All digits must be there: that some may be left out is no help here.
    let text = Some(text).filter(|text| text.len() == "20190204T1200Z".len())?;
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%MZ").ok()?;
    Some(time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_name_is_read() {
        let cases = [
            ("20190204T1200Z", Some(1_549_281_600_000)),
            ("19700101T0000Z", Some(0)),
            ("20240229T2359Z", Some(1_709_251_140_000)),
            ("20190204T120Z", None),
            ("us-east-1", None),
            ("2019é204T1200Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(time_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_that_tells_another_time_is_left_out() {
        let name = "123456789012_vpcflowlogs_us-east-1_fl-0a_20190204T1200Z_4ab1d1b4.log.gz";
        let at = 1_549_281_600_000;
        let window = |from: i64, to: i64| TimeRange { start_ms: at + from, end_ms: at + to };
        let hour = 3_600_000;
        for (from, to, expected) in [
            (-hour, hour, true),
            (hour, 2 * hour, true),
            (hour + 1, 2 * hour, false),
            (-3 * hour, -hour - 1, false),
        ] {
            assert_eq!(may_be_inside(Path::new(name), window(from, to)), expected, "{from} {to}");
        }
        assert!(may_be_inside(Path::new("any.log"), window(0, 1)));
        assert!(may_be_inside(Path::new(name), TimeRange::ALL));
    }
}
