//! A file's bytes in blocks of whole lines: a gzip file of usual size at once, anything else as it streams.

use std::io::{self, BufReader, Cursor, Read};

use memchr::{memchr, memmem, memrchr};

use super::inflate::Inflater;
use super::lines::{BUFFER_BYTES, GZIP_MAGIC, LINE_BYTES_MAX};
use super::members::Members;
use super::storage::Opened;
use super::token::PADDING;

/// Gzip files up to this length are read as a whole; AWS closes an object at 75 MB.
const GZIP_BYTES_MAX: u64 = 96 << 20;
/// What a gzip file that is read as a whole may become.
const WHOLE_BYTES_MAX: u32 = 512 << 20;
/// Deflate makes a byte of no more than so many (258 bytes from two bits of the shortest codes): a file that claims more
/// lies, and gets no memory for it.
pub const RATIO_MAX: u64 = 1032;
/// Bytes of a block of what is streamed; a longest line fits many times.
const BLOCK_BYTES: usize = 8 * LINE_BYTES_MAX as usize;
/// What each member of a gzip file begins with: the magic and the only method (RFC 1952, 2.3.1).
const MEMBER: [u8; 3] = [GZIP_MAGIC[0], GZIP_MAGIC[1], 8];

/// Reads files block by block, one file after the other, into the same memory.
pub struct Blocks {
    inflater: Inflater,
    gzip: Vec<u8>,
    /// The block, and what was read behind it.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    filled: usize,
    next: Next,
    /// What has been handed out ended in mid-line, in a line that is too long.
    is_inside_line: bool,
}

/// What comes behind the block.
enum Next {
    Nothing,
    /// The whole file waits.
    Whole,
    Stream(Box<dyn Read + Send>),
    Error(io::Error),
}

impl Blocks {
    pub fn new() -> Blocks {
        Blocks {
            inflater: Inflater::new(),
            gzip: vec![],
            bytes: vec![],
            start: 0,
            end: 0,
            filled: 0,
            next: Next::Nothing,
            is_inside_line: false,
        }
    }

    /// Begins a file; gzip is known by its first bytes, whatever the file is called.
    pub fn open(&mut self, opened: Opened) -> io::Result<()> {
        (self.start, self.end, self.filled, self.is_inside_line) = (0, 0, 0, false);
        let Opened { reader: mut file, bytes: len } = opened;
        self.gzip.clear();
        file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut self.gzip)?;
        let is_gzip = self.gzip == GZIP_MAGIC;
        self.next = match is_gzip {
            true if len <= GZIP_BYTES_MAX => {
                file.take(GZIP_BYTES_MAX).read_to_end(&mut self.gzip)?;
                match self.decompress() {
                    true => Next::Whole,
                    false => stream(Members::new(Cursor::new(std::mem::take(&mut self.gzip)))),
                }
            }
            true => {
                let whole = Cursor::new(GZIP_MAGIC).chain(file);
                stream(Members::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
            }
            false => stream(Cursor::new(std::mem::take(&mut self.gzip)).chain(file)),
        };
        Ok(())
    }

    /// Whether the file is one sound member, which is then the block.
    fn decompress(&mut self) -> bool {
        let [_, _, _, .., a, b, c, d] = self.gzip[..] else { return false };
        let len = u32::from_le_bytes([a, b, c, d]);
        if len > WHOLE_BYTES_MAX || u64::from(len) > RATIO_MAX * self.gzip.len() as u64 {
            return false;
        }
        let whole = len as usize;
        self.make_room(whole);
        if !self.inflater.fill(&self.gzip, &mut self.bytes[..whole]) {
            return false;
        }
        // The inflater does not say where it stopped. A second member would stand behind the length of the first, which
        // has turned out to be this.
        let [a, b, c, d] = len.to_le_bytes();
        let [e, f, g] = MEMBER;
        if memmem::find(&self.gzip, &[a, b, c, d, e, f, g]).is_some() {
            return false;
        }
        self.filled = whole;
        true
    }

    fn make_room(&mut self, len: usize) {
        if self.bytes.len() < len + PADDING {
            self.bytes.resize(len + PADDING, 0);
        }
    }

