//! The lines of a file, decompressed if it is gzip, each of bounded length.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use super::members::Members;
use super::storage::Opened;

/// Longer than any record: 54 fields, the longest of them resource names of up to 2048 bytes.
pub const LINE_BYTES_MAX: u64 = 128 * 1024;

/// Bytes of a file that are read at once.
pub const BUFFER_BYTES: usize = 256 * 1024;
/// What a gzip file begins with.
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How often a file may be packed: Firehose packs what CloudWatch Logs has packed before.
const GZIP_LAYERS_MAX: usize = 2;

/// What to do with files that are packed otherwise.
const UNPACK: &str = "unpack it, or pack it with gzip";
/// What to do with files of other letters, as PowerShell writes them.
const RECODE: &str = "save it as UTF-8";
/// What files begin with that are not read, and what to do with them.
const OTHERS: [(&[u8], &str, &str); 7] = [
    (b"PK\x03\x04", "a zip archive", UNPACK),
    (b"BZh", "bzip2", UNPACK),
    (b"\xFD7zXZ\0", "xz", UNPACK),
    (b"\x28\xB5\x2F\xFD", "zstd", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    (b"\xFF\xFE", "UTF-16", RECODE),
    (b"\xFE\xFF", "UTF-16", RECODE),
];

/// A file to be read by lines.
pub struct LineReader {
    reader: Box<dyn BufRead + Send>,
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end; what is not UTF-8 is replaced.
    Text(Cow<'a, str>),
    /// A line that is too long to be kept.
    TooLong,
    /// Nothing.
    End,
}

/// The text of a line up to its newline: a carriage return is left out, what is not UTF-8 replaced.
pub fn text_of(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The lines of an open file; gzip is known by its first bytes, whatever the file is called.
/// `buffer_bytes` are read at once.
pub fn lines_of(opened: Opened, buffer_bytes: usize) -> io::Result<LineReader> {
    Ok(LineReader { reader: decompressed(opened, buffer_bytes)? })
}

/// The text of an open file, as [`lines_of`] reads it.
pub fn decompressed(opened: Opened, buffer_bytes: usize) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = BufReader::with_capacity(buffer_bytes, opened.reader);
    let first = file.fill_buf()?;
    if let Some((_, what, advice)) = OTHERS.iter().find(|(magic, ..)| first.starts_with(magic)) {
        let message = format!("{what} is not read: {advice}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let mut text: Box<dyn BufRead + Send> = Box::new(file);
    for _ in 0..GZIP_LAYERS_MAX {
        if !text.fill_buf()?.starts_with(&GZIP_MAGIC) {
            break;
        }
        text = Box::new(BufReader::with_capacity(buffer_bytes, Members::new(text)));
    }
    Ok(text)
}

impl LineReader {
    /// Whether what comes next is an object or a list of JSON, as no line of flow logs begins.
    pub fn is_json(&mut self) -> io::Result<bool> {
        let next = self.reader.fill_buf()?;
        let next = next.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(next).trim_ascii_start();
        Ok(next.starts_with(b"{") || next.starts_with(b"["))
    }

    /// The next line, kept in `buffer`.
    pub fn next<'a>(&mut self, buffer: &'a mut Vec<u8>) -> io::Result<Line<'a>> {
        buffer.clear();
        let read = self.reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', buffer)?;
        if read == 0 {
            return Ok(Line::End);
        }
        if read as u64 == LINE_BYTES_MAX && !buffer.ends_with(b"\n") {
            self.skip_line()?;
            return Ok(Line::TooLong);
        }
        let end = buffer.len() - usize::from(buffer.ends_with(b"\n"));
        Ok(Line::Text(text_of(&buffer[..end])))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let waiting = self.reader.fill_buf()?;
            let end = waiting.iter().position(|byte| *byte == b'\n');
            let (len, is_end) = (end.map_or(waiting.len(), |at| at + 1), end.is_some() || waiting.is_empty());
            self.reader.consume(len);
            if is_end {
                return Ok(());
            }
        }
    }
}
