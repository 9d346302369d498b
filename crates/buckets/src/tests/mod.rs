//! What buckets promise, beside a map that is known to be right.

mod crash;
mod keeping;
mod oracle;

use crate::disk::{Disk, MemoryDisk};
use crate::{Buckets, Condition, Content, Description, NewBucket, Reader};
use std::io::Read;

/// A bucket's name.
const BUCKET: &str = "amzn-s3-bucket";

fn with_bucket(buckets: &Buckets) {
    let new = NewBucket {
        name: BUCKET.into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        ..NewBucket::default()
    };
    buckets.create(new, 1).expect("a bucket");
}

/// How many bodies have a file of their own.
fn file_count(disk: &MemoryDisk) -> usize {
    disk.list(crate::files::DIRECTORY).expect("is there").len()
}

fn content(buckets: &Buckets, bytes: &[u8]) -> Content {
    let mut draft = buckets.draft();
    draft.write(bytes).expect("written");
    draft.finish().expect("finished")
}

fn put(buckets: &Buckets, key: &str, bytes: &[u8]) {
    let content = content(buckets, bytes);
    buckets.put((BUCKET, key), content, Description::default(), &Condition::Always, 2).expect("put");
}

fn read(mut reader: Reader) -> Vec<u8> {
    let mut bytes = vec![];
    reader.read_to_end(&mut bytes).expect("readable");
    bytes
}
