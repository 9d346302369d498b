//! The write-ahead log: frames of operations in files, each frame with its length and checksum.
//!
//! `wal/LSN.wal`, named by its first frame. A file begins with a magic of 8 bytes, the number of its first frame and the
//! CRC-32 of these 16 bytes. A frame is a magic of 4 bytes, the length of its payload, the CRC-32 of the payload, and
//! the payload: the frame's number, then operations. Numbers rise by one. Little-endian throughout.
//!
//! A frame is written with one sync and nothing is written behind one whose write failed: the file is left and the
//! next begins with the same number, which voids what the left file may hold from that number on. So a bad frame with
//! no good one behind it was never acknowledged and is dropped; a bad one before a good one is damage.

use std::io;
use std::sync::Arc;

use crate::bytes::{Reader, Short};
use crate::disk::{Disk, DiskFile};
use crate::error::OpenError;
use crate::op::Op;

/// A file that has reached this many bytes gets no further frame.
const FILE_BYTES_TARGET: usize = 64 * 1024 * 1024;
/// A buffer that a great frame has left behind is kept up to this size.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
const DIRECTORY: &str = "wal";
const FILE_MAGIC: &[u8; 8] = b"WEIRWAL1";
const FRAME_MAGIC: &[u8; 4] = b"WFR1";
const FILE_HEADER_BYTES: usize = 20;
const FRAME_HEADER_BYTES: usize = 12;

/// The log's end, where frames are added.
#[derive(Debug)]
pub(crate) struct Wal {
    disk: Arc<dyn Disk>,
    is_synced: bool,
    /// The file that takes the next frame.
    open: Option<(Box<dyn DiskFile>, usize)>,
    /// All files there are, oldest first.
    files: Vec<LogFile>,
    buffer: Vec<u8>,
}

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub path: String,
    pub first_lsn: u64,
}

impl Wal {
    /// The log on `disk` that goes on behind `files`. If `is_synced`, a frame is durable when it is added.
    pub fn new(disk: Arc<dyn Disk>, is_synced: bool, files: Vec<LogFile>) -> Self {
        Wal { disk, is_synced, open: None, files, buffer: Vec::new() }
    }

    /// Adds one frame.
    ///
    /// # Errors
    /// Those of the disk; the next frame must then have the same number.
    pub fn append<'a>(&mut self, lsn: u64, ops: impl Iterator<Item = &'a Op>) -> io::Result<()> {
        self.buffer.clear();
        let is_full = self.open.as_ref().is_none_or(|(_, bytes)| *bytes >= FILE_BYTES_TARGET);
        if is_full {
            write_file_header(lsn, &mut self.buffer);
        }
        write_frame(lsn, ops, &mut self.buffer);
        let written = if is_full { self.begin_file(lsn) } else { self.write() };
        if written.is_err() {
            self.open = None;
        }
        self.buffer.shrink_to(BUFFER_BYTES_MAX);
        written
    }

    /// Begins the file of frame `lsn`, so that those before it can go; the last one stays if it has no frame yet.
    ///
    /// # Errors
    /// Those of the disk; the frame then begins a file itself.
    pub fn turn(&mut self, lsn: u64) -> io::Result<()> {
        if self.files.last().is_none_or(|last| last.first_lsn >= lsn) {
            return Ok(());
        }
        self.buffer.clear();
        write_file_header(lsn, &mut self.buffer);
        let begun = self.begin_file(lsn);
        if begun.is_err() {
            self.open = None;
        }
        begun
    }

    /// Whether there is a frame before frame `lsn`.
    pub fn has_before(&self, lsn: u64) -> bool {
        self.files.first().is_some_and(|first| first.first_lsn < lsn)
    }

    fn begin_file(&mut self, lsn: u64) -> io::Result<()> {
        let path = format!("{DIRECTORY}/{lsn:020}.wal");
        self.open = Some((self.disk.create(&path)?, 0));
        self.files.retain(|file| file.path != path);
        self.files.push(LogFile { path, first_lsn: lsn });
        self.write()?;
        if self.is_synced {
            self.disk.sync_dir(DIRECTORY)?;
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let Some((file, bytes)) = &mut self.open else { return Ok(()) };
        file.write_all(&self.buffer)?;
        *bytes += self.buffer.len();
        if self.is_synced {
            file.sync()?;
        }
        Ok(())
    }

    /// Removes the files that have only frames up to `lsn`, oldest first: what a power cut leaves has no gap.
    pub fn release(&mut self, lsn: u64) -> io::Result<()> {
        while let [first, second, ..] = &self.files[..]
            && second.first_lsn <= lsn + 1
        {
            self.disk.remove(&first.path)?;
            self.files.remove(0);
            if self.is_synced {
                self.disk.sync_dir(DIRECTORY)?;
            }
        }
        Ok(())
    }

    /// The number of files.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }
}

