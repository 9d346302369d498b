//! A directory and memory are the same disk to who uses them.

use super::*;

/// Does everything that a disk can do; gives what was seen.
fn story(disk: &dyn Disk) -> Vec<String> {
    let mut seen = vec![];
    let mut see = |what: &dyn Debug| seen.push(format!("{what:?}"));
    see(&disk.list("a"));
    let mut file = disk.create("a/b/new").expect("the disk is sound");
    file.write_all(b"some ").and_then(|()| file.write_all(b"bytes")).expect("the disk is sound");
    file.sync().and_then(|()| disk.sync_dir("a/b")).expect("the disk is sound");
    see(&disk.read("a/b/new"));
    disk.create("a/c").expect("the disk is sound");
    see(&disk.list("a"));
    see(&disk.rename("a/b/new", "a/b/old").map(|()| disk.list("a")));
    let mut source = disk.locate("a/b/old").and_then(|found| found.open()).expect("is there");
    see(&disk.remove("a/b/old").map(|()| disk.list("a")));
    for at in [5, 8, 10, 1 << 40] {
        let mut buffer = [b'.'; 3];
        see(&source.read_at(at, &mut buffer).map(|count| (count, buffer.map(char::from))));
    }
    let kind = |outcome: io::Result<()>| outcome.map_err(|error| error.kind());
    see(&kind(disk.remove("a/b/old")));
    see(&kind(disk.rename("a/b/old", "a/d")));
    see(&kind(disk.read("a/b/old").map(drop)));
    see(&kind(disk.locate("a/b/old").and_then(|found| found.open()).map(drop)));
    let catalog = disk.catalog().expect("a catalog");
    lock(&catalog).execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (-1)").expect("is done");
    see(&catalog::all(&lock(&catalog), "SELECT n FROM t", |row| catalog::number(row, 0)));
    seen
}

const SEEN: [&str; 14] = [
    "Ok([])",
    "Ok([115, 111, 109, 101, 32, 98, 121, 116, 101, 115])",
    r#"Ok(["a/b/new", "a/c"])"#,
    r#"Ok(Ok(["a/b/old", "a/c"]))"#,
    r#"Ok(Ok(["a/c"]))"#,
    "Ok((3, ['b', 'y', 't']))",
    "Ok((2, ['e', 's', '.']))",
    "Ok((0, ['.', '.', '.']))",
    "Ok((0, ['.', '.', '.']))",
    "Err(NotFound)",
    "Err(NotFound)",
    "Err(NotFound)",
    "Err(NotFound)",
    "Ok([18446744073709551615])",
];

#[test]
fn a_directory_and_memory_are_the_same_disk() {
    assert_eq!(story(&MemoryDisk::new()), SEEN);
    let root = std::env::temp_dir().join(format!("weir-disk-{}", std::process::id()));
    let disk = FileDisk::open(&root).expect("a fresh directory");
    let held = FileDisk::open(&root).expect_err("is held");
    assert_eq!((held.kind(), story(&disk)), (io::ErrorKind::WouldBlock, SEEN.map(String::from).to_vec()));
    std::fs::remove_dir_all(&root).expect("removed");
}
