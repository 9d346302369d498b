//! Which objects are meant: one, those below a folder, or those that a pattern matches.
//!
//! Folders are listed one by one only as long as their names may rule some out: years, months and days of another time, or
//! what a pattern does not match. Below that, everything is listed at once.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use weir_insights::TimeRange;

use super::{FILE_ENDINGS, may_be_inside};
use crate::files::place::told_time;
use crate::files::storage::{REQUESTS_MAX, Storage, at_once};

/// What a pattern is made of.
const WILD: [char; 3] = ['*', '?', '['];
/// Any number of folders.
const ANY_FOLDERS: &str = "**";
/// As a pattern of files.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// The objects that a path or a pattern means, in the order of keys.
pub fn find(path: &str, window: TimeRange, storage: &Storage) -> Result<Vec<PathBuf>> {
    let nothing = || Error::new(ErrorKind::NotFound, format!("{path}: no such object, and none below it"));
    if path.contains(WILD) {
        let (pattern, folder) = wild(path)?;
        let found = Walk { storage, window, pattern: Some(pattern) }.below(folder)?;
        return if found.is_empty() { Err(nothing()) } else { Ok(found) };
    }
    let walk = Walk { storage, window, pattern: None };
    let is_bucket = path.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
    if path.ends_with('/') {
        return walk.below(path.to_owned());
    }
    if is_bucket {
        return walk.below(format!("{path}/"));
    }
    let listing = storage.list(path, false)?;
    if listing.objects.iter().any(|(object, _)| object == path) {
        return Ok(vec![path.into()]);
    }
    let folder = format!("{path}/");
    if listing.folders.contains(&folder) { walk.below(folder) } else { Err(nothing()) }
}

/// A pattern, and the folder below which all is that it matches.
fn wild(path: &str) -> Result<(Wild, String)> {
    let invalid = |error| Error::new(ErrorKind::InvalidInput, format!("{path}: {error}"));
    let whole = Pattern::new(path.trim_end_matches('/')).map_err(invalid)?;
    let segments: Vec<&str> = whole.as_str().split('/').collect();
    let literal = segments.iter().take_while(|segment| !segment.contains(WILD)).count();
    let folder: String = segments[..literal].iter().map(|segment| format!("{segment}/")).collect();
    let first = segments.iter().take_while(|segment| **segment != ANY_FOLDERS);
    let folders = first.map(|segment| Pattern::new(segment).map_err(invalid)).collect::<Result<_>>()?;
    Ok((Wild { whole, folders }, folder))
}

/// A pattern of paths.
struct Wild {
    whole: Pattern,
    /// What each folder must match, as far as their number is known.
    folders: Vec<Pattern>,
}

struct Walk<'a> {
    storage: &'a Storage,
    window: TimeRange,
    pattern: Option<Wild>,
}

impl Walk<'_> {
    fn below(&self, folder: String) -> Result<Vec<PathBuf>> {
        let (mut found, mut folders) = (vec![], vec![folder]);
        while !folders.is_empty() {
            let listings =
                at_once(&folders, REQUESTS_MAX, |folder| self.storage.list(folder, self.is_settled(folder)));
            folders.clear();
            for listing in listings {
                let listing = listing?;
                let objects = listing.objects.into_iter().map(|(object, _)| object);
                found.extend(objects.filter(|object| self.takes(object)).map(PathBuf::from));
                folders.extend(listing.folders.into_iter().filter(|folder| self.leads(folder)));
            }
        }
        found.sort_by(|left: &PathBuf, right| left.as_os_str().cmp(right.as_os_str()));
        Ok(found)
    }

    /// Whether no folder below can be ruled out.
    fn is_settled(&self, folder: &str) -> bool {
        let is_inside = self.window == TimeRange::ALL
            || told_time(folder).is_some_and(|told| {
                self.window.start_ms <= told.start_ms && told.end_ms <= self.window.end_ms
            });
        let depth = folder.trim_end_matches('/').split('/').count();
        is_inside && self.pattern.as_ref().is_none_or(|wild| depth >= wild.folders.len())
    }

    fn leads(&self, folder: &str) -> bool {
        let folder = folder.trim_end_matches('/');
        let matches = |wild: &Wild| {
            let mut pairs = wild.folders.iter().zip(folder.split('/'));
            pairs.all(|(pattern, name)| pattern.matches_with(name, OPTIONS))
        };
        may_be_inside(Path::new(folder), self.window) && self.pattern.as_ref().is_none_or(matches)
    }

    /// Whether an object is meant: it is called as flow logs are, or the pattern matches itself and not just a folder above.
    fn takes(&self, object: &str) -> bool {
        let is_called_so = FILE_ENDINGS.iter().any(|ending| object.ends_with(ending));
        let is_meant = match &self.pattern {
            None => is_called_so,
            Some(Wild { whole, .. }) => {
                let is_matched = |path: &str| whole.matches_with(path, OPTIONS);
                let mut above = object.match_indices('/').map(|(at, _)| &object[..at]);
                is_matched(object) || is_called_so && above.any(is_matched)
            }
        };
        is_meant && may_be_inside(Path::new(object), self.window)
    }
}

#[cfg(test)]
mod tests;