fn write_file_header(lsn: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(FILE_MAGIC);
    out.extend_from_slice(&lsn.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(out).to_le_bytes());
}

fn write_frame<'a>(lsn: u64, ops: impl Iterator<Item = &'a Op>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(FRAME_MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&lsn.to_le_bytes());
    ops.for_each(|op| op.write(out));
    let payload = start + FRAME_HEADER_BYTES;
    let length = (out.len() - payload) as u32;
    let checksum = crc32fast::hash(&out[payload..]);
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    out[start + 8..payload].copy_from_slice(&checksum.to_le_bytes());
}

/// What reading the log has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub files: Vec<LogFile>,
    /// The number of the last good frame; 0 if there is none.
    pub last_lsn: u64,
    /// Bytes of frames that were never acknowledged.
    pub torn_bytes: u64,
}

/// Reads the log on `disk` from its beginning and hands each frame's operations to `apply`.
///
/// # Errors
/// Those of the disk, or `Damaged` if a frame is bad and a good one comes behind it.
pub(crate) fn replay(disk: &dyn Disk, mut apply: impl FnMut(u64, Vec<Op>)) -> Result<Found, OpenError> {
    let mut found = Found::default();
    let paths = disk.list(DIRECTORY)?;
    for (at, path) in paths.iter().enumerate() {
        let bytes = disk.read(path)?;
        let void_from = paths.get(at + 1).and_then(|next| lsn_of(next)).unwrap_or(u64::MAX);
        let file = FileReader { path, bytes: &bytes, void_from };
        let (last_lsn, torn_bytes) = file.read(&mut apply)?;
        found.torn_bytes += torn_bytes;
        found.last_lsn = last_lsn.unwrap_or(found.last_lsn);
        found.files.push(LogFile { path: path.clone(), first_lsn: lsn_of(path).unwrap_or(0) });
    }
    Ok(found)
}

/// The number in a file's name.
fn lsn_of(path: &str) -> Option<u64> {
    path.strip_prefix("wal/")?.strip_suffix(".wal")?.parse().ok()
}

struct FileReader<'a> {
    path: &'a str,
    bytes: &'a [u8],
    /// The number of the next file's first frame.
    void_from: u64,
}

impl FileReader<'_> {
    /// Answers the last good frame and the bytes behind it that are none.
    fn read(&self, apply: &mut impl FnMut(u64, Vec<Op>)) -> Result<(Option<u64>, u64), OpenError> {
        let Some(first_lsn) = file_header(self.bytes) else {
            return self.end(0, lsn_of(self.path).unwrap_or(0), None);
        };
        let mut offset = FILE_HEADER_BYTES;
        let mut lsn = first_lsn;
        let mut last = None;
        while let Ok((frame_lsn, ops, length)) = frame(&self.bytes[offset..])
            && frame_lsn == lsn
            && lsn < self.void_from
        {
            apply(lsn, ops);
            last = Some(lsn);
            lsn += 1;
            offset += length;
        }
        self.end(offset, lsn, last)
    }

    /// Judges what is behind the last good frame, where frame `lsn` should be.
    fn end(&self, offset: usize, lsn: u64, last: Option<u64>) -> Result<(Option<u64>, u64), OpenError> {
        let is_wanted = |lsn: u64| lsn < self.void_from;
        let is_last_file = self.void_from == u64::MAX;
        let is_missing = !is_last_file && is_wanted(lsn);
        if is_missing || later_frame(&self.bytes[offset..]).is_some_and(is_wanted) {
            return Err(OpenError::Damaged { path: self.path.to_owned(), offset: offset as u64 });
        }
        Ok((last, (self.bytes.len() - offset) as u64))
    }
}

