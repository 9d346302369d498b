//! What is kept: over a restart, for a reader, and after removal.

use super::*;
use crate::draft::INLINE_BYTES_MAX;
use crate::{NamedPart, OpenError, PART_BYTES_MIN, Refused, Select};

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("weir-buckets-{name}-{}", std::process::id()));
    // A folder that is not there is as good as one removed.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Every size around the border between catalog and file comes back after the process has gone.
#[test]
fn objects_of_any_size_are_there_again() {
    let folder = folder("again");
    let sizes = [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 256 << 10, (256 << 10) + 1, 1 << 20];
    let body = |size: usize| (0..size).map(|at| (at % 251) as u8).collect::<Vec<_>>();
    let buckets = Buckets::open(&folder).expect("a fresh folder");
    with_bucket(&buckets);
    sizes.iter().for_each(|size| put(&buckets, &format!("{size}"), &body(*size)));
    assert!(matches!(Buckets::open(&folder), Err(OpenError::InUse)));
    drop(buckets);
    let buckets = Buckets::open(&folder).expect("the same folder");
    for size in sizes {
        let (object, reader) = buckets.read(BUCKET, &format!("{size}")).expect("there");
        assert_eq!((object.size, read(reader) == body(size)), (size as u64, true), "{size}");
    }
    drop(buckets);
    std::fs::remove_dir_all(&folder).expect("removed");
}

/// RFC 1321's test suite has the MD5 of `abc`; S3's ETag of an object written whole is its MD5.
#[test]
fn the_etag_is_the_md5() {
    let buckets = Buckets::in_memory().expect("buckets");
    with_bucket(&buckets);
    put(&buckets, "k", b"abc");
    let object = buckets.object(BUCKET, "k").expect("there");
    assert_eq!((object.etag.as_str(), object.size), ("900150983cd24fb0d6963f7d28e17f72", 3));
}

#[test]
fn a_reader_goes_on_with_what_it_began() {
    let disk = MemoryDisk::new();
    let buckets = Buckets::on(std::sync::Arc::new(disk.clone())).expect("buckets");
    with_bucket(&buckets);
    let (old, new) = (vec![1; 100_000], vec![2; 100_000]);
    put(&buckets, "k", &old);
    let (_, reader) = buckets.read(BUCKET, "k").expect("there");
    put(&buckets, "k", &new);
    assert_eq!(file_count(&disk), 2, "the old file stays while it is read");
    assert_eq!(read(reader), old);
    assert_eq!(file_count(&disk), 1);
    buckets.remove(BUCKET, "k", &Condition::Always).expect("removed");
    assert_eq!(file_count(&disk), 0);
}

#[test]
fn what_does_not_become_an_object_leaves_no_file() {
    let disk = MemoryDisk::new();
    let buckets = Buckets::on(std::sync::Arc::new(disk.clone())).expect("buckets");
    with_bucket(&buckets);
    let mut draft = buckets.draft();
    draft.write(&vec![0; 1 << 20]).expect("written");
    drop(draft);
    drop(content(&buckets, &vec![0; 1 << 20]));
    let refused = buckets.put(
        ("other", "k"),
        content(&buckets, &vec![0; 1 << 20]),
        Default::default(),
        &Condition::Always,
        2,
    );
    assert!(matches!(refused, Err(Refused::NoSuchBucket)));
    assert_eq!(file_count(&disk), 0);
}

#[test]
fn a_bucket_with_objects_stays_and_one_with_uploads_goes() {
    let buckets = Buckets::in_memory().expect("buckets");
    with_bucket(&buckets);
    put(&buckets, "k", b"x");
    assert!(matches!(buckets.remove_bucket(BUCKET), Err(Refused::BucketNotEmpty)));
    buckets.remove(BUCKET, "k", &Condition::Always).expect("removed");
    buckets.begin_upload(BUCKET, "k", Description::default(), 2).expect("an upload");
    buckets.remove_bucket(BUCKET).expect("removed");
    assert!(matches!(buckets.list(BUCKET, &Select::default()), Err(Refused::NoSuchBucket)));
}

#[test]
fn parts_become_an_object_in_the_order_of_their_numbers() {
    let disk = MemoryDisk::new();
    let buckets = Buckets::on(std::sync::Arc::new(disk.clone())).expect("buckets");
    with_bucket(&buckets);
    let id = buckets.begin_upload(BUCKET, "big", Description::default(), 3).expect("an upload");
    let at = (BUCKET, "big", id.as_str());
    let big = vec![7; PART_BYTES_MIN as usize];
    let part = |number, bytes: &[u8]| {
        buckets.put_part(at, (number, content(&buckets, bytes)), Default::default(), 4).expect("a part").etag
    };
    let (last, first, unused) = (part(9, b"end"), part(2, &big), part(4, &[1; 40_000]));
    let named = |number, etag: &str| NamedPart { number, etag: etag.into() };
    let complete =
        |parts: &[NamedPart]| buckets.complete_upload(at, parts, Default::default(), &Condition::Always, 5);
    assert!(matches!(complete(&[named(9, &last), named(2, &first)]), Err(Refused::InvalidPartOrder)));
    assert!(matches!(complete(&[named(2, &last)]), Err(Refused::InvalidPart { number: 2 })));
    assert!(matches!(complete(&[named(3, &last)]), Err(Refused::InvalidPart { number: 3 })));
    let small = complete(&[named(4, &unused), named(9, &last)]);
    assert!(matches!(small, Err(Refused::PartTooSmall { number: 4, size: 40_000, .. })));
    let object = complete(&[named(2, &first), named(9, &last)]).expect("an object");
    assert_eq!((object.size, object.part_sizes.as_slice()), (PART_BYTES_MIN + 3, &[PART_BYTES_MIN, 3][..]));
    assert!(object.etag.ends_with("-2"), "{}", object.etag);
    let (_, reader) = buckets.read(BUCKET, "big").expect("there");
    assert_eq!(read(reader.range(PART_BYTES_MIN - 2, 4)), [7, 7, b'e', b'n']);
    assert_eq!(file_count(&disk), 1, "the part not named is gone, the last one is in the catalog");
    assert!(matches!(buckets.parts(BUCKET, "big", &id), Err(Refused::NoSuchUpload)));
}

#[test]
fn conditions_are_checked_where_the_object_is_written() {
    let buckets = Buckets::in_memory().expect("buckets");
    with_bucket(&buckets);
    let put = |condition: &Condition| {
        buckets
            .put((BUCKET, "k"), content(&buckets, b"x"), Description::default(), condition, 2)
            .map(|object| object.etag)
    };
    assert!(matches!(put(&Condition::Etag("x".into())), Err(Refused::NoSuchKey)));
    let etag = put(&Condition::Absent).expect("the first");
    assert!(matches!(put(&Condition::Absent), Err(Refused::PreconditionFailed)));
    assert!(matches!(put(&Condition::Etag("x".into())), Err(Refused::PreconditionFailed)));
    put(&Condition::Etag(etag)).expect("the same");
}
