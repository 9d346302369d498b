//! The machine stops at any step: what was acknowledged is there, what was not is there wholly or not at all, and no file
//! is left that nobody has.

use super::*;
use crate::disk::Fault;
use crate::{NamedPart, PART_BYTES_MIN, Refused};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One command after another, each with what it would make of `k`; gives which were acknowledged.
fn work(buckets: &Buckets) -> Vec<bool> {
    let store = |bytes: &[u8]| -> Result<(), Refused> {
        let mut draft = buckets.draft();
        draft.write(bytes)?;
        let content = draft.finish()?;
        buckets.put((BUCKET, "k"), content, Description::default(), &Condition::Always, 2).map(drop)
    };
    let upload = || -> Result<(), Refused> {
        let id = buckets.begin_upload(BUCKET, "k", Description::default(), 3)?;
        let at = (BUCKET, "k", id.as_str());
        let mut named = vec![];
        for (number, size) in [(1, PART_BYTES_MIN as usize), (2, 10)] {
            let mut draft = buckets.draft();
            draft.write(&vec![number as u8; size])?;
            let part = buckets.put_part(at, (number, draft.finish()?), BTreeMap::new(), 4)?;
            named.push(NamedPart { number, etag: part.etag });
        }
        buckets.complete_upload(at, &named, BTreeMap::new(), &Condition::Always, 5).map(drop)
    };
    vec![
        store(b"small").is_ok(),
        store(&[1; 100_000]).is_ok(),
        upload().is_ok(),
        store(&[2; 300_000]).is_ok(),
        buckets.remove(BUCKET, "k", &Condition::Always).is_ok(),
    ]
}

/// The sizes of `k` after each command; `None` if it is not there.
const SIZES: [Option<u64>; 6] =
    [None, Some(5), Some(100_000), Some(PART_BYTES_MIN + 10), Some(300_000), None];

fn check(fault: Fault, luck: u64) -> u64 {
    let disk = MemoryDisk::new();
    with_bucket(&Buckets::on(Arc::new(disk.clone())).expect("buckets"));
    let start = disk.steps();
    let at = |step| match fault {
        Fault::Full(at) => Fault::Full(step + at),
        Fault::Stop(at) => Fault::Stop(step + at),
    };
    disk.set_fault(Some(at(start)));
    let acknowledged = {
        let buckets = Buckets::on(Arc::new(disk.clone())).expect("buckets");
        work(&buckets)
    };
    let after = disk.crash(luck);
    let buckets = Buckets::on(Arc::new(after.clone())).expect("what is left can be opened");
    let size = match buckets.read(BUCKET, "k") {
        Ok((object, reader)) => {
            assert_eq!(read(reader).len() as u64, object.size, "{fault:?}: all bytes are there");
            Some(object.size)
        }
        Err(Refused::NoSuchKey) => None,
        Err(other) => panic!("{fault:?}: {other}"),
    };
    // The last command that was acknowledged, and those after it that may have happened all the same.
    let last = acknowledged.iter().rposition(|is_ok| *is_ok).map_or(0, |at| at + 1);
    assert_eq!(size, SIZES[last], "{fault:?} luck={luck} acknowledged={acknowledged:?}");
    let uploads = buckets.uploads(BUCKET).expect("uploads");
    let parts: usize = uploads
        .iter()
        .map(|upload| buckets.parts(BUCKET, &upload.key, &upload.id).expect("parts").len())
        .sum();
    let has_file = size.is_some_and(|size| size > 5);
    assert!(file_count(&after) <= usize::from(has_file) + parts, "{fault:?}: {} files", file_count(&after));
    disk.steps() - start
}

#[test]
fn nothing_acknowledged_is_lost_whatever_step_the_machine_stops_at() {
    let steps = check(Fault::Stop(u64::MAX / 2), 0);
    assert!(steps >= 20, "{steps} steps");
    for step in 0..steps {
        for luck in [step << 1, step << 1 | 1] {
            check(Fault::Stop(step), luck);
            check(Fault::Full(step), luck);
        }
    }
}