fn file_header(bytes: &[u8]) -> Option<u64> {
    let (header, _) = bytes.split_at_checked(FILE_HEADER_BYTES)?;
    let (head, checksum) = header.split_at(FILE_HEADER_BYTES - 4);
    let is_good = head.starts_with(FILE_MAGIC) && crc32fast::hash(head).to_le_bytes() == checksum;
    is_good.then(|| Reader::new(&head[FILE_MAGIC.len()..]).u64().ok()).flatten()
}

/// The number, operations and length of the frame that `bytes` begin with.
fn frame(bytes: &[u8]) -> Result<(u64, Vec<Op>, usize), Short> {
    let mut payload = Reader::new(payload(bytes).ok_or(Short)?);
    let lsn = payload.u64()?;
    let mut ops = Vec::new();
    while payload.end().is_err() {
        ops.push(Op::read(&mut payload)?);
    }
    Ok((lsn, ops, FRAME_HEADER_BYTES + payload_length(bytes).ok_or(Short)?))
}

fn payload_length(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..FRAME_HEADER_BYTES)?.strip_prefix(FRAME_MAGIC)?;
    Reader::new(header).u32().ok().map(|length| length as usize)
}

/// The payload of the frame that `bytes` begin with, if its checksum is right.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let length = payload_length(bytes)?;
    let payload = bytes[FRAME_HEADER_BYTES..].get(..length)?;
    (crc32fast::hash(payload).to_le_bytes() == bytes[8..FRAME_HEADER_BYTES]).then_some(payload)
}