    /// Goes on to the next block; false at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read on, or is no sound gzip; the lines before were handed out.
    pub fn advance(&mut self) -> io::Result<bool> {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Nothing => return Ok(false),
            Next::Error(error) => return Err(error),
            Next::Whole => (self.start, self.end) = (0, self.filled),
            Next::Stream(mut reader) => {
                let is_at_end = match self.fill(&mut reader) {
                    Ok(is_at_end) => is_at_end,
                    Err(error) => {
                        self.next = Next::Error(error);
                        false
                    }
                };
                self.cut(is_at_end);
                if !is_at_end && !matches!(self.next, Next::Error(_)) {
                    self.next = Next::Stream(reader);
                }
            }
        }
        self.bytes[self.filled..self.filled + PADDING].fill(b'\n');
        Ok(true)
    }

    /// Reads behind what is left of the block before; true at the end of the file.
    fn fill(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        self.bytes.copy_within(self.end..self.filled, 0);
        self.filled -= self.end;
        (self.start, self.end) = (0, 0);
        self.make_room(BLOCK_BYTES);
        while self.filled < BLOCK_BYTES {
            match reader.read(&mut self.bytes[self.filled..BLOCK_BYTES]) {
                Ok(0) => return Ok(true),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Finds the whole lines in what was read. The first bytes of a line that is too long stand for it, once.
    fn cut(&mut self, is_at_end: bool) {
        let read = &self.bytes[..self.filled];
        if self.is_inside_line {
            match memchr(b'\n', read) {
                Some(end) => (self.start, self.is_inside_line) = (end + 1, false),
                None => {
                    (self.start, self.end) = (self.filled, self.filled);
                    return;
                }
            }
        }
        let last = memrchr(b'\n', &read[self.start..]).map(|end| self.start + end + 1);
        self.end = match last {
            _ if is_at_end => self.filled,
            Some(end) => end,
            None if matches!(self.next, Next::Error(_)) => self.start,
            // The rest of a short line comes with the next block.
            None if self.start > 0 => self.start,
            None => {
                self.is_inside_line = true;
                self.filled
            }
        };
    }

    /// The memory of the block, with [`PADDING`] bytes behind it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the lines of the block are.
    pub fn lines(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

fn stream(reader: impl Read + Send + 'static) -> Next {
    Next::Stream(Box::new(reader))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::storage::Storage;
    use super::*;
    use crate::tests::Directory;

    fn gzip(text: &[u8], level: Compression) -> Vec<u8> {
        let mut encoder = GzEncoder::new(vec![], level);
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    /// What is in a file of these bytes, and whether it was inflated as a whole.
    fn inflated(directory: &Directory, bytes: &[u8]) -> (Vec<u8>, bool) {
        let path = directory.path().join("a.log.gz");
        std::fs::write(&path, bytes).expect("a file");
        let mut blocks = Blocks::new();
        blocks.open(Arc::new(Storage::default()).open(&path).expect("a file")).expect("a file");
        let (is_whole, mut text) = (matches!(blocks.next, Next::Whole), vec![]);
        while blocks.advance().expect("sound gzip") {
            text.extend_from_slice(&blocks.bytes()[blocks.lines()]);
        }
        (text, is_whole)
    }

    #[test]
    fn members_are_read_one_after_the_other() {
        let directory = Directory::new("members");
        let [one, other] = [b"2 a b\n", b"2 c d\n"].map(|text| gzip(text, Compression::fast()));
        assert_eq!(inflated(&directory, &one), (b"2 a b\n".to_vec(), true));
        // As long as each other, and even the same: nothing but their place tells that they are two.
        assert_eq!(inflated(&directory, &[&*one, &*other].concat()), (b"2 a b\n2 c d\n".to_vec(), false));
        assert_eq!(inflated(&directory, &[&*one, &*one, &*one].concat()).0, b"2 a b\n".repeat(3));
        // What looks like the beginning of a member is in every sixteenth file of a megabyte.
        let text = MEMBER.repeat(2);
        assert_eq!(inflated(&directory, &gzip(&text, Compression::none())), (text, true));
    }

    #[test]
    fn a_file_gets_no_memory_for_what_it_cannot_hold() {
        let directory = Directory::new("claims");
        let path = directory.path().join("a.log.gz");
        // A gzip header, an empty deflate block, and the claim of 500 million bytes.
        let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0];
        gzip.extend(500_000_000_u32.to_le_bytes());
        std::fs::write(&path, gzip).expect("a file");
        let mut blocks = Blocks::new();
        let opened = Arc::new(Storage::default()).open(&path).expect("a file");
        blocks.open(opened).expect("a file");
        assert!(std::iter::repeat_with(|| blocks.advance()).take(3).any(|block| block.is_err()));
        assert!(blocks.bytes().len() <= BLOCK_BYTES + PADDING);
    }
}
