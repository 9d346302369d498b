//! Queries over objects answer what the same files answer, and ask for no more than they must.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use weir_insights::{Reads, Run, TimeRange, plan};

use super::Directory;
use super::files::{SAMPLES, as_parquet, rows, sample};
use super::world::{ENGINE, tables};
use crate::files::{Estimate, Files, FilesAnswer, Listing, Objects, Options, Storage};

/// Objects that were asked for, and which bytes of each.
type Asked = Vec<(String, Range<u64>)>;

/// A bucket in memory that keeps what it was asked for.
#[derive(Debug)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    asked: Arc<Mutex<Asked>>,
}

/// An object that is listed and may not be read.
const SECRET: &str = "s3://b/secret.log";

impl Objects for Bucket {
    fn scheme(&self) -> &'static str {
        "s3://"
    }

    fn list(&self, _: &str, _: bool) -> Result<Listing> {
        let objects = self.objects.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect();
        Ok(Listing { objects, folders: vec![] })
    }

    fn read(&self, path: &str, range: Range<u64>) -> Result<Vec<u8>> {
        self.asked.lock().expect("no panic").push((path.to_owned(), range.clone()));
        if path == SECRET {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("{path}: AccessDenied: Access Denied"),
            ));
        }
        Ok(self.objects[path][range.start as usize..range.end as usize].to_vec())
    }
}

/// What is asked of objects, and what they are asked for.
struct Answered {
    answer: FilesAnswer,
    estimate: Estimate,
    asked: Asked,
    /// Bytes that were not counted as read.
    left_bytes: u64,
}

fn ask(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> Answered {
    let asked = Arc::new(Mutex::new(Asked::new()));
    let bucket = Bucket { objects: objects.clone(), asked: asked.clone() };
    let storage = Arc::new(Storage::with(Box::new(bucket)));
    storage.list("s3://b/", true).expect("a listing");
    let paths: Vec<PathBuf> = objects.keys().map(PathBuf::from).collect();
    let options = Options { storage, ..Options::default() };
    let files = Files::new(paths, options.clone());
    let read = plan(query, None).expect("a query");
    let estimate = files.estimate(&read, TimeRange::ALL).0;
    assert_eq!(asked.lock().expect("no panic").len(), 0, "an estimate fetches nothing");
    let answer = answer(&files, query);
    let asked = std::mem::take(&mut *asked.lock().expect("no panic"));
    let left_bytes = files.stored_bytes() - options.read_bytes.load(Ordering::Relaxed);
    Answered { answer, estimate, asked, left_bytes }
}

fn answer(files: &Files, query: &str) -> FilesAnswer {
    let (plan, tables) = (plan(query, None).expect("a query"), tables());
    let run = Run { window: TimeRange::ALL, now_ms: 1_600_000_000_000, cancelled: &AtomicBool::new(false) };
    let inputs = vec![files; plan.inputs.len()];
    ENGINE.query_files(&plan, Reads { own: files, inputs: &inputs, tables: &tables }, run).expect("rows")
}

const QUERIES: [&str; 3] = [
    "stats count(*), sum(bytes), min(srcAddr), max(dstAddr) by action | sort action",
    "filter dstPort = 22 | fields @timestamp, srcAddr, @logStream, bytes | sort srcAddr, bytes, @logStream",
    "stats count(*) as n by @logStream | sort @logStream",
];

#[test]
fn objects_answer_as_files_do() {
    let directory = Directory::new("objects");
    let parquet = directory.path().join("a.log.parquet");
    as_parquet("v2_records.log", &parquet);
    let mut files: Vec<PathBuf> = SAMPLES.iter().map(|name| sample(name)).collect();
    files.push(parquet);
    let mut objects = BTreeMap::new();
    for file in &files {
        let name = file.file_name().expect("a name").to_string_lossy();
        objects.insert(format!("s3://b/x/{name}"), std::fs::read(file).expect("a file"));
    }
    let local = Files::new(files, Options::default());
    for query in QUERIES {
        let Answered { answer: found, asked, left_bytes, .. } = ask(&objects, query);
        assert_eq!(rows(&found.result), rows(&answer(&local, query).result), "{query}");
        assert_eq!(left_bytes, 0, "{query}");
        // Each is small, and fetched once.
        let mut paths: Vec<_> = asked.into_iter().map(|(path, _)| path).collect();
        paths.sort();
        assert_eq!(paths, objects.keys().cloned().collect::<Vec<_>>(), "{query}");
    }
}

/// Lines of the default format, more than is fetched at first.
fn long_text() -> Vec<u8> {
    let line = |n: u32| {
        let (port, bytes) = (n % 60_000, n % 977);
        format!(
            "2 123456789010 eni-1 10.0.{}.9 172.31.16.21 {port} 22 6 1 {bytes} {n} 1418530070 ACCEPT OK\n",
            n % 250
        )
    };
    (0..40_000).map(line).collect::<String>().into_bytes()
}

#[test]
fn a_long_object_is_fetched_in_two_pieces() {
    let bytes = long_text();
    let length = bytes.len() as u64;
    let directory = Directory::new("long");
    let file = directory.path().join("long.log");
    std::fs::write(&file, &bytes).expect("room");
    let path = "s3://b/long.log".to_owned();
    let objects = BTreeMap::from([(path.clone(), bytes)]);
    let query = "stats count(*), sum(bytes), count_distinct(srcAddr)";
    let Answered { answer: found, estimate, asked, .. } = ask(&objects, query);
    let local = Files::new(vec![file], Options::default());
    assert_eq!(rows(&found.result), rows(&answer(&local, query).result));
    let first = 64 << 10;
    assert_eq!(asked, [(path.clone(), 0..first), (path, first..length)]);
    assert_eq!((estimate.files, estimate.stored_bytes, estimate.bytes), (1, length, length));
}

#[test]
fn an_object_that_may_not_be_read_is_told_and_the_others_are_read() {
    let mut objects = BTreeMap::from([(SECRET.to_owned(), vec![b'x'; 10])]);
    for number in 0..50 {
        objects
            .insert(format!("s3://b/{number}.log"), std::fs::read(sample("v2_records.log")).expect("a file"));
    }
    let Answered { answer: found, .. } = ask(&objects, "stats count(*)");
    assert_eq!(rows(&found.result), "250\n");
    let told: Vec<String> = found.unreadable.iter().map(|file| file.why.clone()).collect();
    assert_eq!(told, [format!("{SECRET}: AccessDenied: Access Denied")]);
}