/// The number of the first good frame anywhere in `bytes`.
fn later_frame(bytes: &[u8]) -> Option<u64> {
    let starts = bytes.windows(FRAME_MAGIC.len()).enumerate().filter(|(_, window)| window == FRAME_MAGIC);
    starts.filter_map(|(at, _)| payload(&bytes[at..])).find_map(|payload| Reader::new(payload).u64().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Fault, MemoryDisk};

    fn wal(disk: &MemoryDisk, files: Vec<LogFile>) -> Wal {
        Wal::new(Arc::new(disk.clone()), true, files)
    }

    /// A log of these frames, each removing the group of its own number.
    fn write(disk: &MemoryDisk, lsns: &[u64]) {
        let mut wal = wal(disk, Vec::new());
        for lsn in lsns {
            wal.append(*lsn, [Op::RemoveGroup(*lsn)].iter()).expect("the disk is sound");
        }
    }

    fn read(disk: &MemoryDisk) -> Result<(Vec<u64>, u64), OpenError> {
        let mut lsns = Vec::new();
        let found = replay(disk, |lsn, ops| {
            assert!(matches!(ops[..], [Op::RemoveGroup(_)]));
            lsns.push(lsn);
        })?;
        assert_eq!(found.last_lsn, lsns.last().copied().unwrap_or(0));
        Ok((lsns, found.torn_bytes))
    }

    const FRAME_BYTES: usize = FRAME_HEADER_BYTES + 8 + 1 + 4 + 8;

    #[test]
    fn frames_come_back_in_order() {
        let disk = MemoryDisk::new();
        write(&disk, &[1, 2, 3]);
        assert_eq!(read(&disk).expect("is sound"), (vec![1, 2, 3], 0));
        assert_eq!(read(&MemoryDisk::new()).expect("is sound"), (vec![], 0));
    }

    #[test]
    fn a_torn_tail_is_dropped_at_every_length() {
        let whole = MemoryDisk::new();
        write(&whole, &[1, 2]);
        let bytes = whole.read("wal/00000000000000000001.wal").expect("is there");
        assert_eq!(bytes.len(), FILE_HEADER_BYTES + 2 * FRAME_BYTES);
        for length in 0..bytes.len() {
            let disk = MemoryDisk::new();
            let mut file = disk.create("wal/00000000000000000001.wal").expect("the disk is sound");
            file.write_all(&bytes[..length]).expect("the disk is sound");
            let frames = length.saturating_sub(FILE_HEADER_BYTES) / FRAME_BYTES;
            assert_eq!(read(&disk).expect("is torn").0.len(), frames, "{length}");
        }
    }

    #[test]
    fn damage_before_a_good_frame_is_reported_with_its_place() {
        for at in 0..FILE_HEADER_BYTES + FRAME_BYTES {
            let disk = MemoryDisk::new();
            write(&disk, &[1, 2]);
            disk.damage("wal/00000000000000000001.wal", at);
            let expected = if at < FILE_HEADER_BYTES { 0 } else { FILE_HEADER_BYTES as u64 };
            match read(&disk) {
                Err(OpenError::Damaged { offset, .. }) => assert_eq!(offset, expected, "{at}"),
                other => panic!("{at}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_lost_frame_or_file_is_reported() {
        let disk = MemoryDisk::new();
        write(&disk, &[1, 2]);
        write(&disk, &[4]);
        assert!(matches!(read(&disk), Err(OpenError::Damaged { .. })));
    }

    #[test]
    fn a_file_that_begins_again_voids_what_failed() {
        let disk = MemoryDisk::new();
        let mut wal = wal(&disk, Vec::new());
        wal.append(1, [Op::RemoveGroup(1)].iter()).expect("the disk is sound");
        // The write of frame 2 succeeds but its sync does not.
        disk.set_fault(Some(Fault::Full(disk.steps() + 1)));
        wal.append(2, [Op::RemoveGroup(9)].iter()).expect_err("the disk is full");
        wal.append(2, [Op::RemoveGroup(2)].iter()).expect("there is space again");
        let mut groups = Vec::new();
        let found = replay(&disk, |_, ops| groups.extend(ops.into_iter().map(|op| format!("{op:?}"))));
        assert_eq!(found.expect("is sound").last_lsn, 2);
        assert_eq!(groups, ["RemoveGroup(1)", "RemoveGroup(2)"]);
    }

    #[test]
    fn a_file_begins_before_its_frame_and_takes_it() {
        let disk = MemoryDisk::new();
        let mut log = wal(&disk, Vec::new());
        log.turn(1).expect("there is nothing to leave");
        assert_eq!(log.file_count(), 0);
        log.append(1, [Op::RemoveGroup(1)].iter()).expect("the disk is sound");
        for _ in 0..2 {
            log.turn(2).expect("the disk is sound");
            assert_eq!(log.file_count(), 2);
        }
        assert_eq!(read(&disk).expect("is sound"), (vec![1], 0));
        log.append(2, [Op::RemoveGroup(2)].iter()).expect("the disk is sound");
        assert_eq!((log.file_count(), read(&disk).expect("is sound")), (2, (vec![1, 2], 0)));
        // A file that is opened again without a frame is begun again by its frame.
        log.turn(3).expect("the disk is sound");
        let mut log = wal(&disk, replay(&disk, |_, _| {}).expect("is sound").files);
        log.turn(3).expect("the disk is sound");
        log.append(3, [Op::RemoveGroup(3)].iter()).expect("the disk is sound");
        log.release(2).expect("the disk is sound");
        assert_eq!((log.file_count(), read(&disk).expect("is sound")), (1, (vec![3], 0)));
    }

    #[test]
    fn files_go_when_all_their_frames_are_released() {
        let disk = MemoryDisk::new();
        let files = [1, 5, 9].map(|lsn| LogFile { path: format!("wal/{lsn:020}.wal"), first_lsn: lsn });
        for file in &files {
            disk.create(&file.path).expect("the disk is sound");
        }
        let mut wal = wal(&disk, files.to_vec());
        for (lsn, left) in [(3, 3), (4, 2), (7, 2), (8, 1), (100, 1)] {
            wal.release(lsn).expect("the disk is sound");
            assert_eq!(wal.file_count(), left, "{lsn}");
            assert_eq!(disk.list("wal").expect("is there").len(), left, "{lsn}");
        }
    }
}
