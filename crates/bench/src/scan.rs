//! The three queries by hand: whole files through libdeflate, the fields a query needs out of each line, and maps.
//!
//! It trusts the lines: the default format, none broken; of a line that is too short it takes the rest to be empty. So it is
//! the limit, not a program anyone would ship.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::DateTime;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use libdeflater::Decompressor;

use crate::Failure;

type Map<K> = HashMap<K, u64, FixedState>;

/// Maps of pairs, by their hash: each is merged by itself.
const PARTS: usize = 64;

/// The rows that a query gives, in the order of its sort.
///
/// # Errors
/// There is no such query, or a file that is no gzip or cannot be read.
pub fn scan(folder: &Path, query: &str) -> Result<String, Failure> {
    let mut files = vec![];
    find(folder, &mut files)?;
    match query {
        "q1" => talkers(files),
        "q2" => refused(files),
        "q3" => by_time(files),
        _ => Err(format!("no such query: {query}").into()),
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { find(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Takes one of what several threads share; a thread that has panicked ends the scan where it is joined.
fn take<T>(waiting: &Mutex<Vec<T>>) -> Option<T> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// What `work` gives, on as many threads as there are processors.
pub fn threads<T: Send>(work: impl Fn() -> Result<T, Failure> + Sync) -> Result<Vec<T>, Failure> {
    std::thread::scope(|scope| {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())))
            .collect()
    })
}

/// What each thread gathers of its share of the lines.
fn each_thread<T: Default + Send>(
    files: Vec<PathBuf>,
    add: impl Fn(&mut T, &[u8]) + Sync,
) -> Result<Vec<T>, Failure> {
    let waiting = Mutex::new(files);
    threads(|| {
        let (mut own, mut text) = (T::default(), vec![]);
        let mut decompressor = Decompressor::new();
        while let Some(path) = take(&waiting) {
            let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let gzip = fs::read(&path).map_err(|error| told(&error))?;
            let Some(length) = gzip.last_chunk::<4>() else { return Err(told(&"no gzip").into()) };
            let length = u32::from_le_bytes(*length) as usize;
            text.resize(length.max(text.len()), 0);
            decompressor.gzip_decompress(&gzip, &mut text[..length]).map_err(|error| told(&error))?;
            lines(&text[..length], |line| add(&mut own, line));
        }
        Ok(own)
    })
}

fn lines(text: &[u8], mut add: impl FnMut(&[u8])) {
    let mut start = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |len| start + len);
        add(&text[start..end]);
        start = end + 1;
    }
}

/// The rest of a line behind so many fields.
fn skip(mut line: &[u8], fields: usize) -> &[u8] {
    for _ in 0..fields {
        line = memchr::memchr(b' ', line).map_or(&[], |end| &line[end + 1..]);
    }
    line
}

fn number(line: &mut &[u8]) -> u64 {
    let mut number = 0;
    while let [digit @ b'0'..=b'9', rest @ ..] = line {
        number = number * 10 + u64::from(digit - b'0');
        *line = rest;
    }
    *line = line.get(1..).unwrap_or_default();
    number
}

fn address(line: &mut &[u8]) -> u32 {
    (0..4).fold(0, |address, _| address << 8 | number(line) as u32)
}

fn talkers(files: Vec<PathBuf>) -> Result<String, Failure> {
    let shares = each_thread(files, |parts: &mut Vec<Map<u64>>, line| {
        parts.resize_with(PARTS, Map::default);
        let mut rest = skip(line, 3);
        if rest.starts_with(b"-") {
            return;
        }
        let pair = u64::from(address(&mut rest)) << 32 | u64::from(address(&mut rest));
        let mut rest = skip(rest, 4);
        let part = (pair.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as usize;
        *parts[part].entry(pair).or_default() += number(&mut rest);
    })?;
    let mut columns: Vec<Vec<Map<u64>>> = (0..PARTS).map(|_| vec![]).collect();
    for share in shares {
        share.into_iter().zip(&mut columns).for_each(|(part, column)| column.push(part));
    }
    let waiting = Mutex::new(columns);
    let tops = threads(|| {
        let mut tops = vec![];
        while let Some(column) = take(&waiting) {
            let mut rows: Vec<(u64, u64)> = merged(column).into_iter().collect();
            rows.sort_unstable_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
            rows.truncate(10);
            tops.extend(rows);
        }
        Ok(tops)
    })?;
    let mut rows = tops.concat();
    rows.sort_unstable_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let text = |(pair, bytes): &(u64, u64)| {
        format!("{} {} {bytes}\n", Ipv4Addr::from((pair >> 32) as u32), Ipv4Addr::from(*pair as u32))
    };
    Ok(rows.iter().take(10).map(text).collect())
}

fn merged<K: Eq + std::hash::Hash>(maps: Vec<Map<K>>) -> Map<K> {
    let mut maps = maps.into_iter();
    let mut all = maps.next().unwrap_or_default();
    for map in maps {
        map.into_iter().for_each(|(key, value)| *all.entry(key).or_default() += value);
    }
    all
}

fn refused(files: Vec<PathBuf>) -> Result<String, Failure> {
    let maps = each_thread(files, |map: &mut Map<u32>, line| {
        let source = skip(line, 3);
        let port = skip(source, 3);
        if port.starts_with(b"22 ") && skip(&port[3..], 5).starts_with(b"REJECT") {
            *map.entry(address(&mut &*source)).or_default() += 1;
        }
    })?;
    let mut rows: Vec<(u32, u64)> = merged(maps).into_iter().collect();
    rows.sort_unstable_by_key(|(source, count)| {
        (std::cmp::Reverse(*count), Ipv4Addr::from(*source).to_string())
    });
    let text = |(source, count): &(u32, u64)| format!("{} {count}\n", Ipv4Addr::from(*source));
    Ok(rows.iter().take(10).map(text).collect())
}

fn by_time(files: Vec<PathBuf>) -> Result<String, Failure> {
    let maps = each_thread(files, |map: &mut Map<(u64, u8)>, line| {
        let mut rest = skip(line, 10);
        let bin = number(&mut rest) / 300 * 300;
        let action = skip(rest, 1).first().copied().unwrap_or(b'-');
        *map.entry((bin, action)).or_default() += 1;
    })?;
    let mut rows: Vec<((u64, u8), u64)> = merged(maps).into_iter().collect();
    rows.sort_unstable();
    let text = |((bin, action), count): &((u64, u8), u64)| {
        let time =
            DateTime::from_timestamp(*bin as i64, 0).unwrap_or_default().format("%Y-%m-%d %H:%M:%S.000");
        let action = match action {
            b'A' => "ACCEPT",
            b'R' => "REJECT",
            _ => "-",
        };
        format!("{time} {action} {count}\n")
    };
    Ok(rows.iter().map(text).collect())
}
